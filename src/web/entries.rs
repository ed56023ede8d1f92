//! What was entered, given back with what needs a change.

use super::{
    parts::{ErrorSummary, Field, Kind},
    problem::Problem,
};
use crate::service::{Error, FieldProblem};

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
}
