//! Every name that can be searched for, side by side in memory: a search reads a hundred thousand of them, and what lies
//! scattered takes it three to five times as long.

use super::reading::Word;
use memchr::memmem::Finder;
use std::cmp::Reverse;

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

    /// The names that hold each of these words as it stands, and their slots.
    pub fn holding(&self, words: &[Word]) -> impl Iterator<Item = (usize, &str)> {
        let wanted: Vec<(Letters, Pairs, Finder)> = words
            .iter()
            .map(|Word { plain, .. }| (Letters::of(plain), Pairs::of(plain), Finder::new(plain).into_owned()))
            .collect();
        let prints = self.letters.iter().zip(&self.pairs).enumerate();
        prints.filter_map(move |(slot, (letters, pairs))| {
            let may = wanted.iter().all(|(l, p, _)| letters.lacks(*l) == 0 && pairs.lacks(*p) == 0);
            let name = may.then(|| self.get(slot))?.filter(|name| !name.is_empty())?;
            wanted.iter().all(|(_, _, word)| word.find(name.as_bytes()).is_some()).then_some((slot, name))
        })
    }

    /// The names that may hold each of these words with so many letters more than are forgiven, and their slots. No more
    /// than `most`: those that share most with what was typed, and of them those that have most weight.
    pub fn like(
        &self,
        words: &[Word],
        more: u16,
        most: usize,
        weight: impl Fn(usize) -> u8,
    ) -> (Vec<usize>, Vec<&str>) {
        let wanted: Vec<(Letters, Pairs, u32)> =
            words.iter().map(|w| (Letters::of(&w.plain), Pairs::of(&w.plain), u32::from(w.typos + more))).collect();
        let lacks_pairs = |slot: usize| wanted.iter().map(|(_, pairs, _)| self.pairs[slot].lacks(*pairs)).sum::<u32>();
        let may = |has: &Letters| wanted.iter().all(|(letters, _, wrong)| has.lacks(*letters) <= *wrong);
        let slots = self.letters.iter().enumerate().filter(|(_, has)| may(has)).map(|(slot, _)| slot);
        let mut slots: Vec<_> = slots.map(|slot| (lacks_pairs(slot), Reverse(weight(slot)), slot)).collect();
        if slots.len() > most {
            slots.select_nth_unstable(most);
            slots.truncate(most);
        }
        let slots = slots.into_iter().map(|(.., slot)| slot);
        slots.filter_map(|slot| Some((slot, self.get(slot).filter(|name| !name.is_empty())?))).unzip()
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
        let word = |plain: &str, typos| Word { plain: plain.to_owned(), typos };
        let find = |typed: &str, typos| names.like(&[word(typed, typos)], 0, 9, |_| 0).0;
        assert_eq!(find("camera", 0), [0]);
        assert_eq!(find("camerx", 0), Vec::<usize>::new());
        assert_eq!(find("camerx", 1), [0]);
        assert_eq!(find("magnt", 0), [1]);
        assert_eq!(find("ångström", 0), [3]);
        let words = ["mag", "10"].map(|w| word(w, 0));
        assert_eq!(names.like(&words, 0, 9, |_| 0).0, Vec::<usize>::new(), "each word has to be in it");
        let holding = |words: &[&str]| {
            let words: Vec<Word> = words.iter().map(|w| word(w, 1)).collect();
            names.holding(&words).map(|(slot, _)| slot).collect::<Vec<_>>()
        };
        assert_eq!(holding(&["era0"]), [0]);
        assert_eq!(holding(&["are0"]), Vec::<usize>::new(), "as it stands");
        assert_eq!(holding(&["m"]), [0, 1, 3]);
        assert_eq!(holding(&["a", "ne"]), [1], "each word has to be in it");
        assert_eq!(holding(&["ö"]), [3]);
    }

    /// Of too many that may be meant those stay that share most pairs of letters, in whatever order they came.
    #[test]
    fn what_shares_most_is_looked_at() {
        let typed = [Word { plain: "camraMonitxr00018".to_lowercase(), typos: 2 }];
        let meant = "cameramonitor00018";
        for at in [0, 40] {
            let mut names = Names::default();
            for n in 0..41 {
                let name = if n == at { meant.to_owned() } else { format!("monitorcamera8{n:04}1000") };
                names.put(n, &name);
            }
            assert_eq!(names.like(&typed, 0, 1, |_| 0), (vec![at], vec![meant]));
        }
    }

    /// And of those that share as much, what has most weight.
    #[test]
    fn what_is_urgent_is_looked_at_first() {
        let typed = [Word { plain: "magent".to_owned(), typos: 1 }];
        let mut names = Names::default();
        for n in 0..41 {
            names.put(n, &format!("magnet{n:02}"));
        }
        for urgent in [0, 17, 40] {
            assert_eq!(names.like(&typed, 0, 1, |slot| u8::from(slot == urgent)).0, [urgent]);
        }
    }
}
