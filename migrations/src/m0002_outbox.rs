//! What people are told, and how it reaches them (O5): notices by their cause, the channels of people and groups, and
//! the outbox, which is written with the change itself.

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
        for part in [NOTICES, CHANNELS, OUTBOX] {
            dialect::run(db, part).await?;
        }
        Ok(())
    }
}

const NOTICES: &str = "
CREATE TABLE notice_by_key (
    id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES person (id),
    device_id TEXT NOT NULL REFERENCES device (id),
    -- The cause: nobody is told twice of one.
    key TEXT NOT NULL,
    text TEXT NOT NULL,
    -- The local path of what it tells of.
    path TEXT NOT NULL,
    at TEXT NOT NULL,
    seen_at TEXT,
    UNIQUE (person_id, key)
);
INSERT INTO notice_by_key (id, person_id, device_id, key, text, path, at, seen_at)
    SELECT n.id, n.person_id, n.device_id, 'journal/' || n.seq, n.text, '/devices/' || d.name, n.at, n.seen_at
    FROM notice n JOIN device d ON d.id = n.device_id;
DROP TABLE notice;
ALTER TABLE notice_by_key RENAME TO notice;
CREATE INDEX notice_person ON notice (person_id, at DESC, id DESC);
CREATE INDEX notice_unseen ON notice (person_id) WHERE seen_at IS NULL;
CREATE INDEX notice_key ON notice (key);
";

const CHANNELS: &str = "
-- How a person or a group is told outside Custody. Everybody has mail without a row of its own.
CREATE TABLE channel (
    id TEXT PRIMARY KEY,
    person_id TEXT REFERENCES person (id),
    team_id TEXT REFERENCES team (id),
    kind TEXT NOT NULL CHECK (kind IN ('mail', 'mattermost', 'slack', 'zulip')),
    -- A webhook's address, which is a secret, or a Zulip site.
    address TEXT NOT NULL DEFAULT '',
    -- A Zulip bot's address and key, and where it writes.
    login TEXT NOT NULL DEFAULT '',
    secret TEXT NOT NULL DEFAULT '',
    stream TEXT NOT NULL DEFAULT '',
    topic TEXT NOT NULL DEFAULT '',
    wanted TEXT NOT NULL CHECK (wanted IN ('everything', 'mine', 'nothing')),
    -- Times of day in the owner's zone, as HH:MM.
    digest_at TEXT,
    quiet_from TEXT,
    quiet_to TEXT,
    changed_at TEXT NOT NULL,
    CHECK ((person_id IS NULL) <> (team_id IS NULL)),
    CHECK ((quiet_from IS NULL) = (quiet_to IS NULL)),
    CHECK (kind <> 'mail' OR person_id IS NOT NULL)
);
CREATE INDEX channel_person ON channel (person_id) WHERE person_id IS NOT NULL;
CREATE INDEX channel_team ON channel (team_id) WHERE team_id IS NOT NULL;
CREATE UNIQUE INDEX channel_mail ON channel (person_id) WHERE kind = 'mail';
";

const OUTBOX: &str = "
CREATE TABLE outbox (
    -- In the order in which things happened.
    id TEXT PRIMARY KEY,
    -- A channel's id; everybody's mail has one even without a row.
    channel_id TEXT NOT NULL,
    person_id TEXT REFERENCES person (id),
    team_id TEXT REFERENCES team (id),
    device_id TEXT NOT NULL REFERENCES device (id),
    key TEXT NOT NULL,
    text TEXT NOT NULL,
    path TEXT NOT NULL,
    urgent BOOLEAN NOT NULL,
    at TEXT NOT NULL,
    -- What is told in one message has the same; it names the message over all tries.
    message TEXT NOT NULL,
    -- Set for what waits to be told together.
    digest TEXT,
    -- Set where messages arrive in order: one that is under way or tried again holds up the later ones of its lane.
    lane TEXT,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed', 'given_up')),
    due_at TEXT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    tried_since TEXT,
    -- Who delivers it now, and until when that holds.
    lease TEXT,
    lease_until TEXT,
    ended_at TEXT,
    error TEXT NOT NULL DEFAULT '',
    CHECK ((person_id IS NULL) <> (team_id IS NULL)),
    CHECK ((lease IS NULL) = (lease_until IS NULL)),
    CHECK ((state = 'waiting') = (ended_at IS NULL)),
    -- None is sent twice for one event.
    UNIQUE (channel_id, key)
);
CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 'waiting';
CREATE INDEX outbox_message ON outbox (message);
CREATE INDEX outbox_lane ON outbox (lane) WHERE state = 'waiting' AND lane IS NOT NULL;
CREATE INDEX outbox_state ON outbox (state, ended_at DESC, id DESC);
";
