//! What can be done with a rollout, in words, and its buttons.

use crate::{
    domain::{
        id::TargetName,
        rollout::{CommandKind, Rollout, StateName},
    },
    web::parts::{Action, plural},
};
use sha2::{Digest, Sha256};
use url::form_urlencoded::Serializer;

/// Where an act has its form, and is sent to.
pub fn act_href(number: &str, act: CommandKind) -> String {
    let word: &str = act.into();
    format!("/rollouts/{number}/{}", word.replace('_', "-"))
}

/// What leads to an act.
pub fn label(act: CommandKind) -> &'static str {
    use CommandKind::*;
    match act {
        Amend => "Change the plan",
        Start => "Start it",
        Pause => "Pause new starts",
        Resume => "Resume",
        Stop => "Stop and hold all",
        Abandon => "Give it up",
        Prolong => "Prolong the window",
        SetBaseline => "Write the baseline down",
        Retry => "Retry step",
        Skip => "Skip this step",
        DoneByHand => "Say that it is done",
        SignOff => "Sign off",
        Hold => "Hold",
        LetGo => "Let it go on",
        LeaveOut => "Leave out",
        RollBack => "Roll back",
        BackByHand => "Say that it is taken back",
        Again => "Begin again",
        AnswerChange => "Answer for the local change",
        Reapplied => "Say that it is applied again",
        TryWayBack => "Say how the way back went",
        ProposeRetirement => "Propose a day",
        AgreeRetirement => "Agree to the day",
        RetireLegacy => "Say that it is gone",
        // Custody's own.
        Begin | Report | BackBegins | BackEnds => "",
    }
}

/// Whether the act ends, stops or takes something away: its button is none to press in passing.
pub fn is_grave(act: CommandKind) -> bool {
    use CommandKind::*;
    matches!(act, Stop | Abandon | LeaveOut | RollBack | RetireLegacy)
}

/// Whether the act is about one target.
pub fn is_of_target(act: CommandKind) -> bool {
    use CommandKind::*;
    !matches!(act, Amend | Start | Pause | Resume | Stop | Abandon | Prolong | SetBaseline)
}

/// Whether the act is about one step of it.
pub fn is_of_step(act: CommandKind) -> bool {
    use CommandKind::*;
    matches!(act, Retry | Skip | DoneByHand | SignOff)
}

/// What happens then.
pub fn lead(act: CommandKind, r: &Rollout, target: &str) -> String {
    use CommandKind::*;
    let busy = match r.busy() {
        0 => "nothing runs now".to_owned(),
        1 => "1 target is worked on now".to_owned(),
        n => format!("{n} targets are worked on now"),
    };
    match act {
        Start => format!(
            "From then on steps begin by themselves, on {} at once. The first wave has to succeed before the rest begins.",
            plural(r.at_once as usize, "target")
        ),
        Pause if r.state.name() == StateName::Stopped => {
            "No step begins. What is to be rolled back is, and once fewer targets count as failed it can be resumed."
                .to_owned()
        }
        Pause => format!("Nothing new begins. What runs goes on to its end: {busy}."),
        Resume => "Steps begin again where they may.".to_owned(),
        Stop => format!(
            "Nothing new begins, and what runs is interrupted: {busy}. How that went nobody knows then, so somebody has to look at each of these targets."
        ),
        Abandon => format!(
            "It ends here, for good. What runs is interrupted: {busy}. What was done stays as it is, and what was not is not done."
        ),
        Prolong => "Steps may begin until the new end. Everybody who works on these targets has to know.".to_owned(),
        SetBaseline => "Every target that is done is compared with these facts, and with nothing else (R5).".to_owned(),
        Retry => format!("The step begins again on {target} as soon as there is room."),
        Skip => format!("{target} goes on with the next step. Why this one was left out stays on record."),
        DoneByHand => format!("The step counts as done on {target}, by you."),
        SignOff => format!("You have looked at {target}, and it is as it should be."),
        Hold => format!("No step begins on {target} until it is let go. What runs goes on to its end."),
        LetGo => format!("{target} goes on where it stands."),
        LeaveOut => format!("{target} has no part in this rollout any more. What was done on it stays as it is."),
        RollBack => format!("What was done on {target} is taken back, the last step first. It counts as failed."),
        BackByHand => format!("You say that {target} is again what it was before."),
        Again => format!("{target} begins with the first step again."),
        AnswerChange => {
            "The rollout does not start before each local change that it would overwrite is answered for (R7)."
                .to_owned()
        }
        Reapplied => format!("The local change is on {target} again."),
        TryWayBack => format!("That the way back to the legacy system of {target} works is on record from then on."),
        ProposeRetirement => format!(
            "The other side agrees on the day on which the legacy system of {target} goes, or proposes another one."
        ),
        AgreeRetirement => match r.target(&target.into()).and_then(|t| t.legacy.as_ref()?.retirement.as_ref()) {
            Some(d) => format!(
                "You agree for your side that the legacy system of {target} goes by {}.",
                crate::domain::due::in_words(d.date)
            ),
            None => format!("No day is proposed yet for the legacy system of {target}."),
        },
        RetireLegacy => format!("The legacy system of {target} is gone: there is no way back any more."),
        Amend | Begin | Report | BackBegins | BackEnds => String::new(),
    }
}

/// What is said once it is done.
pub fn said(act: CommandKind, target: &str, step: &str) -> String {
    use CommandKind::*;
    match act {
        Amend => "The plan is changed.".to_owned(),
        Start => "It has started.".to_owned(),
        Pause => "It is paused: nothing new begins, what runs goes on.".to_owned(),
        Resume => "It goes on.".to_owned(),
        Stop => "It is stopped, and what ran is interrupted.".to_owned(),
        Abandon => "It is given up.".to_owned(),
        Prolong => "Its window is longer now.".to_owned(),
        SetBaseline => "The baseline is written down.".to_owned(),
        Retry => format!("{step} is tried again on {target}."),
        Skip => format!("{step} is skipped on {target}."),
        DoneByHand => format!("{step} is done on {target}."),
        SignOff => format!("{step} is signed off on {target}."),
        Hold => format!("{target} is on hold."),
        LetGo => format!("{target} goes on."),
        LeaveOut => format!("{target} is left out."),
        RollBack => format!("{target} is on its way back."),
        BackByHand => format!("{target} is rolled back."),
        Again => format!("{target} begins again."),
        AnswerChange => format!("The local change on {target} is answered for."),
        Reapplied => format!("The local change on {target} is applied again."),
        TryWayBack => format!("The way back of {target} is on record as tried."),
        ProposeRetirement => format!("The day is proposed for the legacy system of {target}."),
        AgreeRetirement => format!("Both sides agree on when the legacy system of {target} goes."),
        RetireLegacy => format!("The legacy system of {target} is on record as gone."),
        Begin | Report | BackBegins | BackEnds => String::new(),
    }
}

/// What a button sends along.
pub type Sends = Vec<(&'static str, String)>;

/// About this target.
pub fn on(target: &TargetName) -> Sends {
    vec![("target", target.to_string())]
}

/// About this step of it.
pub fn at(target: &TargetName, step: usize) -> Sends {
    vec![("target", target.to_string()), ("step", step.to_string())]
}

/// The buttons of a rollout, as a page of it shows them.
pub struct Verbs<'a> {
    pub r: &'a Rollout,
    /// Where one comes back to.
    pub back: String,
}

impl Verbs<'_> {
    /// One press does it. It is known again by what it does to which revision, so that a second press does nothing (F3).
    pub fn press(&self, act: CommandKind, label: &str, sends: &Sends) -> Action {
        let (number, seen) = (&self.r.number, self.r.revision);
        let key = format!("{:x}", Sha256::digest(format!("{number} {seen} {act} {sends:?}")));
        let first = Action::post(label, &act_href(number, act)).sending("seen", seen).sending("key", key);
        let all = sends.iter().fold(first, |action, (name, value)| action.sending(name, value));
        about(all.sending("next", &self.back), sends)
    }

    /// Leads to its form.
    pub fn asks(&self, act: CommandKind, label: &str, sends: &Sends) -> Action {
        let mut query = Serializer::new(String::new());
        for (name, value) in sends {
            query.append_pair(name, value);
        }
        let query = query.append_pair("next", &self.back).finish();
        about(Action::link(label, &format!("{}?{query}", act_href(&self.r.number, act))), sends)
    }
}

/// Of many buttons with the same words each says which target it is for.
fn about(action: Action, sends: &Sends) -> Action {
    match sends.iter().find(|(name, _)| *name == "target") {
        Some((_, target)) if !action.label.contains(target.as_str()) => action.about(&format!("on {target}")),
        _ => action,
    }
}
