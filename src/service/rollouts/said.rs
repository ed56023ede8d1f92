//! What was done with a rollout, in sentences, for whoever did it by a program (E3).

use super::Done;
use crate::{
    app::App,
    domain::{
        id::PersonId,
        rollout::{Event, Rollout, tell},
    },
    service::{Error, Result, commands::Said},
    store,
};
use std::collections::BTreeSet;

/// The rollout of this number, and nothing around it. One query.
pub async fn find(app: &App, number: &str) -> Result<Rollout> {
    store::rollouts::find_by_number(&app.db.read, number).await?.ok_or(Error::NotFound)
}

/// What was done, in whole sentences. At most two queries.
pub async fn say(app: &App, done: &Done) -> Result<Vec<Said>> {
    let by: BTreeSet<PersonId> = done.events.iter().filter_map(|e| e.by).collect();
    let people = store::people::load_names(&app.db.read, &by).await?;
    let one = |e: &Event| {
        let who = e.by.map_or("Custody", |p| people.name(p)).to_owned();
        let text = format!("{who} {}", tell(e, &done.rollout.steps, &app.policy));
        Said { at: e.at, by: e.by, kind: e.what.name().to_owned(), who, text }
    };
    Ok(done.events.iter().map(one).collect())
}
