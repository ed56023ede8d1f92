//! The form of an absence.

use crate::{
    domain::absence::Absence,
    service::{Error, FieldProblem, absences::Kept},
    web::parts::{Field, Kind, Width},
};
use chrono::NaiveDate;
use serde::Deserialize;

/// An absence as it is typed.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AbsenceForm {
    from: String,
    until: String,
    #[serde(default)]
    note: String,
}

impl AbsenceForm {
    pub fn of(kept: &Kept) -> Self {
        let Absence { from, until, note } = &kept.absence;
        Self { from: from.to_string(), until: until.to_string(), note: note.clone() }
    }

    /// What was meant; the days have to be days.
    pub fn read(&self) -> Result<Absence, Error> {
        let mut problems = Vec::new();
        let mut day = |field: &str, typed: &str, say: &str| {
            let typed = typed.trim();
            // Four digits for the year, as the field sends them.
            let read = NaiveDate::parse_from_str(typed, "%Y-%m-%d").ok().filter(|_| typed.len() == 10);
            if read.is_none() {
                problems.push(FieldProblem::new(field, say));
            }
            read.unwrap_or_default()
        };
        let from = day("from", &self.from, "Enter the first day, like 2026-12-01");
        let until = day("until", &self.until, "Enter the last day, like 2026-12-03");
        match problems.is_empty() {
            true => Ok(Absence { from, until, note: self.note.clone() }),
            false => Err(Error::Invalid(problems)),
        }
    }

    pub fn fields(&self) -> Vec<Field> {
        vec![
            Field::new(Kind::Date, "from", "First day").value(&self.from).width(Width::W20),
            Field::new(Kind::Date, "until", "Last day")
                .hint("The same as the first for one day.")
                .value(&self.until)
                .width(Width::W20),
            Field::text("note", "Note")
                .hint("A few words, like beam time at DESY. Only people who are signed in see it.")
                .value(&self.note)
                .optional()
                .max(200),
        ]
    }
}
