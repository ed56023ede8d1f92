//! Devices as programs read them, and the evidence that jobs give for them.

pub(super) mod commands;
mod cycle;
pub(super) mod record;
mod review;
mod shape;
mod sightings;

use super::{
    body::Sent,
    problem::{Answer, Problem},
    revision::tagged,
    token::Bearer,
};
use crate::{
    app::App,
    domain::{
        lifecycle::{Command, StateName},
        support::Support,
        tag::CommitId,
    },
    service::{
        act::{Ask, act},
        catalogue::{self, Which},
    },
};
use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use axum_extra::extract::Query;
use serde::Deserialize;
use shape::{DeviceDto, PageDto};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(list, commands::request))
        .routes(routes!(show))
        .routes(routes!(commands::list, commands::give))
        .routes(routes!(record::history))
        .routes(routes!(cycle::show))
        .routes(routes!(record::request))
        .routes(routes!(record::discussion))
        .routes(routes!(review::show))
        .routes(routes!(give_evidence))
        .routes(routes!(sightings::state))
        .routes(routes!(sightings::state_gone))
}

/// What a list is asked for; each of `support` and `state` can be given several times.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    instrument: Option<String>,
    #[serde(default)]
    #[param(value_type = Vec<Support>, required = false)]
    support: Vec<String>,
    #[serde(default)]
    #[param(value_type = Vec<StateName>, required = false)]
    state: Vec<String>,
    #[serde(default)]
    after: String,
}

/// Devices on record, by name
#[utoipa::path(get, path = "/api/v1/devices", tag = "Devices", params(Wanted),
    responses((status = 200, description = "A page of them.", body = PageDto)))]
pub async fn list(
    State(app): State<App>,
    query: Result<Query<Wanted>, axum_extra::extract::QueryRejection>,
) -> Answer<Json<PageDto>> {
    let Query(q) = query.map_err(|_| {
        Problem::field(
            "query",
            "Ask by instrument, support, state and after only, like ?instrument=SCS&state=under_review",
        )
    })?;
    let supports = q.support.iter().map(|s| s.parse()).collect::<Result<_, _>>().map_err(|_| {
        Problem::field("support", "Choose fully_supported, reduced_support, unknown, not_supported or shut_down")
    })?;
    let states = q.state.iter().map(|s| s.parse()).collect::<Result<_, _>>().map_err(|_| {
        Problem::field("state", "Choose a state like requested, accepted, reduced_support, under_review or ctrl_owned")
    })?;
    let which = Which { instrument: q.instrument, supports, states, after: q.after };
    let (cards, next) = catalogue::list(&app, &which);
    Ok(Json(PageDto::new(&cards, next)))
}

/// A device, with the gates of its next step
#[utoipa::path(get, path = "/api/v1/devices/{name}", tag = "Devices",
    responses((status = 200, description = "The device.", body = DeviceDto, headers(("ETag" = String, description = "Its revision.")))))]
pub async fn show(State(app): State<App>, Path(name): Path<String>) -> Answer<Response> {
    let shown = catalogue::show(&app, &name).await?;
    Ok(tagged(shown.device.revision, Json(DeviceDto::new(shown))))
}

/// What a job shows for one item of the checklist (T3).
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EvidenceGiven)]
pub struct Evidence {
    item: String,
    #[schema(pattern = "^([0-9a-f]{40}|[0-9a-f]{64})$")]
    commit: String,
    passed: bool,
    #[serde(default)]
    link: String,
    #[serde(default)]
    text: String,
}

/// Give evidence for one item of the checklist (T3)
#[utoipa::path(post, path = "/api/v1/devices/{name}/evidence", tag = "Devices", security(("bearer" = [])), request_body = Evidence,
    responses((status = 200, description = "The device after it.", body = DeviceDto)))]
pub async fn give_evidence(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    bearer: Bearer,
    Sent(sent): Sent<Evidence>,
) -> Answer<Json<DeviceDto>> {
    let device = catalogue::show(&app, &name).await?.device;
    bearer.must_be_for(device.id)?;
    let commit = CommitId::parse(&sent.commit)
        .map_err(|_| Problem::field("commit", "Send the whole commit, 40 or 64 hexadecimal digits"))?;
    let Evidence { item, passed, link, text, .. } = sent;
    let given = Command::GiveEvidence { item, commit, passed, link, text };
    let ask = Ask { key: idempotency_key(&headers)?, ..Ask::from(given) };
    act(&app, &bearer.caller(), &name, ask).await?;
    Ok(Json(DeviceDto::new(catalogue::show(&app, &name).await?)))
}

/// Names this request, so that its repetition is answered and not acted out (F3).
pub(super) fn idempotency_key(headers: &HeaderMap) -> Answer<Option<String>> {
    let Some(sent) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    match sent.to_str() {
        Ok(key) if (1..=200).contains(&key.len()) && key.bytes().all(|b| (b' '..=b'~').contains(&b)) => {
            Ok(Some(key.to_owned()))
        }
        _ => Err(Problem::field("Idempotency-Key", "Send 1 to 200 plain characters, like a UUID")),
    }
}
