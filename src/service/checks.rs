//! Custody's own regular checks: tags that moved or vanished, repositories, contacts whose word ages, what has run out
//! (G2, L4, N4).

use super::{
    Caller, Error, Result,
    act::{Ask, act},
    reconcile::{self, Refused},
};
use crate::{
    app::App,
    domain::{device::Device, lifecycle::Command},
    store,
};
use chrono::Duration;

/// So many changes are kept for whoever catches up by them; who is further behind reads everything anew.
const CHANGES_KEPT: i64 = 100_000;

/// How often permits that ran out are looked for.
const DEPLOYMENTS_EVERY: std::time::Duration = std::time::Duration::from_secs(5);

/// Goes round until Custody stops. A round that fails is logged, and the next one tries again.
pub async fn run(app: App) {
    let mut refused = Refused::default();
    let every = std::time::Duration::from_secs(u64::from(app.policy.releases.recheck_minutes) * 60);
    loop {
        tokio::select! {
            _ = app.stop.cancelled() => return,
            _ = tokio::time::sleep(every) => {}
        }
        tokio::select! {
            _ = app.stop.cancelled() => return,
            done = go_round(&app, &mut refused) => if let Err(error) = done {
                tracing::error!(%error, "a round of checks did not end");
            },
        }
    }
}

/// Every few seconds: what deploy tools never began gives its server back. A failure is logged, and tried again.
pub async fn run_deployments(app: App) {
    loop {
        tokio::select! {
            _ = app.stop.cancelled() => return,
            _ = tokio::time::sleep(DEPLOYMENTS_EVERY) => {}
        }
        if let Err(error) = super::deployments::keep(&app).await {
            tracing::error!(%error, "deployments could not be looked after");
        }
        if let Err(error) = super::overrides::keep(&app).await {
            tracing::error!(%error, "overrides could not be looked after");
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
        if let Err(error) = super::moving_on::keep(&app).await {
            tracing::error!(%error, "what waits to move on could not be looked after");
        }
    }
}

/// One round over every live device; how many were looked at.
pub async fn round(app: &App) -> Result<usize> {
    go_round(app, &mut Refused::default()).await
}

async fn go_round(app: &App, refused: &mut Refused) -> Result<usize> {
    clean(app).await?;
    super::outbox::clean(app).await?;
    super::permits::keep(app).await?;
    let mut after = String::new();
    let mut looked = 0;
    loop {
        let page = store::devices::list_live_after(&app.db.read, &after, 50).await?;
        let Some(last) = page.last() else {
            return Ok(looked);
        };
        after = last.name().to_owned();
        super::confirmations::remind(app, &page).await?;
        for device in &page {
            look(app, device).await;
            reconcile::find_new(app, device, refused).await;
            looked += 1;
        }
    }
}

/// One device's repository, and each tag that still matters: what is placed, and what CTRL owns or may take.
async fn look(app: &App, device: &Device) {
    let tags = device.releases.iter().map(|r| Command::CheckTag { tag: r.tag().clone() });
    for command in std::iter::once(Command::CheckRepository {}).chain(tags) {
        match act(app, &Caller::custody(), device.name(), Ask::from(command)).await {
            Ok(_) | Err(Error::Refused(_)) => {}
            Err(error) => tracing::warn!(device = device.name(), %error, "a check did not end"),
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
    super::absences::clean(&tx, now).await?;
    store::changes::delete_old(&tx, CHANGES_KEPT).await?;
    Ok(tx.commit().await?)
}
