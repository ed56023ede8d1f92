//! One run through the process: discussion, preparation, help. A hand-back opens the next (B3).

use super::{id::PersonId, request::Section, tag::TagName};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What belongs to this run alone and starts anew with the next one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cycle {
    /// From 1.
    pub number: u32,
    pub opened: DateTime<Utc>,
    /// The last supported release, which this cycle starts from (B3).
    pub base: Option<TagName>,
    /// A hand-back for a short time ends on this day (B4).
    pub loan_until: Option<NaiveDate>,
    /// Contributors who left during this cycle: they judge nothing of it (A1).
    pub left: BTreeSet<PersonId>,
    pub discussion: Discussion,
    pub setup: Setup,
    pub help: Vec<Help>,
    pub operated: Option<Operated>,
}

/// Who did something, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub by: PersonId,
    pub at: DateTime<Utc>,
}

/// A sentence somebody put on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    #[serde(flatten)]
    pub mark: Mark,
    pub text: String,
}

/// What is talked through before a request is accepted, and again after a hand-back (L5 to L7, B3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discussion {
    pub points: Vec<Point>,
    pub reservations: Vec<Reservation>,
    /// People asked to join for what they know (L6).
    pub invited: BTreeSet<PersonId>,
    /// Critical area → the expert's sign-off (L7).
    pub areas: BTreeMap<String, Remark>,
}

/// Something to clarify: each section of the request is one, and anybody in the discussion can raise more (L6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// From 1, within the cycle.
    pub id: u32,
    /// The section it is about, for those that the request brings itself.
    pub section: Option<Section>,
    pub raised: Remark,
    pub answers: Vec<Remark>,
    pub signed_off: Option<Mark>,
}

/// A doubt about feasibility (L5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    pub id: u32,
    pub raised: Remark,
    pub answer: Option<Remark>,
    pub accepted: Option<Mark>,
}

/// What is prepared before development starts (H1 to H5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// A contributor's word that updates of the host are mandatory (H3).
    pub committed: Option<Mark>,
    pub access: Vec<Access>,
    /// Whether the framework itself is changed there: then nothing on it is supported (H5).
    pub framework_modified: Option<bool>,
}

impl Setup {
    pub fn has_access(&self) -> impl Iterator<Item = PersonId> + '_ {
        self.access.iter().filter(|a| a.revoked.is_none()).map(|a| a.person)
    }

    /// The access that somebody has now.
    pub fn access_of(&self, person: PersonId) -> Option<&Access> {
        self.access.iter().rev().find(|a| a.person == person && a.revoked.is_none())
    }
}

/// One person's access to the development host (H4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    pub person: PersonId,
    pub granted: Mark,
    pub revoked: Option<Mark>,
}

/// A kind of help during development; none of them is a promise (H7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumIter, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum HelpKind {
    PairSession,
    RecurrentReview,
    Advice,
    /// A change that contributors propose for what CTRL owns (T10).
    ProposedChange,
}

impl HelpKind {
    pub fn words(self) -> &'static str {
        match self {
            Self::PairSession => "Pair session",
            Self::RecurrentReview => "Recurrent review",
            Self::Advice => "Advice",
            Self::ProposedChange => "Proposed change",
        }
    }
}

/// An entry of the help log: asked for, perhaps scheduled, given (H7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Help {
    pub id: u32,
    pub kind: HelpKind,
    pub asked: Option<Remark>,
    pub scheduled: Option<(NaiveDate, Mark)>,
    pub given: Option<Remark>,
}

/// "It has been operated successfully in its intended scenario" (T1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operated {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub instrument: String,
    pub stated: Remark,
    /// A user of the device, not one of its contributors.
    pub countersigned: Option<Mark>,
}
