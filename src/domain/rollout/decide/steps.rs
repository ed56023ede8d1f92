//! A step on a target: begun and reported on by the runner, and what people say of it (R3).

use super::{Code, Facts, H, Refusal, Rollout, Target, TargetName, already, none_such, reason, short, wrong};
use crate::domain::rollout::{
    command::{Command, Outcome},
    gates::unanswered,
    next::why_not,
    plan::{BASELINE_MAX, BASELINE_MOST, baseline},
    target::StepState,
};
use std::collections::BTreeMap;

pub(super) fn decide(
    r: &Rollout,
    name: &TargetName,
    t: &Target,
    command: &Command,
    facts: &Facts,
) -> Result<H, Refusal> {
    let target = name.clone();
    Ok(match command {
        Command::Begin { step, run, .. } => {
            may_begin(r, t, *step, facts)?;
            if r.steps[*step].playbook.is_none() {
                return wrong(format!("{} is done by hand on {name}.", r.step_label(*step)));
            }
            if r.busy() >= r.at_once as usize {
                return wrong(format!("{} targets are worked on already.", r.at_once));
            }
            H::StepBegun { target, step: *step, run: *run }
        }
        Command::Report { step, run, outcome, .. } => {
            if !matches!(state(t, *step)?, StepState::Running { run: of, .. } if of == run) {
                return already("This run is over, or is another one’s.");
            }
            let (step, run) = (*step, *run);
            match outcome {
                Outcome::Done { took_seconds, facts } => {
                    H::StepDone { target, step, run, took_seconds: *took_seconds, facts: kept(facts) }
                }
                Outcome::Failed { why } => H::StepFailed { target, step, run, why: cut(why) },
                Outcome::Unknown { why } => H::StepLost { target, step, run, why: cut(why) },
            }
        }
        Command::Retry { step, .. } => {
            must_not_be_out(t)?;
            if !state(t, *step)?.has_failed() {
                return wrong(format!("{} did not fail on {name}.", r.step_label(*step)));
            }
            H::StepRetried { target, step: *step }
        }
        Command::Skip { step, reason: why, .. } => {
            must_not_be_out(t)?;
            let state = state(t, *step)?;
            if !matches!(state, StepState::Waiting) && !state.has_failed() {
                return wrong(format!("{} cannot be skipped on {name} any more.", r.step_label(*step)));
            }
            H::StepSkipped { target, step: *step, reason: reason(why, "Say why it is skipped.")? }
        }
        Command::DoneByHand { step, note, facts: found, .. } => {
            must_not_be_out(t)?;
            match state(t, *step)? {
                StepState::Waiting => {
                    may_begin(r, t, *step, facts)?;
                    if r.steps[*step].playbook.is_some() {
                        return wrong(format!("The engine does {} on {name}.", r.step_label(*step)));
                    }
                }
                state if state.has_failed() => {}
                _ => return wrong(format!("{} does not wait on {name}.", r.step_label(*step))),
            }
            H::StepDoneByHand { target, step: *step, note: short(note)?, facts: baseline(found)? }
        }
        Command::SignOff { step, .. } => {
            must_not_be_out(t)?;
            let StepState::WantsSignOff { by, .. } = state(t, *step)? else {
                return wrong(format!("{} wants no sign-off on {name}.", r.step_label(*step)));
            };
            if by.is_some() && *by == facts.me() {
                let sentence = "You did it by hand: another member of CTRL signs it off.";
                return Err(Refusal::new(Code::SelfApproval, sentence));
            }
            H::StepSignedOff { target, step: *step }
        }
        other => unreachable!("{} is judged in another room", other.kind()),
    })
}

fn state(t: &Target, step: usize) -> Result<&StepState, Refusal> {
    t.steps.get(step).ok_or_else(|| none_such("step", step))
}

/// Whether the step's turn has come, by whomever it is done.
fn may_begin(r: &Rollout, t: &Target, step: usize, facts: &Facts) -> Result<(), Refusal> {
    state(t, step)?;
    if let Some(why) = why_not(r, t, step, facts.now) {
        return wrong(why);
    }
    // One that was put on record after the start.
    match unanswered(r, &t.name, facts.changes).first() {
        Some(change) if !t.has_begun() => wrong(format!(
            "A local change on {} ({}) would be overwritten: say whether it is cleared or applied again.",
            t.name, change.ticket
        )),
        _ => Ok(()),
    }
}

pub(super) fn must_not_be_out(t: &Target) -> Result<(), Refusal> {
    if t.left_out.is_some() {
        return wrong(format!("{} is left out.", t.name));
    }
    if t.rolled_back.is_some() {
        return wrong(format!("{} is rolled back: begin it again first.", t.name));
    }
    Ok(())
}

/// The engine's words as they are kept: a line or a few.
pub(super) fn cut(why: &str) -> String {
    let plain = why.trim().chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c });
    plain.take(1000).collect()
}

/// What a check reported, as much of it as is kept.
fn kept(facts: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let cut = |text: &str| -> String { text.trim().chars().filter(|c| !c.is_control()).take(BASELINE_MAX).collect() };
    facts.iter().take(BASELINE_MOST).map(|(k, v)| (cut(k), cut(v))).filter(|(k, _)| !k.is_empty()).collect()
}
