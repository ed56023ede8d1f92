//! What a rollout overwrites on a target (R7), and the legacy system that stays beside it (R6).

use super::{Code, Facts, H, Refusal, Rollout, Target, TargetName, already, none_such, text, wrong};
use crate::domain::rollout::{
    command::{Answer, Command},
    legacy::Legacy,
};
use chrono::Duration;

/// The most days that a legacy system is said to stay.
const LEGACY_DAYS: i64 = 3653;

pub(super) fn decide(
    r: &Rollout,
    name: &TargetName,
    t: &Target,
    command: &Command,
    facts: &Facts,
) -> Result<H, Refusal> {
    let target = name.clone();
    Ok(match command {
        Command::AnswerChange { change, answer, .. } => {
            let open = facts.changes.iter().find(|c| c.id == *change && c.target == *name && c.ended.is_none());
            let open = open.ok_or_else(|| none_such("local change", change))?;
            if t.is_settled() {
                return wrong(format!("{name} is over: its local changes are what they are."));
            }
            if r.answers.get(change).is_some_and(|a| a.answer == *answer) {
                return already("That was answered already.");
            }
            let (what, ticket) = (open.what.clone(), open.ticket.clone());
            H::ChangeAnswered { target, change: *change, answer: *answer, what, ticket }
        }
        Command::Reapplied { change, .. } => match r.answers.get(change).filter(|a| a.target == *name) {
            Some(a) if a.answer == Answer::ApplyAgain && a.reapplied.is_none() => {
                if !t.is_done() {
                    return wrong(format!("It is applied again once the steps of {name} are done."));
                }
                H::ChangeReapplied { target, change: *change }
            }
            Some(a) if a.reapplied.is_some() => return already("It is applied again already."),
            _ => return Err(none_such("local change to apply again", change)),
        },
        Command::TryWayBack { note, .. } => {
            standing(t)?;
            H::WayBackTried { target, note: text(note, "Say how the way back went.")? }
        }
        Command::ProposeRetirement { date, .. } => {
            standing(t)?;
            if *date <= facts.today() || *date > facts.today() + Duration::days(LEGACY_DAYS) {
                return Err(Refusal::new(Code::Incomplete, "Propose a day to come, within ten years."));
            }
            // Who may is known by now.
            let side = facts.side(t).ok_or_else(|| Refusal::new(Code::NotYours, "This is not yours to propose."))?;
            H::RetirementProposed { target, date: *date, side }
        }
        Command::AgreeRetirement { .. } => {
            let Some(proposed) = &standing(t)?.retirement else {
                return wrong(format!("No day is proposed for the legacy system of {name}."));
            };
            if proposed.agreed.is_some() {
                return already("Both sides agreed on it already.");
            }
            if facts.me() == Some(proposed.proposed.by) || facts.side(t) == Some(proposed.side) {
                let other = proposed.side.other().words();
                let sentence = format!("{} proposed it: it is for {other} to agree.", proposed.side.words());
                return Err(Refusal::new(Code::SelfApproval, sentence));
            }
            H::RetirementAgreed { target }
        }
        Command::RetireLegacy { note, .. } => {
            let agreed = standing(t)?.retirement.as_ref().is_some_and(|r| r.agreed.is_some());
            if !agreed {
                return wrong(format!("Both sides agree on the day first, before the legacy system of {name} goes."));
            }
            H::LegacyRetired { target, note: text(note, "Say what became of it.")? }
        }
        other => unreachable!("{} is judged in another room", other.kind()),
    })
}

/// The legacy system that stands there still.
fn standing(t: &Target) -> Result<&Legacy, Refusal> {
    match &t.legacy {
        None => wrong(format!("No legacy system stays on {}.", t.name)),
        Some(legacy) if legacy.retired.is_some() => already(format!("The legacy system of {} is gone.", t.name)),
        Some(legacy) => Ok(legacy),
    }
}
