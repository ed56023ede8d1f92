//! Private calendar addresses: one for each person, kept as a hash only.

use super::{Result, entity::calendar as row};
use crate::domain::id::PersonId;
use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};

/// Gives a person this address instead of the one they had.
pub async fn save<C: ConnectionTrait>(tx: &C, person: PersonId, hash: &str, at: DateTime<Utc>) -> Result<()> {
    delete(tx, person).await?;
    let row = row::Model { person_id: person.to_string(), hash: hash.to_owned(), created_at: at };
    row.into_active_model().insert(tx).await.map(|_| ())
}

/// Ends a person's address; true where there was one.
pub async fn delete<C: ConnectionTrait>(tx: &C, person: PersonId) -> Result<bool> {
    Ok(row::Entity::delete_by_id(person.to_string()).exec(tx).await?.rows_affected == 1)
}

/// Whose address has this hash.
pub async fn find_person<C: ConnectionTrait>(c: &C, hash: &str) -> Result<Option<PersonId>> {
    let found = row::Entity::find().filter(row::Column::Hash.eq(hash)).one(c).await?;
    found.map(|r| super::people::id(&r.person_id)).transpose()
}

/// When a person's address was made, where they have one.
pub async fn find_made<C: ConnectionTrait>(c: &C, person: PersonId) -> Result<Option<DateTime<Utc>>> {
    let q = row::Entity::find_by_id(person.to_string()).select_only().column(row::Column::CreatedAt);
    q.into_tuple().one(c).await
}
