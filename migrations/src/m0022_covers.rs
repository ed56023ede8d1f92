//! A forge's secret speaks for the repositories of a host or a group there, and for no others (A24).

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
        dialect::run(manager.get_connection(), COVERS).await
    }
}

const COVERS: &str = "
-- NULL of those that were made before this was asked: they speak for any.
ALTER TABLE forge_hook ADD COLUMN covers TEXT;
";
