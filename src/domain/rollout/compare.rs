//! Consistency: what the check found on each target, beside the baseline (R5).

use super::{state::Rollout, target::Target};
use crate::domain::id::TargetName;
use std::collections::{BTreeMap, BTreeSet};

/// Something that is not on a target as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variation {
    pub target: TargetName,
    pub key: String,
    /// `None` where the baseline knows nothing of it.
    pub expected: Option<String>,
    /// `None` where the check did not find it.
    pub found: Option<String>,
}

/// What is to be found, and the target that it was found on where nobody wrote a baseline down; nothing where there is
/// none yet.
pub fn baseline(r: &Rollout) -> Option<(&BTreeMap<String, String>, Option<&TargetName>)> {
    if !r.baseline.is_empty() {
        return Some((&r.baseline, None));
    }
    compared(r).find_map(|t| Some((&t.facts.as_ref()?.values, Some(&t.name))))
}

/// The targets that are compared: those that are done.
fn compared(r: &Rollout) -> impl Iterator<Item = &Target> {
    r.targets.iter().filter(|t| t.left_out.is_none() && t.is_done())
}

/// What varies, target by target. A baseline that somebody wrote down is asked for and nothing else; one that was found on
/// a target is asked for as a whole.
pub fn compare(r: &Rollout) -> Vec<Variation> {
    let Some((baseline, of)) = baseline(r) else { return Vec::new() };
    let mut all = Vec::new();
    for t in compared(r).filter(|t| Some(&t.name) != of) {
        let Some(facts) = &t.facts else { continue };
        let mut keys: BTreeSet<&String> = baseline.keys().collect();
        if of.is_some() {
            keys.extend(facts.values.keys());
        }
        for key in keys {
            let (expected, found) = (baseline.get(key), facts.values.get(key));
            if expected != found {
                all.push(Variation {
                    target: t.name.clone(),
                    key: key.clone(),
                    expected: expected.cloned(),
                    found: found.cloned(),
                });
            }
        }
    }
    all
}

/// Targets that are done and of which no check reported anything.
pub fn not_reported(r: &Rollout) -> Vec<&TargetName> {
    compared(r).filter(|t| t.facts.is_none()).map(|t| &t.name).collect()
}
