//! A target of a rollout, as it is sent (R3, R6).

use super::shape::RemarkDto;
use crate::{
    app::App,
    domain::{
        id::{PersonId, RunId},
        person::People,
        rollout::{
            BackState, Hold, Legacy, LegacyDue, Retirement, RollBack, Side, Standing, StepState, Target,
            TargetProgress, legacy_due,
        },
    },
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

pub fn name_of(person: Option<PersonId>, people: &People) -> Option<String> {
    person.map(|p| people.name(p).to_owned())
}

/// How a step stands on a target.
#[derive(Serialize, ToSchema)]
#[schema(as = RolloutStepState)]
struct StepStateDto {
    /// `waiting`, `running`, `wants_sign_off`, `done`, `failed`, `unknown`, `skipped` or `rolled_back`.
    state: &'static str,
    /// Since when it is so.
    at: Option<DateTime<Utc>>,
    /// The run that is at work, or that failed.
    run: Option<RunId>,
    /// What the engine took for it.
    took_seconds: Option<u64>,
    /// Who did it by hand, signed it off or skipped it.
    by: Option<String>,
    /// Why it failed, is unknown or was skipped.
    why: Option<String>,
}

impl StepStateDto {
    fn new(s: &StepState, people: &People) -> Self {
        let bare = |state: &'static str, at: Option<DateTime<Utc>>| Self {
            state,
            at,
            run: None,
            took_seconds: None,
            by: None,
            why: None,
        };
        match s {
            StepState::Waiting => bare("waiting", None),
            StepState::Running { run, since } => Self { run: Some(*run), ..bare("running", Some(*since)) },
            StepState::WantsSignOff { since, took_seconds, by } => {
                Self { took_seconds: *took_seconds, by: name_of(*by, people), ..bare("wants_sign_off", Some(*since)) }
            }
            StepState::Done { at, took_seconds, by } => {
                Self { took_seconds: *took_seconds, by: name_of(*by, people), ..bare("done", Some(*at)) }
            }
            StepState::Failed { run, at, why } => {
                Self { run: Some(*run), why: Some(why.clone()), ..bare("failed", Some(*at)) }
            }
            StepState::Unknown { run, at, why } => {
                Self { run: Some(*run), why: Some(why.clone()), ..bare("unknown", Some(*at)) }
            }
            StepState::Skipped { remark } => Self {
                by: name_of(Some(remark.mark.by), people),
                why: Some(remark.text.clone()),
                ..bare("skipped", Some(remark.mark.at))
            },
            StepState::RolledBack => bare("rolled_back", None),
        }
    }
}

/// No step begins on it while it is held.
#[derive(Serialize, ToSchema)]
#[schema(as = RolloutHold)]
struct HoldDto {
    why: RemarkDto,
    /// It ends by itself then.
    until: Option<DateTime<Utc>>,
}

impl HoldDto {
    fn new(h: &Hold, people: &People) -> Self {
        Self { why: RemarkDto::new(&h.remark, people), until: h.until }
    }
}

/// A target on its way back to what it was.
#[derive(Serialize, ToSchema)]
#[schema(as = RolloutWayBack)]
struct BackDto {
    /// `asked`, `running`, `done` or `failed`.
    state: &'static str,
    asked: RemarkDto,
    /// Steps that the engine is still to take back, the next one first; none where people do it by hand.
    left: Vec<usize>,
    /// Since when it is so, once it has begun.
    at: Option<DateTime<Utc>>,
    run: Option<RunId>,
    /// Who did it by hand.
    by: Option<String>,
    /// Why it failed.
    why: Option<String>,
}

impl BackDto {
    fn new(b: &RollBack, people: &People) -> Self {
        let bare = |state: &'static str, at: Option<DateTime<Utc>>| Self {
            state,
            asked: RemarkDto::new(&b.remark, people),
            left: b.left.clone(),
            at,
            run: None,
            by: None,
            why: None,
        };
        match &b.state {
            BackState::Asked => bare("asked", None),
            BackState::Running { run, since } => Self { run: Some(*run), ..bare("running", Some(*since)) },
            BackState::Done { at, by } => Self { by: name_of(*by, people), ..bare("done", Some(*at)) },
            BackState::Failed { run, at, why } => {
                Self { run: Some(*run), why: Some(why.clone()), ..bare("failed", Some(*at)) }
            }
        }
    }
}

/// The day on which a legacy system is to go.
#[derive(Serialize, ToSchema)]
#[schema(as = LegacyRetirement)]
struct RetirementDto {
    date: NaiveDate,
    /// The side that proposed it.
    side: Side,
    proposed_by: String,
    proposed_at: DateTime<Utc>,
    /// Somebody of the other side.
    agreed_by: Option<String>,
    agreed_at: Option<DateTime<Utc>>,
}

impl RetirementDto {
    fn new(r: &Retirement, people: &People) -> Self {
        Self {
            date: r.date,
            side: r.side,
            proposed_by: people.name(r.proposed.by).to_owned(),
            proposed_at: r.proposed.at,
            agreed_by: name_of(r.agreed.map(|m| m.by), people),
            agreed_at: r.agreed.map(|m| m.at),
        }
    }
}

/// The legacy system that stays beside the new one.
#[derive(Serialize, ToSchema)]
#[schema(as = LegacySystem)]
struct LegacyDto {
    /// When the way back to it was tried last, and how it went.
    way_back: Option<RemarkDto>,
    retirement: Option<RetirementDto>,
    /// That it is gone.
    retired: Option<RemarkDto>,
    /// What it waits for: `way_back_never_tried`, `way_back_old`, `no_retirement`, `not_agreed` or `retirement_past`.
    #[schema(value_type = Vec<String>)]
    due: Vec<&'static str>,
}

impl LegacyDto {
    fn new(app: &App, t: &Target, legacy: &Legacy, people: &People, now: DateTime<Utc>) -> Self {
        let remark = |r| RemarkDto::new(r, people);
        let due = legacy_due(t, &app.policy, now);
        Self {
            way_back: legacy.way_back.as_ref().map(remark),
            retirement: legacy.retirement.as_ref().map(|r| RetirementDto::new(r, people)),
            retired: legacy.retired.as_ref().map(remark),
            due: due.iter().map(word).collect(),
        }
    }
}

fn word(due: &LegacyDue) -> &'static str {
    match due {
        LegacyDue::WayBackNeverTried => "way_back_never_tried",
        LegacyDue::WayBackOld(_) => "way_back_old",
        LegacyDue::NoRetirement => "no_retirement",
        LegacyDue::NotAgreed(_) => "not_agreed",
        LegacyDue::RetirementPast(_) => "retirement_past",
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = RolloutScientist)]
struct ScientistDto {
    person: PersonId,
    name: String,
}

/// An instrument or a test stand in a rollout.
#[derive(Serialize, ToSchema)]
#[schema(as = RolloutTarget)]
pub struct TargetDto {
    name: String,
    group: String,
    /// The host or the group of the engine's inventory.
    host: String,
    /// Empty where it serves none.
    instrument: String,
    /// From 0, the first one.
    wave: u32,
    standing: Standing,
    /// What it does now, in some words.
    now: String,
    /// Steps that are done or skipped, of all.
    done: usize,
    all: usize,
    /// One for each step of the rollout, in their order.
    steps: Vec<StepStateDto>,
    hold: Option<HoldDto>,
    rolled_back: Option<BackDto>,
    left_out: Option<RemarkDto>,
    /// What the check found, and when.
    facts: BTreeMap<String, String>,
    facts_at: Option<DateTime<Utc>>,
    /// By whom a legacy system's retirement is agreed, besides who contributes to a device of the instrument.
    scientists: Vec<ScientistDto>,
    legacy: Option<LegacyDto>,
}

impl TargetDto {
    pub fn new(app: &App, t: &Target, progress: &TargetProgress, people: &People, now: DateTime<Utc>) -> Self {
        let scientist = |p: &PersonId| ScientistDto { person: *p, name: people.name(*p).to_owned() };
        let facts = t.facts.as_ref();
        Self {
            name: t.name.0.clone(),
            group: t.group.clone(),
            host: t.host.clone(),
            instrument: t.instrument.clone(),
            wave: t.wave,
            standing: progress.standing,
            now: progress.now.clone(),
            done: progress.done,
            all: progress.all,
            steps: t.steps.iter().map(|s| StepStateDto::new(s, people)).collect(),
            hold: t.hold.as_ref().map(|h| HoldDto::new(h, people)),
            rolled_back: t.rolled_back.as_ref().map(|b| BackDto::new(b, people)),
            left_out: t.left_out.as_ref().map(|r| RemarkDto::new(r, people)),
            facts: facts.map(|f| f.values.clone()).unwrap_or_default(),
            facts_at: facts.map(|f| f.at),
            scientists: t.scientists.iter().map(scientist).collect(),
            legacy: t.legacy.as_ref().map(|l| LegacyDto::new(app, t, l, people, now)),
        }
    }
}
