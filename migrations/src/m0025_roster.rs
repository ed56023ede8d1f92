//! Which version of who is who stands in the database: another one with every change of people, groups, channels or
//! servers, by whatever hand. Whoever keeps them in memory asks for it alone.

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
        dialect::run(db, ROSTER).await?;
        dialect::run_on_postgres(db, ANEW).await?;
        for table in TABLES {
            dialect::run_on_postgres(
                db,
                &format!(
                    "CREATE TRIGGER {table}_roster AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
                     FOR EACH STATEMENT EXECUTE FUNCTION roster_anew();"
                ),
            )
            .await?;
            for change in ["INSERT", "UPDATE", "DELETE"] {
                let name = change.to_lowercase();
                dialect::run_on_sqlite(
                    db,
                    &format!(
                        "CREATE TRIGGER {table}_roster_{name} AFTER {change} ON {table}
                         BEGIN UPDATE roster SET version = hex(randomblob(16)); END;"
                    ),
                )
                .await?;
            }
        }
        Ok(())
    }
}

/// Everything that the roster is read from.
const TABLES: [&str; 7] = ["person", "team", "membership", "training", "absence", "channel", "server"];

/// No version comes twice, so that one which was rolled back means nothing that came later.
const ROSTER: &str = "
CREATE TABLE roster (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version TEXT NOT NULL
);
INSERT INTO roster VALUES (1, 'none');
";

const ANEW: &str = "
CREATE FUNCTION roster_anew() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN UPDATE roster SET version = gen_random_uuid()::text; RETURN NULL; END $$;
";
