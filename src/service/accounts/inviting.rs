//! One-time links by which somebody opens their account here, or sets another password; the first administrator's among
//! them (E1).

use super::{closed, local_logins, must_not_be_its_makers};
use crate::{
    app::App,
    domain::{id::PersonId, person::Person, person_entry::PersonEntry},
    service::{
        Caller, Error, FieldProblem, Result, groups, identity, invalid, passwords,
        people::{self, NewPerson, line, must_be_admin},
        secret,
        sessions::LOCAL,
        shapes,
        telling::account_in_use_changed,
    },
    store::{self, Tx, journal::Line, teams::TeamKind},
};
use chrono::Duration;
use serde_json::json;
use url::Url;

/// How long a link to set a password counts.
pub const INVITATION_DAYS: i64 = 7;

/// What whoever has one of these can do with it, to whom it is for.
pub(super) const WHOEVER_OPENS_IT: &str =
    "whoever opens it first signs in as you. If you asked for none, tell another administrator.";

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

pub(super) fn link_of(app: &App, secret: &str) -> Result<Url> {
    app.public_url.join(&format!("setup/{secret}")).map_err(|e| Error::Internal(Box::new(e)))
}

/// A link by which somebody sets their password. It replaces the one before it. Whom something leads to already is told: by
/// it somebody else could take their place. Whoever acts by a token makes none for themselves.
pub async fn invite(app: &App, caller: &Caller, person: PersonId) -> Result<Url> {
    let (owned, caller) = (app.clone(), caller.clone());
    let secret = app
        .outliving(async move {
            let tx = owned.db.begin().await?;
            must_be_admin(&tx, &caller).await?;
            must_not_be_its_makers(&caller, person)?;
            let (secret, invited) = insert_invitation(&tx, &owned, &caller, person).await?;
            let did = format!("made a link for you: {WHOEVER_OPENS_IT}");
            account_in_use_changed(&tx, &owned, &caller, person, invited, &did).await?;
            tx.commit().await?;
            Ok::<_, Error>(secret)
        })
        .await??;
    link_of(app, &secret)
}

/// Makes one: its secret, and the line that puts it on record.
pub(super) async fn insert_invitation(tx: &Tx, app: &App, caller: &Caller, person: PersonId) -> Result<(String, Line)> {
    let profile = store::people::find_profile(tx, person).await?.ok_or(Error::NotFound)?;
    if !profile.person.active {
        return Err(closed());
    }
    let (secret, now) = (secret::new(), app.clock.now());
    let until = now + Duration::days(INVITATION_DAYS);
    store::doors::delete_invitations(tx, person).await?;
    store::doors::insert_invitation(tx, &secret::hash(&secret), Some(person), now, until).await?;
    Ok((secret, line(app, caller, person, PersonEntry::Invited, json!({}))))
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
pub(in crate::service) async fn found(tx: &Tx, app: &App, new: &NewPerson) -> Result<PersonId> {
    let person = people::insert(tx, app, new).await?;
    let group = groups::insert_team(tx, "Administrators", TeamKind::Admin, None).await?;
    store::teams::save_member(tx, group, person, false).await?;
    Ok(person)
}
