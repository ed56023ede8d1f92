//! The operators' board: lines, counts, the search's matches. Each is one query, whatever the number of devices.

use super::{
    Result, corrupt,
    devices::plain,
    entity::{device as row, device_instrument, device_person, person},
    standing::verdict,
};
use crate::domain::{
    contact::{Contact, OperatorRules},
    device::{Placement, ShutDown},
    id::{DeviceId, PersonId},
    lifecycle::StateName,
    support::{Support, Verdict},
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, Order, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Select, Statement,
    sea_query::{CaseStatement, Expr, ExprTrait, LikeExpr, Query, SimpleExpr},
};
use serde::Deserialize;
use std::collections::BTreeSet;

/// One device's line.
#[derive(Clone, Debug)]
pub struct Line {
    pub id: DeviceId,
    pub name: String,
    pub state: StateName,
    pub verdict: Option<Verdict>,
    pub support_since: DateTime<Utc>,
    /// Where the line stands in the order of the list.
    pub cursor: Cursor,
    pub gist: Gist,
}

/// What a line tells of the device itself; the rest of it is not read.
#[derive(Clone, Debug, Deserialize)]
pub struct Gist {
    pub request: Asked,
    pub contacts: Vec<Contact>,
    pub operators: OperatorRules,
    pub ctrl_contact: Option<PersonId>,
    pub shut_down: Option<ShutDown>,
    pub placements: Vec<Placement>,
}

/// What a line tells of the request.
#[derive(Clone, Debug, Deserialize)]
pub struct Asked {
    pub classes: Vec<String>,
    pub instruments: Vec<String>,
    pub group: String,
    pub summary: String,
}

/// A place in the list, behind which the next page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// How well it fits what was searched for; 0 where nothing was.
    pub rank: i64,
    pub urgency: i64,
    pub name: String,
}

/// What was typed into the search.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub typed: String,
    /// Devices of which a matching instance runs.
    pub devices: BTreeSet<DeviceId>,
}

/// Which devices. A device of any of these statuses or states is one of them; without either all are.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub instrument: Option<String>,
    pub supports: BTreeSet<Support>,
    pub states: BTreeSet<StateName>,
    pub search: Option<Search>,
}

impl Filter {
    fn condition(&self) -> Condition {
        let mut all = Condition::all();
        if let Some(instrument) = &self.instrument {
            let there = Query::select()
                .column(device_instrument::Column::DeviceId)
                .from(device_instrument::Entity)
                .and_where(device_instrument::Column::Instrument.eq(instrument))
                .to_owned();
            all = all.add(row::Column::Id.in_subquery(there));
        }
        let mut any = Condition::any();
        if !self.supports.is_empty() {
            // The urgency is the status as a number, and the list's order.
            any = any.add(row::Column::Urgency.is_in(self.supports.iter().map(|s| i64::from(s.urgency()))));
        }
        if !self.states.is_empty() {
            any = any.add(row::Column::State.is_in(self.states.iter().map(|s| <&str>::from(*s))));
        }
        if !any.is_empty() {
            all = all.add(any);
        }
        match &self.search {
            Some(search) => all.add(search.condition()),
            None => all,
        }
    }

    fn rank(&self) -> SimpleExpr {
        match &self.search {
            Some(search) => search.rank(),
            None => Expr::val(0_i64),
        }
    }

    /// The lines behind a place, in order: the best match, the most urgent, the name.
    fn page(&self, after: Option<&Cursor>, most: u64) -> Select<row::Entity> {
        let mut q = row::Entity::find()
            .select_only()
            .columns([
                row::Column::Id,
                row::Column::Name,
                row::Column::State,
                row::Column::Support,
                row::Column::Urgency,
                row::Column::SupportWhy,
                row::Column::SupportSince,
                row::Column::Body,
            ])
            .column_as(self.rank(), "rank")
            .filter(self.condition());
        if let Some(a) = after {
            // Written so that the index leads to the place instead of being read from its beginning.
            let behind = Condition::all().add(row::Column::Urgency.lte(a.urgency)).add(
                Condition::any().add(row::Column::Urgency.lt(a.urgency)).add(row::Column::Name.gt(a.name.as_str())),
            );
            q = match &self.search {
                None => q.filter(behind),
                Some(_) => q.filter(
                    Condition::any()
                        .add(self.rank().lt(a.rank))
                        .add(Condition::all().add(self.rank().eq(a.rank)).add(behind)),
                ),
            };
        }
        if self.search.is_some() {
            q = q.order_by(self.rank(), Order::Desc);
        }
        q.order_by_desc(row::Column::Urgency).order_by_asc(row::Column::Name).limit(most)
    }
}

impl Search {
    fn condition(&self) -> Condition {
        let wanted = plain(&[&self.typed]);
        let escaped: String = self
            .typed
            .trim()
            .chars()
            .flat_map(|c| matches!(c, '%' | '_' | '\\').then_some('\\').into_iter().chain([c]))
            .collect();
        let of_person = Query::select()
            .column((device_person::Entity, device_person::Column::DeviceId))
            .from(device_person::Entity)
            .inner_join(
                person::Entity,
                Expr::col((person::Entity, person::Column::Id))
                    .equals((device_person::Entity, device_person::Column::PersonId)),
            )
            .and_where(
                Expr::col((person::Entity, person::Column::Name))
                    .like(LikeExpr::new(format!("%{escaped}%")).escape('\\')),
            )
            .and_where(Expr::col((device_person::Entity, device_person::Column::Relation)).is_in([
                "contributor",
                "contact",
                "ctrl_contact",
            ]))
            .to_owned();
        Condition::any()
            .add(row::Column::Search.contains(wanted.trim()))
            .add(row::Column::Id.is_in(self.devices.iter().map(DeviceId::to_string)))
            .add(row::Column::Id.in_subquery(of_person))
    }

    /// 2: the device's whole name; 1: its beginning; 0: anything else.
    fn rank(&self) -> SimpleExpr {
        let wanted = plain(&[&self.typed]);
        let wanted = wanted.trim();
        CaseStatement::new()
            .case(row::Column::Search.starts_with(format!("{wanted} ")), Expr::val(2_i64))
            .case(row::Column::Search.starts_with(wanted), Expr::val(1_i64))
            .finally(Expr::val(0_i64))
            .into()
    }
}

#[derive(FromQueryResult)]
struct LineRow {
    id: String,
    name: String,
    state: String,
    support: Option<String>,
    urgency: i64,
    support_why: String,
    support_since: DateTime<Utc>,
    body: String,
    rank: i64,
}

/// A page of devices.
pub async fn list<C: ConnectionTrait>(c: &C, f: &Filter, after: Option<&Cursor>, most: u64) -> Result<Vec<Line>> {
    let rows: Vec<LineRow> = f.page(after, most).into_model().all(c).await?;
    rows.into_iter().map(line).collect()
}

fn line(r: LineRow) -> Result<Line> {
    Ok(Line {
        id: r.id.parse().map_err(|e| corrupt(&r.name, e))?,
        state: r.state.parse().map_err(|e| corrupt(&r.name, e))?,
        verdict: verdict(&r.support, &r.support_why)?,
        support_since: r.support_since,
        gist: serde_json::from_str(&r.body).map_err(|e| corrupt(&r.name, e))?,
        cursor: Cursor { rank: r.rank, urgency: r.urgency, name: r.name.clone() },
        name: r.name,
    })
}

/// A page of devices in order of name, those behind `after`.
pub async fn list_by_name<C: ConnectionTrait>(c: &C, f: &Filter, after: &str, most: u64) -> Result<Vec<Line>> {
    let q = Filter { search: None, ..f.clone() }.page(None, most);
    // Not by urgency: a reader of all pages must see each device once, even while statuses change.
    let q = QueryOrder::order_by_asc(clear_order(q), row::Column::Name).filter(row::Column::Name.gt(after));
    q.into_model().all(c).await?.into_iter().map(line).collect()
}

fn clear_order(mut q: Select<row::Entity>) -> Select<row::Entity> {
    QuerySelect::query(&mut q).clear_order_by();
    q
}

/// How many devices a filter finds.
pub async fn count<C: ConnectionTrait>(c: &C, f: &Filter) -> Result<u64> {
    row::Entity::find().filter(f.condition()).count(c).await
}

/// So many of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// `None` for all instruments together.
    pub instrument: Option<String>,
    /// `None` for instances that run and are not registered.
    pub state: Option<StateName>,
    pub support: Option<Support>,
    pub count: u64,
}

#[derive(FromQueryResult)]
struct CountRow {
    instrument: Option<String>,
    state: Option<String>,
    support: Option<String>,
    n: i64,
}

const COUNTS: &str = "
SELECT NULL AS instrument, state, support, count(*) AS n FROM device GROUP BY state, support
UNION ALL
SELECT i.instrument, d.state, d.support, count(*) FROM device_instrument i JOIN device d ON d.id = i.device_id
GROUP BY i.instrument, d.state, d.support
UNION ALL
SELECT s.instrument, NULL, NULL, count(*) FROM instance u JOIN server s ON s.name = u.server
WHERE u.device_id IS NULL AND u.gone_at IS NULL GROUP BY s.instrument
UNION ALL
SELECT NULL, NULL, NULL, count(*) FROM instance WHERE device_id IS NULL AND gone_at IS NULL";

/// How many there are of each kind, in all and of each instrument: all tiles and filters.
pub async fn list_counts<C: ConnectionTrait>(c: &C) -> Result<Vec<Count>> {
    let rows = CountRow::find_by_statement(Statement::from_string(c.get_database_backend(), COUNTS)).all(c).await?;
    rows.into_iter()
        .map(|r| {
            Ok(Count {
                instrument: r.instrument,
                state: r.state.map(|s| s.parse()).transpose().map_err(|e| corrupt("a state", e))?,
                support: r.support.map(|s| s.parse()).transpose().map_err(|e| corrupt("a support status", e))?,
                count: r.n.unsigned_abs(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
