//! The way to CTRL's ownership around the review: used, agreed on, tagged, placed and seen, closed to others (T1, T2, T7
//! to T9).

use super::{
    Gate, GateId as G, Turn, deployment::still_as_verified, discussion::has, review::review, setup::reachable,
};
use crate::domain::{
    device::Device,
    due::in_words,
    id::PersonId,
    lifecycle::{command::CommandKind as C, facts::Facts},
    observation::{Seen, Source},
    review::{Ground, Review, Timeline},
    server::SupportClass,
};

pub(super) fn operated(device: &Device, facts: &Facts) -> Gate {
    let Some(o) = &device.cycle.operated else {
        return Gate::open(
            G::T1,
            Turn::Contributor,
            "Name one beamtime or commissioning run in which it worked: dates, instrument, what it did.",
        )
        .by(C::StateOperated);
    };
    match o.countersigned {
        // A statement is countersigned once: only a new one can be.
        Some(mark) if device.has_contributed(mark.by) => Gate::open(
            G::T1,
            Turn::Contributor,
            format!(
                "{} countersigned it and has become a contributor since: state it anew, for a user to countersign.",
                facts.people.name(mark.by)
            ),
        )
        .by(C::StateOperated),
        Some(mark) => match reachable(G::T1, device, facts) {
            g if !g.met => g,
            _ => Gate::met(
                G::T1,
                format!(
                    "At {} from {} to {}, countersigned by {}.",
                    o.instrument,
                    o.from,
                    o.to,
                    facts.people.name(mark.by)
                ),
            ),
        },
        None => Gate::open(
            G::T1,
            Turn::User,
            format!(
                "It waits for a user of {} to countersign the statement; nobody of the contributors can.",
                o.instrument
            ),
        )
        .by(C::Countersign),
    }
}

/// Whether the timeline is agreed: by both sides, or by CTRL alone where it took the device over and nobody of its
/// contributors can be reached (N4).
pub fn agreed(device: &Device, review: &Review, timeline: &Timeline, facts: &Facts) -> bool {
    let orphaned = || {
        review.taken_over.as_ref().is_some_and(|t| t.ground == Ground::Orphaned {})
            && device.is_orphaned(facts.people, facts.policy, facts.now)
    };
    timeline.agreed() || (timeline.by_ctrl.is_some() && orphaned())
}

pub(super) fn timeline(device: &Device, facts: &Facts) -> Gate {
    let review = match review(G::T2, device) {
        Ok(r) => r,
        Err(gate) => return gate,
    };
    if review.overview.is_none() {
        return Gate::open(G::T2, Turn::Ctrl, "CTRL has yet to record its first overview of the device.")
            .by(C::RecordOverview);
    }
    let Some(t) = &review.timeline else {
        return Gate::open(G::T2, Turn::Ctrl, "Nobody has proposed a timeline yet; either side can.")
            .by(C::ProposeTimeline);
    };
    let late =
        || t.late(facts.today).map_or_else(String::new, |m| format!("; late: {} was due {}", m.name, in_words(m.due)));
    let days = || t.milestones.last().map_or_else(String::new, |m| format!(", ending {}", in_words(m.due)));
    match (t.by_contributor, t.by_ctrl) {
        (Some(a), Some(b)) => Gate::met(
            G::T2,
            format!("Agreed by {} and {}{}{}.", facts.people.name(a.by), facts.people.name(b.by), days(), late(),),
        ),
        (None, Some(b)) if agreed(device, review, t, facts) => Gate::met(
            G::T2,
            format!(
                "Set by {}{}{}; nobody of its contributors can be reached to agree.",
                facts.people.name(b.by),
                days(),
                late()
            ),
        ),
        (Some(a), None) => Gate::open(
            G::T2,
            Turn::Ctrl,
            format!("{} proposed a timeline{}; CTRL has yet to agree.", facts.people.name(a.by), days()),
        )
        .by(C::AgreeTimeline),
        (None, by_ctrl) => Gate::open(
            G::T2,
            Turn::Contributor,
            format!(
                "{} proposed a timeline{}; a contributor has yet to agree.",
                by_ctrl.map_or("CTRL", |m| facts.people.name(m.by)),
                days()
            ),
        )
        .by(C::AgreeTimeline),
    }
}

pub(super) fn tagged(device: &Device, facts: &Facts) -> Gate {
    let review = match review(G::T7, device) {
        Ok(r) => r,
        Err(gate) => return gate,
    };
    let Some(commit) = review.commit() else {
        return Gate::open(G::T7, Turn::Contributor, "Propose the commit to review.").by(C::ProposeCommit);
    };
    match device.release_of(commit) {
        Some(r) => still_as_verified(G::T7, r, facts),
        None => Gate::open(
            G::T7,
            Turn::Contributor,
            format!("Tag {} in the repository, like 1.4.2, then have Custody verify the tag.", commit.short()),
        )
        .by(C::VerifyTag),
    }
}

pub(super) fn placed_and_seen(device: &Device, facts: &Facts) -> Gate {
    let review = match review(G::T8, device) {
        Ok(r) => r,
        Err(gate) => return gate,
    };
    let Some(release) = review.commit().and_then(|c| device.release_of(c)) else {
        return Gate::open(G::T8, Turn::Contributor, "First the approved commit needs a verified tag.")
            .by(C::VerifyTag);
    };
    let (act, way) = if facts.policy.permits.required { (C::RedeemPermit, ", by permit") } else { (C::Deploy, "") };
    let on_full: Vec<_> = device.placements.iter().filter(|p| p.class == SupportClass::Full).collect();
    if on_full.is_empty() || on_full.iter().any(|p| p.release.as_ref() != Some(release.tag())) {
        return Gate::open(
            G::T8,
            Turn::Ctrl,
            format!("CTRL has yet to deploy {} to a full-support server{way}.", release.tag()),
        )
        .by(act);
    }
    if facts.policy.permits.required
        && let Some(p) = on_full.iter().find(|p| p.permit.is_none())
    {
        return Gate::open(
            G::T8,
            Turn::Ctrl,
            format!("It was placed on {} by hand: deploy {} there by permit.", p.server, release.tag()),
        )
        .by(act);
    }
    if let Some(s) = facts.running().find(|s| s.support_class != Some(SupportClass::Full)) {
        return Gate::open(
            G::T8,
            Turn::Contributor,
            format!("{} still runs on {}: stop it there.", s.instance, s.server),
        );
    }
    let silent_after = facts.policy.observations.silent_after_minutes;
    for p in &on_full {
        let there: Vec<&Seen> = facts.running().filter(|s| s.server == p.server).collect();
        // What was reported before it was placed there, or by somebody who has fallen silent, proves nothing of today.
        let words = if there.is_empty() {
            format!("It has not been seen running on {} yet.", p.server)
        } else if !there.iter().any(|s| s.seen >= p.mark.at) {
            format!("It has not been seen running on {} since it was placed there.", p.server)
        } else if there.iter().all(|s| s.is_silent(facts.now, silent_after)) {
            format!("Nothing has reported it on {} for more than {silent_after} minutes.", p.server)
        } else {
            continue;
        };
        return Gate::open(G::T8, Turn::Machine, words);
    }
    // Wherever it runs: one dirty instance on a server nobody placed it on is enough to say no.
    if let Some(s) = facts.running().find(|s| !release.is_built(&s.version)) {
        return Gate::open(
            G::T8,
            Turn::Ctrl,
            format!(
                "{} on {} reports {}, not {}: deploy the tag and restart it.",
                s.instance,
                s.server,
                s.version.raw,
                release.tag()
            ),
        )
        .by(C::Deploy);
    }
    let stated = facts.running().any(|s| matches!(s.source, Source::Statement { .. }));
    if stated && !facts.policy.observations.statements {
        return Gate::open(
            G::T8,
            Turn::Machine,
            "A person’s statement does not count here: an agent has to report it.",
        );
    }
    Gate::met(
        G::T8,
        format!(
            "{} {}, seen running on {}{}.",
            release.tag(),
            if on_full.iter().all(|p| p.permit.is_some()) { "deployed by permit" } else { "placed by hand" },
            on_full.iter().map(|p| p.server.0.as_str()).collect::<Vec<_>>().join(", "),
            if stated { ", by a CTRL member’s statement" } else { "" }
        ),
    )
}

pub(super) fn access_revoked(device: &Device, facts: &Facts) -> Gate {
    let who: Vec<PersonId> = device.cycle.setup.has_access().collect();
    if who.is_empty() {
        Gate::met(G::T9, "Nobody can hot-develop it any more.")
    } else {
        Gate::open(G::T9, Turn::Ctrl, format!("{} access to the development host still.", has(facts, &who)))
            .by(C::RevokeAccess)
    }
}
