//! What is derived of a device and kept beside it: its status, whose turn it is, when it is orphaned.

use super::{
    Result,
    changes::{self, Touched},
    corrupt,
    entity::{device as row, device_person},
    text::Text,
};
use crate::domain::{
    id::{DeviceId, PersonId},
    support::{Support, Verdict},
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Select,
    sea_query::{Expr, ExprTrait},
};
use std::collections::{BTreeMap, BTreeSet};

fn turn(as_ctrl: bool) -> &'static str {
    if as_ctrl { "turn_ctrl" } else { "turn_contributor" }
}

/// Whose turn it is, instead of whose it was.
pub async fn save_turns<C: ConnectionTrait>(tx: &C, id: DeviceId, turns: &[(PersonId, bool)]) -> Result<()> {
    device_person::Entity::delete_many()
        .filter(device_person::Column::DeviceId.eq(id.to_string()))
        .filter(device_person::Column::Relation.is_in([turn(true), turn(false)]))
        .exec(tx)
        .await?;
    if turns.is_empty() {
        return Ok(());
    }
    let rows = turns.iter().map(|(person, as_ctrl)| device_person::ActiveModel {
        device_id: Set(id.to_string()),
        person_id: Set(person.to_string()),
        relation: Set(turn(*as_ctrl).to_owned()),
        place: Set(0),
    });
    device_person::Entity::insert_many(rows).exec_without_returning(tx).await.map(|_| ())
}

/// Whom these devices wait for: device and person. One query.
pub async fn list_turns<C: ConnectionTrait>(
    c: &C,
    devices: &BTreeSet<DeviceId>,
) -> Result<BTreeSet<(DeviceId, PersonId)>> {
    let rows: Vec<(String, String)> = device_person::Entity::find()
        .select_only()
        .column(device_person::Column::DeviceId)
        .column(device_person::Column::PersonId)
        .filter(device_person::Column::DeviceId.is_in(devices.iter().map(DeviceId::to_string)))
        .filter(device_person::Column::Relation.is_in([turn(true), turn(false)]))
        .into_tuple()
        .all(c)
        .await?;
    rows.into_iter()
        .map(|(device, person)| {
            Ok((device.parse().map_err(|e| corrupt("a device's id", e))?, super::people::id(&person)?))
        })
        .collect()
}

/// How many devices wait for a person, and how many of them as CTRL.
pub async fn count_turns<C: ConnectionTrait>(c: &C, person: PersonId) -> Result<(u64, u64)> {
    let device = || Expr::col(device_person::Column::DeviceId);
    let as_ctrl = Expr::case(device_person::Column::Relation.eq(turn(true)), device());
    let counted: Option<(i64, i64)> = device_person::Entity::find()
        .select_only()
        .expr_as(device().count_distinct(), "all_of_them")
        .expr_as(as_ctrl.count(), "as_ctrl")
        .filter(device_person::Column::PersonId.eq(person.to_string()))
        .filter(device_person::Column::Relation.is_in([turn(true), turn(false)]))
        .into_tuple()
        .one(c)
        .await?;
    let (all, as_ctrl) = counted.unwrap_or_default();
    Ok((all.unsigned_abs(), as_ctrl.unsigned_abs()))
}

/// The status of a device changed although nothing of its own did: something was seen.
pub async fn save_support<C: ConnectionTrait>(
    tx: &C,
    id: DeviceId,
    verdict: Option<&Verdict>,
    since: DateTime<Utc>,
) -> Result<()> {
    row::Entity::update_many()
        .set(row::ActiveModel {
            support: Set(verdict.map(|v| v.support.to_string())),
            urgency: Set(verdict.map_or(-1, |v| v.support.urgency().into())),
            support_why: Set(verdict.map_or_else(String::new, |v| v.why.clone())),
            support_since: Set(since),
            ..Default::default()
        })
        .filter(row::Column::Id.eq(id.to_string()))
        .exec(tx)
        .await?;
    changes::append(tx, [Touched::Device(id)]).await
}

/// The status on record of several devices, and since when. One query.
pub async fn list_support<C: ConnectionTrait>(c: &C, ids: &BTreeSet<DeviceId>) -> Result<BTreeMap<DeviceId, Standing>> {
    let of = row::Entity::find().filter(row::Column::Id.is_in(ids.iter().map(DeviceId::to_string)));
    support_of(of).into_tuple::<Supported>().all(c).await?.into_iter().map(supported).collect()
}

/// Id, status, reason, since when.
type Supported = (String, Option<String>, String, DateTime<Utc>);

fn support_of(q: Select<row::Entity>) -> Select<row::Entity> {
    q.select_only().columns([row::Column::Id, row::Column::Support, row::Column::SupportWhy, row::Column::SupportSince])
}

/// A device's status, and since when.
pub type Standing = (Option<Verdict>, DateTime<Utc>);

fn supported((id, support, why, since): Supported) -> Result<(DeviceId, Standing)> {
    Ok((id.parse().map_err(|e| corrupt("a device's id", e))?, (verdict(&support, &why)?, since)))
}

/// The status on record and since when.
pub async fn find_support<C: ConnectionTrait>(c: &C, id: DeviceId) -> Result<Option<Standing>> {
    static BY_ID: Text = Text::new();
    let q = BY_ID.with(c, vec![id.to_string().into()], |v| {
        support_of(row::Entity::find().filter(row::Column::Id.eq(v[0].clone())))
    });
    let found = c.query_one_raw(q).await?.map(|r| r.try_get_many_by_index::<Supported>()).transpose()?;
    Ok(found.map(supported).transpose()?.map(|(_, standing)| standing))
}

pub(super) fn verdict(support: &Option<String>, why: &str) -> Result<Option<Verdict>> {
    support
        .as_deref()
        .map(|s| {
            let support: Support = s.parse().map_err(|e| corrupt("a support status", e))?;
            Ok(Verdict { support, why: why.to_owned() })
        })
        .transpose()
}

pub async fn save_orphan_at<C: ConnectionTrait>(tx: &C, id: DeviceId, at: Option<DateTime<Utc>>) -> Result<()> {
    row::Entity::update_many()
        .set(row::ActiveModel { orphan_at: Set(at), ..Default::default() })
        .filter(row::Column::Id.eq(id.to_string()))
        .exec(tx)
        .await
        .map(|_| ())
}
