//! A small form that says one sentence: an answer, a doubt, a point.

use super::Reader;
use crate::{
    domain::lifecycle::CommandKind,
    web::{acts, gatebox, parts},
};

/// A form with one text, which posts an act and comes back.
pub struct Say {
    /// Makes its ids its own.
    pub id: String,
    pub action: String,
    pub sends: Vec<(String, String)>,
    /// What unfolds it.
    pub title: String,
    pub label: String,
    pub hint: String,
    pub button: String,
    pub required: bool,
}

impl Say {
    pub fn new(r: &Reader<'_>, act: CommandKind, id: &str, place: &str, label: &str) -> Self {
        let button = r.button(act, place);
        Self {
            id: id.to_owned(),
            action: gatebox::act_href(r.d.device.name(), act),
            sends: button.sends,
            title: label.to_owned(),
            label: label.to_owned(),
            hint: String::new(),
            button: acts::label(act).to_owned(),
            required: true,
        }
    }

    /// With what it is about: a point's or a reservation's number, an area.
    pub fn about(mut self, name: &str, value: impl ToString) -> Self {
        self.sends.push((name.to_owned(), value.to_string()));
        self
    }

    pub fn hint(self, hint: &str) -> Self {
        Self { hint: hint.to_owned(), ..self }
    }

    /// Unfolded by what its button says.
    pub fn folded(self) -> Self {
        Self { title: self.button.clone(), ..self }
    }

    /// The text may stay empty.
    pub fn optional(self) -> Self {
        Self { required: false, ..self }
    }
}

/// Something somebody said, as the page shows it.
pub fn remark(r: &Reader<'_>, said: &crate::domain::cycle::Remark) -> parts::Remark {
    parts::Remark { who: r.name(said.mark.by), when: r.when(said.mark.at), text: said.text.clone() }
}
