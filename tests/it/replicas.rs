//! Several replicas on one PostgreSQL act as one, and outlive its restart (E7, F2, F6, F7). They are on PostgreSQL whatever
//! the others are on.

use crate::{
    app::{POLICY, REDUCED, TestApp, facility, open, open_with_mail},
    backup::{custody, said},
    given::application,
    postgres::{self, Cluster},
    served::Served,
    smtp_server::SmtpServer,
    waiting::PATIENCE,
};
use custody::{
    app::App,
    domain::{
        id::{PersonId, ServerName},
        lifecycle::Command,
        refusal::Code,
    },
    ports::clock::Clock,
    service::{
        self, Caller, Error,
        act::{Ask, act, submit},
        observations::{Report, observe},
        sessions,
        telling::{Telling, tell},
    },
    store,
};
use sea_orm::{
    ConnectionTrait,
    sqlx::{self, Connection, PgConnection},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::{Duration, Instant},
};

/// Waits until there is something.
async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn shut_down(responsible: PersonId) -> Command {
    Command::ShutDown {
        reason: "It floods the broker.".to_owned(),
        affected: "The broker.".to_owned(),
        responsible,
        conditions: "A limit.".to_owned(),
    }
}

fn restart() -> Command {
    Command::Restart { text: "The limit is in.".to_owned() }
}

/// The database of a directory, asked beside Custody.
async fn beside(dir: &Path) -> PgConnection {
    let store::connection::Kept::Server(server) = postgres::kept(dir).await else { panic!("it is on a server") };
    PgConnection::connect(server.as_str()).await.unwrap()
}

/// Asks for something, and hangs up a moment later.
async fn hangs_up<T: Send + 'static>(asked: impl Future<Output = T> + Send + 'static, i: u64) {
    let asked = tokio::spawn(asked);
    // A begin takes some hundred microseconds.
    let moment = Instant::now() + Duration::from_micros(i * 7 % 1000);
    while Instant::now() < moment {
        tokio::task::yield_now().await;
    }
    asked.abort();
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// Whether anybody is inside a transaction without doing anything there.
async fn is_left_open(aside: &mut PgConnection) -> bool {
    let open: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND state LIKE 'idle in transaction%'",
    )
    .fetch_one(aside)
    .await
    .unwrap();
    open > 0
}

/// F2, trap 1 of the stack: a thousand times somebody hangs up while a write begins, at every moment of it. The one
/// writing connection is never left inside a transaction that nobody ends, and what is written afterwards is kept.
#[tokio::test(flavor = "multi_thread")]
async fn f2_a_thousand_hang_ups_leave_no_open_transaction() {
    let test = TestApp::on_postgres().await;
    test.requested("magnet").await;
    let mut aside = beside(test.dir.path()).await;
    for i in 0..1000u64 {
        let db = test.app.db.clone();
        hangs_up(async move { db.begin().await.map(drop) }, i).await;
        // What was begun to its end is rolled back, too.
        let begun = Instant::now();
        while is_left_open(&mut aside).await {
            assert!(begun.elapsed() < PATIENCE, "a transaction was left open");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    let tx = test.app.db.begin().await.unwrap();
    tx.execute_unprepared("INSERT INTO change (kind, name) VALUES ('server', 'kept')").await.unwrap();
    tx.commit().await.unwrap();
    let kept: i64 =
        sqlx::query_scalar("SELECT count(*) FROM change WHERE name = 'kept'").fetch_one(&mut aside).await.unwrap();
    assert_eq!(kept, 1);
    test.does("lena", "magnet", Command::RaisePoint { text: "And now?".to_owned() }).await.unwrap();
    assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok());
}

/// So many devices are raced for at once: nobody waits for another race's answer, and no device's story gets long.
const RACED: usize = 25;

/// Two replicas race for one step of a device after the other; how often each of them won.
async fn races(test: &TestApp, other: &App, device: &str, times: usize) -> [usize; 2] {
    let responsible = test.person("ilse");
    let mut revision = test.device(device).await.revision;
    let mut won = [0, 0];
    for race in 0..times {
        let racing = [(&test.app, "lena"), (other, "jonas")].map(|(app, who)| {
            let step = if race % 2 == 0 { shut_down(responsible) } else { restart() };
            let ask = Ask { seen: Some(revision), ..step.into() };
            let (app, caller, device) = (app.clone(), test.caller(who), device.to_owned());
            tokio::spawn(async move { act(&app, &caller, &device, ask).await })
        });
        for (one, won) in racing.into_iter().zip(&mut won) {
            match one.await.unwrap() {
                Ok(_) => *won += 1,
                Err(Error::Stale(since)) => assert_eq!(since.len(), 1, "the other is told what happened"),
                Err(Error::Refused(r)) => assert_eq!(r.code, Code::GatesOpen, "{r}"),
                Err(e) => panic!("{e:?}"),
            }
        }
        assert_eq!(won.iter().sum::<usize>(), race + 1, "{device}: one of them wins");
        revision += 1;
    }
    assert_eq!(test.device(device).await.revision, revision);
    won
}

/// A5, F7: two replicas race a thousand times for the same step of a device: each time one wins and the other is told; one
/// chain. `CUSTODY_RACES` says how often otherwise.
#[tokio::test(flavor = "multi_thread")]
async fn f7_two_replicas_race() {
    let wanted: usize = std::env::var("CUSTODY_RACES").ok().and_then(|n| n.parse().ok()).unwrap_or(1000);
    let test = TestApp::on_postgres().await;
    let names: Vec<String> = (0..RACED).map(|n| format!("raced{n:02}")).collect();
    for name in &names {
        test.requested(name).await;
    }
    let other = open(test.dir.path(), test.app.clock.clone(), &POLICY, &test.url).await;
    let (begun, each) = (Instant::now(), wanted.div_ceil(RACED));
    let all = names.iter().map(|name| races(&test, &other, name, each));
    let won = futures_util::future::join_all(all).await;
    let [here, there] = [0, 1].map(|replica| won.iter().map(|won| won[replica]).sum::<usize>());
    println!("{} races in {:.1} s, won {here} to {there}", here + there, begun.elapsed().as_secs_f32());
    assert_eq!(here + there, each * RACED);
    assert!(here > 0 && there > 0, "none of them is always first");
    let chain = store::journal::verify(&other.db.read).await.unwrap();
    assert!(chain.is_ok(), "{chain:?}");
}

/// F6: PostgreSQL crashes in the middle of work and comes back: the board answers on, no acknowledged change is lost, none
/// is done twice, and Custody goes on by itself.
#[tokio::test(flavor = "multi_thread")]
async fn f6_the_database_restarts_under_load() {
    let cluster = Cluster::start(true);
    let dir = tempfile::tempdir().unwrap();
    postgres::stands_for(dir.path(), &cluster.copy_of_template().await);
    let test = TestApp::on(dir, &POLICY, None).await;
    test.reduced_support("magnet").await;
    let revision = async || test.device("magnet").await.revision;
    let begun = revision().await;
    let stop = tokio_util::sync::CancellationToken::new();
    let work = tokio::spawn({
        let (app, lena, stop, ilse) = (test.app.clone(), test.caller("lena"), stop.clone(), test.person("ilse"));
        async move {
            let (mut acknowledged, mut away) = (0, 0);
            while !stop.is_cancelled() {
                let command = if acknowledged % 2 == 0 { shut_down(ilse) } else { restart() };
                // The same key until it is answered: an outcome that is not known is found by it.
                let ask = Ask { key: Some(format!("k{acknowledged}")), ..command.into() };
                match act(&app, &lena, "magnet", ask).await {
                    Ok(_) => acknowledged += 1,
                    Err(Error::Unavailable(_)) => away += 1,
                    Err(e) => panic!("{e:?}"),
                }
            }
            (acknowledged, away)
        }
    });
    until("there is work", async || (revision().await > begun + 20).then_some(())).await;
    for _ in 0..3 {
        let before = revision().await;
        cluster.crash();
        for _ in 0..5 {
            assert!(
                test.stranger().page("/?q=magnet").await.contains("href=\"/devices/magnet\""),
                "the board answers on"
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        cluster.begin_again();
        until("work goes on", async || {
            let now = store::devices::find_by_name(&test.app.db.read, "magnet").await.ok()??.revision;
            (now > before + 20).then_some(())
        })
        .await;
    }
    stop.cancel();
    let (acknowledged, away) = work.await.unwrap();
    println!("{acknowledged} changes over 3 crashes, {away} told to come again");
    let device = test.device("magnet").await;
    assert_eq!(device.revision, begun + acknowledged, "each exactly once");
    assert_eq!(test.replayed(&device).await, device);
    assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok());
    until("the board is current", async || test.app.projection.current().away.is_none().then_some(())).await;
}

/// F4, F6: while another replica keeps the turn of writing for itself, writes are told to come again and pages are read on.
#[tokio::test(flavor = "multi_thread")]
async fn f6_a_writer_that_waits_too_long_is_told_so() {
    let test = TestApp::on_postgres().await;
    test.requested("magnet").await;
    let other = open(test.dir.path(), test.app.clock.clone(), &POLICY, &test.url).await;
    let lena = test.browser("lena").await;
    let held = other.db.begin().await.unwrap();
    let asked = test.does("lena", "magnet", Command::RaisePoint { text: "Which broker?".to_owned() }).await;
    assert!(matches!(asked, Err(Error::Unavailable(_))), "{asked:?}");
    lena.page("/devices/magnet").await;
    held.rollback().await.unwrap();
    test.does("lena", "magnet", Command::RaisePoint { text: "Which broker?".to_owned() }).await.unwrap();
}

/// F11: replicas that start at once on an empty database bring it to today's shape once.
#[tokio::test(flavor = "multi_thread")]
async fn f11_replicas_start_at_once_on_an_empty_database() {
    let cluster = Cluster::start(false);
    cluster.run("postgres", "CREATE DATABASE empty").await;
    let server = cluster.address("empty");
    let opening: Vec<_> = (0..4)
        .map(|_| {
            let server = server.clone();
            tokio::spawn(async move { store::Db::connect(&server).await })
        })
        .collect();
    for one in opening {
        let db = one.await.unwrap().unwrap();
        assert_eq!(store::changes::find_range(&db.read).await.unwrap(), None);
        db.close().await.unwrap();
    }
    let mut aside = PgConnection::connect(server.as_str()).await.unwrap();
    let steps: i64 = sqlx::query_scalar("SELECT count(*) FROM seaql_migrations").fetch_one(&mut aside).await.unwrap();
    use migrations::MigratorTrait;
    assert_eq!(steps as usize, migrations::Migrator::migrations().len());
}

/// A facility of today in a new database, for programs, whose clock is the machine's.
async fn today(policy: &str) -> (tempfile::TempDir, App, BTreeMap<&'static str, PersonId>) {
    let dir = tempfile::tempdir().unwrap();
    postgres::new_database(dir.path()).await;
    std::fs::write(dir.path().join("policy.toml"), policy).unwrap();
    let app = open(dir.path(), Clock::System, policy, "http://127.0.0.1:1").await;
    let people = facility(&app).await;
    (dir, app, people)
}

async fn secret(app: &App, person: PersonId) -> String {
    sessions::open(app, person, "test", "test").await.unwrap().unwrap()
}

/// Somebody's form, sent to a replica.
async fn sends(url: &str, secret: &str, path: &str, fields: &[(&str, &str)]) -> reqwest::StatusCode {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let form = client.post(format!("{url}{path}")).header("origin", url).header("cookie", format!("custody={secret}"));
    form.form(fields).send().await.unwrap().status()
}

/// O3, E1, G10: what is done through one replica is on the board of the other, a session of one is one of the other, and
/// what an agent tells one, that all is as before, the other knows too.
#[tokio::test(flavor = "multi_thread")]
async fn o3_what_one_replica_does_the_other_shows() {
    let (dir, app, people) = today(&POLICY).await;
    let test = TestApp::on_postgres().await;
    let asked = Command::Submit { application: Box::new(application(&test, "magnet")) };
    let ilse = Caller::person(people["ilse"], "test");
    submit(&app, &ilse, Ask::from(asked), None).await.unwrap();
    let lena = secret(&app, people["lena"]).await;
    let replicas = [0, 1].map(|_| Served::start("serve", dir.path(), "Custody is at "));
    let responsible = people["ilse"].to_string();
    let fields = [
        ("reason", "It floods the broker."),
        ("affected", "The broker."),
        ("responsible", responsible.as_str()),
        ("conditions", "A limit."),
    ];
    let status = "/api/v1/status/magnet";
    for (one, other) in [(0, 1), (1, 0)] {
        assert_eq!(sends(&replicas[one].url, &lena, "/devices/magnet/shut-down", &fields).await, 303);
        let begun = Instant::now();
        until("the other shows it", async || replicas[other].get(status).await.contains("\"shut_down\"").then_some(()))
            .await;
        println!("on the other's board after {:.2} s", begun.elapsed().as_secs_f32());
        let restarted = sends(&replicas[other].url, &lena, "/devices/magnet/restart", &[("text", "Limited.")]).await;
        assert_eq!(restarted, 303, "the session is one of both");
        until("the one shows it", async || (!replicas[one].get(status).await.contains("\"shut_down\"")).then_some(()))
            .await;
    }
}

/// G10: an agent that tells one replica, again and again, that all is as before is not silent for the other.
#[tokio::test(flavor = "multi_thread")]
async fn g10_what_one_replica_hears_again_the_other_knows() {
    let test = TestApp::on_postgres().await;
    test.reduced_support("magnet").await;
    let since = test.app.clock.now();
    let tells = async || {
        let report = Report {
            instance: "SCS_TEST/MON/MAGNET".to_owned(),
            class: "magnetClass".to_owned(),
            server: REDUCED.to_owned(),
            host: "scs-rr-01".to_owned(),
            version: "1.0.0".to_owned(),
            since,
        };
        let agent = Caller { origin: "test agent".to_owned(), ..Caller::custody() };
        observe(&test.app, &agent, &ServerName::from(REDUCED), vec![report], true).await.unwrap();
        test.shown().await;
    };
    tells().await;
    let other = open(test.dir.path(), test.app.clock.clone(), &POLICY, &test.url).await;
    service::feed::start(&other).await.unwrap();
    let seen = |app: &App| {
        let state = app.projection.read();
        state.place("SCS_TEST/MON/MAGNET", &ServerName::from(REDUCED)).expect("it is known").seen.seen
    };
    assert_eq!(seen(&other), test.app.clock.now());
    for _ in 0..3 {
        test.advance(chrono::Duration::minutes(1));
        let changes = store::changes::find_range(&test.app.db.read).await.unwrap();
        tells().await;
        assert_eq!(store::changes::find_range(&test.app.db.read).await.unwrap(), changes, "it is merely seen again");
        assert_eq!(seen(&test.app), test.app.clock.now());
        until("the other knows", async || (seen(&other) == test.app.clock.now()).then_some(())).await;
    }
    other.stop.cancel();
}

/// O5, F7: two replicas send what is in the outbox: each message once. What one of them does alone, one of them does; when
/// it is killed the other one does it.
#[tokio::test(flavor = "multi_thread")]
async fn o5_f7_two_replicas_send_nothing_twice() {
    let smtp = SmtpServer::start().await;
    let (dir, app, people) = today(&POLICY).await;
    let test = TestApp::on_postgres().await;
    let asked = Command::Submit { application: Box::new(application(&test, "magnet")) };
    submit(&app, &Caller::person(people["ilse"], "test"), Ask::from(asked), None).await.unwrap();
    app.db.close().await.unwrap();
    let app = open_with_mail(dir.path(), Clock::System, &POLICY, "http://127.0.0.1:1", Some(&smtp.url)).await;
    let device = store::devices::find_by_name(&app.db.read, "magnet").await.unwrap().unwrap().id;
    const MANY: usize = 60;
    let mail = [("CUSTODY_SMTP", smtp.url.as_str()), ("CUSTODY_MAIL_FROM", "custody@example.org")];
    let start = || Served::start_with("serve", dir.path(), "Custody is at ", &mail);
    let mut replicas = vec![start(), start()];
    for part in 0..MANY / 10 {
        let tx = app.db.begin().await.unwrap();
        let all = (0..10).map(|n| Telling {
            to: people["ilse"],
            device: Some(device),
            key: format!("k{part}-{n}"),
            at: app.clock.now(),
            text: format!("Word {part}-{n} of it."),
            path: "/devices/magnet".to_owned(),
            urgent: true,
        });
        let roster = app.roster.current(&tx).await.unwrap();
        tell(&tx, &app, &roster, all.collect(), Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
    }
    let words = || {
        let letters = smtp.letters();
        let words =
            letters.iter().filter_map(|l| l.text.lines().find(|line| line.contains("Word ")).map(str::to_owned));
        words.collect::<Vec<_>>()
    };
    until("all are sent", async || {
        let waits = store::outbox::count(&app.db.read, &[service::outbox::State::Waiting]).await.unwrap();
        (waits.is_empty() && words().len() >= MANY).then_some(())
    })
    .await;
    let all = words();
    let each: BTreeSet<&String> = all.iter().collect();
    assert_eq!((all.len(), each.len()), (MANY, MANY), "each once");

    // One of them is the first.
    let mut aside = beside(dir.path()).await;
    let mut first = async || {
        let held: Option<i32> = sqlx::query_scalar(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 20003 AND granted
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        )
        .fetch_optional(&mut aside)
        .await
        .unwrap();
        held
    };
    let before = until("one is the first", async || first().await).await;
    // Each of them is killed in turn, as in an upgrade: one that came later takes over.
    for _ in 0..2 {
        replicas.push(start());
        drop(replicas.remove(0));
    }
    until("another is the first", async || first().await.filter(|first| *first != before)).await;
    drop(replicas);
    until("nobody is", async || first().await.is_none().then_some(())).await;
}

/// F12, E7: what pg_dump wrote, restored elsewhere, is the same journal; the command for files says that it is for files.
#[tokio::test(flavor = "multi_thread")]
async fn f12_a_dump_is_restored_elsewhere() {
    let test = TestApp::on_postgres().await;
    test.reduced_support("magnet").await;
    let before = custody(&["audit", "verify"], &[("--data", test.dir.path())]);
    assert_eq!(before.status.code(), Some(0), "{}", said(&before));
    let elsewhere = tempfile::tempdir().unwrap();
    postgres::restore(elsewhere.path(), &postgres::bytes(test.dir.path()).await).await;
    let after = custody(&["audit", "verify"], &[("--data", elsewhere.path())]);
    assert_eq!((after.status.code(), said(&after)), (Some(0), said(&before)));
    let restored = open(elsewhere.path(), test.app.clock.clone(), &POLICY, &test.url).await;
    let device = store::devices::find_by_name(&restored.db.read, "magnet").await.unwrap();
    assert_eq!(device, Some(test.device("magnet").await));
    // What the database forbade it forbids there.
    let tx = restored.db.begin().await.unwrap();
    assert!(tx.execute_unprepared("DELETE FROM journal").await.is_err());
    tx.rollback().await.unwrap();

    let file = elsewhere.path().join("custody.backup");
    let refused = custody(&["backup"], &[("--data", test.dir.path()), ("--to", &file)]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).contains("pg_dump") && !file.exists(), "{}", said(&refused));
}
