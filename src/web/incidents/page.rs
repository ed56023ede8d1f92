//! `/incidents/{incident}`: what it is, whose turn it is, what was done meanwhile and how it ended (G10).

use super::{instance, standing, tag};
use crate::{
    app::App,
    domain::{
        drift::Incident,
        id::PersonId,
        lifecycle::{CommandKind, StateName, rule},
    },
    service::incidents::{self, View},
    web::{
        acts,
        devices::{sees_origin, timeline},
        gatebox::{self, act_href},
        layout::{Layout, Section},
        parts::{Action, Fact, Tag, TimelineItem, Turn},
        problem::{Answer, Problem},
        visitor::Visitor,
        words,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{extract::Path, response::IntoResponse};
use url::form_urlencoded::byte_serialize;

#[derive(Template, WebTemplate)]
#[template(path = "incident.html")]
struct IncidentPage {
    layout: Layout,
    kind: &'static str,
    mark: Tag,
    words: String,
    /// The device's name, or empty.
    device: String,
    facts: Vec<Fact>,
    /// Nobody's once it is closed.
    turn: Option<Turn>,
    /// Whom it waits for, by name, or empty.
    who: String,
    remedy: String,
    actions: Vec<Action>,
    /// Its own kind in the list.
    alike: String,
    told: Vec<TimelineItem>,
    /// Whether more was done than is told here.
    more: bool,
}

/// GET /incidents/{incident}
pub(super) async fn show(visitor: Visitor, Path(incident): Path<String>) -> Answer {
    let app = &visitor.app;
    let view = incidents::show(app, &incident).await.map_err(Problem::from)?;
    let layout = visitor.layout(Section::Elsewhere).await?;
    let me = visitor.who.as_ref().map(|me| me.id());
    let ctrl = layout.person.as_ref().is_some_and(|p| p.ctrl);
    let (i, listed) = (&view.listed.incident, &view.listed);
    let page = IncidentPage {
        kind: i.drift.kind.label(),
        mark: match i.closed {
            None => Tag { label: "open".to_owned(), ..tag(i.drift.kind) },
            Some(_) => Tag::good("mended"),
        },
        words: i.drift.words.clone(),
        facts: facts(app, &view),
        turn: listed.turn.map(|turn| gatebox::turn(turn, &view.waits_for, &view.people, me)),
        who: match view.waits_for.as_slice() {
            [] => String::new(),
            people => view.people.names(people),
        },
        actions: actions(&view, me, ctrl),
        alike: super::href_of_kind(i.drift.kind),
        told: timeline(app, &view.told, sees_origin(&visitor)),
        device: listed.device.clone().unwrap_or_default(),
        remedy: listed.remedy.clone(),
        more: view.more,
        layout,
    };
    Ok(page.into_response())
}

fn facts(app: &App, view: &View) -> Vec<Fact> {
    let i = &view.listed.incident;
    let mut all = Vec::new();
    all.extend(instance(i, view.listed.device.as_deref()).map(|named| Fact::name("Instance", named)));
    all.push(Fact::name("Server", &i.drift.server.0));
    all.push(match &i.instrument {
        Some(instrument) => Fact::words("Instrument", instrument),
        None => Fact::words("Instrument", "none: the server is not on record"),
    });
    all.push(Fact::words("Since", &format!("{}, {}", words::moment(app, i.opened), standing(i, view.now))));
    if i.times > 1 {
        all.push(Fact::words("Came", &format!("{} times", i.times)));
    }
    all.push(Fact::words("Ended", &ended(app, i)));
    all
}

fn ended(app: &App, i: &Incident) -> String {
    match i.closed {
        None => "not yet: it closes by itself when it is mended".to_owned(),
        Some(at) => format!("{}, after {}", words::moment(app, at), words::span(i.opened, at)),
    }
}

/// Whom to call is for everybody; help is for those who take part, and the device's log of it too (H7).
fn actions(view: &View, me: Option<PersonId>, ctrl: bool) -> Vec<Action> {
    let i = &view.listed.incident;
    let asked = instance(i, view.listed.device.as_deref()).or(view.listed.device.as_deref());
    let asked: String = byte_serialize(asked.unwrap_or(&i.drift.server.0).as_bytes()).collect();
    let mut all = vec![Action::link("Whom to call", &format!("/?q={asked}")).icon("call")];
    let Some(card) = &view.card else { return all };
    let contributes = me.is_some_and(|me| card.contributors.contains(&me));
    let can = |act: CommandKind| rule(act).from.contains(&card.state);
    if contributes && i.closed.is_none() && can(CommandKind::AskHelp) {
        let ask = CommandKind::AskHelp;
        all.push(Action::link(acts::label(ask), &act_href(&card.name, ask)));
    }
    if (contributes || ctrl) && !matches!(card.state, StateName::Draft | StateName::Requested) {
        all.push(Action::link("Help log", &format!("/devices/{}#help-h", card.name)));
    }
    all
}
