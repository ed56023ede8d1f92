//! Overrides in an emergency (G12): two people of CTRL, a reason, an end, on the board while it lasts.

use crate::{
    app::{FULL, TestApp},
    given::{policy_with, tag},
    permits::ANY,
};
use chrono::{Duration, SecondsFormat};
use custody::{
    domain::{lifecycle::Command, overrides::Skip, refusal::Code},
    service::{
        Error,
        act::{Ask, act},
        deployments, overrides,
    },
    store,
};
use reqwest::Method;
use serde_json::{Value, json};

impl TestApp {
    /// A release that nobody reported anything of; the tokens of two of CTRL.
    async fn emergency(&self) -> (String, String) {
        self.ctrl_owned("magnet").await;
        self.repository.git(&["commit", "--allow-empty", "-m", "1.1.0"]);
        self.repository.git(&["tag", "-a", "-m", "1.1.0", "1.1.0"]);
        self.does("lena", "magnet", Command::VerifyTag { tag: tag("1.1.0") }).await.unwrap();
        (self.deploy_token("lena", ANY).await, self.deploy_token("jonas", ANY).await)
    }

    /// Sent by the device's revision.
    async fn overrides(&self, path: &str, token: &str, body: Value) -> (u16, Value) {
        let seen = format!("\"{}\"", self.device("magnet").await.revision);
        self.overrides_by(Some(&seen), path, token, body).await
    }

    async fn overrides_by(&self, seen: Option<&str>, path: &str, token: &str, body: Value) -> (u16, Value) {
        let address = format!("{}/api/v1/devices/magnet/overrides{path}", self.url);
        let request = reqwest::Client::new().post(address).bearer_auth(token).json(&body);
        let request = seen.into_iter().fold(request, |request, seen| request.header("if-match", seen));
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    fn asked(&self, minutes: i64) -> Value {
        let until = (self.app.clock.now() + Duration::minutes(minutes)).to_rfc3339_opts(SecondsFormat::Secs, true);
        json!({ "tag": "1.1.0", "server": FULL, "skips": ["built", "tested", "deployable"], "until": until,
            "reason": "1.0.0 loses frames." })
    }

    async fn in_force(&self, minutes: i64) -> (String, String) {
        let (lena, jonas) = self.emergency().await;
        let (status, asked) = self.overrides("", &lena, self.asked(minutes)).await;
        assert_eq!((status, &asked["overrides"][0]["standing"]), (201, &json!("asked")), "{asked}");
        let (status, approved) = self.overrides("/1/approval", &jonas, json!({})).await;
        assert_eq!((status, &approved["overrides"][0]["standing"]), (200, &json!("counts")), "{approved}");
        (lena, jonas)
    }
}

/// G12: from the asking to its end by the clock, through the programs' door: who may, what it lets through, what the
/// record says, who is told.
#[tokio::test]
async fn g12_an_override_from_asking_to_its_end() {
    let test = TestApp::new().await;
    let (lena, jonas) = test.emergency().await;
    let deploy = json!({ "device": "magnet", "tag": "1.1.0", "server": FULL });
    assert_eq!(test.sends("", &lena, &deploy).await.0, 409, "its stages lack");
    let until = test.app.clock.now() + Duration::hours(1);
    let (server, skips) = (FULL.into(), [Skip::Built].into());
    let own = Command::AskOverride { tag: tag("1.1.0"), server, skips, until, reason: "Mine.".to_owned() };
    let own = test.does("ilse", "magnet", own).await;
    assert!(matches!(own, Err(Error::Refused(r)) if r.code == Code::NotYours), "no contributor");
    for (field, value) in [("skips", json!(["identity"])), ("skips", json!(["tag"])), ("tag", json!("main"))] {
        let mut body = test.asked(60);
        body[field] = value;
        assert_eq!(test.overrides("", &lena, body.clone()).await.0, 422, "{body}");
    }
    assert_eq!(test.overrides("", &lena, test.asked(25 * 60)).await.0, 409, "longer than the policy lets");
    assert_eq!(test.overrides("", &lena, test.asked(60)).await.0, 201);
    assert_eq!(test.sends("", &lena, &deploy).await.0, 409, "one person is not enough");
    assert_eq!(test.overrides("/1/approval", &lena, json!({})).await.0, 403, "the same person");
    let same = test.deploy_token("lena", ANY).await;
    assert_eq!(test.overrides("/1/approval", &same, json!({})).await.0, 403, "by another token");
    let own = test.does("ilse", "magnet", Command::ApproveOverride { number: 1 }).await;
    assert!(matches!(own, Err(Error::Refused(r)) if r.code == Code::SelfApproval), "no contributor");
    assert_eq!(test.overrides("/1/approval", &jonas, json!({})).await.0, 200);
    assert_eq!(test.overrides("/1/approval", &jonas, json!({})).await.0, 409, "once");

    let d = test.allowed(&lena, "1.1.0", FULL).await;
    let g3 = d["gates"].as_array().unwrap().iter().find(|g| g["id"] == "G3").unwrap();
    assert_eq!((&g3["met"], &g3["overridden"]), (&json!(false), &json!(true)), "{g3}");
    let why = g3["why"].as_str().unwrap();
    assert!(why.contains("Lena Brandt") && why.contains("Jonas Okafor") && why.contains("loses frames"), "{why}");
    let page = test.stranger().page(&format!("/deployments/{}", d["id"].as_str().unwrap())).await;
    assert!(page.contains("skipped by override") && page.contains("of Lena Brandt and Jonas Okafor"), "{page}");
    let all = store::journal::list_after(&test.app.db.read, 0, 10_000).await.unwrap();
    let (allowed, named) = (all.iter().any(|e| e.kind == "allowed"), all.iter().find(|e| e.body.contains("Brandt")));
    assert!(allowed && named.is_none(), "the record names nobody (A37): {named:?}");
    assert_eq!(test.begins(&d, &lena).await.0, 200);

    for who in ["ilse", "otto", "lena"] {
        let told = test.was_told(who).await;
        assert!(told.iter().any(|t| t.contains("approved override 1")), "{who}: {told:#?}");
    }
    assert!(test.was_told("ravi").await.iter().any(|t| t.contains("asked for override 1")), "all of CTRL");
    test.advance(Duration::minutes(61));
    assert_eq!(test.sends("", &jonas, &deploy).await.0, 409, "its time is over, on record or not");
    overrides::keep(&test.app).await.unwrap();
    overrides::keep(&test.app).await.unwrap();
    let device = test.device("magnet").await;
    let ended = device.overrides[0].ended.clone().unwrap();
    assert_eq!((ended.by, ended.reason.as_str()), (None, "Its time was over."));
    let told = test.was_told("otto").await;
    assert_eq!(told.iter().filter(|t| t.contains("ended override 1")).count(), 1, "{told:#?}");
    let list: Value = reqwest::get(format!("{}/api/v1/overrides", test.url)).await.unwrap().json().await.unwrap();
    assert_eq!(list["overrides"][0]["ended_by"], "Custody", "{list}");
    assert_eq!(test.replayed(&device).await, device);
    assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok());
}

/// A4, G12: whoever approves says by what they decided: nobody approves what another has changed since.
#[tokio::test]
async fn a4_an_override_is_approved_as_it_was_read() {
    let test = TestApp::new().await;
    let (lena, jonas) = test.emergency().await;
    assert_eq!(test.overrides("", &lena, test.asked(60)).await.0, 201);
    for unsaid in [None, Some("*")] {
        let (status, answer) = test.overrides_by(unsaid, "/1/approval", &jonas, json!({})).await;
        assert_eq!((status, &answer["code"]), (428, &json!("revision_needed")), "{answer}");
    }
    let seen = format!("\"{}\"", test.device("magnet").await.revision);
    test.does("lena", "magnet", Command::HoldMovingOn { reason: "Beam time.".to_owned() }).await.unwrap();
    let (status, answer) = test.overrides_by(Some(&seen), "/1/approval", &jonas, json!({})).await;
    assert_eq!((status, &answer["changes"][0]["what"]), (412, &json!("moving_on_held")), "{answer}");
    assert!(test.device("magnet").await.overrides[0].approved.is_none());
    assert_eq!(test.overrides("/1/approval", &jonas, json!({})).await.0, 200);
}

/// G12: it stands on the board, the wall, the device's page and the lists of deployments while it lasts, and no longer.
#[tokio::test]
async fn g12_it_stands_on_the_board_while_it_lasts() {
    let test = TestApp::new().await;
    let nobody = test.stranger();
    let places = ["/", "/wall", "/devices/magnet", "/deployments"];
    test.in_force(60).await;
    custody::service::feed::follow(&test.app).await.unwrap();
    for place in places {
        let page = nobody.page(place).await;
        assert!(page.contains("verride") && page.contains("loses frames"), "{place}: {page}");
    }
    assert!(test.browser("ravi").await.page("/deployable").await.contains("loses frames"));
    assert!(nobody.page("/").await.contains("override until"), "in its row");
    // Of another device than the one that was asked for, it stands under the answer.
    test.requested("camera").await;
    for (asked, above) in [("magnet", true), ("camera", false)] {
        let page = nobody.page(&format!("/?q={asked}")).await;
        let (banner, answer) = (page.find("Override on magnet").unwrap(), page.find("class=\"answer\"").unwrap());
        assert_eq!(banner < answer, above, "{asked}");
    }
    assert!(nobody.page("/overrides").await.contains("in force"));
    assert!(!nobody.page("/overrides").await.contains("/end-override"), "who reads it ends nothing");
    // By hand in the browser.
    let ravi = test.browser("ravi").await;
    assert!(ravi.page("/overrides").await.contains("/devices/magnet/end-override?number=1"));
    ravi.acts(&test, "magnet", "end-override", &[("number", "1"), ("reason", "1.1.1 is there.")]).await;
    custody::service::feed::follow(&test.app).await.unwrap();
    for place in places.into_iter().filter(|p| *p != "/devices/magnet") {
        assert!(!nobody.page(place).await.contains("loses frames"), "{place}");
    }
    ravi.acts(
        &test,
        "magnet",
        "ask-override",
        &[
            ("tag", "1.1.0"),
            ("server", FULL),
            ("skips", "built"),
            ("skips", "hold"),
            ("hours", "2"),
            ("reason", "Once more."),
        ],
    )
    .await;
    let chiara = test.browser("chiara").await;
    assert!(chiara.page("/devices/magnet").await.contains("waits for a second person of CTRL"));
    let form = chiara.page("/devices/magnet/approve-override?number=2").await;
    assert!(form.contains(", until 21 Nov 2026, ") && form.contains(" CET, asked for by Ravi Menon"), "{form}");
    chiara.acts(&test, "magnet", "approve-override", &[("number", "2")]).await;
    let device = test.device("magnet").await;
    assert!(device.overrides[1].counts(test.app.clock.now()));
    let bad = [("tag", "1.1.0"), ("server", FULL), ("hours", "2"), ("reason", "Nothing to skip.")];
    assert_eq!(ravi.post("/devices/magnet/ask-override", &bad).await.status(), 422);
    assert_eq!(test.replayed(&device).await, device);
}

/// G12, A5: two approve at once: one does, the other is told.
#[tokio::test]
async fn g12_of_two_approvals_one_wins() {
    let test = TestApp::new().await;
    let (lena, _) = test.emergency().await;
    assert_eq!(test.overrides("", &lena, test.asked(60)).await.0, 201);
    let approve = |who: &str| {
        let caller = test.caller(who);
        let app = test.app.clone();
        async move { act(&app, &caller, "magnet", Ask::from(Command::ApproveOverride { number: 1 })).await }
    };
    let (one, other) = tokio::join!(approve("jonas"), approve("ravi"));
    let won = [&one, &other].iter().filter(|r| r.is_ok()).count();
    assert_eq!(won, 1, "{one:?} {other:?}");
    let lost = [one, other].into_iter().find_map(Result::err).unwrap();
    assert!(matches!(&lost, Error::Refused(r) if r.code == Code::AlreadyDone), "{lost:?}");
    let device = test.device("magnet").await;
    assert_eq!(test.replayed(&device).await, device);
}

/// G12, G9, G3: a permit under an override lives no longer than it, and is judged again when it is redeemed.
#[tokio::test]
async fn g12_a_permit_ends_with_its_override() {
    let test = TestApp::new().await;
    let (lena, jonas) = test.in_force(2).await;
    let d = test.allowed(&lena, "1.1.0", FULL).await;
    let device = test.device("magnet").await;
    let until: chrono::DateTime<chrono::Utc> = d["expires_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(until, device.overrides[0].until, "two minutes, not five");
    assert_eq!(test.overrides("/1/end", &jonas, json!({ "reason": " " })).await.0, 409, "a reason");
    assert_eq!(test.overrides("/1/end", &jonas, json!({ "reason": "Mended otherwise." })).await.0, 200);
    let permit = test.sends(&format!("/{}/permit", d["id"].as_str().unwrap()), &lena, &json!({})).await;
    assert_eq!(permit.0, 409, "nor is it handed out again: {permit:?}");
    let (status, refused) = test.begins(&d, &lena).await;
    assert_eq!(status, 409, "{refused}");
    test.advance(Duration::minutes(3));
    deployments::keep(&test.app).await.unwrap();
    assert_eq!(test.there(FULL).await.unwrap(), "1.0.0", "and the server is given back");
    let client = reqwest::Client::new();
    let address = format!("{}/api/v1/devices/magnet/overrides", test.url);
    let shown: Value = client.request(Method::GET, address).send().await.unwrap().json().await.unwrap();
    assert_eq!(shown["overrides"][0]["ended_because"], "Mended otherwise.");
}

/// G12: the form proposes the policy's usual hours, and never more than the longest; sent as it is, it is taken.
#[tokio::test]
async fn g12_the_form_proposes_the_usual_hours() {
    for (more, hours) in [("", "4"), ("usual_hours = 2", "2"), ("longest_hours = 1", "1")] {
        let test = TestApp::with_policy(&policy_with(&format!("[overrides]\n{more}\n"))).await;
        test.emergency().await;
        let lena = test.browser("lena").await;
        let form = lena.page("/devices/magnet/ask-override").await;
        let field = form.split("<input").find(|f| f.contains("name=\"hours\"")).unwrap().split('>').next().unwrap();
        assert!(field.contains(&format!("value=\"{hours}\"")), "{more}: {field}");
        let reason = "1.0.0 loses frames.";
        let fields = [("tag", "1.1.0"), ("server", FULL), ("skips", "built"), ("hours", hours), ("reason", reason)];
        lena.acts(&test, "magnet", "ask-override", &fields).await;
        let asked = test.device("magnet").await.overrides[0].clone();
        assert_eq!((asked.until - asked.asked.mark.at).num_hours().to_string(), hours);
    }
}
