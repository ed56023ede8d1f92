//! What is seen running.

use super::{
    Result,
    changes::Touched,
    corrupt,
    entity::{device, instance as row, server, whole_report},
    text::Text,
};
use crate::domain::{
    id::{DeviceId, ServerName},
    lifecycle::StateName,
    observation::{Seen, Source},
    server::SupportClass,
    support::{Support, Verdict},
    version::classify,
};

pub use crate::domain::observation::Known;
use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, StreamTrait,
    sea_query::{Expr, ExprTrait, OnConflict, Query, SimpleExpr},
};
use std::collections::{BTreeMap, BTreeSet};

/// The names by which a version string may begin, and the framework's own versions, per policy and device.
#[derive(Clone, Debug, Default)]
pub struct VersionNames {
    pub packages: Vec<String>,
    pub framework: Vec<String>,
}

fn hydrate(r: row::Model, names: &VersionNames) -> Result<Known> {
    let bad = |e: &dyn std::fmt::Display| corrupt(&format!("instance {}", r.instance), e);
    let source = match (&r.stated_by, &r.collector) {
        (Some(p), _) => Source::Statement { person: super::people::id(p)? },
        (None, Some(name)) => Source::Collector { name: name.clone() },
        (None, None) => Source::Agent,
    };
    let support: Support = r.support.parse().map_err(|e: strum::ParseError| bad(&e))?;
    Ok(Known {
        device: r.device_id.as_deref().map(|d| d.parse()).transpose().map_err(|e: uuid::Error| bad(&e))?,
        verdict: Verdict { support, why: r.support_why.clone() },
        support_since: r.support_since,
        seen: Seen {
            support_class: r
                .support_class
                .as_deref()
                .map(|c| c.parse())
                .transpose()
                .map_err(|e: strum::ParseError| bad(&e))?,
            version: classify(&r.version, &names.packages, &names.framework),
            instance: r.instance,
            class: r.class,
            server: ServerName(r.server),
            host: r.host,
            since: r.since,
            seen: r.seen_at,
            gone: r.gone_at,
            source,
        },
    })
}

/// What is known of a device's instances.
pub async fn list_of_device<C: ConnectionTrait>(c: &C, device: DeviceId, names: &VersionNames) -> Result<Vec<Known>> {
    static OF_DEVICE: Text = Text::new();
    let q = OF_DEVICE.with(c, vec![device.to_string().into()], |v| {
        row::Entity::find()
            .filter(row::Column::DeviceId.eq(v[0].clone()))
            .order_by_asc(row::Column::Instance)
            .order_by_asc(row::Column::Server)
    });
    row::Model::find_by_statement(q).all(c).await?.into_iter().map(|r| hydrate(r, names)).collect()
}

/// What is known of several devices' instances, those still running. One query.
pub async fn list_of_devices<C: ConnectionTrait>(
    c: &C,
    devices: impl IntoIterator<Item = DeviceId>,
    names: &VersionNames,
) -> Result<BTreeMap<DeviceId, Vec<Known>>> {
    list_by_device(c, devices, row::Column::GoneAt.is_null(), names).await
}

/// What has stopped of several devices on reduced-support servers. One query.
pub async fn list_stopped_on_reduced<C: ConnectionTrait>(
    c: &C,
    devices: impl IntoIterator<Item = DeviceId>,
    names: &VersionNames,
) -> Result<BTreeMap<DeviceId, Vec<Known>>> {
    list_by_device(c, devices, row::Column::GoneAt.is_not_null().and(on_reduced()), names).await
}

fn on_reduced() -> SimpleExpr {
    row::Column::SupportClass.eq(SupportClass::Reduced.to_string())
}

async fn list_by_device<C: ConnectionTrait>(
    c: &C,
    devices: impl IntoIterator<Item = DeviceId>,
    of: SimpleExpr,
    names: &VersionNames,
) -> Result<BTreeMap<DeviceId, Vec<Known>>> {
    let ids: Vec<String> = devices.into_iter().map(|d| d.to_string()).collect();
    let mut by_device: BTreeMap<DeviceId, Vec<Known>> = BTreeMap::new();
    if ids.is_empty() {
        return Ok(by_device);
    }
    let q = row::Entity::find().filter(row::Column::DeviceId.is_in(ids)).filter(of).order_by_asc(row::Column::Instance);
    for r in q.all(c).await? {
        let known = hydrate(r, names)?;
        if let Some(device) = known.device {
            by_device.entry(device).or_default().push(known);
        }
    }
    Ok(by_device)
}

/// What is known of these servers, also what has gone. One query.
pub async fn list_on_servers<C: ConnectionTrait>(
    c: &C,
    servers: &BTreeSet<ServerName>,
    names: &VersionNames,
) -> Result<Vec<Known>> {
    let q = row::Entity::find().filter(row::Column::Server.is_in(servers.iter().map(|s| s.0.as_str())));
    q.all(c).await?.into_iter().map(|r| hydrate(r, names)).collect()
}

/// What is known to run on a server.
pub async fn list_on_server<C: ConnectionTrait>(
    c: &C,
    server: &ServerName,
    names: &VersionNames,
) -> Result<Vec<Known>> {
    let q = row::Entity::find().filter(row::Column::Server.eq(server.0.clone()));
    q.all(c).await?.into_iter().map(|r| hydrate(r, names)).collect()
}

/// Running and not registered, as many as `most`; of one instrument's servers where it is given.
pub async fn list_unknown<C: ConnectionTrait>(
    c: &C,
    instrument: Option<&str>,
    most: u64,
    names: &VersionNames,
) -> Result<Vec<Known>> {
    let mut q = row::Entity::find().filter(row::Column::DeviceId.is_null()).filter(row::Column::GoneAt.is_null());
    if let Some(instrument) = instrument {
        let there = Query::select()
            .column(server::Column::Name)
            .from(server::Entity)
            .and_where(server::Column::Instrument.eq(instrument))
            .to_owned();
        q = q.filter(row::Column::Server.in_subquery(there));
    }
    q.order_by_asc(row::Column::Instance).limit(most).all(c).await?.into_iter().map(|r| hydrate(r, names)).collect()
}

/// Everything that runs, and what has stopped of devices on record, in no order, as it is read: an order would have each
/// row looked for on its own.
pub async fn stream_searched<'a, C: ConnectionTrait + StreamTrait + Send>(
    c: &'a C,
    names: &'a VersionNames,
) -> Result<impl Stream<Item = Result<Known>> + Send + 'a> {
    let searched = Condition::any().add(row::Column::GoneAt.is_null()).add(row::Column::DeviceId.is_not_null());
    let rows = row::Entity::find().filter(searched).stream(c).await?;
    Ok(rows.map(|r| hydrate(r?, names)))
}

/// What is known of these instances on these servers.
pub async fn list_by_key<C: ConnectionTrait>(
    c: &C,
    keys: &BTreeSet<(String, ServerName)>,
    names: &VersionNames,
) -> Result<Vec<Known>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let ids = keys.iter().map(|(instance, _)| instance.as_str());
    let rows = row::Entity::find().filter(row::Column::Instance.is_in(ids)).all(c).await?;
    let known: Result<Vec<Known>> = rows.into_iter().map(|r| hydrate(r, names)).collect();
    Ok(known?.into_iter().filter(|k| keys.contains(&(k.seen.instance.clone(), k.seen.server.clone()))).collect())
}

/// Instances of this class, whoever they belong to now.
pub async fn list_of_class<C: ConnectionTrait>(c: &C, class: &str, names: &VersionNames) -> Result<Vec<Known>> {
    let q = row::Entity::find().filter(row::Column::Class.eq(class));
    q.all(c).await?.into_iter().map(|r| hydrate(r, names)).collect()
}

/// What runs on a server, by class: how many instances, and how many of them no device on record brings.
pub type Counts = BTreeMap<ServerName, Vec<(String, u64, u64)>>;

/// What runs on these servers.
pub async fn count_on<C: ConnectionTrait>(c: &C, servers: &[ServerName]) -> Result<Counts> {
    count(c, row::Column::Server.is_in(servers.iter().map(|s| s.0.as_str()))).await
}

/// What runs on servers that are not on record.
pub async fn count_on_strangers<C: ConnectionTrait>(c: &C) -> Result<Counts> {
    let on_record = Query::select().column(server::Column::Name).from(server::Entity).to_owned();
    count(c, row::Column::Server.not_in_subquery(on_record)).await
}

async fn count<C: ConnectionTrait>(c: &C, of: SimpleExpr) -> Result<Counts> {
    let rows: Vec<(String, String, i64, i64)> = row::Entity::find()
        .select_only()
        .column(row::Column::Server)
        .column(row::Column::Class)
        .column_as(row::Column::Instance.count(), "n")
        // COUNT of a column leaves out what is NULL.
        .column_as(row::Column::DeviceId.count(), "known")
        .filter(row::Column::GoneAt.is_null())
        .filter(of)
        .group_by(row::Column::Server)
        .group_by(row::Column::Class)
        .order_by_asc(row::Column::Class)
        .into_tuple()
        .all(c)
        .await?;
    let mut by_server = Counts::new();
    for (server, class, n, known) in rows {
        by_server.entry(ServerName(server)).or_default().push((class, n.unsigned_abs(), (n - known).unsigned_abs()));
    }
    Ok(by_server)
}

/// How many instances run on a server, as far as is known.
pub async fn count_running_on<C: ConnectionTrait>(c: &C, server: &ServerName) -> Result<u64> {
    let of = row::Entity::find().filter(row::Column::Server.eq(&server.0)).filter(row::Column::GoneAt.is_null());
    of.count(c).await
}

/// The servers of which a program told everything at this moment or later; of these, where some are meant.
pub async fn list_whole_since<C: ConnectionTrait>(
    c: &C,
    since: DateTime<Utc>,
    of: Option<&ServerName>,
) -> Result<BTreeSet<ServerName>> {
    let mut q = whole_report::Entity::find().filter(whole_report::Column::At.gte(since));
    if let Some(server) = of {
        q = q.filter(whole_report::Column::Server.eq(&server.0));
    }
    Ok(q.all(c).await?.into_iter().map(|r| ServerName(r.server)).collect())
}

/// A program told everything that runs on these servers.
pub async fn save_whole<C: ConnectionTrait>(tx: &C, servers: &BTreeSet<ServerName>, at: DateTime<Utc>) -> Result<()> {
    use whole_report::{ActiveModel, Column, Entity};
    let rows = servers.iter().map(|s| ActiveModel { server: Set(s.0.clone()), at: Set(at) });
    let rows: Vec<ActiveModel> = rows.collect();
    // As with instances.
    for part in rows.chunks(1000) {
        let anew = OnConflict::column(Column::Server).update_column(Column::At).to_owned();
        Entity::insert_many(part.to_vec()).on_conflict(anew).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Writes what is known now, over what was known.
pub async fn save<C: ConnectionTrait>(tx: &C, all: &[Known]) -> Result<()> {
    save_unsaid(tx, all, true).await?;
    super::changes::append(tx, touched(all)).await
}

/// The same, and says nothing of it to those who follow the changes: they need not read again what was seen as it was
/// known, or hear from the caller what was [`touched`]. `moved` where they may be of another class or device than they
/// were, or have stopped or come back.
pub async fn save_unsaid<C: ConnectionTrait>(tx: &C, all: &[Known], moved: bool) -> Result<()> {
    use row::Column as C;
    // Each index of a column that is set is written anew.
    let looked_up = [C::Class, C::DeviceId, C::GoneAt].into_iter().filter(|_| moved);
    let beside = [
        C::Host,
        C::SupportClass,
        C::Version,
        C::Since,
        C::SeenAt,
        C::StatedBy,
        C::Collector,
        C::Support,
        C::SupportWhy,
        C::SupportSince,
    ];
    let anew = OnConflict::columns([C::Instance, C::Server]).update_columns(looked_up.chain(beside)).to_owned();
    // SQLite takes 32,766 values in a statement; 15 a row.
    for part in all.chunks(1000) {
        let rows = part.iter().map(|k| {
            let s = &k.seen;
            row::ActiveModel {
                instance: Set(s.instance.clone()),
                server: Set(s.server.0.clone()),
                class: Set(s.class.clone()),
                host: Set(s.host.clone()),
                support_class: Set(s.support_class.map(|c| c.to_string())),
                device_id: Set(k.device.map(|d| d.to_string())),
                version: Set(s.version.raw.clone()),
                since: Set(s.since),
                seen_at: Set(s.seen),
                gone_at: Set(s.gone),
                stated_by: Set(match &s.source {
                    Source::Agent | Source::Collector { .. } => None,
                    Source::Statement { person } => Some(person.to_string()),
                }),
                collector: Set(match &s.source {
                    Source::Collector { name } => Some(name.clone()),
                    Source::Agent | Source::Statement { .. } => None,
                }),
                support: Set(k.verdict.support.to_string()),
                support_why: Set(k.verdict.why.clone()),
                support_since: Set(k.support_since),
            }
        });
        row::Entity::insert_many(rows).on_conflict(anew.clone()).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Up to this many are named one by one; of more, their servers.
const ONE_BY_ONE: usize = 50;

/// What those read again who follow the changes.
pub fn touched(all: &[Known]) -> BTreeSet<Touched> {
    touched_of(all.len(), all.iter().map(|k| (k.seen.instance.as_str(), &k.seen.server)))
}

fn touched_of<'a>(many: usize, all: impl Iterator<Item = (&'a str, &'a ServerName)>) -> BTreeSet<Touched> {
    let each = all.map(|(instance, server)| match many {
        ..=ONE_BY_ONE => Touched::Instance(instance.to_owned(), server.clone()),
        _ => Touched::Server(server.clone()),
    });
    each.collect()
}

/// Forgets what stopped before this moment; how many instances that were. Where they run again they are new. That a
/// device was on reduced-support servers is kept from its hand-back until CTRL owns it again: its status comes of it (B2).
pub async fn delete_stopped_before<C: ConnectionTrait>(tx: &C, before: DateTime<Utc>) -> Result<u64> {
    let developed = [StateName::ReducedSupport, StateName::UnderReview].map(<&str>::from);
    let handed_back = Query::select()
        .expr(Expr::val(1))
        .from(device::Entity)
        .and_where(Expr::col((device::Entity, device::Column::Id)).equals((row::Entity, row::Column::DeviceId)))
        .and_where(device::Column::Cycle.gt(1))
        .and_where(device::Column::State.is_in(developed))
        .and_where(on_reduced())
        .to_owned();
    let gone = Query::delete()
        .from_table(row::Entity)
        .and_where(row::Column::GoneAt.lt(before))
        .and_where(Expr::exists(handed_back).not())
        .returning(Query::returning().columns([row::Column::Instance, row::Column::Server]))
        .to_owned();
    let gone = tx.query_all_raw(tx.get_database_backend().build(&gone)).await?;
    let keys = gone.iter().map(|r| Ok((r.try_get("", "instance")?, ServerName(r.try_get("", "server")?))));
    let keys: Vec<(String, ServerName)> = keys.collect::<Result<_>>()?;
    let touched = touched_of(keys.len(), keys.iter().map(|(instance, server)| (instance.as_str(), server)));
    super::changes::append(tx, touched).await?;
    Ok(keys.len() as u64)
}
