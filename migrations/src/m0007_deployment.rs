//! Deployments and their permits (G1, G9): what was asked for, what came of it, the keys that sign, and tokens for
//! programs that deploy.

use crate::dialect;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // SQLite's are not transactional unless asked.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        for part in [DEPLOYMENTS, KEYS, TOKENS] {
            dialect::run(db, part).await?;
        }
        Ok(())
    }
}

const DEPLOYMENTS: &str = "
CREATE TABLE deployment (
    -- In the order in which they were asked for.
    id TEXT PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES device (id),
    tag TEXT NOT NULL,
    server TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('allowed', 'started', 'succeeded', 'failed', 'rolled_back', 'expired')),
    asked_by TEXT NOT NULL REFERENCES person (id),
    at TEXT NOT NULL,
    -- The permit's own id; NULL where a person placed it by hand.
    jti TEXT UNIQUE,
    permit_until TEXT,
    -- How the request was named, so that its repetition is answered with the same (F3).
    request_key TEXT,
    -- Whether the server is to be given back, and has not been yet.
    unsettled BOOLEAN NOT NULL DEFAULT FALSE,
    body TEXT NOT NULL,
    CHECK ((jti IS NULL) = (permit_until IS NULL)),
    UNIQUE (asked_by, request_key)
);
CREATE INDEX deployment_state ON deployment (state, id DESC);
CREATE INDEX deployment_placed ON deployment (device_id, server, at);
CREATE INDEX deployment_waiting ON deployment (state, permit_until) WHERE permit_until IS NOT NULL;
CREATE INDEX deployment_unsettled ON deployment (id) WHERE unsettled = TRUE;
-- A permit is redeemed once: whoever comes second has no row (A11).
CREATE TABLE redeemed (
    jti TEXT PRIMARY KEY,
    deployment_id TEXT NOT NULL REFERENCES deployment (id),
    at TEXT NOT NULL
);
CREATE TRIGGER redeemed_stays BEFORE DELETE ON redeemed
BEGIN SELECT RAISE(ABORT, 'what was redeemed stays so'); END;
";

const KEYS: &str = "
CREATE TABLE signing_key (
    -- The thumbprint of the public key, RFC 7638.
    kid TEXT PRIMARY KEY,
    -- The public key as in its JWK.
    x TEXT NOT NULL,
    -- PKCS#8, hexadecimal.
    private TEXT NOT NULL,
    created_at TEXT NOT NULL,
    -- From when on it signs no more; its permits live on until they expire.
    retired_at TEXT,
    -- From when on nothing that it signed counts.
    revoked_at TEXT
);
";

const TOKENS: &str = "
CREATE TABLE token_with_deploy (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('observe', 'evidence', 'deploy')),
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
INSERT INTO token_with_deploy (id, hash, name, scope, server, device_id, created_by, created_at, expires_at, revoked_at, used_at)
    SELECT id, hash, name, scope, server, device_id, created_by, created_at, expires_at, revoked_at, used_at FROM token;
DROP TABLE token;
ALTER TABLE token_with_deploy RENAME TO token;
";
