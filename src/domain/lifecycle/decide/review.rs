//! The review and the taking of ownership (T2 to T9).

use super::{Code, Refusal, already, none_such, short, text};
use crate::domain::{
    cycle::Mark,
    device::Device,
    due::in_words,
    lifecycle::{
        command::Command,
        event::Happened as H,
        facts::Facts,
        gates::{agreed, approvers},
        state::Owned,
        table::Who,
    },
    review::{Finding, FindingState, Milestone, Review},
};

/// The most milestones a timeline may have, and findings or pieces of evidence a review.
const MOST: usize = 500;

pub(super) fn decide(device: &Device, command: &Command, facts: &Facts) -> Result<Vec<H>, Refusal> {
    // The table lets these commands through in review only.
    let Some(review) = device.review() else {
        return Err(Refusal::new(Code::WrongState, "It is not under review."));
    };
    let standing = facts.standing(device);
    let contributor = standing.contains(&Who::Contributor);
    let me = facts.actor.person();
    Ok(vec![match command {
        Command::RecordOverview { text: t } => {
            H::OverviewRecorded { text: text(t, "Write what you saw at first sight.")? }
        }
        Command::ProposeTimeline { milestones } => {
            if milestones.is_empty() || milestones.len() > 20 {
                return Err(Refusal::new(Code::Incomplete, "Name between 1 and 20 milestones."));
            }
            let mut steps = Vec::with_capacity(milestones.len());
            for m in milestones {
                if m.due < facts.today {
                    return Err(Refusal::new(
                        Code::Incomplete,
                        format!("{} is past: choose a day from today on.", in_words(m.due)),
                    ));
                }
                steps.push(Milestone { name: text(&m.name, "Name each milestone.")?, due: m.due, reached: None });
            }
            if steps.windows(2).any(|w| w[0].due > w[1].due) {
                return Err(Refusal::new(Code::Incomplete, "Put the milestones in the order of their days."));
            }
            H::TimelineProposed { milestones: steps, by_contributor: contributor }
        }
        Command::AgreeTimeline {} => match &review.timeline {
            None => return Err(Refusal::new(Code::Incomplete, "There is no timeline yet: propose one.")),
            Some(t) if t.agreed() => return Err(already("Both sides have agreed already.")),
            Some(t) if (if contributor { t.by_contributor } else { t.by_ctrl }).is_some() => {
                return Err(Refusal::new(
                    Code::NotYours,
                    "Your side proposed it: the other side agrees, or proposes another.",
                ));
            }
            // Added as a contributor since, say: two sides are two people.
            Some(t) if [t.by_contributor, t.by_ctrl].iter().flatten().any(|m| Some(m.by) == me) => {
                return Err(Refusal::new(Code::NotYours, "You proposed it for the other side: somebody else agrees."));
            }
            Some(_) => H::TimelineAgreed { by_contributor: contributor },
        },
        Command::ReachMilestone { milestone } => {
            let t = review.timeline.as_ref().filter(|t| agreed(device, review, t, facts));
            let m = t
                .and_then(|t| t.milestones.get((*milestone as usize).checked_sub(1)?))
                .ok_or_else(|| none_such("agreed milestone", milestone))?;
            if m.reached.is_some() {
                return Err(already("This milestone is reached already."));
            }
            H::MilestoneReached { milestone: *milestone }
        }
        Command::ProposeCommit { commit } => {
            let found = match &facts.readings.commit {
                Some(Ok(found)) if commit.begin(&found.commit) => found,
                Some(Ok(_)) => {
                    return Err(Refusal::new(
                        Code::OtherCommit,
                        "The repository was read for another commit: try again.",
                    ));
                }
                Some(Err(why)) => return Err(Refusal::new(Code::NoSuchThing, why.clone())),
                None => return Err(Refusal::new(Code::NoSuchThing, "The repository has not been read: try again.")),
            };
            if review.commit() == Some(&found.commit) {
                return Err(already(format!("{} is under review already.", found.commit.short())));
            }
            H::CommitProposed { facts: found.clone() }
        }
        Command::GiveEvidence { item, commit, passed, link, text: t } => {
            if facts.policy.transfer.checklist.iter().all(|i| i.id != *item) {
                return Err(none_such("item of the checklist", item));
            }
            same_commit(review, commit)?;
            if link.trim().is_empty() && t.trim().is_empty() {
                return Err(Refusal::new(Code::Incomplete, "Link a job or a page, or state what was seen."));
            }
            if !(link.trim().is_empty() || link.starts_with("https://") || link.starts_with("http://")) {
                return Err(Refusal::new(
                    Code::Incomplete,
                    "Give the link in full, like https://gitlab.example.org/jobs/17",
                ));
            }
            not_endless(review.evidence.len())?;
            H::EvidenceGiven {
                item: item.clone(),
                commit: commit.clone(),
                passed: *passed,
                link: short(link)?,
                text: short(t)?,
            }
        }
        Command::RaiseFinding { place, text: t } => {
            not_endless(review.findings.len())?;
            H::FindingRaised {
                finding: review.findings.len() as u32 + 1,
                place: short(place)?,
                text: text(t, "Say what has to change, and why.")?,
            }
        }
        Command::AnswerFinding { finding: id, text: t } => {
            let f = finding(review, *id)?;
            if f.state == FindingState::Accepted {
                return Err(already("This finding is accepted."));
            }
            H::FindingAnswered { finding: *id, text: text(t, "Say what you changed, and in which commit.")? }
        }
        Command::AcceptFinding { finding: id } => {
            let f = finding(review, *id)?;
            raised_it(device, f, facts)?;
            match f.state {
                FindingState::Open => {
                    return Err(Refusal::new(
                        Code::Incomplete,
                        "It has no answer yet: the contributor answers it first.",
                    ));
                }
                FindingState::Accepted => return Err(already("This finding is accepted already.")),
                FindingState::Answered => H::FindingAccepted { finding: *id },
            }
        }
        Command::SendBackFinding { finding: id, text: t } => {
            let f = finding(review, *id)?;
            raised_it(device, f, facts)?;
            if f.state == FindingState::Open {
                return Err(already("It waits for the contributor already."));
            }
            H::FindingSentBack { finding: *id, text: text(t, "Say what is still missing.")? }
        }
        Command::JoinReview {} => match me {
            Some(me) if review.joined.contains(&me) => return Err(already("You take part already.")),
            _ if me == review.asked && me.is_some() => {
                return Err(already("You asked for the transfer: the one who joins is a second contributor."));
            }
            _ => H::ReviewJoined,
        },
        Command::Approve { commit } => {
            let Some(proposed) = &review.commit else {
                return Err(Refusal::new(Code::OtherCommit, "No commit is under review: a contributor proposes one."));
            };
            same_commit(review, commit)?;
            if facts.person().is_some_and(|p| p.wrote(&proposed.facts.authors, facts.author_key)) {
                return Err(Refusal::new(
                    Code::AuthorApproval,
                    "You wrote part of this commit: a reviewer who did not decides on it.",
                ));
            }
            if me.is_some_and(|me| approvers(device, review, facts).contains(&me)) {
                return Err(already(format!("You approved {} already.", commit.short())));
            }
            H::Approved { commit: commit.clone(), policy: facts.review_digest.to_owned() }
        }
        Command::WithdrawApproval { reason } => {
            if !review.approvals.iter().any(|a| Some(a.mark.by) == me) {
                return Err(already("You have not approved it."));
            }
            H::ApprovalWithdrawn { reason: short(reason)? }
        }
        Command::ReportTask { text: t } => match &review.taken_over {
            Some(_) => H::TaskReported { text: text(t, "Say what you did to help.")? },
            None => {
                return Err(Refusal::new(Code::NoSuchThing, "There is no task: CTRL did not take this device over."));
            }
        },
        Command::ReturnToDevelopment { reason } => H::ReturnedToDevelopment { reason: short(reason)? },
        Command::TakeOwnership {} => {
            let by = approvers(device, review, facts);
            let (Some(commit), Some(me)) = (review.commit(), me) else {
                return Err(Refusal::new(Code::OtherCommit, "No commit is under review."));
            };
            let Some(release) = device.release_of(commit) else {
                return Err(Refusal::new(Code::OtherCommit, "The approved commit has no verified tag."));
            };
            H::OwnershipTaken {
                owned: Owned {
                    release: release.tag().clone(),
                    commit: commit.clone(),
                    approved: review.approvals.iter().filter(|a| by.contains(&a.mark.by)).map(|a| a.mark).collect(),
                    second_joined: !review.joined.is_empty(),
                    took: Mark { by: me, at: facts.now },
                },
            }
        }
        other => unreachable!("{} is judged in another room", other.kind()),
    }])
}

fn finding(review: &Review, id: u32) -> Result<&Finding, Refusal> {
    review.findings.iter().find(|f| f.id == id).ok_or_else(|| none_such("finding", id))
}

/// A finding is accepted by whoever raised it, or by another reviewer once that person is none for this device (T5).
fn raised_it(device: &Device, f: &Finding, facts: &Facts) -> Result<(), Refusal> {
    let by = f.raised.mark.by;
    if facts.actor.person() == Some(by) || !facts.may_review(device, by) {
        return Ok(());
    }
    Err(Refusal::new(Code::NotYours, format!("{} raised it, and decides on the answer.", facts.people.name(by))))
}

fn same_commit(review: &Review, commit: &crate::domain::tag::CommitId) -> Result<(), Refusal> {
    match review.commit() {
        Some(c) if c == commit => Ok(()),
        Some(c) => Err(Refusal::new(
            Code::OtherCommit,
            format!("{} is under review now, not {}: look at it first.", c.short(), commit.short()),
        )),
        None => Err(Refusal::new(Code::OtherCommit, "No commit is under review: a contributor proposes one.")),
    }
}

fn not_endless(n: usize) -> Result<(), Refusal> {
    if n < MOST {
        Ok(())
    } else {
        Err(Refusal::new(Code::Incomplete, format!("There are {MOST} already: finish this review and start another.")))
    }
}
