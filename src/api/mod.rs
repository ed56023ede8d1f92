//! The door for programs: JSON in and out, errors as problem details (RFC 9457). No cookie opens it, so nothing can be
//! sent through somebody's browser.

mod absences;
mod body;
mod cadence;
mod channels;
mod collectors;
mod delivery;
mod deployable;
mod deployments;
mod devices;
mod events;
mod forges;
mod frameworks;
mod groups;
mod hooks;
mod imports;
mod incidents;
mod jobs;
mod keys;
mod local_changes;
mod me;
mod moving_on;
mod observations;
mod once;
pub mod openapi;
mod outbox;
mod overrides;
mod paging;
mod people;
mod policy;
mod problem;
mod releases;
mod retests;
mod revision;
mod rollouts;
mod schema;
mod servers;
mod shift;
mod status;
mod tags;
mod token;
mod tokens;
mod work;

use crate::{app::App, limits, service::hooks::Readers};
use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Request},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use openapi::Described;
pub use problem::complete;
use std::time::Duration;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The largest body: 5,000 observations fit.
const BODY_MOST: usize = 2 * 1024 * 1024;

/// Every address that is described, but those answered from memory.
fn described(app: &App) -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .merge(devices::routes())
        .merge(releases::routes())
        .merge(retests::routes())
        .merge(tags::routes())
        .merge(deployable::routes())
        .merge(deployments::routes())
        .merge(delivery::routes())
        .merge(moving_on::routes())
        .merge(cadence::routes())
        .merge(frameworks::routes())
        .merge(overrides::routes())
        .merge(rollouts::routes())
        .merge(local_changes::routes())
        .merge(shift::routes())
        .merge(observations::routes())
        .merge(collectors::routes())
        .merge(incidents::routes())
        .merge(events::routes(app))
        .merge(work::routes())
        .merge(me::routes())
        .merge(people::routes())
        .merge(absences::routes())
        .merge(channels::routes())
        .merge(groups::routes())
        .merge(servers::routes())
        .merge(tokens::routes())
        .merge(forges::routes())
        .merge(hooks::routes())
        .merge(outbox::routes())
        .merge(jobs::routes())
        .merge(imports::routes())
        .merge(policy::routes())
        .routes(routes!(openapi::show))
}

/// The description of every address.
pub fn describe(app: &App) -> Described {
    openapi::describe(described(app).merge(status::routes()).into_openapi())
}

/// Every address of the programs' door.
pub fn routes(app: &App, described_as: Described) -> Router<App> {
    let (routes, _) = described(app).split_for_parts();
    let all = routes
        .method_not_allowed_fallback(problem::another_method)
        .route("/api", any(problem::nothing_here))
        .route("/api/", any(problem::nothing_here))
        .route("/api/{*rest}", any(problem::nothing_here))
        .layer(middleware::from_fn_with_state((app.clone(), openapi::changes(&described_as)), once::once))
        .layer(Extension(described_as))
        .layer(Extension(Readers::default()))
        .layer(DefaultBodyLimit::max(BODY_MOST));
    let open = Router::new()
        .route("/.well-known/jwks.json", get(keys::show))
        .method_not_allowed_fallback(problem::another_method);
    not_too_often(all.layer(middleware::from_fn(without_nul))).merge(open)
}

/// Whether it is programs that ask there: the reference beside it is for people.
pub fn is_address(path: &str) -> bool {
    let below = path.strip_prefix("/api").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    (below && !path.starts_with("/api/docs")) || path == "/.well-known/jwks.json"
}

/// No name has the character NUL.
async fn without_nul(request: Request, next: Next) -> Response {
    let uri = request.uri();
    match uri.path().contains("%00") || uri.query().is_some_and(|q| q.contains("%00")) {
        true => problem::Problem::nul().into_response(),
        false => next.run(request).await,
    }
}

/// Answered from memory, and asked by walls of screens at once: nothing can be guessed there.
pub fn from_memory() -> Router<App> {
    let (routes, _) = status::routes().split_for_parts();
    routes.method_not_allowed_fallback(problem::another_method)
}

/// What has Custody write to others: ten at once from one place, then one every three seconds.
fn seldom(routes: OpenApiRouter<App>) -> OpenApiRouter<App> {
    limited(routes, 10, Duration::from_secs(3))
}

/// What is counted of much that is kept: as the pages that show it, sixty at once from one place, then two a second.
fn costly(routes: OpenApiRouter<App>) -> OpenApiRouter<App> {
    limited(routes, 60, Duration::from_millis(500))
}

fn limited(routes: OpenApiRouter<App>, at_once: u32, then_each: Duration) -> OpenApiRouter<App> {
    let (routes, described) = routes.split_for_parts();
    OpenApiRouter::with_openapi(described).merge(limits::by_place(routes, at_once, then_each).into())
}

/// 50 requests a second from one place, 200 at once: an agent never meets it, who tries out secrets does.
fn not_too_often(routes: Router<App>) -> Router<App> {
    limits::by_place(routes, 200, Duration::from_millis(20))
}
