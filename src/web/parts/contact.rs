//! Whom to call, and what one may do without calling.

/// A telephone number as people read it, such as `+49 40 66969 100`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Phone(String);

impl Phone {
    /// A number in the form it was given.
    pub fn new(display: impl Into<String>) -> Self {
        Self(display.into())
    }

    /// As people read it.
    pub fn display(&self) -> &str {
        &self.0
    }

    /// As a link dials it: the digits, and a plus where the number begins with one.
    pub fn tel(&self) -> String {
        let plus = if self.0.trim_start().starts_with('+') { "+" } else { "" };
        // The 0 in "+49 (0)40" is dialled only inside the country.
        let bare = if plus.is_empty() { self.0.clone() } else { self.0.replace("(0)", "") };
        format!("tel:{plus}{}", bare.chars().filter(char::is_ascii_digit).collect::<String>())
    }
}

/// Somebody the operators can reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The person, or a duty such as `DOC on duty`.
    pub name: String,
    /// The group, or when they come into it: `SCS contributor`, `after 15 min`.
    pub about: String,
    /// Whether and until when they can be reached, in words.
    pub reach: String,
    /// The number.
    pub phone: Phone,
    /// Where it is entered that they are away, for those who may.
    pub absences: Option<String>,
    /// Whether they do not answer now.
    pub later: bool,
}

impl Contact {
    /// A contact with nothing said about when.
    pub fn new(name: &str, about: &str, phone: Phone) -> Self {
        Self {
            name: name.to_owned(),
            about: about.to_owned(),
            reach: String::new(),
            phone,
            absences: None,
            later: false,
        }
    }

    /// The same with words about when.
    pub fn reach(self, reach: &str) -> Self {
        Self { reach: reach.to_owned(), ..self }
    }

    /// The same with the address where it is entered that they are away.
    pub fn absences(self, href: Option<String>) -> Self {
        Self { absences: href, ..self }
    }

    /// The same, who does not answer now.
    pub fn later(self, later: bool) -> Self {
        Self { later, ..self }
    }

    /// `away until 3 December`, behind a name.
    pub fn when(&self) -> String {
        let mut letters = self.reach.chars();
        letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
    }

    /// For the round sign.
    pub fn initials(&self) -> String {
        crate::web::layout::initials(&self.name)
    }
}

/// The call order of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallCard {
    /// The hour this order is for, such as `Friday, 14:40`.
    pub when: String,
    /// Whom to call now; nobody is a state of its own.
    pub first: Option<Contact>,
    /// And then.
    pub then: Vec<Contact>,
    /// When the numbers were confirmed, in words.
    pub confirmed: String,
    /// Whether that confirmation still counts.
    pub fresh: bool,
    /// Where they are edited, for those who may.
    pub edit: Option<String>,
}

/// Whether operators may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reply {
    /// Yes.
    Yes,
    /// Only after a call.
    CallFirst,
    /// No.
    No,
}

impl Reply {
    /// Its class.
    pub fn class(self) -> &'static str {
        match self {
            Self::Yes => "y",
            Self::CallFirst => "c",
            Self::No => "n",
        }
    }

    /// Its icon.
    pub fn icon(self) -> &'static str {
        match self {
            Self::Yes => "check",
            Self::CallFirst => "phone",
            Self::No => "x",
        }
    }
}

/// One thing operators may or may not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct May {
    /// Whether.
    pub reply: Reply,
    /// The words that carry it: `Restart once`.
    pub strong: String,
    /// The rest of the sentence: `, then call`.
    pub rest: String,
}

impl May {
    /// One line of the list.
    pub fn new(reply: Reply, strong: &str, rest: &str) -> Self {
        Self { reply, strong: strong.to_owned(), rest: rest.to_owned() }
    }
}

/// On a phone, whom to call stays under the thumb.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThumbBar {
    /// Whom to call now; without one the bar holds the shift alone.
    pub first: Option<Contact>,
    /// What the shift is called.
    pub doc_name: String,
    /// The shift's number.
    pub doc_phone: Phone,
    /// Where CTRL shuts the device down, on the board.
    pub stops: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_dialled_as_it_is_written() {
        assert_eq!(Phone::new("+49 40 66969 100").tel(), "tel:+494066969100");
        assert_eq!(Phone::new("+49 (0)40 66969-100").tel(), "tel:+494066969100");
        assert_eq!(Phone::new("8998-100").tel(), "tel:8998100");
        assert_eq!(Phone::new("\"><script>1").tel(), "tel:1");
    }
}
