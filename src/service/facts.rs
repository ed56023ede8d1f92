//! Gathers what a decision may look at: people, servers, what is seen running.

use super::{Caller, Result};
use crate::{
    app::App,
    domain::{
        device::Device,
        id::{DeviceId, PersonId, ServerName},
        lifecycle::{Command, Facts, Readings, gates::asks_for_stages},
        observation::Seen,
        person::People,
        request::Taken,
        retest::{DEPENDENCIES_MOST, NO_DEVICES},
        server::Server,
        stage::{NO_WAY, Way},
        tag::TagName,
        version::classify,
    },
    store::{
        self,
        instances::{Known, VersionNames},
        roster::Roster,
    },
};
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::ConnectionTrait;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The facts of one decision, owned; [`Gathered::facts`] lends them.
pub struct Gathered {
    pub now: DateTime<Utc>,
    pub people: People,
    pub servers: BTreeMap<ServerName, Server>,
    pub known: Vec<Known>,
    pub seen: Vec<Seen>,
    pub readings: Readings,
    pub taken: Taken,
    pub devices: BTreeMap<String, DeviceId>,
    pub way: Way,
    pub last: Option<TagName>,
}

impl Gathered {
    pub fn facts<'a>(&'a self, app: &'a App, caller: &Caller) -> Facts<'a> {
        Facts {
            now: self.now,
            today: today(app, self.now),
            actor: caller.actor,
            policy: &app.policy,
            review_digest: &app.review_digest,
            author_key: &app.author_key,
            people: &self.people,
            servers: &self.servers,
            seen: &self.seen,
            readings: &self.readings,
            taken: &self.taken,
            devices: &self.devices,
            way: &self.way,
            last: self.last.as_ref(),
        }
    }
}

/// The day it is at the facility.
pub fn today(app: &App, now: DateTime<Utc>) -> NaiveDate {
    now.with_timezone(&app.policy.facility.time_zone).date_naive()
}

/// How version strings of this device may be spelled.
pub fn version_names(app: &App, device: Option<&Device>) -> VersionNames {
    let packages = device.map_or_else(Vec::new, |d| {
        let mut names = vec![d.name().to_owned()];
        names.extend(d.request.classes.iter().cloned());
        names
    });
    let framework = app.policy.frameworks.versions();
    VersionNames { packages, framework }
}

/// Who acts, and nothing else: enough to tell what they may do.
pub fn gather_actor(app: &App, roster: &Roster, caller: &Caller) -> Gathered {
    Gathered {
        now: app.clock.now(),
        people: roster.people(&caller.actor.person().into_iter().collect()),
        servers: BTreeMap::new(),
        known: Vec::new(),
        seen: Vec::new(),
        readings: Readings::default(),
        taken: Taken::default(),
        devices: BTreeMap::new(),
        way: Way::default(),
        last: None,
    }
}

/// The device of this name, and who is who. One query.
pub async fn find<C: ConnectionTrait>(c: &C, app: &App, name: &str) -> Result<Option<(Device, Arc<Roster>)>> {
    match store::devices::find_with_roster(c, name).await? {
        Some((device, version)) => Ok(Some((device, app.roster.of(c, version).await?))),
        None => Ok(None),
    }
}

/// Gathers from this connection. A fixed number of queries.
pub async fn gather<C: ConnectionTrait>(
    c: &C,
    app: &App,
    roster: &Roster,
    caller: &Caller,
    device: &Device,
    command: Option<&Command>,
    readings: Readings,
) -> Result<Gathered> {
    let asked = asked(caller, device, command);
    let mut ids = asked.people;
    ids.extend(roster.experts(asked.areas));
    if asked.reviewers {
        ids.extend(roster.reviewers());
    }
    let (people, servers) = (roster.people(&ids), roster.servers(asked.servers));
    let known = store::instances::list_of_device(c, device.id, &version_names(app, Some(device))).await?;
    let taken = match command {
        Some(Command::Submit { application }) => {
            let r = &application.request;
            store::devices::find_taken(c, device.id, Some(&r.name), &r.classes).await?
        }
        Some(Command::Amend { request }) => store::devices::find_taken(c, device.id, None, &request.classes).await?,
        _ => Taken::default(),
    };
    let devices = match command {
        // More than a device may name are refused unread.
        Some(Command::SetDependencies { on }) if on.len() <= DEPENDENCIES_MOST => {
            store::retests::list_ids_by_names(c, on).await?
        }
        _ => BTreeMap::new(),
    };
    let way = match command.and_then(|command| asks_for_stages(device, command, &servers)) {
        Some(release) => store::stages::find_standing(c, device.id, release).await?,
        None => Way::default(),
    };
    // Only what would move on by itself is held, by what is placed there or was last.
    let last = match command {
        Some(Command::Deploy { server, tag: Some(_) } | Command::MoveOn { server, .. })
            if device.moving_on.by_itself.is_some() && device.placed_on(server).is_none_or(|p| p.release.is_none()) =>
        {
            match servers.get(server) {
                Some(to) => store::deployments::find_last(c, device.id, to).await?,
                None => None,
            }
        }
        _ => None,
    };
    Ok(Gathered {
        way,
        last,
        now: app.clock.now(),
        people,
        servers,
        seen: known.iter().map(|k| k.seen.clone()).collect(),
        known,
        readings,
        taken,
        devices,
    })
}

/// Whom and what a decision may ask for.
struct Asked<'a> {
    people: BTreeSet<PersonId>,
    /// Areas whose experts are asked for.
    areas: &'a [String],
    reviewers: bool,
    servers: BTreeSet<ServerName>,
}

fn asked<'a>(caller: &Caller, device: &'a Device, command: Option<&'a Command>) -> Asked<'a> {
    let mut people = device.people();
    people.extend(caller.actor.person());
    people.extend(named(command));
    let areas = match command {
        Some(Command::Submit { application }) => &application.request.areas,
        _ => &device.request.areas,
    };
    let server = match command {
        Some(
            Command::AssignServer { server }
            | Command::Deploy { server, .. }
            | Command::RedeemPermit { server, .. }
            | Command::Remove { server }
            | Command::AskOverride { server, .. }
            | Command::MoveOnByItself { server }
            | Command::MoveOn { server, .. }
            | Command::HandBack { server, .. },
        ) => Some(server.clone()),
        _ => None,
    };
    let back = match command {
        Some(Command::GiveBack { back, .. }) => back.as_slice(),
        _ => &[],
    };
    let servers = device.placements.iter().chain(back).map(|p| p.server.clone()).chain(server).collect();
    Asked { people, areas, reviewers: device.review().is_some(), servers }
}

/// The facts about several devices at once.
pub struct Many {
    pub now: DateTime<Utc>,
    pub people: People,
    servers: BTreeMap<ServerName, Server>,
    seen: BTreeMap<DeviceId, Vec<Seen>>,
    readings: Readings,
    taken: Taken,
}

impl Many {
    /// What a page may ask about one of them.
    pub fn facts<'a>(&'a self, app: &'a App, caller: &Caller, device: DeviceId) -> Facts<'a> {
        Facts {
            now: self.now,
            today: today(app, self.now),
            actor: caller.actor,
            policy: &app.policy,
            review_digest: &app.review_digest,
            author_key: &app.author_key,
            people: &self.people,
            servers: &self.servers,
            seen: self.seen.get(&device).map_or(&[], Vec::as_slice),
            readings: &self.readings,
            taken: &self.taken,
            devices: &NO_DEVICES,
            way: &NO_WAY,
            last: None,
        }
    }
}

/// Gathers for pages that show many devices with their gates. As many queries as for one.
pub async fn gather_many<C: ConnectionTrait>(c: &C, app: &App, caller: &Caller, devices: &[&Device]) -> Result<Many> {
    let mut ids: BTreeSet<PersonId> = devices.iter().flat_map(|d| d.people()).collect();
    ids.extend(caller.actor.person());
    let areas: BTreeSet<&String> = devices.iter().flat_map(|d| &d.request.areas).collect();
    let areas: Vec<String> = areas.into_iter().cloned().collect();
    ids.extend(store::teams::list_experts(c, &areas).await?);
    ids.extend(store::teams::list_reviewers(c).await?);
    let people = store::people::load_people(c, &ids).await?;
    let placed = devices.iter().flat_map(|d| d.placements.iter().map(|p| p.server.clone()));
    let servers = store::servers::load_servers(c, placed.collect::<BTreeSet<_>>()).await?;
    let common = version_names(app, None);
    let mut known = store::instances::list_of_devices(c, devices.iter().map(|d| d.id), &common).await?;
    let seen = devices
        .iter()
        .map(|d| {
            let names = version_names(app, Some(d));
            let of = known
                .remove(&d.id)
                .unwrap_or_default()
                .into_iter()
                .map(|k| Seen { version: classify(&k.seen.version.raw, &names.packages, &names.framework), ..k.seen });
            (d.id, of.collect())
        })
        .collect();
    let (readings, taken) = (Readings::default(), Taken::default());
    Ok(Many { now: app.clock.now(), people, servers, seen, readings, taken })
}

/// The people whom a command names.
fn named(command: Option<&Command>) -> Vec<PersonId> {
    match command {
        Some(
            Command::AssignContact { person }
            | Command::Invite { person }
            | Command::GrantAccess { person }
            | Command::RevokeAccess { person }
            | Command::RecordTraining { person, .. }
            | Command::AddContributor { person }
            | Command::RemoveContributor { person }
            | Command::AcceptAdoption { person },
        ) => vec![*person],
        Some(Command::ShutDown { responsible, .. }) => vec![*responsible],
        Some(Command::SetContacts { contacts }) => {
            contacts.iter().flat_map(|c| std::iter::once(c.person).chain(c.deputy)).collect()
        }
        Some(Command::Submit { application }) => application
            .contacts
            .iter()
            .flat_map(|c| std::iter::once(c.person).chain(c.deputy))
            .chain(application.contributors.iter().copied())
            .collect(),
        _ => Vec::new(),
    }
}
