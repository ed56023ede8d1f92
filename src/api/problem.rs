//! Errors as problem details (RFC 9457): a stable code, a sentence that says what to do, the gates of a refused step.

mod failed;
mod named;

use crate::{
    domain::{lifecycle::Gate, tag::pushed::Condition},
    service::FieldProblem,
};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// What a program is told instead of an answer.
#[derive(Debug)]
pub struct Problem(Box<Details>);

/// What went wrong, and what to do next (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct Details {
    /// urn:custody:problem: and the code.
    #[serde(rename = "type")]
    kind: String,
    title: String,
    /// The status of the answer.
    status: u16,
    /// What happened and what to do next.
    detail: String,
    /// Stable: what a program decides by.
    code: String,
    /// Every gate of the step that was refused, met or not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gates: Vec<Gate>,
    /// Every condition of a tag that was refused, met or not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    conditions: Vec<Condition>,
    /// The entries that need a change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem>,
    /// What has happened since it was read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<Change>,
    /// What is there now, where that is not what was decided by.
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<serde_json::Value>,
    /// The ETag that it has now.
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    /// What was looked for, where nothing of that name was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#match: Option<NoMatch>,
    /// Names that may have been meant, the most alike first.
    #[serde(skip_serializing_if = "Option::is_none")]
    near: Option<Vec<String>>,
    #[serde(skip)]
    headers: Vec<(header::HeaderName, &'static str)>,
}

/// Something that happened since.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChangeSince)]
struct Change {
    at: DateTime<Utc>,
    /// The name of what happened.
    what: String,
    /// The whole sentence.
    said: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct NoMatch {
    /// `none`
    kind: &'static str,
}

pub type Answer<T> = Result<T, Problem>;

impl Problem {
    pub fn new(status: StatusCode, code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self(Box::new(Details {
            kind: format!("urn:custody:problem:{code}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.to_owned(),
            gates: Vec::new(),
            conditions: Vec::new(),
            errors: Vec::new(),
            changes: Vec::new(),
            now: None,
            etag: None,
            asked: None,
            r#match: None,
            near: None,
            headers: Vec::new(),
        }))
    }

    /// What an answer without words of its own means.
    fn of_status(status: StatusCode) -> Self {
        let (code, title, detail) = match status {
            StatusCode::NOT_FOUND => ("nothing_here", "There is nothing here", "Check the address."),
            StatusCode::METHOD_NOT_ALLOWED => {
                ("another_method", "Another method is needed", "The header Allow lists what this address takes.")
            }
            StatusCode::PAYLOAD_TOO_LARGE => {
                ("too_large", "The body is too large", "Send at most 2 MiB; report in several posts.")
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE => (
                "no_json_type",
                "The body is of another type",
                "Send JSON with the header Content-Type: application/json, not compressed.",
            ),
            StatusCode::TOO_MANY_REQUESTS => {
                ("too_often", "Too many requests", "Wait as long as the header Retry-After says, then try again.")
            }
            StatusCode::REQUEST_TIMEOUT => (
                "too_slow",
                "It took too long",
                "What was asked for may still be done: read whether it was, or send the same again with its Idempotency-Key.",
            ),
            StatusCode::SERVICE_UNAVAILABLE => (
                "unavailable",
                "Custody cannot answer now",
                "Nothing was done. Wait as long as the header Retry-After says, then try again.",
            ),
            s if s.is_client_error() => ("unreadable", "The request cannot be read", "Check what was sent."),
            _ => (
                "internal",
                "Custody failed at this",
                "It may have been done: read whether it was. Quote the header X-Request-Id where you tell of it.",
            ),
        };
        Self::new(status, code, title, detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(&self.0)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
        for (name, value) in self.0.headers {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

const PROBLEM: &str = "application/problem+json";

/// An answer in plain words that is whole as it is, a refusal too: for programs that show it and cannot read JSON.
pub struct InWords(pub StatusCode, pub String);

/// What marks it among the answers.
#[derive(Clone, Copy)]
struct Told;

impl IntoResponse for InWords {
    fn into_response(self) -> Response {
        let mut response = (self.0, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], self.1).into_response();
        response.extensions_mut().insert(Told);
        response
    }
}

/// Whatever answers an error here answers it as a problem: the limits, what takes too long or panics, and the framework too.
pub fn complete(response: Response) -> Response {
    let status = response.status();
    let told = response.headers().get(header::CONTENT_TYPE).is_some_and(|t| t == PROBLEM)
        || response.extensions().get::<Told>().is_some();
    if told || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let mut problem = Problem::of_status(status).into_response();
    let of_its_body =
        [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_ENCODING, header::TRANSFER_ENCODING];
    for (name, value) in response.headers().iter().filter(|(name, _)| !of_its_body.contains(name)) {
        problem.headers_mut().append(name, value.clone());
    }
    problem
}

/// 404
pub async fn nothing_here() -> Problem {
    Problem::of_status(StatusCode::NOT_FOUND)
}

/// 405
pub async fn another_method() -> Problem {
    Problem::of_status(StatusCode::METHOD_NOT_ALLOWED)
}
