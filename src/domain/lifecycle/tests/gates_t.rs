//! T1 to T6: what CTRL may own was asked for, planned, shown, approved and followed up.

use super::given::*;
use crate::domain::{
    id::PersonId,
    lifecycle::{Actor, Command as C, CommandKind as K, GateId as G, State, StateName as S, Turn, gates::judge},
    policy::Policy,
    refusal::Code,
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
    world.stopped_only_by(G::T1, Turn::User, ILSE, C::RequestTransfer {});
    let gate = judge(G::T1, &world.device, None, &world.facts(Actor::Custody));
    assert!(gate.waits_for.is_empty() && gate.why.contains("a user of SCS"), "{gate:?}");
    world.refused_as(Code::NotYours, MAREK, C::Countersign {});
    world.must(NOOR, C::Countersign {});
    world.readings.reach = Some(Err("gone".into()));
    world.stopped_only_by(G::T1, Turn::Contributor, ILSE, C::RequestTransfer {});
    world.readings.reach = None;
    world.must(ILSE, C::RequestTransfer {}).is(S::UnderReview);
}

/// T1, N3: where the policy has no list of instruments, as the built-in one has none, their names are typed.
#[test]
fn t1_n3_without_a_list_instruments_are_typed() {
    let mut world = device().reduced_support();
    world.policy.facility.instruments.clear();
    assert!(Policy::built_in().facility.instruments.is_empty());
    let states = |at: &str| C::StateOperated {
        from: day("2026-02-01"),
        to: day("2026-02-03"),
        instrument: at.into(),
        text: reason(),
    };
    for odd in [" ", "A\nB", &"x".repeat(81)] {
        world.refused_as(Code::Incomplete, ILSE, states(odd));
    }
    world.clone().must(LENA, World::takes_over(World::needed())).is(S::UnderReview);
    world.must(ILSE, states("SCS")).must(NOOR, C::Countersign {}).must(ILSE, C::RequestTransfer {}).is(S::UnderReview);
}

/// T1: a new statement asks for a new signature, and whoever becomes a contributor signed as one.
#[test]
fn t1_a_signature_is_for_one_statement_by_a_stranger() {
    let mut world = device().operated();
    world.must(ILSE, World::states_operated());
    world.stopped_only_by(G::T1, Turn::User, ILSE, C::RequestTransfer {});
    world.must(NOOR, C::Countersign {}).must(ILSE, C::AddContributor { person: NOOR });
    // Nobody can countersign it again, so that it waits for who can state it anew.
    for changed in [None, Some(C::RemoveContributor { person: NOOR })] {
        if let Some(command) = changed {
            world.must(ILSE, command);
        }
        let gate = world.stopped_only_by(G::T1, Turn::Contributor, ILSE, C::RequestTransfer {});
        assert_eq!(gate.where_to, Some(K::StateOperated), "{gate:?}");
        world.refused_as(Code::AlreadyDone, OTTO, C::Countersign {});
    }
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
    let gate = judge(G::T2, &world.device, None, &world.facts(Actor::Custody));
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

/// T5: then every reviewer is waited for.
#[test]
fn t5_answers_to_nobodys_finding_wait_for_every_reviewer() {
    let mut world = device().shown();
    world.must(RAVI, finds()).must(ILSE, answers(1));
    world.person(RAVI).active = false;
    let gate = judge(G::T5, &world.device, None, &world.facts(Actor::Custody));
    assert_eq!((gate.turn, gate.waits_for), (Turn::Ctrl, vec![CHIARA, ARNE]));
}

/// T4, T5: while a finding is open, approvals wait for whoever goes on with the finding, and not for every reviewer.
#[test]
fn t4_approvals_wait_with_the_findings() {
    let mut world = device().shown();
    #[track_caller]
    fn waits(world: &World, turn: Turn, people: &[PersonId], act: K) {
        let gate = judge(G::T4, &world.device, None, &world.facts(Actor::Custody));
        assert!(!gate.met && gate.why.starts_with("0 of 1 approvals for 0101010101"), "{}", gate.why);
        assert_eq!((gate.turn, gate.waits_for.as_slice(), gate.where_to), (turn, people, Some(act)));
    }
    waits(&world, Turn::Ctrl, &[RAVI, CHIARA], K::Approve);
    world.must(RAVI, finds());
    waits(&world, Turn::Contributor, &[ILSE, MAREK], K::AnswerFinding);
    world.must(ILSE, answers(1));
    waits(&world, Turn::Ctrl, &[RAVI], K::AcceptFinding);
    // The contributor has one more to answer (T5), and Ravi an answer to look at.
    world.must(CHIARA, finds());
    waits(&world, Turn::Ctrl, &[RAVI], K::AcceptFinding);
    world.must(RAVI, C::AcceptFinding { finding: 1 });
    waits(&world, Turn::Contributor, &[ILSE, MAREK], K::AnswerFinding);
    world.must(MAREK, answers(2)).must(CHIARA, C::AcceptFinding { finding: 2 });
    waits(&world, Turn::Ctrl, &[RAVI, CHIARA], K::Approve);
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
