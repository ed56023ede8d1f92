//! Gates of deployment: onto which server, in which tag, after which stages (G1 to G3).

use super::{Gate, GateId as G, Turn, skipping};
use crate::domain::{
    deployment::Environment,
    device::Device,
    id::ServerName,
    lifecycle::{
        command::{Command, CommandKind as C},
        facts::Facts,
        state::State,
        table::Who,
    },
    overrides::Skip,
    release::Release,
    server::{Server, SupportClass},
    stage::Reporter,
    tag::found,
    version::same_version,
};
use std::collections::BTreeMap;
use strum::IntoEnumIterator;

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
