//! Groups that are told by mail, at an address of their own (O5).

use crate::{app::TestApp, outbox::trial, smtp_server::SmtpServer};
use custody::{
    domain::{
        lifecycle::Command,
        telling::{Kind, Owner, Preferences, Wanted},
    },
    service::{
        Error,
        channels::{self, Typed},
    },
    store::{self, outbox::State},
};
use serde_json::json;

const SHIFT: &str = "shift@example.org";

async fn with_mail(smtp: &SmtpServer) -> TestApp {
    TestApp::with_mail(&trial(), Some(&smtp.url)).await
}

async fn team(test: &TestApp, name: &str) -> Owner {
    let teams = store::teams::list_teams(&test.app.db.read).await.unwrap();
    Owner::Team(teams.iter().find(|t| t.name == name).unwrap().id)
}

fn to(address: &str) -> Typed {
    Typed { address: address.to_owned(), ..Typed::default() }
}

/// O5, N5: a group's address gets one letter of what concerns the group, whatever its members chose for themselves, and
/// none any more once it is removed.
#[tokio::test]
async fn o5_a_group_is_told_by_mail() {
    let smtp = SmtpServer::start().await;
    let test = with_mail(&smtp).await;
    let (ada, doc) = (test.caller("ada"), team(&test, "DOC").await);
    let of = Preferences::default();
    let id = channels::add(&test.app, &ada, doc, Kind::Mail, to(SHIFT), of).await.unwrap();
    test.reduced_support("magnet").await;
    test.delivers().await;
    smtp.forget();
    test.shuts_down("magnet").await;
    test.delivers().await;
    let letters = smtp.letters_to(SHIFT);
    assert_eq!(letters.len(), 1, "{letters:?}");
    let Owner::Team(group) = doc else { unreachable!() };
    let text = letters[0].text.replace("=\r\n", "").replace("=\n", "");
    for said in ["DOC", "shut it down", &format!("/admin/groups/{group}/notifications")] {
        assert!(text.contains(said), "{said} in {text}");
    }
    let taken = channels::try_out(&test.app, &ada, doc, &id).await.unwrap();
    assert_eq!(taken.unwrap(), SHIFT);
    assert_eq!(smtp.letters_to(SHIFT).len(), 2);

    test.does("lena", "magnet", Command::Restart { text: "The limit is in.".to_owned() }).await.unwrap();
    channels::remove(&test.app, &ada, doc, &id).await.unwrap();
    let gone = store::outbox::list(&test.app.db.read, &[State::GivenUp], None, 100).await.unwrap().0;
    assert!(gone.iter().any(|l| l.channel == id), "{gone:?}");
}

/// O5: what a group's address takes is chosen like that of a chat: what waits for one of its members, once a day.
#[tokio::test]
async fn o5_a_group_chooses_what_comes_by_mail() {
    let smtp = SmtpServer::start().await;
    let test = with_mail(&smtp).await;
    let (ada, ici, doc) = (test.caller("ada"), team(&test, "ICI").await, team(&test, "DOC").await);
    let at = |hour| chrono::NaiveTime::from_hms_opt(hour, 0, 0);
    let daily = Preferences { wanted: Wanted::Mine, digest: at(18), quiet: None };
    channels::add(&test.app, &ada, ici, Kind::Mail, to("ici@example.org"), daily).await.unwrap();
    let nothing = Preferences { wanted: Wanted::Nothing, ..Preferences::default() };
    channels::add(&test.app, &ada, doc, Kind::Mail, to(SHIFT), nothing).await.unwrap();
    test.reduced_support("magnet").await;
    test.delivers().await;
    assert!(smtp.letters_to("ici@example.org").is_empty() && smtp.letters_to(SHIFT).is_empty());
    test.advance(chrono::Duration::hours(12));
    test.delivers().await;
    let letters = smtp.letters_to("ici@example.org");
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(letters[0].text.contains("asked to contribute magnet"), "{letters:?}");
}

/// O5: an address is entered by administrators alone, for groups alone, and is one.
#[tokio::test]
async fn o5_an_address_is_a_groups() {
    let smtp = SmtpServer::start().await;
    let test = with_mail(&smtp).await;
    let (ada, doc, of) = (test.caller("ada"), team(&test, "DOC").await, Preferences::default());
    for wrong in ["", "shift", "shift@example.org\r\nBcc: all@example.org", "https://example.org/hooks/1"] {
        let refused = channels::add(&test.app, &ada, doc, Kind::Mail, to(wrong), of).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{wrong:?}: {refused:?}");
    }
    let refused = channels::add(&test.app, &test.caller("ilse"), doc, Kind::Mail, to(SHIFT), of).await;
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    let own = Owner::Person(test.person("ada"));
    let refused = channels::add(&test.app, &ada, own, Kind::Mail, to(SHIFT), of).await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
}

/// O5: pages and API add, show, change and remove it.
#[tokio::test]
async fn o5_pages_and_api_keep_a_groups_address() {
    let smtp = SmtpServer::start().await;
    let test = with_mail(&smtp).await;
    let Owner::Team(group) = team(&test, "DOC").await else { unreachable!() };
    let ada = test.browser("ada").await;
    let base = format!("/admin/groups/{group}/notifications");
    assert!(ada.page(&base).await.contains("/new?kind=mail"));
    assert!(!ada.page("/account/notifications").await.contains("/new?kind=mail"));
    assert_eq!(ada.get("/account/notifications/new?kind=mail").await.status(), 422);
    assert!(ada.page(&format!("{base}/new?kind=mail")).await.contains("E-mail address"));
    let mut form = vec![("kind", "mail"), ("address", "shift"), ("wanted", "everything"), ("pace", "at_once")];
    let refused = ada.post(&format!("{base}/new"), &form).await;
    assert_eq!(refused.status(), 422);
    assert!(refused.text().await.unwrap().contains("like operations@example.org"));
    form[1].1 = SHIFT;
    assert_eq!(ada.post(&format!("{base}/new"), &form).await.status(), 303);
    let page = ada.page(&base).await;
    assert!(page.contains(SHIFT) && !page.contains("Mail is not set up."), "{page}");

    let api = test.acts("ada").await;
    let place = format!("/groups/{group}/channels");
    let listed = api.get(&place).await.1;
    assert_eq!((&listed["channels"][0]["kind"], &listed["channels"][0]["place"]), (&json!("mail"), &json!(SHIFT)));
    let id = listed["channels"][0]["id"].as_str().unwrap().to_owned();
    assert_ne!(id, "mail");
    let changed = [("address", "doc@example.org"), ("wanted", "mine"), ("pace", "at_once")];
    assert_eq!(ada.post(&format!("{base}/{id}"), &changed).await.status(), 303);
    assert!(ada.page(&format!("{base}/{id}")).await.contains("doc@example.org"));
    let mail = json!({ "kind": "mail", "address": "second@example.org", "takes": "everything" });
    let (status, second) = api.post(&place, mail.clone()).await;
    assert_eq!((status, &second["place"]), (201, &json!("second@example.org")));
    assert_eq!(api.post("/me/channels", mail).await.0, 422);
    assert_eq!(ada.post(&format!("{base}/{id}/test"), &[]).await.status(), 303);
    assert_eq!(smtp.letters_to("doc@example.org").len(), 1);
    assert_eq!(ada.post(&format!("{base}/{id}/remove"), &[]).await.status(), 303);
    let left = api.get(&place).await.1;
    assert_eq!(left["channels"].as_array().unwrap().len(), 1, "{left}");
}

/// F11: channels that were there before keep all that was chosen, and the roster still follows their changes.
#[tokio::test]
async fn f11_channels_outlive_the_change_of_their_table_in_sqlite() {
    use migrations::MigratorTrait;
    use sea_orm::{ConnectionTrait, Database, Statement};
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("custody.db");
    let db = Database::connect(format!("sqlite://{}?mode=rwc", file.display())).await.unwrap();
    migrations::Migrator::up(&db, Some(27)).await.unwrap();
    let person = uuid::Uuid::from_u128(1);
    for statement in [
        format!(
            "INSERT INTO person (id, name, email, time_zone, created_at) VALUES ('{person}', 'Ilse', 'i@example.org', 'Europe/Berlin', '2026-11-21T08:00:00+00:00')"
        ),
        format!(
            "INSERT INTO channel (id, person_id, kind, address, wanted, quiet_from, quiet_to, changed_at) VALUES ('c1', '{person}', 'slack', 'https://hooks.example.com/1', 'mine', '22:00', '07:00', '2026-11-21T08:00:00+00:00')"
        ),
    ] {
        db.execute_unprepared(&statement).await.unwrap();
    }
    db.close().await.unwrap();
    let db = store::Db::open(&file).await.unwrap();
    let kept = store::channels::list_all(&db.read).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].kind, kept[0].preferences.wanted), (Kind::Slack, Wanted::Mine));
    assert!(kept[0].preferences.quiet.is_some() && kept[0].address.0.ends_with("/1"));
    let version = async || {
        let ask = Statement::from_string(db.read.get_database_backend(), "SELECT version FROM roster");
        db.read.query_one_raw(ask).await.unwrap().unwrap().try_get::<String>("", "version").unwrap()
    };
    let before = version().await;
    let tx = db.begin().await.unwrap();
    store::channels::delete(&tx, "c1").await.unwrap();
    tx.commit().await.unwrap();
    assert_ne!(version().await, before);
}
