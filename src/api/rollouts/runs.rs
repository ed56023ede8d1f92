//! The runs of a rollout's steps, and what they said (R3).

use super::reads;
use crate::{
    api::{
        body::Params,
        paging::{Order, page},
        problem::Answer,
        token::Bearer,
    },
    app::App,
    domain::{
        id::{RunId, TargetName},
        rollout::Rollout,
    },
    service::{
        Error,
        rollouts::{self, Run},
    },
};
use axum::{
    Json,
    extract::{Path, State},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// One step of a rollout, carried out once on one target by the engine.
#[derive(Serialize, ToSchema)]
#[schema(as = RolloutRun)]
struct RunDto {
    id: RunId,
    target: String,
    /// The step's place, from 0, and its name.
    step: usize,
    step_name: String,
    /// Whether it takes the step back.
    undo: bool,
    /// From 1, of this step on this target.
    attempt: u32,
    /// `running`, `done`, `failed` or `unknown`.
    state: &'static str,
    begun: DateTime<Utc>,
    ended: Option<DateTime<Utc>>,
    /// The engine's exit code, where it came to one.
    exit_code: Option<i32>,
    tasks_done: u32,
    tasks_all: u32,
}

impl RunDto {
    fn new(run: &Run, of: &Rollout) -> Self {
        Self {
            id: run.id,
            target: run.target.0.clone(),
            step: run.step,
            step_name: of.steps.get(run.step).map(|s| s.name.clone()).unwrap_or_default(),
            undo: run.undo,
            attempt: run.attempt,
            state: run.state.into(),
            begun: run.begun,
            ended: run.ended,
            exit_code: run.rc,
            tasks_done: run.tasks_done,
            tasks_all: run.tasks_all,
        }
    }
}

/// Which runs.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Of this target alone.
    target: Option<String>,
    /// At most so many at once; 200 where nothing is said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// The `next` of the page before, whose other parameters are to be sent again.
    after: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RolloutRunPage)]
pub struct ListDto {
    runs: Vec<RunDto>,
    /// What `after` is for the next page; none after the last.
    next: Option<String>,
}

/// The runs of a rollout, the newest first
///
/// At most the newest 1,000; what each of them said stands at its own address.
#[utoipa::path(get, path = "/api/v1/rollouts/{rollout}/runs", tag = "Rollouts", security(("bearer" = [])), params(Which),
    responses((status = 200, description = "A page of them.", body = ListDto)))]
pub async fn list(
    State(app): State<App>,
    Path(rollout): Path<String>,
    bearer: Bearer,
    Params(which): Params<Which>,
) -> Answer<Json<ListDto>> {
    reads(&bearer)?;
    let of = rollouts::find(&app, &rollout).await?;
    let target = which.target.map(TargetName);
    // A misspelled one has no runs that anybody should be told of.
    if target.as_ref().is_some_and(|name| of.target(name).is_none()) {
        return Err(Error::NotFound.into());
    }
    let found = rollouts::runs(&app, &rollout, target.as_ref()).await?;
    let (all, next) = page(found, Order::Down, |r| r.id.to_string(), which.limit, which.after.as_deref())?;
    Ok(Json(ListDto { runs: all.iter().map(|r| RunDto::new(r, &of)).collect(), next }))
}

/// A run, with what it said.
#[derive(Serialize, ToSchema)]
#[schema(as = RolloutRunShown)]
pub struct ShownDto {
    #[serde(flatten)]
    run: RunDto,
    /// What the engine printed so far, at most 256 KiB: of more than that the head and the tail.
    output: String,
}

/// A run, with what it said
///
/// It names hosts and paths: for CTRL and administrators.
#[utoipa::path(get, path = "/api/v1/rollouts/{rollout}/runs/{run}", tag = "Rollouts", security(("bearer" = [])),
    responses((status = 200, description = "The run.", body = ShownDto)))]
pub async fn show(
    State(app): State<App>,
    Path((rollout, run)): Path<(String, String)>,
    bearer: Bearer,
) -> Answer<Json<ShownDto>> {
    let caller = reads(&bearer)?;
    let id: RunId = run.parse().map_err(|_| Error::NotFound)?;
    let of = rollouts::find(&app, &rollout).await?;
    let run = rollouts::output(&app, &caller, &rollout, id).await?;
    Ok(Json(ShownDto { run: RunDto::new(&run, &of), output: run.output }))
}
