//! Rollouts as programs plan them, read them and ask things of them (R1 to R6, E3).

use crate::{
    app::TestApp,
    local_changes::records,
    programs::Program,
    rollouts::{facility, plan, plans, run_all},
};
use chrono::Duration;
use custody::{
    domain::rollout::Rollout,
    service::{rollouts, tokens::TokenScope},
    store,
};
use reqwest::{Method, Response};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

/// The status, the ETag and the body of an answer.
pub async fn read(answer: Response) -> (u16, String, Value) {
    let status = answer.status().as_u16();
    let etag = answer.headers().get("etag").map(|e| e.to_str().unwrap().to_owned()).unwrap_or_default();
    (status, etag, answer.json().await.unwrap())
}

pub fn wanted(test: &TestApp, kind: &str, targets: &[(&str, u32)]) -> Value {
    serde_json::to_value(plan(test, kind, targets)).unwrap()
}

/// A command, decided by this revision.
async fn asks_by(by: &Program, seen: &str, number: &str, command: Value) -> (u16, Value) {
    let path = format!("/rollouts/{number}/commands");
    let (status, _, said) = read(by.sends(Method::POST, &path, &[("if-match", seen)], Some(command)).await).await;
    (status, said)
}

/// A command, decided by the revision that it has now.
pub async fn asks(by: &Program, number: &str, command: Value) -> (u16, Value) {
    let (_, seen, _) = read(by.sends(Method::GET, &format!("/rollouts/{number}"), &[], None).await).await;
    asks_by(by, &seen, number, command).await
}

async fn found(test: &TestApp, number: &str) -> Rollout {
    store::rollouts::find_by_number(&test.app.db.read, number).await.unwrap().unwrap()
}

fn named(list: &Value, by: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| one[by].as_str().unwrap().to_owned()).collect()
}

/// R1, R2, A4, A6, E3, F3: CTRL plans a rollout by the policy's choices, under a number of its own, once however often it is
/// sent; it is read by whoever has an account; who changes it says by what revision.
#[tokio::test]
async fn r1_a_program_plans_a_rollout() {
    let test = facility().await;
    let (lena, ilse) = (test.acts("lena").await, test.acts("ilse").await);
    let (status, choices) = ilse.get("/rollouts/choices").await;
    assert_eq!((status, &choices["at_once"], &choices["first_wave"]), (200, &json!(8), &json!(2)), "{choices}");
    assert_eq!(choices["targets"][0], json!({ "name": "SCS", "group": "SASE 3", "instrument": "SCS" }));
    let hotfix = choices["kinds"].as_array().unwrap().iter().find(|k| k["name"] == "hotfix").unwrap();
    let step = json!({
        "name": "hotfix", "label": "Hotfix", "by_hand": false, "undo": true, "minutes": 30, "sign_off": false
    });
    assert_eq!((&hotfix["steps"][1], &hotfix["legacy"]), (&step, &json!(false)));

    let good = wanted(&test, "hotfix", &[("SCS", 0), ("SQS", 1)]);
    for nobody in ["ilse", "noor", "otto", "ada"] {
        let (status, said) = test.acts(nobody).await.post("/rollouts", good.clone()).await;
        assert_eq!((status, said["code"].as_str()), (403, Some("not_yours")), "{nobody}: {said}");
    }
    let sends = async |body: &Value| {
        let sent = lena.sends(Method::POST, "/rollouts", &[("idempotency-key", "k1")], Some(body.clone())).await;
        let again = sent.headers().contains_key("idempotency-replayed");
        let place = sent.headers().get("location").map(|l| l.to_str().unwrap().to_owned());
        (again, place, read(sent).await)
    };
    let (again, place, first) = sends(&good).await;
    assert_eq!((again, place.as_deref()), (false, Some("/api/v1/rollouts/R-2026-1")));
    let (status, etag, r) = &first;
    assert_eq!(
        (*status, etag.as_str(), &r["state"], &r["revision"]),
        (201, "\"1\"", &json!("planned"), &json!(1)),
        "{r}"
    );
    assert_eq!(named(&r["gates"], "id"), ["Window", "R7"]);
    assert_eq!((&r["planned_by"], &r["progress"]["counts"]["waiting"]), (&json!("Lena Brandt"), &json!(2)));
    assert_eq!(r["progress"]["closed"], "It has not started.");
    assert_eq!(named(&r["targets"][0]["steps"], "state"), ["waiting"; 3]);
    assert_eq!(r["targets"][0]["scientists"][0]["name"], "Noor El-Amin");
    assert_eq!(r["story"][0]["said"], "Lena Brandt planned R-2026-1, Winter shutdown: Karabo 3.1.2 to 2 targets.");
    let (again, _, second) = sends(&good).await;
    assert_eq!((again, &second), (true, &first), "the same answer");
    let (_, _, (status, _, said)) = sends(&wanted(&test, "hotfix", &[("SCS", 0)])).await;
    assert_eq!((status, said["code"].as_str()), (422, Some("key_reused")));

    let reads = test.program("otto", TokenScope::Read).await;
    let (_, list) = reads.get("/rollouts").await;
    assert_eq!(named(&list["rollouts"], "number"), ["R-2026-1"], "once: {list}");
    assert_eq!(reads.get("/rollouts?state=planned&state=running").await.1["rollouts"][0]["targets"], 2);
    assert_eq!(reads.get("/rollouts?state=running").await.1["rollouts"], json!([]));
    for odd in ["?state=odd", "?stat=running", "?after=x"] {
        assert_eq!(reads.get(&format!("/rollouts{odd}")).await.0, 422, "{odd}");
    }

    let path = "/rollouts/R-2026-1";
    let changed = |title: &str| {
        let mut plan = good.clone();
        plan["title"] = json!(title);
        Some(plan)
    };
    let puts = async |by: &Program, seen: &[(&str, &str)], title: &str| {
        read(by.sends(Method::PUT, path, seen, changed(title)).await).await
    };
    let (status, _, said) = puts(&lena, &[], "Spring").await;
    assert_eq!((status, said["code"].as_str()), (428, Some("revision_needed")));
    assert_eq!(puts(&lena, &[("if-match", "*")], "Spring").await.0, 428);
    assert_eq!(puts(&ilse, &[("if-match", "\"1\"")], "Spring").await.0, 403);
    let (status, etag, r) = puts(&lena, &[("if-match", "\"1\"")], "Spring").await;
    assert_eq!((status, etag.as_str(), &r["title"]), (200, "\"2\"", &json!("Spring")), "{r}");
    let (status, _, said) = puts(&lena, &[("if-match", "\"1\"")], "Summer").await;
    assert_eq!((status, said["code"].as_str()), (412, Some("stale")), "{said}");
    assert_eq!(said["changes"][0]["said"], "Lena Brandt changed the plan.");
    assert_eq!(reads.get(path).await.1["title"], "Spring");
}

/// R1, R3 to R5, A4, E3: a rollout from its start to its end by a program: the gates of its start, what may be asked, what
/// is out of date, its progress, its runs with what they said, and what varies.
#[tokio::test]
async fn r3_a_rollout_goes_its_way_by_the_api() {
    let test = facility().await;
    let (lena, ilse, otto) = (test.acts("lena").await, test.acts("ilse").await, test.acts("otto").await);
    let mut later = wanted(&test, "hotfix", &[("SCS", 0), ("SQS", 1)]);
    later["window"]["from"] = json!(test.app.clock.now() + Duration::hours(1));
    assert_eq!(lena.post("/rollouts", later).await.0, 201);
    let number = "R-2026-1";
    let start = || json!({ "command": "start" });
    let (status, said) = asks(&lena, number, start()).await;
    assert_eq!((status, said["code"].as_str()), (409, Some("gates_open")), "{said}");
    let open: Vec<&Value> = said["gates"].as_array().unwrap().iter().filter(|g| g["met"] == false).collect();
    assert_eq!((open.len(), &open[0]["id"]), (1, &json!("Window")), "every gate is told: {said}");
    test.advance(Duration::hours(1));
    assert_eq!(asks(&ilse, number, start()).await.0, 403);
    for unsaid in ["*", ""] {
        let headers = [("if-match", unsaid)];
        let headers = if unsaid.is_empty() { &[][..] } else { &headers[..] };
        let path = format!("/rollouts/{number}/commands");
        let answer = lena.sends(Method::POST, &path, headers, Some(start())).await;
        assert_eq!(read(answer).await.0, 428, "it is decided by what was read");
    }
    let (_, open) = lena.get(&format!("/rollouts/{number}/commands")).await;
    assert_eq!(named(&open["commands"], "command"), ["start", "abandon", "set_baseline", "answer_change"], "{open}");
    assert_eq!((&open["commands"][0]["open"], &open["commands"][0]["by_revision"]), (&json!(true), &json!(true)));
    let (status, said) = asks(&lena, number, start()).await;
    assert_eq!((status, &said["state"], &said["revision"]), (200, &json!("running"), &json!(2)), "{said}");
    assert_eq!(said["events"][0]["said"], "Lena Brandt started it.");

    // What is out of date, and what is not decided by the whole of it.
    let hold = || json!({ "command": "hold", "target": "SQS", "reason": "A vacuum bake." });
    let (status, said) = asks_by(&lena, "\"1\"", number, hold()).await;
    assert_eq!((status, said["code"].as_str()), (412, Some("stale")), "{said}");
    assert_eq!(said["changes"][0]["said"], "Lena Brandt started it.");
    assert_eq!(asks_by(&otto, "*", number, hold()).await.0, 403);
    assert_eq!(asks_by(&lena, "*", number, hold()).await.0, 200);
    let (_, r) = otto.get(&format!("/rollouts/{number}")).await;
    let sqs = &r["targets"][1];
    assert_eq!((&sqs["standing"], &sqs["hold"]["why"]["by"]), (&json!("on_hold"), &json!("Lena Brandt")), "{sqs}");
    assert_eq!(asks_by(&lena, "*", number, json!({ "command": "let_go", "target": "SQS" })).await.0, 200);
    let (_, open) = lena.get(&format!("/rollouts/{number}/commands")).await;
    let names = named(&open["commands"], "command");
    assert!(names.contains(&"roll_back".to_owned()) && !names.contains(&"start".to_owned()), "{names:?}");
    assert!(!names.iter().any(|n| ["begin", "report", "amend", "agree_retirement"].contains(&n.as_str())), "{names:?}");
    assert_eq!(otto.get(&format!("/rollouts/{number}/commands")).await.1["commands"], json!([]));
    // Urgent: without a revision.
    let path = format!("/rollouts/{number}/commands");
    let pause = json!({ "command": "pause", "reason": "The beam is back." });
    assert_eq!(read(lena.sends(Method::POST, &path, &[], Some(pause)).await).await.0, 200);
    let (_, r) = lena.get(&format!("/rollouts/{number}")).await;
    assert_eq!((&r["why"]["text"], &r["state"]), (&json!("The beam is back."), &json!("paused")));
    assert_eq!(asks_by(&lena, "*", number, json!({ "command": "resume" })).await.0, 200);

    rollouts::take_lease(&test.app).await.unwrap();
    run_all(&test.app, &found(&test, number).await).await;
    let (_, r) = otto.get(&format!("/rollouts/{number}")).await;
    assert_eq!((&r["state"], &r["progress"]["counts"]["done"]), (&json!("finished"), &json!(2)), "{r}");
    assert_eq!(r["progress"]["pace"].as_array().unwrap().len(), 3);
    assert_eq!((&r["gates"], &r["progress"]["expected_end"]), (&json!([]), &Value::Null));
    assert_eq!((&r["consistency"]["found_on"], &r["consistency"]["variations"]), (&json!("SCS"), &json!([])));
    let baseline = json!({ "command": "set_baseline", "baseline": { "version": "3.1.3" } });
    assert_eq!(asks(&lena, number, baseline).await.0, 200);
    let (_, r) = otto.get(&format!("/rollouts/{number}")).await;
    let varies = json!({ "target": "SCS", "key": "version", "expected": "3.1.3", "found": "3.1.2" });
    assert_eq!((&r["consistency"]["variations"][0], &r["consistency"]["found_on"]), (&varies, &Value::Null), "{r}");

    let runs = async |query: &str| {
        let (status, page) = otto.get(&format!("/rollouts/{number}/runs{query}")).await;
        assert_eq!(status, 200, "{page}");
        page
    };
    let all = runs("").await;
    assert_eq!((all["runs"].as_array().unwrap().len(), &all["next"]), (6, &Value::Null), "{all}");
    assert_eq!(named(&runs("?target=SCS").await["runs"], "step_name"), ["check", "hotfix", "back_up"]);
    let first = runs("?limit=4").await;
    let rest = runs(&format!("?limit=4&after={}", first["next"].as_str().unwrap())).await;
    let ids = [named(&first["runs"], "id"), named(&rest["runs"], "id")].concat();
    assert_eq!(ids, named(&all["runs"], "id"), "each once");
    assert_eq!(otto.get(&format!("/rollouts/{number}/runs?target=FXE")).await.0, 404);
    let one = format!("/rollouts/{number}/runs/{}", ids[0]);
    let (status, run) = lena.get(&one).await;
    assert_eq!((status, &run["output"], &run["exit_code"]), (200, &json!("ok: [host]\n"), &json!(0)), "{run}");
    assert_eq!(test.acts("ada").await.get(&one).await.0, 200);
    for nobody in [&ilse, &otto] {
        assert_eq!(nobody.get(&one).await.1["code"], "not_yours");
    }
    plans(&test, "lena", &plan(&test, "hotfix", &[("SCS", 0)])).await.unwrap();
    assert_eq!(lena.get(&format!("/rollouts/R-2026-2/runs/{}", ids[0])).await.0, 404, "another rollout's");
}

/// R6, T2: scientists of the instrument agree with their own token on when the legacy system goes, by what they read;
/// nobody does for their own side.
#[tokio::test]
async fn r6_scientists_agree_by_the_api() {
    let test = facility().await;
    let (lena, noor, otto) = (test.acts("lena").await, test.acts("noor").await, test.acts("otto").await);
    let kind = "new_instrument_with_legacy";
    let number = plans(&test, "lena", &plan(&test, kind, &[("SCS", 0)])).await.unwrap().number;
    let (_, open) = noor.get(&format!("/rollouts/{number}/commands")).await;
    assert_eq!(named(&open["commands"], "command"), ["propose_retirement", "agree_retirement"], "{open}");
    assert_eq!(named(&open["commands"], "whose"), ["both_sides"; 2]);
    let propose = json!({ "command": "propose_retirement", "target": "SCS", "date": "2027-01-31" });
    let agree = || json!({ "command": "agree_retirement", "target": "SCS" });
    assert_eq!(asks(&otto, &number, propose.clone()).await.0, 403);
    assert_eq!(asks(&lena, &number, propose).await.0, 200);
    for own in ["lena", "ravi"] {
        let (status, said) = asks(&test.acts(own).await, &number, agree()).await;
        assert_eq!((status, said["code"].as_str()), (403, Some("self_approval")), "{own}: {said}");
    }
    assert_eq!(asks_by(&noor, "*", &number, agree()).await.0, 428, "by what they read");
    assert_eq!(asks_by(&noor, "\"1\"", &number, agree()).await.0, 412);
    let (_, r) = noor.get(&format!("/rollouts/{number}")).await;
    assert_eq!(r["targets"][0]["legacy"]["due"], json!(["way_back_never_tried", "not_agreed"]));
    assert_eq!(asks(&noor, &number, agree()).await.0, 200);
    assert_eq!(asks(&noor, &number, json!({ "command": "start" })).await.0, 403, "the rest is CTRL's");
    let (_, r) = noor.get(&format!("/rollouts/{number}")).await;
    let retirement = &r["targets"][0]["legacy"]["retirement"];
    let two = (&retirement["proposed_by"], &retirement["agreed_by"], &retirement["side"]);
    assert_eq!(two, (&json!("Lena Brandt"), &json!("Noor El-Amin"), &json!("ctrl")), "{retirement}");
}

/// F3, R3: a command under its key is done once, and answered though whoever worked on it was killed.
#[tokio::test]
async fn f3_a_command_of_a_rollout_is_done_once() {
    let test = facility().await;
    let lena = test.acts("lena").await;
    let number = plans(&test, "lena", &plan(&test, "hotfix", &[("SCS", 0)])).await.unwrap().number;
    assert_eq!(asks(&lena, &number, json!({ "command": "start" })).await.0, 200);
    let path = format!("/rollouts/{number}/commands");
    let sends = async |reason: &str| {
        let headers = [("idempotency-key", "k1"), ("if-match", "*")];
        let hold = json!({ "command": "hold", "target": "SCS", "reason": reason });
        read(lena.sends(Method::POST, &path, &headers, Some(hold)).await).await
    };
    let first = sends("A vacuum bake.").await;
    assert_eq!((first.0, first.1.as_str()), (200, "\"3\""), "{first:?}");
    assert_eq!(sends("A vacuum bake.").await, first);
    assert_eq!(sends("Another one.").await.2["code"], "key_reused");
    let tx = test.app.db.begin().await.unwrap();
    tx.execute_unprepared("UPDATE given_answer SET status = NULL, body = NULL").await.unwrap();
    tx.commit().await.unwrap();
    let (status, etag, said) = sends("A vacuum bake.").await;
    assert_eq!((status, etag.as_str(), &said["events"]), (200, "\"3\"", &json!([])), "{said}");
    assert_eq!(found(&test, &number).await.revision, 3, "once");
}

/// E3, PERFORMANCE: rollouts come page by page, each once, and reading them costs as many statements however many there are.
#[tokio::test]
async fn e3_many_rollouts_come_page_by_page() {
    let test = facility().await;
    let reads = test.program("otto", TokenScope::Read).await;
    let some = plan(&test, "hotfix", &[("SCS", 0), ("SQS", 1), ("MID", 1)]);
    plans(&test, "lena", &some).await.unwrap();
    records(&test, "lena", "SCS", "2026-12-24").await.unwrap();
    let addresses = [
        ("/rollouts", 10),
        ("/rollouts/R-2026-1", 16),
        ("/rollouts/R-2026-1/commands", 16),
        ("/rollouts/R-2026-1/runs", 12),
        ("/local-changes", 10),
    ];
    let costs = async || {
        let mut all = Vec::new();
        for (path, most) in addresses {
            // Once before: that the token was used is noted then.
            assert_eq!(reads.get(path).await.0, 200);
            let mut least = u64::MAX;
            for _ in 0..3 {
                let _nothing_is_taken_in = test.app.projection.taking_in.lock().await;
                let before = test.app.db.statements();
                reads.get(path).await;
                least = least.min(test.app.db.statements() - before);
            }
            assert!(least <= most, "{path} costs {least} statements, more than {most}");
            all.push(least);
        }
        all
    };
    let few = costs().await;
    for n in 0..50 {
        plans(&test, "lena", &some).await.unwrap();
        let target = if n % 2 == 0 { "SCS" } else { "MID" };
        records(&test, "lena", target, "2026-12-24").await.unwrap();
    }
    assert_eq!(costs().await, few);
    let (_, first) = reads.get("/rollouts").await;
    let (_, rest) = reads.get(&format!("/rollouts?after={}", first["next"].as_str().unwrap())).await;
    assert_eq!((first["rollouts"].as_array().unwrap().len(), &rest["next"]), (50, &Value::Null));
    let numbers = [named(&first["rollouts"], "number"), named(&rest["rollouts"], "number")].concat();
    let expected: Vec<String> = (1..=51).rev().map(|n| format!("R-2026-{n}")).collect();
    assert_eq!(numbers, expected);
}

/// E3, R3: the pages of the API draw what is asked of a rollout, and nothing of what its runner alone does.
#[tokio::test]
async fn e3_the_pages_of_the_api_draw_rollouts() {
    let test = TestApp::new().await;
    let page = test.stranger().page("/api/docs/rollouts").await;
    for draws in
        [">RolloutPlan</h3>", ">agree_retirement</b>", ">roll_back</b>", "The rollout's number", ">LocalChange</h3>"]
    {
        let escaped = draws.replace('\'', "&#39;");
        assert!(page.contains(draws) || page.contains(&escaped), "{draws}: {page}");
    }
    for none in [">begin</b>", ">report</b>", ">back_ends</b>", ">amend</b>"] {
        assert!(!page.contains(none), "{none}");
    }
}
