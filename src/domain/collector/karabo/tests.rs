//! Against recorded answers.

use super::{logger::EVENTS, *};
use chrono_tz::{Europe::Berlin, UTC};
use serde_json::{Value, json};

const STATUS: &str = include_str!("../../../../tests/fixtures/karabo/aggregator_status.json");
const GONE: &str = include_str!("../../../../tests/fixtures/karabo/aggregator_status_30s_after_webserver_gone.json");
const OWN: &str = include_str!("../../../../tests/fixtures/karabo/web_api_servers.json");
const REFUSED: &str = include_str!("../../../../tests/fixtures/karabo/web_api_server_unknown.json");
const VERSIONS: &str = include_str!("../../../../tests/fixtures/karabo/influx_last_classVersion.json");
const EVENTS_OF: &str = include_str!("../../../../tests/fixtures/karabo/influx_events.json");

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn minute() -> Duration {
    Duration::minutes(1)
}

/// The marks of these devices: each was begun at the recorded moment, and those named ceased to be heard at theirs.
fn marks(versions: &Value, ceased: &[(&str, &str)]) -> Value {
    let recorded: Value = serde_json::from_str(EVENTS_OF).unwrap();
    let begun = &recorded["results"][0]["series"][0]["values"][0];
    let mark = |name: &str, kind: &str, made: &Value| {
        json!({ "name": format!("{name}{EVENTS}"), "tags": { "type": format!("\"{kind}\"") },
            "columns": ["time", "last", "logger_time"], "values": [[begun[0], ".", made]] })
    };
    let names = versions.as_array().unwrap().iter().map(|s| s["name"].as_str().unwrap());
    let all = names.map(|name| mark(name, "+LOG", &begun[4]));
    Value::Array(all.chain(ceased.iter().map(|(name, made)| mark(name, "-LOG", &json!(made)))).collect())
}

/// The recorded versions, with the other properties in the same shape.
fn influx(ceased: &[(&str, &str)]) -> String {
    let recorded: Value = serde_json::from_str(VERSIONS).unwrap();
    let versions = recorded["results"][0]["series"].clone();
    let series = |value: &dyn Fn(&str) -> String, suffix: &str| {
        let all = versions.as_array().unwrap().iter().map(|s| {
            let name = s["name"].as_str().unwrap();
            json!({ "name": format!("{name}{suffix}"), "columns": ["time", "last"], "values": [[1795229577000_i64, value(name)]] })
        });
        Value::Array(all.collect())
    };
    let class = |_: &str| "H7Motor".to_owned();
    let server = |name: &str| if name.ends_with("CPP") { "h7/cpp/1" } else { "h7/mdl/1" }.to_owned();
    let host = |_: &str| "vm".to_owned();
    let all = [versions.clone(), series(&class, ""), series(&server, ""), series(&host, ""), marks(&versions, ceased)];
    let results: Vec<Value> =
        all.into_iter().enumerate().map(|(i, s)| json!({ "statement_id": i, "series": s })).collect();
    json!({ "results": results }).to_string()
}

/// G10: the recorded status is read; what is up is up, what is down is down.
#[test]
fn g10_the_recorded_status_is_read() {
    let servers = read_servers(STATUS, UTC, minute(), at("2026-11-21T02:53:38Z")).unwrap();
    assert_eq!(servers.stale, Vec::<String>::new());
    assert_eq!(servers.up.len(), 12);
    assert_eq!((servers.up["h7/mdl/1"], servers.up["h7/mdl/spare"]), (true, false));
}

/// F9: entries of a dead host stay as they were, and only `last_update` tells; it has no zone of its own.
#[test]
fn f9_an_old_entry_counts_as_nothing() {
    let later = at("2026-11-21T03:05:00Z");
    for answer in [STATUS, GONE] {
        let servers = read_servers(answer, UTC, minute(), later).unwrap();
        assert_eq!((servers.up.len(), servers.stale.as_slice()), (0, ["vm".to_owned()].as_slice()));
    }
    let hour_off = read_servers(STATUS, Berlin, minute(), at("2026-11-21T02:53:38Z")).unwrap();
    assert_eq!(hour_off.stale, ["vm"]);
    assert_eq!(read_servers(STATUS, Berlin, minute(), at("2026-11-21T01:53:38Z")).unwrap().up.len(), 12);
    let view = view(read_identities(&influx(&[])).unwrap(), &hour_off, later);
    assert_eq!((view.running.len(), view.whole.len(), view.notes.len()), (0, 0, 1), "nothing is closed by it");
}

/// F9: a server that was moved is down on the host that it left; while the one that it went to is not heard of, that is no
/// proof that it stopped.
#[test]
fn f9_down_on_one_host_may_be_up_on_another() {
    let now = at("2026-11-21T02:53:38Z");
    let host = |last_update: &str, is: &str| json!({ "last_update": last_update, "services": [{ "karabo_name": "h7/mdl/1", "status": is }] });
    let fresh = "Sat, 21 Nov 2026 02:53:34";
    for (heard, up, runs, whole) in [
        ("Sat, 21 Nov 2026 02:43:34", "up, running", 0, false),
        (fresh, "up, running", 4, true),
        (fresh, "down, stopped", 0, true),
    ] {
        let left = host(fresh, "down, stopped");
        let status = json!({ "success": true, "servers": { "left": left, "went": host(heard, up) } });
        let servers = read_servers(&status.to_string(), UTC, minute(), now).unwrap();
        let told = view(read_identities(&influx(&[])).unwrap(), &servers, now);
        assert_eq!((told.running.len(), told.whole.contains("h7/mdl/1")), (runs, whole), "{heard} {up}");
    }
}

/// F9: an answer that says in words that it failed has HTTP 200.
#[test]
fn f9_success_is_read() {
    let none = read_servers(REFUSED, UTC, minute(), at("2026-11-21T02:53:38Z"));
    assert!(none.is_err());
    for bad in ["", "{}", "[]", r#"{"success":true}"#, r#"{"success":"yes","servers":{}}"#, "<html>"] {
        assert!(read_servers(bad, UTC, minute(), at("2026-11-21T02:53:38Z")).is_err(), "{bad}");
    }
    for bad in ["", "{}", "[]", VERSIONS, r#"{"error":"database not found"}"#, EVENTS_OF] {
        assert!(read_identities(bad).is_err(), "{bad}");
    }
}

/// G10: who is who comes from the logger, and only on servers that are up.
#[test]
fn g10_identity_comes_from_the_logger() {
    let now = at("2026-11-21T02:53:38Z");
    let mut servers = read_servers(STATUS, UTC, minute(), now).unwrap();
    let told = view(read_identities(&influx(&[])).unwrap(), &servers, now);
    assert_eq!(told.running.len(), 5);
    let motor = told.running.iter().find(|r| r.instance == "H7/MOTOR/1").unwrap();
    assert_eq!(motor.version, "h7motor-1.4.3.dev3+g5506e0225.d20261121");
    assert_eq!((motor.class.as_str(), motor.server.as_str(), motor.host.as_str()), ("H7Motor", "h7/mdl/1", "vm"));
    assert_eq!(motor.since, at("2026-11-21T02:52:57.087Z"));
    assert!(told.whole.contains("h7/mdl/spare"), "nothing runs there");
    servers.up.insert("h7/cpp/1".to_owned(), false);
    let told = view(read_identities(&influx(&[])).unwrap(), &servers, now);
    assert!(told.running.iter().all(|r| r.server == "h7/mdl/1") && told.whole.contains("h7/cpp/1"));
}

/// G10, F9: what the logger ceased to hear while it hears its neighbours has stopped; where it hears none of them, or
/// has only begun to say so, it may run. Neither makes its neighbours uncertain.
#[test]
fn g10_one_instance_stops_while_its_server_stays_up() {
    let servers = read_servers(STATUS, UTC, minute(), at("2026-11-21T02:53:38Z")).unwrap();
    let all = ["H7/CAM/1", "H7/MOTOR/1", "H7/MOTOR/2", "H7/PROPTEST/PY"];
    let ceased = |names: &[&'static str]| -> Vec<_> { names.iter().map(|n| (*n, "20261121T025837.760399Z")).collect() };
    for (names, now, running, unsure) in [
        (&all[..1], "2026-11-21T02:59:30Z", 4, 0),
        (&all[..1], "2026-11-21T02:58:40Z", 4, 1),
        (&all[..], "2026-11-21T02:59:30Z", 1, 4),
    ] {
        let now = at(now);
        let told = view(read_identities(&influx(&ceased(names))).unwrap(), &servers, now);
        assert_eq!((told.running.len(), told.unsure.len()), (running, unsure), "{names:?} {now}");
        assert!(told.whole.contains("h7/mdl/1") && told.whole.contains("h7/cpp/1"));
        assert!(told.unsure.iter().all(|(_, server)| server == "h7/mdl/1"));
    }
}

/// G10: what was started again is heard, though both marks have the device's one moment; an older logger's marks are
/// in the order of their moments, and prove no stop.
#[test]
fn g10_the_later_mark_counts() {
    let mark = |at, made: Option<&str>| Some(Mark { at, made: made.map(|t| t.parse().unwrap()) });
    let (early, late) = (Some("2026-11-21T02:57:16Z"), Some("2026-11-21T02:58:37Z"));
    for (begun, ceased, unheard) in [
        (None, None, false),
        (mark(1, early), None, false),
        (None, mark(1, late), true),
        (mark(1, early), mark(1, late), true),
        (mark(1, late), mark(1, early), false),
        (mark(1, None), mark(1, None), true),
        (mark(2, None), mark(1, None), false),
        (mark(2, late), mark(1, None), false),
    ] {
        let i = Identity { begun, ceased, ..Identity::default() };
        assert_eq!(i.is_unheard(), unheard, "{i:?}");
    }
    let identity =
        |ceased| Identity { server: "h7/mdl/1".to_owned(), begun: mark(1, None), ceased, ..Identity::default() };
    let both = BTreeMap::from([("A".to_owned(), identity(None)), ("B".to_owned(), identity(mark(1, None)))]);
    let servers = Servers { up: BTreeMap::from([("h7/mdl/1".to_owned(), true)]), ..Servers::default() };
    assert_eq!(view(both, &servers, at("2026-11-21T02:59:30Z")).unsure.len(), 1);
}

/// E5: every server of an aggregator's list, and of one web server's, up or down; a list that does not say where its
/// servers are, or that failed, is none.
#[test]
fn e5_the_recorded_lists_are_read() {
    let (all, notes) = servers(STATUS, None).unwrap();
    assert_eq!((all.len(), notes.len()), (12, 1), "{notes:?}");
    assert!(all.contains(&Listed { server: "h7/mdl/spare".to_owned(), host: "vm".to_owned() }));
    let (own, notes) = servers(OWN, Some("vm")).unwrap();
    assert_eq!((own.len(), notes.len()), (13, 0), "its own server too");
    assert!(all.iter().all(|s| own.contains(s)));
    assert!(servers(OWN, None).unwrap_err().contains("does not say its host"));
    let of = |names: &[&str]| {
        let all = names.iter().map(|n| json!({ "karabo_name": n }));
        json!({ "services": all.collect::<Vec<_>>() })
    };
    let twice = json!({ "success": true, "servers": { "a": of(&["s"]), "b": of(&["s", ""]) } });
    let (none, notes) = servers(&twice.to_string(), None).unwrap();
    assert!(none.is_empty() && notes == ["s is on a and on b: it is left out."], "{notes:?}");
    for bad in ["", "{}", "[]", REFUSED, "<html>", r#"{"success":true}"#, r#"{"success":false,"servers":[]}"#, VERSIONS]
    {
        assert!(servers(bad, Some("vm")).is_err(), "{bad}");
    }
}

/// F9: a topic that is mistyped has no devices, or none on the servers that are up; that is no proof that nothing runs.
#[test]
fn f9_another_topic_says_nothing() {
    let servers = |is_up| Servers { up: BTreeMap::from([("h7/mdl/1".to_owned(), is_up)]), ..Servers::default() };
    let on = |server: &str| {
        let identity = Identity { server: server.to_owned(), ..Identity::default() };
        BTreeMap::from([("A".to_owned(), identity)])
    };
    for (known, is_up, expected) in [
        (BTreeMap::new(), true, false),
        (on(""), true, false),
        (on("h8/mdl/1"), true, false),
        (on("h8/mdl/1"), false, true),
        (on("h7/mdl/2"), true, true),
    ] {
        assert_eq!(is_of(&known, &servers(is_up), |s| s.starts_with("h7/")), expected, "{known:?} {is_up}");
    }
    assert!(is_of(&on("h8/mdl/1"), &servers(true), |s| s.starts_with("h8/")), "it speaks for no other topic's");
}

/// G10: one question for each property, within the topic where one is named.
#[test]
fn g10_the_question_stays_in_its_topic() {
    assert_eq!(question(None).matches("FROM /.*").count(), 5, "{}", question(None));
    let of = question(Some("H7"));
    assert!(of.contains(r#"SELECT LAST("classVersion-STRING") FROM /^H7\/.*/"#), "{of}");
    assert!(of.ends_with(r#""logger_time" FROM /^H7\/.*__EVENTS$/ GROUP BY "type""#), "{of}");
}

proptest::proptest! {
    /// F9: no bytes are too odd.
    #[test]
    fn f9_no_answer_is_too_odd(at_ in 0..STATUS.len(), cut in 0..60usize, typed in "\\PC{0,8}|[\"\\[\\]{}:,0-9a-z]{0,6}") {
        let (start, end) = (STATUS.floor_char_boundary(at_), STATUS.floor_char_boundary((at_ + cut).min(STATUS.len())));
        let _ = read_servers(&format!("{}{typed}{}", &STATUS[..start], &STATUS[end..]), UTC, minute(), at("2026-11-21T02:53:38Z"));
        let whole = influx(&[("H7/CAM/1", "20261121T025837.760399Z")]);
        let (start, end) = (whole.floor_char_boundary(at_.min(whole.len())), whole.floor_char_boundary((at_ + cut).min(whole.len())));
        let _ = read_identities(&format!("{}{typed}{}", &whole[..start], &whole[end..]));
    }
}
