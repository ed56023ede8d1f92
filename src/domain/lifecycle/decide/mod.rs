//! Judges a command: who asks, in which state, before which gates; then each command's own conditions.

mod contacts;
mod dependencies;
mod development;
mod discussion;
mod environments;
mod framework;
mod overrides;
mod review;
mod running;

pub use running::may_begin;

use super::{
    command::{Command, CommandKind},
    event::{Event, Happened},
    facts::Facts,
    gates::{Gate, judge_all},
    table::{Rule, rule},
};
use crate::domain::{
    device::Device,
    refusal::{Code, Refusal},
};

/// The longest text that is kept, in characters.
pub const TEXT_MAX: usize = 4000;

/// What the command makes happen, or why it is refused. A refusal changes nothing.
pub fn decide(device: &Device, command: &Command, facts: &Facts) -> Result<Vec<Event>, Refusal> {
    let rule = rule(command.kind());
    allowed(rule, device, command, facts)?;
    if !rule.from.contains(&device.state.name()) {
        let from: Vec<&str> = rule.from.iter().map(|s| s.label()).collect();
        return Err(Refusal::new(
            Code::WrongState,
            format!(
                "{} is {}: this can be done while it is {}.",
                device.name(),
                device.state.name().label(),
                from.join(", ")
            ),
        )
        .with(judge_all(rule, device, Some(command), facts)));
    }
    let gates = judge_all(rule, device, Some(command), facts);
    let open: Vec<&Gate> = gates.iter().filter(|g| g.is_open()).collect();
    if let Some(first) = open.first() {
        let sentence = if open.len() == 1 {
            first.why.clone()
        } else {
            format!("{} gates are open. The first: {}", open.len(), first.why)
        };
        return Err(Refusal::new(Code::GatesOpen, sentence).with(gates));
    }
    // Here too all gates are listed, met as they are: whoever is refused sees that it is not because of them.
    let happened = happened(device, command, facts).map_err(|r| r.with(gates))?;
    Ok(happened.into_iter().map(|what| Event { at: facts.now, by: facts.actor.person(), what }).collect())
}

/// Whether the actor may do this at all, gates aside: what pages use to offer a button or not.
pub fn may(device: &Device, command: CommandKind, facts: &Facts) -> bool {
    let standing = facts.standing(device);
    let rule = rule(command);
    rule.from.contains(&device.state.name()) && rule.who.iter().any(|w| standing.contains(w))
}

fn allowed(rule: &Rule, device: &Device, command: &Command, facts: &Facts) -> Result<(), Refusal> {
    let standing = facts.standing(device);
    let has_part = facts.actor.person().is_some_and(|me| device.has_contributed(me));
    let decides =
        matches!(command, Command::Approve { .. } | Command::TakeOwnership {} | Command::ApproveOverride { .. });
    if decides && has_part {
        return Err(Refusal::new(
            Code::SelfApproval,
            "You are a contributor of this device, or were one in this cycle: a reviewer who is not decides on it.",
        )
        .with(judge_all(rule, device, Some(command), facts)));
    }
    if rule.who.iter().any(|w| standing.contains(w)) {
        return Ok(());
    }
    let who: Vec<&str> = rule.who.iter().map(|w| w.words()).collect();
    Err(Refusal::new(Code::NotYours, format!("This is for {} to do.", who.join(" or "))).with(judge_all(
        rule,
        device,
        Some(command),
        facts,
    )))
}

fn happened(device: &Device, command: &Command, facts: &Facts) -> Result<Vec<Happened>, Refusal> {
    use Command::*;
    match command {
        Submit { .. }
        | Amend { .. }
        | TakeRequest {}
        | AssignContact { .. }
        | Invite { .. }
        | RaisePoint { .. }
        | AnswerPoint { .. }
        | SignOffPoint { .. }
        | RaiseReservation { .. }
        | AnswerReservation { .. }
        | AcceptReservation { .. }
        | SignOffArea { .. }
        | Accept {}
        | Decline { .. }
        | Withdraw { .. } => discussion::decide(device, command, facts),

        AssignServer { .. }
        | CommitToUpdates {}
        | GrantAccess { .. }
        | RevokeAccess { .. }
        | DeclareFramework { .. }
        | RecordTraining { .. }
        | StartDevelopment {}
        | AskHelp { .. }
        | ScheduleHelp { .. }
        | LogHelp { .. }
        | StateOperated { .. }
        | Countersign {}
        | RequestTransfer {}
        | TakeOver { .. } => development::decide(device, command, facts),

        RecordOverview { .. }
        | ProposeTimeline { .. }
        | AgreeTimeline {}
        | ReachMilestone { .. }
        | ProposeCommit { .. }
        | GiveEvidence { .. }
        | RaiseFinding { .. }
        | AnswerFinding { .. }
        | AcceptFinding { .. }
        | SendBackFinding { .. }
        | JoinReview {}
        | Approve { .. }
        | WithdrawApproval { .. }
        | ReportTask { .. }
        | ReturnToDevelopment { .. }
        | TakeOwnership {} => review::decide(device, command, facts),

        MoveOnByItself { .. }
        | StopMovingOn {}
        | HoldMovingOn { .. }
        | LiftHold { .. }
        | MoveOn { .. }
        | StayInDevelopment { .. } => environments::decide(device, command, facts),

        SetDependencies { on } => dependencies::decide(device, on, facts),
        BuildAgainst { .. } | ForgetFramework {} | ReadFramework { .. } | NoteUpdate { .. } => {
            framework::decide(device, command, facts)
        }

        AskOverride { .. } | ApproveOverride { .. } | EndOverride { .. } => overrides::decide(device, command, facts),

        VerifyTag { .. }
        | CheckTag { .. }
        | CheckRepository {}
        | Deploy { .. }
        | Remove { .. }
        | RedeemPermit { .. }
        | GiveBack { .. }
        | HandBack { .. }
        | ExtendLoan { .. }
        | AnswerDone { .. }
        | ShutDown { .. }
        | Restart { .. }
        | SetContacts { .. }
        | ConfirmContact {}
        | SetOperatorRules { .. }
        | AddContributor { .. }
        | RemoveContributor { .. }
        | OfferAdoption { .. }
        | AcceptAdoption { .. }
        | Retire { .. } => running::decide(device, command, facts),
    }
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
        return Err(Refusal::new(
            Code::Incomplete,
            format!("Shorten the text to {TEXT_MAX} characters, and link to the rest."),
        ));
    }
    Ok(t.to_owned())
}

fn none_such(what: &str, id: impl std::fmt::Display) -> Refusal {
    Refusal::new(Code::NoSuchThing, format!("There is no {what} {id} here: open the page again."))
}

fn already(sentence: impl Into<String>) -> Refusal {
    Refusal::new(Code::AlreadyDone, sentence)
}
