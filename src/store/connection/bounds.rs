//! Bounds on waiting for a PostgreSQL that may be gone without a word: a machine that lost its power or a firewall that
//! forgot the connection ends nothing, and TCP alone would notice after a quarter of an hour.

use super::not_answered;
use sea_orm::DbErr;
use std::{
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::time::timeout;

/// Says when a connection of a pool was given up, which is not to be used again: it is closed as soon as it is given back,
/// though it may answer again by then. What was begun on it may have been begun after all. Source: transact-rs/sqlx#4393.
#[derive(Clone, Debug, Default)]
pub struct GivenUp(Arc<Mutex<Option<Instant>>>);

impl GivenUp {
    fn set(&self) {
        *self.held() = Some(Instant::now());
    }

    pub fn is_set(&self) -> bool {
        self.held().is_some()
    }

    /// Where there is one connection, it was that one: whether it was given up, and is closed now.
    pub fn take(&self) -> bool {
        self.held().take().is_some()
    }

    /// Where there are several nobody can tell which one it was: whatever is given back so soon after is closed.
    pub fn is_recent(&self, within: Duration) -> bool {
        self.held().is_some_and(|at| at.elapsed() < within)
    }

    fn held(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a server is waited for. What it ends by itself is waited for a little longer than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a connection, which includes a server that is just restarting.
    pub acquired: Duration,
    /// For whether a connection still is one.
    pub tested: Duration,
    /// For the turn of writing, which the server lets nobody wait for longer than ten seconds; and for a look to begin.
    pub begun: Duration,
    /// For a statement, and for a commit: the server ends them after thirty.
    pub done: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let [acquired, tested, begun, done] = [8, 2, 20, 35].map(Duration::from_secs);
        Self { acquired, tested, begun, done }
    }
}

/// What bounds those who write, or those who read; nothing does where it is a file.
#[derive(Clone, Debug, Default)]
pub struct Bounds {
    pub patience: Option<Patience>,
    pub given_up: GivenUp,
}

impl Bounds {
    pub fn new(patience: Patience) -> Self {
        Self { patience: Some(patience), given_up: GivenUp::default() }
    }

    /// Waits for others of this replica, as long as for those of another one.
    pub async fn waits<T>(&self, turn: impl Future<Output = T>) -> Result<T, DbErr> {
        match self.patience {
            Some(of) => timeout(of.begun, turn).await.map_err(|_| not_answered()),
            None => Ok(turn.await),
        }
    }

    /// Begins on a connection that nobody has given up.
    pub async fn begun<T>(&self, asked: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        self.within(self.patience.map(|of| of.begun), asked).await
    }

    /// Goes on with what was begun; where that is given up, nothing more is asked.
    pub async fn done<T>(&self, asked: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        if self.given_up.is_set() {
            return Err(not_answered());
        }
        self.within(self.patience.map(|of| of.done), asked).await
    }

    async fn within<T>(
        &self,
        limit: Option<Duration>,
        asked: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T, DbErr> {
        let Some(limit) = limit else { return asked.await };
        // It is given up before the connection is given back, which happens where this ends.
        let asked = pin!(asked);
        let answer = timeout(limit, asked).await;
        answer.unwrap_or_else(|_| {
            self.given_up.set();
            Err(not_answered())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::connection::is_unavailable;
    use std::task::Poll;

    /// F6: what is not answered in time may go better later, and nothing more is asked on that connection.
    #[tokio::test]
    async fn f6_who_does_not_answer_is_given_up() {
        let short = Duration::from_millis(20);
        let bounds = Bounds::new(Patience { acquired: short, tested: short, begun: short, done: short });
        assert!(bounds.done(async { Ok(7) }).await.is_ok_and(|n| n == 7));
        assert!(bounds.waits(std::future::pending::<()>()).await.is_err_and(|e| is_unavailable(&e)));
        assert!(!bounds.given_up.is_set(), "whoever only waits gives nobody up");
        let asked = bounds.done(std::future::pending::<Result<(), DbErr>>()).await;
        assert!(asked.is_err_and(|e| is_unavailable(&e)));
        let mut asked = pin!(bounds.done(async { Ok(()) }));
        let told = futures_util::poll!(&mut asked);
        assert!(matches!(told, Poll::Ready(Err(_))), "it is told at once");
    }

    /// F6: one connection is closed where it was given up; of several, whichever are given back so soon after.
    #[tokio::test]
    async fn f6_what_was_given_up_is_closed() {
        let (short, long) = (Duration::from_millis(20), Duration::from_secs(3600));
        let bounds = Bounds::new(Patience { acquired: short, tested: short, begun: short, done: short });
        let given_up = &bounds.given_up;
        assert!(!given_up.is_recent(long) && !given_up.take());
        assert!(bounds.begun(std::future::pending::<Result<(), DbErr>>()).await.is_err_and(|e| is_unavailable(&e)));
        for _ in 0..2 {
            assert!(given_up.is_recent(long), "whichever is given back");
        }
        assert!(!given_up.is_recent(Duration::ZERO), "that was before");
        assert!(given_up.take(), "the only one");
        assert!(!given_up.take(), "it is closed by now");
    }
}
