//! Hosts in addresses: names and numbers in their one plain spelling.

use super::RepositoryProblem;
use std::net::Ipv6Addr;
use url::Host;

/// Splits `host`, `host:port`, `[v6]` or `[v6]:port`; the brackets stay.
pub(super) fn split_port(place: &str) -> Result<(&str, Option<u16>), RepositoryProblem> {
    let end = if place.starts_with('[') {
        place.find(']').map_or(place.len(), |at| at + 1)
    } else {
        place.find(':').unwrap_or(place.len())
    };
    let (host, rest) = place.split_at(end);
    let Some(port) = rest.strip_prefix(':') else {
        return if rest.is_empty() { Ok((host, None)) } else { Err(RepositoryProblem::HostForm) };
    };
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse() {
        Ok(port) if digits && port != 0 => Ok((host, Some(port))),
        _ => Err(RepositoryProblem::Port),
    }
}

/// Takes a name or a number only as everybody spells it: what the URL standard would rewrite (`0x7f.1`, `2130706433`,
/// percent signs, other alphabets) is refused, so that no two programs can understand it differently.
pub(super) fn checked(host: &str) -> Result<String, RepositoryProblem> {
    if host.starts_with('-') {
        return Err(RepositoryProblem::Option);
    }
    let lower = host.to_ascii_lowercase();
    match Host::parse(&lower) {
        Ok(Host::Domain(name)) if name == lower && is_plain_name(&name) => Ok(name),
        Ok(Host::Ipv4(number)) if number.to_string() == lower => Ok(lower),
        Ok(Host::Ipv6(number)) if is_plain_v6(&lower, number) => Ok(number.to_string()),
        _ => Err(RepositoryProblem::HostForm),
    }
}

fn is_plain_v6(written: &str, number: Ipv6Addr) -> bool {
    written == format!("[{number}]")
}

fn is_plain_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-') && label.bytes().all(plain)
    };
    name.len() <= 253 && name.split('.').all(label)
}

/// Whether a host is the allowed one, or below the domain that `*.` stands before.
pub(in crate::domain) fn matches(host: &str, allowed: &str) -> bool {
    let allowed = allowed.to_ascii_lowercase();
    match allowed.strip_prefix("*.") {
        Some(domain) => host.strip_suffix(domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
        None => host == allowed.trim_start_matches('[').trim_end_matches(']'),
    }
}
