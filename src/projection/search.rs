//! What the one search field finds: every name in plain letters, compared by a typo-resistant matcher (O2).

mod typed;

use super::{grid::Note, names::Names, reading::Reading, rows::Rows};
use crate::domain::{
    id::{DeviceId, PersonId, ServerName},
    nearest::plain,
    observation::Known,
};
use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

pub use typed::FOLLOWED;

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

    fn device(self) -> Option<u32> {
        (self != Self::NOBODY).then_some(self.device)
    }
}

/// What else leads to an instance: the slots of the names of its class, its server and its host.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    pub class: usize,
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
    around: Vec<Option<[u32; 3]>>,
    weights: Vec<u8>,
    free: Vec<usize>,
    /// From a print of the plain letters to a slot that has it: whole names are found without a search.
    prints: HashMap<u64, u32>,
    /// Of each slot the next one of the same print, or [`LAST`].
    same: Vec<u32>,
    rows: Rows,
}

/// No slot follows.
const LAST: u32 = u32::MAX;

fn number(slot: usize) -> u32 {
    u32::try_from(slot).expect("memory ends before numbers do")
}

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
        self.set(slot, target, owner);
        self.join(slot);
        self.same[slot] = self.prints.insert(print, number(slot)).unwrap_or(LAST);
        slot
    }

    /// What has this very name, but for case, accents and separators. It costs the same however many names there are.
    pub fn whole(&self, typed: &str) -> impl Iterator<Item = &Target> {
        self.slots_of(plain(typed)).filter_map(|slot| self.targets[slot].as_ref())
    }

    fn slots_of(&self, typed: String) -> impl Iterator<Item = usize> {
        let first = match typed.is_empty() {
            true => None,
            false => self.prints.get(&print(&typed)).copied(),
        };
        let slots = std::iter::successors(first, |slot| Some(self.same[*slot as usize]).filter(|next| *next != LAST));
        slots.map(|slot| slot as usize).filter(move |slot| self.names.get(*slot) == Some(&typed))
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
        let moves = self.owners[slot].device != owner.device;
        if moves {
            self.leave(slot);
        }
        self.set(slot, target, owner);
        if moves {
            self.join(slot);
        }
    }

    fn join(&mut self, slot: usize) {
        let note = self.targets[slot].as_ref().and_then(|target| note(target, self.owners[slot]));
        self.rows.join(slot, self.owners[slot].device(), self.names.get(slot).unwrap_or_default(), note);
    }

    fn leave(&mut self, slot: usize) {
        let note = |slot: usize| note(self.targets[slot].as_ref()?, self.owners[slot]);
        self.rows.leave(slot, self.owners[slot].device(), &self.names, note);
    }

    fn set(&mut self, slot: usize, target: Target, owner: Owner) {
        self.weights[slot] = target.weight();
        self.owners[slot] = owner;
        self.targets[slot] = Some(target);
    }

    /// Says what leads to the instance of this name.
    pub fn place(&mut self, slot: usize, Around { class, server, host }: Around) {
        self.around[slot] = Some([class, server, host].map(number));
    }

    /// The row of a device, which its names share.
    pub fn row_of(&self, device: u32) -> Option<usize> {
        self.rows.of_device(device)
    }

    /// The row of the name in this slot.
    pub fn row(&self, slot: usize) -> usize {
        self.rows.of(slot)
    }

    /// How many slots there are.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// The slots of all instances, and what leads to each of them.
    pub fn placed(&self) -> impl Iterator<Item = (usize, Around)> {
        self.around.iter().enumerate().filter_map(|(slot, around)| {
            let [class, server, host] = (*around)?.map(|slot| slot as usize);
            Some((slot, Around { class, server, host }))
        })
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
        self.leave(slot);
        self.names.clear(slot);
        self.targets[slot] = None;
        self.owners[slot] = Owner::NOBODY;
        self.around[slot] = None;
        self.free.push(slot);
    }
}

/// What the grid notes of a name.
fn note(target: &Target, owner: Owner) -> Option<Note> {
    match target {
        Target::Device(_) => Some(Note::Device),
        Target::Instance(_) => (owner == Owner::NOBODY).then_some(Note::Stranger),
        other => Some(Note::Other(other.weight())),
    }
}

#[cfg(test)]
mod tests;
