//! What web servers and the aggregator of several list: the device servers of their hosts.

use crate::domain::collector::moment;
use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

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
    /// Servers that such hosts have: what is down elsewhere may be up there.
    pub unheard: BTreeSet<String>,
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
            servers.unheard.extend(host.services.into_iter().map(|s| s.karabo_name));
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
