//! Where the name of a package ends and its version begins.

use regex::Regex;
use std::sync::LazyLock;

/// The tail that git describe puts on a tag; a number in it is no version.
static DESCRIBED: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)(?:-[0-9]+-g[0-9a-f]{4,64})?(?:-dirty)?\z"));
static VERSION_AHEAD: LazyLock<Regex> = LazyLock::new(|| pattern(r"\A.+?(-)v?[0-9]"));
static HASH_AHEAD: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\A.+(-)[0-9a-f]{7,64}(?:-dirty)?\z"));
static VERSION_AT_ONCE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\Av?[0-9]"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a fixed pattern compiles")
}

/// Splits `package-version`, where both may hold hyphens: a known name first (as it is known), else at the first
/// hyphen before an optional `v` and a digit, else before a bare hash.
pub(super) fn split<'a>(text: &'a str, packages: &[String]) -> (Option<String>, &'a str) {
    let known = packages.iter().filter(|name| starts_with_name(text, name)).max_by_key(|name| name.len());
    if let Some(name) = known {
        return (Some(name.clone()), &text[name.len() + 1..]);
    }
    if VERSION_AT_ONCE.is_match(text) {
        return (None, text);
    }
    let end_of_name = DESCRIBED.find(text).map_or(text.len(), |tail| tail.start());
    let hyphen = VERSION_AHEAD.captures(&text[..end_of_name]).or_else(|| HASH_AHEAD.captures(text));
    match hyphen.and_then(|found| found.get(1)) {
        Some(hyphen) => (Some(text[..hyphen.start()].to_owned()), &text[hyphen.end()..]),
        None => (None, text),
    }
}

/// Whether `text` is `name`, a hyphen and more. Python spells one package `H7-Cam`, `h7_cam` and `h7.cam`.
fn starts_with_name(text: &str, name: &str) -> bool {
    let folded = |byte: u8| {
        if matches!(byte, b'-' | b'_' | b'.') { b'-' } else { byte.to_ascii_lowercase() }
    };
    let (text, name) = (text.as_bytes(), name.as_bytes());
    !name.is_empty()
        && text.get(name.len()) == Some(&b'-')
        && text.iter().zip(name).all(|(a, b)| folded(*a) == folded(*b))
}
