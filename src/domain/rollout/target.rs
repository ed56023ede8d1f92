//! A target, and how far a rollout has come on it.

use super::{
    legacy::Legacy,
    plan::Place,
    state::{Rollout, StateName},
};
use crate::domain::{
    cycle::Remark,
    id::{PersonId, RunId, TargetName},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How a step stands on one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum StepState {
    Waiting,
    Running {
        run: RunId,
        since: DateTime<Utc>,
    },
    /// It is done, and somebody looks at it.
    WantsSignOff {
        since: DateTime<Utc>,
        took_seconds: Option<u64>,
        /// Who did it by hand.
        by: Option<PersonId>,
    },
    Done {
        at: DateTime<Utc>,
        /// What the engine took for it.
        took_seconds: Option<u64>,
        /// Who did it by hand, or signed it off.
        by: Option<PersonId>,
    },
    Failed {
        run: RunId,
        at: DateTime<Utc>,
        why: String,
    },
    /// It was interrupted, or lost: somebody has to look at the target.
    Unknown {
        run: RunId,
        at: DateTime<Utc>,
        why: String,
    },
    Skipped {
        remark: Remark,
    },
    RolledBack,
}

impl StepState {
    /// Whether the next step may follow.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Skipped { .. })
    }

    /// Whether a person has to say what becomes of it.
    pub fn has_failed(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::Unknown { .. })
    }

    /// When it was over.
    fn over_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Done { at, .. } => Some(*at),
            Self::Skipped { remark } => Some(remark.mark.at),
            _ => None,
        }
    }

    fn person(&self) -> Option<PersonId> {
        match self {
            Self::WantsSignOff { by, .. } | Self::Done { by, .. } => *by,
            Self::Skipped { remark } => Some(remark.mark.by),
            _ => None,
        }
    }
}

/// No step begins on it while it is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub remark: Remark,
    /// It ends by itself then.
    pub until: Option<DateTime<Utc>>,
}

/// A target on its way back to what it was (R3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollBack {
    pub remark: Remark,
    /// The steps that the engine is still to take back, the next one first; none where people do it by hand.
    pub left: Vec<usize>,
    pub state: BackState,
}

/// How far that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum BackState {
    Asked,
    Running {
        run: RunId,
        since: DateTime<Utc>,
    },
    Done {
        at: DateTime<Utc>,
        /// Who did it by hand.
        by: Option<PersonId>,
    },
    Failed {
        run: RunId,
        at: DateTime<Utc>,
        why: String,
    },
}

/// What the check found on a target (R5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    pub at: DateTime<Utc>,
    pub values: BTreeMap<String, String>,
}

/// An instrument or a test stand in a rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    pub name: TargetName,
    pub group: String,
    /// The host or the group of the engine's inventory.
    pub host: String,
    /// Empty where it serves none.
    pub instrument: String,
    /// From 0, the first one.
    pub wave: u32,
    /// The instrument's scientists, by whom a legacy system's retirement is agreed (R6).
    pub scientists: BTreeSet<PersonId>,
    /// One for each step, in their order.
    pub steps: Vec<StepState>,
    pub hold: Option<Hold>,
    pub rolled_back: Option<RollBack>,
    pub left_out: Option<Remark>,
    pub facts: Option<Found>,
    /// Where a legacy system stays beside the new one.
    pub legacy: Option<Legacy>,
}

impl Target {
    /// Before its first step.
    pub fn new(place: &Place, steps: usize, legacy: bool) -> Self {
        Self {
            name: place.name.clone(),
            group: place.group.clone(),
            host: place.host.clone(),
            instrument: place.instrument.clone(),
            wave: place.wave,
            scientists: place.scientists.clone(),
            steps: vec![StepState::Waiting; steps],
            hold: None,
            rolled_back: None,
            left_out: None,
            facts: None,
            legacy: legacy.then(Legacy::default),
        }
    }

    /// Whether every step is done, or skipped with a reason, and none is to be taken back.
    pub fn is_done(&self) -> bool {
        self.rolled_back.is_none() && self.steps.iter().all(StepState::is_over)
    }

    /// Whether the rollout waits for nothing more on it.
    pub fn is_settled(&self) -> bool {
        self.left_out.is_some() || self.is_done()
    }

    pub fn has_begun(&self) -> bool {
        self.steps.iter().any(|s| !matches!(s, StepState::Waiting | StepState::Skipped { .. }))
    }

    /// Whether it counts against the rollout: failed, unknown or rolled back (R3).
    pub fn counts_as_failed(&self) -> bool {
        self.left_out.is_none() && (self.rolled_back.is_some() || self.steps.iter().any(StepState::has_failed))
    }

    /// The run at work on it.
    pub fn run(&self) -> Option<RunId> {
        let forth = self.steps.iter().find_map(|s| match s {
            StepState::Running { run, .. } => Some(*run),
            _ => None,
        });
        let back = self.rolled_back.as_ref().and_then(|b| match b.state {
            BackState::Running { run, .. } => Some(run),
            _ => None,
        });
        forth.or(back)
    }

    pub fn is_held(&self, now: DateTime<Utc>) -> bool {
        self.hold.as_ref().is_some_and(|h| h.until.is_none_or(|until| now < until))
    }

    /// The first step that is not over.
    pub fn step(&self) -> Option<usize> {
        self.steps.iter().position(|s| !s.is_over())
    }

    /// When its last step was over.
    pub fn done_at(&self) -> Option<DateTime<Utc>> {
        if self.is_done() { self.steps.iter().filter_map(StepState::over_at).max() } else { None }
    }

    pub(super) fn people(&self) -> BTreeSet<PersonId> {
        let mut all = self.scientists.clone();
        all.extend(self.steps.iter().filter_map(StepState::person));
        all.extend(self.hold.as_ref().map(|h| h.remark.mark.by));
        all.extend(self.left_out.as_ref().map(|r| r.mark.by));
        if let Some(back) = &self.rolled_back {
            all.insert(back.remark.mark.by);
            if let BackState::Done { by, .. } = back.state {
                all.extend(by);
            }
        }
        all.extend(self.legacy.iter().flat_map(Legacy::people));
        all
    }
}

/// How a target stands, in one word: what pages count and colour (R4).
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
pub enum Standing {
    Done,
    /// A step failed or is unknown, is done by hand, or a way back needs a hand.
    NeedsPerson,
    Running,
    WantsSignOff,
    OnHold,
    Waiting,
    LeftOut,
    RollingBack,
    RolledBack,
}

impl Standing {
    pub fn label(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NeedsPerson => "need a person",
            Self::Running => "running",
            Self::WantsSignOff => "want sign-off",
            Self::OnHold => "on hold",
            Self::Waiting => "waiting",
            Self::LeftOut => "left out",
            Self::RollingBack => "rolling back",
            Self::RolledBack => "rolled back",
        }
    }
}

/// How a target of this rollout stands.
pub fn standing(r: &Rollout, target: &Target, now: DateTime<Utc>) -> Standing {
    if target.left_out.is_some() {
        return Standing::LeftOut;
    }
    if let Some(back) = &target.rolled_back {
        return match back.state {
            BackState::Done { .. } => Standing::RolledBack,
            BackState::Failed { .. } => Standing::NeedsPerson,
            BackState::Asked if back.left.is_empty() => Standing::NeedsPerson,
            BackState::Asked | BackState::Running { .. } => Standing::RollingBack,
        };
    }
    let Some(step) = target.step() else { return Standing::Done };
    match target.steps[step] {
        StepState::Running { .. } => Standing::Running,
        StepState::Failed { .. } | StepState::Unknown { .. } => Standing::NeedsPerson,
        _ if target.is_held(now) => Standing::OnHold,
        StepState::WantsSignOff { .. } => Standing::WantsSignOff,
        StepState::Waiting
            if r.steps[step].playbook.is_none()
                && r.state.name() == StateName::Running
                && r.wave_is_open(target.wave) =>
        {
            Standing::NeedsPerson
        }
        _ => Standing::Waiting,
    }
}
