//! The way to CTRL ownership: timeline, checklist, commit, findings, approvals (T2 to T6).

use super::{
    cycle::{Mark, Remark},
    id::PersonId,
    release::CommitFacts,
    tag::CommitId,
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// All that one review has gathered; returning the device to development discards it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Set where CTRL took over instead of being asked (N3, N4).
    pub taken_over: Option<TakenOver>,
    /// The contributor who asked for the transfer (T1).
    pub asked: Option<PersonId>,
    pub overview: Option<Remark>,
    pub timeline: Option<Timeline>,
    /// The commit under review. Another commit voids every approval (T4).
    pub commit: Option<Proposed>,
    pub approvals: Vec<Approval>,
    pub findings: Vec<Finding>,
    pub evidence: Vec<Evidence>,
    /// Contributors who take part besides the one who asked (T6).
    pub joined: BTreeSet<PersonId>,
}

/// Why CTRL may take over without being asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ground", rename_all = "snake_case", deny_unknown_fields)]
pub enum Ground {
    /// N3: another instrument needs it; the author is given a task to help.
    NeededElsewhere { instrument: String, task: String },
    /// N4: nobody of its contributors can be reached. With braces: a bare variant would swallow unknown fields (A29).
    Orphaned {},
}

/// That CTRL began the review itself, and why it could.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenOver {
    pub ground: Ground,
    pub reason: Remark,
    /// The author's report on the task they were given (N3).
    pub task_done: Option<Remark>,
}

/// Milestones, agreed by both sides or by none (T2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    pub milestones: Vec<Milestone>,
    pub by_contributor: Option<Mark>,
    pub by_ctrl: Option<Mark>,
}

impl Timeline {
    pub fn agreed(&self) -> bool {
        self.by_contributor.is_some() && self.by_ctrl.is_some()
    }

    /// The first milestone that is due and not reached.
    pub fn late(&self, today: NaiveDate) -> Option<&Milestone> {
        self.milestones.iter().find(|m| m.reached.is_none() && m.due < today)
    }

    pub fn next(&self) -> Option<&Milestone> {
        self.milestones.iter().find(|m| m.reached.is_none())
    }
}

/// A step of the timeline, and the day by which both sides want it done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Milestone {
    pub name: String,
    pub due: NaiveDate,
    #[serde(default)]
    pub reached: Option<Mark>,
}

/// The commit that a contributor asks to have reviewed, as the repository had it then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposed {
    #[serde(flatten)]
    pub facts: CommitFacts,
    #[serde(flatten)]
    pub mark: Mark,
}

/// A reviewer's yes: to this commit, under this policy, on this evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    #[serde(flatten)]
    pub mark: Mark,
    pub commit: CommitId,
    /// [`Policy::review_digest`] at that moment: a policy that changes restarts the review (A7).
    pub policy: String,
    /// How many pieces of evidence lay before them: what failed later was not. Counted, for a clock can jump (F10).
    pub evidence: usize,
}

/// A finding of the review: open, answered by the contributor, accepted by its reviewer (T5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub id: u32,
    pub raised: Remark,
    /// File and line, or another place; may be empty.
    pub place: String,
    pub talk: Vec<Remark>,
    pub state: FindingState,
}

/// Whose turn it is with a finding: the contributor's, the reviewer's, nobody's any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingState {
    Open,
    Answered,
    Accepted,
}

/// What shows that an item of the checklist is met, for one commit (T3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The item's id in the policy.
    pub item: String,
    pub commit: CommitId,
    pub passed: bool,
    /// A CI job or a page; may be empty where the text is the statement.
    pub link: String,
    #[serde(flatten)]
    pub remark: Remark,
}

/// How one item of the checklist stands for the commit under review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemState<'a> {
    Missing,
    /// There is evidence, but for another commit.
    Stale(&'a Evidence),
    Failed(&'a Evidence),
    Met(&'a Evidence),
}

impl Review {
    pub fn commit(&self) -> Option<&CommitId> {
        self.commit.as_ref().map(|p| &p.facts.commit)
    }

    /// The newest evidence for the commit decides; evidence for another commit is stale (T3).
    pub fn item(&self, item: &str) -> ItemState<'_> {
        let mut of_item = self.evidence.iter().rev().filter(|e| e.item == item);
        let newest = of_item.clone().next();
        match (of_item.find(|e| Some(&e.commit) == self.commit()), newest) {
            (Some(e), _) if e.passed => ItemState::Met(e),
            (Some(e), _) => ItemState::Failed(e),
            (None, Some(e)) => ItemState::Stale(e),
            (None, None) => ItemState::Missing,
        }
    }

    /// Whether something failed for this commit after this approval, which was given on other evidence.
    pub fn failed_since(&self, approval: &Approval) -> bool {
        self.evidence.iter().skip(approval.evidence).any(|e| e.commit == approval.commit && !e.passed)
    }

    pub fn open_findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| f.state != FindingState::Accepted)
    }
}
