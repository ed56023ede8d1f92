//! `/collectors`: the control systems that Custody asks what runs, and how old what it knows of them is (G10).

use super::{
    layout::{Layout, Section},
    parts::{Action, Blank, Tag, Tone, plural},
    problem::Answer,
    visitor::{Member, flash},
    words,
};
use crate::{
    app::App,
    domain::person::Role,
    service::collectors::{self, Doing, Shown},
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use axum_extra::extract::cookie::CookieJar;
use chrono::{DateTime, Utc};

pub fn routes() -> Router<App> {
    Router::new().route("/collectors", get(list)).route("/collectors/{name}/poll", post(poll))
}

/// A collector, in words.
struct Row {
    name: String,
    kind: &'static str,
    addresses: Vec<String>,
    covers: String,
    tag: Tag,
    /// `its view is 20 s old`.
    age: String,
    /// `1,204 instances`, or empty where it has brought none yet.
    brought: String,
    /// Why the last poll failed, or empty.
    error: String,
    /// What a reader should know of what it was told.
    notes: Vec<String>,
    /// `asks again in 12 s`, `asks again in 4 min, after 3 failures`.
    next: String,
    poll: Option<Action>,
}

#[derive(Template, WebTemplate)]
#[template(path = "collectors.html")]
struct CollectorsPage {
    layout: Layout,
    rows: Vec<Row>,
    blank: Blank,
}

/// GET /collectors
async fn list(member: Member) -> Answer {
    let app = &member.visitor.app;
    let layout = member.layout(Section::Elsewhere).await?;
    let now = app.clock.now();
    let polls = member.has(&Role::Ctrl) || member.has(&Role::Admin);
    let rows = collectors::list(app).await?.iter().map(|c| row(c, polls, now)).collect();
    let blank = Blank::new(
        "plug",
        "Custody asks no control system",
        "Agents report what runs. To have Custody ask itself, name a Tango gateway, a Karabo topic or an address under \
         `[[observations.collectors]]` in the policy’s file; `custody policy show` explains each key.",
    )
    .action(Action::link("Read the policy in force", "/policy"));
    Ok(CollectorsPage { layout, rows, blank }.into_response())
}

fn row(c: &Shown, polls: bool, now: DateTime<Utc>) -> Row {
    let of = &c.collector;
    let doing = c.doing.as_ref();
    let view = doing.and_then(|d| d.view);
    let refused = doing.map_or(0, |d| d.refused);
    let mut notes: Vec<String> = doing.map(|d| d.note.clone()).into_iter().filter(|n| !n.is_empty()).collect();
    if refused > 0 {
        notes.push(format!("{} left out: on servers that it does not speak for.", plural(refused, "instance")));
    }
    Row {
        name: of.name.clone(),
        kind: of.kind.label(),
        addresses: of.addresses.iter().chain(&of.aggregators).cloned().collect(),
        covers: of.covers.join(", "),
        tag: match (view, c.is_stale(now)) {
            (None, _) => Tag::warn("No view yet"),
            (Some(_), true) => Tag::warn("Stale"),
            (Some(_), false) => Tag::good("Current"),
        },
        age: match view {
            Some(view) => format!("its view is {} old", words::span(view, now)),
            None => "it has not answered yet".to_owned(),
        },
        brought: view.and(doing).map_or_else(String::new, |d| plural(d.instances, "instance")),
        error: doing.map(|d| d.error.clone()).unwrap_or_default(),
        notes,
        next: next(c, doing, now),
        poll: polls.then(|| Action::post("Ask now", &format!("/collectors/{}/poll", of.name)).small().about(&of.name)),
    }
}

fn next(c: &Shown, doing: Option<&Doing>, now: DateTime<Utc>) -> String {
    let times = doing.map_or(0, |d| d.failures);
    let failed = if times == 0 { String::new() } else { format!(", after {}", plural(times as usize, "failure")) };
    match doing {
        None => "asks for the first time".to_owned(),
        Some(_) if c.is_asking(now) => format!("asks now{failed}"),
        Some(d) if d.due <= now => format!("is due{failed}"),
        Some(d) => format!("asks again in {}{failed}", words::span(now, d.due)),
    }
}

/// POST /collectors/{name}/poll
async fn poll(member: Member, jar: CookieJar, Path(name): Path<String>) -> Answer {
    let done = collectors::poll_now(&member.visitor.app, &member.caller(), &name).await?;
    let (tone, say) = match done {
        None => (Tone::Info, format!("`{name}` is being asked; look again in a moment.")),
        Some(d) if d.error.is_empty() => (Tone::Good, format!("`{name}` brought {}.", plural(d.instances, "instance"))),
        Some(d) => (Tone::Warn, format!("`{name}` could not be asked. {}", d.error)),
    };
    Ok((jar.add(flash(tone, &say)), Redirect::to("/collectors")).into_response())
}
