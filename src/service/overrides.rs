//! Overrides in an emergency (G12): who looks at them, and that each ends at its time.

use super::{
    Caller, Error, Result,
    act::{Ask, act},
};
use crate::{
    app::App,
    domain::{device::Device, lifecycle::Command, overrides::Override, person::People},
    projection::Card,
    store,
};
use chrono::{DateTime, Utc};
use std::{collections::BTreeSet, sync::Arc};

pub use crate::store::overrides::Place;

/// Lines on a page.
pub const PAGE: u64 = 50;

/// So many that ran out are ended in one round.
const ROUND: u64 = 50;

/// An override with its device.
#[derive(Clone, Debug)]
pub struct Listed {
    pub device: Device,
    pub of: Override,
}

/// A page of overrides.
#[derive(Clone, Debug)]
pub struct Page {
    pub now: DateTime<Utc>,
    pub all: Vec<Listed>,
    pub people: People,
    pub next: Option<Place>,
}

/// Newest first: three queries.
pub async fn list(app: &App, after: Option<&Place>) -> Result<Page> {
    let c = &app.db.snapshot().await?;
    let mut places = store::overrides::list(c, after, PAGE + 1).await?;
    let more = places.len() as u64 > PAGE;
    places.truncate(PAGE as usize);
    let next = more.then(|| places.last().copied()).flatten();
    let ids: BTreeSet<_> = places.iter().map(|p| p.1).collect();
    let devices = if ids.is_empty() { Vec::new() } else { store::devices::list_by_id(c, &ids).await? };
    let listed = places.iter().filter_map(|(_, id, number)| {
        let device = devices.iter().find(|d| d.id == *id)?;
        let of = device.overrides.iter().find(|o| o.number == *number)?;
        Some(Listed { device: device.clone(), of: of.clone() })
    });
    let all: Vec<Listed> = listed.collect();
    let people = all.iter().flat_map(|l| l.of.people()).collect();
    let people = store::people::load_people(c, &people).await?;
    Ok(Page { now: app.clock.now(), all, people, next })
}

/// A device with its overrides, the newest first.
pub async fn of_device(app: &App, name: &str) -> Result<Page> {
    let c = &app.db.read;
    let device = store::devices::find_by_name(c, name).await?.ok_or(Error::NotFound)?;
    let all: Vec<Listed> =
        device.overrides.iter().rev().map(|of| Listed { device: device.clone(), of: of.clone() }).collect();
    let people = store::people::load_people(c, &all.iter().flat_map(|l| l.of.people()).collect()).await?;
    Ok(Page { now: app.clock.now(), all, people, next: None })
}

/// Those that count now, from memory, each with its device (O3).
pub fn counting(app: &App) -> Vec<(Arc<Card>, Override)> {
    let now = app.clock.now();
    let state = app.projection.read();
    let of = |card: &Arc<Card>| {
        card.overrides.iter().filter(|o| o.counts(now)).map(|o| (card.clone(), o.clone())).collect::<Vec<_>>()
    };
    state.overridden().flat_map(of).collect()
}

/// Puts on record that the time of some is over, at Custody's regular checks.
pub async fn keep(app: &App) -> Result<()> {
    for (_, id, number) in store::overrides::list_run_out(&app.db.read, app.clock.now(), ROUND).await? {
        let device = store::devices::find(&app.db.read, id).await?.ok_or(Error::NotFound)?;
        let command = Command::EndOverride { number, reason: String::new() };
        match act(app, &Caller::custody(), device.name(), Ask::from(command)).await {
            // Somebody ended it meanwhile, or in another process.
            Ok(_) | Err(Error::Refused(_)) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(())
}
