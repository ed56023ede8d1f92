//! What happened to a rollout. Events update it, are the audit trail, and tell people; they name people by id only.

use super::{command::Answer, legacy::Side, plan::Laid};
use crate::domain::id::{LocalChangeId, PersonId, RunId, TargetName};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Something that happened to a rollout: kept for good in the journal, and applied by [`super::evolve()`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub at: DateTime<Utc>,
    /// `None` where Custody itself did it.
    pub by: Option<PersonId>,
    #[serde(flatten)]
    pub what: Happened,
}

/// What happened. It is read back from the journal for ever: a part that is added later has a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, strum::EnumDiscriminants)]
#[serde(tag = "event", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[strum_discriminants(
    name(EventKind),
    doc = "An event without its data.",
    derive(Hash, strum::EnumIter, strum::IntoStaticStr, strum::EnumString),
    strum(serialize_all = "snake_case")
)]
pub enum Happened {
    RolloutPlanned {
        number: String,
        plan: Box<Laid>,
    },
    RolloutAmended {
        plan: Box<Laid>,
    },
    RolloutStarted,
    /// By itself where nobody did it.
    RolloutPaused {
        reason: String,
    },
    RolloutResumed,
    RolloutStopped {
        reason: String,
    },
    RolloutAbandoned {
        reason: String,
    },
    RolloutProlonged {
        until: DateTime<Utc>,
    },
    RolloutFinished,
    BaselineSet {
        baseline: BTreeMap<String, String>,
    },
    StepBegun {
        target: TargetName,
        step: usize,
        run: RunId,
    },
    StepDone {
        target: TargetName,
        step: usize,
        run: RunId,
        took_seconds: u64,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        facts: BTreeMap<String, String>,
    },
    StepFailed {
        target: TargetName,
        step: usize,
        run: RunId,
        why: String,
    },
    StepLost {
        target: TargetName,
        step: usize,
        run: RunId,
        why: String,
    },
    StepRetried {
        target: TargetName,
        step: usize,
    },
    StepSkipped {
        target: TargetName,
        step: usize,
        reason: String,
    },
    StepDoneByHand {
        target: TargetName,
        step: usize,
        note: String,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        facts: BTreeMap<String, String>,
    },
    StepSignedOff {
        target: TargetName,
        step: usize,
    },
    TargetHeld {
        target: TargetName,
        reason: String,
        until: Option<DateTime<Utc>>,
    },
    TargetLetGo {
        target: TargetName,
    },
    TargetLeftOut {
        target: TargetName,
        reason: String,
    },
    RollBackAsked {
        target: TargetName,
        reason: String,
        /// The steps that the engine takes back, in this order.
        steps: Vec<usize>,
    },
    BackBegun {
        target: TargetName,
        step: usize,
        run: RunId,
    },
    BackDone {
        target: TargetName,
        step: usize,
        run: RunId,
        took_seconds: u64,
    },
    BackFailed {
        target: TargetName,
        step: usize,
        run: RunId,
        why: String,
    },
    BackDoneByHand {
        target: TargetName,
        note: String,
    },
    TargetBegunAgain {
        target: TargetName,
    },
    ChangeAnswered {
        target: TargetName,
        change: LocalChangeId,
        answer: Answer,
        /// What it is, and its ticket.
        what: String,
        ticket: String,
    },
    ChangeReapplied {
        target: TargetName,
        change: LocalChangeId,
    },
    WayBackTried {
        target: TargetName,
        note: String,
    },
    RetirementProposed {
        target: TargetName,
        date: NaiveDate,
        side: Side,
    },
    RetirementAgreed {
        target: TargetName,
    },
    LegacyRetired {
        target: TargetName,
        note: String,
    },
}

impl Happened {
    /// Its name in the journal.
    pub fn name(&self) -> &'static str {
        self.into()
    }
}
