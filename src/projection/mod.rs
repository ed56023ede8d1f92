//! The registry as operators read it, in memory: the board, the search and the status of anything never wait for the
//! database, and answer while it is away.
//!
//! It holds what was committed and nothing else: [`crate::service::feed`] reads it from the database, by the numbers of
//! the changes, at the start and after every commit.

pub mod card;
mod find;
mod grid;
mod names;
mod reading;
mod rows;
mod search;
pub mod state;

pub use card::{Beside, Card, Told};
pub use find::{Hit, Hits};
pub use reading::Marks;
pub use state::{Filter, Key, Kind, Place, State};

use crate::domain::id::ServerName;
use chrono::{DateTime, Utc};
use std::{
    sync::{
        RwLock, RwLockReadGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Notify, SetOnce, watch};

/// How long a change waits until the board shows it before its own answer goes out.
const SHOWN_WITHIN: Duration = Duration::from_secs(2);

/// How current it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Current {
    /// The last change that it holds.
    pub seq: i64,
    /// Since when the database has not answered; `None` while it does.
    pub away: Option<DateTime<Utc>>,
}

/// The state with what keeps it current.
#[derive(Default)]
pub struct Projection {
    state: RwLock<State>,
    /// How often the state was changed.
    version: AtomicU64,
    current: watch::Sender<Current>,
    /// Set once there is a state to be read.
    built: SetOnce<()>,
    /// How often somebody asked for what is new, and how many of these askings have been answered.
    asked: AtomicU64,
    answered: watch::Sender<u64>,
    ask: Notify,
    /// Held by whoever takes in what is new: one at a time, or older things would cover newer ones.
    pub taking_in: tokio::sync::Mutex<()>,
}

impl Projection {
    /// The state as it is now. It must not be held over an `await`: nothing new comes in meanwhile.
    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        // Whoever panicked was only reading, or has put whole entries.
        self.state.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Changes the state, and says that it holds everything up to `seq`.
    pub fn apply(&self, seq: i64, change: impl FnOnce(&mut State)) {
        change(&mut self.state.write().unwrap_or_else(std::sync::PoisonError::into_inner));
        self.version.fetch_add(1, Ordering::Release);
        self.current.send_if_modified(|c| {
            let now = Current { seq, away: None };
            std::mem::replace(c, now) != now
        });
        if !self.built.initialized() {
            // Another one that was as quick is as good.
            let _ = self.built.set(());
        }
    }

    /// Whether it was read from the database: before, it knows of nothing.
    pub fn is_built(&self) -> bool {
        self.built.initialized()
    }

    /// Waits until it is read from the database.
    pub async fn built(&self) {
        self.built.wait().await;
    }

    /// The database answers, and has nothing new.
    pub fn is_current(&self) {
        if self.current.send_if_modified(|c| c.away.take().is_some()) {
            self.version.fetch_add(1, Ordering::Release);
        }
    }

    /// These instances were seen again as they were known. It wakes nobody: who draws them anew finds the moment.
    pub fn see_again<'a>(&self, all: impl IntoIterator<Item = (&'a str, &'a ServerName)>, now: DateTime<Utc>) {
        let mut state = self.state.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (instance, server) in all {
            state.see_again(instance, server, now);
        }
        self.version.fetch_add(1, Ordering::Release);
    }

    /// The database does not answer, since `now` at the latest.
    pub fn lose(&self, now: DateTime<Utc>) {
        self.current.send_if_modified(|c| {
            let known = c.away.is_some();
            c.away.get_or_insert(now);
            !known
        });
        self.version.fetch_add(1, Ordering::Release);
    }

    /// Another number as soon as anything may be other than before.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    pub fn current(&self) -> Current {
        *self.current.borrow()
    }

    /// Wakes whoever waits for changes.
    pub fn follow(&self) -> watch::Receiver<Current> {
        self.current.subscribe()
    }

    /// Has what is new taken in, without waiting for it.
    pub fn wake(&self) {
        self.asked.fetch_add(1, Ordering::AcqRel);
        self.ask.notify_one();
    }

    /// Waits until everything is taken in that somebody asked for: whoever changed something then sees it on the board.
    /// Without anybody who feeds it, as in a command that opens the data alone, it does not wait.
    pub async fn catch_up(&self) {
        if self.answered.receiver_count() == 0 {
            return;
        }
        let asked = self.asked.load(Ordering::Acquire);
        let mut answered = self.answered.subscribe();
        // A feeder that cannot read the database is not waited for: the change itself is committed.
        let _ = tokio::time::timeout(SHOWN_WITHIN, answered.wait_for(|n| *n >= asked)).await;
    }

    /// For the feeder: waits until somebody asks, or `most`; the number that [`Projection::answer`] is told.
    pub async fn asked(&self, most: Duration) -> u64 {
        let _ = tokio::time::timeout(most, self.ask.notified()).await;
        self.asked.load(Ordering::Acquire)
    }

    /// For the feeder: everybody who had asked by then has been answered.
    pub fn answer(&self, asked: u64) {
        self.answered.send_replace(asked);
    }

    /// The feeder holds this while it feeds: who asks waits for it then.
    pub fn feeding(&self) -> watch::Receiver<u64> {
        self.answered.subscribe()
    }

    /// For the feeder, when Custody stops: whoever waits waits no longer, and who comes while the rest ends not at all.
    pub fn ended(&self, feeding: watch::Receiver<u64>) {
        drop(feeding);
        self.answered.send_replace(u64::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;

    /// F13: a change that is made while Custody stops does not wait for a board that is fed no more.
    #[tokio::test]
    async fn f13_nobody_waits_for_a_board_that_is_fed_no_more() {
        let projection = Projection::default();
        let feeding = projection.feeding();
        projection.wake();
        assert_eq!(projection.asked(SHOWN_WITHIN).await, 1);
        let mut waits = pin!(projection.catch_up());
        assert!(futures_util::poll!(&mut waits).is_pending());
        projection.ended(feeding);
        assert!(futures_util::poll!(&mut waits).is_ready(), "who waited waits no longer");
        projection.wake();
        let mut late = pin!(projection.catch_up());
        assert!(futures_util::poll!(&mut late).is_ready(), "nor does who comes later");
    }
}
