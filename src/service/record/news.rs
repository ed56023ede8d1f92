//! Who hears of what happened to a device, and in which words.

use super::Change;
use crate::{
    app::App,
    domain::{
        device::Device,
        id::PersonId,
        journal::Entry,
        lifecycle::Happened,
        story::{self, Audience, audience},
    },
    service::telling::{News, Teams, Telling},
    store::teams::TeamKind,
};
use std::collections::BTreeSet;

/// What those are told who have to hear of it.
pub(super) fn news<'a>(
    app: &'a App,
    change: &Change<'_>,
    entries: &[Entry],
    asked: &BTreeSet<PersonId>,
) -> (Vec<Telling>, Vec<(Teams<'a>, News)>) {
    let Change { before, after: d, events, roster, .. } = *change;
    let first_team = &app.policy.intake.first_team;
    let (mut people, mut teams) = (Vec::new(), Vec::new());
    for (e, entry) in events.iter().zip(entries) {
        let mut to: BTreeSet<PersonId> = match audience(&e.what) {
            Audience::Nobody => continue,
            Audience::People(people) => people.into_iter().collect(),
            Audience::Device => of_device(d),
            Audience::DeviceAndShift => {
                let mut to = of_device(d);
                to.extend(roster.of_kind(TeamKind::Doc));
                to
            }
        };
        // N6: who is to restart it hears that they are, and that they are no longer.
        match &e.what {
            Happened::ShutDown { responsible, .. } => _ = to.insert(*responsible),
            Happened::Restarted { .. } => to.extend(before.shut_down.as_ref().map(|s| s.responsible)),
            _ => {}
        }
        if matches!(e.what, Happened::OverrideAsked { .. }) {
            // G12: any other of CTRL is the second.
            to.extend(roster.of_kind(TeamKind::Ctrl));
        }
        if matches!(e.what, Happened::Submitted { .. }) {
            // L6: offered to this team first.
            to.extend(roster.of_team(first_team));
        }
        // Who set it to move on by itself did not ask for this one.
        let by_itself = matches!(e.what, Happened::Deployed { moved_on: Some(_), .. });
        if let Some(by) = e.by {
            to.remove(&by);
            to.extend(Some(by).filter(|_| by_itself));
        }
        // Whoever is asked to confirm themselves hears by that who named them.
        if matches!(e.what, Happened::ContactsSet { .. }) {
            to.retain(|person| !asked.contains(person));
        }
        let everybody = roster.everybody();
        let who = e.by.map_or("Custody", |p| everybody.name(p));
        let text = format!("{who} {}", story::tell(e, everybody, &app.policy));
        let urgent = matches!(
            e.what,
            Happened::ShutDown { .. } | Happened::OverrideAsked { .. } | Happened::OverrideApproved { .. }
        );
        let news = News {
            device: Some(d.id),
            key: format!("journal/{}", entry.seq),
            at: e.at,
            text,
            path: format!("/devices/{}", d.name()),
            urgent,
        };
        people.extend(to.into_iter().map(|person| news.to(person)));
        if matches!(e.what, Happened::Submitted { .. }) {
            teams.push((Teams::Named(first_team), news.clone()));
        }
        if audience(&e.what) == Audience::DeviceAndShift {
            teams.push((Teams::Of(TeamKind::Doc), news));
        }
    }
    (people, teams)
}

/// Everybody who has to do with a device.
pub(in crate::service) fn of_device(d: &Device) -> BTreeSet<PersonId> {
    let mut to = d.contributors.clone();
    to.extend(d.contacts.iter().map(|c| c.person));
    to.extend(d.ctrl_contact);
    if let Some(r) = d.review() {
        to.extend(r.findings.iter().map(|f| f.raised.mark.by));
        to.extend(r.approvals.iter().map(|a| a.mark.by));
    }
    to
}
