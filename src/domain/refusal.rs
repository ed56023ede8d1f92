//! Every "no", with a stable code, all its gates, and a sentence that says what opens it.

use super::lifecycle::gates::Gate;
use serde::Serialize;

/// Why something was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, strum::IntoStaticStr, strum::Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Code {
    /// Not this person's to do.
    NotYours,
    /// A contributor would approve their own device (A1).
    SelfApproval,
    /// An author of the commit would approve it (A1).
    AuthorApproval,
    /// The device is in another state (A8).
    WrongState,
    /// At least one gate is open.
    GatesOpen,
    /// What the command speaks of does not exist.
    NoSuchThing,
    /// It has been done already.
    AlreadyDone,
    /// The command is about another commit than the one under review (A4).
    OtherCommit,
    /// A permit that permits this no longer, or never did (G9).
    PermitRefused,
    /// A text or a date that the command needs is missing or cannot be.
    Incomplete,
}

impl Code {
    /// About who you are rather than what is (403 instead of 409).
    pub fn is_about_who(self) -> bool {
        matches!(self, Self::NotYours | Self::SelfApproval | Self::AuthorApproval)
    }

    /// Whether the refusal goes on record as an attempt to break a rule. A form filled in badly is none.
    pub fn is_attempt(self) -> bool {
        match self {
            Self::NotYours
            | Self::SelfApproval
            | Self::AuthorApproval
            | Self::WrongState
            | Self::GatesOpen
            | Self::PermitRefused => true,
            Self::NoSuchThing | Self::AlreadyDone | Self::OtherCommit | Self::Incomplete => false,
        }
    }
}

/// A "no" as every door shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{sentence}")]
pub struct Refusal {
    pub code: Code,
    pub sentence: String,
    /// All gates of the step, met or not, where it has any.
    pub gates: Vec<Gate>,
}

impl Refusal {
    pub fn new(code: Code, sentence: impl Into<String>) -> Self {
        Self { code, sentence: sentence.into(), gates: Vec::new() }
    }

    pub fn with(mut self, gates: Vec<Gate>) -> Self {
        self.gates = gates;
        self
    }
}
