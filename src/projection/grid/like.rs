//! Which rows may hold words with typing errors: letters and pairs that they lack are counted for hundreds of rows at once.

use super::{Bits, Column, Columns, Grid, letter};
use crate::projection::reading::Word;

impl Grid {
    /// Of the first `rows` those that lack no more letters of any word than may be wrong and `more`, by how many of the
    /// pairs they lack, up to `most`.
    pub fn like(&self, rows: usize, words: &[Word], more: u16, most: usize) -> Vec<Bits> {
        let letters = |word: &Word| {
            let mut letters = Columns::default();
            word.plain.bytes().for_each(|b| letters.put(letter(b)));
            letters.each().map(Column).collect::<Vec<_>>()
        };
        let letters: Vec<(Vec<&[u64]>, u16)> =
            words.iter().map(|w| (self.bits(letters(w)), (w.typos + more).min(MOST_LACKED))).collect();
        let pairs = self.bits(words.iter().flat_map(|w| Column::held(&w.plain)));
        let words = rows.div_ceil(64);
        let mut by_lack = vec![Bits(vec![0; words]); pairs.len().min(most) + 1];
        let mut number = Vec::new();
        for from in (0..words).step_by(BLOCK) {
            let may = letters.iter().fold(ALL, |may, (letters, wrong)| may_lack(letters, from, *wrong, may));
            if is_none(&may) {
                continue;
            }
            lacking(&pairs, from, &mut number);
            let to = words.min(from + BLOCK);
            for (lack, rows) in by_lack.iter_mut().enumerate() {
                rows.0[from..to].copy_from_slice(&are(&number, lack, may)[..to - from]);
            }
        }
        by_lack
    }
}

/// Rows that are gone through at once: what a processor fetches at once of a column.
type Block = [u64; BLOCK];
const BLOCK: usize = 8;
const NONE: Block = [0; BLOCK];
const ALL: Block = [u64::MAX; BLOCK];

/// A column's words from this one on; none are set behind its end.
fn block(column: &[u64], from: usize) -> Block {
    if let Some(Ok(all)) = column.get(from..from + BLOCK).map(TryFrom::try_from) {
        return all;
    }
    let mut some = NONE;
    some.iter_mut().zip(column.get(from..).unwrap_or_default()).for_each(|(at, word)| *at = *word);
    some
}

fn is_none(rows: &Block) -> bool {
    rows.iter().fold(0, |all, word| all | word) == 0
}

/// Which of these numbers, given by their binary places, are this one, among those that `may`.
fn are(number: &[Block], this: usize, may: Block) -> Block {
    if this >> number.len() != 0 {
        return NONE;
    }
    let mut left = may;
    for (n, place) in number.iter().enumerate() {
        let zero = if this >> n & 1 == 1 { 0 } else { u64::MAX };
        left.iter_mut().zip(place).for_each(|(left, place)| *left &= place ^ zero);
    }
    left
}

/// No more letters of a word may be wrong, whatever is asked for.
const MOST_LACKED: u16 = 3;

/// Those of the rows that `may` which lack no more than so many of these columns.
fn may_lack(columns: &[&[u64]], from: usize, wrong: u16, may: Block) -> Block {
    // Which of them lack more than none, than one, and so on.
    let mut more = [NONE; MOST_LACKED as usize + 1];
    let wrong = usize::from(wrong);
    let mut left = may;
    for column in columns {
        let mut lacks = block(column, from).map(|has| !has);
        for more in &mut more[..=wrong] {
            more.iter_mut()
                .zip(&mut lacks)
                .for_each(|(more, lacks)| (*more, *lacks) = (*more | *lacks, *more & *lacks));
        }
        left = may;
        left.iter_mut().zip(&more[wrong]).for_each(|(left, more)| *left &= !more);
        if is_none(&left) {
            break;
        }
    }
    left
}

/// How many of these columns each row lacks, counted for all of them at once: of each number its binary places, the
/// lowest first.
fn lacking(columns: &[&[u64]], from: usize, number: &mut Vec<Block>) {
    number.clear();
    for column in columns {
        let mut carry = block(column, from).map(|has| !has);
        for place in number.iter_mut() {
            place.iter_mut().zip(&mut carry).for_each(|(at, carry)| (*at, *carry) = (*at ^ *carry, *at & *carry));
        }
        if !is_none(&carry) {
            number.push(carry);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::projection::grid::ones;

    fn grid(names: &[&str]) -> Grid {
        let mut grid = Grid::default();
        for (row, name) in names.iter().enumerate() {
            grid.put(row, name, None);
        }
        grid
    }

    fn word(plain: &str, typos: u16) -> Word {
        Word { plain: plain.to_owned(), typos }
    }

    /// Who lacks a letter more than may be wrong is left out, and nobody else; the others are told apart by their pairs.
    #[test]
    fn only_what_cannot_fit_is_left_out() {
        let names: Vec<String> = (0..200).map(|n| format!("camera{n:03}")).collect();
        let grid = grid(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let like = |typed: &str, typos| {
            let by_lack = grid.like(names.len(), &[word(typed, typos)], 0, usize::MAX);
            by_lack.iter().map(Bits::count).collect::<Vec<_>>()
        };
        assert_eq!(like("camera", 0), [200, 0, 0, 0, 0, 0]);
        assert_eq!(like("camerx", 0), [0; 6]);
        assert_eq!(like("camerx", 1), [0, 200, 0, 0, 0, 0]);
        assert_eq!(like("x", 0), [0; 2]);
        let two = grid.like(names.len(), &[word("camerx", 1)], 0, 1);
        assert_eq!(two.iter().map(Bits::count).collect::<Vec<_>>(), [0, 200]);
    }

    /// Of more rows than are gone through at once each is told apart, also those behind the end of a column.
    #[test]
    fn rows_are_told_apart_in_every_block() {
        let names: Vec<String> =
            (0..1_500).map(|n| if n % 7 == 0 { "camera".into() } else { format!("x{n}") }).collect();
        let grid = grid(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let by_lack = grid.like(names.len(), &[word("camerx", 1)], 0, 1);
        assert_eq!(by_lack[1].each().collect::<Vec<_>>(), (0..1_500).step_by(7).collect::<Vec<_>>());
        assert_eq!(by_lack[0].count(), 0);
    }

    /// Numbers of rows are told place by place.
    #[test]
    fn what_is_a_number() {
        // Of the first rows: 0, 1, 2, 3, 4; of the others 0.
        let number = [0b01010, 0b01100, 0b10000].map(|place| [place, 0, 0, 0, 0, 0, 0, place]);
        let may = [u64::MAX, 0, 0, 0, 0, 0, 0, 0b11111];
        let rows = |this| {
            let found = are(&number, this, may);
            assert_eq!((found[0] & 0b11111, found[1]), (found[7], 0));
            ones(found[7]).collect::<Vec<_>>()
        };
        assert_eq!([0, 1, 2, 3, 4].map(rows), [[0], [1], [2], [3], [4]]);
        assert_eq!(rows(8), [0; 0]);
        assert_eq!((are(&[], 0, ALL), are(&[], 1, ALL)), (ALL, NONE));
    }
}
