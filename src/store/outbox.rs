//! What is on its way: written with the change that it tells of, claimed for a while by whoever delivers it, marked.

mod desk;
mod when;

pub use desk::{Listed, Place, again, count, delete_ended_before, give_up, give_up_channel, list, list_of};
pub use when::{is_any_ahead, list_channels_due, put_off, set_right};

use super::{
    AHEAD, Result, corrupt,
    entity::{device, outbox as row},
};
use crate::domain::{id::DeviceId, telling::Owner};
use chrono::{DateTime, Duration, Utc};
use row::Column;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, OnConflict},
};
use std::collections::{BTreeMap, BTreeSet};

/// Where it is with one thing that somebody is told.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter, strum::IntoStaticStr, strum::EnumString, strum::Display,
)]
#[strum(serialize_all = "snake_case")]
pub enum State {
    Waiting,
    Delivered,
    /// For good, unless somebody tries again.
    Failed,
    GivenUp,
}

/// One thing for one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub channel: String,
    pub owner: Owner,
    /// `None` where no device on record is meant.
    pub device: Option<DeviceId>,
    pub key: String,
    pub text: String,
    pub path: String,
    pub urgent: bool,
    pub at: DateTime<Utc>,
    pub due: DateTime<Utc>,
    /// Whether all that is due at this moment goes out in one message.
    pub digest: bool,
    /// Whether the channel's messages arrive in order.
    pub in_order: bool,
    /// Where it is mailed whatever the record says by then; `None` where the record says it when it is sent.
    pub mail_to: Option<String>,
}

/// Puts them into the outbox; what a channel was given before for the same cause is left out.
pub async fn insert<C: ConnectionTrait>(tx: &C, all: Vec<Entry>) -> Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    when::hurry(tx, &all).await?;
    let rows = all.into_iter().map(|e| {
        let id = uuid::Uuid::now_v7().to_string();
        let (person_id, team_id) = match e.owner {
            Owner::Person(person) => (Some(person.to_string()), None),
            Owner::Team(team) => (None, Some(team.to_string())),
        };
        row::ActiveModel {
            lane: Set(lane(&e)),
            message: Set(id.clone()),
            id: Set(id),
            channel_id: Set(e.channel),
            person_id: Set(person_id),
            team_id: Set(team_id),
            device_id: Set(e.device.map(|d| d.to_string())),
            key: Set(e.key),
            text: Set(e.text),
            path: Set(e.path),
            urgent: Set(e.urgent),
            at: Set(e.at),
            digest: Set(e.digest.then(|| e.due.to_rfc3339())),
            state: Set(State::Waiting.to_string()),
            due_at: Set(e.due),
            attempts: Set(0),
            tried_since: Set(None),
            lease: Set(None),
            lease_until: Set(None),
            ended_at: Set(None),
            error: Set(String::new()),
            mail_to: Set(e.mail_to),
        }
    });
    let rows: Vec<_> = rows.collect();
    // A statement takes some thirty thousand values.
    for some in rows.chunks(500) {
        row::Entity::insert_many(some.to_vec())
            .on_conflict(OnConflict::columns([Column::ChannelId, Column::Key]).do_nothing().to_owned())
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// Where it arrives in order; what is urgent overtakes what is not.
fn lane(e: &Entry) -> Option<String> {
    e.in_order.then(|| if e.urgent { format!("{}/urgent", e.channel) } else { e.channel.clone() })
}

/// Which of two roads: a slow mail server does not hold up the chats, nor the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Road {
    Mail,
    Chat,
}

/// A message that is claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Names it over all tries.
    pub message: String,
    pub channel: String,
    pub owner: Owner,
    pub urgent: bool,
    /// How often it was tried, this time included.
    pub attempts: u32,
    pub tried_since: DateTime<Utc>,
    /// Where it is mailed whatever the record says.
    pub mail_to: Option<String>,
    /// Device's name, text, path; in the order of happening.
    pub items: Vec<(String, String, String)>,
}

/// In these very words: indexes hold what they say and nothing else, and a value apart from its statement is not in them.
fn waiting() -> Condition {
    Condition::all().add(Expr::cust("outbox.state = 'waiting'"))
}

/// What waits to be tried again, or is being tried. In these very words, too.
fn tried() -> Condition {
    waiting().add(Expr::cust("outbox.attempts > 0"))
}

/// How long a claim holds: longer than any delivery takes.
const LEASE: Duration = Duration::minutes(2);

/// Claimed until then at the latest. Of a later claim nobody knows how old it is, and it holds nothing up.
fn latest(now: DateTime<Utc>) -> DateTime<Utc> {
    now + LEASE + AHEAD
}

fn free(now: DateTime<Utc>) -> Condition {
    let over = Condition::any().add(Column::LeaseUntil.is_null()).add(Column::LeaseUntil.lte(now));
    over.add(Column::LeaseUntil.gt(latest(now)))
}

fn due(road: Road, now: DateTime<Utc>) -> Condition {
    let lane = match road {
        Road::Mail => Column::Lane.is_null(),
        Road::Chat => Column::Lane.is_not_null(),
    };
    waiting().add(Column::DueAt.lte(now)).add(free(now)).add(lane)
}

/// Whether there is anything to claim.
pub async fn is_any_due<C: ConnectionTrait>(c: &C, road: Road, now: DateTime<Utc>) -> Result<bool> {
    let q = row::Entity::find().select_only().column(Column::Id).filter(due(road, now)).limit(1);
    Ok(q.into_tuple::<String>().one(c).await?.is_some())
}

/// Claims up to `most` messages for a while, under a name that nobody else uses. What is urgent comes first, then
/// what happened first; of a lane one message at a time, and none past one that is still tried.
pub async fn claim<C: ConnectionTrait>(
    tx: &C,
    road: Road,
    lease: &str,
    now: DateTime<Utc>,
    most: usize,
) -> Result<Vec<Claimed>> {
    let claimed = Condition::all().add(Column::LeaseUntil.gt(now)).add(Column::LeaseUntil.lte(latest(now)));
    let held = Condition::any().add(claimed).add(Column::DueAt.gt(now));
    let busy: Vec<String> = row::Entity::find()
        .select_only()
        .column(Column::Lane)
        .distinct()
        .filter(tried().add(Column::Lane.is_not_null()).add(held))
        .into_tuple()
        .all(tx)
        .await?;
    let mut of = due(road, now);
    if !busy.is_empty() {
        of = of.add(Column::Lane.is_not_in(busy));
    }
    let rows = row::Entity::find()
        .filter(of)
        .order_by_desc(Column::Urgent)
        .order_by_asc(Column::Id)
        .limit(most as u64 * 20)
        .all(tx)
        .await?;
    let (mut lanes, mut digests, mut chosen) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for r in rows {
        let joins = r.digest.clone().filter(|_| r.attempts == 0).map(|digest| (r.channel_id.clone(), digest));
        if r.lane.as_ref().is_some_and(|lane| lanes.contains(lane))
            || joins.as_ref().is_some_and(|d| digests.contains(d))
            || chosen.contains(&r.message)
            || chosen.len() == most
        {
            continue;
        }
        lanes.extend(r.lane);
        if let Some((channel, digest)) = joins {
            join(tx, &channel, &digest, &r.message).await?;
            digests.insert((channel, digest));
        }
        chosen.insert(r.message);
    }
    if chosen.is_empty() {
        return Ok(Vec::new());
    }
    let taken = row::Entity::update_many()
        .col_expr(Column::Lease, Expr::value(lease))
        .col_expr(Column::LeaseUntil, Expr::value(now + LEASE))
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .col_expr(Column::TriedSince, Expr::col(Column::TriedSince).if_null(now))
        .filter(Column::Message.is_in(chosen))
        .filter(waiting().add(free(now)))
        .exec(tx)
        .await?;
    if taken.rows_affected == 0 {
        return Ok(Vec::new());
    }
    list_claimed(tx, lease, now).await
}

/// What waits for the same digest and was never tried becomes one message.
async fn join<C: ConnectionTrait>(tx: &C, channel: &str, digest: &str, message: &str) -> Result<()> {
    row::Entity::update_many()
        .col_expr(Column::Message, Expr::value(message))
        .filter(waiting())
        .filter(Column::ChannelId.eq(channel))
        .filter(Column::Digest.eq(digest))
        .filter(Column::Attempts.eq(0))
        .filter(Column::Lease.is_null())
        .exec(tx)
        .await
        .map(|_| ())
}

async fn list_claimed<C: ConnectionTrait>(tx: &C, lease: &str, now: DateTime<Utc>) -> Result<Vec<Claimed>> {
    let rows =
        row::Entity::find().filter(waiting()).filter(Column::Lease.eq(lease)).order_by_asc(Column::Id).all(tx).await?;
    let names = device_names(tx, &rows).await?;
    let mut order = Vec::new();
    let mut all: BTreeMap<String, Claimed> = BTreeMap::new();
    for r in rows {
        let owner = owner(&r)?;
        let name = about(&r, &names);
        let claimed = all.entry(r.message.clone()).or_insert_with(|| {
            order.push(r.message.clone());
            Claimed {
                message: r.message,
                channel: r.channel_id,
                owner,
                urgent: r.urgent,
                attempts: u32::try_from(r.attempts).unwrap_or(u32::MAX),
                tried_since: r.tried_since.unwrap_or(now),
                mail_to: r.mail_to,
                items: Vec::new(),
            }
        });
        claimed.items.push((name, r.text, r.path));
    }
    Ok(order.iter().filter_map(|m| all.remove(m)).collect())
}

fn owner(r: &row::Model) -> Result<Owner> {
    match (&r.person_id, &r.team_id) {
        (Some(person), _) => Ok(Owner::Person(super::people::id(person)?)),
        (None, Some(team)) => Ok(Owner::Team(team.parse().map_err(|e| corrupt("a group's id", e))?)),
        (None, None) => Err(corrupt("the outbox", "something in it is for nobody")),
    }
}

/// What a message is about.
fn about(r: &row::Model, names: &BTreeMap<String, String>) -> String {
    match &r.device_id {
        Some(device) => names.get(device).cloned().unwrap_or_default(),
        None => super::notices::about_no_device(&r.key).to_owned(),
    }
}

async fn device_names<C: ConnectionTrait>(c: &C, rows: &[row::Model]) -> Result<BTreeMap<String, String>> {
    let ids: BTreeSet<&str> = rows.iter().filter_map(|r| r.device_id.as_deref()).collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let q = device::Entity::find().select_only().column(device::Column::Id).column(device::Column::Name);
    Ok(q.filter(device::Column::Id.is_in(ids)).into_tuple::<(String, String)>().all(c).await?.into_iter().collect())
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Delivered,
    /// Tried again at this moment, or when it was hurried to since this try began.
    Later {
        at: DateTime<Utc>,
        began: DateTime<Utc>,
        why: String,
    },
    Failed(String),
}

/// Marks a message, if it is still this claim's: one whose time ran out belongs to whoever claimed it since.
pub async fn settle<C: ConnectionTrait>(
    tx: &C,
    message: &str,
    lease: &str,
    outcome: Outcome,
    now: DateTime<Utc>,
) -> Result<bool> {
    let mut change =
        row::ActiveModel { lease: Set(None), lease_until: Set(None), error: Set(String::new()), ..Default::default() };
    let own = || waiting().add(Column::Message.eq(message)).add(Column::Lease.eq(lease));
    match outcome {
        Outcome::Delivered => {
            change.state = Set(State::Delivered.to_string());
            change.ended_at = Set(Some(now));
        }
        Outcome::Later { at, began, why } => {
            let q = row::Entity::update_many().col_expr(Column::DueAt, Expr::value(at));
            q.filter(own()).filter(Column::DueAt.lte(began)).exec(tx).await?;
            change.error = Set(why);
        }
        Outcome::Failed(why) => {
            change.state = Set(State::Failed.to_string());
            change.ended_at = Set(Some(now));
            change.error = Set(why);
        }
    }
    let done = row::Entity::update_many().set(change).filter(own()).exec(tx).await?;
    Ok(done.rows_affected > 0)
}
