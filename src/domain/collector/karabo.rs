//! What a Karabo topic tells: the logger's InfluxDB knows who is who in which version, the web servers' aggregators which
//! device servers are up. Recorded shapes: `tests/fixtures/karabo`.

mod listed;
mod logger;
#[cfg(test)]
mod tests;

pub use listed::{Listed, Servers, read_servers, servers};
pub use logger::{Identity, Mark, question, read_identities};

use super::{Running, View};
use chrono::{DateTime, Duration, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// A logger that stops says of each of its devices, one by one, that it ceased to hear it. After so long it has said so of
/// all.
const ALL_SAID: Duration = Duration::seconds(30);

/// Whether the logger was asked of the right topic: it knows a device on the servers that are meant, or none of them is up.
/// Of another topic it says nothing, which is no news of these.
pub fn is_of(identities: &BTreeMap<String, Identity>, servers: &Servers, meant: impl Fn(&str) -> bool) -> bool {
    let is_up = servers.up.iter().any(|(name, up)| *up && meant(name));
    !is_up || identities.values().any(|i| !i.server.is_empty() && meant(&i.server))
}

/// What both together tell. Of a server that no aggregator knows afresh nothing is said.
pub fn view(identities: BTreeMap<String, Identity>, servers: &Servers, now: DateTime<Utc>) -> View {
    let known = servers.up.iter().filter(|(name, up)| **up || !servers.unheard.contains(*name));
    let mut view = View { whole: known.map(|(name, _)| name.clone()).collect(), ..View::default() };
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
