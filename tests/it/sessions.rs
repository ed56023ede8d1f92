//! Sessions that somebody else could use: ended by an administrator, and asked about before what is most dangerous (A31);
//! how they are told of, and how often they can be tried to open (A35).

use crate::{
    app::{FULL, TestApp},
    given::policy_with,
};
use chrono::Duration;
use custody::{
    service::{accounts, groups, secret, sessions},
    store,
};
use serde_json::json;

/// A provider that nobody asks in these tests.
pub const PROVIDER: &str = r#"
[[identity.providers]]
id = "facility"
name = "Facility account"
issuer = "https://login.example.org"
client_id = "custody"
secret_variable = "CUSTODY_SIGN_IN"
"#;

/// A31, E2, E3: an administrator ends every session of somebody whose machine was stolen, after a question or by the API,
/// and it is on record; nobody else does.
#[tokio::test]
async fn a31_an_administrator_ends_somebodys_sessions() {
    let test = TestApp::new().await;
    let (ada, lena) = (test.browser("ada").await, test.browser("lena").await);
    let (here, there) = (test.browser("ilse").await, test.browser("ilse").await);
    let page = format!("/admin/people/{}", test.person("ilse"));
    let path = format!("{page}/end-sessions");
    assert!(ada.page(&page).await.contains(&format!("href=\"{path}\"")));
    let asked = ada.page(&path).await;
    assert!(asked.contains("End all sessions of Ilse Hartmann?") && asked.contains("tokens go on"), "{asked}");
    assert_eq!(lena.post(&path, &[]).await.status(), 403);
    assert_eq!(here.get("/my").await.status(), 200, "asking ends nothing");
    assert_eq!(ada.post(&path, &[]).await.status(), 303);
    assert!(ada.page(&page).await.contains("2 sessions of theirs ended."));
    for browser in [&here, &there] {
        assert_eq!(browser.get("/my").await.status(), 303);
    }
    let stream = format!("person/{}", test.person("ilse"));
    let record = store::journal::list_all(&test.app.db.read, &stream).await.unwrap();
    let last = record.last().unwrap();
    assert_eq!((last.kind.as_str(), last.actor), ("signed_out_everywhere", Some(test.person("ada"))));

    let (program, other) = (test.acts("ada").await, test.acts("lena").await);
    let again = test.browser("ilse").await;
    let of = |who: &str| format!("/people/{}/sessions", test.person(who));
    assert_eq!(other.delete(&of("ilse")).await.0, 403);
    assert_eq!(again.get("/my").await.status(), 200);
    assert_eq!(program.delete(&of("ilse")).await.0, 204);
    assert_eq!(again.get("/my").await.status(), 303);
    // Where there was none, none is said to have ended (E2).
    assert_eq!(program.delete(&of("ilse")).await.0, 204);
    let record = store::journal::list_all(&test.app.db.read, &stream).await.unwrap();
    assert_eq!(record.iter().filter(|e| e.kind == "signed_out_everywhere").count(), 2);
    assert_eq!(program.delete(&format!("/people/{}/sessions", uuid::Uuid::from_u128(9))).await.0, 404);
}

/// E1, E3: programs read with which providers somebody signs in, and with which one each session was opened.
#[tokio::test]
async fn e3_the_api_says_with_which_provider() {
    let test = TestApp::with_policy(&policy_with(PROVIDER)).await;
    let (ilse, now) = (test.person("ilse"), test.app.clock.now());
    let tx = test.app.db.begin().await.unwrap();
    store::accounts::save(&tx, "https://login.example.org", "i7", ilse, None).await.unwrap();
    let session = store::doors::Session {
        hash: secret::hash("of this test"),
        person: ilse,
        created_at: now,
        seen_at: now,
        expires_at: now + Duration::hours(1),
        agent: "Firefox".to_owned(),
        address: "192.0.2.7".to_owned(),
        provider: Some("facility".to_owned()),
        id_token: None,
        proved_at: None,
    };
    store::doors::insert_session(&tx, &session).await.unwrap();
    tx.commit().await.unwrap();
    let program = test.acts("ilse").await;
    let (_, me) = program.get("/me").await;
    assert_eq!((&me["logins"], &me["providers"]), (&json!(["ilse"]), &json!(["Facility account"])));
    assert_eq!(program.get("/me/sessions").await.1["sessions"][0]["provider"], "Facility account");
    test.browser("ilse").await;
    let (_, all) = program.get("/me/sessions").await;
    let with: Vec<_> = all["sessions"].as_array().unwrap().iter().filter(|s| s["provider"].is_null()).collect();
    assert_eq!(with.len(), 1, "one with a name here: {all}");
}

/// A31: a session that was left open makes nobody mighty: links, sign-in names and their removal, records made one, accounts opened again,
/// administrators, tokens that do what their maker may or deploy anything, and erasing are for whoever proved within 15 minutes who they are. Everybody else signs in
/// again, and comes back; what was sent is given back, and nothing of it was done.
#[tokio::test]
async fn a31_what_is_most_dangerous_asks_who_one_is_again() {
    let test = TestApp::new().await;
    let ada = test.browser("ada").await;
    let noor = test.person("noor").to_string();
    let page = format!("/admin/people/{noor}");
    let teams = groups::list(&test.app).await.unwrap().0;
    let id = |name: &str| teams.iter().find(|t| t.name == name).unwrap().id.to_string();
    let (admins, shift) = (id("Administrators"), id("DOC"));
    let group = format!("/admin/groups/{admins}");
    let [invite, link, one, join, reopen, erase] =
        ["invite", "link", "one-person", "join", "reopen", "erase"].map(|what| format!("{page}/{what}"));
    let put = format!("{group}/put");
    let way = accounts::list(&test.app, test.person("noor")).await.unwrap().remove(0);
    let remove = format!("{page}/accounts/{}/remove", way.id);
    let token = [("name", "notebook"), ("scope", "admin"), ("days", "366")];
    let unbound = [("name", "deploy tool"), ("scope", "deploy"), ("days", "30")];
    let all: [(&str, &[(&str, &str)]); 11] = [
        (&invite, &[]),
        (&link, &[("login", "noor2")]),
        (&remove, &[]),
        (&one, &[("other", "tomasz@example.org")]),
        (&join, &[("group", &admins)]),
        (&put, &[("person", &noor)]),
        (&reopen, &[]),
        (&erase, &[]),
        ("/account/tokens/new", &token),
        ("/admin/tokens/new", &token),
        ("/admin/tokens/new", &unbound),
    ];
    test.advance(Duration::minutes(15));
    let first = "Custody asks who you are first.";
    assert!(!ada.page(&page).await.contains(first), "just now is a quarter of an hour");
    assert_eq!(ada.get(&erase).await.status(), 200);
    test.advance(Duration::minutes(46));

    // Pages say so beside their forms.
    let shown = ada.page(&page).await;
    assert!(shown.contains(&format!("{first} You proved who you are 1 h ago, and after 15 minutes")), "{shown}");
    let way = format!("href=\"/sign-in?next=%2Fadmin%2Fpeople%2F{noor}&#38;wanted=ways-in\"");
    assert!(shown.contains(&way), "{shown}");
    for form in [&invite, &link, &one] {
        assert!(shown.contains(&format!("action=\"{form}\"")), "{form}: {shown}");
    }
    assert!(shown.contains(&format!("<option value=\"{admins}\">")), "{shown}");
    assert!(shown.contains("To make them an administrator, Custody asks who you are first."), "{shown}");
    let shown = ada.page(&group).await;
    assert!(shown.contains(first) && shown.contains(&format!("action=\"{put}\"")), "{shown}");
    let unbound = "For one that is bound to neither, Custody asks who you are first.";
    assert!(ada.page("/admin/tokens/new").await.contains(unbound));
    for path in ["/account/tokens/new", "/admin/tokens/new"] {
        let shown = ada.page(path).await;
        assert!(shown.contains("To make a token that does what you may, sign in again. You proved"), "{shown}");
        assert!(!shown.contains(" disabled") && shown.contains(first), "{shown}");
    }
    for (path, what) in [(&reopen, "reopen"), (&erase, "erase")] {
        let sent = ada.get(path).await;
        assert_eq!(sent.status(), 303, "{what}");
        let way = format!("/sign-in?next=%2Fadmin%2Fpeople%2F{noor}%2F{what}&wanted={what}");
        assert_eq!(sent.headers()["location"], way.as_str());
    }

    let before = store::journal::list_after(&test.app.db.read, 0, 10_000).await.unwrap().len();
    for (path, fields) in all {
        let answer = ada.post(path, fields).await;
        if fields.is_empty() {
            assert_eq!(answer.status(), 303, "{path}");
            let way = answer.headers()["location"].to_str().unwrap();
            assert!(way.starts_with("/sign-in?next=%2Fadmin%2F"), "{path}: {way}");
            assert!(ada.page(way).await.contains("You proved who you are 1 h ago"), "{path}");
            continue;
        }
        assert_eq!(answer.status(), 403, "{path}");
        let back = answer.text().await.unwrap();
        assert!(back.contains("<h1>Sign in again first</h1>") && back.contains("Send it again"), "{path}: {back}");
        assert!(back.contains(&format!("<form method=\"post\" action=\"{path}\">")), "{path}: {back}");
        for (name, value) in fields {
            assert!(back.contains(&format!("name=\"{name}\" value=\"{value}\"")), "{path}: {back}");
        }
    }
    let after = store::journal::list_after(&test.app.db.read, 0, 10_000).await.unwrap().len();
    assert_eq!(before, after, "nothing was done");
    // What hands nobody the place goes on.
    let reads = [("name", "notebook"), ("scope", "read"), ("days", "7")];
    assert_eq!(ada.post("/account/tokens/new", &reads).await.status(), 200);
    let bound = [("name", "deploy tool"), ("scope", "deploy"), ("server", FULL), ("days", "30")];
    assert_eq!(ada.post("/admin/tokens/new", &bound).await.status(), 200);
    assert_eq!(ada.post(&join, &[("group", &shift)]).await.status(), 303);

    // Signed in again, one is back, and what was given back is sent.
    let again = ada.post("/demo/sign-in", &[("login", "ada"), ("next", &page)]).await;
    assert_eq!((again.status().as_u16(), again.headers()["location"].to_str().unwrap()), (303, page.as_str()));
    assert!(!ada.page(&page).await.contains(first));
    assert_eq!(sessions::list(&test.app, test.person("ada")).await.unwrap().len(), 1, "the old session ended");
    // The last of all, as nothing can be done with whoever was erased.
    let (erases, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|(path, _)| *path == erase);
    for (path, fields) in others.into_iter().chain(erases) {
        let status = ada.post(path, fields).await.status().as_u16();
        assert!(status == 200 || status == 303, "{path}: {status}");
    }
}

/// A31, F10: what was proved while the clock was ahead is no proof of now once it is right.
#[tokio::test]
async fn a31_a_clock_that_was_ahead_proves_nothing() {
    let test = TestApp::new().await;
    test.advance(Duration::hours(1));
    let ada = test.browser("ada").await;
    let erase = format!("/admin/people/{}/erase", test.person("noor"));
    for (back, status) in [(14, 200), (46, 303)] {
        test.advance(-Duration::minutes(back));
        assert_eq!(ada.get(&erase).await.status(), status, "{back}");
    }
}

/// A31: whoever is signed in tries again in the way that proves it anew; the plain one would prove nothing of now.
#[tokio::test]
async fn a31_whoever_is_signed_in_tries_again_anew() {
    let test = TestApp::with_policy(&policy_with(PROVIDER)).await;
    let failed = "/sign-in/facility/callback?state=x&code=y";
    for (browser, anew) in [(test.stranger(), false), (test.browser("ada").await, true)] {
        let answer = browser.get(failed).await;
        assert_eq!(answer.status(), 403);
        let page = answer.text().await.unwrap();
        assert!(page.contains("Try again") && page.contains("anew=yes") == anew, "{page}");
    }
}

/// A35: providers' answers, which have Custody ask them, are taken from one place sixty at once, and then seldom; everything
/// else goes on.
#[tokio::test]
async fn a35_answers_of_providers_are_taken_so_often() {
    let test = TestApp::with_policy(&policy_with(PROVIDER)).await;
    let browser = test.stranger();
    let answer = async || browser.get("/sign-in/facility/callback?state=x&code=y").await.status().as_u16();
    for n in 0..60 {
        assert_eq!(answer().await, 403, "{n}: it was not begun here");
    }
    // On a slow machine some more are taken meanwhile.
    let mut then = answer().await;
    for _ in 0..400 {
        if then == 429 {
            break;
        }
        then = answer().await;
    }
    assert_eq!(then, 429);
    for path in ["/", "/sign-in"] {
        assert_eq!(browser.get(path).await.status(), 200, "{path}");
    }
}

/// A35, A37: what is on record of somebody, for which all of the journal is looked through, is given ten times at once to one
/// place, and then seldom.
#[tokio::test]
async fn a35_what_is_on_record_is_given_so_often() {
    let test = TestApp::new().await;
    let noor = test.browser("noor").await;
    let given = async || noor.get("/account/data.json").await.status().as_u16();
    for n in 0..10 {
        assert_eq!(given().await, 200, "{n}");
    }
    // On a slow machine some more are given meanwhile.
    let mut then = given().await;
    for _ in 0..100 {
        if then == 429 {
            break;
        }
        then = given().await;
    }
    assert_eq!(then, 429);
    assert_eq!(noor.get("/account").await.status(), 200);
}

/// A35: sign-ins at providers, for which Custody may have to ask them, are begun from one place sixty at once, and then
/// seldom; whoever waits is told so on a page, and what was begun can be ended.
#[tokio::test]
async fn a35_sign_ins_at_providers_are_begun_so_often() {
    let test = TestApp::with_policy(&policy_with(PROVIDER)).await;
    let browser = test.stranger();
    // From no page of ours it leads to the link's own page, without asking anybody.
    let begin = async || browser.get("/sign-in/facility?invitation=x").await;
    for n in 0..60 {
        assert_eq!(begin().await.status(), 303, "{n}");
    }
    let mut refused = begin().await;
    for _ in 0..400 {
        if refused.status() == 429 {
            break;
        }
        refused = begin().await;
    }
    assert_eq!(refused.status(), 429, "too many are told so");
    assert!(refused.headers().contains_key("retry-after"), "{:?}", refused.headers());
    let page = refused.text().await.unwrap();
    for says in ["Too much was asked at once", "Wait a minute, then try again", "Try again", "Go to the board"] {
        assert!(page.contains(says), "{says}: {page}");
    }
    assert_eq!(browser.get("/sign-in/facility/callback?state=x&code=y").await.status(), 403, "it is answered");
    for path in ["/", "/sign-in"] {
        assert_eq!(browser.get(path).await.status(), 200, "{path}");
    }
}
