//! `/embed/{name}`: a device's answer as a panel in a frame of another page: may I rely on it, whom do I call now, what
//! may I do, where does it run. Only pages whose origins the policy names may show it (A34).

use crate::{
    app::App,
    domain::observation::Source,
    projection::Place,
    service::status::{self, Called, Status},
    web::{
        gatebox, operators,
        parts::{Answer, CallCard, Contact, Fact, Phone, Tag},
        theme::Theme,
        words,
    },
};
use askama::Template;
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;

#[derive(Deserialize)]
pub struct How {
    /// `day`, `night`; anything else matches the system.
    #[serde(default)]
    theme: String,
    instance: Option<String>,
}

/// The panel.
#[derive(Template)]
#[template(path = "tools/embed.html")]
struct Panel {
    theme: Theme,
    name: String,
    answer: Option<Answer>,
    /// Where the whole page of it is.
    href: String,
    /// Whether no page may frame it yet.
    closed: bool,
    as_of: String,
    /// Since when the database is away.
    away: Option<String>,
    doc: Contact,
}

/// GET /embed/{name}
pub async fn show(
    State(app): State<App>,
    Path(name): Path<String>,
    how: Result<Query<How>, QueryRejection>,
) -> Response {
    let (theme, instance) = how.map_or_else(|_| Default::default(), |Query(h)| (h.theme, h.instance));
    let (current, now) = status::version(&app);
    let answer = status::of_device(&app, &name, instance.as_deref(), |found| found.and_then(|s| answer(&app, &s)));
    let facility = &app.policy.facility;
    let origins = &app.policy.board.embed_origins;
    let status = if answer.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let panel = Panel {
        theme: Theme::ALL.into_iter().find(|t| t.word() == theme).unwrap_or_default(),
        href: app.public_url.join(&format!("/devices/{name}")).map_or_else(|_| "/".to_owned(), |u| u.to_string()),
        name: name.chars().filter(|c| !c.is_control()).take(100).collect(),
        answer,
        closed: origins.is_empty(),
        as_of: words::moment(&app, now),
        away: current.away.map(|at| words::near(&app, at, now)),
        doc: Contact::new(&facility.doc_name, "", Phone::new(facility.doc_phone.clone().unwrap_or_default())),
    };
    let ancestors = if origins.is_empty() { "'none'".to_owned() } else { origins.join(" ") };
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors {ancestors}"
    );
    let Ok(page) = panel.render() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    (status, [("content-security-policy", policy)], [("cache-control", "no-store")], Html(page)).into_response()
}

fn answer(app: &App, s: &Status<'_>) -> Option<Answer> {
    let card = s.card?;
    let mut calls = s.calls().into_iter().filter_map(|c| contact(app, s, &c));
    Some(Answer {
        name: s.name().to_owned(),
        id: s.place.map_or_else(|| card.classes.join(", "), |p| p.seen.instance.clone()),
        instruments: card.instruments.clone(),
        href: String::new(),
        status: gatebox::of_device(card.state, s.verdict),
        meaning: s.why().to_owned(),
        since: format!("Since {}.", words::near(app, s.since, s.now)),
        call: CallCard {
            when: words::hour(app, s.now),
            first: calls.next(),
            then: calls.collect(),
            confirmed: String::new(),
            fresh: true,
            edit: None,
        },
        may: operators::may(s.ruling(), s.people()),
        note: s.ruling().note().to_owned(),
        stops: None,
        facts: s.place.map_or_else(|| vec![Fact::words("Seen", "not seen running")], |p| facts(app, s, p)),
        incidents: crate::web::incidents::of_answer(app, card, s.place.map(|p| &p.seen), s.now),
        latest: Vec::new(),
    })
}

/// Somebody with a number: without one there is nothing to call.
fn contact(app: &App, s: &Status<'_>, c: &Called<'_>) -> Option<Contact> {
    let mut reach = match c.about == status::RESPONSIBLE {
        true => operators::responsible(app, c.reach, s.now),
        false => operators::reach(app, c.reach, c.deputy_of.is_some(), s.now),
    };
    if !c.confirmed {
        reach += "; not confirmed lately";
    }
    Some(Contact::new(c.name, &c.about, Phone::new(c.phone?)).reach(&reach).later(!c.reach.now()))
}

fn facts(app: &App, s: &Status<'_>, p: &Place) -> Vec<Fact> {
    let raw = &p.seen.version.raw;
    let version = match raw.is_empty() {
        true => Fact::words("Version", "not reported"),
        false if s.is_verified() => Fact::name("Version", raw).with(Tag::good("tag verified")),
        false => Fact::name("Version", raw).with(Tag::warn("not verified")),
    };
    let place = [Fact::name("Server", &p.seen.server.0), Fact::name("Host", &p.seen.host), version];
    if let Some(gone) = p.seen.gone {
        return place.into_iter().chain([Fact::words("Stopped since", &words::near(app, gone, s.now))]).collect();
    }
    let seen = Fact::words("Seen", &words::ago(p.seen.seen, app.clock.now()));
    let seen = match p.seen.source {
        Source::Agent | Source::Collector { .. } if s.is_silent() => seen.with(Tag::warn("observer silent")),
        Source::Agent | Source::Collector { .. } => seen,
        Source::Statement { .. } => seen.with(Tag::plain("as CTRL stated")),
    };
    place.into_iter().chain([seen]).collect()
}
