//! Who is who, and which server is which, kept in memory as it was read last. Every change of a device and every page of
//! one asks for some of it, and it is seldom written to: in place of ten queries there is one, for the version that it is in.

use super::{
    Result,
    channels::{self, Channel},
    corrupt, people, servers,
    teams::{self, Team, TeamKind},
};
use crate::domain::{
    id::{PersonId, ServerName},
    person::{People, Person},
    server::Server,
    telling::Owner,
};
use sea_orm::{
    ConnectionTrait,
    sea_query::{Query, SelectStatement},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

/// Everybody and every server, as they are in one version of the database.
#[derive(Debug)]
pub struct Roster {
    version: String,
    people: People,
    teams: Vec<Team>,
    channels: BTreeMap<Owner, Vec<Channel>>,
    servers: BTreeMap<ServerName, Server>,
}

/// What was read last.
#[derive(Clone, Debug, Default)]
pub struct Kept(Arc<Mutex<Option<Arc<Roster>>>>);

impl Kept {
    /// As it is for this transaction, what it wrote itself included. One query; eight after a change of people, groups,
    /// channels or servers.
    pub async fn current<C: ConnectionTrait>(&self, c: &C) -> Result<Arc<Roster>> {
        let found = c.query_one_raw(c.get_database_backend().build(&version())).await?;
        let found = found.ok_or_else(|| corrupt("the roster's version", "it is missing"))?;
        self.of(c, found.try_get("", "version")?).await
    }

    /// The same where its version is known.
    pub async fn of<C: ConnectionTrait>(&self, c: &C, version: String) -> Result<Arc<Roster>> {
        if let Some(kept) = self.at(&version) {
            return Ok(kept);
        }
        // A version that is rolled back never comes again, so this may be kept whatever becomes of the transaction; and
        // what is read outside of one may be newer than its version, which then is nobody's any more.
        let roster = Arc::new(Roster::read(c, version).await?);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(roster.clone());
        Ok(roster)
    }

    /// What was read last, where that is this version.
    pub fn at(&self, version: &str) -> Option<Arc<Roster>> {
        self.get().filter(|kept| kept.version == version)
    }

    fn get(&self) -> Option<Arc<Roster>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Asks for the version that the database is in.
pub(super) fn version() -> SelectStatement {
    Query::select().column("version").from("roster").to_owned()
}

impl Roster {
    async fn read<C: ConnectionTrait>(c: &C, version: String) -> Result<Self> {
        let mut channels: BTreeMap<Owner, Vec<Channel>> = BTreeMap::new();
        for channel in channels::list_all(c).await? {
            channels.entry(channel.owner).or_default().push(channel);
        }
        Ok(Self {
            version,
            people: people::load_everybody(c).await?,
            teams: teams::list_teams(c).await?,
            channels,
            servers: servers::list(c, None).await?.into_iter().map(|s| (s.name.clone(), s)).collect(),
        })
    }

    pub fn person(&self, id: PersonId) -> Option<&Person> {
        self.people.get(id)
    }

    pub fn everybody(&self) -> &People {
        &self.people
    }

    /// These people, those that exist.
    pub fn people(&self, ids: &BTreeSet<PersonId>) -> People {
        ids.iter().filter_map(|id| self.people.get(*id).cloned()).collect()
    }

    /// The named experts of these areas.
    pub fn experts(&self, areas: &[String]) -> BTreeSet<PersonId> {
        self.members(|t| t.kind == TeamKind::Experts && t.area.as_ref().is_some_and(|a| areas.contains(a)))
    }

    /// Everybody who may approve (T4).
    pub fn reviewers(&self) -> BTreeSet<PersonId> {
        let all = self.teams.iter().flat_map(|t| &t.members);
        all.filter(|(_, reviewer)| *reviewer).map(|(person, _)| *person).collect()
    }

    /// Everybody in a group of this kind.
    pub fn of_kind(&self, kind: TeamKind) -> BTreeSet<PersonId> {
        self.members(|t| t.kind == kind)
    }

    /// The members of the team of this name.
    pub fn of_team(&self, name: &str) -> BTreeSet<PersonId> {
        self.members(|t| t.name == name)
    }

    fn members(&self, of: impl Fn(&Team) -> bool) -> BTreeSet<PersonId> {
        self.teams.iter().filter(|t| of(t)).flat_map(|t| &t.members).map(|(person, _)| *person).collect()
    }

    pub fn teams(&self) -> &[Team] {
        &self.teams
    }

    /// How somebody is told outside Custody.
    pub fn channels(&self, owner: Owner) -> &[Channel] {
        self.channels.get(&owner).map_or(&[], Vec::as_slice)
    }

    /// The channel of this id; `None` where it was removed, and for mail about which nothing was chosen.
    pub fn channel(&self, id: &str) -> Option<&Channel> {
        self.channels.values().flatten().find(|c| c.id == id)
    }

    /// These servers, those that exist.
    pub fn servers(&self, names: impl IntoIterator<Item = ServerName>) -> BTreeMap<ServerName, Server> {
        names.into_iter().filter_map(|name| self.servers.get(&name).cloned().map(|s| (name, s))).collect()
    }
}
