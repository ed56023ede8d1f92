//! What agents report: what runs on their server (A24, G10).

use super::{
    body::Sent,
    problem::{Answer, Problem},
    token::Bearer,
};
use crate::{
    app::App,
    service::observations::{self, Report, Taken},
};
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(report))
}

/// A report about one server.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ObservationReport)]
pub struct Reported {
    /// The server that it is about. Where the token speaks for another one it is refused, and so is an empty report that
    /// was meant for another server.
    server: Option<String>,
    /// Whether it lists everything that runs there: what is missing is gone then. Otherwise it only adds. More than 5,000
    /// instances are sent in several posts, each with `false`: what is gone shows by falling silent then.
    #[serde(default = "yes")]
    #[schema(required = false)]
    complete: bool,
    observations: Vec<Report>,
}

fn yes() -> bool {
    true
}

/// Report what runs on a server
///
/// With a token for observations of that very server. At most 5,000 instances at once; of more send several posts, each
/// with `"complete": false`.
#[utoipa::path(post, path = "/api/v1/observations", tag = "Observations", security(("bearer" = [])), request_body = Reported,
    responses((status = 200, description = "What became of it.", body = Taken)))]
pub async fn report(State(app): State<App>, bearer: Bearer, Sent(sent): Sent<Reported>) -> Answer<Json<Taken>> {
    let server = bearer.server()?;
    if let Some(other) = sent.server.filter(|named| *named != server.0) {
        return Err(Problem::other_scope(format!("This token speaks for {server} only, not for {other}.")));
    }
    Ok(Json(observations::observe(&app, &bearer.caller(), server, sent.observations, sent.complete).await?))
}
