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
        _ => {}
    }
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

