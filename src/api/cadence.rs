//! How regularly devices are deployed, and what falls behind (G7).

use super::{
    body::Params,
    problem::{Answer, Problem},
    token::Bearer,
};
use crate::{
    app::App,
    domain::{
        cadence::{Cadence, Standing, Whose, WhyNot},
        deployment::Environment,
        id::{DeploymentId, PersonId},
        moving_on::Hold,
        person::People,
        tag::TagName,
    },
    service::cadence::{self, Line, Page, Shown},
};
use axum::{
    Json,
    extract::{Path, State},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(of_device))
}

/// How regularly a device is deployed in an environment.
#[derive(Serialize, ToSchema)]
#[schema(as = Cadence)]
struct CadenceDto {
    environment: Environment,
    standing: Standing,
    /// Why nothing is asked of it there.
    why_not: Option<WhyNot>,
    /// What was deployed there last: by permit and with success, or placed by hand.
    last: Option<LastDto>,
    /// From when on it is counted: its last deployment of this cycle, or else the beginning of its state.
    counted_from: Option<DateTime<Utc>>,
    /// When the next deployment is due, or was.
    due: Option<DateTime<Utc>>,
    every_days: Option<i64>,
    /// Who has to deploy it there.
    turn: Whose,
    /// Their names, where that is known.
    people: Vec<String>,
    /// Who holds it in development, where production is meant (G5).
    held_by: Option<String>,
    held_because: Option<String>,
    /// The deployment by permit that is under way there.
    under_way: Option<DeploymentId>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LastDeployed)]
struct LastDto {
    deployment: DeploymentId,
    tag: TagName,
    /// When it was asked for.
    at: DateTime<Utc>,
}

/// Whose device it is.
struct Of<'a> {
    contributors: Vec<PersonId>,
    ctrl_contact: Option<PersonId>,
    hold: Option<&'a Hold>,
    people: &'a People,
}

impl CadenceDto {
    fn new(c: &Cadence, under_way: Option<DeploymentId>, of: &Of<'_>) -> Self {
        let name = |p: PersonId| of.people.name(p).to_owned();
        let hold = of.hold.filter(|_| c.environment == Environment::Production);
        let people = match c.whose {
            Whose::Contributor => of.contributors.iter().copied().map(name).collect(),
            Whose::Ctrl => of.ctrl_contact.into_iter().map(name).collect(),
        };
        Self {
            environment: c.environment,
            standing: c.standing,
            why_not: c.why_not,
            last: c.last.as_ref().map(|l| LastDto { deployment: l.deployment, tag: l.tag.clone(), at: l.at }),
            counted_from: c.asked.map(|a| a.from),
            due: c.asked.map(|a| a.due),
            every_days: c.asked.map(|a| a.days.num_days()),
            turn: c.whose,
            people,
            held_by: hold.map(|h| h.by.map_or_else(|| "Custody".to_owned(), name)),
            held_because: hold.map(|h| h.reason.clone()),
            under_way,
        }
    }
}

/// A device in an environment that asks for it.
#[derive(Serialize, ToSchema)]
#[schema(as = CadenceLine)]
pub struct LineDto {
    device: String,
    instruments: Vec<String>,
    #[serde(flatten)]
    cadence: CadenceDto,
    page: String,
}

/// The lines of a page as programs read them.
pub fn lines(app: &App, page: &Page) -> Vec<LineDto> {
    let line = |l: &Line| {
        let card = &l.card;
        let of = Of {
            contributors: card.contributors.clone(),
            ctrl_contact: card.ctrl_contact,
            hold: card.hold.as_deref(),
            people: &page.people,
        };
        LineDto {
            device: card.name.clone(),
            instruments: card.instruments.clone(),
            cadence: CadenceDto::new(&l.cadence, l.going_on, &of),
            page: address(app, &card.name),
        }
    };
    page.lines.iter().map(line).collect()
}

fn address(app: &App, device: &str) -> String {
    format!("{}/devices/{device}", app.public_url.as_str().trim_end_matches('/'))
}

/// Which devices; all of what is said has to be so.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    #[param(value_type = Option<Environment>)]
    environment: Option<String>,
    instrument: Option<String>,
    /// `behind`, `due_soon` or `kept`; without it, what is behind or due soon.
    #[param(value_type = Option<Standing>)]
    standing: Option<String>,
    /// The `next` of the page before, whose other parameters are to be sent again.
    after: Option<String>,
}

impl Which {
    fn read(self) -> Answer<cadence::Which> {
        let environment = self.environment.map(|e| e.parse()).transpose();
        let standing: Option<Standing> = self
            .standing
            .map(|s| s.parse())
            .transpose()
            .map_err(|_| Problem::field("standing", "Choose behind, due_soon or kept"))?;
        if standing == Some(Standing::NotAsked) {
            return Err(Problem::field("standing", "Choose behind, due_soon or kept: of the rest nothing is asked"));
        }
        let after = self.after.map(|text| {
            cadence::read_place(&text).ok_or_else(|| Problem::field("after", "Send the next of the page before"))
        });
        Ok(cadence::Which {
            environment: environment.map_err(|_| Problem::field("environment", "Choose development or production"))?,
            instrument: self.instrument,
            standing,
            after: after.transpose()?,
        })
    }
}

/// What was due first comes first.
#[derive(Serialize, ToSchema)]
#[schema(as = CadencePage)]
pub struct ListDto {
    cadence: Vec<LineDto>,
    /// How many are behind of those that were asked for, on all pages.
    behind: usize,
    due_soon: usize,
    /// What `after` is for the next page; none after the last.
    next: Option<String>,
}

/// What falls behind in its environments
///
/// With any token: as its page, it is for whoever has an account.
#[utoipa::path(get, path = "/api/v1/cadence", tag = "Deployments", security(("bearer" = [])), params(Which),
    responses((status = 200, description = "A page, what was due first comes first.", body = ListDto)))]
pub async fn list(State(app): State<App>, _bearer: Bearer, Params(which): Params<Which>) -> Answer<Json<ListDto>> {
    let found = cadence::list(&app, &which.read()?).await?;
    Ok(Json(ListDto {
        cadence: lines(&app, &found),
        behind: found.behind,
        due_soon: found.due_soon,
        next: found.next.as_ref().map(cadence::write_place),
    }))
}

/// A device's cadence in each environment.
#[derive(Serialize, ToSchema)]
#[schema(as = DeviceCadence)]
pub struct DeviceDto {
    device: String,
    environments: Vec<CadenceDto>,
    page: String,
}

/// How regularly a device is deployed, in each environment
#[utoipa::path(get, path = "/api/v1/devices/{name}/cadence", tag = "Deployments",
    responses((status = 200, description = "As it is now.", body = DeviceDto)))]
pub async fn of_device(State(app): State<App>, Path(name): Path<String>) -> Answer<Json<DeviceDto>> {
    let (device, shown, people) = cadence::look(&app, &name).await?;
    let of = Of {
        contributors: device.contributors.iter().copied().collect(),
        ctrl_contact: device.ctrl_contact,
        hold: device.moving_on.hold.as_ref(),
        people: &people,
    };
    let one = |s: &Shown| CadenceDto::new(&s.cadence, s.going_on, &of);
    Ok(Json(DeviceDto {
        device: device.name().to_owned(),
        environments: shown.iter().map(one).collect(),
        page: address(&app, device.name()),
    }))
}
