//! `/overrides`: what two people of CTRL let through in an emergency, now and before (G12). Everybody reads it.

use super::{
    acts,
    gatebox::act_href,
    layout::{Layout, Section},
    parts::{Action, Banner, Fact, Tag, Tone},
    problem::Answer,
    visitor::Visitor,
    words,
};
use crate::{
    app::App,
    domain::{
        lifecycle::CommandKind,
        overrides::{Override, Standing},
        person::People,
    },
    service::overrides::{self, Listed, Page, Place},
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{Router, extract::RawQuery, response::IntoResponse, routing::get};
use chrono::{DateTime, SecondsFormat, Utc};
use url::form_urlencoded::{Serializer, parse};

pub fn routes() -> Router<App> {
    Router::new().route("/overrides", get(show))
}

/// One override.
struct Row {
    device: String,
    number: u32,
    tag: String,
    state: Tag,
    facts: Vec<Fact>,
    actions: Vec<Action>,
}

#[derive(Template, WebTemplate)]
#[template(path = "overrides.html")]
struct OverridesPage {
    layout: Layout,
    rows: Vec<Row>,
    longest: u32,
    more: Option<String>,
}

/// GET /overrides
async fn show(visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    let app = &visitor.app;
    let query = query.unwrap_or_default();
    let after = parse(query.as_bytes()).find(|(key, _)| key == "after");
    let after: Option<Place> = after.and_then(|(_, value)| {
        let mut of = value.splitn(3, '~');
        Some((of.next()?.parse().ok()?, of.next()?.parse().ok()?, of.next()?.parse().ok()?))
    });
    let page = overrides::list(app, after.as_ref()).await?;
    let layout = visitor.layout(Section::Elsewhere).await?;
    let ctrl = layout.person.as_ref().is_some_and(|p| p.ctrl);
    let shown = OverridesPage {
        rows: page.all.iter().map(|l| row(app, &page, l, ctrl)).collect(),
        longest: app.policy.overrides.longest_hours,
        more: page.next.as_ref().map(address),
        layout,
    };
    Ok(shown.into_response())
}

fn address((at, id, number): &Place) -> String {
    let at = at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    let query = Serializer::new(String::new()).append_pair("after", &format!("{at}~{id}~{number}")).finish();
    format!("/overrides?{query}")
}

fn row(app: &App, page: &Page, l: &Listed, ctrl: bool) -> Row {
    let (o, name) = (&l.of, l.device.name());
    let actions = if ctrl { actions(o, name, page.now) } else { Vec::new() };
    Row {
        device: name.to_owned(),
        number: o.number,
        tag: o.tag.to_string(),
        state: state(o, page.now),
        facts: facts(app, o, &page.people, page.now),
        actions,
    }
}

/// How it stands, as a mark.
pub fn state(o: &Override, now: DateTime<Utc>) -> Tag {
    match o.standing(now) {
        Standing::Asked => Tag::plain("waits for a second person"),
        Standing::Counts => Tag { icon: "clock", ..Tag::warn("in force") },
        Standing::Over if o.approved.is_none() => Tag::plain("never approved"),
        Standing::Over => Tag::plain("over"),
    }
}

/// What it is, by whom, until when.
pub fn facts(app: &App, o: &Override, people: &People, now: DateTime<Utc>) -> Vec<Fact> {
    let mark = |by, at| format!("{}, {}", people.name(by), words::moment(app, at));
    let mut all = vec![
        Fact::name("Onto", &o.server.0),
        Fact::words("Skips", &o.skipped()),
        Fact::words("Why", &o.asked.text),
        Fact::words("Asked by", &mark(o.asked.mark.by, o.asked.mark.at)),
    ];
    all.extend(o.approved.map(|m| Fact::words("Approved by", &mark(m.by, m.at))));
    all.push(Fact::words("Until", &words::moment(app, o.until)));
    match &o.ended {
        Some(e) => {
            let who = e.by.map_or("Custody", |p| people.name(p));
            all.push(Fact::words("Ended", &format!("{who}, {}: {}", words::moment(app, e.at), e.reason)));
        }
        None if now >= o.until => all.push(Fact::words("Ended", "its time is over")),
        None => {}
    }
    all
}

/// To approve it and to end it; the form says who may not, and why.
pub fn actions(o: &Override, device: &str, now: DateTime<Utc>) -> Vec<Action> {
    use CommandKind::{ApproveOverride, EndOverride};
    let link = |act| {
        let about = format!("{} on {device}", o.tag);
        let href = format!("{}?number={}&next=/overrides", act_href(device, act), o.number);
        Action::link(acts::label(act), &href).small().about(&about)
    };
    match o.standing(now) {
        Standing::Asked => vec![link(ApproveOverride).primary(), link(EndOverride)],
        Standing::Counts => vec![link(EndOverride).danger()],
        Standing::Over => Vec::new(),
    }
}

/// What counts now, for the wall, and the lists of deployments.
pub fn banners(app: &App, now: DateTime<Utc>) -> Vec<Banner> {
    named(app, now).into_iter().map(|(_, banner)| banner).collect()
}

/// The same, each with the name of its device.
pub fn named(app: &App, now: DateTime<Utc>) -> Vec<(String, Banner)> {
    let counting = overrides::counting(app);
    let state = app.projection.read();
    let one = |device: &str, o: &Override| {
        let asked = state.people().name(o.asked.mark.by);
        let approved = o.approved.map_or("nobody", |m| state.people().name(m.by));
        let text = format!(
            "{} may go onto {} without {} until {}, by {asked} and {approved}: {}",
            o.tag,
            o.server,
            o.skipped(),
            words::near(app, o.until, now),
            o.asked.text
        );
        Banner::new(Tone::Warn, &format!("Override on {device}."), &text).link("Overrides", "/overrides")
    };
    counting.iter().map(|(card, o)| (card.name.clone(), one(&card.name, o))).collect()
}
