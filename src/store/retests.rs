//! Which devices depend on which, and the re-tests that new releases ask for (G8).

use super::{
    Result, corrupt,
    devices::hydrate as hydrate_device,
    entity::{device, device_dependency as edge, retest as row, retest_report as report},
};
use crate::domain::{
    device::Device,
    id::{DeviceId, RetestId},
    lifecycle::StateName,
    retest::{ASKED, Retest, Standing, Tried},
    tag::{CommitId, TagName},
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, OnConflict, Query, SelectStatement},
};
use std::collections::{BTreeMap, BTreeSet};

/// So many are put on record by one statement: databases bound what it holds.
const AT_ONCE: usize = 500;

/// What waits, in the very words of the indexes that hold nothing else. In others it is found among what waits of everybody.
const WAITS: &str = "state || '' = 'waiting'";

/// A device as those beside it name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub id: DeviceId,
    pub name: String,
    pub state: StateName,
}

/// Which re-tests a list holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    pub device: Option<DeviceId>,
    pub on: Option<DeviceId>,
    pub state: Option<Standing>,
    /// Asked for before this one.
    pub before: Option<RetestId>,
}

fn device_id(text: &str) -> Result<DeviceId> {
    text.parse().map_err(|e| corrupt("a device's id", e))
}

fn tag(text: String) -> Result<TagName> {
    serde_json::from_value(text.into()).map_err(|e| corrupt("a tag", e))
}

fn commit(text: &str) -> Result<CommitId> {
    CommitId::parse(text).map_err(|e| corrupt("a commit", e))
}

fn hydrate(r: row::Model) -> Result<Retest> {
    Ok(Retest {
        id: r.id.parse().map_err(|e| corrupt("a re-test's id", e))?,
        device: device_id(&r.device_id)?,
        on: device_id(&r.on_id)?,
        tag: tag(r.tag)?,
        commit: commit(&r.commit_id)?,
        opened: r.opened_at,
        standing: r.state.parse().map_err(|e| corrupt("a re-test's state", e))?,
        overtaken_by: r.overtaken_by.map(tag).transpose()?,
        many: r.reports.unsigned_abs(),
    })
}

fn hydrate_tried(r: report::Model) -> Result<Tried> {
    Ok(Tried {
        passed: r.passed,
        by: r.person_id.as_deref().map(super::people::id).transpose()?,
        job: r.job,
        release: r.release_tag.map(tag).transpose()?,
        commit: r.commit_id.as_deref().map(commit).transpose()?,
        link: r.link,
        text: r.text,
        at: r.at,
    })
}

/// The ids of the devices of these names, those that there are. One query.
pub async fn list_ids_by_names<C: ConnectionTrait>(
    c: &C,
    names: &BTreeSet<String>,
) -> Result<BTreeMap<String, DeviceId>> {
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(String, String)> = device::Entity::find()
        .select_only()
        .columns([device::Column::Name, device::Column::Id])
        .filter(device::Column::Name.is_in(names.iter().map(String::as_str)))
        .into_tuple()
        .all(c)
        .await?;
    rows.into_iter().map(|(name, id)| Ok((name, device_id(&id)?))).collect()
}

/// Keeps what a device depends on.
pub async fn save_dependencies<C: ConnectionTrait>(tx: &C, d: &Device) -> Result<()> {
    let id = d.id.to_string();
    edge::Entity::delete_many().filter(edge::Column::DeviceId.eq(&id)).exec(tx).await?;
    if d.depends_on.is_empty() {
        return Ok(());
    }
    let rows = d.depends_on.values();
    let rows = rows.map(|on| edge::ActiveModel { device_id: Set(id.clone()), on_id: Set(on.to_string()) });
    edge::Entity::insert_many(rows).exec_without_returning(tx).await.map(|_| ())
}

fn dependents_of(on: DeviceId) -> SelectStatement {
    Query::select()
        .column(edge::Column::DeviceId)
        .from(edge::Entity)
        .and_where(edge::Column::OnId.eq(on.to_string()))
        .to_owned()
}

/// What is developed or owned and depends on a device.
fn asked(on: DeviceId) -> Select<device::Entity> {
    device::Entity::find()
        .filter(device::Column::Id.in_subquery(dependents_of(on)))
        .filter(device::Column::State.is_in(ASKED.map(<&str>::from)))
        .order_by_asc(device::Column::Name)
}

/// The same, whole. One query.
pub async fn list_dependents<C: ConnectionTrait>(c: &C, on: DeviceId) -> Result<Vec<Device>> {
    asked(on).all(c).await?.iter().map(hydrate_device).collect()
}

async fn named<C: ConnectionTrait>(c: &C, q: Select<device::Entity>) -> Result<Vec<Named>> {
    let q = q.select_only().columns([device::Column::Id, device::Column::Name, device::Column::State]);
    let rows: Vec<(String, String, String)> = q.into_tuple().all(c).await?;
    let one = |(id, name, state): (String, String, String)| {
        let state = state.parse().map_err(|e| corrupt("a device's state", e))?;
        Ok(Named { id: device_id(&id)?, name, state })
    };
    rows.into_iter().map(one).collect()
}

/// The same by name, without the rest of them. One query.
pub async fn list_named_dependents<C: ConnectionTrait>(c: &C, on: DeviceId) -> Result<Vec<Named>> {
    named(c, asked(on)).await
}

/// These devices, by name. One query, or none.
pub async fn list_named<C: ConnectionTrait>(c: &C, ids: &BTreeSet<DeviceId>) -> Result<Vec<Named>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let q = device::Entity::find().filter(device::Column::Id.is_in(ids.iter().map(DeviceId::to_string)));
    named(c, q.order_by_asc(device::Column::Name)).await
}

/// Puts re-tests on record; whoever was asked the same before is not asked again.
pub async fn insert<C: ConnectionTrait>(tx: &C, all: &[Retest]) -> Result<()> {
    for part in all.chunks(AT_ONCE) {
        let rows = part.iter().map(|r| row::ActiveModel {
            id: Set(r.id.to_string()),
            device_id: Set(r.device.to_string()),
            on_id: Set(r.on.to_string()),
            tag: Set(r.tag.as_str().to_owned()),
            commit_id: Set(r.commit.as_str().to_owned()),
            opened_at: Set(r.opened),
            state: Set(r.standing.to_string()),
            reports: Set(r.many as i32),
            overtaken_by: Set(None),
            overtaken_at: Set(None),
        });
        let once = OnConflict::columns([row::Column::OnId, row::Column::Tag, row::Column::DeviceId]);
        row::Entity::insert_many(rows)
            .on_conflict(once.clone().do_nothing().to_owned())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// Of those that wait, these are asked no longer: because of a newer release, or for another reason.
async fn end<C: ConnectionTrait>(tx: &C, which: Condition, by: Option<&TagName>, at: DateTime<Utc>) -> Result<()> {
    let change = row::ActiveModel {
        state: Set(Standing::Overtaken.to_string()),
        overtaken_by: Set(by.map(|tag| tag.as_str().to_owned())),
        overtaken_at: Set(Some(at)),
        ..Default::default()
    };
    row::Entity::update_many().set(change).filter(which).filter(Expr::cust(WAITS)).exec(tx).await.map(|_| ())
}

fn on(id: DeviceId) -> Condition {
    Condition::all().add(row::Column::OnId.eq(id.to_string()))
}

fn of(id: DeviceId) -> Condition {
    Condition::all().add(row::Column::DeviceId.eq(id.to_string()))
}

/// A newer release of a device takes the place of what waits for an older one.
pub async fn overtake<C: ConnectionTrait>(tx: &C, id: DeviceId, by: &TagName, at: DateTime<Utc>) -> Result<()> {
    end(tx, on(id).add(row::Column::Tag.ne(by.as_str())), Some(by), at).await
}

/// A release's tag does not stand any more.
pub async fn end_of_release<C: ConnectionTrait>(tx: &C, id: DeviceId, tag: &TagName, at: DateTime<Utc>) -> Result<()> {
    end(tx, on(id).add(row::Column::Tag.eq(tag.as_str())), None, at).await
}

/// A device has ended.
pub async fn end_of_device<C: ConnectionTrait>(tx: &C, id: DeviceId, at: DateTime<Utc>) -> Result<()> {
    end(tx, of(id), None, at).await
}

/// A device depends on these no longer.
pub async fn end_of_dependencies<C: ConnectionTrait>(
    tx: &C,
    id: DeviceId,
    dropped: &[DeviceId],
    at: DateTime<Utc>,
) -> Result<()> {
    if dropped.is_empty() {
        return Ok(());
    }
    end(tx, of(id).add(row::Column::OnId.is_in(dropped.iter().map(DeviceId::to_string))), None, at).await
}

/// A release is the newest again: what was asked no longer of these devices is asked again.
pub async fn ask_again<C: ConnectionTrait>(tx: &C, id: DeviceId, tag: &TagName, of: &[DeviceId]) -> Result<()> {
    for part in of.chunks(AT_ONCE) {
        let change = row::ActiveModel {
            state: Set(Standing::Waiting.to_string()),
            overtaken_by: Set(None),
            overtaken_at: Set(None),
            ..Default::default()
        };
        row::Entity::update_many()
            .set(change)
            .filter(on(id))
            .filter(row::Column::Tag.eq(tag.as_str()))
            .filter(row::Column::DeviceId.is_in(part.iter().map(DeviceId::to_string)))
            .filter(row::Column::State.eq(Standing::Overtaken.to_string()))
            .exec(tx)
            .await?;
    }
    Ok(())
}

async fn read<C: ConnectionTrait>(c: &C, q: Select<row::Entity>) -> Result<Vec<Retest>> {
    q.all(c).await?.into_iter().map(hydrate).collect()
}

pub async fn find<C: ConnectionTrait>(c: &C, id: RetestId) -> Result<Option<Retest>> {
    row::Entity::find_by_id(id.to_string()).one(c).await?.map(hydrate).transpose()
}

/// The newest first. One query.
pub async fn list<C: ConnectionTrait>(c: &C, which: &Which, most: u64) -> Result<Vec<Retest>> {
    let asked = [
        ("device_id", which.device.map(|id| id.to_string())),
        ("on_id", which.on.map(|id| id.to_string())),
        ("state", which.state.map(|state| state.to_string())),
    ];
    let asked = asked.into_iter().filter_map(|(of, is)| Some((of, is?)));
    let mut q = row::Entity::find();
    for (n, (of, is)) in asked.enumerate() {
        // By the index of the first: a state would be followed through those of every device.
        let of = if n == 0 { Expr::cust(of) } else { Expr::cust(format!("{of} || ''")) };
        q = q.filter(of.eq(is));
    }
    if let Some(before) = which.before {
        q = q.filter(row::Column::Id.lt(before.to_string()));
    }
    read(c, q.order_by_desc(row::Column::Id).limit(most)).await
}

/// Those of one release, at most so many. One query.
pub async fn list_of_release<C: ConnectionTrait>(c: &C, id: DeviceId, tag: &TagName, most: u64) -> Result<Vec<Retest>> {
    let q = row::Entity::find().filter(on(id)).filter(row::Column::Tag.eq(tag.as_str()));
    read(c, q.order_by_asc(row::Column::DeviceId).limit(most)).await
}

/// What waits of these devices, the oldest first. One query, or none.
pub async fn list_waiting<C: ConnectionTrait>(c: &C, of: &BTreeSet<DeviceId>, most: u64) -> Result<Vec<Retest>> {
    if of.is_empty() {
        return Ok(Vec::new());
    }
    let q = row::Entity::find()
        .filter(Expr::cust(WAITS))
        .filter(row::Column::DeviceId.is_in(of.iter().map(DeviceId::to_string)));
    read(c, q.order_by_asc(row::Column::Id).limit(most)).await
}

/// The last result of each of these that has one. One query, or none.
pub async fn list_last<C: ConnectionTrait>(c: &C, of: &[Retest]) -> Result<BTreeMap<RetestId, Tried>> {
    let ids: Vec<String> = of.iter().filter(|r| r.many > 0).map(|r| r.id.to_string()).collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let last = Query::select()
        .column((row::Entity, row::Column::Reports))
        .from(row::Entity)
        .and_where(Expr::col((row::Entity, row::Column::Id)).equals((report::Entity, report::Column::RetestId)))
        .to_owned();
    let q = report::Entity::find()
        .filter(report::Column::RetestId.is_in(ids))
        .filter(Expr::col((report::Entity, report::Column::Number)).eq(Expr::from(last)));
    let one = |r: report::Model| {
        let id: RetestId = r.retest_id.parse().map_err(|e| corrupt("a re-test's id", e))?;
        Ok((id, hydrate_tried(r)?))
    };
    q.all(c).await?.into_iter().map(one).collect()
}

/// Every result of one, the oldest first. One query.
pub async fn list_tried<C: ConnectionTrait>(c: &C, id: RetestId) -> Result<Vec<Tried>> {
    let q = report::Entity::find().filter(report::Column::RetestId.eq(id.to_string()));
    q.order_by_asc(report::Column::Number).all(c).await?.into_iter().map(hydrate_tried).collect()
}

/// Puts a result behind those before it; false where another one came meanwhile.
pub async fn append<C: ConnectionTrait>(tx: &C, of: &Retest, tried: &Tried) -> Result<bool> {
    let number = of.many as i32 + 1;
    let standing = if tried.passed { Standing::Passed } else { Standing::Failed };
    let change = row::ActiveModel { state: Set(standing.to_string()), reports: Set(number), ..Default::default() };
    let changed = row::Entity::update_many()
        .set(change)
        .filter(row::Column::Id.eq(of.id.to_string()))
        .filter(row::Column::Reports.eq(number - 1))
        .exec(tx)
        .await?;
    if changed.rows_affected == 0 {
        return Ok(false);
    }
    let row = report::ActiveModel {
        retest_id: Set(of.id.to_string()),
        number: Set(number),
        passed: Set(tried.passed),
        person_id: Set(tried.by.map(|p| p.to_string())),
        job: Set(tried.job.clone()),
        release_tag: Set(tried.release.as_ref().map(|t| t.as_str().to_owned())),
        commit_id: Set(tried.commit.as_ref().map(|c| c.as_str().to_owned())),
        link: Set(tried.link.clone()),
        text: Set(tried.text.clone()),
        at: Set(tried.at),
    };
    report::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(true)
}
