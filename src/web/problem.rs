//! Errors as people see them: one page for each kind, in the frame of whoever reads it.

use super::{
    acts::label,
    ended::page_of,
    gatebox, layers,
    layout::Section,
    parts::{Action, Change, ErrorPage, Trouble, Unsaved, in_sentence},
    visitor::Visitor,
};
use crate::{
    app::App,
    domain::{lifecycle::CommandKind, refusal::Refusal, story::tell},
    service::{self, Caller, Error, prepare},
};
use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{collections::BTreeSet, sync::Arc};

/// What a handler gives back when it cannot do what was asked.
#[derive(Debug)]
pub struct Problem(Box<Kind>);

#[derive(Debug)]
enum Kind {
    Service { error: Error, device: Option<String>, step: Option<CommandKind> },
    Forbidden(String),
    Unreadable(String),
}

pub type Answer = Result<Response, Problem>;

impl Problem {
    pub fn not_found() -> Self {
        Error::NotFound.into()
    }

    pub fn forbidden(why: &str) -> Self {
        Self(Box::new(Kind::Forbidden(why.to_owned())))
    }

    /// What was sent cannot be read, and there is no form to fill in again.
    pub fn unreadable(why: impl Into<String>) -> Self {
        Self(Box::new(Kind::Unreadable(why.into())))
    }

    /// Says which step it was, so that a refusal names it.
    pub fn doing(mut self, act: CommandKind) -> Self {
        if let Kind::Service { step, .. } = &mut *self.0 {
            *step = Some(act);
        }
        self
    }

    /// Says which device it is about, so that gates lead to where they are met.
    pub fn at(mut self, name: &str) -> Self {
        if let Kind::Service { device, .. } = &mut *self.0 {
            *device = Some(name.to_owned());
        }
        self
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self(Box::new(Kind::Service { error, device: None, step: None }))
    }
}

impl From<askama::Error> for Problem {
    fn from(error: askama::Error) -> Self {
        Error::Internal(Box::new(error)).into()
    }
}

/// The status that a refusal is answered with.
pub fn refusal_status(refusal: &Refusal) -> StatusCode {
    if refusal.code.is_about_who() { StatusCode::FORBIDDEN } else { StatusCode::CONFLICT }
}

impl Problem {
    fn status(&self) -> StatusCode {
        match &*self.0 {
            Kind::Forbidden(_) => StatusCode::FORBIDDEN,
            Kind::Unreadable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Kind::Service { error, .. } => match error {
                Error::NotFound => StatusCode::NOT_FOUND,
                Error::Refused(r) => refusal_status(r),
                Error::Stale(_) | Error::Changed(_) | Error::KeyReused => StatusCode::CONFLICT,
                Error::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
                Error::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
                Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            },
        }
    }
}

impl IntoResponse for Problem {
    /// Only the status; [`draw`] puts the page round it, with the reader's frame.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// Where one goes on from an error: the page that was asked for, or the one that a form was sent from.
fn way_back(app: &App, parts: &Parts) -> String {
    match parts.method.is_safe() {
        true => parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
        false => page_of(app, &parts.headers),
    }
}

/// Draws the page of a problem, and of what no handler answers. Errors are logged here, once.
pub async fn draw(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let id = parts.headers.get("x-request-id").and_then(|v| v.to_str().ok()).unwrap_or("none").to_owned();
    let (back, reads) = (way_back(&app, &parts), parts.method.is_safe());
    // What is only sent to has no page of its own.
    let sent_to = Some(parts.uri.path().to_owned()).filter(|_| !reads);
    // The session is read before the handler runs, so that the page of an error can be drawn without a database.
    let visitor = Visitor::from_request_parts(&mut parts, &app).await;
    let response = match &visitor {
        Ok(_) => layers::unsay(Request::from_parts(parts, body), next).await,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    };
    let problem = match (response.extensions().get::<Arc<Problem>>().cloned(), visitor.as_ref().err()) {
        (Some(problem), _) => Some(problem),
        (None, Some(_)) => None,
        (None, None) if drawn(&response) => return response,
        (None, None) => None,
    };
    let status = response.status();
    let trouble = match &problem {
        Some(problem) => {
            log(problem, &id);
            let unsaved = response.extensions().get::<Unsaved>().cloned();
            trouble(problem, &app, visitor.as_ref().ok(), unsaved, (&back, reads), &id).await
        }
        None => plain(status, &id, &back, sent_to),
    };
    let Ok(visitor) = visitor else {
        tracing::error!(request = id, "the session could not be read");
        return (status, format!("{}\n{}\n", trouble.title, trouble.text.join("\n"))).into_response();
    };
    let status = StatusCode::from_u16(trouble.status).unwrap_or(status);
    // What the bar counts is not asked for where too much was, or where the answers are not there.
    let layout = match status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        true => visitor.bare_layout(Section::Elsewhere),
        false => {
            let layout = visitor.layout(Section::Elsewhere).await;
            layout.unwrap_or_else(|_| visitor.bare_layout(Section::Elsewhere))
        }
    };
    let mut page = (status, ErrorPage { layout, trouble }).into_response();
    page.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(after) = response.headers().get(header::RETRY_AFTER) {
        page.headers_mut().insert(header::RETRY_AFTER, after.clone());
    }
    page
}

/// Whether a handler has drawn a page of its own: a form filled in again is one.
pub(super) fn drawn(response: &Response) -> bool {
    let status = response.status();
    let is_page =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|t| !t.as_bytes().starts_with(b"text/plain"));
    !(status.is_client_error() || status.is_server_error()) || is_page
}

fn log(problem: &Problem, id: &str) {
    if let Kind::Service { error, .. } = &*problem.0 {
        match error {
            Error::Internal(cause) => tracing::error!(request = id, error = %cause, "something broke"),
            Error::Unavailable(cause) => tracing::error!(request = id, error = %cause, "changes cannot be saved"),
            _ => {}
        }
    }
}

async fn trouble(
    problem: &Problem,
    app: &App,
    reader: Option<&Visitor>,
    unsaved: Option<Unsaved>,
    (back, reads): (&str, bool),
    id: &str,
) -> Trouble {
    match &*problem.0 {
        Kind::Forbidden(why) => Trouble::forbidden(why),
        Kind::Unreadable(why) => Trouble::unreadable(why),
        Kind::Service { error, device, step } => match error {
            Error::NotFound => Trouble::not_found(),
            Error::Refused(r) => refused(r, device.as_deref(), *step, reader).await,
            Error::Stale(events) => {
                let href = device.as_ref().map_or_else(|| back.to_owned(), |d| format!("/devices/{d}"));
                Trouble::stale(changes(app, events).await, &href)
            }
            Error::Changed(_) => Trouble::stale(Vec::new(), back),
            Error::KeyReused => {
                Trouble::unreadable("This form was sent before with other content. Open it again, and send it anew.")
            }
            Error::Invalid(problems) => {
                let all: Vec<String> = problems.iter().map(|p| format!("{}.", p.say)).collect();
                Trouble::unreadable(&all.join(" "))
            }
            Error::Unavailable(_) if error.is_unconfirmed() => Trouble::unconfirmed().keeping(unsaved),
            Error::Unavailable(_) if reads => Trouble::unread(back),
            Error::Unavailable(_) => unsaved.map_or_else(|| Trouble::unavailable(back), Trouble::unsaved),
            Error::Internal(_) => Trouble::internal(id).keeping(unsaved),
        },
    }
}

async fn refused(r: &Refusal, device: Option<&str>, step: Option<CommandKind>, reader: Option<&Visitor>) -> Trouble {
    let back = device.map(|d| Action::link("Back to the device", &format!("/devices/{d}")));
    let mut trouble = if r.gates.is_empty() {
        let mut t = Trouble::forbidden(&r.sentence);
        if !r.code.is_about_who() {
            t.title = "Nothing was changed".to_owned();
        }
        t
    } else {
        let reader = reads(device, reader).await;
        let gates = gatebox::of_step(step, &r.gates, device.unwrap_or_default(), reader.as_ref());
        Trouble::refused(&r.sentence, gates)
    };
    if let Some(step) = step {
        trouble.title = format!("{}: {}", label(step), in_sentence(&trouble.title));
    }
    trouble.status = refusal_status(r).as_u16();
    trouble.actions.extend(back);
    trouble
}

/// What the reader may do of what meets a gate; without it the gates are told all the same.
async fn reads(device: Option<&str>, reader: Option<&Visitor>) -> Option<prepare::ActContext> {
    let reader = reader?;
    let caller = Caller::person(reader.who.as_ref()?.id(), reader.origin.clone());
    prepare::prepare(&reader.app, &caller, device?, None).await.ok()
}

/// What has happened since somebody opened their page, in words.
pub async fn changes(app: &App, events: &[crate::domain::lifecycle::Event]) -> Vec<Change> {
    let ids: BTreeSet<_> = events.iter().filter_map(|e| e.by).collect();
    // Without names it is still worth reading.
    let people = service::people::load(app, &ids).await.unwrap_or_default();
    events
        .iter()
        .map(|e| Change {
            when: super::words::moment(app, e.at),
            who: e.by.map_or("Custody", |p| people.name(p)).to_owned(),
            what: format!(" {}", tell(e, &people, &app.policy)),
        })
        .collect()
}

/// What the layers answer by themselves; `sent_to` is what may be opened where something was sent to it.
fn plain(status: StatusCode, id: &str, back: &str, sent_to: Option<String>) -> Trouble {
    match status {
        StatusCode::NOT_FOUND => Trouble::not_found(),
        StatusCode::METHOD_NOT_ALLOWED => {
            let mut t = Trouble::unreadable("This address is opened, or sent to, in another way. Start from its page.");
            t.status = status.as_u16();
            t.actions.push(match sent_to {
                Some(page) => Action::link("Open the page", &page),
                None => Action::link("Go to the board", "/"),
            });
            t
        }
        StatusCode::FORBIDDEN => Trouble::forbidden(
            "The request came from another site, or your browser did not say from where. Open the page here and send it again.",
        ),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Trouble { status: status.as_u16(), ..Trouble::busy(back) }
        }
        s if s.is_client_error() => {
            let mut t = Trouble::unreadable(match s {
                StatusCode::PAYLOAD_TOO_LARGE => "What was sent is too large. Shorten the text, and link to the rest.",
                _ => "What was sent cannot be read. Open the page again, and send it anew.",
            });
            t.status = s.as_u16();
            t
        }
        _ => Trouble::internal(id),
    }
}
