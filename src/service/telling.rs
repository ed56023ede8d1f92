//! Tells people, in the transaction of what they are told (O5): in Custody itself, and through their channels.

mod support;

pub use support::support_changed;

use super::Result;
use crate::{
    app::App,
    domain::{
        id::{DeviceId, PersonId},
        telling::{Kind, Owner, due},
    },
    store::{
        self, Tx,
        channels::Channel,
        notices::Notice,
        outbox::Entry,
        teams::{Team, TeamKind},
    },
};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use std::collections::{BTreeMap, BTreeSet};

/// What one person is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    pub to: PersonId,
    /// `None` where no device on record is meant.
    pub device: Option<DeviceId>,
    /// Names the cause: nobody is told twice of one. `journal/4711`, `contact/<device>/2027-01-03`.
    pub key: String,
    pub at: DateTime<Utc>,
    /// A sentence, with its subject.
    pub text: String,
    /// The local path that the link leads to.
    pub path: String,
    /// Not held back by quiet hours or a digest.
    pub urgent: bool,
}

/// So many are put on record by one statement: databases bound what it holds.
const AT_ONCE: usize = 200;

/// Tells each of them once, whatever was asked before.
pub async fn tell(tx: &Tx, app: &App, all: Vec<Telling>) -> Result<()> {
    for part in all.chunks(AT_ONCE) {
        tell_some(tx, app, part.to_vec()).await?;
    }
    Ok(())
}

async fn tell_some(tx: &Tx, app: &App, all: Vec<Telling>) -> Result<()> {
    let keys: BTreeSet<_> = all.iter().map(|t| t.key.clone()).collect();
    let people: BTreeSet<_> = all.iter().map(|t| t.to).collect();
    let mut told = store::notices::list_told(tx, &people, &keys).await?;
    let new: Vec<Telling> = all.into_iter().filter(|t| told.insert((t.to, t.key.clone()))).collect();
    if new.is_empty() {
        return Ok(());
    }
    let notices = new.iter().map(|t| Notice {
        person: t.to,
        device: t.device,
        key: t.key.clone(),
        text: t.text.clone(),
        path: t.path.clone(),
        at: t.at,
    });
    store::notices::insert(tx, notices.collect()).await?;
    send(tx, app, new).await
}

/// Puts into the outbox what these people's channels take.
async fn send(tx: &Tx, app: &App, all: Vec<Telling>) -> Result<()> {
    if app.mail.is_none() && app.chat.is_none() {
        return Ok(());
    }
    let people: BTreeSet<_> = all.iter().map(|t| t.to).collect();
    let zones = store::people::list_zones(tx, &people).await?;
    let turns = store::standing::list_turns(tx, &all.iter().filter_map(|t| t.device).collect()).await?;
    let mut channels: BTreeMap<PersonId, Vec<Channel>> = BTreeMap::new();
    for channel in store::channels::list_of(tx, &people.iter().copied().map(Owner::Person).collect()).await? {
        if let Owner::Person(person) = channel.owner {
            channels.entry(person).or_default().push(channel);
        }
    }
    for person in people {
        let own = channels.entry(person).or_default();
        if !own.iter().any(|c| c.kind == Kind::Mail) {
            own.push(Channel::mail(person));
        }
    }
    let now = app.clock.now();
    let mut entries = Vec::new();
    for t in all {
        // Whoever's account is closed is told of nothing any more.
        let Some(zone) = zones.get(&t.to) else { continue };
        let zone = zone.parse().unwrap_or(app.policy.facility.time_zone);
        let my_turn = t.device.is_some_and(|d| turns.contains(&(d, t.to)));
        let news = News { device: t.device, key: t.key, at: t.at, text: t.text, path: t.path, urgent: t.urgent };
        let own = channels.get(&t.to).into_iter().flatten();
        entries.extend(own.filter_map(|c| entry(app, c, &news, zone, my_turn, now)));
    }
    Ok(store::outbox::insert(tx, entries).await?)
}

/// What a channel gets of it, if it takes such a thing.
fn entry(app: &App, of: &Channel, news: &News, zone: Tz, my_turn: bool, now: DateTime<Utc>) -> Option<Entry> {
    let there = match of.kind {
        Kind::Mail => app.mail.is_some(),
        Kind::Mattermost | Kind::Slack | Kind::Zulip => app.chat.is_some(),
    };
    if !there || !of.preferences.wanted.takes(news.urgent, my_turn) {
        return None;
    }
    let due = due(&of.preferences, zone, now, news.urgent);
    Some(Entry {
        channel: of.id.clone(),
        owner: of.owner,
        device: news.device,
        key: news.key.clone(),
        text: news.text.clone(),
        path: news.path.clone(),
        urgent: news.urgent,
        at: news.at,
        due: due.at,
        digest: due.digest,
        in_order: of.kind != Kind::Mail,
    })
}

/// The teams that hear of something as teams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Teams<'a> {
    /// Every group of this kind, like the shift's.
    Of(TeamKind),
    /// The team of this name.
    Named(&'a str),
}

/// What a team is told in its own chat. Its members are told by [`tell`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// `None` where no device on record is meant.
    pub device: Option<DeviceId>,
    /// Names the cause, as in [`Telling`].
    pub key: String,
    pub at: DateTime<Utc>,
    pub text: String,
    /// Everybody in the chat can follow it: never a link that is one person's own.
    pub path: String,
    pub urgent: bool,
}

impl News {
    /// The same for one person.
    pub fn to(&self, person: PersonId) -> Telling {
        let Self { device, key, at, text, path, urgent } = self.clone();
        Telling { to: person, device, key, at, text, path, urgent }
    }
}

/// Tells each of these teams of each thing once, where it has a chat of its own.
pub async fn tell_teams(tx: &Tx, app: &App, teams: Teams<'_>, all: Vec<News>) -> Result<()> {
    if app.chat.is_none() || all.is_empty() {
        return Ok(());
    }
    let told: Vec<Team> = store::teams::list_teams(tx)
        .await?
        .into_iter()
        .filter(|t| match teams {
            Teams::Of(kind) => t.kind == kind,
            Teams::Named(name) => t.name == name,
        })
        .collect();
    let owners = told.iter().map(|t| Owner::Team(t.id)).collect();
    let channels = store::channels::list_of(tx, &owners).await?;
    if channels.is_empty() {
        return Ok(());
    }
    let turns = store::standing::list_turns(tx, &all.iter().filter_map(|n| n.device).collect()).await?;
    let zone = app.policy.facility.time_zone;
    let now = app.clock.now();
    let mut entries = Vec::new();
    for news in &all {
        entries.extend(channels.iter().filter_map(|c| {
            let mut members = told.iter().filter(|t| c.owner == Owner::Team(t.id)).flat_map(|t| &t.members);
            let their_turn = members.any(|(p, _)| news.device.is_some_and(|d| turns.contains(&(d, *p))));
            entry(app, c, news, zone, their_turn, now)
        }));
    }
    for part in entries.chunks(AT_ONCE) {
        store::outbox::insert(tx, part.to_vec()).await?;
    }
    Ok(())
}
