//! The real program, serving on loopback; and what it shows of a control system that its policy has it ask (G10).

use crate::{
    app::{FULL, POLICY, REDUCED, TestApp},
    given::policy_with,
    postgres,
};
use axum::{Router, extract::State, routing::get};
use chrono::{Duration, Utc};
use custody::domain::drift::Kind;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Instant,
};

/// `custody serve` or `custody demo`, ended with the test.
pub struct Served {
    child: Child,
    pub url: String,
    /// Every line that it has printed.
    pub said: Arc<Mutex<Vec<String>>>,
}

impl Served {
    /// Starts it on this data, and waits until it says where it is, after these words.
    pub fn start(command: &str, data: &Path, says: &str) -> Self {
        Self::start_with(command, data, says, &[])
    }

    /// The same with variables that hold settings.
    pub fn start_with(command: &str, data: &Path, says: &str, settings: &[(&str, &str)]) -> Self {
        Self::start_at("127.0.0.1:0", command, data, says, settings)
    }

    /// The same at this address.
    pub fn start_at(listen: &str, command: &str, data: &Path, says: &str, settings: &[(&str, &str)]) -> Self {
        Self::start_logged(listen, command, data, says, settings, Stdio::null())
    }

    /// The same with its log written to here.
    pub fn start_logged(
        listen: &str,
        command: &str,
        data: &Path,
        says: &str,
        settings: &[(&str, &str)],
        log: Stdio,
    ) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_custody"))
            .args([command, "--listen", listen])
            .args(postgres::flags(data))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = lines.clone();
        let mut said = said.map_while(Result::ok).inspect(move |line| kept.lock().unwrap().push(line.clone()));
        let found = said.find_map(|line| Some(line.strip_prefix(says)?.to_owned()));
        let url = found.unwrap_or_default().trim_end_matches('/').to_owned();
        let served = Self { child, url, said: lines };
        assert!(!served.url.is_empty(), "custody {command} did not say where it is");
        // What it says later is read too, or it could not go on.
        std::thread::spawn(move || said.for_each(drop));
        served
    }

    /// Tells it to stop, and waits until it has.
    pub fn stop(mut self) {
        // SAFETY: our own child.
        unsafe { libc::kill(self.child.id() as i32, libc::SIGTERM) };
        assert!(self.child.wait().unwrap().success());
    }

    pub async fn get(&self, path: &str) -> String {
        let answer = reqwest::get(format!("{}{path}", self.url)).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A control system's address, and what it answers.
struct Source {
    url: String,
    says: Arc<Mutex<String>>,
    task: tokio::task::JoinHandle<()>,
}

impl Source {
    async fn start() -> Self {
        let says = Arc::new(Mutex::new(String::new()));
        let answer = async |State(says): State<Arc<Mutex<String>>>| says.lock().unwrap().clone();
        let routes = Router::new().route("/", get(answer)).with_state(says.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, says, task }
    }

    /// The magnet's instance runs on this server from now on.
    fn runs_on(&self, server: &str) {
        let one = json!({ "instance": "SCS_TEST/MON/MAGNET", "class": "magnetClass", "server": server,
            "host": "scs-rr-01", "version": "1.0.0", "since": "2026-11-20T02:47:00Z" });
        *self.says.lock().unwrap() = json!({ "observations": [one] }).to_string();
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the API and the board say of the magnet: how many incidents of the wrong server are open and closed, whether the
/// board's row tells of one, and where it is seen.
async fn shown(custody: &Served) -> (usize, usize, bool, String) {
    let all: Value = serde_json::from_str(&custody.get("/api/v1/incidents?kind=wrong_server").await).unwrap();
    let of = |closed: bool| {
        let all = all["incidents"].as_array().unwrap().iter();
        all.filter(|i| i["device"] == "magnet" && i["closed"].is_null() != closed).count()
    };
    let board = custody.get("/?q=magnet").await;
    (of(false), of(true), board.contains(Kind::WrongServer.remedy()), board)
}

/// Waits until it shows, a minute at most: so fast drift has to be seen.
async fn within_a_minute(custody: &Served, what: &str, holds: impl Fn(&(usize, usize, bool, String)) -> bool) {
    let begun = Instant::now();
    loop {
        let now = shown(custody).await;
        if holds(&now) {
            println!("{what}: after {:.1} s", begun.elapsed().as_secs_f32());
            return;
        }
        assert!(begun.elapsed().as_secs() < 60, "{what}: not within a minute (G10); {now:?}");
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
}

/// G10: the real program, with a collector in its policy.toml: an instance on the wrong server is on the board and in the
/// API within a minute, and closes by itself once it is mended.
#[tokio::test(flavor = "multi_thread")]
async fn g10_the_program_shows_the_wrong_server_within_a_minute() {
    let source = Source::start().await;
    let more = format!(
        "[[observations.collectors]]\nname = \"hall\"\nkind = \"address\"\naddresses = [\"{}\"]\n\
         covers = [\"{REDUCED}\", \"{FULL}\"]\nevery_seconds = 5\n",
        source.url
    );
    let test = TestApp::new().await;
    // Placed longer ago than the policy's grace for what is under way, by the machine's clock.
    test.advance(Utc::now() - Duration::minutes(30) - test.app.clock.now());
    test.reduced_support("magnet").await;
    test.app.stop.cancel();
    test.app.db.close().await.unwrap();
    std::fs::write(test.dir.path().join("policy.toml"), policy_with(&more)).unwrap();
    assert!(!POLICY.contains("collectors"), "the program has it from its file");

    source.runs_on(REDUCED);
    let custody = Served::start("serve", test.dir.path(), "Custody is at ");
    within_a_minute(&custody, "seen where it belongs", |s| {
        s.3.contains("SCS_TEST/MON/MAGNET") && (s.0, s.1, s.2) == (0, 0, false)
    })
    .await;
    source.runs_on(FULL);
    within_a_minute(&custody, "on the wrong server", |s| (s.0, s.1, s.2) == (1, 0, true)).await;
    source.runs_on(REDUCED);
    within_a_minute(&custody, "mended", |s| (s.0, s.1, s.2) == (0, 1, false)).await;
}
