//! A session says when whoever has it proved who they are, as far as that is known (A31).

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
        dialect::run(manager.get_connection(), PROVED).await
    }
}

/// NULL: never, as far as is known. Whoever is signed in already is asked once more.
const PROVED: &str = "
ALTER TABLE session ADD COLUMN proved_at TEXT;
";
