//! The open board in real browsers: what is committed shows by itself, and disturbs nobody who reads it (O3).

use super::browser::{Chrome, Driver};
use crate::{app::TestApp, given::policy_with};
use axum::{extract::Request, middleware::Next};
use custody::domain::{
    contact::{OperatorRules, WhenStopped},
    lifecycle::Command,
};
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::task::AbortHandle;

const LENA: &str = "Lena Brandt";
const OTTO: &str = "Otto Petersen";

fn restart(when_stopped: WhenStopped) -> Command {
    Command::SetOperatorRules { operators: OperatorRules { when_stopped, may_stop: false, note: String::new() } }
}

fn shut_down(test: &TestApp) -> Command {
    Command::ShutDown {
        reason: "It floods the broker.".to_owned(),
        affected: "The broker.".to_owned(),
        responsible: test.person("jonas"),
        conditions: "The rate is limited.".to_owned(),
    }
}

/// Another address of the same, where some of what is asked is answered so much later.
async fn slow(test: &TestApp, by: Duration, which: fn(&Request) -> bool) -> (String, AbortHandle) {
    let waits = move |request: Request, next: Next| async move {
        if which(&request) {
            tokio::time::sleep(by).await;
        }
        next.run(request).await
    };
    let routes = custody::http::router(test.app.clone()).layer(axum::middleware::from_fn(waits));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = test.app.clone();
    let server = tokio::spawn(async move { custody::web::server::serve(&app, routes, listener).await });
    (url, server.abort_handle())
}

/// CTRL shuts a device down by its page.
async fn shuts_down(chrome: &Chrome, test: &TestApp, device: &str) {
    chrome.sign_in(&test.url, LENA, &format!("/devices/{device}")).await;
    chrome.press("Shut down").await;
    let jonas = test.person("jonas").to_string();
    for (name, value) in [
        ("reason", "It floods the broker."),
        ("affected", "The broker."),
        ("responsible", &jonas),
        ("conditions", "The rate is limited."),
    ] {
        chrome.answer(name, value).await;
    }
    chrome.press("Shut down").await;
    assert_eq!(chrome.path().await, format!("/devices/{device}"), "{}", chrome.text().await);
}

/// O3: CTRL shuts a device down in one browser; the board that is open in another shows it by itself. What its reader
/// types, where the focus is and how far the page is scrolled stay.
#[tokio::test]
async fn o3_a_change_shows_and_disturbs_nobody() {
    let test = TestApp::new().await;
    for name in ["camera", "grating", "magnet", "mirror"] {
        test.reduced_support(name).await;
    }
    let driver = Driver::start();
    let (operator, ctrl) = (driver.browse().await, driver.browse().await);
    operator.goto(&test.url).await;
    operator.screen(1440, 360).await;
    operator.search("magnet").await;
    operator.until_says(".answer .nm", "magnet").await;
    operator.is_live().await;
    operator.mark().await;
    // Somebody corrects a word in its middle while they look at the list.
    operator.eval("document.activeElement.setSelectionRange(3, 3)").await;
    operator.eval("window.scrollTo({ top: 150, behavior: 'instant' })").await;
    let held = operator.hold().await;
    assert_eq!(held, json!({ "y": 150, "focus": "q", "typed": "magnet", "caret": 3 }));

    shuts_down(&ctrl, &test, "magnet").await;
    operator.until_says("#b-answer", "Shut down by CTRL").await;
    operator.until_says("#b-answer", "Do not start it").await;
    assert!(operator.is_same().await, "the page was not loaded again");
    assert_eq!(operator.hold().await, held);

    // A line keeps the focus though it moves to those to act on.
    operator.goto(&test.url).await;
    operator.is_live().await;
    operator.mark().await;
    operator.eval("[...document.querySelectorAll('#b-list a.dv')].find(a => a.innerText === 'grating').focus()").await;
    // In sight now, and where it is moved to.
    operator.eval("window.scrollTo({ top: 300, behavior: 'instant' })").await;
    let held = operator.hold().await;
    assert_eq!(held["focus"], "grating");
    test.does("lena", "grating", shut_down(&test)).await.unwrap();
    operator.until("document.activeElement.closest('tr')?.classList.contains('x-shut')").await;
    assert_eq!(operator.hold().await, held);
    assert!(operator.is_same().await);
    for chrome in [operator, ctrl] {
        chrome.close().await;
    }
}

/// O2, O3: the search answers while one types, typing errors included; the address follows, and so does what is live.
#[tokio::test]
async fn o2_the_search_answers_while_one_types() {
    let test = TestApp::new().await;
    for name in ["beamConditionCheck", "camera"] {
        test.reduced_support(name).await;
    }
    let driver = Driver::start();
    let chrome = driver.browse().await;
    chrome.goto(&test.url).await;
    chrome.is_live().await;
    chrome.mark().await;
    chrome.search("baemcondition").await;
    chrome.until_says(".answer .nm", "beamConditionCheck").await;
    chrome.until("new URL(location).searchParams.get('q') === 'baemcondition'").await;
    chrome.until_says("#found", "1 of 2 devices in any state match").await;
    chrome.keys("chekc").await;
    chrome.until("new URL(location).searchParams.get('q') === 'baemconditionchekc'").await;
    chrome.until_says(".answer .nm", "beamConditionCheck").await;

    chrome.is_live().await;
    test.does("ilse", "beamConditionCheck", restart(WhenStopped::DoNotRestart)).await.unwrap();
    chrome.until_says(".answer .may", "Do not restart").await;
    // Another search leaves the stream of this one.
    chrome.search("camera").await;
    chrome.until_says(".answer .nm", "camera").await;
    chrome.is_live().await;
    test.does("ilse", "camera", restart(WhenStopped::CallFirst)).await.unwrap();
    chrome.until_says(".answer .may", "Call first").await;
    test.does("lena", "beamConditionCheck", shut_down(&test)).await.unwrap();
    chrome.until_says("#b-list", "Shut down by CTRL").await;
    assert_eq!(chrome.eval("document.querySelector('.answer .nm').innerText").await, "camera");
    assert_eq!(chrome.eval("document.querySelectorAll('[id^=feed-]').length").await, 1);
    assert!(chrome.is_same().await && chrome.eval("document.activeElement.name").await == "q");
    chrome.close().await;
}

/// O3: the database goes away under an open board: it says so by itself, and the search still finds whom to call.
#[tokio::test]
async fn o3_an_open_board_says_that_the_database_is_away() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let driver = Driver::start();
    let chrome = driver.browse().await;
    chrome.goto(&test.url).await;
    chrome.is_live().await;
    chrome.mark().await;
    test.app.db.close().await.unwrap();
    chrome.until_says("#b-banner", "database does not answer").await;
    chrome.until_says("#b-live", "Not live").await;
    chrome.search("magnte").await;
    chrome.until_says(".answer .tel", "+49 40 66969 214").await;
    chrome.until_says("#b-banner", "database does not answer").await;
    assert!(chrome.is_same().await);
    assert_eq!(chrome.eval("document.getElementById('lost').hidden").await, true, "the server itself answers");
    chrome.close().await;
}

/// O3, F13: Custody restarts under an open board: the page says that it knows nothing, comes back by itself, and shows
/// what happened meanwhile.
#[tokio::test]
async fn o3_an_open_board_outlives_a_restart() {
    let mut test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let driver = Driver::start();
    let chrome = driver.browse().await;
    chrome.goto(&test.url).await;
    chrome.is_live().await;
    chrome.mark().await;
    test.restart().await;
    let begun = Instant::now();
    chrome.until("!document.getElementById('lost').hidden").await;
    assert!(begun.elapsed().as_secs() < 60, "it took {:?}", begun.elapsed());
    chrome.until_says("#lost", "This browser has lost the server").await;
    test.does("lena", "magnet", shut_down(&test)).await.unwrap();
    assert!(!chrome.text().await.contains("Act on these"), "nobody has told it yet");

    test.serve_again().await;
    chrome.until_says("#b-list", "Shut down by CTRL").await;
    chrome.is_live().await;
    assert!(chrome.is_same().await);
    // And it goes on.
    test.does("lena", "magnet", Command::Restart { text: "The rate is limited now.".to_owned() }).await.unwrap();
    chrome.until("!document.getElementById('b-list').innerText.includes('Shut down by CTRL')").await;
    assert!(chrome.is_same().await);
    chrome.close().await;
}

/// O3: a page that comes to the front again and finds no server says since when it has heard nothing, not since when it is
/// looked at.
#[tokio::test]
async fn o3_what_was_missed_in_the_background_is_told() {
    let mut test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let driver = Driver::start();
    let chrome = driver.browse().await;
    chrome.goto(&test.url).await;
    chrome.is_live().await;
    let turns = |hidden: bool| {
        format!(
            "(Object.defineProperty(document, 'hidden', {{ configurable: true, get: () => {hidden} }}), \
             document.dispatchEvent(new Event('visibilitychange')))"
        )
    };
    chrome.eval(&turns(true)).await;
    test.restart().await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    chrome.eval("(window.inFront = Date.now())").await;
    chrome.eval(&turns(false)).await;
    chrome.until("!document.getElementById('lost').hidden").await;
    let missed = "window.inFront - Date.parse(document.querySelector('#lost time').dateTime)";
    assert!(chrome.eval(missed).await.as_f64().unwrap() > 3000.0);
    chrome.close().await;
}

/// O3: what is typed while Custody is restarted is answered as soon as it is there, and followed.
#[tokio::test]
async fn o3_a_search_outlives_a_restart() {
    let mut test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.reduced_support("camera").await;
    let driver = Driver::start();
    let chrome = driver.browse().await;
    chrome.goto(&test.url).await;
    chrome.is_live().await;
    test.restart().await;
    chrome.until("!document.getElementById('lost').hidden").await;
    chrome.mark().await;
    chrome.search("magnte").await;
    // It is sent, and nobody is there.
    tokio::time::sleep(Duration::from_millis(500)).await;
    chrome.until_says("#b-list", "camera").await;
    test.serve_again().await;
    chrome.until_says(".answer .nm", "magnet").await;
    chrome.is_live().await;
    assert!(chrome.is_same().await && chrome.value("q").await == "magnte");
    test.does("ilse", "magnet", restart(WhenStopped::DoNotRestart)).await.unwrap();
    chrome.until_says(".answer .may", "Do not restart").await;
    chrome.close().await;
}

/// O3: on a slow line boxes are ticked faster than the list answers: what is ticked last of them counts with the others.
#[tokio::test]
async fn o3_every_box_that_is_ticked_counts() {
    let test = TestApp::new().await;
    test.requested("camera").await;
    test.under_review("grating").await;
    test.reduced_support("magnet").await;
    let asks = |r: &Request| r.uri().path() == "/" && r.headers().contains_key("hx-request");
    let (url, server) = slow(&test, Duration::from_millis(700), asks).await;
    let driver = Driver::start();
    let chrome = driver.browse().await;
    chrome.goto(&url).await;
    chrome.is_live().await;
    chrome.mark().await;
    let boxes = "document.querySelectorAll('#b-filters input[type=checkbox]')";
    assert_eq!(chrome.eval(&format!("{boxes}.length")).await, 3);
    chrome.eval(&format!("{boxes}.forEach(one => one.click())")).await;
    chrome.until("[...new URL(location).searchParams].length === 3").await;
    chrome.until_says("#b-list", "camera").await;
    assert_eq!(chrome.eval(&format!("[...{boxes}].every(one => one.checked)")).await, true);
    assert!(chrome.is_same().await);
    chrome.close().await;
    server.abort();
}

/// O3: whichever script comes last, the page follows.
#[tokio::test]
async fn o3_scripts_may_come_late() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let scripts = |r: &Request| r.uri().path().contains("hx-sse");
    let (url, server) = slow(&test, Duration::from_millis(1500), scripts).await;
    let driver = Driver::start();
    let chrome = driver.browse().await;
    for path in ["/", "/wall"] {
        chrome.goto(&format!("{url}{path}")).await;
        chrome.is_live().await;
    }
    chrome.close().await;
    server.abort();
}

/// O3, A35: a page whose stream was refused says that it hears nothing, tries on, and is live as soon as there is room.
#[tokio::test]
async fn a35_a_refused_board_tries_on() {
    let test = TestApp::with_policy(&policy_with("[board]\nstreams = 4\nstreams_each = 1\n")).await;
    test.reduced_support("magnet").await;
    let first = test.stranger().get("/board/feed").await;
    assert_eq!(first.status(), 200);
    let driver = Driver::start();
    let chrome = driver.browse().await;
    chrome.goto(&test.url).await;
    chrome.mark().await;
    chrome.until("!document.getElementById('lost').hidden").await;
    chrome.until_says("#b-list", "magnet").await;
    drop(first);
    chrome.is_live().await;
    test.does("lena", "magnet", shut_down(&test)).await.unwrap();
    chrome.until_says("#b-list", "Shut down by CTRL").await;
    assert!(chrome.is_same().await);
    assert_eq!(test.stranger().get("/board/feed").await.status(), 429, "the page has the one stream there is");
    chrome.close().await;
}

/// H8: who is on shift and has looked sees what is new since then, also in what comes while the page is open.
#[tokio::test]
async fn h8_what_is_new_to_the_shift_is_marked() {
    let test = TestApp::new().await;
    for name in ["camera", "magnet"] {
        test.reduced_support(name).await;
    }
    let new = "[...document.querySelectorAll('#b-list tr')].filter(r => r.querySelector('.new')?.checkVisibility())\
         .map(r => r.querySelector('a.dv').innerText).sort().join(' ')";
    let driver = Driver::start();
    let chrome = driver.browse().await;
    chrome.sign_in(&test.url, OTTO, "/").await;
    chrome.says("What changes from now on can be marked as new to you").await;
    assert_eq!(chrome.eval(new).await, "", "nothing is new to who has never looked");
    chrome.press("I have looked").await;
    chrome.says("Nothing has changed its support since you last looked").await;
    chrome.is_live().await;
    chrome.mark().await;
    test.does("lena", "magnet", shut_down(&test)).await.unwrap();
    chrome.until(&format!("{new} === 'magnet'")).await;
    // What was said before is true no longer, and is not said any more.
    chrome.until_says(".news", "Devices have changed their support since you last looked").await;
    assert_eq!(chrome.eval("document.querySelector('.news button').checkVisibility()").await, true);
    assert!(chrome.is_same().await);

    chrome.client.refresh().await.unwrap();
    chrome.says("1 device has changed its support since you last looked").await;
    assert_eq!(chrome.eval(new).await, "magnet");
    // What is searched for while one types is marked as well.
    chrome.search("magnte").await;
    chrome.until_says(".answer .nm", "magnet").await;
    assert_eq!(chrome.eval(new).await, "magnet");
    chrome.goto(&test.url).await;
    chrome.press("I have looked").await;
    chrome.says("Nothing has changed its support since you last looked").await;
    assert_eq!(chrome.eval(new).await, "");
    chrome.close().await;
}
