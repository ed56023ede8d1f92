//! Releases pass stages: what jobs report, what people check, what goes into production (G3, G4).

use crate::{
    app::{Browser, FULL, TestApp},
    given::tag,
    permits::ANY,
};
use custody::{
    domain::{
        lifecycle::{Command, GateId},
        refusal::Code,
        stage::{Report, Stage, Told},
    },
    service::{
        Error, Result, deployments, stages,
        tokens::{self, TokenScope},
    },
    store,
};
use serde_json::{Value, json};

impl TestApp {
    /// A person's report on a stage of a release.
    pub async fn reports_stage(
        &self,
        who: &str,
        device: &str,
        name: &str,
        stage: Stage,
        passed: bool,
    ) -> Result<Report> {
        let told = Told {
            stage,
            passed,
            job: None,
            commit: self.commit_of(name),
            link: String::new(),
            text: "Seen.".to_owned(),
        };
        stages::report(&self.app, &self.caller(who), device, &tag(name), told).await
    }

    /// A newer release of a device that CTRL owns, on staging: only a person's answer lacks.
    pub async fn on_staging(&self, device: &str, name: &str) {
        if self.device(device).await.release(&tag(name)).is_none() {
            self.does("lena", device, Command::VerifyTag { tag: tag(name) }).await.unwrap();
        }
        for stage in [Stage::Built, Stage::Tested, Stage::Staging] {
            self.reports_stage("lena", device, name, stage, true).await.unwrap();
        }
    }

    fn tags(&self, name: &str) {
        self.repository.git(&["commit", "--allow-empty", "-m", name]);
        self.repository.git(&["tag", "-a", "-m", name, name]);
    }

    /// A device that CTRL owns, and a newer release of it of which nothing was reported yet.
    async fn with_newer(&self, device: &str, name: &str) {
        self.ctrl_owned(device).await;
        self.tags(name);
        self.does("lena", device, Command::VerifyTag { tag: tag(name) }).await.unwrap();
    }

    async fn job(&self, device: &str) -> String {
        let scope = TokenScope::Evidence(self.device(device).await.id);
        tokens::create(&self.app, &self.caller("lena"), "pipeline", scope, 30).await.unwrap().1
    }

    async fn states_as(&self, key: &str, secret: &str, name: &str, body: &Value) -> (u16, Value) {
        let address = format!("{}/api/v1/devices/magnet/releases/{name}/stages", self.url);
        let request = reqwest::Client::new().post(address).bearer_auth(secret).header("Idempotency-Key", key);
        let response = request.json(body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn states(&self, secret: &str, device: &str, name: &str, body: Value) -> (u16, Value) {
        let address = format!("{}/api/v1/devices/{device}/releases/{name}/stages", self.url);
        let response = reqwest::Client::new().post(address).bearer_auth(secret).json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}

fn code<T: std::fmt::Debug>(done: Result<T>) -> Code {
    match done {
        Err(Error::Refused(r)) => r.code,
        other => panic!("{other:?}"),
    }
}

/// G3: the last reports of each stage say how all of them stand, as the whole story does.
#[tokio::test]
async fn g3_the_last_reports_say_how_stages_stand() {
    use Stage::*;
    let test = TestApp::new().await;
    test.with_newer("magnet", "1.1.0").await;
    let told = [
        (Built, false),
        (Built, true),
        (Tested, true),
        (Staging, true),
        (Built, false),
        (Built, true),
        (Tested, false),
        (Tested, true),
        (Staging, false),
        (Staging, true),
        (Deployable, false),
        (Staging, true),
        (Built, true),
        (Deployable, true),
        (Tested, false),
    ];
    for (many, (stage, passed)) in told.into_iter().enumerate() {
        let who = if stage == Deployable { "jonas" } else { "lena" };
        test.reports_stage(who, "magnet", "1.1.0", stage, passed).await.unwrap();
        let device = test.device("magnet").await;
        let release = device.release(&tag("1.1.0")).unwrap();
        let whole = store::stages::find_way(&test.app.db.read, device.id, release).await.unwrap();
        let last = store::stages::find_standing(&test.app.db.read, device.id, release).await.unwrap();
        assert_eq!((whole.many, last.many), (many + 1, many + 1));
        assert_eq!(whole.waits_for_check(), last.waits_for_check(), "after {many} reports");
        for stage in <Stage as strum::IntoEnumIterator>::iter() {
            assert_eq!(whole.standing(stage), last.standing(stage), "{stage} after {many} reports");
        }
    }
    let device = test.device("magnet").await;
    let release = device.release(&tag("1.1.0")).unwrap();
    let last = store::stages::find_standing(&test.app.db.read, device.id, release).await.unwrap();
    assert!(last.reports.len() < told.len());
}

/// G3: a second release reaches production by its stages, each in the journal, and the board of them is on its page.
#[tokio::test]
async fn g3_a_release_passes_its_stages() {
    let test = TestApp::new().await;
    test.with_newer("magnet", "1.1.0").await;
    let onto = || Command::Deploy { server: FULL.into(), tag: Some(tag("1.1.0")) };
    let Err(Error::Refused(refusal)) = test.does("lena", "magnet", onto()).await else { panic!("it lacks its stages") };
    assert!(refusal.gates.iter().any(|g| g.id == GateId::G3 && !g.met));
    test.on_staging("magnet", "1.1.0").await;
    assert_eq!(code(test.reports_stage("lena", "magnet", "1.1.0", Stage::Deployable, true).await), Code::SelfApproval);
    assert_eq!(
        code(test.reports_stage("ilse", "magnet", "1.1.0", Stage::Deployable, true).await),
        Code::SelfApproval,
        "A1"
    );
    assert_eq!(code(test.reports_stage("noor", "magnet", "1.1.0", Stage::Built, true).await), Code::NotYours);
    test.reports_stage("jonas", "magnet", "1.1.0", Stage::Deployable, true).await.unwrap();
    test.does("lena", "magnet", onto()).await.unwrap();
    test.reports_stage("lena", "magnet", "1.1.0", Stage::TestedAfter, false).await.unwrap();

    let device = test.device("magnet").await;
    let release = device.release(&tag("1.1.0")).unwrap();
    let way = store::stages::find_way(&test.app.db.read, device.id, release).await.unwrap();
    let passed: Vec<Stage> = way.reports.iter().map(|r| r.stage).collect();
    use Stage::*;
    assert_eq!(passed, [Built, Tested, Staging, Deployable, Deployed, TestedAfter]);
    let stream = format!("release/{}/1.1.0", device.id);
    let kept = store::journal::list_all(&test.app.db.read, &stream).await.unwrap();
    let kept: Vec<Report> = kept.iter().map(|e| store::journal::read(e).unwrap()).collect();
    assert_eq!(kept, way.reports, "the journal says the same");
    assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok());
    let page = test.stranger().page("/devices/magnet/releases/1.1.0").await;
    assert!(page.contains("Found deployable") && page.contains("Nobody of CTRL made this tag"), "{page}");
    let page = test.stranger().page("/devices/magnet/history").await;
    assert!(page.contains("“Tested after deployment” failed. Seen."), "{page}");
    // What CTRL tags itself is not marked, nor is what it took over.
    let mut by_ctrl = std::process::Command::new("git");
    by_ctrl.arg("-C").arg(test.repository.folder()).args(["tag", "-a", "-m", "1.2.0", "1.2.0", "1.1.0^{commit}"]);
    by_ctrl.env("GIT_COMMITTER_NAME", "Lena Brandt").env("GIT_COMMITTER_EMAIL", "lena@example.org");
    assert!(by_ctrl.status().unwrap().success());
    test.does("lena", "magnet", Command::VerifyTag { tag: tag("1.2.0") }).await.unwrap();
    let page = test.stranger().page("/devices/magnet").await;
    assert_eq!(page.matches("tagged by nobody of CTRL").count(), 1, "{page}");
    let all = reqwest::get(format!("{}/api/v1/devices/magnet/releases", test.url)).await.unwrap();
    let all: Value = all.json().await.unwrap();
    let marked: Vec<_> = all["releases"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|r| r["tagged_by_stranger"] == true)
        .map(|r| &r["tag"])
        .collect();
    assert_eq!(marked, ["1.1.0"]);
    assert!(test.stranger().page("/devices/magnet").await.contains("/devices/magnet/releases/1.1.0"));
}

/// E3, G3, G4: programs read who found a release deployable, as its page says it; a job is nobody.
#[tokio::test]
async fn e3_programs_read_who_found_a_release_deployable() {
    let test = TestApp::new().await;
    test.with_newer("magnet", "1.1.0").await;
    let job = test.job("magnet").await;
    let built = json!({ "stage": "built", "commit": test.commit_of("1.1.0"), "passed": true });
    assert_eq!(test.states(&job, "magnet", "1.1.0", built).await.0, 200);
    test.on_staging("magnet", "1.1.0").await;
    test.reports_stage("jonas", "magnet", "1.1.0", Stage::Deployable, true).await.unwrap();
    let address = format!("{}/api/v1/devices/magnet/releases", test.url);
    let all: Value = reqwest::get(&address).await.unwrap().json().await.unwrap();
    let one: Value = reqwest::get(format!("{address}/1.1.0")).await.unwrap().json().await.unwrap();
    for shown in [&all["releases"][0], &one] {
        let by = |stage: usize| -> Vec<(Value, Value)> {
            let reports = shown["stages"][stage]["reports"].as_array().unwrap().iter();
            reports.map(|r| (r["by"].clone(), r["job"].clone())).collect()
        };
        let lena = (json!("Lena Brandt"), Value::Null);
        assert_eq!(by(0), [(Value::Null, json!("pipeline")), lena.clone()], "{shown}");
        assert_eq!(by(2), [lena], "{shown}");
        assert_eq!(by(3), [(json!("Jonas Okafor"), Value::Null)], "{shown}");
    }
}

/// G3: “Deployed” says what came of a deployment by permit: nothing while it is under way, passed where it succeeded, failed
/// where it was rolled back or never begun.
#[tokio::test]
async fn g3_deployed_is_what_came_of_it() {
    let test = TestApp::new().await;
    test.with_newer("magnet", "1.1.0").await;
    test.on_staging("magnet", "1.1.0").await;
    test.reports_stage("jonas", "magnet", "1.1.0", Stage::Deployable, true).await.unwrap();
    let token = test.deploy_token("lena", ANY).await;
    let deployed = async || {
        let device = test.device("magnet").await;
        let release = device.release(&tag("1.1.0")).unwrap();
        let way = store::stages::find_way(&test.app.db.read, device.id, release).await.unwrap();
        let of_it = way.reports.into_iter().filter(|r| r.stage == Stage::Deployed);
        of_it.map(|r| (r.passed, r.by, r.text)).collect::<Vec<_>>()
    };
    let d = test.allowed(&token, "1.1.0", FULL).await;
    assert_eq!(test.begins(&d, &token).await.0, 200);
    assert!(deployed().await.is_empty());
    assert_eq!(code(test.reports_stage("lena", "magnet", "1.1.0", Stage::TestedAfter, true).await), Code::WrongState);
    assert_eq!(test.reports(&d, &token, json!({ "what": "succeeded" })).await.0, 200);
    let lena = Some(test.person("lena"));
    assert_eq!(deployed().await, [(true, lena, format!("Onto {FULL}."))]);
    test.reports_stage("lena", "magnet", "1.1.0", Stage::TestedAfter, true).await.unwrap();
    let back = json!({ "what": "rolled_back", "text": "It lost frames." });
    assert_eq!(test.reports(&d, &token, back).await.0, 200);
    let why = format!("Onto {FULL}: the deployment rolled back: It lost frames.");
    assert_eq!(deployed().await[1..], [(false, lena, why)]);
    let page = test.stranger().page("/devices/magnet/releases/1.1.0").await;
    assert!(page.contains("magnet 1.1.0</span>") && page.contains("It lost frames."), "{page}");

    test.allowed(&token, "1.1.0", FULL).await;
    test.advance(chrono::Duration::seconds(301));
    deployments::keep(&test.app).await.unwrap();
    let never = deployed().await.pop().unwrap();
    assert!(!never.0 && never.1.is_none() && never.2.contains("its permit ran out"), "{never:?}");
    // By hand it is deployed as it is placed.
    test.does("lena", "magnet", Command::Deploy { server: FULL.into(), tag: Some(tag("1.1.0")) }).await.unwrap();
    assert_eq!(deployed().await[3..], [(true, lena, format!("Placed by hand onto {FULL}."))]);
    let told = test.stranger().page("/devices/magnet/history").await;
    // The two by permit, of the first release and of this one.
    assert!(told.contains("by hand onto") && told.matches("“Deployed” passed").count() == 2, "{told}");
    assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok());
}

/// G3, A20, A29: a job reports for its own device and for the release's own commit; a tag that was not read yet is
/// verified first, and what is no release is refused with why.
#[tokio::test]
async fn a20_a_job_reports_what_it_did_with_this_commit() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    test.requested("camera").await;
    test.tags("1.1.0");
    let job = test.job("magnet").await;
    let commit = test.commit_of("1.1.0");
    let body = |stage: &str, commit: &str| json!({ "stage": stage, "commit": commit, "passed": true });
    let (status, shown) = test.states(&job, "magnet", "1.1.0", body("built", commit.as_str())).await;
    assert_eq!((status, &shown["stages"][0]["standing"]), (200, &json!("passed")), "{shown}");
    assert!(test.device("magnet").await.release(&tag("1.1.0")).is_some(), "it was read and verified");
    let other = test.commit_of("1.0.0");
    for (name, body, want) in [
        ("1.1.0", body("tested", other.as_str()), 409),
        ("1.1.0", body("staging", commit.as_str()), 409),
        ("1.1.0", body("deployable", commit.as_str()), 403),
        ("1.1.0", body("deployed", commit.as_str()), 403),
        ("1.1.0", body("shipped", commit.as_str()), 422),
        ("1.1.0", body("tested", "HEAD"), 422),
        ("9.9.9", body("built", commit.as_str()), 409),
        ("main", body("built", commit.as_str()), 422),
        ("1.1.0", json!({ "stage": "tested", "commit": commit, "passed": true, "approved_by": "ravi" }), 422),
        ("1.1.0", json!({ "stage": "tested", "commit": commit, "passed": true, "link": "javascript:1" }), 409),
    ] {
        let said = format!("{name} {body}");
        let (status, answer) = test.states(&job, "magnet", name, body).await;
        assert_eq!(status, want, "{said}: {answer}");
    }
    assert_eq!(test.states(&job, "camera", "1.1.0", body("built", commit.as_str())).await.0, 403);
    assert_eq!(test.states("custody_none", "magnet", "1.1.0", body("built", commit.as_str())).await.0, 401);
    let shown: Value =
        reqwest::get(format!("{}/api/v1/devices/magnet/releases/1.1.0", test.url)).await.unwrap().json().await.unwrap();
    assert_eq!(shown["lacks"], json!(["tested", "deployable"]));
    // E3: page by page, the newest first.
    let part = async |query: &str| -> (Value, Value) {
        let address = format!("{}/api/v1/devices/magnet/releases{query}", test.url);
        let some: Value = reqwest::get(address).await.unwrap().json().await.unwrap();
        let tags = some["releases"].as_array().unwrap().iter().map(|r| r["tag"].clone()).collect();
        (tags, some["next"].clone())
    };
    assert_eq!(part("").await, (json!(["1.1.0", "1.0.0"]), Value::Null));
    let (first, next) = part("?limit=1").await;
    assert_eq!(first, json!(["1.1.0"]));
    assert_eq!(part(&format!("?limit=1&after={}", next.as_str().unwrap())).await, (json!(["1.0.0"]), Value::Null));
}

/// F9, G3: while the repository of a tag that was not read yet is away, a job is told to come again, not that it may not;
/// nothing goes on record of it.
#[tokio::test]
async fn f9_a_job_comes_again_while_the_repository_is_away() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    test.tags("1.1.0");
    let (job, commit) = (test.job("magnet").await, test.commit_of("1.1.0"));
    let report = async || {
        let address = format!("{}/api/v1/devices/magnet/releases/1.1.0/stages", test.url);
        let body = json!({ "stage": "built", "commit": commit, "passed": true });
        reqwest::Client::new().post(address).bearer_auth(&job).json(&body).send().await.unwrap()
    };
    let stream = format!("refused/{}", test.device("magnet").await.id);
    let refused = async || store::journal::list_all(&test.app.db.read, &stream).await.unwrap().len();
    let (away, before) = (test.repository.root().join("away.git"), refused().await);
    std::fs::rename(test.repository.folder(), &away).unwrap();
    let answer = report().await;
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].as_bytes()), (503, &b"60"[..]));
    let told: Value = answer.json().await.unwrap();
    assert!(told["detail"].as_str().unwrap().starts_with("The repository of magnet does not answer."), "{told}");
    assert_eq!(refused().await, before);
    std::fs::rename(&away, test.repository.folder()).unwrap();
    assert_eq!(report().await.status(), 200);
}

/// G3, A3: a tag that moved afterwards goes no further, and leaves the queue.
#[tokio::test]
async fn a3_a_moved_tag_stops_its_way() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    test.tags("1.1.0");
    test.on_staging("magnet", "1.1.0").await;
    assert_eq!(stages::count_waiting(&test.app).await.unwrap(), 1);
    let commit = test.commit_of("1.1.0");
    test.repository.git(&["tag", "-f", "-a", "-m", "moved", "1.1.0", "1.0.0^{commit}"]);
    test.does("noor", "magnet", Command::CheckTag { tag: tag("1.1.0") }).await.unwrap();
    assert_eq!(stages::count_waiting(&test.app).await.unwrap(), 0);
    let told =
        Told { stage: Stage::Deployable, passed: true, job: None, commit, link: String::new(), text: String::new() };
    let done = stages::report(&test.app, &test.caller("jonas"), "magnet", &tag("1.1.0"), told).await;
    assert_eq!(code(done), Code::WrongState);
}

/// G3: of two who answer at once, one is on record and the other is told so.
#[tokio::test]
async fn g3_two_who_check_at_once() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    test.tags("1.1.0");
    test.on_staging("magnet", "1.1.0").await;
    let (a, b) = tokio::join!(
        test.reports_stage("jonas", "magnet", "1.1.0", Stage::Deployable, true),
        test.reports_stage("chiara", "magnet", "1.1.0", Stage::Deployable, true),
    );
    assert_eq!([a.is_ok(), b.is_ok()].iter().filter(|ok| **ok).count(), 1);
    assert_eq!(code(if a.is_err() { a } else { b }), Code::AlreadyDone);
}

async fn answers(browser: &Browser, fields: &[(&str, &str)]) -> (u16, String) {
    let response = browser.post("/deployable", fields).await;
    (response.status().as_u16(), response.text().await.unwrap())
}

/// G4: the queue has what waits, the oldest first; several are answered at once, and one that is refused keeps no
/// other back.
#[tokio::test]
async fn g4_several_are_checked_at_once() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    test.tags("1.1.0");
    test.tags("1.2.0");
    for name in ["1.1.0", "1.2.0"] {
        test.on_staging("magnet", name).await;
        test.advance(chrono::Duration::minutes(5));
    }
    let key = |name: &str| format!("magnet/{name}/{}", test.commit_of(name));
    let (first, second) = (key("1.1.0"), key("1.2.0"));
    let jonas = test.browser("jonas").await;
    let page = jonas.page("/deployable").await;
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is not there: {page}"));
    assert!(at(&first) < at(&second), "the oldest first");
    let own = test.browser("lena").await.page("/deployable").await;
    assert!(!own.contains(&first) && own.contains("You asked for the staging"), "why not, instead of a box");
    assert_eq!(answers(&jonas, &[("answer", "deployable")]).await.0, 422, "nothing is ticked");
    assert_eq!(answers(&jonas, &[("check", &first)]).await.0, 422, "no answer");
    assert_eq!(answers(&jonas, &[("check", "nonsense"), ("answer", "deployable")]).await.0, 422);

    // Meanwhile somebody else answers for one of them.
    test.reports_stage("chiara", "magnet", "1.1.0", Stage::Deployable, true).await.unwrap();
    let both = [("check", first.as_str()), ("check", second.as_str()), ("answer", "deployable"), ("text", "Good.")];
    let (status, page) = answers(&jonas, &both).await;
    assert_eq!(status, 409);
    assert!(page.contains("has answered already") && page.contains("The others went through"), "{page}");
    assert_eq!(stages::count_waiting(&test.app).await.unwrap(), 0);

    // What is not deployable needs a word, and leaves the queue until it is on staging again.
    test.reports_stage("lena", "magnet", "1.2.0", Stage::Staging, true).await.unwrap();
    assert_eq!(answers(&jonas, &[("check", &second), ("answer", "not")]).await.0, 409);
    let remark = format!("remark/{second}");
    let no = [("check", second.as_str()), ("answer", "not"), (remark.as_str(), "It stops after an hour.")];
    assert_eq!(answers(&jonas, &no).await.0, 303);
    assert_eq!(stages::count_waiting(&test.app).await.unwrap(), 0);
    assert!(jonas.page("/devices/magnet/releases/1.2.0").await.contains("It stops after an hour."));
    let refused = answers(&test.browser("noor").await, &[("check", &second), ("answer", "deployable")]).await;
    assert_eq!(refused.0, 409, "who may not is told so");
}

/// G3: a person reports by the release's own page; what was typed is kept when it cannot be taken.
#[tokio::test]
async fn g3_a_person_reports_on_the_page() {
    let test = TestApp::new().await;
    test.with_newer("magnet", "1.1.0").await;
    let (lena, commit) = (test.browser("lena").await, test.commit_of("1.1.0"));
    let path = "/devices/magnet/releases/1.1.0";
    assert!(lena.page(path).await.contains("Put on record"));
    assert!(!test.stranger().page(path).await.contains("Put on record"));
    let send = async |who: &str, fields: &[(&str, &str)]| {
        let response = test.browser(who).await.post(&format!("{path}/stages"), fields).await;
        (response.status().as_u16(), response.text().await.unwrap())
    };
    let with = |link: &'static str| {
        vec![
            ("stage", "built"),
            ("outcome", "passed"),
            ("commit", commit.as_str()),
            ("link", link),
            ("text", "By hand."),
        ]
    };
    let (status, page) = send("lena", &with("ftp://x")).await;
    assert_eq!(status, 409);
    assert!(page.contains("Give a web address") && page.contains("By hand."), "{page}");
    assert_eq!(send("lena", &[("stage", "built"), ("commit", commit.as_str())]).await.0, 422);
    assert_eq!(send("ilse", &with("")).await.0, 403);
    assert_eq!(send("lena", &with("https://ci.example.org/1")).await.0, 303);
    assert!(lena.page(path).await.contains("https://ci.example.org/1"));
    assert_eq!(lena.get("/devices/magnet/releases/9.9.9").await.status(), 404);
}

/// F3: a job's report that is sent again under its key is on record once; the key is for this report alone.
#[tokio::test]
async fn f3_a_stage_is_reported_once_under_its_key() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let scope = TokenScope::Evidence(test.device("magnet").await.id);
    let (_, secret) = tokens::create(&test.app, &test.caller("lena"), "job", scope, 30).await.unwrap();
    let body =
        |stage: &str, passed: bool| json!({ "stage": stage, "commit": test.commit_of("1.0.0"), "passed": passed });
    for _ in 0..2 {
        let (status, answer) = test.states_as("job-17", &secret, "1.0.0", &body("built", true)).await;
        assert_eq!((status, answer["stages"][0]["reports"].as_array().map(Vec::len)), (200, Some(1)), "{answer}");
    }
    let (status, answer) = test.states_as("job-17", &secret, "1.0.0", &body("built", false)).await;
    assert_eq!((status, answer["code"].as_str()), (422, Some("key_reused")), "{answer}");
    assert_eq!(test.states_as("", &secret, "1.0.0", &body("built", true)).await.0, 422);
    let both = [body("tested", true), body("tested", true)];
    let (a, b) = tokio::join!(
        test.states_as("job-18", &secret, "1.0.0", &both[0]),
        test.states_as("job-18", &secret, "1.0.0", &both[1])
    );
    assert_eq!((a.0, b.0), (200, 200), "{a:?} {b:?}");
    let (status, answer) = test.states_as("job-19", &secret, "1.0.0", &body("built", true)).await;
    assert_eq!((status, answer["stages"][0]["reports"].as_array().map(Vec::len)), (200, Some(2)), "another key");
    assert_eq!(answer["stages"][1]["reports"].as_array().map(Vec::len), Some(1));
}

/// F3: a stage that is reported on a page, and an answer to the queue, are taken once, however often their form is sent.
#[tokio::test]
async fn f3_forms_of_stages_are_taken_once() {
    let test = TestApp::new().await;
    test.with_newer("magnet", "1.1.0").await;
    let (commit, path) = (test.commit_of("1.1.0"), "/devices/magnet/releases/1.1.0");
    let (lena, jonas) = (test.browser("lena").await, test.browser("jonas").await);
    assert!(lena.page(path).await.contains("name=\"key\""));
    let built = [("stage", "built"), ("outcome", "passed"), ("commit", commit.as_str()), ("key", "sent-once")];
    for _ in 0..2 {
        assert_eq!(lena.post(&format!("{path}/stages"), &built).await.status(), 303);
        assert_eq!(test.way("1.1.0").await.len(), 1);
    }
    test.on_staging("magnet", "1.1.0").await;
    assert!(jonas.page("/deployable").await.contains("name=\"key\""));
    let ticked = format!("magnet/1.1.0/{commit}");
    for _ in 0..2 {
        let answer = [("check", ticked.as_str()), ("answer", "deployable"), ("key", "sent-once")];
        assert_eq!(answers(&jonas, &answer).await.0, 303);
        assert_eq!(test.way("1.1.0").await.len(), 5);
    }
}

/// G4, E3: programs read the queue with any token, page by page, the oldest first, with why whoever made the token may not
/// answer for a release; nobody reads it without.
#[tokio::test]
async fn g4_programs_read_what_waits_for_a_check() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    let names: Vec<String> = (1..=53).map(|n| format!("1.{n}.0")).collect();
    let staged = async |name: &str| {
        test.repository.git(&["tag", "-a", "-m", name, name, "main"]);
        test.on_staging("magnet", name).await;
        test.advance(chrono::Duration::minutes(1));
    };
    let of = async |who: &str| {
        let scope = TokenScope::Evidence(test.device("magnet").await.id);
        tokens::create(&test.app, &test.caller(who), "reader", scope, 30).await.unwrap().1
    };
    let (lena, jonas) = (of("lena").await, of("jonas").await);
    let get = async |secret: &str, query: &str| {
        let request = reqwest::Client::new().get(format!("{}/api/v1/deployable{query}", test.url));
        let response = request.bearer_auth(secret).send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    for nobody in ["", "custody_0000"] {
        assert_eq!(get(nobody, "").await.0, 401);
    }
    // Few cost what many do.
    let cost = async || {
        get(&jonas, "").await;
        test.settles().await;
        let _nothing_is_taken_in = test.app.projection.taking_in.lock().await;
        let before = test.app.db.statements();
        get(&jonas, "").await;
        test.app.db.statements() - before
    };
    for name in &names[..2] {
        staged(name).await;
    }
    let few = cost().await;
    for name in &names[2..] {
        staged(name).await;
    }
    let many = cost().await;
    assert!(many == few && many <= 20, "{few} statements for two, {many} for fifty");
    let mut found = Vec::new();
    let mut query = String::new();
    loop {
        let (status, page) = get(&jonas, &query).await;
        assert_eq!(status, 200, "{page}");
        found.extend(page["waiting"].as_array().unwrap().iter().map(|w| w["tag"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        assert_eq!(found.len(), 50);
        query = format!("?after={}", url::form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>());
    }
    assert_eq!(found, names, "each once, the oldest first");
    let (_, page) = get(&jonas, "").await;
    let first = &page["waiting"][0];
    assert_eq!((&first["device"], &first["instruments"]), (&json!("magnet"), &json!(["SCS"])));
    assert_eq!(first["commit"], json!(test.commit_of("1.1.0").as_str()));
    assert_eq!((&first["staged_by"], &first["staged_job"]), (&json!("Lena Brandt"), &Value::Null));
    assert_eq!(
        (&first["why_not"], first["page"].as_str().unwrap()),
        (&Value::Null, &*format!("{}/devices/magnet/releases/1.1.0", test.url))
    );
    let (_, own) = get(&lena, "").await;
    assert!(own["waiting"][0]["why_not"].as_str().unwrap().contains("You asked for the staging"), "{own}");
    for wrong in ["?after=x", "?after=", "?after=2026~x~1.0.0", "?from=1"] {
        assert_eq!(get(&jonas, wrong).await.0, 422, "{wrong}");
    }
    // What is answered waits no more.
    test.reports_stage("jonas", "magnet", "1.1.0", Stage::Deployable, true).await.unwrap();
    assert_eq!(get(&jonas, "").await.1["waiting"][0]["tag"], json!("1.2.0"));
    // What is ticked and typed on a later page comes back on that page.
    let browser = test.browser("jonas").await;
    let page = browser.page("/deployable").await;
    let more = page.split("href=\"").find_map(|rest| Some(rest.split_once('"')?.0).filter(|a| a.contains("?after=")));
    let (more, key) = (more.unwrap().to_owned(), format!("magnet/1.53.0/{}", test.commit_of("1.53.0")));
    assert!(browser.page(&more).await.contains(&format!("action=\"{more}\"")));
    let remark = format!("remark/{key}");
    let back = browser.post(&more, &[("check", key.as_str()), (remark.as_str(), "It looks odd.")]).await;
    assert_eq!(back.status(), 422);
    let page = back.text().await.unwrap();
    assert!(page.contains(&format!("value=\"{key}\" checked")) && page.contains("It looks odd."), "{page}");
}
