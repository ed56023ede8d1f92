//! `/deployments`: what went where, by whom, and what came of it (G9).

mod report;

use super::{
    layout::{Layout, Section},
    overrides,
    parts::{Action, Banner, Fact, Tag, TimelineItem},
    problem::{Answer, Problem},
    visitor::Visitor,
    words,
};
use crate::{
    app::App,
    domain::{
        deployment::{Deployment, DeploymentState, GateThen, Report, Reported},
        id::DeploymentId,
    },
    service::{
        Caller,
        deployments::{self, PAGE, View},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Router,
    extract::{Path, Query},
    response::IntoResponse,
    routing::get,
};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use strum::IntoEnumIterator;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/deployments", get(list))
        .route("/deployments/{deployment}", get(show))
        .route("/deployments/{deployment}/report", get(report::ask).post(report::report))
}

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
    none: &'static str,
    /// Whether only some were looked for.
    only: bool,
    /// Address, words, and whether it is chosen.
    filters: Vec<(String, &'static str, bool)>,
    more: Option<String>,
    page: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    state: Option<String>,
    before: Option<String>,
}

/// How it is. What was placed by hand is in place, and need not be begun.
fn state_tag(d: &Deployment, now: DateTime<Utc>) -> Tag {
    match d.state_at(now) {
        DeploymentState::Allowed if d.permit.is_none() => Tag::plain("placed by hand"),
        DeploymentState::Allowed => Tag::plain("allowed"),
        DeploymentState::Started => Tag::plain("under way"),
        DeploymentState::Succeeded => Tag::good("succeeded"),
        DeploymentState::Failed => Tag::bad("failed"),
        DeploymentState::RolledBack => Tag::warn("rolled back"),
        DeploymentState::Expired => Tag::warn("never begun"),
    }
}

/// GET /deployments
async fn list(visitor: Visitor, query: Result<Query<Wanted>, axum::extract::rejection::QueryRejection>) -> Answer {
    let app = &visitor.app;
    let unreadable = || Problem::unreadable("Choose a state from the list.");
    let Query(wanted) = query.map_err(|_| unreadable())?;
    let state: Option<DeploymentState> = match wanted.state.as_deref() {
        None | Some("") => None,
        Some(word) => Some(word.parse().map_err(|_| unreadable())?),
    };
    let before: Option<DeploymentId> =
        wanted.before.map(|b| b.parse()).transpose().map_err(|_| Problem::not_found())?;
    let found = deployments::list(app, state, before).await.map_err(Problem::from)?;
    let only = state.map(|s| format!("state={s}&")).unwrap_or_default();
    let more = found.next.map(|id| format!("/deployments?{only}before={id}"));
    let mut filters = vec![("/deployments".to_owned(), "All", state.is_none())];
    filters.extend(DeploymentState::iter().map(|s| (format!("/deployments?state={s}"), s.words(), state == Some(s))));
    let rows = found.deployments.iter().map(|d| Row {
        href: format!("/deployments/{}", d.id),
        device: found.devices.get(&d.device).cloned().unwrap_or_default(),
        tag: d.release.tag.to_string(),
        server: d.server.to_string(),
        state: state_tag(d, found.now),
        about: format!(
            "{}, {}, {}",
            found.people.name(d.asked.by),
            words::moment(app, d.asked.at),
            if d.permit.is_some() { "by permit" } else { "by hand" }
        ),
    });
    let page = ListPage {
        banners: overrides::banners(app, found.now),
        rows: rows.collect(),
        none: none(state, before),
        only: state.is_some() || before.is_some(),
        filters,
        more,
        page: PAGE,
        layout: visitor.layout(Section::Elsewhere).await?,
    };
    Ok(page.into_response())
}

fn none(state: Option<DeploymentState>, before: Option<DeploymentId>) -> &'static str {
    match state {
        _ if before.is_some() => "There are no older ones.",
        None => "Nothing has been deployed yet.",
        Some(DeploymentState::Allowed) => "No deployment waits to begin.",
        Some(DeploymentState::Started) => "No deployment is under way.",
        Some(DeploymentState::Succeeded) => "No deployment has succeeded.",
        Some(DeploymentState::Failed) => "No deployment has failed.",
        Some(DeploymentState::RolledBack) => "No deployment was rolled back.",
        Some(DeploymentState::Expired) => "Every deployment was begun in time.",
    }
}

#[derive(Template, WebTemplate)]
#[template(path = "deployments/show.html")]
struct ShowPage {
    layout: Layout,
    device: String,
    tag: String,
    server: String,
    state: Tag,
    facts: Vec<Fact>,
    /// Id, title, how it was, and why.
    gates: Vec<(String, String, Tag, String)>,
    way: Vec<TimelineItem>,
    report: Option<Action>,
}

fn gate_tag(g: &GateThen) -> Tag {
    match (g.met, g.overridden) {
        (true, _) => Tag::good("met"),
        (false, true) => Tag::warn("skipped by override"),
        (false, false) => Tag::bad("open"),
    }
}

fn parse(id: &str) -> Result<DeploymentId, Problem> {
    id.parse().map_err(|_| Problem::not_found())
}

/// GET /deployments/{deployment}
async fn show(visitor: Visitor, Path(deployment): Path<String>) -> Answer {
    let app = &visitor.app;
    let caller = visitor.who.as_ref().map(|me| Caller::person(me.id(), visitor.origin.clone()));
    let view = deployments::view(app, caller.as_ref(), parse(&deployment)?).await.map_err(Problem::from)?;
    let d = &view.deployment;
    let report = report::report_action(&view).filter(|_| view.may_report);
    let gates = d.gates.iter().map(|g| g.read(&view.people));
    let gates = gates.map(|g| (g.id.to_string(), g.title.clone(), gate_tag(&g), g.why)).collect();
    let page = ShowPage {
        layout: visitor.layout(Section::Elsewhere).await?,
        facts: facts(app, &view),
        way: way(app, &view),
        state: state_tag(d, view.now),
        tag: d.release.tag.to_string(),
        server: d.server.to_string(),
        gates,
        report,
        device: view.device,
    };
    Ok(page.into_response())
}

fn facts(app: &App, view: &View) -> Vec<Fact> {
    let d = &view.deployment;
    let asked = format!("{}, {}", view.people.name(d.asked.by), words::moment(app, d.asked.at));
    let permit = match &d.permit {
        None => "none: placed by hand".to_owned(),
        Some(p) if d.reports.iter().any(|r| r.report == Report::Started) => {
            format!("redeemed; it counted until {}", words::moment(app, p.until))
        }
        Some(p) if view.now >= p.until => format!("ran out {}, never used", words::moment(app, p.until)),
        Some(p) => format!("counts until {}, once", words::moment(app, p.until)),
    };
    let mut all = vec![
        Fact::words("Asked by", &asked),
        Fact::words("Environment", &d.environment.to_string()),
        Fact::name("Commit", d.release.commit.as_str()),
        Fact::name("Tree", d.release.tree.as_str()),
        Fact::name("Tag object", d.release.object.as_str()),
        Fact::words("Permit", &permit),
        Fact::words("Device’s revision", &d.revision.to_string()),
    ];
    let before = d.before.iter().map(|p| {
        let what = p.release.as_ref().map_or_else(|| "hot development".to_owned(), ToString::to_string);
        format!("{what} on {}", p.server)
    });
    let before: Vec<String> = before.collect();
    if !before.is_empty() {
        all.push(Fact::words("Before it", &before.join(", ")));
    }
    all
}

/// What is reported, as the rest of a sentence.
fn told(report: &Report) -> (&'static str, String) {
    let with = |say: &str, link: &str, text: &str| {
        [say, text, link].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" ")
    };
    let result = |passed: bool| if passed { "passed." } else { "failed." };
    match report {
        Report::Started => ("play", "began.".to_owned()),
        Report::TestsBefore { passed, link, text } => {
            ("check", with(&format!("reported that the tests before it {}", result(*passed)), link, text))
        }
        Report::TestsAfter { passed, link, text } => {
            ("check", with(&format!("reported that the tests after it {}", result(*passed)), link, text))
        }
        Report::Succeeded { link, text } => ("ok", with("reported that it succeeded.", link, text)),
        Report::Failed { link, text } => ("alert", with("reported that it failed:", link, text)),
        Report::RolledBack { link, text } => ("history", with("reported that it was rolled back:", link, text)),
        Report::Expired => ("lock", "noticed that its permit ran out before it began.".to_owned()),
    }
}

/// Its way, oldest first.
fn way(app: &App, view: &View) -> Vec<TimelineItem> {
    let d = &view.deployment;
    let item = |icon, who: &str, what: String, at: DateTime<Utc>| TimelineItem {
        icon,
        status: None,
        who: who.to_owned(),
        what: format!(" {what}"),
        when: words::moment(app, at),
        at: at.to_rfc3339_opts(SecondsFormat::Secs, true),
        origin: None,
        number: String::new(),
        hash: String::new(),
    };
    let did = if d.permit.is_some() { "was allowed to deploy it." } else { "placed it by hand." };
    let asked = item("upload", view.people.name(d.asked.by), did.to_owned(), d.asked.at);
    let reported = |r: &Reported| {
        let (icon, what) = told(&r.report);
        item(icon, r.by.map_or("Custody", |p| view.people.name(p)), what, r.at)
    };
    std::iter::once(asked).chain(d.reports.iter().map(reported)).collect()
}
