//! What people are told outside Custody, when, and again when it did not arrive (O5).

mod channel;
mod when;

pub use channel::{Kind, Owner, Preferences, Secret, Wanted};
pub use when::{Due, LONGEST_WAIT, after_quiet, due, next_try};

use std::time::Duration;

/// One thing that is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub device: String,
    /// A sentence with its subject, on one line.
    pub text: String,
    /// Where it leads.
    pub link: url::Url,
}

/// What goes out at once, to one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The same over all tries.
    pub id: String,
    /// At least one; several in a digest.
    pub items: Vec<Item>,
}

/// Longest subject, in characters.
const SUBJECT: usize = 140;

impl Message {
    /// `[Custody] beamConditionCheck: CTRL shut it down: …`
    pub fn subject(&self) -> String {
        let said = match self.items.as_slice() {
            [one] => format!("{}: {}", one.device, one.text),
            many => {
                let mut devices: Vec<&str> = Vec::new();
                for item in many {
                    if !devices.contains(&item.device.as_str()) {
                        devices.push(&item.device);
                    }
                }
                let named = devices.iter().take(3).copied().collect::<Vec<_>>().join(", ");
                match devices.len().saturating_sub(3) {
                    0 => format!("{} messages about {named}", many.len()),
                    more => format!("{} messages about {named} and {more} more", many.len()),
                }
            }
        };
        let said = one_line(&said);
        if said.chars().count() <= SUBJECT {
            return format!("[Custody] {said}");
        }
        let cut: String = said.chars().take(SUBJECT - 1).collect();
        format!("[Custody] {}…", cut.trim_end())
    }
}

/// The text without line ends and other control characters: it starts no header, no line and no paragraph of its own.
pub fn one_line(text: &str) -> String {
    let plain = |c: char| match c {
        c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => ' ',
        c => c,
    };
    text.chars().map(plain).collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Why a message did not arrive, in words for the outbox: never with an address that is a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undelivered {
    /// It may arrive later; not tried again before `after`, where the other side says so.
    Later { why: String, after: Option<Duration> },
    /// It never will.
    Never { why: String },
}

impl Undelivered {
    pub fn later(why: impl Into<String>) -> Self {
        Self::Later { why: why.into(), after: None }
    }

    pub fn never(why: impl Into<String>) -> Self {
        Self::Never { why: why.into() }
    }

    pub fn why(&self) -> &str {
        match self {
            Self::Later { why, .. } | Self::Never { why } => why,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(items: &[(&str, &str)]) -> Message {
        let link: url::Url = "https://custody.example.org/devices/x".parse().unwrap();
        let item = |(device, text): &(&str, &str)| Item {
            device: (*device).to_owned(),
            text: (*text).to_owned(),
            link: link.clone(),
        };
        Message { id: "1".to_owned(), items: items.iter().map(item).collect() }
    }

    /// A25: a name cannot begin a header of its own, and a long text ends in sight.
    #[test]
    fn a_subject_is_one_short_line() {
        let hostile = message(&[("magnet", "x\r\nBcc: all@example.org\u{2028}y\0")]);
        assert_eq!(hostile.subject(), "[Custody] magnet: x Bcc: all@example.org y");
        let long = message(&[("magnet", &"word ".repeat(100))]);
        assert!(long.subject().chars().count() <= 150 && long.subject().ends_with('…'));
    }

    /// O5: a digest says how much of what.
    #[test]
    fn a_digest_names_its_devices_once() {
        let digest = message(&[("a", "1"), ("b", "2"), ("a", "3")]);
        assert_eq!(digest.subject(), "[Custody] 3 messages about a, b");
        let digest = message(&[("a", "1"), ("b", "2"), ("c", "3"), ("d", "4"), ("e", "5")]);
        assert_eq!(digest.subject(), "[Custody] 5 messages about a, b, c and 2 more");
    }
}
