//! A Karabo topic by its logger's InfluxDB and its web servers' aggregators. Only GET: a PUT to a web server would stop or
//! start what it watches.

use super::collectors::Asker;
use crate::domain::{
    collector::{View, karabo},
    policy::Collector,
};
use chrono::{DateTime, Duration, Utc};

/// What runs in this topic, and which aggregators failed: what the others say counts.
pub async fn ask(
    asker: &Asker,
    of: &Collector,
    address: &str,
    now: DateTime<Utc>,
) -> Result<(View, Vec<String>), String> {
    let fresh = Duration::seconds(of.stale_after_seconds.into());
    let (mut servers, mut failed) = (karabo::Servers::default(), Vec::new());
    for aggregator in &of.aggregators {
        let answer = asker.get(aggregator, &[]).await;
        match answer.and_then(|text| karabo::read_servers(&text, of.time_zone, fresh, now)) {
            Ok(told) => {
                for (name, is_up) in told.up {
                    servers.up.entry(name).and_modify(|up| *up |= is_up).or_insert(is_up);
                }
                servers.stale.extend(told.stale);
                servers.unheard.extend(told.unheard);
            }
            Err(why) => failed.push(why),
        }
    }
    if failed.len() == of.aggregators.len() {
        return Err(failed.join(" "));
    }
    let mut query = address.trim_end_matches('/').to_owned();
    if !query.ends_with("/query") {
        query.push_str("/query");
    }
    let question = karabo::question(of.topic.as_deref());
    let database = of.database.as_deref().unwrap_or_default();
    let answer = asker.get(&query, &[("db", database), ("epoch", "ms"), ("q", &question)]).await?;
    let identities = karabo::read_identities(&answer)?;
    if !karabo::is_of(&identities, &servers, |server| of.covers(server)) {
        let why = "InfluxDB knows no device on the servers that are up: see the collector’s database and topic, or start one.";
        return Err(why.to_owned());
    }
    Ok((karabo::view(identities, &servers, now), failed))
}
