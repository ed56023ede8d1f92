//! What a repository has under a tag's name, and whether that can be a release (G2, A19): asked when a tag is verified, and
//! of one that is only on its way into the repository.

use super::TagName;
use thiserror::Error;

/// Why it is no release, and what to do instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoRelease {
    #[error("{tag} is the name of a branch too, so a deployment could take either: delete the branch, then try again.")]
    TagIsBranch { tag: String },
    #[error("The tag {tag} leads to a {kind} and not to a commit: tag the commit itself, under a new name.")]
    NotACommit { tag: String, kind: String },
    #[error("{what} is not on the trunk {trunk}: merge it first, then try again.")]
    NotOnTrunk { what: String, trunk: String },
    #[error("{tag} is a light tag, which does not say who made it: make it with git tag -a.")]
    Light { tag: String },
}

impl NoRelease {
    /// The stable code that programs tell problems apart by.
    pub fn code(&self) -> &'static str {
        match self {
            NoRelease::TagIsBranch { .. } => "git_tag_is_branch",
            NoRelease::NotACommit { .. } => "git_not_a_commit",
            NoRelease::NotOnTrunk { .. } => "git_not_on_trunk",
            NoRelease::Light { .. } => "git_light_tag",
        }
    }
}

/// No branch has its name.
pub fn no_branch(tag: &TagName, is_branch: bool) -> Result<(), NoRelease> {
    if is_branch { Err(NoRelease::TagIsBranch { tag: tag.to_string() }) } else { Ok(()) }
}

/// Peeled, it is a commit; `kind` is what git calls it where it is something else.
pub fn a_commit(tag: &TagName, kind: Option<&str>) -> Result<(), NoRelease> {
    match kind {
        None => Ok(()),
        Some(kind) => Err(NoRelease::NotACommit { tag: tag.to_string(), kind: kind.to_owned() }),
    }
}

/// That commit is part of the trunk.
pub fn on_trunk(tag: &TagName, trunk: &str, is_on_it: bool) -> Result<(), NoRelease> {
    if is_on_it {
        return Ok(());
    }
    Err(NoRelease::NotOnTrunk { what: format!("The tag {tag}"), trunk: trunk.to_owned() })
}

/// It is annotated, where the facility asks for that.
pub fn annotated(tag: &TagName, is_annotated: bool, has_to_be: bool) -> Result<(), NoRelease> {
    if is_annotated || !has_to_be { Ok(()) } else { Err(NoRelease::Light { tag: tag.to_string() }) }
}
