//! Where people choose how they are told, and where administrators see what does not arrive (O5, A27).

use crate::{
    app::TestApp,
    chat_server::ChatServer,
    outbox::trial,
    smtp_server::{Mood, SmtpServer},
};
use chrono::Duration;
use custody::{
    domain::{lifecycle::Command, telling::Owner},
    service::tokens::TokenScope,
    store::{self, outbox::Entry},
};
use std::collections::BTreeSet;

const MINE: &str = "/account/notifications";

/// The address behind a link or a button on a page, by a part of it.
fn addresses<'a>(page: &'a str, part: &str) -> Vec<&'a str> {
    let all = page.split(['"']).filter(|a| a.starts_with('/') && a.contains(part));
    all.collect()
}

/// O5, A27: a chat is added on one's own page, tried out, changed and removed; its address shows shortened afterwards,
/// and stands in no journal.
#[tokio::test]
async fn a_chat_is_added_tried_out_and_removed() {
    let chat = ChatServer::start().await;
    let test = TestApp::with_policy(&trial()).await;
    let ilse = test.browser("ilse").await;
    let page = ilse.page(MINE).await;
    assert!(page.contains("Mail is not set up."), "{page}");
    assert!(page.contains("ilse@example.org"));

    let hook = format!("{}/hooks/kx7t2-very-secret-9f3c", chat.url);
    let mut form =
        vec![("kind", "mattermost"), ("address", "https://10.0.0.7/hooks/1"), ("wanted", "mine"), ("pace", "digest")];
    let refused = ilse.post("/account/notifications/new", &form).await;
    assert_eq!(refused.status(), 422);
    let text = refused.text().await.unwrap();
    assert!(text.contains("Enter a time of day, like 08:00"), "{text}");
    form.push(("digest_at", "08:00"));
    let refused = ilse.post("/account/notifications/new", &form).await;
    assert_eq!(refused.status(), 422);
    assert!(refused.text().await.unwrap().contains("Only an address that begins with https://"));
    form[1].1 = &hook;
    form.extend([("quiet_from", "22:00"), ("quiet_to", "07:00")]);
    assert_eq!(ilse.post("/account/notifications/new", &form).await.status(), 303);

    let page = ilse.page(MINE).await;
    assert!(page.contains("/…9f3c") && !page.contains("very-secret"), "{page}");
    assert!(page.contains("Once a day, at 08:00, except from 22:00 to 07:00"));
    let change = addresses(&page, MINE).into_iter().find(|a| a.len() > MINE.len() + 20).unwrap().to_owned();
    let shown = ilse.page(&change).await;
    assert!(!shown.contains("very-secret") && shown.contains("/…9f3c"), "{shown}");

    assert_eq!(ilse.post(&format!("{change}/test"), &[]).await.status(), 303);
    assert!(ilse.page(MINE).await.contains("The test message was taken by 127.0.0.1"));
    assert!(chat.posts()[0].text().contains("Ilse Hartmann tries whether messages arrive here"));
    chat.answers(404, None, "no such hook: kx7t2-very-secret-9f3c");
    ilse.post(&format!("{change}/test"), &[]).await;
    let said = ilse.page(MINE).await;
    assert!(said.contains("did not arrive") && said.contains("404") && !said.contains("very-secret"), "{said}");

    // Left empty, the address stays.
    let kept = [("address", ""), ("wanted", "everything"), ("pace", "at_once")];
    assert_eq!(ilse.post(&change, &kept).await.status(), 303);
    assert!(ilse.page(MINE).await.contains("/…9f3c"));

    let marek = test.browser("marek").await;
    assert_eq!(marek.get(&change).await.status(), 404, "a channel is its owner's");
    assert_eq!(marek.post(&format!("{change}/remove"), &[]).await.status(), 404);
    assert_eq!(marek.post(&format!("{change}/test"), &[]).await.status(), 404);

    assert_eq!(ilse.page(&format!("{change}/remove")).await.matches("Remove it").count(), 1);
    assert_eq!(ilse.post(&format!("{change}/remove"), &[]).await.status(), 303);
    assert!(!ilse.page(MINE).await.contains("/…9f3c"));
    let stream = format!("person/{}", test.person("ilse"));
    let entries = custody::store::journal::list_all(&test.app.db.read, &stream).await.unwrap();
    let kinds: Vec<_> = entries.iter().map(|e| e.kind.as_str()).collect();
    assert_eq!(kinds, ["signed_in", "channel_added", "channel_changed", "channel_removed"]);
    assert!(entries.iter().all(|e| !e.body.contains("hooks")), "{entries:?}");
    let record = test.browser("ada").await.page(&format!("/admin/people/{}", test.person("ilse"))).await;
    assert!(
        record.contains("removed a channel that they were told through") && !record.contains("changed something"),
        "{record}"
    );
}

/// O5: mail is there for everybody; what comes is theirs to choose, and nobody else's.
#[tokio::test]
async fn mail_is_chosen_and_tried_out() {
    let smtp = SmtpServer::start().await;
    let test = TestApp::with_mail(&trial(), Some(&smtp.url)).await;
    let ilse = test.browser("ilse").await;
    let page = ilse.page(MINE).await;
    assert!(!page.contains("Mail is not set up."));
    let same = [("wanted", "everything"), ("pace", "at_once"), ("quiet_from", "22:00"), ("quiet_to", "22:00")];
    assert_eq!(ilse.post("/account/notifications/mail", &same).await.status(), 422);
    let half = [("wanted", "everything"), ("pace", "at_once"), ("quiet_from", "22:00")];
    assert_eq!(ilse.post("/account/notifications/mail", &half).await.status(), 422);
    let unknown = [("wanted", "everything"), ("pace", "at_once"), ("person_id", "x")];
    assert_eq!(ilse.post("/account/notifications/mail", &unknown).await.status(), 422, "A29");
    let good = [("wanted", "mine"), ("pace", "digest"), ("digest_at", "07:30")];
    assert_eq!(ilse.post("/account/notifications/mail", &good).await.status(), 303);
    let page = ilse.page(MINE).await;
    assert!(page.contains("My turn and urgent things") && page.contains("Once a day, at 07:30"), "{page}");
    assert_eq!(ilse.post("/account/notifications/mail/test", &[]).await.status(), 303);
    assert_eq!(smtp.letters_to("ilse@example.org").len(), 1);
    smtp.is(Mood::Away);
    ilse.post("/account/notifications/mail/test", &[]).await;
    assert!(ilse.page(MINE).await.contains("The test message did not arrive"));
    assert_eq!(ilse.get("/account/notifications/mail/remove").await.status(), 404);
}

/// O5: what somebody is told in Custody leads to the thing.
#[tokio::test]
async fn a_notice_leads_to_the_thing() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let page = test.browser("lena").await.page("/my").await;
    assert!(page.contains("asked to contribute magnet") && page.contains("href=\"/devices/magnet\""), "{page}");
}

/// O5, F8: administrators see what waits, what failed and why, try it again or give it up, and both are on record.
#[tokio::test]
async fn an_administrator_sees_what_does_not_arrive() {
    let smtp = SmtpServer::start().await;
    let test = TestApp::with_mail(&trial(), Some(&smtp.url)).await;
    smtp.answers("ilse@example.org", "550 no <b>such</b> person");
    smtp.answers("marek@example.org", "451 try later");
    test.reduced_support("magnet").await;
    test.delivers().await;
    smtp.forget();
    let ada = test.browser("ada").await;
    let page = ada.page("/admin/outbox").await;
    assert!(page.contains("550") && page.contains("no &#60;b&#62;such"), "A25: {page}");
    assert!(page.contains("451"));
    let again = addresses(&page, "/again")[0].to_owned();
    smtp.answers("ilse@example.org", "");
    assert_eq!(ada.post(&again, &[]).await.status(), 303);
    test.delivers().await;
    let id = again.split('/').nth(3).unwrap();
    assert_eq!(smtp.letters_to("ilse@example.org")[0].id(), format!("<{id}@127.0.0.1>"));
    assert_eq!(ada.post(&again, &[]).await.status(), 404, "what was delivered is not sent again");

    let page = ada.page("/admin/outbox").await;
    let waiting = page.split("id=\"waiting-h\"").nth(1).unwrap();
    let give_up = addresses(waiting, "/give-up")[0].to_owned();
    assert_eq!(test.browser("ilse").await.post(&give_up, &[]).await.status(), 403);
    assert_eq!(ada.post(&give_up, &[]).await.status(), 303);
    let page = ada.page("/admin/outbox").await;
    assert!(page.contains("Given up by Ada Nowak"), "{page}");
    let entries = custody::store::journal::list_all(&test.app.db.read, "outbox").await.unwrap();
    let kinds: Vec<_> = entries.iter().map(|e| e.kind.as_str()).collect();
    assert_eq!(kinds, ["tried_again", "given_up"]);
}

/// L4: the link by which a contact gives their word opens for nobody else: the outbox leads to the device instead.
#[tokio::test]
async fn l4_the_outbox_has_nobodys_own_link() {
    let smtp = SmtpServer::start().await;
    let test = TestApp::with_mail(&trial(), Some(&smtp.url)).await;
    test.requested("magnet").await;
    let page = test.browser("ada").await.page("/admin/outbox").await;
    let asked = page.split("<li>").find(|row| row.contains("named you as a support contact")).unwrap_or_default();
    assert!(asked.contains("<a href=\"/devices/magnet\">magnet</a>"), "{page}");
    assert!(!page.contains("/confirm/"), "{page}");
}

/// O5: administrators see on their own page and on the one of administration that something failed for good, until they
/// gave it up or it arrived; nobody else does.
#[tokio::test]
async fn o5_what_failed_for_good_is_seen_where_administrators_look() {
    let smtp = SmtpServer::start().await;
    let test = TestApp::with_mail(&trial(), Some(&smtp.url)).await;
    smtp.answers("ilse@example.org", "550 no such person");
    test.requested("magnet").await;
    test.does("jonas", "magnet", Command::RaiseReservation { text: "Too loud.".to_owned() }).await.unwrap();
    let ada = test.browser("ada").await;
    for page in ["/my", "/admin"] {
        assert!(!ada.page(page).await.contains("failed for good"), "{page}");
    }
    test.delivers().await;
    let page = ada.page("/admin/outbox").await;
    let give_up: Vec<_> = addresses(&page, "/give-up").into_iter().map(str::to_owned).collect();
    assert!(!give_up.is_empty(), "{page}");
    for page in ["/my", "/admin"] {
        let shown = ada.page(page).await;
        assert!(shown.contains("to people failed for good") && shown.contains("Open the outbox"), "{page}: {shown}");
    }
    assert!(!test.browser("lena").await.page("/my").await.contains("failed for good"));
    for address in give_up {
        assert_eq!(ada.post(&address, &[]).await.status(), 303);
    }
    for page in ["/my", "/admin"] {
        assert!(!ada.page(page).await.contains("failed for good"), "{page}");
    }
}

/// O5: a group's chats are kept by administrators, on the group's page.
#[tokio::test]
async fn a_groups_chats_are_kept_by_administrators() {
    let chat = ChatServer::start().await;
    let test = TestApp::with_policy(&trial()).await;
    let ada = test.browser("ada").await;
    let teams = custody::store::teams::list_teams(&test.app.db.read).await.unwrap();
    let doc = teams.iter().find(|t| t.name == "DOC").unwrap().id;
    let here = format!("/admin/groups/{doc}/notifications");
    assert!(ada.page(&format!("/admin/groups/{doc}")).await.contains(&here));
    let hook = format!("{}/hooks/0123456789", chat.url);
    let form = [("kind", "slack"), ("address", hook.as_str()), ("wanted", "everything"), ("pace", "at_once")];
    let to = format!("{here}/new");
    assert_eq!(test.browser("otto").await.post(&to, &form).await.status(), 403);
    assert_eq!(ada.post(&to, &form).await.status(), 303);
    let page = ada.page(&here).await;
    assert!(page.contains("What DOC is told") && page.contains("/…6789"), "{page}");
    assert_eq!(ada.get("/account/notifications/new?kind=pigeon").await.status(), 422);
}

/// O5, F8, E3: all that waits is reached page by page, by people and by programs, each thing once.
#[tokio::test]
async fn o5_the_outbox_is_read_page_by_page() {
    let test = TestApp::new().await;
    let now = test.app.clock.now();
    let ilse = test.person("ilse");
    let waits = |n: i64| Entry {
        channel: store::channels::mail_id(ilse),
        owner: Owner::Person(ilse),
        device: None,
        key: format!("key {n}"),
        text: format!("Something no. {n}."),
        path: "/my".to_owned(),
        urgent: false,
        at: now,
        // Many are due at the same moment.
        due: now + Duration::minutes(n / 40),
        digest: false,
        in_order: false,
        mail_to: None,
    };
    let tx = test.app.db.begin().await.unwrap();
    store::outbox::insert(&tx, (0..120).map(waits).collect()).await.unwrap();
    tx.commit().await.unwrap();

    let program = test.program("ada", TokenScope::Admin).await;
    let (mut read, mut query) = (Vec::new(), String::new());
    loop {
        let (status, page) = program.get(&format!("/outbox{query}")).await;
        assert_eq!((status, page["waiting_in_all"].as_u64()), (200, Some(120)), "{page}");
        let texts = page["waiting"].as_array().unwrap().iter().map(|l| l["text"].as_str().unwrap().to_owned());
        read.extend(texts);
        let Some(next) = page["waiting_next"].as_str() else { break };
        query = format!("?waiting_after={}", url::form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>());
    }
    assert_eq!((read.len(), read.iter().collect::<BTreeSet<_>>().len()), (120, 120), "each of them once");
    for wrong in ["?waiting_after=x", "?failed_after=2026~", "?after=1"] {
        assert_eq!(program.get(&format!("/outbox{wrong}")).await.0, 422, "{wrong}");
    }

    let ada = test.browser("ada").await;
    let (mut path, mut drawn) = ("/admin/outbox".to_owned(), 0);
    let last = loop {
        let page = ada.page(&path).await;
        drawn += page.matches("Something no. ").count();
        // Where the reader is now stands on the page as well, without a place in it.
        let next = addresses(&page, "waiting_after=").into_iter().find(|n| n.ends_with("#waiting-h"));
        let Some(next) = next.map(|n| n.split('#').next().unwrap().to_owned()) else { break page };
        assert_ne!(path, next);
        path = next;
    };
    assert_eq!(drawn, 120);
    assert!(last.contains("Something no. 119.") && last.contains("Back to the first"), "{last}");
    assert!(
        last.contains("<a href=\"/my\">What runs</a>"),
        "what is about no device leads where its message does: {last}"
    );
    assert!(ada.page("/admin/outbox?ended_after=x").await.contains("Something no. 0."));
}
