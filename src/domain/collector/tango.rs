//! What TangoGQL answers, the GraphQL gateway of a Tango system. Recorded shapes: `tests/fixtures/tango`.
//!
//! The database knows what was exported last: after a kill `exported` stays true. Whether the server still runs is known
//! where a Starter watches it.

use super::{Running, View, moment};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The one question that is asked.
pub const QUERY: &str = "query Custody { devices(pattern: \"*\") { name deviceClass exported startedDate \
    server { id host versionInfo } } \
    starters: devices(pattern: \"tango/admin/*\") { name exported attributes(pattern: \"Servers\") { name value } } }";

#[derive(Deserialize)]
struct Answer {
    data: Option<Data>,
    #[serde(default)]
    errors: Vec<Failure>,
}

#[derive(Deserialize)]
struct Failure {
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Data {
    devices: Option<Vec<Option<Device>>>,
    starters: Option<Vec<Option<Starter>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Device {
    name: String,
    device_class: Option<String>,
    exported: Option<bool>,
    started_date: Option<String>,
    server: Option<Server>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Server {
    id: Option<String>,
    host: Option<String>,
    version_info: Option<BTreeMap<String, serde_json::Value>>,
}

#[derive(Deserialize)]
struct Starter {
    attributes: Option<Vec<Option<Attribute>>>,
}

#[derive(Deserialize)]
struct Attribute {
    #[serde(default)]
    name: String,
    value: Option<serde_json::Value>,
}

/// What a Starter says of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    On,
    Fault,
    /// Starting, or not answering: neither up nor down.
    Moving,
}

/// Reads an answer. Started moments come without a zone. A sentence says what is wrong with an answer that is none.
pub fn read(answer: &str, zone: chrono_tz::Tz, now: DateTime<Utc>) -> Result<View, String> {
    let answer: Answer = serde_json::from_str(answer).map_err(|e| format!("It sent no answer of TangoGQL: {e}"))?;
    let failure = answer.errors.first().map(|e| e.message.chars().take(200).collect::<String>());
    let Some(Data { devices: Some(devices), starters }) = answer.data else {
        return Err(format!("It answered with an error: {}", failure.unwrap_or_else(|| "no devices".to_owned())));
    };
    // Where a part of the answer failed, what is missing may run.
    let whole = failure.is_none() && devices.iter().all(Option::is_some);
    let mut view = View::default();
    view.notes.extend(failure.map(|f| format!("A part of the answer is missing: {f}")));
    let said = starters_say(starters.unwrap_or_default());
    let mut unsure = BTreeSet::new();
    for d in devices.into_iter().flatten() {
        let Some(server) = d.server else {
            view.notes.push(format!("{} came without its server.", d.name));
            continue;
        };
        let id = told(server.id);
        // The server itself is an instance only in name.
        if id.is_empty() || d.name.to_lowercase().starts_with("dserver/") {
            continue;
        }
        match said.get(&id.to_lowercase()) {
            Some(Said::Moving) => {
                unsure.insert(id);
                continue;
            }
            Some(Said::Fault) => {
                view.whole.insert(id);
                continue;
            }
            Some(Said::On) | None => {}
        }
        view.whole.insert(id.clone());
        if d.exported != Some(true) {
            continue;
        }
        let class = told(d.device_class);
        let host = told(server.host);
        view.running.push(Running {
            version: version(&class, &id, server.version_info.as_ref()),
            since: moment(&d.started_date.unwrap_or_default(), "%Y-%m-%d %H:%M:%S", zone).unwrap_or(now),
            host: if host.is_empty() { "unknown".to_owned() } else { host },
            instance: d.name,
            class,
            server: id,
        });
    }
    if whole {
        view.whole.retain(|server| !unsure.contains(server));
    } else {
        view.whole.clear();
    }
    Ok(view)
}

/// A server of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub server: String,
    /// `None` where it was never started.
    pub host: Option<String>,
}

/// Every server of an answer, running or not, by name. A part of an answer is none.
pub fn servers(answer: &str) -> Result<Vec<Listed>, String> {
    let answer: Answer = serde_json::from_str(answer).map_err(|e| format!("It sent no answer of TangoGQL: {e}"))?;
    if let Some(failure) = answer.errors.first() {
        return Err(format!("It answered with an error: {}", failure.message.chars().take(200).collect::<String>()));
    }
    let devices = answer.data.and_then(|d| d.devices).ok_or("It answered without devices.")?;
    let mut all: BTreeMap<String, Listed> = BTreeMap::new();
    for d in devices.into_iter().flatten() {
        let Some(server) = d.server else { continue };
        let (id, host) = (told(server.id), told(server.host));
        if id.is_empty() {
            continue;
        }
        let of = all.entry(id.clone()).or_insert_with(|| Listed { server: id, host: None });
        if !host.is_empty() {
            of.host = Some(host);
        }
    }
    Ok(all.into_values().collect())
}

/// The text of a value: Tango writes `nada`, or a blank, where nothing is set.
fn told(value: Option<String>) -> String {
    let value = value.unwrap_or_default();
    if value.trim().is_empty() || value == "nada" { String::new() } else { value.trim().to_owned() }
}

/// `LabMotor/lab1<tab>FAULT<tab>1<tab>2<tab>0`, a line for each server that a Starter watches.
fn starters_say(starters: Vec<Option<Starter>>) -> BTreeMap<String, Said> {
    let attributes = starters.into_iter().flatten().flat_map(|s| s.attributes.unwrap_or_default()).flatten();
    let values = attributes.filter(|a| a.name.rsplit('/').next().is_some_and(|n| n.eq_ignore_ascii_case("servers")));
    let lines = values.flat_map(|a| match a.value {
        Some(serde_json::Value::Array(lines)) => lines,
        _ => Vec::new(),
    });
    let mut said = BTreeMap::new();
    for line in lines {
        let Some((server, rest)) = line.as_str().and_then(|line| line.split_once('\t')) else { continue };
        let state = match rest.split('\t').next() {
            Some("ON") => Said::On,
            Some("FAULT") => Said::Fault,
            _ => Said::Moving,
        };
        // Two Starters that differ prove neither.
        said.entry(server.to_lowercase())
            .and_modify(|was| *was = if *was == state { state } else { Said::Moving })
            .or_insert(state);
    }
    said
}

/// The software's own version among those of the libraries that it was built with (IDL 6): the entry that has the name
/// of the class, or of the server.
fn version(class: &str, server: &str, info: Option<&BTreeMap<String, serde_json::Value>>) -> String {
    let plain = |s: &str| s.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let Some(info) = info else { return String::new() };
    let named = |name: &str| info.iter().find(|(key, _)| !name.is_empty() && plain(key) == plain(name));
    let found = named(class).or_else(|| named(server.split('/').next().unwrap_or_default()));
    found.and_then(|(_, value)| value.as_str()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::{Europe::Berlin, UTC};
    use serde_json::{Value, json};

    const RECORDED: &str = include_str!("../../../tests/fixtures/tango/tangogql_inventory.json");
    const ALL_UP: &str = include_str!("../../../tests/fixtures/tango/starter_all_up.json");
    const KILLED: &str = include_str!("../../../tests/fixtures/tango/starter_after_kill9_and_clean_stop.json");

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
        let answer = include_str!("../../../tests/fixtures/tango/tangogql_starter_after_kill9.json");
        assert!(answer.contains(r#""sys/tg_test/1","deviceClass":"TangoTest","exported":true"#));
        let view = read(answer, UTC, now()).unwrap();
        assert_eq!(names(&view), ["sys/database/2", "tango/admin/vm"]);
        assert!(view.whole.contains("TangoTest/test"));
    }

    /// F9: of a server that does not answer, or of which two Starters differ, nothing is said.
    #[test]
    fn f9_a_hung_server_is_neither_up_nor_down() {
        for lines in
            [json!(["LabMotor/lab1\tMOVING\t1\t2\t1"]), json!(["labmotor/LAB1\tON\t1", "LabMotor/lab1\tFAULT\t1"])]
        {
            let starter = json!({ "Servers": lines }).to_string();
            let view = read(&with_starter(&starter), UTC, now()).unwrap();
            assert!(!names(&view).contains(&"lab/motor/1") && !view.whole.contains("LabMotor/lab1"), "{lines}");
            assert!(view.whole.contains("LabCam/lab1"));
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
}
