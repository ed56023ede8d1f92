//! One command of each kind, whole enough to get as far as who, which state and which gates.

use super::given::{self, FULL, ILSE, KARL, MAREK, NOOR, REDUCED, ROSA, World, commit, contact, day, operators, tag};
use crate::domain::{
    cycle::{HelpKind, Mark},
    id::DeploymentId,
    lifecycle::{Command as C, CommandKind as K, command::Step},
    overrides::Skip,
    review::Ground,
};

/// When nobody asked for anything.
fn asked() -> Mark {
    Mark { by: KARL, at: chrono::DateTime::UNIX_EPOCH }
}

fn text() -> String {
    "Some words.".into()
}

/// A command of this kind; a kind that is new does not compile until it has one.
pub fn sample(kind: K) -> C {
    match kind {
        K::Submit => C::Submit { application: Box::new(given::application()) },
        K::Amend => C::Amend { request: Box::new(given::request()) },
        K::TakeRequest => C::TakeRequest {},
        K::AssignContact => C::AssignContact { person: KARL },
        K::Invite => C::Invite { person: NOOR },
        K::RaisePoint => C::RaisePoint { text: text() },
        K::AnswerPoint => C::AnswerPoint { point: 1, text: text() },
        K::SignOffPoint => C::SignOffPoint { point: 1 },
        K::RaiseReservation => C::RaiseReservation { text: text() },
        K::AnswerReservation => C::AnswerReservation { reservation: 1, text: text() },
        K::AcceptReservation => C::AcceptReservation { reservation: 1 },
        K::SignOffArea => C::SignOffArea { area: "pulse-patterns".into(), text: text() },
        K::Accept => C::Accept {},
        K::Decline => C::Decline { reason: text() },
        K::Withdraw => C::Withdraw { reason: text() },
        K::AssignServer => C::AssignServer { server: REDUCED.into() },
        K::CommitToUpdates => C::CommitToUpdates {},
        K::GrantAccess => C::GrantAccess { person: ILSE },
        K::RevokeAccess => C::RevokeAccess { person: ILSE },
        K::DeclareFramework => C::DeclareFramework { modified: false },
        K::RecordTraining => C::RecordTraining { person: ILSE, topics: World::training() },
        K::StartDevelopment => C::StartDevelopment {},
        K::AskHelp => C::AskHelp { kind: HelpKind::Advice, text: text() },
        K::ScheduleHelp => C::ScheduleHelp { entry: 1, on: day("2027-01-01") },
        K::LogHelp => C::LogHelp { entry: None, kind: HelpKind::PairSession, text: text() },
        K::StateOperated => World::states_operated(),
        K::Countersign => C::Countersign {},
        K::RequestTransfer => C::RequestTransfer {},
        K::TakeOver => World::takes_over(Ground::Orphaned {}),
        K::RecordOverview => C::RecordOverview { text: text() },
        K::ProposeTimeline => C::ProposeTimeline { milestones: vec![Step { name: text(), due: day("2027-01-01") }] },
        K::AgreeTimeline => C::AgreeTimeline {},
        K::ReachMilestone => C::ReachMilestone { milestone: 1 },
        K::ProposeCommit => C::ProposeCommit { commit: commit(1).into() },
        K::GiveEvidence => {
            C::GiveEvidence { item: "tests".into(), commit: commit(1), passed: true, link: String::new(), text: text() }
        }
        K::RaiseFinding => C::RaiseFinding { place: "src/check.py:17".into(), text: text() },
        K::AnswerFinding => C::AnswerFinding { finding: 1, text: text() },
        K::AcceptFinding => C::AcceptFinding { finding: 1 },
        K::SendBackFinding => C::SendBackFinding { finding: 1, text: text() },
        K::JoinReview => C::JoinReview {},
        K::Approve => World::approves(1),
        K::WithdrawApproval => C::WithdrawApproval { reason: text() },
        K::ReportTask => C::ReportTask { text: text() },
        K::ReturnToDevelopment => C::ReturnToDevelopment { reason: text() },
        K::TakeOwnership => C::TakeOwnership {},
        K::VerifyTag => C::VerifyTag { tag: tag("1.4.2") },
        K::CheckTag => C::CheckTag { tag: tag("1.4.2") },
        K::CheckRepository => C::CheckRepository {},
        K::Deploy => World::hot_deploy(REDUCED),
        K::Remove => C::Remove { server: REDUCED.into() },
        K::RedeemPermit => C::RedeemPermit { server: FULL.into(), tag: tag("1.4.2"), asked: asked(), moved_on: false },
        K::GiveBack => {
            let (server, tag) = (FULL.into(), tag("1.4.2"));
            C::GiveBack { server, tag, asked: asked(), back: Vec::new(), why: text(), rolled_back: None }
        }
        K::AskOverride => C::AskOverride {
            tag: tag("1.4.2"),
            server: FULL.into(),
            skips: [Skip::Deployable].into(),
            until: chrono::DateTime::UNIX_EPOCH,
            reason: text(),
        },
        K::ApproveOverride => C::ApproveOverride { number: 1 },
        K::EndOverride => C::EndOverride { number: 1, reason: text() },
        K::MoveOnByItself => C::MoveOnByItself { server: FULL.into() },
        K::StopMovingOn => C::StopMovingOn {},
        K::HoldMovingOn => C::HoldMovingOn { reason: text() },
        K::LiftHold => C::LiftHold { reason: text() },
        K::MoveOn => C::MoveOn { server: FULL.into(), tag: tag("1.4.2"), from: DeploymentId(uuid::Uuid::from_u128(1)) },
        K::StayInDevelopment => C::StayInDevelopment { server: FULL.into(), tag: tag("1.4.2"), why: text() },
        K::BuildAgainst => C::BuildAgainst {
            framework: "Karabo".into(),
            file: "CMakeLists.txt".into(),
            pattern: "karabo==([0-9.]+)".into(),
        },
        K::ForgetFramework => C::ForgetFramework {},
        K::ReadFramework => C::ReadFramework { tag: tag("1.4.2") },
        K::NoteUpdate => C::NoteUpdate {
            framework: "Karabo".into(),
            version: "3.1.2".into(),
            branch: "custody/karabo-3.1.2".into(),
            commit: commit(2),
        },
        K::HandBack => World::hands_back(),
        K::ExtendLoan => C::ExtendLoan { until: day("2027-01-01"), reason: text() },
        K::AnswerDone => C::AnswerDone { reached: true, text: text() },
        K::ShutDown => C::ShutDown { reason: text(), affected: text(), responsible: ROSA, conditions: text() },
        K::Restart => C::Restart { text: text() },
        K::SetContacts => C::SetContacts { contacts: vec![contact(ILSE), contact(MAREK)] },
        K::ConfirmContact => C::ConfirmContact {},
        K::SetOperatorRules => C::SetOperatorRules { operators: operators() },
        K::SetDependencies => C::SetDependencies { on: ["beamSource".to_owned()].into() },
        K::AddContributor => C::AddContributor { person: NOOR },
        K::RemoveContributor => C::RemoveContributor { person: MAREK },
        K::OfferAdoption => C::OfferAdoption { reason: text() },
        K::AcceptAdoption => C::AcceptAdoption { person: NOOR },
        K::Retire => C::Retire { reason: text() },
    }
}
