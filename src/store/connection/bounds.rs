//! Bounds on waiting for a PostgreSQL that may be gone without a word: a machine that lost its power or a firewall that
//! forgot the connection ends nothing, and TCP alone would notice after a quarter of an hour.

use super::not_answered;
use sea_orm::DbErr;
use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::timeout;

/// Set where the writing connection is not to be used again: it is closed as soon as it is given back, though it may answer
/// again by then. What was begun on it may have been begun after all. Source: transact-rs/sqlx#4393.
pub type GivenUp = Arc<AtomicBool>;

/// How long a server is waited for. What it ends by itself is waited for a little longer than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a connection, which includes a server that is just restarting.
    pub acquired: Duration,
    /// For whether a connection still is one.
    pub tested: Duration,
    /// For the turn of writing: the server lets nobody wait for that longer than ten seconds.
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

/// What bounds the writer; nothing does where it writes to a file.
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
        if self.given_up.load(Ordering::Acquire) {
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
            self.given_up.store(true, Ordering::Release);
            Err(not_answered())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::connection::is_unavailable;
    use std::time::Instant;

    /// F6: what is not answered in time may go better later, and nothing more is asked on that connection.
    #[tokio::test]
    async fn f6_who_does_not_answer_is_given_up() {
        let short = Duration::from_millis(20);
        let bounds = Bounds::new(Patience { acquired: short, tested: short, begun: short, done: short });
        assert!(bounds.done(async { Ok(7) }).await.is_ok_and(|n| n == 7));
        assert!(bounds.waits(std::future::pending::<()>()).await.is_err_and(|e| is_unavailable(&e)));
        assert!(!bounds.given_up.load(Ordering::Acquire), "whoever only waits gives nobody up");
        let asked = bounds.done(std::future::pending::<Result<(), DbErr>>()).await;
        assert!(asked.is_err_and(|e| is_unavailable(&e)));
        let begun = Instant::now();
        assert!(bounds.done(async { Ok(()) }).await.is_err());
        assert!(begun.elapsed() < short, "it is told at once");
    }
}
