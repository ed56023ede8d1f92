//! What happened. Events update the device, are the audit trail, and tell people; they name people by id only.

use super::{
    command::Application,
    state::{Owned, StateName},
};
use crate::domain::{
    contact::{Contact, OperatorRules},
    cycle::HelpKind,
    device::Placement,
    framework::{BuiltAgainst, BuiltWith},
    id::{DeploymentId, DeviceId, PersonId, ServerName},
    import::Imported,
    moving_on::Cause,
    overrides::Skip,
    release::{CommitFacts, VerifiedTag},
    request::Request,
    review::{Ground, Milestone},
    server::SupportClass,
    tag::{CommitId, TagName},
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Something that happened to a device: kept for good in the journal, and applied by [`super::evolve()`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub at: DateTime<Utc>,
    /// `None` where Custody itself noticed it.
    pub by: Option<PersonId>,
    #[serde(flatten)]
    pub what: Happened,
}

/// What happened. It is read back from the journal for ever: a part that is added later has a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, strum::EnumDiscriminants)]
#[serde(tag = "event", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[strum_discriminants(
    name(EventKind),
    doc = "An event without its data.",
    derive(Hash, strum::EnumIter, strum::IntoStaticStr, strum::EnumString),
    strum(serialize_all = "snake_case")
)]
pub enum Happened {
    Submitted {
        application: Box<Application>,
    },
    /// Brought onto the record as the facility already had it, past the process and without anybody's approval (E5).
    Imported {
        imported: Box<Imported>,
    },
    Amended {
        request: Box<Request>,
    },
    ContactAssigned {
        person: PersonId,
    },
    Invited {
        person: PersonId,
    },
    PointRaised {
        point: u32,
        text: String,
    },
    PointAnswered {
        point: u32,
        text: String,
    },
    PointSignedOff {
        point: u32,
    },
    ReservationRaised {
        reservation: u32,
        text: String,
    },
    ReservationAnswered {
        reservation: u32,
        text: String,
    },
    ReservationAccepted {
        reservation: u32,
    },
    AreaSignedOff {
        area: String,
        text: String,
    },
    Accepted,
    Declined {
        reason: String,
    },
    Withdrawn {
        reason: String,
    },
    ServerAssigned {
        server: ServerName,
    },
    CommittedToUpdates,
    AccessGranted {
        person: PersonId,
    },
    AccessRevoked {
        person: PersonId,
    },
    FrameworkDeclared {
        modified: bool,
    },
    /// Topic → until when it counts (H6).
    Trained {
        person: PersonId,
        until: BTreeMap<String, DateTime<Utc>>,
    },
    DevelopmentStarted,
    HelpAsked {
        entry: u32,
        kind: HelpKind,
        text: String,
    },
    HelpScheduled {
        entry: u32,
        on: NaiveDate,
    },
    HelpGiven {
        entry: u32,
        kind: HelpKind,
        text: String,
    },
    OperatedStated {
        from: NaiveDate,
        to: NaiveDate,
        instrument: String,
        text: String,
    },
    Countersigned,
    TransferRequested,
    TakenOver {
        ground: Ground,
        reason: String,
    },
    OverviewRecorded {
        text: String,
    },
    TimelineProposed {
        milestones: Vec<Milestone>,
        by_contributor: bool,
    },
    TimelineAgreed {
        by_contributor: bool,
    },
    MilestoneReached {
        milestone: u32,
    },
    CommitProposed {
        facts: CommitFacts,
    },
    EvidenceGiven {
        item: String,
        commit: CommitId,
        passed: bool,
        link: String,
        text: String,
    },
    FindingRaised {
        finding: u32,
        place: String,
        text: String,
    },
    FindingAnswered {
        finding: u32,
        text: String,
    },
    FindingAccepted {
        finding: u32,
    },
    FindingSentBack {
        finding: u32,
        text: String,
    },
    ReviewJoined,
    Approved {
        commit: CommitId,
        policy: String,
    },
    ApprovalWithdrawn {
        reason: String,
    },
    TaskReported {
        text: String,
    },
    ReturnedToDevelopment {
        reason: String,
    },
    OwnershipTaken {
        owned: Owned,
    },
    TagVerified {
        verified: VerifiedTag,
        /// The framework's version that its file says, where that was asked for (G6).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        framework: Option<BuiltWith>,
    },
    TagMoved {
        tag: TagName,
        to: CommitId,
    },
    TagVanished {
        tag: TagName,
    },
    TagRestored {
        tag: TagName,
    },
    RepositoryReached {
        head: CommitId,
    },
    RepositoryLost {
        why: String,
    },
    Deployed {
        server: ServerName,
        class: SupportClass,
        release: Option<TagName>,
        /// The deployment in development after which it moved on by itself (G5).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        moved_on: Option<DeploymentId>,
    },
    Removed {
        server: ServerName,
    },
    PermitRedeemed {
        server: ServerName,
        tag: TagName,
    },
    GivenBack {
        server: ServerName,
        tag: TagName,
        back: Vec<Placement>,
        why: String,
    },
    SetToMoveOn {
        server: ServerName,
    },
    MovingOnStopped,
    MovingOnHeld {
        cause: Cause,
        reason: String,
        /// Who went back, where that is the cause.
        because_of: Option<PersonId>,
    },
    HoldLifted {
        reason: String,
    },
    StayedInDevelopment {
        server: ServerName,
        tag: TagName,
        why: String,
    },
    BuiltAgainstSet {
        against: BuiltAgainst,
    },
    FrameworkForgotten,
    FrameworkRead {
        tag: TagName,
        built: BuiltWith,
    },
    UpdateProposed {
        framework: String,
        version: String,
        branch: String,
        commit: CommitId,
    },
    OverrideAsked {
        number: u32,
        tag: TagName,
        server: ServerName,
        skips: BTreeSet<Skip>,
        until: DateTime<Utc>,
        reason: String,
    },
    OverrideApproved {
        number: u32,
    },
    OverrideEnded {
        number: u32,
        reason: String,
        /// Whether it had been approved, and so let something through.
        had_begun: bool,
    },
    HandedBack {
        server: ServerName,
        base: TagName,
        until: Option<NaiveDate>,
        reason: String,
    },
    LoanExtended {
        until: NaiveDate,
        reason: String,
    },
    DoneAnswered {
        reached: bool,
        text: String,
    },
    ShutDown {
        reason: String,
        affected: String,
        responsible: PersonId,
        conditions: String,
    },
    Restarted {
        text: String,
    },
    ContactsSet {
        contacts: Vec<Contact>,
    },
    ContactConfirmed,
    /// Somebody else changed this contact's number: what they confirmed was another one (L4).
    ConfirmationEnded {
        person: PersonId,
    },
    OperatorRulesSet {
        operators: OperatorRules,
    },
    DependenciesSet {
        on: BTreeMap<String, DeviceId>,
    },
    ContributorAdded {
        person: PersonId,
    },
    ContributorRemoved {
        person: PersonId,
    },
    AdoptionOffered {
        reason: String,
    },
    Adopted {
        person: PersonId,
    },
    Retired {
        reason: String,
    },
}

impl Happened {
    pub fn kind(&self) -> EventKind {
        self.into()
    }

    pub fn name(&self) -> &'static str {
        self.into()
    }

    /// The state that this event leads into, where it leads into another.
    pub fn leads_to(&self) -> Option<StateName> {
        match self {
            Self::Imported { imported } => Some(imported.state()),
            other => other.kind().leads_to(),
        }
    }
}

impl EventKind {
    /// The state that every event of this kind leads into; an imported device is in whichever it is said to be.
    pub fn leads_to(self) -> Option<StateName> {
        match self {
            Self::Submitted => Some(StateName::Requested),
            Self::Accepted => Some(StateName::Accepted),
            Self::Declined => Some(StateName::Declined),
            Self::Withdrawn => Some(StateName::Withdrawn),
            Self::DevelopmentStarted | Self::ReturnedToDevelopment | Self::HandedBack => {
                Some(StateName::ReducedSupport)
            }
            Self::TransferRequested | Self::TakenOver => Some(StateName::UnderReview),
            Self::OwnershipTaken => Some(StateName::CtrlOwned),
            Self::Retired => Some(StateName::Retired),
            _ => None,
        }
    }
}
