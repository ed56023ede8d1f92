//! A request's answers as typed: right or wrong, nothing is lost.

use crate::domain::{
    contact::{Contact, OperatorRules},
    request::{Request, Section},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Chosen among the critical areas where a device touches none: silence does not say so (L7).
pub const NO_AREA: &str = "none of these";

/// Everything typed so far. Choices are kept by the word that the form sends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answers {
    pub name: String,
    /// One to a line.
    pub classes: String,
    pub summary: String,
    pub group: String,
    pub instruments: Vec<String>,
    pub repository: String,
    pub trunk: String,
    pub folder: String,
    pub why: String,
    pub done: String,
    pub assumptions: String,
    pub hardware: String,
    pub connectivity: String,
    pub special: String,
    pub level: String,
    pub areas: Vec<String>,
    pub failures: String,
    pub contacts: Vec<ContactAnswer>,
    pub when_stopped: String,
    pub may_stop: String,
    pub note: String,
    /// Sections that were called finished: their problems show.
    pub finished: BTreeSet<Section>,
    /// Each section that was saved, with the draft's revision that saved it.
    pub saved: BTreeMap<Section, i64>,
}

/// One row of the contacts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContactAnswer {
    /// As chosen or typed: `Ilse Hartmann <ilse@example.org>`.
    pub person: String,
    /// One's own number as typed, kept only until it is one.
    pub phone: String,
    pub hours: String,
    pub time_zone: String,
    /// Like `person`; may be empty.
    pub deputy: String,
}

impl ContactAnswer {
    /// Whether it was added and left as it is: nobody is named, and nothing is said of them.
    pub fn is_blank(&self) -> bool {
        [&self.person, &self.phone, &self.hours, &self.deputy].iter().all(|text| text.trim().is_empty())
    }
}

impl Answers {
    /// What is on record, as it would be typed. Contacts and operators' rules are not part of it.
    pub fn of_request(r: &Request) -> Self {
        Self {
            name: r.name.clone(),
            classes: r.classes.join("\n"),
            summary: r.summary.clone(),
            group: r.group.clone(),
            instruments: r.instruments.clone(),
            repository: r.repository.clone(),
            trunk: r.trunk.clone(),
            folder: r.folder.clone(),
            why: r.why.clone(),
            done: r.done.clone(),
            assumptions: r.assumptions.clone(),
            hardware: r.hardware.clone(),
            connectivity: r.connectivity.clone(),
            special: r.special.clone(),
            level: <&str>::from(r.level).to_owned(),
            areas: if r.areas.is_empty() { vec![NO_AREA.to_owned()] } else { r.areas.clone() },
            failures: r.failures.clone(),
            ..Self::default()
        }
    }

    /// The same, to be changed. That it touches no critical area is for its contributors to say: of some it never was, and
    /// nothing else is on record of them (L7).
    pub fn to_amend(r: &Request) -> Self {
        Self { areas: r.areas.clone(), ..Self::of_request(r) }
    }

    /// With the contacts and the operators' rules of a device; `name` says who a person is.
    pub fn with_contacts(
        mut self,
        contacts: &[Contact],
        operators: &OperatorRules,
        name: impl Fn(crate::domain::id::PersonId) -> String,
    ) -> Self {
        let row = |c: &Contact| ContactAnswer {
            person: name(c.person),
            phone: String::new(),
            hours: <&str>::from(c.hours).to_owned(),
            time_zone: c.time_zone.clone(),
            deputy: c.deputy.map(&name).unwrap_or_default(),
        };
        self.contacts = contacts.iter().map(row).collect();
        self.when_stopped = <&str>::from(operators.when_stopped).to_owned();
        self.may_stop = if operators.may_stop { "yes" } else { "no" }.to_owned();
        self.note = operators.note.clone();
        self
    }

    /// Takes the answers of one section; those of the others stay.
    pub fn take(&mut self, section: Section, from: &Answers) {
        let f = from.clone();
        match section {
            Section::Device => {
                self.name = f.name;
                self.classes = f.classes;
                self.summary = f.summary;
                self.group = f.group;
                self.instruments = f.instruments;
                self.repository = f.repository;
                self.trunk = f.trunk;
                self.folder = f.folder;
            }
            Section::Scope => {
                self.why = f.why;
                self.done = f.done;
                self.assumptions = f.assumptions;
                self.hardware = f.hardware;
                self.connectivity = f.connectivity;
                self.special = f.special;
            }
            Section::Support => self.level = f.level,
            Section::Risks => {
                self.areas = f.areas;
                self.failures = f.failures;
            }
            Section::Contacts => {
                self.contacts = f.contacts;
                self.when_stopped = f.when_stopped;
                self.may_stop = f.may_stop;
                self.note = f.note;
            }
        }
    }

    /// The answers of a section by the names of their fields; several choices in one text.
    pub fn entries(&self, section: Section) -> Vec<(String, String)> {
        let own = |list: &[(&str, &str)]| list.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        match section {
            Section::Device => own(&[
                ("name", &self.name),
                ("classes", &self.classes),
                ("summary", &self.summary),
                ("group", &self.group),
                ("instruments", &self.instruments.join(", ")),
                ("repository", &self.repository),
                ("trunk", &self.trunk),
                ("folder", &self.folder),
            ]),
            Section::Scope => own(&[
                ("why", &self.why),
                ("done", &self.done),
                ("assumptions", &self.assumptions),
                ("hardware", &self.hardware),
                ("connectivity", &self.connectivity),
                ("special", &self.special),
            ]),
            Section::Support => own(&[("level", &self.level)]),
            Section::Risks => own(&[("areas", &self.areas.join(", ")), ("failures", &self.failures)]),
            Section::Contacts => {
                let mut all: Vec<(String, String)> = Vec::new();
                for (row, n) in self.contacts.iter().zip(1..) {
                    all.push((format!("person_{n}"), row.person.clone()));
                    all.push((format!("phone_{n}"), row.phone.clone()));
                    all.push((format!("hours_{n}"), row.hours.clone()));
                    all.push((format!("time_zone_{n}"), row.time_zone.clone()));
                    all.push((format!("deputy_{n}"), row.deputy.clone()));
                }
                let rest: Vec<(String, String)> =
                    own(&[("when_stopped", &self.when_stopped), ("may_stop", &self.may_stop), ("note", &self.note)]);
                all.extend(rest);
                all
            }
        }
    }

    /// The device classes, one to a line.
    pub fn class_list(&self) -> Vec<String> {
        self.classes.lines().map(str::trim).filter(|c| !c.is_empty()).map(str::to_owned).collect()
    }
}
