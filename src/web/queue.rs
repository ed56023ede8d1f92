//! `/reviews`: CTRL's queue, what is late first.

use super::{
    desk,
    layout::{Layout, Section},
    parts::{Banner, Side, Tone, WorkGroup},
    problem::Answer,
    visitor::Member,
    words,
};
use crate::{
    app::App,
    domain::person::Role,
    service::{
        queue::{self, Wanted},
        work::{Desk, Whose},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{Router, extract::RawQuery, response::IntoResponse, routing::get};
use url::form_urlencoded::{Serializer, parse};

pub fn routes() -> Router<App> {
    Router::new().route("/reviews", get(show))
}

#[derive(Template, WebTemplate)]
#[template(path = "queue.html")]
struct QueuePage {
    layout: Layout,
    lead: String,
    banner: Option<Banner>,
    /// Label, address, whether it is this one: whose queue.
    scopes: Vec<(&'static str, String, bool)>,
    instruments: Vec<String>,
    instrument: String,
    /// Whether the reader's own are shown.
    mine: bool,
    groups: Vec<WorkGroup>,
    /// Where the next page is.
    more: Option<String>,
}

/// What the address asks for; CTRL sees its own first.
fn asked(query: &str, ctrl: bool) -> Wanted {
    let mut wanted = Wanted { mine: ctrl, ..Wanted::default() };
    for (key, value) in parse(query.as_bytes()) {
        match &*key {
            "whose" => wanted.mine = ctrl && value != "all",
            "instrument" if !value.is_empty() => wanted.instrument = Some(value.into_owned()),
            "after" => {
                wanted.after = value.split_once('.').and_then(|(day, name)| Some((day.parse().ok()?, name.to_owned())));
            }
            _ => {}
        }
    }
    wanted
}

fn address(wanted: &Wanted) -> String {
    let mut q = Serializer::new(String::new());
    q.append_pair("whose", if wanted.mine { "mine" } else { "all" });
    if let Some(instrument) = &wanted.instrument {
        q.append_pair("instrument", instrument);
    }
    if let Some((day, name)) = &wanted.after {
        q.append_pair("after", &format!("{day}.{name}"));
    }
    format!("/reviews?{}", q.finish())
}

/// GET /reviews
async fn show(member: Member, RawQuery(query): RawQuery) -> Answer {
    let app = &member.visitor.app;
    let ctrl = member.has(&Role::Ctrl);
    let wanted = asked(query.as_deref().unwrap_or_default(), ctrl);
    let layout = member.layout(Section::Reviews).await?;
    let (desk, next) = queue::list(app, &member.caller(), &wanted).await?;
    let at = |mine| address(&Wanted { mine, after: None, ..wanted.clone() });
    let scopes = match ctrl {
        true => vec![("Mine", at(true), wanted.mine), ("All CTRL", at(false), !wanted.mine)],
        false => Vec::new(),
    };
    let side = |w: &crate::service::work::Work| match w.device.is_contributor(member.id()) {
        true => Side::Contributor,
        false => Side::Ctrl,
    };
    let page = QueuePage {
        lead: lead(&desk, ctrl),
        banner: (!ctrl).then(|| {
            Banner::new(
                Tone::Info,
                "This is CTRL’s queue.",
                "You can read it; its steps are for members of CTRL to take. What waits for you stands on",
            )
            .link("your own page", "/my")
        }),
        scopes,
        instruments: app.policy.facility.instruments.clone(),
        instrument: wanted.instrument.clone().unwrap_or_default(),
        mine: wanted.mine,
        groups: desk::groups(&desk, member.id(), side),
        more: next.map(|after| address(&Wanted { after: Some(after), ..wanted.clone() })),
        layout,
    };
    Ok(page.into_response())
}

fn lead(desk: &Desk, ctrl: bool) -> String {
    let waiting: Vec<_> =
        desk.work.iter().filter(|w| w.whose == if ctrl { Whose::Mine } else { Whose::Ctrl }).collect();
    let whom = if ctrl { "you" } else { "CTRL" };
    let oldest = waiting.iter().map(|w| w.since).min();
    match (waiting.len(), oldest.map(|since| words::so_far(since, desk.now))) {
        (0, _) | (_, None) => format!("Nothing waits for {whom} here."),
        (1, Some(now)) if now == words::JUST_NOW => format!("1 waits for {whom}."),
        (n, Some(now)) if now == words::JUST_NOW => format!("{n} wait for {whom}."),
        (1, Some(span)) => format!("1 waits for {whom}, for {span}."),
        (n, Some(span)) => format!("{n} wait for {whom}. The oldest has waited {span}."),
    }
}
