//! The door for programs: JSON in and out, errors as problem details (RFC 9457). No cookie opens it, so nothing can be
//! sent through somebody's browser.

mod body;
mod collectors;
mod deployable;
mod deployments;
mod devices;
mod hooks;
mod incidents;
mod keys;
mod moving_on;
mod observations;
mod overrides;
mod problem;
mod releases;
mod shift;
mod status;
mod tags;
mod token;

use crate::{app::App, service::hooks::Readers};
use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Request},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use std::sync::Arc;
use tower_governor::{GovernorLayer, governor::GovernorConfigBuilder, key_extractor::PeerIpKeyExtractor};

/// The largest body: 5,000 observations fit.
const BODY_MOST: usize = 2 * 1024 * 1024;

/// Every address of the programs' door.
pub fn routes() -> Router<App> {
    let all = Router::new()
        .route("/api/v1/observations", post(observations::report))
        .route("/api/v1/collectors", get(collectors::list))
        .route("/api/v1/deployable", get(deployable::list))
        .route("/api/v1/shift", get(shift::list))
        .route("/api/v1/deployments", get(deployments::list).post(deployments::request))
        .route("/api/v1/deployments/check", get(deployments::check))
        .route("/api/v1/deployments/{deployment}", get(deployments::show))
        .route("/api/v1/deployments/{deployment}/permit", post(deployments::permit))
        .route("/api/v1/deployments/{deployment}/reports", post(deployments::report))
        .route("/api/v1/devices", get(devices::list))
        .route("/api/v1/devices/{name}", get(devices::show))
        .route("/api/v1/devices/{name}/evidence", post(devices::give_evidence))
        .route("/api/v1/devices/{name}/overrides", get(overrides::of_device).post(overrides::ask))
        .route("/api/v1/devices/{name}/overrides/{number}/approval", post(overrides::approve))
        .route("/api/v1/devices/{name}/overrides/{number}/end", post(overrides::end))
        .route("/api/v1/overrides", get(overrides::list))
        .route("/api/v1/hooks/{id}", post(hooks::hear))
        .route("/api/v1/incidents", get(incidents::list))
        .route("/api/v1/devices/{name}/moving_on", get(moving_on::show).put(moving_on::set))
        .route("/api/v1/devices/{name}/moving_on/hold", post(moving_on::hold).delete(moving_on::lift))
        .route("/api/v1/tags/check", post(tags::check))
        .route("/api/v1/devices/{name}/releases", get(releases::list))
        .route("/api/v1/devices/{name}/releases/{tag}", get(releases::show))
        .route("/api/v1/devices/{name}/releases/{tag}/stages", post(releases::report))
        .method_not_allowed_fallback(problem::another_method)
        .route("/api", any(problem::nothing_here))
        .route("/api/", any(problem::nothing_here))
        .route("/api/{*rest}", any(problem::nothing_here))
        .layer(Extension(Readers::default()))
        .layer(DefaultBodyLimit::max(BODY_MOST));
    let open = Router::new()
        .route("/.well-known/jwks.json", get(keys::show))
        .method_not_allowed_fallback(problem::another_method);
    not_too_often(all.layer(middleware::from_fn(without_nul)))
        .merge(open)
        .layer(middleware::map_response(problem::complete))
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
    Router::new()
        .route("/api/v1/status/{*anything}", get(status::show))
        .method_not_allowed_fallback(problem::another_method)
        .layer(middleware::map_response(problem::complete))
}

/// 50 requests a second from one address, 200 at once: an agent never meets it, who tries out secrets does.
fn not_too_often(routes: Router<App>) -> Router<App> {
    let limit = GovernorConfigBuilder::default()
        .per_millisecond(20)
        .burst_size(200)
        .key_extractor(PeerIpKeyExtractor)
        .finish()
        .expect("both numbers are above zero");
    routes.layer(GovernorLayer::new(Arc::new(limit)))
}
