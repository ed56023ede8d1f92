//! What was typed, in plain letters, and what of a name was meant by it (O2).

use crate::domain::nearest::plain;
use frizbee::{CaseMatching, Config, Matching, Pattern, PatternConfig, UnicodeMatching};
use std::{collections::BTreeSet, mem};

/// What was typed, as it is compared: plain letters, word by word.
#[derive(Clone, Debug)]
pub struct Reading {
    pub words: Vec<Word>,
}

/// A word in plain letters.
#[derive(Clone, Debug)]
pub struct Word {
    pub plain: String,
    /// How many of its letters may be wrong.
    pub typos: u16,
}

/// Letters in a row that a word was found in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// How many typing errors lie between them and the word.
    pub wrong: u16,
    pub from: usize,
    pub to: usize,
}

/// The shortest part of a word that is looked for by itself: anything has one letter or two of it somewhere.
const PART: usize = 3;

impl Reading {
    pub fn new(typed: &str) -> Self {
        Self::of(typed.split_whitespace())
    }

    fn of<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let words = words.map(plain).filter(|w| !w.is_empty());
        Self { words: words.map(|plain| Word { typos: typos(&plain), plain }).collect() }
    }

    /// The ways to read it, the most likely first: word by word, and with words taken apart at their separators, for whom
    /// leaves out what stands between them.
    pub fn ways(typed: &str) -> Vec<Self> {
        let (words, parts) = (Self::new(typed), Self::of(typed.split(|c: char| !c.is_alphanumeric())));
        let apart = parts.words.len() > words.words.len() && parts.words.iter().all(|w| w.plain.len() >= PART);
        let ways = [Some(words), apart.then_some(parts)];
        ways.into_iter().flatten().filter(|way| !way.words.is_empty()).collect()
    }

    /// All of it in a row.
    pub fn whole(&self) -> String {
        self.words.iter().map(|w| w.plain.as_str()).collect()
    }

    /// How many typing errors are forgiven in all.
    pub fn typos(&self) -> u16 {
        self.words.iter().map(|w| w.typos).sum()
    }

    /// Where each word stands in a name; `None` where one does not.
    pub fn stretches(&self, name: &str) -> Option<Vec<Stretch>> {
        self.words.iter().map(|w| w.stretch(name)).collect()
    }

    /// Names that have its letters in the same order, though not in a row, and with so many more wrong in each word than
    /// are forgiven.
    pub fn resembling(&self, more: u16) -> Resembling {
        let patterns: Vec<Pattern> = self
            .words
            .iter()
            .map(|w| {
                let config = PatternConfig::default().max_typos(Some(w.typos + more)).matching(Some(Matching::Fuzzy));
                Pattern::new(&w.plain, config)
            })
            .collect();
        // All text is plain by now.
        let config = Config::default().casing(CaseMatching::Respect).unicode(UnicodeMatching::Ignore);
        // The matcher gives 12 for each letter that stands where it should, and 4 more for its case.
        let letters: usize = self.words.iter().map(|w| w.plain.len()).sum();
        Resembling { matcher: frizbee::Matcher::from_patterns(&patterns, &config), best: letters * 16 }
    }
}

impl Word {
    /// The letters in a row of a name that are this word but for no more typing errors than are forgiven: a letter wrong,
    /// missing, too many, or two neighbours swapped. Those with the fewest errors, of these the first, and as long as the word.
    ///
    /// A letter that the name has twice may be typed once. The first letter is seldom mistyped: where it is wrong in a
    /// word of two errors, it is both.
    pub fn stretch(&self, name: &str) -> Option<Stretch> {
        let (word, name, typos) = (self.plain.as_bytes(), name.as_bytes(), u32::from(self.typos));
        let error = |at: usize| if at == 1 && typos > 1 { 2 * ERROR } else { ERROR };
        // For each beginning of the word the errors, and from where, of a stretch that ends here; as far as these are
        // few enough, and one further.
        let begun = |so_far: &mut u32, at| {
            let here = *so_far;
            *so_far += error(at + 1);
            Some(here)
        };
        let mut here: Vec<u32> = (0..=word.len()).scan(0, begun).collect();
        let (mut last, mut before) = (here.clone(), here.clone());
        let mut few = usize::from(self.typos);
        let mut best: Option<Stretch> = None;
        for to in 1..=name.len().min(ERROR as usize - 1) {
            mem::swap(&mut before, &mut last);
            mem::swap(&mut last, &mut here);
            let letter = name[to - 1];
            let again = typos > 0 && to > 1 && letter == name[to - 2] && letter.is_ascii_alphabetic();
            here[0] = to as u32;
            let until = word.len().min(few + 1);
            for at in 1..=until {
                let wrong = last[at - 1] + if word[at - 1] == letter { 0 } else { error(at) };
                let missing = last[at] + if again { 0 } else { ERROR };
                let more = here[at - 1] + error(at);
                here[at] = wrong.min(missing).min(more);
                if at > 1 && to > 1 && word[at - 2..at] == [letter, name[to - 2]] {
                    here[at] = here[at].min(before[at - 2] + ERROR);
                }
            }
            few = (1..=until).rev().find(|at| here[*at] / ERROR <= typos).unwrap_or_default();
            if few == word.len() {
                let (wrong, from) = ((here[few] / ERROR) as u16, (here[few] % ERROR) as usize);
                let off = |from: usize, to: usize| (to - from).abs_diff(word.len());
                let better = |b: Stretch| (wrong, from, off(from, to)) < (b.wrong, b.from, off(b.from, b.to));
                if best.is_none_or(better) {
                    best = Some(Stretch { wrong, from, to });
                }
            }
            if until < word.len() {
                here[until + 1] = u32::MAX / 2;
            }
        }
        best
    }
}

/// An error in a number that says in its lower half from where a stretch is.
const ERROR: u32 = 1 << 16;

/// Asks frizbee in one way alone: each of its ways is compiled 120 times over, for every kind of processor and of question.
pub struct Resembling {
    matcher: frizbee::Matcher,
    best: usize,
}

impl Resembling {
    /// How alike a name is, in per cent of what the same letters in a row have; `None` where it is not.
    pub fn share(&mut self, name: &str) -> Option<usize> {
        let score = self.matcher.match_one_indices(name, 0)?.score;
        Some(usize::from(score) * 100 / self.best.max(1))
    }
}

/// Shows in names which parts of them were meant; made once for all names of a page.
pub struct Marks(Vec<Reading>);

impl Marks {
    pub fn new(typed: &str) -> Self {
        Self(Reading::ways(typed))
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
        let found = self.0.iter().filter_map(|way| way.stretches(&plain_name));
        let found = found.min_by_key(|all| all.iter().map(|s| s.wrong).sum::<u16>()).unwrap_or_default();
        let hits: BTreeSet<usize> = found.iter().flat_map(|s| from[s.from]..=from[s.to - 1]).collect();
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
mod tests {
    use super::*;

    /// O2: what was meant is marked in the name as it is written.
    #[test]
    fn o2_what_was_meant_is_marked() {
        let marked = |name: &str, typed: &str| {
            let pieces = Marks::new(typed).mark(name);
            pieces.into_iter().map(|(p, hit)| if hit { format!("[{p}]") } else { p }).collect::<String>()
        };
        assert_eq!(marked("SCS_BLU_BCC/CTRL", "blubcc"), "SCS_[BLU_BCC]/CTRL");
        assert_eq!(marked("Marek Dvořák", "dvorak"), "Marek [Dvořák]");
        assert_eq!(marked("beamConditionCheck", "beam check"), "[beam]Condition[Check]");
        assert_eq!(marked("delayStage", "delaysatge"), "[delayStage]");
        assert_eq!(marked("SCS_TEST/MON/SAMPLEHEATERLOOP", "SCS_SAMPLEHEATER"), "[SCS]_TEST/MON/[SAMPLEHEATER]LOOP");
        assert_eq!(marked("gratingTempTrend", "agipd"), "gratingTempTrend");
        assert_eq!(marked("anything", "zz"), "anything");
        assert_eq!(marked("anything", ""), "anything");
    }
}
