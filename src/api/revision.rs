//! The revision that somebody decided by (A4): `ETag` on what was read, `If-Match` on what is to be changed.
//! Source: RFC 9110, 8.8.3 and 13.1.1.

use super::problem::{Answer, Problem};
use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};

/// What `If-Match` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// This revision and no other.
    Revision(u64),
    /// Whatever it is now.
    Whatever,
    /// Nothing.
    Unsaid,
}

impl Read {
    pub fn of(headers: &HeaderMap) -> Answer<Self> {
        let unreadable = || Problem::field("If-Match", "Send the ETag of the device as it was read, like \"7\"");
        let Some(sent) = headers.get(header::IF_MATCH) else {
            return Ok(Self::Unsaid);
        };
        let sent = sent.to_str().map_err(|_| unreadable())?.trim();
        if sent == "*" {
            return Ok(Self::Whatever);
        }
        let digits = sent.strip_prefix('"').and_then(|s| s.strip_suffix('"')).ok_or_else(unreadable)?;
        match digits.bytes().all(|b| b.is_ascii_digit()) {
            true => digits.parse().map(Self::Revision).map_err(|_| unreadable()),
            false => Err(unreadable()),
        }
    }
}

/// The answer with the revision that it shows.
pub fn tagged(revision: u64, answer: impl IntoResponse) -> Response {
    let mut answer = answer.into_response();
    if let Ok(tag) = HeaderValue::try_from(format!("\"{revision}\"")) {
        answer.headers_mut().insert(header::ETAG, tag);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A4: a revision is read as it was sent, and nothing else is taken for one.
    #[test]
    fn a4_if_match_names_one_revision() {
        let read = |value: &'static str| {
            Read::of(&HeaderMap::from_iter([(header::IF_MATCH, HeaderValue::from_static(value))])).ok()
        };
        assert_eq!(read("\"7\""), Some(Read::Revision(7)));
        assert_eq!(read(" * "), Some(Read::Whatever));
        for odd in ["7", "W/\"7\"", "\"7\", \"8\"", "\"\"", "\"-1\"", "\"+7\"", "\"99999999999999999999999\""] {
            assert_eq!(read(odd), None, "{odd}");
        }
        assert_eq!(Read::of(&HeaderMap::new()).ok(), Some(Read::Unsaid));
    }
}
