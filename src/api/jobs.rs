//! What Custody does by itself, and how that goes.

use super::{problem::Answer, token::Bearer};
use crate::{
    app::App,
    service::jobs::{self, Shown},
};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list))
}

#[derive(Serialize, ToSchema)]
#[schema(as = Jobs)]
pub struct ListDto {
    jobs: Vec<JobDto>,
    /// Several Custodys on one PostgreSQL; none where there is one on a file.
    replicas: Vec<ReplicaDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Replica)]
struct ReplicaDto {
    name: String,
    /// Whether it answered this.
    is_this: bool,
    /// Whether it does what only one does.
    is_first: bool,
    /// It has not said for minutes that it is there.
    is_gone: bool,
    started_at: DateTime<Utc>,
    seen_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Job)]
struct JobDto {
    job: &'static str,
    about: &'static str,
    /// Since when it runs now.
    running: Option<DateTime<Utc>>,
    /// The replica that ran it last.
    replica: Option<String>,
    /// When it ran last, to the end.
    last: Option<DateTime<Utc>>,
    /// In milliseconds.
    took: u64,
    said: String,
    next: Option<DateTime<Utc>>,
    failed: Option<DateTime<Utc>>,
    why: Option<String>,
    /// Since the start of that replica, as `failures`.
    runs: u64,
    failures: u64,
}

fn dto(shown: Shown) -> JobDto {
    let Shown { job, doing, replica } = shown;
    let (failed, why) = doing.failed.unzip();
    JobDto {
        job: job.into(),
        about: job.about(),
        running: doing.running,
        replica,
        last: doing.last,
        took: u64::try_from(doing.took.as_millis()).unwrap_or(u64::MAX),
        said: doing.said,
        next: doing.next,
        failed,
        why,
        runs: doing.runs,
        failures: doing.failures,
    }
}

/// What Custody does by itself
///
/// For administrators.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "Custody", security(("bearer" = [])),
    responses((status = 200, description = "Every kind of work.", body = ListDto)))]
pub async fn list(State(app): State<App>, bearer: Bearer) -> Answer<Json<ListDto>> {
    bearer.administers(&app).await?;
    let all = jobs::overview(&app).await?;
    let replicas = all.replicas.into_iter().map(|r| ReplicaDto {
        name: r.name,
        is_this: r.is_this,
        is_first: r.is_first,
        is_gone: r.is_gone,
        started_at: r.started_at,
        seen_at: r.seen_at,
    });
    Ok(Json(ListDto { jobs: all.jobs.into_iter().map(dto).collect(), replicas: replicas.collect() }))
}
