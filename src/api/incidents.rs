//! Where what runs differs from the record, as programs read it (G10).

use super::{
    body::Params,
    devices::record::{RecordDto, record},
    people::NamedDto,
    problem::{Answer, Problem},
};
use crate::{
    app::App,
    domain::lifecycle::Turn,
    service::incidents::{self, Kind, Listed, Wanted},
};
use axum::{
    Json,
    extract::{Path, State},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::IntoEnumIterator;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(show))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    #[param(value_type = Option<Kind>)]
    kind: Option<String>,
    instrument: Option<String>,
    after: Option<String>,
}

/// Open ones first, in each part the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = IncidentPage)]
pub struct ListDto {
    incidents: Vec<IncidentDto>,
    /// What `after` is for the next page; none after the last.
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Incident)]
struct IncidentDto {
    id: String,
    kind: Kind,
    label: &'static str,
    /// `None` where no device on record brings the instance, and where a whole server is meant.
    device: Option<String>,
    /// The device's name, or the server's, where no instance is meant.
    instance: String,
    server: String,
    /// The server's; `None` where the server is not on record.
    instrument: Option<String>,
    /// What is seen and what is on record.
    words: String,
    /// What mends it.
    remedy: String,
    /// Whose turn it is to mend it; none once it is closed.
    turn: Option<Turn>,
    opened: DateTime<Utc>,
    closed: Option<DateTime<Utc>>,
    /// How often it came: more than once where it comes and goes.
    times: u32,
}

impl IncidentDto {
    fn new(Listed { incident: i, device, remedy, turn }: Listed) -> Self {
        Self {
            id: i.id,
            kind: i.drift.kind,
            label: i.drift.kind.label(),
            device,
            instance: i.drift.instance,
            server: i.drift.server.0,
            instrument: i.instrument,
            words: i.drift.words,
            remedy,
            turn,
            opened: i.opened,
            closed: i.closed,
            times: i.times,
        }
    }
}

/// Where what runs differs from the record
#[utoipa::path(get, path = "/api/v1/incidents", tag = "Observations", params(Which),
    responses((status = 200, description = "A page: open ones first, in each part the newest first.", body = ListDto)))]
pub async fn list(State(app): State<App>, Params(which): Params<Which>) -> Answer<Json<ListDto>> {
    let kinds = || Kind::iter().map(<&str>::from).collect::<Vec<_>>().join(", ");
    let kind = which.kind.map(|k| k.parse().map_err(|_| Problem::field("kind", format!("Choose of {}", kinds()))));
    let unreadable = |_| Problem::field("after", "Send the next of the page before");
    let after = which.after.map(|text| text.parse().map_err(unreadable)).transpose()?;
    let page = incidents::list(&app, &Wanted { kind: kind.transpose()?, instrument: which.instrument, after }).await?;
    let next = page.next.map(|cursor| cursor.to_string());
    Ok(Json(ListDto { incidents: page.all.into_iter().map(IncidentDto::new).collect(), next }))
}

/// An incident, and what was done while it was open.
#[derive(Serialize, ToSchema)]
#[schema(as = IncidentShown)]
pub struct ShownDto {
    #[serde(flatten)]
    incident: IncidentDto,
    /// Whom it waits for, where it is known who they are.
    waits_for: Vec<NamedDto>,
    /// What happened to it and to its device while it was open, the newest first.
    records: Vec<RecordDto>,
    /// Whether more happened than stands here: the device's history has all of it.
    more: bool,
}

/// An incident, and what was done about it
///
/// Whose turn it is while it is open, what happened to its device meanwhile, and when it ended.
#[utoipa::path(get, path = "/api/v1/incidents/{incident}", tag = "Observations",
    responses((status = 200, description = "The incident.", body = ShownDto)))]
pub async fn show(State(app): State<App>, Path(incident): Path<String>) -> Answer<Json<ShownDto>> {
    let view = incidents::show(&app, &incident).await?;
    Ok(Json(ShownDto {
        incident: IncidentDto::new(view.listed),
        waits_for: view.waits_for.iter().map(|p| NamedDto::new(*p, &view.people)).collect(),
        records: view.told.into_iter().map(|t| record(t, false)).collect(),
        more: view.more,
    }))
}
