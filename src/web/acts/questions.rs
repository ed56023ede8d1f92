//! The questions of each act, with what there is to choose from.

mod choices;
mod discussion;
mod framework;
mod review;
mod rows;
mod running;
mod setup;

pub use rows::{contacts, milestones};

use super::typed::Typed;
use crate::{
    domain::lifecycle::CommandKind,
    service::prepare::ActContext,
    web::parts::{Choice, Field, Kind, Width},
};

/// A question of a form.
#[derive(Clone, Debug)]
pub struct Question {
    pub field: Field,
    /// What to enter where the answer is missing or cannot be read, with an example.
    pub say: String,
    /// The heading over it, where it begins a row of a list.
    pub row: Option<String>,
}

impl Question {
    pub fn new(field: Field, say: &str) -> Self {
        Self { field, say: say.to_owned(), row: None }
    }

    /// Whether several answers are sent under its name.
    pub fn many(&self) -> bool {
        self.field.kind == Kind::Checks
    }

    /// Whether somebody has to look at it.
    pub fn is_visible(&self) -> bool {
        self.field.kind != Kind::Hidden
    }

    fn optional(mut self) -> Self {
        self.field = self.field.optional();
        self
    }

    fn hint(mut self, hint: &str) -> Self {
        self.field = self.field.hint(hint);
        self
    }

    fn value(mut self, value: impl ToString) -> Self {
        self.field = self.field.value(value);
        self
    }
}

/// The questions of an act, filled with what was typed, or else with what is on record.
pub fn questions(act: CommandKind, cx: &ActContext, typed: &Typed) -> Vec<Question> {
    use CommandKind::*;
    let mut all = match act {
        TakeRequest | AssignContact | Invite | RaisePoint | AnswerPoint | SignOffPoint | RaiseReservation
        | AnswerReservation | AcceptReservation | SignOffArea | Accept | Decline | Withdraw => {
            discussion::questions(act, cx)
        }
        AssignServer | CommitToUpdates | GrantAccess | RevokeAccess | DeclareFramework | RecordTraining
        | StartDevelopment | AskHelp | ScheduleHelp | LogHelp | StateOperated | Countersign | RequestTransfer
        | TakeOver => setup::questions(act, cx),
        RecordOverview | ProposeTimeline | AgreeTimeline | ReachMilestone | ProposeCommit | GiveEvidence
        | RaiseFinding | AnswerFinding | AcceptFinding | SendBackFinding | JoinReview | Approve | WithdrawApproval
        | ReportTask | ReturnToDevelopment | TakeOwnership => review::questions(act, cx, typed),
        VerifyTag | CheckTag | CheckRepository | Deploy | Remove | HandBack | ExtendLoan | AnswerDone | ShutDown
        | Restart | SetContacts | ConfirmContact | SetOperatorRules | SetDependencies | AddContributor
        | RemoveContributor | OfferAdoption | AcceptAdoption | Retire | AskOverride | ApproveOverride | EndOverride
        | MoveOnByItself | StopMovingOn | HoldMovingOn | LiftHold => running::questions(act, cx, typed),
        BuildAgainst | ForgetFramework | ReadFramework => framework::questions(act, cx),
        // Pages of their own, deploy tools, and Custody itself.
        Submit | Amend | RedeemPermit | GiveBack | MoveOn | StayInDevelopment | NoteUpdate => Vec::new(),
    };
    for q in &mut all {
        q.field = typed.refill(q.field.clone());
    }
    all
}

fn area(name: &str, label: &str, say: &str) -> Question {
    Question::new(Field::area(name, label).rows(4).max(4000), say)
}

fn line(name: &str, label: &str, say: &str) -> Question {
    Question::new(Field::text(name, label).max(400), say)
}

/// One line in mono: names, tags, commits.
fn name(name: &str, label: &str, say: &str) -> Question {
    Question::new(Field::new(Kind::Name, name, label).width(Width::W30).max(200), say)
}

fn date(name: &str, label: &str) -> Question {
    Question::new(Field::new(Kind::Date, name, label).width(Width::W20), "Enter the day, like 2026-12-14")
}

fn select(name: &str, label: &str, choices: Vec<Choice>, say: &str) -> Question {
    Question::new(Field::select(name, label, choices), say)
}

fn radio(name: &str, label: &str, choices: Vec<Choice>, say: &str) -> Question {
    Question::new(Field::radio(name, label, choices), say)
}

/// A select that can be left at this choice.
fn optional_select(name: &str, label: &str, none: &str, choices: Vec<Choice>, say: &str) -> Question {
    let all = std::iter::once(Choice::new("", none)).chain(choices).collect();
    select(name, label, all, say).optional().value("")
}

fn reason(hint: &str) -> Question {
    area("reason", "Why", "Say why, in a sentence that others can understand later").hint(hint)
}
