//! What is on record of a device: its history, its request, the discussion of it.

use crate::{
    api::{
        body::Params,
        problem::{Answer, Problem},
        revision::tagged,
        token::Bearer,
    },
    app::App,
    domain::{
        cycle::{Mark, Remark},
        lifecycle::command::Application,
        person::People,
    },
    service::{
        catalogue, devices,
        history::{self, Told},
        people,
    },
};
use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// The `next` of the page before.
    after: Option<String>,
}

/// Records, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = HistoryPage)]
pub struct HistoryDto {
    device: String,
    /// How many there are in all.
    all: u64,
    records: Vec<RecordDto>,
    /// What `after` is for the next, older page; none after the last.
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = HistoryRecord)]
pub(in crate::api) struct RecordDto {
    /// Its number in the journal.
    seq: i64,
    at: DateTime<Utc>,
    by: String,
    /// The name of what happened.
    what: String,
    /// The rest of the sentence that begins with who did it.
    said: String,
    /// The door and the address that it came through; for administrators and CTRL.
    origin: Option<String>,
    /// SHA-256 of the record and of the one before it: the events say how it is made.
    hash: String,
}

pub(in crate::api) fn record(t: Told, sees_origin: bool) -> RecordDto {
    let origin = sees_origin.then_some(t.origin);
    RecordDto { seq: t.seq, at: t.at, by: t.who, what: t.kind, said: t.what, origin, hash: t.hash }
}

/// The history of a device, the newest first
///
/// It asks for no token. With one of an administrator or of CTRL, it says from where each thing was done.
#[utoipa::path(get, path = "/api/v1/devices/{name}/history", tag = "Devices", params(Which),
    responses((status = 200, description = "A page of records.", body = HistoryDto)))]
pub async fn history(
    State(app): State<App>,
    Path(name): Path<String>,
    bearer: Option<Bearer>,
    Params(which): Params<Which>,
) -> Answer<Json<HistoryDto>> {
    let unreadable = |_| Problem::field("after", "Send the next of the page before");
    let before = which.after.map(|a| a.parse()).transpose().map_err(unreadable)?;
    let found = history::read(&app, &name, before, history::PAGE).await?;
    let sees_origin = match bearer.and_then(|b| b.reads().ok()) {
        Some(caller) => people::sees_origin(&app, &caller).await?,
        None => false,
    };
    Ok(Json(HistoryDto {
        device: found.device.name().to_owned(),
        all: found.all,
        records: found.told.into_iter().map(|t| record(t, sees_origin)).collect(),
        next: found.older.map(|seq| seq.to_string()),
    }))
}

/// The request of a device, with everything that belongs to it
///
/// As it stands now, in the shape in which commands take it: `amend` the request, `set_contacts` the contacts,
/// `set_operator_rules` the operators. The points of the discussion that have a section are about what stands here: of
/// the request, `device` is everything up to its folder, `scope` from why to special, `support` the level, `risks` areas
/// and failures; `contacts` is the contacts and what operators may do.
#[utoipa::path(get, path = "/api/v1/devices/{name}/request", tag = "Devices", security(("bearer" = [])),
    responses((status = 200, description = "The request.", body = Application,
        headers(("ETag" = String, description = "The device's revision.")))))]
pub async fn request(State(app): State<App>, Path(name): Path<String>, bearer: Bearer) -> Answer<Response> {
    bearer.reads()?;
    let device = catalogue::find(&app, &name).await?;
    let application = Application {
        request: device.request,
        contributors: device.contributors,
        contacts: device.contacts,
        operators: device.operators,
    };
    Ok(tagged(device.revision, Json(application)))
}

/// Who said something, and when.
#[derive(Serialize, ToSchema)]
#[schema(as = Remark)]
pub(super) struct RemarkDto {
    by: String,
    at: DateTime<Utc>,
    text: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Mark)]
pub(super) struct MarkDto {
    by: String,
    at: DateTime<Utc>,
}

pub(super) fn mark(m: &Mark, people: &People) -> MarkDto {
    MarkDto { by: people.name(m.by).to_owned(), at: m.at }
}

pub(super) fn remark(r: &Remark, people: &People) -> RemarkDto {
    RemarkDto { by: people.name(r.mark.by).to_owned(), at: r.mark.at, text: r.text.clone() }
}

/// What is clarified before the work begins (L5, L6, L7).
#[derive(Serialize, ToSchema)]
#[schema(as = Discussion)]
pub struct DiscussionDto {
    device: String,
    points: Vec<PointDto>,
    reservations: Vec<ReservationDto>,
    invited: Vec<String>,
    areas: Vec<AreaDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DiscussionPoint)]
struct PointDto {
    point: u32,
    /// The section of the request that it is about: `device`, `scope`, `support`, `risks` or `contacts`. Its text stands
    /// in the request. None for what somebody raised.
    section: Option<String>,
    raised: RemarkDto,
    answers: Vec<RemarkDto>,
    signed_off: Option<MarkDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Reservation)]
struct ReservationDto {
    reservation: u32,
    raised: RemarkDto,
    answer: Option<RemarkDto>,
    accepted: Option<MarkDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AreaSignOff)]
struct AreaDto {
    area: String,
    signed_off: RemarkDto,
}

/// The discussion of a device's request
///
/// Points, reservations and sign-offs of this cycle. It goes on by commands. What a point with a section is about stands
/// in the request.
#[utoipa::path(get, path = "/api/v1/devices/{name}/discussion", tag = "Devices", security(("bearer" = [])),
    responses((status = 200, description = "The discussion.", body = DiscussionDto,
        headers(("ETag" = String, description = "The device's revision.")))))]
pub async fn discussion(State(app): State<App>, Path(name): Path<String>, bearer: Bearer) -> Answer<Response> {
    let view = devices::look(&app, Some(&bearer.reads()?), &name).await?;
    let (d, people) = (&view.device.cycle.discussion, &view.people);
    let points = d.points.iter().map(|p| PointDto {
        point: p.id,
        section: p.section.map(|s| <&str>::from(s).to_owned()),
        raised: remark(&p.raised, people),
        answers: p.answers.iter().map(|r| remark(r, people)).collect(),
        signed_off: p.signed_off.as_ref().map(|m| mark(m, people)),
    });
    let reservations = d.reservations.iter().map(|r| ReservationDto {
        reservation: r.id,
        raised: remark(&r.raised, people),
        answer: r.answer.as_ref().map(|a| remark(a, people)),
        accepted: r.accepted.as_ref().map(|m| mark(m, people)),
    });
    let areas = d.areas.iter().map(|(area, r)| AreaDto { area: area.clone(), signed_off: remark(r, people) });
    let shown = DiscussionDto {
        device: view.device.name().to_owned(),
        points: points.collect(),
        reservations: reservations.collect(),
        invited: d.invited.iter().map(|p| people.name(*p).to_owned()).collect(),
        areas: areas.collect(),
    };
    Ok(tagged(view.device.revision, Json(shown)))
}
