//! Gates of hand-back, deployment, take-over and shut-down (B, G, N).

use super::{Gate, GateId as G, Turn, setup, skipping};
use crate::domain::{
    deployment::Environment,
    device::Device,
    due::in_words,
    id::ServerName,
    lifecycle::{
        command::{Command, CommandKind as C},
        facts::Facts,
        state::{State, StateName},
        table::Who,
    },
    overrides::Skip,
    release::Release,
    review::Ground,
    server::{Server, SupportClass},
    stage::Reporter,
    tag::found,
    version::same_version,
};
use std::collections::BTreeMap;
use strum::IntoEnumIterator;

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

/// G1: onto a full server a tag and nothing else, asked for by CTRL, of what CTRL owns or is taking over (T8).
pub(super) fn tag_only(device: &Device, command: Option<&Command>, facts: &Facts) -> Gate {
    let Some((server, tag)) = command.and_then(Command::placing) else {
        return Gate::met(G::G1, "Full-support servers take verified tags only.");
    };
    let Some(on_record) = facts.servers.get(server) else {
        return Gate::open(
            G::G1,
            Turn::Ctrl,
            format!("{server} is not on record: an administrator adds it under Servers."),
        );
    };
    let by_ctrl = facts.standing(device).contains(&Who::Ctrl);
    match (on_record.class, &device.state) {
        (SupportClass::Full, State::CtrlOwned { .. }) if by_ctrl && tag.is_some() => {
            Gate::met(G::G1, format!("{server} takes tags, and CTRL asks."))
        }
        (SupportClass::Full, State::CtrlOwned { .. } | State::UnderReview { .. }) if !by_ctrl => Gate::open(
            G::G1,
            Turn::Ctrl,
            format!("{server} is a full-support server: CTRL deploys there. Ask your CTRL contact."),
        ),
        (SupportClass::Full, State::CtrlOwned { .. } | State::UnderReview { .. }) if tag.is_none() => {
            Gate::open(G::G1, Turn::Ctrl, format!("{server} takes a tag and nothing else: name the tag."))
        }
        (SupportClass::Full, State::UnderReview { review, .. }) => {
            let approved = review.commit().and_then(|c| device.release_of(c)).map(|r| r.tag());
            let gates = [G::T4, G::T5];
            let blocked = gates.iter().map(|g| super::judge(*g, device, None, facts)).find(|g| !g.met);
            match (approved, blocked) {
                (_, Some(g)) => Gate {
                    id: G::G1,
                    title: G::G1.title(),
                    why: format!("It is under review, and only an approved commit goes there: {}", g.why),
                    ..g
                },
                (Some(t), None) if Some(t) == tag => Gate::met(G::G1, format!("{t} is the approved commit.")),
                (Some(t), None) => Gate::open(G::G1, Turn::Ctrl, format!("Only {t} is the approved commit.")),
                (None, None) => Gate::open(G::G1, Turn::Contributor, "The approved commit has no verified tag yet.")
                    .by(C::VerifyTag),
            }
        }
        (SupportClass::Full, _) => Gate::open(
            G::G1,
            Turn::Contributor,
            format!("{server} is a full-support server: only what CTRL owns runs there. Ask for the transfer first."),
        )
        .by(C::RequestTransfer),
        (SupportClass::Reduced, State::CtrlOwned { .. }) => Gate::open(
            G::G1,
            Turn::Ctrl,
            format!("{server} is a development server: hand the device back to develop it again."),
        )
        .by(C::HandBack),
        (SupportClass::Reduced, State::UnderReview { .. })
            if !by_ctrl && device.placed_class() == Some(SupportClass::Full) =>
        {
            Gate::open(
                G::G1,
                Turn::Ctrl,
                "CTRL has moved it to a full-support server: return it to development to go on developing.",
            )
            .by(C::ReturnToDevelopment)
        }
        (SupportClass::Reduced, _) if !by_ctrl && device.placed_on(server).is_none() => Gate::open(
            G::G1,
            Turn::Ctrl,
            format!("{server} is not assigned to it: ask your CTRL contact to assign it (H1)."),
        )
        .by(C::AssignServer),
        (SupportClass::Reduced, _) => match facts.policy.name_shows_reduced(&server.0) {
            Ok(()) => Gate::met(G::G1, format!("{server} is a development server.")),
            Err(problem) => Gate::open(G::G1, Turn::Ctrl, problem.to_string()),
        },
    }
}

/// Whether a release that stands is what its tag names this moment, where the repository was read for it (A3).
pub(super) fn still_as_verified(id: G, release: &Release, facts: &Facts) -> Gate {
    let tag = release.tag();
    let branch = found::no_branch(tag, facts.readings.tag_is_branch);
    match &facts.readings.tag_now {
        Some(Ok(Some(now))) if *now != release.verified.object => Gate::open(
            id,
            Turn::Contributor,
            format!("{tag} names another object in the repository than the one that was verified: make a new tag."),
        ),
        Some(Ok(None)) => Gate::open(
            id,
            Turn::Contributor,
            format!("{tag} is gone from the repository: push it again as it was, or make a new tag."),
        ),
        Some(Err(why)) => Gate::open(id, Turn::Machine, format!("The repository cannot be read now: {why}")),
        _ => match branch {
            Ok(()) => Gate::met(id, format!("{tag} is {}.", release.commit().short())),
            Err(why) => Gate::open(id, Turn::Contributor, why.to_string()),
        },
    }
}

/// The release on record; and the tag as the repository has it this moment, where it was read (A3, A10).
pub(super) fn on_record(device: &Device, command: Option<&Command>, facts: &Facts) -> Gate {
    let Some((_, Some(tag))) = command.and_then(Command::placing) else {
        return Gate::met(G::Tag, "No tag is asked for.");
    };
    match device.release(tag) {
        Some(r) if r.stands() => {
            let gate = still_as_verified(G::Tag, r, facts);
            match &facts.readings.at_hand {
                // A20: what was built or checked out of another commit is not this release.
                Some(other) if gate.met && other != r.commit() => Gate::open(
                    G::Tag,
                    Turn::Machine,
                    format!(
                        "{tag} is {}, and what is to be deployed is {}: check out the release's own commit.",
                        r.commit().short(),
                        other.short()
                    ),
                ),
                _ => gate,
            }
        }
        Some(_) => Gate::open(
            G::Tag,
            Turn::Contributor,
            format!("{tag} moved or vanished in the repository after it was verified: make a new tag."),
        ),
        None => {
            Gate::open(G::Tag, Turn::Contributor, format!("{tag} has not been verified: have Custody read it first."))
                .by(C::VerifyTag)
        }
    }
}

/// The release whose stages decide whether a command may place it (G3).
pub fn asks_for_stages<'a>(
    device: &'a Device,
    command: &Command,
    servers: &BTreeMap<ServerName, Server>,
) -> Option<&'a Release> {
    let (server, tag) = command.placing()?;
    let release = device.release(tag?).filter(|_| is_production(device, server, servers));
    release.filter(|r| !device.was_reviewed(r.tag()))
}

/// Whether this is a full server of production, of a device that CTRL owns.
fn is_production(device: &Device, server: &ServerName, servers: &BTreeMap<ServerName, Server>) -> bool {
    let production = |s: &Server| s.class == SupportClass::Full && s.environment == Environment::Production;
    servers.get(server).is_some_and(production) && matches!(device.state, State::CtrlOwned { .. })
}

/// G3: what goes onto a full server of production of a device that CTRL owns has passed its stages. The review stands in for the
/// release that was taken over, and for what goes there under review (T8).
pub(super) fn stages_passed(device: &Device, command: Option<&Command>, facts: &Facts) -> Gate {
    let Some((server, Some(tag))) = command.and_then(Command::placing) else {
        return Gate::met(G::G3, "What CTRL owns passes its stages before it goes into production.");
    };
    if !is_production(device, server, facts.servers) || device.release(tag).is_none() {
        return Gate::met(G::G3, "It is not asked for here.");
    }
    if device.was_reviewed(tag) {
        return Gate::met(G::G3, format!("{tag} passed the review."));
    }
    let lacks = facts.way.lacks(&facts.policy.releases.production_needs);
    let Some(first) = lacks.first() else {
        return Gate::met(G::G3, format!("{tag} passed what production asks for."));
    };
    let turn = if first.reporters().contains(&Reporter::Job) { Turn::Machine } else { Turn::Ctrl };
    let names: Vec<String> = lacks.iter().map(|s| format!("“{}”", s.label())).collect();
    let gate = Gate::open(
        G::G3,
        turn,
        format!("{tag} lacks {}. {}: {} reports it.", names.join(", "), first.label(), first.whose()),
    );
    let gate = Gate { release: Some(tag.clone()), ..gate };
    let skips: Vec<Skip> = Skip::iter().filter(|s| s.stage().is_some_and(|stage| lacks.contains(&stage))).collect();
    match skipping::counting(device, command, facts, &skips) {
        Some(o) => gate.skipped(o, facts),
        None => gate,
    }
}

pub(super) fn verified(device: &Device, facts: &Facts) -> Gate {
    let ours = [Who::Ctrl, Who::Custody];
    if matches!(device.state, State::CtrlOwned { .. }) && facts.standing(device).is_disjoint(&ours.into()) {
        // T10: afterwards the tags are CTRL's.
        return Gate::open(
            G::G2,
            Turn::Ctrl,
            "CTRL owns it, and its tags: propose the change to your CTRL contact instead.",
        )
        .by(C::AskHelp);
    }
    match &facts.readings.tag {
        Some(Ok(v)) => {
            let alike = device.releases.iter().find(|r| same_version(r.tag().as_str(), v.tag.as_str()));
            match (device.release(&v.tag), alike) {
                (Some(r), _) if r.verified.object != v.object => Gate::open(
                    G::G2,
                    Turn::Contributor,
                    format!(
                        "{} was {} when it was verified and is {} now: a release never changes, make a new tag.",
                        v.tag,
                        r.commit().short(),
                        v.commit.short()
                    ),
                ),
                // What runs prints its version, which may be spelled like either of the two.
                (None, Some(r)) => Gate::open(
                    G::G2,
                    Turn::Contributor,
                    format!(
                        "{} is the version of {}, a release on record: give it a version of its own.",
                        v.tag,
                        r.tag()
                    ),
                ),
                _ => Gate::met(G::G2, format!("{} is {} on {}.", v.tag, v.commit.short(), device.request.trunk)),
            }
        }
        Some(Err(why)) => Gate::open(G::G2, Turn::Contributor, why.clone()),
        None => Gate::open(G::G2, Turn::Machine, "The repository has not been read."),
    }
}
