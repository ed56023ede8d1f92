//! Overrides: asked for by one of CTRL, approved by another, ended by anybody of CTRL or by the clock (G12).

use super::{Code, Refusal, already, none_such, text};
use crate::domain::{
    device::Device,
    lifecycle::{Actor, command::Command, event::Happened as H, facts::Facts},
    overrides::{Override, Standing},
};
use chrono::Duration;

pub(super) fn decide(device: &Device, command: &Command, facts: &Facts) -> Result<Vec<H>, Refusal> {
    let incomplete = |sentence: String| Err(Refusal::new(Code::Incomplete, sentence));
    Ok(vec![match command {
        Command::AskOverride { tag, server, skips, until, reason } => {
            let release = device.release(tag).ok_or_else(|| none_such("release", tag))?;
            if !release.stands() {
                let sentence = format!("{tag} moved or vanished in the repository: no override lets it anywhere.");
                return Err(Refusal::new(Code::WrongState, sentence));
            }
            if !facts.servers.contains_key(server) {
                return Err(none_such("server", server));
            }
            if skips.is_empty() {
                return incomplete("Name what it is to skip.".to_owned());
            }
            let hours = facts.policy.overrides.longest_hours;
            if *until <= facts.now {
                return incomplete("Its end is past: choose a later one.".to_owned());
            }
            if *until > facts.now + Duration::hours(hours.into()) {
                return incomplete(format!("It can last {hours} hours at most: choose an earlier end."));
            }
            let same = |o: &&Override| o.tag == *tag && o.server == *server && o.standing(facts.now) != Standing::Over;
            if let Some(open) = device.overrides.iter().find(same) {
                return Err(already(format!(
                    "Override {} is about {tag} on {server} already. It cannot be prolonged: end it first.",
                    open.number
                )));
            }
            H::OverrideAsked {
                number: device.overrides.last().map_or(1, |o| o.number + 1),
                tag: tag.clone(),
                server: server.clone(),
                skips: skips.clone(),
                until: *until,
                reason: text(reason, "Say what the emergency is.")?,
            }
        }
        Command::ApproveOverride { number } => {
            let o = find(device, *number)?;
            match o.standing(facts.now) {
                Standing::Asked => {}
                Standing::Counts => {
                    let who = o.approved.map_or("Somebody", |m| facts.people.name(m.by));
                    return Err(already(format!("{who} has approved it already.")));
                }
                Standing::Over => return Err(over()),
            }
            if Some(o.asked.mark.by) == facts.actor.person() {
                return Err(Refusal::new(Code::SelfApproval, "You asked for it: a second person of CTRL approves it."));
            }
            let authors = device.release(&o.tag).map(|r| &r.verified.authors);
            if authors.is_some_and(|a| facts.person().is_some_and(|p| p.wrote(a, facts.author_key))) {
                let sentence = format!("You wrote part of {}: somebody of CTRL who did not approves it.", o.tag);
                return Err(Refusal::new(Code::AuthorApproval, sentence));
            }
            H::OverrideApproved { number: *number }
        }
        Command::EndOverride { number, reason } => {
            let o = find(device, *number)?;
            if o.ended.is_some() {
                return Err(already("It has ended already."));
            }
            let reason = match facts.actor {
                Actor::Custody if facts.now < o.until => {
                    return Err(Refusal::new(Code::WrongState, "Its time is not over yet."));
                }
                Actor::Custody => "Its time was over.".to_owned(),
                Actor::Person(_) if facts.now >= o.until => return Err(over()),
                Actor::Person(_) => text(reason, "Say why it ends.")?,
            };
            H::OverrideEnded { number: *number, reason, had_begun: o.approved.is_some() }
        }
        other => unreachable!("{} is judged in another room", other.kind()),
    }])
}

fn find(device: &Device, number: u32) -> Result<&Override, Refusal> {
    device.overrides.iter().find(|o| o.number == number).ok_or_else(|| none_such("override", number))
}

fn over() -> Refusal {
    already("Its time is over. It cannot be prolonged: ask for a new one.")
}
