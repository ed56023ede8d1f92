//! Takes connections: a bounded number, each with a bounded time to say what it wants (A35), and lets what is under way
//! end before Custody stops.

use super::again::Shelf;
use crate::app::App;
use axum::{Router, extract::ConnectInfo, http::Request};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

/// How many connections are open at once; more wait in the system's queue.
const CONNECTIONS: usize = 4096;
/// The head of a request has to arrive within this.
const HEAD: Duration = Duration::from_secs(15);
/// What was sent has to be taken within this.
const SLOWEST: Duration = Duration::from_secs(90);
/// What is under way when Custody is told to stop has this long to end.
const DRAIN: Duration = Duration::from_secs(6);
/// Who comes after that has to ask within this, and has it at least for the answer.
const LATE: Duration = Duration::from_millis(500);

/// Serves until the app's stop is cancelled; then waits for what is under way. Who comes meanwhile is still answered, one
/// request each: probes hear that Custody stops, and nobody is turned away at the door or cut off behind it (F13).
pub async fn serve(app: &App, routes: Router, listener: TcpListener) -> std::io::Result<()> {
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    let (connections, late) = (TaskTracker::new(), TaskTracker::new());
    let door = Door { shelf: Shelf::new(app.clone()), routes, stop: app.stop.clone() };
    loop {
        let slot = tokio::select! {
            slot = slots.clone().acquire_owned() => slot.map_err(std::io::Error::other)?,
            _ = app.stop.cancelled() => break,
        };
        let taken = tokio::select! {
            taken = take(&listener) => taken,
            _ = app.stop.cancelled() => break,
        };
        connections.spawn(door.clone().answer(taken, slot));
    }
    connections.close();
    app.changes.close();
    let until = Instant::now() + DRAIN;
    let ended = tokio::time::timeout_at(until, async {
        connections.wait().await;
        app.changes.wait().await;
    });
    tokio::pin!(ended);
    let come_late = |taken| {
        if let Ok(slot) = slots.clone().try_acquire_owned() {
            late.spawn(door.clone().answer(taken, slot));
        }
    };
    let ended = loop {
        tokio::select! {
            ended = &mut ended => break ended,
            taken = take(&listener) => come_late(taken),
        }
    };
    // Who is in the system's queue already would be turned away with it; who comes from now on is for another replica.
    while let Ok(taken) = tokio::time::timeout(Duration::ZERO, take(&listener)).await {
        come_late(taken);
    }
    drop(listener);
    late.close();
    let answered = tokio::time::timeout_at(until.max(Instant::now() + LATE), async {
        late.wait().await;
        app.changes.wait().await;
    });
    if ended.is_err() | answered.await.is_err() {
        tracing::warn!("stopped although something was still under way");
    }
    Ok(())
}

/// The next connection.
async fn take(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(taken) => return taken,
            // One connection's fault, or no file left for the moment: the next may do better.
            Err(error) => {
                tracing::warn!(%error, "a connection was not taken");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// What answers on every connection.
#[derive(Clone)]
struct Door {
    shelf: Shelf,
    routes: Router,
    stop: CancellationToken,
}

impl Door {
    async fn answer(self, (stream, address): (TcpStream, SocketAddr), slot: OwnedSemaphorePermit) {
        let _slot = slot;
        one(stream, address, (self.shelf, self.routes), self.stop).await;
    }
}

async fn one(stream: TcpStream, address: SocketAddr, (shelf, routes): (Shelf, Router), stop: CancellationToken) {
    // Small answers leave at once.
    let _ = stream.set_nodelay(true);
    // Who takes nothing of what was sent to them for so long is gone, or means harm.
    let _ = socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(SLOWEST));
    let proxies = shelf.proxies();
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        let asked = Shelf::asked(&request);
        let given = asked.as_ref().and_then(|asked| shelf.find(asked));
        let (shelf, routes) = (shelf.clone(), routes.clone());
        let from = SocketAddr::new(proxies.client(address.ip(), request.headers()), address.port());
        async move {
            if let Some(answer) = given {
                return Ok(answer);
            }
            let turn = match &asked {
                Some(asked) => shelf.turn(asked).await,
                None => None,
            };
            if let Some(answer) = asked.as_ref().filter(|_| turn.is_some()).and_then(|asked| shelf.find(asked)) {
                return Ok(answer);
            }
            request.extensions_mut().insert(ConnectInfo(from));
            let answer = routes.oneshot(request.map(axum::body::Body::new)).await?;
            Ok::<_, Infallible>(match asked {
                Some(asked) => shelf.keep(asked, answer).await,
                None => answer,
            })
        }
    });
    // Browsers speak HTTP/2 only over TLS, and that ends at the proxy in front.
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD);
    // A shutdown would close what has not been read from yet: who comes late is let go after one answer instead.
    let late = stop.is_cancelled();
    if late {
        builder.keep_alive(false).header_read_timeout(LATE);
    }
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => if let Err(error) = ended { tracing::debug!(%error, "a connection broke off") },
        _ = stop.cancelled(), if !late => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}
