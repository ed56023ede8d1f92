//! Names and classes are told apart by more than case and separators: a newcomer's are looked up without them.

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
        dialect::run(manager.get_connection(), FOLDED).await
    }
}

/// Not unique: what is on record stays as it is.
const FOLDED: &str = "
CREATE INDEX device_folded ON device (lower(replace(replace(name, '-', ''), '_', '')));
CREATE INDEX device_class_folded ON device_class (lower(replace(replace(class, '-', ''), '_', '')));
";
