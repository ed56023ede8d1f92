//! Messages on their way, as administrators look after them (O5).

use super::{problem::Answer, token::Bearer};
use crate::{
    app::App,
    service::outbox::{self, Line},
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(again)).routes(routes!(give_up))
}

/// What waits, what failed, what ended lately; the first fifty of each.
#[derive(Serialize, ToSchema)]
#[schema(as = Outbox)]
pub struct OutboxDto {
    failed: Vec<LineDto>,
    failed_in_all: u64,
    waiting: Vec<LineDto>,
    waiting_in_all: u64,
    ended: Vec<LineDto>,
    ended_in_all: u64,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OutboxLine)]
struct LineDto {
    /// Several things may go out in one message.
    message: String,
    /// A person's or a group's name.
    to: String,
    /// `None` where the channel was removed.
    channel: Option<String>,
    device: String,
    text: String,
    urgent: bool,
    at: DateTime<Utc>,
    due: DateTime<Utc>,
    ended: Option<DateTime<Utc>>,
    attempts: i64,
    /// Why it did not arrive; empty where it did, or was not tried.
    error: String,
}

impl From<Line> for LineDto {
    fn from(l: Line) -> Self {
        let of = l.listed;
        Self {
            message: of.message,
            to: l.to,
            channel: l.kind.map(|k| k.to_string()),
            device: of.device,
            text: of.text,
            urgent: of.urgent,
            at: of.at,
            due: of.due,
            ended: of.ended,
            attempts: of.attempts.into(),
            error: of.error,
        }
    }
}

/// The outbox
///
/// For administrators.
#[utoipa::path(get, path = "/api/v1/outbox", tag = "Custody", security(("bearer" = [])),
    responses((status = 200, description = "The outbox now.", body = OutboxDto)))]
pub async fn list(State(app): State<App>, bearer: Bearer) -> Answer<Json<OutboxDto>> {
    bearer.administers(&app).await?;
    let desk = outbox::overview(&app).await?;
    let lines = |all: Vec<Line>| all.into_iter().map(LineDto::from).collect();
    Ok(Json(OutboxDto {
        failed: lines(desk.failed.0),
        failed_in_all: desk.failed.1,
        waiting: lines(desk.waiting.0),
        waiting_in_all: desk.waiting.1,
        ended: lines(desk.ended.0),
        ended_in_all: desk.ended.1,
    }))
}

/// Try a message again at once
#[utoipa::path(post, path = "/api/v1/outbox/{message}/again", tag = "Custody", security(("bearer" = [])),
    responses((status = 204, description = "It is due now.")))]
pub async fn again(State(app): State<App>, Path(message): Path<String>, bearer: Bearer) -> Answer<StatusCode> {
    outbox::again(&app, &bearer.acts()?, &message).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a message up
///
/// Whom it was for still sees it in Custody.
#[utoipa::path(post, path = "/api/v1/outbox/{message}/give_up", tag = "Custody", security(("bearer" = [])),
    responses((status = 204, description = "It is given up.")))]
pub async fn give_up(State(app): State<App>, Path(message): Path<String>, bearer: Bearer) -> Answer<StatusCode> {
    outbox::give_up(&app, &bearer.acts()?, &message).await?;
    Ok(StatusCode::NO_CONTENT)
}
