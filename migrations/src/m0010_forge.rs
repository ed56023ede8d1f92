//! What forges tell Custody: who may tell, and which deliveries were heard already (A21, A22).

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
        dialect::run(manager.get_connection(), FORGE).await
    }
}

const FORGE: &str = "
CREATE TABLE forge_hook (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    forge TEXT NOT NULL CHECK (forge IN ('gitlab', 'gitea', 'forgejo', 'github')),
    -- As it is: a signature is checked with the secret itself, not with a hash of it.
    secret TEXT NOT NULL,
    created_by TEXT NOT NULL REFERENCES person (id),
    created_at TEXT NOT NULL,
    revoked_at TEXT,
    heard_at TEXT
);
CREATE TABLE forge_delivery (
    hook_id TEXT NOT NULL REFERENCES forge_hook (id),
    delivery TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (hook_id, delivery)
);
CREATE INDEX forge_delivery_at ON forge_delivery (at);
";
