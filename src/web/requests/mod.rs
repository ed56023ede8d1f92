//! Requests for participation: the list, the six sections of a draft, and amending what was sent (L1 to L4, O6).

mod amend;
mod check;
mod contacts;
mod fields;
mod frame;
mod list;
mod section;
pub mod summary;
mod typed;

use crate::app::App;
use axum::{Router, routing::get};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/requests", get(list::show).post(list::create))
        .route("/requests/{id}", get(list::open))
        .route("/requests/{id}/delete", get(list::ask_delete).post(list::delete))
        .route("/requests/{id}/check", get(check::show).post(check::send))
        .route("/requests/{id}/{section}", get(section::show).post(section::save))
        .route("/devices/{name}/amend", get(amend::show).post(amend::send))
}
