//! Moving on to production by itself, and what holds that back (G5).

use super::{
    cycle::Mark,
    deployment::{Deployment, DeploymentState, Environment, Report},
    device::Placement,
    id::{PersonId, ServerName},
    policy::Policy,
    tag::TagName,
};
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How a device comes from development to production. Without anything set, a person asks each time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovingOn {
    pub by_itself: Option<ByItself>,
    /// While it is there, nothing moves on by itself.
    pub hold: Option<Hold>,
}

/// CTRL has set it: what succeeded in development is asked for in production, in the name of whoever set it (G1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByItself {
    /// The server of production that it goes to.
    pub server: ServerName,
    #[serde(flatten)]
    pub set: Mark,
}

/// What keeps a device in development until a person of CTRL lifts it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub cause: Cause,
    pub reason: String,
    /// Whoever holds it, or went back.
    pub by: Option<PersonId>,
    pub at: DateTime<Utc>,
}

/// Why it is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumIter, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Cause {
    /// Somebody of CTRL wants it so.
    Person,
    /// An older release was deployed over a newer one.
    OlderRelease,
    /// A deployment was rolled back.
    RolledBack,
}

impl MovingOn {
    /// Where it goes by itself now; nowhere while it is held.
    pub fn goes_to(&self) -> Option<&ServerName> {
        self.by_itself.as_ref().filter(|_| self.hold.is_none()).map(|b| &b.server)
    }

    pub fn people(&self) -> BTreeSet<PersonId> {
        let set = self.by_itself.as_ref().map(|b| b.set.by);
        set.into_iter().chain(self.hold.as_ref().and_then(|h| h.by)).collect()
    }
}

/// Whether a release goes back where it is put: what is placed there is newer, or what went there last where it was removed
/// since.
pub fn goes_back<'a>(placed: Option<&'a Placement>, last: Option<&'a TagName>, tag: &TagName) -> Option<&'a TagName> {
    placed.and_then(|p| p.release.as_ref()).or(last).filter(|there| tag.order() < there.order())
}

/// Whether a deployment has come so far that its release moves on: it succeeded in development, and its tests after
/// passed where the policy waits for them. The last report of tests counts; tests that failed keep it back.
pub fn is_ready(d: &Deployment, policy: &Policy) -> bool {
    let tested = d.reports.iter().rev().find_map(|r| match &r.report {
        Report::TestsAfter { passed, .. } => Some(*passed),
        _ => None,
    });
    d.environment == Environment::Development
        && d.state == DeploymentState::Succeeded
        && tested.unwrap_or(!policy.environments.development.tests_after)
}

/// How long it is until a repository that could not be read is tried again: a minute, twice as long each time, an hour
/// at most.
pub fn pause(tries: u32) -> Duration {
    Duration::minutes(2_i64.pow(tries.min(6)).min(60))
}

#[cfg(test)]
mod tests;
