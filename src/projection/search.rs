//! What the one search field finds: every name in plain letters, compared by a typo-resistant matcher (O2).

use super::{names::Names, reading::Reading};
use crate::domain::{
    id::{DeviceId, PersonId, ServerName},
    nearest::plain,
    observation::Known,
};
use frizbee::Matching;
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

/// What a name is the name of.
#[derive(Clone, Debug)]
pub enum Target {
    Device(DeviceId),
    Instance(Arc<Known>),
    Class(String),
    /// A group of contributors.
    Group(String),
    Server(ServerName),
    Host(String),
    Person(PersonId),
}

impl Target {
    /// What is meant more likely by the same letters comes first.
    fn weight(&self) -> u8 {
        match self {
            Self::Device(_) | Self::Instance(_) => 4,
            Self::Class(_) => 3,
            Self::Group(_) => 2,
            Self::Person(_) => 2,
            Self::Server(_) => 1,
            Self::Host(_) => 0,
        }
    }
}

/// A name that was found.
#[derive(Clone, Copy, Debug)]
pub struct Match {
    pub slot: usize,
    /// How well it fits: more is better.
    pub rank: u32,
    /// Whose it is.
    pub owner: Owner,
}

/// The device that a name belongs to, kept beside it: who types two letters means a hundred thousand names, and what
/// each of them is the name of lies far away in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The device's number; [`Owner::NOBODY`] where the name is not one device's alone.
    pub device: u32,
    /// 0 for the device's own name, 1 for an instance that has stopped, else how urgent its instance is, and two.
    pub urgency: u8,
}

impl Owner {
    pub const NOBODY: Self = Self { device: u32::MAX, urgency: 0 };
}

/// So many names are compared closely where nothing has what was typed: each costs half a microsecond.
const COMPARED: usize = 2_000;

/// Where an instance runs: the slots of its server's and its host's names.
#[derive(Clone, Copy, Debug, Default)]
pub struct Around {
    pub server: usize,
    pub host: usize,
}

/// Every name that can be searched for; a name keeps its slot until it is removed.
#[derive(Default)]
pub struct Index {
    /// In plain letters.
    names: Names,
    targets: Vec<Option<Target>>,
    owners: Vec<Owner>,
    /// `None` for what is no instance.
    around: Vec<Option<Around>>,
    weights: Vec<u8>,
    free: Vec<usize>,
    /// From a print of the plain letters to a slot that has it: whole names are found without a search.
    prints: HashMap<u64, u32>,
    /// Of each slot the next one of the same print, or [`LAST`].
    same: Vec<u32>,
}

/// No slot follows.
const LAST: u32 = u32::MAX;

fn print(plain: &str) -> u64 {
    let mut print = DefaultHasher::new();
    plain.hash(&mut print);
    print.finish()
}

impl Index {
    pub fn insert(&mut self, name: &str, target: Target, owner: Owner) -> usize {
        let plain = plain(name);
        let print = print(&plain);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.targets.push(None);
            self.owners.push(Owner::NOBODY);
            self.around.push(None);
            self.weights.push(0);
            self.same.push(LAST);
            self.targets.len() - 1
        });
        self.names.put(slot, &plain);
        self.replace(slot, target, owner);
        let number = u32::try_from(slot).expect("memory ends before numbers do");
        self.same[slot] = self.prints.insert(print, number).unwrap_or(LAST);
        slot
    }

    /// What has this very name, but for case, accents and separators. It costs the same however many names there are.
    pub fn whole(&self, typed: &str) -> impl Iterator<Item = &Target> {
        let typed = plain(typed);
        let first = match typed.is_empty() {
            true => None,
            false => self.prints.get(&print(&typed)).copied(),
        };
        let slots = std::iter::successors(first, |slot| Some(self.same[*slot as usize]).filter(|next| *next != LAST));
        let slots = slots.map(|slot| slot as usize).filter(move |slot| self.names.get(*slot) == Some(&typed));
        slots.filter_map(|slot| self.targets[slot].as_ref())
    }

    /// Takes a slot out of those of its print.
    fn forget(&mut self, slot: usize) {
        let print = print(self.names.get(slot).unwrap_or_default());
        let next = std::mem::replace(&mut self.same[slot], LAST);
        let Some(mut at) = self.prints.get(&print).map(|first| *first as usize) else { return };
        if at == slot {
            match next {
                LAST => drop(self.prints.remove(&print)),
                next => drop(self.prints.insert(print, next)),
            }
            return;
        }
        while self.same[at] != LAST {
            let following = self.same[at] as usize;
            if following == slot {
                self.same[at] = next;
                return;
            }
            at = following;
        }
    }

    /// The same name, of something that was read anew.
    pub fn replace(&mut self, slot: usize, target: Target, owner: Owner) {
        self.weights[slot] = target.weight();
        self.owners[slot] = owner;
        self.targets[slot] = Some(target);
    }

    /// Says where the instance of this name runs.
    pub fn place(&mut self, slot: usize, around: Around) {
        self.around[slot] = Some(around);
    }

    /// How many slots there are.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// The slots of all instances, and where each of them runs.
    pub fn placed(&self) -> impl Iterator<Item = (usize, Around)> {
        self.around.iter().enumerate().filter_map(|(slot, around)| Some((slot, (*around)?)))
    }

    pub fn owner(&self, slot: usize) -> Owner {
        self.owners.get(slot).copied().unwrap_or(Owner::NOBODY)
    }

    pub fn target(&self, slot: usize) -> Option<&Target> {
        self.targets.get(slot)?.as_ref()
    }

    /// Whether the name in this slot is all of what was typed, but for case, accents and separators.
    pub fn is_whole(&self, slot: usize, typed: &str) -> bool {
        self.names.get(slot) == Some(&Reading::new(typed).whole())
    }

    pub fn remove(&mut self, slot: usize) {
        self.forget(slot);
        self.names.clear(slot);
        self.targets[slot] = None;
        self.owners[slot] = Owner::NOBODY;
        self.around[slot] = None;
        self.free.push(slot);
    }

    /// What fits, in no order. Names that hold every word as it stands; without any, those that hold them with gaps and
    /// one or two typing errors.
    pub fn find(&self, typed: &str) -> Vec<Match> {
        let reading = Reading::new(typed);
        if reading.words.is_empty() {
            return Vec::new();
        }
        let as_typed = self.as_typed(&reading);
        match as_typed.is_empty() {
            true => self.nearly(&reading),
            false => as_typed,
        }
    }

    /// What is most like it, though not enough to be found by it.
    pub fn near(&self, typed: &str, most: usize) -> Vec<&Target> {
        let reading = Reading::new(typed);
        if reading.whole().len() < 4 {
            return Vec::new();
        }
        let (slots, names) = self.like(&reading, 1);
        let mut found = reading.matcher_forgiving(Matching::Fuzzy, 1).match_list(&names);
        found.retain(|m| reading.share(m.score) >= 45);
        found.sort_by(|a, b| {
            let name = |m: &frizbee::Match| names[m.index as usize];
            b.score.cmp(&a.score).then_with(|| name(a).cmp(name(b)))
        });
        found.iter().filter_map(|m| self.target(slots[m.index as usize])).take(most).collect()
    }

    fn like(&self, reading: &Reading, more: u16) -> (Vec<usize>, Vec<&str>) {
        self.names.like(&reading.words, more, COMPARED, |slot| self.owners[slot].urgency)
    }

    fn as_typed(&self, reading: &Reading) -> Vec<Match> {
        let whole = reading.whole();
        let held = self.names.holding(&reading.words).map(|(slot, name)| {
            // The whole name, its beginning, anywhere in it.
            let rank = match name {
                _ if name == whole => 3,
                _ if name.starts_with(&reading.words[0].plain) => 2,
                _ => 1,
            };
            self.matched(slot, rank)
        });
        held.collect()
    }

    fn nearly(&self, reading: &Reading) -> Vec<Match> {
        let (slots, names) = self.like(reading, 0);
        let found = reading.matcher(Matching::Fuzzy).match_list(&names);
        let best = found.iter().map(|m| m.score).max().unwrap_or_default();
        let fits = found.iter().filter(|m| reading.is_near(m.score, best));
        fits.map(|m| self.matched(slots[m.index as usize], u32::from(m.score))).collect()
    }

    fn matched(&self, slot: usize, rank: u32) -> Match {
        Match { slot, rank: rank * 10 + u32::from(self.weights[slot]), owner: self.owners[slot] }
    }
}

#[cfg(test)]
mod tests;
