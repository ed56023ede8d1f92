//! Where what runs differs from the record (G10): opened and closed in the transaction of what shows or mends it, and by
//! a round of its own for what only time shows.

mod reading;
pub mod round;
mod strangers;

pub use reading::{Listed, PAGE, Page, View, list, show};

use super::{Caller, Result, record, telling};
use crate::{
    app::App,
    domain::{
        device::Device,
        drift::{Drift, Found, Incident, Key, Terms, of_device},
        id::{DeviceId, PersonId, ServerName},
        observation::Seen,
        support::Support,
    },
    store::{self, Tx, journal::Line, teams::TeamKind},
};
use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use telling::{News, Teams, Telling};

pub use crate::domain::drift::{Cursor, Kind};
pub use store::incidents::Wanted;

/// What was looked at: whatever is open of it and was not found again is mended.
#[derive(Default)]
pub struct Looked<'a> {
    devices: BTreeMap<DeviceId, &'a Device>,
    instances: BTreeSet<(String, ServerName)>,
    found: BTreeMap<Key, (Option<DeviceId>, Drift)>,
    /// What may be on its way to be mended: it opens nothing and closes nothing.
    under_way: BTreeMap<Key, (Option<DeviceId>, Drift)>,
    /// Servers of which it is known what is silent there.
    heard: BTreeSet<ServerName>,
    /// Whose instances are silent.
    silent: BTreeMap<ServerName, Vec<&'a Device>>,
    /// Devices whose people hear the same in other words, and at once.
    told: BTreeSet<DeviceId>,
    /// Devices that nothing supports now.
    urgent: BTreeSet<DeviceId>,
    /// Whether it is known that nothing is open of all that.
    nothing_open: bool,
}

impl<'a> Looked<'a> {
    /// Where it is known that nothing is open of what will be looked at.
    pub fn nothing_open() -> Self {
        Self { nothing_open: true, ..Self::default() }
    }

    /// A device with everything that runs of it.
    pub fn device(&mut self, app: &App, device: &'a Device, seen: &[Seen], now: DateTime<Utc>) {
        self.devices.insert(device.id, device);
        let Found { differs, under_way } = of_device(device, seen, app.policy.patience(), now);
        self.found.extend(differs.into_iter().map(|d| (d.key(), (Some(device.id), d))));
        self.under_way.extend(under_way.into_iter().map(|d| (d.key(), (Some(device.id), d))));
        self.instances.extend(seen.iter().map(|s| (s.instance.clone(), s.server.clone())));
    }

    /// An instance that no device on record brings.
    pub fn stranger(&mut self, seen: &Seen) {
        if seen.runs() {
            let drift = crate::domain::drift::of_stranger(seen);
            self.found.insert(drift.key(), (None, drift));
        }
        self.instances.insert((seen.instance.clone(), seen.server.clone()));
    }

    /// A server of which everything is reported.
    pub fn heard(&mut self, server: &ServerName) {
        self.heard.insert(server.clone());
    }

    /// A server with silent instances, and the devices that they are of.
    pub fn silent(&mut self, drift: Drift, devices: Vec<&'a Device>) {
        self.heard(&drift.server);
        self.silent.insert(drift.server.clone(), devices);
        self.found.insert(drift.key(), (None, drift));
    }

    /// Nothing supports it any more; `told` where its people hear so by another message.
    pub fn unsupported(&mut self, device: DeviceId, told: bool) {
        self.urgent.insert(device);
        if told {
            self.told.insert(device);
        }
    }
}

/// Puts on record what was found, and closes what was not found again. A fixed number of statements where nothing
/// differs from what is open already: two at most, and none where it is known that nothing is open.
pub async fn settle(tx: &Tx, app: &App, caller: &Caller, looked: Looked<'_>, now: DateTime<Utc>) -> Result<()> {
    let devices: BTreeSet<DeviceId> = looked.devices.keys().copied().collect();
    let mut keys = looked.instances.clone();
    keys.extend(looked.heard.iter().map(|server| (server.0.clone(), server.clone())));
    let mut open = match looked.nothing_open {
        true => BTreeMap::new(),
        false => store::incidents::list_open_of(tx, &devices, &keys).await?,
    };
    // An instance may be called as its server is: only silence is the server's own.
    open.retain(|(kind, instance, server), i| match kind {
        Kind::Silent if *instance == server.0 => looked.heard.contains(server),
        _ => {
            i.device.is_some_and(|d| devices.contains(&d))
                || looked.instances.contains(&(instance.clone(), server.clone()))
        }
    });
    let mut changed: Vec<(Incident, Option<&'static str>)> = Vec::new();
    let mut new: BTreeMap<Key, (Option<DeviceId>, Drift)> = BTreeMap::new();
    let found = looked.found.into_iter().map(|one| (one, true));
    for ((key, (device, drift)), differs) in found.chain(looked.under_way.into_iter().map(|one| (one, false))) {
        match open.remove(&key) {
            Some(mut i) if i.drift.words != drift.words || i.device != device => {
                i.drift.words = drift.words;
                i.device = device;
                changed.push((i, None));
            }
            None if differs => drop(new.insert(key, (device, drift))),
            Some(_) | None => {}
        }
    }
    changed.extend(open.into_values().map(|i| (Incident { closed: Some(now), ..i }, Some("incident_closed"))));
    let mut opened = BTreeSet::new();
    if !new.is_empty() {
        let lately = now - Duration::minutes(app.policy.observations.flapping_minutes.into());
        let mut before = store::incidents::list_closed_since(tx, &new.keys().cloned().collect(), lately).await?;
        let servers: BTreeSet<ServerName> = new.keys().map(|(_, _, server)| server.clone()).collect();
        let servers = app.roster.current(tx).await?.servers(servers);
        for (key, (device, drift)) in new {
            // What comes and goes is one thing.
            if let Some(i) = before.remove(&key) {
                let again = Incident { device, drift, closed: None, times: i.times.saturating_add(1), ..i };
                changed.push((again, Some("incident_reopened")));
                continue;
            }
            let incident = Incident {
                id: uuid::Uuid::now_v7().to_string(),
                seq: 0,
                device,
                instrument: servers.get(&drift.server).map(|s| s.instrument.clone()),
                drift,
                opened: now,
                closed: None,
                times: 1,
            };
            opened.insert(incident.id.clone());
            changed.push((incident, Some("incident_opened")));
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    let lines = changed.iter().filter_map(|(i, kind)| Some(line(caller, i, (*kind)?, now))).collect();
    let mut entries = store::journal::append(tx, lines).await?.into_iter();
    let mut rows = Vec::with_capacity(changed.len());
    for (mut i, kind) in changed {
        if let Some(entry) = kind.and_then(|_| entries.next())
            && opened.contains(&i.id)
        {
            i.seq = entry.seq;
        }
        rows.push(i);
    }
    store::incidents::save(tx, &rows).await?;
    if opened.is_empty() {
        return Ok(());
    }
    // However much is found at once, it is told in a few statements.
    let roster = app.roster.current(tx).await?;
    let shift = roster.of_kind(TeamKind::Doc);
    let (mut tellings, mut teams) = (Vec::new(), Vec::new());
    for i in rows.iter().filter(|i| opened.contains(&i.id)) {
        let (said, each) = if i.drift.kind == Kind::Silent {
            let devices = looked.silent.get(&i.drift.server).map_or(&[][..], Vec::as_slice);
            let Some(told) = of_silent(devices, i, &shift) else { continue };
            told
        } else {
            let device = i.device.filter(|d| !looked.told.contains(d)).and_then(|d| looked.devices.get(&d));
            let Some(device) = device else { continue };
            told_of_device(device, i, looked.urgent.contains(&device.id), &shift)
        };
        tellings.extend(each);
        teams.push((Teams::Of(TeamKind::Doc), said));
    }
    telling::tell(tx, app, &roster, tellings, teams).await
}

/// The stream in which the journal tells of an incident.
fn stream(id: &str) -> String {
    format!("incident/{id}")
}

fn line(caller: &Caller, i: &Incident, kind: &str, at: DateTime<Utc>) -> Line {
    let body = json!({
        "kind": i.drift.kind,
        "device": i.device,
        "instance": i.drift.instance,
        "server": i.drift.server,
        "words": i.drift.words,
        "times": i.times,
    });
    Line {
        stream: stream(&i.id),
        at,
        actor: None,
        origin: caller.origin.clone(),
        kind: kind.to_owned(),
        body: body.to_string(),
    }
}

/// What the device's people and the shift are told of an incident.
fn told_of_device(d: &Device, i: &Incident, urgent: bool, shift: &BTreeSet<PersonId>) -> (News, Vec<Telling>) {
    let support = urgent.then_some(Support::NotSupported);
    let terms = Terms::of(d.state.name(), d.shut_down.is_some(), &d.operators, support);
    let news = said(i, d.id, i.drift.kind.remedy_of(terms), urgent);
    let mut to = record::of_device(d);
    to.extend(shift);
    let each = to.into_iter().map(|person| news.to(person)).collect();
    (news, each)
}

/// What the people of the devices that a silent server bears are told, each once, and the shift.
fn of_silent(devices: &[&Device], i: &Incident, shift: &BTreeSet<PersonId>) -> Option<(News, Vec<Telling>)> {
    let first = devices.first()?;
    let mut each: BTreeMap<PersonId, DeviceId> = shift.iter().map(|p| (*p, first.id)).collect();
    for d in devices {
        for person in record::of_device(d) {
            each.entry(person).or_insert(d.id);
        }
    }
    let remedy = i.drift.kind.remedy().to_owned();
    let news = said(i, first.id, remedy, false);
    let each = each.into_iter().map(|(person, device)| Telling { device: Some(device), ..news.to(person) }).collect();
    Some((news, each))
}

/// Where an incident is read.
pub fn path(id: &str) -> String {
    format!("/incidents/{id}")
}

fn said(i: &Incident, device: DeviceId, remedy: String, urgent: bool) -> News {
    News {
        device: Some(device),
        key: stream(&i.id),
        at: i.opened,
        text: format!("{}: {} {remedy}", i.drift.kind.label(), i.drift.words),
        path: path(&i.id),
        urgent,
    }
}
