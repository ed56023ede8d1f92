//! The support of the last days, one bar a day.
use super::Status;
use askama::filters::HtmlSafeOutput;
use std::{borrow::Cow, sync::LazyLock};

/// Days in a row with one status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RibbonRun {
    /// Which status.
    pub status: Status,
    /// How many days.
    pub days: u16,
}

/// Words under a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RibbonMark {
    /// The day, counted from the first, which is 0.
    pub day: u16,
    /// What began: `3 Sep reduced support`.
    pub text: String,
}

/// The ribbon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ribbon {
    /// The whole of it in a sentence, for those who do not see it.
    pub label: String,
    /// Oldest first.
    pub runs: Vec<RibbonRun>,
    /// Oldest first; one too near the last is left out, the sentence has it.
    pub marks: Vec<RibbonMark>,
}

/// Units of the drawing's width.
const WIDE: f32 = 1000.0;
/// Units a character of a mark takes, with room to spare.
const LETTER: f32 = 6.6;
/// What is kept free at the right for `today`.
const TODAY: f32 = 50.0;

/// The bars of so many days, one behind the other.
#[derive(Clone)]
struct Bars {
    days: u16,
    path: String,
    /// Where each day's bar begins in it, and where the last one ends.
    begins: Vec<usize>,
}

/// Those of a device's page, which shows as many days each time.
static OF_A_PAGE: LazyLock<Bars> = LazyLock::new(|| Bars::of(90));

impl Bars {
    fn of(days: u16) -> Self {
        let step = step(days);
        let bar = format!("h{0:.1}v24h-{0:.1}z", step - 2.0);
        let (mut path, mut begins) = (String::new(), vec![0]);
        for at in 0..days {
            path += &format!("M{:.1} 2{bar}", f32::from(at) * step);
            begins.push(path.len());
        }
        Self { days, path, begins }
    }
}

/// How wide one of so many days is.
fn step(days: u16) -> f32 {
    WIDE / f32::from(days.max(1))
}

impl Ribbon {
    fn days(&self) -> u16 {
        self.runs.iter().map(|run| run.days).sum()
    }

    /// Each run as its class and one path of all its bars.
    pub fn bars(&self) -> Vec<(Status, HtmlSafeOutput<String>)> {
        let days = self.days();
        let all = if days == OF_A_PAGE.days { Cow::Borrowed(&*OF_A_PAGE) } else { Cow::Owned(Bars::of(days)) };
        let mut day = 0;
        let bars = self.runs.iter().map(|run| {
            let first = day;
            day += usize::from(run.days);
            (run.status, HtmlSafeOutput(all.path[all.begins[first]..all.begins[day]].to_owned()))
        });
        bars.collect()
    }

    /// The words that have room, with their left edge.
    pub fn words(&self) -> Vec<(String, &str)> {
        let (step, mut free) = (step(self.days()), 0.0_f32);
        let mut words = Vec::new();
        for mark in &self.marks {
            let (left, wide) = (f32::from(mark.day) * step, mark.text.chars().count() as f32 * LETTER);
            if left >= free && left + wide <= WIDE - TODAY {
                words.push((format!("{left:.1}"), mark.text.as_str()));
                free = left + wide;
            }
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_has_a_bar_and_words_never_meet() {
        let mark = |day, text: &str| RibbonMark { day, text: text.into() };
        let ribbon = Ribbon {
            label: String::new(),
            runs: vec![
                RibbonRun { status: Status::Requested, days: 11 },
                RibbonRun { status: Status::Reduced, days: 79 },
            ],
            marks: vec![
                mark(0, "23 Aug"),
                mark(1, "too near"),
                mark(11, "3 Sep reduced support"),
                mark(88, "too late"),
            ],
        };
        let paths = |of: &Ribbon| of.bars().into_iter().map(|(_, path)| path.0).collect::<Vec<_>>();
        let days = |paths: &[String]| paths.iter().map(|path| path.matches('M').count()).collect::<Vec<_>>();
        let drawn = paths(&ribbon);
        assert_eq!(days(&drawn), [11, 79]);
        assert!(drawn[1].starts_with("M122.2 2h9.1v24h-9.1zM133.3 2"), "{drawn:?}");
        let week = vec![RibbonRun { status: Status::Reduced, days: 5 }, RibbonRun { status: Status::Full, days: 2 }];
        let drawn = paths(&Ribbon { runs: week, ..ribbon.clone() });
        assert_eq!(days(&drawn), [5, 2]);
        assert!(drawn[1].starts_with("M714.3 2h140.9v24"), "{drawn:?}");
        let words: Vec<_> = ribbon.words().into_iter().map(|(_, text)| text).collect();
        assert_eq!(words, ["23 Aug", "3 Sep reduced support"]);
    }
}
