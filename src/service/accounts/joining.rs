//! Two records of one person are made one: whoever came by two providers, with two addresses, has two (A2, E1).

use super::{closed, must_not_be_its_makers, taken};
use crate::{
    app::App,
    domain::{
        id::PersonId,
        lifecycle::Happened,
        person_entry::PersonEntry,
        refusal::{Code, Refusal},
    },
    service::{
        Caller, Error, Result, closing, invalid,
        people::{self, Details, Profile, line, must_be_admin},
        record,
        telling::account_changed,
    },
    store::{self, Tx},
};
use serde_json::json;
use std::collections::BTreeSet;

/// The other record that has this address. An open one comes first; of closed ones, which an account still has to lead to,
/// the one that was closed last.
pub async fn find_other(app: &App, person: PersonId, email: &str) -> Result<Option<Profile>> {
    let c = &app.db.snapshot().await?;
    let email = email.trim().to_lowercase();
    let led_to: BTreeSet<PersonId> =
        store::accounts::list_all(c).await?.into_iter().map(|account| account.person).collect();
    let all = store::people::list_all(c).await?.into_iter();
    let others = all.filter(|p| !email.is_empty() && p.email == email && p.person.id != person);
    let joined = others.filter(|p| p.person.active || led_to.contains(&p.person.id));
    Ok(joined.max_by_key(|p| (p.person.active, p.closed_at)))
}

/// Lets whatever leads to another record lead to a person, so that they are one however they sign in (A2). The other record
/// is closed; what was committed under its addresses is theirs from now on (T4). Whoever acts by a token does not do so for
/// themselves.
pub async fn join(app: &App, caller: &Caller, person: PersonId, other: PersonId) -> Result<()> {
    let (app, caller) = (app.clone(), caller.clone());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            must_be_admin(&tx, &caller).await?;
            must_not_be_its_makers(&caller, person)?;
            if person == other {
                return invalid("other", "This is the same record. Name the other one");
            }
            let profile = store::people::find_profile(&tx, person).await?.ok_or(Error::NotFound)?;
            let was = store::people::find_profile(&tx, other).await?.ok_or(Error::NotFound)?;
            if !profile.person.active {
                return Err(closed());
            }
            if was.is_erased() {
                let why = "They asked to be forgotten: nothing is kept of them that could be joined.";
                return Err(Refusal::new(Code::WrongState, why).into());
            }
            let moved = store::accounts::move_all(&tx, other, person).await?;
            if moved == 0 && !was.person.active {
                let why = "That record is closed already, and nothing leads to it: there is nothing to join.";
                return Err(Refusal::new(Code::WrongState, why).into());
            }
            if moved > 0 {
                let did = "made your record one with another: whatever led to it leads there now.";
                taken(&tx, &app, &caller, other, person, did).await?;
                let linked = line(&app, &caller, person, PersonEntry::AccountLinked, json!({}));
                let name = &was.person.name;
                let did = format!("made the record of {name} one with yours: whatever led to it leads to you now.");
                account_changed(&tx, &app, &caller, person, linked, &did).await?;
            } else {
                // Whom nothing leads to has nothing that was taken from them.
                closing::close_in(&tx, &app, &caller, other, None).await?;
            }
            contribute(&tx, &app, &caller, other, person).await?;
            let mut commit_emails = profile.commit_emails.clone();
            commit_emails.push(was.email);
            commit_emails.extend(was.commit_emails);
            let details = Details {
                name: profile.person.name.clone(),
                email: profile.email.clone(),
                phone: profile.person.phone.clone(),
                time_zone: profile.time_zone.clone(),
                commit_emails,
            };
            people::save(&tx, &app, &caller, &profile, details).await?;
            Ok(tx.commit().await?)
        })
        .await?
}

/// Whoever a record is made one with has contributed to the same devices: nobody approves their own by another record of
/// theirs (A1, A2).
pub(super) async fn contribute(tx: &Tx, app: &App, caller: &Caller, other: PersonId, person: PersonId) -> Result<()> {
    for device in store::devices::list_naming(tx, other).await? {
        if device.state.name().is_end() || !device.has_contributed(other) || device.has_contributed(person) {
            continue;
        }
        let (id, left) = (device.id, !device.is_contributor(other));
        record::note(tx, app, caller, device, Happened::ContributorAdded { person }).await?;
        if left && let Some(device) = store::devices::find(tx, id).await? {
            record::note(tx, app, caller, device, Happened::ContributorRemoved { person }).await?;
        }
    }
    Ok(())
}
