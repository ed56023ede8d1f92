//! How the collectors are doing: when each asks again, how old its view is, and who asks now (G10).

use sea_orm_migration::{prelude::*, sea_orm::ConnectionTrait};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(COLLECTOR).await.map(|_| ())
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
