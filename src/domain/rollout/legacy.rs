//! Where a legacy system stays beside the new one: its way back is kept tried, and its retirement is agreed by two sides
//! (R6).

use super::target::Target;
use crate::domain::{
    cycle::{Mark, Remark},
    id::PersonId,
    policy::Policy,
};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// The legacy system of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Legacy {
    /// When the way back to it was tried last, and how it went.
    pub way_back: Option<Remark>,
    pub retirement: Option<Retirement>,
    /// That it is gone.
    pub retired: Option<Remark>,
}

impl Legacy {
    pub(super) fn people(&self) -> Vec<PersonId> {
        let marks = [&self.way_back, &self.retired].into_iter().flatten().map(|r| r.mark.by);
        let two = self.retirement.iter().flat_map(|r| [Some(r.proposed), r.agreed]).flatten().map(|m| m.by);
        marks.chain(two).collect()
    }
}

/// The day on which it is to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retirement {
    pub date: NaiveDate,
    /// The side that proposed it.
    pub side: Side,
    pub proposed: Mark,
    /// Somebody of the other side.
    pub agreed: Option<Mark>,
}

/// The two sides that agree.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumIter, strum::IntoStaticStr, strum::Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Side {
    Ctrl,
    Scientists,
}

impl Side {
    pub fn words(self) -> &'static str {
        match self {
            Self::Ctrl => "CTRL",
            Self::Scientists => "the instrument’s scientists",
        }
    }

    pub fn other(self) -> Self {
        match self {
            Self::Ctrl => Self::Scientists,
            Self::Scientists => Self::Ctrl,
        }
    }
}

/// What a legacy system waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LegacyDue {
    WayBackNeverTried,
    /// It was tried last at this moment, which is too long ago.
    WayBackOld(DateTime<Utc>),
    /// No day is proposed.
    NoRetirement,
    /// This side is to agree.
    NotAgreed(Side),
    /// It was to be gone by this day.
    RetirementPast(NaiveDate),
}

/// Everything that the legacy system of a target waits for; nothing where there is none, or where it is gone.
pub fn legacy_due(target: &Target, policy: &Policy, now: DateTime<Utc>) -> Vec<LegacyDue> {
    let Some(legacy) = target.legacy.as_ref().filter(|l| l.retired.is_none()) else { return Vec::new() };
    let mut due = Vec::new();
    match &legacy.way_back {
        None => due.push(LegacyDue::WayBackNeverTried),
        Some(tried) if now - tried.mark.at > Duration::days(policy.rollouts.way_back_days.into()) => {
            due.push(LegacyDue::WayBackOld(tried.mark.at));
        }
        Some(_) => {}
    }
    let today = now.with_timezone(&policy.facility.time_zone).date_naive();
    match &legacy.retirement {
        None => due.push(LegacyDue::NoRetirement),
        Some(r) if r.agreed.is_none() => due.push(LegacyDue::NotAgreed(r.side.other())),
        Some(r) if r.date < today => due.push(LegacyDue::RetirementPast(r.date)),
        Some(_) => {}
    }
    due
}
