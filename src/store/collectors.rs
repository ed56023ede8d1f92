//! How the collectors are doing, and which of several replicas asks (G10).

use super::{Result, entity::collector as row};
use chrono::{DateTime, Utc};
use row::Column;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    sea_query::{ExprTrait, OnConflict},
};

/// How one is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doing {
    pub name: String,
    /// When it asks again.
    pub due: DateTime<Utc>,
    /// Until when somebody asks right now.
    pub asking_until: Option<DateTime<Utc>>,
    pub tried: Option<DateTime<Utc>>,
    /// When everything that it asks answered last: how old its view is.
    pub view: Option<DateTime<Utc>>,
    /// Polls that failed since then.
    pub failures: u32,
    /// Why the last one failed, or empty.
    pub error: String,
    /// What a reader should know about what it was told, or empty.
    pub note: String,
    /// Instances that it brought last.
    pub instances: usize,
    /// Of what it was told, those on servers that it does not speak for (A24).
    pub refused: usize,
}

fn hydrate(r: row::Model) -> Doing {
    let many = |n: i32| usize::try_from(n).unwrap_or_default();
    Doing {
        name: r.name,
        due: r.due_at,
        asking_until: r.lease_until,
        tried: r.tried_at,
        view: r.view_at,
        failures: r.failures.unsigned_abs(),
        error: r.error,
        note: r.note,
        instances: many(r.instances),
        refused: many(r.refused),
    }
}

/// Every collector that ever asked, by name.
pub async fn list<C: ConnectionTrait>(c: &C) -> Result<Vec<Doing>> {
    Ok(row::Entity::find().order_by_asc(Column::Name).all(c).await?.into_iter().map(hydrate).collect())
}

pub async fn find<C: ConnectionTrait>(c: &C, name: &str) -> Result<Option<Doing>> {
    Ok(row::Entity::find_by_id(name.to_owned()).one(c).await?.map(hydrate))
}

/// Takes the turn of this collector for whoever holds this lease; false where it is not due, or somebody else asks. What
/// is due after the latest moment, or held for longer than until then, was before the clock was set back (F10).
pub async fn claim<C: ConnectionTrait>(
    tx: &C,
    name: &str,
    lease: &str,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    latest: DateTime<Utc>,
) -> Result<bool> {
    let new = row::Model {
        name: name.to_owned(),
        due_at: now,
        lease: None,
        lease_until: None,
        tried_at: None,
        view_at: None,
        failures: 0,
        error: String::new(),
        note: String::new(),
        instances: 0,
        refused: 0,
    };
    row::Entity::insert(new.into_active_model())
        .on_conflict(OnConflict::column(Column::Name).do_nothing().to_owned())
        .exec_without_returning(tx)
        .await?;
    let free = Column::LeaseUntil.is_null().or(Column::LeaseUntil.lte(now)).or(Column::LeaseUntil.gt(until));
    let taken = row::Entity::update_many()
        .set(row::ActiveModel {
            lease: Set(Some(lease.to_owned())),
            lease_until: Set(Some(until)),
            tried_at: Set(Some(now)),
            ..Default::default()
        })
        .filter(Column::Name.eq(name))
        .filter(Column::DueAt.lte(now).or(Column::DueAt.gt(latest)))
        .filter(free)
        .exec(tx)
        .await?;
    Ok(taken.rows_affected == 1)
}

/// Writes down how a poll ended, and gives the turn back; nothing where the lease ran out and somebody else asks.
pub async fn settle<C: ConnectionTrait>(tx: &C, lease: &str, d: &Doing) -> Result<()> {
    let few = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    row::Entity::update_many()
        .set(row::ActiveModel {
            due_at: Set(d.due),
            lease: Set(None),
            lease_until: Set(None),
            view_at: Set(d.view),
            failures: Set(i32::try_from(d.failures).unwrap_or(i32::MAX)),
            error: Set(d.error.clone()),
            note: Set(d.note.clone()),
            instances: Set(few(d.instances)),
            refused: Set(few(d.refused)),
            ..Default::default()
        })
        .filter(Column::Name.eq(d.name.as_str()))
        .filter(Column::Lease.eq(lease))
        .exec(tx)
        .await
        .map(|_| ())
}

/// Has it ask at once.
pub async fn hurry<C: ConnectionTrait>(tx: &C, name: &str, now: DateTime<Utc>) -> Result<()> {
    row::Entity::update_many()
        .set(row::ActiveModel { due_at: Set(now), ..Default::default() })
        .filter(Column::Name.eq(name))
        .filter(Column::DueAt.gt(now))
        .exec(tx)
        .await
        .map(|_| ())
}
