//! What CTRL is waited for, what is late first; and what nobody answers for any more (L6, T2, B4, N4).

use super::{
    Caller, Result,
    work::{self, Desk},
};
use crate::{
    app::App,
    domain::{device::Device, id::PersonId, person::People, support::Verdict},
    store,
};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use std::collections::BTreeSet;

/// Rows on a page.
pub const PAGE: u64 = 50;

/// What is due within this many days is in the queue.
const SOON_DAYS: i64 = 14;

/// What the queue is asked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Only what the reader takes care of or is waited for.
    pub mine: bool,
    pub instrument: Option<String>,
    pub after: Option<(NaiveDate, String)>,
}

/// A page of the queue, and where the next one begins.
pub async fn list(app: &App, caller: &Caller, wanted: &Wanted) -> Result<(Desk, Option<(NaiveDate, String)>)> {
    let today = super::facts::today(app, app.clock.now());
    let q = store::work::Queue {
        of: caller.actor.person().filter(|_| wanted.mine),
        instrument: wanted.instrument.clone(),
        soon: today + Duration::days(SOON_DAYS),
        after: wanted.after.clone(),
    };
    let c = &app.db.snapshot().await?;
    let mut kept = store::work::list_queue(c, &q, PAGE + 1).await?;
    let more = kept.len() as u64 > PAGE;
    kept.truncate(PAGE as usize);
    let next = more.then(|| kept.last().map(|k| (k.due, k.device.name().to_owned()))).flatten();
    Ok((work::judge(c, app, caller, kept).await?, next))
}

/// A device that nobody answers for.
#[derive(Clone, Debug)]
pub struct Orphan {
    pub device: Device,
    pub verdict: Option<Verdict>,
    pub since: DateTime<Utc>,
    pub why: String,
}

/// A page of orphaned devices, those that wait longest first.
pub struct Orphans {
    pub now: DateTime<Utc>,
    pub all: Vec<Orphan>,
    pub people: People,
    pub next: Option<(DateTime<Utc>, String)>,
}

/// Devices whose contributors cannot be reached any more (N4).
pub async fn orphans(app: &App, after: Option<&(DateTime<Utc>, String)>) -> Result<Orphans> {
    let c = &app.db.snapshot().await?;
    let now = app.clock.now();
    let mut kept = store::work::list_orphans(c, now, after, PAGE + 1).await?;
    let more = kept.len() as u64 > PAGE;
    kept.truncate(PAGE as usize);
    let next = more.then(|| kept.last().and_then(|k| Some((k.orphan_at?, k.device.name().to_owned())))).flatten();
    let ids: BTreeSet<PersonId> = kept.iter().flat_map(|k| k.device.people()).collect();
    let people = store::people::load_names(c, &ids).await?;
    let all = kept
        .into_iter()
        .map(|k| Orphan {
            why: why(&k.device, &people),
            since: k.orphan_at.unwrap_or(now),
            verdict: k.verdict,
            device: k.device,
        })
        .collect();
    Ok(Orphans { now, all, people, next })
}

fn why(d: &Device, people: &People) -> String {
    if d.contributors.iter().all(|c| !people.active(*c)) {
        return format!("The accounts of its contributors are closed: {}.", people.names(&d.contributors));
    }
    let contacts = d.contacts.iter().map(|c| &c.person);
    format!("None of its contacts has a number and a confirmation that counts: {}.", people.names(contacts))
}
