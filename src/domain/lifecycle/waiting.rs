//! Since when something is waited for, where that is on record: what else happens to a device begins no wait anew.

use super::{
    CommandKind,
    facts::Facts,
    gates::{Gate, GateId},
};
use crate::domain::{
    cycle::Remark,
    device::Device,
    review::{Finding, FindingState, Review},
    server::SupportClass,
};
use chrono::{DateTime, Utc};

type At = DateTime<Utc>;

/// Since when this open gate waits for what meets it, as far as that is on record: at the earliest since the device came
/// into its state.
pub fn gate_since(gate: &Gate, device: &Device, facts: &Facts) -> Option<At> {
    let known = match gate.where_to {
        Some(act) => asked_at(act, device, facts),
        // It is placed, and has to be seen.
        None if gate.id == GateId::T8 => placed_at(device),
        None => None,
    };
    known.max(device.state.since())
}

/// When the last thing came that this step waited for, as far as that is on record.
pub fn step_since(step: CommandKind, device: &Device, facts: &Facts) -> Option<At> {
    use CommandKind as C;
    let known = match step {
        C::Accept => clarified_at(device),
        C::StartDevelopment => {
            let setup = &device.cycle.setup;
            let placed = device.placements.iter().map(|p| p.mark.at);
            setup.access.iter().map(|a| a.granted.at).chain(setup.committed.map(|m| m.at)).chain(placed).max()
        }
        C::RequestTransfer => {
            let signed = device.cycle.operated.as_ref().and_then(|o| o.countersigned);
            clarified_at(device).max(signed.map(|m| m.at))
        }
        C::TakeOwnership => device.review().and_then(|r| reviewed_at(r, device, facts)),
        _ => None,
    };
    known.max(device.state.since())
}

/// When somebody was first asked for this act.
fn asked_at(act: CommandKind, device: &Device, facts: &Facts) -> Option<At> {
    use CommandKind as C;
    let talk = &device.cycle.discussion;
    let review = device.review();
    let proposed = || review?.commit.as_ref().map(|p| p.mark.at);
    let findings = |state| review.into_iter().flat_map(|r| &r.findings).filter(move |f| f.state == state);
    match act {
        C::AnswerReservation => talk.reservations.iter().filter(|r| r.answer.is_none()).map(|r| r.raised.mark.at).min(),
        C::AcceptReservation => {
            let open = talk.reservations.iter().filter(|r| r.accepted.is_none());
            open.filter_map(|r| r.answer.as_ref()).map(|a| a.mark.at).min()
        }
        C::SignOffPoint => talk.points.iter().filter(|p| p.signed_off.is_none()).map(|p| p.raised.mark.at).min(),
        C::ConfirmContact => {
            let until = device.contacts.iter().filter_map(|c| c.confirmed_until(facts.policy));
            until.filter(|at| *at <= facts.now).min()
        }
        C::Countersign => device.cycle.operated.as_ref().map(|o| o.stated.mark.at),
        C::ProposeTimeline => review?.overview.as_ref().map(|o| o.mark.at),
        C::AgreeTimeline => {
            let timeline = review?.timeline.as_ref()?;
            timeline.by_contributor.or(timeline.by_ctrl).map(|m| m.at)
        }
        C::GiveEvidence | C::VerifyTag => proposed(),
        C::Approve => proposed().max(review?.findings.iter().map(said_at).max()),
        C::AnswerFinding => findings(FindingState::Open).map(said_at).min(),
        C::AcceptFinding => findings(FindingState::Answered).map(said_at).min(),
        C::Deploy | C::RedeemPermit => {
            let release = review?.commit().and_then(|c| device.release_of(c));
            placed_at(device).or(release.map(|r| r.at))
        }
        C::Restart => device.shut_down.as_ref().map(|s| s.reason.mark.at),
        // What else is asked for leaves no trace before it is done.
        _ => None,
    }
}

/// When a finding was last spoken of: raised, answered or sent back.
fn said_at(f: &Finding) -> At {
    f.talk.last().unwrap_or(&f.raised).mark.at
}

/// When it was last placed on a full server.
fn placed_at(device: &Device) -> Option<At> {
    device.placements.iter().filter(|p| p.class == SupportClass::Full).map(|p| p.permit.unwrap_or(p.mark.at)).max()
}

fn clarified_at(device: &Device) -> Option<At> {
    let talk = &device.cycle.discussion;
    let signed = talk.points.iter().filter_map(|p| p.signed_off);
    let accepted = talk.reservations.iter().filter_map(|r| r.accepted);
    let areas = talk.areas.values().map(|r| r.mark);
    let all = signed.chain(accepted).chain(areas).map(|m| m.at);
    all.chain(device.contacts.iter().filter_map(|c| c.confirmed)).max()
}

fn reviewed_at(review: &Review, device: &Device, facts: &Facts) -> Option<At> {
    let of = |remark: &Remark| remark.mark.at;
    let agreed = review.timeline.iter().flat_map(|t| [t.by_contributor, t.by_ctrl]).flatten().map(|m| m.at);
    let shown = review.evidence.iter().map(|e| of(&e.remark));
    let approved = review.approvals.iter().map(|a| a.mark.at);
    let answered = review.findings.iter().map(said_at);
    let tagged = review.commit().and_then(|c| device.release_of(c)).map(|r| r.at);
    let revoked = device.cycle.setup.access.iter().filter_map(|a| a.revoked).map(|m| m.at);
    let runs = facts.running().map(|s| s.since);
    let all = agreed.chain(shown).chain(approved).chain(answered).chain(tagged).chain(revoked).chain(runs);
    all.chain(placed_at(device)).chain(review.overview.as_ref().map(of)).max()
}
