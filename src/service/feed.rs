//! Feeds what is kept in memory for operators: everything at the start, then what was committed since, by the numbers
//! of the changes. It reads what is committed and nothing else.

mod around;

use super::{Error, Result, facts::version_names};
use crate::{
    app::App,
    domain::{
        id::{DeviceId, PersonId, ServerName},
        observation::Known,
        person::People,
        server::Server,
        version::classify,
    },
    projection::{Card, Place, State},
    store::{self, changes::Touched, instances::VersionNames},
};
use around::Around;
use futures_util::TryStreamExt;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, Instant},
};

/// How often the database is asked though nobody said that something changed: another replica may have written.
const EVERY: Duration = Duration::from_secs(1);

/// A database that has not answered a look after this does not answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// And one that has not given what has changed, or everything there is.
const READ_WITHIN: Duration = Duration::from_secs(15);
const REBUILT_WITHIN: Duration = Duration::from_secs(120);

/// So many changes are taken in at once.
const BATCH: u64 = 2000;

/// After it has read it rests for four times as long, where one change follows another: most of the time is theirs who
/// make and read them. But never for longer than this.
const RESTS: u32 = 4;
const LONGEST_REST: Duration = Duration::from_millis(50);

/// Builds everything in memory from the database, then follows it until Custody stops.
pub async fn start(app: &App) -> Result<()> {
    {
        let _one = app.projection.taking_in.lock().await;
        build(app).await?;
    }
    let app = app.clone();
    let feeding = app.projection.feeding();
    tokio::spawn(super::replicas::hear(app.clone()));
    tokio::spawn(async move {
        loop {
            let asked = tokio::select! {
                _ = app.stop.cancelled() => break,
                asked = app.projection.asked(EVERY) => asked,
            };
            let begun = Instant::now();
            if let Err(error) = follow(&app).await {
                if app.projection.current().away.is_none() {
                    tracing::warn!(%error, "the database does not answer: the board shows what was known");
                }
                app.projection.lose(app.clock.now());
            }
            app.projection.answer(asked);
            tokio::time::sleep(LONGEST_REST.min(begun.elapsed() * RESTS)).await;
        }
        app.projection.ended(feeding);
    });
    Ok(())
}

/// Takes in what was committed since.
pub async fn follow(app: &App) -> Result<()> {
    let _one = app.projection.taking_in.lock().await;
    let c = &app.db.read;
    loop {
        let current = app.projection.current();
        let new =
            within(ANSWERS_WITHIN, async { Ok(store::changes::list_after(c, current.seq, BATCH).await?) }).await?;
        if new.first().is_none_or(|(seq, _)| *seq != current.seq + 1) {
            let range = within(ANSWERS_WITHIN, async { Ok(store::changes::find_range(c).await?) }).await?;
            let (first, last) = range.unwrap_or((current.seq + 1, current.seq));
            if first > current.seq + 1 || last < current.seq {
                // What was missed was thrown away, or an older database was restored.
                return within(REBUILT_WITHIN, build(app)).await;
            }
        }
        let Some((seq, _)) = new.last() else {
            app.projection.is_current();
            return Ok(());
        };
        let (seq, all) = (*seq, (new.len() as u64) < BATCH);
        let touched: BTreeSet<Touched> = new.into_iter().map(|(_, t)| t).collect();
        let read = within(READ_WITHIN, read(app, touched)).await?;
        app.projection.apply(seq, |state| read.put(state));
        if all {
            return Ok(());
        }
    }
}

/// A server that is gone without a word ends no read: the board says then that it is old (O3).
pub(super) async fn within<T>(limit: Duration, read: impl Future<Output = Result<T>>) -> Result<T> {
    let read = tokio::time::timeout(limit, read).await;
    read.unwrap_or_else(|_| Err(Error::Unavailable("the database does not answer".into())))
}

/// Everything that was touched, as it is now.
#[derive(Default)]
struct Read {
    cards: Vec<Card>,
    places: Vec<((String, ServerName), Option<Known>)>,
    servers: Vec<(ServerName, Vec<Known>)>,
    records: Vec<Server>,
    /// Servers that are no longer on record.
    gone: Vec<ServerName>,
    people: People,
}

impl Read {
    fn put(self, state: &mut State) {
        for person in self.people.0.into_values() {
            state.put_person(person);
        }
        for record in self.records {
            state.put_record(record);
        }
        for server in &self.gone {
            state.remove_record(server);
        }
        for card in self.cards {
            state.put_card(card);
        }
        for (server, known) in self.servers {
            state.put_server(&server, known);
        }
        for ((instance, server), known) in self.places {
            match known {
                Some(known) => state.put_place(Arc::new(known)),
                None => state.remove_place(&instance, &server),
            }
        }
    }
}

async fn read(app: &App, touched: BTreeSet<Touched>) -> Result<Read> {
    let c = &app.db.read;
    let mut devices = BTreeSet::new();
    let mut servers = BTreeSet::new();
    let mut instances = BTreeSet::new();
    let mut people: BTreeSet<PersonId> = BTreeSet::new();
    for t in touched {
        match t {
            Touched::Device(id) => drop(devices.insert(id)),
            Touched::Server(name) => drop(servers.insert(name)),
            Touched::Instance(id, server) => drop(instances.insert((id, server))),
            Touched::Person(id) => drop(people.insert(id)),
        }
    }
    instances.retain(|(_, server)| !servers.contains(server));

    let mut read = Read { people: store::people::load_names(c, &people).await?, ..Read::default() };
    read.records = store::servers::load_servers(c, servers.iter().cloned()).await?.into_values().collect();
    let is_on_record = |name: &ServerName| read.records.iter().any(|r| r.name == *name);
    read.gone = servers.iter().filter(|s| !is_on_record(s)).cloned().collect();
    let names = version_names(app, None);
    for server in servers {
        let known = store::instances::list_on_server(c, &server, &names).await?;
        read.servers.push((server, known));
    }
    let mut found: BTreeMap<(String, ServerName), Known> = BTreeMap::new();
    for k in store::instances::list_by_key(c, &instances, &names).await? {
        found.insert((k.seen.instance.clone(), k.seen.server.clone()), k);
    }
    for key in instances {
        let known = found.remove(&key);
        read.places.push((key, known));
    }
    read.cards = cards(app, &devices, &read.people).await?;
    let seen =
        read.servers.iter_mut().flat_map(|(_, all)| all).chain(read.places.iter_mut().filter_map(|(_, k)| k.as_mut()));
    let mut seen: Vec<&mut Known> = seen.collect();
    let named: BTreeSet<DeviceId> = seen.iter().filter_map(|k| k.device).collect();
    let packages = packages(app, &named, &read.cards);
    for k in &mut seen {
        name_version(k, &packages, &names);
    }
    Ok(read)
}

/// By what the version strings of these devices may begin, of those read now or before.
fn packages(app: &App, ids: &BTreeSet<DeviceId>, new: &[Card]) -> BTreeMap<DeviceId, Vec<String>> {
    let state = app.projection.read();
    let known = ids.iter().filter_map(|id| state.card(*id).map(|c| (*id, c.packages())));
    known.chain(new.iter().map(|c| (c.id, c.packages()))).collect()
}

/// What a version string says depends on the names that the device's packages may have.
fn name_version(k: &mut Known, packages: &BTreeMap<DeviceId, Vec<String>>, names: &VersionNames) {
    if let Some(of) = k.device.and_then(|d| packages.get(&d)) {
        k.seen.version = classify(&k.seen.version.raw, of, &names.framework);
    }
}

async fn cards(app: &App, ids: &BTreeSet<DeviceId>, new: &People) -> Result<Vec<Card>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut around = Around::read(app, ids).await?;
    let devices = store::devices::list_standing(&app.db.read, ids).await?;
    let mut named: BTreeSet<PersonId> = devices.iter().flat_map(|(d, _)| d.people()).collect();
    named.extend(around.people());
    let state = app.projection.read();
    let people: People = named.into_iter().filter_map(|p| new.get(p).or(state.people().get(p)).cloned()).collect();
    Ok(devices.into_iter().map(|(d, standing)| around.card(app, d, standing, &people)).collect())
}

/// Everything anew. Who must be acted on is known at once; what happened last comes a little later where there is much.
async fn build(app: &App) -> Result<()> {
    let c = &app.db.read;
    // First the number: what is written meanwhile is read now or comes again.
    let (_, seq) = store::changes::find_range(c).await?.unwrap_or_default();
    let mut state = State::default();
    // The most there is to read: beside the devices, on another connection.
    let instances = tokio::spawn(instances(app.clone()));
    let people = store::people::list_names(c).await?;
    for server in store::servers::list(c, None).await? {
        state.put_record(server);
    }
    let mut around = Around::read_all(app).await?;
    let mut packages = BTreeMap::new();
    let mut devices = store::devices::stream(c).await?;
    while let Some((device, standing)) = devices.try_next().await? {
        let card = around.card(app, device, standing, &people);
        packages.insert(card.id, card.packages());
        state.put_card(card);
    }
    drop(devices);
    for person in people.0.into_values() {
        state.put_person(person);
    }
    let names = version_names(app, None);
    let instances = instances.await.map_err(|e| Error::Internal(Box::new(e)))??;
    for mut place in instances {
        // Nobody else has it yet.
        if let Some(k) = Arc::get_mut(&mut place) {
            name_version(k, &packages, &names);
        }
        state.put_place(place);
    }
    let ids: Vec<DeviceId> = state.cards().map(|c| c.id).collect();
    app.projection.apply(seq, |s| *s = state);
    let (first, later) = ids.split_at(ids.len().min(AT_ONCE));
    let later = match fill(app, first).await {
        Ok(()) => later,
        Err(error) => {
            tracing::warn!(%error, "what happened last is not known of all devices yet");
            ids.as_slice()
        }
    };
    if !later.is_empty() {
        tokio::spawn(fill_later(app.clone(), later.to_vec()));
    }
    Ok(())
}

/// The same as [`fill`], a few at once. What cannot be read is read a little later.
async fn fill_later(app: App, ids: Vec<DeviceId>) {
    for part in ids.chunks(BETWEEN) {
        loop {
            if app.stop.is_cancelled() {
                return;
            }
            let filled = {
                let _one = app.projection.taking_in.lock().await;
                within(READ_WITHIN, fill(&app, part)).await
            };
            match filled {
                Ok(()) => break,
                Err(error) => tracing::debug!(%error, "what happened last is asked for again"),
            }
            tokio::time::sleep(EVERY).await;
        }
    }
}

/// Everything that runs, and what has stopped of devices on record, in order of servers and ids, each where it stays: a
/// hundred thousand of them are not moved about.
async fn instances(app: App) -> Result<Vec<Place>> {
    let names = version_names(&app, None);
    let mut all: Vec<Place> = Vec::new();
    let mut instances = store::instances::stream_searched(&app.db.read, &names).await?;
    while let Some(known) = instances.try_next().await? {
        all.push(Arc::new(known));
    }
    all.sort_unstable_by(|a, b| (&a.seen.server, &a.seen.instance).cmp(&(&b.seen.server, &b.seen.instance)));
    Ok(all)
}

/// Of so many devices what happened last is read before Custody answers.
const AT_ONCE: usize = 200;
/// And of so many at once afterwards: whoever changes something meanwhile waits for no more.
const BETWEEN: usize = 20;

/// Reads these devices with what happened last. Whoever calls it takes in nothing else meanwhile.
async fn fill(app: &App, ids: &[DeviceId]) -> Result<()> {
    let cards = cards(app, &ids.iter().copied().collect(), &People::default()).await?;
    app.projection.apply(app.projection.current().seq, |state| {
        for card in cards {
            state.put_card(card);
        }
    });
    Ok(())
}
