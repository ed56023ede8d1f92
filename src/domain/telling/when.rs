//! When something is told: at once, with the day's digest, after quiet hours; and when it is tried again.

use super::Preferences;
use chrono::{DateTime, Days, Duration, LocalResult, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

/// When it is due, and whether it waits to be told together with the rest of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    pub at: DateTime<Utc>,
    pub digest: bool,
}

/// When something that happens now is due. What is urgent is due now whatever was chosen.
pub fn due(of: &Preferences, zone: Tz, now: DateTime<Utc>, urgent: bool) -> Due {
    if urgent {
        return Due { at: now, digest: false };
    }
    match of.digest {
        Some(time) => Due { at: after_quiet(of, zone, next(zone, time, now)), digest: true },
        None => Due { at: after_quiet(of, zone, now), digest: false },
    }
}

/// The next time that the clock on the wall shows this.
fn next(zone: Tz, time: NaiveTime, now: DateTime<Utc>) -> DateTime<Utc> {
    let today = now.with_timezone(&zone).date_naive();
    (0..3)
        .filter_map(|days| today.checked_add_days(Days::new(days)))
        .map(|day| moments(zone, day.and_time(time)).0)
        .find(|at| *at > now)
        .unwrap_or(now)
}

/// The same moment, or the end of the quiet hours that it falls into.
pub fn after_quiet(of: &Preferences, zone: Tz, at: DateTime<Utc>) -> DateTime<Utc> {
    let Some((from, to)) = of.quiet else {
        return at;
    };
    let local = at.with_timezone(&zone).naive_local();
    let time = local.time();
    let over_midnight = from > to;
    let quiet = if over_midnight { time >= from || time < to } else { time >= from && time < to };
    if !quiet {
        return at;
    }
    let day = if over_midnight && time >= from { local.date().checked_add_days(Days::new(1)) } else { None };
    let end = day.unwrap_or(local.date()).and_time(to);
    // An hour that comes twice is quiet both times.
    moments(zone, end).1.max(at)
}

/// The first and the last moment at which the clock on the wall shows this. A time that the clock is put forward over
/// is the first moment after it.
fn moments(zone: Tz, local: NaiveDateTime) -> (DateTime<Utc>, DateTime<Utc>) {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) => (at.to_utc(), at.to_utc()),
        LocalResult::Ambiguous(first, last) => (first.to_utc(), last.to_utc()),
        LocalResult::None => {
            let after = (1..=24 * 4)
                .map(|quarters| local + Duration::minutes(15 * quarters))
                .find_map(|later| zone.from_local_datetime(&later).earliest());
            let at = after.map_or_else(|| local.and_utc(), |at| at.to_utc());
            (at, at)
        }
    }
}

/// Nothing is due later than this by a clock that is right: a day until the digest, or until the other side wants to be
/// asked again, a day of quiet hours after it, and an hour more where the clock is put back in one of them.
pub const LONGEST_WAIT: Duration = Duration::hours(49);

/// The longest wait between two tries.
const LONGEST: i64 = 2 * 60 * 60;

/// When to try again after so many tries: a minute, doubling up to two hours, and up to a tenth more by `jitter`
/// (0 to 1), so that not all come back at once.
pub fn next_try(attempts: u32, now: DateTime<Utc>, jitter: f64) -> DateTime<Utc> {
    let doubled = 60_i64.checked_shl(attempts.saturating_sub(1).min(16)).unwrap_or(LONGEST);
    let wait = Duration::seconds(doubled.min(LONGEST));
    let more = wait.num_milliseconds() as f64 * 0.1 * jitter.clamp(0.0, 1.0);
    now + wait + Duration::milliseconds(more as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::telling::Wanted;

    const BERLIN: Tz = chrono_tz::Europe::Berlin;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn time(text: &str) -> NaiveTime {
        NaiveTime::parse_from_str(text, "%H:%M").unwrap()
    }

    fn quiet(from: &str, to: &str) -> Preferences {
        Preferences { wanted: Wanted::Everything, digest: None, quiet: Some((time(from), time(to))) }
    }

    fn when(of: &Preferences, now: &str) -> DateTime<Utc> {
        due(of, BERLIN, at(now), false).at
    }

    /// O5: quiet hours go over midnight, by the wall's clock; what is urgent does not wait.
    #[test]
    fn quiet_hours_hold_back_until_they_end() {
        let night = quiet("22:00", "07:00");
        assert_eq!(when(&night, "2026-11-20T20:59:59Z"), at("2026-11-20T20:59:59Z"));
        assert_eq!(when(&night, "2026-11-20T21:00:00Z"), at("2026-11-21T06:00:00Z"));
        assert_eq!(when(&night, "2026-11-21T05:59:59Z"), at("2026-11-21T06:00:00Z"));
        assert_eq!(when(&night, "2026-11-21T06:00:00Z"), at("2026-11-21T06:00:00Z"));
        let noon = quiet("12:00", "13:00");
        assert_eq!(when(&noon, "2026-11-20T11:30:00Z"), at("2026-11-20T12:00:00Z"));
        assert_eq!(due(&night, BERLIN, at("2026-11-20T23:00:00Z"), true).at, at("2026-11-20T23:00:00Z"));
    }

    /// F10: the night in which the clock changes is an hour shorter or longer, and the end stays what the wall shows.
    #[test]
    fn quiet_hours_follow_daylight_saving() {
        let night = quiet("22:00", "07:00");
        // Put forward on 29 March 2026: 07:00 is 05:00 UTC.
        assert_eq!(when(&night, "2026-03-28T22:00:00Z"), at("2026-03-29T05:00:00Z"));
        // Put back on 25 October 2026: 07:00 is 06:00 UTC.
        assert_eq!(when(&night, "2026-10-24T21:00:00Z"), at("2026-10-25T06:00:00Z"));
        // An end that is skipped is the first moment after it; one that comes twice is the second.
        assert_eq!(when(&quiet("22:00", "02:30"), "2026-03-28T22:00:00Z"), at("2026-03-29T01:00:00Z"));
        assert_eq!(when(&quiet("22:00", "02:30"), "2026-10-25T00:10:00Z"), at("2026-10-25T01:30:00Z"));
        assert_eq!(when(&quiet("22:00", "02:30"), "2026-10-25T01:29:00Z"), at("2026-10-25T01:30:00Z"));
    }

    /// O5: a digest comes once a day, after the quiet hours that it falls into.
    #[test]
    fn a_digest_waits_for_its_time() {
        let mut of = Preferences { digest: Some(time("08:00")), ..Preferences::default() };
        let got = |of: &Preferences, now: &str| {
            let due = due(of, BERLIN, at(now), false);
            assert!(due.digest);
            due.at
        };
        assert_eq!(got(&of, "2026-11-20T06:59:00Z"), at("2026-11-20T07:00:00Z"));
        assert_eq!(got(&of, "2026-11-20T07:00:00Z"), at("2026-11-21T07:00:00Z"));
        of.quiet = Some((time("22:00"), time("09:00")));
        assert_eq!(got(&of, "2026-11-20T06:59:00Z"), at("2026-11-20T08:00:00Z"));
        assert!(!due(&of, BERLIN, at("2026-11-20T06:59:00Z"), true).digest);
        // 02:30 comes twice on 25 October 2026, the digest once; on 29 March it comes not at all, the digest does.
        of = Preferences { digest: Some(time("02:30")), ..Preferences::default() };
        assert_eq!(got(&of, "2026-10-24T22:00:00Z"), at("2026-10-25T00:30:00Z"));
        assert_eq!(got(&of, "2026-10-25T00:30:00Z"), at("2026-10-26T01:30:00Z"));
        assert_eq!(got(&of, "2026-03-28T23:00:00Z"), at("2026-03-29T01:00:00Z"));
    }

    /// F10: what was put off by a clock that was ahead is known by this: no digest and no quiet hours are further away.
    #[test]
    fn f10_nothing_is_due_after_the_longest_wait() {
        let mut of = quiet("08:00", "07:59");
        of.digest = Some(time("08:00"));
        // The clock is put back on 25 October 2026.
        for now in ["2026-10-23T06:00:00Z", "2026-10-24T06:00:00Z", "2026-10-25T07:00:00Z"] {
            let wait = when(&of, now) - at(now);
            assert!(wait > LONGEST_WAIT - Duration::hours(2) && wait <= LONGEST_WAIT, "{now}: {wait}");
        }
    }

    /// F8: tries are a minute apart at first, two hours at most.
    #[test]
    fn tries_come_less_often() {
        let now = at("2026-11-20T08:00:00Z");
        let minutes = |attempts| (next_try(attempts, now, 0.0) - now).num_minutes();
        assert_eq!([1, 2, 3, 7, 8, 9, 60].map(minutes), [1, 2, 4, 64, 120, 120, 120]);
        assert_eq!((next_try(1, now, 1.0) - now).num_seconds(), 66);
        assert_eq!((next_try(u32::MAX, now, 0.5) - now).num_minutes(), 126);
    }
}
