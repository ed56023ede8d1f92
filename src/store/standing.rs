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
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Select, Value,
    sea_query::{Expr, ExprTrait, Func, Query, SelectStatement},
};
use std::collections::{BTreeMap, BTreeSet};

/// Whom a device waits for, and whether as CTRL.
pub type Turns = BTreeSet<(PersonId, bool)>;

/// Where it is nobody's turn.
pub static NOBODY: Turns = BTreeSet::new();

fn turn(as_ctrl: bool) -> &'static str {
    if as_ctrl { "turn_ctrl" } else { "turn_contributor" }
}

/// Whose turn it is, where it was theirs whom `was` has. No statement where it is theirs still.
pub async fn save_turns<C: ConnectionTrait>(tx: &C, id: DeviceId, was: &Turns, is: &Turns) -> Result<()> {
    let mut gone = Condition::any();
    for (person, as_ctrl) in was.difference(is) {
        let of = device_person::Column::PersonId.eq(person.to_string());
        gone = gone.add(of.and(device_person::Column::Relation.eq(turn(*as_ctrl))));
    }
    if !gone.is_empty() {
        let of = device_person::Entity::delete_many().filter(device_person::Column::DeviceId.eq(id.to_string()));
        of.filter(gone).exec(tx).await?;
    }
    let rows = is.difference(was).map(|(person, as_ctrl)| device_person::ActiveModel {
        device_id: Set(id.to_string()),
        person_id: Set(person.to_string()),
        relation: Set(turn(*as_ctrl).to_owned()),
        place: Set(0),
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return Ok(());
    }
    device_person::Entity::insert_many(rows).exec_without_returning(tx).await.map(|_| ())
}

/// Whom these devices wait for. One query.
pub async fn list_turns<C: ConnectionTrait>(c: &C, devices: &BTreeSet<DeviceId>) -> Result<BTreeMap<DeviceId, Turns>> {
    let rows: Vec<(String, String, String)> = device_person::Entity::find()
        .select_only()
        .column(device_person::Column::DeviceId)
        .column(device_person::Column::PersonId)
        .column(device_person::Column::Relation)
        .filter(device_person::Column::DeviceId.is_in(devices.iter().map(DeviceId::to_string)))
        .filter(device_person::Column::Relation.is_in([turn(true), turn(false)]))
        .into_tuple()
        .all(c)
        .await?;
    let mut turns: BTreeMap<DeviceId, Turns> = BTreeMap::new();
    for (device, person, relation) in rows {
        let device = device.parse().map_err(|e| corrupt("a device's id", e))?;
        turns.entry(device).or_default().insert((super::people::id(&person)?, relation == turn(true)));
    }
    Ok(turns)
}

/// Whom the device of a query waits for, within that query: one text, as both databases make it.
pub(super) mod turns_of {
    use super::*;

    const SPACE: &str = " ";
    const COMMA: &str = ",";

    /// What the query needs first.
    pub fn values() -> Vec<Value> {
        [SPACE, COMMA, turn(true), turn(false)].map(Value::from).into()
    }

    pub fn query(values: &[Value]) -> SelectStatement {
        let of = |n: usize| Expr::val(values[n].clone());
        let column = |column: device_person::Column| Expr::col((device_person::Entity, column));
        let one = [of(0), column(device_person::Column::Relation), column(device_person::Column::PersonId)];
        let all = [Func::cust("concat_ws").args(one).into(), of(1)];
        Query::select()
            .expr(Func::cust("string_agg").args(all))
            .from(device_person::Entity)
            .and_where(column(device_person::Column::DeviceId).equals((row::Entity, row::Column::Id)))
            .and_where(column(device_person::Column::Relation).is_in([of(2), of(3)]))
            .to_owned()
    }

    pub fn read(text: Option<String>) -> Result<Turns> {
        let all = text.iter().flat_map(|all| all.split(COMMA));
        let one = |one: &str| {
            let (relation, person) = one.split_once(SPACE).ok_or_else(|| corrupt("whose turn it is", one))?;
            Ok((crate::store::people::id(person)?, relation == turn(true)))
        };
        all.map(one).collect()
    }
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
