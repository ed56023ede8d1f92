//! Signing in with a certified provider: who comes in, as whom, with which rights; and who does not (E1, A2, A31 to A33,
//! F14).

use super::{
    browser::Driver,
    identity_provider::{CALLBACK, CALLBACK_OF_GUESTS, IdentityProvider, RULES, begin},
    open_page::PATIENCE,
};
use crate::{
    app::{Browser, TestApp, morning, open},
    logged::Logged,
};
use custody::{
    domain::{id::PersonId, person::Role},
    ports::clock::Clock,
    service::{
        accounts, closing,
        identity::{self, Answer, NotSignedIn},
        sessions,
    },
    store,
};
use fantoccini::Locator;
use serde_json::json;
use std::collections::BTreeSet;

/// Whoever has this subject at the provider.
async fn person(test: &TestApp, provider: &IdentityProvider, subject: &str) -> Option<PersonId> {
    let found = store::accounts::find(&test.app.db.read, &provider.issuer, subject).await.unwrap();
    found.map(|(person, _)| person)
}

async fn roles(test: &TestApp, person: PersonId) -> BTreeSet<Role> {
    store::people::find_profile(&test.app.db.read, person).await.unwrap().unwrap().person.roles
}

async fn is_signed_in(browser: &Browser) -> bool {
    browser.get("/my").await.status() == 200
}

/// E1: a first sign-in makes a person; their groups at the provider make their roles here, at every sign-in, and only in
/// the groups of the rules. Each change is in the journal.
#[tokio::test]
async fn e1_groups_follow_the_provider() {
    let mut provider = IdentityProvider::start();
    let mona = |groups: &[&str]| json!({ "m1": { "name": "Mona Weiss", "email": "Mona@Example.org", "email_verified": true, "groups": groups } });
    let test = provider.custody(true, mona(&["controls", "else"])).await;
    let browser = test.stranger();
    let welcome = provider.sign_in(&browser, "m1").await;
    assert_eq!((welcome.status().as_u16(), welcome.headers()["location"].to_str().unwrap()), (303, "/account"));
    let page = browser.page("/account").await;
    for said in ["Mona Weiss", "mona@example.org", "signs in with Facility account", "ICI"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(browser.page("/account/sessions").await.contains("from 127.0.0.1, with Facility account"));
    let id = person(&test, &provider, "m1").await.unwrap();
    assert_eq!(roles(&test, id).await, [Role::Ctrl].into());

    // A group that no rule names is an administrator's to give.
    let teams = store::teams::list_teams(&test.app.db.read).await.unwrap();
    let team = |name: &str| teams.iter().find(|t| t.name == name).unwrap().id;
    let tx = test.app.db.begin().await.unwrap();
    store::teams::save_member(&tx, team("DOC"), id, false).await.unwrap();
    tx.commit().await.unwrap();
    for (groups, expected) in [
        (&["controls-reviewers", "controls"][..], BTreeSet::from([Role::Ctrl, Role::Reviewer, Role::Doc])),
        (&["custody-admins"], [Role::Admin, Role::Doc].into()),
        (&["shift"], [Role::Doc].into()),
        (&[], [Role::Doc].into()),
    ] {
        provider.people(mona(groups));
        assert_eq!(provider.sign_in(&test.stranger(), "m1").await.status(), 303);
        assert_eq!(roles(&test, id).await, expected, "{groups:?}");
    }
    assert_eq!(person(&test, &provider, "m1").await, Some(id), "one person through it all");
    let journal = store::journal::list_all(&test.app.db.read, &format!("group/{}", team("ICI"))).await.unwrap();
    let kinds: Vec<_> = journal.iter().map(|line| line.kind.as_str()).collect();
    assert_eq!(kinds, ["member_added", "reviewer_changed", "member_removed"]);
    assert!(journal.iter().all(|line| line.origin.contains("provider facility") && line.actor.is_none()));
    let all = store::teams::list_teams(&test.app.db.read).await.unwrap();
    assert!(all.iter().any(|t| t.name == "Night shift" && t.members.is_empty()), "made when it was first needed");
}

/// A32: what does not answer the question that this browser asked last, or is not from whom it asked, counts nothing.
#[tokio::test]
async fn a32_answers_to_other_questions_are_refused() {
    let mut provider = IdentityProvider::start();
    let test = provider.custody(true, json!({ "m1": { "name": "Mona Weiss", "email": "mona@example.org" } })).await;
    let changed = |answer: &str, key: &str, value: Option<&str>| {
        let mut url = url::Url::parse(answer).unwrap();
        let kept: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(k, _)| k != key).collect();
        url.query_pairs_mut().clear().extend_pairs(kept);
        if let Some(value) = value {
            url.query_pairs_mut().append_pair(key, value);
        }
        url.to_string()
    };
    let refused = async |browser: &Browser, answer: &str, what: &str| {
        let response = browser.client.get(answer).send().await.unwrap();
        let status = response.status();
        let page = response.text().await.unwrap();
        assert_eq!(status, 403, "{what}: {page}");
        assert!(page.contains("This sign-in does not count") && page.contains("Try again"), "{what}: {page}");
        assert!(page.contains("/sign-in/facility?next="), "{what}: nothing is lost");
        assert!(!is_signed_in(browser).await, "{what}");
    };
    for (what, key, value) in [
        ("another state", "state", Some("0".repeat(64))),
        ("no state", "state", None),
        ("another issuer", "iss", Some("https://evil.example".to_owned())),
        ("no issuer, where it always says so", "iss", None),
        ("no code", "code", None),
        ("a code that it never gave", "code", Some("none".to_owned())),
    ] {
        let browser = test.stranger();
        let answer = provider.answers(&browser, "m1", "/sign-in/facility?next=/my").await;
        refused(&browser, &changed(&answer, key, value.as_deref()), what).await;
        refused(&browser, &answer, &format!("{what}, then the right answer: it counts once")).await;
    }
    // In another browser, with or without a sign-in of its own: a code is of no use to whoever steals it.
    let (victim, thief) = (test.stranger(), test.stranger());
    let answer = provider.answers(&victim, "m1", "/sign-in/facility").await;
    refused(&thief, &answer, "another browser").await;
    let own = url::Url::parse(&begin(&thief, "/sign-in/facility").await).unwrap();
    let state = own.query_pairs().find(|(k, _)| k == "state").unwrap().1.into_owned();
    refused(&thief, &changed(&answer, "state", Some(&state)), "a stolen code with an own state").await;
    // After ten minutes.
    let late = test.stranger();
    let answer = provider.answers(&late, "m1", "/sign-in/facility").await;
    test.advance(chrono::Duration::minutes(10));
    refused(&late, &answer, "ten minutes later").await;
    assert_eq!(person(&test, &provider, "m1").await, None, "nobody was made");
}

/// A32, A2: of several providers each speaks for its own people: what one answers does not count as another's, and the
/// same subject there is somebody else.
#[tokio::test]
async fn a32_each_provider_speaks_for_its_own() {
    let (mut facility, mut guests) = (IdentityProvider::start(), IdentityProvider::start());
    let second = format!("{RULES}{}", guests.table("guests", "Guest account"));
    let test = TestApp::with_policy(&facility.policy(true, &second)).await;
    facility.knows(&test.url, json!({ "m1": { "name": "Mona Weiss", "email": "mona@example.org" } }));
    guests.knows(&test.url, json!({ "m1": { "name": "Max Muster", "email": "max@example.org" } }));
    let browser = test.stranger();
    let page = browser.page("/sign-in").await;
    assert!(page.contains("Sign in with Facility account") && page.contains("Sign in with Guest account"), "{page}");
    let ways = [
        (&facility, "/sign-in/facility", CALLBACK, CALLBACK_OF_GUESTS),
        (&guests, "/sign-in/guests", CALLBACK_OF_GUESTS, CALLBACK),
    ];
    for (provider, from, own, other) in ways {
        let browser = test.stranger();
        let answer = provider.answers(&browser, "m1", from).await;
        let response = browser.client.get(answer.replace(own, other)).send().await.unwrap();
        assert_eq!(response.status(), 403);
        let page = response.text().await.unwrap();
        assert!(page.contains("answered another sign-in than the one that was begun last"), "{page}");
        assert!(!is_signed_in(&browser).await, "{from}");
        assert_eq!(person(&test, provider, "m1").await, None);
        let answer = provider.answers(&browser, "m1", from).await;
        assert_eq!(browser.client.get(answer).send().await.unwrap().status(), 303, "{from}");
    }
    let both = (person(&test, &facility, "m1").await.unwrap(), person(&test, &guests, "m1").await.unwrap());
    assert_ne!(both.0, both.1);
}

/// A32, A12: a provider's tokens count only if they are its own, for us, for this sign-in, and of now.
#[tokio::test]
async fn a32_tokens_that_do_not_hold_are_refused() {
    let mut provider = IdentityProvider::start();
    let test = provider.custody(true, json!({ "m1": { "name": "Mona Weiss", "email": "mona@example.org" } })).await;
    for lie in [
        json!({ "claims": { "nonce": "another" } }),
        json!({ "without": ["nonce"] }),
        json!({ "claims": { "iss": "https://evil.example" } }),
        json!({ "claims": { "aud": "another" } }),
        json!({ "claims": { "aud": ["custody", "another"] } }),
        json!({ "claims": { "exp": 1_700_000_000 } }),
        json!({ "without": ["exp"] }),
        json!({ "without": ["sub"] }),
        json!({ "key": "other" }),
        json!({ "key": "none" }),
        json!({ "key": "secret" }),
        json!({ "kid": "unknown" }),
        json!({ "about": { "sub": "another" } }),
    ] {
        provider.lies(lie.clone());
        let browser = test.stranger();
        let response = provider.sign_in(&browser, "m1").await;
        let status = response.status();
        let page = response.text().await.unwrap();
        assert_eq!(status, 403, "{lie}: {page}");
        assert!(page.contains("This sign-in does not count"), "{lie}: {page}");
        assert!(!is_signed_in(&browser).await, "{lie}");
    }
    assert_eq!(person(&test, &provider, "m1").await, None);
    provider.lies(json!({}));
    assert_eq!(provider.sign_in(&test.stranger(), "m1").await.status(), 303, "the same flow, told right");
}

/// E1: what a provider tells beside that is of no weight, also where it is of another type than the standard's, as
/// Auth0 and Cognito have it.
#[tokio::test]
async fn e1_claims_of_another_type_let_in() {
    let mut provider = IdentityProvider::start();
    let test = provider.custody(true, json!({ "m1": { "name": "Mona Weiss", "email": "mona@example.org" } })).await;
    provider.lies(json!({ "claims": { "updated_at": "2026-11-21T02:47:00.000Z", "email_verified": "true" } }));
    let browser = test.stranger();
    assert_eq!(provider.sign_in(&browser, "m1").await.status(), 303);
    assert!(is_signed_in(&browser).await);
    provider.lies(json!({ "claims": { "email_verified": "false" } }));
    provider.people(json!({ "m2": { "name": "Max Muster", "email": "max@example.org" } }));
    let refused = provider.sign_in(&test.stranger(), "m2").await;
    assert!(refused.text().await.unwrap().contains("has not confirmed your e-mail address"));
}

/// A2, A32, A33: an address joins nobody to anybody. A link does, once, and from then on both ways lead to one person.
#[tokio::test]
async fn a2_identity_is_never_matched_by_address() {
    let mut provider = IdentityProvider::start();
    let people = json!({
        "i7": { "name": "Ilse Hartmann", "email": "ilse@example.org", "email_verified": true },
        "x1": { "name": "Xaver", "email": "xaver@example.org", "email_verified": false },
        "x2": { "name": "Xaver" },
    });
    let test = provider.custody(true, people).await;
    let refused = async |login: &str, why: &str| {
        let browser = test.stranger();
        let response = provider.sign_in(&browser, login).await;
        assert_eq!(response.status(), 403);
        let page = response.text().await.unwrap();
        assert!(page.contains(why), "{page}");
        assert!(!is_signed_in(&browser).await);
        // The provider knows this account by now: another one is asked for.
        let again = begin(&browser, "/sign-in/facility?next=%2Faccount&anew=yes").await;
        assert!(page.contains("next=%2Faccount&#38;anew=yes") && again.contains("prompt=login"), "{page}");
        assert_eq!(person(&test, &provider, login).await, None);
    };
    refused("i7", "an address alone does not prove that this is you").await;
    refused("x1", "has not confirmed your e-mail address").await;
    refused("x2", "did not tell your full name and e-mail address").await;

    let link = accounts::invite(&test.app, &test.caller("ada"), test.person("ilse")).await.unwrap();
    let browser = test.stranger();
    let setup = browser.page(link.path()).await;
    let secret = link.path_segments().unwrap().next_back().unwrap();
    let from = format!("/sign-in/facility?invitation={secret}");
    assert!(setup.contains(&from), "{setup}");
    // A page elsewhere cannot make one account lead to another person: one sees first whom the link is for.
    for (header, value) in
        [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "none"), ("referer", "http://evil.example/")]
    {
        let forged = browser.client.get(format!("{}{from}", test.url)).header(header, value).send().await.unwrap();
        assert_eq!(forged.headers()["location"], link.path(), "{header}: {value}");
    }
    let answer = provider.answers(&browser, "i7", &from).await;
    assert_eq!(browser.client.get(answer).send().await.unwrap().status(), 303);
    assert_eq!(person(&test, &provider, "i7").await, Some(test.person("ilse")));
    assert_eq!(provider.sign_in(&test.stranger(), "i7").await.status(), 303, "without a link from now on");
    assert_eq!(test.stranger().get(link.path()).await.status(), 404, "it counts once");

    // Somebody else's link does not take over who is known already.
    let link = accounts::invite(&test.app, &test.caller("ada"), test.person("noor")).await.unwrap();
    let secret = link.path_segments().unwrap().next_back().unwrap();
    let browser = test.stranger();
    let answer = provider.answers(&browser, "i7", &format!("/sign-in/facility?invitation={secret}")).await;
    let response = browser.client.get(answer).send().await.unwrap();
    assert_eq!(response.status(), 403);
    assert!(response.text().await.unwrap().contains("leads to somebody else here already"));
    assert_eq!(person(&test, &provider, "i7").await, Some(test.person("ilse")));
}

/// A31, A30, A34: a new session at each sign-in, its cookie out of scripts' reach; a closed account stays closed, and is in
/// the log by its person; one lands on a page of ours.
#[tokio::test]
async fn a31_sessions_of_a_provider() {
    let mut provider = IdentityProvider::start();
    let test = provider.custody(true, json!({ "m1": { "name": "Mona Weiss", "email": "mona@example.org" } })).await;
    let browser = test.stranger();
    for (next, to) in [("/my", "/my"), ("//evil.example", "/"), ("https://evil.example/", "/"), ("/%5Cevil", "/")] {
        let answer = provider.answers(&browser, "m1", &format!("/sign-in/facility?next={next}")).await;
        let response = browser.client.get(answer).send().await.unwrap();
        assert_eq!(response.headers()["location"], to);
        let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().map(|c| c.to_str().unwrap()).collect();
        let session = cookies.iter().find(|c| c.starts_with("custody=")).unwrap();
        assert!(session.contains("HttpOnly") && session.contains("SameSite=Lax"), "{session}");
        assert!(cookies.iter().any(|c| c.starts_with("custody-sign-in=;")), "what was begun is over: {cookies:?}");
    }
    let id = person(&test, &provider, "m1").await.unwrap();
    assert_eq!(sessions::list(&test.app, id).await.unwrap().len(), 1, "each sign-in ends the session before it");

    let closed = test.browser("ada").await.post(&format!("/admin/people/{id}/close"), &[]).await;
    assert_eq!(closed.status(), 303);
    assert!(!is_signed_in(&browser).await);
    let log = Logged::start();
    let again = provider.sign_in(&browser, "m1").await;
    assert_eq!(again.status(), 403);
    assert!(again.text().await.unwrap().contains("Your account here is closed"));
    let said = log.lines().join("\n");
    assert!(said.contains(&format!("person={id}")), "{said}");
}

/// A31, A2: whoever was shut out does not come back as somebody new, with an account at the provider that was never
/// linked, by whichever address of theirs.
#[tokio::test]
async fn a31_a_closed_person_is_not_made_anew() {
    let mut provider = IdentityProvider::start();
    let noor =
        |email: &str| json!({ "name": "Noor El-Amin", "email": email, "email_verified": true, "groups": ["controls"] });
    let people =
        json!({ "n1": noor("Noor@example.org"), "n2": noor("noor@home.example"), "m1": noor("mona@example.org") });
    let test = provider.custody(true, people).await;
    let tx = test.app.db.begin().await.unwrap();
    let mut change = store::entity::person::ActiveModel { ..Default::default() };
    change.commit_emails = sea_orm::ActiveValue::Set("noor@work.example\nnoor@home.example".to_owned());
    store::people::update(&tx, test.person("noor"), change).await.unwrap();
    tx.commit().await.unwrap();
    closing::close(&test.app, &test.caller("ada"), test.person("noor")).await.unwrap();
    for login in ["n1", "n2"] {
        let browser = test.stranger();
        let response = provider.sign_in(&browser, login).await;
        assert_eq!(response.status(), 403);
        let page = response.text().await.unwrap();
        assert!(page.contains("is closed. Ask an administrator: they open it again, or send you a link."), "{page}");
        assert!(!is_signed_in(&browser).await);
        assert_eq!(person(&test, &provider, login).await, None, "nobody was made");
    }
    assert_eq!(provider.sign_in(&test.stranger(), "m1").await.status(), 303, "whoever shares a name alone comes in");
}

/// A34: whoever does not come in by a provider is in the log with where they came from, and with nothing of who they are.
#[tokio::test]
async fn a34_refusals_of_a_provider_are_logged() {
    let mut provider = IdentityProvider::start();
    let test = provider.custody(true, json!({ "i7": { "name": "Ilse Hartmann", "email": "ilse@example.org" } })).await;
    let log = Logged::start();
    for (lie, why) in [(json!({}), "is not let in"), (json!({ "key": "other" }), "sent an ID token that does not hold")]
    {
        provider.lies(lie);
        assert_eq!(provider.sign_in(&test.stranger(), "i7").await.status(), 403);
        let lines = log.lines();
        let from = "origin=\"web 127.0.0.1\" provider=\"facility\"";
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("WARN") && lines[0].contains(why) && lines[0].contains(from), "{lines:?}");
        assert!(!lines[0].contains("ilse") && !lines[0].contains("Ilse") && !lines[0].contains("i7"), "{lines:?}");
    }
}

/// E1: where local accounts are off, a provider is the only way in, also for the first administrator.
#[tokio::test]
async fn e1_local_accounts_can_be_off() {
    let mut provider = IdentityProvider::start();
    let mona = json!({ "m1": { "name": "Mona Weiss", "email": "mona@example.org" } });
    let test = provider.custody(false, mona).await;
    let browser = test.stranger();
    let page = browser.page("/sign-in").await;
    assert!(page.contains("Sign in with Facility account") && !page.contains("name=\"password\""), "{page}");
    let form = [("login", "ilse"), ("password", "four words nobody says")];
    let refused = browser.post("/sign-in", &form).await;
    assert_eq!(refused.status(), 403);
    assert!(refused.text().await.unwrap().contains("Names and passwords are switched off here"));
    let link = accounts::invite(&test.app, &test.caller("ada"), test.person("noor")).await.unwrap();
    assert!(!browser.page(link.path()).await.contains("name=\"password\""));
    let chosen = browser.post(link.path(), &[("login", "noor2"), ("password", "four words nobody says")]).await;
    assert_eq!(chosen.status(), 403);
    // What was opened with a password before it was switched off is shut.
    let before = sessions::open(&test.app, test.person("ilse"), "Firefox", "web 192.0.2.7").await.unwrap().unwrap();
    assert!(sessions::find(&test.app, &before).await.unwrap().is_none());
    assert_eq!(provider.sign_in(&browser, "m1").await.status(), 303);
    assert!(is_signed_in(&browser).await);
}

/// E1: the first administrator's link is opened with a provider; before that nobody comes in past it.
#[tokio::test]
async fn e1_the_first_administrator_by_a_provider() {
    let mut provider = IdentityProvider::start();
    let dir = tempfile::tempdir().unwrap();
    let app = open(dir.path(), Clock::fixed(morning()), &provider.policy(false, RULES), "http://127.0.0.1:9").await;
    provider.knows("http://127.0.0.1:9", json!({ "m1": { "name": "Mona Weiss", "email": "mona@example.org" } }));
    let browser = Browser {
        client: reqwest::Client::builder()
            .cookie_store(true)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap(),
        url: provider.issuer.clone(),
    };
    let through = async |invitation: Option<&str>| {
        let (to, kept) = identity::begin(&app, "facility", "/", invitation, false).await.unwrap();
        let answer = url::Url::parse(&provider.prove(&browser, "m1", to.as_str()).await).unwrap();
        let of = |key: &str| answer.query_pairs().find(|(k, _)| k == key).map(|(_, v)| v.into_owned());
        let answer = Answer { state: of("state").unwrap(), code: of("code"), issuer: of("iss"), error: None };
        identity::finish(&app, "facility", Some(&kept), answer, "Firefox", "web 192.0.2.7").await
    };
    let early = through(None).await.unwrap_err();
    assert!(matches!(&early, NotSignedIn::Refused(why) if why.contains("no administrator yet")), "{early}");
    let link = accounts::first_administrator(&app).await.unwrap().unwrap();
    let secret = link.path_segments().unwrap().next_back().unwrap();
    let welcome = through(Some(secret)).await.unwrap();
    let me = sessions::find(&app, &welcome.secret).await.unwrap().unwrap();
    assert!(me.profile.person.has(&Role::Admin), "the rules take no last administrator away");
    assert!(accounts::first_administrator(&app).await.unwrap().is_none());
}

/// F14: while the provider is away sessions go on, and whoever would sign in is told so on a page of ours.
#[tokio::test]
async fn f14_the_provider_is_away() {
    let mut provider = IdentityProvider::start();
    let test = provider.custody(true, json!({ "m1": { "name": "Mona Weiss", "email": "mona@example.org" } })).await;
    let away = async |response: reqwest::Response| {
        let status = response.status();
        let page = response.text().await.unwrap();
        assert_eq!(status, 503, "{page}");
        assert!(page.contains("Facility account cannot be asked now") && page.contains("Try again"), "{page}");
    };
    let signed_in = test.stranger();
    assert_eq!(provider.sign_in(&signed_in, "m1").await.status(), 303);
    for part in ["/token", "/me"] {
        provider.lies(json!({ "broken": part }));
        away(provider.sign_in(&test.stranger(), "m1").await).await;
    }
    provider.lies(json!({}));
    let between = test.stranger();
    let answer = provider.answers(&between, "m1", "/sign-in/facility").await;
    provider.end();
    away(between.client.get(answer).send().await.unwrap()).await;
    assert!(is_signed_in(&signed_in).await);
    assert_eq!(test.stranger().get("/").await.status(), 200);
    // Another Custody never heard of it.
    let fresh = TestApp::with_policy(&provider.policy(true, "")).await;
    away(fresh.stranger().get("/sign-in/facility").await).await;
    let out = signed_in.post("/sign-out", &[]).await;
    assert!(out.status() == 200 || out.status() == 303, "one signs out here in any case");
    assert!(!is_signed_in(&signed_in).await);
}

/// E1: in a real browser: from a page to the provider and back to that page, with a role by a group; and out again, at
/// the provider as well.
#[tokio::test]
async fn e1_in_a_real_browser() {
    let mut provider = IdentityProvider::start();
    let mona = json!({ "name": "Mona Weiss", "email": "mona@example.org", "groups": ["controls"] });
    let test = provider.custody(true, json!({ "m1": mona })).await;
    let driver = Driver::start();
    let chrome = driver.browse().await;
    let at_provider = async || {
        let begun = std::time::Instant::now();
        while begun.elapsed() < PATIENCE {
            if chrome.client.current_url().await.unwrap().as_str().starts_with(&provider.issuer)
                && chrome.client.find(Locator::Css("form button, form input")).await.is_ok()
            {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        panic!("the browser is not at the provider: {}", chrome.text().await);
    };
    for round in 0..2 {
        chrome.goto(&format!("{}/reviews", test.url)).await;
        assert_eq!(chrome.path().await, "/sign-in");
        assert_eq!(chrome.axe().await, Vec::<String>::new());
        chrome.shot("sign-in-provider-day", 1440).await;
        chrome.wide(320).await;
        assert_eq!(chrome.overflow().await, 0, "{}", chrome.widest().await);
        chrome.wide(1440).await;
        chrome.press("Sign in with Facility account").await;
        at_provider().await;
        let field = async |name: &str| chrome.client.find(Locator::Css(&format!("input[name={name}]"))).await.unwrap();
        field("login").await.send_keys("m1").await.unwrap();
        field("password").await.send_keys("any").await.unwrap();
        chrome.client.find(Locator::Css("button[type=submit]")).await.unwrap().click().await.unwrap();
        chrome.says("Staging").await;
        assert_eq!(chrome.path().await, "/reviews", "back where one came from, as CTRL ({round})");
        chrome.goto(&format!("{}/account/sessions", test.url)).await;
        assert_eq!(chrome.axe().await, Vec::<String>::new());
        chrome.shot("sessions-provider-day", 1440).await;
        chrome.goto(&format!("{}/account/tokens", test.url)).await;
        chrome.says("You made no token").await;
        assert_eq!(chrome.axe().await, Vec::<String>::new());
        chrome.goto(&format!("{}/account/sessions", test.url)).await;
        chrome.press("Sign out").await;
        at_provider().await;
        chrome.client.find(Locator::Css("button[value=yes]")).await.unwrap().click().await.unwrap();
        chrome.says("You are signed out.").await;
        assert_eq!(chrome.path().await, "/");
        // Neither here nor there: the next round is asked for a name again.
    }
    // A bad answer is a page as good as the others.
    chrome.goto(&format!("{}{CALLBACK}?state=x", test.url)).await;
    chrome.says("This sign-in does not count").await;
    assert_eq!(chrome.axe().await, Vec::<String>::new());
    chrome.close().await;
}
