//! Environments and moving on (G5): a server's own environment, and what waits to move on to production. Overrides in
//! an emergency (G12).

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
        dialect::run(manager.get_connection(), ENVIRONMENT).await
    }
}

const ENVIRONMENT: &str = "
-- NULL where it is the one of its class.
ALTER TABLE server ADD COLUMN environment TEXT CHECK (environment IN ('development', 'production'));
-- A deployment in development after which its release moves on: once, whoever comes first.
CREATE TABLE moving_on (
    deployment_id TEXT PRIMARY KEY REFERENCES deployment (id),
    device_id TEXT NOT NULL REFERENCES device (id),
    at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'moved', 'stayed')),
    -- The deployment in production that came of it.
    moved_to TEXT REFERENCES deployment (id),
    CHECK ((state = 'moved') = (moved_to IS NOT NULL))
);
CREATE INDEX moving_on_waiting ON moving_on (at, deployment_id) WHERE state = 'waiting';
-- What is listed of overrides (G12); the device has the rest.
CREATE TABLE device_override (
    device_id TEXT NOT NULL REFERENCES device (id),
    number INTEGER NOT NULL,
    asked_at TEXT NOT NULL,
    until TEXT NOT NULL,
    ended BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (device_id, number)
);
CREATE INDEX device_override_asked ON device_override (asked_at DESC, device_id DESC, number DESC);
CREATE INDEX device_override_open ON device_override (until) WHERE ended = FALSE;
";
