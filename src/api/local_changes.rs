//! Hotfixes and local changes on instruments, each with its ticket and its end (R7).

use super::{
    body::{Params, Sent},
    devices::idempotency_key,
    problem::{Answer, Problem},
    revision::{Read, tagged},
    rollouts::{acts, reads},
    token::Bearer,
};
use crate::{
    app::App,
    domain::{
        id::{LocalChangeId, TargetName},
        local_change::{LocalChange, Said},
    },
    service::{
        Error,
        local_changes::{self, Page},
        since::since,
    },
};
use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list, record)).routes(routes!(show, change)).routes(routes!(end))
}

#[derive(Serialize, ToSchema)]
#[schema(as = LocalChange)]
struct ChangeDto {
    id: LocalChangeId,
    revision: u64,
    target: String,
    /// The device that is changed there, where it is one on record.
    device: Option<String>,
    what: String,
    ticket: String,
    /// The last day on which it is to be there.
    until: NaiveDate,
    /// Whether that is over, and it is still there.
    overdue: bool,
    recorded_by: String,
    recorded_at: DateTime<Utc>,
    /// Custody, where a rollout cleared it.
    ended_by: Option<String>,
    ended_at: Option<DateTime<Utc>>,
    ended_because: Option<String>,
}

impl ChangeDto {
    fn new(c: &LocalChange, page: &Page) -> Self {
        let name = |p| page.people.name(p).to_owned();
        let ended = c.ended.as_ref();
        Self {
            id: c.id,
            revision: c.revision,
            target: c.target.0.clone(),
            device: c.device.and_then(|d| page.devices.get(&d).cloned()),
            what: c.what.clone(),
            ticket: c.ticket.clone(),
            until: c.until,
            overdue: c.is_overdue(page.today),
            recorded_by: name(c.recorded.by),
            recorded_at: c.recorded.at,
            ended_by: ended.map(|e| e.by.map_or_else(|| "Custody".to_owned(), name)),
            ended_at: ended.map(|e| e.at),
            ended_because: ended.map(|e| e.reason.clone()),
        }
    }
}

/// Which local changes; all of what is said has to be so.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// The name of a target of the policy.
    target: Option<String>,
    /// `true`: those alone that have not ended.
    open: Option<bool>,
    /// The `next` of the page before, whose other parameters are to be sent again.
    after: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LocalChangePage)]
pub struct ListDto {
    local_changes: Vec<ChangeDto>,
    /// What `after` is for the next page; none after the last.
    next: Option<LocalChangeId>,
}

/// Local changes on instruments, the newest first
#[utoipa::path(get, path = "/api/v1/local-changes", tag = "Rollouts", security(("bearer" = [])), params(Which),
    responses((status = 200, description = "A page of them.", body = ListDto)))]
pub async fn list(State(app): State<App>, bearer: Bearer, Params(which): Params<Which>) -> Answer<Json<ListDto>> {
    reads(&bearer)?;
    let before = which.after.map(|text| text.parse::<LocalChangeId>()).transpose();
    let before = before.map_err(|_| Problem::field("after", "Send the next of the page before"))?;
    let (target, open) = (which.target.map(TargetName), which.open.unwrap_or(false));
    let page = local_changes::list(&app, &local_changes::Which { target, open, before }).await?;
    let all = page.changes.iter().map(|c| ChangeDto::new(c, &page)).collect();
    Ok(Json(ListDto { local_changes: all, next: page.next }))
}

/// What somebody records.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LocalChangeNew)]
pub struct New {
    /// The name of a target of the policy.
    target: String,
    /// The whole name of the device that is changed there, where it is one on record.
    #[serde(default)]
    device: Option<String>,
    /// What is changed, and why.
    what: String,
    /// Where it is followed up: a key like `OPS-4711`, or an address.
    ticket: String,
    /// The last day on which it is to be there, within two years.
    until: NaiveDate,
}

/// Put a local change on record
///
/// For a member of CTRL, and for who contributes to the device or, where none is named, to one of the instrument.
#[utoipa::path(post, path = "/api/v1/local-changes", tag = "Rollouts", security(("bearer" = [])),
    request_body(content = New, example = json!({ "target": "SPB", "device": null, "what": "Raises the limit of the shutter.", "ticket": "OPS-4711", "until": "2026-12-24" })),
    responses((status = 201, description = "It is on record.", body = ChangeDto,
        headers(("Location" = String, description = "The local change."), ("ETag" = String, description = "Its revision.")))))]
pub async fn record(
    State(app): State<App>,
    headers: HeaderMap,
    bearer: Bearer,
    Sent(new): Sent<New>,
) -> Answer<Response> {
    let caller = acts(&bearer)?;
    let New { target, device, what, ticket, until } = new;
    let new = local_changes::New { target: TargetName(target), device, said: Said { what, ticket, until } };
    let change = local_changes::record(&app, &caller, new, idempotency_key(&headers)?).await?;
    let place = format!("/api/v1/local-changes/{}", change.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], shown(&app, change.id).await?).into_response())
}

fn id(text: &str) -> Answer<LocalChangeId> {
    text.parse().map_err(|_| Error::NotFound.into())
}

async fn shown(app: &App, id: LocalChangeId) -> Answer<Response> {
    let page = local_changes::show(app, id).await?;
    let change = page.changes.first().ok_or(Error::NotFound)?;
    Ok(tagged(change.revision, Json(ChangeDto::new(change, &page))))
}

/// A local change
#[utoipa::path(get, path = "/api/v1/local-changes/{change}", tag = "Rollouts", security(("bearer" = [])),
    responses((status = 200, description = "The local change.", body = ChangeDto,
        headers(("ETag" = String, description = "Its revision.")))))]
pub async fn show(State(app): State<App>, Path(change): Path<String>, bearer: Bearer) -> Answer<Response> {
    reads(&bearer)?;
    shown(&app, id(&change)?).await
}

/// What somebody says of one that is on record.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LocalChangeSaid)]
pub struct SaidOfIt {
    /// What is changed, and why.
    what: String,
    /// Where it is followed up: a key like `OPS-4711`, or an address.
    ticket: String,
    /// The last day on which it is to be there, within two years.
    until: NaiveDate,
}

/// Say something else of a local change, or give it another day
///
/// `If-Match` says which revision of it that was decided by.
#[utoipa::path(put, path = "/api/v1/local-changes/{change}", tag = "Rollouts", security(("bearer" = [])),
    params(("If-Match" = Option<String>, Header, description = "Its ETag as it was read.", pattern = "^\"[0-9]{1,18}\"$")),
    request_body(content = SaidOfIt, example = json!({ "what": "Raises the limit of the shutter.", "ticket": "OPS-4711", "until": "2027-01-31" })),
    responses((status = 200, description = "The local change after it.", body = ChangeDto,
        headers(("ETag" = String, description = "Its revision after it.")))))]
pub async fn change(
    State(app): State<App>,
    Path(change): Path<String>,
    headers: HeaderMap,
    bearer: Bearer,
    Sent(said): Sent<SaidOfIt>,
) -> Answer<Response> {
    let caller = acts(&bearer)?;
    let (id, seen) = (id(&change)?, seen(&headers)?);
    let SaidOfIt { what, ticket, until } = said;
    let done = local_changes::change(&app, &caller, id, Said { what, ticket, until }, Some(seen)).await;
    after(&app, id, seen, done).await
}

/// How it ended.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LocalChangeEnd)]
pub struct Reason {
    reason: String,
}

/// End a local change
///
/// It is there no longer. `If-Match` says which revision of it that was decided by.
#[utoipa::path(post, path = "/api/v1/local-changes/{change}/end", tag = "Rollouts", security(("bearer" = [])),
    params(("If-Match" = Option<String>, Header, description = "Its ETag as it was read.", pattern = "^\"[0-9]{1,18}\"$")),
    request_body(content = Reason, example = json!({ "reason": "Merged in 2.4.2." })),
    responses((status = 200, description = "The local change after it.", body = ChangeDto,
        headers(("ETag" = String, description = "Its revision after it.")))))]
pub async fn end(
    State(app): State<App>,
    Path(change): Path<String>,
    headers: HeaderMap,
    bearer: Bearer,
    Sent(Reason { reason }): Sent<Reason>,
) -> Answer<Response> {
    let caller = acts(&bearer)?;
    let (id, seen) = (id(&change)?, seen(&headers)?);
    let done = local_changes::end(&app, &caller, id, reason, Some(seen)).await;
    after(&app, id, seen, done).await
}

fn seen(headers: &HeaderMap) -> Answer<u64> {
    match Read::of(headers)? {
        Read::Revision(seen) => Ok(seen),
        Read::Whatever | Read::Unsaid => Err(Problem::revision_needed()),
    }
}

/// It as it is now; where it was not as it was read any more, what has happened since.
async fn after(app: &App, id: LocalChangeId, seen: u64, done: Result<LocalChange, Error>) -> Answer<Response> {
    match done {
        Ok(_) => shown(app, id).await,
        Err(Error::Stale(_)) => Err(Problem::changed(since(app, local_changes::stream(id), seen).await?)),
        Err(other) => Err(other.into()),
    }
}
