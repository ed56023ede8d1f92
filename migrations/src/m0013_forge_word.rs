//! What forges told and is still to be looked at, what they say of a tag's protection, and the tags that were met in a
//! repository and are no releases (G2, G3, A22).

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
        dialect::run(manager.get_connection(), FORGE_WORD).await
    }
}

const FORGE_WORD: &str = "
-- What it told, as JSON, until it has been looked at in the repository.
ALTER TABLE forge_delivery ADD COLUMN waiting TEXT;
ALTER TABLE forge_delivery ADD COLUMN due_at TEXT;
ALTER TABLE forge_delivery ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
CREATE INDEX forge_delivery_due ON forge_delivery (due_at, at) WHERE waiting IS NOT NULL;
-- NULL while no forge has said so.
ALTER TABLE release ADD COLUMN protected BOOLEAN;
ALTER TABLE release ADD COLUMN protected_told_at TEXT;
-- Tags that a repository has and the record has not, with what they named when they were met.
CREATE TABLE tag_met (
    device_id TEXT NOT NULL REFERENCES device (id),
    tag TEXT NOT NULL,
    object TEXT NOT NULL,
    PRIMARY KEY (device_id, tag)
);
";
