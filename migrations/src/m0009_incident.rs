//! Where what runs differs from what is on record (G10): each difference once while it is open.

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
        dialect::run(manager.get_connection(), INCIDENT).await
    }
}

const INCIDENT: &str = "
CREATE TABLE incident (
    id TEXT PRIMARY KEY,
    -- The number of the journal's entry that opened it.
    seq BIGINT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    -- NULL where no device on record brings the instance.
    device_id TEXT REFERENCES device (id),
    instance TEXT NOT NULL,
    server TEXT NOT NULL,
    -- The server's; NULL where the server is not on record.
    instrument TEXT,
    words TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    closed_at TEXT,
    -- How often it was opened: more than once where it comes and goes.
    times INTEGER NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX incident_open ON incident (instance, server, kind) WHERE closed_at IS NULL;
CREATE INDEX incident_device ON incident (device_id, seq);
CREATE INDEX incident_closed ON incident (closed_at, seq);
CREATE INDEX incident_kind ON incident (kind, seq);
CREATE INDEX incident_instrument ON incident (instrument, seq);
-- The collector that reported it; NULL for an agent or a statement.
ALTER TABLE instance ADD COLUMN collector TEXT;
";
