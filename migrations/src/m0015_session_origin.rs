//! A session says where it was opened from, and by which provider; tokens are found by whoever made them (A31).

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
        for part in ORIGIN {
            dialect::run(manager.get_connection(), part).await?;
        }
        Ok(())
    }
}

const ORIGIN: [&str; 4] = [
    "ALTER TABLE session ADD COLUMN address TEXT NOT NULL DEFAULT ''",
    // NULL: a name and a password that are kept here.
    "ALTER TABLE session ADD COLUMN provider TEXT",
    // What the provider said of the person, to be shown to it when signing out. It goes with the session.
    "ALTER TABLE session ADD COLUMN id_token TEXT",
    // People look at the tokens that they made.
    "CREATE INDEX token_creator ON token (created_by, created_at)",
];
