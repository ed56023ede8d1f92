//! The time that figures are of, in days of UTC, and its parts.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, Utc};

/// What a span is cut into.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, strum::EnumIter, strum::EnumString, strum::IntoStaticStr, strum::Display,
)]
#[strum(serialize_all = "snake_case")]
pub enum Every {
    /// Of the calendar.
    #[default]
    Month,
    /// From Monday on.
    Week,
}

/// Three years, one of which may be a leap year.
pub const LONGEST_DAYS: i64 = 3 * 365 + 1;

/// Where nothing is said: so many months, this one with them, or so many weeks.
const MONTHS: u32 = 12;
const WEEKS: u64 = 13;

/// As long as months are on average, in seconds. Source: 146,097 days in the 4,800 months of the calendar's cycle.
pub(super) const MONTH_SECONDS: f64 = 146_097.0 * 86_400.0 / 4_800.0;
pub(super) const WEEK_SECONDS: f64 = 7.0 * 86_400.0;

/// From a day on, until before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub from: NaiveDate,
    pub until: NaiveDate,
}

fn begins(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

impl Part {
    pub fn begins(&self) -> DateTime<Utc> {
        begins(self.from)
    }

    pub fn ends(&self) -> DateTime<Utc> {
        begins(self.until)
    }

    pub fn holds(&self, at: DateTime<Utc>) -> bool {
        self.begins() <= at && at < self.ends()
    }

    /// Its last day.
    pub fn last(&self) -> NaiveDate {
        self.until.pred_opt().unwrap_or(self.from)
    }

    /// How many months of it are over.
    pub fn months(&self, now: DateTime<Utc>) -> f64 {
        let over = (self.ends().min(now) - self.begins()).num_seconds().max(0);
        over as f64 / MONTH_SECONDS
    }
}

/// Why there are no figures of these days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanProblem {
    /// The first day comes after the last.
    Backwards,
    TooLong,
    /// Before 1970, or beyond the years that are written with four digits.
    OutOfReach,
}

/// What figures are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub whole: Part,
    pub every: Every,
}

/// The first day of the next month, or the next Monday.
fn next(day: NaiveDate, every: Every) -> NaiveDate {
    match every {
        Every::Month => day - Days::new(u64::from(day.day0())) + Months::new(1),
        Every::Week => day + Days::new(7 - u64::from(day.weekday().num_days_from_monday())),
    }
}

/// Where a span of the usual length begins.
fn usual_start(until: NaiveDate, every: Every) -> NaiveDate {
    match every {
        Every::Month => until - Months::new(MONTHS),
        Every::Week => until - Days::new(7 * WEEKS),
    }
}

impl Span {
    /// The last twelve months, or thirteen weeks, the one that is not over with them.
    pub fn last(every: Every, now: DateTime<Utc>) -> Self {
        let until = next(now.date_naive(), every);
        Self { whole: Part { from: usual_start(until, every), until }, every }
    }

    /// From the first to the last of these days; without a last one up to now, without a first one the usual
    /// length.
    pub fn of(
        first: Option<NaiveDate>,
        last: Option<NaiveDate>,
        every: Every,
        now: DateTime<Utc>,
    ) -> Result<Self, SpanProblem> {
        let reached = |day: &NaiveDate| (1970..=9990).contains(&day.year());
        if [first, last].iter().flatten().any(|day| !reached(day)) {
            return Err(SpanProblem::OutOfReach);
        }
        let until = last.map_or_else(|| next(now.date_naive(), every), |day| day + Days::new(1));
        let from = first.unwrap_or_else(|| usual_start(until, every));
        match (until - from).num_days() {
            ..=0 => Err(SpanProblem::Backwards),
            days if days > LONGEST_DAYS => Err(SpanProblem::TooLong),
            _ => Ok(Self { whole: Part { from, until }, every }),
        }
    }

    /// As long a time before it: as many months, where it is whole ones.
    pub fn before(&self) -> Part {
        let Part { from, until } = self.whole;
        let months = (until.year() - from.year()) * 12 + until.month0() as i32 - from.month0() as i32;
        let begins = match from.day0() == 0 && until.day0() == 0 {
            true => from - Months::new(months.unsigned_abs()),
            false => from - (until - from),
        };
        Part { from: begins, until: from }
    }

    /// Its months or weeks, those at its ends as far as they are within.
    pub fn parts(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut from = self.whole.from;
        while from < self.whole.until {
            let until = next(from, self.every).min(self.whole.until);
            parts.push(Part { from, until });
            from = until;
        }
        parts
    }
}
