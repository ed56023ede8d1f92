//! What GitLab sends.

use super::{Heard, Hint, Pipeline, Unreadable, addresses, ended, heard, moved, parse};
use crate::domain::pipeline::Run;
use serde::Deserialize;

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

pub(super) fn read(body: &[u8]) -> Result<Option<Heard>, Unreadable> {
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
