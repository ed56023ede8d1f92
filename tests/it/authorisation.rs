//! Who may do what at which address: one readable file. A new address that is not in it fails this test.

use crate::app::{Browser, REDUCED, TestApp};
use custody::service::tokens::{self, TokenScope};
use serde_json::Value;
use std::{collections::BTreeSet, fmt::Write, fs, path::Path};

/// Everybody who may come: signed out, a user, a contributor of the device, CTRL, its contact, a reviewer, the shift,
/// an administrator.
const WHO: [(&str, &str); 8] = [
    ("out", ""),
    ("user", "noor"),
    ("contrib", "ilse"),
    ("ctrl", "jonas"),
    ("contact", "lena"),
    ("reviewer", "ravi"),
    ("doc", "otto"),
    ("admin", "ada"),
];

/// The addresses that the source routes, with their methods.
pub fn routes() -> BTreeSet<(String, &'static str)> {
    let mut found = BTreeSet::new();
    let mut stack = vec![Path::new("src/web").to_path_buf(), Path::new("src/api").to_path_buf(), "src/http.rs".into()];
    while let Some(path) = stack.pop() {
        if path.is_dir() {
            stack.extend(fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for after in text.split(".route(").skip(1) {
            let Some(address) = after.trim_start().strip_prefix('"').and_then(|a| a.split('"').next()) else {
                continue;
            };
            // Up to the end of this call: methods are chained behind the address.
            let mut depth = 1;
            let call: String = after
                .chars()
                .take_while(|c| {
                    depth += i32::from(*c == '(') - i32::from(*c == ')');
                    depth > 0
                })
                .collect();
            for (word, method) in [("get(", "GET"), ("post(", "POST"), (".put(", "PUT"), (".delete(", "DELETE")] {
                if call.contains(word) {
                    found.insert((address.to_owned(), method));
                }
            }
        }
        for after in text.split("#[utoipa::path(").skip(1) {
            let method = after.trim_start().split(',').next().unwrap_or_default();
            let address = after.split("path = \"").nth(1).and_then(|a| a.split('"').next()).unwrap_or_default();
            let known = [("get", "GET"), ("post", "POST"), ("put", "PUT"), ("delete", "DELETE")];
            let method = known.iter().find(|(word, _)| *word == method).unwrap().1;
            found.insert((address.to_owned(), method));
        }
    }
    found
}

fn filled(address: &str, test: &TestApp) -> String {
    // Who was erased would be another one in every row that follows.
    let erases = ["/erase", "/erasure"].iter().any(|end| address.ends_with(end));
    let address = if erases { address.replace("{id}", "none").replace("{person}", "none") } else { address.to_owned() };
    address
        .replace("{name}", "magnet")
        .replace("{act}", "raise-point")
        .replace("{id}", &test.person("tomasz").to_string())
        .replace("{section}", "device")
        .replace("{secret}", "no-such-secret")
        .replace("{person}", &test.person("tomasz").to_string())
        .replace("{team}", "no-such-group")
        .replace("{hash}", "none")
        .replace("{absence}", "none")
        .replace("{account}", "none")
        .replace("{deployment}", "none")
        .replace("{channel}", "none")
        .replace("{message}", "none")
        .replace("{tag}", "1.0.0")
        .replace("{number}", "1")
        .replace("{*name}", "none")
        .replace("{*anything}", "magnet")
        .replace("{badge}", "magnet.svg")
        .replace("{feed}", "magnet.atom")
        .replace("{calendar}", "no-such-secret.ics")
        .replace("{provider}", "none")
        .replace("{part}", "devices")
        .replace("{group}", "none")
        .replace("{server}", "none")
        .replace("{host}", "none")
        .replace("{session}", "none")
        .replace("{token}", "none")
        .replace("{hook}", "none")
        .replace("{collector}", "none")
        .replace("{incident}", "none")
        .replace("{retest}", "none")
        .replace("{rollout}", "none")
        .replace("{run}", "none")
        .replace("{target}", "none")
        .replace("{change}", "none")
}

/// What a visitor is answered with, once they do not come too often: so many in a row are more than the programs' door
/// takes from one address.
async fn status(browser: &Browser, token: &str, method: &str, path: &str) -> u16 {
    for _ in 0..600 {
        let response = match method {
            // What programs read, with a token of their own that reads.
            "GET" if path.starts_with("/api/") && !token.is_empty() => {
                let client = browser.client.get(format!("{}{path}", browser.url)).bearer_auth(token);
                client.send().await.unwrap()
            }
            "GET" => browser.get(path).await,
            "POST" => browser.post(path, &[]).await,
            other => browser.sends(other, path).await,
        };
        if response.status() != 429 {
            return response.status().as_u16();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{method} {path} is never taken");
}

/// DESIGN: one readable matrix as a snapshot; the status of each address for each kind of visitor.
#[tokio::test]
async fn who_may_do_what() {
    let test = TestApp::new().await;
    test.under_review("magnet").await;
    let routes = routes();
    assert!(routes.len() > 25, "the routes are found in the source: {routes:?}");
    let mut browsers = Vec::new();
    for (_, login) in WHO {
        browsers.push(match login {
            "" => (test.stranger(), String::new()),
            login => {
                let reads = tokens::create(&test.app, &test.caller(login), "reads", TokenScope::Read, 1).await;
                (test.browser(login).await, reads.unwrap().1)
            }
        });
    }
    let mut matrix = format!("{:<52}", "address");
    for (who, _) in WHO {
        write!(matrix, "{who:>9}").unwrap();
    }
    matrix.push('\n');
    for (address, method) in &routes {
        // Signing out and setting a password end what the others need.
        if ["/sign-out"].contains(&address.as_str()) {
            continue;
        }
        write!(matrix, "{:<52}", format!("{:<5}{address}", format!("{method} "))).unwrap();
        for (browser, token) in &browsers {
            let path = filled(address, &test);
            write!(matrix, "{:>9}", status(browser, token, method, &path).await).unwrap();
        }
        matrix.push('\n');
    }
    insta::assert_snapshot!("who_may_do_what", matrix);
}

/// The least that a schema takes: what is needed, each of its kind.
fn least(schema: &Value, all: &Value) -> Value {
    if let Some(named) = schema["$ref"].as_str() {
        return least(all.pointer(named.trim_start_matches('#')).unwrap(), all);
    }
    for choices in ["oneOf", "anyOf", "allOf"] {
        if let Some(first) = schema[choices].as_array().and_then(|c| c.iter().find(|c| c["type"] != "null")) {
            return least(first, all);
        }
    }
    if let Some(one) = schema["enum"].as_array().and_then(|e| e.first()).or(schema.get("const")) {
        return one.clone();
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"].as_array()?.iter().find_map(Value::as_str));
    match (kind, schema["format"].as_str()) {
        (Some("object"), _) => {
            let needed = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            needed.map(|name| (name.to_owned(), least(&schema["properties"][name], all))).collect()
        }
        (Some("array"), _) => Value::Array(Vec::new()),
        (Some("integer" | "number"), _) => schema.get("minimum").cloned().unwrap_or(Value::from(1)),
        (Some("boolean"), _) => Value::Bool(false),
        (_, Some("date")) => Value::from("2026-12-01"),
        (_, Some("date-time")) => Value::from("2026-11-21T08:00:00Z"),
        (_, Some("uuid")) => Value::from("00000000-0000-4000-8000-000000000000"),
        (_, _) => Value::from("x"),
    }
}

/// E1, E3, A24: every change that programs can make, and what each kind of token is answered with: 401 and 403 say that it
/// is not for it, anything else that it was looked at. The body is the least that the address takes.
#[tokio::test]
async fn what_tokens_may_change() {
    let test = TestApp::new().await;
    test.under_review("magnet").await;
    let described: Value =
        reqwest::get(format!("{}/api/v1/openapi.json", test.url)).await.unwrap().json().await.unwrap();
    let device = test.device("magnet").await.id;
    let tokens = [
        ("none", None),
        ("read", Some(("ada", TokenScope::Read))),
        ("observe", Some(("lena", TokenScope::Observe(REDUCED.into())))),
        ("evidence", Some(("lena", TokenScope::Evidence(device)))),
        ("deploy", Some(("lena", TokenScope::Deploy { device: None, server: None }))),
        ("user", Some(("noor", TokenScope::Admin))),
        ("contrib", Some(("ilse", TokenScope::Admin))),
        ("contact", Some(("lena", TokenScope::Admin))),
        ("doc", Some(("otto", TokenScope::Admin))),
        ("admin", Some(("ada", TokenScope::Admin))),
    ];
    let mut matrix = format!("{:<60}", "change, by token");
    let mut secrets = Vec::new();
    for (column, of) in tokens {
        write!(matrix, "{column:>9}").unwrap();
        secrets.push(match of {
            None => None,
            Some((who, scope)) => Some(tokens::create(&test.app, &test.caller(who), column, scope, 1).await.unwrap().1),
        });
    }
    matrix.push('\n');
    let client = reqwest::Client::new();
    for (address, method) in routes().iter().filter(|(a, m)| a.starts_with("/api/v1/") && *m != "GET") {
        let body = &described["paths"][address][method.to_lowercase()]["requestBody"]["content"]["application/json"];
        let body = (!body.is_null()).then(|| least(&body["schema"], &described));
        write!(matrix, "{:<60}", format!("{:<7}{address}", format!("{method} "))).unwrap();
        for secret in &secrets {
            let url = format!("{}{}", test.url, filled(address, &test));
            let status = loop {
                let mut request = client.request(method.parse().unwrap(), &url).header("if-match", "*");
                if let Some(secret) = secret {
                    request = request.bearer_auth(secret);
                }
                if let Some(body) = &body {
                    request = request.json(body);
                }
                let status = request.send().await.unwrap().status();
                if status != 429 {
                    break status.as_u16();
                }
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            };
            write!(matrix, "{status:>9}").unwrap();
        }
        matrix.push('\n');
    }
    insta::assert_snapshot!("what_tokens_may_change", matrix);
}

/// The same for each act on a device in review: what a bare attempt is answered with.
#[tokio::test]
async fn who_may_act() {
    use custody::domain::lifecycle::{CommandKind, StateName, rule};
    use strum::IntoEnumIterator;
    let test = TestApp::new().await;
    test.under_review("magnet").await;
    let mut matrix = format!("{:<26}", "act, while under review");
    for (who, _) in WHO.iter().skip(1) {
        write!(matrix, "{who:>9}").unwrap();
    }
    matrix.push('\n');
    let device = test.device("magnet").await;
    for kind in CommandKind::iter().filter(|k| rule(*k).from.contains(&StateName::UnderReview)) {
        write!(matrix, "{:<26}", kind.to_string()).unwrap();
        for (_, login) in WHO.iter().skip(1) {
            let caller = test.caller(login);
            let roster = test.app.roster.current(&test.app.db.read).await.unwrap();
            let gathered = custody::service::facts::gather(
                &test.app.db.read,
                &test.app,
                &roster,
                &caller,
                &device,
                None,
                Default::default(),
            )
            .await
            .unwrap();
            let may = custody::domain::lifecycle::decide::may(&device, kind, &gathered.facts(&test.app, &caller));
            write!(matrix, "{:>9}", if may { "yes" } else { "-" }).unwrap();
        }
        matrix.push('\n');
    }
    insta::assert_snapshot!("who_may_act", matrix);
}
