//! Keys of the installation's own, kept beside the journal: authors of commits are known by one (A37).

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
        dialect::run(manager.get_connection(), OWN_KEY).await
    }
}

const OWN_KEY: &str = "
CREATE TABLE own_key (
    purpose TEXT PRIMARY KEY,
    secret TEXT NOT NULL
);
";
