//! What whoever keeps Custody running asks it: whether it lives, whether it can be sent requests (F13), how it stands.

use crate::{
    app::{POLICY, REDUCED, TestApp, morning, open},
    backup::{custody, said},
    given::policy_with,
    served::Served,
    waiting::{GONE_WITHIN, PATIENCE, until},
};
use custody::{ports::clock::Clock, service, store, web};
use serde_json::Value;
use std::{
    fs::{self, File, OpenOptions},
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

async fn probe(test: &TestApp, path: &str) -> (u16, String) {
    let answer = test.stranger().get(path).await;
    assert_eq!(answer.headers()["cache-control"], "no-store", "{path}");
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// F13: whoever asks learns whether it lives and whether it can be sent requests, and nothing else.
#[tokio::test]
async fn f13_probes_are_open_and_say_little() {
    let test = TestApp::new().await;
    assert_eq!(probe(&test, "/healthz").await, (200, "ok\n".to_owned()));
    assert_eq!(probe(&test, "/readyz").await, (200, "ready\n".to_owned()));
    assert_eq!(test.stranger().sends("HEAD", "/readyz").await.status(), 200);
    assert_eq!(test.stranger().sends("POST", "/readyz").await.status(), 405);
}

/// F6, F13: while the database answers no read, requests are better sent elsewhere; the process itself lives.
#[tokio::test]
async fn f13_not_ready_without_the_database() {
    let test = TestApp::new().await;
    test.app.db.close().await.unwrap();
    assert_eq!(probe(&test, "/readyz").await, (503, "The database does not answer.\n".to_owned()));
    assert_eq!(probe(&test, "/healthz").await.0, 200);
}

/// F13: while it starts it says so, and nobody is shown a board without devices: they wait for it.
#[tokio::test]
async fn f13_a_start_is_no_empty_board() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let again = open(test.dir.path(), Clock::fixed(morning()), &POLICY, &test.url).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = again.clone();
    let routes = custody::http::router(again.clone());
    let server = tokio::spawn(async move { web::server::serve(&served, routes, listener).await });

    let ready = reqwest::get(format!("{url}/readyz")).await.unwrap();
    assert_eq!((ready.status().as_u16(), ready.headers()["retry-after"].to_str().unwrap()), (503, "2"));
    assert_eq!(ready.text().await.unwrap(), "Custody is starting: the board is not read yet.\n");
    assert_eq!(reqwest::get(format!("{url}/healthz")).await.unwrap().status(), 200);
    let board = tokio::spawn(reqwest::get(format!("{url}/?q=magnet")));
    let status = tokio::spawn(reqwest::get(format!("{url}/api/v1/status/magnet")));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!board.is_finished() && !status.is_finished(), "there is nothing to show yet");
    service::feed::start(&again).await.unwrap();
    let board = board.await.unwrap().unwrap().text().await.unwrap();
    assert!(board.contains("href=\"/devices/magnet\""));
    assert_eq!(status.await.unwrap().unwrap().status(), 200);
    assert_eq!(reqwest::get(format!("{url}/readyz")).await.unwrap().status(), 200);
    again.stop.cancel();
    server.await.unwrap().unwrap();
}

/// What came of a request that was sent by hand.
async fn rest(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

/// A form whose body has not arrived yet: it is under way once the server asks for it.
async fn half_sent(address: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /sign-in HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nExpect: 100-continue\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 21\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

/// Sends the body, which is answered.
async fn sends_the_rest(mut stream: TcpStream) {
    stream.write_all(b"login=x&password=none").await.unwrap();
    let answer = rest(stream).await;
    assert!(answer.starts_with("HTTP/1.1 422"), "it is answered: {answer}");
}

/// Waits until whoever comes is turned away.
async fn nobody_is_let_in(address: &str) {
    until("nobody is let in", async || TcpStream::connect(address).await.is_err()).await;
}

/// F13: told to stop, it says at once that it is not ready, ends what is under way, and is gone within ten seconds.
#[tokio::test(flavor = "multi_thread")]
async fn f13_it_says_no_while_what_is_under_way_ends() {
    let test = TestApp::new().await;
    let address = test.url.trim_start_matches("http://").to_owned();
    let under_way = half_sent(&address).await;
    let stopped = Instant::now();
    test.app.stop.cancel();
    for _ in 0..3 {
        assert_eq!(probe(&test, "/readyz").await, (503, "Custody is stopping.\n".to_owned()));
    }
    assert_eq!(probe(&test, "/healthz").await.0, 200);
    sends_the_rest(under_way).await;
    nobody_is_let_in(&address).await;
    assert!(stopped.elapsed() < GONE_WITHIN, "it took {:?}", stopped.elapsed());
}

/// F13: who comes while it stops is answered as well, though it takes longer than what was under way.
#[tokio::test(flavor = "multi_thread")]
async fn f13_who_comes_late_is_not_cut_off() {
    let test = TestApp::new().await;
    let address = test.url.trim_start_matches("http://").to_owned();
    let under_way = half_sent(&address).await;
    test.app.stop.cancel();
    let late = half_sent(&address).await;
    sends_the_rest(under_way).await;
    nobody_is_let_in(&address).await;
    sends_the_rest(late).await;
}

/// F13: a stream of events ends with Custody, though there is much that it has not sent yet.
#[tokio::test(flavor = "multi_thread")]
async fn f13_a_stream_that_is_behind_ends_with_custody() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let lena = test.acts("lena").await;
    let address = test.url.trim_start_matches("http://").to_owned();
    let under_way = half_sent(&address).await;
    test.app.stop.cancel();
    let stream = lena.sends(reqwest::Method::GET, "/events/stream?after=0", &[], None).await;
    assert_eq!(stream.status(), 200);
    assert_eq!(stream.text().await.unwrap(), ":\n\n", "nothing but the greeting");
    sends_the_rest(under_way).await;
}

/// The value of a figure, by its name and labels as they are written.
fn value(figures: &str, name: &str) -> Option<f64> {
    figures.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

/// The whole answer, each line of it in Prometheus's form, and each name with what it says.
async fn figures(test: &TestApp) -> String {
    let answer = test.stranger().get("/metrics").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let text = answer.text().await.unwrap();
    let form = regex::Regex::new(r#"^(custody_[a-z_]+)(\{([a-z]+="[^"\n]*",?)+\})? -?[0-9.]+(e-?[0-9]+)?$"#).unwrap();
    for line in text.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let found = form.captures(line).unwrap_or_else(|| panic!("{line}"));
        let name = ["_bucket", "_sum", "_count"].iter().fold(&found[1], |n, end| n.trim_end_matches(end));
        assert!(text.contains(&format!("# HELP {name} ")) && text.contains(&format!("# TYPE {name} ")), "{line}");
    }
    text
}

/// F13: requests are counted by their route, never by their address, which may hold a secret; small answers that are given
/// again before any route is looked for are counted as well.
#[tokio::test]
async fn requests_are_counted_by_route() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    for path in ["/devices/magnet?secret=s3cret", "/devices/camera", "/set-up/s3cret", "/nowhere/s3cret"] {
        test.stranger().get(path).await;
    }
    for _ in 0..20 {
        assert_eq!(test.stranger().get("/api/v1/status/magnet").await.status(), 200);
    }
    let text = figures(&test).await;
    assert!(!text.contains("s3cret") && !text.contains("magnet"), "{text}");
    let requests = |route: &str, class: &str| {
        let labels = format!(r#"route="{route}",method="GET",status="{class}""#);
        value(&text, &format!("custody_http_requests_total{{{labels}}}"))
    };
    assert_eq!(requests("/devices/{name}", "2xx"), Some(1.0));
    assert_eq!(requests("/devices/{name}", "4xx"), Some(1.0));
    assert_eq!(requests("/api/v1/status/{*anything}", "2xx"), Some(20.0));
    let took = value(&text, r#"custody_http_request_duration_seconds_count{route="/devices/{name}",method="GET"}"#);
    assert_eq!(took, Some(2.0));
    let small = r#"custody_http_request_duration_seconds_count{route="/api/v1/status/{*anything}",method="GET"}"#;
    // Their moment is a second of a clock that stands still, or the next change.
    assert!(value(&text, small).unwrap() < 20.0, "most of them were given again");
    assert!(value(&text, "custody_database_statements_total").unwrap() > 1.0);
    assert_eq!(value(&text, "custody_panics_total"), Some(0.0));
}

/// H8, T4, G10, O5: the figures of the registry itself, as they are at that moment.
#[tokio::test]
async fn figures_of_the_registry() {
    let collectors = "[[observations.collectors]]\nname = \"hall\"\nkind = \"address\"\n\
                      addresses = [\"http://127.0.0.1:9/\"]\ncovers = [\"cppServer/contrib_scs_01\"]\n";
    let test = TestApp::with_policy(&policy_with(collectors)).await;
    test.under_review("magnet").await;
    test.requested("camera").await;
    test.sees(REDUCED, &[("magnet", "1.0.0"), ("nobodys", "1.0.0")]).await;
    let tx = test.app.db.begin().await.unwrap();
    sea_orm::ConnectionTrait::execute_unprepared(
        &tx,
        "INSERT INTO collector (name, due_at, view_at, failures, error, note, instances, refused)
         VALUES ('hall', '2026-11-21T08:00:00+00:00', '2026-11-21T08:00:00+00:00', 3, '', '', 0, 0)",
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    test.advance(chrono::Duration::hours(50));
    let text = figures(&test).await;
    let is = |name: &str, expected: f64| assert_eq!(value(&text, name), Some(expected), "{name} in {text}");
    is(r#"custody_devices_by_state{state="under_review"}"#, 1.0);
    is(r#"custody_devices_by_state{state="requested"}"#, 1.0);
    is(r#"custody_devices_by_state{state="ctrl_owned"}"#, 0.0);
    is(r#"custody_devices_by_support{support="reduced_support"}"#, 1.0);
    assert!(!text.contains("draft"), "drafts are private");
    is("custody_unregistered_instances", 1.0);
    is(r#"custody_open_incidents{kind="unknown"}"#, 1.0);
    is(r#"custody_open_incidents{kind="silent"}"#, 0.0);
    is("custody_oldest_unacknowledged_change_age_seconds", 180_000.0);
    is("custody_oldest_review_age_seconds", 180_000.0);
    assert!(value(&text, "custody_unacknowledged_changes").unwrap() >= 1.0);
    is(r#"custody_collector_view_age_seconds{collector="hall"}"#, 180_000.0);
    is(r#"custody_collector_failures{collector="hall"}"#, 3.0);
    is("custody_projection_lag_changes", 0.0);
    assert_eq!(value(&text, "custody_projection_sequence"), Some(test.app.projection.current().seq as f64));
    is("custody_database_up", 1.0);
    is("custody_open_streams", 0.0);
    let feed = test.stranger().get("/board/feed").await;
    assert_eq!(value(&figures(&test).await, "custody_open_streams"), Some(1.0));
    let events = test.acts("otto").await.sends(reqwest::Method::GET, "/events/stream", &[], None).await;
    assert_eq!(value(&figures(&test).await, "custody_open_streams"), Some(2.0), "programs follow too");
    drop((feed, events));

    // One of each state of what did not arrive, and one that did.
    let tx = test.app.db.begin().await.unwrap();
    let (person, device) = (test.person("ilse"), test.device("magnet").await.id);
    for (n, state) in ["waiting", "failed", "given_up", "delivered"].into_iter().enumerate() {
        let ended = if state == "waiting" { "NULL" } else { "'2026-11-21T08:00:00+00:00'" };
        let entry = format!(
            "INSERT INTO outbox (id, channel_id, person_id, device_id, key, text, path, urgent, at, message, state, due_at, ended_at)
             VALUES ('{n}', 'mail', '{person}', '{device}', '{n}', 'x', '/x', FALSE, '2026-11-21T08:00:00+00:00', '{n}', '{state}',
                     '2026-11-21T08:00:00+00:00', {ended})"
        );
        sea_orm::ConnectionTrait::execute_unprepared(&tx, &entry).await.unwrap();
    }
    tx.commit().await.unwrap();
    let after = figures(&test).await;
    for state in ["waiting", "failed", "given_up"] {
        let before = value(&text, &format!("custody_outbox_entries{{state=\"{state}\"}}")).unwrap();
        let now = value(&after, &format!("custody_outbox_entries{{state=\"{state}\"}}"));
        assert_eq!(now, Some(before + 1.0), "{state} in {after}");
    }
    assert!(!after.contains("delivered"), "{after}");
}

/// F6: while the database is away what is in memory is told, and what is not known is left out.
#[tokio::test]
async fn f6_figures_without_the_database() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    test.app.db.close().await.unwrap();
    let text = figures(&test).await;
    assert_eq!(value(&text, "custody_database_up"), Some(0.0));
    assert_eq!(value(&text, r#"custody_devices_by_state{state="requested"}"#), Some(1.0));
    assert!(!text.contains("custody_open_incidents") && !text.contains("custody_projection_lag_changes"), "{text}");
}

/// A34: who asks through a proxy, or under another name, finds nothing there.
#[tokio::test]
async fn a34_figures_are_not_for_everybody() {
    let test = TestApp::new().await;
    for (name, value) in [("x-forwarded-for", "192.0.2.7"), ("host", "custody.example.org")] {
        let asked = test.stranger().client.get(format!("{}/metrics", test.url)).header(name, value);
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status(), 404, "{name}");
        assert_eq!(answer.text().await.unwrap(), "");
    }
}

/// E2: whoever follows the journal leaves the connections in step by which it was read, those too that read ahead of its
/// end.
#[tokio::test]
async fn e2_a_journal_that_was_followed_leaves_nothing_unread() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let db = &test.app.db;
    let entries = store::journal::list_after(&db.read, 0, 1000).await.unwrap();
    for _ in 0..20 {
        let chain = store::journal::follow(&db.read, |_, _| {}).await.unwrap().unwrap();
        assert_eq!(chain.len(), entries.len() as i64);
        let again = store::journal::list_after(&db.read, 0, 1000).await.unwrap();
        assert_eq!(again.len(), entries.len());
    }
}

/// E7: a directory that cannot hold the data is named, with what to do about it, by each command that would make it.
#[test]
fn e7_a_directory_that_cannot_hold_the_data_is_named() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    fs::write(&file, "").unwrap();
    let below = file.join("data");
    for ended in [
        custody(&["serve", "--listen", "127.0.0.1:0"], &[("--data", &below)]),
        custody(&["import"], &[("--all", &file), ("--data", &below)]),
    ] {
        let text = said(&ended);
        assert_eq!(ended.status.code(), Some(2), "{text}");
        assert!(text.contains(&format!("{} cannot be the directory of data: ", below.display())), "{text}");
        assert!(text.contains("Name one of this account's own with --data."), "{text}");
    }
}

/// E7: whatever else ends a command is said; where nobody reads on, as by `| head`, there is nobody to tell.
#[test]
fn e7_no_command_ends_without_a_word() {
    let shows = |to: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_custody"));
        let ended = command.args(["policy", "show"]).env_clear().stdout(to).output().unwrap();
        (ended.status.code(), String::from_utf8(ended.stderr).unwrap())
    };
    let (code, text) = shows(OpenOptions::new().write(true).open("/dev/full").unwrap().into());
    assert!(code == Some(1) && text.contains("No space left"), "{code:?}: {text}");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    assert_eq!(shows(writer.into()), (Some(1), String::new()));
}

/// E7: each line of the log is JSON where the settings say so, and the id that an answer has leads to its line.
#[tokio::test(flavor = "multi_thread")]
async fn e7_an_answers_id_leads_to_its_line_of_the_log() {
    let data = tempfile::tempdir().unwrap();
    let [settings, log] = ["custody.toml", "log"].map(|name| data.path().join(name));
    fs::write(&settings, "log = \"json\"\nlog_level = \"info,tower_http=debug\"\n").unwrap();
    let config = [("CUSTODY_CONFIG", settings.to_str().unwrap())];
    let to = File::create(&log).unwrap().into();
    let served = Served::start_logged("127.0.0.1:0", "serve", data.path(), "Custody is at ", &config, to);
    let answer = reqwest::get(format!("{}/sign-in", served.url)).await.unwrap();
    assert_eq!(answer.status(), 200);
    let id = answer.headers()["x-request-id"].to_str().unwrap();
    let begun = Instant::now();
    let line = loop {
        let text = fs::read_to_string(&log).unwrap();
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let mut lines = whole.lines().map(|line| serde_json::from_str::<Value>(line).expect(line));
        if let Some(line) = lines.find(|line| line["span"]["id"] == id && line["fields"]["status"] == 200) {
            break line;
        }
        assert!(begun.elapsed() < PATIENCE, "no line has {id}: {text}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!((&line["span"]["method"], &line["span"]["route"]), (&"GET".into(), &"/sign-in".into()), "{line}");
}
