//! What an import comes to: the fate of each line, before anything is done.

use super::{Table, tags::Tags};
use crate::domain::server::SupportClass;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a table tells of.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumIter,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    People,
    /// Hosts, and the device servers on them.
    Servers,
    Devices,
    /// Whom operators call for a device, in the order of calling.
    Contacts,
}

impl Kind {
    /// Every column that a table of this kind may have.
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::People => &["name", "email", "phone", "time_zone", "commit_emails"],
            Self::Servers => &["host", "class", "note", "server", "instrument", "instrument_if_new", "environment"],
            Self::Devices => &[
                "name",
                "classes",
                "instruments",
                "group",
                "summary",
                "repository",
                "trunk",
                "folder",
                "owner",
                "contributors",
                "ctrl_contact",
                "server",
                "release",
                "level",
                "areas",
                "why",
                "done",
                "assumptions",
                "hardware",
                "connectivity",
                "special",
                "failures",
                "when_stopped",
                "may_stop",
                "operators_note",
            ],
            Self::Contacts => &["device", "email", "hours", "time_zone", "deputy"],
        }
    }

    /// Those that it must have.
    pub fn required(self) -> &'static [&'static str] {
        match self {
            Self::People => &["name", "email"],
            Self::Servers => &["host"],
            Self::Devices => {
                &["name", "classes", "instruments", "group", "summary", "repository", "owner", "contributors"]
            }
            Self::Contacts => &["device", "email", "hours"],
        }
    }

    /// In words, as a heading has it.
    pub fn words(self) -> &'static str {
        match self {
            Self::People => "People",
            Self::Servers => "Servers and hosts",
            Self::Devices => "Devices",
            Self::Contacts => "Support contacts",
        }
    }
}

/// What becomes of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "fate", rename_all = "snake_case")]
pub enum Fate {
    /// It comes onto the record; a host, and a server on one, with a class that it keeps.
    New { class: Option<SupportClass> },
    /// It is on record, and these parts of it change.
    Changed { parts: Vec<String> },
    /// It is on record just so.
    Same,
    /// It is on record otherwise in these parts, and the record counts: they are changed there, not by an import.
    Kept { parts: Vec<String> },
    /// It cannot come in, and with it no other line does.
    Refused { why: String },
}

impl Fate {
    /// Its word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::New { .. } => "new",
            Self::Changed { .. } => "changed",
            Self::Same => "as it is",
            Self::Kept { .. } => "kept",
            Self::Refused { .. } => "refused",
        }
    }

    /// What is to be said beside the word.
    pub fn about(&self) -> String {
        match self {
            Self::New { class: Some(class) } => format!("with {class} support"),
            Self::New { class: None } | Self::Same => String::new(),
            Self::Changed { parts } => parts.join(", "),
            Self::Kept { parts } => format!("the record counts: {} differs there", parts.join(", ")),
            Self::Refused { why } => why.clone(),
        }
    }

    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }

    /// Whether the record is other afterwards.
    pub fn writes(&self) -> bool {
        matches!(self, Self::New { .. } | Self::Changed { .. })
    }

    pub(super) fn refused(why: impl Into<String>) -> Self {
        Self::Refused { why: why.into() }
    }

    /// Of what is on record already.
    pub(super) fn of(parts: Vec<String>) -> Self {
        if parts.is_empty() { Self::Same } else { Self::Changed { parts } }
    }
}

/// A line with what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// From 1, as the table counts.
    pub line: u64,
    /// The thing that it tells of.
    pub what: String,
    #[serde(flatten)]
    pub fate: Fate,
}

/// What an import comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub kind: Kind,
    pub source: String,
    pub lines: Vec<Line>,
    /// Stands for every fate in it, and for what comes in: whoever agrees to a plan agrees to this one.
    pub digest: String,
}

impl Plan {
    /// Of what the table says, and what repositories say of it: either may be another by the time that it is agreed to.
    pub(super) fn new(table: &Table, tags: &Tags, lines: Vec<Line>) -> Self {
        let cells: Vec<_> = table.rows.iter().map(|r| &r.cells).collect();
        let all = serde_json::to_vec(&(&lines, cells, tags)).expect("lines and tags are always JSON");
        Self { kind: table.kind, source: table.source.clone(), lines, digest: format!("{:x}", Sha256::digest(all)) }
    }

    pub fn count(&self, which: impl Fn(&Fate) -> bool) -> usize {
        self.lines.iter().filter(|l| which(&l.fate)).count()
    }

    pub fn refused(&self) -> usize {
        self.count(Fate::is_refused)
    }

    pub fn writes(&self) -> usize {
        self.count(Fate::writes)
    }

    /// `3 new, 1 changed, 12 as it is`.
    pub fn summary(&self) -> String {
        let all =
            ["new", "changed", "as it is", "kept", "refused"].map(|word| (self.count(|f| f.word() == word), word));
        let some: Vec<String> = all.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
        some.join(", ")
    }
}
