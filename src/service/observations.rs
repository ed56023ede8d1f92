//! What agents report and CTRL members state: what runs where, in which version (T8, G10, O1).

use super::{Caller, Error, FieldProblem, Result, facts::version_names, record, telling};
use crate::{
    app::App,
    domain::{
        device::Device,
        id::{DeviceId, PersonId, ServerName},
        lifecycle::Actor,
        observation::{Seen, Source},
        person::Role,
        refusal::{Code, Refusal},
        support::{self, Support, Verdict},
        version::classify,
    },
    store::{self, Tx, instances::Known, journal::Line},
};
use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use validator::Validate;

/// One instance as reported.
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Report {
    #[validate(length(min = 1, max = 200), custom(function = "one_line"))]
    pub instance: String,
    #[validate(length(min = 1, max = 80), custom(function = "one_line"))]
    pub class: String,
    #[validate(length(min = 1, max = 200), custom(function = "one_line"))]
    pub server: String,
    #[validate(length(min = 1, max = 200), custom(function = "one_line"))]
    pub host: String,
    /// As the instance prints it; empty where it prints none.
    #[serde(default)]
    #[validate(length(max = 200), custom(function = "one_line"))]
    pub version: String,
    /// Since when it runs so.
    pub since: DateTime<Utc>,
}

/// Text that stays on its line: no control characters, NUL among them.
fn one_line(s: &str) -> std::result::Result<(), validator::ValidationError> {
    if s.chars().any(char::is_control) { Err(validator::ValidationError::new("one_line")) } else { Ok(()) }
}

/// How many instances there may be in one report.
pub const MOST: usize = 5000;

/// What became of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Taken {
    pub taken: usize,
    /// Instances that the server no longer reports.
    pub gone: usize,
    /// Of those taken, the ones that no device on record brings.
    pub unknown: usize,
}

/// Takes an agent's report about its own server (A24). `complete`: what is not in it does not run there any more.
pub async fn observe(
    app: &App,
    caller: &Caller,
    own: &ServerName,
    reports: Vec<Report>,
    complete: bool,
) -> Result<Taken> {
    check(app, &reports)?;
    if let Some(other) = reports.iter().find(|r| r.server != own.0) {
        return Err(Refusal::new(
            Code::NotYours,
            format!("This token speaks for {own} only, not for {}.", other.server),
        )
        .into());
    }
    let (app, caller, own) = (app.clone(), caller.clone(), own.clone());
    app.clone().outliving(async move { take(&app, &caller, &own, reports, complete, Source::Agent).await }).await?
}

/// A CTRL member says what they saw running; marked as such wherever it shows (T8).
pub async fn state(app: &App, caller: &Caller, device: &str, report: Report) -> Result<Taken> {
    check(app, std::slice::from_ref(&report))?;
    if !app.policy.observations.statements {
        return Err(Refusal::new(Code::WrongState, "Statements do not count here: an agent has to report it.").into());
    }
    let found = store::devices::find_by_name(&app.db.read, device).await?.ok_or(Error::NotFound)?;
    let Actor::Person(me) = caller.actor else {
        return Err(Error::NotFound);
    };
    let people = store::people::load_people(&app.db.read, &BTreeSet::from([me])).await?;
    if !people.has(me, &Role::Ctrl) || found.is_contributor(me) {
        let refusal = Refusal::new(Code::NotYours, "This is for a member of CTRL who is not a contributor to state.");
        record::attempt(app, caller, &found, "state_seen", &refusal).await?;
        return Err(refusal.into());
    }
    if !found.request.classes.contains(&report.class) {
        return super::invalid(
            "class",
            format!("Choose a class of {}: {}", found.name(), found.request.classes.join(", ")),
        );
    }
    let server = ServerName(report.server.clone());
    if store::servers::find(&app.db.read, &server).await?.is_none() {
        return super::invalid("server", "Choose a server that is on record");
    }
    let (app, caller) = (app.clone(), caller.clone());
    app.clone()
        .outliving(
            async move { take(&app, &caller, &server, vec![report], false, Source::Statement { person: me }).await },
        )
        .await?
}

/// A CTRL member says that an instance which no agent reports does not run there any more.
pub async fn state_gone(app: &App, caller: &Caller, device: &str, instance: &str, server: &ServerName) -> Result<()> {
    let found = store::devices::find_by_name(&app.db.read, device).await?.ok_or(Error::NotFound)?;
    let me = caller.actor.person().ok_or(Error::NotFound)?;
    let people = store::people::load_people(&app.db.read, &BTreeSet::from([me])).await?;
    if !people.has(me, &Role::Ctrl) || found.is_contributor(me) {
        return Err(
            Refusal::new(Code::NotYours, "This is for a member of CTRL who is not a contributor to state.").into()
        );
    }
    if !app.policy.observations.statements {
        return Err(Refusal::new(Code::WrongState, "Statements do not count here: an agent has to report it.").into());
    }
    let (app, caller, instance, server) = (app.clone(), caller.clone(), instance.to_owned(), server.clone());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            let names = version_names(&app, Some(&found));
            let mut known = store::instances::list_of_device(&tx, found.id, &names).await?;
            let now = app.clock.now();
            let k = known
                .iter_mut()
                .find(|k| k.seen.instance == instance && k.seen.server == server && k.seen.runs())
                .ok_or(Error::NotFound)?;
            k.seen.gone = Some(now);
            k.seen.source = Source::Statement { person: me };
            let line = seen_line(&caller, k, "instance_gone", now);
            store::instances::save(&tx, std::slice::from_ref(k)).await?;
            store::journal::append(&tx, line.into_iter().collect()).await?;
            let here = BTreeSet::from([found.id]);
            settle(&tx, &app, &caller, here.clone(), &here, now).await?;
            Ok(tx.commit().await?)
        })
        .await?
}

fn check(app: &App, reports: &[Report]) -> Result<()> {
    if reports.len() > MOST {
        return super::invalid("observations", format!("Send at most {MOST} instances at once, in several posts"));
    }
    let mut problems = Vec::new();
    let latest = app.clock.now() + Duration::minutes(10);
    for (i, r) in reports.iter().enumerate() {
        if let Err(errors) = r.validate() {
            for field in errors.field_errors().keys() {
                problems.push(FieldProblem::new(
                    &format!("observations[{i}].{field}"),
                    "Send one line of text, not empty and not longer than 200 characters",
                ));
            }
        }
        if r.since > latest {
            problems.push(FieldProblem::new(
                &format!("observations[{i}].since"),
                "This moment is in the future: set the clock of the host, and send UTC like 2026-11-21T02:47:00Z",
            ));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}

async fn take(
    app: &App,
    caller: &Caller,
    own: &ServerName,
    reports: Vec<Report>,
    complete: bool,
    source: Source,
) -> Result<Taken> {
    let tx = app.db.begin().await?;
    let now = app.clock.now();
    let server = store::servers::find(&tx, own).await?;
    let classes: BTreeSet<String> = reports.iter().map(|r| r.class.clone()).collect();
    let by_class = store::devices::list_by_class(&tx, &classes).await?;
    let before: BTreeMap<String, Known> = store::instances::list_on_server(&tx, own, &version_names(app, None))
        .await?
        .into_iter()
        .map(|k| (k.seen.instance.clone(), k))
        .collect();
    let devices: BTreeMap<DeviceId, Device> = store::devices::list_by_id(&tx, &by_class.values().copied().collect())
        .await?
        .into_iter()
        .map(|d| (d.id, d))
        .collect();

    let mut lines = Vec::new();
    let mut touched = BTreeSet::new();
    let mut changed = BTreeSet::new();
    let mut known: BTreeMap<String, Known> = BTreeMap::new();
    let mut unknown = 0;
    for r in reports {
        let device = by_class.get(&r.class).and_then(|id| devices.get(id));
        let names = version_names(app, device);
        let seen = Seen {
            version: classify(&r.version, &names.packages, &names.framework),
            instance: r.instance,
            class: r.class,
            server: own.clone(),
            host: r.host,
            support_class: server.as_ref().map(|s| s.class),
            since: r.since,
            seen: now,
            gone: None,
            source,
        };
        let verdict = support::of_instance(device, &seen);
        unknown += usize::from(verdict.support == Support::Unknown);
        let was = before.get(&seen.instance);
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
        known.insert(k.seen.instance.clone(), k);
    }
    let taken = known.len();
    let mut gone = 0;
    if complete {
        for (instance, mut k) in before {
            // What a person stated is not taken back by an agent that never saw it, but by one that looks there now.
            if !known.contains_key(&instance) && k.seen.runs() {
                k.seen.gone = Some(now);
                gone += 1;
                touched.extend(k.device);
                changed.extend(k.device);
                lines.extend(seen_line(caller, &k, "instance_gone", now));
                known.insert(instance, k);
            }
        }
    }
    store::instances::save(&tx, &known.into_values().collect::<Vec<_>>()).await?;
    store::journal::append(&tx, lines).await?;
    settle(&tx, app, caller, touched, &changed, now).await?;
    tx.commit().await?;
    Ok(Taken { taken, gone, unknown })
}

fn seen_line(caller: &Caller, k: &Known, kind: &str, at: DateTime<Utc>) -> Option<Line> {
    let device = k.device?;
    let stated: Option<PersonId> = match k.seen.source {
        Source::Agent => None,
        Source::Statement { person } => Some(person),
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

/// Derives the status of these devices anew from all that is seen of them, and puts a change on record. `changed` are
/// those of which something new was seen: for a review that may be what it waited for (T8).
async fn settle(
    tx: &Tx,
    app: &App,
    caller: &Caller,
    devices: BTreeSet<DeviceId>,
    changed: &BTreeSet<DeviceId>,
    now: DateTime<Utc>,
) -> Result<()> {
    if devices.is_empty() {
        return Ok(());
    }
    let mut seen = store::instances::list_of_devices(tx, devices.iter().copied(), &version_names(app, None)).await?;
    let before = store::standing::list_support(tx, &devices).await?;
    let (mut lines, mut told) = (Vec::new(), Vec::new());
    let mut reviewed = BTreeSet::new();
    for d in store::devices::list_by_id(tx, &devices).await? {
        let names = version_names(app, Some(&d));
        let of: Vec<Seen> = seen
            .remove(&d.id)
            .unwrap_or_default()
            .into_iter()
            .map(|k| Seen { version: classify(&k.seen.version.raw, &names.packages, &names.framework), ..k.seen })
            .collect();
        if changed.contains(&d.id) && d.review().is_some() {
            reviewed.insert(d.id);
        }
        let verdict: Option<Verdict> = support::of_device(&d, &of);
        let was = before.get(&d.id);
        if was.is_some_and(|(v, _)| *v == verdict) {
            continue;
        }
        let since = record::support_since(was, verdict.as_ref(), now);
        store::standing::save_support(tx, d.id, verdict.as_ref(), since).await?;
        let was = was.and_then(|(v, _)| v.as_ref());
        if let Some(line) = record::support_line(caller, &d, was, verdict.as_ref(), now) {
            lines.push(line);
            told.push((d, was.map(|v| v.support), verdict));
        }
    }
    let entries = store::journal::append(tx, lines).await?;
    super::shift::waits(tx, &entries).await?;
    for (entry, (d, was, is)) in entries.iter().zip(told) {
        telling::support_changed(tx, app, &d, was, is.as_ref(), entry).await?;
    }
    super::standing::refresh(tx, app, &reviewed).await
}
