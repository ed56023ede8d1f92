//! Closing an account and opening it again; the last administrator stays (N4, A31).

use super::{
    Caller, Error, Result, identity,
    people::{line, must_be_admin},
    standing,
    telling::{account_changed, account_in_use_changed},
};
use crate::{
    app::App,
    domain::{
        id::PersonId,
        person_entry::PersonEntry,
        refusal::{Code, Refusal},
    },
    store::{self, Tx, accounts::Account, entity::person as row, teams::TeamKind},
};
use sea_orm::ActiveValue::Set;
use serde_json::json;
use std::collections::BTreeSet;

/// Refuses to leave the place without an administrator who can sign in.
pub(super) async fn must_leave_an_administrator(tx: &Tx, app: &App, without: PersonId) -> Result<()> {
    let admins = store::teams::list_of_kind(tx, TeamKind::Admin).await?;
    if !admins.contains(&without) {
        return Ok(());
    }
    one_is_left(list_who_can_sign_in(tx, app, &admins).await?.iter().any(|other| *other != without))
}

/// The same where only some of what leads to a person is gone.
pub(super) async fn must_still_have_an_administrator(tx: &Tx, app: &App, person: PersonId) -> Result<()> {
    let admins = store::teams::list_of_kind(tx, TeamKind::Admin).await?;
    if !admins.contains(&person) {
        return Ok(());
    }
    one_is_left(!list_who_can_sign_in(tx, app, &admins).await?.is_empty())
}

async fn list_who_can_sign_in(tx: &Tx, app: &App, of: &BTreeSet<PersonId>) -> Result<BTreeSet<PersonId>> {
    let people = store::people::load_people(tx, of).await?;
    let accounts = store::accounts::list_all(tx).await?.into_iter();
    let leads = |a: &Account| of.contains(&a.person) && people.active(a.person) && identity::lets_in(app, a);
    Ok(accounts.filter(leads).map(|a| a.person).collect())
}

fn one_is_left(is: bool) -> Result<()> {
    match is {
        true => Ok(()),
        false => Err(Refusal::new(
            Code::WrongState,
            "They are the last administrator who can sign in. Make somebody else one first: under Groups, in a group of \
             administrators.",
        )
        .into()),
    }
}

/// Closes an account: its sessions, links and calendar address end at once, its tokens count no longer, and devices that only this person
/// could be called for are orphaned (N4). They are told where anything leads to it.
pub async fn close(app: &App, caller: &Caller, person: PersonId) -> Result<()> {
    let (app, caller) = (app.clone(), caller.clone());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            must_be_admin(&tx, &caller).await?;
            let did = "closed your account: nothing lets you in, your groups and tokens count no longer.";
            close_in(&tx, &app, &caller, person, Some(did)).await?;
            Ok(tx.commit().await?)
        })
        .await?
}

/// The same within a change that is under way; `did` is what they are told, unless that change tells them itself.
pub(super) async fn close_in(tx: &Tx, app: &App, caller: &Caller, person: PersonId, did: Option<&str>) -> Result<()> {
    let profile = store::people::find_profile(tx, person).await?.ok_or(Error::NotFound)?;
    if !profile.person.active {
        return Ok(());
    }
    must_leave_an_administrator(tx, app, person).await?;
    let closed = row::ActiveModel { closed_at: Set(Some(app.clock.now())), ..Default::default() };
    store::people::update(tx, person, closed).await?;
    store::doors::delete_sessions(tx, person).await?;
    store::doors::delete_invitations(tx, person).await?;
    store::calendar::delete(tx, person).await?;
    let line = line(app, caller, person, PersonEntry::Closed, json!({}));
    match did {
        Some(did) => account_in_use_changed(tx, app, caller, person, line, did).await?,
        None => {
            store::journal::append(tx, vec![line]).await?;
        }
    }
    standing::refresh_of_person(tx, app, person).await
}

/// Opens it again as it was: groups and accounts stay while it is closed. They are told.
pub async fn reopen(app: &App, caller: &Caller, person: PersonId) -> Result<()> {
    let (app, caller) = (app.clone(), caller.clone());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            must_be_admin(&tx, &caller).await?;
            let profile = store::people::find_profile(&tx, person).await?.ok_or(Error::NotFound)?;
            if profile.person.active {
                return Ok(());
            }
            if profile.is_erased() {
                let why = "They asked to be forgotten: add them anew, as somebody else.";
                return Err(Refusal::new(Code::WrongState, why).into());
            }
            let open = row::ActiveModel { closed_at: Set(None), ..Default::default() };
            store::people::update(&tx, person, open).await?;
            let line = line(&app, &caller, person, PersonEntry::Reopened, json!({}));
            let did = "opened your account again: what still leads to you lets you in, your groups and tokens count.";
            account_changed(&tx, &app, &caller, person, line, did).await?;
            standing::refresh_of_member(&tx, &app, person).await?;
            Ok(tx.commit().await?)
        })
        .await?
}

/// The devices that would have nobody left to call, by name: what somebody reads before they close an account.
pub async fn list_left_alone(app: &App, person: PersonId) -> Result<Vec<String>> {
    let c = &app.db.read;
    let devices = store::devices::list_of_person(c, person).await?;
    let ids = devices.iter().flat_map(|d| d.people()).collect();
    let mut people = store::people::load_people(c, &ids).await?;
    let now = app.clock.now();
    let before: Vec<bool> = devices.iter().map(|d| d.is_orphaned(&people, &app.policy, now)).collect();
    if let Some(p) = people.0.get_mut(&person) {
        p.active = false;
    }
    let after = devices.iter().zip(before).filter(|(d, was)| !was && d.is_orphaned(&people, &app.policy, now));
    Ok(after.map(|(d, _)| d.name().to_owned()).collect())
}
