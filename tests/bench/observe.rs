//! `cargo bench --bench observe`: 1,000 observations in one post, beside 1,000 rows in one commit through sqlx on a database
//! with the same settings. Prints the medians in microseconds, a line for each figure: name, ours, the baseline's.

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode},
};
use chrono::Utc;
use custody::{
    app::{App, Parts},
    domain::{
        deployment::Environment,
        id::PersonId,
        policy::Policy,
        server::{Server, SupportClass},
    },
    ports::clock::Clock,
    service::{
        Caller, feed,
        people::insert_team,
        tokens::{self, TokenScope},
    },
    store::{self, Db, teams::TeamKind},
};
use sea_orm::sqlx::{
    self, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};
use tower::ServiceExt;

const MANY: usize = 1000;
const ROUNDS: usize = 31;
const SERVER: &str = "cppServer/contrib_scs_01";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("it starts");
    runtime.block_on(async {
        let dir = tempfile::tempdir().expect("there is room");
        let (routes, token) = custody(dir.path()).await;
        let base = baseline(dir.path()).await;
        let (mut same, mut changed, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        // One after the other in each round: whatever else the machine does, all three meet it.
        for round in 0..ROUNDS {
            changed.push(post(&routes, &token, round).await);
            same.push(post(&routes, &token, round).await);
            rows.push(commit(&base, round).await);
        }
        let rows = median(rows);
        println!("observations_as_before {} {rows}", median(same));
        println!("observations_changed {} {rows}", median(changed));
    });
}

fn median(mut all: Vec<Duration>) -> u128 {
    all.sort();
    all[all.len() / 2].as_micros()
}

/// Custody with one server and its agent's token.
async fn custody(dir: &Path) -> (Router, String) {
    let parts =
        Parts::quiet(Policy::built_in(), Clock::System, "http://127.0.0.1:8080".parse().expect("it is an address"));
    let app = App::new(Db::open(&dir.join("custody.db")).await.expect("it opens"), parts);
    let lena = PersonId(uuid::Uuid::from_u128(1));
    let tx = app.db.begin().await.expect("it begins");
    let row = store::entity::person::Model {
        id: lena.to_string(),
        name: "Lena Brandt".to_owned(),
        email: "lena@example.org".to_owned(),
        commit_emails: String::new(),
        phone: None,
        time_zone: "Europe/Berlin".to_owned(),
        theme: "match".to_owned(),
        conduct: None,
        conduct_at: None,
        closed_at: None,
        created_at: app.clock.now(),
    };
    store::people::insert(&tx, row).await.expect("it is new");
    let ctrl = insert_team(&tx, "ICI", TeamKind::Ctrl, None).await.expect("it is new");
    store::teams::save_member(&tx, ctrl, lena, false).await.expect("it is known");
    store::servers::insert_host(&tx, "scs-rr-01", SupportClass::Reduced, "").await.expect("it is new");
    let server = Server {
        name: SERVER.into(),
        class: SupportClass::Reduced,
        host: "scs-rr-01".to_owned(),
        instrument: "SCS".to_owned(),
        environment: Environment::Development,
    };
    store::servers::insert(&tx, &server, app.clock.now()).await.expect("it is new");
    tx.commit().await.expect("it is saved");
    feed::start(&app).await.expect("it reads");
    let scope = TokenScope::Observe(SERVER.into());
    let (_, token) =
        tokens::create(&app, &Caller::person(lena, "bench"), "agent", scope, 30).await.expect("it is made");
    (custody::http::router(app), token)
}

/// In each round another version.
async fn post(routes: &Router, token: &str, round: usize) -> Duration {
    let all: Vec<_> = (0..MANY)
        .map(|i| {
            serde_json::json!({ "instance": format!("SCS_MANY/MON/{i:05}"), "class": "Many", "server": SERVER,
                "host": "scs-rr-01", "version": format!("1.0.{round}"), "since": "2026-11-21T02:47:00Z" })
        })
        .collect();
    let body = serde_json::json!({ "observations": all }).to_string();
    let mut request = Request::post("/api/v1/observations")
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"))
        .body(Body::from(body))
        .expect("it is a request");
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
    let begun = Instant::now();
    let answer = routes.clone().oneshot(request).await.expect("it answers");
    let took = begun.elapsed();
    assert_eq!(answer.status(), StatusCode::OK);
    took
}

async fn baseline(dir: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(dir.join("baseline.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // As Custody, which copies the log after its commits and not in them.
        .pragma("wal_autocheckpoint", "0");
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.expect("it opens");
    let columns = "class TEXT, host TEXT, support_class TEXT, device_id TEXT, version TEXT, since TEXT, seen_at TEXT,
        gone_at TEXT, stated_by TEXT, collector TEXT, support TEXT, support_why TEXT, support_since TEXT";
    let table =
        format!("CREATE TABLE instance (instance TEXT, server TEXT, {columns}, PRIMARY KEY (instance, server))");
    sqlx::query(sqlx::AssertSqlSafe(table)).execute(&pool).await.expect("it is new");
    pool
}

/// The same rows, each by a prepared statement, in one commit.
async fn commit(pool: &SqlitePool, round: usize) -> Duration {
    let begun = Instant::now();
    let mut tx = pool.begin().await.expect("it begins");
    for i in 0..MANY {
        sqlx::query("INSERT OR REPLACE INTO instance VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(format!("SCS_MANY/MON/{i:05}"))
            .bind(SERVER)
            .bind("Many")
            .bind("scs-rr-01")
            .bind("reduced")
            .bind(None::<String>)
            .bind(format!("1.0.{round}"))
            .bind("2026-11-21T02:47:00Z")
            .bind(Utc::now().to_rfc3339())
            .bind(None::<String>)
            .bind(None::<String>)
            .bind(None::<String>)
            .bind("unknown")
            .bind("No device on record brings this class.")
            .bind("2026-11-21T02:47:00Z")
            .execute(&mut *tx)
            .await
            .expect("it is taken");
    }
    tx.commit().await.expect("it is saved");
    begun.elapsed()
}
