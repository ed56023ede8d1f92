//! Days on which somebody is away, and does not answer (L4, O2).

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

/// From a day to a day, both of them away, as the clocks of whoever is away have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    pub from: NaiveDate,
    pub until: NaiveDate,
    /// Where they are; may be empty. Not for whoever is not signed in.
    pub note: String,
}

/// Somebody is away at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Away<'a> {
    /// The first moment at which they are back.
    pub until: DateTime<Utc>,
    pub note: &'a str,
}

impl Absence {
    pub fn has(&self, day: NaiveDate) -> bool {
        self.from <= day && day <= self.until
    }

    /// Whether its last day has passed.
    pub fn is_over(&self, today: NaiveDate) -> bool {
        self.until < today
    }
}

/// Whether somebody in this zone is away at this moment. Absences without a day between them are one.
pub fn away(absences: &[Absence], zone: Tz, at: DateTime<Utc>) -> Option<Away<'_>> {
    if absences.is_empty() {
        return None;
    }
    let today = at.with_timezone(&zone).date_naive();
    let mut last = absences.iter().filter(|a| a.has(today)).map(|a| a.until).max()?;
    let next = |day: NaiveDate| day.succ_opt().unwrap_or(day);
    while let Some(longer) = absences.iter().find(|a| a.from <= next(last) && a.until > last) {
        last = longer.until;
    }
    let note = absences.iter().filter(|a| a.has(today)).map(|a| a.note.as_str()).find(|n| !n.is_empty());
    Some(Away { until: begins(zone, next(last)), note: note.unwrap_or_default() })
}

/// When somebody who is there at this moment leaves next.
pub fn leaves(absences: &[Absence], zone: Tz, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let today = at.with_timezone(&zone).date_naive();
    absences.iter().filter(|a| a.from > today).map(|a| a.from).min().map(|day| begins(zone, day))
}

/// The first moment of a day: where the clock is put forward over midnight, or over the whole day, the first one after.
fn begins(zone: Tz, day: NaiveDate) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    let quarters = (0..=4 * 25).filter_map(|n| midnight.checked_add_signed(Duration::minutes(15 * n)));
    let first = quarters.filter_map(|local| zone.from_local_datetime(&local).earliest()).next();
    first.map_or_else(|| midnight.and_utc(), |at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::{Africa, America, Asia, Europe};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn absence(from: &str, until: &str) -> Absence {
        Absence { from: from.parse().unwrap(), until: until.parse().unwrap(), note: String::new() }
    }

    fn until(all: &[Absence], zone: Tz, now: &str) -> Option<DateTime<Utc>> {
        away(all, zone, at(now)).map(|a| a.until)
    }

    /// L4: both days are away, from midnight to midnight where they live.
    #[test]
    fn days_begin_and_end_at_their_own_midnight() {
        let all = [absence("2026-12-01", "2026-12-03")];
        let back = Some(at("2026-12-03T23:00:00Z"));
        assert_eq!(until(&all, Europe::Berlin, "2026-11-30T22:59:59Z"), None);
        assert_eq!(until(&all, Europe::Berlin, "2026-11-30T23:00:00Z"), back);
        assert_eq!(until(&all, Europe::Berlin, "2026-12-03T22:59:59Z"), back);
        assert_eq!(until(&all, Europe::Berlin, "2026-12-03T23:00:00Z"), None);
        // The same days elsewhere are other hours.
        assert_eq!(until(&all, Asia::Tokyo, "2026-12-03T14:59:59Z"), Some(at("2026-12-03T15:00:00Z")));
        assert_eq!(until(&all, Asia::Tokyo, "2026-12-03T15:00:00Z"), None);
        assert_eq!(until(&all, America::Los_Angeles, "2026-12-03T23:00:00Z"), Some(at("2026-12-04T08:00:00Z")));
    }

    /// L4: a day may have 23 or 25 hours, or begin at one o'clock.
    #[test]
    fn clocks_are_put_forward_and_back() {
        // Berlin puts its clock forward on 29 March 2026, and back on 25 October.
        let spring = [absence("2026-03-29", "2026-03-29")];
        assert_eq!(until(&spring, Europe::Berlin, "2026-03-28T23:00:00Z"), Some(at("2026-03-29T22:00:00Z")));
        assert_eq!(until(&spring, Europe::Berlin, "2026-03-29T22:00:00Z"), None);
        let autumn = [absence("2026-10-25", "2026-10-25")];
        assert_eq!(until(&autumn, Europe::Berlin, "2026-10-24T22:00:00Z"), Some(at("2026-10-25T23:00:00Z")));
        assert_eq!(until(&autumn, Europe::Berlin, "2026-10-25T22:59:59Z"), Some(at("2026-10-25T23:00:00Z")));
        // In Cairo midnight of 24 April 2026 does not exist.
        let cairo = [absence("2026-04-23", "2026-04-23")];
        assert_eq!(until(&cairo, Africa::Cairo, "2026-04-23T12:00:00Z"), Some(at("2026-04-23T22:00:00Z")));
        assert_eq!(until(&cairo, Africa::Cairo, "2026-04-23T22:00:00Z"), None);
    }

    /// L4: who leaves again the day they would be back is not back.
    #[test]
    fn what_follows_without_a_day_between_is_one() {
        let zone = Europe::Berlin;
        let all = [
            absence("2026-12-06", "2026-12-08"),
            absence("2026-12-01", "2026-12-03"),
            absence("2026-12-02", "2026-12-05"),
            absence("2026-12-10", "2026-12-11"),
        ];
        assert_eq!(until(&all, zone, "2026-12-01T12:00:00Z"), Some(at("2026-12-08T23:00:00Z")));
        assert_eq!(until(&all, zone, "2026-12-09T12:00:00Z"), None);
        assert_eq!(leaves(&all, zone, at("2026-12-09T12:00:00Z")), Some(at("2026-12-09T23:00:00Z")));
        assert_eq!(leaves(&all, zone, at("2026-12-10T12:00:00Z")), None);
    }
}
