//! `/sign-in/{provider}`: signing in with a provider of OpenID Connect, and out of it (E1, A30, A31, A32).
//!
//! It begins with a link, not a form: our content policy lets no form lead to another site. Nothing changes by it but a
//! cookie.

use super::{
    layout::{Section, local_path},
    parts::{Action, ErrorPage, Tone, Trouble},
    problem::{Answer, Problem},
    sign_in::welcome,
    single::ConfirmPage,
    visitor::{Visitor, flash, session_cookie},
};
use crate::{
    app::App,
    service::{
        Error,
        identity::{self, MINUTES, NotSignedIn, Unproved},
    },
};
use axum::{
    Router,
    extract::{Path, Query},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use serde::Deserialize;

pub fn routes() -> Router<App> {
    let begun = Router::new().route("/sign-in/{provider}", get(begin));
    let answered = Router::new().route("/sign-in/{provider}/callback", get(finish));
    // Each by itself: whoever begins too often keeps nobody from ending what they began.
    super::costly(begun).merge(super::costly(answered))
}

/// The address at which signing in with a provider begins.
pub fn address(provider: &str, next: &str, invitation: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    match invitation {
        Some(secret) => query.append_pair("invitation", secret),
        None => query.append_pair("next", local_path(next)),
    };
    format!("/sign-in/{provider}?{}", query.finish())
}

/// The same, to prove it there though the provider knows somebody.
fn anew(address: String) -> String {
    format!("{address}&anew=yes")
}

/// What to press for each provider: first where there is nothing else. Whoever is signed in proves anew who they are.
pub fn buttons(app: &App, next: &str, invitation: Option<&str>, is_signed_in: bool) -> Vec<Action> {
    let of = &app.policy.identity;
    let link = |p: &crate::domain::policy::Provider| {
        let to = address(&p.id, next, invitation);
        Action::link(&format!("Sign in with {}", p.name), &if is_signed_in { anew(to) } else { to })
    };
    let all = of.providers.iter().map(link);
    if of.local { all.collect() } else { all.map(Action::primary).collect() }
}

/// The name of the cookie that a sign-in is kept in while one is at the provider.
fn begun_name(app: &App) -> &'static str {
    if app.secure_cookies { "__Host-custody-sign-in" } else { "custody-sign-in" }
}

fn begun_cookie(app: &App, begun: &str) -> Cookie<'static> {
    let cookie = Cookie::build((begun_name(app), begun.to_owned()))
        .path("/")
        .http_only(true)
        .secure(app.secure_cookies)
        // The provider's answer comes from another site.
        .same_site(SameSite::Lax);
    match begun {
        "" => cookie.removal().build(),
        _ => cookie.build(),
    }
}

#[derive(Deserialize)]
struct Begin {
    #[serde(default)]
    next: String,
    #[serde(default)]
    invitation: Option<String>,
    /// `yes` to prove who one is also where the provider knows somebody, and be it to choose another account.
    #[serde(default)]
    anew: String,
}

/// GET /sign-in/{provider}
async fn begin(
    visitor: Visitor,
    jar: CookieJar,
    headers: HeaderMap,
    Path(provider): Path<String>,
    Query(q): Query<Begin>,
) -> Answer {
    let (next, invitation) = (local_path(&q.next), q.invitation.as_deref());
    // Whoever uses a link has seen whom it is for: a page elsewhere could make somebody's account lead to another person.
    if let Some(secret) = invitation.filter(|_| !is_from_here(&visitor.app, &headers)) {
        let secret: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        return Ok(Redirect::to(&format!("/setup/{secret}")).into_response());
    }
    match identity::begin(&visitor.app, &provider, next, invitation, q.anew == "yes").await {
        Ok((to, begun)) => Ok((jar.add(begun_cookie(&visitor.app, &begun)), Redirect::to(to.as_str())).into_response()),
        Err(why) => not_signed_in(&visitor, &provider, why, next, invitation),
    }
}

/// Whether one came from a page of ours. Over plain http browsers say so by the page's address alone.
fn is_from_here(app: &App, headers: &HeaderMap) -> bool {
    let said = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    match said(HeaderName::from_static("sec-fetch-site")) {
        Some(site) => site == "same-origin",
        None => said(header::REFERER)
            .and_then(|page| url::Url::parse(page).ok())
            .is_some_and(|page| page.origin() == app.public_url.origin()),
    }
}

#[derive(Deserialize)]
struct Brought {
    #[serde(default)]
    state: String,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

/// GET /sign-in/{provider}/callback: the redirect address that is registered at the provider.
async fn finish(visitor: Visitor, jar: CookieJar, Path(provider): Path<String>, Query(q): Query<Brought>) -> Answer {
    let app = &visitor.app;
    let kept = jar.get(begun_name(app)).map(|cookie| cookie.value().to_owned());
    let (next, invitation) = identity::begun_from(kept.as_deref());
    let answer = identity::Answer { state: q.state, code: q.code, issuer: q.iss, error: q.error };
    // It counts once, however it ends.
    let jar = jar.add(begun_cookie(app, ""));
    match identity::finish(app, &provider, kept.as_deref(), answer, &visitor.agent, &visitor.origin).await {
        Ok(done) => {
            let jar = match done.in_vain && visitor.who.is_some() {
                true => jar.add(flash(Tone::Warn, &in_vain(&identity::provider_name(app, &provider)))),
                false => jar,
            };
            welcome(&visitor, jar, &done.secret, &done.next).await
        }
        Err(why) => Ok((jar, not_signed_in(&visitor, &provider, why, &next, invitation.as_deref())?).into_response()),
    }
}

/// What is said where the provider was told to have it proved anew, and let somebody in unasked.
fn in_vain(name: &str) -> String {
    format!("{name} did not ask who you are again. Sign out here and at {name}, then sign in: that proves it.")
}

/// Why somebody is not signed in, with the way to try again that loses nothing.
fn not_signed_in(visitor: &Visitor, provider: &str, why: NotSignedIn, next: &str, invitation: Option<&str>) -> Answer {
    let name = visitor.app.policy.identity.provider(provider).map_or(provider, |p| &p.name).to_owned();
    let (to, is_signed_in) = (address(provider, next, invitation), visitor.who.is_some());
    let again = match &why {
        NotSignedIn::Refused(_) | NotSignedIn::Closed(_) => Action::link("Use another account", &anew(to)),
        // As the buttons do: for whoever is signed in it may have been to prove it anew.
        _ if is_signed_in => Action::link("Try again", &anew(to)),
        _ => Action::link("Try again", &to),
    };
    let not = if is_signed_in { "You are not signed in anew" } else { "You are not signed in" };
    let mut actions = vec![again.primary()];
    let (status, icon, title, text) = match why {
        NotSignedIn::Failed(error) => return Err(error.into()),
        NotSignedIn::Refused(why) => {
            // Why is left out: it may hold somebody's address.
            tracing::warn!(origin = visitor.origin, provider, "somebody whose identity is proved is not let in");
            (StatusCode::FORBIDDEN, "lock", not.to_owned(), vec![why])
        }
        NotSignedIn::Closed(person) => {
            tracing::warn!(origin = visitor.origin, provider, %person, "somebody whose account is closed is not let in");
            (StatusCode::FORBIDDEN, "lock", not.to_owned(), vec![why.to_string()])
        }
        NotSignedIn::Unproved(unproved) => {
            tracing::warn!(origin = visitor.origin, provider, %unproved, "nobody is signed in");
            let said = format!("{name} {unproved}");
            match unproved {
                Unproved::Away(_) => {
                    let goes_on =
                        "Whoever is signed in stays so, and the board needs no sign-in. Try again in a minute.";
                    let title = format!("{name} cannot be asked now");
                    (StatusCode::SERVICE_UNAVAILABLE, "plug", title, vec![said, goes_on.to_owned()])
                }
                Unproved::Misset(_) => {
                    let tell = "Trying again does not help: tell an administrator what this page says.";
                    let title = format!("{name} and Custody do not fit together");
                    (StatusCode::BAD_GATEWAY, "alert", title, vec![said, tell.to_owned()])
                }
                Unproved::Foreign(_) => {
                    let again =
                        format!("Nothing was changed. Sign in again, within {MINUTES} minutes and in one window.");
                    (StatusCode::FORBIDDEN, "lock", "This sign-in does not count".to_owned(), vec![said, again])
                }
                Unproved::NotAnew(_) => {
                    let tell = "If that does not help, tell an administrator what this page says.";
                    let other = match is_signed_in {
                        true => {
                            actions.push(Action::post("Sign out", "/sign-out"));
                            format!(
                                "You stay signed in here, and nothing was changed. Sign out here and at {name}, then sign \
                                 in: that proves it where {name} says when it was. {tell}"
                            )
                        }
                        false => format!("Sign out at {name}, then try again. {tell}"),
                    };
                    (StatusCode::FORBIDDEN, "lock", not.to_owned(), vec![said, other])
                }
                Unproved::Denied(_) => (StatusCode::FORBIDDEN, "lock", not.to_owned(), vec![said]),
            }
        }
    };
    let mut trouble = Trouble::not_found();
    (trouble.status, trouble.icon, trouble.title, trouble.text) = (status.as_u16(), icon, title, text);
    actions.push(Action::link("Go to the board", "/"));
    trouble.actions = actions;
    let mut layout = visitor.bare_layout(Section::Elsewhere);
    // What the bar's buttons send along must hold no answer of a provider's.
    layout.path = local_path(next).to_owned();
    Ok((status, ErrorPage { layout, trouble }).into_response())
}

/// After signing out here: on to the provider, whose own session would open this one again without a question. The page
/// goes on by itself; no form may lead to another site.
pub(super) fn signed_out(mut visitor: Visitor, jar: CookieJar, name: &str, to: &url::Url) -> Answer {
    visitor.who = None;
    let mut layout = visitor.bare_layout(Section::Elsewhere);
    (layout.path, layout.flash) = ("/".to_owned(), None);
    let page = ConfirmPage {
        layout,
        title: "You are signed out of Custody".to_owned(),
        text: vec![format!("{name} is next: whoever sits here after you could come in with your account there.")],
        crumbs: Vec::new(),
        action: Action::link(&format!("Sign out of {name}"), to.as_str()).primary(),
        back: "/".to_owned(),
    };
    let jar = jar.add(session_cookie(&visitor.app, "")).add(flash(Tone::Good, "You are signed out."));
    let mut response: Response = (jar, page).into_response();
    let on = HeaderValue::try_from(format!("0; url={to}")).map_err(|e| Problem::from(Error::Internal(Box::new(e))))?;
    response.headers_mut().insert(HeaderName::from_static("refresh"), on);
    Ok(response)
}
