//! The states, each with what only it knows, so that an impossible combination cannot be written down.

use crate::domain::{
    cycle::{Mark, Remark},
    id::PersonId,
    review::Review,
    tag::{CommitId, TagName},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where a device stands in the lifecycle. Being shut down lies over it ([`ShutDown`](crate::domain::device::ShutDown)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumDiscriminants)]
#[serde(tag = "state", rename_all = "snake_case")]
#[strum_discriminants(
    name(StateName),
    doc = "A state without its data: what the table, the pages and the database speak of.",
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
    /// Private to its authors until it is submitted.
    Draft,
    Requested {
        since: DateTime<Utc>,
    },
    Accepted {
        since: DateTime<Utc>,
    },
    ReducedSupport {
        since: DateTime<Utc>,
    },
    UnderReview {
        since: DateTime<Utc>,
        review: Box<Review>,
    },
    CtrlOwned {
        since: DateTime<Utc>,
        owned: Owned,
    },
    Declined {
        reason: Remark,
    },
    Withdrawn {
        reason: Remark,
    },
    Retired {
        reason: Remark,
    },
}

/// What CTRL took over: this commit, in this tag, after these people's approvals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owned {
    pub release: TagName,
    pub commit: CommitId,
    /// Nobody, where it was imported as CTRL's (E5).
    pub approved: Vec<Mark>,
    /// False where no second contributor joined the review (T6): not required, but on record.
    pub second_joined: bool,
    pub took: Mark,
}

impl State {
    pub fn name(&self) -> StateName {
        self.into()
    }

    pub fn since(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Draft => None,
            Self::Requested { since }
            | Self::Accepted { since }
            | Self::ReducedSupport { since }
            | Self::UnderReview { since, .. }
            | Self::CtrlOwned { since, .. } => Some(*since),
            Self::Declined { reason } | Self::Withdrawn { reason } | Self::Retired { reason } => Some(reason.mark.at),
        }
    }

    /// Whether contributors develop it now.
    pub fn is_developed(&self) -> bool {
        matches!(self, Self::ReducedSupport { .. } | Self::UnderReview { .. })
    }

    pub(crate) fn people(&self) -> BTreeSet<PersonId> {
        let mut all = BTreeSet::new();
        match self {
            Self::UnderReview { review, .. } => {
                all.extend(review.joined.iter());
                all.extend(review.asked);
                all.extend(review.overview.as_ref().map(|o| o.mark.by));
                all.extend(review.approvals.iter().map(|a| a.mark.by));
                all.extend(review.evidence.iter().map(|e| e.remark.mark.by));
                all.extend(review.commit.as_ref().map(|c| c.mark.by));
                for f in &review.findings {
                    all.insert(f.raised.mark.by);
                    all.extend(f.talk.iter().map(|r| r.mark.by));
                }
                if let Some(t) = &review.timeline {
                    all.extend(t.by_contributor.map(|m| m.by));
                    all.extend(t.by_ctrl.map(|m| m.by));
                }
                if let Some(t) = &review.taken_over {
                    all.insert(t.reason.mark.by);
                    all.extend(t.task_done.as_ref().map(|r| r.mark.by));
                }
            }
            Self::CtrlOwned { owned, .. } => {
                all.insert(owned.took.by);
                all.extend(owned.approved.iter().map(|m| m.by));
            }
            Self::Declined { reason } | Self::Withdrawn { reason } | Self::Retired { reason } => {
                all.insert(reason.mark.by);
            }
            Self::Draft | Self::Requested { .. } | Self::Accepted { .. } | Self::ReducedSupport { .. } => {}
        }
        all
    }
}

impl StateName {
    /// The one label of this state, everywhere.
    pub fn label(self) -> &'static str {
        match self {
            Self::Draft => "Draft",
            Self::Requested => "Requested",
            Self::Accepted => "Accepted",
            Self::ReducedSupport => "Reduced support",
            Self::UnderReview => "Under review",
            Self::CtrlOwned => "Fully supported",
            Self::Declined => "Declined",
            Self::Withdrawn => "Withdrawn",
            Self::Retired => "Retired",
        }
    }

    pub fn is_end(self) -> bool {
        matches!(self, Self::Declined | Self::Withdrawn | Self::Retired)
    }
}
