//! Somebody's own page: what waits for them, and what they were told (E4).

use super::{Desk, Whose, judge};
use crate::{
    app::App,
    domain::{cycle::Help, device::Device, id::PersonId, lifecycle::StateName},
    service::{Caller, Result, retests, standing},
    store,
};
use chrono::{DateTime, Duration, Utc};
use std::time::Duration as Span;

pub use crate::store::notices::Told;

/// The devices of a person's own page.
pub const MOST: u64 = 200;

/// So long a page waits for what is derived anew; it is derived all the same.
const WAITED: Span = Span::from_millis(500);

/// What somebody's own page shows (E4).
pub struct Mine {
    pub desk: Desk,
    /// Devices on which the reader has to confirm that they can be called: with the revision seen, and until when the
    /// last confirmation counts.
    pub confirmations: Vec<(String, u64, Option<DateTime<Utc>>)>,
    /// Help that the reader asked for and has not got.
    pub help: Vec<(String, Help)>,
    /// Devices of the reader's that a new release of another one asks to be tried out (G8).
    pub retests: Vec<retests::Listed>,
    /// The rules of conduct's version, where the reader has to accept it.
    pub conduct: Option<u32>,
    /// Topics whose training has run out or soon will.
    pub training: Vec<(String, DateTime<Utc>)>,
    pub told: Vec<Told>,
    pub unread: usize,
    /// How many devices wait for the reader, and how many of them as CTRL, as every page's bar says.
    pub turns: (u64, u64),
}

/// Everything of a person's own page. Where the list says that another number waits for them than is kept, time alone has
/// changed whose turn it is: that is derived anew, so that every page says the same. Reading goes on where nothing can be
/// written, or where many write (F4).
pub async fn mine(app: &App, caller: &Caller, me: PersonId) -> Result<Mine> {
    let mut mine = read_mine(app, caller, me).await?;
    let work = &mine.desk.work;
    let listed = work.iter().filter(|w| w.whose == Whose::Mine).count() as u64;
    // What is cut off is counted all the same.
    if (work.len() as u64) < MOST && listed != mine.turns.0 {
        let devices: Vec<Device> = work.iter().map(|w| w.device.clone()).collect();
        let owned = app.clone();
        let anew = app.outliving(async move { standing::look_again(&owned, &devices).await });
        if let Ok(done) = tokio::time::timeout(WAITED, anew).await {
            match done? {
                Ok(()) => mine.turns = store::standing::count_turns(&app.db.read, me).await?,
                Err(error) => tracing::warn!(%error, "whose turn it is could not be derived anew"),
            }
        }
    }
    Ok(mine)
}

async fn read_mine(app: &App, caller: &Caller, me: PersonId) -> Result<Mine> {
    let c = &app.db.snapshot().await?;
    let kept = store::work::list_of_person(c, me, MOST).await?;
    let desk = judge(c, app, caller, kept).await?;
    let told = store::notices::list(c, me, 20).await?;
    let turns = store::standing::count_turns(c, me).await?;
    let devices: Vec<&Device> = desk.work.iter().map(|w| &w.device).collect();
    let retests = retests::waiting_for(c, me, &devices).await?;
    let live = || desk.work.iter().map(|w| &w.device).filter(|d| !d.state.name().is_end());
    let confirmations = live()
        .filter(|d| d.state.name() != StateName::CtrlOwned)
        .filter_map(|d| {
            let own = d.contacts.iter().find(|c| c.person == me)?;
            let until = own.confirmed_until(&app.policy);
            let asked = until.is_none() || own.reminder(&app.policy, desk.now).is_some();
            asked.then(|| (d.name().to_owned(), d.revision, until))
        })
        .collect();
    let asked_by_me = |h: &&Help| h.given.is_none() && h.asked.as_ref().is_some_and(|r| r.mark.by == me);
    let help = live()
        .flat_map(|d| d.cycle.help.iter().filter(asked_by_me).map(|h| (d.name().to_owned(), h.clone())))
        .collect();
    let version = app.policy.conduct.version;
    let person = desk.people.get(me);
    let accepted = person.and_then(|p| p.conduct.as_deref()) == Some(version.to_string().as_str());
    let contributes = live().any(|d| d.is_contributor(me));
    let expires = desk.now + Duration::days(30);
    let training = match person {
        Some(p) if contributes => p
            .trained
            .iter()
            .filter(|(_, until)| **until < expires)
            .map(|(id, until)| {
                let topic = app.policy.training.topics.iter().find(|t| t.id == *id);
                (topic.map_or_else(|| id.clone(), |t| t.name.clone()), *until)
            })
            .collect(),
        _ => Vec::new(),
    };
    let unread = told.iter().filter(|t| !t.seen).count();
    let conduct = (contributes && !accepted).then_some(version);
    Ok(Mine { confirmations, help, retests, conduct, training, told, unread, turns, desk })
}

/// Marks everything that somebody was told as read.
pub async fn mark_read(app: &App, me: PersonId) -> Result<()> {
    let owned = app.clone();
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        store::notices::mark_seen(&tx, me, owned.clock.now()).await?;
        Ok(tx.commit().await?)
    })
    .await?
}
