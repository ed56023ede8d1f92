//! What is seen running, by agents on the servers or by a CTRL member's own eyes (T8, O1).

use super::{
    id::{DeviceId, PersonId, ServerName},
    server::SupportClass,
    support::Verdict,
    version::Classified,
};
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

/// Where the knowledge comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Source {
    /// A program with a token bound to that server.
    Agent,
    /// One of the collectors that the policy names: it asks a control system about many servers.
    Collector { name: String },
    /// A person of CTRL says what they saw; marked as such wherever it is shown.
    Statement { person: PersonId },
}

impl Source {
    /// A program that reports again and again, and can fall silent.
    pub fn is_program(&self) -> bool {
        matches!(self, Self::Agent | Self::Collector { .. })
    }
}

/// One instance as last seen on one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub instance: String,
    pub class: String,
    pub server: ServerName,
    pub host: String,
    /// The server's class on record; `None` where the registry does not know the server.
    pub support_class: Option<SupportClass>,
    /// The version string as it came, with what it says.
    pub version: Classified,
    /// Since when it runs in this version, as reported.
    pub since: DateTime<Utc>,
    /// When it was last reported.
    pub seen: DateTime<Utc>,
    /// Set once its server reported without it.
    pub gone: Option<DateTime<Utc>>,
    pub source: Source,
}

/// An instance with what is derived of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub seen: Seen,
    pub device: Option<DeviceId>,
    pub verdict: Verdict,
    /// Since when it has this status.
    pub support_since: DateTime<Utc>,
}

impl Seen {
    /// Running as far as anybody knows: absence of a report is no proof of absence.
    pub fn runs(&self) -> bool {
        self.gone.is_none()
    }

    /// Whether a program reports it, and has not fallen silent: nobody's word stands against it (T8).
    pub fn is_reported(&self, now: DateTime<Utc>, silent_after_minutes: u32) -> bool {
        self.runs() && self.source.is_program() && !self.is_silent(now, silent_after_minutes)
    }

    /// Whether its observer has fallen silent. A statement does not go silent: it says when it was made; and nobody says
    /// more of what has stopped. What was seen as far ahead was seen before the clock was set back (F10).
    pub fn is_silent(&self, now: DateTime<Utc>, after_minutes: u32) -> bool {
        self.runs() && self.source.is_program() && (now - self.seen).abs() > Duration::minutes(after_minutes.into())
    }
}
