//! What was typed, in plain letters, and what of a name was meant by it (O2).

use crate::domain::nearest::plain;
use frizbee::{CaseMatching, Config, MatchIndices, Matching, Pattern, PatternConfig, UnicodeMatching};
use std::{cell::RefCell, collections::BTreeSet};

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

impl Reading {
    pub fn new(typed: &str) -> Self {
        let words = typed.split_whitespace().map(plain).filter(|w| !w.is_empty());
        Self { words: words.map(|plain| Word { typos: typos(&plain), plain }).collect() }
    }

    /// All of it in a row.
    pub fn whole(&self) -> String {
        self.words.iter().map(|w| w.plain.as_str()).collect()
    }

    pub fn matcher(&self, how: Matching) -> Matcher {
        self.matcher_forgiving(how, 0)
    }

    /// With so many more letters wrong in each word than are forgiven.
    pub fn matcher_forgiving(&self, how: Matching, more: u16) -> Matcher {
        let patterns: Vec<Pattern> = self
            .words
            .iter()
            .map(|w| {
                let config = PatternConfig::default().max_typos(Some(w.typos + more)).matching(Some(how));
                Pattern::new(&w.plain, config)
            })
            .collect();
        // All text is plain by now.
        let config = Config::default().casing(CaseMatching::Respect).unicode(UnicodeMatching::Ignore);
        Matcher(frizbee::Matcher::from_patterns(&patterns, &config))
    }

    /// Whether a score is worth showing: letters that merely stand somewhere in the right order are not.
    pub fn is_near(&self, score: u16, best: u16) -> bool {
        self.share(score) >= 60 && u32::from(score) * 10 >= u32::from(best) * 8
    }

    /// A score in per cent of what the same letters in a row have.
    pub fn share(&self, score: u16) -> usize {
        // The matcher gives 12 for each letter that stands where it should, and 4 more for its case.
        let letters: usize = self.words.iter().map(|w| w.plain.len()).sum();
        usize::from(score) * 100 / (letters * 16).max(1)
    }
}

/// Asks frizbee in one way alone: each of its ways is compiled 120 times over, for every kind of processor and of question.
pub struct Matcher(frizbee::Matcher);

impl Matcher {
    /// How well a name fits, and by which of its letters; `None` where it does not.
    fn fit(&mut self, name: &str) -> Option<MatchIndices> {
        self.0.match_one_indices(name, 0)
    }

    /// Of these names those that fit: where each stands among them, and its score.
    pub fn fitting(&mut self, names: &[&str]) -> Vec<(usize, u16)> {
        names.iter().enumerate().filter_map(|(at, name)| Some((at, self.fit(name)?.score))).collect()
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
            let hit = matcher.fit(&plain_name)?;
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
        assert_eq!(marked("delayStage", "delaysatge"), "[delaySt]a[ge]");
        assert_eq!(marked("anything", "zz"), "anything");
        assert_eq!(marked("anything", ""), "anything");
    }
}
