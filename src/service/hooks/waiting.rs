//! What forges told while a repository was away, or while too much was read: it is kept, and looked at again until the
//! repository answers or the policy's time is over (G3, A22).

use super::{Hook, line, reading};
use crate::{
    app::App,
    domain::{
        collector::pause,
        forge::{Heard, Hint},
    },
    service::{
        Caller, Error, Result, record,
        telling::{self, Telling},
    },
    store::{
        self,
        hooks::{Due, Waiting},
    },
};
use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use std::collections::BTreeSet;

/// For so long nobody else takes up what is being looked at; after a fall it is taken up then.
pub(super) const LEASE: Duration = Duration::minutes(10);

/// The first pause between two tries, in seconds; each further one is twice as long, up to ten minutes.
const FIRST: u32 = 60;

/// So many are looked at in a round.
const ROUND: u64 = 50;

pub(super) fn write(told: &Heard) -> Result<String> {
    serde_json::to_string(told).map_err(|e| Error::Internal(Box::new(e)))
}

/// What was looked at waits no longer; what could not be waits for its next try.
pub(super) async fn ends(app: &App, hook: &Hook, delivery: &str, due: DateTime<Utc>, is_done: bool) -> Result<()> {
    let waiting = Waiting { told: String::new(), due };
    let of = Due { hook: hook.id.clone(), delivery: delivery.to_owned(), at: due, waiting, tries: 0 };
    if is_done { settle(app, &of).await } else { put_off(app, &of).await.map(|_| ()) }
}

/// Takes up what is due, at Custody's regular checks. Whatever happens in between, a stage is reported once.
pub async fn keep(app: &App) -> Result<()> {
    // One that does not answer now is not asked for each of its deliveries.
    let mut away: BTreeSet<String> = BTreeSet::new();
    for due in store::hooks::list_due(&app.db.read, app.clock.now(), ROUND).await? {
        // One that cannot be looked at keeps no other back; it is tried again.
        if let Err(error) = take_up(app, due, &mut away).await {
            tracing::error!(%error, "what a forge told could not be taken up");
        }
    }
    Ok(())
}

async fn take_up(app: &App, mut due: Due, away: &mut BTreeSet<String>) -> Result<()> {
    let hook = store::hooks::find(&app.db.read, &due.hook).await?.ok_or(Error::NotFound)?;
    let Ok(told) = serde_json::from_str::<Heard>(&due.waiting.told) else {
        tracing::error!(delivery = due.delivery, "what a forge told cannot be read any more");
        return settle(app, &due).await;
    };
    let until = app.clock.now() + LEASE;
    if !save_due(app, &due, until, due.tries).await? {
        return Ok(());
    }
    due.waiting.due = until;
    let repositories = reading::repositories(&told);
    if away.is_disjoint(&repositories) {
        if reading::look_at(app, &hook, &told, due.at).await {
            return settle(app, &due).await;
        }
        away.extend(repositories);
    }
    let hours = app.policy.releases.forge_retry_hours;
    if app.clock.now() - due.at >= Duration::hours(hours.into()) {
        return give_up(app, &hook, &due, &told).await;
    }
    put_off(app, &due).await.map(|_| ())
}

async fn put_off(app: &App, of: &Due) -> Result<bool> {
    save_due(app, of, app.clock.now() + pause(FIRST, of.tries, 0.0), of.tries.saturating_add(1)).await
}

async fn save_due(app: &App, of: &Due, until: DateTime<Utc>, tries: u32) -> Result<bool> {
    let (owned, of) = (app.clone(), of.clone());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        let is_ours = store::hooks::put_off(&tx, &of, until, tries).await?;
        tx.commit().await?;
        Ok(is_ours)
    })
    .await?
}

async fn settle(app: &App, of: &Due) -> Result<()> {
    let (owned, of) = (app.clone(), of.clone());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        store::hooks::settle(&tx, &of.hook, &of.delivery).await?;
        Ok(tx.commit().await?)
    })
    .await?
}

/// What was told, as people read it.
fn words(told: &Heard) -> String {
    let one = |hint: &Hint| match hint {
        Hint::Tag(name) => format!("the tag {name}"),
        Hint::Branch(name) => format!("the branch {name}"),
        Hint::Pipeline(run) => format!("run {} of {}", run.run.number, run.reference),
    };
    // What a stranger wrote is no longer than it needs to be, and stays on its line.
    let all = told.what.iter().map(one).collect::<Vec<_>>().join(", ");
    all.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

/// The time is over: it goes on record, and the devices' people are told.
async fn give_up(app: &App, hook: &Hook, of: &Due, told: &Heard) -> Result<()> {
    let mut devices = Vec::new();
    for name in reading::devices(app, hook, told) {
        devices.extend(store::devices::find_by_name(&app.db.read, &name).await?);
    }
    let (words, at) = (words(told), app.clock.now());
    let names: Vec<&str> = devices.iter().map(|d| d.name()).collect();
    let body = json!({ "delivery": of.delivery, "told": words, "devices": names });
    let line = line(app, &Caller::custody(), &hook.id, "delivery_given_up", body);
    let hours = app.policy.releases.forge_retry_hours;
    // Tags are found at the regular checks; what a pipeline said is lost.
    let is_lost = told.what.iter().any(|hint| matches!(hint, Hint::Pipeline(_)));
    let tell = devices.iter().filter(|_| is_lost).flat_map(|device| {
        let text = format!(
            "{}: {} told of {words}, and the repository has not answered for {hours} hours. It is not on record, and neither is what else has waited so long: once the repository is back, have its pipelines run again.",
            device.name(),
            hook.name
        );
        record::of_device(device).into_iter().map(move |to| Telling {
            to,
            device: Some(device.id),
            // Once a day, however much was told.
            key: format!("hook/{}/{}/{}", hook.id, device.id, at.date_naive()),
            at,
            text: text.clone(),
            path: format!("/devices/{}", device.name()),
            urgent: false,
        })
    });
    let tell: Vec<Telling> = tell.collect();
    let (owned, of) = (app.clone(), of.clone());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        if store::hooks::settle(&tx, &of.hook, &of.delivery).await? {
            store::journal::append(&tx, vec![line]).await?;
            let roster = owned.roster.current(&tx).await?;
            telling::tell(&tx, &owned, &roster, tell, Vec::new()).await?;
        }
        Ok(tx.commit().await?)
    })
    .await?
}
