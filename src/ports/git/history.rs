//! Who wrote what: read from the commits, as they say it themselves.

use super::GitError;
use super::run::Session;
use crate::domain::tag::CommitId;
use std::collections::BTreeMap;

/// Somebody named in a commit. Git lets anybody write any name: good to keep a reviewer out, no proof of who it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    pub name: String,
    /// In lower case.
    pub email: String,
}

/// The authors and co-authors of a stretch of history, each address once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorship {
    pub authors: Vec<Author>,
    /// Whether every commit since the base was looked at. It is false where there are more than the limit, or where
    /// the base is not part of this history.
    pub complete: bool,
}

/// Reads the authors of the commits up to `commit`: those since `base`, or the last ones where there is none.
pub(super) async fn authorship(
    session: &Session,
    commit: &CommitId,
    base: Option<&CommitId>,
) -> Result<Authorship, GitError> {
    let base = match base {
        Some(base) => Some((base, is_ancestor(session, base, commit.as_str()).await?)),
        None => None,
    };
    let range = match base {
        Some((base, true)) => format!("{base}..{commit}"),
        Some((_, false)) | None => commit.to_string(),
    };
    let most = session.limits.commits;
    // One more than is kept tells whether there were more. Not %aN: a mailmap must not rename authors.
    let count = format!("--max-count={}", most + 1);
    let format = "--format=%an%x00%ae%x00%(trailers:key=Co-authored-by,valueonly=true,unfold=true)";
    let output = session.ask(&["log", "-z", &count, format, &range, "--"]).await?;
    let fields: Vec<&str> = output.split('\0').collect();
    let commits: Vec<&[&str]> = fields.chunks_exact(3).collect();

    let mut authors = BTreeMap::new();
    for commit in commits.iter().take(most) {
        let co_authors = commit[2].lines().filter_map(|line| line.trim().strip_suffix('>')?.rsplit_once('<'));
        for (name, email) in co_authors.chain([(commit[0], commit[1])]) {
            let email = email.trim().to_lowercase();
            authors.entry(email.clone()).or_insert(Author { name: name.trim().to_owned(), email });
        }
    }
    let complete = commits.len() <= most && !matches!(base, Some((_, false)));
    Ok(Authorship { authors: authors.into_values().collect(), complete })
}

/// Whether `commit` is `of` or came before it. A commit that was not fetched is not part of the trunk's history.
pub(super) async fn is_ancestor(session: &Session, commit: &CommitId, of: &str) -> Result<bool, GitError> {
    if kind(session, commit.as_str()).await?.as_deref() != Some("commit") {
        return Ok(false);
    }
    let outcome = session.git(&["merge-base", "--is-ancestor", commit.as_str(), of]).await?;
    match outcome.code {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => Err(GitError::Program { detail: "the order of two commits could not be told".to_owned() }),
    }
}

/// What kind of object this is; none where it is not here.
pub(super) async fn kind(session: &Session, object: &str) -> Result<Option<String>, GitError> {
    let outcome = session.git(&["cat-file", "-t", object]).await?;
    Ok(outcome.success.then(|| outcome.text().trim().to_owned()))
}
