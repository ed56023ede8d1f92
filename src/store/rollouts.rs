//! Rollouts, who runs their steps, and what these said (R1 to R4).

use super::{
    AHEAD, Result, corrupt,
    entity::{rollout as row, rollout_run as run},
};
use crate::domain::{
    id::{PersonId, RolloutId, RunId, TargetName},
    rollout::{Rollout, StateName},
};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select,
    sea_query::{Expr, Query},
};
use std::collections::BTreeSet;

fn hydrate(r: row::Model) -> Result<Rollout> {
    serde_json::from_str(&r.body).map_err(|e| corrupt(&format!("rollout {}", r.number), e))
}

fn id(text: &str) -> Result<RolloutId> {
    text.parse().map_err(|e| corrupt("a rollout's id", e))
}

fn body(r: &Rollout) -> Result<String> {
    serde_json::to_string(r).map_err(|e| corrupt("a rollout", e))
}

fn name(state: StateName) -> &'static str {
    state.into()
}

/// The states in which a runner has something to do.
fn live() -> [&'static str; 3] {
    [name(StateName::Running), name(StateName::Paused), name(StateName::Stopped)]
}

async fn read<C: ConnectionTrait>(c: &C, q: Select<row::Entity>) -> Result<Vec<Rollout>> {
    q.all(c).await?.into_iter().map(hydrate).collect()
}

pub async fn insert<C: ConnectionTrait>(tx: &C, r: &Rollout) -> Result<()> {
    let row = row::Model {
        id: r.id.to_string(),
        number: r.number.clone(),
        revision: r.revision as i64,
        state: name(r.state.name()).to_owned(),
        kind: r.kind.clone(),
        window_until: r.window.until,
        runner: None,
        runner_until: None,
        body: body(r)?,
    };
    row::Entity::insert(row.into_active_model()).exec_without_returning(tx).await.map(|_| ())
}

/// Saves it over this revision of it; false where it is another one by now.
pub async fn update<C: ConnectionTrait>(tx: &C, r: &Rollout, was: u64) -> Result<bool> {
    let change = row::ActiveModel {
        revision: Set(r.revision as i64),
        state: Set(name(r.state.name()).to_owned()),
        kind: Set(r.kind.clone()),
        window_until: Set(r.window.until),
        body: Set(body(r)?),
        ..Default::default()
    };
    let q = row::Entity::update_many()
        .set(change)
        .filter(row::Column::Id.eq(r.id.to_string()))
        .filter(row::Column::Revision.eq(was as i64));
    Ok(q.exec(tx).await?.rows_affected == 1)
}

pub async fn find<C: ConnectionTrait>(c: &C, id: RolloutId) -> Result<Option<Rollout>> {
    row::Entity::find_by_id(id.to_string()).one(c).await?.map(hydrate).transpose()
}

/// The one of this number, like `R-2026-3`.
pub async fn find_by_number<C: ConnectionTrait>(c: &C, number: &str) -> Result<Option<Rollout>> {
    row::Entity::find().filter(row::Column::Number.eq(number)).one(c).await?.map(hydrate).transpose()
}

/// How many have a number that begins so: none of them is ever deleted.
pub async fn count_numbered<C: ConnectionTrait>(c: &C, begins: &str) -> Result<u64> {
    row::Entity::find().filter(row::Column::Number.starts_with(begins)).count(c).await
}

/// Newest first, of these states or of any, behind `before` where it is given.
pub async fn list<C: ConnectionTrait>(
    c: &C,
    states: &[StateName],
    before: Option<RolloutId>,
    most: u64,
) -> Result<Vec<Rollout>> {
    let mut q = row::Entity::find();
    if !states.is_empty() {
        q = q.filter(row::Column::State.is_in(states.iter().map(|s| name(*s))));
    }
    if let Some(before) = before {
        q = q.filter(row::Column::Id.lt(before.to_string()));
    }
    read(c, q.order_by_desc(row::Column::Id).limit(most)).await
}

/// Those whose window ends by then and that have not ended, the first to end first.
pub async fn list_ending<C: ConnectionTrait>(c: &C, by: DateTime<Utc>, most: u64) -> Result<Vec<Rollout>> {
    let q = row::Entity::find()
        .filter(row::Column::State.is_in(live()))
        .filter(row::Column::WindowUntil.lte(by))
        .order_by_asc(row::Column::WindowUntil)
        .limit(most);
    read(c, q).await
}

/// Those that name a person anywhere. It looks at every rollout: for what is done seldom.
pub async fn list_naming<C: ConnectionTrait>(c: &C, person: PersonId) -> Result<Vec<Rollout>> {
    let q = row::Entity::find().filter(row::Column::Body.contains(person.to_string())).order_by_asc(row::Column::Id);
    read(c, q).await
}

/// A rollout whose steps this replica runs from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub id: RolloutId,
    /// Whether another replica ran them until its time was over.
    pub was_anothers: bool,
}

/// Those that a runner has something to do with and that nobody runs, or nobody any more, with who ran them last: what is
/// held for much longer than until then was before the clock was set back (F10), and not by a replica whose clock is a
/// little ahead.
async fn list_free<C: ConnectionTrait>(
    c: &C,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    most: u64,
) -> Result<Vec<(String, Option<String>)>> {
    let at_work = Query::select()
        .column(run::Column::RolloutId)
        .from(run::Entity)
        .and_where(run::Column::State.eq("running"))
        .to_owned();
    let wanted = Condition::any().add(row::Column::State.is_in(live())).add(row::Column::Id.in_subquery(at_work));
    let free = Condition::any()
        .add(row::Column::Runner.is_null())
        .add(row::Column::RunnerUntil.lte(now))
        .add(row::Column::RunnerUntil.gt(until + AHEAD));
    let q = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::Runner])
        .filter(wanted)
        .filter(free)
        .order_by_asc(row::Column::Id)
        .limit(most);
    q.into_tuple().all(c).await
}

/// Whether there is one for a runner to take.
pub async fn is_any_free<C: ConnectionTrait>(c: &C, now: DateTime<Utc>, until: DateTime<Utc>) -> Result<bool> {
    Ok(!list_free(c, now, until, 1).await?.is_empty())
}

/// Takes those that nobody runs, or nobody any more. One query, and one for each.
pub async fn take<C: ConnectionTrait>(
    tx: &C,
    runner: &str,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<Taken>> {
    let found = list_free(tx, now, until, 100).await?;
    let mut taken = Vec::with_capacity(found.len());
    for (text, was) in found {
        let id = id(&text)?;
        hold(tx, id, Some((runner, until))).await?;
        taken.push(Taken { id, was_anothers: was.is_some_and(|was| was != runner) });
    }
    Ok(taken)
}

async fn hold<C: ConnectionTrait>(tx: &C, id: RolloutId, by: Option<(&str, DateTime<Utc>)>) -> Result<()> {
    let change = row::ActiveModel {
        runner: Set(by.map(|(runner, _)| runner.to_owned())),
        runner_until: Set(by.map(|(_, until)| until)),
        ..Default::default()
    };
    let q = row::Entity::update_many().set(change).filter(row::Column::Id.eq(id.to_string()));
    q.exec(tx).await.map(|_| ())
}

/// Whether this replica runs its steps at this moment.
pub async fn is_run_by<C: ConnectionTrait>(c: &C, id: RolloutId, runner: &str, now: DateTime<Utc>) -> Result<bool> {
    let q = row::Entity::find_by_id(id.to_string())
        .filter(row::Column::Runner.eq(runner))
        .filter(row::Column::RunnerUntil.gt(now));
    Ok(q.count(c).await? == 1)
}

/// Goes on to run its steps; false where another one may do so by now.
pub async fn renew<C: ConnectionTrait>(
    tx: &C,
    id: RolloutId,
    runner: &str,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<bool> {
    let is_mine = is_run_by(tx, id, runner, now).await?;
    if is_mine {
        hold(tx, id, Some((runner, until))).await?;
    }
    Ok(is_mine)
}

/// Another one may run its steps.
pub async fn give_up<C: ConnectionTrait>(tx: &C, id: RolloutId, runner: &str) -> Result<()> {
    let mine = row::Entity::find_by_id(id.to_string()).filter(row::Column::Runner.eq(runner)).count(tx).await?;
    if mine == 1 { hold(tx, id, None).await } else { Ok(()) }
}

/// How a run stands.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter, strum::EnumString, strum::IntoStaticStr, strum::Display,
)]
#[strum(serialize_all = "snake_case")]
pub enum RunState {
    Running,
    Done,
    Failed,
    Unknown,
}

/// A run as it is on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub id: RunId,
    pub rollout: RolloutId,
    pub target: TargetName,
    pub step: usize,
    /// Whether it takes the step back.
    pub undo: bool,
    /// From 1, of this step on this target.
    pub attempt: u32,
    pub state: RunState,
    pub begun: DateTime<Utc>,
    pub ended: Option<DateTime<Utc>>,
    /// The engine's exit code.
    pub rc: Option<i32>,
    pub tasks_done: u32,
    pub tasks_all: u32,
    /// Empty where it was not asked for.
    pub output: String,
}

fn hydrate_run(r: run::Model) -> Result<Run> {
    let bad = |e: &dyn std::fmt::Display| corrupt(&format!("run {}", r.id), e);
    Ok(Run {
        id: r.id.parse().map_err(|e: uuid::Error| bad(&e))?,
        rollout: r.rollout_id.parse().map_err(|e: uuid::Error| bad(&e))?,
        target: TargetName(r.target),
        step: usize::try_from(r.step).unwrap_or_default(),
        undo: r.undo,
        attempt: r.attempt.unsigned_abs(),
        state: r.state.parse().map_err(|e: strum::ParseError| bad(&e))?,
        begun: r.begun_at,
        ended: r.ended_at,
        rc: r.rc,
        tasks_done: r.tasks_done.unsigned_abs(),
        tasks_all: r.tasks_all.unsigned_abs(),
        output: r.output,
    })
}

/// A run that begins.
#[derive(Clone, Debug)]
pub struct NewRun<'a> {
    pub id: RunId,
    pub rollout: RolloutId,
    pub target: &'a TargetName,
    pub step: usize,
    pub undo: bool,
    pub at: DateTime<Utc>,
}

pub async fn insert_run<C: ConnectionTrait>(tx: &C, new: &NewRun<'_>) -> Result<()> {
    let step = i32::try_from(new.step).unwrap_or(i32::MAX);
    let before = run::Entity::find()
        .filter(run::Column::RolloutId.eq(new.rollout.to_string()))
        .filter(run::Column::Target.eq(&new.target.0))
        .filter(run::Column::Step.eq(step))
        .filter(run::Column::Undo.eq(new.undo))
        .count(tx)
        .await?;
    let row = run::Model {
        id: new.id.to_string(),
        rollout_id: new.rollout.to_string(),
        target: new.target.0.clone(),
        step,
        undo: new.undo,
        attempt: i32::try_from(before).unwrap_or(i32::MAX - 1) + 1,
        state: name_of(RunState::Running),
        begun_at: new.at,
        ended_at: None,
        rc: None,
        tasks_done: 0,
        tasks_all: 0,
        output: String::new(),
    };
    run::Entity::insert(row.into_active_model()).exec_without_returning(tx).await.map(|_| ())
}

fn name_of(state: RunState) -> String {
    <&str>::from(state).to_owned()
}

/// Targets that a run is at work on, of whichever rollout.
pub async fn list_at_work<C: ConnectionTrait>(c: &C) -> Result<BTreeSet<TargetName>> {
    let q = run::Entity::find().select_only().column(run::Column::Target).filter(run::Column::State.eq("running"));
    let all: Vec<String> = q.into_tuple().all(c).await?;
    Ok(all.into_iter().map(TargetName).collect())
}

/// The newest runs of a rollout, or of one target of it, without what they said; newest first.
pub async fn list_runs<C: ConnectionTrait>(
    c: &C,
    rollout: RolloutId,
    target: Option<&TargetName>,
    most: u64,
) -> Result<Vec<Run>> {
    let mut q = run::Entity::find()
        .select_only()
        .columns([
            run::Column::Id,
            run::Column::RolloutId,
            run::Column::Target,
            run::Column::Step,
            run::Column::Undo,
            run::Column::Attempt,
            run::Column::State,
            run::Column::BegunAt,
            run::Column::EndedAt,
            run::Column::Rc,
            run::Column::TasksDone,
            run::Column::TasksAll,
        ])
        .column_as(Expr::cust("''"), "output")
        .filter(run::Column::RolloutId.eq(rollout.to_string()));
    if let Some(target) = target {
        q = q.filter(run::Column::Target.eq(&target.0));
    }
    let q = q.order_by_desc(run::Column::BegunAt).order_by_desc(run::Column::Id).limit(most);
    q.into_model::<run::Model>().all(c).await?.into_iter().map(hydrate_run).collect()
}

/// A run with what it said.
pub async fn find_run<C: ConnectionTrait>(c: &C, id: RunId) -> Result<Option<Run>> {
    run::Entity::find_by_id(id.to_string()).one(c).await?.map(hydrate_run).transpose()
}

/// How far a run is, and what it has said so far; nothing where it is over.
pub async fn update_run<C: ConnectionTrait>(tx: &C, id: RunId, tasks: (u32, u32), output: &str) -> Result<()> {
    let few = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    let change = run::ActiveModel {
        tasks_done: Set(few(tasks.0)),
        tasks_all: Set(few(tasks.1)),
        output: Set(output.to_owned()),
        ..Default::default()
    };
    let q = run::Entity::update_many()
        .set(change)
        .filter(run::Column::Id.eq(id.to_string()))
        .filter(run::Column::State.eq("running"));
    q.exec(tx).await.map(|_| ())
}

/// A run is over.
pub async fn end_run<C: ConnectionTrait>(
    tx: &C,
    id: RunId,
    state: RunState,
    rc: Option<i32>,
    at: DateTime<Utc>,
) -> Result<()> {
    let change =
        run::ActiveModel { state: Set(name_of(state)), rc: Set(rc), ended_at: Set(Some(at)), ..Default::default() };
    let q = run::Entity::update_many()
        .set(change)
        .filter(run::Column::Id.eq(id.to_string()))
        .filter(run::Column::State.eq("running"));
    q.exec(tx).await.map(|_| ())
}
