//! What agents report: what runs on their server (A24, G10).

use super::{body::Sent, problem::Answer, token::Bearer};
use crate::{
    app::App,
    service::observations::{self, Report, Taken},
};
use axum::{Json, extract::State};
use serde::Deserialize;

/// A report about one server.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reported {
    /// Whether it lists everything that runs there: what is missing is gone then. Otherwise it only adds.
    #[serde(default = "yes")]
    complete: bool,
    observations: Vec<Report>,
}

fn yes() -> bool {
    true
}

/// POST /api/v1/observations
pub async fn report(State(app): State<App>, bearer: Bearer, Sent(sent): Sent<Reported>) -> Answer<Json<Taken>> {
    let server = bearer.server()?;
    Ok(Json(observations::observe(&app, &bearer.caller(), server, sent.observations, sent.complete).await?))
}
