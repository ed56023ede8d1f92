//! The database: on SQLite one connection that writes and several that only read.

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
    sqlx::{
        self,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    },
};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// A write in progress; dropped without a commit it leaves nothing behind.
pub type Tx = DatabaseTransaction;

#[derive(Clone, Debug)]
pub struct Db {
    /// For pages and answers: never waits for a writer.
    pub read: DatabaseConnection,
    write: DatabaseConnection,
    statements: Arc<AtomicU64>,
}

impl Db {
    /// Opens the database in this file, makes it where it is missing, and brings it to today's shape.
    pub async fn open(file: &Path) -> Result<Self, DbErr> {
        let url = format!("sqlite://{}?mode=rwc", file.display());
        // An acknowledged change survives a power failure: the log is synced before the answer is sent.
        let tune = |o: SqliteConnectOptions| {
            o.create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(Duration::from_secs(5))
                // Without it INSERT OR REPLACE would go round the append-only triggers.
                .pragma("recursive_triggers", "on")
                .pragma("temp_store", "memory")
        };
        let options = |most| {
            let mut o = ConnectOptions::new(url.clone());
            o.max_connections(most)
                .min_connections(1)
                .idle_timeout(None::<Duration>)
                .max_lifetime(None::<Duration>)
                .acquire_timeout(Duration::from_secs(10))
                .test_before_acquire(false)
                .sqlx_logging_level(log::LevelFilter::Debug);
            o
        };
        let mut writer = options(1);
        writer.map_sqlx_sqlite_opts(move |o| tune(o).optimize_on_close(true, None));
        let mut write = Database::connect(writer).await?;
        use migrations::MigratorTrait;
        migrations::Migrator::up(&write, None).await?;
        // With samples of values at hand SQLite prepares a statement anew for each value that it is given.
        write.execute_unprepared("DROP TABLE IF EXISTS sqlite_stat4").await?;
        let mut readers = options(4);
        readers.map_sqlx_sqlite_opts(move |o| tune(o).read_only(true).create_if_missing(false));
        let mut read = Database::connect(readers).await?;
        let statements = Arc::new(AtomicU64::new(0));
        for connection in [&mut read, &mut write] {
            let count = statements.clone();
            connection.set_metric_callback(move |_| {
                count.fetch_add(1, Ordering::Relaxed);
            });
        }
        Ok(Self { read, write, statements })
    }

    /// How many statements were run since the start.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Opens an existing database for reading alone, as it is: beside a Custody that runs.
    pub async fn open_to_read(file: &Path) -> Result<DatabaseConnection, DbErr> {
        let mut o = ConnectOptions::new(format!("sqlite://{}?mode=ro", file.display()));
        o.max_connections(1).sqlx_logging_level(log::LevelFilter::Debug);
        o.map_sqlx_sqlite_opts(|o| o.read_only(true).busy_timeout(Duration::from_secs(5)));
        Database::connect(o).await
    }

    /// Begins a write. IMMEDIATE: a deferred one that reads before it writes fails in a way that no timeout retries.
    pub async fn begin(&self) -> Result<Tx, DbErr> {
        match self.begin_once().await {
            // SQLite may roll back by itself what fails on a full disk; the driver's own ROLLBACK is then refused, and it
            // takes the connection for one inside a transaction from then on.
            Err(e) if !is_unavailable(&e) => {
                self.write.get_sqlite_connection_pool().acquire().await.map_err(conn_error)?.close_on_drop();
                self.begin_once().await
            }
            begun => begun,
        }
    }

    async fn begin_once(&self) -> Result<Tx, DbErr> {
        self.write
            .begin_with_options(TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..Default::default()
            })
            .await
    }

    /// Waits for what is under way and closes the file.
    pub async fn close(&self) -> Result<(), DbErr> {
        self.read.close_by_ref().await?;
        self.write.close_by_ref().await
    }
}

fn conn_error(e: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(e)))
}

/// The driver's code behind an error: SQLite's extended result code.
pub fn code(e: &DbErr) -> Option<String> {
    match e {
        DbErr::Exec(RuntimeErr::SqlxError(e))
        | DbErr::Query(RuntimeErr::SqlxError(e))
        | DbErr::Conn(RuntimeErr::SqlxError(e)) => match &**e {
            sqlx::Error::Database(d) => d.code().map(|c| c.into_owned()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the database cannot take writes now, but may later: full, read-only, busy, out of reach (F4).
pub fn is_unavailable(e: &DbErr) -> bool {
    match e {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        // The low byte is the primary code: BUSY 5, LOCKED 6, READONLY 8, IOERR 10, FULL 13, CANTOPEN 14.
        _ => code(e).and_then(|c| c.parse::<i32>().ok()).is_some_and(|c| matches!(c & 0xff, 5 | 6 | 8 | 10 | 13 | 14)),
    }
}

/// Whether a unique key was violated.
pub fn is_unique(e: &DbErr) -> bool {
    matches!(e.sql_err(), Some(sea_orm::SqlErr::UniqueConstraintViolation(_)))
}
