//! What programs sign in with (E1, A24): one's own, and for CTRL and administrators everybody's.

use super::{
    body::{Params, Sent},
    once::ShowsSecret,
    paging::{Order, Part, page},
    people::NamedDto,
    problem::Answer,
    token::Bearer,
};
use crate::{
    app::App,
    service::tokens::{self, Listed},
};
use axum::{
    Extension, Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(revoke))
        .routes(routes!(list_own, create))
        .routes(routes!(revoke_own))
}

#[derive(Serialize, ToSchema)]
#[schema(as = Tokens)]
pub struct ListDto {
    tokens: Vec<TokenDto>,
    /// What `after` is for the next page; none after the last.
    next: Option<String>,
}

/// A token. Its secret is shown when it is made, and never again.
#[derive(Serialize, ToSchema)]
#[schema(as = Token)]
struct TokenDto {
    id: String,
    /// Which program uses it.
    name: String,
    /// `read`, `admin`, `observe`, `evidence` or `deploy`.
    scope: String,
    server: Option<String>,
    device: Option<String>,
    /// Who made it, and who acts by it.
    maker: NamedDto,
    /// The id of the token that it was made with, and ends with; none where its maker made it on a page.
    made_with: Option<String>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
    used_at: Option<DateTime<Utc>>,
    /// Whether it opens anything now.
    counts: bool,
}

impl From<Listed> for TokenDto {
    fn from(l: Listed) -> Self {
        let t = l.token;
        Self {
            scope: t.scope.word().to_owned(),
            server: t.scope.server().map(ToString::to_string),
            device: l.device,
            maker: NamedDto::of(t.created_by, l.creator),
            made_with: t.made_with,
            id: t.id,
            name: t.name,
            created_at: t.created_at,
            expires_at: t.expires_at,
            revoked_at: t.revoked_at,
            used_at: t.used_at,
            counts: l.alive,
        }
    }
}

fn dto(all: Vec<Listed>, part: &Part) -> Answer<Json<ListDto>> {
    let key =
        |l: &Listed| format!("{}~{}", l.token.created_at.to_rfc3339_opts(SecondsFormat::Micros, true), l.token.id);
    let (all, next) = page(all, Order::Down, key, part.limit, part.after.as_deref())?;
    Ok(Json(ListDto { tokens: all.into_iter().map(TokenDto::from).collect(), next }))
}

/// Every token, dead ones too, the newest first
///
/// For members of CTRL and administrators.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "Tokens", security(("bearer" = [])), params(Part),
    responses((status = 200, description = "A page of them.", body = ListDto)))]
pub async fn list(State(app): State<App>, bearer: Bearer, Params(part): Params<Part>) -> Answer<Json<ListDto>> {
    dto(tokens::list(&app, &bearer.reads()?).await?, &part)
}

/// End a token at once, and those that were made with it
///
/// For members of CTRL and administrators.
#[utoipa::path(delete, path = "/api/v1/tokens/{token}", tag = "Tokens", security(("bearer" = [])),
    responses((status = 204, description = "It opens nothing any more.")))]
pub async fn revoke(State(app): State<App>, Path(token): Path<String>, bearer: Bearer) -> Answer<StatusCode> {
    tokens::revoke(&app, &bearer.acts()?, &token).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One's own tokens, the newest first
#[utoipa::path(get, path = "/api/v1/me/tokens", tag = "Tokens", security(("bearer" = [])), params(Part),
    responses((status = 200, description = "A page of them.", body = ListDto)))]
pub async fn list_own(State(app): State<App>, bearer: Bearer, Params(part): Params<Part>) -> Answer<Json<ListDto>> {
    bearer.reads()?;
    dto(tokens::list_own(&app, bearer.person()).await?, &part)
}

/// A token to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewToken)]
pub struct New {
    /// Which program uses it, like agent on exflcon01.
    name: String,
    /// `read` for everybody; `observe`, `evidence`, and `deploy` of a device or onto a server, for CTRL and administrators.
    scope: String,
    /// The server that it speaks for: with observe, and with deploy where it is for one.
    #[serde(default)]
    server: String,
    /// The device that it speaks for: with evidence, and with deploy where it is for one.
    #[serde(default)]
    device: String,
    /// For how many days it counts.
    #[schema(minimum = 1, maximum = 366)]
    days: u32,
}

/// A token with its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = TokenOnce)]
struct OnceDto {
    id: String,
    expires_at: DateTime<Utc>,
    /// What goes behind Bearer.
    secret: String,
}

/// Make a token in one's own name
///
/// None that acts as its maker or deploys anything: those are made on pages, by whoever signed in just now. It ends with the
/// token that it is made with, and counts no longer than that, however many days are sent.
#[utoipa::path(post, path = "/api/v1/me/tokens", tag = "Tokens", security(("bearer" = [])), request_body = New,
    responses((status = 201, description = "The token with its secret, this once.", body = OnceDto)))]
pub async fn create(State(app): State<App>, bearer: Bearer, Sent(new): Sent<New>) -> Answer<Response> {
    let caller = bearer.acts()?;
    let scope = tokens::scope(&app, &new.scope, &new.server, &new.device).await?;
    let (token, secret) = tokens::create(&app, &caller, &new.name, scope, new.days).await?;
    let body = OnceDto { id: token.id, expires_at: token.expires_at, secret };
    Ok((StatusCode::CREATED, Extension(ShowsSecret), Json(body)).into_response())
}

/// End one of one's own tokens at once, and those that were made with it
#[utoipa::path(delete, path = "/api/v1/me/tokens/{token}", tag = "Tokens", security(("bearer" = [])),
    responses((status = 204, description = "It opens nothing any more.")))]
pub async fn revoke_own(State(app): State<App>, Path(token): Path<String>, bearer: Bearer) -> Answer<StatusCode> {
    tokens::revoke_own(&app, &bearer.acts()?, &token).await?;
    Ok(StatusCode::NO_CONTENT)
}
