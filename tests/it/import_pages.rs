//! E5 in the browser: handed in, looked at, agreed to; what is agreed to is what was shown.

use crate::app::{Browser, TestApp};
use chrono::Duration;
use custody::{
    service::{checks, people},
    store,
};
use reqwest::Response;

const PEOPLE: &str = include_str!("../fixtures/import/people.csv");

/// A form as a browser sends it, with a file.
async fn hand_in(browser: &Browser, kind: &str, file: Option<(&str, &[u8])>, text: &str) -> Response {
    let mut body = Vec::new();
    let mut part = |head: String, bytes: &[u8]| {
        body.extend_from_slice(format!("--cut\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    };
    part("name=\"kind\"".to_owned(), kind.as_bytes());
    if let Some((name, bytes)) = file {
        part(format!("name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/csv"), bytes);
    }
    part("name=\"text\"".to_owned(), text.as_bytes());
    body.extend_from_slice(b"--cut--\r\n");
    let request = browser.client.post(format!("{}/admin/import", browser.url)).header("origin", &browser.url);
    request.header("content-type", "multipart/form-data; boundary=cut").body(body).send().await.unwrap()
}

fn leads_to(response: &Response) -> String {
    response.headers()["location"].to_str().unwrap().to_owned()
}

/// The plan that a page shows, as its button sends it.
fn plan(page: &str) -> String {
    page.split("name=\"plan\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// E5: a file's lines with their fates, then exactly that; a second time there is nothing to do.
#[tokio::test]
async fn e5_an_import_in_the_browser() {
    let test = TestApp::new().await;
    let ada = test.browser("ada").await;
    assert!(ada.page("/admin/import").await.contains("Show what would come of it"));
    let kept = hand_in(&ada, "people", Some(("people.csv", PEOPLE.as_bytes())), "").await;
    assert_eq!(kept.status(), 303);
    let path = leads_to(&kept);
    let page = ada.page(&path).await;
    for says in ["people.csv", "3 new", "Import 3 lines", "petra.sommer@example.org"] {
        assert!(page.contains(says), "{says}: {page}");
    }
    assert!(!ada.page("/admin/people?q=Sommer").await.contains("petra.sommer"), "nothing is done by looking");
    let done = ada.post(&path, &[("plan", &plan(&page))]).await;
    assert_eq!((done.status().as_u16(), leads_to(&done).as_str()), (303, "/admin/import"));
    assert!(ada.page("/admin/import").await.contains("people.csv: 3 new. It is on record."));
    assert!(ada.page("/admin/people?q=Sommer").await.contains("petra.sommer"));
    assert_eq!(ada.get(&path).await.status(), 404, "what is done is kept no longer");

    let pasted = hand_in(&ada, "people", Some(("", b"")), PEOPLE).await;
    let page = ada.page(&leads_to(&pasted)).await;
    assert!(page.contains("There is nothing to import.") && !page.contains("name=\"plan\""), "{page}");
}

/// E5, A4: who agrees to a plan gets that plan; where the record moved it is shown again, and nothing is done.
#[tokio::test]
async fn e5_what_is_agreed_to_is_what_was_shown() {
    let test = TestApp::new().await;
    let ada = test.browser("ada").await;
    let path = leads_to(&hand_in(&ada, "people", Some(("p.csv", PEOPLE.as_bytes())), "").await);
    let shown = plan(&ada.page(&path).await);
    let new =
        people::NewPerson { name: "Aiko T.".to_owned(), email: "aiko.tanaka@example.org".to_owned(), phone: None };
    people::add(&test.app, &test.caller("ada"), new).await.unwrap();
    let moved = ada.post(&path, &[("plan", &shown)]).await;
    assert_eq!(moved.status(), 409);
    let page = moved.text().await.unwrap();
    assert!(page.contains("The record has changed since you looked") && page.contains("2 new, 1 changed"), "{page}");
    assert!(!ada.page("/admin/people?q=Sommer").await.contains("petra.sommer"));
    assert_eq!(ada.post(&path, &[("plan", &plan(&page))]).await.status(), 303);
    assert!(ada.page("/admin/people?q=Sommer").await.contains("petra.sommer"));
}

/// E5, A28, A35: only administrators hand in, each sees their own, and what is no table is said to be none.
#[tokio::test]
async fn e5_what_is_handed_in_is_judged() {
    let test = TestApp::new().await;
    let (ada, ilse) = (test.browser("ada").await, test.browser("ilse").await);
    assert_eq!(ilse.get("/admin/import").await.status(), 403);
    assert_eq!(hand_in(&ilse, "people", None, PEOPLE).await.status(), 403);
    for (kind, file, text, why) in [
        ("people", None, "", "Choose a file, or paste its text below"),
        ("", None, PEOPLE, "Choose what the table holds"),
        ("everything", None, PEOPLE, "Choose what the table holds"),
        ("people", None, "name\nx\n", "Line 1: The column email is missing"),
        ("people", Some(("p.csv", b"name,email\nx\xe9,y\n".as_slice())), "", "Line 2: It is not in UTF-8"),
        ("people", Some(("p.csv", b"name,email\n=x,y\n".as_slice())), "", "begins like a formula"),
    ] {
        let again = hand_in(&ada, kind, file, text).await;
        assert_eq!(again.status(), 422, "{why}");
        let page = again.text().await.unwrap();
        assert!(page.contains(why) && page.contains("There is a problem"), "{why}: {page}");
    }
    let refused = hand_in(&ada, "people", None, "name,email\nX Y,x@example.org\n<b>,<script>@example.org\n").await;
    let page = ada.page(&leads_to(&refused)).await;
    assert!(page.contains("1 line is refused") && !page.contains("<script>@") && !page.contains("name=\"plan\""));
    let path = leads_to(&refused);
    assert_eq!(ada.post(&path, &[("plan", "")]).await.status(), 409);
    let large = hand_in(&ada, "people", Some(("p.csv", &vec![b'x'; 3 << 20])), "").await;
    assert_eq!(large.status(), 413);
    let odd = ada.post("/admin/import", &[("kind", "people")]).await;
    assert_eq!(odd.status(), 422);

    // Another administrator's is theirs.
    let tx = test.app.db.begin().await.unwrap();
    let teams = store::people::list_teams(&tx).await.unwrap();
    let admins = teams.iter().find(|t| t.name == "Administrators").unwrap().id;
    store::people::save_member(&tx, admins, test.person("lena"), false).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(test.browser("lena").await.get(&path).await.status(), 404);
    // A list of people is not left lying about.
    test.advance(Duration::hours(25));
    checks::round(&test.app).await.unwrap();
    assert_eq!(test.browser("ada").await.get(&path).await.status(), 404);
}
