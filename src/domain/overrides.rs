//! Overrides in an emergency (G12): two people of CTRL let one release of one device onto one server without what they
//! name, until a given moment.

use super::{
    cycle::{Mark, Remark},
    id::{PersonId, ServerName},
    stage::Stage,
    tag::TagName,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What an override can skip, and nothing else: stages before production, and the wait of a hold. Identity, the tag
/// rule and four eyes are not in it.
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
pub enum Skip {
    Built,
    Tested,
    Staging,
    Deployable,
    ProductionRequested,
    /// The hold on moving on by itself (G5).
    Hold,
}

impl Skip {
    /// The stage that it skips, where it skips one.
    pub fn stage(self) -> Option<Stage> {
        match self {
            Self::Built => Some(Stage::Built),
            Self::Tested => Some(Stage::Tested),
            Self::Staging => Some(Stage::Staging),
            Self::Deployable => Some(Stage::Deployable),
            Self::ProductionRequested => Some(Stage::ProductionRequested),
            Self::Hold => None,
        }
    }

    pub fn label(self) -> &'static str {
        self.stage().map_or("The hold on moving on by itself", Stage::label)
    }
}

/// One release let onto one server without some of its stages or a wait, by two people of CTRL and for a time (G12).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// From 1, of the device.
    pub number: u32,
    pub tag: TagName,
    pub server: ServerName,
    pub skips: BTreeSet<Skip>,
    /// Who asked, when and why.
    pub asked: Remark,
    /// It ends by itself then, and cannot be prolonged.
    pub until: DateTime<Utc>,
    /// The second person of CTRL.
    pub approved: Option<Mark>,
    pub ended: Option<Ended>,
}

/// How it ended before its time, or that its time was over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Nobody where its time was over.
    pub by: Option<PersonId>,
    pub at: DateTime<Utc>,
    pub reason: String,
}

/// How an override stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A second person of CTRL is to approve it.
    Asked,
    Counts,
    /// It was ended, or its time is over.
    Over,
}

impl Override {
    /// By the clock: what is past its time is over, whether or not that is on record yet.
    pub fn standing(&self, now: DateTime<Utc>) -> Standing {
        match (&self.ended, &self.approved) {
            (Some(_), _) => Standing::Over,
            _ if now >= self.until => Standing::Over,
            (None, Some(_)) => Standing::Counts,
            (None, None) => Standing::Asked,
        }
    }

    pub fn counts(&self, now: DateTime<Utc>) -> bool {
        self.standing(now) == Standing::Counts
    }

    /// What it skips, in words.
    pub fn skipped(&self) -> String {
        self.skips.iter().map(|s| format!("“{}”", s.label())).collect::<Vec<_>>().join(", ")
    }

    pub fn people(&self) -> impl Iterator<Item = PersonId> + '_ {
        let ended = self.ended.as_ref().and_then(|e| e.by);
        std::iter::once(self.asked.mark.by).chain(self.approved.map(|m| m.by)).chain(ended)
    }
}
