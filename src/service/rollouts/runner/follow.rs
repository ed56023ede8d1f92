//! One run, followed from the start of the engine until what came of it is on record.

use super::Pace;
use crate::{
    app::App,
    domain::{id::RunId, rollout::Outcome},
    ports::ansible::{self, Event, Output, Ran, Request},
    service::{
        Error,
        rollouts::{Begun, Ended, report, write},
    },
};
use std::{
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

/// Why a run ends whose rollout is not to be believed this replica's any more.
pub(super) const ANOTHERS: &str = "Another replica of Custody may run the rollout by now.";

/// So many events of a run wait to be taken up.
const EVENTS: usize = 1024;

/// What the runs of a rollout are told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    /// They are to end, for this reason.
    pub stop: Option<&'static str>,
    /// Nothing of them is there any more then, whatever they do.
    pub until: Instant,
}

/// What was heard of a run so far.
#[derive(Default)]
struct Heard {
    /// Done, and all.
    tasks: (u32, u32),
    output: Output,
    /// Something that is not written yet.
    is_new: bool,
}

impl Heard {
    fn take(&mut self, event: Event) {
        match event {
            Event::PlaybookStarted { tasks } => self.tasks.1 = tasks,
            Event::TaskStarted { number, of, .. } => self.tasks = (number.saturating_sub(1), of),
            Event::Output(text) => self.output.push(&text),
            Event::HostResult { .. } | Event::Stats { .. } => return,
        }
        self.is_new = true;
    }

    fn news(&mut self) -> Option<((u32, u32), String)> {
        std::mem::take(&mut self.is_new).then(|| (self.tasks, self.output.text()))
    }
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs it, keeps meanwhile how far it is, and puts on record what came of it, however often that has to be tried (F6).
pub(super) async fn follow(app: App, pace: Pace, begun: Begun, orders: watch::Receiver<Order>) {
    let (began, cancel) = (Instant::now(), CancellationToken::new());
    let request = Request {
        playbook: begun.playbook.clone(),
        host: begun.host.clone(),
        extra: begun.extra.clone(),
        within: Duration::from_secs(u64::from(begun.minutes) * 60),
        cancel: cancel.clone(),
    };
    let (heard, why) = (Mutex::new(Heard::default()), OnceLock::new());
    let ran = tokio::select! {
        ran = hear(&app, &request, &heard) => Some(ran),
        () = obey(orders, &cancel, pace.end, &why) => None,
        () = keep_writing(&app, begun.run, pace.write, &heard) => unreachable!("it goes on"),
    };
    let why = why.get().copied();
    let ended = match ran {
        Some(ran) => Ended {
            outcome: outcome(ran.outcome, began.elapsed().as_secs(), why),
            rc: ran.rc,
            tasks: (ran.tasks_done, ran.tasks_all),
            output: ran.output,
        },
        None => {
            let heard = heard.into_inner().unwrap_or_else(PoisonError::into_inner);
            let why = format!("{} It did not end when it was asked to, and was killed.", why.unwrap_or(ANOTHERS));
            let outcome = Outcome::Unknown { why };
            Ended { outcome, rc: None, tasks: heard.tasks, output: heard.output.text() }
        }
    };
    put_on_record(&app, &begun, &ended, pace.again).await;
}

/// What it came to, in the rollout's words; `stopped` says why it was told to end.
fn outcome(of: ansible::Outcome, took_seconds: u64, stopped: Option<&'static str>) -> Outcome {
    match of {
        ansible::Outcome::Done { facts } => Outcome::Done { took_seconds, facts },
        ansible::Outcome::Failed { why, .. } => Outcome::Failed { why },
        ansible::Outcome::Unknown { why } => {
            let why = if let Some(stopped) = stopped { format!("{stopped} {why}") } else { why };
            Outcome::Unknown { why }
        }
    }
}

/// The run, and whoever listens to it.
async fn hear(app: &App, request: &Request, heard: &Mutex<Heard>) -> Ran {
    let (events, mut told) = mpsc::channel(EVENTS);
    let run = async move {
        let ran = app.ansible.run(request, &events).await;
        // Whoever listens ends with it.
        drop(events);
        ran
    };
    let listen = async {
        while let Some(event) = told.recv().await {
            lock(heard).take(event);
        }
    };
    tokio::join!(run, listen).0
}

/// Keeps on writing how far it is, where that is news.
async fn keep_writing(app: &App, run: RunId, every: Duration, heard: &Mutex<Heard>) {
    loop {
        sleep(every).await;
        let news = lock(heard).news();
        let Some((tasks, output)) = news else { continue };
        if let Err(error) = write(app, run, tasks, &output).await {
            tracing::debug!(%error, "how far a run is could not be kept");
            lock(heard).is_new = true;
        }
    }
}

/// Tells it to end when that is ordered, or when its time is over but for `end`; is done when nothing of it may be there
/// any more.
async fn obey(
    mut orders: watch::Receiver<Order>,
    cancel: &CancellationToken,
    end: Duration,
    why: &OnceLock<&'static str>,
) {
    loop {
        let Order { stop, until } = *orders.borrow_and_update();
        let now = Instant::now();
        let last = until.checked_sub(end).unwrap_or(until);
        let stop = stop.or((now >= last).then_some(ANOTHERS));
        if let Some(stop) = stop {
            let _ = why.set(stop);
            cancel.cancel();
        }
        if now >= until {
            return;
        }
        tokio::select! {
            changed = orders.changed() => if changed.is_err() {
                // Nobody holds the rollout any more.
                return;
            },
            () = sleep_until(if stop.is_some() { until } else { last }) => {}
        }
    }
}

async fn put_on_record(app: &App, begun: &Begun, ended: &Ended, again: Duration) {
    loop {
        match report(app, begun, ended.clone()).await {
            Ok(Some(_)) => return,
            Ok(None) => return tracing::warn!(run = %begun.run, "a run was given up for lost before it ended"),
            Err(Error::Refused(refusal)) => {
                return tracing::error!(run = %begun.run, why = %refusal.sentence, "what came of a run was refused");
            }
            Err(error) => {
                tracing::warn!(run = %begun.run, %error, "what came of a run is not on record yet, and is tried again");
                sleep(again).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(stop: Option<&'static str>, ms: u64) -> Order {
        Order { stop, until: Instant::now() + Duration::from_millis(ms) }
    }

    /// R3: nobody believes longer than its time that a rollout is theirs: what runs is told to end before, and then killed;
    /// whoever says so in time goes on.
    #[tokio::test]
    async fn r3_no_time_is_believed_beyond_its_end() {
        let (cancel, why, end) = (CancellationToken::new(), OnceLock::new(), Duration::from_secs(9));
        // To end after a second, to be gone after ten.
        let (say, orders) = watch::channel(order(None, 10_000));
        let says = async {
            sleep(Duration::from_millis(100)).await;
            say.send_replace(order(None, 12_000));
            sleep(Duration::from_millis(1200)).await;
            assert!(!cancel.is_cancelled(), "it was said again");
            cancel.cancelled().await;
            say.send_replace(order(None, 0));
        };
        let ((), ()) = tokio::join!(says, obey(orders, &cancel, end, &why));
        assert_eq!(why.get(), Some(&ANOTHERS));
    }

    /// R3: what is ordered to end is told so at once, with the first reason, and has its time for it.
    #[tokio::test]
    async fn r3_an_order_is_obeyed() {
        let (cancel, why, end) = (CancellationToken::new(), OnceLock::new(), Duration::from_millis(100));
        let (say, orders) = watch::channel(order(Some("Enough."), 60_000));
        let run = obey(orders, &cancel, end, &why);
        let mut run = std::pin::pin!(run);
        assert!(futures_util::poll!(&mut run).is_pending());
        assert!(cancel.is_cancelled());
        say.send_modify(|o| o.until = Instant::now() + Duration::from_millis(50));
        run.await;
        assert_eq!(why.get(), Some(&"Enough."));
    }

    /// R3: what is told of a run is its newest, once.
    #[test]
    fn r3_what_is_heard_is_kept() {
        let mut heard = Heard::default();
        assert_eq!(heard.news(), None);
        heard.take(Event::PlaybookStarted { tasks: 4 });
        heard.take(Event::TaskStarted { number: 3, of: 5, name: "third".to_owned() });
        heard.take(Event::Output("a\n".to_owned()));
        assert_eq!(heard.news(), Some(((2, 5), "a\n".to_owned())));
        heard.take(Event::HostResult { host: "a".to_owned(), task: "b".to_owned(), kind: ansible::Kind::Ok });
        assert_eq!(heard.news(), None);
    }
}
