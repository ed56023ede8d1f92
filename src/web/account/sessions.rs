//! `/account/sessions`: where somebody is signed in, and how they end it (A31).

use super::browser;
use crate::{
    app::App,
    service::{identity, sessions},
    web::{
        layout::{Layout, Section},
        parts::{Action, Tone, plural},
        problem::{Answer, Problem},
        single::ConfirmPage,
        visitor::{Member, flash},
        words,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form,
    response::{IntoResponse, Redirect},
};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

/// One session, in words.
pub struct Row {
    pub browser: String,
    /// What the browser says of itself in full.
    pub agent: String,
    pub since: String,
    pub seen: String,
    pub until: String,
    /// From which address, and how one signed in; as far as it is known.
    pub from: String,
    /// Whether this page was asked for with it.
    pub here: bool,
    pub end: Action,
}

#[derive(Template, WebTemplate)]
#[template(path = "account/sessions.html")]
pub struct SessionsPage {
    pub layout: Layout,
    pub rows: Vec<Row>,
    pub idle_hours: u32,
}

/// GET /account/sessions
pub async fn show(member: Member) -> Answer {
    let app = &member.app;
    let now = app.clock.now();
    let rows = sessions::list(app, member.id())
        .await?
        .into_iter()
        .map(|s| {
            let browser = browser::words(&s.agent);
            Row {
                since: words::moment(app, s.created_at),
                seen: words::ago(s.seen_at, now),
                until: words::moment(app, s.expires_at),
                from: from(app, &s.address, s.provider.as_deref()),
                here: s.hash == member.me.session.hash,
                end: Action::post("End", "/account/sessions/end")
                    .sending("session", &s.hash)
                    .small()
                    .about(&format!("the session in {browser}")),
                agent: s.agent,
                browser,
            }
        })
        .collect();
    let idle_hours = app.policy.sessions.idle_hours;
    Ok(SessionsPage { layout: member.layout(Section::Elsewhere).await?, rows, idle_hours }.into_response())
}

/// `from 192.0.2.7, with Facility account`
fn from(app: &App, address: &str, provider: Option<&str>) -> String {
    let with = provider.map(|id| format!("with {}", identity::provider_name(app, id)));
    let parts = [(!address.is_empty()).then(|| format!("from {address}")), with];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndForm {
    session: String,
}

/// POST /account/sessions/end: one of one's own, by what is kept of it.
pub async fn end(member: Member, jar: CookieJar, Form(form): Form<EndForm>) -> Answer {
    if !sessions::end(&member.app, &member.caller(), member.id(), &form.session).await? {
        return Err(Problem::not_found());
    }
    let said = flash(Tone::Good, "The session has ended.");
    Ok((jar.add(said), Redirect::to("/account/sessions")).into_response())
}

/// GET /account/sessions/end-others
pub async fn ask_end_others(member: Member) -> Answer {
    let page = ConfirmPage {
        layout: member.layout(Section::Elsewhere).await?,
        title: "End all other sessions?".to_owned(),
        text: vec![
            "Wherever else you are signed in, you are asked to sign in again. What is typed there and not saved is lost."
                .to_owned(),
            "You stay signed in here.".to_owned(),
        ],
        crumbs: vec![
            ("My account".to_owned(), "/account".to_owned()),
            ("Sessions".to_owned(), "/account/sessions".to_owned()),
        ],
        action: Action::post("End all others", "/account/sessions/end-others").danger(),
        back: "/account/sessions".to_owned(),
    };
    Ok(page.into_response())
}

/// POST /account/sessions/end-others
pub async fn end_others(member: Member, jar: CookieJar) -> Answer {
    let keep = &member.me.session.hash;
    let ended = sessions::end_others(&member.app, &member.caller(), member.id(), keep).await?;
    let said = match ended {
        0 => "There was no other session.".to_owned(),
        n => format!("{} ended. You stay signed in here.", plural(n as usize, "other session")),
    };
    Ok((jar.add(flash(Tone::Good, &said)), Redirect::to("/account/sessions")).into_response())
}

impl SessionsPage {
    fn others(&self) -> usize {
        self.rows.iter().filter(|r| !r.here).count()
    }
}
