//! The sections about releases: where they come from, what they pass, where they go, and what is seen of them.

use crate::domain::{
    policy::{Collector, Pattern},
    stage::Stage,
};
use chrono::NaiveDate;
use serde::{Serialize, Serializer};
use std::fmt;

/// `[releases]`: which tags count as a release, and what it has passed before production (G2, G3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Releases {
    /// What a whole tag must match.
    pub tag_rule: Pattern,
    /// Minutes between two looks at a verified tag.
    pub recheck_minutes: u32,
    /// Parts of pipelines that report a release as built, where a forge tells of them (G3).
    pub pipeline_built: Vec<String>,
    /// Those that report it as tested.
    pub pipeline_tested: Vec<String>,
    /// Hours after which what a forge told is no longer looked at, where the repository did not answer.
    pub forge_retry_hours: u32,
    /// Whether a release's tag has to be annotated (G2).
    pub annotated: bool,
    /// What a release has passed before it goes onto a full-support server of a device that CTRL owns (G3).
    pub production_needs: Vec<Stage>,
}

/// What a server can be asked to take (G5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::EnumIter, strum::EnumString, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Reference {
    /// A release.
    Tag,
    /// What contributors work on, without a release.
    HotDevelopment,
}

/// `[environments.…]`: where releases go (G5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Environments {
    pub development: Development,
    pub production: Production,
}

/// `[environments.development]`: where releases are tried (G5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Development {
    /// As pages call it.
    pub label: String,
    /// What its servers take, at least tags.
    pub takes: Vec<Reference>,
    /// What a whole tag must match here; `None` takes every release.
    pub tag_rule: Option<Pattern>,
    /// Whether the tests after a deployment must have passed before a device moves on by itself.
    pub tests_after: bool,
}

/// `[environments.production]`: what users work with (G1, G5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Production {
    /// As pages call it.
    pub label: String,
    /// What a whole tag must match here; `None` takes every release.
    pub tag_rule: Option<Pattern>,
    /// Hours for which moving on waits for a repository that cannot be read.
    pub waits_hours: u32,
}

/// `[cadence]`: how often each device is to be deployed in each environment (G7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cadence {
    /// Days after a deployment in development when the next one is due; 0 asks for none.
    pub development_days: u32,
    /// The same in production.
    pub production_days: u32,
    /// Days before that when it shows as due soon; less than the others, as far as they ask for any.
    pub due_soon_days: u32,
}

/// `[repositories]`: the addresses that code is read from (T1, G2, A16 to A18).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repositories {
    /// Of `https`, `ssh`, `file`, `http-loopback`; at least one, none twice.
    pub protocols: Vec<String>,
    /// Host names in small letters, without port; `*.` before a domain means all below it.
    pub hosts: Vec<String>,
    /// Full paths below which `file` repositories may lie.
    pub file_roots: Vec<String>,
    /// Whether a host's name may lead to a private address (A18).
    pub private_addresses: bool,
    /// Seconds after which reading is given up (F9).
    pub deadline_seconds: u32,
    /// Full path of the private key for `ssh` hosts.
    pub ssh_key: Option<String>,
    /// Full path of the known keys of `ssh` hosts; `None` takes the machine's own.
    pub ssh_known_hosts: Option<String>,
}

/// `[observations]`: what is seen running (T8, G10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Observations {
    /// Minutes without a report after which a collector counts as silent.
    pub silent_after_minutes: u32,
    /// Whether a statement can stand in where nothing reports (T8).
    pub statements: bool,
    /// Minutes after a new placement in which a deployment may be under way (G10).
    pub grace_minutes: u32,
    /// Minutes within which an incident that comes back is the same one (G10).
    pub flapping_minutes: u32,
    /// The control systems that Custody asks; no two with the same name.
    pub collectors: Vec<Collector>,
}

/// `[permits]`: what deploy tools show before they act (G9, A9, A13).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Permits {
    /// Whether only what was deployed by permit counts as placed on a full-support server (T8).
    pub required: bool,
    /// Seconds for which a permit counts, 300 at most.
    pub lifetime_seconds: u32,
    /// Days after which another key begins to sign.
    pub rotate_days: u32,
    /// Days for which a new key is published before it signs.
    pub overlap_days: u32,
}

/// `[overrides]`: what two people of CTRL can skip in an emergency (G12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overrides {
    /// Hours that one can last.
    pub longest_hours: u32,
    /// Hours that its form proposes; never more than the longest.
    pub usual_hours: u32,
}

/// What becomes of a release whose version of the framework is not on record, or could not be read (G6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::EnumIter, strum::EnumString, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum UnknownVersion {
    /// It is shown, and goes into production.
    Warn,
    /// It does not go into production.
    Refuse,
}

/// `[frameworks]`: the control systems that devices are built for (G6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Frameworks {
    /// The known ones; empty where people type them, and nothing is asked.
    pub known: Vec<Framework>,
    pub unknown: UnknownVersion,
    /// Whether Custody pushes a branch with the update; without, it shows the change.
    pub propose: bool,
    /// Whose name and address the commits of these branches carry.
    pub propose_name: String,
    pub propose_address: String,
}

/// A control system and its versions on record (G6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Framework {
    /// Its name.
    pub name: String,
    /// Its versions on record, at least one.
    pub versions: Vec<FrameworkVersion>,
    /// The one that is proposed; `None` takes the newest that is current.
    pub current: Option<String>,
}

/// A version of a control system, or with `.*` at its end a whole series of them (G6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameworkVersion {
    pub version: String,
    /// The first day on which it is deprecated.
    pub deprecated: Option<NaiveDate>,
    /// The first day on which no release that is built against it goes into production.
    pub rejected: Option<NaiveDate>,
}

impl fmt::Display for FrameworkVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.version)?;
        match (self.deprecated, self.rejected) {
            (None, None) => Ok(()),
            (Some(since), None) => write!(f, " (deprecated from {since})"),
            (None, Some(from)) => write!(f, " (rejected from {from})"),
            (Some(since), Some(from)) => write!(f, " (deprecated from {since}, rejected from {from})"),
        }
    }
}

/// As people read it: a version without days is written as it always was.
impl Serialize for FrameworkVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
