//! For other tools: each person's private calendar address, and an index for the feed of support changes.

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
        dialect::run(manager.get_connection(), TOOLS).await
    }
}

const TOOLS: &str = "
CREATE TABLE calendar (
    -- One address for each person; a new one replaces it.
    person_id TEXT PRIMARY KEY REFERENCES person (id),
    -- SHA-256 of the address's secret.
    hash TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL
);
-- The feed of support changes reads the newest of them among everything else.
CREATE INDEX journal_support ON journal (seq) WHERE kind = 'support_changed';
";
