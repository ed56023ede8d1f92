//! What waits for whom (E4): one's own devices, the queue of reviews, what nobody answers for.

use super::{
    body::Params,
    cadence,
    problem::{Answer, Problem},
    retests::RetestDto,
    token::Bearer,
};
use crate::{
    app::App,
    domain::{
        cycle::{Help, HelpKind},
        lifecycle::{CommandKind, StateName},
        person::People,
    },
    service::{
        self, queue,
        work::{self, Desk, Whose, Work},
    },
};
use axum::{Json, extract::State};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(mine)).routes(routes!(reviews)).routes(routes!(orphans))
}

/// A device as work.
#[derive(Serialize, ToSchema)]
#[schema(as = Work)]
struct WorkDto {
    device: String,
    state: StateName,
    /// Whom it waits for: `me`, `contributor`, `ctrl`, `user`, `machine` or `nobody`.
    waits_for: String,
    /// Their names, where that is known.
    people: Vec<String>,
    /// The sentence that blocks it, or says that nothing does.
    ask: String,
    /// The command that does something about it.
    command: Option<CommandKind>,
    since: DateTime<Utc>,
    due: Option<NaiveDate>,
}

fn dto(w: Work, people: &People) -> WorkDto {
    let whose = match w.whose {
        Whose::Mine => "me",
        Whose::Contributor => "contributor",
        Whose::Ctrl => "ctrl",
        Whose::User => "user",
        Whose::Machine => "machine",
        Whose::Nobody => "nobody",
    };
    WorkDto {
        device: w.device.name().to_owned(),
        state: w.device.state.name(),
        waits_for: whose.to_owned(),
        people: w.waits_for.iter().map(|p| people.name(*p).to_owned()).collect(),
        ask: w.ask,
        command: w.act,
        since: w.since,
        due: w.due.map(|d| d.on),
    }
}

fn all(desk: Desk) -> Vec<WorkDto> {
    let people = desk.people;
    desk.work.into_iter().map(|w| dto(w, &people)).collect()
}

/// What waits for oneself, and what one was told.
#[derive(Serialize, ToSchema)]
#[schema(as = MyWork)]
pub struct MineDto {
    work: Vec<WorkDto>,
    /// Devices on which one has to confirm that one can be called.
    confirm: Vec<String>,
    /// The version of the rules of conduct that one has to accept.
    conduct: Option<u32>,
    /// Training that has run out, or soon will (H6).
    training: Vec<TrainingDto>,
    /// Help that one asked for and has not got (H7).
    help: Vec<HelpDto>,
    /// Devices of one's own that a new release of another one asks to be tried out (G8).
    retests: Vec<RetestDto>,
    /// Deployments of one's devices that were due, or soon are (G7).
    cadence: Vec<cadence::LineDto>,
    /// The newest things that one was told.
    told: Vec<ToldDto>,
    unread: usize,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MyTraining)]
struct TrainingDto {
    /// What one was trained in, by its name.
    topic: String,
    /// Until when it counts, or did.
    until: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = MyHelp)]
struct HelpDto {
    device: String,
    /// Its number in the device's help log.
    entry: u32,
    kind: HelpKind,
    text: String,
    asked_at: DateTime<Utc>,
    /// The day that it is planned for; none while CTRL has planned none.
    on: Option<NaiveDate>,
}

impl HelpDto {
    fn new(device: String, help: Help) -> Option<Self> {
        let asked = help.asked?;
        Some(Self {
            device,
            entry: help.id,
            kind: help.kind,
            text: asked.text,
            asked_at: asked.mark.at,
            on: help.scheduled.map(|(on, _)| on),
        })
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Notice)]
struct ToldDto {
    id: String,
    device: String,
    text: String,
    at: DateTime<Utc>,
    read: bool,
}

/// What waits for me
#[utoipa::path(get, path = "/api/v1/me/work", tag = "Work", security(("bearer" = [])),
    responses((status = 200, description = "One's own devices, and what one was told.", body = MineDto)))]
pub async fn mine(State(app): State<App>, bearer: Bearer) -> Answer<Json<MineDto>> {
    let found = work::mine(&app, &bearer.reads()?, bearer.person()).await?;
    let behind = service::cadence::of_person(&app, bearer.person()).await?;
    let told =
        found.told.into_iter().map(|t| ToldDto { id: t.id, device: t.device, text: t.text, at: t.at, read: t.seen });
    Ok(Json(MineDto {
        told: told.collect(),
        confirm: found.confirmations.into_iter().map(|c| c.0).collect(),
        conduct: found.conduct,
        training: found.training.into_iter().map(|(topic, until)| TrainingDto { topic, until }).collect(),
        help: found.help.into_iter().filter_map(|(device, help)| HelpDto::new(device, help)).collect(),
        retests: found.retests.iter().map(RetestDto::from).collect(),
        cadence: cadence::lines(&app, &behind),
        unread: found.unread,
        work: all(found.desk),
    }))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Only what one takes care of, or is waited for.
    #[serde(default)]
    #[param(required = false)]
    mine: bool,
    instrument: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
}

/// A page of work.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkPage)]
pub struct PageDto {
    work: Vec<WorkDto>,
    /// What `after` is for the next page; none after the last.
    next: Option<String>,
}

/// The queue of requests and reviews, what is late first
#[utoipa::path(get, path = "/api/v1/reviews", tag = "Work", security(("bearer" = [])), params(Which),
    responses((status = 200, description = "A page of it.", body = PageDto)))]
pub async fn reviews(State(app): State<App>, bearer: Bearer, Params(which): Params<Which>) -> Answer<Json<PageDto>> {
    let caller = bearer.reads()?;
    let read = |text: String| {
        let (day, name) = text.split_once('~')?;
        Some((day.parse().ok()?, name.to_owned()))
    };
    let unreadable = || Problem::field("after", "Send the next of the page before");
    let after = which.after.map(|text| read(text).ok_or_else(unreadable)).transpose()?;
    let wanted = queue::Wanted { mine: which.mine, instrument: which.instrument, after };
    let (desk, next) = queue::list(&app, &caller, &wanted).await?;
    Ok(Json(PageDto { work: all(desk), next: next.map(|(day, name)| format!("{day}~{name}")) }))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct After {
    /// The `next` of the page before.
    after: Option<String>,
}

/// Devices that nobody answers for (N4).
#[derive(Serialize, ToSchema)]
#[schema(as = OrphanPage)]
pub struct OrphansDto {
    orphans: Vec<OrphanDto>,
    /// What `after` is for the next page; none after the last.
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Orphan)]
struct OrphanDto {
    device: String,
    state: StateName,
    since: DateTime<Utc>,
    why: String,
}

/// Devices whose contributors cannot be reached any more
#[utoipa::path(get, path = "/api/v1/orphans", tag = "Work", security(("bearer" = [])), params(After),
    responses((status = 200, description = "A page of them, those that wait longest first.", body = OrphansDto)))]
pub async fn orphans(State(app): State<App>, bearer: Bearer, Params(which): Params<After>) -> Answer<Json<OrphansDto>> {
    bearer.reads()?;
    let read = |text: String| {
        let (at, name) = text.split_once('~')?;
        Some((at.parse().ok()?, name.to_owned()))
    };
    let unreadable = || Problem::field("after", "Send the next of the page before");
    let after = which.after.map(|text| read(text).ok_or_else(unreadable)).transpose()?;
    let found = queue::orphans(&app, after.as_ref()).await?;
    let orphans = found.all.into_iter().map(|o| OrphanDto {
        device: o.device.name().to_owned(),
        state: o.device.state.name(),
        since: o.since,
        why: o.why,
    });
    let next = found.next.map(|(at, name)| format!("{}~{name}", at.to_rfc3339_opts(SecondsFormat::AutoSi, true)));
    Ok(Json(OrphansDto { orphans: orphans.collect(), next }))
}
