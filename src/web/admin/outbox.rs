//! `/admin/outbox`: what is on its way to people, what failed, and what arrived lately (O5, F8).

use super::{Administrator, done};
use crate::{
    app::App,
    domain::telling::Owner,
    service::outbox::{self, After, Line, Place, State},
    web::{
        layout::{Layout, Section},
        parts::{Action, Banner, Tag, Tone, plural},
        problem::Answer,
        words,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Router,
    extract::{Path, Query},
    response::IntoResponse,
    routing::{get, post},
};
use axum_extra::extract::cookie::CookieJar;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use url::form_urlencoded::byte_serialize;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/admin/outbox", get(show))
        .route("/admin/outbox/{message}/again", post(again))
        .route("/admin/outbox/{message}/give-up", post(give_up))
}

/// One message.
pub struct Row {
    pub to: String,
    pub kind: &'static str,
    /// Device and text of the first thing in it, and where it leads.
    pub device: String,
    pub text: String,
    pub href: String,
    /// How many more are in it, in words, or empty.
    pub more: String,
    pub urgent: bool,
    /// `happened 3 h ago, tried 4 times, next in 12 min`.
    pub when: String,
    pub error: String,
    pub tag: Option<Tag>,
    pub actions: Vec<Action>,
}

/// Messages of one sort, and how many things there are in all.
pub struct Part {
    pub id: &'static str,
    pub title: &'static str,
    pub empty: &'static str,
    pub rows: Vec<Row>,
    pub count: u64,
    /// Where the rest is.
    pub more: Option<String>,
    /// Back to where it begins, on a later page.
    pub first: bool,
}

/// Which pages of the parts are asked for; from the beginning where what is asked cannot be read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    failed_after: String,
    #[serde(default)]
    waiting_after: String,
    #[serde(default)]
    ended_after: String,
}

#[derive(Template, WebTemplate)]
#[template(path = "admin/outbox.html")]
pub struct OutboxPage {
    pub layout: Layout,
    pub banner: Option<Banner>,
    pub parts: Vec<Part>,
}

/// One row for each message, however much is in it.
fn rows(all: Vec<Line>, state: State, now: DateTime<Utc>) -> Vec<Row> {
    let mut rows: Vec<(String, usize, Line)> = Vec::new();
    for line in all {
        match rows.iter_mut().find(|(message, ..)| *message == line.listed.message) {
            Some((_, more, _)) => *more += 1,
            None => rows.push((line.listed.message.clone(), 0, line)),
        }
    }
    rows.into_iter().map(|(message, more, line)| row(&message, more, line, state, now)).collect()
}

fn row(message: &str, more: usize, line: Line, state: State, now: DateTime<Utc>) -> Row {
    let of = line.listed;
    let mut when = vec![format!("happened {}", words::ago(of.at, now))];
    match of.attempts {
        0 => {}
        1 => when.push("tried once".to_owned()),
        n => when.push(format!("tried {n} times")),
    }
    match of.ended {
        None if of.due > now => when.push(format!("due in {}", words::span(now, of.due))),
        None => when.push("due now".to_owned()),
        Some(at) => when.push(format!("ended {}", words::ago(at, now))),
    }
    let about = format!("for {}: {}", line.to, of.device);
    let to = |act: &str| format!("/admin/outbox/{message}/{act}");
    let again = |label: &str| Action::post(label, &to("again")).small().about(&about);
    let give_up = || Action::post("Give up", &to("give-up")).small().danger().about(&about);
    // What was delivered has no trouble on record.
    let given_up = !of.error.is_empty();
    let (tag, actions) = match state {
        State::Waiting => (None, vec![again("Try now"), give_up()]),
        State::Failed => (None, vec![again("Try again"), give_up()]),
        State::Delivered | State::GivenUp if given_up => (Some(Tag::plain("Given up")), vec![again("Try again")]),
        State::Delivered | State::GivenUp => (Some(Tag::good("Delivered")), Vec::new()),
    };
    let href = match (of.path, of.owner) {
        // Their own account is another page for whoever looks after it.
        (Some(path), Owner::Person(person)) if path == "/account" => format!("/admin/people/{person}"),
        (Some(path), _) => path,
        (None, _) => format!("/devices/{}", of.device),
    };
    Row {
        to: line.to,
        kind: line.kind.map_or("removed channel", |k| k.label()),
        device: of.device,
        text: of.text,
        href,
        more: if more == 0 { String::new() } else { format!("and {} in the same message", plural(more, "more thing")) },
        urgent: of.urgent,
        when: when.join(", "),
        error: of.error,
        tag,
        actions,
    }
}

/// GET /admin/outbox
async fn show(admin: Administrator, Query(asked): Query<Asked>) -> Answer {
    let app = &admin.app;
    let now = app.clock.now();
    let place = |text: &str| text.parse::<Place>().ok();
    let after = After {
        failed: place(&asked.failed_after),
        waiting: place(&asked.waiting_after),
        ended: place(&asked.ended_after),
    };
    let desk = outbox::overview(app, &after).await?;
    let part = |id: &'static str, title, empty, of: outbox::Part, after: &Option<Place>, state| Part {
        id,
        title,
        empty,
        rows: rows(of.lines, state, now),
        count: of.count,
        more: of.next.map(|next| {
            let next: String = byte_serialize(next.to_string().as_bytes()).collect();
            format!("/admin/outbox?{id}_after={next}#{id}-h")
        }),
        first: after.is_some(),
    };
    let banner = match (&app.mail, &app.chat) {
        (_, None) => Some(("Nothing is sent from here.", "People are told in Custody itself.")),
        (None, Some(_)) => Some((
            "Mail is not set up.",
            "No mail is sent until Custody is started with `--smtp` and `--mail-from`. Chats are sent.",
        )),
        (Some(_), Some(_)) => None,
    };
    let page = OutboxPage {
        layout: admin.layout(Section::Elsewhere).await?,
        banner: banner.map(|(strong, text)| Banner::new(Tone::Info, strong, text)),
        parts: vec![
            part("failed", "Failed", "Nothing failed.", desk.failed, &after.failed, State::Failed),
            part("waiting", "Waiting", "Nothing waits.", desk.waiting, &after.waiting, State::Waiting),
            part(
                "ended",
                "Ended lately",
                "Nothing was delivered or given up in the last 30 days.",
                desk.ended,
                &after.ended,
                State::Delivered,
            ),
        ],
    };
    Ok(page.into_response())
}

/// POST /admin/outbox/{message}/again
async fn again(admin: Administrator, jar: CookieJar, Path(message): Path<String>) -> Answer {
    outbox::again(&admin.app, &admin.caller(), &message).await?;
    let say = "It is tried again now, or when quiet hours end. Reload the page in a moment to see what became of it.";
    done(jar, say, "/admin/outbox")
}

/// POST /admin/outbox/{message}/give-up
async fn give_up(admin: Administrator, jar: CookieJar, Path(message): Path<String>) -> Answer {
    outbox::give_up(&admin.app, &admin.caller(), &message).await?;
    done(jar, "It is given up. Whom it was for still sees it in Custody.", "/admin/outbox")
}
