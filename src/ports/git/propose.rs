//! An update pushed as a branch of its own (G6): one line of one file, on top of the trunk. Nothing that is in the
//! repository is changed, and no branch that is there.

use super::GitError;
use super::facts::Listing;
use super::file;
use super::history;
use super::run::Session;
use super::verify::{fetch, parsed};
use crate::domain::framework::{BuiltAgainst, Change, FileAt, change};
use crate::domain::tag::{CommitId, check_plain};
use chrono::{DateTime, Utc};

/// An update that is to be proposed.
#[derive(Clone, Debug)]
pub struct Update<'a> {
    pub trunk: &'a str,
    pub against: &'a BuiltAgainst,
    /// The version that it updates to.
    pub to: &'a str,
    pub branch: &'a str,
    pub message: &'a str,
    /// Whose name and address the commit carries.
    pub name: &'a str,
    pub address: &'a str,
    /// When it is from: trying again makes the same commit.
    pub at: DateTime<Utc>,
    /// Whether it is pushed; otherwise the change is made and shown. Nothing is ever pushed into a folder of this machine:
    /// git would run its hooks, and what its settings name, as Custody itself.
    pub pushes: bool,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Updated {
    /// The trunk has it already.
    NotNeeded,
    /// The trunk's file is not one that can be updated.
    Cannot(String),
    /// The change, for somebody to make.
    Shown { diff: String },
    /// The branch is in the repository.
    Pushed { commit: CommitId, diff: String },
    /// The repository did not take it, in its words.
    Refused { why: String, diff: String },
    /// A branch of this name is there with something else, and stays.
    Taken { diff: String },
}

pub(super) async fn propose(session: &Session, update: &Update<'_>) -> Result<Updated, GitError> {
    let odd = |_| GitError::Program { detail: "a branch's name is not plain".to_owned() };
    check_plain(update.branch).map_err(odd)?;
    let trunk = format!("refs/heads/{}", update.trunk);
    let branch = format!("refs/heads/{}", update.branch);
    let listing = Listing::of(session, &[&trunk, &branch]).await?;
    let Some(tip) = listing.get(&trunk) else {
        return Err(GitError::NoSuchTrunk { trunk: update.trunk.to_owned() });
    };
    let there = listing.get(&branch);
    match there {
        // What it is shows in what is behind it.
        Some(_) => fetch(session, tip, &[&trunk, &branch]).await?,
        None => fetch_tip(session, tip, &trunk).await?,
    }
    let entry = file::read(session, tip, &update.against.file).await?;
    let Change { text, diff, .. } = match changed(update, &entry.at).await? {
        Ok(Some(change)) => change,
        Ok(None) => return Ok(Updated::NotNeeded),
        Err(why) => return Ok(Updated::Cannot(why)),
    };
    if !update.pushes || session.route.folder.is_some() {
        return Ok(Updated::Shown { diff });
    }
    if let Some(there) = there {
        // Pushed before, and not put on record; or somebody's own.
        let is_it = is_update(session, update, there, &trunk).await?;
        return Ok(if is_it { Updated::Pushed { commit: there.clone(), diff } } else { Updated::Taken { diff } });
    }
    let commit = commit(session, update, tip, &entry.mode, &text).await?;
    let expected = format!("--force-with-lease={branch}:");
    let pushed = format!("{commit}:{branch}");
    let arguments = [
        "push",
        "--porcelain",
        "--no-verify",
        "--no-signed",
        "--no-follow-tags",
        "--no-thin",
        "--recurse-submodules=no",
        expected.as_str(),
        "--",
        "origin",
        pushed.as_str(),
    ];
    let outcome = session.git(&arguments).await?;
    if outcome.success {
        return Ok(Updated::Pushed { commit, diff });
    }
    // It was read a moment ago: what it says now is that it takes no branch of Custody's.
    let why = outcome.refusal.clone();
    match outcome.unreachable() {
        GitError::Unreachable { .. } => Ok(Updated::Refused { why, diff }),
        other => Err(other),
    }
}

/// The change to a file. A pattern may take its time: it is looked for apart from what everybody waits for.
async fn changed(update: &Update<'_>, at: &FileAt) -> Result<Result<Option<Change>, String>, GitError> {
    let (against, at, to) = (update.against.clone(), at.clone(), update.to.to_owned());
    let looked = tokio::task::spawn_blocking(move || change(&against, &at, &to)).await;
    looked.map_err(|_| GitError::Program { detail: "a file could not be searched".to_owned() })
}

/// Whether a branch that is there is this update and nothing besides: one commit upon one of the trunk's, which changes
/// the version and no more. Whatever else it holds would be merged as Custody's own.
async fn is_update(session: &Session, update: &Update<'_>, there: &CommitId, trunk: &str) -> Result<bool, GitError> {
    let listed = session.ask(&["rev-list", "--parents", "--max-count=1", there.as_str(), "--"]).await?;
    let mut parents = listed.split_whitespace().skip(1);
    let (Some(parent), None) = (parents.next(), parents.next()) else { return Ok(false) };
    let parent = parsed(parent)?;
    if !history::is_ancestor(session, &parent, trunk).await? {
        return Ok(false);
    }
    let before = file::read(session, &parent, &update.against.file).await?;
    let Ok(Some(Change { text, .. })) = changed(update, &before.at).await? else { return Ok(false) };
    let ours = tree(session, update, &parent, &before.mode, &text).await?;
    let theirs = parsed(&session.ask(&["rev-parse", "--verify", &format!("{there}^{{tree}}")]).await?)?;
    Ok(ours == theirs)
}

/// Fetches the trunk's tip and its trees alone.
async fn fetch_tip(session: &Session, tip: &CommitId, trunk: &str) -> Result<(), GitError> {
    let format = if tip.as_str().len() == 64 { "--object-format=sha256" } else { "--object-format=sha1" };
    session.ask(&["init", "--quiet", "--bare", "--template=", format, "."]).await?;
    let specification = format!("+{trunk}:{trunk}");
    let arguments = [
        "fetch",
        "--quiet",
        "--no-tags",
        "--no-write-fetch-head",
        "--no-recurse-submodules",
        "--depth=1",
        "--filter=blob:none",
        "--",
        "origin",
        specification.as_str(),
    ];
    session.ask_remote(&arguments).await?;
    Ok(())
}

/// A commit's tree with this one file changed.
async fn tree(
    session: &Session,
    update: &Update<'_>,
    of: &CommitId,
    mode: &str,
    text: &str,
) -> Result<CommitId, GitError> {
    const CHANGED: &str = "changed_file";
    session.write(CHANGED, text)?;
    let blob = parsed(&session.ask(&["hash-object", "-w", "--no-filters", "--", CHANGED]).await?)?;
    session.ask(&["read-tree", of.as_str()]).await?;
    let entry = format!("{mode},{blob},{}", update.against.file);
    session.ask(&["update-index", "--cacheinfo", &entry]).await?;
    parsed(&session.ask(&["write-tree", "--missing-ok"]).await?)
}

/// The same of the trunk, as a commit of ours.
async fn commit(
    session: &Session,
    update: &Update<'_>,
    tip: &CommitId,
    mode: &str,
    text: &str,
) -> Result<CommitId, GitError> {
    let tree = tree(session, update, tip, mode, text).await?;
    let date = format!("{} +0000", update.at.timestamp());
    let by = [
        ("GIT_AUTHOR_NAME", update.name),
        ("GIT_AUTHOR_EMAIL", update.address),
        ("GIT_AUTHOR_DATE", date.as_str()),
        ("GIT_COMMITTER_NAME", update.name),
        ("GIT_COMMITTER_EMAIL", update.address),
        ("GIT_COMMITTER_DATE", date.as_str()),
    ];
    let arguments = ["commit-tree", "-p", tip.as_str(), "-m", update.message, tree.as_str()];
    let outcome = session.git_by(&arguments, &by).await?;
    if !outcome.success {
        return Err(GitError::Program { detail: "the update could not be made a commit".to_owned() });
    }
    parsed(&outcome.text())
}
