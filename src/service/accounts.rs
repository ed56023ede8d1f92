//! Accounts: invited, opened, linked, closed (E1, A2, A6, A31).

mod joining;

use super::{
    Caller, Error, FieldProblem, Result, groups, identity, invalid, passwords,
    people::{self, NewPerson, line, must_be_admin},
    secret,
    sessions::{self, LOCAL},
    shapes,
};
use crate::{
    app::App,
    domain::{id::PersonId, person::Person, person_entry::PersonEntry},
    store::{self, Tx, teams::TeamKind},
};
use chrono::Duration;
use serde_json::json;
use std::collections::BTreeMap;
use url::Url;

pub use joining::{find_other, join};

/// How long a link to set a password counts.
pub const INVITATION_DAYS: i64 = 7;

/// Whether nobody is on record yet.
pub async fn is_nobody_here(app: &App) -> Result<bool> {
    Ok(store::people::is_empty(&app.db.read).await?)
}

/// The one-time link of the first administrator, while there is nobody; it replaces the one before it. It is for the
/// replica that does what only one does: the others' would make this one's worthless.
pub async fn first_administrator(app: &App) -> Result<Option<Url>> {
    let secret = secret::new();
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    if !store::people::is_empty(&tx).await? {
        return Ok(None);
    }
    store::doors::delete_first_invitations(&tx).await?;
    store::doors::insert_invitation(&tx, &secret::hash(&secret), None, now, now + Duration::days(1)).await?;
    tx.commit().await?;
    link_of(app, &secret).map(Some)
}

fn link_of(app: &App, secret: &str) -> Result<Url> {
    app.public_url.join(&format!("setup/{secret}")).map_err(|e| Error::Internal(Box::new(e)))
}

/// A link by which somebody sets their password. It replaces the one before it.
pub async fn invite(app: &App, caller: &Caller, person: PersonId) -> Result<Url> {
    let (owned, caller) = (app.clone(), caller.clone());
    let secret = app
        .outliving(async move {
            let tx = owned.db.begin().await?;
            must_be_admin(&tx, &caller).await?;
            let secret = insert_invitation(&tx, &owned, &caller, person).await?;
            tx.commit().await?;
            Ok::<_, Error>(secret)
        })
        .await??;
    link_of(app, &secret)
}

async fn insert_invitation(tx: &Tx, app: &App, caller: &Caller, person: PersonId) -> Result<String> {
    let profile = store::people::find_profile(tx, person).await?.ok_or(Error::NotFound)?;
    if !profile.person.active {
        return Err(closed());
    }
    let (secret, now) = (secret::new(), app.clock.now());
    let until = now + Duration::days(INVITATION_DAYS);
    store::doors::delete_invitations(tx, person).await?;
    store::doors::insert_invitation(tx, &secret::hash(&secret), Some(person), now, until).await?;
    store::journal::append(tx, vec![line(app, caller, person, PersonEntry::Invited, json!({}))]).await?;
    Ok(secret)
}

/// Nothing is handed out to whoever cannot use it.
pub(super) fn closed() -> Error {
    use crate::domain::refusal::{Code, Refusal};
    Refusal::new(Code::WrongState, "This account is closed. Reopen it first.").into()
}

/// Whom an open link is for.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// `None` for the first administrator, who is not on record yet.
    pub person: Option<Person>,
    /// The names they sign in with already: then the link sets another password.
    pub logins: Vec<String>,
}

/// The invitation of a link; [`Error::NotFound`] whether it is wrong, used or too old.
pub async fn find_invitation(app: &App, secret: &str) -> Result<Invitation> {
    let c = &app.db.snapshot().await?;
    let found = store::doors::find_invitation(c, &secret::hash(secret), app.clock.now()).await?;
    match found.ok_or(Error::NotFound)? {
        None if store::people::is_empty(c).await? => Ok(Invitation { person: None, logins: Vec::new() }),
        None => Err(Error::NotFound),
        Some(person) => {
            let profile = store::people::find_profile(c, person).await?.ok_or(Error::NotFound)?;
            if !profile.person.active {
                return Err(Error::NotFound);
            }
            Ok(Invitation { person: Some(profile.person), logins: local_logins(c, person).await? })
        }
    }
}

async fn local_logins<C: sea_orm::ConnectionTrait>(c: &C, person: PersonId) -> Result<Vec<String>> {
    let all = store::accounts::list_of(c, person).await?;
    Ok(all.into_iter().filter(|(issuer, _)| issuer == LOCAL).map(|(_, subject)| subject).collect())
}

/// The names by which somebody signs in here.
pub async fn list_logins(app: &App, person: PersonId) -> Result<Vec<String>> {
    local_logins(&app.db.read, person).await
}

/// The providers that somebody signs in with, by name; an issuer that is no longer in the policy by its address.
pub async fn list_providers(app: &App, person: PersonId) -> Result<Vec<String>> {
    let all = store::accounts::list_of(&app.db.read, person).await?;
    let name = |issuer: String| {
        let known = app.policy.identity.providers.iter().find(|p| p.issuer == issuer);
        known.map_or(issuer, |p| p.name.clone())
    };
    Ok(all.into_iter().filter(|(issuer, _)| issuer != LOCAL).map(|(issuer, _)| name(issuer)).collect())
}

/// What somebody enters who opens their link.
#[derive(Clone, Debug, Default)]
pub struct Acceptance {
    /// Asked of the first administrator only.
    pub name: String,
    /// Asked of the first administrator only.
    pub email: String,
    pub login: String,
    pub password: String,
}

/// Opens an account by a link, which is used up with it.
pub async fn accept(app: &App, secret: &str, entered: Acceptance, origin: &str) -> Result<PersonId> {
    identity::local_accounts(app)?;
    let invitation = find_invitation(app, secret).await?;
    let first = invitation.person.is_none();
    let login = entered.login.trim().to_lowercase();
    let new = NewPerson { name: entered.name, email: entered.email, phone: None };
    let mut problems = Vec::new();
    if first && let Err(Error::Invalid(of)) = shapes::check(&new) {
        problems.extend(of);
    }
    if let Err(e) = shapes::login(&login) {
        problems.push(FieldProblem::new("login", e.message.unwrap_or_default()));
    } else if !invitation.logins.is_empty() && !invitation.logins.contains(&login) {
        problems.push(FieldProblem::new("login", format!("Choose your own name: {}", invitation.logins.join(" or "))));
    }
    let name = invitation.person.as_ref().map_or(new.name.as_str(), |p| &p.name);
    if let Err(why) = shapes::password(&entered.password, &[name, &login]) {
        problems.push(FieldProblem::new("password", why));
    }
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let hashed = passwords::hash(app, entered.password).await?;
    let (app, secret, origin) = (app.clone(), secret::hash(secret), origin.to_owned());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            if !store::doors::use_invitation(&tx, &secret, app.clock.now()).await? {
                return Err(Error::NotFound);
            }
            let (person, kind) = match invitation.person {
                None if !store::people::is_empty(&tx).await? => return Err(Error::NotFound),
                None => (found(&tx, &app, &new).await?, PersonEntry::FirstAdministrator),
                Some(p) => {
                    let open = store::people::find_profile(&tx, p.id).await?.is_some_and(|now| now.person.active);
                    if !open {
                        return Err(Error::NotFound);
                    }
                    (
                        p.id,
                        if invitation.logins.is_empty() {
                            PersonEntry::AccountOpened
                        } else {
                            PersonEntry::PasswordSet
                        },
                    )
                }
            };
            if let Some((owner, _)) = store::accounts::find(&tx, LOCAL, &login).await?
                && owner != person
            {
                return invalid("login", "Somebody has this name already. Choose another, like i.hartmann2");
            }
            store::accounts::save(&tx, LOCAL, &login, person, Some(hashed)).await?;
            store::doors::delete_sessions(&tx, person).await?;
            store::doors::delete_invitations(&tx, person).await?;
            let caller = Caller::person(person, origin);
            store::journal::append(&tx, vec![line(&app, &caller, person, kind, json!({}))]).await?;
            tx.commit().await?;
            Ok(person)
        })
        .await?
}

/// The first person there is, with the group of administrators.
pub(super) async fn found(tx: &Tx, app: &App, new: &NewPerson) -> Result<PersonId> {
    let person = people::insert(tx, app, new).await?;
    let group = groups::insert_team(tx, "Administrators", TeamKind::Admin, None).await?;
    store::teams::save_member(tx, group, person, false).await?;
    Ok(person)
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
/// with the link by which they set its password.
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
            let profile = store::people::find_profile(&tx, person).await?.ok_or(Error::NotFound)?;
            if !profile.person.active {
                return Err(closed());
            }
            let secret = match store::accounts::find(&tx, LOCAL, &login).await? {
                Some((owner, _)) if owner == person => {
                    return invalid("login", "This name leads to them already. Enter the other one");
                }
                Some((owner, hash)) => {
                    store::accounts::save(&tx, LOCAL, &login, person, hash).await?;
                    taken(&tx, &owned, &caller, owner, person).await?;
                    joining::contribute(&tx, &owned, &caller, owner, person).await?;
                    None
                }
                None => {
                    store::accounts::save(&tx, LOCAL, &login, person, None).await?;
                    Some(insert_invitation(&tx, &owned, &caller, person).await?)
                }
            };
            store::journal::append(&tx, vec![line(&owned, &caller, person, PersonEntry::AccountLinked, json!({}))])
                .await?;
            tx.commit().await?;
            Ok::<_, Error>(secret)
        })
        .await??;
    secret.map(|s| link_of(app, &s)).transpose()
}

/// What led to an owner leads to somebody else now: what was opened there ends, and the record is closed if nothing else
/// leads to it.
async fn taken(tx: &Tx, app: &App, caller: &Caller, owner: PersonId, by: PersonId) -> Result<()> {
    store::doors::delete_sessions(tx, owner).await?;
    store::doors::delete_invitations(tx, owner).await?;
    if store::accounts::list_of(tx, owner).await?.is_empty() {
        super::closing::close_in(tx, app, caller, owner).await?;
    }
    let line = line(app, caller, owner, PersonEntry::AccountTaken, json!({ "by": by }));
    store::journal::append(tx, vec![line]).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
