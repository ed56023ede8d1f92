//! What belongs to a device's cycle, as programs read it: how it is prepared, who helped, how it was operated, and what
//! was said of it.

use crate::{
    api::{people::NamedDto, problem::Answer, revision::tagged, token::Bearer},
    app::App,
    domain::{
        cycle::{Help, HelpKind, Mark, Operated, Remark},
        device::{DoneAnswer, ShutDown},
        id::PersonId,
    },
    service::devices::{self, DeviceView},
};
use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// One run through the process (B3).
#[derive(Serialize, ToSchema)]
#[schema(as = Cycle)]
pub struct CycleDto {
    device: String,
    /// From 1.
    cycle: u32,
    opened: DateTime<Utc>,
    /// The last supported release, which it starts from; none in the first.
    base: Option<String>,
    /// The last day of a hand-back for a short time (B4).
    loan_until: Option<NaiveDate>,
    /// A contributor's word that updates of the host are mandatory (H3).
    committed: Option<MarkDto>,
    /// Whether the framework itself is modified there: then nothing on it is supported (H5).
    framework_modified: Option<bool>,
    /// Its contributors, and whoever else has access; for contributors and CTRL, once it is accepted (H4, H6).
    developers: Option<Vec<DeveloperDto>>,
    /// The help log, the oldest first; for the same (H7).
    help: Option<Vec<HelpDto>>,
    /// That it was operated successfully (T1).
    operated: Option<OperatedDto>,
    /// Whether nobody of its contributors can be reached (N4).
    orphaned: bool,
    /// Who offers to adopt it while it is orphaned.
    offers: Vec<RemarkDto>,
    /// Whether what the request calls done was reached (T10).
    done_answers: Vec<DoneAnswerDto>,
    /// Why CTRL stopped it, while it is stopped (N5, N6).
    shut_down: Option<ShutDownDto>,
}

/// Who did something, by id too.
#[derive(Serialize, ToSchema)]
#[schema(as = MarkNamed)]
struct MarkDto {
    by: NamedDto,
    at: DateTime<Utc>,
}

/// Who said something, by id too.
#[derive(Serialize, ToSchema)]
#[schema(as = RemarkNamed)]
struct RemarkDto {
    by: NamedDto,
    at: DateTime<Utc>,
    text: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Developer)]
struct DeveloperDto {
    person: NamedDto,
    /// Since when they have access to the development host; none where they have none.
    access_since: Option<DateTime<Utc>>,
    /// Each topic of the policy.
    training: Vec<TopicDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TopicTrained)]
struct TopicDto {
    /// Its id in the policy.
    topic: String,
    /// Until when their training counts, or did; none where they have had none.
    until: Option<DateTime<Utc>>,
}

/// An entry of the help log: asked for, perhaps planned, given.
#[derive(Serialize, ToSchema)]
#[schema(as = HelpEntry)]
struct HelpDto {
    entry: u32,
    kind: HelpKind,
    asked: Option<RemarkDto>,
    /// The day that it is planned for.
    on: Option<NaiveDate>,
    planned: Option<MarkDto>,
    given: Option<RemarkDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Operated)]
struct OperatedDto {
    from: NaiveDate,
    to: NaiveDate,
    instrument: String,
    stated: RemarkDto,
    /// By a user of it.
    countersigned: Option<MarkDto>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DoneAnswer)]
struct DoneAnswerDto {
    reached: bool,
    answer: RemarkDto,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ShutDown)]
struct ShutDownDto {
    reason: RemarkDto,
    affected: String,
    /// They or CTRL restart it.
    responsible: NamedDto,
    conditions: String,
}

/// The device as whoever asks sees it.
struct Reading<'a> {
    app: &'a App,
    view: &'a DeviceView,
}

impl Reading<'_> {
    fn named(&self, person: PersonId) -> NamedDto {
        NamedDto::new(person, &self.view.people)
    }

    fn mark(&self, m: &Mark) -> MarkDto {
        MarkDto { by: self.named(m.by), at: m.at }
    }

    fn remark(&self, r: &Remark) -> RemarkDto {
        RemarkDto { by: self.named(r.mark.by), at: r.mark.at, text: r.text.clone() }
    }

    fn developer(&self, person: PersonId) -> DeveloperDto {
        let trained = self.view.people.get(person).map(|p| &p.trained);
        let topics = self
            .app
            .policy
            .training
            .topics
            .iter()
            .map(|t| TopicDto { topic: t.id.clone(), until: trained.and_then(|all| all.get(&t.id)).copied() });
        DeveloperDto {
            person: self.named(person),
            access_since: self.view.device.cycle.setup.access_of(person).map(|a| a.granted.at),
            training: topics.collect(),
        }
    }

    fn help(&self, h: &Help) -> HelpDto {
        HelpDto {
            entry: h.id,
            kind: h.kind,
            asked: h.asked.as_ref().map(|r| self.remark(r)),
            on: h.scheduled.map(|(on, _)| on),
            planned: h.scheduled.map(|(_, by)| self.mark(&by)),
            given: h.given.as_ref().map(|r| self.remark(r)),
        }
    }

    fn operated(&self, o: &Operated) -> OperatedDto {
        OperatedDto {
            from: o.from,
            to: o.to,
            instrument: o.instrument.clone(),
            stated: self.remark(&o.stated),
            countersigned: o.countersigned.as_ref().map(|m| self.mark(m)),
        }
    }

    fn done_answer(&self, a: &DoneAnswer) -> DoneAnswerDto {
        DoneAnswerDto { reached: a.reached, answer: self.remark(&a.remark) }
    }

    fn shut_down(&self, s: &ShutDown) -> ShutDownDto {
        ShutDownDto {
            reason: self.remark(&s.reason),
            affected: s.affected.clone(),
            responsible: self.named(s.responsible),
            conditions: s.conditions.clone(),
        }
    }

    fn cycle(&self) -> CycleDto {
        let (d, cycle) = (&self.view.device, &self.view.device.cycle);
        // As on the device's page: who has access, and who was helped, is for those who take part.
        let takes_part = self.view.shows_setup();
        CycleDto {
            device: d.name().to_owned(),
            cycle: cycle.number,
            opened: cycle.opened,
            base: cycle.base.as_ref().map(ToString::to_string),
            loan_until: cycle.loan_until,
            committed: cycle.setup.committed.as_ref().map(|m| self.mark(m)),
            framework_modified: cycle.setup.framework_modified,
            developers: takes_part.then(|| d.developers().into_iter().map(|p| self.developer(p)).collect()),
            help: takes_part.then(|| cycle.help.iter().map(|h| self.help(h)).collect()),
            operated: cycle.operated.as_ref().map(|o| self.operated(o)),
            orphaned: self.view.orphaned,
            offers: d.offers.iter().filter(|_| self.view.orphaned).map(|r| self.remark(r)).collect(),
            done_answers: d.done_answers.iter().map(|a| self.done_answer(a)).collect(),
            shut_down: d.shut_down.as_ref().map(|s| self.shut_down(s)),
        }
    }
}

/// The cycle that a device is in
///
/// Access, training and help, the statement that it was operated, offers to adopt it, answers on "done", and why it is
/// shut down. It goes on by commands.
#[utoipa::path(get, path = "/api/v1/devices/{name}/cycle", tag = "Devices", security(("bearer" = [])),
    responses((status = 200, description = "The cycle.", body = CycleDto,
        headers(("ETag" = String, description = "The device's revision.")))))]
pub async fn show(State(app): State<App>, Path(name): Path<String>, bearer: Bearer) -> Answer<Response> {
    let view = devices::look(&app, Some(&bearer.reads()?), &name).await?;
    let shown = Reading { app: &app, view: &view }.cycle();
    Ok(tagged(view.device.revision, Json(shown)))
}
