//! What deploy tools and people report: the work begins by its permit, and how it ended (G9).

use super::{find, giving_back, save};
use crate::{
    app::App,
    domain::{
        deployment::{self, Deployment, Report, Reported},
        device::Device,
        id::{DeploymentId, PersonId},
        lifecycle::{CommandKind, Event, Happened, Readings},
        permit::Intent,
        refusal::{Code, Refusal},
        story,
    },
    service::{
        Caller, Error, Result,
        act::{Ask, act, event},
        facts::gather,
        invalid, permits, record,
    },
    store,
};
use sea_orm::ConnectionTrait;
use sha2::{Digest, Sha256};

/// Takes a report. What came to nothing gives its server back.
pub async fn report(app: &App, caller: &Caller, id: DeploymentId, report: Report) -> Result<Deployment> {
    report_once(app, caller, id, report, None).await
}

/// The same under a key that names the report: its repetition changes nothing, and is answered with the deployment as it
/// is (F3).
pub async fn report_once(
    app: &App,
    caller: &Caller,
    id: DeploymentId,
    report: Report,
    key: Option<String>,
) -> Result<Deployment> {
    let named = Named::new(caller, key, id, &report, "");
    let (owned, by) = (app.clone(), caller.clone());
    let after = app
        .outliving(async move {
            let tx = owned.db.begin().await?;
            let found = store::deployments::find(&tx, id).await?.ok_or(Error::NotFound)?;
            if let Some(named) = &named
                && named.was_taken(&tx).await?
            {
                return Ok(found);
            }
            let device = store::devices::find(&tx, found.device).await?.ok_or(Error::NotFound)?;
            if !may_report(&tx, &owned, &by, &device, &found).await? {
                return Err(not_yours().into());
            }
            if report == Report::Started && found.permit.is_some() {
                return invalid("permit", "Send the permit with it: the work begins by redeeming it");
            }
            if report == Report::Expired {
                return invalid("what", "Custody notices by itself when a permit has run out");
            }
            let reported = Reported { at: owned.clock.now(), by: by.actor.person(), report };
            let at = reported.at;
            let after = save(&tx, &owned, &by, found, reported).await?;
            if let Some(n) = &named {
                store::doors::insert_outcome(&tx, n.person, &n.key, &n.request, &id.to_string(), at).await?;
            }
            tx.commit().await?;
            Ok::<_, Error>(after)
        })
        .await??;
    if after.state.gives_back() {
        giving_back::give_back(app, &after).await?;
    }
    Ok(after)
}

/// Who reports on it, for whoever does not.
pub fn not_yours() -> Refusal {
    let sentence = "Whoever may deploy the device there reports on it, and whoever asked for it until it has ended.";
    Refusal::new(Code::NotYours, sentence)
}

pub(super) async fn may_report<C: ConnectionTrait>(
    c: &C,
    app: &App,
    caller: &Caller,
    device: &Device,
    d: &Deployment,
) -> Result<bool> {
    let roster = app.roster.current(c).await?;
    let gathered = gather(c, app, &roster, caller, device, Some(&d.beginning()), Readings::default()).await?;
    Ok(deployment::may_report(d, device, &gathered.facts(app, caller)))
}

/// A report with a name, by somebody.
struct Named {
    person: PersonId,
    key: String,
    /// What is reported, digested.
    request: String,
}

impl Named {
    fn new(caller: &Caller, key: Option<String>, id: DeploymentId, report: &Report, permit: &str) -> Option<Self> {
        let (person, key) = (caller.actor.person()?, key?);
        let request = format!("{:x}", Sha256::digest(format!("report\n{id}\n{report:?}\n{permit}")));
        Some(Self { person, key, request })
    }

    /// Whether this very report is on record under this name; another one is refused.
    async fn was_taken<C: ConnectionTrait>(&self, c: &C) -> Result<bool> {
        match store::doors::find_outcome(c, self.person, &self.key).await? {
            Some((before, _)) if before == self.request => Ok(true),
            Some(_) => Err(Error::KeyReused),
            None => Ok(false),
        }
    }
}

/// A deployment that has begun, and what had happened to the device since it was allowed, in sentences.
#[derive(Clone, Debug)]
pub struct Begun {
    pub deployment: Deployment,
    pub since: Vec<String>,
}

/// Begins a deployment: its permit is used up, and the gates are judged again as they are now (A9 to A11).
pub async fn redeem(app: &App, caller: &Caller, id: DeploymentId, permit: &str) -> Result<Begun> {
    redeem_once(app, caller, id, permit, None).await
}

/// The same under a key that names the report: its repetition is answered as it was, also once the permit has run out
/// (F3).
pub async fn redeem_once(
    app: &App,
    caller: &Caller,
    id: DeploymentId,
    permit: &str,
    key: Option<String>,
) -> Result<Begun> {
    let found = find(app, id).await?;
    let device = store::devices::find(&app.db.read, found.device).await?.ok_or(Error::NotFound)?;
    let named = Named::new(caller, key, id, &Report::Started, permit);
    if let Some(named) = &named
        && named.was_taken(&app.db.read).await?
    {
        let since = since(app, &device, &found).await?;
        return Ok(Begun { deployment: found, since });
    }
    let read = permits::read(app, permit).await.and_then(|claims| {
        let issuer = permits::issuer(app);
        let intent = Intent {
            now: app.clock.now(),
            server: &found.server.0,
            issuer: Some(&issuer),
            device: Some(device.name()),
            tag: Some(found.release.tag.as_str()),
            commit: Some(found.release.commit.as_str()),
        };
        claims.permits(&intent).map_err(permits::refused)?;
        match &found.permit {
            Some(given) if given.jti == claims.jti && claims.deployment == found.id => Ok(()),
            _ => Err(permits::refused("it is for another deployment").into()),
        }
    });
    if let Err(error) = read {
        if let Error::Refused(refusal) = &error {
            let what: &str = CommandKind::RedeemPermit.into();
            record::attempt(app, caller, &device, what, refusal).await?;
        }
        return Err(error);
    }
    let since = since(app, &device, &found).await?;
    let (key, request) = named.map(|n| (n.key, n.request)).unzip();
    match act(app, caller, device.name(), Ask { key, request, ..Ask::from(found.beginning()) }).await {
        // The same report was taken a moment ago: that one has begun it.
        Ok(done) if done.deployment.is_none() => Ok(Begun { deployment: find(app, id).await?, since }),
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

/// What happened to a device from the moment that a deployment was permitted until it began, in sentences; the first few.
async fn since(app: &App, device: &Device, d: &Deployment) -> Result<Vec<String>> {
    let c = &app.db.read;
    let entries = store::journal::list_since(c, &device.id.to_string(), d.revision as i64).await?;
    let mut events = entries.iter().take(5).map(event).collect::<Result<Vec<_>>>()?;
    let begins = |e: &Event| matches!(&e.what, Happened::PermitRedeemed { server, .. } if *server == d.server);
    if let Some(begun) = events.iter().position(begins) {
        events.truncate(begun);
    }
    let mut ids = device.people();
    ids.extend(events.iter().filter_map(|e| e.by));
    let people = store::people::load_names(c, &ids).await?;
    let tell = |e: &Event| {
        let who = e.by.map_or("Custody", |p| people.name(p));
        format!("{who} {}", story::tell(e, &people, &app.policy))
    };
    Ok(events.iter().map(tell).collect())
}
