//! Outcomes counted up: of a device, of all of them, of each month.

use super::{
    Outcome, Part, Span,
    span::{MONTH_SECONDS, WEEK_SECONDS},
};
use chrono::{DateTime, Utc};

/// With fewer cases than this no share and no middle is told: they are told one by one.
pub const FEW: usize = 5;

/// Of less time than a week no rate is told.
const LEAST_MONTHS: f64 = WEEK_SECONDS / MONTH_SECONDS;

/// What is counted up, in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    begun: usize,
    succeeded: usize,
    failed: usize,
    /// In seconds.
    leads: Vec<i64>,
    restores: Vec<i64>,
}

impl Tally {
    pub fn add(&mut self, o: &Outcome) {
        self.begun += 1;
        self.succeeded += usize::from(o.succeeded);
        self.failed += usize::from(o.failed);
        self.leads.extend(o.lead.map(|l| l.num_seconds()));
        self.restores.extend(o.restored.map(|r| r.num_seconds()));
    }

    fn merge(&mut self, other: &Self) {
        self.begun += other.begun;
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.leads.extend(&other.leads);
        self.restores.extend(&other.restores);
    }

    pub fn figures(self) -> Figures {
        Figures {
            begun: self.begun,
            succeeded: self.succeeded,
            failed: self.failed,
            lead: Times::of(self.leads),
            restore: Times::of(self.restores),
        }
    }
}

/// Spans of time, in seconds, and what lies in their middle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Times {
    pub cases: usize,
    /// All of them, the shortest first, where they are few.
    pub few: Vec<i64>,
    /// `None` where there is no case.
    pub median: Option<i64>,
    /// Nine of ten are no longer: the nearest that is one of them.
    pub ninth: Option<i64>,
}

impl Times {
    fn of(mut all: Vec<i64>) -> Self {
        all.sort_unstable();
        let cases = all.len();
        if cases == 0 {
            return Self::default();
        }
        let median = (all[(cases - 1) / 2] + all[cases / 2]) / 2;
        let ninth = all[(9 * cases).div_ceil(10) - 1];
        let few = if cases < FEW { all } else { Vec::new() };
        Self { cases, few, median: Some(median), ninth: Some(ninth) }
    }
}

/// The four figures of one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub begun: usize,
    /// Deployment frequency is this over the months.
    pub succeeded: usize,
    pub failed: usize,
    pub lead: Times,
    pub restore: Times,
}

impl Figures {
    /// The change failure rate, from 0 to 1; none where nothing has begun.
    pub fn failure_ratio(&self) -> Option<f64> {
        (self.begun > 0).then(|| self.failed as f64 / self.begun as f64)
    }

    /// The same as a share, where there are enough for one.
    pub fn failure_percent(&self) -> Option<usize> {
        (self.begun >= FEW).then(|| (self.failed * 200 + self.begun) / (2 * self.begun))
    }

    /// What failed and is not restored yet.
    pub fn open(&self) -> usize {
        self.failed.saturating_sub(self.restore.cases)
    }

    /// How many succeed in a month; none where less than a week of the time is over: one in the first hour of a month are
    /// not 730.
    pub fn per_month(&self, of: &Part, now: DateTime<Utc>) -> Option<f64> {
        let months = of.months(now);
        (months >= LEAST_MONTHS).then(|| self.succeeded as f64 / months)
    }
}

/// Outcomes as they fall into a span, into the time before it, and into its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    span: Span,
    earlier: Part,
    parts: Vec<Part>,
    within: Tally,
    before: Tally,
    each: Vec<Tally>,
}

impl Count {
    pub fn new(span: Span) -> Self {
        let parts = span.parts();
        let each = vec![Tally::default(); parts.len()];
        Self { span, earlier: span.before(), parts, within: Tally::default(), before: Tally::default(), each }
    }

    pub fn add(&mut self, o: &Outcome) {
        if self.earlier.holds(o.begun) {
            self.before.add(o);
        }
        if self.span.whole.holds(o.begun) {
            self.within.add(o);
            let day = o.begun.date_naive();
            let part = self.parts.partition_point(|p| p.until <= day);
            self.each[part].add(o);
        }
    }

    /// Adds what was counted of another device in the same span.
    pub fn merge(&mut self, other: &Self) {
        self.within.merge(&other.within);
        self.before.merge(&other.before);
        for (one, of) in self.each.iter_mut().zip(&other.each) {
            one.merge(of);
        }
    }

    /// Whether anything began in the span or before it.
    pub fn is_empty(&self) -> bool {
        self.within.begun + self.before.begun == 0
    }

    pub fn trend(self) -> Trend {
        Trend {
            span: self.span,
            earlier: self.earlier,
            now: self.within.figures(),
            before: self.before.figures(),
            parts: self.parts.into_iter().zip(self.each.into_iter().map(Tally::figures)).collect(),
        }
    }
}

/// The figures of a span, beside those of as long a time before it, and of each of its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trend {
    pub span: Span,
    pub earlier: Part,
    pub now: Figures,
    pub before: Figures,
    pub parts: Vec<(Part, Figures)>,
}

/// What devices are put in order by.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, strum::EnumIter, strum::EnumString, strum::IntoStaticStr, strum::Display,
)]
#[strum(serialize_all = "snake_case")]
pub enum By {
    #[default]
    Name,
    /// The most first.
    Deployments,
    /// The longest first.
    Lead,
    /// The highest rate first.
    Failures,
    /// What is not restored first, then the longest.
    Restore,
}

/// Where something stands in the order, the first being the least. What has no such figure comes last.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Order(bool, f64);

impl By {
    pub fn order(self, f: &Figures) -> Order {
        let most_first = |figure: Option<f64>| Order(figure.is_none(), -figure.unwrap_or_default());
        let seconds = |t: &Times| t.median.map(|s| s as f64);
        match self {
            Self::Name => Order(false, 0.0),
            Self::Deployments => most_first(Some(f.succeeded as f64)),
            Self::Lead => most_first(seconds(&f.lead)),
            Self::Failures => most_first(f.failure_ratio()),
            Self::Restore if f.open() > 0 => Order(false, f64::NEG_INFINITY),
            Self::Restore => most_first(seconds(&f.restore)),
        }
    }
}
