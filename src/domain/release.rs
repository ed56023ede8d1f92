//! Releases: tags of the device's own repository that Custody verified (G2). A release on record never changes;
//! what happens to its tag afterwards is kept beside it.

use super::{
    framework::BuiltWith,
    person::{AuthorKey, Person},
    tag::{CommitId, TagName},
    version::Classified,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a fresh read of the repository said about a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedTag {
    pub tag: TagName,
    /// The object that the reference names: the tag object, or the commit for a light tag.
    pub object: CommitId,
    /// The tag peeled.
    pub commit: CommitId,
    pub tree: CommitId,
    pub annotated: bool,
    /// Who made an annotated tag, as it says itself; no longer written down (A37).
    pub tagger: Option<String>,
    /// Whoever made an annotated tag, by the address that it says: as [`super::person::AuthorKey`] writes it.
    #[serde(default)]
    pub tagger_email: Option<String>,
    /// When it was made, as the tag says.
    #[serde(default)]
    pub tagged_at: Option<DateTime<Utc>>,
    /// Whether the tag carries a signature. It is not checked: the facility's keys are not known here.
    #[serde(default)]
    pub signed: bool,
    /// Everybody who wrote what is new in it, as [`super::person::AuthorKey`] writes them: none of them finds it deployable (A1).
    #[serde(default)]
    pub authors: BTreeSet<String>,
}

/// A release on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    #[serde(flatten)]
    pub verified: VerifiedTag,
    pub at: DateTime<Utc>,
    pub tag_now: TagNow,
    /// The framework's version that its file says at its commit; `None` until it was read (G6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framework: Option<BuiltWith>,
}

impl Release {
    pub fn tag(&self) -> &TagName {
        &self.verified.tag
    }
    pub fn commit(&self) -> &CommitId {
        &self.verified.commit
    }
    /// Whether nobody of these addresses made the tag (G2); a tag without a tagger was made by nobody known.
    pub fn is_tagged_by_none_of<'a>(&self, people: impl IntoIterator<Item = &'a Person>, key: &AuthorKey) -> bool {
        let by = self.verified.tagger_email.as_ref();
        !people.into_iter().any(|p| by.is_some_and(|author| p.is_author(author, key)))
    }
    /// Whether a printed version is a clean build of it.
    pub fn is_built(&self, version: &Classified) -> bool {
        version.is_build_of(self.tag().as_str(), self.commit().as_str())
    }
    /// Whether the tag still is what was verified.
    pub fn stands(&self) -> bool {
        self.tag_now == TagNow::Stands
    }
}

/// What has become of the tag since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "tag_now", rename_all = "snake_case")]
pub enum TagNow {
    Stands,
    /// It names another object: an alarm, and nothing is deployed by it again (A3).
    Moved {
        to: CommitId,
        at: DateTime<Utc>,
    },
    Vanished {
        at: DateTime<Utc>,
    },
}

/// What the forge says of a tag's protection: whether only some people may move or delete it. It is a hint and decides
/// nothing: what decides is that the tag is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protection {
    pub is: bool,
    /// When it said so.
    pub at: DateTime<Utc>,
}

impl Protection {
    pub fn words(self) -> &'static str {
        if self.is { "the forge says this tag is protected" } else { "the forge says this tag is not protected" }
    }
}

/// A commit proposed for review, as the repository knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitFacts {
    pub commit: CommitId,
    pub subject: String,
    /// Addresses of everybody who wrote what is reviewed, lower case: none of them approves it (T4).
    pub authors: BTreeSet<String>,
}
