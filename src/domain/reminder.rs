//! What people are reminded of because a day has come: that a hand-back ends (B4), that a milestone is late (T2, T5),
//! whether "done" was reached (T10), and that a version of the framework is outdated (G6).

use super::{
    device::Device,
    due::in_words,
    framework::{Found, Standing, of_release},
    id::PersonId,
    lifecycle::{State, StateName},
    policy::Policy,
    review::{FindingState, Milestone},
    tag::TagName,
};
use chrono::{Duration, NaiveDate};
use std::collections::BTreeSet;

/// For so many days after its day something is still said, where nobody looked before.
const STILL_DAYS: i64 = 30;

/// One thing that is said once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminder {
    /// Names it among those of its device.
    pub cause: String,
    pub text: String,
    /// Behind the device's address; empty for its own page.
    pub page: &'static str,
    /// Whom it asks; `None` for everybody who has to do with the device.
    pub to: Option<BTreeSet<PersonId>>,
}

/// What has come due with a device by this day at the facility.
pub fn come_due(device: &Device, policy: &Policy, today: NaiveDate) -> Vec<Reminder> {
    let others = [loan(device, policy, today), done(device, policy, today)];
    let frameworks = frameworks(device, policy, today);
    others.into_iter().flatten().chain(milestones(device, today)).chain(frameworks).collect()
}

fn is_news(since: NaiveDate, today: NaiveDate) -> bool {
    since <= today && today - since <= Duration::days(STILL_DAYS)
}

/// B4: before a hand-back for a short time ends, and once it is over its end.
fn loan(device: &Device, policy: &Policy, today: NaiveDate) -> Option<Reminder> {
    let on = device.cycle.loan_until.filter(|_| device.state.is_developed())?;
    let day = in_words(on);
    let is_in_review = device.state.name() == StateName::UnderReview;
    let soon = on - Duration::days(policy.handback.remind_days_before.into());
    let (which, text) = match (today > on, is_in_review) {
        (true, _) if !is_news(on, today) => return None,
        (true, false) => {
            ("over", format!("The hand-back was to end on {day}: ask for the review, or have it extended."))
        }
        (true, true) => ("over", format!("The hand-back was to end on {day}, and the review is not over.")),
        (false, false) if soon <= today => {
            ("soon", format!("The hand-back ends on {day}: ask for the review before, or have it extended."))
        }
        (false, _) => return None,
    };
    Some(Reminder { cause: format!("hand_back/{}/{on}/{which}", device.cycle.number), text, page: "", to: None })
}

/// G6: a placed release's version of the framework is deprecated, or rejected, from that day on.
fn frameworks(device: &Device, policy: &Policy, today: NaiveDate) -> Vec<Reminder> {
    let placed: BTreeSet<&TagName> = device.placements.iter().filter_map(|p| p.release.as_ref()).collect();
    let reminder = |tag: &TagName| {
        let release = device.release(tag)?;
        let Found::Version { framework, version, standing } = of_release(device, release, policy, today) else {
            return None;
        };
        let (since, then) = match standing {
            Standing::Deprecated { since, .. } => (since, "update it"),
            Standing::Rejected { since } => (since, "production takes it no longer: update it"),
            Standing::Current | Standing::Unknown => return None,
        };
        let to = policy.frameworks.framework(framework).and_then(|f| f.proposed(today));
        let to = to.map_or_else(String::new, |version| format!(" to {version}"));
        let is = standing.words();
        is_news(since, today).then(|| Reminder {
            cause: format!("framework/{tag}/{framework}/{version}/{}", standing.code()),
            text: format!("{tag} is built against {framework} {version}, {is}: {then}{to} and make a new tag."),
            page: "#framework",
            to: None,
        })
    };
    placed.into_iter().filter_map(reminder).collect()
}

/// T2: each agreed milestone that is late, also behind one that is late for longer; with it what waits for the contributors
/// in the review (T5).
fn milestones(device: &Device, today: NaiveDate) -> Vec<Reminder> {
    let Some(review) = device.review() else { return Vec::new() };
    let Some(timeline) = review.timeline.as_ref().filter(|t| t.agreed()) else { return Vec::new() };
    let agreed = [timeline.by_contributor, timeline.by_ctrl].into_iter().flatten().map(|m| m.at.timestamp()).max();
    let owed = match review.findings.iter().filter(|f| f.state == FindingState::Open).count() {
        0 => "",
        _ => " Findings wait for their answers: following up is the contributor’s part.",
    };
    let late = |m: &Milestone| m.reached.is_none() && m.due < today && is_news(m.due, today);
    let reminder = |(place, m): (usize, &Milestone)| Reminder {
        cause: format!("milestone/{}/{place}", agreed.unwrap_or_default()),
        text: format!("Late: {} was due on {}.{owed}", m.name, in_words(m.due)),
        page: "/review",
        to: None,
    };
    timeline.milestones.iter().enumerate().filter(|(_, m)| late(m)).map(reminder).collect()
}

/// T10: some weeks after, the contributors and the user who said that it works are asked. Of what was imported nobody had
/// promised anything.
fn done(device: &Device, policy: &Policy, today: NaiveDate) -> Option<Reminder> {
    let State::CtrlOwned { since, owned } = &device.state else { return None };
    let day = since.with_timezone(&policy.facility.time_zone).date_naive();
    let asks = day + Duration::days(policy.transfer.done_question_days.into());
    if owned.approved.is_empty() || !is_news(asks, today) {
        return None;
    }
    let user = device.cycle.operated.as_ref().and_then(|o| o.countersigned).map(|m| m.by);
    let answered = |p: &PersonId| device.done_answers.iter().any(|a| a.remark.mark.by == *p);
    let to = device.contributors.iter().copied().chain(user).filter(|p| !answered(p)).collect();
    Some(Reminder {
        cause: format!("done/{}", device.cycle.number),
        text: format!(
            "CTRL has owned it since {}: say whether “done”, as it was written down at the start, was reached.",
            in_words(day)
        ),
        page: "/answer-done",
        to: Some(to),
    })
}
