//! Releases: tags of the device's own repository that Custody verified (G2). A release on record never changes;
//! what happens to its tag afterwards is kept beside it.

use super::tag::{CommitId, TagName};
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
    /// Who made an annotated tag, as it says itself.
    pub tagger: Option<String>,
}

/// A release on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    #[serde(flatten)]
    pub verified: VerifiedTag,
    pub at: DateTime<Utc>,
    pub tag_now: TagNow,
}

impl Release {
    pub fn tag(&self) -> &TagName {
        &self.verified.tag
    }
    pub fn commit(&self) -> &CommitId {
        &self.verified.commit
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

/// A commit proposed for review, as the repository knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitFacts {
    pub commit: CommitId,
    pub subject: String,
    /// Addresses of everybody who wrote what is reviewed, lower case: none of them approves it (T4).
    pub authors: BTreeSet<String>,
}
