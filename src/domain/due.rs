//! The day by which the next thing is to happen to a device: what is late comes first in every queue (L6, T2, B4, L4).

use super::{device::Device, lifecycle::StateName, policy::Policy};
use chrono::{DateTime, Duration, NaiveDate, NaiveTime, TimeZone, Utc};

/// A day inside a sentence: `14 Dec 2026`.
pub fn in_words(day: NaiveDate) -> String {
    day.format("%-d %b %Y").to_string()
}

/// When a day begins at the facility.
pub fn begin_of(day: NaiveDate, policy: &Policy) -> Option<DateTime<Utc>> {
    let at = policy.facility.time_zone.from_local_datetime(&day.and_time(NaiveTime::MIN)).earliest();
    at.map(|at| at.with_timezone(&Utc))
}

/// What is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// CTRL's answer to a request.
    Answer,
    /// A milestone of the agreed timeline, by its name.
    Milestone(String),
    /// The end of a hand-back for a short time.
    LoanEnd,
    /// A contact's confirmation stops counting.
    Contacts,
}

/// What is due next, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    pub on: NaiveDate,
    pub what: What,
}

/// The first thing that is due.
pub fn next(device: &Device, policy: &Policy) -> Option<Due> {
    all(device, policy).into_iter().min_by_key(|d| d.on)
}

/// Everything that is due, on the facility's calendar; what was missed stays due.
pub fn all(device: &Device, policy: &Policy) -> Vec<Due> {
    let day = |at: DateTime<Utc>| at.with_timezone(&policy.facility.time_zone).date_naive();
    let mut all = Vec::new();
    match device.state.name() {
        StateName::Requested => {
            let answer = device.state.since().map(|at| day(at) + Duration::days(policy.intake.answer_days.into()));
            all.extend(answer.map(|on| Due { on, what: What::Answer }));
        }
        StateName::ReducedSupport | StateName::UnderReview => {
            all.extend(device.cycle.loan_until.map(|on| Due { on, what: What::LoanEnd }));
            let aging = device.contacts.iter().filter_map(|c| c.confirmed_until(policy)).min();
            all.extend(aging.map(|at| Due { on: day(at), what: What::Contacts }));
        }
        StateName::Draft
        | StateName::Accepted
        | StateName::CtrlOwned
        | StateName::Declined
        | StateName::Withdrawn
        | StateName::Retired => {}
    }
    let timeline = device.review().and_then(|r| r.timeline.as_ref()).filter(|t| t.agreed());
    all.extend(timeline.and_then(|t| t.next()).map(|m| Due { on: m.due, what: What::Milestone(m.name.clone()) }));
    all
}
