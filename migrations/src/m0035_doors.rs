//! What stands behind a door: the token that made a token (A31), what of somebody's groups their provider said last, and when
//! (E1); and where it is mailed what was done to somebody's account, whatever becomes of their address (A31, O5).

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
        dialect::run(manager.get_connection(), BEHIND).await
    }
}

/// NULL: it was made by a person on a page, or before this; nothing is known of groups until the next sign-in; and mail goes
/// where the record says when it is sent.
const BEHIND: &str = "
ALTER TABLE token ADD COLUMN made_with TEXT;
ALTER TABLE identity ADD COLUMN said TEXT;
ALTER TABLE identity ADD COLUMN said_at TEXT;
ALTER TABLE outbox ADD COLUMN mail_to TEXT;
";
