//! The sample agents, while the demo runs: they report what runs every twenty seconds, and what visitors deploy or
//! remove within a few.

use super::world::{Instance, World};
use crate::{
    app::App,
    domain::{
        device::Device,
        id::{DeviceId, ServerName},
        lifecycle::StateName,
        tag::TagName,
    },
    service::{Result, facts::version_names},
    store,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

/// How often the journal is looked at for what visitors did.
const LOOK: Duration = Duration::from_secs(2);
/// How often everything is reported anew.
const REPORT: Duration = Duration::from_secs(20);

/// What is to run of a device by its record: server → tag, or nothing where it is hot-developed.
type Wanted = BTreeMap<ServerName, Option<TagName>>;

fn wanted(device: &Device) -> Wanted {
    let runs = matches!(device.state.name(), StateName::ReducedSupport | StateName::UnderReview | StateName::CtrlOwned);
    if !runs || device.shut_down.is_some() {
        return Wanted::new();
    }
    device.placements.iter().map(|p| (p.server.clone(), p.release.clone())).collect()
}

/// Reports until Custody stops. A round that fails is logged, and the next one tries again.
pub async fn run(app: App) {
    let mut agents = match Agents::start(&app).await {
        Ok(agents) => agents,
        Err(error) => return tracing::error!(%error, "the sample agents could not start"),
    };
    let mut reported: Option<Instant> = None;
    loop {
        if let Err(error) = agents.follow(&app).await {
            tracing::warn!(%error, "the sample agents missed a change");
        }
        if reported.is_none_or(|at| at.elapsed() >= REPORT) {
            reported = Some(Instant::now());
            agents.report(&app).await;
        }
        tokio::select! {
            _ = app.stop.cancelled() => return,
            _ = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// What they know.
pub struct Agents {
    world: World,
    /// What each device's record wanted when it was last looked at: only a change of it changes what runs, so that the
    /// sample troubles stay until somebody mends them.
    wanted: BTreeMap<DeviceId, Wanted>,
    /// The last entry of the journal that was looked at.
    seq: i64,
}

impl Agents {
    /// Each of them reports what runs on its server.
    pub async fn report(&mut self, app: &App) {
        for server in self.world.servers() {
            if let Err(error) = self.world.report(app, &server).await {
                tracing::warn!(%error, server, "a sample agent could not report");
            }
        }
    }

    pub async fn start(app: &App) -> Result<Self> {
        let seq = last_entry(app).await?;
        let mut wanted_by = BTreeMap::new();
        let mut after = String::new();
        loop {
            let page = store::devices::list_live_after(&app.db.read, &after, 100).await?;
            let Some(last) = page.last() else { break };
            after = last.name().to_owned();
            wanted_by.extend(page.iter().map(|d| (d.id, wanted(d))));
        }
        let ended = [StateName::Declined, StateName::Withdrawn, StateName::Retired];
        let ended = store::devices::list_in_states(&app.db.read, &ended, 1000).await?;
        let all = wanted_by.keys().copied().chain(ended.iter().map(|d| d.id));
        let world = World::load(app, all.collect::<Vec<_>>()).await?;
        Ok(Self { world, wanted: wanted_by, seq })
    }

    /// Looks at what happened since, and lets run what is wanted now.
    pub async fn follow(&mut self, app: &App) -> Result<()> {
        let entries = store::journal::list_after(&app.db.read, self.seq, 500).await?;
        let Some(last) = entries.last() else { return Ok(()) };
        let touched: BTreeSet<DeviceId> = entries.iter().filter_map(|e| e.stream.parse().ok()).collect();
        for device in store::devices::list_by_id(&app.db.read, &touched).await? {
            let now = wanted(&device);
            let before = self.wanted.insert(device.id, now.clone()).unwrap_or_default();
            if now != before {
                self.bring(app, &device, &now, &before).await?;
            }
        }
        self.seq = last.seq;
        Ok(())
    }

    /// Whether the agent of this server still speaks.
    #[cfg(test)]
    pub fn reports_on(&self, server: &str) -> bool {
        self.world.servers().iter().any(|s| s == server)
    }

    async fn bring(&mut self, app: &App, device: &Device, now: &Wanted, before: &Wanted) -> Result<()> {
        let since = app.clock.now();
        let mut servers = BTreeSet::new();
        let running = self.world.places_of(&device.request.classes);
        for (server, instance) in &running {
            if !now.contains_key(&ServerName(server.clone())) {
                self.world.stop(server, instance);
                servers.insert(server.clone());
            }
        }
        for (server, tag) in now {
            let here = running.iter().any(|(s, _)| *s == server.0);
            if here && before.get(server) == Some(tag) {
                continue;
            }
            let version = tag.as_ref().map_or_else(|| hot(device), |t| t.to_string());
            for (instance, class) in self.instances(app, device, server).await? {
                self.world.start(&server.0, Instance { id: &instance, class: &class, version: &version }, since);
            }
            servers.insert(server.0.clone());
        }
        for server in servers {
            self.world.report(app, &server).await?;
        }
        Ok(())
    }

    /// The ids under which its classes run there: as they did before, here or elsewhere, or a new one.
    async fn instances(&self, app: &App, device: &Device, server: &ServerName) -> Result<Vec<(String, String)>> {
        let known =
            store::instances::list_of_device(&app.db.read, device.id, &version_names(app, Some(device))).await?;
        let on = store::servers::find(&app.db.read, server).await?;
        let instrument = on.map_or_else(|| device.request.group.clone(), |s| s.instrument);
        let classes = device.request.classes.iter().enumerate().map(|(n, class)| {
            let of_class = || known.iter().filter(|k| k.seen.class == *class);
            let id = of_class()
                .find(|k| k.seen.server == *server)
                .or_else(|| of_class().find(|k| k.seen.instance.starts_with(&instrument)))
                .map_or_else(
                    || format!("{instrument}_EXP_{}/DEV/{n}", short(device.name())),
                    |k| k.seen.instance.clone(),
                );
            (id, class.clone())
        });
        Ok(classes.collect())
    }
}

/// `beamConditionCheck` as a part of an id: `BCC`.
fn short(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    first.chars().chain(rest.chars().filter(char::is_ascii_uppercase)).collect::<String>().to_uppercase()
}

/// What runs while it is hot-developed: edits on top of the last version.
fn hot(device: &Device) -> String {
    let base = device.releases.last().map_or("0.0.0", |r| r.tag().as_str());
    match device.repository.as_ref().and_then(|r| r.reached.as_ref().ok()) {
        Some(head) => format!("{base}-1-g{}-dirty", &head.as_str()[..7]),
        None => format!("{base}-dirty"),
    }
}

async fn last_entry(app: &App) -> Result<i64> {
    let mut seq = 0;
    while let Some(last) = store::journal::list_after(&app.db.read, seq, 2000).await?.last() {
        seq = last.seq;
    }
    Ok(seq)
}
