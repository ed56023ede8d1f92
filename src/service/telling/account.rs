//! What others did to somebody's account, told to them alone (A31, O5): whoever has an administrator's place, or has taken
//! it, does not do so unseen.

use super::{Sent, Telling, channels, put_on_record, send};
use crate::{
    app::App,
    domain::{id::PersonId, telling::Kind},
    service::{Caller, Error, Result},
    store::{self, Tx, journal::Line, notices::ACCOUNT},
};

/// Puts on record what was done to a person's account, and tells them where somebody else `did` it, or a token of theirs,
/// which whoever has it does as well. Mail of it goes to the address that is on record now, whatever becomes of it before it
/// is sent, and whether their account is open or not: an address is changed after this.
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
    if by == Some(person) && caller.token.is_none() {
        return Ok(());
    }
    let roster = app.roster.current(tx).await?;
    let profile = store::people::find_profile(tx, person).await?.ok_or(Error::NotFound)?;
    let who = match by {
        Some(by) if by == person => "A token of yours",
        Some(by) => roster.everybody().name(by),
        None => "Custody",
    };
    let telling = |seq: i64| Telling {
        to: person,
        device: None,
        key: format!("{ACCOUNT}{seq}"),
        at: app.clock.now(),
        text: format!("{who} {did}"),
        path: "/account".to_owned(),
        urgent: true,
    };
    let tellings: Vec<Telling> = entries.iter().map(|entry| telling(entry.seq)).collect();
    let mut own = channels(&roster, person);
    // A chat of whoever's account is closed is written to no more.
    own.retain(|c| profile.person.active || c.kind == Kind::Mail);
    let (zone, mut sent) = (profile.person.zone(&app.policy), Vec::new());
    for news in put_on_record(tx, &tellings).await?.into_iter().map(Telling::news) {
        sent.extend(own.iter().map(|to| Sent {
            to: to.clone(),
            news: news.clone(),
            zone,
            of: vec![person],
            mail_to: Some(profile.email.clone()),
        }));
    }
    send(tx, app, sent).await
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
