//! The registry: people, servers, devices, what runs, and the journal of it all.
//!
//! What the database can forbid, it forbids: two support classes at once (N2), an event that is changed or deleted (E2),
//! one class in two devices. Moments are text in RFC 3339, UTC; ids are text.

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
        dialect::run_on_postgres(db, dialect::FORBID).await?;
        for part in [PEOPLE, DOORS, SERVERS, DEVICES, RUNNING, JOURNAL] {
            dialect::run(db, part).await?;
        }
        Ok(())
    }
}

const PEOPLE: &str = "
CREATE TABLE person (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL CHECK (length(trim(name)) > 0),
    email TEXT NOT NULL,
    -- Further addresses under which they write commits, one a line.
    commit_emails TEXT NOT NULL DEFAULT '',
    phone TEXT,
    time_zone TEXT NOT NULL,
    theme TEXT NOT NULL DEFAULT 'match',
    conduct TEXT,
    conduct_at TEXT,
    closed_at TEXT,
    created_at TEXT NOT NULL
);
CREATE INDEX person_name ON person (name);
-- Who somebody is, by whom: several accounts of one person lead to one person (A2).
CREATE TABLE identity (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    person_id TEXT NOT NULL REFERENCES person (id),
    password_hash TEXT,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX identity_person ON identity (person_id);
CREATE TABLE team (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('ctrl', 'experts', 'doc', 'admin', 'contributors')),
    -- The critical area's id, for a group of experts.
    area TEXT,
    CHECK ((kind = 'experts') = (area IS NOT NULL))
);
CREATE TABLE membership (
    team_id TEXT NOT NULL REFERENCES team (id),
    person_id TEXT NOT NULL REFERENCES person (id),
    reviewer BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (team_id, person_id)
);
CREATE INDEX membership_person ON membership (person_id);
CREATE TABLE training (
    person_id TEXT NOT NULL REFERENCES person (id),
    topic TEXT NOT NULL,
    until TEXT NOT NULL,
    recorded_by TEXT NOT NULL REFERENCES person (id),
    recorded_at TEXT NOT NULL,
    PRIMARY KEY (person_id, topic)
);
";

const DOORS: &str = "
CREATE TABLE session (
    -- SHA-256 of the secret in the cookie: the table opens no door.
    hash TEXT PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES person (id),
    created_at TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    agent TEXT NOT NULL
);
CREATE INDEX session_person ON session (person_id);
CREATE TABLE token (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('observe', 'evidence')),
    -- The one server or device that it speaks for (A24).
    server TEXT,
    device_id TEXT,
    created_by TEXT NOT NULL REFERENCES person (id),
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    revoked_at TEXT,
    used_at TEXT,
    CHECK ((scope = 'observe') = (server IS NOT NULL)),
    CHECK ((scope = 'evidence') = (device_id IS NOT NULL))
);
-- A link that lets somebody set a password, once.
CREATE TABLE invitation (
    hash TEXT PRIMARY KEY,
    -- NULL for the first administrator, who does not exist yet.
    person_id TEXT REFERENCES person (id),
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT
);
CREATE TABLE draft (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL REFERENCES person (id),
    answers TEXT NOT NULL,
    saved_at TEXT NOT NULL,
    revision BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX draft_owner ON draft (owner);
-- An answer that was lost on its way is given again, not acted out again (F3).
CREATE TABLE idempotency (
    key TEXT NOT NULL,
    person_id TEXT NOT NULL,
    request TEXT NOT NULL,
    outcome TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (person_id, key)
);
CREATE INDEX idempotency_at ON idempotency (at);
";

const SERVERS: &str = "
CREATE TABLE host (
    name TEXT PRIMARY KEY,
    class TEXT NOT NULL CHECK (class IN ('reduced', 'full')),
    note TEXT NOT NULL DEFAULT '',
    UNIQUE (name, class)
);
-- A server is of its host's class.
CREATE TABLE server (
    name TEXT PRIMARY KEY,
    class TEXT NOT NULL CHECK (class IN ('reduced', 'full')),
    host TEXT NOT NULL,
    instrument TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (name, class),
    FOREIGN KEY (host, class) REFERENCES host (name, class)
);
CREATE INDEX server_class ON server (class, name);
";

const DEVICES: &str = "
CREATE TABLE device (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    revision BIGINT NOT NULL CHECK (revision > 0),
    state TEXT NOT NULL CHECK (state IN ('requested', 'accepted', 'reduced_support', 'under_review',
        'ctrl_owned', 'declined', 'withdrawn', 'retired')),
    since TEXT NOT NULL,
    cycle BIGINT NOT NULL,
    lead_group TEXT NOT NULL,
    summary TEXT NOT NULL,
    ctrl_contact TEXT REFERENCES person (id),
    -- The class of everything it is placed on, part of the key its placements refer to (N2).
    placed_class TEXT CHECK (placed_class IN ('reduced', 'full')),
    -- Derived (O1); NULL where nobody supports anything yet or any more.
    support TEXT CHECK (support IN ('fully_supported', 'reduced_support', 'unknown', 'not_supported', 'shut_down')),
    urgency BIGINT NOT NULL,
    support_why TEXT NOT NULL,
    support_since TEXT NOT NULL,
    -- When its last reachable contact stops being one (N4); NULL where that does not matter.
    orphan_at TEXT,
    -- The day by which something is due, far away where nothing is: what is late comes first.
    due TEXT NOT NULL DEFAULT '9999-12-31',
    when_stopped TEXT NOT NULL,
    may_stop BOOLEAN NOT NULL,
    repository TEXT NOT NULL,
    -- Name, classes and group without case and separators: what a search compares.
    search TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (id, placed_class)
);
CREATE INDEX device_urgency ON device (urgency DESC, name);
CREATE INDEX device_state ON device (state, name);
CREATE INDEX device_support ON device (support, name);
CREATE INDEX device_orphan ON device (orphan_at) WHERE orphan_at IS NOT NULL;
CREATE INDEX device_due ON device (due, name);
-- A class belongs to one device.
CREATE TABLE device_class (
    class TEXT PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES device (id)
);
CREATE INDEX device_class_device ON device_class (device_id);
CREATE TABLE device_instrument (
    instrument TEXT NOT NULL,
    device_id TEXT NOT NULL REFERENCES device (id),
    PRIMARY KEY (instrument, device_id)
);
CREATE INDEX device_instrument_device ON device_instrument (device_id);
-- Who has to do with it: what somebody's own page and the search by person ask.
CREATE TABLE device_person (
    device_id TEXT NOT NULL REFERENCES device (id),
    person_id TEXT NOT NULL REFERENCES person (id),
    relation TEXT NOT NULL CHECK (relation IN ('contributor', 'contact', 'ctrl_contact', 'invited',
        -- Whose turn it is, on which side: what the bar counts.
        'turn_contributor', 'turn_ctrl')),
    place BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (person_id, relation, device_id)
);
CREATE INDEX device_person_device ON device_person (device_id);
CREATE TABLE placement (
    device_id TEXT NOT NULL,
    server TEXT NOT NULL,
    class TEXT NOT NULL,
    tag TEXT,
    at TEXT NOT NULL,
    PRIMARY KEY (device_id, server),
    FOREIGN KEY (device_id, class) REFERENCES device (id, placed_class),
    FOREIGN KEY (server, class) REFERENCES server (name, class),
    -- G1: onto a full server goes a tag and nothing else.
    CHECK (class = 'reduced' OR tag IS NOT NULL)
);
CREATE INDEX placement_server ON placement (server);
CREATE TABLE release (
    device_id TEXT NOT NULL REFERENCES device (id),
    tag TEXT NOT NULL,
    object TEXT NOT NULL,
    commit_id TEXT NOT NULL,
    tree TEXT NOT NULL,
    verified_at TEXT NOT NULL,
    stands BOOLEAN NOT NULL,
    PRIMARY KEY (device_id, tag)
);
CREATE INDEX release_commit ON release (commit_id);
CREATE TRIGGER release_never_changes BEFORE UPDATE OF device_id, tag, object, commit_id, tree, verified_at ON release
BEGIN SELECT RAISE(ABORT, 'a release never changes'); END;
CREATE TRIGGER release_stays BEFORE DELETE ON release
BEGIN SELECT RAISE(ABORT, 'a release stays on record'); END;
-- What somebody is told in Custody itself.
CREATE TABLE notice (
    id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES person (id),
    device_id TEXT NOT NULL REFERENCES device (id),
    -- The journal entry that it tells of.
    seq BIGINT NOT NULL,
    text TEXT NOT NULL,
    at TEXT NOT NULL,
    seen_at TEXT,
    UNIQUE (person_id, seq)
);
CREATE INDEX notice_person ON notice (person_id, seen_at, at DESC);
";

const RUNNING: &str = "
-- The last that was reported of each instance on each server.
CREATE TABLE instance (
    instance TEXT NOT NULL,
    server TEXT NOT NULL,
    class TEXT NOT NULL,
    host TEXT NOT NULL,
    support_class TEXT CHECK (support_class IN ('reduced', 'full')),
    device_id TEXT REFERENCES device (id),
    version TEXT NOT NULL,
    since TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    gone_at TEXT,
    -- NULL for an agent's report; the CTRL member who says so otherwise.
    stated_by TEXT REFERENCES person (id),
    support TEXT NOT NULL,
    support_why TEXT NOT NULL,
    support_since TEXT NOT NULL,
    search TEXT NOT NULL,
    PRIMARY KEY (instance, server)
);
CREATE INDEX instance_device ON instance (device_id) WHERE device_id IS NOT NULL;
CREATE INDEX instance_class ON instance (class);
CREATE INDEX instance_server ON instance (server);
CREATE INDEX instance_unknown ON instance (instance) WHERE device_id IS NULL AND gone_at IS NULL;
";

const JOURNAL: &str = "
CREATE TABLE journal (
    seq BIGINT PRIMARY KEY,
    -- A device's id, or the name of another thing whose changes are kept.
    stream TEXT NOT NULL,
    revision BIGINT NOT NULL,
    at TEXT NOT NULL,
    -- A person's id; NULL where Custody itself noticed it.
    actor TEXT,
    -- From where: the door and the address.
    origin TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    UNIQUE (stream, revision)
);
CREATE TRIGGER journal_never_changes BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_never_shrinks BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
";
