//! What changed last, by number: those who keep the registry in memory catch up by it, after a restart or a break too.

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
        dialect::run(manager.get_connection(), CHANGES).await?;
        dialect::run_on_postgres(manager.get_connection(), TOLD).await
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

/// Replicas hear of changes once they are committed.
const TOLD: &str = "
CREATE FUNCTION tell_of_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_notify('custody_change', ''); RETURN NULL; END $$;
CREATE TRIGGER change_is_told AFTER INSERT ON change
FOR EACH STATEMENT EXECUTE FUNCTION tell_of_changes();
";
