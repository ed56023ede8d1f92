//! A person's private calendar: an address that needs no sign-in, because calendar programs have none. Its secret is
//! shown once and kept as a hash; it dies with the account (A31, O4).

use super::{Caller, Error, Result, secret, sessions};
use crate::{
    app::App,
    domain::{
        agenda::{self, Day},
        id::{DeviceId, PersonId},
        lifecycle::StateName,
        person_entry::PersonEntry,
    },
    store,
};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// So many reviews at once are looked through for a reviewer's own.
const REVIEWS: u64 = 1000;

/// When a person's address was made, where they have one.
pub async fn made(app: &App, person: PersonId) -> Result<Option<DateTime<Utc>>> {
    Ok(store::calendar::find_made(&app.db.read, person).await?)
}

/// Makes somebody's own address, in the place of the one they had, and gives its secret.
pub async fn make(app: &App, caller: &Caller) -> Result<String> {
    let me = caller.actor.person().ok_or(Error::NotFound)?;
    let opens = secret::new();
    let now = app.clock.now();
    let line = sessions::line(me, PersonEntry::CalendarMade, caller.actor, &caller.origin, now);
    let (owned, hash) = (app.clone(), secret::hash(&opens));
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        // An account that is closed meanwhile gets none.
        if !store::people::load_names(&tx, &BTreeSet::from([me])).await?.active(me) {
            return Err(Error::NotFound);
        }
        store::calendar::save(&tx, me, &hash, now).await?;
        store::journal::append(&tx, vec![line]).await?;
        Ok(tx.commit().await?)
    })
    .await??;
    Ok(opens)
}

/// Ends somebody's own address at once.
pub async fn remove(app: &App, caller: &Caller) -> Result<()> {
    let me = caller.actor.person().ok_or(Error::NotFound)?;
    let line = sessions::line(me, PersonEntry::CalendarRemoved, caller.actor, &caller.origin, app.clock.now());
    let owned = app.clone();
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        if store::calendar::delete(&tx, me).await? {
            store::journal::append(&tx, vec![line]).await?;
        }
        Ok(tx.commit().await?)
    })
    .await?
}

/// The days of whoever has this address, in order. It is found by its hash, so that no comparison tells how near a
/// guess was. Five queries.
pub async fn read(app: &App, opens: &str) -> Result<Vec<Day>> {
    let c = &app.db.snapshot().await?;
    if opens.is_empty() || opens.len() > 200 {
        return Err(Error::NotFound);
    }
    let person = store::calendar::find_person(c, &secret::hash(opens)).await?.ok_or(Error::NotFound)?;
    if !store::people::load_names(c, &BTreeSet::from([person])).await?.active(person) {
        return Err(Error::NotFound);
    }
    let related = store::devices::list_of_person(c, person).await?;
    // Whose turn a review is counts as much as what they said in it.
    let mine = related.into_iter().filter(|d| d.review().is_some() || agenda::concerns(d, person));
    let reviews = store::devices::list_in_states(c, &[StateName::UnderReview], REVIEWS).await?;
    let reviews = reviews.into_iter().filter(|d| agenda::concerns(d, person));
    let devices: BTreeMap<DeviceId, _> = reviews.chain(mine).map(|d| (d.id, d)).collect();
    let named = devices.values().flat_map(|d| d.contacts.iter().map(|c| c.person)).collect();
    let people = store::people::load_names(c, &named).await?;
    let mut days: Vec<Day> = devices.values().flat_map(|d| agenda::days(d, &people, &app.policy)).collect();
    days.sort_by(|a, b| (a.on, &a.id).cmp(&(b.on, &b.id)));
    Ok(days)
}
