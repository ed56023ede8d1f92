//! Deployments are found by their server and by their environment, the newest first (G9).

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
        dialect::run(db, OF_SERVER).await?;
        dialect::run_on_sqlite(db, ENVIRONMENT).await?;
        dialect::run_on_postgres(db, ENVIRONMENT_ON_POSTGRES).await?;
        // Only then is it known of which environment there are few.
        dialect::run(db, "ANALYZE deployment;").await
    }
}

const OF_SERVER: &str = "
CREATE INDEX deployment_of_server ON deployment (server, id DESC);
";

/// Of the body itself, so that an older Custody beside this one has nothing to fill in (F11).
const ENVIRONMENT: &str = "
CREATE INDEX deployment_environment ON deployment (json_extract(body, '$.environment'), id DESC);
";

const ENVIRONMENT_ON_POSTGRES: &str = "
CREATE INDEX deployment_environment ON deployment ((body::jsonb ->> 'environment'), id DESC);
";
