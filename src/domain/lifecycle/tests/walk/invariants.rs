//! What must hold on every way, judged without the code that is judged.

use super::super::given::commit;
use crate::domain::{
    device::Device,
    id::PersonId,
    lifecycle::{Command, Event, Facts, GateId, Happened as H, StateName as S, evolve, rule},
    person::Role,
    refusal::Refusal,
    server::SupportClass,
    support::{Support, of_device},
    tag::{CommitId, TagName},
};
use std::collections::{BTreeMap, BTreeSet};

/// One decision: a device, what the world said, and what it made happen.
pub struct Edge<'a> {
    pub before: &'a Device,
    pub ghost: &'a Ghost,
    pub facts: &'a Facts<'a>,
    pub events: &'a [Event],
}

impl Edge<'_> {
    pub fn after(&self) -> Device {
        self.events.iter().fold(self.before.clone(), evolve)
    }
}

/// What somebody would remember who read the events only: an account of its own, kept apart from the device's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ghost {
    pub events: u64,
    pub contributors: BTreeSet<PersonId>,
    /// Everybody who was a contributor at any time of this cycle.
    pub contributed: BTreeSet<PersonId>,
    pub proposed: Option<(CommitId, BTreeSet<String>)>,
    /// Who approved what is proposed, under which policy, and nothing took it back since.
    pub approved: BTreeMap<PersonId, String>,
    /// Verified tags that still stand.
    pub tags: BTreeMap<TagName, CommitId>,
    pub moved: BTreeMap<TagName, CommitId>,
}

impl Ghost {
    pub fn of(events: &[Event]) -> Self {
        Self::default().after(events)
    }

    pub fn after(&self, events: &[Event]) -> Self {
        events.iter().fold(self.clone(), Self::remember)
    }

    fn remember(mut self, event: &Event) -> Self {
        self.events += 1;
        match &event.what {
            H::Submitted { application } => self.contributors.extend(&application.contributors),
            H::ContributorAdded { person } => _ = self.contributors.insert(*person),
            H::ContributorRemoved { person } => _ = self.contributors.remove(person),
            H::Adopted { person } => self.contributors = [*person].into(),
            H::TransferRequested | H::TakenOver { .. } => {
                self.proposed = None;
                self.approved.clear();
            }
            H::CommitProposed { facts } => {
                self.proposed = Some((facts.commit.clone(), facts.authors.clone()));
                self.approved.clear();
            }
            H::Approved { policy, .. } => _ = self.approved.insert(event.by.unwrap(), policy.clone()),
            H::ApprovalWithdrawn { .. } => _ = self.approved.remove(&event.by.unwrap()),
            H::EvidenceGiven { passed: false, .. } => self.approved.clear(),
            H::TagVerified { verified, .. } => _ = self.tags.insert(verified.tag.clone(), verified.commit.clone()),
            H::TagMoved { tag, .. } | H::TagVanished { tag } => {
                if let Some(commit) = self.tags.remove(tag) {
                    if matches!(event.what, H::TagMoved { .. })
                        && self.proposed.as_ref().is_some_and(|(p, _)| *p == commit)
                    {
                        self.approved.clear();
                    }
                    self.moved.insert(tag.clone(), commit);
                }
            }
            H::TagRestored { tag } => {
                let commit = self.moved.remove(tag).unwrap_or_else(|| commit(255));
                self.tags.insert(tag.clone(), commit);
            }
            H::HandedBack { .. } => self.contributed.clear(),
            _ => {}
        }
        self.contributed.extend(&self.contributors);
        self
    }

    /// The people whose approval counts at this moment: T4 in other words than the gate's.
    fn count(&self, facts: &Facts) -> usize {
        let Some((_, authors)) = &self.proposed else { return 0 };
        let counts = |id: &PersonId, policy: &String| {
            let Some(person) = facts.people.get(*id) else { return false };
            person.active
                && person.roles.contains(&Role::Ctrl)
                && person.roles.contains(&Role::Reviewer)
                && person.emails.is_disjoint(authors)
                && !self.contributed.contains(id)
                && policy == facts.review_digest
        };
        self.approved.iter().filter(|(id, policy)| counts(id, policy)).count()
    }
}

/// From, to: the lifecycle, by hand once more. A command that leads elsewhere has skipped a state (A8).
const WAYS: &[(S, S)] = &[
    (S::Draft, S::Requested),
    (S::Requested, S::Accepted),
    (S::Requested, S::Declined),
    (S::Requested, S::Withdrawn),
    (S::Requested, S::Retired),
    (S::Accepted, S::ReducedSupport),
    (S::Accepted, S::Withdrawn),
    (S::Accepted, S::Retired),
    (S::ReducedSupport, S::UnderReview),
    (S::ReducedSupport, S::Withdrawn),
    (S::ReducedSupport, S::Retired),
    (S::UnderReview, S::ReducedSupport),
    (S::UnderReview, S::CtrlOwned),
    (S::UnderReview, S::Retired),
    (S::CtrlOwned, S::ReducedSupport),
    (S::CtrlOwned, S::Retired),
];

/// The rules that this way breaks: none, or the code is wrong.
pub fn broken(edge: &Edge, after: &Device, ghost: &Ghost) -> Vec<&'static str> {
    let (before, facts) = (edge.before, edge.facts);
    let (from, to) = (before.state.name(), after.state.name());
    let mut found = Vec::new();
    let mut hold = |holds: bool, rule: &'static str| {
        if !holds {
            found.push(rule);
        }
    };
    let classes: BTreeSet<_> = after.placements.iter().map(|p| p.class).collect();
    hold(classes.len() < 2, "N2 one class");
    let servers: BTreeSet<_> = after.placements.iter().map(|p| &p.server).collect();
    hold(servers.len() == after.placements.len(), "N2 one placement on each server");
    hold(
        after.placements.iter().all(|p| p.class == SupportClass::Reduced || p.release.is_some()),
        "G1 a full server holds a release",
    );
    hold(from == to || WAYS.contains(&(from, to)), "A8 a way of the table");
    hold(!from.is_end() && (from != S::Draft || to == S::Requested), "ends are final");
    let leads: Vec<S> = edge.events.iter().filter_map(|e| e.what.leads_to()).collect();
    hold(leads.last().copied().unwrap_or(from) == to, "A8 the event names the state");
    hold(after.revision == ghost.events, "revision counts events");
    hold(!edge.events.is_empty() || before == after, "no event, no change");
    let approvals = after.review().map_or(0, |r| r.approvals.len());
    hold(approvals == 0 || after.review().and_then(|r| r.commit()).is_some(), "A3 approvals are for a commit");
    hold(!after.state.name().is_end() || after.shut_down.is_none(), "N6 nothing ended waits for a restart");
    hold(after.contributors == ghost.contributors, "A29 contributors come by events");
    let access: BTreeSet<_> = after.cycle.setup.has_access().collect();
    hold(access.is_subset(&after.contributors), "H4 contributors only");

    for event in edge.events {
        match &event.what {
            H::CommitProposed { .. } => hold(approvals == 0, "A3 another commit voids"),
            H::EvidenceGiven { passed: false, .. } => {
                let counting = after.review().map(|r| crate::domain::lifecycle::gates::approvers(after, r, facts));
                hold(counting.is_none_or(|c| c.is_empty()), "A3 failed evidence voids");
            }
            H::TagMoved { tag, .. } => {
                let of = before.release(tag).map(|r| r.commit());
                let reviewed = after.review().and_then(|r| r.commit());
                hold(of != reviewed || approvals == 0, "A3 a moved tag voids");
            }
            H::Approved { commit, .. } => {
                let me = event.by.and_then(|by| facts.people.get(by));
                hold(me.is_some_and(|p| p.active && p.roles.contains(&Role::Reviewer)), "A6 a reviewer approves");
                hold(event.by.is_some_and(|by| !edge.ghost.contributed.contains(&by)), "A1 no contributor approves");
                let authors = edge.ghost.proposed.as_ref().filter(|(c, _)| c == commit).map(|(_, a)| a);
                hold(
                    me.zip(authors).is_some_and(|(p, authors)| p.emails.is_disjoint(authors)),
                    "A1 no author approves",
                );
            }
            H::OwnershipTaken { owned } => {
                let needed = if before.request.areas.is_empty() {
                    facts.policy.transfer.approvals
                } else {
                    facts.policy.transfer.approvals_critical
                };
                hold(edge.ghost.count(facts) >= needed as usize, "T4 enough approvals");
                let proposed = edge.ghost.proposed.as_ref().map(|(c, _)| c);
                hold(proposed == Some(&owned.commit), "T4 the approved commit");
                hold(edge.ghost.tags.get(&owned.release) == Some(&owned.commit), "T7 a standing tag of it");
                hold(access.is_empty(), "T9 no access");
                hold(classes == BTreeSet::from([SupportClass::Full]), "T8 placed on full servers");
                let by_permit = !facts.policy.permits.required || after.placements.iter().all(|p| p.permit.is_some());
                hold(by_permit, "T8 deployed by permit");
                let all_full = facts.running().all(|s| s.support_class == Some(SupportClass::Full));
                hold(all_full && facts.running().next().is_some(), "T8 seen on full servers only");
                let by = event
                    .by
                    .is_some_and(|by| facts.people.has(by, &Role::Reviewer) && !edge.ghost.contributed.contains(&by));
                hold(by, "A1 a reviewer takes it");
            }
            H::Deployed { class, release, .. } => {
                hold(before.shut_down.is_none(), "N5 not while shut down");
                if *class == SupportClass::Full {
                    let commit = release.as_ref().and_then(|t| edge.ghost.tags.get(t));
                    hold(commit.is_some(), "G1 a verified standing tag");
                    let by = event
                        .by
                        .is_some_and(|by| facts.people.has(by, &Role::Ctrl) && !edge.ghost.contributed.contains(&by));
                    hold(by, "G1 by CTRL");
                    let approved = || {
                        let proposed = edge.ghost.proposed.as_ref().map(|(c, _)| c);
                        commit == proposed && edge.ghost.count(facts) > 0
                    };
                    hold(from == S::CtrlOwned || (from == S::UnderReview && approved()), "G1 owned or approved");
                }
            }
            _ => {}
        }
    }
    found.extend(broken_status(after, facts));
    found
}

/// O1, N1, N2: what operators are told about a device like this.
pub fn broken_status(device: &Device, facts: &Facts) -> Vec<&'static str> {
    let mut found = Vec::new();
    let support = of_device(device, facts.seen).map(|v| v.support);
    let on = |class| facts.running().any(|s| s.support_class == Some(class));
    let owned = device.state.name() == S::CtrlOwned;
    if device.shut_down.is_some() && support != Some(Support::ShutDown) {
        found.push("O1 shut down shows");
    }
    if support == Some(Support::FullySupported) && (!owned || on(SupportClass::Reduced)) {
        found.push("N2 fully supported is CTRL's alone");
    }
    if on(SupportClass::Full) && !owned && !matches!(support, Some(Support::NotSupported | Support::ShutDown)) {
        found.push("N1 contributed on a full server");
    }
    if on(SupportClass::Full) && on(SupportClass::Reduced) && support < Some(Support::NotSupported) {
        found.push("N2 seen in both");
    }
    found
}

/// A refusal lists all gates of its row, each once, in order.
pub fn broken_refusal(command: &Command, refusal: &Refusal) -> Vec<&'static str> {
    let mut found = Vec::new();
    let listed: Vec<GateId> = refusal.gates.iter().map(|g| g.id).collect();
    if listed != rule(command.kind()).gates {
        found.push("a refusal lists all its gates");
    }
    if refusal.sentence.trim().is_empty() || refusal.gates.iter().any(|g| g.why.trim().is_empty()) {
        found.push("a refusal says why");
    }
    let waits = refusal.gates.iter().filter(|g| g.met).all(|g| g.waits_for.is_empty() && g.where_to.is_none());
    if !waits {
        found.push("a met gate waits for nobody");
    }
    found
}
