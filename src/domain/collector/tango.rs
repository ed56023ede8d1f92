//! What TangoGQL answers, the GraphQL gateway of a Tango system. Recorded shapes: `tests/fixtures/tango`.
//!
//! The database knows what was exported last: after a kill `exported` stays true. Whether the server still runs is known
//! where a Starter watches it.

mod listed;

pub use listed::{Listed, servers};

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
    #[serde(default)]
    name: String,
    exported: Option<bool>,
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
    let starters = starters.unwrap_or_default();
    let unheard = unheard(&starters, &devices);
    view.notes.extend(unheard.iter().map(|host| format!("The Starter of {host} does not answer.")));
    let said = starters_say(starters);
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
        let by_starter = said.get(&id.to_lowercase());
        match by_starter {
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
        // Who says its version answers.
        let answers = server.version_info.as_ref().is_some_and(|info| !info.is_empty());
        if unheard.contains(&host.to_lowercase()) && by_starter.is_none() && !answers {
            view.unsure.insert((d.name, id));
            continue;
        }
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

/// The text of a value: Tango writes `nada`, or a blank, where nothing is set.
fn told(value: Option<String>) -> String {
    let value = value.unwrap_or_default();
    if value.trim().is_empty() || value == "nada" { String::new() } else { value.trim().to_owned() }
}

/// The hosts whose Starter the database calls running and which does not answer: where it was killed, or its host fell,
/// everything else there may have been too, and is called running still. The gateway tells no attributes of it.
fn unheard(starters: &[Option<Starter>], devices: &[Option<Device>]) -> BTreeSet<String> {
    let mute = |s: &&Starter| s.exported == Some(true) && s.attributes.as_ref().is_none_or(Vec::is_empty);
    let mute: BTreeSet<String> = starters.iter().flatten().filter(mute).map(|s| s.name.to_lowercase()).collect();
    let theirs = devices.iter().flatten().filter(|d| !mute.is_empty() && mute.contains(&d.name.to_lowercase()));
    let hosts = theirs.filter_map(|d| Some(told(d.server.as_ref()?.host.clone()).to_lowercase()));
    hosts.filter(|host| !host.is_empty()).collect()
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
mod tests;
