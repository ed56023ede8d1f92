//! `/orphans`: devices whose authors are gone or cannot be reached (N4).

use super::{
    acts, gatebox,
    layout::{Layout, Section},
    parts::{Action, Chip},
    problem::Answer,
    visitor::Member,
    words,
};
use crate::{
    app::App,
    domain::{
        lifecycle::{CommandKind, StateName},
        person::Role,
    },
    service::queue::{self, Orphan, Orphans},
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{Router, extract::RawQuery, response::IntoResponse, routing::get};
use url::form_urlencoded::{byte_serialize, parse};

pub fn routes() -> Router<App> {
    Router::new().route("/orphans", get(show))
}

/// One device.
struct Row {
    name: String,
    instruments: String,
    chip: Chip,
    why: String,
    since: String,
    /// Who offers to adopt it.
    offers: Vec<String>,
    actions: Vec<Action>,
}

#[derive(Template, WebTemplate)]
#[template(path = "orphans.html")]
struct OrphansPage {
    layout: Layout,
    rows: Vec<Row>,
    more: Option<String>,
}

/// GET /orphans
async fn show(member: Member, RawQuery(query): RawQuery) -> Answer {
    let app = &member.visitor.app;
    let after = parse(query.unwrap_or_default().as_bytes())
        .find(|(key, _)| key == "after")
        .and_then(|(_, value)| value.split_once('~').and_then(|(at, name)| Some((at.parse().ok()?, name.to_owned()))));
    let layout = member.layout(Section::Elsewhere).await?;
    let found = queue::orphans(app, after.as_ref()).await?;
    let more = found.next.as_ref().map(|(at, name)| {
        let at = at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        format!("/orphans?after={}", byte_serialize(format!("{at}~{name}").as_bytes()).collect::<String>())
    });
    let rows = found.all.iter().map(|o| row(&member, &found, o)).collect();
    Ok(OrphansPage { rows, more, layout }.into_response())
}

fn row(member: &Member, found: &Orphans, o: &Orphan) -> Row {
    let d = &o.device;
    let name = d.name();
    let own = d.is_contributor(member.id());
    let ctrl = member.has(&Role::Ctrl) && !own;
    let link = |act| Action::link(acts::label(act), &gatebox::act_href(name, act)).small().about(name);
    let mut actions = Vec::new();
    if ctrl && d.state.name() == StateName::ReducedSupport {
        actions.push(link(CommandKind::TakeOver).primary());
    }
    if ctrl && !d.offers.is_empty() {
        actions.push(link(CommandKind::AcceptAdoption));
    }
    if !own {
        actions.push(link(CommandKind::OfferAdoption));
    }
    let offers = d.offers.iter().map(|r| format!("{} offers to adopt it: {}", found.people.name(r.mark.by), r.text));
    Row {
        name: name.to_owned(),
        instruments: d.request.instruments.join(", "),
        chip: Chip::of(gatebox::of_device(d.state.name(), o.verdict.as_ref())),
        why: o.why.clone(),
        since: words::so_far(o.since, found.now),
        offers: offers.collect(),
        actions,
    }
}
