//! Verifying a tag or a commit in a partial copy of the repository: the commits and trees, no file's content.

use super::GitError;
use super::commit::{CommitFacts, read_commit};
use super::facts::{Listing, Sighting, branch_of};
use super::history::{self, Author, Authorship};
use super::run::Session;
use crate::domain::tag::{CommitId, TagName, check_plain, found};
use chrono::{DateTime, Utc};

/// What a fresh read of the repository said about a tag (G2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedTag {
    pub tag: TagName,
    /// The object that the reference names: the tag object, or the commit for a light tag.
    pub object: CommitId,
    pub annotated: bool,
    /// The tag peeled, through tags of tags as well.
    pub commit: CommitId,
    pub tree: CommitId,
    /// Who made an annotated tag, as it says itself.
    pub tagger: Option<Tagger>,
    /// Whether the tag carries a signature. It is not checked: the facility's keys are not known here.
    pub signed: bool,
    pub authorship: Authorship,
    pub committed_at: DateTime<Utc>,
}

/// Who made a tag, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagger {
    pub who: Author,
    pub at: DateTime<Utc>,
}

/// A trunk is named as plainly as a tag.
pub(super) fn check_trunk(trunk: &str) -> Result<(), GitError> {
    check_plain(trunk).map_err(|_| GitError::NoSuchTrunk { trunk: trunk.escape_debug().take(60).collect() })
}

pub(super) async fn verify_tag(
    session: &Session,
    tag: &TagName,
    trunk: &str,
    base: Option<&CommitId>,
) -> Result<VerifiedTag, GitError> {
    let (reference, branch, trunk_reference) = (tag.reference(), branch_of(tag), format!("refs/heads/{trunk}"));
    let listing = Listing::of(session, &[&reference, &format!("{reference}^{{}}"), &branch, &trunk_reference]).await?;
    let name = tag.to_string();
    let Some(Sighting { object, is_branch, .. }) = listing.sighting(tag) else {
        return Err(GitError::NoSuchTag { tag: name });
    };
    found::no_branch(tag, is_branch)?;
    if listing.get(&trunk_reference).is_none() {
        return Err(GitError::NoSuchTrunk { trunk: trunk.to_owned() });
    }
    fetch(session, &object, &[&reference, &trunk_reference]).await?;
    if parsed(&session.ask(&["rev-parse", "--verify", &reference]).await?)? != object {
        return Err(GitError::Moved { tag: name });
    }

    let annotated = history::kind(session, object.as_str()).await?.as_deref() == Some("tag");
    let peeled = session.git(&["rev-parse", "--verify", "--quiet", &format!("{object}^{{commit}}")]).await?;
    let other = match peeled.success {
        true => None,
        false => Some(history::kind(session, &format!("{object}^{{}}")).await?),
    };
    found::a_commit(tag, other.as_ref().map(|kind| kind.as_deref().unwrap_or("thing that is not there")))?;
    let commit = parsed(&peeled.text())?;
    found::on_trunk(tag, trunk, history::is_ancestor(session, &commit, &trunk_reference).await?)?;
    let (tagger, signed) = if annotated { tagger(session, &reference).await? } else { (None, false) };
    let CommitFacts { commit, tree, authorship, committed_at, .. } = read_commit(session, commit, base).await?;
    Ok(VerifiedTag { tag: tag.clone(), object, annotated, commit, tree, tagger, signed, authorship, committed_at })
}

/// Fetches these references and what they lead to, without the content of files.
pub(super) async fn fetch(session: &Session, object: &CommitId, references: &[&str]) -> Result<(), GitError> {
    let format = if object.as_str().len() == 64 { "--object-format=sha256" } else { "--object-format=sha1" };
    session.ask(&["init", "--quiet", "--bare", "--template=", format, "."]).await?;
    let specifications: Vec<String> = references.iter().map(|name| format!("+{name}:{name}")).collect();
    let mut arguments = vec![
        "fetch",
        "--quiet",
        "--no-tags",
        "--no-write-fetch-head",
        "--no-recurse-submodules",
        "--filter=blob:none",
        "--",
        "origin",
    ];
    arguments.extend(specifications.iter().map(String::as_str));
    session.ask_remote(&arguments).await?;
    Ok(())
}

/// Who made the tag, and whether a signature is attached.
async fn tagger(session: &Session, reference: &str) -> Result<(Option<Tagger>, bool), GitError> {
    let format = "--format=%(taggername)%00%(taggeremail:trim)%00%(taggerdate:unix)%00%(contents:signature)";
    let output = session.ask(&["for-each-ref", format, "--", reference]).await?;
    let mut fields = output.splitn(4, '\0');
    let mut field = || fields.next().unwrap_or_default();
    let (name, email, at, signature) = (field(), field(), field(), field());
    // Very old tags have no tagger.
    let tagger = if at.is_empty() {
        None
    } else {
        Some(Tagger { who: Author { name: name.to_owned(), email: email.to_lowercase() }, at: moment(at)? })
    };
    Ok((tagger, !signature.trim().is_empty()))
}

pub(super) fn parsed(object: &str) -> Result<CommitId, GitError> {
    CommitId::parse(object.trim())
        .map_err(|_| GitError::Program { detail: "it printed an object's name that cannot be read".to_owned() })
}

pub(super) fn moment(seconds: &str) -> Result<DateTime<Utc>, GitError> {
    let read = seconds.trim().parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    read.ok_or_else(|| GitError::Program { detail: "it printed a time that cannot be read".to_owned() })
}
