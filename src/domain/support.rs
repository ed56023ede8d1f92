//! The support status that operators see: derived, never typed in (O1).

use super::{
    device::Device,
    lifecycle::state::{State, StateName},
    observation::Seen,
    server::SupportClass,
    version::{Reported, same_commit},
};
use serde::{Deserialize, Serialize};

/// From the least to the most urgent.
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
    Deserialize,
    strum::EnumIter,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Support {
    FullySupported,
    ReducedSupport,
    /// Seen running, not registered.
    Unknown,
    NotSupported,
    ShutDown,
}

impl Support {
    /// The one label of this status, everywhere.
    pub fn label(self) -> &'static str {
        match self {
            Self::FullySupported => "Fully supported",
            Self::ReducedSupport => "Reduced support",
            Self::Unknown => "Unknown, treat as not supported",
            Self::NotSupported => "Not supported at all",
            Self::ShutDown => "Shut down by CTRL",
        }
    }

    /// A reason on record without this label: in older records some begin with it.
    pub fn bare(self, why: &str) -> &str {
        why.strip_prefix(self.label()).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(why)
    }

    /// How urgent it is, for sorting: larger is more.
    pub fn urgency(self) -> i32 {
        self as i32
    }
}

/// A status and the sentence that says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub support: Support,
    pub why: String,
}

fn verdict(support: Support, why: impl Into<String>) -> Verdict {
    Verdict { support, why: why.into() }
}

/// The status of one running instance; `device` is `None` where the registry knows no device with its class.
pub fn of_instance(device: Option<&Device>, seen: &Seen) -> Verdict {
    let Some(device) = device else {
        return verdict(Support::Unknown, format!("{} runs on {} and is not registered.", seen.instance, seen.server));
    };
    if let Some(s) = &device.shut_down {
        return verdict(Support::ShutDown, s.reason.text.as_str());
    }
    match (&device.state, seen.support_class) {
        (_, None) => verdict(Support::NotSupported, format!("It runs on {}, which is not on record.", seen.server)),
        (State::CtrlOwned { .. }, Some(SupportClass::Full)) => of_release(device, seen),
        (
            State::CtrlOwned { .. } | State::ReducedSupport { .. } | State::UnderReview { .. },
            Some(SupportClass::Reduced),
        ) if device.cycle.setup.framework_modified == Some(true) => modified_framework(),
        (State::CtrlOwned { .. }, Some(SupportClass::Reduced)) => verdict(
            Support::ReducedSupport,
            format!("CTRL owns it, but here it runs on the development server {}.", seen.server),
        ),
        (State::ReducedSupport { .. } | State::UnderReview { .. }, Some(SupportClass::Reduced)) => {
            verdict(Support::ReducedSupport, "Its contributors develop it; CTRL helps as best effort.")
        }
        // N1, in those words, whatever the reason that it runs there.
        (state, Some(SupportClass::Full)) if !state.name().is_end() => verdict(
            Support::NotSupported,
            format!("A contributed device on {}, which is not a reduced-support server.", seen.server),
        ),
        (state, Some(_)) => {
            verdict(Support::NotSupported, format!("It runs although it is {}.", state.name().label().to_lowercase()))
        }
    }
}

/// Whether what has stopped there would not be supported at all if it were started again: on a server that is not on
/// record, or a contributed device on a full one (N1).
pub fn is_misplaced(state: StateName, class: Option<SupportClass>) -> bool {
    match class {
        None => true,
        Some(SupportClass::Full) => state != StateName::CtrlOwned,
        Some(SupportClass::Reduced) => false,
    }
}

/// H5, in those words.
fn modified_framework() -> Verdict {
    verdict(Support::NotSupported, "The framework is modified on its server: the whole service has no support.")
}

/// B2: whether its status comes of what has stopped too: it was handed back, and CTRL does not own it again.
pub fn looks_back(device: &Device) -> bool {
    device.cycle.base.is_some() && device.state.is_developed()
}

/// B2: after a hand-back it counts as N1 says until it has been seen on a reduced server, be it gone again by now.
fn awaited_since_hand_back(device: &Device, seen: &[Seen]) -> bool {
    let arrived = |s: &Seen| s.support_class == Some(SupportClass::Reduced) && s.seen >= device.cycle.opened;
    device.cycle.base.is_some() && !seen.iter().any(arrived)
}

/// On a full server: the verified tag that is deployed there, clean, or nothing (O1, G1).
fn of_release(device: &Device, seen: &Seen) -> Verdict {
    let bad = |why: String| verdict(Support::NotSupported, why);
    let raw = &seen.version.raw;
    match &seen.version.reported {
        Reported::CleanTag { commit, .. } => match device.release_built(&seen.version, &seen.server) {
            None => bad(format!("{raw} is not a verified release.")),
            Some(r) if !r.stands() => bad(format!("The tag {} moved or vanished after it was verified.", r.tag())),
            Some(r) if commit.as_deref().is_some_and(|c| !same_commit(c, r.commit().as_str())) => {
                bad(format!("{raw} names another commit than the verified {}.", r.tag()))
            }
            Some(r) => match device.placed_on(&seen.server) {
                Some(p) if p.release.as_ref() == Some(r.tag()) => {
                    verdict(Support::FullySupported, "CTRL owns it, in a verified tag.")
                }
                Some(p) => bad(format!(
                    "It runs {raw}, while {} is deployed there.",
                    p.release.as_ref().map_or("nothing", |t| t.as_str())
                )),
                None => bad(format!("Nothing of it is deployed on {}.", seen.server)),
            },
        },
        Reported::Dirty { .. } => bad(format!("{raw} was built with edits that no commit holds.")),
        Reported::Ahead { .. } => bad(format!("{raw} is ahead of its tag.")),
        Reported::FalseClean { .. } => bad(format!("{raw} is the framework’s version, not its own.")),
        Reported::Unknown { .. } if raw.is_empty() => bad("It reports no version.".to_owned()),
        Reported::Unknown { .. } => bad(format!("{raw} says nothing about a tag.")),
    }
}

/// The status of a device: the most urgent of its instances. `None` where nobody supports anything yet or any more.
pub fn of_device(device: &Device, seen: &[Seen]) -> Option<Verdict> {
    if let Some(s) = &device.shut_down {
        return Some(verdict(Support::ShutDown, s.reason.text.as_str()));
    }
    let running: Vec<&Seen> = seen.iter().filter(|s| s.runs()).collect();
    if let Some(v) = both_classes(&running) {
        return Some(v);
    }
    let worst = running.iter().map(|s| of_instance(Some(device), s)).max_by_key(|v| v.support);
    worst.or_else(|| unseen(device, seen))
}

/// N2: seen running in both classes is a violation, whatever each of them would be alone.
fn both_classes(running: &[&Seen]) -> Option<Verdict> {
    let on = |class| running.iter().find(|s| s.support_class == Some(class));
    match (on(SupportClass::Reduced), on(SupportClass::Full)) {
        (Some(r), Some(f)) => Some(verdict(
            Support::NotSupported,
            format!("It runs on {} and on {}: a device is fully supported or reduced, never both.", r.server, f.server),
        )),
        _ => None,
    }
}

/// Nothing reports it: what the record says.
fn unseen(device: &Device, seen: &[Seen]) -> Option<Verdict> {
    match device.state.name() {
        StateName::CtrlOwned if device.placements.is_empty() => {
            Some(verdict(Support::FullySupported, "CTRL owns it; it is deployed nowhere."))
        }
        StateName::CtrlOwned => Some(verdict(Support::FullySupported, "CTRL owns it; it is not seen running.")),
        StateName::ReducedSupport | StateName::UnderReview => {
            if device.cycle.setup.framework_modified == Some(true) {
                return Some(modified_framework());
            }
            if awaited_since_hand_back(device, seen) {
                return Some(verdict(
                    Support::NotSupported,
                    "Handed back, and not seen on its reduced-support server since.",
                ));
            }
            Some(verdict(Support::ReducedSupport, "Its contributors develop it; it is not seen running."))
        }
        StateName::Draft
        | StateName::Requested
        | StateName::Accepted
        | StateName::Declined
        | StateName::Withdrawn
        | StateName::Retired => None,
    }
}
