//! Rollouts as programs plan them, read them and ask things of them (R1 to R6, E3).

mod commands;
mod consistency;
mod progress;
mod runs;
mod shape;
mod target;

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
        id::RolloutId,
        policy::{RolloutKind, RolloutStep, RolloutTarget},
        rollout::{Plan, StateName},
    },
    service::{
        Caller, Error,
        rollouts::{self, Which},
        since::since,
    },
};
use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use axum_extra::extract::Query;
use serde::{Deserialize, Serialize};
use shape::{BriefDto, RolloutDto};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(list, plan))
        .routes(routes!(choices))
        .routes(routes!(show, amend))
        .routes(routes!(commands::list, commands::give))
        .routes(routes!(runs::list))
        .routes(routes!(runs::show))
}

/// Whoever made the token, where it reads what they may, or deploys whatever they may.
pub(super) fn reads(bearer: &Bearer) -> Answer<Caller> {
    match bearer.must_be_bound_to_nothing() {
        Ok(()) => Ok(bearer.caller()),
        Err(_) => bearer.reads(),
    }
}

/// Whoever made the token, where it does what they may, or deploys whatever they may: one that is bound to a device or a
/// server is no word of theirs on instruments.
pub(super) fn acts(bearer: &Bearer) -> Answer<Caller> {
    match bearer.must_be_bound_to_nothing() {
        Ok(()) => Ok(bearer.caller()),
        Err(_) => bearer.acts(),
    }
}

/// Which rollouts.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Can be given several times.
    #[serde(default)]
    #[param(value_type = Vec<StateName>, required = false)]
    state: Vec<String>,
    /// The `next` of the page before, whose other parameters are to be sent again.
    after: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RolloutPage)]
pub struct ListDto {
    rollouts: Vec<BriefDto>,
    /// What `after` is for the next page; none after the last.
    next: Option<String>,
}

/// Rollouts, the newest first
#[utoipa::path(get, path = "/api/v1/rollouts", tag = "Rollouts", security(("bearer" = [])), params(Wanted),
    responses((status = 200, description = "A page of them.", body = ListDto)))]
pub async fn list(
    State(app): State<App>,
    bearer: Bearer,
    query: Result<Query<Wanted>, axum_extra::extract::QueryRejection>,
) -> Answer<Json<ListDto>> {
    reads(&bearer)?;
    let say = "Ask by state and after only, like ?state=running&state=paused";
    let Query(wanted) = query.map_err(|_| Problem::field("query", say))?;
    let say = "Choose planned, running, paused, stopped, finished or abandoned";
    let states = wanted.state.iter().map(|s| s.parse::<StateName>()).collect::<Result<Vec<_>, _>>();
    let states = states.map_err(|_| Problem::field("state", say))?;
    let before = wanted.after.map(|text| text.parse::<RolloutId>()).transpose();
    let before = before.map_err(|_| Problem::field("after", "Send the next of the page before"))?;
    let page = rollouts::list(&app, &Which { states, before }).await?;
    Ok(Json(ListDto {
        rollouts: page.rollouts.iter().map(|r| BriefDto::new(r, &page.people, page.now)).collect(),
        next: page.next.map(|id| id.to_string()),
    }))
}

/// Plan a rollout
///
/// For a member of CTRL. It begins once somebody starts it, inside its window.
#[utoipa::path(post, path = "/api/v1/rollouts", tag = "Rollouts", security(("bearer" = [])), request_body = Plan,
    responses((status = 201, description = "It is planned.", body = RolloutDto,
        headers(("Location" = String, description = "The rollout."), ("ETag" = String, description = "Its revision.")))))]
pub async fn plan(
    State(app): State<App>,
    headers: HeaderMap,
    bearer: Bearer,
    Sent(plan): Sent<Plan>,
) -> Answer<Response> {
    let caller = acts(&bearer)?;
    let done = rollouts::plan(&app, &caller, plan, idempotency_key(&headers)?).await?;
    let number = done.rollout.number;
    let place = format!("/api/v1/rollouts/{number}");
    let shown = shown(&app, &caller, &number).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], shown).into_response())
}

/// What a plan chooses from, by the policy in force.
#[derive(Serialize, ToSchema)]
#[schema(as = RolloutChoices)]
pub struct ChoicesDto {
    /// Targets that a plan may have worked on at once, at most.
    at_once: u32,
    /// Targets that its first wave may have, at most, where it has more than these.
    first_wave: u32,
    /// So many failed targets pause it, where nothing else is wanted.
    stop_after_failed: u32,
    kinds: Vec<KindDto>,
    targets: Vec<TargetChoiceDto>,
}

/// A template of steps.
#[derive(Serialize, ToSchema)]
#[schema(as = RolloutKind)]
struct KindDto {
    name: String,
    label: String,
    /// In their order.
    steps: Vec<StepChoiceDto>,
    /// Whether a legacy system stays beside the new one for a while.
    legacy: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RolloutKindStep)]
struct StepChoiceDto {
    name: String,
    label: String,
    /// Whether a person does it.
    by_hand: bool,
    /// Whether the engine can take it back.
    undo: bool,
    /// Minutes that it may take.
    minutes: u32,
    /// Whether somebody signs it off after it.
    sign_off: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RolloutTargetChoice)]
struct TargetChoiceDto {
    name: String,
    group: String,
    /// Empty where it serves none.
    instrument: String,
}

/// What a plan chooses from
///
/// The kinds and the targets of the policy in force; frameworks stand at `/api/v1/frameworks`.
#[utoipa::path(get, path = "/api/v1/rollouts/choices", tag = "Rollouts", security(("bearer" = [])),
    responses((status = 200, description = "All of it.", body = ChoicesDto)))]
pub async fn choices(State(app): State<App>, bearer: Bearer) -> Answer<Json<ChoicesDto>> {
    reads(&bearer)?;
    let of = &app.policy.rollouts;
    let step = |s: &RolloutStep| StepChoiceDto {
        name: s.name.clone(),
        label: s.label.clone(),
        by_hand: s.playbook.is_none() || of.playbooks.is_none(),
        undo: s.undo.is_some() && of.playbooks.is_some(),
        minutes: s.minutes.unwrap_or(of.step_minutes),
        sign_off: s.sign_off,
    };
    let kind = |k: &RolloutKind| KindDto {
        name: k.name.clone(),
        label: k.label.clone(),
        steps: k.steps.iter().map(step).collect(),
        legacy: k.legacy,
    };
    let target = |t: &RolloutTarget| TargetChoiceDto {
        name: t.name.clone(),
        group: t.group.clone(),
        instrument: t.instrument.clone(),
    };
    Ok(Json(ChoicesDto {
        at_once: of.at_once,
        first_wave: of.first_wave,
        stop_after_failed: of.stop_after_failed,
        kinds: of.kinds.iter().map(kind).collect(),
        targets: of.targets.iter().map(target).collect(),
    }))
}

/// A rollout, with its progress
///
/// How far each target is, when it is likely to end, the gates of its start, what varies from the baseline, the local
/// changes that it would overwrite, and what happened last.
#[utoipa::path(get, path = "/api/v1/rollouts/{rollout}", tag = "Rollouts", security(("bearer" = [])),
    responses((status = 200, description = "The rollout.", body = RolloutDto,
        headers(("ETag" = String, description = "Its revision.")))))]
pub async fn show(State(app): State<App>, Path(rollout): Path<String>, bearer: Bearer) -> Answer<Response> {
    shown(&app, &reads(&bearer)?, &rollout).await
}

async fn shown(app: &App, caller: &Caller, number: &str) -> Answer<Response> {
    let view = rollouts::load(app, Some(caller), number).await?;
    Ok(tagged(view.rollout.revision, Json(RolloutDto::new(app, view))))
}

/// Change the plan of what has not started
///
/// For a member of CTRL; the plan as a whole. `If-Match` says which revision of the rollout it was decided by.
#[utoipa::path(put, path = "/api/v1/rollouts/{rollout}", tag = "Rollouts", security(("bearer" = [])),
    params(("If-Match" = Option<String>, Header, description = "The rollout's ETag as it was read.", pattern = "^\"[0-9]{1,18}\"$")),
    request_body = Plan,
    responses((status = 200, description = "The rollout after it.", body = RolloutDto,
        headers(("ETag" = String, description = "Its revision after it.")))))]
pub async fn amend(
    State(app): State<App>,
    Path(rollout): Path<String>,
    headers: HeaderMap,
    bearer: Bearer,
    Sent(plan): Sent<Plan>,
) -> Answer<Response> {
    let caller = acts(&bearer)?;
    let Read::Revision(seen) = Read::of(&headers)? else { return Err(Problem::revision_needed()) };
    let key = idempotency_key(&headers)?;
    match rollouts::amend(&app, &caller, &rollout, plan, Some(seen), key).await {
        Ok(_) => shown(&app, &caller, &rollout).await,
        Err(Error::Stale(_)) => Err(stale(&app, &rollout, seen).await?),
        Err(other) => Err(other.into()),
    }
}

/// It is not as it was read any more: with what has happened since.
async fn stale(app: &App, number: &str, seen: u64) -> Answer<Problem> {
    let id = rollouts::find(app, number).await?.id;
    Ok(Problem::changed(since(app, rollouts::stream(id), seen).await?))
}
