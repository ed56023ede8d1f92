//! How a version stands, by the days that the policy gives: current, deprecated since, rejected from (G6).

use super::BuiltWith;
use crate::domain::{
    device::Device,
    due::in_words,
    policy::{Framework, FrameworkVersion, Frameworks, Policy},
    release::Release,
    tag::order,
};
use chrono::NaiveDate;

/// How a version stands on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Current,
    /// It still goes into production.
    Deprecated {
        since: NaiveDate,
        rejected: Option<NaiveDate>,
    },
    /// No release that is built against it goes into production.
    Rejected {
        since: NaiveDate,
    },
    /// It is not on record.
    Unknown,
}

impl Standing {
    /// Whether Custody proposes another one.
    pub fn is_outdated(self) -> bool {
        matches!(self, Self::Deprecated { .. } | Self::Rejected { .. })
    }

    /// The stable word that programs tell them apart by.
    pub fn code(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Deprecated { .. } => "deprecated",
            Self::Rejected { .. } => "rejected",
            Self::Unknown => "unknown",
        }
    }

    /// As it stands behind a version: `deprecated since 1 Mar 2026, rejected from 1 Sep 2026 on`.
    pub fn words(self) -> String {
        match self {
            Self::Current => "current".to_owned(),
            Self::Deprecated { since, rejected: None } => format!("deprecated since {}", in_words(since)),
            Self::Deprecated { since, rejected: Some(from) } => {
                format!("deprecated since {}, rejected from {} on", in_words(since), in_words(from))
            }
            Self::Rejected { since } => format!("rejected since {}", in_words(since)),
            Self::Unknown => "not on record".to_owned(),
        }
    }
}

impl FrameworkVersion {
    /// Whether it stands for all versions that begin so.
    pub fn is_series(&self) -> bool {
        self.version.ends_with(".*")
    }

    /// How it stands on this day.
    pub fn standing(&self, today: NaiveDate) -> Standing {
        match (self.deprecated, self.rejected) {
            (_, Some(since)) if since <= today => Standing::Rejected { since },
            (Some(since), rejected) if since <= today => Standing::Deprecated { since, rejected },
            _ => Standing::Current,
        }
    }

    /// Whether it speaks of this version: as it is written, or as one of its series.
    fn is_about(&self, version: &str) -> bool {
        match self.version.strip_suffix('*') {
            Some(begin) if begin.ends_with('.') => version.starts_with(begin),
            _ => self.version == version,
        }
    }
}

impl Framework {
    /// What the record says of a version: the version itself before a series, the longest series before shorter ones.
    pub fn version(&self, version: &str) -> Option<&FrameworkVersion> {
        let about = self.versions.iter().filter(|v| v.is_about(version));
        about.max_by_key(|v| (!v.is_series(), v.version.len()))
    }

    /// The version that is proposed on this day: the one that the policy names, else the newest that is current.
    pub fn proposed(&self, today: NaiveDate) -> Option<&str> {
        let is_current = |v: &&FrameworkVersion| !v.is_series() && v.standing(today) == Standing::Current;
        let current = || self.versions.iter().filter(is_current);
        let named = current().find(|v| Some(&v.version) == self.current.as_ref());
        named.or_else(|| current().max_by_key(|v| order(&v.version))).map(|v| v.version.as_str())
    }
}

impl Frameworks {
    pub fn framework(&self, name: &str) -> Option<&Framework> {
        self.known.iter().find(|f| f.name == name)
    }

    /// Every version that is written in full: what a build may print in place of its own.
    pub fn versions(&self) -> Vec<String> {
        let all = self.known.iter().flat_map(|f| &f.versions).filter(|v| !v.is_series());
        all.map(|v| v.version.clone()).collect()
    }

    /// How a version stands on this day.
    pub fn standing(&self, framework: &str, version: &str, today: NaiveDate) -> Standing {
        let on_record = self.framework(framework).and_then(|f| f.version(version));
        on_record.map_or(Standing::Unknown, |v| v.standing(today))
    }
}

/// What is known of the framework of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// The facility has no framework on record, or nobody has said where this device's repository names its version.
    NotAsked(&'static str),
    /// It has not been read at this release yet.
    NotRead,
    Nothing {
        why: &'a str,
    },
    Version {
        framework: &'a str,
        version: &'a str,
        standing: Standing,
    },
}

/// How the framework of a release stands on this day.
pub fn of_release<'a>(device: &Device, release: &'a Release, policy: &Policy, today: NaiveDate) -> Found<'a> {
    if policy.frameworks.known.is_empty() {
        return Found::NotAsked("The facility has no framework on record.");
    }
    if device.built.against.is_none() {
        return Found::NotAsked("Nobody has said where its repository names the framework’s version.");
    }
    match &release.framework {
        None => Found::NotRead,
        Some(BuiltWith::NotFound { why, .. }) => Found::Nothing { why },
        Some(BuiltWith::Read { framework, version }) => {
            let standing = policy.frameworks.standing(framework, version, today);
            Found::Version { framework, version, standing }
        }
    }
}

/// The newest release that stands and whose version was read.
pub fn newest(device: &Device) -> Option<(&Release, &str, &str)> {
    device.releases.iter().rev().filter(|r| r.stands()).find_map(|r| match &r.framework {
        Some(BuiltWith::Read { framework, version }) => Some((r, framework.as_str(), version.as_str())),
        _ => None,
    })
}
