//! What forges say of the protection of releases' tags.

use super::{
    Result,
    entity::release as row,
    text::{Text, tuples},
};
use crate::domain::{id::DeviceId, release::Protection, tag::TagName};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use std::collections::BTreeMap;

/// Of each release of a device of which a forge has said something. One query.
pub async fn list<C: ConnectionTrait>(c: &C, of: DeviceId) -> Result<BTreeMap<String, Protection>> {
    static OF_DEVICE: Text = Text::new();
    let q = OF_DEVICE.with(c, vec![of.to_string().into()], |v| {
        row::Entity::find()
            .filter(row::Column::DeviceId.eq(v[0].clone()))
            .filter(row::Column::Protected.is_not_null())
            .select_only()
            .columns([row::Column::Tag, row::Column::Protected, row::Column::ProtectedToldAt])
    });
    let rows: Vec<(String, Option<bool>, Option<chrono::DateTime<chrono::Utc>>)> = tuples(c, q).await?;
    Ok(rows.into_iter().filter_map(|(tag, is, at)| Some((tag, Protection { is: is?, at: at? }))).collect())
}

/// Keeps what was said last; false where nothing of it is news, or there is no such release.
pub async fn save<C: ConnectionTrait>(tx: &C, of: DeviceId, tag: &TagName, told: Protection) -> Result<bool> {
    let news = Condition::any()
        .add(row::Column::Protected.is_null())
        .add(Condition::all().add(row::Column::Protected.ne(told.is)).add(row::Column::ProtectedToldAt.lt(told.at)));
    let done = row::Entity::update_many()
        .set(row::ActiveModel {
            protected: Set(Some(told.is)),
            protected_told_at: Set(Some(told.at)),
            ..Default::default()
        })
        .filter(row::Column::DeviceId.eq(of.to_string()))
        .filter(row::Column::Tag.eq(tag.as_str()))
        .filter(news)
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}
