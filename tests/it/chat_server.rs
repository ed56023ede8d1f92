//! A chat on loopback that keeps what it is sent and answers as it is told.

use crate::waiting::Held;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

/// A request that came.
#[derive(Clone, Debug)]
pub struct Post {
    pub method: Method,
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: String,
    pub status: u16,
}

impl Post {
    /// The text of a webhook.
    pub fn text(&self) -> String {
        let json: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        json["text"].as_str().unwrap().to_owned()
    }

    pub fn id(&self) -> &str {
        self.headers["x-message-id"].to_str().unwrap()
    }
}

/// Status, a header, a body.
pub type Answer = (u16, Option<(&'static str, String)>, String);

#[derive(Clone, Default)]
struct Shared {
    posts: Arc<Mutex<Vec<Post>>>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    /// What the answer to the next request waits for.
    held: Arc<Mutex<Option<Held>>>,
}

pub struct ChatServer {
    pub url: String,
    shared: Shared,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for ChatServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(State(shared): State<Shared>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let (status, header, said) = shared.answers.lock().unwrap().pop_front().unwrap_or((200, None, "ok".to_owned()));
    let body = String::from_utf8_lossy(&body).into_owned();
    shared.posts.lock().unwrap().push(Post {
        method,
        path: uri.path().to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        headers,
        body,
        status,
    });
    let held = shared.held.lock().unwrap().take();
    if let Some(held) = held {
        held.wait().await;
    }
    let mut answer = (StatusCode::from_u16(status).unwrap(), said).into_response();
    if let Some((name, value)) = header {
        answer.headers_mut().insert(name, value.parse().unwrap());
    }
    answer
}

impl ChatServer {
    pub async fn start() -> Self {
        let shared = Shared::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().fallback(take).with_state(shared.clone());
        let task = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, shared, task }
    }

    /// What the next request is answered with.
    pub fn answers(&self, status: u16, header: Option<(&'static str, &str)>, body: &str) {
        let header = header.map(|(name, value)| (name, value.to_owned()));
        self.shared.answers.lock().unwrap().push_back((status, header, body.to_owned()));
    }

    /// The next request is taken, and answered once it is let go.
    pub fn holds_once(&self) -> Held {
        let held = Held::new();
        *self.shared.held.lock().unwrap() = Some(held.clone());
        held
    }

    pub fn posts(&self) -> Vec<Post> {
        self.shared.posts.lock().unwrap().clone()
    }

    /// Those that were answered with yes.
    pub fn taken(&self) -> Vec<Post> {
        self.posts().into_iter().filter(|p| p.status < 300).collect()
    }
}
