//! Tags that repositories have and the record has not: history, and what is no release. They are not read again until
//! what was met with them has changed.

use super::{Result, entity::tag_met as row};
use crate::domain::{id::DeviceId, tag::TagName};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, sea_query::OnConflict};
use std::collections::BTreeMap;

/// So many rows are written by one statement.
const AT_ONCE: usize = 1000;

/// No tag has this name: with it stands the address of the repository that was looked through.
const LOOKED: &str = "";

/// Those of a device, each with what was met; `None` where this repository of it has not been looked through yet. One
/// query.
pub async fn list<C: ConnectionTrait>(
    c: &C,
    of: DeviceId,
    repository: &str,
) -> Result<Option<BTreeMap<String, String>>> {
    let q = row::Entity::find().filter(row::Column::DeviceId.eq(of.to_string()));
    let mut all: BTreeMap<String, String> = q.all(c).await?.into_iter().map(|r| (r.tag, r.object)).collect();
    let looked = all.remove(LOOKED);
    Ok(looked.is_some_and(|there| there == repository).then_some(all))
}

/// This repository is looked through for the first time: what another one had is forgotten.
pub async fn begin<C: ConnectionTrait>(tx: &C, of: DeviceId, repository: &str) -> Result<()> {
    row::Entity::delete_many().filter(row::Column::DeviceId.eq(of.to_string())).exec(tx).await?;
    let row = row::ActiveModel {
        device_id: Set(of.to_string()),
        tag: Set(LOOKED.to_owned()),
        object: Set(repository.to_owned()),
    };
    row::Entity::insert(row).exec_without_returning(tx).await.map(|_| ())
}

/// Remembers these.
pub async fn save<C: ConnectionTrait>(tx: &C, of: DeviceId, all: &[(TagName, String)]) -> Result<()> {
    for part in all.chunks(AT_ONCE) {
        let rows = part.iter().map(|(tag, object)| row::ActiveModel {
            device_id: Set(of.to_string()),
            tag: Set(tag.as_str().to_owned()),
            object: Set(object.clone()),
        });
        let anew = OnConflict::columns([row::Column::DeviceId, row::Column::Tag])
            .update_column(row::Column::Object)
            .to_owned();
        row::Entity::insert_many(rows).on_conflict(anew).exec_without_returning(tx).await?;
    }
    Ok(())
}
