//! Channels: how people and groups are told outside Custody (O5).

use super::{Result, corrupt, entity::channel as row};
use crate::domain::{
    id::PersonId,
    telling::{Kind, Owner, Preferences, Secret},
};
use chrono::{DateTime, NaiveTime, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    sea_query::OnConflict,
};
use std::collections::BTreeSet;

/// A channel with its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    pub id: String,
    pub owner: Owner,
    pub kind: Kind,
    /// A webhook, a Zulip site, or where a group's mail goes; a person's goes where their account says.
    pub address: Secret,
    /// A Zulip bot, its key, and where it writes.
    pub login: String,
    pub secret: Secret,
    pub stream: String,
    pub topic: String,
    pub preferences: Preferences,
}

/// The id of somebody's mail, whether they chose anything about it or not.
pub fn mail_id(person: PersonId) -> String {
    format!("mail-{person}")
}

impl Channel {
    /// Whether it is a person's mail, which is theirs without being added and is never removed.
    pub fn is_own_mail(&self) -> bool {
        self.kind == Kind::Mail && matches!(self.owner, Owner::Person(_))
    }

    /// Mail as everybody has it who chose nothing: all of it, at once.
    pub fn mail(person: PersonId) -> Self {
        Self {
            id: mail_id(person),
            owner: Owner::Person(person),
            kind: Kind::Mail,
            address: Secret::default(),
            login: String::new(),
            secret: Secret::default(),
            stream: String::new(),
            topic: String::new(),
            preferences: Preferences::default(),
        }
    }
}

const TIME: &str = "%H:%M";

fn time(text: &str) -> Result<NaiveTime> {
    NaiveTime::parse_from_str(text, TIME).map_err(|e| corrupt("a time of day", e))
}

fn hydrate(r: row::Model) -> Result<Channel> {
    let owner = match (&r.person_id, &r.team_id) {
        (Some(person), _) => Owner::Person(super::people::id(person)?),
        (None, Some(team)) => Owner::Team(team.parse().map_err(|e| corrupt("a group's id", e))?),
        (None, None) => return Err(corrupt("a channel", "it is nobody's")),
    };
    let quiet = match (&r.quiet_from, &r.quiet_to) {
        (Some(from), Some(to)) => Some((time(from)?, time(to)?)),
        _ => None,
    };
    Ok(Channel {
        owner,
        kind: r.kind.parse().map_err(|e| corrupt("a channel's kind", e))?,
        preferences: Preferences {
            wanted: r.wanted.parse().map_err(|e| corrupt("what a channel takes", e))?,
            digest: r.digest_at.as_deref().map(time).transpose()?,
            quiet,
        },
        id: r.id,
        address: Secret(r.address),
        login: r.login,
        secret: Secret(r.secret),
        stream: r.stream,
        topic: r.topic,
    })
}

fn owned_by(owner: Owner) -> Condition {
    match owner {
        Owner::Person(person) => Condition::all().add(row::Column::PersonId.eq(person.to_string())),
        Owner::Team(team) => Condition::all().add(row::Column::TeamId.eq(team.to_string())),
    }
}

/// Somebody's channels, mail first where they chose anything about it.
pub async fn list<C: ConnectionTrait>(c: &C, owner: Owner) -> Result<Vec<Channel>> {
    let q = row::Entity::find().filter(owned_by(owner)).order_by_asc(row::Column::Kind).order_by_asc(row::Column::Id);
    q.all(c).await?.into_iter().map(hydrate).collect()
}

/// Everybody's channels. One query.
pub async fn list_all<C: ConnectionTrait>(c: &C) -> Result<Vec<Channel>> {
    row::Entity::find().order_by_asc(row::Column::Id).all(c).await?.into_iter().map(hydrate).collect()
}

/// The channels of all of these. One query.
pub async fn list_of<C: ConnectionTrait>(c: &C, owners: &BTreeSet<Owner>) -> Result<Vec<Channel>> {
    let (mut people, mut teams) = (Vec::new(), Vec::new());
    for owner in owners {
        match owner {
            Owner::Person(person) => people.push(person.to_string()),
            Owner::Team(team) => teams.push(team.to_string()),
        }
    }
    let of = Condition::any().add(row::Column::PersonId.is_in(people)).add(row::Column::TeamId.is_in(teams));
    row::Entity::find().filter(of).order_by_asc(row::Column::Id).all(c).await?.into_iter().map(hydrate).collect()
}

/// One of somebody's channels; nobody else's is found.
pub async fn find<C: ConnectionTrait>(c: &C, id: &str, owner: Owner) -> Result<Option<Channel>> {
    row::Entity::find_by_id(id.to_owned()).filter(owned_by(owner)).one(c).await?.map(hydrate).transpose()
}

pub async fn save<C: ConnectionTrait>(tx: &C, channel: &Channel, now: DateTime<Utc>) -> Result<()> {
    let of = &channel.preferences;
    let text = |time: NaiveTime| time.format(TIME).to_string();
    let (person_id, team_id) = match channel.owner {
        Owner::Person(person) => (Some(person.to_string()), None),
        Owner::Team(team) => (None, Some(team.to_string())),
    };
    let row = row::ActiveModel {
        id: Set(channel.id.clone()),
        person_id: Set(person_id),
        team_id: Set(team_id),
        kind: Set(channel.kind.to_string()),
        address: Set(channel.address.0.clone()),
        login: Set(channel.login.clone()),
        secret: Set(channel.secret.0.clone()),
        stream: Set(channel.stream.clone()),
        topic: Set(channel.topic.clone()),
        wanted: Set(of.wanted.to_string()),
        digest_at: Set(of.digest.map(text)),
        quiet_from: Set(of.quiet.map(|q| text(q.0))),
        quiet_to: Set(of.quiet.map(|q| text(q.1))),
        changed_at: Set(now),
    };
    use row::Column::*;
    let columns = [Address, Login, Secret, Stream, Topic, Wanted, DigestAt, QuietFrom, QuietTo, ChangedAt];
    row::Entity::insert(row)
        .on_conflict(OnConflict::column(Id).update_columns(columns).to_owned())
        .exec_without_returning(tx)
        .await
        .map(|_| ())
}

pub async fn delete<C: ConnectionTrait>(tx: &C, id: &str) -> Result<()> {
    row::Entity::delete_by_id(id.to_owned()).exec(tx).await.map(|_| ())
}
