//! A facility's installation as the README has it: PostgreSQL, two replicas, nginx with TLS in front. Under load one
//! replica is killed, and both are restarted, and nobody who reads notices (E7, F1, F3, F13).

use super::{browser::Driver, nginx::Nginx, readme};
use crate::{
    app::{POLICY, TestApp},
    backup::{custody, said},
    served::Served,
    waiting::PATIENCE,
};
use chrono::Utc;
use custody::{
    domain::policy::{GroupKind, Policy, SecretPlace},
    service::tokens::{self, TokenScope},
};
use reqwest::Client;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

/// In the directory of data, what all replicas are set to.
const SETTINGS: &str = "custody.toml";

/// Writes down what the README has all replicas set to, with the policy of the tests.
fn settings(data: &Path, public_url: &str, checkpoints: &Path) {
    let policy = data.join("policy.toml").display().to_string();
    let text = readme::with(
        readme::block("**Two replicas.**", "toml"),
        &[
            ("https://custody.example.org", public_url),
            ("/etc/custody/policy.toml", &policy),
            ("10.1.0.10", "127.0.0.1"),
            ("/srv/checkpoints", checkpoints.to_str().unwrap()),
        ],
    );
    std::fs::write(data.join(SETTINGS), text).unwrap();
}

/// A replica with its own address, which it has again after a restart.
struct Replica {
    at: SocketAddr,
    data: PathBuf,
    served: Option<Served>,
}

impl Replica {
    /// It does not run yet. No connection leaves from these addresses, so that none takes the port meanwhile.
    fn at(host: &str, data: &Path) -> Self {
        let at = TcpListener::bind((host, 0)).unwrap().local_addr().unwrap();
        Self { at, data: data.to_owned(), served: None }
    }

    /// Starts it, and waits until it says that it is ready.
    async fn start(&mut self) {
        let (at, settings) = (self.at.to_string(), self.data.join(SETTINGS));
        let settings = [("CUSTODY_CONFIG", settings.to_str().unwrap())];
        self.served = Some(Served::start_at(&at, "serve", &self.data, "Custody is at ", &settings));
        let begun = Instant::now();
        let ready = async || reqwest::get(format!("http://{at}/readyz")).await.is_ok_and(|r| r.status() == 200);
        while !ready().await {
            assert!(begun.elapsed() < PATIENCE, "it is not ready");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// It is gone at once.
    fn kill(&mut self) {
        self.served = None;
    }

    /// It is told to stop, and does.
    async fn stop(&mut self) {
        let served = self.served.take().unwrap();
        tokio::task::spawn_blocking(|| served.stop()).await.unwrap();
    }
}

/// Many who ask through the proxy at once, until they are told to end; and how it went.
struct Load {
    client: Client,
    url: String,
    stop: CancellationToken,
    read: AtomicU64,
    /// What readers saw instead of their page.
    unread: Mutex<Vec<String>>,
    acknowledged: Mutex<Vec<String>>,
    /// Changes that were not acknowledged when they were first asked for, and what was said.
    turned_away: Mutex<Vec<(String, String)>>,
    /// Boards that are open now.
    open: AtomicUsize,
    /// How often one was opened.
    opened: AtomicUsize,
    /// Boards that show what is looked for.
    shows: AtomicUsize,
}

impl Load {
    fn new(client: Client, url: String) -> Arc<Self> {
        Arc::new(Self {
            client,
            url,
            stop: CancellationToken::new(),
            read: AtomicU64::new(0),
            unread: Mutex::default(),
            acknowledged: Mutex::default(),
            turned_away: Mutex::default(),
            open: AtomicUsize::new(0),
            opened: AtomicUsize::new(0),
            shows: AtomicUsize::new(0),
        })
    }

    /// Reads a page again and again; all of it has to come.
    async fn reads(self: Arc<Self>, path: &str) {
        while !self.stop.is_cancelled() {
            let page = async {
                let answer = self.client.get(format!("{}{path}", self.url)).send().await?;
                Ok::<_, reqwest::Error>((answer.status(), answer.text().await?))
            };
            match page.await {
                Ok((status, text)) if status == 200 && text.contains("camera") => drop(self.read.fetch_add(1, Relaxed)),
                Ok((status, _)) => self.unread.lock().unwrap().push(format!("{path}: {status}")),
                Err(e) => self.unread.lock().unwrap().push(format!("{path}: {e:?}")),
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Raises points, each under its own key; what is not acknowledged at once is asked for again, some times.
    async fn writes(self: Arc<Self>, name: &str, token: String) {
        for i in 0.. {
            let text = format!("{name} {i}");
            for tries in 0..5 {
                if self.stop.is_cancelled() {
                    return;
                }
                let said = self.command(&token, "magnet", &text, json!({"command": "raise_point", "text": text})).await;
                if said.as_deref() == Ok("200 OK") {
                    self.acknowledged.lock().unwrap().push(text);
                    break;
                }
                if tries == 0 {
                    let said = said.unwrap_or_else(|e| e);
                    self.turned_away.lock().unwrap().push((text.clone(), said));
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The status that a command is answered with.
    async fn command(&self, token: &str, device: &str, key: &str, command: Value) -> Result<String, String> {
        let to = format!("{}/api/v1/devices/{device}/commands", self.url);
        let request = self.client.post(to).bearer_auth(token).header("if-match", "*").header("idempotency-key", key);
        let answer = request.json(&command).send().await.map_err(|e| format!("{e:?}"))?;
        Ok(answer.status().to_string())
    }

    /// Has a board open, and opens it again where it ends, as browsers do; counts itself once it shows a text.
    async fn follows(self: Arc<Self>, text: &str) {
        let mut has_shown = false;
        while !self.stop.is_cancelled() {
            let opened = self.client.get(format!("{}/board/feed", self.url)).send().await;
            let Ok(mut feed) = opened.and_then(reqwest::Response::error_for_status) else {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            self.open.fetch_add(1, Relaxed);
            self.opened.fetch_add(1, Relaxed);
            let mut heard = String::new();
            loop {
                let chunk = tokio::select! {
                    chunk = feed.chunk() => chunk,
                    () = self.stop.cancelled() => break,
                };
                let Ok(Some(chunk)) = chunk else { break };
                heard += &String::from_utf8_lossy(&chunk);
                if !has_shown && heard.contains(text) {
                    has_shown = true;
                    self.shows.fetch_add(1, Relaxed);
                }
            }
            self.open.fetch_sub(1, Relaxed);
        }
    }

    /// So long it goes on, and changes are acknowledged in it.
    async fn goes_on(&self, seconds: f32) {
        let before = self.acknowledged.lock().unwrap().len();
        tokio::time::sleep(Duration::from_secs_f32(seconds)).await;
        self.until("changes go on", |l| l.acknowledged.lock().unwrap().len() > before).await;
    }

    async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) -> Duration {
        let begun = Instant::now();
        while !holds(self) {
            assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}; {}", self.figures());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        begun.elapsed()
    }

    fn figures(&self) -> String {
        format!(
            "{} pages read, not {:?}; {} changes acknowledged, not at once {:?}; {} boards open, {} times in all",
            self.read.load(Relaxed),
            self.unread.lock().unwrap(),
            self.acknowledged.lock().unwrap().len(),
            self.turned_away.lock().unwrap(),
            self.open.load(Relaxed),
            self.opened.load(Relaxed),
        )
    }

    fn turned_away(&self) -> Vec<(String, String)> {
        self.turned_away.lock().unwrap().clone()
    }
}

/// The data of a facility of today on PostgreSQL, for programs, and the token of one that does what CTRL may do.
async fn installed() -> (TestApp, String) {
    let test = TestApp::on_postgres().await;
    test.advance(Utc::now() - test.app.clock.now());
    test.requested("magnet").await;
    for name in ["camera", "mirror"] {
        test.reduced_support(name).await;
    }
    let lena = test.caller("lena");
    let (_, token) = tokens::create(&test.app, &lena, "program", TokenScope::Admin, 30).await.unwrap();
    test.app.stop.cancel();
    std::fs::write(test.dir.path().join("policy.toml"), POLICY.as_str()).unwrap();
    (test, token)
}

fn shut_down(test: &TestApp) -> Value {
    json!({
        "command": "shut_down", "reason": "It floods the broker.", "affected": "The broker.",
        "responsible": test.person("ilse"), "conditions": "A limit.",
    })
}

/// How many boards are open.
const BOARDS: usize = 6;

const WRITERS: [&str; 3] = ["one", "two", "three"];

/// E7, F1, F3, F13: while a replica is killed, started again, and both are restarted one after the other, no reader misses
/// a page, open boards go on, every acknowledged change is there once, and a restart turns no change away.
#[tokio::test(flavor = "multi_thread")]
async fn e7_nobody_notices_that_a_replica_is_gone() {
    let (test, token) = installed().await;
    let mut replicas = ["127.0.0.11", "127.0.0.12"].map(|host| Replica::at(host, test.dir.path()));
    let nginx = Nginx::before(&replicas.each_ref().map(|r| r.at));
    let checkpoints = tempfile::tempdir().unwrap();
    settings(test.dir.path(), &nginx.url(), checkpoints.path());
    for replica in &mut replicas {
        replica.start().await;
    }
    let load = Load::new(nginx.client(), nginx.url());
    let mut working = tokio::task::JoinSet::new();
    for path in ["/", "/?q=camra", "/devices/camera", "/devices.csv", "/api/v1/status/camera", "/badge/camera.svg"] {
        working.spawn(load.clone().reads(path));
    }
    for name in WRITERS {
        working.spawn(load.clone().writes(name, token.clone()));
    }
    for _ in 0..BOARDS {
        working.spawn(load.clone().follows("Shut down by CTRL"));
    }
    load.until("the boards are open", |l| l.open.load(Relaxed) == BOARDS).await;
    load.goes_on(1.0).await;
    assert_eq!(load.turned_away(), []);

    // One is killed: the boards that it had are open at the other, and show what happens now.
    replicas[0].kill();
    load.goes_on(1.0).await;
    let reconnected = load.until("the boards are open again", |l| l.open.load(Relaxed) == BOARDS).await;
    assert!(load.opened.load(Relaxed) > BOARDS, "the replica had some of them");
    assert_eq!(load.command(&token, "camera", "shut down", shut_down(&test)).await.as_deref(), Ok("200 OK"));
    let shown = load.until("it shows on every board", |l| l.shows.load(Relaxed) == BOARDS).await;
    let killed = load.turned_away();
    assert!(killed.len() <= WRITERS.len(), "each writer was at one change: {killed:?}");

    // It comes back, and both are restarted one after the other.
    replicas[0].start().await;
    load.goes_on(0.5).await;
    for replica in [1, 0, 1] {
        replicas[replica].stop().await;
        load.goes_on(0.3).await;
        replicas[replica].start().await;
        load.goes_on(0.5).await;
    }
    assert_eq!(load.turned_away(), killed, "a restart turns nobody away: {}", nginx.errors());
    load.until("the boards are open again", |l| l.open.load(Relaxed) == BOARDS).await;
    load.stop.cancel();
    while let Some(ended) = working.join_next().await {
        ended.unwrap();
    }
    assert_eq!(*load.unread.lock().unwrap(), Vec::<String>::new(), "{}", nginx.errors());

    let mut kept = BTreeMap::<String, usize>::new();
    for point in test.device("magnet").await.cycle.discussion.points.into_iter().filter(|p| p.section.is_none()) {
        *kept.entry(point.raised.text).or_default() += 1;
    }
    let acknowledged = load.acknowledged.lock().unwrap().clone();
    assert!(acknowledged.iter().all(|text| kept.get(text) == Some(&1)), "each once: {kept:?}");
    assert!(kept.values().all(|times| *times == 1), "none twice: {kept:?}");
    let places = [("--data", test.dir.path()), ("--checkpoints", checkpoints.path())];
    let verified = custody(&["audit", "verify"], &places);
    assert_eq!(verified.status.code(), Some(0), "{}", said(&verified));
    println!(
        "{}; open again {:.1} s after the kill, a change on all of them after {:.2} s",
        load.figures(),
        1.0 + reconnected.as_secs_f32(),
        shown.as_secs_f32(),
    );
}

/// E7, F3: what a replica dies over goes to the other one where it is a PUT or a DELETE; a POST is answered 502, and not
/// sent again.
#[tokio::test(flavor = "multi_thread")]
async fn e7_only_what_may_be_sent_twice_is_sent_to_the_other_replica() {
    let test = TestApp::new().await;
    let dying = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let replicas = [dying.local_addr().unwrap(), test.url.trim_start_matches("http://").parse().unwrap()];
    let died = Arc::new(AtomicUsize::new(0));
    let counted = died.clone();
    let replica = tokio::spawn(async move {
        loop {
            let (mut stream, _) = dying.accept().await.unwrap();
            let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 4096]).await;
            counted.fetch_add(1, Relaxed);
        }
    });
    let nginx = Nginx::before(&replicas);
    let (client, to) = (nginx.client(), format!("{}/api/v1/hosts", nginx.url()));
    let (_, token) = tokens::create(&test.app, &test.caller("ada"), "program", TokenScope::Admin, 30).await.unwrap();
    let answered =
        async |request: reqwest::RequestBuilder| request.bearer_auth(&token).send().await.unwrap().status().as_u16();
    for n in 0..4 {
        let change = client.put(format!("{to}/scs-rr-ctrl-01")).json(&json!({ "note": format!("rack {n}") }));
        assert_eq!(answered(change).await, 200, "{}", nginx.errors());
    }
    let before = died.load(Relaxed);
    assert!(before > 0, "it had some of them");
    let mut made = Vec::new();
    for n in 0..4 {
        let host = format!("scs-rr-new-0{n}");
        match answered(client.post(&to).json(&json!({ "name": host, "class": "full" }))).await {
            201 => made.push(host),
            other => assert_eq!(other, 502, "{}", nginx.errors()),
        }
    }
    assert!(made.len() < 4, "it had some of them");
    assert_eq!(died.load(Relaxed) - before, 4 - made.len(), "none was sent again");
    for host in made {
        assert_eq!(answered(client.delete(format!("{to}/{host}"))).await, 204, "{}", nginx.errors());
    }
    replica.abort();
}

/// O3, E7: what is done at one replica shows within a second or so on the board that a browser has open at the other one,
/// in both directions, without loading the page again.
#[tokio::test(flavor = "multi_thread")]
async fn o3_a_change_at_one_replica_shows_on_a_board_at_the_other() {
    let (test, token) = installed().await;
    let replicas = [0, 1].map(|_| Served::start("serve", test.dir.path(), "Custody is at "));
    let driver = Driver::start();
    for (one, other, device) in [(0, 1, "camera"), (1, 0, "mirror")] {
        let board = driver.browse().await;
        board.goto(&replicas[other].url).await;
        board.is_live().await;
        board.mark().await;
        let load = Load::new(Client::new(), replicas[one].url.clone());
        let done = load.command(&token, device, device, shut_down(&test)).await;
        assert_eq!(done.as_deref(), Ok("200 OK"));
        let begun = Instant::now();
        let shut =
            format!("[...document.querySelectorAll('#b-list .x-shut')].some(r => r.innerText.includes('{device}'))");
        board.until(&shut).await;
        let took = begun.elapsed();
        println!("on the other's board after {:.2} s", took.as_secs_f32());
        // Or ten, on a machine that does other things as well.
        assert!(took < Duration::from_secs(15), "{took:?}");
        assert!(board.is_same().await, "the page was not loaded again");
        board.close().await;
    }
}

/// E1: the policy that the README has a facility begin with is right, and its provider's secret is where it says.
#[test]
fn e1_the_readmes_policy_is_right() {
    let policy = Policy::parse(&readme::block("which `custody policy check` has to find right", "toml")).unwrap();
    let provider = policy.identity.provider("facility").unwrap();
    assert_eq!(provider.secret, SecretPlace::Variable("CUSTODY_SIGN_IN".to_owned()));
    assert_eq!(provider.rules[0].kind, GroupKind::Admin);
    assert!(readme::block("3. On each its own", "sh").contains("CUSTODY_SIGN_IN="));
}
