//! Local changes on instruments (R7): recorded by CTRL and contributors, told once when their day is over, ended.

use super::{
    Caller, Error, Result,
    facts::today,
    invalid,
    telling::{self, News, Teams},
};
use crate::{
    app::App,
    domain::{
        device::Device,
        due::in_words,
        id::{DeviceId, LocalChangeId, TargetName},
        local_change::{Command, Event, Facts, Happened, LocalChange, Said, decide, evolve},
        person::{People, Role},
    },
    store::{self, Tx, journal::Line, local_changes::Filter, teams::TeamKind},
};
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::ConnectionTrait;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// Lines on a page.
pub const PAGE: u64 = 50;

/// So many whose day is over are told of in one round.
const ROUND: u64 = 50;

/// The stream of the journal in which what happened to one stands.
pub fn stream(id: LocalChangeId) -> String {
    format!("local_change/{id}")
}

/// What somebody records.
#[derive(Clone, Debug)]
pub struct New {
    pub target: TargetName,
    /// The device that is changed there, by its name, where it is one on record.
    pub device: Option<String>,
    pub said: Said,
}

/// Puts one on record. `key` names the request: its repetition is answered with the same one (F3).
pub async fn record(app: &App, caller: &Caller, new: New, key: Option<String>) -> Result<LocalChange> {
    let (app, caller) = (app.clone(), caller.clone());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            let of = format!("local change {} {:?} {:?}", new.target, new.device, new.said);
            let request = format!("{:x}", Sha256::digest(of));
            let named = key.zip(caller.actor.person());
            if let Some((key, person)) = &named
                && let Some((before, outcome)) = store::doors::find_outcome(&tx, *person, key).await?
            {
                if before != request {
                    return Err(Error::KeyReused);
                }
                let id = outcome.parse().map_err(|e: uuid::Error| Error::Internal(Box::new(e)))?;
                return store::local_changes::find(&tx, id).await?.ok_or(Error::NotFound);
            }
            let device = match &new.device {
                None => None,
                Some(name) => match store::devices::find_by_name(&tx, name).await? {
                    None => {
                        let say = format!("No device is called {name}: enter its whole name, or leave it out");
                        return invalid("device", say);
                    }
                    found => found,
                },
            };
            let command = Command::Record {
                target: new.target.clone(),
                device: device.as_ref().map(|d| d.id),
                said: new.said.clone(),
            };
            let may = may(&tx, &app, &caller, &new.target, device.as_ref()).await?;
            let before = LocalChange::draft(LocalChangeId(uuid::Uuid::now_v7()));
            let after = save(&tx, &app, &caller, &before, &command, may).await?;
            if let Some((key, person)) = named {
                let id = after.id.to_string();
                store::doors::insert_outcome(&tx, person, &key, &request, &id, app.clock.now()).await?;
            }
            tx.commit().await?;
            Ok(after)
        })
        .await?
}

/// Says something else of one, decided by this revision of it.
pub async fn change(
    app: &App,
    caller: &Caller,
    id: LocalChangeId,
    said: Said,
    seen: Option<u64>,
) -> Result<LocalChange> {
    act(app, caller, id, Command::Change { said }, seen).await
}

/// Ends one, decided by this revision of it.
pub async fn end(
    app: &App,
    caller: &Caller,
    id: LocalChangeId,
    reason: String,
    seen: Option<u64>,
) -> Result<LocalChange> {
    act(app, caller, id, Command::End { reason }, seen).await
}

async fn act(
    app: &App,
    caller: &Caller,
    id: LocalChangeId,
    command: Command,
    seen: Option<u64>,
) -> Result<LocalChange> {
    let (app, caller) = (app.clone(), caller.clone());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            let before = store::local_changes::find(&tx, id).await?.ok_or(Error::NotFound)?;
            if seen.is_some_and(|seen| seen != before.revision) {
                return Err(Error::Stale(Vec::new()));
            }
            let device = match before.device {
                Some(device) => store::devices::find(&tx, device).await?,
                None => None,
            };
            let may = may(&tx, &app, &caller, &before.target, device.as_ref()).await?;
            let after = save(&tx, &app, &caller, &before, &command, may).await?;
            tx.commit().await?;
            Ok(after)
        })
        .await?
}

/// Whether somebody may: of CTRL, or who contributes to the device, or where none is named to one of the instrument.
async fn may(tx: &Tx, app: &App, caller: &Caller, target: &TargetName, device: Option<&Device>) -> Result<bool> {
    let Some(me) = caller.actor.person() else { return Ok(false) };
    let roster = app.roster.current(tx).await?;
    if roster.everybody().has(me, &Role::Ctrl) {
        return Ok(true);
    }
    if !roster.everybody().active(me) {
        return Ok(false);
    }
    if let Some(device) = device {
        return Ok(device.is_contributor(me));
    }
    let instrument = app.policy.rollouts.target(&target.0).map(|t| t.instrument.as_str()).filter(|i| !i.is_empty());
    match instrument {
        Some(instrument) => Ok(store::local_changes::list_contributors_at(tx, instrument).await?.contains(&me)),
        None => Ok(false),
    }
}

/// Judges, and keeps what happened.
async fn save(
    tx: &Tx,
    app: &App,
    caller: &Caller,
    before: &LocalChange,
    command: &Command,
    may: bool,
) -> Result<LocalChange> {
    let facts = Facts { now: app.clock.now(), actor: caller.actor, policy: &app.policy, may };
    let event = decide(before, command, &facts)?;
    keep_event(tx, &caller.origin, before, &event).await
}

async fn keep_event(tx: &Tx, origin: &str, before: &LocalChange, event: &Event) -> Result<LocalChange> {
    let after = evolve(before.clone(), event);
    if before.revision == 0 {
        store::local_changes::insert(tx, &after).await?;
    } else if !store::local_changes::update(tx, &after, before.revision).await? {
        return Err(Error::Stale(Vec::new()));
    }
    let line = Line {
        stream: stream(after.id),
        at: event.at,
        actor: event.by,
        origin: origin.to_owned(),
        kind: event.what.name().to_owned(),
        body: serde_json::to_string(&event.what).map_err(|e| Error::Internal(Box::new(e)))?,
    };
    store::journal::append(tx, vec![line]).await?;
    Ok(after)
}

/// A rollout has overwritten one that was to be cleared; nothing where it has ended meanwhile.
pub(super) async fn clear(tx: &Tx, app: &App, id: LocalChangeId, rollout: &str) -> Result<()> {
    let Some(before) = store::local_changes::find(tx, id).await?.filter(|c| c.ended.is_none()) else { return Ok(()) };
    let reason = format!("Cleared by the rollout {rollout}.");
    let event = Event { at: app.clock.now(), by: None, what: Happened::LocalChangeEnded { reason } };
    keep_event(tx, &Caller::custody().origin, &before, &event).await.map(|_| ())
}

/// Which of them a list holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    pub target: Option<TargetName>,
    /// Those that have not ended alone.
    pub open: bool,
    /// Recorded before this one.
    pub before: Option<LocalChangeId>,
}

/// A page of local changes.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub now: DateTime<Utc>,
    /// The day at the facility, by which they are overdue.
    pub today: NaiveDate,
    pub changes: Vec<LocalChange>,
    /// The names of the devices that they are about.
    pub devices: BTreeMap<DeviceId, String>,
    pub people: People,
    /// What `before` is for the next page; none after the last.
    pub next: Option<LocalChangeId>,
}

/// Newest first: three queries.
pub async fn list(app: &App, which: &Which) -> Result<Page> {
    let c = &app.db.snapshot().await?;
    let filter = Filter { target: which.target.clone(), open: which.open, before: which.before };
    let mut changes = store::local_changes::list(c, &filter, PAGE + 1).await?;
    let more = changes.len() as u64 > PAGE;
    changes.truncate(PAGE as usize);
    let next = changes.last().filter(|_| more).map(|c| c.id);
    page(c, app, changes, next).await
}

/// Those whose day is over, on a target or anywhere, the longest over first: a page of them at most, in three queries.
pub async fn list_overdue(app: &App, target: Option<&TargetName>) -> Result<Page> {
    let c = &app.db.snapshot().await?;
    let changes = store::local_changes::list_overdue(c, today(app, app.clock.now()), target, PAGE).await?;
    page(c, app, changes, None).await
}

/// The same list with what is overdue on its first page, however long ago it was recorded: six queries.
pub async fn list_with_overdue(app: &App, which: &Which) -> Result<Page> {
    let mut page = list(app, which).await?;
    if which.before.is_none() {
        let overdue = list_overdue(app, which.target.as_ref()).await?;
        let there: BTreeSet<LocalChangeId> = page.changes.iter().map(|c| c.id).collect();
        page.changes.extend(overdue.changes.into_iter().filter(|c| !there.contains(&c.id)));
        page.devices.extend(overdue.devices);
        page.people.0.extend(overdue.people.0);
    }
    Ok(page)
}

/// One of them, as a page of it alone: a fixed number of queries.
pub async fn show(app: &App, id: LocalChangeId) -> Result<Page> {
    let c = &app.db.snapshot().await?;
    let change = store::local_changes::find(c, id).await?.ok_or(Error::NotFound)?;
    page(c, app, vec![change], None).await
}

async fn page<C: ConnectionTrait>(
    c: &C,
    app: &App,
    changes: Vec<LocalChange>,
    next: Option<LocalChangeId>,
) -> Result<Page> {
    let devices: BTreeSet<DeviceId> = changes.iter().filter_map(|c| c.device).collect();
    let devices = match devices.is_empty() {
        true => BTreeMap::new(),
        false => store::devices::list_names_by_id(c, &devices).await?,
    };
    let people = store::people::load_names(c, &changes.iter().flat_map(LocalChange::people).collect()).await?;
    let now = app.clock.now();
    Ok(Page { now, today: today(app, now), changes, devices, people, next })
}

/// One of them.
pub async fn load(app: &App, id: LocalChangeId) -> Result<LocalChange> {
    store::local_changes::find(&app.db.read, id).await?.ok_or(Error::NotFound)
}

/// Custody's own part, at its regular checks: tells of each once that its day is over. One query where none is.
pub async fn keep(app: &App) -> Result<()> {
    let (now, owned) = (app.clock.now(), app.clone());
    let day = today(app, now);
    if store::local_changes::list_untold(&app.db.read, day, 1).await?.is_empty() {
        return Ok(());
    }
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        let roster = owned.roster.current(&tx).await?;
        let (mut people, mut teams) = (Vec::new(), Vec::new());
        for c in store::local_changes::list_untold(&tx, day, ROUND).await? {
            let until = in_words(c.until);
            let text = format!(
                "The local change {} on {} was to be there until {until}: end it, or give it another day.",
                c.ticket, c.target
            );
            let news = News {
                device: None,
                key: format!("local_change/{}/{}", c.id, c.until),
                at: now,
                text,
                path: "/local-changes".to_owned(),
                urgent: false,
            };
            let mut to = roster.of_kind(TeamKind::Ctrl);
            to.insert(c.recorded.by);
            people.extend(to.into_iter().map(|person| news.to(person)));
            teams.push((Teams::Of(TeamKind::Ctrl), news));
            store::local_changes::mark_told(&tx, c.id).await?;
        }
        telling::tell(&tx, &owned, &roster, people, teams).await?;
        Ok(tx.commit().await?)
    })
    .await?
}
