//! What was handed in on a page is kept while its plan is looked at, for a day at most: it may be a list of people.

use super::{Kind, Outcome, Plan, Program, READ_WITHIN, Table, Told, carry_out_within, plan_within, read_program};
use crate::{
    app::App,
    domain::id::PersonId,
    service::{Caller, Error, Result, people::must_be_admin},
    store::{self, entity::import_draft as row},
};
use chrono::{DateTime, Duration, Utc};

/// How long it is kept.
const HOURS: i64 = 24;

/// A table that waits for whoever handed it in.
#[derive(Clone, Debug)]
pub struct Draft {
    pub id: String,
    pub table: Table,
    /// Its text, as it was handed in.
    pub content: String,
    /// What is not in it, and what else is to be known of it.
    pub notes: Vec<String>,
}

fn me(caller: &Caller) -> Result<PersonId> {
    caller.actor.person().ok_or(Error::NotFound)
}

/// Keeps a table until its plan is agreed to; what it cannot be read for is said instead.
pub async fn keep(app: &App, caller: &Caller, kind: Kind, source: &str, bytes: &[u8]) -> Result<String> {
    Table::parse(kind, source, bytes)?;
    insert(app, caller, kind, source, String::from_utf8_lossy(bytes).into_owned(), Vec::new()).await
}

/// The same of what another program has at this moment: what is agreed to is what was looked at.
pub async fn keep_program(app: &App, caller: &Caller, program: &Program, told: Told<'_>) -> Result<String> {
    let (table, notes) = read_program(app, caller, program, told).await?;
    let content = table.to_csv();
    // It has to be read again.
    Table::parse(table.kind, &table.source, &content)?;
    insert(app, caller, table.kind, &table.source, String::from_utf8_lossy(&content).into_owned(), notes).await
}

async fn insert(
    app: &App,
    caller: &Caller,
    kind: Kind,
    source: &str,
    content: String,
    notes: Vec<String>,
) -> Result<String> {
    let draft = row::Model {
        id: uuid::Uuid::new_v4().to_string(),
        person_id: me(caller)?.to_string(),
        kind: kind.to_string(),
        source: source.to_owned(),
        content,
        notes: notes.join("\n"),
        made_at: app.clock.now(),
    };
    let (owned, caller, id) = (app.clone(), caller.clone(), draft.id.clone());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        must_be_admin(&tx, &caller).await?;
        store::imports::insert(&tx, draft).await?;
        tx.commit().await?;
        Ok(id)
    })
    .await?
}

/// What this person handed in, as it is read now.
pub async fn find(app: &App, caller: &Caller, id: &str) -> Result<Draft> {
    let found = store::imports::find(&app.db.read, id, me(caller)?).await?.ok_or(Error::NotFound)?;
    let kind = found.kind.parse().map_err(|_| Error::NotFound)?;
    let table = Table::parse(kind, &found.source, found.content.as_bytes())?;
    let notes = found.notes.lines().map(str::to_owned).collect();
    Ok(Draft { id: found.id, table, content: found.content, notes })
}

impl Draft {
    /// Each line's fate as things stand now.
    pub async fn plan(&self, app: &App, caller: &Caller) -> Result<Plan> {
        plan_within(app, caller, &self.table, Some(READ_WITHIN)).await
    }

    /// Does what the plan with this digest said, or nothing. What was done is kept no longer.
    pub async fn carry_out(self, app: &App, caller: &Caller, agreed: String) -> Result<Outcome> {
        let outcome = carry_out_within(app, caller, self.table, Some(agreed), Some(READ_WITHIN)).await?;
        if matches!(outcome, Outcome::Done(_)) {
            let (owned, id) = (app.clone(), self.id);
            app.outliving(async move {
                let tx = owned.db.begin().await?;
                store::imports::delete(&tx, &id).await?;
                Ok::<_, Error>(tx.commit().await?)
            })
            .await??;
        }
        Ok(outcome)
    }
}

/// Throws away what nobody agreed to in time.
pub async fn clean(tx: &store::Tx, now: DateTime<Utc>) -> Result<()> {
    Ok(store::imports::delete_before(tx, now - Duration::hours(HOURS)).await?)
}
