//! Figures of delivery for programs (G11).

use super::{
    body::Params,
    paging::{self, Order},
    problem::{Answer, Problem},
};
use crate::{
    app::App,
    domain::delivery::{By, Every, Figures, Part, Span, Times},
    service::{
        Error,
        delivery::{self, OfDevice},
    },
};
use axum::{Json, extract::State};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    super::costly(OpenApiRouter::default().routes(routes!(show)).routes(routes!(list)))
}

/// Of what, from when to when.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// A device's whole name; without it, of all of them.
    device: Option<String>,
    /// Of devices that are for this instrument.
    instrument: Option<String>,
    /// The first day, in UTC. Without it twelve months, or thirteen weeks, are told.
    #[param(value_type = Option<NaiveDate>)]
    from: Option<String>,
    /// The last day, three years after the first at most. Without it, up to the end of this month or week.
    #[param(value_type = Option<NaiveDate>)]
    to: Option<String>,
    /// What the series goes by; months where nothing is said.
    #[param(value_type = Option<Every>)]
    by: Option<String>,
}

/// The same for a list of devices.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Listed {
    /// Of devices that are for this instrument.
    instrument: Option<String>,
    /// The first day, in UTC. Without it, twelve months are told.
    #[param(value_type = Option<NaiveDate>)]
    from: Option<String>,
    /// The last day, three years after the first at most. Without it, up to the end of this month.
    #[param(value_type = Option<NaiveDate>)]
    to: Option<String>,
    /// At most so many at once; 200 where nothing is said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// A day as it is written in an address.
fn day(field: &str, text: Option<String>) -> Answer<Option<NaiveDate>> {
    let say = "Write a day as year, month and day, like 2026-11-21";
    text.map(|t| t.parse()).transpose().map_err(|_| Problem::field(field, say))
}

fn span(app: &App, from: Option<String>, to: Option<String>, by: Option<String>) -> Answer<Span> {
    let every = by.map(|b| b.parse::<Every>()).transpose().map_err(|_| Problem::field("by", "Choose month or week"))?;
    Ok(delivery::span(app, day("from", from)?, day("to", to)?, every.unwrap_or_default())?)
}

/// How long something took. Seconds are `null` where there is no case.
#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryTimes)]
struct TimesDto {
    /// How many cases there are: a middle of few says little.
    cases: usize,
    median_seconds: Option<i64>,
    /// Nine of ten took no longer: the nearest that is one of them.
    within_90_percent_seconds: Option<i64>,
}

impl From<&Times> for TimesDto {
    fn from(t: &Times) -> Self {
        Self { cases: t.cases, median_seconds: t.median, within_90_percent_seconds: t.ninth }
    }
}

/// Deployments in production that began in this time, with what has come of them since.
#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryFigures)]
struct FiguresDto {
    /// What was allowed and never begun is none.
    begun: usize,
    /// Whatever became of them later. What a person placed by hand is deployed by that.
    succeeded: usize,
    /// How many succeed in a month of average length, as far as the time is over; `null` where less than a week of it is.
    succeeded_per_month: Option<f64>,
    /// What failed, was rolled back, or failed its tests afterwards.
    failed: usize,
    /// Failed of begun, from 0 to 1; `null` where nothing has begun.
    change_failure_ratio: Option<f64>,
    /// From a release's tag, or from when it was put on record where the tag has no credible date, to its first success in
    /// production.
    lead_time: TimesDto,
    /// From a failure to the next success of the device on the same server, or to the word that it is well after all.
    time_to_restore: TimesDto,
    /// What failed and is not restored yet.
    not_restored: usize,
}

fn figures(f: &Figures, of: &Part, at: DateTime<Utc>) -> FiguresDto {
    FiguresDto {
        begun: f.begun,
        succeeded: f.succeeded,
        succeeded_per_month: f.per_month(of, at),
        failed: f.failed,
        change_failure_ratio: f.failure_ratio(),
        lead_time: TimesDto::from(&f.lead),
        time_to_restore: TimesDto::from(&f.restore),
        not_restored: f.open(),
    }
}

/// A time from its first to its last day, in UTC.
#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryPart)]
struct PartDto {
    from: NaiveDate,
    to: NaiveDate,
    figures: FiguresDto,
}

fn part(of: &Part, f: &Figures, at: DateTime<Utc>) -> PartDto {
    PartDto { from: of.from, to: of.last(), figures: figures(f, of, at) }
}

/// The four figures of a time, beside as long a time before it.
#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryDto {
    /// The device's name; `null` for all of them.
    device: Option<String>,
    instrument: Option<String>,
    /// When they were counted.
    at: DateTime<Utc>,
    #[schema(value_type = Every)]
    by: &'static str,
    #[serde(flatten)]
    now: PartDto,
    before: PartDto,
    /// Each month or week, oldest first; those at the ends as far as they are within.
    series: Vec<PartDto>,
}

/// Figures of delivery: frequency, lead time, change failures, time to restore
///
/// Of deployments in production, each counted in the month or week in which it began.
#[utoipa::path(get, path = "/api/v1/delivery", tag = "Deployments", params(Which),
    responses((status = 200, description = "The figures.", body = DeliveryDto)))]
pub async fn show(State(app): State<App>, Params(which): Params<Which>) -> Answer<Json<DeliveryDto>> {
    let Which { device, instrument, from, to, by } = which;
    let span = span(&app, from, to, by)?;
    let counted = match &device {
        None => delivery::overall(&app, span, instrument.as_deref(), By::Name).await?,
        Some(_) if instrument.is_some() => {
            return Err(Problem::field("instrument", "Name a device or an instrument, not both"));
        }
        Some(name) => delivery::of_device(&app, span, name).await.map_err(|error| match error {
            Error::NotFound => {
                let say = format!("No device is called {name}: enter its whole name, like beamConditionCheck");
                Problem::field("device", say)
            }
            other => other.into(),
        })?,
    };
    let (trend, at) = (&counted.overall, counted.at);
    Ok(Json(DeliveryDto {
        device,
        instrument,
        at,
        by: span.every.into(),
        now: part(&span.whole, &trend.now, at),
        before: part(&trend.earlier, &trend.before, at),
        series: trend.parts.iter().map(|(of, f)| part(of, f, at)).collect(),
    }))
}

#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryOfDevices)]
pub struct ListDto {
    from: NaiveDate,
    to: NaiveDate,
    devices: Vec<OfDeviceDto>,
    /// What `after` is for the next page; none after the last.
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryOfDevice)]
struct OfDeviceDto {
    device: String,
    figures: FiguresDto,
    /// Of as long a time before.
    before: FiguresDto,
}

/// Figures of delivery of each device, by name
///
/// Those of which anything went into production in this time, or in as long a time before it.
#[utoipa::path(get, path = "/api/v1/delivery/devices", tag = "Deployments", params(Listed),
    responses((status = 200, description = "A page of them.", body = ListDto)))]
pub async fn list(State(app): State<App>, Params(which): Params<Listed>) -> Answer<Json<ListDto>> {
    let span = span(&app, which.from, which.to, None)?;
    paging::size(which.limit)?;
    let counted = delivery::overall(&app, span, which.instrument.as_deref(), By::Name).await?;
    let name = |d: &OfDevice| d.name.clone();
    let (some, next) = paging::page(counted.devices, Order::Up, name, which.limit, which.after.as_deref())?;
    let one = |d: OfDevice| OfDeviceDto {
        figures: figures(&d.now, &span.whole, counted.at),
        before: figures(&d.before, &span.before(), counted.at),
        device: d.name,
    };
    Ok(Json(ListDto {
        from: span.whole.from,
        to: span.whole.last(),
        devices: some.into_iter().map(one).collect(),
        next,
    }))
}
