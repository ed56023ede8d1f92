//! Tells people, in the transaction of what they are told (O5): in Custody itself, and through their channels.

mod account;
mod support;

pub(super) use account::{account_changed, account_in_use_changed};
pub use support::support_changed;

use super::Result;
use crate::{
    app::App,
    domain::{
        id::{DeviceId, PersonId},
        telling::{Kind, Owner, Wanted, due},
    },
    store::{
        self, Tx,
        channels::Channel,
        notices::Notice,
        outbox::Entry,
        roster::Roster,
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

impl Telling {
    fn news(self) -> News {
        let Self { to: _, device, key, at, text, path, urgent } = self;
        News { device, key, at, text, path, urgent }
    }
}

/// So many are put on record by one statement: databases bound what it holds.
const AT_ONCE: usize = 200;

/// Tells each person and each team of each thing once, whatever was asked before: teams through their own channels,
/// where they have some, people in Custody itself and as they chose.
pub async fn tell(
    tx: &Tx,
    app: &App,
    roster: &Roster,
    people: Vec<Telling>,
    teams: Vec<(Teams<'_>, News)>,
) -> Result<()> {
    let mut new = Vec::with_capacity(people.len());
    for part in people.chunks(AT_ONCE) {
        new.extend(put_on_record(tx, part).await?);
    }
    let mut sent = Vec::new();
    let outside = app.mail.is_some() || app.chat.is_some();
    if outside {
        for (teams, news) in teams {
            let told = roster.teams().iter().filter(|t| teams.are(t));
            sent.extend(told.flat_map(|t| roster.channels(Owner::Team(t.id)).iter().map(move |c| (t, c))).map(
                |(t, c)| {
                    let members = t.members.iter().map(|(person, _)| *person).collect();
                    Sent {
                        to: c.clone(),
                        news: news.clone(),
                        zone: app.policy.facility.time_zone,
                        of: members,
                        mail_to: None,
                    }
                },
            ));
        }
    }
    if outside {
        // Whoever's account is closed is told of nothing any more, but of that account itself (see `account`).
        for (person, news) in
            new.into_iter().filter_map(|t| Some((roster.person(t.to).filter(|p| p.active)?, t.news())))
        {
            let own = channels(roster, person.id).into_iter();
            let zone = person.zone(&app.policy);
            sent.extend(own.map(|to| Sent { to, news: news.clone(), zone, of: vec![person.id], mail_to: None }));
        }
    }
    send(tx, app, sent).await
}

/// Those who are not told yet.
async fn put_on_record(tx: &Tx, all: &[Telling]) -> Result<Vec<Telling>> {
    let notices = all.iter().map(|t| Notice {
        person: t.to,
        device: t.device,
        key: t.key.clone(),
        text: t.text.clone(),
        path: t.path.clone(),
        at: t.at,
    });
    let mut new = store::notices::insert(tx, notices.collect()).await?;
    Ok(all.iter().filter(|t| new.remove(&(t.to, t.key.clone()))).cloned().collect())
}

/// Somebody's channels, with mail as everybody has it who chose nothing about it.
fn channels(roster: &Roster, person: PersonId) -> Vec<Channel> {
    let mut own = roster.channels(Owner::Person(person)).to_vec();
    if !own.iter().any(|c| c.kind == Kind::Mail) {
        own.push(Channel::mail(person));
    }
    own
}

/// What goes to one channel, if it takes such a thing.
struct Sent {
    to: Channel,
    news: News,
    /// In which its owner's hours are.
    zone: Tz,
    /// Whose turn makes it theirs.
    of: Vec<PersonId>,
    /// Where it is mailed whatever the record says by then.
    mail_to: Option<String>,
}

/// Puts into the outbox what these channels take.
async fn send(tx: &Tx, app: &App, all: Vec<Sent>) -> Result<()> {
    // Whose turn it is matters to those alone who hear of nothing else.
    let asks = |s: &&Sent| s.to.preferences.wanted == Wanted::Mine && !s.news.urgent;
    let devices: BTreeSet<DeviceId> = all.iter().filter(asks).filter_map(|s| s.news.device).collect();
    let turns = match devices.is_empty() {
        true => BTreeMap::new(),
        false => store::standing::list_turns(tx, &devices).await?,
    };
    let now = app.clock.now();
    let entries = all.iter().filter_map(|s| {
        let turns = s.news.device.and_then(|d| turns.get(&d));
        let theirs = turns.is_some_and(|turns| turns.iter().any(|(person, _)| s.of.contains(person)));
        entry(app, s, theirs, now)
    });
    let entries: Vec<Entry> = entries.collect();
    for part in entries.chunks(AT_ONCE) {
        store::outbox::insert(tx, part.to_vec()).await?;
    }
    Ok(())
}

/// What a channel gets of it, if it takes such a thing.
fn entry(app: &App, sent: &Sent, my_turn: bool, now: DateTime<Utc>) -> Option<Entry> {
    let Sent { to: of, news, zone, mail_to, .. } = sent;
    let there = match of.kind {
        Kind::Mail => app.mail.is_some(),
        Kind::Mattermost | Kind::Slack | Kind::Zulip => app.chat.is_some(),
    };
    if !there || !of.preferences.wanted.takes(news.urgent, my_turn) {
        return None;
    }
    let due = due(&of.preferences, *zone, now, news.urgent);
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
        mail_to: mail_to.clone().filter(|_| of.kind == Kind::Mail),
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

impl Teams<'_> {
    fn are(&self, team: &Team) -> bool {
        match self {
            Self::Of(kind) => team.kind == *kind,
            Self::Named(name) => team.name == *name,
        }
    }
}

/// What a team is told through its own channels. Its members are told by [`tell`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// `None` where no device on record is meant.
    pub device: Option<DeviceId>,
    /// Names the cause, as in [`Telling`].
    pub key: String,
    pub at: DateTime<Utc>,
    pub text: String,
    /// Everybody there can follow it: never a link that is one person's own.
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
