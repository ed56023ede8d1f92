//! What stands round the questions of a form: what is done, what is wrong, what was answered.
use super::{Field, plural};

/// The problems of a form, each with a link to its field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorSummary {
    /// The id to go to and the sentence, the same as at the field; an empty id belongs to no field.
    pub items: Vec<(String, String)>,
}

impl ErrorSummary {
    /// The problems of these fields.
    pub fn of(fields: &[Field]) -> Self {
        let items = fields.iter().filter_map(|field| Some((field.anchor(), field.error.clone()?))).collect();
        Self { items }
    }

    /// With a problem that belongs to no field.
    pub fn with(mut self, sentence: &str) -> Self {
        self.items.push((String::new(), sentence.to_owned()));
        self
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Its heading.
    pub fn title(&self) -> String {
        if self.items.len() == 1 {
            "There is a problem".to_owned()
        } else {
            format!("There are {}", plural(self.items.len(), "problem"))
        }
    }
}

/// How far a section of a form is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing to add.
    Complete,
    /// So many answers must be mended.
    Problems(usize),
    /// Begun.
    Started,
    /// Not begun.
    ToDo,
    /// The last one, and the others are complete.
    Ready,
    /// The last one, and the others are not complete.
    Locked,
}

impl Progress {
    /// In words.
    pub fn label(self) -> String {
        match self {
            Self::Complete => "Complete".to_owned(),
            Self::Problems(count) => plural(count, "problem"),
            Self::Started => "Started".to_owned(),
            Self::ToDo => "Not started".to_owned(),
            Self::Ready => "Ready".to_owned(),
            Self::Locked => "Cannot start yet".to_owned(),
        }
    }

    /// Its class.
    pub fn class(self) -> &'static str {
        match self {
            Self::Complete => "ok",
            Self::Problems(_) => "err",
            Self::Started | Self::ToDo | Self::Ready | Self::Locked => "",
        }
    }

    /// Its icon.
    pub fn icon(self) -> &'static str {
        match self {
            Self::Complete => "check",
            Self::Problems(_) => "alert",
            Self::Started => "half",
            Self::ToDo => "ring",
            Self::Ready => "arrow",
            Self::Locked => "lock",
        }
    }
}

/// One section of a long form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its title.
    pub title: String,
    /// Its own address.
    pub href: String,
    /// How far it is.
    pub progress: Progress,
    /// Whether it is the page one is on.
    pub here: bool,
}

/// The sections of a long form, numbered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskList {
    /// For screen readers: `Sections of the request`.
    pub label: String,
    /// In order.
    pub tasks: Vec<Task>,
}

/// One answer on the page that checks them all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The question in short.
    pub term: String,
    /// The answer; names between backticks.
    pub answer: String,
    /// Where it is changed.
    pub change: Option<String>,
}

impl Summary {
    /// An answer that cannot be changed here.
    pub fn new(term: &str, answer: &str) -> Self {
        Self { term: term.to_owned(), answer: answer.to_owned(), change: None }
    }

    /// With where it is changed.
    pub fn change(self, href: &str) -> Self {
        Self { change: Some(href.to_owned()), ..self }
    }
}

/// The answers of one section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummarySection {
    /// Its title.
    pub title: String,
    /// Its answers.
    pub answers: Vec<Summary>,
}
