//! F1: `kill -9` while transitions are under way. No acknowledged change is lost, none is half done, the chain verifies.
//! `CUSTODY_KILLS` says how often; the test command's 200 take about a minute.

use crate::{
    app::{POLICY, TestApp, facility, open},
    given::application,
    postgres,
};
use custody::{
    domain::{
        device::Device,
        id::PersonId,
        lifecycle::{Command, Event, Happened, evolve},
    },
    ports::clock::Clock,
    service::{
        Caller,
        act::{Ask, event, submit},
        sessions,
    },
    store,
};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// A request that was sent, and whether it was acknowledged.
#[derive(Clone)]
struct Sent {
    key: String,
    act: &'static str,
}

/// One client: a device that it shuts down and restarts in turn, and never gives up a request.
struct Client {
    device: String,
    person: PersonId,
    secret: String,
    acknowledged: Vec<Sent>,
    pending: Option<Sent>,
}

fn custody(dir: &Path) -> (Child, String) {
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_custody"))
        .args(["serve", "--listen", "127.0.0.1:0", "--log-level", "error"])
        .args(postgres::flags(dir))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.take().unwrap()).lines();
    for line in said.map_while(Result::ok) {
        if let Some(url) = line.strip_prefix("Custody is at ") {
            return (child, url.trim_end_matches('/').to_owned());
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    panic!("it did not say where it is");
}

async fn work(mut client: Client, url: String, done: Arc<AtomicUsize>) -> Client {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    loop {
        let sent = client.pending.clone().unwrap_or_else(|| Sent {
            key: uuid::Uuid::new_v4().to_string(),
            act: if client.acknowledged.len().is_multiple_of(2) { "shut-down" } else { "restart" },
        });
        client.pending = Some(sent.clone());
        let person = client.person.to_string();
        let mut fields = vec![("key", sent.key.as_str())];
        if sent.act == "shut-down" {
            fields.extend([("reason", "It floods the broker."), ("affected", "The broker."), ("responsible", &person)]);
            fields.push(("conditions", "A limit."));
        } else {
            fields.push(("text", "The limit is in."));
        }
        let answer = http
            .post(format!("{url}/devices/{}/{}", client.device, sent.act))
            .header("origin", &url)
            .header("cookie", format!("custody={}", client.secret))
            .form(&fields)
            .send()
            .await;
        match answer {
            Ok(response) if response.status() == 303 => {
                client.acknowledged.push(sent);
                client.pending = None;
                done.fetch_add(1, Ordering::Relaxed);
            }
            Ok(response) => panic!("{} {}: {}", sent.act, response.status(), response.text().await.unwrap_or_default()),
            // Killed: whether it was done is unknown until it is asked again, with the same key.
            Err(_) => return client,
        }
    }
}

async fn check(dir: &Path, clients: &[Client]) {
    let db = postgres::kept(dir).await.open_to_read().await.unwrap();
    // At one moment: a server may still be at the last commit that it was told of.
    let moment = store::whole::at_once(&db).await.unwrap();
    let chain = store::journal::verify(&moment).await.unwrap();
    chain.expect("the chain verifies");
    for c in clients {
        let device = store::devices::find_by_name(&moment, &c.device).await.unwrap().unwrap();
        let entries = store::journal::count(&moment, &device.id.to_string()).await.unwrap();
        assert_eq!(entries, device.revision, "the row and the journal tell the same of {}", c.device);
        if let Some(last) = c.acknowledged.last() {
            let outcome = store::doors::find_outcome(&moment, c.person, &last.key).await.unwrap();
            assert!(outcome.is_some(), "an acknowledged change is there");
        }
    }
    moment.rollback().await.unwrap();
    db.close().await.unwrap();
}

/// F1: what was acknowledged outlives each kill, nothing is half done, and the chain verifies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f1_killed_in_the_middle_of_transitions() {
    let kills: usize = std::env::var("CUSTODY_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(200);
    let test = TestApp::new().await;
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("policy.toml"), POLICY.as_str()).unwrap();
    // The same facility in a directory that the child gets: the sessions are of today, as its clock is.
    let app = open(dir.path(), Clock::System, &POLICY, "http://127.0.0.1:1").await;
    facility(&app).await;
    let mut clients = Vec::new();
    for (i, who) in ["lena", "jonas", "ravi", "chiara"].iter().enumerate() {
        let name = format!("device{i}");
        let request = Box::new(application(&test, &name));
        let ilse = Caller::person(test.person("ilse"), "test");
        submit(&app, &ilse, Ask::from(Command::Submit { application: request }), None).await.unwrap();
        let person = test.person(who);
        let secret = sessions::open(&app, person, "test", "test").await.unwrap().unwrap();
        clients.push(Client { device: name, person, secret, acknowledged: Vec::new(), pending: None });
    }
    app.db.close().await.unwrap();

    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64 | 1;
    let mut random = seed;
    for round in 0..kills {
        // xorshift: when it is killed differs in every round, from the start-up to the middle of much work.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let (mut child, url) = custody(dir.path());
        let done = Arc::new(AtomicUsize::new(0));
        let working: Vec<_> = clients.drain(..).map(|c| tokio::spawn(work(c, url.clone(), done.clone()))).collect();
        // One round in four is killed at once; the others once work is under way, however slow the machine is.
        for _ in 0..2000 {
            if round % 4 == 0 || done.load(Ordering::Relaxed) > 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        tokio::time::sleep(Duration::from_millis(random % 60)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        for w in working {
            clients.push(w.await.unwrap());
        }
        check(dir.path(), &clients).await;
    }

    let done: usize = clients.iter().map(|c| c.acknowledged.len()).sum();
    assert!(done > kills / 2, "there was work under way: {done} changes over {kills} kills, seed {seed}");
    // Exactly once: as many events as acknowledged requests, but for the one whose answer was lost.
    let db = postgres::kept(dir.path()).await.open_to_read().await.unwrap();
    let moment = store::whole::at_once(&db).await.unwrap();
    for c in &clients {
        let device = store::devices::find_by_name(&moment, &c.device).await.unwrap().unwrap();
        let entries = store::journal::list_all(&moment, &device.id.to_string()).await.unwrap();
        let events: Vec<Event> = entries.iter().map(|e| event(e).unwrap()).collect();
        let told =
            events.iter().filter(|e| matches!(e.what, Happened::ShutDown { .. } | Happened::Restarted { .. })).count();
        let unknown = usize::from(c.pending.is_some());
        assert!(
            (c.acknowledged.len()..=c.acknowledged.len() + unknown).contains(&told),
            "{told} events of {}",
            c.device
        );
        let replayed = events.iter().fold(Device::draft(device.id, events[0].at), evolve);
        assert_eq!(replayed, device, "the journal replays to the row");
    }
    moment.rollback().await.unwrap();
    db.close().await.unwrap();
}

/// F1: durability is more than an ordered log: the log is synced before an answer is sent (trap 2).
#[tokio::test]
async fn f1_the_log_is_synced_before_the_answer_in_sqlite() {
    use sea_orm::{ConnectionTrait, DbBackend, Statement};
    let test = TestApp::new().await;
    let tx = test.app.db.begin().await.unwrap();
    for (pragma, wanted) in [("synchronous", 2), ("foreign_keys", 1), ("recursive_triggers", 1)] {
        let row = tx
            .query_one_raw(Statement::from_string(DbBackend::Sqlite, format!("PRAGMA {pragma}")))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.try_get_by_index::<i32>(0).unwrap(), wanted, "{pragma}");
    }
    tx.rollback().await.unwrap();
}
