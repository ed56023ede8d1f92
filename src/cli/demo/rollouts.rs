//! The rollouts of the sample facility (R1 to R7): one is over, one is under way, one is planned; two instruments have
//! local changes. No engine runs: what one would report is made up here, each at its moment.

mod made_up;

use super::{life::morning, people::Cast};
use crate::{
    app::App,
    domain::{
        id::{LocalChangeId, RolloutId},
        local_change::Said,
        rollout::{Answer, Command, Rollout, Target},
    },
    service::{
        Caller, Error, Result, local_changes,
        rollouts::{self, Ask, Begun},
    },
};
use chrono::{DateTime, Duration, Utc};
use made_up::{CHANGES, Change, TASKS, Which};
use std::collections::BTreeMap;

/// The check, in the kinds of the built-in policy, and what a person does after it where a legacy system stays.
const CHECK: usize = 8;
const WAY_BACK: usize = 9;

/// How many minutes ago the one that is under way has started.
const STARTED: i64 = 310;

/// Something that is to happen at its moment.
#[derive(Debug)]
enum Act {
    Records(&'static Change),
    Plans(Which),
    /// Somebody says what becomes of the local change on a target.
    Answers(&'static str, Answer),
    Asks(Which, &'static str, Box<Command>),
    /// A run comes to its end.
    Ends(Which, Box<Begun>),
}

/// What is still to happen, and what has.
#[derive(Debug)]
pub struct Rollouts {
    now: DateTime<Utc>,
    due: BTreeMap<(DateTime<Utc>, usize), Act>,
    acts: usize,
    known: BTreeMap<Which, (RolloutId, String)>,
    changes: BTreeMap<&'static str, LocalChangeId>,
}

fn person(cast: &Cast, login: &str) -> Caller {
    Caller::person(cast.id(login), "web 127.0.0.1")
}

impl Rollouts {
    /// All of it up to `now`, the end of the story.
    pub fn new(now: DateTime<Utc>) -> Self {
        let (due, known, changes) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut all = Self { now, due, acts: 0, known, changes };
        let begins = now - Duration::minutes(STARTED);
        for change in &CHANGES {
            all.add(morning(now, change.days_ago), Act::Records(change));
        }
        all.add(morning(now, 62), Act::Plans(Which::Legacy));
        all.asks(morning(now, 60), Which::Legacy, "jonas", Command::Start {});
        all.add(morning(now, 3), Act::Plans(Which::Winter));
        all.add(morning(now, 2), Act::Answers("FXE", Answer::ApplyAgain));
        all.add(morning(now, 2), Act::Answers("MID", Answer::Clear));
        all.asks(begins, Which::Winter, "lena", Command::Start {});
        let reason = "Yuki Sato asks to wait for the end of a vacuum bake.".to_owned();
        let hold = Command::Hold { target: "HIBEF".into(), reason, until: Some(now + Duration::minutes(140)) };
        all.asks(begins + Duration::minutes(258), Which::Winter, "lena", hold);
        all.add(now - Duration::minutes(95), Act::Plans(Which::Next));

        let propose = |target: &str, days: i64| {
            let date = (now + Duration::days(days)).date_naive();
            Command::ProposeRetirement { target: target.into(), date }
        };
        let tried = |note: &str| Command::TryWayBack { target: "SA3".into(), note: note.to_owned() };
        all.asks(morning(now, 50), Which::Legacy, "jonas", propose("SA3", 60));
        all.asks(morning(now, 49), Which::Legacy, "joost", Command::AgreeRetirement { target: "SA3".into() });
        all.asks(morning(now, 20), Which::Legacy, "sofia", propose("SXP", 90));
        all.asks(morning(now, 12), Which::Legacy, "jonas", tried("It takes nine minutes, and nobody noticed."));
        all
    }

    fn add(&mut self, at: DateTime<Utc>, act: Act) {
        self.acts += 1;
        self.due.insert((at, self.acts), act);
    }

    fn asks(&mut self, at: DateTime<Utc>, of: Which, who: &'static str, command: Command) {
        self.add(at, Act::Asks(of, who, Box::new(command)));
    }

    /// When the next of it happens.
    pub fn due(&self) -> Option<DateTime<Utc>> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    /// Goes on up to this moment.
    pub async fn up_to(&mut self, app: &App, cast: &Cast, moment: DateTime<Utc>) -> Result<()> {
        while let Some(first) = self.due.first_entry().filter(|first| first.key().0 <= moment) {
            let ((at, _), act) = first.remove_entry();
            app.clock.advance((at - app.clock.now()).max(Duration::zero()));
            self.play(app, cast, act).await?;
        }
        Ok(())
    }

    async fn play(&mut self, app: &App, cast: &Cast, act: Act) -> Result<()> {
        match act {
            Act::Records(c) => {
                let until = (self.now + Duration::days(c.until)).date_naive();
                let said = Said { what: c.what.to_owned(), ticket: c.ticket.to_owned(), until };
                let new = local_changes::New { target: c.target.into(), device: None, said };
                let kept = local_changes::record(app, &person(cast, c.who), new, None).await?;
                self.changes.insert(c.target, kept.id);
            }
            Act::Plans(of) => {
                let plan = made_up::plan(app, cast, of, self.now)?;
                let r = rollouts::plan(app, &person(cast, of.planner()), plan, None).await?.rollout;
                self.known.insert(of, (r.id, r.number));
            }
            Act::Answers(target, answer) => {
                let change = *self.changes.get(target).ok_or(Error::NotFound)?;
                let command = Command::AnswerChange { target: target.into(), change, answer };
                self.ask(app, cast, (Which::Winter, "lena"), command).await?;
            }
            Act::Asks(of, who, command) => {
                self.ask(app, cast, (of, who), *command).await?;
                self.look(app, of).await?;
            }
            Act::Ends(of, run) => {
                if let Some(after) = rollouts::report(app, &run, made_up::ended(of, &run)).await? {
                    self.follow_up(of, &run, &after, app.clock.now());
                }
                self.look(app, of).await?;
            }
        }
        Ok(())
    }

    async fn ask(&self, app: &App, cast: &Cast, (of, who): (Which, &str), command: Command) -> Result<()> {
        let (_, number) = self.known.get(&of).ok_or(Error::NotFound)?;
        rollouts::act(app, &person(cast, who), number, Ask::from(command)).await.map(|_| ())
    }

    /// As the runner does: whatever may begin begins, and its end is to come.
    async fn look(&mut self, app: &App, of: Which) -> Result<()> {
        let (id, _) = *self.known.get(&of).ok_or(Error::NotFound)?;
        rollouts::take_lease(app).await?;
        for run in rollouts::begin_next(app, id).await? {
            let at = app.clock.now() + Duration::minutes(made_up::minutes(of, &run));
            self.add(at, Act::Ends(of, Box::new(run)));
        }
        Ok(())
    }

    /// What people do about what came of a run.
    fn follow_up(&mut self, of: Which, run: &Begun, after: &Rollout, at: DateTime<Utc>) {
        let later = |minutes: i64| at + Duration::minutes(minutes);
        let (name, step) = (run.target.clone(), run.step);
        let has_failed = after.target(&name).is_some_and(Target::counts_as_failed);
        match (of, run.target.0.as_str()) {
            (Which::Winter, "XTD10") if has_failed && !run.undo => {
                let reason = "It refuses settings that it took an hour ago: back to what it was.".to_owned();
                self.asks(later(6), of, "ravi", Command::RollBack { target: name, reason });
            }
            // They wait for it still.
            (Which::Winter, "FXE" | "LA1") => {}
            (Which::Winter, _) if step == CHECK => {
                self.asks(later(7), of, "chiara", Command::SignOff { target: name, step });
            }
            (Which::Legacy, _) if step == CHECK => {
                let note = "Twelve minutes there, and eleven back.".to_owned();
                self.asks(later(7), of, "lena", Command::SignOff { target: name.clone(), step });
                self.asks(later(30), of, "jonas", Command::TryWayBack { target: name.clone(), note: note.clone() });
                let facts = BTreeMap::new();
                let by_hand = Command::DoneByHand { target: name, step: WAY_BACK, note, facts };
                self.asks(later(33), of, "jonas", by_hand);
            }
            _ => {}
        }
    }

    /// What runs at the end of the story is half-way, and nobody runs it: what an engine would do is over.
    pub async fn leave(&self, app: &App) -> Result<()> {
        for ((at, _), act) in &self.due {
            let Act::Ends(of, run) = act else { continue };
            let all = made_up::minutes(*of, run).max(1);
            let left = (*at - self.now).num_minutes().clamp(0, all);
            let done = u32::try_from(i64::from(TASKS) * (all - left) / all).unwrap_or_default();
            rollouts::write(app, run.run, (done, TASKS), &made_up::output(run, done, None)).await?;
        }
        for (id, _) in self.known.values() {
            rollouts::give_up(app, *id).await?;
        }
        Ok(())
    }
}
