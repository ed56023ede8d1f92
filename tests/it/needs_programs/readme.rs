//! What the README has an administrator write, taken from there, so that it cannot part from what is tried.

/// The first block of this kind after these words.
pub fn block(after: &str, kind: &str) -> String {
    let text = include_str!("../../../README.md");
    let (_, rest) = text.split_once(after).unwrap_or_else(|| panic!("the README says {after:?}"));
    let (before, rest) = rest.split_once(&format!("```{kind}\n")).expect("a block follows");
    // One in a list stands further in.
    let indent = before.len() - before.trim_end_matches(' ').len();
    let lines = rest.lines().take_while(|line| !line.trim_start().starts_with("```"));
    lines.map(|line| format!("{}\n", line.get(indent..).unwrap_or_default())).collect()
}

/// The same with what is otherwise here: each of it has to stand there.
pub fn with(mut text: String, otherwise: &[(&str, &str)]) -> String {
    for (there, here) in otherwise {
        assert!(text.contains(there), "the README has {there:?} in {text}");
        text = text.replace(there, here);
    }
    text
}
