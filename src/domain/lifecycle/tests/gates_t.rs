//! T1 to T10: what CTRL owns was asked for, shown, approved, tagged and seen.

use super::given::*;
use crate::domain::{
    cycle::HelpKind,
    lifecycle::{Command as C, GateId as G, State, StateName as S, Turn},
    observation::Source,
    refusal::Code,
    review::Ground,
};

const OWN: C = C::TakeOwnership {};

fn answers(finding: u32) -> C {
    C::AnswerFinding { finding, text: "Closed in the next commit.".into() }
}

fn finds() -> C {
    C::RaiseFinding { place: "check.py:17".into(), text: "The file stays open.".into() }
}

/// T1: it has worked, by a dated statement that a user countersigned, and the repository is reachable.
#[test]
fn t1_it_has_been_operated_and_a_user_says_so() {
    let mut world = device().reduced_support();
    world.stopped_only_by(G::T1, Turn::Contributor, ILSE, C::RequestTransfer {});
    world.refused_as(Code::Incomplete, NOOR, C::Countersign {});
    let states = |from: &str, to: &str, at: &str| C::StateOperated {
        from: day(from),
        to: day(to),
        instrument: at.into(),
        text: reason(),
    };
    world.refused_as(Code::Incomplete, ILSE, states("2026-02-03", "2026-02-01", "SCS"));
    world.refused_as(Code::Incomplete, ILSE, states("2026-03-01", "2026-03-09", "SCS"));
    world.refused_as(Code::Incomplete, ILSE, states("2026-02-01", "2026-02-03", "Atlantis"));
    world.must(ILSE, states("2026-02-01", "2026-02-03", "SCS"));
    world.stopped_only_by(G::T1, Turn::Contributor, ILSE, C::RequestTransfer {});
    world.refused_as(Code::NotYours, MAREK, C::Countersign {});
    world.must(NOOR, C::Countersign {});
    world.readings.reach = Some(Err("gone".into()));
    world.stopped_only_by(G::T1, Turn::Contributor, ILSE, C::RequestTransfer {});
    world.readings.reach = None;
    world.must(ILSE, C::RequestTransfer {}).is(S::UnderReview);
}

/// T1: a new statement asks for a new signature, and whoever becomes a contributor signed as one.
#[test]
fn t1_a_signature_is_for_one_statement_by_a_stranger() {
    let mut world = device().operated();
    world.must(ILSE, World::states_operated());
    world.stopped_only_by(G::T1, Turn::Contributor, ILSE, C::RequestTransfer {});
    world.must(NOOR, C::Countersign {}).must(ILSE, C::AddContributor { person: NOOR });
    world.stopped_only_by(G::T1, Turn::Contributor, ILSE, C::RequestTransfer {});
    world.must(ILSE, C::RemoveContributor { person: NOOR });
    world.stopped_only_by(G::T1, Turn::Contributor, ILSE, C::RequestTransfer {});
    world.must(ILSE, World::states_operated());
    world.refused_as(Code::NotYours, NOOR, C::Countersign {});
    world.must(OTTO, C::Countersign {}).must(ILSE, C::RequestTransfer {});
}

/// T2: CTRL's overview, then a timeline that both sides agreed; another proposal needs both again.
#[test]
fn t2_both_sides_agree_on_a_timeline() {
    let mut world = device().ready_to_own();
    world.clone().must(RAVI, OWN).is(S::CtrlOwned);
    let timeline = world.milestones();
    world.must(KARL, timeline.clone());
    world.stopped_only_by(G::T2, Turn::Contributor, RAVI, OWN);
    world.refused_as(Code::NotYours, LENA, C::AgreeTimeline {});
    world.must(ILSE, timeline);
    world.stopped_only_by(G::T2, Turn::Ctrl, RAVI, OWN);
    world.refused_as(Code::NotYours, MAREK, C::AgreeTimeline {});
    world.must(LENA, C::AgreeTimeline {}).must(RAVI, OWN);

    let mut world = device().under_review();
    world.stopped_by(G::T2, Turn::Ctrl, RAVI, OWN);
    world.must(LENA, C::RecordOverview { text: reason() });
    assert!(world.stopped_by(G::T2, Turn::Ctrl, RAVI, OWN).why.contains("timeline"));
}

/// T2: two sides are two people, whoever changes sides in between.
#[test]
fn t2_nobody_agrees_with_themselves() {
    let mut world = device().under_review();
    let timeline = world.milestones();
    world.must(KARL, timeline).must(ILSE, C::AddContributor { person: KARL });
    world.refused_as(Code::NotYours, KARL, C::AgreeTimeline {});
    world.must(ILSE, C::AgreeTimeline {});
}

/// T2: late milestones show, and do not block.
#[test]
fn t2_late_milestones_show() {
    let mut world = device().ready_to_own();
    world.must(ILSE, C::ReachMilestone { milestone: 1 });
    world.refused_as(Code::AlreadyDone, ILSE, C::ReachMilestone { milestone: 1 });
    world.refused_as(Code::NoSuchThing, ILSE, C::ReachMilestone { milestone: 3 });
    world.refused_as(Code::NoSuchThing, ILSE, C::ReachMilestone { milestone: 0 });
    world.days_pass(30);
    let gate = crate::domain::lifecycle::gates::judge(
        G::T2,
        &world.device,
        None,
        &world.facts(crate::domain::lifecycle::Actor::Custody),
    );
    assert!(gate.met && gate.why.contains("late: Placed on a full server"), "{}", gate.why);
}

/// T3: each item has evidence that passed, for the commit under review; another commit makes it stale.
#[test]
fn t3_the_checklist_is_met_for_this_commit() {
    let mut world = device().ready_to_own();
    for item in ["packaging", "style", "tests", "documentation", "operated"] {
        let mut without = world.clone();
        if let State::UnderReview { review, .. } = &mut without.device.state {
            review.evidence.retain(|e| e.item != item);
        }
        without.stopped_only_by(G::T3, Turn::Contributor, RAVI, OWN);
    }
    world.proposes(2);
    let gate = world.stopped_by(G::T3, Turn::Contributor, RAVI, OWN);
    assert!(gate.why.contains("was shown for 0101010101"), "{}", gate.why);
    let of_one = |item: &str| C::GiveEvidence {
        item: item.into(),
        commit: commit(1),
        passed: true,
        link: String::new(),
        text: reason(),
    };
    world.refused_as(Code::OtherCommit, ILSE, of_one("tests"));
    world.proposes(1);
    world.refused_as(Code::NoSuchThing, ILSE, of_one("magic"));
}

/// T3: what failed does not count, and an item of a changed policy is asked for.
#[test]
fn t3_failed_evidence_is_none() {
    let mut world = device().shown();
    let failed = world.evidence("tests", false);
    world.must(LENA, failed);
    assert!(world.stopped_by(G::T3, Turn::Contributor, RAVI, OWN).why.contains("Tests pass (failed)"));
    let bare = C::GiveEvidence {
        item: "tests".into(),
        commit: commit(1),
        passed: true,
        link: "javascript:alert(1)".into(),
        text: String::new(),
    };
    world.refused_as(Code::Incomplete, ILSE, bare);
    world.under(policy("[[transfer.checklist]]\nid = \"drawings\"\nname = \"Drawings\"\nevidence = \"a link\""));
    assert!(world.stopped_by(G::T3, Turn::Contributor, RAVI, OWN).why.contains("Drawings"));
}

/// T4: one approval by an independent reviewer, two for a critical area; without it, it is CTRL's turn.
#[test]
fn t4_independent_reviewers_approve() {
    let mut world = device().ready_to_own();
    world.must(RAVI, C::WithdrawApproval { reason: reason() });
    world.stopped_only_by(G::T4, Turn::Ctrl, RAVI, OWN);
    world.must(CHIARA, World::approves(1));
    world.refused_as(Code::AlreadyDone, CHIARA, World::approves(1));
    world.must(RAVI, OWN).is(S::CtrlOwned);

    let mut world = device().touching("pulse-patterns").ready_to_own();
    world.must(CHIARA, C::WithdrawApproval { reason: reason() });
    assert_eq!(world.stopped_only_by(G::T4, Turn::Ctrl, RAVI, OWN).why, "1 of 2 approvals for 0101010101.");
    world.must(CHIARA, World::approves(1)).must(RAVI, OWN);
    let State::CtrlOwned { owned, .. } = &world.device.state else { panic!() };
    assert_eq!(owned.approved.iter().map(|m| m.by).collect::<Vec<_>>(), [RAVI, CHIARA]);
}

/// T5: no finding is open: the contributor answers it, its reviewer accepts.
#[test]
fn t5_findings_are_answered_and_accepted() {
    let mut world = device().ready_to_own();
    world.must(RAVI, finds());
    let gate = world.stopped_only_by(G::T5, Turn::Contributor, RAVI, OWN);
    assert_eq!(gate.waits_for, [ILSE, MAREK]);
    world.stopped_only_by(G::T5, Turn::Contributor, CHIARA, World::approves(1));
    world.refused_as(Code::Incomplete, RAVI, C::AcceptFinding { finding: 1 });
    world.refused_as(Code::NotYours, LENA, answers(1));
    world.must(ILSE, answers(1));
    let gate = world.stopped_only_by(G::T5, Turn::Ctrl, RAVI, OWN);
    assert_eq!(gate.waits_for, [RAVI]);
    world.refused_as(Code::NotYours, CHIARA, C::AcceptFinding { finding: 1 });
    world.must(RAVI, C::SendBackFinding { finding: 1, text: "Not on errors.".into() });
    world.stopped_only_by(G::T5, Turn::Contributor, RAVI, OWN);
    world.must(MAREK, answers(1)).must(RAVI, C::AcceptFinding { finding: 1 }).must(RAVI, OWN);
}

/// T5: a finding whose reviewer is none any more, or was made a contributor, is not stuck.
#[test]
fn t5_another_reviewer_accepts_where_the_first_is_none_any_more() {
    let mut raised = device().shown();
    raised.must(RAVI, finds()).must(ILSE, answers(1));
    let accepts = || C::AcceptFinding { finding: 1 };
    let mut demoted = raised.clone();
    demoted.person(RAVI).active = false;
    demoted.must(CHIARA, accepts());
    raised.must(ILSE, C::AddContributor { person: RAVI });
    raised.refused_as(Code::NotYours, RAVI, accepts());
    raised.clone().must(CHIARA, accepts());
    raised.must(ILSE, C::RemoveContributor { person: RAVI }).must(CHIARA, accepts());
}

/// T6: a second contributor is not required, and whether one joined is on record; who asked is not the second.
#[test]
fn t6_a_second_contributor_is_recorded() {
    let joined = |world: &World| match &world.device.state {
        State::CtrlOwned { owned, .. } => owned.second_joined,
        _ => panic!("not owned"),
    };
    assert!(!joined(&device().ctrl_owned()));
    let mut world = device().ready_to_own();
    world.refused_as(Code::AlreadyDone, ILSE, C::JoinReview {});
    world.clone().must(MAREK, C::JoinReview {}).refused_as(Code::AlreadyDone, MAREK, C::JoinReview {});
    world.must(MAREK, C::JoinReview {}).must(RAVI, OWN);
    assert!(joined(&world));
}

/// T7: the approved commit has a verified tag that stands.
#[test]
fn t7_the_approved_commit_is_tagged() {
    let mut world = device().shown();
    world.must(RAVI, World::approves(1));
    world.stopped_by(G::T7, Turn::Contributor, RAVI, OWN);
    world.reads_tag("1.4.1", 9).must(ILSE, C::VerifyTag { tag: tag("1.4.1") });
    world.stopped_by(G::T7, Turn::Contributor, RAVI, OWN);
    let mut world = device().ready_to_own();
    world.readings.tag_now = Some(Ok(None));
    world.must(KARL, C::CheckTag { tag: tag("1.4.2") });
    world.stopped_by(G::T7, Turn::Contributor, RAVI, OWN);
    world.readings.tag_now = Some(Ok(Some(commit(101))));
    world.must(KARL, C::CheckTag { tag: tag("1.4.2") }).must(RAVI, OWN);
}

/// T8: deployed to full servers, seen there in exactly that tag and clean, and nowhere on a reduced one.
#[test]
fn t8_it_runs_on_a_full_server_in_that_tag_and_nowhere_else() {
    let mut world = device().approved();
    world.must(LENA, C::RevokeAccess { person: ILSE });
    world.stopped_only_by(G::T8, Turn::Ctrl, RAVI, OWN);
    world.must(LENA, World::deploy(FULL, "1.4.2"));
    world.stopped_only_by(G::T8, Turn::Machine, RAVI, OWN);
    for (server, version, turn) in [
        (REDUCED, "1.4.2", Turn::Contributor),
        ("cppServer/nobody_knows", "1.4.2", Turn::Contributor),
        (FULL_TOO, "1.4.2", Turn::Machine),
        (FULL, "1.4.2-dirty", Turn::Ctrl),
        (FULL, "1.4.1", Turn::Ctrl),
        (FULL, "1.4.2-3-g0101010", Turn::Ctrl),
        (FULL, "1.4.2-0-g0202020", Turn::Ctrl),
        (FULL, "", Turn::Ctrl),
    ] {
        world.sees(server, version).stopped_only_by(G::T8, turn, RAVI, OWN);
        // One instance in order does not make up for another.
        world.sees_too("SCS_TWO/CTRL/CHECK", FULL, "1.4.2");
        if server != FULL_TOO {
            world.stopped_only_by(G::T8, turn, RAVI, OWN);
        }
    }
    world.sees(FULL, "1.4.2").sees_too("SCS_TWO/CTRL/CHECK", FULL_TOO, "1.4.2-dirty");
    world.stopped_only_by(G::T8, Turn::Ctrl, RAVI, OWN);
    world.sees(REDUCED, "1.4.2").seen[0].gone = Some(world.now);
    world.sees_too("SCS_TWO/CTRL/CHECK", FULL, "v1.4.2-0-g0101010");
    world.must(RAVI, OWN).is(S::CtrlOwned);
}

/// T8: a CTRL member's statement stands in where the policy lets it, and is marked.
#[test]
fn t8_a_statement_stands_in_where_the_policy_allows() {
    let mut world = device().ready_to_own();
    world.seen[0].source = Source::Statement { person: LENA };
    let mut strict = world.clone();
    strict.under(policy("[observations]\nstatements = false"));
    strict.stopped_only_by(G::T8, Turn::Machine, RAVI, OWN);
    let facts = world.facts(crate::domain::lifecycle::Actor::Custody);
    let gate = crate::domain::lifecycle::gates::judge(G::T8, &world.device, None, &facts);
    assert!(gate.met && gate.why.contains("statement"), "{}", gate.why);
    world.must(RAVI, OWN);
}

/// T9: nobody can hot-develop any more.
#[test]
fn t9_access_is_revoked() {
    let mut world = device().approved();
    world.must(LENA, World::deploy(FULL, "1.4.2")).sees(FULL, "1.4.2");
    world.stopped_only_by(G::T9, Turn::Ctrl, RAVI, OWN);
    world.must(KARL, C::RevokeAccess { person: ILSE }).must(RAVI, OWN);
}

/// T10: afterwards deployments and tags are CTRL's; contributors propose changes, and say whether "done" was reached.
#[test]
fn t10_afterwards_it_is_ctrls_and_done_is_asked_for() {
    let mut world = device().ctrl_owned();
    world.reads_tag("1.4.3", 3);
    let verify = || C::VerifyTag { tag: tag("1.4.3") };
    world.stopped_only_by(G::G2, Turn::Ctrl, ILSE, verify());
    world.must(KARL, verify());
    world.stopped_only_by(G::G1, Turn::Ctrl, ILSE, World::deploy(FULL, "1.4.3"));
    world.refused_as(Code::NotYours, ILSE, C::Remove { server: FULL.into() });
    world.must(KARL, World::deploy(FULL, "1.4.3"));
    world.must(ILSE, C::AskHelp { kind: HelpKind::ProposedChange, text: "A second threshold.".into() });
    for who in [ILSE, NOOR] {
        world.must(who, C::AnswerDone { reached: who == ILSE, text: String::new() });
        world.refused_as(Code::AlreadyDone, who, C::AnswerDone { reached: true, text: String::new() });
    }
    assert_eq!(world.device.done_answers.iter().map(|a| a.reached).collect::<Vec<_>>(), [true, false]);
}

/// Return to development: either side, for a reason; it is placed on no full server after it.
#[test]
fn a_review_goes_back_with_a_reason() {
    for who in [ILSE, LENA] {
        let mut world = device().ready_to_own();
        world.stopped_only_by(G::Reason, Turn::Contributor, who, C::ReturnToDevelopment { reason: " ".into() });
        world.must(who, C::ReturnToDevelopment { reason: reason() }).is(S::ReducedSupport);
        assert!(world.device.placements.is_empty());
        world.must(LENA, C::AssignServer { server: REDUCED.into() });
    }
    let mut world = device().taken_over();
    assert!(matches!(world.review().taken_over.as_ref().unwrap().ground, Ground::NeededElsewhere { .. }));
    world.must(ILSE, C::ReturnToDevelopment { reason: reason() });
}
