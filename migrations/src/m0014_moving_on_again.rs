//! Moving on tries again where the repository could not be read (G5).

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
        dialect::run(manager.get_connection(), AGAIN).await
    }
}

const AGAIN: &str = "
-- How often the repository could not be read, and when it is tried again; at once where that is NULL.
ALTER TABLE moving_on ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE moving_on ADD COLUMN due TEXT;
";
