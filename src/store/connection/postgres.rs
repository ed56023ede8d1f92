//! PostgreSQL, which several replicas share: one connection of each replica writes, several only read.

use super::{
    bounds::{GivenUp, Patience},
    conn_error,
};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr};
use sqlx::{Connection, Executor, PgConnection, postgres::PgConnectOptions};
use std::{fmt, io, str::FromStr, time::Duration};

/// Whoever writes holds it until the commit: writers of all replicas come one after another, as on SQLite, and each
/// sees what the one before it wrote. So the journal has one order and no gap, and nothing has to be tried again.
pub const ONE_WRITER: &str = "SELECT pg_advisory_xact_lock(20001)";
/// Held while the database is brought to today's shape.
const SHAPE: &str = "SELECT pg_advisory_lock(20002)";
/// Held by the replica that does what only one does.
pub const FIRST: &str = "SELECT pg_try_advisory_lock(20003)";

/// Whoever holds [`FIRST`] says something every second. The machine of one who is silent for so long may be gone without
/// a word, which TCP alone would notice after hours.
const NOT_SILENT: &str = "SET idle_session_timeout = '15s'";
/// The server does not know what is to be set. Source: PostgreSQL, appendix A "Error Codes".
const UNKNOWN: &str = "42704";

/// A connection that was idle for so long is asked whether it still is one.
const TESTED_AFTER: Duration = Duration::from_secs(1);

/// What an address may have behind its `?`. Source: sqlx-postgres, `options/parse.rs`, by PostgreSQL, 34.1.2.
const PARAMETERS: [&str; 13] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
    "statement-cache-capacity",
];

/// Whether the driver takes all that an address has behind its `?`; whether it is an address shows elsewhere.
fn is_known(address: &str) -> bool {
    let known = |key: &str| PARAMETERS.contains(&key) || key.starts_with("options[");
    let Ok(address) = url::Url::parse(address) else {
        return true;
    };
    address.query_pairs().all(|(key, _)| known(&key))
}

/// The server and database that keep the data, by their address; shown without the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    address: String,
    pub(super) patience: Patience,
}

impl Server {
    /// Reads an address as PostgreSQL's own programs take it; else what to give instead.
    /// Source: PostgreSQL, 34.1.1.2 "Connection URIs".
    pub fn parse(given: &str) -> Result<Self, String> {
        let wanted = "give an address like postgres://custody@db.example.org/custody";
        let rest = given.strip_prefix("postgres://").or_else(|| given.strip_prefix("postgresql://"));
        let address = format!("postgres://{}", rest.ok_or(wanted)?);
        // The driver passes over what it does not know: with a mistyped sslmode no certificate would be looked at.
        if !is_known(&address) {
            return Err(format!("{wanted}, with nothing behind ? but {}", PARAMETERS.join(", ")));
        }
        let server = Self { address, patience: Patience::default() };
        match server.options() {
            Ok(options) if options.get_database().is_some_and(|name| !name.is_empty()) => Ok(server),
            Ok(_) => Err(format!("{wanted}, with the database's name")),
            Err(_) => Err(wanted.to_owned()),
        }
    }

    /// The same, waited for otherwise.
    pub fn with_patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// The whole address, with the password.
    pub fn as_str(&self) -> &str {
        &self.address
    }

    /// How connections that stand beside the pools are made.
    pub fn options(&self) -> Result<PgConnectOptions, DbErr> {
        let options = PgConnectOptions::from_str(&self.address).map_err(conn_error)?;
        Ok(options.application_name("custody"))
    }

    /// A connection of its own whose session, and the locks that it holds, end once it is silent. Before PostgreSQL 14
    /// there is no such bound, and it is as any other.
    pub async fn connect_to_be_first(&self) -> Result<PgConnection, DbErr> {
        let mut c = PgConnection::connect_with(&self.options()?).await.map_err(conn_error)?;
        match c.execute(NOT_SILENT).await {
            Err(sqlx::Error::Database(e)) if e.code().as_deref() == Some(UNKNOWN) => {}
            done => _ = done.map_err(conn_error)?,
        }
        Ok(c)
    }

    /// With bounds on what may go wrong: a statement, a lock and a transaction that nobody goes on with end, and what does
    /// not answer when it is taken or given back is closed.
    fn pool(&self, most: u32, reads: bool, given_up: GivenUp) -> ConnectOptions {
        let mut o = ConnectOptions::new(self.address.clone());
        let tested = self.patience.tested;
        o.max_connections(most)
            // The pool replaces what was closed by itself, waits five minutes for that, and nobody else connects meanwhile.
            .min_connections(0)
            .acquire_timeout(self.patience.acquired)
            .test_before_acquire(false)
            .set_application_name("custody")
            .sqlx_logging_level(log::LevelFilter::Debug);
        o.map_sqlx_postgres_before_acquire(move |c, of| {
            Box::pin(async move {
                match of.idle_for >= TESTED_AFTER {
                    true => answers(c, tested).await,
                    false => Ok(true),
                }
            })
        });
        o.map_sqlx_postgres_pool_opts(move |o| {
            let given_up = given_up.clone();
            o.after_release(move |c, _| {
                let is_given_up = if reads { given_up.is_recent(tested) } else { given_up.take() };
                Box::pin(async move {
                    match is_given_up {
                        true => Err(silent()),
                        // The pool asks as well, and would wait for ever.
                        false => answers(c, tested).await,
                    }
                })
            })
        });
        o.map_sqlx_postgres_opts(move |o| {
            o.options([
                ("statement_timeout", "30s"),
                ("lock_timeout", "10s"),
                ("idle_in_transaction_session_timeout", "60s"),
                // Each statement sees what was committed before it: with any other, a writer that had to wait would
                // see the registry as it was before it waited.
                ("default_transaction_isolation", "read committed"),
                ("default_transaction_read_only", if reads { "on" } else { "off" }),
            ])
        });
        o
    }

    /// Brings the database to today's shape, one replica at a time; then reading and writing.
    pub(super) async fn open(
        &self,
        reading: GivenUp,
        writing: GivenUp,
    ) -> Result<(DatabaseConnection, DatabaseConnection), DbErr> {
        self.migrate().await?;
        let read = Database::connect(self.pool(8, true, reading)).await?;
        Ok((read, Database::connect(self.pool(1, false, writing)).await?))
    }

    /// For writing, in the place of what was opened; it connects once it is asked.
    pub(super) async fn to_write(&self, given_up: GivenUp) -> Result<DatabaseConnection, DbErr> {
        let mut o = self.pool(1, false, given_up);
        o.connect_lazy(true);
        Database::connect(o).await
    }

    /// For reading alone, as it is: beside replicas that run. A long journal is read by two.
    pub async fn open_to_read(&self) -> Result<DatabaseConnection, DbErr> {
        Database::connect(self.pool(2, true, GivenUp::default())).await
    }

    /// On a connection of its own, whose end gives the lock back: another replica may be at it for long.
    async fn migrate(&self) -> Result<(), DbErr> {
        let mut o = ConnectOptions::new(self.address.clone());
        o.max_connections(1)
            .idle_timeout(None::<Duration>)
            .max_lifetime(None::<Duration>)
            .acquire_timeout(self.patience.acquired)
            .sqlx_logging_level(log::LevelFilter::Debug);
        // That a table is there already would be told at each start.
        o.map_sqlx_postgres_opts(|o| o.options([("client_min_messages", "warning")]));
        let only = Database::connect(o).await?;
        let shaped = async {
            only.execute_unprepared(SHAPE).await?;
            super::shape(&only).await
        };
        let shaped = shaped.await;
        only.close().await?;
        shaped
    }
}

/// Whether a connection answers; one that does not is an error, so that it is closed without a word.
async fn answers(c: &mut PgConnection, within: Duration) -> Result<bool, sqlx::Error> {
    tokio::time::timeout(within, c.ping()).await.map_err(|_| silent())?.map(|()| true)
}

fn silent() -> sqlx::Error {
    sqlx::Error::Io(io::ErrorKind::TimedOut.into())
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.options() {
            Ok(o) => {
                let socket = o.get_socket().map(|s| s.display().to_string());
                let host = socket.unwrap_or_else(|| format!("{}:{}", o.get_host(), o.get_port()));
                write!(f, "the database {} at {host}", o.get_database().unwrap_or_default())
            }
            Err(_) => f.write_str("the database"),
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({self})")
    }
}

/// What went wrong, by PostgreSQL's SQLSTATE: whether it may go better later.
/// Source: PostgreSQL, appendix A "Error Codes".
pub fn is_unavailable(state: &str) -> bool {
    // Connection, resources, operator, system; and what another writer stood in the way of.
    ["08", "53", "57", "58"].iter().any(|class| state.starts_with(class))
        || matches!(state, "40001" | "40P01" | "55P03" | "25006" | "25P03")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E7: an address is read as PostgreSQL's own programs read it, and its password is shown nowhere.
    #[test]
    fn e7_an_address_without_its_password() {
        let server = Server::parse("postgresql://custody:se%2Fcret@db.example.org:5433/registry").unwrap();
        assert_eq!(server.to_string(), "the database registry at db.example.org:5433");
        assert_eq!(format!("{server:?}"), "Server(the database registry at db.example.org:5433)");
        let socket = Server::parse("postgres:///custody?host=/run/postgresql").unwrap();
        assert_eq!(socket.to_string(), "the database custody at /run/postgresql");
        for bad in ["", "custody", "mysql://db.example.org/custody", "postgres://db.example.org", "postgres://a:b:c/d"]
        {
            assert!(Server::parse(bad).is_err(), "{bad}");
        }
        let mistyped = Server::parse("postgres://custody@db.example.org/custody?sslrotcert=ca.pem&sslmode=verify-full");
        assert!(mistyped.is_err_and(|why| why.contains("nothing behind ? but sslmode, sslrootcert, ")));
    }

    /// F6: what may go better later is told from what is wrong.
    #[test]
    fn f6_what_may_go_better_later() {
        for later in ["08006", "53300", "57P01", "57P03", "40001", "40P01", "55P03", "25006", "57014"] {
            assert!(is_unavailable(later), "{later}");
        }
        for wrong in ["23505", "23503", "42P01", "22021", "23001"] {
            assert!(!is_unavailable(wrong), "{wrong}");
        }
    }
}
