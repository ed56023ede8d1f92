//! What the API answers, held against its description: every answer that any test gets from a server of its own (E3).

use crate::app::TestApp;
use axum::{
    Router,
    extract::{MatchedPath, Request},
    http::{HeaderMap, StatusCode},
    middleware::{self, Next},
};
use custody::{
    api::{self, openapi::Described},
    app::App,
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// It is the same of every server.
static DESCRIPTION: OnceLock<Described> = OnceLock::new();

/// What a server answered that is not described so.
#[derive(Clone, Default)]
pub struct Undescribed(Arc<Mutex<Vec<String>>>);

impl Undescribed {
    /// The same routes, with every answer looked at.
    pub fn watch(&self, app: &App, routes: Router) -> Router {
        let description = DESCRIPTION.get_or_init(|| api::describe(app)).0.clone();
        let found = self.0.clone();
        let looks = move |request: Request, next: Next| {
            let (description, found) = (description.clone(), found.clone());
            async move {
                let path = request.extensions().get::<MatchedPath>().map(|p| p.as_str().replace("{*", "{"));
                let method = request.method().as_str().to_lowercase();
                let answer = next.run(request).await;
                if let Some(path) = path
                    && let Some(wrong) = differs(&description, &path, &method, answer.status(), answer.headers())
                {
                    found.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{method} {path}: {wrong}"));
                }
                answer
            }
        };
        routes.layer(middleware::from_fn(looks))
    }

    /// Nothing, where all was as it is described.
    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What is not described of an answer, or does not come with it though it is; nothing of what is no address of the API.
fn differs(all: &Value, path: &str, method: &str, status: StatusCode, headers: &HeaderMap) -> Option<String> {
    let answers = all["paths"][path][method]["responses"].as_object()?;
    let mut answer = match answers.get(status.as_str()) {
        Some(answer) => answer,
        None if status.is_server_error() => return None,
        None => return Some(status.to_string()),
    };
    if let Some(shared) = answer["$ref"].as_str() {
        answer = all.pointer(shared.trim_start_matches('#'))?;
    }
    let promised = answer["headers"].as_object().into_iter().flatten().filter(|(_, header)| header["required"] == true);
    let missing: Vec<&str> =
        promised.map(|(name, _)| name.as_str()).filter(|name| !headers.contains_key(*name)).collect();
    (!missing.is_empty()).then(|| format!("{status} without {}", missing.join(", ")))
}

/// E3: the check sees what is not described, and what is promised and does not come.
#[test]
fn e3_what_is_not_described_is_seen() {
    use axum::http::{HeaderName, HeaderValue};
    let etag = json!({ "ETag": { "required": true }, "Age": {} });
    let all = json!({
        "paths": { "/api/v1/hosts/{host}": { "put": { "responses": {
            "200": { "headers": etag }, "404": { "$ref": "#/components/responses/None" }
        } } } },
        "components": { "responses": { "None": { "headers": etag } } }
    });
    let seen = |method: &str, status: u16, headers: &[&'static str]| {
        let headers: HeaderMap =
            headers.iter().map(|&name| (HeaderName::from_static(name), HeaderValue::from_static("x"))).collect();
        differs(&all, "/api/v1/hosts/{host}", method, StatusCode::from_u16(status).unwrap(), &headers)
    };
    assert_eq!(seen("put", 200, &["etag"]), None);
    assert_eq!(seen("put", 200, &["age"]).as_deref(), Some("200 OK without ETag"));
    assert_eq!(seen("put", 404, &[]).as_deref(), Some("404 Not Found without ETag"));
    assert_eq!(seen("put", 409, &[]).as_deref(), Some("409 Conflict"));
    assert_eq!((seen("put", 500, &[]), seen("patch", 405, &[])), (None, None));
}

/// E3: what tells more to whoever sends a token needs none, and refuses one that opens nothing.
#[tokio::test]
async fn e3_a_token_that_is_not_needed_is_looked_at() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let all = api::describe(&test.app).0;
    let history = &all["paths"]["/api/v1/devices/{name}/history"]["get"];
    assert_eq!(history["security"], json!([{}, { "bearer": [] }]));
    assert!(history["responses"]["401"].is_object() && history["responses"]["403"].is_null(), "{history}");
    let sent = reqwest::Client::new().get(format!("{}/api/v1/devices/magnet/history", test.url));
    assert_eq!(sent.bearer_auth("custody_nobody").send().await.unwrap().status(), 401);
    let page = test.stranger().page("/api/docs/devices").await;
    let drawn = page.split("id=\"get_devices_name_history\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(drawn.contains("Needs no token."), "{drawn}");
}

/// E3: headers are described where they come, and a 409 as all that it can mean.
#[tokio::test]
async fn e3_headers_are_described() {
    let test = TestApp::new().await;
    let all = api::describe(&test.app).0;
    let shared = &all["components"]["responses"];
    for busy in ["TooOften", "Unavailable"] {
        assert_eq!(shared[busy]["headers"]["Retry-After"]["required"], true, "{busy}");
    }
    assert!(shared["Refused"]["description"].as_str().unwrap().contains("is under way, was done, or is not known"));
    let stream = &all["paths"]["/api/v1/events/stream"]["get"]["parameters"];
    let last = stream.as_array().unwrap().iter().find(|p| p["name"] == "Last-Event-ID").unwrap();
    assert_eq!((&last["in"], &last["schema"]["type"]), (&json!("header"), &json!("integer")), "{last}");
    let headers = |method: &str, status: &str| -> Vec<String> {
        let answer = &all["paths"]["/api/v1/hosts/{host}"][method]["responses"][status];
        answer["headers"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(headers("put", "200"), ["ETag", "Idempotency-Replayed"]);
    assert_eq!(headers("delete", "204"), ["Idempotency-Replayed"]);
}

/// E3, T4: what is read of the commit under review is described, each part of it in words.
#[tokio::test]
async fn e3_the_commit_under_review_is_described() {
    let test = TestApp::new().await;
    let all = api::describe(&test.app).0;
    let schemas = &all["components"]["schemas"];
    let reviewed = schemas["Review"]["properties"]["reviewed"].to_string();
    assert!(reviewed.contains("#/components/schemas/ReviewedCommit"), "{reviewed}");
    let parts = schemas["ReviewedCommit"]["properties"].as_object().unwrap();
    for part in ["subject", "written_by", "proposed", "tag"] {
        assert!(parts.contains_key(part), "{part}: {parts:?}");
    }
    let page = test.stranger().page("/api/docs/devices").await;
    let drawn = page.split("id=\"s-ReviewedCommit\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(drawn.contains("Everybody who wrote what is reviewed"), "{drawn}");
}

/// E3: the pages of the API draw whatever a command is made of, and the headers of answers.
#[tokio::test]
async fn e3_the_pages_of_the_api_draw_shapes_and_headers() {
    let test = TestApp::new().await;
    let page = test.stranger().page("/api/docs/devices").await;
    for draws in [
        ">TakeOverGround</h3>",
        ">needed_elsewhere</b>",
        "<a href=\"#s-TakeOverGround\">TakeOverGround</a>",
        "<a href=\"#s-MilestoneProposed\">list of MilestoneProposed</a>",
        ">MilestoneProposed</h3>",
        "<code>ETag</code> Its revision.",
        "<code>Location</code> The device.",
    ] {
        assert!(page.contains(draws), "{draws}: {page}");
    }
}
