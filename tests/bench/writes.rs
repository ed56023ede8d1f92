//! `cargo bench --bench writes -- DIR [DATABASE]`: what a transition costs in the sample facility's data in DIR, or on this
//! PostgreSQL, beside the rows that it writes in one commit through sqlx, in copies of the same tables with the same
//! indexes in the same database; what 32 who act at once wait; and what following the journal costs beside SHA-256 over its
//! bytes. Nobody else has the data open. Prints a line for each figure: name, ours, the baseline's.

use custody::{
    app::{App, Parts},
    domain::{
        device::Device,
        id::PersonId,
        lifecycle::{Command, StateName},
        policy::Policy,
    },
    ports::{clock::Clock, mail::Smtp},
    service::{
        Caller,
        act::{Ask, act},
        feed,
    },
    store::{
        self, Db,
        connection::{Kept, postgres::Server},
    },
};
use sea_orm::{
    ConnectionTrait, DbBackend, Statement,
    sqlx::{self, AssertSqlSafe, Executor, PgPool, SqlitePool, postgres::PgPoolOptions, sqlite::SqlitePoolOptions},
};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

const ROUNDS: usize = 60;
const CLIENTS: usize = 32;
/// Transitions of each of them.
const EACH: usize = 10;
/// Of a long journal.
const ENTRIES: i64 = 100_000;
/// Of CTRL.
const ACTOR: &str = "lena.brandt@example.org";
/// What a transition may write to.
const TABLES: [&str; 8] =
    ["journal", "change", "notice", "outbox", "device_person", "support_change", "incident", "instance"];

fn main() {
    let mut given = std::env::args().skip(1).filter(|a| !a.starts_with("--"));
    let Some(data) = given.next().map(PathBuf::from) else {
        println!("usage: cargo bench --bench writes -- DIR [DATABASE], with the data of `custody demo --data DIR`");
        return;
    };
    let kept = match given.next() {
        Some(address) => Kept::Server(Server::parse(&address).expect("it is an address")),
        None => Kept::File(data.join("custody.db")),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("it starts");
    runtime.block_on(async {
        let app = open(&data, &kept).await;
        let actor = store::people::list_by_email(&app.db.read, ACTOR).await.expect("it reads").remove(0).0;
        let caller = Caller::person(actor, "bench");
        let all = [StateName::CtrlOwned, StateName::ReducedSupport];
        let devices = store::devices::list_in_states(&app.db.read, &all, 400).await.expect("it reads");
        let mut devices: Vec<Device> = devices.into_iter().filter(|d| d.shut_down.is_none()).collect();
        devices.truncate(CLIENTS);
        assert_eq!(devices.len(), CLIENTS, "there are too few devices");

        alone(&app, &caller, &kept, &devices).await;
        at_once(&app, &caller, &devices).await;
        journal(&app).await;
        app.db.close().await.expect("it closes");
    });
}

async fn open(data: &Path, kept: &Kept) -> App {
    let policy = std::fs::read_to_string(data.join("policy.toml")).expect("the demo has a policy");
    let parts = Parts {
        policy: Policy::parse(&policy).expect("the policy is right"),
        clock: Clock::System,
        public_url: "http://127.0.0.1:8080".parse().expect("it is an address"),
        secure_cookies: false,
        demo: false,
        // Messages wait in the outbox: nothing here sends them.
        mail: Some((
            Smtp::parse("smtp://127.0.0.1:1").expect("it is an address"),
            "Custody <custody@example.org>".parse().expect("it is an address"),
        )),
        sends: true,
        metrics: Default::default(),
        proxies: Default::default(),
    };
    let app = App::new(Db::open_kept(kept).await.expect("it opens"), parts);
    feed::start(&app).await.expect("it reads");
    app
}

/// A device is shut down, or runs again: the transitions that need no repository.
async fn transition(app: &App, caller: &Caller, device: &str, person: PersonId, on: bool) -> Duration {
    let command = match on {
        false => Command::ShutDown {
            reason: "It floods the broker with messages.".to_owned(),
            affected: "All devices of the instrument.".to_owned(),
            responsible: person,
            conditions: "When the rate is limited.".to_owned(),
        },
        true => Command::Restart { text: "The rate is limited.".to_owned() },
    };
    let begun = Instant::now();
    if let Err(e) = act(app, caller, device, Ask::from(command)).await {
        panic!("{device}: {e}");
    }
    begun.elapsed()
}

fn middle<T: Ord + Copy>(mut all: Vec<T>) -> T {
    all.sort();
    all[all.len() / 2]
}

fn person(caller: &Caller) -> PersonId {
    caller.actor.person().expect("it is a person")
}

/// One device after the other, so that none has a longer history than devices have, in turn with the rows alone.
async fn alone(app: &App, caller: &Caller, kept: &Kept, devices: &[Device]) {
    let base = Beside::new(app, kept, &devices[0]).await;
    let before = base.count(app).await;
    let name = devices[0].name();
    for on in [false, true] {
        transition(app, caller, name, person(caller), on).await;
    }
    let written = base.learn(app, &before).await;
    eprintln!("rows of two transitions: {written:?}, and the device's twice");
    let (mut ours, mut rows) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let begun = app.db.statements();
        let name = devices[1 + round / 2 % (devices.len() - 1)].name();
        ours.push(transition(app, caller, name, person(caller), round % 2 == 1).await);
        if round == 0 {
            eprintln!("{} statements", app.db.statements() - begun);
        }
        rows.push(base.commit(round).await);
    }
    println!("transition_to_its_rows {} {}", middle(ours).as_micros(), middle(rows).as_micros());
}

/// Each on a device of their own.
async fn at_once(app: &App, caller: &Caller, devices: &[Device]) {
    let begun = Instant::now();
    for n in 0..EACH {
        transition(app, caller, devices[n / 2].name(), person(caller), n % 2 == 1).await;
    }
    let one = begun.elapsed();
    let begun = Instant::now();
    let clients = devices.iter().map(|d| {
        let (app, caller, name) = (app.clone(), caller.clone(), d.name().to_owned());
        tokio::spawn(async move {
            let begun = Instant::now();
            for n in 0..EACH {
                transition(&app, &caller, &name, person(&caller), n % 2 == 1).await;
            }
            begun.elapsed()
        })
    });
    let mut took = Vec::new();
    for client in clients.collect::<Vec<_>>() {
        took.push(client.await.expect("no transition fails"));
    }
    let all = begun.elapsed();
    let slowest = took.iter().max().expect("there are some").as_micros();
    println!("slowest_of_32_to_the_middle_one {slowest} {}", middle(took).as_micros());
    // The time of one transition, so that less is better here as elsewhere.
    let each = |took: Duration, many: usize| took.as_micros() / many as u128;
    println!("transition_of_32_at_once_to_one_alone {} {}", each(all, CLIENTS * EACH), each(one, EACH));
}

/// The sample facility's journal, and one of as many entries as 10,000 devices with ten each have.
async fn journal(app: &App) {
    follow(app, "journal_followed_to_its_hashes").await;
    let told = store::journal::list_after(&app.db.read, 0, 2000).await.expect("it reads");
    let mut devices = 0..;
    while store::journal::find_newest(&app.db.read).await.expect("it reads").is_some_and(|e| e.seq < ENTRIES) {
        let lines = told.chunks(10).zip(&mut devices).flat_map(|(ten, n)| {
            ten.iter().map(move |e| store::journal::Line {
                stream: format!("another/{n}"),
                at: e.moment().expect("it is a moment"),
                actor: e.actor,
                origin: e.origin.clone(),
                kind: e.kind.clone(),
                body: e.body.clone(),
            })
        });
        let tx = app.db.begin().await.expect("it begins");
        store::journal::append(&tx, lines.collect()).await.expect("it is taken");
        tx.commit().await.expect("it is saved");
    }
    follow(app, "long_journal_followed_to_its_hashes").await;
}

async fn follow(app: &App, figure: &str) {
    let mut bytes = 0;
    let (mut ours, mut base) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let mut texts = Vec::new();
        let begun = Instant::now();
        let followed = store::journal::follow(&app.db.read, |_, _| {}).await.expect("it reads");
        ours.push(begun.elapsed());
        if let Err(broken) = followed {
            // What was multiplied has no chain.
            eprintln!("the journal is not followed to its end: {broken}");
            return;
        }
        let mut after = 0;
        loop {
            let page = store::journal::list_after(&app.db.read, after, 2000).await.expect("it reads");
            let Some(last) = page.last() else { break };
            after = last.seq;
            texts.extend(page.iter().map(|e| serde_json::to_string(e).expect("it is JSON")));
        }
        let begun = Instant::now();
        for text in &texts {
            std::hint::black_box(Sha256::digest(text));
        }
        base.push(begun.elapsed());
        bytes = texts.iter().map(String::len).sum();
    }
    eprintln!("{bytes} bytes of journal");
    println!("{figure} {} {}", middle(ours).as_micros(), middle(base).as_micros());
}

enum Pool {
    File(SqlitePool),
    Server(PgPool),
}

/// Tables like those that a transition writes to, as full and with as many indexes, and the rows that it wrote.
struct Beside {
    pool: Pool,
    device: String,
    rows: std::sync::Mutex<Vec<Vec<Row>>>,
    backend: DbBackend,
}

/// A row as a statement with its values: each as text, cast by the statement where it is none.
#[derive(Clone)]
struct Row {
    sql: String,
    values: Vec<Option<String>>,
}

impl Beside {
    async fn new(app: &App, kept: &Kept, device: &Device) -> Self {
        let backend = app.db.read.get_database_backend();
        let pool = match kept {
            Kept::File(file) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new()
                    .filename(file)
                    .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
                    .synchronous(sqlx::sqlite::SqliteSynchronous::Full)
                    .busy_timeout(Duration::from_secs(5))
                    // Custody copies the log after its commits, and not in them.
                    .pragma("wal_autocheckpoint", "0");
                Pool::File(SqlitePoolOptions::new().max_connections(1).connect_with(options).await.expect("it opens"))
            }
            Kept::Server(server) => {
                let options = server.options().expect("it is an address");
                Pool::Server(PgPoolOptions::new().max_connections(1).connect_with(options).await.expect("it opens"))
            }
        };
        let own = Self { pool, device: device.id.to_string(), rows: Default::default(), backend };
        for table in TABLES.into_iter().chain(["device"]) {
            own.run(&format!("DROP TABLE IF EXISTS beside_{table}")).await;
            own.run(&format!("CREATE TABLE beside_{table} AS SELECT * FROM {table}")).await;
            let indexes = match backend {
                DbBackend::Postgres => {
                    format!("SELECT indexdef AS sql FROM pg_indexes WHERE tablename = '{table}'")
                }
                // Those that a key brings on SQLite have no words of their own.
                _ => format!(
                    "SELECT coalesce(sql, (SELECT '(' || group_concat(name, ', ') || ')' FROM pragma_index_info(i.name))) AS sql
                     FROM sqlite_master AS i WHERE type = 'index' AND tbl_name = '{table}'"
                ),
            };
            let found = app.db.read.query_all_raw(Statement::from_string(backend, indexes)).await.expect("it reads");
            for (n, index) in found.iter().enumerate() {
                let sql: String = index.try_get("", "sql").expect("it is text");
                let columns = &sql[sql.find('(').expect("it has columns")..];
                own.run(&format!("CREATE INDEX beside_{table}_{n} ON beside_{table} {columns}")).await;
            }
        }
        own
    }

    async fn run(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        match &self.pool {
            Pool::File(p) => p.execute(sql).await.map(|_| ()),
            Pool::Server(p) => p.execute(sql).await.map(|_| ()),
        }
        .expect("it is taken");
    }

    /// Names and types of a table's columns.
    async fn columns(&self, app: &App, table: &str) -> Vec<(String, String)> {
        let sql = match self.backend {
            DbBackend::Postgres => format!(
                "SELECT column_name::text AS name, data_type::text AS type FROM information_schema.columns
                 WHERE table_name = '{table}' ORDER BY ordinal_position"
            ),
            _ => format!("SELECT name, type FROM pragma_table_info('{table}')"),
        };
        let rows = app.db.read.query_all_raw(Statement::from_string(self.backend, sql)).await.expect("it reads");
        let text = |r: &sea_orm::QueryResult, of: &str| r.try_get::<String>("", of).expect("it is text");
        rows.iter().map(|r| (text(r, "name"), text(r, "type"))).collect()
    }

    async fn count(&self, app: &App) -> BTreeMap<&'static str, i64> {
        let mut all = BTreeMap::new();
        for table in TABLES {
            let sql = format!("SELECT count(*) AS n FROM {table}");
            let row = app.db.read.query_one_raw(Statement::from_string(self.backend, sql)).await.expect("it reads");
            all.insert(table, row.expect("it counts").try_get("", "n").expect("it is a number"));
        }
        all
    }

    /// Takes the rows that two transitions wrote since, half of them for one; how many they were.
    async fn learn(&self, app: &App, before: &BTreeMap<&'static str, i64>) -> BTreeMap<&'static str, i64> {
        let after = self.count(app).await;
        let mut written = BTreeMap::new();
        let mut halves = vec![Vec::new(), Vec::new()];
        for table in TABLES {
            let new = after[table] - before[table];
            if new <= 0 {
                continue;
            }
            written.insert(table, new);
            let columns = self.columns(app, table).await;
            let casts: Vec<String> =
                columns.iter().map(|(name, _)| format!("CAST({name} AS text) AS {name}")).collect();
            let order = match self.backend {
                DbBackend::Postgres => "ctid",
                _ => "rowid",
            };
            let sql = format!("SELECT {} FROM {table} ORDER BY {order} DESC LIMIT {new}", casts.join(", "));
            let rows = app.db.read.query_all_raw(Statement::from_string(self.backend, sql)).await.expect("it reads");
            let marks: Vec<String> = columns.iter().enumerate().map(|(n, (_, t))| self.mark(n + 1, t)).collect();
            for (n, row) in rows.iter().enumerate() {
                let values = columns.iter().map(|(name, _)| row.try_get("", name).expect("it is text")).collect();
                let sql = format!("INSERT INTO beside_{table} VALUES ({})", marks.join(", "));
                halves[n % 2].push(Row { sql, values });
            }
        }
        let body = app
            .db
            .read
            .query_one_raw(Statement::from_string(
                self.backend,
                format!("SELECT body FROM device WHERE id = '{}'", self.device),
            ))
            .await
            .expect("it reads");
        let body: String = body.expect("it is there").try_get("", "body").expect("it is text");
        for half in &mut halves {
            half.push(Row {
                sql: format!(
                    "UPDATE beside_device SET body = {}, revision = revision + 1 WHERE id = {}",
                    self.mark(1, "text"),
                    self.mark(2, "text")
                ),
                values: vec![Some(body.clone()), Some(self.device.clone())],
            });
        }
        *self.rows.lock().expect("nobody panicked") = halves;
        written
    }

    fn mark(&self, n: usize, of: &str) -> String {
        match self.backend {
            DbBackend::Postgres => format!("CAST(${n}::text AS {of})"),
            _ => "?".to_owned(),
        }
    }

    /// The rows of one transition in one commit.
    async fn commit(&self, round: usize) -> Duration {
        let rows = self.rows.lock().expect("nobody panicked")[round % 2].clone();
        let begun = Instant::now();
        match &self.pool {
            Pool::File(p) => {
                let mut tx = p.begin_with("BEGIN IMMEDIATE").await.expect("it begins");
                for row in &rows {
                    let q = sqlx::query(AssertSqlSafe(row.sql.clone()));
                    let q = row.values.iter().fold(q, |q, v| q.bind(v));
                    q.execute(&mut *tx).await.expect("it is taken");
                }
                tx.commit().await.expect("it is saved");
            }
            Pool::Server(p) => {
                let mut tx = p.begin().await.expect("it begins");
                for row in &rows {
                    let q = sqlx::query(AssertSqlSafe(row.sql.clone()));
                    let q = row.values.iter().fold(q, |q, v| q.bind(v));
                    q.execute(&mut *tx).await.expect("it is taken");
                }
                tx.commit().await.expect("it is saved");
            }
        }
        begun.elapsed()
    }
}
