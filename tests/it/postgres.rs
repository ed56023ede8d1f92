//! Where tests keep their data, each facility in a copy of a shaped template: a file of SQLite's, or a database of a
//! PostgreSQL that each run starts for itself. Whole runs are on that with `CUSTODY_TEST_DATABASE=postgres`, which needs
//! Debian's package `postgresql`.

use crate::{app::TestApp, waiting::PATIENCE};
use custody::store::{
    Db, Tx,
    connection::{Kept, Patience, postgres::Server},
};
use sea_orm::{
    ConnectionTrait, DbBackend, Statement,
    sqlx::{AssertSqlSafe, Connection, Executor, PgConnection},
};
use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{
        LazyLock, Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::OnceCell;

/// In a directory of data, the address of the database that stands for it.
const ADDRESS: &str = "database";

/// In a directory of data, whose server is waited for no longer than a test is.
const IMPATIENT: &str = "impatient";

/// So long.
pub const IMPATIENTLY: Patience = Patience {
    acquired: Duration::from_millis(2000),
    tested: Duration::from_millis(500),
    begun: Duration::from_millis(4000),
    done: Duration::from_millis(3000),
};

/// What keeps the data of this directory: a file in it, or a database that is its own from now on.
pub async fn kept(dir: &Path) -> Kept {
    if let Some(server) = server_of(dir) {
        return Kept::Server(server);
    }
    match is_wanted() {
        true => Kept::Server(new_database(dir).await),
        false => {
            let file = dir.join("custody.db");
            if !file.exists() {
                fs::write(&file, SHAPED.get_or_init(shaped_file).await).unwrap();
            }
            Kept::File(file)
        }
    }
}

/// A file of SQLite's in today's shape: made once, and copied for each facility.
static SHAPED: OnceCell<Vec<u8>> = OnceCell::const_new();

async fn shaped_file() -> Vec<u8> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("custody.db");
    Db::open(&file).await.unwrap().close().await.unwrap();
    fs::read(file).unwrap()
}

/// Whether this whole run is on PostgreSQL.
pub fn is_wanted() -> bool {
    match std::env::var("CUSTODY_TEST_DATABASE").as_deref() {
        Ok("postgres") => true,
        Ok("sqlite" | "") | Err(_) => false,
        Ok(other) => panic!("CUSTODY_TEST_DATABASE is postgres or sqlite, not {other}"),
    }
}

fn server_of(dir: &Path) -> Option<Server> {
    let server = Server::parse(&fs::read_to_string(dir.join(ADDRESS)).ok()?).unwrap();
    match dir.join(IMPATIENT).exists() {
        true => Some(server.with_patience(IMPATIENTLY)),
        false => Some(server),
    }
}

/// The flags by which the program finds the data of this directory.
pub fn flags(dir: &Path) -> Vec<String> {
    let mut flags = vec!["--data".to_owned(), dir.display().to_string()];
    if let Some(server) = server_of(dir) {
        flags.extend(["--database".to_owned(), server.as_str().to_owned()]);
    }
    flags
}

/// What somebody does who has the database: from now on this transaction may change and delete what it likes.
pub async fn forbid_nothing(tx: &Tx) {
    let sql = match tx.get_database_backend() {
        DbBackend::Postgres => "SET LOCAL session_replication_role = replica",
        _ => {
            "DROP TRIGGER IF EXISTS journal_never_changes; DROP TRIGGER IF EXISTS journal_never_shrinks;
             PRAGMA defer_foreign_keys = ON"
        }
    };
    tx.execute_unprepared(sql).await.unwrap();
}

/// How PostgreSQL would run a query if there were much to read.
pub async fn plan(test: &TestApp, query: &str) -> String {
    let tx = test.app.db.begin().await.unwrap();
    tx.execute_unprepared("SET LOCAL enable_seqscan = off").await.unwrap();
    let plan = Statement::from_string(DbBackend::Postgres, format!("EXPLAIN {query}"));
    let rows = tx.query_all_raw(plan).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap()).collect::<Vec<_>>().join("\n")
}

/// Everything that is kept for this directory, as its bytes.
pub async fn bytes(dir: &Path) -> Vec<u8> {
    match kept(dir).await {
        Kept::File(file) => {
            [fs::read(&file).unwrap(), fs::read(file.with_extension("db-wal")).unwrap_or_default()].concat()
        }
        Kept::Server(server) => {
            let dumped = program("pg_dump").arg(server.as_str()).output().unwrap();
            assert_well(&dumped);
            dumped.stdout
        }
    }
}

/// A new database that stands for this directory, made from what `pg_dump` wrote.
#[cfg(feature = "full-tests")]
pub async fn restore(dir: &Path, dump: &[u8]) {
    let name = format!("restored{}", CLUSTER.made.fetch_add(1, Ordering::Relaxed));
    CLUSTER.run("postgres", &format!("CREATE DATABASE {name} TEMPLATE template0")).await;
    let server = CLUSTER.address(&name);
    let mut psql = program("psql");
    psql.args(["--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", server.as_str()]);
    let mut psql = psql.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    psql.stdin.take().unwrap().write_all(dump).unwrap();
    assert_well(&psql.wait_with_output().unwrap());
    stands_for(dir, &server);
}

/// The server of this run, and on it the database that stands for this directory.
#[cfg(feature = "full-tests")]
pub fn on_server(dir: &Path) -> (&'static Cluster, String) {
    let options = server_of(dir).expect("it is on PostgreSQL").options().unwrap();
    (LazyLock::force(&CLUSTER), options.get_database().expect("a server's address names it").to_owned())
}

/// A new database that stands for this directory.
pub async fn new_database(dir: &Path) -> Server {
    let server = CLUSTER.copy_of_template().await;
    stands_for(dir, &server);
    server
}

/// This database stands for this directory from now on.
pub fn stands_for(dir: &Path, server: &Server) {
    fs::write(dir.join(ADDRESS), server.as_str()).unwrap();
}

/// The same, and nobody waits long for it.
#[cfg(feature = "full-tests")]
pub fn stands_impatiently_for(dir: &Path, server: &Server) {
    stands_for(dir, server);
    fs::write(dir.join(IMPATIENT), "").unwrap();
}

/// The server of this run.
static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| {
    let cluster = Cluster::start(false);
    *ENDS.lock().unwrap() = Some((cluster.id(), cluster.dir.clone()));
    // SAFETY: the function is there for as long as the process.
    unsafe { libc::atexit(end) };
    cluster
});

/// What goes with the process.
static ENDS: Mutex<Option<(i32, PathBuf)>> = Mutex::new(None);

extern "C" fn end() {
    if let Some((id, dir)) = ENDS.lock().ok().and_then(|mut ends| ends.take()) {
        // SAFETY: our own child, which nobody waits for but here.
        unsafe {
            libc::kill(id, libc::SIGQUIT);
            libc::waitpid(id, std::ptr::null_mut(), 0);
        }
        let _ = fs::remove_dir_all(dir);
    }
}

/// The port of a server that is asked by its socket alone.
const PORT: u16 = 5432;

/// A PostgreSQL server on a socket of its own.
pub struct Cluster {
    dir: PathBuf,
    /// Whoever may do everything there.
    owner: &'static str,
    port: u16,
    durable: bool,
    child: Mutex<Child>,
    made: AtomicU32,
    template: OnceCell<()>,
}

impl Cluster {
    /// A server that stays up unless the machine fails; `durable` is for tests that are about that.
    pub fn start(durable: bool) -> Self {
        Self::start_with(durable, "custody", PORT, "", "")
    }

    /// One as Debian's package makes it, with these lines more of `postgresql.conf` and of `pg_hba.conf`.
    #[cfg(feature = "full-tests")]
    pub fn start_as_installed(port: u16, settings: &str, who: &str) -> Self {
        Self::start_with(false, "postgres", port, settings, who)
    }

    fn start_with(durable: bool, owner: &'static str, port: u16, settings: &str, who: &str) -> Self {
        let dir = tempfile::Builder::new().prefix("custody-postgres-").tempdir_in("/tmp").unwrap().keep();
        own(&dir);
        let made = program("initdb")
            .args(["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"])
            .args(["--username", owner, "--pgdata"])
            .arg(dir.join("data"))
            .output()
            .unwrap();
        assert_well(&made);
        // What comes last counts; of who may come what comes first.
        let mut conf = OpenOptions::new().append(true).open(dir.join("data/postgresql.conf")).unwrap();
        write!(conf, "port = {port}\nlisten_addresses = ''\n{settings}").unwrap();
        fs::write(dir.join("data/pg_hba.conf"), format!("local all all trust\n{who}")).unwrap();
        let child = Mutex::new(serve(&dir, durable));
        let cluster = Self { dir, owner, port, durable, child, made: AtomicU32::new(0), template: OnceCell::new() };
        cluster.wait();
        cluster
    }

    fn id(&self) -> i32 {
        self.child.lock().unwrap().id() as i32
    }

    /// Stops it at once, as a power failure would; until [`Cluster::begin_again`] nobody answers.
    #[cfg(feature = "full-tests")]
    pub fn crash(&self) {
        let mut child = self.child.lock().unwrap();
        // SAFETY: our own child.
        unsafe { libc::kill(child.id() as i32, libc::SIGQUIT) };
        child.wait().unwrap();
    }

    #[cfg(feature = "full-tests")]
    pub fn begin_again(&self) {
        *self.child.lock().unwrap() = serve(&self.dir, self.durable);
        self.wait();
    }

    /// Until it says that it takes connections.
    fn wait(&self) {
        let (begun, says) = (Instant::now(), self.dir.join("data/postmaster.pid"));
        while !fs::read_to_string(&says).is_ok_and(|text| text.contains("ready")) {
            assert!(begun.elapsed() < PATIENCE, "PostgreSQL does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The address of a database on it.
    pub fn address(&self, database: &str) -> Server {
        let (owner, port, dir) = (self.owner, self.port, self.dir.display());
        Server::parse(&format!("postgres://{owner}@localhost:{port}/{database}?host={dir}")).unwrap()
    }

    /// Runs lines of a shell with PostgreSQL's programs, as the account that they belong to.
    #[cfg(feature = "full-tests")]
    pub fn shell(&self, lines: &str) {
        let path = format!("{}:/usr/bin:/bin", programs().display());
        let mut shell = as_its_account(Command::new("/bin/sh"));
        shell.args(["-euc", lines]).env_clear().env("PATH", path);
        shell.env("PGHOST", &self.dir).env("PGPORT", self.port.to_string()).env("PGUSER", self.owner);
        assert_well(&shell.output().unwrap());
    }

    /// The socket that it listens on.
    #[cfg(feature = "full-tests")]
    pub fn socket(&self) -> PathBuf {
        self.dir.join(format!(".s.PGSQL.{}", self.port))
    }

    /// Runs a statement beside everything.
    pub async fn run(&self, database: &str, sql: &str) {
        let mut c = PgConnection::connect(self.address(database).as_str()).await.unwrap();
        c.execute(AssertSqlSafe(sql.to_owned())).await.unwrap();
        c.close().await.unwrap();
    }

    /// A database in today's shape. Its language has its own order of letters, as a facility's may have.
    pub async fn copy_of_template(&self) -> Server {
        let shaped = async {
            self.run(
                "postgres",
                "CREATE DATABASE shaped TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de-DE' LOCALE 'C.UTF-8'",
            )
            .await;
            Db::connect(&self.address("shaped")).await.unwrap().close().await.unwrap();
        };
        self.template.get_or_init(|| shaped).await;
        let name = format!("facility{}", self.made.fetch_add(1, Ordering::Relaxed));
        self.run("postgres", &format!("CREATE DATABASE {name} TEMPLATE shaped")).await;
        self.address(&name)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut child = self.child.lock().unwrap();
        // SAFETY: our own child.
        unsafe { libc::kill(child.id() as i32, libc::SIGQUIT) };
        let _ = child.wait();
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// It does not run as root, and ends with us even where we are killed. What tells it so is the end of the thread that
/// started it, so that is one that stays.
fn serve(dir: &Path, durable: bool) -> Child {
    let mut command = program("postgres");
    command.arg("-D").arg(dir.join("data")).arg("-k").arg(dir);
    command.args(["-c", "max_connections=400", "-c", "log_min_messages=fatal"]);
    command.args(["-c", "shared_buffers=64MB", "-c", "autovacuum=off"]);
    if !durable {
        command.args(["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"]);
    }
    // SAFETY: prctl may be called between fork and exec.
    unsafe {
        command.pre_exec(|| match libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGQUIT) {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        });
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let (told, child) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        told.send(command.spawn().unwrap()).unwrap();
        loop {
            std::thread::park();
        }
    });
    child.recv().unwrap()
}

/// One of PostgreSQL's programs.
fn program(name: &str) -> Command {
    as_its_account(Command::new(programs().join(name)))
}

/// Where its programs are, of the newest version that there is.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").expect("Debian's package postgresql is installed");
    let newest = versions
        .map(|v| v.unwrap().path())
        .max_by_key(|v| v.file_name().and_then(|n| n.to_str()).and_then(|n| n.parse::<u32>().ok()).unwrap_or_default());
    newest.expect("a version of it").join("bin")
}

/// As somebody who is not root.
fn as_its_account(mut command: Command) -> Command {
    command.current_dir("/");
    if let Some((user, group)) = other_user() {
        command.uid(user).gid(group);
    }
    command
}

/// Hands it to that account.
pub fn own(path: &Path) {
    if let Some((user, group)) = other_user() {
        chown(path, Some(user), Some(group)).unwrap();
    }
}

/// Whom root runs it as.
fn other_user() -> Option<(u32, u32)> {
    static USER: OnceLock<Option<(u32, u32)>> = OnceLock::new();
    *USER.get_or_init(|| {
        // SAFETY: it only reads.
        if unsafe { libc::geteuid() } != 0 {
            return None;
        }
        let all = fs::read_to_string("/etc/passwd").unwrap();
        let line = all.lines().find(|l| l.starts_with("postgres:")).expect("the package made a user");
        let fields: Vec<&str> = line.split(':').collect();
        Some((fields[2].parse().unwrap(), fields[3].parse().unwrap()))
    })
}

fn assert_well(done: &Output) {
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
