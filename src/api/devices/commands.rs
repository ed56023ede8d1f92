//! What may be done with a device now, and doing it: the one table of the rules, by the same services as the pages (E3).

use super::idempotency_key;
use crate::{
    api::{
        body::Sent,
        problem::{Answer, Problem},
        revision::{Read, tagged},
        schema,
        token::Bearer,
    },
    app::App,
    domain::{
        id::PersonId,
        lifecycle::{Command, CommandKind, Gate, StateName, command::Application, table::Leads},
        tag::TagName,
    },
    service::{
        Error,
        act::{Ask, Done, act, decides_by_page},
        catalogue,
        commands::{self, Possible, Said, is_for_people},
        requests,
    },
};
use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What whoever made the token may do with a device now.
#[derive(Serialize, ToSchema)]
#[schema(as = Commands)]
struct CommandsDto {
    device: String,
    revision: u64,
    state: StateName,
    commands: Vec<PossibleDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PossibleCommand)]
struct PossibleDto {
    command: CommandKind,
    /// The entries of its body.
    #[schema(value_type = Vec<String>)]
    takes: Vec<&'static str>,
    /// The state that it leads to; none where that stays.
    leads_to: Option<StateName>,
    /// Whether none of its gates is open now.
    open: bool,
    /// Its gates, met or not, but those that its own entries answer.
    gates: Vec<Gate>,
}

impl From<Possible> for PossibleDto {
    fn from(p: Possible) -> Self {
        Self {
            command: p.command,
            takes: schema::commands::takes(p.command),
            leads_to: match p.leads {
                Leads::To(state) => Some(state),
                Leads::Overlay | Leads::Nowhere => None,
            },
            open: !p.gates.iter().any(Gate::is_open),
            gates: p.gates,
        }
    }
}

/// What may be done with a device now, with the gates
///
/// The commands that whoever made the token may give in this state, each with its gates, met or not.
#[utoipa::path(get, path = "/api/v1/devices/{name}/commands", tag = "Devices", security(("bearer" = [])),
    responses((status = 200, description = "Every one of them.", body = CommandsDto,
        headers(("ETag" = String, description = "The device's revision.")))))]
pub async fn list(State(app): State<App>, Path(name): Path<String>, bearer: Bearer) -> Answer<Response> {
    let found = commands::list(&app, &bearer.reads()?, &name).await?;
    let device = found.device;
    let body = CommandsDto {
        device: device.name().to_owned(),
        revision: device.revision,
        state: device.state.name(),
        commands: found.possible.into_iter().map(PossibleDto::from).collect(),
    };
    Ok(tagged(device.revision, Json(body)))
}

/// What was done.
#[derive(Serialize, ToSchema)]
#[schema(as = Done)]
struct DoneDto {
    device: String,
    revision: u64,
    state: StateName,
    /// What happened by it; nothing where it was a repetition.
    events: Vec<SaidDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = EventSaid)]
pub struct SaidDto {
    at: DateTime<Utc>,
    /// Nobody where Custody did it.
    by: Option<PersonId>,
    /// The name of what happened.
    what: String,
    /// The whole sentence.
    said: String,
}

impl From<Said> for SaidDto {
    fn from(s: Said) -> Self {
        Self { at: s.at, by: s.by, what: s.kind, said: s.text }
    }
}

async fn done(app: &App, done: Done) -> Answer<(u64, Json<DoneDto>)> {
    let said = commands::tell_all(app, Some(&done.device), &done.events).await?;
    let device = done.device;
    let body = DoneDto {
        device: device.name().to_owned(),
        revision: device.revision,
        state: device.state.name(),
        events: said.into_iter().map(SaidDto::from).collect(),
    };
    Ok((device.revision, Json(body)))
}

/// Give a command
///
/// Decided by the same rules as on the pages. `If-Match` says which revision of the device it was decided by; `*` is enough
/// where nothing is decided by what was read, and a shut-down needs none. What its entries name stands in the device's
/// request, discussion, cycle and review.
#[utoipa::path(post, path = "/api/v1/devices/{name}/commands", tag = "Devices", security(("bearer" = [])),
    params(("If-Match" = Option<String>, Header, description = "The device's ETag as it was read, or *.",
        pattern = "^(\\*|\"[0-9]{1,18}\")$")),
    request_body = Command,
    responses((status = 200, description = "It is done.", body = DoneDto,
        headers(("ETag" = String, description = "The device's revision after it.")))))]
pub async fn give(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    bearer: Bearer,
    Sent(command): Sent<Command>,
) -> Answer<Response> {
    let caller = bearer.acts()?;
    let kind = command.kind();
    if !is_for_people(kind) {
        return Err(Problem::field("command", "It is no command that people give for a device on record"));
    }
    let key = idempotency_key(&headers)?;
    let seen = match Read::of(&headers)? {
        Read::Revision(revision) => Some(revision),
        Read::Whatever if !decides_by_page(kind) => None,
        // Urgent, and never out of date (N5).
        Read::Unsaid if kind == CommandKind::ShutDown => None,
        Read::Whatever | Read::Unsaid => return Err(Problem::revision_needed()),
    };
    check(&app, &name, &command).await?;
    let ask = Ask { key, seen, exactly: seen.is_some(), ..Ask::from(command) };
    match act(&app, &caller, &name, ask).await {
        Ok(what) => {
            let (revision, body) = done(&app, what).await?;
            Ok(tagged(revision, body))
        }
        Err(Error::Stale(events)) => {
            let device = catalogue::show(&app, &name).await?.device;
            Err(Problem::changed(commands::tell_all(&app, Some(&device), &events).await?))
        }
        Err(other) => Err(other.into()),
    }
}

/// What the pages' forms check before the rules do.
async fn check(app: &App, name: &str, command: &Command) -> Answer<()> {
    match command {
        Command::VerifyTag { tag } | Command::AskOverride { tag, .. } => {
            TagName::parse(tag.as_str(), &app.policy.tag_rule())
                .map(|_| ())
                .map_err(|e| Problem::field("tag", e.to_string()))
        }
        Command::Amend { request } => {
            let device = catalogue::find_id(app, name).await?.ok_or(Error::NotFound)?;
            Ok(requests::check(app, Some(device), request).await?)
        }
        _ => Ok(()),
    }
}

/// A request with the sender's word.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewDevice)]
pub struct NewDevice {
    application: Application,
    /// The version of the rules of conduct that the sender accepts; the one in force stands in the policy.
    conduct: u32,
    /// Whether the sender agrees to what reduced support means: help is best effort, it runs only on the server that CTRL
    /// gives, and CTRL may shut it down if it harms unrelated services.
    agrees: bool,
}

/// Ask to contribute a device
///
/// A request as a whole: what stands in the sections of its pages, complete. It is with CTRL then.
#[utoipa::path(post, path = "/api/v1/devices", tag = "Devices", security(("bearer" = [])), request_body = NewDevice,
    responses((status = 201, description = "It is requested.", body = DoneDto,
        headers(("Location" = String, description = "The device."), ("ETag" = String, description = "Its revision.")))))]
pub async fn request(
    State(app): State<App>,
    headers: HeaderMap,
    bearer: Bearer,
    Sent(new): Sent<NewDevice>,
) -> Answer<Response> {
    let caller = bearer.acts()?;
    let version = app.policy.conduct.version;
    if new.conduct != version {
        let say = format!("Read the rules of conduct and accept version {version}, which is in force");
        return Err(Problem::field("conduct", say));
    }
    if !new.agrees {
        return Err(Problem::field("agrees", "Send true: without it nothing can be requested"));
    }
    let what = requests::send(&app, &caller, new.application, idempotency_key(&headers)?).await?;
    let place = format!("/api/v1/devices/{}", what.device.name());
    let (revision, body) = done(&app, what).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], tagged(revision, body)).into_response())
}
