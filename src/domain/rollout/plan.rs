//! What a person plans, and what that comes to by the policy of the day (R1, R2).

use super::{
    facts::Facts,
    state::{Step, What, Window},
};
use crate::domain::{
    framework::Standing,
    id::{PersonId, TargetName},
    person::Role,
    refusal::{Code, Refusal},
    tag::TagName,
};
use chrono::Duration;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The longest title, in characters.
const TITLE_MAX: usize = 120;
/// The longest name or version of a framework.
const NAME_MAX: usize = 80;
/// The most that a baseline holds, and how long each of it is.
pub(super) const BASELINE_MOST: usize = 200;
pub(super) const BASELINE_MAX: usize = 500;
/// The most days of a window.
pub(super) const WINDOW_DAYS: i64 = 62;
/// The most days ahead to which anything is planned or held.
pub(super) const AHEAD_DAYS: i64 = 731;

/// The release that somebody wants to roll out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case", deny_unknown_fields)]
pub enum Wanted {
    Framework { name: String, version: String },
    Device { name: String, tag: TagName },
}

/// A target that somebody chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
    pub name: TargetName,
    /// From 0, the first one.
    pub wave: u32,
    /// The instrument's scientists, by whom a legacy system's retirement is agreed (R6).
    #[serde(default)]
    pub scientists: BTreeSet<PersonId>,
}

/// A rollout as somebody plans it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub title: String,
    pub what: Wanted,
    /// The kind's name in the policy.
    pub kind: String,
    pub window: Window,
    pub at_once: u32,
    pub stop_after_failed: u32,
    pub targets: Vec<Chosen>,
    /// What the check is to find; empty takes what it finds on the first target.
    #[serde(default)]
    pub baseline: BTreeMap<String, String>,
}

/// A target with its place in the facility.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub name: TargetName,
    pub group: String,
    pub host: String,
    pub instrument: String,
    pub wave: u32,
    pub scientists: BTreeSet<PersonId>,
}

/// A plan laid out: whatever the policy says later changes nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Laid {
    pub title: String,
    pub what: What,
    pub kind: String,
    pub label: String,
    pub legacy: bool,
    pub steps: Vec<Step>,
    pub window: Window,
    pub at_once: u32,
    pub stop_after_failed: u32,
    pub targets: Vec<Place>,
    pub baseline: BTreeMap<String, String>,
}

fn incomplete<T>(say: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::new(Code::Incomplete, say))
}

/// Lays a plan out, or says what it needs.
pub fn lay(plan: &Plan, facts: &Facts) -> Result<Laid, Refusal> {
    let policy = &facts.policy.rollouts;
    let title = plan.title.trim();
    if title.is_empty() || title.chars().count() > TITLE_MAX || title.chars().any(char::is_control) {
        return incomplete(format!("Give it a title of at most {TITLE_MAX} letters, like winter shutdown."));
    }
    let Some(kind) = policy.kind(&plan.kind) else {
        let known: Vec<&str> = policy.kinds.iter().map(|k| k.name.as_str()).collect();
        let sentence = format!("There is no kind “{}”: there are {}.", plan.kind, known.join(", "));
        return Err(Refusal::new(Code::NoSuchThing, sentence));
    };
    let Window { from, until } = plan.window;
    let last = facts.now + Duration::days(AHEAD_DAYS);
    if until <= from || until <= facts.now || until > last || until - from > Duration::days(WINDOW_DAYS) {
        return incomplete(format!(
            "Let the window end after it begins, in the time to come within two years, {WINDOW_DAYS} days later at most."
        ));
    }
    if !(1..=policy.at_once).contains(&plan.at_once) {
        return incomplete(format!(
            "Let 1 to {} targets be worked on at once: the policy lets no more.",
            policy.at_once
        ));
    }
    if !(1..=100).contains(&plan.stop_after_failed) {
        return incomplete("Say after how many failed targets it pauses, 1 to 100.");
    }
    // Where the policy knows no engine, people do every step.
    let engine = |file: &Option<String>| file.clone().filter(|_| policy.playbooks.is_some());
    let steps = kind.steps.iter().map(|s| Step {
        name: s.name.clone(),
        label: s.label.clone(),
        playbook: engine(&s.playbook),
        undo: engine(&s.undo),
        minutes: s.minutes.unwrap_or(policy.step_minutes),
        sign_off: s.sign_off,
    });
    Ok(Laid {
        title: title.to_owned(),
        what: what(&plan.what, facts)?,
        kind: kind.name.clone(),
        label: kind.label.clone(),
        legacy: kind.legacy,
        steps: steps.collect(),
        window: plan.window,
        at_once: plan.at_once,
        stop_after_failed: plan.stop_after_failed,
        targets: places(&plan.targets, facts)?,
        baseline: baseline(&plan.baseline)?,
    })
}

/// The release: a framework's by its name and version, a device's as it stands on record.
fn what(wanted: &Wanted, facts: &Facts) -> Result<What, Refusal> {
    match wanted {
        Wanted::Framework { name, version } => {
            let (name, version) = (name.trim(), version.trim());
            for part in [name, version] {
                // The engine would read more than letters as something of its own.
                let plain = |c: char| c.is_alphanumeric() || " ._+/-".contains(c);
                if part.is_empty() || part.chars().count() > NAME_MAX || !part.chars().all(plain) {
                    return incomplete("Name the framework and its version, like Karabo and 3.1.2.");
                }
            }
            // R1, G6: what the policy rejects goes nowhere.
            if !facts.policy.frameworks.known.is_empty() {
                let standing = facts.policy.frameworks.standing(name, version, facts.today());
                if standing == Standing::Unknown {
                    let sentence = format!("{name} {version} is no framework of the policy in one of its versions.");
                    return Err(Refusal::new(Code::NoSuchThing, sentence));
                }
                if let Standing::Rejected { .. } = standing {
                    let sentence = format!("{name} {version} is {}: choose another version.", standing.words());
                    return Err(Refusal::new(Code::WrongState, sentence));
                }
            }
            Ok(What::Framework { name: name.to_owned(), version: version.to_owned() })
        }
        Wanted::Device { name, tag } => match facts.release {
            Some(Ok(found)) => Ok(What::Device {
                device: found.device,
                name: found.name.clone(),
                release: Box::new(found.release.clone()),
            }),
            Some(Err(why)) => Err(Refusal::new(Code::WrongState, why.clone())),
            None => Err(Refusal::new(Code::NoSuchThing, format!("There is no release {tag} of {name} on record."))),
        },
    }
}

fn places(chosen: &[Chosen], facts: &Facts) -> Result<Vec<Place>, Refusal> {
    let policy = &facts.policy.rollouts;
    if chosen.is_empty() {
        return incomplete("Choose at least one target.");
    }
    let mut seen = BTreeSet::new();
    let mut places = Vec::with_capacity(chosen.len());
    for c in chosen {
        let Some(known) = policy.target(&c.name.0) else {
            let sentence = format!("There is no target “{}” in the policy.", c.name);
            return Err(Refusal::new(Code::NoSuchThing, sentence));
        };
        if !seen.insert(&c.name) {
            return incomplete(format!("{} stands there twice: name it once.", c.name));
        }
        let scientist = |p: &PersonId| facts.people.active(*p) && !facts.people.has(*p, &Role::Ctrl);
        if !c.scientists.iter().all(scientist) {
            let name = &c.name;
            return incomplete(format!(
                "Name scientists of {name} who have an open account and are not of CTRL: they are the other side (R6)."
            ));
        }
        places.push(Place {
            name: c.name.clone(),
            group: known.group.clone(),
            host: known.host.clone(),
            instrument: known.instrument.clone(),
            wave: c.wave,
            scientists: c.scientists.clone(),
        });
    }
    let waves: BTreeSet<u32> = places.iter().map(|p| p.wave).collect();
    if !waves.iter().copied().eq(0..waves.len() as u32) {
        return incomplete("Number the waves from 0, the first one, and leave none out.");
    }
    let first = places.iter().filter(|p| p.wave == 0).count();
    let few = policy.first_wave as usize;
    if places.len() > few && first > few {
        return incomplete(format!(
            "Let at most {few} targets be in the first wave: it has to succeed before the rest begins (R1)."
        ));
    }
    // In the order in which they begin; of a wave as they were chosen.
    places.sort_by_key(|p| p.wave);
    Ok(places)
}

/// A baseline that can be kept.
pub(super) fn baseline(given: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Refusal> {
    let long = |text: &str| text.chars().count() > BASELINE_MAX || text.chars().any(char::is_control);
    if given.len() > BASELINE_MOST || given.iter().any(|(k, v)| k.trim().is_empty() || long(k) || long(v)) {
        return incomplete(format!(
            "Let the baseline name at most {BASELINE_MOST} facts, each with a value of at most {BASELINE_MAX} letters."
        ));
    }
    Ok(given.iter().map(|(k, v)| (k.trim().to_owned(), v.trim().to_owned())).collect())
}
