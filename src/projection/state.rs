//! The maps behind the board: devices, what runs of them, servers, people, and the numbers of each kind.

mod put;
mod stopped;

use super::{
    card::Card,
    search::{Index, Target},
};
use crate::domain::{
    id::{DeviceId, PersonId, ServerName},
    lifecycle::StateName,
    observation::Known,
    person::People,
    server::Server,
    support::Support,
};
use chrono::{DateTime, Utc};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
    sync::{Arc, OnceLock},
};

/// An instance that runs, or one that has stopped.
pub type Place = Arc<Known>;

/// Where a device stands in the board's order: the most urgent first, then by name.
pub type Key = (Reverse<i32>, String);

/// Which devices. A device of any of these statuses or states is one of them; without either all are.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub instrument: Option<String>,
    pub supports: BTreeSet<Support>,
    pub states: BTreeSet<StateName>,
}

impl Filter {
    /// Whether it takes every device.
    pub fn is_all(&self) -> bool {
        self.instrument.is_none() && self.supports.is_empty() && self.states.is_empty()
    }

    pub fn takes(&self, card: &Card) -> bool {
        let there = self.instrument.as_ref().is_none_or(|i| card.instruments.contains(i));
        let any = self.supports.is_empty() && self.states.is_empty();
        let chosen = card.verdict.as_ref().is_some_and(|v| self.supports.contains(&v.support));
        there && (any || chosen || self.states.contains(&card.state))
    }
}

/// What is counted: an instrument or all of them, a state (`None` for instances that nobody registered), a status.
pub type Kind = (Option<String>, Option<StateName>, Option<Support>);

#[derive(Default)]
pub struct State {
    /// By number: what a device is called among the names.
    cards: Vec<Option<Arc<Card>>>,
    numbers: HashMap<DeviceId, u32>,
    names: BTreeMap<String, DeviceId>,
    /// The devices' numbers in the board's order, by instrument, `None` for all.
    orders: HashMap<Option<String>, BTreeMap<Key, u32>>,
    /// The order of all, side by side: a search may go through most of it. Put together where it is asked for.
    in_order: OnceLock<Vec<u32>>,
    counts: BTreeMap<Kind, u64>,
    /// What runs on each server by id, with the slot of its name.
    places: HashMap<ServerName, Vec<(Place, u32)>>,
    of_device: HashMap<DeviceId, Vec<Place>>,
    /// What has stopped of devices on record, kept in the same way: it is found by its name, and counts nowhere as running.
    stopped: HashMap<ServerName, Vec<(Place, u32)>>,
    stopped_of: HashMap<DeviceId, Vec<Place>>,
    /// Devices by the servers that they are placed on, and servers on record by their hosts.
    placed_on: HashMap<ServerName, BTreeSet<DeviceId>>,
    on_host: HashMap<String, BTreeSet<ServerName>>,
    /// Instances that run and are not registered, with the slots of their names.
    strangers: BTreeMap<(String, ServerName), (Place, u32)>,
    servers: BTreeMap<ServerName, Server>,
    people: People,
    of_person: HashMap<PersonId, BTreeSet<DeviceId>>,
    of_class: HashMap<String, BTreeSet<DeviceId>>,
    of_group: HashMap<String, BTreeSet<DeviceId>>,
    /// Changes of support status that the shift has not acknowledged.
    unacknowledged: BTreeMap<i64, DateTime<Utc>>,
    /// Devices with an override that has not ended.
    overridden: BTreeSet<DeviceId>,
    index: Index,
    device_slots: HashMap<DeviceId, usize>,
    person_slots: HashMap<PersonId, usize>,
    /// Classes, servers and hosts: how many things name them.
    words: HashMap<Word, (usize, usize)>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Word {
    Class(String),
    Group(String),
    Server(ServerName),
    Host(String),
}

/// Where an instance stands among those of its server, or would.
fn find(on: &[(Place, u32)], instance: &str) -> Result<usize, usize> {
    on.binary_search_by(|(place, _)| place.seen.instance.as_str().cmp(instance))
}

impl State {
    /// Devices with an override that has not ended (G12).
    pub fn overridden(&self) -> impl Iterator<Item = &Arc<Card>> {
        self.overridden.iter().filter_map(|id| self.card(*id))
    }

    pub fn card(&self, id: DeviceId) -> Option<&Arc<Card>> {
        self.numbered(*self.numbers.get(&id)?)
    }

    pub(super) fn numbered(&self, number: u32) -> Option<&Arc<Card>> {
        self.cards.get(number as usize)?.as_ref()
    }

    pub(super) fn number(&self, id: DeviceId) -> Option<u32> {
        self.numbers.get(&id).copied()
    }

    /// A device's number for good; it may be asked for before the device itself is here.
    fn give_number(&mut self, id: DeviceId) -> u32 {
        let next = u32::try_from(self.cards.len()).expect("memory ends before numbers do");
        let number = *self.numbers.entry(id).or_insert(next);
        if number == next {
            self.cards.push(None);
        }
        number
    }

    pub fn card_by_name(&self, name: &str) -> Option<&Arc<Card>> {
        self.card(*self.names.get(name)?)
    }

    pub fn cards(&self) -> impl Iterator<Item = &Arc<Card>> {
        self.cards.iter().flatten()
    }

    /// What runs of a device, by id.
    pub fn places(&self, device: DeviceId) -> &[Place] {
        self.of_device.get(&device).map_or(&[], Vec::as_slice)
    }

    pub fn place(&self, instance: &str, server: &ServerName) -> Option<&Place> {
        let on = self.places.get(server)?;
        find(on, instance).ok().map(|at| &on[at].0)
    }

    /// Everything that runs.
    pub fn all_places(&self) -> impl Iterator<Item = &Place> {
        self.places.values().flatten().map(|(place, _)| place)
    }

    pub fn people(&self) -> &People {
        &self.people
    }

    pub fn server(&self, name: &ServerName) -> Option<&Server> {
        self.servers.get(name)
    }

    /// How many there are of each kind.
    pub fn counts(&self) -> &BTreeMap<Kind, u64> {
        &self.counts
    }

    /// How many changes the shift has not acknowledged, and how many of these came before `late`.
    pub fn count_unacknowledged(&self, late: DateTime<Utc>) -> (usize, usize) {
        (self.unacknowledged.len(), self.unacknowledged.values().filter(|at| **at < late).count())
    }

    /// When the oldest change came that the shift has not acknowledged (H8). In order of their numbers they need not be in
    /// order of time: replicas' clocks differ.
    pub fn oldest_unacknowledged(&self) -> Option<DateTime<Utc>> {
        self.unacknowledged.values().min().copied()
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.strangers.is_empty()
    }

    /// The devices that a filter takes, in the board's order, those behind `after`.
    pub fn list<'a>(&'a self, filter: &'a Filter, after: Option<Key>) -> impl Iterator<Item = &'a Arc<Card>> {
        let order = self.orders.get(&filter.instrument);
        // Where statuses alone are chosen, only theirs are looked through.
        let urgencies: Vec<i32> = match filter.states.is_empty() && !filter.supports.is_empty() {
            true => filter.supports.iter().rev().map(|s| s.urgency()).collect(),
            false => Vec::new(),
        };
        let from = move |at: Key| match &after {
            Some(key) if *key >= at => Bound::Excluded(key.clone()),
            _ => Bound::Included(at),
        };
        let ranges: Vec<(Bound<Key>, Bound<Key>)> = match urgencies.is_empty() {
            true => vec![(from((Reverse(i32::MAX), String::new())), Bound::Unbounded)],
            false => urgencies
                .into_iter()
                .map(|u| (from((Reverse(u), String::new())), Bound::Excluded((Reverse(u - 1), String::new()))))
                // A range that begins behind its end is of what was shown already.
                .filter(
                    |(a, b)| matches!((a, b), (Bound::Included(a) | Bound::Excluded(a), Bound::Excluded(b)) if a < b),
                )
                .collect(),
        };
        let keys = order.into_iter().flat_map(move |o| ranges.clone().into_iter().flat_map(|r| o.range(r)));
        keys.filter_map(|(_, number)| self.numbered(*number)).filter(|c| filter.takes(c))
    }

    /// The numbers of all devices in the board's order.
    pub(super) fn numbers_in_order(&self) -> impl Iterator<Item = u32> {
        let all = self
            .in_order
            .get_or_init(|| self.orders.get(&None).into_iter().flat_map(BTreeMap::values).copied().collect());
        all.iter().copied()
    }

    /// Devices in order of name, those behind `after`.
    pub fn list_by_name<'a>(&'a self, filter: &'a Filter, after: &str) -> impl Iterator<Item = &'a Arc<Card>> {
        let behind = (Bound::Excluded(after.to_owned()), Bound::Unbounded);
        self.names.range(behind).filter_map(|(_, id)| self.card(*id)).filter(|c| filter.takes(c))
    }

    /// Instances that run and are not registered, by id; those on the servers of one instrument where it is given.
    pub fn strangers<'a>(&'a self, instrument: Option<&'a str>) -> impl Iterator<Item = &'a Place> {
        self.strangers
            .values()
            .map(|(p, _)| p)
            .filter(move |p| instrument.is_none_or(|i| self.instrument(p) == Some(i)))
    }

    /// The devices and instances of this very name, but for case, accents and separators: never a search (O4). Of
    /// instances also those that have stopped.
    pub fn whole(&self, typed: &str) -> (Vec<&Arc<Card>>, Vec<&Place>) {
        let (mut cards, mut places) = (Vec::new(), Vec::new());
        for target in self.index.whole(typed) {
            match target {
                Target::Device(id) => cards.extend(self.card(*id)),
                Target::Instance(place) => places.push(place),
                _ => {}
            }
        }
        (cards, places)
    }

    /// Instances that run and are not registered, by id, those behind `after`.
    pub fn strangers_after(&self, after: Option<&(String, ServerName)>) -> impl Iterator<Item = &Place> {
        let from = after.map_or(Bound::Unbounded, |key| Bound::Excluded(key.clone()));
        self.strangers.range((from, Bound::Unbounded)).map(|(_, (place, _))| place)
    }

    /// The slots of the names of instances that run and are not registered, by id.
    pub(super) fn stranger_slots(&self) -> impl Iterator<Item = usize> {
        self.strangers.values().map(|(_, slot)| *slot as usize)
    }

    /// The instrument of the server that it runs on, where that is on record.
    pub fn instrument(&self, place: &Known) -> Option<&str> {
        self.servers.get(&place.seen.server).map(|s| s.instrument.as_str())
    }

    pub(super) fn index(&self) -> &Index {
        &self.index
    }

    /// Where the name of a server stands in the index.
    pub(super) fn server_slot(&self, server: &ServerName) -> Option<usize> {
        self.words.get(&Word::Server(server.clone())).map(|(slot, _)| *slot)
    }

    /// Whether whoever searches for this name finds something.
    pub(super) fn leads(&self, target: &Target) -> bool {
        let has = |server: &ServerName| {
            self.places.contains_key(server) || self.stopped.contains_key(server) || self.placed_on.contains_key(server)
        };
        match target {
            Target::Server(name) => has(name),
            // More than the records of its servers name it: what was reported there does.
            Target::Host(name) => {
                let named = self.words.get(&Word::Host(name.clone())).map_or(0, |(_, n)| *n);
                self.on_host(name).any(has) || named > self.on_host(name).count()
            }
            Target::Person(id) => self.of_person.contains_key(id),
            Target::Device(_) | Target::Instance(_) | Target::Class(_) | Target::Group(_) => true,
        }
    }

    pub(super) fn placed_on(&self, server: &ServerName) -> impl Iterator<Item = DeviceId> + '_ {
        self.placed_on.get(server).into_iter().flatten().copied()
    }

    pub(super) fn on_host(&self, host: &str) -> impl Iterator<Item = &ServerName> {
        self.on_host.get(host).into_iter().flatten()
    }

    pub(super) fn of_class(&self, class: &str) -> impl Iterator<Item = DeviceId> + '_ {
        self.of_class.get(class).into_iter().flatten().copied()
    }

    pub(super) fn of_group(&self, group: &str) -> impl Iterator<Item = DeviceId> + '_ {
        self.of_group.get(group).into_iter().flatten().copied()
    }

    pub(super) fn of_person(&self, person: PersonId) -> impl Iterator<Item = DeviceId> + '_ {
        self.of_person.get(&person).into_iter().flatten().copied()
    }
}
