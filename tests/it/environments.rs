//! Development and production, and moving on from one to the other by itself (G5).

use crate::{
    app::{FULL, TestApp},
    given::{policy_with, tag},
    permits::ANY,
};
use chrono::Duration;
use custody::{
    domain::{
        deployment::{DeploymentState, Environment},
        lifecycle::{Command, Happened},
        naming::with_names,
        refusal::Code,
        server::{Server, SupportClass},
        stage::Stage,
    },
    service::{
        Error,
        deployments::{self, Which},
        groups, moving_on, servers,
        tokens::{self, TokenScope},
    },
    store,
};
use serde_json::{Value, json};

/// A full-support server of development.
pub const TRIAL: &str = "cppServer/ctrl_scs_trial";

impl TestApp {
    /// One more release of a device that CTRL owns, ready for production; and a server of development beside the
    /// other. The token of Lena's deploy tool.
    pub async fn two_environments(&self) -> String {
        self.ctrl_owned("magnet").await;
        servers::add(&self.app, &self.caller("ada"), TRIAL, "scs-rr-ctrl-01", "SCS").await.unwrap();
        servers::set_environment(&self.app, &self.caller("ada"), TRIAL, Environment::Development).await.unwrap();
        self.tagged("1.1.0").await;
        self.deploy_token("lena", ANY).await
    }

    pub async fn tagged(&self, name: &str) {
        self.repository.git(&["commit", "--allow-empty", "-m", name]);
        self.repository.git(&["tag", "-a", "-m", name, name]);
        self.on_staging("magnet", name).await;
        self.reports_stage("jonas", "magnet", name, Stage::Deployable, true).await.unwrap();
    }

    /// Deploys there and reports these, one after the other.
    pub async fn deployed(&self, token: &str, name: &str, server: &str, then: &[Value]) -> Value {
        let d = self.allowed(token, name, server).await;
        assert_eq!(self.begins(&d, token).await.0, 200);
        for body in then {
            let (status, answer) = self.reports(&d, token, body.clone()).await;
            assert_eq!(status, 200, "{answer}");
        }
        d
    }

    pub async fn there(&self, server: &str) -> Option<String> {
        let device = self.device("magnet").await;
        device.placed_on(&server.into()).and_then(|p| p.release.as_ref().map(ToString::to_string))
    }

    async fn moving(&self, method: reqwest::Method, path: &str, token: &str, body: Value) -> (u16, Value) {
        let address = format!("{}/api/v1/devices/magnet/moving_on{path}", self.url);
        let request = reqwest::Client::new().request(method, address).bearer_auth(token).json(&body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// What the device's own stream says last, of this kind.
    pub async fn stayed(&self) -> Option<String> {
        let id = self.device("magnet").await.id.to_string();
        let all = store::journal::list_since(&self.app.db.read, &id, 0).await.unwrap();
        let why = all.iter().rev().find_map(|e| match store::journal::read(e).unwrap() {
            Happened::StayedInDevelopment { why, .. } => Some(why),
            _ => None,
        })?;
        let people = store::people::list_names(&self.app.db.read).await.unwrap();
        assert!(people.0.values().all(|p| !why.contains(&p.name)), "the record names nobody (A37): {why}");
        Some(with_names(&why, &people))
    }

    pub async fn was_told(&self, who: &str) -> Vec<String> {
        let all = store::notices::list(&self.app.db.read, self.person(who), 100).await.unwrap();
        all.into_iter().map(|t| t.text).collect()
    }
}

pub fn succeeded() -> Value {
    json!({ "what": "succeeded" })
}

/// G5, G1, G9: what succeeded in development is asked for in production, once, in the name of who set it and by permit;
/// everybody who has to do with it is told, and the device's story has it.
#[tokio::test]
async fn g5_a_release_moves_on_by_itself() {
    let test = TestApp::new().await;
    let token = test.two_environments().await;
    let (status, set) = test.moving(reqwest::Method::PUT, "", &token, json!({ "server": FULL })).await;
    assert_eq!((status, &set["server"], &set["set_by"]), (200, &json!(FULL), &json!("Lena Brandt")), "{set}");
    let d = test.deployed(&token, "1.1.0", TRIAL, &[]).await;
    assert_eq!(d["environment"], "development");
    moving_on::keep(&test.app).await.unwrap();
    assert_eq!(test.there(FULL).await.unwrap(), "1.0.0", "it has not succeeded yet");
    test.reports(&d, &token, succeeded()).await;
    // Two at once, as after a restart of one that was killed: one of them moves it.
    let (one, other) = tokio::join!(moving_on::keep(&test.app), moving_on::keep(&test.app));
    one.unwrap();
    other.unwrap();
    moving_on::keep(&test.app).await.unwrap();
    assert_eq!(test.there(FULL).await.unwrap(), "1.1.0");
    assert_eq!(test.there(TRIAL).await.unwrap(), "1.1.0", "it stays in development too");
    let allowed = Which { state: Some(DeploymentState::Allowed), ..Which::default() };
    let allowed = deployments::list(&test.app, &allowed).await.unwrap();
    let by_permit: Vec<_> = allowed.deployments.iter().filter(|d| d.permit.is_some()).collect();
    let [moved] = by_permit[..] else { panic!("{by_permit:?}") };
    assert_eq!((moved.environment, moved.asked.by), (Environment::Production, test.person("lena")));
    assert!(moved.gates.iter().any(|g| g.id.to_string() == "Hold" && g.met), "{:?}", moved.gates);
    let from = d["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(store::moving_on::find_moved(&test.app.db.read, from).await.unwrap(), Some(moved.id));

    // The deploy tool finds it, gets its permit, and begins.
    let found: Value =
        reqwest::get(format!("{}/api/v1/deployments?state=allowed", test.url)).await.unwrap().json().await.unwrap();
    assert_eq!(found["deployments"][0]["id"], moved.id.to_string());
    let (status, permit) = test.sends(&format!("/{}/permit", moved.id), &token, &json!({})).await;
    assert_eq!(status, 200, "{permit}");
    let own = deployments::permit(&test.app, &test.caller("ilse"), moved).await;
    assert!(matches!(own, Err(Error::Refused(r)) if r.code == Code::NotYours), "no contributor");
    test.does("jonas", "magnet", Command::HoldMovingOn { reason: "Beam time.".to_owned() }).await.unwrap();
    // While it is held, not even a host without a connection is shown a permit that it would take.
    let path = format!("/{}/permit", permit["id"].as_str().unwrap());
    assert_eq!(test.sends(&path, &token, &json!({})).await.0, 409);
    let (status, held) = test.begins(&permit, &token).await;
    assert_eq!(status, 409, "{held}");
    assert!(held["detail"].as_str().unwrap().contains("Beam time"), "{held}");
    test.does("jonas", "magnet", Command::LiftHold { reason: "It is over.".to_owned() }).await.unwrap();
    assert_eq!(test.begins(&permit, &token).await.0, 200);
    assert_eq!(test.sends(&format!("/{}/permit", moved.id), &token, &json!({})).await.0, 409, "it has begun");

    for who in ["lena", "ilse"] {
        let told = test.was_told(who).await;
        let of_it = told.iter().filter(|t| t.contains("move 1.1.0 on to")).count();
        assert_eq!(of_it, 1, "{who}: {told:#?}");
    }
    let page = test.browser("lena").await.page("/devices/magnet").await;
    assert!(page.contains("id=\"environments\"") && page.contains("by itself, in the name of Lena Brandt"), "{page}");
    let device = test.device("magnet").await;
    assert_eq!(test.replayed(&device).await, device);
    assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok());
}

/// G5: what is refused is on record and told once, and not tried again; nobody's name moves anything who is of CTRL no
/// more.
#[tokio::test]
async fn g5_a_refusal_is_told_once() {
    let test = TestApp::new().await;
    let token = test.two_environments().await;
    test.does("jonas", "magnet", Command::MoveOnByItself { server: FULL.into() }).await.unwrap();
    test.deployed(&token, "1.1.0", TRIAL, &[succeeded()]).await;
    let group = groups::list(&test.app).await.unwrap().0.into_iter().find(|g| g.name == "ICI").unwrap().id;
    groups::remove(&test.app, &test.caller("ada"), group, test.person("jonas")).await.unwrap();
    test.shown().await;
    moving_on::keep(&test.app).await.unwrap();
    let why = test.stayed().await.unwrap();
    assert!(why.contains("Jonas Okafor") && why.contains("sets it anew"), "{why}");
    let revision = test.device("magnet").await.revision;
    moving_on::keep(&test.app).await.unwrap();
    assert_eq!(test.device("magnet").await.revision, revision, "not tried again");
    assert_eq!(test.there(FULL).await.unwrap(), "1.0.0");
    assert!(test.was_told("ilse").await.iter().any(|t| t.contains("did not move 1.1.0 on")));
    // A gate that is open keeps it as well.
    test.does("lena", "magnet", Command::MoveOnByItself { server: FULL.into() }).await.unwrap();
    test.reports_stage("lena", "magnet", "1.1.0", Stage::Tested, false).await.unwrap();
    test.deployed(&token, "1.1.0", TRIAL, &[succeeded()]).await;
    moving_on::keep(&test.app).await.unwrap();
    assert!(test.stayed().await.unwrap().contains("lacks"), "{:?}", test.stayed().await);
    assert_eq!(test.there(FULL).await.unwrap(), "1.0.0");
}

/// G5: going back holds it until a person of CTRL lifts that with a reason; a roll-back in production does, too.
#[tokio::test]
async fn g5_going_back_holds_until_it_is_lifted() {
    let test = TestApp::new().await;
    let token = test.two_environments().await;
    test.does("lena", "magnet", Command::MoveOnByItself { server: FULL.into() }).await.unwrap();
    test.deployed(&token, "1.1.0", TRIAL, &[succeeded()]).await;
    test.deployed(&token, "1.0.0", TRIAL, &[succeeded()]).await;
    moving_on::keep(&test.app).await.unwrap();
    assert_eq!(test.there(FULL).await.unwrap(), "1.0.0");
    assert!(test.stayed().await.unwrap().contains("held by Lena Brandt"), "{:?}", test.stayed().await);
    let history = test.stranger().page("/devices/magnet/history").await;
    assert!(history.contains("held by Lena Brandt"), "{history}");
    let (status, shown) = test.moving(reqwest::Method::GET, "", &token, json!({})).await;
    assert_eq!((status, &shown["hold"]["cause"]), (200, &json!("older_release")), "{shown}");
    assert!(test.was_told("ilse").await.iter().any(|t| t.contains("put a hold on moving on by itself")));

    let lifted = test.does("ilse", "magnet", Command::LiftHold { reason: "Mine.".to_owned() }).await;
    assert!(matches!(lifted, Err(Error::Refused(r)) if r.code == Code::NotYours), "no contributor");
    let because = json!({ "reason": "1.1.0 is right after all." });
    let delete = reqwest::Method::DELETE;
    assert_eq!(test.moving(delete.clone(), "/hold", &token, json!({ "reason": " " })).await.0, 409);
    let (status, lifted) = test.moving(delete.clone(), "/hold", &token, because.clone()).await;
    assert_eq!((status, &lifted["hold"]), (200, &Value::Null), "{lifted}");
    assert_eq!(test.moving(delete, "/hold", &token, because).await.0, 409, "nothing holds it");

    // In production it comes by itself again, is rolled back, and is held.
    test.deployed(&token, "1.1.0", TRIAL, &[succeeded()]).await;
    moving_on::keep(&test.app).await.unwrap();
    let device = test.device("magnet").await;
    let placed = device.placed_on(&FULL.into()).unwrap();
    assert_eq!(placed.release, Some(tag("1.1.0")));
    let d = store::deployments::find_of_placement(&test.app.db.read, device.id, placed).await.unwrap().unwrap();
    let (_, permit) = test.sends(&format!("/{}/permit", d.id), &token, &json!({})).await;
    test.begins(&permit, &token).await;
    // As long as a reason may be: what Custody says with it is longer.
    let why = format!("It lost frames.{}", ".".repeat(3985));
    assert_eq!(test.reports(&permit, &token, json!({ "what": "rolled_back", "text": why })).await.0, 200);
    let hold = test.device("magnet").await.moving_on.hold.unwrap();
    assert!(hold.reason.contains("It lost frames."), "{}", hold.reason);
    assert_eq!(test.there(FULL).await.unwrap(), "1.0.0", "and the server is given back");
    // By hand in the browser: held and lifted.
    let lena = test.browser("lena").await;
    assert!(lena.page("/devices/magnet").await.contains("Lift the hold"));
    lena.acts(&test, "magnet", "lift-hold", &[("reason", "Mended in 1.1.1.")]).await;
    lena.acts(&test, "magnet", "hold-moving-on", &[("reason", "Beam time.")]).await;
    lena.acts(&test, "magnet", "stop-moving-on", &[]).await;
    let device = test.device("magnet").await;
    assert!(device.moving_on.by_itself.is_none() && device.moving_on.hold.is_some());
    assert_eq!(test.replayed(&device).await, device);
}

/// G5: to remove the newer release first, and to go to another server of the environment, is going back all the same.
#[tokio::test]
async fn g5_going_back_by_way_of_a_removal_holds() {
    for server in [TRIAL, "cppServer/ctrl_scs_trial_2"] {
        let test = TestApp::new().await;
        let token = test.two_environments().await;
        if server != TRIAL {
            servers::add(&test.app, &test.caller("ada"), server, "scs-rr-ctrl-01", "SCS").await.unwrap();
            servers::set_environment(&test.app, &test.caller("ada"), server, Environment::Development).await.unwrap();
        }
        test.does("lena", "magnet", Command::MoveOnByItself { server: FULL.into() }).await.unwrap();
        test.deployed(&token, "1.1.0", TRIAL, &[]).await;
        test.does("lena", "magnet", Command::Remove { server: TRIAL.into() }).await.unwrap();
        test.deployed(&token, "1.0.0", server, &[]).await;
        let (_, shown) = test.moving(reqwest::Method::GET, "", &token, json!({})).await;
        assert_eq!(shown["hold"]["cause"], json!("older_release"), "{server}: {shown}");
        assert!(shown["hold"].to_string().contains("older than 1.1.0"), "{shown}");
    }
    // What came to nothing was never there.
    let test = TestApp::new().await;
    let token = test.two_environments().await;
    test.does("lena", "magnet", Command::MoveOnByItself { server: FULL.into() }).await.unwrap();
    let failed = json!({ "what": "failed", "text": "No disk." });
    test.deployed(&token, "1.1.0", TRIAL, &[failed]).await;
    test.deployed(&token, "1.0.0", TRIAL, &[]).await;
    assert_eq!(test.device("magnet").await.moving_on.hold, None);
}

/// G5: where the policy waits for the tests after a deployment, they decide; a roll-back before it moved leaves it.
#[tokio::test]
async fn g5_tests_after_decide_where_they_are_waited_for() {
    let test = TestApp::with_policy(&policy_with("[environments.development]\ntests_after = true")).await;
    let token = test.two_environments().await;
    test.does("lena", "magnet", Command::MoveOnByItself { server: FULL.into() }).await.unwrap();
    let d = test.deployed(&token, "1.1.0", TRIAL, &[succeeded()]).await;
    moving_on::keep(&test.app).await.unwrap();
    assert_eq!(test.there(FULL).await.unwrap(), "1.0.0");
    test.reports(&d, &token, json!({ "what": "tests_after", "passed": true })).await;
    // What is known to be bad by the time it would move stays.
    test.reports(&d, &token, json!({ "what": "tests_after", "passed": false })).await;
    moving_on::keep(&test.app).await.unwrap();
    assert_eq!(test.there(FULL).await.unwrap(), "1.0.0");
    assert_eq!(test.stayed().await, None, "nothing to tell");
    let d = test.deployed(&token, "1.1.0", TRIAL, &[succeeded()]).await;
    test.reports(&d, &token, json!({ "what": "tests_after", "passed": true })).await;
    moving_on::keep(&test.app).await.unwrap();
    assert_eq!(test.there(FULL).await.unwrap(), "1.1.0");
}

/// G5, G9: a deployment names the environment of its server or none; nobody begins in time, and it expires as others do.
#[tokio::test]
async fn g5_the_environment_is_the_servers() {
    let test = TestApp::new().await;
    let token = test.two_environments().await;
    let ask =
        |environment: &str| json!({ "device": "magnet", "tag": "1.1.0", "server": TRIAL, "environment": environment });
    let (status, answer) = test.sends("", &token, &ask("production")).await;
    assert_eq!(status, 422, "{answer}");
    assert_eq!(test.sends("", &token, &ask("development")).await.0, 201);
    let ada = test.browser("ada").await;
    let fields = [("server", TRIAL), ("environment", "production")];
    assert_eq!(ada.post("/admin/servers/environment", &fields).await.status(), 303);
    assert_eq!(test.browser("lena").await.post("/admin/servers/environment", &fields).await.status(), 403);
    let wrong = [("server", TRIAL), ("environment", "staging")];
    assert_eq!(ada.post("/admin/servers/environment", &wrong).await.status(), 422);
    let server = store::servers::find(&test.app.db.read, &TRIAL.into()).await.unwrap().unwrap();
    let Server { class, environment, .. } = server;
    assert_eq!((class, environment), (SupportClass::Full, Environment::Production));

    ada.post("/admin/servers/environment", &[("server", TRIAL), ("environment", "development")]).await;
    test.does("lena", "magnet", Command::MoveOnByItself { server: FULL.into() }).await.unwrap();
    test.deployed(&token, "1.1.0", TRIAL, &[succeeded()]).await;
    moving_on::keep(&test.app).await.unwrap();
    assert_eq!(test.there(FULL).await.unwrap(), "1.1.0");
    test.advance(Duration::minutes(6));
    deployments::keep(&test.app).await.unwrap();
    moving_on::keep(&test.app).await.unwrap();
    assert_eq!(test.there(FULL).await.unwrap(), "1.0.0", "nobody began");
    // A token for one server, or for another thing, sets nothing.
    let bound = test.deploy_token("lena", TokenScope::Deploy { device: None, server: Some(FULL.into()) }).await;
    assert_eq!(test.moving(reqwest::Method::PUT, "", &bound, json!({ "server": null })).await.0, 403);
    let id = test.device("magnet").await.id;
    let bound = test.deploy_token("lena", TokenScope::Deploy { device: Some(id), server: None }).await;
    assert_eq!(test.moving(reqwest::Method::PUT, "", &bound, json!({ "server": null })).await.0, 403, "a pipeline's");
    assert_eq!(test.moving(reqwest::Method::PUT, "", &token, json!({})).await.0, 422, "say null");
    assert_eq!(test.moving(reqwest::Method::PUT, "", &token, json!({ "server": null })).await.0, 200);
    let observer = tokens::create(&test.app, &test.caller("ada"), "agent", TokenScope::Observe(FULL.into()), 30).await;
    let observer = observer.unwrap().1;
    assert_eq!(test.moving(reqwest::Method::PUT, "", &observer, json!({ "server": null })).await.0, 403);
    assert!(matches!(
        test.does("lena", "magnet", Command::StopMovingOn {}).await,
        Err(Error::Refused(r)) if r.code == Code::AlreadyDone
    ));
}
