//! Changing a request that was sent, on its page (L1, L7).

use crate::app::{Browser, TestApp};
use custody::{domain::device::Device, service::drafts::NO_AREA};
use sea_orm::ConnectionTrait;

const PAGE: &str = "/devices/magnet/amend";

/// What the form holds for a device, with another summary and these areas.
async fn sends(browser: &Browser, device: &Device, areas: &[&str], more: &[(&str, &str)]) -> (u16, String) {
    let r = &device.request;
    let (classes, revision) = (r.classes.join("\n"), device.revision.to_string());
    let mut fields = vec![
        ("revision", revision.as_str()),
        ("classes", &classes),
        ("summary", "Compares the beam with limits that can be set."),
        ("group", &r.group),
        ("instruments", "SCS"),
        ("repository", &r.repository),
        ("trunk", &r.trunk),
        ("why", &r.why),
        ("done", &r.done),
        ("assumptions", &r.assumptions),
        ("hardware", &r.hardware),
        ("connectivity", &r.connectivity),
        ("level", "recurrent_review"),
        ("failures", &r.failures),
    ];
    fields.extend(areas.iter().map(|area| ("areas", *area)));
    fields.extend(more);
    let answer = browser.post(PAGE, &fields).await;
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// L1: a device whose name another's is told from by case or separators alone is changed like any other, for it keeps that
/// name; and what is wrong with an answer that the page does not ask for is said on it.
#[tokio::test]
async fn l1_a_device_with_a_name_like_anothers_can_be_amended() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    test.requested("camera").await;
    let tx = test.app.db.begin().await.unwrap();
    // As older records hold it.
    let renamed = "UPDATE device SET name = 'Mag_Net', \
                   body = replace(body, '\"name\":\"camera\"', '\"name\":\"Mag_Net\"') WHERE name = 'camera'";
    assert_eq!(tx.execute_unprepared(renamed).await.unwrap().rows_affected(), 1);
    tx.commit().await.unwrap();
    assert_eq!(test.device("Mag_Net").await.name(), "Mag_Net");
    let ilse = test.browser("ilse").await;
    let device = test.device("magnet").await;
    let (status, page) = sends(&ilse, &device, &[NO_AREA], &[("name", "two words")]).await;
    assert_eq!(status, 422, "{page}");
    assert!(page.contains("There is a problem") && page.contains("name with letters, digits, - or _"), "{page}");
    // A class is another's all the same.
    let theirs = [("classes", "cameraClass")];
    let (status, page) = sends(&ilse, &device, &[NO_AREA], &theirs).await;
    assert_eq!(status, 422, "{page}");
    assert!(page.contains("Another device brings cameraClass already"), "{page}");
    assert_eq!(test.device("magnet").await, device);
    let (status, page) = sends(&ilse, &device, &[NO_AREA], &[]).await;
    assert_eq!(status, 303, "{page}");
    let amended = test.device("magnet").await;
    assert_eq!(amended.request.summary, "Compares the beam with limits that can be set.");
    // Programs read no page.
    let request = serde_json::to_value(&device.request).unwrap();
    let command = serde_json::json!({ "command": "amend", "request": request });
    let (status, answer) = test.acts("ilse").await.does("magnet", command).await;
    assert_eq!(status, 200, "{answer}");
}

/// L7: that a device touches no critical area is chosen whenever its request is changed, for of some it was never said.
#[tokio::test]
async fn l7_the_form_does_not_say_that_no_area_is_touched() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let ilse = test.browser("ilse").await;
    let boxes = |page: &str| {
        let all = page.split("name=\"areas\"").skip(1).map(|rest| rest[..rest.find('>').unwrap()].to_owned());
        all.filter(|tag| tag.contains(" checked")).collect::<Vec<_>>()
    };
    let page = ilse.page(PAGE).await;
    assert!(page.contains("None of these") && boxes(&page).is_empty(), "{:?}", boxes(&page));
    let device = test.device("magnet").await;
    let (status, page) = sends(&ilse, &device, &[], &[]).await;
    assert_eq!(status, 422, "{page}");
    assert!(page.contains("Choose each area that it touches, or None of these"), "{page}");
    assert_eq!(sends(&ilse, &device, &[NO_AREA], &[]).await.0, 303);
    // Whoever sends an old page finds no difference in what is the same.
    let (status, page) = sends(&ilse, &device, &[NO_AREA], &[]).await;
    assert_eq!((status, page.contains("On record: “none of these”")), (409, false), "{page}");
    assert_eq!(boxes(&page).len(), 1, "what was chosen stays so");
    let device = test.device("magnet").await;
    let patterns = ["pulse-patterns"];
    assert_eq!(sends(&ilse, &device, &patterns, &[]).await.0, 303);
    let page = ilse.page(PAGE).await;
    assert!(boxes(&page).len() == 1 && boxes(&page)[0].contains("pulse-patterns"), "{:?}", boxes(&page));
}
