//! `/cadence.csv`: what falls behind as a file for spreadsheets (G7, A26).

use super::Wanted;
use crate::{
    domain::{cadence::Whose, deployment::Environment},
    service::cadence::{self, Line, Page},
    web::{
        problem::Answer,
        sheets::{self, Sheet},
        visitor::Member,
    },
};
use axum::extract::{Query, rejection::QueryRejection};
use chrono::{DateTime, SecondsFormat, Utc};

const COLUMNS: [&str; 13] = [
    "device",
    "environment",
    "standing",
    "instruments",
    "state",
    "last_release",
    "last_deployed",
    "counted_from",
    "due",
    "turn",
    "contributors",
    "ctrl_contact",
    "held_by",
];

/// GET /cadence.csv?environment=&instrument=
pub(super) async fn export(member: Member, query: Result<Query<Wanted>, QueryRejection>) -> Answer {
    // Read before anything is sent: what is wrong is answered as such.
    let page = cadence::list_all(&member.visitor.app, &Wanted::read(query)?).await?;
    let mut sheet = Sheet::default();
    sheet.line(COLUMNS);
    for l in &page.lines {
        sheet.line(line(&page, l));
    }
    let bytes = sheet.bytes();
    Ok(sheets::file("cadence.csv", (), move |()| (bytes.clone(), None)))
}

fn moment(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(String::new, |at| at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

fn line(page: &Page, l: &Line) -> [String; 13] {
    let (card, c) = (&l.card, &l.cadence);
    let name = |person| page.people.name(person).to_owned();
    let contributors: Vec<String> = card.contributors.iter().map(|p| name(*p)).collect();
    // What holds it keeps it from production (G5).
    let hold = card.hold.as_ref().filter(|_| c.environment == Environment::Production);
    let turn = match c.whose {
        Whose::Contributor => "contributor",
        Whose::Ctrl => "ctrl",
    };
    [
        card.name.clone(),
        c.environment.to_string(),
        c.standing.to_string(),
        card.instruments.join("; "),
        card.state.to_string(),
        c.last.as_ref().map_or_else(String::new, |l| l.tag.to_string()),
        moment(c.last.as_ref().map(|l| l.at)),
        moment(c.asked.map(|a| a.from)),
        moment(c.asked.map(|a| a.due)),
        turn.to_owned(),
        contributors.join("; "),
        card.ctrl_contact.map_or_else(String::new, name),
        hold.map_or_else(String::new, |h| h.by.map_or_else(|| "Custody".to_owned(), name)),
    ]
}
