//! Deployments, and the permits that were redeemed.

use super::{
    Result,
    connection::is_postgres,
    corrupt,
    entity::{deployment as row, redeemed, server},
    text::{Text, tuples},
};
use crate::domain::{
    cycle::Mark,
    delivery::{self, Came},
    deployment::{Deployment, DeploymentState, Environment},
    device::Placement,
    id::{DeploymentId, DeviceId, PersonId, ServerName},
    server::{Server, SupportClass},
    tag::TagName,
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    Select, Value,
    sea_query::{Expr, ExprTrait, OnConflict, Query},
};
use std::cmp::Reverse;
use strum::IntoEnumIterator;

pub(super) fn hydrate(r: row::Model) -> Result<Deployment> {
    serde_json::from_str(&r.body).map_err(|e| corrupt("a deployment", e))
}

async fn read<C: ConnectionTrait>(c: &C, q: Select<row::Entity>) -> Result<Vec<Deployment>> {
    q.all(c).await?.into_iter().map(hydrate).collect()
}

fn body(d: &Deployment) -> Result<String> {
    serde_json::to_string(d).map_err(|e| corrupt("a deployment", e))
}

/// What figures of delivery are counted from (G11): when it began, succeeded, failed and was mended.
pub(super) fn came(d: &Deployment) -> [Option<i64>; 4] {
    let came = Came::of(d);
    let seconds = |of: fn(Came) -> Option<DateTime<Utc>>| came.and_then(of).map(|at| at.timestamp());
    [seconds(|c| Some(c.begun)), seconds(|c| c.succeeded), seconds(|c| c.failed), seconds(|c| c.mended)]
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
    let [begun, succeeded, failed, mended] = came(d);
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
        released: d.on_record.map(|at| delivery::released(&d.release, at).timestamp()),
        begun,
        succeeded,
        failed,
        mended,
    };
    row::Entity::insert(row.into_active_model()).exec_without_returning(tx).await.map(|_| ())
}

/// Keeps what changed: its state and its reports. Whether its server is to be given back follows from the state, and what
/// figures count from the reports.
pub async fn update<C: ConnectionTrait>(tx: &C, d: &Deployment) -> Result<()> {
    let state: &str = d.state.into();
    let [begun, succeeded, failed, mended] = came(d);
    let change = row::ActiveModel {
        state: Set(state.to_owned()),
        unsettled: Set(d.state.gives_back()),
        body: Set(body(d)?),
        begun: Set(begun),
        succeeded: Set(succeeded),
        failed: Set(failed),
        mended: Set(mended),
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

/// Which deployments a list is asked for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub device: Option<DeviceId>,
    pub server: Option<ServerName>,
    pub state: Option<DeploymentState>,
    pub environment: Option<Environment>,
    /// Asked for before this one.
    pub before: Option<DeploymentId>,
}

/// The same text, by which no index is found.
fn aside(of: &str) -> Expr {
    Expr::cust(format!("{of} || ''"))
}

/// What `filter` asks for, but of this state. Where it `leads`, the rows are found by the index of the first of it.
pub(super) fn matching<C: ConnectionTrait>(
    c: &C,
    filter: &Filter,
    state: Option<DeploymentState>,
    leads: bool,
) -> Select<row::Entity> {
    // As its index has it.
    let environment = match is_postgres(c) {
        true => "(body::jsonb ->> 'environment')",
        false => "json_extract(body, '$.environment')",
    };
    let asked = [
        ("device_id", filter.device.map(|d| d.to_string())),
        ("server", filter.server.as_ref().map(|s| s.0.clone())),
        ("state", state.map(|s| s.to_string())),
        (environment, filter.environment.map(|e| e.to_string())),
    ];
    let asked = asked.into_iter().filter_map(|(of, is)| Some((of, is?)));
    let mut q = row::Entity::find();
    for (n, (of, is)) in asked.enumerate() {
        // PostgreSQL knows of which there are few; SQLite might follow a state through those of every device.
        let indexed = is_postgres(c) || (leads && n == 0);
        let of = if indexed { Expr::cust(of) } else { aside(of) };
        q = q.filter(of.eq(is));
    }
    q
}

/// Whose permit ran out by `now`, or was asked for as far `ahead` by a clock that was set back since (F10).
fn has_run_out(now: DateTime<Utc>, ahead: DateTime<Utc>) -> Condition {
    Condition::all()
        .add(row::Column::PermitUntil.is_not_null())
        .add(Condition::any().add(row::Column::PermitUntil.lte(now)).add(row::Column::At.gt(ahead)))
}

/// Newest first, in the state that they have now. One query; a second one for what ran out and is not on record as that.
pub async fn list<C: ConnectionTrait>(
    c: &C,
    filter: &Filter,
    now: DateTime<Utc>,
    ahead: DateTime<Utc>,
    most: u64,
) -> Result<Vec<Deployment>> {
    let mut q = matching(c, filter, filter.state, true);
    if filter.state == Some(DeploymentState::Allowed) {
        q = q.filter(has_run_out(now, ahead).not());
    }
    if let Some(before) = filter.before {
        q = q.filter(row::Column::Id.lt(before.to_string()));
    }
    let mut all = read(c, q.order_by_desc(row::Column::Id).limit(most)).await?;
    if filter.state == Some(DeploymentState::Expired) {
        all.extend(list_newly_run_out(c, filter, now, ahead, most).await?);
        all.sort_by_key(|d| Reverse(d.id));
        all.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    }
    Ok(all)
}

/// Those that ran out and are on record as allowed still, newest first. There are few at any time: in the order of an
/// index they would be looked for among all that was ever placed by hand.
async fn list_newly_run_out<C: ConnectionTrait>(
    c: &C,
    filter: &Filter,
    now: DateTime<Utc>,
    ahead: DateTime<Utc>,
    most: u64,
) -> Result<Vec<Deployment>> {
    let q = matching(c, filter, None, false).filter(row::Column::State.eq("allowed"));
    let mut q = q.filter(has_run_out(now, ahead));
    if let Some(before) = filter.before {
        q = q.filter(aside("id").lt(before.to_string()));
    }
    read(c, q.order_by_desc(aside("id")).limit(most)).await
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
        .filter(has_run_out(now, ahead))
        .order_by_asc(row::Column::PermitUntil)
        .limit(most);
    read(c, q).await
}

/// Those whose server is to be given back.
pub async fn list_unsettled<C: ConnectionTrait>(c: &C, most: u64) -> Result<Vec<Deployment>> {
    // In these very words: an index holds those that it is said of, and no others.
    read(c, row::Entity::find().filter(Expr::cust("unsettled = TRUE")).order_by_desc(row::Column::Id).limit(most)).await
}

/// Uses a permit up; false where somebody did before (A11).
pub async fn redeem<C: ConnectionTrait>(tx: &C, jti: &str, id: DeploymentId, at: DateTime<Utc>) -> Result<bool> {
    let row = redeemed::Model { jti: jti.to_owned(), deployment_id: id.to_string(), at };
    // Not by an error: on PostgreSQL the transaction would be of no more use after one.
    let once = OnConflict::column(redeemed::Column::Jti).do_nothing().to_owned();
    let rows = redeemed::Entity::insert(row.into_active_model()).on_conflict(once).exec_without_returning(tx).await?;
    Ok(rows == 1)
}
