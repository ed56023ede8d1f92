//! Tags that are judged before a repository takes them (G2, A3, A14 to A16, A19, T10).

use crate::{
    app::{REDUCED, TestApp},
    given::policy_with,
    permits::ANY,
};
use custody::service::tokens::{self, TokenScope};
use serde_json::{Value, json};

pub const ZEROS: &str = "0000000000000000000000000000000000000000";

impl TestApp {
    /// A token for evidence of a device, as the hook of its repository has it.
    pub async fn evidence_token(&self, device: &str) -> String {
        let scope = TokenScope::Evidence(self.device(device).await.id);
        tokens::create(&self.app, &self.caller("lena"), "repository", scope, 30).await.unwrap().1
    }

    async fn asks_about(&self, token: Option<&str>, body: &Value) -> (u16, Value) {
        let request = reqwest::Client::new().post(format!("{}/api/v1/tags/check", self.url)).json(body);
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// A tag that is fine: annotated, on the trunk, pushed by CTRL.
    fn fine(&self) -> Value {
        json!({
            "repository": self.repository.file_address(), "tag": "1.1.0", "old": ZEROS,
            "new": self.repository.id("main"), "kind": "tag", "is_commit": true, "branches": ["main", "aside"],
            "pusher": "lena",
        })
    }
}

fn open(answer: &Value) -> Vec<&str> {
    let all = answer["conditions"].as_array().unwrap();
    all.iter().filter(|c| c["met"] == false).map(|c| c["id"].as_str().unwrap()).collect()
}

/// G2, A3, A14, A15, A16, A19, T10: each thing that is wrong with a tag is a condition that is not met; nothing is changed.
#[tokio::test]
async fn g2_a_tag_is_judged_before_it_is_pushed() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    let token = test.evidence_token("magnet").await;
    let before = test.device("magnet").await;
    let (status, answer) = test.asks_about(Some(&token), &test.fine()).await;
    assert_eq!((status, &answer["allowed"]), (200, &json!(true)), "{answer}");
    let ids: Vec<&str> = answer["conditions"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["name", "stays", "object", "trunk", "pusher"], "all of them are listed");
    let (head, first) = (test.repository.id("main"), test.repository.id("1.0.0"));
    let long = "1".repeat(10_000);
    for (change, expected) in [
        (json!({ "tag": "1.1.0-dirty" }), "name"),
        (json!({ "tag": "1.1.0-DIRTY" }), "name"),
        (json!({ "tag": "１.1.0" }), "name"),
        (json!({ "tag": "1.1.0\u{200b}" }), "name"),
        (json!({ "tag": "1%2E1.0" }), "name"),
        (json!({ "tag": "--upload-pack=x" }), "name"),
        (json!({ "tag": "1.1.0\n" }), "name"),
        (json!({ "tag": "a..b" }), "name"),
        (json!({ "tag": "" }), "name"),
        (json!({ "tag": long }), "name"),
        (json!({ "tag": "1.0.0", "old": first, "new": head }), "stays"),
        (json!({ "tag": "1.0.0", "old": first, "new": ZEROS, "kind": null, "is_commit": false }), "stays"),
        (json!({ "old": first }), "stays"),
        (json!({ "is_branch": true }), "object"),
        (json!({ "branches": ["aside", "refs/heads/main", "main2"] }), "trunk"),
        (json!({ "pusher": "ilse" }), "pusher"),
        (json!({ "pusher": "ilse@example.org" }), "pusher"),
        (json!({ "pusher": "nobody that is known" }), "pusher"),
        (json!({ "pusher": "" }), "pusher"),
    ] {
        let mut body = test.fine();
        change.as_object().unwrap().iter().for_each(|(k, v)| body[k] = v.clone());
        let (status, answer) = test.asks_about(Some(&token), &body).await;
        assert_eq!((status, answer["code"].as_str()), (409, Some("tag_refused")), "{change}: {answer}");
        assert_eq!(open(&answer), [expected], "{change}: {answer}");
        assert!(!answer["detail"].as_str().unwrap().chars().any(char::is_control), "{change}");
    }
    for (change, expected) in [
        (json!({ "kind": "tree", "is_commit": false }), vec!["object", "trunk"]),
        (json!({ "tag": "nightly" }), vec!["name"]),
    ] {
        let mut body = test.fine();
        change.as_object().unwrap().iter().for_each(|(k, v)| body[k] = v.clone());
        assert_eq!(open(&test.asks_about(Some(&token), &body).await.1), expected, "{change}");
    }
    // What is fine beside: by an address, the same tag again, and a tag that never was a release goes.
    for change in [
        json!({ "pusher": "Lena@example.org" }),
        json!({ "tag": "1.0.0", "old": ZEROS, "new": first }),
        json!({ "tag": "1.1.0-dirty", "old": head, "new": ZEROS, "kind": null }),
        json!({ "kind": "commit" }),
    ] {
        let mut body = test.fine();
        change.as_object().unwrap().iter().for_each(|(k, v)| body[k] = v.clone());
        let (status, answer) = test.asks_about(Some(&token), &body).await;
        assert_eq!(status, 200, "{change}: {answer}");
    }
    assert_eq!(test.device("magnet").await, before);
}

/// G2, A29: who may ask, and about what; what cannot be read is said.
#[tokio::test]
async fn g2_who_may_ask_about_tags() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let (own, any) = (test.evidence_token("magnet").await, test.deploy_token("lena", ANY).await);
    let observe = TokenScope::Observe(REDUCED.into());
    let observe = tokens::create(&test.app, &test.caller("lena"), "agent", observe, 30).await.unwrap().1;
    let mut body = test.fine();
    body["pusher"] = json!("ilse");
    assert_eq!(test.asks_about(None, &body).await.0, 401);
    assert_eq!(test.asks_about(Some(&observe), &body).await.0, 403);
    for token in [&own, &any] {
        let (status, answer) = test.asks_about(Some(token), &body).await;
        assert_eq!(status, 200, "a contributor tags what they develop: {answer}");
    }
    body["repository"] = json!("https://git.example.org/another.git");
    assert_eq!(test.asks_about(Some(&own), &body).await.0, 403, "another repository");
    let (status, answer) = test.asks_about(Some(&any), &body).await;
    assert_eq!((status, answer["conditions"].as_array().map(Vec::len)), (200, Some(0)), "nothing there is on record");
    for change in [
        json!({ "new": "HEAD" }),
        json!({ "old": "" }),
        json!({ "kind": "submodule" }),
        json!({ "kind": null }),
        json!({ "branches": vec!["b"; 10_001] }),
        json!({ "allowed": true }),
        json!({ "tag": 1 }),
    ] {
        let mut body = test.fine();
        change.as_object().unwrap().iter().for_each(|(k, v)| body[k] = v.clone());
        let (status, answer) = test.asks_about(Some(&any), &body).await;
        assert_eq!(status, 422, "{answer}");
    }
}

/// G2: where the facility asks for annotated tags, a light one is refused before it is pushed and when it is verified.
#[tokio::test]
async fn g2_annotated_tags_where_the_policy_asks_for_them() {
    let test = TestApp::with_policy(&policy_with("[releases]\nannotated = true\n")).await;
    test.reduced_support("magnet").await;
    let token = test.evidence_token("magnet").await;
    let mut body = test.fine();
    assert_eq!(test.asks_about(Some(&token), &body).await.0, 200);
    body["kind"] = json!("commit");
    let (_, answer) = test.asks_about(Some(&token), &body).await;
    assert_eq!(open(&answer), ["object"]);
    let said = answer["detail"].as_str().unwrap().to_owned();
    assert!(said.contains("light tag"), "{said}");
    test.repository.git(&["tag", "1.1.0"]);
    let verify = |name: &str| custody::domain::lifecycle::Command::VerifyTag { tag: crate::given::tag(name) };
    let refused = format!("{:?}", test.does("lena", "magnet", verify("1.1.0")).await.unwrap_err());
    assert!(refused.contains("light tag"), "{refused}");
    test.does("lena", "magnet", verify("1.0.0")).await.unwrap();
}
