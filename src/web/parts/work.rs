//! Devices as work: on somebody's own page, in CTRL's queue.
use super::{Action, Chip, Pips, Turn};

/// One device that waits for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkRow {
    /// The device.
    pub name: String,
    /// Its page.
    pub href: String,
    /// Its instruments, in words.
    pub instruments: String,
    /// The one sentence that blocks it; names between backticks.
    pub ask: String,
    /// Its support.
    pub chip: Chip,
    /// The gates of its next step; none where there is none.
    pub pips: Option<Pips>,
    /// Who asks.
    pub from: String,
    /// How long it waits.
    pub waiting: String,
    /// When it is due, in words; empty where nothing is.
    pub due: String,
    /// `late`, `soon`, or nothing.
    pub due_class: &'static str,
    /// What to do about it.
    pub action: Action,
    /// The first that waits for the reader.
    pub first: bool,
}

/// Rows that wait for the same side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkGroup {
    /// Whose turn; none where nothing is to do.
    pub turn: Option<Turn>,
    /// The words where there is no turn.
    pub title: &'static str,
    /// Its rows.
    pub rows: Vec<WorkRow>,
}
