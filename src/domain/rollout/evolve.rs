//! Applies what happened. Never refuses: it also replays what the journal keeps.

use super::{
    CHECK,
    event::{Event, Happened as H},
    legacy::{Legacy, Retirement},
    plan::Laid,
    state::{Answered, Rollout, State, Step, Word},
    target::{BackState, Found, Hold, RollBack, StepState, Target},
};
use crate::domain::{
    cycle::{Mark, Remark},
    id::{PersonId, TargetName},
};

/// The rollout after this event.
pub fn evolve(mut rollout: Rollout, event: &Event) -> Rollout {
    rollout.revision += 1;
    let r = &mut rollout;
    let mark = Mark { by: event.by.unwrap_or(PersonId(uuid::Uuid::nil())), at: event.at };
    let word = |text: &str| Word { by: event.by, at: event.at, text: text.to_owned() };
    let remark = |text: &str| Remark { mark, text: text.to_owned() };
    match &event.what {
        H::RolloutPlanned { number, plan } => {
            r.number.clone_from(number);
            r.planned = mark;
            lay(r, plan);
        }
        H::RolloutAmended { plan } => lay(r, plan),
        H::RolloutStarted => {
            r.state = State::Running { since: event.at };
            r.started = Some(mark);
        }
        H::RolloutPaused { reason } => r.state = State::Paused { why: word(reason) },
        H::RolloutResumed => r.state = State::Running { since: event.at },
        H::RolloutStopped { reason } => r.state = State::Stopped { why: word(reason) },
        H::RolloutAbandoned { reason } => r.state = State::Abandoned { why: word(reason) },
        H::RolloutProlonged { until } => r.window.until = *until,
        H::RolloutFinished => r.state = State::Finished { at: event.at },
        H::BaselineSet { baseline } => r.baseline.clone_from(baseline),
        H::ChangeAnswered { target, change, answer, what, ticket } => {
            let (what, ticket) = (what.clone(), ticket.clone());
            let answered = Answered { target: target.clone(), what, ticket, answer: *answer, mark, reapplied: None };
            r.answers.insert(*change, answered);
        }
        H::ChangeReapplied { change, .. } => {
            if let Some(answered) = r.answers.get_mut(change) {
                answered.reapplied = Some(mark);
            }
        }
        H::StepBegun { target, step, .. }
        | H::StepDone { target, step, .. }
        | H::StepFailed { target, step, .. }
        | H::StepLost { target, step, .. }
        | H::StepRetried { target, step }
        | H::StepSkipped { target, step, .. }
        | H::StepDoneByHand { target, step, .. }
        | H::StepSignedOff { target, step } => {
            if let Some(of) = r.steps.get(*step).cloned() {
                on(r, target, |t| step_happened(t, *step, &of, event, mark));
            }
        }
        H::TargetHeld { target, reason, until } => {
            let hold = Hold { remark: remark(reason), until: *until };
            on(r, target, |t| t.hold = Some(hold));
        }
        H::TargetLetGo { target } => on(r, target, |t| t.hold = None),
        H::TargetLeftOut { target, reason } => {
            let why = remark(reason);
            on(r, target, |t| t.left_out = Some(why));
        }
        H::RollBackAsked { target, reason, steps } => {
            let back = RollBack { remark: remark(reason), left: steps.clone(), state: BackState::Asked };
            on(r, target, |t| t.rolled_back = Some(back));
        }
        H::BackBegun { target, run, .. } => {
            let state = BackState::Running { run: *run, since: event.at };
            back(r, target, |b| b.state = state);
        }
        H::BackDone { target, step, .. } => {
            back(r, target, |b| {
                b.left.retain(|s| s != step);
                b.state = BackState::Asked;
            });
            on(r, target, |t| {
                if t.rolled_back.as_ref().is_some_and(|b| b.left.is_empty()) {
                    rolled_back(t, BackState::Done { at: event.at, by: None });
                }
            });
        }
        H::BackFailed { target, run, why, .. } => {
            let state = BackState::Failed { run: *run, at: event.at, why: why.clone() };
            back(r, target, |b| b.state = state);
        }
        H::BackDoneByHand { target, .. } => {
            on(r, target, |t| rolled_back(t, BackState::Done { at: event.at, by: event.by }));
        }
        H::TargetBegunAgain { target } => {
            // Its steps overwrite once more what was applied again.
            for answered in r.answers.values_mut().filter(|a| a.target == *target) {
                answered.reapplied = None;
            }
            on(r, target, |t| {
                t.steps.fill(StepState::Waiting);
                (t.rolled_back, t.facts) = (None, None);
            });
        }
        H::WayBackTried { target, note } => {
            let tried = remark(note);
            legacy(r, target, |l| l.way_back = Some(tried));
        }
        H::RetirementProposed { target, date, side } => {
            let retirement = Retirement { date: *date, side: *side, proposed: mark, agreed: None };
            legacy(r, target, |l| l.retirement = Some(retirement));
        }
        H::RetirementAgreed { target } => legacy(r, target, |l| {
            if let Some(retirement) = &mut l.retirement {
                retirement.agreed = Some(mark);
            }
        }),
        H::LegacyRetired { target, note } => {
            let gone = remark(note);
            legacy(r, target, |l| l.retired = Some(gone));
        }
    }
    rollout
}

fn step_happened(t: &mut Target, step: usize, of: &Step, event: &Event, mark: Mark) {
    if let H::StepDone { facts, .. } | H::StepDoneByHand { facts, .. } = &event.what
        && of.name == CHECK
        && !facts.is_empty()
    {
        t.facts = Some(Found { at: event.at, values: facts.clone() });
    }
    if let Some(state) = t.steps.get_mut(step) {
        *state = step_state(state, event, of.sign_off, mark);
    }
}

/// What a step is after this event of it.
fn step_state(was: &StepState, event: &Event, sign_off: bool, mark: Mark) -> StepState {
    let at = event.at;
    let done = |took_seconds: Option<u64>, by: Option<PersonId>| match sign_off {
        true => StepState::WantsSignOff { since: at, took_seconds, by },
        false => StepState::Done { at, took_seconds, by },
    };
    match &event.what {
        H::StepBegun { run, .. } => StepState::Running { run: *run, since: at },
        H::StepDone { took_seconds, .. } => done(Some(*took_seconds), None),
        H::StepDoneByHand { .. } => done(None, event.by),
        H::StepFailed { run, why, .. } => StepState::Failed { run: *run, at, why: why.clone() },
        H::StepLost { run, why, .. } => StepState::Unknown { run: *run, at, why: why.clone() },
        H::StepSkipped { reason, .. } => StepState::Skipped { remark: Remark { mark, text: reason.clone() } },
        H::StepSignedOff { .. } => {
            let took_seconds = match was {
                StepState::WantsSignOff { took_seconds, .. } => *took_seconds,
                _ => None,
            };
            StepState::Done { at, took_seconds, by: event.by }
        }
        _ => StepState::Waiting,
    }
}

fn on(r: &mut Rollout, name: &TargetName, change: impl FnOnce(&mut Target)) {
    if let Some(target) = r.target_mut(name) {
        change(target);
    }
}

fn back(r: &mut Rollout, name: &TargetName, change: impl FnOnce(&mut RollBack)) {
    if let Some(back) = r.target_mut(name).and_then(|t| t.rolled_back.as_mut()) {
        change(back);
    }
}

fn legacy(r: &mut Rollout, name: &TargetName, change: impl FnOnce(&mut Legacy)) {
    if let Some(legacy) = r.target_mut(name).and_then(|t| t.legacy.as_mut()) {
        change(legacy);
    }
}

/// Whatever was done on it is done no longer.
fn rolled_back(t: &mut Target, state: BackState) {
    for step in t.steps.iter_mut().filter(|s| !matches!(s, StepState::Waiting | StepState::Skipped { .. })) {
        *step = StepState::RolledBack;
    }
    if let Some(back) = &mut t.rolled_back {
        back.left.clear();
        back.state = state;
    }
}

fn lay(r: &mut Rollout, plan: &Laid) {
    let Laid { title, what, kind, label, legacy, steps, window, at_once, stop_after_failed, targets, baseline } =
        plan.clone();
    r.targets = targets.iter().map(|place| Target::new(place, steps.len(), legacy)).collect();
    // What was answered of a target that is not in it any more is forgotten.
    let Rollout { targets, answers, .. } = &mut *r;
    answers.retain(|_, a| targets.iter().any(|t| t.name == a.target));
    (r.title, r.what, r.kind, r.label) = (title, what, kind, label);
    (r.steps, r.window, r.at_once, r.stop_after_failed) = (steps, window, at_once, stop_after_failed);
    r.baseline = baseline;
}
