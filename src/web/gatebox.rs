//! The domain's words as the parts of a page: states, statuses, gates, turns.

use super::parts::{Action, GateBox, GateState, GateView, Side, Status, Turn};
use crate::domain::{
    id::PersonId,
    lifecycle::{self, CommandKind, Gate, StateName},
    person::People,
    support::{Support, Verdict},
};
use crate::service::{prepare::ActContext, stages};

pub fn of_state(state: StateName) -> Status {
    match state {
        StateName::Draft => Status::Draft,
        StateName::Requested => Status::Requested,
        StateName::Accepted => Status::Accepted,
        StateName::ReducedSupport => Status::Reduced,
        StateName::UnderReview => Status::UnderReview,
        StateName::CtrlOwned => Status::Full,
        StateName::Declined => Status::Declined,
        StateName::Withdrawn => Status::Withdrawn,
        StateName::Retired => Status::Retired,
    }
}

pub fn of_support(support: Support) -> Status {
    match support {
        Support::FullySupported => Status::Full,
        Support::ReducedSupport => Status::Reduced,
        Support::Unknown => Status::Unknown,
        Support::NotSupported => Status::NotSupported,
        Support::ShutDown => Status::ShutDown,
    }
}

/// What a device's chip says: its status where anybody supports it, its state where nobody does. Under review keeps its
/// own chip, which says that it still is reduced support.
pub fn of_device(state: StateName, verdict: Option<&Verdict>) -> Status {
    match verdict.map(|v| v.support) {
        Some(Support::ReducedSupport) if state == StateName::UnderReview => Status::UnderReview,
        Some(s) => of_support(s),
        None => of_state(state),
    }
}

/// Which side a state's device is held by.
pub fn held_by(state: StateName) -> Side {
    match state {
        StateName::CtrlOwned => Side::Ctrl,
        _ => Side::Contributor,
    }
}

/// Where an act has its form.
pub fn act_href(device: &str, act: CommandKind) -> String {
    let word: &str = act.into();
    format!("/devices/{device}/{}", word.replace('_', "-"))
}

/// Where what a gate asks for is done: the discussion and the review have pages of their own.
pub fn remedy_href(device: &str, act: CommandKind) -> String {
    use CommandKind::*;
    match act {
        AnswerPoint | SignOffPoint | RaisePoint | AnswerReservation | AcceptReservation | RaiseReservation
        | SignOffArea => format!("/devices/{device}/discussion"),
        AnswerFinding | AcceptFinding | SendBackFinding | Approve | RaiseFinding | AgreeTimeline | GiveEvidence => {
            format!("/devices/{device}/review")
        }
        // No form: a deploy tool does it, and this page has the tools.
        RedeemPermit => "/tools".to_owned(),
        other => act_href(device, other),
    }
}

/// Whose turn a gate is, as the reader sees it.
pub fn turn_of(gate: &Gate, people: &People, me: Option<PersonId>) -> Turn {
    turn(gate.turn, &gate.waits_for, people, me)
}

/// Whose turn something is that waits for these people, as the reader sees it.
pub fn turn(of: lifecycle::Turn, waits_for: &[PersonId], people: &People, me: Option<PersonId>) -> Turn {
    let side = match of {
        lifecycle::Turn::User => return Turn::User,
        lifecycle::Turn::Machine => return Turn::Machine,
        lifecycle::Turn::Contributor => Side::Contributor,
        lifecycle::Turn::Ctrl => Side::Ctrl,
    };
    if me.is_some_and(|me| waits_for.contains(&me)) {
        return Turn::You(side);
    }
    match waits_for {
        [one] if people.get(*one).is_some() => {
            let name = people.name(*one);
            Turn::Person { name: name.split_whitespace().next().unwrap_or(name).to_owned(), side }
        }
        _ => Turn::Side(side),
    }
}

/// One gate. `offer` says whether the reader may do what meets it.
pub fn gate(g: &Gate, device: &str, turn: Turn, offer: impl Fn(CommandKind) -> bool) -> GateView {
    let action = g.where_to.filter(|act| g.is_open() && offer(*act)).map(|act| {
        let link = Action::link(super::acts::label(act), &remedy_href(device, act)).small();
        if turn.yours() { link.primary() } else { link }
    });
    let page = g.release.as_ref().map(|tag| Action::link("Its stages", &stages::path(device, tag)).small());
    let action = action.or(page);
    GateView {
        id: g.id.to_string(),
        title: g.title.to_owned(),
        why: g.why.clone(),
        state: match (!g.is_open(), &turn) {
            (true, _) => GateState::Met,
            (false, Turn::You(_)) => GateState::Open,
            (false, _) => GateState::Waiting,
        },
        turn,
        action,
    }
}

/// What a step is called in the verdict, subject and verb, where it has words of its own.
pub fn words(step: CommandKind) -> Option<(&'static str, &'static str)> {
    match step {
        CommandKind::Accept => Some(("The request", "be accepted")),
        CommandKind::StartDevelopment => Some(("Development", "start")),
        CommandKind::RequestTransfer => Some(("Review", "start")),
        CommandKind::TakeOwnership => Some(("Ownership", "pass to CTRL")),
        _ => None,
    }
}

/// The gates of a step that is not taken, as its reader sees them; without a reader nobody's rights are known.
pub fn of_step(step: Option<CommandKind>, gates: &[Gate], device: &str, reader: Option<&ActContext>) -> GateBox {
    let view = |g: &Gate| match reader {
        Some(cx) => gate(g, device, turn_of(g, &cx.people, Some(cx.me)), |act| cx.may(act)),
        None => gate(g, device, turn_of(g, &People::default(), None), |_| false),
    };
    let (what, verb) = match step.map(|step| (step, words(step))) {
        Some((_, Some((what, verb)))) => (what.to_owned(), verb),
        Some((step, None)) => (format!("The step “{}”", super::acts::label(step)), "be taken"),
        None => ("This step".to_owned(), "be taken"),
    };
    GateBox {
        id: "gates".to_owned(),
        what,
        verb: verb.to_owned(),
        gates: gates.iter().map(view).collect(),
        mover: Turn::Machine,
        step: None,
        locked: None,
        also: Vec::new(),
    }
}
