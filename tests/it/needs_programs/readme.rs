//! What the README has an administrator write, taken from there, so that it cannot part from what is tried.

/// All of it.
pub const TEXT: &str = include_str!("../../../README.md");

/// The first block of this kind after these words.
pub fn block(after: &str, kind: &str) -> String {
    let (_, rest) = TEXT.split_once(after).unwrap_or_else(|| panic!("the README says {after:?}"));
    next(rest, kind).expect("a block follows").0
}

/// Every block of this kind.
pub fn blocks(kind: &str) -> Vec<String> {
    let mut rest = TEXT;
    let blocks = std::iter::from_fn(|| {
        let (block, behind) = next(rest, kind)?;
        rest = behind;
        Some(block)
    });
    blocks.collect()
}

/// The first block of this kind, and the text from there on.
fn next<'a>(text: &'a str, kind: &str) -> Option<(String, &'a str)> {
    let (before, rest) = text.split_once(&format!("```{kind}\n"))?;
    // One in a list stands further in.
    let indent = before.len() - before.trim_end_matches(' ').len();
    let lines = rest.lines().take_while(|line| !line.trim_start().starts_with("```"));
    Some((lines.map(|line| format!("{}\n", line.get(indent..).unwrap_or_default())).collect(), rest))
}

/// The same with what is otherwise here: each of it has to stand there.
pub fn with(mut text: String, otherwise: &[(&str, &str)]) -> String {
    for (there, here) in otherwise {
        assert!(text.contains(there), "the README has {there:?} in {text}");
        text = text.replace(there, here);
    }
    text
}

/// What a unit of systemd's has run, as a shell has it.
pub fn command(unit: &str, key: &str) -> String {
    let line = unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    line.unwrap_or_else(|| panic!("{key} is in {unit}")).replace("%%", "%")
}
