//! Questions that come in rows: support contacts in the order of calling, milestones in the order of their days.

use super::{Question, Typed, choices};
use crate::{
    domain::{
        contact::{Contact, Hours},
        lifecycle::command::Step,
    },
    service::{drafts::CONTACTS_MOST, prepare::ActContext},
    web::{
        acts::typed::{MOST_ROWS, Reader},
        parts::{Choice, Field, Kind, Width},
    },
};
use chrono_tz::Tz;
use std::collections::BTreeSet;
use strum::IntoEnumIterator;

const CONTACT: [&str; 4] = ["person", "hours", "time_zone", "deputy"];
const MILESTONE: [&str; 2] = ["name", "due"];

fn word(hours: Hours) -> String {
    serde_json::to_value(hours).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A row for each contact on record or sent, and blank ones behind them.
pub fn of_contacts(cx: &ActContext, typed: &Typed) -> Vec<Question> {
    let rows = typed.rows(&CONTACT).max(cx.device.contacts.len() + 2).min(MOST_ROWS);
    let people = choices::people(cx, |_| true);
    let sent = typed.rows(&CONTACT) > 0;
    (1..=rows)
        .flat_map(|n| {
            let on_record = cx.device.contacts.get(n - 1).filter(|_| !sent);
            contact(cx, n, on_record, people.clone())
        })
        .collect()
}

fn contact(cx: &ActContext, n: usize, on_record: Option<&Contact>, people: Vec<Choice>) -> Vec<Question> {
    let value = |v: Option<String>| v.unwrap_or_default();
    let none =
        |label: &str, people: Vec<Choice>| std::iter::once(Choice::new("", label)).chain(people).collect::<Vec<_>>();
    let hours = Hours::iter().map(|h| Choice::new(&word(h), h.words())).collect();
    let zone = on_record.map_or(cx.policy.facility.time_zone.name(), |c| &c.time_zone);
    let mut person = Question::new(
        Field::select(&format!("person_{n}"), "Who", none("Nobody", people.clone()))
            .value(value(on_record.map(|c| c.person.to_string()))),
        "Choose the person to call",
    );
    person.row = Some(if n == 1 { "Call first".to_owned() } else { format!("Call number {n}") });
    if n > 1 {
        person.field.required = false;
    }
    vec![
        person,
        Question::new(
            Field::select(&format!("hours_{n}"), "When", hours)
                .value(on_record.map_or_else(|| word(Hours::Working), |c| word(c.hours))),
            "Choose when they can be called",
        ),
        Question::new(
            Field::new(Kind::Name, &format!("time_zone_{n}"), "Time zone")
                .width(Width::W20)
                .hint("Theirs, like Europe/Berlin.")
                .value(zone)
                .max(60),
            "Enter their time zone, like Europe/Berlin",
        ),
        Question::new(
            Field::select(&format!("deputy_{n}"), "Deputy", none("Nobody", people))
                .optional()
                .value(value(on_record.and_then(|c| c.deputy).map(|p| p.to_string()))),
            "Choose who answers when they cannot",
        ),
    ]
}

/// The rows that name somebody, in their order. What is wrong with any of them is told at its field.
pub fn contacts(r: &mut Reader<'_>) -> Option<Vec<Contact>> {
    let mut all: Vec<Contact> = Vec::new();
    let mut named = BTreeSet::new();
    for n in 1..=r.typed.rows(&CONTACT) {
        let fields = CONTACT.map(|stem| format!("{stem}_{n}"));
        let [who, when, zone, instead] = fields.each_ref().map(String::as_str);
        if r.typed.one(who).is_empty() {
            if !r.typed.one(instead).is_empty() {
                r.problem::<()>(who, Some("Choose the person to call, or nobody as the deputy".to_owned()));
            }
            continue;
        }
        let (person, hours) = (r.person(who), r.word(when));
        let time_zone = r.parsed(zone, |t| t.parse::<Tz>().ok().map(|_| t.to_owned()));
        let deputy = r.optional(instead, |r, name| r.person(name));
        if let Some(person) = person {
            if !named.insert(person) {
                r.problem::<()>(who, Some("Choose somebody else: this person is named already".to_owned()));
            } else if named.len() > CONTACTS_MOST {
                r.problem::<()>(
                    who,
                    Some(format!("Choose nobody here: a device has at most {CONTACTS_MOST} contacts")),
                );
            }
            if deputy == Some(Some(person)) {
                r.problem::<()>(instead, Some("Choose somebody else: nobody is their own deputy".to_owned()));
            }
        }
        if let (Some(person), Some(hours), Some(time_zone), Some(deputy)) = (person, hours, time_zone, deputy) {
            all.push(Contact { person, hours, time_zone, deputy, confirmed: None });
        }
    }
    if all.is_empty() && r.problems.is_empty() {
        return r.problem("person_1", Some("Choose at least one person whom operators can call".to_owned()));
    }
    Some(all)
}

/// A row for each milestone on record or sent, and blank ones behind them.
pub fn of_milestones(cx: &ActContext, typed: &Typed) -> Vec<Question> {
    let known =
        cx.device.review().and_then(|r| r.timeline.as_ref()).map(|t| t.milestones.as_slice()).unwrap_or_default();
    let sent = typed.rows(&MILESTONE) > 0;
    let rows = typed.rows(&MILESTONE).max(known.len() + 1).clamp(4, MOST_ROWS);
    (1..=rows)
        .flat_map(|n| {
            let on_record = known.get(n - 1).filter(|_| !sent);
            let mut name = Question::new(
                Field::text(&format!("name_{n}"), "What is reached")
                    .hint(if n == 1 { "Like: the style check passes." } else { "" })
                    .max(200)
                    .value(on_record.map_or("", |m| &m.name)),
                "Name the milestone, like: the style check passes",
            );
            name.row = Some(format!("Milestone {n}"));
            let mut due =
                super::date(&format!("due_{n}"), "By").value(on_record.map_or_else(String::new, |m| m.due.to_string()));
            if n > 1 {
                (name, due) = (name.optional(), due.optional());
            }
            [name, due]
        })
        .collect()
}

/// The rows that are filled in, in their order.
pub fn milestones(r: &mut Reader<'_>) -> Option<Vec<Step>> {
    let mut all = Vec::new();
    for n in 1..=r.typed.rows(&MILESTONE) {
        let (name, due) = (format!("name_{n}"), format!("due_{n}"));
        if r.typed.one(&name).is_empty() && r.typed.one(&due).is_empty() {
            continue;
        }
        if let (Some(name), Some(due)) = (r.text(&name), r.date(&due)) {
            all.push(Step { name, due });
        }
    }
    if all.is_empty() && r.problems.is_empty() {
        return r.problem("name_1", None);
    }
    Some(all)
}
