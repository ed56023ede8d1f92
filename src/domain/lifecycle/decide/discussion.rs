//! The request and its discussion (L1 to L7).

use super::{Code, Refusal, already, none_such, short, text};
use crate::domain::{
    device::Device,
    lifecycle::{command::Command, event::Happened as H, facts::Facts},
    person::Role,
};

pub(super) fn decide(device: &Device, command: &Command, facts: &Facts) -> Result<Vec<H>, Refusal> {
    let d = &device.cycle.discussion;
    let me = facts.actor.person();
    Ok(vec![match command {
        Command::Submit { application } => {
            let mut application = application.clone();
            // Whoever sends it in has the form before them: their own number is confirmed with it, and no other.
            application.contacts = super::contacts::list(device, &application.contacts, facts)?;
            application.operators = super::contacts::rules(&application.operators)?;
            if application.contributors.iter().any(|c| !facts.people.active(*c)) {
                return Err(Refusal::new(Code::Incomplete, "Choose contributors whose accounts are open."));
            }
            application.contributors.extend(me);
            H::Submitted { application }
        }
        Command::Amend { request } => {
            // Operators, servers and the history know it by its name.
            if request.name != device.name() {
                return Err(Refusal::new(
                    Code::Incomplete,
                    format!("The name stays: {}. What has another name is another device.", device.name()),
                ));
            }
            if **request == device.request {
                return Err(already("Nothing is different from what is on record."));
            }
            H::Amended { request: request.clone() }
        }
        Command::TakeRequest {} => match me {
            Some(me) if device.ctrl_contact == Some(me) => return Err(already("You are its CTRL contact already.")),
            Some(person) => H::ContactAssigned { person },
            None => return Err(Refusal::new(Code::NotYours, "A person takes a request.")),
        },
        Command::AssignContact { person } => {
            if !facts.people.has(*person, &Role::Ctrl) || device.is_contributor(*person) {
                return Err(Refusal::new(
                    Code::Incomplete,
                    "Choose a member of CTRL who is not a contributor of this device.",
                ));
            }
            if device.ctrl_contact == Some(*person) {
                return Err(already("They are its CTRL contact already."));
            }
            H::ContactAssigned { person: *person }
        }
        Command::Invite { person } => {
            if !facts.people.active(*person) {
                return Err(Refusal::new(Code::Incomplete, "Choose somebody whose account is open."));
            }
            if d.invited.contains(person) {
                return Err(already("They are invited already."));
            }
            H::Invited { person: *person }
        }
        Command::RaisePoint { text: t } => {
            H::PointRaised { point: d.points.len() as u32 + 1, text: text(t, "Say what has to be clarified.")? }
        }
        Command::AnswerPoint { point, text: t } => {
            let p = d.points.iter().find(|p| p.id == *point).ok_or_else(|| none_such("point", point))?;
            if p.signed_off.is_some() {
                return Err(already("This point is signed off; raise another one."));
            }
            H::PointAnswered { point: *point, text: text(t, "Write an answer.")? }
        }
        Command::SignOffPoint { point } => {
            let p = d.points.iter().find(|p| p.id == *point).ok_or_else(|| none_such("point", point))?;
            if p.signed_off.is_some() {
                return Err(already("This point is signed off already."));
            }
            H::PointSignedOff { point: *point }
        }
        Command::RaiseReservation { text: t } => H::ReservationRaised {
            reservation: d.reservations.len() as u32 + 1,
            text: text(t, "Say what you doubt, so that it can be addressed.")?,
        },
        Command::AnswerReservation { reservation, text: t } => {
            let r = d
                .reservations
                .iter()
                .find(|r| r.id == *reservation)
                .ok_or_else(|| none_such("reservation", reservation))?;
            if r.accepted.is_some() {
                return Err(already("This reservation is resolved."));
            }
            H::ReservationAnswered { reservation: *reservation, text: text(t, "Write how it is addressed.")? }
        }
        Command::AcceptReservation { reservation } => {
            let r = d
                .reservations
                .iter()
                .find(|r| r.id == *reservation)
                .ok_or_else(|| none_such("reservation", reservation))?;
            let Some(answer) = &r.answer else {
                return Err(Refusal::new(Code::Incomplete, "It has no answer yet: somebody answers it first."));
            };
            if r.accepted.is_some() {
                return Err(already("This reservation is resolved already."));
            }
            let by = r.raised.mark.by;
            if Some(by) != me && !facts.is_out(device, by) {
                let who = facts.people.name(by);
                return Err(Refusal::new(Code::NotYours, format!("{who} raised it, and accepts the answer.")));
            }
            // Another member of CTRL stands in for whoever is away, but nobody accepts their own answer (L5).
            if Some(by) != me && Some(answer.mark.by) == me {
                let who = facts.people.name(by);
                return Err(Refusal::new(
                    Code::NotYours,
                    format!("You answered it: {who}, who raised it, or another member of CTRL accepts the answer."),
                ));
            }
            H::ReservationAccepted { reservation: *reservation }
        }
        Command::SignOffArea { area, text: t } => {
            if !device.request.areas.contains(area) {
                return Err(none_such("critical area", area));
            }
            if !facts.person().is_some_and(|p| p.has(&Role::Expert(area.clone()))) {
                return Err(Refusal::new(
                    Code::NotYours,
                    format!("This is for a named expert of {} to do.", facts.policy.area_name(area)),
                ));
            }
            if d.areas.get(area).is_some_and(|r| Some(r.mark.by) == me) {
                return Err(already("You signed this area off already."));
            }
            H::AreaSignedOff { area: area.clone(), text: short(t)? }
        }
        Command::Accept {} => H::Accepted,
        Command::Decline { reason } => H::Declined { reason: short(reason)? },
        Command::Withdraw { reason } => H::Withdrawn { reason: short(reason)? },
        other => unreachable!("{} is judged in another room", other.kind()),
    }])
}
