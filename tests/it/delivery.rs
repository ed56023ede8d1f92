//! Figures of delivery (G11): counted from real deployments under a clock that tests move, and held against what was counted
//! by hand.

use crate::{
    app::{FULL, REDUCED, TestApp, morning},
    environments::{TRIAL, succeeded},
    given::tag,
    postgres,
};
use chrono::{DateTime, Duration, TimeZone, Utc};
use custody::{
    domain::{lifecycle::Command, stage::Stage},
    service::{
        checks, delivery,
        deployments::{self, Which},
        moving_on,
    },
    store::{self, delivery::Wanted},
};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};

fn failed() -> Value {
    json!({ "what": "failed", "text": "The disk is full." })
}

/// What is told of no case.
fn no_times() -> Value {
    json!({ "cases": 0, "median_seconds": null, "within_90_percent_seconds": null })
}

impl TestApp {
    async fn delivery(&self, query: &str) -> Value {
        serde_json::from_str(&self.stranger().page(&format!("/api/v1/delivery{query}")).await).unwrap()
    }

    /// The field and the sentence of what is wrong with this.
    async fn delivery_refused(&self, path: &str) -> (Value, String) {
        let answer = self.stranger().get(&format!("/api/v1/delivery{path}")).await;
        assert_eq!(answer.status(), 422, "{path}");
        let problem: Value = answer.json().await.unwrap();
        (problem["errors"][0]["field"].clone(), problem.to_string())
    }

    /// A release of the tag that is made now, ready for production; so long before now its tag says that it was made.
    async fn releases(&self, name: &str, before: Duration) -> DateTime<Utc> {
        self.repository.goes_on_at((self.app.clock.now() - before).timestamp());
        self.tagged(name).await;
        self.device("magnet").await.release(&tag(name)).unwrap().verified.tagged_at.unwrap()
    }

    /// Begins it now, and reports these after so many minutes each.
    async fn goes(&self, token: &str, name: &str, server: &str, then: &[(i64, Value)]) {
        let d = self.allowed(token, name, server).await;
        let (status, begun) = self.begins(&d, token).await;
        assert_eq!(status, 200, "{begun}");
        for (minutes, report) in then {
            self.advance(Duration::minutes(*minutes));
            let (status, answer) = self.reports(&d, token, report.clone()).await;
            assert_eq!(status, 200, "{answer}");
        }
    }

    /// How many deployments count, and how many of them succeeded.
    async fn counted(&self) -> (Value, Value) {
        let told = self.delivery("").await;
        (told["figures"]["begun"].clone(), told["figures"]["succeeded"].clone())
    }
}

/// G11: each figure, counted by hand: what succeeded, from its tag to production, what failed in whichever way, and until
/// when. Development is none of it, and neither is what was allowed and never begun.
#[tokio::test]
async fn g11_each_figure_is_as_counted_by_hand() {
    let test = TestApp::new().await;
    let token = test.two_environments().await;
    let first = test.device("magnet").await.release(&tag("1.0.0")).unwrap().verified.tagged_at.unwrap();
    // At 8:00 it came onto its server, when CTRL took it over. At 9:00 the next one is made and verified.
    test.advance(Duration::hours(1));
    let second = test.releases("1.2.0", Duration::hours(20)).await;
    // Begun at 9:00, succeeded at 9:10; its tests fail at 9:40.
    let tests = json!({ "what": "tests_after", "passed": false, "text": "Two of them." });
    test.goes(&token, "1.2.0", FULL, &[(10, succeeded()), (30, tests)]).await;
    // At 10:40 the next one, which fails at 10:45, is begun anew at 12:45 and succeeds at 12:50: that restores both.
    test.advance(Duration::minutes(60));
    let third = test.releases("1.3.0", Duration::hours(3)).await;
    test.goes(&token, "1.3.0", FULL, &[(5, failed())]).await;
    test.advance(Duration::minutes(120));
    // At 13:00 it is rolled back, and nothing restores that.
    let back = json!({ "what": "rolled_back", "text": "It loses frames." });
    test.goes(&token, "1.3.0", FULL, &[(5, succeeded()), (10, back)]).await;
    // In development, and never begun.
    test.goes(&token, "1.3.0", TRIAL, &[(5, succeeded())]).await;
    test.allowed(&token, "1.3.0", FULL).await;
    test.advance(Duration::minutes(6));
    deployments::keep(&test.app).await.unwrap();

    let at = |hour: i64, minute: i64| morning() + Duration::hours(hour - 8) + Duration::minutes(minute);
    let mut leads = [at(8, 0) - first, at(9, 10) - second, at(12, 50) - third].map(|d| d.num_seconds());
    leads.sort_unstable();
    let restores = [at(12, 50) - at(10, 45), at(12, 50) - at(9, 40)].map(|d| d.num_seconds());
    let told = test.delivery("?device=magnet").await;
    let figures = &told["figures"];
    assert_eq!((&figures["begun"], &figures["succeeded"], &figures["failed"]), (&json!(4), &json!(3), &json!(3)));
    assert_eq!((&figures["change_failure_ratio"], &figures["not_restored"]), (&json!(0.75), &json!(1)));
    let times = |cases: usize, median: i64, most: i64| json!({ "cases": cases, "median_seconds": median, "within_90_percent_seconds": most });
    assert_eq!(figures["lead_time"], times(3, leads[1], leads[2]));
    assert_eq!(figures["time_to_restore"], times(2, (restores[0] + restores[1]) / 2, restores[1]));
    let a_month = figures["succeeded_per_month"].as_f64().unwrap();
    assert!((a_month - 3.0 / (355.0 / 30.436_875)).abs() < 0.01, "{a_month}");
    // The twelve months up to this one, in the last of which all of it lies.
    assert_eq!(
        (&told["from"], &told["to"], &told["by"]),
        (&json!("2025-12-01"), &json!("2026-11-30"), &json!("month"))
    );
    let series = told["series"].as_array().unwrap();
    let begun: Vec<i64> = series.iter().map(|p| p["figures"]["begun"].as_i64().unwrap()).collect();
    assert_eq!(begun, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4]);
    assert_eq!(series[11]["figures"]["lead_time"], figures["lead_time"]);
    assert_eq!(told["before"]["figures"]["begun"], 0);
    // It is the only device: overall is what it comes to.
    let overall = test.delivery("").await;
    assert_eq!((&overall["figures"], &overall["device"]), (figures, &Value::Null));
    let devices: Value = serde_json::from_str(&test.stranger().page("/api/v1/delivery/devices").await).unwrap();
    assert_eq!((&devices["devices"][0]["device"], &devices["devices"][0]["figures"]), (&json!("magnet"), figures));
}

/// G11: where nothing went into production there is no figure, and nobody is told of 0 % or of no time at all.
#[tokio::test]
async fn g11_no_case_is_no_figure() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.does("ilse", "magnet", Command::VerifyTag { tag: tag("1.0.0") }).await.unwrap();
    test.does("marek", "magnet", Command::Deploy { server: REDUCED.into(), tag: Some(tag("1.0.0")) }).await.unwrap();
    for query in ["", "?device=magnet", "?instrument=SCS", "?by=week"] {
        let told = test.delivery(query).await;
        let figures = &told["figures"];
        assert_eq!((&figures["begun"], &figures["change_failure_ratio"]), (&json!(0), &Value::Null), "{query}");
        assert_eq!((&figures["lead_time"], &figures["time_to_restore"]), (&no_times(), &no_times()), "{query}");
    }
    assert_eq!(test.delivery("?from=2027-01-01&to=2027-01-31").await["figures"]["succeeded_per_month"], Value::Null);
    let stranger = test.stranger();
    for (path, of) in [("/delivery", ""), ("/delivery?every=week", ""), ("/delivery?instrument=SCS", " for SCS")] {
        let page = stranger.page(path).await;
        assert!(page.contains(&format!("Nothing{of} has gone into production lately")), "{path}: {page}");
        assert!(!page.contains(" %") && !page.contains("NaN"), "{path}: {page}");
    }
    let page = stranger.page("/devices/magnet/delivery").await;
    assert!(page.contains("Nothing of magnet has gone into production lately"), "{page}");
    assert_eq!(stranger.page("/delivery.csv").await.lines().count(), 1, "only its columns have names");
    for path in ["/devices/nothing/delivery", "/devices/nothing/delivery?every=week"] {
        assert_eq!(stranger.get(path).await.status(), 404, "{path}");
    }
}

/// G11: a tag without a date, and one whose date lies ahead, count from when the release was put on record.
#[tokio::test]
async fn g11_a_tag_without_a_credible_date() {
    let test = TestApp::new().await;
    let token = test.two_environments().await;
    test.advance(Duration::days(1));
    test.repository.git(&["commit", "--allow-empty", "-m", "light"]);
    test.repository.git(&["tag", "1.2.0"]);
    test.on_staging("magnet", "1.2.0").await;
    test.reports_stage("jonas", "magnet", "1.2.0", Stage::Deployable, true).await.unwrap();
    assert_eq!(test.device("magnet").await.release(&tag("1.2.0")).unwrap().verified.tagged_at, None);
    test.advance(Duration::hours(2));
    test.goes(&token, "1.2.0", FULL, &[(4, succeeded())]).await;
    let of_day =
        async |day: &str| test.delivery(&format!("?from={day}&to={day}")).await["figures"]["lead_time"].clone();
    assert_eq!(of_day("2026-11-22").await["median_seconds"], 2 * 3600 + 240);

    test.advance(Duration::days(1));
    let ahead = test.releases("1.3.0", Duration::hours(-30)).await;
    assert!(ahead > test.app.clock.now(), "{ahead}");
    test.advance(Duration::hours(1));
    test.goes(&token, "1.3.0", FULL, &[(5, succeeded())]).await;
    assert_eq!(of_day("2026-11-23").await["median_seconds"], 3600 + 300);
}

/// G11: what moved on by itself and what was placed by hand is delivered like anything else; by hand it is so at once, until
/// it is said to have failed.
#[tokio::test]
async fn g11_moved_on_and_by_hand() {
    let test = TestApp::new().await;
    let token = test.two_environments().await;
    assert_eq!(test.counted().await, (json!(1), json!(1)));
    test.does("lena", "magnet", Command::MoveOnByItself { server: FULL.into() }).await.unwrap();
    test.goes(&token, "1.1.0", TRIAL, &[(2, succeeded())]).await;
    moving_on::keep(&test.app).await.unwrap();
    assert_eq!(test.counted().await, (json!(1), json!(1)), "it has not begun");
    let page = deployments::list(&test.app, &Which::default()).await.unwrap();
    let (_, permit) = test.sends(&format!("/{}/permit", page.deployments[0].id), &token, &json!({})).await;
    assert_eq!(test.begins(&permit, &token).await.0, 200);
    assert_eq!(test.counted().await, (json!(2), json!(1)), "it is under way");
    assert_eq!(test.reports(&permit, &token, succeeded()).await.0, 200);
    assert_eq!(test.counted().await, (json!(2), json!(2)));

    test.advance(Duration::minutes(10));
    let by_hand = Command::Deploy { server: FULL.into(), tag: Some(tag("1.0.0")) };
    test.does("lena", "magnet", by_hand).await.unwrap();
    assert_eq!(test.counted().await, (json!(3), json!(3)));
    let newest = deployments::list(&test.app, &Which::default()).await.unwrap().deployments[0].id;
    assert_eq!(test.reports(&json!({ "id": newest.to_string() }), &token, failed()).await.0, 200);
    let told = test.delivery("").await;
    let figures = &told["figures"];
    assert_eq!((&figures["begun"], &figures["succeeded"], &figures["failed"]), (&json!(3), &json!(2), &json!(1)));
    assert_eq!(figures["lead_time"]["cases"], 2, "an older release is no new one");
}

/// G11: figures are of the days that are asked for, beside as long a time before; a release that was there before all that is
/// looked at is no new one.
#[tokio::test]
async fn g11_a_span_and_the_time_before_it() {
    let test = TestApp::new().await;
    let token = test.two_environments().await;
    // On 21 November CTRL took 1.0.0 over; on the 22nd comes 1.1.0, and on the 25th 1.0.0 again.
    test.advance(Duration::days(1));
    test.goes(&token, "1.1.0", FULL, &[(3, succeeded())]).await;
    test.advance(Duration::days(3));
    test.goes(&token, "1.0.0", FULL, &[(3, succeeded())]).await;
    for (from, to, before, counts, leads) in [
        ("2026-11-25", "2026-11-25", "2026-11-24", (1, 0), 0),
        ("2026-11-22", "2026-11-25", "2026-11-18", (2, 1), 1),
        ("2026-11-24", "2026-11-25", "2026-11-22", (1, 1), 0),
        ("2026-11-01", "2026-11-30", "2026-10-01", (3, 0), 2),
        ("2026-12-01", "2026-12-31", "2026-11-01", (0, 3), 0),
        ("2023-12-01", "2026-11-30", "2020-12-01", (3, 0), 2),
    ] {
        let told = test.delivery(&format!("?from={from}&to={to}&device=magnet")).await;
        assert_eq!((&told["from"], &told["to"], &told["before"]["from"]), (&json!(from), &json!(to), &json!(before)));
        let begun = (&told["figures"]["begun"], &told["before"]["figures"]["begun"]);
        assert_eq!(begun, (&json!(counts.0), &json!(counts.1)), "{from} to {to}: {told}");
        assert_eq!(told["figures"]["lead_time"]["cases"], leads, "{from} to {to}: {told}");
    }
    let weeks = test.delivery("?by=week").await;
    assert_eq!((&weeks["from"], &weeks["to"]), (&json!("2026-08-31"), &json!("2026-11-29")));
    let series = weeks["series"].as_array().unwrap();
    let begun: Vec<i64> = series.iter().map(|p| p["figures"]["begun"].as_i64().unwrap()).collect();
    assert_eq!(begun, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1]);
}

/// G11, E3: what is no span, no device and no word is refused, with its name; a page of devices goes on at the next.
#[tokio::test]
async fn g11_what_is_no_span_is_refused() {
    let test = TestApp::new().await;
    for (path, field) in [
        ("?from=2026-11-22&to=2026-11-21", "from"),
        ("?from=2027-01-01", "from"),
        ("?from=2020-01-01&to=2026-11-30", "from"),
        ("?from=1969-12-31", "from"),
        ("?from=yesterday", "from"),
        ("?from=", "from"),
        ("?to=2026-02-30", "to"),
        ("?by=day", "by"),
        ("?device=nothing", "device"),
        ("?device=nothing&instrument=SCS", "instrument"),
        ("?since=2026-11-22", "query"),
        ("?by=week&by=week", "query"),
        ("/devices?by=week", "query"),
        ("/devices?limit=0", "limit"),
        ("/devices?from=yesterday", "from"),
    ] {
        let (named, problem) = test.delivery_refused(path).await;
        assert_eq!(named, field, "{path}: {problem}");
    }
    let stranger = test.stranger();
    for path in ["/delivery?every=day", "/delivery?by=age", "/delivery?since=1", "/delivery.csv?every=day"] {
        assert_eq!(stranger.get(path).await.status(), 422, "{path}");
    }
    assert_eq!(stranger.get("/api/v1/delivery?from=2023-12-01&to=2026-11-30").await.status(), 200, "three years");
}

/// G11, A26: everybody reads the figures on pages, by words where they are few, with their trend drawn and told; the device's
/// page leads to its own, and a file for spreadsheets has all of it.
#[tokio::test]
async fn g11_figures_are_read_on_pages_and_in_a_sheet() {
    let test = TestApp::new().await;
    let token = test.two_environments().await;
    test.advance(Duration::minutes(30));
    test.goes(&token, "1.1.0", FULL, &[(5, failed())]).await;
    test.advance(Duration::minutes(90));
    test.goes(&token, "1.1.0", FULL, &[(2, succeeded())]).await;
    let stranger = test.stranger();
    for path in
        ["/delivery", "/delivery?every=week&by=lead", "/devices/magnet/delivery", "/devices/magnet/delivery?every=week"]
    {
        let page = stranger.page(path).await;
        for said in [
            "<p class=\"amount\">2 deployments</p>",
            "<p class=\"amount\">1 of 3</p>",
            // From 8:35 to 10:07.
            "<p class=\"amount\">2 h</p>",
            "2 deployments into production succeeded.",
            "Nothing deployed in the 12 months before.",
            "Nov 2026: 1 of 3.",
            "preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Deployments that succeeded. ",
            "<summary><span class=\"chev\">",
            "<th scope=\"row\">Nov 2026</th>",
        ] {
            let said = match path.contains("week") {
                true => said.replace("12 months", "13 weeks").replace("Nov 2026: 1", "from 16 Nov 2026: 1"),
                false => said.to_owned(),
            };
            let said = if path.contains("week") && said.contains("scope=\"row\"") {
                "from 16 Nov 2026</th>".to_owned()
            } else {
                said
            };
            assert!(page.contains(&said), "{path} lacks {said}: {page}");
        }
        assert!(!page.contains(" %<"), "few cases are no share: {page}");
    }
    let page = stranger.page("/delivery").await;
    assert!(page.contains("href=\"/devices/magnet/delivery\">magnet</a>"), "{page}");
    assert!(page.contains("href=\"/delivery.csv\"") && page.contains("href=\"/delivery?every=week\""), "{page}");
    assert!(
        stranger.page("/delivery?instrument=MID").await.contains("Nothing for MID has gone into production lately")
    );
    assert!(stranger.page("/devices/magnet").await.contains("href=\"/devices/magnet/delivery\""));
    assert!(stranger.page("/deployments").await.contains("href=\"/delivery\""));

    let sheet = stranger.page("/delivery.csv").await;
    let mut rows = csv::ReaderBuilder::new().from_reader(sheet.as_bytes());
    let all: Vec<csv::StringRecord> = rows.records().map(|r| r.unwrap()).collect();
    let [row] = &all[..] else { panic!("{sheet}") };
    let cells: Vec<&str> = row.iter().collect();
    assert_eq!(cells[..7], ["magnet", "2025-12-01", "2026-11-30", "3", "2", "1", "2"], "{sheet}");
    assert_eq!(cells[9..], ["1", "5520", "5520", "0"], "{sheet}");
    assert!(stranger.page("/delivery.csv?instrument=MID").await.lines().count() == 1);
}

/// PERFORMANCE, G11: ten thousand deployments cost as many statements as one, and are read from one index alone.
#[tokio::test]
async fn g11_figures_of_many_deployments_are_read_at_once() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    let stranger = test.stranger();
    let pages = [
        "/delivery",
        "/devices/magnet/delivery",
        "/api/v1/delivery",
        "/api/v1/delivery?device=magnet",
        "/delivery.csv",
    ];
    let cost = async || {
        let mut costs = Vec::new();
        for path in pages {
            stranger.page(path).await;
            let _nothing_is_taken_in = test.app.projection.taking_in.lock().await;
            let before = test.app.db.statements();
            stranger.page(path).await;
            costs.push(test.app.db.statements() - before);
        }
        costs
    };
    let few = cost().await;
    let tx = test.app.db.begin().await.unwrap();
    let copies = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
        INSERT INTO deployment (id, device_id, tag, server, state, asked_by, at, unsettled, body, released, begun, succeeded, failed)
        SELECT 'copy ' || n.i, d.device_id, d.tag, d.server, d.state, d.asked_by, d.at, d.unsettled, d.body, d.released,
               d.begun - 1000 * n.i, d.succeeded - 1000 * n.i, CASE WHEN n.i % 10 = 0 THEN d.succeeded - 1000 * n.i + 60 END
        FROM deployment d, n";
    tx.execute_unprepared(copies).await.unwrap();
    tx.commit().await.unwrap();
    let told = test.delivery("").await;
    let figures = &told["figures"];
    assert_eq!(
        (&figures["begun"], &figures["failed"], &figures["not_restored"]),
        (&json!(10_001), &json!(1000), &json!(0))
    );
    // A thousand seconds lie between one success and the next; what failed did so a minute after its own.
    assert_eq!(figures["time_to_restore"]["median_seconds"], 1000 - 60);
    assert_eq!(cost().await, few);

    if test.app.db.read.get_database_backend() == DbBackend::Sqlite {
        let since = Utc.with_ymd_and_hms(2025, 1, 1, 0, 0, 0).unwrap();
        let of_one = Some(test.device("magnet").await.id);
        for (device, instrument) in [(None, None), (of_one, None), (None, Some("SCS".to_owned()))] {
            let (sql, values) = store::delivery::query(false, &Wanted { since, device, instrument });
            let plan = Statement::from_sql_and_values(DbBackend::Sqlite, format!("EXPLAIN QUERY PLAN {sql}"), values);
            let steps = test.app.db.read.query_all_raw(plan).await.unwrap();
            let steps: Vec<String> = steps.iter().map(|r| r.try_get("", "detail").unwrap()).collect();
            let of_deployments: Vec<&String> = steps
                .iter()
                .filter(|s| s.starts_with("SCAN d") || s.starts_with("SEARCH d") || s.contains(" e "))
                .collect();
            assert!(of_deployments.len() == 2, "{steps:?}");
            assert!(of_deployments.iter().all(|s| s.contains("COVERING INDEX deployment_delivered")), "{steps:?}");
        }
    }
}

/// G11, A35: whoever has figures counted again and again is told to wait, and has everything else answered.
#[tokio::test]
async fn g11_figures_are_not_counted_without_end() {
    let test = TestApp::new().await;
    let stranger = test.stranger();
    let asked = (0..150).map(|_| stranger.get("/api/v1/delivery/devices"));
    let answers = futures_util::future::join_all(asked).await;
    let all = |status: u16| answers.iter().filter(|a| a.status() == status).count();
    assert!(all(200) >= 60 && all(429) > 0 && all(200) + all(429) == 150, "{} and {}", all(200), all(429));
    assert_eq!(stranger.get("/api/v1/devices").await.status(), 200);
}

/// What each deployment came to, as its columns have it.
async fn columns(c: &impl ConnectionTrait) -> Vec<(String, [Option<i64>; 5])> {
    let all = "SELECT id, released, begun, succeeded, failed, mended FROM deployment ORDER BY id";
    let rows = c.query_all_raw(Statement::from_string(c.get_database_backend(), all)).await.unwrap();
    let of = |row: &sea_orm::QueryResult| {
        let seconds = [1, 2, 3, 4, 5].map(|n| row.try_get_by_index::<Option<i64>>(n).unwrap());
        (row.try_get_by_index::<String>(0).unwrap(), seconds)
    };
    rows.iter().map(of).collect()
}

/// Those that count: of no others the moment of their release is needed.
fn counting(all: &[(String, [Option<i64>; 5])]) -> Vec<(String, [Option<i64>; 5])> {
    all.iter().filter(|(_, seconds)| seconds[1].is_some()).cloned().collect()
}

/// G11, F11: what was on record before there were figures is counted as what came since.
#[tokio::test]
async fn g11_what_was_on_record_before_is_counted() {
    let test = TestApp::new().await;
    let token = test.two_environments().await;
    let tests = |passed: bool| json!({ "what": "tests_after", "passed": passed, "text": "All of \"them\"." });
    test.advance(Duration::milliseconds(90_750));
    let mended =
        [(1, succeeded()), (1, tests(true)), (1, tests(false)), (1, tests(false)), (1, tests(true)), (1, tests(true))];
    test.goes(&token, "1.1.0", FULL, &mended).await;
    test.goes(&token, "1.0.0", FULL, &[(1, failed())]).await;
    test.goes(&token, "1.1.0", TRIAL, &[(1, succeeded())]).await;
    test.does("lena", "magnet", Command::Deploy { server: FULL.into(), tag: Some(tag("1.0.0")) }).await.unwrap();
    test.allowed(&token, "1.1.0", FULL).await;
    let kept = columns(&test.app.db.read).await;
    let of = |n: usize| kept.iter().filter(|(_, seconds)| seconds[n].is_some()).count();
    assert_eq!([of(0), of(1), of(2), of(3), of(4)], [6, 4, 3, 2, 1], "{kept:?}");

    // The tag of the first one says a year that is none: it counts from when its release was put on record.
    let mut expected = counting(&kept);
    let on_record = test.device("magnet").await.release(&tag("1.0.0")).unwrap().at;
    expected[0].1[0] = Some(on_record.timestamp());
    let year = format!(
        "UPDATE deployment SET body = replace(body, '\"tagged_at\":\"20', '\"tagged_at\":\"+120') WHERE id = '{}'",
        expected[0].0
    );

    // As it was before: without the columns, and without the step that brings them.
    let tx = test.app.db.begin().await.unwrap();
    tx.execute_unprepared(&year).await.unwrap();
    tx.execute_unprepared("DROP INDEX deployment_delivered").await.unwrap();
    for column in ["released", "begun", "succeeded", "failed", "mended"] {
        tx.execute_unprepared(&format!("ALTER TABLE deployment DROP COLUMN {column}")).await.unwrap();
    }
    tx.execute_unprepared("DELETE FROM seaql_migrations WHERE version = 'm0039_delivery'").await.unwrap();
    tx.commit().await.unwrap();
    let again = store::Db::open_kept(&postgres::kept(test.dir.path()).await).await.unwrap();
    assert_eq!(counting(&columns(&again.read).await), expected);
    again.close().await.unwrap();
}

/// G11, F11: what an older Custody beside this one put on record, or reported, without a word for figures is counted after
/// the next regular checks.
#[tokio::test]
async fn g11_what_an_older_custody_left_open_is_filled_in() {
    let test = TestApp::new().await;
    let token = test.two_environments().await;
    test.advance(Duration::minutes(10));
    test.goes(&token, "1.1.0", FULL, &[(1, succeeded())]).await;
    test.goes(&token, "1.0.0", FULL, &[(1, failed())]).await;
    test.goes(&token, "1.1.0", TRIAL, &[(1, succeeded())]).await;
    test.allowed(&token, "1.1.0", FULL).await;
    let kept = columns(&test.app.db.read).await;
    delivery::keep(&test.app).await.unwrap();
    assert_eq!(columns(&test.app.db.read).await, kept, "there is nothing to fill in");

    let tx = test.app.db.begin().await.unwrap();
    let without = match tx.get_database_backend() {
        DbBackend::Postgres => "(body::jsonb - 'on_record')::text",
        _ => "json_remove(body, '$.on_record')",
    };
    let left_open = format!(
        "UPDATE deployment SET body = {without}, released = NULL, begun = NULL, succeeded = NULL, failed = NULL"
    );
    tx.execute_unprepared(&left_open).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(test.counted().await, (json!(0), json!(0)));
    checks::round(&test.app).await.unwrap();
    assert_eq!(counting(&columns(&test.app.db.read).await), counting(&kept));
    assert_eq!(test.counted().await, (json!(3), json!(2)));
}
