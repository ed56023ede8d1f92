//! Who knew what, and when: every change of support on record, and what is new since somebody last looked (H8).

use super::{Change, Changes, judged};
use crate::{
    app::App,
    domain::{id::PersonId, shift::day_of},
    service::{Caller, Error, Result},
    store::{self, shift::Filter},
};
use chrono::{DateTime, Duration, NaiveDate, Utc};

/// Changes on a page of the record.
pub const PAGE: u64 = 50;
/// Changes that are read at once for a file of all of them.
pub const EXPORTED: u64 = 1000;

/// Which part of the record is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// A device's name; empty for all.
    pub device: String,
    /// A day of the facility's calendar.
    pub day: Option<NaiveDate>,
    /// Only what is older than this change.
    pub before: Option<i64>,
}

/// A page of the record, newest first.
#[derive(Clone, Debug)]
pub struct Proof {
    pub changes: Changes,
    /// Where the next, older page begins.
    pub older: Option<i64>,
    /// False where a device was asked for that is on no record.
    pub known: bool,
}

/// The record, newest first. A fixed number of queries.
pub async fn proof(app: &App, wanted: &Wanted, most: u64) -> Result<Proof> {
    let c = &app.db.snapshot().await?;
    let device = match wanted.device.as_str() {
        "" => None,
        name => match store::devices::find_by_name(c, name).await? {
            Some(d) => Some(d.id),
            None => {
                let changes = judged(c, app, Vec::new()).await?;
                return Ok(Proof { changes, older: None, known: false });
            }
        },
    };
    let between = wanted.day.map(|d| day_of(&app.policy, d));
    let filter = Filter { device, between, before: wanted.before };
    let mut kept = store::shift::list(c, &filter, most + 1).await?;
    let more = kept.len() as u64 > most;
    kept.truncate(most as usize);
    let older = more.then(|| kept.last().map(|k| k.seq)).flatten();
    Ok(Proof { changes: judged(c, app, kept).await?, older, known: true })
}

/// Up to where somebody has looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// The newest change that they have seen; `None` where they never looked.
    pub seq: Option<i64>,
    pub at: Option<DateTime<Utc>>,
    /// Changes after it, as far back as the policy says.
    pub new: u64,
    /// The newest change of all.
    pub newest: Option<i64>,
    /// As far back as what is new goes.
    pub since: DateTime<Utc>,
}

impl Looked {
    /// Whether this change is new to them.
    pub fn is_new(&self, change: &Change) -> bool {
        change.at >= self.since && self.seq.is_none_or(|seq| change.seq > seq)
    }
}

/// The newest change that somebody has seen, by their own word.
pub async fn looked(app: &App, me: PersonId) -> Result<Option<i64>> {
    Ok(store::shift::find_looked(&app.db.read, me).await?.map(|(seq, _)| seq))
}

/// What is new to somebody since they last looked. Three queries.
pub async fn news(app: &App, me: PersonId) -> Result<Looked> {
    let c = &app.db.snapshot().await?;
    let found = store::shift::find_looked(c, me).await?;
    let seq = found.map(|(seq, _)| seq);
    let since = app.clock.now() - Duration::days(app.policy.shift.look_back_days.into());
    Ok(Looked {
        seq,
        at: found.map(|(_, at)| at),
        new: store::shift::count_after(c, seq.unwrap_or(0), since).await?,
        newest: store::shift::find_newest(c).await?,
        since,
    })
}

/// Somebody says that they have seen everything up to this change. It speaks for nobody but them, and acknowledges
/// nothing.
pub async fn look(app: &App, caller: &Caller, seq: i64) -> Result<()> {
    let me = caller.actor.person().ok_or(Error::NotFound)?;
    let owned = app.clone();
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        // Nobody has seen what has not happened yet.
        if let Some(newest) = store::shift::find_newest(&tx).await? {
            store::shift::save_looked(&tx, me, seq.clamp(0, newest), owned.clock.now()).await?;
        }
        Ok(tx.commit().await?)
    })
    .await?
}
