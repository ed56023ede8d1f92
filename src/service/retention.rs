//! What is no record is kept for as long as the policy says, and deleted then (A37). The journal and what it tells of stay.

use super::{Result, checks};
use crate::{
    app::App,
    domain::guessing,
    jobs::{Job, counted},
    store,
};
use chrono::Duration;

/// Between two looks.
const EVERY: std::time::Duration = std::time::Duration::from_secs(3600);

/// Looks at once and then every hour, until Custody stops; of several replicas one does. A round that fails is logged, and
/// the next one tries again.
pub async fn run(app: App) {
    while checks::turn(&app).await {
        let said = |n: &usize| counted(*n, "thing deleted", "things deleted");
        if let Err(error) = app.watched(Job::Retention, EVERY, sweep(&app), said).await {
            tracing::error!(%error, "what is kept no longer could not be deleted");
        }
        tokio::select! {
            _ = app.stop.cancelled() => return,
            _ = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Deletes what is older than the policy keeps it; how much of notices, links, looks and what has stopped that was.
pub async fn sweep(app: &App) -> Result<usize> {
    let owned = app.clone();
    app.outliving(async move {
        let (of, now) = (&owned.policy.retention, owned.clock.now());
        let before = |days: u32| now - Duration::days(days.into());
        let tx = owned.db.begin().await?;
        let mut gone = store::erasure::delete_notices_before(&tx, before(of.notices_days)).await?;
        gone += store::erasure::delete_links_before(&tx, before(of.links_days)).await?;
        gone += store::erasure::delete_looked_before(&tx, before(of.looked_days)).await?;
        gone += store::instances::delete_stopped_before(&tx, before(of.stopped_days)).await?;
        store::outbox::delete_ended_before(&tx, before(of.outbox_days)).await?;
        store::hooks::delete_deliveries_before(&tx, before(of.deliveries_days)).await?;
        store::guesses::delete_old(&tx, now - guessing::KNOWN, now - guessing::FORGOTTEN, guessing::MOST).await?;
        super::import::clean(&tx, now).await?;
        tx.commit().await?;
        Ok(usize::try_from(gone).unwrap_or(usize::MAX))
    })
    .await?
}
