//! A request's answers to read: before it is sent, and beside the points of its discussion.

use super::contacts::ordinal;
use crate::{
    domain::{
        contact::{Hours, WhenStopped},
        policy::Policy,
        request::{LevelOfSupport, Section},
    },
    service::drafts::{Answers, ContactAnswer, NO_AREA},
    web::parts::{Summary, SummarySection},
};

/// The answers of a section. `phone` finds the number of whoever a row names; `change` is where they are changed.
pub fn of(
    section: Section,
    a: &Answers,
    policy: &Policy,
    phone: impl Fn(&str) -> Option<String>,
    change: Option<&str>,
) -> SummarySection {
    let line = |term: &str, field: &str, answer: &str| {
        let s = Summary::new(term, answer);
        match change {
            Some(href) => s.change(&format!("{href}#{field}")),
            None => s,
        }
    };
    let answers = match section {
        Section::Device => vec![
            line("Name", "name", &code(&a.name)),
            line("Device classes", "classes", &a.class_list().iter().map(|c| code(c)).collect::<Vec<_>>().join(", ")),
            line("What it does", "summary", &a.summary),
            line("Group", "group", &a.group),
            line(
                "Instruments",
                if policy.facility.instruments.is_empty() { "instruments" } else { "instruments-1" },
                &a.instruments.join(", "),
            ),
            line("Repository", "repository", &code(&a.repository)),
            line("Branch for releases", "trunk", &code(&a.trunk)),
            line("Folder", "folder", if a.folder.trim().is_empty() { "The whole repository" } else { &a.folder }),
        ],
        Section::Scope => vec![
            line("Why it is needed", "why", &a.why),
            line("When it is done", "done", &a.done),
            line("Assumptions", "assumptions", &a.assumptions),
            line("Hardware", "hardware", &a.hardware),
            line("Network", "connectivity", &a.connectivity),
            line("Other requirements", "special", if a.special.trim().is_empty() { "None" } else { &a.special }),
        ],
        Section::Support => {
            let level = a.level.parse::<LevelOfSupport>().map_or("", LevelOfSupport::words);
            vec![line("During development", "level-1", level)]
        }
        Section::Risks => {
            let touched = a.areas.iter().filter(|id| *id != NO_AREA);
            let areas: Vec<&str> = touched.map(|id| policy.area_name(id)).collect();
            let areas = match areas.is_empty() {
                true if a.areas.is_empty() && !policy.areas.critical.is_empty() => String::new(),
                true => "None of them".to_owned(),
                false => areas.join(", "),
            };
            vec![line("Touches critical areas", "areas-1", &areas), line("If it fails", "failures", &a.failures)]
        }
        Section::Contacts => {
            let named = a.contacts.iter().zip(1..).filter(|(c, n)| *n == 1 || !c.is_blank());
            let mut all: Vec<Summary> =
                named.map(|(c, n)| line(&ordinal(n), &format!("person_{n}"), &contact(c, phone(&c.person)))).collect();
            let when = a.when_stopped.parse::<WhenStopped>().map_or("", WhenStopped::words);
            let may = match a.may_stop.as_str() {
                "yes" => "Yes",
                "no" => "No, they call first",
                _ => "",
            };
            all.push(line("If it stops", "when_stopped-1", when));
            all.push(line("Operators may stop it", "may_stop-1", may));
            all.push(line("For the shift", "note", if a.note.trim().is_empty() { "Nothing more" } else { &a.note }));
            all
        }
    };
    SummarySection { title: section.title().to_owned(), answers }
}

fn code(name: &str) -> String {
    if name.trim().is_empty() { String::new() } else { format!("`{}`", name.trim()) }
}

fn contact(c: &ContactAnswer, phone: Option<String>) -> String {
    if c.person.trim().is_empty() {
        return String::new();
    }
    let bare = |p: &str| p.split_once(" <").map_or(p, |(name, _)| name).to_owned();
    let mut said = vec![bare(&c.person), phone.unwrap_or_else(|| "no telephone number yet".to_owned())];
    if let Ok(hours) = c.hours.parse::<Hours>() {
        said.push(format!("{} ({})", hours.words(), c.time_zone));
    }
    let mut text = said.join(", ");
    if !c.deputy.trim().is_empty() {
        text += &format!("\nDeputy: {}", bare(&c.deputy));
    }
    text
}
