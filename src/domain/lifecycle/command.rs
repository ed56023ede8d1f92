//! What a person asks for. Unknown fields are refused, so a body cannot smuggle in a state or a role (A29).

use crate::domain::{
    contact::{Contact, OperatorRules},
    cycle::{HelpKind, Mark},
    device::Placement,
    id::{DeploymentId, PersonId, ServerName},
    overrides::Skip,
    request::Request,
    review::Ground,
    tag::{CommitDigits, CommitId, TagName},
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// An application to take part, complete (L1 to L4, O6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    pub request: Request,
    pub contributors: BTreeSet<PersonId>,
    pub contacts: Vec<Contact>,
    pub operators: OperatorRules,
}

/// A milestone as proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub name: String,
    pub due: NaiveDate,
}

/// Everything that can be asked of a device; who may, in which state and behind which gates stands in [`super::RULES`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumDiscriminants)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
#[strum_discriminants(
    name(CommandKind),
    doc = "A command without its parameters: the key of the table of rules.",
    derive(
        PartialOrd,
        Ord,
        Hash,
        Serialize,
        Deserialize,
        strum::EnumIter,
        strum::IntoStaticStr,
        strum::EnumString,
        strum::Display
    ),
    strum(serialize_all = "snake_case"),
    serde(rename_all = "snake_case")
)]
pub enum Command {
    // The request and its discussion.
    Submit {
        application: Box<Application>,
    },
    Amend {
        request: Box<Request>,
    },
    TakeRequest {},
    AssignContact {
        person: PersonId,
    },
    Invite {
        person: PersonId,
    },
    RaisePoint {
        text: String,
    },
    AnswerPoint {
        point: u32,
        text: String,
    },
    SignOffPoint {
        point: u32,
    },
    RaiseReservation {
        text: String,
    },
    AnswerReservation {
        reservation: u32,
        text: String,
    },
    AcceptReservation {
        reservation: u32,
    },
    SignOffArea {
        area: String,
        text: String,
    },
    Accept {},
    Decline {
        reason: String,
    },
    Withdraw {
        reason: String,
    },
    // Host, access, training.
    AssignServer {
        server: ServerName,
    },
    CommitToUpdates {},
    GrantAccess {
        person: PersonId,
    },
    RevokeAccess {
        person: PersonId,
    },
    DeclareFramework {
        modified: bool,
    },
    RecordTraining {
        person: PersonId,
        topics: BTreeSet<String>,
    },
    StartDevelopment {},
    // Development.
    AskHelp {
        kind: HelpKind,
        text: String,
    },
    ScheduleHelp {
        entry: u32,
        on: NaiveDate,
    },
    LogHelp {
        entry: Option<u32>,
        kind: HelpKind,
        text: String,
    },
    StateOperated {
        from: NaiveDate,
        to: NaiveDate,
        instrument: String,
        text: String,
    },
    Countersign {},
    RequestTransfer {},
    TakeOver {
        ground: Ground,
        reason: String,
    },
    // Review.
    RecordOverview {
        text: String,
    },
    ProposeTimeline {
        milestones: Vec<Step>,
    },
    AgreeTimeline {},
    ReachMilestone {
        milestone: u32,
    },
    /// The commit as typed: the repository says which one it is.
    ProposeCommit {
        commit: CommitDigits,
    },
    GiveEvidence {
        item: String,
        commit: CommitId,
        passed: bool,
        link: String,
        text: String,
    },
    RaiseFinding {
        place: String,
        text: String,
    },
    AnswerFinding {
        finding: u32,
        text: String,
    },
    AcceptFinding {
        finding: u32,
    },
    SendBackFinding {
        finding: u32,
        text: String,
    },
    JoinReview {},
    Approve {
        commit: CommitId,
    },
    WithdrawApproval {
        reason: String,
    },
    ReportTask {
        text: String,
    },
    ReturnToDevelopment {
        reason: String,
    },
    TakeOwnership {},
    // Releases, and where they go.
    VerifyTag {
        tag: TagName,
    },
    CheckTag {
        tag: TagName,
    },
    CheckRepository {},
    Deploy {
        server: ServerName,
        tag: Option<TagName>,
    },
    Remove {
        server: ServerName,
    },
    /// A deploy tool begins to do what was placed there: the gates are judged again, as they are now (G9, A11).
    RedeemPermit {
        server: ServerName,
        tag: TagName,
        /// Who asked for the permit, and when: it is for that very placement.
        asked: Mark,
        /// Whether it moved on by itself, so that a hold keeps it back (G5).
        moved_on: bool,
    },
    /// Custody takes back what was placed for a deployment that did not come to be.
    GiveBack {
        server: ServerName,
        tag: TagName,
        asked: Mark,
        /// The places that made way for it.
        back: Vec<Placement>,
        why: String,
        /// Who reported that it was rolled back, where that is why.
        #[serde(default)]
        rolled_back: Option<PersonId>,
    },
    // Environments (G5).
    /// What succeeds in development goes on to this server of production by itself.
    MoveOnByItself {
        server: ServerName,
    },
    StopMovingOn {},
    HoldMovingOn {
        reason: String,
    },
    LiftHold {
        reason: String,
    },
    /// Custody deploys in the name of whoever set it: only its own work asks for this.
    MoveOn {
        server: ServerName,
        tag: TagName,
        /// The deployment in development that succeeded.
        from: DeploymentId,
    },
    /// Custody puts on record that a release did not move on, and why.
    StayInDevelopment {
        server: ServerName,
        tag: TagName,
        why: String,
    },
    // The framework's versions (G6).
    /// Says where its repository names the version that it is built against.
    BuildAgainst {
        framework: String,
        /// A path from the repository's root.
        file: String,
        /// A regular expression with one group for the version.
        pattern: String,
    },
    /// Nothing is asked of its framework any more.
    ForgetFramework {},
    /// Reads the version of a release at its own commit.
    ReadFramework {
        tag: TagName,
    },
    /// Custody puts on record that it pushed an update as a branch: only its own work asks for this.
    NoteUpdate {
        framework: String,
        version: String,
        branch: String,
        commit: CommitId,
    },
    // Overrides in an emergency (G12).
    AskOverride {
        tag: TagName,
        server: ServerName,
        skips: BTreeSet<Skip>,
        until: DateTime<Utc>,
        reason: String,
    },
    ApproveOverride {
        number: u32,
    },
    EndOverride {
        number: u32,
        reason: String,
    },
    // Ownership, and back.
    HandBack {
        server: ServerName,
        until: Option<NaiveDate>,
        reason: String,
    },
    ExtendLoan {
        until: NaiveDate,
        reason: String,
    },
    AnswerDone {
        reached: bool,
        text: String,
    },
    // At any time.
    ShutDown {
        reason: String,
        affected: String,
        responsible: PersonId,
        conditions: String,
    },
    Restart {
        text: String,
    },
    SetContacts {
        contacts: Vec<Contact>,
    },
    ConfirmContact {},
    SetOperatorRules {
        operators: OperatorRules,
    },
    /// All that it depends on, by the devices' whole names (G8).
    SetDependencies {
        on: BTreeSet<String>,
    },
    AddContributor {
        person: PersonId,
    },
    RemoveContributor {
        person: PersonId,
    },
    OfferAdoption {
        reason: String,
    },
    AcceptAdoption {
        person: PersonId,
    },
    Retire {
        reason: String,
    },
}

impl Command {
    pub fn kind(&self) -> CommandKind {
        self.into()
    }

    /// The server that something is put on, and in which tag.
    pub fn placing(&self) -> Option<(&ServerName, Option<&TagName>)> {
        match self {
            Self::Deploy { server, tag } => Some((server, tag.as_ref())),
            Self::RedeemPermit { server, tag, .. } | Self::MoveOn { server, tag, .. } => Some((server, Some(tag))),
            _ => None,
        }
    }

    /// The sentence that says why, for the journal and for the gate that asks for one.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Decline { reason }
            | Self::Withdraw { reason }
            | Self::TakeOver { reason, .. }
            | Self::WithdrawApproval { reason }
            | Self::ReturnToDevelopment { reason }
            | Self::HandBack { reason, .. }
            | Self::ExtendLoan { reason, .. }
            | Self::ShutDown { reason, .. }
            | Self::OfferAdoption { reason }
            | Self::HoldMovingOn { reason }
            | Self::LiftHold { reason }
            | Self::AskOverride { reason, .. }
            | Self::EndOverride { reason, .. }
            | Self::Retire { reason } => Some(reason),
            _ => None,
        }
    }
}
