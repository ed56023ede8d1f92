//! What others did to somebody's account, told to them alone (A31, O5): whoever has an administrator's place, or has taken
//! it, does not do so unseen.

use super::{Telling, tell};
use crate::{
    app::App,
    domain::id::PersonId,
    service::{Caller, Result},
    store::{self, Tx, journal::Line, notices::ACCOUNT},
};

/// Puts on record what was done to a person's account, and tells them where somebody else `did` it. Nobody is told whose
/// record is closed, or closed by it.
pub(in crate::service) async fn account_changed(
    tx: &Tx,
    app: &App,
    caller: &Caller,
    person: PersonId,
    line: Line,
    did: &str,
) -> Result<()> {
    let entries = store::journal::append(tx, vec![line]).await?;
    let by = caller.actor.person();
    if by == Some(person) {
        return Ok(());
    }
    let roster = app.roster.current(tx).await?;
    if !roster.person(person).is_some_and(|p| p.active) {
        return Ok(());
    }
    let who = by.map_or("Custody", |by| roster.everybody().name(by));
    let telling = |seq: i64| Telling {
        to: person,
        device: None,
        key: format!("{ACCOUNT}{seq}"),
        at: app.clock.now(),
        text: format!("{who} {did}"),
        path: "/account".to_owned(),
        urgent: true,
    };
    tell(tx, app, &roster, entries.iter().map(|entry| telling(entry.seq)).collect(), Vec::new()).await
}

/// The same of what may be done before they ever come here: whom nothing leads to yet has nothing that anybody could take
/// over, and would hear of an account that they never opened. Whoever lost the last that led to them was told of that.
pub(in crate::service) async fn account_in_use_changed(
    tx: &Tx,
    app: &App,
    caller: &Caller,
    person: PersonId,
    line: Line,
    did: &str,
) -> Result<()> {
    if store::accounts::list_of(tx, person).await?.is_empty() {
        store::journal::append(tx, vec![line]).await?;
        return Ok(());
    }
    account_changed(tx, app, caller, person, line, did).await
}
