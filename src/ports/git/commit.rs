//! Finding a commit of the trunk, and reading what it says of itself.

use super::GitError;
use super::facts::Listing;
use super::history::{self, Authorship};
use super::run::Session;
use super::verify::{fetch, moment, parsed};
use crate::domain::tag::{CommitId, found::NoRelease};
use chrono::{DateTime, Utc};

/// A commit of the trunk, as the repository knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitFacts {
    pub commit: CommitId,
    pub tree: CommitId,
    pub authorship: Authorship,
    pub committed_at: DateTime<Utc>,
    /// The first line of its message, at most 200 characters.
    pub subject: String,
}

/// The digits of a commit's name, at least the seven that git prints.
pub(super) fn checked_digits(commit: &str) -> Result<String, GitError> {
    let hex = commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hex && (7..=64).contains(&commit.len()) {
        Ok(commit.to_ascii_lowercase())
    } else {
        Err(GitError::NotACommitName)
    }
}

pub(super) async fn resolve_commit(
    session: &Session,
    digits: &str,
    trunk: &str,
    base: Option<&CommitId>,
) -> Result<CommitFacts, GitError> {
    let trunk_reference = format!("refs/heads/{trunk}");
    let listing = Listing::of(session, &[&trunk_reference]).await?;
    let Some(head) = listing.get(&trunk_reference) else {
        return Err(GitError::NoSuchTrunk { trunk: trunk.to_owned() });
    };
    fetch(session, head, &[&trunk_reference]).await?;
    let commit = match commits_named(session, digits).await?.as_slice() {
        [] if CommitId::parse(digits).is_ok() => {
            return Err(off_trunk(session, digits, trunk).await?);
        }
        [] => {
            return Err(GitError::NoSuchCommit { commit: digits.to_owned() });
        }
        [one] => one.clone(),
        _ => {
            return Err(GitError::AmbiguousCommit { commit: digits.to_owned() });
        }
    };
    // A server may send more than it was asked for.
    if !history::is_ancestor(session, &commit, &trunk_reference).await? {
        return Err(NoRelease::NotOnTrunk { what: format!("The commit {digits}"), trunk: trunk.to_owned() }.into());
    }
    read_commit(session, commit, base).await
}

/// Commits that begin so. Unlike a revision, the digits cannot be taken for the name of a branch or tag here.
async fn commits_named(session: &Session, digits: &str) -> Result<Vec<CommitId>, GitError> {
    let listed = session.ask(&["rev-parse", &format!("--disambiguate={digits}")]).await?;
    let mut commits = Vec::new();
    for object in listed.lines() {
        if history::kind(session, object).await?.as_deref() == Some("commit") {
            commits.push(parsed(object)?);
        }
    }
    Ok(commits)
}

/// Tells a commit that lies elsewhere in the repository from one that is not there: servers hand out both by full name.
async fn off_trunk(session: &Session, digits: &str, trunk: &str) -> Result<GitError, GitError> {
    session.git(&["fetch", "--quiet", "--no-tags", "--depth=1", "--filter=blob:none", "--", "origin", digits]).await?;
    Ok(match history::kind(session, digits).await?.as_deref() {
        Some("commit") => {
            NoRelease::NotOnTrunk { what: format!("The commit {digits}"), trunk: trunk.to_owned() }.into()
        }
        _ => GitError::NoSuchCommit { commit: digits.to_owned() },
    })
}

pub(super) async fn read_commit(
    session: &Session,
    commit: CommitId,
    base: Option<&CommitId>,
) -> Result<CommitFacts, GitError> {
    let output = session.ask(&["log", "--max-count=1", "--format=%T%x00%ct%x00%s", commit.as_str(), "--"]).await?;
    let mut fields = output.trim_end_matches('\n').splitn(3, '\0');
    let mut field = || fields.next().unwrap_or_default();
    let (tree, committed_at, subject) = (parsed(field())?, moment(field())?, field().chars().take(200).collect());
    let authorship = history::authorship(session, &commit, base).await?;
    Ok(CommitFacts { commit, tree, authorship, committed_at, subject })
}
