//! What a forge tells when something happens in a repository. It is a hint and proves nothing: what decides is a fresh
//! read of the repository (G2).
//!
//! Sources: the webhook documentation of GitLab 18, Gitea 1.25, Forgejo and GitHub.

mod covers;
mod gitlab;
mod hub;

pub use covers::{Covers, same_repository};

use super::pipeline::Run;
use serde::{Deserialize, Serialize};

/// Which program sends.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumIter, strum::EnumString, strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Forge {
    Gitlab,
    Gitea,
    Forgejo,
    Github,
}

impl Forge {
    pub fn label(self) -> &'static str {
        match self {
            Self::Gitlab => "GitLab",
            Self::Gitea => "Gitea",
            Self::Forgejo => "Forgejo",
            Self::Github => "GitHub",
        }
    }

    /// The headers that name an event, and its delivery: the same over all repetitions of one delivery.
    pub fn headers(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Gitlab => ("x-gitlab-event", &["webhook-id", "idempotency-key", "x-gitlab-event-uuid"]),
            Self::Gitea => ("x-gitea-event", &["x-gitea-delivery"]),
            Self::Forgejo => ("x-forgejo-event", &["x-forgejo-delivery", "x-gitea-delivery"]),
            Self::Github => ("x-github-event", &["x-github-delivery"]),
        }
    }
}

/// What was heard, as far as it matters here. It is kept until it has been looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// The addresses under which the repository can be read.
    pub repository: Vec<String>,
    pub what: Vec<Hint>,
    /// Whether the forge lets only some people move what this is about; `None` where it does not say.
    #[serde(default)]
    pub protected: Option<bool>,
}

/// What is to be looked at in the repository itself: a forge's word alone decides nothing (G2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hint {
    /// A tag was made, moved or removed.
    Tag(String),
    /// A branch moved: requests to merge do that too.
    Branch(String),
    /// Jobs have ended.
    Pipeline(Pipeline),
}

/// A run of jobs that has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pipeline {
    /// Of the repository itself, not of a fork of it (A20).
    pub own: bool,
    /// False where it is said to have run for a branch.
    pub of_tag: bool,
    /// Its number is 0 where none is told.
    pub run: Run,
    /// The tag or branch that it ran for.
    pub reference: String,
    pub commit: String,
    /// Name and outcome of each part, in order of their end; of the whole run where no parts are told.
    pub parts: Vec<(String, bool)>,
    /// Parts in which a job that counts has not ended yet.
    #[serde(default)]
    pub open: Vec<String>,
    pub link: String,
}

/// Why nothing was understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

/// Reads an event; `None` for one that does not matter here.
pub fn read(forge: Forge, event: &str, body: &[u8]) -> Result<Option<Heard>, Unreadable> {
    match forge {
        Forge::Gitlab => gitlab::read(body),
        Forge::Gitea | Forge::Forgejo | Forge::Github => hub::read(event, body),
    }
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Unreadable> {
    serde_json::from_slice(body).map_err(|e| Unreadable(format!("The body is not what this forge sends: {e}.")))
}

/// The name of a tag or branch behind its full reference.
fn moved(reference: &str) -> Option<Hint> {
    match (reference.strip_prefix("refs/tags/"), reference.strip_prefix("refs/heads/")) {
        (Some(tag), _) => Some(Hint::Tag(tag.to_owned())),
        (_, Some(branch)) => Some(Hint::Branch(branch.to_owned())),
        _ => None,
    }
}

fn addresses(all: [Option<String>; 3]) -> Vec<String> {
    all.into_iter().flatten().filter(|a| !a.is_empty()).collect()
}

/// Whether jobs have passed; `None` while they run, wait, or were left out.
fn ended(status: Option<&str>) -> Option<bool> {
    match status {
        Some("success") => Some(true),
        Some("failed" | "failure" | "canceled" | "cancelled" | "timed_out") => Some(false),
        _ => None,
    }
}

fn heard(repository: Vec<String>, what: Vec<Hint>, protected: Option<bool>) -> Option<Heard> {
    (!repository.is_empty() && !what.is_empty()).then_some(Heard { repository, what, protected })
}

#[cfg(test)]
mod tests;
