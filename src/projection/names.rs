//! Every name that can be searched for, side by side in memory: a search reads a hundred thousand of them, and what lies
//! scattered takes it three to five times as long.

use super::reading::Word;

/// Names by slot; an empty one is a slot that is free.
#[derive(Default)]
pub struct Names {
    text: String,
    /// Where each name begins in the text, and its length in bytes.
    spans: Vec<(u32, u32)>,
    letters: Vec<Letters>,
    pairs: Vec<Pairs>,
    /// Bytes of the text that no name has any more.
    left_over: usize,
}

/// The letters that occur in a text, a bit each: what lacks too many of a word's letters is not looked at further.
#[derive(Clone, Copy, Default)]
struct Letters(u64);

impl Letters {
    fn of(text: &str) -> Self {
        Self(text.bytes().fold(0, |all, b| {
            all | 1
                << match b {
                    b'a'..=b'z' => b - b'a',
                    b'0'..=b'9' => 26 + b - b'0',
                    _ => 36,
                }
        }))
    }

    /// How many different ones of these are missing.
    fn lacks(self, of: Self) -> u32 {
        (of.0 & !self.0).count_ones()
    }
}

/// The pairs of neighbouring letters that occur in a text, a bit of 128 for each: two that share a bit are taken for one.
/// A wrong letter spoils two pairs and no more, so that what was meant shares most of them.
#[derive(Clone, Copy, Default)]
struct Pairs(u128);

impl Pairs {
    fn of(text: &str) -> Self {
        let bit = |pair: &[u8]| (usize::from(pair[0]) * 37 + usize::from(pair[1]) * 11) % 128;
        Self(text.as_bytes().windows(2).fold(0, |all, pair| all | 1 << bit(pair)))
    }

    fn lacks(self, of: Self) -> u32 {
        (of.0 & !self.0).count_ones()
    }
}

impl Names {
    pub fn get(&self, slot: usize) -> Option<&str> {
        let (from, len) = *self.spans.get(slot)?;
        self.text.get(from as usize..(from + len) as usize)
    }

    /// Puts a name where none is; the slot behind the last one is a new one.
    pub fn put(&mut self, slot: usize, name: &str) {
        let place = |n: usize| u32::try_from(n).expect("memory ends before four gigabytes of names");
        let span = (place(self.text.len()), place(name.len()));
        self.text.push_str(name);
        place(self.text.len());
        if slot == self.spans.len() {
            self.spans.push(span);
            self.letters.push(Letters::of(name));
            self.pairs.push(Pairs::of(name));
        } else {
            self.spans[slot] = span;
            self.letters[slot] = Letters::of(name);
            self.pairs[slot] = Pairs::of(name);
        }
    }

    pub fn clear(&mut self, slot: usize) {
        let (_, len) = std::mem::take(&mut self.spans[slot]);
        self.letters[slot] = Letters::default();
        self.pairs[slot] = Pairs::default();
        self.left_over += len as usize;
        if self.left_over > self.text.len() / 2 {
            self.close_gaps();
        }
    }

    fn close_gaps(&mut self) {
        let mut text = String::with_capacity(self.text.len() - self.left_over);
        for (from, len) in &mut self.spans {
            let name = &self.text[*from as usize..(*from + *len) as usize];
            *from = u32::try_from(text.len()).expect("it is shorter than it was");
            text.push_str(name);
        }
        (self.text, self.left_over) = (text, 0);
    }

    /// How many pairs of these words a name lacks; `None` where more letters of a word are missing than may be.
    pub fn lacks(&self, slot: usize, words: &[Wanted]) -> Option<u32> {
        let (letters, pairs) = (*self.letters.get(slot)?, self.pairs.get(slot)?);
        let may = words.iter().all(|w| letters.lacks(w.letters) <= w.wrong);
        may.then(|| words.iter().map(|w| pairs.lacks(w.pairs)).sum())
    }
}

/// A word, and how many different letters of it may be missing.
pub struct Wanted {
    letters: Letters,
    pairs: Pairs,
    wrong: u32,
}

impl Wanted {
    pub fn new(word: &Word, more: u16) -> Self {
        let plain = &word.plain;
        Self { letters: Letters::of(plain), pairs: Pairs::of(plain), wrong: u32::from(word.typos + more) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(names: &Names) -> Vec<&str> {
        (0..names.spans.len()).filter_map(|slot| names.get(slot)).collect()
    }

    /// What is removed makes room, and nobody's name changes by it.
    #[test]
    fn gaps_are_closed() {
        let mut names = Names::default();
        for (slot, name) in ["camera", "magnet", "grating", "ü"].into_iter().enumerate() {
            names.put(slot, name);
        }
        names.clear(0);
        names.clear(1);
        assert_eq!(all(&names), ["", "", "grating", "ü"]);
        assert_eq!(names.text, "gratingü", "more than half of it was left over");
        names.put(1, "mirror");
        assert_eq!(all(&names), ["", "mirror", "grating", "ü"]);
        assert_eq!(names.get(4), None);
    }

    /// Who lacks a letter more than may be wrong is left out, and nobody else.
    #[test]
    fn only_what_cannot_fit_is_left_out() {
        let mut names = Names::default();
        for (slot, name) in ["camera01", "magnet", "", "ångström"].into_iter().enumerate() {
            names.put(slot, name);
        }
        let find = |typed: &[&str], typos| {
            let wanted = |plain: &&str| Wanted::new(&Word { plain: (*plain).to_owned(), typos }, 0);
            let words: Vec<Wanted> = typed.iter().map(wanted).collect();
            (0..5).filter(|slot| names.lacks(*slot, &words).is_some()).collect::<Vec<_>>()
        };
        assert_eq!(find(&["camera"], 0), [0]);
        assert_eq!(find(&["camerx"], 0), [0; 0]);
        assert_eq!(find(&["camerx"], 1), [0]);
        assert_eq!(find(&["magnt"], 0), [1]);
        assert_eq!(find(&["ångström"], 0), [3]);
        assert_eq!(find(&["mag", "10"], 0), [0; 0], "each word has to be in it");
    }
}
