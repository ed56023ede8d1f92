//! Answers that need not be sent again: a tag for what was answered, and whether whoever asks has it already.
//! Source: RFC 9110, 8.8.3 and 13.1.2.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// What an answer is known by: weak, as it may be sent compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag(String);

impl Tag {
    /// A tag of these plain letters; whatever could end it is left out.
    pub fn new(of: impl std::fmt::Display) -> Self {
        let plain: String = of.to_string().chars().filter(|c| c.is_ascii_alphanumeric() || "-.".contains(*c)).collect();
        Self(format!("W/\"{plain}\""))
    }

    /// Whether whoever asks has it already.
    pub fn is_known(&self, asked: &HeaderMap) -> bool {
        let opaque = self.0.trim_start_matches("W/");
        let all = asked.get_all(header::IF_NONE_MATCH).into_iter().filter_map(|v| v.to_str().ok());
        all.flat_map(|v| v.split(',')).any(|known| known.trim().trim_start_matches("W/") == opaque)
    }

    /// 304 with the tag.
    pub fn not_modified(&self) -> Response {
        self.on(StatusCode::NOT_MODIFIED.into_response())
    }

    /// The answer with its tag: to be kept, and asked for again before it is used.
    pub fn on(&self, mut answer: Response) -> Response {
        let headers = answer.headers_mut();
        if let Ok(tag) = HeaderValue::from_str(&self.0) {
            headers.insert(header::ETAG, tag);
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// O4: a tag is known however it is listed, and nothing ends it early.
    #[test]
    fn a_tag_is_known_again() {
        let tag = Tag::new("12-7\"\r\n");
        let asked =
            |value: &'static str| HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_static(value))]);
        assert!(tag.is_known(&asked("W/\"12-7\"")));
        assert!(tag.is_known(&asked("\"x\", \"12-7\"")));
        assert!(!tag.is_known(&asked("W/\"12-8\"")));
        assert!(!tag.is_known(&HeaderMap::new()));
        assert_eq!(tag.not_modified().headers()[header::ETAG], "W/\"12-7\"");
    }
}
