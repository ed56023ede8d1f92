//! What is due at another moment than it was: sooner for what is urgent, later for quiet hours, now for what a clock put off
//! that was ahead.

use super::{Entry, Road, due, lane, tried, waiting};
use crate::{
    domain::telling::LONGEST_WAIT,
    store::{
        AHEAD, Result,
        entity::outbox::{self as row, Column},
    },
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, UpdateMany, sea_query::Expr,
};
use std::collections::BTreeSet;

/// What is urgent waits behind nothing that is to be tried again hours later: that is tried now, and comes first still.
pub(super) async fn hurry<C: ConnectionTrait>(tx: &C, all: &[Entry]) -> Result<()> {
    let urgent = || all.iter().filter(|e| e.urgent);
    let lanes: BTreeSet<String> = urgent().filter_map(lane).collect();
    let Some(now) = urgent().map(|e| e.due).min().filter(|_| !lanes.is_empty()) else {
        return Ok(());
    };
    hurried(lanes, now).exec(tx).await.map(|_| ())
}

fn hurried(lanes: BTreeSet<String>, now: DateTime<Utc>) -> UpdateMany<row::Entity> {
    let tried = row::Entity::update_many().filter(tried()).filter(Column::Lane.is_in(lanes));
    tried.col_expr(Column::DueAt, Expr::value(now))
}

/// The channels for which something is due that is not urgent.
pub async fn list_channels_due<C: ConnectionTrait>(c: &C, road: Road, now: DateTime<Utc>) -> Result<Vec<String>> {
    let q = row::Entity::find().select_only().column(Column::ChannelId).distinct().filter(due(road, now));
    q.filter(Column::Urgent.eq(false)).into_tuple().all(c).await
}

/// Puts off what is due for a channel and is not urgent.
pub async fn put_off<C: ConnectionTrait>(
    tx: &C,
    channel: &str,
    road: Road,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<()> {
    row::Entity::update_many()
        .col_expr(Column::DueAt, Expr::value(until))
        .filter(due(road, now))
        .filter(Column::ChannelId.eq(channel))
        .filter(Column::Urgent.eq(false))
        .exec(tx)
        .await
        .map(|_| ())
}

/// What waits for later.
fn later(now: DateTime<Utc>) -> Condition {
    waiting().add(Column::DueAt.gt(now))
}

/// Put there by a clock that was ahead (F10): what it tells of is yet to happen. What waits for a digest stays with it: it
/// may be the clock of now that is behind.
fn made_ahead(now: DateTime<Utc>) -> Condition {
    Condition::all().add(Column::At.gt(now + AHEAD)).add(Column::Digest.is_null())
}

/// Put off by such a clock: by a right one nothing waits for so long.
fn put_off_ahead(now: DateTime<Utc>) -> Condition {
    Condition::all().add(Column::DueAt.gt(now + LONGEST_WAIT + AHEAD))
}

/// Whether anything waits for a moment that was named by a clock which was ahead.
pub async fn is_any_ahead<C: ConnectionTrait>(c: &C, now: DateTime<Utc>) -> Result<bool> {
    let either = Condition::any().add(made_ahead(now)).add(put_off_ahead(now));
    let q = row::Entity::find().select_only().column(Column::Id).filter(later(now).add(either)).limit(1);
    Ok(q.into_tuple::<String>().one(c).await?.is_some())
}

/// Has it due now: when it would have been, nobody knows.
pub async fn set_right<C: ConnectionTrait>(tx: &C, now: DateTime<Utc>) -> Result<()> {
    let due_now = || row::Entity::update_many().col_expr(Column::DueAt, Expr::value(now));
    let made_now = due_now().col_expr(Column::At, Expr::value(now));
    made_now.filter(later(now).add(made_ahead(now))).exec(tx).await?;
    due_now().filter(later(now).add(put_off_ahead(now))).exec(tx).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Db;
    use sea_orm::{DbBackend, QueryTrait};

    /// N5: however much waits while a chat is away, whoever shuts a device down looks at what was tried alone.
    #[tokio::test]
    async fn n5_what_is_urgent_looks_at_what_was_tried_alone() {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("custody.db")).await.unwrap();
        let mut asked = hurried(BTreeSet::from(["a lane".to_owned()]), DateTime::UNIX_EPOCH).build(DbBackend::Sqlite);
        asked.sql.insert_str(0, "EXPLAIN QUERY PLAN ");
        let plan = db.read.query_all_raw(asked).await.unwrap();
        let steps: Vec<String> = plan.iter().map(|step| step.try_get("", "detail").unwrap()).collect();
        assert_eq!(steps, ["SEARCH outbox USING INDEX outbox_tried (lane=?)"]);
    }
}
