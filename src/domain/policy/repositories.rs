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
        if !names_hosts(&host.value) {
            let hint = "Write the name alone, in small letters, for example \"git.example.org\" or \"*.example.org\".";
            let reason = format!("“{}” is not the plain name of a host.", host.value);
            source.problem(&host.place, reason, hint);
        }
    }
    if hosts.value.is_empty() && protocols.value.iter().any(|protocol| protocol.value != "file") {
        let place = if hosts.place.span.is_some() { &hosts.place } else { &protocols.place };
        let hint = "Name at least one, for example hosts = [\"gitlab.com\"].";
        source.problem(place, "Without a host every address but a file's would be refused.", hint);
    }
    let private_addresses = source.flag("repositories", "private_addresses");
    if has("http-loopback") && !private_addresses {
        let hint = "Set private_addresses = true too, or take http-loopback out.";
        let reason = "“http-loopback” leads to this machine, which is a private address.";
        source.problem(&protocols.place, reason, hint);
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
        private_addresses,
        deadline_seconds: source.whole("repositories", "deadline_seconds", 1..=600, "seconds").value,
    }
}

/// Whether this is one host in its plain spelling, or every host below a domain
/// that is not a whole top level.
pub(super) fn names_hosts(given: &str) -> bool {
    let (name, wide) = match given.strip_prefix("*.") {
        Some(domain) => (domain, true),
        None => (given, false),
    };
    match url::Host::parse(name) {
        Ok(url::Host::Domain(plain)) => {
            let dots = name.matches('.').count();
            plain == name && !name.contains('*') && !name.ends_with('.') && (dots > 0 || !wide)
        }
        Ok(number) => !wide && number.to_string() == name,
        Err(_) => false,
    }
}

/// A path from the root, to something below it, that goes nowhere up.
pub(super) fn full_path(source: &Source<'_>, path: &Found<String>) {
    let parts = Path::new(&path.value);
    let up = parts.components().any(|part| part == Component::ParentDir);
    // What the settings of ssh could not quote.
    let odd = path.value.contains(['"', '\\', '$', '\n']);
    if !parts.is_absolute() || up || odd || parts.parent().is_none() {
        let hint = "Write it from the root, without .. and quotes, for example \"/srv/git\".";
        source.problem(&path.place, format!("“{}” is not a full path below the root.", path.value), hint);
    }
}
