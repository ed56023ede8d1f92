//! The database's machine vanishes without a word: nothing is refused and nothing is closed, there is no answer any more
//! (F6, F13, O3). On PostgreSQL, whatever the others are on.

use crate::{
    app::{POLICY, TestApp},
    postgres::{self, Cluster},
    served::Served,
    waiting::{GONE_WITHIN, PATIENCE},
};
use custody::{
    domain::lifecycle::Command,
    service::Error,
    store::{
        self, Db,
        connection::{is_unavailable, is_unconfirmed, postgres::Server},
    },
};
use futures_util::future::join_all;
use sea_orm::ConnectionTrait;
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream, UnixStream, tcp::ReadHalf, unix::WriteHalf},
    sync::watch,
    time::timeout,
};

/// What a server is asked, each of it at once and by itself. Source: PostgreSQL, 54.7 "Message Formats".
const BEGIN: &[u8] = b"Q\0\0\0\x0aBEGIN\0";
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";
/// Whether it is still there. The pool asks so twice of what is given back to it, and the second time waits for ever.
const SYNC: &[u8] = b"S\0\0\0\x04";

/// Between Custody and a server's socket; what it has fallen silent on stays open, and silent.
struct Between {
    /// How often the machine has vanished, and whether it is away.
    vanished: watch::Sender<(u32, bool)>,
    /// How many connections are let through.
    through: watch::Sender<u32>,
    /// The last things that a connection asks before it alone falls silent; where there are none, none does.
    last: watch::Sender<Vec<Vec<u8>>>,
    port: u16,
    task: tokio::task::JoinHandle<()>,
}

impl Between {
    async fn start(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let vanished = watch::Sender::new((0, false));
        let (through, last) = (watch::Sender::new(0), watch::Sender::default());
        let (told, count, silent) = (vanished.clone(), through.clone(), last.clone());
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(between(client, socket.clone(), told.subscribe(), count.clone(), silent.clone()));
            }
        });
        Self { vanished, through, last, port, task }
    }

    fn address(&self, of: &Server) -> Server {
        let database = of.as_str().rsplit('/').find_map(|part| part.split_once("?host=")).unwrap().0;
        Server::parse(&format!("postgres://custody@127.0.0.1:{}/{database}?sslmode=disable", self.port)).unwrap()
    }

    async fn vanish(&self) {
        self.vanished.send_modify(|(times, is_away)| (*times, *is_away) = (*times + 1, true));
        self.through.subscribe().wait_for(|many| *many == 0).await.unwrap();
    }

    /// From now on each connection falls silent once it has asked these, one after the other; the last of them is not heard.
    fn fall_silent_at(&self, last: &[&[u8]]) {
        self.last.send_replace(last.iter().map(|one| one.to_vec()).collect());
    }

    /// It is there again, and knows nothing of what was connected before.
    fn come_back(&self) {
        self.vanished.send_modify(|(_, is_away)| *is_away = false);
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn between(
    mut client: TcpStream,
    socket: PathBuf,
    mut vanished: watch::Receiver<(u32, bool)>,
    through: watch::Sender<u32>,
    last: watch::Sender<Vec<Vec<u8>>>,
) {
    let (times, is_away) = *vanished.borrow();
    if !is_away {
        let mut server = UnixStream::connect(socket).await.unwrap();
        through.send_modify(|many| *many += 1);
        let (asks, mut told) = client.split();
        let (mut answers, heard) = server.split();
        let has_ended = tokio::select! {
            has_ended = ask(asks, heard, &last) => has_ended,
            _ = copy(&mut answers, &mut told) => true,
            _ = vanished.wait_for(|now| now.0 != times) => false,
        };
        // A machine that has lost its power takes its sessions with it.
        drop(server);
        through.send_modify(|many| *many -= 1);
        if has_ended {
            return;
        }
    }
    std::future::pending::<()>().await;
}

/// Passes on what is asked, until nobody asks any more, or these were the last things; whether nobody does.
async fn ask(mut asks: ReadHalf<'_>, mut heard: WriteHalf<'_>, last: &watch::Sender<Vec<Vec<u8>>>) -> bool {
    let (mut asked, mut bytes) = (Vec::new(), [0; 8192]);
    loop {
        let many = asks.read(&mut bytes).await.unwrap_or_default();
        asked.push(bytes[..many].to_vec());
        let falls_silent = {
            let last = last.borrow();
            !last.is_empty() && asked.ends_with(&last)
        };
        if many == 0 || falls_silent {
            return many == 0;
        }
        if heard.write_all(&bytes[..many]).await.is_err() {
            return true;
        }
    }
}

/// Data on a server whose machine can vanish.
async fn data_on(cluster: &Cluster) -> (Db, Between) {
    let dir = tempfile::tempdir().unwrap();
    let between = Between::start(cluster.socket()).await;
    postgres::stands_impatiently_for(dir.path(), &between.address(&cluster.copy_of_template().await));
    (Db::open_kept(&postgres::kept(dir.path()).await).await.unwrap(), between)
}

/// A facility on a server whose machine can vanish.
async fn on(cluster: &Cluster) -> (TestApp, Between) {
    let dir = tempfile::tempdir().unwrap();
    let between = Between::start(cluster.socket()).await;
    postgres::stands_impatiently_for(dir.path(), &between.address(&cluster.copy_of_template().await));
    (TestApp::on(dir, &POLICY, None).await, between)
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!("{what}: after {:.1} s", begun.elapsed().as_secs_f32());
}

fn asks() -> Command {
    Command::RaisePoint { text: "Which broker?".to_owned() }
}

/// F6, O3: writes are told to come again, the board says that it is old, and probes are told; once the machine is there
/// again, everything goes on by itself.
#[tokio::test(flavor = "multi_thread")]
async fn f6_a_machine_that_vanishes_is_noticed() {
    let cluster = Cluster::start(false);
    let (test, between) = on(&cluster).await;
    test.requested("magnet").await;
    let ready = async || test.stranger().get("/readyz").await.status() == 200;
    assert!(ready().await);

    between.vanish().await;
    let begun = Instant::now();
    for _ in 0..3 {
        let asked = test.does("lena", "magnet", asks()).await;
        assert!(matches!(&asked, Err(Error::Unavailable(_))), "{asked:?}");
    }
    assert!(begun.elapsed() < PATIENCE, "it took {:?}", begun.elapsed());
    until("the board knows", async || test.app.projection.current().away.is_some()).await;
    assert!(test.stranger().page("/?q=magnet").await.contains("database does not answer"));
    assert!(!ready().await);

    between.come_back();
    until("writes go on", async || test.does("lena", "magnet", asks()).await.is_ok()).await;
    until("the board is current", async || test.app.projection.current().away.is_none()).await;
    until("it is ready", ready).await;
    assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok());
}

/// F6: what was under way ends, too: a statement was not carried out, and of a commit nobody knows. Neither is left open
/// for whoever writes next.
#[tokio::test(flavor = "multi_thread")]
async fn f6_what_was_under_way_ends() {
    let cluster = Cluster::start(false);
    let (test, between) = on(&cluster).await;
    let db = &test.app.db;
    let inserts = |name: &str| format!("INSERT INTO change (kind, name) VALUES ('server', '{name}')");

    let tx = db.begin().await.unwrap();
    tx.execute_unprepared(&inserts("never")).await.unwrap();
    between.vanish().await;
    let asked = tx.execute_unprepared(&inserts("nor this")).await.unwrap_err();
    assert!(is_unavailable(&asked) && !is_unconfirmed(&asked), "{asked}");
    let begun = Instant::now();
    assert!(tx.execute_unprepared(&inserts("nor that")).await.is_err());
    let _ = tx.rollback().await;
    assert!(begun.elapsed() < postgres::IMPATIENTLY.done, "nothing more is asked of it, which would be waited for");
    between.come_back();

    let tx = db.begin().await.unwrap();
    tx.execute_unprepared(&inserts("perhaps")).await.unwrap();
    between.vanish().await;
    let asked = tx.commit().await.unwrap_err();
    assert!(is_unavailable(&asked) && is_unconfirmed(&asked), "{asked}");
    between.come_back();

    let tx = db.begin().await.unwrap();
    tx.execute_unprepared(&inserts("kept")).await.unwrap();
    tx.commit().await.unwrap();
    let count = |name: &str| {
        let sql = format!("SELECT count(*) FROM change WHERE name = '{name}'");
        let count = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, sql);
        async move { db.read.query_one_raw(count).await.unwrap().unwrap().try_get_by_index::<i64>(0).unwrap() }
    };
    assert_eq!((count("never").await, count("kept").await), (0, 1));
}

/// F13: where the connection that writes falls silent while the pool takes it back, whoever looks has another one connect,
/// also where they hang up: writes are taken again before anybody has written.
#[tokio::test(flavor = "multi_thread")]
async fn f13_whoever_looks_has_another_one_connect() {
    let cluster = Cluster::start(false);
    let (db, between) = data_on(&cluster).await;
    between.fall_silent_at(&[COMMIT, SYNC, SYNC]);
    let tx = db.begin().await.unwrap();
    tx.execute_unprepared("INSERT INTO change (kind, name) VALUES ('server', 'kept')").await.unwrap();
    tx.commit().await.unwrap();
    until("only the connection that reads is left", async || *between.through.borrow() == 1).await;

    let looked = timeout(Duration::from_millis(200), db.takes_writes(Duration::from_millis(1800))).await;
    assert!(looked.is_err(), "the pool still has the connection");
    assert!(db.takes_writes(Duration::from_secs(20)).await, "another one has connected");
}

/// F6: a look that does not begin on a connection which has fallen silent is told so, and keeps none of them for itself.
#[tokio::test(flavor = "multi_thread")]
async fn f6_a_look_that_does_not_begin_ends() {
    let cluster = Cluster::start(false);
    let (db, between) = data_on(&cluster).await;
    between.fall_silent_at(&[BEGIN]);
    let looks = join_all((0..12).map(|_| db.snapshot()));
    let looks = timeout(PATIENCE, looks).await.expect("each of them ends");
    for look in looks {
        let Err(e) = look else { panic!("a look began on a connection that is silent") };
        assert!(is_unavailable(&e), "{e}");
    }
    between.fall_silent_at(&[]);
    until("there are looks again", async || db.snapshot().await.is_ok()).await;
}

/// F13: what is closed stays closed: nothing that comes after it connects anew, and writes.
#[tokio::test(flavor = "multi_thread")]
async fn f13_what_is_closed_stays_closed() {
    let cluster = Cluster::start(false);
    let db = store::Db::connect(&cluster.copy_of_template().await).await.unwrap();
    db.close().await.unwrap();
    for _ in 0..2 {
        assert!(db.begin().await.is_err_and(|e| is_unavailable(&e)));
    }
}

/// O3: while the database is away, whoever is signed in reads the board as quickly as everybody else.
#[tokio::test(flavor = "multi_thread")]
async fn o3_a_signed_in_operator_waits_for_no_database() {
    let cluster = Cluster::start(true);
    let dir = tempfile::tempdir().unwrap();
    postgres::stands_for(dir.path(), &cluster.copy_of_template().await);
    let test = TestApp::on(dir, &POLICY, None).await;
    test.requested("magnet").await;
    let otto = test.browser("otto").await;
    assert!(otto.page("/").await.contains("Otto Petersen"));
    cluster.crash();
    until("the board knows", async || test.app.projection.current().away.is_some()).await;
    for page in ["/", "/?q=magnet", "/wall"] {
        let begun = Instant::now();
        assert!(otto.page(page).await.contains("database does not answer"), "{page}");
        // Whoever waits for a connection does so for eight seconds.
        assert!(begun.elapsed() < Duration::from_secs(6), "{page} took {:?}", begun.elapsed());
    }
    cluster.begin_again();
    until("they are known again", async || otto.page("/").await.contains("Otto Petersen")).await;
}

/// F13: told to stop while the database does not answer, it is gone within ten seconds.
#[tokio::test(flavor = "multi_thread")]
async fn f13_a_machine_that_vanishes_keeps_nobody_from_stopping() {
    let cluster = Cluster::start(false);
    let (test, between) = on(&cluster).await;
    std::fs::write(test.dir.path().join("policy.toml"), &*POLICY).unwrap();
    let custody = Served::start("serve", test.dir.path(), "Custody is at ");
    custody.get("/healthz").await;
    between.vanish().await;
    let begun = Instant::now();
    tokio::task::spawn_blocking(move || custody.stop()).await.unwrap();
    assert!(begun.elapsed() < GONE_WITHIN, "it took {:?}", begun.elapsed());
}
