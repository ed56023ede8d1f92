//! Accounts that are closed and opened again, and people who are erased (A31, A37, N4).

use super::id;
use crate::{
    api::{problem::Answer, token::Bearer},
    app::App,
    service::{
        closing,
        erasure::{self, Consequences},
    },
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Serialize;
use utoipa::ToSchema;

/// Close a person's account
///
/// Their sessions, tokens and approvals count no longer. What is on record stays.
#[utoipa::path(post, path = "/api/v1/people/{person}/close", tag = "People", security(("bearer" = [])),
    responses((status = 204, description = "It is closed.")))]
pub async fn close(State(app): State<App>, Path(person): Path<String>, bearer: Bearer) -> Answer<StatusCode> {
    closing::close(&app, &bearer.acts()?, id(&person)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Open a person's account again
#[utoipa::path(post, path = "/api/v1/people/{person}/reopen", tag = "People", security(("bearer" = [])),
    responses((status = 204, description = "It is open.")))]
pub async fn reopen(State(app): State<App>, Path(person): Path<String>, bearer: Bearer) -> Answer<StatusCode> {
    closing::reopen(&app, &bearer.acts()?, id(&person)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What closing somebody's account, or erasing them, leaves behind.
#[derive(Serialize, ToSchema)]
#[schema(as = PersonConsequences)]
pub struct ConsequencesDto {
    name: String,
    /// Devices that have nobody left to call then, by name: closing the account alone does that too.
    left_alone: Vec<String>,
    /// Devices that name them as a contact or a deputy.
    contact_of: Vec<String>,
    /// Devices that they contribute to.
    contributes_to: Vec<String>,
    /// Devices whose CTRL contact they are.
    takes_care_of: Vec<String>,
    /// How many tokens of theirs open something now.
    tokens: usize,
}

/// What closing somebody's account, or erasing them, would leave behind
///
/// For administrators, before they do it.
#[utoipa::path(get, path = "/api/v1/people/{person}/erasure", tag = "People", security(("bearer" = [])),
    responses((status = 200, description = "What would be left.", body = ConsequencesDto)))]
pub async fn consequences(
    State(app): State<App>,
    Path(person): Path<String>,
    bearer: Bearer,
) -> Answer<Json<ConsequencesDto>> {
    bearer.administers(&app).await?;
    let Consequences { name, left_alone, contact_of, contributes_to, takes_care_of, tokens } =
        erasure::list_consequences(&app, id(&person)?).await?;
    Ok(Json(ConsequencesDto { name, left_alone, contact_of, contributes_to, takes_care_of, tokens }))
}

/// Erase what is personal of somebody (A37)
///
/// It cannot be undone. What they did stays on record, as done by a person who was erased.
#[utoipa::path(post, path = "/api/v1/people/{person}/erasure", tag = "People", security(("bearer" = [])),
    responses((status = 204, description = "They are erased.")))]
pub async fn erase(State(app): State<App>, Path(person): Path<String>, bearer: Bearer) -> Answer<StatusCode> {
    erasure::erase(&app, &bearer.acts()?, id(&person)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
