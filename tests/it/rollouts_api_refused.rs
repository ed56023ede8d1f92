//! What the programs' door refuses of rollouts: tokens for something else, what is no plan, no command, no rollout (R1, A29).

use crate::{
    app::FULL,
    permits::ANY,
    rollouts::facility,
    rollouts_api::{asks, read, wanted},
};
use custody::service::tokens::TokenScope;
use reqwest::Method;
use serde_json::json;

/// A6, A24, E1: a token that reads plans nothing, one that is bound to a server or a device is for nothing here, and one for
/// deployments of anything does what its maker may.
#[tokio::test]
async fn a6_a_token_for_something_else_plans_nothing() {
    let test = facility().await;
    test.requested("magnet").await;
    let good = wanted(&test, "hotfix", &[("SCS", 0)]);
    let bound = TokenScope::Deploy { device: None, server: Some(FULL.into()) };
    let device = test.device("magnet").await.id;
    for scope in [TokenScope::Read, bound, TokenScope::Observe(FULL.into()), TokenScope::Evidence(device)] {
        let word = format!("{scope:?}");
        let by = test.program("lena", scope).await;
        for path in ["/rollouts", "/local-changes"] {
            let body = match path {
                "/rollouts" => good.clone(),
                _ => json!({ "target": "SCS", "what": "It.", "ticket": "OPS-1", "until": "2026-12-01" }),
            };
            let (status, said) = by.post(path, body).await;
            assert_eq!((status, said["code"].as_str()), (403, Some("other_scope")), "{word}: {said}");
            let expected = if word == "Read" { 200 } else { 403 };
            assert_eq!(by.get(path).await.0, expected, "{word} reads {path}");
        }
    }
    for path in ["/rollouts", "/rollouts/choices", "/local-changes"] {
        assert_eq!(reqwest::get(format!("{}/api/v1{path}", test.url)).await.unwrap().status(), 401, "{path}");
    }
    let deploys = test.program("lena", ANY).await;
    assert_eq!(deploys.post("/rollouts", good).await.0, 201);
    assert_eq!(deploys.get("/rollouts/R-2026-1").await.0, 200);
}

/// A15, A29, R1: what is no plan of the facility's is refused as such and leaves nothing.
#[tokio::test]
async fn a29_what_is_no_plan_is_refused() {
    let test = facility().await;
    let lena = test.acts("lena").await;
    let good = wanted(&test, "hotfix", &[("SCS", 0), ("SQS", 1)]);
    let day =
        |year: &str| json!({ "from": format!("{year}-12-30T00:00:00Z"), "until": format!("{year}-12-31T00:00:00Z") });
    let device = |name: &str, tag: &str| json!({ "of": "device", "name": name, "tag": tag });
    for (entry, value, expected) in [
        ("/title", json!(""), 409),
        ("/title", json!("a\u{0}b"), 422),
        ("/title", json!("a".repeat(121)), 409),
        ("/kind", json!("none"), 409),
        ("/what", device("nothing", "1.0.0"), 409),
        ("/what", device("nothing", "-x; id"), 422),
        ("/what", json!({ "of": "everything" }), 422),
        ("/what/name", json!("{{ lookup('env', 'HOME') }}"), 409),
        ("/window/until", good["window"]["from"].clone(), 409),
        ("/window/until", json!("soon"), 422),
        ("/window", day("2025"), 409),
        ("/window", day("9999"), 409),
        ("/at_once", json!(0), 409),
        ("/at_once", json!(9), 409),
        ("/at_once", json!(1_u64 << 40), 422),
        ("/at_once", json!(-1), 422),
        ("/at_once", json!(1.5), 422),
        ("/stop_after_failed", json!(101), 409),
        ("/targets", json!([]), 409),
        ("/targets/0/name", json!("FXE"), 409),
        ("/targets/1/name", json!("SCS"), 409),
        ("/targets/1/wave", json!(u32::MAX), 409),
        ("/targets/0/scientists", json!([test.person("ravi")]), 409),
        ("/targets/0/scientists", json!(["nobody"]), 422),
        ("/baseline", json!({ " ": "x" }), 409),
        ("/baseline", json!({ "a": "\u{0}" }), 422),
    ] {
        let mut plan = good.clone();
        *plan.pointer_mut(entry).unwrap() = value;
        let (status, said) = lena.post("/rollouts", plan).await;
        assert_eq!(status, expected, "{entry}: {said}");
    }
    let mut far = good.clone();
    far["window"] = day("+262142");
    assert!([409, 422].contains(&lena.post("/rollouts", far).await.0), "no date that no database keeps");
    let mut more = good.clone();
    more["number"] = json!("R-2026-1");
    let text = good.to_string();
    let twice = text.replacen('{', "{\"title\":\"Another\",", 1);
    let secret = test.deploy_token("lena", ANY).await;
    for body in [more.to_string(), twice, "[]".to_owned(), "null".to_owned()] {
        let request = reqwest::Client::new().post(format!("{}/api/v1/rollouts", test.url)).bearer_auth(&secret);
        let answer = request.header("content-type", "application/json").body(body.clone()).send().await.unwrap();
        assert_eq!(read(answer).await.0, 422, "{body}");
    }
    assert_eq!(lena.get("/rollouts").await.1["rollouts"], json!([]), "nothing of it was kept");
}

/// A15, A29, R3, E3: what the runner alone does, what is no command, no step or no target of it is refused; a number that is
/// none is nothing that there is.
#[tokio::test]
async fn a29_what_is_no_command_is_refused() {
    let test = facility().await;
    let lena = test.acts("lena").await;
    let good = wanted(&test, "hotfix", &[("SCS", 0), ("SQS", 1)]);
    assert_eq!(lena.post("/rollouts", good.clone()).await.0, 201);
    assert_eq!(asks(&lena, "R-2026-1", json!({ "command": "start" })).await.0, 200);
    let run = "0193e5a0-0000-7000-8000-000000000001";
    let done = json!({ "is": "done", "took_seconds": 1, "facts": {} });
    for (command, expected) in [
        (json!({ "command": "begin", "target": "SCS", "step": 0, "run": run }), 422),
        (json!({ "command": "report", "target": "SCS", "step": 0, "run": run, "outcome": done }), 422),
        (json!({ "command": "back_begins", "target": "SCS", "step": 0, "run": run }), 422),
        (json!({ "command": "back_ends", "target": "SCS", "step": 0, "run": run, "outcome": done }), 422),
        (json!({ "command": "amend", "plan": good }), 422),
        (json!({ "command": "fly" }), 422),
        (json!({ "command": "let_go", "target": "SCS", "by": "ravi" }), 422),
        (json!({ "command": "retry", "target": "SCS", "step": 7 }), 409),
        (json!({ "command": "retry", "target": "SCS", "step": u64::MAX }), 409),
        (json!({ "command": "retry", "target": "SCS", "step": 1e30 }), 422),
        (json!({ "command": "retry", "target": "SCS", "step": -1 }), 422),
        (json!({ "command": "retry", "target": "FXE", "step": 0 }), 409),
        (json!({ "command": "hold", "target": "SCS", "reason": "x\u{0}" }), 422),
        (json!({ "command": "hold", "target": "SCS", "reason": "x".repeat(100_000) }), 409),
        (json!({ "command": "prolong", "until": "9999-12-31T23:59:59Z" }), 409),
        (json!({ "command": "reapplied", "target": "SCS", "change": "x" }), 422),
        (json!({ "command": "reapplied", "target": "SCS", "change": run }), 409),
        (json!({ "command": "done_by_hand", "target": "SCS", "step": 0 }), 409),
    ] {
        let short: String = command.to_string().chars().take(80).collect();
        let (status, said) = asks(&lena, "R-2026-1", command).await;
        assert_eq!(status, expected, "{short}: {said}");
    }
    for odd in ["R-2026-9", "%20", "%C3%A4", "%2F", "1", "R-2026-1%20"] {
        for (method, below) in [
            (Method::GET, ""),
            (Method::GET, "/commands"),
            (Method::GET, "/runs"),
            (Method::PUT, ""),
            (Method::POST, "/commands"),
        ] {
            let body = match method.as_str() {
                "PUT" => Some(good.clone()),
                "POST" => Some(json!({ "command": "pause", "reason": "So." })),
                _ => None,
            };
            let headers: &[(&str, &str)] = if method == Method::GET { &[] } else { &[("if-match", "\"1\"")] };
            let answer = lena.sends(method.clone(), &format!("/rollouts/{odd}{below}"), headers, body).await;
            assert_eq!(read(answer).await.0, 404, "{method} {odd}{below}");
        }
    }
    assert_eq!(lena.get("/rollouts/R%00").await.0, 422);
    assert_eq!(lena.get("/rollouts/%FF").await.0, 400);
    for odd in ["none", run] {
        assert_eq!(lena.get(&format!("/rollouts/R-2026-1/runs/{odd}")).await.0, 404, "{odd}");
    }
    for odd in ["?limit=0", "?limit=x", "?step=1"] {
        assert_eq!(lena.get(&format!("/rollouts/R-2026-1/runs{odd}")).await.0, 422, "{odd}");
    }
}
