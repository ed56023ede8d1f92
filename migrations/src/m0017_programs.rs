//! Tokens that read or do what their maker may (E1), and answers that programs are given again (F3).

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
        for part in [TOKENS, ANSWERS] {
            dialect::run(manager.get_connection(), part).await?;
        }
        Ok(())
    }
}

const TOKENS: &str = "
CREATE TABLE token_with_reach (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('observe', 'evidence', 'deploy', 'read', 'admin')),
    -- The one server or device that it speaks for (A24); a deploying one may name either, both or none.
    server TEXT,
    device_id TEXT,
    created_by TEXT NOT NULL REFERENCES person (id),
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    revoked_at TEXT,
    used_at TEXT,
    CHECK (scope = 'deploy' OR (scope = 'observe') = (server IS NOT NULL)),
    CHECK (scope = 'deploy' OR (scope = 'evidence') = (device_id IS NOT NULL))
);
INSERT INTO token_with_reach (id, hash, name, scope, server, device_id, created_by, created_at, expires_at, revoked_at, used_at)
    SELECT id, hash, name, scope, server, device_id, created_by, created_at, expires_at, revoked_at, used_at FROM token;
DROP TABLE token;
ALTER TABLE token_with_reach RENAME TO token;
CREATE INDEX token_creator ON token (created_by, created_at);
";

const ANSWERS: &str = "
CREATE TABLE given_answer (
    person_id TEXT NOT NULL,
    key TEXT NOT NULL,
    -- A digest of the request: the same key with another one is refused.
    request TEXT NOT NULL,
    at TEXT NOT NULL,
    -- NULL while it is being worked on.
    status INTEGER,
    -- JSON of names and values.
    headers TEXT NOT NULL DEFAULT '',
    -- NULL where it showed a secret, which is shown once.
    body TEXT,
    PRIMARY KEY (person_id, key)
);
CREATE INDEX given_answer_at ON given_answer (at);
";
