//! The pages people use.

pub mod absences;
pub mod account;
pub mod acts;
pub mod admin;
mod again;
mod anew;
pub mod around;
pub mod assets;
pub mod board;
pub mod cadence;
pub mod collectors;
pub mod confirm;
pub mod delivery;
pub mod deploy_tools;
pub mod deployable;
pub mod deployments;
pub mod desk;
pub mod devices;
pub mod discussion;
pub mod ended;
pub mod entries;
pub mod feeds;
pub mod frameworks;
pub mod gatebox;
pub mod incidents;
pub mod layers;
pub mod layout;
pub mod local_changes;
pub mod my;
pub mod notifications;
pub mod operations;
pub mod operators;
pub mod orphans;
pub mod overrides;
pub mod parts;
pub mod policy;
pub mod problem;
pub mod process;
pub mod provider;
pub mod queue;
pub mod reference;
pub mod releases;
pub mod requests;
pub mod retests;
pub mod reviews;
pub mod rollouts;
pub mod server;
pub mod setup;
pub mod sheets;
pub mod shift;
pub mod sign_in;
pub mod single;
pub mod styleguide;
pub mod theme;
pub mod tokens;
pub mod tools;
mod upload;
pub mod visitor;
pub mod words;

use crate::{app::App, limits};
use axum::{
    Router,
    routing::{get, post},
};
use std::time::Duration;

/// Every page.
pub fn routes(app: &App, reference: reference::Reference) -> Router<App> {
    let pages = Router::new()
        .route("/styleguide", get(sign_in::styleguide))
        .route("/theme", post(theme::choose))
        .route("/sign-in", get(sign_in::show))
        .route("/sign-out", post(sign_in::sign_out))
        .merge(guessable(Router::new().route("/sign-in", post(sign_in::sign_in))))
        .route("/demo/sign-in", post(sign_in::demo_sign_in))
        .merge(absences::routes())
        .merge(account::routes())
        .merge(acts::routes())
        .merge(admin::routes())
        .merge(board::routes(app))
        .merge(cadence::routes())
        .merge(collectors::routes())
        .merge(confirm::routes())
        .merge(delivery::routes())
        .merge(deploy_tools::routes())
        .merge(deployable::routes())
        .merge(deployments::routes())
        .merge(devices::routes())
        .merge(discussion::routes())
        .merge(feeds::routes())
        .merge(frameworks::routes())
        .merge(incidents::routes())
        .merge(local_changes::routes())
        .merge(my::routes())
        .merge(orphans::routes())
        .merge(overrides::routes())
        .merge(policy::routes())
        .merge(process::routes())
        .merge(provider::routes())
        .merge(queue::routes())
        .merge(reference::routes(reference))
        .merge(releases::routes())
        .merge(requests::routes())
        .merge(retests::routes())
        .merge(reviews::routes())
        .merge(rollouts::routes())
        .merge(setup::routes())
        .merge(shift::routes());
    let pages = layers::pages(app, pages, layers::FORM_MOST);
    let large = layers::pages(app, admin::import::routes(), admin::import::BODY_MOST);
    Router::new().route(assets::ROUTE, get(assets::serve)).merge(tools::routes()).merge(large).merge(pages)
}

/// Small answers from memory.
pub fn from_memory() -> Router<App> {
    tools::small()
}

/// What makes Custody ask others on behalf of somebody unknown, or count what is on record of years: sixty at once from one
/// place, which many may share behind a proxy, then two a second.
fn costly(routes: Router<App>) -> Router<App> {
    limits::by_place(routes, 60, Duration::from_millis(500))
}

/// What looks through all that is kept: ten at once from one place, then one every three seconds.
fn seldom(routes: Router<App>) -> Router<App> {
    limits::by_place(routes, 10, Duration::from_secs(3))
}

/// Where secrets could be guessed: ten tries at once from one place, then one every three seconds; of each replica by
/// itself.
fn guessable(routes: Router<App>) -> Router<App> {
    limits::by_place(routes, 10, Duration::from_secs(3))
}
