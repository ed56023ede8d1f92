//! What the policy says about repositories.

use super::{RepositoryAddress, RepositoryProblem, host};
use crate::domain::network::is_inward;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// How a repository is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    Https,
    Ssh,
    /// A folder on Custody's own machine, below one of the allowed roots.
    File,
    /// Without encryption, so for this very machine alone: a host that is not loopback is refused whatever the policy
    /// says. It serves trials of a git server beside Custody.
    HttpLoopback,
}

impl Protocol {
    /// The word before `://`, which is also git's name of it in `GIT_ALLOW_PROTOCOL`.
    pub fn scheme(self) -> &'static str {
        match self {
            Protocol::Https => "https",
            Protocol::Ssh => "ssh",
            Protocol::File => "file",
            Protocol::HttpLoopback => "http",
        }
    }

    pub(super) fn usual_port(self) -> u16 {
        match self {
            Protocol::Https => 443,
            Protocol::Ssh => 22,
            Protocol::HttpLoopback => 80,
            Protocol::File => 0,
        }
    }
}

/// What the facility's policy says about repositories. The default allows none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryRules {
    pub protocols: BTreeSet<Protocol>,
    /// Names as they stand in an address, or `*.example.org` for every name below that domain.
    pub hosts: Vec<String>,
    /// Folders below which repositories may be read by `file://`.
    pub file_roots: Vec<PathBuf>,
    /// Whether a host may be at a private, loopback or otherwise inward address.
    pub private_addresses: bool,
}

impl RepositoryRules {
    /// An address as it is taken here, where one can be given.
    pub fn example(&self) -> Option<String> {
        let host = self.hosts.iter().find(|h| !h.starts_with("*."))?;
        self.protocols.contains(&Protocol::Https).then(|| format!("https://{host}/group/device.git"))
    }

    /// Judges an address under these rules, which may have changed since it was taken.
    pub fn admit(&self, address: &RepositoryAddress) -> Result<(), RepositoryProblem> {
        let protocol = address.protocol;
        if !self.protocols.contains(&protocol) {
            return Err(RepositoryProblem::Protocol { allowed: self.allowed_forms() });
        }
        let Some(host) = &address.host else {
            let inside =
                |root: &PathBuf| Path::new(&address.path).starts_with(root) && Path::new(&address.path) != root;
            return if self.file_roots.iter().any(inside) { Ok(()) } else { Err(RepositoryProblem::OutsideRoots) };
        };
        if !self.hosts.iter().any(|allowed| host::matches(host, allowed)) {
            return Err(RepositoryProblem::Host { host: host.clone(), allowed: self.hosts.clone() });
        }
        let literal = address.literal_ip();
        let loopback = host == "localhost" || literal.is_some_and(|ip| ip.is_loopback());
        if protocol == Protocol::HttpLoopback && !(loopback && self.private_addresses) {
            return Err(RepositoryProblem::Protocol { allowed: self.allowed_forms() });
        }
        if !self.private_addresses && literal.is_some_and(is_inward) {
            return Err(RepositoryProblem::Inward { host: host.clone() });
        }
        Ok(())
    }

    fn allowed_forms(&self) -> Vec<&'static str> {
        self.protocols
            .iter()
            .filter(|protocol| **protocol != Protocol::HttpLoopback)
            .map(|protocol| protocol.scheme())
            .collect()
    }
}
