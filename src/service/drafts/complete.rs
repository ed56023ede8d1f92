//! From what was typed to what the domain takes: an application, or everything that is in its way.

use super::{Answers, ContactAnswer, Directory, NO_AREA};
use crate::domain::{
    contact::{Contact, ENTER_A_NUMBER, NOTE_MAX, OperatorRules, is_phone},
    id::PersonId,
    lifecycle::command::Application,
    policy::Policy,
    request::{LevelOfSupport, Request, Section},
};

/// The most contacts that a device has.
pub const CONTACTS_MOST: usize = 10;

/// One answer to mend, at its field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub section: Section,
    pub field: String,
    /// What to enter, with an example.
    pub say: String,
}

impl Problem {
    pub fn new(section: Section, field: impl Into<String>, say: impl Into<String>) -> Self {
        Self { section, field: field.into(), say: say.into() }
    }
}

/// The request alone, as an amendment needs it (L1 to L3).
pub fn request(a: &Answers, policy: &Policy) -> Result<Request, Vec<Problem>> {
    let level: Option<LevelOfSupport> = a.level.parse().ok();
    let text = |t: &str| t.trim().to_owned();
    let request = Request {
        name: text(&a.name),
        classes: a.class_list(),
        instruments: a.instruments.iter().map(|i| text(i)).filter(|i| !i.is_empty()).collect(),
        group: text(&a.group),
        summary: text(&a.summary),
        repository: text(&a.repository),
        trunk: text(&a.trunk),
        folder: text(&a.folder),
        why: text(&a.why),
        done: text(&a.done),
        assumptions: text(&a.assumptions),
        hardware: text(&a.hardware),
        connectivity: text(&a.connectivity),
        special: text(&a.special),
        // Where none is chosen there is a problem, and the request goes nowhere.
        level: level.unwrap_or(LevelOfSupport::FinalReviewOnly),
        areas: a.areas.iter().filter(|area| *area != NO_AREA).cloned().collect(),
        failures: text(&a.failures),
    };
    let found = request.problems(policy);
    let mut problems: Vec<Problem> = found.into_iter().map(|p| Problem::new(p.section, p.field, p.say)).collect();
    if level.is_none() {
        problems.push(Problem::new(Section::Support, "level", "Choose how much help you expect while it is developed"));
    }
    let none = a.areas.iter().any(|area| area == NO_AREA);
    let say = match (request.areas.is_empty(), none) {
        (true, false) if !policy.areas.critical.is_empty() => {
            Some("Choose each area that it touches, or None of these")
        }
        (false, true) => Some("Choose the areas that it touches or None of these, not both"),
        _ => None,
    };
    problems.extend(say.map(|say| Problem::new(Section::Risks, "areas", say)));
    problems.sort_by_key(|p| p.section);
    if problems.is_empty() { Ok(request) } else { Err(problems) }
}

/// The whole application (L1 to L4, O6). `me` sends it in.
pub fn complete(a: &Answers, policy: &Policy, people: &Directory, me: PersonId) -> Result<Application, Vec<Problem>> {
    let request = request(a, policy);
    let mut problems = request.as_ref().err().cloned().unwrap_or_default();
    let contacts = contacts(&a.contacts, people, me, &mut problems);
    let mut need = |field: &str, say: &str| problems.push(Problem::new(Section::Contacts, field, say));
    let when_stopped = a.when_stopped.parse().ok();
    if when_stopped.is_none() {
        need("when_stopped", "Choose what operators may do when it stops");
    }
    if !matches!(a.may_stop.as_str(), "yes" | "no") {
        need("may_stop", "Choose whether operators may stop it");
    }
    if a.note.trim().chars().count() > NOTE_MAX {
        need("note", &format!("Shorten it to {NOTE_MAX} characters: operators read it at night"));
    }
    match (request, when_stopped) {
        (Ok(request), Some(when_stopped)) if problems.is_empty() => Ok(Application {
            request,
            contributors: [me].into(),
            contacts,
            operators: OperatorRules { when_stopped, may_stop: a.may_stop == "yes", note: a.note.trim().to_owned() },
        }),
        _ => Err(problems),
    }
}

/// What to say where a name leads to nobody, or to several.
const CHOOSE: &str = "Choose a person from the list, like Ilse Hartmann <ilse@example.org>";

fn contacts(rows: &[ContactAnswer], people: &Directory, me: PersonId, problems: &mut Vec<Problem>) -> Vec<Contact> {
    let mut need = |field: String, say: String| problems.push(Problem::new(Section::Contacts, field, say));
    if rows.is_empty() || rows.len() > CONTACTS_MOST {
        need("person_1".to_owned(), format!("Name between 1 and {CONTACTS_MOST} contacts, in the order of calling"));
    }
    // A row that was added and left blank is nobody; where all are, somebody is asked for in the first.
    let mut asked: Vec<_> = rows.iter().zip(1..).filter(|(row, _)| !row.is_blank()).collect();
    if asked.is_empty() {
        asked.extend(rows.iter().zip(1..).take(1));
    }
    let mut list: Vec<Contact> = Vec::new();
    let mut with_number = false;
    for (row, n) in &asked {
        let person = people.find(&row.person);
        let hours = row.hours.parse();
        match person {
            None => need(format!("person_{n}"), CHOOSE.to_owned()),
            Some(p) if list.iter().any(|c| c.person == p.id) => {
                need(format!("person_{n}"), format!("{} is named already: choose somebody else", p.name));
            }
            // One's own number is entered here; the others' are theirs.
            Some(p) if p.id == me => {
                let number = if row.phone.trim().is_empty() { p.phone.as_deref().unwrap_or("") } else { &row.phone };
                if !is_phone(number) {
                    need(format!("phone_{n}"), ENTER_A_NUMBER.to_owned());
                }
                with_number = true;
            }
            Some(p) => with_number |= p.phone.is_some(),
        }
        if hours.is_err() {
            need(format!("hours_{n}"), "Choose when this person can be reached".to_owned());
        }
        if row.time_zone.trim().parse::<chrono_tz::Tz>().is_err() {
            need(format!("time_zone_{n}"), "Enter a time zone by its name, like Europe/Berlin".to_owned());
        }
        let deputy = people.find(&row.deputy);
        match deputy {
            None if !row.deputy.trim().is_empty() => {
                need(format!("deputy_{n}"), format!("{CHOOSE}, or leave it empty"));
            }
            Some(d) if person.is_some_and(|p| p.id == d.id) => {
                need(format!("deputy_{n}"), "Choose somebody else: nobody is their own deputy".to_owned());
            }
            _ => {}
        }
        if let (Some(p), Ok(hours)) = (person, hours) {
            list.push(Contact {
                person: p.id,
                hours,
                time_zone: row.time_zone.trim().to_owned(),
                deputy: deputy.map(|d| d.id),
                confirmed: None,
            });
        }
    }
    if !list.is_empty() && list.len() == asked.len() && !with_number {
        let say = "Name at least one contact with a telephone number: each person enters theirs under My account";
        need("person_1".to_owned(), say.to_owned());
    }
    list
}
