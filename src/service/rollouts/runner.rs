//! Has the engine run the steps of rollouts, on each replica (R3): takes the rollouts that nobody runs, begins what may
//! begin, follows each run in a task of its own, and ends what is not to run any longer.
//!
//! Whatever is on record as running and runs nowhere becomes unknown: by the end of its replica's time, or where the
//! replica that holds the rollout does not have it.

mod follow;
mod held;

use super::runs::{Begun, LEASE, begin_next, give_up, lost, lost_but, renew, take_lease};
use crate::{
    app::App,
    domain::{
        id::{RolloutId, RunId},
        rollout::{State, Target},
    },
    jobs::Job,
    service::{Error, Result},
    store,
};
use follow::{ANOTHERS, Order, follow};
use held::Held;
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};
use tokio::{
    task::{Id, JoinError, JoinSet},
    time::Instant,
};
use tracing::Instrument;

/// Why what runs is to end.
const STOPPED: &str = "The rollout was stopped.";
const GIVEN_UP: &str = "The rollout was given up.";
const ENDS: &str = "Custody was stopped.";

/// Why nobody knows how a run went that stands on record and is not here.
const STRAY: &str = "Custody lost track of it.";

/// How often what an engine left is looked for, where none is set up any more.
const IDLE: Duration = Duration::from_secs(30);

/// When Custody ends, what came of runs has so long to get on record behind their own end: all of it within ten seconds
/// (F13).
const REPORTED: Duration = Duration::from_secs(2);

/// No lease on a file is anybody else's to take: so long is as good as for ever.
const LONG: Duration = Duration::from_secs(365 * 86_400);

/// How often what is done, and how long is waited.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Between two looks, while nobody acts here.
    pub look: Duration,
    /// Between two words that it still runs a rollout's steps.
    pub renew: Duration,
    /// Between two writes of how far a run is.
    pub write: Duration,
    /// Between two tries to put on record what came of a run.
    pub again: Duration,
    /// What has to end because its time or Custody ends has so long before it is killed.
    pub end: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let [look, renew, write, again, end] = [3, 10, 2, 2, 5].map(Duration::from_secs);
        Self { look, renew, write, again, end }
    }
}

/// Runs steps until Custody stops, and ends what runs then: what did not end in time is unknown.
pub async fn run(app: App) {
    run_at(app, Pace::default()).await;
}

/// The same at another pace.
pub async fn run_at(app: App, mut pace: Pace) {
    if app.ansible.is_set_up() {
        let engine = app.ansible.clone();
        // Nobody waits for it: a folder of a machine that is away hangs.
        tokio::task::spawn_blocking(move || {
            if let Err(why) = engine.check() {
                tracing::warn!(code = why.code(), "rollouts cannot be run: {why}");
            }
        });
    } else {
        pace.look = pace.look.max(IDLE);
    }
    let too_long = async {
        app.stop.cancelled().await;
        tokio::time::sleep(pace.end + REPORTED).await;
    };
    let mut runner =
        Runner { app: app.clone(), pace, held: BTreeMap::new(), runs: JoinSet::new(), tasks: HashMap::new() };
    tokio::select! {
        () = runner.go() => {}
        () = too_long => tracing::warn!("stopped although what came of runs of rollouts is not on record"),
    }
}

/// What came of a look.
struct Looked {
    begun: usize,
    at_work: usize,
}

impl Looked {
    fn words(&self) -> String {
        match (self.begun, self.at_work) {
            (_, 0) => "nothing to do".to_owned(),
            (begun, at_work) => format!("{begun} begun, {at_work} at work"),
        }
    }
}

struct Runner {
    app: App,
    pace: Pace,
    held: BTreeMap<RolloutId, Held>,
    runs: JoinSet<()>,
    /// Whose run each task follows.
    tasks: HashMap<Id, (RolloutId, RunId)>,
}

impl Runner {
    async fn go(&mut self) {
        let app = self.app.clone();
        loop {
            let looked = tokio::select! {
                () = app.stop.cancelled() => break,
                done = app.watched(Job::Rollouts, self.pace.look, self.look(), Looked::words) => done,
            };
            if let Err(error) = looked {
                tracing::warn!(%error, "rollouts could not be looked after, and are looked after again");
            }
            tokio::select! {
                () = app.stop.cancelled() => break,
                () = app.rollouts.notified() => {}
                Some(done) = self.runs.join_next_with_id() => self.ended(done),
                () = tokio::time::sleep(self.pace.look) => {}
            }
            while let Some(done) = self.runs.try_join_next_with_id() {
                self.ended(done);
            }
        }
        self.end().await;
    }

    /// Takes what nobody runs, and looks after each that is held. One that fails does not keep the others from it.
    async fn look(&mut self) -> Result<Looked> {
        let (asked, mut begun, mut failed) = (Instant::now(), 0, None);
        match take_lease(&self.app).await {
            Ok(taken) => taken.iter().for_each(|t| self.hold(t.id, asked)),
            Err(error) => failed = Some(error),
        }
        for id in self.held.keys().copied().collect::<Vec<_>>() {
            match self.tend(id).await {
                Ok(n) => begun += n,
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(Looked { begun, at_work: self.tasks.len() }),
        }
    }

    /// Until when it may be believed that a rollout is this replica's to run, if it was said at this moment. Nobody else
    /// can take one that is kept in a file, whether that can be written or not (F6).
    fn believed(&self, said: Instant) -> Instant {
        said + if self.app.db.is_shared() { LEASE.to_std().unwrap_or_default() } else { LONG }
    }

    fn hold(&mut self, id: RolloutId, asked: Instant) {
        let until = self.believed(asked);
        match self.held.get_mut(&id) {
            Some(held) => held.again(asked, until, self.pace.end),
            None => {
                tracing::info!(%id, "a rollout is run here");
                self.held.insert(id, Held::new(asked, until));
            }
        }
    }

    /// Looks after one rollout; how many runs began.
    async fn tend(&mut self, id: RolloutId) -> Result<usize> {
        self.say_again(id).await?;
        let app = &self.app;
        let r = store::rollouts::find(&app.db.read, id).await?.ok_or(Error::NotFound)?;
        let until = self.held.get(&id).map_or_else(Instant::now, |held| self.believed(held.renewed));
        let Some(held) = self.held.get_mut(&id) else { return Ok(0) };
        if !held.is_ours {
            if held.runs.is_empty() {
                self.held.remove(&id);
            }
            return Ok(0);
        }
        // Its begin was saved and nobody heard so, or whoever followed it broke.
        if r.targets.iter().filter_map(Target::run).any(|run| !held.runs.contains(&run)) {
            lost_but(app, id, &held.runs, STRAY).await?;
        }
        match &r.state {
            State::Stopped { .. } => held.stop(STOPPED),
            State::Abandoned { .. } => held.stop(GIVEN_UP),
            _ if held.runs.is_empty() && held.is_stopped() => {
                held.orders.send_modify(|o| *o = Order { stop: None, until });
            }
            _ => {}
        }
        if held.runs.is_empty() && !r.state.name().is_live() {
            give_up(app, id).await?;
            self.held.remove(&id);
            return Ok(0);
        }
        // While anything is told to end nothing begins beside it.
        if held.is_stopped() || !app.ansible.is_set_up() {
            return Ok(0);
        }
        let begun = begin_next(app, id).await?;
        let many = begun.len();
        for one in begun {
            self.start(one);
        }
        Ok(many)
    }

    /// Says again that it runs its steps, where it is time to. Where that is another one's by now, what runs here ends.
    async fn say_again(&mut self, id: RolloutId) -> Result<()> {
        let Some(held) = self.held.get(&id).filter(|held| held.is_ours) else { return Ok(()) };
        if held.renewed.elapsed() < self.pace.renew {
            return Ok(());
        }
        let asked = Instant::now();
        let is_ours = renew(&self.app, id).await?;
        let until = self.believed(asked);
        let Some(held) = self.held.get_mut(&id) else { return Ok(()) };
        held.is_ours = is_ours;
        if is_ours {
            held.renewed = asked;
            // What was told to end keeps its time.
            held.orders.send_modify(|o| o.until = if o.stop.is_none() { until } else { o.until });
        } else {
            tracing::warn!(%id, runs = held.runs.len(), "a rollout was not said to be run here in time: what runs of it ends");
            held.stop(ANOTHERS);
            held.until(asked + self.pace.end);
        }
        Ok(())
    }

    fn start(&mut self, begun: Begun) {
        let Some(held) = self.held.get_mut(&begun.rollout) else { return };
        held.runs.insert(begun.run);
        let of = (begun.rollout, begun.run);
        let span =
            tracing::info_span!("rollout", number = begun.number.as_str(), on = %begun.target, step = begun.step);
        let followed = follow(self.app.clone(), self.pace, begun, held.orders.subscribe());
        let task = self.runs.spawn(followed.instrument(span));
        self.tasks.insert(task.id(), of);
    }

    /// What came of a run is on record, or whoever followed it broke: then it is a stray.
    fn ended(&mut self, done: std::result::Result<(Id, ()), JoinError>) {
        let id = match done {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!(%error, "a run was not followed to its end");
                error.id()
            }
        };
        if let Some((rollout, run)) = self.tasks.remove(&id)
            && let Some(held) = self.held.get_mut(&rollout)
        {
            held.runs.remove(&run);
        }
    }

    /// Custody ends: what runs ends too, and another replica, or the next start, goes on.
    async fn end(&mut self) {
        let by = Instant::now() + self.pace.end;
        for held in self.held.values() {
            held.stop(ENDS);
            held.until(by);
        }
        while let Some(done) = self.runs.join_next_with_id().await {
            self.ended(done);
        }
        for (id, held) in std::mem::take(&mut self.held) {
            if !held.is_ours {
                continue;
            }
            // What began, and nobody heard of any more, is unknown too.
            let left = async {
                lost(&self.app, id, ENDS).await?;
                give_up(&self.app, id).await
            };
            if let Err(error) = left.await {
                tracing::warn!(%id, %error, "a rollout is free for others only when its time is over");
            }
        }
    }
}
