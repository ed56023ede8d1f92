//! The gate box's samples.
use crate::web::parts::*;

pub(super) fn gate(id: &str, title: &str, why: &str, state: GateState, turn: Turn) -> GateView {
    GateView { id: id.into(), title: title.into(), why: why.into(), state, turn, action: None }
}

pub(super) fn done_gates() -> Vec<GateView> {
    [
        ("G3", "It builds and deploys with the standard tool", "Pipeline 88 213, today 02:30"),
        ("T5", "The style check passes", "0 warnings"),
        ("L4", "Two people can be called at night", "Confirmed 3 November"),
        ("L3", "Failure scenarios are written down", "Accepted by Lena Brandt, 3 September"),
        ("H1", "It runs only on reduced-support servers", "Seen on `contrib_scs_01` and `contrib_sqs_02`"),
    ]
    .map(|(id, title, why)| gate(id, title, why, GateState::Met, Turn::Machine))
    .into()
}

pub(super) fn blocked_box() -> GateBox {
    let you = Turn::You(Side::Contributor);
    let mut gates = vec![
        GateView {
            action: Some(Action::link("How to tag and deploy", "#").small()),
            ..gate(
                "G2",
                "Every place runs a clean tag",
                "`contrib_sqs_02` runs `2.4.1-3-g9f3c1ab`, three commits after tag 2.4.1. Tag it, deploy the tag, and this closes by itself within a minute.",
                GateState::Failing,
                you.clone(),
            )
        },
        GateView {
            action: Some(Action::link("Add evidence", "#").small().primary()),
            ..gate(
                "T1",
                "It has worked in its intended scenario",
                "Name one beamtime or commissioning run, and link the logbook entry that shows it.",
                GateState::Open,
                you.clone(),
            )
        },
        GateView {
            action: Some(Action::post("Send a reminder", "#").small()),
            ..gate(
                "T2",
                "A transfer date is agreed",
                "You proposed 14 December. Lena Brandt answers; asked 3 days ago, usual answer within 5 days.",
                GateState::Waiting,
                Turn::Side(Side::Ctrl),
            )
        },
        gate(
            "G10",
            "The observer has seen it for a day",
            "Seen for 22 hours without a gap; closes today at 16:40.",
            GateState::Waiting,
            Turn::Machine,
        ),
    ];
    gates.extend(done_gates());
    GateBox {
        id: "blocked".into(),
        what: "Review".into(),
        verb: "start".into(),
        gates,
        mover: you,
        step: Some(Action::post("Ask for review", "#").primary()),
        locked: None,
        also: vec![Action::link("Withdraw", "#").quiet()],
    }
}

pub(super) fn open_box() -> GateBox {
    GateBox { id: "open".into(), gates: done_gates(), also: vec![], ..blocked_box() }
}
