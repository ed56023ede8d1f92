//! The stages that releases pass (G3): every report as it came, and which releases wait for a person's check (G4).

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
        dialect::run(manager.get_connection(), RELEASE_STAGE).await
    }
}

const RELEASE_STAGE: &str = "
CREATE TABLE release_stage (
    device_id TEXT NOT NULL,
    tag TEXT NOT NULL,
    -- From 1 within the release, in the order in which they came.
    number INTEGER NOT NULL,
    stage TEXT NOT NULL,
    passed BOOLEAN NOT NULL,
    -- Nobody where Custody itself saw it.
    person_id TEXT REFERENCES person (id),
    -- The token by which a job reported it.
    job TEXT,
    link TEXT NOT NULL,
    text TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (device_id, tag, number),
    FOREIGN KEY (device_id, tag) REFERENCES release (device_id, tag)
);
CREATE TRIGGER release_stage_never_changes BEFORE UPDATE ON release_stage
BEGIN SELECT RAISE(ABORT, 'a stage that was reported never changes'); END;
CREATE TRIGGER release_stage_stays BEFORE DELETE ON release_stage
BEGIN SELECT RAISE(ABORT, 'a stage that was reported stays on record'); END;
-- What is on staging and waits for a person's check, the oldest first.
CREATE TABLE release_check (
    device_id TEXT NOT NULL,
    tag TEXT NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (device_id, tag),
    FOREIGN KEY (device_id, tag) REFERENCES release (device_id, tag)
);
CREATE INDEX release_check_since ON release_check (since, device_id, tag);
";
