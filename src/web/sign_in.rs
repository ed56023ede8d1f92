//! Signing in and out (E1, A30, A31).

use super::{
    anew::Anew,
    layout::{Section, local_path},
    parts::{DemoPeople, DemoPerson, SignInPage, Tone, plural},
    problem::{Answer, Problem},
    provider,
    visitor::{Member, Visitor, flash, session_cookie},
};
use crate::{
    app::App,
    domain::person::Role,
    service::{
        accounts, identity,
        sessions::{self, Tried},
    },
};
use axum::{
    Form,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

/// Where one goes on to.
#[derive(Debug, Default, Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
    /// The name of what asked for it, where somebody signs in again for that.
    #[serde(default)]
    wanted: String,
}

/// GET /sign-in
pub async fn show(visitor: Visitor, Query(q): Query<Next>) -> Answer {
    Ok(page(&visitor, "", None, &q).await?.into_response())
}

async fn page(visitor: &Visitor, login: &str, wrong: Option<&str>, to: &Next) -> Result<SignInPage, Problem> {
    let mut page = SignInPage::new(visitor.layout(Section::Elsewhere).await?, login, wrong, &to.next);
    page.again = Anew::told(visitor, &to.wanted);
    page.providers = provider::buttons(&visitor.app, &to.next, None, visitor.who.is_some());
    page.local = visitor.app.policy.identity.local;
    page.demo = demo_people(&visitor.app).await?;
    Ok(page)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInForm {
    login: String,
    password: String,
    #[serde(default)]
    next: String,
    #[serde(default)]
    wanted: String,
}

/// POST /sign-in
pub async fn sign_in(visitor: Visitor, jar: CookieJar, Form(form): Form<SignInForm>) -> Answer {
    let app = &visitor.app;
    let SignInForm { login, password, next, wanted } = form;
    let to = Next { next, wanted };
    match sessions::sign_in(app, &login, &password, &visitor.agent, &visitor.origin).await? {
        Tried::Right(secret) => welcome(&visitor, jar, &secret, &to.next).await,
        Tried::Wrong => {
            let wrong = "Name and password do not fit together. Check both, and whether Caps Lock is on";
            let again = page(&visitor, &login, Some(wrong), &to).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, again).into_response())
        }
        Tried::Wait(until) => {
            let seconds = ((until - app.clock.now()).num_milliseconds().max(0) as usize).div_ceil(1000);
            let time = until.with_timezone(&app.policy.facility.time_zone).format("%H:%M:%S");
            let wrong = format!(
                "Too many wrong passwords. Nothing was tried this time: try again in {}, at {time}",
                match seconds {
                    s if s < 120 => plural(s, "second"),
                    s => plural(s.div_ceil(60), "minute"),
                }
            );
            let again = page(&visitor, &login, Some(&wrong), &to).await?;
            Ok((StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, seconds.to_string())], again).into_response())
        }
    }
}

/// A new session, never the one that came: what was known before signing in opens nothing (A31).
pub(super) async fn welcome(visitor: &Visitor, jar: CookieJar, secret: &str, next: &str) -> Answer {
    if let Some(before) = &visitor.who {
        let caller = crate::service::Caller::person(before.id(), visitor.origin.clone());
        sessions::end(&visitor.app, &caller, before.id(), &before.session.hash).await?;
    }
    let jar = jar.add(session_cookie(&visitor.app, secret));
    Ok((jar, Redirect::to(local_path(next))).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoForm {
    login: String,
    #[serde(default)]
    next: String,
}

/// POST /demo/sign-in: in the demo only, which listens on loopback only.
pub async fn demo_sign_in(visitor: Visitor, jar: CookieJar, Form(form): Form<DemoForm>) -> Answer {
    if !visitor.app.demo {
        return Err(Problem::not_found());
    }
    let person = accounts::find(&visitor.app, &form.login).await?.ok_or_else(Problem::not_found)?;
    let secret = sessions::open(&visitor.app, person, &visitor.agent, &visitor.origin).await?;
    welcome(&visitor, jar, &secret.ok_or_else(Problem::not_found)?, &form.next).await
}

/// POST /sign-out
pub async fn sign_out(State(app): State<App>, member: Option<Member>, jar: CookieJar) -> Answer {
    if let Some(m) = member {
        sessions::end(&app, &m.caller(), m.id(), &m.me.session.hash).await?;
        if let Some((name, to)) = identity::ending(&app, &m.me.session).await {
            return provider::signed_out(m.visitor, jar, &name, &to);
        }
    }
    let jar = jar.add(session_cookie(&app, "")).add(flash(Tone::Good, "You are signed out."));
    Ok((jar, Redirect::to("/")).into_response())
}

/// The sample people, by what they are in the story; nobody where this is no demo.
async fn demo_people(app: &App) -> Result<Vec<DemoPeople>, Problem> {
    if !app.demo {
        return Ok(Vec::new());
    }
    let mut groups: Vec<DemoPeople> = Vec::new();
    for (login, p) in accounts::list_open(app).await? {
        let has = |r: &Role| p.roles.contains(r);
        let role = if has(&Role::Admin) {
            "Administrator"
        } else if has(&Role::Reviewer) {
            "CTRL reviewer"
        } else if has(&Role::Ctrl) {
            "CTRL"
        } else if has(&Role::Doc) {
            "Operator on shift"
        } else {
            "Contributor"
        };
        let about = p.teams.iter().cloned().collect::<Vec<_>>().join(", ");
        let person = DemoPerson { login, name: p.name.clone(), about };
        match groups.iter_mut().find(|g| g.role == role) {
            Some(g) => g.people.push(person),
            None => groups.push(DemoPeople { role: role.to_owned(), people: vec![person] }),
        }
    }
    Ok(groups)
}

/// GET /styleguide
pub async fn styleguide(visitor: Visitor) -> Result<Response, Problem> {
    Ok(super::styleguide::StyleguidePage::new(visitor.layout(Section::Elsewhere).await?).into_response())
}
