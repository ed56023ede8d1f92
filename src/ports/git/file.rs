//! A file's content at one commit (G6): what stands there is looked at in the trees, and that one content is fetched.

use super::GitError;
use super::facts::Listing;
use super::history;
use super::run::Session;
use super::verify::{fetch, parsed};
use crate::domain::framework::{FileAt, LARGEST_FILE, check_file};
use crate::domain::tag::{CommitId, TagName};

/// What stands at a path, and the mode that a tree keeps for it.
pub(super) struct Entry {
    pub at: FileAt,
    pub mode: String,
}

/// Reads it at the commit that a tag was verified as; where the tag names another one by now, nothing is read.
pub(super) async fn at_tag(
    session: &Session,
    tag: &TagName,
    commit: &CommitId,
    path: &str,
) -> Result<FileAt, GitError> {
    let reference = tag.reference();
    let listing = Listing::of(session, &[&reference, &format!("{reference}^{{}}")]).await?;
    let name = tag.to_string();
    let seen = listing.sighting(tag).ok_or_else(|| GitError::NoSuchTag { tag: name.clone() })?;
    if seen.peeled != *commit {
        return Err(GitError::Moved { tag: name });
    }
    fetch(session, &seen.object, &[&reference]).await?;
    Ok(read(session, commit, path).await?.at)
}

/// Reads it at a commit that was fetched.
pub(super) async fn read(session: &Session, commit: &CommitId, path: &str) -> Result<Entry, GitError> {
    check_file(path).map_err(|_| GitError::Program { detail: "a file's path is not plain".to_owned() })?;
    let listed = session.ask(&["ls-tree", "-z", "--full-tree", commit.as_str(), "--", path]).await?;
    let entry = listed.split('\0').filter_map(|line| line.split_once('\t')).find(|(_, name)| *name == path);
    let mut words = entry.map(|(words, _)| words).unwrap_or_default().split(' ');
    let mut word = || words.next().unwrap_or_default().to_owned();
    let (mode, kind, object) = (word(), word(), word());
    let at = match (mode.as_str(), kind.as_str()) {
        ("", _) => FileAt::Missing,
        ("120000", _) => FileAt::NoFile("a symbolic link"),
        (_, "blob") => content(session, &parsed(&object)?).await?,
        (_, "tree") => FileAt::NoFile("a folder"),
        (_, _) => FileAt::NoFile("another repository"),
    };
    Ok(Entry { at, mode })
}

async fn content(session: &Session, blob: &CommitId) -> Result<FileAt, GitError> {
    if history::kind(session, blob.as_str()).await?.is_none() {
        // Without a word of what is here: a server would take the content of a commit that is here for granted.
        let arguments = [
            "-c",
            "fetch.negotiationAlgorithm=noop",
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--filter=blob:none",
            "--",
            "origin",
            blob.as_str(),
        ];
        session.ask_remote(&arguments).await?;
    }
    let size = session.ask(&["cat-file", "-s", blob.as_str()]).await?;
    let size = size.trim().parse::<usize>().unwrap_or(usize::MAX);
    if size > LARGEST_FILE {
        return Ok(FileAt::TooLarge);
    }
    let outcome = session.git(&["cat-file", "blob", blob.as_str()]).await?;
    if outcome.success {
        Ok(FileAt::Content(outcome.output))
    } else {
        Err(GitError::Program { detail: "a file's content could not be read".to_owned() })
    }
}
