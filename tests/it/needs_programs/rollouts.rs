//! A rollout in a real browser: an open page follows what happens, and what is pressed on it is done (R4).

use super::browser::Driver;
use crate::rollouts::{facility, must, plan, plans};
use custody::{domain::rollout::Command, service::rollouts};

/// R1, R3, R4: the page of a rollout that is open shows its start and its steps by themselves, keeps where its reader is,
/// and pauses new starts by a reason; once it is over it asks for nothing any more.
#[tokio::test]
async fn r4_an_open_rollout_follows() {
    let test = facility().await;
    let r = plans(&test, "lena", &plan(&test, "hotfix", &[("SCS", 0), ("SQS", 1)])).await.unwrap();
    let driver = Driver::start();
    let chrome = driver.browse().await;
    chrome.sign_in(&test.url, "Lena Brandt", "/rollouts/R-2026-1").await;
    chrome.until_says("#live h1", "planned").await;
    chrome.mark().await;
    must(&test, "jonas", &r, Command::Start {}).await;
    chrome.until_says("#live h1", "running").await;
    chrome.until_says(".live", "Live ·").await;
    rollouts::take_lease(&test.app).await.unwrap();
    rollouts::begin_next(&test.app, r.id).await.unwrap();
    chrome.eval("[...document.querySelectorAll('#live a')].find(a => a.innerText.includes('Pause')).focus()").await;
    chrome.until_says(".mx", "Back up, 30 min left").await;
    let focus = chrome.eval("document.activeElement.innerText").await;
    assert!(focus.as_str().is_some_and(|f| f.contains("Pause new starts")), "{focus}");
    assert!(chrome.is_same().await, "the page was not loaded again");
    chrome.press("Pause new starts").await;
    chrome.answer("reason", "The hutch is open.").await;
    chrome.press("Pause new starts").await;
    chrome.says("Lena Brandt paused it.").await;
    assert_eq!(chrome.path().await, "/rollouts/R-2026-1");
    chrome.until_says(".live", "Live ·").await;
    must(&test, "jonas", &r, Command::Abandon { reason: "The beam comes back.".to_owned() }).await;
    rollouts::lost(&test.app, r.id, "It was interrupted.").await.unwrap();
    chrome.until_says("#live h1", "given up").await;
    chrome.until_says(".live", "As of").await;
    chrome.close().await;
}
