//! What is due at another moment than it was: sooner for what is urgent, later for quiet hours.

use super::{Entry, Road, due, lane, waiting};
use crate::store::{
    Result,
    entity::outbox::{self as row, Column},
};
use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr};
use std::collections::BTreeSet;

/// What is urgent waits behind nothing that is to be tried again hours later: that is tried now, and comes first still.
pub(super) async fn hurry<C: ConnectionTrait>(tx: &C, all: &[Entry]) -> Result<()> {
    let urgent = || all.iter().filter(|e| e.urgent);
    let lanes: BTreeSet<String> = urgent().filter_map(lane).collect();
    let Some(now) = urgent().map(|e| e.due).min().filter(|_| !lanes.is_empty()) else {
        return Ok(());
    };
    row::Entity::update_many()
        .col_expr(Column::DueAt, Expr::value(now))
        .filter(waiting())
        .filter(Column::Lane.is_in(lanes))
        .filter(Column::Attempts.gt(0))
        .exec(tx)
        .await
        .map(|_| ())
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
