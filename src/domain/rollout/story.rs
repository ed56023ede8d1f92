//! What an event says to a reader, and who has to hear of it.

use super::{
    command::Answer,
    event::{Event, Happened as H},
    state::{Step, step_label},
};
use crate::domain::{due::in_words, policy::Policy};
use chrono::{DateTime, Utc};

/// The event as a sentence without its subject: `began Server on SPB.` Steps are called by their labels, where those are
/// known, and by their numbers otherwise.
pub fn tell(event: &Event, steps: &[Step], policy: &Policy) -> String {
    let at = |at: &DateTime<Utc>| at.with_timezone(&policy.facility.time_zone).format("%-d %b %Y, %H:%M").to_string();
    let of = |step: &usize| step_label(steps, *step);
    match &event.what {
        H::RolloutPlanned { number, plan } => {
            let many = plan.targets.len();
            format!("planned {number}, {}: {} to {many} target{}.", plan.title, plan.what.words(), plural(many))
        }
        H::RolloutAmended { .. } => "changed the plan.".to_owned(),
        H::RolloutStarted => "started it.".to_owned(),
        H::RolloutPaused { reason } => format!("paused it: {reason}"),
        H::RolloutResumed => "resumed it.".to_owned(),
        H::RolloutStopped { reason } => format!("stopped it, and what ran: {reason}"),
        H::RolloutAbandoned { reason } => format!("gave it up: {reason}"),
        H::RolloutProlonged { until } => format!("prolonged its window until {}.", at(until)),
        H::RolloutFinished => "finished it: nothing is left to do.".to_owned(),
        H::BaselineSet { .. } => "wrote down what every target is compared with.".to_owned(),
        H::StepBegun { target, step, .. } => format!("began {} on {target}.", of(step)),
        H::StepDone { target, step, took_seconds, .. } => {
            format!("did {} on {target}, in {} min.", of(step), took_seconds.div_ceil(60))
        }
        H::StepFailed { target, step, why, .. } => format!("found that {} failed on {target}: {why}", of(step)),
        H::StepLost { target, step, why, .. } => format!("does not know how {} went on {target}: {why}", of(step)),
        H::StepRetried { target, step } => format!("has {} tried again on {target}.", of(step)),
        H::StepSkipped { target, step, reason } => format!("skipped {} on {target}: {reason}", of(step)),
        H::StepDoneByHand { target, step, note, .. } => {
            format!("did {} on {target} by hand. {note}", of(step)).trim().to_owned()
        }
        H::StepSignedOff { target, step } => format!("signed off {} on {target}.", of(step)),
        H::TargetHeld { target, reason, until } => {
            let until = until.as_ref().map(|until| format!(" until {}", at(until))).unwrap_or_default();
            format!("holds {target}{until}: {reason}")
        }
        H::TargetLetGo { target } => format!("let {target} go on."),
        H::TargetLeftOut { target, reason } => format!("left {target} out: {reason}"),
        H::RollBackAsked { target, reason, .. } => format!("has {target} rolled back: {reason}"),
        H::BackBegun { target, step, .. } => format!("began to take {} back on {target}.", of(step)),
        H::BackDone { target, step, .. } => format!("took {} back on {target}.", of(step)),
        H::BackFailed { target, step, why, .. } => format!("could not take {} back on {target}: {why}", of(step)),
        H::BackDoneByHand { target, note } => format!("took {target} back by hand: {note}"),
        H::TargetBegunAgain { target } => format!("has {target} begun again."),
        H::ChangeAnswered { target, answer, ticket, .. } => match answer {
            Answer::Clear => format!("answered that the local change {ticket} on {target} is cleared."),
            Answer::ApplyAgain => format!("answered that the local change {ticket} on {target} is applied again."),
        },
        H::ChangeReapplied { target, .. } => format!("applied the local change on {target} again."),
        H::WayBackTried { target, note } => format!("tried the way back on {target}: {note}"),
        H::RetirementProposed { target, date, .. } => {
            format!("proposed that the legacy system of {target} goes by {}.", in_words(*date))
        }
        H::RetirementAgreed { target } => format!("agreed on when the legacy system of {target} goes."),
        H::LegacyRetired { target, note } => format!("retired the legacy system of {target}: {note}"),
    }
}

fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

/// Who hears of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    Nobody,
    /// CTRL, and whoever planned it.
    Ctrl,
    /// The same, at once.
    CtrlAtOnce,
    /// The other side of an agreement (R6).
    OtherSide,
}

/// Who has to hear of this.
pub fn audience(event: &Event) -> Audience {
    match &event.what {
        H::RolloutPaused { .. } if event.by.is_none() => Audience::CtrlAtOnce,
        H::RolloutStopped { .. } => Audience::CtrlAtOnce,
        H::StepFailed { .. } | H::StepLost { .. } | H::BackFailed { .. } => Audience::CtrlAtOnce,
        H::RolloutStarted | H::RolloutAbandoned { .. } | H::RolloutFinished | H::RollBackAsked { .. } => Audience::Ctrl,
        H::RetirementProposed { .. } | H::RetirementAgreed { .. } => Audience::OtherSide,
        H::RolloutPlanned { .. }
        | H::RolloutAmended { .. }
        | H::RolloutPaused { .. }
        | H::RolloutResumed
        | H::RolloutProlonged { .. }
        | H::BaselineSet { .. }
        | H::StepBegun { .. }
        | H::StepDone { .. }
        | H::StepRetried { .. }
        | H::StepSkipped { .. }
        | H::StepDoneByHand { .. }
        | H::StepSignedOff { .. }
        | H::TargetHeld { .. }
        | H::TargetLetGo { .. }
        | H::TargetLeftOut { .. }
        | H::BackBegun { .. }
        | H::BackDone { .. }
        | H::BackDoneByHand { .. }
        | H::TargetBegunAgain { .. }
        | H::ChangeAnswered { .. }
        | H::ChangeReapplied { .. }
        | H::WayBackTried { .. }
        | H::LegacyRetired { .. } => Audience::Nobody,
    }
}
