//! Reports on the stages of releases (G3), and the queue of what waits for a person's check (G4).

mod queue;

pub use queue::{Checks, PAGE, Waiting, count_waiting, queue, read_place, write_place};

use super::{
    Caller, Error, Result,
    act::{Ask, act_once_read},
    facts::{self, gather},
    record, retests,
    telling::{self, Telling},
};
use crate::{
    app::App,
    domain::{
        deployment::{Deployment, Environment, Reported},
        device::Device,
        id::{PersonId, ServerName},
        lifecycle::{Command, Readings, StateName},
        observation::Seen,
        person::People,
        refusal::{Code, Refusal},
        release::{Protection, Release},
        server::SupportClass,
        stage::{self, Report, Stage, Told, Way},
        tag::TagName,
    },
    store::{self, Tx, journal::Line, roster::Roster, teams::TeamKind},
};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    num::ParseIntError,
};
use strum::IntoEnumIterator;

/// Puts a report on record, or says why not. A tag that has not been verified yet is read and verified first, where a
/// job reports it: the job knew of it before Custody did. While the repository is away nothing is judged.
pub async fn report(app: &App, caller: &Caller, name: &str, tag: &TagName, told: Told) -> Result<Report> {
    report_once(app, caller, name, tag, told, None).await
}

/// The same under a key that names the request: its repetition is answered with the report of then (F3).
pub async fn report_once(
    app: &App,
    caller: &Caller,
    name: &str,
    tag: &TagName,
    told: Told,
    key: Option<String>,
) -> Result<Report> {
    let device = store::devices::find_by_name(&app.db.read, name).await?.ok_or(Error::NotFound)?;
    if told.job.is_some() && device.release(tag).is_none() {
        let verify = Ask::from(Command::VerifyTag { tag: tag.clone() });
        match act_once_read(app, caller, name, verify).await {
            Ok(_) => {}
            // Two jobs of one pipeline came at once.
            Err(Error::Refused(r)) if r.code == Code::AlreadyDone => {}
            Err(other) => return Err(other),
        }
    }
    let (app, caller, id, tag) = (app.clone(), caller.clone(), device.id, tag.clone());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            let device = store::devices::find(&tx, id).await?.ok_or(Error::NotFound)?;
            let named = key.zip(caller.actor.person());
            let done = once(&tx, &app, &caller, &device, &tag, &told, named).await;
            record::end(tx, &app, &caller, &device, "report_stage", done).await
        })
        .await?
}

async fn once(
    tx: &Tx,
    app: &App,
    caller: &Caller,
    device: &Device,
    tag: &TagName,
    told: &Told,
    named: Option<(String, PersonId)>,
) -> Result<Report> {
    let Some((key, person)) = named else {
        return Ok(decide_and_save(tx, app, caller, device, tag, told).await?.0);
    };
    let request = format!("{:x}", Sha256::digest(format!("stage\n{}\n{tag}\n{told:?}", device.id)));
    if let Some((before, number)) = store::doors::find_outcome(tx, person, &key).await? {
        if before != request {
            return Err(Error::KeyReused);
        }
        let release = device.release(tag).ok_or(Error::NotFound)?;
        let way = store::stages::find_way(tx, device.id, release).await?;
        let number: usize = number.parse().map_err(|e: ParseIntError| Error::Internal(Box::new(e)))?;
        return way.reports.into_iter().nth(number).ok_or(Error::NotFound);
    }
    let (report, number) = decide_and_save(tx, app, caller, device, tag, told).await?;
    store::doors::insert_outcome(tx, person, &key, &request, &number.to_string(), report.at).await?;
    Ok(report)
}

/// The report, and how many came before it.
async fn decide_and_save(
    tx: &Tx,
    app: &App,
    caller: &Caller,
    device: &Device,
    tag: &TagName,
    told: &Told,
) -> Result<(Report, usize)> {
    let roster = app.roster.current(tx).await?;
    let gathered = gather(tx, app, &roster, caller, device, None, Readings::default()).await?;
    let way = match device.release(tag) {
        Some(release) => store::stages::find_way(tx, device.id, release).await?,
        None => Way::default(),
    };
    let report = stage::decide(device, tag, &way, told, &gathered.facts(app, caller))?;
    save(tx, app, caller, device, tag, &way, &report, &roster).await?;
    Ok((report, way.reports.len()))
}

/// Keeps a report; the line of it for the journal.
async fn keep(tx: &Tx, caller: &Caller, device: &Device, tag: &TagName, way: &Way, report: &Report) -> Result<Line> {
    store::stages::append(tx, device.id, tag, way, report).await?;
    Ok(Line {
        stream: record::release_stream(device, tag),
        at: report.at,
        actor: report.by,
        origin: caller.origin.clone(),
        kind: "stage_reported".to_owned(),
        body: serde_json::to_string(report).map_err(|e| Error::Internal(Box::new(e)))?,
    })
}

#[allow(clippy::too_many_arguments)]
async fn save(
    tx: &Tx,
    app: &App,
    caller: &Caller,
    device: &Device,
    tag: &TagName,
    way: &Way,
    report: &Report,
    roster: &Roster,
) -> Result<()> {
    let line = keep(tx, caller, device, tag, way, report).await?;
    let entries = store::journal::append(tx, vec![line]).await?;
    // What failed, and a person's answer, is news; that a build went well is not.
    if !report.passed || report.stage == Stage::Deployable {
        let nobody = report.job.as_deref().unwrap_or("Custody");
        let who = report.by.and_then(|p| roster.person(p)).map_or(nobody, |p| &p.name);
        let verdict = if report.passed { "passed" } else { "failed" };
        let text = format!("{} {tag}: “{}” {verdict}, by {who}. {}", device.name(), report.stage.label(), report.text);
        let key = entries.first().map_or_else(String::new, |e| format!("journal/{}", e.seq));
        let to = record::of_device(device).into_iter().filter(|p| Some(*p) != report.by);
        let all = to.map(|to| Telling {
            to,
            device: Some(device.id),
            key: key.clone(),
            at: report.at,
            text: text.trim().to_owned(),
            path: path(device.name(), tag),
            urgent: false,
        });
        telling::tell(tx, app, roster, all.collect(), Vec::new()).await?;
    }
    Ok(())
}

/// Where a release has its page.
pub fn path(device: &str, tag: &TagName) -> String {
    format!("/devices/{device}/releases/{tag}")
}

/// What Custody itself puts on record of a release: what came of a deployment of it onto a full-support server of
/// production.
pub(super) async fn deployed(tx: &Tx, caller: &Caller, d: &Deployment, of: &Reported, passed: bool) -> Result<()> {
    let server = store::servers::find(tx, &d.server).await?;
    if d.environment != Environment::Production || server.is_none_or(|s| s.class != SupportClass::Full) {
        return Ok(());
    }
    let device = store::devices::find(tx, d.device).await?.ok_or(Error::NotFound)?;
    let Some(release) = device.release(&d.release.tag) else { return Ok(()) };
    let way = store::stages::find_standing(tx, device.id, release).await?;
    let text = match passed {
        true if d.permit.is_none() => format!("{}{}.", stage::BY_HAND, d.server),
        true => format!("Onto {}.", d.server),
        false => format!("Onto {}: {}", d.server, d.why_not()),
    };
    let report = Report {
        stage: Stage::Deployed,
        passed,
        by: of.by,
        job: None,
        commit: release.commit().clone(),
        link: of.report.link().to_owned(),
        text: text.chars().take(stage::TEXT_MAX).collect(),
        at: of.at,
    };
    let line = keep(tx, caller, &device, release.tag(), &way, &report).await?;
    store::journal::append(tx, vec![line]).await?;
    Ok(())
}

/// A release as its page shows it.
pub struct ReleaseView {
    pub device: Device,
    pub tag: TagName,
    pub way: Way,
    pub now: DateTime<Utc>,
    pub people: People,
    pub me: Option<PersonId>,
    /// Each stage, and why the reader cannot report it; nothing where they can.
    pub may: BTreeMap<Stage, Option<Refusal>>,
    /// Whether nobody of CTRL made the tag, although the device is CTRL's (G2).
    pub tagged_by_stranger: bool,
    /// What a forge says of the tag's protection.
    pub protection: Option<Protection>,
    /// The stages that lack before it goes into production.
    pub lacks: Vec<Stage>,
    /// Whether the review stands in for its stages (T8).
    pub reviewed: bool,
    /// Where it is seen running: instance and server.
    pub runs: Vec<(String, String)>,
    /// Of the servers that the device is placed on (G5).
    pub environments: BTreeMap<ServerName, Environment>,
    /// What was asked of those that depend on it (G8).
    pub retests: Vec<retests::Listed>,
}

/// A release's page, also for whoever is not signed in. A fixed number of queries.
pub async fn look(app: &App, reader: Option<&Caller>, name: &str, tag: &str) -> Result<ReleaseView> {
    let c = &app.db.snapshot().await?;
    let (device, roster) = facts::find(c, app, name).await?.ok_or(Error::NotFound)?;
    let release = device.releases.iter().find(|r| r.tag().as_str() == tag).ok_or(Error::NotFound)?.clone();
    let custody = Caller::custody();
    let caller = reader.unwrap_or(&custody);
    let gathered = gather(c, app, &roster, caller, &device, None, Readings::default()).await?;
    let way = store::stages::find_way(c, device.id, &release).await?;
    let facts = gathered.facts(app, caller);
    let asked: Vec<(Stage, Option<Refusal>)> =
        Stage::iter().map(|s| (s, stage::may_report(&device, release.tag(), &way, s, false, &facts).err())).collect();
    let retests = retests::of_release(c, &device, release.tag()).await?;
    let mut people = gathered.people.clone();
    let tried = retests.iter().filter_map(|l| l.last.as_ref());
    let reporters: BTreeSet<PersonId> =
        way.reports.iter().filter_map(|r| r.by).chain(tried.filter_map(|t| t.by)).collect();
    people.0.extend(store::people::load_names(c, &reporters).await?.0);
    let stranger = strangers(app, &roster, &device).contains(release.tag());
    let of_it = |s: &&Seen| s.runs() && release.is_built(&s.version);
    let runs = gathered.seen.iter().filter(of_it).map(|s| (s.instance.clone(), s.server.to_string())).collect();
    Ok(ReleaseView {
        runs,
        retests,
        environments: gathered.servers.iter().map(|(name, s)| (name.clone(), s.environment)).collect(),
        now: gathered.now,
        me: reader.and_then(|r| r.actor.person()),
        may: asked.into_iter().collect(),
        lacks: way.lacks(&app.policy.releases.production_needs),
        reviewed: device.was_reviewed(release.tag()),
        tagged_by_stranger: stranger,
        protection: store::protection::list(c, device.id).await?.remove(tag),
        tag: release.tag().clone(),
        people,
        way,
        device,
    })
}

/// The tags of a device of CTRL's that nobody of CTRL made, by the addresses on record (G2). Those from before CTRL owned
/// it, and the one that was taken over, are its contributors' own.
pub async fn tagged_by_strangers(app: &App, device: &Device) -> Result<BTreeSet<TagName>> {
    Ok(strangers(app, &*app.roster.current(&app.db.read).await?, device))
}

/// The same where it is known who is who.
pub(super) fn strangers(app: &App, roster: &Roster, device: &Device) -> BTreeSet<TagName> {
    let owned = device.state.since().filter(|_| device.state.name() == StateName::CtrlOwned);
    let meant = device.releases.iter().filter(|r| !device.was_reviewed(r.tag()));
    let meant: Vec<&Release> = meant.filter(|r| owned.is_some_and(|since| r.at >= since)).collect();
    if meant.is_empty() {
        return BTreeSet::new();
    }
    let ctrl = roster.people(&roster.of_kind(TeamKind::Ctrl));
    let strangers = meant.into_iter().filter(|r| r.is_tagged_by_none_of(ctrl.0.values(), &app.author_key));
    strangers.map(|r| r.tag().clone()).collect()
}

/// The ways of all releases of a device. Two queries.
pub async fn list(app: &App, name: &str) -> Result<(Device, BTreeMap<TagName, Way>)> {
    let c = &app.db.read;
    let device = store::devices::find_by_name(c, name).await?.ok_or(Error::NotFound)?;
    let ways = store::stages::list_ways(c, &[&device]).await?.into_iter().map(|((_, tag), way)| (tag, way)).collect();
    Ok((device, ways))
}
