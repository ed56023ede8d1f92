//! B1 to B4, G1, G2: hand-back, tags only, and tags that are what they were.

use super::given::*;
use crate::domain::{
    lifecycle::{Command as C, GateId as G, Happened, StateName as S, Turn},
    refusal::Code,
    release::TagNow,
    server::SupportClass,
    version::classify,
};

fn verifies(name: &str) -> C {
    C::VerifyTag { tag: tag(name) }
}

fn looks(name: &str) -> C {
    C::CheckTag { tag: tag(name) }
}

/// B1: a contributor asks at any time, and support is restricted with it; CTRL can do it for them.
#[test]
fn b1_a_contributor_takes_it_back_at_once() {
    for who in [ILSE, KARL] {
        let mut world = device().ctrl_owned();
        world.must(who, World::hands_back()).is(S::ReducedSupport);
        assert_eq!(world.device.placed_class(), Some(SupportClass::Reduced));
    }
    device().ctrl_owned().refused_as(Code::NotYours, NOOR, World::hands_back());
}

/// B2, H1, H2: a reduced server is assigned with it, by the rules of the first one.
#[test]
fn b2_a_reduced_server_is_assigned() {
    let to = |server: &str| C::HandBack { server: server.into(), until: None, reason: reason() };
    let mut world = device().ctrl_owned();
    for bad in [FULL, "cppServer/contrib_unknown_01", "cppServer/scs_03"] {
        world.stopped_only_by(G::B2, Turn::Ctrl, ILSE, to(bad));
    }
    world.under(policy(&format!("[servers]\npool = [\"{REDUCED_TOO}\"]")));
    world.stopped_only_by(G::B2, Turn::Ctrl, ILSE, to(REDUCED));
    world.must(ILSE, to(REDUCED_TOO));
}

/// B3, L6, L7: the next cycle starts at the discussion, from the last supported release.
#[test]
fn b3_the_next_cycle_is_discussed_and_has_a_base() {
    let mut world = device().touching("pulse-patterns").handed_back();
    assert_eq!((world.device.cycle.number, world.device.cycle.base.clone()), (2, Some(tag("1.4.2"))));
    world.must(ILSE, World::states_operated()).must(NOOR, C::Countersign {});
    world.stopped_only_by(G::B3, Turn::Ctrl, ILSE, C::RequestTransfer {});
    for point in 1..=5 {
        world.must(LENA, C::SignOffPoint { point });
    }
    world.stopped_only_by(G::B3, Turn::Ctrl, ILSE, C::RequestTransfer {});
    world.signs_off_points().must(ILSE, C::RequestTransfer {}).is(S::UnderReview);
    assert!(world.review().approvals.is_empty(), "the review is mandatory again");
}

/// B4: a hand-back for a short time ends on a day to come, and can be extended for a reason.
#[test]
fn b4_a_loan_ends_on_a_day_to_come() {
    let until = |d: &str| C::HandBack { server: REDUCED.into(), until: Some(day(d)), reason: reason() };
    let mut world = device().ctrl_owned();
    world.stopped_only_by(G::B4, Turn::Contributor, ILSE, until("2026-03-02"));
    world.must(ILSE, until("2026-03-20"));
    let extend = |d: &str, why: &str| C::ExtendLoan { until: day(d), reason: why.into() };
    world.stopped_only_by(G::B4, Turn::Contributor, KARL, extend("2026-03-01", "More."));
    world.stopped_only_by(G::Reason, Turn::Contributor, KARL, extend("2026-04-01", ""));
    world.refused_as(Code::NotYours, ILSE, extend("2026-04-01", "More."));
    world.must(KARL, extend("2026-04-01", "More."));
    assert_eq!(world.device.cycle.loan_until, Some(day("2026-04-01")));
    device().handed_back().refused_as(Code::NoSuchThing, KARL, extend("2026-04-01", "More."));
}

/// G1: onto a full server goes a verified tag and nothing else, by CTRL, once owned or for the tag under T8.
#[test]
fn g1_full_servers_take_tags_only_by_the_right_hands() {
    let mut world = device().reduced_support();
    world.reads_tag("1.4.2", 1).must(ILSE, verifies("1.4.2"));
    world.stopped_by(G::G1, Turn::Contributor, KARL, World::deploy(FULL, "1.4.2"));
    world.stopped_by(G::G1, Turn::Ctrl, KARL, World::deploy("cppServer/contrib_unknown_01", "1.4.2"));

    let mut world = device().shown();
    world.reads_tag("1.4.2", 1).must(ILSE, verifies("1.4.2"));
    world.stopped_only_by(G::G1, Turn::Ctrl, KARL, World::deploy(FULL, "1.4.2"));
    world.must(RAVI, World::approves(1));
    world.stopped_only_by(G::G1, Turn::Ctrl, ILSE, World::deploy(FULL, "1.4.2"));
    world.stopped_only_by(G::G1, Turn::Ctrl, KARL, World::hot_deploy(FULL));
    world.reads_tag("1.4.1", 9).must(ILSE, verifies("1.4.1"));
    world.stopped_only_by(G::G1, Turn::Ctrl, KARL, World::deploy(FULL, "1.4.1"));
    world.must(RAVI, C::RaiseFinding { place: String::new(), text: reason() });
    world.stopped_only_by(G::G1, Turn::Contributor, KARL, World::deploy(FULL, "1.4.2"));
    world.must(ILSE, C::AnswerFinding { finding: 1, text: reason() }).must(RAVI, C::AcceptFinding { finding: 1 });
    world.must(KARL, World::deploy(FULL, "1.4.2"));
    world.stopped_only_by(G::G1, Turn::Ctrl, ILSE, World::hot_deploy(REDUCED));

    let mut world = device().ctrl_owned();
    world.stopped_only_by(G::G1, Turn::Ctrl, KARL, World::hot_deploy(FULL_TOO));
    world.stopped_only_by(G::Tag, Turn::Contributor, KARL, World::deploy(FULL_TOO, "9.9.9"));
    world.refused_as(Code::NotYours, NOOR, World::deploy(FULL_TOO, "1.4.2"));
    world.must(KARL, World::deploy(FULL_TOO, "1.4.2"));
}

/// G2: a tag is what the repository says at this moment; no reading, no release.
#[test]
fn g2_a_tag_is_verified_by_a_reading_of_its_own() {
    let mut world = device().reduced_support();
    world.stopped_only_by(G::G2, Turn::Machine, ILSE, verifies("1.4.2"));
    world.readings.tag = Some(Err("1.4.2 is not on main".into()));
    world.stopped_only_by(G::G2, Turn::Contributor, ILSE, verifies("1.4.2"));
    world.reads_tag("1.4.3", 1).refused_as(Code::NoSuchThing, ILSE, verifies("1.4.2"));
    world.reads_tag("1.4.2", 1).must(ILSE, verifies("1.4.2"));
    world.refused_as(Code::AlreadyDone, ILSE, verifies("1.4.2"));
    world.reads_tag("1.4.2", 2).stopped_only_by(G::G2, Turn::Contributor, ILSE, verifies("1.4.2"));
    assert_eq!((world.device.releases.len(), world.device.releases[0].commit()), (1, &commit(1)));
}

/// G2, G10: a version has one tag: what runs prints it, and nobody could tell which of two it is.
#[test]
fn g2_a_version_has_one_tag() {
    let mut world = device().reduced_support();
    world.reads_tag("1.4.2", 1).must(ILSE, verifies("1.4.2"));
    let gate = world.reads_tag("v1.4.2", 2).stopped_only_by(G::G2, Turn::Contributor, ILSE, verifies("v1.4.2"));
    assert!(gate.why.contains("the version of 1.4.2"), "{}", gate.why);
    world.reads_tag("v1.4.3", 2).must(ILSE, verifies("v1.4.3"));
    // Where there are two from before, what runs is the one that is placed there.
    let mut world = device().ctrl_owned();
    let placed = world.device.placements[0].clone();
    let own = world.device.release(placed.release.as_ref().unwrap()).unwrap().clone();
    let mut alike = own.clone();
    alike.verified.tag = tag(&format!("v{}", own.tag()));
    world.device.releases.push(alike.clone());
    let version = classify(own.tag().as_str(), &[], &[]);
    assert_eq!(world.device.release_built(&version, &placed.server), Some(&own));
    assert_eq!(world.device.release_built(&version, &"cppServer/elsewhere".into()), Some(&alike));
}

/// G2, A19: a branch that takes a release's name after it was verified keeps it from every server while it is there: a
/// checkout by that name could take either.
#[test]
fn g2_a_branch_of_the_releases_name_keeps_it_back() {
    let mut world = device().ready_to_own();
    world.readings.tag_is_branch = true;
    let gate = world.stopped_only_by(G::T7, Turn::Contributor, RAVI, C::TakeOwnership {});
    assert!(gate.why.contains("the name of a branch too"), "{}", gate.why);
    world.readings.tag_is_branch = false;
    world.must(RAVI, C::TakeOwnership {});
    world.readings.tag_is_branch = true;
    world.stopped_only_by(G::Tag, Turn::Contributor, KARL, World::deploy(FULL_TOO, "1.4.2"));
    world.readings.tag_is_branch = false;
    world.must(KARL, World::deploy(FULL_TOO, "1.4.2"));
    let permit = world.permit(FULL_TOO);
    world.readings.tag_is_branch = true;
    world.stopped_only_by(G::Tag, Turn::Contributor, KARL, permit);
}

/// G2: a tag that moves or vanishes is noticed and deployed no more; the release on record stays what it was.
#[test]
fn g2_a_tag_that_moves_is_not_deployed_again() {
    let mut world = device().ctrl_owned();
    let release = world.device.releases[0].verified.clone();
    for now in [Some(commit(77)), None, Some(commit(78))] {
        world.readings.tag_now = Some(Ok(now.clone()));
        let events = world.does(NOOR, looks("1.4.2")).unwrap();
        assert_eq!(events.len(), 1, "{now:?} is noticed");
        assert_eq!(world.does(NOOR, looks("1.4.2")).unwrap(), [], "once");
        assert_eq!(world.device.releases[0].verified, release);
        world.stopped_only_by(G::Tag, Turn::Contributor, KARL, World::deploy(FULL_TOO, "1.4.2"));
    }
    assert!(matches!(&world.device.releases[0].tag_now, TagNow::Moved { to, .. } if *to == commit(78)));
    world.readings.tag_now = Some(Err("the host does not answer".into()));
    world.refused_as(Code::NoSuchThing, NOOR, looks("1.4.2"));
    world.readings.tag_now = Some(Ok(Some(release.object)));
    let events = world.does(NOOR, looks("1.4.2")).unwrap();
    assert!(matches!(events[0].what, Happened::TagRestored { .. }));
    world.must(KARL, World::deploy(FULL_TOO, "1.4.2"));
}
