//! What a device depends on (G8).

use super::{Code, Refusal, already};
use crate::domain::{
    device::Device,
    lifecycle::{event::Happened as H, facts::Facts},
    retest::DEPENDENCIES_MOST,
};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn decide(device: &Device, on: &BTreeSet<String>, facts: &Facts) -> Result<Vec<H>, Refusal> {
    let wrong = |sentence: String| Err(Refusal::new(Code::Incomplete, sentence));
    if on.len() > DEPENDENCIES_MOST {
        return wrong(format!("Name at most {DEPENDENCIES_MOST} devices: those that it cannot work without."));
    }
    if on.contains(device.name()) {
        return wrong(format!("{} does not depend on itself: name the others.", device.name()));
    }
    let mut known = BTreeMap::new();
    for name in on {
        let Some(id) = facts.devices.get(name) else {
            // It is told as it was typed, however long that is.
            let name: String = name.chars().take(80).collect();
            let sentence = format!("There is no device {name} on record: enter each by its whole name.");
            return Err(Refusal::new(Code::NoSuchThing, sentence));
        };
        known.insert(name.clone(), *id);
    }
    if known == device.depends_on {
        return Err(already("Nothing is different from what is on record."));
    }
    Ok(vec![H::DependenciesSet { on: known }])
}
