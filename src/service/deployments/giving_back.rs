//! What came to nothing gives its server back to what was there before (G9).

use super::save;
use crate::{
    app::App,
    domain::{
        deployment::{Deployment, Report, Reported},
        device::Placement,
        id::PersonId,
        lifecycle::Command,
    },
    service::{
        Caller, Error, Result,
        act::{Ask, act},
    },
    store,
};

/// So many that ran out are settled in one round.
const ROUND: u64 = 200;

/// Custody's own part, at its regular checks: permits that ran out unused, and servers that are still to be given back.
pub async fn keep(app: &App) -> Result<()> {
    for found in store::deployments::list_run_out(&app.db.read, app.clock.now(), ROUND).await? {
        let owned = app.clone();
        let done = app.outliving(async move {
            let tx = owned.db.begin().await?;
            let found = store::deployments::find(&tx, found.id).await?.ok_or(Error::NotFound)?;
            let reported = Reported { at: owned.clock.now(), by: None, report: Report::Expired };
            save(&tx, &owned, &Caller::custody(), found, reported).await?;
            Ok::<_, Error>(tx.commit().await?)
        });
        match done.await? {
            // Somebody began it meanwhile.
            Ok(()) | Err(Error::Refused(_)) => {}
            Err(other) => return Err(other),
        }
    }
    for found in store::deployments::list_unsettled(&app.db.read, ROUND).await? {
        give_back(app, &found).await?;
    }
    Ok(())
}

/// Gives the server back to what was there before, where it still is this deployment's.
pub(super) async fn give_back(app: &App, d: &Deployment) -> Result<()> {
    let device = store::devices::find(&app.db.read, d.device).await?.ok_or(Error::NotFound)?;
    let command = Command::GiveBack {
        server: d.server.clone(),
        tag: d.release.tag.clone(),
        asked: d.asked,
        back: what_was_there(app, d).await?,
        why: d.why_not(),
        rolled_back: rolled_back_by(d),
    };
    match act(app, &Caller::custody(), device.name(), Ask::from(command)).await {
        // A device at its end is placed nowhere.
        Ok(_) | Err(Error::Refused(_)) => {}
        Err(other) => return Err(other),
    }
    let (owned, id) = (app.clone(), d.id);
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        store::deployments::settle(&tx, id).await?;
        Ok(tx.commit().await?)
    })
    .await?
}

/// Who reported that it was rolled back, where that is how it ended.
fn rolled_back_by(d: &Deployment) -> Option<PersonId> {
    let told = d.reports.last().filter(|r| matches!(r.report, Report::RolledBack { .. }))?;
    Some(told.by.unwrap_or(d.asked.by))
}

/// The places that made way, and for those that were themselves of a deployment that came to nothing, the ones before.
async fn what_was_there(app: &App, d: &Deployment) -> Result<Vec<Placement>> {
    let (mut open, mut back) = (d.before.clone(), Vec::<Placement>::new());
    // Each step goes back in time; nobody asks a hundred times in five minutes.
    for _ in 0..100 {
        let Some(place) = open.pop() else { break };
        match store::deployments::find_of_placement(&app.db.read, d.device, &place).await? {
            Some(of) if of.id != d.id && of.state_at(app.clock.now()).gives_back() => open.extend(of.before),
            _ if back.iter().any(|p| p.server == place.server) => {}
            _ => back.push(place),
        }
    }
    Ok(back)
}
