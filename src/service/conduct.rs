//! The rules of conduct, accepted by each contributor in their newest version (L3).

use super::{Caller, Error, Result, people::line, standing};
use crate::{
    app::App,
    domain::{
        id::PersonId,
        refusal::{Code, Refusal},
    },
    store::{self, entity::person as row},
};
use sea_orm::ActiveValue::Set;
use serde_json::json;

/// Accepts the version in force, for oneself.
pub async fn accept(app: &App, caller: &Caller, person: PersonId) -> Result<()> {
    if caller.actor.person() != Some(person) {
        return Err(Refusal::new(Code::NotYours, "Everybody accepts the rules of conduct for themselves.").into());
    }
    let (app, caller) = (app.clone(), caller.clone());
    app.clone()
        .outliving(async move {
            let version = app.policy.conduct.version;
            let tx = app.db.begin().await?;
            let profile = store::people::find_profile(&tx, person).await?.ok_or(Error::NotFound)?;
            if profile.person.conduct.as_deref() == Some(&version.to_string()) {
                return Ok(());
            }
            let change = row::ActiveModel {
                conduct: Set(Some(version.to_string())),
                conduct_at: Set(Some(app.clock.now())),
                ..Default::default()
            };
            store::people::update(&tx, person, change).await?;
            let line = line(&app, &caller, person, "conduct_accepted", json!({ "version": version }));
            store::journal::append(&tx, vec![line]).await?;
            standing::refresh_of_person(&tx, &app, person).await?;
            Ok(tx.commit().await?)
        })
        .await?
}
