//! Moments and spans as pages say them: near ones relative, records absolute with their zone.

use crate::app::App;
use chrono::{DateTime, Datelike, Duration, Utc};

/// `21 Nov 2026, 02:47 CET`: a moment on record, in the facility's zone.
pub fn moment(app: &App, at: DateTime<Utc>) -> String {
    at.with_timezone(&app.policy.facility.time_zone).format("%-d %b %Y, %H:%M %Z").to_string()
}

/// `3 Sep`, or `3 Sep 2025` in another year.
pub fn day(app: &App, at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let zone = app.policy.facility.time_zone;
    let (at, now) = (at.with_timezone(&zone), now.with_timezone(&zone));
    at.format(if at.year() == now.year() { "%-d %b" } else { "%-d %b %Y" }).to_string()
}

/// `03:12:09`: the facility's clock.
pub fn clock(app: &App, at: DateTime<Utc>) -> String {
    at.with_timezone(&app.policy.facility.time_zone).format("%H:%M:%S").to_string()
}

/// `08:00`: an hour of today or tomorrow at the facility.
pub fn hour(app: &App, at: DateTime<Utc>) -> String {
    at.with_timezone(&app.policy.facility.time_zone).format("%H:%M").to_string()
}

/// `02:47` today, `20 Nov 18:10` within a few days, `3 September` this year, `2 February 2024` else.
pub fn near(app: &App, at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let zone = app.policy.facility.time_zone;
    let (there, today) = (at.with_timezone(&zone), now.with_timezone(&zone));
    let form = if there.date_naive() == today.date_naive() {
        "%H:%M"
    } else if (now - at).num_days().abs() < 7 {
        "%-d %b %H:%M"
    } else if there.year() == today.year() {
        "%-d %B"
    } else {
        "%-d %B %Y"
    };
    there.format(form).to_string()
}

/// `3 December`, or `3 December 2027` in another year: the last day of what ends at this moment.
pub fn last_day(app: &App, until: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let zone = app.policy.facility.time_zone;
    let (last, now) = ((until - Duration::seconds(1)).with_timezone(&zone), now.with_timezone(&zone));
    last.format(if last.year() == now.year() { "%-d %B" } else { "%-d %B %Y" }).to_string()
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
