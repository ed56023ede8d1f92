//! Incidents as their pages read them: a list, and one with what was done meanwhile (G10).

use super::{Cursor, Wanted, stream};
use crate::{
    app::App,
    domain::{
        drift::Incident,
        id::{DeviceId, PersonId},
        lifecycle::Turn,
        person::People,
    },
    projection::Card,
    service::{
        Error, Result,
        history::{self, Told},
        told::told_streams,
    },
    store,
};
use chrono::{DateTime, Utc};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Lines on a page.
pub const PAGE: usize = 50;

/// The most that the page of one tells of what was done.
const STORY: usize = 50;

/// An incident as it is shown.
pub struct Listed {
    pub incident: Incident,
    /// The device's name.
    pub device: Option<String>,
    /// What mends it.
    pub remedy: String,
    /// Whose turn it is; nobody's once it is closed.
    pub turn: Option<Turn>,
}

impl Listed {
    /// As the board has its device.
    fn new(incident: Incident, card: Option<&Arc<Card>>, names: &BTreeMap<DeviceId, String>) -> Self {
        let (kind, terms) = (incident.drift.kind, card.map(|c| c.terms()));
        Self {
            device: incident.device.and_then(|d| names.get(&d).cloned()),
            remedy: terms.map_or_else(|| kind.remedy().to_owned(), |t| kind.remedy_of(t)),
            turn: incident.closed.is_none().then(|| kind.turn_of(terms)),
            incident,
        }
    }
}

/// A page of incidents.
pub struct Page {
    pub all: Vec<Listed>,
    pub next: Option<Cursor>,
    pub now: DateTime<Utc>,
}

/// GET /incidents: open ones first.
pub async fn list(app: &App, wanted: &Wanted) -> Result<Page> {
    let c = &app.db.snapshot().await?;
    let mut all = store::incidents::list(c, wanted, PAGE as u64 + 1).await?;
    let next = (all.len() > PAGE).then(|| all.truncate(PAGE)).and_then(|()| all.last());
    let next = next.map(|i| Cursor { is_open: i.closed.is_none(), seq: i.seq });
    let ids: BTreeSet<DeviceId> = all.iter().filter_map(|i| i.device).collect();
    let names = store::devices::list_names_by_id(c, &ids).await?;
    let state = app.projection.read();
    let listed = all.into_iter().map(|incident| {
        let card = incident.device.and_then(|d| state.card(d));
        Listed::new(incident, card, &names)
    });
    Ok(Page { all: listed.collect(), next, now: app.clock.now() })
}

/// An incident with what became of it.
pub struct View {
    pub listed: Listed,
    /// Its device, as the board has it.
    pub card: Option<Arc<Card>>,
    /// Whom it waits for, where it is known who they are, and who they are.
    pub waits_for: Vec<PersonId>,
    pub people: People,
    /// What happened to it and to its device while it was open, the newest first.
    pub told: Vec<Told>,
    /// Whether more happened than is told here.
    pub more: bool,
    pub now: DateTime<Utc>,
}

/// GET /incidents/{incident}: a fixed number of queries.
pub async fn show(app: &App, id: &str) -> Result<View> {
    let c = &app.db.snapshot().await?;
    let incident = store::incidents::find(c, id).await?.ok_or(Error::NotFound)?;
    let mut streams = vec![stream(&incident.id)];
    // What happened after it was closed has nothing to do with it.
    let before = match incident.closed {
        Some(_) => store::journal::find_last(c, &streams[0]).await?.map(|e| e.seq + 1),
        None => None,
    };
    streams.extend(incident.device.into_iter().flat_map(told_streams));
    let mut entries = store::journal::list_streams(c, &streams, before, STORY as u64 + 1).await?;
    // What showed it is of the same moment.
    entries.retain(|e| e.moment().is_some_and(|at| at >= incident.opened));
    let more = entries.len() > STORY;
    entries.truncate(STORY);
    let told = history::in_words(c, app, &entries).await?;
    let names = store::devices::list_names_by_id(c, &incident.device.into_iter().collect()).await?;
    let state = app.projection.read();
    let card = incident.device.and_then(|d| state.card(d));
    let listed = Listed::new(incident, card, &names);
    let waits_for = waits_for(listed.turn, card);
    let people = waits_for.iter().filter_map(|p| state.people().get(*p).cloned()).collect();
    Ok(View { card: card.cloned(), listed, waits_for, people, told, more, now: app.clock.now() })
}

fn waits_for(turn: Option<Turn>, card: Option<&Arc<Card>>) -> Vec<PersonId> {
    match (turn, card) {
        (Some(Turn::Contributor), Some(card)) => card.contributors.clone(),
        (Some(_), Some(card)) => card.ctrl_contact.into_iter().collect(),
        (None, _) | (_, None) => Vec::new(),
    }
}
