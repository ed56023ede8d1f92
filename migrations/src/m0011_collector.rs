//! How the collectors are doing: when each asks again, how old its view is, and who asks now (G10).

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
        dialect::run(manager.get_connection(), COLLECTOR).await
    }
}

const COLLECTOR: &str = "
CREATE TABLE collector (
    name TEXT PRIMARY KEY,
    due_at TEXT NOT NULL,
    -- Who asks now, and until when nobody else does.
    lease TEXT,
    lease_until TEXT,
    tried_at TEXT,
    -- When everything that it asks answered last: how old its view is.
    view_at TEXT,
    failures INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '',
    instances INTEGER NOT NULL DEFAULT 0,
    -- Instances on servers that it does not speak for (A24).
    refused INTEGER NOT NULL DEFAULT 0
);
";
