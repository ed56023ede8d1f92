//! `/deployments`: what went where, by whom, and what came of it (G9).

mod list;
mod report;

use super::{
    layout::{Layout, Section},
    parts::{Action, Fact, Tag, TimelineItem},
    problem::{Answer, Problem},
    releases,
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
use url::Url;

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
    /// The page of what is deployed.
    release: String,
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
        release: releases::href(&view.device, &d.release.tag),
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
    let with = |say: &str, text: &str| [say, text].join(" ").trim_end().to_owned();
    let result = |passed: bool| if passed { "passed." } else { "failed." };
    match report {
        Report::Started => ("play", "began.".to_owned()),
        Report::TestsBefore { passed, text, .. } => {
            ("check", with(&format!("reported that the tests before it {}", result(*passed)), text))
        }
        Report::TestsAfter { passed, text, .. } => {
            ("check", with(&format!("reported that the tests after it {}", result(*passed)), text))
        }
        Report::Succeeded { text, .. } => ("ok", with("reported that it succeeded.", text)),
        Report::Failed { text, .. } => ("alert", with("reported that it failed:", text)),
        Report::RolledBack { text, .. } => ("history", with("reported that it was rolled back:", text)),
        Report::Expired => ("lock", "noticed that its permit ran out before it began.".to_owned()),
    }
}

/// Where a report leads, and to which host: by http alone, and as a browser reads it (A25).
fn leads_to(link: &str) -> Option<(String, String)> {
    let url = Url::parse(link).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let host = url.host_str()?.to_owned();
    Some((url.into(), host))
}

/// Its way, oldest first.
fn way(app: &App, view: &View) -> Vec<TimelineItem> {
    let d = &view.deployment;
    let item = |icon, who: &str, what: String, at: DateTime<Utc>| TimelineItem {
        icon,
        status: None,
        who: who.to_owned(),
        what: format!(" {what}"),
        link: None,
        when: words::moment(app, at),
        at: at.to_rfc3339_opts(SecondsFormat::Secs, true),
        origin: None,
        number: String::new(),
        hash: String::new(),
    };
    let did = if d.permit.is_some() { "was allowed to deploy it." } else { "placed it by hand." };
    let asked = item("upload", view.people.name(d.asked.by), did.to_owned(), d.asked.at);
    let reported = |r: &Reported| {
        let ((icon, what), said) = (told(&r.report), r.report.link());
        let link = leads_to(said);
        // What leads nowhere is read all the same.
        let what = if link.is_some() || said.is_empty() { what } else { format!("{what} {said}") };
        TimelineItem { link, ..item(icon, r.by.map_or("Custody", |p| view.people.name(p)), what, r.at) }
    };
    std::iter::once(asked).chain(d.reports.iter().map(reported)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A25, G9: a report leads to a page on the web and to nothing else, and says to whose.
    #[test]
    fn a25_a_report_leads_to_the_web() {
        for (link, host) in [
            ("https://gitlab.example.org/jobs/17", Some("gitlab.example.org")),
            ("http://ci.example.org:8080/?job=17#log", Some("ci.example.org")),
            ("https://gitlab.example.org@elsewhere.example/", Some("elsewhere.example")),
            ("https://", None),
            ("javascript:alert(1)", None),
            ("data:text/html,x", None),
            ("/jobs/17", None),
            ("", None),
        ] {
            assert_eq!(leads_to(link).map(|(_, host)| host).as_deref(), host, "{link}");
        }
        let (href, _) = leads_to("https://gitlab.example.org/jobs/17?a=1&b=2").unwrap();
        assert_eq!(href, "https://gitlab.example.org/jobs/17?a=1&b=2");
    }
}
