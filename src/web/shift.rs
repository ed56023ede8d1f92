//! `/shift`: what the operators on shift have to know, their word that they do, and the record of who knew what, when
//! (H8).

mod export;
mod rows;

pub use rows::banner;

use super::{
    layout::{Layout, Section, local_path},
    parts::{Action, Blank, Tone, plural},
    problem::{Answer, Problem},
    visitor::{Member, Visitor, flash},
    words,
};
use crate::{
    app::App,
    domain::{id::PersonId, person::Role, policy::Acknowledge, shift::shift_of},
    service::shift::{
        self, Changes, MOST,
        proof::{self, Looked, PAGE, Proof, Wanted},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form, Router,
    extract::Query,
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use axum_extra::extract::cookie::CookieJar;
use chrono::NaiveDate;
use rows::{RecordRow, WaitingRow};
use serde::Deserialize;
use url::form_urlencoded::{Serializer, byte_serialize};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/shift", get(show))
        .route("/shift/acknowledge", post(acknowledge))
        .route("/shift/looked", post(looked))
        .route("/shift/record.csv", get(export::export))
}

/// Which part of the record is asked for, as the address says it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    device: String,
    #[serde(default)]
    day: String,
    before: Option<i64>,
}

impl Asked {
    fn wanted(&self) -> Result<Wanted, Problem> {
        let day = match self.day.trim() {
            "" => None,
            typed => match typed.parse::<NaiveDate>() {
                Ok(day) => Some(day),
                Err(_) => return Err(Problem::unreadable("Enter a day as year, month and day, like 2026-11-21.")),
            },
        };
        Ok(Wanted { device: self.device.trim().to_owned(), day, before: self.before })
    }
}

/// The address of a part of the record.
fn address(path: &str, wanted: &Wanted, before: Option<i64>) -> String {
    let mut query = Serializer::new(String::new());
    if !wanted.device.is_empty() {
        query.append_pair("device", &wanted.device);
    }
    if let Some(day) = wanted.day {
        query.append_pair("day", &day.to_string());
    }
    if let Some(before) = before {
        query.append_pair("before", &before.to_string());
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// What is new to the reader.
struct News {
    text: String,
    /// Says that they have looked; only where something is new.
    looked: Option<Action>,
}

#[derive(Template, WebTemplate)]
#[template(path = "shift/show.html")]
struct ShiftPage {
    layout: Layout,
    lead: String,
    waiting: Vec<WaitingRow>,
    /// How many changes wait, and how many of them are late.
    count: usize,
    late: usize,
    /// Whether more wait than are shown.
    more: bool,
    /// One button for all that is shown, where the reader speaks for the shift; the way in for who is not signed in.
    all: Option<Action>,
    /// Whose word is asked for.
    asks: String,
    calm: Blank,
    news: Option<News>,
    record: Vec<RecordRow>,
    empty: String,
    device: String,
    day: String,
    newest: Option<String>,
    older: Option<String>,
    csv: String,
}

/// GET /shift: for everybody, as operators must not need to sign in to know.
async fn show(visitor: Visitor, Query(asked): Query<Asked>) -> Answer {
    let app = &visitor.app;
    let wanted = asked.wanted()?;
    let me = visitor.who.as_ref().map(|w| w.id());
    let layout = visitor.layout(Section::Shift).await?;
    let waits = shift::waiting(app).await?;
    let found = proof::proof(app, &wanted, PAGE).await?;
    let looked = match me {
        Some(me) => Some(proof::news(app, me).await?),
        None => None,
    };
    let speaks = visitor.who.as_ref().is_some_and(|w| w.profile.person.has(&Role::Doc));
    let mine: Vec<i64> = waits.all.iter().filter(|c| c.said.iter().all(|a| Some(a.by) != me)).map(|c| c.seq).collect();
    let newer = shift::newer(app, &waits).await?;
    let all = match me {
        Some(_) => (speaks && mine.len() > 1).then(|| rows::acknowledges(&mine, "/shift").primary()),
        None => Some(sign_in(&layout.path)),
    };
    let page = ShiftPage {
        count: waits.all.len(),
        lead: lead(app, &waits),
        late: waits.all.iter().filter(|c| c.judged.is_late()).count(),
        more: waits.all.len() as u64 == MOST,
        all,
        asks: asks(app, speaks),
        calm: Blank::new(
            "ok",
            "The shift knows of everything",
            "Every change of support is acknowledged. The next one stands here until the shift has said that it knows.",
        ),
        waiting: rows::waiting(app, &waits, &newer, me.filter(|_| speaks)),
        news: looked.map(|l| news(app, &l, &found)),
        record: found.changes.all.iter().map(|c| rows::record(app, &found.changes, c, looked.as_ref())).collect(),
        empty: empty(&wanted, &found),
        device: wanted.device.clone(),
        day: wanted.day.map_or_else(String::new, |d| d.to_string()),
        newest: wanted.before.map(|_| address("/shift", &wanted, None)),
        older: found.older.map(|seq| address("/shift", &wanted, Some(seq))),
        csv: address("/shift/record.csv", &wanted, None),
        layout,
    };
    Ok(page.into_response())
}

fn lead(app: &App, waits: &Changes) -> String {
    let here = shift_of(&app.policy, waits.now);
    format!(
        "What operators have to know of, and who said that they do. This shift: since {}, until {}.",
        words::near(app, here.begins, waits.now),
        words::hour(app, here.ends)
    )
}

/// Leads back to this page.
fn sign_in(path: &str) -> Action {
    let next: String = byte_serialize(path.as_bytes()).collect();
    Action::link("Sign in to acknowledge", &format!("/sign-in?next={next}")).primary()
}

fn asks(app: &App, speaks: bool) -> String {
    let whose = match app.policy.shift.acknowledge {
        Acknowledge::PerShift => "One member of the DOC speaks for the shift",
        Acknowledge::PerPerson => "Every member of the DOC says it for themselves",
    };
    let minutes = app.policy.shift.within_minutes;
    let older = "Who acknowledges a change acknowledges the older ones of the same device too.";
    let sign = if speaks { "" } else { " Only members of the DOC can." };
    format!("{whose}, within {minutes} minutes; what is late goes on to CTRL.{sign} {older}")
}

fn news(app: &App, looked: &Looked, found: &Proof) -> News {
    let now = found.changes.now;
    let since = match looked.at {
        Some(at) => format!("since you last looked, {}", words::ago(at, now)),
        None => format!("in the last {} days", app.policy.shift.look_back_days),
    };
    let text = match looked.new {
        0 => format!("Nothing changed {since}."),
        1 => format!("1 change {since}."),
        n => format!("{n} changes {since}."),
    };
    let newest = looked.newest.filter(|_| looked.new > 0);
    let action = newest.map(|seq| Action::post("I have looked", "/shift/looked").sending("seq", seq).small());
    News { text, looked: action }
}

fn empty(wanted: &Wanted, found: &Proof) -> String {
    if !found.known {
        return format!("No device is called {}. Enter its whole name, like beamConditionCheck.", wanted.device);
    }
    match (wanted.device.is_empty(), wanted.day) {
        (true, None) => "No support status has changed yet.".to_owned(),
        (_, Some(day)) => format!("No support status changed on {day}. Choose another day, or none."),
        (false, None) => format!("The support status of {} has not changed yet.", wanted.device),
    }
}

/// POST /shift/acknowledge: `seq` for each change.
async fn acknowledge(member: Member, jar: CookieJar, Form(pairs): Form<Vec<(String, String)>>) -> Answer {
    let mut seqs = Vec::new();
    let mut next = "/shift";
    for (name, value) in &pairs {
        match (name.as_str(), value.parse()) {
            ("seq", Ok(seq)) => seqs.push(seq),
            ("next", _) => next = local_path(value),
            _ => return Err(Problem::unreadable("Open the page of the shift again, and press its button.")),
        }
    }
    let said = match shift::acknowledge(&member.app, &member.caller(), &seqs).await? {
        0 => "You had said so before.".to_owned(),
        n => format!("Acknowledged: {}.", plural(n, "change")),
    };
    Ok((jar.add(flash(Tone::Good, &said)), Redirect::to(next)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LookedForm {
    seq: i64,
    #[serde(default)]
    next: Option<String>,
}

/// POST /shift/looked
async fn looked(member: Member, jar: CookieJar, Form(form): Form<LookedForm>) -> Answer {
    proof::look(&member.app, &member.caller(), form.seq).await?;
    let said = flash(Tone::Good, "Noted: what comes from now on is new to you.");
    let next = local_path(form.next.as_deref().unwrap_or("/shift")).to_owned();
    Ok((jar.add(said), Redirect::to(&next)).into_response())
}

/// Whether this reader speaks for the shift, among the people of these changes.
fn speaks(changes: &Changes, me: Option<PersonId>) -> bool {
    me.is_some_and(|me| changes.doc.contains(&me))
}
