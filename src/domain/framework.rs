//! The framework's versions on record, and the one that a release was built against: read from a file of the device's
//! repository at the tag (G6).

mod standing;
#[cfg(test)]
mod tests;
mod update;

pub use standing::{Found, Standing, newest, of_release};
pub use update::{Change, Proposed, branch, change};

use super::{
    policy::{Frameworks, Pattern},
    tag::CommitId,
};
use serde::{Deserialize, Serialize};

/// The largest file that a version is looked for in, in bytes.
pub const LARGEST_FILE: usize = 256 << 10;

/// The longest version, in characters.
const LONGEST_VERSION: usize = 40;
/// The longest name of a framework, path of a file, and pattern, in characters.
const LONGEST_NAME: usize = 60;
const LONGEST_FILE: usize = 200;
const LONGEST_PATTERN: usize = 200;

/// What is on record of a device's framework.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Built {
    /// Where its repository says the version; nothing is asked where nobody has said it.
    #[serde(default)]
    pub against: Option<BuiltAgainst>,
    /// The last update that Custody pushed.
    #[serde(default)]
    pub proposed: Option<Proposed>,
}

/// Where a device's repository says which version of the framework it is built against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltAgainst {
    pub framework: String,
    /// A path from the repository's root.
    pub file: String,
    /// A regular expression with one group: the version.
    pub pattern: String,
}

/// What a release's own file says of the version, at its commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "built_with", rename_all = "snake_case")]
pub enum BuiltWith {
    Read { framework: String, version: String },
    NotFound { framework: String, why: String },
}

/// What stands at a path of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileAt {
    Content(Vec<u8>),
    Missing,
    /// A symbolic link, a folder, or another repository.
    NoFile(&'static str),
    TooLarge,
}

/// What was read of a release, and by which words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub commit: CommitId,
    pub against: BuiltAgainst,
    pub built: BuiltWith,
}

/// Whether this is written as versions are: plain ASCII letters, digits and a few signs, and not endless.
pub fn is_version(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._+-".contains(&b);
    text.len() <= LONGEST_VERSION
        && text.bytes().all(plain)
        // Neither can stand in a branch's name.
        && !text.contains("..")
        && !text.ends_with(".lock")
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
}

/// Refuses every path that is not plainly one to a file within the repository (A16).
pub fn check_file(file: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._+@/-".contains(c);
    let odd = |part: &str| {
        part.is_empty() || part.starts_with('-') || part.chars().all(|c| c == '.') || part.eq_ignore_ascii_case(".git")
    };
    if file.is_empty() {
        return Err("Name the file that says the version, like CMakeLists.txt.".to_owned());
    }
    if file.len() > LONGEST_FILE {
        return Err(format!("The file’s path is longer than {LONGEST_FILE} characters."));
    }
    if !file.chars().all(plain) || file.split('/').any(odd) {
        return Err(
            "Write the file’s path from the repository’s root, in letters, digits and . _ + @ - /, like src/version.txt."
                .to_owned(),
        );
    }
    Ok(())
}

impl BuiltAgainst {
    /// Takes what somebody entered, or says what to enter.
    pub fn new(framework: &str, file: &str, pattern: &str, frameworks: &Frameworks) -> Result<Self, String> {
        let (framework, file, pattern) = (framework.trim(), file.trim(), pattern.trim());
        if framework.is_empty() {
            return Err("Name the framework, like Karabo.".to_owned());
        }
        if framework.chars().count() > LONGEST_NAME || framework.chars().any(char::is_control) {
            return Err(format!("Name the framework in at most {LONGEST_NAME} letters, like Karabo."));
        }
        if !frameworks.known.is_empty() && frameworks.framework(framework).is_none() {
            let known: Vec<&str> = frameworks.known.iter().map(|f| f.name.as_str()).collect();
            return Err(format!("{framework} is not on record here: choose {}.", known.join(" or ")));
        }
        check_file(file)?;
        if pattern.len() > LONGEST_PATTERN {
            return Err(format!("The pattern is longer than {LONGEST_PATTERN} bytes."));
        }
        compiled(pattern)?;
        Ok(Self { framework: framework.to_owned(), file: file.to_owned(), pattern: pattern.to_owned() })
    }

    /// The version that a file says; the first match counts.
    pub fn read(&self, at: &FileAt) -> BuiltWith {
        match self.text(at).and_then(|text| self.find(text).map(|(version, _)| version.to_owned())) {
            Ok(version) => BuiltWith::Read { framework: self.framework.clone(), version },
            Err(why) => BuiltWith::NotFound { framework: self.framework.clone(), why },
        }
    }

    /// The file's text, or why there is none.
    fn text<'a>(&self, at: &'a FileAt) -> Result<&'a str, String> {
        let file = &self.file;
        match at {
            FileAt::Content(bytes) => std::str::from_utf8(bytes).map_err(|_| format!("{file} is not a text in UTF-8.")),
            FileAt::Missing => Err(format!("There is no {file} at its commit.")),
            FileAt::NoFile(what) => Err(format!("{file} is {what} and no file.")),
            FileAt::TooLarge => Err(format!("{file} is larger than {} KiB.", LARGEST_FILE >> 10)),
        }
    }

    /// The version in a text, and where it stands.
    fn find<'t>(&self, text: &'t str) -> Result<(&'t str, std::ops::Range<usize>), String> {
        let pattern = compiled(&self.pattern)?;
        let group = pattern.regex().captures(text).and_then(|found| found.get(1));
        let group = group.ok_or_else(|| format!("The pattern finds nothing in {}.", self.file))?;
        let version = group.as_str().trim();
        if !is_version(version) {
            // Without what it is: everybody reads this, and the repository may be nobody else's to read.
            return Err(format!(
                "What the pattern finds in {} is not a version: at most {LONGEST_VERSION} letters, digits and . _ + -, without spaces.",
                self.file
            ));
        }
        let begin = group.start() + (group.as_str().len() - group.as_str().trim_start().len());
        Ok((version, begin..begin + version.len()))
    }
}

impl BuiltWith {
    pub fn framework(&self) -> &str {
        match self {
            Self::Read { framework, .. } | Self::NotFound { framework, .. } => framework,
        }
    }

    /// The version, where it was found.
    pub fn version(&self) -> Option<&str> {
        match self {
            Self::Read { version, .. } => Some(version),
            Self::NotFound { .. } => None,
        }
    }
}

/// A pattern with its one group, of a size and for texts that cost little.
fn compiled(pattern: &str) -> Result<Pattern, String> {
    let say = || "Write a regular expression with one group for the version, like karabo==([0-9.]+).".to_owned();
    if pattern.chars().any(char::is_control) {
        return Err(say());
    }
    let read = Pattern::in_lines(pattern).map_err(|error| {
        let why = error.to_string();
        let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        format!("The pattern cannot be read ({why}). {}", say())
    })?;
    // The whole match counts as one.
    if read.regex().captures_len() == 2 { Ok(read) } else { Err(say()) }
}
