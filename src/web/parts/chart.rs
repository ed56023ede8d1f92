//! A series drawn: bars for counts, a step line for times. Words at its edges are HTML, so that they stay as large as any.
use std::fmt::Write;

/// How a shape is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// All that there were: a quiet bar.
    All,
    /// Those of them that went wrong.
    Bad,
    /// A line.
    Line,
}

impl Ink {
    /// Its class in the style sheet.
    pub fn class(&self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Bad => "bad",
            Self::Line => "line",
        }
    }
}

/// The drawing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// The whole of it in a sentence, for those who do not see it.
    pub label: String,
    /// What its top stands for; its foot is nothing.
    pub top: String,
    /// What begins it.
    pub first: String,
    /// What ends it.
    pub last: String,
    /// Units of its width.
    wide: usize,
    shapes: Vec<(Ink, String)>,
}

/// Units that a step takes, and those of a bar, in the middle of them.
const STEP: usize = 10;
const BAR: usize = 7;
/// Units of the drawing's height.
const HIGH: f64 = 100.0;

impl Chart {
    /// From here to there, over so many steps.
    pub fn new(first: String, last: String, steps: usize) -> Self {
        let (label, top) = (String::new(), String::new());
        Self { label, top, first, last, wide: steps.max(1) * STEP, shapes: Vec::new() }
    }

    /// What it says, in a sentence.
    pub fn label(mut self, label: String) -> Self {
        self.label = label;
        self
    }

    /// What its top stands for.
    pub fn top(mut self, top: String) -> Self {
        self.top = top;
        self
    }

    /// Bars of these heights, of which `most` reaches the top.
    pub fn bars(mut self, ink: Ink, heights: &[usize], most: usize) -> Self {
        let mut path = String::new();
        for (n, height) in heights.iter().enumerate().filter(|(_, height)| **height > 0) {
            let (left, up) = (n * STEP + 1, HIGH * *height as f64 / most.max(1) as f64);
            let _ = write!(path, "M{left} {HIGH}v-{up:.1}h{BAR}v{up:.1}z");
        }
        self.shapes.push((ink, path));
        self
    }

    /// A step line at these heights, of which `most` reaches the top; where there is none it is broken off.
    pub fn line(mut self, heights: &[Option<i64>], most: i64) -> Self {
        let (mut path, mut drawn) = (String::new(), false);
        for (n, height) in heights.iter().enumerate() {
            let Some(height) = height else {
                drawn = false;
                continue;
            };
            let (left, down) = (n * STEP, HIGH - HIGH * *height as f64 / most.max(1) as f64);
            let _ = match drawn {
                true => write!(path, "V{down:.1}h{STEP}"),
                false => write!(path, "M{left} {down:.1}h{STEP}"),
            };
            drawn = true;
        }
        self.shapes.push((Ink::Line, path));
        self
    }

    /// Units of its width.
    pub fn wide(&self) -> usize {
        self.wide
    }

    /// Each shape that there is anything of.
    pub fn shapes(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.shapes.iter().filter(|(_, path)| !path.is_empty()).map(|(ink, path)| (ink.class(), path.as_str()))
    }
}

/// A round number that is no less: 1, 2 or 5 with zeros behind it.
pub fn round_top(most: usize) -> usize {
    let mut ten = 1_usize;
    loop {
        for of in [1, 2, 5] {
            if ten.saturating_mul(of) >= most {
                return ten.saturating_mul(of);
            }
        }
        ten = ten.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_and_lines_lie_where_they_belong() {
        let chart = || Chart::new(String::new(), String::new(), 3);
        let bars = chart().bars(Ink::All, &[2, 0, 4], 4).bars(Ink::Bad, &[0, 0, 0], 4);
        let shapes: Vec<_> = bars.shapes().collect();
        assert_eq!(shapes, [("all", "M1 100v-50.0h7v50.0zM21 100v-100.0h7v100.0z")]);
        let line = chart().line(&[Some(50), None, Some(100)], 100);
        assert_eq!(line.shapes().next(), Some(("line", "M0 50.0h10M20 0.0h10")));
        let line = chart().line(&[Some(50), Some(25), None], 100);
        assert_eq!(line.shapes().next(), Some(("line", "M0 50.0h10V75.0h10")));
        let nothing = chart().bars(Ink::All, &[0, 0, 0], 0).line(&[Some(0), None, None], 0);
        assert_eq!(nothing.shapes().collect::<Vec<_>>(), [("line", "M0 100.0h10")]);
        assert_eq!(chart().wide(), 30);
    }

    #[test]
    fn tops_are_round() {
        for (most, top) in [(0, 1), (1, 1), (3, 5), (5, 5), (6, 10), (21, 50), (100, 100), (101, 200)] {
            assert_eq!(round_top(most), top);
        }
        assert_eq!(round_top(usize::MAX), usize::MAX);
    }
}
