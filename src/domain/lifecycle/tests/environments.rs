//! G5: what each environment takes, moving on by itself, and what holds it.

use super::given::*;
use crate::domain::{
    deployment::Environment,
    id::DeploymentId,
    lifecycle::{Actor, Command as C, GateId as G, Happened, Turn},
    moving_on::Cause,
    refusal::Code,
    stage::Stage,
};

/// Owned by CTRL, in 1.4.2 on FULL, with 1.5.0 verified; FULL_TOO is of development.
fn owned() -> World {
    let mut world = device().ctrl_owned();
    world.servers.get_mut(&FULL_TOO.into()).unwrap().environment = Environment::Development;
    world.reads_tag("1.5.0", 2).must(KARL, C::VerifyTag { tag: tag("1.5.0") });
    world
}

fn by_itself(world: &mut World) -> &mut World {
    world.must(KARL, C::MoveOnByItself { server: FULL.into() })
}

fn move_on(name: &str) -> C {
    C::MoveOn { server: FULL.into(), tag: tag(name), from: DeploymentId(uuid::Uuid::from_u128(7)) }
}

/// The stages that production asks for, as if reported.
fn passed(world: &mut World) -> &mut World {
    for stage in [Stage::Built, Stage::Tested, Stage::Deployable] {
        world.way.reports.push(crate::domain::stage::Report {
            stage,
            passed: true,
            by: None,
            job: None,
            commit: commit(2),
            link: String::new(),
            text: String::new(),
            at: world.now,
        });
    }
    world
}

/// G5: which references each environment takes, by its rule.
#[test]
fn g5_what_an_environment_takes() {
    let no_hot = "[environments.development]\ntakes = [\"tag\"]";
    let mut world = device().reduced_support();
    world.under(policy(no_hot)).stopped_by(G::G5, Turn::Contributor, ILSE, World::hot_deploy(REDUCED));
    let mut world = owned();
    // Its stages are asked for in production alone.
    world.must(KARL, World::deploy(FULL_TOO, "1.5.0"));
    world.stopped_only_by(G::G3, Turn::Machine, KARL, World::deploy(FULL, "1.5.0"));
    let strict = "[environments.production]\ntag_rule = '1\\.4\\.\\d+'";
    passed(&mut world).under(policy(strict)).stopped_only_by(G::G5, Turn::Ctrl, KARL, World::deploy(FULL, "1.5.0"));
    world.under(policy("")).must(KARL, World::deploy(FULL, "1.5.0"));
    // A reduced server that is of production takes no hot development.
    let mut world = device().reduced_support();
    world.servers.get_mut(&REDUCED.into()).unwrap().environment = Environment::Production;
    world.stopped_by(G::G5, Turn::Contributor, ILSE, World::hot_deploy(REDUCED));
}

/// G5, G1: it moves on in the name of whoever of CTRL set it, before the gates that they meet themselves.
#[test]
fn g5_it_moves_on_in_the_name_of_who_set_it() {
    let mut world = owned();
    world.refused_as(Code::NotYours, ILSE, C::MoveOnByItself { server: FULL.into() });
    world.refused_as(Code::Incomplete, KARL, C::MoveOnByItself { server: FULL_TOO.into() });
    world.refused_as(Code::NoSuchThing, KARL, C::MoveOnByItself { server: "cppServer/nowhere".into() });
    passed(&mut owned()).refused_as(Code::WrongState, KARL, move_on("1.5.0"));
    by_itself(&mut world).refused_as(Code::AlreadyDone, KARL, C::MoveOnByItself { server: FULL.into() });
    // Nobody but Custody, in Karl's name, moves it.
    world.stopped_only_by(G::G3, Turn::Machine, KARL, move_on("1.5.0"));
    passed(&mut world).refused_as(Code::WrongState, LENA, move_on("1.5.0"));
    let events = world.does(KARL, move_on("1.5.0")).unwrap();
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert!(matches!(&event.what, Happened::Deployed { moved_on: Some(_), server, .. } if *server == FULL.into()));
    assert_eq!(event.by, Some(KARL));
    world.refused_as(Code::AlreadyDone, KARL, move_on("1.5.0"));
    world.refused_as(Code::WrongState, KARL, move_on("1.4.2"));
    // Who is of CTRL no more moves nothing.
    let mut world = owned();
    passed(by_itself(&mut world)).person(KARL).roles.clear();
    world.refused_as(Code::NotYours, KARL, move_on("1.5.0"));
    // Nor does anything move that is shut down.
    let mut world = owned();
    passed(by_itself(&mut world)).must(KARL, World::stops());
    world.stopped_only_by(G::Running, Turn::Ctrl, KARL, move_on("1.5.0"));
}

/// G5: going back to an older release holds it, in either environment, until a person of CTRL lifts that with a reason.
#[test]
fn g5_going_back_holds_it() {
    for server in [FULL, FULL_TOO] {
        let mut world = owned();
        passed(by_itself(&mut world)).must(KARL, World::deploy(server, "1.5.0"));
        assert_eq!(world.device.moving_on.hold, None, "a newer one holds nothing");
        world.must(LENA, World::deploy(server, "1.4.2"));
        let hold = world.device.moving_on.hold.clone().unwrap();
        assert_eq!((hold.cause, hold.by), (Cause::OlderRelease, Some(LENA)));
        assert_eq!(world.device.moving_on.goes_to(), None);
        world.stopped_by(G::Hold, Turn::Ctrl, KARL, move_on("1.5.0"));
        // A person deploys all the same, and the hold stays until it is lifted.
        world.must(KARL, World::deploy(FULL, "1.5.0"));
        assert!(world.device.moving_on.hold.is_some());
        world.refused_as(Code::NotYours, ILSE, C::LiftHold { reason: reason() });
        world.stopped_by(G::Reason, Turn::Contributor, KARL, C::LiftHold { reason: "  ".into() });
        world.must(LENA, C::LiftHold { reason: reason() });
        world.refused_as(Code::AlreadyDone, LENA, C::LiftHold { reason: reason() });
    }
    // To stop and to set it anew lifts nothing.
    let mut world = owned();
    by_itself(&mut world).must(KARL, C::HoldMovingOn { reason: reason() });
    world.refused_as(Code::AlreadyDone, LENA, C::HoldMovingOn { reason: reason() });
    world.must(KARL, C::StopMovingOn {}).must(LENA, C::MoveOnByItself { server: FULL.into() });
    assert!(world.device.moving_on.hold.is_some());
}

/// G5: what was removed before the older release comes counts as what it goes back from, for people and by itself.
#[test]
fn g5_going_back_by_way_of_a_removal_holds_it() {
    let mut world = owned();
    passed(by_itself(&mut world)).must(KARL, World::deploy(FULL, "1.5.0"));
    world.must(KARL, C::Remove { server: FULL.into() });
    world.last = Some(tag("1.5.0"));
    world.refused_as(Code::WrongState, KARL, move_on("1.4.2"));
    world.must(LENA, World::deploy(FULL, "1.4.2"));
    let hold = world.device.moving_on.hold.clone().unwrap();
    assert_eq!((hold.cause, hold.by), (Cause::OlderRelease, Some(LENA)));
    assert!(hold.reason.contains("older than 1.5.0"), "{}", hold.reason);
}

/// G5: what moved on by itself is held until it has begun; what a person asked for is not.
#[test]
fn g5_what_moved_on_is_held_until_it_begins() {
    let mut world = owned();
    passed(by_itself(&mut world)).must(KARL, move_on("1.5.0"));
    world.must(LENA, C::HoldMovingOn { reason: reason() });
    let C::RedeemPermit { server, tag, asked, .. } = world.permit(FULL) else { unreachable!() };
    let begins = |moved_on| C::RedeemPermit { server: server.clone(), tag: tag.clone(), asked, moved_on };
    let refusal = world.refused_as(Code::PermitRefused, KARL, begins(true));
    assert!(refusal.sentence.contains("It is held by"), "{}", refusal.sentence);
    assert!(world.clone().does(KARL, begins(false)).is_ok());
    world.must(LENA, C::LiftHold { reason: reason() }).must(KARL, begins(true));
}

/// G5, A20: another commit at hand than the release's is refused by the gate of the tag.
#[test]
fn a20_the_commit_at_hand_is_the_releases() {
    let mut world = owned();
    passed(&mut world).readings.at_hand = Some(commit(3));
    let gate = world.stopped_only_by(G::Tag, Turn::Machine, KARL, World::deploy(FULL, "1.5.0"));
    assert!(gate.why.contains("1.5.0 is 0202020202, and what is to be deployed is 0303030303"), "{}", gate.why);
    world.readings.at_hand = Some(commit(2));
    world.must(KARL, World::deploy(FULL, "1.5.0"));
}

/// G5: a roll-back holds it; what merely failed does not, nor what is placed there no longer.
#[test]
fn g5_a_roll_back_holds_it() {
    let give_back = |world: &World, name: &str, rolled_back| {
        let asked = world.device.placed_on(&FULL.into()).unwrap().mark;
        let (server, back, why) = (FULL.into(), Vec::new(), "It lost frames.".to_owned());
        C::GiveBack { server, tag: tag(name), asked, back, why, rolled_back }
    };
    let mut world = owned();
    passed(by_itself(&mut world)).must(KARL, World::deploy(FULL, "1.5.0"));
    let failed = give_back(&world, "1.5.0", None);
    world.acts(Actor::Custody, &failed).unwrap();
    assert_eq!(world.device.moving_on.hold, None);
    world.must(KARL, World::deploy(FULL, "1.5.0"));
    let rolled_back = give_back(&world, "1.5.0", Some(LENA));
    world.acts(Actor::Custody, &rolled_back).unwrap();
    let hold = world.device.moving_on.hold.clone().unwrap();
    assert_eq!((hold.cause, hold.by), (Cause::RolledBack, Some(LENA)));
    assert!(hold.reason.contains("It lost frames."), "{}", hold.reason);
    assert!(world.acts(Actor::Custody, &rolled_back).unwrap().is_empty(), "once");
    // It failed, which gave the server back, and was rolled back by its tool.
    let mut world = owned();
    passed(by_itself(&mut world)).must(KARL, World::deploy(FULL, "1.5.0"));
    let (failed, rolled_back) = (give_back(&world, "1.5.0", None), give_back(&world, "1.5.0", Some(LENA)));
    world.acts(Actor::Custody, &failed).unwrap();
    world.acts(Actor::Custody, &rolled_back).unwrap();
    assert_eq!(world.device.moving_on.hold.clone().unwrap().cause, Cause::RolledBack);
    // A tool that reports late on what made way since.
    let mut world = owned();
    passed(by_itself(&mut world)).must(KARL, World::deploy(FULL, "1.5.0"));
    let rolled_back = give_back(&world, "1.5.0", Some(LENA));
    world.must(KARL, World::deploy(FULL, "1.5.0"));
    assert!(world.acts(Actor::Custody, &rolled_back).unwrap().is_empty());
    assert_eq!(world.device.moving_on.hold, None);
    // Without moving on by itself there is nothing to hold.
    let mut world = owned();
    passed(&mut world).must(KARL, World::deploy(FULL, "1.5.0")).must(KARL, World::deploy(FULL, "1.4.2"));
    assert_eq!(world.device.moving_on.hold, None);
}

/// G5, B3: the next cycle says anew where it goes in production.
#[test]
fn g5_a_hand_back_ends_moving_on() {
    let mut world = owned();
    by_itself(&mut world).must(ILSE, World::hands_back());
    assert_eq!(world.device.moving_on.by_itself, None);
}
