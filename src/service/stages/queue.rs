//! What is on staging and waits for a person's check (G4).

use crate::{
    app::App,
    domain::{
        device::Device,
        id::PersonId,
        person::People,
        refusal::Refusal,
        stage::{self, Stage, Way},
        tag::{CommitId, TagName},
    },
    service::{Caller, Result, facts::gather_many},
    store::{self, stages::Place},
};
use chrono::{DateTime, SecondsFormat, Utc};
use std::collections::BTreeSet;

/// How many releases a page of the queue shows.
pub const PAGE: u64 = 50;

/// One release that waits for a person's check.
pub struct Waiting {
    pub device: Device,
    pub tag: TagName,
    pub commit: CommitId,
    pub since: DateTime<Utc>,
    pub way: Way,
    /// Why the reader may not check it.
    pub why_not: Option<Refusal>,
}

/// Where a page of the queue ends, as addresses have it.
pub fn write_place((at, id, tag): &Place) -> String {
    format!("{}~{id}~{tag}", at.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

/// The same read back; `None` where it is none.
pub fn read_place(text: &str) -> Option<Place> {
    let mut of = text.splitn(3, '~');
    Some((of.next()?.parse().ok()?, of.next()?.parse().ok()?, of.next()?.to_owned()))
}

/// A page of the queue.
pub struct Checks {
    pub now: DateTime<Utc>,
    pub waiting: Vec<Waiting>,
    pub people: People,
    pub next: Option<Place>,
}

/// What is on staging and waits for a person's check, the oldest first (G4). A fixed number of queries.
pub async fn queue(app: &App, caller: &Caller, after: Option<&Place>) -> Result<Checks> {
    let c = &app.db.snapshot().await?;
    let mut places = store::stages::list_waiting(c, after, PAGE + 1).await?;
    let more = places.len() as u64 > PAGE;
    places.truncate(PAGE as usize);
    let next = more.then(|| places.last().cloned()).flatten();
    let devices = store::stages::list_devices(c, &places).await?;
    let of: Vec<&Device> = devices.iter().collect();
    let mut ways = store::stages::list_ways(c, &of).await?;
    let many = gather_many(c, app, caller, &of).await?;
    let mut people = many.people.clone();
    let reporters: BTreeSet<PersonId> = ways.values().flat_map(|w| &w.reports).filter_map(|r| r.by).collect();
    people.0.extend(store::people::load_names(c, &reporters).await?.0);
    let mut waiting = Vec::new();
    for (since, id, tag) in places {
        let Some(device) = devices.iter().find(|d| d.id == id) else { continue };
        let Some(release) = device.releases.iter().find(|r| r.tag().as_str() == tag) else { continue };
        let way = ways.remove(&(id, release.tag().clone())).unwrap_or_default();
        let facts = many.facts(app, caller, id);
        waiting.push(Waiting {
            why_not: stage::may_report(device, release.tag(), &way, Stage::Deployable, false, &facts).err(),
            tag: release.tag().clone(),
            commit: release.commit().clone(),
            device: device.clone(),
            since,
            way,
        });
    }
    Ok(Checks { now: many.now, waiting, people, next })
}

/// How many releases wait for a person's check, for the bar. One query.
pub async fn count_waiting(app: &App) -> Result<u64> {
    Ok(store::stages::count_waiting(&app.db.read).await?)
}
