//! All data go from one database to another (E7): each column of each table, with something in it.

use crate::{
    app::{FULL, TestApp},
    postgres,
    whole::{done, rows as exported},
};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use custody::store::{self, Tx, entity as row};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DbBackend, IntoActiveModel, Statement};
use serde_json::Value;
use std::{collections::BTreeSet, path::Path};

/// What each database has for itself: which steps its shape has been through, and which version of who is who it is in.
const OF_ITS_OWN: [&str; 2] = ["roster", "seaql_migrations"];

/// A text that is hard on whoever writes it down and reads it again.
const TEXT: &str = "Ünø “quoted” \"so\" and 'so' \\ {\"a\": [1, null]}\n\tnext ☂";

/// What the rows refer to.
struct Of {
    person: String,
    other: String,
    team: String,
    device: String,
    /// Another device, which depends on it.
    dependent: String,
    /// A moment whose fraction ends in a zero, and one whose does not.
    at: DateTime<Utc>,
    later: DateTime<Utc>,
}

macro_rules! keep {
    ($tx:expr, $($row:expr),+ $(,)?) => {
        $($row.into_active_model().insert($tx).await.unwrap();)+
    };
}

async fn people(tx: &Tx, of: &Of) {
    let left = "00000000-0000-0000-0000-000000000900".to_owned();
    keep!(
        tx,
        row::person::Model {
            id: left.clone(),
            name: "Zoë O'Neil".into(),
            email: "zoe@example.org".into(),
            commit_emails: "zoe@users.example.org\nz@example.org".into(),
            phone: Some("+49 40 66969 900".into()),
            time_zone: "Asia/Tokyo".into(),
            theme: "night".into(),
            conduct: Some("1".into()),
            conduct_at: Some(of.at),
            closed_at: Some(of.later),
            created_at: of.at,
        },
        row::identity::Model {
            issuer: "https://login.example.org".into(),
            subject: TEXT.into(),
            person_id: left,
            password_hash: Some("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".into()),
            said: Some("[\"controls\"]".into()),
            said_at: Some(of.later),
        },
        row::absence::Model {
            id: "away".into(),
            person_id: of.person.clone(),
            from_day: NaiveDate::from_ymd_opt(2026, 12, 24).unwrap(),
            until_day: NaiveDate::from_ymd_opt(2027, 1, 6).unwrap(),
            note: TEXT.into(),
            created_at: of.at,
        },
        row::calendar::Model { person_id: of.person.clone(), hash: "calendar".into(), created_at: of.later },
        row::looked::Model { person_id: of.person.clone(), seq: 1, at: of.later },
    );
}

async fn doors(tx: &Tx, of: &Of) {
    keep!(
        tx,
        row::session::Model {
            hash: "session".into(),
            person_id: of.person.clone(),
            created_at: of.at,
            seen_at: of.later,
            expires_at: of.later,
            agent: TEXT.into(),
            address: "192.0.2.7".into(),
            provider: Some("facility".into()),
            id_token: Some("e30.e30.c2ln".into()),
            proved_at: Some(of.at),
        },
        row::token::Model {
            id: "token".into(),
            hash: "token".into(),
            name: TEXT.into(),
            scope: "deploy".into(),
            server: Some(FULL.into()),
            device_id: Some(of.device.clone()),
            created_by: of.person.clone(),
            created_at: of.at,
            expires_at: of.later,
            revoked_at: Some(of.later),
            used_at: Some(of.at),
            made_with: Some("another".into()),
        },
        row::invitation::Model {
            hash: "invitation".into(),
            person_id: Some(of.person.clone()),
            created_at: of.at,
            expires_at: of.later,
            used_at: Some(of.later),
        },
        row::confirmation::Model {
            hash: "confirmation".into(),
            person_id: of.other.clone(),
            device_id: of.device.clone(),
            cause: TEXT.into(),
            created_at: of.at,
            expires_at: of.later,
            used_at: Some(of.later),
        },
        row::guess::Model { way: "name/address".into(), wrong: 7, last_at: of.later, known: true },
        row::own_key::Model { purpose: "trying".into(), secret: "c2VjcmV0".into() },
        row::signing_key::Model {
            kid: "kid".into(),
            x: "x".into(),
            private: "3030".into(),
            created_at: of.at,
            retired_at: Some(of.at),
            revoked_at: Some(of.later),
        },
    );
}

async fn requests(tx: &Tx, of: &Of) {
    keep!(
        tx,
        row::draft::Model {
            id: "draft".into(),
            owner: of.person.clone(),
            answers: TEXT.into(),
            saved_at: of.later,
            // More than a double holds.
            revision: (1 << 60) + 1,
        },
        row::import_draft::Model {
            id: "import".into(),
            person_id: of.person.clone(),
            kind: "servers".into(),
            source: "servers.csv".into(),
            content: TEXT.into(),
            notes: TEXT.into(),
            made_at: of.later,
        },
        row::idempotency::Model {
            key: "key".into(),
            person_id: of.person.clone(),
            request: TEXT.into(),
            outcome: "{}".into(),
            at: of.later,
        },
        row::given_answer::Model {
            person_id: of.person.clone(),
            key: TEXT.into(),
            request: "digest".into(),
            at: of.at,
            status: Some(201),
            headers: "[[\"etag\",\"\\\"1\\\"\"]]".into(),
            body: Some(TEXT.into()),
        },
    );
}

async fn releases(tx: &Tx, of: &Of) {
    let (device_id, tag) = (of.device.clone(), "0.9.0".to_owned());
    keep!(
        tx,
        row::release::Model {
            device_id: device_id.clone(),
            tag: tag.clone(),
            object: "o".repeat(40),
            commit_id: "c".repeat(40),
            tree: "t".repeat(40),
            verified_at: of.at,
            stands: false,
            protected: Some(true),
            protected_told_at: Some(of.later),
            framework: Some("Karabo".into()),
            framework_version: Some("3.0.4".into()),
        },
        row::framework_update::Model {
            device_id: device_id.clone(),
            framework: "Karabo".into(),
            version: "3.1.2".into(),
            was: "3.0.4".into(),
            at: of.at,
            state: "proposed".into(),
            tries: 3,
            due_at: Some(of.later),
            why: Some(TEXT.into()),
            branch: Some("custody/karabo-3.1.2".into()),
            commit_id: Some("c".repeat(40)),
            diff: Some(TEXT.into()),
        },
        row::release_stage::Model {
            device_id: device_id.clone(),
            tag: tag.clone(),
            number: 3,
            stage: "tested".into(),
            passed: true,
            person_id: Some(of.person.clone()),
            job: Some("nightly".into()),
            link: "https://ci.example.org/17".into(),
            text: TEXT.into(),
            at: of.at,
        },
        row::release_check::Model { device_id: device_id.clone(), tag, since: of.later },
        row::tag_met::Model { device_id: device_id.clone(), tag: "v2".into(), object: "o".repeat(40) },
        row::device_override::Model {
            device_id: device_id.clone(),
            number: 2,
            asked_at: of.at,
            until: of.later,
            ended: true,
        },
        row::device_dependency::Model { device_id: of.dependent.clone(), on_id: device_id.clone() },
        row::retest::Model {
            id: "retest".into(),
            device_id: of.dependent.clone(),
            on_id: device_id,
            tag: "0.9.0".into(),
            commit_id: "c".repeat(40),
            opened_at: of.at,
            state: "overtaken".into(),
            reports: 1,
            overtaken_by: Some("1.0.0".into()),
            overtaken_at: Some(of.later),
        },
        row::retest_report::Model {
            retest_id: "retest".into(),
            number: 1,
            passed: false,
            person_id: Some(of.person.clone()),
            job: Some("nightly".into()),
            release_tag: Some("2.0.0".into()),
            commit_id: Some("d".repeat(40)),
            link: "https://ci.example.org/18".into(),
            text: TEXT.into(),
            at: of.later,
        },
        row::forge_hook::Model {
            id: "hook".into(),
            name: TEXT.into(),
            forge: "forgejo".into(),
            covers: Some("https://forge.example.org/group".into()),
            secret: "secret".into(),
            created_by: of.person.clone(),
            created_at: of.at,
            revoked_at: Some(of.later),
            heard_at: Some(of.at),
        },
        row::forge_delivery::Model {
            hook_id: "hook".into(),
            delivery: "delivery".into(),
            at: of.at,
            waiting: Some(TEXT.into()),
            due_at: Some(of.later),
            tries: 4,
        },
    );
}

async fn deployments(tx: &Tx, of: &Of) {
    let deployment = |id: &str, state: &str| row::deployment::Model {
        id: id.into(),
        device_id: of.device.clone(),
        tag: "0.9.0".into(),
        server: FULL.into(),
        state: state.into(),
        asked_by: of.person.clone(),
        at: of.at,
        jti: Some(format!("permit of {id}")),
        permit_until: Some(of.later),
        request_key: Some(format!("key of {id}")),
        unsettled: true,
        body: "{\"environment\":\"production\"}".into(),
        released: Some(1_795_000_000),
        begun: Some(1_795_000_001),
        succeeded: Some(1_795_000_002),
        failed: Some(1_795_000_003),
        mended: Some(1_795_000_004),
    };
    keep!(
        tx,
        deployment("first", "rolled_back"),
        deployment("then", "expired"),
        row::redeemed::Model { jti: "permit of first".into(), deployment_id: "first".into(), at: of.later },
        row::moving_on::Model {
            deployment_id: "first".into(),
            device_id: of.device.clone(),
            at: of.at,
            state: "moved".into(),
            moved_to: Some("then".into()),
            tries: 2,
            due: Some(of.later),
        },
        row::server::Model {
            name: "cppServer/ctrl_scs_09".into(),
            class: "full".into(),
            host: "scs-rr-ctrl-01".into(),
            instrument: "SCS".into(),
            environment: Some("development".into()),
            created_at: of.at,
        },
    );
}

async fn running(tx: &Tx, of: &Of) {
    keep!(
        tx,
        row::instance::Model {
            instance: "SCS_TEST/MON/GONE".into(),
            server: FULL.into(),
            class: "magnetClass".into(),
            host: "scs-rr-ctrl-01".into(),
            support_class: Some("full".into()),
            device_id: Some(of.device.clone()),
            version: "1.0.0".into(),
            since: of.at,
            seen_at: of.at,
            gone_at: Some(of.later),
            stated_by: Some(of.other.clone()),
            collector: Some("tango".into()),
            support: "fully_supported".into(),
            support_why: TEXT.into(),
            support_since: of.at,
        },
        row::incident::Model {
            id: "incident".into(),
            // The journal's first entry, which opened none.
            seq: 1,
            kind: "silent".into(),
            device_id: Some(of.device.clone()),
            instance: "SCS_TEST/MON/GONE".into(),
            server: FULL.into(),
            instrument: Some("SCS".into()),
            words: TEXT.into(),
            opened_at: of.at,
            closed_at: Some(of.later),
            times: 3,
            told_at: Some(of.later),
        },
        row::collector::Model {
            name: "tango".into(),
            due_at: of.later,
            lease: Some("replica".into()),
            lease_until: Some(of.later),
            tried_at: Some(of.at),
            view_at: Some(of.at),
            failures: 1,
            error: TEXT.into(),
            note: TEXT.into(),
            instances: 100_000,
            refused: 5,
        },
        row::whole_report::Model { server: "cppServer/ctrl_scs_09".into(), at: of.later },
        row::replica::Model {
            id: "replica".into(),
            name: "one".into(),
            started_at: of.at,
            seen_at: of.later,
            is_first: true,
        },
        row::job::Model {
            name: "trying".into(),
            replica: "one".into(),
            last_at: of.at,
            took_ms: 12,
            said: TEXT.into(),
            next_at: Some(of.later),
            failed_at: Some(of.at),
            failure: TEXT.into(),
            runs: 9,
            failures: 2,
        },
    );
}

async fn rollouts(tx: &Tx, of: &Of) {
    keep!(
        tx,
        row::rollout::Model {
            id: "rollout".into(),
            number: "R-2026-1".into(),
            // More than a double holds.
            revision: (1 << 60) + 1,
            state: "running".into(),
            kind: "hotfix".into(),
            window_until: of.later,
            runner: Some("replica".into()),
            runner_until: Some(of.later),
            body: TEXT.into(),
        },
        row::rollout_run::Model {
            id: "run".into(),
            rollout_id: "rollout".into(),
            target: "SPB".into(),
            step: 2,
            undo: true,
            attempt: 3,
            state: "failed".into(),
            begun_at: of.at,
            ended_at: Some(of.later),
            rc: Some(-9),
            tasks_done: 17,
            tasks_all: 40,
            output: TEXT.into(),
        },
        row::local_change::Model {
            id: "local change".into(),
            revision: 2,
            target: "SPB".into(),
            device_id: Some(of.device.clone()),
            until_day: NaiveDate::from_ymd_opt(2026, 12, 24).unwrap(),
            ended: true,
            told: true,
            body: TEXT.into(),
        },
    );
}

async fn telling(tx: &Tx, of: &Of) {
    let channel = |id: &str, kind: &str| row::channel::Model {
        id: id.into(),
        person_id: None,
        team_id: None,
        kind: kind.into(),
        address: "https://chat.example.org".into(),
        login: "bot@chat.example.org".into(),
        secret: "secret".into(),
        stream: TEXT.into(),
        topic: TEXT.into(),
        wanted: "mine".into(),
        digest_at: Some("08:30".into()),
        quiet_from: Some("22:00".into()),
        quiet_to: Some("06:00".into()),
        changed_at: of.at,
    };
    let message = |id: &str, state: &str| row::outbox::Model {
        id: id.into(),
        channel_id: id.into(),
        person_id: None,
        team_id: None,
        device_id: Some(of.device.clone()),
        key: TEXT.into(),
        text: TEXT.into(),
        path: "/devices/magnet".into(),
        urgent: true,
        at: of.at,
        message: id.into(),
        digest: Some("2026-11-21".into()),
        lane: Some("lane".into()),
        state: state.into(),
        due_at: of.later,
        attempts: 3,
        tried_since: Some(of.at),
        lease: Some("replica".into()),
        lease_until: Some(of.later),
        ended_at: None,
        error: TEXT.into(),
        mail_to: Some("before@example.org".into()),
    };
    keep!(
        tx,
        row::channel::Model { person_id: Some(of.person.clone()), ..channel("own", "zulip") },
        row::channel::Model { team_id: Some(of.team.clone()), ..channel("group", "mail") },
        row::outbox::Model { person_id: Some(of.person.clone()), ..message("own", "waiting") },
        row::outbox::Model {
            team_id: Some(of.team.clone()),
            ended_at: Some(of.later),
            ..message("group", "delivered")
        },
        row::notice::Model {
            id: "notice".into(),
            person_id: of.person.clone(),
            device_id: Some(of.device.clone()),
            key: TEXT.into(),
            text: TEXT.into(),
            path: "/devices/magnet".into(),
            at: of.at,
            seen_at: Some(of.later),
        },
        row::support_change::Model {
            seq: 1,
            device_id: of.device.clone(),
            from_support: Some("shut_down".into()),
            to_support: Some("reduced_support".into()),
            why: TEXT.into(),
            at: of.at,
            acknowledged_at: Some(of.later),
            escalated_at: Some(of.later),
        },
        row::acknowledgement::Model { seq: 1, person_id: of.person.clone(), at: of.later },
        row::escalation::Model { seq: 1, person_id: of.person.clone() },
    );
}

/// A device that walked all the way, one that is developed, and rows of what these never met.
async fn fill(test: &TestApp) {
    test.ctrl_owned("magnet").await;
    test.reduced_support("mirror").await;
    let (now, device) = (test.app.clock.now(), test.device("magnet").await.id.to_string());
    let dependent = test.device("mirror").await.id.to_string();
    let tx = test.app.db.begin().await.unwrap();
    let of = Of {
        person: test.person("ilse").to_string(),
        other: test.person("noor").to_string(),
        team: store::teams::list_teams(&tx).await.unwrap()[0].id.to_string(),
        device,
        dependent,
        at: now + TimeDelta::milliseconds(120),
        later: now + TimeDelta::microseconds(123_456),
    };
    // Apart, so that they fit onto a test's stack.
    Box::pin(people(&tx, &of)).await;
    Box::pin(doors(&tx, &of)).await;
    Box::pin(requests(&tx, &of)).await;
    Box::pin(releases(&tx, &of)).await;
    Box::pin(deployments(&tx, &of)).await;
    Box::pin(running(&tx, &of)).await;
    Box::pin(rollouts(&tx, &of)).await;
    Box::pin(telling(&tx, &of)).await;
    tx.commit().await.unwrap();
}

/// Every column of every table, as the database itself lists them.
async fn columns(test: &TestApp) -> BTreeSet<(String, String)> {
    let c = &test.app.db.read;
    let of = c.get_database_backend();
    let listed = match of {
        DbBackend::Postgres => {
            "SELECT table_name::text, column_name::text FROM information_schema.columns
             WHERE table_schema = current_schema()"
        }
        _ => {
            "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'"
        }
    };
    let all = c.query_all_raw(Statement::from_string(of, listed)).await.unwrap();
    let all = all.iter().map(|row| (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap()));
    all.filter(|(table, _): &(String, String)| !OF_ITS_OWN.contains(&table.as_str())).collect()
}

/// Those in which something stands in one of the rows.
fn filled(rows: &[Value]) -> BTreeSet<(String, String)> {
    let mut filled = BTreeSet::new();
    for row in rows {
        let (Some(table), Some(cells)) = (row[0].as_str(), row[1].as_object()) else { panic!("{row}") };
        let some = cells.iter().filter(|(_, cell)| !cell.is_null());
        filled.extend(some.map(|(column, _)| (table.to_owned(), column.clone())));
    }
    filled
}

fn assert_same(before: &[Value], file: &Path) {
    let after = exported(file);
    let lost: Vec<_> = before.iter().filter(|row| !after.contains(row)).collect();
    let came: Vec<_> = after.iter().filter(|row| !before.contains(row)).collect();
    assert!(lost.is_empty() && came.is_empty(), "not there any more: {lost:#?}, in their place: {came:#?}");
    assert_eq!(before.len(), after.len());
}

/// E7: whatever a table holds is the same in the other database and back, in every column: none is left out, and none is
/// empty here, so that one which comes to be later is not forgotten.
#[tokio::test]
async fn e7_each_column_of_each_table_moves_to_the_other_database_and_back() {
    let test = TestApp::new().await;
    Box::pin(fill(&test)).await;
    let (files, there, back) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let paths = ["first", "second", "third"].map(|name| files.path().join(name));
    let [first, second, third] = paths.each_ref().map(|p| p.to_str().unwrap());
    done(&["export", "--to", first], test.dir.path());
    let before = exported(&paths[0]);
    let (columns, filled) = (columns(&test).await, filled(&before));
    let empty: Vec<_> = columns.difference(&filled).collect();
    assert!(empty.is_empty(), "nothing that was exported stands in {empty:?}: fill them here");
    assert!(filled.is_subset(&columns), "{:?}", filled.difference(&columns));

    postgres::new_database(there.path()).await;
    done(&["import", "--all", first], there.path());
    done(&["export", "--to", second], there.path());
    assert_same(&before, &paths[1]);
    done(&["import", "--all", second], back.path());
    done(&["export", "--to", third], back.path());
    assert_same(&before, &paths[2]);
}
