//! Groups of people, and the roles that they give (E1, A6).

use super::{
    body::{Params, Sent},
    paging::{Order, Part, page},
    people::{self, NamedDto},
    problem::{Answer, Problem},
    revision::{etag, marked},
    token::Bearer,
};
use crate::{
    app::App,
    domain::{
        id::{GroupId, PersonId},
        person::People,
    },
    service::{
        Error,
        groups::{self, NewGroup, Team, TeamKind},
        seen,
    },
};
use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(list, create))
        .routes(routes!(show, rename, delete))
        .routes(routes!(put, remove))
}

/// A group's id, as it stands in an address.
pub fn id(text: &str) -> Answer<GroupId> {
    text.parse().map_err(|_| Error::NotFound.into())
}

#[derive(Serialize, ToSchema)]
#[schema(as = Groups)]
pub struct ListDto {
    groups: Vec<GroupDto>,
    /// What `after` is for the next page; none after the last.
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Group)]
pub struct GroupDto {
    id: GroupId,
    name: String,
    #[schema(value_type = TeamKind)]
    kind: String,
    /// The critical area that its experts sign off.
    area: Option<String>,
    members: Vec<MemberDto>,
    /// For `If-Match` where it or who is in it is changed.
    etag: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
struct MemberDto {
    person: NamedDto,
    /// Whether as a reviewer.
    reviewer: bool,
    /// Whether their account is open: only then they count.
    open: bool,
}

fn dto(team: Team, people: &People) -> GroupDto {
    let member = |(person, reviewer): (PersonId, bool)| MemberDto {
        person: NamedDto::new(person, people),
        reviewer,
        open: people.active(person),
    };
    GroupDto {
        etag: etag(&seen::mark(&groups::shown(&team))),
        id: team.id,
        name: team.name,
        kind: team.kind.to_string(),
        area: team.area,
        members: team.members.into_iter().map(member).collect(),
    }
}

async fn found(app: &App, group: GroupId) -> Answer<Response> {
    let (teams, people) = groups::list(app).await?;
    let team = teams.into_iter().find(|t| t.id == group).ok_or(Error::NotFound)?;
    let shown = groups::shown(&team);
    Ok(marked(&shown, Json(dto(team, &people))))
}

/// Every group with its members
///
/// For administrators.
#[utoipa::path(get, path = "/api/v1/groups", tag = "Groups", security(("bearer" = [])), params(Part),
    responses((status = 200, description = "A page of them, by name.", body = ListDto)))]
pub async fn list(State(app): State<App>, bearer: Bearer, Params(part): Params<Part>) -> Answer<Json<ListDto>> {
    bearer.administers(&app).await?;
    let (teams, people) = groups::list(&app).await?;
    let key = |t: &Team| format!("{}~{}", t.name, t.id);
    let (teams, next) = page(teams, Order::Up, key, part.limit, part.after.as_deref())?;
    Ok(Json(ListDto { groups: teams.into_iter().map(|t| dto(t, &people)).collect(), next }))
}

/// A group with its members
#[utoipa::path(get, path = "/api/v1/groups/{group}", tag = "Groups", security(("bearer" = [])),
    responses((status = 200, description = "The group.", body = GroupDto)))]
pub async fn show(State(app): State<App>, Path(group): Path<String>, bearer: Bearer) -> Answer<Response> {
    bearer.administers(&app).await?;
    found(&app, id(&group)?).await
}

/// A group as an administrator enters it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewGroup)]
pub struct New {
    name: String,
    #[schema(value_type = TeamKind)]
    kind: String,
    /// The critical area's id, for experts.
    area: Option<String>,
}

/// Make a group
#[utoipa::path(post, path = "/api/v1/groups", tag = "Groups", security(("bearer" = [])), request_body = New,
    responses((status = 201, description = "The group.", body = GroupDto,
        headers(("Location" = String, description = "The group.")))))]
pub async fn create(State(app): State<App>, bearer: Bearer, Sent(new): Sent<New>) -> Answer<Response> {
    let caller = bearer.acts()?;
    let kinds = "Choose ctrl, experts, doc, admin or contributors";
    let kind: TeamKind = new.kind.parse().map_err(|_| Problem::field("kind", kinds))?;
    let group = groups::create(&app, &caller, NewGroup { name: new.name, kind, area: new.area }).await?;
    let place = format!("/api/v1/groups/{group}");
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], found(&app, group).await?).into_response())
}

/// Another name for a group.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GroupName)]
pub struct Name {
    name: String,
}

/// Rename a group
#[utoipa::path(put, path = "/api/v1/groups/{group}", tag = "Groups", security(("bearer" = [])), request_body = Name,
    responses((status = 200, description = "The group after it.", body = GroupDto)))]
pub async fn rename(
    State(app): State<App>,
    Path(group): Path<String>,
    bearer: Bearer,
    Sent(to): Sent<Name>,
) -> Answer<Response> {
    let (caller, group) = (bearer.acts()?, id(&group)?);
    groups::rename(&app, &caller, group, &to.name).await?;
    found(&app, group).await
}

/// Remove a group
///
/// An empty one only, and none that the policy names.
#[utoipa::path(delete, path = "/api/v1/groups/{group}", tag = "Groups", security(("bearer" = [])),
    responses((status = 204, description = "It is removed.")))]
pub async fn delete(State(app): State<App>, Path(group): Path<String>, bearer: Bearer) -> Answer<StatusCode> {
    let caller = bearer.acts()?;
    groups::delete(&app, &caller, id(&group)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// As what somebody is in a group.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MemberAs)]
pub struct As {
    /// Whether as a reviewer; in a team of CTRL only.
    #[serde(default)]
    reviewer: bool,
}

/// Put somebody into a group, or change as what
///
/// Whoever signs in here is told where it was somebody else.
#[utoipa::path(put, path = "/api/v1/groups/{group}/members/{person}", tag = "Groups", security(("bearer" = [])),
    request_body = As, responses((status = 200, description = "The group after it.", body = GroupDto)))]
pub async fn put(
    State(app): State<App>,
    Path((group, person)): Path<(String, String)>,
    bearer: Bearer,
    Sent(as_): Sent<As>,
) -> Answer<Response> {
    let (group, person) = (id(&group)?, people::id(&person)?);
    groups::put(&app, &bearer.acts()?, group, person, as_.reviewer).await?;
    found(&app, group).await
}

/// Take somebody out of a group
///
/// Whoever signs in here is told where it was somebody else.
#[utoipa::path(delete, path = "/api/v1/groups/{group}/members/{person}", tag = "Groups", security(("bearer" = [])),
    responses((status = 204, description = "They are out of it.")))]
pub async fn remove(
    State(app): State<App>,
    Path((group, person)): Path<(String, String)>,
    bearer: Bearer,
) -> Answer<StatusCode> {
    let (group, person) = (id(&group)?, people::id(&person)?);
    groups::remove(&app, &bearer.acts()?, group, person).await?;
    Ok(StatusCode::NO_CONTENT)
}
