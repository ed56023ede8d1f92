//! Names that git gives to things, taken only in their plainest spelling (A14, A15, A16).

pub mod found;
pub mod pushed;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use thiserror::Error;

/// The longest name of a tag or a branch, in bytes.
pub const LONGEST_NAME: usize = 128;

/// The facility's rule for tag names: a regular expression that a name must match as a whole.
#[derive(Clone, Debug)]
pub struct TagRule {
    regex: Regex,
    pattern: String,
}

impl TagRule {
    /// Versions such as `1.4.2`, `v1.4.2` and `1.5.0rc1`.
    pub const DEFAULT: &str = r"^v?\d+\.\d+\.\d+([.-]?(rc|a|b|alpha|beta)\.?\d+)?$";

    /// Reads a rule from the policy. It is anchored at both ends whether it says so or not.
    pub fn new(pattern: &str) -> Result<TagRule, TagRuleProblem> {
        let problem =
            |error: regex::Error| TagRuleProblem(error.to_string().lines().last().unwrap_or_default().to_owned());
        // Alone first: a pattern that closes our brackets must not get round the anchors.
        Regex::new(pattern).map_err(problem)?;
        let regex = RegexBuilder::new(&format!(r"\A(?:{pattern})\z")).size_limit(1 << 20).build().map_err(problem)?;
        Ok(TagRule { regex, pattern: pattern.to_owned() })
    }

    /// The rule as the policy spells it.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }
}

impl Default for TagRule {
    fn default() -> TagRule {
        TagRule::new(TagRule::DEFAULT).expect("the default rule compiles")
    }
}

impl PartialEq for TagRule {
    fn eq(&self, other: &TagRule) -> bool {
        self.pattern == other.pattern
    }
}

/// A tag rule that is no regular expression; holds the expression engine's word on it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the tag rule is not a regular expression ({0}): write one such as {default}", default = TagRule::DEFAULT)]
pub struct TagRuleProblem(String);

/// The name of a tag as it stands under `refs/tags/`: plain ASCII, by the facility's rule, without any syntax of git.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct TagName(String);

impl TagName {
    /// Takes what a person or a program entered. Nothing is trimmed or repaired: the name must be exact.
    pub fn parse(entered: &str, rule: &TagRule) -> Result<TagName, TagProblem> {
        check_plain(entered)?;
        if entered.to_ascii_lowercase().contains("dirty") {
            return Err(TagProblem::Dirty);
        }
        if !rule.regex.is_match(entered) {
            return Err(TagProblem::NotByRule { entered: entered.to_owned(), rule: rule.pattern.clone() });
        }
        Ok(TagName(entered.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where it stands among the versions.
    pub fn order(&self) -> VersionOrder {
        order(&self.0)
    }

    /// The full name of the reference, which cannot be taken for a branch.
    pub fn reference(&self) -> String {
        format!("refs/tags/{}", self.0)
    }
}

/// What versions are compared by: their numbers, whether they are whole, and what a pre-release says of itself.
pub type VersionOrder = (Vec<u64>, bool, String, Vec<u64>);

/// Where a version stands among others: by its numbers, a pre-release before what it leads to. As versions are counted by
/// people: more digits than 18 count as the most.
pub fn order(version: &str) -> VersionOrder {
    let bare = version.trim_start_matches(['v', 'V']);
    let letter = bare.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(bare.len());
    let numbers = |text: &str| -> Vec<u64> {
        let digits = text.split(|c: char| !c.is_ascii_digit()).filter(|d| !d.is_empty());
        digits.map(|d| d.parse().unwrap_or(u64::MAX)).collect()
    };
    let (version, rest) = bare.split_at(letter);
    let word: String = rest.chars().filter(char::is_ascii_alphabetic).collect();
    (numbers(version), rest.is_empty(), word.to_ascii_lowercase(), numbers(rest))
}

impl fmt::Display for TagName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A stored name comes back even when the rule has changed since, but never one with syntax in it.
impl<'de> Deserialize<'de> for TagName {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<TagName, D::Error> {
        let name = String::deserialize(source)?;
        check_plain(&name).map_err(serde::de::Error::custom)?;
        Ok(TagName(name))
    }
}

/// Refuses every name of a tag or branch that is more than plain ASCII letters, digits and `._+/-`, or that git reads
/// as something else than a name.
pub fn check_plain(name: &str) -> Result<(), TagProblem> {
    if name.is_empty() {
        return Err(TagProblem::Empty);
    }
    if name.len() > LONGEST_NAME {
        return Err(TagProblem::TooLong { bytes: name.len() });
    }
    if name.chars().any(char::is_control) {
        return Err(TagProblem::ControlCharacter);
    }
    if let Some(letter) = name.chars().find(|letter| !letter.is_ascii()) {
        return Err(TagProblem::NotAscii { letter: letter.escape_unicode().to_string() });
    }
    if name.contains('%') {
        return Err(TagProblem::Encoded);
    }
    if name.contains(' ') {
        return Err(TagProblem::Space);
    }
    if name.starts_with('-') {
        return Err(TagProblem::Option);
    }
    if name.starts_with("refs/") {
        return Err(TagProblem::FullReference);
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._+/-".contains(&byte);
    let is_odd = |part: &str| {
        part.is_empty() || part.starts_with('.') || part.ends_with('.') || part.to_ascii_lowercase().ends_with(".lock")
    };
    if !name.bytes().all(is_plain) || name.contains("..") || name.split('/').any(is_odd) {
        return Err(TagProblem::Syntax);
    }
    Ok(())
}

/// Why a name is not taken, and what to enter instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TagProblem {
    #[error("No name was entered: enter the tag's name, for example 1.4.2.")]
    Empty,
    #[error("The name has {bytes} bytes and {LONGEST_NAME} is the most: enter a short one, for example 1.4.2.")]
    TooLong { bytes: usize },
    #[error(
        "The name holds a line break or another control character: type it by hand on one line, for example 1.4.2."
    )]
    ControlCharacter,
    #[error(
        "The name holds a character that is not plain ASCII ({letter}) and may look like another one: type it by hand, for example 1.4.2."
    )]
    NotAscii { letter: String },
    #[error("The name holds a percent sign: enter it as git prints it, for example 1.4.2.")]
    Encoded,
    #[error("The name holds a space: enter it without, for example 1.4.2.")]
    Space,
    #[error(
        "The name begins with a hyphen, like an option of a program: enter the tag's name alone, for example 1.4.2."
    )]
    Option,
    #[error("The name is that of a full reference: enter the tag without refs/tags/, for example 1.4.2.")]
    FullReference,
    #[error(
        "The name holds syntax of git (.., @{{, .lock and the like): enter the tag's plain name, for example 1.4.2."
    )]
    Syntax,
    #[error(
        "A dirty build is no release: commit the edits, tag that commit, and enter the new tag, for example 1.4.3."
    )]
    Dirty,
    #[error(
        "{entered} is not a name by the facility's rule {rule}: tag the commit with such a name, for example 1.4.2, and enter it."
    )]
    NotByRule { entered: String, rule: String },
}

impl TagProblem {
    /// The stable code that programs tell problems apart by.
    pub fn code(&self) -> &'static str {
        match self {
            TagProblem::Empty => "tag_empty",
            TagProblem::TooLong { .. } => "tag_too_long",
            TagProblem::ControlCharacter => "tag_control_character",
            TagProblem::NotAscii { .. } => "tag_not_ascii",
            TagProblem::Encoded => "tag_encoded",
            TagProblem::Space => "tag_space",
            TagProblem::Option => "tag_option",
            TagProblem::FullReference => "tag_full_reference",
            TagProblem::Syntax => "tag_syntax",
            TagProblem::Dirty => "tag_dirty",
            TagProblem::NotByRule { .. } => "tag_not_by_rule",
        }
    }
}

/// The full name of an object in git: of a commit, and likewise of a tree or a tag object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct CommitId(String);

impl CommitId {
    /// Takes 40 or 64 lower-case hexadecimal digits, as `git rev-parse` prints them.
    pub fn parse(entered: &str) -> Result<CommitId, CommitProblem> {
        let full = matches!(entered.len(), 40 | 64);
        let hex = entered.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        // Zeros are git's word for "none".
        let null = entered.bytes().all(|byte| byte == b'0');
        if full && hex && !null { Ok(CommitId(entered.to_owned())) } else { Err(CommitProblem) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The ten digits that people read.
    pub fn short(&self) -> &str {
        &self.0[..10]
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CommitId {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<CommitId, D::Error> {
        CommitId::parse(&String::deserialize(source)?).map_err(serde::de::Error::custom)
    }
}

/// What was entered is not the full name of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("Enter the commit's full name, 40 or 64 lower-case hexadecimal digits as git rev-parse prints it.")]
pub struct CommitProblem;

impl CommitProblem {
    /// The stable code that programs tell problems apart by.
    pub fn code(&self) -> &'static str {
        "commit_not_full"
    }
}

/// A commit's full name, or the first seven digits or more of it, as a person copies them: the repository knows which
/// commit is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct CommitDigits(String);

impl CommitDigits {
    /// Takes 7 to 64 hexadecimal digits; capital letters are taken for small ones.
    pub fn parse(entered: &str) -> Result<CommitDigits, CommitDigitsProblem> {
        let hex = entered.bytes().all(|byte| byte.is_ascii_hexdigit());
        if hex && (7..=64).contains(&entered.len()) {
            Ok(CommitDigits(entered.to_ascii_lowercase()))
        } else {
            Err(CommitDigitsProblem)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this commit can be the one that is meant.
    pub fn begin(&self, commit: &CommitId) -> bool {
        commit.as_str().starts_with(&self.0)
    }
}

impl From<CommitId> for CommitDigits {
    fn from(commit: CommitId) -> CommitDigits {
        CommitDigits(commit.0)
    }
}

impl<'de> Deserialize<'de> for CommitDigits {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<CommitDigits, D::Error> {
        CommitDigits::parse(&String::deserialize(source)?).map_err(serde::de::Error::custom)
    }
}

/// What was entered cannot be the beginning of a commit's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("Enter the commit's name, or its first 7 hexadecimal digits or more, like 9f3c1ab.")]
pub struct CommitDigitsProblem;

#[cfg(test)]
mod tests;
