//! Buttons: verbs that say the result.

/// How much a button weighs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Weight {
    /// An outline.
    #[default]
    Plain,
    /// The one thing to do here; at most one in a card.
    Primary,
    /// Text only.
    Quiet,
    /// Stops or ends something.
    Danger,
}

/// A link that looks like a button, or a form of one button.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Action {
    /// The verb and its object: `Ask for review`.
    pub label: String,
    /// Read only by screen readers, where several buttons carry the same label: ` for beamConditionCheck`.
    pub about: String,
    /// Where it leads, or what it posts to.
    pub href: String,
    /// Whether it changes something, and so is a form.
    pub post: bool,
    /// What the form sends besides: the revision the reader saw, a choice.
    pub sends: Vec<(String, String)>,
    /// An icon's name, or none.
    pub icon: &'static str,
    /// How much it weighs.
    pub weight: Weight,
    /// In a row or a header.
    pub small: bool,
}

impl Action {
    /// A link.
    pub fn link(label: &str, href: &str) -> Self {
        Self { label: label.to_owned(), href: href.to_owned(), ..Self::default() }
    }

    /// A form of one button.
    pub fn post(label: &str, href: &str) -> Self {
        Self { post: true, ..Self::link(label, href) }
    }

    /// With a hidden value.
    pub fn sending(mut self, name: &str, value: impl ToString) -> Self {
        self.sends.push((name.to_owned(), value.to_string()));
        self
    }

    /// With an icon.
    pub fn icon(self, icon: &'static str) -> Self {
        Self { icon, ..self }
    }

    /// The one thing to do here.
    pub fn primary(self) -> Self {
        Self { weight: Weight::Primary, ..self }
    }

    /// Text only.
    pub fn quiet(self) -> Self {
        Self { weight: Weight::Quiet, ..self }
    }

    /// Stops or ends something.
    pub fn danger(self) -> Self {
        Self { weight: Weight::Danger, ..self }
    }

    /// In a row or a header.
    pub fn small(self) -> Self {
        Self { small: true, ..self }
    }

    /// With words for screen readers only.
    pub fn about(self, about: &str) -> Self {
        Self { about: format!(" {about}"), ..self }
    }

    /// The classes behind `btn`.
    pub fn class(&self) -> &'static str {
        match (self.weight, self.small) {
            (Weight::Plain, false) => "btn",
            (Weight::Plain, true) => "btn s",
            (Weight::Primary, false) => "btn pri",
            (Weight::Primary, true) => "btn pri s",
            (Weight::Quiet, false) => "btn quiet",
            (Weight::Quiet, true) => "btn quiet s",
            (Weight::Danger, false) => "btn danger",
            (Weight::Danger, true) => "btn danger s",
        }
    }
}

/// Further actions, folded away under one button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Menu {
    /// What the button is called: `More actions`.
    pub label: String,
    /// What it unfolds.
    pub actions: Vec<Action>,
}
