//! What a repository says of itself without anything being fetched.

use super::GitError;
use super::run::Session;
use crate::domain::tag::{CommitId, TagName};

/// What a tag names at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The object that the reference names: a tag object, or for a light tag the commit itself.
    pub object: CommitId,
    /// The same with all tag objects peeled off.
    pub peeled: CommitId,
    /// Whether a branch has the tag's name too, so that a checkout could take either (A19).
    pub is_branch: bool,
}

/// References as `git ls-remote` lists them: object and full name.
pub(super) struct Listing(Vec<(CommitId, String)>);

impl Listing {
    /// Lists branches and tags that end in one of these names.
    pub async fn of(session: &Session, names: &[&str]) -> Result<Listing, GitError> {
        let arguments = [&["ls-remote", "--quiet", "--heads", "--tags", "--", "origin"], names].concat();
        Listing::read(&session.ask_remote(&arguments).await?, session.limits.references)
    }

    fn read(output: &str, most: usize) -> Result<Listing, GitError> {
        let mut references = Vec::new();
        for line in output.lines() {
            let odd = || GitError::Unreachable { detail: "its list of references cannot be read".to_owned() };
            let (object, name) = line.split_once('\t').ok_or_else(odd)?;
            references.push((CommitId::parse(object).map_err(|_| odd())?, name.to_owned()));
            if references.len() > most {
                return Err(GitError::TooMuchOutput);
            }
        }
        Ok(Listing(references))
    }

    /// The object under exactly this name; a pattern of ls-remote matches more.
    pub fn get(&self, name: &str) -> Option<&CommitId> {
        self.0.iter().find(|(_, listed)| listed == name).map(|(object, _)| object)
    }

    pub fn sighting(&self, tag: &TagName) -> Option<Sighting> {
        let object = self.get(&tag.reference())?.clone();
        let peeled = self.get(&format!("{}^{{}}", tag.reference())).unwrap_or(&object).clone();
        Some(Sighting { object, peeled, is_branch: self.get(&branch_of(tag)).is_some() })
    }
}

/// The branch that would have the name of this tag.
pub(super) fn branch_of(tag: &TagName) -> String {
    format!("refs/heads/{tag}")
}

pub(super) async fn reach(session: &Session, trunk: &str) -> Result<CommitId, GitError> {
    let reference = format!("refs/heads/{trunk}");
    let listing = Listing::of(session, &[&reference]).await?;
    listing.get(&reference).cloned().ok_or_else(|| GitError::NoSuchTrunk { trunk: trunk.to_owned() })
}

pub(super) async fn list_tags(session: &Session) -> Result<Vec<(String, CommitId)>, GitError> {
    let output = session.ask_remote(&["ls-remote", "--quiet", "--tags", "--refs", "--", "origin"]).await?;
    let all = Listing::read(&output, session.limits.references)?.0.into_iter();
    Ok(all.filter_map(|(object, name)| Some((name.strip_prefix("refs/tags/")?.to_owned(), object))).collect())
}

pub(super) async fn look_at_tag(session: &Session, tag: &TagName) -> Result<Option<Sighting>, GitError> {
    let reference = tag.reference();
    let listing = Listing::of(session, &[&reference, &format!("{reference}^{{}}"), &branch_of(tag)]).await?;
    Ok(listing.sighting(tag))
}
