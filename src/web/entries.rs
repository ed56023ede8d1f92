//! What was entered, given back with what needs a change.

use super::{
    parts::{ErrorSummary, Field, Kind},
    problem::Problem,
};
use crate::service::{Error, FieldProblem, seen};
use serde_json::Value;

/// Puts each problem at its field, and all of them into a summary. One whose field is not shown stands for itself.
pub fn mark(fields: &mut [Field], problems: Vec<FieldProblem>) -> ErrorSummary {
    let mut loose = Vec::new();
    for p in problems {
        match fields.iter_mut().find(|f| f.name == p.field && f.kind != Kind::Hidden) {
            Some(field) => field.error = Some(p.say),
            None => loose.push(p.say),
        }
    }
    loose.iter().fold(ErrorSummary::of(fields), |all, say| all.with(say))
}

/// The problems of what was entered; any other error is a page of its own.
pub fn problems(error: Error) -> Result<Vec<FieldProblem>, Problem> {
    match error {
        Error::Invalid(problems) => Ok(problems),
        other => Err(other.into()),
    }
}

/// What the form shows, so that a change of somebody else meanwhile is not lost by it (A4).
pub fn seen(shown: &Value) -> Field {
    Field::hidden("seen", seen::mark(shown))
}

/// The mark that came back with the form; none where the form had none.
pub fn decided_by(mark: &str) -> Option<Vec<String>> {
    Some(vec![mark.to_owned()]).filter(|_| !mark.is_empty())
}

/// What is on record by now, at each answer that is another one.
pub fn overtaken(now: &Value, typed: &[(&str, &str)]) -> Vec<FieldProblem> {
    let text = |value: &Value| match value {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        other => other.as_str().unwrap_or_default().to_owned(),
    };
    let why =
        "Somebody changed these details after you opened this page, so nothing was saved. Save again to keep yours";
    let mut all = vec![FieldProblem::new("", why)];
    for (field, answer) in typed {
        let (theirs, mine) = (text(&now[*field]), answer.lines().map(str::trim).collect::<Vec<_>>().join(", "));
        if theirs != mine.trim() {
            let said = if theirs.is_empty() { "nothing".to_owned() } else { theirs };
            all.push(FieldProblem::new(field, format!("On record by now: {said}")));
        }
    }
    all
}

/// Makes a repetition of a form known (F3).
pub fn key() -> Field {
    Field::hidden("key", uuid::Uuid::new_v4())
}

/// The key that came back with the form; none where the form had none.
pub fn key_of(typed: &str) -> Result<Option<String>, Problem> {
    match typed {
        "" => Ok(None),
        key if key.len() <= 100 => Ok(Some(key.to_owned())),
        _ => Err(Problem::unreadable("The form’s key is too long. Open the page again, and send it anew.")),
    }
}

/// An answer that may be left open.
pub fn optional(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|t| !t.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_problem_stands_at_its_field_and_in_the_summary() {
        let mut fields = vec![Field::text("name", "Name"), Field::hidden("login", "x")];
        let summary =
            mark(&mut fields, vec![FieldProblem::new("name", "Enter it"), FieldProblem::new("login", "Choose")]);
        assert_eq!(fields[0].error.as_deref(), Some("Enter it"));
        assert_eq!(summary.items, [("name".to_owned(), "Enter it".to_owned()), (String::new(), "Choose".to_owned())]);
    }

    /// A4: what differs stands at its field, what was typed alike does not.
    #[test]
    fn a4_what_is_on_record_stands_beside_what_was_typed() {
        let now = serde_json::json!({ "phone": null, "zone": "Europe/Berlin", "emails": ["a@x.org", "b@x.org"] });
        let typed = [("phone", "+49 40 1"), ("zone", " Europe/Berlin"), ("emails", "a@x.org\r\nb@x.org\r\n")];
        let said: Vec<_> = overtaken(&now, &typed).into_iter().skip(1).map(|p| (p.field, p.say)).collect();
        assert_eq!(said, [("phone".into(), "On record by now: nothing".into())]);
    }
}
