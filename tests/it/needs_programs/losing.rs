//! A proxy that passes reports on and loses the first answer to each of them, as a network may (F3).

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::{StatusCode, header::HOST},
    response::{IntoResponse, Response},
};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

#[derive(Clone)]
struct Shared {
    to: String,
    /// The reports that came, by their bodies and names.
    came: Arc<Mutex<Vec<(String, Bytes)>>>,
}

/// On loopback, before the Custody at an address.
pub struct Losing {
    pub url: String,
    shared: Shared,
    task: tokio::task::JoinHandle<()>,
}

impl Losing {
    pub async fn before(url: &str) -> Self {
        let shared = Shared { to: url.to_owned(), came: Arc::default() };
        let routes = Router::new().fallback(pass).with_state(shared.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, shared, task }
    }

    /// How many reports came, and how many different ones.
    pub fn came(&self) -> (usize, usize) {
        let came = self.shared.came.lock().unwrap();
        (came.len(), came.iter().collect::<BTreeSet<_>>().len())
    }
}

impl Drop for Losing {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(State(shared): State<Shared>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    parts.headers.remove(HOST);
    let address = format!("{}{}", shared.to, parts.uri);
    let sent = reqwest::Client::new().request(parts.method, address).headers(parts.headers.clone()).body(body.clone());
    let answer = sent.send().await.unwrap();
    if parts.uri.path().ends_with("/reports") {
        let name = parts.headers.get("idempotency-key").map(|k| k.to_str().unwrap().to_owned()).unwrap_or_default();
        let mut came = shared.came.lock().unwrap();
        let again = came.contains(&(name.clone(), body.clone()));
        came.push((name, body));
        if !again {
            return (StatusCode::BAD_GATEWAY, "The answer is lost.").into_response();
        }
    }
    let (status, headers) = (answer.status(), answer.headers().clone());
    (status, headers, answer.bytes().await.unwrap()).into_response()
}
