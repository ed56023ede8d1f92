//! What one change puts on record stands close together (O5, E2). Of a notice and of a message first comes what they tell of,
//! which all of them share, and then to whom; the journal is kept by its numbers; and indexes that only few looks need are
//! gone. On SQLite a shut-down wrote 64 pages, 19 of them for these.

use crate::dialect;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        dialect::run_on_sqlite(db, REBUILT).await?;
        dialect::run_on_postgres(db, WITHOUT).await?;
        dialect::run(db, CLOSE_TOGETHER).await
    }
}

/// What a table was made with goes only with the table.
const REBUILT: &str = "
CREATE TABLE notice_of_cause (
    id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES person (id),
    device_id TEXT REFERENCES device (id),
    key TEXT NOT NULL,
    text TEXT NOT NULL,
    path TEXT NOT NULL,
    at TEXT NOT NULL,
    seen_at TEXT
);
INSERT INTO notice_of_cause (id, person_id, device_id, key, text, path, at, seen_at)
    SELECT id, person_id, device_id, key, text, path, at, seen_at FROM notice;
DROP TABLE notice;
ALTER TABLE notice_of_cause RENAME TO notice;
CREATE TABLE outbox_of_cause (
    id TEXT PRIMARY KEY,
    channel_id TEXT NOT NULL,
    person_id TEXT REFERENCES person (id),
    team_id TEXT REFERENCES team (id),
    device_id TEXT REFERENCES device (id),
    key TEXT NOT NULL,
    text TEXT NOT NULL,
    path TEXT NOT NULL,
    urgent BOOLEAN NOT NULL,
    at TEXT NOT NULL,
    message TEXT NOT NULL,
    digest TEXT,
    lane TEXT,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed', 'given_up')),
    due_at TEXT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    tried_since TEXT,
    lease TEXT,
    lease_until TEXT,
    ended_at TEXT,
    error TEXT NOT NULL DEFAULT '',
    CHECK ((person_id IS NULL) <> (team_id IS NULL)),
    CHECK ((lease IS NULL) = (lease_until IS NULL)),
    CHECK ((state = 'waiting') = (ended_at IS NULL))
);
INSERT INTO outbox_of_cause (id, channel_id, person_id, team_id, device_id, key, text, path, urgent, at, message, digest,
        lane, state, due_at, attempts, tried_since, lease, lease_until, ended_at, error)
    SELECT id, channel_id, person_id, team_id, device_id, key, text, path, urgent, at, message, digest, lane, state,
        due_at, attempts, tried_since, lease, lease_until, ended_at, error FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_of_cause RENAME TO outbox;
CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 'waiting';
CREATE INDEX outbox_message ON outbox (message);
CREATE INDEX outbox_state ON outbox (state, ended_at, id);
CREATE INDEX outbox_tried ON outbox (lane) WHERE state = 'waiting' AND attempts > 0;
-- What tells of its entries misses them only until they are back.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE journal_kept AS SELECT * FROM journal;
DROP TABLE journal;
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    revision BIGINT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT,
    origin TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL,
    UNIQUE (stream, revision)
);
INSERT INTO journal (seq, stream, revision, at, actor, origin, kind, body, previous, hash)
    SELECT seq, stream, revision, at, actor, origin, kind, body, previous, hash FROM journal_kept ORDER BY seq;
DROP TABLE journal_kept;
CREATE INDEX journal_support ON journal (seq) WHERE kind = 'support_changed';
CREATE TRIGGER journal_never_changes BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_never_shrinks BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
";

/// Replicas of before may be at work: none of them writes meanwhile, and where one reads for long, others do not wait behind
/// this. It is begun again then, with the next start.
const WITHOUT: &str = "
SET LOCAL lock_timeout = '5s';
SELECT pg_advisory_xact_lock(20001);
ALTER TABLE journal DROP CONSTRAINT journal_hash_key;
ALTER TABLE notice DROP CONSTRAINT notice_by_key_person_id_key_key;
ALTER TABLE outbox DROP CONSTRAINT outbox_channel_id_key_key;
DROP INDEX notice_unseen;
DROP INDEX notice_key;
DROP INDEX notice_person;
";

const CLOSE_TOGETHER: &str = "
-- Nobody is told twice of one cause.
CREATE UNIQUE INDEX notice_cause ON notice (key, person_id);
-- In the order of telling.
CREATE INDEX notice_person ON notice (person_id, id);
-- None is sent twice for one event.
CREATE UNIQUE INDEX outbox_cause ON outbox (key, channel_id);
-- What joins a message that is about to go out.
CREATE INDEX outbox_digest ON outbox (channel_id, digest) WHERE state = 'waiting' AND digest IS NOT NULL;
ANALYZE notice;
ANALYZE outbox;
ANALYZE journal;
";
