//! Whom the shift calls at this hour, in which order (O2, L4).

use super::{
    contact::{Contact, Hours},
    id::PersonId,
    person::{People, Person},
    policy::Policy,
    support::Support,
};
use chrono::{DateTime, Datelike, Days, NaiveDateTime, NaiveTime, TimeZone, Utc, Weekday};
use chrono_tz::Tz;

/// Whether somebody answers at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Until this moment; `None` where no hour ends it.
    Now(Option<DateTime<Utc>>),
    /// While beam is scheduled, which Custody does not know.
    WhileBeam,
    /// Not before this moment.
    From(DateTime<Utc>),
    /// They said that they are away; this is the first moment at which they are back.
    AwayUntil(DateTime<Utc>),
    /// Their hours are not on record.
    Unknown,
}

impl Reach {
    /// Whether a call is worth it now.
    pub fn now(self) -> bool {
        self.place() == 0
    }

    /// Who answers now, then who answers later, then who is away.
    fn place(self) -> u8 {
        match self {
            Self::Now(_) | Self::WhileBeam | Self::Unknown => 0,
            Self::From(_) => 1,
            Self::AwayUntil(_) => 2,
        }
    }
}

/// Somebody whom the shift calls about a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee {
    /// The operators on shift, whom one can always call.
    Shift,
    /// Who answers for the restart of what CTRL shut down (N6).
    Responsible(PersonId, Reach),
    Contact(Call),
}

/// One call of the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    pub person: PersonId,
    pub reach: Reach,
    /// Set for a deputy: who they answer for.
    pub instead_of: Option<PersonId>,
    /// Whether the contact's confirmation still counts (L4).
    pub confirmed: bool,
}

impl Hours {
    /// Whether they hold at this moment, in this zone. Every day's hours begin at 08:00.
    pub fn at(self, zone: Tz, now: DateTime<Utc>) -> Reach {
        let closes = match self {
            Self::Always => return Reach::Now(None),
            Self::WhileBeam => return Reach::WhileBeam,
            Self::Working => hour(18),
            Self::Daytime => hour(22),
        };
        let local = now.with_timezone(&zone).naive_local();
        let works = |at: NaiveDateTime| self != Self::Working || !matches!(at.weekday(), Weekday::Sat | Weekday::Sun);
        if works(local) && local.time() >= hour(8) && local.time() < closes {
            return Reach::Now(Some(moment(zone, local.date().and_time(closes), now)));
        }
        let today = local.date().and_time(hour(8));
        let first = if local < today { 0 } else { 1 };
        let opens = (first..first + 7).filter_map(|d| today.checked_add_days(Days::new(d))).find(|at| works(*at));
        Reach::From(opens.map_or(now, |at| moment(zone, at, now)))
    }
}

fn hour(h: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(h, 0, 0).expect("whole hours of a day exist")
}

/// A local time as a moment; where the clock is put forward over it, `or`.
fn moment(zone: Tz, local: NaiveDateTime, or: DateTime<Utc>) -> DateTime<Utc> {
    zone.from_local_datetime(&local).earliest().map_or(or, |at| at.with_timezone(&Utc))
}

/// Whether somebody with these hours answers, unless they are away.
fn reach(person: &Person, hours: impl Fn(DateTime<Utc>) -> Reach, policy: &Policy, now: DateTime<Utc>) -> Reach {
    if let Some(away) = person.away(policy, now) {
        return Reach::AwayUntil(away.until);
    }
    match hours(now) {
        // Their hours end when they leave.
        Reach::Now(Some(closes)) => Reach::Now(Some(person.leaves(policy, now).map_or(closes, |at| at.min(closes)))),
        Reach::From(mut opens) => {
            while let Some(away) = person.away(policy, opens) {
                opens = match hours(away.until) {
                    Reach::From(later) => later,
                    _ => away.until,
                };
            }
            Reach::From(opens)
        }
        other => other,
    }
}

/// The order in which a device's contacts are called now: who answers, then who answers at another hour, then who is
/// away; among these as the contributors listed them. A deputy answers when the contact cannot, unless they are away
/// themselves; one who is listed too is called as such, at their own hours. People without a number or with a closed
/// account are left out.
pub fn order(contacts: &[Contact], people: &People, policy: &Policy, now: DateTime<Utc>) -> Vec<Call> {
    let callable = |id: PersonId| people.get(id).filter(|p| p.active && p.phone.is_some());
    let is_listed = |id: &PersonId| contacts.iter().any(|c| c.person == *id);
    let mut calls: Vec<Call> = Vec::new();
    let mut add = |call: Call| {
        if calls.iter().all(|known| known.person != call.person) {
            calls.push(call);
        }
    };
    for c in contacts {
        let zone = c.time_zone.parse().unwrap_or(policy.facility.time_zone);
        let confirmed = c.is_confirmed(policy, now);
        if let Some(person) = callable(c.person) {
            let reach = reach(person, |at| c.hours.at(zone, at), policy, now);
            add(Call { person: c.person, reach, instead_of: None, confirmed });
        }
        if let Some(deputy) = c.deputy.filter(|d| !is_listed(d)).and_then(callable) {
            let reach = reach(deputy, |_| Reach::Now(None), policy, now);
            add(Call { person: deputy.id, reach, instead_of: Some(c.person), confirmed });
        }
    }
    // Stable: among equals the contributors' own order stays.
    calls.sort_by_key(|c| c.reach.place());
    calls
}

/// Whom the shift calls about a device now, best first. What CTRL supports is the shift's own, and so is what nobody
/// supports; of what is shut down somebody answers for the restart; the rest has its contributors. Who does not answer at
/// this hour comes after the shift.
pub fn callees(
    support: Option<Support>,
    responsible: Option<PersonId>,
    contacts: &[Contact],
    people: &People,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Vec<Callee> {
    let calls = order(contacts, people, policy, now);
    let own = match support {
        Some(Support::ShutDown) => responsible.and_then(|id| person(id, &calls, people, policy, now)),
        _ => None,
    };
    let others = calls.iter().filter(|c| own.is_none_or(|(id, _)| id != c.person));
    let (now, later): (Vec<Call>, Vec<Call>) = others.copied().partition(|c| c.reach.now());
    let (now, later) = (now.into_iter().map(Callee::Contact), later.into_iter().map(Callee::Contact));
    let shift = std::iter::once(Callee::Shift);
    match (support, own) {
        (Some(Support::FullySupported), _) => shift.collect(),
        (Some(Support::ReducedSupport), _) => now.chain(shift).chain(later).collect(),
        (Some(Support::ShutDown), Some((id, reach))) => {
            let responsible = std::iter::once(Callee::Responsible(id, reach));
            match reach.now() {
                true => responsible.chain(now).chain(shift).chain(later).collect(),
                false => shift.chain(now).chain(responsible).chain(later).collect(),
            }
        }
        (Some(Support::ShutDown | Support::NotSupported | Support::Unknown) | None, _) => {
            shift.chain(now).chain(later).collect()
        }
    }
}

/// Somebody who can be called, and whether they answer: by their hours as a contact, if they are one.
fn person(
    id: PersonId,
    calls: &[Call],
    people: &People,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Option<(PersonId, Reach)> {
    let person = people.get(id).filter(|p| p.active && p.phone.is_some())?;
    let known = calls.iter().find(|c| c.person == id && c.instead_of.is_none()).map(|c| c.reach);
    let away = || person.away(policy, now).map(|a| Reach::AwayUntil(a.until));
    Some((id, known.or_else(away).unwrap_or(Reach::Unknown)))
}

#[cfg(test)]
mod tests;
