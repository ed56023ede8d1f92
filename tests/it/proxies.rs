//! Behind a proxy: limits count for whoever asks (A35).

use crate::served::Served;
use reqwest::{Response, StatusCode};

/// A35: whoever asks through a proxy that is believed has places of their own, and makes themselves nobody else.
#[tokio::test]
async fn a35_limits_behind_a_proxy_are_for_each_who_asks() {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("policy.toml"), "[board]\nstreams = 9\nstreams_each = 1\n").unwrap();
    let trusts = [("CUSTODY_TRUSTED_PROXIES", "127.0.0.1")];
    let served = Served::start_with("serve", data.path(), "Custody is at ", &trusts);
    let feed = |says: &'static str| {
        let asked = reqwest::Client::new().get(format!("{}/board/feed", served.url)).header("X-Forwarded-For", says);
        async move { asked.send().await.unwrap() }
    };
    let held: Vec<Response> = vec![feed("192.0.2.1").await, feed("192.0.2.2").await];
    assert!(held.iter().all(|open| open.status() == StatusCode::OK));
    for says in ["192.0.2.1", "192.0.2.2:4711", "198.51.100.7, 192.0.2.1", "192.0.2.3, 192.0.2.1, 127.0.0.1"] {
        assert_eq!(feed(says).await.status(), StatusCode::TOO_MANY_REQUESTS, "{says}");
    }
    let own = reqwest::get(format!("{}/board/feed", served.url)).await.unwrap();
    assert_eq!(own.status(), StatusCode::OK, "who comes without a proxy's word is whoever is connected");
}
