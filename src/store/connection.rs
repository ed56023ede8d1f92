//! The database: SQLite in a file of the data directory, or a PostgreSQL that several replicas share.

mod bounds;
mod only;
pub mod postgres;
mod sqlite;
mod wal;
mod writer;

use crate::domain::person::AuthorKey;
use bounds::Bounds;
use only::{Only, counted};
use postgres::Server;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel, RuntimeErr,
    TransactionTrait,
    sqlx::{self, postgres::PgDatabaseError},
};
use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;
use uuid::Uuid;
use wal::Wal;
use writer::Writer;

pub use bounds::Patience;
pub use writer::Tx;

/// Where the data are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    File(PathBuf),
    Server(Server),
}

impl std::fmt::Display for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(file) => file.display().fmt(f),
            Self::Server(server) => server.fmt(f),
        }
    }
}

impl Kept {
    /// Opens what is there for reading alone, as it is: beside a Custody that runs.
    pub async fn open_to_read(&self) -> Result<DatabaseConnection, DbErr> {
        match self {
            Self::File(file) => sqlite::open_to_read(file).await,
            Self::Server(server) => server.open_to_read().await,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Db {
    /// For pages and answers: never waits for a writer.
    pub read: DatabaseConnection,
    /// How long a look may take to begin.
    looks: Bounds,
    write: Writer,
    statements: Arc<AtomicU64>,
    /// `None` on SQLite.
    pub(super) server: Option<Server>,
    /// Whether this is the replica that does what only one does.
    pub(super) first: watch::Sender<bool>,
    /// Names this replica to the others.
    pub replica: Uuid,
    /// By which authors of commits are known.
    pub author_key: AuthorKey,
}

impl Db {
    /// Opens what is kept there, makes it where it is missing, and brings it to today's shape.
    pub async fn open_kept(kept: &Kept) -> Result<Self, DbErr> {
        match kept {
            Kept::File(file) => Self::open(file).await,
            Kept::Server(server) => Self::connect(server).await,
        }
    }

    /// Opens the database in this file.
    pub async fn open(file: &Path) -> Result<Self, DbErr> {
        Self::new(sqlite::open(file).await?, None, (Bounds::default(), Bounds::default()), Some(Wal::of(file))).await
    }

    /// Opens the database on this server.
    pub async fn connect(server: &Server) -> Result<Self, DbErr> {
        let [looks, writes] = [server.patience; 2].map(Bounds::new);
        let opened = server.open(looks.given_up.clone(), writes.given_up.clone()).await?;
        Self::new(opened, Some(server.clone()), (looks, writes), None).await
    }

    async fn new(
        (mut read, write): (DatabaseConnection, DatabaseConnection),
        server: Option<Server>,
        (looks, writes): (Bounds, Bounds),
        wal: Option<Wal>,
    ) -> Result<Self, DbErr> {
        let author_key = super::own_keys::load_or_make_author_key(&write).await?;
        let statements = Arc::new(AtomicU64::new(0));
        counted(&mut read, &statements);
        // Nobody shares a file.
        let first = watch::Sender::new(server.is_none());
        let only = Only::new(write, server.clone(), writes.given_up.clone(), statements.clone());
        let write = Writer::new(only, writes, wal);
        Ok(Self { read, looks, write, statements, server, first, replica: Uuid::new_v4(), author_key })
    }

    /// How many statements were run since the start.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Opens an existing database for reading alone, as it is: beside a Custody that runs.
    pub async fn open_to_read(file: &Path) -> Result<DatabaseConnection, DbErr> {
        sqlite::open_to_read(file).await
    }

    /// Whether it is on a server that several replicas share.
    pub fn is_shared(&self) -> bool {
        self.server.is_some()
    }

    /// For what takes several looks: they see the same moment, and share a connection that is taken from the pool once
    /// and not for each of them. Whoever holds one asks for no other, or all may wait for each other.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        if self.server.is_none() {
            return self.read.begin().await;
        }
        // Whoever asks may hang up: on PostgreSQL what is begun has to be begun to its end, or the connection is given up.
        // Source: transact-rs/sqlx#4393.
        let (read, looks) = (self.read.clone(), self.looks.clone());
        let begun =
            async move { looks.begun(read.begin_with_config(Some(IsolationLevel::RepeatableRead), None)).await };
        tokio::spawn(begun).await.map_err(|e| DbErr::Custom(e.to_string()))?
    }

    /// Begins a write, of which there is one at a time.
    pub async fn begin(&self) -> Result<Tx, DbErr> {
        self.write.begin().await
    }

    /// Whether a write that is begun now would be taken, as far as can be told within this time.
    pub async fn takes_writes(&self, within: Duration) -> bool {
        self.write.answers(within).await
    }

    /// Waits for what is under way and closes the database.
    pub async fn close(&self) -> Result<(), DbErr> {
        self.read.close_by_ref().await?;
        self.write.close().await
    }
}

/// Brings a database to today's shape; one that is further is left as it is (F11).
async fn shape(c: &DatabaseConnection) -> Result<(), DbErr> {
    use migrations::MigratorTrait;
    // Source: sea-orm-migration, `get_migration_with_status`.
    const UNKNOWN: &str = "has been applied but its file is missing";
    match migrations::Migrator::up(c, None).await {
        Err(DbErr::Custom(said)) if said.contains(UNKNOWN) => Err(DbErr::Custom(
            "a newer version of Custody has shaped it: go on with that version, or restore a back-up from before"
                .to_owned(),
        )),
        shaped => shaped,
    }
}

pub(super) fn conn_error(e: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(e)))
}

/// The server is waited for no longer. It is not tried again at once, as what is gone is.
pub(super) fn not_answered() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal("the database does not answer".to_owned()))
}

/// A commit was sent, and whether it was carried out is not known.
#[derive(Debug, thiserror::Error)]
#[error("a commit was not confirmed")]
struct Unconfirmed(#[source] DbErr);

fn unconfirmed(e: DbErr) -> DbErr {
    conn_error(sqlx::Error::Io(io::Error::other(Unconfirmed(e))))
}

/// Whether what was to be saved may have been saved (F6).
pub fn is_unconfirmed(e: &DbErr) -> bool {
    match driver(e) {
        Some(sqlx::Error::Io(e)) => e.get_ref().is_some_and(|e| e.is::<Unconfirmed>()),
        _ => false,
    }
}

fn driver(e: &DbErr) -> Option<&sqlx::Error> {
    match e {
        DbErr::Exec(RuntimeErr::SqlxError(e))
        | DbErr::Query(RuntimeErr::SqlxError(e))
        | DbErr::Conn(RuntimeErr::SqlxError(e)) => Some(e),
        _ => None,
    }
}

/// The driver's code behind an error: SQLite's extended result code, or PostgreSQL's SQLSTATE.
pub fn code(e: &DbErr) -> Option<String> {
    match driver(e)? {
        sqlx::Error::Database(d) => d.code().map(|c| c.into_owned()),
        _ => None,
    }
}

/// PostgreSQL's SQLSTATE behind an error.
fn state(e: &DbErr) -> Option<&str> {
    match driver(e)? {
        sqlx::Error::Database(d) => Some(d.try_downcast_ref::<PgDatabaseError>()?.code()),
        _ => None,
    }
}

/// Whether the connection was lost, or the server is on its way down or up.
fn is_gone(e: &DbErr) -> bool {
    match driver(e) {
        Some(sqlx::Error::Io(_)) => true,
        _ => state(e).is_some_and(|s| s.starts_with("08") || s.starts_with("57P")),
    }
}

/// Whether the database cannot take writes now, but may later: full, read-only, busy, out of reach (F4, F6).
pub fn is_unavailable(e: &DbErr) -> bool {
    use sqlx::Error::{Io, PoolClosed, PoolTimedOut};
    if matches!(e, DbErr::ConnectionAcquire(_) | DbErr::Conn(_))
        || matches!(driver(e), Some(Io(_) | PoolTimedOut | PoolClosed))
    {
        return true;
    }
    match state(e) {
        Some(state) => postgres::is_unavailable(state),
        // The low byte is the primary code: BUSY 5, LOCKED 6, READONLY 8, IOERR 10, FULL 13, CANTOPEN 14.
        None => {
            code(e).and_then(|c| c.parse::<i32>().ok()).is_some_and(|c| matches!(c & 0xff, 5 | 6 | 8 | 10 | 13 | 14))
        }
    }
}

/// Whether a text has the character NUL, which PostgreSQL keeps in none.
pub fn is_nul(e: &DbErr) -> bool {
    state(e) == Some("22021")
}

/// Whether this is a connection to PostgreSQL.
pub fn is_postgres<C: ConnectionTrait>(c: &C) -> bool {
    c.get_database_backend() == DbBackend::Postgres
}
