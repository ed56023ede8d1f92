//! What a Karabo topic tells: the logger's InfluxDB knows who is who in which version, the web servers' aggregators which
//! device servers are up. Recorded shapes: `tests/fixtures/karabo`.

use super::{Running, View, moment};
use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Which properties are asked for, in this order.
const FIELDS: [&str; 4] = ["classVersion-STRING", "classId-STRING", "serverId-STRING", "hostName-STRING"];

/// The logger's marks of a device that it began, or ceased, to hear.
const EVENTS: &str = "__EVENTS";

/// A logger that stops says of each of its devices, one by one, that it ceased to hear it. After so long it has said so of
/// all.
const ALL_SAID: Duration = Duration::seconds(30);

/// The question: the last value of each property, of the devices whose names begin with this part, and the last of the
/// logger's marks of each type. A mark's moment is the device's, so that several have the same; `logger_time` is when it
/// was made. Its type is a tag, which is no value to ask for.
pub fn question(topic: Option<&str>) -> String {
    let from = topic.map_or_else(String::new, |topic| format!(r"^{topic}\/"));
    let last = FIELDS.map(|field| format!("SELECT LAST(\"{field}\") FROM /{from}.*/"));
    let marks = r#"SELECT LAST("karabo_user"), "logger_time""#;
    format!(r#"{}; {marks} FROM /{from}.*{EVENTS}$/ GROUP BY "type""#, last.join("; "))
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
    tags: BTreeMap<String, String>,
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
    /// When the logger began to hear it.
    pub begun: Option<Mark>,
    /// When it ceased to: the device stopped, or the logger did.
    pub ceased: Option<Mark>,
}

/// A mark of the logger's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// By the device's clock: its last word before.
    at: i64,
    /// By the logger's; older ones do not say.
    made: Option<DateTime<Utc>>,
}

impl Mark {
    fn read(values: &[Value]) -> Option<Self> {
        let made = values.get(2).and_then(Value::as_str);
        Some(Self {
            at: values.first()?.as_i64()?,
            made: made.and_then(|t| moment(t, "%Y%m%dT%H%M%S%.fZ", chrono_tz::UTC)),
        })
    }
}

impl Identity {
    /// Whether the logger no longer hears it.
    fn is_unheard(&self) -> bool {
        match (self.begun, self.ceased) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(begun), Some(ceased)) => match (begun.made, ceased.made) {
                (Some(begun), Some(ceased)) => ceased > begun,
                _ => ceased.at >= begun.at,
            },
        }
    }
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
            let Some(values) = series.values.first().map(Vec::as_slice) else { continue };
            if outcome.statement_id == FIELDS.len() {
                let Some(name) = series.name.strip_suffix(EVENTS) else { continue };
                let i = all.entry(name.to_owned()).or_default();
                match series.tags.get("type").map_or("", |kind| kind.trim_matches('"')) {
                    "+LOG" => i.begun = Mark::read(values),
                    "-LOG" => i.ceased = Mark::read(values),
                    _ => {}
                }
                continue;
            }
            let [at, value] = values else { continue };
            let Some(text) = value.as_str() else { continue };
            let i = all.entry(series.name).or_default();
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

/// A device server, as a host's web server or the aggregator of several lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub server: String,
    pub host: String,
}

#[derive(Deserialize)]
struct Inventory {
    success: Option<bool>,
    servers: Option<Lists>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Lists {
    /// An aggregator's, by their hosts.
    ByHost(BTreeMap<String, Host>),
    /// A web server's, which are all on its own host.
    Own(Vec<Service>),
}

/// Every server of an aggregator's `/status.json` or a web server's `/api/servers.json`, up or down, by name, and what is
/// to be known of it. `own` is the web server's host, which it does not say.
pub fn servers(answer: &str, own: Option<&str>) -> Result<(Vec<Listed>, Vec<String>), String> {
    let told: Inventory =
        serde_json::from_str(answer).map_err(|e| format!("It sent no list of a Karabo web server: {e}"))?;
    let Some(lists) = told.servers.filter(|_| told.success == Some(true)) else {
        // It says so with HTTP 200.
        return Err("It answered that it did not succeed.".to_owned());
    };
    let mut notes = Vec::new();
    let by_host = match (lists, own) {
        (Lists::ByHost(hosts), _) => hosts,
        (Lists::Own(services), Some(own)) => {
            BTreeMap::from([(own.to_owned(), Host { services, last_update: String::new() })])
        }
        (Lists::Own(_), None) => {
            let why = "It is the list of one web server, which does not say its host: hand in an aggregator’s \
                       /status.json, or have the web server asked at its address";
            return Err(why.to_owned());
        }
    };
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, host) in by_host {
        if !host.last_update.is_empty() {
            // Entries of a dead host stay as they were.
            notes.push(format!("{name} was heard of last at {}, by its clock.", host.last_update));
        }
        for s in host.services.into_iter().filter(|s| !s.karabo_name.is_empty()) {
            all.entry(s.karabo_name).or_default().insert(name.clone());
        }
    }
    let mut listed = Vec::new();
    for (server, mut hosts) in all {
        match (hosts.pop_first(), hosts.is_empty()) {
            (Some(host), true) => listed.push(Listed { server, host }),
            (Some(first), false) => {
                let others: Vec<String> = hosts.into_iter().collect();
                notes.push(format!("{server} is on {first} and on {}: it is left out.", others.join(", ")));
            }
            (None, _) => {}
        }
    }
    Ok((listed, notes))
}

/// What both together tell. Of a server that no aggregator knows afresh nothing is said.
pub fn view(identities: BTreeMap<String, Identity>, servers: &Servers, now: DateTime<Utc>) -> View {
    let mut view = View { whole: servers.up.keys().cloned().collect(), ..View::default() };
    // All devices of a server have one logger: while it hears one of them, it did not stop.
    let heard = identities.values().filter(|i| i.begun.is_some() && !i.is_unheard());
    let heard: BTreeSet<String> = heard.map(|i| i.server.clone()).collect();
    for (instance, i) in identities {
        if servers.up.get(&i.server) != Some(&true) {
            continue;
        }
        if i.is_unheard() {
            let said = i.ceased.and_then(|c| c.made).is_some_and(|at| now - at >= ALL_SAID);
            if !(said && heard.contains(&i.server)) {
                // That nobody hears it is no proof that it stopped.
                view.unsure.insert((instance, i.server));
            }
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
    const OWN: &str = include_str!("../../../tests/fixtures/karabo/web_api_servers.json");
    const REFUSED: &str = include_str!("../../../tests/fixtures/karabo/web_api_server_unknown.json");
    const VERSIONS: &str = include_str!("../../../tests/fixtures/karabo/influx_last_classVersion.json");
    const EVENTS_OF: &str = include_str!("../../../tests/fixtures/karabo/influx_events.json");

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
        let all =
            [versions.clone(), series(&class, ""), series(&server, ""), series(&host, ""), marks(&versions, ceased)];
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
        let ceased =
            |names: &[&'static str]| -> Vec<_> { names.iter().map(|n| (*n, "20261121T025837.760399Z")).collect() };
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
        let servers = Servers { up: BTreeMap::from([("h7/mdl/1".to_owned(), true)]), stale: Vec::new() };
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
        for bad in
            ["", "{}", "[]", REFUSED, "<html>", r#"{"success":true}"#, r#"{"success":false,"servers":[]}"#, VERSIONS]
        {
            assert!(servers(bad, Some("vm")).is_err(), "{bad}");
        }
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
}
