//! From the names that fit to devices and instances, best first.

use super::{
    card::Card,
    grid::{Bits, Note},
    search::{FOLLOWED, Match, Owner, Target},
    state::{Place, State},
};
use crate::domain::id::DeviceId;
use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// What a search found.
#[derive(Clone, Debug, Default)]
pub struct Hits {
    /// The most likely first, as many as were asked for; the others in no order.
    pub devices: Vec<Hit>,
    /// Instances that run and are not registered, the most likely first, at least as many as were asked for.
    pub strangers: Vec<(u32, Place)>,
    /// How many more devices and such instances fit.
    pub besides: usize,
    /// Whether all of them have what was typed with typing errors alone.
    pub nearly: bool,
}

/// A device that a search found.
#[derive(Clone, Copy, Debug)]
pub struct Hit {
    pub device: DeviceId,
    pub rank: u32,
    /// The name of an instance through which it was found.
    slot: Option<usize>,
}

/// How well a device fits so far: the rank, how urgent the instance is, and the name that says so.
#[derive(Clone, Copy, Default)]
struct Best {
    rank: u32,
    urgency: u8,
    slot: usize,
}

impl State {
    /// What somebody may mean by this; the first `most` devices are in order.
    pub fn find(&self, typed: &str, most: usize) -> Hits {
        let fitting = self.index().fitting(typed, most, &|of| self.in_order(of));
        let mut found = Found { besides: fitting.besides, nearly: fitting.nearly, ..Found::default() };
        let mut around = Vec::new();
        for m in fitting.matches {
            match m.owner {
                Owner::NOBODY => match self.index().target(m.slot) {
                    Some(Target::Instance(_)) => found.stranger(self.index().row(m.slot), m.rank, m.slot),
                    Some(_) => around.push(m),
                    None => {}
                },
                owner => found.device(owner, m.rank, m.slot),
            }
        }
        around.sort_by_key(|m| Reverse(m.rank));
        around.truncate(FOLLOWED);
        let mut there: Vec<&Match> = Vec::new();
        for m in &around {
            match self.index().target(m.slot) {
                Some(Target::Server(_) | Target::Host(_)) => there.push(m),
                // Nobody registered it: no device brings it.
                Some(Target::Class(class)) if self.of_class(class).next().is_none() => there.push(m),
                _ => self.follow(m, &mut found),
            }
        }
        if !there.is_empty() {
            self.placed(&there, &mut found);
        }
        self.sorted(found, most)
    }

    /// The rows of the devices on record, or of the instances that nobody registered, as both are listed.
    fn in_order(&self, of: Note) -> Box<dyn Iterator<Item = usize> + '_> {
        match of {
            Note::Stranger => Box::new(self.stranger_slots().map(|slot| self.index().row(slot))),
            _ => Box::new(self.numbers_in_order().filter_map(|number| self.index().row_of(number))),
        }
    }

    /// The instance through which a device was found. Of one that has stopped where it runs now, if it moved.
    pub fn found_by(&self, hit: &Hit) -> Option<&Place> {
        match self.index().target(hit.slot?)? {
            Target::Instance(place) if place.seen.runs() => Some(place),
            Target::Instance(place) => self.moved(place).or(Some(place)),
            _ => None,
        }
    }

    /// Whether that instance was asked for by its whole id.
    pub fn is_whole(&self, hit: &Hit, typed: &str) -> bool {
        hit.slot.is_some_and(|slot| self.index().is_whole(slot, typed))
    }

    /// Names like this one that lead to something, the most alike first: for somebody who found nothing.
    pub fn near(&self, typed: &str, most: usize) -> Vec<String> {
        let near =
            self.index().near(typed, most * 4, &|of| self.in_order(of)).into_iter().filter(|target| self.leads(target));
        let names = near.filter_map(|target| match target {
            Target::Device(id) => self.card(*id).map(|c| c.name.clone()),
            Target::Instance(place) => Some(place.seen.instance.clone()),
            Target::Class(name) | Target::Group(name) | Target::Host(name) => Some(name.clone()),
            Target::Server(name) => Some(name.0.clone()),
            Target::Person(id) => self.people().get(*id).map(|p| p.name.clone()),
        });
        let mut seen = HashSet::new();
        names.filter(|n| seen.insert(n.clone())).take(most).collect()
    }

    fn follow(&self, m: &Match, found: &mut Found) {
        let mut device = |id: DeviceId| {
            if let Some(device) = self.number(id) {
                found.device(Owner { device, urgency: 0 }, m.rank, m.slot);
            }
        };
        match self.index().target(m.slot) {
            Some(Target::Class(class)) => self.of_class(class).for_each(&mut device),
            Some(Target::Group(name)) => self.of_group(name).for_each(&mut device),
            Some(Target::Person(id)) => self.of_person(*id).for_each(&mut device),
            Some(Target::Server(_) | Target::Host(_) | Target::Device(_) | Target::Instance(_)) | None => {}
        }
    }

    /// What runs, or ran until it stopped, on these servers and hosts, and what nobody registered of these classes: one
    /// look at everything for all of them. And what is placed there, seen or not.
    fn placed(&self, there: &[&Match], found: &mut Found) {
        let mut ranks = vec![0; self.index().len()];
        for m in there {
            ranks[m.slot] = ranks[m.slot].max(m.rank);
            let (server, host) = match self.index().target(m.slot) {
                Some(Target::Server(name)) => (Some(name), None),
                Some(Target::Host(name)) => (None, Some(name)),
                _ => (None, None),
            };
            for server in server.into_iter().chain(host.into_iter().flat_map(|h| self.on_host(h))) {
                if let Some(slot) = self.server_slot(server) {
                    ranks[slot] = ranks[slot].max(m.rank);
                }
                for device in self.placed_on(server).filter_map(|id| self.number(id)) {
                    found.device(Owner { device, urgency: 0 }, m.rank, m.slot);
                }
            }
        }
        for (slot, around) in self.index().placed() {
            let (class, rank) = (ranks[around.class], ranks[around.server].max(ranks[around.host]));
            if class.max(rank) == 0 {
                continue;
            }
            match (self.index().owner(slot), self.index().target(slot)) {
                (Owner::NOBODY, _) => {
                    let rank = if class > 0 { class } else { rank };
                    found.stranger(self.index().row(slot), rank, slot);
                }
                _ if rank == 0 => {}
                // It has stopped here, and runs elsewhere.
                (_, Some(Target::Instance(place))) if !place.seen.runs() && self.moved(place).is_some() => {}
                (owner, _) => found.device(owner, rank, slot),
            }
        }
    }

    fn sorted(&self, mut found: Found, most: usize) -> Hits {
        found.best.keys().filter_map(|number| self.index().row_of(*number)).for_each(|row| found.besides.take(row));
        let mut devices: Vec<Ranked> = found
            .best
            .iter()
            .filter_map(|(number, best)| Some((best, self.numbered(*number)?)))
            .map(|(best, card)| ((Reverse(best.rank), Reverse(card.urgency()), beginning(&card.name)), card, best))
            .collect();
        let order = |a: &Ranked, b: &Ranked| a.0.cmp(&b.0).then_with(|| a.1.name.cmp(&b.1.name));
        if most < devices.len() {
            devices.select_nth_unstable_by(most, order);
        }
        let first = most.min(devices.len());
        devices[..first].sort_unstable_by(order);
        let devices = devices
            .into_iter()
            .map(|((Reverse(rank), ..), card, best)| Hit {
                device: card.id,
                rank,
                slot: (best.urgency > 0).then_some(best.slot),
            })
            .collect();
        let place = |(rank, slot): &(u32, usize)| match self.index().target(*slot)? {
            Target::Instance(place) => Some((*rank, place.clone())),
            _ => None,
        };
        let mut strangers: Vec<(u32, Place)> = found.strangers.iter().filter_map(place).collect();
        strangers.sort_by(|(a, x), (b, y)| {
            let (x, y) = (&x.seen, &y.seen);
            b.cmp(a).then_with(|| x.instance.cmp(&y.instance)).then_with(|| x.server.cmp(&y.server))
        });
        Hits { devices, strangers, besides: found.besides.count(), nearly: found.nearly }
    }
}

/// The rank, how urgent the device is and how its name begins; its card; and by which name it was found.
type Ranked<'a> = ((Reverse<u32>, Reverse<i32>, u128), &'a Arc<Card>, &'a Best);

/// The first letters of a name, in the order of names: thousands fit two letters as well, and only few of them are alike
/// so far that their names, which lie far away in memory, are compared.
fn beginning(name: &str) -> u128 {
    let mut first = [0; 16];
    first.iter_mut().zip(name.bytes()).for_each(|(at, b)| *at = b);
    u128::from_be_bytes(first)
}

#[derive(Default)]
struct Found {
    /// By the devices' numbers.
    best: HashMap<u32, Best>,
    /// Their ranks and slots.
    strangers: Vec<(u32, usize)>,
    /// The rows of these.
    known: Bits,
    /// The rows of what fits as well.
    besides: Bits,
    nearly: bool,
}

impl Found {
    /// Of two names that fit as well, an instance's tells more, and of two instances the one that needs more attention.
    fn device(&mut self, owner: Owner, rank: u32, slot: usize) {
        let best = self.best.entry(owner.device).or_default();
        let tells = |b: &Best| (b.rank, b.urgency, Reverse(b.slot));
        let other = Best { rank, urgency: owner.urgency, slot };
        if tells(&other) > tells(best) {
            *best = other;
        }
    }

    /// Its own name tells more than what leads to it.
    fn stranger(&mut self, row: usize, rank: u32, slot: usize) {
        if !self.known.has(row) && !self.besides.has(row) {
            self.known.put(row);
            self.strangers.push((rank, slot));
        }
    }
}
