//! What waits to move on to production by itself (G5).

use super::{Result, corrupt, entity::moving_on as row};
use crate::domain::id::{DeploymentId, DeviceId};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This deployment in production.
    Moved(DeploymentId),
    Stayed,
}

/// Lets it wait; one that waits, or waited before, is left as it is.
pub async fn insert<C: ConnectionTrait>(tx: &C, id: DeploymentId, device: DeviceId, at: DateTime<Utc>) -> Result<()> {
    let row = row::ActiveModel {
        deployment_id: Set(id.to_string()),
        device_id: Set(device.to_string()),
        at: Set(at),
        state: Set("waiting".to_owned()),
        moved_to: Set(None),
        tries: Set(0),
        due: Set(None),
    };
    row::Entity::insert(row)
        .on_conflict(OnConflict::column(row::Column::DeploymentId).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await
        .map(|_| ())
}

/// One that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub id: DeploymentId,
    /// Since when.
    pub at: DateTime<Utc>,
    /// How often the repository could not be read.
    pub tries: u32,
}

/// Those that wait and are due, the oldest first.
pub async fn list_waiting<C: ConnectionTrait>(c: &C, now: DateTime<Utc>, most: u64) -> Result<Vec<Waiting>> {
    // In these very words: an index holds those that it is said of, and no others.
    let q = row::Entity::find()
        .filter(Expr::cust("state = 'waiting'"))
        .filter(Condition::any().add(row::Column::Due.is_null()).add(row::Column::Due.lte(now)))
        .order_by_asc(row::Column::At)
        .order_by_asc(row::Column::DeploymentId)
        .limit(most);
    let waiting = |r: row::Model| {
        let id = r.deployment_id.parse().map_err(|e| corrupt("a deployment's id", e))?;
        Ok(Waiting { id, at: r.at, tries: r.tries.try_into().unwrap_or_default() })
    };
    q.all(c).await?.into_iter().map(waiting).collect()
}

/// Puts one off that waits; false where somebody else looked at it since.
pub async fn put_off<C: ConnectionTrait>(tx: &C, of: &Waiting, due: DateTime<Utc>) -> Result<bool> {
    let tries = i32::try_from(of.tries).unwrap_or(i32::MAX);
    let change = row::ActiveModel { tries: Set(tries.saturating_add(1)), due: Set(Some(due)), ..Default::default() };
    let q = row::Entity::update_many()
        .set(change)
        .filter(row::Column::DeploymentId.eq(of.id.to_string()))
        .filter(row::Column::State.eq("waiting"))
        .filter(row::Column::Tries.eq(tries));
    Ok(q.exec(tx).await?.rows_affected == 1)
}

/// Notes what came of one that waits; false where somebody else did before.
pub async fn settle<C: ConnectionTrait>(tx: &C, id: DeploymentId, outcome: Outcome) -> Result<bool> {
    let (state, moved_to) = match outcome {
        Outcome::Moved(to) => ("moved", Some(to.to_string())),
        Outcome::Stayed => ("stayed", None),
    };
    let change = row::ActiveModel { state: Set(state.to_owned()), moved_to: Set(moved_to), ..Default::default() };
    let q = row::Entity::update_many()
        .set(change)
        .filter(row::Column::DeploymentId.eq(id.to_string()))
        .filter(row::Column::State.eq("waiting"));
    Ok(q.exec(tx).await?.rows_affected == 1)
}

/// The deployment in production that came of one in development.
pub async fn find_moved<C: ConnectionTrait>(c: &C, id: DeploymentId) -> Result<Option<DeploymentId>> {
    let found = row::Entity::find_by_id(id.to_string()).one(c).await?.and_then(|r| r.moved_to);
    found.map(|to| to.parse().map_err(|e| corrupt("a deployment's id", e))).transpose()
}
