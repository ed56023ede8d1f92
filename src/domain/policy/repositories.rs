//! `[repositories]`: which addresses code may be read from.

use std::path::{Component, Path};

use super::Repositories;
use super::source::{Found, Source};
use crate::domain::nearest::nearest;

/// What `repositories.protocols` may name.
const PROTOCOLS: [&str; 4] = ["https", "ssh", "file", "http-loopback"];

/// Reads the section; every part must be plain enough to compare addresses with.
pub(super) fn repositories(source: &Source<'_>) -> Repositories {
    let protocols = source.texts("repositories", "protocols");
    for protocol in &protocols.value {
        if !PROTOCOLS.contains(&protocol.value.as_str()) {
            let hint = match nearest(&protocol.value, PROTOCOLS) {
                Some(near) => format!("Did you mean \"{near}\"?"),
                None => format!("There are {}.", PROTOCOLS.join(", ")),
            };
            source.problem(&protocol.place, format!("There is no protocol “{}” here.", protocol.value), hint);
        }
    }
    let has = |name: &str| protocols.value.iter().any(|protocol| protocol.value == name);
    let reason = "Without a protocol no repository could be read.";
    source.refuse_empty("repositories", "protocols", reason);
    let hosts = source.texts("repositories", "hosts");
    for host in &hosts.value {
        let parsed = url::Host::parse(&host.value).map(|host| host.to_string());
        if parsed.as_deref() != Ok(&host.value) {
            let hint = "Write the name alone, in small letters, for example \"git.example.org\".";
            source.problem(&host.place, format!("“{}” is not the plain name of a host.", host.value), hint);
        }
    }
    if hosts.value.is_empty() && (has("https") || has("ssh")) {
        let place = if hosts.place.span.is_some() { &hosts.place } else { &protocols.place };
        let hint = "Name at least one, for example hosts = [\"gitlab.com\"].";
        source.problem(place, "Without a host every https and ssh address would be refused.", hint);
    }
    let file_roots = source.texts("repositories", "file_roots");
    for root in &file_roots.value {
        full_path(source, root);
    }
    if file_roots.value.is_empty() && has("file") {
        let place = if protocols.place.span.is_some() { &protocols.place } else { &file_roots.place };
        let hint = "Name the folders, for example file_roots = [\"/srv/git\"].";
        source.problem(place, "“file” needs folders below which repositories may lie.", hint);
    }
    let optional_path = |key: &str| {
        let path = source.text("repositories", key);
        (!path.value.is_empty()).then(|| {
            full_path(source, &path);
            path.value
        })
    };
    Repositories {
        ssh_key: optional_path("ssh_key"),
        ssh_known_hosts: optional_path("ssh_known_hosts"),
        protocols: protocols.plain(),
        hosts: hosts.plain(),
        file_roots: file_roots.plain(),
        private_addresses: source.flag("repositories", "private_addresses"),
        deadline_seconds: source.whole("repositories", "deadline_seconds", 1..=600, "seconds").value,
    }
}

/// A path from the root, to something below it, that goes nowhere up.
fn full_path(source: &Source<'_>, path: &Found<String>) {
    let parts = Path::new(&path.value);
    let up = parts.components().any(|part| part == Component::ParentDir);
    if !parts.is_absolute() || up || parts.parent().is_none() {
        let hint = "Write it from the root and without .., for example \"/srv/git\".";
        source.problem(&path.place, format!("“{}” is not a full path below the root.", path.value), hint);
    }
}
