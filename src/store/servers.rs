//! Hosts and device servers on record.

use super::{
    Result,
    changes::{self, Touched},
    corrupt,
    entity::{device, host, placement, server as row},
    text::{self, Text},
};
use crate::domain::{
    deployment::Environment,
    id::ServerName,
    server::{Server, SupportClass},
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, QueryFilter, QueryOrder,
    QuerySelect,
    sea_query::{ExprTrait, Func, LikeExpr, Query},
};
use std::collections::BTreeMap;

fn hydrate(r: row::Model) -> Result<Server> {
    let class: SupportClass = r.class.parse().map_err(|e| corrupt(&format!("server {}", r.name), e))?;
    let own = r.environment.map(|e| e.parse().map_err(|e| corrupt(&format!("server {}", r.name), e))).transpose()?;
    Ok(Server {
        class,
        environment: own.unwrap_or(Environment::from(class)),
        name: ServerName(r.name),
        host: r.host,
        instrument: r.instrument,
    })
}

/// These servers, those that exist.
pub async fn load_servers<C: ConnectionTrait>(
    c: &C,
    names: impl IntoIterator<Item = ServerName>,
) -> Result<BTreeMap<ServerName, Server>> {
    static BY_NAME: Text = Text::new();
    let names: Vec<String> = names.into_iter().map(|n| n.0).collect();
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let q = BY_NAME.with(c, text::list(names), |v| row::Entity::find().filter(row::Column::Name.is_in(v.to_vec())));
    let rows = row::Model::find_by_statement(q).all(c).await?;
    rows.into_iter().map(|r| hydrate(r).map(|s| (s.name.clone(), s))).collect()
}

pub async fn find<C: ConnectionTrait>(c: &C, name: &ServerName) -> Result<Option<Server>> {
    row::Entity::find_by_id(name.0.clone()).one(c).await?.map(hydrate).transpose()
}

pub async fn list<C: ConnectionTrait>(c: &C, class: Option<SupportClass>) -> Result<Vec<Server>> {
    let mut q = row::Entity::find();
    if let Some(class) = class {
        q = q.filter(row::Column::Class.eq(<&str>::from(class)));
    }
    q.order_by_asc(row::Column::Name).all(c).await?.into_iter().map(hydrate).collect()
}

/// Which servers a list is asked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// What name, host or instrument holds, whatever its case; anything where it is empty.
    pub find: String,
    pub instrument: Option<String>,
    pub host: Option<String>,
    /// Behind this name.
    pub after: Option<String>,
}

/// The longest text that is looked for, in characters, as whoever asks sees to: a whole name. Databases bound a pattern.
pub const FIND_MOST: usize = 120;

/// Whether one of these holds the text, whatever the case of its letters.
fn holds<K: ColumnTrait>(columns: impl IntoIterator<Item = K>, text: &str) -> Condition {
    let mut pattern = String::from("%");
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '|') {
            pattern.push('|');
        }
        pattern.push(letter.to_ascii_lowercase());
    }
    pattern.push('%');
    columns.into_iter().fold(Condition::any(), |any, column| {
        any.add(Func::lower(column.into_expr()).like(LikeExpr::new(pattern.as_str()).escape('|')))
    })
}

/// So many of them, by name.
pub async fn list_wanted<C: ConnectionTrait>(c: &C, wanted: &Wanted, most: u64) -> Result<Vec<Server>> {
    let mut q = row::Entity::find();
    if !wanted.find.is_empty() {
        q = q.filter(holds([row::Column::Name, row::Column::Host, row::Column::Instrument], &wanted.find));
    }
    if let Some(instrument) = &wanted.instrument {
        q = q.filter(row::Column::Instrument.eq(instrument));
    }
    if let Some(host) = &wanted.host {
        q = q.filter(row::Column::Host.eq(host));
    }
    if let Some(after) = &wanted.after {
        q = q.filter(row::Column::Name.gt(after));
    }
    q.order_by_asc(row::Column::Name).limit(most).all(c).await?.into_iter().map(hydrate).collect()
}

/// A host: its name, class and note.
pub type HostRow = (String, SupportClass, String);

fn hydrate_host(h: host::Model) -> Result<HostRow> {
    let class = h.class.parse().map_err(|e| corrupt(&format!("host {}", h.name), e))?;
    Ok((h.name, class, h.note))
}

/// Hosts by name, each with its class and note.
pub async fn list_hosts<C: ConnectionTrait>(c: &C) -> Result<Vec<HostRow>> {
    host::Entity::find().order_by_asc(host::Column::Name).all(c).await?.into_iter().map(hydrate_host).collect()
}

/// So many of them behind this name, whose name or note holds the text.
pub async fn list_hosts_wanted<C: ConnectionTrait>(
    c: &C,
    find: &str,
    after: Option<&str>,
    most: u64,
) -> Result<Vec<HostRow>> {
    let mut q = host::Entity::find();
    if !find.is_empty() {
        q = q.filter(holds([host::Column::Name, host::Column::Note], find));
    }
    if let Some(after) = after {
        q = q.filter(host::Column::Name.gt(after));
    }
    q.order_by_asc(host::Column::Name).limit(most).all(c).await?.into_iter().map(hydrate_host).collect()
}

/// How many servers stand on each of these hosts; none of one that bears none.
pub async fn count_on_hosts<C: ConnectionTrait>(c: &C, hosts: &[&str]) -> Result<BTreeMap<String, u64>> {
    let rows: Vec<(String, i64)> = row::Entity::find()
        .select_only()
        .column(row::Column::Host)
        .column_as(row::Column::Name.count(), "many")
        .filter(row::Column::Host.is_in(hosts.iter().copied()))
        .group_by(row::Column::Host)
        .into_tuple()
        .all(c)
        .await?;
    Ok(rows.into_iter().map(|(host, many)| (host, many.unsigned_abs())).collect())
}

pub async fn find_host<C: ConnectionTrait>(c: &C, name: &str) -> Result<Option<SupportClass>> {
    let found = host::Entity::find_by_id(name.to_owned()).one(c).await?;
    found.map(|h| h.class.parse().map_err(|e| corrupt(&format!("host {name}"), e))).transpose()
}

pub async fn insert_host<C: ConnectionTrait>(tx: &C, name: &str, class: SupportClass, note: &str) -> Result<()> {
    host::ActiveModel { name: Set(name.to_owned()), class: Set(class.to_string()), note: Set(note.to_owned()) }
        .insert(tx)
        .await
        .map(|_| ())
}

pub async fn insert<C: ConnectionTrait>(tx: &C, s: &Server, at: DateTime<Utc>) -> Result<()> {
    row::ActiveModel {
        name: Set(s.name.0.clone()),
        class: Set(s.class.to_string()),
        host: Set(s.host.clone()),
        instrument: Set(s.instrument.clone()),
        environment: Set(on_record(s.class, s.environment)),
        created_at: Set(at),
    }
    .insert(tx)
    .await?;
    changes::append(tx, [Touched::Server(s.name.clone())]).await
}

/// Changes where a server stands, whom it serves and its environment; its class stays.
pub async fn update<C: ConnectionTrait>(tx: &C, s: &Server) -> Result<()> {
    let change = row::ActiveModel {
        host: Set(s.host.clone()),
        instrument: Set(s.instrument.clone()),
        environment: Set(on_record(s.class, s.environment)),
        ..Default::default()
    };
    row::Entity::update_many().set(change).filter(row::Column::Name.eq(&s.name.0)).exec(tx).await?;
    changes::append(tx, [Touched::Server(s.name.clone())]).await
}

/// Takes a server off the record. The database refuses it while something is placed there.
pub async fn delete<C: ConnectionTrait>(tx: &C, name: &ServerName) -> Result<()> {
    row::Entity::delete_by_id(name.0.clone()).exec(tx).await?;
    changes::append(tx, [Touched::Server(name.clone())]).await
}

/// Changes what is noted of a host.
pub async fn set_note<C: ConnectionTrait>(tx: &C, host: &str, note: &str) -> Result<()> {
    let change = host::ActiveModel { note: Set(note.to_owned()), ..Default::default() };
    host::Entity::update_many().set(change).filter(host::Column::Name.eq(host)).exec(tx).await.map(|_| ())
}

/// Takes a host off the record. The database refuses it while a server stands on it.
pub async fn delete_host<C: ConnectionTrait>(tx: &C, host: &str) -> Result<()> {
    host::Entity::delete_by_id(host.to_owned()).exec(tx).await.map(|_| ())
}

/// Only what differs from the class is written down: a server that is silent about it follows its class.
fn on_record(class: SupportClass, environment: Environment) -> Option<String> {
    (environment != Environment::from(class)).then(|| environment.to_string())
}

/// Puts a server into an environment (G5).
pub async fn set_environment<C: ConnectionTrait>(tx: &C, s: &Server, environment: Environment) -> Result<()> {
    let change = row::ActiveModel { environment: Set(on_record(s.class, environment)), ..Default::default() };
    row::Entity::update_many().set(change).filter(row::Column::Name.eq(&s.name.0)).exec(tx).await?;
    changes::append(tx, [Touched::Server(s.name.clone())]).await
}

/// The names of the devices that are placed on a server, in order.
pub async fn list_placed_on<C: ConnectionTrait>(c: &C, name: &ServerName) -> Result<Vec<String>> {
    let of = Query::select()
        .column(placement::Column::DeviceId)
        .from(placement::Entity)
        .and_where(placement::Column::Server.eq(&name.0))
        .to_owned();
    device::Entity::find()
        .select_only()
        .column(device::Column::Name)
        .filter(device::Column::Id.in_subquery(of))
        .order_by_asc(device::Column::Name)
        .into_tuple()
        .all(c)
        .await
}

/// The same for each of these servers. One query.
pub async fn list_placed<C: ConnectionTrait>(
    c: &C,
    servers: &[ServerName],
) -> Result<BTreeMap<ServerName, Vec<String>>> {
    let rows: Vec<(String, String)> = placement::Entity::find()
        .select_only()
        .column(placement::Column::Server)
        .column(device::Column::Name)
        .join_as(
            JoinType::InnerJoin,
            placement::Entity::belongs_to(device::Entity)
                .from(placement::Column::DeviceId)
                .to(device::Column::Id)
                .into(),
            device::Entity,
        )
        .filter(placement::Column::Server.is_in(servers.iter().map(|s| s.0.as_str())))
        .order_by_asc(device::Column::Name)
        .into_tuple()
        .all(c)
        .await?;
    let mut by_server: BTreeMap<ServerName, Vec<String>> = BTreeMap::new();
    for (server, device) in rows {
        by_server.entry(ServerName(server)).or_default().push(device);
    }
    Ok(by_server)
}
