//! Whose identity it is: issuer and subject say it, never an e-mail address (A2, A32).

use super::{NotSignedIn, refused};
use crate::{
    app::App,
    domain::{id::PersonId, identity::Claims, person_entry::PersonEntry, policy::Provider},
    ports::identity::Proved,
    service::{
        Caller, Error, accounts,
        people::{self, NewPerson, line},
        secret, shapes,
    },
    store::{self, Tx},
};
use serde_json::json;

/// Whoever comes from a provider.
pub(super) struct Comes<'a> {
    pub app: &'a App,
    pub provider: &'a Provider,
    pub proved: &'a Proved,
    pub claims: &'a Claims,
    pub origin: &'a str,
}

/// The person of this identity: the one whom it is known to lead to, the one of the link that was opened, or a new one.
pub(super) async fn find(tx: &Tx, who: &Comes<'_>, invitation: Option<&str>) -> Result<PersonId, NotSignedIn> {
    let proved = who.proved;
    let known = store::accounts::find(tx, &proved.issuer, &proved.subject).await?.map(|(person, _)| person);
    let person = match (known, invitation) {
        (Some(person), None) => person,
        (known, Some(invitation)) => invited(tx, who, known, invitation).await?,
        (None, None) => new(tx, who).await?,
    };
    let profile = store::people::find_profile(tx, person).await?.ok_or(Error::NotFound)?;
    match profile.person.active {
        true => Ok(person),
        false => Err(NotSignedIn::Closed(person)),
    }
}

/// Whoever opened a link: from now on this identity leads to whom it is for.
async fn invited(tx: &Tx, who: &Comes<'_>, known: Option<PersonId>, invitation: &str) -> Result<PersonId, NotSignedIn> {
    let Comes { app, provider, proved, .. } = *who;
    let (hash, now) = (secret::hash(invitation), app.clock.now());
    let open = store::doors::find_invitation(tx, &hash, now).await?;
    let (person, kind) = match (open, known) {
        (None, Some(known)) => return Ok(known),
        (Some(Some(meant)), Some(known)) if meant != known => {
            return refused(format!(
                "This account of {} leads to somebody else here already. Sign in there with another one. If both records \
                 are you, ask an administrator to make them one: under People, on the page of the record that the link is \
                 for, “Are they one person?” asks for the address of the other.",
                provider.name
            ));
        }
        (Some(Some(meant)), _) => (meant, PersonEntry::AccountLinked),
        (Some(None), None) if store::people::is_empty(tx).await? => {
            let new = entered(who)?;
            (accounts::found(tx, app, &new).await?, PersonEntry::FirstAdministrator)
        }
        (None | Some(None), _) => {
            return refused("The link that you came from opens nothing any more. Ask an administrator for a new one.");
        }
    };
    if !store::doors::use_invitation(tx, &hash, now).await? {
        return Err(Error::NotFound.into());
    }
    store::doors::delete_invitations(tx, person).await?;
    if known.is_none() {
        store::accounts::save(tx, &proved.issuer, &proved.subject, person, None).await?;
        store::doors::delete_sessions(tx, person).await?;
    }
    record(tx, who, person, kind).await?;
    Ok(person)
}

/// Somebody who was never here.
async fn new(tx: &Tx, who: &Comes<'_>) -> Result<PersonId, NotSignedIn> {
    let Comes { app, provider, proved, .. } = *who;
    // Whoever came first would keep the first administrator's link from opening.
    if store::people::is_empty(tx).await? {
        return refused(
            "Custody has no administrator yet. Open the link that it printed when it started, and sign in from there.",
        );
    }
    let new = entered(who)?;
    if !store::people::list_by_email(tx, &new.email).await?.is_empty() {
        return refused(format!(
            "Somebody with the address `{}` is on record already, and an address alone does not prove that this is you. Ask \
             an administrator for a link, open it, and choose {} there.",
            new.email, provider.name
        ));
    }
    // Whoever was shut out does not come back by an account there that was never linked (A31).
    if store::people::is_of_closed(tx, &new.email).await? {
        return refused(format!(
            "The account of whoever has the address `{}` is closed. Ask an administrator: they open it again, or send you \
             a link.",
            new.email
        ));
    }
    let person = people::insert(tx, app, &new).await?;
    store::accounts::save(tx, &proved.issuer, &proved.subject, person, None).await?;
    record(tx, who, person, PersonEntry::AccountOpened).await?;
    Ok(person)
}

/// How a new person is called and reached, as the provider says.
fn entered(who: &Comes<'_>) -> Result<NewPerson, NotSignedIn> {
    let Comes { provider, claims, .. } = *who;
    if claims.email_unconfirmed {
        return refused(format!(
            "{} has not confirmed your e-mail address. Confirm it there, then sign in again.",
            provider.name
        ));
    }
    let new = NewPerson {
        name: claims.name.clone().unwrap_or_default(),
        email: claims.email.clone().unwrap_or_default(),
        phone: None,
    };
    match shapes::check(&new) {
        Ok(()) => Ok(new),
        Err(_) => refused(format!(
            "{} did not tell your full name and e-mail address, without which nobody is on record. Its administrators let \
             Custody read them: the scopes `profile` and `email`.",
            provider.name
        )),
    }
}

/// In the journal, with the provider's id: who somebody is there is personal (A37).
async fn record(tx: &Tx, who: &Comes<'_>, person: PersonId, kind: PersonEntry) -> Result<(), NotSignedIn> {
    let Comes { app, provider, origin, .. } = *who;
    let caller = Caller::person(person, origin);
    let line = line(app, &caller, person, kind, json!({ "provider": provider.id }));
    store::journal::append(tx, vec![line]).await?;
    Ok(())
}
