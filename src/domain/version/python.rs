//! Versions as Python's build tools print them: setuptools_scm, versioneer and dunamai.
//!
//! They put the same parts together with different meanings, so each combination is read for itself.

use super::{
    Base, Reported,
    forms::{RELEASE, pattern},
};
use regex::Regex;
use std::sync::LazyLock;

static PYTHON: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)\A(?<release>{RELEASE})(?:[.-]post\.?(?<post>[0-9]+))?(?:\.dev(?<dev>[0-9]+))?(?:\+(?<local>[a-z0-9.]+))?\z"
    ))
});
static HASH: LazyLock<Regex> = LazyLock::new(|| pattern(r"\A(g?)([0-9a-f]{7,64})\z"));
static DATE_OF_DIRT: LazyLock<Regex> = LazyLock::new(|| pattern(r"\Ad[0-9]{8}\z"));
static COUNT: LazyLock<Regex> = LazyLock::new(|| pattern(r"\A[0-9]{1,6}\z"));

/// Reads a version in Python's form; `None` if it is not one, or holds parts that none of the tools prints.
pub(super) fn read(bare: &str, dirty_tail: bool) -> Option<Reported> {
    let found = PYTHON.captures(bare)?;
    let number = |part: &str| found.name(part).map(|digits| digits.as_str().parse().unwrap_or(u32::MAX));
    let mut local = Local::read(found.name("local").map_or("", |part| part.as_str()))?;
    local.dirty |= dirty_tail;
    let release = &found["release"];
    Some(judge(release, number("post"), number("dev"), local))
}

fn judge(release: &str, post: Option<u32>, dev: Option<u32>, local: Local) -> Reported {
    let tag = || Base::Tag { tag: release.to_owned() };
    let before = |next: String| Base::Before { next };
    let told = |base, commits| local.clone().told(base, commits);
    if local.untagged || stands_for_no_tag(release, post, dev) {
        let marked_dirty = post.is_some() && dev == Some(0) && local.hash_is_marked;
        return local.without_tag(marked_dirty);
    }
    match (post, dev, local.count) {
        (None, None, None) if local.is_empty() => clean(release),
        (None, None, None) if local.dirty => told(tag(), None),
        (None, None, None) => Reported::Unknown { commit: local.commit },
        // versioneer counts in the local part and guesses nothing: its `.dev0` only says "not on the main branch".
        (None, None | Some(0), Some(count)) => told(tag(), Some(count)),
        // setuptools_scm guesses the next version. It counts to nothing only where edits hide the tag.
        (None, Some(0), None) => local.dirty(before(release.to_owned()), Some(0)),
        (None, Some(commits), _) => told(before(release.to_owned()), Some(commits)),
        // Alone it may as well be a post-release that a person tagged.
        (Some(_), None, _) if local.is_empty() => Reported::Unknown { commit: None },
        (Some(0), None, _) => local.dirty(tag(), Some(0)),
        (Some(commits), None, _) => told(tag(), Some(commits)),
        // versioneer says "dirty" by `.dev0` after its count; dunamai ends every count so, but prints no `g`.
        (Some(commits), Some(0), _) if local.hash_is_marked && !local.dirty => local.dirty(tag(), Some(commits)),
        (Some(commits), Some(0), _) if local.commit.is_some() && !local.hash_is_marked => told(tag(), Some(commits)),
        // setuptools_scm's no-guess-dev adds one post-release to what the tag has.
        (Some(1), Some(0), _) => local.dirty(tag(), Some(0)),
        (Some(1), Some(commits), _) => told(tag(), Some(commits)),
        (Some(next), Some(0), _) => local.dirty(before(format!("{release}.post{next}")), Some(0)),
        (Some(next), Some(commits), _) => told(before(format!("{release}.post{next}")), Some(commits)),
    }
}

/// One number alone is no version that anybody tags, and nothing but zeros is what tools print when they know nothing.
pub(super) fn clean(release: &str) -> Reported {
    if !release.contains('.') || only_zeros(release) {
        return Reported::Unknown { commit: None };
    }
    Reported::CleanTag { tag: release.to_owned(), commit: None }
}

/// Without any tag the tools count from 0, 0.0 or 0.0.0, and setuptools_scm guesses 0.1 to be next.
fn stands_for_no_tag(release: &str, post: Option<u32>, dev: Option<u32>) -> bool {
    let counts = post.is_some() || dev.is_some();
    counts && (only_zeros(release) || (release == "0.1" && post.is_none()))
}

fn only_zeros(release: &str) -> bool {
    release.bytes().all(|byte| matches!(byte, b'0' | b'.' | b'v'))
}

/// What stands behind the plus sign.
#[derive(Clone, Default)]
struct Local {
    dirty: bool,
    untagged: bool,
    count: Option<u32>,
    commit: Option<String>,
    /// The hash came with the `g` of git.
    hash_is_marked: bool,
}

impl Local {
    fn read(text: &str) -> Option<Local> {
        let mut local = Local::default();
        for part in text.split('.').filter(|part| !part.is_empty()) {
            if part.eq_ignore_ascii_case("dirty") || DATE_OF_DIRT.is_match(part) {
                local.dirty = true;
            } else if part == "untagged" {
                local.untagged = true;
            } else if COUNT.is_match(part) && local.count.is_none() {
                local.count = part.parse().ok();
            } else {
                let found = HASH.captures(part).filter(|_| local.commit.is_none())?;
                local.hash_is_marked = !found[1].is_empty();
                local.commit = Some(found[2].to_owned());
            }
        }
        // A count belongs to a hash; without one the number is somebody's build number.
        (local.count.is_none() || local.commit.is_some()).then_some(local)
    }

    fn is_empty(&self) -> bool {
        !self.dirty && !self.untagged && self.count.is_none() && self.commit.is_none()
    }

    fn dirty(self, base: Base, commits: Option<u32>) -> Reported {
        Reported::Dirty { base, commits, commit: self.commit }
    }

    /// Dirty or ahead, as the local part says.
    fn told(self, base: Base, commits: Option<u32>) -> Reported {
        match (self.dirty, commits) {
            (true, _) => self.dirty(base, commits),
            (false, Some(0)) => Reported::Unknown { commit: self.commit },
            (false, _) => Reported::Ahead { base, commits, commit: self.commit },
        }
    }

    fn without_tag(self, marked_dirty: bool) -> Reported {
        if self.dirty || marked_dirty {
            self.dirty(Base::Unseen, None)
        } else {
            Reported::Unknown { commit: self.commit }
        }
    }
}
