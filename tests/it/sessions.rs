//! Sessions that somebody else could use: ended by an administrator, and asked about before what is most dangerous (A31).

use crate::{app::TestApp, given::policy_with};
use chrono::Duration;
use custody::{service::secret, store};
use serde_json::json;

/// A provider that nobody asks in these tests.
const PROVIDER: &str = r#"
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
    assert_eq!(program.delete(&format!("/people/{}/sessions", uuid::Uuid::from_u128(9))).await.0, 404);
}

/// E1, E3: programs read with which providers somebody signs in, and with which one each session was opened.
#[tokio::test]
async fn e3_the_api_says_with_which_provider() {
    let test = TestApp::with_policy(&policy_with(PROVIDER)).await;
    let (ilse, now) = (test.person("ilse"), test.app.clock.now());
    let tx = test.app.db.begin().await.unwrap();
    store::people::save_account(&tx, "https://login.example.org", "i7", ilse, None).await.unwrap();
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
