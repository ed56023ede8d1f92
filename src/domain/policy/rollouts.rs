//! `[rollouts]`: how a release comes to many instruments (R1 to R7).

use serde::Serialize;

use super::lists::Item;
use super::repositories::full_path;
use super::source::{Found, Source};

/// `[rollouts]`: what they are run with, where they go, and by which steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rollouts {
    /// Full path of the folder with the facility's playbooks; `None` where people do every step by hand (R3).
    pub playbooks: Option<String>,
    /// Full path of the engine's inventory; there where playbooks are.
    pub inventory: Option<String>,
    /// The engine: its name, or its full path.
    pub program: String,
    /// Targets that one rollout works on at once, at most (R1).
    pub at_once: u32,
    /// Targets of the first wave, at most, where there are more than these (R1).
    pub first_wave: u32,
    /// Targets that failed after which a rollout pauses by itself, where it does not say otherwise (R3).
    pub stop_after_failed: u32,
    /// Minutes that a step may take, where it does not say otherwise.
    pub step_minutes: u32,
    /// Days after which a way back that was tried is an old one (R6).
    pub way_back_days: u32,
    /// Where rollouts go; no two with the same name.
    pub targets: Vec<RolloutTarget>,
    /// The kinds of rollouts (R2), at least one; no two with the same name.
    pub kinds: Vec<RolloutKind>,
}

impl Rollouts {
    /// The target of this name.
    pub fn target(&self, name: &str) -> Option<&RolloutTarget> {
        self.targets.iter().find(|t| t.name == name)
    }

    /// The kind of this name.
    pub fn kind(&self, name: &str) -> Option<&RolloutKind> {
        self.kinds.iter().find(|k| k.name == name)
    }
}

/// An instrument or a test stand (R1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RolloutTarget {
    /// Kept with every rollout: never changed once in use.
    pub name: String,
    /// Under which pages show it.
    pub group: String,
    /// The host or the group of the engine's inventory.
    pub host: String,
    /// The instrument that it serves; empty where it serves none.
    pub instrument: String,
}

/// A template of steps (R2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RolloutKind {
    /// Kept with every rollout.
    pub name: String,
    /// As pages show it.
    pub label: String,
    /// In their order; at least one.
    pub steps: Vec<RolloutStep>,
    /// Whether a legacy system stays beside the new one for a while (R6).
    pub legacy: bool,
}

/// One step of a template (R2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RolloutStep {
    pub name: String,
    /// As pages show it.
    pub label: String,
    /// The file that the engine runs; `None` where a person does it.
    pub playbook: Option<String>,
    /// The file that takes it back.
    pub undo: Option<String>,
    /// Minutes that it may take.
    pub minutes: Option<u32>,
    /// Whether somebody signs it off after it.
    pub sign_off: bool,
}

const SECTION: &str = "rollouts";
const TARGET_KEYS: [&str; 4] = ["name", "group", "host", "instrument"];
const KIND_KEYS: [&str; 4] = ["name", "label", "steps", "legacy"];
const STEP_KEYS: [&str; 6] = ["name", "label", "playbook", "undo", "minutes", "sign_off"];

/// What a step may take: a day, as of its hours some are the night's.
const MINUTES: std::ops::RangeInclusive<u32> = 1..=1440;

/// Reads the section; targets serve these instruments, where the facility names any.
pub(super) fn rollouts(source: &Source<'_>, instruments: &[String]) -> Rollouts {
    let path = |key: &str| {
        let found = source.text(SECTION, key);
        if !found.value.is_empty() {
            full_path(source, &found);
        }
        found
    };
    let (playbooks, inventory) = (path("playbooks"), path("inventory"));
    if inventory.value.is_empty() && !playbooks.value.is_empty() {
        let hint = "Name it too, for example inventory = \"/etc/ansible/hosts\".";
        source.problem(&playbooks.place, "Without an inventory the engine knows no hosts.", hint);
    }
    let program = source.filled(SECTION, "program");
    if program.value.contains('/') {
        full_path(source, &program);
    } else if program.value.starts_with('-') || program.value.contains(char::is_whitespace) {
        let hint = "Write its name alone, or its full path, for example program = \"ansible-playbook\".";
        source.problem(&program.place, "This is not the name of a program.", hint);
    }
    let some = |found: Found<String>| Some(found.value).filter(|v| !v.is_empty());
    Rollouts {
        playbooks: some(playbooks),
        inventory: some(inventory),
        program: program.value,
        at_once: source.whole(SECTION, "at_once", 1..=100, "targets").value,
        first_wave: source.whole(SECTION, "first_wave", 1..=100, "targets").value,
        stop_after_failed: source.whole(SECTION, "stop_after_failed", 1..=100, "targets").value,
        step_minutes: source.whole(SECTION, "step_minutes", MINUTES, "minutes").value,
        way_back_days: source.whole(SECTION, "way_back_days", 1..=3650, "days").value,
        targets: targets(source, instruments),
        kinds: kinds(source),
    }
}

fn targets(source: &Source<'_>, instruments: &[String]) -> Vec<RolloutTarget> {
    let items = source.tables(SECTION, "targets", &TARGET_KEYS).value;
    let names: Vec<_> = items.iter().filter_map(|item| source.item_text(item, "name")).collect();
    source.refuse_twice(&names);
    items.iter().filter_map(|item| target(source, item, instruments)).collect()
}

fn target(source: &Source<'_>, item: &Item<'_>, instruments: &[String]) -> Option<RolloutTarget> {
    // That it is missing is kept as a problem already.
    let name = source.item_text_if(item, "name");
    if let Some(name) = name.as_ref().filter(|name| !is_target(&name.value)) {
        let hint = "Use at most 60 letters, digits, blanks, -, _ and ., for example name = \"SPB-LAB\".";
        source.problem(&name.place, format!("“{}” cannot be the name of a target.", name.value), hint);
    }
    let group = source.item_text(item, "group");
    let host = source.item_text(item, "host");
    if let Some(host) = host.as_ref().filter(|host| !is_host(&host.value)) {
        let hint = "Write it as the inventory has it, for example host = \"spb-ctrl01\".";
        source.problem(&host.place, format!("“{}” is no host and no group of an inventory.", host.value), hint);
    }
    let instrument = source.item_text_if(item, "instrument");
    if let Some(odd) = instrument.as_ref().filter(|i| !instruments.is_empty() && !instruments.contains(&i.value)) {
        let hint = "Name one of them, or leave instrument out.";
        let reason = format!("“{}” is no instrument of [facility].", odd.value);
        source.problem(&odd.place, reason, hint);
    }
    Some(RolloutTarget {
        name: name?.value,
        group: group?.value,
        host: host?.value,
        instrument: instrument.map_or_else(String::new, |i| i.value),
    })
}

fn kinds(source: &Source<'_>) -> Vec<RolloutKind> {
    let items = source.tables(SECTION, "kinds", &KIND_KEYS).value;
    source.refuse_empty(SECTION, "kinds", "Without a kind no rollout could be planned (rule R2).");
    let names: Vec<_> = items.iter().filter_map(|item| name(source, item)).collect();
    source.refuse_twice(&names);
    items.iter().filter_map(|item| kind(source, item)).collect()
}

fn kind(source: &Source<'_>, item: &Item<'_>) -> Option<RolloutKind> {
    let label = source.item_text(item, "label");
    let steps = source.item_tables(item, "steps", &STEP_KEYS);
    if steps.is_empty() {
        let hint = "Name them in their order, for example steps = [{ name = \"check\", label = \"Check\" }].";
        source.problem(&item.place, "This kind has no steps (rule R2).", hint);
    }
    let names: Vec<_> = steps.iter().filter_map(|step| name(source, step)).collect();
    source.refuse_twice(&names);
    Some(RolloutKind {
        // What is wrong with it is kept as a problem already.
        name: source.item_text_if(item, "name")?.value,
        label: label?.value,
        steps: steps.iter().filter_map(|item| step(source, item)).collect(),
        legacy: source.item_flag(item, "legacy"),
    })
}

fn step(source: &Source<'_>, item: &Item<'_>) -> Option<RolloutStep> {
    let label = source.item_text(item, "label");
    let minutes = item.has("minutes").then(|| source.item_whole(item, "minutes", MINUTES, "minutes", 30).value);
    Some(RolloutStep {
        name: source.item_text_if(item, "name")?.value,
        label: label?.value,
        playbook: playbook(source, item, "playbook"),
        undo: playbook(source, item, "undo"),
        minutes,
        sign_off: source.item_flag(item, "sign_off"),
    })
}

/// The name of a kind or a step, as it is kept.
fn name(source: &Source<'_>, item: &Item<'_>) -> Option<Found<String>> {
    let name = source.item_text(item, "name")?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let begins = name.value.starts_with(|c: char| c.is_ascii_lowercase());
    if name.value.len() > 64 || !begins || !name.value.chars().all(plain) {
        let hint = "Use at most 64 small letters, digits and _, for example name = \"full_release\".";
        source.problem(&name.place, format!("“{}” cannot be a name here.", name.value), hint);
    }
    Some(name)
}

/// A file of the folder: nothing that leads out of it, and nothing that the engine would take for an option.
fn playbook(source: &Source<'_>, item: &Item<'_>, key: &str) -> Option<String> {
    let file = source.item_text_if(item, key)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let begins = file.value.starts_with(|c: char| c.is_ascii_alphanumeric());
    let ends = [".yml", ".yaml"].iter().any(|end| file.value.ends_with(end));
    if file.value.len() > 100 || !begins || !ends || !file.value.chars().all(plain) {
        let hint = format!("Write the file's name alone, for example {key} = \"back_up.yml\".");
        source.problem(&file.place, format!("“{}” is not the plain name of a playbook.", file.value), hint);
    }
    Some(file.value)
}

/// A name that stands in addresses and messages.
fn is_target(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || " ._-".contains(c);
    name.len() <= 60 && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(plain)
}

/// One host or one group: no option, no file of hosts that failed, and never everything.
fn is_host(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    let many = ["all", "ungrouped"].iter().any(|group| name.eq_ignore_ascii_case(group));
    name.len() <= 128 && begins && name.chars().all(plain) && !many
}
