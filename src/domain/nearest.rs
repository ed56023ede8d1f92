//! The known word that somebody most likely meant.

use rapidfuzz::distance::damerau_levenshtein;

/// The word of `known` nearest to `given`, if one is near enough to be worth
/// suggesting: case and `-` for `_` count for nothing, and at most about one
/// letter in three may differ.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |word: &str| word.to_lowercase().replace('-', "_");
    let wanted = plain(given);
    let allowed = (wanted.chars().count() / 3).clamp(1, 4);
    known
        .into_iter()
        .map(|word| (damerau_levenshtein::distance(wanted.chars(), plain(word).chars()), word))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Letters and digits alone, without case, accents and separators: `Dvořák` is `dvorak`.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'a'..='z' | '0'..='9' => out.push(c),
            'A'..='Z' => out.push(c.to_ascii_lowercase()),
            c if c.is_ascii() => {}
            c => out.extend(
                deunicode::deunicode_char(c)
                    .unwrap_or_default()
                    .chars()
                    .filter(char::is_ascii_alphanumeric)
                    .map(|c| c.to_ascii_lowercase()),
            ),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// O2: case, accents and separators count for nothing.
    #[test]
    fn names_in_plain_letters() {
        assert_eq!(["Dvořák", "SCS_BLU/x-1", "Øre ß", "///"].map(plain), ["dvorak", "scsblux1", "oress", ""]);
    }

    #[test]
    fn suggests_what_is_near_and_nothing_else() {
        let known = ["approvals", "approvals_critical", "checklist"];
        assert_eq!(nearest("aprovals", known), Some("approvals"));
        assert_eq!(nearest("Approvals-Critical", known), Some("approvals_critical"));
        assert_eq!(nearest("chekclist", known), Some("checklist"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest("x", []), None);
    }
}
