//! Work as rows: what a page of somebody's own, and CTRL's queue, have in common.

use super::{
    acts, gatebox,
    parts::{Action, Chip, Pips, Side, Status, Turn, WorkGroup, WorkRow},
    words,
};
use crate::{
    domain::{
        due::What,
        id::PersonId,
        lifecycle::{
            CommandKind::{RedeemPermit, Restart},
            StateName,
        },
        support::Verdict,
    },
    service::work::{Desk, Whose, Work},
};
use chrono::Duration;
use std::collections::BTreeSet;

/// The rows, grouped by whose turn it is; the first that waits for the reader is marked.
pub fn groups(desk: &Desk, me: PersonId, own_side: impl Fn(&Work) -> Side) -> Vec<WorkGroup> {
    let mut groups: Vec<(Whose, WorkGroup)> = Vec::new();
    for work in &desk.work {
        let side = own_side(work);
        let (turn, title) = match work.whose {
            Whose::Mine => (Some(Turn::You(side)), ""),
            Whose::Contributor => (Some(Turn::Side(Side::Contributor)), ""),
            Whose::Ctrl => (Some(Turn::Side(Side::Ctrl)), ""),
            Whose::User => (Some(Turn::User), ""),
            Whose::Machine => (Some(Turn::Machine), ""),
            Whose::Nobody => (None, "Nothing to do"),
        };
        let row = row(desk, work, me);
        match groups.iter_mut().find(|(whose, _)| *whose == work.whose) {
            Some((_, group)) => group.rows.push(row),
            None => groups.push((work.whose, WorkGroup { turn, title, rows: vec![row] })),
        }
    }
    groups.sort_by_key(|(whose, _)| *whose);
    if let Some((Whose::Mine, first)) = groups.first_mut()
        && let Some(row) = first.rows.first_mut()
    {
        row.first = true;
        row.action = row.action.clone().primary();
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// The chip of a device, with what lies under a shut-down.
pub fn chip(state: StateName, verdict: Option<&Verdict>) -> Chip {
    let chip = Chip::of(gatebox::of_device(state, verdict));
    if chip.status == Status::ShutDown { chip.over(gatebox::of_state(state)) } else { chip }
}

fn row(desk: &Desk, work: &Work, me: PersonId) -> WorkRow {
    let d = &work.device;
    let name = d.name();
    let (due, due_class) = due(desk, work);
    WorkRow {
        name: name.to_owned(),
        href: format!("/devices/{name}"),
        instruments: d.request.instruments.join(", "),
        ask: work.ask.clone(),
        chip: chip(d.state.name(), work.verdict.as_ref()),
        pips: pips(work, me),
        from: d.contacts.first().map_or_else(|| d.request.group.clone(), |c| desk.people.name(c.person).to_owned()),
        waiting: words::so_far(work.since, desk.now),
        due,
        due_class,
        action: action(work, me),
        first: false,
    }
}

fn pips(work: &Work, me: PersonId) -> Option<Pips> {
    work.step?;
    let done = work.gates.iter().filter(|g| g.met).count();
    let yours = work.gates.iter().filter(|g| !g.met && g.waits_for.contains(&me)).count();
    Some(Pips::counts(done, 0, yours, work.gates.len() - done - yours).small())
}

/// In how many ways the gates that wait for the reader are met: what one act does is one.
fn acts_of(work: &Work, me: PersonId) -> usize {
    let mine = || work.gates.iter().filter(|g| !g.met && g.waits_for.contains(&me));
    let acts: BTreeSet<_> = mine().filter_map(|g| g.where_to).collect();
    acts.len() + mine().filter(|g| g.where_to.is_none()).count()
}

/// One act where one does, the gates where several wait, the page otherwise.
fn action(work: &Work, me: PersonId) -> Action {
    let name = work.device.name();
    let open = || Action::link("Open", &format!("/devices/{name}")).quiet();
    let action = match (work.whose, acts_of(work, me), work.act) {
        (Whose::Mine, _, Some(act @ Restart)) => Action::link(acts::label(act), &gatebox::remedy_href(name, act)),
        (Whose::Mine, 2.., _) => Action::link(&format!("See {} gates", work.mine), &format!("/devices/{name}")),
        (Whose::Mine, _, Some(act)) if act != RedeemPermit => {
            Action::link(acts::label(act), &gatebox::remedy_href(name, act))
        }
        // The only gate that is met elsewhere than on the device: the rules of conduct.
        (Whose::Mine, 1, None) if waits_for_conduct(work) => Action::link("Read and accept the rules", "/account"),
        (Whose::Mine, _, _) => Action::link("See the gate", &format!("/devices/{name}")),
        _ => open(),
    };
    action.small().about(&format!("for {name}"))
}

fn waits_for_conduct(work: &Work) -> bool {
    use crate::domain::lifecycle::GateId;
    work.gates.iter().any(|g| !g.met && g.id == GateId::L3 && g.where_to.is_none())
}

fn due(desk: &Desk, work: &Work) -> (String, &'static str) {
    let Some(due) = &work.due else {
        return (String::new(), "");
    };
    let days = (due.on - desk.today).num_days();
    let far = due.on > desk.today + Duration::days(60);
    // A confirmation that ages in months is nobody's appointment.
    if far && due.what == What::Contacts {
        return (String::new(), "");
    }
    match days {
        ..0 if !work.hears_late => (due.on.format("%-d %b").to_string(), ""),
        ..=-2 => (format!("{} days late", -days), "late"),
        -1 => ("1 day late".to_owned(), "late"),
        0 => ("today".to_owned(), "soon"),
        1..=3 => (due.on.format("%-d %b").to_string(), "soon"),
        _ => (due.on.format("%-d %b").to_string(), ""),
    }
}
