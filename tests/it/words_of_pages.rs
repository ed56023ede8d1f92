//! What pages say to whoever reads them: what is true, by its name, and with the way on.

use crate::{
    app::{FULL, POLICY, TestApp},
    given::day,
};
use chrono::Duration;
use custody::domain::lifecycle::{Command, command::Step};

/// The text between two others.
fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    page.split_once(from).unwrap_or_else(|| panic!("{from}: {page}")).1.split(to).next().unwrap()
}

/// N6: a form that is sent without an answer to who is responsible comes back without one, so that sending it again does
/// not choose whoever stands first.
#[tokio::test]
async fn n6_a_form_sent_back_chooses_nobody() {
    let test = TestApp::new().await;
    test.accepted("magnet").await;
    let lena = test.browser("lena").await;
    let empty = [("reason", ""), ("affected", ""), ("responsible", ""), ("conditions", "")];
    let back = lena.post("/devices/magnet/shut-down", &empty).await;
    assert_eq!(back.status(), 422);
    let page = back.text().await.unwrap();
    let select = between(&page, "name=\"responsible\"", "</select>");
    assert!(select.contains("<option value=\"\">Choose one</option>") && !select.contains("selected"), "{select}");
    let ilse = test.person("ilse").to_string();
    let chosen = [("reason", ""), ("affected", ""), ("responsible", &ilse), ("conditions", "")];
    let page = lena.post("/devices/magnet/shut-down", &chosen).await.text().await.unwrap();
    let select = between(&page, "name=\"responsible\"", "</select>");
    assert!(!select.contains("Choose one") && select.contains("selected"), "{select}");
}

/// E4: on a phone, where columns have no heads, the figures of a row say what they are; what came just now has not
/// waited.
#[tokio::test]
async fn e4_rows_of_work_say_what_their_figures_are() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let lena = test.browser("lena").await;
    let page = lena.page("/reviews?whose=all").await;
    assert!(page.contains("just now") && !page.contains(">0 s<"), "{page}");
    assert!(page.contains("<span class=\"only-s\">due </span>"), "{page}");
    test.advance(Duration::minutes(31));
    let page = lena.page("/reviews?whose=all").await;
    assert!(page.contains("<span class=\"only-s\">waiting </span>31 min"), "{page}");
    let page = test.browser("ilse").await.page("/my").await;
    assert!(page.contains("<span class=\"only-s\">for </span>31 min"), "{page}");
}

/// O1: a request shows the support that its device has, and what CTRL accepted stands apart.
#[tokio::test]
async fn o1_requests_show_the_support_that_there_is() {
    let test = TestApp::new().await;
    test.requested("bolt").await;
    test.reduced_support("magnet").await;
    let stop = Command::ShutDown {
        reason: "It floods the broker.".to_owned(),
        affected: "Every device of the topic".to_owned(),
        responsible: test.person("lena"),
        conditions: "A limit of its rate.".to_owned(),
    };
    test.does("lena", "magnet", stop).await.unwrap();
    let page = test.browser("ilse").await.page("/requests").await;
    let (sent, later) = page.split_once("Accepted and later").unwrap();
    assert!(sent.contains("/devices/bolt") && !sent.contains("/devices/magnet"), "{sent}");
    assert!(later.contains("/devices/magnet") && later.contains("Shut down by CTRL"), "{later}");
    assert!(!page.contains("until CTRL accepts it"), "{page}");
}

/// T6: that nobody joined the review is said where the gate is met all the same.
#[tokio::test]
async fn t6_the_review_says_how_the_gate_is_met() {
    let test = TestApp::new().await;
    test.under_review("magnet").await;
    let page = test.browser("ilse").await.page("/devices/magnet/review").await;
    let gate = between(&page, "A second contributor: joined, or absence on record", "</li>");
    assert!(gate.contains("Nobody joined; not required"), "{gate}");
    assert!(page.contains("class=\"done either\""), "{page}");
}

/// T2, B4: days in sentences are written as people read them.
#[tokio::test]
async fn t2_days_in_sentences_are_for_people() {
    let test = TestApp::new().await;
    test.under_review("magnet").await;
    let ilse = test.browser("ilse").await;
    let milestones = vec![Step { name: "Review".to_owned(), due: day("2026-12-14") }];
    test.does("ilse", "magnet", Command::ProposeTimeline { milestones }).await.unwrap();
    let page = ilse.page("/devices/magnet/review").await;
    assert!(page.contains("to end 14 Dec 2026") && page.contains("due 14 Dec 2026"), "{page}");
    assert!(!page.contains("2026-12-14"), "{page}");
}

/// E4: an act's page is headed by a sentence, and its button says what pressing it does.
#[tokio::test]
async fn e4_acts_are_headed_by_a_sentence() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let ilse = test.browser("ilse").await;
    for (act, head, button) in [
        ("set-contacts", "Edit the contacts", "Save the contacts"),
        ("set-operator-rules", "Edit what operators may do", "Save what operators may do"),
    ] {
        let page = ilse.page(&format!("/devices/magnet/{act}")).await;
        assert!(page.contains(&format!("<h1>{head}: <span class=\"mono\">magnet</span></h1>")), "{page}");
        assert!(page.contains(&format!("<button class=\"btn pri call\">{button}</button>")), "{page}");
    }
}

/// E4: where somebody is ends in no separator.
#[tokio::test]
async fn e4_crumbs_end_in_a_place() {
    let test = TestApp::new().await;
    let person = format!("/admin/people/{}", test.person("ilse"));
    let close = format!("{person}/close");
    let ada = test.browser("ada").await;
    let own = ["/account/sessions", "/account/tokens", "/account/absences", "/account/notifications", "/account/feeds"];
    for path in [person.as_str(), close.as_str(), "/admin/tokens/new", "/api/docs/me"].into_iter().chain(own) {
        let page = ada.page(path).await;
        let crumbs = between(&page, "<nav class=\"crumbs\"", "</nav>");
        assert!(crumbs.ends_with("</a>"), "{path}: {crumbs}");
    }
}

/// E3, E4: a refusal names its step, says which of its gates are the reader's and how each is closed, and keeps the
/// counts of the bar.
#[tokio::test]
async fn e4_a_refusal_has_a_way_on() {
    let test = TestApp::new().await;
    test.accepted("magnet").await;
    let lena = test.browser("lena").await;
    let refused = lena.post("/devices/magnet/start-development", &[]).await;
    assert_eq!(refused.status(), 409);
    let page = refused.text().await.unwrap();
    assert!(page.contains("<h1>Start development: nothing was changed</h1>"), "{page}");
    assert!(page.contains("Development cannot start: ") && page.contains("Your turn"), "{page}");
    assert!(page.contains("href=\"/devices/magnet/assign-server\""), "{page}");
    let count = |page: &str| between(page, "href=\"/my\"", "</a>").to_owned();
    assert_eq!(count(&page), count(&lena.page("/process").await), "the bar is the same");
    assert!(count(&page).contains("class=\"num"), "{page}");

    // Somebody who may do none of it reads the same, without buttons.
    let otto = test.browser("otto").await.post("/devices/magnet/start-development", &[]).await;
    assert_eq!(otto.status(), 403);
    let page = otto.text().await.unwrap();
    assert!(page.contains("<h1>Start development: ") && !page.contains("assign-server"), "{page}");
}

/// O1: a device's page says what it has been since when.
#[tokio::test]
async fn o1_the_page_says_what_it_is_since() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let page = test.stranger().page("/devices/magnet").await;
    assert!(page.contains("reduced support since 21 Nov") && !page.contains("so since"), "{page}");
    test.sees(FULL, &[("magnet", "1.0.0")]).await;
    assert!(test.stranger().page("/devices/magnet").await.contains("not supported at all since 21 Nov"));
}

/// L1: without an address a request is told one as it is taken here.
#[tokio::test]
async fn l1_an_address_is_asked_for_by_the_facilitys_own_example() {
    let test = TestApp::new().await;
    let mut application = crate::given::application(&test, "magnet");
    application.request.repository = String::new();
    let problems = application.request.problems(&test.app.policy);
    let said = &problems.iter().find(|p| p.field == "repository").unwrap().say;
    let example = test.app.policy.repository_rules().example();
    let expected = example.map_or(String::new(), |e| format!(", like {e}"));
    assert_eq!(*said, format!("Enter the repository's address{expected}"));
}

/// L1: a name or a class that only case and separators tell from one on record is taken, and what stands in the way is
/// named; what a device brings already it goes on with.
#[tokio::test]
async fn l1_names_are_told_apart_by_more_than_case() {
    use custody::{
        domain::{id::DeviceId, request::Request},
        service::{Error, requests::check},
    };
    let test = TestApp::new().await;
    test.requested("beamCheck").await;
    let own = test.device("beamCheck").await;
    let said = async |except: Option<DeviceId>, request: &Request| match check(&test.app, except, request).await {
        Ok(()) => Vec::new(),
        Err(Error::Invalid(problems)) => problems.into_iter().map(|p| (p.field, p.say)).collect(),
        Err(other) => panic!("{other}"),
    };
    for (name, class) in [("BEAMCHECK", "BeamCheckClass"), ("beam-check", "beam_check_CLASS"), ("Beam_Check", "x1")] {
        let mut other = crate::given::application(&test, name);
        other.request.classes = vec!["Another".to_owned(), class.to_owned()];
        let found = said(None, &other.request).await;
        assert!(found[0].0 == "name" && found[0].1.contains("is called beamCheck, which"), "{found:?}");
        assert_eq!(found.len(), if class == "x1" { 1 } else { 2 }, "{found:?}");
        if let Some((field, say)) = found.get(1) {
            assert!(field == "classes" && say.contains("brings beamCheckClass already, which"), "{say}");
        }
        let ask = custody::service::act::Ask::from(Command::Submit { application: Box::new(other) });
        let refused = custody::service::act::submit(&test.app, &test.caller("ilse"), ask, None).await;
        assert!(
            matches!(refused, Err(Error::Refused(r)) if r.gates.iter().any(|g| g.why.contains("beamCheck, which")))
        );
    }
    assert!(said(None, &crate::given::application(&test, "beamCheck2").request).await.is_empty());
    let mut more = own.request.clone();
    more.classes.push("BeamCheckCLASS".to_owned());
    assert!(said(Some(own.id), &more).await.is_empty());
}

/// T1, N3: where the policy has no list of instruments, as the built-in one has none, the forms ask for a name; nobody could
/// choose one there, and no device came to its review.
#[tokio::test]
async fn t1_n3_instruments_are_typed_where_there_is_no_list() {
    let test = TestApp::with_policy(&POLICY.replace("instruments = [\"SCS\", \"SQS\", \"MID\"]\n", "")).await;
    assert!(test.app.policy.facility.instruments.is_empty());
    test.reduced_support("magnet").await;
    let take_over = test.browser("lena").await.page("/devices/magnet/take-over").await;
    assert!(
        take_over.contains("name=\"instrument\"") && !take_over.contains("None, its authors are gone"),
        "{take_over}"
    );
    let ilse = test.browser("ilse").await;
    let stated = [("from", "2026-11-01"), ("to", "2026-11-03"), ("text", "Three shifts."), ("instrument", " ")];
    let back = ilse.post("/devices/magnet/state-operated", &stated).await;
    assert_eq!(back.status(), 422);
    assert!(back.text().await.unwrap().contains("Enter the instrument, like SCS"));
    let stated = [&stated[..3], &[("instrument", "SCS")][..]].concat();
    ilse.acts(&test, "magnet", "state-operated", &stated).await;
    assert!(test.device("magnet").await.cycle.operated.is_some());
}

/// L4: everything that is wrong with the list of contacts is told at once, each with a link to its field, and what was typed
/// stays.
#[tokio::test]
async fn l4_the_contacts_are_checked_row_by_row() {
    let test = TestApp::new().await;
    test.accepted("magnet").await;
    let [ilse, lena, marek] = ["ilse", "lena", "marek"].map(|who| test.person(who).to_string());
    let rows = [
        ("person_1", ilse.as_str()),
        ("hours_1", "always"),
        ("time_zone_1", "Hamburg"),
        ("deputy_1", &ilse),
        ("person_2", &ilse),
        ("hours_2", "sometimes"),
        ("time_zone_2", "Europe/Berlin"),
        ("deputy_2", ""),
        ("person_3", ""),
        ("hours_3", "always"),
        ("time_zone_3", "Europe/Berlin"),
        ("deputy_3", &lena),
        ("person_4", &marek),
        ("hours_4", "always"),
        ("time_zone_4", "Europe/Prague"),
        ("deputy_4", &lena),
    ];
    let browser = test.browser("ilse").await;
    let before = test.device("magnet").await;
    let back = browser.post("/devices/magnet/set-contacts", &rows).await;
    assert_eq!(back.status(), 422);
    let page = back.text().await.unwrap();
    assert!(page.contains("There are 5 problems"), "{page}");
    for (field, say) in [
        ("time_zone_1", "Enter their time zone, like Europe/Berlin"),
        ("deputy_1", "nobody is their own deputy"),
        ("person_2", "this person is named already"),
        ("hours_2", "Choose when they can be called"),
        ("person_3", "Choose the person to call, or nobody as the deputy"),
    ] {
        assert!(between(&page, &format!("href=\"#{field}\">"), "<").contains(say), "{field}: {page}");
        assert!(page.contains(&format!("id=\"{field}-e\"")), "{field}: {page}");
    }
    assert!(page.contains("value=\"Hamburg\""), "{page}");
    assert_eq!(test.device("magnet").await, before);
    let fits: Vec<_> = rows[12..].iter().map(|(name, value)| (name.replace('4', "1"), *value)).collect();
    let fits: Vec<_> = fits.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    browser.acts(&test, "magnet", "set-contacts", &fits).await;
    assert_eq!(test.device("magnet").await.contacts.len(), 1);
}

/// L3, L7: whoever sends a request is told which sentence they have not agreed to, each by itself; and what a request
/// touches has to be said before it is complete.
#[tokio::test]
async fn l3_what_is_agreed_to_is_named() {
    let test = TestApp::new().await;
    let ilse = test.browser("ilse").await;
    let made = ilse.post("/requests", &[]).await.headers()["location"].to_str().unwrap().to_owned();
    let base = made.rsplit_once('/').unwrap().0.to_owned();
    let repository = test.repository.file_address();
    let revision = async || between(&ilse.page(&made).await, "name=\"revision\" value=\"", "\"").to_owned();
    let device = [
        ("name", "magnet"),
        ("classes", "Magnet"),
        ("summary", "Compares the beam with its limits."),
        ("group", "SCS"),
        ("instruments", "SCS"),
        ("repository", &repository),
        ("trunk", "main"),
    ];
    let scope = [("why", "a"), ("done", "b"), ("assumptions", "c"), ("hardware", "d"), ("connectivity", "e")];
    let contacts = [
        ("person_1", "Ilse Hartmann"),
        ("phone_1", "+49 40 66969 214"),
        ("hours_1", "always"),
        ("time_zone_1", "Europe/Berlin"),
        ("person_2", ""),
        ("hours_2", ""),
        ("time_zone_2", "Europe/Berlin"),
        ("when_stopped", "call_first"),
        ("may_stop", "yes"),
    ];
    let silent = ilse.post(&format!("{base}/risks"), &[("failures", "Scans pause."), ("revision", "1")]).await;
    assert_eq!(silent.status(), 422);
    assert!(silent.text().await.unwrap().contains("Choose each area that it touches, or None of these"));
    for (section, answers) in [
        ("device", &device[..]),
        ("scope", &scope[..]),
        ("support", &[("level", "final_review_only")][..]),
        ("risks", &[("areas", "none of these"), ("failures", "Scans pause.")][..]),
        ("contacts", &contacts[..]),
    ] {
        let seen = revision().await;
        let all = [answers, &[("revision", seen.as_str())][..]].concat();
        let saved = ilse.post(&format!("{base}/{section}"), &all).await;
        let (status, text) = (saved.status(), saved.text().await.unwrap());
        assert_eq!(status, 303, "{section}: {text}");
    }
    let seen = revision().await;
    let page = ilse.page(&format!("{base}/check")).await;
    assert!(page.contains("None of them") && !page.contains("Second contact"), "{page}");
    let sent = [("revision", seen.as_str()), ("key", "k"), ("given_server", "yes")];
    let back = ilse.post(&format!("{base}/check"), &sent).await;
    assert_eq!(back.status(), 422);
    let page = back.text().await.unwrap();
    for (field, say) in [
        ("best_effort", "Agree to “while it has reduced support, CTRL helps as best effort only”, or leave"),
        ("shut_down", "Agree to “CTRL may shut it down if it harms unrelated services”, or leave"),
    ] {
        assert!(between(&page, &format!("<a href=\"#{field}\">"), "<").contains(say), "{page}");
    }
    assert!(!page.contains("href=\"#given_server\""), "{page}");
}
