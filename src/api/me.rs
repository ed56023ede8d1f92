//! The person that a token speaks for: their account, their sessions, their calendar (A2, A31).

use super::{
    body::Sent,
    once::ShowsSecret,
    people::{PersonDto, shown},
    problem::Answer,
    token::Bearer,
};
use crate::{
    app::App,
    service::{
        Error, calendar, conduct, identity,
        people::{self, OwnDetails},
        sessions, work,
    },
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
    OpenApiRouter::default()
        .routes(routes!(show, edit))
        .routes(routes!(accept_conduct))
        .routes(routes!(list_sessions, end_sessions))
        .routes(routes!(end_session))
        .routes(routes!(make_calendar, remove_calendar))
        .routes(routes!(read_notices))
}

async fn me(app: &App, bearer: &Bearer) -> Answer<Response> {
    let profile = people::find(app, bearer.person()).await?.ok_or(Error::NotFound)?;
    shown(app, profile).await
}

/// Whom this token speaks for
#[utoipa::path(get, path = "/api/v1/me", tag = "Me", security(("bearer" = [])),
    responses((status = 200, description = "The person.", body = PersonDto)))]
pub async fn show(State(app): State<App>, bearer: Bearer) -> Answer<Response> {
    bearer.reads()?;
    me(&app, &bearer).await
}

/// What people may change of themselves.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OwnDetails)]
pub struct Edited {
    phone: Option<String>,
    /// IANA name, like Europe/Berlin.
    time_zone: String,
    /// Further addresses of one's commits: some may be added, and none be taken away.
    commit_emails: Vec<String>,
}

/// Change one's own details
#[utoipa::path(put, path = "/api/v1/me", tag = "Me", security(("bearer" = [])), request_body = Edited,
    responses((status = 200, description = "The person after it.", body = PersonDto)))]
pub async fn edit(State(app): State<App>, bearer: Bearer, Sent(sent): Sent<Edited>) -> Answer<Response> {
    let Edited { phone, time_zone, commit_emails } = sent;
    people::edit_own(&app, &bearer.acts()?, OwnDetails { phone, time_zone, commit_emails }).await?;
    me(&app, &bearer).await
}

/// Accept the rules of conduct in the version that is in force (L3)
#[utoipa::path(put, path = "/api/v1/me/conduct", tag = "Me", security(("bearer" = [])),
    responses((status = 204, description = "It is on record.")))]
pub async fn accept_conduct(State(app): State<App>, bearer: Bearer) -> Answer<StatusCode> {
    conduct::accept(&app, &bearer.acts()?, bearer.person()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sessions that are open, the one used last first.
#[derive(Serialize, ToSchema)]
#[schema(as = Sessions)]
pub struct SessionsDto {
    sessions: Vec<SessionDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
struct SessionDto {
    id: String,
    since: DateTime<Utc>,
    used: DateTime<Utc>,
    until: DateTime<Utc>,
    /// The browser, as it calls itself.
    agent: String,
    /// Where it was opened from.
    address: String,
    /// With which provider, by its name; none where it was a name and a password here.
    provider: Option<String>,
}

/// One's own open sessions
#[utoipa::path(get, path = "/api/v1/me/sessions", tag = "Me", security(("bearer" = [])),
    responses((status = 200, description = "All of them.", body = SessionsDto)))]
pub async fn list_sessions(State(app): State<App>, bearer: Bearer) -> Answer<Json<SessionsDto>> {
    bearer.reads()?;
    let all = sessions::list(&app, bearer.person()).await?.into_iter().map(|s| SessionDto {
        id: s.hash,
        since: s.created_at,
        used: s.seen_at,
        until: s.expires_at,
        agent: s.agent,
        address: s.address,
        provider: s.provider.map(|id| identity::provider_name(&app, &id)),
    });
    Ok(Json(SessionsDto { sessions: all.collect() }))
}

/// End every session of one's own
#[utoipa::path(delete, path = "/api/v1/me/sessions", tag = "Me", security(("bearer" = [])),
    responses((status = 204, description = "They have ended.")))]
pub async fn end_sessions(State(app): State<App>, bearer: Bearer) -> Answer<StatusCode> {
    sessions::end_all(&app, &bearer.acts()?, bearer.person()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End one of one's own sessions
#[utoipa::path(delete, path = "/api/v1/me/sessions/{session}", tag = "Me", security(("bearer" = [])),
    responses((status = 204, description = "It has ended.")))]
pub async fn end_session(State(app): State<App>, Path(session): Path<String>, bearer: Bearer) -> Answer<StatusCode> {
    match sessions::end(&app, &bearer.acts()?, bearer.person(), &session).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Error::NotFound.into()),
    }
}

/// A private address that is shown once.
#[derive(Serialize, ToSchema)]
#[schema(as = CalendarOnce)]
struct CalendarDto {
    address: String,
}

/// Make one's own calendar address, in the place of the one before
#[utoipa::path(post, path = "/api/v1/me/calendar", tag = "Me", security(("bearer" = [])),
    responses((status = 201, description = "The address, this once.", body = CalendarDto)))]
pub async fn make_calendar(State(app): State<App>, bearer: Bearer) -> Answer<Response> {
    let secret = calendar::make(&app, &bearer.acts()?).await?;
    let path = format!("/feeds/calendar/{secret}.ics");
    let address = app.public_url.join(&path).map_or(path, Into::into);
    Ok((StatusCode::CREATED, Extension(ShowsSecret), Json(CalendarDto { address })).into_response())
}

/// End one's own calendar address
#[utoipa::path(delete, path = "/api/v1/me/calendar", tag = "Me", security(("bearer" = [])),
    responses((status = 204, description = "It opens nothing any more.")))]
pub async fn remove_calendar(State(app): State<App>, bearer: Bearer) -> Answer<StatusCode> {
    calendar::remove(&app, &bearer.acts()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Mark everything that one was told as read
#[utoipa::path(put, path = "/api/v1/me/notices/read", tag = "Me", security(("bearer" = [])),
    responses((status = 204, description = "It is read.")))]
pub async fn read_notices(State(app): State<App>, bearer: Bearer) -> Answer<StatusCode> {
    bearer.acts()?;
    work::mark_read(&app, bearer.person()).await?;
    Ok(StatusCode::NO_CONTENT)
}
