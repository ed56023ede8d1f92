//! The rules, one by one.

use super::given::{BACK_UP, CABLES, CHECK_IT, KARL, LENA, NOOR, ROSA, SERVER, World, by_hand, noon, plan};
use crate::domain::{
    cycle::Mark,
    id::{LocalChangeId, TargetName},
    lifecycle::Actor,
    local_change::LocalChange,
    refusal::Code,
    rollout::*,
};
use chrono::Duration;
use std::collections::BTreeMap;
use uuid::Uuid;

fn text() -> String {
    "Some words.".to_owned()
}

fn pairs(all: &[(&str, usize)]) -> Vec<(String, usize)> {
    all.iter().map(|(name, step)| ((*name).to_owned(), *step)).collect()
}

/// R1: a first wave succeeds before the rest begins, later waves follow one another, and no more than asked for are worked
/// on at once.
#[test]
fn r1_waves_follow_one_another() {
    let mut world = World::started();
    assert_eq!(world.next(), pairs(&[("A", BACK_UP), ("B", BACK_UP)]));
    assert_eq!(world.begins("C", BACK_UP).unwrap_err().code, Code::WrongState, "the second wave");
    assert_eq!(world.begins("A", SERVER).unwrap_err().code, Code::WrongState, "out of order");
    assert_eq!(world.begins("A", 7).unwrap_err().code, Code::NoSuchThing);
    world.does_all("A");
    assert_eq!(world.next(), pairs(&[("B", BACK_UP)]), "the first wave is not over");
    world.does_all("B");
    assert_eq!(world.next(), pairs(&[("C", BACK_UP), ("D", BACK_UP)]), "two at once");
    let (c, d) = (world.begins("C", BACK_UP).unwrap(), world.begins("D", BACK_UP).unwrap());
    assert!(world.next().is_empty());
    assert_eq!(world.begins("E", BACK_UP).unwrap_err().code, Code::WrongState, "two are at work");
    let done = || Outcome::Done { took_seconds: 60, facts: BTreeMap::new() };
    world.reports("C", BACK_UP, c, done());
    assert_eq!(world.next(), pairs(&[("C", SERVER)]), "what has begun goes first");
    world.reports("D", BACK_UP, d, Outcome::Failed { why: text() });
    assert_eq!(world.next(), pairs(&[("C", SERVER), ("E", BACK_UP)]));
    world.runs("C", SERVER);
    world.must(LENA, by_hand("C", CABLES));
    world.runs("C", CHECK_IT);
    world.must(KARL, Command::SignOff { target: "C".into(), step: CHECK_IT });
    assert_eq!(world.begins("F", BACK_UP).unwrap_err().code, Code::WrongState, "E has not begun");
    world.must(LENA, Command::LeaveOut { target: "E".into(), reason: text() });
    assert_eq!(world.next(), pairs(&[("F", BACK_UP)]), "D came to an end, though no good one");
    world.does_all("F");
    assert_eq!(world.r.state.name(), StateName::Running, "D waits for a person");
    world.must(LENA, Command::Retry { target: "D".into(), step: BACK_UP });
    world.does_all("D");
    assert!(matches!(world.r.state, State::Finished { .. }), "nothing is left to do");
    assert_eq!(world.events.last().unwrap().by, None);
}

/// R1, R3: a failure in the first wave keeps the rest back, whatever the limit.
#[test]
fn r1_a_first_wave_that_failed_keeps_the_rest_back() {
    let mut world = World::new().plans(&Plan { stop_after_failed: 5, ..plan() });
    world.must(LENA, Command::Start {});
    world.does_all("A");
    world.fails("B", BACK_UP);
    assert!(world.next().is_empty() && world.r.state.name() == StateName::Running);
    let alone = world.refused(LENA, Command::LeaveOut { target: "A".into(), reason: text() });
    assert_eq!(alone, Code::AlreadyDone, "it is over");
    world.must(LENA, Command::LeaveOut { target: "B".into(), reason: "No beam time there.".to_owned() });
    assert_eq!(world.next(), pairs(&[("C", BACK_UP), ("D", BACK_UP)]));

    let mut world = World::started();
    world.must(LENA, Command::LeaveOut { target: "A".into(), reason: text() });
    let last = world.refused(LENA, Command::LeaveOut { target: "B".into(), reason: text() });
    assert_eq!(last, Code::WrongState, "nothing would be tried");
}

/// R3: so many that failed pause it by itself; it resumes once fewer are open, and what is skipped has a reason of some
/// words.
#[test]
fn r3_past_a_limit_it_pauses() {
    let mut world = World::started();
    world.fails("A", BACK_UP);
    assert_eq!(world.r.state.name(), StateName::Running);
    let b = world.begins("B", BACK_UP).unwrap();
    world.reports("B", BACK_UP, b, Outcome::Unknown { why: "Its replica ended.".to_owned() });
    let State::Paused { why } = &world.r.state else { panic!("{:?}", world.r.state) };
    assert_eq!((why.by, why.text.as_str()), (None, "2 of 6 targets failed: A, B."));
    assert!(world.next().is_empty());
    assert_eq!(world.refused(LENA, Command::Resume {}), Code::WrongState);
    world.must(LENA, Command::Retry { target: "A".into(), step: BACK_UP });
    assert_eq!(world.refused(LENA, Command::Retry { target: "A".into(), step: BACK_UP }), Code::WrongState);
    world.must(LENA, Command::Resume {});
    assert_eq!(world.next(), pairs(&[("A", BACK_UP)]));
    for (reason, code) in [("", Code::Incomplete), ("no", Code::Incomplete)] {
        let skip = Command::Skip { target: "B".into(), step: BACK_UP, reason: reason.to_owned() };
        assert_eq!(world.refused(LENA, skip), code);
    }
    world.must(LENA, Command::Skip { target: "B".into(), step: BACK_UP, reason: "It was backed up yesterday.".into() });
    assert_eq!(world.next(), pairs(&[("A", BACK_UP), ("B", SERVER)]));
    world.fails("B", SERVER);
    world.must(LENA, by_hand("B", SERVER));
    assert!(world.target("B").steps[SERVER].is_over(), "what failed may be done by hand");
}

/// R3: while it is paused what runs goes on, and while it is stopped what ran is unknown; a report comes once.
#[test]
fn r3_paused_and_stopped() {
    let mut world = World::started();
    let (a, b) = (world.begins("A", BACK_UP).unwrap(), world.begins("B", BACK_UP).unwrap());
    world.must(LENA, Command::Pause { reason: text() });
    world.reports("A", BACK_UP, a, Outcome::Done { took_seconds: 5, facts: BTreeMap::new() });
    let twice = Command::Report { target: "A".into(), step: BACK_UP, run: a, outcome: Outcome::Failed { why: text() } };
    assert_eq!(world.asks(Actor::Custody, &twice).unwrap_err().code, Code::AlreadyDone);
    assert_eq!(world.begins("A", SERVER).unwrap_err().code, Code::WrongState);
    assert_eq!(world.refused(LENA, by_hand("A", SERVER)), Code::WrongState, "nothing begins");
    world.must(LENA, Command::Stop { reason: text() });
    world.reports("B", BACK_UP, b, Outcome::Unknown { why: "It was stopped.".to_owned() });
    assert!(world.target("B").steps[BACK_UP].has_failed());
    world.must(KARL, Command::Retry { target: "B".into(), step: BACK_UP });
    world.must(KARL, Command::Resume {});
    assert_eq!(world.next(), pairs(&[("A", SERVER), ("B", BACK_UP)]));
    let b = world.begins("B", BACK_UP).unwrap();
    world.must(LENA, Command::Abandon { reason: text() });
    world.reports("B", BACK_UP, b, Outcome::Unknown { why: "It was given up.".to_owned() });
    assert!(world.next().is_empty() && world.r.state.name() == StateName::Abandoned);
}

/// R1: past the window nothing begins, until a person prolongs it; what runs then ends.
#[test]
fn r1_past_the_window_nothing_begins() {
    let mut world = World::started();
    let a = world.begins("A", BACK_UP).unwrap();
    world.now = world.r.window.until;
    world.reports("A", BACK_UP, a, Outcome::Done { took_seconds: 5, facts: BTreeMap::new() });
    assert!(world.next().is_empty() && closed(&world.r, world.now).unwrap().contains("prolongs"));
    assert_eq!(world.begins("B", BACK_UP).unwrap_err().code, Code::WrongState);
    assert!(progress(&world.r, world.now).late);
    let until = world.r.window.until;
    assert_eq!(world.refused(LENA, Command::Prolong { until }), Code::Incomplete);
    assert_eq!(
        world.refused(LENA, Command::Prolong { until: until + Duration::days(63) }),
        Code::Incomplete,
        "too far"
    );
    world.must(LENA, Command::Prolong { until: until + Duration::hours(1) });
    assert_eq!(world.next(), pairs(&[("A", SERVER), ("B", BACK_UP)]));
    assert!(world.r.window_ends_within(Duration::hours(1), world.now));
    assert!(!world.r.window_ends_within(Duration::minutes(59), world.now));
}

/// R3, A29: a step that there is not is none, however large its number.
#[test]
fn r3_a_number_that_is_no_step() {
    let mut world = World::started();
    for step in [4, usize::MAX] {
        for command in [
            Command::Retry { target: "A".into(), step },
            Command::SignOff { target: "A".into(), step },
            Command::Skip { target: "A".into(), step, reason: text() },
            Command::DoneByHand { target: "A".into(), step, note: text(), facts: BTreeMap::new() },
        ] {
            assert_eq!(world.refused(LENA, command), Code::NoSuchThing);
        }
        assert!(why_not(&world.r, world.target("A"), step, world.now).unwrap().contains("no step"));
        assert!(world.r.step_label(step).starts_with("step "));
    }
}

/// R3: a held target begins nothing until it is let go or its time has come.
#[test]
fn r3_a_target_is_held() {
    let mut world = World::started();
    let until = Some(noon() + Duration::minutes(30));
    world.must(LENA, Command::Hold { target: "A".into(), reason: "A vacuum bake.".to_owned(), until });
    assert_eq!(world.next(), pairs(&[("B", BACK_UP)]));
    assert_eq!(standing(&world.r, world.target("A"), world.now), Standing::OnHold);
    assert_eq!(world.refused(LENA, Command::LetGo { target: "B".into() }), Code::AlreadyDone);
    world.now += Duration::minutes(30);
    assert_eq!(world.next(), pairs(&[("A", BACK_UP), ("B", BACK_UP)]), "its time has come");
    let far = Some(world.now + Duration::days(732));
    assert_eq!(world.refused(LENA, Command::Hold { target: "A".into(), reason: text(), until: far }), Code::Incomplete);
    world.must(LENA, Command::Hold { target: "A".into(), reason: text(), until: None });
    world.now += Duration::days(1);
    assert!(world.target("A").is_held(world.now));
    world.must(KARL, Command::LetGo { target: "A".into() });
    assert!(!world.target("A").is_held(world.now));
}

/// R3: what wants a sign-off gets it from somebody else than who did it by hand.
#[test]
fn r3_two_people_sign_off() {
    let mut world = World::started();
    world.runs("A", BACK_UP);
    world.runs("A", SERVER);
    assert_eq!(world.begins("A", CABLES).unwrap_err().code, Code::WrongState, "it is done by hand");
    assert_eq!(standing(&world.r, world.target("A"), world.now), Standing::NeedsPerson);
    world.must(LENA, by_hand("A", CABLES));
    assert_eq!(world.refused(LENA, by_hand("A", CHECK_IT)), Code::WrongState, "the engine does it");
    world.fails("A", CHECK_IT);
    world.must(LENA, by_hand("A", CHECK_IT));
    assert_eq!(standing(&world.r, world.target("A"), world.now), Standing::WantsSignOff);
    let sign = || Command::SignOff { target: "A".into(), step: CHECK_IT };
    assert_eq!(world.refused(LENA, sign()), Code::SelfApproval);
    assert_eq!(world.refused(NOOR, sign()), Code::NotYours);
    world.must(KARL, sign());
    assert_eq!(world.refused(KARL, sign()), Code::WrongState);
    assert!(world.target("A").is_done());
}

/// R3: a target is rolled back step by step, the last one first, in a pause too; then a person begins it again.
#[test]
fn r3_a_target_is_rolled_back() {
    let mut world = World::new().plans(&Plan { stop_after_failed: 1, ..plan() });
    world.must(LENA, Command::Start {});
    let back = |reason: &str| Command::RollBack { target: "A".into(), reason: reason.to_owned() };
    assert_eq!(world.refused(LENA, back("It is too slow.")), Code::WrongState, "nothing was done");
    world.runs("A", BACK_UP);
    let run = world.begins("A", SERVER).unwrap();
    assert_eq!(world.refused(LENA, back("It is too slow.")), Code::WrongState, "something runs");
    world.reports("A", SERVER, run, Outcome::Done { took_seconds: 60, facts: BTreeMap::new() });
    world.must(LENA, back("It is too slow."));
    assert_eq!(world.r.state.name(), StateName::Paused, "it counts as failed");
    assert_eq!(next_back(&world.r), [(TargetName::from("A"), SERVER)], "the back-up has nothing to take back");
    let run = world.run();
    let begins = Command::BackBegins { target: "A".into(), step: SERVER, run };
    world.asks(Actor::Custody, &begins).unwrap();
    assert_eq!(world.asks(Actor::Custody, &begins).unwrap_err().code, Code::WrongState, "once");
    let failed = Outcome::Failed { why: "No disk.".to_owned() };
    let ends = |outcome| Command::BackEnds { target: "A".into(), step: SERVER, run, outcome };
    world.asks(Actor::Custody, &ends(failed)).unwrap();
    assert_eq!(standing(&world.r, world.target("A"), world.now), Standing::NeedsPerson);
    world.must(LENA, back("Once more, with a disk."));
    world.asks(Actor::Custody, &begins).unwrap();
    let done = Outcome::Done { took_seconds: 60, facts: BTreeMap::new() };
    world.asks(Actor::Custody, &ends(done)).unwrap();
    assert_eq!(standing(&world.r, world.target("A"), world.now), Standing::RolledBack);
    assert_eq!(world.target("A").steps[SERVER], StepState::RolledBack);
    assert_eq!(world.refused(LENA, Command::Retry { target: "A".into(), step: SERVER }), Code::WrongState);
    world.must(LENA, Command::Again { target: "A".into() });
    world.must(LENA, Command::Resume {});
    assert_eq!(world.next(), pairs(&[("A", BACK_UP), ("B", BACK_UP)]));
    // What the engine cannot take back people do.
    world.runs("B", BACK_UP);
    world.must(LENA, Command::RollBack { target: "B".into(), reason: text() });
    assert_eq!(
        (next_back(&world.r), standing(&world.r, world.target("B"), world.now)),
        (vec![], Standing::NeedsPerson)
    );
    world.must(LENA, Command::BackByHand { target: "B".into(), note: "Restored.".to_owned() });
    assert_eq!(standing(&world.r, world.target("B"), world.now), Standing::RolledBack);
}

/// R4: counts, what each target does, the pace, and an expected end by what is left at the pace so far.
#[test]
fn r4_progress_is_counted() {
    let mut world = World::started();
    // 4 steps of 10, 30, 30 and 30 minutes on six targets, two at once.
    let before = progress(&world.r, world.now);
    assert_eq!(before.expected_end, Some(noon() + Duration::minutes(300)));
    assert_eq!((before.late, before.counts.waiting, before.pace.as_slice()), (false, 6, &[(noon(), 0)][..]));
    world.does_all("A");
    world.begins("B", BACK_UP).unwrap();
    world.now += Duration::minutes(4);
    let after = progress(&world.r, world.now);
    let (a, b) = (&after.targets[0], &after.targets[1]);
    assert_eq!((a.standing, a.done, a.all, a.now.as_str()), (Standing::Done, 4, 4, "Done"));
    assert_eq!((b.standing, b.now.as_str()), (Standing::Running, "Back up, 6 min left"));
    assert_eq!((after.counts.done, after.counts.running, after.counts.waiting), (1, 1, 4));
    assert_eq!(after.pace, [(noon(), 0), (noon(), 1)]);
    // The engine's steps took ten minutes each, the one by hand is taken for thirty: 60 on five targets, less four.
    assert_eq!(after.expected_end, Some(world.now + Duration::minutes(148)));
    world.now = world.r.window.until - Duration::minutes(1);
    let late = progress(&world.r, world.now);
    assert!(late.late && late.targets[1].now.contains("min over its time"), "{late:?}");
}

/// R5: what the check found is compared with the first target where nobody wrote a baseline down, and with that where
/// somebody did.
#[test]
fn r5_targets_are_compared() {
    let mut world = World::started();
    assert!(baseline(&world.r).is_none() && compare(&world.r).is_empty());
    world.does_all("A");
    for (target, found) in [("B", "3.1.1"), ("C", "3.1.2")] {
        world.runs(target, BACK_UP);
        world.runs(target, SERVER);
        world.must(LENA, by_hand(target, CABLES));
        let run = world.begins(target, CHECK_IT).unwrap();
        let facts = [("version", found), ("kernel", "6.1")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        world.reports(target, CHECK_IT, run, Outcome::Done { took_seconds: 60, facts });
        world.must(KARL, Command::SignOff { target: target.into(), step: CHECK_IT });
    }
    let varies = |world: &World| {
        compare(&world.r).into_iter().map(|v| (v.target.0, v.key, v.expected, v.found)).collect::<Vec<_>>()
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(baseline(&world.r).unwrap().1, Some(&TargetName::from("A")));
    assert_eq!(
        varies(&world),
        [
            ("B".to_owned(), "kernel".to_owned(), None, some("6.1")),
            ("B".to_owned(), "version".to_owned(), some("3.1.2"), some("3.1.1")),
            ("C".to_owned(), "kernel".to_owned(), None, some("6.1")),
        ]
    );
    let written = [("kernel".to_owned(), "6.1".to_owned())].into();
    world.must(LENA, Command::SetBaseline { baseline: written });
    assert_eq!(varies(&world), [("A".to_owned(), "kernel".to_owned(), some("6.1"), None)]);
    assert!(not_reported(&world.r).is_empty());
}

/// R6: both sides agree on the day, nobody with themselves nor with their own side; the way back grows old.
#[test]
fn r6_a_legacy_system_goes_by_a_day_of_both_sides() {
    let mut world = World::started();
    let due = |world: &World| legacy_due(world.target("A"), &world.policy, world.now);
    assert_eq!(due(&world), [LegacyDue::WayBackNeverTried, LegacyDue::NoRetirement]);
    world.must(LENA, Command::TryWayBack { target: "A".into(), note: "Twenty minutes.".to_owned() });
    let propose = |date: &str| Command::ProposeRetirement { target: "A".into(), date: date.parse().unwrap() };
    let agree = || Command::AgreeRetirement { target: "A".into() };
    assert_eq!(world.refused(ROSA, agree()), Code::WrongState, "no day");
    assert_eq!(world.refused(LENA, propose("2026-11-21")), Code::Incomplete, "today");
    assert_eq!(world.refused(LENA, propose("2037-01-31")), Code::Incomplete, "too far");
    assert_eq!(world.refused(NOOR, propose("2027-01-31")), Code::NotYours);
    world.must(LENA, propose("2027-01-31"));
    assert_eq!(due(&world), [LegacyDue::NotAgreed(Side::Scientists)]);
    for same in [LENA, KARL] {
        assert_eq!(world.refused(same, agree()), Code::SelfApproval);
    }
    world.must(ROSA, propose("2027-03-31"));
    assert_eq!(world.refused(ROSA, agree()), Code::SelfApproval, "the other side's turn");
    let gone = || Command::RetireLegacy { target: "A".into(), note: "Switched off.".to_owned() };
    assert_eq!(world.refused(LENA, gone()), Code::WrongState, "not agreed");
    world.must(KARL, agree());
    assert_eq!(due(&world), []);
    assert_eq!(world.refused(KARL, agree()), Code::AlreadyDone);
    world.now += Duration::days(31);
    assert_eq!(due(&world), [LegacyDue::WayBackOld(noon())]);
    world.now = "2027-04-01T12:00:00Z".parse().unwrap();
    assert!(due(&world).contains(&LegacyDue::RetirementPast("2027-03-31".parse().unwrap())));
    world.must(LENA, gone());
    assert_eq!(due(&world), []);
    // Who contributes to a device of the instrument is of its side too.
    world.contributors = [NOOR].into();
    world.must(NOOR, Command::ProposeRetirement { target: "B".into(), date: "2027-05-01".parse().unwrap() });
    world.people.0.get_mut(&NOOR).unwrap().active = false;
    let again = Command::ProposeRetirement { target: "B".into(), date: "2027-06-01".parse().unwrap() };
    assert_eq!(world.refused(NOOR, again), Code::NotYours, "a closed account");
}

pub fn local_change(n: u128, target: &str) -> LocalChange {
    LocalChange {
        id: LocalChangeId(Uuid::from_u128(n)),
        revision: 1,
        target: target.into(),
        device: None,
        what: "Raises the limit.".to_owned(),
        ticket: format!("OPS-{n}"),
        until: "2026-12-24".parse().unwrap(),
        recorded: Mark { by: NOOR, at: noon() },
        ended: None,
    }
}

/// R7: a start waits until of each local change on its targets it is said what becomes of it; what is recorded later keeps
/// its own target back; what is to be applied again waits for that after the steps.
#[test]
fn r7_local_changes_are_answered_for() {
    let mut world = World::planned();
    world.changes = vec![local_change(1, "A"), local_change(2, "A"), local_change(3, "elsewhere")];
    let answer = |n: u128, answer| {
        let change = LocalChangeId(Uuid::from_u128(n));
        Command::AnswerChange { target: "A".into(), change, answer }
    };
    let refused = world.asks(Actor::Person(LENA), &Command::Start {}).unwrap_err();
    assert!(refused.sentence.contains("2 local changes, the first on A (OPS-1)"), "{}", refused.sentence);
    assert_eq!(world.refused(LENA, answer(3, Answer::Clear)), Code::NoSuchThing);
    world.must(LENA, answer(1, Answer::Clear));
    assert_eq!(world.refused(LENA, answer(1, Answer::Clear)), Code::AlreadyDone);
    world.must(LENA, answer(2, Answer::ApplyAgain));
    world.must(LENA, Command::Start {});
    world.changes.push(local_change(4, "B"));
    assert_eq!(world.begins("B", BACK_UP).unwrap_err().code, Code::WrongState, "recorded since");
    let change = LocalChangeId(Uuid::from_u128(4));
    world.must(LENA, Command::AnswerChange { target: "B".into(), change, answer: Answer::Clear });
    world.begins("B", BACK_UP).unwrap();
    let again = |n: u128| {
        let change = LocalChangeId(Uuid::from_u128(n));
        Command::Reapplied { target: "A".into(), change }
    };
    assert_eq!(world.refused(LENA, again(2)), Code::WrongState, "its steps are not done");
    world.does_all("A");
    assert_eq!(world.refused(LENA, again(1)), Code::NoSuchThing, "that one is cleared");
    world.must(KARL, again(2));
    assert_eq!(world.refused(KARL, again(2)), Code::AlreadyDone);
    assert_eq!(world.refused(KARL, answer(2, Answer::Clear)), Code::WrongState, "the target is over");
}
