//! What a forge tells when something happens in a repository. It is a hint and proves nothing: what decides is a fresh
//! read of the repository (G2).
//!
//! Sources: the webhook documentation of GitLab 18, Gitea 1.25, Forgejo and GitHub.

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
        Forge::Gitlab => gitlab(body),
        Forge::Gitea | Forge::Forgejo | Forge::Github => hub(event, body),
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

#[derive(Deserialize)]
struct GitlabBody {
    object_kind: Option<String>,
    r#ref: Option<String>,
    /// Of pushes.
    ref_protected: Option<bool>,
    project: Option<GitlabProject>,
    object_attributes: Option<GitlabAttributes>,
    #[serde(default)]
    builds: Vec<GitlabBuild>,
}

#[derive(Deserialize)]
struct GitlabProject {
    id: Option<u64>,
    web_url: Option<String>,
    git_ssh_url: Option<String>,
    git_http_url: Option<String>,
}

#[derive(Deserialize)]
struct GitlabAttributes {
    id: Option<u64>,
    r#ref: Option<String>,
    tag: Option<bool>,
    sha: Option<String>,
    status: Option<String>,
    url: Option<String>,
    /// Of pipelines, in newer ones.
    protected_ref: Option<bool>,
    target_branch: Option<String>,
    /// The project that a run of a merge request's fork belongs to.
    source_project_id: Option<u64>,
}

#[derive(Deserialize)]
struct GitlabBuild {
    id: Option<u64>,
    stage: Option<String>,
    status: Option<String>,
    #[serde(default)]
    allow_failure: bool,
}

fn gitlab(body: &[u8]) -> Result<Option<Heard>, Unreadable> {
    let sent: GitlabBody = parse(body)?;
    let Some(project) = sent.project else {
        return Ok(None);
    };
    let attributes = sent.object_attributes;
    let protected = sent.ref_protected.or(attributes.as_ref().and_then(|a| a.protected_ref));
    // The button "Test" beside "Tag push events" sends a push of a branch.
    let what = match (sent.object_kind.as_deref(), attributes) {
        (Some("push" | "tag_push"), _) => sent.r#ref.as_deref().and_then(moved).into_iter().collect(),
        (Some("merge_request"), Some(a)) => a.target_branch.map(Hint::Branch).into_iter().collect(),
        (Some("pipeline"), Some(a)) => {
            let whole = ended(a.status.as_deref());
            // One that waits for somebody to start a job has ended as far as that, and tells no more until then.
            let waits = a.status.as_deref() == Some("manual");
            if whole.is_none() && !waits {
                return Ok(None);
            }
            // A job that is run again in the same pipeline has a larger number.
            let attempt = sent.builds.iter().filter_map(|b| b.id).max().unwrap_or(1).max(1);
            let (mut parts, mut open): (Vec<(String, bool)>, Vec<String>) = Default::default();
            for build in sent.builds {
                let Some(stage) = build.stage else { continue };
                let Some(passed) = ended(build.status.as_deref()) else {
                    if waits && !build.allow_failure && build.status.as_deref() != Some("skipped") {
                        open.push(stage);
                    }
                    continue;
                };
                // A part has passed when each of its jobs has that must.
                let passed = passed || build.allow_failure;
                match parts.iter_mut().find(|(name, _)| *name == stage) {
                    Some((_, all)) => *all &= passed,
                    None => parts.push((stage, passed)),
                }
            }
            // Where a job of it failed, it has failed whatever the others come to.
            parts.retain(|(name, passed)| !passed || !open.contains(name));
            match whole {
                Some(whole) if parts.is_empty() => parts.push(("pipeline".to_owned(), whole)),
                None if parts.is_empty() => return Ok(None),
                Some(_) | None => {}
            }
            vec![Hint::Pipeline(Pipeline {
                own: a.source_project_id.is_none_or(|id| Some(id) == project.id),
                of_tag: a.tag == Some(true),
                run: Run { number: a.id.unwrap_or_default(), attempt },
                reference: a.r#ref.unwrap_or_default(),
                commit: a.sha.unwrap_or_default(),
                parts,
                open,
                link: a.url.unwrap_or_default(),
            })]
        }
        _ => return Ok(None),
    };
    Ok(heard(addresses([project.git_http_url, project.git_ssh_url, project.web_url]), what, protected))
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

#[derive(Deserialize)]
struct HubBody {
    r#ref: Option<String>,
    ref_type: Option<String>,
    repository: Option<HubRepository>,
    release: Option<HubRelease>,
    workflow_run: Option<HubRun>,
    pull_request: Option<HubPull>,
}

#[derive(Deserialize)]
struct HubRepository {
    id: Option<u64>,
    html_url: Option<String>,
    clone_url: Option<String>,
    ssh_url: Option<String>,
}

#[derive(Deserialize)]
struct HubRelease {
    tag_name: Option<String>,
}

#[derive(Deserialize)]
struct HubPull {
    base: Option<HubBase>,
}

#[derive(Deserialize)]
struct HubBase {
    r#ref: Option<String>,
}

#[derive(Deserialize)]
struct HubRun {
    id: Option<u64>,
    run_attempt: Option<u64>,
    name: Option<String>,
    head_branch: Option<String>,
    head_sha: Option<String>,
    conclusion: Option<String>,
    html_url: Option<String>,
    head_repository: Option<HubRepository>,
}

/// GitHub, and what took over its shape.
fn hub(event: &str, body: &[u8]) -> Result<Option<Heard>, Unreadable> {
    let sent: HubBody = parse(body)?;
    let Some(repository) = sent.repository else {
        return Ok(None);
    };
    let what: Vec<Hint> = match event {
        "push" => sent.r#ref.as_deref().and_then(moved).into_iter().collect(),
        "create" | "delete" => match (sent.ref_type.as_deref(), sent.r#ref) {
            (Some("tag"), Some(name)) => vec![Hint::Tag(name)],
            (Some("branch"), Some(name)) => vec![Hint::Branch(name)],
            _ => Vec::new(),
        },
        "release" => sent.release.and_then(|r| r.tag_name).map(Hint::Tag).into_iter().collect(),
        "pull_request" => {
            let base = sent.pull_request.and_then(|p| p.base).and_then(|b| b.r#ref);
            base.map(Hint::Branch).into_iter().collect()
        }
        "workflow_run" => match sent.workflow_run {
            Some(run) => {
                let Some(passed) = ended(run.conclusion.as_deref()) else {
                    return Ok(None);
                };
                let from = run.head_repository.and_then(|r| r.id);
                vec![Hint::Pipeline(Pipeline {
                    own: from.is_none() || from == repository.id,
                    of_tag: true,
                    run: Run { number: run.id.unwrap_or_default(), attempt: run.run_attempt.unwrap_or(1) },
                    reference: run.head_branch.unwrap_or_default(),
                    commit: run.head_sha.unwrap_or_default(),
                    parts: vec![(run.name.unwrap_or_default(), passed)],
                    open: Vec::new(),
                    link: run.html_url.unwrap_or_default(),
                })]
            }
            None => Vec::new(),
        },
        _ => return Ok(None),
    };
    Ok(heard(addresses([repository.clone_url, repository.ssh_url, repository.html_url]), what, None))
}

/// What two addresses of one repository have in common: host and path, without protocol, account and `.git`.
pub fn same_repository(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.split_once('@').map_or(rest, |(_, rest)| rest);
    let (host, path) = match rest.split_once('/') {
        // `git@host:group/name` of scp.
        Some((host, path)) => match host.split_once(':') {
            Some((name, first)) if !first.bytes().all(|b| b.is_ascii_digit()) => (name, format!("{first}/{path}")),
            Some((name, _)) => (name, path.to_owned()),
            None => (host, path.to_owned()),
        },
        None => (rest, String::new()),
    };
    let path = path.trim_matches('/');
    format!("{}/{}", host.to_ascii_lowercase(), path.strip_suffix(".git").unwrap_or(path))
}

/// The repositories that a forge's secret may speak for: those of a host, or of a group there. Whoever configures a
/// webhook in one project knows its secret, and speaks for no other one (A24).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covers(String);

impl Covers {
    /// Takes `git.example.org`, `git.example.org/sqs`, or the address of a repository.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const SAY: &str =
            "Name the host whose repositories it tells of, or the host and a group, like git.example.org/sqs";
        let text = text.trim();
        if text.is_empty() || text.len() > 200 || text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '*')
        {
            return Err(SAY);
        }
        Ok(Self(same_repository(text).trim_end_matches('/').to_owned()))
    }

    /// As it was kept.
    pub fn kept(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a repository is among them, as [`same_repository`] has it.
    pub fn includes(&self, repository: &str) -> bool {
        repository.strip_prefix(&self.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl std::fmt::Display for Covers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "/" } else { &self.0 })
    }
}

#[cfg(test)]
mod tests;
