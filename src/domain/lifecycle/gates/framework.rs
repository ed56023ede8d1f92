//! The gate of the framework's versions (G6).

use super::{Gate, GateId as G, Turn};
use crate::domain::{
    deployment::Environment,
    device::Device,
    framework::{Found, Standing, of_release},
    lifecycle::{
        command::{Command, CommandKind as C},
        facts::Facts,
        state::State,
    },
    policy::UnknownVersion,
};

/// G6: what goes into production is not built against a version that is rejected by now. In development anything may be
/// tried.
pub(super) fn taken(device: &Device, command: Option<&Command>, facts: &Facts) -> Gate {
    let Some((server, Some(tag))) = command.and_then(Command::placing) else {
        return Gate::met(G::G6, "Production takes nothing that is built against a rejected version of the framework.");
    };
    let production = facts.servers.get(server).is_some_and(|s| s.environment == Environment::Production);
    let Some(release) = device.release(tag).filter(|_| production) else {
        return Gate::met(G::G6, "It is not asked for here.");
    };
    // Its tags are CTRL's once CTRL owns it (T10).
    let owned = matches!(device.state, State::CtrlOwned { .. });
    let turn = if owned { Turn::Ctrl } else { Turn::Contributor };
    let unknown = |why: String| match facts.policy.frameworks.unknown {
        UnknownVersion::Warn => Gate::met(G::G6, format!("Unknown, and taken: {why}")),
        UnknownVersion::Refuse => Gate::open(G::G6, turn, why).by(C::BuildAgainst),
    };
    match of_release(device, release, facts.policy, facts.today) {
        Found::NotAsked(why) => Gate::met(G::G6, format!("Nothing is asked. {why}")),
        Found::NotRead => {
            let why = format!(
                "Which version of the framework {tag} is built against has not been read yet: Custody reads it with its regular checks, or now if it is told to."
            );
            Gate::open(G::G6, Turn::Machine, why).by(C::ReadFramework)
        }
        Found::Nothing { why } => unknown(format!("Which version {tag} is built against could not be found. {why}")),
        Found::Version { framework, version, standing } => {
            let is = format!("{tag} is built against {framework} {version}, {}", standing.words());
            match standing {
                Standing::Current => Gate::met(G::G6, format!("{is}.")),
                Standing::Deprecated { .. } => {
                    Gate::met(G::G6, format!("{is}. It is taken still: plan the update{}.", to(framework, facts)))
                }
                Standing::Rejected { .. } => {
                    let why = format!("{is}: update it{} and make a new tag.", to(framework, facts));
                    Gate::open(G::G6, turn, why).by(C::VerifyTag)
                }
                Standing::Unknown => {
                    unknown(format!("{is}. An administrator puts it into the policy, or the device is updated."))
                }
            }
        }
    }
}

/// The version to go to, where there is one.
fn to(framework: &str, facts: &Facts) -> String {
    let proposed = facts.policy.frameworks.framework(framework).and_then(|f| f.proposed(facts.today));
    proposed.map_or_else(String::new, |version| format!(" to {version}"))
}
