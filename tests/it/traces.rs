//! Traces for OpenTelemetry, to a collector on loopback that keeps what it is sent.

use crate::served::Served;
use axum::{Router, body::Bytes, extract::State, routing::post};
use std::{
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
        assert!(began.elapsed() < Duration::from_secs(30), "{:?}", String::from_utf8_lossy(&sent.lock().unwrap()));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!has(&sent, b"rosebud") && !has(&sent, b"nobody-knows-this-one"));
}
