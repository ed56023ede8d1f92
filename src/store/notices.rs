//! What people are told in Custody itself.

use super::{
    Result,
    entity::{device, notice as row},
};
use crate::domain::id::{DeviceId, PersonId};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::{OnConflict, Query},
};
use std::collections::BTreeSet;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub person: PersonId,
    /// `None` where no device on record is meant.
    pub device: Option<DeviceId>,
    /// The cause.
    pub key: String,
    pub text: String,
    /// The local path of what it tells of.
    pub path: String,
    pub at: DateTime<Utc>,
}

/// A notice as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub id: String,
    pub device: String,
    pub text: String,
    pub path: String,
    pub at: DateTime<Utc>,
    pub seen: bool,
}

/// What the causes begin with that are about somebody's own account.
pub const ACCOUNT: &str = "account/";

/// What a message of this cause is about where no device on record is meant.
pub(super) fn about_no_device(key: &str) -> &'static str {
    match key.split('/').next() {
        _ if key.starts_with(ACCOUNT) => "Your account",
        Some("rollout") => "Rollouts",
        Some("local_change") => "Local changes",
        _ => "What runs",
    }
}

/// Id, device's name, cause, text, path, when, when it was seen.
type ToldRow = (String, Option<String>, String, String, String, DateTime<Utc>, Option<DateTime<Utc>>);

/// One notice for each person and cause, however often it is asked for; who was told of what that they had not been told
/// of before. One statement.
pub async fn insert<C: ConnectionTrait>(tx: &C, all: Vec<Notice>) -> Result<BTreeSet<(PersonId, String)>> {
    if all.is_empty() {
        return Ok(BTreeSet::new());
    }
    let rows = all.into_iter().map(|n| row::ActiveModel {
        // In the order of telling, which the clock alone does not give.
        id: Set(uuid::Uuid::now_v7().to_string()),
        person_id: Set(n.person.to_string()),
        device_id: Set(n.device.map(|d| d.to_string())),
        key: Set(n.key),
        text: Set(n.text),
        path: Set(n.path),
        at: Set(n.at),
        seen_at: Set(None),
    });
    let mut insert = row::Entity::insert_many(rows)
        .on_conflict(OnConflict::columns([row::Column::PersonId, row::Column::Key]).do_nothing().to_owned())
        .into_query();
    insert.returning(Query::returning().columns([row::Column::PersonId, row::Column::Key]));
    let new = tx.query_all_raw(tx.get_database_backend().build(&insert)).await?;
    new.iter()
        .map(|r| Ok((super::people::id(&r.try_get::<String>("", "person_id")?)?, r.try_get("", "key")?)))
        .collect()
}

/// Who has been told of these causes, each with the cause. One query.
pub async fn list_told<C: ConnectionTrait>(
    c: &C,
    causes: impl IntoIterator<Item = String>,
) -> Result<BTreeSet<(PersonId, String)>> {
    let q = row::Entity::find().select_only().columns([row::Column::PersonId, row::Column::Key]);
    let told: Vec<(String, String)> = q.filter(row::Column::Key.is_in(causes)).into_tuple().all(c).await?;
    told.into_iter().map(|(person, key)| Ok((super::people::id(&person)?, key))).collect()
}

pub async fn list<C: ConnectionTrait>(c: &C, person: PersonId, most: u64) -> Result<Vec<Told>> {
    let rows: Vec<ToldRow> = row::Entity::find()
        .select_only()
        .column(row::Column::Id)
        .column(device::Column::Name)
        .column(row::Column::Key)
        .column(row::Column::Text)
        .column(row::Column::Path)
        .column(row::Column::At)
        .column(row::Column::SeenAt)
        .join_as(
            JoinType::LeftJoin,
            row::Entity::belongs_to(device::Entity).from(row::Column::DeviceId).to(device::Column::Id).into(),
            device::Entity,
        )
        .filter(row::Column::PersonId.eq(person.to_string()))
        .order_by_desc(row::Column::Id)
        .limit(most)
        .into_tuple()
        .all(c)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(id, device, key, text, path, at, seen)| {
            let device = device.unwrap_or_else(|| about_no_device(&key).to_owned());
            Told { id, device, text, path, at, seen: seen.is_some() }
        })
        .collect())
}

/// Marks everything that a person was told as seen.
pub async fn mark_seen<C: ConnectionTrait>(tx: &C, person: PersonId, at: DateTime<Utc>) -> Result<()> {
    row::Entity::update_many()
        .set(row::ActiveModel { seen_at: Set(Some(at)), ..Default::default() })
        .filter(row::Column::PersonId.eq(person.to_string()))
        .filter(row::Column::SeenAt.is_null())
        .exec(tx)
        .await
        .map(|_| ())
}
