//! What waits for the shift to acknowledge it, as programs read it (H8). Whoever is on shift acknowledges in person.

use super::{
    body::{Params, Sent},
    problem::{Answer, Problem},
    token::Bearer,
};
use crate::{
    app::App,
    domain::{
        id::PersonId,
        shift::{Standing, within},
        support::Support,
    },
    service::{
        Error,
        shift::{self, Change, Changes, Place, proof},
    },
};
use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(record))
        .routes(routes!(acknowledge))
        .routes(routes!(news, looked))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// The `next` of the page before.
    after: Option<String>,
}

/// The oldest first: what is late comes before what is not.
#[derive(Serialize, ToSchema)]
#[schema(as = ShiftPage)]
pub struct ListDto {
    waiting: Vec<ChangeDto>,
    /// What `after` is for the next page; none after the last.
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SupportChange)]
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
    /// When what was said was enough.
    acknowledged_at: Option<DateTime<Utc>>,
    /// Members of the DOC whose word is missing; empty where one speaks for all.
    missing: Vec<String>,
    /// When it went on to CTRL, and to whom.
    escalated_at: Option<DateTime<Utc>>,
    escalated_to: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Acknowledgement)]
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
            acknowledged_at: c.judged.acknowledged().map(|a| a.at),
            missing: c.judged.missing.iter().map(name).collect(),
            escalated_at: escalated.map(|(at, _)| *at),
            escalated_to: escalated.map(|(_, to)| to.iter().map(name).collect()).unwrap_or_default(),
        }
    }
}

/// Changes of support that wait for the shift
#[utoipa::path(get, path = "/api/v1/shift", tag = "Shift", params(Which),
    responses((status = 200, description = "A page, the oldest first: what is late comes before what is not.", body = ListDto)))]
pub async fn list(State(app): State<App>, Params(which): Params<Which>) -> Answer<Json<ListDto>> {
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

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Past {
    /// A device's whole name; of all devices where none is given.
    device: Option<String>,
    /// A day of the facility's calendar.
    day: Option<NaiveDate>,
    /// The `next` of the page before.
    after: Option<i64>,
}

/// The newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = ShiftRecord)]
pub struct RecordDto {
    changes: Vec<ChangeDto>,
    /// What `after` is for the next, older page; none after the last.
    next: Option<i64>,
}

/// Who of the shift knew what, and when
///
/// Every change of support on record, acknowledged or not.
#[utoipa::path(get, path = "/api/v1/shift/record", tag = "Shift", params(Past),
    responses((status = 200, description = "A page, the newest first.", body = RecordDto),
        (status = 404, description = "No device has this name.")))]
pub async fn record(State(app): State<App>, Params(past): Params<Past>) -> Answer<Json<RecordDto>> {
    let wanted = proof::Wanted { device: past.device.unwrap_or_default(), day: past.day, before: past.after };
    let found = proof::proof(&app, &wanted, proof::PAGE).await?;
    if !found.known {
        return Err(Error::NotFound.into());
    }
    let changes = &found.changes;
    let all = changes.all.iter().map(|c| ChangeDto::new(&app, changes, c)).collect();
    Ok(Json(RecordDto { changes: all, next: found.older }))
}

/// Changes that somebody of the shift knows of.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Acknowledged)]
pub struct Known {
    /// Their numbers in the journal.
    #[schema(min_items = 1, max_items = 200)]
    changes: Vec<i64>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AcknowledgedNow)]
pub struct NewsDto {
    /// How many of them had not been acknowledged by this person, older ones of the same devices among them.
    new: usize,
}

/// Acknowledge changes of support
///
/// For a member of the DOC, by their own token: with each change the older ones of the same device.
#[utoipa::path(post, path = "/api/v1/shift/acknowledgements", tag = "Shift", security(("bearer" = [])), request_body = Known,
    responses((status = 200, description = "They are acknowledged.", body = NewsDto)))]
pub async fn acknowledge(State(app): State<App>, bearer: Bearer, Sent(known): Sent<Known>) -> Answer<Json<NewsDto>> {
    let caller = bearer.acts()?;
    Ok(Json(NewsDto { new: shift::acknowledge(&app, &caller, &known.changes).await? }))
}

/// Up to where somebody has looked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LookedUpTo)]
pub struct Seen {
    /// The newest change that they have seen.
    seq: i64,
}

/// What is new to somebody since they last looked.
#[derive(Serialize, ToSchema)]
#[schema(as = Looked)]
pub struct LookedDto {
    /// The newest change that they have seen; none where they never looked.
    seq: Option<i64>,
    at: Option<DateTime<Utc>>,
    /// Changes after it, since this moment.
    new: u64,
    since: DateTime<Utc>,
    /// The newest change of all.
    newest: Option<i64>,
}

/// Up to where one has looked, and what is new since
#[utoipa::path(get, path = "/api/v1/shift/looked", tag = "Shift", security(("bearer" = [])),
    responses((status = 200, description = "What is new to whoever asks.", body = LookedDto)))]
pub async fn news(State(app): State<App>, bearer: Bearer) -> Answer<Json<LookedDto>> {
    bearer.reads()?;
    let proof::Looked { seq, at, new, newest, since } = proof::news(&app, bearer.person()).await?;
    Ok(Json(LookedDto { seq, at, new, since, newest }))
}

/// Say that one has seen everything up to a change
///
/// It speaks for nobody else and acknowledges nothing.
#[utoipa::path(put, path = "/api/v1/shift/looked", tag = "Shift", security(("bearer" = [])), request_body = Seen,
    responses((status = 204, description = "It is noted.")))]
pub async fn looked(State(app): State<App>, bearer: Bearer, Sent(seen): Sent<Seen>) -> Answer<StatusCode> {
    proof::look(&app, &bearer.acts()?, seen.seq).await?;
    Ok(StatusCode::NO_CONTENT)
}
