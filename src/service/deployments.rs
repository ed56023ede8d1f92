//! Deployments: asked for, begun with a permit, reported on, and taken back where they came to nothing (G1, G9).

mod giving_back;
mod reading;
mod reporting;

pub use giving_back::keep;
pub(super) use giving_back::with_what_was_there;
pub use reading::{PAGE, Page, View, Which, list, view};
pub use reporting::{Begun, not_yours, redeem, redeem_once, report, report_once};

use super::{
    Caller, Error, FieldProblem, Result,
    act::{Ask, Done, act},
    facts::{self, gather, gather_actor},
    invalid, moving_on, permits, readings,
    record::Change,
    stages,
};
use crate::{
    app::App,
    domain::{
        deployment::{self, Deployment, DeploymentState, Environment, GateThen, PermitGiven, Report, Reported},
        device::Device,
        id::{DeploymentId, ServerName},
        lifecycle::{
            Command, CommandKind, Gate, Happened, Readings, Who,
            decide::{decide, may, may_begin},
            gates::judge_all,
            rule,
        },
        overrides::Override,
        permit::CLOCKS_DIFFER_SECONDS,
        refusal::{Code, Refusal},
        server::Server,
        tag::{CommitId, TagName},
    },
    store::{self, Tx, journal::Line},
};
use chrono::{DateTime, Duration, Utc};
use std::collections::BTreeMap;

/// What a deploy tool asks for.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub device: String,
    pub tag: TagName,
    pub server: ServerName,
    /// `None` takes the one of the server's class.
    pub environment: Option<Environment>,
    /// The commit that is about to be deployed, where the tool says it.
    pub commit: Option<CommitId>,
}

impl Wanted {
    fn command(&self) -> Command {
        Command::Deploy { server: self.server.clone(), tag: Some(self.tag.clone()) }
    }
}

/// Refuses another environment than that of the server that something is placed on (G5). One that is not on record is
/// refused by its gate.
pub(super) fn must_be_in(
    servers: &BTreeMap<ServerName, Server>,
    command: &Command,
    named: Option<Environment>,
) -> Result<()> {
    let server = command.placing().and_then(|(server, _)| servers.get(server));
    match server.zip(named) {
        Some((server, named)) if named != server.environment => {
            invalid("environment", format!("{} is in {}: name that, or leave it out", server.name, server.environment))
        }
        _ => Ok(()),
    }
}

/// Whoever asked later than this had another clock, which was set back since (F10).
fn ahead(now: DateTime<Utc>) -> DateTime<Utc> {
    now + Duration::seconds(CLOCKS_DIFFER_SECONDS)
}

/// What asks about no device on record.
fn no_device() -> Error {
    Error::Invalid(vec![FieldProblem::new("device", "Name a device that is on record, like beamConditionCheck")])
}

/// What was allowed, with its permit.
#[derive(Clone, Debug)]
pub struct Allowed {
    pub view: View,
    pub permit: String,
}

/// Asks for a deployment; a fresh read of the repository decides. The placement is on record when this returns.
pub async fn request(app: &App, caller: &Caller, wanted: &Wanted, key: Option<String>) -> Result<Allowed> {
    let (environment, at_hand) = (wanted.environment, wanted.commit.clone());
    let ask = Ask { key, by_permit: true, environment, at_hand, ..Ask::from(wanted.command()) };
    let done = act(app, caller, &wanted.device, ask).await;
    let Done { deployment, device, events, mut people, .. } = done.map_err(|e| match e {
        Error::NotFound => no_device(),
        other => other,
    })?;
    let deployment = deployment.ok_or(Error::NotFound)?;
    let permit = match events.is_empty() {
        // Others may have reported since.
        true => {
            people = store::people::load_names(&app.db.read, &deployment.people()).await?;
            self::permit(app, caller, &deployment).await?
        }
        false => permits::issue(app, &device, &deployment, &people).await?.ok_or(Error::NotFound)?,
    };
    let device = device.name().to_owned();
    let view = View { deployment, device, people, now: app.clock.now(), may_report: false };
    Ok(Allowed { view, permit })
}

/// The gates as they are now, with nothing changed; refused as the request itself would be.
pub async fn rehearse(app: &App, caller: &Caller, wanted: &Wanted) -> Result<Vec<Gate>> {
    let snapshot = app.db.snapshot().await?;
    let (device, roster) = facts::find(&snapshot, app, &wanted.device).await?.ok_or_else(no_device)?;
    let command = wanted.command();
    let mut gathered = gather(&snapshot, app, &roster, caller, &device, Some(&command), Readings::default()).await?;
    drop(snapshot);
    must_be_in(&gathered.servers, &command, wanted.environment)?;
    if may(&device, CommandKind::Deploy, &gathered.facts(app, caller)) {
        gathered.readings = readings::take(app, &device, &command).await;
    }
    gathered.readings.at_hand.clone_from(&wanted.commit);
    let facts = gathered.facts(app, caller);
    decide(&device, &command, &facts)?;
    Ok(judge_all(rule(CommandKind::Deploy), &device, Some(&command), &facts))
}

/// Opens the deployment of a placing, in the transaction of the act itself, and the line of it for the journal.
pub async fn open(
    tx: &Tx,
    app: &App,
    caller: &Caller,
    ask: &Ask,
    change: &Change<'_>,
) -> Result<Option<(Deployment, Line)>> {
    let placing = change.events.iter().rev().find_map(|e| match &e.what {
        Happened::Deployed { server, release: Some(_), .. } => Some(server),
        _ => None,
    });
    let Some(server) = placing else { return Ok(None) };
    let Change { before, after, gathered, roster, .. } = change;
    let placed = after.placed_on(server).ok_or(Error::NotFound)?;
    let release = placed.release.as_ref().and_then(|t| after.release(t)).ok_or(Error::NotFound)?;
    let gates = judge_all(rule(ask.command.kind()), before, Some(&ask.command), &gathered.facts(app, caller));
    let permit = match ask.by_permit {
        false => None,
        true => {
            let lives = placed.mark.at.timestamp() + i64::from(app.policy.permits.lifetime_seconds);
            // What an override lets through ends with it (G12).
            let of_it = |o: &&Override| o.server == *server && o.tag == *release.tag() && o.counts(placed.mark.at);
            let ends = before.overrides.iter().filter(of_it).map(|o| o.until.timestamp()).min();
            let until = match ends.filter(|_| gates.iter().any(|g| g.overridden)) {
                Some(end) => lives.min(end),
                None => lives,
            };
            Some(PermitGiven {
                jti: uuid::Uuid::new_v4().to_string(),
                kid: permits::current(tx, app).await?,
                until: DateTime::from_timestamp(until, 0).unwrap_or(placed.mark.at),
            })
        }
    };
    let environment = gathered.servers.get(server).map_or(Environment::from(placed.class), |s| s.environment);
    let deployment = Deployment {
        id: DeploymentId(uuid::Uuid::now_v7()),
        device: after.id,
        revision: after.revision,
        release: release.verified.clone(),
        on_record: Some(release.at),
        server: server.clone(),
        environment,
        asked: placed.mark,
        permit,
        gates: gates.into_iter().map(|g| GateThen::from(g).kept(roster.everybody())).collect(),
        before: before.placements.iter().filter(|p| !after.placements.contains(p)).cloned().collect(),
        state: DeploymentState::Allowed,
        reports: Vec::new(),
    };
    store::deployments::insert(tx, &deployment, ask.key.as_deref()).await?;
    let body = serde_json::to_string(&deployment).map_err(|e| Error::Internal(Box::new(e)))?;
    let line = line(caller, deployment.id, placed.mark.at, "allowed", body);
    Ok(Some((deployment, line)))
}

/// What a person placed by hand is deployed by that (G3); by permit it is once the deployment has succeeded.
pub async fn placed(tx: &Tx, caller: &Caller, d: &Deployment) -> Result<()> {
    if d.permit.is_some() {
        return Ok(());
    }
    let placed = Reported { at: d.asked.at, by: Some(d.asked.by), report: Report::Started };
    stages::deployed(tx, caller, d, &placed, true).await
}

/// The permit is used up, and the deployment begins: both or neither.
pub async fn begin(tx: &Tx, app: &App, caller: &Caller, change: &Change<'_>) -> Result<Option<Deployment>> {
    let redeemed = change.events.iter().rev().find_map(|e| match &e.what {
        Happened::PermitRedeemed { server, .. } => Some((server, e)),
        _ => None,
    });
    let Some((server, e)) = redeemed else { return Ok(None) };
    let placed = change.after.placed_on(server).ok_or(Error::NotFound)?;
    let Some(found) = store::deployments::find_of_placement(tx, change.after.id, placed).await? else {
        return Err(Error::NotFound);
    };
    let used = || permits::refused("it was used already, and a permit is used once");
    let permit = found.permit.as_ref().ok_or_else(used)?;
    // While the repository was read, its key may have been revoked (A13).
    permits::must_stand(tx, &permit.kid).await?;
    if !store::deployments::redeem(tx, &permit.jti, found.id, e.at).await? {
        return Err(used().into());
    }
    save(tx, app, caller, found, Reported { at: e.at, by: e.by, report: Report::Started }).await.map(Some)
}

/// Judges a report, and keeps it.
async fn save(tx: &Tx, app: &App, caller: &Caller, found: Deployment, reported: Reported) -> Result<Deployment> {
    deployment::decide(&found, &reported.report, reported.at)?;
    let after = deployment::evolve(found, &reported);
    store::deployments::update(tx, &after).await?;
    let body = serde_json::to_string(&reported).map_err(|e| Error::Internal(Box::new(e)))?;
    store::journal::append(tx, vec![line(caller, after.id, reported.at, reported.report.name(), body)]).await?;
    match &reported.report {
        Report::Succeeded { .. } if after.permit.is_some() => {
            stages::deployed(tx, caller, &after, &reported, true).await?;
        }
        _ if after.state.gives_back() => stages::deployed(tx, caller, &after, &reported, false).await?,
        _ => {}
    }
    moving_on::wait(tx, app, &after).await?;
    Ok(after)
}

fn line(caller: &Caller, id: DeploymentId, at: DateTime<Utc>, kind: &str, body: String) -> Line {
    Line {
        stream: format!("deployment/{id}"),
        at,
        actor: caller.actor.person(),
        origin: caller.origin.clone(),
        kind: kind.to_owned(),
        body,
    }
}

/// What is on record of it.
pub async fn find(app: &App, id: DeploymentId) -> Result<Deployment> {
    store::deployments::find(&app.db.read, id).await?.ok_or(Error::NotFound)
}

/// The permit of a deployment that nobody has begun, for whoever asked and for CTRL, as long as it would begin the work:
/// a host without a connection takes what it is shown (A3, A10, N5).
pub async fn permit(app: &App, caller: &Caller, d: &Deployment) -> Result<String> {
    let c = &app.db.read;
    let device = store::devices::find(c, d.device).await?.ok_or(Error::NotFound)?;
    let actor = gather_actor(app, &*app.roster.current(c).await?, caller);
    let is_ctrl = actor.facts(app, caller).standing(&device).contains(&Who::Ctrl);
    if caller.actor.person() != Some(d.asked.by) && !is_ctrl {
        let sentence = "This is for whoever asked for the deployment, or for CTRL.";
        return Err(Refusal::new(Code::NotYours, sentence).into());
    }
    let is = d.state_at(app.clock.now());
    if is != DeploymentState::Allowed {
        let sentence = format!("This deployment is {}: there is no permit to be had.", is.words());
        return Err(Refusal::new(Code::WrongState, sentence).into());
    }
    if d.permit.is_none() {
        return Err(Refusal::new(Code::WrongState, "It was placed by hand: there is no permit of it.").into());
    }
    // Nothing is read for what is refused in any case.
    let device = beginnable(app, caller, d, Readings::default()).await?;
    let fresh = readings::take(app, &device, &d.beginning()).await;
    let device = beginnable(app, caller, d, fresh).await?;
    let people = store::people::load_names(c, &d.people()).await?;
    permits::issue(app, &device, d, &people).await?.ok_or(Error::NotFound)
}

/// The device, where the permit would begin its work by these readings.
async fn beginnable(app: &App, caller: &Caller, d: &Deployment, readings: Readings) -> Result<Device> {
    let c = &app.db.snapshot().await?;
    let device = store::devices::find(c, d.device).await?.ok_or(Error::NotFound)?;
    let roster = app.roster.current(c).await?;
    let gathered = gather(c, app, &roster, caller, &device, Some(&d.beginning()), readings).await?;
    let facts = gathered.facts(app, caller);
    may_begin(&device, &facts, &d.server, &d.release.tag, d.asked, d.moved_on())
        .map_err(|r| permits::refused(r.sentence.trim_end_matches('.')).with(r.gates))?;
    Ok(device)
}
