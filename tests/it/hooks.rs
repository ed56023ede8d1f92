//! What forges tell (G2, A21, A22).

use crate::{app::TestApp, given::tag, logged::Logged, waiting::until};
use custody::{
    domain::{forge::Forge, release::TagNow},
    service::{self, hooks, hooks::Hook},
    store,
};
use hmac::{Hmac, Mac};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;

pub const SECRET: &str = "a-secret-of-the-forge";

/// One that tells of any repository in a file, as those of the tests are.
pub fn new(name: &str, forge: Forge, secret: &str) -> hooks::New {
    hooks::New { name: name.to_owned(), forge, covers: "/".to_owned(), secret: secret.to_owned() }
}

pub async fn hook(test: &TestApp) -> Hook {
    let new = new("gitlab.example.org", Forge::Gitlab, SECRET);
    hooks::create(&test.app, &test.caller("ada"), &new).await.unwrap()
}

/// A tag was pushed, says the forge.
fn pushed(test: &TestApp, name: &str) -> Value {
    json!({
        "object_kind": "tag_push",
        "ref": format!("refs/tags/{name}"),
        "project": { "id": 7, "git_http_url": test.repository.file_address() },
    })
}

async fn send(test: &TestApp, hook: &str, secret: Option<&str>, delivery: &str, body: &Value) -> Response {
    let mut request = test.stranger().client.post(format!("{}/api/v1/hooks/{hook}", test.url)).json(body);
    if let Some(secret) = secret {
        request = request.header("X-Gitlab-Token", secret);
    }
    request.header("X-Gitlab-Event", "Tag Push Hook").header("Idempotency-Key", delivery).send().await.unwrap()
}

pub async fn tells(test: &TestApp, hook: &Hook, delivery: &str, body: &Value) -> (StatusCode, Value) {
    let answer = send(test, &hook.id, Some(SECRET), delivery, body).await;
    (answer.status(), answer.json().await.unwrap())
}

pub async fn now(test: &TestApp, name: &str) -> Option<TagNow> {
    test.device("magnet").await.release(&tag(name)).map(|r| r.tag_now.clone())
}

/// Waits until the release is on record as this.
async fn becomes(test: &TestApp, name: &str, is: impl Fn(&Option<TagNow>) -> bool) {
    until(name, async || is(&now(test, name).await)).await;
}

/// G2: a tag that a forge tells of is read and verified at once, and an alarm raised when it moves or vanishes.
#[tokio::test]
async fn g2_a_forge_tells_of_tags() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let hook = hook(&test).await;
    let (status, body) = tells(&test, &hook, "1", &pushed(&test, "1.0.0")).await;
    assert_eq!((status, body), (StatusCode::ACCEPTED, json!({ "heard": "reading" })));
    becomes(&test, "1.0.0", |now| *now == Some(TagNow::Stands)).await;
    let by = test.device("magnet").await;
    assert_eq!(by.release(&tag("1.0.0")).unwrap().commit(), &test.commit_of("1.0.0"));

    test.repository.git(&["tag", "-f", "-a", "-m", "moved", "1.0.0", "HEAD"]);
    tells(&test, &hook, "2", &pushed(&test, "1.0.0")).await;
    becomes(&test, "1.0.0", |now| matches!(now, Some(TagNow::Moved { .. }))).await;
    test.repository.git(&["tag", "-d", "1.0.0"]);
    tells(&test, &hook, "3", &pushed(&test, "1.0.0")).await;
    becomes(&test, "1.0.0", |now| matches!(now, Some(TagNow::Vanished { .. }))).await;
}

/// A21: without its secret, with a wrong one, at an address that does not exist or is revoked: the same answer, and
/// nothing is read.
#[tokio::test]
async fn a21_who_is_not_proved_tells_nothing() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let (hook, gone) = (hook(&test).await, hook(&test).await);
    hooks::revoke(&test.app, &test.caller("ada"), &gone.id).await.unwrap();
    let nobody = uuid::Uuid::now_v7().to_string();
    let mut answers = std::collections::BTreeSet::new();
    for (id, secret) in [
        (hook.id.as_str(), None),
        (hook.id.as_str(), Some("")),
        (hook.id.as_str(), Some("a-secret-of-the-forgE")),
        (gone.id.as_str(), Some(SECRET)),
        (gone.id.as_str(), Some("")),
        (nobody.as_str(), Some(SECRET)),
        ("..%2F", Some(SECRET)),
    ] {
        let answer = send(&test, id, secret, "1", &pushed(&test, "1.0.0")).await;
        assert_eq!(answer.status(), 401, "{id} {secret:?}");
        answers.insert(answer.text().await.unwrap());
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(now(&test, "1.0.0").await, None);
    let refused = hooks::create(&test.app, &test.caller("lena"), &new("x", Forge::Github, "")).await;
    assert!(matches!(refused, Err(service::Error::Refused(_))), "an administrator makes them");
}

/// A21: that what a forge sends is refused is logged once until it is heard again, without what was sent, and shown to
/// administrators with what to do.
#[tokio::test]
async fn a21_a_forge_that_is_refused_is_told_of_once() {
    let test = TestApp::new().await;
    let (hook, nobody) = (hook(&test).await, uuid::Uuid::now_v7().to_string());
    let note = json!({ "object_kind": "note", "project": { "id": 7, "git_http_url": test.repository.file_address() } });
    let log = Logged::start();
    let refused = async |id: &str| {
        for _ in 0..3 {
            assert_eq!(send(&test, id, Some("rosebud"), "1", &note).await.status(), 401);
        }
        log.lines()
    };
    let shown = async || {
        let page = test.browser("ada").await.page("/admin/forges").await;
        let said = page.contains("Is refused") && page.contains("What it sent just now is not proved by its secret");
        let listed = hooks::list(&test.app, &test.caller("ada")).await.unwrap();
        assert_eq!((listed[0].refused_at.is_some(), page.contains("Is heard")), (said, !said), "{page}");
        said
    };
    assert_eq!(refused(&nobody).await, Vec::<String>::new(), "that is no forge");
    assert!(!shown().await);
    for delivery in ["2", "3"] {
        let lines = refused(&hook.id).await;
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("WARN") && lines[0].contains("forge=\"gitlab.example.org\""), "{lines:?}");
        assert!(lines[0].contains("origin=\"api 127.0.0.1\"") && !lines[0].contains("rosebud"), "{lines:?}");
        assert!(shown().await);
        test.advance(chrono::Duration::minutes(1));
        assert_eq!(tells(&test, &hook, delivery, &note).await.0, StatusCode::OK);
        assert!(!shown().await);
        assert_eq!(log.lines(), Vec::<String>::new());
    }
}

/// A22: a delivery that comes again, late, or after a later one: what is on record is what the repository holds.
#[tokio::test]
async fn a22_repeated_and_out_of_order() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let hook = hook(&test).await;
    tells(&test, &hook, "1", &pushed(&test, "1.0.0")).await;
    becomes(&test, "1.0.0", |now| *now == Some(TagNow::Stands)).await;
    let before = test.device("magnet").await.revision;
    let (status, body) = tells(&test, &hook, "1", &pushed(&test, "1.0.0")).await;
    assert_eq!((status, body), (StatusCode::OK, json!({ "heard": "repeated" })));
    // That it was deleted, although it stands there.
    let mut deleted = pushed(&test, "1.0.0");
    deleted["after"] = json!("0000000000000000000000000000000000000000");
    let (status, _) = tells(&test, &hook, "0", &deleted).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    test.app.changes.close();
    test.app.changes.wait().await;
    test.app.changes.reopen();
    let device = test.device("magnet").await;
    assert_eq!(device.revision, before, "nothing happened in the repository");
    assert!(device.release(&tag("1.0.0")).unwrap().stands());
}

/// G2, A15: what is about nothing here, what is no tag by the rule, and what cannot be read.
#[tokio::test]
async fn g2_what_forges_say_besides() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let hook = hook(&test).await;
    let mut elsewhere = pushed(&test, "1.0.0");
    elsewhere["project"]["git_http_url"] = json!("https://git.example.org/another.git");
    let note = json!({ "object_kind": "note", "project": { "id": 7, "git_http_url": test.repository.file_address() } });
    for (delivery, body) in [("1", &elsewhere), ("2", &note)] {
        let (status, said) = tells(&test, &hook, delivery, body).await;
        assert_eq!((status, said), (StatusCode::OK, json!({ "heard": "nothing_to_do" })));
    }
    for (n, odd) in ["../1.0.0", "1.0.0-dirty", "--upload-pack=x", "", "1.0.0\n"].into_iter().enumerate() {
        let (status, _) = tells(&test, &hook, &format!("odd {n}"), &pushed(&test, odd)).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{odd:?} is looked at, and is no tag");
    }
    let unreadable = send(&test, &hook.id, Some(SECRET), "4", &json!([1])).await;
    assert_eq!(unreadable.status(), 422);
    let nameless = send(&test, &hook.id, Some(SECRET), "", &pushed(&test, "1.0.0")).await;
    assert_eq!(nameless.status(), 422);
    test.app.changes.close();
    test.app.changes.wait().await;
    assert!(test.device("magnet").await.releases.is_empty());
    let secret = store::hooks::find(&test.app.db.read, &hook.id).await.unwrap().unwrap().secret;
    let journal = store::journal::list_after(&test.app.db.read, 0, 1000).await.unwrap();
    assert!(journal.iter().all(|e| !e.body.contains(&secret)), "no secret is in the journal");
}

/// A recorded delivery of this forge that is about the test's repository, signed anew: as the forge would send it.
async fn send_recorded(test: &TestApp, forge: Forge, file: &str, secret: &str, hook: &Hook) -> (u16, Value) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/webhooks");
    let read = |part: &str| std::fs::read_to_string(folder.join(format!("{file}.{part}.json"))).unwrap();
    let mut body: Value = serde_json::from_str(&read("body")).unwrap();
    let address = json!(test.repository.file_address());
    match forge {
        Forge::Gitlab => body["project"]["git_http_url"] = address,
        Forge::Gitea | Forge::Forgejo | Forge::Github => body["repository"]["clone_url"] = address,
    }
    let body = body.to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let proof: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
    let headers: std::collections::BTreeMap<String, String> = serde_json::from_str(&read("headers")).unwrap();
    let mut request = test.stranger().client.post(format!("{}/api/v1/hooks/{}", test.url, hook.id)).body(body);
    for (name, value) in &headers {
        let value = match name.to_ascii_lowercase().as_str() {
            "x-gitlab-token" => secret.to_owned(),
            "x-hub-signature-256" => format!("sha256={proof}"),
            "x-gitea-signature" | "x-forgejo-signature" | "x-gogs-signature" => proof.clone(),
            _ => value.clone(),
        };
        request = request.header(name, value);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// G2, G3, A21: every forge's word of a merge has the repository read, and what is on its trunk now is on record; without
/// the proof, nothing is.
#[tokio::test]
async fn g2_a_merge_has_the_repository_read() {
    for (forge, file) in [
        (Forge::Gitlab, "gitlab_merge_request_merge"),
        (Forge::Gitea, "gitea_pull_request"),
        (Forge::Forgejo, "forgejo_pull_request"),
        (Forge::Github, "github_pull_request"),
    ] {
        let test = TestApp::new().await;
        test.reduced_support("magnet").await;
        let hook = hooks::create(&test.app, &test.caller("ada"), &new("a forge", forge, SECRET)).await.unwrap();
        let trunk = |test: &TestApp| test.repository.id("main");
        let on_record = async |test: &TestApp| test.device("magnet").await.repository.unwrap().reached.unwrap();
        let before = trunk(&test);
        assert_eq!(on_record(&test).await.as_str(), before);
        // A branch is merged.
        test.repository.git(&["checkout", "-q", "-b", "fix-limits"]);
        test.repository.git(&["commit", "-q", "--allow-empty", "-m", "Fix limit switch polarity"]);
        test.repository.git(&["checkout", "-q", "main"]);
        test.repository.git(&["merge", "-q", "--no-ff", "-m", "Merge fix-limits", "fix-limits"]);
        assert_eq!(send_recorded(&test, forge, file, "another-secret-of-it", &hook).await.0, 401, "{file}");
        let said = send_recorded(&test, forge, file, SECRET, &hook).await;
        assert_eq!(said, (202, json!({ "heard": "reading" })), "{file}");
        test.settles().await;
        assert_ne!(trunk(&test), before);
        assert_eq!(on_record(&test).await.as_str(), trunk(&test), "{file}");
        let again = send_recorded(&test, forge, file, SECRET, &hook).await;
        assert_eq!(again, (200, json!({ "heard": "repeated" })), "{file}");
    }
}

/// A21, A22: at the door every forge's own headers prove its recorded deliveries, once, and none of another body or
/// secret.
#[tokio::test]
async fn a21_each_forge_proves_itself_by_its_own_headers() {
    let test = TestApp::new().await;
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/webhooks");
    let mut tried = 0;
    for (forge, begins) in
        [(Forge::Gitlab, "gitlab_"), (Forge::Gitea, "gitea_"), (Forge::Forgejo, "forgejo_"), (Forge::Github, "github_")]
    {
        for file in std::fs::read_dir(&folder).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let Some(event) = name.strip_suffix(".headers.json").filter(|n| n.starts_with(begins)) else { continue };
            // A hook for each: some of the recorded deliveries share their ids.
            let ada = test.caller("ada");
            let of = async |secret: &str| hooks::create(&test.app, &ada, &new("a forge", forge, secret)).await.unwrap();
            let (own, other) = (of("custody-test-secret").await, of("another-test-secret").await);
            let headers: std::collections::BTreeMap<String, String> =
                serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let body = std::fs::read(folder.join(format!("{event}.body.json"))).unwrap();
            let post = async |hook: &Hook, body: Vec<u8>| {
                let address = format!("{}/api/v1/hooks/{}", test.url, hook.id);
                let mut request = test.stranger().client.post(address).body(body);
                for (name, value) in &headers {
                    request = request.header(name, value);
                }
                let answer = request.send().await.unwrap();
                (answer.status().as_u16(), answer.json::<Value>().await.unwrap()["heard"].clone())
            };
            assert_eq!(post(&own, body.clone()).await, (200, json!("nothing_to_do")), "{event}");
            let (status, again) = post(&own, body.clone()).await;
            assert!(status == 200 && (again == "repeated" || again == "nothing_to_do"), "{event}: {again}");
            assert_eq!(post(&other, body.clone()).await.0, 401, "{event}");
            if forge != Forge::Gitlab {
                assert_eq!(post(&own, [body.as_slice(), b" "].concat()).await.0, 401, "{event}");
            }
            tried += 1;
        }
    }
    assert_eq!(tried, 16);
}
