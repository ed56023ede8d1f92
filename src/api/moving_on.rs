//! How a device moves on to production by itself, and what holds it (G5).

use super::{
    body::Sent,
    devices::idempotency_key,
    problem::{Answer, Problem},
    revision::{Read, tagged},
    token::Bearer,
};
use crate::{
    app::App,
    domain::{
        id::ServerName,
        lifecycle::Command,
        moving_on::{Cause, Hold},
        person::People,
    },
    service::{
        Error,
        act::{Ask, act},
        commands, moving_on,
    },
};
use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(show, set)).routes(routes!(hold, lift))
}

#[derive(Serialize, ToSchema)]
#[schema(as = MovingOn)]
pub struct MovingOnDto {
    device: String,
    /// The server of production that it moves on to by itself; none where a person asks each time.
    server: Option<ServerName>,
    set_by: Option<String>,
    set_at: Option<DateTime<Utc>>,
    /// While it is there, nothing moves on by itself.
    hold: Option<HoldDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Hold)]
struct HoldDto {
    cause: Cause,
    reason: String,
    by: String,
    at: DateTime<Utc>,
}

impl HoldDto {
    fn new(h: &Hold, people: &People) -> Self {
        let by = h.by.map_or("Custody", |p| people.name(p)).to_owned();
        Self { cause: h.cause, reason: h.reason.clone(), by, at: h.at }
    }
}

/// How a device moves on to production by itself, and what holds it
#[utoipa::path(get, path = "/api/v1/devices/{name}/moving_on", tag = "Deployments",
    responses((status = 200, description = "As it is now.", body = MovingOnDto)))]
pub async fn show(State(app): State<App>, Path(name): Path<String>) -> Answer<Response> {
    let (device, people) = moving_on::look(&app, &name).await?;
    let of = &device.moving_on;
    let set = of.by_itself.as_ref();
    let revision = device.revision;
    let body = MovingOnDto {
        server: set.map(|b| b.server.clone()),
        set_by: set.map(|b| people.name(b.set.by).to_owned()),
        set_at: set.map(|b| b.set.at),
        hold: of.hold.as_ref().map(|h| HoldDto::new(h, &people)),
        device: device.name().to_owned(),
    };
    Ok(tagged(revision, Json(body)))
}

/// Where it is to move on to; `null` where a person is to ask each time.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MovingOnWanted)]
pub struct Wanted {
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    server: Option<String>,
}

/// Let a device move on to production by itself, or no longer
#[utoipa::path(put, path = "/api/v1/devices/{name}/moving_on", tag = "Deployments", security(("bearer" = [])), request_body = Wanted,
    responses((status = 200, description = "As it is now.", body = MovingOnDto)))]
pub async fn set(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    bearer: Bearer,
    Sent(wanted): Sent<Wanted>,
) -> Answer<Response> {
    let command = match wanted.server {
        Some(server) if server.trim().is_empty() => {
            return Err(Problem::field("server", "Name a server of production, or send null"));
        }
        Some(server) => Command::MoveOnByItself { server: ServerName(server) },
        None => Command::StopMovingOn {},
    };
    does(app, name, &headers, &bearer, command).await
}

/// Why it is held, or may go on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HoldReason)]
pub struct Reason {
    reason: String,
}

/// Hold it: nothing moves on by itself
#[utoipa::path(post, path = "/api/v1/devices/{name}/moving_on/hold", tag = "Deployments", security(("bearer" = [])), request_body = Reason,
    responses((status = 200, description = "As it is now.", body = MovingOnDto)))]
pub async fn hold(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    bearer: Bearer,
    Sent(Reason { reason }): Sent<Reason>,
) -> Answer<Response> {
    does(app, name, &headers, &bearer, Command::HoldMovingOn { reason }).await
}

/// Lift the hold
#[utoipa::path(delete, path = "/api/v1/devices/{name}/moving_on/hold", tag = "Deployments", security(("bearer" = [])), request_body = Reason,
    responses((status = 200, description = "As it is now.", body = MovingOnDto)))]
pub async fn lift(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    bearer: Bearer,
    Sent(Reason { reason }): Sent<Reason>,
) -> Answer<Response> {
    does(app, name, &headers, &bearer, Command::LiftHold { reason }).await
}

async fn does(app: App, name: String, headers: &HeaderMap, bearer: &Bearer, command: Command) -> Answer<Response> {
    bearer.must_be_bound_to_nothing()?;
    let seen = match Read::of(headers)? {
        Read::Revision(revision) => Some(revision),
        Read::Whatever | Read::Unsaid => None,
    };
    let ask = Ask { key: idempotency_key(headers)?, seen, exactly: seen.is_some(), ..Ask::from(command) };
    match act(&app, &bearer.caller(), &name, ask).await {
        Ok(_) => show(State(app), Path(name)).await,
        Err(Error::Stale(events)) => {
            let device = moving_on::look(&app, &name).await?.0;
            Err(Problem::changed(commands::tell_all(&app, Some(&device), &events).await?))
        }
        Err(other) => Err(other.into()),
    }
}
