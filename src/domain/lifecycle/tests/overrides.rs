//! G12: what an override may skip, who makes one, and when it counts.

use super::given::*;
use crate::domain::{
    id::DeploymentId,
    lifecycle::{Actor, Command as C, Gate, GateId, GateId as G, Turn, gates::judge_all, table::rule},
    overrides::{Skip, Standing},
    refusal::Code,
};
use chrono::Duration;
use strum::IntoEnumIterator;

/// Owned by CTRL, with 1.5.0 verified, of which no stage was reported.
fn owned() -> World {
    let mut world = device().ctrl_owned();
    world.reads_tag("1.5.0", 2).must(KARL, C::VerifyTag { tag: tag("1.5.0") });
    world
}

fn asks(world: &World, skips: &[Skip], hours: i64) -> C {
    let until = world.now + Duration::hours(hours);
    let skips = skips.iter().copied().collect();
    C::AskOverride { tag: tag("1.5.0"), server: FULL.into(), skips, until, reason: "Beam time ends.".into() }
}

const ALL: [Skip; 3] = [Skip::Built, Skip::Tested, Skip::Deployable];

/// One that counts, asked for by Karl and approved by Lena.
fn overridden() -> World {
    let mut world = owned();
    let ask = asks(&world, &ALL, 4);
    world.must(KARL, ask).must(LENA, C::ApproveOverride { number: 1 });
    world
}

fn gates(world: &World, who: crate::domain::id::PersonId, command: &C) -> Vec<Gate> {
    judge_all(rule(command.kind()), &world.device, Some(command), &world.facts(Actor::Person(who)))
}

/// G12: over every gate, written down by hand: stages and the wait of a hold may be skipped, and nothing else. Identity
/// (G1 and all that names people), the tag rule (G2, Tag) and four eyes (T4, L7, …) never are.
#[test]
fn g12_which_gates_may_be_skipped() {
    #[rustfmt::skip]
    const TABLE: [(GateId, bool); 45] = [
        (G::Form, false), (G::L1, false), (G::L2, false), (G::L3, false), (G::L4, false), (G::L5, false),
        (G::L6, false), (G::L7, false), (G::H1, false), (G::H2, false), (G::H3, false), (G::H4, false),
        (G::H5, false), (G::H6, false), (G::T1, false), (G::T2, false), (G::T3, false), (G::T4, false),
        (G::T5, false), (G::T6, false), (G::T7, false), (G::T8, false), (G::T9, false), (G::B1, false),
        (G::B2, false), (G::B3, false), (G::B4, false), (G::N2, false), (G::N3, false), (G::N4, false),
        (G::N5, false), (G::N6, false), (G::G1, false), (G::G2, false), (G::G3, true), (G::G5, false),
        (G::G6, false), (G::Hold, true), (G::Tag, false), (G::Reason, false), (G::NothingRuns, false),
        (G::Running, false), (G::Orphaned, false), (G::Window, false), (G::R7, false),
    ];
    let all: Vec<(GateId, bool)> = GateId::iter().map(|id| (id, id.may_be_skipped())).collect();
    assert_eq!(all, TABLE);
    // Nothing but stages before production and the hold can be named.
    let named: Vec<&str> = Skip::iter().map(Into::into).collect();
    assert_eq!(named, ["built", "tested", "staging", "deployable", "production_requested", "hold"]);
}

/// G12, A1, A2: one of CTRL asks, another one approves; neither has a part in the device or wrote what is released.
#[test]
fn g12_two_people_of_ctrl() {
    let mut world = owned();
    let ask = asks(&world, &ALL, 4);
    for nobody in [ILSE, NOOR, OTTO, ADMIN] {
        world.refused_as(Code::NotYours, nobody, ask.clone());
    }
    world.must(KARL, ask.clone());
    world.refused_as(Code::AlreadyDone, LENA, ask);
    world.refused_as(Code::SelfApproval, KARL, C::ApproveOverride { number: 1 });
    world.refused_as(Code::SelfApproval, ILSE, C::ApproveOverride { number: 1 });
    world.refused_as(Code::NotYours, NOOR, C::ApproveOverride { number: 1 });
    world.refused_as(Code::NoSuchThing, LENA, C::ApproveOverride { number: 2 });
    world.device.releases[1].verified.authors.insert(ARNE_WRITES_AS.to_owned());
    world.person(CHIARA).emails.insert(ARNE_WRITES_AS.to_owned());
    world.refused_as(Code::AuthorApproval, CHIARA, C::ApproveOverride { number: 1 });
    world.stopped_by(G::G3, Turn::Machine, KARL, World::deploy(FULL, "1.5.0"));
    world.must(LENA, C::ApproveOverride { number: 1 });
    world.refused_as(Code::AlreadyDone, RAVI, C::ApproveOverride { number: 1 });
    let open = gates(&world, KARL, &World::deploy(FULL, "1.5.0"));
    let g3 = open.iter().find(|g| g.id == G::G3).unwrap();
    assert!(!g3.met && g3.overridden, "it stands open, and is let through");
    for part in ["override 1", "Beam time ends.", "lacks “Built”"] {
        assert!(g3.why.contains(part), "{}", g3.why);
    }
    world.must(KARL, World::deploy(FULL, "1.5.0"));
}

/// G12: it is about one release and one server, and about what it names; everything else stands as before.
#[test]
fn g12_it_is_about_one_thing() {
    let mut world = overridden();
    world.stopped_by(G::G3, Turn::Machine, KARL, World::deploy(FULL_TOO, "1.5.0"));
    // Who asks: no contributor gets through by it.
    world.stopped_by(G::G1, Turn::Ctrl, ILSE, World::deploy(FULL, "1.5.0"));
    // The tag: one that names something else now is refused all the same.
    world.readings.tag_now = Some(Ok(Some(commit(9))));
    world.stopped_by(G::Tag, Turn::Contributor, KARL, World::deploy(FULL, "1.5.0"));
    world.readings.tag_now = None;
    world.must(KARL, World::stops());
    world.stopped_by(G::Running, Turn::Ctrl, KARL, World::deploy(FULL, "1.5.0"));
    // A stage that it does not name is asked for.
    let mut world = owned();
    let ask = asks(&world, &[Skip::Built, Skip::Tested], 4);
    world.must(KARL, ask).must(LENA, C::ApproveOverride { number: 1 });
    world.stopped_by(G::G3, Turn::Machine, KARL, World::deploy(FULL, "1.5.0"));
    // The wait of a hold, which stays for everything else.
    let mut world = owned();
    let ask = asks(&world, &[Skip::Built, Skip::Tested, Skip::Deployable, Skip::Hold], 4);
    world.must(KARL, C::MoveOnByItself { server: FULL.into() }).must(KARL, C::HoldMovingOn { reason: reason() });
    let moves = C::MoveOn { server: FULL.into(), tag: tag("1.5.0"), from: DeploymentId(uuid::Uuid::from_u128(7)) };
    world.stopped_by(G::Hold, Turn::Ctrl, KARL, moves.clone());
    world.must(KARL, ask).must(LENA, C::ApproveOverride { number: 1 }).must(KARL, moves);
    assert!(world.device.moving_on.hold.is_some());
}

/// G12: it ends by itself at its time, or before by anybody of CTRL, and is not prolonged.
#[test]
fn g12_it_ends() {
    let mut world = owned();
    for hours in [0, -1, 25] {
        let ask = asks(&world, &ALL, hours);
        world.refused_as(Code::Incomplete, KARL, ask);
    }
    let ask = asks(&world, &[], 4);
    world.refused_as(Code::Incomplete, KARL, ask);
    let ask = asks(&world, &ALL, 24);
    world.must(KARL, ask);

    let mut world = overridden();
    let early = C::EndOverride { number: 1, reason: String::new() };
    assert_eq!(world.acts(Actor::Custody, &early).unwrap_err().code, Code::WrongState);
    let mut later = world.clone();
    later.now += Duration::hours(5);
    assert_eq!(later.device.overrides[0].standing(later.now), Standing::Over);
    later.stopped_by(G::G3, Turn::Machine, KARL, World::deploy(FULL, "1.5.0"));
    later.refused_as(Code::AlreadyDone, LENA, C::EndOverride { number: 1, reason: reason() });
    later.acts(Actor::Custody, &early).unwrap();
    assert!(later.device.overrides[0].ended.is_some());
    let again = asks(&later, &ALL, 4);
    later.must(KARL, again);
    assert_eq!(later.device.overrides[1].number, 2);

    world.refused_as(Code::NotYours, ILSE, C::EndOverride { number: 1, reason: reason() });
    world.must(RAVI, C::EndOverride { number: 1, reason: reason() });
    world.stopped_by(G::G3, Turn::Machine, KARL, World::deploy(FULL, "1.5.0"));
    world.refused_as(Code::AlreadyDone, KARL, C::EndOverride { number: 1, reason: reason() });
    // What nobody approved in time is over, too.
    let mut world = owned();
    let ask = asks(&world, &ALL, 1);
    world.must(KARL, ask).now += Duration::hours(2);
    world.refused_as(Code::AlreadyDone, LENA, C::ApproveOverride { number: 1 });
    // And it ends with the ownership that it is about.
    let mut world = overridden();
    world.must(ILSE, World::hands_back());
    assert!(world.device.overrides[0].ended.is_some());
}

/// G12, A6: who asked for it or approved it and is of CTRL no more takes it along.
#[test]
fn g12_it_counts_as_long_as_both_are_of_ctrl() {
    for gone in [KARL, LENA] {
        let mut world = overridden();
        world.person(gone).roles.clear();
        world.stopped_by(G::G3, Turn::Machine, RAVI, World::deploy(FULL, "1.5.0"));
        let mut world = overridden();
        world.person(gone).active = false;
        world.stopped_by(G::G3, Turn::Machine, RAVI, World::deploy(FULL, "1.5.0"));
    }
    overridden().must(RAVI, World::deploy(FULL, "1.5.0"));
}

/// G12, G3, G9: a permit under an override is as good as the override is when it is redeemed.
#[test]
fn g12_a_permit_is_as_good_as_the_override() {
    let mut world = overridden();
    world.must(KARL, World::deploy(FULL, "1.5.0"));
    let redeem = world.permit(FULL);
    let mut ended = world.clone();
    ended.must(LENA, C::EndOverride { number: 1, reason: reason() });
    ended.stopped_by(G::G3, Turn::Machine, KARL, redeem.clone());
    world.must(KARL, redeem);
}
