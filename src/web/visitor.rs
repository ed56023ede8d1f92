//! Who reads a page, and the frame that their page gets.

use super::{
    ended,
    layout::{Flash, Layout, Section, Signed},
    parts::{Phone, Tone},
    problem::Problem,
    theme::Theme,
};
use crate::{
    app::App,
    domain::{id::PersonId, person::Role},
    service::{
        Caller, Error, board,
        sessions::{self, SignedIn},
        stages,
    },
};
use axum::{
    extract::{ConnectInfo, FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, header, request::Parts},
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use std::net::SocketAddr;

/// Anybody at all, signed in or not.
#[derive(Clone)]
pub struct Visitor {
    pub app: App,
    pub theme: Theme,
    pub who: Option<SignedIn>,
    /// Whether it could not be told, as the database does not answer.
    pub away: bool,
    /// Path and query.
    pub path: String,
    /// `web 192.0.2.7`, for the journal.
    pub origin: String,
    pub agent: String,
    flash: Option<Flash>,
}

/// Somebody who is signed in; everybody else is asked to, and comes back here.
#[derive(Clone)]
pub struct Member {
    pub visitor: Visitor,
    pub me: SignedIn,
}

impl std::ops::Deref for Member {
    type Target = Visitor;
    fn deref(&self) -> &Visitor {
        &self.visitor
    }
}

const FLASH: &str = "said";

/// The pages that are drawn from memory, whoever reads them.
const FROM_MEMORY: [&str; 3] = ["/", "/wall", "/board/feed"];

/// The session cookie's name: bound to this very host wherever it is sent over https only.
pub fn session_cookie_name(app: &App) -> &'static str {
    if app.secure_cookies { "__Host-custody" } else { "custody" }
}

/// The cookie that holds a session's secret; an empty one ends it.
pub fn session_cookie(app: &App, secret: &str) -> Cookie<'static> {
    let cookie = Cookie::build((session_cookie_name(app), secret.to_owned()))
        .path("/")
        .http_only(true)
        .secure(app.secure_cookies)
        .same_site(SameSite::Lax);
    match secret {
        "" => cookie.removal().build(),
        _ => cookie.build(),
    }
}

/// Says a sentence at the top of the next page.
pub fn flash(tone: Tone, text: &str) -> Cookie<'static> {
    let word = match tone {
        Tone::Info => 'i',
        Tone::Warn => 'w',
        Tone::Bad => 'b',
        Tone::Good => 'g',
    };
    let said: String =
        url::form_urlencoded::byte_serialize(text.chars().take(300).collect::<String>().as_bytes()).collect();
    Cookie::build((FLASH, format!("{word}{said}"))).path("/").http_only(true).same_site(SameSite::Lax).build()
}

fn said(jar: &CookieJar) -> Option<Flash> {
    let value = jar.get(FLASH)?.value().to_owned();
    let (word, text) = value.split_at_checked(1)?;
    let tone = match word {
        "w" => Tone::Warn,
        "b" => Tone::Bad,
        "g" => Tone::Good,
        _ => Tone::Info,
    };
    let text = url::form_urlencoded::parse(text.as_bytes()).next()?.0.into_owned();
    Some(Flash { tone, text })
}

/// Takes the sentence back once a page has said it.
pub fn unsay() -> Cookie<'static> {
    Cookie::build((FLASH, "")).path("/").removal().build()
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        // One visitor for each request, whoever asks first.
        if let Some(known) = parts.extensions.get::<Visitor>() {
            return Ok(known.clone());
        }
        let jar = CookieJar::from_headers(&parts.headers);
        let who = match jar.get(session_cookie_name(app)) {
            // Whoever is on shift does not wait for a database that is known to be away (O3).
            Some(_) if app.projection.current().away.is_some() && FROM_MEMORY.contains(&parts.uri.path()) => {
                Err(Error::Unavailable("the database does not answer".into()))
            }
            Some(cookie) => sessions::find(app, cookie.value()).await,
            None => Ok(None),
        };
        // Everybody reads the board, also while it cannot be told who they are.
        let (who, away) = match who {
            Ok(who) => (who, false),
            Err(error) => {
                tracing::debug!(%error, "who asks is not known");
                (None, true)
            }
        };
        let visitor = Visitor {
            app: app.clone(),
            theme: Theme::of(&jar),
            who,
            away,
            path: parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
            origin: origin("web", parts),
            agent: text_header(&parts.headers, header::USER_AGENT),
            flash: said(&jar),
        };
        parts.extensions.insert(visitor.clone());
        Ok(visitor)
    }
}

impl OptionalFromRequestParts<App> for Member {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>, Problem> {
        let visitor = <Visitor as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        Ok(visitor.who.clone().map(|me| Member { visitor, me }))
    }
}

impl FromRequestParts<App> for Member {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let found = <Member as OptionalFromRequestParts<App>>::from_request_parts(parts, app).await;
        match found.map_err(IntoResponse::into_response)? {
            Some(member) => Ok(member),
            None if <Visitor as FromRequestParts<App>>::from_request_parts(parts, app).await.is_ok_and(|v| v.away) => {
                let why = "who asks cannot be told while the database does not answer";
                Err(Problem::from(Error::Unavailable(why.into())).into_response())
            }
            None => Err(ended::ask_to_sign_in(app, parts)),
        }
    }
}

/// The door and the address that a request came through.
pub fn origin(door: &str, parts: &Parts) -> String {
    match parts.extensions.get::<ConnectInfo<SocketAddr>>() {
        Some(ConnectInfo(address)) => format!("{door} {}", address.ip()),
        None => door.to_owned(),
    }
}

fn text_header(headers: &HeaderMap, name: header::HeaderName) -> String {
    headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
}

impl Visitor {
    /// The frame of a page in this section. Queries beyond the session's, for the counts in the bar: one, for CTRL two.
    pub async fn layout(&self, nav: Section) -> Result<Layout, Error> {
        let mut layout = self.bare_layout(nav);
        if let (Some(me), Some(signed)) = (&self.who, &mut layout.person) {
            let (mine, reviews) = sessions::count_turns(&self.app, me.id()).await?;
            layout.your_turn = mine;
            layout.reviews = reviews;
            signed.login = me.profile.email.clone();
            if signed.ctrl {
                layout.to_check = stages::count_waiting(&self.app).await?;
            }
        }
        Ok(layout)
    }

    /// The frame without anything from the database: what an error page has when there is none.
    pub fn bare_layout(&self, nav: Section) -> Layout {
        let facility = &self.app.policy.facility;
        let phone = Phone::new(facility.doc_phone.clone().unwrap_or_default());
        let mut layout = Layout::signed_out(self.theme, &facility.doc_name, phone, &self.path);
        layout.nav = nav;
        layout.demo = self.app.demo;
        layout.flash = self.flash.clone();
        if self.who.as_ref().is_some_and(|me| me.profile.person.has(&Role::Doc)) {
            layout.unacknowledged = board::unacknowledged(&self.app) as u64;
        }
        layout.person = self.who.as_ref().map(|me| {
            let person = &me.profile.person;
            let mut signed = Signed::new(&person.name, &me.profile.email);
            signed.admin = person.has(&Role::Admin);
            signed.ctrl = person.has(&Role::Ctrl);
            signed
        });
        layout
    }
}

impl Member {
    pub fn id(&self) -> PersonId {
        self.me.id()
    }

    pub fn caller(&self) -> Caller {
        Caller::person(self.me.id(), self.visitor.origin.clone())
    }

    pub fn has(&self, role: &Role) -> bool {
        self.me.profile.person.has(role)
    }

    /// Refuses whoever is not an administrator.
    pub fn must_be_admin(&self) -> Result<(), Problem> {
        match self.has(&Role::Admin) {
            true => Ok(()),
            false => Err(Problem::forbidden("This is for an administrator to do.")),
        }
    }
}
