//! Wrong passwords, counted for all replicas (A34).

use super::{Result, entity::guess as row};
use crate::domain::guessing::{Lately, Tries, Way};
use chrono::{DateTime, Utc};
use row::Column;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::OnConflict,
};

/// What is kept of these ways, in one statement.
pub async fn load<C: ConnectionTrait>(c: &C, ways: &[Way; 3]) -> Result<Lately> {
    let keys = ways.map(|way| way.key());
    let rows = row::Entity::find().filter(Column::Way.is_in(keys.clone())).all(c).await?;
    Ok(keys.map(|key| {
        let found = rows.iter().find(|r| r.way == key)?;
        Some(Tries { wrong: found.wrong.unsigned_abs(), last: found.last_at, known: found.known })
    }))
}

/// Keeps what changed of them.
pub async fn save<C: ConnectionTrait>(tx: &C, ways: &[Way; 3], kept: &Lately) -> Result<()> {
    let rows = ways.iter().zip(kept).filter_map(|(way, tries)| {
        let tries = (*tries)?;
        let wrong = i32::try_from(tries.wrong).unwrap_or(i32::MAX);
        Some(row::Model { way: way.key(), wrong, last_at: tries.last, known: tries.known }.into_active_model())
    });
    let replace =
        OnConflict::column(Column::Way).update_columns([Column::Wrong, Column::LastAt, Column::Known]).to_owned();
    row::Entity::insert_many(rows).on_conflict(replace).exec_without_returning(tx).await.map(drop)
}

/// Forgets what is older than this, ways that are known and others, and of what is left all but the newest.
pub async fn delete_old<C: ConnectionTrait>(
    tx: &C,
    known: DateTime<Utc>,
    others: DateTime<Utc>,
    most: u64,
) -> Result<()> {
    let old = Condition::any()
        .add(Column::LastAt.lt(known))
        .add(Condition::all().add(Column::Known.eq(false)).add(Column::LastAt.lt(others)));
    row::Entity::delete_many().filter(old).exec(tx).await?;
    if row::Entity::find().count(tx).await? <= most {
        return Ok(());
    }
    let newest = row::Entity::find().select_only().column(Column::LastAt).order_by_desc(Column::LastAt);
    let limit: Option<DateTime<Utc>> = newest.offset(most).into_tuple().one(tx).await?;
    if let Some(limit) = limit {
        row::Entity::delete_many().filter(Column::LastAt.lte(limit)).exec(tx).await?;
    }
    Ok(())
}

/// Forgets what was tried with this name, digested.
pub async fn delete_of<C: ConnectionTrait>(tx: &C, account: &crate::domain::guessing::Digest) -> Result<()> {
    let key = Way::Account(*account).key();
    let pairs = key.replacen("account", "pair", 1);
    let of = Condition::any().add(Column::Way.eq(key)).add(Column::Way.starts_with(pairs));
    row::Entity::delete_many().filter(of).exec(tx).await.map(drop)
}
