//! A device saved whole, with what stands beside it and has changed.

use crate::{
    domain::{
        device::{Device, Placement},
        id::{DeviceId, PersonId, ServerName},
        support::Verdict,
    },
    store::{
        Result, corrupt,
        devices::OnRecord,
        entity::{device as row, device_class, device_instrument, device_person, placement, release},
        retests,
        standing::{self, NOBODY, Turns},
    },
};
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    sea_query::OnConflict,
};
use std::collections::{BTreeMap, BTreeSet};

/// What is kept beside the device itself: derived, or of the moment.
pub struct Derived<'a> {
    pub verdict: Option<&'a Verdict>,
    /// Since when the status is what it is.
    pub support_since: DateTime<Utc>,
    /// When its last reachable contact stops being one (N4).
    pub orphan_at: Option<DateTime<Utc>>,
    /// Whose turn it is.
    pub turns: &'a Turns,
    /// The day by which something is due; far away where nothing is.
    pub due: NaiveDate,
    pub at: DateTime<Utc>,
    /// What stood beside the device, where it was on record.
    pub was: Option<&'a OnRecord>,
}

/// Saves the device as it is after `before`, and of what stands beside it what changed. False where somebody else saved
/// another revision meanwhile.
pub async fn save<C: ConnectionTrait>(tx: &C, before: &Device, d: &Device, derived: &Derived<'_>) -> Result<bool> {
    let id = d.id.to_string();
    let is_new = before.revision == 0;
    // A place is of the device's class, which changes with none of them there.
    let reclassed = is_new || before.placed_class() != d.placed_class();
    let stays = |server: &ServerName| !reclassed && d.placed_on(server).is_some();
    let gone: Vec<&str> = before.placements.iter().filter(|p| !stays(&p.server)).map(|p| p.server.0.as_str()).collect();
    if !gone.is_empty() {
        let gone = placement::Column::Server.is_in(gone);
        placement::Entity::delete_many().filter(placement::Column::DeviceId.eq(&id)).filter(gone).exec(tx).await?;
    }
    let mut columns = columns(d, derived)?;
    if is_new {
        row::ActiveModel { created_at: Set(derived.at), ..columns }.insert(tx).await?;
    } else {
        // For a key that is set, to whatever, SQLite looks through every table that refers to it, and each index of a
        // column that is set it writes anew.
        columns.id = NotSet;
        if !reclassed {
            columns.placed_class = NotSet;
        }
        if before.name() == d.name() {
            columns.name = NotSet;
        }
        if before.state.name() == d.state.name() {
            columns.state = NotSet;
        }
        if derived.was.is_some_and(|was| was.due == derived.due) {
            columns.due = NotSet;
        }
        if derived.was.is_some_and(|was| was.orphan_at == derived.orphan_at) {
            columns.orphan_at = NotSet;
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
    let placed = d.placements.iter().filter(|p| reclassed || before.placed_on(&p.server) != Some(p));
    save_places(tx, d.id, placed).await?;
    save_relations(tx, before, d).await?;
    standing::save_turns(tx, d.id, derived.was.map_or(&NOBODY, |was| &was.turns), derived.turns).await?;
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

async fn save_places<'a, C: ConnectionTrait>(
    tx: &C,
    id: DeviceId,
    placed: impl Iterator<Item = &'a Placement>,
) -> Result<()> {
    use placement::Column::{At, Server, Tag};
    let rows: Vec<placement::ActiveModel> = placed
        .map(|p| placement::ActiveModel {
            device_id: Set(id.to_string()),
            server: Set(p.server.0.clone()),
            class: Set(p.class.to_string()),
            tag: Set(p.release.as_ref().map(|t| t.as_str().to_owned())),
            at: Set(p.mark.at),
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    // Of what is placed anew there, the class stays.
    let again = OnConflict::columns([placement::Column::DeviceId, Server]).update_columns([Tag, At]).to_owned();
    placement::Entity::insert_many(rows).on_conflict(again).exec_without_returning(tx).await.map(|_| ())
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
    if before.depends_on != d.depends_on {
        retests::save_dependencies(tx, d).await?;
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

/// What changes of a release: whether its tag stands, and what it is built against.
type OfRelease = (bool, Option<String>, Option<String>);

async fn save_releases<C: ConnectionTrait>(tx: &C, d: &Device) -> Result<()> {
    if d.releases.is_empty() {
        return Ok(());
    }
    let on_record: BTreeMap<String, OfRelease> = release::Entity::find()
        .filter(release::Column::DeviceId.eq(d.id.to_string()))
        .all(tx)
        .await?
        .into_iter()
        .map(|r| (r.tag, (r.stands, r.framework, r.framework_version)))
        .collect();
    for r in &d.releases {
        let framework = r.framework.as_ref().map(|f| f.framework().to_owned());
        let version = r.framework.as_ref().and_then(|f| f.version()).map(str::to_owned);
        let now: OfRelease = (r.stands(), framework.clone(), version.clone());
        let row = release::ActiveModel {
            device_id: Set(d.id.to_string()),
            tag: Set(r.tag().as_str().to_owned()),
            stands: Set(r.stands()),
            framework: Set(framework),
            framework_version: Set(version),
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
            Some(was) if *was != now => {
                row.update(tx).await?;
            }
            Some(_) => {}
        }
    }
    Ok(())
}
