use super::*;
use uuid::Uuid;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn person(n: u128) -> PersonId {
    PersonId(Uuid::from_u128(n))
}

fn said(n: u128, when: &str) -> Acknowledgement {
    Acknowledgement { by: person(n), at: at(when) }
}

fn per_person() -> Policy {
    Policy::parse("[shift]\nacknowledge = \"per_person\"").unwrap()
}

/// H8: a moment belongs to the shift that began last, also over midnight.
#[test]
fn a_moment_has_its_shift() {
    let policy = Policy::built_in();
    for (moment, begins, ends) in [
        // In November the facility's clock is an hour before UTC's.
        ("2026-11-21T01:12:00Z", "2026-11-20T21:00:00Z", "2026-11-21T05:00:00Z"),
        ("2026-11-21T04:59:59Z", "2026-11-20T21:00:00Z", "2026-11-21T05:00:00Z"),
        ("2026-11-21T05:00:00Z", "2026-11-21T05:00:00Z", "2026-11-21T13:00:00Z"),
        ("2026-11-21T23:30:00Z", "2026-11-21T21:00:00Z", "2026-11-22T05:00:00Z"),
        // In July two.
        ("2026-07-01T03:59:59Z", "2026-06-30T20:00:00Z", "2026-07-01T04:00:00Z"),
    ] {
        assert_eq!(shift_of(&policy, at(moment)), Shift { begins: at(begins), ends: at(ends) }, "{moment}");
    }
}

/// H8: the night in which the clock changes is an hour shorter or longer, and no moment falls between two shifts.
#[test]
fn the_clock_changes_within_a_shift() {
    let policy = Policy::built_in();
    let spring = shift_of(&policy, at("2026-03-29T01:30:00Z"));
    assert_eq!(spring, Shift { begins: at("2026-03-28T21:00:00Z"), ends: at("2026-03-29T04:00:00Z") });
    let autumn = shift_of(&policy, at("2026-10-25T00:30:00Z"));
    assert_eq!(autumn, Shift { begins: at("2026-10-24T20:00:00Z"), ends: at("2026-10-25T05:00:00Z") });
    for policy in [policy, Policy::parse("[shift]\nbegins = [\"02:10\", \"02:30\", \"14:30\"]").unwrap()] {
        let mut now = at("2026-03-28T12:00:00Z");
        let mut last = shift_of(&policy, now);
        for _ in 0..(230 * 24 * 4) {
            now += Duration::minutes(15);
            let shift = shift_of(&policy, now);
            assert!(shift.begins <= now && now < shift.ends, "{now}: {shift:?}");
            assert!(shift == last || shift.begins == last.ends, "{last:?} is followed by {shift:?}");
            last = shift;
        }
    }
}

/// H8: a shift that would begin in the hour that the clock jumps over begins with the jump; one that begins in the hour that
/// comes twice begins once.
#[test]
fn a_shift_begins_in_an_hour_that_is_missing_or_comes_twice() {
    let policy = Policy::parse("[shift]\nbegins = [\"02:30\", \"14:30\"]").unwrap();
    assert_eq!(shift_of(&policy, at("2026-03-29T02:00:00Z")).begins, at("2026-03-29T01:00:00Z"));
    assert_eq!(shift_of(&policy, at("2026-10-25T01:00:00Z")).begins, at("2026-10-25T00:30:00Z"));
    assert_eq!(shift_of(&policy, at("2026-10-25T01:45:00Z")).begins, at("2026-10-25T00:30:00Z"));
    let one = Policy::parse("[shift]\nbegins = [\"07:00\"]").unwrap();
    let day = Shift { begins: at("2026-11-20T06:00:00Z"), ends: at("2026-11-21T06:00:00Z") };
    assert_eq!(shift_of(&one, at("2026-11-21T05:59:00Z")), day);
}

/// H8: per shift one member's word counts, the first one's; before it the change waits, and then is late.
#[test]
fn one_word_counts_for_the_shift() {
    let policy = Policy::built_in();
    let doc = BTreeSet::from([person(1), person(2)]);
    let change = at("2026-11-21T01:12:00Z");
    let judged = |said: &[Acknowledgement], now: &str| judge(&policy, change, said, &doc, at(now)).standing;
    let late = at("2026-11-21T01:42:00Z");
    assert_eq!(judged(&[], "2026-11-21T01:41:59Z"), Standing::Waiting { until: late });
    assert_eq!(judged(&[], "2026-11-21T01:42:00Z"), Standing::Late { since: late });
    let words = [said(2, "2026-11-21T01:20:00Z"), said(1, "2026-11-21T01:19:00Z")];
    assert_eq!(judged(&words, "2026-11-21T09:00:00Z"), Standing::Acknowledged(words[1]));
    let too_late = [said(1, "2026-11-21T03:00:00Z")];
    assert_eq!(judged(&too_late, "2026-11-21T03:01:00Z"), Standing::Acknowledged(too_late[0]));
    assert!(judge(&policy, change, &[], &doc, late).missing.is_empty(), "nobody is missing where one speaks for all");
}

/// H8: per person everybody of the DOC has to say it; who has left holds nothing up.
#[test]
fn everybody_has_to_say_it() {
    let policy = per_person();
    let change = at("2026-11-21T01:12:00Z");
    let (early, late) = (at("2026-11-21T01:20:00Z"), at("2026-11-21T02:00:00Z"));
    let doc = BTreeSet::from([person(1), person(2)]);
    let first = said(1, "2026-11-21T01:15:00Z");
    let waits = judge(&policy, change, &[first], &doc, early);
    assert_eq!(waits.missing, BTreeSet::from([person(2)]));
    assert!(waits.acknowledged().is_none() && !waits.is_late());
    assert!(judge(&policy, change, &[first], &doc, late).is_late());

    let second = said(2, "2026-11-21T01:50:00Z");
    let both = judge(&policy, change, &[second, first], &doc, late);
    assert_eq!(both.standing, Standing::Acknowledged(second));
    assert!(both.missing.is_empty());

    let left = judge(&policy, change, &[first], &BTreeSet::from([person(1)]), late);
    assert_eq!(left.acknowledged(), Some(first), "the second one has left the DOC");
}

/// H8: an empty DOC acknowledges nothing by being empty.
#[test]
fn nobody_is_not_everybody() {
    let change = at("2026-11-21T01:12:00Z");
    for policy in [Policy::built_in(), per_person()] {
        let nobody = judge(&policy, change, &[], &BTreeSet::new(), at("2026-11-22T00:00:00Z"));
        assert!(nobody.is_late());
    }
}
