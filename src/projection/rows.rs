//! Which names share a row of the grid: those of one device do, so that a row that fits is a device that fits. Whatever
//! else has a name has a row of its own.

use super::{
    grid::{Bits, Columns, Grid, Note},
    names::Names,
};

/// No slot, or no row.
const NONE: u32 = u32::MAX;

/// In a row of more names than this nobody looks what is left when one of them goes: a device that runs in thousands of
/// instances would be read through for each of them.
const CROWD: u32 = if cfg!(test) { 4 } else { 64 };

#[derive(Clone, Copy, Debug)]
struct Row {
    first: u32,
    names: u32,
}

/// The row of a name, and its neighbours there.
#[derive(Clone, Copy, Debug)]
struct Seat {
    row: u32,
    before: u32,
    after: u32,
}

#[derive(Default)]
pub struct Rows {
    grid: Grid,
    rows: Vec<Row>,
    free: Vec<u32>,
    /// By slot.
    seats: Vec<Seat>,
    /// By the devices' numbers.
    of_device: Vec<u32>,
}

impl Rows {
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The row of a name.
    pub fn of(&self, slot: usize) -> usize {
        self.seats[slot].row as usize
    }

    /// The row of a device.
    pub fn of_device(&self, number: u32) -> Option<usize> {
        self.of_device.get(number as usize).filter(|row| **row != NONE).map(|row| *row as usize)
    }

    /// The slots of the names in a row.
    pub fn slots(&self, row: usize) -> impl Iterator<Item = usize> {
        let some = |slot: u32| Some(slot).filter(|slot| *slot != NONE);
        let first = self.rows.get(row).and_then(|row| some(row.first));
        std::iter::successors(first, move |slot| some(self.seats[*slot as usize].after)).map(|slot| slot as usize)
    }

    /// These rows, those of this order first.
    pub fn ordered(&self, rows: &Bits, order: impl Iterator<Item = usize>) -> impl Iterator<Item = usize> {
        let mut left = rows.clone();
        let mut order = order.fuse();
        let mut others = None;
        std::iter::from_fn(move || match order.by_ref().find(|row| left.has(*row)) {
            Some(row) => {
                left.take(row);
                Some(row)
            }
            None => others.get_or_insert_with(|| left.each().collect::<Vec<_>>().into_iter()).next(),
        })
    }

    /// Gives a name a row: its device's, or one of its own.
    pub fn join(&mut self, slot: usize, device: Option<u32>, name: &str, note: Option<Note>) {
        let row = device.and_then(|number| self.of_device(number)).unwrap_or_else(|| self.new_row(device));
        if self.seats.len() <= slot {
            self.seats.resize(slot + 1, Seat { row: NONE, before: NONE, after: NONE });
        }
        let Row { first, names } = &mut self.rows[row];
        *names += 1;
        // The device's own name stays in front: it is the one that is typed most.
        let (before, after) = match (*first, note) {
            (NONE, _) | (_, Some(Note::Device)) => (NONE, std::mem::replace(first, number(slot))),
            (first, _) => (first, self.seats[first as usize].after),
        };
        self.seats[slot] = Seat { row: number(row), before, after };
        self.seats.get_mut(before as usize).into_iter().for_each(|seat| seat.after = number(slot));
        self.seats.get_mut(after as usize).into_iter().for_each(|seat| seat.before = number(slot));
        self.grid.put(row, name, note);
    }

    fn new_row(&mut self, device: Option<u32>) -> usize {
        let row = self.free.pop().map_or(self.rows.len(), |row| row as usize);
        if row == self.rows.len() {
            self.rows.push(Row { first: NONE, names: 0 });
        }
        if let Some(device) = device.map(|number| number as usize) {
            if self.of_device.len() <= device {
                self.of_device.resize(device + 1, NONE);
            }
            self.of_device[device] = number(row);
        }
        row
    }

    /// Takes a name out of its row. The names are as they were, and so is what is noted of each.
    pub fn leave(&mut self, slot: usize, device: Option<u32>, names: &Names, note: impl Fn(usize) -> Option<Note>) {
        let Seat { row, before, after } = self.seats[slot];
        let row = row as usize;
        match self.seats.get_mut(before as usize) {
            Some(seat) => seat.after = after,
            None => self.rows[row].first = after,
        }
        self.seats.get_mut(after as usize).into_iter().for_each(|seat| seat.before = before);
        self.rows[row].names -= 1;
        if self.rows[row].names > CROWD {
            self.grid.note(row, Note::Loose, true);
            // A device has one name of its own.
            note(slot).into_iter().for_each(|note| self.grid.note(row, note, false));
            return;
        }
        let add = |columns: &mut Columns, slot: usize| columns.add(names.get(slot).unwrap_or_default(), note(slot));
        let (mut gone, mut left) = (Columns::default(), Columns::default());
        match self.grid.column(Note::Loose).has(row) {
            true => gone = Columns::all(),
            false => add(&mut gone, slot),
        }
        self.slots(row).for_each(|slot| add(&mut left, slot));
        self.grid.take(row, &gone.without(&left));
        if self.rows[row].names == 0 {
            self.free.push(number(row));
            if let Some(device) = device {
                self.of_device[device as usize] = NONE;
            }
        }
    }
}

fn number(of: usize) -> u32 {
    u32::try_from(of).expect("memory ends before numbers do")
}
