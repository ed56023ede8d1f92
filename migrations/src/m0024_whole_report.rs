//! When a program last told everything that runs on a server: until it falls silent, nobody's word stands against it (T8).

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
        dialect::run(manager.get_connection(), WHOLE_REPORT).await
    }
}

const WHOLE_REPORT: &str = "
CREATE TABLE whole_report (
    server TEXT PRIMARY KEY,
    at TEXT NOT NULL
);
";
