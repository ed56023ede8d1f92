//! Collectors: what a control system tells is on the board, and what it does not tell opens and closes nothing.

use crate::{
    app::{FULL, REDUCED, TestApp, open},
    chat_server::ChatServer,
    given::policy_with,
    reserved::Reserved,
};
use chrono::Duration;
use custody::{
    domain::{drift::Kind, policy::Collector},
    service::{
        collectors::{self, Doing, poll},
        tokens::{self, TokenScope},
    },
    store,
};
use serde_json::{Value, json};

const TANGO: &str = include_str!("../fixtures/tango/tangogql_inventory.json");

/// A facility with one collector: `more` is what its table has beside name and addresses.
async fn collecting(address: &str, more: &str) -> TestApp {
    let policy = policy_with(&format!(
        "[[observations.collectors]]\nname = \"hall\"\naddresses = [\"{address}\"]\nevery_seconds = 30\n{more}\n"
    ));
    TestApp::with_policy(&policy).await
}

fn written(reports: &[(&str, &str, &str)]) -> String {
    let all = reports.iter().map(|(device, server, version)| {
        json!({ "instance": format!("SCS_TEST/MON/{}", device.to_uppercase()), "class": format!("{device}Class"),
            "server": server, "host": "scs-rr-01", "version": version, "since": "2026-11-21T02:47:00Z" })
    });
    json!({ "observations": all.collect::<Vec<_>>() }).to_string()
}

impl TestApp {
    fn collector(&self) -> Collector {
        self.app.policy.observations.collectors[0].clone()
    }

    /// A poll, when the next one is due.
    async fn polls(&self) -> Doing {
        self.polls_at_a_cost().await.0
    }

    /// The same, and how many statements it took: without those by which the board is fed, which asks once a second.
    async fn polls_at_a_cost(&self) -> (Doing, u64) {
        if let Some(doing) = store::collectors::find(&self.app.db.read, "hall").await.unwrap() {
            self.advance((doing.due - self.app.clock.now()).max(Duration::zero()));
        }
        let nothing_is_taken_in = self.app.projection.taking_in.lock().await;
        let before = self.app.db.statements();
        let doing = poll(&self.app, &self.collector()).await.unwrap().expect("it is due");
        let cost = self.app.db.statements() - before;
        drop(nothing_is_taken_in);
        self.shown().await;
        (doing, cost)
    }

    fn runs(&self) -> Vec<String> {
        let state = self.app.projection.read();
        let mut all: Vec<String> = state.all_places().map(|p| p.seen.instance.clone()).collect();
        all.sort();
        all
    }

    fn open_incidents(&self, device: &str) -> Vec<Kind> {
        let state = self.app.projection.read();
        state.card_by_name(device).unwrap().incidents.iter().map(|i| i.drift.kind).collect()
    }
}

/// G10, A24: a Tango gateway is asked one question; of its answer what the collector speaks for is on the board.
#[tokio::test]
async fn g10_a_tango_gateway_is_asked() {
    let gateway = ChatServer::start().await;
    let more = "kind = \"tango\"\ncovers = [\"TangoTest/*\", \"LabCam/lab1\"]";
    let test = collecting(&format!("{}/db", gateway.url), more).await;
    let ilse = test.browser("ilse").await;
    let page = ilse.page("/collectors").await;
    assert!(page.contains("No view yet") && page.contains("asks for the first time") && !page.contains("Ask now"));
    gateway.answers(200, None, TANGO);
    let done = test.polls().await;
    assert_eq!((done.instances, done.refused, done.error.as_str()), (2, 4, ""));
    assert_eq!(test.runs(), ["lab/cam/1", "sys/tg_test/1"]);
    let asked = &gateway.posts()[0];
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/db"));
    assert!(asked.body.contains("versionInfo") && !asked.headers.contains_key("authorization"));
    test.advance(Duration::seconds(20));
    let page = ilse.page("/collectors").await;
    for says in ["Current", "its view is 20 s old", "2 instances", "4 instances left out", "TangoTest/*, LabCam/lab1"] {
        assert!(page.contains(says), "{says}: {page}");
    }
    assert!(ilse.page("/incidents").await.contains("href=\"/collectors\""));

    // For programs, with any token.
    let none = test.stranger().get("/api/v1/collectors").await;
    assert_eq!(none.status(), 401);
    let scope = TokenScope::Observe(REDUCED.into());
    let (_, secret) = tokens::create(&test.app, &test.caller("lena"), "agent", scope, 30).await.unwrap();
    let client = reqwest::Client::new();
    let answer = client.get(format!("{}/api/v1/collectors", test.url)).bearer_auth(secret).send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    let c = &answer["collectors"][0];
    assert_eq!((&c["name"], &c["kind"], &c["stale"]), (&json!("hall"), &json!("tango"), &json!(false)));
    assert_eq!((&c["instances"], &c["refused"], &c["failures"]), (&json!(2), &json!(4), &json!(0)));

    // Stopped cleanly: its devices are no longer exported.
    let mut later: Value = serde_json::from_str(TANGO).unwrap();
    for d in later["data"]["devices"].as_array_mut().unwrap() {
        if d["server"]["id"] == "TangoTest/test" {
            d["exported"] = json!(false);
        }
    }
    gateway.answers(200, None, &later.to_string());
    test.polls().await;
    assert_eq!(test.runs(), ["lab/cam/1"]);
}

/// G10: what runs on the wrong server is an incident with the very poll that shows it, and closes with the one that
/// shows it mended.
#[tokio::test]
async fn g10_the_wrong_server_shows_with_the_poll() {
    let source = ChatServer::start().await;
    let covers = format!("kind = \"address\"\ncovers = [\"{REDUCED}\", \"{FULL}\"]");
    let test = collecting(&source.url, &covers).await;
    test.reduced_support("magnet").await;
    test.advance(Duration::minutes(11));
    source.answers(200, None, &written(&[("magnet", FULL, "1.0.0")]));
    test.polls().await;
    assert_eq!(test.open_incidents("magnet"), [Kind::WrongServer]);
    let page = test.stranger().page("/devices/magnet").await;
    assert!(page.contains("by hall") && page.contains("href=\"/collectors\""), "the place says who saw it");
    source.answers(200, None, &written(&[("magnet", REDUCED, "1.0.0")]));
    test.polls().await;
    assert_eq!(test.open_incidents("magnet"), [], "the server that is covered by name is known to be empty");
}

/// F9: a report that names its server is about that one, however empty it is: of the others that are covered it says
/// nothing.
#[tokio::test]
async fn f9_a_report_is_about_the_server_that_it_names() {
    let source = ChatServer::start().await;
    let covers = format!("kind = \"address\"\ncovers = [\"{REDUCED}\", \"{FULL}\"]");
    let test = collecting(&source.url, &covers).await;
    source.answers(200, None, &written(&[("a", REDUCED, "1.0.0"), ("b", FULL, "1.0.0")]));
    test.polls().await;
    assert_eq!(test.runs(), ["SCS_TEST/MON/A", "SCS_TEST/MON/B"]);
    source.answers(200, None, &json!({ "server": FULL, "observations": [] }).to_string());
    test.polls().await;
    assert_eq!(test.runs(), ["SCS_TEST/MON/A"]);
}

/// F9: whatever fails, nothing opens and nothing closes by it; it is asked less often until it answers again.
#[tokio::test]
async fn f9_a_collector_that_fails_changes_nothing() {
    let source = ChatServer::start().await;
    let elsewhere = ChatServer::start().await;
    let test = collecting(&source.url, &format!("kind = \"address\"\ncovers = [\"{REDUCED}\"]")).await;
    test.reduced_support("magnet").await;
    test.advance(Duration::minutes(11));
    source.answers(200, None, &written(&[("magnet", REDUCED, "1.0.0")]));
    let first = test.polls().await;
    let every = (first.due - test.app.clock.now()).num_seconds();
    assert!((30..=33).contains(&every), "{every}");
    let location = Some(("location", elsewhere.url.as_str()));
    let too_much = " ".repeat(33 * 1024 * 1024);
    for (n, (status, header, body, says)) in [
        (500, None, "", "answered 500"),
        (200, None, "", "column instance"),
        (200, None, r#"{"observations":[{"instance":"x"}]}"#, "no report"),
        (302, location, "", "leads elsewhere"),
        (200, None, too_much.as_str(), "more than 32 MiB"),
        (401, None, "", "answered 401"),
    ]
    .into_iter()
    .enumerate()
    {
        source.answers(status, header, body);
        let done = test.polls().await;
        assert!(done.error.contains(says), "{says}: {}", done.error);
        assert_eq!((done.failures as usize, done.view, done.instances), (n + 1, first.view, 1));
        let pause = (done.due - test.app.clock.now()).num_seconds();
        let least = [60, 120, 240, 480, 600, 600][n];
        assert!((least..=least + least / 10).contains(&pause), "{says}: {pause}");
        assert_eq!(test.runs().len(), 1, "{says}");
        assert_eq!(test.open_incidents("magnet"), []);
    }
    assert_eq!(elsewhere.posts().len(), 0, "nobody is asked whom the policy does not name");
    let page = test.browser("noor").await.page("/collectors").await;
    assert!(page.contains("Stale") && page.contains("answered 401") && page.contains("after 6 failures"), "{page}");
    source.answers(200, None, &written(&[]));
    let done = test.polls().await;
    assert_eq!((done.failures, done.error.as_str(), done.instances), (0, "", 0));
    assert!((done.due - test.app.clock.now()).num_seconds() <= 33, "as often as before");
    assert_eq!(test.runs().len(), 0, "now it is known that nothing runs there");
}

/// F9: of two addresses one fails: what the other tells counts, and what neither tells stays.
#[tokio::test]
async fn f9_half_an_answer_closes_nothing() {
    let (one, other) = (ChatServer::start().await, ChatServer::start().await);
    let both = format!("{}\", \"{}", one.url, other.url);
    let test = collecting(&both, "kind = \"address\"\ncovers = [\"cppServer/*\"]").await;
    one.answers(200, None, &written(&[("a", REDUCED, "1.0.0")]));
    other.answers(200, None, &written(&[("b", REDUCED, "1.0.0")]));
    test.polls().await;
    assert_eq!(test.runs(), ["SCS_TEST/MON/A", "SCS_TEST/MON/B"]);
    one.answers(200, None, &written(&[("a", REDUCED, "1.0.1")]));
    other.answers(503, None, "");
    let done = test.polls().await;
    assert_eq!(done.failures, 1);
    assert_eq!(test.runs(), ["SCS_TEST/MON/A", "SCS_TEST/MON/B"]);
    let state = test.app.projection.read();
    assert!(state.all_places().any(|p| p.seen.version.raw == "1.0.1"));
}

/// F9, A24: nobody answers: it is said with the host; a credential is sent to the address alone, and is shown nowhere.
#[tokio::test]
async fn f9_a_credential_stays_between_custody_and_its_address() {
    let source = ChatServer::start().await;
    // The one variable that is set wherever tests run.
    let path = std::env::var("PATH").unwrap();
    let more = "kind = \"address\"\ncovers = [\"*\"]\nauthorization = \"PATH\"";
    let test = collecting(&source.url, more).await;
    source.answers(403, None, "no");
    let done = test.polls().await;
    assert_eq!(source.posts()[0].headers["authorization"].to_str().unwrap(), path.trim());
    assert_eq!(source.posts()[0].method, "GET");
    let page = test.browser("lena").await.page("/collectors").await;
    assert!(!done.error.contains(&path) && !page.contains(&path));

    let nobody = Reserved::new();
    let more = "kind = \"address\"\ncovers = [\"*\"]";
    let away = collecting(&format!("http://{}", nobody.at), more).await;
    let done = away.polls().await;
    assert_eq!(done.error, format!("{} cannot be connected to.", nobody.at));

    let unset = format!("{more}\nauthorization = \"CUSTODY_NO_SUCH_THING\"");
    let unset = collecting(&source.url, &unset).await;
    assert!(unset.polls().await.error.contains("CUSTODY_NO_SUCH_THING holds no credential"));
    assert_eq!(source.posts().len(), 1, "without it nobody is asked");
}

/// F9: who never answers costs the time that the policy grants, and holds nobody up.
#[tokio::test]
async fn f9_who_hangs_is_given_up() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let more = "kind = \"tango\"\ncovers = [\"*\"]\ntimeout_seconds = 1";
    let test = collecting(&format!("http://{}", listener.local_addr().unwrap()), more).await;
    let done = test.polls().await;
    assert!(done.error.contains("did not answer within 1 s"), "{}", done.error);
}

/// G10: a Karabo topic: who is who from the logger, what is up from the aggregator, by the facility's clock.
#[tokio::test]
async fn g10_a_karabo_topic_is_asked() {
    let source = ChatServer::start().await;
    let more = format!(
        "kind = \"karabo\"\ncovers = [\"h7/*\"]\ndatabase = \"H7\"\ntopic = \"H7\"\naggregators = [\"{}/status.json\"]",
        source.url
    );
    let test = collecting(&source.url, &more).await;
    let status = |last_update: &str, is: &str| {
        json!({ "success": true, "servers": { "vm": { "last_update": last_update,
            "services": [{ "karabo_name": "h7/mdl/1", "status": is }] } } })
        .to_string()
    };
    let of = |name: &str, value: &str| json!({ "name": name, "columns": ["time", "last"], "values": [[1795229577087_i64, value]] });
    let mark = |name: &str, kind: &str, made: &str| {
        json!({ "name": format!("{name}__EVENTS"), "tags": { "type": format!("\"{kind}\"") },
            "columns": ["time", "last", "logger_time"], "values": [[1795229577087_i64, ".", made]] })
    };
    let begun = ["H7/MOTOR/1", "H7/MOTOR/2"].map(|name| mark(name, "+LOG", "20251121T025716.204733Z"));
    let logger = |ceased: &[Value]| {
        let values = ["h7motor-1.4.3", "H7Motor", "h7/mdl/1", "vm"]
            .map(|value| Value::Array(["H7/MOTOR/1", "H7/MOTOR/2"].map(|name| of(name, value)).to_vec()));
        let marks = Value::Array([&begun[..], ceased].concat());
        let all = values.into_iter().chain([marks]).enumerate();
        json!({ "results": all.map(|(i, s)| json!({ "statement_id": i, "series": s })).collect::<Vec<_>>() })
            .to_string()
    };
    let identities = logger(&[]);
    let now = |test: &TestApp| {
        let berlin = test.app.clock.now().with_timezone(&test.app.policy.facility.time_zone);
        berlin.format("%a, %d %b %Y %H:%M:%S").to_string()
    };
    source.answers(200, None, &status(&now(&test), "up, running"));
    source.answers(200, None, &identities);
    let done = test.polls().await;
    assert_eq!((done.error.as_str(), done.note.as_str(), done.instances), ("", "", 2));
    assert_eq!(test.runs(), ["H7/MOTOR/1", "H7/MOTOR/2"]);
    let asked = source.posts();
    assert!(asked.iter().all(|p| p.method == "GET"), "never anything else: a PUT would stop servers");
    assert_eq!(asked.iter().map(|p| p.path.as_str()).collect::<Vec<_>>(), ["/status.json", "/query"]);

    // One of them stops while its server stays up: it was made known long ago, by the test's clock. Where the logger hears
    // none of them, both may run.
    let stopped = ["H7/MOTOR/1", "H7/MOTOR/2"].map(|name| mark(name, "-LOG", "20251121T025837.760399Z"));
    for (ceased, runs) in [(&stopped[..], 2), (&stopped[1..], 1), (&stopped[..], 1)] {
        test.advance(Duration::seconds(31));
        source.answers(200, None, &status(&now(&test), "up, running"));
        source.answers(200, None, &logger(ceased));
        test.polls().await;
        assert_eq!(test.runs().len(), runs, "{ceased:?}");
    }
    assert_eq!(test.runs(), ["H7/MOTOR/1"]);

    // Of a topic that is mistyped the logger knows nothing, which is no word of what runs.
    source.answers(200, None, &status(&now(&test), "up, running"));
    let unknown: Vec<Value> = (0..5).map(|i| json!({ "statement_id": i })).collect();
    source.answers(200, None, &json!({ "results": unknown }).to_string());
    let done = test.polls().await;
    assert!(done.error.contains("see the collector’s database and topic"), "{}", done.error);
    assert_eq!(test.runs(), ["H7/MOTOR/1"]);

    // A host that the aggregator has not heard from may be down or up.
    let before = now(&test);
    test.advance(Duration::minutes(6));
    source.answers(200, None, &status(&before, "down, stopped"));
    source.answers(200, None, &identities);
    let done = test.polls().await;
    assert!(done.note.contains("not heard from vm"), "{}", done.note);
    assert_eq!(test.runs().len(), 1);
    test.advance(Duration::minutes(1));
    source.answers(200, None, &status(&now(&test), "down, stopped"));
    source.answers(200, None, &identities);
    test.polls().await;
    assert_eq!(test.runs().len(), 0);
}

/// G10: of two replicas one asks; if it dies over it, the other does once the lease has run out.
#[tokio::test]
async fn g10_one_of_two_replicas_asks() {
    let source = ChatServer::start().await;
    let test = collecting(&source.url, "kind = \"address\"\ncovers = [\"*\"]").await;
    let policy = policy_with(&format!(
        "[[observations.collectors]]\nname = \"hall\"\nkind = \"address\"\naddresses = [\"{}\"]\ncovers = [\"*\"]\n",
        source.url
    ));
    let other = open(test.dir.path(), test.app.clock.clone(), &policy, &test.url).await;
    source.answers(200, None, &written(&[]));
    let of = test.collector();
    let (a, b) = tokio::join!(poll(&test.app, &of), poll(&other, &of));
    assert_eq!(usize::from(a.unwrap().is_some()) + usize::from(b.unwrap().is_some()), 1);
    assert_eq!(source.posts().len(), 1);

    test.advance(Duration::seconds(40));
    let tx = other.db.begin().await.unwrap();
    let now = other.clock.now();
    let (until, latest) = (now + Duration::seconds(65), now + Duration::hours(1));
    let taken = store::collectors::claim(&tx, "hall", "one that dies", now, until, latest).await.unwrap();
    tx.commit().await.unwrap();
    assert!(taken);
    assert!(poll(&test.app, &of).await.unwrap().is_none());
    test.advance(Duration::seconds(66));
    source.answers(200, None, &written(&[]));
    assert!(poll(&test.app, &of).await.unwrap().is_some());
    // F10: a clock that was a day ahead for a while does not keep it from asking for a day, nor calls its view new.
    test.advance(Duration::days(1));
    source.answers(200, None, &written(&[]));
    assert!(poll(&test.app, &of).await.unwrap().is_some());
    test.advance(Duration::days(-1));
    let shown = collectors::list(&test.app).await.unwrap();
    assert!(shown[0].is_stale(test.app.clock.now()));
    source.answers(200, None, &written(&[]));
    assert!(poll(&test.app, &of).await.unwrap().is_some());
    let shown = collectors::list(&test.app).await.unwrap();
    assert!(!shown[0].is_stale(test.app.clock.now()));
}

/// G10: whoever acts for CTRL has it asked at once, and reads how it went; nobody else does.
#[tokio::test]
async fn g10_ctrl_has_it_asked_at_once() {
    let source = ChatServer::start().await;
    let test = collecting(&source.url, "kind = \"address\"\ncovers = [\"*\"]").await;
    source.answers(200, None, &written(&[]));
    test.polls().await;
    for nobody in ["ilse", "otto"] {
        let refused = test.browser(nobody).await.post("/collectors/hall/poll", &[]).await;
        assert_eq!(refused.status(), 403, "{nobody}");
    }
    let lena = test.browser("lena").await;
    assert_eq!(lena.post("/collectors/nobody/poll", &[]).await.status(), 404);
    source.answers(200, None, &written(&[("a", REDUCED, "1.0.0")]));
    assert_eq!(lena.post("/collectors/hall/poll", &[]).await.status(), 303);
    let page = lena.page("/collectors").await;
    assert!(page.contains("brought 1 instance") && page.contains("Ask now"), "{page}");
    source.answers(500, None, "");
    assert_eq!(lena.post("/collectors/hall/poll", &[]).await.status(), 303);
    assert!(lena.page("/collectors").await.contains("could not be asked"));
    assert!(TestApp::new().await.browser("noor").await.page("/collectors").await.contains("asks no control system"));
}

/// G10: twenty thousand instances cost a fixed number of statements for each thousand, and nothing that the board would
/// notice where they are as before.
#[tokio::test]
async fn g10_twenty_thousand_instances_cost_little() {
    let source = ChatServer::start().await;
    let test = collecting(&source.url, "kind = \"address\"\ncovers = [\"many/*\"]\ntimeout_seconds = 60").await;
    let all = |n: usize, changed: usize| {
        let row = |i: usize| {
            let version = if i < changed { "1.0.1" } else { "1.0.0" };
            format!("SCS_MANY/MON/{i:05},Many,many/{:03},h,{version},2026-11-21T02:47:00Z\n", i % 100)
        };
        let rows: String = (0..n).map(row).collect();
        format!("instance,class,server,host,version,since\n{rows}")
    };
    let mut costs = Vec::new();
    for n in [10_000, 20_000] {
        source.answers(200, None, &all(n, 0));
        assert_eq!(test.polls().await.instances, n);
        let c = &test.app.db.read;
        let before = (store::changes::find_range(c).await.unwrap(), test.app.projection.current().seq);
        source.answers(200, None, &all(n, 0));
        let begun = std::time::Instant::now();
        let (done, cost) = test.polls_at_a_cost().await;
        assert_eq!(done.instances, n);
        costs.push(cost);
        println!("{n} unchanged: {:?}, {cost} statements", begun.elapsed());
        assert_eq!(before, (store::changes::find_range(c).await.unwrap(), test.app.projection.current().seq));
        let now = test.app.clock.now();
        assert!(test.app.projection.read().all_places().all(|p| p.seen.seen == now), "yet each was seen now");
    }
    // Two thousand in a transaction: some eight statements each.
    let more = costs[1] - costs[0];
    assert!(more <= 10 * 5 + 10, "{costs:?}");
    source.answers(200, None, &all(20_000, 200));
    let begun = std::time::Instant::now();
    let (done, cost) = test.polls_at_a_cost().await;
    assert_eq!(done.instances, 20_000);
    println!("20000, 1 % changed: {:?}, {cost} statements", begun.elapsed());
    assert!(cost <= costs[1] * 4 + 100, "{cost} beside {costs:?}");
    let state = test.app.projection.read();
    assert_eq!(state.all_places().filter(|p| p.seen.version.raw == "1.0.1").count(), 200);
}

/// G10, F9: a server with more instances than a report of an agent may have is still told as a whole: none of them is gone
/// with the rest of them, what it lists no more is gone, and another server's are not.
#[tokio::test]
async fn g10_a_server_with_many_instances_is_told_as_a_whole() {
    let source = ChatServer::start().await;
    let test = collecting(&source.url, "kind = \"address\"\ncovers = [\"many/*\"]\ntimeout_seconds = 60").await;
    let n = 6_001;
    let all = |skips: &[usize], more: &str| {
        let row = |i: usize| format!("SCS_MANY/MON/{i:05},Many{},many/one,h,1.0.0,2026-11-21T02:47:00Z\n", i % 7);
        let rows: String = (0..n).filter(|i| !skips.contains(i)).map(row).collect();
        format!(
            "instance,class,server,host,version,since\nSCS_MANY/MON/ALONE,Many,many/two,h,1.0.0,2026-11-21T02:47:00Z\n{rows}{more}"
        )
    };
    source.answers(200, None, &all(&[], ""));
    let begun = std::time::Instant::now();
    let done = test.polls().await;
    println!("{n} on one server, new: {:?}", begun.elapsed());
    assert_eq!((done.instances, done.error.as_str(), done.failures), (n + 1, "", 0));
    assert_eq!(test.runs().len(), n + 1);
    let gone = async || {
        let names = Default::default();
        let on = [custody::domain::id::ServerName::from("many/one"), "many/two".into()].into();
        let all = store::instances::list_on_servers(&test.app.db.read, &on, &names).await.unwrap();
        all.into_iter().filter(|k| !k.seen.runs()).map(|k| k.seen.instance).collect::<Vec<_>>()
    };
    // The first, one in the middle and the last are listed no more.
    source.answers(200, None, &all(&[0, 3_000, n - 1], ""));
    assert_eq!(test.polls().await.instances, n - 2);
    assert_eq!(gone().await, ["SCS_MANY/MON/00000", "SCS_MANY/MON/03000", "SCS_MANY/MON/06000"]);
    // Half an answer closes nothing.
    source.answers(200, None, &all(&[], "")[..200_000]);
    assert_ne!(test.polls().await.error, "");
    assert_eq!(gone().await.len(), 3);
    source.answers(200, None, &all(&[], ""));
    assert_eq!(test.polls().await.instances, n + 1);
    assert_eq!(gone().await, [""; 0]);
}
