//! What agents report and CTRL members state: what runs where, in which version (T8, G10, O1).

mod take;
mod written;

pub use take::{named, reported};
pub use written::{Observed, Unreadable};

use super::{Caller, Error, FieldProblem, Result, facts::version_names, record};
use crate::{
    app::App,
    domain::{
        id::ServerName,
        lifecycle::Actor,
        observation::Source,
        person::Role,
        refusal::{Code, Refusal},
    },
    store,
};
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use take::{heard_since, seen_line, settle, take};
use validator::Validate;

/// One instance as reported.
#[derive(Clone, Debug, Serialize, Deserialize, Validate)]
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

/// How many instances there may be in one report of an agent.
pub const MOST: usize = 5000;

/// What became of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Taken {
    pub taken: usize,
    /// Instances that the server no longer reports.
    pub gone: usize,
    /// Of those taken, the ones that no device on record brings.
    pub unknown: usize,
}

/// Of which servers a report speaks.
#[derive(Clone, Debug)]
pub struct Scope {
    pub servers: BTreeSet<ServerName>,
    /// What is not in it does not run there any more.
    pub complete: bool,
    /// But for these, of which it says nothing.
    pub unsure: BTreeSet<(String, ServerName)>,
}

/// Takes an agent's report about its own server (A24). `complete`: what is not in it does not run there any more.
pub async fn observe(
    app: &App,
    caller: &Caller,
    own: &ServerName,
    reports: Vec<Report>,
    complete: bool,
) -> Result<Taken> {
    if reports.len() > MOST {
        return super::invalid(
            "observations",
            format!("Send at most {MOST} instances at once, in several posts, each with \"complete\": false"),
        );
    }
    check(app, &reports)?;
    if let Some(other) = reports.iter().find(|r| r.server != own.0) {
        return Err(Refusal::new(
            Code::NotYours,
            format!("This token speaks for {own} only, not for {}.", other.server),
        )
        .into());
    }
    let scope = Scope { servers: BTreeSet::from([own.clone()]), complete, unsure: BTreeSet::new() };
    let (app, caller) = (app.clone(), caller.clone());
    app.clone().outliving(async move { take(&app, &caller, &scope, reports, Source::Agent).await }).await?
}

/// What a collector was told by a control system.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// Of these it lists everything that runs there; of the others what is missing may still run.
    pub servers: BTreeSet<ServerName>,
    /// But for these, of which it is not known whether they run.
    pub unsure: BTreeSet<(String, ServerName)>,
    pub reports: Vec<Report>,
}

/// What became of what a collector was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CollectedTaken {
    pub taken: Taken,
    /// Instances on servers that it does not speak for.
    pub refused: usize,
}

/// So many instances of a collector's are taken in one transaction, or those of one server, however many: half of a server
/// would have the other half gone.
const AT_ONCE: usize = 2000;

/// Takes what the collector of this name was told. What is on a server that it does not cover is left out and counted
/// (A24); a server of which it says nothing is left as it is: absence of a report is no proof of absence.
pub async fn collect(
    app: &App,
    collector: &str,
    covers: &(dyn Fn(&str) -> bool + Sync),
    told: Collected,
) -> Result<CollectedTaken> {
    let mut all = CollectedTaken::default();
    let (reports, refused): (Vec<Report>, Vec<Report>) = told.reports.into_iter().partition(|r| covers(&r.server));
    all.refused = refused.len();
    let mut whole: BTreeMap<ServerName, Vec<Report>> =
        told.servers.into_iter().filter(|s| covers(&s.0)).map(|s| (s, Vec::new())).collect();
    let mut parts: BTreeMap<ServerName, Vec<Report>> = BTreeMap::new();
    for r in reports {
        let server = ServerName(r.server.clone());
        match whole.get_mut(&server) {
            Some(of) => of.push(r),
            None => parts.entry(server).or_default().push(r),
        }
    }
    let caller = Caller { origin: format!("collector {collector}"), ..Caller::custody() };
    let source = Source::Collector { name: collector.to_owned() };
    for (complete, by_server) in [(true, whole), (false, parts)] {
        let mut rest = by_server.into_iter().peekable();
        while rest.peek().is_some() {
            let (mut servers, mut batch) = (BTreeSet::new(), Vec::new());
            // Servers of which nothing is told are looked up too.
            let has_room = |servers: &BTreeSet<ServerName>, batch: &Vec<Report>, of: &Vec<Report>| {
                servers.is_empty() || batch.len() + servers.len() + of.len() < AT_ONCE
            };
            while let Some((server, of)) = rest.next_if(|(_, of)| has_room(&servers, &batch, of)) {
                servers.insert(server);
                batch.extend(of);
            }
            check(app, &batch)?;
            let unsure = told.unsure.iter().filter(|(_, server)| servers.contains(server)).cloned().collect();
            let scope = Scope { servers, complete, unsure };
            let (app_, caller, source) = (app.clone(), caller.clone(), source.clone());
            let taken = app.outliving(async move { take(&app_, &caller, &scope, batch, source).await }).await??;
            all.taken.taken += taken.taken;
            all.taken.gone += taken.gone;
            all.taken.unknown += taken.unknown;
        }
    }
    Ok(all)
}

/// A CTRL member says what they saw running, where nothing reports; marked as such wherever it shows (T8).
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
    if !people.has(me, &Role::Ctrl) || found.has_contributed(me) {
        let refusal =
            Refusal::new(Code::NotYours, "This is for a member of CTRL who has no part in the device to state.");
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
    let scope = Scope { servers: BTreeSet::from([server]), complete: false, unsure: BTreeSet::new() };
    let (app, caller) = (app.clone(), caller.clone());
    let source = Source::Statement { person: me };
    app.clone().outliving(async move { take(&app, &caller, &scope, vec![report], source).await }).await?
}

/// The servers of which programs tell everything that runs there: a statement about them does not count.
pub async fn list_reported(app: &App) -> Result<BTreeSet<ServerName>> {
    let since = heard_since(app.clock.now(), app.policy.observations.silent_after_minutes);
    Ok(store::instances::list_whole_since(&app.db.read, since, None).await?)
}

/// A CTRL member says that an instance which no agent reports does not run there any more.
pub async fn state_gone(app: &App, caller: &Caller, device: &str, instance: &str, server: &ServerName) -> Result<()> {
    let found = store::devices::find_by_name(&app.db.read, device).await?.ok_or(Error::NotFound)?;
    let me = caller.actor.person().ok_or(Error::NotFound)?;
    let people = store::people::load_people(&app.db.read, &BTreeSet::from([me])).await?;
    if !people.has(me, &Role::Ctrl) || found.has_contributed(me) {
        return Err(Refusal::new(
            Code::NotYours,
            "This is for a member of CTRL who has no part in the device to state.",
        )
        .into());
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
            if k.seen.is_reported(now, app.policy.observations.silent_after_minutes) {
                return Err(reported(&instance, &server).into());
            }
            k.seen.gone = Some(now);
            k.seen.source = Source::Statement { person: me };
            let line = seen_line(&caller, k, "instance_gone", now);
            store::instances::save(&tx, std::slice::from_ref(k)).await?;
            store::journal::append(&tx, line.into_iter().collect()).await?;
            let here = BTreeSet::from([found.id]);
            settle(&tx, &app, &caller, here.clone(), (&here, std::slice::from_ref(k), &[]), now).await?;
            Ok(tx.commit().await?)
        })
        .await?
}

fn check(app: &App, reports: &[Report]) -> Result<()> {
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
