//! Commands at random by anybody, at any time: what must hold holds after each of them.

use super::given::{KARL, LENA, NOOR, ROSA, World};
use super::table::sample;
use crate::domain::{
    id::{RunId, TargetName},
    lifecycle::Actor,
    rollout::*,
};
use chrono::Duration;
use proptest::prelude::*;
use strum::IntoEnumIterator;

/// The command, about this target and step, with the run that is at work there or another one.
fn about(world: &mut World, command: Command, target: &TargetName, step: usize, n: u32) -> Command {
    let at_work = world.r.target(target).and_then(Target::run);
    let new = world.run();
    let run: RunId = at_work.filter(|_| !n.is_multiple_of(5)).unwrap_or(new);
    let outcome = match n % 4 {
        0 => Outcome::Failed { why: "It failed.".to_owned() },
        1 if n.is_multiple_of(3) => Outcome::Unknown { why: "It was lost.".to_owned() },
        _ => Outcome::Done { took_seconds: u64::from(n % 4000), facts: Default::default() },
    };
    let target = target.clone();
    match command {
        Command::Begin { .. } => Command::Begin { target, step, run: new },
        Command::Report { .. } => Command::Report { target, step, run, outcome },
        Command::Retry { .. } => Command::Retry { target, step },
        Command::Skip { reason, .. } => Command::Skip { target, step, reason },
        Command::DoneByHand { note, facts, .. } => Command::DoneByHand { target, step, note, facts },
        Command::SignOff { .. } => Command::SignOff { target, step },
        Command::Hold { reason, .. } => {
            let until = (!n.is_multiple_of(2)).then(|| world.now + Duration::minutes(20));
            Command::Hold { target, reason, until }
        }
        Command::LetGo { .. } => Command::LetGo { target },
        Command::LeaveOut { reason, .. } => Command::LeaveOut { target, reason },
        Command::RollBack { reason, .. } => Command::RollBack { target, reason },
        Command::BackBegins { .. } => Command::BackBegins { target, step, run: new },
        Command::BackEnds { .. } => Command::BackEnds { target, step, run, outcome },
        Command::BackByHand { note, .. } => Command::BackByHand { target, note },
        Command::Again { .. } => Command::Again { target },
        Command::TryWayBack { note, .. } => Command::TryWayBack { target, note },
        Command::ProposeRetirement { date, .. } => Command::ProposeRetirement { target, date },
        Command::AgreeRetirement { .. } => Command::AgreeRetirement { target },
        Command::RetireLegacy { note, .. } => Command::RetireLegacy { target, note },
        Command::Prolong { .. } => Command::Prolong { until: world.r.window.until + Duration::hours(1) },
        other => other,
    }
}

/// What is wrong with a step from one rollout to the next.
fn broken(before: &Rollout, event: &Event, after: &Rollout) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut must = |holds: bool, rule: &str| {
        if !holds {
            wrong.push(format!("{rule}: {event:?}"));
        }
    };
    must(after.revision == before.revision + 1, "A4: each event counts");
    must(after.busy() <= after.at_once as usize, "R1: no more at once");
    if let Happened::StepBegun { target, step, .. } = &event.what {
        let t = before.target(target).unwrap();
        must(before.state.name() == StateName::Running, "R3: nothing begins but while it runs");
        must(before.window.is_open(event.at), "R1: nothing begins outside its window");
        must(t.wave == 0 || before.first_wave_is_done(), "R1: the first wave comes first");
        must(before.wave_is_open(t.wave), "R1: waves follow one another");
        let is_back = |t: &Target| t.left_out.is_none() && t.rolled_back.is_some();
        let first_is_back = before.targets.iter().any(|t| t.wave == 0 && is_back(t));
        must(t.wave == 0 || !first_is_back, "R1: nothing begins behind a first wave that is taken back");
        must(!t.is_held(event.at) && t.left_out.is_none() && t.rolled_back.is_none(), "R3: it is to be worked on");
        must(t.steps[..*step].iter().all(StepState::is_over), "R2: steps follow one another");
        must(t.run().is_none() && before.steps[*step].playbook.is_some(), "R3: one run on a target");
    }
    for t in &after.targets {
        let first = t.step().unwrap_or(t.steps.len());
        let behind = t.steps.iter().skip(first + 1);
        let in_order = behind.clone().all(|s| matches!(s, StepState::Waiting | StepState::Skipped { .. }));
        must(in_order || t.rolled_back.is_some(), "R2: nothing is ahead of what is not over");
    }
    if before.state.name().is_end() {
        must(after.state == before.state, "R3: what has ended stays so");
    }
    if before.state.name() == StateName::Finished {
        let settled = |r: &Rollout| r.targets.iter().filter(|t| t.is_settled()).count();
        must(settled(after) == settled(before), "R3: what is finished is not changed");
    }
    if matches!(event.what, Happened::RolloutFinished) {
        must(after.targets.iter().all(Target::is_settled), "R3: nothing is left to do");
        let stands = |t: &Target| t.left_out.is_some() || t.rolled_back.is_none();
        must(after.targets.iter().all(stands), "R3: nothing is left to take back");
    }
    wrong
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// R1, R2, R3: whatever anybody asks for, in whatever order; the record replays to the same rollout (E2).
    #[test]
    fn r1_whatever_anybody_asks_for(
        asks in prop::collection::vec(
            (0..CommandKind::iter().count() + 20, 0..8u8, 0..6usize, 0..5usize, any::<u32>()),
            1..250,
        ),
    ) {
        let mut world = World::started();
        for (kind, who_asks, target, step, n) in asks {
            world.now += Duration::minutes(i64::from(n % 7));
            let target = world.r.targets[target].name.clone();
            // The runner does what there is to do, more often than anybody asks for anything else.
            let (actor, command) = match CommandKind::iter().nth(kind) {
                Some(kind) => {
                    let command = about(&mut world, sample(kind), &target, step, n);
                    let actor = match (who(kind), who_asks) {
                        (_, 0) => Actor::Person(NOOR),
                        (_, 1) => Actor::Custody,
                        (Who::Custody, _) => Actor::Custody,
                        (Who::BothSides, 2 | 3) => Actor::Person(ROSA),
                        (_, 4) => Actor::Person(KARL),
                        _ => Actor::Person(LENA),
                    };
                    // An end this early would leave nothing to walk through.
                    if matches!(command, Command::Abandon { .. }) && !n.is_multiple_of(50) {
                        continue;
                    }
                    (actor, command)
                }
                None if n.is_multiple_of(3) => match next(&world.r, world.now).first().cloned() {
                    Some((target, step)) => (Actor::Custody, Command::Begin { target, step, run: world.run() }),
                    None => continue,
                },
                None => {
                    let busy = world.r.targets.iter().find(|t| t.run().is_some() && t.rolled_back.is_none());
                    let Some((name, step)) = busy.and_then(|t| Some((t.name.clone(), t.step()?))) else { continue };
                    let report = sample(CommandKind::Report);
                    (Actor::Custody, about(&mut world, report, &name, step, n))
                }
            };
            let Ok(events) = decide(&world.r, &command, &world.facts(actor)) else { continue };
            for event in &events {
                let after = evolve(world.r.clone(), event);
                let found = broken(&world.r, event, &after);
                prop_assert!(found.is_empty(), "{found:#?} after {command:?}");
                world.applies(vec![event.clone()]);
            }
            let running = world.r.state.name() == StateName::Running;
            prop_assert!(!(running && world.r.is_over_the_limit()), "R3: too many failed: {command:?}");
            // Whatever it is, it can be shown.
            let shown = progress(&world.r, world.now);
            prop_assert_eq!(shown.targets.len(), world.r.targets.len());
            // And what may begin is what the machine lets begin.
            for (target, step) in next(&world.r, world.now) {
                let begin = Command::Begin { target, step, run: world.run() };
                prop_assert!(decide(&world.r, &begin, &world.facts(Actor::Custody)).is_ok(), "{begin:?}");
            }
        }
        let kept: Vec<Event> = serde_json::from_str(&serde_json::to_string(&world.events).unwrap()).unwrap();
        prop_assert_eq!(kept.iter().fold(Rollout::draft(world.r.id), evolve), world.r.clone());
        let body: Rollout = serde_json::from_str(&serde_json::to_string(&world.r).unwrap()).unwrap();
        prop_assert_eq!(body, world.r);
    }
}
