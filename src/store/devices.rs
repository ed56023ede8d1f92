//! Devices: saved as a whole with the columns that lists, keys and searches need; hydrated from the whole.

use super::{
    Result, corrupt,
    entity::{device as row, device_class, device_instrument, device_person, placement, release},
    standing::Standing,
    text::Text,
};
use crate::domain::{
    device::Device,
    id::{DeviceId, PersonId},
    lifecycle::StateName,
    support::Verdict,
};
use chrono::{DateTime, NaiveDate, Utc};
use futures_util::{Stream, StreamExt};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, StreamTrait,
    sea_query::{OnConflict, Query},
};
use std::collections::{BTreeMap, BTreeSet};

const ENDS: [StateName; 3] = [StateName::Declined, StateName::Withdrawn, StateName::Retired];

/// What names a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    Id(DeviceId),
    Name(String),
}

/// What is kept beside the device itself: derived, or of the moment.
pub struct Derived<'a> {
    pub verdict: Option<&'a Verdict>,
    /// Since when the status is what it is.
    pub support_since: DateTime<Utc>,
    /// When its last reachable contact stops being one (N4).
    pub orphan_at: Option<DateTime<Utc>>,
    /// Whose turn it is, and whether as CTRL.
    pub turns: &'a [(PersonId, bool)],
    /// The day by which something is due; far away where nothing is.
    pub due: NaiveDate,
    pub at: DateTime<Utc>,
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

/// The id of the device of this name.
pub async fn find_id<C: ConnectionTrait>(c: &C, name: &str) -> Result<Option<DeviceId>> {
    let q = row::Entity::find().select_only().column(row::Column::Id).filter(row::Column::Name.eq(name));
    let id: Option<String> = q.into_tuple().one(c).await?;
    id.map(|id| id.parse().map_err(|e| corrupt("a device's id", e))).transpose()
}

/// The device of this id or name, and its status on record, to be changed. One query.
pub async fn find_to_change<C: ConnectionTrait>(c: &C, which: &Which) -> Result<Option<(Device, Standing)>> {
    static BY_ID: Text = Text::new();
    static BY_NAME: Text = Text::new();
    let (text, by, value) = match which {
        Which::Id(id) => (&BY_ID, row::Column::Id, id.to_string()),
        Which::Name(name) => (&BY_NAME, row::Column::Name, name.clone()),
    };
    let q = text.with(c, vec![value.into()], |v| row::Entity::find().filter(by.eq(v[0].clone())));
    let found = row::Model::find_by_statement(q).one(c).await?;
    found.map(|r| Ok((hydrate(&r)?, super::standing::standing(&r)?))).transpose()
}

pub async fn find<C: ConnectionTrait>(c: &C, id: DeviceId) -> Result<Option<Device>> {
    row::Entity::find_by_id(id.to_string()).one(c).await?.as_ref().map(hydrate).transpose()
}

pub async fn list_by_id<C: ConnectionTrait>(c: &C, ids: &BTreeSet<DeviceId>) -> Result<Vec<Device>> {
    let ids = ids.iter().map(DeviceId::to_string);
    row::Entity::find().filter(row::Column::Id.is_in(ids)).all(c).await?.iter().map(hydrate).collect()
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

/// Devices whose contributors cannot be reached any more (N4).
pub async fn list_orphans<C: ConnectionTrait>(c: &C, now: DateTime<Utc>, most: u64) -> Result<Vec<Device>> {
    let q = row::Entity::find().filter(row::Column::OrphanAt.lte(now)).order_by_asc(row::Column::OrphanAt).limit(most);
    q.all(c).await?.iter().map(hydrate).collect()
}

/// Names and classes that other devices hold against a newcomer. What has ended holds its name, but no class.
pub async fn list_taken<C: ConnectionTrait>(
    c: &C,
    except: DeviceId,
    name: &str,
    classes: &[String],
) -> Result<BTreeSet<String>> {
    let id = except.to_string();
    let names = row::Entity::find()
        .select_only()
        .column(row::Column::Name)
        .filter(row::Column::Name.eq(name))
        .filter(row::Column::Id.ne(id.clone()))
        .into_tuple::<String>()
        .all(c)
        .await?;
    let ended = Query::select()
        .column(row::Column::Id)
        .from(row::Entity)
        .and_where(row::Column::State.is_in(ENDS.map(<&str>::from)))
        .to_owned();
    let held = device_class::Entity::find()
        .filter(device_class::Column::Class.is_in(classes.iter().map(String::as_str)))
        .filter(device_class::Column::DeviceId.ne(id))
        .filter(device_class::Column::DeviceId.not_in_subquery(ended))
        .all(c)
        .await?;
    Ok(names.into_iter().chain(held.into_iter().map(|h| h.class)).collect())
}

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

/// The name of the device that holds each of these classes. What has ended holds none.
pub async fn list_holders<C: ConnectionTrait>(c: &C, classes: &BTreeSet<String>) -> Result<BTreeMap<String, String>> {
    let held = list_by_class(c, classes).await?;
    let names: BTreeMap<String, (String, String)> = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::Name, row::Column::State])
        .into_tuple::<(String, String, String)>()
        .all(c)
        .await?
        .into_iter()
        .map(|(id, name, state)| (id, (name, state)))
        .collect();
    let ends = ENDS.map(<&str>::from);
    let holder = |id: &DeviceId| names.get(&id.to_string()).filter(|(_, state)| !ends.contains(&state.as_str()));
    Ok(held.iter().filter_map(|(class, id)| Some((class.clone(), holder(id)?.0.clone()))).collect())
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

/// Saves the device as it is after `before`, and of what stands beside it what changed. False where somebody else saved
/// another revision meanwhile.
pub async fn save<C: ConnectionTrait>(tx: &C, before: &Device, d: &Device, derived: &Derived<'_>) -> Result<bool> {
    let id = d.id.to_string();
    let is_new = before.revision == 0;
    let moved = is_new || before.placements != d.placements || before.placed_class() != d.placed_class();
    if moved {
        placement::Entity::delete_many().filter(placement::Column::DeviceId.eq(&id)).exec(tx).await?;
    }
    let mut columns = columns(d, derived)?;
    if is_new {
        row::ActiveModel { created_at: Set(derived.at), ..columns }.insert(tx).await?;
    } else {
        // For a key that is set, to whatever, SQLite looks through every table that refers to it.
        columns.id = NotSet;
        if !moved {
            columns.placed_class = NotSet;
        }
        let changed = row::Entity::update_many()
            .set(columns)
            .filter(row::Column::Id.eq(&id))
            .filter(row::Column::Revision.eq(before.revision as i64))
            .exec(tx)
            .await?;
        if changed.rows_affected == 0 {
            return Ok(false);
        }
    }
    if moved {
        save_places(tx, d).await?;
    }
    save_relations(tx, before, d).await?;
    super::standing::save_turns(tx, d.id, derived.turns).await?;
    if is_new || before.releases != d.releases {
        save_releases(tx, d).await?;
    }
    Ok(true)
}

fn columns(d: &Device, derived: &Derived<'_>) -> Result<row::ActiveModel> {
    let body = serde_json::to_string(d).map_err(|e| corrupt(d.name(), e))?;
    Ok(row::ActiveModel {
        id: Set(d.id.to_string()),
        name: Set(d.name().to_owned()),
        revision: Set(d.revision as i64),
        state: Set(d.state.name().to_string()),
        since: Set(d.state.since().unwrap_or(derived.at)),
        cycle: Set(d.cycle.number.into()),
        lead_group: Set(d.request.group.clone()),
        summary: Set(d.request.summary.clone()),
        ctrl_contact: Set(d.ctrl_contact.map(|p| p.to_string())),
        placed_class: Set(d.placed_class().map(|c| c.to_string())),
        support: Set(derived.verdict.map(|v| v.support.to_string())),
        urgency: Set(derived.verdict.map_or(-1, |v| v.support.urgency().into())),
        support_why: Set(derived.verdict.map_or_else(String::new, |v| v.why.clone())),
        support_since: Set(derived.support_since),
        orphan_at: Set(derived.orphan_at),
        due: Set(derived.due),
        when_stopped: Set(<&str>::from(d.operators.when_stopped).to_owned()),
        may_stop: Set(d.operators.may_stop),
        repository: Set(d.request.repository.clone()),
        body: Set(body),
        updated_at: Set(derived.at),
        ..Default::default()
    })
}

async fn save_places<C: ConnectionTrait>(tx: &C, d: &Device) -> Result<()> {
    if d.placements.is_empty() {
        return Ok(());
    }
    let rows = d.placements.iter().map(|p| placement::ActiveModel {
        device_id: Set(d.id.to_string()),
        server: Set(p.server.0.clone()),
        class: Set(p.class.to_string()),
        tag: Set(p.release.as_ref().map(|t| t.as_str().to_owned())),
        at: Set(p.mark.at),
    });
    placement::Entity::insert_many(rows).exec_without_returning(tx).await.map(|_| ())
}

/// What a device brings: its classes, while it brings any.
fn brings(d: &Device) -> Option<BTreeSet<&String>> {
    (!d.state.name().is_end()).then(|| d.request.classes.iter().collect())
}

/// Who has to do with a device, as what, and where in that list.
fn related(d: &Device) -> Vec<(PersonId, &'static str, i64)> {
    (d.contributors.iter().map(|p| (*p, "contributor", 0)))
        .chain(d.contacts.iter().zip(0..).map(|(c, place)| (c.person, "contact", place)))
        .chain(d.ctrl_contact.iter().map(|p| (*p, "ctrl_contact", 0)))
        .chain(d.cycle.discussion.invited.iter().map(|p| (*p, "invited", 0)))
        .collect()
}

async fn save_relations<C: ConnectionTrait>(tx: &C, before: &Device, d: &Device) -> Result<()> {
    let id = d.id.to_string();
    let is_new = before.revision == 0;
    // What has ended keeps its classes, so that what still runs of it shows, until another device brings them.
    if let Some(classes) = brings(d).filter(|c| is_new || Some(c) != brings(before).as_ref()) {
        device_class::Entity::delete_many().filter(device_class::Column::DeviceId.eq(&id)).exec(tx).await?;
        let rows = classes
            .into_iter()
            .map(|c| device_class::ActiveModel { class: Set(c.clone()), device_id: Set(id.clone()) });
        device_class::Entity::insert_many(rows)
            .on_conflict(
                OnConflict::column(device_class::Column::Class)
                    .update_column(device_class::Column::DeviceId)
                    .to_owned(),
            )
            .exec_without_returning(tx)
            .await?;
    }
    if is_new || before.request.instruments != d.request.instruments {
        device_instrument::Entity::delete_many().filter(device_instrument::Column::DeviceId.eq(&id)).exec(tx).await?;
        let instruments: BTreeSet<&String> = d.request.instruments.iter().collect();
        let rows = instruments
            .into_iter()
            .map(|i| device_instrument::ActiveModel { instrument: Set(i.clone()), device_id: Set(id.clone()) });
        device_instrument::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    let people = related(d);
    if is_new || related(before) != people {
        let of = device_person::Entity::delete_many()
            .filter(device_person::Column::DeviceId.eq(&id))
            .filter(device_person::Column::Relation.is_in(["contributor", "contact", "ctrl_contact", "invited"]));
        of.exec(tx).await?;
        let rows = people.into_iter().map(|(person, relation, place)| device_person::ActiveModel {
            device_id: Set(id.clone()),
            person_id: Set(person.to_string()),
            relation: Set(relation.to_owned()),
            place: Set(place),
        });
        device_person::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(())
}

async fn save_releases<C: ConnectionTrait>(tx: &C, d: &Device) -> Result<()> {
    if d.releases.is_empty() {
        return Ok(());
    }
    let on_record: BTreeMap<String, bool> = release::Entity::find()
        .filter(release::Column::DeviceId.eq(d.id.to_string()))
        .all(tx)
        .await?
        .into_iter()
        .map(|r| (r.tag, r.stands))
        .collect();
    for r in &d.releases {
        let row = release::ActiveModel {
            device_id: Set(d.id.to_string()),
            tag: Set(r.tag().as_str().to_owned()),
            stands: Set(r.stands()),
            ..Default::default()
        };
        match on_record.get(r.tag().as_str()) {
            None => {
                let row = release::ActiveModel {
                    object: Set(r.verified.object.as_str().to_owned()),
                    commit_id: Set(r.commit().as_str().to_owned()),
                    tree: Set(r.verified.tree.as_str().to_owned()),
                    verified_at: Set(r.at),
                    ..row
                };
                release::Entity::insert(row).exec_without_returning(tx).await?;
            }
            Some(stands) if *stands != r.stands() => {
                row.update(tx).await?;
            }
            Some(_) => {}
        }
    }
    Ok(())
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

/// Every device, in no order, as it is read.
pub async fn stream<C: ConnectionTrait + StreamTrait + Send>(
    c: &C,
) -> Result<impl Stream<Item = Result<Device>> + Send> {
    let all = row::Entity::find().select_only().columns([row::Column::Name, row::Column::Body]);
    let rows = all.into_tuple::<(String, String)>().stream(c).await?;
    Ok(rows.map(|r| r.and_then(|(name, body)| read(&name, &body))))
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
