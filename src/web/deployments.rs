//! `/deployments`: what went where, by whom, and what came of it (G9).

use super::{
    entries,
    layout::{Layout, Section},
    overrides,
    parts::{Action, Banner, Choice, ErrorSummary, Fact, Field, Tag, TimelineItem, Tone},
    problem::{Answer, Problem, refusal_status},
    single::FormPage,
    visitor::{Member, Visitor, flash},
    words,
};
use crate::{
    app::App,
    domain::{
        deployment::{Deployment, DeploymentState, GateThen, Report, Reported},
        id::DeploymentId,
        refusal::{Code, Refusal},
    },
    service::{
        Caller, Error,
        deployments::{self, PAGE, View},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form, Router,
    extract::{Path, Query},
    response::{IntoResponse, Redirect},
    routing::get,
};
use axum_extra::extract::cookie::CookieJar;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use strum::IntoEnumIterator;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/deployments", get(list))
        .route("/deployments/{deployment}", get(show))
        .route("/deployments/{deployment}/report", get(ask).post(report))
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
    let report = report_action(&view).filter(|_| view.may_report);
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

/// The way to the form. While it is to end it weighs most; afterwards, and of what is in place already, there is seldom
/// more to say.
fn report_action(view: &View) -> Option<Action> {
    let link = |label| Action::link(label, &format!("/deployments/{}/report", view.deployment.id));
    let d = &view.deployment;
    let in_place = d.permit.is_none() && d.state == DeploymentState::Allowed;
    match by_hand(d, view)[..] {
        [] => None,
        ["rolled_back"] => Some(link("Report a roll-back")),
        ["tests_after", "rolled_back"] => Some(link("Report tests or a roll-back")),
        _ if in_place => Some(link("Report what came of it")),
        _ => Some(link("Report what came of it").primary()),
    }
}

/// What a person can report by hand: where there is a permit, the work begins by it alone.
fn by_hand(d: &Deployment, view: &View) -> Vec<&'static str> {
    let all = d.takes(view.now).iter().copied();
    all.filter(|what| *what != "started" || d.permit.is_none()).collect()
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    key: String,
    #[serde(default)]
    what: String,
    #[serde(default)]
    link: String,
    #[serde(default)]
    text: String,
}

/// What can be chosen: of tests both ends, and which tests where it could be either.
fn choices(takes: &[&'static str]) -> Vec<Choice> {
    let both = takes.contains(&"tests_before") && takes.contains(&"tests_after");
    let of = |what: &'static str| match what {
        "started" => vec![Choice::new(what, "Begun")],
        "tests_before" => vec![
            Choice::new("tests_before_passed", "Tests before it passed"),
            Choice::new("tests_before_failed", "Tests before it failed"),
        ],
        "tests_after" if both => vec![
            Choice::new("tests_after_passed", "Tests after it passed"),
            Choice::new("tests_after_failed", "Tests after it failed"),
        ],
        "tests_after" => {
            vec![Choice::new("tests_after_passed", "Tests passed"), Choice::new("tests_after_failed", "Tests failed")]
        }
        "succeeded" => vec![Choice::new(what, "Succeeded")],
        "failed" => vec![Choice::new(what, "Failed")],
        _ => vec![Choice::new(what, "Rolled back")],
    };
    takes.iter().flat_map(|what| of(what)).collect()
}

async fn form(member: &Member, view: &View, typed: &Typed) -> Result<FormPage, Problem> {
    let d = &view.deployment;
    let fields = vec![
        entries::key(),
        Field::radio("what", "What came of it?", choices(&by_hand(d, view))).value(&typed.what),
        Field::text("link", "A page about it")
            .hint("Like https://gitlab.example.org/jobs/17")
            .value(&typed.link)
            .optional(),
        Field::area("text", "What is there to say?")
            .hint("Needed where it failed or was rolled back.")
            .value(&typed.text)
            .optional(),
    ];
    let here = format!("/deployments/{}", d.id);
    let layout = member.layout(Section::Elsewhere).await?;
    let title = format!("What came of {} on {}?", d.release.tag, d.server);
    Ok(FormPage::new(layout, &title, &format!("{here}/report"), "Report", fields)
        .lead("A failure or a roll-back gives the server back to what was placed there before.")
        .under("Deployments", "/deployments")
        .under(&view.device, &here))
}

/// GET /deployments/{deployment}/report
async fn ask(member: Member, Path(deployment): Path<String>) -> Answer {
    let view =
        deployments::view(&member.app, Some(&member.caller()), parse(&deployment)?).await.map_err(Problem::from)?;
    if !view.may_report {
        return Err(Error::from(deployments::not_yours()).into());
    }
    if by_hand(&view.deployment, &view).is_empty() {
        let state = view.deployment.state_at(view.now).words();
        let sentence =
            format!("This deployment is {state}: nothing more can be reported of it. Ask for a new deployment.");
        return Err(Problem::from(Error::from(Refusal::new(Code::WrongState, sentence))).at(&view.device));
    }
    Ok(form(&member, &view, &Typed::default()).await?.answer())
}

fn read(typed: &Typed) -> Result<Report, Error> {
    let (link, text) = (typed.link.trim().to_owned(), typed.text.trim().to_owned());
    Ok(match typed.what.as_str() {
        "started" => Report::Started,
        "tests_before_passed" => Report::TestsBefore { passed: true, link, text },
        "tests_before_failed" => Report::TestsBefore { passed: false, link, text },
        "tests_after_passed" => Report::TestsAfter { passed: true, link, text },
        "tests_after_failed" => Report::TestsAfter { passed: false, link, text },
        "succeeded" => Report::Succeeded { link, text },
        "failed" | "rolled_back" if text.is_empty() => return crate::service::invalid("text", "Say why"),
        "failed" => Report::Failed { link, text },
        "rolled_back" => Report::RolledBack { link, text },
        _ => return crate::service::invalid("what", "Choose what came of it"),
    })
}

/// POST /deployments/{deployment}/report
async fn report(member: Member, jar: CookieJar, Path(deployment): Path<String>, Form(typed): Form<Typed>) -> Answer {
    let (app, caller, id) = (&member.app, member.caller(), parse(&deployment)?);
    let view = deployments::view(app, Some(&caller), id).await.map_err(Problem::from)?;
    let key = entries::key_of(&typed.key)?;
    let done = match read(&typed) {
        Ok(report) => deployments::report_once(app, &caller, id, report, key).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => {
            let said = jar.add(flash(Tone::Good, "Your report is on record."));
            Ok((said, Redirect::to(&format!("/deployments/{id}"))).into_response())
        }
        Err(error @ Error::Invalid(_)) => {
            let mut again = form(&member, &view, &typed).await?;
            again.errors = entries::mark(&mut again.fields, entries::problems(error)?);
            Ok(again.answer())
        }
        // What was typed is not lost while there is something to report.
        Err(Error::Refused(r)) if !r.code.is_about_who() => {
            let view = deployments::view(app, Some(&caller), id).await.map_err(Problem::from)?;
            if by_hand(&view.deployment, &view).is_empty() {
                return Err(Problem::from(Error::Refused(r)).at(&view.device));
            }
            let mut again = form(&member, &view, &typed).await?;
            again.errors = ErrorSummary::default().with(&r.sentence);
            Ok((refusal_status(&r), again).into_response())
        }
        Err(error) => Err(Problem::from(error).at(&view.device)),
    }
}
