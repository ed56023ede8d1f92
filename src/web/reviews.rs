//! The review of a device: findings and their talk, the decision, the checklist, whose approvals count (T2 to T6).

mod checklist;
mod findings;
mod page;
mod panel;

pub use page::ReviewPage;

use super::{
    layout::Section,
    problem::{Answer, Problem},
    visitor::Member,
};
use crate::{app::App, service::devices};
use axum::{
    Router,
    extract::{Path, Query},
    response::{IntoResponse, Redirect},
    routing::get,
};
use serde::Deserialize;

pub fn routes() -> Router<App> {
    Router::new().route("/devices/{name}/review", get(show))
}

/// Which findings are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    #[default]
    Open,
    Closed,
    All,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    #[serde(default)]
    findings: Shown,
}

/// GET /devices/{name}/review; where nothing is under review, the device’s own page says what is.
async fn show(member: Member, Path(name): Path<String>, Query(which): Query<Which>) -> Answer {
    let app = &member.app;
    let view = devices::look(app, Some(&member.caller()), &name).await.map_err(Problem::from)?;
    let layout = member.layout(Section::Reviews).await?;
    match ReviewPage::of(app, layout, &view, which.findings) {
        Some(page) => Ok(page.into_response()),
        None => Ok(Redirect::to(&format!("/devices/{}", view.device.name())).into_response()),
    }
}
