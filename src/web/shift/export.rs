//! The record of the shift as a file for spreadsheets (E2, A26).

use super::Asked;
use crate::{
    domain::support::Support,
    service::shift::{
        Change, Changes,
        proof::{self, EXPORTED},
    },
    web::{
        problem::Answer,
        sheets::{self, Sheet},
        visitor::Visitor,
    },
};
use axum::extract::Query;
use chrono::{DateTime, SecondsFormat, Utc};

/// GET /shift/record.csv
pub(super) async fn export(visitor: Visitor, Query(asked): Query<Asked>) -> Answer {
    let found = proof::proof(&visitor.app, &asked.wanted()?, EXPORTED).await?;
    let mut sheet = Sheet::default();
    sheet.line(COLUMNS);
    for change in &found.changes.all {
        sheet.line(line(&found.changes, change));
    }
    let lines = sheet.bytes();
    Ok(sheets::file("shift-record.csv", (), move |()| (lines.clone(), None)))
}

const COLUMNS: [&str; 10] =
    ["record", "moment", "device", "from", "to", "why", "acknowledged", "acknowledged by", "passed on", "passed on to"];

fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn line(changes: &Changes, c: &Change) -> [String; 10] {
    let label = |s: Option<Support>| s.map_or_else(String::new, |s| s.label().to_owned());
    let said = c.said.iter().map(|a| format!("{} at {}", changes.people.name(a.by), moment(a.at)));
    let (passed, whom) = match &c.escalated {
        Some((at, to)) => (moment(*at), changes.people.names(to)),
        None => (String::new(), String::new()),
    };
    [
        c.seq.to_string(),
        moment(c.at),
        c.name.clone(),
        label(c.from),
        label(c.to),
        c.why.clone(),
        c.judged.acknowledged().map_or_else(String::new, |a| moment(a.at)),
        said.collect::<Vec<_>>().join("; "),
        passed,
        whom,
    ]
}
