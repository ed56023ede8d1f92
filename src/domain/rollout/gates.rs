//! What stands before the start of a rollout, each with whose turn it is.

use super::{
    facts::Facts,
    state::{Rollout, What},
};
use crate::domain::{
    id::TargetName,
    lifecycle::gates::{Gate, GateId, Turn},
    local_change::LocalChange,
};
use chrono::{DateTime, Utc};

/// The gates of a start.
pub const START_GATES: [GateId; 3] = [GateId::Tag, GateId::Window, GateId::R7];

/// All of them, met or not. A framework's release stands on no record of devices.
pub fn judge_start(r: &Rollout, facts: &Facts) -> Vec<Gate> {
    START_GATES
        .into_iter()
        .filter_map(|id| match id {
            GateId::Tag => released(r, facts),
            GateId::Window => Some(window(r, facts)),
            _ => Some(changes(r, facts)),
        })
        .collect()
}

/// R1: the device's release stands on record as it was when it was planned.
fn released(r: &Rollout, facts: &Facts) -> Option<Gate> {
    let What::Device { release, name, .. } = &r.what else { return None };
    let open = |why: String| Gate::open(GateId::Tag, Turn::Ctrl, why);
    Some(match facts.release {
        Some(Ok(now)) if now.release.object == release.object => {
            Gate::met(GateId::Tag, format!("{} of {name} is {}.", release.tag, release.commit.short()))
        }
        Some(Ok(_)) => open(format!("{} of {name} is another one than was planned: plan it anew.", release.tag)),
        Some(Err(why)) => open(why.clone()),
        None => open(format!("{} of {name} is not on record.", release.tag)),
    })
}

/// R1: it begins inside its window.
fn window(r: &Rollout, facts: &Facts) -> Gate {
    let zone = facts.policy.facility.time_zone;
    let at = |at: DateTime<Utc>| at.with_timezone(&zone).format("%-d %b %Y, %H:%M %Z").to_string();
    if facts.now < r.window.from {
        let why = format!("Its window opens on {}: start it then.", at(r.window.from));
        return Gate::open(GateId::Window, Turn::Machine, why);
    }
    if facts.now >= r.window.until {
        let why = format!("Its window closed on {}: change the plan.", at(r.window.until));
        return Gate::open(GateId::Window, Turn::Ctrl, why);
    }
    Gate::met(GateId::Window, format!("It is open until {}.", at(r.window.until)))
}

/// R7: of each local change that it would overwrite it is said what becomes of it.
fn changes(r: &Rollout, facts: &Facts) -> Gate {
    let open: Vec<&LocalChange> =
        r.targets.iter().filter(|t| t.left_out.is_none()).flat_map(|t| unanswered(r, &t.name, facts.changes)).collect();
    match open.first() {
        None => Gate::met(GateId::R7, "It overwrites no local change that nobody answered for."),
        Some(first) => {
            let which = match open.len() {
                1 => format!("a local change on {}", first.target),
                n => format!("{n} local changes, the first on {}", first.target),
            };
            let why =
                format!("It would overwrite {which} ({}): say whether it is cleared or applied again.", first.ticket);
            Gate::open(GateId::R7, Turn::Ctrl, why)
        }
    }
}

/// The local changes on a target of which nobody has said what becomes of them.
pub fn unanswered<'c>(r: &Rollout, target: &TargetName, changes: &'c [LocalChange]) -> Vec<&'c LocalChange> {
    changes.iter().filter(|c| c.target == *target && c.ended.is_none() && !r.answers.contains_key(&c.id)).collect()
}
