//! Takes connections: a bounded number, each with a bounded time to say what it wants (A35), and lets what is under way
//! end before Custody stops.

use super::again::Shelf;
use crate::app::App;
use axum::{Router, extract::ConnectInfo, http::Request};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// How many connections are open at once; more wait in the system's queue.
const CONNECTIONS: usize = 4096;
/// The head of a request has to arrive within this.
const HEAD: Duration = Duration::from_secs(15);
/// What was sent has to be taken within this.
const SLOWEST: Duration = Duration::from_secs(90);
/// What is under way when Custody is told to stop has this long to end.
const DRAIN: Duration = Duration::from_secs(9);

/// Serves until the app's stop is cancelled; then waits for what is under way.
pub async fn serve(app: &App, routes: Router, listener: TcpListener) -> std::io::Result<()> {
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    let connections = TaskTracker::new();
    let shelf = Shelf::new(app.clone());
    loop {
        let slot = tokio::select! {
            slot = slots.clone().acquire_owned() => slot.map_err(std::io::Error::other)?,
            _ = app.stop.cancelled() => break,
        };
        let (stream, address) = tokio::select! {
            taken = listener.accept() => match taken {
                Ok(taken) => taken,
                // One connection's fault, or no file left for the moment: the next may do better.
                Err(error) => {
                    tracing::warn!(%error, "a connection was not taken");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            _ = app.stop.cancelled() => break,
        };
        let (routes, shelf, stop) = (routes.clone(), shelf.clone(), app.stop.clone());
        connections.spawn(async move {
            let _slot = slot;
            one(stream, address, (shelf, routes), stop).await;
        });
    }
    connections.close();
    app.changes.close();
    let ended = tokio::time::timeout(DRAIN, async {
        connections.wait().await;
        app.changes.wait().await;
    });
    if ended.await.is_err() {
        tracing::warn!("stopped although something was still under way");
    }
    Ok(())
}

async fn one(
    stream: tokio::net::TcpStream,
    address: SocketAddr,
    (shelf, routes): (Shelf, Router),
    stop: tokio_util::sync::CancellationToken,
) {
    // Small answers leave at once.
    let _ = stream.set_nodelay(true);
    // Who takes nothing of what was sent to them for so long is gone, or means harm.
    let _ = socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(SLOWEST));
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        let asked = Shelf::asked(&request);
        let given = asked.as_ref().and_then(|asked| shelf.find(asked));
        let (shelf, routes) = (shelf.clone(), routes.clone());
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
            request.extensions_mut().insert(ConnectInfo(address));
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
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => if let Err(error) = ended { tracing::debug!(%error, "a connection broke off") },
        _ = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}
