//! The request and its discussion (L1 to L7), up to where it is accepted or ends.

use super::Event;
use crate::domain::{
    cycle::{Cycle, Mark, Point, Remark, Reservation},
    device::Device,
    lifecycle::{event::Happened as H, state::State},
    request::Section,
};
use strum::IntoEnumIterator;

pub(super) fn apply(d: &mut Device, event: &Event, mark: Mark) {
    let at = event.at;
    let remark = |text: &str| Remark { mark, text: text.to_owned() };
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
        H::Imported { imported } => imported.apply(d, mark),
        H::Amended { request } => {
            // What changed is to be clarified again: the sign-offs of points and areas go, and what was read elsewhere.
            if (&request.repository, &request.trunk) != (&d.request.repository, &d.request.trunk) {
                d.repository = None;
            }
            d.request = (**request).clone();
            for p in d.cycle.discussion.points.iter_mut().filter(|p| p.section.is_some()) {
                p.signed_off = None;
            }
            d.cycle.discussion.areas.clear();
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
        H::Declined { reason } => end(d, State::Declined { reason: remark(reason) }),
        H::Withdrawn { reason } => end(d, State::Withdrawn { reason: remark(reason) }),
        H::Retired { reason } => end(d, State::Retired { reason: remark(reason) }),
        _ => {}
    }
}

/// A shut-down lies over running states only: what has ended is not to be restarted (N6).
fn end(d: &mut Device, state: State) {
    d.state = state;
    d.shut_down = None;
}

/// Every section of the request is a point to clarify (L6).
pub(super) fn open_points(d: &mut Device, mark: Mark) {
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
