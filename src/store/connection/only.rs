//! The one connection that writes, in a pool of its own, and another pool where that one does not come back.

use super::{bounds::GivenUp, postgres::Server};
use sea_orm::{DatabaseConnection, DbErr};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// Counts what is asked of a connection.
pub fn counted(connection: &mut DatabaseConnection, statements: &Arc<AtomicU64>) {
    let count = statements.clone();
    connection.set_metric_callback(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
    });
}

#[derive(Clone, Debug)]
pub struct Only {
    now: Arc<Mutex<DatabaseConnection>>,
    /// `None` where it is a file's.
    server: Option<Server>,
    given_up: GivenUp,
    statements: Arc<AtomicU64>,
}

impl Only {
    pub fn new(
        mut connection: DatabaseConnection,
        server: Option<Server>,
        given_up: GivenUp,
        statements: Arc<AtomicU64>,
    ) -> Self {
        counted(&mut connection, &statements);
        Self { now: Arc::new(Mutex::new(connection)), server, given_up, statements }
    }

    pub fn get(&self) -> DatabaseConnection {
        self.held().clone()
    }

    fn held(&self) -> MutexGuard<'_, DatabaseConnection> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves the pool to itself whose connection fell silent while it was given back: it asks there without a bound,
    /// and lets nobody connect meanwhile. The next one connects when it is asked.
    pub async fn replace(&self) -> Result<(), DbErr> {
        let Some(server) = &self.server else { return Ok(()) };
        let mut fresh = server.to_write(self.given_up.clone()).await?;
        counted(&mut fresh, &self.statements);
        *self.held() = fresh;
        Ok(())
    }
}
