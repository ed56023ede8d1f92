//! What the runner needs (R3): who runs a rollout's steps, what begins now, and how each run goes. The engine itself is
//! started outside of any transaction.

use super::{gathered, open_changes, save};
use crate::{
    app::App,
    domain::{
        id::{RolloutId, RunId, TargetName},
        person::Person,
        refusal::{Code, Refusal},
        rollout::{
            Command, Event, Outcome, Rollout, Target, What, decide, evolve, next, next_among, next_back, unanswered,
        },
    },
    service::{Caller, Error, Result},
    store::{
        self, Tx,
        rollouts::{NewRun, Run, RunState, Taken},
    },
};
use chrono::Duration;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// How long a runner's word counts that it runs a rollout's steps. It renews it every ten seconds.
pub(super) const LEASE: Duration = Duration::seconds(45);

/// The most of a run's output that is kept: its head and its tail, in bytes.
const OUTPUT_HEAD: usize = 64 * 1024;
const OUTPUT_TAIL: usize = 192 * 1024;

/// The most runs that a page lists.
const RUNS: u64 = 1000;

/// Names this replica's runner.
fn runner(app: &App) -> String {
    app.db.replica.to_string()
}

/// Takes the rollouts whose steps nobody runs, or nobody any more; what ran on the replica that is gone is unknown from
/// then on. Nothing is written where there is nothing to take.
pub async fn take_lease(app: &App) -> Result<Vec<Taken>> {
    let now = app.clock.now();
    if !store::rollouts::is_any_free(&app.db.read, now, now + LEASE).await? {
        return Ok(Vec::new());
    }
    let owned = app.clone();
    let taken = app
        .outliving(async move {
            let now = owned.clock.now();
            let tx = owned.db.begin().await?;
            let taken = store::rollouts::take(&tx, &runner(&owned), now, now + LEASE).await?;
            tx.commit().await?;
            Ok::<_, Error>(taken)
        })
        .await??;
    for of in taken.iter().filter(|t| t.was_anothers) {
        lost(app, of.id, "The replica of Custody that ran it is gone.").await?;
    }
    Ok(taken)
}

/// Goes on to run its steps; false where another replica may do so by now: whatever runs here is to be ended then.
pub async fn renew(app: &App, id: RolloutId) -> Result<bool> {
    let owned = app.clone();
    app.outliving(async move {
        let now = owned.clock.now();
        let tx = owned.db.begin().await?;
        let is_mine = store::rollouts::renew(&tx, id, &runner(&owned), now, now + LEASE).await?;
        tx.commit().await?;
        Ok(is_mine)
    })
    .await?
}

/// Lets another replica run its steps, as this one ends.
pub async fn give_up(app: &App, id: RolloutId) -> Result<()> {
    let owned = app.clone();
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        store::rollouts::give_up(&tx, id, &runner(&owned)).await?;
        Ok(tx.commit().await?)
    })
    .await?
}

/// Nobody knows any more how what runs of a rollout goes, for this reason; how much that is.
pub async fn lost(app: &App, id: RolloutId, why: &str) -> Result<usize> {
    lost_but(app, id, &BTreeSet::new(), why).await
}

/// The same of whatever runs but for these runs.
pub async fn lost_but(app: &App, id: RolloutId, but: &BTreeSet<RunId>, why: &str) -> Result<usize> {
    let (owned, but, why) = (app.clone(), but.clone(), why.to_owned());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        let before = store::rollouts::find(&tx, id).await?.ok_or(Error::NotFound)?;
        let gathered = gathered(&tx, &owned).await?;
        let caller = Caller::custody();
        let (mut after, mut all): (Rollout, Vec<Event>) = (before.clone(), Vec::new());
        let mut runs = Vec::new();
        for t in &before.targets {
            let Some(run) = t.run().filter(|run| !but.contains(run)) else { continue };
            let outcome = Outcome::Unknown { why: why.clone() };
            let Some(command) = ends(&before, &t.name, run, outcome) else { continue };
            let events = decide(&after, &command, &gathered.facts(&owned, &caller))?;
            after = events.iter().fold(after, evolve);
            all.extend(events);
            runs.push(run);
        }
        if all.is_empty() {
            return Ok(0);
        }
        for run in &runs {
            store::rollouts::end_run(&tx, *run, RunState::Unknown, None, gathered.now).await?;
        }
        save(&tx, &owned, &caller, (&before, &after), &all, &gathered.roster).await?;
        tx.commit().await?;
        Ok(runs.len())
    })
    .await?
}

/// The command that ends the run at work on a target, forth or back.
fn ends(r: &Rollout, name: &TargetName, run: RunId, outcome: Outcome) -> Option<Command> {
    let t = r.target(name).filter(|t| t.run() == Some(run))?;
    let target = name.clone();
    if let Some(back) = &t.rolled_back {
        return Some(Command::BackEnds { target, step: *back.left.first()?, run, outcome });
    }
    Some(Command::Report { target, step: t.step()?, run, outcome })
}

/// A run that has begun: what the engine is to be started with.
#[derive(Clone, Debug, PartialEq)]
pub struct Begun {
    pub rollout: RolloutId,
    pub number: String,
    pub run: RunId,
    pub target: TargetName,
    /// The host or the group of the inventory.
    pub host: String,
    pub step: usize,
    /// Whether it takes the step back.
    pub undo: bool,
    /// The file of the policy's folder.
    pub playbook: String,
    /// Minutes that it may take.
    pub minutes: u32,
    /// What the playbook is told.
    pub extra: Value,
}

/// Begins what may begin now, where this replica runs the rollout's steps: each is on record when this returns, and the
/// engine is started then. Nothing is written where nothing may begin.
pub async fn begin_next(app: &App, id: RolloutId) -> Result<Vec<Begun>> {
    let now = app.clock.now();
    let seen = store::rollouts::find(&app.db.read, id).await?.ok_or(Error::NotFound)?;
    if next(&seen, now).is_empty() && next_back(&seen).is_empty() {
        return Ok(Vec::new());
    }
    let owned = app.clone();
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        let begun = begin(&tx, &owned, id).await?;
        tx.commit().await?;
        Ok(begun)
    })
    .await?
}

async fn begin(tx: &Tx, app: &App, id: RolloutId) -> Result<Vec<Begun>> {
    let now = app.clock.now();
    if !store::rollouts::is_run_by(tx, id, &runner(app), now).await? {
        return Ok(Vec::new());
    }
    let before = store::rollouts::find(tx, id).await?.ok_or(Error::NotFound)?;
    let mut gathered = gathered(tx, app).await?;
    gathered.changes = open_changes(tx, &before).await?;
    let at_work: BTreeSet<TargetName> = store::rollouts::list_at_work(tx).await?;
    let caller = Caller::custody();
    // What another rollout works on, or has somebody answer for a local change first, takes no room from the others.
    let may = |t: &Target| {
        let is_answered = || t.has_begun() || unanswered(&before, &t.name, &gathered.changes).is_empty();
        !at_work.contains(&t.name) && is_answered()
    };
    let back = next_back(&before).into_iter().map(|(target, step)| (target, step, true));
    let forth = next_among(&before, now, may).into_iter().map(|(target, step)| (target, step, false));
    let (mut after, mut all): (Rollout, Vec<Event>) = (before.clone(), Vec::new());
    let mut begun = Vec::new();
    for (target, step, undo) in back.chain(forth) {
        // Another rollout works on it right now.
        if at_work.contains(&target) {
            continue;
        }
        let run = RunId(uuid::Uuid::now_v7());
        let command = match undo {
            true => Command::BackBegins { target: target.clone(), step, run },
            false => Command::Begin { target: target.clone(), step, run },
        };
        let Some(new) = of(&after, &target, step, run, undo) else { continue };
        match decide(&after, &command, &gathered.facts(app, &caller)) {
            Ok(events) => {
                after = events.iter().fold(after, evolve);
                all.extend(events);
                begun.push(new);
            }
            // There is no room for it any more.
            Err(_) => continue,
        }
    }
    if all.is_empty() {
        return Ok(Vec::new());
    }
    for b in &begun {
        let new = NewRun { id: b.run, rollout: id, target: &b.target, step: b.step, undo: b.undo, at: now };
        store::rollouts::insert_run(tx, &new).await?;
    }
    save(tx, app, &caller, (&before, &after), &all, &gathered.roster).await?;
    Ok(begun)
}

/// What a run of this step is started with; nothing where the engine has no part in it.
fn of(r: &Rollout, target: &TargetName, step: usize, run: RunId, undo: bool) -> Option<Begun> {
    let (t, s) = (r.target(target)?, r.steps.get(step)?);
    let playbook = if undo { s.undo.clone()? } else { s.playbook.clone()? };
    let mut release = json!({ "name": r.what.words(), "version": r.what.version() });
    if let What::Device { name, release: of, .. } = &r.what {
        release["device"] = name.as_str().into();
        release["commit"] = of.commit.as_str().into();
    }
    let extra = json!({
        "custody_rollout": r.number,
        "custody_kind": r.kind,
        "custody_target": target,
        "custody_instrument": t.instrument,
        "custody_step": s.name,
        "custody_undo": undo,
        "custody_release": release,
    });
    Some(Begun {
        rollout: r.id,
        number: r.number.clone(),
        run,
        target: target.clone(),
        host: t.host.clone(),
        step,
        undo,
        playbook,
        minutes: s.minutes,
        extra,
    })
}

/// Keeps how far a run is and what it has said so far; nothing of what is over.
pub async fn write(app: &App, run: RunId, tasks: (u32, u32), output: &str) -> Result<()> {
    let (owned, output) = (app.clone(), bounded(output));
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        store::rollouts::update_run(&tx, run, tasks, &output).await?;
        Ok(tx.commit().await?)
    })
    .await?
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Ended {
    pub outcome: Outcome,
    /// The engine's exit code, where it came to one.
    pub rc: Option<i32>,
    /// Done, and all.
    pub tasks: (u32, u32),
    pub output: String,
}

/// Keeps how a run ended: the rollout as it is after it, or `None` where it was over already, as another replica found it
/// lost.
pub async fn report(app: &App, run: &Begun, ended: Ended) -> Result<Option<Rollout>> {
    let (owned, run) = (app.clone(), run.clone());
    app.outliving(async move {
        let tx = owned.db.begin().await?;
        let before = store::rollouts::find(&tx, run.rollout).await?.ok_or(Error::NotFound)?;
        let Ended { outcome, rc, tasks, output } = ended;
        store::rollouts::update_run(&tx, run.run, tasks, &bounded(&output)).await?;
        let state = match &outcome {
            Outcome::Done { .. } => RunState::Done,
            Outcome::Failed { .. } => RunState::Failed,
            Outcome::Unknown { .. } => RunState::Unknown,
        };
        let Some(command) = ends(&before, &run.target, run.run, outcome) else { return Ok(None) };
        let (gathered, caller) = (gathered(&tx, &owned).await?, Caller::custody());
        let events = decide(&before, &command, &gathered.facts(&owned, &caller))?;
        let after = events.iter().fold(before.clone(), evolve);
        store::rollouts::end_run(&tx, run.run, state, rc, gathered.now).await?;
        save(&tx, &owned, &caller, (&before, &after), &events, &gathered.roster).await?;
        tx.commit().await?;
        Ok(Some(after))
    })
    .await?
}

/// What is kept of an output: its head and its tail, and that something was cut between them.
fn bounded(output: &str) -> String {
    // PostgreSQL keeps no NUL in a text.
    let output = output.replace('\0', "");
    if output.len() <= OUTPUT_HEAD + OUTPUT_TAIL {
        return output;
    }
    let head = output.floor_char_boundary(OUTPUT_HEAD);
    let tail = output.ceil_char_boundary(output.len() - OUTPUT_TAIL);
    format!("{}\n… cut\n{}", &output[..head], &output[tail..])
}

/// The runs of a rollout, or of one target of it, newest first, without what they said.
pub async fn runs(app: &App, number: &str, target: Option<&TargetName>) -> Result<Vec<Run>> {
    let c = &app.db.snapshot().await?;
    let r = store::rollouts::find_by_number(c, number).await?.ok_or(Error::NotFound)?;
    Ok(store::rollouts::list_runs(c, r.id, target, RUNS).await?)
}

/// A run with what it said, which names hosts and paths: for CTRL and administrators.
pub async fn output(app: &App, caller: &Caller, number: &str, run: RunId) -> Result<Run> {
    let c = &app.db.snapshot().await?;
    let roster = app.roster.current(c).await?;
    if !caller.actor.person().and_then(|me| roster.person(me)).is_some_and(Person::sees_origin) {
        return Err(Refusal::new(Code::NotYours, "What runs said is for CTRL and administrators to read.").into());
    }
    let r = store::rollouts::find_by_number(c, number).await?.ok_or(Error::NotFound)?;
    let found = store::rollouts::find_run(c, run).await?;
    found.filter(|run| run.rollout == r.id).ok_or(Error::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R3: of a long output head and tail are kept, whole letters of each, and no more than the bound.
    #[test]
    fn r3_an_output_is_bounded() {
        assert_eq!(bounded("a\0b"), "ab");
        let long = format!("head{}tail", "ä".repeat(200_000));
        let kept = bounded(&long);
        assert!(kept.starts_with("headä") && kept.ends_with("ätail") && kept.contains("\n… cut\n"));
        assert!(kept.len() <= OUTPUT_HEAD + OUTPUT_TAIL + 16, "{}", kept.len());
    }
}
