//! What GitHub sends, and Gitea and Forgejo, which took over its shape.

use super::{Heard, Hint, Pipeline, Unreadable, addresses, ended, heard, moved, parse};
use crate::domain::pipeline::Run;
use serde::Deserialize;

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

pub(super) fn read(event: &str, body: &[u8]) -> Result<Option<Heard>, Unreadable> {
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
