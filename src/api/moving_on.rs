//! How a device moves on to production by itself, and what holds it (G5).

use super::{
    body::Sent,
    devices::idempotency_key,
    problem::{Answer, Problem},
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
        act::{Ask, act},
        moving_on,
    },
};
use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
pub struct MovingOnDto {
    device: String,
    /// The server of production that it moves on to by itself; none where a person asks each time.
    server: Option<ServerName>,
    set_by: Option<String>,
    set_at: Option<DateTime<Utc>>,
    /// While it is there, nothing moves on by itself.
    hold: Option<HoldDto>,
}

#[derive(Serialize)]
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

/// GET /api/v1/devices/{name}/moving_on
pub async fn show(State(app): State<App>, Path(name): Path<String>) -> Answer<Json<MovingOnDto>> {
    let (device, people) = moving_on::look(&app, &name).await?;
    let of = &device.moving_on;
    let set = of.by_itself.as_ref();
    Ok(Json(MovingOnDto {
        server: set.map(|b| b.server.clone()),
        set_by: set.map(|b| people.name(b.set.by).to_owned()),
        set_at: set.map(|b| b.set.at),
        hold: of.hold.as_ref().map(|h| HoldDto::new(h, &people)),
        device: device.name().to_owned(),
    }))
}

/// Where it is to move on to; `null` where a person is to ask each time.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    #[serde(deserialize_with = "Option::deserialize")]
    server: Option<String>,
}

/// PUT /api/v1/devices/{name}/moving_on
pub async fn set(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    bearer: Bearer,
    Sent(wanted): Sent<Wanted>,
) -> Answer<Json<MovingOnDto>> {
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
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    reason: String,
}

/// POST /api/v1/devices/{name}/moving_on/hold
pub async fn hold(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    bearer: Bearer,
    Sent(Reason { reason }): Sent<Reason>,
) -> Answer<Json<MovingOnDto>> {
    does(app, name, &headers, &bearer, Command::HoldMovingOn { reason }).await
}

/// DELETE /api/v1/devices/{name}/moving_on/hold
pub async fn lift(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    bearer: Bearer,
    Sent(Reason { reason }): Sent<Reason>,
) -> Answer<Json<MovingOnDto>> {
    does(app, name, &headers, &bearer, Command::LiftHold { reason }).await
}

async fn does(
    app: App,
    name: String,
    headers: &HeaderMap,
    bearer: &Bearer,
    command: Command,
) -> Answer<Json<MovingOnDto>> {
    bearer.must_be_bound_to_nothing()?;
    let ask = Ask { key: idempotency_key(headers)?, ..Ask::from(command) };
    act(&app, &bearer.caller(), &name, ask).await?;
    show(State(app), Path(name)).await
}
