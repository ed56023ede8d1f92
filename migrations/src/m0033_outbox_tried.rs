//! What of the outbox was tried before and still waits, by lanes: whoever tells something urgent looks for it, however much
//! waits while a mail server or a chat is away (O5, N5). Of what waits for its first try nothing is kept, and there is
//! nothing to write.

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
        dialect::run(manager.get_connection(), TRIED).await
    }
}

const TRIED: &str = "
DROP INDEX outbox_lane;
CREATE INDEX outbox_tried ON outbox (lane) WHERE state = 'waiting' AND attempts > 0;
";
