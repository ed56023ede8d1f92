//! The changes of support status, newest first, for feed readers (O4). Who was refused is in none of them (A28).

use super::{Error, Result};
use crate::{
    app::App,
    domain::{id::DeviceId, journal::Entry, support::Support},
    store,
};
use chrono::{DateTime, Utc};
use serde::Deserialize;

/// How many changes a feed holds.
pub const MOST: u64 = 100;

/// One change of a device's support.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its place in the journal.
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub device: String,
    /// `None` where support ended.
    pub to: Option<Support>,
    pub why: String,
}

#[derive(Deserialize)]
struct Body {
    to: Option<Support>,
    why: Option<String>,
}

/// The changes of every device, or of an instrument's. One query.
pub async fn support(app: &App, instrument: Option<&str>) -> Result<Vec<Change>> {
    let entries = store::journal::list_support(&app.db.read, instrument, MOST).await?;
    Ok(changes(app, &entries))
}

/// The changes of one device. One query.
pub async fn of_device(app: &App, name: &str) -> Result<Vec<Change>> {
    let id = app.projection.read().card_by_name(name).map(|c| c.id).ok_or(Error::NotFound)?;
    let entries = store::journal::list_support_of(&app.db.read, &super::record::support_stream(id), MOST).await?;
    Ok(changes(app, &entries))
}

/// What is told of devices that everybody may read: their names are in memory.
fn changes(app: &App, entries: &[Entry]) -> Vec<Change> {
    let state = app.projection.read();
    let name = |id: DeviceId| state.card(id).map(|c| c.name.clone());
    let change = |e: &Entry| {
        let body: Body = serde_json::from_str(&e.body).ok()?;
        Some(Change {
            seq: e.seq,
            at: e.moment()?,
            device: name(store::journal::device(&e.stream)?)?,
            to: body.to,
            why: body.why.unwrap_or_default(),
        })
    };
    entries.iter().filter_map(change).collect()
}
