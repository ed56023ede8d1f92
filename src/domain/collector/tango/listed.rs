//! What a Tango database lists: the servers of its devices, and the hosts that those name.

use super::{Answer, told};
use std::collections::BTreeMap;

/// A server of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub server: String,
    /// `None` where it is not known.
    pub host: Option<String>,
    /// Why it is not, or what else its devices say.
    pub note: Option<String>,
}

/// What a server's devices say of it: hosts by their small letters.
struct Said {
    server: String,
    hosts: BTreeMap<String, String>,
    /// Those of them where a device is exported.
    exported: BTreeMap<String, String>,
}

/// Every server of an answer, running or not, by name. Tango does not tell capitals apart, and neither does this. A part
/// of an answer is none.
pub fn servers(answer: &str) -> Result<Vec<Listed>, String> {
    let answer: Answer = serde_json::from_str(answer).map_err(|e| format!("It sent no answer of TangoGQL: {e}"))?;
    if let Some(failure) = answer.errors.first() {
        return Err(format!("It answered with an error: {}", failure.message.chars().take(200).collect::<String>()));
    }
    let devices = answer.data.and_then(|d| d.devices).ok_or("It answered without devices.")?;
    let mut all: BTreeMap<String, Said> = BTreeMap::new();
    for d in devices.into_iter().flatten() {
        let Some(server) = d.server else { continue };
        let (id, host) = (told(server.id), told(server.host));
        if id.is_empty() {
            continue;
        }
        let new = || Said { server: id.clone(), hosts: BTreeMap::new(), exported: BTreeMap::new() };
        let of = all.entry(id.to_lowercase()).or_insert_with(new);
        if host.is_empty() {
            continue;
        }
        if d.exported == Some(true) {
            of.exported.entry(host.to_lowercase()).or_insert_with(|| host.clone());
        }
        of.hosts.entry(host.to_lowercase()).or_insert(host);
    }
    Ok(all.into_values().map(listed).collect())
}

/// A device keeps the host where it was exported last: the one where devices are exported now counts.
fn listed(Said { server, hosts, exported }: Said) -> Listed {
    let names = |hosts: &BTreeMap<String, String>| hosts.values().cloned().collect::<Vec<_>>().join(" and ");
    let one = |hosts: &BTreeMap<String, String>| hosts.values().next().filter(|_| hosts.len() == 1).cloned();
    let host = one(&exported).or_else(|| one(&hosts));
    let note = match (&host, hosts.len()) {
        (_, 0) => Some(format!("{server} was never started, so its host is not known: it is left out.")),
        (Some(_), 1) => None,
        (Some(host), _) => {
            Some(format!("Devices of {server} name {}: it comes onto {host}, where they are exported.", names(&hosts)))
        }
        (None, _) => Some(format!("{server} is on {}: it is left out.", names(&hosts))),
    };
    Listed { server, host, note }
}
