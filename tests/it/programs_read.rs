//! What programs read before they act: as much as whoever made their token sees on the pages, no more and no less (E3).

use crate::{app::TestApp, given::policy_with};
use serde_json::{Value, json};

/// E3, E4, H6, H7: the help that one asked for and the training that runs out are read as they stand on one's own page.
#[tokio::test]
async fn e3_programs_read_ones_own_training_and_help() {
    let test = TestApp::with_policy(&policy_with("[training]\nvalid_days = 20\n")).await;
    test.reduced_support("magnet").await;
    let (ilse, lena) = (test.acts("ilse").await, test.acts("lena").await);
    let ask = json!({ "command": "ask_help", "kind": "pair_session", "text": "With the limits." });
    ilse.must("magnet", ask).await;
    let mine = async || ilse.get("/me/work").await.1;
    let found = mine().await;
    let asked = json!({ "device": "magnet", "entry": 1, "kind": "pair_session", "text": "With the limits.",
        "asked_at": "2026-11-21T08:00:00Z", "on": null });
    assert_eq!(found["help"], json!([asked]));
    let topics: Vec<&str> =
        found["training"].as_array().unwrap().iter().map(|t| t["topic"].as_str().unwrap()).collect();
    assert_eq!(topics, ["Code review", "Deployment tools", "Hot development", "Version control and review system"]);
    assert_eq!(found["training"][0]["until"], "2026-12-11T08:00:00Z");

    let plan = json!({ "command": "schedule_help", "entry": found["help"][0]["entry"], "on": "2026-11-24" });
    lena.must("magnet", plan).await;
    assert_eq!(mine().await["help"][0]["on"], "2026-11-24");
    let give = json!({ "command": "log_help", "entry": 1, "kind": "pair_session", "text": "Done together." });
    lena.must("magnet", give).await;
    assert_eq!(mine().await["help"], json!([]));
    let (_, hers) = lena.get("/me/work").await;
    assert_eq!((&hers["help"], &hers["training"]), (&json!([]), &json!([])), "neither is another's");
}

/// E3: whom a command is to name is read as an id, where two have one name too.
#[tokio::test]
async fn e3_programs_tell_namesakes_apart() {
    let test = TestApp::new().await;
    test.accepted("magnet").await;
    let (ilse, marek) = (json!(test.person("ilse")), json!(test.person("marek")));
    let details = json!({ "name": "Ilse Hartmann", "email": "marek@example.org", "phone": "+49 40 66969 219",
        "time_zone": "Europe/Berlin", "commit_emails": [] });
    let (status, said) = test.acts("ada").await.put(&format!("/people/{}", test.person("marek")), details).await;
    assert_eq!(status, 200, "{said}");
    let lena = test.acts("lena").await;
    let (_, shown) = lena.get("/devices/magnet").await;
    assert_eq!(shown["contributors"], json!(["Ilse Hartmann", "Ilse Hartmann"]));
    assert_eq!(shown["contributor_ids"], json!([ilse, marek]));
    assert_eq!(shown["ctrl_contact_id"], json!(test.person("lena")));
    let contacts = shown["contacts"].as_array().unwrap().iter();
    let ids: Vec<[&Value; 2]> = contacts.map(|c| [&c["id"], &c["deputy_id"]]).collect();
    assert_eq!(ids, [[&ilse, &marek], [&marek, &ilse]]);
    lena.must("magnet", json!({ "command": "grant_access", "person": shown["contributor_ids"][1] })).await;
    let device = test.device("magnet").await;
    assert_eq!(device.cycle.setup.has_access().collect::<Vec<_>>(), [test.person("marek")]);
}
