//! When people are away: they say so themselves, or CTRL or an administrator does for them (L4).

use super::{body::Sent, people::id, problem::Answer, revision::etag, token::Bearer};
use crate::{
    app::App,
    domain::absence::Absence,
    service::{
        absences::{self, Kept},
        seen,
    },
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list, add)).routes(routes!(change, remove))
}

/// Absences that are not over, the earliest first.
#[derive(Serialize, ToSchema)]
#[schema(as = Absences)]
pub struct ListDto {
    absences: Vec<AbsenceDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Absence)]
struct AbsenceDto {
    id: String,
    from: NaiveDate,
    until: NaiveDate,
    note: String,
    /// For `If-Match` where it is changed.
    etag: String,
}

impl From<Kept> for AbsenceDto {
    fn from(k: Kept) -> Self {
        let etag = etag(&seen::mark(&absences::shown(&k)));
        let Absence { from, until, note } = k.absence;
        Self { id: k.id, from, until, note, etag }
    }
}

/// Days on which somebody is away, both of them away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AbsenceDays)]
pub struct Days {
    from: NaiveDate,
    until: NaiveDate,
    /// A few words; only people with an account see them.
    #[serde(default)]
    note: String,
}

impl From<Days> for Absence {
    fn from(d: Days) -> Self {
        Self { from: d.from, until: d.until, note: d.note }
    }
}

/// When somebody is away
#[utoipa::path(get, path = "/api/v1/people/{person}/absences", tag = "People", security(("bearer" = [])),
    responses((status = 200, description = "All that are not over.", body = ListDto)))]
pub async fn list(State(app): State<App>, Path(person): Path<String>, bearer: Bearer) -> Answer<Json<ListDto>> {
    let found = absences::list(&app, &bearer.reads()?, id(&person)?).await?;
    Ok(Json(ListDto { absences: found.all.into_iter().map(AbsenceDto::from).collect() }))
}

/// Enter when somebody is away
#[utoipa::path(post, path = "/api/v1/people/{person}/absences", tag = "People", security(("bearer" = [])),
    request_body = Days, responses((status = 201, description = "It is entered.", body = AbsenceDto)))]
pub async fn add(
    State(app): State<App>,
    Path(person): Path<String>,
    bearer: Bearer,
    Sent(days): Sent<Days>,
) -> Answer<Response> {
    let (caller, person) = (bearer.acts()?, id(&person)?);
    let entered = absences::add(&app, &caller, person, days.into()).await?;
    let found = absences::list(&app, &caller, person).await?;
    let kept = found.find(&entered)?.clone();
    Ok((StatusCode::CREATED, Json(AbsenceDto::from(kept))).into_response())
}

/// Change an absence, also one that has begun
#[utoipa::path(put, path = "/api/v1/people/{person}/absences/{absence}", tag = "People", security(("bearer" = [])),
    request_body = Days, responses((status = 204, description = "It is changed.")))]
pub async fn change(
    State(app): State<App>,
    Path((person, absence)): Path<(String, String)>,
    bearer: Bearer,
    Sent(days): Sent<Days>,
) -> Answer<StatusCode> {
    absences::change(&app, &bearer.acts()?, id(&person)?, &absence, days.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Remove an absence: from now on they answer as before
#[utoipa::path(delete, path = "/api/v1/people/{person}/absences/{absence}", tag = "People", security(("bearer" = [])),
    responses((status = 204, description = "It is removed.")))]
pub async fn remove(
    State(app): State<App>,
    Path((person, absence)): Path<(String, String)>,
    bearer: Bearer,
) -> Answer<StatusCode> {
    absences::remove(&app, &bearer.acts()?, id(&person)?, &absence).await?;
    Ok(StatusCode::NO_CONTENT)
}
