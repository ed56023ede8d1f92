//! The four figures of delivery in words, each beside what it was before, with its trend (G11).

use crate::{
    domain::delivery::{Every, FEW, Figures, Part, Span, Times, Trend},
    web::{
        parts::{Chart, Ink, plural, round_top},
        words,
    },
};
use chrono::{DateTime, Utc};

/// One of the figures, as a page draws it.
pub struct FigureView {
    pub id: &'static str,
    pub title: &'static str,
    pub value: String,
    /// Of what it is.
    pub about: String,
    /// Beside the time before.
    pub change: String,
    /// Missing where there is nothing to draw.
    pub chart: Option<Chart>,
    /// The same as a table: what is counted, then each month or week with it.
    pub heads: [&'static str; 2],
    pub rows: Vec<[String; 3]>,
}

/// `12 s`, `25 min`, `36 h`, `9 days`, `5 months`, to the nearest.
pub fn lasting(seconds: i64) -> String {
    let nearest = |unit: i64| (seconds + unit / 2) / unit;
    match seconds {
        ..60 => format!("{} s", seconds.max(0)),
        60..5_400 => format!("{} min", nearest(60)),
        5_400..172_800 => format!("{} h", nearest(3600)),
        172_800..7_776_000 => format!("{} days", nearest(86_400)),
        _ => format!("{} months", nearest(2_629_746)),
    }
}

fn listed(all: &[i64]) -> String {
    let said: Vec<String> = all.iter().map(|s| lasting(*s)).collect();
    match said.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

/// A figure in words, and as a number where it is to be compared.
type Said = (String, Option<f64>);

/// A middle, or the few cases one by one.
fn times(t: &Times) -> Option<Said> {
    let median = t.median?;
    Some(match t.few.is_empty() {
        true => (lasting(median), Some(median as f64)),
        false => (listed(&t.few), None),
    })
}

const NOTHING: &str = "Nothing deployed";

/// How often, a month or a week.
pub fn frequency(f: &Figures, of: &Part, every: Every, now: DateTime<Utc>) -> Said {
    let per_month = f.per_month(of, now).filter(|_| f.succeeded >= FEW);
    let Some(per_month) = per_month else {
        return match f.succeeded {
            0 => (NOTHING.to_owned(), None),
            n => (plural(n, "deployment"), None),
        };
    };
    let (rate, unit) = match every {
        Every::Month => (per_month, "month"),
        Every::Week => (per_month * 7.0 / 30.436_875, "week"),
    };
    let said = if rate < 9.95 { format!("{rate:.1} a {unit}") } else { format!("{rate:.0} a {unit}") };
    (said, Some(rate))
}

pub fn lead(f: &Figures) -> Said {
    let none = if f.succeeded == 0 { NOTHING } else { "No new release" };
    times(&f.lead).unwrap_or_else(|| (none.to_owned(), None))
}

pub fn failures(f: &Figures) -> Said {
    match f.failure_percent() {
        Some(percent) => (format!("{percent} %"), f.failure_ratio()),
        None if f.begun == 0 => (NOTHING.to_owned(), None),
        None => (format!("{} of {}", f.failed, f.begun), None),
    }
}

pub fn restore(f: &Figures) -> Said {
    let none = match (f.begun, f.failed) {
        (0, _) => NOTHING,
        (_, 0) => "Nothing failed",
        _ => "Not restored yet",
    };
    times(&f.restore).unwrap_or_else(|| (none.to_owned(), None))
}

/// `the 12 months before`.
fn time_before(span: &Span) -> String {
    let many = span.parts().len();
    match span.every {
        Every::Month => format!("the {} before", plural(many, "month")),
        Every::Week => format!("the {} before", plural(many, "week")),
    }
}

/// How it was before, and whether it went up or down since.
fn change(now: &Said, before: &Said, span: &Span) -> String {
    let then = time_before(span);
    match (now.1, before.1) {
        _ if now.0 == before.0 => format!("The same in {then}."),
        (Some(is), Some(was)) if is > was => format!("Up from {} in {then}.", before.0),
        (Some(_), Some(_)) => format!("Down from {} in {then}.", before.0),
        _ => format!("{} in {then}.", before.0),
    }
}

/// What a month or a week is called.
fn name(part: &Part, every: Every) -> String {
    match every {
        Every::Month => words::month_of(part.from),
        Every::Week => format!("from {}", words::day_of(part.from)),
    }
}

/// What is the same of all four.
struct Drawn<'a> {
    trend: &'a Trend,
    names: Vec<String>,
    now: DateTime<Utc>,
}

impl Drawn<'_> {
    fn chart(&self) -> Chart {
        let end = |at: Option<&String>| at.cloned().unwrap_or_default();
        Chart::new(end(self.names.first()), end(self.names.last()), self.names.len())
    }

    /// Each month or week with what is said of it.
    fn rows(&self, of: impl Fn(&Figures) -> [String; 2]) -> Vec<[String; 3]> {
        let one = |(name, (_, f)): (&String, &(Part, Figures))| {
            let [cases, said] = of(f);
            [name.clone(), cases, said]
        };
        self.names.iter().zip(&self.trend.parts).map(one).collect()
    }

    /// What a chart says, for those who do not see it.
    fn told(&self, what: &str, of: impl Fn(&Figures) -> Option<String>) -> String {
        let one = |(name, (_, f)): (&String, &(Part, Figures))| of(f).map(|said| format!("{name}: {said}"));
        let all: Vec<String> = self.names.iter().zip(&self.trend.parts).filter_map(one).collect();
        format!("{what}. {}.", all.join("; "))
    }

    fn counts(&self, of: impl Fn(&Figures) -> usize) -> Vec<usize> {
        self.trend.parts.iter().map(|(_, f)| of(f)).collect()
    }

    fn bars(&self, label: String, all: &[usize], bad: &[usize]) -> Option<Chart> {
        let most = all.iter().copied().max().filter(|most| *most > 0)?;
        let top = round_top(most);
        let chart = self.chart().label(label).top(top.to_string()).bars(Ink::All, all, top);
        Some(chart.bars(Ink::Bad, bad, top))
    }

    fn line(&self, label: String, of: impl Fn(&Figures) -> &Times) -> Option<Chart> {
        let medians: Vec<Option<i64>> = self.trend.parts.iter().map(|(_, f)| of(f).median).collect();
        let most = medians.iter().flatten().copied().max()?;
        Some(self.chart().label(label).top(lasting(most)).line(&medians, most))
    }

    fn frequency(&self) -> FigureView {
        let (t, every) = (self.trend, self.trend.span.every);
        let now = frequency(&t.now, &t.span.whole, every, self.now);
        let before = frequency(&t.before, &t.earlier, every, self.now);
        let counts = self.counts(|f| f.succeeded);
        let label = self.told("Deployments that succeeded", |f| Some(f.succeeded.to_string()));
        FigureView {
            id: "frequency",
            title: "Deployment frequency",
            about: match t.now.succeeded {
                0 => "No deployment into production succeeded.".to_owned(),
                n => format!("{} into production succeeded.", plural(n, "deployment")),
            },
            change: change(&now, &before, &t.span),
            value: now.0,
            chart: self.bars(label, &counts, &[]),
            heads: ["Begun", "Succeeded"],
            rows: self.rows(|f| [f.begun.to_string(), f.succeeded.to_string()]),
        }
    }

    fn lead(&self) -> FigureView {
        let t = self.trend;
        let (now, before) = (lead(&t.now), lead(&t.before));
        let of = &t.now.lead;
        let label = self.told("Median lead time", |f| f.lead.median.map(lasting));
        FigureView {
            id: "lead",
            title: "Lead time",
            about: match (of.cases, of.ninth) {
                (0, _) | (_, None) => "From a release’s tag to its first success in production.".to_owned(),
                (1, _) => "From the tag of the one new release to its first success in production.".to_owned(),
                (n, _) if n < FEW => format!("From the tags of {n} new releases to their first success in production."),
                (n, Some(ninth)) => format!(
                    "The middle of {n} new releases, from the tag to the first success in production. 9 of 10 within {}.",
                    lasting(ninth)
                ),
            },
            change: change(&now, &before, &t.span),
            value: now.0,
            chart: self.line(label, |f| &f.lead),
            heads: ["New releases", "Lead time"],
            rows: self.rows(|f| [f.lead.cases.to_string(), cell(&f.lead)]),
        }
    }

    fn failures(&self) -> FigureView {
        let t = self.trend;
        let (now, before) = (failures(&t.now), failures(&t.before));
        let (begun, failed) = (self.counts(|f| f.begun), self.counts(|f| f.failed));
        let label = self.told("Failed deployments of those that began", |f| {
            (f.begun > 0).then(|| format!("{} of {}", f.failed, f.begun))
        });
        FigureView {
            id: "failures",
            title: "Change failure rate",
            about: match (t.now.failed, t.now.begun) {
                (_, 0) => "What failed, was rolled back, or failed its tests afterwards.".to_owned(),
                (0, n) => format!(
                    "None of {} failed, was rolled back, or failed its tests afterwards.",
                    plural(n, "deployment")
                ),
                (bad, n) => {
                    format!(
                        "{bad} of {} failed, were rolled back, or failed their tests afterwards.",
                        plural(n, "deployment")
                    )
                }
            },
            change: change(&now, &before, &t.span),
            value: now.0,
            chart: self.bars(label, &begun, &failed),
            heads: ["Begun", "Failed"],
            rows: self.rows(|f| [f.begun.to_string(), f.failed.to_string()]),
        }
    }

    fn restore(&self) -> FigureView {
        let t = self.trend;
        let (now, before) = (restore(&t.now), restore(&t.before));
        let of = &t.now.restore;
        let label = self.told("Median time to restore", |f| f.restore.median.map(lasting));
        let mut about = match (of.cases, of.ninth) {
            (0, _) | (_, None) => "From a failure to the next success on the same server.".to_owned(),
            (1, _) => "From the one failure to the next success on the same server.".to_owned(),
            (n, _) if n < FEW => format!("From {n} failures to the next success on the same server."),
            (n, Some(ninth)) => format!(
                "The middle of {n} failures, to the next success on the same server. 9 of 10 within {}.",
                lasting(ninth)
            ),
        };
        match t.now.open() {
            0 => {}
            1 => about += " 1 is not restored yet.",
            n => about += &format!(" {n} are not restored yet."),
        }
        FigureView {
            id: "restore",
            title: "Time to restore",
            about,
            change: change(&now, &before, &t.span),
            value: now.0,
            chart: self.line(label, |f| &f.restore),
            heads: ["Failed", "Time to restore"],
            rows: self.rows(|f| [f.failed.to_string(), cell(&f.restore)]),
        }
    }
}

/// A cell of a table; a dash where there is no case.
fn cell(t: &Times) -> String {
    times(t).map_or_else(|| "–".to_owned(), |said| said.0)
}

/// All four.
pub fn figures(trend: &Trend, now: DateTime<Utc>) -> Vec<FigureView> {
    let names = trend.parts.iter().map(|(part, _)| name(part, trend.span.every)).collect();
    let drawn = Drawn { trend, names, now };
    vec![drawn.frequency(), drawn.lead(), drawn.failures(), drawn.restore()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::delivery::{Outcome, Tally};
    use chrono::Duration;

    fn noon() -> DateTime<Utc> {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    /// So many of which some failed, each with this lead, and these restored.
    fn some(begun: usize, failed: usize, lead: Option<i64>, restored: &[i64]) -> Figures {
        let mut tally = Tally::default();
        for n in 0..begun {
            let is_bad = n < failed;
            tally.add(&Outcome {
                begun: noon(),
                succeeded: !is_bad,
                lead: lead.filter(|_| !is_bad).map(Duration::seconds),
                failed: is_bad,
                restored: restored.get(n).filter(|_| is_bad).map(|s| Duration::seconds(*s)),
            });
        }
        tally.figures()
    }

    /// G11: no case is said to be none, few are told one by one, and only of enough a share and a middle are told.
    #[test]
    fn g11_few_cases_are_told_one_by_one() {
        let none = some(0, 0, None, &[]);
        let span = Span::last(Every::Month, noon());
        let often = |f: &Figures| frequency(f, &span.whole, span.every, noon()).0;
        assert_eq!([often(&none), lead(&none).0, failures(&none).0, restore(&none).0], [NOTHING; 4]);
        let few = some(4, 2, Some(7200), &[60, 93_600]);
        let said = [often(&few), lead(&few).0, failures(&few).0, restore(&few).0];
        assert_eq!(said, ["2 deployments", "2 h and 2 h", "2 of 4", "1 min and 26 h"]);
        let many = some(30, 6, Some(400_000), &[60, 60, 600, 600, 7200]);
        let said = [often(&many), lead(&many).0, failures(&many).0, restore(&many).0];
        assert_eq!(said, ["2.1 a month", "5 days", "20 %", "10 min"]);
        assert_eq!(
            (restore(&some(3, 1, None, &[])).0, restore(&some(3, 0, None, &[])).0),
            ("Not restored yet".to_owned(), "Nothing failed".to_owned())
        );
        assert_eq!(lead(&some(3, 0, None, &[])).0, "No new release");
        let weeks = Span::last(Every::Week, noon());
        assert_eq!(frequency(&many, &weeks.whole, weeks.every, noon()).0, "1.9 a week");
    }

    /// G11: the trend is told by what there was before.
    #[test]
    fn g11_changes_are_told() {
        let span = Span::last(Every::Month, noon());
        let said = |now: (&str, Option<f64>), before: (&str, Option<f64>)| {
            change(&(now.0.to_owned(), now.1), &(before.0.to_owned(), before.1), &span)
        };
        assert_eq!(said(("4 days", Some(4.0)), ("9 days", Some(9.0))), "Down from 9 days in the 12 months before.");
        assert_eq!(said(("4 days", Some(4.0)), ("1 h", Some(0.1))), "Up from 1 h in the 12 months before.");
        assert_eq!(said(("20 %", Some(0.2)), ("2 of 3", None)), "2 of 3 in the 12 months before.");
        assert_eq!(said(("20 %", Some(0.2)), ("20 %", Some(0.201))), "The same in the 12 months before.");
    }

    #[test]
    fn times_are_told_to_the_nearest() {
        for (seconds, said) in [
            (0, "0 s"),
            (59, "59 s"),
            (89, "1 min"),
            (90, "2 min"),
            (5_399, "90 min"),
            (5_400, "2 h"),
            (129_600, "36 h"),
            (172_800, "2 days"),
            (7_776_000, "3 months"),
        ] {
            assert_eq!(lasting(seconds), said);
        }
    }
}
