//! Doubts about feasibility: raised by CTRL, answered, accepted (L5).

use super::{
    Reader,
    say::{Say, remark},
};
use crate::{
    domain::{cycle::Reservation, lifecycle::CommandKind as C},
    web::parts::{Action, Remark, Side, Turn},
};

pub struct ReservationView {
    pub id: String,
    pub number: u32,
    pub raised: Remark,
    pub answer: Option<Remark>,
    pub accepted: Option<String>,
    pub turn: Option<Turn>,
    pub reply: Option<Say>,
    pub accept: Option<Action>,
}

pub fn of(r: &Reader<'_>) -> Vec<ReservationView> {
    r.d.device.cycle.discussion.reservations.iter().map(|v| view(r, v)).collect()
}

fn view(r: &Reader<'_>, v: &Reservation) -> ReservationView {
    let place = format!("#reservation-{}", v.id);
    let open = v.accepted.is_none();
    let turn = match v.answer {
        None => r.contributors_turn(),
        Some(_) => r.turn_of(v.raised.mark.by, Side::Ctrl),
    };
    ReservationView {
        id: format!("reservation-{}", v.id),
        number: v.id,
        raised: remark(r, &v.raised),
        answer: v.answer.as_ref().map(|a| remark(r, a)),
        accepted: v.accepted.map(|m| format!("{}, {}", r.name(m.by), r.day(m.at))),
        turn: open.then_some(turn),
        reply: (open && r.may(C::AnswerReservation)).then(|| {
            let label = if v.answer.is_some() { "Answer it anew" } else { "How is it addressed?" };
            Say::new(r, C::AnswerReservation, &format!("answer-reservation-{}", v.id), &place, label)
                .about("reservation", v.id)
        }),
        accept: r.d.may_accept(v).then(|| {
            let about = format!("to reservation {}", v.id);
            r.button(C::AcceptReservation, &place)
                .sending("reservation", v.id)
                .small()
                .primary()
                .icon("check")
                .about(&about)
        }),
    }
}
