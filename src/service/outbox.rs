//! Delivers what is in the outbox (O5, F8): claims it for a while, sends it outside any transaction, and marks it.
//!
//! Whoever crashes between sending and marking sends again under the same id once the claim has run out.

mod desk;
mod send;

pub use crate::store::outbox::{Claimed, Place, Road, State};
pub use desk::{After, Desk, Line, Part, again, count_failed, give_up, overview};
pub use send::{Target, target, try_out};

use super::Result;
use crate::{
    app::App,
    domain::telling::{Owner, Undelivered, after_quiet, next_try},
    jobs::{Job, counted},
    store::{self, Tx, outbox::Outcome, roster::Roster},
};
use chrono::{DateTime, Duration, Utc};
use std::time::Duration as Span;
use tokio::task::{JoinError, JoinSet};
use uuid::Uuid;

/// How many messages are under way at once on one road.
const AT_ONCE: usize = 8;

/// How long the outbox is left alone when nothing is due.
const PAUSE: Span = Span::from_secs(2);

/// What is under way when Custody is told to stop has this long to end.
const ENDING: Span = Span::from_secs(5);

/// Delivers until Custody stops, and ends what is under way then. What takes longer is sent again after the next start,
/// under the same id.
pub async fn run(app: App) {
    let too_long = async {
        app.stop.cancelled().await;
        tokio::time::sleep(ENDING).await;
    };
    let both = async { tokio::join!(go(&app, Road::Mail), go(&app, Road::Chat)) };
    tokio::select! {
        _ = both => {}
        () = too_long => tracing::warn!("stopped although messages were still under way"),
    }
}

async fn go(app: &App, road: Road) {
    let mut under_way = JoinSet::new();
    let job = match road {
        Road::Mail => Job::Mail,
        Road::Chat => Job::Chats,
    };
    while !app.stop.is_cancelled() {
        let work = claim(app, road, AT_ONCE - under_way.len());
        let said = |(_, taken): &(String, Vec<Claimed>)| counted(taken.len(), "message sent", "messages sent");
        let pause = match app.watched(job, PAUSE, work, said).await {
            Ok((lease, claimed)) => {
                for one in claimed {
                    let (app, lease) = (app.clone(), lease.clone());
                    under_way.spawn(async move { deliver(&app, &lease, one).await });
                }
                PAUSE
            }
            Err(error) => {
                tracing::error!(%error, "the outbox could not be read");
                PAUSE * 5
            }
        };
        tokio::select! {
            () = app.stop.cancelled() => {}
            Some(done) = under_way.join_next() => {
                // What has ended by now makes room for one claim, and not for one each.
                let mut unmarked = is_unmarked(done);
                while let Some(done) = under_way.try_join_next() {
                    unmarked |= is_unmarked(done);
                }
                if unmarked {
                    tokio::time::sleep(PAUSE).await;
                }
            }
            () = tokio::time::sleep(pause) => {}
        }
    }
    while let Some(done) = under_way.join_next().await {
        is_unmarked(done);
    }
}

/// Whether a delivery could not be marked, which is logged.
fn is_unmarked(done: std::result::Result<Result<()>, JoinError>) -> bool {
    let Ok(Err(error)) = done else { return false };
    tracing::error!(%error, "a delivery could not be marked and will be repeated");
    true
}

/// Delivers what is due now, once; how many messages were tried.
pub async fn round(app: &App) -> Result<usize> {
    let mut tried = 0;
    for road in [Road::Mail, Road::Chat] {
        let (lease, claimed) = claim(app, road, AT_ONCE).await?;
        tried += claimed.len();
        let each = claimed.into_iter().map(|one| deliver(app, &lease, one));
        for done in futures_util::future::join_all(each).await {
            done?;
        }
    }
    Ok(tried)
}

/// Claims up to so many messages that are due, with the name of the claim.
pub async fn claim(app: &App, road: Road, most: usize) -> Result<(String, Vec<Claimed>)> {
    let now = app.clock.now();
    let (c, lease) = (&app.db.read, Uuid::new_v4().to_string());
    if most == 0 {
        return Ok((lease, Vec::new()));
    }
    let ahead = store::outbox::is_any_ahead(c, now).await?;
    if !ahead && !store::outbox::is_any_due(c, road, now).await? {
        return Ok((lease, Vec::new()));
    }
    let (owned, name) = (app.clone(), lease.clone());
    let claimed = app
        .outliving(async move {
            let tx = owned.db.begin().await?;
            if ahead {
                store::outbox::set_right(&tx, now).await?;
            }
            put_off(&tx, &owned, road, now).await?;
            let claimed = store::outbox::claim(&tx, road, &name, now, most).await?;
            tx.commit().await?;
            Ok::<_, super::Error>(claimed)
        })
        .await??;
    Ok((lease, claimed))
}

/// What was due before quiet hours, and is not urgent, does not come in the middle of them.
async fn put_off(tx: &Tx, app: &App, road: Road, now: DateTime<Utc>) -> Result<()> {
    let roster = app.roster.current(tx).await?;
    for channel in store::outbox::list_channels_due(tx, road, now).await? {
        let until = not_in_quiet_hours(app, &roster, &channel, now);
        if until > now {
            store::outbox::put_off(tx, &channel, road, now, until).await?;
        }
    }
    Ok(())
}

/// The same moment, or the end of the channel's quiet hours that it falls into.
fn not_in_quiet_hours(app: &App, roster: &Roster, channel: &str, at: DateTime<Utc>) -> DateTime<Utc> {
    let Some(channel) = roster.channel(channel) else { return at };
    let person = match channel.owner {
        Owner::Person(person) => roster.person(person),
        Owner::Team(_) => None,
    };
    let zone = person.map_or(app.policy.facility.time_zone, |p| p.zone(&app.policy));
    after_quiet(&channel.preferences, zone, at)
}

/// Sends one message and marks what became of it.
pub async fn deliver(app: &App, lease: &str, claimed: Claimed) -> Result<()> {
    let began = app.clock.now();
    let sent = send::send(app, &claimed).await?;
    let (owned, lease) = (app.clone(), lease.to_owned());
    app.outliving(async move {
        let now = owned.clock.now();
        let tx = owned.db.begin().await?;
        let outcome = match sent {
            Ok(()) => Outcome::Delivered,
            Err(undelivered) => {
                let roster = owned.roster.current(&tx).await?;
                judge(&owned, &roster, &claimed, undelivered, (began, now))
            }
        };
        match &outcome {
            Outcome::Delivered => tracing::debug!(message = claimed.message, "delivered"),
            Outcome::Later { at, .. } => tracing::info!(message = claimed.message, %at, "not delivered, tried again"),
            Outcome::Failed(_) => tracing::warn!(message = claimed.message, "not delivered, for good"),
        }
        store::outbox::settle(&tx, &claimed.message, &lease, outcome, now).await?;
        Ok(tx.commit().await?)
    })
    .await?
}

/// Whether and when a message that did not arrive in a try, from its beginning until now, is tried again.
fn judge(
    app: &App,
    roster: &Roster,
    claimed: &Claimed,
    undelivered: Undelivered,
    (began, now): (DateTime<Utc>, DateTime<Utc>),
) -> Outcome {
    let (why, after) = match undelivered {
        Undelivered::Never { why } => return Outcome::Failed(why),
        Undelivered::Later { why, after } => (why, after),
    };
    let days = app.policy.telling.retry_days;
    if now - claimed.tried_since >= Duration::days(days.into()) {
        return Outcome::Failed(format!("{why}. Tried for {days} days"));
    }
    let at = next_try(claimed.attempts, now, jitter());
    // What the other side asks for, within a day.
    let asked = after.and_then(|a| Duration::from_std(a).ok()).map_or(now, |a| now + a.min(Duration::days(1)));
    let at = at.max(asked);
    let at = if claimed.urgent { at } else { not_in_quiet_hours(app, roster, &claimed.channel, at) };
    Outcome::Later { at, began, why }
}

fn jitter() -> f64 {
    f64::from(Uuid::new_v4().as_fields().0) / f64::from(u32::MAX)
}

/// Forgets what ended long ago.
pub async fn clean(app: &App) -> Result<()> {
    let tx = app.db.begin().await?;
    store::outbox::delete_ended_before(&tx, app.clock.now() - Duration::days(app.policy.retention.outbox_days.into()))
        .await?;
    Ok(tx.commit().await?)
}
