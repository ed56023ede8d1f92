//! Devices as work: whose they are, what CTRL's queue holds, which are orphaned.

use super::{
    Result,
    devices::hydrate,
    entity::{device as row, device_instrument, device_person},
    standing::verdict,
};
use crate::domain::{device::Device, id::PersonId, lifecycle::StateName, support::Verdict};
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, Query},
};

/// A device with what is kept beside it.
#[derive(Clone, Debug)]
pub struct Kept {
    pub device: Device,
    pub verdict: Option<Verdict>,
    /// When something happened to it last.
    pub changed: DateTime<Utc>,
    /// Since when nobody can be reached (N4), or until when somebody can.
    pub orphan_at: Option<DateTime<Utc>>,
    /// The day by which something is due; far away where nothing is.
    pub due: NaiveDate,
}

fn kept(r: &row::Model) -> Result<Kept> {
    Ok(Kept {
        device: hydrate(r)?,
        verdict: verdict(&r.support, &r.support_why)?,
        changed: r.updated_at,
        orphan_at: r.orphan_at,
        due: r.due,
    })
}

/// What the queue is asked for.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    /// Only what this member of CTRL takes care of or is waited for.
    pub of: Option<PersonId>,
    pub instrument: Option<String>,
    /// Devices in development are in it when something is due by this day.
    pub soon: NaiveDate,
    /// Continues behind this day and name.
    pub after: Option<(NaiveDate, String)>,
}

/// What CTRL has to do with now: what is late first.
pub async fn list_queue<C: ConnectionTrait>(c: &C, q: &Queue, most: u64) -> Result<Vec<Kept>> {
    let mut all = Condition::all().add(in_queue(q.soon));
    if let Some(me) = q.of {
        all = all.add(row::Column::Id.in_subquery(of_person(me, &["turn_ctrl", "ctrl_contact"])));
    }
    if let Some(instrument) = &q.instrument {
        let there = Query::select()
            .column(device_instrument::Column::DeviceId)
            .from(device_instrument::Entity)
            .and_where(device_instrument::Column::Instrument.eq(instrument))
            .to_owned();
        all = all.add(row::Column::Id.in_subquery(there));
    }
    if let Some((due, name)) = &q.after {
        all = all
            .add(row::Column::Due.gte(*due))
            .add(Condition::any().add(row::Column::Due.gt(*due)).add(row::Column::Name.gt(name.as_str())));
    }
    let found = by_due(row::Entity::find().filter(all)).limit(most).all(c).await?;
    found.iter().map(kept).collect()
}

fn in_queue(soon: NaiveDate) -> Condition {
    let process = [StateName::Requested, StateName::Accepted, StateName::UnderReview].map(<&str>::from);
    let held = [StateName::ReducedSupport, StateName::CtrlOwned].map(<&str>::from);
    let waits_for_ctrl = Query::select()
        .expr(Expr::val(1))
        .from(device_person::Entity)
        .and_where(
            Expr::col((device_person::Entity, device_person::Column::DeviceId)).equals((row::Entity, row::Column::Id)),
        )
        .and_where(Expr::col((device_person::Entity, device_person::Column::Relation)).eq("turn_ctrl"))
        .to_owned();
    Condition::any().add(row::Column::State.is_in(process)).add(
        Condition::all()
            .add(row::Column::State.is_in(held))
            .add(Condition::any().add(row::Column::Due.lte(soon)).add(Expr::exists(waits_for_ctrl))),
    )
}

fn of_person(person: PersonId, relations: &[&str]) -> sea_orm::sea_query::SelectStatement {
    Query::select()
        .column(device_person::Column::DeviceId)
        .from(device_person::Entity)
        .and_where(device_person::Column::PersonId.eq(person.to_string()))
        .and_where(device_person::Column::Relation.is_in(relations.iter().copied()))
        .to_owned()
}

fn by_due(q: Select<row::Entity>) -> Select<row::Entity> {
    q.order_by_asc(row::Column::Due).order_by_asc(row::Column::Name)
}

/// The devices that a person has to do with, what is due first.
pub async fn list_of_person<C: ConnectionTrait>(c: &C, person: PersonId, most: u64) -> Result<Vec<Kept>> {
    let relations = ["contributor", "contact", "ctrl_contact", "invited", "turn_contributor", "turn_ctrl"];
    let q = row::Entity::find().filter(row::Column::Id.in_subquery(of_person(person, &relations)));
    by_due(q).limit(most).all(c).await?.iter().map(kept).collect()
}

/// Devices whose contributors cannot be reached any more (N4), those that wait longest first.
pub async fn list_orphans<C: ConnectionTrait>(
    c: &C,
    now: DateTime<Utc>,
    after: Option<&(DateTime<Utc>, String)>,
    most: u64,
) -> Result<Vec<Kept>> {
    let mut q = row::Entity::find().filter(row::Column::OrphanAt.lte(now));
    if let Some((at, name)) = after {
        q = q
            .filter(row::Column::OrphanAt.gte(*at))
            .filter(Condition::any().add(row::Column::OrphanAt.gt(*at)).add(row::Column::Name.gt(name.as_str())));
    }
    let q = q.order_by_asc(row::Column::OrphanAt).order_by_asc(row::Column::Name).limit(most);
    q.all(c).await?.iter().map(kept).collect()
}
