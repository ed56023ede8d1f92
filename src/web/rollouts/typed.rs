//! What came with a form of rollouts or local changes: read, or told with what to enter.

use crate::{
    app::App,
    service::FieldProblem,
    web::{
        acts::Typed,
        parts::{Field, Kind},
        problem::Problem,
    },
};
use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// As browsers send a day and a time of day; some with seconds.
const LOCAL: [&str; 2] = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];

/// A day and a time of the facility's clocks.
pub fn local(app: &App, typed: &str) -> Option<DateTime<Utc>> {
    let at = LOCAL.iter().find_map(|form| NaiveDateTime::parse_from_str(typed.trim(), form).ok())?;
    app.policy.facility.time_zone.from_local_datetime(&at).earliest().map(|at| at.with_timezone(&Utc))
}

/// The moment as the field has it.
pub fn typed_at(app: &App, at: DateTime<Utc>) -> String {
    at.with_timezone(&app.policy.facility.time_zone).format(LOCAL[0]).to_string()
}

/// What is to be found, a line for each.
pub fn lines(facts: &BTreeMap<String, String>) -> String {
    facts.iter().map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join("\n")
}

/// A field that the form does not have, or one that came twice where there is one answer (A29).
pub fn stranger(typed: &Typed, fields: &[Field], many: &[&str]) -> Option<String> {
    let mut seen = BTreeSet::new();
    for (name, _) in &typed.0 {
        let is_many = many.contains(&name.as_str());
        if !is_many && !fields.iter().any(|f| f.name == *name) {
            return Some(format!("There is no field called {name} here."));
        }
        if !seen.insert(name) && !is_many {
            return Some(format!("{name} was sent twice, and has one answer."));
        }
    }
    None
}

/// The revision of the page that a form stood on (A4).
pub fn seen(typed: &Typed) -> Result<Option<u64>, Problem> {
    let unreadable =
        |_| Problem::unreadable("The page’s revision cannot be read. Open the page again, and send it anew.");
    match typed.one("seen") {
        "" => Ok(None),
        number => number.parse().map(Some).map_err(unreadable),
    }
}

/// Puts what was typed into the fields that somebody fills in.
pub fn refill(fields: Vec<Field>, typed: &Typed) -> Vec<Field> {
    fields.into_iter().map(|f| if f.kind == Kind::Hidden { f } else { typed.refill(f) }).collect()
}

/// Reads answers; each that is missing or cannot be read is noted with what to enter, so that all are told at once.
pub struct Reader<'a> {
    pub app: &'a App,
    pub typed: &'a Typed,
    pub problems: Vec<FieldProblem>,
}

impl<'a> Reader<'a> {
    pub fn new(app: &'a App, typed: &'a Typed) -> Self {
        Self { app, typed, problems: Vec::new() }
    }

    pub fn problem(&mut self, name: &str, say: impl Into<String>) {
        self.problems.push(FieldProblem::new(name, say));
    }

    /// What was meant, where nothing has to change.
    pub fn ends<T>(self, read: T) -> Result<T, Vec<FieldProblem>> {
        if self.problems.is_empty() { Ok(read) } else { Err(self.problems) }
    }

    pub fn text(&mut self, name: &str, say: &str) -> String {
        let text = self.typed.one(name).to_owned();
        if text.is_empty() {
            self.problem(name, say);
        }
        text
    }

    pub fn number(&mut self, name: &str, say: &str) -> u32 {
        let number = self.typed.one(name).parse().ok();
        if number.is_none() {
            self.problem(name, say);
        }
        number.unwrap_or_default()
    }

    /// A day and a time of day at the facility.
    pub fn at(&mut self, name: &str, say: &str) -> DateTime<Utc> {
        let at = local(self.app, self.typed.one(name));
        if at.is_none() {
            self.problem(name, say);
        }
        at.unwrap_or_default()
    }

    /// One that may be left out.
    pub fn maybe_at(&mut self, name: &str, say: &str) -> Option<DateTime<Utc>> {
        if self.typed.one(name).is_empty() { None } else { Some(self.at(name, say)) }
    }

    pub fn day(&mut self, name: &str, say: &str) -> NaiveDate {
        let typed = self.typed.one(name);
        // Four digits for the year, as the field sends them.
        let day = NaiveDate::parse_from_str(typed, "%Y-%m-%d").ok().filter(|_| typed.len() == 10);
        if day.is_none() {
            self.problem(name, say);
        }
        day.unwrap_or_default()
    }

    /// Lines like `version = 3.1.2`; none is fine.
    pub fn facts(&mut self, name: &str) -> BTreeMap<String, String> {
        let mut facts = BTreeMap::new();
        for line in self.typed.one(name).lines().map(str::trim).filter(|l| !l.is_empty()) {
            match line.split_once('=') {
                Some((key, value)) if !key.trim().is_empty() => {
                    facts.insert(key.trim().to_owned(), value.trim().to_owned());
                }
                _ => {
                    self.problem(name, "Write each fact on a line of its own, like version = 3.1.2");
                    break;
                }
            }
        }
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(pairs: &[(&str, &str)]) -> Typed {
        Typed(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
    }

    /// A29: what the form does not have is refused, and so is a second answer where there is one.
    #[test]
    fn a29_strangers_are_refused() {
        let fields = [Field::text("title", "Title"), Field::hidden("key", "k")];
        let of = |pairs: &[(&str, &str)]| stranger(&typed(pairs), &fields, &["target"]);
        assert_eq!(of(&[("title", "x"), ("key", "k"), ("target", "a"), ("target", "b")]), None);
        assert!(of(&[("state", "x")]).is_some_and(|say| say.contains("state")));
        assert!(of(&[("title", "x"), ("title", "y")]).is_some_and(|say| say.contains("twice")));
    }

    /// What travels with a form is its own, whatever was sent.
    #[test]
    fn hidden_answers_are_not_refilled() {
        let fields = vec![Field::text("title", "Title"), Field::hidden("seen", 7)];
        let again = refill(fields, &typed(&[("title", "Winter"), ("seen", "3")]));
        assert_eq!((again[0].typed(), again[1].typed()), ("Winter", "7"));
    }
}
