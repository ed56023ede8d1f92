//! What was deployed last, of many devices at once, and what goes on (G7).

use super::{
    Result,
    connection::is_postgres,
    corrupt,
    entity::{deployment as row, device},
};
use crate::domain::{
    cadence::Last,
    deployment::Environment,
    id::{DeploymentId, DeviceId},
};
use chrono::{DateTime, Duration, Utc};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, Order, Query},
};
use std::collections::BTreeMap;

/// SQLite takes 32,766 values in a statement.
const AT_ONCE: usize = 10_000;

/// What nobody reported the end of goes on for so long.
const GOES_ON: Duration = Duration::days(1);

/// The environment of a deployment, by which no index is found.
fn environment<C: ConnectionTrait>(c: &C) -> Expr {
    Expr::cust(match is_postgres(c) {
        true => "(body::jsonb ->> 'environment') || ''",
        false => "json_extract(body, '$.environment') || ''",
    })
}

/// Its state, by which no index is found.
fn state() -> Expr {
    Expr::cust("state || ''")
}

fn device_id(text: &str) -> Result<DeviceId> {
    text.parse().map_err(|e| corrupt("a device's id", e))
}

fn deployment_id(text: &str) -> Result<DeploymentId> {
    text.parse().map_err(|e| corrupt("a deployment's id", e))
}

/// What was deployed last of each of these devices in an environment: by permit and with success, or placed by hand. One
/// query, and another one for each ten thousand more.
pub async fn list_last<C: ConnectionTrait>(
    c: &C,
    which: Environment,
    devices: &[DeviceId],
) -> Result<BTreeMap<DeviceId, Last>> {
    let which: &str = which.into();
    let by_hand = row::Column::Jti.is_null().and(state().is_in(["allowed", "started"]));
    // In the order of an index, so that the first that fits is the last that is read: there are ever more of them.
    let newest = Query::select()
        .column(row::Column::Id)
        .from(row::Entity)
        .and_where(Expr::col((row::Entity, row::Column::DeviceId)).equals((device::Entity, device::Column::Id)))
        .and_where(environment(c).eq(which))
        .cond_where(Condition::any().add(state().eq("succeeded")).add(by_hand))
        .order_by((row::Entity, row::Column::Id), Order::Desc)
        .limit(1)
        .to_owned();
    let mut all = BTreeMap::new();
    for part in devices.chunks(AT_ONCE) {
        let of_each = Query::select()
            .expr(Expr::from(newest.clone()))
            .from(device::Entity)
            .and_where(Expr::col((device::Entity, device::Column::Id)).is_in(part.iter().map(DeviceId::to_string)))
            .to_owned();
        let rows: Vec<(String, String, String, DateTime<Utc>)> = row::Entity::find()
            .select_only()
            .columns([row::Column::Id, row::Column::DeviceId, row::Column::Tag, row::Column::At])
            .filter(row::Column::Id.in_subquery(of_each))
            .into_tuple()
            .all(c)
            .await?;
        for (id, device, tag, at) in rows {
            let tag = serde_json::from_value(tag.into()).map_err(|e| corrupt("a deployment's tag", e))?;
            all.insert(device_id(&device)?, Last { deployment: deployment_id(&id)?, tag, at });
        }
    }
    Ok(all)
}

/// A deployment by permit that has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoingOn {
    pub device: DeviceId,
    pub environment: Environment,
    pub deployment: DeploymentId,
}

/// Those of these devices, in the order in which they were asked for: begun within a day, or allowed and neither begun nor
/// run out. One query; none of no devices.
pub async fn list_going_on<C: ConnectionTrait>(
    c: &C,
    devices: &[DeviceId],
    now: DateTime<Utc>,
) -> Result<Vec<GoingOn>> {
    if devices.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows: Vec<(String, String, String)> = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::DeviceId])
        .expr_as(environment(c), "environment")
        .filter(row::Column::State.is_in(["allowed", "started"]))
        .filter(row::Column::PermitUntil.is_not_null())
        .filter(row::Column::PermitUntil.gt(now - GOES_ON))
        .filter(Condition::any().add(state().eq("started")).add(row::Column::PermitUntil.gt(now)))
        .filter(Expr::cust("device_id || ''").is_in(devices.iter().map(DeviceId::to_string)))
        .into_tuple()
        .all(c)
        .await?;
    rows.sort_unstable();
    let going_on = rows.into_iter().map(|(id, device, environment)| {
        let environment = environment.parse().map_err(|e| corrupt("an environment", e))?;
        Ok(GoingOn { device: device_id(&device)?, environment, deployment: deployment_id(&id)? })
    });
    going_on.collect()
}
