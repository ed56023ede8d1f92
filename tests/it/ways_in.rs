//! What leads to somebody and should not is removed, by an administrator, or a name by themselves (A31, A2, E1).

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
        closing, groups,
        sessions::{self, Tried},
    },
    store,
};
use serde_json::json;
use std::collections::BTreeSet;

const ISSUER: &str = "https://login.example.org";

const RULES: &str = r#"
[[identity.providers.rules]]
group = "controls"
team = "ICI"
kind = "ctrl"
"#;

/// Another provider, whose rules name the same team.
const GUESTS: &str = r#"
[[identity.providers]]
id = "guests"
name = "Guest account"
issuer = "https://guests.example.org"
client_id = "custody"
secret_variable = "CUSTODY_SIGN_IN"
[[identity.providers.rules]]
group = "controls-guests"
team = "ICI"
kind = "ctrl"
reviewer = true
"#;

/// One more account of somebody's.
async fn leads(test: &TestApp, issuer: &str, subject: &str, who: &str) {
    let tx = test.app.db.begin().await.unwrap();
    store::accounts::save(&tx, issuer, subject, test.person(who), None).await.unwrap();
    tx.commit().await.unwrap();
}

/// By what somebody signs in: their name here, and an account at a provider.
async fn two_ways(test: &TestApp, who: &str, subject: &str) -> (WayIn, WayIn) {
    leads(test, ISSUER, subject, who).await;
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
        "The next time they are somebody new here, or need a link where their address is on record",
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
    // What leads there by a provider that the policy has no more lets nobody in.
    leads(&test, "https://gone.example", "m7", "noor").await;
    let asked = ada.page(&format!("{page}/reopen")).await;
    assert!(asked.contains("lets anybody in: they need a link") && !asked.contains("can sign in again"), "{asked}");
    closing::reopen(&test.app, &test.caller("ada"), noor).await.unwrap();
    assert_eq!(tries().await, Tried::Wrong, "a stolen password opens nothing, whatever becomes of the account");
}

/// A31, A2: somebody removes a name that is not theirs on their own page, once they proved again who they are, and stays
/// signed in there alone. What they are at a provider, whose next sign-in would make them a second person, and the last that
/// lets them in are another administrator's to remove.
#[tokio::test]
async fn a31_somebody_removes_a_name_that_is_not_theirs() {
    let test = TestApp::with_policy(&policy_with(PROVIDER)).await;
    let noor = test.person("noor");
    let (name, foreign) = two_ways(&test, "noor", "m9").await;
    let (here, there) = (test.browser("noor").await, test.browser("noor").await);
    let path = |way: &WayIn| format!("/account/accounts/{}/remove", way.id);
    let shown = here.page("/account").await;
    assert!(shown.contains("signs in as <code>noor</code>, with Facility account"), "{shown}");
    for (way, is_removed) in [(&name, true), (&foreign, false)] {
        assert_eq!(shown.contains(&format!("href=\"{}\"", path(way))), is_removed, "{shown}");
    }
    for refused in [here.get(&path(&foreign)).await, here.post(&path(&foreign), &[]).await] {
        assert_eq!(refused.status(), 403);
        let page = refused.text().await.unwrap();
        assert!(page.contains("is somebody new here. An administrator other than you can remove it."), "{page}");
    }
    let asked = here.page(&path(&name)).await;
    for says in ["Nobody signs in as <code>noor</code> any more", "You stay signed in here", "You still sign in with"] {
        assert!(asked.contains(says), "{says}: {asked}");
    }
    assert_eq!(test.browser("lena").await.post(&path(&name), &[]).await.status(), 404);
    test.advance(Duration::minutes(16));
    let first = here.post(&path(&name), &[]).await;
    let way = first.headers()["location"].to_str().unwrap();
    assert!(way.starts_with("/sign-in?next=%2Faccount%2Faccounts%2F") && way.ends_with("&wanted=removal"), "{way}");
    assert!(here.page(way).await.contains("To remove a way to sign in, sign in again."));
    assert_eq!(here.post("/demo/sign-in", &[("login", "noor"), ("next", "/account")]).await.status(), 303);
    assert_eq!(here.post(&path(&name), &[]).await.headers()["location"], "/account");
    assert_eq!((here.get("/my").await.status().as_u16(), there.get("/my").await.status().as_u16()), (200, 303));
    assert!(!here.page("/account").await.contains("/account/accounts/"), "the rest stays");
    let program = test.acts("noor").await;
    assert_eq!(program.delete(&format!("/people/{noor}/accounts/{}", foreign.id)).await.0, 403);
    assert_eq!(accounts::list(&test.app, noor).await.unwrap(), [foreign]);
}

/// A31, E1: the last that lets somebody in is not theirs to remove, nor an administrator's: from the page that they have of
/// themselves as of everybody they come to their own, which says who can.
#[tokio::test]
async fn a31_nobody_removes_the_last_that_lets_them_in() {
    let test = TestApp::new().await;
    let ada = test.browser("ada").await;
    let way = accounts::list(&test.app, test.person("ada")).await.unwrap().remove(0);
    let (page, own) = (format!("/admin/people/{}", test.person("ada")), format!("/account/accounts/{}/remove", way.id));
    let path = format!("{page}/accounts/{}/remove", way.id);
    for page in [page.as_str(), "/account"] {
        assert!(!ada.page(page).await.contains(&way.id), "{page}: nothing to press");
    }
    for answer in [ada.get(&path).await, ada.post(&path, &[]).await] {
        assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (303, own.as_str()));
    }
    for refused in [ada.get(&own).await, ada.post(&own, &[]).await] {
        assert_eq!(refused.status(), 409);
        let page = refused.text().await.unwrap();
        let says = "You sign in with nothing else. An administrator other than you can remove it.";
        assert!(page.contains(says), "{page}");
    }
    let program = test.acts("ada").await;
    let path = format!("/people/{}/accounts/{}", test.person("ada"), way.id);
    assert_eq!(program.delete(&path).await.0, 409);
    assert_eq!(accounts::list(&test.app, test.person("ada")).await.unwrap(), [way]);
}

/// E1, A31: with the last account of a provider somebody leaves the groups of its rules, as the question says, and no other
/// one; while they have another account there they stay.
#[tokio::test]
async fn e1_groups_go_with_the_last_account_of_their_provider() {
    let test = TestApp::with_policy(&policy_with(&format!("{PROVIDER}{RULES}"))).await;
    let noor = test.person("noor");
    let (_, first) = two_ways(&test, "noor", "m8").await;
    leads(&test, ISSUER, "m9", "noor").await;
    let all = accounts::list(&test.app, noor).await.unwrap();
    let last = all.into_iter().find(|way| way.subject == "m9").unwrap();
    let teams = groups::list(&test.app).await.unwrap().0;
    let team = |name: &str| teams.iter().find(|t| t.name == name).unwrap().id;
    for name in ["ICI", "DOC"] {
        groups::put(&test.app, &test.caller("ada"), team(name), noor, false).await.unwrap();
    }
    let is_in = async || {
        let all = groups::list_of_person(&test.app, noor).await.unwrap();
        all.into_iter().map(|(team, _)| team.name).collect::<Vec<_>>()
    };
    let ada = test.browser("ada").await;
    let path = |way: &WayIn| format!("/admin/people/{noor}/accounts/{}/remove", way.id);
    let asked = ada.page(&path(&first)).await;
    assert!(!asked.contains("is taken out of"), "{asked}");
    assert_eq!(ada.post(&path(&first), &[]).await.status(), 303);
    assert_eq!(is_in().await, ["ICI", "DOC"]);
    let asked = ada.page(&path(&last)).await;
    assert!(asked.contains("Noor El-Amin is taken out of ICI: Facility account says who is in there."), "{asked}");
    assert_eq!(ada.post(&path(&last), &[]).await.status(), 303);
    assert_eq!(is_in().await, ["DOC"]);
    let record = store::journal::list_all(&test.app.db.read, &format!("group/{}", team("ICI"))).await.unwrap();
    let line = record.last().unwrap();
    assert_eq!((line.kind.as_str(), line.actor), ("member_removed", None));
    assert!(line.origin.ends_with("provider facility"), "{}", line.origin);
}

/// E1, A31, T4: whom another provider put into a team at its last sign-in stays there as the last account of one is removed,
/// as the question says, and as nothing more than they were; the last one of both takes them out.
#[tokio::test]
async fn e1_what_another_provider_said_keeps_somebody_in_a_team() {
    let test = TestApp::with_policy(&policy_with(&format!("{PROVIDER}{RULES}{GUESTS}"))).await;
    let (app, noor, guests) = (&test.app, test.person("noor"), "https://guests.example.org");
    leads(&test, ISSUER, "m9", "noor").await;
    leads(&test, guests, "g9", "noor").await;
    let said = BTreeSet::from(["controls-guests".to_owned()]);
    let tx = app.db.begin().await.unwrap();
    store::accounts::save_said(&tx, guests, "g9", &said, app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    let kept = store::accounts::list_of(&app.db.read, noor).await.unwrap();
    assert_eq!(kept.into_iter().find(|a| a.subject == "g9").unwrap().said, said);
    let teams = groups::list(app).await.unwrap().0;
    let ici = teams.iter().find(|t| t.name == "ICI").unwrap().id;
    groups::put(app, &test.caller("ada"), ici, noor, false).await.unwrap();
    let is_in = async || {
        let all = groups::list_of_person(app, noor).await.unwrap();
        all.into_iter().map(|(team, reviewer)| (team.name, reviewer)).collect::<Vec<_>>()
    };
    let ada = test.browser("ada").await;
    for (subject, left) in [("m9", vec![("ICI".to_owned(), false)]), ("g9", Vec::new())] {
        let all = accounts::list(app, noor).await.unwrap();
        let way = all.into_iter().find(|way| way.subject == subject).unwrap();
        let path = format!("/admin/people/{noor}/accounts/{}/remove", way.id);
        assert_eq!(ada.page(&path).await.contains("is taken out of ICI"), left.is_empty(), "{subject}");
        assert_eq!(ada.post(&path, &[]).await.status(), 303);
        assert_eq!(is_in().await, left, "{subject}");
    }
}

/// E1, A31, F10: what another provider said keeps somebody in a team for ninety days, and not at all where a clock that was
/// ahead says when; the question says what happens.
#[tokio::test]
async fn e1_what_a_provider_said_long_ago_keeps_nobody_in_a_team() {
    let test = TestApp::with_policy(&policy_with(&format!("{PROVIDER}{RULES}{GUESTS}"))).await;
    let (app, noor, guests) = (&test.app, test.person("noor"), "https://guests.example.org");
    leads(&test, guests, "g9", "noor").await;
    let said = BTreeSet::from(["controls-guests".to_owned()]);
    let teams = groups::list(app).await.unwrap().0;
    let ici = teams.iter().find(|t| t.name == "ICI").unwrap().id;
    let ada = test.browser("ada").await;
    for (days, stays) in [(90, true), (91, false), (-1, false)] {
        leads(&test, ISSUER, "m9", "noor").await;
        groups::put(app, &test.caller("ada"), ici, noor, false).await.unwrap();
        let tx = app.db.begin().await.unwrap();
        let at = app.clock.now() - Duration::days(days);
        store::accounts::save_said(&tx, guests, "g9", &said, at).await.unwrap();
        tx.commit().await.unwrap();
        let all = accounts::list(app, noor).await.unwrap();
        let way = all.into_iter().find(|way| way.subject == "m9").unwrap();
        let path = format!("/admin/people/{noor}/accounts/{}/remove", way.id);
        assert_eq!(ada.page(&path).await.contains("Noor El-Amin is taken out of ICI"), !stays, "{days}");
        assert_eq!(ada.post(&path, &[]).await.status(), 303);
        assert_eq!(!groups::list_of_person(app, noor).await.unwrap().is_empty(), stays, "{days}");
    }
}
