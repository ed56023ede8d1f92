//! How regularly devices are deployed (G7): of one device, of all of them, and who is told, once, that one falls behind.

mod listing;

pub use listing::{Line, PAGE, Page, Place, Which, count_behind, list, list_all, of_person, read_place, write_place};

use super::{Error, Result, facts, reminders, telling::Telling};
use crate::{
    app::App,
    domain::{
        cadence::{Basis, Cadence, Whose},
        deployment::Environment,
        device::Device,
        id::{DeploymentId, DeviceId, PersonId, ServerName},
        person::People,
        server::Server,
    },
    store::{self, cadence::GoingOn},
};
use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use std::collections::{BTreeMap, BTreeSet};
use strum::IntoEnumIterator;

/// A device's cadence in an environment, and the deployment by permit that goes on there.
#[derive(Clone, Debug)]
pub struct Shown {
    pub cadence: Cadence,
    pub going_on: Option<DeploymentId>,
}

/// A device's own, in each environment. One query for each that asks for something, and one where it is due.
pub async fn of_device<C: ConnectionTrait>(
    c: &C,
    app: &App,
    device: &Device,
    servers: &BTreeMap<ServerName, Server>,
) -> Result<Vec<Shown>> {
    let now = app.clock.now();
    let basis = Basis::of(device, |name| servers.get(name));
    let judged = judge(c, app, now, None, &[basis]).await?;
    let shows = judged.iter().any(|(_, cadence)| cadence.standing.shows());
    let devices = if shows { vec![device.id] } else { Vec::new() };
    let going_on = store::cadence::list_going_on(c, &devices, now).await?;
    let shown = |(_, cadence): (usize, Cadence)| Shown { going_on: find(&going_on, device.id, &cadence), cadence };
    Ok(judged.into_iter().map(shown).collect())
}

/// The device of this name with its cadence, and the people whom that names.
pub async fn look(app: &App, name: &str) -> Result<(Device, Vec<Shown>, People)> {
    let c = &app.db.snapshot().await?;
    let (device, roster) = facts::find(c, app, name).await?.ok_or(Error::NotFound)?;
    let servers = roster.servers(device.placements.iter().map(|p| p.server.clone()));
    let shown = of_device(c, app, &device, &servers).await?;
    let mut ids = device.contributors.clone();
    ids.extend(device.ctrl_contact);
    ids.extend(device.moving_on.people());
    let people = roster.people(&ids);
    Ok((device, shown, people))
}

/// How each of these stands in each environment, or in the `only` one, by its place among them.
async fn judge<C: ConnectionTrait>(
    c: &C,
    app: &App,
    now: DateTime<Utc>,
    only: Option<Environment>,
    all: &[Basis],
) -> Result<Vec<(usize, Cadence)>> {
    let mut judged = Vec::new();
    for which in Environment::iter().filter(|e| only.is_none_or(|only| only == *e)) {
        let asked = all.iter().filter(|b| b.why_not(which, &app.policy).is_none());
        let asked: Vec<DeviceId> = asked.map(|b| b.device).collect();
        let mut last = store::cadence::list_last(c, which, &asked).await?;
        let each = all.iter().enumerate();
        judged.extend(each.map(|(n, b)| (n, b.judge(which, last.remove(&b.device), &app.policy, now))));
    }
    Ok(judged)
}

/// What goes on of a device in the environment of its cadence.
fn find(all: &[GoingOn], device: DeviceId, cadence: &Cadence) -> Option<DeploymentId> {
    let its = |g: &&GoingOn| g.device == device && g.environment == cadence.environment;
    all.iter().rev().find(its).map(|g| g.deployment)
}

/// Tells whose turn it is that these devices have fallen behind, each once until they are deployed and fall behind again;
/// how many people were told.
pub async fn tell(app: &App, devices: &[Device]) -> Result<usize> {
    let (c, now) = (&app.db.read, app.clock.now());
    let roster = app.roster.current(c).await?;
    let servers = roster.servers(devices.iter().flat_map(|d| &d.placements).map(|p| p.server.clone()));
    let bases: Vec<Basis> = devices.iter().map(|d| Basis::of(d, |name| servers.get(name))).collect();
    let mut news: Vec<(&Device, Cadence, String)> = Vec::new();
    for (n, cadence) in judge(c, app, now, None, &bases).await? {
        if let Some(key) = cadence.news(devices[n].id, now) {
            news.push((&devices[n], cadence, key));
        }
    }
    // What is on its way is not told of: where it comes to nothing, that comes with the next round.
    let behind: BTreeSet<DeviceId> = news.iter().map(|(d, ..)| d.id).collect();
    let behind: Vec<DeviceId> = behind.into_iter().collect();
    let going_on = store::cadence::list_going_on(c, &behind, now).await?;
    news.retain(|(d, cadence, _)| find(&going_on, d.id, cadence).is_none());
    let team = roster.of_team(&app.policy.intake.first_team);
    let mut all: Vec<Telling> = Vec::new();
    for (d, cadence, key) in news {
        let Some(text) = cadence.told(&app.policy) else { continue };
        all.extend(audience(d, &cadence, roster.everybody(), &team).into_iter().map(|to| Telling {
            to,
            device: Some(d.id),
            key: key.clone(),
            at: now,
            text: text.clone(),
            path: format!("/devices/{}#cadence", d.name()),
            urgent: false,
        }));
    }
    reminders::once(app, all).await
}

/// Whoever has to deploy it, and its CTRL contact; where none of them is there any more, the team that is asked first.
fn audience(d: &Device, cadence: &Cadence, everybody: &People, team: &BTreeSet<PersonId>) -> BTreeSet<PersonId> {
    let mut to: BTreeSet<PersonId> = d.ctrl_contact.into_iter().collect();
    if cadence.whose == Whose::Contributor {
        to.extend(&d.contributors);
    }
    to.retain(|p| everybody.active(*p));
    if to.is_empty() { team.clone() } else { to }
}
