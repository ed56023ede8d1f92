//! What is open of a device is found by the device alone, however much is open of others (H8, G10).

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
        dialect::run(manager.get_connection(), OPEN).await
    }
}

const OPEN: &str = "
DROP INDEX incident_closed;
CREATE INDEX incident_closed ON incident (closed_at, seq) WHERE closed_at IS NOT NULL;
CREATE INDEX incident_newest ON incident (seq) WHERE closed_at IS NULL;
CREATE INDEX incident_open_device ON incident (device_id, seq) WHERE closed_at IS NULL;
CREATE INDEX support_change_open_device ON support_change (device_id, seq) WHERE acknowledged_at IS NULL;
";
