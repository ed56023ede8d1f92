//! What an administrator handed in for an import (E5), until it is carried out or a day has passed.

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
        for part in IMPORT {
            dialect::run(manager.get_connection(), part).await?;
        }
        Ok(())
    }
}

const IMPORT: [&str; 2] = [
    "CREATE TABLE import_draft (
        id TEXT PRIMARY KEY,
        person_id TEXT NOT NULL REFERENCES person (id),
        kind TEXT NOT NULL,
        source TEXT NOT NULL,
        content TEXT NOT NULL,
        made_at TEXT NOT NULL
    )",
    "CREATE INDEX import_draft_made ON import_draft (made_at)",
];
