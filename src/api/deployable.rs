//! What is on staging and waits for a person's answer, as programs read it (G4).

use super::{
    body::Params,
    problem::{Answer, Problem},
    token::Bearer,
};
use crate::{
    app::App,
    domain::{
        person::People,
        stage::{Stage, Standing},
    },
    service::stages::{self, Waiting},
};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    after: Option<String>,
}

/// The oldest first.
#[derive(Serialize, ToSchema)]
#[schema(as = WaitingReleases)]
pub struct ListDto {
    waiting: Vec<WaitingDto>,
    /// What `after` is for the next page; none after the last.
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WaitingRelease)]
struct WaitingDto {
    device: String,
    instruments: Vec<String>,
    tag: String,
    commit: String,
    /// Since when it waits.
    since: DateTime<Utc>,
    /// Who reported that it is on staging.
    staged_by: Option<String>,
    /// The job that did, where it was no person.
    staged_job: Option<String>,
    link: String,
    /// Why whoever made the token may not answer for it; none where they may, on its page.
    why_not: Option<String>,
    page: String,
}

impl WaitingDto {
    fn new(app: &App, people: &People, w: &Waiting) -> Self {
        let staged = match w.way.standing(Stage::Staging) {
            Standing::Passed(report) => Some(report),
            Standing::Open | Standing::Failed(_) | Standing::Overtaken(_) => None,
        };
        let page = stages::path(w.device.name(), &w.tag);
        Self {
            device: w.device.name().to_owned(),
            instruments: w.device.request.instruments.clone(),
            tag: w.tag.to_string(),
            commit: w.commit.to_string(),
            since: w.since,
            staged_by: staged.and_then(|r| r.by).map(|p| people.name(p).to_owned()),
            staged_job: staged.and_then(|r| r.job.clone()),
            link: staged.map(|r| r.link.clone()).unwrap_or_default(),
            why_not: w.why_not.as_ref().map(|r| r.sentence.clone()),
            page: format!("{}{page}", app.public_url.as_str().trim_end_matches('/')),
        }
    }
}

/// What is on staging and waits for a person's check
///
/// With any token: as its page, it is for whoever has an account.
#[utoipa::path(get, path = "/api/v1/deployable", tag = "Releases", security(("bearer" = [])), params(Which),
    responses((status = 200, description = "A page, the oldest first.", body = ListDto)))]
pub async fn list(State(app): State<App>, bearer: Bearer, Params(which): Params<Which>) -> Answer<Json<ListDto>> {
    let unreadable = || Problem::field("after", "Send the next of the page before");
    let after = which.after.map(|text| stages::read_place(&text).ok_or_else(unreadable)).transpose()?;
    let found = stages::queue(&app, &bearer.caller(), after.as_ref()).await?;
    Ok(Json(ListDto {
        waiting: found.waiting.iter().map(|w| WaitingDto::new(&app, &found.people, w)).collect(),
        next: found.next.as_ref().map(stages::write_place),
    }))
}
