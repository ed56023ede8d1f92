//! What may be asked of a rollout now, and asking it: by the same services as the pages (E3).

use super::{acts, reads, stale};
use crate::{
    api::{
        body::Sent,
        devices::{commands::SaidDto, idempotency_key},
        problem::{Answer, Problem},
        revision::{Read, tagged},
        schema::rollouts::{is_given, takes},
        token::Bearer,
    },
    app::App,
    domain::{
        lifecycle::Gate,
        rollout::{Command, CommandKind, StateName, Who, from, who},
    },
    service::{
        Error,
        rollouts::{self, Ask, View, decides_by_page},
    },
};
use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use serde::Serialize;
use strum::IntoEnumIterator;
use utoipa::ToSchema;

/// What may be asked of a rollout now.
#[derive(Serialize, ToSchema)]
#[schema(as = RolloutCommands)]
struct CommandsDto {
    number: String,
    revision: u64,
    state: StateName,
    commands: Vec<PossibleDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PossibleRolloutCommand)]
struct PossibleDto {
    command: CommandKind,
    /// The entries of its body.
    #[schema(value_type = Vec<String>)]
    takes: Vec<&'static str>,
    /// `ctrl`, or `both_sides`: CTRL and the instrument's scientists, each in their turn.
    whose: &'static str,
    /// Whether `If-Match` has to name the revision that it was decided by; for the others `*` is enough.
    by_revision: bool,
    /// Whether none of its gates is open now; a start alone has some.
    open: bool,
    gates: Vec<Gate>,
}

/// What whoever asks may ask for in this state, but for what depends on the target.
fn possible(view: &View) -> Vec<PossibleDto> {
    let has_legacy = view.rollout.targets.iter().any(|t| t.legacy.is_some());
    let is_theirs = |kind: CommandKind| match who(kind) {
        Who::Ctrl => view.is_ctrl,
        Who::BothSides => has_legacy,
        Who::Custody => false,
    };
    let state = view.rollout.state.name();
    CommandKind::iter()
        .filter(|kind| is_given(*kind) && from(*kind).contains(&state) && is_theirs(*kind))
        .map(|command| {
            let gates = if command == CommandKind::Start { view.gates.clone() } else { Vec::new() };
            PossibleDto {
                command,
                takes: takes(command),
                whose: if who(command) == Who::BothSides { "both_sides" } else { "ctrl" },
                by_revision: decides_by_page(command),
                open: !gates.iter().any(Gate::is_open),
                gates,
            }
        })
        .collect()
}

/// What may be asked of a rollout now, with the gates
///
/// The commands that whoever made the token may give in this state; what depends on how a target stands is said when it is
/// asked. A plan is changed at the rollout's own address.
#[utoipa::path(get, path = "/api/v1/rollouts/{rollout}/commands", tag = "Rollouts", security(("bearer" = [])),
    responses((status = 200, description = "Every one of them.", body = CommandsDto,
        headers(("ETag" = String, description = "The rollout's revision.")))))]
pub async fn list(State(app): State<App>, Path(rollout): Path<String>, bearer: Bearer) -> Answer<Response> {
    let view = rollouts::load(&app, Some(&reads(&bearer)?), &rollout).await?;
    let commands = possible(&view);
    let r = view.rollout;
    let body = CommandsDto { state: r.state.name(), revision: r.revision, number: r.number, commands };
    Ok(tagged(body.revision, Json(body)))
}

/// What was done.
#[derive(Serialize, ToSchema)]
#[schema(as = RolloutDone)]
struct DoneDto {
    number: String,
    revision: u64,
    state: StateName,
    /// What happened by it, and what followed by itself; nothing where it was a repetition.
    events: Vec<SaidDto>,
}

/// Ask something of a rollout
///
/// Decided by the same rules as on the pages. `If-Match` says which revision of the rollout it was decided by; `*` is enough
/// where nothing is decided by what was read, and to pause or to stop it needs none. Steps are named by their places, from 0.
#[utoipa::path(post, path = "/api/v1/rollouts/{rollout}/commands", tag = "Rollouts", security(("bearer" = [])),
    params(("If-Match" = Option<String>, Header, description = "The rollout's ETag as it was read, or *.",
        pattern = "^(\\*|\"[0-9]{1,18}\")$")),
    request_body = Command,
    responses((status = 200, description = "It is done.", body = DoneDto,
        headers(("ETag" = String, description = "The rollout's revision after it.")))))]
pub async fn give(
    State(app): State<App>,
    Path(rollout): Path<String>,
    headers: HeaderMap,
    bearer: Bearer,
    Sent(command): Sent<Command>,
) -> Answer<Response> {
    let caller = acts(&bearer)?;
    let kind = command.kind();
    if !is_given(kind) {
        return Err(Problem::field("command", "It is no command that people give for a rollout"));
    }
    let key = idempotency_key(&headers)?;
    let seen = match Read::of(&headers)? {
        Read::Revision(revision) => Some(revision),
        Read::Whatever if !decides_by_page(kind) => None,
        // Urgent, and never out of date.
        Read::Unsaid if matches!(kind, CommandKind::Pause | CommandKind::Stop) => None,
        Read::Whatever | Read::Unsaid => return Err(Problem::revision_needed()),
    };
    let ask = Ask { command, seen, exactly: seen.is_some(), key };
    match (rollouts::act(&app, &caller, &rollout, ask).await, seen) {
        (Ok(done), _) => {
            let said = rollouts::say(&app, &done).await?;
            let r = done.rollout;
            let events = said.into_iter().map(SaidDto::from).collect();
            let body = DoneDto { state: r.state.name(), revision: r.revision, number: r.number, events };
            Ok(tagged(body.revision, Json(body)))
        }
        (Err(Error::Stale(_)), Some(seen)) => Err(stale(&app, &rollout, seen).await?),
        (Err(other), _) => Err(other.into()),
    }
}
