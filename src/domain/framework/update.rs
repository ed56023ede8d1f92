//! The update of an outdated version: the one line that changes, and the branch that carries it (G6).

use super::{BuiltAgainst, FileAt, is_version};
use crate::domain::tag::CommitId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The longest line that a change shows, in characters.
const LONGEST_LINE: usize = 300;

/// An update that Custody pushed as a branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposed {
    pub framework: String,
    /// The version that it updates to.
    pub version: String,
    pub branch: String,
    pub commit: CommitId,
    pub at: DateTime<Utc>,
}

/// One version in a file put in another one's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The version that stood there.
    pub from: String,
    /// The whole file after it.
    pub text: String,
    /// The change as `diff` writes it: where, before, after.
    pub diff: String,
}

/// The change that brings the file to this version; `None` where it says it already.
pub fn change(against: &BuiltAgainst, at: &FileAt, to: &str) -> Result<Option<Change>, String> {
    let text = against.text(at)?;
    let (version, place) = against.find(text)?;
    if version == to {
        return Ok(None);
    }
    if !is_version(to) {
        return Err(format!("{to} is not a version that can be written there."));
    }
    let after = format!("{}{to}{}", &text[..place.start], &text[place.end..]);
    let begin = text[..place.start].rfind('\n').map_or(0, |at| at + 1);
    let number = text[..begin].matches('\n').count() + 1;
    let line = |of: &str| -> String {
        let line = of[begin..].lines().next().unwrap_or_default();
        line.chars().map(|c| if c.is_control() && c != '\t' { ' ' } else { c }).take(LONGEST_LINE).collect()
    };
    let diff = format!("{} line {number}\n-{}\n+{}", against.file, line(text), line(&after));
    Ok(Some(Change { from: version.to_owned(), text: after, diff }))
}

/// The branch that an update is pushed as, such as `custody/karabo-3.1.2`. Of a device that has a folder of a repository,
/// with its name: the others in there are updated by branches of their own.
pub fn branch(device: Option<&str>, framework: &str, version: &str) -> String {
    let parts = framework.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let name = parts.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    let name = if name.is_empty() { "framework" } else { &name };
    match device {
        Some(device) => format!("custody/{device}-{name}-{version}"),
        None => format!("custody/{name}-{version}"),
    }
}
