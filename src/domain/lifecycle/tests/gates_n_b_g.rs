//! N, B and G: one class, take-over, shut-down, hand-back, and tags only.

use super::given::*;
use crate::domain::{
    lifecycle::{Command as C, GateId as G, Happened, StateName as S, Turn},
    refusal::Code,
    release::TagNow,
    review::Ground,
    server::SupportClass,
};

const OWN: C = C::TakeOwnership {};

fn verifies(name: &str) -> C {
    C::VerifyTag { tag: tag(name) }
}

fn looks(name: &str) -> C {
    C::CheckTag { tag: tag(name) }
}

/// N2: placements are of one class; only the move at the end of a review changes it, all at once.
#[test]
fn n2_a_device_is_placed_on_one_class_only() {
    let mut world = device().approved();
    world.must(KARL, World::deploy(FULL, "1.4.2"));
    assert_eq!(world.device.placements.len(), 1, "the reduced placement goes in the same step");
    assert_eq!(world.device.placed_class(), Some(SupportClass::Full));
    world.must(KARL, World::deploy(FULL_TOO, "1.4.2"));
    assert_eq!(world.device.placements.len(), 2);
    world.must(KARL, World::deploy(REDUCED, "1.4.2"));
    assert_eq!(world.device.placed_class(), Some(SupportClass::Reduced));
    assert_eq!(world.device.placements.len(), 1);
    let mut owned = device().ctrl_owned();
    owned.stopped_by(G::N2, Turn::Ctrl, KARL, World::deploy(REDUCED, "1.4.2"));
    let mut reduced = device().reduced_support();
    reduced.stopped_by(G::N2, Turn::Ctrl, KARL, World::deploy(FULL, "1.4.2"));
}

/// N3: a take-over for another instrument names it, with a reason and a task; the review stays mandatory.
#[test]
fn n3_a_take_over_names_who_needs_it_and_a_task() {
    let ground =
        |instrument: &str, task: &str| Ground::NeededElsewhere { instrument: instrument.into(), task: task.into() };
    let mut world = device().reduced_support();
    for bad in [ground("FXE", " "), ground("Atlantis", "Help.")] {
        world.stopped_only_by(G::N3, Turn::Ctrl, LENA, World::takes_over(bad));
    }
    let silent = C::TakeOver { ground: ground("FXE", "Help."), reason: String::new() };
    world.stopped_only_by(G::N3, Turn::Ctrl, LENA, silent);
    world.refused_as(Code::NotYours, ILSE, World::takes_over(World::needed()));
    world.must(LENA, World::takes_over(World::needed())).is(S::UnderReview);
    let refusal = world.refused_as(Code::GatesOpen, RAVI, OWN);
    assert!(refusal.gates.iter().any(|g| g.id == G::T4 && !g.met));
    world.must(ILSE, C::ReportTask { text: "Shown on Monday.".into() });
    assert!(world.review().taken_over.as_ref().unwrap().task_done.is_some());
    device().under_review().refused_as(Code::NoSuchThing, ILSE, C::ReportTask { text: reason() });
}

/// N4: an orphan is one whose contributors' accounts are closed, or of whose contacts none can be reached.
#[test]
fn n4_only_an_orphan_is_taken_over_as_one() {
    let takes = || World::takes_over(Ground::Orphaned {});
    let mut world = device().reduced_support();
    world.stopped_only_by(G::N4, Turn::Machine, LENA, takes());
    world.person(ILSE).active = false;
    assert!(world.device.is_orphaned(&world.people, &world.policy, world.now), "nobody can be called");
    world.person(ILSE).active = true;
    let mut silent = world.clone();
    silent.person(ILSE).phone = None;
    silent.must(LENA, takes());
    let mut aged = world.clone();
    aged.days_pass(181).must(LENA, takes());
    world.must(ILSE, C::SetContacts { contacts: vec![contact(ILSE), contact(STELLA)] });
    world.must(STELLA, C::ConfirmContact {}).orphan();
    world.must(LENA, takes()).is(S::UnderReview);
}

/// N4: an orphan that was taken over comes to CTRL without anybody of its contributors.
#[test]
fn n4_ctrl_alone_brings_an_orphan_home() {
    let mut world = device().orphan_taken_over();
    world.must(LENA, C::RecordOverview { text: reason() });
    let timeline = world.milestones();
    world.must(LENA, timeline);
    world.reads_commit(1, &[ILSE_WRITES_AS]).must(LENA, C::ProposeCommit { commit: commit(1).into() });
    world.shows_checklist(LENA);
    world.must(RAVI, C::RaiseFinding { place: String::new(), text: "No tests.".into() });
    world.must(LENA, C::AnswerFinding { finding: 1, text: "Written.".into() });
    world.must(RAVI, C::AcceptFinding { finding: 1 }).must(RAVI, World::approves(1));
    world.reads_tag("1.4.2", 1).must(LENA, verifies("1.4.2")).must(LENA, World::deploy(FULL, "1.4.2"));
    world.must(LENA, C::ReachMilestone { milestone: 1 });
    world.must(KARL, C::RevokeAccess { person: ILSE }).sees(FULL, "1.4.2");
    world.clone().must(CHIARA, OWN).is(S::CtrlOwned);
    // Where somebody can be reached after all, they have their say.
    world.person(ILSE).active = true;
    world.stopped_only_by(G::T2, Turn::Contributor, CHIARA, OWN);
}

/// N4, H4: an orphan is adopted by whoever offers and CTRL accepts; those before lose their access.
#[test]
fn n4_an_orphan_is_adopted() {
    let mut world = device().reduced_support();
    let offers = || C::OfferAdoption { reason: "We need it.".into() };
    world.stopped_only_by(G::Orphaned, Turn::Machine, NOOR, offers());
    world.orphan();
    world.must(NOOR, offers()).must(INES, offers());
    world.refused_as(Code::AlreadyDone, NOOR, offers());
    world.refused_as(Code::NotYours, INES, C::AcceptAdoption { person: INES });
    world.refused_as(Code::NoSuchThing, LENA, C::AcceptAdoption { person: KARL });
    world.person(INES).active = false;
    world.refused_as(Code::Incomplete, LENA, C::AcceptAdoption { person: INES });
    world.must(LENA, C::AcceptAdoption { person: NOOR });
    assert_eq!(world.device.contributors, [NOOR].into());
    assert_eq!(world.device.cycle.setup.has_access().count(), 0);
    world.must(NOOR, C::SetContacts { contacts: vec![contact(NOOR), contact(STELLA)] });
    world.stopped_only_by(G::Orphaned, Turn::Machine, STELLA, offers());
}

/// N5: a shut-down says why, what suffers and who is responsible; deployments are refused until the restart.
#[test]
fn n5_a_shut_down_is_named_and_stops_deployments() {
    let mut world = device().ctrl_owned();
    world.stopped_only_by(G::N6, Turn::Ctrl, KARL, C::Restart { text: reason() });
    let with = |change: fn(&mut [String; 3])| {
        let mut texts = [reason(), "The run controller.".to_owned(), "Throttled.".to_owned()];
        change(&mut texts);
        let [reason, affected, conditions] = texts;
        C::ShutDown { reason, affected, responsible: ROSA, conditions }
    };
    let blanks: [fn(&mut [String; 3]); 3] = [|t| t[0].clear(), |t| t[1].clear(), |t| t[2].clear()];
    for blank in blanks {
        world.stopped_only_by(G::N5, Turn::Ctrl, KARL, with(blank));
    }
    world.person(ROSA).active = false;
    world.stopped_only_by(G::N5, Turn::Ctrl, KARL, World::stops());
    world.person(ROSA).active = true;
    world.refused_as(Code::NotYours, OTTO, World::stops());
    world.must(KARL, World::stops());
    world.stopped_only_by(G::N5, Turn::Ctrl, KARL, World::stops());
    let gate = world.stopped_only_by(G::Running, Turn::Ctrl, KARL, World::deploy(FULL_TOO, "1.4.2"));
    assert_eq!(gate.waits_for, [ROSA]);
    world.must(ROSA, C::Restart { text: "Throttled to 1 Hz.".into() });
    world.must(KARL, World::deploy(FULL_TOO, "1.4.2"));
    let mut hot = device().reduced_support();
    hot.must(LENA, C::Remove { server: REDUCED.into() }).must(LENA, C::AssignServer { server: REDUCED.into() });
    hot.reads_tag("1.4.2", 1).must(ILSE, verifies("1.4.2")).must(KARL, World::stops());
    hot.stopped_only_by(G::Running, Turn::Ctrl, ILSE, World::deploy(REDUCED, "1.4.2"));
}

/// N6: only the person named, or CTRL, restarts it; what is retired meanwhile is not restarted.
#[test]
fn n6_the_named_person_or_ctrl_restarts() {
    let mut world = device().reduced_support();
    world.must(KARL, World::stops());
    for who in [ILSE, OTTO, NOOR, STELLA] {
        world.refused_as(Code::NotYours, who, C::Restart { text: reason() });
    }
    world.refused_as(Code::Incomplete, ROSA, C::Restart { text: "  ".into() });
    world.clone().must(ROSA, C::Restart { text: reason() });
    world.clone().must(LENA, C::Restart { text: reason() });
    world.must(LENA, C::Remove { server: REDUCED.into() }).must(LENA, C::Retire { reason: reason() });
    assert!(world.device.shut_down.is_none());
}

/// Withdraw and retire: with a reason, and nothing placed or seen running.
#[test]
fn nothing_that_runs_is_withdrawn_or_retired() {
    let acts: [(_, fn(&str) -> C); 2] =
        [(ILSE, |t| C::Withdraw { reason: t.into() }), (KARL, |t| C::Retire { reason: t.into() })];
    for (who, act) in acts {
        let mut world = device().reduced_support();
        world.stopped_only_by(G::NothingRuns, Turn::Contributor, who, act("Over."));
        world.must(ILSE, C::Remove { server: REDUCED.into() });
        world.sees(REDUCED, "1.4.2").stopped_only_by(G::NothingRuns, Turn::Contributor, who, act("Over."));
        world.seen[0].gone = Some(world.now);
        world.stopped_only_by(G::Reason, Turn::Contributor, who, act(" "));
        world.must(who, act("Over."));
        assert!(world.device.state.name().is_end());
    }
    device().requested().stopped_only_by(G::Reason, Turn::Contributor, LENA, C::Decline { reason: String::new() });
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
