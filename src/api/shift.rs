//! What waits for the shift to acknowledge it, as programs read it (H8). Whoever is on shift acknowledges in person.

use super::problem::{Answer, Problem};
use crate::{
    app::App,
    domain::{
        id::PersonId,
        shift::{Standing, within},
        support::Support,
    },
    service::shift::{self, Change, Changes, Place},
};
use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    after: Option<String>,
}

/// The oldest first: what is late comes before what is not.
#[derive(Serialize)]
pub struct ListDto {
    waiting: Vec<ChangeDto>,
    /// What `after` is for the next page; none after the last.
    next: Option<String>,
}

#[derive(Serialize)]
struct ChangeDto {
    /// Its number in the journal.
    seq: i64,
    device: String,
    /// `None` where nobody supported it yet.
    from: Option<Support>,
    /// `None` where nobody supports it any more.
    to: Option<Support>,
    why: String,
    at: DateTime<Utc>,
    /// When it is late, or has been since.
    late_at: DateTime<Utc>,
    late: bool,
    said: Vec<SaidDto>,
    /// Members of the DOC whose word is missing; empty where one speaks for all.
    missing: Vec<String>,
    /// When it went on to CTRL, and to whom.
    escalated_at: Option<DateTime<Utc>>,
    escalated_to: Vec<String>,
}

#[derive(Serialize)]
struct SaidDto {
    by: String,
    at: DateTime<Utc>,
}

impl ChangeDto {
    fn new(app: &App, changes: &Changes, c: &Change) -> Self {
        let name = |p: &PersonId| changes.people.name(*p).to_owned();
        let (late_at, late) = match c.judged.standing {
            Standing::Waiting { until } => (until, false),
            Standing::Late { since } => (since, true),
            Standing::Acknowledged(_) => (c.at + within(&app.policy), false),
        };
        let escalated = c.escalated.as_ref();
        Self {
            seq: c.seq,
            device: c.name.clone(),
            from: c.from,
            to: c.to,
            why: c.why.clone(),
            at: c.at,
            late_at,
            late,
            said: c.said.iter().map(|a| SaidDto { by: name(&a.by), at: a.at }).collect(),
            missing: c.judged.missing.iter().map(name).collect(),
            escalated_at: escalated.map(|(at, _)| *at),
            escalated_to: escalated.map(|(_, to)| to.iter().map(name).collect()).unwrap_or_default(),
        }
    }
}

/// GET /api/v1/shift, for everybody, as its page.
pub async fn list(State(app): State<App>, query: Result<Query<Which>, QueryRejection>) -> Answer<Json<ListDto>> {
    let Query(which) = query.map_err(|e| Problem::field("query", e.body_text()))?;
    let read = |text: String| -> Option<Place> {
        let (at, seq) = text.split_once('~')?;
        Some((at.parse().ok()?, seq.parse().ok()?))
    };
    let unreadable = || Problem::field("after", "Send the next of the page before");
    let after = which.after.map(|text| read(text).ok_or_else(unreadable)).transpose()?;
    let (changes, next) = shift::waiting_after(&app, after).await?;
    Ok(Json(ListDto {
        waiting: changes.all.iter().map(|c| ChangeDto::new(&app, &changes, c)).collect(),
        next: next.map(|(at, seq)| format!("{}~{seq}", at.to_rfc3339_opts(SecondsFormat::AutoSi, true))),
    }))
}
