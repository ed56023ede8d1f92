//! SQLite in a file: one connection that writes, several that only read.

use super::wal;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr,
    sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use std::{path::Path, time::Duration};

/// As many read as there are cores, within these: fewer keep each other waiting, and each reads anew what a commit changed.
const FEWEST: u32 = 4;
const MOST: u32 = 8;

/// Opens the database in this file, makes it where it is missing, and brings it to today's shape; reading and writing.
pub async fn open(file: &Path) -> Result<(DatabaseConnection, DatabaseConnection), DbErr> {
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
    writer.map_sqlx_sqlite_opts(move |o| wal::tune(tune(o)).optimize_on_close(true, None));
    let write = Database::connect(writer).await?;
    super::shape(&write).await?;
    wal::copy(&write).await?;
    // With samples of values at hand SQLite prepares a statement anew for each value that it is given.
    write.execute_unprepared("DROP TABLE IF EXISTS sqlite_stat4").await?;
    let cores = std::thread::available_parallelism().map_or(FEWEST, |n| u32::try_from(n.get()).unwrap_or(MOST));
    let mut readers = options(cores.clamp(FEWEST, MOST));
    readers.map_sqlx_sqlite_opts(move |o| tune(o).read_only(true).create_if_missing(false));
    Ok((Database::connect(readers).await?, write))
}

/// An existing one for reading alone, as it is: beside a Custody that runs. A long journal is read by two.
pub async fn open_to_read(file: &Path) -> Result<DatabaseConnection, DbErr> {
    let mut o = ConnectOptions::new(format!("sqlite://{}?mode=ro", file.display()));
    o.max_connections(2).sqlx_logging_level(log::LevelFilter::Debug);
    o.map_sqlx_sqlite_opts(|o| o.read_only(true).busy_timeout(Duration::from_secs(5)));
    Database::connect(o).await
}
