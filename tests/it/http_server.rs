//! A git server over http on loopback: the real `git http-backend` behind a small CGI, and servers that misbehave.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// How the server answers.
pub enum Behaviour {
    /// Serves the repositories below a directory.
    Serve(PathBuf),
    /// The same, and takes what this person pushes.
    #[cfg(feature = "full-tests")]
    Take(PathBuf, &'static str),
    /// The same, but does something when the list of references is asked for the second time.
    Meddle(PathBuf, Box<dyn Fn() + Send + Sync>),
    /// Sends everybody elsewhere.
    Redirect(String),
    /// Takes the request and never answers.
    Hang,
    /// Sends references without end.
    Endless,
    /// Sends what is no list of references, with an escape sequence of a terminal in it.
    Garbage,
}

pub struct HttpServer {
    port: u16,
    state: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

struct Shared {
    behaviour: Behaviour,
    requests: AtomicUsize,
    listings: AtomicUsize,
}

impl HttpServer {
    pub async fn start(behaviour: Behaviour) -> HttpServer {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Shared { behaviour, requests: AtomicUsize::new(0), listings: AtomicUsize::new(0) });
        let router = Router::new().fallback(answer).with_state(state.clone());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        HttpServer { port, state, task }
    }

    /// The address of `device.git` on this server.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/device.git", self.port)
    }

    /// The words by which processes that speak to this server are known.
    pub fn mark(&self) -> String {
        format!("127.0.0.1:{}/", self.port)
    }

    pub fn requests(&self) -> usize {
        self.state.requests.load(Ordering::SeqCst)
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(state): State<Arc<Shared>>, request: Request) -> Response {
    state.requests.fetch_add(1, Ordering::SeqCst);
    match &state.behaviour {
        Behaviour::Serve(root) => cgi(root.clone(), None, request).await,
        #[cfg(feature = "full-tests")]
        Behaviour::Take(root, who) => cgi(root.clone(), Some(*who), request).await,
        Behaviour::Meddle(root, act) => {
            if request.uri().path().ends_with("/info/refs") && state.listings.fetch_add(1, Ordering::SeqCst) == 1 {
                act();
            }
            cgi(root.clone(), None, request).await
        }
        Behaviour::Redirect(to) => {
            let to = format!(
                "{to}{}",
                request.uri().path_and_query().map_or("", |path| path.as_str()).trim_start_matches("/device.git")
            );
            (StatusCode::FOUND, [(header::LOCATION, to)]).into_response()
        }
        Behaviour::Hang => std::future::pending().await,
        Behaviour::Endless => {
            let lines = stream::iter(0u64..).map(|number| Ok::<_, std::io::Error>(references(number)));
            advertised(Body::from_stream(stream::once(async { Ok(greeting()) }).chain(lines)))
        }
        Behaviour::Garbage => advertised(Body::from("001e# service=git-upload-pack\n0000\u{1b}[31mwhat")),
    }
}

fn advertised(body: Body) -> Response {
    ([(header::CONTENT_TYPE, "application/x-git-upload-pack-advertisement")], body).into_response()
}

fn greeting() -> Bytes {
    Bytes::from_static(b"001e# service=git-upload-pack\n0000")
}

fn references(batch: u64) -> Bytes {
    let line = |number: u64| {
        let text = format!("{:040x} refs/tags/{number:020}\n", number + 1);
        format!("{:04x}{text}", text.len() + 4)
    };
    (batch * 1000..(batch + 1) * 1000).map(line).collect::<String>().into()
}

/// Runs `git http-backend` as the manual of it says.
async fn cgi(root: PathBuf, who: Option<&str>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 24).await.unwrap();
    let given =
        |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let mut child = Command::new("git")
        .arg("http-backend")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("GIT_PROJECT_ROOT", root)
        .envs([("GIT_HTTP_EXPORT_ALL", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")])
        .env("REQUEST_METHOD", parts.method.as_str())
        .env("PATH_INFO", parts.uri.path())
        .env("QUERY_STRING", parts.uri.query().unwrap_or_default())
        .env("CONTENT_TYPE", given("content-type"))
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", given("content-encoding"))
        .env("GIT_PROTOCOL", given("git-protocol"))
        .env("REMOTE_ADDR", "127.0.0.1")
        .envs(who.map(|who| ("REMOTE_USER", who)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let write = tokio::spawn(async move { stdin.write_all(&body).await });
    let output = child.wait_with_output().await.unwrap().stdout;
    let _ = write.await;

    let end = output.windows(4).position(|four| four == b"\r\n\r\n").expect("a CGI answers with headers");
    let mut response = Response::new(Body::from(output[end + 4..].to_vec()));
    for line in String::from_utf8_lossy(&output[..end]).lines() {
        let (name, value) = line.split_once(':').unwrap();
        if name.eq_ignore_ascii_case("status") {
            *response.status_mut() = value.trim().split(' ').next().unwrap().parse().unwrap();
        } else {
            let value = HeaderValue::from_str(value.trim()).unwrap();
            response.headers_mut().insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), value);
        }
    }
    response
}
