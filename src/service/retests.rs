//! Re-tests (G8): what a new release of a device asks of those that depend on it, and who says what came of it.

mod reading;

pub use crate::store::retests::Named;
pub use reading::{
    Dependent, Found, Listed, OfDevice, PAGE, Page, View, Wanted, dependents, list, look, of_device, of_release, path,
    show, waiting_for,
};

use super::{
    Caller, Error, Result,
    facts::gather_actor,
    record::{self, Change},
    telling::{self, News, Telling},
};
use crate::{
    app::App,
    domain::{
        device::Device,
        id::{DeviceId, PersonId, RetestId},
        lifecycle::{Happened, StateName},
        release::Release,
        retest::{self, Retest, Standing, Told, Tried, is_newest, newest},
        tag::TagName,
    },
    store::{self, Tx, journal::Line},
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::{collections::BTreeSet, num::ParseIntError};

/// What the journal calls it when a dependent is asked, and when somebody reports.
pub const OPENED: &str = "retest_opened";
pub const REPORTED: &str = "retest_reported";

/// What follows for re-tests from what happened to a device; who is told of it. Nothing is asked of the database but where
/// it has to do with them.
pub(super) async fn follow(tx: &Tx, app: &App, caller: &Caller, change: &Change<'_>) -> Result<Vec<Telling>> {
    let (d, at) = (change.after, change.gathered.now);
    let mut told = Vec::new();
    for e in change.events {
        match &e.what {
            Happened::TagVerified { verified, .. } if is_newest(d, &verified.tag) => {
                // Seldom, and apart, so that every change need not have room for it.
                told.extend(Box::pin(ask(tx, app, caller, change, &verified.tag, false)).await?);
            }
            Happened::TagRestored { tag } if is_newest(d, tag) => {
                told.extend(Box::pin(ask(tx, app, caller, change, tag, true)).await?);
            }
            Happened::TagMoved { tag, .. } | Happened::TagVanished { tag } => {
                store::retests::end_of_release(tx, d.id, tag, at).await?;
                if let Some(newest) = newest(d).filter(|_| is_newest(change.before, tag)) {
                    // It takes no release's place any longer.
                    let named = store::retests::list_named_dependents(tx, d.id).await?;
                    let of: Vec<DeviceId> = named.iter().map(|d| d.id).collect();
                    store::retests::ask_again(tx, d.id, newest.tag(), &of).await?;
                }
            }
            Happened::DependenciesSet { .. } => {
                let mut dropped: Vec<DeviceId> = change.before.depends_on.values().copied().collect();
                dropped.retain(|on| !d.depends_on.values().any(|is| is == on));
                store::retests::end_of_dependencies(tx, d.id, &dropped, at).await?;
            }
            what if what.leads_to().is_some_and(StateName::is_end) => {
                store::retests::end_of_device(tx, d.id, at).await?;
            }
            _ => {}
        }
    }
    Ok(told)
}

/// Asks each dependent to try out a new release; a newer one takes the place of what waits for an older.
async fn ask(
    tx: &Tx,
    app: &App,
    caller: &Caller,
    change: &Change<'_>,
    tag: &TagName,
    again: bool,
) -> Result<Vec<Telling>> {
    let (d, at) = (change.after, change.gathered.now);
    let Some(release) = d.release(tag) else { return Ok(Vec::new()) };
    let mut dependents = store::retests::list_dependents(tx, d.id).await?;
    if dependents.is_empty() {
        return Ok(Vec::new());
    }
    store::retests::overtake(tx, d.id, tag, at).await?;
    if again {
        let of: Vec<DeviceId> = dependents.iter().map(|d| d.id).collect();
        store::retests::ask_again(tx, d.id, tag, &of).await?;
    }
    let asked: Vec<Retest> = dependents
        .iter()
        .map(|of| Retest {
            id: RetestId(uuid::Uuid::now_v7()),
            device: of.id,
            on: d.id,
            tag: tag.clone(),
            commit: release.commit().clone(),
            opened: at,
            standing: Standing::Waiting,
            overtaken_by: None,
            many: 0,
        })
        .collect();
    store::retests::insert(tx, &asked).await?;
    if again {
        // Whoever has tried it out before is not asked.
        let all = store::retests::list_of_release(tx, d.id, tag, reading::MOST).await?;
        let waiting = all.into_iter().filter(|r| r.standing == Standing::Waiting).map(|r| r.device);
        let waiting: BTreeSet<DeviceId> = waiting.collect();
        dependents.retain(|of| waiting.contains(&of.id));
    }
    let lines: Result<Vec<Line>> = dependents.iter().map(|of| opened(caller, of, d, release, change)).collect();
    store::journal::append(tx, lines?).await?;
    let first_team = || change.roster.of_team(&app.policy.intake.first_team);
    let mut told = Vec::new();
    for of in &dependents {
        let mut to = retest::whose(of);
        to.retain(|p| change.roster.everybody().active(*p));
        if to.is_empty() {
            to = first_team();
        }
        let news = News {
            device: Some(of.id),
            key: format!("retest/{}/{}/{tag}", of.id, d.id),
            at,
            text: format!("{} {tag} is new: try out whether {} still works with it.", d.name(), of.name()),
            path: format!("/devices/{}#retests", of.name()),
            urgent: false,
        };
        told.extend(to.into_iter().map(|person| news.to(person)));
    }
    Ok(told)
}

/// The journal's line of it, in the dependent's story.
fn opened(caller: &Caller, of: &Device, on: &Device, release: &Release, change: &Change<'_>) -> Result<Line> {
    #[derive(Serialize)]
    struct Body<'a> {
        on: &'a str,
        on_id: DeviceId,
        tag: &'a TagName,
        commit: &'a str,
    }
    let body = Body { on: on.name(), on_id: on.id, tag: release.tag(), commit: release.commit().as_str() };
    Ok(Line {
        stream: record::retest_stream(of.id),
        at: change.gathered.now,
        actor: None,
        origin: caller.origin.clone(),
        kind: OPENED.to_owned(),
        body: serde_json::to_string(&body).map_err(|e| Error::Internal(Box::new(e)))?,
    })
}

/// Puts a result on record, or says why not.
pub async fn report(app: &App, caller: &Caller, id: RetestId, told: Told) -> Result<Tried> {
    report_once(app, caller, id, told, None).await
}

/// The same under a key that names the request: its repetition is answered with the result of then (F3).
pub async fn report_once(app: &App, caller: &Caller, id: RetestId, told: Told, key: Option<String>) -> Result<Tried> {
    let (app, caller) = (app.clone(), caller.clone());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            let retest = store::retests::find(&tx, id).await?.ok_or(Error::NotFound)?;
            let device = store::devices::find(&tx, retest.device).await?.ok_or(Error::NotFound)?;
            let named = key.zip(caller.actor.person());
            let done = once(&tx, &app, &caller, &device, &retest, &told, named).await;
            record::end(tx, &app, &caller, &device, "report_retest", done).await
        })
        .await?
}

async fn once(
    tx: &Tx,
    app: &App,
    caller: &Caller,
    device: &Device,
    retest: &Retest,
    told: &Told,
    named: Option<(String, PersonId)>,
) -> Result<Tried> {
    let Some((key, person)) = named else {
        return decide_and_save(tx, app, caller, device, retest, told).await;
    };
    let request = format!("{:x}", Sha256::digest(format!("retest\n{}\n{told:?}", retest.id)));
    if let Some((before, number)) = store::doors::find_outcome(tx, person, &key).await? {
        if before != request {
            return Err(Error::KeyReused);
        }
        let number: usize = number.parse().map_err(|e: ParseIntError| Error::Internal(Box::new(e)))?;
        return store::retests::list_tried(tx, retest.id).await?.into_iter().nth(number).ok_or(Error::NotFound);
    }
    let tried = decide_and_save(tx, app, caller, device, retest, told).await?;
    store::doors::insert_outcome(tx, person, &key, &request, &retest.many.to_string(), tried.at).await?;
    Ok(tried)
}

async fn decide_and_save(
    tx: &Tx,
    app: &App,
    caller: &Caller,
    device: &Device,
    retest: &Retest,
    told: &Told,
) -> Result<Tried> {
    #[derive(Serialize)]
    struct Body<'a> {
        on: &'a str,
        on_id: DeviceId,
        tag: &'a TagName,
        #[serde(flatten)]
        tried: &'a Tried,
    }
    let roster = app.roster.current(tx).await?;
    let actor = gather_actor(app, &roster, caller);
    let tried = retest::decide(device, retest, told, &actor.facts(app, caller))?;
    if !store::retests::append(tx, retest, &tried).await? {
        return Err(Error::Stale(Vec::new()));
    }
    let on = device.depends_on.iter().find(|(_, on)| **on == retest.on).map_or("", |(name, _)| name.as_str());
    let body = Body { on, on_id: retest.on, tag: &retest.tag, tried: &tried };
    let line = Line {
        stream: record::retest_stream(device.id),
        at: tried.at,
        actor: tried.by,
        origin: caller.origin.clone(),
        kind: REPORTED.to_owned(),
        body: serde_json::to_string(&body).map_err(|e| Error::Internal(Box::new(e)))?,
    };
    let entries = store::journal::append(tx, vec![line]).await?;
    // Whoever made the release is to hear that somebody cannot work with it; once, though a pipeline says so each night.
    if tried.passed || retest.standing == Standing::Failed {
        return Ok(tried);
    }
    let made = store::devices::find(tx, retest.on).await?.ok_or(Error::NotFound)?;
    let who = tried.by.map_or("Custody", |p| roster.everybody().name(p));
    let who = tried.job.as_ref().map_or_else(|| who.to_owned(), |job| format!("the job {job}"));
    let text = format!("{} does not work with {on} {}, says {who}. {}", device.name(), retest.tag, tried.text);
    let news = News {
        device: Some(made.id),
        key: entries.first().map_or_else(String::new, |e| format!("journal/{}", e.seq)),
        at: tried.at,
        text: text.trim().to_owned(),
        path: super::stages::path(made.name(), &retest.tag),
        urgent: false,
    };
    let to = made.contributors.iter().copied().chain(made.ctrl_contact).filter(|p| Some(*p) != tried.by);
    let all = to.collect::<BTreeSet<_>>().into_iter().map(|person| news.to(person));
    telling::tell(tx, app, &roster, all.collect(), Vec::new()).await?;
    Ok(tried)
}
