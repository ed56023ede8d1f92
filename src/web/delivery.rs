//! `/delivery`: how often something goes into production, how long that takes, how often it fails, and for how long; overall
//! and of each device (G11).

mod said;
mod sheet;

use super::{
    costly,
    layout::{Layout, Section},
    parts::{Action, Blank},
    problem::{Answer, Problem},
    visitor::Visitor,
    words,
};
use crate::{
    app::App,
    domain::delivery::{By, Every, Part, Span, Trend},
    service::delivery::{self, OfDevice},
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Router,
    extract::{Path, Query, rejection::QueryRejection},
    response::IntoResponse,
    routing::get,
};
use chrono::{DateTime, Utc};
use said::FigureView;
use serde::Deserialize;
use strum::IntoEnumIterator;
use url::form_urlencoded::Serializer;

pub fn routes() -> Router<App> {
    let counted = Router::new()
        .route("/delivery", get(show))
        .route("/delivery.csv", get(sheet::export))
        .route("/devices/{name}/delivery", get(of_device));
    costly(counted)
}

/// Devices on one page.
const PAGE: usize = 50;

/// What is asked for, as the address says it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// `week` for the last thirteen weeks, else the last twelve months.
    #[serde(default)]
    every: String,
    #[serde(default)]
    instrument: String,
    #[serde(default)]
    by: String,
    /// Behind this device in the list.
    #[serde(default)]
    after: String,
}

/// The same, read.
struct Wanted {
    span: Span,
    instrument: Option<String>,
    by: By,
    after: String,
}

fn every(word: &str) -> Result<Every, Problem> {
    let read = if word.is_empty() { Ok(Every::default()) } else { word.parse() };
    read.map_err(|_| Problem::unreadable("Choose 12 months or 13 weeks."))
}

impl Asked {
    fn wanted(self, app: &App) -> Result<Wanted, Problem> {
        let by = if self.by.is_empty() { Ok(By::default()) } else { self.by.parse() };
        Ok(Wanted {
            span: Span::last(every(&self.every)?, app.clock.now()),
            instrument: Some(self.instrument.trim().to_owned()).filter(|i| !i.is_empty()),
            by: by.map_err(|_| Problem::unreadable("Choose an order from the list."))?,
            after: self.after,
        })
    }
}

impl Wanted {
    /// The address of the same, in other months or weeks, behind another device.
    fn address(&self, path: &str, every: Every, after: &str) -> String {
        let all = [
            ("every", Some(every.into()).filter(|_| every != Every::default())),
            ("instrument", self.instrument.as_deref()),
            ("by", Some(self.by.into()).filter(|_| self.by != By::default())),
            ("after", Some(after).filter(|a| !a.is_empty())),
        ];
        let said = all.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let query = Serializer::new(String::new()).extend_pairs(said).finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }
}

/// What was asked for; what no form of ours asks for is said to be so.
fn read(query: Result<Query<Asked>, QueryRejection>, app: &App) -> Result<Wanted, Problem> {
    let Query(asked) = query.map_err(|_| Problem::unreadable("Ask for the figures with the form of their page."))?;
    asked.wanted(app)
}

/// A device in the list.
struct Row {
    name: String,
    href: String,
    deployments: String,
    lead: String,
    failures: String,
    restore: String,
}

fn row(d: &OfDevice, every: Every) -> Row {
    Row {
        href: of_its_own(&d.name, every),
        deployments: d.now.succeeded.to_string(),
        lead: said::lead(&d.now).0,
        failures: said::failures(&d.now).0,
        restore: said::restore(&d.now).0,
        name: d.name.clone(),
    }
}

fn of_its_own(name: &str, every: Every) -> String {
    match every {
        Every::Month => format!("/devices/{name}/delivery"),
        Every::Week => format!("/devices/{name}/delivery?every=week"),
    }
}

/// The choice of a span: label, address, whether it is this one.
type Spans = Vec<(&'static str, String, bool)>;

fn spans(is: Every, address: impl Fn(Every) -> String) -> Spans {
    let label = |every| match every {
        Every::Month => "12 months",
        Every::Week => "13 weeks",
    };
    Every::iter().map(|every| (label(every), address(every), every == is)).collect()
}

/// From when to when, and what is counted.
fn lead(span: &Part, at: DateTime<Utc>) -> String {
    let last = span.last().min(at.date_naive());
    format!(
        "Deployments in production that began from {} to {}, in UTC, with what has come of them since.",
        words::day_of(span.from),
        words::day_of(last)
    )
}

/// Said where nothing went into production in the span, nor before it.
fn nothing(of: &str) -> Blank {
    let text = "Figures come with the first deployment that begins there, by permit or by hand.";
    Blank::new("upload", &format!("Nothing{of} has gone into production lately"), text)
        .action(Action::link("Deployments", "/deployments"))
}

fn is_nothing(trend: &Trend) -> bool {
    trend.now.begun + trend.before.begun == 0
}

#[derive(Template, WebTemplate)]
#[template(path = "delivery/overall.html")]
struct OverallPage {
    layout: Layout,
    lead: String,
    spans: Spans,
    /// The value of the span that is shown, where it is not the usual one.
    every: &'static str,
    figures: Vec<FigureView>,
    blank: Option<Blank>,
    instruments: Vec<String>,
    instrument: String,
    /// Value, label, whether it is chosen.
    orders: Vec<(&'static str, &'static str, bool)>,
    rows: Vec<Row>,
    more: Option<String>,
    first: Option<String>,
    page: usize,
    csv: String,
}

fn order_label(by: By) -> &'static str {
    match by {
        By::Name => "By name",
        By::Deployments => "Most deployments first",
        By::Lead => "Longest lead time first",
        By::Failures => "Most failures first",
        By::Restore => "Longest to restore first",
    }
}

/// GET /delivery
async fn show(visitor: Visitor, query: Result<Query<Asked>, QueryRejection>) -> Answer {
    let app = &visitor.app;
    let wanted = read(query, app)?;
    let Wanted { span, by, .. } = wanted;
    let counted = delivery::overall(app, span, wanted.instrument.as_deref(), by).await?;
    let (trend, devices) = (&counted.overall, &counted.devices);
    // Behind the one that the page before ended with; from the first on where that is gone.
    let from = devices.iter().position(|d| d.name == wanted.after).map_or(0, |n| n + 1);
    let rows = &devices[from..devices.len().min(from + PAGE)];
    let next = rows.last().filter(|_| from + rows.len() < devices.len());
    let of = wanted.instrument.as_ref().map_or_else(String::new, |i| format!(" for {i}"));
    let page = OverallPage {
        lead: lead(&span.whole, counted.at),
        spans: spans(span.every, |every| wanted.address("/delivery", every, "")),
        every: if span.every == Every::default() { "" } else { span.every.into() },
        blank: is_nothing(trend).then(|| nothing(&of)),
        figures: said::figures(trend, counted.at),
        instruments: app.policy.facility.instruments.clone(),
        orders: By::iter().map(|o| (o.into(), order_label(o), o == by)).collect(),
        rows: rows.iter().map(|d| row(d, span.every)).collect(),
        more: next.map(|d| wanted.address("/delivery", span.every, &d.name)),
        first: (from > 0).then(|| wanted.address("/delivery", span.every, "")),
        page: PAGE,
        csv: wanted.address("/delivery.csv", span.every, ""),
        instrument: wanted.instrument.unwrap_or_default(),
        layout: visitor.layout(Section::Elsewhere).await?,
    };
    Ok(page.into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "delivery/device.html")]
struct DevicePage {
    layout: Layout,
    name: String,
    lead: String,
    spans: Spans,
    figures: Vec<FigureView>,
    blank: Option<Blank>,
}

/// Which span of a device.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedOfDevice {
    #[serde(default)]
    every: String,
}

/// GET /devices/{name}/delivery
async fn of_device(
    visitor: Visitor,
    Path(name): Path<String>,
    query: Result<Query<AskedOfDevice>, QueryRejection>,
) -> Answer {
    let app = &visitor.app;
    let Query(asked) = query.map_err(|_| Problem::unreadable("Choose 12 months or 13 weeks."))?;
    let span = Span::last(every(&asked.every)?, app.clock.now());
    let counted = delivery::of_device(app, span, &name).await?;
    let page = DevicePage {
        lead: lead(&span.whole, counted.at),
        spans: spans(span.every, |every| of_its_own(&name, every)),
        blank: is_nothing(&counted.overall).then(|| nothing(&format!(" of {name}"))),
        figures: said::figures(&counted.overall, counted.at),
        layout: visitor.layout(Section::Elsewhere).await?,
        name,
    };
    Ok(page.into_response())
}
