//! What only time shows: who has fallen silent, and whose grace is over (G10).

use super::{Kind, Looked, settle};
use crate::{
    app::App,
    domain::{
        device::Device,
        drift,
        id::{DeviceId, ServerName},
        observation::Seen,
        support::Support,
    },
    jobs::{Job, counted},
    service::{Caller, Result, checks, facts::version_names, observations::named},
    store,
};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// Between two looks at the clock.
const EVERY: std::time::Duration = std::time::Duration::from_secs(15);

/// After a start agents have so long to report before they count as silent.
const HEARD_WITHIN: TimeDelta = TimeDelta::minutes(3);

/// Devices that are looked at in one transaction.
const AT_ONCE: usize = 100;

/// Looks at the clock until Custody stops. The first look is at everything, for it may have been away for long, and
/// comes after the first readers.
pub async fn run(app: App) {
    let started = app.clock.now();
    let mut since = None;
    loop {
        tokio::select! {
            _ = app.stop.cancelled() => return,
            _ = tokio::time::sleep(EVERY) => {}
        }
        if !checks::turn(&app).await {
            return;
        }
        let now = app.clock.now();
        tokio::select! {
            _ = app.stop.cancelled() => return,
            // Nobody could report while Custody was away: who is silent shows after a while.
            done = app.watched(
                Job::Drift,
                EVERY,
                round(&app, since, now - started >= HEARD_WITHIN),
                |n| counted(*n, "thing looked at", "things looked at"),
            ) => match done {
                Ok(_) => since = Some(now),
                Err(error) => tracing::error!(%error, "what runs could not be compared with the record"),
            },
        }
    }
}

/// Looks at what became due after `since`, or at everything; how many devices, strangers and servers were looked at.
/// Whom to look at comes from memory: nothing is written where nothing is due. Silence is judged only where `listens`.
pub async fn round(app: &App, since: Option<DateTime<Utc>>, listens: bool) -> Result<usize> {
    app.projection.catch_up().await;
    let now = app.clock.now();
    let known = store::incidents::list_open_words(&app.db.read, Kind::Silent).await?;
    let Due { devices, strangers, mut servers } = due(app, since, now, known);
    if !listens {
        servers.clear();
    }
    let looked = devices.len() + strangers.len() + servers.len();
    for part in devices.chunks(AT_ONCE) {
        let (app_, part) = (app.clone(), part.iter().copied().collect());
        app.outliving(async move { look(&app_, &part, &BTreeSet::new()).await }).await??;
    }
    for part in strangers.chunks(AT_ONCE) {
        let (app_, part) = (app.clone(), part.iter().cloned().collect());
        app.outliving(async move { look(&app_, &BTreeSet::new(), &part).await }).await??;
    }
    for part in servers.chunks(AT_ONCE) {
        let (app_, part) = (app.clone(), part.to_vec());
        app.outliving(async move { listen(&app_, part).await }).await??;
    }
    super::strangers::tell(app).await?;
    Ok(looked)
}

#[derive(Default)]
struct Due {
    devices: Vec<DeviceId>,
    strangers: Vec<(String, ServerName)>,
    servers: Vec<Server>,
}

/// What runs on a server, and how much of it is silent.
#[derive(Clone, Default)]
struct Server {
    name: ServerName,
    running: usize,
    silent: usize,
    /// Those of the silent ones.
    devices: BTreeSet<DeviceId>,
}

fn due(app: &App, since: Option<DateTime<Utc>>, now: DateTime<Utc>, mut known: BTreeMap<ServerName, String>) -> Due {
    let patience = app.policy.patience();
    let state = app.projection.read();
    let mut devices = BTreeSet::new();
    let mut strangers = Vec::new();
    let mut servers: BTreeMap<&ServerName, Server> = BTreeMap::new();
    for place in state.all_places() {
        let s = &place.seen;
        let server = servers.entry(&s.server).or_default();
        server.running += 1;
        if s.is_silent(now, patience.silent_after_minutes) {
            server.silent += 1;
            server.devices.extend(place.device);
        }
        match place.device {
            _ if since.is_some() => {}
            Some(device) => drop(devices.insert(device)),
            None => strangers.push((s.instance.clone(), s.server.clone())),
        }
    }
    let mut changed = Vec::new();
    for (name, server) in servers {
        let words = drift::of_server(name, server.silent, server.running, patience).map(|d| d.words);
        if known.remove(name) != words {
            changed.push(Server { name: name.clone(), ..server });
        }
    }
    // Of these nothing runs any more.
    changed.extend(known.into_keys().map(|name| Server { name, ..Server::default() }));
    for card in state.cards() {
        let over =
            |at: DateTime<Utc>| at + patience.grace <= now && since.is_none_or(|since| at + patience.grace > since);
        if card.graces.iter().any(|at| over(*at)) {
            devices.insert(card.id);
        }
    }
    Due { devices: devices.into_iter().collect(), strangers, servers: changed }
}

async fn look(app: &App, ids: &BTreeSet<DeviceId>, keys: &BTreeSet<(String, ServerName)>) -> Result<()> {
    let tx = app.db.begin().await?;
    let now = app.clock.now();
    let names = version_names(app, None);
    let devices = store::devices::list_standing(&tx, ids).await?;
    let mut running = store::instances::list_of_devices(&tx, ids.iter().copied(), &names).await?;
    let mut looked = Looked::default();
    for (d, (verdict, _)) in &devices {
        let seen: Vec<Seen> = named(app, d, running.remove(&d.id).unwrap_or_default());
        looked.device(app, d, &seen, now);
        if verdict.as_ref().is_some_and(|v| v.support == Support::NotSupported) {
            looked.unsupported(d.id, false);
        }
    }
    for k in store::instances::list_by_key(&tx, keys, &names).await? {
        if k.device.is_none() {
            looked.stranger(&k.seen);
        }
    }
    settle(&tx, app, &Caller::custody(), looked, now).await?;
    Ok(tx.commit().await?)
}

/// What of these servers is silent, as memory had it: the next round mends what has changed since.
async fn listen(app: &App, servers: Vec<Server>) -> Result<()> {
    let tx = app.db.begin().await?;
    let now = app.clock.now();
    let ids = servers.iter().flat_map(|s| s.devices.iter().copied()).collect();
    let devices = store::devices::list_by_id(&tx, &ids).await?;
    let by_id: BTreeMap<DeviceId, &Device> = devices.iter().map(|d| (d.id, d)).collect();
    let mut looked = Looked::default();
    for s in &servers {
        match drift::of_server(&s.name, s.silent, s.running, app.policy.patience()) {
            Some(drift) => looked.silent(drift, s.devices.iter().filter_map(|d| by_id.get(d).copied()).collect()),
            None => looked.heard(&s.name),
        }
    }
    settle(&tx, app, &Caller::custody(), looked, now).await?;
    Ok(tx.commit().await?)
}
