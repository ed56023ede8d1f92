//! The log into which SQLite writes ahead. By itself it copies the log into the database every thousand pages, and writes
//! it anew from its beginning where nobody reads in it: while one reading follows another there is no such moment. It then
//! grows without end, every commit copies once more, and every reading looks through all of it.
//! Source: SQLite, "Write-Ahead Logging", "Avoiding Excessively Large WAL Files".

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbErr,
    sqlx::{self, Executor, Row, SqlitePool, sqlite::SqliteConnectOptions},
};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// A thousand pages: longer it is copied.
const LONG: u64 = 4 << 20;
/// Others who write, in processes of their own, are waited for so long: milliseconds.
const PATIENCE: &str = "PRAGMA busy_timeout = 5000";
/// And so long whoever reads in it, while those who write wait.
const HASTE: &str = "PRAGMA busy_timeout = 100";
/// Copies what nobody needs as it was, and holds nobody up.
const COPY: &str = "PRAGMA wal_checkpoint(PASSIVE)";
/// Copies the rest, and waits until nobody reads in it: the next write begins at its beginning.
const BEGIN_ANEW: &str = "PRAGMA wal_checkpoint(RESTART)";
/// Pages: no more than these are the rest.
const REST: i64 = 1000;

/// A connection that writes leaves the log to this.
pub fn tune(o: SqliteConnectOptions) -> SqliteConnectOptions {
    // After a long reading it is cut to what it is to be.
    o.pragma("wal_autocheckpoint", "0").pragma("journal_size_limit", LONG.to_string())
}

/// Copies all of it where nobody else has the database open: what brought it to today's shape may be much.
pub async fn copy(connection: &DatabaseConnection) -> Result<(), DbErr> {
    connection.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.map(drop)
}

#[derive(Debug)]
pub struct Wal {
    file: PathBuf,
    /// How long it may be until it is copied.
    until: AtomicU64,
}

impl Wal {
    /// Of the database in this file, which is there.
    pub fn of(database: &Path) -> Self {
        // It is beside the file itself, not beside a link to it.
        let mut file = OsString::from(database.canonicalize().unwrap_or_else(|_| database.into()));
        file.push("-wal");
        Self { file: file.into(), until: AtomicU64::new(LONG) }
    }

    /// Copies it where it has become long. Whoever asks has the turn of writing, and a pool of one connection.
    pub async fn keep_short(&self, pool: &SqlitePool) -> Result<(), sqlx::Error> {
        let Ok(long) = std::fs::metadata(&self.file).map(|m| m.len()) else { return Ok(()) };
        let until = self.until.load(Ordering::Relaxed);
        // Since it was tried in vain a write may have begun it anew by itself.
        if long <= if long + LONG < until { LONG } else { until } {
            return Ok(());
        }
        // Where somebody reads for long in it, it is tried again once it has grown.
        self.until.store(long + LONG, Ordering::Relaxed);
        let mut connection = pool.acquire().await?;
        let copied = connection.fetch_one(COPY).await?;
        if copied.try_get::<i64, _>(1)? - copied.try_get::<i64, _>(2)? > REST {
            return Ok(());
        }
        connection.execute(HASTE).await?;
        let begun = connection.fetch_one(BEGIN_ANEW).await.and_then(|r| r.try_get::<i64, _>(0));
        connection.execute(PATIENCE).await?;
        if begun? == 0 {
            self.until.store(LONG, Ordering::Relaxed);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::store::Db;
    use sea_orm::ConnectionTrait;
    use std::{sync::Arc, time::Duration};
    use tokio::sync::Notify;

    /// F4: while one reading follows another without a pause, what is written does not fill the disk beside the database.
    #[tokio::test(flavor = "multi_thread")]
    async fn f4_the_log_stays_short_beside_readers() {
        const WRITES: u64 = 150;
        const EACH: u64 = 200_000;
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("custody.db"), dir.path().join("another.db"));
        Db::open(&file).await.unwrap().close().await.unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let db = Db::open(&link).await.unwrap();
        let enough = Arc::new(Notify::new());
        let readers = [0, 3].map(|later| {
            let (db, enough) = (db.clone(), enough.clone());
            tokio::spawn(async move {
                let read = async {
                    tokio::time::sleep(Duration::from_millis(later)).await;
                    loop {
                        let look = db.snapshot().await.unwrap();
                        look.execute_unprepared("SELECT count(*) FROM device").await.unwrap();
                        tokio::time::sleep(Duration::from_millis(6)).await;
                        look.commit().await.unwrap();
                    }
                };
                tokio::select! {
                    () = read => {}
                    () = enough.notified() => {}
                }
            })
        });
        let tx = db.begin().await.unwrap();
        tx.execute_unprepared("CREATE TABLE much (bytes BLOB)").await.unwrap();
        tx.commit().await.unwrap();
        // Where the machine is so busy that a reader oversleeps, there is a moment without one only by and by.
        let mut written = 0;
        loop {
            for _ in 0..WRITES {
                let tx = db.begin().await.unwrap();
                tx.execute_unprepared(&format!("INSERT INTO much VALUES (zeroblob({EACH}))")).await.unwrap();
                tx.commit().await.unwrap();
            }
            written += WRITES * EACH;
            let long = std::fs::metadata(dir.path().join("custody.db-wal")).unwrap().len();
            if long < written / 2 {
                break;
            }
            assert!(written < 5 * WRITES * EACH, "{long} bytes of log for {written}");
        }
        enough.notify_waiters();
        for reader in readers {
            reader.await.unwrap();
        }
        db.close().await.unwrap();
    }
}
