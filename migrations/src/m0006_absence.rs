//! When people are away and do not answer (L4). Kept apart from the journal, and thrown away once it is over.

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
        dialect::run(manager.get_connection(), ABSENCE).await
    }
}

const ABSENCE: &str = "
CREATE TABLE absence (
    id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES person (id),
    -- Days as YYYY-MM-DD, both of them away, by the person's own clock.
    from_day TEXT NOT NULL,
    until_day TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    CHECK (from_day <= until_day)
);
CREATE INDEX absence_person ON absence (person_id, from_day, id);
CREATE INDEX absence_until ON absence (until_day);
";
