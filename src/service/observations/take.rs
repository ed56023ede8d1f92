//! Takes reports into the record, in one transaction, and derives what follows from them.

use super::{Report, Scope, Taken};
use crate::{
    app::App,
    domain::{
        device::Device,
        id::{DeviceId, PersonId, ServerName},
        observation::{Seen, Source},
        refusal::{Code, Refusal},
        support::{self, Support, Verdict},
        version::classify,
    },
    service::{
        Caller, Result,
        facts::version_names,
        incidents::{self, Looked},
        record, shift, standing, telling,
    },
    store::{self, Tx, instances::Known, journal::Line},
};
use chrono::{DateTime, Duration, SubsecRound, Utc};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

type Key = (String, ServerName);

/// What is seen as before costs neither a line of the journal nor a number of the changes: its moment is written, and
/// that is all.
pub async fn take(app: &App, caller: &Caller, scope: &Scope, reports: Vec<Report>, source: Source) -> Result<Taken> {
    let tx = app.db.begin().await?;
    let now = app.clock.now();
    let silent_after = app.policy.observations.silent_after_minutes;
    let servers = store::servers::load_servers(&tx, scope.servers.iter().cloned()).await?;
    let before: BTreeMap<Key, Known> =
        store::instances::list_on_servers(&tx, &scope.servers, &version_names(app, None))
            .await?
            .into_iter()
            .map(|k| ((k.seen.instance.clone(), k.seen.server.clone()), k))
            .collect();

    if let Source::Statement { .. } = source {
        for r in &reports {
            refuse_against_a_program(&tx, r, &before, now, silent_after).await?;
        }
    }
    let ended = ended_by_agents(&tx, &source, &reports, &before, now, silent_after).await?;
    let taken = reports.len();
    let mut unknown = 0;
    let (mut again, mut differing) = (BTreeMap::new(), BTreeMap::new());
    for r in reports {
        let key = (r.instance.clone(), ServerName(r.server.clone()));
        let class = servers.get(&key.1).map(|s| s.class);
        match before.get(&key) {
            // An agent on the server is nearer to it: while it speaks, a collector changes nothing of what it said.
            Some(w) if yields(&source, w, now, silent_after) || ended.contains(&key) => {
                unknown += usize::from(w.device.is_none());
                again.insert(key.clone(), None);
            }
            Some(w)
                if is_same(w, &r, &source) && w.seen.support_class == class && !w.seen.is_silent(now, silent_after) =>
            {
                unknown += usize::from(w.device.is_none());
                let seen = Seen { seen: now, ..w.seen.clone() };
                again.insert(key, Some(Known { seen, ..w.clone() }));
            }
            _ => drop(differing.insert(key, r)),
        }
    }

    let classes: BTreeSet<String> = differing.values().map(|r| r.class.clone()).collect();
    let (mut by_class, mut devices) = (BTreeMap::new(), BTreeMap::new());
    if !classes.is_empty() {
        by_class = store::devices::list_by_class(&tx, &classes).await?;
        let ids = by_class.values().copied().collect();
        devices = store::devices::list_by_id(&tx, &ids).await?.into_iter().map(|d| (d.id, d)).collect();
    }
    let mut lines = Vec::new();
    // Devices whose status is derived anew, and those of which something new was seen.
    let (mut touched, mut changed) = (BTreeSet::new(), BTreeSet::new());
    let mut known: BTreeMap<Key, Known> = BTreeMap::new();
    for (key, r) in differing {
        let device: Option<&Device> = by_class.get(&r.class).and_then(|id| devices.get(id));
        let names = version_names(app, device);
        let seen = Seen {
            version: classify(&r.version, &names.packages, &names.framework),
            support_class: servers.get(&key.1).map(|s| s.class),
            instance: r.instance,
            class: r.class,
            server: key.1.clone(),
            host: r.host,
            // As it is kept.
            since: r.since.trunc_subsecs(6),
            seen: now,
            gone: None,
            source: source.clone(),
        };
        let verdict = support::of_instance(device, &seen);
        unknown += usize::from(verdict.support == Support::Unknown);
        let was = before.get(&key);
        let support_since = match was {
            Some(w) if w.verdict.support == verdict.support => w.support_since,
            _ => now,
        };
        let is_new = was.is_none_or(|w| {
            w.seen.version.raw != seen.version.raw || !w.seen.runs() || w.device != device.map(|d| d.id)
        });
        touched.extend(device.map(|d| d.id));
        touched.extend(was.and_then(|w| w.device));
        let k = Known { device: device.map(|d| d.id), verdict, support_since, seen };
        if is_new {
            changed.extend(k.device);
            lines.extend(seen_line(caller, &k, "instance_seen", now));
        }
        known.insert(key, k);
    }
    let mut gone = 0;
    if scope.complete {
        let missing: Vec<(Key, Known)> = before
            .iter()
            .filter(|(key, k)| k.seen.runs() && !known.contains_key(key) && !again.contains_key(key))
            // Of these it is not known whether they run.
            .filter(|(key, _)| !scope.unsure.contains(key))
            // What a person stated is not taken back by an agent that never saw it, but by one that looks there now.
            .filter(|(_, k)| !yields(&source, k, now, silent_after))
            .map(|(key, k)| (key.clone(), k.clone()))
            .collect();
        for (key, mut k) in missing {
            k.seen.gone = Some(now);
            // Whose word it is that it has gone.
            k.seen.source = source.clone();
            gone += 1;
            touched.extend(k.device);
            changed.extend(k.device);
            lines.extend(seen_line(caller, &k, "instance_gone", now));
            known.insert(key, k);
        }
    }
    let again: Vec<Known> = again.into_values().flatten().collect();
    // What was heard again is in `known`: silence ends with the report that ends it.
    let silent: BTreeSet<&ServerName> = before
        .iter()
        .filter(|(key, k)| k.seen.runs() && k.seen.is_silent(now, silent_after) && !known.contains_key(key))
        .map(|((_, server), _)| server)
        .collect();
    let heard: Vec<ServerName> = scope.servers.iter().filter(|s| !silent.contains(s)).cloned().collect();
    let known: Vec<Known> = known.into_values().collect();
    store::instances::save_unsaid(&tx, &again, false).await?;
    if scope.complete {
        // Where an agent says otherwise, it is the agent that has told everything.
        let others: BTreeSet<&ServerName> = ended.iter().map(|(_, server)| server).collect();
        let whole = scope.servers.iter().filter(|server| !others.contains(server)).cloned().collect();
        store::instances::save_whole(&tx, &whole, now).await?;
    }
    if !again.is_empty() {
        let servers = again.iter().map(|k| &k.seen.server).collect();
        store::replicas::tell_seen(&tx, app.db.replica, &servers, now).await?;
    }
    if !known.is_empty() {
        store::instances::save(&tx, &known).await?;
        store::journal::append(&tx, lines).await?;
        settle(&tx, app, caller, touched, (&changed, &known, &heard), now).await?;
    }
    tx.commit().await?;
    app.projection.see_again(again.iter().map(|k| (k.seen.instance.as_str(), &k.seen.server)), now);
    Ok(Taken { taken, gone, unknown })
}

/// Whether a report says what was known already.
fn is_same(was: &Known, r: &Report, source: &Source) -> bool {
    let s = &was.seen;
    s.runs()
        && s.class == r.class
        && s.host == r.host
        && s.version.raw == r.version
        && s.since.timestamp_micros() == r.since.timestamp_micros()
        && s.source == *source
}

/// Whether a source says nothing of this instance against who reported it: a collector beside an agent, or beside
/// another collector, that still speaks.
fn yields(source: &Source, was: &Known, now: DateTime<Utc>, silent_after_minutes: u32) -> bool {
    let speaks = was.seen.is_reported(now, silent_after_minutes);
    matches!(source, Source::Collector { .. }) && speaks && was.seen.source != *source
}

/// What an agent on its server saw end, and a collector calls running since before that: a control system may not know of
/// a kill. While the agent tells everything that runs there, its word stands.
async fn ended_by_agents(
    tx: &Tx,
    source: &Source,
    reports: &[Report],
    before: &BTreeMap<Key, Known>,
    now: DateTime<Utc>,
    silent_after_minutes: u32,
) -> Result<BTreeSet<Key>> {
    let by_agents = before.iter().filter(|(_, k)| k.seen.source == Source::Agent);
    let gone: BTreeMap<&Key, DateTime<Utc>> = by_agents.filter_map(|(key, k)| Some((key, k.seen.gone?))).collect();
    if gone.is_empty() || !matches!(source, Source::Collector { .. }) {
        return Ok(BTreeSet::new());
    }
    let keys = reports.iter().map(|r| ((r.instance.clone(), ServerName(r.server.clone())), r.since));
    let ended = keys.filter(|(key, since)| gone.get(key).is_some_and(|at| since <= at));
    let mut ended: BTreeSet<Key> = ended.map(|(key, _)| key).collect();
    if !ended.is_empty() {
        let whole = store::instances::list_whole_since(tx, heard_since(now, silent_after_minutes), None).await?;
        ended.retain(|(_, server)| whole.contains(server));
    }
    Ok(ended)
}

/// T8: a person's word stands in where nothing reports, and nowhere else.
async fn refuse_against_a_program(
    tx: &Tx,
    r: &Report,
    before: &BTreeMap<Key, Known>,
    now: DateTime<Utc>,
    silent_after_minutes: u32,
) -> Result<()> {
    let key = (r.instance.clone(), ServerName(r.server.clone()));
    if before.get(&key).is_some_and(|k| k.seen.is_reported(now, silent_after_minutes)) {
        return Err(reported(&r.instance, &key.1).into());
    }
    if store::instances::list_whole_since(tx, heard_since(now, silent_after_minutes), Some(&key.1)).await?.is_empty() {
        return Ok(());
    }
    let sentence = format!(
        "An agent reports everything that runs on {}, and {} is not among it: mend what runs, or wait until it is silent.",
        r.server, r.instance
    );
    Err(Refusal::new(Code::WrongState, sentence).into())
}

/// Who told something at this moment or later is not silent.
pub(super) fn heard_since(now: DateTime<Utc>, silent_after_minutes: u32) -> DateTime<Utc> {
    now - Duration::minutes(silent_after_minutes.into())
}

/// What is said to whoever states something of an instance that a program reports.
pub fn reported(instance: &str, server: &ServerName) -> Refusal {
    let sentence = format!(
        "An agent reports {instance} on {server}: mend what runs, or wait until it is silent. A statement counts where \
         nothing reports."
    );
    Refusal::new(Code::WrongState, sentence)
}

pub(super) fn seen_line(caller: &Caller, k: &Known, kind: &str, at: DateTime<Utc>) -> Option<Line> {
    let device = k.device?;
    let stated: Option<PersonId> = match &k.seen.source {
        Source::Agent | Source::Collector { .. } => None,
        Source::Statement { person } => Some(*person),
    };
    let body = json!({
        "instance": k.seen.instance,
        "server": k.seen.server,
        "version": k.seen.version.raw,
        "support": k.verdict.support,
        "why": k.verdict.why,
    });
    Some(Line {
        stream: format!("seen/{device}"),
        at,
        actor: stated,
        origin: caller.origin.clone(),
        kind: kind.to_owned(),
        body: body.to_string(),
    })
}

/// A device's instances with what their version strings say, which depends on the names that its packages may have.
pub fn named(app: &App, d: &Device, known: Vec<Known>) -> Vec<Seen> {
    let names = version_names(app, Some(d));
    let read = |k: Known| Seen { version: classify(&k.seen.version.raw, &names.packages, &names.framework), ..k.seen };
    known.into_iter().map(read).collect()
}

/// Derives the status of these devices anew from all that is seen of them, and puts a change on record, with every
/// incident that follows. `changed` are those of which something new was seen: for a review that may be what it waited
/// for (T8); then come what was seen, and the servers of which everything is heard.
pub(super) async fn settle(
    tx: &Tx,
    app: &App,
    caller: &Caller,
    devices: BTreeSet<DeviceId>,
    (changed, known, heard): (&BTreeSet<DeviceId>, &[Known], &[ServerName]),
    now: DateTime<Utc>,
) -> Result<()> {
    let names = version_names(app, None);
    let mut seen = store::instances::list_of_devices(tx, devices.iter().copied(), &names).await?;
    let (mut lines, mut told) = (Vec::new(), Vec::new());
    let mut reviewed = BTreeSet::new();
    let all = store::devices::list_standing(tx, &devices).await?;
    let looking_back = all.iter().map(|(d, _)| d).filter(|d| support::looks_back(d)).map(|d| d.id);
    let mut stopped = store::instances::list_stopped_on_reduced(tx, looking_back, &names).await?;
    let mut looked = Looked::default();
    heard.iter().for_each(|server| looked.heard(server));
    for k in known {
        // What is gone, or not of a device, is not among what runs of one.
        if k.device.is_none() || !k.seen.runs() {
            looked.stranger(&k.seen);
        }
    }
    for (d, (was, since)) in &all {
        let mut of = named(app, d, seen.remove(&d.id).unwrap_or_default());
        if changed.contains(&d.id) && d.review().is_some() {
            reviewed.insert(d.id);
        }
        looked.device(app, d, &of, now);
        of.extend(named(app, d, stopped.remove(&d.id).unwrap_or_default()));
        let verdict: Option<Verdict> = support::of_device(d, &of);
        let unsupported = verdict.as_ref().is_some_and(|v| v.support == Support::NotSupported);
        if *was == verdict {
            if unsupported {
                looked.unsupported(d.id, false);
            }
            continue;
        }
        let since = record::support_since(was.as_ref(), *since, verdict.as_ref(), now);
        store::standing::save_support(tx, d.id, verdict.as_ref(), since).await?;
        let was = was.as_ref();
        let line = record::support_line(caller, d, was, verdict.as_ref(), now);
        if unsupported {
            looked.unsupported(d.id, line.is_some());
        }
        if let Some(line) = line {
            lines.push(line);
            told.push((d, was.map(|v| v.support), verdict));
        }
    }
    let entries = store::journal::append(tx, lines).await?;
    shift::waits(tx, &entries).await?;
    if !told.is_empty() {
        let roster = app.roster.current(tx).await?;
        let (mut people, mut teams) = (Vec::new(), Vec::new());
        for (entry, (d, was, is)) in entries.iter().zip(told) {
            let (hear, shift) = telling::support_changed(app, &roster, d, was, is.as_ref(), entry);
            people.extend(hear);
            teams.push(shift);
        }
        telling::tell(tx, app, &roster, people, teams).await?;
    }
    incidents::settle(tx, app, caller, looked, now).await?;
    standing::refresh(tx, app, &reviewed).await
}
