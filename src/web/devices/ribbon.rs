//! The support of the last ninety days, from the journal: one bar a day, the most urgent status of each.

use crate::{
    app::App,
    domain::lifecycle::StateName,
    service::devices::{Change, Changed, DeviceView},
    web::{
        gatebox,
        parts::{Ribbon, RibbonMark, RibbonRun, Status},
        words,
    },
};
use chrono::{DateTime, Days, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;

const DAYS: u64 = 90;

/// How much a status weighs against another one of the same day.
fn weight(s: Status) -> u8 {
    match s {
        Status::ShutDown => 6,
        Status::NotSupported => 5,
        Status::Unknown => 4,
        Status::Reduced | Status::UnderReview => 3,
        Status::Full => 2,
        Status::Requested | Status::Accepted => 1,
        Status::Draft | Status::Declined | Status::Withdrawn | Status::Retired => 0,
    }
}

/// From each of these moments on, the chip said this. Before the first it was not registered.
pub fn statuses(changes: &[Change]) -> Vec<(DateTime<Utc>, Status)> {
    let mut state = StateName::Draft;
    let mut support = None;
    let mut all: Vec<(DateTime<Utc>, Status)> = Vec::new();
    for c in changes {
        match c.what {
            Changed::State(s) => state = s,
            Changed::Support(s) => support = s,
        }
        let status = match support.map(gatebox::of_support) {
            Some(Status::Reduced) if state == StateName::UnderReview => Status::UnderReview,
            Some(status) => status,
            None => gatebox::of_state(state),
        };
        // A step of the process changes state and support at one moment: what holds in the end counts.
        if all.last().is_some_and(|(at, _)| *at == c.at) {
            all.pop();
        }
        if all.last().is_none_or(|(_, before)| *before != status) {
            all.push((c.at, status));
        }
    }
    all
}

fn midnight(zone: Tz, day: NaiveDate, or: DateTime<Utc>) -> DateTime<Utc> {
    let at = day.and_hms_opt(0, 0, 0).and_then(|at| zone.from_local_datetime(&at).earliest());
    at.map_or(or, |at| at.with_timezone(&Utc))
}

/// What the chip said at this moment.
fn at(all: &[(DateTime<Utc>, Status)], moment: DateTime<Utc>) -> Status {
    all.iter().rev().find(|(from, _)| *from <= moment).map_or(Status::Draft, |(_, s)| *s)
}

/// The days from this one on: each with the most urgent of what the chip said on it until now.
fn runs(all: &[(DateTime<Utc>, Status)], zone: Tz, first_day: NaiveDate, now: DateTime<Utc>) -> Vec<RibbonRun> {
    let begin = midnight(zone, first_day, now);
    let until_now = all.iter().filter(|(at, _)| *at >= begin && *at < now);
    let mut changes = until_now.map(|(at, s)| (at.with_timezone(&zone).date_naive(), *s)).peekable();
    let mut runs: Vec<RibbonRun> = Vec::new();
    let (mut day, mut last) = (first_day, at(all, begin));
    for _ in 0..DAYS {
        let mut status = last;
        // When a day began matters where something changed on it.
        if changes.peek().is_some_and(|(on, _)| *on <= day) {
            let first = at(all, midnight(zone, day, now));
            status = first;
            while let Some((_, s)) = changes.next_if(|(on, _)| *on <= day) {
                last = s;
                if weight(s) > weight(first) && weight(s) >= weight(status) {
                    status = s;
                }
            }
        }
        match runs.last_mut() {
            Some(run) if run.status == status => run.days += 1,
            _ => runs.push(RibbonRun { status, days: 1 }),
        }
        day = day.succ_opt().unwrap_or(day);
    }
    runs
}

pub fn draw(app: &App, v: &DeviceView) -> Ribbon {
    let zone = app.policy.facility.time_zone;
    let all = statuses(&v.changes);
    let first_day = v.today.checked_sub_days(Days::new(DAYS - 1)).unwrap_or(v.today);
    let begin = midnight(zone, first_day, v.now);
    let runs = runs(&all, zone, first_day, v.now);
    let mut marks = vec![RibbonMark { day: 0, text: words::day(app, begin, v.now) }];
    let mut told = vec![format!("{} at first", word(at(&all, begin)))];
    for (i, (from, status)) in all.iter().enumerate().filter(|(_, (from, _))| *from >= begin) {
        let local = from.with_timezone(&zone).date_naive();
        let day = u16::try_from((local - first_day).num_days()).unwrap_or(0);
        let until = all.get(i + 1).map(|(to, _)| *to);
        let lasted = match (status, until) {
            (Status::ShutDown | Status::NotSupported, Some(to)) => format!(" for {}", words::span(*from, to)),
            _ => String::new(),
        };
        let text = format!("{} {}{lasted}", words::day(app, *from, v.now), word(*status));
        told.push(text.clone());
        marks.push(RibbonMark { day, text });
    }
    Ribbon { label: format!("Support over the last {DAYS} days: {}.", told.join(", then ")), runs, marks }
}

fn word(s: Status) -> String {
    match s {
        Status::Draft => "not registered".to_owned(),
        other => other.label().to_lowercase().replace("ctrl", "CTRL"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::support::Support;

    fn change(at: &str, what: Changed) -> Change {
        Change { at: at.parse().unwrap(), what }
    }

    /// O1: what the chip said is derived of state and support together; a step that changes both is one change.
    #[test]
    fn one_status_at_a_time() {
        let changes = [
            change("2026-09-01T08:00:00Z", Changed::State(StateName::Requested)),
            change("2026-09-03T08:00:00Z", Changed::State(StateName::ReducedSupport)),
            change("2026-09-03T08:00:00Z", Changed::Support(Some(Support::ReducedSupport))),
            change("2026-09-05T08:00:00Z", Changed::State(StateName::UnderReview)),
            change("2026-09-06T08:00:00Z", Changed::Support(Some(Support::ShutDown))),
            change("2026-09-06T09:00:00Z", Changed::Support(Some(Support::ReducedSupport))),
        ];
        let said: Vec<Status> = statuses(&changes).into_iter().map(|(_, s)| s).collect();
        use Status::*;
        assert_eq!(said, [Requested, Reduced, UnderReview, ShutDown, UnderReview]);
    }

    /// O1: each day shows the most urgent of what held on it, also where clocks change, at midnight, and today until now.
    #[test]
    fn a_day_shows_the_most_urgent() {
        use Status::*;
        let zone = Tz::Europe__Berlin;
        let first_day: NaiveDate = "2026-09-01".parse().unwrap();
        let now: DateTime<Utc> = "2026-11-29T12:00:00Z".parse().unwrap();
        let all: Vec<(DateTime<Utc>, Status)> = [
            ("2026-08-20T10:00:00Z", Requested),
            ("2026-09-03T22:00:00Z", Reduced),
            ("2026-10-24T23:30:00Z", ShutDown),
            ("2026-10-25T08:00:00Z", Reduced),
            ("2026-11-02T09:00:00Z", UnderReview),
            ("2026-11-02T10:00:00Z", Reduced),
            ("2026-11-03T09:00:00Z", Full),
            ("2026-11-04T09:00:00Z", UnderReview),
            ("2026-11-04T10:00:00Z", Reduced),
            ("2026-11-29T08:00:00Z", NotSupported),
            ("2026-11-29T12:00:00Z", ShutDown),
        ]
        .map(|(at, status)| (at.parse().unwrap(), status))
        .into();
        let drawn: Vec<Status> = runs(&all, zone, first_day, now)
            .iter()
            .flat_map(|run| std::iter::repeat_n(run.status, run.days.into()))
            .collect();
        let days = first_day.iter_days().take(90).map(|day| {
            let from = midnight(zone, day, now);
            let to = midnight(zone, day.succ_opt().unwrap(), now).min(now);
            let within = all.iter().filter(|(at, _)| *at >= from && *at < to).map(|(_, s)| *s);
            within.chain([at(&all, from)]).max_by_key(|s| weight(*s)).unwrap()
        });
        assert_eq!(drawn, days.collect::<Vec<_>>());
        assert_eq!(drawn[2..4], [Requested, Reduced]);
        assert_eq!(drawn[53..56], [Reduced, ShutDown, Reduced]);
        assert_eq!(drawn[89], NotSupported);
    }
}
