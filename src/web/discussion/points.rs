//! The points to clarify: each section of the request with its answers beside it, and those raised since (L6).

use super::{
    Reader,
    say::{Say, remark},
};
use crate::{
    domain::{cycle::Point, lifecycle::CommandKind as C},
    service::drafts::Answers,
    web::{
        parts::{Action, Remark, Side, SummarySection, Turn},
        requests::summary,
    },
};

pub struct PointView {
    /// Its place in the page: `point-3`.
    pub id: String,
    pub number: u32,
    pub title: String,
    /// Who raised it and when, for those that somebody raised.
    pub raised: Option<Remark>,
    /// The answers that it is about.
    pub section: Option<SummarySection>,
    pub answers: Vec<Remark>,
    /// By whom and when.
    pub signed_off: Option<String>,
    pub turn: Option<Turn>,
    pub answer: Option<Say>,
    pub sign_off: Option<Action>,
}

pub fn of(r: &Reader<'_>) -> Vec<PointView> {
    let device = &r.d.device;
    let asked = Answers::of_request(&device.request).with_contacts(&device.contacts, &device.operators, |p| r.name(p));
    device.cycle.discussion.points.iter().map(|p| point(r, p, &asked)).collect()
}

fn point(r: &Reader<'_>, p: &Point, asked: &Answers) -> PointView {
    let place = format!("#point-{}", p.id);
    let phone = |name: &str| r.d.people.0.values().find(|person| person.name == name).and_then(|p| p.phone.clone());
    let open = p.signed_off.is_none();
    PointView {
        id: format!("point-{}", p.id),
        number: p.id,
        title: p.section.map_or_else(|| "Raised in the discussion".to_owned(), |s| s.title().to_owned()),
        raised: p.section.is_none().then(|| remark(r, &p.raised)),
        section: p.section.map(|s| summary::of(s, asked, &r.app.policy, phone, None)),
        answers: p.answers.iter().map(|a| remark(r, a)).collect(),
        signed_off: p.signed_off.map(|m| format!("{}, {}", r.name(m.by), r.day(m.at))),
        turn: open.then(|| turn(r, p)),
        answer: (open && r.may(C::AnswerPoint)).then(|| {
            let label = if p.section.is_some() { "Ask or explain" } else { "Answer" };
            Say::new(r, C::AnswerPoint, &format!("answer-point-{}", p.id), &place, label).about("point", p.id)
        }),
        sign_off: (open && r.may(C::SignOffPoint)).then(|| {
            let about = format!("point {}", p.id);
            r.button(C::SignOffPoint, &place).sending("point", p.id).small().primary().icon("check").about(&about)
        }),
    }
}

/// What was raised waits for the other side's answer first; everything else for the CTRL contact.
fn turn(r: &Reader<'_>, p: &Point) -> Turn {
    if p.section.is_none() && p.answers.is_empty() {
        return match r.d.device.is_contributor(p.raised.mark.by) {
            true => r.ctrls_turn(),
            false => r.contributors_turn(),
        };
    }
    match r.d.device.ctrl_contact {
        Some(contact) => r.turn_of(contact, Side::Ctrl),
        None => Turn::Side(Side::Ctrl),
    }
}
