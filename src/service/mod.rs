//! One function for each thing a person does: load, gather facts, decide, save. The only caller of `decide`, and the
//! only place that opens a write.

pub mod absences;
pub mod accounts;
pub mod act;
pub mod answers;
pub mod board;
pub mod cadence;
pub mod calendar;
pub mod catalogue;
pub mod channels;
pub mod checkpoints;
pub mod checks;
pub mod closing;
pub mod collectors;
pub mod commands;
pub mod conduct;
pub mod confirmations;
pub mod delivery;
pub mod deployments;
pub mod devices;
pub mod directory;
pub mod discussions;
pub mod drafts;
pub mod erasure;
pub mod events;
pub mod export;
pub mod facts;
pub mod feed;
pub mod feeds;
pub mod figures;
pub mod frameworks;
pub mod groups;
pub mod history;
pub mod hooks;
pub mod identity;
pub mod import;
pub mod incidents;
pub mod jobs;
pub mod local_changes;
pub mod moving_on;
pub mod observations;
pub mod outbox;
pub mod overrides;
pub mod own_data;
pub mod passwords;
pub mod people;
pub mod permits;
pub mod policy;
pub mod prepare;
pub mod protection;
pub mod queue;
pub mod readiness;
pub mod readings;
pub mod reconcile;
pub mod record;
pub mod reminders;
pub mod replicas;
pub mod requests;
pub mod retention;
pub mod retests;
pub mod rollouts;
pub mod secret;
pub mod seen;
pub mod servers;
pub mod sessions;
pub mod shapes;
pub mod shift;
pub mod since;
pub mod stages;
pub mod standing;
pub mod status;
pub mod tag_checks;
pub mod telling;
pub mod tokens;
pub mod told;
pub mod whole;
pub mod work;

use crate::{
    domain::{
        id::PersonId,
        lifecycle::{Actor, Event},
        refusal::Refusal,
    },
    store,
};

/// Who asks, and from where.
#[derive(Clone, Debug)]
pub struct Caller {
    pub actor: Actor,
    /// The door and the address: `web 192.0.2.7`.
    pub origin: String,
    /// The marks of what was decided by, where the door was told any (see [`seen`]).
    pub seen: Option<Vec<String>>,
    /// The id of the token that they act by: what they ask for ends with it (A31).
    pub token: Option<String>,
}

impl Caller {
    pub fn person(id: PersonId, origin: impl Into<String>) -> Self {
        Self { actor: Actor::Person(id), origin: origin.into(), seen: None, token: None }
    }

    /// Custody's own regular checks.
    pub fn custody() -> Self {
        Self { actor: Actor::Custody, origin: "custody".to_owned(), seen: None, token: None }
    }
}

/// One thing that cannot be as entered.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FieldProblem {
    /// The field's name in the form or body.
    pub field: String,
    /// What to enter, with an example.
    pub say: String,
}

impl FieldProblem {
    pub fn new(field: &str, say: impl Into<String>) -> Self {
        Self { field: field.to_owned(), say: say.into() }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It does not exist, or its existence is private.
    #[error("there is no such thing")]
    NotFound,
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// The page that was acted on is out of date; what has happened since (A4).
    #[error("it has changed since")]
    Stale(Vec<Event>),
    /// It is not what it was decided by: what is there now (A4).
    #[error("it has changed since")]
    Changed(Box<serde_json::Value>),
    #[error("some entries need a change")]
    Invalid(Vec<FieldProblem>),
    /// The same idempotency key came with another request (F3).
    #[error("this key was used for another request")]
    KeyReused,
    /// Writes cannot be taken now; reading goes on (F4).
    #[error("changes cannot be saved now")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("something broke")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

pub type Result<T> = std::result::Result<T, Error>;

impl From<Refusal> for Error {
    fn from(r: Refusal) -> Self {
        Self::Refused(Box::new(r))
    }
}

impl Error {
    /// What is away, in words for whoever asks, where it is not the database.
    pub fn away(&self) -> Option<String> {
        match self {
            Self::Unavailable(cause) if !cause.is::<sea_orm::DbErr>() => Some(cause.to_string()),
            _ => None,
        }
    }

    /// Whether it may have been saved, though nobody heard so (F6).
    pub fn is_unconfirmed(&self) -> bool {
        let is = |cause: &sea_orm::DbErr| store::connection::is_unconfirmed(cause);
        matches!(self, Self::Unavailable(cause) if cause.downcast_ref().is_some_and(is))
    }
}

impl From<sea_orm::DbErr> for Error {
    fn from(e: sea_orm::DbErr) -> Self {
        use store::connection::{is_nul, is_unavailable};
        match e {
            // Below the doors, which refuse it: what others told Custody may have it too.
            e if is_nul(&e) => Self::Invalid(vec![FieldProblem::new("text", "Leave out the character NUL.")]),
            e if is_unavailable(&e) => Self::Unavailable(Box::new(e)),
            e => Self::Internal(Box::new(e)),
        }
    }
}

impl From<tokio::task::JoinError> for Error {
    fn from(e: tokio::task::JoinError) -> Self {
        Self::Internal(Box::new(e))
    }
}

/// Every field that needs a change, if one does.
pub fn no_problems(problems: Vec<FieldProblem>) -> Result<()> {
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}

/// One field that needs a change.
pub fn invalid<T>(field: &str, say: impl Into<String>) -> Result<T> {
    Err(Error::Invalid(vec![FieldProblem::new(field, say)]))
}
