//! `/confirm/{secret}`: a contact says by a link that they can be called, without signing in (L4).

use super::{
    gatebox,
    layout::{Layout, Section},
    parts::{Action, Banner, ErrorPage, Fact, Tone, Trouble},
    problem::Answer,
    visitor::{Visitor, flash},
    words,
};
use crate::{
    app::App,
    domain::lifecycle::CommandKind,
    service::{
        Error,
        confirmations::{self, Asked, LINK_DAYS, Opened},
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form, Router,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use axum_extra::extract::cookie::CookieJar;
use chrono_tz::Tz;
use serde::Deserialize;

pub fn routes() -> Router<App> {
    let opened = super::guessable(Router::new().route("/confirm/{secret}", get(show)));
    opened.merge(super::guessable(Router::new().route("/confirm/{secret}", post(confirm))))
}

/// What the contact is asked: whether this is right.
#[derive(Template, WebTemplate)]
#[template(path = "confirm.html")]
struct ConfirmPage {
    layout: Layout,
    name: String,
    device: String,
    summary: String,
    /// What is in the way, or has changed.
    banner: Option<Banner>,
    facts: Vec<Fact>,
    /// None where there is no number to call.
    right: Option<Action>,
    wrong: Action,
}

/// The frame of these pages: what the bar's buttons send along must not hold the secret.
fn frame(visitor: &Visitor) -> Layout {
    let mut layout = visitor.bare_layout(Section::Elsewhere);
    layout.path = "/".to_owned();
    layout
}

fn edits(device: &str) -> String {
    gatebox::act_href(device, CommandKind::SetContacts)
}

fn page(visitor: &Visitor, secret: &str, asked: &Asked, changed: bool) -> Response {
    let (c, d) = (&asked.contact, &asked.device);
    let zone = match c.time_zone.parse::<Tz>() {
        Ok(tz) => {
            let there = visitor.app.clock.now().with_timezone(&tz).format("%H:%M");
            format!("{}, where it is {there} now", c.time_zone)
        }
        Err(_) => c.time_zone.clone(),
    };
    let deputy = match &asked.deputy {
        Some(p) => format!("{}, {}", p.name, p.phone.as_deref().unwrap_or("without a number")),
        None => "nobody".to_owned(),
    };
    let phone = asked.person.phone.as_deref();
    let order = d.contacts.iter().position(|o| o.person == c.person).unwrap_or(0) + 1;
    let place = format!("{order} of {}", d.contacts.len());
    let facts = vec![
        Fact::words("Number", phone.unwrap_or("none on record")),
        Fact::words("Hours", c.hours.words()),
        Fact::words("Time zone", &zone),
        Fact::words("Deputy", &deputy),
        Fact::words("In the order of calling", &place),
    ];
    let banner = match (phone, changed) {
        (None, _) => Some(
            Banner::new(
                Tone::Warn,
                "There is no number to call.",
                "Enter yours on your account, then open this again.",
            )
            .link("My account", "/account"),
        ),
        (_, true) => Some(Banner::new(
            Tone::Warn,
            "This has changed since you opened it.",
            "Nothing was confirmed. Read it once more.",
        )),
        _ => None,
    };
    let right = phone.map(|_| {
        Action::post("This is right: call me on this number", &format!("/confirm/{secret}"))
            .sending("seen", &asked.seen)
            .icon("check")
            .primary()
    });
    let status = if changed { StatusCode::CONFLICT } else { StatusCode::OK };
    let page = ConfirmPage {
        layout: frame(visitor),
        name: asked.person.name.clone(),
        device: d.name().to_owned(),
        summary: d.request.summary.clone(),
        banner,
        facts,
        right,
        wrong: Action::link("This is wrong", &edits(d.name())),
    };
    (status, page).into_response()
}

/// A page that says how it stands with a link, and what to do.
fn said(
    visitor: &Visitor,
    status: StatusCode,
    icon: &'static str,
    title: &str,
    text: &[String],
    device: &str,
) -> Response {
    let mut trouble = Trouble::not_found();
    trouble.status = status.as_u16();
    trouble.icon = icon;
    title.clone_into(&mut trouble.title);
    trouble.text = text.to_vec();
    trouble.actions = vec![Action::link("Go to the board", "/")];
    if !device.is_empty() {
        let contacts = Action::link("Open the device", &format!("/devices/{device}"));
        trouble.actions.insert(0, contacts.primary());
    }
    (status, ErrorPage { layout: frame(visitor), trouble }).into_response()
}

/// The same for what is no link, and for whoever has left: nothing is to be learned from it (A34).
fn no_such_link(visitor: &Visitor) -> Response {
    let text = [
        "It may have been cut when it was copied. Open it from the message once more.".to_owned(),
        "Signed in, you confirm under Your devices.".to_owned(),
    ];
    said(visitor, StatusCode::NOT_FOUND, "lock", "This link opens nothing", &text, "")
}

fn answer(visitor: &Visitor, secret: &str, opened: &Opened, changed: bool) -> Response {
    let app = &visitor.app;
    match opened {
        Opened::Open(asked) => page(visitor, secret, asked, changed),
        Opened::Used { device, at, until } => {
            let counts = match until.filter(|u| *u > app.clock.now()) {
                Some(until) => format!("Your word counts until {}; you will be reminded.", words::moment(app, until)),
                None => "What you confirmed then counts no longer. Sign in and confirm under Your devices.".to_owned(),
            };
            let text = [
                format!("You confirmed on {} that you can be called for `{device}`.", words::moment(app, *at)),
                counts,
            ];
            said(visitor, StatusCode::OK, "ok", "This link has been used", &text, device)
        }
        Opened::Expired { device } => {
            let text = [
                format!("A link counts for {LINK_DAYS} days. Nothing was confirmed by it for `{device}`."),
                "Sign in and confirm under Your devices, or wait for the next reminder.".to_owned(),
            ];
            said(visitor, StatusCode::GONE, "hour", "This link is too old", &text, device)
        }
        Opened::Past { device } => {
            let text = [format!("Nobody calls you for `{device}` any more: there is nothing to confirm.")];
            said(visitor, StatusCode::GONE, "info", "This link is not needed any more", &text, device)
        }
    }
}

/// GET /confirm/{secret}: changes nothing, whoever or whatever opens it (A33).
async fn show(visitor: Visitor, Path(secret): Path<String>) -> Answer {
    match confirmations::open(&visitor.app, &secret).await {
        Ok(opened) => Ok(answer(&visitor, &secret, &opened, false)),
        Err(Error::NotFound) => Ok(no_such_link(&visitor)),
        Err(other) => Err(other.into()),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Word {
    /// What the reader saw.
    #[serde(default)]
    seen: String,
}

/// POST /confirm/{secret}
async fn confirm(visitor: Visitor, jar: CookieJar, Path(secret): Path<String>, Form(word): Form<Word>) -> Answer {
    let origin = visitor.origin.replacen("web", "link", 1);
    match confirmations::confirm(&visitor.app, &secret, &word.seen, &origin).await {
        Ok(confirmations::Answer::Confirmed) => {
            let said = flash(Tone::Good, "Confirmed: operators call you on this number.");
            Ok((jar.add(said), Redirect::to(&format!("/confirm/{secret}"))).into_response())
        }
        Ok(confirmations::Answer::Look(opened)) => Ok(answer(&visitor, &secret, &opened, true)),
        Err(Error::NotFound) => Ok(no_such_link(&visitor)),
        Err(other) => Err(other.into()),
    }
}
