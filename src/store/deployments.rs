//! Deployments, and the permits that were redeemed.

use super::{
    Result, corrupt,
    entity::{deployment as row, redeemed, server},
    text::{Text, tuples},
};
use crate::domain::{
    cycle::Mark,
    deployment::{Deployment, DeploymentState, Environment},
    device::Placement,
    id::{DeploymentId, DeviceId, PersonId, ServerName},
    server::{Server, SupportClass},
    tag::TagName,
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Value,
    sea_query::{Expr, ExprTrait, OnConflict, Query},
};
use strum::IntoEnumIterator;

fn hydrate(r: row::Model) -> Result<Deployment> {
    serde_json::from_str(&r.body).map_err(|e| corrupt("a deployment", e))
}

fn body(d: &Deployment) -> Result<String> {
    serde_json::to_string(d).map_err(|e| corrupt("a deployment", e))
}

/// `key` names the request that it answers (F3), and no other one any more: what it stood for long ago is forgotten.
pub async fn insert<C: ConnectionTrait>(tx: &C, d: &Deployment, key: Option<&str>) -> Result<()> {
    if let Some(key) = key {
        row::Entity::update_many()
            .set(row::ActiveModel { request_key: Set(None), ..Default::default() })
            .filter(row::Column::AskedBy.eq(d.asked.by.to_string()))
            .filter(row::Column::RequestKey.eq(key))
            .exec(tx)
            .await?;
    }
    let state: &str = d.state.into();
    let row = row::Model {
        id: d.id.to_string(),
        device_id: d.device.to_string(),
        tag: d.release.tag.as_str().to_owned(),
        server: d.server.0.clone(),
        state: state.to_owned(),
        asked_by: d.asked.by.to_string(),
        at: d.asked.at,
        jti: d.permit.as_ref().map(|p| p.jti.clone()),
        permit_until: d.permit.as_ref().map(|p| p.until),
        request_key: key.map(str::to_owned),
        unsettled: false,
        body: body(d)?,
    };
    row::Entity::insert(row.into_active_model()).exec_without_returning(tx).await.map(|_| ())
}

/// Keeps what changed: its state and its reports. Whether its server is to be given back follows from the state.
pub async fn update<C: ConnectionTrait>(tx: &C, d: &Deployment) -> Result<()> {
    let state: &str = d.state.into();
    let change = row::ActiveModel {
        state: Set(state.to_owned()),
        unsettled: Set(d.state.gives_back()),
        body: Set(body(d)?),
        ..Default::default()
    };
    let q = row::Entity::update_many().set(change).filter(row::Column::Id.eq(d.id.to_string()));
    q.exec(tx).await.map(|_| ())
}

/// Its server is given back, or was not its own any more.
pub async fn settle<C: ConnectionTrait>(tx: &C, id: DeploymentId) -> Result<()> {
    let change = row::ActiveModel { unsettled: Set(false), ..Default::default() };
    let q = row::Entity::update_many().set(change).filter(row::Column::Id.eq(id.to_string()));
    q.exec(tx).await.map(|_| ())
}

pub async fn find<C: ConnectionTrait>(c: &C, id: DeploymentId) -> Result<Option<Deployment>> {
    row::Entity::find_by_id(id.to_string()).one(c).await?.map(hydrate).transpose()
}

/// The one that a request of this name opened.
pub async fn find_by_key<C: ConnectionTrait>(c: &C, person: PersonId, key: &str) -> Result<Option<Deployment>> {
    let q =
        row::Entity::find().filter(row::Column::AskedBy.eq(person.to_string())).filter(row::Column::RequestKey.eq(key));
    q.one(c).await?.map(hydrate).transpose()
}

/// The deployment that put a device there; none for hot development, and for what is older than deployments on record.
pub async fn find_of_placement<C: ConnectionTrait>(
    c: &C,
    device: DeviceId,
    p: &Placement,
) -> Result<Option<Deployment>> {
    let Some(tag) = &p.release else {
        return Ok(None);
    };
    let q = row::Entity::find()
        .filter(row::Column::DeviceId.eq(device.to_string()))
        .filter(row::Column::Server.eq(&p.server.0))
        .filter(row::Column::At.eq(p.mark.at))
        .filter(row::Column::Tag.eq(tag.as_str()))
        .order_by_desc(row::Column::Id);
    q.one(c).await?.map(hydrate).transpose()
}

/// Those that put a device where it is placed, by server: one query.
pub async fn list_of_placements<C: ConnectionTrait>(
    c: &C,
    device: DeviceId,
    places: &[Placement],
) -> Result<Vec<(ServerName, DeploymentId)>> {
    static OF_PLACEMENTS: Text = Text::new();
    let mut values = vec![device.to_string().into()];
    values.extend(places.iter().map(|p| Value::from(&p.server.0)));
    values.extend(places.iter().map(|p| Value::from(p.mark.at)));
    let q = OF_PLACEMENTS.with(c, values, |v| {
        let (servers, moments) = v[1..].split_at(places.len());
        row::Entity::find()
            .select_only()
            .columns([row::Column::Id, row::Column::Server, row::Column::Tag, row::Column::AskedBy, row::Column::At])
            .filter(row::Column::DeviceId.eq(v[0].clone()))
            .filter(row::Column::Server.is_in(servers.to_vec()))
            .filter(row::Column::At.is_in(moments.to_vec()))
            .order_by_asc(row::Column::Id)
    });
    let mut its: Vec<(ServerName, DeploymentId)> = Vec::new();
    for (id, server, tag, by, at) in tuples::<_, (String, String, String, String, DateTime<Utc>)>(c, q).await? {
        let (server, by) = (ServerName(server), super::people::id(&by)?);
        let is_its = |p: &Placement| {
            p.release.as_ref().is_some_and(|r| r.as_str() == tag) && p.mark == Mark { by, at } && p.server == server
        };
        if places.iter().any(is_its) {
            its.push((server, id.parse().map_err(|e| corrupt("a deployment's id", e))?));
        }
    }
    Ok(its)
}

/// The newest of what went last onto this server, and into its environment; what came to nothing does not count. Two
/// queries.
pub async fn find_last<C: ConnectionTrait>(c: &C, device: DeviceId, to: &Server) -> Result<Option<TagName>> {
    let environment: &str = to.environment.into();
    let mut its = Condition::any().add(server::Column::Environment.eq(environment));
    for class in SupportClass::iter().filter(|class| Environment::from(*class) == to.environment) {
        let class: &str = class.into();
        its = its.add(server::Column::Environment.is_null().and(server::Column::Class.eq(class)));
    }
    let beside = Query::select().column(server::Column::Name).from(server::Entity).cond_where(its).to_owned();
    let mut last: Option<TagName> = None;
    let of_it = row::Entity::find()
        .filter(row::Column::DeviceId.eq(device.to_string()))
        .filter(row::Column::State.is_in(["allowed", "started", "succeeded"]));
    // In the order of an index each, so that the first that fits is the last that is read: there are ever more of them.
    let there = of_it.clone().filter(row::Column::Server.eq(&to.name.0)).order_by_desc(row::Column::At);
    let around = of_it.filter(Expr::cust("server || ''").in_subquery(beside));
    for q in [there, around] {
        let q = q.order_by_desc(row::Column::Id);
        let found = q.one(c).await?.map(hydrate).transpose()?.map(|d| d.release.tag);
        last = last.into_iter().chain(found).max_by(|a, b| a.order().cmp(&b.order()));
    }
    Ok(last)
}

/// Newest first: those before `before`, of these states where any are given.
pub async fn list<C: ConnectionTrait>(
    c: &C,
    state: Option<DeploymentState>,
    before: Option<DeploymentId>,
    most: u64,
) -> Result<Vec<Deployment>> {
    let mut q = row::Entity::find();
    if let Some(state) = state {
        let state: &str = state.into();
        q = q.filter(row::Column::State.eq(state));
    }
    if let Some(before) = before {
        q = q.filter(row::Column::Id.lt(before.to_string()));
    }
    q.order_by_desc(row::Column::Id).limit(most).all(c).await?.into_iter().map(hydrate).collect()
}

/// Those whose permit ran out unused, or was asked for as far `ahead`, and of which that is not on record yet.
pub async fn list_run_out<C: ConnectionTrait>(
    c: &C,
    now: DateTime<Utc>,
    ahead: DateTime<Utc>,
    most: u64,
) -> Result<Vec<Deployment>> {
    let q = row::Entity::find()
        .filter(row::Column::State.eq("allowed"))
        .filter(row::Column::PermitUntil.is_not_null())
        .filter(Condition::any().add(row::Column::PermitUntil.lte(now)).add(row::Column::At.gt(ahead)))
        .order_by_asc(row::Column::PermitUntil)
        .limit(most);
    q.all(c).await?.into_iter().map(hydrate).collect()
}

/// Those whose server is to be given back.
pub async fn list_unsettled<C: ConnectionTrait>(c: &C, most: u64) -> Result<Vec<Deployment>> {
    // In these very words: an index holds those that it is said of, and no others.
    let q = row::Entity::find().filter(Expr::cust("unsettled = TRUE")).order_by_desc(row::Column::Id).limit(most);
    q.all(c).await?.into_iter().map(hydrate).collect()
}

/// Uses a permit up; false where somebody did before (A11).
pub async fn redeem<C: ConnectionTrait>(tx: &C, jti: &str, id: DeploymentId, at: DateTime<Utc>) -> Result<bool> {
    let row = redeemed::Model { jti: jti.to_owned(), deployment_id: id.to_string(), at };
    // Not by an error: on PostgreSQL the transaction would be of no more use after one.
    let once = OnConflict::column(redeemed::Column::Jti).do_nothing().to_owned();
    let rows = redeemed::Entity::insert(row.into_active_model()).on_conflict(once).exec_without_returning(tx).await?;
    Ok(rows == 1)
}
