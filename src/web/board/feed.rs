//! Open boards: each hears of what changed on it, by server-sent events.
//!
//! Everybody who asked for the same shares one view: it is made once for a change, compared with what it was, and only
//! what differs goes out. Who missed something, be it by a slow line or another start of Custody, gets the whole.
//! Source of the stream's form: WHATWG HTML, 9.2 Server-sent events.

use super::{
    query::Asked,
    view::{Pieces, view},
    wall,
};
use crate::{
    app::App,
    web::{
        problem::{Answer, Problem},
        streams::{Streams, Ticket},
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
    /// The last change that it shows.
    seq: i64,
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
        let (first, pieces) = draw(app, asked, None, 0)?;
        let (sender, frames) = watch::channel(Arc::new(first));
        open.insert(key.clone(), frames.clone());
        let (views, app, asked) = (self.clone(), app.clone(), asked.clone());
        tokio::spawn(async move { views.keep(&app, &asked, key, sender, pieces).await });
        Ok(frames)
    }

    /// Draws the view anew with each change and each beat, until nobody looks at it any more.
    async fn keep(&self, app: &App, asked: &Asked, key: String, frames: watch::Sender<Arc<Frame>>, mut pieces: Pieces) {
        let mut current = app.projection.follow();
        let mut number = 0;
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
            match draw(app, asked, Some(&pieces), number) {
                Ok((frame, drawn)) => {
                    pieces = drawn;
                    frames.send_replace(Arc::new(frame));
                }
                Err(_) => tracing::error!("the board could not be drawn"),
            }
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    }
}

fn draw(app: &App, asked: &Asked, before: Option<&Pieces>, number: u64) -> askama::Result<(Frame, Pieces)> {
    let (seq, pieces, board) = match asked.wall {
        true => {
            let now = wall::view(app, asked.clone(), true);
            (now.seq, now.pieces()?, now.render()?)
        }
        false => {
            let now = view(app, asked.clone(), true);
            (now.seq, now.pieces()?, now.render()?)
        }
    };
    // The clock stands beside the search field, or in what follows.
    let hello = partial(&pieces.around[0].id, "outerMorph", &pieces.around[0].html);
    let whole = if asked.wall { String::new() } else { hello.clone() } + &partial("board", "innerMorph", &board);
    let change = match before {
        Some(before) => changed(before, &pieces),
        None => String::new(),
    };
    let frame =
        Frame { number, seq, change: event(seq, &change), whole: event(seq, &whole), hello: event(seq, &hello) };
    Ok((frame, pieces))
}

/// What differs, each piece by its id.
fn changed(before: &Pieces, now: &Pieces) -> String {
    let mut out = String::new();
    for (was, is) in before.around.iter().zip(&now.around) {
        if was.print != is.print {
            out += &partial(&is.id, "outerMorph", &is.html);
        }
    }
    if before.list.print != now.list.print {
        out += &partial(&now.list.id, "outerMorph", &now.list.html);
        return out;
    }
    for (was, is) in before.rows.iter().zip(&now.rows) {
        if was.print != is.print {
            out += &partial(&is.id, "outerMorph", &is.html);
        }
    }
    out
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

/// GET /board/feed: the board that the same query shows, as it changes. `since` is the change that the page shows.
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
        None => from.ip().to_string(),
    };
    let Some(ticket) = streams.take(&whom) else {
        let full = "Too many boards are open. Close some of them, or wait a minute.";
        return Ok((StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "60")], full).into_response());
    };
    let mut frames = views.open(&visitor.app, &Asked::read(&query))?;
    let since = url::form_urlencoded::parse(query.as_bytes()).find(|(k, _)| k == "since");
    let since: Option<i64> = since.and_then(|(_, v)| v.parse().ok());
    let first = frames.borrow_and_update().clone();
    // Who comes back has missed something, if only that the clock went on.
    let missed = headers.contains_key("last-event-id") || since != Some(first.seq);
    let listener = Listener { frames, stop: visitor.app.stop.clone(), has: first.number, _ticket: ticket };
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
    frames: watch::Receiver<Arc<Frame>>,
    stop: tokio_util::sync::CancellationToken,
    /// The number of the frame that this page has.
    has: u64,
    _ticket: Ticket,
}

impl Listener {
    /// The next thing to send; `None` ends the stream.
    async fn next(&mut self) -> Option<Bytes> {
        tokio::select! {
            _ = self.stop.cancelled() => return None,
            changed = self.frames.changed() => changed.ok()?,
        }
        let frame = self.frames.borrow_and_update().clone();
        let missed = frame.number != self.has + 1;
        self.has = frame.number;
        Some(if missed { frame.whole.clone() } else { frame.change.clone() })
    }
}
