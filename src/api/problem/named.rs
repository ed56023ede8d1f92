//! What can be wrong with a request, each by its name.

use super::{Change, NoMatch, Problem};
use crate::{
    domain::tag::pushed::Condition,
    service::{Error, FieldProblem, commands::Said},
};
use axum::http::{StatusCode, header};

impl Problem {
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
            "Send the ETag, as it was when you read it, as the header If-Match.",
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

    /// 409: the journal ends before what was read of it (F12).
    pub fn journal_ends(at: i64) -> Self {
        let detail = format!(
            "The journal ends at {at}: Custody went back to an older back-up, and what came after that one is not what you \
             read. Begin again after the last event whose hash is the one that you know, or after 0."
        );
        Self::new(StatusCode::CONFLICT, "journal_ends", "The journal ends before that", detail)
    }
}
