//! Dependents and their re-tests (G8): who depends on a device, what a new release asked of whom, and what came of it.

use super::{
    body::{Params, Sent},
    devices::idempotency_key,
    paging::{Order, Part, page},
    problem::{Answer, Problem},
    token::Bearer,
};
use crate::{
    app::App,
    domain::{
        id::RetestId,
        lifecycle::StateName,
        person::People,
        retest::{Retest, Standing, Told, Tried},
        tag::{CommitId, TagName},
    },
    service::retests::{self, Listed, Named, View, Wanted},
};
use axum::{
    Json,
    extract::{Path, State},
    http::HeaderMap,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::IntoEnumIterator;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(dependents))
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(report))
}

#[derive(Serialize, ToSchema)]
#[schema(as = Dependents)]
pub struct DependentsDto {
    device: String,
    /// Its newest release whose tag stands; none where it has none.
    newest: Option<String>,
    dependents: Vec<DependentDto>,
    /// What `after` is for the next page; none after the last.
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Dependent)]
struct DependentDto {
    device: String,
    state: StateName,
    /// The re-test that the newest release asked for; none where that came before it depended on it.
    retest: Option<RetestId>,
    /// How that stands.
    standing: Option<Standing>,
}

impl From<(Named, Option<Retest>)> for DependentDto {
    fn from((of, retest): (Named, Option<Retest>)) -> Self {
        Self {
            device: of.name,
            state: of.state,
            retest: retest.as_ref().map(|r| r.id),
            standing: retest.map(|r| r.standing),
        }
    }
}

/// What depends on a device, and how its newest release fares there
///
/// By name, what is developed or owned.
#[utoipa::path(get, path = "/api/v1/devices/{name}/dependents", tag = "Devices", params(Part),
    responses((status = 200, description = "A page of them.", body = DependentsDto)))]
pub async fn dependents(
    State(app): State<App>,
    Path(name): Path<String>,
    Params(part): Params<Part>,
) -> Answer<Json<DependentsDto>> {
    let found = retests::dependents(&app, &name).await?;
    let (all, next) = page(found.all, Order::Up, |(d, _)| d.name.clone(), part.limit, part.after.as_deref())?;
    Ok(Json(DependentsDto {
        device: name,
        newest: found.newest.map(|tag| tag.to_string()),
        dependents: all.into_iter().map(DependentDto::from).collect(),
        next,
    }))
}

#[derive(Serialize, ToSchema)]
#[schema(as = Retest)]
pub struct RetestDto {
    id: RetestId,
    /// The one that depends.
    device: String,
    /// What it depends on, and the release that is new.
    on: String,
    tag: String,
    commit: String,
    /// When it was asked for.
    opened: DateTime<Utc>,
    standing: Standing,
    /// The newer release that took its place while nobody had tried it out.
    overtaken_by: Option<String>,
    /// The last result; none where nobody has reported.
    result: Option<ResultDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RetestResult)]
struct ResultDto {
    passed: bool,
    /// Who reported it; none where a job did.
    by: Option<String>,
    job: Option<String>,
    /// What of the dependent's own it was tried out with, where that is said.
    release: Option<String>,
    commit: Option<String>,
    link: String,
    text: String,
    at: DateTime<Utc>,
}

impl ResultDto {
    fn new(t: &Tried, people: &People) -> Self {
        Self {
            passed: t.passed,
            by: t.by.filter(|_| t.job.is_none()).map(|p| people.name(p).to_owned()),
            job: t.job.clone(),
            release: t.release.as_ref().map(ToString::to_string),
            commit: t.commit.as_ref().map(ToString::to_string),
            link: t.link.clone(),
            text: t.text.clone(),
            at: t.at,
        }
    }
}

impl RetestDto {
    fn new(retest: &Retest, device: &str, on: &str, last: Option<&Tried>, people: &People) -> Self {
        Self {
            id: retest.id,
            device: device.to_owned(),
            on: on.to_owned(),
            tag: retest.tag.to_string(),
            commit: retest.commit.to_string(),
            opened: retest.opened,
            standing: retest.standing,
            overtaken_by: retest.overtaken_by.as_ref().map(ToString::to_string),
            result: last.map(|t| ResultDto::new(t, people)),
        }
    }
}

/// One that waits, on which nobody has reported.
impl From<&Listed> for RetestDto {
    fn from(of: &Listed) -> Self {
        Self::new(&of.retest, &of.device, &of.on, None, &People::default())
    }
}

/// Which re-tests; all of what is said has to be so.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// The whole name of the one that depends.
    device: Option<String>,
    /// The whole name of what it depends on.
    on: Option<String>,
    #[param(value_type = Option<Standing>)]
    state: Option<String>,
    after: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RetestPage)]
pub struct ListDto {
    retests: Vec<RetestDto>,
    /// What `after` is for the next page; none after the last.
    next: Option<RetestId>,
}

/// Re-tests, the newest first
///
/// How a job finds what its device is asked to try out: `?device=NAME&state=waiting`.
#[utoipa::path(get, path = "/api/v1/retests", tag = "Releases", params(Which),
    responses((status = 200, description = "A page of them.", body = ListDto)))]
pub async fn list(State(app): State<App>, Params(which): Params<Which>) -> Answer<Json<ListDto>> {
    let states = || Standing::iter().map(<&str>::from).collect::<Vec<_>>().join(", ");
    let state = which.state.map(|s| s.parse().map_err(|_| Problem::field("state", format!("Choose of {}", states()))));
    let unreadable = |_| Problem::field("after", "Send the next of the page before");
    let before = which.after.map(|text| text.parse().map_err(unreadable)).transpose()?;
    let wanted = Wanted { device: which.device, on: which.on, state: state.transpose()?, before };
    let found = retests::list(&app, &wanted).await?;
    let one = |l: &Listed| RetestDto::new(&l.retest, &l.device, &l.on, l.last.as_ref(), &found.people);
    Ok(Json(ListDto { retests: found.all.iter().map(one).collect(), next: found.next }))
}

/// A re-test with every result.
#[derive(Serialize, ToSchema)]
#[schema(as = RetestShown)]
pub struct ShownDto {
    #[serde(flatten)]
    retest: RetestDto,
    /// The newest first.
    results: Vec<ResultDto>,
}

impl From<View> for ShownDto {
    fn from(v: View) -> Self {
        Self {
            retest: RetestDto::new(&v.retest, v.device.name(), &v.on, v.tried.first(), &v.people),
            results: v.tried.iter().map(|t| ResultDto::new(t, &v.people)).collect(),
        }
    }
}

/// A re-test, with every result
#[utoipa::path(get, path = "/api/v1/retests/{retest}", tag = "Releases",
    responses((status = 200, description = "The re-test.", body = ShownDto)))]
pub async fn show(State(app): State<App>, Path(retest): Path<String>) -> Answer<Json<ShownDto>> {
    Ok(Json(retests::show(&app, None, &retest).await?.into()))
}

/// What came of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RetestStated)]
pub struct Stated {
    passed: bool,
    /// The dependent's own release that it was tried out with; its commit follows from that.
    #[serde(default)]
    release: Option<String>,
    /// The dependent's own commit, all of its 40 or 64 hexadecimal digits.
    #[serde(default)]
    commit: Option<String>,
    /// Needed where it failed, or a text.
    #[serde(default)]
    link: String,
    #[serde(default)]
    text: String,
}

/// Report what came of a re-test (G8)
///
/// A job with a token for evidence of the dependent; its contributors and CTRL with a token that acts as its maker. It can
/// be reported again: the last result counts, and all stay on record.
#[utoipa::path(post, path = "/api/v1/retests/{retest}/results", tag = "Releases", security(("bearer" = [])), request_body = Stated,
    responses((status = 200, description = "The re-test after it.", body = ShownDto)))]
pub async fn report(
    State(app): State<App>,
    Path(retest): Path<String>,
    headers: HeaderMap,
    bearer: Bearer,
    Sent(sent): Sent<Stated>,
) -> Answer<Json<ShownDto>> {
    let of = retests::show(&app, None, &retest).await?;
    bearer.must_be_for(of.device.id)?;
    let release = sent.release.map(|tag| TagName::parse(&tag, &app.policy.tag_rule())).transpose();
    let commit = sent.commit.map(|commit| CommitId::parse(&commit)).transpose();
    let told = Told {
        passed: sent.passed,
        job: bearer.job(),
        release: release.map_err(|e| Problem::field("release", e.to_string()))?,
        commit: commit.map_err(|_| Problem::field("commit", "Send the whole commit, 40 or 64 hexadecimal digits"))?,
        link: sent.link,
        text: sent.text,
    };
    let key = idempotency_key(&headers)?;
    retests::report_once(&app, &bearer.caller(), of.retest.id, told, key).await?;
    Ok(Json(retests::show(&app, None, &retest).await?.into()))
}
