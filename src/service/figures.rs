//! How Custody and what it keeps stands, in figures: for whoever keeps it running. From memory, and a few cheap queries.

use super::{Result, cadence, collectors};
use crate::{
    app::App,
    domain::{drift, lifecycle::StateName, support::Support},
    store::{self, outbox},
};
use chrono::{DateTime, Utc};
use std::time::Duration;
use strum::IntoEnumIterator;

/// Durations are put together this often.
const EVERY: Duration = Duration::from_secs(5);

/// A database that has not answered after this is said to be away.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// States of what is in the outbox and has not arrived.
const NOT_DELIVERED: [outbox::State; 3] = [outbox::State::Waiting, outbox::State::Failed, outbox::State::GivenUp];

/// Everything at one moment. Ages are in seconds.
#[derive(Clone, Debug)]
pub struct Standing {
    pub devices_by_state: Vec<(&'static str, u64)>,
    pub devices_by_support: Vec<(&'static str, u64)>,
    /// Instances that run and are not registered.
    pub strangers: u64,
    pub unacknowledged: usize,
    /// 0 where every change is acknowledged (H8).
    pub oldest_unacknowledged: i64,
    /// 0 where nothing is under review.
    pub oldest_review: i64,
    /// The last change that is on the board.
    pub shown: i64,
    /// Since when no checkpoint of the journal was taken; `None` where this Custody takes none.
    pub checkpoint: Option<i64>,
    /// Statements since the start.
    pub statements: u64,
    /// `None` while the database does not answer.
    pub kept: Option<Kept>,
}

/// What only the database knows.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The last change that there is.
    pub last: i64,
    pub incidents: Vec<(&'static str, u64)>,
    pub outbox: Vec<(&'static str, u64)>,
    pub collectors: Vec<Collector>,
    /// Devices that are behind in their cadence, by environment (G7).
    pub behind: Vec<(&'static str, u64)>,
}

#[derive(Clone, Debug)]
pub struct Collector {
    pub name: String,
    /// `None` where it has never seen everything.
    pub view_age: Option<i64>,
    /// Polls that failed since it last did.
    pub failures: u32,
}

/// Everything as it is now; without the database, what is in memory.
pub async fn gather(app: &App) -> Standing {
    let now = app.clock.now();
    let kept = match tokio::time::timeout(ANSWERS_WITHIN, read(app, now)).await {
        Ok(Ok(kept)) => Some(kept),
        Ok(Err(error)) => {
            tracing::debug!(%error, "figures without the database");
            None
        }
        Err(_) => None,
    };
    let shown = app.projection.current().seq;
    let state = app.projection.read();
    let count = |of: &dyn Fn(Option<StateName>, Option<Support>) -> bool| -> u64 {
        let everywhere = state.counts().iter().filter(|((instrument, ..), _)| instrument.is_none());
        everywhere.filter(|((_, state, support), _)| of(*state, *support)).map(|(_, n)| n).sum()
    };
    // Drafts are private to their authors.
    let states = StateName::iter().filter(|s| *s != StateName::Draft);
    let reviews = state.cards().filter(|c| c.state == StateName::UnderReview).filter_map(|c| c.state_since);
    Standing {
        devices_by_state: states.map(|s| (s.into(), count(&|state, _| state == Some(s)))).collect(),
        devices_by_support: Support::iter()
            .map(|s| (s.into(), count(&|state, support| state.is_some() && support == Some(s))))
            .collect(),
        strangers: count(&|state, _| state.is_none()),
        unacknowledged: state.count_unacknowledged(now).0,
        oldest_unacknowledged: state.oldest_unacknowledged().map_or(0, |at| age(at, now)),
        oldest_review: reviews.min().map_or(0, |at| age(at, now)),
        shown,
        checkpoint: app.figures.last_checkpoint().map(|at| age(at, now)),
        statements: app.db.statements(),
        kept,
    }
}

async fn read(app: &App, now: DateTime<Utc>) -> Result<Kept> {
    let c = &app.db.read;
    let last = store::changes::find_range(c).await?.map_or(0, |(_, last)| last);
    let open = store::incidents::count_open(c).await?;
    let waiting = store::outbox::count(c, &NOT_DELIVERED).await?;
    let of = |state: outbox::State| waiting.iter().find(|(s, _)| *s == state).map_or(0, |(_, many)| *many);
    let collectors = collectors::list(app).await?.into_iter().map(|shown| Collector {
        name: shown.collector.name,
        view_age: shown.doing.as_ref().and_then(|d| d.view).map(|at| age(at, now)),
        failures: shown.doing.map_or(0, |d| d.failures),
    });
    Ok(Kept {
        last,
        incidents: drift::Kind::iter().map(|k| (k.into(), open.get(&k).copied().unwrap_or_default())).collect(),
        outbox: NOT_DELIVERED.map(|s| (s.into(), of(s))).to_vec(),
        collectors: collectors.collect(),
        behind: count_behind(app).await?,
    })
}

/// Of every device what was deployed last: too much for each time that somebody asks, which is every few seconds.
async fn count_behind(app: &App) -> Result<Vec<(&'static str, u64)>> {
    if let Some(counted) = app.figures.behind() {
        return Ok(counted);
    }
    let behind = cadence::count_behind(app).await?;
    app.figures.set_behind(&behind);
    Ok(behind)
}

/// In whole seconds; a clock that was set back makes nothing younger than new (F10).
fn age(at: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
    (now - at).num_seconds().max(0)
}

/// Keeps what is counted small, until Custody stops.
pub async fn run(app: App) {
    loop {
        tokio::select! {
            _ = app.stop.cancelled() => return,
            _ = tokio::time::sleep(EVERY) => app.figures.gather_durations(),
        }
    }
}
