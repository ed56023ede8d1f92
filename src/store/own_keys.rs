//! Keys that an installation makes for itself, once, and that go wherever its data go.

use super::{Result, corrupt, entity::own_key as row};
use crate::domain::person::AuthorKey;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, sea_query::OnConflict};
use uuid::Uuid;

const AUTHORS: &str = "authors";

/// The key by which authors are known; made by whoever opens the database first.
pub async fn load_or_make_author_key<C: ConnectionTrait>(c: &C) -> Result<AuthorKey> {
    if let Some(found) = row::Entity::find_by_id(AUTHORS.to_owned()).one(c).await? {
        return Ok(AuthorKey::new(&found.secret));
    }
    // 244 random bits.
    let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let new = row::ActiveModel { purpose: Set(AUTHORS.to_owned()), secret: Set(secret) };
    let once = OnConflict::column(row::Column::Purpose).do_nothing().to_owned();
    row::Entity::insert(new).on_conflict(once).exec_without_returning(c).await?;
    // Another replica may have been first.
    let kept = row::Entity::find_by_id(AUTHORS.to_owned()).one(c).await?;
    kept.map(|k| AuthorKey::new(&k.secret)).ok_or_else(|| corrupt("the key of authors", "it is missing"))
}

/// Throws this database's own away, for those that come with the data of another one.
pub async fn delete_all<C: ConnectionTrait>(tx: &C) -> Result<()> {
    row::Entity::delete_many().exec(tx).await.map(|_| ())
}
