//! From development to production (G5).

use super::{Code, Refusal, already, none_such, short, text};
use crate::domain::{
    deployment::Environment,
    device::Device,
    id::PersonId,
    lifecycle::{command::Command, event::Happened as H, facts::Facts},
    moving_on::{Cause, goes_back},
    tag::TagName,
};

pub(super) fn decide(device: &Device, command: &Command, facts: &Facts) -> Result<Vec<H>, Refusal> {
    let moving = &device.moving_on;
    let wrong = |sentence: String| Err(Refusal::new(Code::WrongState, sentence));
    Ok(vec![match command {
        Command::MoveOnByItself { server } => {
            let on_record = facts.servers.get(server).ok_or_else(|| none_such("server", server))?;
            if on_record.environment != Environment::Production {
                let label = facts.policy.environment_label(on_record.environment);
                let sentence = format!("{server} is in {label}: choose a server of production.");
                return Err(Refusal::new(Code::Incomplete, sentence));
            }
            let me = facts.actor.person();
            if moving.by_itself.as_ref().is_some_and(|b| b.server == *server && Some(b.set.by) == me) {
                return Err(already(format!("It moves on to {server} by itself already.")));
            }
            H::SetToMoveOn { server: server.clone() }
        }
        Command::StopMovingOn {} => match &moving.by_itself {
            Some(_) => H::MovingOnStopped,
            None => return Err(already("It does not move on by itself.")),
        },
        Command::HoldMovingOn { reason } => match &moving.hold {
            Some(hold) => {
                let who = hold.by.map_or("Custody", |p| facts.people.name(p));
                return Err(already(format!("It is held already, by {who}: {}", hold.reason)));
            }
            None => H::MovingOnHeld {
                cause: Cause::Person,
                reason: text(reason, "Say why it is to be held.")?,
                because_of: facts.actor.person(),
            },
        },
        Command::LiftHold { reason } => match &moving.hold {
            Some(_) => H::HoldLifted { reason: text(reason, "Say why it may go on.")? },
            None => return Err(already("Nothing holds it.")),
        },
        Command::MoveOn { server, tag, from } => {
            let set = moving.by_itself.as_ref().filter(|b| b.server == *server);
            if set.map(|b| b.set.by) != facts.actor.person() {
                return wrong(format!("It is not set to move on to {server} by itself."));
            }
            let on_record = facts.servers.get(server).ok_or_else(|| none_such("server", server))?;
            if on_record.environment != Environment::Production {
                return wrong(format!("{server} is no longer a server of production."));
            }
            let placed = device.placed_on(server);
            if placed.and_then(|p| p.release.as_ref()) == Some(tag) {
                return Err(already(format!("{tag} is on {server} already.")));
            }
            if let Some(newer) = goes_back(placed, facts.last, tag) {
                let is = if placed.is_some_and(|p| p.release.as_ref() == Some(newer)) { "is" } else { "was" };
                return wrong(format!("{newer} {is} there, which is newer: nothing goes back by itself."));
            }
            let class = on_record.class;
            H::Deployed { server: server.clone(), class, release: Some(tag.clone()), moved_on: Some(*from) }
        }
        Command::StayInDevelopment { server, tag, why } => {
            H::StayedInDevelopment { server: server.clone(), tag: tag.clone(), why: short(why)? }
        }
        other => unreachable!("{} is judged in another room", other.kind()),
    }])
}

/// Going back to an older release holds what would move on by itself.
pub(super) fn held_by_older(device: &Device, placed: &TagName, tag: &TagName, by: Option<PersonId>) -> Option<H> {
    device.moving_on.goes_to().map(|_| H::MovingOnHeld {
        cause: Cause::OlderRelease,
        reason: format!("{tag} was deployed, which is older than {placed}."),
        because_of: by,
    })
}

/// So does a roll-back.
pub(super) fn held_by_roll_back(device: &Device, tag: &TagName, why: &str, by: PersonId) -> Option<H> {
    device.moving_on.goes_to().map(|_| H::MovingOnHeld {
        cause: Cause::RolledBack,
        reason: format!("{tag} was rolled back: {why}"),
        because_of: Some(by),
    })
}
