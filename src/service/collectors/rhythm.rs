//! When each collector asks: in its own rhythm, one at a time, and by one replica (F9).

use super::poll;
use crate::{app::App, domain::policy::Collector, service::Result, store};
use chrono::Duration;

/// The shortest and the longest time between two looks at whether it is due.
const SHORTEST: std::time::Duration = std::time::Duration::from_secs(1);
const LONGEST: std::time::Duration = std::time::Duration::from_secs(60);

/// Has every collector of the policy ask until Custody stops. One that hangs holds up none of the others.
pub async fn run(app: App) {
    let mut all = tokio::task::JoinSet::new();
    for of in app.policy.observations.collectors.clone() {
        let app = app.clone();
        all.spawn(async move { keep(&app, &of).await });
    }
    while let Some(ended) = all.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a collector ended, and asks no more");
        }
    }
}

async fn keep(app: &App, of: &Collector) {
    loop {
        let wait = tokio::select! {
            _ = app.stop.cancelled() => return,
            done = turn(app, of) => done.unwrap_or_else(|error| {
                tracing::error!(collector = of.name, %error, "a collector could not be looked after");
                LONGEST
            }),
        };
        tokio::select! {
            _ = app.stop.cancelled() => return,
            _ = tokio::time::sleep(wait) => {}
        }
    }
}

/// Asks where it is due; how long it is until the next look.
async fn turn(app: &App, of: &Collector) -> Result<std::time::Duration> {
    let doing = match poll(app, of).await? {
        Some(done) => Some(done),
        None => store::collectors::find(&app.db.read, &of.name).await?,
    };
    // Another replica asks, or somebody had it asked: what they leave is looked at when they are through.
    let due = doing.map_or_else(Duration::zero, |d| d.asking_until.unwrap_or(d.due).max(d.due) - app.clock.now());
    Ok(due.to_std().unwrap_or_default().clamp(SHORTEST, LONGEST))
}
