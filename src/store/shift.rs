//! Changes of support as they stand with the shift: who acknowledged, what went on to CTRL, who has looked (H8).

use super::{
    Result, corrupt,
    entity::{acknowledgement, device, escalation, looked, support_change as row},
    text::Text,
};
use crate::domain::{
    id::{DeviceId, PersonId},
    shift::Acknowledgement,
    support::Support,
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Select,
    sea_query::{Expr, ExprTrait, OnConflict, Query},
};
use std::collections::{BTreeMap, BTreeSet};

/// A change of a device's support status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its entry in the journal.
    pub seq: i64,
    pub device: DeviceId,
    /// `None` where nobody supported it yet.
    pub from: Option<Support>,
    /// `None` where nobody supports it any more.
    pub to: Option<Support>,
    pub why: String,
    pub at: DateTime<Utc>,
    pub acknowledged_at: Option<DateTime<Utc>>,
    pub escalated_at: Option<DateTime<Utc>>,
}

fn kept(r: row::Model) -> Result<Kept> {
    let support = |s: &Option<String>| s.as_deref().map(str::parse::<Support>).transpose();
    Ok(Kept {
        seq: r.seq,
        device: r.device_id.parse().map_err(|e| corrupt("a change's device", e))?,
        from: support(&r.from_support).map_err(|e| corrupt("a support status", e))?,
        to: support(&r.to_support).map_err(|e| corrupt("a support status", e))?,
        why: r.why,
        at: r.at,
        acknowledged_at: r.acknowledged_at,
        escalated_at: r.escalated_at,
    })
}

async fn all<C: ConnectionTrait>(c: &C, q: Select<row::Entity>) -> Result<Vec<Kept>> {
    q.all(c).await?.into_iter().map(kept).collect()
}

fn open() -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::AcknowledgedAt.is_null())
}

pub async fn insert<C: ConnectionTrait>(tx: &C, changes: Vec<Kept>) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let rows = changes.into_iter().map(|k| row::ActiveModel {
        seq: Set(k.seq),
        device_id: Set(k.device.to_string()),
        from_support: Set(k.from.map(|s| s.to_string())),
        to_support: Set(k.to.map(|s| s.to_string())),
        why: Set(k.why),
        at: Set(k.at),
        acknowledged_at: Set(k.acknowledged_at),
        escalated_at: Set(k.escalated_at),
    });
    row::Entity::insert_many(rows).exec_without_returning(tx).await.map(|_| ())
}

/// A change as the keyset of those that wait names it: when it was, and its number.
pub type Place = (DateTime<Utc>, i64);

/// What nobody has acknowledged, the oldest first, behind `after` where it is given: what is late comes before what waits.
pub async fn list_open<C: ConnectionTrait>(c: &C, after: Option<Place>, most: u64) -> Result<Vec<Kept>> {
    let mut q = open();
    if let Some((at, seq)) = after {
        let same = row::Column::At.eq(at).and(row::Column::Seq.gt(seq));
        q = q.filter(row::Column::At.gt(at).or(same));
    }
    all(c, q.order_by_asc(row::Column::At).order_by_asc(row::Column::Seq).limit(most)).await
}

/// The same, where somebody has said it and not everybody whose word is needed.
pub async fn list_open_said<C: ConnectionTrait>(c: &C, most: u64) -> Result<Vec<Kept>> {
    let said = Query::select().column(acknowledgement::Column::Seq).from(acknowledgement::Entity).to_owned();
    all(c, open().filter(row::Column::Seq.in_subquery(said)).order_by_asc(row::Column::At).limit(most)).await
}

/// The same of one device.
pub async fn list_open_of<C: ConnectionTrait>(c: &C, device: DeviceId) -> Result<Vec<Kept>> {
    static OF_DEVICE: Text = Text::new();
    let q = OF_DEVICE.with(c, vec![device.to_string().into()], |v| {
        open().filter(row::Column::DeviceId.eq(v[0].clone())).order_by_asc(row::Column::Seq)
    });
    row::Model::find_by_statement(q).all(c).await?.into_iter().map(kept).collect()
}

/// The same of several devices.
pub async fn list_open_of_many<C: ConnectionTrait>(c: &C, devices: &BTreeSet<DeviceId>) -> Result<Vec<Kept>> {
    let of = row::Column::DeviceId.is_in(devices.iter().map(DeviceId::to_string));
    // Not in order by the database: it might follow that through all changes there ever were.
    let mut kept = all(c, open().filter(of)).await?;
    kept.sort_by_key(|k| k.seq);
    Ok(kept)
}

/// The newest of each of these devices.
pub async fn list_newest_open_of<C: ConnectionTrait>(c: &C, devices: &BTreeSet<DeviceId>) -> Result<Vec<Kept>> {
    let newest = Query::select()
        .expr(Expr::col(row::Column::Seq).max())
        .from(row::Entity)
        .and_where(row::Column::AcknowledgedAt.is_null())
        .and_where(row::Column::DeviceId.is_in(devices.iter().map(DeviceId::to_string)))
        .group_by_col(row::Column::DeviceId)
        .to_owned();
    all(c, row::Entity::find().filter(row::Column::Seq.in_subquery(newest))).await
}

/// The number of the last change of each of these devices, or of all: by a look at the end of each, however many it had.
pub async fn list_last<C: ConnectionTrait>(
    c: &C,
    devices: Option<&BTreeSet<DeviceId>>,
) -> Result<BTreeMap<DeviceId, i64>> {
    let id = || Expr::col((device::Entity, device::Column::Id));
    let last = Query::select()
        .expr(Expr::col(row::Column::Seq).max())
        .from(row::Entity)
        .and_where(Expr::col((row::Entity, row::Column::DeviceId)).eq(id()))
        .to_owned();
    let mut q = Query::select().expr_as(id(), "id").expr_as(Expr::from(last), "last").from(device::Entity).to_owned();
    if let Some(devices) = devices {
        q.and_where(id().is_in(devices.iter().map(DeviceId::to_string)));
    }
    let mut all = BTreeMap::new();
    for found in c.query_all_raw(c.get_database_backend().build(&q)).await? {
        let (id, last): (String, Option<i64>) = (found.try_get("", "id")?, found.try_get("", "last")?);
        let id: DeviceId = id.parse().map_err(|e| corrupt("a change's device", e))?;
        all.extend(last.map(|seq| (id, seq)));
    }
    Ok(all)
}

pub async fn list_by_seq<C: ConnectionTrait>(c: &C, seqs: &BTreeSet<i64>) -> Result<Vec<Kept>> {
    let q = row::Entity::find().filter(row::Column::Seq.is_in(seqs.iter().copied()));
    all(c, q.order_by_asc(row::Column::Seq)).await
}

/// What happened up to this moment, is not acknowledged, and has not gone on to CTRL: the oldest first.
pub async fn list_late<C: ConnectionTrait>(c: &C, until: DateTime<Utc>, most: u64) -> Result<Vec<Kept>> {
    let q = open().filter(row::Column::At.lte(until)).filter(row::Column::EscalatedAt.is_null());
    all(c, q.order_by_asc(row::Column::At).order_by_asc(row::Column::Seq).limit(most)).await
}

/// How many changes wait, and how many of them happened up to this moment.
pub async fn count_open<C: ConnectionTrait>(c: &C, until: DateTime<Utc>) -> Result<(u64, u64)> {
    Ok((open().count(c).await?, open().filter(row::Column::At.lte(until)).count(c).await?))
}

/// Which changes a record is asked for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub device: Option<DeviceId>,
    /// From this moment on, and before the other.
    pub between: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Older than this one.
    pub before: Option<i64>,
}

fn matching(filter: &Filter) -> Select<row::Entity> {
    let mut q = row::Entity::find();
    if let Some(device) = filter.device {
        q = q.filter(row::Column::DeviceId.eq(device.to_string()));
    }
    if let Some((from, to)) = filter.between {
        q = q.filter(row::Column::At.gte(from)).filter(row::Column::At.lt(to));
    }
    match filter.before {
        Some(seq) => q.filter(row::Column::Seq.lt(seq)),
        None => q,
    }
}

/// Changes on record, newest first.
pub async fn list<C: ConnectionTrait>(c: &C, filter: &Filter, most: u64) -> Result<Vec<Kept>> {
    all(c, matching(filter).order_by_desc(row::Column::Seq).limit(most)).await
}

/// How many happened after one of them, from a moment on.
pub async fn count_after<C: ConnectionTrait>(c: &C, seq: i64, from: DateTime<Utc>) -> Result<u64> {
    row::Entity::find().filter(row::Column::Seq.gt(seq)).filter(row::Column::At.gte(from)).count(c).await
}

/// The newest of all.
pub async fn find_newest<C: ConnectionTrait>(c: &C) -> Result<Option<i64>> {
    let q = row::Entity::find().select_only().column(row::Column::Seq).order_by_desc(row::Column::Seq).limit(1);
    q.into_tuple().one(c).await
}

/// Everybody's word on these changes, the first one's first.
pub async fn list_acknowledgements<C: ConnectionTrait>(
    c: &C,
    seqs: &BTreeSet<i64>,
) -> Result<BTreeMap<i64, Vec<Acknowledgement>>> {
    let q = acknowledgement::Entity::find()
        .filter(acknowledgement::Column::Seq.is_in(seqs.iter().copied()))
        .order_by_asc(acknowledgement::Column::At);
    let mut said: BTreeMap<i64, Vec<Acknowledgement>> = BTreeMap::new();
    for a in q.all(c).await? {
        said.entry(a.seq).or_default().push(Acknowledgement { by: super::people::id(&a.person_id)?, at: a.at });
    }
    Ok(said)
}

/// Puts somebody's word on record.
pub async fn insert_acknowledgements<C: ConnectionTrait>(
    tx: &C,
    seqs: &BTreeSet<i64>,
    person: PersonId,
    at: DateTime<Utc>,
) -> Result<()> {
    let rows = seqs.iter().map(|seq| acknowledgement::ActiveModel {
        seq: Set(*seq),
        person_id: Set(person.to_string()),
        at: Set(at),
    });
    acknowledgement::Entity::insert_many(rows).exec_without_returning(tx).await.map(|_| ())
}

/// The shift knows of this change since then; a later word changes nothing of that.
pub async fn save_acknowledged<C: ConnectionTrait>(tx: &C, seq: i64, at: DateTime<Utc>) -> Result<()> {
    row::Entity::update_many()
        .set(row::ActiveModel { acknowledged_at: Set(Some(at)), ..Default::default() })
        .filter(row::Column::Seq.eq(seq))
        .filter(row::Column::AcknowledgedAt.is_null())
        .exec(tx)
        .await
        .map(|_| ())
}

/// Claims a late change, once: false where it has gone on already, or was acknowledged meanwhile.
pub async fn claim<C: ConnectionTrait>(tx: &C, seq: i64, at: DateTime<Utc>) -> Result<bool> {
    let done = row::Entity::update_many()
        .set(row::ActiveModel { escalated_at: Set(Some(at)), ..Default::default() })
        .filter(row::Column::Seq.eq(seq))
        .filter(row::Column::AcknowledgedAt.is_null())
        .filter(row::Column::EscalatedAt.is_null())
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Who was told of changes that were late.
pub async fn insert_escalations<C: ConnectionTrait>(tx: &C, seqs: &[i64], people: &BTreeSet<PersonId>) -> Result<()> {
    let rows: Vec<_> = seqs
        .iter()
        .flat_map(|seq| {
            people.iter().map(|p| escalation::ActiveModel { seq: Set(*seq), person_id: Set(p.to_string()) })
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    escalation::Entity::insert_many(rows).exec_without_returning(tx).await.map(|_| ())
}

pub async fn list_escalations<C: ConnectionTrait>(
    c: &C,
    seqs: &BTreeSet<i64>,
) -> Result<BTreeMap<i64, BTreeSet<PersonId>>> {
    let q = escalation::Entity::find().filter(escalation::Column::Seq.is_in(seqs.iter().copied()));
    let mut told: BTreeMap<i64, BTreeSet<PersonId>> = BTreeMap::new();
    for e in q.all(c).await? {
        told.entry(e.seq).or_default().insert(super::people::id(&e.person_id)?);
    }
    Ok(told)
}

/// Up to which change somebody has looked, and when.
pub async fn find_looked<C: ConnectionTrait>(c: &C, person: PersonId) -> Result<Option<(i64, DateTime<Utc>)>> {
    Ok(looked::Entity::find_by_id(person.to_string()).one(c).await?.map(|l| (l.seq, l.at)))
}

/// Somebody has looked; what they have seen does not become new again.
pub async fn save_looked<C: ConnectionTrait>(tx: &C, person: PersonId, seq: i64, at: DateTime<Utc>) -> Result<()> {
    let row = looked::ActiveModel { person_id: Set(person.to_string()), seq: Set(seq), at: Set(at) };
    let further = Expr::col((looked::Entity, looked::Column::Seq)).lte(seq);
    looked::Entity::insert(row)
        .on_conflict(
            OnConflict::column(looked::Column::PersonId)
                .update_columns([looked::Column::Seq, looked::Column::At])
                .action_and_where(further)
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await
        .map(|_| ())
}
