//! What is asked of a rollout: by people, and by Custody's own runner.

use super::plan::Plan;
use crate::domain::id::{LocalChangeId, RunId, TargetName};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What becomes of a local change that would be overwritten (R7).
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumIter,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Answer {
    /// It ends once the target's steps are done.
    Clear,
    /// It is applied again after them.
    ApplyAgain,
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
pub enum Outcome {
    Done { took_seconds: u64, facts: BTreeMap<String, String> },
    Failed { why: String },
    Unknown { why: String },
}

/// Everything that can be asked of a rollout; who may, and in which state, stands in [`super::who`] and [`super::from`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumDiscriminants)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
#[strum_discriminants(
    name(CommandKind),
    doc = "A command without its parameters.",
    derive(
        PartialOrd,
        Ord,
        Hash,
        Serialize,
        Deserialize,
        strum::EnumIter,
        strum::IntoStaticStr,
        strum::EnumString,
        strum::Display
    ),
    strum(serialize_all = "snake_case"),
    serde(rename_all = "snake_case")
)]
pub enum Command {
    // The whole of it.
    Amend {
        plan: Box<Plan>,
    },
    Start {},
    Pause {
        reason: String,
    },
    Resume {},
    Stop {
        reason: String,
    },
    Abandon {
        reason: String,
    },
    Prolong {
        until: DateTime<Utc>,
    },
    SetBaseline {
        baseline: BTreeMap<String, String>,
    },

    // A step on a target.
    Begin {
        target: TargetName,
        step: usize,
        run: RunId,
    },
    Report {
        target: TargetName,
        step: usize,
        run: RunId,
        outcome: Outcome,
    },
    Retry {
        target: TargetName,
        step: usize,
    },
    Skip {
        target: TargetName,
        step: usize,
        reason: String,
    },
    DoneByHand {
        target: TargetName,
        step: usize,
        #[serde(default)]
        note: String,
        /// What was found, where it is the check (R5).
        #[serde(default)]
        facts: BTreeMap<String, String>,
    },
    SignOff {
        target: TargetName,
        step: usize,
    },

    // A target.
    Hold {
        target: TargetName,
        reason: String,
        #[serde(default)]
        until: Option<DateTime<Utc>>,
    },
    LetGo {
        target: TargetName,
    },
    LeaveOut {
        target: TargetName,
        reason: String,
    },
    RollBack {
        target: TargetName,
        reason: String,
    },
    BackBegins {
        target: TargetName,
        step: usize,
        run: RunId,
    },
    BackEnds {
        target: TargetName,
        step: usize,
        run: RunId,
        outcome: Outcome,
    },
    BackByHand {
        target: TargetName,
        note: String,
    },
    Again {
        target: TargetName,
    },

    // What it overwrites, and what stays beside it.
    AnswerChange {
        target: TargetName,
        change: LocalChangeId,
        answer: Answer,
    },
    Reapplied {
        target: TargetName,
        change: LocalChangeId,
    },
    TryWayBack {
        target: TargetName,
        note: String,
    },
    ProposeRetirement {
        target: TargetName,
        date: NaiveDate,
    },
    AgreeRetirement {
        target: TargetName,
    },
    RetireLegacy {
        target: TargetName,
        note: String,
    },
}

impl Command {
    pub fn kind(&self) -> CommandKind {
        self.into()
    }

    /// The target that it is about.
    pub fn target(&self) -> Option<&TargetName> {
        match self {
            Self::Amend { .. }
            | Self::Start {}
            | Self::Pause { .. }
            | Self::Resume {}
            | Self::Stop { .. }
            | Self::Abandon { .. }
            | Self::Prolong { .. }
            | Self::SetBaseline { .. } => None,
            Self::Begin { target, .. }
            | Self::Report { target, .. }
            | Self::Retry { target, .. }
            | Self::Skip { target, .. }
            | Self::DoneByHand { target, .. }
            | Self::SignOff { target, .. }
            | Self::Hold { target, .. }
            | Self::LetGo { target }
            | Self::LeaveOut { target, .. }
            | Self::RollBack { target, .. }
            | Self::BackBegins { target, .. }
            | Self::BackEnds { target, .. }
            | Self::BackByHand { target, .. }
            | Self::Again { target }
            | Self::AnswerChange { target, .. }
            | Self::Reapplied { target, .. }
            | Self::TryWayBack { target, .. }
            | Self::ProposeRetirement { target, .. }
            | Self::AgreeRetirement { target }
            | Self::RetireLegacy { target, .. } => Some(target),
        }
    }
}
