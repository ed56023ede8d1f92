//! Into the review, through it, and out of it (T2 to T9, N3, N4).

use super::Event;
use crate::domain::{
    cycle::{Mark, Remark},
    device::Device,
    lifecycle::{event::Happened as H, state::State},
    review::{Approval, Evidence, Finding, FindingState, Proposed, Review, TakenOver, Timeline},
    server::SupportClass,
};

pub(super) fn apply(d: &mut Device, event: &Event, mark: Mark) {
    let at = event.at;
    let remark = |text: &str| Remark { mark, text: text.to_owned() };
    match &event.what {
        H::TransferRequested => {
            let review = Box::new(Review { asked: event.by, ..Review::default() });
            d.state = State::UnderReview { since: at, review };
        }
        H::TakenOver { ground, reason } => {
            let taken_over = TakenOver { ground: ground.clone(), reason: remark(reason), task_done: None };
            d.ctrl_contact = d.ctrl_contact.or(event.by);
            d.state = State::UnderReview {
                since: at,
                review: Box::new(Review { taken_over: Some(taken_over), ..Review::default() }),
            };
        }
        H::ReturnedToDevelopment { .. } => {
            d.state = State::ReducedSupport { since: at };
            d.placements.retain(|p| p.class == SupportClass::Reduced);
        }
        H::OwnershipTaken { owned } => {
            d.state = State::CtrlOwned { since: at, owned: owned.clone() };
            d.cycle.loan_until = None;
            d.done_answers.clear();
        }
        what => {
            if let State::UnderReview { review, .. } = &mut d.state {
                in_review(review, what, mark);
            }
        }
    }
}

fn in_review(review: &mut Review, what: &H, mark: Mark) {
    let remark = |text: &str| Remark { mark, text: text.to_owned() };
    match what {
        H::OverviewRecorded { text } => review.overview = Some(remark(text)),
        H::TimelineProposed { milestones, by_contributor } => {
            review.timeline = Some(Timeline {
                milestones: milestones.clone(),
                by_contributor: by_contributor.then_some(mark),
                by_ctrl: (!by_contributor).then_some(mark),
            });
        }
        H::TimelineAgreed { by_contributor } => {
            if let Some(t) = &mut review.timeline {
                *(if *by_contributor { &mut t.by_contributor } else { &mut t.by_ctrl }) = Some(mark);
            }
        }
        H::MilestoneReached { milestone } => {
            let of = (*milestone as usize).checked_sub(1);
            let steps = review.timeline.as_mut().map(|t| &mut t.milestones);
            if let Some(m) = of.and_then(|i| steps.and_then(|s| s.get_mut(i))) {
                m.reached = Some(mark);
            }
        }
        H::CommitProposed { facts } => {
            review.commit = Some(Proposed { facts: facts.clone(), mark });
            // Void for good, not only for as long as another commit is looked at (A3).
            review.approvals.clear();
        }
        H::EvidenceGiven { item, commit, passed, link, text } => review.evidence.push(Evidence {
            item: item.clone(),
            commit: commit.clone(),
            passed: *passed,
            link: link.clone(),
            remark: remark(text),
        }),
        H::FindingRaised { finding, place, text } => review.findings.push(Finding {
            id: *finding,
            raised: remark(text),
            place: place.clone(),
            talk: Vec::new(),
            state: FindingState::Open,
        }),
        H::FindingAnswered { finding, text } => talk(review, *finding, FindingState::Answered, Some(remark(text))),
        H::FindingAccepted { finding } => talk(review, *finding, FindingState::Accepted, None),
        H::FindingSentBack { finding, text } => talk(review, *finding, FindingState::Open, Some(remark(text))),
        H::ReviewJoined => {
            review.joined.insert(mark.by);
        }
        H::Approved { commit, policy } => {
            review.approvals.retain(|a| a.mark.by != mark.by);
            let evidence = review.evidence.len();
            review.approvals.push(Approval { mark, commit: commit.clone(), policy: policy.clone(), evidence });
        }
        H::ApprovalWithdrawn { .. } => review.approvals.retain(|a| a.mark.by != mark.by),
        H::TaskReported { text } => {
            if let Some(t) = &mut review.taken_over {
                t.task_done = Some(remark(text));
            }
        }
        _ => {}
    }
}

fn talk(review: &mut Review, id: u32, state: FindingState, said: Option<Remark>) {
    if let Some(f) = review.findings.iter_mut().find(|f| f.id == id) {
        f.state = state;
        f.talk.extend(said);
    }
}
