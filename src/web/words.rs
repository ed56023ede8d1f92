//! Moments and spans as pages say them: near ones relative, records absolute with their zone.

use crate::app::App;
use chrono::{DateTime, Datelike, Duration, NaiveDate, Timelike, Utc};

/// What chrono calls them too; a pattern is read anew for each moment that it gives, and a page has dozens.
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `November`.
fn month(at: &impl Datelike) -> &'static str {
    MONTHS[at.month0() as usize]
}

/// `Nov`.
fn short(at: &impl Datelike) -> &'static str {
    &month(at)[..3]
}

/// `21 Nov 2026, 02:47 CET`: a moment on record, in the facility's zone.
pub fn moment(app: &App, at: DateTime<Utc>) -> String {
    let at = at.with_timezone(&app.policy.facility.time_zone);
    let (day, month, zone) = (at.day(), short(&at), at.offset());
    format!("{day} {month} {:04}, {:02}:{:02} {zone}", at.year(), at.hour(), at.minute())
}

/// `3 Sep`, or `3 Sep 2025` in another year.
pub fn day(app: &App, at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let zone = app.policy.facility.time_zone;
    let (at, now) = (at.with_timezone(&zone), now.with_timezone(&zone));
    let (day, month) = (at.day(), short(&at));
    if at.year() == now.year() { format!("{day} {month}") } else { format!("{day} {month} {:04}", at.year()) }
}

/// `Sep 2025`: a month of the calendar, whatever the zone.
pub fn month_of(day: NaiveDate) -> String {
    format!("{} {:04}", short(&day), day.year())
}

/// `3 Sep 2025`: a day of the calendar, whatever the zone.
pub fn day_of(day: NaiveDate) -> String {
    format!("{} {}", day.day(), month_of(day))
}

/// `03:12:09`: the facility's clock.
pub fn clock(app: &App, at: DateTime<Utc>) -> String {
    at.with_timezone(&app.policy.facility.time_zone).format("%H:%M:%S").to_string()
}

/// `08:00`: an hour of today or tomorrow at the facility.
pub fn hour(app: &App, at: DateTime<Utc>) -> String {
    let at = at.with_timezone(&app.policy.facility.time_zone);
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// `02:47` today, `20 Nov 18:10` within a few days, `3 September` this year, `2 February 2024` else.
pub fn near(app: &App, at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let zone = app.policy.facility.time_zone;
    let (there, today) = (at.with_timezone(&zone), now.with_timezone(&zone));
    let (day, hour, minute) = (there.day(), there.hour(), there.minute());
    if there.date_naive() == today.date_naive() {
        format!("{hour:02}:{minute:02}")
    } else if (now - at).num_days().abs() < 7 {
        format!("{day} {} {hour:02}:{minute:02}", short(&there))
    } else if there.year() == today.year() {
        format!("{day} {}", month(&there))
    } else {
        format!("{day} {} {:04}", month(&there), there.year())
    }
}

/// `3 December`, or `3 December 2027` in another year: the last day of what ends at this moment.
pub fn last_day(app: &App, until: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let zone = app.policy.facility.time_zone;
    let (last, now) = ((until - Duration::seconds(1)).with_timezone(&zone), now.with_timezone(&zone));
    let (day, month) = (last.day(), month(&last));
    if last.year() == now.year() { format!("{day} {month}") } else { format!("{day} {month} {:04}", last.year()) }
}

/// How long ago something is that nobody counts the seconds of.
pub const JUST_NOW: &str = "just now";

fn is_just_now(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (now - at).num_seconds() < 5
}

/// `12 s ago`, `25 min ago`, `3 h ago`, `6 days ago`.
pub fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    if is_just_now(at, now) { JUST_NOW.to_owned() } else { format!("{} ago", span(at, now)) }
}

/// How long something waits or stands: `just now`, `12 s`, `3 h`.
pub fn so_far(from: DateTime<Utc>, now: DateTime<Utc>) -> String {
    if is_just_now(from, now) { JUST_NOW.to_owned() } else { span(from, now) }
}

/// `12 s`, `25 min`, `3 h`, `6 days`, `8 months`, `2 years`.
pub fn span(from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    let s = (to - from).num_seconds().max(0);
    let of = |n: i64, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    match s {
        0..60 => format!("{s} s"),
        60..3600 => format!("{} min", s / 60),
        3600..86_400 => format!("{} h", s / 3600),
        86_400..5_184_000 => of(s / 86_400, "day", "days"),
        5_184_000..63_072_000 => of(s / 2_592_000, "month", "months"),
        _ => of(s / 31_536_000, "year", "years"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono_tz::Tz;

    /// Pages say moments as chrono's patterns would, also where a zone has no letters.
    #[test]
    fn months_and_zones_are_those_of_chrono() {
        for zone in [Tz::Europe__Berlin, Tz::America__Sao_Paulo, Tz::UTC] {
            for day in 0..400 {
                let at = DateTime::UNIX_EPOCH + Duration::days(20_000 + day) + Duration::minutes(day * 7);
                let at = at.with_timezone(&zone);
                let said = format!("{} {} {} {:04} {}", at.day(), short(&at), month(&at), at.year(), at.offset());
                assert_eq!(said, at.format("%-d %b %B %Y %Z").to_string());
            }
        }
    }
}
