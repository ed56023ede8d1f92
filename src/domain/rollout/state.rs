//! A rollout as it stands: what its events add up to.

use super::{command::Answer, plan::Place, target::Target};
use crate::domain::{
    cycle::Mark,
    id::{DeviceId, LocalChangeId, PersonId, RolloutId, TargetName},
    release::VerifiedTag,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is rolled out: one release (R1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum What {
    Framework { name: String, version: String },
    Device { device: DeviceId, name: String, release: Box<VerifiedTag> },
}

impl What {
    /// `Karabo 3.2.1`, `beamConditionCheck 2.4.1`.
    pub fn words(&self) -> String {
        match self {
            Self::Framework { name, version } => format!("{name} {version}"),
            Self::Device { name, release, .. } => format!("{name} {}", release.tag),
        }
    }

    /// What the engine is told to bring.
    pub fn version(&self) -> &str {
        match self {
            Self::Framework { version, .. } => version,
            Self::Device { release, .. } => release.tag.as_str(),
        }
    }
}

/// A step of this rollout, as the policy's template was when it was planned (R2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub name: String,
    pub label: String,
    /// `None` where a person does it.
    pub playbook: Option<String>,
    pub undo: Option<String>,
    pub minutes: u32,
    pub sign_off: bool,
}

/// When steps may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

impl Window {
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.from <= now && now < self.until
    }
}

/// Why it stands as it does. Nobody said so where it came to that by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    pub by: Option<PersonId>,
    pub at: DateTime<Utc>,
    pub text: String,
}

/// How far a rollout is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumDiscriminants)]
#[serde(tag = "is", rename_all = "snake_case")]
#[strum_discriminants(
    name(StateName),
    doc = "A state without its data.",
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
pub enum State {
    Planned,
    Running {
        since: DateTime<Utc>,
    },
    /// Nothing begins; what runs goes on.
    Paused {
        why: Word,
    },
    /// Nothing begins, and what ran was interrupted.
    Stopped {
        why: Word,
    },
    Finished {
        at: DateTime<Utc>,
    },
    Abandoned {
        why: Word,
    },
}

impl State {
    pub fn name(&self) -> StateName {
        self.into()
    }
}

impl StateName {
    pub fn label(self) -> &'static str {
        match self {
            Self::Planned => "Planned",
            Self::Running => "Running",
            Self::Paused => "Paused",
            Self::Stopped => "Stopped",
            Self::Finished => "Finished",
            Self::Abandoned => "Abandoned",
        }
    }

    /// Whether it has started and not ended.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Running | Self::Paused | Self::Stopped)
    }

    pub fn is_end(self) -> bool {
        matches!(self, Self::Finished | Self::Abandoned)
    }
}

/// What becomes of a local change that the rollout would overwrite (R7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    pub target: TargetName,
    /// What the change is, as it was on record then.
    pub what: String,
    pub ticket: String,
    pub answer: Answer,
    pub mark: Mark,
    /// When it was applied again.
    pub reapplied: Option<Mark>,
}

/// One release on its way to many targets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    pub id: RolloutId,
    /// Counts its events; a page that shows an older one is out of date (A4).
    pub revision: u64,
    /// `R-2026-3`
    pub number: String,
    pub title: String,
    pub what: What,
    /// The kind's name in the policy, and its label then.
    pub kind: String,
    pub label: String,
    pub steps: Vec<Step>,
    pub window: Window,
    /// Targets that are worked on at once, at most.
    pub at_once: u32,
    /// So many that failed pause it.
    pub stop_after_failed: u32,
    pub targets: Vec<Target>,
    /// What the check is to find on every target; where it is empty, what it found on the first one (R5).
    pub baseline: BTreeMap<String, String>,
    /// The local changes that it would overwrite (R7).
    pub answers: BTreeMap<LocalChangeId, Answered>,
    pub state: State,
    pub planned: Mark,
    pub started: Option<Mark>,
}

impl Rollout {
    /// A rollout before its first event.
    pub fn draft(id: RolloutId) -> Self {
        let never = DateTime::UNIX_EPOCH;
        Self {
            id,
            revision: 0,
            number: String::new(),
            title: String::new(),
            what: What::Framework { name: String::new(), version: String::new() },
            kind: String::new(),
            label: String::new(),
            steps: Vec::new(),
            window: Window { from: never, until: never },
            at_once: 1,
            stop_after_failed: 1,
            targets: Vec::new(),
            baseline: BTreeMap::new(),
            answers: BTreeMap::new(),
            state: State::Planned,
            planned: Mark { by: PersonId(uuid::Uuid::nil()), at: never },
            started: None,
        }
    }

    pub fn target(&self, name: &TargetName) -> Option<&Target> {
        self.targets.iter().find(|t| t.name == *name)
    }

    pub(super) fn target_mut(&mut self, name: &TargetName) -> Option<&mut Target> {
        self.targets.iter_mut().find(|t| t.name == *name)
    }

    /// A step's label; its number where there is no such step.
    pub fn step_label(&self, step: usize) -> String {
        step_label(&self.steps, step)
    }

    /// Targets that a run is at work on.
    pub fn busy(&self) -> usize {
        self.targets.iter().filter(|t| t.run().is_some()).count()
    }

    /// Whether what runs is to be interrupted.
    pub fn is_interrupted(&self) -> bool {
        matches!(self.state, State::Stopped { .. } | State::Abandoned { .. })
    }

    /// Targets that failed, are unknown or were rolled back, but for those that were left out.
    pub fn failed(&self) -> Vec<&TargetName> {
        self.targets.iter().filter(|t| t.counts_as_failed()).map(|t| &t.name).collect()
    }

    /// Whether so many failed that nothing more begins.
    pub fn is_over_the_limit(&self) -> bool {
        self.failed().len() >= self.stop_after_failed as usize
    }

    /// Whether the first wave succeeded: each of its targets is done or was left out, and one at least is done (R1).
    pub fn first_wave_is_done(&self) -> bool {
        let mut first = self.targets.iter().filter(|t| t.wave == 0);
        first.clone().all(Target::is_settled) && first.any(|t| t.left_out.is_none())
    }

    /// The local changes that end with this: the targets that became done and were answered to be cleared (R7).
    pub fn cleared_since(&self, before: &Self) -> Vec<LocalChangeId> {
        let done = |r: &Self, name: &TargetName| r.target(name).is_some_and(|t| t.left_out.is_none() && t.is_done());
        let cleared = self.answers.iter().filter(|(_, a)| a.answer == Answer::Clear);
        cleared.filter(|(_, a)| done(self, &a.target) && !done(before, &a.target)).map(|(id, _)| *id).collect()
    }

    /// Whether the targets of this wave may begin: those of the waves before have come to an end, in the first wave a
    /// good one (R1).
    pub fn wave_is_open(&self, wave: u32) -> bool {
        let ended = |t: &Target| t.is_settled() || t.counts_as_failed();
        wave == 0 || self.first_wave_is_done() && self.targets.iter().filter(|t| (1..wave).contains(&t.wave)).all(ended)
    }

    /// Everybody whom it names.
    pub fn people(&self) -> BTreeSet<PersonId> {
        let mut all: BTreeSet<PersonId> = self.targets.iter().flat_map(Target::people).collect();
        all.insert(self.planned.by);
        all.extend(self.started.map(|m| m.by));
        for a in self.answers.values() {
            all.insert(a.mark.by);
            all.extend(a.reapplied.map(|m| m.by));
        }
        if let State::Paused { why } | State::Stopped { why } | State::Abandoned { why } = &self.state {
            all.extend(why.by);
        }
        all
    }

    /// Its targets as they were planned.
    pub fn places(&self) -> impl Iterator<Item = Place> + '_ {
        self.targets.iter().map(|t| Place {
            name: t.name.clone(),
            group: t.group.clone(),
            host: t.host.clone(),
            instrument: t.instrument.clone(),
            wave: t.wave,
            scientists: t.scientists.clone(),
        })
    }
}

pub(super) fn step_label(steps: &[Step], step: usize) -> String {
    steps.get(step).map_or_else(|| format!("step {}", step.saturating_add(1)), |s| s.label.clone())
}
