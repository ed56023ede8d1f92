//! Forges that tell of new tags, as administrators keep them (A21).

use super::{body::Sent, once::ShowsSecret, problem::Answer, token::Bearer};
use crate::{
    app::App,
    domain::forge::Forge,
    service::hooks::{self, Hook, Listed},
};
use axum::{
    Extension, Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list, create)).routes(routes!(revoke))
}

#[derive(Serialize, ToSchema)]
#[schema(as = Forges)]
pub struct ListDto {
    forges: Vec<ForgeDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Forge)]
struct ForgeDto {
    id: String,
    name: String,
    forge: Forge,
    /// The host, or host and group, whose repositories it may tell of; `null` of one that may tell of any.
    covers: Option<String>,
    /// Where it sends to.
    address: String,
    created_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
    /// When it told something last.
    heard_at: Option<DateTime<Utc>>,
    /// When it last sent what its secret does not prove, where it has told nothing since; as far as this replica has seen.
    refused_at: Option<DateTime<Utc>>,
    /// Deliveries that wait to be looked at.
    waiting: u64,
}

fn dto(app: &App, hook: Hook, waiting: u64, refused_at: Option<DateTime<Utc>>) -> ForgeDto {
    ForgeDto {
        address: hooks::address(app, &hook),
        id: hook.id,
        name: hook.name,
        forge: hook.forge,
        covers: hook.covers.map(|c| c.to_string()),
        created_at: hook.created_at,
        revoked_at: hook.revoked_at,
        heard_at: hook.heard_at,
        refused_at,
        waiting,
    }
}

/// The forges that tell Custody of tags, revoked ones too
///
/// For administrators.
#[utoipa::path(get, path = "/api/v1/forges", tag = "Forges", security(("bearer" = [])),
    responses((status = 200, description = "All of them.", body = ListDto)))]
pub async fn list(State(app): State<App>, bearer: Bearer) -> Answer<Json<ListDto>> {
    let all = hooks::list(&app, &bearer.reads()?).await?;
    let one = |Listed { hook, waiting, refused_at, .. }: Listed| dto(&app, hook, waiting, refused_at);
    Ok(Json(ListDto { forges: all.into_iter().map(one).collect() }))
}

/// A forge that is to be heard.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewForge)]
pub struct New {
    name: String,
    forge: Forge,
    /// The host whose repositories it may tell of, or the host and a group there, like `git.example.org/sqs`. What it
    /// tells of others is left out.
    covers: String,
    /// Where the forge makes it itself; Custody makes one otherwise.
    #[serde(default)]
    secret: String,
}

/// A forge's address with its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = ForgeOnce)]
struct OnceDto {
    #[serde(flatten)]
    forge: ForgeDto,
    secret: String,
}

/// Let a forge tell of tags
#[utoipa::path(post, path = "/api/v1/forges", tag = "Forges", security(("bearer" = [])), request_body = New,
    responses((status = 201, description = "Its address and its secret, this once.", body = OnceDto)))]
pub async fn create(State(app): State<App>, bearer: Bearer, Sent(new): Sent<New>) -> Answer<Response> {
    let New { name, forge, covers, secret } = new;
    let hook = hooks::create(&app, &bearer.acts()?, &hooks::New { name, forge, covers, secret }).await?;
    let secret = hook.secret.clone();
    let body = OnceDto { forge: dto(&app, hook, 0, None), secret };
    Ok((StatusCode::CREATED, Extension(ShowsSecret), Json(body)).into_response())
}

/// Hear a forge no more
#[utoipa::path(delete, path = "/api/v1/forges/{id}", tag = "Forges", security(("bearer" = [])),
    responses((status = 204, description = "What it sends is refused.")))]
pub async fn revoke(State(app): State<App>, Path(id): Path<String>, bearer: Bearer) -> Answer<StatusCode> {
    hooks::revoke(&app, &bearer.acts()?, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
