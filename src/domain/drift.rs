//! Where what runs differs from what is on record, each kind with its words and its remedy (G10).

mod judge;
#[cfg(test)]
mod tests;

pub use judge::{Found, of_device, of_server, of_silent, of_stranger};

use super::{
    contact::OperatorRules,
    id::{DeviceId, ServerName},
    lifecycle::{Turn, state::StateName},
    support::Support,
};
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The kinds, in the order in which a reader should meet them.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::EnumIter,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// Seen running although CTRL shut it down (N5).
    NotStopped,
    /// Seen in both support classes at once (N2).
    BothClasses,
    /// Seen where it is not placed.
    WrongServer,
    /// Seen running, not registered.
    Unknown,
    /// Another version than the one that is deployed there.
    OtherVersion,
    /// Built with edits that no commit holds.
    Dirty,
    /// Built on commits after its tag.
    Ahead,
    /// It looks like a clean tag and is none.
    FalseClean,
    /// What runs on a server was not reported for longer than the policy allows: one for the server.
    Silent,
    /// Deployed, and reported by nobody since: weak, for no report is no proof of absence.
    NotSeen,
}

impl Kind {
    /// The one label of this kind, everywhere.
    pub fn label(self) -> &'static str {
        match self {
            Self::NotStopped => "Shut down but running",
            Self::BothClasses => "In two support classes at once",
            Self::WrongServer => "On the wrong server",
            Self::Unknown => "Unknown to the registry",
            Self::OtherVersion => "Another version than deployed",
            Self::Dirty => "Dirty",
            Self::Ahead => "Ahead of its tag",
            Self::FalseClean => "False clean",
            Self::Silent => "Gone silent",
            Self::NotSeen => "Deployed but not seen",
        }
    }

    /// What mends it, as something to do; of a device that may have stopped or ended, [`Kind::remedy_of`] says it.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::NotStopped => "Stop it, and start it nowhere: only the person named for it, or CTRL, restarts it.",
            Self::BothClasses => "Stop it on one of them: a device is fully supported or reduced, never both.",
            Self::WrongServer => "Stop it there and start it where it is placed, or have CTRL place it there.",
            Self::Unknown => "Have its author register it, or stop it after calling the DOC.",
            Self::OtherVersion => "Deploy the tag on record again, and restart it: installed is not running yet.",
            Self::Dirty => "Commit and tag the edits and have the tag verified, or deploy the tag on record again.",
            Self::Ahead => "Tag what runs and have the tag verified, or deploy the tag on record again.",
            Self::FalseClean => {
                "Build it from its tag with a version of its own, and deploy that: only the commit proves a tag."
            }
            Self::Silent => "Look at the agent or collector of this server. What it watches may still run.",
            Self::NotSeen => "Look on the server whether it runs, and whether anything there reports to Custody.",
        }
    }

    /// What mends it on a device of these terms. What is to run nowhere is not to be started elsewhere, and where nobody
    /// may stop it without a call, the call comes first (O6).
    pub fn remedy_of(self, terms: Terms) -> String {
        let stops = matches!(self, Self::NotStopped | Self::BothClasses | Self::WrongServer | Self::OtherVersion);
        let (remedy, stops) = match (self, terms.course) {
            (Self::Unknown | Self::Silent | Self::NotSeen, _) | (_, Course::Runs) => (self.remedy(), stops),
            (_, Course::ShutDown) => (Self::NotStopped.remedy(), true),
            (_, Course::Ended) => ("Stop it, and start it nowhere: it is not part of the process any more.", true),
        };
        if stops && terms.call_first { format!("Call first. {remedy}") } else { remedy.to_owned() }
    }

    /// Whose turn it is to mend it: that of whoever holds the device; CTRL's where there is none, and of what is to run
    /// nowhere.
    pub fn turn_of(self, terms: Option<Terms>) -> Turn {
        match (self, terms) {
            (Self::NotStopped | Self::Unknown | Self::Silent, _) | (_, None) => Turn::Ctrl,
            (_, Some(Terms { course: Course::Runs, owned: false, .. })) => Turn::Contributor,
            (_, Some(_)) => Turn::Ctrl,
        }
    }
}

/// Whether a device is to run at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    Runs,
    ShutDown,
    Ended,
}

/// On which terms a device runs, as far as that bears on what mends a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    pub course: Course,
    /// Nobody stops it without a call.
    pub call_first: bool,
    /// CTRL owns it.
    pub owned: bool,
}

impl Terms {
    pub fn of(state: StateName, shut_down: bool, operators: &OperatorRules, support: Option<Support>) -> Self {
        let course = match (shut_down, state.is_end()) {
            (true, _) => Course::ShutDown,
            (false, true) => Course::Ended,
            (false, false) => Course::Runs,
        };
        // As the board says of what nothing supports.
        let call_first = !operators.may_stop || support == Some(Support::NotSupported);
        Self { course, call_first, owned: state == StateName::CtrlOwned }
    }
}

/// One difference. No two of a device have the same kind, instance and server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    pub kind: Kind,
    /// The device's name, or the server's, where no instance is meant.
    pub instance: String,
    pub server: ServerName,
    /// A sentence that says what is seen and what is on record.
    pub words: String,
}

/// How patient the judge is.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// After a new placement a deployment may be under way.
    pub grace: Duration,
    /// Minutes without a report after which an observer counts as silent.
    pub silent_after_minutes: u32,
}

/// A difference that was found, and is open until it is mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    pub id: String,
    /// The number of the journal's entry that opened it.
    pub seq: i64,
    /// `None` where no device on record brings the instance.
    pub device: Option<DeviceId>,
    pub drift: Drift,
    /// The server's; `None` where the server is not on record.
    pub instrument: Option<String>,
    pub opened: DateTime<Utc>,
    pub closed: Option<DateTime<Utc>>,
    /// How often it was opened: more than once where it comes and goes.
    pub times: u32,
}

/// By what two differences are the same.
pub type Key = (Kind, String, ServerName);

impl Drift {
    pub fn key(&self) -> Key {
        (self.kind, self.instance.clone(), self.server.clone())
    }
}

/// Where a page of incidents ends: `open.12`, `closed.12`. Open ones come first, in each part the newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub is_open: bool,
    /// The number of the page's last incident.
    pub seq: i64,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", if self.is_open { "open" } else { "closed" }, self.seq)
    }
}

/// It is not the end of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCursor;

impl FromStr for Cursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let (part, seq) = text.split_once('.').ok_or(NoCursor)?;
        let is_open = match part {
            "open" => true,
            "closed" => false,
            _ => return Err(NoCursor),
        };
        Ok(Self { is_open, seq: seq.parse().map_err(|_| NoCursor)? })
    }
}
