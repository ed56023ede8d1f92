//! Tags that are on their way into a repository, judged for whoever keeps it (G2, T10). It changes nothing.

use super::Result;
use crate::{
    app::App,
    domain::{
        forge::same_repository,
        id::{DeviceId, PersonId},
        lifecycle::StateName,
        person::People,
        tag::pushed::{Condition, Pushed, judge},
    },
    service::sessions::LOCAL,
    store,
};
use std::collections::BTreeSet;

/// The devices whose code is in a repository, by whatever address.
pub fn devices_in(app: &App, repository: &str) -> BTreeSet<DeviceId> {
    let wanted = same_repository(repository);
    let state = app.projection.read();
    state.cards().filter(|c| c.repository == wanted).map(|c| c.id).collect()
}

/// Every condition of these devices, met or not. `pusher`: the login or the address of whoever pushes.
pub async fn check(app: &App, devices: &BTreeSet<DeviceId>, pushed: &Pushed, pusher: &str) -> Result<Vec<Condition>> {
    let c = &app.db.read;
    let devices = store::devices::list_by_id(c, devices).await?;
    let asks_who = devices.iter().any(|d| d.state.name() == StateName::CtrlOwned);
    let people = if asks_who { called(app, pusher).await? } else { People::default() };
    let pushers: Vec<_> = people.0.values().collect();
    let (rule, annotated) = (app.policy.tag_rule(), app.policy.releases.annotated);
    Ok(devices.iter().flat_map(|d| judge(d, &rule, annotated, pushed, &pushers, pusher)).collect())
}

/// Whoever is called so here: by the name of their account, or by an address of theirs.
async fn called(app: &App, pusher: &str) -> Result<People> {
    let c = &app.db.read;
    let pusher = pusher.trim();
    if pusher.is_empty() {
        return Ok(People::default());
    }
    let account = store::accounts::find(c, LOCAL, pusher).await?;
    let mut ids: BTreeSet<PersonId> = account.into_iter().map(|(id, _)| id).collect();
    if pusher.contains('@') {
        let by_address = store::people::list_by_email(c, &pusher.to_lowercase()).await?;
        ids.extend(by_address.into_iter().map(|(id, _)| id));
    }
    if ids.is_empty() {
        return Ok(People::default());
    }
    Ok(store::people::load_people(c, &ids).await?)
}
