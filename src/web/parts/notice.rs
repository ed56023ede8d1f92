//! Banners and empty states.
use super::Action;

/// How loud a banner is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tone {
    /// For information.
    Info,
    /// Done.
    Good,
    /// To be watched.
    Warn,
    /// Wrong.
    Bad,
}

impl Tone {
    /// Its class.
    pub fn class(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }

    /// Its icon.
    pub fn icon(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Good => "ok",
            Self::Warn => "alert",
            Self::Bad => "non",
        }
    }
}

/// A sentence across the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    /// How loud.
    pub tone: Tone,
    /// The verdict.
    pub strong: String,
    /// The rest; names between backticks.
    pub text: String,
    /// Label and address of what to do.
    pub link: Option<(String, String)>,
}

impl Banner {
    /// A banner without a link.
    pub fn new(tone: Tone, strong: &str, text: &str) -> Self {
        Self { tone, strong: strong.to_owned(), text: text.to_owned(), link: None }
    }

    /// The same with one.
    pub fn link(self, label: &str, href: &str) -> Self {
        Self { link: Some((label.to_owned(), href.to_owned())), ..self }
    }
}

/// Nothing here: why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blank {
    /// An icon's name.
    pub icon: &'static str,
    /// The verdict.
    pub title: String,
    /// Paragraphs; names between backticks.
    pub text: Vec<String>,
    /// What to do.
    pub actions: Vec<Action>,
}

impl Blank {
    /// One paragraph, nothing to do.
    pub fn new(icon: &'static str, title: &str, text: &str) -> Self {
        Self { icon, title: title.to_owned(), text: vec![text.to_owned()], actions: vec![] }
    }

    /// With something to do.
    pub fn action(mut self, action: Action) -> Self {
        self.actions.push(action);
        self
    }
}
