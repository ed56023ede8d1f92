//! Differences between what runs and what is on record.

use super::{Result, changes::Touched, corrupt, entity::incident as row};
use crate::domain::{
    drift::{Cursor, Drift, Incident, Key, Kind},
    id::{DeviceId, ServerName},
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sea_query::UnionType,
};
use std::collections::{BTreeMap, BTreeSet};

fn hydrate(r: row::Model) -> Result<Incident> {
    let bad = |e: &dyn std::fmt::Display| corrupt(&format!("incident {}", r.id), e);
    Ok(Incident {
        seq: r.seq,
        device: r.device_id.as_deref().map(|d| d.parse()).transpose().map_err(|e: uuid::Error| bad(&e))?,
        drift: Drift {
            kind: r.kind.parse().map_err(|e: strum::ParseError| bad(&e))?,
            instance: r.instance,
            server: ServerName(r.server),
            words: r.words,
        },
        instrument: r.instrument,
        opened: r.opened_at,
        closed: r.closed_at,
        times: r.times.unsigned_abs(),
        id: r.id,
    })
}

/// Values in one statement: databases take no more than some 30,000.
const AT_ONCE: usize = 2000;

/// What is open of these devices, and of these instances whoever they belong to.
pub async fn list_open_of<C: ConnectionTrait>(
    c: &C,
    devices: &BTreeSet<DeviceId>,
    instances: &BTreeSet<(String, ServerName)>,
) -> Result<BTreeMap<Key, Incident>> {
    let mut found = BTreeMap::new();
    let ids: Vec<String> = devices.iter().map(ToString::to_string).collect();
    let names: Vec<&str> = instances.iter().map(|(instance, _)| instance.as_str()).collect();
    let mut rows = Vec::new();
    let (mut ids, mut names) = (ids.chunks(AT_ONCE), names.chunks(AT_ONCE));
    loop {
        let of_devices = ids.next().map(|part| row::Column::DeviceId.is_in(part));
        let of_instances = names.next().map(|part| row::Column::Instance.is_in(part.iter().copied()));
        // Each half follows its own index.
        let open = |of| row::Entity::find().filter(of).filter(row::Column::ClosedAt.is_null()).into_query();
        let mut halves = of_devices.into_iter().chain(of_instances).map(open);
        let Some(mut q) = halves.next() else { break };
        for half in halves {
            q.union(UnionType::All, half);
        }
        rows.extend(row::Entity::find().from_raw_sql(c.get_database_backend().build(&q)).all(c).await?);
    }
    for r in rows {
        let i = hydrate(r)?;
        let meant = i.device.is_some_and(|d| devices.contains(&d))
            || instances.contains(&(i.drift.instance.clone(), i.drift.server.clone()));
        if meant {
            found.insert(i.drift.key(), i);
        }
    }
    Ok(found)
}

/// What is open of these devices, the oldest first. One query.
pub async fn list_open_of_devices<C: ConnectionTrait>(
    c: &C,
    devices: Option<&BTreeSet<DeviceId>>,
) -> Result<BTreeMap<DeviceId, Vec<Incident>>> {
    let mut q = row::Entity::find().filter(row::Column::ClosedAt.is_null());
    q = match devices {
        Some(ids) => q.filter(row::Column::DeviceId.is_in(ids.iter().map(ToString::to_string))),
        None => q.filter(row::Column::DeviceId.is_not_null()),
    };
    let mut by_device: BTreeMap<DeviceId, Vec<Incident>> = BTreeMap::new();
    // Not by the database: it might follow the order through everything that is open.
    let mut rows = q.all(c).await?;
    rows.sort_by_key(|r| r.seq);
    for r in rows {
        let i = hydrate(r)?;
        if let Some(device) = i.device {
            by_device.entry(device).or_default().push(i);
        }
    }
    Ok(by_device)
}

/// The servers of everything of this kind that is open, each with the words.
pub async fn list_open_words<C: ConnectionTrait>(c: &C, kind: Kind) -> Result<BTreeMap<ServerName, String>> {
    let rows: Vec<(String, String)> = row::Entity::find()
        .select_only()
        .column(row::Column::Server)
        .column(row::Column::Words)
        .filter(row::Column::Kind.eq(<&str>::from(kind)))
        .filter(row::Column::ClosedAt.is_null())
        .into_tuple()
        .all(c)
        .await?;
    Ok(rows.into_iter().map(|(server, words)| (ServerName(server), words)).collect())
}

/// How many are open, by kind; none of a kind of which none is.
pub async fn count_open<C: ConnectionTrait>(c: &C) -> Result<BTreeMap<Kind, u64>> {
    let rows: Vec<(String, i64)> = row::Entity::find()
        .select_only()
        .column(row::Column::Kind)
        .column_as(row::Column::Kind.count(), "many")
        .filter(row::Column::ClosedAt.is_null())
        .group_by(row::Column::Kind)
        .into_tuple()
        .all(c)
        .await?;
    let read = |(kind, many): (String, i64)| match kind.parse() {
        Ok(kind) => Ok((kind, many.unsigned_abs())),
        Err(e) => Err(corrupt("an incident’s kind", e)),
    };
    rows.into_iter().map(read).collect()
}

/// Those of these differences that were closed after a moment: they may have come back.
pub async fn list_closed_since<C: ConnectionTrait>(
    c: &C,
    keys: &BTreeSet<Key>,
    since: DateTime<Utc>,
) -> Result<BTreeMap<Key, Incident>> {
    let mut found = BTreeMap::new();
    let names: Vec<&str> = keys.iter().map(|(_, instance, _)| instance.as_str()).collect();
    for part in names.chunks(AT_ONCE) {
        let q = row::Entity::find()
            .filter(row::Column::ClosedAt.gte(since))
            .filter(row::Column::Instance.is_in(part.iter().copied()));
        for r in q.all(c).await? {
            let i = hydrate(r)?;
            let newer = found.get(&i.drift.key()).is_none_or(|known: &Incident| known.seq < i.seq);
            if newer && keys.contains(&i.drift.key()) {
                found.insert(i.drift.key(), i);
            }
        }
    }
    Ok(found)
}

/// Writes these as they are now.
pub async fn save<C: ConnectionTrait>(tx: &C, all: &[Incident]) -> Result<()> {
    use row::Column as C;
    for part in all.chunks(AT_ONCE) {
        let rows = part.iter().map(|i| row::ActiveModel {
            id: Set(i.id.clone()),
            seq: Set(i.seq),
            kind: Set(i.drift.kind.to_string()),
            device_id: Set(i.device.map(|d| d.to_string())),
            instance: Set(i.drift.instance.clone()),
            server: Set(i.drift.server.0.clone()),
            instrument: Set(i.instrument.clone()),
            words: Set(i.drift.words.clone()),
            opened_at: Set(i.opened),
            closed_at: Set(i.closed),
            times: Set(i32::try_from(i.times).unwrap_or(i32::MAX)),
            told_at: Set(None),
        });
        let anew = sea_orm::sea_query::OnConflict::column(C::Id)
            .update_columns([C::DeviceId, C::Words, C::ClosedAt, C::Times])
            .to_owned();
        row::Entity::insert_many(rows).on_conflict(anew).exec_without_returning(tx).await?;
    }
    let devices: BTreeSet<Touched> = all.iter().filter_map(|i| i.device).map(Touched::Device).collect();
    super::changes::append(tx, devices).await
}

/// What is open of this kind and nobody was told of, the oldest first.
pub async fn list_untold<C: ConnectionTrait>(c: &C, kind: Kind) -> Result<Vec<Incident>> {
    let q = row::Entity::find()
        .filter(row::Column::Kind.eq(<&str>::from(kind)))
        .filter(row::Column::ToldAt.is_null())
        .filter(row::Column::ClosedAt.is_null());
    q.order_by_asc(row::Column::Seq).all(c).await?.into_iter().map(hydrate).collect()
}

/// When somebody was told of this kind last.
pub async fn find_last_told<C: ConnectionTrait>(c: &C, kind: Kind) -> Result<Option<DateTime<Utc>>> {
    let q = row::Entity::find().select_only().column(row::Column::ToldAt);
    let q = q.filter(row::Column::Kind.eq(<&str>::from(kind))).filter(row::Column::ToldAt.is_not_null());
    q.order_by_desc(row::Column::ToldAt).into_tuple().one(c).await
}

/// Somebody was told of everything that is open of this kind.
pub async fn save_told<C: ConnectionTrait>(tx: &C, kind: Kind, at: DateTime<Utc>) -> Result<()> {
    row::Entity::update_many()
        .set(row::ActiveModel { told_at: Set(Some(at)), ..Default::default() })
        .filter(row::Column::Kind.eq(<&str>::from(kind)))
        .filter(row::Column::ToldAt.is_null())
        .filter(row::Column::ClosedAt.is_null())
        .exec(tx)
        .await
        .map(drop)
}

pub async fn find<C: ConnectionTrait>(c: &C, id: &str) -> Result<Option<Incident>> {
    row::Entity::find_by_id(id.to_owned()).one(c).await?.map(hydrate).transpose()
}

/// Which incidents a list is asked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub kind: Option<Kind>,
    pub instrument: Option<String>,
    /// Behind this one.
    pub after: Option<Cursor>,
}

/// Open ones first, in each part the newest first. At most two queries.
pub async fn list<C: ConnectionTrait>(c: &C, wanted: &Wanted, most: u64) -> Result<Vec<Incident>> {
    let mut all = Vec::new();
    for open in [true, false] {
        let left = most.saturating_sub(all.len() as u64);
        let behind = match wanted.after {
            // The open ones have been shown.
            Some(Cursor { is_open: false, .. }) if open => continue,
            Some(Cursor { is_open, seq }) if is_open == open => Some(seq),
            _ => None,
        };
        if left == 0 {
            break;
        }
        let mut q = row::Entity::find().filter(match open {
            true => row::Column::ClosedAt.is_null(),
            false => row::Column::ClosedAt.is_not_null(),
        });
        if let Some(kind) = wanted.kind {
            q = q.filter(row::Column::Kind.eq(<&str>::from(kind)));
        }
        if let Some(instrument) = &wanted.instrument {
            q = q.filter(row::Column::Instrument.eq(instrument));
        }
        if let Some(seq) = behind {
            q = q.filter(row::Column::Seq.lt(seq));
        }
        for r in q.order_by_desc(row::Column::Seq).limit(left).all(c).await? {
            all.push(hydrate(r)?);
        }
    }
    Ok(all)
}
