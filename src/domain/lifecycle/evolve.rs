//! Applies what happened. Never refuses: it also replays what the journal keeps.

use super::{
    event::{Event, Happened as H},
    state::State,
};
use crate::domain::{
    contact::{OperatorRules, WhenStopped},
    cycle::{Access, Cycle, Help, Mark, Operated, Point, Remark, Reservation, Setup},
    device::{Device, DoneAnswer, Placement, RepositoryState, ShutDown},
    id::{DeviceId, PersonId},
    release::{Release, TagNow},
    request::{LevelOfSupport, Request, Section},
    review::{Approval, Evidence, Finding, FindingState, Proposed, Review, TakenOver, Timeline},
    server::SupportClass,
};
use chrono::{DateTime, Utc};
use strum::IntoEnumIterator;

impl Device {
    /// A device before its first event. `at` opens its first cycle.
    pub fn draft(id: DeviceId, at: DateTime<Utc>) -> Self {
        Self {
            id,
            revision: 0,
            request: Request {
                name: String::new(),
                classes: Vec::new(),
                instruments: Vec::new(),
                group: String::new(),
                summary: String::new(),
                repository: String::new(),
                trunk: String::new(),
                folder: String::new(),
                why: String::new(),
                done: String::new(),
                assumptions: String::new(),
                hardware: String::new(),
                connectivity: String::new(),
                special: String::new(),
                level: LevelOfSupport::RecurrentReview,
                areas: Vec::new(),
                failures: String::new(),
            },
            contributors: Default::default(),
            contacts: Vec::new(),
            operators: OperatorRules { when_stopped: WhenStopped::CallFirst, may_stop: false, note: String::new() },
            ctrl_contact: None,
            state: State::Draft,
            cycle: Cycle::open(1, at),
            shut_down: None,
            placements: Vec::new(),
            releases: Vec::new(),
            repository: None,
            offers: Vec::new(),
            done_answers: Vec::new(),
        }
    }

    fn review_mut(&mut self) -> Option<&mut Review> {
        match &mut self.state {
            State::UnderReview { review, .. } => Some(review),
            _ => None,
        }
    }
}

/// The device after this event.
pub fn evolve(mut device: Device, event: &Event) -> Device {
    device.revision += 1;
    let at = event.at;
    // Only Custody's own readings have no person, and none of them makes a mark.
    let mark = Mark { by: event.by.unwrap_or(PersonId(uuid::Uuid::nil())), at };
    let remark = |text: &str| Remark { mark, text: text.to_owned() };
    let d = &mut device;
    match &event.what {
        H::Submitted { application } => {
            d.request = application.request.clone();
            d.contributors = application.contributors.clone();
            d.contacts = application.contacts.clone();
            d.operators = application.operators.clone();
            d.state = State::Requested { since: at };
            d.cycle = Cycle::open(1, at);
            open_points(d, mark);
        }
        H::Amended { request } => {
            // What changed is to be clarified again: the sign-offs of the points go.
            d.request = (**request).clone();
            for p in d.cycle.discussion.points.iter_mut().filter(|p| p.section.is_some()) {
                p.signed_off = None;
            }
            let areas = d.request.areas.clone();
            d.cycle.discussion.areas.retain(|a, _| areas.contains(a));
        }
        H::ContactAssigned { person } => d.ctrl_contact = Some(*person),
        H::Invited { person } => {
            d.cycle.discussion.invited.insert(*person);
        }
        H::PointRaised { point, text } => d.cycle.discussion.points.push(Point {
            id: *point,
            section: None,
            raised: remark(text),
            answers: Vec::new(),
            signed_off: None,
        }),
        H::PointAnswered { point, text } => {
            if let Some(p) = d.cycle.discussion.points.iter_mut().find(|p| p.id == *point) {
                p.answers.push(remark(text));
            }
        }
        H::PointSignedOff { point } => {
            if let Some(p) = d.cycle.discussion.points.iter_mut().find(|p| p.id == *point) {
                p.signed_off = Some(mark);
            }
        }
        H::ReservationRaised { reservation, text } => d.cycle.discussion.reservations.push(Reservation {
            id: *reservation,
            raised: remark(text),
            answer: None,
            accepted: None,
        }),
        H::ReservationAnswered { reservation, text } => {
            if let Some(r) = d.cycle.discussion.reservations.iter_mut().find(|r| r.id == *reservation) {
                r.answer = Some(remark(text));
            }
        }
        H::ReservationAccepted { reservation } => {
            if let Some(r) = d.cycle.discussion.reservations.iter_mut().find(|r| r.id == *reservation) {
                r.accepted = Some(mark);
            }
        }
        H::AreaSignedOff { area, text } => {
            d.cycle.discussion.areas.insert(area.clone(), remark(text));
        }
        H::Accepted => d.state = State::Accepted { since: at },
        H::Declined { reason } => d.state = State::Declined { reason: remark(reason) },
        H::Withdrawn { reason } => d.state = State::Withdrawn { reason: remark(reason) },
        H::Retired { reason } => d.state = State::Retired { reason: remark(reason) },

        H::ServerAssigned { server } => {
            d.placements.push(Placement { server: server.clone(), class: SupportClass::Reduced, release: None, mark })
        }
        H::CommittedToUpdates => d.cycle.setup.committed = Some(mark),
        H::AccessGranted { person } => {
            d.cycle.setup.access.push(Access { person: *person, granted: mark, revoked: None });
        }
        H::AccessRevoked { person } => revoke(&mut d.cycle.setup, Some(*person), mark),
        H::FrameworkDeclared { modified } => d.cycle.setup.framework_modified = Some(*modified),
        // Training belongs to the person and is kept there.
        H::Trained { .. } => {}
        H::DevelopmentStarted => d.state = State::ReducedSupport { since: at },
        H::HelpAsked { entry, kind, text } => {
            d.cycle.help.push(Help { id: *entry, kind: *kind, asked: Some(remark(text)), scheduled: None, given: None })
        }
        H::HelpScheduled { entry, on } => {
            if let Some(h) = d.cycle.help.iter_mut().find(|h| h.id == *entry) {
                h.scheduled = Some((*on, mark));
            }
        }
        H::HelpGiven { entry, kind, text } => {
            let given = Some(remark(text));
            match d.cycle.help.iter_mut().find(|h| h.id == *entry) {
                Some(h) => h.given = given,
                None => d.cycle.help.push(Help { id: *entry, kind: *kind, asked: None, scheduled: None, given }),
            }
        }
        H::OperatedStated { from, to, instrument, text } => {
            d.cycle.operated = Some(Operated {
                from: *from,
                to: *to,
                instrument: instrument.clone(),
                stated: remark(text),
                countersigned: None,
            });
        }
        H::Countersigned => {
            if let Some(o) = &mut d.cycle.operated {
                o.countersigned = Some(mark);
            }
        }
        H::TransferRequested => d.state = State::UnderReview { since: at, review: Box::default() },
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
        H::HandedBack { server, base, until, .. } => {
            let modified = d.cycle.setup.framework_modified;
            d.state = State::ReducedSupport { since: at };
            d.cycle = Cycle::open(d.cycle.number + 1, at);
            d.cycle.base = Some(base.clone());
            d.cycle.loan_until = *until;
            d.cycle.setup.framework_modified = modified;
            open_points(d, mark);
            d.placements =
                vec![Placement { server: server.clone(), class: SupportClass::Reduced, release: None, mark }];
        }
        H::LoanExtended { until, .. } => d.cycle.loan_until = Some(*until),
        H::DoneAnswered { reached, text } => {
            d.done_answers.push(DoneAnswer { reached: *reached, remark: remark(text) });
        }

        H::TagVerified { verified } => {
            d.releases.push(Release { verified: verified.clone(), at, tag_now: TagNow::Stands });
        }
        H::TagMoved { tag, to } => set_tag(d, tag, TagNow::Moved { to: to.clone(), at }),
        H::TagVanished { tag } => set_tag(d, tag, TagNow::Vanished { at }),
        H::TagRestored { tag } => set_tag(d, tag, TagNow::Stands),
        H::RepositoryReached { head } => {
            d.repository = Some(RepositoryState { at, reached: Ok(head.clone()) });
        }
        H::RepositoryLost { why } => {
            d.repository = Some(RepositoryState { at, reached: Err(why.clone()) });
        }
        H::Deployed { server, class, release } => {
            // One class only: what it was on before goes in the same step (N2, T8).
            d.placements.retain(|p| p.class == *class && p.server != *server);
            d.placements.push(Placement { server: server.clone(), class: *class, release: release.clone(), mark });
        }
        H::Removed { server } => d.placements.retain(|p| p.server != *server),

        H::ShutDown { reason, affected, responsible, conditions } => {
            d.shut_down = Some(ShutDown {
                reason: remark(reason),
                affected: affected.clone(),
                responsible: *responsible,
                conditions: conditions.clone(),
            });
        }
        H::Restarted { .. } => d.shut_down = None,
        H::ContactsSet { contacts } => d.contacts = contacts.clone(),
        H::ContactConfirmed => {
            for c in d.contacts.iter_mut().filter(|c| Some(c.person) == event.by) {
                c.confirmed = Some(at);
            }
        }
        H::OperatorRulesSet { operators } => d.operators = operators.clone(),
        H::ContributorAdded { person } => {
            d.contributors.insert(*person);
        }
        H::ContributorRemoved { person } => {
            d.contributors.remove(person);
            revoke(&mut d.cycle.setup, Some(*person), mark);
        }
        H::AdoptionOffered { reason } => d.offers.push(remark(reason)),
        H::Adopted { person } => {
            revoke(&mut d.cycle.setup, None, mark);
            d.contributors = [*person].into();
            d.contacts.clear();
            d.offers.clear();
        }

        H::OverviewRecorded { .. }
        | H::TimelineProposed { .. }
        | H::TimelineAgreed { .. }
        | H::MilestoneReached { .. }
        | H::CommitProposed { .. }
        | H::EvidenceGiven { .. }
        | H::FindingRaised { .. }
        | H::FindingAnswered { .. }
        | H::FindingAccepted { .. }
        | H::FindingSentBack { .. }
        | H::ReviewJoined
        | H::Approved { .. }
        | H::ApprovalWithdrawn { .. }
        | H::TaskReported { .. } => {
            if let Some(review) = d.review_mut() {
                in_review(review, &event.what, mark);
            }
        }
    }
    device
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
            review.approvals.push(Approval { mark, commit: commit.clone(), policy: policy.clone() });
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

/// Every section of the request is a point to clarify (L6).
fn open_points(d: &mut Device, mark: Mark) {
    d.cycle.discussion.points = Section::iter()
        .zip(1..)
        .map(|(section, id)| Point {
            id,
            section: Some(section),
            raised: Remark { mark, text: section.title().to_owned() },
            answers: Vec::new(),
            signed_off: None,
        })
        .collect();
}

fn revoke(setup: &mut Setup, person: Option<PersonId>, mark: Mark) {
    for a in setup.access.iter_mut().filter(|a| a.revoked.is_none()) {
        if person.is_none_or(|p| p == a.person) {
            a.revoked = Some(mark);
        }
    }
}

fn set_tag(d: &mut Device, tag: &crate::domain::tag::TagName, now: TagNow) {
    for r in d.releases.iter_mut().filter(|r| r.tag() == tag) {
        r.tag_now = now.clone();
    }
}
