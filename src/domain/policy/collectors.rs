//! `[[observations.collectors]]`: the control systems that Custody asks what runs (G10, A24).

use chrono_tz::Tz;
use serde::Serialize;

use super::lists::Item;
use super::read::{is_plain_word, zone};
use super::sections::zone_name;
use super::source::{Found, Source};
use crate::domain::nearest::nearest;

/// What is asked, and how.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    strum::EnumIter,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum CollectorKind {
    /// A Tango system by TangoGQL, its GraphQL gateway.
    Tango,
    /// A Karabo topic by its logger's InfluxDB and its web servers' aggregators.
    Karabo,
    /// Whatever `custody observe` reads, at an address.
    Address,
}

impl CollectorKind {
    /// As pages show it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Tango => "Tango",
            Self::Karabo => "Karabo",
            Self::Address => "Address",
        }
    }
}

/// A control system that Custody asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Collector {
    /// Kept with what it reported: never changed once in use.
    pub name: String,
    pub kind: CollectorKind,
    /// What is asked, at least one; of Karabo the one InfluxDB.
    pub addresses: Vec<String>,
    /// The servers that it speaks for, `*` for any text; at least one (A24).
    pub covers: Vec<String>,
    /// Of Karabo, what says which servers are up; at least one there.
    pub aggregators: Vec<String>,
    /// Of Karabo, the logger's database.
    pub database: Option<String>,
    /// Of Karabo, the first part of the devices' names.
    pub topic: Option<String>,
    /// Seconds between two polls that went well.
    pub every_seconds: u32,
    /// Seconds that each answer may take.
    pub timeout_seconds: u32,
    /// Seconds after which its view counts as stale.
    pub stale_after_seconds: u32,
    /// The zone of moments that come without one.
    #[serde(serialize_with = "zone_name")]
    pub time_zone: Tz,
    /// The environment variable that holds the credential.
    pub authorization: Option<String>,
}

/// Every key of a table.
const KEYS: [&str; 12] = [
    "name",
    "kind",
    "addresses",
    "covers",
    "aggregators",
    "database",
    "topic",
    "every_seconds",
    "timeout_seconds",
    "stale_after_seconds",
    "time_zone",
    "authorization",
];

pub(super) fn collectors(source: &Source<'_>, silent_after_minutes: u32) -> Vec<Collector> {
    let items = source.tables("observations", "collectors", &KEYS).value;
    let names: Vec<_> = items.iter().filter_map(|item| source.item_text(item, "name")).collect();
    for name in names.iter().filter(|name| !is_plain_word(&name.value)) {
        let hint = "Use at most 64 small letters, digits and -, for example name = \"tango-scs\".";
        source.problem(&name.place, format!("“{}” cannot be the name of a collector.", name.value), hint);
    }
    source.refuse_twice(&names);
    items.iter().filter_map(|item| collector(source, item, silent_after_minutes)).collect()
}

/// One table; what is wrong in it is kept as a problem.
fn collector(source: &Source<'_>, item: &Item<'_>, silent_after_minutes: u32) -> Option<Collector> {
    let name = source.item_text(item, "name");
    let kind = source.item_text(item, "kind").and_then(|found| kind(source, &found));
    let secret = source.item_text_if(item, "authorization");
    if let Some(variable) = &secret {
        let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        if !variable.value.chars().all(plain) {
            let hint = "Name the variable alone, like authorization = \"CUSTODY_TANGO\"; the credential stands in it.";
            source.problem(&variable.place, "This is not the name of an environment variable.", hint);
        }
    }
    // What is missing altogether is kept as a problem already.
    let some = |key: &str, reason: &str, hint: &str| {
        let found = source.item_texts(item, key)?;
        if found.value.is_empty() {
            source.problem(&found.place, reason, hint);
        }
        Some(found.value)
    };
    let asked = some("addresses", "This collector asks nobody.", "Name at least one address.").unwrap_or_default();
    let aggregators = source.item_texts_if(item, "aggregators");
    for address in asked.iter().chain(&aggregators) {
        refuse_odd(source, address, secret.is_some());
    }
    let hint = "Name its servers, for example covers = [\"cppServer/*_scs_*\"].";
    let covers = some("covers", "This collector speaks for no server (A24).", hint).unwrap_or_default();
    let every = source.item_whole(item, "every_seconds", 5..=3600, "seconds", 30);
    // With the tenth that is added to keep several apart.
    if every.value + every.value / 10 >= silent_after_minutes * 60 {
        let asked = every.value;
        let reason = format!(
            "All that it brings would be silent ({silent_after_minutes} min) before it is asked again ({asked} s)."
        );
        let hint = format!(
            "Set every_seconds = {} or less, or raise silent_after_minutes below [observations].",
            silent_after_minutes * 30
        );
        source.problem(&every.place, reason, hint);
    }
    let stale = source.item_whole(item, "stale_after_seconds", 10..=86_400, "seconds", 300);
    if stale.value <= every.value {
        let reason = format!("It would be stale ({} s) before it is asked again ({} s).", stale.value, every.value);
        source.problem(&stale.place, reason, format!("Set stale_after_seconds = {} or more.", every.value * 3));
    }
    let database = source.item_text_if(item, "database");
    let topic = source.item_text_if(item, "topic");
    if let Some(topic) =
        topic.as_ref().filter(|t| !t.value.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)))
    {
        let hint = "Use letters, digits, _ and -, for example topic = \"SCS\".";
        source.problem(&topic.place, format!("“{}” is no part of a Karabo name.", topic.value), hint);
    }
    let here = &item.place;
    if kind == Some(CollectorKind::Karabo) {
        if asked.len() > 1 {
            source.problem(here, "Karabo's logger has one InfluxDB.", "Make a collector of each.");
        }
        if database.is_none() || aggregators.is_empty() {
            let reason = "Karabo needs the logger's database, and aggregators to know which servers are up.";
            let hint = "Add database = \"SCS\" and aggregators = [\"https://web.example.org/status.json\"].";
            source.problem(here, reason, hint);
        }
    } else if !aggregators.is_empty() || database.is_some() || topic.is_some() {
        let hint = "Take them out, or set kind = \"karabo\".";
        source.problem(here, "Only Karabo has aggregators, a database and a topic.", hint);
    }
    let time_zone = source.item_text_if(item, "time_zone").unwrap_or_else(|| source.text("facility", "time_zone"));
    let plain = |texts: Vec<Found<String>>| texts.into_iter().map(|text| text.value).collect::<Vec<_>>();
    Some(Collector {
        name: name?.value,
        kind: kind?,
        addresses: plain(asked),
        covers: plain(covers),
        aggregators: plain(aggregators),
        database: database.map(|found| found.value),
        topic: topic.map(|found| found.value),
        every_seconds: every.value,
        timeout_seconds: source.item_whole(item, "timeout_seconds", 1..=60, "seconds", 5).value,
        stale_after_seconds: stale.value,
        time_zone: zone(source, &time_zone),
        authorization: secret.map(|found| found.value),
    })
}

fn kind(source: &Source<'_>, found: &Found<String>) -> Option<CollectorKind> {
    let known = found.value.parse().ok();
    if known.is_none() {
        let hint = match nearest(&found.value, ["tango", "karabo", "address"]) {
            Some(near) => format!("Did you mean \"{near}\"?"),
            None => "There are tango, karabo, address.".to_owned(),
        };
        source.problem(&found.place, format!("There is no kind “{}” of collectors.", found.value), hint);
    }
    known
}

/// Addresses are shown on pages, so they hold no secret; and no secret goes over the network in the open.
fn refuse_odd(source: &Source<'_>, address: &Found<String>, secret: bool) {
    let hint = "Write it like \"https://tango.example.org/db\".";
    let Some(url) = url::Url::parse(&address.value).ok().filter(|url| matches!(url.scheme(), "http" | "https")) else {
        source.problem(&address.place, format!("“{}” is not an http address.", address.value), hint);
        return;
    };
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        let hint = "Put the credential into an environment variable, and name that with authorization.";
        source.problem(&address.place, "An address holds no name, password or fragment: pages show it.", hint);
    }
    let here = match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    if secret && url.scheme() == "http" && !here {
        let hint = "Use https, or take authorization out.";
        source.problem(&address.place, "The credential would go over the network unencrypted.", hint);
    }
}
