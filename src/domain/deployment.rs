//! Deployments: one release on its way onto one server, from the word that it may to what came of it (G1, G9).

mod report;

pub use report::{Report, Reported, decide, evolve, may_report};

use super::{
    cycle::Mark,
    device::Placement,
    id::{DeploymentId, DeviceId, PersonId, ServerName},
    lifecycle::{
        Command,
        gates::{Gate, GateId},
    },
    naming::{people_in, with_names, without_names},
    permit::CLOCKS_DIFFER_SECONDS,
    person::People,
    release::VerifiedTag,
    server::SupportClass,
};
use chrono::{DateTime, Duration, Utc};
use report::TEXT_MAX;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where it goes (G5).
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumIter,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Environment {
    Development,
    Production,
}

impl From<SupportClass> for Environment {
    fn from(class: SupportClass) -> Self {
        match class {
            SupportClass::Reduced => Self::Development,
            SupportClass::Full => Self::Production,
        }
    }
}

/// How far it is.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::EnumIter,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DeploymentState {
    Allowed,
    Started,
    Succeeded,
    Failed,
    RolledBack,
    /// Its permit ran out before anybody used it.
    Expired,
}

impl DeploymentState {
    pub fn words(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Started => "under way",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::RolledBack => "rolled back",
            Self::Expired => "never begun",
        }
    }

    /// Whether the server is given back to what was there before.
    pub fn gives_back(self) -> bool {
        matches!(self, Self::Failed | Self::RolledBack | Self::Expired)
    }
}

/// The permit that was given for it; the signed text itself is kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitGiven {
    pub jti: String,
    /// The key that signed it.
    pub kid: String,
    pub until: DateTime<Utc>,
}

/// A gate as it was when this was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateThen {
    pub id: GateId,
    pub title: String,
    pub met: bool,
    /// Let through by an override (G12).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overridden: bool,
    pub why: String,
}

impl From<Gate> for GateThen {
    fn from(g: Gate) -> Self {
        Self { id: g.id, title: g.title.to_owned(), met: g.met, overridden: g.overridden, why: g.why }
    }
}

impl GateThen {
    /// As it is kept for good: it names people by their ids (A37).
    pub fn kept(self, everybody: &People) -> Self {
        Self { why: without_names(&self.why, everybody), ..self }
    }

    /// As it is read now.
    pub fn read(&self, people: &People) -> Self {
        Self { why: with_names(&self.why, people), ..self.clone() }
    }
}

/// One release on its way onto one server: what was decided when it was asked for, and what has come of it (G9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    pub id: DeploymentId,
    pub device: DeviceId,
    /// The device's revision with this placement on record (A10).
    pub revision: u64,
    pub release: VerifiedTag,
    /// Since when the release is on record; unknown of older deployments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_record: Option<DateTime<Utc>>,
    pub server: ServerName,
    pub environment: Environment,
    /// Who asked, and when: the same as of the placement.
    pub asked: Mark,
    /// `None` where a person placed it by hand.
    pub permit: Option<PermitGiven>,
    pub gates: Vec<GateThen>,
    /// The places that made way for it.
    pub before: Vec<Placement>,
    pub state: DeploymentState,
    pub reports: Vec<Reported>,
}

impl Deployment {
    /// Whoever asked for it, and whoever reported on it.
    pub fn people(&self) -> BTreeSet<PersonId> {
        let gates = self.gates.iter().flat_map(|g| people_in(&g.why));
        self.reports.iter().filter_map(|r| r.by).chain([self.asked.by]).chain(gates).collect()
    }

    /// Whether it moved on by itself (G5): nothing else is judged by a hold.
    pub fn moved_on(&self) -> bool {
        self.gates.iter().any(|g| g.id == GateId::Hold)
    }

    /// The command that its permit stands for.
    pub fn beginning(&self) -> Command {
        Command::RedeemPermit {
            server: self.server.clone(),
            tag: self.release.tag.clone(),
            asked: self.asked,
            moved_on: self.moved_on(),
        }
    }

    /// From when on its permit counts; before that the clock was set back, and by no clock is it known how old it is (F10).
    pub fn valid_from(&self) -> DateTime<Utc> {
        self.asked.at - Duration::seconds(CLOCKS_DIFFER_SECONDS)
    }

    /// How far it is by the clock: what nobody began in time is over, whether or not that is on record yet.
    pub fn state_at(&self, now: DateTime<Utc>) -> DeploymentState {
        match (&self.permit, self.state) {
            (Some(permit), DeploymentState::Allowed) if now >= permit.until || now < self.valid_from() => {
                DeploymentState::Expired
            }
            (_, state) => state,
        }
    }

    /// What can be reported now, in the words that reports are called by.
    pub fn takes(&self, now: DateTime<Utc>) -> &'static [&'static str] {
        match self.state_at(now) {
            DeploymentState::Allowed => &["started", "tests_before", "failed"],
            DeploymentState::Started => &["tests_before", "tests_after", "succeeded", "failed", "rolled_back"],
            DeploymentState::Succeeded => &["tests_after", "rolled_back"],
            DeploymentState::Failed => &["rolled_back"],
            DeploymentState::RolledBack | DeploymentState::Expired => &[],
        }
    }

    /// The reason why it came to nothing, as far as one was given; a long one is cut, so that it fits wherever a reason
    /// does.
    pub fn why_not(&self) -> String {
        let said = self.reports.iter().rev().map(|r| r.report.text()).find(|t| !t.is_empty()).unwrap_or_default();
        let said: String = said.chars().take(TEXT_MAX - 100).collect();
        match self.state {
            DeploymentState::Expired => "its permit ran out before the work began.".to_owned(),
            state if said.is_empty() => format!("the deployment {}.", state.words()),
            state => format!("the deployment {}: {said}", state.words()),
        }
    }
}

#[cfg(test)]
mod tests;
