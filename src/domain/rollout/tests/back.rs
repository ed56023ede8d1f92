//! Targets that are rolled back: what waits for them, and what goes on.

use super::{
    given::{BACK_UP, KARL, LENA, SERVER, World, plan},
    rules::local_change,
};
use crate::domain::{
    id::{LocalChangeId, TargetName},
    lifecycle::Actor,
    refusal::Code,
    rollout::*,
};
use std::collections::BTreeMap;
use uuid::Uuid;

fn roll_back(target: &str) -> Command {
    Command::RollBack { target: target.into(), reason: "It is too slow.".to_owned() }
}

fn by_hand(target: &str) -> Command {
    Command::BackByHand { target: target.into(), note: "Restored.".to_owned() }
}

/// R1, R3: what is to be rolled back is not done any more, from the word on: nothing begins behind a first wave of which a
/// target goes back, and the rollout does not end while one does.
#[test]
fn r1_what_is_to_be_rolled_back_is_not_done() {
    let mut world = World::new().plans(&Plan { stop_after_failed: 5, ..plan() });
    world.must(LENA, Command::Start {});
    world.does_all("A");
    world.does_all("B");
    world.runs("C", BACK_UP);
    world.must(LENA, roll_back("B"));
    assert_eq!(next_back(&world.r), [(TargetName::from("B"), SERVER)]);
    assert!(world.next().is_empty() && !world.r.first_wave_is_done());
    assert_eq!(world.begins("D", BACK_UP).unwrap_err().code, Code::WrongState);

    let targets = plan().targets[..2].to_vec();
    let mut world = World::new().plans(&Plan { stop_after_failed: 5, targets, ..plan() });
    world.must(LENA, Command::Start {});
    world.does_all("A");
    world.must(LENA, roll_back("A"));
    world.does_all("B");
    assert_eq!(world.r.state.name(), StateName::Running, "A is on its way back");
    world.must(LENA, by_hand("A"));
    world.must(LENA, Command::Again { target: "A".into() });
    world.does_all("A");
    assert_eq!(world.r.state.name(), StateName::Finished);
}

/// R3: what was stopped is paused, however many are unknown: then the engine rolls them back, and they begin again.
#[test]
fn r3_what_was_stopped_is_rolled_back() {
    let mut world = World::started();
    let text = || "The beam comes back.".to_owned();
    let targets = ["A", "B"];
    for target in targets {
        world.runs(target, BACK_UP);
    }
    let runs = targets.map(|target| world.begins(target, SERVER).unwrap());
    world.must(LENA, Command::Stop { reason: text() });
    for (target, run) in targets.into_iter().zip(runs) {
        world.reports(target, SERVER, run, Outcome::Unknown { why: "It was stopped.".to_owned() });
        world.must(LENA, roll_back(target));
    }
    assert!(next_back(&world.r).is_empty(), "nothing begins");
    assert_eq!(world.refused(LENA, Command::Resume {}), Code::WrongState, "too many failed");
    world.must(LENA, Command::Pause { reason: text() });
    for target in targets {
        let (target, step, run) = (TargetName::from(target), SERVER, world.run());
        world.asks(Actor::Custody, &Command::BackBegins { target: target.clone(), step, run }).unwrap();
        let outcome = Outcome::Done { took_seconds: 60, facts: BTreeMap::new() };
        world.asks(Actor::Custody, &Command::BackEnds { target: target.clone(), step, run, outcome }).unwrap();
        world.must(LENA, Command::Again { target });
    }
    world.must(LENA, Command::Resume {});
    assert_eq!(world.next(), [("A".to_owned(), BACK_UP), ("B".to_owned(), BACK_UP)]);
}

/// R7: what was applied again on a target is to be so once more where its steps are done anew.
#[test]
fn r7_a_target_that_begins_again_overwrites_once_more() {
    let mut world = World::planned();
    world.changes = vec![local_change(1, "A")];
    let change = LocalChangeId(Uuid::from_u128(1));
    let reapplied = || Command::Reapplied { target: "A".into(), change };
    world.must(LENA, Command::AnswerChange { target: "A".into(), change, answer: Answer::ApplyAgain });
    world.must(LENA, Command::Start {});
    world.does_all("A");
    world.must(LENA, reapplied());
    assert_eq!(world.refused(KARL, reapplied()), Code::AlreadyDone);
    world.must(LENA, roll_back("A"));
    world.must(LENA, by_hand("A"));
    world.must(LENA, Command::Again { target: "A".into() });
    assert_eq!(world.refused(KARL, reapplied()), Code::WrongState, "its steps are not done");
    world.does_all("A");
    world.must(KARL, reapplied());
}
