//! Open boards: each hears of what changed on it, by server-sent events.
//!
//! Everybody who asked for the same shares one view: it is made once for a change, compared with what it was, and only
//! what differs goes out. Who missed something, be it by a slow line or another start of Custody, gets the whole.
//! Source of the stream's form: WHATWG HTML, 9.2 Server-sent events.

use super::{
    query::{Asked, Shown},
    view::{Part, Pieces, view},
    wall,
};
use crate::{
    app::App,
    domain::{guessing::place, id::PersonId},
    figures::OpenStream,
    projection::Current,
    streams::{Streams, Ticket},
    web::{
        problem::{Answer, Problem},
        visitor::Visitor,
    },
};
use askama::Template;
use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, RawQuery},
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use chrono::{DateTime, Utc};
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::watch;

/// Changes that come together go out together.
const TOGETHER: Duration = Duration::from_millis(60);
/// The clock goes on though nothing happens: a page that hears nothing for longer has lost the server.
const BEAT: Duration = Duration::from_secs(10);
/// How long a page needs to open its stream.
const JUST_BEFORE: chrono::Duration = chrono::Duration::seconds(5);

pub fn routes(app: &App) -> Router<App> {
    let streams = Streams::new(&app.policy.board);
    Router::new()
        .route("/board/feed", get(listen))
        .layer(Extension(Arc::new(Views::default())))
        .layer(Extension(streams))
}

/// What goes out at one moment.
struct Frame {
    number: u64,
    shown: Shown,
    /// When the view last changed by more than its clock; when it was first drawn, if it has not.
    changed: DateTime<Utc>,
    /// For who has the frame before.
    change: Bytes,
    /// For everybody else.
    whole: Bytes,
    /// For who has all of it already: that the page follows now.
    hello: Bytes,
}

/// The views that somebody has open, by what was asked for.
#[derive(Default)]
struct Views(Mutex<HashMap<String, watch::Receiver<Arc<Frame>>>>);

impl Views {
    /// Joins those who have the same view open, or begins it.
    fn open(self: &Arc<Self>, app: &App, asked: &Asked) -> Result<watch::Receiver<Arc<Frame>>, Problem> {
        let key = asked.at_feed();
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(frames) = open.get(&key) {
            return Ok(frames.clone());
        }
        // First of all: what changes while it is drawn goes out after it.
        let current = app.projection.follow();
        let (mut first, pieces) = draw(app, asked, None, 0)?;
        // A page that was drawn just before shows the same.
        first.changed = first.shown.at - JUST_BEFORE;
        let (sender, frames) = watch::channel(Arc::new(first));
        open.insert(key.clone(), frames.clone());
        let (views, app, asked) = (self.clone(), app.clone(), asked.clone());
        tokio::spawn(async move { views.keep(&app, &asked, key, sender, pieces, current).await });
        Ok(frames)
    }

    /// Draws the view anew with each change and each beat, until nobody looks at it any more.
    async fn keep(
        &self,
        app: &App,
        asked: &Asked,
        key: String,
        frames: watch::Sender<Arc<Frame>>,
        mut pieces: Pieces,
        mut current: watch::Receiver<Current>,
    ) {
        let mut number = 0;
        let mut changed_at = frames.borrow().changed;
        loop {
            tokio::select! {
                _ = app.stop.cancelled() => break,
                changed = current.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    tokio::time::sleep(TOGETHER).await;
                    current.mark_unchanged();
                }
                _ = tokio::time::sleep(BEAT) => {}
            }
            {
                let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                // The map's own receiver is one of them.
                if frames.receiver_count() <= 1 {
                    open.remove(&key);
                    return;
                }
            }
            number += 1;
            match draw(app, asked, Some((&pieces, changed_at)), number) {
                Ok((frame, drawn)) => {
                    pieces = drawn;
                    changed_at = frame.changed;
                    frames.send_replace(Arc::new(frame));
                }
                Err(_) => tracing::error!("the board could not be drawn"),
            }
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    }
}

/// Draws the view; `before` is what it was, and when that last changed.
fn draw(
    app: &App,
    asked: &Asked,
    before: Option<(&Pieces, DateTime<Utc>)>,
    number: u64,
) -> askama::Result<(Frame, Pieces)> {
    let (shown, pieces, board) = match asked.wall {
        true => {
            let now = wall::view(app, asked.clone(), true);
            (now.shown, now.pieces()?, now.render()?)
        }
        false => {
            let now = view(app, asked.clone(), true);
            (now.shown, now.pieces()?, now.render()?)
        }
    };
    // The clock stands beside the search field, or in what follows.
    let hello = partial(&pieces.around[0].id, "outerMorph", &pieces.around[0].html);
    let whole = if asked.wall { String::new() } else { hello.clone() } + &partial("board", "innerMorph", &board);
    let (clock, change) = before.map(|(before, _)| changed(before, &pieces)).unwrap_or_default();
    let changed = match before {
        Some((_, at)) if change.is_empty() => at,
        _ => shown.at,
    };
    let event = |html: &str| event(shown.seq, html);
    let frame =
        Frame { number, shown, changed, change: event(&(clock + &change)), whole: event(&whole), hello: event(&hello) };
    Ok((frame, pieces))
}

/// What differs, each piece by its id: the clock, and the rest.
fn changed(before: &Pieces, now: &Pieces) -> (String, String) {
    let new = |(was, is): (&Part, &Part)| match was.print == is.print {
        true => String::new(),
        false => partial(&is.id, "outerMorph", &is.html),
    };
    let mut around = before.around.iter().zip(&now.around).map(new);
    let clock = around.next().unwrap_or_default();
    let mut out: String = around.collect();
    if before.list.print != now.list.print {
        out += &partial(&now.list.id, "outerMorph", &now.list.html);
        return (clock, out);
    }
    out.extend(before.rows.iter().zip(&now.rows).map(new));
    (clock, out)
}

/// A piece in the words of the page's script: htmx swaps it into what has this id.
fn partial(id: &str, swap: &str, html: &str) -> String {
    format!(r##"<hx-partial hx-target="#{id}" hx-swap="{swap}">{html}</hx-partial>"##)
}

/// An event of the stream. Nothing to say is a comment, which keeps the line open.
fn event(seq: i64, html: &str) -> Bytes {
    if html.is_empty() {
        return Bytes::from_static(b":\n\n");
    }
    let mut out = format!("id: {seq}\n");
    for line in html.split(['\n', '\r']) {
        out += "data: ";
        out += line;
        out.push('\n');
    }
    out.push('\n');
    Bytes::from(out)
}

/// GET /board/feed: the board that the same query shows, as it changes. `since` says how current the page is.
async fn listen(
    visitor: Visitor,
    Extension(views): Extension<Arc<Views>>,
    Extension(streams): Extension<Streams>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Answer {
    let query = query.unwrap_or_default();
    let whom = match &visitor.who {
        Some(me) => me.id().to_string(),
        None => place(from.ip()).to_string(),
    };
    let Some(ticket) = streams.take(&whom) else {
        let full = "Too many boards are open. Close some of them, or wait a minute.";
        return Ok((StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "60")], full).into_response());
    };
    let mut frames = views.open(&visitor.app, &Asked::read(&query))?;
    let since = url::form_urlencoded::parse(query.as_bytes()).find(|(k, _)| k == "since");
    let shown = since.and_then(|(_, token)| Shown::read(&token));
    let first = frames.borrow_and_update().clone();
    // Who comes back has missed something, if only that the clock went on.
    let missed =
        headers.contains_key("last-event-id") || !shown.is_some_and(|s| s.has_all_of(&first.shown, first.changed));
    let (who, open) = (visitor.who.map(|me| me.id()), visitor.app.figures.open_stream());
    let listener = Listener { app: visitor.app, who, frames, has: first.number, _ticket: ticket, _open: open };
    let begin = if missed { first.whole.clone() } else { first.hello.clone() };
    let begin = futures_util::stream::once(async move { Ok::<_, std::convert::Infallible>(begin) });
    let rest = futures_util::stream::unfold(listener, |mut l| async move { Some((Ok(l.next().await?), l)) });
    let body = Body::from_stream(futures_util::StreamExt::chain(begin, rest));
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
    /// Who opened it, if they were signed in.
    who: Option<PersonId>,
    frames: watch::Receiver<Arc<Frame>>,
    /// The number of the frame that this page has.
    has: u64,
    _ticket: Ticket,
    _open: OpenStream,
}

impl Listener {
    /// The next thing to send; `None` ends the stream.
    async fn next(&mut self) -> Option<Bytes> {
        tokio::select! {
            _ = self.app.stop.cancelled() => return None,
            changed = self.frames.changed() => changed.ok()?,
        }
        // Whose account was closed comes back as anybody does (A31).
        if self.who.is_some_and(|id| self.app.projection.read().people().get(id).is_some_and(|p| !p.active)) {
            return None;
        }
        let frame = self.frames.borrow_and_update().clone();
        let missed = frame.number != self.has + 1;
        self.has = frame.number;
        Some(if missed { frame.whole.clone() } else { frame.change.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{app::Parts, domain::policy::Policy, ports::clock::Clock, store::Db};

    /// O3: what changes between the first drawing of a view and its following goes out at once, not with a later beat.
    #[tokio::test]
    async fn o3_nothing_is_missed_while_a_view_begins() {
        let dir = tempfile::tempdir().unwrap();
        let parts = Parts::quiet(Policy::built_in(), Clock::System, "http://127.0.0.1:8080".parse().unwrap());
        let app = App::new(Db::open(&dir.path().join("custody.db")).await.unwrap(), parts);
        let mut frames = Arc::new(Views::default()).open(&app, &Asked::read("")).unwrap();
        // What follows it has not run yet.
        app.projection.apply(1, |_| {});
        tokio::time::timeout(BEAT / 2, frames.changed()).await.expect("before the next beat").unwrap();
        assert_eq!(frames.borrow().shown.seq, 1);
        app.stop.cancel();
        app.db.close().await.unwrap();
    }
}
