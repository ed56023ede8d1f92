//! A target as a whole: held, left out, rolled back, begun again (R3).

use super::{Code, Facts, H, Refusal, Rollout, Target, TargetName, already, reason, steps, text, wrong};
use crate::domain::rollout::{
    command::{Command, Outcome},
    next::next_back,
    plan::AHEAD_DAYS,
    target::{BackState, RollBack, StepState},
};
use chrono::Duration;

pub(super) fn decide(
    r: &Rollout,
    name: &TargetName,
    t: &Target,
    command: &Command,
    facts: &Facts,
) -> Result<H, Refusal> {
    let target = name.clone();
    Ok(match command {
        Command::Hold { reason: why, until, .. } => {
            if t.is_settled() {
                return wrong(format!("{name} is over: there is nothing to hold."));
            }
            let last = facts.now + Duration::days(AHEAD_DAYS);
            if until.is_some_and(|until| until <= facts.now || until > last) {
                return Err(Refusal::new(Code::Incomplete, "Let it be held until a time to come, within two years."));
            }
            H::TargetHeld { target, reason: text(why, "Say why it is held.")?, until: *until }
        }
        Command::LetGo { .. } => {
            if t.hold.is_none() {
                return already(format!("{name} is not held."));
            }
            H::TargetLetGo { target }
        }
        Command::LeaveOut { reason: why, .. } => {
            if t.is_settled() {
                return already(format!("{name} is over already."));
            }
            must_rest(t)?;
            if matches!(&t.rolled_back, Some(back) if !matches!(back.state, BackState::Done { .. })) {
                return wrong(format!("{name} is on its way back: that has to end first."));
            }
            // Otherwise nothing would have been tried before the rest begins.
            let mut others = r.targets.iter().filter(|o| o.wave == 0 && o.name != t.name);
            if t.wave == 0 && others.all(|o| o.left_out.is_some()) && r.targets.len() > 1 {
                let sentence = format!("{name} is the last of the first wave: nothing would be tried before the rest.");
                return wrong(sentence);
            }
            H::TargetLeftOut { target, reason: reason(why, "Say why it is left out.")? }
        }
        Command::RollBack { reason: why, .. } => {
            if t.left_out.is_some() {
                return wrong(format!("{name} is left out."));
            }
            must_rest(t)?;
            let steps = match &t.rolled_back {
                None if !t.has_begun() => return wrong(format!("Nothing was done on {name} yet.")),
                None => undone(r, t),
                Some(RollBack { state: BackState::Failed { .. }, left, .. }) => left.clone(),
                Some(_) => return already(format!("{name} is rolled back, or on its way back.")),
            };
            H::RollBackAsked { target, reason: reason(why, "Say why it is rolled back.")?, steps }
        }
        Command::BackBegins { step, run, .. } => {
            if !next_back(r).contains(&(target.clone(), *step)) {
                return wrong(format!("{} is not to be taken back on {name} now.", r.step_label(*step)));
            }
            H::BackBegun { target, step: *step, run: *run }
        }
        Command::BackEnds { step, run, outcome, .. } => {
            let is_this = t.rolled_back.as_ref().is_some_and(|b| {
                matches!(b.state, BackState::Running { run: of, .. } if of == *run) && b.left.first() == Some(step)
            });
            if !is_this {
                return already("This run is over, or is another one’s.");
            }
            let (step, run) = (*step, *run);
            match outcome {
                Outcome::Done { took_seconds, .. } => H::BackDone { target, step, run, took_seconds: *took_seconds },
                Outcome::Failed { why } | Outcome::Unknown { why } => {
                    H::BackFailed { target, step, run, why: steps::cut(why) }
                }
            }
        }
        Command::BackByHand { note, .. } => match &t.rolled_back {
            Some(back) if matches!(back.state, BackState::Asked | BackState::Failed { .. }) => {
                H::BackDoneByHand { target, note: text(note, "Say what was done to take it back.")? }
            }
            _ => return wrong(format!("{name} waits for no way back.")),
        },
        Command::Again { .. } => match &t.rolled_back {
            Some(RollBack { state: BackState::Done { .. }, .. }) if t.left_out.is_none() => {
                H::TargetBegunAgain { target }
            }
            _ => return wrong(format!("{name} is not rolled back.")),
        },
        other => unreachable!("{} is judged in another room", other.kind()),
    })
}

/// Nothing runs on it.
fn must_rest(t: &Target) -> Result<(), Refusal> {
    match t.run() {
        None => Ok(()),
        Some(_) => wrong(format!("Something runs on {}: wait for its end, or stop the rollout.", t.name)),
    }
}

/// The steps that the engine can take back, the last one first.
fn undone(r: &Rollout, t: &Target) -> Vec<usize> {
    let was_done = |s: &StepState| !matches!(s, StepState::Waiting | StepState::Skipped { .. });
    let done = t.steps.iter().enumerate().rev().filter(|(_, s)| was_done(s));
    done.map(|(n, _)| n).filter(|n| r.steps[*n].undo.is_some()).collect()
}
