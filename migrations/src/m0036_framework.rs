//! The framework's versions (G6): which one a release was built against, and the updates that Custody proposes.

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
        dialect::run(manager.get_connection(), FRAMEWORK).await
    }
}

const FRAMEWORK: &str = "
-- As its own file says. NULL where nobody asked, and the version where none was found.
ALTER TABLE release ADD COLUMN framework TEXT;
ALTER TABLE release ADD COLUMN framework_version TEXT;
CREATE INDEX release_framework ON release (framework, framework_version, device_id, tag) WHERE framework IS NOT NULL;
-- An update of a device to a version: one, whoever finds first that it is outdated.
CREATE TABLE framework_update (
    device_id TEXT NOT NULL REFERENCES device (id),
    framework TEXT NOT NULL,
    version TEXT NOT NULL,
    -- What it was built against.
    was TEXT NOT NULL,
    at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'proposed', 'by_hand', 'not_needed', 'done', 'dropped')),
    tries INTEGER NOT NULL DEFAULT 0,
    -- When it is tried again; at once where that is NULL.
    due_at TEXT,
    -- Why it could not be made so far.
    why TEXT,
    branch TEXT,
    commit_id TEXT,
    diff TEXT,
    PRIMARY KEY (device_id, framework, version),
    CHECK (state <> 'proposed' OR branch IS NOT NULL)
);
CREATE INDEX framework_update_waiting ON framework_update (at, device_id) WHERE state = 'waiting';
CREATE INDEX framework_update_open ON framework_update (at, device_id, version)
    WHERE state IN ('waiting', 'proposed', 'by_hand', 'not_needed');
";
