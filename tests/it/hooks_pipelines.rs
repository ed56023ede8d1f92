//! Pipelines that forges tell of, and the stages that they report (G3, A20, A21, A22).

use crate::{
    app::TestApp,
    given::tag,
    hooks::{SECRET, hook, new, tells},
};
use custody::{
    domain::{
        forge::Forge,
        stage::{Report, Stage},
    },
    service::hooks,
    store,
};
use hmac::{Hmac, Mac};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::Sha256;

/// GitLab's words on a pipeline that ended: run, each part with its outcome.
pub fn ended(test: &TestApp, run: u64, parts: &[(&str, bool)]) -> Value {
    let status = |passed: bool| if passed { "success" } else { "failed" };
    let builds: Vec<Value> = parts.iter().map(|(s, p)| json!({ "stage": s, "status": status(*p) })).collect();
    json!({
        "object_kind": "pipeline",
        "object_attributes": {
            "id": run, "ref": "1.0.0", "tag": true, "sha": test.commit_of("1.0.0"),
            "status": status(parts.iter().all(|(_, p)| *p)), "url": format!("https://git.example.org/-/pipelines/{run}"),
        },
        "project": { "id": 7, "git_http_url": test.repository.file_address() },
        "builds": builds,
    })
}

impl TestApp {
    /// Everything that was heard has been read.
    pub async fn settles(&self) {
        self.app.changes.close();
        self.app.changes.wait().await;
        self.app.changes.reopen();
    }

    pub async fn way(&self, name: &str) -> Vec<Report> {
        let device = self.device("magnet").await;
        match device.release(&tag(name)) {
            Some(r) => store::stages::find_way(&self.app.db.read, device.id, r).await.unwrap().reports,
            None => Vec::new(),
        }
    }
}

/// G3, A22: a pipeline of the tag is its build and its test, by the forge's word; repetitions, late runs and what the tag's
/// page says of it.
#[tokio::test]
async fn g3_a_forge_reports_stages_by_webhook() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let hook = hook(&test).await;
    let good = ended(&test, 20, &[("test", true), ("build", true), ("deploy", false)]);
    assert_eq!(tells(&test, &hook, "1", &good).await.0, StatusCode::ACCEPTED);
    test.settles().await;
    let way = test.way("1.0.0").await;
    let said: Vec<_> = way.iter().map(|r| (r.stage, r.passed, r.by, r.job.as_deref())).collect();
    let by = Some("webhook of gitlab.example.org, run 20");
    assert_eq!(said, [(Stage::Built, true, None, by), (Stage::Tested, true, None, by)]);
    let page = test.stranger().page("/devices/magnet/releases/1.0.0").await;
    assert!(page.contains("webhook of gitlab.example.org, run 20") && !page.contains("by the token of"), "{page}");

    // The same delivery, the same run in another one, and an older run that comes late.
    let late = ended(&test, 19, &[("build", false), ("test", false)]);
    for (delivery, body) in [("1", &good), ("2", &good), ("3", &late)] {
        tells(&test, &hook, delivery, body).await;
        test.settles().await;
        assert_eq!(test.way("1.0.0").await.len(), 2, "{delivery}");
    }
    // A later one, and the same tried again.
    for (delivery, run, passed, reports) in [("4", 21, false, 3), ("5", 21, true, 4)] {
        tells(&test, &hook, delivery, &ended(&test, run, &[("test", passed)])).await;
        test.settles().await;
        let way = test.way("1.0.0").await;
        assert_eq!((way.len(), way.last().map(|r| r.passed)), (reports, Some(passed)));
    }
    assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok());
}

/// A22, G3: a job that is run again within its pipeline counts as it ended last, in whichever order that is told.
#[tokio::test]
async fn a22_a_job_run_again_counts_as_it_ended_last() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let hook = hook(&test).await;
    let job = |id: u64, passed: bool| {
        let mut body = ended(&test, 20, &[("build", true), ("test", passed)]);
        (body["builds"][0]["id"], body["builds"][1]["id"]) = (json!(1), json!(id));
        body
    };
    for (n, (id, passed, last)) in
        [(700, false, false), (701, true, true), (703, false, false), (702, true, false)].into_iter().enumerate()
    {
        tells(&test, &hook, &n.to_string(), &job(id, passed)).await;
        test.settles().await;
        assert_eq!(test.way("1.0.0").await.last().map(|r| r.passed), Some(last), "job {id}");
    }
}

/// A20, A21, G3: another commit, a fork, a branch, another project, a tag that is none, a wrong secret: no stage of it.
#[tokio::test]
async fn a20_pipelines_that_prove_nothing() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let hook = hook(&test).await;
    let parts = [("build", true), ("test", true)];
    let changes: [fn(&mut Value, &TestApp); 8] = [
        |b, test| b["object_attributes"]["sha"] = json!(test.repository.id("main")),
        |b, _| b["object_attributes"]["sha"] = json!("1.0.0"),
        |b, _| b["object_attributes"]["source_project_id"] = json!(8),
        |b, _| b["object_attributes"]["tag"] = json!(false),
        |b, _| b["object_attributes"]["ref"] = json!("main"),
        |b, _| b["object_attributes"]["ref"] = json!("1.0.0-dirty"),
        |b, _| b["object_attributes"]["id"] = json!(0),
        |b, _| b["project"]["git_http_url"] = json!("https://git.example.org/another.git"),
    ];
    for (n, change) in changes.into_iter().enumerate() {
        let mut body = ended(&test, 30, &parts);
        change(&mut body, &test);
        assert!(tells(&test, &hook, &n.to_string(), &body).await.0.is_success());
        test.settles().await;
        assert_eq!(test.way("1.0.0").await, [], "{body}");
    }
    // A moved tag is read before its pipeline is believed.
    test.repository.git(&["tag", "-f", "-a", "-m", "moved", "1.0.0", "main"]);
    let mut body = ended(&test, 31, &parts);
    body["object_attributes"]["sha"] = json!(test.repository.id("main~1"));
    tells(&test, &hook, "moved", &body).await;
    test.settles().await;
    assert_eq!(test.way("1.0.0").await, []);
}

/// A20, A24: the secret of one group's webhook says nothing of another group's releases.
#[tokio::test]
async fn a24_a_secret_speaks_for_its_own_repositories() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let address = test.repository.file_address();
    let ours = address.trim_start_matches("file://").trim_end_matches(".git");
    let body = ended(&test, 30, &[("build", true), ("test", true)]);
    let other = format!("{ours}-of-another");
    for covers in ["git.example.org/sqs", &ours[..ours.len() - 1], &other] {
        let hook = hooks::New { covers: covers.to_owned(), ..new("another group", Forge::Gitlab, SECRET) };
        let hook = hooks::create(&test.app, &test.caller("ada"), &hook).await.unwrap();
        let said = tells(&test, &hook, "1", &body).await;
        assert_eq!(said, (StatusCode::OK, json!({ "heard": "nothing_to_do" })), "{covers}");
        test.settles().await;
        assert_eq!(test.way("1.0.0").await, []);
    }
    let hook = hooks::New { covers: format!("file://{ours}.git"), ..new("its own", Forge::Gitlab, SECRET) };
    let hook = hooks::create(&test.app, &test.caller("ada"), &hook).await.unwrap();
    tells(&test, &hook, "1", &body).await;
    test.settles().await;
    assert_eq!(test.way("1.0.0").await.len(), 2);
    for odd in ["", "  ", "git.example.org/*", "a b"] {
        let hook = hooks::New { covers: odd.to_owned(), ..new("odd", Forge::Gitlab, SECRET) };
        assert!(hooks::create(&test.app, &test.caller("ada"), &hook).await.is_err(), "{odd:?}");
    }
}

/// G3, A21: a workflow of GitHub's, signed, is a part by its name.
#[tokio::test]
async fn g3_a_workflow_of_github() {
    let more = "[releases]\npipeline_built = [\"CI\"]\npipeline_tested = [\"CI\"]\n";
    let test = TestApp::with_policy(&crate::given::policy_with(more)).await;
    test.reduced_support("magnet").await;
    let hook = hooks::create(&test.app, &test.caller("ada"), &new("github.com", Forge::Github, SECRET)).await.unwrap();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/webhooks/github_workflow_run.body.json");
    let mut body: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    body["repository"]["clone_url"] = json!(test.repository.file_address());
    body["workflow_run"]["head_branch"] = json!("1.0.0");
    body["workflow_run"]["head_sha"] = json!(test.commit_of("1.0.0"));
    body["workflow_run"]["run_attempt"] = json!(2);
    let text = body.to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    let proof: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
    for (delivery, signature, status, reports) in [("1", "0".repeat(64), 401, 0), ("2", proof, 202, 2)] {
        let request = test.stranger().client.post(format!("{}/api/v1/hooks/{}", test.url, hook.id));
        let request = request.header("X-GitHub-Event", "workflow_run").header("X-GitHub-Delivery", delivery);
        let request = request.header("X-Hub-Signature-256", format!("sha256={signature}"));
        let answer = request.header("Content-Type", "application/json").body(text.clone()).send().await.unwrap();
        assert_eq!(answer.status(), status);
        test.settles().await;
        let way = test.way("1.0.0").await;
        assert_eq!(way.len(), reports);
        assert!(way.iter().all(|r| r.job.as_deref() == Some("webhook of github.com, run 9, attempt 2")), "{way:?}");
    }
}
