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
    let people: People = [person(1, true), person(2, true), person(3, true), person(4, false)].into_iter().collect();
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
    let reach =
        |person: Person, now: &str| called(&contacts, [person, self::person(2, true), self::person(3, true)], now)[0].1;
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
