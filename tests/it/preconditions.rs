//! A4 by the API, for everything that is no device: what was decided by something else than what is there now is refused
//! with what is there; and long lists come page by page (E3).

use crate::{
    app::{FULL, TestApp},
    given::tag,
    programs::Program,
    queries::multiply,
};
use chrono::Duration;
use custody::{
    domain::{lifecycle::Command, overrides::Skip},
    service::{overrides, tokens::TokenScope},
};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What is changed and how: its name, where its ETag is read, what changes it, and what somebody else sends meanwhile.
struct Case {
    what: &'static str,
    /// The address that shows it, and the place of the thing in what that shows; empty where it is the whole.
    shown: (String, &'static str),
    change: (Method, String, Option<Value>),
    meanwhile: (Method, String, Option<Value>),
}

async fn etag(by: &Program, shown: &(String, &'static str)) -> String {
    let answer = by.sends(Method::GET, &shown.0, &[], None).await;
    assert_eq!(answer.status(), 200, "{}", shown.0);
    let header = answer.headers().get("etag").map(|e| e.to_str().unwrap().to_owned());
    let body: Value = answer.json().await.unwrap();
    match (shown.1, header) {
        ("", Some(header)) => header,
        (place, _) => body.pointer(place).and_then(|thing| thing["etag"].as_str()).expect(place).to_owned(),
    }
}

async fn sends(
    by: &Program,
    (method, path, body): &(Method, String, Option<Value>),
    seen: Option<&str>,
) -> (u16, Value) {
    let headers: Vec<(&str, &str)> = seen.iter().map(|seen| ("if-match", *seen)).collect();
    let answer = by.sends(method.clone(), path, &headers, body.clone()).await;
    let status = answer.status().as_u16();
    let header = answer.headers().get("etag").map(|e| e.to_str().unwrap().to_owned());
    let text = answer.text().await.unwrap();
    let body: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    // What is there after it has its mark as what is read has it.
    assert!(status != 200 || header.is_some(), "{method} {path}");
    assert!(status != 200 || body["etag"].is_null() || body["etag"].as_str() == header.as_deref(), "{path}: {body}");
    (status, body)
}

/// A4: for each kind of thing that a program overwrites or removes: by what is there it is done, by what was there it is
/// refused with what is there now and changes nothing, and whoever says nothing of it does it as before.
#[tokio::test]
async fn a4_what_was_decided_by_something_else_is_refused() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let by = test.program("ada", TokenScope::Admin).await;
    let ctrl = test.program("lena", TokenScope::Admin).await;
    let (_, host) = by.post("/hosts", json!({ "name": "scs-rr-new-01", "class": "full" })).await;
    assert_eq!(host["name"], "scs-rr-new-01");
    for (server, instrument) in [("cppServer/ctrl_new_01", "SCS"), ("cppServer/ctrl_new_02", "SCS")] {
        let new = json!({ "name": server, "host": "scs-rr-new-01", "instrument": instrument });
        assert_eq!(by.post("/servers", new).await.0, 201);
    }
    let (_, group) = by.post("/groups", json!({ "name": "Visitors", "kind": "contributors" })).await;
    let group = format!("/groups/{}", group["id"].as_str().unwrap());
    let chat = json!({ "kind": "mail", "address": "visitors@example.org", "takes": "everything" });
    let (status, chat) = by.post(&format!("{group}/channels"), chat).await;
    assert_eq!(status, 201, "{chat}");
    let chat = format!("{group}/channels/{}", chat["id"].as_str().unwrap());
    let days = |from: &str| json!({ "from": from, "until": "2026-12-24", "note": "" });
    let away = format!("/people/{}/absences", test.person("ilse"));
    let (_, absence) = by.post(&away, days("2026-12-01")).await;
    let absence = format!("{away}/{}", absence["id"].as_str().unwrap());
    let person = format!("/people/{}", test.person("ilse"));
    let details = |phone: &str| {
        json!({ "name": "Ilse Hartmann", "email": "ilse@example.org", "phone": phone, "time_zone": "Europe/Berlin",
            "commit_emails": [] })
    };
    let own = |phone: &str| json!({ "phone": phone, "time_zone": "Europe/Berlin", "commit_emails": [] });
    let mail = |takes: &str| json!({ "takes": takes });
    let put = |path: &str, body: Value| (Method::PUT, path.to_owned(), Some(body));
    let delete = |path: &str| (Method::DELETE, path.to_owned(), None);
    let server = "/servers/cppServer%2Fctrl_new_01";
    let place = |instrument: &str| json!({ "host": "scs-rr-new-01", "instrument": instrument });
    let whole = |path: &str| (path.to_owned(), "");
    let one_server = || ("/servers?host=scs-rr-new-01".to_owned(), "/servers/0");
    let one_host = || ("/hosts?after=scs-rr-new-00&limit=1".to_owned(), "/hosts/0");
    let member = format!("{group}/members/{}", test.person("jonas"));
    let environment = format!("{server}/environment");
    let cases = [
        Case {
            what: "server",
            shown: one_server(),
            change: put(server, place("SQS")),
            meanwhile: put(server, place("MID")),
        },
        Case {
            what: "environment of a server",
            shown: one_server(),
            change: put(&environment, json!({ "environment": "development" })),
            meanwhile: put(server, place("SCS")),
        },
        Case {
            what: "host",
            shown: one_host(),
            change: put("/hosts/scs-rr-new-01", json!({ "note": "rack 4" })),
            meanwhile: put("/hosts/scs-rr-new-01", json!({ "note": "rack 5" })),
        },
        Case {
            what: "group's name",
            shown: whole(&group),
            change: put(&group, json!({ "name": "Guests" })),
            meanwhile: put(&member, json!({})),
        },
        Case {
            what: "member",
            shown: whole(&group),
            change: delete(&member),
            meanwhile: put(&group, json!({ "name": "Visiting" })),
        },
        Case {
            what: "person",
            shown: whole(&person),
            change: put(&person, details("+49 40 66969 310")),
            meanwhile: put(&person, details("+49 40 66969 311")),
        },
        Case {
            what: "own details",
            shown: whole("/me"),
            change: put("/me", own("+49 40 66969 410")),
            meanwhile: put("/me", own("+49 40 66969 411")),
        },
        Case {
            what: "absence",
            shown: (away.clone(), "/absences/0"),
            change: put(&absence, days("2026-12-02")),
            meanwhile: put(&absence, days("2026-12-03")),
        },
        Case {
            what: "absence that goes",
            shown: (away.clone(), "/absences/0"),
            change: delete(&absence),
            meanwhile: put(&absence, days("2026-12-04")),
        },
        Case {
            what: "channel",
            shown: ("/me/channels".to_owned(), "/channels/0"),
            change: put("/me/channels/mail", mail("mine")),
            meanwhile: put("/me/channels/mail", mail("nothing")),
        },
        Case {
            what: "group's channel",
            shown: (format!("{group}/channels"), "/channels/0"),
            change: put(&chat, mail("nothing")),
            meanwhile: put(&chat, mail("mine")),
        },
        Case {
            what: "group's channel that goes",
            shown: (format!("{group}/channels"), "/channels/0"),
            change: delete(&chat),
            meanwhile: put(&chat, mail("everything")),
        },
        Case {
            what: "server that goes",
            shown: one_server(),
            change: delete(server),
            meanwhile: put(server, place("MID")),
        },
        Case {
            what: "host that goes",
            shown: one_host(),
            change: delete("/hosts/scs-rr-new-01"),
            meanwhile: put("/hosts/scs-rr-new-01", json!({ "note": "empty" })),
        },
        Case {
            what: "group that goes",
            shown: whole(&group),
            change: delete(&group),
            meanwhile: put(&group, json!({ "name": "Nobody" })),
        },
    ];
    for Case { what, shown, change, meanwhile } in cases {
        if what == "host that goes" {
            assert_eq!(by.delete("/servers/cppServer%2Fctrl_new_02").await.0, 204);
        }
        let old = etag(&by, &shown).await;
        let (status, said) = sends(&by, &meanwhile, Some(&old)).await;
        assert!(matches!(status, 200 | 204), "{what}, by what is there: {status} {said}");
        let (status, said) = sends(&by, &change, Some(&old)).await;
        assert_eq!((status, said["code"].as_str()), (412, Some("stale")), "{what}: {said}");
        let now = etag(&by, &shown).await;
        assert!(said["now"].is_object() && said["etag"] == *now && now != old, "{what}: {said} {now}");
        for never in ["\"nonsense\"".to_owned(), format!("W/{now}"), now.trim_matches('"').to_owned()] {
            assert_eq!(sends(&by, &change, Some(&never)).await.0, 412, "{what}: {never}");
        }
        assert_eq!(etag(&by, &shown).await, now, "{what}: nothing was changed");
        let (status, said) = sends(&by, &change, Some(&format!("\"other\", {now}"))).await;
        assert!(matches!(status, 200 | 204), "{what}, by what is there: {status} {said}");
    }
    // Nothing said, or anything: done.
    for (seen, note) in [(None, "a"), (Some("*"), "b")] {
        let (status, said) = sends(&by, &put("/hosts/scs-rr-ctrl-01", json!({ "note": note })), seen).await;
        assert_eq!(status, 200, "{said}");
    }
    // How a device moves on is of the device's revision.
    let path = "/devices/magnet/moving_on";
    let old = etag(&ctrl, &whole(path)).await;
    let hold = (Method::POST, format!("{path}/hold"), Some(json!({ "reason": "A better lock." })));
    let (status, said) = sends(&ctrl, &hold, Some(&old)).await;
    assert_eq!(status, 200, "{said}");
    let lift = (Method::DELETE, format!("{path}/hold"), Some(json!({ "reason": "It is there." })));
    let (status, said) = sends(&ctrl, &lift, Some(&old)).await;
    assert!(status == 412 && said["changes"][0]["said"].is_string(), "{status} {said}");
    assert_eq!(sends(&ctrl, &lift, Some(&etag(&ctrl, &whole(path)).await)).await.0, 200);
}

/// What a list has, page by page to its end: what each thing is known by.
async fn pages(by: &Program, path: &str, place: &str, known_by: &str) -> Vec<Vec<String>> {
    let (mut pages, mut at) = (Vec::new(), path.to_owned());
    loop {
        let (status, page) = by.get(&at).await;
        assert_eq!(status, 200, "{at}: {page}");
        let known = |one: &Value| one[known_by].as_str().map_or_else(|| one[known_by].to_string(), str::to_owned);
        pages.push(page[place].as_array().unwrap().iter().map(known).collect());
        let Some(next) = page["next"].as_str() else { return pages };
        let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        at = format!("{path}{}after={next}", if path.contains('?') { '&' } else { '?' });
    }
}

/// E3: lists that grow come page by page, each thing once, and end.
#[tokio::test]
async fn e3_lists_that_grow_come_in_pages() {
    let test = TestApp::new().await;
    let by = test.program("ada", TokenScope::Admin).await;
    for _ in 0..3 {
        test.program("ada", TokenScope::Read).await;
    }
    for (path, place, id) in [
        ("/servers", "servers", "name"),
        ("/hosts", "hosts", "name"),
        ("/groups", "groups", "id"),
        ("/people", "people", "id"),
        ("/tokens", "tokens", "id"),
        ("/me/tokens", "tokens", "id"),
    ] {
        let all = pages(&by, path, place, id).await.concat();
        let read = pages(&by, &format!("{path}?limit=1"), place, id).await;
        assert!(all.len() > 1 && read.iter().all(|page| page.len() == 1), "{path}: {read:?}");
        assert_eq!(read.concat(), all, "{path}");
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{path}");
        for wrong in ["limit=0", "limit=1001", "limit=x", "page=2"] {
            assert_eq!(by.get(&format!("{path}?{wrong}")).await.0, 422, "{path}?{wrong}");
        }
    }
}

/// E3: so do those whose pages are as long as they are: of all overrides, of reviews, of what nobody answers for.
#[tokio::test]
async fn e3_overrides_reviews_and_orphans_come_in_pages() {
    let test = TestApp::new().await;
    test.ctrl_owned("camera").await;
    let many = overrides::PAGE as usize + 5;
    for _ in 0..many {
        let until = test.app.clock.now() + Duration::minutes(1);
        let (server, skips, reason) = (FULL.into(), [Skip::Built].into(), "It loses frames.".to_owned());
        test.does("lena", "camera", Command::AskOverride { tag: tag("1.0.0"), server, skips, until, reason })
            .await
            .unwrap();
        test.advance(Duration::minutes(2));
    }
    test.under_review("magnet").await;
    multiply(&test, "magnet", 0, 220).await;
    // Nobody has confirmed for long that they can be called.
    test.advance(Duration::days(200));
    let by = test.program("lena", TokenScope::Read).await;
    let numbers: BTreeSet<String> = (1..=many).map(|n| n.to_string()).collect();
    let names: BTreeSet<String> = (0..220).map(|n| format!("magnet{n:05}")).chain(["magnet".to_owned()]).collect();
    for (path, place, known_by, expected) in [
        ("/overrides", "overrides", "number", &numbers),
        ("/reviews", "work", "device", &names),
        ("/orphans", "orphans", "device", &names),
    ] {
        let pages = pages(&by, path, place, known_by).await;
        let read: BTreeSet<&String> = pages.iter().flatten().collect();
        assert!(pages.len() > 1 && pages.iter().all(|page| !page.is_empty()), "{path}: {pages:?}");
        assert_eq!(read.len(), pages.concat().len(), "{path}: each once");
        assert_eq!(read.iter().filter(|one| expected.contains(**one)).count(), expected.len(), "{path}: {read:?}");
        for wrong in ["after=x", "page=2"] {
            assert_eq!(by.get(&format!("{path}?{wrong}")).await.0, 422, "{path}?{wrong}");
        }
    }
}
