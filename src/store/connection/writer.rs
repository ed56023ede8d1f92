//! Writes come one after another, and those that wait for each other share a commit: the log is synced once for all of
//! them, and each is told only then. Alone, a write is a transaction; together, each is a savepoint of one.

use super::{bounds::Bounds, conn_error, is_gone, is_unavailable, only::Only, postgres, unconfirmed, wal::Wal};
use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use std::{
    mem,
    sync::{Arc, Mutex as Cell, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    sync::{Mutex, OwnedMutexGuard, oneshot},
    time::timeout,
};

/// How often a write is begun anew where the server has just gone, and how long after.
const BEGUN_AGAIN: u32 = 3;
const BEGUN_AFTER: Duration = Duration::from_millis(300);
/// So many share a commit, and none of them waits longer for those that follow.
const MOST_TOGETHER: usize = 32;
const LONGEST_TOGETHER: Duration = Duration::from_millis(40);

/// The one connection that writes.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    only: Only,
    /// Whoever holds it writes; what waits for its commit is in it.
    turn: Arc<Mutex<Option<Together>>>,
    /// When somebody had the turn last.
    taken: Arc<Cell<Instant>>,
    bounds: Bounds,
    /// `None` on PostgreSQL, which keeps its own.
    wal: Option<Arc<Wal>>,
    /// What went wrong with the connection itself, not with what was asked of it.
    lost: Arc<Cell<Option<DbErr>>>,
}

/// Writes that are done and wait for their commit.
#[derive(Debug)]
struct Together {
    whole: DatabaseTransaction,
    since: Instant,
    told: Vec<oneshot::Sender<Result<(), DbErr>>>,
}

impl Together {
    fn is_full(&self) -> bool {
        self.told.len() >= MOST_TOGETHER || self.since.elapsed() >= LONGEST_TOGETHER
    }

    async fn commit(self, bounds: &Bounds) {
        let is_shared = bounds.patience.is_some();
        let done = bounds.done(self.whole.commit()).await;
        // Where a server was asked for it, the answer alone may be lost.
        let done = done.map_err(|e| if is_shared && is_unavailable(&e) { unconfirmed(e) } else { e });
        tell(self.told, &done);
    }

    fn fail(self, why: DbErr) {
        drop(self.whole);
        tell(self.told, &Err(why));
    }
}

fn tell(all: Vec<oneshot::Sender<Result<(), DbErr>>>, done: &Result<(), DbErr>) {
    for one in all {
        // Nobody waits any more where Custody stops.
        let _ = one.send(done.clone());
    }
}

/// A write in progress; dropped without a commit it leaves nothing behind.
#[derive(Debug)]
pub struct Tx {
    // Rolled back before the next one has its turn.
    own: DatabaseTransaction,
    turn: OwnedMutexGuard<Option<Together>>,
    writer: Writer,
}

impl Writer {
    pub(super) fn new(only: Only, bounds: Bounds, wal: Option<Wal>) -> Self {
        let taken = Arc::new(Cell::new(Instant::now()));
        Self { only, turn: Arc::default(), taken, bounds, wal: wal.map(Arc::new), lost: Arc::default() }
    }

    /// Waits for its turn and begins. Whoever asks may hang up: what is begun here is begun to its end, and rolled back
    /// where nobody takes it. Source: transact-rs/sqlx#4393.
    pub(super) async fn begin(&self) -> Result<Tx, DbErr> {
        let writer = self.clone();
        tokio::spawn(writer.begin_in_turn()).await.map_err(|e| DbErr::Custom(e.to_string()))?
    }

    async fn begin_in_turn(self) -> Result<Tx, DbErr> {
        let mut turn = self.bounds.waits(self.take_turn()).await?;
        if let Some(together) = turn.take() {
            match self.why_lost() {
                Some(why) => together.fail(why),
                None if together.is_full() => self.commit(together).await,
                None => match self.bounds.done(together.whole.begin()).await {
                    Ok(own) => {
                        *turn = Some(together);
                        return Ok(Tx { own, turn, writer: self });
                    }
                    Err(e) => together.fail(e),
                },
            }
        }
        let own = match self.is_file() {
            true => self.begin_in_file().await?,
            false => self.begin_among_replicas().await?,
        };
        Ok(Tx { own, turn, writer: self })
    }

    async fn take_turn(&self) -> OwnedMutexGuard<Option<Together>> {
        let turn = self.turn.clone().lock_owned().await;
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        turn
    }

    /// Whether a write is taken, as far as can be told within this time: nobody keeps the turn for longer than a server is
    /// waited for, and the connection answers. Whoever asks may hang up: it is looked after all the same.
    pub(super) async fn answers(&self, within: Duration) -> bool {
        let Some(of) = self.bounds.patience else { return true };
        let writer = self.clone();
        tokio::spawn(writer.answers_in_turn(within, of.begun + of.done)).await.unwrap_or(false)
    }

    async fn answers_in_turn(self, within: Duration, longest: Duration) -> bool {
        match timeout(within, self.turn.lock()).await {
            // Its commit is about to tell.
            Ok(turn) if turn.is_some() => true,
            Ok(_turn) => self.connection_answers(within).await,
            Err(_) => {
                let taken = *self.taken.lock().unwrap_or_else(PoisonError::into_inner);
                taken.elapsed() < longest
            }
        }
    }

    /// Whoever asks has the turn, as whoever begins has: a connection that does not come back is followed by another, so
    /// that the next look finds the server there once it is.
    async fn connection_answers(&self, within: Duration) -> bool {
        let connection = self.only.get();
        match timeout(within, connection.ping()).await {
            Ok(Ok(())) => return true,
            Err(_) | Ok(Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))) => {}
            // It was told at once, and the pool is free to connect anew; one that was closed stays so.
            Ok(Err(_)) => return false,
        }
        // It connects once it is asked: until then nothing goes wrong.
        let _ = self.only.replace().await;
        false
    }

    fn is_file(&self) -> bool {
        self.only.get().get_database_backend() == DbBackend::Sqlite
    }

    /// IMMEDIATE: a deferred one that reads before it writes fails in a way that no timeout retries.
    async fn begin_in_file(&self) -> Result<DatabaseTransaction, DbErr> {
        // SQLite may roll back by itself what fails on a full disk; the driver's own ROLLBACK is then refused, and it
        // takes the connection for one inside a transaction from then on.
        if mem::take(&mut *self.lost.lock().unwrap_or_else(PoisonError::into_inner)).is_some() {
            self.renew().await?;
        }
        let options = || TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let connection = self.only.get();
        match connection.begin_with_options(options()).await {
            Err(e) if !is_unavailable(&e) => {
                self.renew().await?;
                connection.begin_with_options(options()).await
            }
            begun => begun,
        }
    }

    async fn renew(&self) -> Result<(), DbErr> {
        self.only.get().get_sqlite_connection_pool().acquire().await.map_err(conn_error)?.close_on_drop();
        Ok(())
    }

    /// Nothing was written yet: where the server has just restarted it is begun again (F6).
    async fn begin_among_replicas(&self) -> Result<DatabaseTransaction, DbErr> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut again = 0;
        loop {
            let connection = self.only.get();
            let begun = async {
                let tx = connection.begin().await?;
                // There is one connection: whichever was given up is closed by now.
                self.bounds.given_up.take();
                tx.execute_unprepared(postgres::ONE_WRITER).await?;
                Ok(tx)
            };
            match self.bounds.begun(begun).await {
                // Whoever asks has the turn: nobody else has it but the pool itself. One that was closed stays so.
                Err(e @ DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)) => {
                    self.only.replace().await?;
                    return Err(e);
                }
                Err(e) if again < BEGUN_AGAIN && is_gone(&e) => again += 1,
                begun => return begun,
            }
            tokio::time::sleep(BEGUN_AFTER).await;
        }
    }

    fn why_lost(&self) -> Option<DbErr> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whoever waited for the commit is told, and does not wait for the log.
    async fn commit(&self, together: Together) {
        together.commit(&self.bounds).await;
        let Some(wal) = &self.wal else { return };
        let connection = self.only.get();
        if let Err(error) = wal.keep_short(connection.get_sqlite_connection_pool()).await {
            tracing::warn!(%error, "what was written could not be copied into the database: it is in its log");
            let _ = self.renew().await;
        }
    }

    /// Commits what waits for it, once those that came before had their turn.
    async fn commit_together(self) {
        let mut turn = self.take_turn().await;
        if let Some(together) = turn.take() {
            match self.why_lost() {
                Some(why) => together.fail(why),
                None => self.commit(together).await,
            }
        }
    }

    /// Waits for what is under way and closes the connection.
    pub(super) async fn close(&self) -> Result<(), DbErr> {
        self.clone().commit_together().await;
        self.only.get().close_by_ref().await
    }
}

impl Tx {
    /// Saves it for good, before this returns.
    pub async fn commit(self) -> Result<(), DbErr> {
        let Self { own, mut turn, writer } = self;
        let (told, done) = oneshot::channel();
        match &mut *turn {
            Some(together) => {
                writer.bounds.done(own.commit()).await?;
                together.told.push(told);
            }
            alone => *alone = Some(Together { whole: own, since: Instant::now(), told: vec![told] }),
        }
        drop(turn);
        // Whoever waits for this may be gone by then.
        tokio::spawn(writer.commit_together());
        done.await.map_err(|e| DbErr::Custom(e.to_string()))?
    }

    pub async fn rollback(self) -> Result<(), DbErr> {
        self.writer.bounds.done(self.own.rollback()).await
    }

    /// Keeps in mind where the connection itself failed: whatever waits for a commit on it fails too.
    async fn hear<T>(&self, asked: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        let answer = self.writer.bounds.done(asked).await;
        if let Err(e) = &answer
            && is_unavailable(e)
        {
            self.writer.lost.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| e.clone());
        }
        answer
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Tx {
    fn get_database_backend(&self) -> DbBackend {
        self.own.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.hear(self.own.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.hear(self.own.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.hear(self.own.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.hear(self.own.query_all_raw(statement)).await
    }
}
