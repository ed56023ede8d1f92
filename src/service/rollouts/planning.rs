//! A rollout is planned (R1, R2).

use super::{Done, acts, gather_plan, save};
use crate::{
    app::App,
    domain::{
        id::RolloutId,
        refusal::{Code, Refusal},
        rollout::{Event, Happened, Plan, Rollout, evolve, lay},
    },
    service::{Caller, Result, facts::today},
    store::{self, Tx},
};
use chrono::Datelike;

/// Puts a plan on record. `key` names the request: its repetition is answered with the same rollout (F3).
pub async fn plan(app: &App, caller: &Caller, plan: Plan, key: Option<String>) -> Result<Done> {
    let (app, caller) = (app.clone(), caller.clone());
    app.clone()
        .outliving(async move {
            let tx = app.db.begin().await?;
            let done = planned(&tx, &app, &caller, &plan, key.as_deref()).await?;
            tx.commit().await?;
            Ok(done)
        })
        .await?
}

async fn planned(tx: &Tx, app: &App, caller: &Caller, plan: &Plan, key: Option<&str>) -> Result<Done> {
    let request = acts::digest("new", plan)?;
    if let Some(done) = acts::repeated(tx, caller, key, &request).await? {
        return Ok(done);
    }
    let gathered = gather_plan(tx, app, plan).await?;
    let facts = gathered.facts(app, caller);
    if !facts.is_ctrl() {
        return Err(Refusal::new(Code::NotYours, "This is for a member of CTRL to do.").into());
    }
    let laid = lay(plan, &facts)?;
    let number = next_number(tx, app).await?;
    let what = Happened::RolloutPlanned { number, plan: Box::new(laid) };
    let events = vec![Event { at: facts.now, by: facts.me(), what }];
    let before = Rollout::draft(RolloutId(uuid::Uuid::now_v7()));
    let after = evolve(before.clone(), &events[0]);
    save(tx, app, caller, (&before, &after), &events, &gathered.roster).await?;
    acts::keep_outcome(tx, caller, key, &request, &after, gathered.now).await?;
    Ok(Done { rollout: after, events, is_repetition: false })
}

/// `R-2026-3`: the third of the year at the facility.
async fn next_number(tx: &Tx, app: &App) -> Result<String> {
    let begins = format!("R-{}-", today(app, app.clock.now()).year());
    let before = store::rollouts::count_numbered(tx, &begins).await?;
    Ok(format!("{begins}{}", before + 1))
}
