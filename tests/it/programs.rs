//! Everything by the API (E3): described, reachable, decided by the same rules, answered the same when asked again.

use crate::{
    app::{REDUCED, TestApp},
    given::application,
    waiting::PATIENCE,
};
use custody::{
    domain::lifecycle::{Command, StateName},
    service::{
        groups,
        tokens::{self, TokenScope},
    },
};
use reqwest::{Method, Response, StatusCode};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{collections::BTreeSet, fs, path::Path, time::Duration};

/// A program with somebody's token.
pub struct Program {
    url: String,
    secret: String,
    /// The token's id.
    id: String,
}

impl TestApp {
    pub async fn program(&self, who: &str, scope: TokenScope) -> Program {
        let (token, secret) = tokens::create(&self.app, &self.caller(who), "program", scope, 30).await.unwrap();
        Program { url: self.url.clone(), secret, id: token.id }
    }

    pub async fn acts(&self, who: &str) -> Program {
        self.program(who, TokenScope::Admin).await
    }

    async fn reads(&self, who: &str) -> Program {
        self.program(who, TokenScope::Read).await
    }
}

impl Program {
    pub async fn sends(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Response {
        let mut request =
            reqwest::Client::new().request(method, format!("{}/api/v1{path}", self.url)).bearer_auth(&self.secret);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        read(self.sends(Method::GET, path, &[], None).await).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        read(self.sends(Method::POST, path, &[], Some(body)).await).await
    }

    pub async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        read(self.sends(Method::PUT, path, &[], Some(body)).await).await
    }

    pub async fn delete(&self, path: &str) -> (u16, Value) {
        read(self.sends(Method::DELETE, path, &[], None).await).await
    }

    /// Gives a command, by the revision that the device has now.
    pub async fn does(&self, device: &str, command: Value) -> (u16, Value) {
        let shown = self.sends(Method::GET, &format!("/devices/{device}"), &[], None).await;
        let seen = shown.headers()["etag"].to_str().unwrap().to_owned();
        let path = format!("/devices/{device}/commands");
        read(self.sends(Method::POST, &path, &[("if-match", &seen)], Some(command)).await).await
    }

    /// The same, and it has to be done.
    pub async fn must(&self, device: &str, command: Value) {
        let (status, said) = self.does(device, command.clone()).await;
        assert_eq!(status, 200, "{command}: {said}");
    }
}

/// The status, and the body where there is one; a refusal is a problem.
async fn read(response: Response) -> (u16, Value) {
    let status = response.status();
    let kind = response.headers().get("content-type").and_then(|k| k.to_str().ok()).unwrap_or_default().to_owned();
    let text = response.text().await.unwrap();
    let body: Value = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect(&text) };
    if status.is_client_error() || status.is_server_error() {
        assert_eq!(kind, "application/problem+json", "{body}");
        assert_eq!(body["status"], status.as_u16(), "{body}");
    }
    (status.as_u16(), body)
}

fn sources(dir: &Path) -> Vec<String> {
    let mut all = Vec::new();
    let mut stack = vec![dir.to_path_buf()];
    while let Some(path) = stack.pop() {
        match path.is_dir() {
            true => stack.extend(fs::read_dir(&path).unwrap().map(|e| e.unwrap().path())),
            false => all.push(fs::read_to_string(&path).unwrap()),
        }
    }
    all
}

async fn described(test: &TestApp) -> BTreeSet<(String, String)> {
    let (_, all) = read(reqwest::get(format!("{}/api/v1/openapi.json", test.url)).await.unwrap()).await;
    assert_eq!(all["openapi"], "3.1.0");
    let items = all["paths"].as_object().unwrap().iter();
    let methods = items.flat_map(|(path, item)| {
        item.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone()))
    });
    methods.collect()
}

/// E3: each route of the programs' door is in the description, and what is described is routed, with these methods and
/// no others.
#[tokio::test]
async fn e3_every_route_is_described_and_every_description_routed() {
    let test = TestApp::new().await;
    let described = described(&test).await;
    let mut routed = BTreeSet::new();
    for text in sources(Path::new("src/api")) {
        assert!(!text.contains(".route(\"/api/v1"), "a route beside the description");
        for after in text.split("#[utoipa::path(").skip(1) {
            let method = after.trim_start().split(',').next().unwrap().to_uppercase();
            let path = after.split("path = \"").nth(1).unwrap().split('"').next().unwrap();
            routed.insert((method, path.replace("{*", "{")));
        }
    }
    assert_eq!(described, routed);
    assert!(described.len() > 90, "{}", described.len());
    let paths: BTreeSet<&String> = described.iter().map(|(_, path)| path).collect();
    for path in paths {
        let at = path.replace(['{', '}'], "");
        let response = loop {
            let sent = reqwest::Client::new().patch(format!("{}{at}", test.url)).send().await.unwrap();
            if sent.status() != StatusCode::TOO_MANY_REQUESTS {
                break sent;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        assert_eq!(response.status(), 405, "{path}");
        let allow = response.headers()["allow"].to_str().unwrap().to_owned();
        let mut allowed: BTreeSet<&str> = allow.split(',').map(str::trim).collect();
        allowed.remove("HEAD");
        let of_path = described.iter().filter(|(_, p)| p == path).map(|(method, _)| method.as_str());
        assert_eq!(allowed, of_path.collect(), "{path}");
    }
}

/// E3: one schema has one name, every reference leads somewhere, and refusals are problem details with gates.
#[tokio::test]
async fn e3_the_description_is_whole() {
    let test = TestApp::new().await;
    let (_, all) = read(reqwest::get(format!("{}/api/v1/openapi.json", test.url)).await.unwrap()).await;
    let text = all.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).map(|r| r.split('"').next().unwrap()) {
        assert!(all.pointer(reference).is_some(), "{reference} leads nowhere");
    }
    let problem = &all["components"]["schemas"]["Problem"];
    assert_eq!(problem["properties"]["gates"]["items"]["$ref"], "#/components/schemas/Gate");
    let names: Vec<String> = sources(Path::new("src/api"))
        .iter()
        .flat_map(|t| t.split("#[schema(as = ").skip(1).map(|a| a.split([')', ',']).next().unwrap().to_owned()))
        .collect();
    let once: BTreeSet<&String> = names.iter().collect();
    let twice: Vec<&&String> = once.iter().filter(|n| names.iter().filter(|m| *m == **n).count() > 1).collect();
    assert!(twice.is_empty(), "two schemas of one name: {twice:?}");
    let ids: Vec<&str> = text.split("\"operationId\":\"").skip(1).map(|i| i.split('"').next().unwrap()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "operations have ids of their own");
}

/// What a page's form does, and the door for it; without one, why there is none.
const DOORS: &[(&str, &str)] = &[
    ("/account/absences", "POST /api/v1/people/{person}/absences"),
    ("/account/absences/{absence}", "PUT /api/v1/people/{person}/absences/{absence}"),
    ("/account/absences/{absence}/remove", "DELETE /api/v1/people/{person}/absences/{absence}"),
    ("/account/accounts/{account}/remove", "DELETE /api/v1/people/{person}/accounts/{account}"),
    ("/account/conduct", "PUT /api/v1/me/conduct"),
    ("/account/details", "PUT /api/v1/me"),
    ("/account/feeds/make", "POST /api/v1/me/calendar"),
    ("/account/feeds/remove", "DELETE /api/v1/me/calendar"),
    ("/account/notifications/new", "POST /api/v1/me/channels"),
    ("/account/notifications/{channel}", "PUT /api/v1/me/channels/{channel}"),
    ("/account/notifications/{channel}/remove", "DELETE /api/v1/me/channels/{channel}"),
    ("/account/notifications/{channel}/test", "POST /api/v1/me/channels/{channel}/test"),
    ("/account/password", "none: a password is for signing in, which programs do by tokens"),
    ("/account/sessions/end", "DELETE /api/v1/me/sessions/{session}"),
    ("/account/sessions/end-others", "DELETE /api/v1/me/sessions"),
    ("/account/tokens/new", "POST /api/v1/me/tokens"),
    ("/account/tokens/{id}/revoke", "DELETE /api/v1/me/tokens/{token}"),
    ("/admin/forges/new", "POST /api/v1/forges"),
    ("/admin/forges/{id}/revoke", "DELETE /api/v1/forges/{id}"),
    ("/admin/groups/new", "POST /api/v1/groups"),
    ("/admin/groups/{id}/delete", "DELETE /api/v1/groups/{group}"),
    ("/admin/groups/{id}/notifications/new", "POST /api/v1/groups/{group}/channels"),
    ("/admin/groups/{id}/notifications/{channel}", "PUT /api/v1/groups/{group}/channels/{channel}"),
    ("/admin/groups/{id}/notifications/{channel}/remove", "DELETE /api/v1/groups/{group}/channels/{channel}"),
    ("/admin/groups/{id}/notifications/{channel}/test", "POST /api/v1/groups/{group}/channels/{channel}/test"),
    ("/admin/groups/{id}/put", "PUT /api/v1/groups/{group}/members/{person}"),
    ("/admin/groups/{id}/remove", "DELETE /api/v1/groups/{group}/members/{person}"),
    ("/admin/groups/{id}/rename", "PUT /api/v1/groups/{group}"),
    ("/admin/hosts/change", "PUT /api/v1/hosts/{host}"),
    ("/admin/hosts/remove", "DELETE /api/v1/hosts/{host}"),
    ("/admin/import", "POST /api/v1/imports"),
    ("/admin/import/{id}", "POST /api/v1/imports"),
    ("/admin/outbox/{message}/again", "POST /api/v1/outbox/{message}/again"),
    ("/admin/outbox/{message}/give-up", "POST /api/v1/outbox/{message}/give_up"),
    ("/admin/people/new", "POST /api/v1/people"),
    ("/admin/people/{id}", "PUT /api/v1/people/{person}"),
    ("/admin/people/{id}/accounts/{account}/remove", "DELETE /api/v1/people/{person}/accounts/{account}"),
    ("/admin/people/{id}/close", "POST /api/v1/people/{person}/close"),
    ("/admin/people/{id}/end-sessions", "DELETE /api/v1/people/{person}/sessions"),
    ("/admin/people/{id}/erase", "POST /api/v1/people/{person}/erasure"),
    ("/admin/people/{id}/invite", "POST /api/v1/people/{person}/invitation"),
    ("/admin/people/{id}/join", "PUT /api/v1/groups/{group}/members/{person}"),
    ("/admin/people/{id}/link", "POST /api/v1/people/{person}/logins"),
    ("/admin/people/{id}/one-person", "POST /api/v1/people/{person}/join"),
    ("/admin/people/{id}/reopen", "POST /api/v1/people/{person}/reopen"),
    ("/admin/servers/change", "PUT /api/v1/servers/{server}"),
    ("/admin/servers/environment", "PUT /api/v1/servers/{server}/environment"),
    ("/admin/servers/new", "POST /api/v1/servers"),
    ("/admin/servers/new-host", "POST /api/v1/hosts"),
    ("/admin/servers/remove", "DELETE /api/v1/servers/{server}"),
    ("/admin/tokens/new", "POST /api/v1/me/tokens"),
    ("/admin/tokens/{id}/revoke", "DELETE /api/v1/tokens/{token}"),
    ("/collectors/{name}/poll", "POST /api/v1/collectors/{collector}/polls"),
    ("/confirm/{secret}", "POST /api/v1/devices/{name}/commands"),
    ("/demo/sign-in", "none: signing in is for browsers"),
    ("/deployable", "POST /api/v1/devices/{name}/releases/{tag}/stages"),
    ("/deployments/{deployment}/report", "POST /api/v1/deployments/{deployment}/reports"),
    ("/devices/{name}/amend", "POST /api/v1/devices/{name}/commands"),
    ("/devices/{name}/releases/{tag}/stages", "POST /api/v1/devices/{name}/releases/{tag}/stages"),
    ("/devices/{name}/retests/{retest}", "POST /api/v1/retests/{retest}/results"),
    ("/devices/{name}/state-gone", "POST /api/v1/devices/{name}/sightings/gone"),
    ("/devices/{name}/state-seen", "POST /api/v1/devices/{name}/sightings"),
    ("/devices/{name}/{act}", "POST /api/v1/devices/{name}/commands"),
    ("/local-changes/new", "POST /api/v1/local-changes"),
    ("/local-changes/{change}/change", "PUT /api/v1/local-changes/{change}"),
    ("/local-changes/{change}/end", "POST /api/v1/local-changes/{change}/end"),
    ("/my/read", "PUT /api/v1/me/notices/read"),
    ("/people/{id}/absences", "POST /api/v1/people/{person}/absences"),
    ("/people/{id}/absences/{absence}", "PUT /api/v1/people/{person}/absences/{absence}"),
    ("/people/{id}/absences/{absence}/remove", "DELETE /api/v1/people/{person}/absences/{absence}"),
    ("/requests", "none: a draft is a form half filled in; programs send a request as a whole"),
    ("/requests/{id}/check", "POST /api/v1/devices"),
    ("/requests/{id}/delete", "none: a draft is a form half filled in"),
    ("/requests/{id}/{section}", "none: a draft is a form half filled in"),
    ("/rollouts/new", "POST /api/v1/rollouts"),
    ("/rollouts/{number}/amend", "PUT /api/v1/rollouts/{rollout}"),
    ("/rollouts/{number}/{act}", "POST /api/v1/rollouts/{rollout}/commands"),
    ("/setup/{secret}", "none: signing in is for browsers"),
    ("/shift/acknowledge", "POST /api/v1/shift/acknowledgements"),
    ("/shift/looked", "PUT /api/v1/shift/looked"),
    ("/sign-in", "none: signing in is for browsers"),
    ("/sign-out", "none: signing out is for browsers"),
    ("/theme", "none: how pages look in this browser"),
];

/// E3: whatever a page's form does, a program can do; what none can is named with its reason.
#[tokio::test]
async fn e3_what_pages_do_programs_can() {
    let test = TestApp::new().await;
    let described: BTreeSet<String> = described(&test).await.into_iter().map(|(m, p)| format!("{m} {p}")).collect();
    let forms: BTreeSet<String> = crate::authorisation::routes()
        .into_iter()
        .filter(|(path, method)| *method == "POST" && !path.starts_with("/api/"))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(forms, DOORS.iter().map(|(form, _)| (*form).to_owned()).collect());
    for (form, door) in DOORS {
        assert!(door.starts_with("none: ") || described.contains(*door), "{form}: there is no {door}");
    }
}

fn new_device(test: &TestApp, name: &str) -> Value {
    let version = test.app.policy.conduct.version;
    json!({ "application": application(test, name), "conduct": version, "agrees": true })
}

/// E3, A4, A8, A29: a device goes its way by the API alone; what is out of date, out of turn or smuggled in is refused.
#[tokio::test]
async fn e3_a_device_goes_its_way_by_the_api() {
    let test = TestApp::new().await;
    let (ilse, marek, lena) = (test.acts("ilse").await, test.acts("marek").await, test.acts("lena").await);
    let (status, said) = ilse.post("/devices", json!({ "application": {}, "conduct": 1, "agrees": true })).await;
    assert_eq!((status, said["code"].as_str()), (422, Some("other_shape")));
    let mut wrong = new_device(&test, "magnet");
    wrong["application"]["request"]["repository"] = json!("ext::sh -c whoami");
    let (status, said) = ilse.post("/devices", wrong).await;
    assert_eq!((status, said["errors"][0]["field"].as_str()), (422, Some("repository")), "A17: {said}");
    for (entry, value) in [("conduct", json!(999)), ("agrees", json!(false))] {
        let mut wrong = new_device(&test, "magnet");
        wrong[entry] = value;
        assert_eq!(ilse.post("/devices", wrong).await.1["errors"][0]["field"], entry);
    }
    let mut smuggled = new_device(&test, "magnet");
    smuggled["application"]["state"] = json!("ctrl_owned");
    assert_eq!(ilse.post("/devices", smuggled).await.0, 422, "A29");
    assert_eq!(ilse.get("/devices/magnet").await.0, 404, "nothing of it was kept");

    let sent = ilse.sends(Method::POST, "/devices", &[], Some(new_device(&test, "magnet"))).await;
    assert_eq!(sent.headers()["location"], "/api/v1/devices/magnet");
    assert_eq!(sent.headers()["etag"], "\"1\"");
    let (status, done) = read(sent).await;
    assert_eq!((status, done["state"].as_str(), done["revision"].as_u64()), (201, Some("requested"), Some(1)));
    assert_eq!(done["events"][0]["said"], "Ilse Hartmann asked to contribute magnet.");
    let (status, said) = ilse.post("/devices", new_device(&test, "magnet")).await;
    assert_eq!((status, said["errors"][0]["field"].as_str()), (422, Some("name")), "{said}");

    // What may be done, and what is in its way.
    let (_, open) = lena.get("/devices/magnet/commands").await;
    let names: Vec<&str> =
        open["commands"].as_array().unwrap().iter().map(|c| c["command"].as_str().unwrap()).collect();
    assert!(names.contains(&"take_request") && !names.contains(&"accept"), "{names:?}");
    let (status, said) = lena.does("magnet", json!({ "command": "accept" })).await;
    assert_eq!((status, said["code"].as_str()), (403, Some("not_yours")), "{said}");
    assert!(said["gates"].as_array().unwrap().iter().any(|g| g["met"] == false), "every gate is told");

    // Without a revision, with an old one, with something else.
    let path = "/devices/magnet/commands";
    let take = json!({ "command": "take_request" });
    let bare = lena.sends(Method::POST, path, &[], Some(take.clone())).await;
    assert_eq!(read(bare).await.0, 428);
    let odd = lena.sends(Method::POST, path, &[("if-match", "1")], Some(take.clone())).await;
    assert_eq!(read(odd).await.0, 422);
    lena.must("magnet", take.clone()).await;
    let old = [("if-match", "\"1\"")];
    let (status, said) =
        read(ilse.sends(Method::POST, path, &old, Some(json!({ "command": "raise_point", "text": "Which?" }))).await)
            .await;
    assert_eq!((status, said["code"].as_str()), (412, Some("stale")), "A4: {said}");
    assert_eq!(said["changes"][0]["said"], "Lena Brandt became its CTRL contact.");
    let any = [("if-match", "*")];
    let point = json!({ "command": "raise_point", "text": "Which filter?" });
    assert_eq!(read(ilse.sends(Method::POST, path, &any, Some(point)).await).await.0, 200);
    let accept = json!({ "command": "accept" });
    assert_eq!(
        read(lena.sends(Method::POST, path, &any, Some(accept.clone())).await).await.0,
        428,
        "it is decided by what was read"
    );
    for smuggled in [json!({ "command": "accept", "approved_by": "ravi" }), json!({ "command": "redeem_permit" })] {
        assert_eq!(lena.does("magnet", smuggled).await.0, 422, "A29");
    }
    for nobodys in [
        json!({ "command": "stay_in_development", "server": REDUCED, "tag": "1.0.0", "why": "so" }),
        json!({ "command": "submit", "application": application(&test, "magnet") }),
    ] {
        assert_eq!(lena.does("magnet", nobodys).await.0, 422);
    }
    let (status, said) = lena.does("magnet", accept.clone()).await;
    assert_eq!((status, said["code"].as_str()), (409, Some("gates_open")), "{said}");
    let taken_from = lena.does("magnet", json!({ "command": "start_development" })).await;
    assert_eq!(taken_from.0, 409, "A8");

    // What is clarified.
    assert_eq!(marek.sends(Method::PUT, "/me/conduct", &[], None).await.status(), 204);
    marek.must("magnet", json!({ "command": "confirm_contact" })).await;
    let (_, discussion) = lena.get("/devices/magnet/discussion").await;
    let points = discussion["points"].as_array().unwrap().clone();
    assert_eq!(points.last().unwrap()["raised"]["text"], "Which filter?");
    for point in points {
        lena.must("magnet", json!({ "command": "sign_off_point", "point": point["point"] })).await;
    }
    lena.must("magnet", accept).await;
    assert_eq!(test.device("magnet").await.state.name(), StateName::Accepted);
    // The way on is the same.
    lena.must("magnet", json!({ "command": "assign_server", "server": REDUCED })).await;
    ilse.must("magnet", json!({ "command": "commit_to_updates" })).await;
    lena.must("magnet", json!({ "command": "grant_access", "person": test.person("ilse") })).await;
    let topics: Vec<&String> = test.app.policy.training.topics.iter().map(|t| &t.id).collect();
    lena.must("magnet", json!({ "command": "record_training", "person": test.person("ilse"), "topics": topics })).await;
    lena.must("magnet", json!({ "command": "declare_framework", "modified": false })).await;
    lena.must("magnet", json!({ "command": "start_development" })).await;
    ilse.must(
        "magnet",
        json!({ "command": "state_operated", "from": "2026-11-01", "to": "2026-11-03", "instrument": "SCS", "text": "It worked." }),
    )
    .await;
    test.acts("noor").await.must("magnet", json!({ "command": "countersign" })).await;
    ilse.must("magnet", json!({ "command": "request_transfer" })).await;
    ilse.must("magnet", json!({ "command": "propose_commit", "commit": test.commit_of("1.0.0") })).await;
    // A1, A2: a token is no second person.
    let (status, said) = ilse.does("magnet", json!({ "command": "approve", "commit": test.commit_of("1.0.0") })).await;
    assert_eq!((status, said["code"].as_str()), (403, Some("self_approval")), "{said}");
    let ravi = test.acts("ravi").await;
    ravi.must("magnet", json!({ "command": "raise_finding", "place": "", "text": "No limit." })).await;
    let (_, review) = ravi.get("/devices/magnet/review").await;
    assert_eq!(review["findings"][0]["state"], "open");
    assert_eq!(review["checklist"][0]["state"], "missing");
    let (_, history) = ravi.get("/devices/magnet/history").await;
    assert_eq!(history["records"][0]["what"], "finding_raised");
    // N5: a shut-down is never out of date.
    let down = json!({ "command": "shut_down", "reason": "It floods the broker.", "affected": "SCS",
        "responsible": test.person("ilse"), "conditions": "A limit." });
    assert_eq!(read(lena.sends(Method::POST, path, &[], Some(down)).await).await.0, 200);
}

/// E1, A2, A6, A31: everybody makes tokens that read, or do, what they may; with their rights at the time, until they end.
#[tokio::test]
async fn e1_a_token_is_as_wide_as_its_maker() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let (reads, acts) = (test.reads("noor").await, test.acts("noor").await);
    assert_eq!(reads.get("/me").await.1["name"], "Noor El-Amin");
    let host = json!({ "name": "exflcon01", "class": "reduced" });
    let (status, said) = reads.post("/hosts", host.clone()).await;
    assert_eq!((status, said["code"].as_str()), (403, Some("other_scope")), "{said}");
    let (status, said) = acts.post("/hosts", host.clone()).await;
    assert_eq!((status, said["code"].as_str()), (403, Some("not_yours")), "{said}");
    let observes = test.program("lena", TokenScope::Observe(REDUCED.into())).await;
    for path in ["/me", "/people", "/events", "/devices/magnet/commands"] {
        assert_eq!(observes.get(path).await.0, 403, "{path}: an agent's token reads nothing else");
        assert_eq!(reads.get(path).await.0, 200, "{path}");
    }
    for path in ["/groups", "/outbox", "/tokens", "/forges"] {
        assert_eq!(reads.get(path).await.0, 403, "{path}");
    }
    assert_eq!(acts.post("/observations", json!({ "observations": [] })).await.0, 403, "A24: agents alone observe");

    // A6: made an administrator, and no longer one: the same token.
    let ada = test.acts("ada").await;
    let (_, all) = ada.get("/groups").await;
    let admins = all["groups"].as_array().unwrap().iter().find(|g| g["kind"] == "admin").unwrap()["id"].clone();
    let member = format!("/groups/{}/members/{}", admins.as_str().unwrap(), test.person("noor"));
    assert_eq!(ada.put(&member, json!({})).await.0, 200);
    assert_eq!(acts.post("/hosts", host.clone()).await.0, 201);
    assert_eq!(ada.delete(&member).await.0, 204);
    assert_eq!(acts.post("/hosts", json!({ "name": "exflcon02", "class": "full" })).await.0, 403);

    // Its own kind, and CTRL's.
    let new = |scope: &str| json!({ "name": "notebook", "scope": scope, "days": 7 });
    let (status, made) = acts.post("/me/tokens", new("read")).await;
    assert!(status == 201 && made["secret"].as_str().unwrap().starts_with("custody_"), "{made}");
    assert_eq!(acts.post("/me/tokens", new("deploy")).await.0, 403);
    assert_eq!(acts.post("/me/tokens", new("everything")).await.0, 422);
    assert_eq!(reads.post("/me/tokens", new("admin")).await.0, 403, "one that reads makes none");
    // A31: none that does as much would go on after its end.
    for scope in ["admin", "deploy"] {
        let (status, said) = ada.post("/me/tokens", new(scope)).await;
        assert_eq!((status, &said["code"]), (403, &json!("not_yours")), "{said}");
    }
    let (_, own) = reads.get("/me/tokens").await;
    assert!(!own.to_string().contains(made["secret"].as_str().unwrap()), "shown once");
    assert_eq!(own["tokens"].as_array().unwrap().len(), 3);
    let again =
        Program { url: test.url.clone(), secret: made["secret"].as_str().unwrap().to_owned(), id: String::new() };
    assert_eq!(again.get("/me").await.0, 200);
    assert_eq!(acts.delete(&format!("/me/tokens/{}", made["id"].as_str().unwrap())).await.0, 204);
    assert_eq!(again.get("/me").await.0, 401, "revoked");
    assert_eq!(acts.delete(&format!("/me/tokens/{}", ada.id)).await.0, 404, "another's is not one's own");
    assert_eq!(ada.delete(&format!("/tokens/{}", acts.id)).await.0, 204);
    assert_eq!(acts.get("/me").await.0, 401);

    // A31: the person is disabled.
    let path = format!("/people/{}/close", test.person("noor"));
    assert_eq!(ada.sends(Method::POST, &path, &[], None).await.status(), 204);
    assert_eq!(reads.get("/me").await.0, 401);
    test.advance(chrono::Duration::days(31));
    assert_eq!(ada.get("/me").await.0, 401, "expired");
}

/// A31: what was on its way when its token ended comes to nothing, however late the rest of it comes.
#[tokio::test]
async fn a31_a_body_that_comes_after_its_token_has_ended() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let test = TestApp::new().await;
    let noor = test.acts("noor").await;
    let body = json!({ "name": "the next one", "scope": "read", "days": 366 }).to_string();
    let (begun, rest) = body.split_at(10);
    let (secret, length) = (&noor.secret, body.len());
    let head = format!(
        "POST /api/v1/me/tokens HTTP/1.1\r\nHost: custody\r\nAuthorization: Bearer {secret}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\
         Connection: close\r\n\r\n"
    );
    let mut stream = tokio::net::TcpStream::connect(test.url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    // The token was looked at, and the body is waited for: for more than a second.
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(begun.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    tokens::revoke_own(&test.app, &test.caller("noor"), &noor.id).await.unwrap();
    stream.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert_eq!(tokens::list_own(&test.app, test.person("noor")).await.unwrap().len(), 1, "none was made by it");
}

/// E1: the page of one's own tokens makes one; what it cannot make stays typed.
#[tokio::test]
async fn e1_the_page_makes_ones_own_tokens() {
    let test = TestApp::new().await;
    let noor = test.browser("noor").await;
    assert!(noor.page("/account/tokens/new").await.contains("Do what I may do"));
    let wrong = noor.post("/account/tokens/new", &[("name", "my notebook"), ("scope", "deploy"), ("days", "7")]).await;
    assert_eq!(wrong.status(), 422);
    assert!(wrong.text().await.unwrap().contains("value=\"my notebook\""));
    let made = noor.post("/account/tokens/new", &[("name", "my notebook"), ("scope", "read"), ("days", "7")]).await;
    assert_eq!(made.status(), 200);
    let page = made.text().await.unwrap();
    let secret = format!("custody_{}", page.split("custody_").nth(1).unwrap().split(['<', '"']).next().unwrap());
    let program = Program { url: test.url.clone(), secret, id: String::new() };
    assert_eq!(program.get("/me").await.1["name"], "Noor El-Amin");
    assert!(noor.page("/account/tokens").await.contains("Reads as its maker"));
    assert!(noor.page("/api/docs").await.contains("/api/docs/devices"));
    assert!(noor.page("/api/docs/devices").await.contains("raise_reservation"));
}

/// F3: the same key and request is answered the same and done once; another request under the key is refused.
#[tokio::test]
async fn f3_a_repetition_is_answered_and_not_done_again() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let ada = test.acts("ada").await;
    let send = async |path: &str, key: &str, body: Value| {
        let sent = ada.sends(Method::POST, path, &[("idempotency-key", key)], Some(body)).await;
        let again = sent.headers().contains_key("idempotency-replayed");
        let headers = sent.headers().get("location").cloned();
        (read(sent).await, headers, again)
    };
    let person = |name: &str| json!({ "name": name, "email": format!("{name}@example.org").replace(' ', ".") });
    let first = send("/people", "k1", person("Vera Klein")).await;
    assert_eq!((first.0.0, first.2), (201, false), "{first:?}");
    let second = send("/people", "k1", person("Vera Klein")).await;
    assert_eq!((&second.0, &second.1, second.2), (&first.0, &first.1, true), "the same answer");
    let other = send("/people", "k1", person("Olaf Klein")).await;
    assert_eq!((other.0.0, other.0.1["code"].as_str()), (422, Some("key_reused")));
    assert_eq!(send("/hosts", "k1", person("Vera Klein")).await.0.0, 422, "another address is another request");
    let (_, found) = ada.get("/people?named=klein").await;
    assert_eq!(found["people"].as_array().unwrap().len(), 1, "once");

    // What was refused changed nothing, and may be asked again.
    let taken = json!({ "name": "Somebody", "email": "vera.klein@example.org" });
    assert_eq!(send("/people", "k2", taken.clone()).await.0.0, 422);
    let (again, _, replayed) = send("/people", "k2", taken).await;
    assert_eq!((again.0, replayed), (422, false));
    // Another person's key is another key.
    let lena = test.acts("lena").await;
    let days = json!({ "from": "2026-12-01", "until": "2026-12-03" });
    let path = format!("/people/{}/absences", test.person("lena"));
    for _ in 0..2 {
        let sent = lena.sends(Method::POST, &path, &[("idempotency-key", "k1")], Some(days.clone())).await;
        assert_eq!(read(sent).await.0, 201);
    }
    // A secret is shown once: it is kept nowhere.
    let token = json!({ "name": "notebook", "scope": "read", "days": 7 });
    assert_eq!(send("/me/tokens", "k3", token.clone()).await.0.0, 201);
    let again = send("/me/tokens", "k3", token).await;
    assert_eq!((again.0.0, again.0.1["code"].as_str()), (409, Some("shown_once")));
    let (_, own) = ada.get("/me/tokens").await;
    assert_eq!(own["tokens"].as_array().unwrap().len(), 2, "once");
    // A command too, however often it comes, and at the same time.
    let raised = || async {
        let headers = [("idempotency-key", "k4"), ("if-match", "*")];
        let point = json!({ "command": "raise_point", "text": "Which filter?" });
        read(lena.sends(Method::POST, "/devices/magnet/commands", &headers, Some(point)).await).await
    };
    let before = test.device("magnet").await.revision;
    let at_once = futures_util::future::join_all((0..8).map(|_| raised())).await;
    assert!(at_once.iter().all(|(s, b)| *s == 200 || b["code"] == "under_way"), "{at_once:?}");
    assert_eq!(raised().await.0, 200);
    assert_eq!(test.device("magnet").await.revision, before + 1, "once");
    for key in ["", &"k".repeat(201)] {
        assert_eq!(send("/people", key, person("Nobody")).await.0.0, 422, "{key}");
    }
}

/// F3: what puts and what removes is done once too: whoever asks again is told what the first did, and what somebody else
/// did meanwhile stays.
#[tokio::test]
async fn f3_a_put_and_a_delete_are_done_once() {
    let test = TestApp::new().await;
    let ada = test.acts("ada").await;
    let host = json!({ "name": "exflcon07", "class": "reduced" });
    assert_eq!(ada.post("/hosts", host.clone()).await.0, 201);
    let send = async |method: Method, key: &str, body: Option<Value>| {
        let sent = ada.sends(method, "/hosts/exflcon07", &[("idempotency-key", key)], body).await;
        let (again, etag) = (sent.headers().contains_key("idempotency-replayed"), sent.headers().get("etag").cloned());
        (read(sent).await, etag, again)
    };
    let there = async || {
        let (_, page) = ada.get("/hosts?after=exflcon06&limit=1").await;
        (page["hosts"][0]["name"].clone(), page["hosts"][0]["note"].clone())
    };
    let note = |rack: &str| Some(json!({ "note": rack }));
    let (first, etag, again) = send(Method::PUT, "k1", note("rack 4")).await;
    assert_eq!((first.0, &first.1["note"], etag.is_some(), again), (200, &json!("rack 4"), true, false));
    assert_eq!(send(Method::PUT, "k2", note("rack 5")).await.0.0, 200);
    assert_eq!(send(Method::PUT, "k1", note("rack 4")).await, (first, etag, true), "the same answer");
    assert_eq!(there().await, (json!("exflcon07"), json!("rack 5")), "and nothing was done");
    assert_eq!(send(Method::PUT, "k1", note("rack 6")).await.0.1["code"], "key_reused");

    assert_eq!(send(Method::DELETE, "k3", None).await, ((204, Value::Null), None, false));
    assert_eq!(send(Method::DELETE, "k3", None).await, ((204, Value::Null), None, true), "not that it is nowhere");
    assert_eq!(ada.post("/hosts", host).await.0, 201);
    assert_eq!(send(Method::DELETE, "k3", None).await, ((204, Value::Null), None, true));
    assert_eq!(there().await.0, "exflcon07", "what was put there since stays");
    assert_eq!(send(Method::DELETE, "k4", None).await.0.0, 204);
    assert_eq!(send(Method::DELETE, "k5", None).await.0.0, 404);
}

/// F3: what was cut off by the end of Custody is not done again by guessing; where its service knows the key, it is
/// answered.
#[tokio::test]
async fn f3_what_was_cut_off_is_told() {
    use custody::service::answers::{Claim, claim};
    let test = TestApp::new().await;
    let claims = async |repeats| claim(&test.app, test.person("ada"), "k", "digest", repeats).await.unwrap();
    assert_eq!(claims(false).await, Claim::First);
    assert_eq!(claims(false).await, Claim::UnderWay);
    test.advance(chrono::Duration::seconds(61));
    assert_eq!(claims(false).await, Claim::CutOff);
    assert_eq!(claims(true).await, Claim::First);
    assert_eq!(claims(true).await, Claim::UnderWay);
}

/// F3: of two that worked on the same, as the first was slow, the answer that was given first is the one.
#[tokio::test]
async fn f3_the_first_answer_counts() {
    use custody::service::answers::{Answer, Came, Claim, claim, settle};
    let test = TestApp::new().await;
    let claims = async || claim(&test.app, test.person("ada"), "k", "digest", true).await.unwrap();
    let settles = async |came| settle(&test.app, test.person("ada"), "k", came).await.unwrap();
    let said = |body: &str| Answer { status: 200, headers: "{}".to_owned(), body: Some(body.to_owned()) };
    assert_eq!(claims().await, Claim::First);
    assert_eq!(settles(Came::Done(said("the first"))).await, None);
    assert_eq!(settles(Came::Done(said("another"))).await, Some(said("the first")));
    assert_eq!(settles(Came::ToNothing).await, Some(said("the first")), "and is not given back");
    assert_eq!(claims().await, Claim::Known(said("the first")));
}

/// F3, F6: what failed in the middle may have been done: it is not done again under its key by guessing.
#[tokio::test]
async fn f3_what_failed_in_the_middle_is_not_done_again() {
    let test = TestApp::new().await;
    let ada = test.acts("ada").await;
    let token = json!({ "name": "notebook", "scope": "read", "days": 7 });
    let send = async || {
        let headers = [("idempotency-key", "k1")];
        read(ada.sends(Method::POST, "/me/tokens", &headers, Some(token.clone())).await).await
    };
    let run = async |sql: &str| {
        let tx = test.app.db.begin().await.unwrap();
        tx.execute_unprepared(sql).await.unwrap();
        tx.commit().await.unwrap();
    };
    run("ALTER TABLE journal RENAME TO journal_away").await;
    assert_eq!(send().await.0, 500);
    run("ALTER TABLE journal_away RENAME TO journal").await;
    for _ in 0..2 {
        let (status, answer) = send().await;
        assert_eq!((status, answer["code"].as_str()), (409, Some("outcome_unknown")), "{answer}");
    }
    let (_, own) = ada.get("/me/tokens").await;
    assert_eq!(own["tokens"].as_array().unwrap().len(), 1, "the one that asks");
}

/// F3: a PUT or a DELETE that a proxy sends a second time, as the replica that did it was killed over its answer, is not done
/// again: who said what they decided by is shown what they asked for, under a key it is not known, and nothing is left to
/// remove.
#[tokio::test]
async fn f3_a_put_that_is_sent_again_is_told() {
    let test = TestApp::new().await;
    let ada = test.acts("ada").await;
    assert_eq!(ada.post("/hosts", json!({ "name": "exflcon07", "class": "reduced" })).await.0, 201);
    let send = async |headers: &[(&str, &str)], rack: &str| {
        let sent = ada.sends(Method::PUT, "/hosts/exflcon07", headers, Some(json!({ "note": rack }))).await;
        let etag = sent.headers().get("etag").map(|e| e.to_str().unwrap().to_owned());
        (read(sent).await, etag.unwrap_or_default())
    };
    let (_, seen) = send(&[], "rack 4").await;
    let headers = [("if-match", seen.as_str()), ("idempotency-key", "k1")];
    assert_eq!(send(&headers, "rack 5").await.0.0, 200);
    let tx = test.app.db.begin().await.unwrap();
    tx.execute_unprepared("UPDATE given_answer SET status = NULL, body = NULL").await.unwrap();
    tx.commit().await.unwrap();
    let ((status, said), _) = send(&headers[..1], "rack 5").await;
    assert_eq!((status, &said["now"]["note"]), (412, &json!("rack 5")), "{said}");
    test.advance(chrono::Duration::seconds(61));
    let ((status, said), _) = send(&headers, "rack 5").await;
    assert_eq!((status, said["code"].as_str()), (409, Some("outcome_unknown")), "{said}");
    assert_eq!(ada.delete("/hosts/exflcon07").await.0, 204);
    assert_eq!(ada.delete("/hosts/exflcon07").await.0, 404);
}

/// F3: a renewed token repeats what the one before asked for; one that may do less is shown nothing of it.
#[tokio::test]
async fn f3_a_renewed_token_is_answered_the_same() {
    let test = TestApp::new().await;
    let (one, renewed, less) = (test.acts("ada").await, test.acts("ada").await, test.reads("ada").await);
    let vera = json!({ "name": "Vera Klein", "email": "vera@example.org" });
    let send = async |by: &Program, body: &Value| {
        let sent = by.sends(Method::POST, "/people", &[("idempotency-key", "k1")], Some(body.clone())).await;
        (sent.headers().contains_key("idempotency-replayed"), read(sent).await)
    };
    let (_, first) = send(&one, &vera).await;
    assert_eq!(first.0, 201);
    assert_eq!(send(&renewed, &vera).await, (true, first));
    let (_, other) = send(&renewed, &json!({ "name": "Olaf Klein", "email": "olaf@example.org" })).await;
    assert_eq!((other.0, other.1["code"].as_str()), (422, Some("key_reused")));
    let (_, refused) = send(&less, &vera).await;
    assert_eq!((refused.0, refused.1["code"].as_str()), (422, Some("key_reused")));
}

/// F3: whoever asks again does not wait for one that was killed over it: its service knows the key.
#[tokio::test]
async fn f3_a_repetition_outlives_whoever_was_killed() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let lena = test.acts("lena").await;
    let raised = || async {
        let headers = [("idempotency-key", "k1"), ("if-match", "*")];
        let point = json!({ "command": "raise_point", "text": "Which filter?" });
        read(lena.sends(Method::POST, "/devices/magnet/commands", &headers, Some(point)).await).await
    };
    let before = test.device("magnet").await.revision;
    assert_eq!(raised().await.0, 200);
    // Killed before it could keep its answer.
    let tx = test.app.db.begin().await.unwrap();
    tx.execute_unprepared("UPDATE given_answer SET status = NULL, body = NULL").await.unwrap();
    tx.commit().await.unwrap();
    let (status, answer) = raised().await;
    assert_eq!((status, answer["revision"].as_u64()), (200, Some(before + 1)), "{answer}");
    assert_eq!(test.device("magnet").await.revision, before + 1, "once");
}

/// E2, A28: events in their order, page by page; of the rest of the journal each sees their own, administrators all.
#[tokio::test]
async fn a28_events_are_those_that_one_may_see() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let (noor, ada) = (test.reads("noor").await, test.reads("ada").await);
    custody::service::conduct::accept(&test.app, &test.caller("otto"), test.person("otto")).await.unwrap();
    custody::service::conduct::accept(&test.app, &test.caller("noor"), test.person("noor")).await.unwrap();
    let streams = |page: &Value| -> Vec<String> {
        page["events"].as_array().unwrap().iter().map(|e| e["stream"].as_str().unwrap().to_owned()).collect()
    };
    let (_, hers) = noor.get("/events").await;
    let (_, all) = ada.get("/events").await;
    let own = format!("person/{}", test.person("noor"));
    let others = format!("person/{}", test.person("otto"));
    assert!(streams(&hers).contains(&own) && !streams(&hers).contains(&others));
    assert!(!streams(&hers).iter().any(|s| s.starts_with("token/")), "A28");
    assert!(streams(&all).contains(&others) && streams(&all).iter().any(|s| s.starts_with("token/")));
    let submitted = hers["events"].as_array().unwrap().iter().find(|e| e["what"] == "submitted").unwrap();
    assert_eq!(submitted["said"], "Ilse Hartmann asked to contribute magnet.");
    assert_eq!(submitted["device"], "magnet");

    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let (_, page) = noor.get(&format!("/events?after={after}&limit=1")).await;
        seen.extend(page["events"].as_array().unwrap().iter().map(|e| e["seq"].as_i64().unwrap()));
        after = page["next"].as_i64().unwrap();
        if page["more"] == false {
            break;
        }
    }
    let whole: Vec<i64> = hers["events"].as_array().unwrap().iter().map(|e| e["seq"].as_i64().unwrap()).collect();
    assert_eq!(seen, whole);
    for wrong in ["after=-1", "limit=0", "limit=201", "after=x", "before=1"] {
        assert_eq!(noor.get(&format!("/events?{wrong}")).await.0, 422, "{wrong}");
    }
}

/// E2, F12: whoever read further than the journal goes, as an older back-up was restored, is told by the list and by the
/// stream, and misses nothing that comes under the same numbers. Whoever read to its end is not.
#[tokio::test]
async fn f12_who_read_further_than_the_journal_goes_is_told() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let noor = test.reads("noor").await;
    let end = custody::service::events::newest(&test.app).await.unwrap();
    let (at_end, beyond) = (end.to_string(), (end + 1).to_string());
    let open = async |path: String, headers: &[(&str, &str)]| noor.sends(Method::GET, &path, headers, None).await;
    for answer in [
        open(format!("/events?after={beyond}"), &[]).await,
        open(format!("/events/stream?after={beyond}"), &[]).await,
        open(format!("/events/stream?after={at_end}"), &[("last-event-id", beyond.as_str())]).await,
    ] {
        let (status, said) = read(answer).await;
        assert_eq!((status, said["code"].as_str()), (409, Some("journal_ends")), "{said}");
        assert!(said["detail"].as_str().unwrap().starts_with(&format!("The journal ends at {end}: ")), "{said}");
    }
    let (status, page) = noor.get(&format!("/events?after={at_end}")).await;
    assert_eq!((status, page), (200, json!({ "events": [], "next": end, "more": false })));
    let mut stream = open(format!("/events/stream?after={at_end}"), &[]).await;
    assert_eq!(stream.status(), 200);
    test.does("ilse", "magnet", Command::RaisePoint { text: "Which filter?".to_owned() }).await.unwrap();
    assert!(next_event(&mut stream).await.unwrap().0 > end);
}

/// E2: from where something was done is read by administrators and CTRL, and with it everything that a hash covers: who
/// reads all of it follows the chain. Others read the rest.
#[tokio::test]
async fn e2_events_say_from_where_and_can_be_followed() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let (noor, lena, ada) = (test.reads("noor").await, test.reads("lena").await, test.reads("ada").await);
    let (mut after, mut previous) = (0, "0".repeat(64));
    loop {
        let (_, page) = ada.get(&format!("/events?after={after}&limit=5")).await;
        for e in page["events"].as_array().unwrap() {
            assert_eq!(e["previous"], previous.as_str());
            let covered = ["seq", "stream", "revision", "at", "by", "origin", "what", "body", "previous"];
            let covered = Value::from(covered.map(|part| e[part].clone()).to_vec()).to_string();
            previous = format!("{:x}", Sha256::digest(covered));
            assert_eq!(e["hash"], previous.as_str(), "{e}");
        }
        after = page["next"].as_i64().unwrap();
        if page["more"] == false {
            break;
        }
    }
    let submitted = async |who: &Program| {
        let (_, page) = who.get("/events").await;
        page["events"].as_array().unwrap().iter().find(|e| e["what"] == "submitted").unwrap().clone()
    };
    let (hers, theirs) = (submitted(&noor).await, submitted(&lena).await);
    assert_eq!(theirs["origin"], "test");
    assert!(hers["origin"].is_null() && hers["body"].is_null() && hers["data"].is_object(), "{hers}");
    assert_eq!(hers["hash"], theirs["hash"]);

    let first = async |who: &Program| who.get("/devices/magnet/history").await.1["records"][0]["origin"].clone();
    assert_eq!(
        (first(&lena).await, first(&ada).await, first(&noor).await),
        ("test".into(), "test".into(), Value::Null)
    );
    let signed_out = test.stranger().page("/api/v1/devices/magnet/history").await;
    assert!(signed_out.contains("\"origin\":null"), "{signed_out}");
    let page = "/devices/magnet/history";
    assert!(test.browser("lena").await.page(page).await.contains("from test<"));
    assert!(!test.browser("noor").await.page(page).await.contains("from test<"));
    let list = "/devices/magnet/history.csv";
    assert!(test.browser("ada").await.page(list).await.contains("\"from\""));
    assert!(!test.stranger().page(list).await.contains("\"from\""));
}

/// What a stream sends next that is no comment.
async fn next_event(stream: &mut Response) -> Option<(i64, Value)> {
    let heard = async {
        while let Some(chunk) = stream.chunk().await.ok()? {
            let text = String::from_utf8(chunk.to_vec()).unwrap();
            if let Some(rest) = text.strip_prefix("id: ") {
                let (id, data) = rest.split_once("\ndata: ").unwrap();
                return Some((id.parse().unwrap(), serde_json::from_str(data.split("\n\n").next().unwrap()).unwrap()));
            }
        }
        None
    };
    tokio::time::timeout(PATIENCE, heard).await.expect("the stream goes on")
}

/// E2, A31, A35: what happens comes by the stream; who comes back misses nothing; whose token ended hears no more; there
/// are so many of them.
#[tokio::test]
async fn a35_events_come_as_a_stream() {
    let test = TestApp::with_policy(&crate::given::policy_with("[board]\nstreams_each = 2\n")).await;
    test.requested("magnet").await;
    let noor = test.reads("noor").await;
    let open = async |headers: &[(&str, &str)]| noor.sends(Method::GET, "/events/stream", headers, None).await;
    let mut stream = open(&[]).await;
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    test.does("ilse", "magnet", Command::RaisePoint { text: "Which\nfilter?".to_owned() }).await.unwrap();
    let (id, event) = next_event(&mut stream).await.unwrap();
    assert_eq!((event["what"].as_str(), event["seq"].as_i64()), (Some("point_raised"), Some(id)));
    let before = (id - 1).to_string();
    let mut again = open(&[("last-event-id", before.as_str())]).await;
    assert_eq!(next_event(&mut again).await.unwrap().0, id, "nothing is missed");
    assert_eq!(open(&[]).await.status(), 429, "A35");
    assert_eq!(read(open(&[("last-event-id", "x")]).await).await.0, 422);
    tokens::revoke(&test.app, &test.caller("ada"), &noor.id).await.unwrap();
    test.does("ilse", "magnet", Command::RaisePoint { text: "And where?".to_owned() }).await.unwrap();
    assert!(next_event(&mut stream).await.is_none() && next_event(&mut again).await.is_none(), "A31");
}

/// E1, E3, H1, A23: people, groups, hosts, servers and forges by the API, for administrators alone.
#[tokio::test]
async fn e3_an_administrator_keeps_house_by_the_api() {
    let test = TestApp::new().await;
    let (ada, lena) = (test.acts("ada").await, test.acts("lena").await);
    let (status, vera) = ada.post("/people", json!({ "name": "Vera Klein", "email": "vera@example.org" })).await;
    assert_eq!(status, 201, "{vera}");
    let vera = format!("/people/{}", vera["id"].as_str().unwrap());
    let details = json!({ "name": "Vera Klein", "email": "vera@example.org", "phone": "+49 40 66969 555",
        "time_zone": "Europe/Berlin", "commit_emails": ["vk@example.org"] });
    assert_eq!(ada.put(&vera, details).await.1["commit_emails"], json!(["vk@example.org"]));
    assert_eq!(lena.get(&vera).await.0, 403);
    let (status, link) = ada.post(&format!("{vera}/logins"), json!({ "login": "vera" })).await;
    assert!(status == 200 && link["link"].as_str().unwrap().contains("/setup/"), "{link}");
    assert_eq!(ada.post(&format!("{vera}/logins"), json!({ "login": "otto" })).await.1["errors"][0]["field"], "take");
    let (status, link) = read(ada.sends(Method::POST, &format!("{vera}/invitation"), &[], None).await).await;
    assert!(status == 201 && link["link"].as_str().unwrap().contains("/setup/"), "{link}");

    let (status, group) = ada.post("/groups", json!({ "name": "Optics", "kind": "contributors" })).await;
    assert_eq!(status, 201, "{group}");
    assert_eq!(ada.post("/groups", json!({ "name": "Odd", "kind": "kings" })).await.0, 422);
    let place = format!("/groups/{}", group["id"].as_str().unwrap());
    let member = format!("{place}/members/{}", test.person("noor"));
    assert_eq!(ada.put(&member, json!({})).await.1["members"][0]["person"]["name"], "Noor El-Amin");
    assert_eq!(lena.put(&member, json!({})).await.0, 403);
    assert_eq!(ada.get(&format!("{place}/channels")).await.1, json!({ "channels": [] }));

    let (status, _) = ada.post("/hosts", json!({ "name": "exflcon07", "class": "reduced" })).await;
    assert_eq!(status, 201);
    let server = |name: &str| json!({ "name": name, "host": "exflcon07", "instrument": "SCS" });
    assert_eq!(ada.post("/servers", server("cppServer/contrib_scs_07")).await.1["class"], "reduced");
    assert_eq!(ada.post("/servers", server("cppServer/ctrl_scs_07")).await.0, 422, "A23");
    let to = json!({ "environment": "production" });
    let (status, moved) = ada.put("/servers/cppServer%2Fcontrib_scs_07/environment", to).await;
    assert_eq!((status, moved["environment"].as_str()), (200, Some("production")));
    assert_eq!(lena.get("/servers?host=exflcon07").await.1["servers"].as_array().unwrap().len(), 1);
    assert_eq!(lena.get("/hosts").await.1["hosts"].as_array().unwrap().len(), 3);

    let (status, forge) =
        ada.post("/forges", json!({ "name": "git.example.org", "forge": "gitlab", "covers": "git.example.org" })).await;
    assert!(status == 201 && !forge["secret"].as_str().unwrap().is_empty(), "{forge}");
    assert!(!ada.get("/forges").await.1.to_string().contains(forge["secret"].as_str().unwrap()));
    assert_eq!(ada.delete(&format!("/forges/{}", forge["id"].as_str().unwrap())).await.0, 204);
    assert_eq!(ada.get("/outbox").await.0, 200);
    assert_eq!(lena.get("/orphans").await.1["orphans"], json!([]));
    assert_eq!(lena.get("/reviews").await.0, 200);
    assert_eq!(lena.get("/me/work").await.0, 200);
    assert_eq!(lena.get("/policy").await.1["conduct"]["version"], test.app.policy.conduct.version);
    assert_eq!(groups::list(&test.app).await.unwrap().0.iter().filter(|g| g.name == "Optics").count(), 1);
}

/// H8: the shift acknowledges by the API, each for themselves.
#[tokio::test]
async fn h8_the_shift_acknowledges_by_the_api() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let (otto, lena) = (test.acts("otto").await, test.acts("lena").await);
    let (_, page) = otto.get("/shift").await;
    let seqs: Vec<i64> = page["waiting"].as_array().unwrap().iter().map(|c| c["seq"].as_i64().unwrap()).collect();
    assert!(!seqs.is_empty());
    assert_eq!(lena.post("/shift/acknowledgements", json!({ "changes": seqs })).await.0, 403);
    assert_eq!(otto.post("/shift/acknowledgements", json!({ "changes": [] })).await.0, 422);
    let too_many: Vec<i64> = (0..70_000).collect();
    assert_eq!(otto.post("/shift/acknowledgements", json!({ "changes": too_many })).await.0, 422);
    assert_eq!(otto.post("/shift/acknowledgements", json!({ "changes": seqs })).await.1["new"], seqs.len());
    assert_eq!(otto.post("/shift/acknowledgements", json!({ "changes": seqs })).await.1["new"], 0);
    assert_eq!(otto.get("/shift").await.1["waiting"], json!([]));
    assert_eq!(otto.put("/shift/looked", json!({ "seq": seqs[0] })).await.0, 204);
}

/// H8, E3: who of the shift knew what is read by programs as on the page and in its file, page by page; and so is what is
/// new to oneself.
#[tokio::test]
async fn h8_the_record_of_the_shift_is_in_the_api() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let stop = Command::ShutDown {
        reason: "It floods the broker.".to_owned(),
        affected: "The broker.".to_owned(),
        responsible: test.person("jonas"),
        conditions: "A limit.".to_owned(),
    };
    test.advance(chrono::Duration::days(1));
    test.does("jonas", "magnet", stop).await.unwrap();
    let otto = test.acts("otto").await;
    let (_, record) = otto.get("/shift/record").await;
    let changes = record["changes"].as_array().unwrap().clone();
    assert_eq!((changes.len(), &record["next"]), (2, &Value::Null));
    assert!(changes.iter().all(|c| c["acknowledged_at"].is_null()), "{record}");
    assert_eq!(changes[0]["to"], "shut_down");
    let (newest, oldest) = (&changes[0]["seq"], &changes[1]["seq"]);

    let looked = async || otto.get("/shift/looked").await.1;
    let (before, seen) = (looked().await, json!({ "seq": oldest }));
    assert_eq!((&before["seq"], &before["new"], &before["newest"]), (&Value::Null, &json!(2), newest));
    assert_eq!(otto.put("/shift/looked", seen).await.0, 204);
    let after = looked().await;
    assert_eq!((&after["seq"], &after["new"]), (oldest, &json!(1)));
    assert!(after["at"].is_string());

    otto.post("/shift/acknowledgements", json!({ "changes": [oldest] })).await;
    let stranger = test.stranger();
    let read = async |query: &str| -> Value {
        let page = stranger.page(&format!("/api/v1/shift/record{query}")).await;
        serde_json::from_str(&page).unwrap()
    };
    let known = read(&format!("?after={newest}")).await;
    assert_eq!(known["changes"].as_array().unwrap().len(), 1);
    let known = &known["changes"][0];
    assert_eq!((&known["seq"], &known["said"][0]["by"]), (oldest, &json!("Otto Petersen")));
    assert_eq!(known["acknowledged_at"], known["said"][0]["at"]);
    for (query, many) in [("?device=magnet", 2), ("?day=2026-11-21", 1), ("?device=magnet&day=2026-11-22", 1)] {
        assert_eq!(read(query).await["changes"].as_array().unwrap().len(), many, "{query}");
    }
    for (query, status) in [("?device=nothing", 404), ("?day=tomorrow", 422), ("?before=1", 422)] {
        assert_eq!(stranger.get(&format!("/api/v1/shift/record{query}")).await.status(), status, "{query}");
    }
}
