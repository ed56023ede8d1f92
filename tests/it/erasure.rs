//! A37: a person asks to be forgotten; and what is no record is kept for as long as the policy says.

use crate::{
    app::{POLICY, REDUCED, TestApp, open},
    given::tag,
};
use chrono::Duration;
use custody::{
    domain::{id::PersonId, lifecycle::Command},
    service::{
        self, Error, accounts, calendar, checks, closing, drafts, erasure, import, people, retention,
        sessions::{self, LOCAL},
        tokens::{self, TokenScope},
    },
    store,
};
use futures_util::TryStreamExt;
use reqwest::Method;
use sea_orm::{ConnectionTrait, Statement};
use sha2::{Digest, Sha256};

/// Everything that the database holds, a row a line.
async fn dump(test: &TestApp) -> String {
    let c = &test.app.db.read;
    let mut all = String::new();
    for table in store::whole::tables(c).await.unwrap() {
        let rows: Vec<String> = store::whole::stream(c, &table).await.unwrap().try_collect().await.unwrap();
        all.extend(rows.iter().map(|row| format!("{}: {row}\n", table.name)));
    }
    all
}

/// A message for somebody.
fn on_its_way(test: &TestApp, to: &str) -> store::outbox::Entry {
    store::outbox::Entry {
        channel: "mail".to_owned(),
        owner: custody::domain::telling::Owner::Person(test.person(to)),
        device: None,
        key: "k1".to_owned(),
        text: "Somebody asks.".to_owned(),
        path: "/".to_owned(),
        urgent: false,
        at: test.app.clock.now(),
        due: test.app.clock.now(),
        digest: false,
        in_order: false,
        mail_to: None,
    }
}

fn lines_with<'a>(text: &'a str, what: &str) -> Vec<&'a str> {
    text.lines().filter(|l| l.contains(what)).collect()
}

/// A37: the journal of a whole life of a device holds neither names nor addresses, refusals included.
#[tokio::test]
async fn a37_the_journal_names_ids() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    test.requested("slits").await;
    // Refused because of somebody, by name.
    test.does("lena", "slits", Command::TakeRequest {}).await.unwrap();
    test.does("lena", "slits", Command::Accept {}).await.unwrap_err();
    test.does("ilse", "magnet", Command::TakeOwnership {}).await.unwrap_err();
    test.does("noor", "slits", Command::Accept {}).await.unwrap_err();
    let all = store::journal::list_after(&test.app.db.read, 0, 10_000).await.unwrap();
    assert!(all.iter().any(|e| e.kind == "refused") && all.iter().any(|e| e.kind == "tag_verified"));
    for e in &all {
        for personal in ["@example.org", "Hartmann", "Dvořák", "Brandt", "+49 40 66969 2"] {
            assert!(!e.body.contains(personal), "{personal} in {}: {}", e.kind, e.body);
        }
    }
    // Nor what anybody can make of an address that they guess: it takes the key, which every process finds in the data.
    let guessed = format!("{:x}", Sha256::digest("ilse@example.org"));
    let author = test.app.author_key.author_id("ilse@example.org");
    assert!(all.iter().all(|e| !e.body.contains(&guessed)));
    assert!(all.iter().any(|e| e.kind == "commit_proposed" && e.body.contains(&author)));
    let again = open(test.dir.path(), test.app.clock.clone(), &POLICY, &test.url).await;
    assert_eq!(again.author_key.author_id(" Ilse@example.org"), author);
    again.stop.cancel();
    // And is read with the names all the same.
    let browser = test.browser("lena").await;
    let history = browser.page("/devices/slits/history").await;
    assert!(history.contains("was refused to accept") && history.contains("Ilse Hartmann"), "{history}");
    let release = browser.page("/devices/magnet/releases/1.0.0").await;
    assert!(release.contains("Ilse Hartmann"), "who tagged it is known by their address: {release}");
    assert!(test.device("magnet").await.release(&tag("1.0.0")).unwrap().verified.tagger.is_none());
}

/// A37: what is personal goes from everywhere, pages say so, the journal verifies, and the device that has nobody left to
/// call stands out.
#[tokio::test]
async fn a37_a_person_is_erased() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.requested("slits").await;
    let (app, marek) = (&test.app, test.person("marek"));
    // Everything that is kept of somebody.
    let tx = app.db.begin().await.unwrap();
    accounts::set_password(&tx, app, marek, "marek", "four words nobody says").await.unwrap();
    tx.commit().await.unwrap();
    let own = people::OwnDetails {
        phone: Some("+49 40 66969 219".to_owned()),
        time_zone: "Europe/Prague".to_owned(),
        commit_emails: vec!["dvorak@users.example.org".to_owned()],
    };
    people::edit_own(app, &test.caller("marek"), own).await.unwrap();
    drafts::create(app, &test.caller("marek"), marek).await.unwrap();
    let browser = test.browser("marek").await;
    assert_eq!(browser.page("/my").await.matches("Sign out").count().min(1), 1);
    let data = browser.get("/account/data.json").await;
    assert!(data.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
    let data: serde_json::Value = data.json().await.unwrap();
    assert_eq!(data["person"]["email"], "marek@example.org");
    assert_eq!(data["accounts"][0]["name"], "marek");
    assert!(data["notices"].as_array().unwrap().len() > 1 && data["sessions"][0]["address"].is_string(), "{data}");
    assert_eq!(data["devices"].as_array().unwrap().len(), 2);
    assert_eq!(test.stranger().get("/account/data.json").await.status(), 303);
    let (_, secret) =
        tokens::create(app, &test.caller("lena"), "a job", TokenScope::Observe("cppServer/contrib_scs_01".into()), 9)
            .await
            .unwrap();
    // Ilse is called no longer: Marek is the last one.
    let last = test.device("magnet").await.contacts[1].clone();
    // Answers that programs were given under a key, his own and another's.
    let admin = test.acts("ada").await;
    let key = [("idempotency-key", "k1")];
    let details = serde_json::json!({ "name": "Marek Dvořák", "email": "marek@example.org",
        "phone": "+49 40 66969 219", "time_zone": "Europe/Prague", "commit_emails": ["dvorak@users.example.org"] });
    let put = admin.sends(Method::PUT, &format!("/people/{marek}"), &key, Some(details)).await;
    assert!(put.status().is_success(), "{}", put.text().await.unwrap());
    let own = serde_json::json!({ "phone": "+49 40 66969 219", "time_zone": "Europe/Prague",
        "commit_emails": ["dvorak@users.example.org"] });
    let put = test.acts("marek").await.sends(Method::PUT, "/me", &key, Some(own)).await;
    assert!(put.status().is_success(), "{}", put.text().await.unwrap());
    test.does("lena", "magnet", Command::SetContacts { contacts: vec![last] }).await.unwrap();
    // What an administrator handed in and has not imported, and what he gave up of what was on its way to another.
    let tables = [
        ("people.csv", "name,email\nMarek Dvořák,somebody@example.org\n"),
        ("more.csv", "name,email\nSomebody,DVORAK@users.example.org\n"),
        ("others.csv", "name,email\nVera Klein,vera@example.org\n"),
    ];
    for (source, content) in tables {
        import::keep(app, &test.caller("ada"), import::Kind::People, source, content.as_bytes()).await.unwrap();
    }
    let tx = app.db.begin().await.unwrap();
    store::outbox::insert(&tx, vec![on_its_way(&test, "noor")]).await.unwrap();
    tx.execute_unprepared("UPDATE outbox SET error = 'Given up by Marek Dvořák'").await.unwrap();
    tx.commit().await.unwrap();
    let before = dump(&test).await;
    assert!(!lines_with(&before, "Given up by Marek").is_empty());
    for personal in ["Dvořák", "marek@", "dvorak", "66969 219", "Europe/Prague"] {
        assert!(!lines_with(&before, personal).is_empty(), "{personal} is kept before");
    }

    let ada = test.browser("ada").await;
    let path = format!("/admin/people/{marek}/erase");
    let page = ada.page(&path).await;
    for says in ["Erase Marek Dvořák?", "cannot be undone", "Nobody can then be called for", "magnet", "slits"] {
        assert!(page.contains(says), "{says}: {page}");
    }
    assert_eq!(test.browser("lena").await.post(&path, &[]).await.status(), 403);
    assert_eq!(ada.post(&path, &[]).await.status(), 303);

    // Not a trace but in the bodies of what was there before is left: of those there are none.
    let after = dump(&test).await;
    for personal in ["Dvořák", "marek@", "dvorak", "66969 219", "Europe/Prague"] {
        let left = lines_with(&after, personal);
        assert!(left.is_empty(), "{personal}: {left:#?}");
    }
    assert!(lines_with(&after, "DVORAK").is_empty() && !lines_with(&after, "Vera Klein").is_empty());
    let profile = people::find(app, marek).await.unwrap().unwrap();
    assert!(profile.is_erased() && profile.person.name == "a person who was erased");
    assert!(store::accounts::find(&app.db.read, LOCAL, "marek").await.unwrap().is_none());
    assert_eq!(browser.get("/my").await.status(), 303, "the session is dead at once");
    assert!(sessions::open(app, marek, "test", "test").await.unwrap().is_none(), "and none is opened");
    let chain = store::journal::verify(&app.db.read).await.unwrap();
    assert!(chain.is_ok(), "{chain:?}");
    for name in ["magnet", "slits"] {
        let device = test.device(name).await;
        assert!(device.contacts.iter().all(|c| c.person != marek && c.deputy != Some(marek)), "{name}");
        assert!(device.is_contributor(marek), "by the id alone");
        assert_eq!(test.replayed(&device).await, device, "{name}");
    }

    // What stands out afterwards, and what pages say.
    assert!(ada.page("/orphans").await.contains("magnet"));
    for path in ["/devices/magnet", "/devices/magnet/history", "/", "/?q=magnet", "/devices/slits/discussion"] {
        let page = ada.page(path).await;
        assert!(!page.contains("Dvořák"), "{path}: {page}");
    }
    assert!(ada.page("/devices/magnet").await.contains("a person who was erased"));
    assert!(!ada.page("/?q=marek").await.contains("66969 219"));
    let page = ada.page(&format!("/admin/people/{marek}")).await;
    assert!(page.contains("asked to be forgotten") && !page.contains("Save details"), "{page}");
    assert_eq!(ada.get(&path).await.status(), 404);
    let again = closing::reopen(app, &test.caller("ada"), marek).await;
    assert!(matches!(again, Err(Error::Refused(_))), "{again:?}");
    erasure::erase(app, &test.caller("ada"), marek).await.unwrap();
    let report = test.stranger().client.get(format!("{}/api/v1/collectors", test.url)).bearer_auth(secret);
    assert_eq!(report.send().await.unwrap().status(), 200, "others' tokens go on");
    let verified = crate::backup::custody(&["audit", "verify"], &[("--data", test.dir.path())]);
    assert!(verified.status.success(), "{}", crate::backup::said(&verified));
}

/// A37: everybody gets what is on record of them, with what they wrote and did; and nobody what is private to others.
#[tokio::test]
async fn a37_everybody_gets_what_is_on_record_of_them() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let (app, marek) = (&test.app, test.caller("marek"));
    drafts::create(app, &marek, test.person("marek")).await.unwrap();
    calendar::make(app, &marek).await.unwrap();
    let tx = app.db.begin().await.unwrap();
    store::outbox::insert(&tx, vec![on_its_way(&test, "marek")]).await.unwrap();
    tx.commit().await.unwrap();
    test.does("chiara", "magnet", test.shut_down("jonas")).await.unwrap();
    let data = async |who: &str| {
        let data = test.browser(who).await.get("/account/data.json").await;
        data.json::<serde_json::Value>().await.unwrap()
    };

    let of_marek = data("marek").await;
    assert_eq!(of_marek["drafts"][0]["answers"]["contacts"][0]["person"], "Marek Dvořák <marek@example.org>");
    assert_eq!(of_marek["messages"][0]["text"], "Somebody asks.");
    assert!(of_marek["calendar_address_made"].is_string(), "{of_marek}");
    assert_eq!(of_marek["devices"][0]["name"], "magnet");
    assert_eq!(of_marek["devices"][0]["deputy_of"], serde_json::json!([test.person("ilse")]));
    let id = test.device("magnet").await.id.to_string();
    let did = |data: &serde_json::Value, what: &str| {
        let acts = data["acts"].as_array().unwrap();
        acts.iter().find(|act| act["of"] == id && act["what"] == what).map(|act| act["said"].to_string())
    };
    assert!(did(&of_marek, "contact_confirmed").is_some(), "{of_marek}");
    assert_eq!(did(&of_marek, "shut_down"), None, "others did that");

    let of_chiara = data("chiara").await;
    assert!(did(&of_chiara, "shut_down").unwrap().contains("It flooded the broker."), "{of_chiara}");
    assert_eq!((&of_chiara["drafts"], &of_chiara["messages"]), (&serde_json::json!([]), &serde_json::json!([])));
    assert_eq!(of_chiara["calendar_address_made"], serde_json::Value::Null);
}

/// A37: a former name is left nowhere: what others were told and the board's sentences say the new one, and then none.
#[tokio::test]
async fn a37_a_former_name_goes_too() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let (app, ada, chiara) = (&test.app, test.caller("ada"), test.person("chiara"));
    // She has nothing to do with the device but this.
    test.does("chiara", "magnet", test.shut_down("jonas")).await.unwrap();
    let says = |name: &str| {
        let latest = app.projection.read().card_by_name("magnet").unwrap().latest.clone();
        latest.iter().any(|t| t.text.contains(name))
    };
    assert!(says("Chiara Moretti"));
    let details = people::Details {
        name: "Chiara Bianchi".to_owned(),
        email: "chiara@example.org".to_owned(),
        phone: Some("+49 40 66969 133".to_owned()),
        time_zone: "Europe/Berlin".to_owned(),
        commit_emails: Vec::new(),
    };
    people::edit(app, &ada, chiara, details).await.unwrap();
    test.shown().await;
    assert!(says("Chiara Bianchi") && !says("Moretti"), "the board follows");
    let kept = dump(&test).await;
    assert!(lines_with(&kept, "Moretti").is_empty(), "{:#?}", lines_with(&kept, "Moretti"));
    assert!(!lines_with(&kept, "Chiara Bianchi shut it down").is_empty(), "who was told of it reads the new name");

    erasure::erase(app, &ada, chiara).await.unwrap();
    test.shown().await;
    assert!(!says("Chiara"));
    let page = test.stranger().page("/?q=magnet").await;
    assert!(page.contains("a person who was erased") && !page.contains("Moretti"), "{page}");
}

/// A37, E1: the last administrator who can sign in is not erased, and their own tokens end with whoever is.
#[tokio::test]
async fn a37_somebody_keeps_the_place() {
    let test = TestApp::new().await;
    let (app, ada, lena) = (&test.app, test.caller("ada"), test.caller("lena"));
    let refused = erasure::erase(app, &ada, test.person("ada")).await;
    assert!(matches!(&refused, Err(Error::Refused(r)) if r.sentence.contains("last administrator")), "{refused:?}");
    let nobody = erasure::erase(app, &ada, PersonId(uuid::Uuid::from_u128(9))).await;
    assert!(matches!(nobody, Err(Error::NotFound)), "{nobody:?}");
    let scope = TokenScope::Observe("cppServer/contrib_scs_01".into());
    let (_, secret) = tokens::create(app, &lena, "a job", scope, 9).await.unwrap();
    let ask = async || {
        let request = test.stranger().client.get(format!("{}/api/v1/collectors", test.url)).bearer_auth(&secret);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask().await, 200);
    erasure::erase(app, &ada, test.person("lena")).await.unwrap();
    assert_eq!(ask().await, 401);
    let team = service::groups::list(app).await.unwrap().0;
    assert!(team.iter().all(|t| t.members.iter().all(|m| m.0 != test.person("lena"))));
}

/// A37, O1: where something ran that stopped long ago is forgotten, on the board too; what runs and what stopped lately is
/// not.
#[tokio::test]
async fn a37_what_stopped_is_found_for_a_time() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.reduced_support("camera").await;
    let found = async |name: &str| test.stranger().get(&format!("/api/v1/status/{name}")).await.status().as_u16();
    let (magnet, camera) = ("SCS_TEST/MON/MAGNET", "SCS_TEST/MON/CAMERA");
    test.sees(REDUCED, &[("magnet", "1.0.0"), ("camera", "1.0.0")]).await;
    test.sees(REDUCED, &[("camera", "1.0.0")]).await;
    test.advance(Duration::days(364));
    retention::sweep(&test.app).await.unwrap();
    test.shown().await;
    assert_eq!((found(magnet).await, found(camera).await), (200, 200));
    test.advance(Duration::days(2));
    assert!(retention::sweep(&test.app).await.unwrap() > 0);
    test.shown().await;
    assert_eq!((found(magnet).await, found(camera).await), (404, 200));
    test.sees(REDUCED, &[("magnet", "1.0.0"), ("camera", "1.0.0")]).await;
    assert_eq!(found(magnet).await, 200, "it runs again");
}

/// A37: notices that were seen, links that ran out and old looks are deleted in time; what nobody has seen stays.
#[tokio::test]
async fn a37_what_is_no_record_is_kept_for_a_time() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let count = async |table: &str| {
        let ask = Statement::from_string(
            test.app.db.read.get_database_backend(),
            format!("SELECT count(*) AS n FROM {table}"),
        );
        let row = test.app.db.read.query_one_raw(ask).await.unwrap().unwrap();
        row.try_get::<i64>("", "n").unwrap()
    };
    let all = count("notice").await;
    assert!(all > 2 && count("confirmation").await > 0);
    assert_eq!(retention::sweep(&test.app).await.unwrap(), 0, "nothing is old yet");
    let tx = test.app.db.begin().await.unwrap();
    store::notices::mark_seen(&tx, test.person("ilse"), test.app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    let ilses = store::notices::list(&test.app.db.read, test.person("ilse"), 100).await.unwrap().len() as i64;
    test.advance(Duration::days(366));
    assert!(retention::sweep(&test.app).await.unwrap() > 0);
    assert_eq!((count("notice").await, count("confirmation").await), (all - ilses, 0));
    assert_eq!(retention::sweep(&test.app).await.unwrap(), 0);
    checks::round(&test.app).await.unwrap();
}
