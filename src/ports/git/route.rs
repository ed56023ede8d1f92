//! The one way to an address: resolved once, judged, and pinned, so that git cannot be led elsewhere (A18).

use super::GitError;
use crate::domain::network::is_inward;
use crate::domain::repository::{Protocol, RepositoryAddress, RepositoryProblem, RepositoryRules};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

/// Where addresses of hosts come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Resolver {
    /// The machine's own resolver.
    #[default]
    System,
    /// A fixed list in place of it, as in a hosts file.
    Fixed(BTreeMap<String, Vec<IpAddr>>),
}

/// An address that was judged, with the number that its host has for this read.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub protocol: Protocol,
    /// What git is given.
    pub url: String,
    pub host: Option<Pinned>,
    /// The folder itself, of one on this machine.
    pub folder: Option<String>,
}

/// A host, held to one number.
#[derive(Clone, Debug)]
pub(super) struct Pinned {
    pub name: String,
    pub port: u16,
    pub unusual_port: bool,
    pub ip: IpAddr,
}

impl Pinned {
    /// For curl, in git's setting `http.curloptResolve`.
    pub fn for_curl(&self) -> String {
        let (name, port) = (&self.name, self.port);
        match self.ip {
            IpAddr::V4(ip) => format!("{name}:{port}:{ip}"),
            IpAddr::V6(ip) => format!("{name}:{port}:[{ip}]"),
        }
    }

    pub fn is_literal(&self) -> bool {
        self.name.parse::<IpAddr>().is_ok()
    }
}

pub(super) async fn find(
    address: &RepositoryAddress,
    rules: &RepositoryRules,
    resolver: &Resolver,
) -> Result<Route, GitError> {
    rules.admit(address)?;
    let protocol = address.protocol();
    let (Some(name), Some(port)) = (address.host(), address.port()) else {
        let folder = real_folder(address, rules).await?;
        return Ok(Route { protocol, url: format!("file://{folder}"), host: None, folder: Some(folder) });
    };
    let numbers = match address.literal_ip() {
        Some(ip) => vec![ip],
        None => resolve(name, port, resolver).await?,
    };
    // One inward number among public ones is the mark of a name that is made to change its mind.
    if !rules.private_addresses && numbers.iter().copied().any(is_inward) {
        return Err(GitError::LeadsInward { host: name.to_owned() });
    }
    // Plain http is for this machine, so its name must lead here as well.
    if protocol == Protocol::HttpLoopback && !numbers.iter().all(IpAddr::is_loopback) {
        return Err(RepositoryProblem::Host { host: name.to_owned(), allowed: vec!["127.0.0.1".to_owned()] }.into());
    }
    let first = numbers.iter().find(|ip| ip.is_ipv4()).or(numbers.first());
    let ip = *first.ok_or_else(|| GitError::Unreachable { detail: format!("the name {name} has no address") })?;
    let host = Pinned { name: name.to_owned(), port, unusual_port: address.has_unusual_port(), ip };
    Ok(Route { protocol, url: address.to_string(), host: Some(host), folder: None })
}

async fn resolve(name: &str, port: u16, resolver: &Resolver) -> Result<Vec<IpAddr>, GitError> {
    let unknown = || GitError::Unreachable { detail: format!("the name {name} has no address") };
    match resolver {
        Resolver::Fixed(list) => list.get(name).cloned().ok_or_else(unknown),
        Resolver::System => {
            let found = tokio::net::lookup_host((name, port)).await.map_err(|_| unknown())?;
            Ok(found.map(|socket| socket.ip()).collect())
        }
    }
}

/// The folder behind all symbolic links, which must be below an allowed root as well.
async fn real_folder(address: &RepositoryAddress, rules: &RepositoryRules) -> Result<String, GitError> {
    let absent = || GitError::Unreachable { detail: "there is no such folder".to_owned() };
    let folder = tokio::fs::canonicalize(address.path()).await.map_err(|_| absent())?;
    let mut roots: Vec<PathBuf> = Vec::new();
    for root in &rules.file_roots {
        roots.extend(tokio::fs::canonicalize(root).await);
    }
    if !roots.iter().any(|root| folder.starts_with(root) && folder != *root) {
        return Err(RepositoryProblem::OutsideRoots.into());
    }
    folder.into_os_string().into_string().map_err(|_| RepositoryProblem::Path.into())
}
