//! What may begin now: what the runner takes up, and pages show (R1, R3).

use super::{
    state::{Rollout, State, StateName},
    target::{BackState, StepState, Target},
};
use crate::domain::id::TargetName;
use chrono::{DateTime, Utc};

/// Why no step begins anywhere now; nothing where steps may begin.
pub fn closed(r: &Rollout, now: DateTime<Utc>) -> Option<String> {
    match &r.state {
        State::Running { .. } if now < r.window.from => Some("Its window is not open yet.".to_owned()),
        State::Running { .. } if now >= r.window.until => {
            Some("Its window is over: no step begins until somebody of CTRL prolongs it.".to_owned())
        }
        State::Running { .. } => None,
        State::Planned => Some("It has not started.".to_owned()),
        State::Paused { why } => Some(format!("It is paused: {}", why.text)),
        State::Stopped { why } => Some(format!("It is stopped: {}", why.text)),
        State::Finished { .. } => Some("It is finished.".to_owned()),
        State::Abandoned { why } => Some(format!("It was abandoned: {}", why.text)),
    }
}

/// Why this step does not begin on this target now, but for how many are at work already; nothing where it may.
pub fn why_not(r: &Rollout, target: &Target, step: usize, now: DateTime<Utc>) -> Option<String> {
    let name = &target.name;
    if let Some(why) = closed(r, now) {
        return Some(why);
    }
    if target.left_out.is_some() {
        return Some(format!("{name} is left out."));
    }
    if target.rolled_back.is_some() {
        return Some(format!("{name} is rolled back: begin it again first."));
    }
    if !r.wave_is_open(target.wave) {
        let which = if target.wave > 1 { "the waves before it" } else { "the first wave" };
        return Some(format!("{name} is in wave {}: {which} has to come first.", target.wave + 1));
    }
    if target.is_held(now) {
        return Some(format!("{name} is on hold: let it go first."));
    }
    match (target.step(), target.steps.get(step)) {
        (Some(first), Some(StepState::Waiting)) if first == step => None,
        (Some(first), Some(StepState::Waiting)) => {
            Some(format!("{} comes before {} on {name}.", r.step_label(first), r.step_label(step)))
        }
        (_, Some(_)) => Some(format!("{} does not wait on {name}.", r.step_label(step))),
        (_, None) => Some(format!("There is no step {} here.", step.saturating_add(1))),
    }
}

/// What the engine may begin now, the targets that have begun first: as many as there is room for.
pub fn next(r: &Rollout, now: DateTime<Utc>) -> Vec<(TargetName, usize)> {
    next_among(r, now, |_| true)
}

/// The same among some of its targets: no room is kept for the others.
pub fn next_among(r: &Rollout, now: DateTime<Utc>, may: impl Fn(&Target) -> bool) -> Vec<(TargetName, usize)> {
    let room = (r.at_once as usize).saturating_sub(r.busy());
    if room == 0 || closed(r, now).is_some() {
        return Vec::new();
    }
    let ready = |t: &&Target| {
        let step = t.step();
        step.is_some_and(|s| r.steps[s].playbook.is_some() && why_not(r, t, s, now).is_none()) && may(t)
    };
    let (begun, new): (Vec<&Target>, Vec<&Target>) = r.targets.iter().filter(ready).partition(|t| t.has_begun());
    let all = begun.into_iter().chain(new);
    all.filter_map(|t| Some((t.name.clone(), t.step()?))).take(room).collect()
}

/// What the engine may take back now, whatever the window says: as much as there is room for.
pub fn next_back(r: &Rollout) -> Vec<(TargetName, usize)> {
    let room = (r.at_once as usize).saturating_sub(r.busy());
    if !matches!(r.state.name(), StateName::Running | StateName::Paused) {
        return Vec::new();
    }
    let asked = r.targets.iter().filter(|t| t.left_out.is_none()).filter_map(|t| {
        let back = t.rolled_back.as_ref().filter(|b| b.state == BackState::Asked)?;
        Some((t.name.clone(), *back.left.first()?))
    });
    asked.take(room).collect()
}
