//! What other tools show of Custody on their own pages: badges, panels, lists for spreadsheets (O4). All of it is
//! answered from memory and knows no session, so nothing here waits for the database or tells one reader from another.

mod badge;
mod embed;
mod export;

use crate::app::App;
use axum::{Router, routing::get};

/// Small answers, asked for by every page that shows them.
pub fn small() -> Router<App> {
    Router::new().route("/badge/{badge}", get(badge::show))
}

/// The addresses that need no session, outside the pages' own layers.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/embed/{name}", get(embed::show))
        .route("/devices.csv", get(export::devices))
        .route("/instances.csv", get(export::instances))
}
