//! The days that people have in their calendars: milestones of reviews, ends of hand-backs, confirmations that run out
//! (T2, B4, L4, O4).

use super::{
    device::Device,
    id::PersonId,
    person::People,
    policy::Policy,
    review::{Milestone, Timeline},
};
use chrono::{DateTime, NaiveDate, Utc};

/// One day of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// The same for the same thing, whatever its day.
    pub id: String,
    pub on: NaiveDate,
    /// One line, the device's name in it.
    pub title: String,
    pub text: String,
    /// Where the thing is, a path of this site.
    pub path: String,
    /// When it was last said.
    pub said: DateTime<Utc>,
}

/// Whether a person has to do with a device: as contributor, contact, CTRL contact, or in its review.
pub fn concerns(device: &Device, person: PersonId) -> bool {
    let contact = device.contacts.iter().any(|c| c.person == person);
    let in_review = device.review().is_some() && device.state.people().contains(&person);
    device.is_contributor(person) || contact || device.ctrl_contact == Some(person) || in_review
}

/// Every day of a device that is still in its process.
pub fn days(device: &Device, people: &People, policy: &Policy) -> Vec<Day> {
    if device.state.name().is_end() {
        return Vec::new();
    }
    let timeline = device.review().and_then(|r| r.timeline.as_ref());
    let milestones =
        timeline.into_iter().flat_map(|t| t.milestones.iter().zip(1..).map(|(m, n)| milestone(device, t, m, n)));
    milestones.chain(loan(device)).chain(confirmations(device, people, policy)).collect()
}

fn milestone(device: &Device, timeline: &Timeline, m: &Milestone, number: usize) -> Day {
    let name = device.name();
    let marks = [timeline.by_contributor, timeline.by_ctrl, m.reached];
    let text = match (m.reached.is_some(), timeline.agreed()) {
        (true, _) => "It is reached.",
        (false, true) => "Both sides agreed to this day.",
        (false, false) => "This day is proposed; the other side has not agreed yet.",
    };
    let done = if m.reached.is_some() { "Done: " } else { "" };
    Day {
        id: format!("milestone-{}-{}-{number}", device.id, device.cycle.number),
        on: m.due,
        title: format!("{done}{}, review of {name}", m.name),
        text: text.to_owned(),
        path: format!("/devices/{name}/review"),
        said: marks.into_iter().flatten().map(|mark| mark.at).max().unwrap_or(device.cycle.opened),
    }
}

/// A hand-back for a short time (B4).
fn loan(device: &Device) -> Option<Day> {
    let name = device.name();
    Some(Day {
        id: format!("hand-back-{}-{}", device.id, device.cycle.number),
        on: device.cycle.loan_until?,
        title: format!("The hand-back of {name} ends"),
        text: "By this day it is to be under review again, or the hand-back extended.".to_owned(),
        path: format!("/devices/{name}"),
        said: device.cycle.opened,
    })
}

/// Contacts whose word runs out (L4), on the day at the facility.
fn confirmations(device: &Device, people: &People, policy: &Policy) -> Vec<Day> {
    let name = device.name();
    let of = |c: &super::contact::Contact| {
        let until = c.confirmed_until(policy)?;
        Some(Day {
            id: format!("confirmation-{}-{}", device.id, c.person),
            on: until.with_timezone(&policy.facility.time_zone).date_naive(),
            title: format!("{}’s confirmation as a contact of {name} runs out", people.name(c.person)),
            text: "Until then they confirm themselves again: operators rely on the number.".to_owned(),
            path: format!("/devices/{name}"),
            said: c.confirmed?,
        })
    };
    device.contacts.iter().filter_map(of).collect()
}
