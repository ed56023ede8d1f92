//! What a service did not do, as programs are told of it.

use super::Problem;
use crate::{
    api::revision::etag,
    domain::refusal::Refusal,
    service::{Error, seen},
};
use axum::http::{StatusCode, header};
use std::error::Error as _;

impl Problem {
    fn refused(refusal: Refusal) -> Self {
        let about_who = refusal.code.is_about_who();
        let status = if about_who { StatusCode::FORBIDDEN } else { StatusCode::CONFLICT };
        let title = if about_who { "This is not yours to do" } else { "Nothing was changed" };
        let mut p = Self::new(status, refusal.code.into(), title, refusal.sentence);
        p.0.gates = refusal.gates;
        p
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
