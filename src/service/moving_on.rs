//! Moving on to production by itself (G5): what succeeded in development is asked for there in the name of whoever set
//! it, once, before the gates that a person meets.

use super::{
    Caller, Error, Result,
    act::{Ask, act},
    facts::gather,
    readings,
    telling::{self, Telling},
};
use crate::{
    app::App,
    domain::{
        deployment::Deployment,
        device::Device,
        id::{DeploymentId, PersonId, ServerName},
        lifecycle::{Command, GateId, Readings, Turn, decide},
        moving_on::{ByItself, is_ready, pause},
        naming::without_names,
        person::People,
        refusal::{Code, Refusal},
        tag::TagName,
    },
    store::{
        self, Tx,
        moving_on::{Outcome, Waiting},
    },
};
use chrono::Duration;
use std::collections::BTreeSet;

/// So many that wait are taken in one round.
const ROUND: u64 = 50;

/// So many letters of a reason are told.
const LONGEST_REASON: usize = 3900;

/// Where Custody itself acts in somebody's name, as the journal has it.
const ORIGIN: &str = "custody, moving on";

/// Lets a release wait to move on, in the transaction of the report that made it ready.
pub(super) async fn wait(tx: &Tx, app: &App, d: &Deployment) -> Result<()> {
    if !is_ready(d, &app.policy) {
        return Ok(());
    }
    let device = store::devices::find(tx, d.device).await?.ok_or(Error::NotFound)?;
    if device.moving_on.by_itself.is_some() && is_there(d, &device) {
        store::moving_on::insert(tx, d.id, d.device, app.clock.now()).await?;
    }
    Ok(())
}

/// Whether what succeeded still is where it did. What another release took the place of, or a hand-over left behind, was
/// succeeded by something else.
fn is_there(d: &Deployment, device: &Device) -> bool {
    device.placed_on(&d.server).is_some_and(|p| p.is_of(&d.release.tag, d.asked))
}

/// What was reported and placed while the repository was read counts too.
pub(super) async fn must_be_ready(tx: &Tx, app: &App, device: &Device, from: DeploymentId) -> Result<()> {
    let d = store::deployments::find(tx, from).await?.ok_or(Error::NotFound)?;
    if !is_ready(&d, &app.policy) {
        return Err(Refusal::new(Code::AlreadyDone, "What was reported since keeps it in development.").into());
    }
    if is_there(&d, device) {
        return Ok(());
    }
    let why = match device.placed_on(&d.server).and_then(|p| p.release.as_ref()) {
        Some(other) => format!("{other} was deployed on {} since.", d.server),
        None => format!("It is deployed on {} no longer.", d.server),
    };
    Err(Refusal::new(Code::WrongState, why).into())
}

/// It waits no longer; where somebody else was faster, nothing of this happens.
pub(super) async fn settle(tx: &Tx, from: DeploymentId, to: Option<&Deployment>) -> Result<()> {
    let outcome = to.map_or(Outcome::Stayed, |d| Outcome::Moved(d.id));
    match store::moving_on::settle(tx, from, outcome).await? {
        true => Ok(()),
        false => Err(Refusal::new(Code::AlreadyDone, "Whether it moves on has been decided already.").into()),
    }
}

/// Takes what waits, at Custody's regular checks. Whatever happens in between, each moves on once or stays once.
pub async fn keep(app: &App) -> Result<()> {
    for waiting in store::moving_on::list_waiting(&app.db.read, app.clock.now(), ROUND).await? {
        if app.stop.is_cancelled() {
            return Ok(());
        }
        // One that cannot be judged now keeps no other back; the next round tries it again.
        if let Err(error) = move_on(app, &waiting).await {
            tracing::error!(deployment = %waiting.id, %error, "whether it moves on could not be judged");
        }
    }
    Ok(())
}

async fn move_on(app: &App, waiting: &Waiting) -> Result<()> {
    let (c, id) = (&app.db.read, waiting.id);
    let d = store::deployments::find(c, id).await?.ok_or(Error::NotFound)?;
    let device = store::devices::find(c, d.device).await?.ok_or(Error::NotFound)?;
    // What came between leaves nothing to say: it was rolled back, its tests failed, or nobody wants it any more.
    let set = device.moving_on.by_itself.clone().filter(|_| is_ready(&d, &app.policy));
    let Some(set) = set else { return stay(app, id, &device, None).await };
    let tag = d.release.tag.clone();
    let caller = Caller::person(set.set.by, ORIGIN);
    let command = Command::MoveOn { server: set.server.clone(), tag: tag.clone(), from: id };
    if let Some(why) = unread(app, &caller, &device, &command).await? {
        return again(app, waiting, &device, (set, why, tag)).await;
    }
    let ask = Ask { by_permit: true, settles: Some(id), ..Ask::from(command) };
    match act(app, &caller, device.name(), ask).await {
        Ok(_) => Ok(()),
        // It is there already, or has moved on in another process.
        Err(Error::Refused(r)) if r.code == Code::AlreadyDone => stay(app, id, &device, None).await,
        Err(Error::Refused(r)) if is_unread(&r).is_some() => {
            let why = is_unread(&r).unwrap_or_default();
            again(app, waiting, &device, (set, why, tag)).await
        }
        Err(Error::Refused(r)) => {
            let why = match r.code.is_about_who() {
                true => {
                    let people = store::people::load_names(c, &[set.set.by].into()).await?;
                    let who = people.name(set.set.by);
                    format!(
                        "{who}, who set it to move on by itself, does not deploy it for CTRL any more: somebody of CTRL sets it anew."
                    )
                }
                false => r.sentence,
            };
            stay(app, id, &device, Some((set.server, why, tag))).await
        }
        Err(other) => Err(other),
    }
}

/// Why the repository cannot be read, where nothing else is in the way. Nothing is put on record by asking.
async fn unread(app: &App, caller: &Caller, device: &Device, command: &Command) -> Result<Option<String>> {
    let c = &app.db.read;
    let roster = app.roster.current(c).await?;
    let mut gathered = gather(c, app, &roster, caller, device, Some(command), Readings::default()).await?;
    // Nothing is read for what is refused in any case.
    if decide(device, command, &gathered.facts(app, caller)).is_err() {
        return Ok(None);
    }
    gathered.readings = readings::take(app, device, command).await;
    Ok(decide(device, command, &gathered.facts(app, caller)).err().and_then(|r| is_unread(&r)))
}

/// The words of the one gate that is open because a machine, the repository, does not answer.
fn is_unread(r: &Refusal) -> Option<String> {
    let mut open = r.gates.iter().filter(|g| g.is_open());
    match (open.next(), open.next()) {
        (Some(g), None) if g.id == GateId::Tag && g.turn == Turn::Machine => Some(g.why.clone()),
        _ => None,
    }
}

/// It waits on for the repository, which is told once; after the time that the policy gives it stays where it is.
async fn again(app: &App, of: &Waiting, device: &Device, what: (ByItself, String, TagName)) -> Result<()> {
    let (set, why, tag) = what;
    let (now, hours) = (app.clock.now(), app.policy.environments.production.waits_hours);
    if now >= of.at + Duration::hours(hours.into()) {
        let why = format!("Custody has tried it for {hours} hours. {why}");
        return stay(app, of.id, device, Some((set.server, why, tag))).await;
    }
    let why: String = why.chars().take(LONGEST_REASON).collect();
    let telling = |to: PersonId| Telling {
        to,
        device: Some(device.id),
        key: format!("moving_on/{}", of.id),
        at: now,
        text: format!("{} {tag} waits to move on to {}. {why} Custody tries it again.", device.name(), set.server),
        path: format!("/devices/{}", device.name()),
        urgent: false,
    };
    let to: BTreeSet<PersonId> = device.ctrl_contact.into_iter().chain([set.set.by]).collect();
    let (owned, of, told) = (app.clone(), *of, to.into_iter().map(telling).collect::<Vec<_>>());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        if store::moving_on::put_off(&tx, &of, now + pause(of.tries)).await? {
            let roster = owned.roster.current(&tx).await?;
            telling::tell(&tx, &owned, &roster, told, Vec::new()).await?;
        }
        Ok(tx.commit().await?)
    })
    .await?
}

/// It stays where it is; where there is a reason to tell, that goes on record with it.
async fn stay(app: &App, id: DeploymentId, device: &Device, told: Option<(ServerName, String, TagName)>) -> Result<()> {
    let Some((server, why, tag)) = told else { return stays(app, id).await };
    // Gates name people, and the record does not (A37). They may quote what people wrote at length.
    let why = without_names(&why, &store::people::list_names(&app.db.read).await?);
    let why = why.chars().take(LONGEST_REASON).collect();
    let ask = Ask { settles: Some(id), ..Ask::from(Command::StayInDevelopment { server, tag, why }) };
    match act(app, &Caller::custody(), device.name(), ask).await {
        Ok(_) => Ok(()),
        // Another process was faster.
        Err(Error::Refused(r)) if r.code == Code::AlreadyDone => Ok(()),
        // A device at its end stays where it is without a word.
        Err(Error::Refused(_)) => stays(app, id).await,
        Err(other) => Err(other),
    }
}

async fn stays(app: &App, id: DeploymentId) -> Result<()> {
    let owned = app.clone();
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        store::moving_on::settle(&tx, id, Outcome::Stayed).await?;
        Ok(tx.commit().await?)
    })
    .await?
}

/// A device with the people whom its moving on names. Two queries.
pub async fn look(app: &App, name: &str) -> Result<(Device, People)> {
    let c = &app.db.read;
    let device = store::devices::find_by_name(c, name).await?.ok_or(Error::NotFound)?;
    let people = store::people::load_names(c, &device.moving_on.people()).await?;
    Ok((device, people))
}
