//! What several replicas have to know of each other: wrong passwords (A34), how the regular work goes, and who does it. And
//! what an import left out (E5).

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
        dialect::run(manager.get_connection(), SHARED).await
    }
}

const SHARED: &str = "
CREATE TABLE guess (
    -- Digests of the name and of the address, as domain/guessing has them.
    way TEXT PRIMARY KEY,
    wrong INTEGER NOT NULL,
    last_at TEXT NOT NULL,
    -- Whether the right password came this way.
    known BOOLEAN NOT NULL
);
CREATE INDEX guess_last ON guess (last_at);
CREATE TABLE replica (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    started_at TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    -- Whether it did what only one does.
    is_first BOOLEAN NOT NULL
);
CREATE TABLE job (
    name TEXT PRIMARY KEY,
    -- The replica that ran it last, as people call it.
    replica TEXT NOT NULL,
    last_at TEXT NOT NULL,
    took_ms INTEGER NOT NULL,
    said TEXT NOT NULL,
    next_at TEXT,
    failed_at TEXT,
    failure TEXT NOT NULL,
    runs INTEGER NOT NULL,
    failures INTEGER NOT NULL
);
ALTER TABLE import_draft ADD COLUMN notes TEXT NOT NULL DEFAULT '';
";
