//! Custody's own regular checks: tags that moved or vanished, repositories, contacts whose word ages, what has come due,
//! what falls behind, what has run out, what figures miss (G2, L4, N4, B4, T2, T10, G7, G11).

use super::{
    Caller, Error, Result,
    act::{Ask, act},
    delivery, frameworks, readings, reconcile,
};
use crate::{
    app::App,
    domain::{
        device::Device,
        lifecycle::Command,
        repository::RepositoryAddress,
        tag::{CommitId, TagName},
    },
    jobs::{Job, counted},
    store,
};
use chrono::Duration;
use futures_util::{StreamExt, stream};
use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// So many changes are kept for whoever catches up by them; who is further behind reads everything anew.
const CHANGES_KEPT: i64 = 100_000;

/// How often permits that ran out are looked for.
const DEPLOYMENTS_EVERY: std::time::Duration = std::time::Duration::from_secs(5);

/// So many repositories are read at once.
const AT_ONCE: usize = 4;

/// Waits until it is for this replica to go round; false where Custody stops first.
pub async fn turn(app: &App) -> bool {
    tokio::select! {
        _ = app.stop.cancelled() => false,
        _ = app.db.first() => true,
    }
}

/// Goes round until Custody stops. A round that fails is logged, and the next one tries again.
pub async fn run(app: App) {
    let every = std::time::Duration::from_secs(u64::from(app.policy.releases.recheck_minutes) * 60);
    app.jobs.expect(Job::Checks, app.clock.now() + every);
    loop {
        tokio::select! {
            _ = app.stop.cancelled() => return,
            _ = tokio::time::sleep(every) => {}
        }
        if !turn(&app).await {
            return;
        }
        tokio::select! {
            _ = app.stop.cancelled() => return,
            done = app.watched(Job::Checks, every, round(&app), |n| counted(*n, "device looked at", "devices looked at"))
                => if let Err(error) = done {
                tracing::error!(%error, "a round of checks did not end");
            },
        }
    }
}

/// Every few seconds: what deploy tools never began gives its server back, and what has come due is told. A failure is
/// logged, and tried again.
pub async fn run_deployments(app: App) {
    loop {
        tokio::select! {
            _ = app.stop.cancelled() => return,
            _ = tokio::time::sleep(DEPLOYMENTS_EVERY) => {}
        }
        if !turn(&app).await {
            return;
        }
        let all = async {
            // One that fails does not keep the others from being looked after.
            let (deployments, overrides) = (super::deployments::keep(&app).await, super::overrides::keep(&app).await);
            let (rollouts, changes) = (super::rollouts::keep(&app).await, super::local_changes::keep(&app).await);
            deployments.and(overrides).and(rollouts).and(changes)
        };
        let done = app.watched(Job::Deployments, DEPLOYMENTS_EVERY, all, |_| "looked after".to_owned()).await;
        if let Err(error) = done {
            tracing::error!(%error, "deployments, overrides, rollouts or local changes could not be looked after");
        }
    }
}

/// Takes what waits to move on, until Custody stops: it reads repositories, and what ran out does not wait for that.
pub async fn run_moving_on(app: App) {
    loop {
        tokio::select! {
            _ = app.stop.cancelled() => return,
            _ = tokio::time::sleep(DEPLOYMENTS_EVERY) => {}
        }
        if !turn(&app).await {
            return;
        }
        let work = super::moving_on::keep(&app);
        if let Err(error) = app.watched(Job::MovingOn, DEPLOYMENTS_EVERY, work, |_| "looked after".to_owned()).await {
            tracing::error!(%error, "what waits to move on could not be looked after");
        }
    }
}

/// Takes up what forges told while repositories were away, until Custody stops.
pub async fn run_told(app: App) {
    loop {
        tokio::select! {
            _ = app.stop.cancelled() => return,
            _ = tokio::time::sleep(DEPLOYMENTS_EVERY) => {}
        }
        if !turn(&app).await {
            return;
        }
        tokio::select! {
            _ = app.stop.cancelled() => return,
            done = app.watched(Job::Told, DEPLOYMENTS_EVERY, super::hooks::keep(&app), |_| "looked after".to_owned())
                => if let Err(error) = done {
                tracing::error!(%error, "what forges told could not be looked after");
            },
        }
    }
}

/// One round over every live device; how many were looked at.
pub async fn round(app: &App) -> Result<usize> {
    clean(app).await?;
    super::outbox::clean(app).await?;
    super::permits::keep(app).await?;
    let mut after = String::new();
    let (mut looked, hang) = (0, Hang::default());
    loop {
        let page = store::devices::list_live_after(&app.db.read, &after, 50).await?;
        let Some(last) = page.last() else {
            if let Err(error) = frameworks::keep(app).await {
                tracing::error!(%error, "updates of frameworks could not be looked after");
            }
            if let Err(error) = delivery::keep(app).await {
                tracing::error!(%error, "figures of delivery could not be looked after");
            }
            return Ok(looked);
        };
        after = last.name().to_owned();
        super::confirmations::remind(app, &page).await?;
        super::reminders::send(app, &page).await?;
        super::cadence::tell(app, &page).await?;
        super::standing::look_again(app, &page).await?;
        frameworks::want(app, &page).await?;
        stream::iter(&page).for_each_concurrent(AT_ONCE, |device| look(app, device, &hang)).await;
        looked += page.len();
    }
}

/// The hosts that kept this round waiting for nothing: it asks them no more, and what is on others is not looked at later
/// for them (F9).
#[derive(Default)]
struct Hang(Mutex<HashSet<String>>);

impl Hang {
    fn hosts(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One device's repository: each release whose tag is not what it was, and the tags that are new.
async fn look(app: &App, device: &Device, hang: &Hang) {
    let address = RepositoryAddress::parse(&device.request.repository, &app.policy.repository_rules()).ok();
    let host = address.as_ref().and_then(|a| a.host());
    if host.is_some_and(|host| hang.hosts().contains(host)) {
        return;
    }
    let begun = Instant::now();
    let hangs = || begun.elapsed() > app.git.deadline() / 2;
    // That it cannot be reached is on record then.
    let device = &check(app, device, Command::CheckRepository {}).await.unwrap_or_else(|| device.clone());
    let is_lost = device.repository.as_ref().is_some_and(|r| r.reached.is_err());
    // One that answers and has lost its trunk has tags all the same.
    let tags = if is_lost && hangs() { None } else { readings::list_tags(app, device).await.ok() };
    let Some(tags) = tags else {
        if let Some(host) = host.filter(|_| hangs())
            && hang.hosts().insert(host.to_owned())
        {
            tracing::warn!(host, "repositories there keep the regular checks waiting: they are looked at next time");
        }
        return;
    };
    let now: HashMap<&TagName, &CommitId> = tags.iter().map(|(tag, object)| (tag, object)).collect();
    for release in &device.releases {
        let is_same = now.get(release.tag()).is_some_and(|object| **object == release.verified.object);
        if !(is_same && release.stands()) {
            check(app, device, Command::CheckTag { tag: release.tag().clone() }).await;
        }
    }
    // Without its trunk no tag is a release, and none would be read again for that.
    if is_lost {
        return;
    }
    if let Err(error) = reconcile::find_new(app, device, tags).await {
        tracing::warn!(device = device.name(), %error, "new tags could not be looked for");
    }
    frameworks::read_unread(app, device).await;
}

/// The device after the check, where it was made.
async fn check(app: &App, device: &Device, command: Command) -> Option<Device> {
    match act(app, &Caller::custody(), device.name(), Ask::from(command)).await {
        Ok(done) => Some(done.device),
        Err(Error::Refused(_)) => None,
        Err(error) => {
            tracing::warn!(device = device.name(), %error, "a check did not end");
            None
        }
    }
}

/// Throws away what has run out: sessions, answers kept for repetitions, absences.
async fn clean(app: &App) -> Result<()> {
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let idle = now - Duration::hours(app.policy.sessions.idle_hours.into());
    store::doors::delete_expired(&tx, now, idle).await?;
    store::doors::delete_outcomes_before(&tx, now - Duration::days(7)).await?;
    store::answers::delete_before(&tx, now - Duration::days(7)).await?;
    super::absences::clean(&tx, now).await?;
    super::import::clean(&tx, now).await?;
    store::changes::delete_old(&tx, CHANGES_KEPT).await?;
    Ok(tx.commit().await?)
}
