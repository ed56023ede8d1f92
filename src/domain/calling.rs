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
mod tests {
    use super::*;
    use crate::domain::absence::Absence;
    use uuid::Uuid;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn person(n: u128, phone: bool) -> Person {
        Person {
            id: PersonId(Uuid::from_u128(n)),
            name: format!("Person {n}"),
            phone: phone.then(|| "+49 40 66969 214".to_owned()),
            emails: Default::default(),
            active: true,
            roles: Default::default(),
            teams: Default::default(),
            conduct: None,
            trained: Default::default(),
            time_zone: "Europe/Berlin".to_owned(),
            absences: Vec::new(),
        }
    }

    fn contact(n: u128, hours: Hours, deputy: Option<u128>) -> Contact {
        Contact {
            person: PersonId(Uuid::from_u128(n)),
            hours,
            time_zone: "Europe/Berlin".to_owned(),
            deputy: deputy.map(|d| PersonId(Uuid::from_u128(d))),
            confirmed: None,
        }
    }

    /// O2: by their hours and time zone, which are not the facility's.
    #[test]
    fn hours_are_the_contacts_own() {
        let berlin = chrono_tz::Europe::Berlin;
        // A Saturday, 03:12 in Berlin.
        let night = at("2026-11-21T02:12:00Z");
        assert_eq!(Hours::Daytime.at(berlin, night), Reach::From(at("2026-11-21T07:00:00Z")));
        assert_eq!(Hours::Working.at(berlin, night), Reach::From(at("2026-11-23T07:00:00Z")));
        assert_eq!(Hours::Daytime.at(chrono_tz::Asia::Tokyo, night), Reach::Now(Some(at("2026-11-21T13:00:00Z"))));
        assert_eq!(Hours::Always.at(berlin, night), Reach::Now(None));
        // Friday, 18:00 is too late, 17:59 is not.
        assert!(!Hours::Working.at(berlin, at("2026-11-20T17:00:00Z")).now());
        assert_eq!(Hours::Working.at(berlin, at("2026-11-20T16:59:59Z")), Reach::Now(Some(at("2026-11-20T17:00:00Z"))));
    }

    /// L4: who sleeps is called after who does not, and their deputy answers for them.
    #[test]
    fn the_sleeping_come_last_and_who_has_no_number_is_left_out() {
        let people: People =
            [person(1, true), person(2, true), person(3, true), person(4, false)].into_iter().collect();
        let contacts =
            [contact(4, Hours::Always, None), contact(1, Hours::Working, Some(2)), contact(3, Hours::Always, Some(1))];
        let calls = order(&contacts, &people, &Policy::built_in(), at("2026-11-21T02:12:00Z"));
        let called: Vec<u128> = calls.iter().map(|c| c.person.0.as_u128()).collect();
        assert_eq!(called, [2, 3, 1]);
        assert_eq!(calls[0].instead_of, Some(PersonId(Uuid::from_u128(1))));
    }

    fn away(n: u128, from: &str, until: &str) -> Person {
        let absence = Absence { from: from.parse().unwrap(), until: until.parse().unwrap(), note: String::new() };
        Person { absences: vec![absence], ..person(n, true) }
    }

    fn called(contacts: &[Contact], people: [Person; 3], now: &str) -> Vec<(u128, Reach)> {
        let calls = order(contacts, &people.into_iter().collect(), &Policy::built_in(), at(now));
        calls.iter().map(|c| (c.person.0.as_u128(), c.reach)).collect()
    }

    /// L4, O2: the deputy answers for who is away, who stands behind everybody who answers at some hour.
    #[test]
    fn a_deputy_answers_for_who_is_away() {
        let contacts = [contact(1, Hours::Always, Some(2)), contact(3, Hours::Working, None)];
        let people = || [away(1, "2026-11-20", "2026-12-03"), person(2, true), person(3, true)];
        let back = Reach::AwayUntil(at("2026-12-03T23:00:00Z"));
        let opens = Reach::From(at("2026-11-23T07:00:00Z"));
        let night = "2026-11-21T02:12:00Z";
        assert_eq!(called(&contacts, people(), night), [(2, Reach::Now(None)), (3, opens), (1, back)]);
        // Back at midnight.
        let calls = called(&contacts, people(), "2026-12-03T23:00:00Z");
        assert_eq!(calls[..2], [(1, Reach::Now(None)), (2, Reach::Now(None))]);
    }

    /// L4, O2: a deputy who is a contact themselves answers at their own hours, in whatever order the two are listed.
    #[test]
    fn o2_a_deputy_who_is_a_contact_keeps_their_own_hours() {
        let people = || [1, 2, 3].map(|n| person(n, true));
        let opens = Reach::From(at("2026-11-23T07:00:00Z"));
        let night = "2026-11-21T02:12:00Z";
        let (first, second) = (contact(1, Hours::Working, Some(2)), contact(2, Hours::Working, Some(1)));
        assert_eq!(called(&[first.clone(), second.clone()], people(), night), [(1, opens), (2, opens)]);
        assert_eq!(called(&[second, first.clone()], people(), night), [(2, opens), (1, opens)]);
        let confirmed = Contact { confirmed: Some(at("2026-11-20T08:00:00Z")), ..contact(2, Hours::Always, None) };
        for contacts in [[first.clone(), confirmed.clone()], [confirmed, first]] {
            assert_eq!(called(&contacts, people(), night), [(2, Reach::Now(None)), (1, opens)]);
            let calls = order(&contacts, &people().into_iter().collect(), &Policy::built_in(), at(night));
            assert_eq!((calls[0].instead_of, calls[0].confirmed), (None, true), "their own word");
        }
    }

    /// L4, O2: a deputy who is away does not answer, and then nobody does.
    #[test]
    fn a_deputy_may_be_away_too() {
        let contacts = [contact(1, Hours::Always, Some(2))];
        let people = [away(1, "2026-11-20", "2026-12-03"), away(2, "2026-11-21", "2026-11-21"), person(3, true)];
        let calls = called(&contacts, people, "2026-11-21T02:12:00Z");
        assert_eq!(calls.iter().map(|c| c.0).collect::<Vec<_>>(), [1, 2]);
        assert!(calls.iter().all(|c| !c.1.now()), "{calls:?}");
        assert_eq!(calls[1].1, Reach::AwayUntil(at("2026-11-21T23:00:00Z")));
    }

    /// L4, O2: hours that begin while they are away begin when they are back, and end when they leave.
    #[test]
    fn hours_begin_and_end_with_being_there() {
        let contacts = [contact(1, Hours::Working, None)];
        let reach = |person: Person, now: &str| {
            called(&contacts, [person, self::person(2, true), self::person(3, true)], now)[0].1
        };
        // On Friday evening, away from Saturday to Tuesday.
        let leaving = || away(1, "2026-11-21", "2026-11-24");
        assert_eq!(reach(leaving(), "2026-11-20T18:00:00Z"), Reach::From(at("2026-11-25T07:00:00Z")));
        // Tokyo's Saturday begins at four in the afternoon of Berlin's Friday.
        let tokyo = Person { time_zone: "Asia/Tokyo".to_owned(), ..leaving() };
        assert_eq!(reach(tokyo, "2026-11-20T09:00:00Z"), Reach::Now(Some(at("2026-11-20T15:00:00Z"))));
    }

    /// N5, N6, O2: who answers for the restart is called first, unless they are away; of hours that nobody knows nothing
    /// is claimed. What nobody supports is the shift's.
    #[test]
    fn o2_who_is_away_is_not_called_first() {
        let contacts = [contact(1, Hours::Always, None), contact(3, Hours::Working, None)];
        let night = at("2026-11-21T02:12:00Z");
        let whom = |support, responsible: Option<u128>, people: [Person; 4]| -> Vec<(u128, Option<Reach>)> {
            let people = people.into_iter().collect();
            let responsible = responsible.map(|n| PersonId(Uuid::from_u128(n)));
            let all = callees(support, responsible, &contacts, &people, &Policy::built_in(), night);
            let told = all.into_iter().map(|c| match c {
                Callee::Shift => (0, None),
                Callee::Responsible(id, reach) => (id.0.as_u128(), Some(reach)),
                Callee::Contact(call) => (call.person.0.as_u128(), Some(call.reach)),
            });
            told.collect()
        };
        let names = |all: Vec<(u128, Option<Reach>)>| all.into_iter().map(|(n, _)| n).collect::<Vec<_>>();
        let there = || [1, 2, 3, 9].map(|n| person(n, true));
        let shut = Some(Support::ShutDown);
        assert_eq!(whom(shut, Some(9), there())[0], (9, Some(Reach::Unknown)));
        assert_eq!(names(whom(shut, Some(9), there())), [9, 1, 0, 3]);
        let [a, b, c, _] = there();
        let gone = whom(shut, Some(9), [a, b, c, away(9, "2026-11-20", "2026-12-03")]);
        assert_eq!(gone[2], (9, Some(Reach::AwayUntil(at("2026-12-03T23:00:00Z")))));
        assert_eq!(names(gone), [0, 1, 9, 3]);
        // For whom they are a deputy says nothing of when they answer for a restart.
        let deputies = [contact(1, Hours::Working, Some(9))];
        let people = there().into_iter().collect();
        let responsible = Some(PersonId(Uuid::from_u128(9)));
        let all = callees(shut, responsible, &deputies, &people, &Policy::built_in(), night);
        assert_eq!(all[0], Callee::Responsible(PersonId(Uuid::from_u128(9)), Reach::Unknown));
        // A contact's hours are known: they sleep.
        assert_eq!(names(whom(shut, Some(3), there())), [0, 1, 3]);
        assert_eq!(names(whom(Some(Support::ReducedSupport), None, there())), [1, 0, 3]);
        assert_eq!(names(whom(Some(Support::NotSupported), None, there())), [0, 1, 3]);
        assert_eq!(names(whom(None, None, there())), [0, 1, 3]);
        assert_eq!(names(whom(Some(Support::FullySupported), None, there())), [0]);
    }
}
