//! What people see of the outbox and do about it: what waits, what failed, what ended.

use super::{State, about, device_names, free, owner, waiting};
use crate::{
    domain::{id::PersonId, telling::Owner},
    store::{
        Result, corrupt,
        entity::outbox::{self as row, Column},
    },
};
use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::ExprTrait,
};
use std::{fmt, str::FromStr};

/// Tries a message anew that failed, was given up, or waits for its next try; whether there was such a one.
pub async fn again<C: ConnectionTrait>(tx: &C, message: &str, now: DateTime<Utc>) -> Result<bool> {
    let change = row::ActiveModel {
        state: Set(State::Waiting.to_string()),
        due_at: Set(now),
        // As it stands: nothing joins it any more.
        digest: Set(None),
        attempts: Set(0),
        tried_since: Set(None),
        lease: Set(None),
        lease_until: Set(None),
        ended_at: Set(None),
        error: Set(String::new()),
        ..Default::default()
    };
    let open = Column::State.ne(State::Delivered.to_string());
    let q = row::Entity::update_many().set(change).filter(Column::Message.eq(message)).filter(open).filter(free(now));
    Ok(q.exec(tx).await?.rows_affected > 0)
}

fn given_up(why: &str, now: DateTime<Utc>) -> row::ActiveModel {
    row::ActiveModel {
        state: Set(State::GivenUp.to_string()),
        lease: Set(None),
        lease_until: Set(None),
        ended_at: Set(Some(now)),
        error: Set(why.to_owned()),
        ..Default::default()
    }
}

/// Gives a message up that waits or failed; whether there was such a one.
pub async fn give_up<C: ConnectionTrait>(tx: &C, message: &str, why: &str, now: DateTime<Utc>) -> Result<bool> {
    let open = Column::State.is_in([State::Waiting.to_string(), State::Failed.to_string()]);
    let q = row::Entity::update_many().set(given_up(why, now)).filter(Column::Message.eq(message)).filter(open);
    Ok(q.exec(tx).await?.rows_affected > 0)
}

/// Gives up all that waits for a channel.
pub async fn give_up_channel<C: ConnectionTrait>(tx: &C, channel: &str, why: &str, now: DateTime<Utc>) -> Result<()> {
    let q = row::Entity::update_many().set(given_up(why, now)).filter(Column::ChannelId.eq(channel));
    q.filter(waiting()).exec(tx).await.map(|_| ())
}

/// Forgets what was delivered or given up before a moment; that somebody was told of it stays with their notices. What
/// failed waits for somebody to see it.
pub async fn delete_ended_before<C: ConnectionTrait>(tx: &C, before: DateTime<Utc>) -> Result<()> {
    let over = [State::Delivered, State::GivenUp].map(|s| s.to_string());
    let q = row::Entity::delete_many().filter(Column::State.is_in(over));
    q.filter(Column::EndedAt.lt(before)).exec(tx).await.map(|_| ())
}

/// Where a page of a list ends: when its last thing is due or ended, and its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(pub DateTime<Utc>, pub String);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true), self.1)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> std::result::Result<Self, ()> {
        let (at, id) = text.split_once('~').ok_or(())?;
        Ok(Self(at.parse().map_err(|_| ())?, id.to_owned()))
    }
}

/// One thing in the outbox, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Several may go out in one message.
    pub id: String,
    pub message: String,
    pub channel: String,
    pub owner: Owner,
    pub device: String,
    pub text: String,
    /// Where it leads, of what is about no device: another one's link may be one person's own (L4).
    pub path: Option<String>,
    pub urgent: bool,
    pub at: DateTime<Utc>,
    pub due: DateTime<Utc>,
    pub attempts: u32,
    pub ended: Option<DateTime<Utc>>,
    pub error: String,
    /// Where it is mailed whatever the record says: for whom it is for alone.
    pub mail_to: Option<String>,
}

/// The things in these states, at most so many behind `after`, and how many there are in all. Waiting ones by when they
/// are due, others newest first.
pub async fn list<C: ConnectionTrait>(
    c: &C,
    states: &[State],
    after: Option<&Place>,
    most: u64,
) -> Result<(Vec<Listed>, u64)> {
    let of = || row::Entity::find().filter(Column::State.is_in(states.iter().map(State::to_string)));
    let count = of().count(c).await?;
    let waits = matches!(states, [State::Waiting]);
    let mut q = match waits {
        true => of().order_by_asc(Column::DueAt).order_by_asc(Column::Id),
        false => of().order_by_desc(Column::EndedAt).order_by_desc(Column::Id),
    };
    if let Some(Place(at, id)) = after {
        q = q.filter(match waits {
            true => Column::DueAt.gt(*at).or(Column::DueAt.eq(*at).and(Column::Id.gt(id.as_str()))),
            false => Column::EndedAt.lt(*at).or(Column::EndedAt.eq(*at).and(Column::Id.lt(id.as_str()))),
        });
    }
    Ok((listed(c, q.limit(most).all(c).await?).await?, count))
}

/// What is or was on its way to somebody, newest first. It looks at the whole outbox: for what is done seldom.
pub async fn list_of<C: ConnectionTrait>(c: &C, person: PersonId, most: u64) -> Result<Vec<Listed>> {
    let q = row::Entity::find().filter(Column::PersonId.eq(person.to_string())).order_by_desc(Column::Id);
    listed(c, q.limit(most).all(c).await?).await
}

async fn listed<C: ConnectionTrait>(c: &C, rows: Vec<row::Model>) -> Result<Vec<Listed>> {
    let names = device_names(c, &rows).await?;
    let all = rows.into_iter().map(|r| {
        Ok(Listed {
            owner: owner(&r)?,
            device: about(&r, &names),
            id: r.id,
            message: r.message,
            channel: r.channel_id,
            text: r.text,
            path: r.device_id.is_none().then_some(r.path),
            urgent: r.urgent,
            at: r.at,
            due: r.due_at,
            attempts: u32::try_from(r.attempts).unwrap_or(u32::MAX),
            ended: r.ended_at,
            error: r.error,
            mail_to: r.mail_to,
        })
    });
    all.collect()
}

/// How many things are in each of these states; none of a state in which nothing is.
pub async fn count<C: ConnectionTrait>(c: &C, states: &[State]) -> Result<Vec<(State, u64)>> {
    let rows: Vec<(String, i64)> = row::Entity::find()
        .select_only()
        .column(Column::State)
        .column_as(Column::State.count(), "many")
        .filter(Column::State.is_in(states.iter().map(State::to_string)))
        .group_by(Column::State)
        .into_tuple()
        .all(c)
        .await?;
    let read = |(state, many): (String, i64)| match state.parse() {
        Ok(state) => Ok((state, many.unsigned_abs())),
        Err(e) => Err(corrupt("a state of the outbox", e)),
    };
    rows.into_iter().map(read).collect()
}
