//! Addresses of git repositories, taken only where the policy allows them (A16, A17).

mod host;
mod problem;
mod rules;

pub(in crate::domain) use host::matches as host_matches;
pub use problem::RepositoryProblem;
pub use rules::{Protocol, RepositoryRules};

use serde::Serialize;
use std::fmt;
use std::net::IpAddr;

/// The longest address, in bytes.
pub const LONGEST_ADDRESS: usize = 1024;

/// An address that the rules allowed when it was taken, in one spelling for each repository.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepositoryAddress {
    protocol: Protocol,
    user: Option<String>,
    host: Option<String>,
    /// Only where it is not the protocol's usual one.
    port: Option<u16>,
    path: String,
}

impl RepositoryAddress {
    /// Takes `https://host[:port]/path`, `ssh://git@host[:port]/path`, `git@host:path` (kept as ssh) or `file:///path`.
    pub fn parse(entered: &str, rules: &RepositoryRules) -> Result<RepositoryAddress, RepositoryProblem> {
        let address = RepositoryAddress::read(entered)?;
        rules.admit(&address)?;
        Ok(address)
    }

    fn read(entered: &str) -> Result<RepositoryAddress, RepositoryProblem> {
        if entered.is_empty() {
            return Err(RepositoryProblem::Empty);
        }
        if entered.len() > LONGEST_ADDRESS {
            return Err(RepositoryProblem::TooLong { bytes: entered.len() });
        }
        if !entered.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(RepositoryProblem::Character);
        }
        if entered.starts_with('-') {
            return Err(RepositoryProblem::Option);
        }
        match entered.split_once("://") {
            Some(("https", rest)) => RepositoryAddress::read_url(Protocol::Https, rest),
            Some(("http", rest)) => RepositoryAddress::read_url(Protocol::HttpLoopback, rest),
            Some(("ssh", rest)) => RepositoryAddress::read_url(Protocol::Ssh, rest),
            Some(("file", path)) => RepositoryAddress::read_file(path),
            Some(_) => Err(RepositoryProblem::Form),
            None => RepositoryAddress::read_scp(entered),
        }
    }

    fn read_url(protocol: Protocol, rest: &str) -> Result<RepositoryAddress, RepositoryProblem> {
        let (authority, path) = rest.split_once('/').ok_or(RepositoryProblem::Path)?;
        let (userinfo, place) =
            authority.rsplit_once('@').map_or((None, authority), |(user, place)| (Some(user), place));
        let user = match (protocol, userinfo) {
            (Protocol::Ssh, None) => return Err(RepositoryProblem::NoUser),
            (Protocol::Ssh, Some(user)) => Some(checked_user(user)?),
            (_, Some(_)) => return Err(RepositoryProblem::Secret),
            (_, None) => None,
        };
        let (host, port) = host::split_port(place)?;
        let port = port.filter(|port| *port != protocol.usual_port());
        let path = format!("/{path}");
        Ok(RepositoryAddress { protocol, user, host: Some(host::checked(host)?), port, path: checked_path(&path)? })
    }

    fn read_file(path: &str) -> Result<RepositoryAddress, RepositoryProblem> {
        if !path.starts_with('/') {
            return Err(RepositoryProblem::FileHost);
        }
        Ok(RepositoryAddress {
            protocol: Protocol::File,
            user: None,
            host: None,
            port: None,
            path: checked_path(path)?,
        })
    }

    /// `git@host:group/project.git`. Git takes `::` for the name of a helper program.
    fn read_scp(entered: &str) -> Result<RepositoryAddress, RepositoryProblem> {
        let (place, path) = entered.split_once(':').ok_or(RepositoryProblem::Form)?;
        if path.starts_with(':') || place.contains('/') {
            return Err(RepositoryProblem::Form);
        }
        let (user, host) = place.rsplit_once('@').ok_or(RepositoryProblem::NoUser)?;
        let user = checked_user(user)?;
        let host = host::checked(host)?;
        let path = path.strip_prefix('/').unwrap_or(path);
        let first = path.split('/').next().unwrap_or_default();
        if !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(RepositoryProblem::PortOrPath);
        }
        let path = checked_path(&format!("/{path}"))?;
        Ok(RepositoryAddress { protocol: Protocol::Ssh, user: Some(user), host: Some(host), port: None, path })
    }

    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The host in lower case, without brackets; none for a file.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The port that is spoken to; none for a file.
    pub fn port(&self) -> Option<u16> {
        self.host.as_ref().map(|_| self.port.unwrap_or(self.protocol.usual_port()))
    }

    /// Whether the port is another than the protocol's usual one.
    pub fn has_unusual_port(&self) -> bool {
        self.port.is_some()
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// The host, where it is written as a number.
    pub fn literal_ip(&self) -> Option<IpAddr> {
        self.host.as_ref().and_then(|host| host.parse().ok())
    }
}

/// The one spelling that is stored and handed to git. It never holds a secret.
impl fmt::Display for RepositoryAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.protocol.scheme())?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        match &self.host {
            Some(host) if host.contains(':') => write!(f, "[{host}]")?,
            Some(host) => f.write_str(host)?,
            None => {}
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(&self.path)
    }
}

impl Serialize for RepositoryAddress {
    fn serialize<S: serde::Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
        target.collect_str(self)
    }
}

/// A user name of ssh: one that a program cannot take for an option or a shell for syntax.
fn checked_user(user: &str) -> Result<String, RepositoryProblem> {
    if user.contains(':') {
        return Err(RepositoryProblem::Secret);
    }
    if user.starts_with('-') {
        return Err(RepositoryProblem::Option);
    }
    let plain = user.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if user.is_empty() || user.len() > 64 || !plain { Err(RepositoryProblem::NoUser) } else { Ok(user.to_owned()) }
}

/// A path of plain parts, none of which leads upwards or looks like an option; a slash at its end is dropped.
fn checked_path(path: &str) -> Result<String, RepositoryProblem> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let parts = || path.split('/').skip(1);
    if parts().any(|part| part.starts_with('-')) {
        return Err(RepositoryProblem::Option);
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte);
    let good = |part: &str| !part.is_empty() && part != "." && part != ".." && part.bytes().all(plain);
    if parts().next().is_some() && parts().all(good) { Ok(path.to_owned()) } else { Err(RepositoryProblem::Path) }
}

#[cfg(test)]
mod tests;
