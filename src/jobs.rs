//! What Custody does by itself, again and again: when it ran last, how long it took, what it said, when it runs next. In
//! memory, from the start on; `service/jobs` keeps it for whoever asks another replica, or after the next start.

use chrono::{DateTime, Utc};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// A kind of work.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumIter, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "snake_case")]
pub enum Job {
    Checks,
    Retention,
    Deployments,
    MovingOn,
    Rollouts,
    Told,
    Escalation,
    Drift,
    Mail,
    Chats,
    Checkpoints,
}

impl Job {
    /// What it is called.
    pub fn label(self) -> &'static str {
        match self {
            Self::Checks => "Regular checks",
            Self::Retention => "Retention",
            Self::Deployments => "Deployments and overrides",
            Self::MovingOn => "Moving on",
            Self::Rollouts => "Rollouts",
            Self::Told => "What forges told",
            Self::Escalation => "Escalation to CTRL",
            Self::Drift => "What runs, beside the record",
            Self::Mail => "Outbox: mail",
            Self::Chats => "Outbox: chats",
            Self::Checkpoints => "Checkpoints of the journal",
        }
    }

    /// What it does.
    pub fn about(self) -> &'static str {
        match self {
            Self::Checks => {
                "Reads every repository, looks for moved tags and new ones, reminds contacts, proposes updates of frameworks"
            }
            Self::Retention => "Deletes what is kept no longer, as the policy says",
            Self::Deployments => {
                "Gives servers back that no deploy tool took, ends overrides whose time is over, tells of windows and local \
                 changes at their end"
            }
            Self::MovingOn => "Takes what succeeded in development on to production, where that is set",
            Self::Rollouts => "Has the engine run the steps of rollouts, each replica those that it took",
            Self::Told => "Takes up what forges told while repositories were away",
            Self::Escalation => "Tells CTRL of changes that the shift has not acknowledged in time",
            Self::Drift => "Looks for who has fallen silent, and whose grace is over",
            Self::Mail => "Delivers what is due by mail",
            Self::Chats => "Delivers what is due in chats",
            Self::Checkpoints => "Signs where the journal ends, into a folder elsewhere",
        }
    }
}

/// How a job is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Doing {
    /// Since when it runs now, where it does.
    pub running: Option<DateTime<Utc>>,
    /// When it ran last, to the end.
    pub last: Option<DateTime<Utc>>,
    pub took: Duration,
    /// What it said then.
    pub said: String,
    /// When it runs next.
    pub next: Option<DateTime<Utc>>,
    /// When it failed last, and why.
    pub failed: Option<(DateTime<Utc>, String)>,
    pub runs: u64,
    pub failures: u64,
}

/// Every job that has run since the start.
#[derive(Debug, Default)]
pub struct Jobs {
    all: Mutex<BTreeMap<Job, Doing>>,
    failed: Notify,
}

impl Jobs {
    fn all(&self) -> MutexGuard<'_, BTreeMap<Job, Doing>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How each of them is doing.
    pub fn list(&self) -> BTreeMap<Job, Doing> {
        self.all().clone()
    }

    /// It is to run first then. What has not run and is not to run is not set up.
    pub fn expect(&self, job: Job, at: DateTime<Utc>) {
        self.all().entry(job).or_default().next = Some(at);
    }

    /// Waits for the next failure.
    pub async fn failure(&self) {
        self.failed.notified().await;
    }

    /// Runs it once, and keeps what came of it. `now` is asked before and after; the next run is `every` behind that.
    pub async fn watch<T, E: std::error::Error>(
        &self,
        job: Job,
        every: Duration,
        now: impl Fn() -> DateTime<Utc>,
        work: impl Future<Output = Result<T, E>>,
        say: impl FnOnce(&T) -> String,
    ) -> Result<T, E> {
        self.all().entry(job).or_default().running = Some(now());
        let _running = Running { jobs: self, job };
        let began = Instant::now();
        let done = work.await;
        let at = now();
        let mut all = self.all();
        let doing = all.entry(job).or_default();
        doing.runs += 1;
        doing.took = began.elapsed();
        doing.last = Some(at);
        doing.next = chrono::Duration::from_std(every).ok().map(|every| at + every);
        match &done {
            Ok(value) => doing.said = say(value),
            Err(error) => {
                doing.failures += 1;
                doing.said = "It failed.".to_owned();
                let cause = error.source().map(|c| format!(": {c}")).unwrap_or_default();
                doing.failed = Some((at, format!("{error}{cause}").chars().take(500).collect()));
                self.failed.notify_one();
            }
        }
        drop(all);
        done
    }
}

/// A run that is broken off runs no more.
struct Running<'a> {
    jobs: &'a Jobs,
    job: Job,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.jobs.all().entry(self.job).or_default().running = None;
    }
}

/// `3 releases looked at`, `nothing to do`.
pub fn counted(n: usize, one: &str, many: &str) -> String {
    match n {
        0 => "nothing to do".to_owned(),
        1 => format!("1 {one}"),
        n => format!("{n} {many}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-21T08:00:00Z".parse().unwrap()
    }

    /// E1: what a job did and said stays to be read, a failure until the next one, and what is broken off runs no more.
    #[tokio::test]
    async fn what_a_job_did_stays_to_be_read() {
        let jobs = Jobs::default();
        let every = Duration::from_secs(60);
        let well = |n: usize| async move { Ok::<_, std::io::Error>(n) };
        let said = |n: &usize| counted(*n, "device looked at", "devices looked at");
        jobs.watch(Job::Checks, every, now, well(2), said).await.unwrap();
        let failed = async { Err::<usize, _>(std::io::Error::other("the disk is full")) };
        jobs.watch(Job::Checks, every, now, failed, said).await.unwrap_err();
        jobs.watch(Job::Checks, every, now, well(0), said).await.unwrap();
        let doing = jobs.list().remove(&Job::Checks).unwrap();
        assert_eq!((doing.runs, doing.failures, doing.said.as_str()), (3, 1, "nothing to do"));
        assert_eq!(doing.failed, Some((now(), "the disk is full".to_owned())));
        assert_eq!((doing.last, doing.next), (Some(now()), Some(now() + chrono::Duration::seconds(60))));
        assert_eq!(doing.running, None);
        {
            let never = std::future::pending::<Result<usize, std::io::Error>>();
            let run = jobs.watch(Job::Drift, every, now, never, said);
            let mut run = std::pin::pin!(run);
            assert!(futures_util::poll!(&mut run).is_pending());
            assert_eq!(jobs.list()[&Job::Drift].running, Some(now()));
        }
        assert_eq!(jobs.list()[&Job::Drift], Doing::default());
    }
}
