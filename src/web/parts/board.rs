//! The operators' board: answer card, rows, tiles, filters.
use super::{CallCard, Chip, Fact, May, Phone, Reply, Status, Tag};
use chrono::{DateTime, Utc};
use std::hash::{DefaultHasher, Hash, Hasher};

/// A name with the parts that were searched for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Marked {
    /// Pieces of it in order, each with whether it was meant.
    pub pieces: Vec<(String, bool)>,
}

impl Marked {
    /// A name with nothing searched for.
    pub fn plain(name: &str) -> Self {
        Self { pieces: vec![(name.to_owned(), false)] }
    }

    /// The whole name.
    pub fn name(&self) -> String {
        self.pieces.iter().map(|(piece, _)| piece.as_str()).collect()
    }
}

/// One instance on the board.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BoardRow {
    /// The id of its line on the page.
    pub key: String,
    /// Its support.
    pub chip: Chip,
    /// The device.
    pub name: Marked,
    /// The instance's id.
    pub id: Marked,
    /// Its instruments, in words.
    pub instruments: String,
    /// The device's page.
    pub href: String,
    /// Whom to call first.
    pub call: String,
    /// The number.
    pub phone: Option<Phone>,
    /// Whether it may be restarted.
    pub restart: Reply,
    /// The same in words: `Once, then call`.
    pub restart_words: String,
    /// Whether it may be stopped.
    pub stop: Reply,
    /// The same in words: the table shows the icon alone under its head.
    pub stop_words: &'static str,
    /// The device server, or where it was.
    pub runs_on: String,
    /// `and 1 more place: cppServer/contrib_sqs_02, not a tag`, or empty.
    pub elsewhere: String,
    /// Its version, or empty.
    pub version: String,
    /// What is wrong with that version.
    pub version_tag: Option<Tag>,
    /// When it was seen last, in words.
    pub seen: String,
    /// The moment itself.
    pub seen_at: Option<DateTime<Utc>>,
    /// `silent` where its observer is, `stopped` where it no longer runs.
    pub seen_note: &'static str,
    /// What the shift does not know of it yet.
    pub unacknowledged: Option<Tag>,
    /// In what it differs from its record (G10).
    pub incidents: Vec<Tag>,
    /// The number of its last change of support: the page marks what its reader has not seen.
    pub changed: i64,
    /// Whether its reader has not seen that change.
    pub is_new: bool,
    /// Whether the answer card shows it.
    pub selected: bool,
}

impl BoardRow {
    /// What tells this line from itself at another time: everything but the words of when it was seen, which an open
    /// page counts on by itself.
    pub fn print(&self) -> u64 {
        let mut print = DefaultHasher::new();
        Self { seen: String::new(), ..self.clone() }.hash(&mut print);
        print.finish()
    }

    /// Its classes.
    pub fn class(&self) -> &'static str {
        match self.chip.status {
            Status::NotSupported | Status::Unknown => "row x-non",
            Status::ShutDown => "row x-shut",
            _ => "row",
        }
    }
}

/// In what a device differs from its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The label of its kind.
    pub kind: &'static str,
    /// What is seen, and what is on record.
    pub words: String,
    /// What mends it.
    pub remedy: String,
    /// Where it is read.
    pub href: String,
}

/// The answer to a search, left to right: supported, whom to call, what is allowed, where and which version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The device.
    pub name: String,
    /// The instance's id.
    pub id: String,
    /// The instruments.
    pub instruments: Vec<String>,
    /// The device's page.
    pub href: String,
    /// The verdict.
    pub status: Status,
    /// What it means, first the most important.
    pub meaning: String,
    /// Since when and until when.
    pub since: String,
    /// Whom to call.
    pub call: CallCard,
    /// What operators may do.
    pub may: Vec<May>,
    /// What the contributors add to it.
    pub note: String,
    /// Where CTRL shuts it down, if it can be.
    pub stops: Option<String>,
    /// Server, host, version, seen.
    pub facts: Vec<Fact>,
    /// In what it differs from its record (G10).
    pub incidents: Vec<Difference>,
    /// What happened last: when, what.
    pub latest: Vec<(String, String)>,
}

/// Devices of one status in a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Which.
    pub status: Status,
    /// How many.
    pub count: u64,
}

/// A piece of a tile's bar, in per cent of its width.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// Whose colour.
    pub status: Status,
    /// Left edge.
    pub x: f64,
    /// Width.
    pub width: f64,
}

/// One instrument: silent unless something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Its name.
    pub name: String,
    /// Where the board shows it alone.
    pub href: String,
    /// How many of each status.
    pub counts: Vec<Count>,
    /// Whether the board shows it now.
    pub here: bool,
}

impl Tile {
    /// How many in all.
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|count| count.count).sum()
    }

    fn of(&self, status: Status) -> u64 {
        self.counts.iter().filter(|count| count.status == status).map(|count| count.count).sum()
    }

    /// What must be acted on: each such status with its number.
    pub fn act(&self) -> Vec<Count> {
        self.counts.iter().copied().filter(|count| count.status.urgent() && count.count > 0).collect()
    }

    /// What stands behind the number when one thing only is to be acted on.
    pub fn act_word(status: &Status) -> &'static str {
        match status {
            Status::NotSupported => "not supported",
            Status::ShutDown => "shut down",
            Status::Unknown => "unknown",
            _ => "",
        }
    }

    /// `9 reduced`: those under review are among them.
    pub fn reduced(&self) -> u64 {
        self.of(Status::Reduced) + self.of(Status::UnderReview)
    }

    /// The numbers in words, for those who do not see the bar.
    pub fn label(&self) -> String {
        let told: Vec<_> = self
            .counts
            .iter()
            .filter(|count| count.count > 0)
            .map(|count| format!("{} {}", count.count, count.status.label().to_lowercase().replace("ctrl", "CTRL")))
            .collect();
        if told.is_empty() { "no devices".to_owned() } else { told.join(", ") }
    }

    /// The bar: even one of many stays wide enough to be seen.
    pub fn bar(&self) -> Vec<Segment> {
        const LEAST: f64 = 2.5;
        let shown: Vec<_> = self.counts.iter().filter(|count| count.count > 0).collect();
        let total = self.total().max(1) as f64;
        let widths: Vec<f64> = shown.iter().map(|count| (count.count as f64 / total * 100.0).max(LEAST)).collect();
        let scale = 100.0 / widths.iter().sum::<f64>().max(1.0);
        let mut x = 0.0;
        shown
            .iter()
            .zip(widths)
            .map(|(count, width)| {
                let segment = Segment { status: count.status, x, width: width * scale };
                x += segment.width;
                segment
            })
            .collect()
    }
}

/// A filter of the board: a box that looks like a chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterChip {
    /// The name it is sent under.
    pub name: &'static str,
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
    /// An icon's name.
    pub icon: &'static str,
    /// How many it would show.
    pub count: u64,
    /// Whether it is on.
    pub on: bool,
}

/// Whether a page follows what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveState {
    /// It changes by itself.
    Live,
    /// It shows the moment it was opened.
    AsOf,
    /// What it shows is too old.
    Stale,
}

impl LiveState {
    /// In words, before the clock.
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "Live ·",
            Self::AsOf => "As of",
            Self::Stale => "Not live ·",
        }
    }

    /// Its class.
    pub fn class(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::AsOf => "live as-of",
            Self::Stale => "live stale",
        }
    }
}

/// How current the page is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// The moment of the clock, from which the page counts on.
    pub now: Option<DateTime<Utc>>,
    /// The server's clock, such as `03:12:09`.
    pub clock: String,
    /// What was heard last: `observer reported 12 s ago`.
    pub heard: String,
    /// Whether it follows.
    pub state: LiveState,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tile_shows_one_of_four_hundred() {
        let count = |status, count| Count { status, count };
        let tile = Tile {
            name: "All".into(),
            href: "/".into(),
            counts: vec![count(Status::Full, 399), count(Status::Reduced, 0), count(Status::ShutDown, 1)],
            here: true,
        };
        let bar = tile.bar();
        assert_eq!(bar.len(), 2);
        assert!(bar[1].width > 2.0, "{bar:?}");
        assert!((bar[1].x + bar[1].width - 100.0).abs() < 0.01);
        assert_eq!(tile.label(), "399 fully supported, 1 shut down by CTRL");
        assert_eq!(tile.act(), [count(Status::ShutDown, 1)]);
    }
}
