//! What came to nothing gives its server back to what was there before (G9).

use super::{ahead, save};
use crate::{
    app::App,
    domain::{
        deployment::{Deployment, Report, Reported},
        device::{Device, Placement},
        id::PersonId,
        lifecycle::Command,
    },
    service::{
        Caller, Error, Result,
        act::{Ask, act},
    },
    store::{self, Tx},
};
use std::borrow::Cow;

/// So many that ran out are settled in one round.
const ROUND: u64 = 200;

/// Custody's own part, at its regular checks: permits that ran out unused, and servers that are still to be given back.
pub async fn keep(app: &App) -> Result<()> {
    let now = app.clock.now();
    for found in store::deployments::list_run_out(&app.db.read, now, ahead(now), ROUND).await? {
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
    let mut failed = None;
    for found in store::deployments::list_unsettled(&app.db.read, ROUND).await? {
        // One that fails keeps no other back.
        if let Err(error) = give_back(app, &found).await {
            tracing::error!(deployment = %found.id, %error, "its server could not be given back");
            failed = failed.or(Some(error));
        }
    }
    failed.map_or(Ok(()), Err)
}

/// Gives the server back to what was there before, where it still is this deployment's.
pub(super) async fn give_back(app: &App, d: &Deployment) -> Result<()> {
    let device = store::devices::find(&app.db.read, d.device).await?.ok_or(Error::NotFound)?;
    let command = Command::GiveBack {
        server: d.server.clone(),
        tag: d.release.tag.clone(),
        asked: d.asked,
        // What is on record when it is decided counts.
        back: Vec::new(),
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

/// What is asked with the places that are to come back, by what is on record in this transaction.
pub(in crate::service) async fn with_what_was_there<'a>(
    tx: &Tx,
    app: &App,
    device: &Device,
    ask: &'a Ask,
) -> Result<Cow<'a, Ask>> {
    let Command::GiveBack { server, tag, asked, .. } = &ask.command else { return Ok(Cow::Borrowed(ask)) };
    let placed = device.placed_on(server).filter(|p| p.is_of(tag, *asked));
    let Some(placed) = placed else { return Ok(Cow::Borrowed(ask)) };
    let there = match store::deployments::find_of_placement(tx, device.id, placed).await? {
        Some(d) => what_was_there(tx, app, &d).await?,
        None => Vec::new(),
    };
    let mut ask = ask.clone();
    if let Command::GiveBack { back, .. } = &mut ask.command {
        *back = there;
    }
    Ok(Cow::Owned(ask))
}

/// The places that made way, and for those that were themselves of a deployment that came to nothing, the ones before.
async fn what_was_there(tx: &Tx, app: &App, d: &Deployment) -> Result<Vec<Placement>> {
    let (mut open, mut back) = (d.before.clone(), Vec::<Placement>::new());
    // Each step goes back in time; nobody asks a hundred times in five minutes.
    for _ in 0..100 {
        let Some(place) = open.pop() else { break };
        match store::deployments::find_of_placement(tx, d.device, &place).await? {
            Some(of) if of.id != d.id && of.state_at(app.clock.now()).gives_back() => open.extend(of.before),
            _ if back.iter().any(|p| p.server == place.server) => {}
            _ => back.push(place),
        }
    }
    Ok(back)
}
