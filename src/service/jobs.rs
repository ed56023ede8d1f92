//! How Custody's own regular work goes, for administrators: on this replica and on the others, and before the last start.
//! One small write a minute, and one where something fails.

use super::Result;
use crate::{
    app::App,
    jobs::{Doing, Job},
    store::{
        self,
        jobs::{Ran, Replica},
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use std::{collections::BTreeMap, time::Duration};
use strum::IntoEnumIterator;

/// Between two writes.
const EVERY: Duration = Duration::from_secs(60);

/// What fails again and again is not written more often.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// A replica that was not seen for so long is gone.
const GONE: TimeDelta = TimeDelta::minutes(3);

/// For so long it is still named.
const NAMED: TimeDelta = TimeDelta::days(1);

/// A kind of work, and which replica did it last; nobody where it was never done.
#[derive(Clone, Debug)]
pub struct Shown {
    pub job: Job,
    pub doing: Doing,
    pub replica: Option<String>,
}

/// What an administrator reads of it.
#[derive(Clone, Debug)]
pub struct Overview {
    pub jobs: Vec<Shown>,
    /// None where there is one Custody on a file.
    pub replicas: Vec<Other>,
}

/// A replica, this one too.
#[derive(Clone, Debug)]
pub struct Other {
    pub name: String,
    pub is_this: bool,
    /// Whether it does what only one does.
    pub is_first: bool,
    pub started_at: DateTime<Utc>,
    pub seen_at: DateTime<Utc>,
    /// It has not said for minutes that it is there.
    pub is_gone: bool,
}

/// What this replica is called: its machine, and a mark by which two on one machine are told apart.
pub fn name(app: &App) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    let mark = app.db.replica.simple().to_string();
    format!("{}-{}", if host.is_empty() { "custody" } else { host }, &mark[..4])
}

/// Keeps it until Custody stops.
pub async fn run(app: App) {
    let started = app.clock.now();
    let mut kept = BTreeMap::new();
    loop {
        if let Err(error) = save(&app, started, &mut kept).await {
            tracing::warn!(%error, "how the regular work goes was not kept");
        }
        let first = app.db.is_first();
        let changed = async {
            match first {
                true => std::future::pending().await,
                false => app.db.first().await,
            }
        };
        tokio::select! {
            _ = app.stop.cancelled() => return,
            _ = tokio::time::sleep(EVERY) => {}
            _ = app.jobs.failure() => tokio::time::sleep(AFTER_FAILURE).await,
            _ = changed => {}
        }
    }
}

/// Keeps what has run since `kept`.
pub async fn save(app: &App, started: DateTime<Utc>, kept: &mut BTreeMap<Job, DateTime<Utc>>) -> Result<()> {
    let all = app.jobs.list();
    let new: Vec<(Job, DateTime<Utc>, Doing)> =
        all.into_iter().filter_map(|(job, doing)| Some((job, doing.last?, doing))).collect();
    let ran = new.iter().filter(|(job, last, _)| kept.get(job) != Some(last));
    let by = name(app);
    let ran: Vec<Ran> = ran.map(|(job, last, doing)| row(*job, *last, doing, &by)).collect();
    let now = app.clock.now();
    let (owned, id) = (app.clone(), app.db.replica.to_string());
    app.outliving(async move {
        if ran.is_empty() && !owned.db.is_shared() {
            return Ok(());
        }
        let tx = owned.db.begin().await?;
        store::jobs::save(&tx, ran, now).await?;
        if owned.db.is_shared() {
            let is_first = owned.db.is_first();
            let here = Replica { id, name: by, started_at: started, seen_at: now, is_first };
            store::jobs::save_replica(&tx, here).await?;
            store::jobs::delete_replicas_before(&tx, now - NAMED).await?;
        }
        Ok::<_, super::Error>(tx.commit().await?)
    })
    .await??;
    kept.extend(new.into_iter().map(|(job, last, _)| (job, last)));
    Ok(())
}

/// This replica ends, and says so.
pub async fn leave(app: &App) {
    if !app.db.is_shared() {
        return;
    }
    let id = app.db.replica.to_string();
    let left = async {
        let tx = app.db.begin().await?;
        store::jobs::delete_replica(&tx, &id).await?;
        tx.commit().await
    };
    match tokio::time::timeout(Duration::from_secs(1), left).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the other replicas were not told of the end"),
        Err(_) => tracing::warn!("the other replicas could not be told of the end in time"),
    }
}

fn row(job: Job, last: DateTime<Utc>, doing: &Doing, by: &str) -> Ran {
    let few = |n: u64| i32::try_from(n).unwrap_or(i32::MAX);
    let (failed_at, failure) = doing.failed.clone().map_or((None, String::new()), |(at, why)| (Some(at), why));
    Ran {
        name: <&str>::from(job).to_owned(),
        replica: by.to_owned(),
        last_at: last,
        took_ms: i32::try_from(doing.took.as_millis()).unwrap_or(i32::MAX),
        said: doing.said.chars().filter(|c| *c != '\0').take(500).collect(),
        next_at: doing.next,
        failed_at,
        failure: failure.replace('\0', ""),
        runs: few(doing.runs),
        failures: few(doing.failures),
    }
}

fn doing(ran: &Ran) -> Doing {
    Doing {
        running: None,
        last: Some(ran.last_at),
        took: Duration::from_millis(ran.took_ms.unsigned_abs().into()),
        said: ran.said.clone(),
        next: ran.next_at,
        failed: ran.failed_at.map(|at| (at, ran.failure.clone())),
        runs: ran.runs.unsigned_abs().into(),
        failures: ran.failures.unsigned_abs().into(),
    }
}

/// How all of it goes, by what this replica knows and what the others kept, in two statements.
pub async fn overview(app: &App) -> Result<Overview> {
    let now = app.clock.now();
    let kept = store::jobs::list(&app.db.read).await?;
    let mut own = app.jobs.list();
    let id = app.db.replica.to_string();
    let replicas = match app.db.is_shared() {
        true => store::jobs::list_replicas(&app.db.read).await?,
        false => Vec::new(),
    };
    let started = replicas.iter().find(|r| r.id == id).map(|r| r.started_at);
    // Each replica expects a first run of its own, and only the first comes to it. Whoever stands by goes by what is kept,
    // unless that was due before its start: then it is of who is gone.
    let is_first = app.db.is_first();
    let next = |kept: Option<DateTime<Utc>>, mine: Option<DateTime<Utc>>| match kept {
        Some(kept) if !is_first && started.is_none_or(|started| kept > started) => Some(kept),
        kept => mine.or(kept),
    };
    let me = name(app);
    let is_newer = |kept: &Ran, mine: DateTime<Utc>| mine < kept.last_at && kept.last_at <= now + store::AHEAD;
    let of = |job: Job| {
        let ran = kept.iter().find(|r| r.name == <&str>::from(job));
        let mine = own.remove(&job).unwrap_or_default();
        match ran {
            Some(ran) if mine.last.is_none_or(|last| is_newer(ran, last)) && mine.running.is_none() => {
                let kept = doing(ran);
                Shown {
                    job,
                    doing: Doing { next: next(kept.next, mine.next), ..kept },
                    replica: Some(ran.replica.clone()),
                }
            }
            _ => {
                let replica = mine.last.or(mine.running).map(|_| me.clone());
                let failed = mine.failed.clone().or_else(|| {
                    let ran = ran?;
                    Some((ran.failed_at?, ran.failure.clone()))
                });
                Shown { job, doing: Doing { failed, ..mine }, replica }
            }
        }
    };
    let jobs = Job::iter().map(of).collect();
    let replicas = replicas.into_iter().map(|r| Other {
        is_this: r.id == id,
        is_first: if r.id == id { app.db.is_first() } else { r.is_first },
        started_at: r.started_at,
        seen_at: r.seen_at,
        is_gone: now - r.seen_at > GONE,
        name: r.name,
    });
    Ok(Overview { jobs, replicas: replicas.collect() })
}
