//! What somebody keeps of themselves: sessions, tokens, and how long wrong passwords keep one waiting (A24, A31, A34).

use crate::{
    app::{POLICY, REDUCED, TestApp, open},
    given::policy_with,
    postgres,
};
use chrono::Duration;
use custody::{
    service::{
        Caller, accounts, secret,
        sessions::{self, Tried},
        tokens::{self, TokenScope},
    },
    store::{self, doors::Session},
};
use serde_json::json;

pub const PASSWORD: &str = "four words nobody says";

/// Gives somebody a password.
pub async fn with_password(test: &TestApp, login: &str) {
    let tx = test.app.db.begin().await.unwrap();
    accounts::set_password(&tx, &test.app, test.person(login), login, PASSWORD).await.unwrap();
    tx.commit().await.unwrap();
}

/// A34: after five wrong passwords one is told how long to wait; what was typed stays, the wait ends, and it is the same
/// for a name that nobody has.
#[tokio::test]
async fn a34_guessing_is_slowed_down_and_told() {
    let test = TestApp::new().await;
    with_password(&test, "ilse").await;
    let browser = test.stranger();
    let try_it = async |password: &str| browser.post("/sign-in", &[("login", "ilse"), ("password", password)]).await;
    for _ in 0..5 {
        assert_eq!(try_it("wrong again and again").await.status(), 422);
    }
    // The right one is not even tried.
    for password in ["wrong again and again", PASSWORD] {
        let wait = try_it(password).await;
        assert_eq!(wait.status(), 429);
        assert_eq!(wait.headers()["retry-after"], "30");
        let page = wait.text().await.unwrap();
        assert!(page.contains("try again in 30 seconds, at 09:00:30"), "{page}");
        assert!(page.contains("value=\"ilse\"") && !page.contains(PASSWORD), "{page}");
    }
    test.advance(Duration::seconds(30));
    assert_eq!(try_it(PASSWORD).await.status(), 303);
    assert_eq!(browser.get("/my").await.status(), 200);

    let tries = async |login: &str, origin: &str| {
        let mut said = Vec::new();
        for _ in 0..7 {
            said.push(sessions::sign_in(&test.app, login, "wrong", "Firefox", origin).await.unwrap());
        }
        said
    };
    let (known, unknown) = (tries("lena", "web 192.0.2.7").await, tries("nobody", "web 192.0.2.8").await);
    assert_eq!(known, unknown);
    assert!(matches!(known[5], Tried::Wait(_)) && known[4] == Tried::Wrong);
    // One network of the newer kind is one address.
    for n in 0..5 {
        let from = format!("web 2001:db8:1:2::{n}");
        assert_eq!(sessions::sign_in(&test.app, "jonas", "wrong", "", &from).await.unwrap(), Tried::Wrong);
    }
    let next = sessions::sign_in(&test.app, "jonas", "wrong", "", "web 2001:db8:1:2:ffff::9").await.unwrap();
    assert!(matches!(next, Tried::Wait(_)));
}

/// A34: whoever guesses at an account from everywhere keeps its owner out nowhere where they signed in before.
#[tokio::test]
async fn a34_the_owner_comes_in() {
    let test = TestApp::new().await;
    with_password(&test, "ilse").await;
    let right = async |origin: &str| sessions::sign_in(&test.app, "ilse", PASSWORD, "", origin).await.unwrap();
    assert!(matches!(right("web 192.0.2.7").await, Tried::Right(_)));
    for n in 0..40 {
        let origin = format!("web 198.51.100.{n}");
        sessions::sign_in(&test.app, "ilse", "wrong", "", &origin).await.unwrap();
    }
    assert!(matches!(right("web 192.0.2.7").await, Tried::Right(_)));
    let Tried::Wait(until) = right("web 203.0.113.9").await else { panic!("elsewhere one waits") };
    assert!(until - test.app.clock.now() <= Duration::minutes(1));
    test.advance(Duration::minutes(1));
    assert!(matches!(right("web 203.0.113.9").await, Tried::Right(_)), "a minute at most");
}

/// A31: one's own sessions, with the browser in words, from where, and which is this one; ending all others is asked first.
#[tokio::test]
async fn a31_own_sessions() {
    let test = TestApp::new().await;
    let (here, there) = (test.browser("ilse").await, test.browser("ilse").await);
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";
    let kept = sessions::open(&test.app, test.person("ilse"), firefox, "web 192.0.2.7").await.unwrap().unwrap();
    let page = here.page("/account/sessions").await;
    for said in ["Firefox on Linux", "from 192.0.2.7", "from 127.0.0.1", "This one", "last seen", "End all others"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let asked = here.page("/account/sessions/end-others").await;
    assert!(asked.contains("End all other sessions?") && asked.contains("You stay signed in here"), "{asked}");
    assert_eq!(there.get("/my").await.status(), 200, "asking ends nothing");
    // Nobody ends somebody else's.
    let other = &sessions::list(&test.app, test.person("ilse")).await.unwrap()[0].hash;
    let stranger = test.browser("noor").await;
    assert_eq!(stranger.post("/account/sessions/end", &[("session", other)]).await.status(), 404);
    assert_eq!(here.post("/account/sessions/end-others", &[]).await.status(), 303);
    assert_eq!((here.get("/my").await.status().as_u16(), there.get("/my").await.status().as_u16()), (200, 303));
    assert!(sessions::find(&test.app, &kept).await.unwrap().is_none());
}

/// A24, A31: one's own tokens, and nobody else's: revoked after a question, and dead at once.
#[tokio::test]
async fn a31_own_tokens() {
    let test = TestApp::new().await;
    let noor = test.browser("noor").await;
    assert!(noor.page("/account/tokens").await.contains("You made no token"));
    let scope = TokenScope::Deploy { device: None, server: Some(crate::app::FULL.into()) };
    let (token, secret) = tokens::create(&test.app, &test.caller("lena"), "deploy tool", scope, 90).await.unwrap();
    let lena = test.browser("lena").await;
    let page = lena.page("/account/tokens").await;
    for said in ["deploy tool", "any device onto", crate::app::FULL, "never used", "Counts"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let address = format!("/account/tokens/{}/revoke", token.id);
    for who in [&noor, &test.browser("jonas").await] {
        assert_eq!(who.get(&address).await.status(), 404);
        assert_eq!(who.post(&address, &[]).await.status(), 404);
    }
    assert!(lena.page(&address).await.contains("Revoke the token for deploy tool?"));
    assert!(tokens::authenticate(&test.app, &secret, "test").await.unwrap().is_some(), "asking revokes nothing");
    assert_eq!(lena.post(&address, &[]).await.status(), 303);
    assert!(tokens::authenticate(&test.app, &secret, "test").await.unwrap().is_none());
    assert!(lena.page("/account/tokens").await.contains("Revoked"));
    assert_eq!(lena.post(&address, &[]).await.status(), 404, "once");
}

/// A31, E1, E3: what was made with a token counts no longer than it, and ends with it at once; pages and the API say what
/// made which.
#[tokio::test]
async fn a31_what_was_made_with_a_token_ends_with_it() {
    let test = TestApp::new().await;
    let (app, lena) = (&test.app, test.browser("lena").await);
    let program = test.acts("lena").await;
    tokens::create(app, &test.caller("lena"), "her notebook", TokenScope::Read, 300).await.unwrap();
    let list = async || tokens::list_own(app, test.person("lena")).await.unwrap();
    let parent = list().await.into_iter().find(|l| l.token.name == "program").unwrap().token;
    let mut secrets = Vec::new();
    for (name, scope, server, days) in [("a reader", "read", "", 366), ("an agent", "observe", REDUCED, 7)] {
        let new = json!({ "name": name, "scope": scope, "server": server, "days": days });
        let (status, made) = program.post("/me/tokens", new).await;
        assert_eq!(status, 201, "{made}");
        secrets.push(made["secret"].as_str().unwrap().to_owned());
    }
    let made: Vec<_> = list().await.into_iter().filter(|l| l.made_with.as_deref() == Some("program")).collect();
    let until = |name: &str| made.iter().find(|l| l.token.name == name).unwrap().token.expires_at;
    assert_eq!((made.len(), until("a reader")), (2, parent.expires_at));
    assert_eq!(until("an agent"), app.clock.now() + Duration::days(7));
    let (_, all) = program.get("/tokens").await;
    for one in all["tokens"].as_array().unwrap() {
        let by_her = one["name"] == "program" || one["name"] == "her notebook";
        assert_eq!(one["made_with"], if by_her { json!(null) } else { json!(parent.id) }, "{one}");
    }
    let page = lena.page("/account/tokens").await;
    assert_eq!(page.matches(" made with program<").count(), 2, "{page}");
    let page = test.browser("ada").await.page("/admin/tokens").await;
    assert_eq!(page.matches(" made by Lena Brandt with program<").count(), 2, "{page}");

    let revoke = format!("/account/tokens/{}/revoke", parent.id);
    let asked = lena.page(&revoke).await;
    assert!(asked.contains("What was made with it ends too: ") && asked.contains("a reader"), "{asked}");
    assert!(!asked.contains("her notebook"), "{asked}");
    let opens = async |secret: &str| tokens::authenticate(app, secret, "test").await.unwrap().is_some();
    assert!(opens(&secrets[0]).await && opens(&secrets[1]).await);
    assert_eq!(lena.post(&revoke, &[]).await.status(), 303);
    assert!(!opens(&secrets[0]).await && !opens(&secrets[1]).await);
    let alive: Vec<_> = list().await.into_iter().filter(|l| l.alive).map(|l| l.token.name).collect();
    assert_eq!(alive, ["her notebook"]);
    for one in &made {
        let entries = store::journal::list_all(&app.db.read, &format!("token/{}", one.token.id)).await.unwrap();
        let last = entries.last().unwrap();
        assert_eq!((last.kind.as_str(), last.actor), ("token_revoked", Some(test.person("lena"))));
        assert!(last.body.contains(&parent.id), "{}", last.body);
    }
    // Whatever was on its way with it makes nothing any more.
    let late = Caller { token: Some(parent.id), ..test.caller("lena") };
    let refused = tokens::create(app, &late, "too late", TokenScope::Read, 7).await.unwrap_err();
    assert_eq!(refused.to_string(), "The token that this was asked with has ended.");
}

/// A31, E1: what a provider opened is shut once it is in the policy no more.
#[tokio::test]
async fn a31_sessions_of_a_provider_end_with_it() {
    let provider = "[[identity.providers]]\nid = \"facility\"\nname = \"Facility account\"\nissuer = \"https://a.org\"\n\
                    client_id = \"custody\"\nsecret_variable = \"NONE\"\n";
    let test = TestApp::with_policy(&policy_with(provider)).await;
    let (own, now) = (secret::new(), test.app.clock.now());
    let session = Session {
        hash: secret::hash(&own),
        person: test.person("ilse"),
        created_at: now,
        seen_at: now,
        expires_at: now + Duration::hours(1),
        agent: String::new(),
        address: String::new(),
        provider: Some("facility".to_owned()),
        id_token: None,
        proved_at: None,
    };
    let tx = test.app.db.begin().await.unwrap();
    store::doors::insert_session(&tx, &session).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(sessions::find(&test.app, &own).await.unwrap().unwrap().id(), test.person("ilse"));
    let without = open(test.dir.path(), test.app.clock.clone(), &POLICY, &test.url).await;
    assert!(sessions::find(&without, &own).await.unwrap().is_none());
}

/// E1: what opens a session, an account or the API is kept as its hash alone.
#[tokio::test]
async fn e1_secrets_are_kept_as_hashes() {
    let test = TestApp::new().await;
    let session = sessions::open(&test.app, test.person("ilse"), "", "web 192.0.2.7").await.unwrap().unwrap();
    let (_, token) = tokens::create(&test.app, &test.caller("lena"), "a program", TokenScope::Read, 30).await.unwrap();
    let link = accounts::invite(&test.app, &test.caller("ada"), test.person("noor")).await.unwrap();
    let invitation = link.path_segments().unwrap().next_back().unwrap();
    with_password(&test, "ilse").await;
    let all = postgres::bytes(test.dir.path()).await;
    let holds = |word: &str| all.windows(word.len()).any(|w| w == word.as_bytes());
    for opens in [session.as_str(), token.as_str(), invitation] {
        assert!(holds(&secret::hash(opens)), "it is on record");
        assert!(!holds(opens.trim_start_matches(tokens::PREFIX)), "and opens nothing for whoever reads the data");
    }
    assert!(holds("$argon2id$v=19$m=19456,t=2,p=1$") && !holds(PASSWORD));
}

/// What a hidden field of the page holds.
fn hidden(page: &str, name: &str) -> String {
    let after = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("{name} in {page}")).1;
    after.split('"').next().unwrap_or_default().to_owned()
}

/// A4: two who change the same details from two pages: the later one is shown what the other wrote beside what they typed
/// themselves, and may still mean theirs.
#[tokio::test]
async fn a4_a_stale_form_overwrites_nothing() {
    let test = TestApp::new().await;
    let (ilse, admin) = (test.browser("ilse").await, test.browser("ada").await);
    let theirs = format!("/admin/people/{}", test.person("ilse"));
    let own = ilse.page("/account").await;
    let page = admin.page(&theirs).await;
    let (seen, name, email) = (hidden(&page, "seen"), "Ilse Hartmann", "ilse@example.org");
    let saved = ilse
        .post(
            "/account/details",
            &[("phone", "+49 40 66969 777"), ("time_zone", "Europe/Paris"), ("seen", &hidden(&own, "seen"))],
        )
        .await;
    assert_eq!(saved.status(), 303);

    let typed = |seen: &str| {
        let all = [
            ("name", name),
            ("email", email),
            ("phone", "+49 40 1234567"),
            ("time_zone", "Europe/Paris"),
            ("seen", seen),
        ];
        all.map(|(k, v)| (k.to_owned(), v.to_owned()))
    };
    let send = async |seen: &str| {
        let typed = typed(seen);
        let fields: Vec<_> = typed.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        admin.post(&theirs, &fields).await
    };
    let late = send(&seen).await;
    assert_eq!(late.status(), 409);
    let late = late.text().await.unwrap();
    assert!(late.contains("value=\"+49 40 1234567\"") && late.contains("On record by now: +49 40 66969 777"), "{late}");
    assert!(!late.contains("On record by now: Europe/Paris"), "{late}");
    // Having seen it, they may still mean theirs.
    assert_eq!(send(&hidden(&late, "seen")).await.status(), 303);
    assert!(admin.page(&theirs).await.contains("value=\"+49 40 1234567\""));
    // And the page of their own account that is still open is as stale.
    let stale = [("phone", ""), ("time_zone", "Europe/Berlin"), ("seen", &*hidden(&own, "seen"))];
    let late = ilse.post("/account/details", &stale).await;
    assert_eq!(late.status(), 409);
    assert!(late.text().await.unwrap().contains("On record by now: +49 40 1234567"));
}
