//! Passwords that many people have: whoever guesses begins with them.

use crate::service::passwords::SHORTEST;

/// The commonest ones, and the words that most of them are made of, in small letters, one a line, in order.
const KNOWN: &str = include_str!("common_passwords.txt");

/// What is side by side: digits, letters, and the keys of keyboards.
const ROWS: [&str; 10] = [
    "12345678901",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "qsdfghjklm",
    "zxcvbnm",
    "yxcvbnm",
    "wxcvbn",
];

/// Whether this password, in small letters, is one that many people have, whatever stands between its letters and digits.
pub(super) fn is_tried_first(lower: &str) -> bool {
    let plain: Vec<char> = lower.chars().filter(|c| c.is_alphanumeric()).collect();
    is_known(lower)
        || is_known(&plain.iter().collect::<String>())
        || is_a_known_word(lower)
        || repeats(&plain)
        || goes_on(&plain)
}

fn is_known(text: &str) -> bool {
    KNOWN.lines().any(|known| known == text)
}

/// Whether it is a known word with a year or a run of digits around it, like `Password-123456!`.
fn is_a_known_word(lower: &str) -> bool {
    let word = lower.trim_matches(|c: char| !c.is_alphabetic());
    let easy = |side: &str| {
        let digits: Vec<char> = side.chars().filter(char::is_ascii_digit).collect();
        digits.len() <= 4 || goes_on(&digits)
    };
    is_known(word) && lower.split_once(word).is_some_and(|(before, after)| easy(before) && easy(after))
}

/// Whether it is a piece that is too short, again and again, like `qwertyqwerty`.
fn repeats(text: &[char]) -> bool {
    (1..SHORTEST.min(text.len() / 2 + 1)).any(|n| text.chunks(n).all(|piece| *piece == text[..n]))
}

/// Whether it follows the digits, the alphabet or a row of keys, four in a row at least and either way, like
/// `123456789012` or `asdf87654321`.
fn goes_on(text: &[char]) -> bool {
    let breaks = text.windows(2).filter(|pair| !are_side_by_side(pair[0], pair[1])).count();
    (breaks + 1) * 4 <= text.len()
}

fn are_side_by_side(a: char, b: char) -> bool {
    let pairs = [String::from_iter([a, b]), String::from_iter([b, a])];
    a == b || ROWS.iter().any(|row| pairs.iter().any(|pair| row.contains(pair)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E1: what whoever guesses tries first is known, with what people add to it; words that nobody says together are not.
    #[test]
    fn e1_what_is_tried_first() {
        for bad in [
            "password1234",
            "password-123456!",
            "2026-p@ssw0rd!",
            "123456welcome654321",
            "december2026",
            "correct horse battery staple",
            "314159265358",
            "!@#$%^&*()_+",
            "1qaz2wsx3edc",
            "passwordpassword",
            "gandalf gandalf",
            "a1b2c3 a1b2c3",
            "qwertyqwerty",
            "123456789012",
            "210987654321",
            "abcdefghijkl",
            "1234qwerasdf",
            "1-2-3-4-5-6-7",
        ] {
            assert!(is_tried_first(bad), "{bad}");
        }
        for good in [
            "correct horse battery",
            "four words nobody says",
            "december in hamburg",
            "sunshine 84736251",
            "properties were there",
            "gandalf gandalf frodo",
            "----------------",
            "é1ö2ü3ß4 ä5å6",
        ] {
            assert!(!is_tried_first(good), "{good}");
        }
    }

    /// Whoever adds one finds its place.
    #[test]
    fn what_is_known_is_in_order() {
        let lines: Vec<&str> = KNOWN.lines().collect();
        assert!(lines.is_sorted_by(|a, b| a < b));
        assert!(lines.iter().all(|l| !l.is_empty() && *l == l.trim().to_lowercase()));
    }
}
