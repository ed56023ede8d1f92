//! The framework's versions, and which of them devices are built against (G6).

use super::{
    body::Sent,
    devices::idempotency_key,
    problem::{Answer, Problem},
    revision::{Read, tagged},
    token::Bearer,
};
use crate::{
    app::App,
    domain::{
        device::Device,
        framework::{BuiltWith, Standing},
        lifecycle::Command,
        policy::{Policy, UnknownVersion},
        release::Release,
    },
    service::{
        Error,
        act::{Ask, act},
        commands,
        facts::today,
        frameworks::{self, PlacedWith, Update},
    },
};
use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(show, set, forget))
}

#[derive(Serialize, ToSchema)]
#[schema(as = Frameworks)]
pub struct ListDto {
    frameworks: Vec<FrameworkDto>,
    /// Whether a version that is not on record keeps a release out of production.
    refuses_unknown: bool,
    /// Whether Custody pushes updates itself; otherwise it shows them.
    pushes_updates: bool,
    /// Every place of a release whose version was read, at most 1,000.
    placed: Vec<PlaceDto>,
    /// Updates that somebody has to do something about, the newest first, at most 1,000.
    updates: Vec<UpdateLineDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Framework)]
struct FrameworkDto {
    name: String,
    /// The version that is proposed where one is outdated.
    proposed: Option<String>,
    versions: Vec<VersionDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FrameworkVersion)]
struct VersionDto {
    /// With `.*` at its end it stands for all that begin so.
    version: String,
    /// `current`, `deprecated` or `rejected`, today at the facility.
    standing: &'static str,
    /// The first day on which it is deprecated.
    deprecated: Option<NaiveDate>,
    /// The first day on which it does not go into production.
    rejected: Option<NaiveDate>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FrameworkPlace)]
struct PlaceDto {
    device: String,
    server: String,
    release: String,
    framework: String,
    /// None where its file says none.
    version: Option<String>,
    /// `current`, `deprecated`, `rejected` or `unknown`.
    standing: &'static str,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FrameworkUpdateLine)]
struct UpdateLineDto {
    device: String,
    framework: String,
    /// What it was built against.
    from: String,
    to: String,
    since: DateTime<Utc>,
    /// `waiting`, `proposed`, `by_hand` or `not_needed`.
    state: String,
    branch: Option<String>,
}

fn standing(policy: &Policy, p: &PlacedWith, today: NaiveDate) -> Standing {
    let version = p.version.as_deref();
    version.map_or(Standing::Unknown, |version| policy.frameworks.standing(&p.framework, version, today))
}

/// The framework's versions, and what is placed in which of them
#[utoipa::path(get, path = "/api/v1/frameworks", tag = "Releases",
    responses((status = 200, description = "As it is today.", body = ListDto)))]
pub async fn list(State(app): State<App>) -> Answer<Json<ListDto>> {
    let picture = frameworks::picture(&app).await?;
    let (of, today) = (&app.policy.frameworks, picture.today);
    let frameworks = of.known.iter().map(|f| FrameworkDto {
        name: f.name.clone(),
        proposed: f.proposed(today).map(str::to_owned),
        versions: f
            .versions
            .iter()
            .map(|v| VersionDto {
                version: v.version.clone(),
                standing: v.standing(today).code(),
                deprecated: v.deprecated,
                rejected: v.rejected,
            })
            .collect(),
    });
    let placed = picture.placed.into_iter().map(|p| PlaceDto {
        standing: standing(&app.policy, &p, today).code(),
        device: p.device,
        server: p.server.0,
        release: p.tag,
        framework: p.framework,
        version: p.version,
    });
    let updates = picture.updates.into_iter().map(|(device, u)| UpdateLineDto {
        device,
        framework: u.framework,
        from: u.was,
        to: u.version,
        since: u.at,
        state: u.state.to_string(),
        branch: u.branch,
    });
    Ok(Json(ListDto {
        frameworks: frameworks.collect(),
        refuses_unknown: of.unknown == UnknownVersion::Refuse,
        pushes_updates: of.propose,
        placed: placed.collect(),
        updates: updates.collect(),
    }))
}

/// What a release is built against.
#[derive(Serialize, ToSchema)]
#[schema(as = ReleaseFramework)]
pub struct BuiltDto {
    framework: String,
    version: Option<String>,
    /// Why no version was found.
    why_not: Option<String>,
    /// `current`, `deprecated`, `rejected` or `unknown`, today at the facility.
    standing: &'static str,
    /// The same in words, with the days.
    said: String,
}

impl BuiltDto {
    /// `None` where nothing was asked, or it was not read yet.
    pub fn of(release: &Release, policy: &Policy, today: NaiveDate) -> Option<Self> {
        let built = release.framework.as_ref()?;
        let version = built.version();
        let standing =
            version.map_or(Standing::Unknown, |version| policy.frameworks.standing(built.framework(), version, today));
        Some(Self {
            framework: built.framework().to_owned(),
            version: version.map(str::to_owned),
            why_not: match built {
                BuiltWith::Read { .. } => None,
                BuiltWith::NotFound { why, .. } => Some(why.clone()),
            },
            standing: standing.code(),
            said: standing.words(),
        })
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = DeviceFramework)]
pub struct DeviceFrameworkDto {
    device: String,
    /// Where the version stands; none where nothing is asked.
    reads: Option<ReadsDto>,
    /// The newest first.
    releases: Vec<ReleaseLineDto>,
    /// The newest first.
    updates: Vec<UpdateDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FrameworkRead)]
struct ReadsDto {
    framework: String,
    file: String,
    pattern: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FrameworkOfRelease)]
struct ReleaseLineDto {
    tag: String,
    /// None until it was read.
    built: Option<BuiltDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = FrameworkUpdate)]
struct UpdateDto {
    framework: String,
    /// What it was built against.
    from: String,
    to: String,
    since: DateTime<Utc>,
    /// `waiting`, `proposed`, `by_hand`, `not_needed`, `done` or `dropped`.
    state: String,
    /// How often it could not be made.
    tries: u32,
    /// When it is tried again, where it waits.
    tried_again: Option<DateTime<Utc>>,
    /// Why it could not be made so far.
    why: Option<String>,
    branch: Option<String>,
    commit: Option<String>,
    /// The change, where it was made.
    diff: Option<String>,
}

impl UpdateDto {
    fn new(u: Update) -> Self {
        Self {
            framework: u.framework,
            from: u.was,
            to: u.version,
            since: u.at,
            state: u.state.to_string(),
            tries: u.tries,
            tried_again: u.due,
            why: u.why,
            branch: u.branch,
            commit: u.commit.map(|c| c.as_str().to_owned()),
            diff: u.diff,
        }
    }
}

fn shape(app: &App, device: Device, updates: Vec<Update>) -> Response {
    let today = today(app, app.clock.now());
    let releases = device
        .releases
        .iter()
        .rev()
        .map(|r| ReleaseLineDto { tag: r.tag().to_string(), built: BuiltDto::of(r, &app.policy, today) });
    let body = DeviceFrameworkDto {
        releases: releases.collect(),
        device: device.name().to_owned(),
        reads: device.built.against.map(|a| ReadsDto { framework: a.framework, file: a.file, pattern: a.pattern }),
        updates: updates.into_iter().map(UpdateDto::new).collect(),
    };
    tagged(device.revision, Json(body))
}

/// What a device is built against, and the updates of it
///
/// With any token: changes show lines of the repository.
#[utoipa::path(get, path = "/api/v1/devices/{name}/framework", tag = "Releases", security(("bearer" = [])),
    responses((status = 200, description = "As it is now.", body = DeviceFrameworkDto)))]
pub async fn show(State(app): State<App>, Path(name): Path<String>, _: Bearer) -> Answer<Response> {
    let (device, updates) = frameworks::look(&app, &name).await?;
    Ok(shape(&app, device, updates))
}

/// Where a device's repository names the version of its framework.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FrameworkReadWanted)]
pub struct Wanted {
    framework: String,
    /// A path from the repository's root.
    file: String,
    /// A regular expression with one group for the version; the first match counts.
    pattern: String,
}

/// Say what a device is built against
///
/// Its contributors say it, and CTRL; once CTRL owns it, CTRL alone. Releases on record are read anew.
#[utoipa::path(put, path = "/api/v1/devices/{name}/framework", tag = "Releases", security(("bearer" = [])), request_body = Wanted,
    responses((status = 200, description = "As it is now.", body = DeviceFrameworkDto)))]
pub async fn set(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    bearer: Bearer,
    Sent(Wanted { framework, file, pattern }): Sent<Wanted>,
) -> Answer<Response> {
    does(app, name, &headers, &bearer, Command::BuildAgainst { framework, file, pattern }).await
}

/// Ask nothing of a device's framework any more
#[utoipa::path(delete, path = "/api/v1/devices/{name}/framework", tag = "Releases", security(("bearer" = [])),
    responses((status = 200, description = "As it is now.", body = DeviceFrameworkDto)))]
pub async fn forget(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    bearer: Bearer,
) -> Answer<Response> {
    does(app, name, &headers, &bearer, Command::ForgetFramework {}).await
}

async fn does(app: App, name: String, headers: &HeaderMap, bearer: &Bearer, command: Command) -> Answer<Response> {
    bearer.must_be_bound_to_nothing()?;
    let seen = match Read::of(headers)? {
        Read::Revision(revision) => Some(revision),
        Read::Whatever | Read::Unsaid => None,
    };
    let ask = Ask { key: idempotency_key(headers)?, seen, exactly: seen.is_some(), ..Ask::from(command) };
    match act(&app, &bearer.caller(), &name, ask).await {
        Ok(_) => {
            let (device, updates) = frameworks::look(&app, &name).await?;
            Ok(shape(&app, device, updates))
        }
        Err(Error::Stale(events)) => {
            let device = frameworks::look(&app, &name).await?.0;
            Err(Problem::changed(commands::tell_all(&app, Some(&device), &events).await?))
        }
        Err(other) => Err(other.into()),
    }
}
