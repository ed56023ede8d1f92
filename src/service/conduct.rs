//! The rules of conduct, and what whoever sends in a request agrees to (L3).

use super::{Caller, Result, people::line, standing};
use crate::{
    app::App,
    domain::{
        id::PersonId,
        person::Person,
        person_entry::PersonEntry,
        refusal::{Code, Refusal},
    },
    store::{self, Tx, entity::person as row},
};
use sea_orm::ActiveValue::Set;
use serde_json::json;
use strum::IntoEnumIterator;

/// What a sender agrees to: how little reduced support is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Consent {
    BestEffort,
    GivenServer,
    ShutDown,
}

impl Consent {
    pub fn words(self) -> &'static str {
        match self {
            Self::BestEffort => "while it has reduced support, CTRL helps as best effort only",
            Self::GivenServer => "it runs only on the server CTRL gives me; elsewhere it is not supported at all",
            Self::ShutDown => "CTRL may shut it down if it harms unrelated services",
        }
    }
}

/// Whether this person accepted the version that is in force.
pub fn is_accepted(app: &App, person: &Person) -> bool {
    person.conduct.as_deref() == Some(app.policy.conduct.version.to_string().as_str())
}

/// Puts on record that this person accepts the rules of conduct in the version that is in force; once is enough.
pub async fn accept(app: &App, caller: &Caller, person: PersonId) -> Result<()> {
    if caller.actor.person() != Some(person) {
        return Err(Refusal::new(Code::NotYours, "Everybody accepts the rules of conduct for themselves.").into());
    }
    let (owned, caller) = (app.clone(), caller.clone());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        accepted(&tx, &owned, &caller, person).await?;
        Ok(tx.commit().await?)
    })
    .await?
}

async fn accepted(tx: &Tx, app: &App, caller: &Caller, person: PersonId) -> Result<()> {
    let known = store::people::find_profile(tx, person).await?;
    if known.is_some_and(|p| is_accepted(app, &p.person)) {
        return Ok(());
    }
    let version = app.policy.conduct.version;
    let change = row::ActiveModel {
        conduct: Set(Some(version.to_string())),
        conduct_at: Set(Some(app.clock.now())),
        ..Default::default()
    };
    store::people::update(tx, person, change).await?;
    let said = line(app, caller, person, PersonEntry::ConductAccepted, json!({ "version": version }));
    store::journal::append(tx, vec![said]).await?;
    standing::refresh_of_person(tx, app, person).await
}

/// Puts on record that the sender of this request agrees to every [`Consent`] and accepts the rules of conduct.
pub async fn agree(app: &App, caller: &Caller, person: PersonId, request: &str) -> Result<()> {
    let to: Vec<&str> = Consent::iter().map(Consent::words).collect();
    let said = line(app, caller, person, PersonEntry::Agreed, json!({ "request": request, "to": to }));
    let (owned, caller) = (app.clone(), caller.clone());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        accepted(&tx, &owned, &caller, person).await?;
        store::journal::append(&tx, vec![said]).await?;
        Ok(tx.commit().await?)
    })
    .await?
}
