//! Rules for names and tags: regular expressions over plain ASCII.

use regex::{Regex, RegexBuilder};
use serde::{Serialize, Serializer};

/// The most memory, in bytes, that a compiled rule may take.
const COMPILED_LIMIT: usize = 1 << 20;

/// The same of one that a contributor wrote, and that whole files are searched by: what a search costs grows with both.
const COMPILED_LIMIT_IN_LINES: usize = 64 << 10;

/// A rule that a facility wrote as a regular expression. Only plain ASCII ever
/// matches, whatever the expression says (rules H2 and G2).
#[derive(Debug, Clone)]
pub struct Pattern {
    source: String,
    compiled: Regex,
}

impl Pattern {
    /// A rule that holds if the expression matches somewhere in the text.
    pub(super) fn somewhere(source: &str) -> Result<Self, regex::Error> {
        Self::compile(source, source)
    }

    /// A rule that holds if the expression matches the whole text.
    pub(super) fn whole(source: &str) -> Result<Self, regex::Error> {
        // On its own first: `a)|(b` must not become fine by the frame around it.
        Self::compile(source, source)?;
        Self::compile(source, &format!(r"\A(?:{source})\z"))
    }

    /// A rule about a text of several lines, where `^` and `$` stand at the ends of each. It may find more than plain
    /// ASCII: look at what it found (rule G6).
    pub fn in_lines(source: &str) -> Result<Self, regex::Error> {
        let compiled = RegexBuilder::new(source).multi_line(true).size_limit(COMPILED_LIMIT_IN_LINES).build()?;
        Ok(Self { source: source.to_owned(), compiled })
    }

    fn compile(source: &str, expression: &str) -> Result<Self, regex::Error> {
        let compiled = RegexBuilder::new(expression).size_limit(COMPILED_LIMIT).build()?;
        Ok(Self { source: source.to_owned(), compiled })
    }

    /// Whether the text keeps the rule. Text beyond ASCII never does.
    pub fn is_match(&self, text: &str) -> bool {
        text.is_ascii() && self.compiled.is_match(text)
    }

    /// The part of the text that the expression matches, without what parts words.
    pub(super) fn matched<'t>(&self, text: &'t str) -> Option<&'t str> {
        let found = self.compiled.find(text)?.as_str();
        Some(found.trim_matches(|c: char| !c.is_ascii_alphanumeric()))
    }

    /// The expression as the facility wrote it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The compiled expression. Check for plain ASCII first: see [`Pattern::is_match`].
    pub fn regex(&self) -> &Regex {
        &self.compiled
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.compiled.as_str() == other.compiled.as_str()
    }
}

impl Eq for Pattern {}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source)
    }
}
