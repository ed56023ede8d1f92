//! What somebody decided by (A4): `ETag` on what was read, `If-Match` on what is to be changed. Of devices, rollouts
//! and local changes it is their revision, of everything else a mark of what was read. Source: RFC 9110, 8.8.3 and 13.1.1.

use super::problem::{Answer, Problem};
use crate::service::seen;
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
        let unreadable = || Problem::field("If-Match", "Send the ETag as it was read, like \"7\"");
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

/// The marks that `If-Match` names; `None` where it names nothing that would have to be so. A weak one is never the same.
pub fn marks(headers: &HeaderMap) -> Option<Vec<String>> {
    let all: Vec<&str> = headers.get_all(header::IF_MATCH).iter().map(|v| v.to_str().unwrap_or_default()).collect();
    let mut each = all.iter().flat_map(|v| v.split(',')).map(str::trim).peekable();
    each.peek()?;
    let marks: Vec<&str> = each.collect();
    if marks.contains(&"*") {
        return None;
    }
    Some(marks.iter().filter_map(|m| m.strip_prefix('"')?.strip_suffix('"').map(str::to_owned)).collect())
}

/// A mark as a header has it.
pub fn etag(mark: &str) -> String {
    format!("\"{mark}\"")
}

/// The answer with the mark of what it shows.
pub fn marked(shown: &serde_json::Value, answer: impl IntoResponse) -> Response {
    let mut answer = answer.into_response();
    if let Ok(tag) = HeaderValue::try_from(etag(&seen::mark(shown))) {
        answer.headers_mut().insert(header::ETAG, tag);
    }
    answer
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

    /// A4: every mark that is named is meant; weak ones never, and `*` asks for none.
    #[test]
    fn a4_if_match_names_marks() {
        let read =
            |value: &'static str| marks(&HeaderMap::from_iter([(header::IF_MATCH, HeaderValue::from_static(value))]));
        let some = |all: &[&str]| Some(all.iter().map(|m| (*m).to_owned()).collect::<Vec<_>>());
        assert_eq!(read("\"a1\""), some(&["a1"]));
        assert_eq!(read("\"a1\" , W/\"b\",\"c\""), some(&["a1", "c"]));
        assert_eq!((read("a1"), read(""), read(" * ")), (some(&[]), some(&[]), None));
        assert_eq!(marks(&HeaderMap::new()), None);
    }

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
