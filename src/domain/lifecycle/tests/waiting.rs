//! E4: since when what is asked is asked.

use super::given::*;
use crate::domain::{
    cycle::HelpKind,
    lifecycle::{
        Actor, Command as C, CommandKind as K, GateId as G,
        gates::judge,
        waiting::{gate_since, step_since},
    },
};
use chrono::{DateTime, Utc};

/// Something else happens to the device, a day later.
fn goes_on(world: &mut World) {
    world.days_pass(1).must(ILSE, C::AskHelp { kind: HelpKind::Advice, text: reason() });
}

#[track_caller]
fn waits_since(world: &mut World, gate: G, at: DateTime<Utc>) {
    for _ in 0..2 {
        let facts = world.facts(Actor::Custody);
        let open = judge(gate, &world.device, None, &facts);
        assert!(!open.met, "{gate} is met: {}", open.why);
        assert_eq!(gate_since(&open, &world.device, &facts), Some(at), "{gate}: {}", open.why);
        goes_on(world);
    }
}

/// E4: a gate waits since it was asked for what meets it, whatever else happens; with nothing known, since the device came
/// into its state.
#[test]
fn e4_a_gate_waits_since_it_was_asked() {
    let mut world = device().reduced_support();
    let state = world.device.state.since().unwrap();
    waits_since(&mut world, G::T1, state);
    let stated = world.now;
    world.must(ILSE, World::states_operated());
    waits_since(&mut world, G::T1, stated);
    world.must(NOOR, C::Countersign {});
    let asked = world.now;
    world.must(ILSE, C::RequestTransfer {});
    waits_since(&mut world, G::T2, asked);
    let seen = world.now;
    world.must(LENA, C::RecordOverview { text: reason() });
    waits_since(&mut world, G::T2, seen);
    let proposed = world.now;
    let timeline = world.milestones();
    world.must(ILSE, timeline);
    waits_since(&mut world, G::T2, proposed);
    let proposed = world.now;
    world.proposes(1);
    for gate in [G::T3, G::T4, G::T7] {
        waits_since(&mut world, gate, proposed);
    }
    let raised = world.now;
    world.must(RAVI, C::RaiseFinding { place: String::new(), text: reason() });
    let answers = || C::AnswerFinding { finding: 1, text: reason() };
    for gate in [G::T4, G::T5] {
        waits_since(&mut world, gate, raised);
    }
    let answered = world.now;
    world.must(ILSE, answers());
    waits_since(&mut world, G::T5, answered);
    let back = world.now;
    world.must(RAVI, C::SendBackFinding { finding: 1, text: reason() });
    waits_since(&mut world, G::T5, back);
}

/// E4: a step waits since the last of its gates was met.
#[test]
fn e4_a_step_waits_since_its_last_gate_was_met() {
    let mut world = device().ready_to_own();
    let seen = world.seen[0].since;
    for _ in 0..2 {
        assert_eq!(step_since(K::TakeOwnership, &world.device, &world.facts(Actor::Custody)), Some(seen));
        goes_on(&mut world);
    }
    let mut world = device().operated();
    let signed = world.device.cycle.operated.as_ref().unwrap().countersigned.unwrap().at;
    goes_on(&mut world);
    assert_eq!(step_since(K::RequestTransfer, &world.device, &world.facts(Actor::Custody)), Some(signed));
}
