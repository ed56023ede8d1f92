//! `cargo bench --bench deploy -- DIR`: what an allowed deployment with its permit costs in the sample facility's data in
//! DIR, where nobody else has it open, beside a commit of one row in the same database through sqlx and one fresh look
//! at the tag by git; and what it costs where 32 ask at once, beside as many who commit. Prints the medians in microseconds,
//! a line for each figure: name, ours, the baseline's; and tokens
//! for asking about deployments, and for reporting what runs on some servers.

use custody::{
    app::{App, Parts},
    domain::{
        id::ServerName,
        policy::Policy,
        repository::RepositoryAddress,
        tag::{TagName, TagRule},
    },
    ports::clock::Clock,
    service::{
        Caller,
        deployments::{self, Wanted},
        feed,
        tokens::{self, TokenScope},
    },
    store::{self, Db},
};
use sea_orm::sqlx::{
    self, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

const ROUNDS: usize = 101;
/// A device of CTRL in the sample facility, its release and the server that it is on.
const DEVICE: &str = "attenuatorCalc";
const TAG: &str = "5.3.1";
const SERVER: &str = "cppServer/ctrl_spb_02";
/// Of CTRL.
const ASKER: &str = "lena.brandt@example.org";

fn main() {
    // Cargo adds a word of its own.
    let Some(data) = std::env::args().skip(1).find(|a| !a.starts_with('-')).map(PathBuf::from) else {
        println!("usage: cargo bench --bench deploy -- DIR, with the data of `custody demo --data DIR`");
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("it starts");
    runtime.block_on(async {
        let app = open(&data).await;
        has_read(&app).await;
        let device = store::devices::find_by_name(&app.db.read, DEVICE).await.expect("it reads").expect("it is there");
        let tag = TagName::parse(TAG, &TagRule::default()).expect("it is a tag");
        let repository = &device.request.repository;
        let address = RepositoryAddress::parse(repository, &app.policy.repository_rules()).expect("it is allowed");
        let asker = store::people::list_by_email(&app.db.read, ASKER).await.expect("it reads").remove(0).0;
        let caller = Caller::person(asker, "bench");
        let pool = beside(&data).await;
        let (mut allowed, mut looks, mut commits) = (Vec::new(), Vec::new(), Vec::new());
        // One after the other in each round: whatever else the machine does, all three meet it.
        for round in 0..ROUNDS {
            let wanted = Wanted {
                device: DEVICE.to_owned(),
                tag: tag.clone(),
                server: ServerName::from(SERVER),
                environment: None,
                commit: None,
            };
            allowed.push(time(deployments::request(&app, &caller, &wanted, None)).await);
            looks.push(time(app.git.look_at_tag(&address, &tag)).await);
            commits.push(time(commit(&pool, round)).await);
        }
        let (ours, look, base) = (median(allowed), median(looks), median(commits));
        println!("deployment_to_look_and_commit {ours} {}", look + base);
        println!("deployment_without_look_to_commit {} {base}", ours.saturating_sub(look));
        let (mut allowed, mut commits) = (Vec::new(), Vec::new());
        for round in 0..5 {
            let ask = || {
                let (app, caller, tag) = (app.clone(), caller.clone(), tag.clone());
                async move {
                    let (device, server) = (DEVICE.to_owned(), ServerName::from(SERVER));
                    let wanted = Wanted { device, tag, server, environment: None, commit: None };
                    deployments::request(&app, &caller, &wanted, None).await.expect("it is allowed");
                }
            };
            allowed.push(at_once(ask).await);
            let pool = &pool;
            let write = || {
                let pool = pool.clone();
                async move { commit(&pool, round).await.expect("it is saved") }
            };
            commits.push(at_once(write).await);
        }
        println!("deployment_of_32_at_once_to_commits {} {}", median(allowed), median(commits));
        let (_, token) = tokens::create(&app, &caller, "bench", TokenScope::Deploy { device: None, server: None }, 1)
            .await
            .expect("it is made");
        println!("token {token}");
        // Those on which most runs, and so many that twenty thousand instances are on them.
        let mut on: BTreeMap<ServerName, usize> = BTreeMap::new();
        app.projection.read().all_places().for_each(|p| *on.entry(p.seen.server.clone()).or_default() += 1);
        let known = store::servers::list(&app.db.read, None).await.expect("it reads");
        on.retain(|server, _| known.iter().any(|k| k.name == *server));
        let mut on: Vec<(usize, ServerName)> = on.into_iter().map(|(server, many)| (many, server)).collect();
        on.sort_by(|a, b| b.cmp(a));
        let mut reported = 0;
        for (many, server) in on {
            if reported >= 20_000 {
                break;
            }
            reported += many;
            let scope = TokenScope::Observe(server.clone());
            let (_, token) = tokens::create(&app, &caller, "bench", scope, 1).await.expect("it is made");
            println!("observe {token} {server}");
        }
    });
}

async fn time<T, E: std::fmt::Debug>(work: impl Future<Output = Result<T, E>>) -> Duration {
    let begun = Instant::now();
    work.await.expect("it is done");
    begun.elapsed()
}

/// How long each takes where 32 clients do it without pause.
async fn at_once<F: Future<Output = ()> + Send + 'static>(work: impl Fn() -> F) -> Duration {
    const CLIENTS: u32 = 32;
    const EACH: u32 = 10;
    let begun = Instant::now();
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..CLIENTS {
        let all: Vec<F> = (0..EACH).map(|_| work()).collect();
        clients.spawn(async move {
            for one in all {
                one.await;
            }
        });
    }
    clients.join_all().await;
    begun.elapsed() / (CLIENTS * EACH)
}

fn median(mut all: Vec<Duration>) -> u128 {
    all.sort();
    all[all.len() / 2].as_micros()
}

async fn open(data: &Path) -> App {
    let policy = std::fs::read_to_string(data.join("policy.toml")).expect("the demo has a policy");
    let parts = Parts::quiet(
        Policy::parse(&policy).expect("the policy is right"),
        Clock::System,
        "http://127.0.0.1:8080".parse().expect("it is an address"),
    );
    let app = App::new(Db::open(&data.join("custody.db")).await.expect("it opens"), parts);
    feed::start(&app).await.expect("it reads");
    app
}

/// Waits until what happened last is read of all devices, which goes on for a while after the start: nothing of it is part of
/// what is measured.
async fn has_read(app: &App) {
    const QUIET: u64 = 10;
    let mut before = app.db.statements();
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = app.db.statements();
        if now - before < QUIET {
            return;
        }
        before = now;
    }
}

async fn beside(data: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(data.join("custody.db"))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // As Custody, which copies the log after its commits and not in them.
        .pragma("wal_autocheckpoint", "0")
        .busy_timeout(Duration::from_secs(5));
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.expect("it opens");
    sqlx::query("CREATE TABLE beside (id INTEGER PRIMARY KEY, at TEXT, text TEXT)").execute(&pool).await.expect("new");
    pool
}

async fn commit(pool: &SqlitePool, round: usize) -> Result<(), sqlx::Error> {
    let mut tx = pool.begin().await?;
    sqlx::query("INSERT INTO beside (at, text) VALUES (?, ?)")
        .bind(format!("2026-11-21T08:00:{round:03}Z"))
        .bind("a deployment, its permit, a placement and their lines in the journal".repeat(16))
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}
