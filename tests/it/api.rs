//! The programs' door: who is let in, what is taken, how a "no" looks.

use crate::app::{FULL, REDUCED, TestApp};
use custody::service::tokens::{self, TokenScope};
use serde_json::{Value, json};

impl TestApp {
    async fn token(&self, scope: TokenScope) -> (String, String) {
        let (token, secret) = tokens::create(&self.app, &self.caller("lena"), "agent", scope, 30).await.unwrap();
        (token.id, secret)
    }

    async fn send(&self, path: &str, secret: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
        let client = reqwest::Client::new();
        let request = client.post(format!("{}/api/v1{path}", self.url)).header("content-type", "application/json");
        answer(request.bearer_auth(secret).body(body).send().await.unwrap()).await
    }
}

async fn answer(response: reqwest::Response) -> (u16, Value) {
    let status = response.status();
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    let body: Value = response.json().await.unwrap();
    if !status.is_success() {
        assert_eq!(kind, "application/problem+json");
        assert_eq!(body["status"], status.as_u16());
        assert!(body["type"].is_string() && body["title"].is_string() && body["detail"].is_string(), "{body}");
    }
    (status.as_u16(), body)
}

fn seen(instance: &str, server: &str) -> Value {
    json!({ "instance": instance, "class": "magnetClass", "server": server, "host": "scs-rr-01", "version": "1.0.0",
        "since": "2026-11-21T07:00:00Z" })
}

/// A24, A31: a token speaks for its own server, while it is alive and who made it has an account.
#[tokio::test]
async fn an_agent_speaks_for_its_own_server() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let (id, agent) = test.token(TokenScope::Observe(REDUCED.into())).await;
    let body = |server| json!({ "observations": [seen("A/B/C", server)] }).to_string();
    assert_eq!(
        test.send("/observations", &agent, body(REDUCED)).await,
        (200, json!({"taken": 1, "gone": 0, "unknown": 0}))
    );
    assert_eq!(test.send("/observations", &agent, body(FULL)).await.0, 403);
    let more = json!({ "complete": false, "observations": [seen("A/B/D", REDUCED)] }).to_string();
    assert_eq!(test.send("/observations", &agent, more).await.1["gone"], 0);
    let nothing = json!({ "observations": [] }).to_string();
    assert_eq!(test.send("/observations", &agent, nothing).await.1["gone"], 2);

    for wrong in ["", "custody_0000", "Bearer", &agent[..agent.len() - 1]] {
        assert_eq!(test.send("/observations", wrong, body(REDUCED)).await.0, 401, "{wrong:?}");
    }
    let bare = reqwest::Client::new().post(format!("{}/api/v1/observations", test.url)).send().await.unwrap();
    assert!(bare.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
    tokens::revoke(&test.app, &test.caller("ada"), &id).await.unwrap();
    assert_eq!(test.send("/observations", &agent, body(REDUCED)).await.0, 401, "revoked");

    let (_, agent) = test.token(TokenScope::Observe(REDUCED.into())).await;
    custody::service::closing::close(&test.app, &test.caller("ada"), test.person("lena")).await.unwrap();
    assert_eq!(test.send("/observations", &agent, body(REDUCED)).await.0, 401, "its maker is gone");
    let refused = tokens::create(&test.app, &test.caller("ilse"), "x", TokenScope::Observe(REDUCED.into()), 1).await;
    assert!(refused.is_err(), "a contributor makes none");
    let (_, agent) = {
        let made =
            tokens::create(&test.app, &test.caller("ravi"), "agent", TokenScope::Observe(REDUCED.into()), 1).await;
        let (token, secret) = made.unwrap();
        (token.id, secret)
    };
    test.advance(chrono::Duration::days(2));
    assert_eq!(test.send("/observations", &agent, body(REDUCED)).await.0, 401, "expired");
}

/// A29, A35: what is not plain JSON of the one shape and of bounded size and depth is refused as such.
#[tokio::test]
async fn a_body_is_json_of_the_one_shape() {
    let test = TestApp::new().await;
    let (_, agent) = test.token(TokenScope::Observe(REDUCED.into())).await;
    let with = |instance: &str| json!({ "observations": [seen(instance, REDUCED)] }).to_string();
    for (body, status) in [
        ("{".to_owned(), 400),
        ("[".repeat(100_000), 400),
        (json!({ "observations": [], "role": "admin" }).to_string(), 422),
        (json!({ "observations": "all" }).to_string(), 422),
        (with("A\u{0}B"), 422),
        (with("A\nB"), 422),
        (with(""), 422),
        (" ".repeat(3 << 20), 413),
    ] {
        let short: String = body.chars().take(40).collect();
        assert_eq!(test.send("/observations", &agent, body).await.0, status, "{short}");
    }
    let problem = test.send("/observations", &agent, with("A\nB")).await.1;
    assert_eq!(problem["errors"][0]["field"], "observations[0].instance");
    for (name, value) in [("content-type", "text/plain"), ("content-encoding", "gzip")] {
        let request = reqwest::Client::new().post(format!("{}/api/v1/observations", test.url)).bearer_auth(&agent);
        let request = if name == "content-type" { request } else { request.header("content-type", "application/json") };
        let response = request.header(name, value).body("{\"observations\": []}").send().await.unwrap();
        assert_eq!(answer(response).await.0, 415, "{name}");
    }
    let get = |path: &str| reqwest::get(format!("{}{path}", test.url));
    assert_eq!(answer(get("/api/v1/observations").await.unwrap()).await.0, 405);
    for path in ["/api", "/api/", "/api/v1", "/api/v2/devices", "/api/v1/devices/nothing"] {
        assert_eq!(answer(get(path).await.unwrap()).await.0, 404, "{path}");
    }
    // What is no program's address stays a page.
    let page = get("/nothing").await.unwrap();
    assert_eq!(page.status(), 404);
    assert!(page.text().await.unwrap().contains("<html"));
}

/// T3, F3: a job gives evidence for its own device; a repetition is answered and not acted out again.
#[tokio::test]
async fn a_job_gives_evidence_once() {
    let test = TestApp::new().await;
    test.under_review("magnet").await;
    test.requested("camera").await;
    let commit = test.commit_of("main");
    test.does("ilse", "magnet", custody::domain::lifecycle::Command::ProposeCommit { commit: commit.clone().into() })
        .await
        .unwrap();
    let (_, job) = test.token(TokenScope::Evidence(test.device("magnet").await.id)).await;
    let item = test.app.policy.transfer.checklist[0].id.clone();
    let give = |path: &str, commit: &str, key: &str| {
        let request = reqwest::Client::new().post(format!("{}/api/v1/devices/{path}/evidence", test.url));
        request.bearer_auth(&job).header("idempotency-key", key).json(&json!({
            "item": item, "commit": commit, "passed": true, "link": "https://ci.example.org/1", "text": "" }))
    };
    let before = test.device("magnet").await.revision;
    for _ in 0..2 {
        let (status, shown) = answer(give("magnet", commit.as_str(), "k1").send().await.unwrap()).await;
        assert_eq!(status, 200, "{shown}");
        assert_eq!(shown["next"]["command"], "take_ownership");
    }
    assert_eq!(test.device("magnet").await.revision, before + 1, "once");
    let evidence = test.device("magnet").await.review().unwrap().evidence.clone();
    assert_eq!(evidence[0].remark.mark.by, test.person("lena"), "who made the token acts");
    assert_eq!(answer(give("camera", commit.as_str(), "k2").send().await.unwrap()).await.0, 403);
    assert_eq!(answer(give("magnet", "HEAD", "k3").send().await.unwrap()).await.0, 422);
    let other = test.commit_of("1.0.0");
    assert_eq!(
        answer(give("magnet", other.as_str(), "k1").send().await.unwrap()).await.0,
        422,
        "another request, same key"
    );
    let (_, agent) = test.token(TokenScope::Observe(REDUCED.into())).await;
    let body = json!({ "item": item, "commit": commit, "passed": true }).to_string();
    assert_eq!(
        test.send("/devices/magnet/evidence", &agent, body).await.0,
        403,
        "an agent's token opens no other door"
    );
}

/// E3: devices as everybody may read them, without anybody's address; with the gates of the next step.
#[tokio::test]
async fn devices_are_read_without_addresses() {
    let test = TestApp::new().await;
    test.requested("camera").await;
    test.reduced_support("magnet").await;
    let get = async |path: &str| answer(reqwest::get(format!("{}/api/v1{path}", test.url)).await.unwrap()).await;
    let (_, list) = get("/devices").await;
    let names: Vec<&str> = list["devices"].as_array().unwrap().iter().map(|d| d["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["camera", "magnet"]);
    assert_eq!(get("/devices?after=camera").await.1["devices"][0]["name"], "magnet");
    assert_eq!(get("/devices?state=requested&instrument=SCS").await.1["devices"][0]["name"], "camera");
    assert_eq!(get("/devices?state=nonsense").await.0, 422);
    assert_eq!(get("/devices?staet=requested").await.0, 422);
    let (_, magnet) = get("/devices/magnet").await;
    assert_eq!(magnet["support"]["status"], "reduced_support");
    assert_eq!(magnet["contacts"][0]["name"], "Ilse Hartmann");
    assert_eq!(magnet["next"]["gates"][0]["id"], "T1");
    assert!(!magnet.to_string().contains("example.org"), "no addresses");
}
