//! Deployments as deploy tools ask for them, begin them and report on them (G1, G9).

mod list;

use super::{
    body::{Params, Sent},
    devices::idempotency_key,
    once::ShowsSecret,
    problem::{Answer, Problem},
    token::Bearer,
};
use crate::{
    app::App,
    domain::{
        deployment::{DeploymentState, Environment, GateThen, Report, Reported},
        id::{DeploymentId, ServerName},
        tag::{CommitId, TagName},
    },
    kept::{Again, Moment},
    service::{
        Error, catalogue,
        deployments::{self, View, Wanted},
    },
};
use axum::{
    Extension, Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(list::list, request))
        .routes(routes!(check))
        .routes(routes!(show))
        .routes(routes!(permit))
        .routes(routes!(report))
}

/// What is to go where.
#[derive(Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
#[schema(as = DeploymentAsked)]
pub struct Asked {
    device: String,
    tag: String,
    server: String,
    /// Without it, the one of the server's class.
    #[schema(value_type = Option<Environment>)]
    #[param(value_type = Option<Environment>)]
    environment: Option<String>,
    /// The commit that is about to be deployed, in full: another one than the release's is refused.
    commit: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DeploymentAllowed)]
struct AllowedDto {
    #[serde(flatten)]
    deployment: DeploymentDto,
    /// The signed permit.
    permit: String,
    expires_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DeploymentRehearsed)]
struct RehearsedDto {
    allowed: bool,
    gates: Vec<GateThen>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Deployment)]
struct DeploymentDto {
    id: DeploymentId,
    state: DeploymentState,
    device: String,
    /// The device's, with this placement on record.
    revision: u64,
    tag: String,
    object: String,
    commit: String,
    tree: String,
    server: String,
    environment: Environment,
    asked_by: String,
    at: DateTime<Utc>,
    /// The permit's own id and until when it can be used; none where a person placed it by hand.
    permit_id: Option<String>,
    permit_until: Option<DateTime<Utc>>,
    /// As they were when it was allowed.
    gates: Vec<GateThen>,
    reports: Vec<ReportDto>,
    /// What can be reported now.
    #[schema(value_type = Vec<String>)]
    takes: &'static [&'static str],
    page: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DeploymentReported)]
struct ReportDto {
    at: DateTime<Utc>,
    by: String,
    #[serde(flatten)]
    report: Report,
}

fn dto(app: &App, view: View) -> DeploymentDto {
    let View { deployment: d, device, people, now, .. } = view;
    let reported = |r: &Reported| ReportDto {
        at: r.at,
        by: r.by.map_or("Custody", |p| people.name(p)).to_owned(),
        report: r.report.clone(),
    };
    DeploymentDto {
        state: d.state_at(now),
        takes: d.takes(now),
        reports: d.reports.iter().map(reported).collect(),
        asked_by: people.name(d.asked.by).to_owned(),
        page: format!("{}/deployments/{}", app.public_url.as_str().trim_end_matches('/'), d.id),
        id: d.id,
        device,
        revision: d.revision,
        tag: d.release.tag.as_str().to_owned(),
        object: d.release.object.as_str().to_owned(),
        commit: d.release.commit.as_str().to_owned(),
        tree: d.release.tree.as_str().to_owned(),
        server: d.server.0,
        environment: d.environment,
        at: d.asked.at,
        permit_id: d.permit.as_ref().map(|p| p.jti.clone()),
        permit_until: d.permit.as_ref().map(|p| p.until),
        gates: d.gates.iter().map(|g| g.read(&people)).collect(),
    }
}

/// What is asked for, once this token may ask for it.
async fn wanted(app: &App, bearer: &Bearer, asked: Asked) -> Answer<Wanted> {
    let server = ServerName(asked.server);
    let device = match bearer.is_for_a_device() {
        true => catalogue::find_id(app, &asked.device).await?,
        false => None,
    };
    bearer.must_deploy(device, &server)?;
    let tag = TagName::parse(&asked.tag, &app.policy.tag_rule()).map_err(|e| Problem::field("tag", e.to_string()))?;
    let environment = match &asked.environment {
        None => None,
        Some(word) => {
            Some(word.parse().map_err(|_| Problem::field("environment", "Choose development or production"))?)
        }
    };
    let commit = asked.commit.map(|c| CommitId::parse(&c)).transpose();
    let commit = commit.map_err(|e| Problem::field("commit", e.to_string()))?;
    Ok(Wanted { device: asked.device, tag, server, environment, commit })
}

/// Every gate of a deployment, as it is now
///
/// Nothing is changed. The repository is read; whoever asks the same again within the second is told the same.
#[utoipa::path(get, path = "/api/v1/deployments/check", tag = "Deployments", security(("bearer" = [])), params(Asked),
    responses((status = 200, description = "It would be allowed.", body = RehearsedDto),
        (status = 409, description = "It would be refused: with every gate, met or not.", body = super::problem::Details, content_type = "application/problem+json")))]
pub async fn check(State(app): State<App>, bearer: Bearer, Params(asked): Params<Asked>) -> Answer<Response> {
    let again = Extension(Again(Moment::now(&app)));
    let wanted = wanted(&app, &bearer, asked).await?;
    let gates = deployments::rehearse(&app, &bearer.caller(), &wanted).await?;
    let gates = gates.into_iter().map(GateThen::from).collect();
    Ok((again, [(header::VARY, "authorization")], Json(RehearsedDto { allowed: true, gates })).into_response())
}

/// Ask for a deployment, and get its permit
#[utoipa::path(post, path = "/api/v1/deployments", tag = "Deployments", security(("bearer" = [])), request_body = Asked,
    responses((status = 201, description = "Allowed, with the permit.", body = AllowedDto,
        headers(("Location" = String, description = "The deployment.")))))]
pub async fn request(
    State(app): State<App>,
    headers: HeaderMap,
    bearer: Bearer,
    Sent(asked): Sent<Asked>,
) -> Answer<Response> {
    let key = idempotency_key(&headers)?;
    let wanted = wanted(&app, &bearer, asked).await?;
    let allowed = deployments::request(&app, &bearer.caller(), &wanted, key).await?;
    let deployment = dto(&app, allowed.view);
    let place = format!("/api/v1/deployments/{}", deployment.id);
    let body = AllowedDto { expires_at: deployment.permit_until, deployment, permit: allowed.permit };
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], Extension(ShowsSecret), Json(body)).into_response())
}

/// The permit of a deployment that moved on by itself
///
/// For the tool that does it. It is the same text each time, and counts as long.
#[utoipa::path(post, path = "/api/v1/deployments/{deployment}/permit", tag = "Deployments", security(("bearer" = [])),
    responses((status = 200, description = "The deployment with its permit.", body = AllowedDto)))]
pub async fn permit(State(app): State<App>, Path(deployment): Path<String>, bearer: Bearer) -> Answer<Response> {
    let found = deployments::find(&app, id(&deployment)?).await?;
    bearer.must_deploy(Some(found.device), &found.server)?;
    let permit = deployments::permit(&app, &bearer.caller(), &found).await?;
    let view = deployments::view(&app, None, found.id).await?;
    let deployment = dto(&app, view);
    let body = AllowedDto { expires_at: deployment.permit_until, deployment, permit };
    Ok((Extension(ShowsSecret), Json(body)).into_response())
}

fn id(text: &str) -> Answer<DeploymentId> {
    text.parse().map_err(|_| Error::NotFound.into())
}

/// A deployment, with its gates and reports
#[utoipa::path(get, path = "/api/v1/deployments/{deployment}", tag = "Deployments",
    responses((status = 200, description = "The deployment.", body = DeploymentDto)))]
pub async fn show(State(app): State<App>, Path(deployment): Path<String>) -> Answer<Response> {
    let view = deployments::view(&app, None, id(&deployment)?).await?;
    Ok(Json(dto(&app, view)).into_response())
}

/// What came of a deployment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeploymentTold)]
pub struct Told {
    what: String,
    /// With `started`: the permit, which is used up by it.
    permit: Option<String>,
    /// With `tests_before` and `tests_after`.
    passed: Option<bool>,
    #[serde(default)]
    link: String,
    #[serde(default)]
    text: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DeploymentAfterReport)]
struct ReportedDto {
    #[serde(flatten)]
    deployment: DeploymentDto,
    /// With `started`: what had happened to the device since it was permitted.
    since_permitted: Vec<String>,
}

/// Report what came of a deployment
#[utoipa::path(post, path = "/api/v1/deployments/{deployment}/reports", tag = "Deployments", security(("bearer" = [])), request_body = Told,
    responses((status = 200, description = "The deployment after it.", body = ReportedDto)))]
pub async fn report(
    State(app): State<App>,
    Path(deployment): Path<String>,
    headers: HeaderMap,
    bearer: Bearer,
    Sent(told): Sent<Told>,
) -> Answer<Response> {
    let id = id(&deployment)?;
    let key = idempotency_key(&headers)?;
    let found = deployments::find(&app, id).await?;
    bearer.must_deploy(Some(found.device), &found.server)?;
    let Told { what, permit, passed, link, text } = told;
    let passed = || passed.ok_or_else(|| Problem::field("passed", "Say true or false"));
    let report = match what.as_str() {
        "started" => Report::Started,
        "tests_before" => Report::TestsBefore { passed: passed()?, link, text },
        "tests_after" => Report::TestsAfter { passed: passed()?, link, text },
        "succeeded" => Report::Succeeded { link, text },
        "failed" => Report::Failed { link, text },
        "rolled_back" => Report::RolledBack { link, text },
        _ => {
            let say = "Choose started, tests_before, tests_after, succeeded, failed or rolled_back";
            return Err(Problem::field("what", say));
        }
    };
    let since_permitted = match (&report, permit) {
        (Report::Started, Some(permit)) => {
            deployments::redeem_once(&app, &bearer.caller(), id, &permit, key).await?.since
        }
        (_, Some(_)) => return Err(Problem::field("permit", "Send the permit with started, and with nothing else")),
        (_, None) => {
            deployments::report_once(&app, &bearer.caller(), id, report, key).await?;
            Vec::new()
        }
    };
    let view = deployments::view(&app, None, id).await?;
    Ok(Json(ReportedDto { deployment: dto(&app, view), since_permitted }).into_response())
}
