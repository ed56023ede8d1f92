//! Tables handed in for an import, until they are carried out.

use super::{Result, entity::import_draft as row};
use crate::domain::id::PersonId;
use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

pub async fn insert<C: ConnectionTrait>(tx: &C, draft: row::Model) -> Result<()> {
    draft.into_active_model().insert(tx).await.map(|_| ())
}

/// What this person handed in.
pub async fn find<C: ConnectionTrait>(c: &C, id: &str, person: PersonId) -> Result<Option<row::Model>> {
    row::Entity::find_by_id(id.to_owned()).filter(row::Column::PersonId.eq(person.to_string())).one(c).await
}

pub async fn delete<C: ConnectionTrait>(tx: &C, id: &str) -> Result<()> {
    row::Entity::delete_by_id(id.to_owned()).exec(tx).await.map(|_| ())
}

/// Throws away what was handed in before.
pub async fn delete_before<C: ConnectionTrait>(tx: &C, at: DateTime<Utc>) -> Result<()> {
    row::Entity::delete_many().filter(row::Column::MadeAt.lt(at)).exec(tx).await.map(|_| ())
}
