//! What stands beside devices in the database and goes on their cards: what happened last, what the shift does not know
//! yet, what differs.

use crate::{
    app::App,
    domain::{
        device::Device,
        drift::Incident,
        id::{DeviceId, PersonId},
        journal::Entry,
        naming::people_in,
        person::People,
    },
    projection::{Beside, Card},
    service::{
        Result,
        shift::{ACKNOWLEDGED, ESCALATED},
        told::{latest, told_streams},
    },
    store::{self, shift::Kept, standing::Standing},
};
use chrono::{DateTime, Utc};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// How many entries of each of a device's streams are looked at for what happened last.
const RECENT: u32 = 8;

/// The most changes that wait for the shift at once.
const OPEN: u64 = 1_000_000;

#[derive(Default)]
pub struct Around {
    newest: BTreeMap<DeviceId, Vec<Entry>>,
    changed: BTreeMap<DeviceId, i64>,
    open: BTreeMap<DeviceId, BTreeMap<i64, DateTime<Utc>>>,
    incidents: BTreeMap<DeviceId, Vec<Incident>>,
}

impl Around {
    /// Beside these devices. Four queries, and one more where the shift said much to a change.
    pub async fn read(app: &App, ids: &BTreeSet<DeviceId>) -> Result<Self> {
        let c = &app.db.read;
        let incidents = store::incidents::list_open_of_devices(c, Some(ids)).await?;
        let changed = store::shift::list_last(c, Some(ids)).await?;
        let mut around = Self { changed, incidents, ..Self::default() };
        around.open(store::shift::list_open_of_many(c, ids).await?);
        let streams: Vec<String> = ids.iter().flat_map(|id| told_streams(*id)).collect();
        let newest = store::journal::list_newest(c, &streams, RECENT, None).await?;
        let read: BTreeSet<i64> = newest.iter().map(|e| e.seq).collect();
        let behind: Vec<i64> = around.changed.values().filter(|seq| !read.contains(seq)).copied().collect();
        let behind = store::journal::list_numbered(c, &behind).await?;
        for e in newest.into_iter().chain(behind) {
            // What the shift said to a change is not what happened.
            if ![ACKNOWLEDGED, ESCALATED].contains(&e.kind.as_str())
                && let Some(device) = store::journal::device(&e.stream)
            {
                around.newest.entry(device).or_default().push(e);
            }
        }
        around.newest.values_mut().for_each(|all| all.sort_by_key(|e| Reverse(e.seq)));
        Ok(around)
    }

    /// Beside all devices, but for what happened last: that is much to read, and not what is asked for first. Three
    /// queries.
    pub async fn read_all(app: &App) -> Result<Self> {
        let c = &app.db.read;
        let incidents = store::incidents::list_open_of_devices(c, None).await?;
        let changed = store::shift::list_last(c, None).await?;
        let mut around = Self { changed, incidents, ..Self::default() };
        around.open(store::shift::list_open(c, None, OPEN).await?);
        Ok(around)
    }

    fn open(&mut self, changes: Vec<Kept>) {
        for k in changes {
            self.open.entry(k.device).or_default().insert(k.seq, k.at);
        }
    }

    /// Everybody whom what happened last names.
    pub fn people(&self) -> BTreeSet<PersonId> {
        let entries = || self.newest.values().flatten();
        entries().filter_map(|e| e.actor).chain(entries().flat_map(|e| people_in(&e.body))).collect()
    }

    /// The card of a device.
    pub fn card(&mut self, app: &App, device: Device, standing: Standing, people: &People) -> Card {
        let (verdict, support_since) = standing;
        let mut entries = self.newest.remove(&device.id).unwrap_or_default();
        entries.truncate(RECENT as usize);
        let unacknowledged = self.open.remove(&device.id).unwrap_or_default();
        let incidents = self.incidents.remove(&device.id).unwrap_or_default();
        let beside = Beside {
            verdict,
            support_since,
            latest: latest(app, &entries, people),
            changed: self.changed.remove(&device.id),
            unacknowledged,
            incidents,
        };
        Card::new(device, beside)
    }
}
