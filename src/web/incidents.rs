//! `/incidents`: where what runs differs from the record, open ones first (G10). Everybody reads it, as the board.

mod page;

use super::{
    layout::{Layout, Section},
    parts::{Difference, Tag},
    problem::Answer,
    visitor::Visitor,
    words,
};
use crate::{
    app::App,
    domain::{
        drift::{Incident, of_silent},
        observation::Seen,
    },
    projection::Card,
    service::incidents::{self, Cursor, Kind, Listed, Page, Wanted},
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{Router, extract::RawQuery, response::IntoResponse, routing::get};
use chrono::{DateTime, Utc};
use strum::IntoEnumIterator;
use url::form_urlencoded::{Serializer, parse};

pub use crate::service::incidents::path;

pub fn routes() -> Router<App> {
    Router::new().route("/incidents", get(show)).route("/incidents/{incident}", get(page::show))
}

/// Whether a kind proves nothing by itself.
pub fn is_weak(kind: Kind) -> bool {
    matches!(kind, Kind::Silent | Kind::NotSeen)
}

/// A kind as a mark.
pub fn tag(kind: Kind) -> Tag {
    match is_weak(kind) {
        true => Tag::warn(kind.label()),
        false => Tag::bad(kind.label()),
    }
}

/// Where all of a kind are listed: a server's silence is one for all that runs there.
pub fn href_of_kind(kind: Kind) -> String {
    format!("/incidents?kind={kind}")
}

/// What the answer card says of a device and of the place that is shown of it.
pub fn of_answer(app: &App, card: &Card, place: Option<&Seen>, now: DateTime<Utc>) -> Vec<Difference> {
    let silent = of_silent(place, app.policy.patience(), now);
    let own = card.incidents.iter().map(|i| (&i.drift, path(&i.id)));
    let all = own.chain(silent.iter().map(|d| (d, href_of_kind(d.kind))));
    let one = all.map(|(d, href)| Difference {
        kind: d.kind.label(),
        words: d.words.clone(),
        remedy: d.kind.remedy_of(card.terms()),
        href,
    });
    one.collect()
}

/// The instance that is meant; none where a whole device is, or a whole server.
fn instance<'a>(i: &'a Incident, device: Option<&str>) -> Option<&'a str> {
    let named = i.drift.instance.as_str();
    Some(named).filter(|named| Some(*named) != device && *named != i.drift.server.0)
}

/// `opened just now`, `open for 5 min`, `closed 2 h ago`.
fn standing(i: &Incident, now: DateTime<Utc>) -> String {
    match i.closed {
        None => match words::so_far(i.opened, now) {
            now if now == words::JUST_NOW => format!("opened {now}"),
            span => format!("open for {span}"),
        },
        Some(at) => format!("closed {}", words::ago(at, now)),
    }
}

/// One incident.
struct Row {
    href: String,
    tag: Tag,
    /// The device's name, or empty.
    device: String,
    instance: String,
    words: String,
    remedy: String,
    instrument: String,
    opened: String,
    state: String,
    is_open: bool,
    /// `came back 3 times`, or empty.
    times: String,
}

#[derive(Template, WebTemplate)]
#[template(path = "incidents.html")]
struct IncidentsPage {
    layout: Layout,
    /// Value, label, whether it is chosen.
    kinds: Vec<(&'static str, &'static str, bool)>,
    instruments: Vec<String>,
    instrument: String,
    rows: Vec<Row>,
    more: Option<String>,
    chooses: bool,
}

/// What the address asks for; what it does not know is not asked for.
fn asked(query: &str) -> Wanted {
    let mut wanted = Wanted::default();
    for (key, value) in parse(query.as_bytes()) {
        match &*key {
            "kind" => wanted.kind = value.parse().ok(),
            "instrument" if !value.is_empty() => wanted.instrument = Some(value.into_owned()),
            "after" => wanted.after = value.parse().ok(),
            _ => {}
        }
    }
    wanted
}

fn address(wanted: &Wanted, next: Cursor) -> String {
    let mut q = Serializer::new(String::new());
    if let Some(kind) = wanted.kind {
        q.append_pair("kind", kind.into());
    }
    if let Some(instrument) = &wanted.instrument {
        q.append_pair("instrument", instrument);
    }
    q.append_pair("after", &next.to_string());
    format!("/incidents?{}", q.finish())
}

/// GET /incidents
async fn show(visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    let app = &visitor.app;
    let wanted = asked(query.as_deref().unwrap_or_default());
    let layout = visitor.layout(Section::Elsewhere).await?;
    let page = incidents::list(app, &wanted).await?;
    let shown = IncidentsPage {
        layout,
        kinds: Kind::iter().map(|k| (k.into(), k.label(), wanted.kind == Some(k))).collect(),
        instruments: app.policy.facility.instruments.clone(),
        instrument: wanted.instrument.clone().unwrap_or_default(),
        more: page.next.map(|at| address(&wanted, at)),
        chooses: wanted.kind.is_some() || wanted.instrument.is_some(),
        rows: page.all.iter().map(|listed| row(app, &page, listed)).collect(),
    };
    Ok(shown.into_response())
}

fn row(app: &App, page: &Page, listed: &Listed) -> Row {
    let (i, device) = (&listed.incident, listed.device.as_deref());
    Row {
        href: path(&i.id),
        tag: tag(i.drift.kind),
        device: device.unwrap_or_default().to_owned(),
        // Where a device is meant as a whole, it stands for the instance.
        instance: if device == Some(i.drift.instance.as_str()) { String::new() } else { i.drift.instance.clone() },
        words: i.drift.words.clone(),
        remedy: listed.remedy.clone(),
        instrument: i.instrument.clone().unwrap_or_default(),
        opened: words::moment(app, i.opened),
        state: standing(i, page.now),
        is_open: i.closed.is_none(),
        times: match i.times {
            0 | 1 => String::new(),
            n => format!("came {n} times"),
        },
    }
}
