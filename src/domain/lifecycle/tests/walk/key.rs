//! What makes two devices the same to the rules: everything but times, texts and counters.

use super::{around::Around, invariants::Ghost};
use crate::domain::{
    device::Device,
    lifecycle::{State, StateName},
    review::{ItemState, Review},
};
use std::hash::{DefaultHasher, Hash, Hasher};

/// The first two cycles are told apart, later ones are like the second.
pub fn of(device: &Device, around: Around, ghost: &Ghost) -> (u64, StateName) {
    let mut to = DefaultHasher::new();
    let h = &mut to;
    let d = device;
    let state = d.state.name();
    (state, around, d.cycle.number.min(2), d.cycle.loan_until.is_some(), &d.cycle.left).hash(h);
    (&d.contributors, d.ctrl_contact, d.shut_down.is_some(), &d.request.areas).hash(h);
    match &d.state {
        State::UnderReview { review, .. } => of_review(review, h),
        State::CtrlOwned { owned, .. } => (&owned.release, &owned.commit, owned.second_joined).hash(h),
        _ => {}
    }
    let s = &d.cycle.setup;
    (s.committed.is_some(), s.framework_modified).hash(h);
    s.has_access().for_each(|p| p.hash(h));
    let t = &d.cycle.discussion;
    t.points.iter().for_each(|p| p.signed_off.is_some().hash(h));
    // What is resolved is past.
    t.reservations.iter().filter(|r| r.accepted.is_none()).for_each(|r| r.answer.is_some().hash(h));
    t.areas.keys().for_each(|a| a.hash(h));
    d.cycle.operated.as_ref().map(|o| o.countersigned.map(|m| m.by)).hash(h);
    let mut places: Vec<_> =
        d.placements.iter().map(|p| (&p.server, p.class, &p.release, p.permit.is_some())).collect();
    places.sort();
    places.hash(h);
    (d.moving_on.by_itself.is_some(), d.moving_on.hold.is_some()).hash(h);
    d.overrides.iter().for_each(|o| (o.number, o.approved.is_some(), o.ended.is_some()).hash(h));
    d.releases.iter().for_each(|r| (r.tag(), r.commit(), r.stands(), r.framework.is_some()).hash(h));
    d.repository.as_ref().map(|r| r.reached.is_ok()).hash(h);
    d.offers.iter().for_each(|o| o.mark.by.hash(h));
    d.contacts.iter().for_each(|c| (c.person, c.confirmed.is_some()).hash(h));
    (&ghost.contributors, &ghost.contributed, &ghost.proposed, &ghost.approved, &ghost.tags).hash(h);
    (to.finish(), state)
}

fn of_review(r: &Review, h: &mut DefaultHasher) {
    (r.taken_over.as_ref().map(|t| t.task_done.is_some()), r.asked, r.overview.is_some(), r.commit()).hash(h);
    r.timeline.as_ref().map(|t| (t.by_contributor.is_some(), t.by_ctrl.is_some())).hash(h);
    let mut approvals: Vec<_> =
        r.approvals.iter().map(|a| (a.mark.by, &a.commit, &a.policy, r.failed_since(a))).collect();
    approvals.sort();
    approvals.hash(h);
    r.open_findings().for_each(|f| (f.state as u8).hash(h));
    for item in ["packaging", "style", "tests", "documentation", "operated"] {
        let state = match r.item(item) {
            ItemState::Missing => 0,
            ItemState::Stale(_) => 1,
            ItemState::Failed(_) => 2,
            ItemState::Met(_) => 3,
        };
        state.hash(h);
    }
    r.joined.hash(h);
}
