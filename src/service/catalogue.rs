//! The devices as programs read them: the same that the pages show to everybody.

use super::{
    Caller, Error, Result,
    facts::{self, gather},
};
use crate::{
    app::App,
    domain::{
        device::Device,
        id::DeviceId,
        lifecycle::{
            CommandKind, Gate, Readings, StateName,
            gates::judge_all,
            table::{next_step, rule},
        },
        observation::Known,
        person::People,
        support::{Support, Verdict},
    },
    projection::{Card, Filter},
    store,
};
use chrono::{DateTime, Utc};
use std::{collections::BTreeSet, sync::Arc};

/// Devices on a page.
pub const PAGE: usize = 100;

/// Which devices a list holds.
#[derive(Clone, Debug, Default)]
pub struct Which {
    pub instrument: Option<String>,
    pub supports: BTreeSet<Support>,
    pub states: BTreeSet<StateName>,
    /// The last name of the page before.
    pub after: String,
}

/// A page of devices by name, and the name behind which the next one begins.
pub fn list(app: &App, which: &Which) -> (Vec<Arc<Card>>, Option<String>) {
    let filter =
        Filter { instrument: which.instrument.clone(), supports: which.supports.clone(), states: which.states.clone() };
    let state = app.projection.read();
    let mut cards: Vec<Arc<Card>> = state.list_by_name(&filter, &which.after).take(PAGE + 1).cloned().collect();
    let more = cards.len() > PAGE;
    cards.truncate(PAGE);
    let next = more.then(|| cards.last().map(|c| c.name.clone())).flatten();
    (cards, next)
}

/// A device with everything that everybody may know of it.
#[derive(Clone, Debug)]
pub struct Shown {
    pub device: Device,
    pub verdict: Option<Verdict>,
    pub support_since: DateTime<Utc>,
    /// What runs of it.
    pub places: Vec<Known>,
    pub people: People,
    /// The step that it is on its way to, and that step's gates.
    pub next: Option<(CommandKind, Vec<Gate>)>,
}

/// The id of the device of this name.
pub async fn find_id(app: &App, name: &str) -> Result<Option<DeviceId>> {
    Ok(store::devices::find_id(&app.db.read, name).await?)
}

/// The device of this name, and nothing besides.
pub async fn find(app: &App, name: &str) -> Result<Device> {
    store::devices::find_by_name(&app.db.read, name).await?.ok_or(Error::NotFound)
}

/// The device of this name, with all that there is to know of it.
pub async fn show(app: &App, name: &str) -> Result<Shown> {
    let c = &app.db.snapshot().await?;
    let (device, roster) = facts::find(c, app, name).await?.ok_or(Error::NotFound)?;
    let (verdict, support_since) = store::standing::find_support(c, device.id).await?.ok_or(Error::NotFound)?;
    // Whoever reads: what blocks is the same for everybody.
    let caller = Caller { origin: String::new(), ..Caller::custody() };
    let gathered = gather(c, app, &roster, &caller, &device, None, Readings::default()).await?;
    let next = next_step(device.state.name()).map(|step| {
        let facts = gathered.facts(app, &caller);
        (step, judge_all(rule(step), &device, None, &facts))
    });
    let places = gathered.known.into_iter().filter(|k| k.seen.runs()).collect();
    Ok(Shown { verdict, support_since, places, people: gathered.people, next, device })
}
