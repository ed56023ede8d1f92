//! Puts what was decided on record: the device, the journal, who is told, all in one transaction.

mod news;
mod streams;

pub(super) use news::of_device;
pub use streams::*;

use super::{
    Caller, Error, Result, confirmations,
    facts::{Gathered, gather},
    incidents::{self, Looked},
    retests, shift, telling, work,
};
use crate::{
    app::App,
    domain::{
        device::Device,
        due,
        lifecycle::{Event, Facts, Happened, Readings, StateName, decide::TEXT_MAX, evolve},
        naming::without_names,
        observation::Seen,
        refusal::Refusal,
        story::{Audience, audience},
        support::{self, Support, Verdict},
    },
    store::{
        self, Tx,
        devices::{Derived, OnRecord, Which},
        instances::Known,
        journal::Line,
        roster::Roster,
        standing::Turns,
    },
};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use std::{collections::BTreeSet, sync::Arc};

/// The day of what is never due.
const NO_DAY: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).expect("it is in the calendar");

/// What an act did to a device.
pub struct Change<'a> {
    pub before: &'a Device,
    pub after: &'a Device,
    pub events: &'a [Event],
    pub gathered: &'a Gathered,
    /// What stood beside the device, where it was on record.
    pub was: Option<&'a OnRecord>,
    pub roster: &'a Roster,
}

/// Saves the device and everything that follows from the events; `also` is what else the act has the journal tell.
pub async fn save(tx: &Tx, app: &App, caller: &Caller, change: &Change<'_>, also: Option<Line>) -> Result<()> {
    let Change { before, after, events, gathered, was, roster } = *change;
    let mut known = gathered.known.clone();
    let brings =
        |e: &Event| matches!(e.what, Happened::Submitted { .. } | Happened::Imported { .. } | Happened::Amended { .. });
    let relinked = events.iter().any(|e| brings(e) || is_end(e));
    if relinked {
        known = relink(tx, app, after).await?;
    }
    rejudge(&mut known, after, gathered.now);
    let judged: Vec<Known> = known.iter().filter(|k| !gathered.known.contains(k)).cloned().collect();
    let seen: Vec<_> = known.iter().filter(|k| k.device == Some(after.id)).map(|k| k.seen.clone()).collect();
    let verdict = support::of_device(after, &seen);
    let (supported, since) = match was {
        Some(OnRecord { standing: (was, since), .. }) => {
            (was.as_ref(), support_since(was.as_ref(), *since, verdict.as_ref(), gathered.now))
        }
        None => (None, gathered.now),
    };
    let turns = turns(app, roster, after, gathered, &seen);
    let derived = Derived {
        verdict: verdict.as_ref(),
        support_since: since,
        orphan_at: orphan_at(app, after, gathered),
        turns: &turns,
        due: due::next(after, &app.policy).map_or(NO_DAY, |d| d.on),
        at: gathered.now,
        was,
    };
    if !store::devices::save(tx, before, after, &derived).await? {
        return Err(Error::Stale(Vec::new()));
    }
    store::instances::save_unsaid(tx, &judged, relinked).await?;
    if before.overrides != after.overrides {
        store::overrides::save(tx, after).await?;
    }
    save_training(tx, events).await?;

    let mut lines = Vec::with_capacity(events.len() + 1);
    for e in events {
        lines.push(Line {
            stream: after.id.to_string(),
            at: e.at,
            actor: e.by,
            origin: caller.origin.clone(),
            kind: e.what.name().to_owned(),
            body: serde_json::to_string(&e.what).map_err(|e| Error::Internal(Box::new(e)))?,
        });
    }
    lines.extend(support_line(caller, after, supported, verdict.as_ref(), gathered.now));
    let own = lines.len();
    lines.extend(also);
    let mut entries = store::journal::append_and_touch(tx, lines, store::instances::touched(&judged)).await?;
    entries.truncate(own);
    // What is imported is as it was: nothing changed at the facility that anybody has to hear of (E5).
    let imported = events.iter().any(|e| matches!(e.what, Happened::Imported { .. }));
    let (mut people, mut teams) = (Vec::new(), Vec::new());
    // The shift hears of a shut-down or a restart as such, and in any case that nothing supports it any more (N1).
    let told = events.iter().any(|e| audience(&e.what) == Audience::DeviceAndShift);
    let unsupported = verdict.as_ref().is_some_and(|v| v.support == Support::NotSupported);
    if let Some(changed) = entries.get(events.len())
        && !imported
        && (!told || unsupported)
    {
        let was = supported.map(|v| v.support);
        let (hear, shift) = telling::support_changed(app, roster, after, was, verdict.as_ref(), changed);
        people.extend(hear);
        teams.push(shift);
    }
    if !imported {
        shift::waits(tx, &entries).await?;
    }
    let open = relinked || was.is_none_or(|was| was.differs);
    compare(tx, app, caller, change, (&known, open), verdict.as_ref()).await?;
    let asked = confirmations::ask(tx, app, change).await?;
    let (hear, shift) = news::news(app, change, &entries, &asked);
    people.extend(hear);
    teams.extend(shift);
    people.extend(retests::follow(tx, app, caller, change).await?);
    telling::tell(tx, app, roster, people, teams).await
}

/// Who is who at the moment at which this was read.
pub async fn roster(tx: &Tx, app: &App, was: Option<&OnRecord>) -> Result<Arc<Roster>> {
    let roster = match was {
        Some(was) => app.roster.of(tx, was.roster.clone()).await,
        None => app.roster.current(tx).await,
    };
    Ok(roster?)
}

/// Puts on record what happened to a device by no command of its process: what was imported, who was erased, who is one
/// with a contributor.
pub async fn note(tx: &Tx, app: &App, caller: &Caller, before: Device, what: Happened) -> Result<()> {
    let event = Event { at: app.clock.now(), by: caller.actor.person(), what };
    let after = evolve(before.clone(), &event);
    // What is imported was on record nowhere.
    let was = store::devices::find_to_change(tx, &Which::Id(after.id), None).await?.map(|(_, was)| was);
    let roster = roster(tx, app, was.as_ref()).await?;
    let gathered = gather(tx, app, &roster, caller, &after, None, Readings::default()).await?;
    let (before, after, events, gathered) = (&before, &after, &[event], &gathered);
    let change = Change { before, after, events, gathered, was: was.as_ref(), roster: &roster };
    save(tx, app, caller, &change, None).await
}

/// G10: what runs beside what is on record from now on; and whether an incident may be open of it.
async fn compare(
    tx: &Tx,
    app: &App,
    caller: &Caller,
    change: &Change<'_>,
    (known, open): (&[Known], bool),
    verdict: Option<&Verdict>,
) -> Result<()> {
    let (after, now) = (change.after, change.gathered.now);
    let (own, others): (Vec<&Known>, Vec<&Known>) = known.iter().partition(|k| k.device == Some(after.id));
    let mut looked = if open { Looked::default() } else { Looked::nothing_open() };
    for k in others {
        looked.stranger(&k.seen);
    }
    let seen: Vec<Seen> = own.into_iter().map(|k| k.seen.clone()).collect();
    looked.device(app, after, &seen, now);
    if verdict.is_some_and(|v| v.support == Support::NotSupported) {
        looked.unsupported(after.id, false);
    }
    incidents::settle(tx, app, caller, looked, now).await
}

fn is_end(e: &Event) -> bool {
    e.what.leads_to().is_some_and(StateName::is_end)
}

/// Instances of the classes that the device brings now belong to it; those of classes it no longer brings do not.
async fn relink(tx: &Tx, app: &App, d: &Device) -> Result<Vec<Known>> {
    let names = super::facts::version_names(app, Some(d));
    let mut known = store::instances::list_of_device(tx, d.id, &names).await?;
    // What has ended keeps its instances: that it still runs somewhere has to show.
    if d.state.name().is_end() {
        return Ok(known);
    }
    for k in &mut known {
        if !d.request.classes.contains(&k.seen.class) {
            k.device = None;
        }
    }
    for class in &d.request.classes {
        for mut k in store::instances::list_of_class(tx, class, &names).await? {
            k.device = Some(d.id);
            known.retain(|o| (&o.seen.instance, &o.seen.server) != (&k.seen.instance, &k.seen.server));
            known.push(k);
        }
    }
    Ok(known)
}

/// Judges each instance anew, and keeps since when its status holds.
pub fn rejudge(known: &mut [Known], device: &Device, now: DateTime<Utc>) {
    for k in known {
        let of = (k.device == Some(device.id)).then_some(device);
        let verdict = support::of_instance(of, &k.seen);
        if verdict.support != k.verdict.support {
            k.support_since = now;
        }
        k.verdict = verdict;
    }
}

/// Since when the status holds: a new reason for the same status does not start it anew.
pub fn support_since(
    was: Option<&Verdict>,
    since: DateTime<Utc>,
    is: Option<&Verdict>,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    if was.map(|v| v.support) == is.map(|v| v.support) { since } else { now }
}

/// The journal's line about a change of support status, if it changed.
pub fn support_line(
    caller: &Caller,
    d: &Device,
    was: Option<&Verdict>,
    is: Option<&Verdict>,
    at: DateTime<Utc>,
) -> Option<Line> {
    if was.map(|v| v.support) == is.map(|v| v.support) {
        return None;
    }
    let body = json!({
        "from": was.map(|v| v.support),
        "to": is.map(|v| v.support),
        "why": is.map(|v| v.why.as_str()),
    });
    Some(Line {
        stream: support_stream(d.id),
        at,
        actor: None,
        origin: caller.origin.clone(),
        kind: SUPPORT_CHANGED.to_owned(),
        body: body.to_string(),
    })
}

/// When the last contact that can be reached stops being one (N4).
pub(super) fn orphan_at(app: &App, d: &Device, g: &Gathered) -> Option<DateTime<Utc>> {
    if !d.state.is_developed() {
        return None;
    }
    if d.is_orphaned(&g.people, &app.policy, g.now) {
        return Some(g.now);
    }
    d.contacts
        .iter()
        .filter(|c| c.reachable(&g.people, &app.policy, g.now))
        .filter_map(|c| c.confirmed_until(&app.policy))
        .max()
}

/// Whose turn it is, and whether as CTRL. A request that nobody of CTRL has taken waits for the team that it is offered to
/// first (L6).
pub fn turns(app: &App, roster: &Roster, d: &Device, g: &Gathered, seen: &[Seen]) -> Turns {
    let facts = Facts { seen, ..g.facts(app, &Caller::custody()) };
    let team = match d.ctrl_contact {
        Some(_) => BTreeSet::new(),
        None => roster.of_team(&app.policy.intake.first_team),
    };
    work::waits_for(d, &facts, &team)
}

async fn save_training(tx: &Tx, events: &[Event]) -> Result<()> {
    for e in events {
        if let (Happened::Trained { person, until }, Some(by)) = (&e.what, e.by) {
            store::people::save_training(tx, *person, until, by, e.at).await?;
        }
    }
    Ok(())
}

/// Ends the transaction of a report by what came of it. An attempt by somebody who may not make it is put on record.
pub(super) async fn end<T>(
    tx: Tx,
    app: &App,
    caller: &Caller,
    device: &Device,
    what: &str,
    done: Result<T>,
) -> Result<T> {
    let error = match done {
        Ok(made) => {
            tx.commit().await?;
            return Ok(made);
        }
        Err(error) => error,
    };
    // What went wrong is told, not that SQLite has rolled back by itself on a full disk.
    let _ = tx.rollback().await;
    if let Error::Refused(refusal) = &error
        && refusal.code.is_about_who()
    {
        attempt(app, caller, device, what, refusal).await?;
    }
    Err(error)
}

/// Puts an attempt to break a rule on record. The device stays as it is.
pub async fn attempt(app: &App, caller: &Caller, d: &Device, what: &str, refusal: &Refusal) -> Result<()> {
    let open: Vec<_> = refusal.gates.iter().filter(|g| g.is_open()).map(|g| g.id).collect();
    // It may quote what was sent, however long that is, and the journal keeps it for good (A35).
    let said: String = refusal.sentence.chars().take(4 * TEXT_MAX).collect();
    let tx = app.db.begin().await?;
    // Sentences name people, and the journal does not (A37): a name goes whole, before the rest is cut.
    let why = without_names(&said, app.roster.current(&tx).await?.everybody());
    let why: String = why.chars().take(TEXT_MAX).collect();
    let line = Line {
        stream: refused_stream(d),
        at: app.clock.now(),
        actor: caller.actor.person(),
        origin: caller.origin.clone(),
        kind: "refused".to_owned(),
        body: json!({ "command": what, "code": refusal.code, "why": why, "open": open }).to_string(),
    };
    store::journal::append(&tx, vec![line]).await?;
    Ok(tx.commit().await?)
}
