//! The board as it is used: by keys alone, on a phone, without scripts, by people who cannot see or stand glare (O2, O3).

use super::browser::{Chrome, Driver};
use crate::app::{FULL, REDUCED, REDUCED_TOO, TestApp};
use custody::domain::lifecycle::Command;
use fantoccini::{Locator, key::Key};

fn key(key: Key) -> String {
    key.to_string()
}

/// O2: a keyboard is enough on the board, and its keys can be switched off for good.
#[tokio::test]
async fn o2_by_keys_alone() {
    let test = TestApp::new().await;
    for name in ["camera", "magnet"] {
        test.reduced_support(name).await;
    }
    let driver = Driver::start();
    let chrome = driver.browse().await;
    chrome.may_copy(&test.url).await;
    chrome.goto(&test.url).await;
    chrome.is_live().await;
    // From anywhere: `/` leads to the search.
    chrome.eval("document.activeElement.blur()").await;
    chrome.keys("/").await;
    assert_eq!(chrome.eval("document.activeElement.name").await, "q");
    chrome.keys("magnte").await;
    chrome.until_says(".answer .nm", "magnet").await;
    assert_eq!(chrome.value("q").await, "magnte", "`/` and `c` are letters only where one types");
    chrome.keys(&key(Key::Down)).await;
    chrome
        .until("document.activeElement.matches('#b-list a.dv') && document.activeElement.innerText === 'magnet'")
        .await;
    chrome.keys("c").await;
    chrome.until_says("#copied", "+494066969214 is copied: Ilse Hartmann, for magnet").await;
    assert_eq!(chrome.clipboard().await, "+494066969214");
    chrome.keys(&key(Key::Up)).await;
    assert_eq!(chrome.eval("document.activeElement.name").await, "q");
    chrome.keys(&key(Key::Escape)).await;
    chrome.until("!document.querySelector('.answer') && !new URL(location).searchParams.get('q')").await;
    assert_eq!(chrome.value("q").await, "");
    chrome.keys("camera").await;
    chrome.until_says(".answer .nm", "camera").await;
    chrome.keys(&key(Key::Down)).await;
    chrome.until("document.activeElement.matches('#b-list a.dv')").await;
    chrome.enter().await;
    assert_eq!(chrome.path().await, "/devices/camera");

    // The line that has the focus is the one that is marked, and the one whose number is copied, in sight of it.
    chrome.goto(&format!("{}/?q=hartmann", test.url)).await;
    chrome.is_live().await;
    chrome.keys(&key(Key::Down)).await;
    chrome.keys(&key(Key::Down)).await;
    let ground = "(at => getComputedStyle(at).backgroundColor)";
    let line = "document.activeElement.closest('#b-list tr.row')";
    chrome.until(&format!("{line} && !{line}.matches('.sel-row')")).await;
    assert_eq!(chrome.eval(&format!("{ground}({line}) !== {ground}(document.querySelector('.sel-row'))")).await, true);
    chrome.keys("c").await;
    chrome
        .until("document.getElementById('copied').innerText.endsWith(`for ${document.activeElement.innerText}`)")
        .await;
    let [_, top, _, bottom] = chrome.place("#copied").await;
    assert!(top >= 0.0 && bottom <= 400.0, "near the search: {top} to {bottom}");

    // Whoever opens a search goes on typing behind what is there.
    chrome.goto(&format!("{}/?q=magnet", test.url)).await;
    chrome.until("document.activeElement.name === 'q' && document.activeElement.selectionStart === 6").await;

    // Switched off they stay off, in this browser.
    chrome.goto(&test.url).await;
    chrome.client.find(Locator::Id("keys-on")).await.unwrap().click().await.unwrap();
    for _ in 0..2 {
        chrome.eval("document.activeElement.blur()").await;
        chrome.keys("/").await;
        assert_ne!(chrome.eval("document.activeElement.name").await, "q");
        assert_eq!(chrome.eval("document.getElementById('keys-on').checked").await, false);
        chrome.client.refresh().await.unwrap();
        chrome.is_live().await;
    }
    chrome.client.find(Locator::Id("keys-on")).await.unwrap().click().await.unwrap();
    chrome.eval("document.activeElement.blur()").await;
    chrome.keys("/").await;
    assert_eq!(chrome.eval("document.activeElement.name").await, "q");
    chrome.close().await;
}

/// O2, O3: whoever finds the page too bright, or signs in, after they have searched keeps the answer.
#[tokio::test]
async fn o2_the_bar_leads_back_to_the_search() {
    let test = TestApp::new().await;
    for name in ["camera", "magnet"] {
        test.reduced_support(name).await;
    }
    let driver = Driver::start();
    let chrome = driver.browse().await;
    chrome.goto(&test.url).await;
    chrome.is_live().await;
    chrome.search("magnte").await;
    chrome.until_says(".answer .nm", "magnet").await;
    chrome.until("new URL(location).searchParams.get('q') === 'magnte'").await;
    chrome.press("Night").await;
    chrome.until_says(".answer .nm", "magnet").await;
    assert_eq!(chrome.eval("document.documentElement.dataset.theme").await, "night");
    assert_eq!(chrome.value("q").await, "magnte");
    chrome.search("camera").await;
    chrome.until("new URL(location).searchParams.get('q') === 'camera'").await;
    chrome.eval("document.querySelector('a.sign-in').click()").await;
    chrome.says("Or try it as one of these people").await;
    chrome.press("Otto Petersen").await;
    chrome.until_says(".answer .nm", "camera").await;
    chrome.close().await;
}

/// O2: where the browser does not let the page copy, the number is said.
#[tokio::test]
async fn o2_a_number_that_cannot_be_copied_is_said() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let driver = Driver::start();
    let chrome = driver.browse().await;
    chrome.goto(&format!("{}/?q=magnet", test.url)).await;
    chrome.is_live().await;
    chrome
        .eval("(navigator.clipboard.writeText = () => Promise.reject(new Error('no')), document.activeElement.blur())")
        .await;
    chrome.keys("C").await;
    chrome.until_says("#copied", "The number is +494066969214").await;
    chrome.close().await;
}

/// O2, O3: on a phone the verdict, the number and what is allowed lie on one screen, the call button under the thumb.
#[tokio::test]
async fn o3_the_answer_fits_on_a_phone() {
    let test = TestApp::new().await;
    for name in ["beamConditionCheck", "magnet"] {
        test.reduced_support(name).await;
    }
    let shut_down = Command::ShutDown {
        reason: "4,100 messages per second on the SCS broker.".to_owned(),
        affected: "Every device on the SCS broker.".to_owned(),
        responsible: test.person("ilse"),
        conditions: "The rate is limited to 10 Hz.".to_owned(),
    };
    test.does("lena", "magnet", shut_down).await.unwrap();
    test.sees(REDUCED, &[("beamConditionCheck", "1.0.0-3-gabcdef0-dirty"), ("magnet", "1.0.0")]).await;
    let driver = Driver::start();
    let chrome = driver.browse().await;
    for (searched, height) in [("beamConditionCheck", 844.0), ("magnet", 844.0)] {
        chrome.screen(390, 844).await;
        chrome.goto(&format!("{}/?q={searched}", test.url)).await;
        chrome.is_live().await;
        // What only the try-out says is not there at a facility.
        chrome.eval("document.querySelector('.demo').remove()").await;
        assert_eq!(chrome.eval("scrollY").await, 0);
        chrome.shot_of_window(&format!("phone-{searched}")).await;
        let [left, top, right, bottom] = chrome.place(".thumb .call").await;
        assert!(bottom <= height && top > height * 0.75 && left >= 0.0 && right <= 390.0, "{top} to {bottom}");
        for css in [".answer .verdict", ".answer .tel", ".answer .may"] {
            let [left, from, right, to] = chrome.place(css).await;
            assert!(from >= 0.0 && to <= top, "{searched}: {css} from {from} to {to}, the call button at {top}");
            assert!(left >= 0.0 && right <= 390.0, "{searched}: {css} from {left} to {right}");
        }
        // A finger's width.
        assert!(bottom - top >= 44.0, "the button is {} high", bottom - top);
        chrome.eval("window.scrollTo({ top: 400, behavior: 'instant' })").await;
        let [_, _, _, bottom] = chrome.place(".thumb .call").await;
        assert!(bottom <= height && bottom > height * 0.75, "it stays there: {bottom}");
        for width in [320, 390] {
            chrome.wide(width).await;
            assert_eq!(chrome.overflow().await, 0, "{width}: {}", chrome.widest().await);
        }
    }
    chrome.close().await;
}

/// O2: six names as somebody half remembers them: with the name goes whom to call, at a desk and on a phone.
#[tokio::test]
async fn o2_half_remembered_names() {
    let test = TestApp::new().await;
    let names =
        ["beamConditionCheck", "gratingMotorGuard", "xgmAverage", "sampleHeaterLoop", "cryoTempPid", "slitGapCalc"];
    for name in names {
        test.reduced_support(name).await;
    }
    test.sees(REDUCED, &names.map(|name| (name, "1.0.0"))).await;
    let driver = Driver::start();
    let chrome = driver.browse().await;
    let typed = ["beamcond", "motor guard", "xgm averge", "SCS_SAMPLEHEATER", "cryo-tmp pid", "gapcalc"];
    for (width, height) in [(1440, 1000), (390, 844)] {
        chrome.screen(width, height).await;
        chrome.goto(&test.url).await;
        chrome.is_live().await;
        for (typed, name) in typed.into_iter().zip(names) {
            chrome.client.find(Locator::Css("input[name=q]")).await.unwrap().clear().await.unwrap();
            chrome.eval("document.querySelector('input[name=q]').focus()").await;
            chrome.keys(typed).await;
            chrome.until_says(".answer .nm", name).await;
            let number = if width < 500 { ".thumb .call" } else { ".answer .tel" };
            let [_, top, _, bottom] = chrome.place(number).await;
            assert!(top >= 0.0 && bottom <= f64::from(height), "{name}: the number is in sight at {width}");
        }
    }
    chrome.close().await;
}

/// O3: without any script the board is a page like others: it searches, filters, and loads itself again.
#[tokio::test]
async fn o3_without_scripts() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.requested("camera").await;
    let driver = Driver::start();
    let chrome = driver.browse().await;
    chrome.without_scripts().await;
    for (path, seconds) in [("/", "60"), ("/wall", "30")] {
        chrome.goto(&format!("{}{path}", test.url)).await;
        let again = chrome.client.find(Locator::Css("noscript meta[http-equiv=refresh]")).await.unwrap();
        assert_eq!(again.attr("content").await.unwrap().as_deref(), Some(seconds), "{path}");
        chrome.says("As of").await;
    }
    chrome.goto(&test.url).await;
    assert_eq!(chrome.eval("document.documentElement.classList.contains('js')").await, false);
    chrome.says("magnet").await;
    assert!(!chrome.text().await.contains("lost the server"));
    chrome.search("magnte").await;
    chrome.enter().await;
    chrome.says("+49 40 66969 214").await;
    assert!(chrome.client.current_url().await.unwrap().as_str().ends_with("/?q=magnte"));

    chrome.goto(&test.url).await;
    assert!(!chrome.text().await.contains("camera"));
    chrome.answer("state", "requested").await;
    chrome.press("Show").await;
    chrome.says("camera").await;
    assert!(chrome.client.current_url().await.unwrap().as_str().contains("state=requested"));
    chrome.press("Show all").await;
    assert!(!chrome.text().await.contains("camera"));
    chrome.close().await;
}

/// Everything that axe finds, and whatever reaches beyond a phone's edge.
async fn look(chrome: &Chrome, what: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for width in [1440, 390, 320] {
        chrome.wide(width).await;
        wrong.extend(chrome.axe().await.into_iter().map(|v| format!("{what} at {width}: {v}")));
        if chrome.overflow().await > 0 {
            wrong.push(format!("{what} at {width}: wider than that by {}", chrome.widest().await));
        }
    }
    chrome.wide(1440).await;
    wrong
}

/// O3: the board, the wall, and both when the database or the server is lost, by day and by night: nothing keeps
/// anybody from reading them.
#[tokio::test]
async fn o3_every_face_of_the_board_is_readable() {
    const PATHS: [&str; 5] = ["/", "/?q=magnet", "/?q=nothing+like+it", "/wall", "/wall?instrument=SCS"];
    let test = TestApp::new().await;
    for name in ["camera", "magnet", "grating"] {
        test.reduced_support(name).await;
    }
    let shut_down = Command::ShutDown {
        reason: "It floods the broker.".to_owned(),
        affected: "The broker.".to_owned(),
        responsible: test.person("jonas"),
        conditions: "The rate is limited.".to_owned(),
    };
    test.does("lena", "magnet", shut_down).await.unwrap();
    test.sees(REDUCED, &[("camera", "1.0.0-1-gabcdef0-dirty"), ("magnet", "1.0.0")]).await;
    test.sees(REDUCED_TOO, &[("nobodyKnows", "0.1")]).await;
    test.sees(FULL, &[("grating", "1.0.0-dirty")]).await;
    let driver = Driver::start();
    let chrome = driver.browse().await;
    let mut wrong = Vec::new();
    let themes = ["day", "night"];
    chrome.goto(&format!("{}/process", test.url)).await;
    for theme in themes {
        chrome.cookie("theme", theme).await;
        for path in PATHS {
            chrome.goto(&format!("{}{path}", test.url)).await;
            chrome.is_live().await;
            wrong.extend(look(&chrome, &format!("{theme} {path}")).await);
        }
    }
    // Kept open, as a server that is lost gives no page.
    let open = [("/?q=magnet", driver.browse().await), ("/wall", driver.browse().await)];
    for (path, chrome) in &open {
        chrome.goto(&format!("{}{path}", test.url)).await;
        chrome.is_live().await;
    }
    test.app.db.close().await.unwrap();
    for theme in themes {
        chrome.cookie("theme", theme).await;
        for path in PATHS {
            chrome.goto(&format!("{}{path}", test.url)).await;
            chrome.says("database does not answer").await;
            wrong.extend(look(&chrome, &format!("{theme} {path} without the database")).await);
        }
    }
    test.app.stop.cancel();
    for (path, chrome) in open {
        chrome.until("!document.getElementById('lost').hidden").await;
        for theme in themes {
            chrome.eval(&format!("document.documentElement.dataset.theme = '{theme}'")).await;
            wrong.extend(look(&chrome, &format!("{theme} {path} without the server")).await);
        }
        chrome.close().await;
    }
    chrome.close().await;
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
