//! A group is told by mail too, at an address of its own (O5).

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
        dialect::run_on_postgres(db, CHECKED).await?;
        // A check changes only in another table.
        dialect::run_on_sqlite(db, REBUILT).await?;
        for change in ["INSERT", "UPDATE", "DELETE"] {
            let name = change.to_lowercase();
            dialect::run_on_sqlite(
                db,
                &format!(
                    "CREATE TRIGGER channel_roster_{name} AFTER {change} ON channel
                     BEGIN UPDATE roster SET version = hex(randomblob(16)); END;"
                ),
            )
            .await?;
        }
        Ok(())
    }
}

const CHECKED: &str = "
ALTER TABLE channel DROP CONSTRAINT channel_check2;
ALTER TABLE channel ADD CONSTRAINT channel_mail_leads_somewhere
    CHECK (kind <> 'mail' OR person_id IS NOT NULL OR address <> '');
";

const REBUILT: &str = "
CREATE TABLE channel_with_group_mail (
    id TEXT PRIMARY KEY,
    person_id TEXT REFERENCES person (id),
    team_id TEXT REFERENCES team (id),
    kind TEXT NOT NULL CHECK (kind IN ('mail', 'mattermost', 'slack', 'zulip')),
    -- A webhook's address, which is a secret, a Zulip site, or where a group's mail goes.
    address TEXT NOT NULL DEFAULT '',
    login TEXT NOT NULL DEFAULT '',
    secret TEXT NOT NULL DEFAULT '',
    stream TEXT NOT NULL DEFAULT '',
    topic TEXT NOT NULL DEFAULT '',
    wanted TEXT NOT NULL CHECK (wanted IN ('everything', 'mine', 'nothing')),
    digest_at TEXT,
    quiet_from TEXT,
    quiet_to TEXT,
    changed_at TEXT NOT NULL,
    CHECK ((person_id IS NULL) <> (team_id IS NULL)),
    CHECK ((quiet_from IS NULL) = (quiet_to IS NULL)),
    CONSTRAINT channel_mail_leads_somewhere CHECK (kind <> 'mail' OR person_id IS NOT NULL OR address <> '')
);
INSERT INTO channel_with_group_mail (id, person_id, team_id, kind, address, login, secret, stream, topic, wanted,
        digest_at, quiet_from, quiet_to, changed_at)
    SELECT id, person_id, team_id, kind, address, login, secret, stream, topic, wanted, digest_at, quiet_from, quiet_to,
        changed_at FROM channel;
DROP TABLE channel;
ALTER TABLE channel_with_group_mail RENAME TO channel;
CREATE INDEX channel_person ON channel (person_id) WHERE person_id IS NOT NULL;
CREATE INDEX channel_team ON channel (team_id) WHERE team_id IS NOT NULL;
CREATE UNIQUE INDEX channel_mail ON channel (person_id) WHERE kind = 'mail';
";
