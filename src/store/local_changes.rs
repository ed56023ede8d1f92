//! Local changes on instruments (R7).

use super::{
    Result, corrupt,
    entity::{device_instrument, device_person, local_change as row},
};
use crate::domain::{
    id::{LocalChangeId, PersonId, TargetName},
    local_change::LocalChange,
};
use chrono::NaiveDate;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, Query},
};
use std::collections::BTreeSet;

fn hydrate(r: row::Model) -> Result<LocalChange> {
    serde_json::from_str(&r.body).map_err(|e| corrupt(&format!("local change {}", r.id), e))
}

fn body(c: &LocalChange) -> Result<String> {
    serde_json::to_string(c).map_err(|e| corrupt("a local change", e))
}

async fn read<C: ConnectionTrait>(c: &C, q: Select<row::Entity>) -> Result<Vec<LocalChange>> {
    q.all(c).await?.into_iter().map(hydrate).collect()
}

pub async fn insert<C: ConnectionTrait>(tx: &C, c: &LocalChange) -> Result<()> {
    let row = row::Model {
        id: c.id.to_string(),
        revision: c.revision as i64,
        target: c.target.0.clone(),
        device_id: c.device.map(|d| d.to_string()),
        until_day: c.until,
        ended: c.ended.is_some(),
        told: false,
        body: body(c)?,
    };
    row::Entity::insert(row.into_active_model()).exec_without_returning(tx).await.map(|_| ())
}

/// Saves it over this revision of it; false where it is another one by now. Another day is told anew.
pub async fn update<C: ConnectionTrait>(tx: &C, c: &LocalChange, was: u64) -> Result<bool> {
    let change = row::ActiveModel {
        revision: Set(c.revision as i64),
        until_day: Set(c.until),
        ended: Set(c.ended.is_some()),
        told: Set(false),
        body: Set(body(c)?),
        ..Default::default()
    };
    let q = row::Entity::update_many()
        .set(change)
        .filter(row::Column::Id.eq(c.id.to_string()))
        .filter(row::Column::Revision.eq(was as i64));
    Ok(q.exec(tx).await?.rows_affected == 1)
}

pub async fn find<C: ConnectionTrait>(c: &C, id: LocalChangeId) -> Result<Option<LocalChange>> {
    row::Entity::find_by_id(id.to_string()).one(c).await?.map(hydrate).transpose()
}

/// Which of them a list is asked for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub target: Option<TargetName>,
    /// Those that have not ended.
    pub open: bool,
    /// Recorded before this one.
    pub before: Option<LocalChangeId>,
}

/// Newest first.
pub async fn list<C: ConnectionTrait>(c: &C, filter: &Filter, most: u64) -> Result<Vec<LocalChange>> {
    let mut q = row::Entity::find();
    if let Some(target) = &filter.target {
        q = q.filter(row::Column::Target.eq(&target.0));
    }
    if filter.open {
        // In these very words: an index holds those that it is said of, and no others.
        q = q.filter(Expr::cust("ended = FALSE"));
    }
    if let Some(before) = filter.before {
        q = q.filter(row::Column::Id.lt(before.to_string()));
    }
    read(c, q.order_by_desc(row::Column::Id).limit(most)).await
}

/// Those on these targets that have not ended, the oldest first.
pub async fn list_open_on<C: ConnectionTrait>(
    c: &C,
    targets: impl IntoIterator<Item = TargetName>,
) -> Result<Vec<LocalChange>> {
    let names: Vec<String> = targets.into_iter().map(|t| t.0).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let q = row::Entity::find()
        .filter(row::Column::Target.is_in(names))
        .filter(Expr::cust("ended = FALSE"))
        .order_by_asc(row::Column::Id);
    read(c, q).await
}

/// Those whose day is over, on a target or anywhere, the longest over first.
pub async fn list_overdue<C: ConnectionTrait>(
    c: &C,
    today: NaiveDate,
    target: Option<&TargetName>,
    most: u64,
) -> Result<Vec<LocalChange>> {
    let mut q = row::Entity::find().filter(Expr::cust("ended = FALSE")).filter(row::Column::UntilDay.lt(today));
    if let Some(target) = target {
        q = q.filter(row::Column::Target.eq(&target.0));
    }
    read(c, q.order_by_asc(row::Column::UntilDay).limit(most)).await
}

/// Those whose day is over and of which that is told to nobody yet, the oldest first.
pub async fn list_untold<C: ConnectionTrait>(c: &C, today: NaiveDate, most: u64) -> Result<Vec<LocalChange>> {
    let q = row::Entity::find()
        .filter(Expr::cust("ended = FALSE"))
        .filter(row::Column::UntilDay.lt(today))
        .filter(row::Column::Told.eq(false))
        .order_by_asc(row::Column::UntilDay)
        .limit(most);
    read(c, q).await
}

/// It was told that the day of this one is over.
pub async fn mark_told<C: ConnectionTrait>(tx: &C, id: LocalChangeId) -> Result<()> {
    let change = row::ActiveModel { told: Set(true), ..Default::default() };
    row::Entity::update_many().set(change).filter(row::Column::Id.eq(id.to_string())).exec(tx).await.map(|_| ())
}

/// Those that name a person anywhere. It looks at every one: for what is done seldom.
pub async fn list_naming<C: ConnectionTrait>(c: &C, person: PersonId) -> Result<Vec<LocalChange>> {
    let q = row::Entity::find().filter(row::Column::Body.contains(person.to_string())).order_by_asc(row::Column::Id);
    read(c, q).await
}

/// Who contributes to a device for this instrument.
pub async fn list_contributors_at<C: ConnectionTrait>(c: &C, instrument: &str) -> Result<BTreeSet<PersonId>> {
    let there = Query::select()
        .column(device_instrument::Column::DeviceId)
        .from(device_instrument::Entity)
        .and_where(device_instrument::Column::Instrument.eq(instrument))
        .to_owned();
    let q = device_person::Entity::find()
        .select_only()
        .column(device_person::Column::PersonId)
        .distinct()
        .filter(device_person::Column::Relation.eq("contributor"))
        .filter(device_person::Column::DeviceId.in_subquery(there));
    let all: Vec<String> = q.into_tuple().all(c).await?;
    all.iter().map(|p| super::people::id(p)).collect()
}

/// The instruments for which somebody contributes to a device.
pub async fn list_instruments_of<C: ConnectionTrait>(c: &C, person: PersonId) -> Result<BTreeSet<String>> {
    let theirs = Query::select()
        .column(device_person::Column::DeviceId)
        .from(device_person::Entity)
        .and_where(device_person::Column::PersonId.eq(person.to_string()))
        .and_where(device_person::Column::Relation.eq("contributor"))
        .to_owned();
    let q = device_instrument::Entity::find()
        .select_only()
        .column(device_instrument::Column::Instrument)
        .distinct()
        .filter(device_instrument::Column::DeviceId.in_subquery(theirs));
    let all: Vec<String> = q.into_tuple().all(c).await?;
    Ok(all.into_iter().collect())
}
