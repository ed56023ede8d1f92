//! A device that is to be changed, with what stands beside it: read in one query.

use super::{Which, roster, row, whole, with_standing};
use crate::{
    domain::device::Device,
    store::{
        Result, doors,
        entity::{incident, instance},
        standing::{Standing, Turns, turns_of},
        text::Text,
    },
};
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, Query},
};

/// What stands beside a device before it is changed.
pub struct OnRecord {
    pub standing: Standing,
    pub turns: Turns,
    pub due: NaiveDate,
    pub orphan_at: Option<DateTime<Utc>>,
    /// The version of the roster at that moment.
    pub roster: String,
    /// Whether an incident is open of it, or of what runs of it.
    pub differs: bool,
    /// Whether the token that it is changed by was revoked.
    pub is_revoked: bool,
}

/// The device of this id or name, to be changed by whoever has this token, and what stands beside it. One query.
pub async fn find_to_change<C: ConnectionTrait>(
    c: &C,
    which: &Which,
    token: Option<&str>,
) -> Result<Option<(Device, OnRecord)>> {
    static BY_ID: Text = Text::new();
    static BY_NAME: Text = Text::new();
    let (text, by, value) = match which {
        Which::Id(id) => (&BY_ID, row::Column::Id, id.to_string()),
        Which::Name(name) => (&BY_NAME, row::Column::Name, name.clone()),
    };
    let mut values = turns_of::values();
    values.extend([token.unwrap_or_default().into(), value.into()]);
    let q = text.with(c, values, |v| {
        let (turns, last) = v.split_at(v.len() - 2);
        with_standing(row::Entity::find().filter(by.eq(last[1].clone())))
            .columns([row::Column::Due, row::Column::OrphanAt])
            .expr_as(Expr::from(roster::version()), "roster")
            .expr_as(differs(), "differs")
            .expr_as(Expr::from(turns_of::query(turns)), "turns")
            .expr_as(Expr::exists(doors::revoked(last[0].clone())), "revoked")
    });
    let Some(found) = c.query_one_raw(q).await? else { return Ok(None) };
    let (device, standing) = whole(found.try_get_many_by_index()?)?;
    let was = OnRecord {
        standing,
        turns: turns_of::read(found.try_get("", "turns")?)?,
        due: found.try_get("", "due")?,
        orphan_at: found.try_get("", "orphan_at")?,
        roster: found.try_get("", "roster")?,
        differs: found.try_get("", "differs")?,
        is_revoked: found.try_get("", "revoked")?,
    };
    Ok(Some((device, was)))
}

/// Whether an incident is open of the device that is asked for, or of an instance of it.
fn differs() -> Expr {
    let id = || Expr::col((row::Entity, row::Column::Id));
    let open = || {
        let mut q = Query::select();
        q.column(incident::Column::Id).from(incident::Entity).and_where(incident::Column::ClosedAt.is_null());
        q
    };
    let own = open().and_where(Expr::col(incident::Column::DeviceId).eq(id())).to_owned();
    let runs = Query::select()
        .column(instance::Column::Instance)
        .from(instance::Entity)
        .and_where(Expr::col((instance::Entity, instance::Column::DeviceId)).eq(id()))
        .to_owned();
    let of_instance = open().and_where(Expr::col(incident::Column::Instance).in_subquery(runs)).to_owned();
    Expr::exists(own).or(Expr::exists(of_instance))
}
