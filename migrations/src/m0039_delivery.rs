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

const FILLED_ON_POSTGRES: &str = "
CREATE TEMP TABLE reported ON COMMIT DROP AS
SELECT d.id, r.number, r.one ->> 'what' AS what,
       floor(extract(epoch FROM (r.one ->> 'at')::timestamptz))::bigint AS at,
       r.one ->> 'what' IN ('failed', 'rolled_back')
           OR r.one ->> 'what' = 'tests_after' AND (r.one ->> 'passed')::boolean IS FALSE AS bad,
       r.one ->> 'what' = 'succeeded'
           OR r.one ->> 'what' = 'tests_after' AND (r.one ->> 'passed')::boolean IS TRUE AS good
FROM deployment d, jsonb_array_elements(d.body::jsonb -> 'reports') WITH ORDINALITY AS r (one, number)
WHERE d.body::jsonb ->> 'environment' = 'production';
CREATE INDEX reported_of ON reported (id);
UPDATE deployment d SET begun = CASE
    WHEN d.jti IS NULL THEN floor(extract(epoch FROM d.at))::bigint
    ELSE (SELECT min(r.at) FROM reported r WHERE r.id = d.id AND r.what = 'started') END
WHERE d.body::jsonb ->> 'environment' = 'production';
UPDATE deployment d SET
    released = (
        SELECT floor(extract(epoch FROM CASE
            WHEN (d.body::jsonb -> 'release' ->> 'tagged_at')::timestamptz
                BETWEEN '2005-04-07T00:00:00Z'::timestamptz AND v.verified_at
            THEN (d.body::jsonb -> 'release' ->> 'tagged_at')::timestamptz
            ELSE v.verified_at END))::bigint
        FROM release v WHERE v.device_id = d.device_id AND v.tag = d.tag),
    succeeded = coalesce(
        (SELECT min(r.at) FROM reported r WHERE r.id = d.id AND r.what = 'succeeded'),
        CASE WHEN d.jti IS NULL AND d.state = 'allowed' THEN d.begun END),
    failed = (SELECT min(r.at) FROM reported r WHERE r.id = d.id AND r.bad),
    mended = (
        SELECT min(r.at) FROM reported r WHERE r.id = d.id AND r.good
          AND r.number > (SELECT max(b.number) FROM reported b WHERE b.id = d.id AND b.bad))
WHERE d.begun IS NOT NULL;
";
