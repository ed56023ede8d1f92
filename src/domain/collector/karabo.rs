//! What a Karabo topic tells: the logger's InfluxDB knows who is who in which version, the web servers' aggregators which
//! device servers are up. Recorded shapes: `tests/fixtures/karabo`.

use super::{Running, View, moment};
use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Which properties are asked for, in this order; the last is the logger's own word on whether it still hears the device.
const FIELDS: [&str; 4] = ["classVersion-STRING", "classId-STRING", "serverId-STRING", "hostName-STRING"];

/// The logger's marks of a device that it began, or ceased, to hear.
const EVENTS: &str = "__EVENTS";

/// The question: the last value of each property, of the devices whose names begin with this part.
pub fn question(topic: Option<&str>) -> String {
    let from = topic.map_or_else(String::new, |topic| format!(r"^{topic}\/"));
    let last = FIELDS.map(|field| format!("SELECT LAST(\"{field}\") FROM /{from}.*/"));
    format!("{}; SELECT LAST(\"type\") FROM /{from}.*{EVENTS}$/", last.join("; "))
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    results: Vec<Outcome>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Outcome {
    #[serde(default)]
    statement_id: usize,
    #[serde(default)]
    series: Vec<Series>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Series {
    name: String,
    #[serde(default)]
    values: Vec<Vec<Value>>,
}

/// What the logger kept of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    pub version: String,
    pub class: String,
    pub server: String,
    pub host: String,
    /// When it was written down.
    pub since: Option<DateTime<Utc>>,
    /// The logger no longer hears it: it stopped, or the logger did.
    pub unheard: bool,
}

/// Reads InfluxDB's answer to [`question`], with moments in milliseconds.
pub fn read_identities(answer: &str) -> Result<BTreeMap<String, Identity>, String> {
    let answer: Answer =
        serde_json::from_str(answer).map_err(|e| format!("InfluxDB sent no answer of its own: {e}"))?;
    let failed = answer.results.iter().find_map(|r| r.error.as_ref()).or(answer.error.as_ref());
    if let Some(failed) = failed {
        return Err(format!("InfluxDB answered with an error: {}", failed.chars().take(200).collect::<String>()));
    }
    if answer.results.len() != FIELDS.len() + 1 {
        return Err(format!("InfluxDB answered {} of {} questions.", answer.results.len(), FIELDS.len() + 1));
    }
    let mut all: BTreeMap<String, Identity> = BTreeMap::new();
    for outcome in answer.results {
        for series in outcome.series {
            let Some([at, value]) = series.values.first().map(Vec::as_slice) else { continue };
            let Some(text) = value.as_str() else { continue };
            let is_event = outcome.statement_id == FIELDS.len();
            let name = if is_event { series.name.strip_suffix(EVENTS) } else { Some(series.name.as_str()) };
            let Some(name) = name else { continue };
            let i = all.entry(name.to_owned()).or_default();
            if is_event {
                i.unheard = text.trim_matches('"') == "-LOG";
                continue;
            }
            // All are written again when the device starts.
            i.since = i.since.max(at.as_i64().and_then(DateTime::from_timestamp_millis));
            match outcome.statement_id {
                0 => i.version = text.to_owned(),
                1 => i.class = text.to_owned(),
                2 => i.server = text.to_owned(),
                _ => i.host = text.to_owned(),
            }
        }
    }
    Ok(all)
}

#[derive(Deserialize)]
struct Status {
    success: Option<bool>,
    servers: Option<BTreeMap<String, Host>>,
}

#[derive(Deserialize)]
struct Host {
    #[serde(default)]
    services: Vec<Service>,
    #[serde(default)]
    last_update: String,
}

#[derive(Deserialize)]
struct Service {
    karabo_name: String,
    #[serde(default)]
    status: String,
}

/// Which device servers are up, and the hosts of which the aggregator has heard nothing for too long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Servers {
    /// By name: whether it is up.
    pub up: BTreeMap<String, bool>,
    pub stale: Vec<String>,
}

/// Reads an aggregator's `/status.json`. What it says of a host that it has not heard of for longer than `fresh` counts
/// as nothing: entries of a dead host stay as they were.
pub fn read_servers(answer: &str, zone: chrono_tz::Tz, fresh: Duration, now: DateTime<Utc>) -> Result<Servers, String> {
    let status: Status =
        serde_json::from_str(answer).map_err(|e| format!("The aggregator sent no status of its own: {e}"))?;
    let Some(hosts) = status.servers.filter(|_| status.success == Some(true)) else {
        // It says so with HTTP 200.
        return Err("The aggregator answered that it did not succeed.".to_owned());
    };
    let mut servers = Servers::default();
    for (name, host) in hosts {
        let heard = moment(&host.last_update, "%a, %d %b %Y %H:%M:%S", zone);
        if heard.is_none_or(|at| now - at > fresh || at - now > fresh) {
            servers.stale.push(name);
            continue;
        }
        for s in host.services {
            let is_up = match s.status.split(',').next().unwrap_or_default().trim() {
                "up" => true,
                "down" => false,
                _ => continue,
            };
            // The same name on two hosts: it runs where it is up.
            servers.up.entry(s.karabo_name).and_modify(|up| *up |= is_up).or_insert(is_up);
        }
    }
    Ok(servers)
}

/// What both together tell. Of a server that no aggregator knows afresh nothing is said.
pub fn view(identities: BTreeMap<String, Identity>, servers: &Servers, now: DateTime<Utc>) -> View {
    let mut view = View { whole: servers.up.keys().cloned().collect(), ..View::default() };
    for (instance, i) in identities {
        if servers.up.get(&i.server) != Some(&true) {
            continue;
        }
        if i.unheard {
            // That nobody hears it is no proof that it stopped.
            view.whole.remove(&i.server);
            continue;
        }
        view.running.push(Running {
            instance,
            class: i.class,
            host: if i.host.is_empty() { "unknown".to_owned() } else { i.host },
            version: i.version,
            since: i.since.unwrap_or(now),
            server: i.server,
        });
    }
    view.notes.extend(servers.stale.iter().map(|host| format!("The aggregator has not heard from {host} lately.")));
    view
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::{Europe::Berlin, UTC};
    use serde_json::json;

    const STATUS: &str = include_str!("../../../tests/fixtures/karabo/aggregator_status.json");
    const GONE: &str = include_str!("../../../tests/fixtures/karabo/aggregator_status_30s_after_webserver_gone.json");
    const REFUSED: &str = include_str!("../../../tests/fixtures/karabo/web_api_server_unknown.json");
    const VERSIONS: &str = include_str!("../../../tests/fixtures/karabo/influx_last_classVersion.json");
    const EVENTS_OF: &str = include_str!("../../../tests/fixtures/karabo/influx_events.json");

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn minute() -> Duration {
        Duration::minutes(1)
    }

    /// The recorded versions, with the other properties in the same shape.
    fn influx(last_event: &str) -> String {
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
        let event = |name: &str| if name == "H7/CAM/1" { last_event.to_owned() } else { "\"SCHEMA\"".to_owned() };
        let all =
            [versions.clone(), series(&class, ""), series(&server, ""), series(&host, ""), series(&event, EVENTS)];
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
        let view = view(read_identities(&influx("\"+LOG\"")).unwrap(), &hour_off, later);
        assert_eq!((view.running.len(), view.whole.len(), view.notes.len()), (0, 0, 1), "nothing is closed by it");
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
        let told = view(read_identities(&influx("\"+LOG\"")).unwrap(), &servers, now);
        assert_eq!(told.running.len(), 5);
        let motor = told.running.iter().find(|r| r.instance == "H7/MOTOR/1").unwrap();
        assert_eq!(motor.version, "h7motor-1.4.3.dev3+g5506e0225.d20261121");
        assert_eq!((motor.class.as_str(), motor.server.as_str(), motor.host.as_str()), ("H7Motor", "h7/mdl/1", "vm"));
        assert_eq!(motor.since, at("2026-11-21T02:52:57.087Z"));
        assert!(told.whole.contains("h7/mdl/spare"), "nothing runs there");
        servers.up.insert("h7/cpp/1".to_owned(), false);
        let told = view(read_identities(&influx("\"+LOG\"")).unwrap(), &servers, now);
        assert!(told.running.iter().all(|r| r.server == "h7/mdl/1") && told.whole.contains("h7/cpp/1"));
    }

    /// F9: what the logger no longer hears may run: it is not reported, and its server's list is no whole one.
    #[test]
    fn f9_what_the_logger_does_not_hear_may_run() {
        let now = at("2026-11-21T02:53:38Z");
        let servers = read_servers(STATUS, UTC, minute(), now).unwrap();
        let told = view(read_identities(&influx("\"-LOG\"")).unwrap(), &servers, now);
        assert!(told.running.iter().all(|r| r.instance != "H7/CAM/1"));
        assert!(!told.whole.contains("h7/mdl/1") && told.whole.contains("h7/cpp/1"));
    }

    /// G10: one question for each property, within the topic where one is named.
    #[test]
    fn g10_the_question_stays_in_its_topic() {
        assert_eq!(question(None).matches("FROM /.*").count(), 5);
        let of = question(Some("H7"));
        assert!(of.contains(r#"SELECT LAST("classVersion-STRING") FROM /^H7\/.*/"#), "{of}");
        assert!(of.ends_with(r#"SELECT LAST("type") FROM /^H7\/.*__EVENTS$/"#), "{of}");
    }

    proptest::proptest! {
        /// F9: no bytes are too odd.
        #[test]
        fn f9_no_answer_is_too_odd(at_ in 0..STATUS.len(), cut in 0..60usize, typed in "\\PC{0,8}|[\"\\[\\]{}:,0-9a-z]{0,6}") {
            let (start, end) = (STATUS.floor_char_boundary(at_), STATUS.floor_char_boundary((at_ + cut).min(STATUS.len())));
            let _ = read_servers(&format!("{}{typed}{}", &STATUS[..start], &STATUS[end..]), UTC, minute(), at("2026-11-21T02:53:38Z"));
            let whole = influx("\"+LOG\"");
            let (start, end) = (whole.floor_char_boundary(at_.min(whole.len())), whole.floor_char_boundary((at_ + cut).min(whole.len())));
            let _ = read_identities(&format!("{}{typed}{}", &whole[..start], &whole[end..]));
        }
    }
}
