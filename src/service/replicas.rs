//! Several replicas on one PostgreSQL act as one: each hears at once what the others committed, and one of them does
//! what only one does.

use super::{Result, feed};
use crate::{
    app::App,
    domain::id::ServerName,
    store::replicas::{Heard, list_seen},
};
use chrono::{DateTime, TimeDelta, Utc};
use std::{collections::BTreeMap, time::Duration};

/// How long a lost connection is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// A database that has not told after this when what runs was seen does not answer.
const READ_WITHIN: Duration = Duration::from_secs(15);

/// By so much the clocks of replicas may differ, and so long may it take until a loss shows.
const MARGIN: TimeDelta = TimeDelta::minutes(2);

/// Hears what the others commit, until Custody stops. What is missed meanwhile, the feed finds by itself within a second;
/// what was merely seen again is read once it hears again.
pub async fn hear(app: App) {
    let mut heard_at = app.clock.now();
    loop {
        tokio::select! {
            _ = app.stop.cancelled() => return,
            lost = listen(&app, &mut heard_at) => match lost {
                // Nobody else writes to a file.
                Ok(()) => return,
                Err(error) => tracing::warn!(%error, "other replicas are not heard"),
            },
        }
        tokio::select! {
            _ = app.stop.cancelled() => return,
            _ = tokio::time::sleep(PAUSE) => {}
        }
    }
}

async fn listen(app: &App, heard_at: &mut DateTime<Utc>) -> Result<()> {
    let Some(mut ear) = app.db.listen().await? else { return Ok(()) };
    let mut heard = Heard::Gap;
    loop {
        match heard {
            Heard::Change => app.projection.wake(),
            Heard::Seen(at, servers) => see_again(app, Some(&servers), at).await?,
            Heard::Gap => {
                app.projection.wake();
                see_again(app, None, *heard_at - MARGIN).await?;
            }
        }
        *heard_at = app.clock.now();
        heard = ear.hear().await?;
    }
}

/// Reads when what runs was seen, and nothing else of it.
async fn see_again(app: &App, servers: Option<&[ServerName]>, from: DateTime<Utc>) -> Result<()> {
    let mut by_moment: BTreeMap<DateTime<Utc>, Vec<(String, ServerName)>> = BTreeMap::new();
    let seen = feed::within(READ_WITHIN, async { Ok(list_seen(&app.db.read, servers, from).await?) });
    for (instance, server, at) in seen.await? {
        by_moment.entry(at).or_default().push((instance, server));
    }
    for (at, all) in by_moment {
        app.projection.see_again(all.iter().map(|(instance, server)| (instance.as_str(), server)), at);
    }
    Ok(())
}

/// Tries to be the replica that does what only one does, until Custody stops.
pub async fn be_first(app: App) {
    loop {
        tokio::select! {
            _ = app.stop.cancelled() => return,
            lost = app.db.be_first() => {
                let Err(error) = lost;
                tracing::warn!(%error, "what one replica does alone waits");
            }
        }
        tokio::select! {
            _ = app.stop.cancelled() => return,
            _ = tokio::time::sleep(PAUSE) => {}
        }
    }
}
