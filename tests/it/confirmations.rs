//! Contacts confirm themselves by a link: asked when named, reminded before and after their word ages (L4).

use crate::{app::TestApp, waiting::until};
use chrono::Duration;
use custody::{
    domain::{
        contact::{Contact, Hours},
        id::PersonId,
        lifecycle::Command,
    },
    service::{
        self, confirmations,
        import::{self, Kind, Outcome, Table},
        people::{Details, OwnDetails},
    },
    store,
};

/// The links that somebody was told of, the newest first.
async fn links(test: &TestApp, name: &str) -> Vec<String> {
    let all = store::notices::list(&test.app.db.read, test.person(name), 100).await.unwrap();
    all.into_iter().map(|t| t.path).filter(|p| p.starts_with("/confirm/")).collect()
}

async fn link(test: &TestApp, name: &str) -> String {
    links(test, name).await.into_iter().next().unwrap_or_else(|| panic!("{name} was asked nothing"))
}

async fn confirmed(test: &TestApp, name: &str) -> Option<chrono::DateTime<chrono::Utc>> {
    let device = test.device("magnet").await;
    device.contacts.iter().find(|c| c.person == test.person(name)).unwrap().confirmed
}

/// What the form of a link's page sends along.
fn seen(page: &str) -> String {
    let rest = page.split("name=\"seen\" value=\"").nth(1).expect("the page has the button");
    rest.split('"').next().unwrap().to_owned()
}

async fn words(test: &TestApp, name: &str) -> Vec<custody::domain::journal::Entry> {
    let id = test.device("magnet").await.id.to_string();
    let all = store::journal::list_all(&test.app.db.read, &id).await.unwrap();
    let by = |e: &custody::domain::journal::Entry| e.actor == Some(test.person(name));
    all.into_iter().filter(|e| e.kind == "contact_confirmed" && by(e)).collect()
}

fn contact(person: PersonId) -> Contact {
    Contact { person, hours: Hours::Daytime, time_zone: "Europe/Berlin".to_owned(), deputy: None, confirmed: None }
}

async fn remind(test: &TestApp) -> usize {
    let device = test.device("magnet").await;
    confirmations::remind(&test.app, std::slice::from_ref(&device)).await.unwrap()
}

/// L4: who is named as a contact is asked by a link, and confirms by it without signing in; GET changes nothing (A33).
#[tokio::test]
async fn l4_a_contact_confirms_by_a_link() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    assert!(links(&test, "ilse").await.is_empty(), "she named herself");
    let link = link(&test, "marek").await;
    let stranger = test.stranger();
    let mut page = String::new();
    for _ in 0..3 {
        page = stranger.page(&link).await;
    }
    for shown in ["magnet", "+49 40 66969 219", "day and night", "Europe/Berlin", "Ilse Hartmann", "2 of 2"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert_eq!(confirmed(&test, "marek").await, None, "opening says nothing");

    let response = stranger.post(&link, &[("seen", &seen(&page))]).await;
    assert_eq!(response.status(), 303);
    assert_eq!(confirmed(&test, "marek").await, Some(test.app.clock.now()));
    let words = words(&test, "marek").await;
    assert_eq!(words.len(), 1);
    assert_eq!(words[0].origin, "link 127.0.0.1");
    let thanks = stranger.page(&link).await;
    assert!(thanks.contains("Confirmed: operators call you on this number."), "{thanks}");
}

/// L4: a link counts once, also for two clicks at once, and says so.
#[tokio::test]
async fn l4_a_link_counts_once() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let link = link(&test, "marek").await;
    let stranger = test.stranger();
    let seen = seen(&stranger.page(&link).await);
    let secret = link.trim_start_matches("/confirm/");
    let once = || confirmations::confirm(&test.app, secret, &seen, "link 192.0.2.7");
    let both = tokio::join!(once(), once());
    assert!(both.0.is_ok() && both.1.is_ok());
    assert_eq!(words(&test, "marek").await.len(), 1);
    let first = confirmed(&test, "marek").await;

    test.advance(Duration::days(1));
    let again = stranger.post(&link, &[("seen", &seen)]).await;
    assert_eq!(again.status(), 200);
    let page = again.text().await.unwrap();
    assert!(page.contains("This link has been used") && page.contains("Your word counts until"), "{page}");
    assert_eq!(confirmed(&test, "marek").await, first);
    test.advance(Duration::days(200));
    assert!(stranger.page(&link).await.contains("counts no longer"));
}

/// L4: a link that is too old says so and what to do; one that is none, and one of a closed account, open nothing (A34).
#[tokio::test]
async fn l4_old_wrong_and_closed_links() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let link = link(&test, "marek").await;
    let stranger = test.stranger();
    let seen = seen(&stranger.page(&link).await);
    let ada = test.caller("ada");
    service::closing::close(&test.app, &ada, test.person("marek")).await.unwrap();
    test.shown().await;
    let (closed, nonsense) = (stranger.get(&link).await, stranger.get("/confirm/0123456789abcdef").await);
    assert_eq!((closed.status().as_u16(), nonsense.status().as_u16()), (404, 404));
    assert_eq!(stranger.post(&link, &[("seen", &seen)]).await.status(), 404);
    assert_eq!(confirmed(&test, "marek").await, None, "a closed account says nothing");

    service::closing::reopen(&test.app, &ada, test.person("marek")).await.unwrap();
    test.shown().await;
    test.advance(Duration::days(confirmations::LINK_DAYS));
    for response in [stranger.get(&link).await, stranger.post(&link, &[("seen", &seen)]).await] {
        assert_eq!(response.status(), 410);
        assert!(response.text().await.unwrap().contains("This link is too old"));
    }
    assert_eq!(confirmed(&test, "marek").await, None);
    let more = stranger.post(&link, &[("seen", &seen), ("person", "otto")]).await;
    assert_eq!(more.status(), 422, "A29");
}

/// L4: a word counts for what was read: not for a number that was changed meanwhile, and not without one.
#[tokio::test]
async fn l4_a_word_counts_for_what_was_read() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let link = link(&test, "marek").await;
    let stranger = test.stranger();
    let before = seen(&stranger.page(&link).await);
    let number = async |phone: Option<&str>| {
        let own = OwnDetails {
            phone: phone.map(str::to_owned),
            time_zone: "Europe/Berlin".to_owned(),
            commit_emails: Vec::new(),
        };
        service::people::edit_own(&test.app, &test.caller("marek"), own).await.unwrap();
        test.shown().await;
    };
    number(Some("+49 40 66969 999")).await;
    let response = stranger.post(&link, &[("seen", &before)]).await;
    assert_eq!(response.status(), 409);
    let page = response.text().await.unwrap();
    assert!(page.contains("This has changed since you opened it") && page.contains("66969 999"), "{page}");
    assert_eq!(confirmed(&test, "marek").await, None);

    number(None).await;
    let page = stranger.page(&link).await;
    assert!(page.contains("There is no number to call") && !page.contains("This is right"), "{page}");
    let secret = link.trim_start_matches("/confirm/");
    let asked = match confirmations::open(&test.app, secret).await.unwrap() {
        confirmations::Opened::Open(asked) => asked.seen,
        _ => panic!("it is open"),
    };
    assert_eq!(stranger.post(&link, &[("seen", &asked)]).await.status(), 409);
    assert_eq!(confirmed(&test, "marek").await, None, "nobody confirms that they cannot be called");

    number(Some("+49 40 66969 999")).await;
    let now = seen(&stranger.page(&link).await);
    assert_eq!(stranger.post(&link, &[("seen", &now)]).await.status(), 303);
}

/// L4: nor for a number that is changed in the moment in which it is said.
#[tokio::test]
async fn l4_a_number_that_changes_meanwhile_is_not_confirmed() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let link = link(&test, "marek").await;
    let saw = seen(&test.stranger().page(&link).await);
    let tx = test.app.db.begin().await.unwrap();
    // Whoever feeds the board asks nothing meanwhile.
    let _nothing_is_taken_in = test.app.projection.taking_in.lock().await;
    let before = test.app.db.statements();
    let (app, secret) = (test.app.clone(), link.trim_start_matches("/confirm/").to_owned());
    let word = tokio::spawn(async move { confirmations::confirm(&app, &secret, &saw, "link 192.0.2.7").await });
    let mut asked = before;
    until("it has read what is on record, and waits for this transaction", async || {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        let now = test.app.db.statements();
        now > before && std::mem::replace(&mut asked, now) == now
    })
    .await;
    let number = sea_orm::ActiveValue::Set(Some("+49 40 66969 999".to_owned()));
    let change = store::entity::person::ActiveModel { phone: number, ..Default::default() };
    store::people::update(&tx, test.person("marek"), change).await.unwrap();
    tx.commit().await.unwrap();
    let answer = word.await.unwrap().unwrap();
    assert!(matches!(answer, confirmations::Answer::Look(confirmations::Opened::Open(_))), "it is shown anew");
    assert_eq!(confirmed(&test, "marek").await, None);
}

/// L4: a word counts for the number that it was given for: where an administrator or an import changes that, it ends at
/// once and the contact is asked anew; whoever changes their own keeps theirs.
#[tokio::test]
async fn l4_a_number_that_somebody_else_changed_is_confirmed_anew() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let stranger = test.stranger();
    let details = |phone: &str| Details {
        name: "Marek Dvořák".to_owned(),
        email: "marek@example.org".to_owned(),
        phone: Some(phone.to_owned()),
        time_zone: "Europe/Berlin".to_owned(),
        commit_emails: Vec::new(),
    };
    let own = OwnDetails {
        phone: Some("+49 40 66969 220".to_owned()),
        time_zone: "Europe/Berlin".to_owned(),
        commit_emails: Vec::new(),
    };
    service::people::edit_own(&test.app, &test.caller("marek"), own).await.unwrap();
    test.shown().await;
    assert!(confirmed(&test, "marek").await.is_some(), "it is their own word still");

    let asked = links(&test, "marek").await.len();
    test.advance(Duration::hours(1));
    let ada = test.caller("ada");
    service::people::edit(&test.app, &ada, test.person("marek"), details("+49 40 66969 221")).await.unwrap();
    test.shown().await;
    assert_eq!(confirmed(&test, "marek").await, None);
    assert!(confirmed(&test, "ilse").await.is_some(), "her number is what it was");
    let device = test.device("magnet").await;
    assert_eq!(test.replayed(&device).await, device);
    assert_eq!(links(&test, "marek").await.len(), asked + 1);
    let link = link(&test, "marek").await;
    let page = stranger.page(&link).await;
    assert!(page.contains("+49 40 66969 221"), "{page}");
    assert_eq!(stranger.post(&link, &[("seen", &seen(&page))]).await.status(), 303);
    assert!(confirmed(&test, "marek").await.is_some());
    assert!(
        test.browser("ilse").await.page("/devices/magnet/history").await.contains("changed the number of Marek Dvořák")
    );

    // What an administrator leaves as it is, and what is not the number, ends nothing; an import does as a hand.
    let mut moved = details("+49 40 66969 221");
    moved.time_zone = "Europe/Paris".to_owned();
    service::people::edit(&test.app, &ada, test.person("marek"), moved).await.unwrap();
    test.shown().await;
    assert!(confirmed(&test, "marek").await.is_some());
    let csv = "name,email,phone\nMarek Dvořák,marek@example.org,+49 40 66969 222\n";
    let table = Table::parse(Kind::People, "people.csv", csv.as_bytes()).unwrap();
    assert!(matches!(import::carry_out(&test.app, &ada, table, None).await.unwrap(), Outcome::Done(_)));
    assert_eq!(confirmed(&test, "marek").await, None);
    assert_eq!(links(&test, "marek").await.len(), asked + 2);
}

/// L4: whoever is taken off the list, and whose device has ended, has nothing to confirm.
#[tokio::test]
async fn l4_a_former_contact_has_nothing_to_confirm() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let link = link(&test, "marek").await;
    let stranger = test.stranger();
    let seen = seen(&stranger.page(&link).await);
    let contacts = vec![contact(test.person("ilse")), contact(test.person("tomasz"))];
    test.does("ilse", "magnet", Command::SetContacts { contacts }).await.unwrap();
    for response in [stranger.get(&link).await, stranger.post(&link, &[("seen", &seen)]).await] {
        assert_eq!(response.status(), 410);
        assert!(response.text().await.unwrap().contains("not needed any more"));
    }
    let theirs = self::link(&test, "tomasz").await;
    let told = store::notices::list(&test.app.db.read, test.person("tomasz"), 100).await.unwrap();
    assert_eq!(told.len(), 1, "named and asked in one: {told:?}");
    test.does("ilse", "magnet", Command::Withdraw { reason: "Not needed.".to_owned() }).await.unwrap();
    assert_eq!(stranger.get(&theirs).await.status(), 410);
}

/// L4: a word that ages is asked for once before and once after, by whoever looks, and counts anew when it is given.
#[tokio::test]
async fn l4_reminders_come_once_before_and_once_after() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let asked = links(&test, "marek").await.len();
    assert_eq!(remind(&test).await, 0);
    test.advance(Duration::days(180 - 14) - Duration::seconds(1));
    assert_eq!(remind(&test).await, 0);
    test.advance(Duration::seconds(1));
    let device = [test.device("magnet").await];
    let two = tokio::join!(confirmations::remind(&test.app, &device), confirmations::remind(&test.app, &device));
    assert_eq!(two.0.unwrap() + two.1.unwrap(), 2, "Ilse and Marek, once each");
    assert_eq!(remind(&test).await, 0);
    assert_eq!(links(&test, "marek").await.len(), asked + 1);
    let page = test.browser("marek").await.page("/my").await;
    assert!(page.contains("Confirm again that you can be called for <code>magnet</code>, before"), "{page}");
    assert!(page.contains("I can be called"));

    // Ilse gives her word anew by the link; Marek lets it age.
    let stranger = test.stranger();
    let ilse = link(&test, "ilse").await;
    let word = seen(&stranger.page(&ilse).await);
    assert_eq!(stranger.post(&ilse, &[("seen", &word)]).await.status(), 303);
    test.advance(Duration::days(14));
    assert_eq!(remind(&test).await, 1, "Marek's has aged");
    assert_eq!(remind(&test).await, 0);
    assert_eq!(links(&test, "marek").await.len(), asked + 2);
    assert!(stranger.page("/devices/magnet").await.contains("too long ago"));
    let told = store::notices::list(&test.app.db.read, test.person("marek"), 1).await.unwrap();
    assert!(told[0].text.contains("counts no longer since"), "{told:?}");
    assert!(test.browser("marek").await.page("/my").await.contains("the last time counted until"));

    // A closed account is reminded of nothing.
    test.advance(Duration::days(180));
    service::closing::close(&test.app, &test.caller("ada"), test.person("ilse")).await.unwrap();
    test.shown().await;
    assert_eq!(remind(&test).await, 1, "Marek is asked again");
    assert_eq!(remind(&test).await, 0);
}

/// L4: whoever never gave their word, whose number somebody else changed, and whose word has aged is asked again whenever
/// the last link is too old, as its page says: once each time, and no more once they have given it.
#[tokio::test]
async fn l4_whoever_gives_no_word_is_asked_again() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let stranger = test.stranger();
    let asked = links(&test, "marek").await.len();
    for times in 1..=3 {
        test.advance(Duration::days(confirmations::LINK_DAYS) - Duration::seconds(1));
        assert_eq!(remind(&test).await, 0, "the last link still counts");
        test.advance(Duration::seconds(1));
        assert!(stranger.get(&link(&test, "marek").await).await.status() == 410, "and now no more");
        let device = [test.device("magnet").await];
        let two = tokio::join!(confirmations::remind(&test.app, &device), confirmations::remind(&test.app, &device));
        assert_eq!(two.0.unwrap() + two.1.unwrap(), 1);
        assert_eq!(links(&test, "marek").await.len(), asked + times);
    }
    let gives_word = async || {
        let link = link(&test, "marek").await;
        let word = seen(&stranger.page(&link).await);
        assert_eq!(stranger.post(&link, &[("seen", &word)]).await.status(), 303);
    };
    gives_word().await;
    test.advance(Duration::days(confirmations::LINK_DAYS));
    assert_eq!(remind(&test).await, 0, "his word counts");

    let details = Details {
        name: "Marek Dvořák".to_owned(),
        email: "marek@example.org".to_owned(),
        phone: Some("+49 40 66969 221".to_owned()),
        time_zone: "Europe/Berlin".to_owned(),
        commit_emails: Vec::new(),
    };
    service::people::edit(&test.app, &test.caller("ada"), test.person("marek"), details).await.unwrap();
    test.shown().await;
    assert_eq!(remind(&test).await, 0, "he was asked just now");
    test.advance(Duration::days(confirmations::LINK_DAYS));
    assert_eq!(remind(&test).await, 1, "and did not answer");
    gives_word().await;

    // Each has their word asked for as it ages, when it has, and again.
    test.advance(Duration::days(180));
    let before = links(&test, "marek").await.len();
    for _ in 0..3 {
        remind(&test).await;
        assert_eq!(remind(&test).await, 0);
        test.advance(Duration::days(confirmations::LINK_DAYS));
    }
    assert_eq!(links(&test, "marek").await.len(), before + 3);
}

/// L4: the round of checks reminds, and what CTRL owns has nobody to be asked.
#[tokio::test]
async fn l4_the_round_of_checks_reminds() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.advance(Duration::days(181));
    let before = links(&test, "ilse").await.len();
    service::checks::round(&test.app).await.unwrap();
    assert_eq!(links(&test, "ilse").await.len(), before + 1);

    let owned = TestApp::new().await;
    owned.ctrl_owned("magnet").await;
    owned.advance(Duration::days(181));
    assert_eq!(remind(&owned).await, 0);
}

/// L4: the secret of a link stands nowhere in the journal, and its table knows only the hash.
#[tokio::test]
async fn l4_the_secret_stays_with_the_contact() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let link = link(&test, "marek").await;
    let secret = link.trim_start_matches("/confirm/");
    let stranger = test.stranger();
    let word = seen(&stranger.page(&link).await);
    stranger.post(&link, &[("seen", &word)]).await;
    let journal = store::journal::list_after(&test.app.db.read, 0, 10_000).await.unwrap();
    assert!(journal.iter().all(|e| !e.body.contains(secret) && !e.origin.contains(secret)));
    assert!(store::confirmations::find(&test.app.db.read, secret).await.unwrap().is_none());
    // The bar's own forms send the page's path along.
    assert!(!stranger.page("/").await.contains(secret));
    let page = stranger.page(&link).await;
    assert!(!page.contains(&format!("value=\"{link}")), "{page}");
}

/// L4, A34: links are guessed no faster than passwords, and whoever is slowed down is told that, not that the database is away.
#[tokio::test]
async fn l4_guessing_is_slowed_down() {
    let test = TestApp::new().await;
    let stranger = test.stranger();
    let (mut statuses, mut slowed) = (Vec::new(), String::new());
    for n in 0..14 {
        let answer = stranger.get(&format!("/confirm/guess-{n}")).await;
        statuses.push(answer.status().as_u16());
        if answer.status() == 429 {
            slowed = answer.text().await.unwrap();
        }
    }
    assert_eq!(&statuses[..10], &[404; 10]);
    assert!(statuses[10..].contains(&429), "{statuses:?}");
    for said in ["Too much was asked at once", "Wait a minute", "\">Try again</a>"] {
        assert!(slowed.contains(said), "{said}: {slowed}");
    }
    assert!(!slowed.contains("Changes cannot be saved"), "{slowed}");
}
