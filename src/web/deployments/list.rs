//! `/deployments`: all of them, or those that are looked for, the newest first (G9).

use super::state_tag;
use crate::{
    app::App,
    domain::{
        deployment::{Deployment, DeploymentState, Environment},
        id::{DeploymentId, ServerName},
    },
    service::{
        Error,
        deployments::{self, PAGE, Page, Which},
    },
    web::{
        layout::{Layout, Section},
        overrides,
        parts::{Banner, Tag, in_sentence},
        problem::{Answer, Problem},
        visitor::Visitor,
        words,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Query, rejection::QueryRejection},
    response::IntoResponse,
};
use serde::Deserialize;
use std::str::FromStr;
use strum::IntoEnumIterator;
use url::form_urlencoded::Serializer;

/// One line of the list.
struct Row {
    href: String,
    device: String,
    tag: String,
    server: String,
    state: Tag,
    /// By whom, when, and by permit or by hand.
    about: String,
}

#[derive(Template, WebTemplate)]
#[template(path = "deployments/list.html")]
struct ListPage {
    layout: Layout,
    /// Overrides that count now (G12).
    banners: Vec<Banner>,
    rows: Vec<Row>,
    /// Said where there are no rows.
    none: String,
    /// Whether only some were looked for.
    only: bool,
    /// As they were typed.
    device: String,
    server: String,
    /// Value, label, whether it is chosen.
    states: Vec<(&'static str, &'static str, bool)>,
    environments: Vec<(&'static str, String, bool)>,
    more: Option<String>,
    page: u64,
}

/// What is looked for, as the address says it; what is empty may be anything.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(default)]
    device: String,
    #[serde(default)]
    server: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    environment: String,
    before: Option<String>,
}

/// What was chosen from a list of the page.
fn chosen<T: FromStr>(word: &str) -> Result<Option<T>, Problem> {
    let read = Some(word).filter(|w| !w.is_empty()).map(str::parse).transpose();
    read.map_err(|_| Problem::unreadable("Choose a state and an environment from the lists."))
}

fn typed(text: &str) -> Option<String> {
    Some(text.trim()).filter(|t| !t.is_empty()).map(str::to_owned)
}

impl Asked {
    fn which(&self) -> Result<Which, Problem> {
        let before = self.before.as_deref().map(str::parse).transpose();
        Ok(Which {
            device: typed(&self.device),
            server: typed(&self.server).map(ServerName),
            state: chosen(&self.state)?,
            environment: chosen(&self.environment)?,
            before: before.map_err(|_| Problem::not_found())?,
        })
    }
}

/// The same deployments, from behind this one on.
fn address(which: &Which, before: DeploymentId) -> String {
    let all = [
        ("device", which.device.clone()),
        ("server", which.server.as_ref().map(ToString::to_string)),
        ("state", which.state.map(|s| s.to_string())),
        ("environment", which.environment.map(|e| e.to_string())),
        ("before", Some(before.to_string())),
    ];
    let said = all.into_iter().filter_map(|(name, value)| Some((name, value?)));
    format!("/deployments?{}", Serializer::new(String::new()).extend_pairs(said).finish())
}

/// GET /deployments
pub(super) async fn show(visitor: Visitor, query: Result<Query<Asked>, QueryRejection>) -> Answer {
    let app = &visitor.app;
    let Query(asked) = query.map_err(|_| Problem::unreadable("Look for deployments with the form of their list."))?;
    let which = asked.which()?;
    let (found, none) = match deployments::list(app, &which).await {
        Ok(found) => (found, none(app, &which)),
        // No device, or no server, has this name.
        Err(Error::Invalid(problems)) => {
            (Page::default(), problems.iter().map(|p| format!("{}.", p.say)).collect::<Vec<_>>().join(" "))
        }
        Err(error) => return Err(error.into()),
    };
    let label = |e| app.policy.environment_label(e).to_owned();
    let page = ListPage {
        banners: overrides::banners(app, app.clock.now()),
        rows: found.deployments.iter().map(|d| row(app, &found, d)).collect(),
        none,
        only: which != Which::default(),
        more: found.next.map(|id| address(&which, id)),
        states: DeploymentState::iter().map(|s| (s.into(), s.words(), which.state == Some(s))).collect(),
        environments: Environment::iter().map(|e| (e.into(), label(e), which.environment == Some(e))).collect(),
        device: asked.device,
        server: asked.server,
        page: PAGE,
        layout: visitor.layout(Section::Elsewhere).await?,
    };
    Ok(page.into_response())
}

fn row(app: &App, found: &Page, d: &Deployment) -> Row {
    let how = if d.permit.is_some() { "by permit" } else { "by hand" };
    Row {
        href: format!("/deployments/{}", d.id),
        device: found.devices.get(&d.device).cloned().unwrap_or_default(),
        tag: d.release.tag.to_string(),
        server: d.server.to_string(),
        state: state_tag(d, found.now),
        about: format!("{}, {}, {how}", found.people.name(d.asked.by), words::moment(app, d.asked.at)),
    }
}

/// What was looked for, and is not there.
fn none(app: &App, which: &Which) -> String {
    if which.before.is_some() {
        return "There are no older ones.".to_owned();
    }
    if *which == Which::default() {
        return "Nothing has been deployed yet.".to_owned();
    }
    let of = which.device.as_ref().map(|device| format!(" of {device}"));
    let onto = which.server.as_ref().map(|server| format!(" onto {server}"));
    let within = which.environment.map(|e| format!(" in {}", in_sentence(app.policy.environment_label(e))));
    let said: String = [of, onto, within].into_iter().flatten().collect();
    let how = match which.state {
        None => "is on record",
        Some(DeploymentState::Allowed) => "waits to begin",
        Some(DeploymentState::Started) => "is under way",
        Some(DeploymentState::Succeeded) => "has succeeded",
        Some(DeploymentState::Failed) => "has failed",
        Some(DeploymentState::RolledBack) => "was rolled back",
        Some(DeploymentState::Expired) => "ran out before it began",
    };
    format!("No deployment{said} {how}.")
}
