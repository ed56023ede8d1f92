//! One question of a form, so that most forms are a list of these.
//!
//! A form refilled after an error keeps what was typed, says the error at the field, and links to it from the summary.

/// What kind of answer is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One line.
    Text,
    /// One line, set in mono: names, tags, addresses of programs.
    Name,
    /// A telephone number.
    Tel,
    /// An e-mail address.
    Email,
    /// An address.
    Url,
    /// A secret; never refilled.
    Password,
    /// A whole number.
    Number,
    /// A day.
    Date,
    /// A day and a time of day.
    DateTime,
    /// Several lines.
    Area,
    /// One of many, folded.
    Select,
    /// One of a few, all in sight.
    Radio,
    /// Any of a few.
    Checks,
    /// A single yes; its label stands beside the box.
    Check,
    /// Not shown.
    Hidden,
}

/// How wide the answer is expected to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Width {
    /// About 8 characters.
    W10,
    /// About 18.
    W20,
    /// About 30.
    W30,
    /// The whole column.
    #[default]
    Full,
}

/// One answer of a select, radio or check group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
    /// A line under it, or empty.
    pub hint: String,
    /// Why it cannot be chosen now; it stays in sight.
    pub locked: Option<String>,
}

impl Choice {
    /// An answer.
    pub fn new(value: &str, label: &str) -> Self {
        Self { value: value.to_owned(), label: label.to_owned(), ..Self::default() }
    }

    /// With a line under it.
    pub fn hint(self, hint: &str) -> Self {
        Self { hint: hint.to_owned(), ..self }
    }

    /// That cannot be chosen now.
    pub fn locked(self, why: &str) -> Self {
        Self { locked: Some(why.to_owned()), ..self }
    }
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name it is sent under; also its id in the page.
    pub name: String,
    /// The question.
    pub label: String,
    /// What helps to answer it, or empty.
    pub hint: String,
    /// What kind of answer.
    pub kind: Kind,
    /// What was typed or chosen; several for check groups.
    pub values: Vec<String>,
    /// What to enter instead, with an example.
    pub error: Option<String>,
    /// The answers to choose from.
    pub choices: Vec<Choice>,
    /// Optional questions say so; required is the rule.
    pub required: bool,
    /// How wide.
    pub width: Width,
    /// The browser's own word for what it may fill in, or empty.
    pub autocomplete: &'static str,
    /// The id of the page's list of suggestions, or empty.
    pub suggestions: &'static str,
    /// Lines of an area.
    pub rows: u8,
    /// The longest answer, in characters.
    pub max: Option<u32>,
}

impl Field {
    /// A required question, empty, the whole column wide.
    pub fn new(kind: Kind, name: &str, label: &str) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            hint: String::new(),
            kind,
            values: vec![],
            error: None,
            choices: vec![],
            required: true,
            width: Width::Full,
            autocomplete: "",
            suggestions: "",
            rows: 4,
            max: None,
        }
    }

    /// One line of text.
    pub fn text(name: &str, label: &str) -> Self {
        Self::new(Kind::Text, name, label)
    }

    /// Several lines.
    pub fn area(name: &str, label: &str) -> Self {
        Self::new(Kind::Area, name, label)
    }

    /// One of a few, all in sight.
    pub fn radio(name: &str, label: &str, choices: Vec<Choice>) -> Self {
        Self { choices, ..Self::new(Kind::Radio, name, label) }
    }

    /// One of many, folded.
    pub fn select(name: &str, label: &str, choices: Vec<Choice>) -> Self {
        Self { choices, ..Self::new(Kind::Select, name, label) }
    }

    /// Any of a few.
    pub fn checks(name: &str, label: &str, choices: Vec<Choice>) -> Self {
        Self { choices, ..Self::new(Kind::Checks, name, label) }
    }

    /// A single yes, sent as `yes`.
    pub fn check(name: &str, label: &str) -> Self {
        Self::new(Kind::Check, name, label)
    }

    /// A value that travels with the form.
    pub fn hidden(name: &str, value: impl ToString) -> Self {
        Self::new(Kind::Hidden, name, "").value(value)
    }

    /// With help.
    pub fn hint(self, hint: &str) -> Self {
        Self { hint: hint.to_owned(), ..self }
    }

    /// With what was typed or chosen.
    pub fn value(mut self, value: impl ToString) -> Self {
        self.values.push(value.to_string());
        self
    }

    /// With what to enter instead; `None` leaves it as it is.
    pub fn error(self, error: Option<impl Into<String>>) -> Self {
        Self { error: error.map(Into::into), ..self }
    }

    /// Need not be answered.
    pub fn optional(self) -> Self {
        Self { required: false, ..self }
    }

    /// Narrower than the column.
    pub fn width(self, width: Width) -> Self {
        Self { width, ..self }
    }

    /// With the browser's own word for what it may fill in.
    pub fn autocomplete(self, autocomplete: &'static str) -> Self {
        Self { autocomplete, ..self }
    }

    /// With a list of suggestions, by its id in the page.
    pub fn suggestions(self, suggestions: &'static str) -> Self {
        Self { suggestions, ..self }
    }

    /// With so many lines in sight.
    pub fn rows(self, rows: u8) -> Self {
        Self { rows, ..self }
    }

    /// With the longest answer, in characters.
    pub fn max(self, max: u32) -> Self {
        Self { max: Some(max), ..self }
    }

    /// What was typed; a secret is not sent back.
    pub fn typed(&self) -> &str {
        match self.kind {
            Kind::Password => "",
            _ => self.values.first().map_or("", String::as_str),
        }
    }

    /// Whether an answer is chosen.
    pub fn chosen(&self, choice: &Choice) -> bool {
        self.values.contains(&choice.value)
    }

    /// Whether none of the answers is chosen. A browser sends the first of a folded list for the reader then, unless
    /// what is first says that they have yet to choose.
    pub fn unanswered(&self) -> bool {
        !self.choices.iter().any(|choice| self.chosen(choice))
    }

    /// Whether the single box is ticked.
    pub fn ticked(&self) -> bool {
        self.values.iter().any(|value| value == "yes")
    }

    /// The type of its input.
    pub fn input(&self) -> &'static str {
        match self.kind {
            Kind::Tel => "tel",
            Kind::Email => "email",
            Kind::Url => "url",
            Kind::Password => "password",
            Kind::Date => "date",
            Kind::DateTime => "datetime-local",
            Kind::Radio => "radio",
            Kind::Check | Kind::Checks => "checkbox",
            Kind::Hidden => "hidden",
            // A number's spinner changes it by a wheel or an arrow unseen.
            Kind::Number | Kind::Text | Kind::Name | Kind::Area | Kind::Select => "text",
        }
    }

    /// Whether it is a group of boxes with a legend.
    pub fn grouped(&self) -> bool {
        matches!(self.kind, Kind::Radio | Kind::Checks)
    }

    /// Its classes behind `in`.
    pub fn class(&self) -> &'static str {
        match (self.kind, self.width) {
            (Kind::Name, Width::W10) => "in mono w10",
            (Kind::Name, Width::W20) => "in mono w20",
            (Kind::Name, Width::W30) => "in mono w30",
            (Kind::Name, Width::Full) => "in mono",
            (_, Width::W10) => "in w10",
            (_, Width::W20) => "in w20",
            (_, Width::W30) => "in w30",
            (_, Width::Full) => "in",
        }
    }

    /// Where a link to it leads: the field, or the first box of its group.
    pub fn anchor(&self) -> String {
        if self.grouped() { format!("{}-1", self.name) } else { self.name.clone() }
    }

    /// The ids that describe it: its hint, its error, both or none.
    pub fn described_by(&self) -> String {
        let hint = (!self.hint.is_empty()).then(|| format!("{}-h", self.name));
        let error = self.error.is_some().then(|| format!("{}-e", self.name));
        hint.into_iter().chain(error).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_sent_back() {
        let typed = Field::new(Kind::Password, "password", "Password").value("hunter2");
        assert_eq!(typed.typed(), "");
        assert_eq!(Field::text("a", "A").value("kept").typed(), "kept");
    }

    #[test]
    fn a_link_to_a_group_leads_to_its_first_box() {
        let group =
            Field::radio("restart", "May they?", vec![Choice::new("any", "Any time")]).error(Some("Choose one"));
        assert_eq!((group.anchor().as_str(), group.described_by().as_str()), ("restart-1", "restart-e"));
    }
}
