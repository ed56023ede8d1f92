//! Dependents and their re-tests as pages and programs read them (G8).

use super::Named;
use crate::{
    app::App,
    domain::{
        device::Device,
        id::{DeviceId, PersonId, RetestId},
        person::People,
        refusal::Refusal,
        retest::{self, Retest, Standing, Tried, newest},
        tag::TagName,
    },
    service::{Caller, Error, Result, facts::gather_actor},
    store::{self, retests::Which},
};
use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use std::collections::{BTreeMap, BTreeSet};

/// Re-tests on a page of the list.
pub const PAGE: u64 = 50;

/// The most that the page of a device or of a release shows of what was asked.
const SHOWN: u64 = 50;

/// The most dependents whose standing is looked for: more of one release than a page is long.
pub(super) const MOST: u64 = 5_000;

/// Where a re-test has its page.
pub fn path(device: &str, id: RetestId) -> String {
    format!("/devices/{device}/retests/{id}")
}

/// A re-test with the names of both, and its last result.
#[derive(Clone, Debug)]
pub struct Listed {
    pub retest: Retest,
    /// The one that depends.
    pub device: String,
    /// What it depends on.
    pub on: String,
    pub last: Option<Tried>,
}

/// Whoever reported one of these.
fn reporters<'a>(all: impl IntoIterator<Item = &'a Tried>) -> BTreeSet<PersonId> {
    all.into_iter().filter_map(|t| t.by).collect()
}

/// These, each with its last result. At most two queries.
async fn listed<C: ConnectionTrait>(
    c: &C,
    all: Vec<Retest>,
    mut names: BTreeMap<DeviceId, String>,
) -> Result<Vec<Listed>> {
    let ids = all.iter().flat_map(|r| [r.device, r.on]).filter(|id| !names.contains_key(id)).collect();
    names.extend(store::devices::list_names_by_id(c, &ids).await?);
    let mut last = store::retests::list_last(c, &all).await?;
    let name = |id: DeviceId| names.get(&id).cloned().unwrap_or_default();
    let one = |retest: Retest| Listed {
        device: name(retest.device),
        on: name(retest.on),
        last: last.remove(&retest.id),
        retest,
    };
    Ok(all.into_iter().map(one).collect())
}

/// A device that depends on another one, with what is asked of it for the newest release of that, if anything is.
pub type Dependent = (Named, Option<Retest>);

/// The newest release of a device, and what is developed or owned and depends on it, by name. Two queries.
async fn found<C: ConnectionTrait>(c: &C, device: &Device) -> Result<Found> {
    let all = store::retests::list_named_dependents(c, device.id).await?;
    let newest = newest(device).map(|r| r.tag().clone());
    let mut asked: BTreeMap<DeviceId, Retest> = BTreeMap::new();
    if let Some(tag) = newest.as_ref().filter(|_| !all.is_empty()) {
        let of_it = store::retests::list_of_release(c, device.id, tag, MOST).await?;
        asked.extend(of_it.into_iter().map(|r| (r.device, r)));
    }
    let all = all.into_iter().map(|d| {
        let retest = asked.remove(&d.id);
        (d, retest)
    });
    Ok(Found { newest, all: all.collect() })
}

/// What depends on a device.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Its newest release whose tag stands.
    pub newest: Option<TagName>,
    pub all: Vec<Dependent>,
}

/// What depends on the device of this name. Three queries.
pub async fn dependents(app: &App, name: &str) -> Result<Found> {
    let c = &app.db.snapshot().await?;
    let device = store::devices::find_by_name(c, name).await?.ok_or(Error::NotFound)?;
    found(c, &device).await
}

/// What a device's page shows.
#[derive(Clone, Debug, Default)]
pub struct OfDevice {
    /// What it depends on, by name.
    pub depends_on: Vec<Named>,
    pub dependents: Found,
    /// What waits of it, the oldest first; then the rest of what was asked of it, the newest first.
    pub asked: Vec<Listed>,
    /// Whoever reported.
    pub people: People,
}

/// For a device's page. Two queries; more where it depends on something, or was asked.
pub async fn of_device<C: ConnectionTrait>(c: &C, device: &Device, everybody: &People) -> Result<OfDevice> {
    let which = Which { device: Some(device.id), ..Which::default() };
    let lately = store::retests::list(c, &which, SHOWN).await?;
    let of: BTreeSet<DeviceId> = Some(device.id).filter(|_| !device.depends_on.is_empty()).into_iter().collect();
    let mut asked = store::retests::list_waiting(c, &of, SHOWN).await?;
    asked.extend(lately.into_iter().filter(|r| r.standing != Standing::Waiting));
    let depends_on = store::retests::list_named(c, &device.depends_on.values().copied().collect()).await?;
    let mut names: BTreeMap<DeviceId, String> = depends_on.iter().map(|d| (d.id, d.name.clone())).collect();
    names.insert(device.id, device.name().to_owned());
    let asked = listed(c, asked, names).await?;
    let people = reporters(asked.iter().filter_map(|l| l.last.as_ref()));
    let people = people.iter().filter_map(|p| everybody.get(*p).cloned()).collect();
    Ok(OfDevice { depends_on, dependents: found(c, device).await?, asked, people })
}

/// What was asked of others with a release, by name: for its page. At most three queries.
pub async fn of_release<C: ConnectionTrait>(c: &C, on: &Device, tag: &TagName) -> Result<Vec<Listed>> {
    let all = store::retests::list_of_release(c, on.id, tag, MOST).await?;
    let mut all = listed(c, all, BTreeMap::from([(on.id, on.name().to_owned())])).await?;
    all.sort_by(|a, b| a.device.cmp(&b.device));
    Ok(all)
}

/// What waits for this person of these devices, the oldest first. One query, or none.
pub async fn waiting_for<C: ConnectionTrait>(c: &C, me: PersonId, devices: &[&Device]) -> Result<Vec<Listed>> {
    let is_theirs = |d: &&&Device| !d.depends_on.is_empty() && retest::whose(d).contains(&me);
    let mine: Vec<&Device> = devices.iter().filter(is_theirs).copied().collect();
    let ids = mine.iter().map(|d| d.id).collect();
    let waiting = store::retests::list_waiting(c, &ids, SHOWN).await?;
    let one = |retest: Retest| {
        let device = mine.iter().find(|d| d.id == retest.device)?;
        let on = device.depends_on.iter().find(|(_, on)| **on == retest.on)?.0.clone();
        Some(Listed { device: device.name().to_owned(), on, last: None, retest })
    };
    Ok(waiting.into_iter().filter_map(one).collect())
}

/// A re-test as its own page has it.
#[derive(Clone, Debug)]
pub struct View {
    pub device: Device,
    pub on: String,
    pub retest: Retest,
    /// Every result, the newest first.
    pub tried: Vec<Tried>,
    pub people: People,
    pub now: DateTime<Utc>,
    /// Why the reader cannot report on it; nothing where they can. Whoever is not signed in cannot.
    pub why_not: Option<Refusal>,
    pub signed_in: bool,
}

/// A re-test, also for whoever is not signed in. A fixed number of queries.
pub async fn show(app: &App, reader: Option<&Caller>, id: &str) -> Result<View> {
    let id: RetestId = id.parse().map_err(|_| Error::NotFound)?;
    let c = &app.db.snapshot().await?;
    let retest = store::retests::find(c, id).await?.ok_or(Error::NotFound)?;
    let device = store::devices::find(c, retest.device).await?.ok_or(Error::NotFound)?;
    let on = store::devices::list_names_by_id(c, &BTreeSet::from([retest.on])).await?;
    let on = on.into_values().next().unwrap_or_default();
    let mut tried = store::retests::list_tried(c, id).await?;
    tried.reverse();
    let people = store::people::load_names(c, &reporters(&tried)).await?;
    let roster = app.roster.current(c).await?;
    let custody = Caller::custody();
    let caller = reader.unwrap_or(&custody);
    let actor = gather_actor(app, &roster, caller);
    let facts = actor.facts(app, caller);
    let may = retest::may_report(&device, false, &facts).and_then(|()| retest::takes_results(&device, &retest));
    let (now, why_not, signed_in) = (facts.now, may.err(), reader.is_some());
    Ok(View { device, on, retest, tried, people, now, why_not, signed_in })
}

/// The same below the device that it was asked of.
pub async fn look(app: &App, reader: Option<&Caller>, device: &str, id: &str) -> Result<View> {
    let view = show(app, reader, id).await?;
    if view.device.name() == device { Ok(view) } else { Err(Error::NotFound) }
}

/// Which re-tests a list holds; all of what is said has to be so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Whole names.
    pub device: Option<String>,
    pub on: Option<String>,
    pub state: Option<Standing>,
    /// Asked for before this one.
    pub before: Option<RetestId>,
}

/// A page of them, the newest first.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub all: Vec<Listed>,
    pub people: People,
    pub next: Option<RetestId>,
}

/// A page of re-tests; none where a device of that name is not on record. At most six queries.
pub async fn list(app: &App, wanted: &Wanted) -> Result<Page> {
    let c = &app.db.snapshot().await?;
    let mut which = Which { state: wanted.state, before: wanted.before, ..Which::default() };
    for (name, id) in [(&wanted.device, &mut which.device), (&wanted.on, &mut which.on)] {
        if let Some(name) = name {
            match store::devices::find_id(c, name).await? {
                Some(found) => *id = Some(found),
                None => return Ok(Page::default()),
            }
        }
    }
    let mut all = store::retests::list(c, &which, PAGE + 1).await?;
    let more = all.len() as u64 > PAGE;
    all.truncate(PAGE as usize);
    let next = more.then(|| all.last().map(|r| r.id)).flatten();
    let all = listed(c, all, BTreeMap::new()).await?;
    let people = store::people::load_names(c, &reporters(all.iter().filter_map(|l| l.last.as_ref()))).await?;
    Ok(Page { all, people, next })
}
