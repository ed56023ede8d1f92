//! An update pushed as a branch of its own (G6): one line of one file, on top of the trunk. Nothing that is in the
//! repository is changed, and no branch that is there.

use super::GitError;
use super::facts::Listing;
use super::file;
use super::run::Session;
use super::verify::parsed;
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
    /// Whether it is pushed; otherwise the change is made and shown.
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
    let references: Vec<&str> = match there {
        Some(_) => vec![trunk.as_str(), branch.as_str()],
        None => vec![trunk.as_str()],
    };
    fetch_tips(session, tip, &references).await?;
    let entry = file::read(session, tip, &update.against.file).await?;
    let Change { text, diff, .. } = match change(update.against, &entry.at, update.to) {
        Ok(Some(change)) => change,
        Ok(None) => return Ok(Updated::NotNeeded),
        Err(why) => return Ok(Updated::Cannot(why)),
    };
    if !update.pushes {
        return Ok(Updated::Shown { diff });
    }
    if let Some(there) = there {
        // Pushed before, and not put on record; or somebody's own.
        let theirs = file::read(session, there, &update.against.file).await?;
        let has_it = matches!(theirs.at, FileAt::Content(_))
            && matches!(change(update.against, &theirs.at, update.to), Ok(None));
        return Ok(if has_it { Updated::Pushed { commit: there.clone(), diff } } else { Updated::Taken { diff } });
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
    // A reference that was looked at and not taken; without one the repository was not reached.
    if outcome.text().lines().any(|line| line.starts_with("!\t")) {
        return Ok(Updated::Refused { why: outcome.refusal, diff });
    }
    Err(outcome.unreachable())
}

/// Fetches these tips and their trees alone.
async fn fetch_tips(session: &Session, tip: &CommitId, references: &[&str]) -> Result<(), GitError> {
    let format = if tip.as_str().len() == 64 { "--object-format=sha256" } else { "--object-format=sha1" };
    session.ask(&["init", "--quiet", "--bare", "--template=", format, "."]).await?;
    let specifications: Vec<String> = references.iter().map(|name| format!("+{name}:{name}")).collect();
    let mut arguments = vec![
        "fetch",
        "--quiet",
        "--no-tags",
        "--no-write-fetch-head",
        "--no-recurse-submodules",
        "--depth=1",
        "--filter=blob:none",
        "--",
        "origin",
    ];
    arguments.extend(specifications.iter().map(String::as_str));
    session.ask_remote(&arguments).await?;
    Ok(())
}

/// The trunk's tree with this one file changed, as a commit of ours.
async fn commit(
    session: &Session,
    update: &Update<'_>,
    tip: &CommitId,
    mode: &str,
    text: &str,
) -> Result<CommitId, GitError> {
    const CHANGED: &str = "changed_file";
    session.write(CHANGED, text)?;
    let blob = parsed(&session.ask(&["hash-object", "-w", "--no-filters", "--", CHANGED]).await?)?;
    session.ask(&["read-tree", tip.as_str()]).await?;
    let entry = format!("{mode},{blob},{}", update.against.file);
    session.ask(&["update-index", "--cacheinfo", &entry]).await?;
    let tree = parsed(&session.ask(&["write-tree", "--missing-ok"]).await?)?;
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
