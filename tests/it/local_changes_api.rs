//! Local changes on instruments by the programs' door (R7, E3).

use crate::{
    local_changes::records,
    programs::Program,
    rollouts::{facility, plan, plans},
    rollouts_api::{asks, read},
};
use custody::service::tokens::TokenScope;
use reqwest::Method;
use serde_json::{Value, json};

fn change(target: &str) -> Value {
    json!({ "target": target, "what": "Raises the limit.", "ticket": "OPS-7", "until": "2026-12-24" })
}

async fn puts(by: &Program, path: &str, seen: &str, body: Value) -> (u16, String, Value) {
    read(by.sends(Method::PUT, path, &[("if-match", seen)], Some(body)).await).await
}

async fn ends(by: &Program, path: &str, seen: &str, reason: &str) -> (u16, String, Value) {
    let (path, body) = (format!("{path}/end"), json!({ "reason": reason }));
    read(by.sends(Method::POST, &path, &[("if-match", seen)], Some(body)).await).await
}

/// R7, A4, A6, F3: a local change from its record to its end by a program: who may, once however often it is sent, by the
/// revision that was read.
#[tokio::test]
async fn r7_a_program_records_a_local_change() {
    let test = facility().await;
    test.requested("magnet").await;
    let (lena, ilse, noor) = (test.acts("lena").await, test.acts("ilse").await, test.acts("noor").await);
    for (by, target) in [(&noor, "SCS"), (&ilse, "MID")] {
        let (status, said) = by.post("/local-changes", change(target)).await;
        assert_eq!((status, said["code"].as_str()), (403, Some("not_yours")), "{target}: {said}");
    }
    let mut of_device = change("SCS");
    of_device["device"] = json!("magnet");
    let sends = async |body: &Value| {
        let headers = [("idempotency-key", "k1")];
        let sent = ilse.sends(Method::POST, "/local-changes", &headers, Some(body.clone())).await;
        let again = sent.headers().contains_key("idempotency-replayed");
        let place = sent.headers().get("location").map(|l| l.to_str().unwrap().to_owned());
        (again, place, read(sent).await)
    };
    let (again, place, first) = sends(&of_device).await;
    let (status, etag, c) = &first;
    assert_eq!((again, *status, etag.as_str()), (false, 201, "\"1\""), "{c}");
    let path = format!("/local-changes/{}", c["id"].as_str().unwrap());
    assert_eq!(place, Some(format!("/api/v1{path}")));
    assert_eq!((&c["device"], &c["recorded_by"]), (&json!("magnet"), &json!("Ilse Hartmann")));
    assert_eq!((&c["overdue"], &c["ended_at"]), (&json!(false), &Value::Null));
    assert_eq!(sends(&of_device).await, (true, place, first.clone()), "the same answer");
    assert_eq!(sends(&change("SCS")).await.2.2["code"], "key_reused");

    let later = || json!({ "what": "Raises the limit.", "ticket": "OPS-7", "until": "2027-01-31" });
    assert_eq!(read(ilse.sends(Method::PUT, &path, &[], Some(later())).await).await.0, 428);
    assert_eq!(puts(&ilse, &path, "*", later()).await.0, 428);
    assert_eq!(puts(&noor, &path, "\"1\"", later()).await.0, 403);
    let (status, etag, c) = puts(&ilse, &path, "\"1\"", later()).await;
    assert_eq!((status, etag.as_str(), &c["until"]), (200, "\"2\"", &json!("2027-01-31")), "{c}");
    let (status, _, said) = puts(&lena, &path, "\"1\"", later()).await;
    assert_eq!((status, said["code"].as_str()), (412, Some("stale")), "{said}");
    let since = said["changes"][0]["said"].as_str().unwrap();
    assert_eq!(since, "Ilse Hartmann changed it, until 31 Jan 2027 (OPS-7): Raises the limit.");
    assert_eq!(puts(&lena, &path, "\"2\"", later()).await.2["code"], "already_done", "nothing is different");

    let reads = test.program("otto", TokenScope::Read).await;
    assert_eq!(ends(&reads, &path, "\"2\"", "So.").await.2["code"], "other_scope");
    assert_eq!(ends(&noor, &path, "\"2\"", "So.").await.0, 403);
    assert_eq!(ends(&lena, &path, "\"1\"", "So.").await.0, 412);
    assert_eq!(ends(&lena, &path, "\"2\"", " ").await.0, 409);
    let (status, etag, c) = ends(&lena, &path, "\"2\"", "Merged in 2.4.2.").await;
    assert_eq!((status, etag.as_str(), &c["ended_by"]), (200, "\"3\"", &json!("Lena Brandt")), "{c}");
    assert_eq!(ends(&lena, &path, "\"3\"", "Again.").await.2["code"], "already_done");
    assert_eq!(reads.get(&path).await.1["ended_because"], "Merged in 2.4.2.");
}

/// R7, E3: local changes are listed by target and by whether they are there still, page by page, each once.
#[tokio::test]
async fn r7_local_changes_are_listed() {
    let test = facility().await;
    let (lena, reads) = (test.acts("lena").await, test.program("otto", TokenScope::Read).await);
    let first = records(&test, "lena", "MID", "2026-11-21").await.unwrap();
    for _ in 0..51 {
        records(&test, "lena", "SCS", "2026-12-24").await.unwrap();
    }
    let list = async |query: &str| {
        let (status, page) = reads.get(&format!("/local-changes{query}")).await;
        assert_eq!(status, 200, "{page}");
        let ids: Vec<String> =
            page["local_changes"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap().to_owned()).collect();
        (ids, page["next"].as_str().map(str::to_owned))
    };
    let (some, next) = list("?target=SCS&open=true").await;
    let (rest, last) = list(&format!("?target=SCS&open=true&after={}", next.unwrap())).await;
    let mut all = [some, rest].concat();
    assert_eq!((all.len(), last), (51, None));
    assert!(all.is_sorted_by(|a, b| a > b), "the newest first");
    all.dedup();
    assert_eq!(all.len(), 51, "each once");
    let mid = format!("/local-changes/{}", first.id);
    assert_eq!(list("?target=MID").await, (vec![first.id.to_string()], None));
    test.advance(chrono::Duration::days(1));
    assert_eq!(reads.get(&mid).await.1["overdue"], true);
    assert_eq!(ends(&lena, &mid, "\"1\"", "Gone.").await.0, 200);
    assert_eq!(list("?target=MID&open=true").await, (Vec::new(), None));
    assert_eq!(list("?target=MID&open=false").await.0.len(), 1);
    assert_eq!(list("?target=FXE").await.0.len(), 0);
    for odd in ["?open=maybe", "?after=x", "?of=SCS", "?target=SCS&target=MID"] {
        assert_eq!(reads.get(&format!("/local-changes{odd}")).await.0, 422, "{odd}");
    }
}

/// A15, A29, R7: what is no local change is refused as such and leaves nothing; an id that is none is nothing that there is.
#[tokio::test]
async fn a29_what_is_no_local_change_is_refused() {
    let test = facility().await;
    let lena = test.acts("lena").await;
    for (entry, value, expected) in [
        ("target", json!("FXE"), 409),
        ("target", json!(7), 422),
        ("until", json!("2026-11-20"), 409),
        ("until", json!("2099-01-01"), 409),
        ("until", json!("9999-12-31"), 409),
        ("until", json!("soon"), 422),
        ("ticket", json!(" "), 409),
        ("ticket", json!("OPS\n7"), 409),
        ("ticket", json!("x".repeat(301)), 409),
        ("what", json!(""), 409),
        ("what", json!("x\u{0}"), 422),
        ("what", json!("x".repeat(100_000)), 409),
        ("device", json!("nothing"), 422),
        ("recorded_by", json!("ravi"), 422),
    ] {
        let mut body = change("SCS");
        body[entry] = value;
        let short: String = body.to_string().chars().take(200).collect();
        let (status, said) = lena.post("/local-changes", body).await;
        assert_eq!(status, expected, "{short}: {said}");
    }
    let mut far = change("SCS");
    far["until"] = json!("+262142-12-31");
    assert!([409, 422].contains(&lena.post("/local-changes", far).await.0), "no day that no database keeps");
    for missing in ["target", "what", "ticket", "until"] {
        let mut body = change("SCS");
        body.as_object_mut().unwrap().remove(missing);
        assert_eq!(lena.post("/local-changes", body).await.0, 422, "without {missing}");
    }
    assert_eq!(lena.get("/local-changes").await.1["local_changes"], json!([]), "nothing of it was kept");
    let said = || json!({ "what": "It.", "ticket": "OPS-1", "until": "2026-12-24" });
    for odd in ["none", "%20", "0193e5a0-0000-7000-8000-000000000001"] {
        let path = format!("/local-changes/{odd}");
        assert_eq!(lena.get(&path).await.0, 404, "{odd}");
        assert_eq!(puts(&lena, &path, "\"1\"", said()).await.0, 404, "{odd}");
        assert_eq!(ends(&lena, &path, "\"1\"", "So.").await.0, 404, "{odd}");
    }
}

/// R7: a rollout lists by the API the local changes that it would overwrite, and starts once each is answered.
#[tokio::test]
async fn r7_a_rollout_asks_a_program_for_local_changes() {
    let test = facility().await;
    let lena = test.acts("lena").await;
    let c = records(&test, "lena", "SCS", "2026-12-24").await.unwrap();
    let number = plans(&test, "lena", &plan(&test, "hotfix", &[("SCS", 0)])).await.unwrap().number;
    let path = format!("/rollouts/{number}");
    let (_, r) = lena.get(&path).await;
    let listed = json!({
        "id": c.id, "target": "SCS", "what": "Raises the limit.", "ticket": "OPS-7", "until": "2026-12-24",
        "overdue": false, "answer": null
    });
    assert_eq!(r["local_changes"], json!([listed]));
    let (status, said) = asks(&lena, &number, json!({ "command": "start" })).await;
    assert_eq!((status, said["code"].as_str()), (409, Some("gates_open")), "{said}");
    let gate = said["gates"].as_array().unwrap().iter().find(|g| g["id"] == "R7").unwrap();
    assert!(gate["met"] == false && gate["why"].as_str().unwrap().contains("OPS-7"), "{gate}");
    let answer = |word: &str| json!({ "command": "answer_change", "target": "SCS", "change": c.id, "answer": word });
    assert_eq!(asks(&lena, &number, answer("keep")).await.0, 422);
    assert_eq!(asks(&test.acts("ilse").await, &number, answer("clear")).await.0, 403);
    assert_eq!(asks(&lena, &number, answer("apply_again")).await.0, 200);
    let (_, r) = lena.get(&path).await;
    assert_eq!(
        (&r["local_changes"][0]["answer"], &r["answers"][0]["by"]),
        (&json!("apply_again"), &json!("Lena Brandt"))
    );
    assert_eq!(asks(&lena, &number, json!({ "command": "start" })).await.0, 200);
    let reapplied = json!({ "command": "reapplied", "target": "SCS", "change": c.id });
    assert_eq!(asks(&lena, &number, reapplied).await.1["code"], "wrong_state", "its steps come first");
}
