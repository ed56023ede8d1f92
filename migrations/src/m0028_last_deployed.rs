//! What was deployed of a device last is found without reading what was before it (G5).

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
        dialect::run(manager.get_connection(), LAST_DEPLOYED).await
    }
}

const LAST_DEPLOYED: &str = "
CREATE INDEX deployment_of_device ON deployment (device_id, id DESC);
ANALYZE deployment;
";
