//! Rollouts to many instruments and what their steps said (R1 to R4), and local changes on instruments (R7).

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
        let db = manager.get_connection();
        for part in [ROLLOUTS, LOCAL_CHANGES] {
            dialect::run(db, part).await?;
        }
        Ok(())
    }
}

const ROLLOUTS: &str = "
CREATE TABLE rollout (
    -- In the order in which they were planned.
    id TEXT PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    revision BIGINT NOT NULL CHECK (revision > 0),
    state TEXT NOT NULL CHECK (state IN ('planned', 'running', 'paused', 'stopped', 'finished', 'abandoned')),
    kind TEXT NOT NULL,
    window_until TEXT NOT NULL,
    -- The replica that runs its steps, and until when no other one does.
    runner TEXT,
    runner_until TEXT,
    body TEXT NOT NULL,
    CHECK ((runner IS NULL) = (runner_until IS NULL))
);
CREATE INDEX rollout_state ON rollout (state, id DESC);
CREATE TABLE rollout_run (
    id TEXT PRIMARY KEY,
    rollout_id TEXT NOT NULL REFERENCES rollout (id),
    target TEXT NOT NULL,
    step INTEGER NOT NULL,
    -- Whether it takes the step back.
    undo BOOLEAN NOT NULL DEFAULT FALSE,
    -- From 1, of this step on this target.
    attempt INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'unknown')),
    begun_at TEXT NOT NULL,
    ended_at TEXT,
    -- The engine's exit code.
    rc INTEGER,
    tasks_done INTEGER NOT NULL DEFAULT 0,
    tasks_all INTEGER NOT NULL DEFAULT 0,
    output TEXT NOT NULL DEFAULT '',
    CHECK ((state = 'running') = (ended_at IS NULL)),
    UNIQUE (rollout_id, target, step, undo, attempt)
);
-- One run at a time on a target, whichever rollout it is of: whoever comes second has no row (R3).
CREATE UNIQUE INDEX rollout_run_at_work ON rollout_run (target) WHERE state = 'running';
";

const LOCAL_CHANGES: &str = "
CREATE TABLE local_change (
    -- In the order in which they were recorded.
    id TEXT PRIMARY KEY,
    revision BIGINT NOT NULL CHECK (revision > 0),
    target TEXT NOT NULL,
    device_id TEXT REFERENCES device (id),
    until_day TEXT NOT NULL,
    ended BOOLEAN NOT NULL DEFAULT FALSE,
    -- Whether it was told that its day is over.
    told BOOLEAN NOT NULL DEFAULT FALSE,
    body TEXT NOT NULL
);
CREATE INDEX local_change_target ON local_change (target, id DESC);
CREATE INDEX local_change_open ON local_change (until_day) WHERE ended = FALSE;
";
