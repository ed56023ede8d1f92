//! What follows for devices when people change: whose turn it is, and when the last who can be reached is gone (N4).

use super::{
    Caller, Result,
    facts::{gather, gather_many},
    record, work,
};
use crate::{
    app::App,
    domain::{
        device::Device,
        id::{DeviceId, PersonId},
        lifecycle::{Readings, StateName},
    },
    store::{
        self, Tx,
        standing::{NOBODY, Turns},
    },
};
use std::collections::BTreeSet;

/// Derives anew what is kept beside these devices. Nothing of the devices' own changes.
pub async fn refresh(tx: &Tx, app: &App, devices: &BTreeSet<DeviceId>) -> Result<()> {
    let all = store::devices::list_by_id(tx, devices).await?;
    if all.is_empty() {
        return Ok(());
    }
    let was = store::standing::list_turns(tx, devices).await?;
    let (custody, roster) = (Caller::custody(), app.roster.current(tx).await?);
    for d in all {
        let gathered = gather(tx, app, &roster, &custody, &d, None, Readings::default()).await?;
        store::standing::save_orphan_at(tx, d.id, record::orphan_at(app, &d, &gathered)).await?;
        let turns = record::turns(app, &roster, &d, &gathered, &gathered.seen);
        store::standing::save_turns(tx, d.id, was.get(&d.id).unwrap_or(&NOBODY), &turns).await?;
    }
    Ok(())
}

/// The same for every device that a person has to do with.
pub async fn refresh_of_person(tx: &Tx, app: &App, person: PersonId) -> Result<()> {
    let devices = store::devices::list_ids_of_person(tx, person).await?;
    refresh(tx, app, &devices).await
}

/// The same for somebody who came into a group or left one: with that come the requests that a team is offered, and the
/// reviews that wait for every reviewer (T4, T5).
pub async fn refresh_of_member(tx: &Tx, app: &App, person: PersonId) -> Result<()> {
    let mut devices = store::devices::list_ids_of_person(tx, person).await?;
    let offered = store::devices::list_in_states(tx, &[StateName::Requested, StateName::UnderReview], 1000).await?;
    devices.extend(offered.iter().map(|d| d.id));
    refresh(tx, app, &devices).await
}

/// Derives anew for whom these devices wait where time alone has changed it: a word aged, a hand-back is about to end.
/// Nothing is written where nothing has.
pub async fn look_again(app: &App, devices: &[Device]) -> Result<()> {
    let c = &app.db.read;
    let many = gather_many(c, app, &Caller::custody(), &devices.iter().collect::<Vec<_>>()).await?;
    let team = store::teams::list_of_team(c, &app.policy.intake.first_team).await?;
    let kept = store::standing::list_turns(c, &devices.iter().map(|d| d.id).collect()).await?;
    let mut stale = BTreeSet::new();
    for d in devices {
        let facts = many.facts(app, &Caller::custody(), d.id);
        let is: Turns = work::waits_for(d, &facts, &team);
        if kept.get(&d.id).unwrap_or(&NOBODY) != &is {
            stale.insert(d.id);
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    let owned = app.clone();
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        refresh(&tx, &owned, &stale).await?;
        Ok(tx.commit().await?)
    })
    .await?
}
