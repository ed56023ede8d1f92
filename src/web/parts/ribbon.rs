//! The support of the last days, one bar a day.
use super::Status;

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

impl Ribbon {
    fn step(&self) -> f32 {
        WIDE / f32::from(self.runs.iter().map(|run| run.days).sum::<u16>().max(1))
    }

    /// Each run as its class and one path of all its bars.
    pub fn bars(&self) -> Vec<(Status, String)> {
        let (step, mut day) = (self.step(), 0_u16);
        let bar = format!("h{0:.1}v24h-{0:.1}z", step - 2.0);
        let mut bars = Vec::new();
        for run in &self.runs {
            let mut path = String::new();
            for at in day..day + run.days {
                path += &format!("M{:.1} 2{bar}", f32::from(at) * step);
            }
            bars.push((run.status, path));
            day += run.days;
        }
        bars
    }

    /// The words that have room, with their left edge.
    pub fn words(&self) -> Vec<(String, &str)> {
        let (step, mut free) = (self.step(), 0.0_f32);
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
        let days: usize = ribbon.bars().iter().map(|(_, path)| path.matches('M').count()).sum();
        assert_eq!(days, 90);
        let words: Vec<_> = ribbon.words().into_iter().map(|(_, text)| text).collect();
        assert_eq!(words, ["23 Aug", "3 Sep reduced support"]);
    }
}
