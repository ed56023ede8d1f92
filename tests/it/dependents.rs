//! Dependents (G8): what depends on what, what a new release asks of whom, and what came of it.

use crate::{
    app::{REDUCED, TestApp},
    given::tag,
    queries::multiply,
};
use custody::{
    domain::{
        id::RetestId,
        lifecycle::Command,
        refusal::Code,
        retest::{Standing, Told, Tried},
    },
    service::{
        Error, Result,
        act::{Ask, act},
        closing,
        retests::{self, Listed, Wanted},
        tokens::TokenScope,
    },
    store,
};
use reqwest::Method;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn told(passed: bool, text: &str) -> Told {
    Told { passed, job: None, release: None, commit: None, link: String::new(), text: text.to_owned() }
}

fn code<T: std::fmt::Debug>(done: Result<T>) -> Code {
    match done {
        Err(Error::Refused(r)) => r.code,
        other => panic!("{other:?}"),
    }
}

fn sets(names: &[&str]) -> Command {
    Command::SetDependencies { on: names.iter().map(|n| (*n).to_owned()).collect() }
}

impl TestApp {
    /// Devices that are developed; the first of them is what the others depend on.
    async fn all_depend(&self, names: &[&str]) {
        for name in names {
            self.reduced_support(name).await;
        }
        for name in &names[1..] {
            self.does("ilse", name, sets(&names[..1])).await.unwrap();
        }
    }

    /// A newer commit with this tag, which nobody has verified yet.
    fn makes_tag(&self, name: &str) {
        self.repository.git(&["commit", "--allow-empty", "-m", name]);
        self.repository.git(&["tag", "-a", "-m", name, name]);
    }

    async fn makes_release(&self, device: &str, name: &str) {
        if name != "1.0.0" {
            self.makes_tag(name);
        }
        self.does("ilse", device, Command::VerifyTag { tag: tag(name) }).await.unwrap();
    }

    async fn retests_of(&self, device: &str) -> Vec<Listed> {
        let wanted = Wanted { device: Some(device.to_owned()), ..Wanted::default() };
        retests::list(&self.app, &wanted).await.unwrap().all
    }

    /// Standing, release, and what overtook it, the newest first.
    async fn retests_stand(&self, device: &str) -> Vec<(Standing, String, Option<String>)> {
        let all = self.retests_of(device).await.into_iter().map(|l| l.retest);
        all.map(|r| (r.standing, r.tag.to_string(), r.overtaken_by.map(|t| t.to_string()))).collect()
    }

    async fn waiting_retest(&self, device: &str) -> RetestId {
        let waiting = self.retests_of(device).await.into_iter().find(|l| l.retest.standing == Standing::Waiting);
        waiting.expect("something waits").retest.id
    }

    async fn says_of(&self, who: &str, id: RetestId, told: Told) -> Result<Tried> {
        retests::report(&self.app, &self.caller(who), id, told).await
    }

    /// How often somebody was told this.
    async fn times_told(&self, who: &str, text: &str) -> usize {
        self.was_told(who).await.iter().filter(|t| t.contains(text)).count()
    }
}

/// G8: a new release asks each of those that depend on the device, once, and tells who is to try it out; an older one that is
/// verified late asks nobody, and a newer one takes the place of what waits. The device's story has it.
#[tokio::test]
async fn g8_a_new_release_marks_its_dependents() {
    let test = TestApp::new().await;
    test.all_depend(&["source", "magnet", "mirror"]).await;
    test.reduced_support("apart").await;
    test.makes_release("source", "1.0.0").await;
    for device in ["magnet", "mirror"] {
        assert_eq!(test.retests_stand(device).await, [(Standing::Waiting, "1.0.0".to_owned(), None)], "{device}");
        for who in ["ilse", "marek"] {
            let text = format!("source 1.0.0 is new: try out whether {device} still works with it.");
            assert_eq!(test.times_told(who, &text).await, 1, "{who}");
        }
    }
    assert!(test.retests_of("apart").await.is_empty() && test.retests_of("source").await.is_empty());
    assert_eq!(test.times_told("lena", "is new: try out").await, 0, "contributors develop them");

    test.repository.git(&["tag", "-a", "-m", "0.9.0", "0.9.0", "1.0.0^{commit}"]);
    test.does("ilse", "source", Command::VerifyTag { tag: tag("0.9.0") }).await.unwrap();
    assert_eq!(test.retests_of("magnet").await.len(), 1, "it is older than what stands");

    test.makes_release("source", "1.1.0").await;
    let now = [
        (Standing::Waiting, "1.1.0".to_owned(), None),
        (Standing::Overtaken, "1.0.0".to_owned(), Some("1.1.0".to_owned())),
    ];
    assert_eq!(test.retests_stand("magnet").await, now);
    let page = test.stranger().page("/devices/magnet/history").await;
    assert!(page.contains("asked to try it out with <code>source</code> 1.1.0, which is new."), "{page}");
    assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok());
    for name in ["source", "magnet"] {
        let device = test.device(name).await;
        assert_eq!(test.replayed(&device).await, device);
    }
}

/// G8: what a device depends on is said by its contributors and by CTRL, of devices on record and never of itself; by the
/// form and by programs alike. Two that depend on each other ask each other and nobody further.
#[tokio::test]
async fn g8_devices_name_what_they_depend_on() {
    let test = TestApp::new().await;
    for name in ["source", "magnet"] {
        test.reduced_support(name).await;
    }
    test.requested("wish").await;
    for (who, device, names, why) in [
        ("noor", "magnet", ["source"], Code::NotYours),
        ("ilse", "magnet", ["magnet"], Code::Incomplete),
        ("ilse", "magnet", ["Source"], Code::NoSuchThing),
        ("ilse", "wish", ["source"], Code::WrongState),
    ] {
        assert_eq!(code(test.does(who, device, sets(&names)).await), why, "{who}: {device} on {names:?}");
    }
    let many: Vec<String> = (0..51).map(|n| format!("device{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(code(test.does("ilse", "magnet", sets(&many)).await), Code::Incomplete);

    let ilse = test.browser("ilse").await;
    let form = ilse.page("/devices/magnet/set-dependencies").await;
    assert!(form.contains("Which devices does it depend on?"), "{form}");
    let revision = test.device("magnet").await.revision.to_string();
    let wrong = [("revision", revision.as_str()), ("on", "source\r\nnobody")];
    let back = ilse.post("/devices/magnet/set-dependencies", &wrong).await;
    assert_eq!(back.status(), 409);
    let back = back.text().await.unwrap();
    assert!(back.contains("There is no device nobody on record") && back.contains("source\r\nnobody"), "{back}");
    ilse.acts(&test, "magnet", "set-dependencies", &[("on", "source\r\n wish \r\n")]).await;
    let page = test.stranger().page("/devices/magnet").await;
    assert!(page.contains("Depends on") && page.contains("href=\"/devices/wish\""), "{page}");
    assert!(!page.contains("/devices/magnet/set-dependencies"), "nobody is led where they may not go");

    let lena = test.acts("lena").await;
    lena.must("source", json!({ "command": "set_dependencies", "on": ["magnet"] })).await;
    let (status, same) = lena.does("source", json!({ "command": "set_dependencies", "on": ["magnet"] })).await;
    assert_eq!((status, same["code"].as_str()), (409, Some("already_done")), "{same}");
    assert_eq!(lena.get("/devices/source").await.1["depends_on"], json!(["magnet"]));
    test.makes_release("source", "1.0.0").await;
    assert_eq!(
        (test.retests_of("magnet").await.len(), test.retests_of("source").await.len()),
        (1, 0),
        "no release of magnet came"
    );
    let page = test.stranger().page("/devices/source").await;
    assert!(page.contains("Depended on by") && page.contains("1.0.0: tried out with 0 of 1"), "{page}");
    // A dependency that has ended shows as that.
    test.does("lena", "wish", Command::Retire { reason: "Nobody wants it.".to_owned() }).await.unwrap();
    assert!(test.stranger().page("/devices/magnet").await.contains("retired"));
}

/// G8, E3: contributors and CTRL say what came of it, again and again; the last counts, all stay. A stranger is refused, and that
/// is on record. Who made the release hears of a failure once, and its page shows it.
#[tokio::test]
async fn g8_results_are_recorded() {
    let test = TestApp::new().await;
    test.all_depend(&["source", "magnet"]).await;
    test.makes_release("source", "1.0.0").await;
    test.makes_release("magnet", "1.1.0").await;
    let id = test.waiting_retest("magnet").await;
    let path = retests::path("magnet", id);
    let my = test.browser("marek").await.page("/my").await;
    assert!(my.contains("<code>source 1.0.0</code> is new") && my.contains(&path), "{my}");
    let (_, mine) = test.program("marek", TokenScope::Read).await.get("/me/work").await;
    let asked: Vec<_> =
        mine["retests"].as_array().unwrap().iter().map(|r| (&r["device"], &r["on"], &r["id"])).collect();
    assert_eq!(asked, [(&json!("magnet"), &json!("source"), &json!(id))], "{mine}");

    assert_eq!(code(test.says_of("noor", id, told(true, "")).await), Code::NotYours);
    let refused = format!("refused/{}", test.device("magnet").await.id);
    assert_eq!(store::journal::count(&test.app.db.read, &refused).await.unwrap(), 1);
    assert_eq!(code(test.says_of("ilse", id, told(false, " ")).await), Code::Incomplete);
    let link = Told { link: "javascript:alert(1)".to_owned(), ..told(true, "") };
    assert_eq!(code(test.says_of("ilse", id, link).await), Code::Incomplete, "A25");
    let strange = Told { release: Some(tag("7.7.7")), ..told(true, "") };
    assert_eq!(code(test.says_of("ilse", id, strange).await), Code::NoSuchThing);
    assert!(test.retests_of("magnet").await[0].last.is_none(), "nothing of it was kept");

    let with = Told { release: Some(tag("1.1.0")), ..told(true, "Two shifts.") };
    let tried = test.says_of("jonas", id, with).await.unwrap();
    assert_eq!(tried.commit, Some(test.commit_of("1.1.0")));
    assert_eq!(test.retests_stand("magnet").await[0].0, Standing::Passed);
    let my = test.browser("marek").await.page("/my").await;
    assert!(!my.contains("<code>source 1.0.0</code> is new"), "it waits no longer: {my}");
    test.says_of("ilse", id, told(false, "The flag is lost.")).await.unwrap();
    assert_eq!(test.retests_stand("magnet").await[0].0, Standing::Failed);
    for (who, times) in [("marek", 1), ("lena", 1), ("ilse", 0), ("jonas", 0)] {
        let text = "magnet does not work with source 1.0.0, says Ilse Hartmann. The flag is lost.";
        assert_eq!(test.times_told(who, text).await, times, "{who}");
    }
    let kept = store::retests::list_tried(&test.app.db.read, id).await.unwrap();
    assert_eq!(kept.iter().map(|t| t.passed).collect::<Vec<_>>(), [true, false]);
    let stream = format!("retest/{}", test.device("magnet").await.id);
    let lines = store::journal::list_all(&test.app.db.read, &stream).await.unwrap();
    assert_eq!(
        lines.iter().map(|e| e.kind.as_str()).collect::<Vec<_>>(),
        [retests::OPENED, retests::REPORTED, retests::REPORTED]
    );
    assert!(lines[2].body.contains("The flag is lost.") && !lines[2].body.contains("Hartmann"), "A37");
    let reader = test.stranger();
    let page = reader.page("/devices/source/releases/1.0.0").await;
    assert!(page.contains("Tried out with 1 of 1; 1 failed") && page.contains("The flag is lost."), "{page}");
    let page = reader.page("/devices/magnet").await;
    assert!(page.contains("id=\"retests\"") && page.contains("The flag is lost."), "{page}");
    let page = reader.page(&path).await;
    assert!(
        page.contains("Two shifts.") && page.contains("with its 1.1.0") && !page.contains("name=\"outcome\""),
        "{page}"
    );
    let page = reader.page("/devices/magnet/history").await;
    assert!(page.contains("reported that it does not work with <code>source</code> 1.0.0."), "{page}");
    assert_eq!(reader.get(&path.replace("magnet", "source")).await.status(), 404, "it is of magnet");
    assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok());
}

/// G8, O5: who made the release hears that a dependent fails with it once, however often that is reported; and again where
/// it had passed meanwhile. Every result stays.
#[tokio::test]
async fn g8_a_failure_is_told_once() {
    let test = TestApp::new().await;
    test.all_depend(&["source", "magnet"]).await;
    test.makes_release("source", "1.0.0").await;
    let id = test.waiting_retest("magnet").await;
    for (passed, times) in [(false, 1), (false, 1), (true, 1), (false, 2)] {
        test.says_of("ilse", id, told(passed, "As each night.")).await.unwrap();
        assert_eq!(test.times_told("lena", "magnet does not work with source 1.0.0").await, times);
    }
    assert_eq!(store::retests::list_tried(&test.app.db.read, id).await.unwrap().len(), 4);
}

/// G8: by the page: the verb that was pressed is filled in, what cannot be taken comes back with what was typed, and the same
/// form twice is one result (F3).
#[tokio::test]
async fn g8_a_person_reports_on_the_page() {
    let test = TestApp::new().await;
    test.all_depend(&["source", "magnet"]).await;
    test.makes_release("source", "1.0.0").await;
    let path = retests::path("magnet", test.waiting_retest("magnet").await);
    let ilse = test.browser("ilse").await;
    let page = ilse.page("/devices/magnet").await;
    assert!(page.contains("It passed") && page.contains(&format!("{path}?outcome=failed")), "{page}");
    let form = ilse.page(&format!("{path}?outcome=failed")).await;
    assert!(form.contains("value=\"failed\" checked"), "{form}");
    let noor = test.browser("noor").await;
    assert!(noor.page(&path).await.contains("This is for a contributor of magnet"));
    assert_eq!(noor.post(&path, &[("outcome", "passed")]).await.status(), 403);
    assert_eq!(ilse.post(&path, &[("text", "Seen.")]).await.status(), 422);
    let bare = ilse.post(&path, &[("outcome", "failed"), ("link", "nowhere")]).await;
    assert_eq!(bare.status(), 409);
    assert!(bare.text().await.unwrap().contains("value=\"nowhere\""));
    for _ in 0..2 {
        let sent = [("key", "k"), ("outcome", "failed"), ("text", "It stops."), ("release", "")];
        let done = ilse.post(&path, &sent).await;
        assert_eq!((done.status().as_u16(), done.headers()["location"].to_str().unwrap()), (303, path.as_str()));
    }
    assert_eq!(test.retests_of("magnet").await[0].retest.many, 1);
    let other = [("key", "k"), ("outcome", "passed"), ("text", "It stops."), ("release", "")];
    assert_ne!(ilse.post(&path, &other).await.status(), 303, "the key stands for another one");
    assert_eq!(test.retests_of("magnet").await[0].retest.many, 1);
}

/// G8, A24, A28: jobs report by a token of the dependent and of no other; repetitions are answered; lists are for everybody,
/// page by page.
#[tokio::test]
async fn g8_jobs_report_what_they_tried() {
    let test = TestApp::new().await;
    test.all_depend(&["source", "magnet"]).await;
    test.makes_release("source", "1.0.0").await;
    let (magnet, source) = (test.device("magnet").await.id, test.device("source").await.id);
    let job = test.program("lena", TokenScope::Evidence(magnet)).await;
    let (status, all) = job.get("/retests?device=magnet&state=waiting").await;
    assert_eq!((status, &all["retests"][0]["on"], &all["retests"][0]["tag"]), (200, &json!("source"), &json!("1.0.0")));
    let path = format!("/retests/{}/results", all["retests"][0]["id"].as_str().unwrap());
    for (who, scope) in [
        ("lena", TokenScope::Evidence(source)),
        ("lena", TokenScope::Read),
        ("lena", TokenScope::Deploy { device: None, server: None }),
        ("lena", TokenScope::Observe(REDUCED.into())),
        ("noor", TokenScope::Admin),
    ] {
        let said = format!("{who}: {scope:?}");
        let (status, _) = test.program(who, scope).await.post(&path, json!({ "passed": true })).await;
        assert_eq!(status, 403, "{said}");
    }
    for (body, want) in [
        (json!({ "passed": false }), 409),
        (json!({ "passed": true, "commit": "HEAD" }), 422),
        (json!({ "passed": true, "release": "main" }), 422),
        (json!({ "passed": true, "link": "ftp://example.org" }), 409),
        (json!({ "passed": true, "by": "ravi" }), 422),
    ] {
        assert_eq!(job.post(&path, body.clone()).await.0, want, "{body}");
    }
    let commit = test.commit_of("main");
    let body = json!({ "passed": false, "commit": commit, "link": "https://ci.example.org/17" });
    for replayed in [false, true] {
        let sent = job.sends(Method::POST, &path, &[("idempotency-key", "run 17")], Some(body.clone())).await;
        assert_eq!((sent.status().as_u16(), sent.headers().contains_key("idempotency-replayed")), (200, replayed));
        let shown: Value = sent.json().await.unwrap();
        assert_eq!((&shown["standing"], shown["results"].as_array().unwrap().len()), (&json!("failed"), 1));
        let result = &shown["results"][0];
        assert_eq!((&result["by"], &result["job"]), (&Value::Null, &json!("program")), "a job is nobody");
        assert_eq!(result["commit"], json!(commit));
    }
    assert_eq!(job.get("/retests/none").await.0, 404);
    for wrong in ["state=none", "after=x", "page=2"] {
        assert_eq!(job.get(&format!("/retests?{wrong}")).await.0, 422, "{wrong}");
    }
    let address = format!("{}/api/v1/devices/source/dependents", test.url);
    let open: Value = reqwest::get(&address).await.unwrap().json().await.unwrap();
    assert_eq!((&open["newest"], &open["dependents"][0]["standing"]), (&json!("1.0.0"), &json!("failed")), "{open}");
    let (_, story) = test.acts("noor").await.get("/events?limit=200").await;
    let said = story["events"].as_array().unwrap().iter().filter(|e| e["device"] == "magnet");
    let kinds: BTreeSet<&str> = said.filter_map(|e| e["what"].as_str()).collect();
    assert!(kinds.contains(retests::OPENED) && kinds.contains(retests::REPORTED), "{kinds:?}");
}

/// G8: many dependents cost as many statements as one, and their lists come page by page, each once.
#[tokio::test]
async fn g8_many_dependents_cost_as_much_as_one() {
    let test = TestApp::new().await;
    test.all_depend(&["source", "magnet"]).await;
    for name in ["1.1.0", "1.2.0", "1.3.0"] {
        test.makes_tag(name);
    }
    let release = async |name: &str| {
        let _nothing_is_taken_in = test.app.projection.taking_in.lock().await;
        let before = test.app.db.statements();
        let ask = Ask::from(Command::VerifyTag { tag: tag(name) });
        Box::pin(act(&test.app, &test.caller("ilse"), "source", ask)).await.unwrap();
        test.app.db.statements() - before
    };
    // Once before, so that what is prepared at first use is not counted.
    release("1.1.0").await;
    let few = release("1.2.0").await;
    multiply(&test, "magnet", 0, 60).await;
    let source = test.device("source").await.id;
    let tx = test.app.db.begin().await.unwrap();
    let depend = format!("INSERT INTO device_dependency SELECT id, '{source}' FROM device WHERE name LIKE 'magnet0%'");
    tx.execute_unprepared(&depend).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(release("1.3.0").await, few);
    let by = test.program("lena", TokenScope::Read).await;
    let (mut seen, mut path) = (Vec::new(), "/retests?on=source&state=waiting".to_owned());
    loop {
        let (status, page) = by.get(&path).await;
        assert_eq!(status, 200, "{page}");
        let some = page["retests"].as_array().unwrap();
        assert!(!some.is_empty() && some.len() as u64 <= retests::PAGE && some.iter().all(|r| r["tag"] == "1.3.0"));
        seen.extend(some.iter().map(|r| r["device"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/retests?on=source&state=waiting&after={next}");
    }
    assert_eq!((seen.len(), seen.iter().collect::<BTreeSet<_>>().len()), (61, 61));
    let (_, some) = by.get("/devices/source/dependents?limit=60").await;
    assert_eq!(some["dependents"].as_array().unwrap().len(), 60);
    let (_, rest) = by.get(&format!("/devices/source/dependents?after={}", some["next"].as_str().unwrap())).await;
    assert_eq!((rest["dependents"].as_array().unwrap().len(), &rest["next"]), (1, &Value::Null));
    let page = test.stranger().page("/devices/source").await;
    assert!(page.contains("1.3.0: tried out with 0 of 61") && page.contains("And 11 more."), "{page}");
    let last = test.waiting_retest("magnet00059").await;
    let shown = retests::path("magnet00059", last);
    assert!(
        page.contains("href=\"/devices/source/releases/1.3.0\">How its newest") && !page.contains(&shown),
        "{page}"
    );
    test.says_of("lena", last, told(false, "It stops.")).await.unwrap();
    let page = test.stranger().page("/devices/source").await;
    assert!(page.contains("tried out with 1 of 61, 1 failed") && page.contains(&shown), "what failed shows: {page}");
}

/// G8: of what is dropped, of what has ended and of a tag that does not stand nothing is asked any longer; a tag that stands
/// again asks again, and nobody is told twice.
#[tokio::test]
async fn g8_what_is_asked_no_longer() {
    let test = TestApp::new().await;
    test.all_depend(&["source", "magnet", "mirror", "grating"]).await;
    test.makes_release("source", "1.0.0").await;
    let (magnet, mirror) = (test.waiting_retest("magnet").await, test.waiting_retest("mirror").await);
    test.does("ilse", "magnet", sets(&[])).await.unwrap();
    for ends in [Command::Remove { server: REDUCED.into() }, Command::Retire { reason: "Nobody uses it.".to_owned() }] {
        test.does("lena", "mirror", ends).await.unwrap();
    }
    for (device, id) in [("magnet", magnet), ("mirror", mirror)] {
        assert_eq!(test.retests_stand(device).await, [(Standing::Overtaken, "1.0.0".to_owned(), None)], "{device}");
        assert_eq!(code(test.says_of("lena", id, told(true, "")).await), Code::WrongState, "{device}");
    }
    let object = test.repository.id("1.0.0");
    test.repository.git(&["tag", "-d", "1.0.0"]);
    test.does("noor", "source", Command::CheckTag { tag: tag("1.0.0") }).await.unwrap();
    assert_eq!(test.retests_stand("grating").await, [(Standing::Overtaken, "1.0.0".to_owned(), None)]);
    test.repository.git(&["update-ref", "refs/tags/1.0.0", &object]);
    test.does("noor", "source", Command::CheckTag { tag: tag("1.0.0") }).await.unwrap();
    assert_eq!(test.retests_stand("grating").await, [(Standing::Waiting, "1.0.0".to_owned(), None)]);
    for device in ["magnet", "mirror"] {
        assert_eq!(test.retests_stand(device).await[0].0, Standing::Overtaken, "{device}");
    }
    assert_eq!(test.times_told("marek", "try out whether grating").await, 1);
    test.makes_release("source", "1.1.0").await;
    assert_eq!(test.retests_of("magnet").await.len() + test.retests_of("mirror").await.len(), 2, "they are not asked");
    // What was overtaken takes a late result all the same.
    let late = test.retests_of("grating").await.pop().unwrap().retest;
    assert_eq!((late.standing, late.tag), (Standing::Overtaken, tag("1.0.0")));
    test.says_of("marek", late.id, told(true, "")).await.unwrap();
}

/// G8, G2: where the newest release's tag vanishes, what it had taken the place of waits again; nobody is told twice, and who
/// had tried the older one out is not asked.
#[tokio::test]
async fn g8_a_release_that_vanishes_takes_nothings_place() {
    let test = TestApp::new().await;
    test.all_depend(&["source", "magnet", "mirror", "grating"]).await;
    test.makes_release("source", "1.0.0").await;
    test.says_of("ilse", test.waiting_retest("mirror").await, told(true, "")).await.unwrap();
    test.makes_release("source", "1.1.0").await;
    test.does("ilse", "grating", sets(&[])).await.unwrap();
    test.repository.git(&["tag", "-d", "1.1.0"]);
    test.does("noor", "source", Command::CheckTag { tag: tag("1.1.0") }).await.unwrap();
    for (device, older) in
        [("magnet", Standing::Waiting), ("mirror", Standing::Passed), ("grating", Standing::Overtaken)]
    {
        let stand: Vec<Standing> =
            test.retests_stand(device).await.into_iter().map(|(standing, ..)| standing).collect();
        assert_eq!(stand, [Standing::Overtaken, older], "{device}");
    }
    assert_eq!(test.times_told("marek", "source 1.0.0 is new: try out whether magnet").await, 1);
    let my = test.browser("marek").await.page("/my").await;
    assert!(my.contains("<code>source 1.0.0</code> is new") && !my.contains("1.1.0</code> is new"), "{my}");
}

/// G8: what CTRL owns it tries out itself: its CTRL contact is told, and their own page has it.
#[tokio::test]
async fn g8_ctrl_tries_out_what_it_owns() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    test.reduced_support("source").await;
    test.does("jonas", "magnet", sets(&["source"])).await.unwrap();
    test.makes_release("source", "1.1.0").await;
    for (who, times) in [("lena", 1), ("ilse", 0), ("marek", 0)] {
        assert_eq!(test.times_told(who, "source 1.1.0 is new: try out whether magnet").await, times, "{who}");
    }
    assert!(test.browser("lena").await.page("/my").await.contains("<code>source 1.1.0</code> is new"));
    assert!(!test.browser("ilse").await.page("/my").await.contains("<code>source 1.1.0</code> is new"));
    test.says_of("ravi", test.waiting_retest("magnet").await, told(true, "")).await.unwrap();

    // Where that contact has left, the team that is asked first is told instead of nobody.
    closing::close(&test.app, &test.caller("ada"), test.person("lena")).await.unwrap();
    test.makes_release("source", "1.2.0").await;
    for (who, times) in [("jonas", 1), ("chiara", 1), ("ilse", 0)] {
        assert_eq!(test.times_told(who, "source 1.2.0 is new: try out whether magnet").await, times, "{who}");
    }
}

/// G8: of two releases at once the newer one is asked for, and of two results at once both are kept.
#[tokio::test]
async fn g8_two_at_once() {
    let test = TestApp::new().await;
    test.all_depend(&["source", "magnet"]).await;
    for name in ["1.1.0", "1.2.0"] {
        test.makes_tag(name);
    }
    let verify = |name: &str| Ask::from(Command::VerifyTag { tag: tag(name) });
    let (ilse, marek) = (test.caller("ilse"), test.caller("marek"));
    let (a, b) = tokio::join!(
        Box::pin(act(&test.app, &ilse, "source", verify("1.1.0"))),
        Box::pin(act(&test.app, &marek, "source", verify("1.2.0"))),
    );
    assert!(a.is_ok() && b.is_ok(), "{a:?} {b:?}");
    let stands = test.retests_stand("magnet").await;
    let waiting: Vec<&str> =
        stands.iter().filter(|(s, ..)| *s == Standing::Waiting).map(|(_, tag, _)| tag.as_str()).collect();
    assert_eq!(waiting, ["1.2.0"], "{stands:?}");
    let id = test.waiting_retest("magnet").await;
    let (a, b) = tokio::join!(test.says_of("ilse", id, told(true, "a")), test.says_of("jonas", id, told(false, "b")));
    assert!(a.is_ok() && b.is_ok(), "{a:?} {b:?}");
    let kept = store::retests::list_tried(&test.app.db.read, id).await.unwrap();
    assert_eq!(kept.iter().map(|t| t.text.as_str()).collect::<BTreeSet<_>>(), BTreeSet::from(["a", "b"]));
}
