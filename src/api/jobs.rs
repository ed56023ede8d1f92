//! What Custody does by itself, and how that goes.

use super::{problem::Answer, token::Bearer};
use crate::{
    app::App,
    jobs::{Doing, Job},
};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use strum::IntoEnumIterator;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list))
}

#[derive(Serialize, ToSchema)]
#[schema(as = Jobs)]
pub struct ListDto {
    jobs: Vec<JobDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Job)]
struct JobDto {
    job: &'static str,
    about: &'static str,
    /// Since when it runs now.
    running: Option<DateTime<Utc>>,
    /// When it ran last, to the end; since the start of this replica.
    last: Option<DateTime<Utc>>,
    /// In milliseconds.
    took: u64,
    said: String,
    next: Option<DateTime<Utc>>,
    failed: Option<DateTime<Utc>>,
    why: Option<String>,
    runs: u64,
    failures: u64,
}

fn dto(job: Job, doing: Doing) -> JobDto {
    let (failed, why) = doing.failed.unzip();
    JobDto {
        job: job.into(),
        about: job.about(),
        running: doing.running,
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
    let mut all = app.jobs.list();
    Ok(Json(ListDto { jobs: Job::iter().map(|job| dto(job, all.remove(&job).unwrap_or_default())).collect() }))
}
