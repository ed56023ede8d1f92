//! Overrides in an emergency (G12): asked for, approved by a second person of CTRL, ended.

use super::{
    body::Sent,
    devices::idempotency_key,
    problem::{Answer, Problem},
    revision::Read,
    token::Bearer,
};
use crate::{
    app::App,
    domain::{
        id::ServerName,
        lifecycle::{Command, Happened},
        overrides::{Override, Skip, Standing},
        person::People,
        tag::TagName,
    },
    service::{
        Error,
        act::{Ask, act},
        catalogue, commands,
        overrides::{self, Page, Place},
    },
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use strum::IntoEnumIterator;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(of_device, ask))
        .routes(routes!(approve))
        .routes(routes!(end))
}

#[derive(Serialize, ToSchema)]
#[schema(as = Override)]
struct OverrideDto {
    device: String,
    /// Of the device.
    number: u32,
    /// `asked`, `counts` or `over`.
    standing: &'static str,
    tag: String,
    server: String,
    skips: BTreeSet<Skip>,
    reason: String,
    asked_by: String,
    asked_at: DateTime<Utc>,
    until: DateTime<Utc>,
    approved_by: Option<String>,
    approved_at: Option<DateTime<Utc>>,
    ended_by: Option<String>,
    ended_at: Option<DateTime<Utc>>,
    ended_because: Option<String>,
}

impl OverrideDto {
    fn new(device: &str, o: &Override, people: &People, now: DateTime<Utc>) -> Self {
        let name = |p| people.name(p).to_owned();
        let ended = o.ended.as_ref();
        Self {
            device: device.to_owned(),
            number: o.number,
            standing: match o.standing(now) {
                Standing::Asked => "asked",
                Standing::Counts => "counts",
                Standing::Over => "over",
            },
            tag: o.tag.to_string(),
            server: o.server.0.clone(),
            skips: o.skips.clone(),
            reason: o.asked.text.clone(),
            asked_by: name(o.asked.mark.by),
            asked_at: o.asked.mark.at,
            until: o.until,
            approved_by: o.approved.map(|m| name(m.by)),
            approved_at: o.approved.map(|m| m.at),
            ended_by: ended.map(|e| e.by.map_or_else(|| "Custody".to_owned(), name)),
            ended_at: ended.map(|e| e.at),
            ended_because: ended.map(|e| e.reason.clone()),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = OverridePage)]
pub struct ListDto {
    overrides: Vec<OverrideDto>,
    /// What `after` is for the next page; none after the last.
    next: Option<String>,
}

fn dto(page: &Page) -> ListDto {
    let one = |l: &overrides::Listed| OverrideDto::new(l.device.name(), &l.of, &page.people, page.now);
    let next = page
        .next
        .as_ref()
        .map(|(at, id, number)| format!("{}~{id}~{number}", at.to_rfc3339_opts(SecondsFormat::AutoSi, true)));
    ListDto { overrides: page.all.iter().map(one).collect(), next }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    after: Option<String>,
}

/// Overrides of all devices
#[utoipa::path(get, path = "/api/v1/overrides", tag = "Overrides", params(Which),
    responses((status = 200, description = "A page of them.", body = ListDto)))]
pub async fn list(
    State(app): State<App>,
    query: Result<Query<Which>, axum::extract::rejection::QueryRejection>,
) -> Answer<Json<ListDto>> {
    let unreadable = || Problem::field("after", "Send the next of the page before");
    let Query(which) = query.map_err(|_| unreadable())?;
    let read = |text: String| -> Option<Place> {
        let mut of = text.splitn(3, '~');
        Some((of.next()?.parse().ok()?, of.next()?.parse().ok()?, of.next()?.parse().ok()?))
    };
    let after = which.after.map(|text| read(text).ok_or_else(unreadable)).transpose()?;
    Ok(Json(dto(&overrides::list(&app, after.as_ref()).await?)))
}

/// The overrides of a device
#[utoipa::path(get, path = "/api/v1/devices/{name}/overrides", tag = "Overrides",
    responses((status = 200, description = "All of them.", body = ListDto)))]
pub async fn of_device(State(app): State<App>, Path(name): Path<String>) -> Answer<Json<ListDto>> {
    Ok(Json(dto(&overrides::of_device(&app, &name).await?)))
}

/// What is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OverrideAsked)]
pub struct Asked {
    tag: String,
    server: String,
    #[schema(value_type = Vec<Skip>)]
    skips: Vec<String>,
    until: DateTime<Utc>,
    reason: String,
}

/// Ask for an override in an emergency
#[utoipa::path(post, path = "/api/v1/devices/{name}/overrides", tag = "Overrides", security(("bearer" = [])), request_body = Asked,
    responses((status = 201, description = "The override that it was about.", body = ListDto)))]
pub async fn ask(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    bearer: Bearer,
    Sent(asked): Sent<Asked>,
) -> Answer<Response> {
    let words: Vec<&'static str> = Skip::iter().map(Into::into).collect();
    let skips = asked.skips.iter().map(|s| s.parse()).collect::<Result<BTreeSet<Skip>, _>>();
    let skips = skips.map_err(|_| Problem::field("skips", format!("Choose of {}", words.join(", "))))?;
    let tag = TagName::parse(&asked.tag, &app.policy.tag_rule()).map_err(|e| Problem::field("tag", e.to_string()))?;
    let Asked { server, until, reason, .. } = asked;
    let command = Command::AskOverride { tag, server: ServerName(server), skips, until, reason };
    Ok((StatusCode::CREATED, does(app, name, &headers, &bearer, command.into()).await?).into_response())
}

/// Approve an override, as a second person of CTRL
///
/// `If-Match` says which revision of the device it was decided by.
#[utoipa::path(post, path = "/api/v1/devices/{name}/overrides/{number}/approval", tag = "Overrides", security(("bearer" = [])),
    params(("number" = u32, Path, description = "Its number within the device."),
        ("If-Match" = Option<String>, Header, description = "The device's ETag as it was read.", pattern = "^\"[0-9]{1,18}\"$")),
    responses((status = 200, description = "The override that it was about.", body = ListDto)))]
pub async fn approve(
    State(app): State<App>,
    Path((name, number)): Path<(String, u32)>,
    headers: HeaderMap,
    bearer: Bearer,
) -> Answer<Json<ListDto>> {
    bearer.must_be_bound_to_nothing()?;
    let Read::Revision(seen) = Read::of(&headers)? else { return Err(Problem::revision_needed()) };
    does(app, name, &headers, &bearer, Ask { seen: Some(seen), ..Ask::from(Command::ApproveOverride { number }) }).await
}

/// Why it ends before its time.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EndReason)]
pub struct Reason {
    reason: String,
}

/// End an override before its time
#[utoipa::path(post, path = "/api/v1/devices/{name}/overrides/{number}/end", tag = "Overrides", security(("bearer" = [])), params(("number" = u32, Path, description = "Its number within the device.")), request_body = Reason,
    responses((status = 200, description = "The override that it was about.", body = ListDto)))]
pub async fn end(
    State(app): State<App>,
    Path((name, number)): Path<(String, u32)>,
    headers: HeaderMap,
    bearer: Bearer,
    Sent(Reason { reason }): Sent<Reason>,
) -> Answer<Json<ListDto>> {
    does(app, name, &headers, &bearer, Command::EndOverride { number, reason }.into()).await
}

/// Does it; the override that it was about, as it is now. A repetition is answered with all of the device.
async fn does(app: App, name: String, headers: &HeaderMap, bearer: &Bearer, ask: Ask) -> Answer<Json<ListDto>> {
    bearer.must_be_bound_to_nothing()?;
    let ask = Ask { key: idempotency_key(headers)?, exactly: ask.seen.is_some(), ..ask };
    let done = match act(&app, &bearer.caller(), &name, ask).await {
        Err(Error::Stale(events)) => {
            let device = catalogue::show(&app, &name).await?.device;
            return Err(Problem::changed(commands::tell_all(&app, Some(&device), &events).await?));
        }
        done => done?,
    };
    let about = done.events.iter().find_map(|e| match e.what {
        Happened::OverrideAsked { number, .. }
        | Happened::OverrideApproved { number }
        | Happened::OverrideEnded { number, .. } => Some(number),
        _ => None,
    });
    let mut page = overrides::of_device(&app, &name).await?;
    page.all.retain(|l| about.is_none_or(|n| l.of.number == n));
    Ok(Json(dto(&page)))
}
