//! What came with a form, as it was sent: parsed into a command, or shown again with what has to change.

use super::questions::Question;
use crate::{
    domain::{
        id::{PersonId, ServerName},
        tag::{CommitDigits, CommitId, TagName, TagRule},
    },
    service::FieldProblem,
    web::parts::Field,
};
use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;

/// What every act's form may send besides its own questions.
const ALWAYS: [&str; 3] = ["revision", "key", "next"];

/// The most rows of a list that a form may send.
pub const MOST_ROWS: usize = 20;

/// A form's pairs in the order they came.
#[derive(Clone, Debug, Default)]
pub struct Typed(pub Vec<(String, String)>);

impl Typed {
    /// The answer under this name, without the blanks around it; empty where there is none.
    pub fn one(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.trim())
    }

    /// The answer with everything round it.
    fn as_sent(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }

    /// All answers under this name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.trim())
    }

    /// How many rows of a list were sent: the largest number behind any of these names.
    pub fn rows(&self, names: &[&str]) -> usize {
        let number = |n: &str| {
            let (stem, number) = n.rsplit_once('_')?;
            names.contains(&stem).then(|| number.parse::<usize>().ok()).flatten()
        };
        self.0.iter().filter_map(|(n, _)| number(n)).filter(|n| *n <= MOST_ROWS).max().unwrap_or(0)
    }

    /// A field that the form does not have, or one that came twice where there is one answer (A29).
    pub fn stranger(&self, questions: &[Question]) -> Option<String> {
        let mut seen = BTreeSet::new();
        for (name, _) in &self.0 {
            let many = questions.iter().any(|q| q.field.name == *name && q.many());
            let known = ALWAYS.contains(&name.as_str()) || questions.iter().any(|q| q.field.name == *name);
            if !known {
                return Some(format!("There is no field called {name} here."));
            }
            if !seen.insert(name) && !many {
                return Some(format!("{name} was sent twice, and has one answer."));
            }
        }
        None
    }

    /// The question with what was typed in it.
    pub fn refill(&self, field: Field) -> Field {
        if !self.has(&field.name) {
            return field;
        }
        let values = self.all(&field.name).map(str::to_owned).collect();
        Field { values, ..field }
    }
}

/// Reads a command's parts out of what was typed. Each part that is missing or cannot be read is noted with what to
/// enter, so that all of them are told at once.
pub struct Reader<'a> {
    pub typed: &'a Typed,
    pub questions: &'a [Question],
    pub problems: Vec<FieldProblem>,
}

impl<'a> Reader<'a> {
    pub fn new(typed: &'a Typed, questions: &'a [Question]) -> Self {
        Self { typed, questions, problems: Vec::new() }
    }

    /// Notes what to enter for this question.
    pub fn problem<T>(&mut self, name: &str, say: Option<String>) -> Option<T> {
        let own = self.questions.iter().find(|q| q.field.name == name).map(|q| q.say.clone());
        self.problems.push(FieldProblem::new(name, say.or(own).unwrap_or_else(|| "Answer this".to_owned())));
        None
    }

    pub fn parsed<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        match parse(self.typed.one(name)) {
            Some(value) => Some(value),
            None => self.problem(name, None),
        }
    }

    /// One that may be left out: `Some(None)` where it is.
    pub fn optional<T>(&mut self, name: &str, read: impl FnOnce(&mut Self, &str) -> Option<T>) -> Option<Option<T>> {
        if self.typed.one(name).is_empty() { Some(None) } else { read(self, name).map(Some) }
    }

    pub fn text(&mut self, name: &str) -> Option<String> {
        self.parsed(name, |t| (!t.is_empty()).then(|| t.to_owned()))
    }

    /// A text that may be empty.
    pub fn any_text(&self, name: &str) -> String {
        self.typed.one(name).to_owned()
    }

    pub fn number(&mut self, name: &str) -> Option<u32> {
        self.parsed(name, |t| t.parse().ok())
    }

    pub fn person(&mut self, name: &str) -> Option<PersonId> {
        self.parsed(name, |t| t.parse().ok())
    }

    pub fn date(&mut self, name: &str) -> Option<NaiveDate> {
        self.parsed(name, |t| NaiveDate::parse_from_str(t, "%Y-%m-%d").ok())
    }

    pub fn yes(&mut self, name: &str) -> Option<bool> {
        self.parsed(name, |t| match t {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        })
    }

    pub fn server(&mut self, name: &str) -> Option<ServerName> {
        self.text(name).map(ServerName)
    }

    /// One of a few words of the domain, as the API spells it.
    pub fn word<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        self.parsed(name, |t| serde_json::from_value(t.into()).ok())
    }

    pub fn tag(&mut self, name: &str, rule: &TagRule) -> Option<TagName> {
        // Exactly as it was sent, but for blanks that a copy brings along: a line end is no part of a tag (A15).
        match TagName::parse(self.typed.as_sent(name).trim_matches(' '), rule) {
            Ok(tag) => Some(tag),
            Err(problem) => self.problem(name, Some(problem.to_string())),
        }
    }

    /// A tag on record: the rule may have changed since.
    pub fn known_tag(&mut self, name: &str) -> Option<TagName> {
        self.word(name)
    }

    pub fn commit(&mut self, name: &str) -> Option<CommitId> {
        self.parsed(name, |t| CommitId::parse(t).ok())
    }

    pub fn digits(&mut self, name: &str) -> Option<CommitDigits> {
        self.parsed(name, |t| CommitDigits::parse(t).ok())
    }
}
