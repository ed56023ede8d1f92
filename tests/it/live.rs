//! Open boards: what is committed is on them at once, what is not never is, and they go on without the database (O3).

use crate::{
    app::{FULL, REDUCED, TestApp, open},
    given::policy_with,
    waiting::{PATIENCE, until},
};
use custody::{
    domain::{contact::OperatorRules, contact::WhenStopped, lifecycle::Command},
    service::{
        self,
        board::{self, Wanted},
    },
};
use sea_orm::ConnectionTrait;

/// One open board.
struct Feed {
    response: reqwest::Response,
    /// What came and is no whole event yet; it may end in the middle of a letter.
    read: Vec<u8>,
}

impl Feed {
    async fn open(test: &TestApp, path: &str) -> Self {
        let response = test.stranger().get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, read: Vec::new() }
    }

    /// The next event that has data, whole; `None` at the end of the stream.
    async fn event(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.read.windows(2).position(|two| two == b"\n\n") {
                let event: Vec<u8> = self.read.drain(..end + 2).take(end).collect();
                let event = String::from_utf8(event).unwrap();
                if event.contains("data: ") {
                    return Some(event);
                }
                continue;
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("it goes on or ends");
            self.read.extend_from_slice(&chunk.ok()??);
        }
    }

    /// Events until one holds this text.
    async fn until(&mut self, text: &str) -> String {
        let wait = async {
            loop {
                let event = self.event().await.unwrap_or_else(|| panic!("it ended before {text:?}"));
                if event.contains(text) {
                    return event;
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{text:?} does not come"))
    }
}

/// Where the board of this address hears of changes, as its own page says.
async fn feed_of(test: &TestApp, path: &str) -> String {
    let page = test.stranger().page(path).await;
    let at = page.split("hx-sse:connect=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    at.replace("&#38;", "&")
}

fn shut_down(test: &TestApp) -> Command {
    Command::ShutDown {
        reason: "It <script>floods</script> the broker.".to_owned(),
        affected: "The broker.".to_owned(),
        responsible: test.person("jonas"),
        conditions: "The rate is limited.".to_owned(),
    }
}

fn restart(when_stopped: WhenStopped) -> Command {
    Command::SetOperatorRules { operators: OperatorRules { when_stopped, may_stop: false, note: String::new() } }
}

/// O3, A25: a change is on every open board without a reload, whatever that shows; only what differs goes out.
#[tokio::test]
async fn o3_a_change_goes_out_to_open_boards() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.reduced_support("camera").await;
    let mut all = Feed::open(&test, &feed_of(&test, "/").await).await;
    let mut same = Feed::open(&test, &feed_of(&test, "/").await).await;
    let mut found = Feed::open(&test, &feed_of(&test, "/?q=magnte").await).await;
    let mut wall = Feed::open(&test, &feed_of(&test, "/wall?instrument=SCS").await).await;
    assert!(all.until("Live").await.contains("b-live"), "the page follows from now on");

    test.does("ilse", "magnet", restart(WhenStopped::DoNotRestart)).await.unwrap();
    let event = all.until("Do not restart").await;
    let id = test.device("magnet").await.id;
    assert!(event.contains(&format!("hx-target=\"#d-{id}\"")), "{event}");
    assert!(!event.contains("camera") && !event.contains("<table"), "what is as it was stays: {event}");
    assert_eq!(same.until("Do not restart").await, event);

    test.does("lena", "magnet", shut_down(&test)).await.unwrap();
    let event = all.until("Shut down by CTRL").await;
    assert!(event.contains("hx-target=\"#b-list\"") && event.contains("hx-target=\"#b-tiles\""), "{event}");
    let event = found.until("Do not start it").await;
    assert!(!event.contains("<script") && event.contains("script&gt;floods"), "text stays text: {event}");
    assert!(wall.until("Shut down by CTRL").await.contains("magnet"));
}

/// O3: who was away gets the whole, by the number of the last change that they have.
#[tokio::test]
async fn o3_who_comes_back_catches_up() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let feed = feed_of(&test, "/").await;
    test.does("lena", "magnet", shut_down(&test)).await.unwrap();
    // The page was made before the change, the stream begins after it.
    let event = Feed::open(&test, &feed).await.event().await.unwrap();
    assert!(event.contains("hx-target=\"#board\"") && event.contains("Shut down by CTRL"), "{event}");
    let seq = event.lines().next().unwrap().trim_start_matches("id: ").to_owned();
    assert_eq!(seq.parse::<i64>().unwrap(), test.app.projection.current().seq);
    let back = test.stranger().client.get(format!("{}/board/feed", test.url)).header("last-event-id", seq);
    let mut back = Feed { response: back.send().await.unwrap(), read: Vec::new() };
    assert!(back.event().await.unwrap().contains("Shut down by CTRL"));
}

/// O3: a page never shows what is not committed, and shows what is as soon as the change has been answered.
#[tokio::test]
async fn o3_only_what_is_committed() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let id = test.device("magnet").await.id;
    let tx = test.app.db.begin().await.unwrap();
    tx.execute_unprepared(&format!(
        "UPDATE device SET support = 'shut_down', support_why = 'half done' WHERE id = '{id}';
         INSERT INTO change (kind, name) VALUES ('device', '{id}')"
    ))
    .await
    .unwrap();
    service::feed::follow(&test.app).await.unwrap();
    assert!(!test.stranger().page("/?q=magnet").await.contains("half done"));
    drop(tx);
    service::feed::follow(&test.app).await.unwrap();
    assert!(!test.stranger().page("/?q=magnet").await.contains("half done"));
    for (when, words) in [(WhenStopped::CallFirst, "Call first"), (WhenStopped::DoNotRestart, "Do not restart")] {
        test.does("ilse", "magnet", restart(when)).await.unwrap();
        assert!(test.stranger().page("/?q=magnet").await.contains(words), "{words}");
    }
}

/// What is kept in memory by changes is what is read from the database at a start, whatever was asked.
#[tokio::test]
async fn what_was_followed_is_what_is_read() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    test.under_review("camera").await;
    test.reduced_support("grating").await;
    test.requested("monochromator").await;
    test.sees(REDUCED, &[("camera", "1.0.0"), ("grating", "1.0.0-dirty"), ("magnet", "1.0.0")]).await;
    test.sees(FULL, &[("magnet", "1.0.0")]).await;
    test.sees(REDUCED, &[("camera", "1.0.0-3-g0123abc")]).await;
    test.does("lena", "grating", shut_down(&test)).await.unwrap();
    let withdrawn = Command::Withdraw { reason: "Not needed.".to_owned() };
    test.does("ilse", "monochromator", withdrawn).await.unwrap();
    service::feed::follow(&test.app).await.unwrap();

    let policy = crate::app::POLICY.as_str();
    let anew = open(test.dir.path(), test.app.clock.clone(), policy, &test.url).await;
    service::feed::start(&anew).await.unwrap();
    let searches = ["", "magnet", "camera", "hartmann", "contrib", "scs", "grating", "rr-01", "TEST"];
    let instruments = [None, Some("SCS".to_owned()), Some("MID".to_owned())];
    for typed in searches {
        for instrument in &instruments {
            let wanted = Wanted { typed: typed.to_owned(), instrument: instrument.clone(), ..Wanted::default() };
            let (followed, read) = (board::show(&test.app, &wanted), board::show(&anew, &wanted));
            assert_eq!(format!("{followed:#?}"), format!("{read:#?}"), "{wanted:?}");
        }
    }
    anew.stop.cancel();
}

/// O3: without its database the board answers, says how old it is, and takes no changes; its open pages hear of it.
#[tokio::test]
async fn o3_the_board_goes_on_without_the_database() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let ilse = test.browser("ilse").await;
    let mut feed = Feed::open(&test, &feed_of(&test, "/").await).await;
    test.app.db.close().await.unwrap();
    // Whoever asks next finds it out; a second later it is known in any case.
    feed.until("does not answer, since").await;
    for path in ["/", "/?q=magnet", "/?instrument=SCS", "/wall"] {
        let page = ilse.page(path).await;
        assert!(page.contains("database does not answer") && page.contains("Nothing can be changed"), "{path}");
    }
    assert!(ilse.page("/?q=magnte").await.contains("+49 40 66969 214"), "who is called is known");
    assert_eq!(ilse.get("/my").await.status(), 503);
    assert_eq!(ilse.get("/devices/magnet").await.status(), 503);
    assert_eq!(ilse.post("/devices/magnet/raise-point", &[("text", "x")]).await.status(), 503);
}

/// A35: open boards are counted, for one and in all; the others are served, and a place that is left is free again.
#[tokio::test]
async fn a35_open_boards_are_counted() {
    let test = TestApp::with_policy(&policy_with("[board]\nstreams = 4\nstreams_each = 3\n")).await;
    test.reduced_support("magnet").await;
    let mut feeds = Vec::new();
    for _ in 0..3 {
        feeds.push(Feed::open(&test, "/board/feed").await);
    }
    let refused = test.stranger().get("/board/feed").await;
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
    let ilse = test.browser("ilse").await;
    let own = ilse.get("/board/feed").await;
    assert_eq!(own.status(), 200, "somebody else has places of their own");
    assert_eq!(test.browser("marek").await.get("/board/feed").await.status(), 429, "and all are taken now");
    assert_eq!(test.stranger().get("/").await.status(), 200);
    drop(own);
    feeds.clear();
    until("a place is free again", async || test.stranger().get("/board/feed").await.status() == 200).await;
}

/// A35: those who take nothing of what is sent to them keep nobody else from it.
#[tokio::test]
async fn a35_slow_clients_hold_up_nobody() {
    use tokio::io::AsyncWriteExt;
    let test = TestApp::with_policy(&policy_with("[board]\nstreams = 500\nstreams_each = 500\n")).await;
    test.reduced_support("magnet").await;
    let address = test.url.trim_start_matches("http://").to_owned();
    let mut slow = Vec::new();
    for _ in 0..100 {
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        stream.write_all(b"GET /board/feed HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        slow.push(stream);
    }
    let mut feeds = Vec::new();
    for _ in 0..50 {
        feeds.push(Feed::open(&test, "/board/feed").await);
    }
    for when in [WhenStopped::CallFirst, WhenStopped::RestartAnyTime, WhenStopped::DoNotRestart] {
        test.does("ilse", "magnet", restart(when)).await.unwrap();
    }
    for feed in &mut feeds {
        feed.until("Do not restart").await;
    }
    assert_eq!(test.stranger().get("/").await.status(), 200);
}

/// O2, H8: what happened last is read again where it could not be read at the start, and what is new is known before.
#[tokio::test]
async fn o2_what_happened_last_is_read_again() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let rename = async |from: &str, to: &str| {
        let tx = test.app.db.begin().await.unwrap();
        tx.execute_unprepared(&format!("ALTER TABLE {from} RENAME TO {to}")).await.unwrap();
        tx.commit().await.unwrap();
    };
    let policy = crate::app::POLICY.as_str();
    let anew = open(test.dir.path(), test.app.clock.clone(), policy, &test.url).await;
    rename("journal", "elsewhere").await;
    service::feed::start(&anew).await.unwrap();
    let told = || anew.projection.read().card_by_name("magnet").map_or(0, |c| c.latest.len());
    assert_eq!((told(), board::changed_since(&anew, 0).0), (0, 1));
    rename("elsewhere", "journal").await;
    until("what happened last is told", async || told() > 0).await;
    anew.stop.cancel();
}

/// A31: the open boards of an account that is closed end; everybody else's go on.
#[tokio::test]
async fn a31_open_boards_of_a_closed_account_end() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let marek = test.browser("marek").await;
    let mut own = Feed { response: marek.get("/board/feed").await, read: Vec::new() };
    let mut other = Feed::open(&test, "/board/feed").await;
    own.event().await.unwrap();
    service::closing::close(&test.app, &test.caller("ada"), test.person("marek")).await.unwrap();
    while own.event().await.is_some() {}
    test.does("ilse", "magnet", restart(WhenStopped::DoNotRestart)).await.unwrap();
    other.until("Do not restart").await;
}

/// F13: open boards end with Custody; their browsers come back by themselves.
#[tokio::test]
async fn f13_open_boards_end() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let mut feed = Feed::open(&test, "/board/feed").await;
    feed.event().await.unwrap();
    test.app.stop.cancel();
    while feed.event().await.is_some() {}
}
