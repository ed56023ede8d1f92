//! Which letters, and which pairs of neighbouring letters, the names of each row have: a column of bits for each of them.
//! Who types two letters is answered by one column, and what holds a longer word is found where its columns meet.

mod like;

use super::reading::Word;

/// Plain letters: `0` to `9` and `a` to `z`.
const LETTERS: usize = 36;
const PAIRS: usize = LETTERS + LETTERS * LETTERS;
/// With which letter and which pair a name begins.
const BEGINS: usize = PAIRS;
const NOTES: usize = 2 * PAIRS;
const COLUMNS: usize = NOTES + 7;

/// What is noted of a row beside its letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// It has the name of a device on record.
    Device,
    /// It is an instance that nobody registered.
    Stranger,
    /// It may have fewer letters than it is said to have.
    Loose,
    /// It is none of these, and of this weight.
    Other(u8),
}

/// A letter, a pair of letters, or what else is known of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Column(usize);

impl Column {
    /// What each name has that holds this word: its pairs, or its only letter.
    pub fn held(word: &str) -> Vec<Self> {
        let mut all: Vec<Self> = word.as_bytes().windows(word.len().clamp(1, 2)).map(|at| Self(place(at))).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// What each name has that begins with this word.
    pub fn begun(word: &str) -> Self {
        Self(BEGINS + place(&word.as_bytes()[..word.len().min(2)]))
    }
}

impl From<Note> for Column {
    fn from(note: Note) -> Self {
        Self(
            NOTES
                + match note {
                    Note::Device => 0,
                    Note::Stranger => 1,
                    Note::Loose => 2,
                    Note::Other(weight) => 3 + usize::from(weight.min(3)),
                },
        )
    }
}

fn letter(b: u8) -> usize {
    match b {
        b'0'..=b'9' => usize::from(b - b'0'),
        b'a'..=b'z' => usize::from(b - b'a') + 10,
        _ => 0,
    }
}

/// Where a letter stands, or a pair.
fn place(letters: &[u8]) -> usize {
    match letters {
        [] => 0,
        [one] => letter(*one),
        [one, other, ..] => LETTERS + letter(*one) * LETTERS + letter(*other),
    }
}

/// Where a name stands: its letters, its pairs, what it begins with, and what is noted of it.
fn of(name: &str, note: Option<Note>) -> impl Iterator<Item = usize> {
    let letters = name.bytes().map(letter);
    let pairs = letters.clone().zip(letters.clone().skip(1)).map(|(one, other)| LETTERS + one * LETTERS + other);
    let begins = (1..=name.len().min(2)).map(|n| BEGINS + place(&name.as_bytes()[..n]));
    letters.chain(pairs).chain(begins).chain(note.map(|note| Column::from(note).0))
}

/// Columns, each once.
pub struct Columns([u64; COLUMNS.div_ceil(64)]);

impl Default for Columns {
    fn default() -> Self {
        Self([0; COLUMNS.div_ceil(64)])
    }
}

impl Columns {
    pub fn all() -> Self {
        Self([u64::MAX; COLUMNS.div_ceil(64)])
    }

    /// What a name has.
    pub fn add(&mut self, name: &str, note: Option<Note>) {
        of(name, note).for_each(|at| self.put(at));
    }

    pub fn without(mut self, others: &Self) -> Self {
        self.0.iter_mut().zip(&others.0).for_each(|(a, b)| *a &= !b);
        self
    }

    fn put(&mut self, at: usize) {
        self.0[at / 64] |= 1 << (at % 64);
    }

    fn each(&self) -> impl Iterator<Item = usize> {
        each(&self.0)
    }
}

/// A bit for each row.
#[derive(Clone, Debug, Default)]
pub struct Bits(Vec<u64>);

impl Bits {
    pub fn has(&self, row: usize) -> bool {
        self.0.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    pub fn put(&mut self, row: usize) {
        if self.0.len() <= row / 64 {
            self.0.resize(row / 64 + 1, 0);
        }
        self.0[row / 64] |= 1 << (row % 64);
    }

    pub fn take(&mut self, row: usize) {
        if let Some(word) = self.0.get_mut(row / 64) {
            *word &= !(1 << (row % 64));
        }
    }

    pub fn each(&self) -> impl Iterator<Item = usize> {
        each(&self.0)
    }

    pub fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub fn and(&self, others: &Self) -> Self {
        Self(self.0.iter().zip(&others.0).map(|(a, b)| a & b).collect())
    }

    pub fn or(mut self, others: &Self) -> Self {
        self.0.resize(self.0.len().max(others.0.len()), 0);
        self.0.iter_mut().zip(&others.0).for_each(|(a, b)| *a |= b);
        self
    }

    pub fn without(&self, others: &Self) -> Self {
        let others = others.0.iter().copied().chain(std::iter::repeat(0));
        Self(self.0.iter().zip(others).map(|(a, b)| a & !b).collect())
    }
}

/// The places of the bits that are set.
fn each(words: &[u64]) -> impl Iterator<Item = usize> {
    words.iter().enumerate().flat_map(|(at, word)| ones(*word).map(move |bit| at * 64 + bit))
}

fn ones(word: u64) -> impl Iterator<Item = usize> {
    let left = |word: u64| (word != 0).then_some(word);
    std::iter::successors(left(word), move |word| left(word & (word - 1))).map(|word| word.trailing_zeros() as usize)
}

/// All columns, each with a bit for every row.
pub struct Grid(Vec<Bits>);

impl Default for Grid {
    fn default() -> Self {
        Self(vec![Bits::default(); COLUMNS])
    }
}

impl Grid {
    pub fn column(&self, column: impl Into<Column>) -> &Bits {
        &self.0[column.into().0]
    }

    /// Puts a name into a row.
    pub fn put(&mut self, row: usize, name: &str, note: Option<Note>) {
        of(name, note).for_each(|at| self.0[at].put(row));
    }

    pub fn take(&mut self, row: usize, columns: &Columns) {
        columns.each().filter(|at| *at < COLUMNS).for_each(|at| self.0[at].take(row));
    }

    pub fn note(&mut self, row: usize, note: Note, is: bool) {
        let bits = &mut self.0[Column::from(note).0];
        match is {
            true => bits.put(row),
            false => bits.take(row),
        }
    }

    /// The rows that have every pair of every word.
    pub fn held(&self, words: &[Word]) -> Bits {
        let columns = words.iter().flat_map(|word| Column::held(&word.plain));
        let bits = columns.map(|column| self.column(column));
        bits.fold(None, |all: Option<Bits>, bits| Some(all.map_or_else(|| bits.clone(), |all| all.and(bits))))
            .unwrap_or_default()
    }

    fn bits(&self, columns: impl IntoIterator<Item = Column>) -> Vec<&[u64]> {
        columns.into_iter().map(|column| self.column(column).0.as_slice()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(names: &[&str]) -> Grid {
        let mut grid = Grid::default();
        for (row, name) in names.iter().enumerate() {
            grid.put(row, name, None);
        }
        grid
    }

    /// What has every pair of each word may hold it, and nothing else does.
    #[test]
    fn what_holds_a_word_has_its_pairs() {
        let grid = grid(&["camera01", "magnet", "x", "gama"]);
        let held = |words: &[&str]| {
            let words: Vec<Word> = words.iter().map(|w| Word { plain: (*w).to_owned(), typos: 0 }).collect();
            grid.held(&words).each().collect::<Vec<_>>()
        };
        assert_eq!(held(&["ma"]), [1, 3]);
        assert_eq!(held(&["m"]), [0, 1, 3]);
        assert_eq!(held(&["x"]), [2]);
        assert_eq!(held(&["ma", "ne"]), [1], "each word has to be in it");
        assert_eq!(held(&["mam"]), [3], "a pair that is there twice is as good");
        assert_eq!(held(&[]), [0; 0]);
        assert_eq!(grid.column(Column::begun("ma")).each().collect::<Vec<_>>(), [1]);
        assert_eq!(grid.column(Column::begun("x")).each().collect::<Vec<_>>(), [2]);
    }
}
