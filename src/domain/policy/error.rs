//! What is wrong in a policy file, and where.

use std::fmt;
use std::ops::Range;

/// One thing that is wrong in a policy file (rule E6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// Line in the file, from 1.
    pub line: usize,
    /// Character in that line, from 1.
    pub column: usize,
    /// What it is about, like `transfer.approvals`; empty where the file cannot be read as TOML.
    pub key: String,
    /// What is wrong, as a sentence.
    pub reason: String,
    /// What to write instead, as a sentence with an example.
    pub hint: String,
}

impl PolicyError {
    /// An error at a place in `source`, given in bytes.
    pub(super) fn at(
        source: &str,
        span: Option<Range<usize>>,
        key: impl Into<String>,
        reason: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let (line, column) = position(source, span.map_or(0, |span| span.start));
        Self { line, column, key: key.into(), reason: reason.into(), hint: hint.into() }
    }
}

/// Line and column, both from 1, of a byte in `source`. The end of the file
/// counts to its last line that holds something.
fn position(source: &str, byte: usize) -> (usize, usize) {
    // The mark that some editors put first is no character of the first line.
    let (text, skipped) = match source.strip_prefix('\u{feff}') {
        Some(rest) => (rest, '\u{feff}'.len_utf8()),
        None => (source, 0),
    };
    let byte = byte.saturating_sub(skipped).min(text.trim_end().len());
    let before = &text[..text.floor_char_boundary(byte)];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: ", self.line, self.column)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{} {}", self.reason, self.hint)
    }
}

/// Everything that is wrong in a policy file, in the file's order; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyErrors(Vec<PolicyError>);

impl PolicyErrors {
    /// `None` where nothing is wrong.
    pub(super) fn of(mut errors: Vec<PolicyError>) -> Option<Self> {
        errors.sort_by(|a, b| {
            let order = |e: &PolicyError| (e.line, e.column);
            let same = || (&a.key, &a.reason).cmp(&(&b.key, &b.reason));
            order(a).cmp(&order(b)).then_with(same)
        });
        errors.dedup();
        (!errors.is_empty()).then_some(Self(errors))
    }

    /// The first in the file.
    pub fn first(&self) -> &PolicyError {
        &self.0[0]
    }

    /// All, in the file's order.
    pub fn iter(&self) -> std::slice::Iter<'_, PolicyError> {
        self.0.iter()
    }

    /// How many there are.
    #[expect(clippy::len_without_is_empty, reason = "it never is empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// For a terminal: each error with its line of `source` and a caret below
    /// the place. `file` is the name to print.
    pub fn render(&self, file: &str, source: &str) -> String {
        let source = source.trim_start_matches('\u{feff}');
        let mut text = String::new();
        for error in &self.0 {
            let line = source.lines().nth(error.line - 1).unwrap_or_default();
            // Tabs stay tabs, so that the caret stands below its character.
            let indent: String =
                line.chars().take(error.column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            let number = error.line.to_string();
            let gutter = " ".repeat(number.len());
            let key = match error.key.as_str() {
                "" => String::new(),
                key => format!(" {key}:"),
            };
            text.push_str(&format!(
                "{file}:{number}:{column}:{key} {reason}\n  {number} | {line}\n  {gutter} | {indent}^\n  {hint}\n\n",
                column = error.column,
                reason = error.reason,
                hint = error.hint,
            ));
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }
}

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, error) in self.0.iter().enumerate() {
            if place > 0 {
                writeln!(f)?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyErrors {}
