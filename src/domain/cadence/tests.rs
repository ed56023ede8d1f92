use super::*;
use chrono::TimeZone;
use strum::IntoEnumIterator;

use Environment::{Development, Production};

fn day(n: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 1, 8, 0, 0).unwrap() + Duration::days(n)
}

fn last(n: i64) -> Option<Last> {
    let tag = serde_json::from_value("1.0.0".into()).unwrap();
    Some(Last { deployment: DeploymentId(uuid::Uuid::nil()), tag, at: day(n) })
}

/// In this state since the tenth day, in a cycle that began on the fifth.
fn basis(state: StateName, places: &[(Environment, bool)]) -> Basis {
    Basis {
        device: DeviceId(uuid::Uuid::nil()),
        state,
        since: day(10),
        opened: day(5),
        is_shut_down: false,
        places: places.to_vec(),
        class: None,
    }
}

fn policy(more: &str) -> Policy {
    Policy::parse(&format!("[cadence]\n{more}")).unwrap()
}

/// G7: a deployment counts as long as the policy says; some days before its end it is due soon, from its end on behind.
#[test]
fn g7_a_deployment_counts_for_a_month() {
    let owned = basis(StateName::CtrlOwned, &[(Production, true)]);
    let standing = |now| owned.judge(Production, last(20), &policy(""), now).standing;
    assert_eq!(standing(day(20)), Standing::Kept);
    assert_eq!(standing(day(44) - Duration::seconds(1)), Standing::Kept);
    assert_eq!(standing(day(44)), Standing::DueSoon);
    assert_eq!(standing(day(51) - Duration::seconds(1)), Standing::DueSoon);
    assert_eq!(standing(day(51)), Standing::Behind);
    let never = policy("due_soon_days = 0");
    assert_eq!(owned.judge(Production, last(20), &never, day(51) - Duration::seconds(1)).standing, Standing::Kept);
    let two = policy("production_days = 2\ndue_soon_days = 1");
    let cadence = owned.judge(Production, last(20), &two, day(21));
    assert_eq!((cadence.standing, cadence.asked.unwrap().due), (Standing::DueSoon, day(22)));
}

/// G7: without a deployment in this cycle it is counted from when the state began; one of another cycle shows, and counts
/// for nothing.
#[test]
fn g7_a_cycle_is_counted_for_itself() {
    let developed = basis(StateName::ReducedSupport, &[(Development, true)]);
    for (last, from, counted) in [
        (None, day(10), false),
        (last(4), day(10), false),
        (last(5), day(5), true),
        (last(7), day(7), true),
        (last(12), day(12), true),
    ] {
        let cadence = developed.judge(Development, last.clone(), &policy(""), day(15));
        assert_eq!(cadence.asked.unwrap().from, from, "{last:?}");
        assert_eq!((cadence.counted().is_some(), &cadence.last), (counted, &last), "{last:?}");
    }
}

/// G7, F10: what was deployed by a clock that was set back since counts from now, and not for years.
#[test]
fn g7_a_clock_that_was_set_back_keeps_nothing_for_good() {
    let owned = basis(StateName::CtrlOwned, &[(Production, true)]);
    let cadence = owned.judge(Production, last(400), &policy(""), day(20));
    assert_eq!((cadence.standing, cadence.asked.unwrap().due), (Standing::Kept, day(51)));
    assert!(cadence.counted().is_some());
}

/// G7: an environment asks for what has a release there; production also for whatever CTRL owns. The rest is said.
#[test]
fn g7_what_an_environment_asks_for() {
    use StateName::{Accepted, CtrlOwned, Declined, Draft, ReducedSupport, Requested, Retired, UnderReview, Withdrawn};
    let built_in = policy("");
    for (state, places, development, production) in [
        (ReducedSupport, vec![(Development, true)], None, Some(WhyNot::NotPlaced)),
        (ReducedSupport, vec![(Development, false)], Some(WhyNot::HotDevelopment), Some(WhyNot::NotPlaced)),
        (ReducedSupport, vec![(Development, false), (Development, true)], None, Some(WhyNot::NotPlaced)),
        (ReducedSupport, vec![], Some(WhyNot::NotPlaced), Some(WhyNot::NotPlaced)),
        // A reduced-support server of production.
        (ReducedSupport, vec![(Production, true)], Some(WhyNot::NotPlaced), None),
        (UnderReview, vec![(Production, true)], Some(WhyNot::NotPlaced), None),
        (CtrlOwned, vec![(Production, true)], Some(WhyNot::NotPlaced), None),
        (CtrlOwned, vec![(Production, true), (Development, true)], None, None),
        (CtrlOwned, vec![], Some(WhyNot::NotPlaced), None),
        (Draft, vec![], Some(WhyNot::NotYet), Some(WhyNot::NotYet)),
        (Requested, vec![], Some(WhyNot::NotYet), Some(WhyNot::NotYet)),
        (Accepted, vec![(Development, true)], Some(WhyNot::NotYet), Some(WhyNot::NotYet)),
        (Declined, vec![], Some(WhyNot::Ended), Some(WhyNot::Ended)),
        (Withdrawn, vec![], Some(WhyNot::Ended), Some(WhyNot::Ended)),
        (Retired, vec![(Production, true)], Some(WhyNot::Ended), Some(WhyNot::Ended)),
    ] {
        let of = basis(state, &places);
        assert_eq!(of.why_not(Development, &built_in), development, "{state} {places:?}");
        assert_eq!(of.why_not(Production, &built_in), production, "{state} {places:?}");
        for which in Environment::iter() {
            let cadence = of.judge(which, last(6), &built_in, day(100));
            let asked = of.why_not(which, &built_in).is_none();
            assert_eq!(cadence.standing == Standing::NotAsked, !asked);
            assert_eq!((cadence.asked.is_some(), cadence.why_not.is_none()), (asked, asked));
            assert_eq!(cadence.told(&built_in).is_some(), asked);
        }
    }
    let shut_down = Basis { is_shut_down: true, ..basis(CtrlOwned, &[(Production, true)]) };
    assert_eq!(shut_down.why_not(Production, &built_in), Some(WhyNot::ShutDown));
    let off = policy("production_days = 0");
    assert_eq!(basis(CtrlOwned, &[]).why_not(Production, &off), Some(WhyNot::NoCadence));
}

/// G7, G1, T10: it is the turn of whoever may deploy there: contributors onto servers of reduced support, in whichever
/// environment those are, and else CTRL.
#[test]
fn g7_whose_turn_it_is() {
    let of = |state, which| basis(state, &[]).whose(which);
    assert_eq!(of(StateName::ReducedSupport, Development), Whose::Contributor);
    assert_eq!(of(StateName::UnderReview, Development), Whose::Contributor);
    assert_eq!(of(StateName::UnderReview, Production), Whose::Ctrl);
    assert_eq!(of(StateName::CtrlOwned, Development), Whose::Ctrl);
    assert_eq!(of(StateName::CtrlOwned, Production), Whose::Ctrl);
    for (class, whose) in [(SupportClass::Reduced, Whose::Contributor), (SupportClass::Full, Whose::Ctrl)] {
        for which in Environment::iter() {
            let placed = Basis { class: Some(class), ..basis(StateName::UnderReview, &[(which, true)]) };
            assert_eq!(placed.whose(which), whose, "{class} {which}");
        }
    }
    let owned = Basis { class: Some(SupportClass::Reduced), ..basis(StateName::CtrlOwned, &[]) };
    assert_eq!(owned.whose(Production), Whose::Ctrl);
}

/// G7: that it falls behind has one name until it is deployed again, and is no news after a month.
#[test]
fn g7_it_falls_behind_once() {
    let owned = basis(StateName::CtrlOwned, &[(Production, true)]);
    let news =
        |of: i64, now: i64| owned.judge(Production, last(of), &policy(""), day(now)).news(owned.device, day(now));
    assert_eq!(news(20, 50), None);
    let first = news(20, 51);
    assert!(first.is_some() && news(20, 60) == first && news(20, 81) == first);
    assert_eq!(news(20, 82), None);
    assert!(news(25, 60).is_some_and(|other| Some(other) != first), "it was deployed since");
    let told = owned.judge(Production, last(20), &policy(""), day(60)).told(&policy("")).unwrap();
    assert_eq!(
        told,
        "Behind in Production: 1.0.0 was deployed there on 21 Nov 2026, and it is to be deployed every 31 days. \
         It is CTRL’s turn."
    );
    let never = basis(StateName::ReducedSupport, &[(Development, true)]);
    let told = never.judge(Development, last(4), &policy(""), day(60)).told(&policy("")).unwrap();
    assert!(told.starts_with("Behind in Development: nothing was deployed there since 11 Nov 2026, "), "{told}");
}

/// G7, G5: a server's own environment counts before the one of its class; where it is not on record, its class.
#[test]
fn g7_a_servers_own_environment_counts() {
    let mark = crate::domain::cycle::Mark { by: crate::domain::id::PersonId(uuid::Uuid::nil()), at: day(6) };
    let tag = last(6).map(|l| l.tag);
    let placed =
        |server: &str, class| Placement { server: server.into(), class, release: tag.clone(), mark, permit: None };
    let own = Server {
        name: "trial".into(),
        class: SupportClass::Full,
        environment: Development,
        host: String::new(),
        instrument: String::new(),
    };
    let all = [
        placed("trial", SupportClass::Full),
        placed("gone", SupportClass::Full),
        placed("lost", SupportClass::Reduced),
    ];
    let found = places(&all, |name| (*name == own.name).then_some(&own));
    assert_eq!(found, [(Development, true), (Production, true), (Development, true)]);
}
