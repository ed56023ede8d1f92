//! Applies what happened. Never refuses: it also replays what the journal keeps.

mod development;
mod discussion;
mod framework;
mod review;
mod running;

use super::event::{Event, Happened as H};
use crate::domain::{
    cycle::Mark,
    device::{Device, Vacated},
    id::{PersonId, ServerName},
    overrides::Ended,
};
use chrono::{DateTime, TimeDelta, Utc};

/// The longest grace that a policy gives.
const LATELY: TimeDelta = TimeDelta::days(1);

/// The device after this event.
pub fn evolve(mut device: Device, event: &Event) -> Device {
    device.revision += 1;
    // Only Custody's own readings have no person, and none of them makes a mark.
    let mark = Mark { by: event.by.unwrap_or(PersonId(uuid::Uuid::nil())), at: event.at };
    let placed: Vec<ServerName> = device.placements.iter().map(|p| p.server.clone()).collect();
    let d = &mut device;
    match &event.what {
        H::Submitted { .. }
        | H::Imported { .. }
        | H::Amended { .. }
        | H::ContactAssigned { .. }
        | H::Invited { .. }
        | H::PointRaised { .. }
        | H::PointAnswered { .. }
        | H::PointSignedOff { .. }
        | H::ReservationRaised { .. }
        | H::ReservationAnswered { .. }
        | H::ReservationAccepted { .. }
        | H::AreaSignedOff { .. }
        | H::Accepted
        | H::Declined { .. }
        | H::Withdrawn { .. }
        | H::Retired { .. } => discussion::apply(d, event, mark),

        H::ServerAssigned { .. }
        | H::CommittedToUpdates
        | H::AccessGranted { .. }
        | H::AccessRevoked { .. }
        | H::FrameworkDeclared { .. }
        | H::Trained { .. }
        | H::DevelopmentStarted
        | H::HelpAsked { .. }
        | H::HelpScheduled { .. }
        | H::HelpGiven { .. }
        | H::OperatedStated { .. }
        | H::Countersigned => development::apply(d, event, mark),

        H::TransferRequested
        | H::TakenOver { .. }
        | H::OverviewRecorded { .. }
        | H::TimelineProposed { .. }
        | H::TimelineAgreed { .. }
        | H::MilestoneReached { .. }
        | H::CommitProposed { .. }
        | H::EvidenceGiven { .. }
        | H::FindingRaised { .. }
        | H::FindingAnswered { .. }
        | H::FindingAccepted { .. }
        | H::FindingSentBack { .. }
        | H::ReviewJoined
        | H::Approved { .. }
        | H::ApprovalWithdrawn { .. }
        | H::TaskReported { .. }
        | H::ReturnedToDevelopment { .. }
        | H::OwnershipTaken { .. } => review::apply(d, event, mark),

        H::BuiltAgainstSet { .. } | H::FrameworkForgotten | H::FrameworkRead { .. } | H::UpdateProposed { .. } => {
            framework::apply(d, event)
        }

        H::TagVerified { .. }
        | H::TagMoved { .. }
        | H::TagVanished { .. }
        | H::TagRestored { .. }
        | H::RepositoryReached { .. }
        | H::RepositoryLost { .. }
        | H::Deployed { .. }
        | H::Removed { .. }
        | H::PermitRedeemed { .. }
        | H::GivenBack { .. }
        | H::SetToMoveOn { .. }
        | H::MovingOnStopped
        | H::MovingOnHeld { .. }
        | H::HoldLifted { .. }
        | H::StayedInDevelopment { .. }
        | H::OverrideAsked { .. }
        | H::OverrideApproved { .. }
        | H::OverrideEnded { .. }
        | H::HandedBack { .. }
        | H::LoanExtended { .. }
        | H::DoneAnswered { .. }
        | H::ShutDown { .. }
        | H::Restarted { .. }
        | H::ContactsSet { .. }
        | H::ContactConfirmed
        | H::ConfirmationEnded { .. }
        | H::OperatorRulesSet { .. }
        | H::DependenciesSet { .. }
        | H::ContributorAdded { .. }
        | H::ContributorRemoved { .. }
        | H::AdoptionOffered { .. }
        | H::Adopted { .. } => running::apply(d, event, mark),
    }
    vacate(&mut device, placed, event.at);
    // An override is about what CTRL owns.
    if matches!(event.what, H::HandedBack { .. } | H::Retired { .. }) {
        for o in device.overrides.iter_mut().filter(|o| o.ended.is_none()) {
            let reason = "CTRL owns the device no longer.".to_owned();
            o.ended = Some(Ended { by: event.by, at: event.at, reason });
        }
    }
    device
}

/// Keeps where it was placed until now, as long as that can matter.
fn vacate(d: &mut Device, placed: Vec<ServerName>, at: DateTime<Utc>) {
    let Device { placements, vacated, .. } = d;
    let is_placed = |server: &ServerName| placements.iter().any(|p| p.server == *server);
    vacated.retain(|v| !is_placed(&v.server) && at - v.at <= LATELY);
    vacated.extend(placed.into_iter().filter(|s| !is_placed(s)).map(|server| Vacated { server, at }));
}
