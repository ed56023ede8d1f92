//! The box of the next step: who has to do what, and the step's own button.

use crate::{
    app::App,
    domain::lifecycle::{CommandKind, GateId, Turn as Whose, Who, rule},
    service::devices::DeviceView,
    web::{
        acts, gatebox,
        parts::{Action, GateBox, Side, Turn},
    },
};

/// A button that does an act without a form of its own, as the reader saw the device.
pub fn offers(v: &DeviceView, act: CommandKind, next: &str) -> Action {
    Action::post(acts::label(act), &gatebox::act_href(v.device.name(), act))
        .sending("revision", v.device.revision)
        .sending("key", uuid::Uuid::new_v4())
        .sending("next", next)
}

/// A link to an act's form.
pub fn form(v: &DeviceView, act: CommandKind) -> Action {
    let link = Action::link(acts::label(act), &gatebox::act_href(v.device.name(), act));
    if acts::is_grave(act) { link.danger() } else { link }
}

pub fn next_step(app: &App, v: &DeviceView) -> Option<GateBox> {
    let (step, gates) = v.step.as_ref()?;
    let name = v.device.name();
    let (what, verb) = gatebox::words(*step).unwrap_or(("The next step", "be taken"));
    let by_contributor = rule(*step).who.contains(&Who::Contributor);
    let side = if by_contributor { Side::Contributor } else { Side::Ctrl };
    let mine = v.may(*step);
    let all = gates.iter().map(|g| {
        let turn = gatebox::turn_of(g, &v.people, v.me);
        let mut gate = gatebox::gate(g, name, turn, |act| v.may(act));
        // Where no agent looks, somebody of CTRL can say what they see (T8).
        if !g.met && g.id == GateId::T8 && g.turn == Whose::Machine && states_seen(app, v) {
            gate.action = Some(Action::link("State what you saw", &format!("/devices/{name}/state-seen")).small());
        }
        gate
    });
    let also = [CommandKind::Withdraw, CommandKind::Decline, CommandKind::ReturnToDevelopment, CommandKind::TakeOver];
    Some(GateBox {
        id: "next".to_owned(),
        what: what.to_owned(),
        verb: verb.to_owned(),
        gates: all.collect(),
        mover: if mine { Turn::You(side) } else { Turn::Side(side) },
        step: v.me.map(|_| offers(v, *step, &format!("/devices/{name}")).primary()),
        locked: (!mine).then(|| {
            let who: Vec<&str> = rule(*step).who.iter().map(|w| w.words()).collect();
            format!("This is for {} to do.", who.join(" or "))
        }),
        also: also.into_iter().filter(|act| v.may(*act)).map(|act| form(v, act).quiet()).collect(),
    })
}

/// Whether the reader's own eyes count here.
pub fn states_seen(app: &App, v: &DeviceView) -> bool {
    v.is(Who::Ctrl) && app.policy.observations.statements
}
