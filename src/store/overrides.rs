//! Overrides of all devices (G12), as their lists and the clock find them.

use super::{Result, corrupt, entity::device_override as row};
use crate::domain::{device::Device, id::DeviceId};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};

/// One in the list: when it was asked for, device, number.
pub type Place = (DateTime<Utc>, DeviceId, u32);

/// Keeps what is listed of a device's overrides.
pub async fn save<C: ConnectionTrait>(tx: &C, d: &Device) -> Result<()> {
    if d.overrides.is_empty() {
        return Ok(());
    }
    let rows = d.overrides.iter().map(|o| row::ActiveModel {
        device_id: Set(d.id.to_string()),
        number: Set(o.number as i32),
        asked_at: Set(o.asked.mark.at),
        until: Set(o.until),
        ended: Set(o.ended.is_some()),
    });
    row::Entity::insert_many(rows)
        .on_conflict(
            OnConflict::columns([row::Column::DeviceId, row::Column::Number])
                .update_column(row::Column::Ended)
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await
        .map(|_| ())
}

fn place(r: row::Model) -> Result<Place> {
    let id = r.device_id.parse().map_err(|e| corrupt("a device's id", e))?;
    Ok((r.asked_at, id, u32::try_from(r.number).map_err(|e| corrupt("an override's number", e))?))
}

/// Newest first, behind `after` where it is given.
pub async fn list<C: ConnectionTrait>(c: &C, after: Option<&Place>, most: u64) -> Result<Vec<Place>> {
    let mut q = row::Entity::find();
    if let Some((at, id, number)) = after {
        let same = row::Column::AskedAt.eq(*at);
        let behind = Condition::any()
            .add(row::Column::AskedAt.lt(*at))
            .add(Condition::all().add(same.clone()).add(row::Column::DeviceId.lt(id.to_string())))
            .add(
                Condition::all()
                    .add(same)
                    .add(row::Column::DeviceId.eq(id.to_string()))
                    .add(row::Column::Number.lt(*number)),
            );
        q = q.filter(behind);
    }
    let q = q
        .order_by_desc(row::Column::AskedAt)
        .order_by_desc(row::Column::DeviceId)
        .order_by_desc(row::Column::Number)
        .limit(most);
    q.all(c).await?.into_iter().map(place).collect()
}

/// Those whose time is over and of which that is not on record yet, the oldest first.
pub async fn list_run_out<C: ConnectionTrait>(c: &C, now: DateTime<Utc>, most: u64) -> Result<Vec<Place>> {
    // In these very words: an index holds those that it is said of, and no others.
    let q = row::Entity::find()
        .filter(Expr::cust("ended = FALSE"))
        .filter(row::Column::Until.lte(now))
        .order_by_asc(row::Column::Until)
        .limit(most);
    q.all(c).await?.into_iter().map(place).collect()
}
