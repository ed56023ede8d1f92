//! What stopped long ago is found by when it stopped, to be forgotten (A37).

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
        dialect::run(manager.get_connection(), STOPPED).await
    }
}

const STOPPED: &str = "
CREATE INDEX instance_gone ON instance (gone_at) WHERE gone_at IS NOT NULL;
";
