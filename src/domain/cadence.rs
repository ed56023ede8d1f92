//! How regularly a device is deployed (G7): in each environment that it has a part in, at least as often as the policy
//! says.

use super::{
    deployment::Environment,
    device::{Device, Placement},
    due::in_words,
    id::{DeploymentId, DeviceId, ServerName},
    lifecycle::StateName,
    policy::Policy,
    server::{Server, SupportClass},
    tag::TagName,
};
use chrono::{DateTime, Duration, Utc};
use serde::Serialize;

/// For so many days after it is due it is still told that a device falls behind, where nobody looked before.
const STILL_DAYS: i64 = 30;

/// How a device stands in an environment, what shows first first.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    strum::EnumIter,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Standing {
    /// Its next deployment was due.
    Behind,
    DueSoon,
    Kept,
    /// Nothing is asked of it there.
    NotAsked,
}

impl Standing {
    pub fn words(self) -> &'static str {
        match self {
            Self::Behind => "behind",
            Self::DueSoon => "due soon",
            Self::Kept => "kept",
            Self::NotAsked => "not asked for",
        }
    }

    /// Whether somebody has to do something, now or soon.
    pub fn shows(self) -> bool {
        matches!(self, Self::Behind | Self::DueSoon)
    }
}

/// Why nothing is asked of a device in an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::EnumIter)]
#[serde(rename_all = "snake_case")]
pub enum WhyNot {
    NotYet,
    Ended,
    ShutDown,
    NoCadence,
    NotPlaced,
    HotDevelopment,
}

impl WhyNot {
    /// The rest of a sentence about an environment.
    pub fn words(self) -> &'static str {
        match self {
            Self::NotYet => "it is not in development yet",
            Self::Ended => "it has ended",
            Self::ShutDown => "it is shut down, and nothing is deployed of it",
            Self::NoCadence => "the policy asks for no cadence there",
            Self::NotPlaced => "it is placed on no server there",
            Self::HotDevelopment => "it is hot-developed there without a release, so there is nothing to deploy",
        }
    }
}

/// Who has to deploy it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::EnumIter)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    Contributor,
    Ctrl,
}

/// What was deployed last: by permit and with success, or placed by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Last {
    pub deployment: DeploymentId,
    pub tag: TagName,
    /// When it was asked for.
    pub at: DateTime<Utc>,
}

/// What of a device its cadence is judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basis {
    pub device: DeviceId,
    state: StateName,
    /// When its state began, and its cycle.
    since: DateTime<Utc>,
    opened: DateTime<Utc>,
    is_shut_down: bool,
    /// The environments of its places, and whether a release is there.
    places: Vec<(Environment, bool)>,
    /// Of those places: they are all of one (N2).
    class: Option<SupportClass>,
}

impl Basis {
    /// As its record has it, with the servers that it is placed on.
    pub fn of<'s>(d: &Device, server: impl Fn(&ServerName) -> Option<&'s Server>) -> Self {
        Self {
            device: d.id,
            state: d.state.name(),
            since: d.state.since().unwrap_or(d.cycle.opened),
            opened: d.cycle.opened,
            is_shut_down: d.shut_down.is_some(),
            places: places(&d.placements, server),
            class: d.placed_class(),
        }
    }

    /// As the board remembers it.
    pub fn remembered<'s>(
        device: DeviceId,
        (state, since): (StateName, Option<DateTime<Utc>>),
        opened: DateTime<Utc>,
        is_shut_down: bool,
        placements: &[Placement],
        server: impl Fn(&ServerName) -> Option<&'s Server>,
    ) -> Self {
        let (places, class) = (places(placements, server), placements.first().map(|p| p.class));
        Self { device, state, since: since.unwrap_or(opened), opened, is_shut_down, places, class }
    }

    /// Why nothing is asked of it there; `None` where something is.
    pub fn why_not(&self, which: Environment, policy: &Policy) -> Option<WhyNot> {
        match self.state {
            state if state.is_end() => return Some(WhyNot::Ended),
            StateName::Draft | StateName::Requested | StateName::Accepted => return Some(WhyNot::NotYet),
            _ => {}
        }
        if self.is_shut_down {
            return Some(WhyNot::ShutDown);
        }
        if policy.cadence_of(which).is_none() {
            return Some(WhyNot::NoCadence);
        }
        // What CTRL owns is for production, wherever it is placed now.
        if which == Environment::Production && self.state == StateName::CtrlOwned {
            return None;
        }
        let mut there = self.places.iter().filter(|(environment, _)| *environment == which);
        match there.next() {
            None => Some(WhyNot::NotPlaced),
            Some((_, true)) => None,
            Some((_, false)) if there.any(|(_, released)| *released) => None,
            Some((_, false)) => Some(WhyNot::HotDevelopment),
        }
    }

    /// Who has to deploy it there, as G1 lets them: what CTRL owns, CTRL (T10); else contributors onto servers of reduced
    /// support, and CTRL onto the others, whatever environment those are of (G5).
    pub fn whose(&self, which: Environment) -> Whose {
        let by_ctrl = match self.class {
            Some(class) => class == SupportClass::Full,
            None => which == Environment::Production,
        };
        if by_ctrl || self.state == StateName::CtrlOwned { Whose::Ctrl } else { Whose::Contributor }
    }

    /// How it stands there by the clock.
    pub fn judge(&self, which: Environment, last: Option<Last>, policy: &Policy, now: DateTime<Utc>) -> Cadence {
        let (whose, why_not) = (self.whose(which), self.why_not(which, policy));
        let Some(days) = policy.cadence_of(which).filter(|_| why_not.is_none()) else {
            return Cadence { environment: which, standing: Standing::NotAsked, whose, last, asked: None, why_not };
        };
        // What was deployed before this cycle counts for another one: now it is counted from when its state began.
        let deployed = last.as_ref().map(|l| l.at).filter(|at| *at >= self.opened);
        // By a clock that was set back since, it was now at the latest (F10).
        let from = deployed.unwrap_or(self.since).min(now);
        let due = from + days;
        let soon = due - Duration::days(policy.cadence.due_soon_days.into());
        let standing = if now >= due {
            Standing::Behind
        } else if now >= soon {
            Standing::DueSoon
        } else {
            Standing::Kept
        };
        Cadence { environment: which, standing, whose, last, asked: Some(Asked { from, due, days }), why_not: None }
    }
}

fn places<'s>(of: &[Placement], server: impl Fn(&ServerName) -> Option<&'s Server>) -> Vec<(Environment, bool)> {
    let environment = |p: &Placement| server(&p.server).map_or(Environment::from(p.class), |s| s.environment);
    of.iter().map(|p| (environment(p), p.release.is_some())).collect()
}

/// From when on it is counted, and by when the next deployment is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its last deployment; without one in this cycle, the beginning of its state.
    pub from: DateTime<Utc>,
    pub due: DateTime<Utc>,
    pub days: Duration,
}

/// A device's cadence in an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cadence {
    pub environment: Environment,
    pub standing: Standing,
    pub whose: Whose,
    /// Of whichever cycle.
    pub last: Option<Last>,
    /// `None` where nothing is asked of it.
    pub asked: Option<Asked>,
    /// Said where nothing is asked of it.
    pub why_not: Option<WhyNot>,
}

impl Cadence {
    /// Its last deployment, where it is counted from that.
    pub fn counted(&self) -> Option<&Last> {
        let asked = self.asked?;
        // Whoever set the clock back has counted from then.
        self.last.as_ref().filter(|l| l.at >= asked.from)
    }

    /// Names the one time that it fell behind; nothing where that is no news, or it is not behind.
    pub fn news(&self, device: DeviceId, now: DateTime<Utc>) -> Option<String> {
        let asked = self.asked.filter(|_| self.standing == Standing::Behind)?;
        let is_news = now - asked.due <= Duration::days(STILL_DAYS);
        is_news.then(|| format!("cadence/{device}/{}/{}", self.environment, asked.from.timestamp()))
    }

    /// That it falls behind, in words for whoever is told.
    pub fn told(&self, policy: &Policy) -> Option<String> {
        let asked = self.asked?;
        let label = policy.environment_label(self.environment);
        let day = |at: DateTime<Utc>| in_words(at.with_timezone(&policy.facility.time_zone).date_naive());
        let deployed = match self.counted() {
            Some(last) => format!("{} was deployed there on {}", last.tag, day(last.at)),
            None => format!("nothing was deployed there since {}", day(asked.from)),
        };
        let whose = match self.whose {
            Whose::Contributor => "It is its contributors’ turn.",
            Whose::Ctrl => "It is CTRL’s turn.",
        };
        let days = asked.days.num_days();
        Some(format!("Behind in {label}: {deployed}, and it is to be deployed every {days} days. {whose}"))
    }
}

#[cfg(test)]
mod tests;
