//! Gates of the environments (G5).

use super::{Gate, GateId as G, Turn, skipping};
use crate::domain::{
    device::Device,
    lifecycle::{
        command::{Command, CommandKind as C},
        facts::Facts,
    },
    overrides::Skip,
    server::SupportClass,
};

/// The server's environment takes what is asked for. What a full-support server takes at all, G1 says.
pub(super) fn takes(device: &Device, command: Option<&Command>, facts: &Facts) -> Gate {
    let Some((server, tag)) = command.and_then(Command::placing) else {
        return Gate::met(G::G5, "Each environment says what its servers take.");
    };
    let Some(on_record) = facts.servers.get(server) else {
        return Gate::met(G::G5, "It is not asked for here.");
    };
    if on_record.class == SupportClass::Full && tag.is_none() {
        return Gate::met(G::G5, "What a full-support server takes at all, G1 says.");
    }
    let label = facts.policy.environment_label(on_record.environment);
    if facts.policy.environment_takes(on_record.environment, tag) {
        let what = tag.map_or_else(|| "hot development".to_owned(), ToString::to_string);
        return Gate::met(G::G5, format!("{server} is in {label}, which takes {what}."));
    }
    let turn = if device.state.is_developed() && on_record.class == SupportClass::Reduced {
        Turn::Contributor
    } else {
        Turn::Ctrl
    };
    Gate::open(
        G::G5,
        turn,
        match tag {
            Some(tag) => format!("{server} is in {label}, which does not take {tag}: make a tag that its rule takes."),
            None => format!("{server} is in {label}, which takes tags and nothing else: name a tag."),
        },
    )
}

/// What moves on by itself is not held.
pub(super) fn held(device: &Device, command: Option<&Command>, facts: &Facts) -> Gate {
    match &device.moving_on.hold {
        Some(hold) => {
            let who = hold.by.map_or("Custody", |p| facts.people.name(p));
            let why = hold.reason.trim_end_matches('.');
            let gate =
                Gate::open(G::Hold, Turn::Ctrl, format!("It is held by {who}: {why}. Somebody of CTRL lifts it."))
                    .by(C::LiftHold);
            match skipping::counting(device, command, facts, &[Skip::Hold]) {
                Some(o) => gate.skipped(o, facts),
                None => gate,
            }
        }
        None => Gate::met(G::Hold, "Nothing holds it."),
    }
}
