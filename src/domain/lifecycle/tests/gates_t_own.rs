//! T7 to T10: what CTRL takes is tagged and seen, and is CTRL's from then on; and the way back from a review.

use super::given::*;
use crate::domain::{
    cycle::HelpKind,
    id::PersonId,
    lifecycle::{Actor, Command as C, CommandKind as K, GateId as G, StateName as S, Turn},
    observation::Source,
    refusal::Code,
    review::Ground,
};

const OWN: C = C::TakeOwnership {};

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
    world.deploys_by_permit(LENA, FULL, "1.4.2");
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
    // What was seen before it was placed there, or long ago, is not seen there now.
    let (now, placed) = (world.now, world.device.placed_on(&FULL.into()).unwrap().mark.at);
    world.sees(FULL, "1.4.2").seen[0].seen = placed - chrono::Duration::seconds(1);
    world.stopped_only_by(G::T8, Turn::Machine, RAVI, OWN);
    world.sees(FULL, "1.4.2").now = now + chrono::Duration::minutes(11);
    world.stopped_only_by(G::T8, Turn::Machine, RAVI, OWN);
    world.now = now;
    world.sees(REDUCED, "1.4.2").seen[0].gone = Some(world.now);
    world.sees_too("SCS_TWO/CTRL/CHECK", FULL, "v1.4.2-0-g0101010");
    world.must(RAVI, OWN).is(S::CtrlOwned);
}

/// T8: a placement by hand does not do, unless the policy says so; once the permit is redeemed it does.
#[test]
fn t8_it_is_deployed_by_permit() {
    let mut world = device().approved();
    world.must(LENA, C::RevokeAccess { person: ILSE });
    let gate = world.stopped_only_by(G::T8, Turn::Ctrl, RAVI, OWN);
    assert!(gate.why.ends_with("by permit.") && gate.where_to == Some(K::RedeemPermit), "{}", gate.why);
    world.must(LENA, World::deploy(FULL, "1.4.2")).sees(FULL, "1.4.2");
    let gate = world.stopped_only_by(G::T8, Turn::Ctrl, RAVI, OWN);
    assert!(gate.why.contains("by hand") && gate.where_to == Some(K::RedeemPermit), "{}", gate.why);
    let mut relaxed = world.clone();
    relaxed.under(policy("[permits]\nrequired = false"));
    let facts = relaxed.facts(crate::domain::lifecycle::Actor::Custody);
    let gate = crate::domain::lifecycle::gates::judge(G::T8, &relaxed.device, None, &facts);
    assert!(gate.met && gate.why.contains("by hand"), "{}", gate.why);
    relaxed.must(RAVI, OWN).is(S::CtrlOwned);
    // What is placed there anew by hand needs another permit.
    let permit = world.permit(FULL);
    world.must(LENA, permit).must(LENA, World::deploy(FULL, "1.4.2")).sees(FULL, "1.4.2");
    world.stopped_only_by(G::T8, Turn::Ctrl, RAVI, OWN);
    let permit = world.permit(FULL);
    world.must(LENA, permit).must(RAVI, OWN).is(S::CtrlOwned);
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
    world.deploys_by_permit(LENA, FULL, "1.4.2").sees(FULL, "1.4.2");
    world.stopped_only_by(G::T9, Turn::Ctrl, RAVI, OWN);
    world.must(KARL, C::RevokeAccess { person: ILSE }).must(RAVI, OWN);
}

/// T4, E4: with every gate met, whoever may take ownership is waited for, and nobody else.
#[test]
fn t4_whoever_may_take_ownership_is_waited_for() {
    let mut world = device().ready_to_own();
    for (changes, all) in [(false, vec![RAVI, CHIARA, ARNE]), (true, vec![CHIARA, ARNE])] {
        if changes {
            world.must(ILSE, C::AddContributor { person: RAVI });
        }
        let facts = world.facts(Actor::Custody);
        let movers = facts.movers(&world.device, K::TakeOwnership);
        assert_eq!(movers, all.into_iter().collect());
        let may = |p: &&PersonId| world.may(Actor::Person(**p), K::TakeOwnership);
        assert_eq!(movers, world.people.0.keys().filter(may).copied().collect());
    }
}

/// T10: afterwards deployments and tags are CTRL's; contributors propose changes, and say whether "done" was reached.
#[test]
fn t10_afterwards_it_is_ctrls_and_done_is_asked_for() {
    let mut world = device().ctrl_owned();
    // Which stages it passed is judged elsewhere (G3).
    world.under(policy("[releases]\nproduction_needs = []"));
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
