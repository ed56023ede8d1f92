//! `custody token`: tokens made, listed and ended on the data directory, beside a Custody that runs (E1).

use crate::{
    app::{REDUCED, TestApp},
    backup::{custody, said},
};
use chrono::Utc;
use custody::{service::closing, store};
use serde_json::json;
use std::process::Output;

fn token(test: &TestApp, args: &[&str]) -> Output {
    custody(&[&["token"], args].concat(), &[("--data", test.dir.path())])
}

async fn report(test: &TestApp, secret: &str) -> u16 {
    let report = json!({ "observations": [{ "instance": "SCS_TEST/MON/MAGNET", "class": "magnetClass",
        "server": REDUCED, "host": "scs-rr-01", "version": "1.0.0", "since": "2026-11-20T02:47:00Z" }] });
    let sent = test.stranger().client.post(format!("{}/api/v1/observations", test.url)).bearer_auth(secret);
    sent.json(&report).send().await.unwrap().status().as_u16()
}

/// E1, A24: the secret is printed once, to standard output alone, and opens what it was made for until it is revoked.
#[tokio::test]
async fn e1_a_token_is_made_and_ended_on_the_command_line() {
    let test = TestApp::new().await;
    // The command has the machine's clock.
    test.advance(Utc::now() - test.app.clock.now());
    test.reduced_support("magnet").await;
    let new = ["new", "--name", "agent on scs-rr-01", "--scope", "observe", "--server", REDUCED, "--as", "lena"];
    let made = token(&test, &new);
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    let secret = String::from_utf8(made.stdout).unwrap();
    let secret = secret.strip_suffix('\n').unwrap();
    assert!(secret.starts_with("custody_") && !secret.contains(char::is_whitespace), "{secret}");
    let beside = String::from_utf8(made.stderr).unwrap();
    assert!(beside.contains("Custody keeps no copy") && !beside.contains(secret), "{beside}");
    assert_eq!(report(&test, secret).await, 200);

    let listed = said(&token(&test, &["list"]));
    assert!(!listed.contains(secret), "{listed}");
    let line = listed.lines().find(|l| l.contains("agent on scs-rr-01")).unwrap();
    assert!(line.contains(&format!("Reports what runs on {REDUCED}  by Lena Brandt  counts until")), "{line}");
    let id = line.split_whitespace().next().unwrap();
    let entries = store::journal::list_all(&test.app.db.read, &format!("token/{id}")).await.unwrap();
    assert_eq!((entries[0].origin.as_str(), entries[0].actor), ("cli", Some(test.person("lena"))));

    assert_eq!(token(&test, &["revoke", id]).status.code(), Some(0));
    assert_eq!(report(&test, secret).await, 401);
    assert!(said(&token(&test, &["list"])).contains("  revoked "));
    let again = token(&test, &["revoke", id]);
    assert_eq!(again.status.code(), Some(2));
    assert!(said(&again).contains("No token that still counts"), "{}", said(&again));
    let entries = store::journal::list_all(&test.app.db.read, &format!("token/{id}")).await.unwrap();
    assert_eq!(entries.iter().map(|e| e.kind.as_str()).collect::<Vec<_>>(), ["token_created", "token_revoked"]);
}

/// E1: what was given wrong is said, and no token is made by it.
#[tokio::test]
async fn e1_what_makes_no_token_is_said() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let with = |more: &[&str]| token(&test, &[&["new", "--name", "x"], more].concat());
    let wrong: [(&[&str], &str); 8] = [
        (&["--scope", "observe", "--as", "lena"], "server: Choose the server that it speaks for"),
        (&["--scope", "observe", "--server", "none/none", "--as", "lena"], "server: Choose a server that is on record"),
        (&["--scope", "evidence", "--device", "none", "--as", "lena"], "device: Choose the device that it speaks for"),
        (&["--scope", "deploy", "--device", "none", "--as", "lena"], "device: Choose a device that is on record"),
        (&["--scope", "deploy", "--as", "nobody"], "as: Nobody signs in here as nobody"),
        (&["--scope", "deploy", "--as", "ilse"], "This is for a member of CTRL or an administrator to do"),
        (&["--scope", "deploy", "--as", "lena", "--days", "0"], "days: Enter a number of days from 1 to 366"),
        (&["--scope", "everything", "--as", "lena"], "invalid value 'everything'"),
    ];
    for (more, why) in wrong {
        let refused = with(more);
        assert_eq!(refused.status.code(), Some(2), "{more:?}: {}", said(&refused));
        assert!(refused.stdout.is_empty() && said(&refused).contains(why), "{more:?}: {}", said(&refused));
    }
    assert!(store::doors::list_tokens(&test.app.db.read).await.unwrap().is_empty());
    let bound = with(&["--scope", "evidence", "--device", "magnet", "--as", "ada"]);
    assert_eq!(bound.status.code(), Some(0), "{}", said(&bound));
    assert!(said(&token(&test, &["list"])).contains("Reports evidence for magnet  by Ada Nowak"));
    // Everybody's own. Who comes from a provider has no name here, but an address.
    let own = with(&["--scope", "read", "--as", "Noor@example.org"]);
    assert_eq!(own.status.code(), Some(0), "{}", said(&own));
    assert!(said(&token(&test, &["list"])).contains("Reads as its maker whatever they may read  by Noor El-Amin"));
    // By their name as they type it anywhere else; and nobody whose account is closed.
    let capital = with(&["--scope", "deploy", "--as", "Lena"]);
    assert_eq!(capital.status.code(), Some(0), "{}", said(&capital));
    closing::close(&test.app, &test.caller("ada"), test.person("lena")).await.unwrap();
    for scope in ["deploy", "read"] {
        let closed = with(&["--scope", scope, "--as", "lena"]);
        assert_eq!(closed.status.code(), Some(2), "{scope}: {}", said(&closed));
        assert!(closed.stdout.is_empty() && said(&closed).contains("This account is closed"), "{}", said(&closed));
    }
}
