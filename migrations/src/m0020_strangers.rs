//! What runs and nobody registered (G10): who was told of it, and messages that are about no device on record.

use crate::dialect;
use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DbBackend},
};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        dialect::run(db, TOLD).await?;
        match db.get_database_backend() {
            DbBackend::Postgres => db.execute_unprepared(OF_NO_DEVICE).await.map(drop),
            // A column takes NULL only in another table.
            _ => db.execute_unprepared(REBUILT).await.map(drop),
        }
    }
}

const TOLD: &str = "
ALTER TABLE incident ADD COLUMN told_at TEXT;
CREATE INDEX incident_untold ON incident (kind) WHERE told_at IS NULL AND closed_at IS NULL;
CREATE INDEX incident_told ON incident (kind, told_at) WHERE told_at IS NOT NULL;
";

const OF_NO_DEVICE: &str = "
ALTER TABLE notice ALTER COLUMN device_id DROP NOT NULL;
ALTER TABLE outbox ALTER COLUMN device_id DROP NOT NULL;
";

const REBUILT: &str = "
CREATE TABLE notice_of_any (
    id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES person (id),
    device_id TEXT REFERENCES device (id),
    key TEXT NOT NULL,
    text TEXT NOT NULL,
    path TEXT NOT NULL,
    at TEXT NOT NULL,
    seen_at TEXT,
    UNIQUE (person_id, key)
);
INSERT INTO notice_of_any (id, person_id, device_id, key, text, path, at, seen_at)
    SELECT id, person_id, device_id, key, text, path, at, seen_at FROM notice;
DROP TABLE notice;
ALTER TABLE notice_of_any RENAME TO notice;
CREATE INDEX notice_person ON notice (person_id, at DESC, id DESC);
CREATE INDEX notice_unseen ON notice (person_id) WHERE seen_at IS NULL;
CREATE INDEX notice_key ON notice (key);
CREATE TABLE outbox_of_any (
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
    CHECK ((state = 'waiting') = (ended_at IS NULL)),
    UNIQUE (channel_id, key)
);
INSERT INTO outbox_of_any (id, channel_id, person_id, team_id, device_id, key, text, path, urgent, at, message, digest,
        lane, state, due_at, attempts, tried_since, lease, lease_until, ended_at, error)
    SELECT id, channel_id, person_id, team_id, device_id, key, text, path, urgent, at, message, digest, lane, state,
        due_at, attempts, tried_since, lease, lease_until, ended_at, error FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_of_any RENAME TO outbox;
CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 'waiting';
CREATE INDEX outbox_message ON outbox (message);
CREATE INDEX outbox_lane ON outbox (lane) WHERE state = 'waiting' AND lane IS NOT NULL;
CREATE INDEX outbox_state ON outbox (state, ended_at DESC, id DESC);
";
