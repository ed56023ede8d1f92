//! Each invariant can fail: what is made wrong by hand sets off exactly the one that is about it.

use super::{
    super::given::{self, *},
    invariants::{Edge, Ghost, broken, broken_refusal},
};
use crate::domain::{
    cycle::Mark,
    device::{Device, Placement},
    lifecycle::{Actor, Command as C, Event, Happened as H, State},
    refusal::{Code, Refusal},
    server::SupportClass,
};

/// What is found where `happens` follows on this world by this person, and the device is then bent like this.
fn found(
    world: &World,
    by: crate::domain::id::PersonId,
    happens: Vec<H>,
    bend: impl Fn(&mut Device),
) -> Vec<&'static str> {
    let events: Vec<Event> = happens.into_iter().map(|what| Event { at: world.now, by: Some(by), what }).collect();
    let ghost = Ghost::of(&world.events);
    let facts = world.facts(Actor::Person(by));
    let edge = Edge { before: &world.device, ghost: &ghost, facts: &facts, events: &events };
    let mut after = edge.after();
    bend(&mut after);
    broken(&edge, &after, &ghost.after(&events))
}

fn asked(person: crate::domain::id::PersonId) -> Vec<H> {
    vec![H::AccessRevoked { person }]
}

fn placed(server: &str, class: SupportClass, world: &World) -> Placement {
    Placement { server: server.into(), class, release: None, mark: Mark { by: LENA, at: world.now }, permit: None }
}

/// N2, G1, A8, A29, H4: a device that came out wrong.
#[test]
fn a_wrong_device_is_noticed() {
    let world = device().reduced_support();
    assert_eq!(found(&world, KARL, asked(ILSE), |_| {}), [] as [&str; 0]);
    let full = placed(FULL, SupportClass::Full, &world);
    let both = found(&world, KARL, asked(ILSE), |d| d.placements.push(full.clone()));
    assert_eq!(both, ["N2 one class", "G1 a full server holds a release"]);
    let again = placed(REDUCED, SupportClass::Reduced, &world);
    let twice = found(&world, KARL, asked(ILSE), |d| d.placements.push(again.clone()));
    assert_eq!(twice, ["N2 one placement on each server"]);
    let since = world.now;
    let skipped = found(&world, KARL, asked(ILSE), |d| d.state = State::Requested { since });
    assert_eq!(skipped, ["A8 a way of the table", "A8 the event names the state"]);
    assert_eq!(found(&world, KARL, asked(ILSE), |d| d.revision += 1), ["revision counts events"]);
    let smuggled = found(&world, KARL, asked(ILSE), |d| _ = d.contributors.insert(NOOR));
    assert_eq!(smuggled, ["A29 contributors come by events"]);
    let left = found(&world, MAREK, vec![H::ContributorRemoved { person: ILSE }], |d| {
        d.cycle.setup.access[0].revoked = None;
    });
    assert_eq!(left, ["H4 contributors only"]);
    let touched = found(&world, KARL, vec![], |d| d.ctrl_contact = None);
    assert_eq!(touched, ["no event, no change"]);
}

/// The ends are final, and nothing waits there for a restart.
#[test]
fn a_way_out_of_an_end_is_noticed() {
    let world = device().retired();
    let back = found(&world, LENA, vec![H::DevelopmentStarted], |_| {});
    assert_eq!(back, ["A8 a way of the table", "ends are final"]);
    let mut world = device().accepted();
    world.must(KARL, World::stops());
    let stopped = world.device.shut_down.clone();
    let ended = found(&world, KARL, vec![H::Retired { reason: reason() }], |d| d.shut_down = stopped.clone());
    assert_eq!(
        ended,
        ["N6 nothing ended waits for a restart", "O1 shut down shows"].as_slice().get(..ended.len()).unwrap()
    );
}

/// A1, A6: an approval that should not have been.
#[test]
fn a_wrong_approval_is_noticed() {
    let world = device().shown();
    let approved = || vec![H::Approved { commit: commit(1), policy: world.digest.clone() }];
    assert_eq!(found(&world, RAVI, approved(), |_| {}), [] as [&str; 0]);
    assert_eq!(
        found(&world, ILSE, approved(), |_| {}),
        ["A6 a reviewer approves", "A1 no contributor approves", "A1 no author approves"]
    );
    assert_eq!(found(&world, ARNE, approved(), |_| {}), ["A1 no author approves"]);
    assert_eq!(found(&world, KARL, approved(), |_| {}), ["A6 a reviewer approves"]);
    let other = vec![H::Approved { commit: commit(2), policy: String::new() }];
    assert_eq!(found(&world, RAVI, other, |_| {}), ["A1 no author approves"], "of a commit nobody proposed");
}

/// A3: approvals that outlive what they were for.
#[test]
fn a_surviving_approval_is_noticed() {
    let world = device().ready_to_own();
    let kept = world.review().approvals.clone();
    let keep = |d: &mut Device| {
        if let State::UnderReview { review, .. } = &mut d.state {
            review.approvals = kept.clone();
        }
    };
    let proposal = world.review().commit.clone().unwrap();
    let mut facts = proposal.facts.clone();
    facts.commit = commit(2);
    assert_eq!(found(&world, ILSE, vec![H::CommitProposed { facts }], keep), ["A3 another commit voids"]);
    let moved = vec![H::TagMoved { tag: tag("1.4.2"), to: commit(9) }];
    assert_eq!(found(&world, NOOR, moved, keep), ["A3 a moved tag voids"]);
    let failed = H::EvidenceGiven {
        item: "tests".into(),
        commit: commit(1),
        passed: false,
        link: String::new(),
        text: reason(),
    };
    let after = |d: &mut Device| {
        if let State::UnderReview { review, .. } = &mut d.state {
            review.approvals[0].evidence = review.evidence.len();
        }
    };
    assert_eq!(found(&world, LENA, vec![failed], after), ["A3 failed evidence voids"]);
    let nothing = found(&world, KARL, vec![H::OverviewRecorded { text: reason() }], |d| {
        if let State::UnderReview { review, .. } = &mut d.state {
            review.commit = None;
        }
    });
    assert_eq!(nothing, ["A3 approvals are for a commit"]);
}

/// T4, T7, T8, T9, A1, A6, A7: an ownership that should not have been taken.
#[test]
fn a_wrong_ownership_is_noticed() {
    let ready = device().ready_to_own();
    let mut taken = ready.clone();
    let events = taken.does(RAVI, C::TakeOwnership {}).unwrap();
    let happened: Vec<H> = events.into_iter().map(|e| e.what).collect();
    let after = |world: &World, by| found(world, by, happened.clone(), |_| {});
    assert_eq!(after(&ready, RAVI), [] as [&str; 0]);
    assert_eq!(after(&ready, ILSE), ["A1 a reviewer takes it"]);
    let with = |change: fn(&mut World)| {
        let mut world = ready.clone();
        change(&mut world);
        after(&world, CHIARA)
    };
    assert_eq!(with(|w| w.person(RAVI).active = false), ["T4 enough approvals"]);
    assert_eq!(with(|w| _ = w.under(policy("[transfer]\napprovals = 2"))), ["T4 enough approvals"]);
    assert_eq!(with(|w| w.device.request.areas.push("pulse-patterns".into())), ["T4 enough approvals"]);
    let joins = |w: &World, what| Event { at: w.now, by: Some(ILSE), what };
    let mut joined = ready.clone();
    joined.events.push(joins(&ready, H::ContributorAdded { person: RAVI }));
    let found = after(&joined, CHIARA);
    assert_eq!(found, ["revision counts events", "A29 contributors come by events", "T4 enough approvals"]);
    joined.events.push(joins(&ready, H::ContributorRemoved { person: RAVI }));
    assert_eq!(after(&joined, CHIARA), ["revision counts events", "T4 enough approvals"], "leaving does not help");
    assert_eq!(with(|w| _ = w.person(RAVI).emails.insert(ARNE_WRITES_AS.into())), ["T4 enough approvals"]);
    assert_eq!(with(|w| w.device.cycle.setup.access[0].revoked = None), ["T9 no access"]);
    assert_eq!(with(|w| w.device.placements.clear()), ["T8 placed on full servers"]);
    assert_eq!(with(|w| w.device.placements[0].permit = None), ["T8 deployed by permit"]);
    assert_eq!(with(|w| w.seen.clear()), ["T8 seen on full servers only"]);
    let elsewhere = with(|w| _ = w.sees_too("B", REDUCED, "1.4.2"));
    assert_eq!(elsewhere, ["T8 seen on full servers only"]);
    let unverified = with(|w| w.events.retain(|e| !matches!(e.what, H::TagVerified { .. })));
    assert_eq!(unverified, ["revision counts events", "T7 a standing tag of it"]);
    let unapproved = with(|w| w.events.retain(|e| !matches!(e.what, H::Approved { .. })));
    assert_eq!(unapproved, ["revision counts events", "T4 enough approvals"]);
    let unproposed = with(|w| w.events.retain(|e| !matches!(e.what, H::CommitProposed { .. })));
    assert_eq!(unproposed, ["revision counts events", "T4 enough approvals", "T4 the approved commit"]);
}

/// G1, N5: a deployment that should not have been.
#[test]
fn a_wrong_deployment_is_noticed() {
    let deployed = |release: Option<&str>| {
        vec![H::Deployed {
            server: FULL_TOO.into(),
            class: SupportClass::Full,
            release: release.map(tag),
            moved_on: None,
        }]
    };
    let mut world = device().ctrl_owned();
    assert_eq!(found(&world, KARL, deployed(Some("1.4.2")), |_| {}), [] as [&str; 0]);
    assert_eq!(found(&world, ILSE, deployed(Some("1.4.2")), |_| {}), ["G1 by CTRL"]);
    assert_eq!(found(&world, KARL, deployed(Some("1.4.3")), |_| {}), ["G1 a verified standing tag"]);
    let bare = ["G1 a full server holds a release", "G1 a verified standing tag"];
    assert_eq!(found(&world, KARL, deployed(None), |_| {}), bare);
    world.must(KARL, World::stops());
    assert_eq!(found(&world, KARL, deployed(Some("1.4.2")), |_| {}), ["N5 not while shut down"]);
    let mut world = device().approved();
    assert_eq!(found(&world, KARL, deployed(Some("1.4.2")), |_| {}), [] as [&str; 0]);
    world.must(RAVI, C::WithdrawApproval { reason: reason() });
    assert_eq!(found(&world, KARL, deployed(Some("1.4.2")), |_| {}), ["G1 owned or approved"]);
}

/// A refusal that hides a gate, names one twice, or says nothing.
#[test]
fn a_wrong_refusal_is_noticed() {
    let mut world = device().reduced_support();
    let command = C::RequestTransfer {};
    let refusal = world.refused(ILSE, command.clone());
    assert_eq!(broken_refusal(&command, &refusal), [] as [&str; 0]);
    let with = |change: fn(&mut Refusal)| {
        let mut bad = refusal.clone();
        change(&mut bad);
        broken_refusal(&command, &bad)
    };
    assert_eq!(with(|r| _ = r.gates.pop()), ["a refusal lists all its gates"]);
    assert_eq!(with(|r| r.gates.reverse()), ["a refusal lists all its gates"]);
    assert_eq!(with(|r| r.gates.push(r.gates[0].clone())), ["a refusal lists all its gates"]);
    assert_eq!(with(|r| r.sentence.clear()), ["a refusal says why"]);
    assert_eq!(with(|r| r.gates[1].waits_for.push(ILSE)), ["a met gate waits for nobody"]);
    let bare = Refusal::new(Code::AlreadyDone, "Done already.");
    assert_eq!(broken_refusal(&command, &bare), ["a refusal lists all its gates"]);
}

/// A way that leads nowhere is noticed, with the story of how somebody got there.
#[test]
fn a_dead_end_is_noticed() {
    let letters = super::routes::process();
    let without: Vec<_> =
        letters.iter().copied().filter(|l| !l.name.ends_with("plan") && !l.name.ends_with("plans")).collect();
    let around = super::Around { closed: true, ..super::Around::developed() };
    let dead_end = |letters: &[super::Letter]| {
        let walk = super::Walk::through(vec![given::device().orphan_taken_over()], around, letters);
        walk.dead_end(|d| !d.state.is_developed(), super::is_owned)
    };
    assert!(dead_end(&without).is_some());
    assert_eq!(dead_end(&letters), None);
}
