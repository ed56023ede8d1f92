//! Host, access, training, help, and the way out of development (H1 to H7, T1, N3, N4).

use super::{Code, Refusal, already, none_such, text};
use crate::domain::{
    device::Device,
    id::PersonId,
    lifecycle::{command::Command, event::Happened as H, facts::Facts},
    server::SupportClass,
};
use chrono::Duration;

pub(super) fn decide(device: &Device, command: &Command, facts: &Facts) -> Result<Vec<H>, Refusal> {
    let setup = &device.cycle.setup;
    Ok(vec![match command {
        Command::AssignServer { server } => {
            if device.placed_on(server).is_some() {
                return Err(already(format!("It is placed on {server} already.")));
            }
            if device.placed_class() == Some(SupportClass::Full) {
                return Err(Refusal::new(
                    Code::Incomplete,
                    "It is still placed on a full-support server: remove it there first.",
                ));
            }
            H::ServerAssigned { server: server.clone() }
        }
        Command::CommitToUpdates {} => {
            if setup.committed.is_some() {
                return Err(already("A contributor has committed to it already."));
            }
            // The reading that the service made on the way is kept: H3 asks for both.
            let reach = facts.readings.reach.as_ref().map(|r| match r {
                Ok(head) => H::RepositoryReached { head: head.clone() },
                Err(why) => H::RepositoryLost { why: why.clone() },
            });
            return Ok(std::iter::once(H::CommittedToUpdates).chain(reach).collect());
        }
        Command::GrantAccess { person } => {
            if !device.is_contributor(*person) || !facts.people.active(*person) {
                return Err(Refusal::new(
                    Code::Incomplete,
                    "Choose a contributor of this device; add them to it first if they are new.",
                ));
            }
            if setup.has_access().any(|p| p == *person) {
                return Err(already("They have access already."));
            }
            ready_for_access(device, *person, facts)?;
            H::AccessGranted { person: *person }
        }
        Command::RevokeAccess { person } => {
            if !setup.has_access().any(|p| p == *person) {
                return Err(already("They have no access."));
            }
            H::AccessRevoked { person: *person }
        }
        Command::DeclareFramework { modified } => {
            if setup.framework_modified == Some(*modified) {
                return Err(already("That is on record already."));
            }
            H::FrameworkDeclared { modified: *modified }
        }
        Command::RecordTraining { person, topics } => {
            if !device.is_contributor(*person) {
                return Err(Refusal::new(Code::Incomplete, "Choose a contributor of this device."));
            }
            let known = &facts.policy.training.topics;
            if let Some(t) = topics.iter().find(|t| known.iter().all(|k| k.id != **t)) {
                return Err(none_such("training topic", t));
            }
            if topics.is_empty() {
                return Err(Refusal::new(Code::Incomplete, "Choose at least one topic."));
            }
            let until = facts.now + Duration::days(facts.policy.training.valid_days.into());
            H::Trained { person: *person, until: topics.iter().map(|t| (t.clone(), until)).collect() }
        }
        Command::StartDevelopment {} => H::DevelopmentStarted,
        Command::AskHelp { kind, text: t } => H::HelpAsked {
            entry: device.cycle.help.len() as u32 + 1,
            kind: *kind,
            text: text(t, "Say what you would like help with.")?,
        },
        Command::ScheduleHelp { entry, on } => {
            let h = device.cycle.help.iter().find(|h| h.id == *entry).ok_or_else(|| none_such("entry", entry))?;
            if h.given.is_some() {
                return Err(already("This help has been given."));
            }
            if *on < facts.today {
                return Err(Refusal::new(Code::Incomplete, format!("{on} is past: choose a day from today on.")));
            }
            H::HelpScheduled { entry: *entry, on: *on }
        }
        Command::LogHelp { entry, kind, text: t } => {
            let text = text(t, "Say what was done, so that others can build on it.")?;
            let (entry, kind) = match entry {
                None => (device.cycle.help.len() as u32 + 1, *kind),
                Some(id) => {
                    let h = device.cycle.help.iter().find(|h| h.id == *id).ok_or_else(|| none_such("entry", id))?;
                    if h.given.is_some() {
                        return Err(already("This help is on record already."));
                    }
                    (h.id, h.kind)
                }
            };
            H::HelpGiven { entry, kind, text }
        }
        Command::StateOperated { from, to, instrument, text: t } => {
            if from > to {
                return Err(Refusal::new(Code::Incomplete, format!("{from} is after {to}: swap the two days.")));
            }
            if *to > facts.today {
                return Err(Refusal::new(
                    Code::Incomplete,
                    format!("{to} has not come yet: state what has been, up to {}.", facts.today),
                ));
            }
            if !facts.policy.is_instrument(instrument) {
                return Err(Refusal::new(Code::Incomplete, "Name an instrument of the facility, like SCS."));
            }
            H::OperatedStated {
                from: *from,
                to: *to,
                instrument: instrument.clone(),
                text: text(t, "Say what it did there, and how well.")?,
            }
        }
        Command::Countersign {} => match &device.cycle.operated {
            None => {
                return Err(Refusal::new(Code::Incomplete, "There is no statement yet: a contributor makes one."));
            }
            Some(_) if facts.actor.person().is_some_and(|me| device.has_contributed(me)) => {
                return Err(Refusal::new(
                    Code::NotYours,
                    "You were a contributor in this cycle: a user of the device countersigns.",
                ));
            }
            Some(o) if o.countersigned.is_some() => return Err(already("It is countersigned already.")),
            Some(_) => H::Countersigned,
        },
        Command::RequestTransfer {} => H::TransferRequested,
        Command::TakeOver { ground, reason } => {
            H::TakenOver { ground: ground.clone(), reason: text(reason, "Say why CTRL takes it over.")? }
        }
        other => unreachable!("{} is judged in another room", other.kind()),
    }])
}

/// Who joins later passes what the others passed on the way here: the rules of conduct (L3) and, once development has
/// started, the training (H6).
fn ready_for_access(device: &Device, person: PersonId, facts: &Facts) -> Result<(), Refusal> {
    let name = facts.people.name(person);
    if !facts.accepted_conduct(person) {
        let version = facts.policy.conduct.version;
        return Err(Refusal::new(
            Code::Incomplete,
            format!("{name} has yet to accept the rules of conduct, version {version}: under My account."),
        ));
    }
    let lacks = facts.lacks(person);
    if device.state.is_developed() && !lacks.is_empty() {
        return Err(Refusal::new(
            Code::Incomplete,
            format!("{name} lacks {}: record the training first.", lacks.join(", ")),
        ));
    }
    Ok(())
}
