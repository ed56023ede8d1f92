//! H1 to H6: what is prepared before development starts.

use super::{
    Gate, GateId as G, Turn,
    discussion::{count, has},
};
use crate::domain::{
    device::Device,
    id::{PersonId, ServerName},
    lifecycle::{
        command::{Command, CommandKind as C},
        facts::Facts,
    },
    server::SupportClass,
};

/// The server in question: the one that is being assigned, or the one that is.
fn in_question<'a>(device: &'a Device, command: Option<&'a Command>) -> Option<&'a ServerName> {
    match command {
        Some(Command::AssignServer { server } | Command::HandBack { server, .. }) => Some(server),
        _ => device.placements.iter().find(|p| p.class == SupportClass::Reduced).map(|p| &p.server),
    }
}

pub(super) fn server(device: &Device, command: Option<&Command>, facts: &Facts) -> Gate {
    let open = |why: String| Gate::open(G::H1, Turn::Ctrl, why).by(C::AssignServer);
    let Some(name) = in_question(device, command) else {
        return open("The CTRL contact has yet to assign a development host and a device server.".to_owned());
    };
    let Some(server) = facts.servers.get(name) else {
        return open(format!("{name} is not on record: an administrator adds it under Servers."));
    };
    if server.class != SupportClass::Reduced {
        return open(format!("{name} is a full-support server: choose one for development."));
    }
    let pool = &facts.policy.servers.pool;
    if !pool.is_empty() && !pool.contains(&name.0) {
        return open(format!("{name} is not in the pool of development servers: {}.", pool.join(", ")));
    }
    Gate::met(G::H1, format!("{name} on {}.", server.host))
}

pub(super) fn server_name(device: &Device, command: Option<&Command>, facts: &Facts) -> Gate {
    let Some(name) = in_question(device, command) else {
        return Gate::open(G::H2, Turn::Ctrl, "There is no server yet.").by(C::AssignServer);
    };
    match facts.policy.name_shows_reduced(&name.0) {
        Ok(()) => Gate::met(G::H2, format!("{name} shows it.")),
        Err(problem) => Gate::open(G::H2, Turn::Ctrl, problem.to_string()).by(C::AssignServer),
    }
}

pub(super) fn repository(device: &Device, facts: &Facts) -> Gate {
    if device.cycle.setup.committed.is_none() {
        return Gate::open(
            G::H3,
            Turn::Contributor,
            "A contributor has yet to commit to mandatory updates of the host and to versioned code.",
        )
        .by(C::CommitToUpdates);
    }
    reachable(G::H3, device, facts)
}

/// Whether Custody has reached the repository: by a reading of this moment, or the last one on record.
pub(super) fn reachable(id: G, device: &Device, facts: &Facts) -> Gate {
    let on_record = device.repository.as_ref().map(|r| &r.reached);
    match facts.readings.reach.as_ref().or(on_record) {
        Some(Ok(head)) => Gate::met(id, format!("{} is at {}.", device.request.trunk, head.short())),
        Some(Err(why)) => {
            Gate::open(id, Turn::Contributor, format!("{} could not be read: {why}", device.request.repository))
                .by(C::CheckRepository)
        }
        None => Gate::open(id, Turn::Machine, "The repository has not been read yet.").by(C::CheckRepository),
    }
}

pub(super) fn access(device: &Device, facts: &Facts) -> Gate {
    let who: Vec<PersonId> = device.cycle.setup.has_access().filter(|p| device.is_contributor(*p)).collect();
    if who.is_empty() {
        Gate::open(G::H4, Turn::Ctrl, "No contributor has access to the host yet.").by(C::GrantAccess)
    } else {
        Gate::met(G::H4, format!("{} access.", has(facts, &who)))
    }
}

pub(super) fn framework(device: &Device) -> Gate {
    match device.cycle.setup.framework_modified {
        Some(true) => Gate::met(G::H5, "The framework is modified there: the whole service has no support."),
        Some(false) => Gate::met(G::H5, "Devices only: the framework installation is supported."),
        None => Gate::open(G::H5, Turn::Ctrl, "Say whether the framework itself will be modified, or devices only.")
            .by(C::DeclareFramework),
    }
}

pub(super) fn training(device: &Device, facts: &Facts) -> Gate {
    let topics = &facts.policy.training.topics;
    let mut missing = Vec::new();
    let with_access: Vec<PersonId> = device.cycle.setup.has_access().filter(|p| device.is_contributor(*p)).collect();
    for person in &with_access {
        let lacks = facts.lacks(*person);
        if !lacks.is_empty() {
            missing.push(format!("{} lacks {}", facts.people.name(*person), lacks.join(", ")));
        }
    }
    if with_access.is_empty() {
        Gate::open(G::H6, Turn::Ctrl, "Nobody has access yet; who gets it is trained first.").by(C::GrantAccess)
    } else if missing.is_empty() {
        Gate::met(
            G::H6,
            format!("{} trained in {}.", facts.people.names(&with_access), count(topics.len(), "topic", "topics")),
        )
    } else {
        Gate::open(G::H6, Turn::Ctrl, format!("{}.", missing.join("; "))).by(C::RecordTraining)
    }
}
