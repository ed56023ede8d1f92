//! Who is away does not answer: whom the shift calls instead, and who may say so (L4, O2).

use crate::app::{Browser, TestApp};
use chrono::Duration;
use custody::{
    domain::{id::PersonId, lifecycle::Command},
    service::{self, Caller, absences},
    store,
};

const NOTE: &str = "beam time at DESY";

async fn enter(browser: &Browser, to: &str, from: &str, until: &str) -> u16 {
    browser.post(to, &[("from", from), ("until", until), ("note", NOTE)]).await.status().as_u16()
}

/// The card that the board answers a search with.
async fn card(browser: &Browser) -> String {
    let page = browser.page("/?q=magnet").await;
    let from = page.find("Call now").unwrap_or_else(|| panic!("no card: {page}"));
    page[from..].split("</section>").next().unwrap().to_owned()
}

fn in_order(text: &str, words: &[&str]) {
    let mut at = 0;
    for word in words {
        at += text[at..].find(word).unwrap_or_else(|| panic!("{word:?} does not stand behind the others: {text}"));
    }
}

async fn kept(test: &TestApp, who: &str) -> Vec<absences::Kept> {
    store::absences::list(&test.app.db.read, test.person(who)).await.unwrap()
}

fn of(person: PersonId) -> String {
    format!("/people/{person}/absences")
}

/// L4, O2: the deputy answers for who is away; the board in memory follows at once, and again when they are back.
#[tokio::test]
async fn the_shift_calls_the_deputy() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let contacts = test.device("magnet").await.contacts.into_iter().take(1).collect();
    test.does("ilse", "magnet", Command::SetContacts { contacts }).await.unwrap();
    let (out, ilse, noor) = (test.stranger(), test.browser("ilse").await, test.browser("noor").await);
    in_order(&card(&out).await, &["66969 214", "Ilse Hartmann", "Then", "Marek Dvořák"]);

    assert_eq!(enter(&ilse, "/account/absences", "2026-11-20", "2026-12-03").await, 303);
    let away = card(&out).await;
    in_order(
        &away,
        &[
            "66969 219",
            "Marek Dvořák",
            "deputy of Ilse",
            "Then",
            "Ilse Hartmann<span class=\"mu\">, away until 3 December",
        ],
    );
    let device = out.page("/devices/magnet").await;
    in_order(&device, &["Call now", "Marek Dvořák", "Ilse Hartmann", "away until 3 December"]);
    assert!(noor.page("/devices/magnet").await.contains("away until 3 December: beam time at DESY"));
    for (page, text) in [("board", out.page("/?q=magnet").await), ("device", device)] {
        assert!(!text.contains(NOTE), "the note is on the {page} for everybody");
    }
    let own = ilse.page("/account/absences").await;
    in_order(&own, &["20 November to 3 December 2026", "Away now", NOTE]);

    // Midnight in Berlin ends it, and nobody has to do anything.
    test.advance(Duration::hours(12 * 24 + 14) + Duration::minutes(59));
    assert!(card(&out).await.contains("away until"));
    test.advance(Duration::minutes(1));
    let back = card(&out).await;
    in_order(&back, &["66969 214", "Ilse Hartmann"]);
    assert!(!back.contains("away until"));
}

/// L4, O2: with everybody away the DOC's number is first, on the board and on the device's page. Nobody is orphaned by
/// it (N4).
#[tokio::test]
async fn the_doc_is_called_while_everybody_is_away() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    for who in ["ilse", "marek"] {
        let browser = test.browser(who).await;
        assert_eq!(enter(&browser, "/account/absences", "2026-11-21", "2026-11-21").await, 303);
    }
    let out = test.stranger();
    let card = card(&out).await;
    in_order(
        &card,
        &[
            "66969 100",
            "Then",
            "Ilse Hartmann<span class=\"mu\">, away until 21 November",
            "Marek Dvořák<span class=\"mu\">, away until",
        ],
    );
    let page = out.page("/devices/magnet").await;
    in_order(&page, &["Call now", "66969 100", "nobody else is reachable", "away until 21 November"]);
    let lena = test.browser("lena").await;
    assert!(!lena.page("/orphans").await.contains("/devices/magnet"), "an absence orphans nothing");
    // The next day they answer again.
    test.advance(Duration::days(1));
    in_order(&self::card(&out).await, &["66969 214", "Ilse Hartmann"]);
}

/// L4: CTRL and administrators enter an absence for somebody who cannot; nobody else does.
#[tokio::test]
async fn nobody_sends_others_away() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let ilses = of(test.person("ilse"));
    for who in ["marek", "noor", "otto", "sofia"] {
        let browser = test.browser(who).await;
        assert_eq!(enter(&browser, &ilses, "2026-11-21", "2026-11-22").await, 403, "{who}");
        assert_eq!(browser.get(&ilses).await.status(), 403, "{who}");
    }
    assert_eq!(enter(&test.stranger(), &ilses, "2026-11-21", "2026-11-22").await, 403);
    assert_eq!(kept(&test, "ilse").await, []);

    let (lena, ada, noor) = (test.browser("lena").await, test.browser("ada").await, test.browser("noor").await);
    assert_eq!(enter(&lena, &ilses, "2026-11-21", "2026-11-22").await, 303);
    assert_eq!(enter(&ada, &ilses, "2026-12-21", "2026-12-22").await, 303);
    let all = kept(&test, "ilse").await;
    assert_eq!(all.len(), 2);
    // Neither by her address nor by one's own.
    for base in [ilses.as_str(), "/account/absences"] {
        let there = format!("{base}/{}", all[0].id);
        let remove = noor.post(&format!("{there}/remove"), &[]).await.status().as_u16();
        let change = enter(&noor, &there, "2026-11-21", "2026-11-21").await;
        let expected = if base == ilses { 403 } else { 404 };
        assert_eq!((remove, change), (expected, expected), "{base}");
    }
    assert_eq!(kept(&test, "ilse").await, all);
    // She changes and removes what was entered for her.
    let ilse = test.browser("ilse").await;
    let own = |n: usize| format!("/account/absences/{}", all[n].id);
    assert_eq!(enter(&ilse, &own(0), "2026-11-21", "2026-11-21").await, 303);
    assert_eq!(ilse.post(&format!("{}/remove", own(1)), &[]).await.status(), 303);
    assert_eq!(ilse.post(&format!("{}/remove", own(1)), &[]).await.status(), 404);
    let left = kept(&test, "ilse").await;
    assert_eq!((left.len(), left[0].absence.until.to_string().as_str()), (1, "2026-11-21"));
    assert_eq!(lena.get(&of(PersonId(uuid::Uuid::from_u128(1)))).await.status(), 404);
}

/// L4, A29: what cannot be is given back with what to enter; nothing is kept of it.
#[tokio::test]
async fn an_absence_that_cannot_be_is_given_back() {
    let test = TestApp::new().await;
    let ilse = test.browser("ilse").await;
    for (from, until, say) in [
        ("2026-12-03", "2026-12-01", "not before the first"),
        ("2026-11-01", "2026-11-20", "has not passed"),
        ("2026-12-01", "2027-12-01", "30 November 2027 at the latest"),
        ("tomorrow", "2026-12-01", "Enter the first day, like"),
        ("+2026-12-01", "2026-12-01", "Enter the first day, like"),
        ("2026-12-01", "", "Enter the last day, like"),
    ] {
        let response = ilse.post("/account/absences", &[("from", from), ("until", until), ("note", NOTE)]).await;
        assert_eq!(response.status(), 422, "{from} to {until}");
        let page = response.text().await.unwrap();
        assert!(page.contains(say) && page.contains(NOTE), "{from} to {until}: {page}");
    }
    let days = [("from", "2026-12-01"), ("until", "2026-12-03")];
    for (field, value) in [("person_id", "x"), ("role", "admin"), ("state", "ctrl_owned")] {
        let more: Vec<_> = days.iter().copied().chain([(field, value)]).collect();
        assert_eq!(ilse.post("/account/absences", &more).await.status(), 422, "A29 {field}");
    }
    assert_eq!(kept(&test, "ilse").await, []);

    // Sent twice it is one; different ones may overlap, up to twenty.
    for n in 0..=absences::MOST {
        let until = format!("2026-12-{:02}", n + 3);
        let expected = if n < absences::MOST { 303 } else { 422 };
        for _ in 0..2 {
            assert_eq!(enter(&ilse, "/account/absences", "2026-12-01", &until).await, expected, "{until}");
        }
    }
    assert_eq!(kept(&test, "ilse").await.len(), absences::MOST);
}

/// A37: the journal says that an absence was entered and by whom, never when or where; once it is over it is forgotten.
#[tokio::test]
async fn an_absence_leaves_no_trace() {
    let test = TestApp::new().await;
    let (ilse, lena) = (test.person("ilse"), test.person("lena"));
    let absence = custody::domain::absence::Absence {
        from: "2026-11-21".parse().unwrap(),
        until: "2026-11-23".parse().unwrap(),
        note: NOTE.to_owned(),
    };
    absences::add(&test.app, &Caller::person(lena, "test"), ilse, absence).await.unwrap();
    let stream = format!("person/{ilse}");
    let entries = store::journal::list_all(&test.app.db.read, &stream).await.unwrap();
    let added = entries.iter().find(|e| e.kind == "absence_added").unwrap();
    assert_eq!(added.actor, Some(lena));
    assert!(!added.body.contains("DESY") && !added.body.contains("2026-11"), "{}", added.body);

    for (days, left) in [(3, 1), (1, 0)] {
        test.advance(Duration::days(days));
        service::checks::round(&test.app).await.unwrap();
        assert_eq!(kept(&test, "ilse").await.len(), left, "after {days} more days");
    }
}

/// L4: whoever names a contact or a deputy in a request sees there that they are away.
#[tokio::test]
async fn a_request_says_who_is_away() {
    let test = TestApp::new().await;
    assert_eq!(enter(&test.browser("ilse").await, "/account/absences", "2026-11-20", "2026-12-03").await, 303);
    let marek = test.browser("marek").await;
    let made = marek.post("/requests", &[]).await;
    let at = made.headers()["location"].to_str().unwrap().replace("/device", "/contacts");
    let named = [("revision", "1"), ("person_1", "Marek Dvořák"), ("deputy_1", "Ilse Hartmann"), ("then", "draft")];
    let saved = marek.post(&at, &named).await;
    let (status, text) = (saved.status(), saved.text().await.unwrap());
    assert!(status.is_redirection(), "{status}: {text}");
    let page = marek.page(&at).await;
    assert!(page.contains("Ilse Hartmann is away until 3 December.") && !page.contains(NOTE), "{page}");
}
