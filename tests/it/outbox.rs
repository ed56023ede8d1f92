//! Told by mail and in chats, once, in order, whatever is away meanwhile (O5, F8, A25, A27).

use crate::{
    app::{FULL, TestApp, open_with_mail},
    chat_server::ChatServer,
    given::policy_with,
    postgres,
    smtp_server::{Mood, SmtpServer},
    waiting::{GONE_WITHIN, PATIENCE, until},
};
use chrono::{DateTime, Duration, NaiveTime, Utc};
use custody::{
    app::App,
    domain::{
        lifecycle::Command,
        telling::{Kind, Owner, Preferences, Wanted},
    },
    ports::clock::Clock,
    service::{
        Error,
        channels::{self, Typed},
        outbox::{self, Road},
        telling::{Telling, tell},
    },
    store,
};
use std::collections::BTreeSet;

/// Chats on this very machine may be written to.
pub fn trial() -> String {
    policy_with("[telling]\nprotocols = [\"http-loopback\"]\nprivate_addresses = true\n")
}

async fn with_mail(smtp: &SmtpServer) -> TestApp {
    TestApp::with_mail(&trial(), Some(&smtp.url)).await
}

/// A facility with one request, of which everybody was told.
async fn with_magnet(smtp: &SmtpServer) -> TestApp {
    let test = with_mail(smtp).await;
    test.requested("magnet").await;
    test.delivers().await;
    smtp.forget();
    test
}

impl TestApp {
    /// Delivers all that is due, until nothing is.
    pub async fn delivers(&self) {
        while outbox::round(&self.app).await.unwrap() > 0 {}
    }

    pub async fn chat(&self, who: &str, kind: Kind, address: &str, of: Preferences) -> String {
        let owner = Owner::Person(self.person(who));
        let typed = Typed { address: address.to_owned(), ..Typed::default() };
        channels::add(&self.app, &self.caller(who), owner, kind, typed, of).await.unwrap()
    }

    /// Chooses what comes by mail.
    async fn mail(&self, who: &str, of: Preferences) {
        let owner = Owner::Person(self.person(who));
        let id = channels::mail_id(self.person(who));
        channels::change(&self.app, &self.caller(who), owner, &id, Typed::default(), of).await.unwrap();
    }

    pub async fn shuts_down(&self, device: &str) {
        let stop = Command::ShutDown {
            reason: "It floods the broker.".to_owned(),
            affected: "The broker.".to_owned(),
            responsible: self.person("lena"),
            conditions: "Limit the rate.".to_owned(),
        };
        self.does("jonas", device, stop).await.unwrap();
    }

    async fn says(&self, device: &str, text: &str) {
        self.does("jonas", device, Command::RaiseReservation { text: text.to_owned() }).await.unwrap();
    }

    async fn now_tells(&self, who: &str, key: &str, text: &str, urgent: bool) {
        self.tells_by(&self.app, who, key, text, urgent).await;
    }

    async fn tells_by(&self, app: &App, who: &str, key: &str, text: &str, urgent: bool) {
        let device = self.device("magnet").await.id;
        let tx = app.db.begin().await.unwrap();
        let telling = Telling {
            to: self.person(who),
            device: Some(device),
            key: key.to_owned(),
            at: app.clock.now(),
            text: text.to_owned(),
            path: "/devices/magnet".to_owned(),
            urgent,
        };
        let roster = app.roster.current(&tx).await.unwrap();
        tell(&tx, app, &roster, vec![telling], Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn waiting(&self) -> u64 {
        store::outbox::list(&self.app.db.read, &[outbox::State::Waiting], None, 1).await.unwrap().1
    }

    async fn failed(&self) -> Vec<store::outbox::Listed> {
        store::outbox::list(&self.app.db.read, &[outbox::State::Failed], None, 100).await.unwrap().0
    }
}

fn time(text: &str) -> NaiveTime {
    NaiveTime::parse_from_str(text, "%H:%M").unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// O5, N5: everybody who has to hear of it gets one letter, with a link that leads to the device; whoever did it none.
#[tokio::test]
async fn a_shut_down_reaches_everybody_once() {
    let smtp = SmtpServer::start().await;
    let test = with_mail(&smtp).await;
    test.reduced_support("magnet").await;
    test.delivers().await;
    smtp.forget();
    test.shuts_down("magnet").await;
    test.delivers().await;
    let letters = smtp.letters();
    let to: BTreeSet<_> = letters.iter().map(|l| l.to.as_str()).collect();
    assert!(to.is_superset(&["ilse@example.org", "marek@example.org", "lena@example.org", "otto@example.org"].into()));
    assert!(!to.contains("jonas@example.org"), "he did it himself");
    assert_eq!(letters.len(), to.len(), "one each");
    let letter = &smtp.letters_to("otto@example.org")[0];
    let subject = letter.header("Subject").unwrap();
    assert!(subject.starts_with("[Custody] magnet: Jonas Okafor shut it down"), "{subject}");
    assert_eq!(letter.header("Auto-Submitted").as_deref(), Some("auto-generated"));
    assert!(letter.header("List-Id").is_some());
    assert!(letter.text.contains(&format!("{}/devices/magnet", test.url)), "{}", letter.text);
    let ids: BTreeSet<_> = letters.iter().map(|l| l.id()).collect();
    assert_eq!(ids.len(), letters.len());
    test.delivers().await;
    assert_eq!(smtp.letters().len(), letters.len(), "nothing is left to send");
}

/// O5: of one cause nobody is told twice, in Custody, by mail or in a chat.
#[tokio::test]
async fn one_cause_is_told_once() {
    let (smtp, chat) = (SmtpServer::start().await, ChatServer::start().await);
    let test = with_magnet(&smtp).await;
    test.chat("ilse", Kind::Mattermost, &format!("{}/hooks/1", chat.url), Preferences::default()).await;
    for _ in 0..3 {
        test.now_tells("ilse", "contact/magnet/2027-01-03", "Confirm that you can be called.", false).await;
        test.delivers().await;
    }
    assert_eq!(smtp.letters_to("ilse@example.org").len(), 1);
    assert_eq!(chat.posts().len(), 1);
    let told = store::notices::list(&test.app.db.read, test.person("ilse"), 50).await.unwrap();
    assert_eq!(told.iter().filter(|t| t.text.contains("Confirm that you can be called")).count(), 1);
}

/// F8: while mail is away for hours transitions go on; then everything arrives, under the ids that it had.
#[tokio::test]
async fn mail_that_is_away_for_hours_loses_nothing() {
    let smtp = SmtpServer::start().await;
    let test = with_mail(&smtp).await;
    smtp.is(Mood::Away);
    test.reduced_support("magnet").await;
    let all = store::outbox::list(&test.app.db.read, &[outbox::State::Waiting], None, 1000).await.unwrap().0;
    assert!(all.len() > 10, "transitions went on: {}", all.len());
    for _ in 0..30 {
        outbox::round(&test.app).await.unwrap();
        test.advance(Duration::minutes(12));
    }
    assert!(smtp.letters().is_empty());
    test.shuts_down("magnet").await;
    let all = store::outbox::list(&test.app.db.read, &[outbox::State::Waiting], None, 1000).await.unwrap().0;
    assert!(test.failed().await.is_empty(), "hours are no reason to give up");
    smtp.is(Mood::Takes);
    test.advance(Duration::hours(3));
    test.delivers().await;
    let expected: BTreeSet<_> = all.iter().map(|l| format!("<{}@127.0.0.1>", l.message)).collect();
    let got: Vec<_> = smtp.letters().iter().map(|l| l.id()).collect();
    assert_eq!(got.iter().cloned().collect::<BTreeSet<_>>(), expected);
    assert_eq!(got.len(), expected.len(), "each of them once");
    assert_eq!(test.waiting().await, 0);
}

/// F8: what does not arrive for days fails for good, and says so; tried again by hand it keeps its id.
#[tokio::test]
async fn after_days_it_fails_and_can_be_tried_again() {
    let smtp = SmtpServer::start().await;
    let test = with_magnet(&smtp).await;
    smtp.is(Mood::Away);
    test.now_tells("ilse", "k", "Something.", false).await;
    let mut tries = 0;
    while test.waiting().await > 0 {
        tries += outbox::round(&test.app).await.unwrap();
        test.advance(Duration::minutes(10));
        assert!(test.app.clock.now() < crate::app::morning() + Duration::days(4), "it does not go on for ever");
    }
    assert!((20..60).contains(&tries), "{tries} tries in three days");
    let failed = test.failed().await;
    assert_eq!(failed.len(), 1);
    assert!(failed[0].error.contains("Tried for 3 days"), "{}", failed[0].error);
    smtp.is(Mood::Takes);
    outbox::again(&test.app, &test.caller("ada"), &failed[0].message).await.unwrap();
    test.delivers().await;
    assert_eq!(smtp.letters()[0].id(), format!("<{}@127.0.0.1>", failed[0].message));
}

/// O5: what failed for good stays until somebody tries it again or gives it up; what was delivered or given up goes.
#[tokio::test]
async fn o5_what_failed_stays_until_somebody_sees_it() {
    let smtp = SmtpServer::start().await;
    let test = with_mail(&smtp).await;
    test.requested("magnet").await;
    test.delivers().await;
    smtp.answers("ilse@example.org", "550 no such person here");
    test.now_tells("ilse", "k", "Something.", false).await;
    test.delivers().await;
    test.advance(Duration::days(400));
    outbox::clean(&test.app).await.unwrap();
    let failed = test.failed().await;
    assert_eq!(failed.len(), 1);
    let delivered = store::outbox::list(&test.app.db.read, &[outbox::State::Delivered], None, 1).await.unwrap().1;
    assert_eq!(delivered, 0);
    outbox::give_up(&test.app, &test.caller("ada"), &failed[0].message).await.unwrap();
    test.advance(Duration::days(31));
    outbox::clean(&test.app).await.unwrap();
    let given_up = store::outbox::list(&test.app.db.read, &[outbox::State::GivenUp], None, 1).await.unwrap().1;
    assert_eq!(given_up, 0);
}

/// O5: one address that is refused for good, or for now, holds up nobody else.
#[tokio::test]
async fn one_recipients_trouble_is_nobody_elses() {
    let smtp = SmtpServer::start().await;
    let test = with_mail(&smtp).await;
    test.reduced_support("magnet").await;
    test.delivers().await;
    smtp.forget();
    smtp.answers("ilse@example.org", "550 no such person here");
    smtp.answers("marek@example.org", "451 try later");
    test.shuts_down("magnet").await;
    test.delivers().await;
    assert_eq!(smtp.letters_to("otto@example.org").len(), 1);
    let failed = test.failed().await;
    assert_eq!(failed.len(), 1, "a 550 fails at once: {failed:?}");
    assert!(failed[0].error.contains("550") && failed[0].error.contains("no such person"), "{}", failed[0].error);
    assert_eq!(test.waiting().await, 1, "a 451 waits");
    smtp.answers("marek@example.org", "");
    test.advance(Duration::minutes(2));
    test.delivers().await;
    assert_eq!(smtp.letters_to("marek@example.org").len(), 1);
    smtp.answers("ilse@example.org", "535 custody's password is wrong");
    test.now_tells("ilse", "k", "Something.", false).await;
    test.delivers().await;
    assert_eq!(test.waiting().await, 1, "what is wrong with Custody's own sign-in is mended, and the letter waits");
}

/// O5: whoever crashes between sending and marking sends again, under the same id; never less than once.
#[tokio::test]
async fn a_crash_between_sending_and_marking_repeats_the_same_message() {
    let smtp = SmtpServer::start().await;
    let test = with_magnet(&smtp).await;
    test.now_tells("ilse", "k", "Something.", false).await;
    // The letter is taken, and the one who sent it is gone before it can mark it.
    smtp.is(Mood::TakesAndHangsUp);
    let (lease, claimed) = outbox::claim(&test.app, Road::Mail, 8).await.unwrap();
    assert_eq!(claimed.len(), 1);
    let app = test.app.clone();
    let gone = tokio::spawn(async move { outbox::deliver(&app, &lease, claimed.into_iter().next().unwrap()).await });
    until("the letter is taken", async || smtp.letters().len() == 1).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    smtp.is(Mood::Takes);
    test.delivers().await;
    assert_eq!(smtp.letters().len(), 1, "while the claim holds nobody else sends it");
    test.advance(Duration::minutes(3));
    test.delivers().await;
    let ids: Vec<_> = smtp.letters().iter().map(|l| l.id()).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
    assert_eq!(test.waiting().await, 0);
}

/// O5: whoever comes back after its claim ran out marks nothing that is another's by now.
#[tokio::test]
async fn a_claim_that_ran_out_marks_nothing() {
    let smtp = SmtpServer::start().await;
    let test = with_mail(&smtp).await;
    test.requested("magnet").await;
    test.delivers().await;
    test.now_tells("ilse", "k", "Something.", false).await;
    let (old, first) = outbox::claim(&test.app, Road::Mail, 8).await.unwrap();
    test.advance(Duration::minutes(3));
    let (_, second) = outbox::claim(&test.app, Road::Mail, 8).await.unwrap();
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_eq!(first[0].message, second[0].message);
    let tx = test.app.db.begin().await.unwrap();
    let failed = store::outbox::Outcome::Failed("too late".to_owned());
    let now = test.app.clock.now();
    assert!(!store::outbox::settle(&tx, &first[0].message, &old, failed, now).await.unwrap());
    tx.commit().await.unwrap();
    assert!(test.failed().await.is_empty());
}

/// O5, F10: what was claimed while the clock was ahead, by whoever is gone, is delivered once the clock is right: by mail,
/// and in a chat with what comes behind it.
#[tokio::test]
async fn f10_a_claim_from_ahead_holds_nothing_up() {
    let (smtp, chat) = (SmtpServer::start().await, ChatServer::start().await);
    let test = with_magnet(&smtp).await;
    test.chat("ilse", Kind::Slack, &format!("{}/hooks/1", chat.url), Preferences::default()).await;
    test.now_tells("ilse", "k1", "One.", false).await;
    test.advance(Duration::hours(5));
    for road in [Road::Mail, Road::Chat] {
        let (_, gone) = outbox::claim(&test.app, road, 8).await.unwrap();
        assert_eq!(gone.len(), 1, "{road:?}");
    }
    test.advance(Duration::hours(-5));
    test.now_tells("ilse", "k2", "Two.", false).await;
    test.delivers().await;
    assert_eq!((test.waiting().await, smtp.letters().len(), chat.posts().len()), (0, 2, 2));
}

/// O5, F10: what was put there while the clock was ahead, or put off then, is told once the clock is right: at once, or at
/// the end of the quiet hours in which that is.
#[tokio::test]
async fn f10_what_was_due_ahead_is_told_once_the_clock_is_right() {
    let (smtp, chat) = (SmtpServer::start().await, ChatServer::start().await);
    let test = with_magnet(&smtp).await;
    let quiet = Preferences { quiet: Some((time("08:00"), time("10:00"))), ..Preferences::default() };
    test.chat("ilse", Kind::Slack, &format!("{}/hooks/1", chat.url), quiet).await;
    let arrived = || (smtp.letters().len(), chat.posts().len());
    // 14:00 in Berlin by that clock, and 09:00 by the right one.
    test.advance(at("2026-11-21T13:00:00Z") - test.app.clock.now());
    test.now_tells("ilse", "k1", "One.", false).await;
    test.now_tells("ilse", "fire", "Fire.", true).await;
    test.advance(Duration::hours(-5));
    test.delivers().await;
    assert_eq!(arrived(), (2, 1), "what is not urgent waits for 10:00");
    test.advance(Duration::minutes(59));
    test.delivers().await;
    assert_eq!(arrived(), (2, 1));
    test.advance(Duration::minutes(1));
    test.delivers().await;
    assert_eq!(arrived(), (2, 2));

    smtp.is(Mood::Away);
    test.now_tells("ilse", "k2", "Two.", false).await;
    test.advance(Duration::days(30));
    test.delivers().await;
    test.advance(Duration::days(-30));
    smtp.is(Mood::Takes);
    test.delivers().await;
    assert_eq!((arrived(), test.waiting().await), ((3, 3), 0));
}

/// O5: workers that race, in one process and in two, deliver each message once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn workers_that_race_send_nothing_twice() {
    let (smtp, chat) = (SmtpServer::start().await, ChatServer::start().await);
    let test = with_magnet(&smtp).await;
    test.chat("ilse", Kind::Slack, &format!("{}/hooks/1", chat.url), Preferences::default()).await;
    for n in 0..30 {
        test.now_tells("ilse", &format!("k{n}"), &format!("Thing {n}."), false).await;
        test.now_tells("marek", &format!("k{n}"), &format!("Thing {n}."), false).await;
    }
    let other = open_with_mail(test.dir.path(), test.app.clock.clone(), &trial(), &test.url, Some(&smtp.url)).await;
    let mut workers = Vec::new();
    for app in [test.app.clone(), other.clone(), test.app.clone(), other.clone()] {
        workers.push(tokio::spawn(async move {
            let mut idle = 0;
            while idle < 20 {
                match outbox::round(&app).await.unwrap() {
                    0 => {
                        idle += 1;
                        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                    }
                    _ => idle = 0,
                }
            }
        }));
    }
    for worker in workers {
        worker.await.unwrap();
    }
    let ids: Vec<_> = smtp.letters().iter().map(|l| l.id()).collect();
    assert_eq!(ids.len(), 60);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 60);
    let posts: Vec<_> = chat.posts().iter().map(|p| p.text()).collect();
    let expected: Vec<_> = (0..30).map(|n| format!("Thing {n}.")).collect();
    assert_eq!(posts.len(), 30);
    assert!(posts.iter().zip(&expected).all(|(p, e)| p.ends_with(e)), "in order: {posts:?}");
    assert_eq!(test.waiting().await, 0);
}

/// O5: a chat gets its messages in order, also when one of them has to be tried again; what is urgent overtakes.
#[tokio::test]
async fn a_chat_gets_its_messages_in_order() {
    let chat = ChatServer::start().await;
    let test = TestApp::with_policy(&trial()).await;
    test.requested("magnet").await;
    test.chat("ilse", Kind::Mattermost, &format!("{}/hooks/1", chat.url), Preferences::default()).await;
    for n in 1..=3 {
        test.now_tells("ilse", &format!("k{n}"), &format!("Thing {n}."), false).await;
    }
    chat.answers(503, None, "restarting");
    test.delivers().await;
    assert_eq!(chat.posts().len(), 1, "the second waits for the first");
    test.now_tells("ilse", "urgent", "Fire.", true).await;
    test.delivers().await;
    assert_eq!(chat.taken().len(), 1);
    assert!(chat.taken()[0].text().ends_with("Fire."));
    test.advance(Duration::minutes(2));
    test.delivers().await;
    let said: Vec<_> = chat.taken().iter().map(|p| p.text()).collect();
    assert!(said[1..].iter().zip(1..).all(|(s, n)| s.ends_with(&format!("Thing {n}."))), "{said:?}");
    assert_eq!(said.len(), 4);
    assert_eq!(chat.posts()[0].id(), chat.taken()[1].id(), "the same id over all tries");
}

/// O5, N5: what is urgent waits for no try that is hours away: what it stands behind is tried at once and comes first,
/// also where it comes in the middle of a try.
#[tokio::test]
async fn o5_what_is_urgent_waits_behind_no_later_try() {
    let chat = ChatServer::start().await;
    let test = TestApp::with_policy(&trial()).await;
    test.requested("magnet").await;
    test.chat("ilse", Kind::Mattermost, &format!("{}/hooks/1", chat.url), Preferences::default()).await;
    let said = || chat.taken().iter().map(|p| p.text().rsplit(' ').next().unwrap().to_owned()).collect::<Vec<_>>();
    chat.answers(429, Some(("retry-after", "86400")), "slow down");
    test.now_tells("ilse", "k1", "Fire one.", true).await;
    test.delivers().await;
    test.advance(Duration::minutes(1));
    test.delivers().await;
    assert_eq!(chat.posts().len(), 1, "it asked for a day");
    test.now_tells("ilse", "k2", "Fire two.", true).await;
    test.delivers().await;
    assert_eq!(said(), ["one.", "two."]);

    chat.answers(429, Some(("retry-after", "86400")), "slow down");
    let held = chat.holds_once();
    test.now_tells("ilse", "k3", "Fire three.", true).await;
    let app = test.app.clone();
    let trying = tokio::spawn(async move { outbox::round(&app).await });
    until("it is tried", async || chat.posts().len() == 4).await;
    test.advance(Duration::seconds(1));
    test.now_tells("ilse", "k4", "Fire four.", true).await;
    held.let_go();
    trying.await.unwrap().unwrap();
    test.delivers().await;
    assert_eq!(said(), ["one.", "two.", "three.", "four."]);
}

/// O5: a chat that asks for patience gets it; one that is gone is not asked again; a redirect is not followed (A27).
#[tokio::test]
async fn a_chats_answers_are_heeded() {
    let chat = ChatServer::start().await;
    let test = TestApp::with_policy(&trial()).await;
    test.requested("magnet").await;
    let hook = format!("{}/hooks/very-secret-word", chat.url);
    test.chat("ilse", Kind::Mattermost, &hook, Preferences::default()).await;
    chat.answers(429, Some(("retry-after", "3600")), "slow down");
    test.now_tells("ilse", "k1", "One.", false).await;
    test.delivers().await;
    test.advance(Duration::minutes(59));
    test.delivers().await;
    assert_eq!(chat.posts().len(), 1, "not before the hour that it asked for");
    test.advance(Duration::minutes(2));
    test.delivers().await;
    assert_eq!(chat.taken().len(), 1);

    chat.answers(404, None, "no hook very-secret-word");
    test.now_tells("ilse", "k2", "Two.", false).await;
    test.delivers().await;
    let elsewhere = ChatServer::start().await;
    let to = format!("{}/caught", elsewhere.url);
    chat.answers(302, Some(("location", &to)), "");
    test.now_tells("ilse", "k3", "Three.", false).await;
    test.delivers().await;
    assert!(elsewhere.posts().is_empty());
    let failed = test.failed().await;
    assert_eq!(failed.len(), 2, "{failed:?}");
    assert!(failed.iter().any(|f| f.error.contains("404")));
    assert!(failed.iter().any(|f| f.error.contains("302") && f.error.contains("not followed")));
    assert!(failed.iter().all(|f| !f.error.contains("very-secret-word")), "the address is a secret: {failed:?}");
}

/// O5: Zulip is spoken to as its bots are.
#[tokio::test]
async fn zulip_gets_a_stream_and_a_topic() {
    let chat = ChatServer::start().await;
    let test = TestApp::with_policy(&trial()).await;
    test.requested("magnet").await;
    let typed = Typed {
        address: chat.url.clone(),
        login: "custody-bot@zulip.example.org".to_owned(),
        secret: "k3y".to_owned(),
        stream: "operations".to_owned(),
        topic: "Custody".to_owned(),
    };
    let owner = Owner::Person(test.person("ilse"));
    let id = channels::add(&test.app, &test.caller("ilse"), owner, Kind::Zulip, typed, Preferences::default()).await;
    test.now_tells("ilse", "k1", "One & two.", false).await;
    test.delivers().await;
    let post = &chat.posts()[0];
    assert_eq!(post.path, "/api/v1/messages");
    let form: Vec<(String, String)> = url::form_urlencoded::parse(post.body.as_bytes()).into_owned().collect();
    let of = |name: &str| form.iter().find(|(n, _)| n == name).unwrap().1.clone();
    assert_eq!((of("type"), of("to"), of("topic")), ("stream".into(), "operations".into(), "Custody".into()));
    assert!(of("content").ends_with("One & two."), "{}", of("content"));
    let sent = post.headers["authorization"].to_str().unwrap();
    assert_eq!(sent, "Basic Y3VzdG9keS1ib3RAenVsaXAuZXhhbXBsZS5vcmc6azN5");

    // A key stays with the site that it was entered for.
    let other = ChatServer::start().await;
    let moved = Typed {
        address: other.url.replace("127.0.0.1", "localhost"),
        login: "custody-bot@zulip.example.org".to_owned(),
        stream: "operations".to_owned(),
        topic: "Custody".to_owned(),
        ..Typed::default()
    };
    let refused =
        channels::change(&test.app, &test.caller("ilse"), owner, &id.unwrap(), moved, Preferences::default()).await;
    assert!(matches!(refused, Err(Error::Invalid(p)) if p.iter().any(|p| p.field == "secret")));
}

/// O5: what comes is what was chosen: everything, only what waits for me or is urgent, nothing.
#[tokio::test]
async fn what_comes_is_what_was_chosen() {
    let smtp = SmtpServer::start().await;
    let test = with_mail(&smtp).await;
    test.reduced_support("magnet").await;
    test.delivers().await;
    test.mail("marek", Preferences { wanted: Wanted::Mine, ..Preferences::default() }).await;
    test.mail("lena", Preferences { wanted: Wanted::Nothing, ..Preferences::default() }).await;
    smtp.forget();
    let device = test.device("magnet").await.id;
    let turns = store::standing::list_turns(&test.app.db.read, &[device].into()).await.unwrap();
    assert!(turns[&device].contains(&(test.person("ilse"), false)), "it is the contributors' turn: {turns:?}");
    test.now_tells("marek", "k1", "Your turn.", false).await;
    test.now_tells("otto", "k1", "For the shift.", false).await;
    test.mail("otto", Preferences { wanted: Wanted::Mine, ..Preferences::default() }).await;
    test.now_tells("otto", "k2", "Nothing of his.", false).await;
    test.now_tells("otto", "k3", "Fire.", true).await;
    test.now_tells("lena", "k3", "Fire.", true).await;
    test.delivers().await;
    let to = |who: &str| smtp.letters_to(who).len();
    assert_eq!(to("marek@example.org"), usize::from(turns[&device].contains(&(test.person("marek"), false))));
    assert_eq!(to("otto@example.org"), 2, "what came before he chose, and what is urgent");
    assert_eq!(to("lena@example.org"), 0);
    let told = store::notices::list(&test.app.db.read, test.person("lena"), 50).await.unwrap();
    assert!(told.iter().any(|t| t.text == "Fire."), "Custody itself tells everybody");
}

/// O5: a daily message holds the day in order under one id; quiet hours hold back over the change to winter time; what
/// is urgent waits for neither.
#[tokio::test]
async fn digests_and_quiet_hours_hold_back() {
    let (smtp, chat) = (SmtpServer::start().await, ChatServer::start().await);
    let test = with_magnet(&smtp).await;
    test.mail("ilse", Preferences { digest: Some(time("08:00")), ..Preferences::default() }).await;
    let quiet = Preferences { quiet: Some((time("22:00"), time("07:00"))), ..Preferences::default() };
    test.chat("ilse", Kind::Slack, &format!("{}/hooks/1", chat.url), quiet).await;
    // Saturday, 27 March 2027, 23:30 in Berlin; the clock is put forward that night.
    test.advance(at("2027-03-27T22:30:00Z") - test.app.clock.now());
    for n in 1..=3 {
        test.now_tells("ilse", &format!("k{n}"), &format!("Thing {n}."), false).await;
    }
    test.now_tells("ilse", "fire", "Fire.", true).await;
    test.delivers().await;
    assert_eq!(smtp.letters().len(), 1, "what is urgent comes at once");
    assert_eq!(chat.posts().len(), 1);
    test.advance(at("2027-03-28T04:59:59Z") - test.app.clock.now());
    test.delivers().await;
    assert_eq!(chat.posts().len(), 1, "07:00 is 05:00 UTC from this night on");
    test.advance(Duration::seconds(1));
    test.delivers().await;
    assert_eq!(chat.posts().len(), 4);
    assert_eq!(smtp.letters().len(), 1);
    // The mail server is away at 08:00, and something happens meanwhile.
    smtp.is(Mood::Away);
    test.advance(Duration::hours(1));
    test.delivers().await;
    test.now_tells("ilse", "k4", "Thing 4.", false).await;
    smtp.is(Mood::Takes);
    test.advance(Duration::minutes(5));
    test.delivers().await;
    let letters = smtp.letters();
    assert_eq!(letters.len(), 2, "one letter for the day");
    let digest = &letters[1];
    assert_eq!(digest.header("Subject").as_deref(), Some("[Custody] 3 messages about magnet"));
    let places: Vec<_> = (1..=3).map(|n| digest.text.find(&format!("Thing {n}.")).unwrap()).collect();
    assert!(places.is_sorted());
    assert!(!digest.text.contains("Thing 4."), "that is for tomorrow");
    test.advance(Duration::days(1));
    test.delivers().await;
    assert_eq!(smtp.letters().len(), 3);
}

/// O5: what was due before the quiet hours, and could not be delivered or was not claimed then, waits for their end like
/// all the rest; what is urgent is tried all the same.
#[tokio::test]
async fn o5_quiet_hours_hold_for_what_comes_late() {
    let (smtp, chat) = (SmtpServer::start().await, ChatServer::start().await);
    let test = with_magnet(&smtp).await;
    let quiet = Preferences { quiet: Some((time("22:00"), time("07:00"))), ..Preferences::default() };
    test.mail("ilse", quiet).await;
    test.chat("ilse", Kind::Slack, &format!("{}/hooks/1", chat.url), quiet).await;
    // 20:30 in Berlin. The mail server is away; the chat's messages are claimed by nobody.
    test.advance(at("2026-11-21T19:30:00Z") - test.app.clock.now());
    test.now_tells("ilse", "k1", "One.", false).await;
    test.now_tells("ilse", "fire", "Fire.", true).await;
    smtp.is(Mood::Away);
    let mail_is_tried = async || {
        let (lease, all) = outbox::claim(&test.app, Road::Mail, 8).await.unwrap();
        for claimed in all {
            outbox::deliver(&test.app, &lease, claimed).await.unwrap();
        }
    };
    while test.app.clock.now() < at("2026-11-21T22:30:00Z") {
        mail_is_tried().await;
        test.advance(Duration::minutes(10));
    }
    let waiting = store::outbox::list(&test.app.db.read, &[outbox::State::Waiting], None, 10).await.unwrap().0;
    let one = waiting.iter().find(|l| l.text == "One." && l.attempts > 0).expect("it was tried");
    assert_eq!(one.due, at("2026-11-22T06:00:00Z"), "{one:?}");
    smtp.is(Mood::Takes);
    test.advance(Duration::hours(3));
    test.delivers().await;
    assert_eq!((smtp.letters().len(), chat.posts().len()), (1, 1), "what is urgent comes at any hour");
    test.advance(at("2026-11-22T05:59:59Z") - test.app.clock.now());
    test.delivers().await;
    assert_eq!((smtp.letters().len(), chat.posts().len()), (1, 1));
    test.advance(Duration::seconds(1));
    test.delivers().await;
    assert_eq!((smtp.letters().len(), chat.posts().len()), (2, 2));
}

/// O5: a group's chat hears once of what concerns the group: the shift of a shut-down (N5) and of each change of support
/// (H8), the first team of a new request (L6).
#[tokio::test]
async fn a_groups_chat_hears_once() {
    let chat = ChatServer::start().await;
    let test = TestApp::with_policy(&trial()).await;
    let teams = store::teams::list_teams(&test.app.db.read).await.unwrap();
    for (name, path) in [("DOC", "doc"), ("ICI", "ici")] {
        let team = teams.iter().find(|t| t.name == name).unwrap().id;
        let typed = Typed { address: format!("{}/hooks/{path}", chat.url), ..Typed::default() };
        let of = Preferences::default();
        let ada = test.caller("ada");
        channels::add(&test.app, &ada, Owner::Team(team), Kind::Mattermost, typed.clone(), of).await.unwrap();
        let refused = channels::add(&test.app, &test.caller("ilse"), Owner::Team(team), Kind::Slack, typed, of).await;
        assert!(matches!(refused, Err(Error::Refused(_))), "only an administrator keeps a group's chats");
    }
    test.reduced_support("magnet").await;
    test.delivers().await;
    let to = |path: &str| -> Vec<String> {
        chat.posts().iter().filter(|p| p.path == format!("/hooks/{path}")).map(|p| p.text()).collect()
    };
    assert_eq!(to("ici").len(), 1, "{:?}", to("ici"));
    assert!(to("ici")[0].contains("asked to contribute magnet"));
    let before = to("doc").len();
    assert!(to("doc").iter().any(|t| t.contains("reduced support")), "{:?}", to("doc"));
    test.shuts_down("magnet").await;
    test.delivers().await;
    assert_eq!(to("doc").len(), before + 1, "once, for all of the shift");
    assert!(to("doc")[before].contains("shut it down"));
    assert_eq!(to("ici").len(), 1);
}

/// N1, O5: whoever has to do with a device hears at once when it is not supported at all, also at night.
#[tokio::test]
async fn not_supported_at_all_is_urgent() {
    let smtp = SmtpServer::start().await;
    let test = with_mail(&smtp).await;
    test.reduced_support("magnet").await;
    test.delivers().await;
    smtp.forget();
    for who in ["ilse", "otto"] {
        let quiet = Preferences { quiet: Some((time("00:00"), time("23:59"))), ..Preferences::default() };
        test.mail(who, quiet).await;
    }
    test.sees(FULL, &[("magnet", "1.0.0")]).await;
    test.delivers().await;
    for who in ["ilse@example.org", "otto@example.org"] {
        let letters = smtp.letters_to(who);
        assert_eq!(letters.len(), 1, "{who}");
        assert!(letters[0].header("Subject").unwrap().contains("not supported at all"), "{letters:?}");
    }
    test.sees(FULL, &[("magnet", "1.0.0")]).await;
    test.delivers().await;
    assert_eq!(smtp.letters_to("ilse@example.org").len(), 1, "what stays so is not told again");
}

/// A25: what people type has no power in a letter or a chat.
#[tokio::test]
async fn hostile_text_stays_text() {
    let (smtp, chat) = (SmtpServer::start().await, ChatServer::start().await);
    let test = with_magnet(&smtp).await;
    test.chat("ilse", Kind::Slack, &format!("{}/hooks/1", chat.url), Preferences::default()).await;
    test.chat("ilse", Kind::Mattermost, &format!("{}/hooks/2", chat.url), Preferences::default()).await;
    test.says(
        "magnet",
        "<script>alert(1)</script> <!here> @channel [Sign in](https://evil.example)\n.\nBcc: x@example.org",
    )
    .await;
    test.delivers().await;
    let letter = &smtp.letters_to("ilse@example.org")[0];
    assert!(letter.header("Bcc").is_none());
    assert!(letter.text.contains("\r\n.\r\n"), "a lone dot does not end a letter");
    let html = letter.text.split("text/html").nth(1).unwrap().replace("=\r\n", "");
    assert!(!html.contains("<script") && html.contains("&#60;script"), "{html}");
    let posts = chat.posts();
    assert_eq!(posts.len(), 2);
    for (path, more) in [("/hooks/1", "<script"), ("/hooks/2", "\n")] {
        let text = posts.iter().find(|p| p.path == path).unwrap().text();
        for bad in ["@channel", "<!here>", "](https://evil", more] {
            let harmless = bad == "<!here>" && path == "/hooks/2";
            assert!(!text.contains(bad) || harmless, "{bad} in {text}");
        }
    }
}

/// A27: an address that leads inward is refused when it is entered, and when a stricter policy finds it on record.
#[tokio::test]
async fn inward_webhooks_are_refused() {
    let chat = ChatServer::start().await;
    let test = TestApp::with_policy(&trial()).await;
    test.requested("magnet").await;
    test.chat("ilse", Kind::Slack, &format!("{}/hooks/1", chat.url), Preferences::default()).await;
    let strict = open_with_mail(test.dir.path(), test.app.clock.clone(), &crate::app::POLICY, &test.url, None).await;
    test.now_tells("ilse", "k1", "One.", false).await;
    while outbox::round(&strict).await.unwrap() > 0 {}
    assert!(chat.posts().is_empty(), "what the policy no longer allows is not connected to");
    let failed = test.failed().await;
    assert!(failed[0].error.contains("https://"), "{}", failed[0].error);

    let owner = Owner::Person(test.person("ilse"));
    let port = chat.url.rsplit(':').next().unwrap();
    for address in [
        format!("https://127.0.0.1:{port}/x"),
        format!("https://0x7f.1:{port}/x"),
        format!("https://2130706433:{port}/x"),
        format!("https://[::ffff:127.0.0.1]:{port}/x"),
        format!("https://localhost:{port}/x"),
        format!("http://127.0.0.1:{port}/x"),
        "https://169.254.169.254/latest".to_owned(),
        "https://100.64.1.1/x".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        let typed = Typed { address: address.clone(), ..Typed::default() };
        let refused =
            channels::add(&strict, &test.caller("ilse"), owner, Kind::Slack, typed, Preferences::default()).await;
        assert!(matches!(refused, Err(Error::Invalid(p)) if p[0].field == "address"), "{address}");
    }
    assert!(chat.posts().is_empty());
}

/// O5, A31: nobody whose account is closed is told of anything but that, and what waits for them is not sent.
#[tokio::test]
async fn a_closed_account_is_told_nothing() {
    let smtp = SmtpServer::start().await;
    let test = with_magnet(&smtp).await;
    test.now_tells("otto", "k1", "One.", false).await;
    custody::service::closing::close(&test.app, &test.caller("ada"), test.person("otto")).await.unwrap();
    test.shown().await;
    test.now_tells("otto", "k2", "Two.", false).await;
    test.delivers().await;
    let letters = smtp.letters_to("otto@example.org");
    let subjects: Vec<String> = letters.iter().filter_map(|l| l.header("Subject")).collect();
    let about = "[Custody] Your account: Ada Nowak closed your account";
    assert!(matches!(subjects.as_slice(), [one] if one.starts_with(about)), "{subjects:?}");
    assert!(test.failed().await.iter().any(|f| f.error.contains("closed")));
    assert_eq!(test.waiting().await, 0);
}

/// F8, F13: the worker delivers by itself, a mail server that says nothing holds up no chat, and the stop is at once.
#[tokio::test]
async fn a_silent_mail_server_holds_up_no_chat() {
    let (smtp, chat) = (SmtpServer::start().await, ChatServer::start().await);
    let test = with_mail(&smtp).await;
    test.reduced_support("magnet").await;
    test.chat("ilse", Kind::Mattermost, &format!("{}/hooks/1", chat.url), Preferences::default()).await;
    smtp.is(Mood::Silent);
    test.shuts_down("magnet").await;
    let worker = tokio::spawn(outbox::run(test.app.clone()));
    // Long before the mail server is given up.
    let sooner = std::time::Duration::from_secs(15);
    let chat_is_told = until("the chat is told", async || !chat.taken().is_empty());
    tokio::time::timeout(sooner, chat_is_told).await.expect("the chat waits for the mail");
    smtp.is(Mood::Takes);
    until("the mail comes as well", async || !smtp.letters_to("otto@example.org").is_empty()).await;
    smtp.is(Mood::Silent);
    let before = smtp.kept_waiting();
    test.now_tells("ilse", "k", "Something.", false).await;
    until("the mail server hangs again", async || smtp.kept_waiting() > before).await;
    test.app.stop.cancel();
    let ended = tokio::time::timeout(sooner, worker).await;
    assert!(ended.is_ok(), "a stop waits five seconds for the mail server, and no longer");
}

/// F13, O5: what a chat has taken already when Custody is told to stop is marked, so that it does not come twice; nothing
/// else is begun.
#[tokio::test]
async fn f13_a_stop_waits_for_what_was_taken() {
    let chat = ChatServer::start().await;
    let test = TestApp::with_policy(&trial()).await;
    test.requested("magnet").await;
    test.chat("ilse", Kind::Mattermost, &format!("{}/hooks/1", chat.url), Preferences::default()).await;
    test.now_tells("ilse", "k1", "One.", false).await;
    test.now_tells("ilse", "k2", "Two.", false).await;
    let held = chat.holds_once();
    let worker = tokio::spawn(outbox::run(test.app.clone()));
    until("the first is taken", async || chat.posts().len() == 1).await;
    test.app.stop.cancel();
    held.let_go();
    let ended = tokio::time::timeout(PATIENCE, worker).await;
    ended.expect("it ends by itself").unwrap();
    assert_eq!(chat.posts().len(), 1, "the second is for after the next start");
    let ended = store::outbox::list(&test.app.db.read, &[outbox::State::Delivered], None, 10).await.unwrap().0;
    assert!(ended.iter().any(|e| e.text == "One."), "{ended:?}");
    assert!(chat.posts()[0].text().ends_with("One."));
}

/// F11: what people were told before keeps its place, and leads to the device.
#[tokio::test]
async fn f11_notices_outlive_the_change_of_their_table_in_sqlite() {
    use migrations::MigratorTrait;
    use sea_orm::{ConnectionTrait, Database};
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("custody.db");
    let db = Database::connect(format!("sqlite://{}?mode=rwc", file.display())).await.unwrap();
    migrations::Migrator::up(&db, Some(1)).await.unwrap();
    let person = uuid::Uuid::from_u128(1);
    for statement in [
        format!("INSERT INTO person (id, name, email, time_zone, created_at) VALUES ('{person}', 'Ilse', 'i@example.org', 'Europe/Berlin', '2026-11-21T08:00:00+00:00')"),
        "INSERT INTO device (id, name, revision, state, since, cycle, lead_group, summary, urgency, support_why, support_since, when_stopped, may_stop, repository, search, body, created_at, updated_at) VALUES ('00000000-0000-0000-0000-000000000002', 'magnet', 1, 'requested', 'x', 1, 'SCS', '', 0, '', 'x', 'call_first', 0, '', '', '', 'x', 'x')".to_owned(),
        format!("INSERT INTO notice (id, person_id, device_id, seq, text, at, seen_at) VALUES ('7-x', '{person}', '00000000-0000-0000-0000-000000000002', 7, 'Old.', '2026-11-21T08:00:00+00:00', NULL), ('8-x', '{person}', '00000000-0000-0000-0000-000000000002', 8, 'Newer.', '2026-11-21T09:00:00+00:00', '2026-11-21T10:00:00+00:00')"),
    ] {
        db.execute_unprepared(&statement).await.unwrap();
    }
    db.close().await.unwrap();
    let db = store::Db::open(&file).await.unwrap();
    let me = custody::domain::id::PersonId(person);
    let told = store::notices::list(&db.read, me, 10).await.unwrap();
    let all: Vec<_> = told.iter().map(|t| (t.text.as_str(), t.path.as_str(), t.seen)).collect();
    assert_eq!(all, [("Newer.", "/devices/magnet", true), ("Old.", "/devices/magnet", false)]);
    let tx = db.begin().await.unwrap();
    let notice = |key: &str| store::notices::Notice {
        person: me,
        device: None,
        key: key.to_owned(),
        text: "Old.".to_owned(),
        path: "/devices/magnet".to_owned(),
        at: chrono::DateTime::UNIX_EPOCH,
    };
    let new = store::notices::insert(&tx, vec![notice("journal/7"), notice("journal/9")]).await.unwrap();
    assert_eq!(new, [(me, "journal/9".to_owned())].into(), "what was told then is not told again");
}

/// F8, F13: the program itself delivers what was written before its start, and ends at once on SIGTERM.
#[tokio::test]
async fn the_program_delivers() {
    let smtp = SmtpServer::start().await;
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let before = open_with_mail(test.dir.path(), Clock::System, &trial(), &test.url, Some(&smtp.url)).await;
    test.tells_by(&before, "ilse", "k", "Something.", false).await;
    let mut program = tokio::process::Command::new(env!("CARGO_BIN_EXE_custody"))
        .args(["serve", "--listen", "127.0.0.1:0", "--public-url", "https://custody.example.org"])
        .args(["--log-level", "error", "--mail-from", "custody@example.org"])
        .args(postgres::flags(test.dir.path()))
        .env("CUSTODY_SMTP", &smtp.url)
        .stdout(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    until("a letter comes", async || !smtp.letters().is_empty()).await;
    assert!(smtp.letters()[0].text.contains("https://custody.example.org/devices/magnet"));
    let id = program.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let ended = tokio::time::timeout(GONE_WITHIN, program.wait()).await;
    assert!(ended.unwrap().unwrap().success());
}
