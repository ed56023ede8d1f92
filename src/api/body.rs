//! What is sent as it has to come: a body that is JSON, said to be JSON, plain, of bounded size and depth (A29, A35); and
//! a query of the words that an address knows.

use super::{
    problem::Problem,
    token::{authenticate, origin},
};
use crate::app::App;
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Query, Request},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::IntoResponse,
};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use std::time::{Duration, Instant};

/// A body that takes longer to come is not from the moment in which its sender was known.
const AT_ONCE: Duration = Duration::from_secs(1);

/// A query, read; what is wrong with it is told as of any field.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let read = Query::from_request_parts(parts, app).await;
        read.map(|Query(params)| Self(params)).map_err(|e| Problem::field("query", e.body_text()))
    }
}

/// A body read as JSON.
pub struct Sent<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Sent<T> {
    type Rejection = axum::response::Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Self::Rejection> {
        if !is_plain_json(request.headers()) {
            return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response());
        }
        let (begun, sent_with) = (Instant::now(), request.headers().get(header::AUTHORIZATION).cloned());
        let from = origin(request.extensions());
        let bytes = Bytes::from_request(request, app).await.map_err(IntoResponse::into_response)?;
        // The token was looked at before the body came: one that has ended meanwhile opens nothing more (A31).
        if sent_with.is_some() && begun.elapsed() > AT_ONCE {
            authenticate(app, sent_with.as_ref(), &from).await.map_err(IntoResponse::into_response)?;
        }
        if has_nul(&bytes) {
            return Err(Problem::nul().into_response());
        }
        serde_json::from_slice(&bytes).map(Self).map_err(|why| {
            // The reader refuses more than 128 levels by itself; what has another shape may be no JSON at all.
            let whole = serde_json::from_slice::<serde_json::Value>(&bytes);
            let problem = match (why.classify(), whole) {
                (Category::Data, Err(none)) => Problem::no_json(&none),
                (Category::Data, Ok(_)) => Problem::other_shape(&why),
                (Category::Syntax | Category::Eof | Category::Io, _) => Problem::no_json(&why),
            };
            problem.into_response()
        })
    }
}

/// JSON and not compressed: a small body could unfold to a huge one.
fn is_plain_json(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|v: &axum::http::HeaderValue| v.to_str().ok());
    let kind = text(header::CONTENT_TYPE).and_then(|t| t.split(';').next()).unwrap_or_default().trim();
    let plain = match headers.get(header::CONTENT_ENCODING) {
        None => true,
        Some(encoding) => encoding.as_bytes().eq_ignore_ascii_case(b"identity"),
    };
    plain && kind.eq_ignore_ascii_case("application/json")
}

/// Whether a text in this JSON has the character NUL: one database keeps it and the other does not.
fn has_nul(json: &[u8]) -> bool {
    // As it is, JSON has none; escaped, it is looked for where something looks like it.
    json.windows(6).any(|w| w == br"\u0000") && serde_json::from_slice(json).is_ok_and(|v| is_nul_in(&v))
}

fn is_nul_in(value: &serde_json::Value) -> bool {
    use serde_json::Value;
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(all) => all.iter().any(is_nul_in),
        Value::Object(all) => all.iter().any(|(name, value)| name.contains('\0') || is_nul_in(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(header::HeaderName, &str)]) -> HeaderMap {
        list.iter().map(|(n, v)| (n.clone(), v.parse().unwrap())).collect()
    }

    /// A15: NUL is found however deep it is, and what only looks like it is not.
    #[test]
    fn a15_nul_is_found() {
        assert!(has_nul(br#"{"a": ["x", {"b": "y\u0000"}]}"#));
        assert!(has_nul(br#"{"a\u0000": 1}"#));
        assert!(!has_nul(br#"{"a": "\\u0000", "b": "0000"}"#));
        assert!(!has_nul(b"{\"a\": \"\\u0000"), "what is no JSON is refused for that");
    }

    /// A35: nothing is unpacked.
    #[test]
    fn json_that_is_not_compressed() {
        let kind = header::CONTENT_TYPE;
        assert!(is_plain_json(&headers(&[(kind.clone(), "application/json; charset=utf-8")])));
        assert!(!is_plain_json(&headers(&[(kind.clone(), "text/plain")])));
        assert!(!is_plain_json(&headers(&[])));
        assert!(!is_plain_json(&headers(&[(kind, "application/json"), (header::CONTENT_ENCODING, "gzip")])));
    }
}
