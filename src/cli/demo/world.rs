//! What runs where in the sample facility, and the sample agents that report it.

use super::places::{self, host_of};
use crate::{
    app::App,
    domain::id::{DeviceId, ServerName},
    service::{
        Caller, Result,
        facts::version_names,
        observations::{Report, observe},
    },
    store,
};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// Server → instance → what its agent reports.
#[derive(Clone, Debug, Default)]
pub struct World(BTreeMap<String, BTreeMap<String, Report>>);

/// An instance and how it is printed.
#[derive(Clone, Copy, Debug)]
pub struct Instance<'a> {
    pub id: &'a str,
    pub class: &'a str,
    pub version: &'a str,
}

impl World {
    /// What the agents reported last, those that still speak. What a person stated is left to them.
    pub async fn load(app: &App, devices: impl IntoIterator<Item = DeviceId>) -> Result<Self> {
        let names = version_names(app, None);
        let of = store::instances::list_of_devices(&app.db.read, devices, &names).await?;
        let unknown = store::instances::list_unknown(&app.db.read, None, 10_000, &names).await?;
        let mut world = Self::default();
        for known in of.into_values().flatten().chain(unknown) {
            let seen = known.seen;
            if seen.source.is_program() && seen.server.0 != places::SILENT {
                let here = Instance { id: &seen.instance, class: &seen.class, version: &seen.version.raw };
                world.start(&seen.server.0, here, seen.since);
            }
        }
        Ok(world)
    }

    /// It runs there from now on, in this version.
    pub fn start(&mut self, server: &str, instance: Instance<'_>, since: DateTime<Utc>) {
        let report = Report {
            instance: instance.id.to_owned(),
            class: instance.class.to_owned(),
            server: server.to_owned(),
            host: host_of(server),
            version: instance.version.to_owned(),
            since,
        };
        self.0.entry(server.to_owned()).or_default().insert(instance.id.to_owned(), report);
    }

    pub fn stop(&mut self, server: &str, instance: &str) {
        self.0.entry(server.to_owned()).or_default().remove(instance);
    }

    /// The servers on which something runs.
    pub fn servers(&self) -> Vec<String> {
        self.0.iter().filter(|(_, there)| !there.is_empty()).map(|(server, _)| server.clone()).collect()
    }

    /// Where these classes run: server and instance.
    pub fn places_of(&self, classes: &[String]) -> BTreeSet<(String, String)> {
        self.0
            .values()
            .flat_map(BTreeMap::values)
            .filter(|r| classes.contains(&r.class))
            .map(|r| (r.server.clone(), r.instance.clone()))
            .collect()
    }

    /// The server's agent reports all that runs there; what it no longer reports is gone.
    pub async fn report(&self, app: &App, server: &str) -> Result<()> {
        let reports = self.0.get(server).map(|there| there.values().cloned().collect()).unwrap_or_default();
        observe(app, &agent(server), &ServerName(server.to_owned()), reports, true).await?;
        Ok(())
    }
}

/// The sample agent of a server, as the journal names it.
fn agent(server: &str) -> Caller {
    Caller { origin: format!("sample agent of {server}"), ..Caller::custody() }
}
