//! A command on a device: the one road to every transition.

use super::{
    Caller, Error, Result, confirmations, deployments,
    facts::{self, gather, gather_actor},
    moving_on, readings,
    record::{self, Change},
};
use crate::{
    app::App,
    domain::{
        deployment::{Deployment, Environment},
        device::Device,
        id::{DeploymentId, DeviceId},
        lifecycle::{Command, CommandKind, Event, Happened, Readings, decide, decide::may, evolve, rule},
        person::People,
        refusal::{Code, Refusal},
        tag::CommitId,
    },
    store::{self, Tx, devices::Which},
};
use sea_orm::ConnectionTrait;
use sha2::{Digest, Sha256};

/// What somebody asks of a device.
#[derive(Clone, Debug)]
pub struct Ask {
    pub command: Command,
    /// The revision of the page that they decided by (A4).
    pub seen: Option<u64>,
    /// Names this request, so that a repetition is answered and not acted out (F3).
    pub key: Option<String>,
    /// What the key stands for, where that is more than the command: a digest of it.
    pub request: Option<String>,
    /// Whether a permit is given for it (G9). A person places without one.
    pub by_permit: bool,
    /// The environment that whoever asks names: it has to be the server's own (G5).
    pub environment: Option<Environment>,
    /// The commit that a deploy tool has at hand, where it says so: it has to be the release's own (A20).
    pub at_hand: Option<CommitId>,
    /// The deployment in development that waits no longer once this is on record (G5).
    pub settles: Option<DeploymentId>,
    /// Whether it has to be exactly the revision that was seen, whatever is decided.
    pub exactly: bool,
    /// What a contact read of themselves, where they say that it is right (L4).
    pub read: Option<String>,
}

impl From<Command> for Ask {
    fn from(command: Command) -> Self {
        Self {
            command,
            seen: None,
            key: None,
            request: None,
            by_permit: false,
            environment: None,
            at_hand: None,
            settles: None,
            exactly: false,
            read: None,
        }
    }
}

/// The device as it is now, and the events that made it so; none where it is as it was.
#[derive(Clone, Debug)]
pub struct Done {
    pub device: Device,
    pub events: Vec<Event>,
    /// Whether it was done when the same was asked before under its key (F3).
    pub is_repetition: bool,
    /// The deployment that these events opened or began.
    pub deployment: Option<Deployment>,
    /// Whoever has to do with it, as they were when it was decided; nobody where it was a repetition.
    pub people: People,
}

/// Whether whoever acts must have seen the device as it is. A shut-down is urgent and never out of date.
pub fn decides_by_page(kind: CommandKind) -> bool {
    use CommandKind::*;
    match kind {
        ShutDown => false,
        Approve | SignOffPoint | SignOffArea | AcceptReservation | AcceptFinding | AgreeTimeline | Countersign
        | ApproveOverride | Deploy | Amend | SetContacts | SetDependencies | AcceptAdoption => true,
        other => rule(other).is_transition(),
    }
}

/// Does it, or says why not. Refusals that were attempts to break a rule are on record afterwards.
pub async fn act(app: &App, caller: &Caller, device: &str, ask: Ask) -> Result<Done> {
    read_and_change(app, caller, device, ask, false).await
}

/// The same where it can wait for the repository: while that does not answer nothing is judged, nothing goes on record,
/// and it is [`Error::Unavailable`].
pub async fn act_once_read(app: &App, caller: &Caller, device: &str, ask: Ask) -> Result<Done> {
    read_and_change(app, caller, device, ask, true).await
}

async fn read_and_change(app: &App, caller: &Caller, device: &str, ask: Ask, waits: bool) -> Result<Done> {
    let (target, mut readings) = match readings::wanted(&ask.command) {
        None => (Target::Named(device.to_owned()), Readings::default()),
        Some(wanted) => {
            let c = &app.db.read;
            let (found, roster) = facts::find(c, app, device).await?.ok_or(Error::NotFound)?;
            // Nobody makes Custody read a repository who may not ask for it.
            let actor = gather_actor(app, &roster, caller);
            let wanted = may(&found, ask.command.kind(), &actor.facts(app, caller)).then_some(wanted);
            let (readings, is_away) = readings::take_or_miss(app, &found, wanted).await;
            if is_away && waits {
                return Err(Error::Unavailable(format!("The repository of {device} does not answer").into()));
            }
            (Target::Read(Box::new(found)), readings)
        }
    };
    readings.at_hand.clone_from(&ask.at_hand);

    let (app, caller) = (app.clone(), caller.clone());
    app.clone().outliving(async move { change(&app, &caller, target, ask, readings).await }).await?
}

/// Sends in a new request (L1 to L4). The draft that it came from is gone with it.
pub async fn submit(app: &App, caller: &Caller, ask: Ask, draft: Option<String>) -> Result<Done> {
    let (app, caller) = (app.clone(), caller.clone());
    app.clone()
        .outliving(async move { change(&app, &caller, Target::New { draft }, ask, Readings::default()).await })
        .await?
}

/// The device that this very request became, where it was sent before under its key (F3).
pub async fn sent_before(app: &App, caller: &Caller, ask: &Ask) -> Result<Option<Done>> {
    let request = digest(None, ask)?;
    repeated(&app.db.read, caller, ask, &request).await
}

enum Target {
    Named(String),
    /// As it was when its repository was read.
    Read(Box<Device>),
    New {
        draft: Option<String>,
    },
}

impl Target {
    /// What names the device, where it is on record.
    fn which(&self) -> Option<Which> {
        match self {
            Self::Named(name) => Some(Which::Name(name.clone())),
            Self::Read(device) => Some(Which::Id(device.id)),
            Self::New { .. } => None,
        }
    }

    /// Whether what was read is the repository of this device no more.
    fn was_elsewhere(&self, now: &Device) -> bool {
        let place = |d: &Device| (d.request.repository.clone(), d.request.trunk.clone(), d.request.folder.clone());
        matches!(self, Self::Read(then) if place(then) != place(now))
    }
}

/// How often a change is begun anew where the database went away under it.
const AGAIN: u32 = 2;

async fn change(app: &App, caller: &Caller, target: Target, ask: Ask, readings: Readings) -> Result<Done> {
    let mut again = 0;
    loop {
        let tx = app.db.begin().await?;
        match decide_and_save(&tx, app, caller, &target, &ask, readings.clone()).await {
            Ok(done) => {
                tx.commit().await?;
                return Ok(done);
            }
            // Nothing is committed, so nothing is done twice (F6).
            Err((Error::Unavailable(_), _)) if app.db.is_shared() && again < AGAIN => again += 1,
            Err((error, device)) => {
                // What went wrong is told, not that SQLite has rolled back by itself on a full disk.
                let _ = tx.rollback().await;
                if let (Error::Refused(refusal), Some(device)) = (&error, device)
                    && refusal.code.is_attempt()
                    && device.revision > 0
                {
                    let what: &str = ask.command.kind().into();
                    record::attempt(app, caller, &device, what, refusal).await?;
                }
                return Err(error);
            }
        }
    }
}

type Failed = (Error, Option<Box<Device>>);

async fn decide_and_save(
    tx: &Tx,
    app: &App,
    caller: &Caller,
    target: &Target,
    ask: &Ask,
    readings: Readings,
) -> std::result::Result<Done, Failed> {
    let bare = |e: Error| (e, None);
    let (before, was) = match target.which() {
        Some(which) => {
            let token = caller.token.as_deref();
            let found = store::devices::find_to_change(tx, &which, token).await.map_err(|e| bare(e.into()))?;
            let (device, was) = found.ok_or((Error::NotFound, None))?;
            (device, Some(was))
        }
        None => (Device::draft(DeviceId(uuid::Uuid::now_v7()), app.clock.now()), None),
    };
    // Its repository was read meanwhile, or its body was long in coming (A31).
    if was.as_ref().is_some_and(|was| was.is_revoked) {
        return Err(bare(Refusal::new(Code::NotYours, "The token that this was asked with has been revoked.").into()));
    }
    let with = |e: Error| (e, Some(Box::new(before.clone())));
    let request = digest(was.as_ref().map(|_| before.id), ask).map_err(bare)?;
    if let Some(done) = repeated(tx, caller, ask, &request).await.map_err(bare)? {
        return Ok(done);
    }
    if let Some(seen) = ask.seen
        && seen != before.revision
        && (ask.exactly || decides_by_page(ask.command.kind()))
    {
        let since = events_since(tx, &before, seen).await.map_err(bare)?;
        return Err((Error::Stale(since), None));
    }
    if let (Some(read), Some(me)) = (&ask.read, caller.actor.person()) {
        confirmations::must_be_as_read(tx, &before, me, read).await.map_err(bare)?;
    }
    if let Command::MoveOn { from, .. } = &ask.command {
        moving_on::must_be_ready(tx, app, &before, *from).await.map_err(bare)?;
    }
    let ask = &*deployments::with_what_was_there(tx, app, &before, ask).await.map_err(bare)?;
    let roster = record::roster(tx, app, was.as_ref()).await.map_err(bare)?;
    let gathered = gather(tx, app, &roster, caller, &before, Some(&ask.command), readings).await.map_err(bare)?;
    deployments::must_be_in(&gathered.servers, &ask.command, ask.environment).map_err(bare)?;
    let events = decide(&before, &ask.command, &gathered.facts(app, caller)).map_err(|r| with(r.into()))?;
    // Who may, what is on record, and the repository itself can have changed since (A3).
    if readings::are_missing(&ask.command, &before, &gathered.readings) || target.was_elsewhere(&before) {
        return Err(bare(Refusal::new(Code::NoSuchThing, "The repository has not been read: try again.").into()));
    }
    let after = events.iter().fold(before.clone(), evolve);
    let (was, roster) = (was.as_ref(), roster.as_ref());
    let change = Change { before: &before, after: &after, events: &events, gathered: &gathered, was, roster };
    let mut deployment = None;
    if !events.is_empty() {
        let (opened, line) = deployments::open(tx, app, caller, ask, &change).await.map_err(bare)?.unzip();
        record::save(tx, app, caller, &change, line).await.map_err(bare)?;
        if let Some(opened) = &opened {
            deployments::placed(tx, caller, opened).await.map_err(bare)?;
        }
        let begun = deployments::begin(tx, app, caller, &change).await.map_err(bare)?;
        deployment = opened.or(begun);
    }
    if let Some(id) = ask.settles {
        moving_on::settle(tx, id, deployment.as_ref()).await.map_err(bare)?;
    }
    if let Target::New { draft: Some(draft) } = target
        && let Some(owner) = caller.actor.person()
    {
        store::drafts::delete(tx, draft, owner).await.map_err(|e| bare(e.into()))?;
    }
    if let (Some(key), Some(person)) = (&ask.key, caller.actor.person()) {
        store::doors::insert_outcome(tx, person, key, &request, &after.id.to_string(), gathered.now)
            .await
            .map_err(|e| bare(e.into()))?;
    }
    Ok(Done { people: gathered.people.clone(), device: after, events, is_repetition: false, deployment })
}

/// What names a request besides its key: the same key with another request is refused (F3).
fn digest(device: Option<DeviceId>, ask: &Ask) -> Result<String> {
    if let Some(request) = &ask.request {
        return Ok(request.clone());
    }
    let on = device.map_or_else(|| "new".to_owned(), |id| id.to_string());
    let body = serde_json::to_string(&ask.command).map_err(|e| Error::Internal(Box::new(e)))?;
    let permit = if ask.by_permit { "permit" } else { "" };
    let environment = ask.environment.map(|e| e.to_string()).unwrap_or_default();
    let at_hand = ask.at_hand.as_ref().map_or("", CommitId::as_str);
    Ok(format!("{:x}", Sha256::digest(format!("{on}\n{body}{permit}{environment}{at_hand}"))))
}

async fn repeated<C: ConnectionTrait>(tx: &C, caller: &Caller, ask: &Ask, request: &str) -> Result<Option<Done>> {
    let (Some(key), Some(person)) = (&ask.key, caller.actor.person()) else {
        return Ok(None);
    };
    let Some((before, outcome)) = store::doors::find_outcome(tx, person, key).await? else {
        return Ok(None);
    };
    if before != request {
        return Err(Error::KeyReused);
    }
    let id = outcome.parse().map_err(|e: uuid::Error| Error::Internal(Box::new(e)))?;
    let device = store::devices::find(tx, id).await?.ok_or(Error::NotFound)?;
    let deployment = store::deployments::find_by_key(tx, person, key).await?;
    Ok(Some(Done { device, events: Vec::new(), is_repetition: true, deployment, people: People::default() }))
}

/// What happened to a device after a revision of it.
async fn events_since(tx: &Tx, device: &Device, revision: u64) -> Result<Vec<Event>> {
    let entries = store::journal::list_since(tx, &device.id.to_string(), revision as i64).await?;
    entries.iter().map(event).collect()
}

/// A device's journal entry as the event that it was.
pub fn event(entry: &crate::domain::journal::Entry) -> Result<Event> {
    let what: Happened = store::journal::read(entry)?;
    Ok(Event { at: entry.moment().unwrap_or_default(), by: entry.actor, what })
}
