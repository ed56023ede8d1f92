//! Forges that may tell, what they told already, and what of that is still to be looked at (A21, A22).

use super::{Result, corrupt};
use crate::{
    domain::{
        forge::{Covers, Forge},
        id::PersonId,
    },
    store::entity::{forge_delivery as delivery, forge_hook as row},
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, sea_query::OnConflict,
};
use std::collections::BTreeMap;

/// A forge that may tell. Its secret is in no log: it is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Hook {
    pub id: String,
    pub name: String,
    pub forge: Forge,
    /// `None` of one that was made before that was asked: any.
    pub covers: Option<Covers>,
    pub secret: String,
    pub created_by: PersonId,
    pub created_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it told something last.
    pub heard_at: Option<DateTime<Utc>>,
}

fn hydrate(r: row::Model) -> Result<Hook> {
    Ok(Hook {
        forge: r.forge.parse().map_err(|e: strum::ParseError| corrupt(&format!("forge hook {}", r.id), e))?,
        created_by: super::people::id(&r.created_by)?,
        id: r.id,
        name: r.name,
        covers: r.covers.map(Covers::kept),
        secret: r.secret,
        created_at: r.created_at,
        revoked_at: r.revoked_at,
        heard_at: r.heard_at,
    })
}

pub async fn insert<C: ConnectionTrait>(tx: &C, h: &Hook) -> Result<()> {
    let forge: &'static str = h.forge.into();
    let row = row::Model {
        id: h.id.clone(),
        name: h.name.clone(),
        forge: forge.to_owned(),
        covers: h.covers.as_ref().map(|c| c.as_str().to_owned()),
        secret: h.secret.clone(),
        created_by: h.created_by.to_string(),
        created_at: h.created_at,
        revoked_at: h.revoked_at,
        heard_at: h.heard_at,
    };
    row.into_active_model().insert(tx).await.map(|_| ())
}

pub async fn find<C: ConnectionTrait>(c: &C, id: &str) -> Result<Option<Hook>> {
    row::Entity::find_by_id(id.to_owned()).one(c).await?.map(hydrate).transpose()
}

/// All of them, newest first.
pub async fn list<C: ConnectionTrait>(c: &C) -> Result<Vec<Hook>> {
    row::Entity::find().order_by_desc(row::Column::CreatedAt).all(c).await?.into_iter().map(hydrate).collect()
}

/// True where there was one to revoke; its secret is thrown away, and what it told waits no longer.
pub async fn revoke<C: ConnectionTrait>(tx: &C, id: &str, at: DateTime<Utc>) -> Result<bool> {
    delivery::Entity::update_many()
        .set(delivery::ActiveModel { waiting: Set(None), due_at: Set(None), ..Default::default() })
        .filter(delivery::Column::HookId.eq(id))
        .filter(delivery::Column::Waiting.is_not_null())
        .exec(tx)
        .await?;
    let done = row::Entity::update_many()
        .set(row::ActiveModel { revoked_at: Set(Some(at)), secret: Set(String::new()), ..Default::default() })
        .filter(row::Column::Id.eq(id))
        .filter(row::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}

/// What was told and is still to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// As JSON.
    pub told: String,
    pub due: DateTime<Utc>,
}

/// Puts a delivery on record; false where it was heard before.
pub async fn hear<C: ConnectionTrait>(
    tx: &C,
    hook: &str,
    id: &str,
    waiting: Option<Waiting>,
    at: DateTime<Utc>,
) -> Result<bool> {
    let (waiting, due_at) = waiting.map(|w| (w.told, w.due)).unzip();
    let new = delivery::Model { hook_id: hook.to_owned(), delivery: id.to_owned(), at, waiting, due_at, tries: 0 };
    let key = [delivery::Column::HookId, delivery::Column::Delivery];
    let inserted = delivery::Entity::insert(new.into_active_model())
        .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    row::Entity::update_many()
        .set(row::ActiveModel { heard_at: Set(Some(at)), ..Default::default() })
        .filter(row::Column::Id.eq(hook))
        .exec(tx)
        .await?;
    Ok(inserted > 0)
}

/// A delivery that is to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    pub hook: String,
    pub delivery: String,
    pub at: DateTime<Utc>,
    pub waiting: Waiting,
    pub tries: u32,
}

/// What is due, in the order in which it came.
pub async fn list_due<C: ConnectionTrait>(c: &C, now: DateTime<Utc>, most: u64) -> Result<Vec<Due>> {
    let q = delivery::Entity::find()
        .filter(delivery::Column::Waiting.is_not_null())
        .filter(delivery::Column::DueAt.lte(now))
        .order_by_asc(delivery::Column::DueAt)
        .order_by_asc(delivery::Column::At)
        .limit(most);
    let due = |r: delivery::Model| {
        Some(Due {
            waiting: Waiting { told: r.waiting?, due: r.due_at? },
            hook: r.hook_id,
            delivery: r.delivery,
            at: r.at,
            tries: u32::try_from(r.tries).unwrap_or_default(),
        })
    };
    let mut all: Vec<Due> = q.all(c).await?.into_iter().filter_map(due).collect();
    all.sort_by_key(|d| d.at);
    Ok(all)
}

/// How many deliveries of each hook wait. One query.
pub async fn count_waiting<C: ConnectionTrait>(c: &C) -> Result<BTreeMap<String, u64>> {
    let rows: Vec<(String, i64)> = delivery::Entity::find()
        .select_only()
        .column(delivery::Column::HookId)
        .column_as(delivery::Column::Delivery.count(), "n")
        .filter(delivery::Column::Waiting.is_not_null())
        .group_by(delivery::Column::HookId)
        .into_tuple()
        .all(c)
        .await?;
    Ok(rows.into_iter().map(|(hook, n)| (hook, n.unsigned_abs())).collect())
}

/// Puts off what waits to another moment, after so many tries; false where somebody else was faster.
pub async fn put_off<C: ConnectionTrait>(tx: &C, of: &Due, until: DateTime<Utc>, tries: u32) -> Result<bool> {
    let tries = i32::try_from(tries).unwrap_or(i32::MAX);
    let done = delivery::Entity::update_many()
        .set(delivery::ActiveModel { due_at: Set(Some(until)), tries: Set(tries), ..Default::default() })
        .filter(delivery::Column::HookId.eq(&of.hook))
        .filter(delivery::Column::Delivery.eq(&of.delivery))
        .filter(delivery::Column::DueAt.eq(of.waiting.due))
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}

/// It waits no longer; false where it did not.
pub async fn settle<C: ConnectionTrait>(tx: &C, hook: &str, id: &str) -> Result<bool> {
    let done = delivery::Entity::update_many()
        .set(delivery::ActiveModel { waiting: Set(None), due_at: Set(None), ..Default::default() })
        .filter(delivery::Column::HookId.eq(hook))
        .filter(delivery::Column::Delivery.eq(id))
        .filter(delivery::Column::Waiting.is_not_null())
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Throws away what no forge repeats any more.
pub async fn delete_deliveries_before<C: ConnectionTrait>(tx: &C, at: DateTime<Utc>) -> Result<()> {
    delivery::Entity::delete_many().filter(delivery::Column::At.lt(at)).exec(tx).await.map(|_| ())
}
