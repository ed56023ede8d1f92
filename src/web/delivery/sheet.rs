//! The figures of each device as a file for spreadsheets (G11, A26): times in seconds, nothing where there is no case.

use super::{Asked, Wanted, read};
use crate::{
    domain::delivery::{Figures, Times},
    service::delivery,
    web::{
        problem::Answer,
        sheets::{self, Sheet},
        visitor::Visitor,
    },
};
use axum::extract::{Query, rejection::QueryRejection};

const COLUMNS: [&str; 13] = [
    "device",
    "from",
    "to",
    "begun",
    "succeeded",
    "failed",
    "new_releases",
    "lead_median_seconds",
    "lead_90_percent_seconds",
    "restored",
    "restore_median_seconds",
    "restore_90_percent_seconds",
    "not_restored",
];

fn seconds(of: Option<i64>) -> String {
    of.map_or_else(String::new, |s| s.to_string())
}

fn times(t: &Times) -> [String; 3] {
    [t.cases.to_string(), seconds(t.median), seconds(t.ninth)]
}

fn line(name: &str, [from, to]: &[String; 2], f: &Figures) -> Vec<String> {
    let counts = [f.begun, f.succeeded, f.failed].map(|n| n.to_string());
    let mut cells = vec![name.to_owned(), from.clone(), to.clone()];
    cells.extend(counts.into_iter().chain(times(&f.lead)).chain(times(&f.restore)));
    cells.push(f.open().to_string());
    cells
}

/// GET /delivery.csv?every=&instrument=&by=
pub(super) async fn export(visitor: Visitor, query: Result<Query<Asked>, QueryRejection>) -> Answer {
    let app = &visitor.app;
    let Wanted { span, instrument, by, .. } = read(query, app)?;
    let counted = delivery::overall(app, span, instrument.as_deref(), by).await?;
    let days = [span.whole.from, span.whole.last()].map(|day| day.to_string());
    let mut sheet = Sheet::default();
    sheet.line(COLUMNS);
    for d in &counted.devices {
        sheet.line(line(&d.name, &days, &d.now));
    }
    let bytes = sheet.bytes();
    Ok(sheets::file("delivery.csv", (), move |()| (bytes.clone(), None)))
}
