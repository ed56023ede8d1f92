//! The record of the shift as a file for spreadsheets (E2, A26).

use super::Asked;
use crate::{
    app::App,
    domain::support::Support,
    service::{
        self, Error,
        shift::{
            Change, Changes,
            proof::{self, EXPORTED, Proof, Wanted},
        },
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
    let (app, wanted) = (visitor.app, asked.wanted()?);
    // Read before anything is sent: what is wrong with the first page is answered as such.
    let first = proof::proof(&app, &wanted, EXPORTED).await?;
    Ok(sheets::file_as_read("shift-record.csv", (Some(COLUMNS), first), move |(columns, page)| {
        let (app, wanted) = (app.clone(), wanted.clone());
        async move {
            let mut sheet = Sheet::default();
            if let Some(columns) = columns {
                sheet.line(columns);
            }
            for change in &page.changes.all {
                sheet.line(line(&page.changes, change));
            }
            let next = older(&app, wanted, &page)
                .await
                .inspect_err(|error| tracing::error!(%error, "the record of the shift breaks off"))?;
            Ok::<_, Error>((sheet.bytes(), next.map(|page| (None, page))))
        }
    }))
}

/// The page after this one, if there is one.
async fn older(app: &App, wanted: Wanted, page: &Proof) -> service::Result<Option<Proof>> {
    match page.older {
        Some(before) => Ok(Some(proof::proof(app, &Wanted { before: Some(before), ..wanted }, EXPORTED).await?)),
        None => Ok(None),
    }
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
