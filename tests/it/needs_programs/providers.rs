//! What a certified provider proves, and of when: two records that are one person, a proof from before (A2, A31), keys that
//! change (A32); begun at one replica and finished at another (E7); and out again through a proxy (E1).

use super::{
    identity_provider::{IdentityProvider, RULES, begin},
    nginx::Nginx,
};
use crate::{
    app::{TestApp, open},
    postgres,
};
use chrono::{Duration, Utc};
use custody::{
    domain::id::PersonId,
    service::{self, accounts, groups, secret},
    store, web,
};
use serde_json::{Value, json};

/// Who is at the provider.
fn mona() -> Value {
    json!({ "m1": { "name": "Mona Weiss", "email": "mona@example.org" } })
}

/// A provider that did not answer as it should is not asked again at once.
async fn is_asked_again() {
    tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
}

/// A2: whoever opens a link with an account that leads to another record of theirs is told what an administrator does; once
/// that is done, the account leads to the record of the link.
#[tokio::test]
async fn a2_two_records_of_one_person_are_joined() {
    let mut provider = IdentityProvider::start();
    let test = provider.custody(true, mona()).await;
    let browser = test.stranger();
    assert_eq!(provider.sign_in(&browser, "m1").await.status(), 303);
    let leads_to = async || {
        let found = store::accounts::find(&test.app.db.read, &provider.issuer, "m1").await.unwrap();
        found.unwrap().0
    };
    let twice = leads_to().await;
    let link = accounts::invite(&test.app, &test.caller("ada"), test.person("noor")).await.unwrap();
    let secret = link.path_segments().unwrap().next_back().unwrap();
    let answer = provider.answers(&browser, "m1", &format!("/sign-in/facility?invitation={secret}")).await;
    let refused = browser.client.get(answer).send().await.unwrap();
    assert_eq!(refused.status(), 403);
    let page = refused.text().await.unwrap();
    assert!(page.contains("ask an administrator to make them one") && page.contains("Are they one person?"), "{page}");
    assert_eq!(leads_to().await, twice);

    let ada = test.browser("ada").await;
    let one = format!("/admin/people/{}/one-person", test.person("noor"));
    let asked = ada.post(&one, &[("other", "mona@example.org")]).await.text().await.unwrap();
    assert!(asked.contains("signs in with Facility account"), "{asked}");
    assert_eq!(ada.post(&one, &[("record", &twice.to_string())]).await.status(), 303);
    assert_eq!(leads_to().await, test.person("noor"));
    assert_eq!(browser.get("/my").await.status(), 303, "the session of the other record ended");
    assert_eq!(provider.sign_in(&browser, "m1").await.status(), 303);
    assert!(browser.page("/account").await.contains("Noor El-Amin"));
}

/// A2, E1, A31: whoever signs in with an account that an administrator removed is somebody new here, with the groups that it
/// brings, and needs a link where their address is on record: as the question said.
#[tokio::test]
async fn a2_whoever_signs_in_with_what_was_removed_is_somebody_new() {
    let mut provider = IdentityProvider::start();
    let mona = json!({ "name": "Mona Weiss", "email": "mona@example.org", "groups": ["controls"] });
    let test = provider.custody(true, json!({ "m1": mona })).await;
    let (noor, browser, ada) = (test.person("noor"), test.stranger(), test.browser("ada").await);
    let leads_to = async || {
        let found = store::accounts::find(&test.app.db.read, &provider.issuer, "m1").await.unwrap();
        found.map(|(person, _)| person)
    };
    let is_in = async |person: PersonId| {
        let all = groups::list_of_person(&test.app, person).await.unwrap();
        all.into_iter().map(|(team, _)| team.name).collect::<Vec<_>>()
    };
    // She opens a link that was for somebody else.
    let link = accounts::invite(&test.app, &test.caller("ada"), noor).await.unwrap();
    let secret = link.path_segments().unwrap().next_back().unwrap();
    let answer = provider.answers(&browser, "m1", &format!("/sign-in/facility?invitation={secret}")).await;
    assert_eq!(browser.client.get(answer).send().await.unwrap().status(), 303);
    assert_eq!((leads_to().await, is_in(noor).await), (Some(noor), vec!["ICI".to_owned()]));
    let kept = store::accounts::list_of(&test.app.db.read, noor).await.unwrap();
    let said = &kept.iter().find(|a| a.subject == "m1").unwrap().said;
    assert!(said.iter().eq(["controls"]), "{said:?}");

    let removes = async |person: PersonId| {
        let all = accounts::list(&test.app, person).await.unwrap();
        let way = all.into_iter().find(|way| way.provider.is_some()).unwrap();
        let path = format!("/admin/people/{person}/accounts/{}/remove", way.id);
        let asked = ada.page(&path).await;
        let says = "The next time they are somebody new here, or need a link where their address is on record";
        assert!(asked.contains(says) && asked.contains("is taken out of ICI"), "{asked}");
        assert_eq!(ada.post(&path, &[]).await.status(), 303);
    };
    removes(noor).await;
    assert_eq!((leads_to().await, is_in(noor).await), (None, Vec::new()));
    assert_eq!(browser.get("/my").await.status(), 303, "what she had opened has ended");
    assert_eq!(provider.sign_in(&browser, "m1").await.status(), 303);
    let new = leads_to().await.unwrap();
    assert_ne!(new, noor);
    assert_eq!(is_in(new).await, ["ICI"]);
    assert!(browser.page("/account").await.contains("Mona Weiss"));

    removes(new).await;
    let refused = provider.sign_in(&browser, "m1").await;
    assert_eq!(refused.status(), 403);
    let page = refused.text().await.unwrap();
    assert!(page.contains("is on record already") && page.contains("Ask an administrator for a link"), "{page}");
    assert_eq!(leads_to().await, None);
}

/// A31: a provider's word from before is no proof of now: whoever does what is most dangerous proves it there anew, and is
/// not let through because the provider knows them.
#[tokio::test]
async fn a31_a_providers_word_from_before_is_no_proof_of_now() {
    let mut provider = IdentityProvider::start();
    let mona = json!({ "name": "Mona Weiss", "email": "mona@example.org", "groups": ["custody-admins"] });
    let test = provider.custody(true, json!({ "m1": mona })).await;
    let browser = test.stranger();
    assert_eq!(provider.sign_in(&browser, "m1").await.status(), 303);
    let erase = format!("/admin/people/{}/erase", test.person("noor"));
    assert_eq!(browser.get(&erase).await.status(), 200);
    // Whoever sits down there signs in once more, and the provider asks nothing.
    provider.lies(json!({ "claims": { "auth_time": Utc::now().timestamp() - 3600 } }));
    assert_eq!(provider.sign_in(&browser, "m1").await.status(), 303);
    assert_eq!(browser.get("/my").await.status(), 200);
    let asked = browser.get(&erase).await;
    assert_eq!(asked.status(), 303);
    // Where it asks nothing though it was told to, that proves nothing either, and one is told the way.
    let answer = provider.answers(&browser, "m1", &format!("/sign-in/facility?next={erase}&anew=yes")).await;
    let back = browser.client.get(answer).send().await.unwrap();
    assert_eq!((back.status().as_u16(), back.headers()["location"].to_str().unwrap()), (303, erase.as_str()));
    assert_eq!(browser.get(&erase).await.status(), 303);
    let page = browser.page(asked.headers()["location"].to_str().unwrap()).await;
    let told = "Facility account did not ask who you are again. Sign out here and at Facility account, then sign in";
    assert!(page.contains(told) && page.contains("To erase somebody, sign in again."), "{page}");
    provider.lies(json!({}));
    let page = browser.page(asked.headers()["location"].to_str().unwrap()).await;
    assert!(page.contains("You proved who you are 1 h ago"), "{page}");
    let way = page.split('"').find(|part| part.starts_with("/sign-in/facility?")).unwrap().replace("&#38;", "&");
    assert!(way.ends_with("&anew=yes"), "{way}");
    assert!(!test.stranger().page("/sign-in").await.contains("anew=yes"), "for whoever is signed in");
    let to = begin(&test.stranger(), "/sign-in/facility?next=/account").await;
    assert!(to.contains("max_age=259200") && !to.contains("prompt="), "a stranger is asked nothing anew: {to}");
    let to = begin(&browser, &way).await;
    assert!(to.contains("prompt=login") && to.contains("max_age=0"), "{to}");
    let answer = provider.prove(&browser, "m1", &to).await;
    let back = browser.client.get(answer).send().await.unwrap();
    assert_eq!((back.status().as_u16(), back.headers()["location"].to_str().unwrap()), (303, erase.as_str()));
    assert_eq!(browser.get(&erase).await.status(), 200);
}

/// A31: what a provider does not say is no proof of now, unless it was told to ask for one: neither where it never says, nor
/// where its token is too long to be kept.
#[tokio::test]
async fn a31_what_a_provider_does_not_say_is_no_proof_of_now() {
    let mut provider = IdentityProvider::start();
    let mona = json!({ "name": "Mona Weiss", "email": "mona@example.org", "groups": ["custody-admins"] });
    let test = provider.custody(true, json!({ "m1": mona })).await;
    let browser = test.stranger();
    let erase = format!("/admin/people/{}/erase", test.person("noor"));
    let long = json!({ "more": "x".repeat(5000) });
    for claims in [json!({}), long.clone()] {
        provider.lies(json!({ "without": ["auth_time"], "claims": claims }));
        assert_eq!(provider.sign_in(&browser, "m1").await.status(), 303);
        let asked = browser.get(&erase).await;
        assert_eq!(asked.status(), 303);
        let page = browser.page(asked.headers()["location"].to_str().unwrap()).await;
        assert!(page.contains("To erase somebody, sign in again. It is not known when you proved"), "{page}");
        let answer = provider.answers(&browser, "m1", "/sign-in/facility?next=/account&anew=yes").await;
        assert_eq!(browser.client.get(answer).send().await.unwrap().status(), 303);
        assert_eq!(browser.get(&erase).await.status(), 200);
    }
    // What a long one says counts.
    for (seconds, status) in [(3600, 303), (60, 200)] {
        let mut claims = long.clone();
        claims["auth_time"] = json!(Utc::now().timestamp() - seconds);
        provider.lies(json!({ "claims": claims }));
        assert_eq!(provider.sign_in(&browser, "m1").await.status(), 303);
        assert_eq!(browser.get(&erase).await.status(), status, "{seconds}");
    }
}

/// E1, A31: behind the proxy of the README whoever signs out gets on to the provider, also with the longest token that is kept.
#[tokio::test]
async fn e1_signing_out_passes_the_proxy() {
    let mut provider = IdentityProvider::start();
    let test = provider.custody(true, json!({})).await;
    let now = test.app.clock.now();
    let session = store::doors::Session {
        hash: secret::hash("of-this-test"),
        person: test.person("noor"),
        created_at: now,
        seen_at: now,
        expires_at: now + Duration::hours(1),
        agent: "Firefox".to_owned(),
        address: String::new(),
        provider: Some("facility".to_owned()),
        id_token: Some("t".repeat(4096)),
        proved_at: None,
    };
    let tx = test.app.db.begin().await.unwrap();
    store::doors::insert_session(&tx, &session).await.unwrap();
    tx.commit().await.unwrap();
    let nginx = Nginx::before(&[test.url.trim_start_matches("http://").parse().unwrap()]);
    let request = nginx.client().post(format!("{}/sign-out", nginx.url())).header("origin", &test.url);
    let out = request.header("cookie", "custody=of-this-test").send().await.unwrap();
    assert_eq!(out.status(), 200, "{}", nginx.errors());
    let on = out.headers()["refresh"].to_str().unwrap();
    assert!(on.len() > 4096 && on.starts_with(&format!("0; url={}", provider.issuer)), "{on}");
    assert!(store::doors::find_session(&test.app.db.read, &session.hash).await.unwrap().is_none());
}

/// A32, E1: where the provider has changed its keys, the next one who signs in comes in; the key of before counts no longer.
#[tokio::test]
async fn a32_new_keys_let_the_next_one_in() {
    let mut provider = IdentityProvider::start();
    let test = provider.custody(true, mona()).await;
    assert_eq!(provider.sign_in(&test.stranger(), "m1").await.status(), 303);
    provider.rotates();
    is_asked_again().await;
    let browser = test.stranger();
    assert_eq!(provider.sign_in(&browser, "m1").await.status(), 303);
    assert_eq!(browser.get("/my").await.status(), 200);
    provider.lies(json!({ "key": "own", "kid": "own" }));
    let before = provider.sign_in(&test.stranger(), "m1").await;
    assert_eq!(before.status(), 403);
    assert!(before.text().await.unwrap().contains("This sign-in does not count"));
}

/// A32: a provider that calls its issuer otherwise than the policy does is not gone to, and a page says why; nobody is lost
/// once it is put right.
#[tokio::test]
async fn a32_another_issuer_is_refused() {
    let mut provider = IdentityProvider::start();
    let test = provider.custody(true, mona()).await;
    provider.lies(json!({ "itself": { "issuer": "https://evil.example" } }));
    let asked = test.stranger().get("/sign-in/facility?next=/my").await;
    assert_eq!(asked.status(), 502);
    let page = asked.text().await.unwrap();
    for says in ["Facility account and Custody do not fit together", "calls its issuer otherwise than the policy does"]
    {
        assert!(page.contains(says), "{says}: {page}");
    }
    provider.lies(json!({}));
    is_asked_again().await;
    assert_eq!(provider.sign_in(&test.stranger(), "m1").await.status(), 303);
}

/// E7, A32: a sign-in that is begun at one replica is finished at another: what it has to know is with the browser.
#[tokio::test(flavor = "multi_thread")]
async fn e7_a_sign_in_is_begun_at_one_replica_and_finished_at_another() {
    let mut provider = IdentityProvider::start();
    let policy = provider.policy(true, RULES);
    let dir = tempfile::tempdir().unwrap();
    postgres::new_database(dir.path()).await;
    let test = TestApp::on(dir, &policy, None).await;
    provider.knows(&test.url, mona());
    let other = open(test.dir.path(), test.app.clock.clone(), &policy, &test.url).await;
    service::feed::start(&other).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let there = format!("http://{}", listener.local_addr().unwrap());
    let (served, routes) = (other.clone(), custody::http::router(other.clone()));
    let serving = tokio::spawn(async move { web::server::serve(&served, routes, listener).await.unwrap() });

    let browser = test.stranger();
    let answer = provider.answers(&browser, "m1", "/sign-in/facility?next=/my").await;
    assert!(answer.starts_with(&test.url), "{answer}");
    let back = browser.client.get(answer.replacen(&test.url, &there, 1)).send().await.unwrap();
    assert_eq!((back.status().as_u16(), back.headers()["location"].to_str().unwrap()), (303, "/my"));
    for replica in [&test.url, &there] {
        let my = browser.client.get(format!("{replica}/my")).send().await.unwrap();
        assert_eq!(my.status(), 200, "the session is one of both");
    }
    other.stop.cancel();
    serving.abort();
}
