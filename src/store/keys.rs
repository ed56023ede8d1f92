//! The keys that sign permits.

use super::{Result, entity::signing_key as row};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, sea_query::ExprTrait,
};

/// A key as it is kept, without its private half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub kid: String,
    /// The public key, as in its JWK.
    pub x: String,
    pub created_at: DateTime<Utc>,
    /// From when on it signs no more.
    pub retired_at: Option<DateTime<Utc>>,
    /// From when on nothing that it signed counts.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl From<row::Model> for Key {
    fn from(r: row::Model) -> Self {
        Self { kid: r.kid, x: r.x, created_at: r.created_at, retired_at: r.retired_at, revoked_at: r.revoked_at }
    }
}

/// All keys that there ever were, oldest first: a handful in a year.
pub async fn list<C: ConnectionTrait>(c: &C) -> Result<Vec<Key>> {
    let q = row::Entity::find().order_by_asc(row::Column::CreatedAt).order_by_asc(row::Column::Kid);
    Ok(q.all(c).await?.into_iter().map(Key::from).collect())
}

/// The private half, as it is kept; none once the key is revoked.
pub async fn find_private<C: ConnectionTrait>(c: &C, kid: &str) -> Result<Option<String>> {
    let q = row::Entity::find_by_id(kid.to_owned()).filter(row::Column::RevokedAt.is_null());
    Ok(q.one(c).await?.map(|r| r.private))
}

pub async fn insert<C: ConnectionTrait>(tx: &C, key: &Key, private: String) -> Result<()> {
    let row = row::Model {
        kid: key.kid.clone(),
        x: key.x.clone(),
        private,
        created_at: key.created_at,
        retired_at: key.retired_at,
        revoked_at: key.revoked_at,
    };
    row.into_active_model().insert(tx).await.map(|_| ())
}

/// Every other key that signs now stops doing so at that moment.
pub async fn retire_others<C: ConnectionTrait>(tx: &C, kid: &str, now: DateTime<Utc>, at: DateTime<Utc>) -> Result<()> {
    row::Entity::update_many()
        .set(row::ActiveModel { retired_at: Set(Some(at)), ..Default::default() })
        .filter(row::Column::Kid.ne(kid))
        .filter(row::Column::RetiredAt.is_null().or(row::Column::RetiredAt.gt(now)))
        .exec(tx)
        .await
        .map(|_| ())
}

/// True where there was one to revoke. Its private half is forgotten.
pub async fn revoke<C: ConnectionTrait>(tx: &C, kid: &str, at: DateTime<Utc>) -> Result<bool> {
    let done = row::Entity::update_many()
        .set(row::ActiveModel { revoked_at: Set(Some(at)), private: Set(String::new()), ..Default::default() })
        .filter(row::Column::Kid.eq(kid))
        .filter(row::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}
