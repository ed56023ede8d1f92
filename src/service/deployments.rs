//! Deployments: asked for, begun with a permit, reported on, and taken back where they came to nothing (G1, G9).

mod giving_back;
mod reading;

pub use giving_back::keep;
pub use reading::{PAGE, Page, View, list, view};

use super::{
    Caller, Error, Result,
    act::{Ask, Done, act, event},
    facts::{Gathered, gather},
    invalid, moving_on, permits, readings, record,
};
use crate::{
    app::App,
    domain::{
        deployment::{self, Deployment, DeploymentState, Environment, PermitGiven, Report, Reported},
        device::Device,
        id::{DeploymentId, ServerName},
        lifecycle::{
            Command, CommandKind, Event, Gate, GateId, Happened, Readings, Who,
            decide::{decide, may},
            gates::{judge, judge_all},
            rule,
        },
        overrides::Override,
        permit::Intent,
        refusal::{Code, Refusal},
        story,
        tag::TagName,
    },
    store::{self, Tx, journal::Line},
};
use chrono::{DateTime, Utc};

/// What a deploy tool asks for.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub device: String,
    pub tag: TagName,
    pub server: ServerName,
    /// `None` takes the one of the server's class.
    pub environment: Option<Environment>,
}

impl Wanted {
    fn command(&self) -> Command {
        Command::Deploy { server: self.server.clone(), tag: Some(self.tag.clone()) }
    }

    /// The server's own; another one that was asked for is a mistake (G5).
    async fn environment(&self, app: &App) -> Result<Environment> {
        // A server that is not on record is refused by its gate.
        let Some(server) = store::servers::find(&app.db.read, &self.server).await? else {
            return Ok(self.environment.unwrap_or(Environment::Production));
        };
        match self.environment {
            Some(other) if other != server.environment => invalid(
                "environment",
                format!("{} is in {}: name that, or leave it out", server.name, server.environment),
            ),
            _ => Ok(server.environment),
        }
    }
}

/// What was allowed, with its permit.
#[derive(Clone, Debug)]
pub struct Allowed {
    pub deployment: Deployment,
    pub permit: String,
}

/// Asks for a deployment; a fresh read of the repository decides. The placement is on record when this returns.
pub async fn request(app: &App, caller: &Caller, wanted: &Wanted, key: Option<String>) -> Result<Allowed> {
    let permit = Some(wanted.environment(app).await?);
    let ask = Ask { key, permit, ..Ask::from(wanted.command()) };
    let Done { deployment, .. } = act(app, caller, &wanted.device, ask).await?;
    let deployment = deployment.ok_or(Error::NotFound)?;
    let permit = permits::issue(app, &deployment).await?.ok_or(Error::NotFound)?;
    Ok(Allowed { deployment, permit })
}

/// The gates as they are now, with nothing changed; refused as the request itself would be.
pub async fn rehearse(app: &App, caller: &Caller, wanted: &Wanted) -> Result<Vec<Gate>> {
    let c = &app.db.read;
    wanted.environment(app).await?;
    let device = store::devices::find_by_name(c, &wanted.device).await?.ok_or(Error::NotFound)?;
    let command = wanted.command();
    let mut gathered = gather(c, app, caller, &device, Some(&command), Readings::default()).await?;
    if may(&device, CommandKind::Deploy, &gathered.facts(app, caller)) {
        gathered.readings = readings::take(app, &device, &command).await;
    }
    let facts = gathered.facts(app, caller);
    decide(&device, &command, &facts)?;
    Ok(judge_all(rule(CommandKind::Deploy), &device, Some(&command), &facts))
}

/// What an act did to a device.
pub struct Change<'a> {
    pub before: &'a Device,
    pub after: &'a Device,
    pub events: &'a [Event],
    pub gathered: &'a Gathered,
}

/// Puts what follows for deployments on record, in the transaction of the act itself.
pub async fn follow(tx: &Tx, app: &App, caller: &Caller, ask: &Ask, change: Change<'_>) -> Result<Option<Deployment>> {
    let mut found = None;
    for e in change.events {
        match &e.what {
            Happened::Deployed { server, release: Some(_), .. } => {
                found = Some(open(tx, app, caller, ask, &change, server).await?);
            }
            Happened::PermitRedeemed { server, .. } => found = begin(tx, app, caller, &change, server, e).await?,
            _ => {}
        }
    }
    Ok(found)
}

async fn open(
    tx: &Tx,
    app: &App,
    caller: &Caller,
    ask: &Ask,
    change: &Change<'_>,
    server: &ServerName,
) -> Result<Deployment> {
    let Change { before, after, gathered, .. } = change;
    let placed = after.placed_on(server).ok_or(Error::NotFound)?;
    let release = placed.release.as_ref().and_then(|t| after.release(t)).ok_or(Error::NotFound)?;
    let gates = judge_all(rule(ask.command.kind()), before, Some(&ask.command), &gathered.facts(app, caller));
    let permit = match ask.permit {
        None => None,
        Some(_) => {
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
        server: server.clone(),
        environment,
        asked: placed.mark,
        permit,
        gates: gates.into_iter().map(Into::into).collect(),
        before: before.placements.iter().filter(|p| !after.placements.contains(p)).cloned().collect(),
        state: DeploymentState::Allowed,
        reports: Vec::new(),
    };
    store::deployments::insert(tx, &deployment, ask.key.as_deref()).await?;
    let body = serde_json::to_string(&deployment).map_err(|e| Error::Internal(Box::new(e)))?;
    store::journal::append(tx, vec![line(caller, deployment.id, placed.mark.at, "allowed", body)]).await?;
    Ok(deployment)
}

/// The permit is used up, and the deployment begins: both or neither.
async fn begin(
    tx: &Tx,
    app: &App,
    caller: &Caller,
    change: &Change<'_>,
    server: &ServerName,
    e: &Event,
) -> Result<Option<Deployment>> {
    let placed = change.after.placed_on(server).ok_or(Error::NotFound)?;
    let Some(found) = store::deployments::find_of_placement(tx, change.after.id, placed).await? else {
        return Err(Error::NotFound);
    };
    let used = || permits::refused("it was used already, and a permit is used once");
    let permit = found.permit.as_ref().ok_or_else(used)?;
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

/// The permit of a deployment that nobody has begun, for whoever asked and for CTRL.
pub async fn permit(app: &App, caller: &Caller, d: &Deployment) -> Result<String> {
    let c = &app.db.read;
    let device = store::devices::find(c, d.device).await?.ok_or(Error::NotFound)?;
    let gathered = gather(c, app, caller, &device, None, Readings::default()).await?;
    let is_ctrl = gathered.facts(app, caller).standing(&device).contains(&Who::Ctrl);
    if caller.actor.person() != Some(d.asked.by) && !is_ctrl {
        let sentence = "This is for whoever asked for the deployment, or for CTRL.";
        return Err(Refusal::new(Code::NotYours, sentence).into());
    }
    let is = d.state_at(app.clock.now());
    if is != DeploymentState::Allowed {
        let sentence = format!("This deployment is {}: there is no permit to be had.", is.words());
        return Err(Refusal::new(Code::WrongState, sentence).into());
    }
    not_held(app, caller, &device, d).await?;
    let by_hand = || Refusal::new(Code::WrongState, "It was placed by hand: there is no permit of it.");
    Ok(permits::issue(app, d).await?.ok_or_else(by_hand)?)
}

/// Whoever asked, and whoever may deploy it themselves.
async fn may_report(app: &App, caller: &Caller, device: &Device, d: &Deployment) -> Result<bool> {
    if caller.actor.person() == Some(d.asked.by) {
        return Ok(true);
    }
    let gathered = gather(&app.db.read, app, caller, device, None, Readings::default()).await?;
    Ok(may(device, CommandKind::Deploy, &gathered.facts(app, caller)))
}

/// Takes a report. What came to nothing gives its server back.
pub async fn report(app: &App, caller: &Caller, id: DeploymentId, report: Report) -> Result<Deployment> {
    let found = find(app, id).await?;
    let device = store::devices::find(&app.db.read, found.device).await?.ok_or(Error::NotFound)?;
    if !may_report(app, caller, &device, &found).await? {
        let sentence = "This is for whoever asked for the deployment to report, or who may deploy this device.";
        return Err(Refusal::new(Code::NotYours, sentence).into());
    }
    if report == Report::Started && found.permit.is_some() {
        return super::invalid("permit", "Send the permit with it: the work begins by redeeming it");
    }
    if report == Report::Expired {
        return super::invalid("what", "Custody notices by itself when a permit has run out");
    }
    let (owned, by) = (app.clone(), caller.clone());
    let after = app
        .outliving(async move {
            let tx = owned.db.begin().await?;
            let found = store::deployments::find(&tx, id).await?.ok_or(Error::NotFound)?;
            let reported = Reported { at: owned.clock.now(), by: by.actor.person(), report };
            let after = save(&tx, &owned, &by, found, reported).await?;
            tx.commit().await?;
            Ok::<_, Error>(after)
        })
        .await??;
    if after.state.gives_back() {
        giving_back::give_back(app, &after).await?;
    }
    Ok(after)
}

/// A deployment that has begun, and what had happened to the device since it was allowed, in sentences.
#[derive(Clone, Debug)]
pub struct Begun {
    pub deployment: Deployment,
    pub since: Vec<String>,
}

/// Begins a deployment: its permit is used up, and the gates are judged again as they are now (A9 to A11).
pub async fn redeem(app: &App, caller: &Caller, id: DeploymentId, permit: &str) -> Result<Begun> {
    let found = find(app, id).await?;
    let device = store::devices::find(&app.db.read, found.device).await?.ok_or(Error::NotFound)?;
    let read = permits::read(app, permit).await.and_then(|claims| {
        let issuer = permits::issuer(app);
        let intent = Intent {
            now: app.clock.now(),
            server: &found.server.0,
            issuer: Some(&issuer),
            device: Some(device.name()),
            tag: Some(found.release.tag.as_str()),
        };
        claims.permits(&intent).map_err(permits::refused)?;
        match &found.permit {
            Some(given) if given.jti == claims.jti && claims.deployment == found.id => Ok(()),
            _ => Err(permits::refused("it is for another deployment").into()),
        }
    });
    let read = match read {
        Ok(()) => not_held(app, caller, &device, &found).await,
        refused => refused,
    };
    if let Err(error) = read {
        if let Error::Refused(refusal) = &error {
            let what: &str = CommandKind::RedeemPermit.into();
            record::attempt(app, caller, &device, what, refusal).await?;
        }
        return Err(error);
    }
    let command =
        Command::RedeemPermit { server: found.server.clone(), tag: found.release.tag.clone(), asked: found.asked };
    let since = since(app, &device, found.revision).await?;
    match act(app, caller, device.name(), Ask::from(command)).await {
        Ok(done) => Ok(Begun { deployment: done.deployment.ok_or(Error::NotFound)?, since }),
        Err(Error::Refused(mut refusal)) => {
            // What was decided on is no longer so: whoever is refused is told what changed (A10).
            if !since.is_empty() {
                refusal.sentence = format!("{} Since it was permitted: {}", refusal.sentence, since.join(" "));
            }
            Err(Error::Refused(refusal))
        }
        Err(other) => Err(other),
    }
}

/// What moved on by itself is held until it has begun (G5).
async fn not_held(app: &App, caller: &Caller, device: &Device, d: &Deployment) -> Result<()> {
    if !d.gates.iter().any(|g| g.id == GateId::Hold) {
        return Ok(());
    }
    let gathered = gather(&app.db.read, app, caller, device, None, Readings::default()).await?;
    let moved = Command::MoveOn { server: d.server.clone(), tag: d.release.tag.clone(), from: d.id };
    let gate = judge(GateId::Hold, device, Some(&moved), &gathered.facts(app, caller));
    if gate.is_open() {
        return Err(permits::refused(gate.why.trim_end_matches('.')).into());
    }
    Ok(())
}

/// What happened to a device after a revision of it, in sentences; the first few.
async fn since(app: &App, device: &Device, revision: u64) -> Result<Vec<String>> {
    let c = &app.db.read;
    let entries = store::journal::list_since(c, &device.id.to_string(), revision as i64).await?;
    let events = entries.iter().take(5).map(event).collect::<Result<Vec<_>>>()?;
    let mut ids = device.people();
    ids.extend(events.iter().filter_map(|e| e.by));
    let people = store::people::load_names(c, &ids).await?;
    let tell = |e: &Event| {
        let who = e.by.map_or("Custody", |p| people.name(p));
        format!("{who} {}", story::tell(e, &people, &app.policy))
    };
    Ok(events.iter().map(tell).collect())
}
