//! Releases as programs read them, and the stages that jobs report (G3).

use super::{
    body::{Params, Sent},
    devices::idempotency_key,
    frameworks::BuiltDto,
    paging::{Order, Part, page},
    problem::{Answer, Problem},
    token::Bearer,
};
use crate::{
    app::App,
    domain::{
        device::Device,
        id::PersonId,
        person::People,
        release::{Protection, Release},
        stage::{NO_WAY, Report, Stage, Standing, Told, Way},
        tag::{CommitId, TagName},
    },
    service::{Error, facts::today, people, protection, readings, stages},
};
use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use strum::IntoEnumIterator;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(show)).routes(routes!(report))
}

/// A release with its way.
#[derive(Serialize, ToSchema)]
#[schema(as = Release)]
pub struct ReleaseDto {
    tag: String,
    object: String,
    commit: String,
    tree: String,
    tagger: Option<String>,
    tagged_at: Option<DateTime<Utc>>,
    /// Whether the tag carries a signature; it is not checked.
    signed: bool,
    /// Whether the device is CTRL's and nobody of CTRL made the tag, by the addresses on record.
    tagged_by_stranger: bool,
    /// Whether the forge says that the tag is protected; `None` where it has said nothing. It decides nothing.
    protected: Option<bool>,
    /// When it said so.
    protected_told_at: Option<DateTime<Utc>>,
    verified: DateTime<Utc>,
    /// Whether the tag still is what was verified.
    stands: bool,
    stages: Vec<StageDto>,
    /// What it lacks before it goes into production.
    lacks: Vec<Stage>,
    /// Since when it has waited for a person's check.
    waits_since: Option<DateTime<Utc>>,
    /// What it is built against; none where nothing was asked, or it was not read yet (G6).
    framework: Option<BuiltDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ReleaseStage)]
struct StageDto {
    stage: Stage,
    /// `open`, `passed`, `failed` or `overtaken`: the last report counts.
    standing: &'static str,
    /// Every report of this stage, oldest first.
    reports: Vec<ReportDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = StageReport)]
struct ReportDto {
    passed: bool,
    /// Who reported it; none where a job or Custody itself did.
    by: Option<String>,
    job: Option<String>,
    link: String,
    text: String,
    at: DateTime<Utc>,
}

/// Who reported it, where that was a person and no job with a token of theirs.
fn person(r: &Report) -> Option<PersonId> {
    r.by.filter(|_| r.job.is_none())
}

/// What is known of a device's tags besides the releases themselves.
struct Besides {
    strangers: BTreeSet<TagName>,
    protections: BTreeMap<String, Protection>,
    /// Whoever reported a stage.
    people: People,
}

impl Besides {
    async fn of(app: &App, device: &Device, ways: &BTreeMap<TagName, Way>) -> Result<Self, Error> {
        let reporters: BTreeSet<PersonId> = ways.values().flat_map(|w| &w.reports).filter_map(person).collect();
        Ok(Self {
            strangers: stages::tagged_by_strangers(app, device).await?,
            protections: protection::list(app, device).await?,
            people: people::load(app, &reporters).await?,
        })
    }
}

impl ReleaseDto {
    fn new(app: &App, device: &Device, r: &Release, way: &Way, besides: &Besides) -> Self {
        let said = besides.protections.get(r.tag().as_str());
        let report = |r: &Report| ReportDto {
            passed: r.passed,
            by: person(r).map(|p| besides.people.name(p).to_owned()),
            job: r.job.clone(),
            link: r.link.clone(),
            text: r.text.clone(),
            at: r.at,
        };
        let stage = |stage: Stage| StageDto {
            stage,
            standing: match way.standing(stage) {
                Standing::Open => "open",
                Standing::Passed(_) => "passed",
                Standing::Failed(_) => "failed",
                Standing::Overtaken(_) => "overtaken",
            },
            reports: way.reports.iter().filter(|r| r.stage == stage).map(report).collect(),
        };
        let reviewed = device.was_reviewed(r.tag());
        Self {
            tag: r.tag().to_string(),
            object: r.verified.object.to_string(),
            commit: r.commit().to_string(),
            tree: r.verified.tree.to_string(),
            tagger: readings::tagger(app, &r.verified),
            tagged_at: r.verified.tagged_at,
            signed: r.verified.signed,
            tagged_by_stranger: besides.strangers.contains(r.tag()),
            protected: said.map(|p| p.is),
            protected_told_at: said.map(|p| p.at),
            verified: r.at,
            stands: r.stands(),
            stages: Stage::iter().map(stage).collect(),
            lacks: if reviewed { Vec::new() } else { way.lacks(&app.policy.releases.production_needs) },
            waits_since: way.waits_for_check(),
            framework: BuiltDto::of(r, &app.policy, today(app, app.clock.now())),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Releases)]
pub struct ListDto {
    releases: Vec<ReleaseDto>,
    /// What `after` is for the next page; none after the last.
    next: Option<String>,
}

/// The releases of a device, with their stages, as they were verified, the newest first
#[utoipa::path(get, path = "/api/v1/devices/{name}/releases", tag = "Releases", params(Part),
    responses((status = 200, description = "The releases.", body = ListDto)))]
pub async fn list(
    State(app): State<App>,
    Path(name): Path<String>,
    Params(part): Params<Part>,
) -> Answer<Json<ListDto>> {
    let (device, ways) = stages::list(&app, &name).await?;
    let besides = Besides::of(&app, &device, &ways).await?;
    let place = |r: &&Release| format!("{}~{}", r.at.to_rfc3339_opts(SecondsFormat::Micros, true), r.tag());
    let (all, next) = page(device.releases.iter().collect(), Order::Down, place, part.limit, part.after.as_deref())?;
    let one = |r: &Release| ReleaseDto::new(&app, &device, r, ways.get(r.tag()).unwrap_or(&NO_WAY), &besides);
    Ok(Json(ListDto { releases: all.into_iter().map(one).collect(), next }))
}

/// A release, with its stages
#[utoipa::path(get, path = "/api/v1/devices/{name}/releases/{tag}", tag = "Releases",
    responses((status = 200, description = "The release.", body = ReleaseDto)))]
pub async fn show(State(app): State<App>, Path((name, tag)): Path<(String, String)>) -> Answer<Json<ReleaseDto>> {
    found(&app, &name, &tag).await
}

async fn found(app: &App, name: &str, tag: &str) -> Answer<Json<ReleaseDto>> {
    let (device, ways) = stages::list(app, name).await?;
    let release = device.releases.iter().find(|r| r.tag().as_str() == tag).ok_or(Error::NotFound)?;
    let besides = Besides::of(app, &device, &ways).await?;
    Ok(Json(ReleaseDto::new(app, &device, release, ways.get(release.tag()).unwrap_or(&NO_WAY), &besides)))
}

/// What a job says of a stage.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StageStated)]
pub struct Stated {
    #[schema(value_type = Stage)]
    stage: String,
    #[schema(pattern = "^([0-9a-f]{40}|[0-9a-f]{64})$")]
    commit: String,
    passed: bool,
    #[serde(default)]
    link: String,
    #[serde(default)]
    text: String,
}

/// Report a stage of a release (G3)
///
/// A job with a token for evidence of the device; a person with an admin token, whose check it is then (G4). A tag that is
/// not on record yet is verified first.
#[utoipa::path(post, path = "/api/v1/devices/{name}/releases/{tag}/stages", tag = "Releases", security(("bearer" = [])), request_body = Stated,
    responses((status = 200, description = "The release after it.", body = ReleaseDto)))]
pub async fn report(
    State(app): State<App>,
    Path((name, tag)): Path<(String, String)>,
    headers: HeaderMap,
    bearer: Bearer,
    Sent(sent): Sent<Stated>,
) -> Answer<Json<ReleaseDto>> {
    let (device, _) = stages::list(&app, &name).await?;
    bearer.must_be_for(device.id)?;
    let all: Vec<&'static str> = Stage::iter().map(Into::into).collect();
    let stage = sent
        .stage
        .parse()
        .map_err(|_| Problem::field("stage", format!("Send one of the stages: {}", all.join(", "))))?;
    let commit = CommitId::parse(&sent.commit)
        .map_err(|_| Problem::field("commit", "Send the whole commit, 40 or 64 hexadecimal digits"))?;
    let tag = TagName::parse(&tag, &app.policy.tag_rule()).map_err(|p| Problem::field("tag", p.to_string()))?;
    let told = Told { stage, passed: sent.passed, job: bearer.job(), commit, link: sent.link, text: sent.text };
    let key = idempotency_key(&headers)?;
    stages::report_once(&app, &bearer.caller(), &name, &tag, told, key).await?;
    found(&app, &name, tag.as_str()).await
}
