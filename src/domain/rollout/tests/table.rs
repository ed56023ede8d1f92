//! Who may do what in which state.

use super::given::{LENA, World, noon, plan};
use crate::domain::{
    id::{LocalChangeId, RunId},
    lifecycle::Actor,
    refusal::Code,
    rollout::*,
};
use std::collections::BTreeMap;
use strum::IntoEnumIterator;
use uuid::Uuid;

/// R1, R3, R6, R7: command → whose it is → the states in which it can be done.
const TABLE: &[(&str, Who, &str)] = &[
    ("amend", Who::Ctrl, "planned"),
    ("start", Who::Ctrl, "planned"),
    ("pause", Who::Ctrl, "running stopped"),
    ("resume", Who::Ctrl, "paused stopped"),
    ("stop", Who::Ctrl, "running paused"),
    ("abandon", Who::Ctrl, "planned running paused stopped"),
    ("prolong", Who::Ctrl, "running paused stopped"),
    ("set_baseline", Who::Ctrl, "planned running paused stopped finished"),
    ("begin", Who::Custody, "running"),
    ("report", Who::Custody, "running paused stopped abandoned"),
    ("retry", Who::Ctrl, "running paused stopped"),
    ("skip", Who::Ctrl, "running paused stopped"),
    ("done_by_hand", Who::Ctrl, "running paused stopped"),
    ("sign_off", Who::Ctrl, "running paused stopped"),
    ("hold", Who::Ctrl, "running paused stopped"),
    ("let_go", Who::Ctrl, "running paused stopped"),
    ("leave_out", Who::Ctrl, "running paused stopped"),
    ("roll_back", Who::Ctrl, "running paused stopped"),
    ("back_begins", Who::Custody, "running paused"),
    ("back_ends", Who::Custody, "running paused stopped abandoned"),
    ("back_by_hand", Who::Ctrl, "running paused stopped"),
    ("again", Who::Ctrl, "running paused stopped"),
    ("answer_change", Who::Ctrl, "planned running paused stopped"),
    ("reapplied", Who::Ctrl, "running paused stopped finished"),
    ("try_way_back", Who::Ctrl, "running paused stopped finished"),
    ("propose_retirement", Who::BothSides, "planned running paused stopped finished"),
    ("agree_retirement", Who::BothSides, "planned running paused stopped finished"),
    ("retire_legacy", Who::Ctrl, "running paused stopped finished"),
];

/// One command of each kind; a kind that is new does not compile until it has one.
pub fn sample(kind: CommandKind) -> Command {
    use CommandKind as K;
    let (run, change) = (RunId(Uuid::from_u128(1)), LocalChangeId(Uuid::from_u128(1)));
    let target = || "A".into();
    let text = || "Some words.".to_owned();
    let outcome = || Outcome::Failed { why: text() };
    match kind {
        K::Amend => Command::Amend { plan: Box::new(plan()) },
        K::Start => Command::Start {},
        K::Pause => Command::Pause { reason: text() },
        K::Resume => Command::Resume {},
        K::Stop => Command::Stop { reason: text() },
        K::Abandon => Command::Abandon { reason: text() },
        K::Prolong => Command::Prolong { until: noon() + chrono::Duration::hours(12) },
        K::SetBaseline => Command::SetBaseline { baseline: BTreeMap::new() },
        K::Begin => Command::Begin { target: target(), step: 0, run },
        K::Report => Command::Report { target: target(), step: 0, run, outcome: outcome() },
        K::Retry => Command::Retry { target: target(), step: 0 },
        K::Skip => Command::Skip { target: target(), step: 0, reason: text() },
        K::DoneByHand => Command::DoneByHand { target: target(), step: 0, note: text(), facts: BTreeMap::new() },
        K::SignOff => Command::SignOff { target: target(), step: 0 },
        K::Hold => Command::Hold { target: target(), reason: text(), until: None },
        K::LetGo => Command::LetGo { target: target() },
        K::LeaveOut => Command::LeaveOut { target: target(), reason: text() },
        K::RollBack => Command::RollBack { target: target(), reason: text() },
        K::BackBegins => Command::BackBegins { target: target(), step: 0, run },
        K::BackEnds => Command::BackEnds { target: target(), step: 0, run, outcome: outcome() },
        K::BackByHand => Command::BackByHand { target: target(), note: text() },
        K::Again => Command::Again { target: target() },
        K::AnswerChange => Command::AnswerChange { target: target(), change, answer: Answer::Clear },
        K::Reapplied => Command::Reapplied { target: target(), change },
        K::TryWayBack => Command::TryWayBack { target: target(), note: text() },
        K::ProposeRetirement => Command::ProposeRetirement { target: target(), date: "2027-01-01".parse().unwrap() },
        K::AgreeRetirement => Command::AgreeRetirement { target: target() },
        K::RetireLegacy => Command::RetireLegacy { target: target(), note: text() },
    }
}

/// A state of this name.
fn state(name: StateName) -> State {
    let why = Word { by: None, at: noon(), text: "Some words.".to_owned() };
    match name {
        StateName::Planned => State::Planned,
        StateName::Running => State::Running { since: noon() },
        StateName::Paused => State::Paused { why },
        StateName::Stopped => State::Stopped { why },
        StateName::Finished => State::Finished { at: noon() },
        StateName::Abandoned => State::Abandoned { why },
    }
}

/// R1, R3: the rules are those of the table, and what it does not let is refused in every state by whoever may.
#[test]
fn r3_the_machine_is_as_the_table_has_it() {
    assert_eq!(TABLE.len(), CommandKind::iter().count());
    for (name, whose, states) in TABLE {
        let kind: CommandKind = name.parse().unwrap();
        assert_eq!(who(kind), *whose, "{name}");
        let states: Vec<StateName> = states.split_whitespace().map(|s| s.parse().unwrap()).collect();
        assert_eq!(from(kind), states, "{name}");
        let actor = if *whose == Who::Custody { Actor::Custody } else { Actor::Person(LENA) };
        for is in StateName::iter().filter(|s| !states.contains(s)) {
            let mut world = World::planned();
            world.r.state = state(is);
            let refused = world.asks(actor, &sample(kind)).unwrap_err();
            assert_eq!(refused.code, Code::WrongState, "{name} while {is}");
            assert!(refused.sentence.starts_with("R-2026-1 is "), "{}", refused.sentence);
        }
    }
}

/// R3: nobody else does what is CTRL's, and nobody does what is the runner's.
#[test]
fn r3_nobody_else_acts() {
    for kind in CommandKind::iter() {
        let mut world = World::planned();
        let others: &[Actor] = match who(kind) {
            Who::Ctrl => &[Actor::Person(super::given::ROSA), Actor::Person(super::given::NOOR), Actor::Custody],
            Who::Custody => &[Actor::Person(LENA), Actor::Person(super::given::NOOR)],
            Who::BothSides => &[Actor::Person(super::given::NOOR), Actor::Custody],
        };
        for actor in others {
            let refused = world.asks(*actor, &sample(kind)).unwrap_err();
            assert_eq!(refused.code, Code::NotYours, "{kind} by {actor:?}");
        }
    }
}

/// A29: what a program sends for a command is that and nothing more.
#[test]
fn a29_commands_are_read_strictly() {
    for kind in CommandKind::iter() {
        let command = sample(kind);
        let mut body = serde_json::to_value(&command).unwrap();
        assert_eq!(serde_json::from_value::<Command>(body.clone()).unwrap(), command);
        body["state"] = "finished".into();
        assert!(serde_json::from_value::<Command>(body).is_err(), "{kind}");
    }
}
