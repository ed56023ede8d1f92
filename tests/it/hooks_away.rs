//! What forges tell while a repository is away is kept, and looked at when it is back (G3, A22, F9); and what they say of
//! a tag's protection (G2).

use crate::{
    app::TestApp,
    given::{policy_with, tag},
    hooks::{SECRET, hook, new, tells},
    hooks_pipelines::ended,
};
use chrono::Duration;
use custody::{
    app::App,
    domain::{forge::Forge, release::TagNow, stage::Stage},
    service::hooks::{self, Delivery, Heard, Readers},
    store,
};
use reqwest::StatusCode;
use serde_json::{Value, json};

impl TestApp {
    fn away(&self) {
        std::fs::rename(self.repository.folder(), self.repository.root().join("away.git")).unwrap();
    }

    fn back(&self) {
        std::fs::rename(self.repository.root().join("away.git"), self.repository.folder()).unwrap();
    }

    /// A round of what waits, some time later.
    async fn later(&self, by: Duration) {
        self.advance(by);
        hooks::keep(&self.app).await.unwrap();
    }

    /// How many deliveries wait, whenever they are due.
    async fn waiting_deliveries(&self) -> usize {
        let far = self.app.clock.now() + Duration::days(1000);
        store::hooks::list_due(&self.app.db.read, far, 1000).await.unwrap().len()
    }

    async fn notices(&self, name: &str) -> Vec<String> {
        let all = store::notices::list(&self.app.db.read, self.person(name), 100).await.unwrap();
        all.into_iter().filter(|t| t.text.contains("has not answered")).map(|t| t.text).collect()
    }
}

/// G3, A22, F9: a pipeline that a forge tells of while the repository is away is a stage once it is back, exactly once,
/// whatever is told again meanwhile and afterwards.
#[tokio::test]
async fn g3_what_is_told_while_the_repository_is_away_is_not_lost() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let hook = hook(&test).await;
    let body = ended(&test, 20, &[("build", true), ("test", true)]);
    let refused = async || {
        let stream = format!("refused/{}", test.device("magnet").await.id);
        store::journal::list_all(&test.app.db.read, &stream).await.unwrap().len()
    };
    let before = (test.device("magnet").await.revision, refused().await);
    test.away();
    assert_eq!(tells(&test, &hook, "1", &body).await, (StatusCode::ACCEPTED, json!({ "heard": "reading" })));
    test.settles().await;
    assert_eq!(test.waiting_deliveries().await, 1);
    for minutes in [1, 3, 10, 10] {
        assert_eq!(tells(&test, &hook, "1", &body).await, (StatusCode::OK, json!({ "heard": "repeated" })));
        test.later(Duration::minutes(minutes)).await;
        assert_eq!((test.waiting_deliveries().await, test.way("1.0.0").await.len()), (1, 0));
    }
    let forges = test.browser("ada").await.page("/admin/forges").await;
    assert!(forges.contains("1 delivery waits to be looked at"), "{forges}");
    let now = (test.device("magnet").await.revision, refused().await);
    assert_eq!(now, before, "that nothing can be read leaves nothing on record, however often it is tried");

    test.back();
    // Not before its time.
    test.later(Duration::zero()).await;
    assert_eq!(test.way("1.0.0").await.len(), 0);
    test.later(Duration::minutes(11)).await;
    let said: Vec<_> = test.way("1.0.0").await.iter().map(|r| (r.stage, r.passed)).collect();
    assert_eq!(said, [(Stage::Built, true), (Stage::Tested, true)]);
    assert_eq!(test.waiting_deliveries().await, 0);
    assert!(!test.browser("ada").await.page("/admin/forges").await.contains("to be looked at"));
    // The same delivery, the same run in another one, and more rounds.
    for delivery in ["1", "2"] {
        tells(&test, &hook, delivery, &body).await;
        test.settles().await;
        test.later(Duration::minutes(30)).await;
        assert_eq!((test.waiting_deliveries().await, test.way("1.0.0").await.len()), (0, 2), "{delivery}");
    }
    assert!(test.notices("ilse").await.is_empty());
    assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok());
}

/// A15, A22: what a pipeline's link has that no database keeps alike is refused like any other link, at once: it is not
/// tried again for days.
#[tokio::test]
async fn a15_a_link_with_nul_waits_for_nothing() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let hook = hook(&test).await;
    let mut body = ended(&test, 20, &[("build", true)]);
    body["object_attributes"]["url"] = json!("https://git.example.org/-/pipelines/\u{0}20");
    assert_eq!(tells(&test, &hook, "1", &body).await.0, StatusCode::ACCEPTED);
    test.settles().await;
    assert_eq!((test.waiting_deliveries().await, test.way("1.0.0").await.len()), (0, 0));
}

/// A22: runs that waited and runs that did not: what came last counts, in whichever order they are looked at.
#[tokio::test]
async fn a22_what_waited_overtakes_nothing() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let hook = hook(&test).await;
    let [first, last] = [(20, true), (22, false)].map(|(run, passed)| ended(&test, run, &[("build", passed)]));
    test.away();
    for (delivery, body) in [("1", &first), ("2", &last)] {
        tells(&test, &hook, delivery, body).await;
    }
    test.settles().await;
    test.back();
    tells(&test, &hook, "3", &ended(&test, 21, &[("build", true)])).await;
    test.settles().await;
    test.later(Duration::minutes(11)).await;
    let said: Vec<_> = test.way("1.0.0").await.iter().map(|r| (r.passed, r.job.clone().unwrap())).collect();
    let run = |n: u64| format!("webhook of gitlab.example.org, run {n}");
    assert_eq!(said, [(true, run(21)), (false, run(22))]);
    assert_eq!(test.waiting_deliveries().await, 0);
}

/// A22, F1, F13: what is told while too much is read waits, and what was told to a process that ended is looked at by the
/// next one.
#[tokio::test]
async fn a22_what_is_told_while_much_is_read_waits() {
    let mut test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let hook = hook(&test).await;
    let hear = async |app: &App, readers: &Readers, n: u64, passed: bool| {
        let body = ended(&test, n, &[("build", passed)]).to_string();
        let sent = Delivery { event: "Pipeline Hook", id: &format!("run {n}"), body: body.as_bytes() };
        hooks::hear(app, readers, &hook, sent).await.unwrap()
    };
    let (full, busy) = (Readers::new(1, 0), Readers::new(0, 1));
    assert_eq!(hear(&test.app, &full, 20, false).await, Heard::Later);
    assert_eq!(hear(&test.app, &full, 20, false).await, Heard::Repeated);
    assert_eq!(hear(&test.app, &busy, 21, true).await, Heard::Reading, "in its turn, which does not come");
    test.app.stop.cancel();
    test.app.changes.close();
    test.app.changes.wait().await;
    assert_eq!((test.waiting_deliveries().await, test.way("1.0.0").await.len()), (2, 0));

    test.reopen().await;
    let passed = async || test.way("1.0.0").await.iter().map(|r| r.passed).collect::<Vec<_>>();
    test.later(Duration::zero()).await;
    assert_eq!(
        (test.waiting_deliveries().await, passed().await),
        (1, vec![false]),
        "what nobody reads is taken up at once"
    );
    test.later(Duration::minutes(11)).await;
    assert_eq!((test.waiting_deliveries().await, passed().await), (0, vec![false, true]));
}

/// G3: when the policy's time is over nobody waits any more: it is on record, and the device's people
/// are told once, however much of it was lost.
#[tokio::test]
async fn g3_what_cannot_be_looked_at_in_time_is_told() {
    let test = TestApp::with_policy(&policy_with("[releases]\nforge_retry_hours = 2\n")).await;
    test.reduced_support("magnet").await;
    let hook = hook(&test).await;
    let body = ended(&test, 20, &[("build", true)]);
    let more = ended(&test, 21, &[("build", true)]);
    let tag = json!({ "object_kind": "tag_push", "ref": "refs/tags/1.0.0", "project": body["project"] });
    test.away();
    for (delivery, body) in [("1", &body), ("2", &more), ("3", &tag)] {
        tells(&test, &hook, delivery, body).await;
        test.settles().await;
    }
    test.later(Duration::minutes(119)).await;
    assert_eq!((test.waiting_deliveries().await, test.notices("ilse").await.len()), (3, 0));
    for _ in 0..2 {
        test.later(Duration::minutes(11)).await;
        assert_eq!(test.waiting_deliveries().await, 0);
        for who in ["ilse", "marek", "lena"] {
            let told = test.notices(who).await;
            assert_eq!(told.len(), 1, "{who}: {told:?}");
            assert!(told[0].contains("run 20 of 1.0.0") && told[0].contains("gitlab.example.org"), "{told:?}");
        }
    }
    let lines = store::journal::list_all(&test.app.db.read, &format!("hook/{}", hook.id)).await.unwrap();
    assert_eq!(lines.iter().filter(|e| e.kind == "delivery_given_up").count(), 3);
    test.back();
    test.later(Duration::hours(1)).await;
    assert_eq!(test.way("1.0.0").await, []);
}

/// A21: what a forge told that is heard no more is looked at no more.
#[tokio::test]
async fn a21_who_is_revoked_has_told_nothing() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let hook = hook(&test).await;
    let body = ended(&test, 20, &[("build", true)]);
    test.away();
    tells(&test, &hook, "1", &body).await;
    test.settles().await;
    hooks::revoke(&test.app, &test.caller("ada"), &hook.id).await.unwrap();
    test.back();
    test.later(Duration::minutes(11)).await;
    assert_eq!((test.waiting_deliveries().await, test.way("1.0.0").await.len()), (0, 0));
}

/// G2: what GitLab says of a tag's protection stands on the release's and the device's page and in the API, as its word:
/// unknown until it has said so, the last word counts, and it decides nothing.
#[tokio::test]
async fn g2_a_forge_says_whether_a_tag_is_protected() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let hook = hook(&test).await;
    let push = |protected: Option<bool>| {
        let mut body = json!({
            "object_kind": "tag_push", "ref": "refs/tags/1.0.0",
            "project": { "id": 7, "git_http_url": test.repository.file_address() },
        });
        if let Some(protected) = protected {
            body["ref_protected"] = json!(protected);
        }
        body
    };
    let run = |protected: Value| {
        let mut body = ended(&test, 20, &[("build", true)]);
        body["object_attributes"]["protected_ref"] = protected;
        body
    };
    let steps = [
        (push(None), None),
        (push(Some(true)), Some(true)),
        (push(None), Some(true)),
        (push(Some(false)), Some(false)),
        (run(json!(true)), Some(true)),
        (run(Value::Null), Some(true)),
    ];
    let ilse = test.browser("ilse").await;
    for (n, (body, expected)) in steps.into_iter().enumerate() {
        assert_eq!(tells(&test, &hook, &format!("push {n}"), &body).await.0, StatusCode::ACCEPTED);
        test.settles().await;
        let text = test.stranger().page("/api/v1/devices/magnet/releases/1.0.0").await;
        let api: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&api["protected"], &api["stands"]), (&json!(expected), &json!(true)), "{n}");
        assert_eq!(api["protected_told_at"].is_null(), expected.is_none());
        let (release, device) = (ilse.page("/devices/magnet/releases/1.0.0").await, ilse.page("/devices/magnet").await);
        let says = match expected {
            None => "no forge has said whether it is protected",
            Some(true) => "the forge says this tag is protected",
            Some(false) => "the forge says this tag is not protected",
        };
        assert!(release.contains(says), "{n}: {release}");
        assert_eq!(device.contains(says), expected.is_some(), "{n}");
        test.advance(Duration::minutes(1));
    }
    let history = ilse.page("/devices/magnet/history").await;
    for says in ["is protected", "is not protected"] {
        assert!(history.contains(says), "{says}: {history}");
    }
    // It decides nothing: a tag that moved is one that moved, protected or not.
    test.repository.git(&["tag", "-f", "-a", "-m", "moved", "1.0.0", "main"]);
    tells(&test, &hook, "moved", &push(Some(true))).await;
    test.settles().await;
    let release = test.device("magnet").await.release(&tag("1.0.0")).unwrap().clone();
    assert!(matches!(release.tag_now, TagNow::Moved { .. }));
    // What is late says nothing against what was said after it.
    let late = hooks::create(&test.app, &test.caller("ada"), &new("late", Forge::Gitlab, SECRET)).await.unwrap();
    test.away();
    tells(&test, &late, "late", &push(Some(true))).await;
    test.settles().await;
    test.back();
    test.advance(Duration::minutes(1));
    tells(&test, &hook, "after", &push(Some(false))).await;
    test.settles().await;
    test.later(Duration::minutes(11)).await;
    let text = test.stranger().page("/api/v1/devices/magnet/releases/1.0.0").await;
    assert!(text.contains("\"protected\":false"), "{text}");
}
