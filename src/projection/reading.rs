//! What was typed, in plain letters, and what of a name was meant by it (O2).

use crate::domain::nearest::plain;
use frizbee::{CaseMatching, Config, Matching, Pattern, PatternConfig, Scoring, UnicodeMatching};
use rapidfuzz::distance::osa;
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

    /// What looks for its words in names.
    pub fn finder(&self) -> Finder {
        // Letters in a row are what is looked for: no letter is better for where it stands, and gaps are dear.
        let scoring = Scoring { prefix_bonus: 0, gap_extend_penalty: 4, ..Scoring::default() };
        let sought = |w: &Word| Sought {
            word: w.clone(),
            matcher: matcher([w], 0, scoring.clone()),
            distance: osa::BatchComparator::new(w.plain.bytes()),
        };
        Finder(self.words.iter().map(sought).collect())
    }

    /// Names that have its letters in the same order, though not in a row, and with so many more wrong in each word than
    /// are forgiven.
    pub fn resembling(&self, more: u16) -> Resembling {
        // The matcher gives 12 for each letter that stands where it should, and 4 more for its case.
        let letters: usize = self.words.iter().map(|w| w.plain.len()).sum();
        Resembling { matcher: matcher(&self.words, more, Scoring::default()), best: letters * 16 }
    }
}

/// Finds these words with their letters in order, with so many more of each wrong than are forgiven.
fn matcher<'a>(words: impl IntoIterator<Item = &'a Word>, more: u16, scoring: Scoring) -> frizbee::Matcher {
    let pattern = |w: &Word| {
        let config = PatternConfig::default().max_typos(Some(w.typos + more)).matching(Some(Matching::Fuzzy));
        Pattern::new(&w.plain, config)
    };
    let patterns: Vec<Pattern> = words.into_iter().map(pattern).collect();
    // All text is plain by now.
    let config = Config::default().casing(CaseMatching::Respect).unicode(UnicodeMatching::Ignore).scoring(scoring);
    frizbee::Matcher::from_patterns(&patterns, &config)
}

/// Looks for words in names.
pub struct Finder(pub(super) Vec<Sought>);

/// A word that is looked for: frizbee says where it may stand, and rapidfuzz with how many typing errors.
pub(super) struct Sought {
    word: Word,
    matcher: frizbee::Matcher,
    distance: osa::BatchComparator<u8>,
}

impl Finder {
    /// Where each word stands in a name; `None` where one does not.
    pub fn stretches(&mut self, name: &str) -> Option<Vec<Stretch>> {
        self.0.iter_mut().map(|sought| sought.stretch(name)).collect()
    }
}

impl Sought {
    /// The letters in a row of a name that are this word but for no more typing errors than are forgiven: a letter wrong,
    /// missing, too many, or two neighbours swapped.
    ///
    /// A letter that the name has twice may be typed once. The first letter is seldom mistyped: where it is wrong in a
    /// word of two errors, it is both.
    fn stretch(&mut self, name: &str) -> Option<Stretch> {
        let Word { plain, typos } = &self.word;
        if let Some(from) = name.find(plain) {
            return Some(Stretch { wrong: 0, from, to: from + plain.len() });
        }
        if *typos == 0 {
            return None;
        }
        let typos = usize::from(*typos);
        let letters = self.matcher.match_one_indices(name, 0)?.indices;
        let (from, to) = (*letters.iter().min()? as usize, *letters.iter().max()? as usize + 1);
        let longer = |from: usize, to: usize| (to - from).abs_diff(plain.len());
        // Letters that are merely scattered there.
        if longer(from, to) > typos + 2 {
            return None;
        }
        // One letter at each end may be another one's. Each of them makes one error less at most: what has too many with
        // both is not looked at letter by letter.
        let most = self.errors(name.get(from..to)?);
        let near = |at: usize| at.saturating_sub(1)..=at + 1;
        let there = near(from).flat_map(|begins| near(to).map(move |ends| (begins, ends)));
        let there = there.filter(|(begins, ends)| {
            let moved = usize::from(*begins != from) + usize::from(*ends != to);
            most <= typos + moved
        });
        let there = there.filter_map(|(from, to)| Some((self.wrong(name.get(from..to)?)?, longer(from, to), from, to)));
        let (wrong, _, from, to) = there.min()?;
        (usize::from(wrong) <= typos).then_some(Stretch { wrong, from, to })
    }

    /// How many typing errors lie between these letters and the word.
    fn wrong(&self, there: &str) -> Option<u16> {
        let first = self.word.typos > 1 && !there.starts_with(self.word.plain.get(..1)?);
        Some(u16::try_from(self.errors(there)).ok()? + u16::from(first))
    }

    /// The same, whichever letter they begin with.
    pub(super) fn errors(&self, there: &str) -> usize {
        let as_it_is = self.distance.distance(there.bytes());
        once(there).map_or(as_it_is, |once| as_it_is.min(self.distance.distance(once)))
    }
}

/// Each letter once, where one is there twice in a row. Digits stay as they are.
fn once(name: &str) -> Option<Vec<u8>> {
    let twice = |a: u8, b: u8| a == b && a.is_ascii_alphabetic();
    name.as_bytes().windows(2).any(|pair| twice(pair[0], pair[1])).then(|| {
        let mut letters = name.as_bytes().to_vec();
        letters.dedup_by(|a, b| twice(*a, *b));
        letters
    })
}

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
pub struct Marks(RefCell<Vec<Finder>>);

impl Marks {
    pub fn new(typed: &str) -> Self {
        Self(RefCell::new(Reading::ways(typed).iter().map(Reading::finder).collect()))
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
        let mut finders = self.0.borrow_mut();
        let found = finders.iter_mut().filter_map(|way| way.stretches(&plain_name));
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
