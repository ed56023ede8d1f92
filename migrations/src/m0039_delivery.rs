//! What came of each deployment in production, as figures of delivery are counted from it (G11): narrow, so that those of a
//! year are read from one index and no body is.

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
        dialect::run_on_postgres(db, REPORTED_ON_POSTGRES).await?;
        dialect::run(db, COLUMNS).await?;
        dialect::run_on_sqlite(db, FILLED).await?;
        dialect::run_on_postgres(db, FILLED_ON_POSTGRES).await?;
        dialect::run(db, INDEX).await
    }
}

/// Seconds since 1970, as they are only reckoned with. Without a `begun` it is none that counts.
const COLUMNS: &str = "
ALTER TABLE deployment ADD COLUMN released BIGINT;
ALTER TABLE deployment ADD COLUMN begun BIGINT;
ALTER TABLE deployment ADD COLUMN succeeded BIGINT;
ALTER TABLE deployment ADD COLUMN failed BIGINT;
ALTER TABLE deployment ADD COLUMN mended BIGINT;
";

/// Everything that is asked, so that the table itself is not read.
const INDEX: &str = "
CREATE INDEX deployment_delivered
    ON deployment (device_id, begun, succeeded, failed, mended, released, server, tag) WHERE begun IS NOT NULL;
ANALYZE deployment;
";

/// What is on record already, by its body, each moment cut to its second. A tag counts from when it says that it was made,
/// where that is neither before there was git nor after it was verified.
const FILLED: &str = "
UPDATE deployment SET begun = CASE
    WHEN jti IS NULL THEN unixepoch(substr(at, 1, 19))
    ELSE (SELECT min(unixepoch(substr(json_extract(r.value, '$.at'), 1, 19)))
          FROM json_each(deployment.body, '$.reports') r WHERE json_extract(r.value, '$.what') = 'started') END
WHERE json_extract(body, '$.environment') = 'production';
UPDATE deployment SET
    released = (
        SELECT CASE
            WHEN unixepoch(substr(json_extract(deployment.body, '$.release.tagged_at'), 1, 19))
                BETWEEN 1112832000 AND unixepoch(substr(v.verified_at, 1, 19))
            THEN unixepoch(substr(json_extract(deployment.body, '$.release.tagged_at'), 1, 19))
            ELSE unixepoch(substr(v.verified_at, 1, 19)) END
        FROM release v WHERE v.device_id = deployment.device_id AND v.tag = deployment.tag),
    succeeded = coalesce(
        (SELECT min(unixepoch(substr(json_extract(r.value, '$.at'), 1, 19)))
         FROM json_each(deployment.body, '$.reports') r WHERE json_extract(r.value, '$.what') = 'succeeded'),
        CASE WHEN jti IS NULL AND state = 'allowed' THEN begun END),
    failed = (
        SELECT min(unixepoch(substr(json_extract(r.value, '$.at'), 1, 19)))
        FROM json_each(deployment.body, '$.reports') r
        WHERE json_extract(r.value, '$.what') IN ('failed', 'rolled_back')
           OR json_extract(r.value, '$.what') = 'tests_after' AND json_extract(r.value, '$.passed') = 0),
    mended = (
        SELECT min(unixepoch(substr(json_extract(r.value, '$.at'), 1, 19)))
        FROM json_each(deployment.body, '$.reports') r
        WHERE (json_extract(r.value, '$.what') = 'succeeded'
               OR json_extract(r.value, '$.what') = 'tests_after' AND json_extract(r.value, '$.passed') = 1)
          AND r.key > (
            SELECT max(b.key) FROM json_each(deployment.body, '$.reports') b
            WHERE json_extract(b.value, '$.what') IN ('failed', 'rolled_back')
               OR json_extract(b.value, '$.what') = 'tests_after' AND json_extract(b.value, '$.passed') = 0))
WHERE begun IS NOT NULL;
";

/// Replicas of before may be at work: none of them writes meanwhile, and where one reads for long, others do not wait behind
/// this (it is begun again then, with the next start). They go on reading while bodies are taken apart, each once.
const REPORTED_ON_POSTGRES: &str = "
SET LOCAL lock_timeout = '5s';
SELECT pg_advisory_xact_lock(20001);
CREATE TEMP TABLE reported ON COMMIT DROP AS
WITH d AS MATERIALIZED (
    SELECT id, device_id, tag, at, jti IS NULL AS by_hand, state, body::jsonb AS body FROM deployment
    WHERE body::jsonb ->> 'environment' = 'production')
SELECT d.id, d.device_id, d.tag, d.body -> 'release' ->> 'tagged_at' AS tagged_at,
       CASE WHEN d.by_hand THEN d.at ELSE r.started END AS begun,
       coalesce(r.succeeded, CASE WHEN d.by_hand AND d.state = 'allowed' THEN d.at END) AS succeeded, r.failed, r.mended
FROM d CROSS JOIN LATERAL (
    SELECT min(one.at) FILTER (WHERE what = 'started') AS started,
           min(one.at) FILTER (WHERE what = 'succeeded') AS succeeded,
           min(one.at) FILTER (WHERE bad) AS failed,
           min(one.at) FILTER (WHERE good AND number > last_bad) AS mended
    FROM (
        SELECT e.*, max(number) FILTER (WHERE bad) OVER () AS last_bad FROM (
            SELECT one ->> 'what' AS what, (one ->> 'at')::timestamptz AS at, number,
                   one ->> 'what' IN ('failed', 'rolled_back')
                       OR one ->> 'what' = 'tests_after' AND (one ->> 'passed')::boolean IS FALSE AS bad,
                   one ->> 'what' = 'succeeded'
                       OR one ->> 'what' = 'tests_after' AND (one ->> 'passed')::boolean IS TRUE AS good
            FROM jsonb_array_elements(d.body -> 'reports') WITH ORDINALITY AS r (one, number)) e) one) r;
DELETE FROM reported WHERE begun IS NULL;
ANALYZE reported;
";

/// A tag's moment of more than four digits of years is none that PostgreSQL reads, and none that is credible.
const FILLED_ON_POSTGRES: &str = "
UPDATE deployment d SET
    begun = floor(extract(epoch FROM r.begun))::bigint,
    succeeded = floor(extract(epoch FROM r.succeeded))::bigint,
    failed = floor(extract(epoch FROM r.failed))::bigint,
    mended = floor(extract(epoch FROM r.mended))::bigint,
    released = floor(extract(epoch FROM CASE
        WHEN r.tagged_at !~ '^[0-9]{4}-' THEN v.verified_at
        WHEN r.tagged_at::timestamptz BETWEEN '2005-04-07T00:00:00Z'::timestamptz AND v.verified_at
        THEN r.tagged_at::timestamptz
        ELSE v.verified_at END))::bigint
FROM reported r LEFT JOIN release v ON v.device_id = r.device_id AND v.tag = r.tag
WHERE d.id = r.id;
";
