//! The shift is known to be informed (H8), and contacts confirm themselves by a link (L4).
//!
//! Changes of support from before this step stand in the journal alone: nobody was asked to acknowledge them.

use crate::dialect;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // SQLite's are not transactional unless asked.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        for part in [SHIFT, CONFIRMATIONS] {
            dialect::run(db, part).await?;
        }
        Ok(())
    }
}

const SHIFT: &str = "
-- A change of a device's support status, by the journal entry that it stands in.
CREATE TABLE support_change (
    seq BIGINT PRIMARY KEY REFERENCES journal (seq),
    device_id TEXT NOT NULL REFERENCES device (id),
    -- NULL where nobody supported it before, or supports it any more.
    from_support TEXT CHECK (from_support IN ('fully_supported', 'reduced_support', 'unknown', 'not_supported',
        'shut_down')),
    to_support TEXT CHECK (to_support IN ('fully_supported', 'reduced_support', 'unknown', 'not_supported',
        'shut_down')),
    why TEXT NOT NULL,
    at TEXT NOT NULL,
    acknowledged_at TEXT,
    escalated_at TEXT
);
CREATE INDEX support_change_open ON support_change (at) WHERE acknowledged_at IS NULL;
CREATE INDEX support_change_device ON support_change (device_id, seq);
CREATE INDEX support_change_at ON support_change (at);
-- Who of the shift said that they know of it, each once.
CREATE TABLE acknowledgement (
    seq BIGINT NOT NULL REFERENCES support_change (seq),
    person_id TEXT NOT NULL REFERENCES person (id),
    at TEXT NOT NULL,
    PRIMARY KEY (seq, person_id)
);
-- Who was told that the shift did not say so in time.
CREATE TABLE escalation (
    seq BIGINT NOT NULL REFERENCES support_change (seq),
    person_id TEXT NOT NULL REFERENCES person (id),
    PRIMARY KEY (seq, person_id)
);
-- Up to which change somebody has looked.
CREATE TABLE looked (
    person_id TEXT PRIMARY KEY REFERENCES person (id),
    seq BIGINT NOT NULL,
    at TEXT NOT NULL
);
";

const CONFIRMATIONS: &str = "
-- A link by which a contact says that they can be called. Each cause asks once.
CREATE TABLE confirmation (
    -- SHA-256 of the secret in the link.
    hash TEXT PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES person (id),
    device_id TEXT NOT NULL REFERENCES device (id),
    cause TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT,
    UNIQUE (device_id, person_id, cause)
);
CREATE INDEX confirmation_expires ON confirmation (expires_at);
";
