//! A page costs a fixed number of statements, whatever the number of devices, and every list is read by an index.

use crate::{
    app::{Browser, FULL, REDUCED_TOO, TestApp},
    postgres,
    waiting::until,
};
use custody::{service::feed, store::connection::Kept};
use reqwest::StatusCode;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

/// Copies of a device, with everything that lists read of it: written by the database itself, as ten thousand by hand
/// would take minutes.
pub async fn multiply(test: &TestApp, of: &str, from: usize, to: usize) {
    let id = test.device(of).await.id.to_string();
    let tx = test.app.db.begin().await.unwrap();
    let copies = match tx.get_database_backend() {
        DbBackend::Postgres => format!(
            "CREATE TEMP TABLE copy AS SELECT i, '00000000-0000-4000-8000-' || lpad(i::text, 12, '0') AS id,
             '{of}' || lpad(i::text, 5, '0') AS name FROM generate_series({from}, {to} - 1) AS i"
        ),
        _ => format!(
            "CREATE TEMP TABLE copy AS WITH RECURSIVE n(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {to})
             SELECT i, printf('00000000-0000-4000-8000-%012d', i) AS id, printf('{of}%05d', i) AS name FROM n;"
        ),
    };
    tx.execute_unprepared(&copies).await.unwrap();
    let columns = "revision, state, since, cycle, lead_group, summary, ctrl_contact, placed_class, support, urgency,
        support_why, support_since, orphan_at, when_stopped, may_stop, repository";
    for statement in [
        format!(
            "INSERT INTO device (id, name, body, created_at, updated_at, {columns})
             SELECT c.id, c.name, replace(replace(d.body, '{id}', c.id), '\"{of}\"', '\"' || c.name || '\"'),
                    d.created_at, d.updated_at, {columns} FROM copy c, device d WHERE d.id = '{id}'"
        ),
        format!(
            "INSERT INTO device_instrument SELECT r.instrument, c.id FROM copy c, device_instrument r WHERE r.device_id = '{id}'"
        ),
        format!(
            "INSERT INTO device_person SELECT c.id, r.person_id, r.relation, r.place FROM copy c, device_person r WHERE r.device_id = '{id}'"
        ),
        format!(
            "INSERT INTO placement SELECT c.id, r.server, r.class, r.tag, r.at FROM copy c, placement r WHERE r.device_id = '{id}'"
        ),
        "INSERT INTO change (kind, name) SELECT 'device', c.id FROM copy c".to_owned(),
        "INSERT INTO device_class SELECT c.name || 'Class', c.id FROM copy c".to_owned(),
        "DROP TABLE copy".to_owned(),
    ] {
        tx.execute_unprepared(&statement).await.unwrap();
    }
    tx.commit().await.unwrap();
    // A machine that is busy may need longer for two thousand of them than is given to a database that answers.
    until("the board has them", async || feed::follow(&test.app).await.is_ok()).await;
}

async fn cost(test: &TestApp, browser: &Browser, path: &str) -> u64 {
    // Once before, so that what is prepared at first use is not counted.
    browser.page(path).await;
    // What Custody asks of its own, once a second, is not the page's: it waits for this.
    let _nothing_is_taken_in = test.app.projection.taking_in.lock().await;
    let before = test.app.db.statements();
    browser.page(path).await;
    test.app.db.statements() - before
}

/// A page of 50 devices out of 10,000 costs as many statements as one out of a hundred.
#[tokio::test]
async fn pages_cost_a_fixed_number_of_statements() {
    let test = TestApp::new().await;
    test.under_review("magnet").await;
    test.reduced_support("magnetic").await;
    let (ravi, stranger) = (test.browser("ravi").await, test.stranger());
    multiply(&test, "magnet", 0, 100).await;
    let pages = [
        ("/", 8),
        ("/?q=magnet00042", 8),
        ("/?instrument=SCS&support=reduced_support", 8),
        ("/devices/magnet", 34),
        ("/devices/magnet/history", 17),
        ("/reviews", 19),
        ("/orphans", 13),
        ("/shift", 26),
        ("/deployable", 20),
        ("/api/v1/shift", 8),
        ("/api/docs", 7),
        ("/incidents", 13),
        ("/collectors", 12),
        ("/deployments", 11),
        ("/deployments?device=magnet&server=none&state=expired&environment=production", 14),
        ("/overrides", 12),
        ("/cadence", 13),
        ("/api/v1/devices/magnet/dependents", 8),
        ("/api/v1/retests?device=magnet&state=waiting", 8),
        ("/delivery", 12),
        ("/devices/magnet/delivery", 13),
        ("/delivery.csv", 8),
        ("/api/v1/delivery", 4),
        ("/frameworks", 12),
        // For other tools, from memory alone.
        ("/api/v1/status/magnet00042", 0),
        ("/api/v1/status/magnet%2042", 0),
        ("/badge/magnet.svg", 0),
        ("/embed/magnet", 0),
        ("/devices.csv", 0),
        ("/instances.csv", 0),
        ("/feeds/support.atom", 8),
        ("/feeds/devices/magnet.atom", 8),
        ("/healthz", 0),
        ("/readyz", 1),
        ("/metrics", 4),
    ];
    let mut few = Vec::new();
    for (path, _) in pages {
        few.push(cost(&test, &ravi, path).await);
    }
    multiply(&test, "magnet", 100, 10_000).await;
    for ((path, most), few) in pages.into_iter().zip(few) {
        let many = cost(&test, &ravi, path).await;
        assert_eq!(many, few, "{path} costs more with more devices");
        assert!(many <= most, "{path} costs {many} statements, more than {most}");
    }
    let page = stranger.page("/").await;
    let rows = page.matches("href=\"/devices/magnet").count();
    assert!((50..=120).contains(&rows), "a page has fifty devices, not {rows} links");
}

/// G10: what was done about an incident costs as many statements as nothing does.
#[tokio::test]
async fn an_incident_costs_a_fixed_number_of_statements() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.advance(chrono::Duration::minutes(11));
    test.sees(REDUCED_TOO, &[("magnet", "1.0.0")]).await;
    let id = test.app.projection.read().card_by_name("magnet").unwrap().incidents[0].id.clone();
    let (path, ravi) = (format!("/incidents/{id}"), test.browser("ravi").await);
    let few = cost(&test, &ravi, &path).await;
    for n in 0..60 {
        test.sees(REDUCED_TOO, &[("magnet", &format!("1.0.{n}"))]).await;
    }
    assert_eq!(cost(&test, &ravi, &path).await, few);
    assert!(few <= 18, "{few} statements");
    let page = ravi.page(&path).await;
    assert!(page.contains("The newest are shown.") && !page.contains("opened it: "), "{page}");
}

/// R4, R7: rollouts and local changes cost as many statements as one of them does, and so does what runs said; whoever
/// reads them holds one connection at a time.
#[tokio::test]
async fn rollouts_cost_a_fixed_number_of_statements() {
    use crate::{local_changes::records, rollouts as given};
    use custody::{domain::rollout::Command, service::rollouts};
    let test = given::facility().await;
    let ravi = test.browser("ravi").await;
    let starts = async |targets: &[(&str, u32)]| {
        let r = given::plans(&test, "lena", &given::plan(&test, "hotfix", targets)).await.unwrap();
        let r = given::must(&test, "lena", &r, Command::Start {}).await;
        rollouts::take_lease(&test.app).await.unwrap();
        given::run_all(&test.app, &r).await;
        records(&test, "lena", "MID", "2026-12-24").await.unwrap();
        r.number
    };
    let one = starts(&[("SCS", 0)]).await;
    let pages = |number: &str| {
        let of = |end: &str| format!("/rollouts/{number}{end}");
        let all = [of(""), of("/live"), of("/targets/SCS"), of("/hold?target=SCS")];
        all.into_iter().chain(["/rollouts", "/local-changes", "/my"].map(str::to_owned)).collect::<Vec<_>>()
    };
    let mut few = Vec::new();
    for path in pages(&one) {
        few.push(cost(&test, &ravi, &path).await);
    }
    let many = starts(&[("SCS", 0), ("SQS", 1), ("LAB", 1)]).await;
    for (path, few) in pages(&many).into_iter().zip(few) {
        let many = cost(&test, &ravi, &path).await;
        assert_eq!(many, few, "{path} costs more with more targets");
        assert!(many <= 40, "{path} costs {many} statements");
    }

    let read = &test.app.db.read;
    let most = match read.get_database_backend() {
        DbBackend::Postgres => read.get_postgres_connection_pool().options().get_max_connections(),
        _ => read.get_sqlite_connection_pool().options().get_max_connections(),
    };
    let _nothing_is_taken_in = test.app.projection.taking_in.lock().await;
    let mut held = Vec::new();
    for _ in 1..most {
        held.push(test.app.db.snapshot().await.unwrap());
    }
    for path in pages(&many) {
        let status = ravi.get(&path).await.status();
        assert_ne!(status, StatusCode::SERVICE_UNAVAILABLE, "{path} waits for a second connection");
    }
}

/// PERFORMANCE: whoever reads holds one connection at a time, so that readers never wait for each other.
#[tokio::test]
async fn pages_come_by_with_one_connection() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    test.deploys_by_permit("ravi", "magnet", "1.0.0", FULL).await;
    test.under_review("grating").await;
    let read = &test.app.db.read;
    let most = match read.get_database_backend() {
        DbBackend::Postgres => read.get_postgres_connection_pool().options().get_max_connections(),
        _ => read.get_sqlite_connection_pool().options().get_max_connections(),
    };
    let (ravi, ada) = (test.browser("ravi").await, test.browser("ada").await);
    let deployment = ada.page("/deployments").await;
    let deployment = deployment.split("href=\"/deployments/").nth(1).unwrap().split('"').next().unwrap();
    test.sees(REDUCED_TOO, &[("grating", "1.0.0"), ("stranger", "")]).await;
    let incident = ada.page("/incidents?kind=unknown").await;
    let incident = incident.split("href=\"/incidents/").nth(1).unwrap().split('"').next().unwrap();
    let _nothing_is_taken_in = test.app.projection.taking_in.lock().await;
    let mut held = Vec::new();
    for _ in 1..most {
        held.push(test.app.db.snapshot().await.unwrap());
    }
    for path in [
        "/",
        "/?q=magn",
        "/account",
        "/account/sessions",
        "/account/tokens",
        "/admin",
        "/admin/groups",
        "/admin/jobs",
        "/admin/outbox",
        "/admin/people",
        "/admin/servers",
        "/api/v1/devices/magnet",
        "/api/v1/devices/magnet/commands",
        "/api/v1/devices/magnet/releases",
        "/api/v1/devices/magnet/cadence",
        "/api/v1/events",
        "/api/v1/shift",
        "/cadence",
        "/collectors",
        "/delivery",
        "/devices/magnet/delivery",
        "/deployable",
        "/deployments",
        "/deployments?device=magnet&state=expired",
        &format!("/deployments/{deployment}"),
        "/devices/grating",
        "/devices/grating/review",
        "/devices/magnet",
        "/devices/magnet/history",
        "/devices/magnet/releases/1.0.0",
        "/devices/magnet/shut-down",
        "/incidents",
        &format!("/incidents/{incident}"),
        "/local-changes",
        "/my",
        "/orphans",
        "/overrides",
        "/requests",
        "/reviews",
        "/rollouts",
        "/shift",
        "/wall",
    ] {
        for browser in [&ravi, &ada] {
            let status = browser.get(path).await.status();
            assert_ne!(status, StatusCode::SERVICE_UNAVAILABLE, "{path} waits for a second connection");
        }
    }
}

/// Each filter of the board is read by an index, never by a walk over all devices.
#[tokio::test]
async fn lists_are_read_by_an_index() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    for (what, query) in [
        ("by state", "SELECT id FROM device WHERE state = 'requested' ORDER BY name LIMIT 50"),
        ("by instrument", "SELECT device_id FROM device_instrument WHERE instrument = 'SCS'"),
        ("by person", "SELECT device_id FROM device_person WHERE person_id = 'x' AND relation = 'contact'"),
        ("orphans", "SELECT id FROM device WHERE orphan_at <= '2026-11-21T08:00:00Z' ORDER BY orphan_at LIMIT 50"),
        ("a device's instances", "SELECT * FROM instance WHERE device_id = 'x'"),
        (
            "unknown instances",
            "SELECT * FROM instance WHERE device_id IS NULL AND gone_at IS NULL ORDER BY instance LIMIT 9",
        ),
        ("a server's instances", "SELECT * FROM instance WHERE server = 'x'"),
        ("a story", "SELECT * FROM journal WHERE stream = 'x' ORDER BY revision DESC LIMIT 20"),
        ("what waits for the shift", "SELECT * FROM support_change WHERE acknowledged_at IS NULL ORDER BY at LIMIT 9"),
        ("a device’s changes", "SELECT * FROM support_change WHERE device_id = 'x' ORDER BY seq DESC LIMIT 9"),
        ("a device's last change", "SELECT max(seq) FROM support_change WHERE device_id = 'x'"),
        (
            "a device's changes of support",
            "SELECT * FROM journal WHERE stream = 'x' AND kind = 'support_changed' ORDER BY revision DESC LIMIT 100",
        ),
        ("changes of support", "SELECT * FROM journal WHERE kind = 'support_changed' ORDER BY seq DESC LIMIT 100"),
        // Sorted afterwards: they are as many as an instrument's devices have had.
        (
            "an instrument's changes of support",
            "SELECT * FROM journal WHERE kind = 'support_changed' AND stream IN (SELECT 'support/' || device_id FROM
             device_instrument WHERE instrument = 'x')",
        ),
        (
            "deployments of a state",
            "SELECT * FROM deployment WHERE state = 'failed' AND id < 'x' ORDER BY id DESC LIMIT 51",
        ),
        (
            "deployments of a device",
            "SELECT * FROM deployment WHERE device_id = 'x' AND id < 'y' ORDER BY id DESC LIMIT 51",
        ),
        (
            "deployments onto a server",
            "SELECT * FROM deployment WHERE server = 'x' AND id < 'y' ORDER BY id DESC LIMIT 51",
        ),
        (
            "a placement's deployment",
            "SELECT * FROM deployment WHERE device_id = 'x' AND server = 'y' AND at = '2026-11-21T08:00:00Z'",
        ),
        (
            "what was deployed of a device last",
            "SELECT id FROM deployment WHERE device_id = 'x' AND (state || '' = 'succeeded' OR (jti IS NULL AND state || '' IN
             ('allowed', 'started'))) ORDER BY id DESC LIMIT 1",
        ),
        (
            "what goes on of some devices",
            "SELECT id FROM deployment WHERE state IN ('allowed', 'started') AND permit_until IS NOT NULL AND permit_until >
             '2026-11-20T08:00:00Z' AND (state || '' = 'started' OR permit_until > '2026-11-21T08:00:00Z') AND device_id || ''
             IN ('x', 'y')",
        ),
        (
            "permits that ran out",
            "SELECT * FROM deployment WHERE state = 'allowed' AND permit_until IS NOT NULL AND permit_until <= '2026-11-21T08:00:00Z' ORDER BY permit_until LIMIT 9",
        ),
        ("servers to give back", "SELECT * FROM deployment WHERE unsettled = TRUE ORDER BY id DESC LIMIT 9"),
        ("overrides", "SELECT * FROM device_override ORDER BY asked_at DESC, device_id DESC, number DESC LIMIT 51"),
        (
            "overrides that ran out",
            "SELECT * FROM device_override WHERE ended = FALSE AND until <= '2026-11-21T08:00:00Z' ORDER BY until LIMIT 9",
        ),
        ("what waits to move on", "SELECT * FROM moving_on WHERE state = 'waiting' ORDER BY at, deployment_id LIMIT 9"),
        ("whose calendar", "SELECT * FROM calendar WHERE hash = 'x'"),
        ("what stopped long ago", "DELETE FROM instance WHERE gone_at < '2026-11-21T08:00:00Z' RETURNING instance"),
        ("what somebody is told", "SELECT * FROM notice WHERE person_id = 'x' AND seen_at IS NULL"),
        ("the last that somebody was told", "SELECT * FROM notice WHERE person_id = 'x' ORDER BY id DESC LIMIT 20"),
        ("who was told of a cause", "SELECT person_id FROM notice WHERE key = 'x' AND person_id = 'y'"),
        ("somebody's channels", "SELECT * FROM channel WHERE person_id = 'x'"),
        ("somebody's absences", "SELECT * FROM absence WHERE person_id = 'x' ORDER BY from_day, id"),
        ("absences that are over", "SELECT id FROM absence WHERE until_day < '2026-11-20'"),
        ("a group's channels", "SELECT * FROM channel WHERE team_id = 'x'"),
        (
            "what is due",
            "SELECT id FROM outbox WHERE state = 'waiting' AND due_at <= '2026-11-21T08:00:00Z' AND lane IS NULL LIMIT 1",
        ),
        (
            "what is due by a clock that was ahead",
            "SELECT id FROM outbox WHERE state = 'waiting' AND due_at > '2026-11-21T08:00:00Z' AND (at > '2026-11-21T08:02:00Z' OR due_at > '2026-11-23T09:02:00Z') LIMIT 1",
        ),
        ("open incidents", "SELECT * FROM incident WHERE closed_at IS NULL ORDER BY seq DESC LIMIT 50"),
        ("closed incidents", "SELECT * FROM incident WHERE closed_at IS NOT NULL ORDER BY seq DESC LIMIT 50"),
        (
            "incidents of a kind",
            "SELECT * FROM incident WHERE closed_at IS NOT NULL AND kind = 'dirty' ORDER BY seq DESC LIMIT 50",
        ),
        (
            "incidents of an instrument",
            "SELECT * FROM incident WHERE closed_at IS NULL AND instrument = 'SCS' ORDER BY seq DESC LIMIT 50",
        ),
        ("a device's open incidents", "SELECT * FROM incident WHERE closed_at IS NULL AND device_id IN ('x', 'y')"),
        ("an instance's open incidents", "SELECT * FROM incident WHERE instance IN ('x') AND closed_at IS NULL"),
        (
            "what closed lately",
            "SELECT * FROM incident WHERE closed_at >= '2026-11-21T08:00:00Z' AND instance IN ('x')",
        ),
        (
            "who is known to be silent",
            "SELECT instance, server FROM incident WHERE kind = 'silent' AND closed_at IS NULL",
        ),
        (
            "what forges told and is due",
            "SELECT * FROM forge_delivery WHERE waiting IS NOT NULL AND due_at <= '2026-11-21T08:00:00Z' ORDER BY due_at, at LIMIT 9",
        ),
        (
            "who has a name like it",
            "SELECT name FROM device WHERE lower(replace(replace(name, '-', ''), '_', '')) = 'x' AND id <> 'y'",
        ),
        (
            "who has a class like it",
            "SELECT * FROM device_class WHERE lower(replace(replace(class, '-', ''), '_', '')) IN ('x', 'y')",
        ),
        ("what depends on a device", "SELECT device_id FROM device_dependency WHERE on_id = 'x'"),
        ("re-tests of a device", "SELECT * FROM retest WHERE device_id = 'x' AND id < 'y' ORDER BY id DESC LIMIT 51"),
        (
            "re-tests with a device",
            "SELECT * FROM retest WHERE on_id = 'x' AND state || '' = 'failed' AND id < 'y' ORDER BY id DESC LIMIT 51",
        ),
        ("re-tests of a standing", "SELECT * FROM retest WHERE state = 'failed' ORDER BY id DESC LIMIT 51"),
        ("re-tests with a release", "SELECT * FROM retest WHERE on_id = 'x' AND tag = 'y' ORDER BY device_id LIMIT 51"),
        (
            "what waits of some devices",
            "SELECT * FROM retest WHERE state || '' = 'waiting' AND device_id IN ('x', 'y') LIMIT 51",
        ),
        ("results of a re-test", "SELECT * FROM retest_report WHERE retest_id = 'x' ORDER BY number"),
        ("rollouts of a state", "SELECT * FROM rollout WHERE state = 'running' AND id < 'x' ORDER BY id DESC LIMIT 51"),
        ("a rollout by its number", "SELECT * FROM rollout WHERE number = 'x'"),
        ("runs of a target", "SELECT * FROM rollout_run WHERE rollout_id = 'x' AND target = 'y'"),
        (
            "local changes on a target",
            "SELECT * FROM local_change WHERE target = 'x' AND id < 'y' ORDER BY id DESC LIMIT 51",
        ),
        (
            "local changes that are overdue",
            "SELECT * FROM local_change WHERE ended = FALSE AND until_day < '2026-11-21' ORDER BY until_day LIMIT 50",
        ),
        ("tags that were met", "SELECT * FROM tag_met WHERE device_id = 'x'"),
        ("what waits for a check", "SELECT * FROM release_check ORDER BY since, device_id, tag LIMIT 50"),
        ("the way of a release", "SELECT * FROM release_stage WHERE device_id = 'x' AND tag = 'y' ORDER BY number"),
        ("what failed", "SELECT * FROM outbox WHERE state = 'failed' ORDER BY ended_at DESC, id DESC LIMIT 50"),
    ] {
        if let Kept::Server(_) = postgres::kept(test.dir.path()).await {
            let plan = postgres::plan(&test, query).await;
            assert!(!plan.contains("Seq Scan"), "{what}: {plan}");
            continue;
        }
        let plan = Statement::from_string(DbBackend::Sqlite, format!("EXPLAIN QUERY PLAN {query}"));
        let rows = test.app.db.read.query_all_raw(plan).await.unwrap();
        for row in rows {
            let step: String = row.try_get("", "detail").unwrap();
            // Neither reads: what they stand above is a step of its own.
            if step.starts_with("LIST SUBQUERY") || step == "CREATE BLOOM FILTER" {
                continue;
            }
            let by_index =
                step.contains("USING INDEX") || step.contains("USING COVERING INDEX") || step.contains("PRIMARY KEY");
            assert!(by_index, "{what}: {step}");
        }
    }
}

/// G8, PERFORMANCE: what waits of devices, or with another one, is found by those, not among what waits of everybody: each
/// device's page and one's own read it.
#[tokio::test]
async fn g8_what_waits_is_found_by_its_devices() {
    let test = TestApp::new().await;
    // PostgreSQL chooses by how much there is, and here is nothing.
    if let Kept::Server(_) = postgres::kept(test.dir.path()).await {
        return;
    }
    for (of, index) in [
        ("device_id IN ('x') ORDER BY id LIMIT 50", "retest_waiting "),
        ("device_id IN ('x', 'y', 'z') ORDER BY id LIMIT 50", "retest_waiting "),
        ("device_id = 'x'", "retest_waiting "),
        ("on_id = 'x' AND tag <> 'y'", "retest_waiting_on "),
    ] {
        let query = format!("SELECT * FROM retest WHERE state || '' = 'waiting' AND {of}");
        let plan = Statement::from_string(DbBackend::Sqlite, format!("EXPLAIN QUERY PLAN {query}"));
        let rows = test.app.db.read.query_all_raw(plan).await.unwrap();
        let plan: String = rows.iter().map(|r| r.try_get::<String>("", "detail").unwrap()).collect();
        assert!(plan.contains(index), "{of}: {plan}");
    }
}

/// PERFORMANCE, O1: what is open of some devices is found by them, not among everything that is open: the board reads it
/// with each change.
#[tokio::test]
async fn what_is_open_of_devices_is_found_by_them() {
    let test = TestApp::new().await;
    // PostgreSQL chooses by how much there is, and here is nothing.
    if let Kept::Server(_) = postgres::kept(test.dir.path()).await {
        return;
    }
    for (table, ended, index) in [
        ("incident", "closed_at", "incident_open_device"),
        ("support_change", "acknowledged_at", "support_change_open_device"),
    ] {
        for devices in ["'x'".to_owned(), vec!["'x'"; 200].join(", ")] {
            let query = format!("SELECT * FROM {table} WHERE {ended} IS NULL AND device_id IN ({devices})");
            let plan = Statement::from_string(DbBackend::Sqlite, format!("EXPLAIN QUERY PLAN {query}"));
            let rows = test.app.db.read.query_all_raw(plan).await.unwrap();
            let plan: String = rows.iter().map(|r| r.try_get::<String>("", "detail").unwrap()).collect();
            assert!(plan.contains(index), "{plan}");
        }
    }
}
