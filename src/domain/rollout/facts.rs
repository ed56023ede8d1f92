//! What the world said: gathered by a service before it asks the domain to judge.

use super::{legacy::Side, target::Target};
use crate::domain::{
    id::{DeviceId, PersonId},
    lifecycle::Actor,
    local_change::LocalChange,
    person::{People, Role},
    policy::Policy,
    release::VerifiedTag,
};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeSet;

/// A release that may be rolled out: it stands on record, of a device that CTRL owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released {
    pub device: DeviceId,
    pub name: String,
    pub release: VerifiedTag,
}

/// Everything a decision may look at besides the rollout and the command.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    pub now: DateTime<Utc>,
    pub actor: Actor,
    pub policy: &'a Policy,
    pub people: &'a People,
    /// The device's release as it is now, or why it may not be rolled out; `None` where a framework is.
    pub release: Option<&'a Result<Released, String>>,
    /// Local changes on its targets that have not ended (R7).
    pub changes: &'a [LocalChange],
    /// Who contributes to a device of the instrument that the command is about (R6).
    pub contributors: &'a BTreeSet<PersonId>,
}

impl Facts<'_> {
    pub fn me(&self) -> Option<PersonId> {
        self.actor.person()
    }

    /// Whether a member of CTRL acts.
    pub fn is_ctrl(&self) -> bool {
        self.me().is_some_and(|me| self.people.has(me, &Role::Ctrl))
    }

    /// The side on which the actor agrees on the retirement of a legacy system.
    pub fn side(&self, target: &Target) -> Option<Side> {
        let me = self.me().filter(|me| self.people.active(*me))?;
        if self.is_ctrl() {
            return Some(Side::Ctrl);
        }
        let is_scientist = target.scientists.contains(&me) || self.contributors.contains(&me);
        is_scientist.then_some(Side::Scientists)
    }

    /// The day at the facility.
    pub fn today(&self) -> NaiveDate {
        self.now.with_timezone(&self.policy.facility.time_zone).date_naive()
    }
}
