//! The facility's policy: one readable file that says how strict its process is (rule E6).
//!
//! `default.toml` is the built-in policy, its documentation and the list of
//! known keys at once. A facility's file holds what differs from it.

mod cadence;
mod collectors;
mod environments;
mod error;
mod explain;
mod frameworks;
mod identity;
mod judged;
mod lists;
mod pattern;
mod read;
mod releases;
mod repositories;
mod rollouts;
mod rules;
mod sections;
mod server_name;
mod shift;
mod source;
mod telling;
#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

pub use collectors::{Collector, CollectorKind};
pub use error::{PolicyError, PolicyErrors};
pub use explain::{Entry, Section};
pub use identity::{GroupKind, GroupRule, Identity, Provider, SecretPlace};
pub use pattern::Pattern;
pub use rollouts::{RolloutKind, RolloutStep, RolloutTarget, Rollouts};
pub use sections::*;
pub use server_name::NameProblem;

/// The built-in policy, with the comments that explain each key.
pub const DEFAULT: &str = include_str!("default.toml");

/// A policy in force: the built-in one with what the facility changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// Who runs this registry.
    pub facility: Facility,
    /// The rules of conduct (L3).
    pub conduct: Conduct,
    /// Support contacts (L4).
    pub support: Support,
    /// The operators on shift (H8).
    pub shift: Shift,
    /// Critical areas (L7).
    pub areas: Areas,
    /// Intake of requests (L6).
    pub intake: Intake,
    /// Servers for reduced support (H1, H2).
    pub servers: Servers,
    /// Training (H6).
    pub training: Training,
    /// Transfer of ownership (T3, T4, T10).
    pub transfer: Transfer,
    /// Hand-back for a short time (B4).
    pub handback: Handback,
    /// Which tags count as a release (G2).
    pub releases: Releases,
    /// Development and production (G5).
    pub environments: Environments,
    /// How often each device is deployed (G7).
    pub cadence: Cadence,
    /// Where code is read from (T1, G2).
    pub repositories: Repositories,
    /// What is seen running (T8, G10).
    pub observations: Observations,
    /// The operators' board (O3).
    pub board: Board,
    /// Messages outside Custody (O5, A27).
    pub telling: Telling,
    /// Programs that are asked for what the facility has (E5, A27).
    pub imports: Imports,
    /// Who says who somebody is (E1, A2).
    pub identity: Identity,
    /// How long somebody stays signed in.
    pub sessions: Sessions,
    /// How long is kept what is no record (A37).
    pub retention: Retention,
    /// Permits of deploy tools (G9).
    pub permits: Permits,
    /// Overrides in an emergency (G12).
    pub overrides: Overrides,
    /// The control systems (G6).
    pub frameworks: Frameworks,
    /// Rollouts to many instruments (R1 to R7).
    pub rollouts: Rollouts,
}

impl Policy {
    /// The policy of a facility's file, laid over the built-in one key by key;
    /// a list replaces the whole list. Everything that is wrong is reported at
    /// once, each with its line.
    pub fn parse(file: &str) -> Result<Self, PolicyErrors> {
        read::read(file)
    }

    /// The policy of a facility that changes nothing.
    pub fn built_in() -> Self {
        Self::parse("").expect("a test proves that the built-in policy is right")
    }

    /// How many approvals a review needs (L7, T4).
    pub fn approvals_needed(&self, touches_critical_area: bool) -> u32 {
        if touches_critical_area { self.transfer.approvals_critical } else { self.transfer.approvals }
    }

    /// SHA-256 in hexadecimal over all values in force: the same for any two
    /// files that come to the same policy.
    pub fn digest(&self) -> String {
        hash(&self.values())
    }

    /// SHA-256 in hexadecimal over what a review depends on: transfer, areas,
    /// the rules for tags and the repositories. An approval counts under this
    /// digest only (rule A7).
    pub fn review_digest(&self) -> String {
        let mut all = self.values();
        let mut releases = serde_json::json!({ "tag_rule": all["releases"]["tag_rule"].take() });
        // Left out where it is not asked for: approvals from before it was looked at stand.
        if self.releases.annotated {
            releases["annotated"] = true.into();
        }
        hash(&serde_json::json!({
            "transfer": all["transfer"].take(),
            "areas": all["areas"].take(),
            "releases": releases,
            "repositories": all["repositories"].take(),
        }))
    }

    fn values(&self) -> Value {
        serde_json::to_value(self).expect("a policy holds text, numbers and lists only")
    }
}

fn hash(values: &Value) -> String {
    let mut sorted = values.clone();
    // The digest must not depend on how maps are kept in this build.
    sorted.sort_all_objects();
    format!("{:x}", Sha256::digest(sorted.to_string()))
}
