//! Against recorded answers.

use super::*;
use chrono_tz::{Europe::Berlin, UTC};
use serde_json::{Value, json};

const RECORDED: &str = include_str!("../../../../tests/fixtures/tango/tangogql_inventory.json");
const ALL_UP: &str = include_str!("../../../../tests/fixtures/tango/starter_all_up.json");
const KILLED: &str = include_str!("../../../../tests/fixtures/tango/starter_after_kill9_and_clean_stop.json");

fn now() -> DateTime<Utc> {
    "2026-11-21T08:00:00Z".parse().unwrap()
}

fn names(view: &View) -> Vec<&str> {
    view.running.iter().map(|r| r.instance.as_str()).collect()
}

/// The recorded answer with what the recorded Starter said in it.
fn with_starter(starter: &str) -> String {
    let mut answer: Value = serde_json::from_str(RECORDED).unwrap();
    let starter: Value = serde_json::from_str(starter).unwrap();
    answer["data"]["starters"] =
        json!([{ "name": "tango/admin/vm", "attributes": [{ "name": "Servers", "value": starter["Servers"] }] }]);
    answer.to_string()
}

/// G10: the recorded answer, read: what is exported runs, with its host, its start and its own version.
#[test]
fn g10_the_recorded_answer_is_read() {
    let view = read(RECORDED, UTC, now()).unwrap();
    let expected = ["sys/database/2", "sys/tg_test/1", "tango/admin/vm", "lab/motor/1", "lab/motor/2", "lab/cam/1"];
    assert_eq!(names(&view), expected);
    let cam = &view.running[5];
    assert_eq!((cam.class.as_str(), cam.server.as_str(), cam.host.as_str()), ("LabCam", "LabCam/lab1", "vm"));
    assert_eq!(cam.version, "2.0.1", "not that of a library");
    assert_eq!(cam.since.to_rfc3339(), "2026-11-21T02:44:14+00:00");
    assert_eq!(view.running[1].version, "", "the database’s version is that of the protocol");
    assert!(view.whole.contains("LabMotor/spare") && view.whole.contains("TangoTest/test"));
    assert_eq!(view.notes, Vec::<String>::new());
    let there = read(RECORDED, Berlin, now()).unwrap();
    assert_eq!(there.running[5].since.to_rfc3339(), "2026-11-21T01:44:14+00:00", "an hour east");
}

/// E5: the plan of the database: every server, running or not; a part of an answer is refused.
#[test]
fn e5_the_servers_of_a_database() {
    let all = servers(RECORDED).unwrap();
    let of = |name: &str| all.iter().find(|l| l.server == name).map(|l| l.host.as_deref());
    assert_eq!(of("LabCam/lab1"), Some(Some("vm")));
    assert_eq!(of("TangoRestServer/rest"), Some(None), "nada is no host");
    let mut names: Vec<&str> = all.iter().map(|l| l.server.as_str()).collect();
    names.dedup();
    assert_eq!(names.len(), all.len(), "each once");
    let mut answer: Value = serde_json::from_str(RECORDED).unwrap();
    answer["errors"] = json!([{ "message": "timeout" }]);
    assert!(servers(&answer.to_string()).is_err_and(|why| why.contains("timeout")));
    assert!(servers("{}").is_err() && servers("no").is_err());
}

/// E5: devices of one server that are spelled in other capitals are of one server, and where they name different hosts it is
/// on the one where they are exported, or left out; either is said.
#[test]
fn e5_a_server_comes_once_and_onto_the_host_where_it_is_exported() {
    type Named = (&'static str, &'static str, bool);
    let answer = |devices: &[Named]| {
        let of = |(n, (server, host, exported)): (usize, &Named)| {
            let server = json!({ "id": server, "host": host });
            json!({ "name": format!("lab/motor/{n}"), "exported": exported, "server": server })
        };
        let devices: Vec<Value> = devices.iter().enumerate().map(of).collect();
        json!({ "data": { "devices": devices, "starters": [] } }).to_string()
    };
    let exported = "Devices of LabMotor/lab1 name new and old: it comes onto new, where they are exported.";
    let cases: [(&[Named], Option<&str>, Option<&str>); 7] = [
        (&[("LabMotor/lab1", "vm", true), ("labmotor/Lab1", "VM", true)], Some("vm"), None),
        (&[("LabMotor/lab1", "nada", false), ("labmotor/Lab1", "vm", false)], Some("vm"), None),
        (&[("LabMotor/lab1", "new", true), ("labmotor/Lab1", "old", false)], Some("new"), Some(exported)),
        (&[("LabMotor/lab1", "old", false), ("LabMotor/lab1", "new", true)], Some("new"), Some(exported)),
        (
            &[("LabMotor/lab1", "old", false), ("LabMotor/lab1", "new", false)],
            None,
            Some("LabMotor/lab1 is on new and old: it is left out."),
        ),
        (
            &[("LabMotor/lab1", "old", true), ("LabMotor/lab1", "new", true)],
            None,
            Some("LabMotor/lab1 is on new and old: it is left out."),
        ),
        (
            &[("LabMotor/lab1", "nada", false)],
            None,
            Some("LabMotor/lab1 was never started, so its host is not known: it is left out."),
        ),
    ];
    for (devices, host, note) in cases {
        let listed =
            Listed { server: "LabMotor/lab1".to_owned(), host: host.map(str::to_owned), note: note.map(str::to_owned) };
        assert_eq!(servers(&answer(devices)), Ok(vec![listed]), "{devices:?}");
    }
}

/// G10: after a kill the database says exported; the Starter knows better.
#[test]
fn g10_what_was_killed_does_not_run() {
    assert_eq!(names(&read(&with_starter(ALL_UP), UTC, now()).unwrap()).len(), 6);
    let view = read(&with_starter(KILLED), UTC, now()).unwrap();
    assert_eq!(names(&view), ["sys/database/2", "tango/admin/vm", "lab/cam/1"]);
    assert!(view.whole.contains("LabMotor/lab1"), "that nothing of it runs is known");
}

/// G10: the same by an answer that was recorded whole, right after a kill.
#[test]
fn g10_the_gateway_hands_on_what_the_starter_says() {
    let answer = include_str!("../../../../tests/fixtures/tango/tangogql_starter_after_kill9.json");
    assert!(answer.contains(r#""sys/tg_test/1","deviceClass":"TangoTest","exported":true"#));
    let view = read(answer, UTC, now()).unwrap();
    assert_eq!(names(&view), ["sys/database/2", "tango/admin/vm"]);
    assert!(view.whole.contains("TangoTest/test"));
}

/// F9: of a server that does not answer, or of which two Starters differ, nothing is said.
#[test]
fn f9_a_hung_server_is_neither_up_nor_down() {
    for lines in [json!(["LabMotor/lab1\tMOVING\t1\t2\t1"]), json!(["labmotor/LAB1\tON\t1", "LabMotor/lab1\tFAULT\t1"])]
    {
        let starter = json!({ "Servers": lines }).to_string();
        let view = read(&with_starter(&starter), UTC, now()).unwrap();
        assert!(!names(&view).contains(&"lab/motor/1") && !view.whole.contains("LabMotor/lab1"), "{lines}");
        assert!(view.whole.contains("LabCam/lab1"));
    }
}

/// G10, F9: where the Starter of a host was killed, or the host fell, everything there is exported still: of what does not
/// answer for itself it is not known whether it runs, and what was stopped in order is known to have.
#[test]
fn g10_where_a_starter_does_not_answer_nothing_is_known_to_run() {
    let mute = |starter: Value| {
        let mut answer: Value = serde_json::from_str(RECORDED).unwrap();
        answer["data"]["starters"] = json!([starter]);
        read(&answer.to_string(), UTC, now()).unwrap()
    };
    for attributes in [json!([]), Value::Null] {
        let view = mute(json!({ "name": "tango/admin/VM", "exported": true, "attributes": attributes }));
        assert_eq!(names(&view), ["lab/cam/1"], "it says its version");
        let unsure: Vec<&str> = view.unsure.iter().map(|(instance, _)| instance.as_str()).collect();
        assert_eq!(unsure, ["lab/motor/1", "lab/motor/2", "sys/database/2", "sys/tg_test/1", "tango/admin/vm"]);
        assert!(view.whole.contains("LabMotor/lab1") && view.whole.contains("LabMotor/spare"));
        assert_eq!(view.notes, ["The Starter of vm does not answer."]);
    }
    // One that watches nothing answers, one of another host says nothing of this one, and one that was stopped is none.
    let nothing = json!([{ "name": "Servers", "value": null }]);
    for starter in [
        json!({ "name": "tango/admin/vm", "exported": true, "attributes": nothing }),
        json!({ "name": "tango/admin/elsewhere", "exported": true, "attributes": [] }),
        json!({ "name": "tango/admin/vm", "exported": false, "attributes": [] }),
    ] {
        let view = mute(starter.clone());
        assert_eq!((names(&view).len(), view.unsure.len(), view.notes.len()), (6, 0, 0), "{starter}");
    }
}

/// F9: a part of an answer proves nothing of what is missing in it.
#[test]
fn f9_a_part_of_an_answer_is_no_list() {
    let mut answer: Value = serde_json::from_str(RECORDED).unwrap();
    answer["errors"] = json!([{ "message": "timeout" }]);
    let view = read(&answer.to_string(), UTC, now()).unwrap();
    assert_eq!((names(&view).len(), view.whole.len()), (6, 0));
    assert!(view.notes[0].contains("timeout"));
    let mut answer: Value = serde_json::from_str(RECORDED).unwrap();
    answer["data"]["devices"][0] = Value::Null;
    assert_eq!(read(&answer.to_string(), UTC, now()).unwrap().whole.len(), 0);
}

/// F9: what is no answer is said to be none; unset values stay unset.
#[test]
fn f9_what_is_no_answer_is_refused() {
    for (bad, says) in [
        ("", "no answer of TangoGQL"),
        ("<html>", "no answer of TangoGQL"),
        ("[]", "no answer of TangoGQL"),
        ("{}", "no devices"),
        (r#"{"data":null,"errors":[{"message":"Not authorised"}]}"#, "Not authorised"),
        (r#"{"data":{"devices":"all"}}"#, "no answer of TangoGQL"),
    ] {
        assert!(read(bad, UTC, now()).unwrap_err().contains(says), "{bad}");
    }
    let unset = r#"{"data":{"devices":[{"name":"a/b/c","deviceClass":"nada","exported":true,"startedDate":null,
        "server":{"id":"S/1","host":" ","versionInfo":null}},
        {"name":"a/b/d","exported":true,"server":{"id":"nada"}},{"name":"a/b/e","exported":true}]}}"#;
    let view = read(unset, UTC, now()).unwrap();
    assert_eq!(names(&view), ["a/b/c"]);
    let r = &view.running[0];
    assert_eq!((r.class.as_str(), r.host.as_str(), r.version.as_str(), r.since), ("", "unknown", "", now()));
    assert!(view.notes[0].contains("a/b/e"));
}

proptest::proptest! {
    /// F9: no bytes are too odd.
    #[test]
    fn f9_no_answer_is_too_odd(at in 0..RECORDED.len(), cut in 0..60usize, typed in "\\PC{0,8}|[\"\\[\\]{}:,0-9a-z\t]{0,6}") {
        let (start, end) = (RECORDED.floor_char_boundary(at), RECORDED.floor_char_boundary((at + cut).min(RECORDED.len())));
        let _ = read(&format!("{}{typed}{}", &RECORDED[..start], &RECORDED[end..]), UTC, now());
    }
}
