//! A1 to A8, A29: attacks and mistakes that end before anything changed.

use super::given::*;
use crate::domain::{
    lifecycle::{Command as C, CommandKind, GateId as G, StateName as S, Turn},
    person::Role,
    refusal::Code,
};
use strum::IntoEnumIterator;

const OWN: C = C::TakeOwnership {};

fn makes_reviewer(world: &mut World, id: crate::domain::id::PersonId) {
    world.person(id).roles.extend([Role::Ctrl, Role::Reviewer]);
}

/// A1: neither the requester nor a co-contributor approves or takes ownership, reviewers or not.
#[test]
fn a1_contributors_do_not_approve() {
    let mut world = device().ready_to_own();
    for who in [ILSE, MAREK] {
        for command in [World::approves(1), OWN] {
            world.refused_as(Code::SelfApproval, who, command.clone());
            let mut promoted = world.clone();
            makes_reviewer(&mut promoted, who);
            let refusal = promoted.refused_as(Code::SelfApproval, who, command);
            assert!(refusal.code.is_about_who() && refusal.code.is_attempt());
        }
    }
}

/// A1: nobody leaves the contributors in order to approve, in this cycle.
#[test]
fn a1_nobody_leaves_in_order_to_approve() {
    let mut world = device().shown();
    makes_reviewer(&mut world, MAREK);
    world.must(ILSE, C::RemoveContributor { person: MAREK });
    world.refused_as(Code::SelfApproval, MAREK, World::approves(1));
    world.refused_as(Code::SelfApproval, MAREK, OWN);
    world.refused_as(Code::NotYours, MAREK, C::RecordOverview { text: reason() });
    // An orphan's former contributors are no reviewers of it either.
    let mut world = device().shown();
    makes_reviewer(&mut world, MAREK);
    world.person(ILSE).active = false;
    world.must(NOOR, C::OfferAdoption { reason: reason() }).must(LENA, C::AcceptAdoption { person: NOOR });
    world.refused_as(Code::SelfApproval, MAREK, World::approves(1));
}

/// A1: a former contributor of an earlier cycle can review the next, unless they wrote what is reviewed.
#[test]
fn a1_the_next_cycle_asks_anew() {
    let mut world = device().under_review();
    makes_reviewer(&mut world, MAREK);
    world.must(ILSE, C::RemoveContributor { person: MAREK }).must(ILSE, C::ReturnToDevelopment { reason: reason() });
    assert!(world.device.has_contributed(MAREK));
    world.device.cycle = crate::domain::cycle::Cycle::open(2, world.now);
    assert!(!world.device.has_contributed(MAREK));
}

/// A1: the author of the commit does not approve it, by whichever address they wrote.
#[test]
fn a1_authors_do_not_approve() {
    let mut world = device().shown();
    world.refused_as(Code::AuthorApproval, ARNE, World::approves(1));
    world.person(CHIARA).emails.insert("chiara.private@example.net".into());
    world.reads_commit(2, &["chiara.private@example.net"]).must(ILSE, C::ProposeCommit { commit: commit(2).into() });
    world.refused_as(Code::AuthorApproval, CHIARA, World::approves(2));
    world.must(ARNE, World::approves(2));
    // An address that is added to their account later counts too.
    world.person(ARNE).emails.insert("chiara.private@example.net".into());
    assert_eq!(world.approvers(), []);
}

/// A1: an approval ends when its giver becomes a contributor.
#[test]
fn a1_an_approver_who_joins_the_contributors_counts_no_more() {
    let mut world = device().ready_to_own();
    world.must(ILSE, C::AddContributor { person: RAVI });
    world.stopped_only_by(G::T4, Turn::Ctrl, CHIARA, OWN);
    world.must(ILSE, C::RemoveContributor { person: RAVI });
    world.stopped_only_by(G::T4, Turn::Ctrl, CHIARA, OWN);
}

/// A2: one person approves once, however often they try.
#[test]
fn a2_one_person_counts_once() {
    let mut world = device().touching("pulse-patterns").shown();
    world.must(RAVI, World::approves(1)).refused_as(Code::AlreadyDone, RAVI, World::approves(1));
    // Under another policy the same person approves again, in place of what was.
    world.under(policy("[transfer]\napprovals_critical = 3")).must(RAVI, World::approves(1));
    assert_eq!((world.review().approvals.len(), world.approvers()), (1, vec![RAVI]));
}

/// A3: a new commit voids the approvals for good, also when the old one comes back.
#[test]
fn a3_a_new_commit_voids_approvals() {
    let mut world = device().ready_to_own();
    assert_eq!(world.approvers(), [RAVI]);
    world.proposes(2);
    assert!(world.review().approvals.is_empty());
    world.proposes(1);
    assert!(world.review().approvals.is_empty());
    world.stopped_only_by(G::T4, Turn::Ctrl, RAVI, OWN);
}

/// A3: a tag that moves voids the approvals of its commit, also when it moves back.
#[test]
fn a3_a_moved_tag_voids_approvals() {
    let mut world = device().ready_to_own();
    for now in [77, 101] {
        world.readings.tag_now = Some(Ok(Some(commit(now))));
        world.must(NOOR, C::CheckTag { tag: tag("1.4.2") });
    }
    world.stopped_only_by(G::T4, Turn::Ctrl, RAVI, OWN);
    world.must(CHIARA, World::approves(1)).must(RAVI, OWN);
}

/// A3, F10: evidence that fails after an approval voids it, whatever the clock says.
#[test]
fn a3_evidence_that_fails_voids_approvals() {
    let mut world = device().shown();
    world.must(RAVI, World::approves(1));
    let later = world.now;
    world.days_pass(-1);
    let (failed, passed) = (world.evidence("tests", false), world.evidence("tests", true));
    world.must(LENA, failed).must(LENA, passed);
    assert_eq!(world.approvers(), []);
    world.now = later;
    world.must(RAVI, World::approves(1));
    assert_eq!(world.approvers(), [RAVI]);
}

/// A4: an approval names the commit that was looked at; another one is under review by now.
#[test]
fn a4_approving_what_is_out_of_date_is_refused() {
    let mut world = device().shown();
    world.proposes(2);
    let refusal = world.refused_as(Code::OtherCommit, RAVI, World::approves(1));
    assert!(refusal.sentence.contains("0202020202 is under review now, not 0101010101"), "{}", refusal.sentence);
    world.reads_commit(3, &[]).refused_as(Code::OtherCommit, ILSE, C::ProposeCommit { commit: commit(4).into() });
}

/// A5: of two who decide on the same revision, the second finds another state.
#[test]
fn a5_the_second_of_two_is_told() {
    let mut world = device().ready_to_own();
    world.must(RAVI, OWN).refused_as(Code::WrongState, CHIARA, OWN);
}

/// A6: a demoted, removed or closed approver counts no more at the moment of use.
#[test]
fn a6_an_approver_who_is_none_any_more_does_not_count() {
    let ways: [fn(&mut World); 4] = [
        |w| w.person(RAVI).active = false,
        |w| _ = w.person(RAVI).roles.remove(&Role::Reviewer),
        |w| _ = w.person(RAVI).roles.remove(&Role::Ctrl),
        |w| _ = w.people.0.remove(&RAVI),
    ];
    for way in ways {
        let mut world = device().ready_to_own();
        way(&mut world);
        world.stopped_only_by(G::T4, Turn::Ctrl, CHIARA, OWN);
        world.must(CHIARA, World::approves(1)).must(CHIARA, OWN).is(S::CtrlOwned);
    }
}

/// A7: a policy that changes in the middle restarts the review, looser or stricter; one about other things does not.
#[test]
fn a7_a_changed_policy_restarts_the_review() {
    let mut world = device().touching("pulse-patterns").ready_to_own();
    world.must(CHIARA, C::WithdrawApproval { reason: reason() });
    world.stopped_only_by(G::T4, Turn::Ctrl, RAVI, OWN);
    world.under(policy("[transfer]\napprovals_critical = 1"));
    let gate = world.stopped_only_by(G::T4, Turn::Ctrl, RAVI, OWN);
    assert!(gate.why.contains("the policy has changed since"), "{}", gate.why);
    world.must(CHIARA, World::approves(1)).must(RAVI, OWN);
    let mut world = device().ready_to_own();
    world.under(policy("[sessions]\nidle_hours = 3")).must(RAVI, OWN);
}

/// A8: no command leads from a state that its row does not name, and nothing is written.
#[test]
fn a8_no_state_is_skipped() {
    let all = [device().requested(), device().accepted(), device().reduced_support(), device().ctrl_owned()];
    for mut world in all {
        let revision = world.device.revision;
        let refusal = world.refused_as(Code::WrongState, RAVI, OWN);
        assert_eq!(world.device.revision, revision);
        assert!(refusal.sentence.contains("Under review"), "{}", refusal.sentence);
    }
    for kind in CommandKind::iter() {
        for mut world in [device().declined(), device().withdrawn(), device().retired()] {
            for who in [ILSE, LENA, RAVI, SOFIA, NOOR] {
                let refusal = world.refused(who, super::samples::sample(kind));
                assert!(matches!(refusal.code, Code::WrongState | Code::NotYours | Code::SelfApproval), "{kind}");
            }
        }
    }
}

/// A29: a body that smuggles in a role, a state or an owner is not read as a command.
#[test]
fn a29_a_body_with_more_in_it_is_refused() {
    for kind in CommandKind::iter() {
        let json = serde_json::to_value(super::samples::sample(kind)).unwrap();
        assert!(serde_json::from_value::<C>(json.clone()).is_ok(), "{kind}");
        for field in ["role", "state", "owner", "approved_by", "by", "revision"] {
            let mut more = json.clone();
            more[field] = "ctrl".into();
            assert!(serde_json::from_value::<C>(more).is_err(), "{kind} takes {field}");
        }
    }
}

/// A29: nor one level down.
#[test]
fn a29_nor_inside_of_it() {
    let inside = [
        (CommandKind::Submit, "/application"),
        (CommandKind::Submit, "/application/request"),
        (CommandKind::Submit, "/application/contacts/0"),
        (CommandKind::Submit, "/application/operators"),
        (CommandKind::Amend, "/request"),
        (CommandKind::TakeOver, "/ground"),
        (CommandKind::ProposeTimeline, "/milestones/0"),
        (CommandKind::SetOperatorRules, "/operators"),
        (CommandKind::SetContacts, "/contacts/1"),
    ];
    for (kind, place) in inside {
        let mut json = serde_json::to_value(super::samples::sample(kind)).unwrap();
        json.pointer_mut(place).unwrap()["role"] = "ctrl".into();
        assert!(serde_json::from_value::<C>(json.clone()).is_err(), "{kind}: {json}");
    }
}
