//! The shift is known to be informed: acknowledgement, escalation, the record of who knew what (H8).

use crate::{
    app::{FULL, TestApp},
    given::policy_with,
};
use chrono::{DateTime, Duration, Utc};
use custody::{
    domain::{id::DeviceId, lifecycle::Command, refusal::Code, support::Support},
    service::{
        self, Caller, Error,
        groups::{self, TeamKind},
        shift::{self, Change, counts, escalation, proof, waiting},
    },
    store::{self, people::Profile},
};

/// A device whose support has just begun, of which the shift has been told.
async fn begun(test: &TestApp) -> i64 {
    test.reduced_support("magnet").await;
    let waits = waiting(&test.app).await.unwrap();
    assert_eq!(waits.all.len(), 1, "{:?}", waits.all);
    waits.all[0].seq
}

async fn shut_down(test: &TestApp, device: &str) {
    let command = Command::ShutDown {
        reason: "It floods the broker.".to_owned(),
        affected: "Every device of the topic".to_owned(),
        responsible: test.person("jonas"),
        conditions: "A limit of its rate.".to_owned(),
    };
    test.does("jonas", device, command).await.unwrap();
}

/// Puts a second person on shift.
async fn joins_doc(test: &TestApp, name: &str) {
    let (teams, _) = groups::list(&test.app).await.unwrap();
    let doc = teams.iter().find(|t| t.kind == TeamKind::Doc).unwrap().id;
    groups::put(&test.app, &test.caller("ada"), doc, test.person(name), false).await.unwrap();
}

async fn one(test: &TestApp, seq: i64) -> Change {
    let found = proof::proof(&test.app, &proof::Wanted::default(), 100).await.unwrap();
    found.changes.all.into_iter().find(|c| c.seq == seq).unwrap()
}

async fn lines(test: &TestApp, kind: &str) -> Vec<custody::domain::journal::Entry> {
    let stream = format!("support/{}", test.device("magnet").await.id);
    let all = store::journal::list_all(&test.app.db.read, &stream).await.unwrap();
    all.into_iter().filter(|e| e.kind == kind).collect()
}

async fn told(test: &TestApp, name: &str) -> Vec<store::notices::Told> {
    let all = store::notices::list(&test.app.db.read, test.person(name), 100).await.unwrap();
    all.into_iter().filter(|t| t.text.contains("has not acknowledged")).collect()
}

async fn profile(test: &TestApp, name: &str) -> Profile {
    service::people::find(&test.app, test.person(name)).await.unwrap().unwrap()
}

/// A line of a device's stream of support that says nothing more.
fn said(device: DeviceId, at: DateTime<Utc>, kind: &str) -> store::journal::Line {
    store::journal::Line {
        stream: format!("support/{device}"),
        at,
        actor: None,
        origin: "test".to_owned(),
        kind: kind.to_owned(),
        body: "{}".to_owned(),
    }
}

/// H8: a change that an act makes and one that is seen both wait, in the transaction that put them on record.
#[tokio::test]
async fn h8_every_change_of_support_waits_for_the_shift() {
    let test = TestApp::new().await;
    begun(&test).await;
    test.sees(FULL, &[("magnet", "1.0.0")]).await;
    shut_down(&test, "magnet").await;
    let waits = waiting(&test.app).await.unwrap();
    let all: Vec<_> = waits.all.iter().map(|c| (c.from, c.to)).collect();
    use Support::*;
    assert_eq!(
        all,
        [
            (None, Some(ReducedSupport)),
            (Some(ReducedSupport), Some(NotSupported)),
            (Some(NotSupported), Some(ShutDown))
        ]
    );
    assert!(waits.all.iter().all(|c| c.name == "magnet" && !c.why.is_empty()));
    assert_eq!(counts(&test.app).await.unwrap(), (3, 0));
    let on_record: Vec<i64> = lines(&test, "support_changed").await.iter().map(|e| e.seq).collect();
    assert_eq!(waits.all.iter().map(|c| c.seq).collect::<Vec<_>>(), on_record);
}

/// H8: one member's word counts for the shift, is in the chain with who, when and from where, and is said once.
#[tokio::test]
async fn h8_one_member_acknowledges_for_the_shift() {
    let test = TestApp::new().await;
    let seq = begun(&test).await;
    test.advance(Duration::minutes(5));
    let otto = Caller::person(test.person("otto"), "web 192.0.2.7");
    assert_eq!(shift::acknowledge(&test.app, &otto, &[seq]).await.unwrap(), 1);
    assert_eq!(shift::acknowledge(&test.app, &otto, &[seq]).await.unwrap(), 0, "said once");
    assert!(waiting(&test.app).await.unwrap().all.is_empty());
    let word = one(&test, seq).await.judged.acknowledged().unwrap();
    assert_eq!((word.by, word.at), (test.person("otto"), test.app.clock.now()));

    let lines = lines(&test, "acknowledged").await;
    assert_eq!(lines.len(), 1);
    assert_eq!((lines[0].actor, lines[0].origin.as_str()), (Some(test.person("otto")), "web 192.0.2.7"));
    assert!(lines[0].body.contains(&seq.to_string()), "{}", lines[0].body);
    assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok(), "the chain proves who knew what");
    let page = test.stranger().page("/devices/magnet/history").await;
    assert!(page.contains("acknowledged the change of support for the shift"), "{page}");
}

/// H8: only the shift can say that it knows; an attempt of anybody else is refused with words, and is on record.
#[tokio::test]
async fn h8_nobody_else_acknowledges() {
    let test = TestApp::new().await;
    let seq = begun(&test).await;
    for who in ["ilse", "lena", "ravi", "ada", "noor"] {
        match shift::acknowledge(&test.app, &test.caller(who), &[seq]).await {
            Err(Error::Refused(r)) => {
                assert_eq!(r.code, Code::NotYours);
                assert!(r.sentence.contains("a member of the DOC"), "{}", r.sentence);
            }
            other => panic!("{who}: {other:?}"),
        }
        let response = test.browser(who).await.post("/shift/acknowledge", &[("seq", &seq.to_string())]).await;
        assert_eq!(response.status(), 403, "{who}");
    }
    assert!(matches!(shift::acknowledge(&test.app, &Caller::custody(), &[seq]).await, Err(Error::NotFound)));
    assert_eq!(waiting(&test.app).await.unwrap().all.len(), 1);
    let stream = format!("refused/{}", test.device("magnet").await.id);
    assert_eq!(store::journal::list_all(&test.app.db.read, &stream).await.unwrap().len(), 10);

    // Whoever has left the shift, or whose account is closed, speaks for it no longer.
    joins_doc(&test, "tomasz").await;
    service::closing::close(&test.app, &test.caller("ada"), test.person("tomasz")).await.unwrap();
    test.shown().await;
    let closed = shift::acknowledge(&test.app, &test.caller("tomasz"), &[seq]).await;
    assert!(matches!(closed, Err(Error::Refused(_))), "{closed:?}");
    assert!(!profile(&test, "tomasz").await.person.active);
    let none = shift::acknowledge(&test.app, &test.caller("otto"), &[4711]).await;
    assert!(matches!(none, Err(Error::NotFound)), "{none:?}");
    assert!(matches!(shift::acknowledge(&test.app, &test.caller("otto"), &[]).await, Err(Error::Invalid(_))));
}

/// H8: a later change does not make an earlier one known; a word on the newest covers the older ones of that device,
/// and none of another, and none that came after it.
#[tokio::test]
async fn h8_a_word_covers_what_was_before() {
    let test = TestApp::new().await;
    let first = begun(&test).await;
    test.reduced_support("bolt").await;
    shut_down(&test, "magnet").await;
    assert_eq!(waiting(&test.app).await.unwrap().all.len(), 3, "the first one still waits");
    let otto = test.caller("otto");
    let of_magnet = shift::of_device(&test.app.db.read, &test.app, &test.device("magnet").await).await.unwrap();
    let newest = of_magnet.all.last().unwrap().seq;
    test.does("jonas", "magnet", Command::Restart { text: "It has a limit now.".to_owned() }).await.unwrap();
    assert_eq!(shift::acknowledge(&test.app, &otto, &[newest]).await.unwrap(), 2);
    let left: Vec<_> = waiting(&test.app).await.unwrap().all.into_iter().map(|c| (c.name, c.to)).collect();
    let reduced = Some(Support::ReducedSupport);
    assert_eq!(left, [("bolt".to_owned(), reduced), ("magnet".to_owned(), reduced)]);
    assert!(one(&test, first).await.judged.acknowledged().is_some());
}

/// H8: two members say it at the same moment: both are on record, the change is acknowledged once.
#[tokio::test]
async fn h8_two_acknowledge_at_once() {
    let test = TestApp::new().await;
    joins_doc(&test, "tomasz").await;
    let seq = begun(&test).await;
    let (otto, tomasz) = (test.caller("otto"), test.caller("tomasz"));
    let of = |caller| shift::acknowledge(&test.app, caller, std::slice::from_ref(&seq));
    let all = tokio::join!(of(&otto), of(&tomasz), of(&otto), of(&tomasz));
    let news = [all.0.unwrap(), all.1.unwrap(), all.2.unwrap(), all.3.unwrap()];
    assert_eq!(news.iter().sum::<usize>(), 2, "each one's word once: {news:?}");
    let change = one(&test, seq).await;
    assert_eq!(change.said.len(), 2);
    assert!(change.judged.acknowledged().is_some());
    assert_eq!(lines(&test, "acknowledged").await.len(), 2);
    assert_eq!(counts(&test.app).await.unwrap(), (0, 0));
}

/// H8: per person, everybody of the DOC has to say it; who is missing shows; who leaves the DOC holds nothing up.
#[tokio::test]
async fn h8_per_person_everybody_says_it() {
    let test = TestApp::with_policy(&policy_with("[shift]\nacknowledge = \"per_person\"\n")).await;
    joins_doc(&test, "tomasz").await;
    joins_doc(&test, "noor").await;
    let seq = begun(&test).await;
    shift::acknowledge(&test.app, &test.caller("otto"), &[seq]).await.unwrap();
    let waits = waiting(&test.app).await.unwrap();
    assert_eq!(waits.all[0].judged.missing, [test.person("noor"), test.person("tomasz")].into());
    let page = test.browser("tomasz").await.page("/shift").await;
    assert!(page.contains("Missing: Noor El-Amin and Tomasz Wilk") && page.contains("I have seen this"), "{page}");
    let page = test.browser("otto").await.page("/shift").await;
    assert!(!page.contains("I have seen this"), "he has said it");

    shift::acknowledge(&test.app, &test.caller("tomasz"), &[seq]).await.unwrap();
    assert_eq!(counts(&test.app).await.unwrap(), (1, 0));
    let (teams, _) = groups::list(&test.app).await.unwrap();
    let doc = teams.iter().find(|t| t.kind == TeamKind::Doc).unwrap().id;
    groups::remove(&test.app, &test.caller("ada"), doc, test.person("noor")).await.unwrap();
    test.shown().await;
    assert!(waiting(&test.app).await.unwrap().all.is_empty(), "nobody who is left is missing");
    assert_eq!(escalation::round(&test.app).await.unwrap(), 0);
    assert_eq!(counts(&test.app).await.unwrap(), (0, 0), "and that is on record");
    assert_eq!(lines(&test, "acknowledged").await.len(), 3);

    // Who joins later was not asked then.
    joins_doc(&test, "noor").await;
    assert!(one(&test, seq).await.judged.acknowledged().is_some());
    assert!(waiting(&test.app).await.unwrap().all.is_empty());
}

/// H8: what is not acknowledged in time goes on to the CTRL contact, urgently, once: also with two at the clock, and
/// however often they look.
#[tokio::test]
async fn h8_what_is_late_goes_on_once() {
    let test = TestApp::new().await;
    let seq = begun(&test).await;
    test.advance(Duration::minutes(29));
    assert_eq!(escalation::round(&test.app).await.unwrap(), 0);
    assert_eq!(counts(&test.app).await.unwrap(), (1, 0));
    test.advance(Duration::minutes(1));
    assert_eq!(counts(&test.app).await.unwrap(), (1, 1));
    let (one_task, other_task, third) =
        tokio::join!(escalation::round(&test.app), escalation::round(&test.app), escalation::round(&test.app));
    assert_eq!(one_task.unwrap() + other_task.unwrap() + third.unwrap(), 1);
    test.advance(Duration::hours(5));
    assert_eq!(escalation::round(&test.app).await.unwrap(), 0);

    let told_lena = told(&test, "lena").await;
    assert_eq!(told_lena.len(), 1);
    assert!(told_lena[0].text.contains("Reduced support") && told_lena[0].text.contains("30 minutes"), "{told_lena:?}");
    for other in ["jonas", "ravi", "otto", "ilse"] {
        assert!(told(&test, other).await.is_empty(), "{other}");
    }
    let lines = lines(&test, "escalated").await;
    assert_eq!(lines.len(), 1);
    assert!(lines[0].actor.is_none() && lines[0].body.contains(&test.person("lena").to_string()), "{}", lines[0].body);
    let change = one(&test, seq).await;
    assert_eq!(change.escalated.unwrap().1, [test.person("lena")].into());
    let page = test.stranger().page("/shift").await;
    assert!(page.contains("Passed on to Lena Brandt"), "{page}");
    assert!(waiting(&test.app).await.unwrap().all[0].judged.is_late(), "it still waits for the shift");
    assert!(test.stranger().page("/devices/magnet/history").await.contains("Lena Brandt"));
}

/// H8: what was acknowledged in time goes on to nobody.
#[tokio::test]
async fn h8_what_is_acknowledged_goes_on_to_nobody() {
    let test = TestApp::new().await;
    let seq = begun(&test).await;
    shift::acknowledge(&test.app, &test.caller("otto"), &[seq]).await.unwrap();
    test.advance(Duration::hours(2));
    assert_eq!(escalation::round(&test.app).await.unwrap(), 0);
    assert!(told(&test, "lena").await.is_empty() && lines(&test, "escalated").await.is_empty());
}

/// H8: without a CTRL contact who is there, the first team hears of it; several changes of one device are one message.
#[tokio::test]
async fn h8_without_a_contact_the_team_hears_of_it() {
    let test = TestApp::new().await;
    begun(&test).await;
    shut_down(&test, "magnet").await;
    service::closing::close(&test.app, &test.caller("ada"), test.person("lena")).await.unwrap();
    test.shown().await;
    test.advance(Duration::hours(1));
    assert_eq!(escalation::round(&test.app).await.unwrap(), 2);
    for who in ["jonas", "ravi", "chiara"] {
        assert_eq!(told(&test, who).await.len(), 1, "{who}");
    }
    assert!(told(&test, "lena").await.is_empty());
    assert_eq!(lines(&test, "escalated").await.len(), 1);
}

/// H8: a CTRL contact who has left CTRL is not who hears of it.
#[tokio::test]
async fn h8_a_contact_who_left_ctrl_hears_of_nothing() {
    let test = TestApp::new().await;
    begun(&test).await;
    let (teams, _) = groups::list(&test.app).await.unwrap();
    let ici = teams.iter().find(|t| t.name == "ICI").unwrap().id;
    groups::remove(&test.app, &test.caller("ada"), ici, test.person("lena")).await.unwrap();
    test.shown().await;
    test.advance(Duration::hours(1));
    assert_eq!(escalation::round(&test.app).await.unwrap(), 1);
    assert!(told(&test, "lena").await.is_empty());
    assert_eq!(told(&test, "jonas").await.len(), 1);
}

/// H8, A33: looking says nothing for the shift; what is new since then is the reader's own; a GET changes nothing.
#[tokio::test]
async fn h8_what_is_new_since_one_looked() {
    let test = TestApp::new().await;
    let seq = begun(&test).await;
    let (otto, noor) = (test.browser("otto").await, test.browser("noor").await);
    assert!(otto.page("/shift").await.contains("1 change in the last 14 days"));
    assert_eq!(proof::looked(&test.app, test.person("otto")).await.unwrap(), None, "reading is no looking");

    assert_eq!(otto.post("/shift/looked", &[("seq", "999999999")]).await.status(), 303);
    assert_eq!(proof::looked(&test.app, test.person("otto")).await.unwrap(), Some(seq), "not what is yet to come");
    assert_eq!(waiting(&test.app).await.unwrap().all.len(), 1, "that was no acknowledgement");
    assert!(otto.page("/shift").await.contains("Nothing changed since you last looked"));
    assert_eq!(proof::news(&test.app, test.person("noor")).await.unwrap().new, 1);

    shut_down(&test, "magnet").await;
    assert!(otto.page("/shift").await.contains("1 change since you last looked"));
    assert_eq!(otto.post("/shift/looked", &[("seq", "1")]).await.status(), 303);
    assert_eq!(proof::looked(&test.app, test.person("otto")).await.unwrap(), Some(seq), "what was seen stays seen");
    assert_eq!(noor.post("/shift/looked", &[("seq", "x")]).await.status(), 422);
    assert_eq!(noor.post("/shift/looked", &[("seq", "1"), ("person", "otto")]).await.status(), 422);
    test.advance(Duration::days(15));
    assert_eq!(proof::news(&test.app, test.person("noor")).await.unwrap().new, 0, "as far back as the policy says");
}

/// H8: the page says what waits to everybody and offers the word to the shift alone; the button says it.
#[tokio::test]
async fn h8_the_page_of_the_shift() {
    let test = TestApp::new().await;
    let calm = test.stranger().page("/shift").await;
    assert!(calm.contains("The shift knows of everything"), "{calm}");
    let seq = begun(&test).await;
    test.reduced_support("bolt").await;
    let (stranger, otto) = (test.stranger(), test.browser("otto").await);
    for path in ["/shift", "/devices/magnet"] {
        let page = stranger.page(path).await;
        assert!(page.contains("cknowledged") && page.contains("Reduced support"), "{path}: {page}");
        assert!(!page.contains("I have seen"), "{path} offers it to nobody who is not of the shift");
    }
    assert!(stranger.page("/devices/magnet").await.contains("Not acknowledged by the shift since 09:00."));
    assert!(otto.page("/devices/magnet").await.contains("I have seen this"));
    let page = otto.page("/shift").await;
    assert!(page.contains("I have seen these 2"), "{page}");
    let next = [("seq", seq.to_string()), ("next", "/devices/magnet".to_owned())];
    let next: Vec<(&str, &str)> = next.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let response = otto.post("/shift/acknowledge", &next).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["location"]),
        (303, &"/devices/magnet".parse().unwrap())
    );
    assert!(!otto.page("/devices/magnet").await.contains("Not acknowledged by the shift"));
    assert!(otto.page("/shift").await.contains("Otto Petersen, 21 Nov 2026, 09:00 CET, shift from 06:00"));
    assert_eq!(otto.post("/shift/acknowledge", &[("seq", "1"), ("role", "ctrl")]).await.status(), 422, "A29");
    let away = otto.post("/shift/acknowledge", &[("seq", &seq.to_string()), ("next", "//example.com")]).await;
    assert_eq!(away.headers()["location"], "/", "A30");
    let nothing = stranger.get("/shift/acknowledge").await;
    assert_eq!(nothing.status(), 405, "A33: no effect behind a GET");
    let nothing = nothing.text().await.unwrap();
    assert!(!nothing.contains("href=\"/shift/acknowledge\""), "it leads back to itself: {nothing}");
}

/// H8: a device stands once, as it is, the most urgent first, with each of its changes below; one button says all of
/// them, and each has its own word on record.
#[tokio::test]
async fn h8_a_device_waits_once_and_as_it_is() {
    let test = TestApp::new().await;
    begun(&test).await;
    shut_down(&test, "magnet").await;
    test.does("jonas", "magnet", Command::Restart { text: "It has a limit.".to_owned() }).await.unwrap();
    test.reduced_support("bolt").await;
    shut_down(&test, "bolt").await;
    let otto = test.browser("otto").await;
    let page = otto.page("/shift").await;
    let (waits, _) = page.split_once("Who knew what, when").unwrap();
    let heads: Vec<&str> = waits.split("<h3>").skip(1).map(|h| h.split("</h3>").next().unwrap()).collect();
    let [bolt, magnet] = heads.as_slice() else { panic!("one for each device: {heads:?}") };
    assert!(
        bolt.contains("/devices/bolt") && bolt.contains("Shut down by CTRL") && bolt.contains("2 changes"),
        "{bolt}"
    );
    assert!(magnet.contains("/devices/magnet") && magnet.contains("3 changes"), "{magnet}");
    assert!(magnet.contains("Reduced support") && !magnet.contains("Shut down"), "that is over: {magnet}");
    assert!(waits.contains("Reduced support → Shut down by CTRL.</b>"), "what happened is told: {waits}");
    assert!(waits.contains("I have seen these 5") && waits.contains("I have seen these 3"), "{waits}");

    let of_magnet = shift::of_device(&test.app.db.read, &test.app, &test.device("magnet").await).await.unwrap();
    let seqs: Vec<String> = of_magnet.all.iter().map(|c| c.seq.to_string()).collect();
    assert!(seqs.iter().all(|seq| waits.contains(&format!("id=\"change-{seq}\""))), "{seqs:?}: {waits}");
    let sent: Vec<(&str, &str)> = seqs.iter().map(|seq| ("seq", seq.as_str())).collect();
    assert_eq!(otto.post("/shift/acknowledge", &sent).await.status(), 303);
    for change in &of_magnet.all {
        assert!(one(&test, change.seq).await.judged.acknowledged().is_some());
    }
    assert_eq!(counts(&test.app).await.unwrap(), (2, 0));
}

/// H8: a device whose newest change is not among those that are shown stands as that one left it.
#[tokio::test]
async fn h8_more_changes_than_are_shown() {
    let test = TestApp::new().await;
    begun(&test).await;
    shut_down(&test, "magnet").await;
    let device = test.device("magnet").await.id;
    let mut changes = waiting(&test.app).await.unwrap();
    assert!(shift::newer(&test.app, &changes).await.unwrap().is_empty(), "all are shown");
    changes.all.truncate(1);
    changes.all = vec![changes.all[0].clone(); shift::MOST as usize];
    let newer = shift::newer(&test.app, &changes).await.unwrap();
    assert_eq!(newer, [(device, Some(Support::ShutDown))].into());
}

/// H8: who is not signed in is led to where they can say it, and back.
#[tokio::test]
async fn h8_a_reader_who_is_not_signed_in_has_a_way_on() {
    let test = TestApp::new().await;
    begun(&test).await;
    let page = test.stranger().page("/shift?device=magnet").await;
    assert!(page.contains("href=\"/sign-in?next=%2Fshift%3Fdevice%3Dmagnet\">Sign in to acknowledge</a>"), "{page}");
    for who in ["otto", "lena"] {
        assert!(!test.browser(who).await.page("/shift").await.contains("Sign in to acknowledge"), "{who}");
    }
}

/// H8, E2, A26: the record by device and by day of the facility's calendar, page by page, and as a file.
#[tokio::test]
async fn h8_who_knew_what_when() {
    let test = TestApp::new().await;
    let seq = begun(&test).await;
    test.reduced_support("bolt").await;
    shift::acknowledge(&test.app, &test.caller("otto"), &[seq]).await.unwrap();
    // 23:30 at the facility is another day than an hour later, and the same in UTC.
    test.advance(Duration::minutes(14 * 60 + 30));
    shut_down(&test, "magnet").await;
    test.advance(Duration::hours(1));
    test.does("jonas", "magnet", Command::Restart { text: "It has a limit now.".to_owned() }).await.unwrap();

    let wanted = |device: &str, day: Option<&str>| proof::Wanted {
        device: device.to_owned(),
        day: day.map(|d| d.parse().unwrap()),
        before: None,
    };
    let count = async |wanted: proof::Wanted| proof::proof(&test.app, &wanted, 100).await.unwrap().changes.all.len();
    assert_eq!(count(wanted("", None)).await, 4);
    assert_eq!(count(wanted("magnet", None)).await, 3);
    assert_eq!(count(wanted("", Some("2026-11-21"))).await, 3);
    assert_eq!(count(wanted("magnet", Some("2026-11-22"))).await, 1);
    assert!(!proof::proof(&test.app, &wanted("nothing", None), 100).await.unwrap().known);

    let first = proof::proof(&test.app, &wanted("", None), 3).await.unwrap();
    assert_eq!(first.changes.all.len(), 3);
    let rest = proof::Wanted { before: first.older, ..wanted("", None) };
    let rest = proof::proof(&test.app, &rest, 3).await.unwrap();
    assert_eq!((rest.changes.all.len(), rest.changes.all[0].seq, rest.older), (1, seq, None));

    let stranger = test.stranger();
    let file = stranger.page("/shift/record.csv?device=magnet").await;
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!(lines.len(), 4, "{file}");
    assert!(lines[3].contains("Otto Petersen at 2026-11-21T08:00:00Z"), "{file}");
    assert!(lines[1..].iter().all(|l| l.starts_with('"')), "each cell is closed off: {file}");
    assert_eq!(stranger.get("/shift?day=yesterday").await.status(), 422);
    let page = stranger.page("/shift?device=magnet&day=2026-11-22").await;
    assert!(page.contains("Shut down by CTRL") && page.contains("not yet"), "{page}");
    assert!(stranger.page("/shift?device=nothing").await.contains("No device is called nothing"));
}

/// H8: the file holds the whole record, however long that is.
#[tokio::test]
async fn h8_the_file_holds_the_whole_record() {
    let test = TestApp::new().await;
    begun(&test).await;
    let (device, now) = (test.device("magnet").await.id, test.app.clock.now());
    let many = proof::EXPORTED as usize + 1;
    let line = || said(device, now, "support_changed");
    let tx = test.app.db.begin().await.unwrap();
    let entries = store::journal::append(&tx, (0..many).map(|_| line()).collect()).await.unwrap();
    let kept = entries.iter().map(|e| store::shift::Kept {
        seq: e.seq,
        device,
        from: Some(Support::ReducedSupport),
        to: Some(Support::ShutDown),
        why: "Again.".to_owned(),
        at: now,
        acknowledged_at: None,
        escalated_at: None,
    });
    store::shift::insert(&tx, kept.collect()).await.unwrap();
    tx.commit().await.unwrap();
    let file = test.stranger().page("/shift/record.csv").await;
    assert_eq!(file.matches("\"acknowledged by\"").count(), 1, "one head");
    let records: std::collections::BTreeSet<&str> = file.lines().skip(1).filter_map(|l| l.split(',').next()).collect();
    assert_eq!((file.lines().count(), records.len()), (many + 2, many + 1), "each change once");
    // So does that of the device.
    let file = test.stranger().page("/devices/magnet/history.csv").await;
    let records: std::collections::BTreeSet<&str> = file.lines().skip(1).filter_map(|l| l.split(',').next()).collect();
    assert!(records.len() > many && records.len() + 1 == file.lines().count(), "{} records", records.len());
}

/// H8, O2: what the shift said to a change, however much that is, hides neither the change nor what happened last.
#[tokio::test]
async fn h8_words_hide_no_change() {
    let test = TestApp::new().await;
    let seq = begun(&test).await;
    let (device, now) = (test.device("magnet").await.id, test.app.clock.now());
    let tx = test.app.db.begin().await.unwrap();
    let words = (0..120).map(|_| said(device, now, shift::ACKNOWLEDGED)).collect();
    store::journal::append(&tx, words).await.unwrap();
    tx.commit().await.unwrap();
    service::feed::follow(&test.app).await.unwrap();
    assert_eq!(service::board::changed_since(&test.app, seq - 1), (1, seq));
    let told = test.app.projection.read().card_by_name("magnet").unwrap().latest.clone();
    assert!(told.iter().any(|t| t.text.starts_with("Reduced support")), "{told:?}");
    let feed = test.stranger().page("/feeds/devices/magnet.atom").await;
    assert!(feed.contains("magnet: Reduced support"), "{feed}");
}

/// F10, H8: what is late is so by when it was, not by its number: the clock of another replica may have been behind.
#[tokio::test]
async fn f10_what_is_late_is_counted_by_its_time() {
    let test = TestApp::new().await;
    begun(&test).await;
    test.advance(-Duration::minutes(40));
    shut_down(&test, "magnet").await;
    test.advance(Duration::minutes(45));
    let now = test.app.clock.now();
    assert_eq!(counts(&test.app).await.unwrap(), (2, 1));
    let state = test.app.projection.read();
    assert_eq!(state.count_unacknowledged(now - Duration::minutes(30)), (2, 1));
    assert_eq!(state.oldest_unacknowledged(), Some(now - Duration::minutes(45)));
}

/// N1: what is started again where nothing supports it is told as that too, and not as a restart alone.
#[tokio::test]
async fn n1_a_restart_without_support_is_told_as_that() {
    let test = TestApp::new().await;
    begun(&test).await;
    shut_down(&test, "magnet").await;
    test.sees(FULL, &[("magnet", "1.0.0")]).await;
    test.does("jonas", "magnet", Command::Restart { text: "It has a limit now.".to_owned() }).await.unwrap();
    for who in ["otto", "ilse"] {
        let all = store::notices::list(&test.app.db.read, test.person(who), 100).await.unwrap();
        let words = "not supported at all (before: shut down by CTRL)";
        assert_eq!(all.iter().filter(|t| t.text.contains(words)).count(), 1, "{who}: {all:?}");
    }
}

/// H8: the page costs as many statements for many changes as for one.
#[tokio::test]
async fn h8_the_page_costs_a_fixed_number_of_statements() {
    let test = TestApp::new().await;
    begun(&test).await;
    let otto = test.browser("otto").await;
    let cost = async || {
        otto.page("/shift").await;
        // The board's reader looks for what is new, whether there is any or not.
        let _nothing_is_taken_in = test.app.projection.taking_in.lock().await;
        let before = test.app.db.statements();
        otto.page("/shift").await;
        test.app.db.statements() - before
    };
    let few = cost().await;
    for _ in 0..8 {
        shut_down(&test, "magnet").await;
        test.does("jonas", "magnet", Command::Restart { text: "Again.".to_owned() }).await.unwrap();
    }
    test.reduced_support("bolt").await;
    assert_eq!(cost().await, few);
    assert!(few <= 25, "{few}");
}

/// H8, E3: programs read what waits for the shift, as its page has it: page by page, what is late first.
#[tokio::test]
async fn h8_programs_read_what_waits_for_the_shift() {
    let test = TestApp::new().await;
    let first = begun(&test).await;
    // Shut down and restarted in turn, until there is more than a page.
    for _ in 0..28 {
        test.advance(Duration::minutes(1));
        shut_down(&test, "magnet").await;
        test.does("jonas", "magnet", Command::Restart { text: "It is calm.".to_owned() }).await.unwrap();
    }
    let get = async |query: &str| {
        let answer = test.stranger().get(&format!("/api/v1/shift{query}")).await;
        (answer.status().as_u16(), answer.json::<serde_json::Value>().await.unwrap())
    };
    let expected: Vec<i64> = waiting(&test.app).await.unwrap().all.iter().map(|c| c.seq).collect();
    assert!(expected.len() > shift::PAGE, "{}", expected.len());
    let (mut found, mut query) = (Vec::new(), String::new());
    loop {
        let (status, page) = get(&query).await;
        assert_eq!(status, 200, "{page}");
        found.extend(page["waiting"].as_array().unwrap().iter().map(|w| w["seq"].as_i64().unwrap()));
        let Some(next) = page["next"].as_str() else { break };
        assert_eq!(found.len(), shift::PAGE);
        query = format!("?after={}", url::form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>());
    }
    assert_eq!(found, expected);
    let (_, page) = get("").await;
    let one = &page["waiting"][0];
    assert_eq!((one["seq"].as_i64(), one["device"].as_str()), (Some(first), Some("magnet")));
    assert_eq!((one["from"].is_null(), one["to"].as_str()), (true, Some("reduced_support")));
    let late = one["late"].as_bool().unwrap();
    test.advance(Duration::days(1));
    escalation::round(&test.app).await.unwrap();
    let (_, page) = get("").await;
    let one = &page["waiting"][0];
    assert!(!late && one["late"] == true && one["escalated_at"].is_string(), "{one}");
    assert!(!one["escalated_to"].as_array().unwrap().is_empty(), "{one}");
    shift::acknowledge(&test.app, &test.caller("otto"), &expected[..1]).await.unwrap();
    assert_eq!(get("").await.1["waiting"][0]["seq"].as_i64(), Some(expected[1]));
    for wrong in ["?after=x", "?after=1", "?before=1"] {
        assert_eq!(get(wrong).await.0, 422, "{wrong}");
    }
}
