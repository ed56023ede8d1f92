//! What the logger's InfluxDB knows: who is who in which version, and whom the logger hears.

use crate::domain::collector::moment;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Which properties are asked for, in this order.
const FIELDS: [&str; 4] = ["classVersion-STRING", "classId-STRING", "serverId-STRING", "hostName-STRING"];

/// The logger's marks of a device that it began, or ceased, to hear.
pub(super) const EVENTS: &str = "__EVENTS";

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
    pub(super) at: i64,
    /// By the logger's; older ones do not say.
    pub(super) made: Option<DateTime<Utc>>,
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
    pub(super) fn is_unheard(&self) -> bool {
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
