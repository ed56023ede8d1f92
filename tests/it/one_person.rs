//! One person with two records is made one, by an administrator (A2, E1).

use crate::app::TestApp;
use custody::{
    domain::{lifecycle::Command, refusal::Code},
    service::{Error, accounts, erasure},
    store,
};
use serde_json::json;

/// A2, E1: two records of whoever came by two providers are made one on the page of one of them, by the address of the
/// other, after a question that says what follows; and by the API.
#[tokio::test]
async fn a2_an_administrator_makes_two_records_one() {
    let test = TestApp::new().await;
    let tx = test.app.db.begin().await.unwrap();
    for (issuer, who) in [("https://a.example", "noor"), ("https://b.example", "tomasz")] {
        store::accounts::save(&tx, issuer, "n1", test.person(who), None).await.unwrap();
    }
    tx.commit().await.unwrap();
    let (ada, tomasz) = (test.browser("ada").await, test.browser("tomasz").await);
    let (page, record) = (format!("/admin/people/{}", test.person("noor")), test.person("tomasz").to_string());
    let path = format!("{page}/one-person");
    assert!(ada.page(&page).await.contains("Are they one person?"));
    for nobody in ["", "nobody@example.org", "noor@example.org"] {
        let back = ada.post(&path, &[("other", nobody)]).await;
        assert_eq!(back.status(), 422, "{nobody}");
        let back = back.text().await.unwrap();
        assert!(back.contains("<a href=\"#other\">Enter the address of another record"), "{back}");
        assert!(back.contains(&format!("id=\"other\" value=\"{nobody}\"")), "{back}");
    }
    let asked = ada.post(&path, &[("other", "Tomasz@Example.org")]).await;
    assert_eq!(asked.status(), 200);
    let asked = asked.text().await.unwrap();
    for says in [
        "Are noor@example.org and tomasz@example.org one person?",
        "signs in as <code>tomasz</code>, with https://b.example",
        "approvals given by it count no longer",
        "name Noor El-Amin there",
        "It cannot be taken back.",
    ] {
        assert!(asked.contains(says), "{says}: {asked}");
    }
    assert_eq!(tomasz.get("/my").await.status(), 200, "asking joins nothing");
    assert_eq!(test.browser("lena").await.post(&path, &[("record", &record)]).await.status(), 403);
    assert_eq!(ada.post(&path, &[("record", &record)]).await.status(), 303);
    assert_eq!(tomasz.get("/my").await.status(), 303, "the session of the other record ended");
    assert_eq!(ada.post(&path, &[("record", &record)]).await.status(), 409, "once");
    let reopen = async |id: &str| ada.page(&format!("/admin/people/{id}/reopen")).await;
    let asked = reopen(&record).await;
    assert!(asked.contains("Nothing that leads to this record lets anybody in: they need a link"), "{asked}");
    assert!(asked.contains("leave it closed") && !asked.contains("password from before"), "{asked}");
    assert!(reopen(&test.person("sofia").to_string()).await.contains("password from before"));
    let leads = accounts::find(&test.app, "tomasz").await.unwrap();
    assert_eq!(leads, Some(test.person("noor")));
    let now = ada.page(&page).await;
    assert!(now.contains("https://a.example") && now.contains("https://b.example"), "{now}");
    assert!(test.browser("tomasz").await.page("/account").await.contains("Noor El-Amin"));

    let (program, lena) = (test.acts("ada").await, test.acts("lena").await);
    let path = format!("/people/{}/join", test.person("noor"));
    let other = |who: &str| json!({ "other": test.person(who) });
    assert_eq!(lena.post(&path, other("otto")).await.0, 403);
    assert_eq!(program.post(&path, other("noor")).await.1["errors"][0]["field"], "other");
    assert_eq!(program.post(&path, json!({ "other": uuid::Uuid::from_u128(9) })).await.0, 404);
    let (status, noor) = program.post(&path, other("otto")).await;
    assert_eq!(status, 200, "{noor}");
    let mut logins: Vec<&str> = noor["logins"].as_array().unwrap().iter().map(|l| l.as_str().unwrap()).collect();
    logins.sort_unstable();
    assert_eq!(logins, ["noor", "otto", "tomasz"]);
    let (_, otto) = program.get(&format!("/people/{}", test.person("otto"))).await;
    assert!(otto["closed_at"].is_string() && otto["logins"] == json!([]), "{otto}");
}

/// A1, A2: whoever is made one with a contributor decides nothing of their device, be it one that the other record left in
/// this cycle; the question names the devices, and both ways of making one do it.
#[tokio::test]
async fn a1_whoever_is_made_one_with_a_contributor_does_not_approve() {
    let test = TestApp::new().await;
    test.under_review("magnet").await;
    let tomasz = test.person("tomasz");
    test.does("ilse", "magnet", Command::AddContributor { person: tomasz }).await.unwrap();
    test.does("ilse", "magnet", Command::RemoveContributor { person: tomasz }).await.unwrap();
    let (admin, browser) = (test.caller("ada"), test.browser("ada").await);
    let path = |who: &str, what: &str| format!("/admin/people/{}/{what}", test.person(who));
    let says = "They are a contributor of <code>magnet</code>. Ravi Menon becomes one there too";
    let asked =
        browser.post(&path("ravi", "one-person"), &[("other", "marek@example.org")]).await.text().await.unwrap();
    assert!(asked.contains(says), "{asked}");
    let asked = browser.post(&path("ravi", "link"), &[("login", "marek")]).await.text().await.unwrap();
    assert!(asked.contains(says), "{asked}");

    accounts::join(&test.app, &admin, test.person("ravi"), test.person("marek")).await.unwrap();
    accounts::link(&test.app, &admin, test.person("chiara"), "tomasz").await.unwrap();
    test.shown().await;
    let magnet = test.device("magnet").await;
    assert!(magnet.is_contributor(test.person("ravi")));
    assert!(!magnet.is_contributor(test.person("chiara")) && magnet.cycle.left.contains(&test.person("chiara")));
    assert_eq!(test.replayed(&magnet).await, magnet);
    for who in ["ravi", "chiara"] {
        match test.does(who, "magnet", Command::Approve { commit: test.commit_of("1.0.0") }).await {
            Err(Error::Refused(refused)) => assert_eq!(refused.code, Code::SelfApproval, "{who}"),
            other => panic!("{who}: {other:?}"),
        }
    }
}

/// A37, A2: whoever is erased leaves no other record of theirs behind: page and API name those that were made one with it.
#[tokio::test]
async fn a37_other_records_of_whoever_is_erased_are_named() {
    let test = TestApp::new().await;
    let (admin, noor, tomasz) = (test.caller("ada"), test.person("noor"), test.person("tomasz"));
    accounts::join(&test.app, &admin, noor, tomasz).await.unwrap();
    test.shown().await;
    let (browser, program) = (test.browser("ada").await, test.acts("ada").await);
    let named = async || {
        let page = browser.page(&format!("/admin/people/{noor}/erase")).await;
        let (_, what) = program.get(&format!("/people/{noor}/erasure")).await;
        (page.contains("first: Tomasz Wilk (<code>tomasz@example.org</code>)."), what["other_records"].clone())
    };
    let other = json!([{ "name": "Tomasz Wilk", "email": "tomasz@example.org" }]);
    assert_eq!(named().await, (true, other));
    erasure::erase(&test.app, &admin, tomasz).await.unwrap();
    assert_eq!(named().await, (false, json!([])));
}
