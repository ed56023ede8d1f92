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
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter,
    QueryOrder, QuerySelect, sea_query::Query,
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

/// Hosts by name, each with its class and note.
pub async fn list_hosts<C: ConnectionTrait>(c: &C) -> Result<Vec<(String, SupportClass, String)>> {
    host::Entity::find()
        .order_by_asc(host::Column::Name)
        .all(c)
        .await?
        .into_iter()
        .map(|h| Ok((h.name.clone(), h.class.parse().map_err(|e| corrupt(&format!("host {}", h.name), e))?, h.note)))
        .collect()
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

/// Which servers have a device placed on them: server → devices' ids.
pub async fn list_placements<C: ConnectionTrait>(c: &C) -> Result<BTreeMap<ServerName, Vec<String>>> {
    let mut by_server: BTreeMap<ServerName, Vec<String>> = BTreeMap::new();
    for p in placement::Entity::find().all(c).await? {
        by_server.entry(ServerName(p.server)).or_default().push(p.device_id);
    }
    Ok(by_server)
}
