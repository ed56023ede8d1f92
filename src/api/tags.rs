//! Tags that are being pushed, judged before they are taken (G2, A14 to A16, A19). It reads and changes nothing.

use super::{
    body::Sent,
    problem::{Answer, InWords, Problem},
    token::Bearer,
};
use crate::{
    app::App,
    domain::tag::{
        CommitId,
        pushed::{Condition, Kind, Pushed},
    },
    service::tag_checks,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(check))
}

/// More branches than this tell nothing more.
const BRANCHES_MOST: usize = 10_000;

/// What a repository's hook tells of one tag.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TagPushed)]
pub struct Asked {
    /// The repository's address, by any of its protocols.
    repository: String,
    /// The tag, without `refs/tags/`.
    tag: String,
    /// What it names until now and is to name: full names of objects, zeros where there is none, as git has them.
    old: String,
    new: String,
    /// What `new` is: `tag`, `commit`, `tree` or `blob`.
    kind: Option<String>,
    /// Whether it leads to a commit.
    #[serde(default)]
    is_commit: bool,
    /// The branches that hold the commit once the push is taken.
    #[serde(default)]
    branches: Vec<String>,
    /// Whether a branch has the same name.
    #[serde(default)]
    is_branch: bool,
    /// Whoever pushes: the name of their account or their address.
    #[serde(default)]
    pusher: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TagAllowed)]
struct AllowedDto {
    allowed: bool,
    /// Those of every device in the repository; none where nothing of it is on record.
    conditions: Vec<Condition>,
}

fn object(field: &str, text: &str) -> Answer<Option<CommitId>> {
    if matches!(text.len(), 40 | 64) && text.bytes().all(|b| b == b'0') {
        return Ok(None);
    }
    CommitId::parse(text)
        .map(Some)
        .map_err(|_| Problem::field(field, "Send the whole name of the object, 40 or 64 hexadecimal digits"))
}

impl Asked {
    fn pushed(self) -> Answer<Pushed> {
        let new = object("new", &self.new)?;
        let kind = match self.kind.as_deref() {
            None if new.is_none() => Kind::Commit,
            Some(kind) if kind.parse::<Kind>().is_ok() => kind.parse().unwrap_or(Kind::Commit),
            _ => return Err(Problem::field("kind", "Send tag, commit, tree or blob, as git cat-file -t prints it")),
        };
        if self.branches.len() > BRANCHES_MOST {
            return Err(Problem::field("branches", format!("Send at most {BRANCHES_MOST} branches")));
        }
        Ok(Pushed {
            name: self.tag,
            old: object("old", &self.old)?,
            new,
            kind,
            is_commit: self.is_commit,
            branches: self.branches.into_iter().collect(),
            is_branch: self.is_branch,
        })
    }
}

/// Judge a tag before it is pushed (G2)
///
/// It reads and changes nothing. With the header Accept: text/plain the answer is in words.
#[utoipa::path(post, path = "/api/v1/tags/check", tag = "Releases", security(("bearer" = [])), request_body = Asked,
    responses((status = 200, description = "It would be taken.", content((AllowedDto = "application/json"), (String = "text/plain"))),
        (status = 409, description = "It would be no release.", content((super::problem::Details = "application/problem+json"), (String = "text/plain")))))]
pub async fn check(
    State(app): State<App>,
    headers: HeaderMap,
    bearer: Bearer,
    Sent(asked): Sent<Asked>,
) -> Answer<Response> {
    let devices = tag_checks::devices_in(&app, &asked.repository);
    bearer.must_be_for_one_of(&devices)?;
    let pusher = asked.pusher.clone();
    let pushed = asked.pushed()?;
    let conditions = tag_checks::check(&app, &devices, &pushed, &pusher).await?;
    let allowed = conditions.iter().all(|c| c.met);
    let in_words = headers.get(header::ACCEPT).is_some_and(|a| a.as_bytes().starts_with(b"text/plain"));
    if in_words {
        let status = if allowed { StatusCode::OK } else { StatusCode::CONFLICT };
        return Ok(InWords(status, words(&pushed.name, allowed, &conditions)).into_response());
    }
    if allowed {
        return Ok(Json(AllowedDto { allowed, conditions }).into_response());
    }
    Err(Problem::tag_refused(conditions))
}

/// The same for a person who reads it in a terminal: plain lines, nothing that a terminal acts on.
fn words(tag: &str, allowed: bool, conditions: &[Condition]) -> String {
    let verdict = if allowed { "ALLOWED" } else { "REFUSED" };
    let mut text = format!("{verdict}  tag {}\n", tag.escape_debug());
    for c in conditions {
        let met = if c.met { "met " } else { "OPEN" };
        let _ = writeln!(text, "  {met}  {:<7}  {}: {}\n                 {}", c.id, c.device, c.title, c.why);
    }
    if conditions.is_empty() {
        text.push_str("  No device on record has its code here.\n");
    }
    text
}
