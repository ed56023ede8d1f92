//! The process, as one table: who may do what in which state, and which gates stand before it.
//! The code decides by it, the pages show it, the lifecycle is drawn from it, `/process` prints it.

use super::{command::CommandKind as C, gates::GateId as G, state::StateName as S};

/// Who may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumIter)]
pub enum Who {
    /// One of the device's contributors.
    Contributor,
    /// A member of CTRL who is not a contributor of this device.
    Ctrl,
    /// The CTRL member who takes care of this device (L6).
    CtrlContact,
    /// A member of CTRL, while the device is under review because CTRL took it over (N3, N4).
    TookOver,
    /// A CTRL member with the right to approve (T4).
    Reviewer,
    /// A named expert of a critical area (L7).
    Expert,
    /// Somebody invited to the discussion (L6).
    Invited,
    /// Whoever was named responsible for the restart (N6).
    Responsible,
    /// One of the device's support contacts.
    SupportContact,
    /// Anybody signed in who is not a contributor of this device.
    User,
    /// Anybody signed in.
    Anyone,
    /// Custody itself, at its regular checks.
    Custody,
}

impl Who {
    pub fn words(self) -> &'static str {
        match self {
            Self::Contributor => "a contributor",
            Self::Ctrl => "CTRL",
            Self::CtrlContact => "the CTRL contact",
            Self::TookOver => "CTRL, where it took the device over",
            Self::Reviewer => "a CTRL reviewer",
            Self::Expert => "an expert of the area",
            Self::Invited => "somebody invited to the discussion",
            Self::Responsible => "the person named for the restart",
            Self::SupportContact => "a support contact",
            Self::User => "a user of the device",
            Self::Anyone => "anybody signed in",
            Self::Custody => "Custody itself",
        }
    }
}

/// Where a command leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leads {
    /// The state stays.
    Nowhere,
    /// A transition.
    To(S),
    /// Laid over any running state (N5, N6).
    Overlay,
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    pub command: C,
    pub from: &'static [S],
    pub leads: Leads,
    pub who: &'static [Who],
    pub gates: &'static [G],
}

impl Rule {
    pub fn is_transition(&self) -> bool {
        self.leads != Leads::Nowhere
    }
}

const fn to(command: C, from: &'static [S], to: S, who: &'static [Who], gates: &'static [G]) -> Rule {
    Rule { command, from, leads: Leads::To(to), who, gates }
}
const fn over(command: C, from: &'static [S], who: &'static [Who], gates: &'static [G]) -> Rule {
    Rule { command, from, leads: Leads::Overlay, who, gates }
}
const fn stay(command: C, from: &'static [S], who: &'static [Who], gates: &'static [G]) -> Rule {
    Rule { command, from, leads: Leads::Nowhere, who, gates }
}

use Who::*;

/// Submitted, and not at an end.
pub const LIVE: &[S] = &[S::Requested, S::Accepted, S::ReducedSupport, S::UnderReview, S::CtrlOwned];
const TALKED_ABOUT: &[S] = &[S::Requested, S::Accepted, S::ReducedSupport];
const WITH_CONTRIBUTORS: &[S] = &[S::Requested, S::Accepted, S::ReducedSupport, S::UnderReview];
const HOSTED: &[S] = &[S::Accepted, S::ReducedSupport];
const DEVELOPED: &[S] = &[S::ReducedSupport, S::UnderReview];
const PLACED: &[S] = &[S::Accepted, S::ReducedSupport, S::UnderReview, S::CtrlOwned];
const REVIEW: &[S] = &[S::UnderReview];
const TALKERS: &[Who] = &[Contributor, Ctrl, Expert, Invited];

/// The process, a row for each command: from which states, by whom, behind which gates. Refusals, pages, the API and
/// `/process` all read it.
pub const RULES: &[Rule] = &[
    // The transitions.
    to(C::Submit, &[S::Draft], S::Requested, &[Anyone], &[G::Form]),
    to(C::Accept, &[S::Requested], S::Accepted, &[CtrlContact], &[G::L1, G::L2, G::L3, G::L4, G::L5, G::L6, G::L7]),
    to(C::Decline, &[S::Requested], S::Declined, &[Ctrl], &[G::Reason]),
    to(C::Withdraw, TALKED_ABOUT, S::Withdrawn, &[Contributor], &[G::Reason, G::NothingRuns]),
    to(
        C::StartDevelopment,
        &[S::Accepted],
        S::ReducedSupport,
        &[CtrlContact],
        &[G::H1, G::H2, G::H3, G::H4, G::H5, G::H6],
    ),
    to(C::RequestTransfer, &[S::ReducedSupport], S::UnderReview, &[Contributor], &[G::T1, G::B3]),
    to(C::TakeOver, &[S::ReducedSupport], S::UnderReview, &[Ctrl], &[G::N3, G::N4]),
    to(C::ReturnToDevelopment, REVIEW, S::ReducedSupport, &[Contributor, Ctrl], &[G::Reason]),
    to(C::TakeOwnership, REVIEW, S::CtrlOwned, &[Reviewer], &[G::T2, G::T3, G::T4, G::T5, G::T6, G::T7, G::T8, G::T9]),
    to(C::HandBack, &[S::CtrlOwned], S::ReducedSupport, &[Contributor, Ctrl], &[G::B1, G::B2, G::B3, G::B4]),
    to(C::Retire, LIVE, S::Retired, &[Ctrl], &[G::Reason, G::NothingRuns]),
    over(C::ShutDown, LIVE, &[Ctrl], &[G::N5]),
    over(C::Restart, LIVE, &[Responsible, Ctrl], &[G::N6]),
    // The discussion.
    stay(C::Amend, TALKED_ABOUT, &[Contributor], &[G::Form]),
    stay(C::TakeRequest, LIVE, &[Ctrl], &[]),
    stay(C::AssignContact, LIVE, &[Ctrl], &[]),
    stay(C::Invite, TALKED_ABOUT, &[Ctrl], &[]),
    stay(C::RaisePoint, TALKED_ABOUT, TALKERS, &[]),
    stay(C::AnswerPoint, TALKED_ABOUT, TALKERS, &[]),
    stay(C::SignOffPoint, TALKED_ABOUT, &[CtrlContact], &[]),
    stay(C::RaiseReservation, TALKED_ABOUT, &[Ctrl], &[]),
    stay(C::AnswerReservation, TALKED_ABOUT, &[Contributor, Ctrl], &[]),
    stay(C::AcceptReservation, TALKED_ABOUT, &[Ctrl], &[]),
    stay(C::SignOffArea, TALKED_ABOUT, &[Expert], &[]),
    // Host, access, training.
    stay(C::AssignServer, HOSTED, &[CtrlContact], &[G::H1, G::H2]),
    stay(C::CommitToUpdates, HOSTED, &[Contributor], &[]),
    stay(C::GrantAccess, &[S::Accepted, S::ReducedSupport], &[CtrlContact], &[]),
    stay(C::RevokeAccess, PLACED, &[Ctrl], &[]),
    stay(C::DeclareFramework, HOSTED, &[CtrlContact], &[]),
    stay(C::RecordTraining, PLACED, &[CtrlContact], &[]),
    // Development.
    stay(C::AskHelp, &[S::Accepted, S::ReducedSupport, S::UnderReview, S::CtrlOwned], &[Contributor], &[]),
    stay(C::ScheduleHelp, PLACED, &[Ctrl], &[]),
    stay(C::LogHelp, PLACED, &[Ctrl], &[]),
    stay(C::StateOperated, DEVELOPED, &[Contributor], &[]),
    stay(C::Countersign, DEVELOPED, &[User], &[]),
    // Review.
    stay(C::RecordOverview, REVIEW, &[Ctrl], &[]),
    stay(C::ProposeTimeline, REVIEW, &[Contributor, Ctrl], &[]),
    stay(C::AgreeTimeline, REVIEW, &[Contributor, Ctrl], &[]),
    stay(C::ReachMilestone, REVIEW, &[Contributor, Ctrl], &[]),
    stay(C::ProposeCommit, REVIEW, &[Contributor, Ctrl], &[]),
    stay(C::GiveEvidence, REVIEW, &[Contributor, Ctrl], &[]),
    stay(C::RaiseFinding, REVIEW, &[Reviewer], &[]),
    stay(C::AnswerFinding, REVIEW, &[Contributor, TookOver], &[]),
    stay(C::AcceptFinding, REVIEW, &[Reviewer], &[]),
    stay(C::SendBackFinding, REVIEW, &[Reviewer], &[]),
    stay(C::JoinReview, REVIEW, &[Contributor], &[]),
    stay(C::Approve, REVIEW, &[Reviewer], &[G::T5]),
    stay(C::WithdrawApproval, REVIEW, &[Reviewer], &[G::Reason]),
    stay(C::ReportTask, REVIEW, &[Contributor], &[]),
    // Releases, and where they go.
    stay(C::VerifyTag, DEVELOPED_OR_OWNED, &[Contributor, Ctrl, Custody], &[G::G2]),
    stay(C::CheckTag, LIVE, &[Anyone, Custody], &[]),
    stay(C::CheckRepository, LIVE, &[Anyone, Custody], &[]),
    stay(C::Deploy, DEVELOPED_OR_OWNED, &[Contributor, Ctrl], &[G::G1, G::G5, G::Tag, G::G3, G::G6, G::N2, G::Running]),
    stay(C::Remove, PLACED, &[Contributor, Ctrl], &[]),
    stay(
        C::RedeemPermit,
        DEVELOPED_OR_OWNED,
        &[Contributor, Ctrl],
        &[G::G1, G::G5, G::Tag, G::G3, G::G6, G::N2, G::Running],
    ),
    stay(C::GiveBack, LIVE, &[Custody], &[]),
    // From development to production.
    stay(C::MoveOnByItself, DEVELOPED_OR_OWNED, &[Ctrl], &[]),
    stay(C::StopMovingOn, LIVE, &[Ctrl], &[]),
    stay(C::HoldMovingOn, DEVELOPED_OR_OWNED, &[Ctrl], &[G::Reason]),
    stay(C::LiftHold, DEVELOPED_OR_OWNED, &[Ctrl], &[G::Reason]),
    stay(C::MoveOn, DEVELOPED_OR_OWNED, &[Ctrl], &[G::Hold, G::G1, G::G5, G::Tag, G::G3, G::G6, G::N2, G::Running]),
    stay(C::StayInDevelopment, LIVE, &[Custody], &[]),
    // The framework's versions.
    stay(C::BuildAgainst, PLACED, &[Contributor, Ctrl], &[]),
    stay(C::ForgetFramework, PLACED, &[Contributor, Ctrl], &[]),
    stay(C::ReadFramework, DEVELOPED_OR_OWNED, &[Contributor, Ctrl, Custody], &[]),
    stay(C::NoteUpdate, DEVELOPED_OR_OWNED, &[Custody], &[]),
    // In an emergency.
    stay(C::AskOverride, &[S::CtrlOwned], &[Ctrl], &[G::Reason]),
    stay(C::ApproveOverride, &[S::CtrlOwned], &[Ctrl], &[]),
    stay(C::EndOverride, LIVE, &[Ctrl, Custody], &[]),
    // Ownership.
    stay(C::ExtendLoan, &[S::ReducedSupport], &[Ctrl], &[G::Reason, G::B4]),
    stay(C::AnswerDone, &[S::CtrlOwned], &[Anyone], &[]),
    // At any time.
    stay(C::SetContacts, LIVE, &[Contributor, Ctrl], &[]),
    stay(C::ConfirmContact, LIVE, &[SupportContact], &[]),
    stay(C::SetOperatorRules, LIVE, &[Contributor, Ctrl], &[]),
    stay(C::SetDependencies, DEVELOPED_OR_OWNED, &[Contributor, Ctrl], &[]),
    stay(C::AddContributor, WITH_CONTRIBUTORS, &[Contributor, CtrlContact], &[]),
    stay(C::RemoveContributor, LIVE, &[Contributor, CtrlContact], &[]),
    stay(C::OfferAdoption, DEVELOPED, &[User], &[G::Orphaned]),
    stay(C::AcceptAdoption, DEVELOPED, &[Ctrl], &[G::Orphaned]),
];

const DEVELOPED_OR_OWNED: &[S] = &[S::ReducedSupport, S::UnderReview, S::CtrlOwned];

/// The row of a command. Every command has exactly one; a test proves it.
pub fn rule(command: C) -> &'static Rule {
    RULES.iter().find(|r| r.command == command).expect("every command has a row in the table")
}

/// The step that a device in this state is on its way to, if there is one.
pub fn next_step(state: S) -> Option<C> {
    match state {
        S::Draft => Some(C::Submit),
        S::Requested => Some(C::Accept),
        S::Accepted => Some(C::StartDevelopment),
        S::ReducedSupport => Some(C::RequestTransfer),
        S::UnderReview => Some(C::TakeOwnership),
        S::CtrlOwned | S::Declined | S::Withdrawn | S::Retired => None,
    }
}
