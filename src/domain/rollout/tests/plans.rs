//! What a plan needs.

use super::given::{KARL, LENA, NOOR, World, noon, plan, released};
use crate::domain::{
    lifecycle::{Actor, gates::GateId},
    policy::{Framework, FrameworkVersion},
    refusal::Code,
    rollout::*,
};
use chrono::Duration;

fn code(world: &World, plan: &Plan) -> Option<Code> {
    lay(plan, &world.facts(Actor::Person(LENA))).err().map(|r| r.code)
}

/// R1, R2: a plan names a known kind, targets that are there once, a window to come, a number at once that the policy
/// lets, and a first wave of a few; its steps stay what the policy said then.
#[test]
fn r1_a_plan_is_whole() {
    let world = World::new();
    assert_eq!(code(&world, &plan()), None);
    let wrong = |change: &dyn Fn(&mut Plan)| {
        let mut plan = plan();
        change(&mut plan);
        code(&world, &plan)
    };
    assert_eq!(wrong(&|p| p.title = " ".to_owned()), Some(Code::Incomplete));
    assert_eq!(wrong(&|p| p.kind = "fool".to_owned()), Some(Code::NoSuchThing));
    assert_eq!(wrong(&|p| p.window.until = p.window.from), Some(Code::Incomplete));
    assert_eq!(wrong(&|p| p.window.until = p.window.from + Duration::days(63)), Some(Code::Incomplete));
    assert_eq!(
        wrong(&|p| p.window = Window { from: noon() - Duration::hours(2), until: noon() }),
        Some(Code::Incomplete)
    );
    let far = noon() + Duration::days(731);
    let far = Window { from: far, until: far + Duration::hours(1) };
    assert_eq!(wrong(&|p| p.window = far), Some(Code::Incomplete), "too far ahead");
    assert_eq!(wrong(&|p| p.at_once = 0), Some(Code::Incomplete));
    assert_eq!(wrong(&|p| p.at_once = 4), Some(Code::Incomplete), "the policy lets 3");
    assert_eq!(wrong(&|p| p.stop_after_failed = 0), Some(Code::Incomplete));
    assert_eq!(wrong(&|p| p.targets.clear()), Some(Code::Incomplete));
    assert_eq!(wrong(&|p| p.targets[0].name = "Z".into()), Some(Code::NoSuchThing));
    assert_eq!(wrong(&|p| p.targets[0].name = "B".into()), Some(Code::Incomplete), "twice");
    assert_eq!(wrong(&|p| p.targets[2].wave = 0), Some(Code::Incomplete), "three in the first wave");
    assert_eq!(wrong(&|p| p.targets[5].wave = 3), Some(Code::Incomplete), "wave 2 is left out");
    assert_eq!(wrong(&|p| p.targets[0].scientists = [KARL].into()), Some(Code::Incomplete), "of CTRL");
    assert_eq!(wrong(&|p| drop(p.baseline.insert(" ".to_owned(), "x".to_owned()))), Some(Code::Incomplete));
    let framework = |name: &str| Wanted::Framework { name: name.to_owned(), version: "3.1.2".to_owned() };
    for odd in ["", "{{ lookup('env', 'HOME') }}"] {
        assert_eq!(wrong(&|p| p.what = framework(odd)), Some(Code::Incomplete), "{odd}");
    }

    let r = World::planned().r;
    let steps: Vec<(&str, bool, u32)> =
        r.steps.iter().map(|s| (s.name.as_str(), s.playbook.is_some(), s.minutes)).collect();
    assert_eq!(steps, [("back_up", true, 10), ("server", true, 30), ("cables", false, 30), ("check", true, 30)]);
    assert_eq!((r.revision, r.number.as_str(), r.planned.by), (1, "R-2026-1", LENA));
    assert!(r.targets.iter().all(|t| t.legacy.is_some() && t.steps.len() == 4));
}

/// R1, G6: a framework of the policy is rolled out in one of its versions that is not rejected; without an engine every step is a person's.
#[test]
fn r1_a_policy_says_what_there_is() {
    let mut world = World::new();
    let version =
        |version: &str, rejected| FrameworkVersion { version: version.to_owned(), deprecated: None, rejected };
    let known = |versions| vec![Framework { name: "Karabo".to_owned(), versions, current: None }];
    world.policy.frameworks.known = known(vec![version("3.0.4", None)]);
    assert_eq!(code(&world, &plan()), Some(Code::NoSuchThing));
    world.policy.frameworks.known = known(vec![version("3.1.2", Some(noon().date_naive()))]);
    assert_eq!(code(&world, &plan()), Some(Code::WrongState), "it is rejected since today");
    world.policy.frameworks.known = known(vec![version("3.1.*", None)]);
    assert_eq!(code(&world, &plan()), None);
    world.policy.rollouts.playbooks = None;
    let by_hand = world.plans(&plan()).r;
    assert!(by_hand.steps.iter().all(|s| s.playbook.is_none() && s.undo.is_none()));
}

/// R1: a device's release is rolled out while it stands on record as it was planned; a start lists its gates, with whose
/// turn it is.
#[test]
fn r1_a_start_has_gates() {
    let what = Wanted::Device { name: "magnet".to_owned(), tag: released("a").release.tag };
    let later = Window { from: noon() + Duration::hours(1), until: noon() + Duration::hours(2) };
    let plan = Plan { what, window: later, ..plan() };
    let mut world = World::new();
    assert_eq!(code(&world, &plan), Some(Code::NoSuchThing));
    world.release = Some(Err("magnet is under review.".to_owned()));
    assert_eq!(code(&world, &plan), Some(Code::WrongState));
    world.release = Some(Ok(released("a")));
    let mut world = world.plans(&plan);
    assert_eq!(world.r.what.words(), "magnet 1.0.0");

    world.release = Some(Ok(released("d")));
    let refused = world.asks(Actor::Person(LENA), &Command::Start {}).unwrap_err();
    assert_eq!(refused.code, Code::GatesOpen);
    let gates: Vec<(GateId, bool)> = refused.gates.iter().map(|g| (g.id, g.met)).collect();
    assert_eq!(gates, [(GateId::Tag, false), (GateId::Window, false), (GateId::R7, true)]);
    assert!(refused.gates[1].why.contains("21 Nov 2026, 14:00 CET"), "{}", refused.gates[1].why);
    world.release = Some(Ok(released("a")));
    assert_eq!(world.refused(LENA, Command::Start {}), Code::GatesOpen, "too early");
    world.now = later.until;
    assert_eq!(world.refused(LENA, Command::Start {}), Code::GatesOpen, "too late");
    world.now = later.from;
    assert_eq!(world.refused(NOOR, Command::Start {}), Code::NotYours);
    world.must(KARL, Command::Start {});
    assert_eq!(world.r.state.name(), StateName::Running);
}
