//! Judges a command: who asks, in which state, and each command's own conditions; then what follows by itself.

mod around;
mod follow_ups;
mod steps;

use super::{
    command::{Command, CommandKind},
    event::{Event, Happened as H},
    evolve::evolve,
    facts::Facts,
    gates::judge_start,
    plan::{WINDOW_DAYS, baseline, lay},
    state::{Rollout, StateName},
    target::Target,
};
use crate::domain::{
    id::TargetName,
    lifecycle::{Actor, decide::TEXT_MAX, gates::Gate},
    refusal::{Code, Refusal},
};
use chrono::Duration;

/// Who may do something with a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Ctrl,
    /// Custody's own runner.
    Custody,
    /// CTRL, or the instrument's scientists (R6).
    BothSides,
}

impl Who {
    fn words(self) -> &'static str {
        match self {
            Self::Ctrl => "a member of CTRL",
            Self::Custody => "Custody itself",
            Self::BothSides => "a member of CTRL or one of the instrument’s scientists",
        }
    }
}

/// Whose command it is.
pub fn who(command: CommandKind) -> Who {
    use CommandKind as C;
    match command {
        C::Begin | C::Report | C::BackBegins | C::BackEnds => Who::Custody,
        C::ProposeRetirement | C::AgreeRetirement => Who::BothSides,
        C::Amend
        | C::Start
        | C::Pause
        | C::Resume
        | C::Stop
        | C::Abandon
        | C::Prolong
        | C::SetBaseline
        | C::Retry
        | C::Skip
        | C::DoneByHand
        | C::SignOff
        | C::Hold
        | C::LetGo
        | C::LeaveOut
        | C::RollBack
        | C::BackByHand
        | C::Again
        | C::AnswerChange
        | C::Reapplied
        | C::TryWayBack
        | C::RetireLegacy => Who::Ctrl,
    }
}

/// The states in which it can be done.
pub fn from(command: CommandKind) -> &'static [StateName] {
    use CommandKind as C;
    use StateName::{Abandoned, Finished, Paused, Planned, Running, Stopped};
    match command {
        C::Amend | C::Start => &[Planned],
        C::Begin => &[Running],
        // From a stop too: then what is to be rolled back is, however many failed.
        C::Pause => &[Running, Stopped],
        C::Resume => &[Paused, Stopped],
        C::Stop | C::BackBegins => &[Running, Paused],
        C::Abandon | C::AnswerChange => &[Planned, Running, Paused, Stopped],
        // What is under way when it is given up ends all the same.
        C::Report | C::BackEnds => &[Running, Paused, Stopped, Abandoned],
        C::Prolong
        | C::Retry
        | C::Skip
        | C::DoneByHand
        | C::SignOff
        | C::Hold
        | C::LetGo
        | C::LeaveOut
        | C::RollBack
        | C::BackByHand
        | C::Again => &[Running, Paused, Stopped],
        C::Reapplied | C::TryWayBack | C::RetireLegacy => &[Running, Paused, Stopped, Finished],
        C::SetBaseline | C::ProposeRetirement | C::AgreeRetirement => &[Planned, Running, Paused, Stopped, Finished],
    }
}

/// What the command makes happen, or why it is refused. A refusal changes nothing.
pub fn decide(r: &Rollout, command: &Command, facts: &Facts) -> Result<Vec<Event>, Refusal> {
    let kind = command.kind();
    let target = command.target().map(|name| find(r, name)).transpose()?;
    allowed(kind, target, facts)?;
    if !from(kind).contains(&r.state.name()) {
        let states: Vec<String> = from(kind).iter().map(|s| s.label().to_lowercase()).collect();
        let is = r.state.name().label().to_lowercase();
        let sentence = format!("{} is {is}: this can be done while it is {}.", r.number, states.join(", "));
        return Err(Refusal::new(Code::WrongState, sentence).with(gates(r, kind, facts)));
    }
    let what = match command {
        Command::Amend { .. }
        | Command::Start {}
        | Command::Pause { .. }
        | Command::Resume {}
        | Command::Stop { .. }
        | Command::Abandon { .. }
        | Command::Prolong { .. }
        | Command::SetBaseline { .. } => whole(r, command, facts)?,
        _ => match (command.target(), target) {
            (Some(name), Some(target)) => of_target(r, name, target, command, facts)?,
            _ => unreachable!("{kind} names a target"),
        },
    };
    let event = |what: H| Event { at: facts.now, by: facts.me(), what };
    let mut events = vec![event(what)];
    let mut after = evolve(r.clone(), &events[0]);
    while let Some(what) = follows(&after) {
        // By itself.
        let next = Event { at: facts.now, by: None, what };
        after = evolve(after, &next);
        events.push(next);
    }
    Ok(events)
}

/// What comes of it by itself: it pauses where too many failed, and ends where nothing is left to do.
fn follows(r: &Rollout) -> Option<H> {
    let state = r.state.name();
    if state == StateName::Running && r.is_over_the_limit() {
        let failed: Vec<String> = r.failed().iter().map(|name| name.to_string()).collect();
        let reason = format!("{} of {} targets failed: {}.", failed.len(), r.targets.len(), failed.join(", "));
        return Some(H::RolloutPaused { reason });
    }
    let all = r.targets.iter().all(Target::is_settled) && r.busy() == 0;
    (state.is_live() && all).then_some(H::RolloutFinished)
}

fn allowed(kind: CommandKind, target: Option<&Target>, facts: &Facts) -> Result<(), Refusal> {
    let may = match who(kind) {
        Who::Ctrl => facts.is_ctrl(),
        Who::Custody => facts.actor == Actor::Custody,
        Who::BothSides => target.is_some_and(|t| facts.side(t).is_some()),
    };
    match may {
        true => Ok(()),
        false => Err(Refusal::new(Code::NotYours, format!("This is for {} to do.", who(kind).words()))),
    }
}

/// The gates of a command; a start alone has some.
fn gates(r: &Rollout, kind: CommandKind, facts: &Facts) -> Vec<Gate> {
    if kind == CommandKind::Start { judge_start(r, facts) } else { Vec::new() }
}

/// What is asked of the whole rollout.
fn whole(r: &Rollout, command: &Command, facts: &Facts) -> Result<H, Refusal> {
    Ok(match command {
        Command::Amend { plan } => H::RolloutAmended { plan: Box::new(lay(plan, facts)?) },
        Command::Start {} => {
            let gates = judge_start(r, facts);
            let open: Vec<&Gate> = gates.iter().filter(|g| g.is_open()).collect();
            if let Some(first) = open.first() {
                let sentence = match open.len() {
                    1 => first.why.clone(),
                    n => format!("{n} gates are open. The first: {}", first.why),
                };
                return Err(Refusal::new(Code::GatesOpen, sentence).with(gates));
            }
            H::RolloutStarted
        }
        Command::Pause { reason } => H::RolloutPaused { reason: text(reason, "Say why it pauses.")? },
        Command::Resume {} => {
            if r.is_over_the_limit() {
                let failed: Vec<String> = r.failed().iter().map(|name| name.to_string()).collect();
                let sentence = format!(
                    "{} failed: retry, skip or leave out first, so that fewer than {} are open.",
                    failed.join(", "),
                    r.stop_after_failed
                );
                return Err(Refusal::new(Code::WrongState, sentence));
            }
            H::RolloutResumed
        }
        Command::Stop { reason } => H::RolloutStopped { reason: text(reason, "Say why it is stopped.")? },
        Command::Abandon { reason } => H::RolloutAbandoned { reason: text(reason, "Say why it is given up.")? },
        Command::Prolong { until } => {
            let last = facts.now + Duration::days(WINDOW_DAYS);
            if *until <= facts.now || *until <= r.window.until || *until > last {
                let sentence =
                    format!("Let the window end later than it does, in the time to come, within {WINDOW_DAYS} days.");
                return Err(Refusal::new(Code::Incomplete, sentence));
            }
            H::RolloutProlonged { until: *until }
        }
        Command::SetBaseline { baseline: given } => H::BaselineSet { baseline: baseline(given)? },
        other => unreachable!("{} is judged in another room", other.kind()),
    })
}

fn of_target(r: &Rollout, name: &TargetName, target: &Target, command: &Command, facts: &Facts) -> Result<H, Refusal> {
    use Command as C;
    match command {
        C::Begin { .. }
        | C::Report { .. }
        | C::Retry { .. }
        | C::Skip { .. }
        | C::DoneByHand { .. }
        | C::SignOff { .. } => steps::decide(r, name, target, command, facts),
        C::Hold { .. }
        | C::LetGo { .. }
        | C::LeaveOut { .. }
        | C::RollBack { .. }
        | C::BackBegins { .. }
        | C::BackEnds { .. }
        | C::BackByHand { .. }
        | C::Again { .. } => around::decide(r, name, target, command, facts),
        C::AnswerChange { .. }
        | C::Reapplied { .. }
        | C::TryWayBack { .. }
        | C::ProposeRetirement { .. }
        | C::AgreeRetirement { .. }
        | C::RetireLegacy { .. } => follow_ups::decide(r, name, target, command, facts),
        C::Amend { .. }
        | C::Start {}
        | C::Pause { .. }
        | C::Resume {}
        | C::Stop { .. }
        | C::Abandon { .. }
        | C::Prolong { .. }
        | C::SetBaseline { .. } => unreachable!("{} is judged in another room", command.kind()),
    }
}

fn find<'r>(r: &'r Rollout, name: &TargetName) -> Result<&'r Target, Refusal> {
    r.target(name).ok_or_else(|| none_such("target", name))
}

fn none_such(what: &str, id: impl std::fmt::Display) -> Refusal {
    Refusal::new(Code::NoSuchThing, format!("There is no {what} {id} here: open the page again."))
}

fn wrong<T>(sentence: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::new(Code::WrongState, sentence))
}

fn already<T>(sentence: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::new(Code::AlreadyDone, sentence))
}

/// A text as it is kept: trimmed, not empty, not endless.
fn text(given: &str, missing: &str) -> Result<String, Refusal> {
    let t = given.trim();
    if t.is_empty() {
        return Err(Refusal::new(Code::Incomplete, missing));
    }
    short(t)
}

/// A text that may be empty.
fn short(given: &str) -> Result<String, Refusal> {
    let t = given.trim();
    if t.chars().count() > TEXT_MAX {
        let sentence = format!("Shorten the text to {TEXT_MAX} characters, and link to the rest.");
        return Err(Refusal::new(Code::Incomplete, sentence));
    }
    Ok(t.to_owned())
}

/// A reason of some words: a letter is none.
fn reason(given: &str, missing: &str) -> Result<String, Refusal> {
    let t = text(given, missing)?;
    if t.split_whitespace().count() < 2 {
        return Err(Refusal::new(Code::Incomplete, format!("{missing} In some words.")));
    }
    Ok(t)
}
