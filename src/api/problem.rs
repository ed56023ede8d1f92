//! Errors as problem details (RFC 9457): a stable code, a sentence that says what to do, the gates of a refused step.

use super::revision::etag;
use crate::{
    domain::{lifecycle::Gate, refusal::Refusal, tag::pushed::Condition},
    service::{Error, FieldProblem, commands::Said, seen},
};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::error::Error as _;
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
    /// What has happened since the device was read.
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

    /// 401: no token, or one that opens nothing. Which of them is nobody's business.
    pub fn no_token() -> Self {
        let mut p = Self::new(
            StatusCode::UNAUTHORIZED,
            "no_token",
            "A token is needed",
            "Send a token that is alive as the header Authorization: Bearer custody_…; make one under My account, Tokens.",
        );
        p.0.headers.push((header::WWW_AUTHENTICATE, r#"Bearer realm="custody", error="invalid_token""#));
        p
    }

    /// 401: a forge that is not proved, or none that may tell. Which of them is nobody's business.
    pub fn not_proved() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "not_proved",
            "Who sends this is not proved",
            "Send it with the secret that was shown when this address was made; an administrator makes a new one.",
        )
    }

    /// 403: the token is for something else.
    pub fn other_scope(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "other_scope", "This token does not open this", detail)
    }

    /// 400: not JSON at all.
    pub fn no_json(why: &serde_json::Error) -> Self {
        let detail = format!("The body is not JSON: {why}.");
        Self::new(StatusCode::BAD_REQUEST, "no_json", "The body cannot be read", detail)
    }

    /// 422: the character NUL in the address or the body.
    pub fn nul() -> Self {
        let detail = "The character NUL was sent, which no text has: leave it out.";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "nul", "What was sent cannot be kept", detail)
    }

    /// 422: JSON of another shape.
    pub fn other_shape(why: &serde_json::Error) -> Self {
        let detail = format!("The body has another shape than this address takes: {why}.");
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "other_shape", "The body does not fit", detail)
    }

    /// 409: a tag that would be no release.
    pub fn tag_refused(conditions: Vec<Condition>) -> Self {
        let open: Vec<&str> = conditions.iter().filter(|c| !c.met).map(|c| c.why.as_str()).collect();
        let mut p = Self::new(StatusCode::CONFLICT, "tag_refused", "This tag is not to be taken", open.join(" "));
        p.0.conditions = conditions;
        p
    }

    /// 422: one entry needs a change.
    pub fn field(field: &str, say: impl Into<String>) -> Self {
        Error::Invalid(vec![FieldProblem::new(field, say)]).into()
    }

    /// 404: nothing on record or seen running has a name like this.
    pub fn no_match(asked: &str, near: Vec<String>, doc: &str) -> Self {
        let mut p = Self::new(
            StatusCode::NOT_FOUND,
            "no_match",
            "Nothing registered matches",
            format!(
                "If it is running and is not listed here, treat it as not supported at all. Do not restart it. Call the \
                 {doc}."
            ),
        );
        p.0.asked = Some(asked.to_owned());
        p.0.r#match = Some(NoMatch { kind: "none" });
        p.0.near = Some(near);
        p
    }

    /// 428: it was not said which revision was read (A4; RFC 6585).
    pub fn revision_needed() -> Self {
        Self::new(
            StatusCode::PRECONDITION_REQUIRED,
            "revision_needed",
            "Say which revision you decided by",
            "Send the ETag of the device, as it was when you read it, as the header If-Match.",
        )
    }

    /// 412: it is not as it was read any more (A4).
    pub fn changed(since: Vec<Said>) -> Self {
        let mut p = Self::new(
            StatusCode::PRECONDITION_FAILED,
            "stale",
            "It has changed since",
            "Read it again with what has happened since, then decide again.",
        );
        p.0.changes = since.into_iter().map(|s| Change { at: s.at, what: s.kind, said: s.text }).collect();
        p
    }

    /// 409: the same request is being worked on.
    pub fn under_way() -> Self {
        let mut p = Self::new(
            StatusCode::CONFLICT,
            "under_way",
            "This request is being worked on",
            "Send the same again in a moment, with the same key: it is answered with what came of it.",
        );
        // Whose replica was killed is answered once its minute is over: five tries last as long.
        p.0.headers.push((header::RETRY_AFTER, "15"));
        p
    }

    /// 409: whether the request before was carried out is not known.
    pub fn outcome_unknown() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "outcome_unknown",
            "What came of this request is not known",
            "Custody ended or failed while it was working on it. Read whether it was done; if not, send it with a new key.",
        )
    }

    /// 409: it was done, and what it showed is shown once.
    pub fn shown_once() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "shown_once",
            "It was done, and its secret was shown",
            "A secret is shown once and not kept. If the answer was lost, revoke what was made and make another one.",
        )
    }

    fn refused(refusal: Refusal) -> Self {
        let about_who = refusal.code.is_about_who();
        let status = if about_who { StatusCode::FORBIDDEN } else { StatusCode::CONFLICT };
        let title = if about_who { "This is not yours to do" } else { "Nothing was changed" };
        let mut p = Self::new(status, refusal.code.into(), title, refusal.sentence);
        p.0.gates = refusal.gates;
        p
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

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::of_status(StatusCode::NOT_FOUND),
            Error::Refused(refusal) => Self::refused(*refusal),
            Error::Stale(_) => {
                Self::new(StatusCode::CONFLICT, "stale", "It has changed since", "Read it again, then decide again.")
            }
            Error::Changed(now) => {
                let mut p = Self::new(
                    StatusCode::PRECONDITION_FAILED,
                    "stale",
                    "It has changed since",
                    "Read what is there now, then decide again.",
                );
                p.0.etag = Some(etag(&seen::mark(&now)));
                p.0.now = Some(*now);
                p
            }
            Error::KeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "key_reused",
                "This key was used for another request",
                "Send a new Idempotency-Key with every new request, and the same one only with a repetition.",
            ),
            Error::Invalid(errors) => {
                let all: Vec<String> =
                    errors.iter().take(3).map(|e| format!("{}: {}.", e.field, e.say.trim_end_matches('.'))).collect();
                let title = "Some entries need a change";
                let mut p = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "entries", title, all.join(" "));
                p.0.errors = errors;
                p
            }
            error @ Error::Unavailable(_) => {
                tracing::error!(error = %error.source().unwrap_or(&error), "changes cannot be saved");
                let detail = match (error.is_unconfirmed(), error.away()) {
                    (true, _) => {
                        "It may have been saved: the database did not confirm it. Read whether it was done, in a minute."
                            .to_owned()
                    }
                    (false, Some(away)) => format!("{away}. Nothing was saved. Send the same again in a minute."),
                    (false, None) => "Nothing was saved. Send the same again in a minute.".to_owned(),
                };
                let title = "Custody cannot answer now";
                let mut p = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title, detail);
                p.0.headers.push((header::RETRY_AFTER, "60"));
                p
            }
            Error::Internal(cause) => {
                tracing::error!(error = %cause, "something broke");
                Self::of_status(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
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
