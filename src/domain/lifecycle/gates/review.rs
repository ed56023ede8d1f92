//! The review itself: checklist, approvals, findings, a second contributor (T3 to T6).

use super::{
    Gate, GateId as G, Turn,
    discussion::{count, has},
};
use crate::domain::{
    device::Device,
    id::PersonId,
    lifecycle::{command::CommandKind as C, facts::Facts},
    review::{Approval, Finding, FindingState, ItemState, Review},
};
use std::collections::BTreeSet;

/// Gates of the review are judged in review only; elsewhere they are open, and say so.
pub(super) fn review(id: G, device: &Device) -> Result<&Review, Gate> {
    device.review().ok_or_else(|| Gate::open(id, Turn::Contributor, "It is not under review."))
}

pub(super) fn checklist(device: &Device, facts: &Facts) -> Gate {
    let review = match review(G::T3, device) {
        Ok(r) => r,
        Err(gate) => return gate,
    };
    let Some(commit) = review.commit() else {
        return Gate::open(G::T3, Turn::Contributor, "Propose the commit to review; evidence is for one commit.")
            .by(C::ProposeCommit);
    };
    let items = &facts.policy.transfer.checklist;
    let open: Vec<String> = items
        .iter()
        .filter_map(|i| match review.item(&i.id) {
            ItemState::Met(_) => None,
            ItemState::Missing => Some(i.name.clone()),
            ItemState::Stale(e) => Some(format!("{} (was shown for {}, show it again)", i.name, e.commit.short())),
            ItemState::Failed(_) => Some(format!("{} (failed)", i.name)),
        })
        .collect();
    if open.is_empty() {
        Gate::met(G::T3, format!("{} met for {}.", count(items.len(), "item", "items"), commit.short()))
    } else {
        Gate::open(
            G::T3,
            Turn::Contributor,
            format!("Evidence for {} is missing: {}.", commit.short(), open.join(", ")),
        )
        .by(C::GiveEvidence)
    }
}

/// Why an approval does not count, or that it does (T4, A1 to A3, A6, A7).
pub fn approval_stands(device: &Device, review: &Review, a: &Approval, facts: &Facts) -> Result<(), &'static str> {
    let Some(proposed) = &review.commit else {
        return Err("no commit is under review");
    };
    let Some(person) = facts.people.get(a.mark.by) else {
        return Err("their account is gone");
    };
    if a.commit != proposed.facts.commit {
        Err("it was for another commit")
    } else if a.policy != facts.review_digest {
        Err("the policy has changed since")
    } else if device.has_contributed(a.mark.by) {
        Err("they are a contributor of this device, or were one in this cycle")
    } else if person.wrote(&proposed.facts.authors, facts.author_key) {
        Err("they wrote part of it")
    } else if !facts.may_review(device, a.mark.by) {
        Err("they are no longer a reviewer")
    } else if review.failed_since(a) {
        Err("evidence failed after it")
    } else {
        Ok(())
    }
}

/// The people whose approvals of the commit under review count, each once however many accounts they use (A2).
pub fn approvers(device: &Device, review: &Review, facts: &Facts) -> BTreeSet<PersonId> {
    review.approvals.iter().filter(|a| approval_stands(device, review, a, facts).is_ok()).map(|a| a.mark.by).collect()
}

pub(super) fn approvals(device: &Device, facts: &Facts) -> Gate {
    let review = match review(G::T4, device) {
        Ok(r) => r,
        Err(gate) => return gate,
    };
    let Some(commit) = review.commit() else {
        return Gate::open(G::T4, Turn::Contributor, "Propose the commit to review.").by(C::ProposeCommit);
    };
    let needed = facts.policy.approvals_needed(!device.request.areas.is_empty()) as usize;
    let by = approvers(device, review, facts);
    if by.len() >= needed {
        return Gate::met(G::T4, format!("{} approved {}.", facts.people.names(&by), commit.short()));
    }
    let void = review
        .approvals
        .iter()
        .filter(|a| !by.contains(&a.mark.by))
        .find_map(|a| {
            let why = approval_stands(device, review, a, facts).err()?;
            Some(format!(" {}’s approval counts no longer: {why}.", facts.people.name(a.mark.by)))
        })
        .unwrap_or_default();
    let missing = format!("{} of {needed} approvals for {}", by.len(), commit.short());
    // T5 stands before it: who answers findings and who accepts the answers go on first.
    if review.open_findings().next().is_some() {
        let answered = |f: &&Finding| f.state == FindingState::Answered;
        let behind = match review.open_findings().any(|f| answered(&f)) {
            true => answers_to_accept(device, review.open_findings().filter(answered), facts),
            false => findings(device, facts),
        };
        let why = format!("{missing}; nobody can approve while a finding is open.{void}");
        return Gate { id: G::T4, title: G::T4.title(), why, ..behind };
    }
    // Whoever could give one: not its contributors, not who wrote it, not who gave one already.
    let proposed = review.commit.as_ref().map(|p| &p.facts.authors);
    let could = facts.people.0.values().filter(|p| {
        facts.may_review(device, p.id)
            && !by.contains(&p.id)
            && !proposed.is_some_and(|authors| p.wrote(authors, facts.author_key))
    });
    Gate::open(G::T4, Turn::Ctrl, format!("{missing}.{void}")).waits(could.map(|p| p.id)).by(C::Approve)
}

pub(super) fn findings(device: &Device, facts: &Facts) -> Gate {
    let review = match review(G::T5, device) {
        Ok(r) => r,
        Err(gate) => return gate,
    };
    let open: Vec<_> = review.open_findings().collect();
    let unanswered = open.iter().filter(|f| f.state == FindingState::Open).count();
    if open.is_empty() {
        Gate::met(G::T5, format!("{} raised, all accepted.", count(review.findings.len(), "finding", "findings")))
    } else if unanswered > 0 {
        Gate::open(
            G::T5,
            Turn::Contributor,
            format!("{} to answer; following up is the contributor’s part.", count(unanswered, "finding", "findings")),
        )
        .by(C::AnswerFinding)
    } else {
        answers_to_accept(device, open.into_iter(), facts)
    }
}

/// Whoever raised a finding accepts its answer; where they review this device no longer, any reviewer.
fn answers_to_accept<'a>(device: &Device, answered: impl Iterator<Item = &'a Finding>, facts: &Facts) -> Gate {
    let raised: Vec<PersonId> = answered.map(|f| f.raised.mark.by).collect();
    let answers = count(raised.len(), "answer", "answers");
    let mut reviewers: BTreeSet<PersonId> = raised.iter().copied().collect();
    let why = match reviewers.iter().all(|p| facts.may_review(device, *p)) {
        true => format!("{} to accept {answers}.", has(facts, &reviewers.iter().copied().collect::<Vec<_>>())),
        false => {
            reviewers.retain(|p| facts.may_review(device, *p));
            reviewers.extend(facts.reviewers(device));
            format!("A reviewer has to accept {answers}: not all who raised them review it still.")
        }
    };
    Gate::open(G::T5, Turn::Ctrl, why).waits(reviewers).by(C::AcceptFinding)
}

/// T6 is never in the way: its absence is recorded.
pub(super) fn second(device: &Device, facts: &Facts) -> Gate {
    match device.review() {
        Some(r) if !r.joined.is_empty() => Gate::met(G::T6, format!("{} joined.", facts.people.names(&r.joined))),
        _ => Gate::met(G::T6, "Nobody joined; not required, and its absence goes on record."),
    }
}
