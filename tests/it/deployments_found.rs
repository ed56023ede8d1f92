//! Deployments as they are looked for, by people and by programs, and where one of them leads (G9).

use crate::{
    app::{FULL, REDUCED, REDUCED_TOO, TestApp},
    environments::{TRIAL, succeeded},
    given::tag,
    postgres,
};
use chrono::Duration;
use custody::{
    domain::{
        deployment::{Deployment, DeploymentState, PermitGiven, Report},
        id::DeploymentId,
        lifecycle::Command,
    },
    service::{
        deployments::{self, Which},
        servers,
    },
    store::{self, connection::Kept},
};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::Value;

/// The letters of four deployments, the newest first.
const LETTERS: [char; 4] = ['D', 'C', 'B', 'A'];

impl TestApp {
    /// D waits to begin in production; C succeeded in development; B is another device's, placed there by hand; A
    /// succeeded in production.
    async fn four_deployments(&self) -> Vec<Deployment> {
        let token = self.two_environments().await;
        self.reduced_support("grating").await;
        self.does("ilse", "grating", Command::VerifyTag { tag: tag("1.0.0") }).await.unwrap();
        let by_hand = Command::Deploy { server: REDUCED.into(), tag: Some(tag("1.0.0")) };
        self.does("marek", "grating", by_hand).await.unwrap();
        self.deployed(&token, "1.1.0", TRIAL, &[succeeded()]).await;
        self.allowed(&token, "1.1.0", FULL).await;
        let all = deployments::list(&self.app, &Which::default()).await.unwrap().deployments;
        assert_eq!(all.len(), LETTERS.len(), "{all:?}");
        all
    }

    async fn deployments(&self, query: &str) -> Value {
        let page = self.stranger().page(&format!("/api/v1/deployments{query}")).await;
        serde_json::from_str(&page).unwrap()
    }

    /// What programs find, by its letters.
    async fn finds(&self, all: &[Deployment], query: &str) -> String {
        let page = self.deployments(query).await;
        let letter = |d: &Value| LETTERS[all.iter().position(|one| d["id"] == one.id.to_string()).unwrap()];
        page["deployments"].as_array().unwrap().iter().map(letter).collect()
    }

    /// Puts one more on record, made from another.
    async fn adds(&self, of: &Deployment, state: DeploymentState, permit: Option<PermitGiven>) -> DeploymentId {
        let id = DeploymentId(uuid::Uuid::now_v7());
        let tx = self.app.db.begin().await.unwrap();
        store::deployments::insert(&tx, &Deployment { id, state, permit, ..of.clone() }, None).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// The ids of every page that programs read, and how many stand on each.
    async fn pages(&self, query: &str) -> (Vec<String>, Vec<usize>) {
        let (mut ids, mut sizes, mut after) = (Vec::new(), Vec::new(), String::new());
        loop {
            let page = self.deployments(&format!("{query}{after}")).await;
            let some = page["deployments"].as_array().unwrap();
            ids.extend(some.iter().map(|d| d["id"].as_str().unwrap().to_owned()));
            sizes.push(some.len());
            let Some(next) = page["next"].as_str() else { return (ids, sizes) };
            after = format!("&after={next}");
        }
    }
}

/// G9, E3: programs find deployments by device, server, state and environment, and by several of them at once.
#[tokio::test]
async fn g9_programs_find_deployments() {
    let test = TestApp::new().await;
    let all = test.four_deployments().await;
    for (query, found) in [
        ("", "DCBA"),
        ("?device=magnet", "DCA"),
        ("?device=grating", "B"),
        (&format!("?server={FULL}"), "DA"),
        (&format!("?server={TRIAL}"), "C"),
        (&format!("?server={REDUCED_TOO}"), ""),
        ("?state=succeeded", "CA"),
        ("?state=allowed", "DB"),
        ("?state=started", ""),
        ("?environment=production", "DA"),
        ("?environment=development", "CB"),
        ("?device=magnet&environment=development", "C"),
        ("?state=succeeded&environment=production", "A"),
        (&format!("?device=magnet&server={FULL}&state=allowed&environment=production"), "D"),
        (&format!("?device=grating&server={FULL}"), ""),
    ] {
        assert_eq!(test.finds(&all, query).await, found, "{query}");
    }
    // A server that is no more is found by what went there.
    test.does("lena", "magnet", Command::Remove { server: TRIAL.into() }).await.unwrap();
    servers::remove(&test.app, &test.caller("ada"), TRIAL).await.unwrap();
    assert_eq!(test.finds(&all, &format!("?server={TRIAL}")).await, "C");
}

/// G9, F10: deployments are in the state that they have by the clock, whether or not that is on record yet.
#[tokio::test]
async fn g9_what_ran_out_is_found_as_that() {
    let test = TestApp::new().await;
    let all = test.four_deployments().await;
    assert_eq!(test.finds(&all, "?state=expired").await, "");
    // The clock was set back: by no clock is it known how old the permit is.
    test.advance(Duration::minutes(-2));
    assert_eq!(test.finds(&all, "?state=expired").await, "D");
    assert_eq!(test.finds(&all, "?state=allowed").await, "B");
    test.advance(Duration::minutes(2));
    assert_eq!(test.finds(&all, "?state=allowed").await, "DB");
    test.advance(Duration::minutes(6));
    for settled in [false, true] {
        for (query, found) in [
            ("?state=allowed", "B"),
            ("?state=expired", "D"),
            ("?state=expired&device=magnet", "D"),
            ("?state=expired&device=grating", ""),
            ("?state=expired&environment=production", "D"),
            ("?state=expired&environment=development", ""),
            (&format!("?state=expired&server={FULL}"), "D"),
        ] {
            assert_eq!(test.finds(&all, query).await, found, "{query}, on record: {settled}");
        }
        deployments::keep(&test.app).await.unwrap();
    }
}

/// G9, E3: what is no such thing is refused, with its name.
#[tokio::test]
async fn g9_what_is_no_such_thing_is_refused() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    for (query, field) in [
        ("?device=nothing", "device"),
        ("?device=", "device"),
        ("?device=magnet&server=nowhere", "server"),
        ("?state=broken", "state"),
        ("?state=", "state"),
        ("?environment=staging", "environment"),
        ("?device=magnet&after=x", "after"),
        ("?tag=1.0.0", "query"),
        ("?device=magnet&device=magnet", "query"),
    ] {
        let response = test.stranger().get(&format!("/api/v1/deployments{query}")).await;
        assert_eq!(response.status(), 422, "{query}");
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["errors"][0]["field"], field, "{query}: {problem}");
    }
}

/// G9, E3: a list that goes on keeps what was looked for, and each of them is read once.
#[tokio::test]
async fn g9_pages_keep_what_was_looked_for() {
    let test = TestApp::new().await;
    let all = test.four_deployments().await;
    let [_, _, grating, magnet] = &all[..] else { panic!("{all:?}") };
    for _ in 0..60 {
        test.adds(magnet, DeploymentState::Succeeded, None).await;
        test.adds(magnet, DeploymentState::Failed, None).await;
        test.adds(grating, DeploymentState::Succeeded, None).await;
    }
    for (query, sizes) in [
        ("?device=magnet&state=succeeded&environment=production", [50_usize, 11].as_slice()),
        (&format!("?server={FULL}"), &[50, 50, 22]),
        ("?environment=development", &[50, 12]),
    ] {
        let (ids, found) = test.pages(query).await;
        assert_eq!(found, sizes, "{query}");
        assert!(ids.is_sorted_by(|a, b| a > b), "{query}: the newest first, each once");
    }
    let stranger = test.stranger();
    let first = stranger.page("/deployments?device=magnet&server=&state=succeeded&environment=production").await;
    let more = first.split("\">Show the next 50<").next().unwrap().rsplit("href=\"").next().unwrap();
    let more = more.replace("&#38;", "&");
    assert!(more.starts_with("/deployments?device=magnet&state=succeeded&environment=production&before="), "{more}");
    let last = stranger.page(&more).await;
    assert_eq!([&first, &last].map(|page| page.matches("<li><div class=\"grow\">").count()), [50_usize, 11]);
    assert!(last.contains("value=\"magnet\"") && !last.contains("Show the next"), "{last}");
}

/// G9, E3: what ran out comes in one order, on record as that or not.
#[tokio::test]
async fn g9_pages_of_what_ran_out_are_whole() {
    let test = TestApp::new().await;
    let all = test.four_deployments().await;
    let magnet = &all[0];
    let permit = magnet.permit.clone().unwrap();
    let mut expected = vec![magnet.id.to_string()];
    for n in 0..60 {
        let permit = PermitGiven { jti: format!("ran-out-{n}"), ..permit.clone() };
        expected.push(test.adds(magnet, DeploymentState::Allowed, Some(permit)).await.to_string());
        expected.push(test.adds(magnet, DeploymentState::Expired, None).await.to_string());
    }
    expected.reverse();
    test.advance(Duration::minutes(6));
    for query in ["?state=expired", "?state=expired&device=magnet"] {
        assert_eq!(test.pages(query).await, (expected.clone(), vec![50, 50, 21]), "{query}");
    }
}

/// G9: people look for deployments with a form that keeps what they chose; where there is none, the page says of what, and
/// how to see all.
#[tokio::test]
async fn g9_people_find_deployments() {
    let test = TestApp::new().await;
    let all = test.four_deployments().await;
    let stranger = test.stranger();
    let page = stranger.page("/deployments?device=+magnet&server=&state=succeeded&environment=").await;
    for (d, letter) in all.iter().zip(LETTERS) {
        let shown = page.contains(&format!("href=\"/deployments/{}\"", d.id));
        assert_eq!(shown, "CA".contains(letter), "{letter}: {page}");
    }
    for kept in ["value=\" magnet\"", "<option value=\"succeeded\" selected>", "href=\"/deployments\">Show all</a>"] {
        assert!(page.contains(kept), "{kept}: {page}");
    }
    let all = "<a href=\"/deployments\">Show all</a>";
    for (query, said) in [
        ("device=grating&state=failed&environment=production", "No deployment of grating in production has failed."),
        (&format!("server={REDUCED_TOO}"), &format!("No deployment onto {REDUCED_TOO} is on record.")),
        ("device=magnet&state=expired", "No deployment of magnet ran out before it began."),
        ("device=magnets", "No device is called magnets: enter its whole name, like beamConditionCheck."),
        ("server=nowhere", "No server is called nowhere: enter its whole name, like cppServer/contrib_scs_01."),
    ] {
        let page = stranger.page(&format!("/deployments?{query}")).await;
        assert!(page.contains(&format!("{said} {all}")), "{query}: {page}");
    }
    assert!(!stranger.page("/deployments?device=%3Cb%3Ex").await.contains("<b>x"));
    for (query, status) in [("state=broken", 422), ("environment=staging", 422), ("tag=1.0.0", 422), ("before=x", 404)]
    {
        assert_eq!(stranger.get(&format!("/deployments?{query}")).await.status(), status, "{query}");
    }
}

/// G9, A25: a deployment leads to its release, its device and its server, and each report to the page that it names; a
/// device and its releases lead to its deployments.
#[tokio::test]
async fn g9_a_deployment_leads_on() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    let id = deployments::list(&test.app, &Which::default()).await.unwrap().deployments[0].id;
    let link = "https://gitlab.example.org/jobs/17".to_owned();
    let report = Report::TestsAfter { passed: true, link, text: "All of them.".to_owned() };
    deployments::report(&test.app, &test.caller("lena"), id, report).await.unwrap();
    let stranger = test.stranger();
    let page = stranger.page(&format!("/deployments/{id}")).await;
    let (release, board) = ("/devices/magnet/releases/1.0.0", "/?q=cppServer%2Fctrl_scs_01");
    for href in ["/devices/magnet", release, board, "/deployments?device=magnet"] {
        assert!(page.contains(&format!("href=\"{href}\"")), "{href}: {page}");
    }
    let leads = "All of them. <a class=\"break\" href=\"https://gitlab.example.org/jobs/17\" \
                 rel=\"noopener noreferrer\">gitlab.example.org</a>";
    assert!(page.contains(leads), "{page}");
    assert!(stranger.page(board).await.contains("href=\"/devices/magnet\""));
    for path in ["/devices/magnet", release] {
        assert!(stranger.page(path).await.contains("href=\"/deployments?device=magnet\""), "{path}");
    }
}

/// The steps by which SQLite finds this. PostgreSQL chooses by how much there is, and here is next to nothing: that it need
/// not read everything is all that can be said of it.
async fn steps(test: &TestApp, query: &str) -> Option<Vec<String>> {
    if let Kept::Server(_) = postgres::kept(test.dir.path()).await {
        let plan = postgres::plan(test, query).await;
        assert!(!plan.contains("Seq Scan on deployment"), "{plan}");
        return None;
    }
    let plan = Statement::from_string(DbBackend::Sqlite, format!("EXPLAIN QUERY PLAN {query}"));
    let rows = test.app.db.read.query_all_raw(plan).await.unwrap();
    Some(rows.iter().map(|r| r.try_get::<String>("", "detail").unwrap()).collect())
}

/// PERFORMANCE, G9: each of what deployments are looked for by has an index, in whose order they are read; what leads to
/// fewer of them leads. What ran out lately is found among the few that have a permit.
#[tokio::test]
async fn deployments_are_found_by_an_index() {
    let test = TestApp::new().await;
    let environment = match postgres::kept(test.dir.path()).await {
        Kept::Server(_) => "(body::jsonb ->> 'environment')",
        Kept::File(_) => "json_extract(body, '$.environment')",
    };
    let ran_out =
        "permit_until IS NOT NULL AND (permit_until <= '2026-11-21T08:00:00Z' OR at > '2026-11-21T08:00:00Z')";
    for (of, index) in [
        ("device_id = 'x' AND server || '' = 'y' AND state || '' = 'failed'", "deployment_of_device"),
        ("server = 'x' AND state || '' = 'failed'", "deployment_of_server"),
        (&format!("state = 'failed' AND {environment} || '' = 'production'"), "deployment_state"),
        (&format!("{environment} = 'production'"), "deployment_environment"),
        (&format!("state = 'allowed' AND NOT ({ran_out})"), "deployment_state"),
    ] {
        let query = format!("SELECT * FROM deployment WHERE {of} AND id < 'z' ORDER BY id DESC LIMIT 51");
        let Some(steps) = steps(&test, &query).await else { continue };
        assert!(matches!(&steps[..], [one] if one.contains(index)), "{of}: {steps:?}");
    }
    let lately = format!("state = 'allowed' AND {ran_out} AND server || '' = 'x' AND id || '' < 'z'");
    let lately = format!("SELECT * FROM deployment WHERE {lately} ORDER BY id || '' DESC LIMIT 51");
    if let Some(steps) = steps(&test, &lately).await {
        assert!(steps[0].contains("deployment_waiting"), "{steps:?}");
    }
}

/// PERFORMANCE, G5: what was deployed last is read alone, and not with all that was before it.
#[tokio::test]
async fn the_last_deployment_is_found_without_those_before_it() {
    let test = TestApp::new().await;
    let of_it = "SELECT body FROM deployment WHERE device_id = 'x' AND state IN ('allowed', 'started', 'succeeded')";
    let around = "server || '' IN (SELECT name FROM server WHERE environment = 'production')";
    for (query, index) in [
        (format!("{of_it} AND server = 'y' ORDER BY at DESC, id DESC LIMIT 1"), "deployment_placed"),
        (format!("{of_it} AND {around} ORDER BY id DESC LIMIT 1"), "deployment_of_device"),
    ] {
        let Some(steps) = steps(&test, &query).await else { continue };
        assert!(steps[0].contains(index), "{steps:?}");
        // Those of one moment alone are put in order.
        assert!(steps.iter().all(|step| step != "USE TEMP B-TREE FOR ORDER BY"), "{steps:?}");
    }
}
