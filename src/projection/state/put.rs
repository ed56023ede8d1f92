//! What comes in: each thing as it is now, in the place of what was known of it.

use super::{
    Kind, Place, State, Word, find,
    stopped::{STOPPED, remove},
};
use crate::{
    domain::{
        id::{DeviceId, ServerName},
        observation::Known,
        person::Person,
        server::Server,
    },
    projection::{
        card::Card,
        search::{Around, Owner, Target},
    },
};
use chrono::{DateTime, Utc};
use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

impl State {
    /// Puts a device as it is now in the place of what was known of it.
    pub fn put_card(&mut self, card: Card) {
        if self.card(card.id).is_none_or(|was| (was.urgency(), &was.name) != (card.urgency(), &card.name)) {
            self.in_order.take();
        }
        self.take_card(card.id);
        let card = Arc::new(card);
        let number = self.give_number(card.id);
        let key = (Reverse(card.urgency()), card.name.clone());
        for (instrument, kind) in kinds(&card) {
            self.orders.entry(instrument).or_default().insert(key.clone(), number);
            *self.counts.entry(kind).or_default() += 1;
        }
        for class in &card.classes {
            self.of_class.entry(class.clone()).or_default().insert(card.id);
            self.name(Word::Class(class.clone()));
        }
        self.of_group.entry(card.group.clone()).or_default().insert(card.id);
        self.name(Word::Group(card.group.clone()));
        for placement in &card.placements {
            self.name(Word::Server(placement.server.clone()));
            self.placed_on.entry(placement.server.clone()).or_default().insert(card.id);
        }
        for person in card.people() {
            self.of_person.entry(person).or_default().insert(card.id);
        }
        if !card.overrides.is_empty() {
            self.overridden.insert(card.id);
        }
        self.unacknowledged.extend(&card.unacknowledged);
        self.names.insert(card.name.clone(), card.id);
        let slot = self.index.insert(&card.name, Target::Device(card.id), Owner { device: number, urgency: 0 });
        self.device_slots.insert(card.id, slot);
        self.cards[number as usize] = Some(card);
    }

    fn take_card(&mut self, id: DeviceId) {
        let number = self.number(id).map(|n| n as usize);
        let Some(card) = number.and_then(|n| self.cards.get_mut(n)?.take()) else {
            return;
        };
        let key = (Reverse(card.urgency()), card.name.clone());
        for (instrument, kind) in kinds(&card) {
            if let Some(order) = self.orders.get_mut(&instrument) {
                order.remove(&key);
            }
            self.uncount(&kind);
        }
        for class in &card.classes {
            drop_from(&mut self.of_class, class, &id);
            self.unname(&Word::Class(class.clone()));
        }
        drop_from(&mut self.of_group, &card.group, &id);
        self.unname(&Word::Group(card.group.clone()));
        for placement in &card.placements {
            self.unname(&Word::Server(placement.server.clone()));
            drop_from(&mut self.placed_on, &placement.server, &id);
        }
        for person in card.people() {
            drop_from(&mut self.of_person, &person, &id);
        }
        for seq in card.unacknowledged.keys() {
            self.unacknowledged.remove(seq);
        }
        self.overridden.remove(&id);
        self.names.remove(&card.name);
        if let Some(slot) = self.device_slots.remove(&id) {
            self.index.remove(slot);
        }
    }

    /// What is known of a server now, in the place of what was known of it.
    pub fn put_server(&mut self, server: &ServerName, all: Vec<Known>) {
        let here: BTreeSet<&str> = all.iter().map(|k| k.seen.instance.as_str()).collect();
        let before = [&self.places, &self.stopped].into_iter().flat_map(|of| of.get(server)).flatten();
        let before = before.map(|(place, _)| &place.seen.instance);
        let gone: Vec<String> = before.filter(|instance| !here.contains(instance.as_str())).cloned().collect();
        for instance in gone {
            self.remove_place(&instance, server);
        }
        for known in all {
            self.put_place(Arc::new(known));
        }
    }

    /// What is not known there any more.
    pub fn remove_place(&mut self, instance: &str, server: &ServerName) {
        self.remove_running(instance, server);
        self.remove_stopped(instance, server);
    }

    fn remove_running(&mut self, instance: &str, server: &ServerName) {
        let Some((place, slot)) = remove(&mut self.places, instance, server) else { return };
        self.take(&place);
        self.index.remove(slot);
    }

    /// It was seen again as it was known: of all that is kept of it only the moment is another.
    pub fn see_again(&mut self, instance: &str, server: &ServerName, now: DateTime<Utc>) {
        let Some(on) = self.places.get_mut(server) else { return };
        let Ok(at) = find(on, instance) else { return };
        let (place, slot) = &mut on[at];
        if !place.seen.runs() || place.seen.seen >= now {
            return;
        }
        let was = place.clone();
        let mut known = Known::clone(&was);
        known.seen.seen = now;
        let new: Place = Arc::new(known);
        *place = new.clone();
        let slot = *slot as usize;
        let owner = self.index.owner(slot);
        self.index.replace(slot, Target::Instance(new.clone()), owner);
        match new.device {
            Some(device) => {
                let of = self.of_device.get_mut(&device).into_iter().flatten();
                of.filter(|p| Arc::ptr_eq(p, &was)).for_each(|p| *p = new.clone());
            }
            None => {
                let key = (instance.to_owned(), server.clone());
                self.strangers.insert(key, (new, number(slot)));
            }
        }
    }

    /// An instance as it is now.
    pub fn put_place(&mut self, place: Place) {
        self.remove_stopped(&place.seen.instance, &place.seen.server);
        if !place.seen.runs() {
            self.remove_running(&place.seen.instance, &place.seen.server);
            self.put_stopped(place);
            return;
        }
        let urgency = u8::try_from(place.verdict.support.urgency()).unwrap_or_default().saturating_add(STOPPED + 1);
        let owner = match place.device {
            Some(device) => Owner { device: self.give_number(device), urgency },
            None => Owner::NOBODY,
        };
        let seen = &place.seen;
        let on = self.places.entry(seen.server.clone()).or_default();
        let slot = match find(on, &seen.instance) {
            // Its name stays in the index.
            Ok(at) => {
                let slot = on[at].1 as usize;
                let before = std::mem::replace(&mut on[at].0, place.clone());
                self.take(&before);
                self.index.replace(slot, Target::Instance(place.clone()), owner);
                slot
            }
            Err(at) => {
                let slot = self.index.insert(&seen.instance, Target::Instance(place.clone()), owner);
                on.insert(at, (place.clone(), number(slot)));
                slot
            }
        };
        match place.device {
            Some(device) => {
                let of = self.of_device.entry(device).or_default();
                let at = of.partition_point(|p| (&p.seen.instance, &p.seen.server) < (&seen.instance, &seen.server));
                of.insert(at, place.clone());
            }
            None => {
                self.count_stranger(&place, true);
                self.strangers.insert((seen.instance.clone(), seen.server.clone()), (place.clone(), number(slot)));
            }
        }
        let [class, server, host] = words(&place).map(|word| self.name(word));
        self.index.place(slot, Around { class, server, host });
    }

    fn take(&mut self, place: &Place) {
        match place.device {
            Some(device) => {
                if let Some(of) = self.of_device.get_mut(&device) {
                    of.retain(|p| !Arc::ptr_eq(p, place));
                }
            }
            None => {
                self.strangers.remove(&(place.seen.instance.clone(), place.seen.server.clone()));
                self.count_stranger(place, false);
            }
        }
        for word in words(place) {
            self.unname(&word);
        }
    }

    /// A server on record; what runs there counts for its instrument from now on.
    pub fn put_record(&mut self, server: Server) {
        let there: Vec<Place> = self.strangers(None).filter(|p| p.seen.server == server.name).cloned().collect();
        for place in &there {
            self.count_stranger(place, false);
        }
        self.name(Word::Server(server.name.clone()));
        self.name(Word::Host(server.host.clone()));
        self.take_record(&server.name);
        self.on_host.entry(server.host.clone()).or_default().insert(server.name.clone());
        self.servers.insert(server.name.clone(), server);
        for place in &there {
            self.count_stranger(place, true);
        }
    }

    /// A server that was taken off the record; what runs there counts for no instrument any more.
    pub fn remove_record(&mut self, server: &ServerName) {
        let there: Vec<Place> = self.strangers(None).filter(|p| p.seen.server == *server).cloned().collect();
        for place in &there {
            self.count_stranger(place, false);
        }
        self.take_record(server);
        for place in &there {
            self.count_stranger(place, true);
        }
    }

    fn take_record(&mut self, server: &ServerName) {
        let Some(before) = self.servers.remove(server) else { return };
        drop_from(&mut self.on_host, &before.host, &before.name);
        self.unname(&Word::Server(before.name));
        self.unname(&Word::Host(before.host));
    }

    pub fn put_person(&mut self, person: Person) {
        if let Some(slot) = self.person_slots.remove(&person.id) {
            self.index.remove(slot);
        }
        // Who has left is found through nothing any more.
        if person.active {
            self.person_slots
                .insert(person.id, self.index.insert(&person.name, Target::Person(person.id), Owner::NOBODY));
        }
        self.people.0.insert(person.id, person);
    }

    fn count_stranger(&mut self, place: &Known, there: bool) {
        let instrument = self.instrument(place).map(str::to_owned);
        for kind in instrument.map(Some).into_iter().chain([None]).map(|i| (i, None, None)) {
            match there {
                true => *self.counts.entry(kind).or_default() += 1,
                false => self.uncount(&kind),
            }
        }
    }

    fn uncount(&mut self, kind: &Kind) {
        if let Some(n) = self.counts.get_mut(kind) {
            *n -= 1;
            if *n == 0 {
                self.counts.remove(kind);
            }
        }
    }

    /// Counts something that names this; the slot of the name.
    pub(super) fn name(&mut self, word: Word) -> usize {
        if let Some((slot, n)) = self.words.get_mut(&word) {
            *n += 1;
            return *slot;
        }
        let slot = match &word {
            Word::Class(name) => self.index.insert(name, Target::Class(name.clone()), Owner::NOBODY),
            Word::Group(name) => self.index.insert(name, Target::Group(name.clone()), Owner::NOBODY),
            Word::Server(name) => self.index.insert(&name.0, Target::Server(name.clone()), Owner::NOBODY),
            Word::Host(name) => self.index.insert(name, Target::Host(name.clone()), Owner::NOBODY),
        };
        self.words.insert(word, (slot, 1));
        slot
    }

    pub(super) fn unname(&mut self, word: &Word) {
        if let Some((slot, n)) = self.words.get_mut(word) {
            *n -= 1;
            if *n == 0 {
                self.index.remove(*slot);
                self.words.remove(word);
            }
        }
    }
}

pub(super) fn number(slot: usize) -> u32 {
    u32::try_from(slot).expect("memory ends before numbers do")
}

/// Each instrument of a device, and all of them: where it stands and what it counts as.
fn kinds(card: &Card) -> impl Iterator<Item = (Option<String>, Kind)> + '_ {
    let support = card.verdict.as_ref().map(|v| v.support);
    let each: BTreeSet<&String> = card.instruments.iter().collect();
    let instruments = each.into_iter().cloned().map(Some).chain([None]);
    instruments.map(move |i| (i.clone(), (i, Some(card.state), support)))
}

pub(super) fn words(place: &Known) -> [Word; 3] {
    let seen = &place.seen;
    [Word::Class(seen.class.clone()), Word::Server(seen.server.clone()), Word::Host(seen.host.clone())]
}

fn drop_from<K: std::hash::Hash + Eq, V: Ord>(map: &mut HashMap<K, BTreeSet<V>>, key: &K, value: &V) {
    if let Some(all) = map.get_mut(key) {
        all.remove(value);
        if all.is_empty() {
            map.remove(key);
        }
    }
}
