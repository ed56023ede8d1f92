//! A rollout, drawn: its targets in one bar, each of them by its steps, and how fast it goes (R4).
use super::Action;
use std::fmt::Write;

/// How a target stands: normal is quiet, what needs a hand is not. Each has a pattern or a colour, and words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shade {
    /// Every step of it is over.
    Done,
    /// Somebody is to look at it.
    SignOff,
    /// The engine is at work on it.
    Running,
    /// It is held.
    OnHold,
    /// It does not go on without somebody.
    NeedsPerson,
    /// It is what it was before, or on its way there.
    RolledBack,
    /// Its turn comes.
    Waiting,
    /// It has no part in it.
    LeftOut,
}

impl Shade {
    /// All, in the order of the bar.
    pub const ALL: [Self; 8] = [
        Self::Done,
        Self::SignOff,
        Self::Running,
        Self::OnHold,
        Self::NeedsPerson,
        Self::RolledBack,
        Self::Waiting,
        Self::LeftOut,
    ];

    /// Its class.
    pub fn class(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::SignOff => "sign",
            Self::Running => "run",
            Self::OnHold => "halt",
            Self::NeedsPerson => "fail",
            Self::RolledBack => "rb",
            Self::Waiting => "wait",
            Self::LeftOut => "out",
        }
    }

    /// Whether it is told by a pattern, too.
    pub fn has_pattern(self) -> bool {
        matches!(self, Self::SignOff | Self::Running | Self::RolledBack)
    }

    /// In words, behind a number.
    pub fn words(self, count: usize) -> &'static str {
        match (self, count) {
            (Self::Done, _) => "done",
            (Self::SignOff, 1) => "wants sign-off",
            (Self::SignOff, _) => "want sign-off",
            (Self::Running, _) => "running",
            (Self::OnHold, _) => "on hold",
            (Self::NeedsPerson, 1) => "needs a person",
            (Self::NeedsPerson, _) => "need a person",
            (Self::RolledBack, _) => "rolled back",
            (Self::Waiting, _) => "waiting",
            (Self::LeftOut, _) => "left out",
        }
    }
}

/// A number above the bar; its small patch is the bar's legend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// What it counts.
    pub shade: Shade,
    /// `13 of 30`, `2`.
    pub count: String,
    /// What stands under it.
    pub words: &'static str,
}

/// A piece of the bar, in per cent of its width.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// Whose.
    pub shade: Shade,
    /// Left edge.
    pub x: f64,
    /// Width.
    pub width: f64,
}

/// All targets in one bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Makes the names of its patterns its own in the page.
    pub id: String,
    /// How many stand how.
    pub parts: Vec<(Shade, usize)>,
}

impl Bar {
    /// The bar of so many that stand so.
    pub fn new(id: &str, parts: &[(Shade, usize)]) -> Self {
        Self { id: id.to_owned(), parts: parts.iter().copied().filter(|(_, count)| *count > 0).collect() }
    }

    /// The numbers in words, for those who do not see the bar.
    pub fn label(&self) -> String {
        let told: Vec<String> = self.parts.iter().map(|(shade, n)| format!("{n} {}", shade.words(*n))).collect();
        if told.is_empty() { "no targets".to_owned() } else { told.join(", ") }
    }

    /// Its pieces, from left to right.
    pub fn pieces(&self) -> Vec<Piece> {
        let all = self.parts.iter().map(|(_, count)| count).sum::<usize>().max(1) as f64;
        let mut x = 0.0;
        let piece = |(shade, count): &(Shade, usize)| {
            let piece = Piece { shade: *shade, x, width: *count as f64 / all * 100.0 };
            x += piece.width;
            piece
        };
        self.parts.iter().map(piece).collect()
    }
}

/// A step on a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Its class.
    pub class: &'static str,
    /// An icon's name.
    pub icon: &'static str,
    /// `Back up: done`.
    pub label: String,
}

/// A target with its steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetRow {
    /// Its name.
    pub name: String,
    /// Its page.
    pub href: String,
    /// How it stands.
    pub shade: Shade,
    /// Steps that are over, of all.
    pub done: usize,
    /// How many there are.
    pub all: usize,
    /// One for each step.
    pub cells: Vec<Cell>,
    /// What it does now.
    pub now: String,
}

impl TargetRow {
    /// How much of it is over, in per cent.
    pub fn percent(&self) -> usize {
        self.done * 100 / self.all.max(1)
    }
}

/// Targets of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetGroup {
    /// Its name.
    pub title: String,
    /// Its targets.
    pub rows: Vec<TargetRow>,
}

/// Targets and steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    /// The steps' labels.
    pub steps: Vec<String>,
    /// The targets.
    pub groups: Vec<TargetGroup>,
}

impl Matrix {
    /// How many columns it has.
    pub fn columns(&self) -> usize {
        self.steps.len() + 3
    }
}

/// Something beside the targets that somebody reads, and may act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// The class of its sign: `fail`, `todo`, `wait`, `done`.
    pub class: &'static str,
    /// An icon's name.
    pub icon: &'static str,
    /// What it is about.
    pub title: String,
    /// The page about it.
    pub href: String,
    /// What there is to say.
    pub text: Vec<String>,
    /// What can be done.
    pub actions: Vec<Action>,
}

/// How many targets were done when, and when the last one will be.
#[derive(Debug, Clone, PartialEq)]
pub struct Pace {
    /// The whole of it in a sentence.
    pub says: String,
    /// Heights of the drawing and what they stand for.
    pub ticks: Vec<(f64, usize)>,
    /// What was done so far.
    pub line: String,
    /// Where it stands now: from the left, from the top.
    pub x: f64,
    /// See above.
    pub y: f64,
    /// How it goes on at this pace.
    pub ahead: Option<String>,
    /// Where the window ends.
    pub ends: f64,
    /// What stands under its edges: when it began, what it is now where there is room for it, when the window ends.
    pub from: String,
    /// See above.
    pub now: Option<String>,
    /// See above.
    pub until: String,
}

const LEFT: f64 = 30.0;
const RIGHT: f64 = 326.0;
const TOP: f64 = 14.0;
const FOOT: f64 = 124.0;

/// The moments of a pace, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moments {
    /// When it began.
    pub from: i64,
    /// Now.
    pub now: i64,
    /// When its window ends.
    pub until: i64,
    /// When its last target will be done, where more is to come.
    pub end: Option<i64>,
}

impl Pace {
    /// The drawing of how many were done when, out of so many; what stands under it is empty yet.
    pub fn new(done: &[(i64, usize)], all: usize, at: Moments) -> Self {
        let last = at.until.max(at.end.unwrap_or(at.now)).max(at.now).max(at.from + 1);
        let x = |t: i64| LEFT + (RIGHT - LEFT) * (t - at.from).max(0) as f64 / (last - at.from) as f64;
        let y = |n: usize| FOOT - (FOOT - TOP) * n as f64 / all.max(1) as f64;
        let mut line = format!("M{LEFT:.1} {FOOT:.1}");
        let mut count = 0;
        for (t, n) in done {
            count = *n;
            let _ = write!(line, "H{:.1}V{:.1}", x(*t), y(*n));
        }
        let (here, high) = (x(at.now), y(count));
        let _ = write!(line, "H{here:.1}");
        let ahead = at.end.map(|end| format!("M{here:.1} {high:.1}L{:.1} {TOP:.1}", x(end)));
        let half = Some(all / 2).filter(|half| all >= 4 && *half > 0);
        let ticks = [Some(0), half, Some(all)].into_iter().flatten().map(|n| (y(n), n)).collect();
        let (says, from, until) = (String::new(), String::new(), String::new());
        Self { says, ticks, line, x: here, y: high, ahead, ends: x(at.until), from, now: None, until }
    }

    /// Whether there is room under the drawing for the moment of now.
    pub fn has_room(&self) -> bool {
        (90.0..200.0).contains(&self.x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R4: the bar is as wide as its pieces, in their order, and says the same in words; what is not there is not in it.
    #[test]
    fn r4_a_bar_has_a_piece_for_each() {
        let bar = Bar::new("b", &[(Shade::Done, 6), (Shade::SignOff, 1), (Shade::OnHold, 0), (Shade::Waiting, 3)]);
        assert_eq!(bar.label(), "6 done, 1 wants sign-off, 3 waiting");
        let pieces: Vec<_> =
            bar.pieces().iter().map(|p| (p.shade, p.x.round() as i64, p.width.round() as i64)).collect();
        assert_eq!(pieces, [(Shade::Done, 0, 60), (Shade::SignOff, 60, 10), (Shade::Waiting, 70, 30)]);
        assert_eq!(Bar::new("b", &[]).label(), "no targets");
    }

    /// R4: the pace climbs to the last target, inside the drawing, also where that is behind the window.
    #[test]
    fn r4_a_pace_stays_in_its_drawing() {
        let at = Moments { from: 0, now: 50, until: 100, end: Some(200) };
        let pace = Pace::new(&[(0, 0), (20, 1), (40, 2)], 4, at);
        assert_eq!(pace.line, "M30.0 124.0H30.0V124.0H59.6V96.5H89.2V69.0H104.0");
        assert_eq!(pace.ahead.as_deref(), Some("M104.0 69.0L326.0 14.0"));
        assert_eq!((pace.ends, pace.has_room()), (178.0, true));
        assert_eq!(pace.ticks.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [0, 2, 4]);
        let over = Pace::new(&[(0, 0)], 1, Moments { from: 0, now: 0, until: 0, end: None });
        assert!(over.ahead.is_none() && over.x.is_finite() && over.ends <= RIGHT, "{over:?}");
    }
}
