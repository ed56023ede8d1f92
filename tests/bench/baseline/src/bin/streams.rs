//! How soon a change is on every open board: `streams ADDRESS PID DEVICE LOGIN [STREAMS] [SLOW] [CHANGES]`.
//! It opens streams of a running demo, some of which never read, lets a contributor of the device change its rules for
//! operators, and prints figures, one on a line: a name, a number, its unit.

use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    sync::mpsc,
    time::timeout,
};

/// Nothing here takes nearly as long.
const PATIENCE: Duration = Duration::from_secs(30);

/// What all of them have open: one instrument's board.
const FEED: &str = "/board/feed?instrument=SCS";

/// What a change sets, and what its line on the board then says.
const RULES: [(&str, &str); 2] = [("restart_once_then_call", "Once, then call"), ("do_not_restart", "Do not restart")];

/// A stream shows a rule.
struct Shown {
    stream_no: usize,
    rule: usize,
    at: Instant,
}

/// The streams that show something for the first time, until all do.
struct Arrivals(mpsc::UnboundedReceiver<Shown>);

impl Arrivals {
    /// When each of so many streams first showed this rule, or any.
    async fn all(&mut self, streams: usize, rule: Option<usize>) -> Vec<Instant> {
        let mut first: Vec<Option<Instant>> = vec![None; streams];
        let mut missing = streams;
        while missing > 0 {
            let shown = timeout(PATIENCE, self.0.recv()).await.ok().flatten();
            let shown = shown.unwrap_or_else(|| panic!("{missing} of {streams} streams do not show it"));
            if rule.is_none_or(|r| r == shown.rule) && first[shown.stream_no].is_none() {
                first[shown.stream_no] = Some(shown.at);
                missing -= 1;
            }
        }
        first.into_iter().flatten().collect()
    }

    /// Leaves out what came until now.
    fn forget(&mut self) {
        while self.0.try_recv().is_ok() {}
    }
}

/// One connection that is kept.
struct Http {
    line: BufReader<TcpStream>,
    host: String,
    cookie: String,
}

impl Http {
    async fn open(host: &str) -> Self {
        let stream = TcpStream::connect(host).await.expect("Custody is there");
        stream.set_nodelay(true).expect("it is a socket");
        Self { line: BufReader::new(stream), host: host.to_owned(), cookie: String::new() }
    }

    /// Asks, and reads the whole answer: its status and its text.
    async fn ask(&mut self, method: &str, path: &str, body: &str) -> (u16, String) {
        let (host, cookie, length) = (&self.host, &self.cookie, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: {cookie}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.line.get_mut().write_all(request.as_bytes()).await.expect("it is taken");
        let (mut status, mut length, mut head) = (0, 0, String::new());
        loop {
            head.clear();
            self.line.read_line(&mut head).await.expect("it answers");
            let line = head.trim_end();
            let lower = line.to_ascii_lowercase();
            if let Some(code) = line.strip_prefix("HTTP/1.1 ") {
                status = code[..3].parse().expect("a status is three digits");
            } else if let Some(n) = lower.strip_prefix("content-length: ") {
                length = n.parse().expect("a length is a number");
            } else if let Some(pair) = line.split_once(": ").filter(|_| lower.starts_with("set-cookie: custody=")) {
                self.cookie = pair.1.split(';').next().unwrap_or_default().to_owned();
            } else if line.is_empty() {
                break;
            }
        }
        let mut text = vec![0; length];
        self.line.read_exact(&mut text).await.expect("it is whole");
        (status, String::from_utf8_lossy(&text).into_owned())
    }
}

/// Asks for the open board.
async fn open_feed(host: &str) -> TcpStream {
    let mut stream = TcpStream::connect(host).await.expect("Custody is there");
    let ask = format!("GET {FEED} HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n\r\n");
    stream.write_all(ask.as_bytes()).await.expect("it is taken");
    stream
}

/// Reads a stream to its end, and reports which of the rules the device's line shows, whenever it comes.
async fn follow(host: String, device: String, stream_no: usize, report: mpsc::UnboundedSender<Shown>) {
    let mut stream = open_feed(&host).await;
    let (mut read, mut piece) = (Vec::new(), vec![0; 64 * 1024]);
    let line = format!("class=\"dv\" href=\"/devices/{device}\"");
    while let Ok(n @ 1..) = stream.read(&mut piece).await {
        let at = Instant::now();
        read.extend_from_slice(&piece[..n]);
        // A chunk ends with its event: nothing of it is looked at before.
        let Some(end) = read.windows(2).rposition(|w| w == b"\n\n") else {
            continue;
        };
        let events = String::from_utf8_lossy(&read[..end]).into_owned();
        read.drain(..end);
        for (found, _) in events.match_indices(&line) {
            let row = events[found..].split("</tr>").next().unwrap_or_default();
            if let Some(rule) = RULES.iter().position(|(_, words)| row.contains(words)) {
                let _ = report.send(Shown { stream_no, rule, at });
            }
        }
    }
}

/// What of the machine's memory the server holds, in bytes.
fn resident(pid: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the server runs");
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).expect("Linux says so");
    line.split_whitespace().nth(1).and_then(|n| n.parse::<f64>().ok()).expect("in kB") * 1024.0
}

/// The value below which this share of them lies, in milliseconds.
fn share(all: &mut [Duration], share: f64) -> f64 {
    all.sort_unstable();
    let at = ((all.len() as f64 * share).ceil() as usize).clamp(1, all.len()) - 1;
    all[at].as_secs_f64() * 1000.0
}

/// How long the board's page takes, asked for one after the other, until told to end.
async fn load_pages(host: String, mut end: mpsc::Receiver<()>) -> Vec<Duration> {
    let mut http = Http::open(&host).await;
    let mut all = Vec::new();
    while end.try_recv().is_err() {
        let begun = Instant::now();
        assert_eq!(http.ask("GET", "/", "").await.0, 200, "the board answers");
        all.push(begun.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    all
}

#[tokio::main]
async fn main() {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [host, pid, device, login, numbers @ ..] = given.as_slice() else {
        panic!("usage: streams ADDRESS PID DEVICE LOGIN [STREAMS] [SLOW] [CHANGES]");
    };
    let host = host.trim_start_matches("http://").to_owned();
    let number = |n: usize, usual| numbers.get(n).and_then(|n| n.parse::<usize>().ok()).unwrap_or(usual);
    let (streams, slow, changes) = (number(0, 1000), number(1, 200), number(2, 20));

    let mut http = Http::open(&host).await;
    assert_eq!(http.ask("POST", "/demo/sign-in", &format!("login={login}")).await.0, 303, "{login} signs in");
    for _ in 0..50 {
        http.ask("GET", "/", "").await;
    }
    let before = resident(pid);
    let begun = Instant::now();
    let (report, arrived) = mpsc::unbounded_channel();
    let mut arrived = Arrivals(arrived);
    for n in 0..streams {
        tokio::spawn(follow(host.clone(), device.clone(), n, report.clone()));
    }
    let mut deaf = Vec::new();
    for _ in 0..slow {
        deaf.push(open_feed(&host).await);
    }
    // The whole board comes first.
    arrived.all(streams, None).await;
    let (opened, took) = (resident(pid), begun.elapsed());

    let (end, ends) = mpsc::channel(1);
    let pages = tokio::spawn(load_pages(host.clone(), ends));
    let path = format!("/devices/{device}/set-operator-rules");
    let mut delays = Vec::new();
    for change in 0..=changes {
        let rule = change % 2;
        // A connection that said nothing for long is closed.
        http.line = Http::open(&host).await.line;
        let form = http.ask("GET", &path, "").await.1;
        let revision = form.split("name=\"revision\" value=\"").nth(1).and_then(|r| r.split('"').next());
        let revision = revision.unwrap_or_else(|| panic!("{login} may not change {device}: {form}"));
        arrived.forget();
        let body = format!("revision={revision}&when_stopped={}&may_stop=yes&note=Load+{before}+{change}", RULES[rule].0);
        let (status, text) = http.ask("POST", &path, &body).await;
        let answered = Instant::now();
        assert_eq!(status, 303, "{text}");
        let shown = arrived.all(streams, Some(rule)).await;
        // The first only sets out from whatever was there before.
        if change > 0 {
            delays.extend(shown.iter().map(|at| at.saturating_duration_since(answered)));
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    end.send(()).await.expect("the pages are asked for still");
    let mut pages = pages.await.expect("all of them came");
    println!("opened_within {:.1} s", took.as_secs_f64());
    println!("arrival_p50 {:.1} ms", share(&mut delays, 0.5));
    println!("arrival_p99 {:.1} ms", share(&mut delays, 0.99));
    println!("arrival_max {:.1} ms", share(&mut delays, 1.0));
    println!("page_p99 {:.1} ms", share(&mut pages, 0.99));
    println!("memory_each {:.1} KiB", (opened - before) / (streams + slow) as f64 / 1024.0);
    println!("memory_after {:.1} MiB", resident(pid) / 1024.0 / 1024.0);
}
