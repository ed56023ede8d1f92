//! What changed last, by number: those who keep the registry in memory catch up by it, after a restart or a break too.

use sea_orm_migration::{prelude::*, sea_orm::ConnectionTrait};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(CHANGES).await.map(|_| ())
    }
}

const CHANGES: &str = "
CREATE TABLE change (
    -- The last one is never thrown away: no number is given twice.
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('device', 'instance', 'server', 'person')),
    name TEXT NOT NULL
);
-- The board and its search are answered from memory.
DROP INDEX device_urgency;
DROP INDEX device_support;
ALTER TABLE device DROP COLUMN search;
ALTER TABLE instance DROP COLUMN search;
";
