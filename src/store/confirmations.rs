//! Links by which contacts say that they can be called (L4). Their secrets are kept as SHA-256 only.

use super::{Result, corrupt, entity::confirmation as row};
use crate::domain::id::{DeviceId, PersonId};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::OnConflict,
};
use std::collections::{BTreeMap, BTreeSet};

/// A link that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub hash: String,
    pub person: PersonId,
    pub device: DeviceId,
    /// Why it was sent: each cause asks a contact once.
    pub cause: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub used_at: Option<DateTime<Utc>>,
}

/// True where this cause had asked nobody yet.
pub async fn insert<C: ConnectionTrait>(tx: &C, link: &Link) -> Result<bool> {
    let row = row::ActiveModel {
        hash: Set(link.hash.clone()),
        person_id: Set(link.person.to_string()),
        device_id: Set(link.device.to_string()),
        cause: Set(link.cause.clone()),
        created_at: Set(link.created_at),
        expires_at: Set(link.expires_at),
        used_at: Set(link.used_at),
    };
    let once = [row::Column::DeviceId, row::Column::PersonId, row::Column::Cause];
    let done = row::Entity::insert(row)
        .on_conflict(OnConflict::columns(once).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    Ok(done == 1)
}

pub async fn find<C: ConnectionTrait>(c: &C, hash: &str) -> Result<Option<Link>> {
    let Some(r) = row::Entity::find_by_id(hash.to_owned()).one(c).await? else {
        return Ok(None);
    };
    Ok(Some(Link {
        person: super::people::id(&r.person_id)?,
        device: r.device_id.parse().map_err(|e| corrupt("a link's device", e))?,
        hash: r.hash,
        cause: r.cause,
        created_at: r.created_at,
        expires_at: r.expires_at,
        used_at: r.used_at,
    }))
}

/// What these devices' contacts were asked for already, and when: device, person, cause.
pub async fn list_causes<C: ConnectionTrait>(
    c: &C,
    devices: &BTreeSet<DeviceId>,
) -> Result<BTreeMap<(DeviceId, PersonId, String), DateTime<Utc>>> {
    let rows: Vec<(String, String, String, DateTime<Utc>)> = row::Entity::find()
        .select_only()
        .columns([row::Column::DeviceId, row::Column::PersonId, row::Column::Cause, row::Column::CreatedAt])
        .filter(row::Column::DeviceId.is_in(devices.iter().map(DeviceId::to_string)))
        .into_tuple()
        .all(c)
        .await?;
    rows.into_iter()
        .map(|(d, p, cause, at)| {
            let device: DeviceId = d.parse().map_err(|e| corrupt("a link's device", e))?;
            Ok(((device, super::people::id(&p)?, cause), at))
        })
        .collect()
}

/// Uses it up.
pub async fn save_used<C: ConnectionTrait>(tx: &C, hash: &str, at: DateTime<Utc>) -> Result<()> {
    row::Entity::update_many()
        .set(row::ActiveModel { used_at: Set(Some(at)), ..Default::default() })
        .filter(row::Column::Hash.eq(hash))
        .filter(row::Column::UsedAt.is_null())
        .exec(tx)
        .await
        .map(|_| ())
}
