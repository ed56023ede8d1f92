//! Accounts: invited, opened, linked, closed (E1, A2, A6, A31).

mod inviting;
mod joining;
mod ways;

use super::{
    Caller, Error, Result, identity, invalid, passwords,
    people::{line, must_be_admin},
    sessions::{self, LOCAL},
    shapes,
    telling::{account_changed, account_in_use_changed},
};
use crate::{
    app::App,
    domain::{
        id::PersonId,
        person::Person,
        person_entry::PersonEntry,
        refusal::{Code, Refusal},
    },
    store::{self, Tx},
};
use serde_json::json;
use std::collections::BTreeMap;
use url::Url;

pub(super) use inviting::found;
pub use inviting::{Acceptance, INVITATION_DAYS, Invitation, accept, find_invitation, first_administrator, invite};
use inviting::{WHOEVER_OPENS_IT, insert_invitation, link_of};
pub use joining::{find_other, join};
pub use ways::{WayIn, list, list_groups_left, remove};

/// Whether nobody is on record yet.
pub async fn is_nobody_here(app: &App) -> Result<bool> {
    Ok(store::people::is_empty(&app.db.read).await?)
}

/// Nothing is handed out to whoever cannot use it.
pub(super) fn closed() -> Error {
    Refusal::new(Code::WrongState, "This account is closed. Reopen it first.").into()
}

/// Refuses a token that would give its own maker another way in: whoever has it would go on by that after its end (A31).
fn must_not_be_its_makers(caller: &Caller, person: PersonId) -> Result<()> {
    if caller.token.is_some() && caller.actor.person() == Some(person) {
        let why = "No token gives its own maker another way to sign in: do this on your page, under People.";
        return Err(Refusal::new(Code::NotYours, why).into());
    }
    Ok(())
}

async fn local_logins<C: sea_orm::ConnectionTrait>(c: &C, person: PersonId) -> Result<Vec<String>> {
    let all = store::accounts::list_of(c, person).await?;
    Ok(all.into_iter().filter(|account| account.issuer == LOCAL).map(|account| account.subject).collect())
}

/// Gives a person a local account, or another password.
pub async fn set_password(tx: &Tx, app: &App, person: PersonId, login: &str, password: &str) -> Result<()> {
    let hash = passwords::hash(app, password.to_owned()).await?;
    Ok(store::accounts::save(tx, LOCAL, login, person, Some(hash)).await?)
}

/// A person changes one of their passwords, and every session but the one named ends.
pub async fn change_password(
    app: &App,
    caller: &Caller,
    login: &str,
    old: &str,
    new: &str,
    keep_session: &str,
) -> Result<()> {
    identity::local_accounts(app)?;
    let me = caller.actor.person().ok_or(Error::NotFound)?;
    // Whoever has somebody's session has not their password, and guesses at it no more often than at the front (A34).
    let (ways, now) = (sessions::ways(login, &caller.origin), app.clock.now());
    if let Err(until) = sessions::begin_try(app, ways, now).await? {
        tracing::warn!(origin = caller.origin, person = %me, "a change of a password has to wait: too many were wrong");
        let time = until.with_timezone(&app.policy.facility.time_zone).format("%H:%M:%S");
        return invalid("old", format!("Too many wrong passwords. Nothing was tried this time: try again at {time}"));
    }
    let account = store::accounts::find(&app.db.read, LOCAL, login).await?;
    let hash = account.filter(|(owner, _)| *owner == me).and_then(|(_, hash)| hash);
    let known = old.chars().take(passwords::LONGEST + 1).collect();
    if !passwords::verify(app, known, hash.clone()).await? {
        tracing::warn!(origin = caller.origin, person = %me, "a change of a password failed: the old one is wrong");
        return invalid("old", "This is not your password now. Check whether Caps Lock is on");
    }
    sessions::was_right(app, ways, now).await?;
    let profile = store::people::find_profile(&app.db.read, me).await?.ok_or(Error::NotFound)?;
    if let Err(why) = shapes::password(new, &[&profile.person.name, login]) {
        return invalid("new", why);
    }
    let hashed = passwords::hash(app, new.to_owned()).await?;
    let (app, caller, login, keep) = (app.clone(), caller.clone(), login.to_owned(), keep_session.to_owned());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            // The account may have been closed or moved while the password was hashed.
            let now = store::accounts::find(&tx, LOCAL, &login).await?;
            if now != Some((me, hash)) {
                return Err(Error::NotFound);
            }
            store::accounts::save(&tx, LOCAL, &login, me, Some(hashed)).await?;
            store::doors::delete_other_sessions(&tx, me, &keep).await?;
            store::doors::delete_invitations(&tx, me).await?;
            store::journal::append(&tx, vec![line(&app, &caller, me, PersonEntry::PasswordChanged, json!({}))]).await?;
            Ok(tx.commit().await?)
        })
        .await?
}

/// Whose account this is.
pub async fn find(app: &App, login: &str) -> Result<Option<PersonId>> {
    Ok(store::accounts::find(&app.db.read, LOCAL, login).await?.map(|(person, _)| person))
}

/// Whom a command means: by the name that they sign in with here, or by their address, as who comes from a provider has no
/// name here.
pub async fn find_meant(app: &App, named: &str) -> Result<Option<PersonId>> {
    let named = named.to_lowercase();
    if let Some(person) = find(app, &named).await? {
        return Ok(Some(person));
    }
    let all = store::people::list_by_email(&app.db.read, &named).await?;
    Ok(match all.as_slice() {
        [(person, _)] => Some(*person),
        _ => None,
    })
}

/// Everybody who may sign in here: the name they do it by (one of them), and the person.
pub async fn list_open(app: &App) -> Result<Vec<(String, Person)>> {
    let c = &app.db.read;
    let mut logins: BTreeMap<PersonId, String> = BTreeMap::new();
    for account in store::accounts::list_all(c).await? {
        if account.issuer == LOCAL {
            logins.entry(account.person).or_insert(account.subject);
        }
    }
    let all = store::people::list_all(c).await?.into_iter().map(|p| p.person).filter(|p| p.active);
    Ok(all.filter_map(|p| Some((logins.remove(&p.id)?, p))).collect())
}

/// Lets another sign-in name lead to a person, so that they are one however they sign in (A2). A name that leads to
/// somebody else on record is taken from there; that record is closed if no other name leads to it. A new name comes
/// with the link by which they set its password. Whoever acts by a token does not do so for themselves.
pub async fn link(app: &App, caller: &Caller, person: PersonId, login: &str) -> Result<Option<Url>> {
    let login = login.trim().to_lowercase();
    if let Err(e) = shapes::login(&login) {
        return invalid("login", e.message.unwrap_or_default());
    }
    let (owned, caller) = (app.clone(), caller.clone());
    let secret = app
        .outliving(async move {
            let tx = owned.db.begin().await?;
            must_be_admin(&tx, &caller).await?;
            must_not_be_its_makers(&caller, person)?;
            let profile = store::people::find_profile(&tx, person).await?.ok_or(Error::NotFound)?;
            if !profile.person.active {
                return Err(closed());
            }
            let linked = line(&owned, &caller, person, PersonEntry::AccountLinked, json!({}));
            let led = format!("let the sign-in name {login} lead to you");
            let secret = match store::accounts::find(&tx, LOCAL, &login).await? {
                Some((owner, _)) if owner == person => {
                    return invalid("login", "This name leads to them already. Enter the other one");
                }
                Some((owner, hash)) => {
                    store::accounts::save(&tx, LOCAL, &login, person, hash).await?;
                    let did = "moved a sign-in name of yours to another record: it leads to you no longer.";
                    taken(&tx, &owned, &caller, owner, person, did).await?;
                    joining::contribute(&tx, &owned, &caller, owner, person).await?;
                    account_changed(&tx, &owned, &caller, person, linked, &format!("{led}.")).await?;
                    None
                }
                None => {
                    let (secret, invited) = insert_invitation(&tx, &owned, &caller, person).await?;
                    store::journal::append(&tx, vec![invited]).await?;
                    let did = format!("{led}, and made a link for it: {WHOEVER_OPENS_IT}");
                    // Before it leads there: what counts is whether anything else does.
                    account_in_use_changed(&tx, &owned, &caller, person, linked, &did).await?;
                    store::accounts::save(&tx, LOCAL, &login, person, None).await?;
                    Some(secret)
                }
            };
            tx.commit().await?;
            Ok::<_, Error>(secret)
        })
        .await??;
    secret.map(|s| link_of(app, &s)).transpose()
}

/// What led to an owner leads to somebody else now: what was opened there ends, and the record is closed if nothing else
/// leads to it. They are told all of it at once, whomever it leads to now.
async fn taken(tx: &Tx, app: &App, caller: &Caller, owner: PersonId, by: PersonId, did: &str) -> Result<()> {
    store::doors::delete_sessions(tx, owner).await?;
    store::doors::delete_invitations(tx, owner).await?;
    let mut did = format!("{did} Your sessions have ended.");
    if store::accounts::list_of(tx, owner).await?.is_empty() {
        super::closing::close_in(tx, app, caller, owner, None).await?;
        did.push_str(" Your account is closed: nothing else led to it.");
    }
    let line = line(app, caller, owner, PersonEntry::AccountTaken, json!({ "by": by }));
    account_changed(tx, app, caller, owner, line, &did).await
}

#[cfg(test)]
mod tests;
