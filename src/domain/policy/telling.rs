//! `[telling]` and `[imports]`: where messages may be sent to, and who may be asked.

use super::repositories::names_hosts;
use super::source::Source;
use super::{Imports, Telling};
use crate::domain::nearest::nearest;

/// What `protocols` may name.
const PROTOCOLS: [&str; 2] = ["https", "http-loopback"];

pub(super) fn telling(source: &Source<'_>) -> Telling {
    Telling {
        protocols: protocols(source, "telling", "Without a protocol no chat could be reached."),
        hosts: hosts(source, "telling", "chat"),
        private_addresses: source.flag("telling", "private_addresses"),
        retry_days: source.whole("telling", "retry_days", 1..=30, "days").value,
    }
}

pub(super) fn imports(source: &Source<'_>) -> Imports {
    Imports {
        protocols: protocols(source, "imports", "Without a protocol no program could be asked."),
        hosts: hosts(source, "imports", "netbox"),
        private_addresses: source.flag("imports", "private_addresses"),
    }
}

/// The hosts of a section, plain enough to compare addresses with.
fn hosts(source: &Source<'_>, section: &str, like: &str) -> Vec<String> {
    let hosts = source.texts(section, "hosts");
    for host in &hosts.value {
        if !names_hosts(&host.value) {
            let hint = format!(
                "Write the name alone, in small letters, for example \"{like}.example.org\" or \"*.example.org\"."
            );
            let reason = format!("“{}” is not the plain name of a host.", host.value);
            source.problem(&host.place, reason, hint);
        }
    }
    hosts.plain()
}

/// The protocols of a section that has `private_addresses` beside them. `nobody` says what an empty list would mean.
pub(super) fn protocols(source: &Source<'_>, section: &str, nobody: &str) -> Vec<String> {
    let protocols = source.texts(section, "protocols");
    for protocol in &protocols.value {
        if !PROTOCOLS.contains(&protocol.value.as_str()) {
            let hint = match nearest(&protocol.value, PROTOCOLS) {
                Some(near) => format!("Did you mean \"{near}\"?"),
                None => format!("There are {}.", PROTOCOLS.join(", ")),
            };
            source.problem(&protocol.place, format!("There is no protocol “{}” here.", protocol.value), hint);
        }
    }
    source.refuse_empty(section, "protocols", nobody);
    let to_here = protocols.value.iter().any(|protocol| protocol.value == "http-loopback");
    if to_here && !source.flag(section, "private_addresses") {
        let hint = "Set private_addresses = true too, or take http-loopback out.";
        let reason = "“http-loopback” leads to this machine, which is a private address.";
        source.problem(&protocols.place, reason, hint);
    }
    protocols.plain()
}
