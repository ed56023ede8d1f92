//! Messages on their way, as administrators look after them (O5).

use super::{
    body::Params,
    problem::{Answer, Problem},
    token::Bearer,
};
use crate::{
    app::App,
    service::outbox::{self, After, Line, Part, Place},
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(again)).routes(routes!(give_up))
}

/// Which pages; without a word the first of each.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// The `failed_next` of the page before.
    failed_after: Option<String>,
    /// The `waiting_next` of the page before.
    waiting_after: Option<String>,
    /// The `ended_next` of the page before.
    ended_after: Option<String>,
}

/// What failed, what waits, what ended lately: a page of fifty of each. What waits by when it is due, the others the
/// newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Outbox)]
pub struct OutboxDto {
    failed: Vec<LineDto>,
    failed_in_all: u64,
    /// What `failed_after` is for the next page; none after the last.
    failed_next: Option<String>,
    waiting: Vec<LineDto>,
    waiting_in_all: u64,
    waiting_next: Option<String>,
    ended: Vec<LineDto>,
    ended_in_all: u64,
    ended_next: Option<String>,
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
#[utoipa::path(get, path = "/api/v1/outbox", tag = "Custody", security(("bearer" = [])), params(Which),
    responses((status = 200, description = "The outbox now.", body = OutboxDto)))]
pub async fn list(State(app): State<App>, bearer: Bearer, Params(which): Params<Which>) -> Answer<Json<OutboxDto>> {
    bearer.administers(&app).await?;
    let place = |field: &str, text: Option<String>| -> Answer<Option<Place>> {
        let unreadable = |()| Problem::field(field, "Send the next of the page before");
        text.map(|text| text.parse().map_err(unreadable)).transpose()
    };
    let after = After {
        failed: place("failed_after", which.failed_after)?,
        waiting: place("waiting_after", which.waiting_after)?,
        ended: place("ended_after", which.ended_after)?,
    };
    let desk = outbox::overview(&app, &after).await?;
    let lines = |part: Part| {
        let next = part.next.map(|place| place.to_string());
        (part.lines.into_iter().map(LineDto::from).collect(), part.count, next)
    };
    let (failed, failed_in_all, failed_next) = lines(desk.failed);
    let (waiting, waiting_in_all, waiting_next) = lines(desk.waiting);
    let (ended, ended_in_all, ended_next) = lines(desk.ended);
    Ok(Json(OutboxDto {
        failed,
        failed_in_all,
        failed_next,
        waiting,
        waiting_in_all,
        waiting_next,
        ended,
        ended_in_all,
        ended_next,
    }))
}

/// Try a message again at once
#[utoipa::path(post, path = "/api/v1/outbox/{message}/again", tag = "Custody", security(("bearer" = [])),
    responses((status = 204, description = "It is due now, or when its channel's quiet hours end.")))]
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
