//! From what was typed to the names that fit.

use super::{Index, Match, Target};
use crate::projection::{
    grid::{Bits, Column, Note},
    names::Wanted,
    reading::{Reading, Stretch},
};
use memchr::memmem::Finder;
use std::cmp::Reverse;

/// So many names are compared closely where nothing has what was typed: each costs a microsecond.
const COMPARED: usize = 1_000;

/// And so many are looked at to find these.
const LOOKED_AT: usize = 8_000;

/// So many rows are looked at whatever their order: of more than these those that come first are found sooner in order.
const FEW: usize = if cfg!(test) { 4 } else { 400 };

/// Of classes, groups, servers, hosts and people that fit, so many are followed to what they stand for: who types two
/// letters means none of the others.
pub const FOLLOWED: usize = 50;

/// The rows of the devices on record in the board's order, or those of strangers by their ids.
pub type Order<'a> = dyn Fn(Note) -> Box<dyn Iterator<Item = usize> + 'a> + 'a;

/// What fits.
#[derive(Default)]
pub struct Fitting {
    /// Of each device the name that says most.
    pub matches: Vec<Match>,
    /// The rows of more devices and strangers that fit by their names, and come behind as many as were asked for.
    pub besides: Bits,
    /// Whether no name holds what was typed, and these have it with typing errors.
    pub nearly: bool,
}

impl Index {
    /// What fits, in no order: names that hold every word as it stands; without any, those that hold them with one or two
    /// typing errors, and never those in which its letters are merely scattered. Of devices and strangers those that may
    /// be among the first `most`.
    pub fn fitting(&self, typed: &str, most: usize, order: &Order) -> Fitting {
        let ways = Reading::ways(typed);
        let as_typed = ways.iter().map(|way| self.as_typed(way, most, order));
        let nearly =
            ways.iter().map(|way| Fitting { matches: self.nearly(way, order), nearly: true, ..Fitting::default() });
        as_typed.chain(nearly).find(|fitting| !fitting.matches.is_empty()).unwrap_or_default()
    }

    /// What is most like it, though not enough to be found by it.
    pub fn near(&self, typed: &str, most: usize, order: &Order) -> Vec<&Target> {
        let reading = Reading::new(typed);
        let letters = reading.whole().len();
        if letters < 3 {
            return Vec::new();
        }
        // Of three letters each has to be there.
        let more = u16::from(letters > 3);
        let mut resembling = reading.resembling(more);
        // What shares not even a third of its pairs has its letters merely scattered.
        let pairs = reading.words.iter().map(|w| w.plain.len().saturating_sub(1)).sum::<usize>();
        let lacking = pairs * 2 / 3;
        let levels = self.rows.grid().like(self.rows.len(), &reading.words, more, lacking);
        let names = self.like(&reading, more, (&levels, lacking), order).into_iter();
        let weight = |slot: usize| Reverse(self.weights[slot]);
        let alike = names.filter_map(|(slot, name)| Some((Reverse(resembling.share(name)?), name, weight(slot), slot)));
        let mut found: Vec<_> = alike.filter(|(Reverse(share), ..)| *share >= 45).collect();
        found.sort();
        // A class mostly has its device's name.
        found.dedup_by_key(|(_, name, ..)| *name);
        found.iter().filter_map(|(.., slot)| self.target(*slot)).take(most).collect()
    }

    fn as_typed(&self, reading: &Reading, most: usize, order: &Order) -> Fitting {
        let (grid, whole) = (self.rows.grid(), reading.whole());
        let Some(first) = reading.words.first().map(|w| w.plain.as_str()) else { return Fitting::default() };
        let words: Vec<Finder> = reading.words.iter().map(|w| Finder::new(&w.plain)).collect();
        // The whole name, its beginning, anywhere in it.
        let rank = |slot: usize| {
            let name = self.names.get(slot)?;
            let holds = words.iter().all(|word| word.find(name.as_bytes()).is_some());
            holds.then_some(match name {
                _ if name == whole => 3,
                _ if name.starts_with(first) => 2,
                _ => 1,
            })
        };
        let mut held = grid.held(&reading.words);
        let mut begun = held.and(grid.column(Column::begun(first)));
        // One letter or two are known of each row; of more only the names themselves tell.
        let unsure = match reading.words.len() == 1 && first.len() <= 2 {
            true => held.and(grid.column(Note::Loose)),
            false => held.clone(),
        };
        for row in unsure.each() {
            let enough = if begun.has(row) { 2 } else { 1 };
            let mut best = 0;
            self.rows.slots(row).filter_map(rank).find(|rank| {
                best = best.max(*rank);
                best >= enough
            });
            if best < 2 {
                begun.take(row);
            }
            if best < 1 {
                held.take(row);
            }
        }
        let tiers = [&begun, &held.without(&begun)];

        let mut kept = Bits::default();
        self.slots_of(whole.clone()).for_each(|slot| kept.put(self.row(slot)));
        for of in [Note::Device, Note::Stranger] {
            let mut left = most;
            for rows in tiers.map(|tier| tier.and(grid.column(of))) {
                let many = rows.count();
                match many <= left.max(FEW) {
                    true => rows.each().for_each(|row| kept.put(row)),
                    false => self.rows.ordered(&rows, order(of)).take(left).for_each(|row| kept.put(row)),
                }
                left = left.saturating_sub(many);
            }
        }
        let others = tiers.into_iter().flat_map(|tier| [3, 2, 1, 0].map(|weight| (tier, Note::Other(weight))));
        let others = others.map(|(tier, of)| tier.and(grid.column(of)).each().take(FOLLOWED).collect::<Vec<_>>());
        others.flatten().take(FOLLOWED).for_each(|row| kept.put(row));

        let counted = grid.column(Note::Device).clone().or(grid.column(Note::Stranger));
        let best = |row: usize| {
            let fits = self.rows.slots(row).filter_map(|slot| Some(self.matched(slot, rank(slot)?)));
            fits.max_by_key(|m| (m.rank, m.owner.urgency, Reverse(m.slot)))
        };
        Fitting {
            matches: kept.each().filter_map(best).collect(),
            besides: held.and(&counted).without(&kept),
            nearly: false,
        }
    }

    /// The names that may hold each word with so many letters more than are forgiven, of the rows by what they lack, and
    /// lack no more pairs than this themselves; and their slots: those that share most with what was typed, and of them
    /// those that are most urgent.
    fn like(
        &self,
        reading: &Reading,
        more: u16,
        (levels, lacking): (&[Bits], usize),
        order: &Order,
    ) -> Vec<(usize, &str)> {
        let wanted: Vec<Wanted> = reading.words.iter().map(|w| Wanted::new(w, more)).collect();
        let mut slots: Vec<(u32, Reverse<u8>, usize)> = Vec::new();
        let mut looked = 0;
        for (lack, rows) in (0..).zip(levels).take(lacking + 1) {
            // What shares less comes behind.
            if looked >= LOOKED_AT || slots.iter().filter(|(lacks, ..)| *lacks < lack).count() >= COMPARED {
                break;
            }
            let many = rows.count() > FEW;
            let in_order = many.then(|| self.rows.ordered(rows, order(Note::Device)));
            let all = (!many).then(|| rows.each());
            for row in in_order.into_iter().flatten().chain(all.into_iter().flatten()) {
                if many && looked >= LOOKED_AT {
                    break;
                }
                for slot in self.rows.slots(row) {
                    looked += 1;
                    let lacks = self.names.lacks(slot, &wanted).filter(|lacks| *lacks as usize <= lacking);
                    slots.extend(lacks.map(|lacks| (lacks, Reverse(self.owners[slot].urgency), slot)));
                }
            }
        }
        if slots.len() > COMPARED {
            slots.select_nth_unstable(COMPARED);
            slots.truncate(COMPARED);
        }
        slots.into_iter().filter_map(|(.., slot)| Some((slot, self.names.get(slot)?))).collect()
    }

    /// Those with fewer errors first; of as many, whole names and their beginnings as above.
    fn nearly(&self, reading: &Reading, order: &Order) -> Vec<Match> {
        let typos = usize::from(reading.typos());
        // Two neighbours that are swapped spoil three pairs, any other error no more than two: what is swapped besides
        // another error is looked for where nothing is nearer.
        let (most, all) = (typos.max(2) * 2, typos * 3);
        let levels = self.rows.grid().like(self.rows.len(), &reading.words, 0, all);
        let found = self.nearly_lacking(reading, (&levels, most.min(all)), order);
        if found.is_empty() && most < all { self.nearly_lacking(reading, (&levels, all), order) } else { found }
    }

    fn nearly_lacking(&self, reading: &Reading, levels: (&[Bits], usize), order: &Order) -> Vec<Match> {
        let typos = reading.typos();
        let names = self.like(reading, 0, levels, order).into_iter();
        let mut finder = reading.finder();
        let fits = names.filter_map(|(slot, name)| {
            let found = finder.stretches(name)?;
            let wrong: u16 = found.iter().map(|s| s.wrong).sum();
            let rank = match found.first()? {
                _ if found.iter().map(|s| s.to - s.from).sum::<usize>() == name.len() => 3,
                Stretch { from: 0, .. } => 2,
                _ => 1,
            };
            Some(self.matched(slot, u32::from(typos - wrong) * 3 + rank))
        });
        fits.collect()
    }

    fn matched(&self, slot: usize, rank: u32) -> Match {
        Match { slot, rank: rank * 10 + u32::from(self.weights[slot]), owner: self.owners[slot] }
    }
}
