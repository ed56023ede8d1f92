//! What the one search field finds: every name in plain letters, compared by a typo-resistant matcher (O2).

use super::names::{Names, Wrong};
use crate::domain::{
    id::{DeviceId, PersonId, ServerName},
    nearest::plain,
    observation::Known,
};
use frizbee::{CaseMatching, Config, Matcher, Matching, Pattern, PatternConfig, SortStrategy, UnicodeMatching};
use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
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
    /// 0 for the device's own name, else how urgent its instance is, and one.
    pub urgency: u8,
}

impl Owner {
    pub const NOBODY: Self = Self { device: u32::MAX, urgency: 0 };
}

/// So many names are compared closely where nothing has what was typed: each costs half a microsecond.
const COMPARED: usize = 8_000;

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
        let as_typed = self.matches(&reading, Matching::Substring);
        match as_typed.is_empty() {
            true => self.matches(&reading, Matching::Fuzzy),
            false => as_typed,
        }
    }

    /// What is most like it, though not enough to be found by it.
    pub fn near(&self, typed: &str, most: usize) -> Vec<&Target> {
        let reading = Reading::new(typed);
        if reading.whole().len() < 4 {
            return Vec::new();
        }
        let (slots, names) = self.names.candidates(&reading.words, Wrong::Letters { more: 1, most: COMPARED });
        let mut found = reading.matcher_forgiving(Matching::Fuzzy, 1).match_list(&names);
        found.retain(|m| reading.share(m.score) >= 45);
        found.sort_by(|a, b| {
            let name = |m: &frizbee::Match| names[m.index as usize];
            b.score.cmp(&a.score).then_with(|| name(a).cmp(name(b)))
        });
        found.iter().filter_map(|m| self.target(slots[m.index as usize])).take(most).collect()
    }

    fn matches(&self, reading: &Reading, how: Matching) -> Vec<Match> {
        let whole = reading.whole();
        let wrong = match how {
            Matching::Fuzzy => Wrong::Letters { more: 0, most: COMPARED },
            _ => Wrong::Nothing,
        };
        let (slots, names) = self.names.candidates(&reading.words, wrong);
        let found = reading.matcher(how).match_list(&names);
        let best = found.iter().map(|m| m.score).max().unwrap_or_default();
        let fits = found.iter().filter(|m| how != Matching::Fuzzy || reading.is_near(m.score, best));
        let told = fits.map(|m| {
            let (slot, name) = (slots[m.index as usize], names[m.index as usize]);
            let rank = match how {
                Matching::Fuzzy => u32::from(m.score),
                // The whole name, its beginning, anywhere in it.
                _ if name == whole => 3,
                _ if name.starts_with(&reading.words[0].plain) => 2,
                _ => 1,
            };
            Match { slot, rank: rank * 10 + u32::from(self.weights[slot]), owner: self.owners[slot] }
        });
        told.collect()
    }
}

/// What was typed, as it is compared: plain letters, word by word.
#[derive(Clone, Debug)]
pub struct Reading {
    words: Vec<Word>,
}

/// A word in plain letters.
#[derive(Clone, Debug)]
pub struct Word {
    pub plain: String,
    /// How many of its letters may be wrong.
    pub typos: u16,
}

impl Reading {
    pub fn new(typed: &str) -> Self {
        let words = typed.split_whitespace().map(plain).filter(|w| !w.is_empty());
        Self { words: words.map(|plain| Word { typos: typos(&plain), plain }).collect() }
    }

    /// All of it in a row.
    fn whole(&self) -> String {
        self.words.iter().map(|w| w.plain.as_str()).collect()
    }

    fn matcher(&self, how: Matching) -> Matcher {
        self.matcher_forgiving(how, 0)
    }

    /// With so many more letters wrong in each word than are forgiven.
    fn matcher_forgiving(&self, how: Matching, more: u16) -> Matcher {
        let patterns: Vec<Pattern> = self
            .words
            .iter()
            .map(|w| {
                let config = PatternConfig::default().max_typos(Some(w.typos + more)).matching(Some(how));
                Pattern::new(&w.plain, config)
            })
            .collect();
        // All text is plain by now.
        let config = Config::default()
            .casing(CaseMatching::Respect)
            .unicode(UnicodeMatching::Ignore)
            .sort(SortStrategy::IndexAsc);
        Matcher::from_patterns(&patterns, &config)
    }

    /// Whether a score is worth showing: letters that merely stand somewhere in the right order are not.
    fn is_near(&self, score: u16, best: u16) -> bool {
        self.share(score) >= 60 && u32::from(score) * 10 >= u32::from(best) * 8
    }

    /// A score in per cent of what the same letters in a row have.
    fn share(&self, score: u16) -> usize {
        // The matcher gives 12 for each letter that stands where it should, and 4 more for its case.
        let letters: usize = self.words.iter().map(|w| w.plain.len()).sum();
        usize::from(score) * 100 / (letters * 16).max(1)
    }
}

/// Shows in names which parts of them were meant; made once for all names of a page.
pub struct Marks {
    reading: Reading,
    /// As typed; else with gaps and typing errors.
    matchers: RefCell<[(Matching, Matcher); 2]>,
}

impl Marks {
    pub fn new(typed: &str) -> Self {
        let reading = Reading::new(typed);
        let matchers = [Matching::Substring, Matching::Fuzzy].map(|how| (how, reading.matcher(how)));
        Self { reading, matchers: RefCell::new(matchers) }
    }

    /// Pieces of a name in order, each with whether it was meant.
    pub fn mark(&self, name: &str) -> Vec<(String, bool)> {
        let mut plain_name = String::new();
        // Of each plain letter, the character of the name that it comes from.
        let mut from = Vec::new();
        for (at, c) in name.chars().enumerate() {
            let letters = plain(c.encode_utf8(&mut [0; 4]));
            from.extend(std::iter::repeat_n(at, letters.len()));
            plain_name += &letters;
        }
        let found = self.matchers.borrow_mut().iter_mut().find_map(|(how, matcher)| {
            let hit = matcher.match_one_indices(&plain_name, 0)?;
            (*how == Matching::Substring || self.reading.is_near(hit.score, hit.score)).then_some(hit.indices)
        });
        let hits: BTreeSet<usize> =
            found.unwrap_or_default().into_iter().filter_map(|i| from.get(i as usize).copied()).collect();
        let mut pieces: Vec<(String, bool)> = Vec::new();
        for (at, c) in name.chars().enumerate() {
            // A separator between two letters that were meant belongs to them.
            let between = !c.is_alphanumeric() && at > 0 && hits.contains(&(at - 1)) && hits.contains(&(at + 1));
            let hit = hits.contains(&at) || between;
            match pieces.last_mut() {
                Some((piece, same)) if *same == hit => piece.push(c),
                _ => pieces.push((c.to_string(), hit)),
            }
        }
        pieces
    }
}

/// How many letters of a word may be wrong.
fn typos(word: &str) -> u16 {
    match word.len() {
        ..4 => 0,
        4..8 => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests;
