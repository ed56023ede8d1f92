//! Reminds people of what has come due with devices, each of it once (B4, T2, T5, T10). Contacts are reminded of their word
//! elsewhere, by a link of their own.

use super::{
    Result,
    facts::today,
    record,
    telling::{self, Telling},
};
use crate::{
    app::App,
    domain::{device::Device, reminder::come_due},
    store,
};
use std::collections::BTreeSet;

/// How many were reminded. No query where nothing is due, one where all of it was said.
pub async fn send(app: &App, devices: &[Device]) -> Result<usize> {
    let now = app.clock.now();
    let today = today(app, now);
    let mut all: Vec<Telling> = Vec::new();
    for d in devices {
        for r in come_due(d, &app.policy, today) {
            let to = r.to.unwrap_or_else(|| record::of_device(d));
            all.extend(to.into_iter().map(|to| Telling {
                to,
                device: Some(d.id),
                key: format!("remind/{}/{}", d.id, r.cause),
                at: now,
                text: r.text.clone(),
                path: format!("/devices/{}{}", d.name(), r.page),
                urgent: false,
            }));
        }
    }
    once(app, all).await
}

/// Tells each of it whom it was not told yet; how many that were. No query where there is nothing.
pub(super) async fn once(app: &App, mut all: Vec<Telling>) -> Result<usize> {
    if all.is_empty() {
        return Ok(0);
    }
    let causes: BTreeSet<String> = all.iter().map(|t| t.key.clone()).collect();
    let told = store::notices::list_told(&app.db.read, causes).await?;
    all.retain(|t| !told.contains(&(t.to, t.key.clone())));
    if all.is_empty() {
        return Ok(0);
    }
    let owned = app.clone();
    app.outliving(async move {
        let (tx, sent) = (owned.db.begin().await?, all.len());
        let roster = owned.roster.current(&tx).await?;
        telling::tell(&tx, &owned, &roster, all, Vec::new()).await?;
        tx.commit().await?;
        Ok(sent)
    })
    .await?
}
