//! What a device waits for, and on whom, where it is a person that changed and not the device.

use super::{Caller, Result, facts::gather, record};
use crate::{
    app::App,
    domain::{id::PersonId, lifecycle::Readings},
    store::{self, Tx},
};

/// Judges anew, for every device that this person has to do with, whose turn it is (E4) and when its last contact stops
/// being reachable (N4). In the transaction that changes the person.
pub async fn refresh(tx: &Tx, app: &App, caller: &Caller, person: PersonId) -> Result<()> {
    for device in store::devices::list_of_person(tx, person).await? {
        if device.state.name().is_end() {
            continue;
        }
        let gathered = gather(tx, app, caller, &device, None, Readings::default()).await?;
        let turns = record::turns(tx, app, caller, &device, &gathered, &gathered.seen).await?;
        store::devices::save_turns(tx, device.id, &turns).await?;
        store::devices::save_orphan_at(tx, device.id, record::orphan_at(app, &device, &gathered)).await?;
    }
    Ok(())
}
