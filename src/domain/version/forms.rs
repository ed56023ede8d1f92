//! The forms in which tools print a version: git describe, Python's, Debian's.

use super::{Base, Reported, python};
use regex::{Captures, Regex};
use std::sync::LazyLock;

/// Numbers with dots, perhaps a `v` before and a pre-release behind.
pub(super) const RELEASE: &str = r"v?[0-9]+(?:\.[0-9]+)*(?:[._-]?(?:rc|c|alpha|a|beta|b|preview|pre)[._-]?[0-9]+)?";

static DIRTY_TAIL: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\A(.+)-dirty\z"));
static DESCRIBE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\A(.+)-([0-9]+)-g([0-9a-f]{4,64})\z"));
static HASH: LazyLock<Regex> = LazyLock::new(|| pattern(r"\Ag?([0-9a-f]{7,64})\z"));
static TAG: LazyLock<Regex> = LazyLock::new(|| pattern(&format!(r"(?i)\A{RELEASE}\z")));
static DEBIAN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"\A(?<epoch>[0-9]+:)?(?<upstream>[0-9][A-Za-z0-9.+~]*)(?<revision>-[0-9][A-Za-z0-9.+~]*)?\z")
});
static SNAPSHOT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(r"\A(?<release>{RELEASE})(?<joint>[+~])git(?:[0-9]{{8}})?(?:[.~]?g?(?<hash>[0-9a-f]{{7,64}}))?\z"))
});

pub(super) fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a fixed pattern compiles")
}

/// Reads a version without its package.
pub(super) fn read(version: &str) -> Reported {
    // What most report: no other form is written like it, and to look for each takes its time.
    if is_plain(version) && version.contains('.') {
        return python::clean(version);
    }
    let (bare, dirty) = match DIRTY_TAIL.captures(version).and_then(|found| found.get(1)) {
        Some(bare) => (bare.as_str(), true),
        None => (version, false),
    };
    let read = described(bare, dirty).or_else(|| python::read(bare, dirty)).or_else(|| debian(bare, dirty));
    match read {
        Some(Reported::Unknown { commit }) if says_dirty(version) => {
            Reported::Dirty { base: Base::Unseen, commits: None, commit }
        }
        // A tag that calls itself so was made of edits: whatever it looks like, it is no release.
        Some(Reported::CleanTag { tag, commit }) if says_dirty(version) => {
            Reported::Dirty { base: Base::Tag { tag }, commits: Some(0), commit }
        }
        Some(read) => read,
        // No form that is known, but whoever printed it meant to say this much.
        None if says_dirty(version) => Reported::Dirty { base: Base::Unseen, commits: None, commit: None },
        None => Reported::Unknown { commit: None },
    }
}

/// Whether it is numbers with dots between them.
pub(super) fn is_plain(version: &str) -> bool {
    version.split('.').all(|number| !number.is_empty() && number.bytes().all(|c| c.is_ascii_digit()))
}

fn says_dirty(version: &str) -> bool {
    version.to_ascii_lowercase().contains("dirty")
}

/// `1.4.2-3-gcc9cfbd`, `1.4.2-0-g344170c`, `46fc1f2`: what stands before the tail is the tag, whatever it looks like.
fn described(bare: &str, dirty: bool) -> Option<Reported> {
    if let Some(found) = DESCRIBE.captures(bare) {
        let (tag, commits, commit) = (text(&found, 1), found[2].parse().ok(), Some(text(&found, 3)));
        return Some(match (dirty, commits) {
            (true, _) => Reported::Dirty { base: Base::Tag { tag }, commits, commit },
            (false, Some(0)) => Reported::CleanTag { tag, commit },
            (false, _) => Reported::Ahead { base: Base::Tag { tag }, commits, commit },
        });
    }
    let found = HASH.captures(bare)?;
    let commit = Some(text(&found, 1));
    Some(if dirty {
        Reported::Dirty { base: Base::Unseen, commits: None, commit }
    } else {
        Reported::Unknown { commit }
    })
}

/// `1.4.2-1`, `1:10.11.19-0+deb12u1`, and snapshots such as `1.4.2+git20261121.5506e02-1`.
///
/// What else Debian joins to an upstream version (`+dfsg`) says that the source was changed: unknown.
fn debian(bare: &str, dirty: bool) -> Option<Reported> {
    let found = DEBIAN.captures(bare)?;
    let upstream = text(&found, "upstream");
    if let Some(snapshot) = SNAPSHOT.captures(&upstream) {
        let release = text(&snapshot, "release");
        let commit = snapshot.name("hash").map(|hash| hash.as_str().to_owned());
        let before = &snapshot["joint"] == "~";
        let base = if before { Base::Before { next: release } } else { Base::Tag { tag: release } };
        return Some(if dirty {
            Reported::Dirty { base, commits: None, commit }
        } else {
            Reported::Ahead { base, commits: None, commit }
        });
    }
    // Debian writes `~` where a tag has nothing or a hyphen: 1.5.0~rc1 sorts before 1.5.0.
    // Before a digit it would join two numbers into one that nobody tagged.
    let stands_between = |at: usize| {
        let (before, after) = (upstream[..at].chars().next_back(), upstream[at + 1..].chars().next());
        before.is_some_and(|c| c.is_ascii_digit()) && after.is_some_and(|c| c.is_ascii_alphabetic())
    };
    if !upstream.match_indices('~').all(|(at, _)| stands_between(at)) {
        return None;
    }
    let tag = upstream.replace('~', "");
    if !tag.contains('.') || !TAG.is_match(&tag) {
        return None;
    }
    Some(if dirty {
        Reported::Dirty { base: Base::Tag { tag }, commits: None, commit: None }
    } else {
        Reported::CleanTag { tag, commit: None }
    })
}

fn text<I>(found: &Captures<'_>, part: I) -> String
where
    for<'c> Captures<'c>: std::ops::Index<I, Output = str>,
{
    found[part].to_owned()
}
