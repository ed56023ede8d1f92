//! A device's own page, its history, and how both are drawn.

mod about;
mod banners;
mod cadence;
mod call;
mod dependents;
mod environments;
mod framework;
mod gates;
mod history;
mod lifecycle;
mod page;
mod places;
mod ribbon;

pub use framework::state as update_mark;
pub use gates::offers;
pub use history::{sees_origin, timeline};
pub use page::DevicePage;

use super::{
    layout::Section,
    problem::{Answer, Problem},
    visitor::{Member, Visitor},
};
use crate::{
    app::App,
    service::{Caller, devices},
};
use axum::{Router, extract::Path, response::IntoResponse, routing::get};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/devices/{name}", get(show))
        .route("/devices/{name}/history", get(history::show))
        .route("/devices/{name}/history.csv", get(history::export))
}

/// GET /devices/{name}: for everybody, as operators must not need to sign in at three in the morning.
async fn show(visitor: Visitor, member: Option<Member>, Path(name): Path<String>) -> Answer {
    let caller: Option<Caller> = member.map(|m| m.caller());
    let view = devices::look(&visitor.app, caller.as_ref(), &name).await.map_err(Problem::from)?;
    let layout = visitor.layout(Section::Elsewhere).await?;
    Ok(DevicePage::of(&visitor.app, layout, &view).into_response())
}
