//! The framework's versions (G6): reads which one releases are built against, and proposes the update of what is outdated.

use super::{
    Caller, Error, Result,
    act::{Ask, act, act_once_read},
    facts::today,
    record,
    telling::{self, Telling},
};
use crate::{
    app::App,
    domain::{
        device::Device,
        framework::{BuiltAgainst, Standing, branch, newest},
        id::DeviceId,
        lifecycle::{Command, State},
        moving_on::pause,
        refusal::Code,
        release::Release,
        repository::RepositoryAddress,
        tag::{CommitId, TagName},
    },
    ports::git::{Update as Wanted, Updated},
    store::{self, frameworks::Came},
};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::{BTreeMap, BTreeSet};

pub use crate::store::frameworks::{PlacedWith, Update, UpdateState};

/// Only so many of a device's newest releases are read, besides those that are placed.
const NEWEST: usize = 10;
/// So many releases of one device are read in a round; the next round reads on.
const MOST_READ: usize = 3;
/// So many updates are tried in one round.
const ROUND: u64 = 20;
/// So many updates and places are shown, and looked through in one round.
const SHOWN: u64 = 1000;

/// Whether its releases go anywhere: nothing is asked of the rest.
fn is_deployed(device: &Device) -> bool {
    matches!(device.state, State::ReducedSupport { .. } | State::UnderReview { .. } | State::CtrlOwned { .. })
}

/// Whether Custody pushes updates into its repository: where the policy has it so, and it is on a server. In a folder of
/// this machine hooks would run as Custody itself: such a device's page shows the change.
pub fn pushes(app: &App, device: &Device) -> bool {
    let address = RepositoryAddress::parse(&device.request.repository, &app.policy.repository_rules());
    app.policy.frameworks.propose && address.is_ok_and(|a| a.host().is_some())
}

/// The branch of an update.
fn branch_of(device: &Device, u: &Update) -> String {
    let shares = !device.request.folder.trim().is_empty();
    branch(shares.then(|| device.name()), &u.framework, &u.version)
}

/// The releases whose framework is asked for and was not read yet: those that are placed first, then the newest.
fn unread(device: &Device) -> Vec<TagName> {
    let mut tags: Vec<TagName> = Vec::new();
    if device.built.against.is_none() || !is_deployed(device) {
        return tags;
    }
    let placed = |r: &&Release| device.placements.iter().any(|p| p.release.as_ref() == Some(r.tag()));
    let newest = device.releases.iter().rev().take(NEWEST);
    for r in device.releases.iter().filter(placed).chain(newest) {
        if r.stands() && r.framework.is_none() && !tags.contains(r.tag()) {
            tags.push(r.tag().clone());
        }
    }
    tags
}

/// Reads some of what was not read yet; what cannot be read now is read in a later round.
pub(super) async fn read_unread(app: &App, device: &Device) {
    for tag in unread(device).into_iter().take(MOST_READ) {
        match act_once_read(app, &Caller::custody(), device.name(), Ask::from(Command::ReadFramework { tag })).await {
            Ok(_) | Err(Error::Refused(_)) => {}
            Err(error) => {
                tracing::warn!(device = device.name(), %error, "what a release is built against could not be read");
                return;
            }
        }
    }
}

/// An update that a device needs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Want {
    device: DeviceId,
    framework: String,
    version: String,
    was: String,
}

impl Want {
    fn is(&self, u: &Update) -> bool {
        self.device == u.device && self.framework == u.framework && self.version == u.version
    }
}

/// The update that a device needs on this day: its newest release is built against an outdated version, and another is
/// current.
fn wanted(app: &App, device: &Device, today: NaiveDate) -> Option<Want> {
    device.built.against.as_ref().filter(|_| is_deployed(device))?;
    let of = &app.policy.frameworks;
    let (_, framework, was) = newest(device)?;
    let to = of.framework(framework)?.proposed(today)?;
    let needs = of.standing(framework, was, today).is_outdated() && to != was;
    let own = str::to_owned;
    needs.then(|| Want { device: device.id, framework: own(framework), version: own(to), was: own(was) })
}

/// Lets the updates wait that these devices need. No query where they need none.
pub(super) async fn want(app: &App, devices: &[Device]) -> Result<()> {
    let now = app.clock.now();
    let day = today(app, now);
    let mut wanted: Vec<Want> = devices.iter().filter_map(|d| wanted(app, d, day)).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let ids: BTreeSet<DeviceId> = wanted.iter().map(|w| w.device).collect();
    let known = store::frameworks::list_of(&app.db.read, &ids).await?;
    // What was shown before is pushed once the policy has it so.
    let pushed_to: BTreeSet<DeviceId> = devices.iter().filter(|d| pushes(app, d)).map(|d| d.id).collect();
    let goes_on = |u: &Update| u.state.is_open() && !(u.state == UpdateState::ByHand && pushed_to.contains(&u.device));
    wanted.retain(|w| !known.iter().any(|u| w.is(u) && goes_on(u)));
    if wanted.is_empty() {
        return Ok(());
    }
    let owned = app.clone();
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        for w in wanted {
            store::frameworks::begin(&tx, w.device, (w.framework.as_str(), w.version.as_str()), &w.was, now).await?;
        }
        Ok(tx.commit().await?)
    })
    .await?
}

/// Ends the updates that are over, and tries those that are due, at Custody's regular checks.
pub async fn keep(app: &App) -> Result<()> {
    end(app).await?;
    for update in store::frameworks::list_due(&app.db.read, app.clock.now(), ROUND).await? {
        if app.stop.is_cancelled() {
            return Ok(());
        }
        // One that cannot be judged now keeps no other back; the next round tries it again.
        if let Err(error) = propose(app, &update).await {
            tracing::error!(device = %update.device, %error, "an update of the framework could not be proposed");
        }
    }
    Ok(())
}

/// Those that a release has by now, and those that nobody needs any more.
async fn end(app: &App) -> Result<()> {
    let c = &app.db.read;
    let open = store::frameworks::list_open(c, SHOWN).await?;
    if open.is_empty() {
        return Ok(());
    }
    let ids: BTreeSet<DeviceId> = open.iter().map(|u| u.device).collect();
    let devices = store::devices::list_by_id(c, &ids).await?;
    let devices: BTreeMap<DeviceId, &Device> = devices.iter().map(|d| (d.id, d)).collect();
    let day = today(app, app.clock.now());
    let over: Vec<(Update, UpdateState)> = open
        .into_iter()
        .filter_map(|u| ending(app, devices.get(&u.device).copied(), &u, day).map(|s| (u, s)))
        .collect();
    if over.is_empty() {
        return Ok(());
    }
    let owned = app.clone();
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        for (update, state) in over {
            store::frameworks::settle(&tx, &update, state, Came::default()).await?;
        }
        Ok(tx.commit().await?)
    })
    .await?
}

/// How an update ends, where it does.
fn ending(app: &App, device: Option<&Device>, u: &Update, day: NaiveDate) -> Option<UpdateState> {
    let asked = device.and_then(|d| d.built.against.as_ref()).is_some_and(|a| a.framework == u.framework);
    let Some(device) = device.filter(|d| asked && is_deployed(d)) else {
        return Some(UpdateState::Dropped);
    };
    if wanted(app, device, day).is_some_and(|w| w.is(u)) {
        return None;
    }
    // What it is built against by other words has not been read yet.
    let (_, framework, version) = newest(device)?;
    let is_current = app.policy.frameworks.standing(framework, version, day) == Standing::Current;
    let has_it = framework == u.framework && (version == u.version || is_current);
    Some(if has_it { UpdateState::Done } else { UpdateState::Dropped })
}

async fn propose(app: &App, update: &Update) -> Result<()> {
    let device = store::devices::find(&app.db.read, update.device).await?.ok_or(Error::NotFound)?;
    // What nobody asks for any more is ended in the next round.
    let Some(against) = device.built.against.clone().filter(|a| a.framework == update.framework) else {
        return Ok(());
    };
    match tries(app, &device, &against, update).await {
        Ok(Updated::Pushed { commit, diff }) => pushed(app, &device, update, commit, diff).await,
        Ok(Updated::Shown { diff }) => {
            let say = "Make it on the trunk and tag it: the device’s page shows the change.";
            let came = Came { diff: Some(diff), ..Came::default() };
            settle(app, &device, update, UpdateState::ByHand, came, Some(say)).await
        }
        Ok(Updated::NotNeeded) => {
            let say = "The trunk has it already: make a new tag.";
            settle(app, &device, update, UpdateState::NotNeeded, Came::default(), Some(say)).await
        }
        Ok(Updated::Cannot(why)) => again(app, &device, update, why, None, true).await,
        Ok(Updated::Refused { why, diff }) => {
            let why = format!(
                "The repository does not take the branch: {}. Give Custody’s key the right to push it, or make the change by hand.",
                why.trim_end_matches('.')
            );
            again(app, &device, update, why, Some(diff), true).await
        }
        Ok(Updated::Taken { diff }) => {
            let branch = branch_of(&device, update);
            let why = format!("There is a branch {branch} in the repository with something else: it stays as it is.");
            again(app, &device, update, why, Some(diff), true).await
        }
        Err((why, is_away)) => again(app, &device, update, why, None, !is_away).await,
    }
}

/// What the repository makes of it; why it was not reached, and whether it may well be later.
async fn tries(
    app: &App,
    device: &Device,
    against: &BuiltAgainst,
    update: &Update,
) -> std::result::Result<Updated, (String, bool)> {
    let address = RepositoryAddress::parse(&device.request.repository, &app.policy.repository_rules())
        .map_err(|problem| (problem.to_string(), false))?;
    let of = &app.policy.frameworks;
    let (framework, version) = (&update.framework, &update.version);
    let message = format!(
        "Update {framework} to {version}\n\nProposed by Custody: the newest release of {} is built against {}.",
        device.name(),
        update.was
    );
    let wanted = Wanted {
        trunk: &device.request.trunk,
        against,
        to: version,
        branch: &branch_of(device, update),
        message: &message,
        name: &of.propose_name,
        address: &of.propose_address,
        at: update.at,
        pushes: pushes(app, device),
    };
    app.git.propose(&address, &wanted).await.map_err(|error| (error.to_string(), error.is_transient()))
}

/// The branch is in the repository: on record with the device first, so that a crash in between finds it there again.
async fn pushed(app: &App, device: &Device, update: &Update, commit: CommitId, diff: String) -> Result<()> {
    let branch = branch_of(device, update);
    let command = Command::NoteUpdate {
        framework: update.framework.clone(),
        version: update.version.clone(),
        branch: branch.clone(),
        commit: commit.clone(),
    };
    match act(app, &Caller::custody(), device.name(), Ask::from(command)).await {
        Ok(_) => {}
        // It was put on record before.
        Err(Error::Refused(r)) if r.code == Code::AlreadyDone => {}
        // A device at its end: the update ends in the next round.
        Err(Error::Refused(_)) => return Ok(()),
        Err(other) => return Err(other),
    }
    let came = Came { branch: Some(branch), commit: Some(commit), diff: Some(diff), why: None };
    settle(app, device, update, UpdateState::Proposed, came, None).await
}

/// What everybody who has to do with the device is told, once.
fn tellings(app: &App, device: &Device, u: &Update, cause: &str, say: &str) -> Vec<Telling> {
    let text = format!("{} is to go from {} {} to {}. {say}", device.name(), u.framework, u.was, u.version);
    let telling = |to| Telling {
        to,
        device: Some(device.id),
        key: format!("framework_update/{}/{}/{}/{cause}", device.id, u.framework, u.version),
        at: app.clock.now(),
        text: text.clone(),
        path: format!("/devices/{}#framework", device.name()),
        urgent: false,
    };
    record::of_device(device).into_iter().map(telling).collect()
}

async fn settle(
    app: &App,
    device: &Device,
    of: &Update,
    state: UpdateState,
    came: Came,
    say: Option<&str>,
) -> Result<()> {
    let told = say.map_or_else(Vec::new, |say| tellings(app, device, of, &state.to_string(), say));
    let (owned, of) = (app.clone(), of.clone());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        if store::frameworks::settle(&tx, &of, state, came).await? && !told.is_empty() {
            let roster = owned.roster.current(&tx).await?;
            telling::tell(&tx, &owned, &roster, told, Vec::new()).await?;
        }
        Ok(tx.commit().await?)
    })
    .await?
}

/// It waits on, less and less often tried. What the repository itself refuses is told once; that it is away is not.
async fn again(
    app: &App,
    device: &Device,
    of: &Update,
    why: String,
    diff: Option<String>,
    is_told: bool,
) -> Result<()> {
    let say = format!("It could not be proposed: {why} Custody tries it again.");
    let told = if is_told { tellings(app, device, of, "failed", &say) } else { Vec::new() };
    let due = app.clock.now() + pause(of.tries);
    let came = Came { why: Some(why), diff, ..Came::default() };
    let (owned, of) = (app.clone(), of.clone());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        if store::frameworks::put_off(&tx, &of, due, came).await? && !told.is_empty() {
            let roster = owned.roster.current(&tx).await?;
            telling::tell(&tx, &owned, &roster, told, Vec::new()).await?;
        }
        Ok(tx.commit().await?)
    })
    .await?
}

/// The versions of all frameworks, what is placed in which of them, and the updates that are open.
pub struct Picture {
    pub now: DateTime<Utc>,
    /// The day at the facility.
    pub today: NaiveDate,
    /// By framework, version and device; not more than are shown.
    pub placed: Vec<PlacedWith>,
    /// With the device's name, the newest first.
    pub updates: Vec<(String, Update)>,
}

/// Everything that the page of the frameworks shows. A fixed number of queries.
pub async fn picture(app: &App) -> Result<Picture> {
    let c = &app.db.snapshot().await?;
    let now = app.clock.now();
    let placed = store::frameworks::list_placed(c, SHOWN).await?;
    let open = store::frameworks::list_open(c, SHOWN).await?;
    let ids: BTreeSet<DeviceId> = open.iter().map(|u| u.device).collect();
    let names = store::devices::list_names_by_id(c, &ids).await?;
    let updates = open.into_iter().filter_map(|u| Some((names.get(&u.device)?.clone(), u))).collect();
    Ok(Picture { now, today: today(app, now), placed, updates })
}

/// A device with its updates. Two queries.
pub async fn look(app: &App, name: &str) -> Result<(Device, Vec<Update>)> {
    let c = &app.db.read;
    let device = store::devices::find_by_name(c, name).await?.ok_or(Error::NotFound)?;
    let updates = store::frameworks::list_of(c, &[device.id].into()).await?;
    Ok((device, updates))
}
