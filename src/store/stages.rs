//! What was reported of releases (G3), and which of them wait for a person's check (G4).

use super::{
    Result, corrupt,
    entity::{device, release, release_check as check, release_stage as row},
};
use crate::domain::{
    device::Device,
    id::DeviceId,
    lifecycle::StateName,
    release::Release,
    stage::{Report, Way},
    tag::{CommitId, TagName},
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, OnConflict, Query},
};
use std::collections::{BTreeMap, BTreeSet};

/// A release as the queue's keyset names it: since when it waits, device, tag.
pub type Place = (DateTime<Utc>, DeviceId, String);

fn hydrate(r: row::Model, commit: &CommitId) -> Result<Report> {
    Ok(Report {
        stage: r.stage.parse().map_err(|e| corrupt("a stage", e))?,
        passed: r.passed,
        by: r.person_id.as_deref().map(super::people::id).transpose()?,
        job: r.job,
        commit: commit.clone(),
        link: r.link,
        text: r.text,
        at: r.at,
    })
}

fn of_release(of: DeviceId, release: &Release) -> Condition {
    Condition::all().add(row::Column::DeviceId.eq(of.to_string())).add(row::Column::Tag.eq(release.tag().as_str()))
}

/// Everything that was reported of one release, oldest first.
pub async fn find_way<C: ConnectionTrait>(c: &C, of: DeviceId, release: &Release) -> Result<Way> {
    let q = row::Entity::find().filter(of_release(of, release)).order_by_asc(row::Column::Number);
    let reports: Vec<Report> =
        q.all(c).await?.into_iter().map(|r| hydrate(r, release.commit())).collect::<Result<_>>()?;
    Ok(Way { many: reports.len(), reports })
}

/// How the stages of one release stand, however often each was reported. One query.
pub async fn find_standing<C: ConnectionTrait>(c: &C, of: DeviceId, release: &Release) -> Result<Way> {
    let last = Query::select()
        .expr(Expr::col(row::Column::Number).max())
        .from(row::Entity)
        .cond_where(of_release(of, release))
        .group_by_columns([row::Column::Stage, row::Column::Passed])
        .to_owned();
    let q = row::Entity::find()
        .filter(of_release(of, release))
        .filter(row::Column::Number.in_subquery(last))
        .order_by_asc(row::Column::Number);
    let rows = q.all(c).await?;
    let many = rows.last().map_or(0, |r| r.number.unsigned_abs() as usize);
    Ok(Way { reports: rows.into_iter().map(|r| hydrate(r, release.commit())).collect::<Result<_>>()?, many })
}

/// The ways of all releases of these devices. One query.
pub async fn list_ways<C: ConnectionTrait>(c: &C, devices: &[&Device]) -> Result<BTreeMap<(DeviceId, TagName), Way>> {
    let ids = devices.iter().map(|d| d.id.to_string());
    let q = row::Entity::find()
        .filter(row::Column::DeviceId.is_in(ids))
        .order_by_asc(row::Column::DeviceId)
        .order_by_asc(row::Column::Tag)
        .order_by_asc(row::Column::Number);
    let mut ways: BTreeMap<(DeviceId, TagName), Way> = BTreeMap::new();
    for r in q.all(c).await? {
        let of = devices.iter().find(|d| d.id.to_string() == r.device_id);
        let release = of.and_then(|d| Some((d.id, d.releases.iter().find(|k| k.tag().as_str() == r.tag)?)));
        if let Some((id, release)) = release {
            let report = hydrate(r, release.commit())?;
            let way = ways.entry((id, release.tag().clone())).or_default();
            way.reports.push(report);
            way.many += 1;
        }
    }
    Ok(ways)
}

/// Puts a report behind those before it, of which there are `before.many`; another one that came meanwhile is a conflict.
pub async fn append<C: ConnectionTrait>(
    tx: &C,
    of: DeviceId,
    tag: &TagName,
    before: &Way,
    report: &Report,
) -> Result<()> {
    let row = row::ActiveModel {
        device_id: Set(of.to_string()),
        tag: Set(tag.as_str().to_owned()),
        number: Set(before.many as i32 + 1),
        stage: Set(report.stage.to_string()),
        passed: Set(report.passed),
        person_id: Set(report.by.map(|p| p.to_string())),
        job: Set(report.job.clone()),
        link: Set(report.link.clone()),
        text: Set(report.text.clone()),
        at: Set(report.at),
    };
    row::Entity::insert(row).exec_without_returning(tx).await?;
    let mut after = before.clone();
    after.reports.push(report.clone());
    save_check(tx, of, tag, after.waits_for_check()).await
}

async fn save_check<C: ConnectionTrait>(
    tx: &C,
    of: DeviceId,
    tag: &TagName,
    since: Option<DateTime<Utc>>,
) -> Result<()> {
    let key = (of.to_string(), tag.as_str().to_owned());
    let Some(since) = since else {
        return check::Entity::delete_by_id(key).exec(tx).await.map(|_| ());
    };
    let row = check::ActiveModel { device_id: Set(key.0), tag: Set(key.1), since: Set(since) };
    check::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([check::Column::DeviceId, check::Column::Tag])
                .update_column(check::Column::Since)
                .to_owned(),
        )
        .exec_without_returning(tx)
        .await
        .map(|_| ())
}

/// What waits and can still go on: its tag stands, and its device is developed or owned.
fn waiting() -> Select<check::Entity> {
    let states = [StateName::ReducedSupport, StateName::UnderReview, StateName::CtrlOwned].map(<&str>::from);
    let stands = Query::select()
        .expr(Expr::val(1))
        .from(release::Entity)
        .and_where(
            Expr::col((release::Entity, release::Column::DeviceId)).equals((check::Entity, check::Column::DeviceId)),
        )
        .and_where(Expr::col((release::Entity, release::Column::Tag)).equals((check::Entity, check::Column::Tag)))
        .and_where(Expr::col((release::Entity, release::Column::Stands)).eq(true))
        .to_owned();
    let lives = Query::select()
        .expr(Expr::val(1))
        .from(device::Entity)
        .and_where(Expr::col((device::Entity, device::Column::Id)).equals((check::Entity, check::Column::DeviceId)))
        .and_where(Expr::col((device::Entity, device::Column::State)).is_in(states))
        .to_owned();
    check::Entity::find().filter(Expr::exists(stands)).filter(Expr::exists(lives))
}

/// How many wait for a person's check. One query.
pub async fn count_waiting<C: ConnectionTrait>(c: &C) -> Result<u64> {
    waiting().count(c).await
}

/// What waits for a person's check, the oldest first, behind `after` where it is given.
pub async fn list_waiting<C: ConnectionTrait>(c: &C, after: Option<&Place>, most: u64) -> Result<Vec<Place>> {
    let mut q = waiting();
    if let Some((since, id, tag)) = after {
        let (id, same) = (id.to_string(), check::Column::Since.eq(*since));
        let behind = Condition::any()
            .add(check::Column::Since.gt(*since))
            .add(same.clone().and(check::Column::DeviceId.gt(id.clone())))
            .add(same.and(check::Column::DeviceId.eq(id)).and(check::Column::Tag.gt(tag.clone())));
        q = q.filter(behind);
    }
    let q = q
        .order_by_asc(check::Column::Since)
        .order_by_asc(check::Column::DeviceId)
        .order_by_asc(check::Column::Tag)
        .limit(most);
    q.all(c)
        .await?
        .into_iter()
        .map(|r| Ok((r.since, r.device_id.parse().map_err(|e| corrupt("a device's id", e))?, r.tag)))
        .collect()
}

/// The devices of these places. One query.
pub async fn list_devices<C: ConnectionTrait>(c: &C, places: &[Place]) -> Result<Vec<Device>> {
    super::devices::list_by_id(c, &places.iter().map(|p| p.1).collect::<BTreeSet<_>>()).await
}
