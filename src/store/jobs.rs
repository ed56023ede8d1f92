//! How the regular work goes, on whichever replica, and which replicas there are.

use super::{
    AHEAD, Result,
    entity::{job, replica},
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, sea_query::OnConflict,
};

/// How a kind of work went last.
pub use job::Model as Ran;
/// A replica that runs, or did lately.
pub use replica::Model as Replica;

/// Every kind of work that was ever done.
pub async fn list<C: ConnectionTrait>(c: &C) -> Result<Vec<Ran>> {
    job::Entity::find().all(c).await
}

/// Keeps how these went. Whoever comes later than another replica's newer run does so in vain.
pub async fn save<C: ConnectionTrait>(tx: &C, ran: Vec<Ran>, now: DateTime<Utc>) -> Result<()> {
    let before = list(tx).await?;
    let newer = ran.into_iter().filter_map(|mut new| {
        if let Some(old) = before.iter().find(|old| old.name == new.name) {
            if old.last_at >= new.last_at && old.last_at <= now + AHEAD {
                return None;
            }
            // A failure stays to be read, whoever runs it now.
            if new.failed_at.is_none() {
                (new.failed_at, new.failure) = (old.failed_at, old.failure.clone());
            }
        }
        Some(new.into_active_model())
    });
    let newer: Vec<job::ActiveModel> = newer.collect();
    if newer.is_empty() {
        return Ok(());
    }
    use job::Column::{FailedAt, Failure, Failures, LastAt, Name, NextAt, Replica, Runs, Said, TookMs};
    let replace = OnConflict::column(Name)
        .update_columns([Replica, LastAt, TookMs, Said, NextAt, FailedAt, Failure, Runs, Failures])
        .to_owned();
    job::Entity::insert_many(newer).on_conflict(replace).exec_without_returning(tx).await.map(drop)
}

/// The replicas, by name.
pub async fn list_replicas<C: ConnectionTrait>(c: &C) -> Result<Vec<Replica>> {
    replica::Entity::find().order_by_asc(replica::Column::Name).all(c).await
}

/// Says that this replica is there.
pub async fn save_replica<C: ConnectionTrait>(tx: &C, here: Replica) -> Result<()> {
    use replica::Column::{Id, IsFirst, SeenAt};
    let again = OnConflict::column(Id).update_columns([SeenAt, IsFirst]).to_owned();
    replica::Entity::insert(here.into_active_model()).on_conflict(again).exec_without_returning(tx).await.map(drop)
}

/// Forgets this replica, which ends.
pub async fn delete_replica<C: ConnectionTrait>(tx: &C, id: &str) -> Result<()> {
    replica::Entity::delete_by_id(id.to_owned()).exec(tx).await.map(drop)
}

/// Forgets replicas that were seen last before.
pub async fn delete_replicas_before<C: ConnectionTrait>(tx: &C, at: DateTime<Utc>) -> Result<()> {
    replica::Entity::delete_many().filter(replica::Column::SeenAt.lt(at)).exec(tx).await.map(drop)
}
