//! Commands at random by anybody: nothing panics, and what must hold holds.

use super::{
    given::{self, *},
    samples::sample,
    walk::{Edge, Ghost, broken, broken_refusal},
};
use crate::domain::lifecycle::{Actor, Command as C, CommandKind, Event, decide, evolve};
use proptest::prelude::*;
use std::sync::LazyLock;
use strum::IntoEnumIterator;

/// A command, with its numbers and names bent out of shape.
fn bent(command: C, n: u32) -> C {
    let people = [ILSE, MAREK, LENA, RAVI, CHIARA, ARNE, NOOR, KARL];
    let who = people[n as usize % people.len()];
    let commit = given::commit(1 + (n % 3) as u8);
    let server = [REDUCED, REDUCED_TOO, FULL, FULL_TOO, "nowhere", ""][n as usize % 6].into();
    match command {
        C::SignOffPoint { .. } => C::SignOffPoint { point: n % 8 },
        C::AcceptFinding { .. } => C::AcceptFinding { finding: n % 4 },
        C::ReachMilestone { .. } => C::ReachMilestone { milestone: n.wrapping_sub(1) },
        C::ScheduleHelp { on, .. } => C::ScheduleHelp { entry: n, on },
        C::AddContributor { .. } => C::AddContributor { person: who },
        C::RemoveContributor { .. } => C::RemoveContributor { person: who },
        C::AcceptAdoption { .. } => C::AcceptAdoption { person: who },
        C::AssignContact { .. } => C::AssignContact { person: who },
        C::GrantAccess { .. } => C::GrantAccess { person: who },
        C::ProposeCommit { .. } => C::ProposeCommit { commit: commit.into() },
        C::Approve { .. } => C::Approve { commit },
        C::Deploy { .. } if n.is_multiple_of(2) => C::Deploy { server, tag: Some(tag("1.4.2")) },
        C::Deploy { .. } => C::Deploy { server, tag: None },
        C::HandBack { until, .. } => C::HandBack { server, until, reason: "x".repeat(n as usize % 5000) },
        C::Retire { .. } => C::Retire { reason: "\u{202e}\0 ".repeat(n as usize % 9) },
        other => other,
    }
}

static STARTS: LazyLock<Vec<World>> = LazyLock::new(|| {
    vec![
        device(),
        device().touching("pulse-patterns").discussed(),
        device().prepared(),
        device().operated(),
        device().orphan_taken_over(),
        device().approved(),
        device().ready_to_own(),
        device().handed_back(),
    ]
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// A1 to A8, N2, G1: whatever anybody asks for, in whatever order.
    #[test]
    fn whatever_anybody_asks_for(
        start in 0..8usize,
        steps in prop::collection::vec((0..CommandKind::iter().count(), 0..15u128, any::<u32>(), 0..12u8), 1..60),
    ) {
        let mut world = STARTS[start].clone();
        let mut ghost = Ghost::of(&world.events);
        let first = given::device().device;
        for (kind, who, n, chance) in steps {
            match chance {
                0 => _ = world.sees(FULL, "1.4.2"),
                1 => _ = world.sees(REDUCED, "1.4.2-dirty"),
                2 => world.seen.clear(),
                3 => world.person(RAVI).active ^= true,
                4 => world.person(ILSE).active ^= true,
                5 => _ = world.under(policy("[transfer]\napprovals = 2")),
                _ => {}
            }
            world.reads_commit(1 + (n % 3) as u8, &[ILSE_WRITES_AS]).reads_tag("1.4.2", 1 + (n % 2) as u8);
            world.readings.reach = Some(if n.is_multiple_of(5) { Err("away".into()) } else { Ok(commit(1)) });
            world.readings.tag_now = Some(Ok((!n.is_multiple_of(7)).then(|| commit(101))));
            let command = bent(sample(CommandKind::iter().nth(kind).unwrap()), n);
            let actor = if who == 0 { Actor::Custody } else { Actor::Person(crate::domain::id::PersonId(uuid::Uuid::from_u128(who))) };
            let facts = world.facts(actor);
            match decide(&world.device, &command, &facts) {
                Err(refusal) => {
                    let found = broken_refusal(&command, &refusal);
                    prop_assert!(found.is_empty(), "{found:?}: {command:?} {refusal:?}");
                }
                Ok(events) => {
                    let edge = Edge { before: &world.device, ghost: &ghost, facts: &facts, events: &events };
                    let (after, remembered) = (edge.after(), ghost.after(&events));
                    let found = broken(&edge, &after, &remembered);
                    prop_assert!(found.is_empty(), "{found:?}: {command:?}");
                    world.acts(actor, &command).unwrap();
                    prop_assert_eq!(&world.device, &after);
                    ghost = remembered;
                }
            }
        }
        // The record replays to the same device (E2).
        let kept: Vec<Event> = serde_json::from_str(&serde_json::to_string(&world.events).unwrap()).unwrap();
        prop_assert_eq!(kept.iter().fold(first, evolve), world.device);
    }

    /// E2: events in an order that no decision ever made do not panic either, whatever a journal holds.
    #[test]
    fn evolve_takes_any_order(order in prop::collection::vec(any::<prop::sample::Index>(), 1..80)) {
        let mut world = STARTS[7].clone();
        let mut device = given::device().device;
        for index in &order {
            device = evolve(device, index.get(&world.events));
        }
        prop_assert_eq!(device.revision, order.len() as u64);
        let seen = world.sees(FULL, "1.4.2").seen.clone();
        crate::domain::support::of_device(&device, &seen);
        device.people();
    }
}
