//! Everything that happened, in its order, as far as the reader may see it: the journal for programs (E2, A28).

use super::{Caller, Result, history, record};
use crate::{
    app::App,
    domain::{
        id::{DeviceId, PersonId},
        journal::Entry,
        person::{Person, Role},
    },
    store,
};
use std::collections::{BTreeMap, BTreeSet};

/// The most events of a page.
pub const MOST: u64 = 200;

/// The most records that are looked through for a page: what the reader may not see is passed over.
const LOOKED_THROUGH: u64 = 2_000;

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event {
    pub seq: i64,
    /// As it was hashed.
    pub at: String,
    /// The device that it is about.
    pub device: Option<String>,
    /// What it is about: a device's id, or a name such as `person/…`.
    pub stream: String,
    /// Its number among those of the stream.
    pub revision: i64,
    pub kind: String,
    /// Nobody where Custody did it.
    pub by: Option<PersonId>,
    pub who: String,
    /// The rest of the sentence that begins with who did it; only of devices, rollouts and local changes.
    pub text: Option<String>,
    /// The door and the address that it came through, where the reader may see them.
    pub origin: Option<String>,
    /// What is on record of it, JSON.
    pub body: String,
    pub previous: String,
    pub hash: String,
}

/// A page of events, and up to where the journal was read for it.
#[derive(Clone, Debug)]
pub struct Page {
    pub events: Vec<Event>,
    pub read: i64,
    /// Whether the journal goes on behind it.
    pub more: bool,
}

/// The journal ends at this number, before the one that was asked after: it is not the one that was read (F12).
#[derive(Clone, Copy, Debug)]
pub struct EndsAt(pub i64);

/// What somebody may see of the journal.
#[derive(Clone, Copy, Debug)]
pub struct Sight {
    person: PersonId,
    admin: bool,
    origin: bool,
}

impl Sight {
    /// That of whoever asks, at this moment.
    pub async fn of(app: &App, caller: &Caller) -> Result<Self> {
        let person = caller.actor.person().ok_or(super::Error::NotFound)?;
        let people = store::people::load_people(&app.db.read, &BTreeSet::from([person])).await?;
        let origin = people.get(person).is_some_and(Person::sees_origin);
        Ok(Self { person, admin: people.has(person, &Role::Admin), origin })
    }

    /// Devices and rollouts are everybody's to read, as on their pages; the rest is one's own, and administrators see it.
    fn sees(self, entry: &Entry) -> bool {
        self.admin
            || device_of(&entry.stream).is_some()
            || is_of_rollouts(&entry.stream)
            || entry.stream == format!("person/{}", self.person)
    }
}

/// Whether a stream tells of a rollout or of a local change.
fn is_of_rollouts(stream: &str) -> bool {
    matches!(stream.split_once('/'), Some(("rollout" | "local_change", _)))
}

/// The device that a stream tells of.
fn device_of(stream: &str) -> Option<DeviceId> {
    if let Some(device) = record::device_of_support(stream) {
        return Some(device);
    }
    let id = ["seen/", "refused/", "release/", "retest/"].iter().find_map(|p| stream.strip_prefix(p)).unwrap_or(stream);
    id.split('/').next()?.parse().ok()
}

/// The events after a number, in order. A fixed number of queries.
pub async fn list(app: &App, sight: Sight, after: i64, most: u64) -> Result<std::result::Result<Page, EndsAt>> {
    let c = &app.db.snapshot().await?;
    let all = store::journal::list_after(c, after, LOOKED_THROUGH + 1).await?;
    if all.is_empty() {
        let end = store::journal::find_newest(c).await?.map_or(0, |e| e.seq);
        if end < after {
            return Ok(Err(EndsAt(end)));
        }
    }
    let whole = all.len() as u64 > LOOKED_THROUGH;
    let most = usize::try_from(most.clamp(1, MOST)).unwrap_or(1);
    let mut read = after;
    let mut seen = Vec::new();
    let mut more = whole;
    for entry in all.into_iter().take(LOOKED_THROUGH as usize) {
        let sees = sight.sees(&entry);
        if sees && seen.len() == most {
            more = true;
            break;
        }
        read = entry.seq;
        if sees {
            seen.push(entry);
        }
    }
    let told = history::in_words(c, app, &seen).await?;
    let devices: BTreeSet<DeviceId> = seen.iter().filter_map(|e| device_of(&e.stream)).collect();
    let names: BTreeMap<DeviceId, String> = match devices.is_empty() {
        true => BTreeMap::new(),
        false => store::devices::list_names_by_id(c, &devices).await?,
    };
    let events = seen.into_iter().zip(told).map(|(e, t)| {
        let device = device_of(&e.stream);
        Event {
            device: device.and_then(|d| names.get(&d).cloned()),
            text: (device.is_some() || is_of_rollouts(&e.stream)).then_some(t.what),
            who: t.who,
            at: e.at,
            seq: e.seq,
            stream: e.stream,
            revision: e.revision,
            origin: sight.origin.then_some(e.origin),
            kind: e.kind,
            by: e.actor,
            body: e.body,
            previous: e.previous,
            hash: e.hash,
        }
    });
    Ok(Ok(Page { events: events.collect(), read, more }))
}

/// The number of the newest event of all; 0 where nothing has happened.
pub async fn newest(app: &App) -> Result<i64> {
    Ok(store::journal::find_newest(&app.db.read).await?.map_or(0, |e| e.seq))
}
