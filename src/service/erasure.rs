//! A person asks to be forgotten (A37): what is personal goes, the record and the journal name an id, and the journal
//! still verifies, as nothing in it changes.

use super::{
    Caller, Error, Result, closing,
    people::{line, must_be_admin},
    record, sessions, standing,
};
use crate::{
    app::App,
    domain::{
        contact::Contact,
        device::Device,
        id::{DeviceId, PersonId},
        lifecycle::Happened,
        person::ERASED,
        person_entry::PersonEntry,
    },
    store::{self, Tx, erasure::Erased},
};
use serde_json::json;
use std::collections::BTreeSet;

/// What goes with a person, as somebody reads it before.
#[derive(Clone, Debug)]
pub struct Consequences {
    pub name: String,
    /// Devices that have nobody left to call then, by name.
    pub left_alone: Vec<String>,
    /// Devices that name them as a contact or a deputy.
    pub contact_of: Vec<String>,
    /// Devices that they contribute to.
    pub contributes_to: Vec<String>,
    /// Devices whose CTRL contact they are.
    pub takes_care_of: Vec<String>,
    /// Tokens of theirs that open something now.
    pub tokens: usize,
    /// Other records of theirs, which were made one with this one: name and address.
    pub other_records: Vec<(String, String)>,
}

fn names_as_contact(contacts: &[Contact], person: PersonId) -> bool {
    contacts.iter().any(|c| c.person == person || c.deputy == Some(person))
}

/// The devices that a person has to do with, as a deputy too, and those of which the board says something that names them.
pub(super) async fn devices_of(tx: &Tx, app: &App, person: PersonId) -> Result<BTreeSet<DeviceId>> {
    let mut all = store::devices::list_ids_of_person(tx, person).await?;
    let state = app.projection.read();
    let has = |c: &&std::sync::Arc<crate::projection::Card>| {
        c.contributors.contains(&person)
            || c.ctrl_contact == Some(person)
            || names_as_contact(&c.contacts, person)
            || c.latest.iter().any(|t| t.text.contains(state.people().name(person)))
    };
    all.extend(state.cards().filter(has).map(|c| c.id));
    Ok(all)
}

/// What would go, and what would stand out afterwards. [`Error::NotFound`] for who was erased before.
pub async fn list_consequences(app: &App, person: PersonId) -> Result<Consequences> {
    let profile = store::people::find_profile(&app.db.read, person).await?.ok_or(Error::NotFound)?;
    if profile.is_erased() {
        return Err(Error::NotFound);
    }
    let left_alone = closing::list_left_alone(app, person).await?;
    // What they committed under is theirs: so is a record that has it as its address.
    let all = store::people::list_all(&app.db.read).await?.into_iter();
    let theirs = all.filter(|p| p.person.id != person && !p.is_erased() && profile.commit_emails.contains(&p.email));
    let other_records = theirs.map(|p| (p.person.name, p.email)).collect();
    let now = app.clock.now();
    let tokens = store::doors::list_tokens_of(&app.db.read, person).await?;
    let state = app.projection.read();
    let named = |has: &dyn Fn(&crate::projection::Card) -> bool| {
        let mut all: Vec<String> =
            state.cards().filter(|c| !c.state.is_end() && has(c)).map(|c| c.name.clone()).collect();
        all.sort();
        all
    };
    Ok(Consequences {
        name: profile.person.name,
        left_alone,
        contact_of: named(&|c| names_as_contact(&c.contacts, person)),
        contributes_to: named(&|c| c.contributors.contains(&person)),
        takes_care_of: named(&|c| c.ctrl_contact == Some(person)),
        tokens: tokens.iter().filter(|t| t.revoked_at.is_none() && t.expires_at > now).count(),
        other_records,
    })
}

/// Erases them. It cannot be undone.
pub async fn erase(app: &App, caller: &Caller, person: PersonId) -> Result<()> {
    let (app, caller) = (app.clone(), caller.clone());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            must_be_admin(&tx, &caller).await?;
            let profile = store::people::find_profile(&tx, person).await?.ok_or(Error::NotFound)?;
            if profile.is_erased() {
                return Ok(());
            }
            for account in store::accounts::list_of(&tx, person).await? {
                if account.issuer == sessions::LOCAL {
                    store::guesses::delete_of(&tx, &sessions::account_digest(&account.subject)).await?;
                }
            }
            // Whoever asked for it is not told: the address that it would go to is gone with the rest.
            closing::close_in(&tx, &app, &caller, person, None).await?;
            let devices = devices_of(&tx, &app, person).await?;
            for device in store::devices::list_by_id(&tx, &devices).await? {
                take_out(&tx, &app, &caller, device, person).await?;
            }
            let erased = Erased {
                person,
                name: &profile.person.name,
                email: &profile.email,
                commit_emails: &profile.commit_emails,
                instead: ERASED,
                time_zone: app.policy.facility.time_zone.name(),
                at: app.clock.now(),
                devices,
            };
            store::erasure::erase(&tx, &erased).await?;
            store::journal::append(&tx, vec![line(&app, &caller, person, PersonEntry::Erased, json!({}))]).await?;
            standing::refresh_of_person(&tx, &app, person).await?;
            Ok(tx.commit().await?)
        })
        .await?
}

/// Nobody is told to call somebody who is gone: a device whose last contact they were stands among the orphans (N4).
async fn take_out(tx: &Tx, app: &App, caller: &Caller, before: Device, person: PersonId) -> Result<()> {
    if before.state.name().is_end() || !names_as_contact(&before.contacts, person) {
        return Ok(());
    }
    let kept = before.contacts.iter().filter(|c| c.person != person);
    let contacts = kept.map(|c| Contact { deputy: c.deputy.filter(|d| *d != person), ..c.clone() }).collect();
    record::note(tx, app, caller, before, Happened::ContactsSet { contacts }).await
}
