//! A rollout as it is sent.

use super::{
    consistency::ConsistencyDto,
    progress::ProgressDto,
    target::{TargetDto, name_of},
};
use crate::{
    app::App,
    domain::{
        cycle::Remark,
        id::LocalChangeId,
        lifecycle::Gate,
        local_change::LocalChange,
        person::People,
        rollout::{Answer, Answered, Rollout, State, StateName, Step, What, Window, Word, progress},
    },
    service::{
        facts::today,
        rollouts::{Line, View},
    },
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// The one release that is rolled out.
#[derive(Serialize, ToSchema)]
#[schema(as = RolloutRelease)]
struct WhatDto {
    /// `framework` or `device`.
    of: &'static str,
    name: String,
    /// A device's is its tag.
    version: String,
    /// Of a device.
    commit: Option<String>,
}

impl WhatDto {
    fn new(what: &What) -> Self {
        let version = what.version().to_owned();
        match what {
            What::Framework { name, .. } => Self { of: "framework", name: name.clone(), version, commit: None },
            What::Device { name, release, .. } => {
                let commit = Some(release.commit.as_str().to_owned());
                Self { of: "device", name: name.clone(), version, commit }
            }
        }
    }
}

/// A rollout in a list; its own address has the rest.
#[derive(Serialize, ToSchema)]
#[schema(as = RolloutBrief)]
pub struct BriefDto {
    number: String,
    revision: u64,
    title: String,
    what: WhatDto,
    kind: String,
    state: StateName,
    window: Window,
    targets: usize,
    done: usize,
    need_a_person: usize,
    /// At the pace of what is done; none where nothing more is to come.
    expected_end: Option<DateTime<Utc>>,
    /// Whether that is behind the end of the window.
    late: bool,
    planned_by: String,
    planned_at: DateTime<Utc>,
}

impl BriefDto {
    pub fn new(r: &Rollout, people: &People, now: DateTime<Utc>) -> Self {
        let progress = progress(r, now);
        Self {
            number: r.number.clone(),
            revision: r.revision,
            title: r.title.clone(),
            what: WhatDto::new(&r.what),
            kind: r.kind.clone(),
            state: r.state.name(),
            window: r.window,
            targets: r.targets.len(),
            done: progress.counts.done,
            need_a_person: progress.counts.need_a_person,
            expected_end: progress.expected_end,
            late: progress.late,
            planned_by: people.name(r.planned.by).to_owned(),
            planned_at: r.planned.at,
        }
    }
}

/// A sentence that somebody put on record, and when.
#[derive(Serialize, ToSchema)]
#[schema(as = RolloutRemark)]
pub struct RemarkDto {
    /// Custody, where it came to that by itself.
    by: String,
    at: DateTime<Utc>,
    text: String,
}

impl RemarkDto {
    pub fn new(of: &Remark, people: &People) -> Self {
        Self { by: people.name(of.mark.by).to_owned(), at: of.mark.at, text: of.text.clone() }
    }

    fn of_word(why: &Word, people: &People) -> Self {
        let by = why.by.map_or("Custody", |p| people.name(p)).to_owned();
        Self { by, at: why.at, text: why.text.clone() }
    }
}

/// A step of this rollout, as the template was when it was planned. Commands name it by its place, from 0.
#[derive(Serialize, ToSchema)]
#[schema(as = RolloutStep)]
struct StepDto {
    name: String,
    label: String,
    /// Whether a person does it.
    by_hand: bool,
    /// Whether the engine can take it back.
    undo: bool,
    /// Minutes that it may take.
    minutes: u32,
    /// Whether somebody signs it off after it.
    sign_off: bool,
}

impl From<Step> for StepDto {
    fn from(s: Step) -> Self {
        Self {
            by_hand: s.playbook.is_none(),
            undo: s.undo.is_some(),
            name: s.name,
            label: s.label,
            minutes: s.minutes,
            sign_off: s.sign_off,
        }
    }
}

/// A local change on a target that has not ended.
#[derive(Serialize, ToSchema)]
#[schema(as = RolloutLocalChange)]
struct ChangeDto {
    id: LocalChangeId,
    target: String,
    what: String,
    ticket: String,
    until: NaiveDate,
    /// Whether its day is over.
    overdue: bool,
    /// What becomes of it; none where nobody has said so.
    answer: Option<Answer>,
}

impl ChangeDto {
    fn new(c: LocalChange, r: &Rollout, today: NaiveDate) -> Self {
        Self {
            overdue: c.is_overdue(today),
            answer: r.answers.get(&c.id).map(|a| a.answer),
            id: c.id,
            target: c.target.0,
            what: c.what,
            ticket: c.ticket,
            until: c.until,
        }
    }
}

/// What was answered of a local change, ended or not.
#[derive(Serialize, ToSchema)]
#[schema(as = RolloutAnswer)]
struct AnsweredDto {
    change: LocalChangeId,
    target: String,
    /// What the change was then.
    what: String,
    ticket: String,
    answer: Answer,
    by: String,
    at: DateTime<Utc>,
    /// Who applied it again, and when.
    reapplied_by: Option<String>,
    reapplied_at: Option<DateTime<Utc>>,
}

impl AnsweredDto {
    fn new(change: LocalChangeId, a: &Answered, people: &People) -> Self {
        Self {
            change,
            target: a.target.0.clone(),
            what: a.what.clone(),
            ticket: a.ticket.clone(),
            answer: a.answer,
            by: people.name(a.mark.by).to_owned(),
            at: a.mark.at,
            reapplied_by: name_of(a.reapplied.map(|m| m.by), people),
            reapplied_at: a.reapplied.map(|m| m.at),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = RolloutLine)]
struct LineDto {
    at: DateTime<Utc>,
    /// The whole sentence.
    said: String,
}

impl From<Line> for LineDto {
    fn from(l: Line) -> Self {
        Self { at: l.at, said: format!("{} {}", l.who, l.what) }
    }
}

/// One release on its way to many targets.
#[derive(Serialize, ToSchema)]
#[schema(as = Rollout)]
pub struct RolloutDto {
    /// What its address, people and commands name it by.
    number: String,
    revision: u64,
    title: String,
    what: WhatDto,
    /// The kind's name in the policy, and its label when it was planned.
    kind: String,
    label: String,
    state: StateName,
    /// Since when it is so; none before it starts.
    since: Option<DateTime<Utc>>,
    /// Why it is paused, stopped or abandoned.
    why: Option<RemarkDto>,
    window: Window,
    /// Targets that are worked on at once, at most.
    at_once: u32,
    /// So many that failed pause it.
    stop_after_failed: u32,
    steps: Vec<StepDto>,
    /// In the order in which they begin.
    targets: Vec<TargetDto>,
    progress: ProgressDto,
    consistency: ConsistencyDto,
    /// Local changes on its targets that have not ended.
    local_changes: Vec<ChangeDto>,
    answers: Vec<AnsweredDto>,
    /// Of its start, met or not; none once it has started.
    gates: Vec<Gate>,
    planned_by: String,
    planned_at: DateTime<Utc>,
    started_by: Option<String>,
    started_at: Option<DateTime<Utc>>,
    /// What happened last, at most 100 lines, the newest first; `/api/v1/events` has all of it.
    story: Vec<LineDto>,
}

impl RolloutDto {
    pub fn new(app: &App, view: View) -> Self {
        let (r, people) = (view.rollout, view.people);
        let (since, why) = match &r.state {
            State::Planned => (None, None),
            State::Running { since } => (Some(*since), None),
            State::Finished { at } => (Some(*at), None),
            State::Paused { why } | State::Stopped { why } | State::Abandoned { why } => {
                (Some(why.at), Some(RemarkDto::of_word(why, &people)))
            }
        };
        let day = today(app, view.now);
        let targets = r.targets.iter().zip(&view.progress.targets);
        Self {
            state: r.state.name(),
            since,
            why,
            what: WhatDto::new(&r.what),
            targets: targets.map(|(t, p)| TargetDto::new(app, t, p, &people, view.now)).collect(),
            consistency: ConsistencyDto::new(&r, view.variations),
            local_changes: view.changes.into_iter().map(|c| ChangeDto::new(c, &r, day)).collect(),
            answers: r.answers.iter().map(|(id, a)| AnsweredDto::new(*id, a, &people)).collect(),
            progress: ProgressDto::new(&r, view.progress, view.now),
            gates: view.gates,
            planned_by: people.name(r.planned.by).to_owned(),
            planned_at: r.planned.at,
            started_by: name_of(r.started.map(|m| m.by), &people),
            started_at: r.started.map(|m| m.at),
            story: view.story.into_iter().map(LineDto::from).collect(),
            window: r.window,
            at_once: r.at_once,
            stop_after_failed: r.stop_after_failed,
            revision: r.revision,
            number: r.number,
            title: r.title,
            kind: r.kind,
            label: r.label,
            steps: r.steps.into_iter().map(StepDto::from).collect(),
        }
    }
}
