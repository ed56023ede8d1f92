//! A review's findings and its decision.
use super::{Action, Field, Turn};

/// How a finding stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingState {
    /// To be mended; it blocks.
    Blocking,
    /// A remark that blocks nothing.
    Advice,
    /// Answered; to be verified.
    Answered,
    /// Closed.
    Closed,
}

impl FindingState {
    /// Its icon.
    pub fn icon(self) -> &'static str {
        match self {
            Self::Blocking => "bad",
            Self::Advice => "msg",
            Self::Answered => "hour",
            Self::Closed => "ok",
        }
    }

    /// Its class.
    pub fn class(self) -> &'static str {
        match self {
            Self::Blocking => "fail",
            Self::Advice => "wait",
            Self::Answered => "todo",
            Self::Closed => "done",
        }
    }

    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Blocking => "Open, blocking",
            Self::Advice => "Open, not blocking",
            Self::Answered => "Answered",
            Self::Closed => "Closed",
        }
    }
}

/// A line of the code that a finding is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeLine {
    /// Its number.
    pub number: u32,
    /// Its text.
    pub text: String,
    /// Whether it is meant.
    pub marked: bool,
}

/// Something said about a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// By whom.
    pub who: String,
    /// When, in words.
    pub when: String,
    /// What; names between backticks.
    pub text: String,
}

impl Remark {
    /// For the round sign.
    pub fn initials(&self) -> String {
        crate::web::layout::initials(&self.who)
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its short name, `F3`; also its anchor.
    pub id: String,
    /// What it is; names between backticks.
    pub title: String,
    /// How it stands.
    pub state: FindingState,
    /// Whose turn, unless it is closed.
    pub turn: Option<Turn>,
    /// What they are asked, as in `verify`, or empty.
    pub ask: String,
    /// File and line.
    pub place: String,
    /// How long ago, in words.
    pub age: String,
    /// What is wrong and what would be right; names between backticks.
    pub text: String,
    /// The lines it is about.
    pub code: Vec<CodeLine>,
    /// What was said.
    pub remarks: Vec<Remark>,
    /// What can be done.
    pub actions: Vec<Action>,
}

impl Finding {
    /// `Code, lines 118 to 121`.
    pub fn code_label(&self) -> String {
        let ends = self.code.first().zip(self.code.last());
        ends.map_or(String::new(), |(first, last)| format!("Code, lines {} to {}", first.number, last.number))
    }
}

/// The decision on a review: a locked answer stays in sight with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What it posts to.
    pub action: String,
    /// The answers, as a radio group, then the note and whatever travels with them.
    pub fields: Vec<Field>,
    /// The button.
    pub submit: String,
}
