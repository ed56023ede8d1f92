//! What programs read before they act: as much as whoever made their token sees on the pages, no more and no less (E3).

use crate::{
    app::{REDUCED, TestApp},
    given::policy_with,
    programs::Program,
};
use chrono::Duration;
use custody::{
    domain::{contact::OperatorRules, request::Request},
    service::tokens::TokenScope,
};
use reqwest::Method;
use serde_json::{Value, json};

/// What is read there, and the revision that it shows.
async fn reading(by: &Program, path: &str) -> (String, Value) {
    let answer = by.sends(Method::GET, path, &[], None).await;
    assert_eq!(answer.status(), 200, "{path}");
    let seen = answer.headers()["etag"].to_str().unwrap().to_owned();
    (seen, answer.json().await.unwrap())
}

/// Gives a command by the revision that was read.
async fn gives(by: &Program, seen: &str, command: Value) -> (u16, Value) {
    let answer = by.sends(Method::POST, "/devices/magnet/commands", &[("if-match", seen)], Some(command)).await;
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// E3, A37, L1 to L4, O6: the request is read as commands take it and changed in one word, and everything else stays;
/// nobody's number or address is in it.
#[tokio::test]
async fn e3_programs_amend_the_request_that_they_read() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let before = test.device("magnet").await;
    let ilse = test.acts("ilse").await;
    let place = "/devices/magnet/request";
    let (seen, mut asked) = reading(&ilse, place).await;
    assert!(["@example.org", "+49 40"].iter().all(|secret| !asked.to_string().contains(secret)), "{asked}");
    let summary = "Compares the beam with limits that can be set.";
    asked["request"]["summary"] = json!(summary);
    let amend = json!({ "command": "amend", "request": asked["request"] });
    let (status, said) = gives(&ilse, &seen, amend.clone()).await;
    assert_eq!(status, 200, "{said}");
    let after = test.device("magnet").await;
    assert_eq!(after.request, Request { summary: summary.to_owned(), ..before.request });
    assert_eq!((&after.contacts, &after.contributors), (&before.contacts, &before.contributors));
    assert_eq!(gives(&ilse, &seen, amend).await.0, 412, "A4");

    // The others that replace a whole.
    let (seen, mut asked) = reading(&ilse, place).await;
    asked["contacts"][1]["deputy"] = Value::Null;
    let set = json!({ "command": "set_contacts", "contacts": asked["contacts"] });
    let (status, said) = gives(&ilse, &seen, set).await;
    assert_eq!(status, 200, "{said}");
    let (seen, mut asked) = reading(&ilse, place).await;
    asked["operators"]["note"] = json!("Slowly.");
    let set = json!({ "command": "set_operator_rules", "operators": asked["operators"] });
    let (status, said) = gives(&ilse, &seen, set).await;
    assert_eq!(status, 200, "{said}");
    let changed = test.device("magnet").await;
    assert_eq!((&changed.contacts[0], changed.contacts[1].deputy), (&before.contacts[0], None));
    assert_eq!(changed.operators, OperatorRules { note: "Slowly.".to_owned(), ..before.operators });
}

/// E3, L6: what a point is about is read before it is signed off, and both are of one revision.
#[tokio::test]
async fn e3_programs_read_what_they_sign_off() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let lena = test.acts("lena").await;
    lena.must("magnet", json!({ "command": "take_request" })).await;
    test.acts("ilse").await.must("magnet", json!({ "command": "raise_point", "text": "Which filter?" })).await;
    let (seen, asked) = reading(&lena, "/devices/magnet/request").await;
    let (of, discussion) = reading(&lena, "/devices/magnet/discussion").await;
    assert_eq!(seen, of);
    let points = discussion["points"].as_array().unwrap();
    let sections: Vec<Value> = points.iter().map(|p| p["section"].clone()).collect();
    assert_eq!(json!(sections), json!(["device", "scope", "support", "risks", "contacts", null]));
    assert_eq!(asked["request"]["failures"], "Scans pause.");
    let risks = &points.iter().find(|p| p["section"] == "risks").unwrap()["point"];
    let (status, said) = gives(&lena, &seen, json!({ "command": "sign_off_point", "point": risks })).await;
    assert_eq!(status, 200, "{said}");
    // Everybody who may read the discussion's page reads it; nobody does without a token.
    let noor = test.program("noor", TokenScope::Read).await;
    assert_eq!(noor.get("/devices/magnet/request").await.1, asked);
    assert_eq!(test.stranger().get("/api/v1/devices/magnet/request").await.status(), 401);
    let agent = test.program("lena", TokenScope::Observe(REDUCED.into())).await;
    assert_eq!(agent.get("/devices/magnet/request").await.0, 403);
}

/// E3, E4, H6, H7: the help that one asked for and the training that runs out are read as they stand on one's own page.
#[tokio::test]
async fn e3_programs_read_ones_own_training_and_help() {
    let test = TestApp::with_policy(&policy_with("[training]\nvalid_days = 20\n")).await;
    test.reduced_support("magnet").await;
    let (ilse, lena) = (test.acts("ilse").await, test.acts("lena").await);
    let ask = json!({ "command": "ask_help", "kind": "pair_session", "text": "With the limits." });
    ilse.must("magnet", ask).await;
    let mine = async || ilse.get("/me/work").await.1;
    let found = mine().await;
    let asked = json!({ "device": "magnet", "entry": 1, "kind": "pair_session", "text": "With the limits.",
        "asked_at": "2026-11-21T08:00:00Z", "on": null });
    assert_eq!(found["help"], json!([asked]));
    let topics: Vec<&str> =
        found["training"].as_array().unwrap().iter().map(|t| t["topic"].as_str().unwrap()).collect();
    assert_eq!(topics, ["Code review", "Deployment tools", "Hot development", "Version control and review system"]);
    assert_eq!(found["training"][0]["until"], "2026-12-11T08:00:00Z");

    let plan = json!({ "command": "schedule_help", "entry": found["help"][0]["entry"], "on": "2026-11-24" });
    lena.must("magnet", plan).await;
    assert_eq!(mine().await["help"][0]["on"], "2026-11-24");
    let give = json!({ "command": "log_help", "entry": 1, "kind": "pair_session", "text": "Done together." });
    lena.must("magnet", give).await;
    assert_eq!(mine().await["help"], json!([]));
    let (_, hers) = lena.get("/me/work").await;
    assert_eq!((&hers["help"], &hers["training"]), (&json!([]), &json!([])), "neither is another's");
}

/// E3: whom a command is to name is read as an id, where two have one name too.
#[tokio::test]
async fn e3_programs_tell_namesakes_apart() {
    let test = TestApp::new().await;
    test.accepted("magnet").await;
    let (ilse, marek) = (json!(test.person("ilse")), json!(test.person("marek")));
    let details = json!({ "name": "Ilse Hartmann", "email": "marek@example.org", "phone": "+49 40 66969 219",
        "time_zone": "Europe/Berlin", "commit_emails": [] });
    let (status, said) = test.acts("ada").await.put(&format!("/people/{}", test.person("marek")), details).await;
    assert_eq!(status, 200, "{said}");
    let lena = test.acts("lena").await;
    let (_, shown) = lena.get("/devices/magnet").await;
    assert_eq!(shown["contributors"], json!(["Ilse Hartmann", "Ilse Hartmann"]));
    assert_eq!(shown["contributor_ids"], json!([ilse, marek]));
    assert_eq!(shown["ctrl_contact_id"], json!(test.person("lena")));
    let contacts = shown["contacts"].as_array().unwrap().iter();
    let ids: Vec<[&Value; 2]> = contacts.map(|c| [&c["id"], &c["deputy_id"]]).collect();
    assert_eq!(ids, [[&ilse, &marek], [&marek, &ilse]]);
    lena.must("magnet", json!({ "command": "grant_access", "person": shown["contributor_ids"][1] })).await;
    let device = test.device("magnet").await;
    assert_eq!(device.cycle.setup.has_access().collect::<Vec<_>>(), [test.person("marek")]);
}

/// E3, T2: which sides agreed to the timeline, and which milestone has which number, is read before one is reached.
#[tokio::test]
async fn e3_programs_read_the_timeline_and_reach_a_milestone() {
    let test = TestApp::new().await;
    test.under_review("magnet").await;
    let (ilse, lena) = (test.acts("ilse").await, test.acts("lena").await);
    let review = "/devices/magnet/review";
    let milestones =
        json!([{ "name": "Tests pass", "due": "2026-11-28" }, { "name": "Handbook", "due": "2026-12-05" }]);
    ilse.must("magnet", json!({ "command": "propose_timeline", "milestones": milestones })).await;
    let (seen, proposed) = reading(&lena, review).await;
    assert_eq!(proposed["agreed_by_contributor"], json!({ "by": "Ilse Hartmann", "at": "2026-11-21T08:00:00Z" }));
    assert_eq!((&proposed["agreed_by_ctrl"], &proposed["timeline_agreed"]), (&Value::Null, &json!(false)));
    assert_eq!(proposed["taken_over"], Value::Null);
    let (status, said) = gives(&lena, &seen, json!({ "command": "agree_timeline" })).await;
    assert_eq!(status, 200, "{said}");

    let (seen, agreed) = reading(&ilse, review).await;
    assert_eq!(agreed["agreed_by_ctrl"]["by"], "Lena Brandt");
    let all = agreed["milestones"].as_array().unwrap();
    let handbook = &all.iter().find(|m| m["name"] == "Handbook").unwrap()["milestone"];
    let reach = json!({ "command": "reach_milestone", "milestone": handbook });
    let (status, said) = gives(&ilse, &seen, reach.clone()).await;
    assert_eq!(status, 200, "{said}");
    let (_, reached) = reading(&ilse, review).await;
    let by: Vec<&Value> = reached["milestones"].as_array().unwrap().iter().map(|m| &m["reached"]["by"]).collect();
    assert_eq!(by, [&Value::Null, &json!("Ilse Hartmann")]);
    assert_eq!(gives(&ilse, &seen, reach).await.0, 412, "A4");
}

/// E3, T4, T7: what the repository says of the commit under review is read as its page shows it: its subject, everybody
/// who wrote it, who proposed it and by which tag it is known; so is how many approvals are needed.
#[tokio::test]
async fn e3_programs_read_the_commit_that_they_approve() {
    let test = TestApp::new().await;
    test.under_review("magnet").await;
    let (ilse, lena) = (test.acts("ilse").await, test.acts("lena").await);
    let place = "/devices/magnet/review";
    let (_, none) = reading(&lena, place).await;
    assert_eq!((&none["commit"], &none["reviewed"]), (&Value::Null, &Value::Null));
    assert_eq!((&none["since"], &none["approvals_needed"]), (&json!("2026-11-21T08:00:00Z"), &json!(1)));
    test.advance(Duration::minutes(5));
    let commit = test.commit_of("1.0.0").to_string();
    ilse.must("magnet", json!({ "command": "propose_commit", "commit": commit })).await;
    let (_, review) = reading(&lena, place).await;
    let expected = |tag: Value| {
        json!({ "subject": "the first light", "written_by": ["Ilse Hartmann"], "tag": tag,
            "proposed": { "by": "Ilse Hartmann", "at": "2026-11-21T08:05:00Z" } })
    };
    assert_eq!((&review["commit"], &review["reviewed"]), (&json!(commit), &expected(Value::Null)));
    ilse.must("magnet", json!({ "command": "verify_tag", "tag": "1.0.0" })).await;
    let (_, review) = reading(&test.program("noor", TokenScope::Read).await, place).await;
    assert_eq!(review["reviewed"], expected(json!("1.0.0")));
    assert!(!review.to_string().contains("@example.org"), "A37: {review}");
    let page = test.browser("noor").await.page("/devices/magnet/review").await;
    for says in ["the first light", "Ilse Hartmann", commit.as_str(), "1.0.0"] {
        assert!(page.contains(says), "{says}: {page}");
    }
}

/// E3, N3: on which ground CTRL took it over, and what the author is to do, is read by whoever reports on it.
#[tokio::test]
async fn e3_programs_read_why_it_was_taken_over() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let ground = json!({ "ground": "needed_elsewhere", "instrument": "SQS", "task": "Write the handbook." });
    let take = json!({ "command": "take_over", "ground": ground, "reason": "SQS runs it next week." });
    test.acts("jonas").await.must("magnet", take).await;
    let marek = test.acts("marek").await;
    let (seen, review) = reading(&marek, "/devices/magnet/review").await;
    let taken = &review["taken_over"];
    let told = (&taken["ground"], &taken["instrument"], &taken["task"], &taken["task_done"]);
    assert_eq!(told, (&json!("needed_elsewhere"), &json!("SQS"), &json!("Write the handbook."), &Value::Null));
    assert_eq!(
        (&taken["reason"]["by"], &taken["reason"]["text"]),
        (&json!("Jonas Okafor"), &json!("SQS runs it next week."))
    );
    let (status, said) = gives(&marek, &seen, json!({ "command": "report_task", "text": "It is written." })).await;
    assert_eq!(status, 200, "{said}");
    let (_, review) = reading(&marek, "/devices/magnet/review").await;
    assert_eq!(review["taken_over"]["task_done"]["by"], "Marek Dvořák");
}

/// E3, H4, H6, H7, T9: an entry of the help log and who has access are found in the cycle: the one is planned, the other
/// revoked. Whoever has no part in it reads them neither there nor on the page.
#[tokio::test]
async fn e3_programs_find_help_and_access_in_the_cycle() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let (ilse, lena) = (test.acts("ilse").await, test.acts("lena").await);
    for (kind, text) in [("pair_session", "With the limits."), ("advice", "Which filter?")] {
        ilse.must("magnet", json!({ "command": "ask_help", "kind": kind, "text": text })).await;
    }
    let place = "/devices/magnet/cycle";
    let (seen, cycle) = reading(&lena, place).await;
    let advice = cycle["help"].as_array().unwrap().iter().find(|h| h["asked"]["text"] == "Which filter?").unwrap();
    let plan = json!({ "command": "schedule_help", "entry": advice["entry"], "on": "2026-11-24" });
    let (status, said) = gives(&lena, &seen, plan).await;
    assert_eq!(status, 200, "{said}");
    let (seen, cycle) = reading(&lena, place).await;
    let named = |who: &str, name: &str| json!({ "id": test.person(who), "name": name });
    let (first, second) = (&cycle["help"][0], &cycle["help"][1]);
    assert_eq!((&first["on"], &first["planned"], &first["given"]), (&Value::Null, &Value::Null, &Value::Null));
    assert_eq!((&second["on"], &second["planned"]["by"]), (&json!("2026-11-24"), &named("lena", "Lena Brandt")));
    assert_eq!(second["asked"]["by"], named("ilse", "Ilse Hartmann"));
    assert_eq!((&cycle["framework_modified"], &cycle["committed"]["by"]), (&json!(false), &first["asked"]["by"]));

    let have_access = |cycle: &Value| -> Vec<Value> {
        let all = cycle["developers"].as_array().unwrap().iter();
        all.filter(|d| d["access_since"].is_string()).map(|d| d["person"].clone()).collect()
    };
    let found = have_access(&cycle);
    assert_eq!(found, [named("ilse", "Ilse Hartmann")]);
    let trained =
        |of: usize| cycle["developers"][of]["training"].as_array().unwrap().iter().all(|t| t["until"].is_string());
    assert_eq!((trained(0), trained(1)), (true, false));
    let revoke = json!({ "command": "revoke_access", "person": found[0]["id"] });
    let (status, said) = gives(&lena, &seen, revoke).await;
    assert_eq!(status, 200, "{said}");
    assert!(have_access(&reading(&lena, place).await.1).is_empty());

    for (who, takes_part) in [("ilse", true), ("jonas", true), ("noor", false), ("otto", false)] {
        let (_, cycle) = reading(&test.program(who, TokenScope::Read).await, place).await;
        let sees = (cycle["help"].is_array(), cycle["developers"].is_array());
        assert_eq!(sees, (takes_part, takes_part), "{who}");
        let page = test.browser(who).await.page("/devices/magnet").await;
        assert_eq!((page.contains("id=\"help-h\""), page.contains("id=\"setup-h\"")), sees, "{who}");
    }
}

/// E3, N4: who offers to adopt a device is read before an offer is accepted.
#[tokio::test]
async fn e3_programs_accept_the_offer_that_they_read() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let place = "/devices/magnet/cycle";
    let (_, cycle) = reading(&test.acts("lena").await, place).await;
    assert_eq!((&cycle["orphaned"], &cycle["offers"]), (&json!(false), &json!([])));
    test.advance(Duration::days(200));
    let (noor, lena) = (test.acts("noor").await, test.acts("lena").await);
    noor.must("magnet", json!({ "command": "offer_adoption", "reason": "We use it at SQS." })).await;
    let (seen, cycle) = reading(&lena, place).await;
    let offer = &cycle["offers"][0];
    assert_eq!((&cycle["orphaned"], &offer["text"]), (&json!(true), &json!("We use it at SQS.")));
    assert_eq!(offer["by"]["name"], "Noor El-Amin");
    let accept = json!({ "command": "accept_adoption", "person": offer["by"]["id"] });
    let (status, said) = gives(&lena, &seen, accept).await;
    assert_eq!(status, 200, "{said}");
    let contributors: Vec<_> = test.device("magnet").await.contributors.into_iter().collect();
    assert_eq!(contributors, [test.person("noor")]);
    assert_eq!(reading(&lena, place).await.1["offers"], json!([]));
}

/// E3, B3, B4, N6, T1, T10: how it was operated, whether "done" was reached, from what a hand-back starts and when it ends,
/// and on which conditions it may be restarted.
#[tokio::test]
async fn e3_programs_read_what_became_of_a_cycle() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    let (ilse, jonas, noor) = (test.acts("ilse").await, test.acts("jonas").await, test.acts("noor").await);
    noor.must("magnet", json!({ "command": "answer_done", "reached": false, "text": "It drifts." })).await;
    let place = "/devices/magnet/cycle";
    let (_, first) = reading(&jonas, place).await;
    assert_eq!((&first["cycle"], &first["base"], &first["loan_until"]), (&json!(1), &Value::Null, &Value::Null));
    let user = json!({ "id": test.person("noor"), "name": "Noor El-Amin" });
    let answer = &first["done_answers"][0];
    let told = (&answer["reached"], &answer["answer"]["by"], &answer["answer"]["text"]);
    assert_eq!(told, (&json!(false), &user, &json!("It drifts.")));
    let operated = &first["operated"];
    let told = (&operated["from"], &operated["instrument"], &operated["countersigned"]["by"]);
    assert_eq!(told, (&json!("2026-11-01"), &json!("SCS"), &user));

    let back =
        json!({ "command": "hand_back", "server": REDUCED, "until": "2026-12-14", "reason": "A new scan mode." });
    ilse.must("magnet", back).await;
    let (_, second) = reading(&jonas, place).await;
    let told = (&second["cycle"], &second["base"], &second["loan_until"]);
    assert_eq!(told, (&json!(2), &json!("1.0.0"), &json!("2026-12-14")));
    assert_eq!((&second["operated"], &second["shut_down"]), (&Value::Null, &Value::Null));

    let stop = json!({ "command": "shut_down", "reason": "It floods the broker.", "affected": "SCS",
        "responsible": test.person("ilse"), "conditions": "A limit." });
    jonas.must("magnet", stop).await;
    let (seen, stopped) = reading(&ilse, place).await;
    let why = &stopped["shut_down"];
    assert_eq!((&why["conditions"], &why["reason"]["by"]["name"]), (&json!("A limit."), &json!("Jonas Okafor")));
    assert_eq!(why["responsible"]["id"], json!(test.person("ilse")));
    let restart = json!({ "command": "restart", "text": "2.4.0 has the limit." });
    let (status, said) = gives(&ilse, &seen, restart).await;
    assert_eq!(status, 200, "{said}");
    assert_eq!(reading(&ilse, place).await.1["shut_down"], Value::Null);
}
