//! `/deployments`: what went where, by whom, and what came of it (G9).

mod list;
mod report;

use super::{
    layout::{Layout, Section},
    parts::{Action, Fact, Tag, TimelineItem},
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
        deployments::{self, View},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{Router, extract::Path, response::IntoResponse, routing::get};
use chrono::{DateTime, SecondsFormat, Utc};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/deployments", get(list::show))
        .route("/deployments/{deployment}", get(show))
        .route("/deployments/{deployment}/report", get(report::ask).post(report::report))
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
