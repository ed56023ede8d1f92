//! The known word that somebody most likely meant.

/// The word of `known` nearest to `given`, if one is near enough to be worth
/// suggesting: case and `-` for `_` count for nothing, and at most about one
/// letter in three may differ.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |word: &str| word.to_lowercase().replace('-', "_");
    let wanted = plain(given);
    let allowed = (wanted.chars().count() / 3).clamp(1, 4);
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&wanted, &plain(word)), word))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Up to `most` of `known` that somebody may have meant who typed the beginning of a name, nearest first: what follows
/// the part that was typed counts for nothing.
pub fn nearest_beginnings(given: &str, known: impl IntoIterator<Item = String>, most: usize) -> Vec<String> {
    let plain =
        |word: &str| word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let wanted = plain(given);
    let long = wanted.chars().count();
    if long < 3 {
        return Vec::new();
    }
    let allowed = (long / 4).clamp(1, 4);
    let mut near: Vec<(usize, String)> = known
        .into_iter()
        .filter_map(|word| {
            let whole = plain(&word);
            let begins = |n: usize| whole.chars().take(n).collect::<String>();
            let distance = (long - 1..=long + 1)
                .map(|n| strsim::damerau_levenshtein(&wanted, &begins(n)))
                .min()
                .filter(|distance| *distance <= allowed)?;
            Some((distance, word))
        })
        .collect();
    near.sort();
    near.truncate(most);
    near.into_iter().map(|(_, word)| word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// O2: a typing error in the beginning of a name still finds it.
    #[test]
    fn a_beginning_with_an_error_finds_what_was_meant() {
        let known = || ["beamConditionCheck", "beamConditionLogger", "attenuatorCalc"].map(str::to_owned);
        assert_eq!(nearest_beginnings("beamcondtion", known(), 3), ["beamConditionCheck", "beamConditionLogger"]);
        assert_eq!(nearest_beginnings("atenuator", known(), 3), ["attenuatorCalc"]);
        assert!(nearest_beginnings("xgm", known(), 3).is_empty());
        assert!(nearest_beginnings("", known(), 3).is_empty());
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
