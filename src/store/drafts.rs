//! Requests that are being written: private to their owner (A28).

use super::{Result, entity::draft as row};
use crate::domain::id::PersonId;
use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

/// A draft as kept; `answers` is the form's own JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub id: String,
    pub owner: PersonId,
    pub answers: String,
    pub saved_at: DateTime<Utc>,
    pub revision: i64,
}

fn hydrate(r: row::Model) -> Result<Draft> {
    Ok(Draft {
        owner: super::people::id(&r.owner)?,
        id: r.id,
        answers: r.answers,
        saved_at: r.saved_at,
        revision: r.revision,
    })
}

/// The draft, if it is this person's: nobody else learns even that it exists.
pub async fn find<C: ConnectionTrait>(c: &C, id: &str, owner: PersonId) -> Result<Option<Draft>> {
    let q = row::Entity::find_by_id(id.to_owned()).filter(row::Column::Owner.eq(owner.to_string()));
    q.one(c).await?.map(hydrate).transpose()
}

pub async fn list<C: ConnectionTrait>(c: &C, owner: PersonId) -> Result<Vec<Draft>> {
    let q = row::Entity::find().filter(row::Column::Owner.eq(owner.to_string())).order_by_desc(row::Column::SavedAt);
    q.all(c).await?.into_iter().map(hydrate).collect()
}

pub async fn insert<C: ConnectionTrait>(tx: &C, d: &Draft) -> Result<()> {
    row::ActiveModel {
        id: Set(d.id.clone()),
        owner: Set(d.owner.to_string()),
        answers: Set(d.answers.clone()),
        saved_at: Set(d.saved_at),
        revision: Set(d.revision),
    }
    .insert(tx)
    .await
    .map(|_| ())
}

/// Saves over `d.revision`; false where it was saved elsewhere meanwhile.
pub async fn update<C: ConnectionTrait>(tx: &C, d: &Draft) -> Result<bool> {
    let done = row::Entity::update_many()
        .set(row::ActiveModel {
            answers: Set(d.answers.clone()),
            saved_at: Set(d.saved_at),
            revision: Set(d.revision + 1),
            ..Default::default()
        })
        .filter(row::Column::Id.eq(&d.id))
        .filter(row::Column::Owner.eq(d.owner.to_string()))
        .filter(row::Column::Revision.eq(d.revision))
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}

/// True where there was one.
pub async fn delete<C: ConnectionTrait>(tx: &C, id: &str, owner: PersonId) -> Result<bool> {
    let done = row::Entity::delete_many()
        .filter(row::Column::Id.eq(id))
        .filter(row::Column::Owner.eq(owner.to_string()))
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}
