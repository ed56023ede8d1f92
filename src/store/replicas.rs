//! What replicas on one PostgreSQL tell each other once it is committed, and which of them does what only one does. On
//! SQLite there is one, which hears nothing.

use super::{
    Db, Result,
    connection::{conn_error, is_postgres, not_answered, postgres},
    entity::instance,
};
use crate::domain::id::ServerName;
use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QuerySelect, Statement};
use sqlx::{
    Connection, Executor,
    postgres::{PgListener, PgPoolOptions},
};
use std::{collections::BTreeSet, convert::Infallible, time::Duration};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use uuid::Uuid;

/// What the trigger on `change` says: there is something new to read.
const CHANGE: &str = "custody_change";
/// What was seen again as it was known, of which no change is written.
const SEEN: &str = "custody_seen";
/// A message has at most 8,000 bytes. Source: PostgreSQL, "NOTIFY".
const MOST_BYTES: usize = 7000;
/// A server that says nothing for so long is asked whether it is there.
const QUIET: Duration = Duration::from_secs(20);
/// And has so long to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);
/// How often the first replica looks whether it still is, and the others whether they are.
const EVERY: Duration = Duration::from_secs(1);

/// What was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Something was committed.
    Change,
    /// Another replica was told of these servers, at this moment.
    Seen(DateTime<Utc>, Vec<ServerName>),
    /// The connection was lost for a while, and what was said then.
    Gap,
}

/// Says to the other replicas, with the commit, that what is known of these servers was seen again.
pub async fn tell_seen<C: ConnectionTrait>(
    tx: &C,
    by: Uuid,
    servers: &BTreeSet<&ServerName>,
    at: DateTime<Utc>,
) -> Result<()> {
    if !is_postgres(tx) {
        return Ok(());
    }
    let head = format!("{by}\n{}", at.timestamp_micros());
    let mut all = vec![head.clone()];
    for server in servers {
        if all.last().is_some_and(|m| m.len() + server.0.len() + 1 > MOST_BYTES) {
            all.push(head.clone());
        }
        if let Some(message) = all.last_mut() {
            message.push('\n');
            message.push_str(&server.0);
        }
    }
    for message in all {
        let values = [SEEN.into(), message.into()];
        let say = Statement::from_sql_and_values(DbBackend::Postgres, "SELECT pg_notify($1, $2)", values);
        tx.execute_raw(say).await?;
    }
    Ok(())
}

fn read_seen(message: &str, own: Uuid) -> Option<Heard> {
    let mut lines = message.lines();
    let by: Uuid = lines.next()?.parse().ok()?;
    let at = DateTime::from_timestamp_micros(lines.next()?.parse().ok()?)?;
    (by != own).then(|| Heard::Seen(at, lines.map(ServerName::from).collect()))
}

/// When what runs on these servers was seen last, by moment, of what was seen at `from` or later; of all servers where
/// none is given.
pub async fn list_seen<C: ConnectionTrait>(
    c: &C,
    servers: Option<&[ServerName]>,
    from: DateTime<Utc>,
) -> Result<Vec<(String, ServerName, DateTime<Utc>)>> {
    use instance::Column::{GoneAt, Instance, SeenAt, Server};
    let mut q = instance::Entity::find().select_only().column(Instance).column(Server).column(SeenAt);
    q = q.filter(GoneAt.is_null()).filter(SeenAt.gte(from));
    if let Some(servers) = servers {
        q = q.filter(Server.is_in(servers.iter().map(|s| s.0.as_str())));
    }
    let rows: Vec<(String, String, DateTime<Utc>)> = q.into_tuple().all(c).await?;
    Ok(rows.into_iter().map(|(instance, server, seen)| (instance, ServerName(server), seen)).collect())
}

/// Hears what the replicas say, on a connection of its own.
pub struct Ear {
    listener: PgListener,
    own: Uuid,
}

impl Db {
    /// Begins to hear; `None` on SQLite, where nobody else writes.
    pub async fn listen(&self) -> Result<Option<Ear>> {
        let Some(server) = &self.server else { return Ok(None) };
        let pool = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let pool = pool.acquire_timeout(ANSWERS_WITHIN).connect_with(server.options()?).await.map_err(conn_error)?;
        let mut listener = PgListener::connect_with(&pool).await.map_err(conn_error)?;
        listener.ignore_pool_close_event(true);
        in_time(listener.listen_all([CHANGE, SEEN])).await?;
        Ok(Some(Ear { listener, own: self.replica }))
    }

    /// Whether this replica does what only one does. On SQLite it always does.
    pub fn is_first(&self) -> bool {
        *self.first.borrow()
    }

    /// Waits until it does.
    pub async fn first(&self) {
        // The sender lives as long as this.
        let _ = self.first.subscribe().wait_for(|first| *first).await;
    }

    /// Tries to become the first replica, and stays it for as long as the connection holds on which the lock is; ends
    /// where that is lost, and another one may have become it.
    pub async fn be_first(&self) -> Result<Infallible> {
        let Some(server) = &self.server else { return Ok(std::future::pending().await) };
        let connected = timeout(ANSWERS_WITHIN, server.connect_to_be_first()).await;
        let mut c = connected.map_err(|_| not_answered())??;
        let _not_longer = NotLonger(&self.first);
        loop {
            let asked = async {
                match self.is_first() {
                    true => c.ping().await.map(|()| true),
                    false => sqlx::query_scalar(postgres::FIRST).fetch_one(&mut c).await,
                }
            };
            let is_first = in_time(asked).await?;
            self.first.send_if_modified(|first| std::mem::replace(first, is_first) != is_first);
            sleep(EVERY).await;
        }
    }
}

async fn in_time<T>(asked: impl Future<Output = sqlx::Result<T>>) -> Result<T> {
    timeout(ANSWERS_WITHIN, asked).await.map_err(|_| not_answered())?.map_err(conn_error)
}

/// Whoever lost the connection, or is not asked any longer, is the first no more.
struct NotLonger<'a>(&'a watch::Sender<bool>);

impl Drop for NotLonger<'_> {
    fn drop(&mut self) {
        self.0.send_replace(false);
    }
}

impl Ear {
    /// Waits for the next word. An error ends it: hear anew, for there was a gap.
    pub async fn hear(&mut self) -> Result<Heard> {
        loop {
            match timeout(QUIET, self.listener.try_recv()).await {
                Ok(Ok(Some(word))) if word.channel() == SEEN => {
                    if let Some(heard) = read_seen(word.payload(), self.own) {
                        return Ok(heard);
                    }
                }
                Ok(Ok(Some(_))) => return Ok(Heard::Change),
                // It hears again by now.
                Ok(Ok(None)) => return Ok(Heard::Gap),
                Ok(Err(e)) => return Err(conn_error(e)),
                Err(_) => {
                    in_time(self.listener.execute("SELECT 1")).await?;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// O3: what a replica said itself it does not hear, and what it cannot read neither.
    #[test]
    fn o3_words_of_other_replicas() {
        let (me, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let message = format!("{other}\n1795000000000001\ncppServer/a\ncppServer/b");
        let at = DateTime::from_timestamp_micros(1_795_000_000_000_001).unwrap();
        let servers = vec![ServerName::from("cppServer/a"), ServerName::from("cppServer/b")];
        assert_eq!(read_seen(&message, me), Some(Heard::Seen(at, servers)));
        assert_eq!(read_seen(&message, other), None);
        for odd in ["", "x", "\n\n", &format!("{other}\nlately\na")] {
            assert_eq!(read_seen(odd, me), None, "{odd}");
        }
    }
}
