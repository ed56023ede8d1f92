//! Deployments by permit, as deploy tools meet them (G1, G9, A9 to A11, A13, F10).

use crate::{
    app::{FULL, REDUCED, TestApp},
    given::{policy_with, tag},
    waiting::until,
};
use chrono::Duration;
use custody::{
    domain::{
        deployment::{DeploymentState, Report},
        id::DeploymentId,
        lifecycle::{Command, GateId, Readings},
        refusal::Code,
        stage::Stage,
        tag::TagName,
    },
    ports::signing::{KeySet, Verifier},
    service::{
        Caller, Error,
        act::{Ask, act},
        checks, deployments,
        deployments::Wanted,
        groups, permits, readings, servers,
        tokens::{self, TokenScope},
    },
    store,
};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

pub const ANY: TokenScope = TokenScope::Deploy { device: None, server: None };

impl TestApp {
    pub async fn deploy_token(&self, who: &str, scope: TokenScope) -> String {
        tokens::create(&self.app, &self.caller(who), "deploy tool", scope, 30).await.unwrap().1
    }

    pub async fn sends(&self, path: &str, token: &str, body: &Value) -> (u16, Value) {
        let request = reqwest::Client::new().post(format!("{}/api/v1/deployments{path}", self.url));
        let response = request.bearer_auth(token).json(body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Asks for a deployment that has to be allowed.
    pub async fn allowed(&self, token: &str, tag: &str, server: &str) -> Value {
        let body = json!({ "device": "magnet", "tag": tag, "server": server });
        let (status, answer) = self.sends("", token, &body).await;
        assert_eq!(status, 201, "{answer}");
        answer
    }

    pub async fn reports(&self, of: &Value, token: &str, body: Value) -> (u16, Value) {
        self.sends(&format!("/{}/reports", of["id"].as_str().unwrap()), token, &body).await
    }

    pub async fn begins(&self, of: &Value, token: &str) -> (u16, Value) {
        self.reports(of, token, json!({ "what": "started", "permit": of["permit"] })).await
    }

    /// A member of CTRL is one no more.
    pub async fn leaves_ctrl(&self, who: &str) {
        let group = groups::list(&self.app).await.unwrap().0.into_iter().find(|g| g.name == "ICI").unwrap().id;
        groups::remove(&self.app, &self.caller("ada"), group, self.person(who)).await.unwrap();
    }

    async fn placed(&self, server: &str) -> Option<String> {
        let device = self.device("magnet").await;
        device.placed_on(&server.into()).and_then(|p| p.release.as_ref().map(ToString::to_string))
    }

    /// Another tag on record, one commit later.
    async fn next_release(&self, name: &str) {
        self.repository.git(&["commit", "--allow-empty", "-m", name]);
        self.repository.git(&["tag", "-a", "-m", name, name]);
        self.does("lena", "magnet", Command::VerifyTag { tag: tag(name) }).await.unwrap();
    }

    async fn owned_with(&self, release: &str) -> String {
        self.ctrl_owned("magnet").await;
        self.next_release(release).await;
        self.passes(release).await;
        self.deploy_token("lena", ANY).await
    }

    /// Under review it moves from its development server to a full one, by a permit that is begun: whose token, and which
    /// deployment.
    async fn moves_to_full(&self) -> (String, Value) {
        self.under_review("magnet").await;
        self.ready_to_own("magnet", "1.0.0").await;
        self.does("lena", "magnet", Command::Remove { server: FULL.into() }).await.unwrap();
        self.does("lena", "magnet", Command::Deploy { server: REDUCED.into(), tag: None }).await.unwrap();
        let token = self.deploy_token("lena", ANY).await;
        let d = self.allowed(&token, "1.0.0", FULL).await;
        assert_eq!(self.device("magnet").await.placements.len(), 1);
        assert_eq!(self.begins(&d, &token).await.0, 200);
        (token, d)
    }

    /// All that production asks for.
    async fn passes(&self, release: &str) {
        self.on_staging("magnet", release).await;
        self.reports_stage("jonas", "magnet", release, Stage::Deployable, true).await.unwrap();
    }
}

impl TestApp {
    /// Asks whether it would be allowed.
    async fn checks(&self, token: &str, asked: &[(&str, &str)]) -> (u16, Value) {
        let address = format!("{}/api/v1/deployments/check", self.url);
        let address = url::Url::parse_with_params(&address, asked).unwrap();
        let answer = reqwest::Client::new().get(address).bearer_auth(token).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

/// A release of the magnet onto its full server.
fn wanted(release: &str) -> Wanted {
    let (device, server) = ("magnet".to_owned(), FULL.into());
    Wanted { device, tag: tag(release), server, environment: None, commit: None }
}

fn why(answer: &Value) -> &str {
    answer["detail"].as_str().unwrap_or_default()
}

/// G9: a decision lists every gate; the permit begins the work; what came of it is on record and nowhere else.
#[tokio::test]
async fn g9_a_deployment_from_word_to_deed() {
    let test = TestApp::new().await;
    let token = test.owned_with("1.1.0").await;
    let (status, rehearsed) = test.checks(&token, &[("device", "magnet"), ("tag", "1.1.0"), ("server", FULL)]).await;
    assert_eq!((status, &rehearsed["allowed"]), (200, &json!(true)));
    assert_eq!(test.placed(FULL).await.unwrap(), "1.0.0", "nothing was changed");
    let (status, refused) = test.checks(&token, &[("device", "magnet"), ("tag", "1.1.0"), ("server", REDUCED)]).await;
    assert_eq!(status, 409, "{refused}");
    let (status, refused) = test.checks(&token, &[("device", "magnet"), ("tag", "1.1.0")]).await;
    assert!(status == 422 && refused.to_string().contains("missing field `server`"), "{refused}");
    // The same question with another right is another question.
    let asked = [("device", "magnet"), ("tag", "1.1.0"), ("server", FULL)];
    assert_eq!(test.checks("custody_nobody", &asked).await.0, 401);

    let d = test.allowed(&token, "1.1.0", FULL).await;
    let ids: Vec<&str> = d["gates"].as_array().unwrap().iter().map(|g| g["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["G1", "G5", "Tag", "G3", "G6", "N2", "Running"]);
    assert!(d["gates"].as_array().unwrap().iter().all(|g| g["met"] == true));
    assert_eq!((&d["environment"], &d["state"]), (&json!("production"), &json!("allowed")));
    assert_eq!(d["commit"], test.commit_of("1.1.0").as_str());
    assert_eq!(test.placed(FULL).await.unwrap(), "1.1.0");

    let (status, early) = test.reports(&d, &token, json!({ "what": "succeeded" })).await;
    assert_eq!((status, early["code"].as_str()), (409, Some("wrong_state")), "{early}");
    assert!(why(&early).contains("started, tests_before, failed"), "{early}");
    assert_eq!(test.reports(&d, &token, json!({ "what": "started" })).await.0, 422, "the permit is needed");
    for body in [
        json!({ "what": "tests_before", "passed": true, "link": "https://ci.example.org/1" }),
        json!({ "what": "started", "permit": d["permit"] }),
        json!({ "what": "succeeded" }),
        json!({ "what": "tests_after", "passed": false, "text": "The rate is wrong." }),
    ] {
        let (status, answer) = test.reports(&d, &token, body).await;
        assert_eq!(status, 200, "{answer}");
    }
    for (body, expected) in [
        (json!({ "what": "expired" }), 422),
        (json!({ "what": "tests_after" }), 422),
        (json!({ "what": "rolled_back" }), 409),
        (json!({ "what": "rolled_back", "text": "x", "state": "allowed" }), 422),
    ] {
        let (status, answer) = test.reports(&d, &token, body).await;
        assert_eq!(status, expected, "{answer}");
    }
    let (status, back) = test.reports(&d, &token, json!({ "what": "rolled_back", "text": "Tests failed." })).await;
    assert_eq!((status, &back["state"]), (200, &json!("rolled_back")), "{back}");
    assert_eq!(test.placed(FULL).await.unwrap(), "1.0.0", "the server is given back");

    let shown: Value = reqwest::get(format!("{}/api/v1/deployments/{}", test.url, d["id"].as_str().unwrap()))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let told: Vec<&str> = shown["reports"].as_array().unwrap().iter().map(|r| r["what"].as_str().unwrap()).collect();
    assert_eq!(told, ["tests_before", "started", "succeeded", "tests_after", "rolled_back"]);
    let stream = format!("deployment/{}", d["id"].as_str().unwrap());
    assert_eq!(store::journal::count(&test.app.db.read, &stream).await.unwrap(), 6);
    assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok());
    let device = test.device("magnet").await;
    assert_eq!(test.replayed(&device).await, device);
    let all = store::journal::list_after(&test.app.db.read, 0, 10_000).await.unwrap();
    let permit = d["permit"].as_str().unwrap();
    assert!(all.iter().all(|e| !e.body.contains(permit)), "the permit itself is kept nowhere");
    let notices = store::notices::list(&test.app.db.read, test.person("ilse"), 50).await.unwrap();
    assert!(notices.iter().any(|n| n.text.contains("took 1.1.0 on") && n.text.contains("Tests failed.")));
}

/// G1: tags only, by the right hands, of what CTRL owns; a wrong body is told which entry.
#[tokio::test]
async fn g1_who_and_what_is_refused() {
    let test = TestApp::new().await;
    let lena = test.owned_with("1.1.0").await;
    let ask = |tag: &str, server: &str| json!({ "device": "magnet", "tag": tag, "server": server });
    for (body, status) in [
        (ask("1.1.0-dirty", FULL), 422),
        (ask("１.1.0", FULL), 422),
        (ask("refs/heads/main", FULL), 422),
        (ask("1.2.0", FULL), 409),
        (ask("1.1.0", REDUCED), 409),
        (ask("1.1.0", "cppServer/nowhere"), 409),
        (json!({ "device": "nothing", "tag": "1.1.0", "server": FULL }), 422),
        (json!({ "device": "magnet", "tag": "1.1.0", "server": FULL, "environment": "moon" }), 422),
        (json!({ "device": "magnet", "tag": "1.1.0", "server": FULL, "asked_by": "ravi" }), 422),
    ] {
        let (is, answer) = test.sends("", &lena, &body).await;
        assert_eq!(is, status, "{body} {answer}");
        if status == 409 {
            assert_eq!(answer["gates"].as_array().unwrap().len(), 7, "every gate, met or not: {answer}");
        }
    }
    // A token speaks for what it is bound to, and an observer's or a job's for no deployment.
    let id = test.device("magnet").await.id;
    for (scope, status) in [
        (TokenScope::Observe(FULL.into()), 403),
        (TokenScope::Evidence(id), 403),
        (TokenScope::Deploy { device: None, server: Some(REDUCED.into()) }, 403),
        (TokenScope::Deploy { device: Some(id), server: Some(FULL.into()) }, 201),
    ] {
        let token = test.deploy_token("jonas", scope.clone()).await;
        let (is, answer) = test.sends("", &token, &ask("1.1.0", FULL)).await;
        assert_eq!(is, status, "{scope:?} {answer}");
    }
    test.requested("camera").await;
    let camera = test.device("camera").await.id;
    let other = test.deploy_token("jonas", TokenScope::Deploy { device: Some(camera), server: None }).await;
    assert_eq!(test.sends("", &other, &ask("1.1.0", FULL)).await.0, 403);
    // An administrator makes tokens, and may deploy nothing.
    let ada = test.deploy_token("ada", ANY).await;
    let (status, refused) = test.sends("", &ada, &ask("1.1.0", FULL)).await;
    assert_eq!((status, refused["code"].as_str()), (403, Some("not_yours")), "{refused}");
    assert_eq!(test.sends("", "custody_nothing", &ask("1.1.0", FULL)).await.0, 401);
}

/// F3: a repetition is answered with the same permit; the same key with another request is refused.
#[tokio::test]
async fn f3_a_repeated_request_has_one_permit() {
    let test = TestApp::new().await;
    let token = test.owned_with("1.1.0").await;
    let send = async |tag: &str| {
        let request = reqwest::Client::new().post(format!("{}/api/v1/deployments", test.url)).bearer_auth(&token);
        let body = json!({ "device": "magnet", "tag": tag, "server": FULL });
        let response = request.header("idempotency-key", "pipeline 17").json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let (first, second) = (send("1.1.0").await, send("1.1.0").await);
    assert_eq!(first.0, 201);
    assert_eq!(first, second);
    assert_eq!(send("1.0.0").await.0, 422);
}

/// F3, G9: a report that arrived and was not answered is sent again: it changes nothing and is answered all the same, also
/// when its permit has run out; another one under its name is refused.
#[tokio::test]
async fn f3_a_repeated_report_counts_once() {
    let test = TestApp::new().await;
    let token = test.owned_with("1.1.0").await;
    let d = test.allowed(&token, "1.1.0", FULL).await;
    let id = d["id"].as_str().unwrap().to_owned();
    let send = async |key: &str, body: Value| {
        let request = reqwest::Client::new().post(format!("{}/api/v1/deployments/{id}/reports", test.url));
        let request = request.bearer_auth(&token).header("idempotency-key", key);
        let response = request.json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let entries = async || store::journal::count(&test.app.db.read, &format!("deployment/{id}")).await.unwrap();
    let started = json!({ "what": "started", "permit": d["permit"] });
    let (first, second) = tokio::join!(send("17-started", started.clone()), send("17-started", started.clone()));
    assert_eq!((first.0, second.0), (200, 200), "{first:?} {second:?}");
    assert_eq!(first, second);
    test.advance(Duration::seconds(600));
    assert_eq!(send("17-started", started.clone()).await, first, "its permit has run out since");
    assert_eq!(test.begins(&d, &token).await.0, 409, "without the name it is used a second time");
    assert_eq!(send("18-started", started).await.0, 409, "so it is under another name");
    let (status, other) = send("17-started", json!({ "what": "started", "permit": "another" })).await;
    assert_eq!(status, 422, "{other}");

    let tests = json!({ "what": "tests_after", "passed": true });
    let first = send("17-tests", tests.clone()).await;
    assert_eq!(first.0, 200);
    assert_eq!(send("17-tests", tests).await, first, "it is on record once");
    for other in [json!({ "what": "tests_after", "passed": false }), json!({ "what": "succeeded" })] {
        assert_eq!(send("17-tests", other).await.0, 422);
    }
    let failed = json!({ "what": "failed", "text": "No disk." });
    let first = send("17-end", failed.clone()).await;
    assert_eq!((first.0, &first.1["state"]), (200, &json!("failed")));
    let before = entries().await;
    assert_eq!(before, 4, "allowed, started, tested, failed");
    let revision = test.device("magnet").await.revision;
    assert_eq!(send("17-end", failed).await, first);
    assert_eq!((entries().await, test.device("magnet").await.revision), (before, revision));
    // The name is of whoever used it: somebody else's report is their own.
    let jonas = test.deploy_token("jonas", ANY).await;
    let request = reqwest::Client::new().post(format!("{}/api/v1/deployments/{id}/reports", test.url));
    let body = json!({ "what": "failed", "text": "No disk." });
    let answer = request.bearer_auth(&jonas).header("idempotency-key", "17-end").json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 409, "it is over already");
}

/// N5, G5: a permit is not handed out for what is shut down since; a host without a connection would take it.
#[tokio::test]
async fn n5_no_permit_is_handed_out_of_what_is_shut_down() {
    let test = TestApp::new().await;
    let token = test.owned_with("1.1.0").await;
    let d = test.allowed(&token, "1.1.0", FULL).await;
    let path = format!("/{}/permit", d["id"].as_str().unwrap());
    assert_eq!(test.sends(&path, &token, &json!({})).await.0, 200);
    let stop = Command::ShutDown {
        reason: "Floods the broker.".to_owned(),
        affected: "All.".to_owned(),
        responsible: test.person("ilse"),
        conditions: "10 Hz".to_owned(),
    };
    test.does("jonas", "magnet", stop).await.unwrap();
    let (status, refused) = test.sends(&path, &token, &json!({})).await;
    assert_eq!((status, refused["code"].as_str()), (409, Some("permit_refused")), "{refused}");
    assert!(why(&refused).contains("CTRL shut it down") && refused.get("permit").is_none(), "{refused}");
    test.does("lena", "magnet", Command::Restart { text: "Limited.".to_owned() }).await.unwrap();
    assert_eq!(test.sends(&path, &token, &json!({})).await.0, 200);
}

/// G2, A3, A10: no permit is handed out, nor handed out again, that would not begin its work: for a tag that moved, whether
/// that is on record or not, for what was replaced, and of an asker who may not deploy it now.
#[tokio::test]
async fn a3_no_permit_is_handed_out_that_would_begin_nothing() {
    let test = TestApp::new().await;
    let lena = test.owned_with("1.1.0").await;
    let jonas = test.deploy_token("jonas", ANY).await;
    let asks = async |key: &str, tag: &str| {
        let request = reqwest::Client::new().post(format!("{}/api/v1/deployments", test.url)).bearer_auth(&jonas);
        let body = json!({ "device": "magnet", "tag": tag, "server": FULL });
        let response = request.header("idempotency-key", key).json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let old = asks("pipeline 17", "1.0.0").await;
    let (status, d) = asks("pipeline 18", "1.1.0").await;
    assert_eq!((old.0, status), (201, 201));
    let permit_of = async |d: &Value, token: &str| {
        test.sends(&format!("/{}/permit", d["id"].as_str().unwrap()), token, &json!({})).await
    };
    let refused = |answer: (u16, Value), word: &str| {
        assert_eq!((answer.0, answer.1["code"].as_str()), (409, Some("permit_refused")), "{answer:?}");
        assert!(why(&answer.1).contains(word) && answer.1.get("permit").is_none(), "{word}: {answer:?}");
    };
    assert_eq!(permit_of(&d, &lena).await.0, 200);
    // Replaced since.
    refused(permit_of(&old.1, &jonas).await, "1.1.0 was placed on");
    refused(asks("pipeline 17", "1.0.0").await, "1.1.0 was placed on");
    // The tag moved, and nobody had looked yet; then it is on record.
    let before = test.repository.id("1.1.0");
    test.repository.git(&["tag", "-f", "-a", "-m", "moved", "1.1.0", "HEAD~1"]);
    refused(permit_of(&d, &lena).await, "names another object");
    refused(asks("pipeline 18", "1.1.0").await, "names another object");
    test.does("noor", "magnet", Command::CheckTag { tag: tag("1.1.0") }).await.unwrap();
    let answer = permit_of(&d, &jonas).await;
    assert!(answer.1["gates"].as_array().unwrap().iter().any(|g| g["id"] == "Tag" && g["met"] == false), "{answer:?}");
    refused(answer, "moved or vanished");
    test.repository.git(&["update-ref", "refs/tags/1.1.0", &before]);
    test.does("noor", "magnet", Command::CheckTag { tag: tag("1.1.0") }).await.unwrap();
    assert_eq!(asks("pipeline 18", "1.1.0").await.1["permit"], d["permit"], "it stands as it was");
    // Whoever asked is of CTRL no more.
    test.leaves_ctrl("jonas").await;
    refused(permit_of(&d, &lena).await, "Jonas Okafor, who asked for it, may not deploy it now");
}

/// G2, A19: while a branch has the release's name nothing is permitted, handed out or begun by it: what checks it out by
/// that name may get the branch.
#[tokio::test]
async fn a19_a_branch_of_the_tags_name_is_not_deployed() {
    let test = TestApp::new().await;
    let token = test.owned_with("1.1.0").await;
    let d = test.allowed(&token, "1.1.0", FULL).await;
    test.repository.git(&["branch", "1.1.0", "HEAD~1"]);
    let asked = json!({ "device": "magnet", "tag": "1.1.0", "server": FULL });
    let permit = format!("/{}/permit", d["id"].as_str().unwrap());
    let answers = [
        test.sends("", &token, &asked).await,
        test.sends(&permit, &token, &json!({})).await,
        test.begins(&d, &token).await,
    ];
    for (status, refused) in answers {
        assert_eq!(status, 409, "{refused}");
        assert!(why(&refused).contains("the name of a branch too"), "{refused}");
    }
    test.repository.git(&["branch", "-D", "1.1.0"]);
    assert_eq!(test.begins(&d, &token).await.0, 200);
}

/// G2, T4: with its approval the permit of what is under review is gone.
#[tokio::test]
async fn t4_no_permit_is_handed_out_without_its_approval() {
    let test = TestApp::new().await;
    test.under_review("magnet").await;
    test.ready_to_own("magnet", "1.0.0").await;
    let token = test.deploy_token("lena", ANY).await;
    let d = test.allowed(&token, "1.0.0", FULL).await;
    let path = format!("/{}/permit", d["id"].as_str().unwrap());
    assert_eq!(test.sends(&path, &token, &json!({})).await.0, 200);
    test.does("ravi", "magnet", Command::WithdrawApproval { reason: "A flaw.".to_owned() }).await.unwrap();
    let (status, refused) = test.sends(&path, &token, &json!({})).await;
    assert_eq!((status, refused["code"].as_str()), (409, Some("permit_refused")), "{refused}");
    assert!(why(&refused).contains("only an approved commit goes there"), "{refused}");
}

/// G9, A20: a tool that says which commit it has at hand is refused where the release is another one, with the gate.
#[tokio::test]
async fn a20_another_commit_is_not_deployed_by_the_tags_name() {
    let test = TestApp::new().await;
    let token = test.owned_with("1.1.0").await;
    let (own, other) = (test.commit_of("1.1.0"), test.commit_of("1.0.0"));
    let ask = |commit: &str| json!({ "device": "magnet", "tag": "1.1.0", "server": FULL, "commit": commit });
    let (status, refused) = test.sends("", &token, &ask(other.as_str())).await;
    assert_eq!((status, refused["code"].as_str()), (409, Some("gates_open")), "{refused}");
    assert!(why(&refused).contains("check out the release's own commit"), "{refused}");
    assert!(refused["gates"].as_array().unwrap().iter().any(|g| g["id"] == "Tag" && g["met"] == false), "{refused}");
    assert_eq!(test.placed(FULL).await.unwrap(), "1.0.0");
    for short in [&own.as_str()[..12], "HEAD", ""] {
        assert_eq!(test.sends("", &token, &ask(short)).await.0, 422, "{short}");
    }
    for (commit, status) in [(&other, 409), (&own, 200)] {
        let asked = [("device", "magnet"), ("tag", "1.1.0"), ("server", FULL), ("commit", commit.as_str())];
        assert_eq!(test.checks(&token, &asked).await.0, status, "{commit}");
    }
    let (status, allowed) = test.sends("", &token, &ask(own.as_str())).await;
    assert_eq!((status, allowed["commit"].as_str()), (201, Some(own.as_str())), "{allowed}");
}

/// A11: used twice, at once, with another deployment, or by a token of another server: one winner, the others refused.
#[tokio::test]
async fn a11_a_permit_is_used_once() {
    let test = TestApp::new().await;
    let token = test.owned_with("1.1.0").await;
    let other = test.allowed(&token, "1.0.0", FULL).await;
    let d = test.allowed(&token, "1.1.0", FULL).await;
    let elsewhere = TokenScope::Deploy { device: None, server: Some(REDUCED.into()) };
    let elsewhere = test.deploy_token("lena", elsewhere).await;
    assert_eq!(test.begins(&d, &elsewhere).await.0, 403);
    let swapped = json!({ "what": "started", "permit": other["permit"] });
    assert_eq!(test.reports(&d, &token, swapped).await.0, 409);

    let all = futures_util::future::join_all((0..8).map(|_| test.begins(&d, &token))).await;
    assert_eq!(all.iter().filter(|(status, _)| *status == 200).count(), 1, "{all:?}");
    assert!(all.iter().all(|(status, _)| [200, 409].contains(status)), "{all:?}");
    let (_, again) = test.begins(&d, &token).await;
    assert!(why(&again).contains("used already"), "{again}");
    // Once failed, the same permit begins nothing again.
    test.reports(&d, &token, json!({ "what": "failed", "text": "Disk full." })).await;
    assert_eq!(test.begins(&d, &token).await.0, 409);
    let stream = format!("refused/{}", test.device("magnet").await.id);
    let refused = store::journal::list_all(&test.app.db.read, &stream).await.unwrap();
    assert!(refused.iter().any(|e| e.body.contains("redeem_permit")), "attempts are on record");
}

/// A9: who lost the right to deploy redeems nothing, and asks for nothing more; a permit lives five minutes.
#[tokio::test]
async fn a9_after_the_hand_over_no_permit_counts() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.does("ilse", "magnet", Command::VerifyTag { tag: tag("1.0.0") }).await.unwrap();
    let ilse = test.caller("ilse");
    let wanted = |server: &str| Wanted {
        device: "magnet".to_owned(),
        tag: tag("1.0.0"),
        server: server.into(),
        environment: None,
        commit: None,
    };
    let early = deployments::request(&test.app, &ilse, &wanted(REDUCED), None).await.unwrap();
    test.asks_for_transfer("magnet").await;
    let begun = deployments::redeem(&test.app, &ilse, early.view.deployment.id, &early.permit).await.unwrap();
    assert!(begun.since.iter().any(|s| s.contains("asked CTRL to take it over")), "{:?}", begun.since);

    let live = deployments::request(&test.app, &ilse, &wanted(REDUCED), None).await.unwrap();
    test.ready_to_own("magnet", "1.0.0").await;
    test.does("ravi", "magnet", Command::TakeOwnership {}).await.unwrap();
    let Err(Error::Refused(refused)) =
        deployments::redeem(&test.app, &ilse, live.view.deployment.id, &live.permit).await
    else {
        panic!("a contributor deploys after the hand-over");
    };
    assert!(refused.sentence.contains("Since it was permitted"), "{}", refused.sentence);
    assert!(refused.gates.iter().any(|g| g.id == GateId::G1 && !g.met));
    for server in [FULL, REDUCED] {
        let asked = deployments::request(&test.app, &ilse, &wanted(server), None).await;
        assert!(matches!(asked, Err(Error::Refused(_))), "{server}");
    }
    // Five minutes later it is dead for everybody.
    let token = test.deploy_token("lena", ANY).await;
    let d = test.allowed(&token, "1.0.0", FULL).await;
    test.advance(Duration::seconds(300));
    let (status, late) = test.begins(&d, &token).await;
    assert_eq!(status, 409);
    assert!(why(&late).contains("expired"), "{late}");
}

/// A9: whoever asked and is demoted or gone since has no permit any more, whoever redeems it.
#[tokio::test]
async fn a9_the_asker_still_has_to_be_allowed() {
    let test = TestApp::new().await;
    let jonas = {
        test.owned_with("1.1.0").await;
        test.deploy_token("jonas", ANY).await
    };
    let lena = test.deploy_token("lena", ANY).await;
    let d = test.allowed(&jonas, "1.1.0", FULL).await;
    custody::service::closing::close(&test.app, &test.caller("ada"), test.person("jonas")).await.unwrap();
    assert_eq!(test.begins(&d, &jonas).await.0, 401, "the token is dead");
    let (status, refused) = test.begins(&d, &lena).await;
    assert_eq!(status, 409, "{refused}");
    assert!(why(&refused).contains("may not deploy it now"), "{refused}");
}

/// A10, A3, N5, B1: what changed since it was permitted is judged as it is now, and told.
#[tokio::test]
async fn a10_an_old_permit_meets_the_world_as_it_is() {
    let test = TestApp::new().await;
    let token = test.owned_with("1.1.0").await;
    let refused = async |d: &Value, word: &str| {
        let (status, answer) = test.begins(d, &token).await;
        assert_eq!(status, 409, "{answer}");
        assert!(answer.to_string().contains(word), "{word} in {answer}");
    };
    // Another tag was permitted since.
    let old = test.allowed(&token, "1.0.0", FULL).await;
    let new = test.allowed(&token, "1.1.0", FULL).await;
    refused(&old, "1.1.0 was placed on").await;
    // The tag moved, and nobody had looked yet.
    let before = test.repository.id("1.1.0");
    test.repository.git(&["tag", "-f", "-a", "-m", "moved", "1.1.0", "HEAD~1"]);
    refused(&new, "names another object").await;
    let (status, _) = test.sends("", &token, &json!({ "device": "magnet", "tag": "1.1.0", "server": FULL })).await;
    assert_eq!(status, 409, "a fresh read decides");
    test.repository.git(&["update-ref", "-d", "refs/tags/1.1.0"]);
    refused(&new, "is gone from the repository").await;
    test.repository.git(&["update-ref", "refs/tags/1.1.0", &before]);
    // Shut down.
    let stop = Command::ShutDown {
        reason: "Floods the broker.".to_owned(),
        affected: "All.".to_owned(),
        responsible: test.person("ilse"),
        conditions: "10 Hz".to_owned(),
    };
    test.does("lena", "magnet", stop).await.unwrap();
    refused(&new, "CTRL shut it down").await;
    test.does("lena", "magnet", Command::Restart { text: "Limited.".to_owned() }).await.unwrap();
    // Handed back.
    let back = Command::HandBack { server: REDUCED.into(), until: None, reason: "A new mode.".to_owned() };
    test.does("ilse", "magnet", back).await.unwrap();
    refused(&new, "only what CTRL owns runs there").await;
    assert_eq!(test.device("magnet").await.placements.len(), 1);
}

/// G9, F10: what nobody began in time gives the server back, to what was there before all that came to nothing; a clock
/// that jumps brings no permit back.
#[tokio::test]
async fn f10_what_nobody_began_gives_the_server_back() {
    let test = TestApp::new().await;
    let token = test.owned_with("1.1.0").await;
    test.next_release("1.2.0").await;
    test.passes("1.2.0").await;
    let first = test.allowed(&token, "1.1.0", FULL).await;
    test.advance(Duration::seconds(60));
    let second = test.allowed(&token, "1.2.0", FULL).await;
    deployments::keep(&test.app).await.unwrap();
    assert_eq!(test.placed(FULL).await.unwrap(), "1.2.0", "both live");
    test.advance(Duration::seconds(-3600));
    let (status, early) = test.begins(&second, &token).await;
    assert_eq!(status, 409);
    assert!(why(&early).contains("does not count for"), "{early}");
    test.advance(Duration::seconds(3600 + 300));
    deployments::keep(&test.app).await.unwrap();
    assert_eq!(test.placed(FULL).await.unwrap(), "1.0.0", "what really runs there");
    test.advance(Duration::seconds(-200));
    for d in [&first, &second] {
        assert_eq!(test.begins(d, &token).await.0, 409, "the clock jumped back");
        let id: DeploymentId = d["id"].as_str().unwrap().parse().unwrap();
        assert_eq!(deployments::find(&test.app, id).await.unwrap().state, DeploymentState::Expired);
    }
    // What is under way does not run out.
    test.advance(Duration::seconds(400));
    let third = test.allowed(&token, "1.2.0", FULL).await;
    assert_eq!(test.begins(&third, &token).await.0, 200);
    test.advance(Duration::seconds(4000));
    deployments::keep(&test.app).await.unwrap();
    assert_eq!(test.placed(FULL).await.unwrap(), "1.2.0");
    // A failure gives back only what is still its own.
    let fourth = test.allowed(&token, "1.1.0", FULL).await;
    test.reports(&third, &token, json!({ "what": "failed", "text": "x" })).await;
    assert_eq!(test.placed(FULL).await.unwrap(), "1.1.0");
    test.reports(&fourth, &token, json!({ "what": "failed", "text": "x" })).await;
    assert_eq!(test.placed(FULL).await.unwrap(), "1.0.0");
}

/// T8, N2: a failed move to a full server puts the device back on its development server.
#[tokio::test]
async fn t8_a_failed_move_goes_back_to_the_development_server() {
    let test = TestApp::new().await;
    let (token, d) = test.moves_to_full().await;
    test.reports(&d, &token, json!({ "what": "failed", "text": "No disk." })).await;
    let places = test.device("magnet").await.placements;
    assert_eq!(places.iter().map(|p| p.server.0.as_str()).collect::<Vec<_>>(), [REDUCED]);
}

/// G9, N2: a place on a server that was taken off the record does not come back, and holds nothing else up.
#[tokio::test]
async fn g9_no_place_comes_back_on_a_server_that_is_gone() {
    let test = TestApp::new().await;
    let (token, d) = test.moves_to_full().await;
    servers::remove(&test.app, &test.caller("ada"), REDUCED).await.unwrap();
    let (status, answer) = test.reports(&d, &token, json!({ "what": "failed", "text": "No disk." })).await;
    assert_eq!(status, 200, "{answer}");
    assert!(test.device("magnet").await.placements.is_empty());
    deployments::keep(&test.app).await.unwrap();
}

/// G9: what is to come back is judged by what is on record when it does, not by what was when it was asked.
#[tokio::test]
async fn g9_what_ran_out_meanwhile_does_not_come_back() {
    let test = TestApp::new().await;
    let token = test.owned_with("1.1.0").await;
    let there = test.device("magnet").await.placed_on(&FULL.into()).cloned();
    test.allowed(&token, "1.1.0", FULL).await;
    let second = test.allowed(&token, "1.0.0", FULL).await;
    let id: DeploymentId = second["id"].as_str().unwrap().parse().unwrap();
    let second = deployments::find(&test.app, id).await.unwrap();
    let command = Command::GiveBack {
        server: FULL.into(),
        tag: tag("1.0.0"),
        asked: second.asked,
        // As it was read before the first one's permit ran out.
        back: second.before.clone(),
        why: "It failed.".to_owned(),
        rolled_back: None,
    };
    test.advance(Duration::seconds(301));
    act(&test.app, &Caller::custody(), "magnet", Ask::from(command)).await.unwrap();
    assert_eq!(test.device("magnet").await.placed_on(&FULL.into()).cloned(), there);
}

/// A3: what goes by a release's tag as it is this moment is decided with a reading of it, or not at all.
#[tokio::test]
async fn a3_nothing_is_decided_without_a_fresh_reading() {
    let test = TestApp::new().await;
    test.owned_with("1.1.0").await;
    let device = test.device("magnet").await;
    let deploys = |tag: Option<TagName>| Command::Deploy { server: FULL.into(), tag };
    let of_release = deploys(Some(tag("1.1.0")));
    assert!(readings::are_missing(&of_release, &device, &Readings::default()));
    let read = readings::take(&test.app, &device, &of_release).await;
    assert!(!readings::are_missing(&of_release, &device, &read));
    // These go by no tag on record.
    for other in [deploys(None), deploys(Some(tag("9.9.9"))), Command::CheckRepository {}] {
        assert!(!readings::are_missing(&other, &device, &Readings::default()), "{other:?}");
    }
}

/// F10: a permit from a time that is still to come is over: nobody knows how old it is, and its server is given back.
#[tokio::test]
async fn f10_a_permit_from_ahead_is_over() {
    let test = TestApp::new().await;
    let token = test.owned_with("1.1.0").await;
    test.advance(Duration::hours(20));
    let d = test.allowed(&token, "1.1.0", FULL).await;
    test.advance(Duration::hours(-20));
    let id: DeploymentId = d["id"].as_str().unwrap().parse().unwrap();
    let state = deployments::find(&test.app, id).await.unwrap().state_at(test.app.clock.now());
    assert_eq!(state, DeploymentState::Expired);
    deployments::keep(&test.app).await.unwrap();
    assert_eq!(test.placed(FULL).await.unwrap(), "1.0.0");
}

/// T8: only what came by permit counts, unless the policy says otherwise; and the gate says which it was.
#[tokio::test]
async fn t8_deployed_by_permit_where_it_is_required() {
    for (required, policy) in [(true, ""), (false, "[permits]\nrequired = false\n")] {
        let test = TestApp::with_policy(&policy_with(policy)).await;
        test.under_review("magnet").await;
        test.ready_to_own("magnet", "1.0.0").await;
        test.does("lena", "magnet", Command::Deploy { server: FULL.into(), tag: Some(tag("1.0.0")) }).await.unwrap();
        let t8 = async || {
            let (device, caller) = (test.device("magnet").await, test.caller("ravi"));
            let c = &test.app.db.read;
            let roster = test.app.roster.current(c).await.unwrap();
            let gathered =
                custody::service::facts::gather(c, &test.app, &roster, &caller, &device, None, Default::default())
                    .await
                    .unwrap();
            let facts = gathered.facts(&test.app, &caller);
            custody::domain::lifecycle::gates::judge(GateId::T8, &device, None, &facts)
        };
        let by_hand = t8().await;
        assert_eq!(by_hand.met, !required, "{}", by_hand.why);
        assert!(by_hand.why.contains("by hand"), "{}", by_hand.why);
        let page = test.browser("lena").await.page("/devices/magnet").await;
        assert_eq!(page.contains("there by permit."), required, "{page}");
        assert_eq!(page.contains("Deploy by permit") && page.contains("href=\"/tools\""), required, "{page}");
        let token = test.deploy_token("lena", ANY).await;
        let d = test.allowed(&token, "1.0.0", FULL).await;
        assert_eq!(t8().await.met, !required, "not begun yet");
        test.begins(&d, &token).await;
        let by_permit = t8().await;
        assert!(by_permit.met && by_permit.why.contains("deployed by permit"), "{}", by_permit.why);
    }
}

/// A13: both keys are published in the overlap; the older one signs until it is over; a revoked one counts nowhere.
#[tokio::test]
async fn a13_keys_rotate_and_are_revoked() {
    let test = TestApp::new().await;
    let token = test.owned_with("1.1.0").await;
    let published = async || {
        let response = reqwest::get(format!("{}/.well-known/jwks.json", test.url)).await.unwrap();
        assert_eq!(response.headers()["cache-control"], "public, max-age=300");
        let tag = response.headers()["etag"].clone();
        let text = response.text().await.unwrap();
        assert!(!text.contains("\"d\""), "nothing private");
        (serde_json::from_str::<KeySet>(&text).unwrap(), tag)
    };
    let old = test.allowed(&token, "1.1.0", FULL).await;
    let first = published().await.0.keys[0].kid.clone();
    let next = permits::rotate(&test.app, &test.caller("ada")).await.unwrap();
    assert!(permits::rotate(&test.app, &test.caller("ada")).await.is_err(), "one at a time");
    let (both, tag_of_both) = published().await;
    assert_eq!(both.keys.len(), 2);
    let again = reqwest::Client::new().get(format!("{}/.well-known/jwks.json", test.url));
    assert_eq!(again.header("if-none-match", tag_of_both).send().await.unwrap().status(), 304);
    let kid = async |d: &Value| {
        let id: DeploymentId = d["id"].as_str().unwrap().parse().unwrap();
        deployments::find(&test.app, id).await.unwrap().permit.unwrap().kid
    };
    assert_eq!(kid(&test.allowed(&token, "1.0.0", FULL).await).await, first, "the older one signs in the overlap");
    let verifier = Verifier::new(&both).unwrap();
    verifier.read(old["permit"].as_str().unwrap()).unwrap();

    test.advance(Duration::days(7));
    permits::keep(&test.app).await.unwrap();
    let d = test.allowed(&token, "1.1.0", FULL).await;
    assert_eq!(kid(&d).await, next);
    assert_eq!(published().await.0.keys.len(), 2, "a permit of the older one may live");
    test.advance(Duration::seconds(331));
    assert_eq!(published().await.0.keys.len(), 1);
    // By itself, in time.
    test.advance(Duration::days(82));
    let token = test.deploy_token("lena", ANY).await;
    permits::keep(&test.app).await.unwrap();
    permits::keep(&test.app).await.unwrap();
    assert_eq!(published().await.0.keys.len(), 2);

    let d = test.allowed(&token, "1.1.0", FULL).await;
    permits::revoke(&test.app, &test.caller("ada"), &kid(&d).await).await.unwrap();
    let (status, refused) = test.begins(&d, &token).await;
    assert_eq!(status, 409);
    assert!(why(&refused).contains("not one of those that count"), "{refused}");
    // Nor where it was revoked while the repository was read.
    let id: DeploymentId = d["id"].as_str().unwrap().parse().unwrap();
    let beginning = deployments::find(&test.app, id).await.unwrap().beginning();
    let begun = act(&test.app, &test.caller("lena"), "magnet", Ask::from(beginning)).await;
    assert!(matches!(&begun, Err(Error::Refused(r)) if r.sentence.contains("its key was revoked")), "{begun:?}");
    let after = test.allowed(&token, "1.0.0", FULL).await;
    assert_eq!(test.begins(&after, &token).await.0, 200, "the next one signs at once");
    let lines = store::journal::list_all(&test.app.db.read, permits::STREAM).await.unwrap();
    let kinds: Vec<&str> = lines.iter().map(|l| l.kind.as_str()).collect();
    assert_eq!(kinds, ["key_made", "key_made", "key_made", "key_revoked"]);
    for line in &lines {
        let kept = store::keys::find_private(&test.app.db.read, &next).await.unwrap();
        assert!(kept.is_none_or(|k| !line.body.contains(&k[32..])), "no private key in the journal");
    }
}

/// A13: where the next key is revoked before it signs, another one is published, and the older one signs until hosts
/// without a connection can know that.
#[tokio::test]
async fn a13_a_next_key_that_is_revoked_is_followed_by_another() {
    let test = TestApp::new().await;
    permits::keep(&test.app).await.unwrap();
    test.advance(Duration::days(1));
    let ada = test.caller("ada");
    let next = permits::rotate(&test.app, &ada).await.unwrap();
    test.advance(Duration::days(6));
    permits::revoke(&test.app, &ada, &next).await.unwrap();
    permits::keep(&test.app).await.unwrap();
    let overlap = test.app.clock.now() + Duration::days(7);
    let all = permits::list_keys(&test.app).await.unwrap();
    let stand: Vec<_> = all.iter().map(|k| (k.revoked_at.is_some(), k.retired_at)).collect();
    assert_eq!(stand[0], (false, Some(overlap)), "the first signs on");
    assert_eq!((stand.len(), stand[2]), (3, (false, None)));
    assert_eq!(permits::published(&test.app).await.unwrap().keys.len(), 2);
    permits::keep(&test.app).await.unwrap();
    assert_eq!(permits::list_keys(&test.app).await.unwrap().len(), 3, "one is enough");
}

/// G9: what went where is on pages; where no tool reports, a person of CTRL does, and nobody else.
#[tokio::test]
async fn g9_a_person_reports_by_hand() {
    let test = TestApp::new().await;
    let token = test.owned_with("1.1.0").await;
    test.does("lena", "magnet", Command::Deploy { server: FULL.into(), tag: Some(tag("1.1.0")) }).await.unwrap();
    let (lena, noor) = (test.browser("lena").await, test.browser("noor").await);
    let list = test.stranger().page("/deployments").await;
    assert!(
        list.contains(" CET, by hand") && list.contains("placed by hand</span>") && list.contains("1.1.0"),
        "{list}"
    );
    let newest = deployments::list(&test.app, &Default::default()).await.unwrap().deployments.remove(0);
    let here = format!("/deployments/{}", newest.id);
    assert!(test.stranger().page("/devices/magnet").await.contains(&here), "the device's page leads there");
    let page = lena.page(&here).await;
    assert!(page.contains("Report what came of it"));
    for (said, unsaid) in [(" placed it by hand.", "was allowed to"), ("placed by hand</span>", ">allowed<")] {
        assert!(page.contains(said) && !page.contains(unsaid), "{said}: {page}");
    }
    assert!(!noor.page(&here).await.contains("Report what came of it"));
    let report = format!("{here}/report");
    lena.page(&report).await;
    assert_eq!(lena.post(&report, &[("what", "failed"), ("text", "")]).await.status(), 422);
    let form = lena.page(&report).await;
    assert!(form.contains("Tests before it failed") && !form.contains("Of tests"), "{form}");
    assert_eq!(lena.post(&report, &[("what", "tests_before")]).await.status(), 422);
    assert_eq!(lena.post(&report, &[("what", "tests_before_passed")]).await.status(), 303);
    assert_eq!(noor.post(&report, &[("what", "failed"), ("text", "x")]).await.status(), 403);
    assert_eq!(lena.post(&report, &[("what", "succeeded")]).await.status(), 409, "it has not begun");
    assert_eq!(lena.post(&report, &[("what", "failed"), ("text", "<b>No disk</b>")]).await.status(), 303);
    let page = lena.page(&here).await;
    assert!(page.contains("No disk") && !page.contains("<b>No disk"), "{page}");
    assert_eq!(test.placed(FULL).await.unwrap(), "1.0.0");
    assert!(lena.page("/deployments?state=failed").await.contains(&here));
    // Who may not report is not asked to, nor who may where there is nothing more to say.
    assert_eq!(noor.get(&report).await.status(), 403);
    assert_eq!(lena.post(&report, &[("what", "rolled_back"), ("text", "x")]).await.status(), 303);
    assert_eq!(lena.get(&report).await.status(), 409);
    // Where there is a permit, the work begins by it alone.
    let d = test.allowed(&token, "1.1.0", FULL).await;
    let report = format!("/deployments/{}/report", d["id"].as_str().unwrap());
    assert_eq!(lena.post(&report, &[("what", "started")]).await.status(), 422);
    assert_eq!(lena.get("/deployments?state=nonsense").await.status(), 422);
    assert_eq!(lena.get("/deployments/nonsense").await.status(), 404);
}

/// F3, G9: what was typed into a report comes back where it cannot be taken, and the form that is sent twice is on record
/// once.
#[tokio::test]
async fn f3_a_report_by_hand_is_kept_and_taken_once() {
    let test = TestApp::new().await;
    test.owned_with("1.1.0").await;
    test.does("lena", "magnet", Command::Deploy { server: FULL.into(), tag: Some(tag("1.1.0")) }).await.unwrap();
    let id = deployments::list(&test.app, &Default::default()).await.unwrap().deployments[0].id;
    let (lena, report) = (test.browser("lena").await, format!("/deployments/{id}/report"));
    let form = |link: &'static str| {
        [("what", "tests_before_passed"), ("link", link), ("text", "All of them."), ("key", "sent-once")]
    };
    let refused = lena.post(&report, &form("gitlab.example.org/jobs/17")).await;
    assert_eq!(refused.status(), 409);
    let page = refused.text().await.unwrap();
    for kept in ["Give the link in full", "value=\"gitlab.example.org/jobs/17\"", "All of them.", " checked"] {
        assert!(page.contains(kept), "{kept}: {page}");
    }
    assert!(page.contains("name=\"key\"") && !page.contains("sent-once"), "it is another form: {page}");
    for _ in 0..2 {
        assert_eq!(lena.post(&report, &form("https://gitlab.example.org/jobs/17")).await.status(), 303);
    }
    assert_eq!(deployments::find(&test.app, id).await.unwrap().reports.len(), 1);
}

/// A6, A9, T10: whoever may not deploy it now reports nothing, and moves no placement; only what their tool began by its
/// permit they report to its end. Nor does a contributor report on what CTRL deploys.
#[tokio::test]
async fn a6_who_may_not_deploy_it_now_does_not_report() {
    let test = TestApp::new().await;
    test.owned_with("1.1.0").await;
    let jonas = test.deploy_token("jonas", ANY).await;
    let said = |text: &str| (String::new(), text.to_owned());
    let failed = || {
        let (link, text) = said("No disk.");
        Report::Failed { link, text }
    };
    let rolled_back = || {
        let (link, text) = said("It lost frames.");
        Report::RolledBack { link, text }
    };
    let reports = async |who: &str, d: &Value, report: Report| {
        let id: DeploymentId = d["id"].as_str().unwrap().parse().unwrap();
        match deployments::report(&test.app, &test.caller(who), id, report).await {
            Ok(_) => None,
            Err(Error::Refused(r)) => Some(r.code),
            Err(other) => panic!("{other:?}"),
        }
    };
    let old = test.allowed(&jonas, "1.1.0", FULL).await;
    test.begins(&old, &jonas).await;
    assert_eq!(test.reports(&old, &jonas, json!({ "what": "succeeded" })).await.0, 200);
    assert_eq!(reports("ilse", &old, rolled_back()).await, Some(Code::NotYours), "CTRL deployed it");
    let page = format!("/deployments/{}", old["id"].as_str().unwrap());
    assert!(test.browser("jonas").await.page(&page).await.contains("Report tests or a roll-back"));
    assert!(!test.browser("ilse").await.page(&page).await.contains("Report tests or a roll-back"));
    test.advance(Duration::minutes(1));
    let under_way = test.allowed(&jonas, "1.0.0", FULL).await;
    assert_eq!(test.begins(&under_way, &jonas).await.0, 200);
    test.leaves_ctrl("jonas").await;
    assert_eq!(reports("jonas", &old, rolled_back()).await, Some(Code::NotYours));
    assert!(!test.browser("jonas").await.page(&page).await.contains("Report tests or a roll-back"));
    assert_eq!(test.placed(FULL).await.unwrap(), "1.0.0");
    assert_eq!(reports("jonas", &under_way, failed()).await, None, "a tool ends what it began");
    assert_eq!(test.placed(FULL).await.unwrap(), "1.1.0");
    assert_eq!(reports("jonas", &under_way, rolled_back()).await, Some(Code::NotYours), "it has ended");
}

/// A6: somebody who was removed from a device reports nothing on what they once placed by hand.
#[tokio::test]
async fn a6_whoever_was_removed_does_not_report() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.does("ilse", "magnet", Command::VerifyTag { tag: tag("1.0.0") }).await.unwrap();
    let deploy = Command::Deploy { server: REDUCED.into(), tag: Some(tag("1.0.0")) };
    test.does("marek", "magnet", deploy).await.unwrap();
    let id = deployments::list(&test.app, &Default::default()).await.unwrap().deployments[0].id;
    let report = format!("/deployments/{id}/report");
    let marek = test.browser("marek").await;
    assert_eq!(marek.post(&report, &[("what", "tests_before_passed")]).await.status(), 303);
    test.does("ilse", "magnet", Command::RemoveContributor { person: test.person("marek") }).await.unwrap();
    assert_eq!(marek.post(&report, &[("what", "failed"), ("text", "x")]).await.status(), 403);
    assert_eq!(test.placed(REDUCED).await.unwrap(), "1.0.0");
}

/// G9: a list of deployments without any says which there are none of, and leads to all.
#[tokio::test]
async fn g9_a_list_without_any_says_so() {
    let test = TestApp::new().await;
    let page = test.stranger().page("/deployments?state=failed").await;
    assert!(page.contains("No deployment has failed. <a href=\"/deployments\">Show all</a>"), "{page}");
    assert!(test.stranger().page("/deployments").await.contains("Nothing has been deployed yet."));
}

/// F3: a key counts for a week; after that it may name another request, as whoever numbers their jobs anew has it.
#[tokio::test]
async fn f3_a_key_is_used_again_long_after() {
    let test = TestApp::new().await;
    let caller = test.caller("lena");
    test.owned_with("1.1.0").await;
    let wanted = wanted("1.1.0");
    let ask = async || deployments::request(&test.app, &caller, &wanted, Some("release-1.1.0".to_owned())).await;
    let first = ask().await.unwrap().view.deployment;
    assert_eq!(ask().await.unwrap().view.deployment.id, first.id);
    test.advance(Duration::days(8));
    checks::round(&test.app).await.unwrap();
    let later = ask().await.unwrap().view.deployment;
    assert_ne!(later.id, first.id);
    assert_eq!(ask().await.unwrap().view.deployment.id, later.id);
}

/// A31: who asks with a token that is revoked while the repository is read gets no permit.
#[tokio::test]
async fn a31_a_token_ends_what_was_asked_with_it() {
    let test = TestApp::new().await;
    test.owned_with("1.1.0").await;
    let (token, _) = tokens::create(&test.app, &test.caller("lena"), "deploy tool", ANY, 30).await.unwrap();
    let caller = Caller { token: Some(token.id.clone()), ..test.caller("lena") };
    deployments::request(&test.app, &caller, &wanted("1.1.0"), None).await.unwrap();
    tokens::revoke(&test.app, &test.caller("lena"), &token.id).await.unwrap();
    let revision = test.device("magnet").await.revision;
    let Err(Error::Refused(refused)) = deployments::request(&test.app, &caller, &wanted("1.1.0"), None).await else {
        panic!("a revoked token deploys");
    };
    assert!(refused.sentence.contains("revoked"), "{}", refused.sentence);
    assert_eq!(test.device("magnet").await.revision, revision);
}

/// A3: what was read of one repository says nothing of the one that the device has meanwhile.
#[tokio::test]
async fn a3_another_repository_is_read_anew() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let tx = test.app.db.begin().await.unwrap();
    // Whoever feeds the board asks nothing meanwhile.
    let _nothing_is_taken_in = test.app.projection.taking_in.lock().await;
    let asked = test.app.db.statements();
    let (app, caller) = (test.app.clone(), test.caller("ilse"));
    let verifies =
        tokio::spawn(
            async move { act(&app, &caller, "magnet", Ask::from(Command::VerifyTag { tag: tag("1.0.0") })).await },
        );
    until("the device is read", async || test.app.db.statements() > asked).await;
    let mut device = test.device("magnet").await;
    device.request.trunk = "other".to_owned();
    let body = serde_json::to_string(&device).unwrap();
    tx.execute_unprepared(&format!("UPDATE device SET body = '{}'", body.replace('\'', "''"))).await.unwrap();
    tx.commit().await.unwrap();
    let Err(Error::Refused(refused)) = verifies.await.unwrap() else {
        panic!("it is a release of another repository");
    };
    assert!(refused.sentence.contains("try again"), "{}", refused.sentence);
    assert!(test.device("magnet").await.releases.is_empty());
}

/// PERFORMANCE, G9: what is allowed is told by a fixed number of statements, of which most are the record itself.
#[tokio::test]
async fn an_allowed_deployment_takes_few_statements() {
    let test = TestApp::new().await;
    test.owned_with("1.1.0").await;
    let caller = test.caller("lena");
    deployments::request(&test.app, &caller, &wanted("1.0.0"), None).await.unwrap();
    test.shown().await;
    // Nobody reads for the board meanwhile.
    let _one = test.app.projection.taking_in.lock().await;
    let before = test.app.db.statements();
    deployments::request(&test.app, &caller, &wanted("1.0.0"), None).await.unwrap();
    assert_eq!(test.app.db.statements() - before, 11);
}
