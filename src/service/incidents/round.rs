//! What only time shows: who has fallen silent, and whose grace is over (G10).

use super::{Kind, Looked, settle};
use crate::{
    app::App,
    domain::{
        id::{DeviceId, ServerName},
        observation::Seen,
        support::Support,
    },
    service::{Caller, Result, facts::version_names, observations::named},
    store,
};
use chrono::{DateTime, Duration, Utc};
use std::collections::BTreeSet;

/// Between two looks at the clock.
const EVERY: std::time::Duration = std::time::Duration::from_secs(15);

/// Devices that are looked at in one transaction.
const AT_ONCE: usize = 100;

/// Looks at the clock until Custody stops. The first look is at everything: it may have been away for long.
pub async fn run(app: App) {
    let mut since = None;
    loop {
        let now = app.clock.now();
        tokio::select! {
            _ = app.stop.cancelled() => return,
            done = round(&app, since) => match done {
                Ok(_) => since = Some(now),
                Err(error) => tracing::error!(%error, "what runs could not be compared with the record"),
            },
        }
        tokio::select! {
            _ = app.stop.cancelled() => return,
            _ = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Looks at what became due after `since`, or at everything; how many devices and strangers were looked at. Whom to
/// look at comes from memory: nothing is written where nothing is due.
pub async fn round(app: &App, since: Option<DateTime<Utc>>) -> Result<usize> {
    let now = app.clock.now();
    let known = store::incidents::list_open_keys(&app.db.read, Kind::Silent).await?;
    let (devices, strangers) = due(app, since, now, &known);
    let looked = devices.len() + strangers.len();
    for part in devices.chunks(AT_ONCE) {
        let (app_, part) = (app.clone(), part.iter().copied().collect());
        app.outliving(async move { look(&app_, &part, &BTreeSet::new()).await }).await??;
    }
    for part in strangers.chunks(AT_ONCE) {
        let (app_, part) = (app.clone(), part.iter().cloned().collect());
        app.outliving(async move { look(&app_, &BTreeSet::new(), &part).await }).await??;
    }
    Ok(looked)
}

type Strangers = Vec<(String, ServerName)>;

fn due(
    app: &App,
    since: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    known: &BTreeSet<(String, ServerName)>,
) -> (Vec<DeviceId>, Strangers) {
    let grace = Duration::minutes(app.policy.observations.grace_minutes.into());
    let minutes = app.policy.observations.silent_after_minutes;
    let state = app.projection.read();
    let mut devices = BTreeSet::new();
    let mut strangers = BTreeSet::new();
    for place in state.all_places() {
        let key = (place.seen.instance.clone(), place.seen.server.clone());
        let newly_silent = place.seen.is_silent(now, minutes) && !known.contains(&key);
        match place.device {
            Some(device) if newly_silent || since.is_none() => drop(devices.insert(device)),
            None if newly_silent || since.is_none() => drop(strangers.insert(key)),
            _ => {}
        }
    }
    for card in state.cards() {
        let over = |at: DateTime<Utc>| at + grace <= now && since.is_none_or(|since| at + grace > since);
        if card.placements.iter().any(|p| over(p.mark.at)) {
            devices.insert(card.id);
        }
    }
    (devices.into_iter().collect(), strangers.into_iter().collect())
}

async fn look(app: &App, ids: &BTreeSet<DeviceId>, keys: &BTreeSet<(String, ServerName)>) -> Result<()> {
    let tx = app.db.begin().await?;
    let now = app.clock.now();
    let names = version_names(app, None);
    let devices = store::devices::list_by_id(&tx, ids).await?;
    let mut running = store::instances::list_of_devices(&tx, ids.iter().copied(), &names).await?;
    let support = store::standing::list_support(&tx, ids).await?;
    let mut looked = Looked::default();
    for d in &devices {
        let seen: Vec<Seen> = named(app, d, running.remove(&d.id).unwrap_or_default());
        looked.device(app, d, &seen, now);
        let verdict = support.get(&d.id).and_then(|(v, _)| v.as_ref());
        if verdict.is_some_and(|v| v.support == Support::NotSupported) {
            looked.unsupported(d.id, false);
        }
    }
    for k in store::instances::list_by_key(&tx, keys, &names).await? {
        if k.device.is_none() {
            looked.stranger(app, &k.seen, now);
        }
    }
    settle(&tx, app, &Caller::custody(), looked, now).await?;
    Ok(tx.commit().await?)
}
