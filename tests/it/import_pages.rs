//! E5 in the browser: handed in, looked at, agreed to; what is agreed to is what was shown.

use crate::{
    app::{Browser, TestApp},
    chat_server::ChatServer,
    given::{policy_with, policy_with_servers},
    http_server::{Behaviour, HttpServer},
    import::devices_of_ctrl,
    postgres,
};
use chrono::Duration;
use custody::{
    service::{checks, people, tokens::TokenScope},
    store,
};
use reqwest::{Method, Response};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

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

/// E5, F9, A35: a request ends after 45 seconds: before that, the page and the API show what would become of each line,
/// however long a repository hangs.
#[tokio::test]
async fn e5_a_plan_is_shown_although_a_repository_hangs() {
    if postgres::is_wanted() {
        println!("not tried again: it takes half a minute, and the data have no part in it");
        return;
    }
    let hangs = HttpServer::start(Behaviour::Hang).await;
    let test = TestApp::with_policy(&policy_with_servers(100)).await;
    let table = devices_of_ctrl([("away".to_owned(), hangs.address())]);
    let (ada, program) = (test.browser("ada").await, test.program("ada", TokenScope::Admin).await);
    let path = leads_to(&hand_in(&ada, "devices", Some(("devices.csv", table.as_bytes())), "").await);
    let body = json!({ "kind": "devices", "source": "devices.csv", "table": table });
    let (page, (status, told)) = tokio::join!(ada.page(&path), program.post("/imports", body));
    let late = "1.0.0 was not looked for in time";
    assert!(page.contains(late) && page.contains("1 line is refused"), "{page}");
    assert_eq!(status, 200, "{told}");
    assert!(told["lines"][0]["about"].as_str().unwrap().contains(late), "{told}");
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
    let teams = store::teams::list_teams(&tx).await.unwrap();
    let admins = teams.iter().find(|t| t.name == "Administrators").unwrap().id;
    store::teams::save_member(&tx, admins, test.person("lena"), false).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(test.browser("lena").await.get(&path).await.status(), 404);
    // A list of people is not left lying about.
    test.advance(Duration::hours(25));
    checks::round(&test.app).await.unwrap();
    assert_eq!(test.browser("ada").await.get(&path).await.status(), 404);
}

/// E5: whoever has to mend what they handed in finds it in the form again, as far as a browser can: its kind, and its
/// text where it was pasted.
#[tokio::test]
async fn e5_what_is_to_be_mended_is_in_the_form_again() {
    let test = TestApp::new().await;
    let (ada, wrong) = (test.browser("ada").await, "name,email\nPetra Sommer,nobody\n");
    let kind = "value=\"people\" checked";
    for (file, kept) in [(None, true), (Some(("people.csv", wrong.as_bytes())), false)] {
        let path = leads_to(&hand_in(&ada, "people", file, if kept { wrong } else { "" }).await);
        let page = ada.page(&path).await;
        let again = format!("/admin/import?again={}", path.rsplit('/').next().unwrap());
        assert!(page.contains("1 line is refused") && page.contains(&format!("href=\"{again}\"")), "{page}");
        let form = ada.page(&again).await;
        assert!(form.contains(kind), "{form}");
        assert_eq!(form.contains("Petra Sommer,nobody"), kept, "{form}");
    }
    for nothing in ["/admin/import", "/admin/import?again=none", "/admin/import?what=ever"] {
        assert!(!ada.page(nothing).await.contains(kind), "{nothing}");
    }
}

/// E5, F4: where what was handed in cannot be kept, the page that says so has it still, a file's text too; nothing that
/// came with a token.
#[tokio::test]
async fn f4_what_was_handed_in_is_given_back() {
    let test = TestApp::new().await;
    let ada = test.browser("ada").await;
    let run = async |sql: &str| {
        let tx = test.app.db.begin().await.unwrap();
        tx.execute_unprepared(sql).await.unwrap();
        tx.commit().await.unwrap();
    };
    run("ALTER TABLE import_draft RENAME TO import_draft_away").await;
    for (file, text) in [(None, PEOPLE), (Some(("people.csv", PEOPLE.as_bytes())), "")] {
        let broken = hand_in(&ada, "people", file, text).await;
        assert_eq!(broken.status(), 500);
        let page = broken.text().await.unwrap();
        for said in [
            "<form method=\"post\" action=\"/admin/import\" enctype=\"multipart/form-data\">",
            "<input type=\"hidden\" name=\"kind\" value=\"people\">",
            "Send it again",
        ] {
            assert!(page.contains(said), "{said}: {page}");
        }
        let given = page.split("name=\"text\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        assert_eq!(given, PEOPLE, "{page}");
        assert_eq!(page.matches("name=\"text\"").count(), 1, "{page}");
    }
    let fields = [("program", "netbox"), ("reduced_tag", "reduced-support"), ("token", "nbt_key.verysecret")];
    let all: Vec<String> = PAGES.iter().map(|name| recorded(name)).collect();
    let broken = tells(&ada, &fields, Some(&all.join("\n"))).await;
    assert_eq!(broken.status(), 500);
    let page = broken.text().await.unwrap();
    assert!(!page.contains("Send it again") && !page.contains("verysecret"), "{page}");
    let broken = tells(&ada, &fields[..2], Some(&all.join("\n"))).await;
    let page = broken.text().await.unwrap();
    assert!(page.contains("name=\"answer_text\"") && page.contains("value=\"netbox\""), "{page}");
    run("ALTER TABLE import_draft_away RENAME TO import_draft").await;
    assert_eq!(hand_in(&ada, "people", None, PEOPLE).await.status(), 303);
}

/// Programs on this machine may be asked.
fn asking() -> String {
    policy_with("[imports]\nprotocols = [\"http-loopback\"]\nprivate_addresses = true\n")
}

fn recorded(name: &str) -> String {
    std::fs::read_to_string(format!("tests/fixtures/netbox/{name}.json")).unwrap()
}

const PAGES: [&str; 3] = ["devices_1", "devices_2", "virtual_machines"];

/// What stands in the form for other programs.
async fn tells(browser: &Browser, fields: &[(&str, &str)], file: Option<&str>) -> Response {
    let mut body = String::new();
    for (name, value) in fields {
        body += &format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    if let Some(answer) = file {
        let head = "Content-Disposition: form-data; name=\"answer\"; filename=\"netbox.json\"";
        body += &format!("--cut\r\n{head}\r\n\r\n{answer}\r\n");
    }
    body += "--cut--\r\n";
    let request = browser.client.post(format!("{}/admin/import", browser.url)).header("origin", &browser.url);
    request.header("content-type", "multipart/form-data; boundary=cut").body(body).send().await.unwrap()
}

/// E5: NetBox is asked with a token from the form: its machines are shown first, then imported as they were shown; the
/// token goes to it alone, and neither a page nor what is kept has it.
#[tokio::test]
async fn e5_netbox_is_asked_from_the_page() {
    let test = TestApp::with_policy(&asking()).await;
    let (ada, netbox) = (test.browser("ada").await, ChatServer::start().await);
    PAGES.iter().for_each(|name| netbox.answers(200, None, &recorded(name)));
    let address = format!("{}/?site=hall", netbox.url);
    let fields = [
        ("program", "netbox"),
        ("address", &*address),
        ("token", "nbt_key.verysecret"),
        ("reduced_tag", "reduced-support"),
    ];
    let path = leads_to(&tells(&ada, &fields, None).await);
    assert!(netbox.posts().iter().all(|p| p.headers["authorization"] == "Bearer nbt_key.verysecret"));
    let asked = netbox.posts().len();
    let page = ada.page(&path).await;
    for says in ["2 new, 1 as it is", "sqs-rr-contrib-07", "site=hall", "Import 2 lines"] {
        assert!(page.contains(says), "{says}: {page}");
    }
    let done = ada.post(&path, &[("plan", &plan(&page))]).await;
    assert_eq!(done.status(), 303);
    assert!(ada.page("/admin/import").await.contains("2 new, 1 as it is. It is on record."));
    assert_eq!(netbox.posts().len(), asked, "what was shown is what is done: nothing is asked again");
    // Again there is nothing to do, and nothing of the token is kept anywhere.
    PAGES.iter().for_each(|name| netbox.answers(200, None, &recorded(name)));
    let again = ada.page(&leads_to(&tells(&ada, &fields, None).await)).await;
    assert!(again.contains("There is nothing to import."), "{again}");
    let kept = crate::postgres::bytes(test.dir.path()).await;
    assert!(!String::from_utf8_lossy(&kept).contains("verysecret") && !again.contains("verysecret"));

    // What goes wrong is said at the address, and the token is not sent back.
    for (status, answer, why) in
        [(403, "{}", "answered 403"), (302, "", "is not followed"), (200, "<b>", "no list of NetBox")]
    {
        netbox.answers(status, None, answer);
        let wrong = tells(&ada, &fields, None).await;
        assert_eq!(wrong.status(), 422);
        let page = wrong.text().await.unwrap();
        assert!(page.contains(why) && page.contains("site=hall") && !page.contains("verysecret"), "{why}: {page}");
    }
}

/// E5: recorded answers come in the same way, whole or not at all; what a Tango database has without a host is said.
#[tokio::test]
async fn e5_recorded_answers_come_in() {
    let test = TestApp::new().await;
    let ada = test.browser("ada").await;
    let all: Vec<String> = PAGES.iter().map(|name| recorded(name)).collect();
    let netbox = [("program", "netbox"), ("reduced_tag", "reduced-support")];
    let page = ada.page(&leads_to(&tells(&ada, &netbox, Some(&all.join("\n"))).await)).await;
    assert!(page.contains("netbox.json") && page.contains("2 new, 1 as it is"), "{page}");
    let tango = include_str!("../fixtures/tango/tangogql_inventory.json");
    let fields = [
        ("program", "tango"),
        ("answer_text", tango),
        ("instrument", "SCS"),
        ("leave_out", "Starter/*; DataBaseds/*; Tango*"),
    ];
    let page = ada.page(&leads_to(&tells(&ada, &fields, None).await)).await;
    assert!(page.contains("LabCam/lab1") && page.contains("The host vm is not on record"), "{page}");
    let karabo = include_str!("../fixtures/karabo/aggregator_status.json");
    let fields = [("program", "karabo"), ("answer_text", karabo), ("instrument", "SCS"), ("leave_out", "karabo/*")];
    let page = ada.page(&leads_to(&tells(&ada, &fields, None).await)).await;
    assert!(page.contains("h7/mdl/spare") && page.contains("vm was heard of last at"), "{page}");
    let program = test.program("ada", TokenScope::Admin).await;
    let body = json!({ "kind": "karabo", "source": "status.json", "table": karabo, "leave_out": ["karabo/*"] });
    let (status, told) = program.post("/imports", body).await;
    assert_eq!((status, told["lines"].as_array().map(Vec::len)), (200, Some(4)), "{told}");
    let half = tells(&ada, &netbox, Some(&all[0])).await;
    assert_eq!(half.status(), 422);
    assert!(half.text().await.unwrap().contains("hand in every page"));
    let ilse = test.browser("ilse").await;
    assert_eq!(tells(&ilse, &netbox, Some(&all.join(""))).await.status(), 403);
    for (fields, why) in [
        (vec![("program", "")], "Choose the program that has it"),
        (vec![("program", "netbox"), ("address", "")], "hand in its recorded answer below"),
        (vec![("program", "netbox"), ("address", "https://x.example.org"), ("answer_text", "{}")], "not both"),
        (vec![("program", "tango"), ("answer_text", "{}")], "There is a problem"),
        (vec![("program", "karabo"), ("answer_text", r#"{"success":true,"servers":[]}"#)], "does not say its host"),
    ] {
        let wrong = tells(&ada, &fields, None).await;
        assert_eq!(wrong.status(), 422, "{why}");
        assert!(wrong.text().await.unwrap().contains(why), "{why}");
    }
}

/// E5, A23: a host keeps the class that it comes in with: page and API show it in each line, say where no machine has the
/// tag by which they are told apart, and take nothing for a tag that is none.
#[tokio::test]
async fn e5_a_tag_that_no_machine_has_is_said() {
    let test = TestApp::new().await;
    let (ada, program) = (test.browser("ada").await, test.program("ada", TokenScope::Admin).await);
    let all: Vec<String> = PAGES.iter().map(|name| recorded(name)).collect();
    let all = all.join("");
    let note = "No machine there has the tag reduced_support, so each of them counts as full.";
    for (tag, support, notes) in [
        ("reduced-support", "with reduced support", json!([])),
        ("reduced_support", "with full support", json!([note])),
    ] {
        let kept = tells(&ada, &[("program", "netbox"), ("reduced_tag", tag)], Some(&all)).await;
        let page = ada.page(&leads_to(&kept)).await;
        let row = page.split("<b>sqs-rr-contrib-07</b>").nth(1).unwrap().split("</tr>").next().unwrap();
        assert!(row.contains(support), "{row}");
        assert_eq!(page.contains(note) && page.contains("Worth knowing"), tag == "reduced_support", "{page}");
        let body = json!({ "kind": "netbox", "source": "netbox.json", "table": all, "reduced_tag": tag });
        let (status, told) = program.post("/imports", body).await;
        assert_eq!((status, &told["notes"], &told["lines"][0]["about"]), (200, &notes, &json!(support)), "{told}");
    }
    for no_slug in ["", "Reduced support"] {
        let wrong = tells(&ada, &[("program", "netbox"), ("reduced_tag", no_slug)], Some(&all)).await;
        assert_eq!(wrong.status(), 422);
        assert!(wrong.text().await.unwrap().contains("Enter the slug of the tag"), "{no_slug}");
        let body = json!({ "kind": "netbox", "source": "netbox.json", "table": all, "reduced_tag": no_slug });
        let (status, told) = program.post("/imports", body).await;
        assert_eq!((status, &told["errors"][0]["field"]), (422, &json!("reduced_tag")), "{told}");
    }
}

/// A18, A27, E3: no address inward is asked unless the policy says so, by the page or by the API, and nobody but an
/// administrator has anything asked; the API does what the page does, without keeping the token.
#[tokio::test]
async fn a27_imports_ask_no_address_that_is_not_admitted() {
    let test = TestApp::new().await;
    let (ada, netbox) = (test.browser("ada").await, ChatServer::start().await);
    let program = test.program("ada", TokenScope::Admin).await;
    for (address, why) in [
        (netbox.url.as_str(), "begins with https://"),
        ("https://127.0.0.1/", "private_addresses"),
        ("https://0x7f.1/", "private_addresses"),
        ("https://localhost:8443/", "private_addresses"),
        ("https://169.254.169.254/latest", "private_addresses"),
        ("https://[::ffff:10.0.0.7]/", "private_addresses"),
        ("https://ada:secret@netbox.example.org/", "Leave out the name and password"),
        ("file:///etc/passwd", "This is no address"),
    ] {
        let fields = [("program", "netbox"), ("address", address), ("reduced_tag", "reduced-support")];
        let wrong = tells(&ada, &fields, None).await;
        assert_eq!(wrong.status(), 422, "{address}");
        let page = wrong.text().await.unwrap();
        assert!(page.contains(why), "{address}: {page}");
        for kind in ["netbox", "karabo"] {
            let body = json!({ "kind": kind, "address": address, "token": "x" });
            let said = program.sends(Method::POST, "/imports", &[], Some(body)).await;
            assert_eq!(said.status(), 422, "{address}");
            assert!(said.text().await.unwrap().contains(why), "{address}");
        }
    }
    assert!(netbox.posts().is_empty());

    let test = TestApp::with_policy(&asking()).await;
    let body = json!({ "kind": "netbox", "address": netbox.url, "token": "nbt_key.verysecret" });
    for who in ["ilse", "lena"] {
        let other = test.program(who, TokenScope::Admin).await;
        assert_eq!(other.sends(Method::POST, "/imports", &[], Some(body.clone())).await.status(), 403, "{who}");
    }
    assert!(netbox.posts().is_empty(), "nothing is asked for them");
    let program = test.program("ada", TokenScope::Admin).await;
    let answers = || PAGES.iter().for_each(|name| netbox.answers(200, None, &recorded(name)));
    answers();
    let seen: Value = program.sends(Method::POST, "/imports", &[], Some(body.clone())).await.json().await.unwrap();
    assert_eq!((&seen["done"], seen["lines"].as_array().unwrap().len()), (&json!(false), 3), "{seen}");
    let mut agreed = body.clone();
    agreed["plan"] = seen["plan"].clone();
    answers();
    let done: Value = program.sends(Method::POST, "/imports", &[], Some(agreed)).await.json().await.unwrap();
    assert_eq!((&done["done"], &done["source"]), (&json!(true), &json!(format!("{}/", netbox.url))), "{done}");
    for wrong in [
        json!({ "kind": "netbox" }),
        json!({ "kind": "netbox", "source": "x", "table": "{}", "token": "t" }),
        json!({ "kind": "people", "source": "p.csv", "address": netbox.url }),
        json!({ "kind": "people", "table": "name,email\n" }),
    ] {
        assert_eq!(program.sends(Method::POST, "/imports", &[], Some(wrong.clone())).await.status(), 422, "{wrong}");
    }
    let all: Vec<String> = PAGES.iter().map(|name| recorded(name)).collect();
    let body = json!({ "kind": "netbox", "source": "netbox.json", "table": all.join("") });
    let again: Value = program.sends(Method::POST, "/imports", &[], Some(body)).await.json().await.unwrap();
    assert!(again["lines"].as_array().unwrap().iter().all(|l| l["fate"] == "as it is"), "{again}");
    let kept = crate::postgres::bytes(test.dir.path()).await;
    assert!(!String::from_utf8_lossy(&kept).contains("verysecret"));
}
