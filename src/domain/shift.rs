//! The shift is *known to be* informed (H8): every change of a device's support status waits until the operators on
//! shift have said that they know of it, and is late where they have not in time.

use super::{
    id::PersonId,
    person::{People, Role},
    policy::{Acknowledge, Policy},
};
use chrono::{DateTime, Days, Duration, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use std::collections::BTreeSet;

/// One shift of the facility: from this moment on, up to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    pub begins: DateTime<Utc>,
    pub ends: DateTime<Utc>,
}

/// The shift that a moment belongs to. Shifts begin by the facility's clock, so one over the night in which the clock
/// is put forward is an hour shorter.
pub fn shift_of(policy: &Policy, at: DateTime<Utc>) -> Shift {
    let zone = policy.facility.time_zone;
    let today = at.with_timezone(&zone).date_naive();
    let yesterday = today.checked_sub_days(Days::new(1)).unwrap_or(today);
    let days = (0..4).filter_map(|n| yesterday.checked_add_days(Days::new(n)));
    let mut begins: Vec<DateTime<Utc>> =
        days.flat_map(|day| policy.shift.begins.iter().map(move |t| moment(zone, day.and_time(*t)))).collect();
    begins.sort_unstable();
    let next = begins.partition_point(|b| *b <= at);
    let of = |n: usize| begins.get(n).copied();
    Shift {
        begins: next.checked_sub(1).and_then(of).unwrap_or(at),
        ends: of(next).unwrap_or_else(|| at + Duration::days(1)),
    }
}

/// A time of the facility's clock as a moment: the first of two, and where the clock is put forward over it, that jump.
fn moment(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    // No clock jumps over more than a day.
    let mut minutes = (0..=24 * 60).map(|n| local + Duration::minutes(n));
    let found = minutes.find_map(|l| zone.from_local_datetime(&l).earliest());
    found.map_or_else(|| local.and_utc(), |m| m.with_timezone(&Utc))
}

/// Whether somebody speaks for the shift: a member of a DOC team whose account is open.
pub fn may_acknowledge(people: &People, person: PersonId) -> bool {
    people.has(person, &Role::Doc)
}

/// Somebody's word that they know of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    pub by: PersonId,
    pub at: DateTime<Utc>,
}

/// How a change stands with the shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has to be told of it before this moment.
    Waiting { until: DateTime<Utc> },
    /// Not acknowledged in time: since this moment it stands out.
    Late { since: DateTime<Utc> },
    /// Whose word made it so, and when.
    Acknowledged(Acknowledgement),
}

/// A change as it stands, and who is still missing where each person has to say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    pub standing: Standing,
    /// Members of the DOC who have not said yet that they know; empty where one speaks for all.
    pub missing: BTreeSet<PersonId>,
}

impl Judged {
    /// Acknowledged, by this word.
    pub fn by(word: Acknowledgement) -> Self {
        Self { standing: Standing::Acknowledged(word), missing: BTreeSet::new() }
    }

    pub fn acknowledged(&self) -> Option<Acknowledgement> {
        match self.standing {
            Standing::Acknowledged(by) => Some(by),
            Standing::Waiting { .. } | Standing::Late { .. } => None,
        }
    }

    pub fn is_late(&self) -> bool {
        matches!(self.standing, Standing::Late { .. })
    }
}

/// How long a change may wait.
pub fn within(policy: &Policy) -> Duration {
    Duration::minutes(policy.shift.within_minutes.into())
}

/// A day of the facility's calendar: from this moment on, and before the other.
pub fn day_of(policy: &Policy, day: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
    let midnight = |day: NaiveDate| moment(policy.facility.time_zone, day.and_time(NaiveTime::MIN));
    (midnight(day), midnight(day.succ_opt().unwrap_or(day)))
}

/// How a change of this moment stands now, by everybody's words on record. `doc`: who is in the DOC today; without
/// anybody's word nothing is acknowledged, not even where the DOC is empty.
pub fn judge(
    policy: &Policy,
    at: DateTime<Utc>,
    said: &[Acknowledgement],
    doc: &BTreeSet<PersonId>,
    now: DateTime<Utc>,
) -> Judged {
    let missing: BTreeSet<PersonId> = match policy.shift.acknowledge {
        Acknowledge::PerShift => BTreeSet::new(),
        Acknowledge::PerPerson => doc.iter().filter(|p| said.iter().all(|a| a.by != **p)).copied().collect(),
    };
    let carries = match policy.shift.acknowledge {
        Acknowledge::PerShift => said.iter().min_by_key(|a| a.at),
        // The last one whose word was needed; those who have left the DOC hold nothing up.
        Acknowledge::PerPerson if missing.is_empty() => {
            said.iter().filter(|a| doc.contains(&a.by)).max_by_key(|a| a.at).or(said.iter().max_by_key(|a| a.at))
        }
        Acknowledge::PerPerson => None,
    };
    let late = at + within(policy);
    let standing = match carries {
        Some(by) => Standing::Acknowledged(*by),
        None if now < late => Standing::Waiting { until: late },
        None => Standing::Late { since: late },
    };
    // Once it is acknowledged nobody is missing.
    Judged { missing: if carries.is_some() { BTreeSet::new() } else { missing }, standing }
}

#[cfg(test)]
mod tests;
