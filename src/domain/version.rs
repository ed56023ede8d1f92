//! What a control system says it runs: a printed version, judged.
//!
//! Tools print the state of a working copy in many ways. Here each way is read for what it proves and no more.
//! A guess of the next version is never turned into a tag, and what could be two things is unknown.
//! The string is kept as it came. Only a commit proves a tag; see [`same_commit`].

mod forms;
mod package;
mod python;

use serde::{Deserialize, Serialize};

/// Longer than any tool prints; what is longer is not looked at.
const LONGEST: usize = 512;

/// A reported string, kept as it came, with what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classified {
    /// The string exactly as it was reported.
    pub raw: String,
    /// The package it speaks of, where the string names one (Karabo prints `package-version`).
    pub package: Option<String>,
    pub reported: Reported,
}

/// What a reported version says about the code that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Reported {
    /// Built exactly on a tag, without edits. The spelling is the tool's: `v1.4.2` may be printed as `1.4.2`.
    CleanTag { tag: String, commit: Option<String> },
    /// Built on commits after a tag.
    Ahead { base: Base, commits: Option<u32>, commit: Option<String> },
    /// Built with edits that no commit holds. `commits` counts those after the base, where it is told.
    Dirty { base: Base, commits: Option<u32>, commit: Option<String> },
    /// Looks clean, but is the version of the framework: the package has none of its own.
    FalseClean { version: String },
    /// Nothing can be said, except for the commit where one is printed.
    Unknown { commit: Option<String> },
}

/// The tag from which commits or edits are counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Base {
    /// The tool printed the tag.
    Tag { tag: String },
    /// The tool printed its guess of the version to come. The tag is one before it; the repository knows which.
    Before { next: String },
    /// The tool saw no tag (a shallow clone says so too).
    Unseen,
}

impl Classified {
    /// The commit that the string names, abbreviated as printed and without its leading `g`.
    pub fn commit(&self) -> Option<&str> {
        match &self.reported {
            Reported::CleanTag { commit, .. }
            | Reported::Ahead { commit, .. }
            | Reported::Dirty { commit, .. }
            | Reported::Unknown { commit } => commit.as_deref(),
            Reported::FalseClean { .. } => None,
        }
    }

    /// Whether the string says "this tag, without edits", be it spelled with or without a `v`.
    pub fn is_clean_build_of(&self, tag: &str) -> bool {
        matches!(&self.reported, Reported::CleanTag { tag: printed, .. } if same_version(printed, tag))
    }

    /// Whether it is a clean build of the release of this tag and commit. One commit can carry several tags: where a commit
    /// is printed, that counts, whichever of them it was printed with.
    pub fn is_build_of(&self, tag: &str, commit: &str) -> bool {
        match &self.reported {
            Reported::CleanTag { commit: Some(printed), .. } => same_commit(printed, commit),
            _ => self.is_clean_build_of(tag),
        }
    }
}

/// Reads a reported version.
///
/// `packages` are the names known for the device: they are matched before any guess where a package name ends.
/// `framework_versions` are those that a package without its own version would report; leave them empty for a package
/// that is known to carry its own. Any input is answered, the odd ones with [`Reported::Unknown`].
pub fn classify(raw: &str, packages: &[String], framework_versions: &[String]) -> Classified {
    let text = raw.trim();
    if text.len() > LONGEST {
        return Classified { raw: raw.to_owned(), package: None, reported: Reported::Unknown { commit: None } };
    }
    let (package, version) = package::split(text, packages);
    let reported = match forms::read(version) {
        Reported::CleanTag { tag, .. } if framework_versions.iter().any(|known| same_version(known, &tag)) => {
            Reported::FalseClean { version: tag }
        }
        other => other,
    };
    Classified { raw: raw.to_owned(), package, reported }
}

/// Whether two hashes, possibly abbreviated and with the `g` of git describe, name one commit.
///
/// Fewer than seven digits prove nothing.
pub fn same_commit(a: &str, b: &str) -> bool {
    let (a, b) = (bare_hash(a), bare_hash(b));
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    short.len() >= 7
        && [&a, &b].iter().all(|hash| hash.bytes().all(|c| c.is_ascii_hexdigit()))
        && long.starts_with(short.as_str())
}

/// Whether two spellings are one version: `v1.5.0-rc.1` is what Python prints as `1.5.0rc1`.
pub fn same_version(a: &str, b: &str) -> bool {
    // Most are, and are compared with each of the framework's own.
    if forms::is_plain(a) && forms::is_plain(b) {
        return a == b;
    }
    spelled_plainly(a) == spelled_plainly(b)
}

fn bare_hash(hash: &str) -> String {
    hash.strip_prefix('g').unwrap_or(hash).to_ascii_lowercase()
}

/// Lower case, no `v`, and no separators around the letters of a pre-release.
fn spelled_plainly(version: &str) -> String {
    let lower = version.to_ascii_lowercase();
    let bare = lower.strip_prefix('v').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())).unwrap_or(&lower);
    let short = bare.replace("alpha", "a").replace("beta", "b");
    let letters: Vec<char> = short.chars().collect();
    let beside_letter = |at: usize| {
        let is_letter =
            |index: Option<usize>| index.and_then(|i| letters.get(i)).is_some_and(char::is_ascii_alphabetic);
        is_letter(at.checked_sub(1)) || is_letter(at.checked_add(1))
    };
    let kept = letters.iter().enumerate().filter(|(at, c)| !(matches!(**c, '.' | '-' | '_') && beside_letter(*at)));
    kept.map(|(_, c)| *c).collect()
}

#[cfg(test)]
mod tests;
