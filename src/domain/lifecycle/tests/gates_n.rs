//! N2 to N6: one class, take-over, adoption, shut-down, and what has to be still before an end.

use super::given::*;
use crate::domain::{
    lifecycle::{Command as C, GateId as G, StateName as S, Turn},
    refusal::Code,
    review::Ground,
    server::SupportClass,
};

const OWN: C = C::TakeOwnership {};

fn verifies(name: &str) -> C {
    C::VerifyTag { tag: tag(name) }
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
    world.reads_tag("1.4.2", 1).must(LENA, verifies("1.4.2")).deploys_by_permit(LENA, FULL, "1.4.2");
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
    type Act = fn(&str) -> C;
    let withdraws: Act = |t| C::Withdraw { reason: t.into() };
    let retires: Act = |t| C::Retire { reason: t.into() };
    for (who, act) in [(ILSE, withdraws), (KARL, retires)] {
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
