//! Releases, places, hand-back, and what can be done at any time (G1, G2, B1 to B4, N4 to N6, L4, O6, T10).

use super::{Code, Refusal, already, contacts, environments, framework, none_such, short, text};
use crate::domain::{
    cycle::Mark,
    device::{Device, Placement},
    id::ServerName,
    lifecycle::{
        Actor,
        command::{Command, CommandKind},
        event::Happened as H,
        facts::Facts,
        gates::{GateId, judge, judge_all},
        state::State,
        table::{Who, rule},
    },
    moving_on::goes_back,
    release::TagNow,
    server::SupportClass,
    tag::TagName,
};

pub(super) fn decide(device: &Device, command: &Command, facts: &Facts) -> Result<Vec<H>, Refusal> {
    let me = facts.actor.person();
    let standing = facts.standing(device);
    Ok(vec![match command {
        Command::VerifyTag { tag } => match &facts.readings.tag {
            Some(Ok(v)) if v.tag != *tag => {
                return Err(Refusal::new(
                    Code::NoSuchThing,
                    format!("The repository answered for {}, not {tag}: try again.", v.tag),
                ));
            }
            Some(Ok(v)) if device.release(tag).is_some_and(|r| r.stands()) => {
                return Err(already(format!("{tag} is on record as {}.", v.commit.short())));
            }
            Some(Ok(_)) if device.release(tag).is_some() => H::TagRestored { tag: tag.clone() },
            Some(Ok(v)) => H::TagVerified { verified: v.clone(), framework: framework::at(device, &v.commit, facts) },
            _ => return Err(Refusal::new(Code::NoSuchThing, "The repository has not been read: try again.")),
        },
        Command::CheckTag { tag } => {
            let r = device.release(tag).ok_or_else(|| none_such("release", tag))?;
            return match (&facts.readings.tag_now, &r.tag_now) {
                (Some(Ok(Some(now))), TagNow::Stands | TagNow::Vanished { .. }) if *now != r.verified.object => {
                    Ok(vec![H::TagMoved { tag: tag.clone(), to: now.clone() }])
                }
                (Some(Ok(None)), TagNow::Stands | TagNow::Moved { .. }) => {
                    Ok(vec![H::TagVanished { tag: tag.clone() }])
                }
                (Some(Ok(Some(now))), TagNow::Moved { .. } | TagNow::Vanished { .. }) if *now == r.verified.object => {
                    Ok(vec![H::TagRestored { tag: tag.clone() }])
                }
                (Some(Ok(_)), _) => Ok(Vec::new()),
                (Some(Err(why)), _) => Err(Refusal::new(Code::NoSuchThing, why.clone())),
                (None, _) => Err(Refusal::new(Code::NoSuchThing, "The repository has not been read: try again.")),
            };
        }
        Command::CheckRepository {} => {
            let before = device.repository.as_ref().map(|r| &r.reached);
            return Ok(match &facts.readings.reach {
                Some(now) if Some(now) == before => Vec::new(),
                Some(Ok(head)) => vec![H::RepositoryReached { head: head.clone() }],
                Some(Err(why)) => vec![H::RepositoryLost { why: why.clone() }],
                None => Vec::new(),
            });
        }
        Command::Deploy { server, tag } => {
            let class = facts.servers.get(server).map(|s| s.class).ok_or_else(|| none_such("server", server))?;
            // A release may be deployed again, as after a disk was replaced; to be placed for hot development twice means
            // nothing.
            if tag.is_none() && device.placed_on(server).is_some_and(|p| p.release.is_none()) {
                return Err(already(format!("It is placed there already: {server}.")));
            }
            let back = tag.as_ref().and_then(|t| Some((goes_back(device.placed_on(server), facts.last, t)?, t)));
            let held = back.and_then(|(placed, tag)| environments::held_by_older(device, placed, tag, me));
            let deployed = H::Deployed { server: server.clone(), class, release: tag.clone(), moved_on: None };
            return Ok(std::iter::once(deployed).chain(held).collect());
        }
        Command::Remove { server } => {
            let p = device.placed_on(server).ok_or_else(|| none_such("placement on", server))?;
            if p.class == SupportClass::Full && !standing.contains(&Who::Ctrl) {
                return Err(Refusal::new(
                    Code::NotYours,
                    format!("{server} is a full-support server: CTRL removes it there."),
                ));
            }
            H::Removed { server: server.clone() }
        }
        Command::RedeemPermit { server, tag, asked, moved_on } => {
            may_begin(device, facts, server, tag, *asked, *moved_on)?;
            H::PermitRedeemed { server: server.clone(), tag: tag.clone() }
        }
        Command::GiveBack { server, tag, asked, back, why, rolled_back } => {
            let held = rolled_back.and_then(|by| environments::held_by_roll_back(device, tag, &short(why).ok()?, by));
            match device.placed_on(server) {
                Some(p) if p.is_of(tag, *asked) => {}
                // Another one was deployed there since: this holds nothing any more.
                Some(p) if p.mark.at >= asked.at => return Ok(Vec::new()),
                // It failed, gave the server back by that, and was rolled back.
                _ => return Ok(held.into_iter().collect()),
            }
            let back = back.iter().filter(|p| may_come_back(device, facts, server, p)).cloned().collect();
            let given = H::GivenBack { server: server.clone(), tag: tag.clone(), back, why: short(why)? };
            return Ok(std::iter::once(given).chain(held).collect());
        }
        Command::HandBack { server, until, reason } => match &device.state {
            State::CtrlOwned { owned, .. } => H::HandedBack {
                server: server.clone(),
                base: owned.release.clone(),
                until: *until,
                reason: text(reason, "Say what is to be developed.")?,
            },
            _ => return Err(Refusal::new(Code::WrongState, "CTRL does not own it.")),
        },
        Command::ExtendLoan { until, reason } => {
            if device.cycle.loan_until.is_none() {
                return Err(Refusal::new(Code::NoSuchThing, "This hand-back has no end date to extend."));
            }
            H::LoanExtended { until: *until, reason: short(reason)? }
        }
        Command::AnswerDone { reached, text: t } => {
            if device.done_answers.iter().any(|a| Some(a.remark.mark.by) == me) {
                return Err(already("You answered already, and it is kept."));
            }
            H::DoneAnswered { reached: *reached, text: short(t)? }
        }
        Command::ShutDown { reason, affected, responsible, conditions } => H::ShutDown {
            reason: short(reason)?,
            affected: short(affected)?,
            responsible: *responsible,
            conditions: short(conditions)?,
        },
        Command::Restart { text: t } => H::Restarted { text: text(t, "Say how the conditions are met.")? },
        Command::SetContacts { contacts } => H::ContactsSet { contacts: contacts::list(device, contacts, facts)? },
        Command::ConfirmContact {} => H::ContactConfirmed,
        Command::SetOperatorRules { operators } => {
            let operators = contacts::rules(operators)?;
            if device.operators == operators {
                return Err(already("That is on record already."));
            }
            H::OperatorRulesSet { operators }
        }
        Command::AddContributor { person } => {
            if device.is_contributor(*person) {
                return Err(already("They are a contributor already."));
            }
            if !facts.people.active(*person) {
                return Err(Refusal::new(Code::Incomplete, "Choose somebody whose account is open."));
            }
            H::ContributorAdded { person: *person }
        }
        Command::RemoveContributor { person } => {
            if !device.is_contributor(*person) {
                return Err(already("They are not a contributor."));
            }
            if device.contributors.len() == 1 {
                return Err(Refusal::new(
                    Code::Incomplete,
                    "Add another contributor first: a device has at least one.",
                ));
            }
            H::ContributorRemoved { person: *person }
        }
        Command::OfferAdoption { reason } => {
            if device.offers.iter().any(|o| Some(o.mark.by) == me) {
                return Err(already("You offered already; CTRL decides."));
            }
            H::AdoptionOffered { reason: text(reason, "Say why you would take it on.")? }
        }
        Command::AcceptAdoption { person } => {
            if !device.offers.iter().any(|o| o.mark.by == *person) {
                return Err(none_such("offer by", facts.people.name(*person)));
            }
            if !facts.people.active(*person) {
                return Err(Refusal::new(Code::Incomplete, "Choose somebody whose account is open."));
            }
            H::Adopted { person: *person }
        }
        Command::Retire { reason } => H::Retired { reason: short(reason)? },
        other => unreachable!("{} is judged in another room", other.kind()),
    }])
}

/// Whether a permit begins its work now: it is for the placement that it was asked for, and as good as whoever asked for
/// it is now (A9, A11). What moved on by itself is held until it has begun (G5).
pub fn may_begin(
    device: &Device,
    facts: &Facts,
    server: &ServerName,
    tag: &TagName,
    asked: Mark,
    moved_on: bool,
) -> Result<(), Refusal> {
    let refused = |sentence: String| Err(Refusal::new(Code::PermitRefused, sentence));
    let Some(placed) = device.placed_on(server).filter(|p| p.is_of(tag, asked)) else {
        return refused(match device.placed_on(server) {
            Some(p) => match &p.release {
                Some(other) => format!("{other} was placed on {server} since: ask for a new permit."),
                None => format!("It has been hot-developed on {server} since: ask for a new permit."),
            },
            None => format!("It is no longer placed on {server}: ask for a new permit."),
        });
    };
    if placed.permit.is_some() {
        return refused("This permit was used already: a permit is used once. Ask for a new one.".to_owned());
    }
    let command = Command::Deploy { server: server.clone(), tag: Some(tag.clone()) };
    let then = Facts { actor: Actor::Person(asked.by), ..*facts };
    let gates = judge_all(rule(CommandKind::Deploy), device, Some(&command), &then);
    let open = gates.iter().find(|g| g.is_open());
    if !super::may(device, CommandKind::Deploy, &then) || open.is_some() {
        let why = open.map_or_else(String::new, |g| format!(" {}", g.why));
        let asker = facts.people.name(asked.by);
        let sentence = format!("{asker}, who asked for it, may not deploy it now.{why}");
        return Err(Refusal::new(Code::PermitRefused, sentence).with(gates));
    }
    let hold = judge(GateId::Hold, device, Some(&command), &then);
    if moved_on && hold.is_open() {
        return refused(hold.why);
    }
    Ok(())
}

/// Whether a place that made way may be taken again: its server is on record as it was, its class is that of what is left
/// (N2) and of the state (G1), and nobody took it meanwhile.
fn may_come_back(device: &Device, facts: &Facts, from: &ServerName, place: &Placement) -> bool {
    let mut left = device.placements.iter().filter(|p| p.server != *from);
    let fits = match device.state {
        State::CtrlOwned { .. } => place.class == SupportClass::Full,
        State::UnderReview { .. } => true,
        _ => place.class == SupportClass::Reduced,
    };
    let stands = facts.servers.get(&place.server).is_some_and(|s| s.class == place.class);
    stands && fits && left.all(|p| p.class == place.class && p.server != place.server)
}
