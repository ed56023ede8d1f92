//! What depends on what, and the re-tests that new releases ask for (G8): each with every result as it came.

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
        dialect::run(manager.get_connection(), DEPENDENTS).await
    }
}

const DEPENDENTS: &str = "
CREATE TABLE device_dependency (
    device_id TEXT NOT NULL REFERENCES device (id),
    on_id TEXT NOT NULL REFERENCES device (id),
    PRIMARY KEY (device_id, on_id),
    CHECK (device_id <> on_id)
);
-- Who depends on it.
CREATE INDEX device_dependency_on ON device_dependency (on_id, device_id);
CREATE TABLE retest (
    id TEXT PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES device (id),
    -- The device that it depends on, and that one's new release.
    on_id TEXT NOT NULL,
    tag TEXT NOT NULL,
    commit_id TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'passed', 'failed', 'overtaken')),
    -- How many there are in retest_report.
    reports INTEGER NOT NULL DEFAULT 0,
    -- NULL where no newer release is the cause.
    overtaken_by TEXT,
    overtaken_at TEXT,
    -- Nobody is asked twice.
    UNIQUE (on_id, tag, device_id),
    FOREIGN KEY (on_id, tag) REFERENCES release (device_id, tag)
);
CREATE INDEX retest_of_device ON retest (device_id, id DESC);
CREATE INDEX retest_on ON retest (on_id, id DESC);
CREATE INDEX retest_state ON retest (state, id DESC);
-- What waits, in words by which the index of states is not taken: it has what waits of everybody.
CREATE INDEX retest_waiting ON retest (device_id, id) WHERE state || '' = 'waiting';
CREATE INDEX retest_waiting_on ON retest (on_id) WHERE state || '' = 'waiting';
CREATE TABLE retest_report (
    retest_id TEXT NOT NULL REFERENCES retest (id),
    -- From 1 within the re-test, in the order in which they came.
    number INTEGER NOT NULL,
    passed BOOLEAN NOT NULL,
    person_id TEXT REFERENCES person (id),
    -- The token by which a job reported it.
    job TEXT,
    -- What of the dependent's own it was tried out with.
    release_tag TEXT,
    commit_id TEXT,
    link TEXT NOT NULL,
    text TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (retest_id, number)
);
CREATE TRIGGER retest_report_never_changes BEFORE UPDATE ON retest_report
BEGIN SELECT RAISE(ABORT, 'a result that was reported never changes'); END;
CREATE TRIGGER retest_report_stays BEFORE DELETE ON retest_report
BEGIN SELECT RAISE(ABORT, 'a result that was reported stays on record'); END;
";
