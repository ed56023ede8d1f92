//! Traces for OpenTelemetry, to a collector on loopback that keeps what it is sent.

use crate::{reserved::Reserved, served::Served, waiting::PATIENCE};
use axum::{Router, body::Bytes, extract::State, routing::post};
use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

type Sent = Arc<Mutex<Vec<u8>>>;

/// A collector's address, and all that came.
async fn collector() -> (String, Sent) {
    let sent = Sent::default();
    let take = async |State(sent): State<Sent>, body: Bytes| sent.lock().unwrap().extend_from_slice(&body);
    let routes = Router::new().route("/v1/traces", post(take)).with_state(sent.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    (url, sent)
}

/// Waits until the log says so.
async fn logged(log: &Path, says: &str) {
    let began = Instant::now();
    while !fs::read_to_string(log).unwrap().contains(says) {
        assert!(began.elapsed() < PATIENCE, "{says}: {}", fs::read_to_string(log).unwrap());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn has(sent: &Sent, part: &[u8]) -> bool {
    sent.lock().unwrap().windows(part.len()).any(|w| w == part)
}

/// Requests go on in the trace that they came with, by their route; what somebody searched for is in none.
#[tokio::test]
async fn traces_continue_what_a_request_came_with() {
    let (url, sent) = collector().await;
    let data = tempfile::tempdir().unwrap();
    let served = Served::start_with("serve", data.path(), "Custody is at ", &[("CUSTODY_OTLP", &url)]);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let id: Vec<u8> = (0..16).map(|i| u8::from_str_radix(&trace[2 * i..2 * i + 2], 16).unwrap()).collect();
    for path in ["/process", "/devices/nobody-knows-this-one?secret=rosebud", "/policy"] {
        let asked = reqwest::Client::new().get(format!("{}{path}", served.url));
        asked.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01")).send().await.unwrap();
    }
    let began = Instant::now();
    let all: [&[u8]; 4] = [&id, b"GET /process", b"GET /devices/{name}", b"GET /policy"];
    while !all.iter().all(|part| has(&sent, part)) {
        assert!(began.elapsed() < PATIENCE, "{:?}", String::from_utf8_lossy(&sent.lock().unwrap()));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!has(&sent, b"rosebud") && !has(&sent, b"nobody-knows-this-one"));
}

/// E7: that a collector takes nothing is in the log, once, and that it takes traces again.
#[tokio::test]
async fn e7_a_collector_that_takes_nothing_is_logged() {
    let data = tempfile::tempdir().unwrap();
    let log = data.path().join("log");
    let nobody = Reserved::new();
    let collector = format!("http://{}", nobody.at);
    let to = [("CUSTODY_OTLP", collector.as_str())];
    let file = fs::File::create(&log).unwrap().into();
    let served = Served::start_logged("127.0.0.1:0", "serve", data.path(), "Custody is at ", &to, file);
    let away = "the collector takes no traces; they are dropped until it does";
    served.get("/process").await;
    logged(&log, away).await;
    let listener = nobody.listen();
    let routes = Router::new().route("/v1/traces", post(async || ()));
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    served.get("/process").await;
    logged(&log, "the collector takes traces again").await;
    let all = fs::read_to_string(&log).unwrap();
    assert!(all.matches(away).count() == 1 && all.contains(&collector), "{all}");
}
