//! Everything that happened: a page at a time, and as a stream (E2, A28, A35).
//! Source of the stream's form: WHATWG HTML, 9.2 Server-sent events.

use super::{
    body::Params,
    problem::{Answer, Problem},
    token::Bearer,
};
use crate::{
    app::App,
    domain::id::PersonId,
    figures::OpenStream,
    projection::Current,
    service::{
        Caller,
        events::{self, Event, Sight},
        tokens::{self, Token},
    },
    streams::{Streams, Ticket},
};
use axum::{
    Extension, Json,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::watch;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

/// Whoever hears nothing for longer has lost the server; what moves no device comes this late at most.
const BEAT: Duration = Duration::from_secs(5);

/// Events of a page where nothing else is asked for.
const PAGE: u64 = 100;

pub fn routes(app: &App) -> OpenApiRouter<App> {
    let streams = Streams::new(&app.policy.board);
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(stream)).layer(Extension(streams))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// The `next` of the page before; 0 begins with the first event of all.
    #[param(minimum = 0)]
    after: Option<i64>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

/// Events, in their order.
#[derive(Serialize, ToSchema)]
#[schema(as = EventPage)]
pub struct ListDto {
    events: Vec<EventDto>,
    /// What `after` is for what comes next: also where nothing has happened yet.
    next: i64,
    /// Whether there is more already.
    more: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
struct EventDto {
    /// Its number in the journal.
    seq: i64,
    #[schema(format = DateTime)]
    at: String,
    /// The device that it is about.
    device: Option<String>,
    /// What it is about: a device's id, or a name like `person/…` or `rollout/…`.
    stream: String,
    /// Its number among those of the same stream.
    revision: i64,
    /// The name of what happened.
    what: String,
    /// Nobody where Custody did it.
    by: Option<PersonId>,
    /// The whole sentence; only of devices, rollouts and local changes.
    said: Option<String>,
    /// What is on record of it.
    #[schema(value_type = Object)]
    data: serde_json::Value,
    /// The door and the address that it came through; for administrators and CTRL.
    origin: Option<String>,
    /// `data` in the very letters that were hashed; where `origin` is.
    body: Option<String>,
    /// The hash of the record before it; 64 zeros before the first.
    previous: String,
    /// SHA-256, in hexadecimal, of the JSON array `[seq, stream, revision, at, by, origin, what, body, previous]`, without
    /// blanks and in UTF-8. Who reads every record can follow the chain.
    hash: String,
}

impl From<Event> for EventDto {
    fn from(e: Event) -> Self {
        Self {
            said: e.text.map(|text| format!("{} {text}", e.who)),
            data: serde_json::from_str(&e.body).unwrap_or_default(),
            seq: e.seq,
            at: e.at,
            device: e.device,
            stream: e.stream,
            revision: e.revision,
            what: e.kind,
            by: e.by,
            body: e.origin.is_some().then_some(e.body),
            origin: e.origin,
            previous: e.previous,
            hash: e.hash,
        }
    }
}

/// What happened, in its order
///
/// As far as whoever made the token may see it: devices, rollouts, local changes, and their own account; administrators see
/// all.
#[utoipa::path(get, path = "/api/v1/events", tag = "Events", security(("bearer" = [])), params(Which),
    responses((status = 200, description = "A page of events.", body = ListDto),
        (status = 409, description = "The journal ends before `after`: Custody went back to an older back-up.", body = super::problem::Details, content_type = "application/problem+json")))]
pub async fn list(State(app): State<App>, bearer: Bearer, Params(which): Params<Which>) -> Answer<Json<ListDto>> {
    let most = which.limit.unwrap_or(PAGE);
    if !(1..=events::MOST).contains(&most) {
        return Err(Problem::field("limit", format!("Ask for 1 to {} events", events::MOST)));
    }
    let after = which.after.unwrap_or(0);
    if after < 0 {
        return Err(Problem::field("after", "Send the next of the page before, or 0"));
    }
    let sight = Sight::of(&app, &bearer.reads()?).await?;
    let page = events::list(&app, sight, after, most).await?.map_err(|end| Problem::journal_ends(end.0))?;
    let events = page.events.into_iter().map(EventDto::from).collect();
    Ok(Json(ListDto { events, next: page.read, more: page.more }))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Since {
    /// The number after which to begin. Without it, and without the header `Last-Event-ID`, the stream begins with what
    /// happens from now on.
    #[param(minimum = 0)]
    after: Option<i64>,
}

/// What happens, as it happens
///
/// Server-sent events; each has the event's number as its id and the event, as in the list, as its data. Who comes back
/// sends the header `Last-Event-ID` and misses nothing.
#[utoipa::path(get, path = "/api/v1/events/stream", tag = "Events", security(("bearer" = [])),
    params(Since, ("Last-Event-ID" = Option<i64>, Header, description = "The id of the last event that came; it goes before `after`.",
        minimum = 0)),
    responses((status = 200, description = "A stream that does not end.", body = String, content_type = "text/event-stream"),
        (status = 409, description = "The journal ends before that number: Custody went back to an older back-up.", body = super::problem::Details, content_type = "application/problem+json")))]
pub async fn stream(
    State(app): State<App>,
    Extension(streams): Extension<Streams>,
    headers: HeaderMap,
    bearer: Bearer,
    Params(from): Params<Since>,
) -> Answer<Response> {
    let caller = bearer.reads()?;
    let last = match headers.get("last-event-id") {
        None => None,
        Some(id) => {
            let id = id.to_str().ok().and_then(|id| id.trim().parse::<i64>().ok()).filter(|id| *id >= 0);
            Some(id.ok_or_else(|| Problem::field("Last-Event-ID", "Send the id of the last event that came"))?)
        }
    };
    let end = events::newest(&app).await?;
    let has = match last.or(from.after) {
        Some(seq) if seq < 0 => return Err(Problem::field("after", "Send the number of an event, or 0")),
        Some(seq) if seq > end => return Err(Problem::journal_ends(end)),
        Some(seq) => seq,
        None => end,
    };
    let Some(ticket) = streams.take(&caller.actor.person().map(|p| p.to_string()).unwrap_or_default()) else {
        return Ok((StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "60")]).into_response());
    };
    let open = app.figures.open_stream();
    let changes = app.projection.follow();
    let listener =
        Listener { app, caller, token: bearer.token, changes, has, behind: true, _ticket: ticket, _open: open };
    // A line at once: whoever listens knows that it does.
    let hello = futures_util::stream::once(async { Ok::<_, std::convert::Infallible>(Bytes::from_static(b":\n\n")) });
    let rest = futures_util::stream::unfold(listener, |mut l| async move { Some((Ok(l.next().await?), l)) });
    let body = Body::from_stream(futures_util::StreamExt::chain(hello, rest));
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // A proxy in between must not gather it.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, body).into_response())
}

struct Listener {
    app: App,
    caller: Caller,
    token: Token,
    changes: watch::Receiver<Current>,
    /// The number up to which it has everything.
    has: i64,
    /// Whether there may be more already.
    behind: bool,
    _ticket: Ticket,
    _open: OpenStream,
}

impl Listener {
    /// The next thing to send; `None` ends the stream.
    async fn next(&mut self) -> Option<Bytes> {
        // However much there is to catch up with (F13): whoever comes back goes on from there.
        if self.app.stop.is_cancelled() {
            return None;
        }
        if !self.behind {
            tokio::select! {
                _ = self.app.stop.cancelled() => return None,
                changed = self.changes.changed() => changed.ok()?,
                _ = tokio::time::sleep(BEAT) => {}
            }
        }
        self.changes.mark_unchanged();
        // Whoever may no longer read is told nothing more (A31).
        if !tokens::still_counts(&self.app, &self.token).await.ok()? {
            return None;
        }
        let sight = Sight::of(&self.app, &self.caller).await.ok()?;
        // Where the journal ends before what was sent, whoever comes back is told.
        let page = events::list(&self.app, sight, self.has, PAGE).await.ok()?.ok()?;
        self.has = page.read;
        self.behind = page.more;
        let mut out = String::new();
        for event in page.events.into_iter().map(EventDto::from) {
            let data = serde_json::to_string(&event).ok()?;
            out += &format!("id: {}\ndata: {data}\n\n", event.seq);
        }
        // Nothing to say is a comment, which keeps the line open.
        Some(if out.is_empty() { Bytes::from_static(b":\n\n") } else { Bytes::from(out) })
    }
}
