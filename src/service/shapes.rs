//! The shape of what people type about themselves and others. Each complaint says what to enter, with an example.

mod first_tried;

use super::{Error, FieldProblem, Result};
use crate::domain::nearest::nearest;
use std::borrow::Cow;
use validator::{Validate, ValidateEmail, ValidationError};

type Shape = std::result::Result<(), ValidationError>;

fn say(words: impl Into<Cow<'static, str>>) -> ValidationError {
    ValidationError::new("shape").with_message(words.into())
}

/// Every entry that is not as it should be, at once.
pub(super) fn check(form: &impl Validate) -> Result<()> {
    let Err(errors) = form.validate() else {
        return Ok(());
    };
    let mut problems: Vec<FieldProblem> = errors
        .field_errors()
        .iter()
        .flat_map(|(field, of)| of.iter().map(move |e| (field, e)))
        .map(|(field, e)| FieldProblem::new(field, e.message.clone().unwrap_or(Cow::Borrowed("Change this entry"))))
        .collect();
    problems.sort_by(|a, b| a.field.cmp(&b.field));
    Err(Error::Invalid(problems))
}

fn one_line(text: &str, most: usize) -> bool {
    text.chars().count() <= most && !text.chars().any(char::is_control)
}

/// A person's full name.
pub fn full_name(text: &str) -> Shape {
    match one_line(text, 120) && text.trim().chars().count() >= 2 {
        true => Ok(()),
        false => Err(say("Enter the full name, at most 120 characters, like Ilse Hartmann")),
    }
}

/// An e-mail address.
pub fn email(text: &str) -> Shape {
    match text.len() <= 254 && one_line(text, 254) && text.validate_email() {
        true => Ok(()),
        false => Err(say("Enter an e-mail address, like ilse.hartmann@example.org")),
    }
}

/// Addresses under which somebody writes commits (T4).
pub fn commit_emails(all: &[String]) -> Shape {
    if all.len() > 20 {
        return Err(say("Enter at most 20 addresses, one a line"));
    }
    match all.iter().find(|e| email(e).is_err()) {
        None => Ok(()),
        Some(bad) => {
            let shown: String = bad.chars().filter(|c| !c.is_control()).take(60).collect();
            Err(say(format!("“{shown}” is no e-mail address. Enter one a line, like i.hartmann@example.org")))
        }
    }
}

/// A telephone number with its country code, as operators dial it.
pub fn phone(text: &str) -> Shape {
    let wrong = || say("Enter a telephone number with country code, like +49 40 66969 214");
    let rest = text.strip_prefix('+').ok_or_else(wrong)?;
    let digits = rest.chars().filter(char::is_ascii_digit).count();
    let plain = rest.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '/' | '(' | ')'));
    match plain && (7..=15).contains(&digits) && text.len() <= 32 && !rest.trim_start().starts_with('0') {
        true => Ok(()),
        false => Err(wrong()),
    }
}

/// A time zone by its IANA name.
pub fn time_zone(text: &str) -> Shape {
    if text.parse::<chrono_tz::Tz>().is_ok() {
        return Ok(());
    }
    let shown: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
    let known = chrono_tz::TZ_VARIANTS.iter().map(|z| z.name());
    Err(say(match nearest(&shown, known) {
        Some(meant) => format!("There is no time zone “{shown}”. Did you mean {meant}?"),
        None => "Enter a time zone by its name, like Europe/Berlin".to_owned(),
    }))
}

/// The name that somebody signs in with, in small letters.
pub fn login(text: &str) -> Shape {
    let plain =
        text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_' | b'@'));
    match plain && (2..=64).contains(&text.len()) && text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        true => Ok(()),
        false => Err(say("Enter 2 to 64 letters, digits, dots or dashes, like i.hartmann")),
    }
}

/// What a thing is called: a group, a token, a host.
pub fn title(text: &str) -> Shape {
    match one_line(text, 80) && !text.trim().is_empty() {
        true => Ok(()),
        false => Err(say("Enter a name of at most 80 characters on one line")),
    }
}

/// A remark on one line; may be empty.
pub fn note(text: &str) -> Shape {
    if one_line(text, 200) { Ok(()) } else { Err(say("Enter at most 200 characters on one line")) }
}

/// Whether this can be the password of somebody with these names: long enough, not what many have, and not made of them.
pub fn password(text: &str, names: &[&str]) -> std::result::Result<(), String> {
    let length = text.chars().count();
    if length < super::passwords::SHORTEST {
        return Err(format!(
            "Enter at least {} characters. Four words that nobody says together are a good start",
            super::passwords::SHORTEST
        ));
    }
    if length > super::passwords::LONGEST {
        return Err(format!("Enter at most {} characters", super::passwords::LONGEST));
    }
    let lower = text.to_lowercase();
    let mut different: Vec<char> = lower.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < 5 {
        return Err("Choose one with more different characters. Four words are a good start".to_owned());
    }
    if first_tried::is_tried_first(&lower) {
        return Err("Many people have this password: choose another. Four words are a good start".to_owned());
    }
    let parts = names.iter().flat_map(|n| n.split(|c: char| !c.is_alphanumeric())).filter(|p| p.chars().count() >= 4);
    match parts.map(str::to_lowercase).chain(["custody".to_owned()]).find(|part| lower.contains(part)) {
        Some(part) => Err(format!("Leave “{part}” out of it: it is what somebody would try first")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// L4: operators dial what is written here, from wherever they are.
    #[test]
    fn telephones_have_a_country_code() {
        for good in ["+49 40 66969 214", "+41-22-7671234", "+49 (0)40 66969 214", "+1 202.555.0100"] {
            assert!(phone(good).is_ok(), "{good}");
        }
        for bad in ["66969214", "0049 40 66969 214", "+49", "+0 40 66969 214", "+49 40 call me", "+49\n4066969214", ""]
        {
            let said = phone(bad).unwrap_err().message.unwrap();
            assert!(said.contains("+49 40 66969 214"), "{bad:?}: {said}");
        }
    }

    #[test]
    fn time_zones_are_known_by_name() {
        assert!(time_zone("Europe/Berlin").is_ok() && time_zone("UTC").is_ok());
        assert!(time_zone("Europe/Berln").unwrap_err().message.unwrap().contains("Europe/Berlin"));
        assert!(time_zone("nowhere at all").unwrap_err().message.unwrap().contains("like Europe/Berlin"));
    }

    /// E1: a password is long, and nothing that its owner's name gives away.
    #[test]
    fn passwords_are_long_and_not_ones_name() {
        let names = ["Ilse Hartmann", "i.hartmann"];
        assert_eq!(password("correct horse battery", &names), Ok(()));
        assert_eq!(password(&"é1ö2ü3ß4 correct horse battery, ".repeat(8), &names), Ok(()));
        for bad in ["Password1234", "passwordpassword", "123456789012"] {
            assert!(password(bad, &names).unwrap_err().starts_with("Many people have this password"), "{bad}");
        }
        for bad in ["short", "aaaaaaaaaaaaaaaa", "my HARTMANN secret", "custody-custody-1"] {
            assert!(password(bad, &names).is_err(), "{bad}");
        }
        assert!(password(&"abcde".repeat(52), &names).is_err());
    }

    #[test]
    fn sign_in_names_and_addresses_are_plain() {
        assert!(login("i.hartmann").is_ok() && login("a1@example.org").is_ok());
        for bad in ["i", "I.Hartmann", ".x", "a b", "іlse", "a\u{0}b"] {
            assert!(login(bad).is_err(), "{bad:?}");
        }
        assert!(email("ilse@example.org").is_ok());
        for bad in ["ilse", "ilse@", "a b@example.org", "x@example.org\nBcc: y@example.org"] {
            assert!(email(bad).is_err(), "{bad:?}");
        }
        assert!(full_name("Øyvind").is_ok() && full_name(" ").is_err() && full_name("a\nb").is_err());
    }
}
