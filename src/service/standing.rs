//! What follows for devices when people change: whose turn it is, and when the last who can be reached is gone (N4).

use super::{Caller, Result, facts::gather, record};
use crate::{
    app::App,
    domain::{
        id::{DeviceId, PersonId},
        lifecycle::Readings,
    },
    store::{self, Tx},
};
use std::collections::BTreeSet;

/// Derives anew what is kept beside these devices. Nothing of the devices' own changes.
pub async fn refresh(tx: &Tx, app: &App, devices: &BTreeSet<DeviceId>) -> Result<()> {
    let custody = Caller::custody();
    for d in store::devices::list_by_id(tx, devices).await? {
        let gathered = gather(tx, app, &custody, &d, None, Readings::default()).await?;
        store::standing::save_orphan_at(tx, d.id, record::orphan_at(app, &d, &gathered)).await?;
        let turns = record::turns(tx, app, &custody, &d, &gathered, &gathered.seen).await?;
        store::standing::save_turns(tx, d.id, &turns).await?;
    }
    Ok(())
}

/// The same for every device that a person has to do with.
pub async fn refresh_of_person(tx: &Tx, app: &App, person: PersonId) -> Result<()> {
    let devices = store::devices::list_ids_of_person(tx, person).await?;
    refresh(tx, app, &devices).await
}
