//! What can go wrong when a repository is read.

use crate::domain::{repository::RepositoryProblem, tag::found::NoRelease};
use thiserror::Error;

/// Why a repository could not be read, or why what it holds is refused. Messages hold no secret and no local path.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum GitError {
    #[error(transparent)]
    NotAllowed(#[from] RepositoryProblem),
    #[error(
        "The name {host} leads to an address inside the network, which the policy does not allow: have an administrator check the name, or allow private addresses in the policy."
    )]
    LeadsInward { host: String },
    #[error(
        "The repository does not answer ({detail}): check the address, and that Custody's key may read it, then try again."
    )]
    Unreachable { detail: String },
    #[error(
        "The repository did not answer within {seconds} seconds: try again later, or ask whoever runs the git server."
    )]
    TimedOut { seconds: f64 },
    #[error(
        "The repository sends more than Custody takes from one: remove references that are not needed, or raise the limit."
    )]
    TooMuchOutput,
    #[error(
        "{trunk} is not a branch of the repository: push it, or correct the trunk's name in the device's form, for example main."
    )]
    NoSuchTrunk { trunk: String },
    #[error("There is no tag {tag} in the repository: push it with git push origin {tag}, then try again.")]
    NoSuchTag { tag: String },
    #[error(transparent)]
    NoRelease(#[from] NoRelease),
    #[error("The tag {tag} moved while it was read: find out who moves it, and tag under a new name.")]
    Moved { tag: String },
    #[error(
        "No commit in the repository is named {commit}: push it, or enter the name that git rev-parse HEAD prints."
    )]
    NoSuchCommit { commit: String },
    #[error("More than one commit begins with {commit}: enter the full name that git rev-parse HEAD prints.")]
    AmbiguousCommit { commit: String },
    #[error("A commit is named by 7 to 64 hexadecimal digits: enter what git rev-parse HEAD prints.")]
    NotACommitName,
    #[error(
        "The git program did not do its work ({detail}): have an administrator check that git 2.37 or later is installed and that there is space for temporary files."
    )]
    Program { detail: String },
}

impl GitError {
    /// The stable code that programs tell errors apart by.
    pub fn code(&self) -> &'static str {
        match self {
            GitError::NotAllowed(problem) => problem.code(),
            GitError::LeadsInward { .. } => "git_leads_inward",
            GitError::Unreachable { .. } => "git_unreachable",
            GitError::TimedOut { .. } => "git_timed_out",
            GitError::TooMuchOutput => "git_too_much_output",
            GitError::NoSuchTrunk { .. } => "git_no_such_trunk",
            GitError::NoSuchTag { .. } => "git_no_such_tag",
            GitError::NoRelease(why) => why.code(),
            GitError::Moved { .. } => "git_tag_moved",
            GitError::NoSuchCommit { .. } => "git_no_such_commit",
            GitError::AmbiguousCommit { .. } => "git_ambiguous_commit",
            GitError::NotACommitName => "git_not_a_commit_name",
            GitError::Program { .. } => "git_program",
        }
    }

    /// Whether trying again later may help: the fault is the network's, not the repository's.
    pub fn is_transient(&self) -> bool {
        matches!(self, GitError::Unreachable { .. } | GitError::TimedOut { .. } | GitError::Program { .. })
    }
}
