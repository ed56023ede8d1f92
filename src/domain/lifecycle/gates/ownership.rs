//! Gates of hand-back, take-over and shut-down, and of what ends (B, N).

use super::{Gate, GateId as G, Turn, setup};
use crate::domain::{
    device::Device,
    due::in_words,
    lifecycle::{
        command::{Command, CommandKind as C},
        facts::Facts,
        state::{State, StateName},
    },
    review::Ground,
};

pub(super) fn reason(command: Option<&Command>) -> Gate {
    match command.and_then(Command::reason) {
        Some(r) if !r.trim().is_empty() => Gate::met(G::Reason, r.trim().to_owned()),
        _ => Gate::open(G::Reason, Turn::Contributor, "Say why, in a sentence that others can understand later."),
    }
}

pub(super) fn nothing_runs(device: &Device, facts: &Facts) -> Gate {
    if let Some(p) = device.placements.first() {
        return Gate::open(
            G::NothingRuns,
            Turn::Contributor,
            format!("It is still placed on {}: remove it there.", p.server),
        )
        .by(C::Remove);
    }
    match facts.running().next() {
        Some(s) => Gate::open(
            G::NothingRuns,
            Turn::Contributor,
            format!("{} is still seen running on {}: stop it there.", s.instance, s.server),
        ),
        None => Gate::met(G::NothingRuns, "It is placed nowhere and seen nowhere."),
    }
}

/// The server of a hand-back is chosen as the first one was (H1, H2).
pub(super) fn reduced_server(device: &Device, command: Option<&Command>, facts: &Facts) -> Gate {
    let Some(Command::HandBack { server, .. }) = command else {
        return Gate::open(G::B2, Turn::Ctrl, "Choose a reduced-support server.");
    };
    let judged = [setup::server(device, command, facts), setup::server_name(device, command, facts)];
    match judged.into_iter().find(|g| !g.met) {
        Some(inner) => Gate { id: G::B2, title: G::B2.title(), where_to: None, ..inner },
        None => Gate::met(G::B2, format!("{server}; until it is seen there it is not supported at all.")),
    }
}

/// On a hand-back: the release that the next cycle starts from. Later: that this cycle was talked through. The first
/// one was before it was accepted, and still is unless something was raised or amended since (L5, L6, L7).
pub(super) fn next_cycle(device: &Device, facts: &Facts) -> Gate {
    if let State::CtrlOwned { owned, .. } = &device.state {
        return Gate::met(G::B3, format!("The next cycle starts from {}.", owned.release));
    }
    let points = super::discussion::points(device, facts);
    let reservations = super::discussion::reservations(device, facts);
    let areas = super::discussion::areas(device, facts);
    for inner in [points, reservations, areas] {
        if !inner.met {
            return Gate { id: G::B3, title: G::B3.title(), ..inner };
        }
    }
    let base = device.cycle.base.as_ref().map_or_else(String::new, |b| format!(" from {b}"));
    Gate::met(G::B3, format!("Cycle {}{base} is discussed and signed off.", device.cycle.number))
}

pub(super) fn end_date(command: Option<&Command>, facts: &Facts) -> Gate {
    let until = match command {
        Some(Command::HandBack { until, .. }) => *until,
        Some(Command::ExtendLoan { until, .. }) => Some(*until),
        _ => None,
    };
    match until {
        Some(day) if day <= facts.today => Gate::open(
            G::B4,
            Turn::Contributor,
            format!("{} is past: choose a day after {}.", in_words(day), in_words(facts.today)),
        ),
        Some(day) => Gate::met(G::B4, format!("Until {}; the review stays mandatory.", in_words(day))),
        None => Gate::met(G::B4, "For as long as it takes."),
    }
}

pub(super) fn one_class(device: &Device, command: Option<&Command>, facts: &Facts) -> Gate {
    let class = command.and_then(Command::placing).and_then(|(server, _)| facts.servers.get(server)).map(|s| s.class);
    match (device.placed_class(), class) {
        // Under review CTRL moves it in one step (T8): the old placements go as the new one comes.
        (Some(a), Some(b)) if a != b && device.state.name() != StateName::UnderReview => Gate::open(
            G::N2,
            Turn::Ctrl,
            format!("It is placed on a {}: a device is fully supported or reduced, never both.", a.words()),
        ),
        _ => Gate::met(G::N2, "All its places are of one class."),
    }
}

pub(super) fn needed_elsewhere(command: Option<&Command>, facts: &Facts) -> Gate {
    match command {
        Some(Command::TakeOver { ground: Ground::NeededElsewhere { instrument, task }, reason }) => {
            if reason.trim().is_empty() || task.trim().is_empty() {
                Gate::open(G::N3, Turn::Ctrl, "Give the reason, and the task by which the author is to help.")
            } else if !facts.policy.is_instrument(instrument) {
                Gate::open(G::N3, Turn::Ctrl, "Name the instrument that needs it, one of the facility, like SCS.")
            } else {
                Gate::met(G::N3, format!("{instrument} needs it."))
            }
        }
        _ => Gate::met(G::N3, "Not the ground of this take-over."),
    }
}

pub(super) fn authors_gone(device: &Device, command: Option<&Command>, facts: &Facts) -> Gate {
    match command {
        Some(Command::TakeOver { ground: Ground::Orphaned {}, .. }) => {
            Gate { id: G::N4, title: G::N4.title(), ..orphaned(device, facts) }
        }
        _ => Gate::met(G::N4, "Not the ground of this take-over."),
    }
}

pub(super) fn orphaned(device: &Device, facts: &Facts) -> Gate {
    if device.is_orphaned(facts.people, facts.policy, facts.now) {
        Gate::met(G::Orphaned, "No contact can be reached, or its contributors’ accounts are closed.")
    } else {
        Gate::open(
            G::Orphaned,
            Turn::Machine,
            format!("{} can be reached: talk to them.", facts.people.names(&device.contributors)),
        )
    }
}

pub(super) fn shut_down_named(device: &Device, command: Option<&Command>, facts: &Facts) -> Gate {
    let open = |why: &str| Gate::open(G::N5, Turn::Ctrl, why);
    if device.shut_down.is_some() {
        return open("It is shut down already.");
    }
    let Some(Command::ShutDown { reason, affected, responsible, conditions }) = command else {
        return open("Name the reason, the affected services, and who is responsible for the restart.");
    };
    if [reason, affected, conditions].iter().any(|t| t.trim().is_empty()) {
        open("Name the reason, the affected services, and the conditions of a restart.")
    } else if !facts.people.active(*responsible) {
        open("Choose who is responsible for the restart: somebody whose account is open.")
    } else {
        Gate::met(G::N5, format!("{} is responsible for the restart.", facts.people.name(*responsible)))
    }
}

pub(super) fn may_restart(device: &Device) -> Gate {
    match &device.shut_down {
        Some(s) => Gate::met(G::N6, format!("Conditions: {}", s.conditions)),
        None => Gate::open(G::N6, Turn::Ctrl, "It is not shut down."),
    }
}

pub(super) fn running(device: &Device) -> Gate {
    match &device.shut_down {
        Some(s) => Gate::open(
            G::Running,
            Turn::Ctrl,
            format!(
                "CTRL shut it down: {}. It is restarted first, on these conditions: {}",
                s.reason.text, s.conditions
            ),
        )
        .waits([s.responsible])
        .by(C::Restart),
        None => Gate::met(G::Running, "It is not shut down."),
    }
}
