//! How the collectors are doing (G10).

use super::{problem::Answer, token::Bearer};
use crate::{
    app::App,
    domain::policy::CollectorKind,
    service::collectors::{self, Shown},
};
use axum::{
    Json,
    extract::{Path, State},
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(poll))
}

#[derive(Serialize, ToSchema)]
#[schema(as = Collectors)]
pub struct ListDto {
    collectors: Vec<CollectorDto>,
}

/// A collector, and how old what it knows is.
#[derive(Serialize, ToSchema)]
#[schema(as = Collector)]
struct CollectorDto {
    name: String,
    kind: CollectorKind,
    /// The servers that it speaks for, `*` for any text.
    covers: Vec<String>,
    /// When everything that it asks answered last.
    view: Option<DateTime<Utc>>,
    /// Whether that is longer ago than the policy allows.
    stale: bool,
    tried: Option<DateTime<Utc>>,
    /// When it asks again.
    due: Option<DateTime<Utc>>,
    /// Polls that failed since the view.
    failures: u32,
    /// Why the last one failed, or empty.
    error: String,
    note: String,
    instances: usize,
    /// Of what it was told, those on servers that it does not speak for.
    refused: usize,
}

impl CollectorDto {
    fn new(c: Shown, now: DateTime<Utc>) -> Self {
        let stale = c.is_stale(now);
        let Shown { collector: of, doing } = c;
        let d = doing.as_ref();
        Self {
            stale,
            view: d.and_then(|d| d.view),
            tried: d.and_then(|d| d.tried),
            due: d.map(|d| d.due),
            failures: d.map_or(0, |d| d.failures),
            error: d.map(|d| d.error.clone()).unwrap_or_default(),
            note: d.map(|d| d.note.clone()).unwrap_or_default(),
            instances: d.map_or(0, |d| d.instances),
            refused: d.map_or(0, |d| d.refused),
            name: of.name,
            kind: of.kind,
            covers: of.covers,
        }
    }
}

/// The collectors, and how they are doing
///
/// With any token: reasons name machines of the facility.
#[utoipa::path(get, path = "/api/v1/collectors", tag = "Observations", security(("bearer" = [])),
    responses((status = 200, description = "Every collector.", body = ListDto)))]
pub async fn list(State(app): State<App>, _: Bearer) -> Answer<Json<ListDto>> {
    let now = app.clock.now();
    let all = collectors::list(&app).await?;
    Ok(Json(ListDto { collectors: all.into_iter().map(|c| CollectorDto::new(c, now)).collect() }))
}

/// Have a collector ask at once
///
/// For a member of CTRL or an administrator. All of them as they are then; one that still asks goes on.
#[utoipa::path(post, path = "/api/v1/collectors/{collector}/polls", tag = "Observations", security(("bearer" = [])),
    responses((status = 200, description = "Every collector.", body = ListDto)))]
pub async fn poll(State(app): State<App>, Path(name): Path<String>, bearer: Bearer) -> Answer<Json<ListDto>> {
    collectors::poll_now(&app, &bearer.acts()?, &name).await?;
    list(State(app), bearer).await
}
