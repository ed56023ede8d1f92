//! People: everybody's names for whoever has an account, everything else for administrators (E1, L4).

mod closing;

use super::{
    body::{Params, Sent},
    once::ShowsSecret,
    paging::{Order, page},
    problem::{Answer, Problem},
    revision::{etag, marked},
    token::Bearer,
};
use crate::{
    app::App,
    domain::{id::PersonId, person::People},
    service::{
        Error, accounts,
        directory::{self, Listed},
        groups::{self, TeamKind},
        people::{self, Details, NewPerson, Profile},
        seen,
    },
};
use axum::{
    Extension, Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(list, add))
        .routes(routes!(show, edit))
        .routes(routes!(invite))
        .routes(routes!(link))
        .routes(routes!(closing::join))
        .routes(routes!(closing::remove_account))
        .routes(routes!(closing::close))
        .routes(routes!(closing::reopen))
        .routes(routes!(closing::end_sessions))
        .routes(routes!(closing::consequences, closing::erase))
}

/// A person's id, as it stands in an address.
pub fn id(text: &str) -> Answer<PersonId> {
    text.parse().map_err(|_| Error::NotFound.into())
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// A part of their name, whatever its case.
    named: Option<String>,
    /// For administrators: a part of their name, address, sign-in name or group, whatever its case and separators, with
    /// the closed accounts among them; with nothing in it, everybody.
    find: Option<String>,
    /// At most so many at once; 200 where nothing is said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// People with an open account, by name; where `find` asked, the others too.
#[derive(Serialize, ToSchema)]
#[schema(as = PeoplePage)]
pub struct ListDto {
    people: Vec<ListedDto>,
    /// What `after` is for the next page; none after the last.
    next: Option<String>,
}

/// Somebody in the list of people; the last two only where `find` asked.
#[derive(Serialize, ToSchema)]
#[schema(as = PersonListed)]
struct ListedDto {
    id: PersonId,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// When the account was closed; left out of one that is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<DateTime<Utc>>,
}

impl From<Listed> for ListedDto {
    fn from(l: Listed) -> Self {
        let Profile { person, email, closed_at, .. } = l.profile;
        Self { id: person.id, name: person.name, email: Some(email), closed_at }
    }
}

/// Somebody by their name: what commands name people by is the id.
#[derive(Serialize, ToSchema)]
#[schema(as = PersonNamed)]
pub struct NamedDto {
    id: PersonId,
    name: String,
}

impl NamedDto {
    pub fn new(id: PersonId, people: &People) -> Self {
        Self::of(id, people.name(id).to_owned())
    }

    pub fn of(id: PersonId, name: String) -> Self {
        Self { id, name }
    }
}

/// People with an open account
///
/// Administrators `find` the others too, whose account is to be opened again or who are to be erased.
#[utoipa::path(get, path = "/api/v1/people", tag = "People", security(("bearer" = [])), params(Which),
    responses((status = 200, description = "A page of them, by name.", body = ListDto)))]
pub async fn list(State(app): State<App>, bearer: Bearer, Params(which): Params<Which>) -> Answer<Json<ListDto>> {
    let mut all: Vec<ListedDto> = match &which.find {
        Some(text) => {
            bearer.administers(&app).await?;
            directory::list(&app, text).await?.into_iter().map(ListedDto::from).collect()
        }
        None => {
            bearer.reads()?;
            let open = people::list_open(&app).await?.0.into_values();
            open.map(|p| ListedDto { id: p.id, name: p.name, email: None, closed_at: None }).collect()
        }
    };
    let named = which.named.unwrap_or_default().to_lowercase();
    all.retain(|p| p.name.to_lowercase().contains(&named));
    let key = |p: &ListedDto| format!("{}~{}", p.name, p.id);
    let (people, next) = page(all, Order::Up, key, which.limit, which.after.as_deref())?;
    Ok(Json(ListDto { people, next }))
}

/// A person as administrators see them, and they themselves.
#[derive(Serialize, ToSchema)]
#[schema(as = Person)]
pub struct PersonDto {
    id: PersonId,
    name: String,
    email: String,
    phone: Option<String>,
    time_zone: String,
    /// Further addresses of their commits.
    commit_emails: Vec<String>,
    /// When the account was closed.
    closed_at: Option<DateTime<Utc>>,
    /// The names that they sign in with.
    logins: Vec<String>,
    /// The providers that they sign in with, by name; one that is no longer in the policy by its issuer.
    providers: Vec<String>,
    /// The same one by one, to be removed where it is not theirs.
    accounts: Vec<closing::AccountDto>,
    groups: Vec<MembershipDto>,
    /// For `If-Match` where their details are changed.
    etag: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Membership)]
struct MembershipDto {
    id: crate::domain::id::GroupId,
    name: String,
    #[schema(value_type = TeamKind)]
    kind: String,
    /// Whether as a reviewer.
    reviewer: bool,
}

/// The person, with the mark of what can be changed.
pub async fn shown(app: &App, profile: Profile) -> Answer<Response> {
    let now = people::shown(&profile);
    Ok(marked(&now, Json(dto(app, profile).await?)))
}

async fn dto(app: &App, profile: Profile) -> Answer<PersonDto> {
    let id = profile.person.id;
    let groups = groups::list_of_person(app, id).await?.into_iter().map(|(team, reviewer)| MembershipDto {
        id: team.id,
        name: team.name,
        kind: team.kind.to_string(),
        reviewer,
    });
    let ways = accounts::list(app, id).await?;
    Ok(PersonDto {
        etag: etag(&seen::mark(&people::shown(&profile))),
        id,
        groups: groups.collect(),
        logins: ways.iter().filter(|way| way.provider.is_none()).map(|way| way.subject.clone()).collect(),
        providers: ways.iter().filter_map(|way| way.provider.clone()).collect(),
        accounts: ways.into_iter().map(Into::into).collect(),
        name: profile.person.name,
        phone: profile.person.phone,
        email: profile.email,
        time_zone: profile.time_zone,
        commit_emails: profile.commit_emails,
        closed_at: profile.closed_at,
    })
}

/// A person
///
/// For administrators, and for the person themselves.
#[utoipa::path(get, path = "/api/v1/people/{person}", tag = "People", security(("bearer" = [])),
    responses((status = 200, description = "The person.", body = PersonDto)))]
pub async fn show(State(app): State<App>, Path(person): Path<String>, bearer: Bearer) -> Answer<Response> {
    bearer.reads()?;
    let person = id(&person)?;
    if person != bearer.person() {
        bearer.administers(&app).await?;
    }
    let profile = people::find(&app, person).await?.ok_or(Error::NotFound)?;
    shown(&app, profile).await
}

/// A person as an administrator enters them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPerson)]
pub struct New {
    name: String,
    email: String,
    phone: Option<String>,
}

/// Put a person on record
///
/// For administrators. To sign in they need an invitation, or an account at a provider.
#[utoipa::path(post, path = "/api/v1/people", tag = "People", security(("bearer" = [])), request_body = New,
    responses((status = 201, description = "They are on record.", body = PersonDto,
        headers(("Location" = String, description = "The person.")))))]
pub async fn add(State(app): State<App>, bearer: Bearer, Sent(new): Sent<New>) -> Answer<Response> {
    let new = NewPerson { name: new.name, email: new.email, phone: new.phone };
    let person = people::add(&app, &bearer.acts()?, new).await?;
    let profile = people::find(&app, person).await?.ok_or(Error::NotFound)?;
    let place = format!("/api/v1/people/{person}");
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], Json(dto(&app, profile).await?)).into_response())
}

/// What an administrator may change of a person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PersonDetails)]
pub struct Edited {
    name: String,
    email: String,
    phone: Option<String>,
    /// IANA name, like Europe/Berlin.
    time_zone: String,
    /// Further addresses of their commits: whoever wrote a commit does not approve it.
    commit_emails: Vec<String>,
}

/// Change a person's details
///
/// Whoever signs in here is told where somebody else, or a token of theirs, changed their e-mail address: by mail at the one
/// of before.
#[utoipa::path(put, path = "/api/v1/people/{person}", tag = "People", security(("bearer" = [])), request_body = Edited,
    responses((status = 200, description = "The person after it.", body = PersonDto)))]
pub async fn edit(
    State(app): State<App>,
    Path(person): Path<String>,
    bearer: Bearer,
    Sent(sent): Sent<Edited>,
) -> Answer<Response> {
    let caller = bearer.acts()?;
    let person = id(&person)?;
    let Edited { name, email, phone, time_zone, commit_emails } = sent;
    people::edit(&app, &caller, person, Details { name, email, phone, time_zone, commit_emails }).await?;
    let profile = people::find(&app, person).await?.ok_or(Error::NotFound)?;
    shown(&app, profile).await
}

/// A link that is shown once.
#[derive(Serialize, ToSchema)]
#[schema(as = LinkOnce)]
struct LinkDto {
    /// Whoever opens it first chooses the password.
    link: Option<String>,
}

/// Make a link with which a person opens their account
///
/// It counts once and for some days; one made before counts no longer. A password of before counts until it is opened. Whom
/// something leads to already is told who made it. No token makes one for its own maker.
#[utoipa::path(post, path = "/api/v1/people/{person}/invitation", tag = "People", security(("bearer" = [])),
    responses((status = 201, description = "The link, this once.", body = LinkDto)))]
pub async fn invite(State(app): State<App>, Path(person): Path<String>, bearer: Bearer) -> Answer<Response> {
    let link = accounts::invite(&app, &bearer.acts()?, id(&person)?).await?;
    let body = Json(LinkDto { link: Some(link.to_string()) });
    Ok((StatusCode::CREATED, Extension(ShowsSecret), body).into_response())
}

/// Another sign-in name of one person.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SignInName)]
pub struct Login {
    login: String,
    /// Whether it may be taken from somebody else, whose record is then one with this person's.
    #[serde(default)]
    take: bool,
}

/// Let another sign-in name lead to a person
///
/// For one person with two accounts, so that they count once (A2). Whom something leads to already is told, of the link too,
/// and so is whomever the name led to before. No token does so for its own maker.
#[utoipa::path(post, path = "/api/v1/people/{person}/logins", tag = "People", security(("bearer" = [])), request_body = Login,
    responses((status = 200, description = "It leads to them; with a link where the name is new.", body = LinkDto)))]
pub async fn link(
    State(app): State<App>,
    Path(person): Path<String>,
    bearer: Bearer,
    Sent(sent): Sent<Login>,
) -> Answer<Response> {
    let caller = bearer.acts()?;
    people::check_administrator(&app, &caller).await?;
    let person = id(&person)?;
    let login = sent.login.trim().to_lowercase();
    if !sent.take && accounts::find(&app, &login).await?.is_some_and(|owner| owner != person) {
        return Err(Problem::field("take", "The name leads to somebody else: send true where both are one person"));
    }
    let link = accounts::link(&app, &caller, person, &login).await?;
    let body = Json(LinkDto { link: link.map(|l| l.to_string()) });
    Ok((Extension(ShowsSecret), body).into_response())
}
