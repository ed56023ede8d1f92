//! Devices: saved as a whole with the columns that lists, keys and searches need; hydrated from the whole.

mod changing;
mod saving;

pub use changing::{OnRecord, find_to_change};
pub use saving::{Derived, save};

use super::{
    Result, corrupt,
    entity::{device as row, device_class, device_person},
    roster,
    standing::Standing,
    text::{Text, list, tuples},
};
use crate::domain::{
    device::Device,
    id::{DeviceId, PersonId},
    lifecycle::StateName,
    nearest::plain,
    request::Taken,
};
use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, StreamTrait,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};
use std::collections::{BTreeMap, BTreeSet};

const ENDS: [StateName; 3] = [StateName::Declined, StateName::Withdrawn, StateName::Retired];

/// What names a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    Id(DeviceId),
    Name(String),
}

pub(super) fn hydrate(r: &row::Model) -> Result<Device> {
    read(&r.name, &r.body)
}

fn read(name: &str, body: &str) -> Result<Device> {
    serde_json::from_str(body).map_err(|e| corrupt(&format!("device {name}"), e))
}

pub async fn find_by_name<C: ConnectionTrait>(c: &C, name: &str) -> Result<Option<Device>> {
    static BY_NAME: Text = Text::new();
    let q = BY_NAME.with(c, vec![name.into()], |v| {
        row::Entity::find().select_only().column(row::Column::Body).filter(row::Column::Name.eq(v[0].clone()))
    });
    let found = c.query_one_raw(q).await?;
    found.map(|r| read(name, &r.try_get_by_index::<String>(0)?)).transpose()
}

/// The same, and the version of the roster at that moment.
pub async fn find_with_roster<C: ConnectionTrait>(c: &C, name: &str) -> Result<Option<(Device, String)>> {
    static BY_NAME: Text = Text::new();
    let q = BY_NAME.with(c, vec![name.into()], |v| {
        row::Entity::find()
            .select_only()
            .column(row::Column::Body)
            .expr_as(Expr::from(roster::version()), "roster")
            .filter(row::Column::Name.eq(v[0].clone()))
    });
    let found = c.query_one_raw(q).await?;
    found.map(|r| Ok((read(name, &r.try_get_by_index::<String>(0)?)?, r.try_get_by_index(1)?))).transpose()
}

/// The id of the device of this name.
pub async fn find_id<C: ConnectionTrait>(c: &C, name: &str) -> Result<Option<DeviceId>> {
    let q = row::Entity::find().select_only().column(row::Column::Id).filter(row::Column::Name.eq(name));
    let id: Option<String> = q.into_tuple().one(c).await?;
    id.map(|id| id.parse().map_err(|e| corrupt("a device's id", e))).transpose()
}

pub async fn find<C: ConnectionTrait>(c: &C, id: DeviceId) -> Result<Option<Device>> {
    row::Entity::find_by_id(id.to_string()).one(c).await?.as_ref().map(hydrate).transpose()
}

pub async fn list_by_id<C: ConnectionTrait>(c: &C, ids: &BTreeSet<DeviceId>) -> Result<Vec<Device>> {
    let ids = ids.iter().map(DeviceId::to_string);
    row::Entity::find().filter(row::Column::Id.is_in(ids)).all(c).await?.iter().map(hydrate).collect()
}

/// The same with their status on record. One query.
pub async fn list_standing<C: ConnectionTrait>(c: &C, ids: &BTreeSet<DeviceId>) -> Result<Vec<(Device, Standing)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    static BY_ID: Text = Text::new();
    let q = BY_ID.with(c, list(ids.iter().map(DeviceId::to_string)), |v| {
        with_standing(row::Entity::find().filter(row::Column::Id.is_in(v.iter().cloned())))
    });
    tuples::<_, Whole>(c, q).await?.into_iter().map(whole).collect()
}

/// Name, body, status, reason, since when.
type Whole = (String, String, Option<String>, String, DateTime<Utc>);

fn with_standing(q: Select<row::Entity>) -> Select<row::Entity> {
    use row::Column::{Body, Name, Support, SupportSince, SupportWhy};
    q.select_only().columns([Name, Body, Support, SupportWhy, SupportSince])
}

fn whole((name, body, support, why, since): Whole) -> Result<(Device, Standing)> {
    Ok((read(&name, &body)?, (super::standing::verdict(&support, &why)?, since)))
}

/// Devices in these states, those that waited longest first; `after` continues behind a (since, name).
pub async fn list_in_states<C: ConnectionTrait>(c: &C, states: &[StateName], most: u64) -> Result<Vec<Device>> {
    let states = states.iter().map(|s| <&str>::from(*s));
    let q = row::Entity::find()
        .filter(row::Column::State.is_in(states))
        .order_by_asc(row::Column::UpdatedAt)
        .order_by_asc(row::Column::Name)
        .limit(most);
    q.all(c).await?.iter().map(hydrate).collect()
}

/// Devices that a person has to do with.
pub async fn list_of_person<C: ConnectionTrait>(c: &C, person: PersonId) -> Result<Vec<Device>> {
    let of = Query::select()
        .column(device_person::Column::DeviceId)
        .from(device_person::Entity)
        .and_where(device_person::Column::PersonId.eq(person.to_string()))
        .to_owned();
    let q = row::Entity::find().filter(row::Column::Id.in_subquery(of)).order_by_asc(row::Column::Name);
    q.all(c).await?.iter().map(hydrate).collect()
}

/// Devices whose record names a person anywhere, as one who left, too. It looks at every device: for what is done seldom.
pub async fn list_naming<C: ConnectionTrait>(c: &C, person: PersonId) -> Result<Vec<Device>> {
    let q = row::Entity::find().filter(row::Column::Body.contains(person.to_string())).order_by_asc(row::Column::Name);
    q.all(c).await?.iter().map(hydrate).collect()
}

/// The name and the class that other devices hold against a newcomer, whatever their case and separators. What has ended
/// holds its name, but no class; what a device brings already it may go on with, and whatever has a name keeps it: there
/// is none to ask for.
pub async fn find_taken<C: ConnectionTrait>(
    c: &C,
    except: DeviceId,
    name: Option<&str>,
    classes: &[String],
) -> Result<Taken> {
    let id = except.to_string();
    let names = match name {
        Some(name) => {
            row::Entity::find()
                .select_only()
                .column(row::Column::Name)
                .filter(Expr::cust(NAME).eq(plain(name)))
                .filter(row::Column::Id.ne(id.clone()))
                .order_by_asc(row::Column::Name)
                .into_tuple::<String>()
                .all(c)
                .await?
        }
        None => Vec::new(),
    };
    let held = device_class::Entity::find()
        .filter(Expr::cust(CLASS).is_in(classes.iter().map(|class| plain(class))))
        .filter(device_class::Column::DeviceId.not_in_subquery(ended()))
        .order_by_asc(device_class::Column::Class)
        .all(c)
        .await?;
    let (own, others): (Vec<_>, Vec<_>) = held.iter().partition(|h| h.device_id == id);
    let class = classes.iter().filter(|asked| own.iter().all(|h| h.class != **asked)).find_map(|asked| {
        let alike = others.iter().filter(|h| plain(&h.class) == plain(asked));
        let held = alike.min_by_key(|h| h.class != *asked)?;
        Some((asked.clone(), held.class.clone()))
    });
    // The same name before one that is like it.
    let name = names.iter().find(|n| Some(n.as_str()) == name).or(names.first()).cloned();
    Ok(Taken { name, class })
}

/// The ids of what has ended.
fn ended() -> SelectStatement {
    Query::select()
        .column(row::Column::Id)
        .from(row::Entity)
        .and_where(row::Column::State.is_in(ENDS.map(<&str>::from)))
        .to_owned()
}

/// Without case and separators, as [`plain`] has what is a name, and letter by letter as their indexes have it.
const NAME: &str = "lower(replace(replace(name, '-', ''), '_', ''))";
const CLASS: &str = "lower(replace(replace(class, '-', ''), '_', ''))";

/// The devices of these names, those that there are.
pub async fn list_by_names<C: ConnectionTrait>(c: &C, names: &BTreeSet<&str>) -> Result<Vec<Device>> {
    let names: Vec<&str> = names.iter().copied().collect();
    let mut all = Vec::new();
    // SQLite takes 32,766 values in a statement.
    for part in names.chunks(10_000) {
        let rows = row::Entity::find().filter(row::Column::Name.is_in(part.iter().copied())).all(c).await?;
        for r in &rows {
            all.push(hydrate(r)?);
        }
    }
    Ok(all)
}

/// By their plain letters, the names on record that these have but for case and separators.
pub async fn list_names_alike<C: ConnectionTrait>(c: &C, names: &BTreeSet<&str>) -> Result<BTreeMap<String, String>> {
    let names: Vec<String> = names.iter().map(|name| plain(name)).collect();
    let mut all = BTreeMap::new();
    // SQLite takes 32,766 values in a statement.
    for part in names.chunks(10_000) {
        let q = row::Entity::find().select_only().column(row::Column::Name);
        let q = q.filter(Expr::cust(NAME).is_in(part.iter().map(String::as_str)));
        let found = q.into_tuple::<String>().all(c).await?;
        all.extend(found.into_iter().map(|name| (plain(&name), name)));
    }
    Ok(all)
}

/// By their plain letters, who holds these classes whatever their case and separators: the class as it is on record and
/// its device's name. What has ended holds none.
pub async fn list_holders<C: ConnectionTrait>(
    c: &C,
    classes: &BTreeSet<String>,
) -> Result<BTreeMap<String, (String, String)>> {
    let classes: Vec<String> = classes.iter().map(|class| plain(class)).collect();
    let mut held = Vec::new();
    for part in classes.chunks(10_000) {
        let of = Expr::cust(CLASS).is_in(part.iter().map(String::as_str));
        let q = device_class::Entity::find().filter(of).filter(device_class::Column::DeviceId.not_in_subquery(ended()));
        for r in q.all(c).await? {
            held.push((r.class, r.device_id.parse::<DeviceId>().map_err(|e| corrupt("a device's id", e))?));
        }
    }
    let names = list_names_by_id(c, &held.iter().map(|(_, id)| *id).collect()).await?;
    let named = held.into_iter().filter_map(|(class, id)| Some((plain(&class), (class, names.get(&id)?.clone()))));
    Ok(named.collect())
}

/// The device that brings each of these classes.
pub async fn list_by_class<C: ConnectionTrait>(
    c: &C,
    classes: &BTreeSet<String>,
) -> Result<BTreeMap<String, DeviceId>> {
    let classes: Vec<&str> = classes.iter().map(String::as_str).collect();
    let mut rows = Vec::new();
    // SQLite takes 32,766 values in a statement.
    for part in classes.chunks(10_000) {
        let of = device_class::Column::Class.is_in(part.iter().copied());
        rows.extend(device_class::Entity::find().filter(of).all(c).await?);
    }
    rows.into_iter().map(|r| Ok((r.class, r.device_id.parse().map_err(|e| corrupt("a device's id", e))?))).collect()
}

/// What every device is called.
pub async fn list_names<C: ConnectionTrait>(c: &C) -> Result<BTreeMap<DeviceId, String>> {
    let rows: Vec<(String, String)> =
        row::Entity::find().select_only().column(row::Column::Id).column(row::Column::Name).into_tuple().all(c).await?;
    rows.into_iter().map(|(id, name)| Ok((id.parse().map_err(|e| corrupt("a device's id", e))?, name))).collect()
}

/// The names of these devices.
pub async fn list_names_by_id<C: ConnectionTrait>(
    c: &C,
    ids: &BTreeSet<DeviceId>,
) -> Result<BTreeMap<DeviceId, String>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(String, String)> = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::Name])
        .filter(row::Column::Id.is_in(ids.iter().map(DeviceId::to_string)))
        .into_tuple()
        .all(c)
        .await?;
    rows.into_iter().map(|(id, name)| Ok((id.parse().map_err(|e| corrupt("a device's id", e))?, name))).collect()
}

/// Devices that a closing or changing account may leave orphaned.
pub async fn list_ids_of_person<C: ConnectionTrait>(c: &C, person: PersonId) -> Result<BTreeSet<DeviceId>> {
    let rows: Vec<String> = device_person::Entity::find()
        .select_only()
        .column(device_person::Column::DeviceId)
        .filter(device_person::Column::PersonId.eq(person.to_string()))
        .into_tuple()
        .all(c)
        .await?;
    rows.iter().map(|id| id.parse().map_err(|e| corrupt("a device's id", e))).collect()
}

/// Every device with its status, in no order, as it is read.
pub async fn stream<C: ConnectionTrait + StreamTrait + Send>(
    c: &C,
) -> Result<impl Stream<Item = Result<(Device, Standing)>> + Send> {
    let rows = with_standing(row::Entity::find()).into_tuple::<Whole>().stream(c).await?;
    Ok(rows.map(|r| r.and_then(whole)))
}

/// Devices with a repository to look at, in order of name behind `after`: the regular checks go round them.
pub async fn list_live_after<C: ConnectionTrait>(c: &C, after: &str, most: u64) -> Result<Vec<Device>> {
    let ends = ENDS.map(<&str>::from);
    let q = row::Entity::find()
        .filter(row::Column::State.is_not_in(ends))
        .filter(row::Column::Name.gt(after))
        .order_by_asc(row::Column::Name)
        .limit(most);
    q.all(c).await?.iter().map(hydrate).collect()
}
