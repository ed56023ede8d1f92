//! Device servers and their hosts (H1, H2, A23).

use super::{
    body::{Params, Sent},
    paging::{Part, size},
    problem::{Answer, Problem},
    revision::{etag, marked},
    token::Bearer,
};
use crate::{
    app::App,
    domain::{
        deployment::Environment,
        id::ServerName,
        server::{Server, SupportClass},
    },
    service::{
        seen,
        servers::{self, FIND_MOST, Host, Listed, Wanted},
    },
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(list, add))
        .routes(routes!(change, remove))
        .routes(routes!(set_environment))
        .routes(routes!(list_hosts, add_host))
        .routes(routes!(change_host, remove_host))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// A part of its name, its host or its instrument, whatever the case.
    #[param(max_length = 120)]
    find: Option<String>,
    instrument: Option<String>,
    host: Option<String>,
    /// At most so many at once; 200 where nothing is said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// The `next` of the page before.
    after: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Servers)]
pub struct ListDto {
    servers: Vec<ServerDto>,
    /// What `after` is for the next page; none after the last.
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Server)]
pub struct ServerDto {
    name: String,
    host: String,
    instrument: String,
    class: SupportClass,
    environment: Environment,
    /// Names of the devices that are placed there.
    placed: Vec<String>,
    /// How many instances are seen there.
    running: u64,
    /// Whether it is in the policy's pool of development servers.
    in_pool: bool,
    /// For `If-Match` where it is changed.
    etag: String,
}

impl From<Listed> for ServerDto {
    fn from(l: Listed) -> Self {
        Self {
            placed: l.placed,
            running: l.running.iter().map(|r| r.instances).sum(),
            in_pool: l.in_pool,
            ..Self::from(l.server)
        }
    }
}

impl From<Server> for ServerDto {
    fn from(s: Server) -> Self {
        Self {
            etag: etag(&seen::mark(&servers::shown(&s))),
            name: s.name.0,
            host: s.host,
            instrument: s.instrument,
            class: s.class,
            environment: s.environment,
            placed: Vec::new(),
            running: 0,
            in_pool: false,
        }
    }
}

async fn found(app: &App, name: &ServerName) -> Answer<Response> {
    let one = servers::show(app, name).await?;
    Ok(marked(&servers::shown(&one.server), Json(ServerDto::from(one))))
}

/// Servers on record, with what is placed and seen there
#[utoipa::path(get, path = "/api/v1/servers", tag = "Servers", security(("bearer" = [])), params(Which),
    responses((status = 200, description = "A page of them, by name.", body = ListDto)))]
pub async fn list(State(app): State<App>, bearer: Bearer, Params(which): Params<Which>) -> Answer<Json<ListDto>> {
    bearer.reads()?;
    let most = size(which.limit)?;
    let find = which.find.unwrap_or_default();
    if find.chars().count() > FIND_MOST {
        return Err(Problem::field("find", format!("Look for at most {FIND_MOST} characters")));
    }
    let wanted = Wanted { find, instrument: which.instrument, host: which.host, after: which.after };
    let page = servers::list_page(&app, &wanted, most).await?;
    Ok(Json(ListDto { servers: page.servers.into_iter().map(ServerDto::from).collect(), next: page.next }))
}

/// A server as an administrator enters it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewServer)]
pub struct New {
    /// As the control system knows it. On a host with reduced support its name shows that.
    name: String,
    /// A host that is on record: the server has the support that its host has.
    host: String,
    instrument: String,
}

/// Put a server on record
#[utoipa::path(post, path = "/api/v1/servers", tag = "Servers", security(("bearer" = [])), request_body = New,
    responses((status = 201, description = "The server.", body = ServerDto)))]
pub async fn add(State(app): State<App>, bearer: Bearer, Sent(new): Sent<New>) -> Answer<Response> {
    let server = servers::add(&app, &bearer.acts()?, &new.name, &new.host, &new.instrument).await?;
    Ok((StatusCode::CREATED, found(&app, &server.name).await?).into_response())
}

/// Where a server is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ServerPlace)]
pub struct Place {
    /// A host on record with the same support.
    host: String,
    instrument: String,
}

/// Move a server to another host or instrument
#[utoipa::path(put, path = "/api/v1/servers/{server}", tag = "Servers", security(("bearer" = [])), request_body = Place,
    responses((status = 200, description = "The server after it.", body = ServerDto)))]
pub async fn change(
    State(app): State<App>,
    Path(server): Path<String>,
    bearer: Bearer,
    Sent(to): Sent<Place>,
) -> Answer<Response> {
    let server = servers::change(&app, &bearer.acts()?, &server, &to.host, &to.instrument).await?;
    found(&app, &server.name).await
}

/// Take a server off the record
///
/// Refused while something is placed on it or bound to it. Its history stays.
#[utoipa::path(delete, path = "/api/v1/servers/{server}", tag = "Servers", security(("bearer" = [])),
    responses((status = 204, description = "It is off the record.")))]
pub async fn remove(State(app): State<App>, Path(server): Path<String>, bearer: Bearer) -> Answer<StatusCode> {
    servers::remove(&app, &bearer.acts()?, &server).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The environment that a server is of.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ServerEnvironment)]
pub struct Put {
    environment: Environment,
}

/// Put a server into an environment (G5)
///
/// What is placed there stays.
#[utoipa::path(put, path = "/api/v1/servers/{server}/environment", tag = "Servers", security(("bearer" = [])),
    request_body = Put, responses((status = 200, description = "The server after it.", body = ServerDto)))]
pub async fn set_environment(
    State(app): State<App>,
    Path(server): Path<String>,
    bearer: Bearer,
    Sent(to): Sent<Put>,
) -> Answer<Response> {
    let server = servers::set_environment(&app, &bearer.acts()?, &server, to.environment).await?;
    found(&app, &server.name).await
}

#[derive(Serialize, ToSchema)]
#[schema(as = Hosts)]
pub struct HostsDto {
    hosts: Vec<HostDto>,
    /// What `after` is for the next page; none after the last.
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Host)]
pub struct HostDto {
    name: String,
    class: SupportClass,
    note: String,
    /// For `If-Match` where it is changed.
    etag: String,
}

impl From<Host> for HostDto {
    fn from(h: Host) -> Self {
        Self { etag: etag(&seen::mark(&servers::shown_host(&h))), name: h.name, class: h.class, note: h.note }
    }
}

/// Hosts on record
#[utoipa::path(get, path = "/api/v1/hosts", tag = "Servers", security(("bearer" = [])), params(Part),
    responses((status = 200, description = "A page of them, by name.", body = HostsDto)))]
pub async fn list_hosts(State(app): State<App>, bearer: Bearer, Params(part): Params<Part>) -> Answer<Json<HostsDto>> {
    bearer.reads()?;
    let page = servers::list_host_page(&app, part.after.as_deref(), size(part.limit)?).await?;
    let hosts = page.hosts.into_iter().map(|(host, _)| HostDto::from(host));
    Ok(Json(HostsDto { hosts: hosts.collect(), next: page.next }))
}

/// A host as an administrator enters it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewHost)]
pub struct NewHost {
    name: String,
    /// It stays.
    class: SupportClass,
    #[serde(default)]
    note: String,
}

/// Put a host on record
#[utoipa::path(post, path = "/api/v1/hosts", tag = "Servers", security(("bearer" = [])), request_body = NewHost,
    responses((status = 201, description = "The host.", body = HostDto)))]
pub async fn add_host(State(app): State<App>, bearer: Bearer, Sent(new): Sent<NewHost>) -> Answer<Response> {
    let NewHost { name, class, note } = new;
    let host = Host { name: name.trim().to_owned(), class, note: note.trim().to_owned() };
    servers::add_host(&app, &bearer.acts()?, host.clone()).await?;
    Ok((StatusCode::CREATED, Json(HostDto::from(host))).into_response())
}

/// What may be changed of a host: the support that it has stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HostNote)]
pub struct Note {
    note: String,
}

/// Change a host's note
#[utoipa::path(put, path = "/api/v1/hosts/{host}", tag = "Servers", security(("bearer" = [])), request_body = Note,
    responses((status = 200, description = "The host after it.", body = HostDto)))]
pub async fn change_host(
    State(app): State<App>,
    Path(host): Path<String>,
    bearer: Bearer,
    Sent(to): Sent<Note>,
) -> Answer<Response> {
    servers::change_host(&app, &bearer.acts()?, &host, &to.note).await?;
    let (host, _) = servers::show_host(&app, &host).await?;
    Ok(marked(&servers::shown_host(&host), Json(HostDto::from(host))))
}

/// Take a host off the record
///
/// Refused while servers stand on it.
#[utoipa::path(delete, path = "/api/v1/hosts/{host}", tag = "Servers", security(("bearer" = [])),
    responses((status = 204, description = "It is off the record.")))]
pub async fn remove_host(State(app): State<App>, Path(host): Path<String>, bearer: Bearer) -> Answer<StatusCode> {
    servers::remove_host(&app, &bearer.acts()?, &host).await?;
    Ok(StatusCode::NO_CONTENT)
}
