//! What a member of CTRL saw running, where nothing reports it (T8).

use crate::{
    api::{body::Sent, problem::Answer, token::Bearer},
    app::App,
    domain::id::ServerName,
    service::observations::{self, Report, Taken},
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use utoipa::ToSchema;

/// State what one saw running
///
/// For a member of CTRL, where nothing reports; it is marked as such wherever it shows. Refused while an agent or a
/// collector reports the instance, or everything that runs on the server.
#[utoipa::path(post, path = "/api/v1/devices/{name}/sightings", tag = "Observations", security(("bearer" = [])),
    request_body = Report, responses((status = 200, description = "What became of it.", body = Taken)))]
pub async fn state(
    State(app): State<App>,
    Path(name): Path<String>,
    bearer: Bearer,
    Sent(seen): Sent<Report>,
) -> Answer<Json<Taken>> {
    Ok(Json(observations::state(&app, &bearer.acts()?, &name, seen).await?))
}

/// What does not run any more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Gone)]
pub struct Gone {
    instance: String,
    server: String,
}

/// State that an instance does not run any more
///
/// For a member of CTRL, about an instance that nothing reports; refused while an agent or a collector does.
#[utoipa::path(post, path = "/api/v1/devices/{name}/sightings/gone", tag = "Observations", security(("bearer" = [])),
    request_body = Gone, responses((status = 204, description = "It is on record as gone.")))]
pub async fn state_gone(
    State(app): State<App>,
    Path(name): Path<String>,
    bearer: Bearer,
    Sent(gone): Sent<Gone>,
) -> Answer<StatusCode> {
    let Gone { instance, server } = gone;
    observations::state_gone(&app, &bearer.acts()?, &name, &instance, &ServerName(server)).await?;
    Ok(StatusCode::NO_CONTENT)
}
