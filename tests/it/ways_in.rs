//! What leads to somebody and should not is removed, by an administrator or by themselves (A31, E1).

use crate::{
    app::TestApp,
    given::policy_with,
    own_account::{PASSWORD, with_password},
    sessions::PROVIDER,
};
use chrono::Duration;
use custody::{
    service::{
        accounts::{self, WayIn},
        closing,
        sessions::{self, Tried},
    },
    store,
};
use serde_json::json;

const ISSUER: &str = "https://login.example.org";

/// By what somebody signs in: their name here, and an account at a provider.
async fn two_ways(test: &TestApp, who: &str, subject: &str) -> (WayIn, WayIn) {
    let tx = test.app.db.begin().await.unwrap();
    store::accounts::save(&tx, ISSUER, subject, test.person(who), None).await.unwrap();
    tx.commit().await.unwrap();
    let all = accounts::list(&test.app, test.person(who)).await.unwrap();
    let [name, provider]: [WayIn; 2] = all.try_into().unwrap();
    assert_eq!((name.provider.as_deref(), provider.provider.as_deref()), (None, Some("Facility account")));
    (name, provider)
}

/// A31, A2, E3: an administrator removes the account of somebody who opened another one's link, and a name whose password
/// was stolen, after a question or by the API; what was opened by them ends, and nobody else does it.
#[tokio::test]
async fn a31_an_administrator_removes_what_leads_to_somebody() {
    let test = TestApp::with_policy(&policy_with(PROVIDER)).await;
    let noor = test.person("noor");
    with_password(&test, "noor").await;
    let (name, foreign) = two_ways(&test, "noor", "m9").await;
    let link = accounts::invite(&test.app, &test.caller("ada"), noor).await.unwrap();
    let (ada, lena, there) = (test.browser("ada").await, test.browser("lena").await, test.browser("noor").await);
    let page = format!("/admin/people/{noor}");
    let path = |way: &WayIn| format!("{page}/accounts/{}/remove", way.id);
    let shown = ada.page(&page).await;
    for way in [&name, &foreign] {
        assert!(shown.contains(&format!("href=\"{}\"", path(way))), "{shown}");
    }
    assert!(shown.contains("<code>m9</code>") && shown.contains("the one of before counts until then"), "{shown}");
    let asked = ada.page(&path(&foreign)).await;
    for says in [
        "Remove the sign-in with Facility account?",
        "Whoever is <code>m9</code> for Facility account comes in as Noor El-Amin no longer.",
        "Their sessions end",
        "They still sign in as <code>noor</code>.",
    ] {
        assert!(asked.contains(says), "{says}: {asked}");
    }
    assert_eq!(lena.post(&path(&foreign), &[]).await.status(), 403);
    assert_eq!(there.get("/my").await.status(), 200, "asking removes nothing");
    assert_eq!(ada.post(&path(&foreign), &[]).await.status(), 303);
    assert_eq!(there.get("/my").await.status(), 303);
    assert_eq!(test.stranger().get(link.path()).await.status(), 404);
    assert_eq!(store::accounts::find(&test.app.db.read, ISSUER, "m9").await.unwrap(), None);
    let shown = ada.page(&page).await;
    assert!(shown.contains("removed a way to sign in") && !shown.contains("<code>m9</code>"), "{shown}");
    assert_eq!(ada.post(&path(&foreign), &[]).await.status(), 404, "once");
    let record = store::journal::list_all(&test.app.db.read, &format!("person/{noor}")).await.unwrap();
    let last = record.iter().rfind(|e| e.kind == "account_removed").unwrap();
    assert_eq!((last.actor, last.body.as_str()), (Some(test.person("ada")), "{\"provider\":\"facility\"}"));

    let asked = ada.page(&path(&name)).await;
    for says in ["Remove the sign-in name noor?", "its password counts no longer", "They sign in with nothing else"] {
        assert!(asked.contains(says), "{says}: {asked}");
    }
    let (program, other) = (test.acts("ada").await, test.acts("lena").await);
    let (_, person) = program.get(&format!("/people/{noor}")).await;
    let known = json!([{ "id": name.id, "provider": null, "name": "noor", "opens": true }]);
    assert_eq!((&person["accounts"], &person["providers"]), (&known, &json!([])));
    let path = format!("/people/{noor}/accounts/{}", name.id);
    assert_eq!(other.delete(&path).await.0, 403);
    let tries = async || sessions::sign_in(&test.app, "noor", PASSWORD, "", "test").await.unwrap();
    assert!(matches!(tries().await, Tried::Right(_)));
    assert_eq!(program.delete(&path).await.0, 204);
    assert_eq!(program.delete(&path).await.0, 404);
    closing::close(&test.app, &test.caller("ada"), noor).await.unwrap();
    closing::reopen(&test.app, &test.caller("ada"), noor).await.unwrap();
    assert_eq!(tries().await, Tried::Wrong, "a stolen password opens nothing, whatever becomes of the account");
}

/// A31: somebody removes what is not theirs on their own page, once they proved again who they are, and stays signed in
/// there alone; what is left lets them in, and nobody else's is theirs to remove.
#[tokio::test]
async fn a31_somebody_removes_what_is_not_theirs() {
    let test = TestApp::with_policy(&policy_with(PROVIDER)).await;
    let noor = test.person("noor");
    let (name, foreign) = two_ways(&test, "noor", "m9").await;
    let (here, there) = (test.browser("noor").await, test.browser("noor").await);
    let path = |way: &WayIn| format!("/account/accounts/{}/remove", way.id);
    let shown = here.page("/account").await;
    assert!(shown.contains("signs in as <code>noor</code>, with Facility account"), "{shown}");
    for way in [&name, &foreign] {
        assert!(shown.contains(&format!("href=\"{}\"", path(way))), "{shown}");
    }
    let asked = here.page(&path(&foreign)).await;
    for says in ["comes in as you no longer", "You stay signed in here", "You still sign in as <code>noor</code>."] {
        assert!(asked.contains(says), "{says}: {asked}");
    }
    assert_eq!(test.browser("lena").await.post(&path(&foreign), &[]).await.status(), 404);
    test.advance(Duration::minutes(16));
    let first = here.post(&path(&foreign), &[]).await;
    let way = first.headers()["location"].to_str().unwrap();
    assert!(way.starts_with("/sign-in?next=%2Faccount%2Faccounts%2F") && way.ends_with("&wanted=removal"), "{way}");
    assert!(here.page(way).await.contains("To remove a way to sign in, sign in again."));
    assert_eq!(here.post("/demo/sign-in", &[("login", "noor"), ("next", "/account")]).await.status(), 303);
    assert_eq!(here.post(&path(&foreign), &[]).await.headers()["location"], "/account");
    assert_eq!((here.get("/my").await.status().as_u16(), there.get("/my").await.status().as_u16()), (200, 303));
    assert!(!here.page("/account").await.contains("/account/accounts/"), "the last one stays");
    let refused = here.post(&path(&name), &[]).await;
    assert_eq!(refused.status(), 409);
    assert!(refused.text().await.unwrap().contains("You sign in with nothing else."));
    let program = test.acts("noor").await;
    assert_eq!(program.delete(&format!("/people/{noor}/accounts/{}", name.id)).await.0, 409);
    assert_eq!(accounts::list(&test.app, noor).await.unwrap(), [name]);
}
