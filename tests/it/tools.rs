//! What other tools show of Custody: status, badge, panel, feeds, calendars, lists (O4).

use crate::{
    app::{FULL, POLICY, REDUCED, REDUCED_TOO, TestApp, facility, open},
    given::policy_with,
    postgres,
};
use chrono::Duration;
use custody::{
    domain::{id::ServerName, lifecycle::Command},
    ports::clock::Clock,
    service::{
        Caller, calendar,
        observations::{Report, observe},
    },
};
use reqwest::{Response, StatusCode, header};
use serde_json::{Value, json};

/// Everything that anybody may read without a sign-in; the last of them is asked by name.
const OPEN: [&str; 6] = [
    "/api/v1/status/",
    "/devices.csv",
    "/instances.csv",
    "/feeds/support.atom",
    "/feeds/support.atom?instrument=SCS",
    "/api/v1/devices",
];

impl TestApp {
    async fn status(&self, name: &str) -> Value {
        let response = self.stranger().get(&format!("/api/v1/status/{name}")).await;
        assert_eq!(response.status(), 200, "{name}");
        assert_eq!(response.headers()["content-type"], "application/json");
        response.json().await.unwrap()
    }

    /// An agent's report of one instance of a class.
    async fn seen_as(&self, instance: &str, class: &str, server: &str, version: &str) {
        let report = Report {
            instance: instance.to_owned(),
            class: class.to_owned(),
            server: server.to_owned(),
            host: "scs-rr-01".to_owned(),
            version: version.to_owned(),
            since: self.app.clock.now(),
        };
        let agent = Caller { origin: "test agent".to_owned(), ..Caller::custody() };
        observe(&self.app, &agent, &ServerName::from(server), vec![report], false).await.unwrap();
        self.shown().await;
    }

    async fn again(&self, path: &str, before: &Response) -> StatusCode {
        let tag = before.headers()[header::ETAG].clone();
        let url = format!("{}{path}", self.url);
        let again = reqwest::Client::new().get(url).header(header::IF_NONE_MATCH, tag).send().await.unwrap();
        again.status()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// O1, O4: whether it is a verified release that runs is answered alike by the board, the status and the device: one commit
/// can carry several tags, and a tag's name with another commit is none.
#[tokio::test]
async fn o4_what_is_verified_is_so_everywhere() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    let own = test.commit_of("1.0.0").to_string();
    let other = if own.starts_with('a') { "bbbbbbbbb" } else { "aaaaaaaaa" };
    for (version, is) in [(format!("1.0.1-0-g{}", &own[..9]), true), (format!("1.0.0-0-g{other}"), false)] {
        test.sees(FULL, &[("magnet", &version)]).await;
        let status = test.status("magnet").await;
        assert_eq!((&status["where"]["version"], &status["where"]["verified"]), (&json!(version), &json!(is)));
        assert_eq!(status["support"]["status"] == "fully_supported", is, "{status}");
        let device: Value = test.stranger().get("/api/v1/devices/magnet").await.json().await.unwrap();
        let there = device["instances"].as_array().unwrap().iter().find(|i| i["server"] == FULL).unwrap();
        assert_eq!(there["verified"], is, "{device}");
        let answer = test.stranger().page("/?q=magnet").await;
        assert_eq!(answer.contains("tag verified</span>"), is, "{answer}");
        let release = test.stranger().page("/devices/magnet/releases/1.0.0").await;
        assert_eq!(release.contains("SCS_TEST/MON/MAGNET"), is, "{release}");
    }
}

/// O4: one name, whatever it is the name of, and the whole answer as the board has it.
#[tokio::test]
async fn o4_the_status_of_anything() {
    let test = TestApp::new().await;
    test.reduced_support("beamConditionCheck").await;
    test.sees(REDUCED, &[("beamConditionCheck", "1.0.0")]).await;
    let s = test.status("beamConditionCheck").await;
    assert_eq!(s["asked"], "beamConditionCheck");
    assert_eq!(s["match"]["kind"], "device");
    assert_eq!(s["match"]["device"], "beamConditionCheck");
    assert_eq!(s["match"]["exact"], true);
    assert_eq!(s["support"]["status"], "reduced_support");
    assert_eq!(s["support"]["label"], "Reduced support");
    assert_eq!(s["state"], "reduced_support");
    assert_eq!(s["may_restart"], "restart_once_then_call");
    assert_eq!(s["may_stop"], true);
    assert_eq!(s["call"][0]["name"], "Ilse Hartmann");
    assert_eq!(s["call"][0]["phone"], "+49 40 66969 214");
    assert_eq!(s["call"][0]["reach"], "now");
    assert_eq!(s["call"][1]["name"], "Marek Dvořák");
    assert_eq!(s["call"][2]["name"], s["doc"]["name"], "the shift after those who answer now");
    assert_eq!(s["doc"]["phone"], "+49 40 66969 100");
    assert_eq!(s["where"]["server"], REDUCED);
    assert_eq!(s["where"]["version"], "1.0.0");
    assert_eq!(s["where"]["silent"], false);
    let latest = text(&s["latest"][0]["text"]);
    assert!(latest.len() > 5 && !latest.contains('`'), "{latest}");
    assert!(s["as_of"]["seq"].as_i64().unwrap() > 0 && s["database_away_since"].is_null());

    let instance = test.status("SCS_TEST/MON/BEAMCONDITIONCHECK").await;
    assert_eq!(instance["match"]["kind"], "instance");
    assert_eq!(instance["match"]["instance"], "SCS_TEST/MON/BEAMCONDITIONCHECK");
    // Percent-coded, in another case, with other separators, with a typing error, by class, server, host and person.
    for other in [
        "SCS_TEST%2FMON%2FBEAMCONDITIONCHECK",
        "scs-test.mon%20beamconditioncheck",
        "beam-condition-check",
        "beamcodnitioncheck",
        "beamConditionCheckClass",
        "cppServer/contrib_scs_01",
        "scs-rr-01",
        "Hartmann",
    ] {
        assert_eq!(test.status(other).await["match"]["device"], "beamConditionCheck", "{other}");
    }

    // What is found by a part or by forgiving is said to be so: it may be another one than was meant.
    for (other, exact) in [("scs test mon beamconditioncheck", true), ("beamConditionChek", false), ("Hartmann", false)]
    {
        assert_eq!(test.status(other).await["match"]["exact"], exact, "{other}");
    }

    test.requested("beamConditionOther").await;
    let both = test.status("beamCond").await;
    assert_eq!(both["others"].as_array().unwrap().len(), 1, "{both}");
    let requested = test.status("beamConditionOther").await;
    assert_eq!(requested["support"]["status"], "none");
    assert_eq!(requested["state"], "requested");
}

/// O4, N1, N6: what is wrong overrules the contributor's word; what nobody registered is not to be relied on.
#[tokio::test]
async fn o4_what_is_wrong_overrules() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.sees(REDUCED, &[("magnet", "1.0.0")]).await;
    test.seen_as("SCS_TEST/MON/WRONG", "magnetClass", FULL, "1.0.0").await;
    let wrong = test.status("SCS_TEST/MON/WRONG").await;
    assert_eq!(wrong["support"]["status"], "not_supported");
    assert_eq!((text(&wrong["may_restart"]), wrong["may_stop"].as_bool()), ("do_not_restart", Some(false)));
    assert_eq!(wrong["call"][0]["name"], wrong["doc"]["name"]);
    let right = test.status("SCS_TEST/MON/MAGNET").await;
    assert_eq!(right["support"]["status"], "reduced_support", "an instance has its own status");
    assert_eq!(test.status("magnet").await["support"]["status"], "not_supported", "a device its most urgent one");

    test.seen_as("SCS/STRANGE/1", "strangeClass", REDUCED, "").await;
    let strange = test.status("scs/strange/1").await;
    assert_eq!(strange["match"]["kind"], "unknown_instance");
    assert!(strange["match"]["device"].is_null());
    assert_eq!(strange["support"]["status"], "unknown");
    assert_eq!(strange["may_restart"], "do_not_restart");

    let stop = test.shut_down("jonas");
    test.does("lena", "magnet", stop).await.unwrap();
    let stopped = test.status("SCS_TEST/MON/MAGNET").await;
    assert_eq!(stopped["support"]["status"], "shut_down");
    assert_eq!(stopped["call"][0]["name"], "Jonas Okafor");
    assert!(text(&stopped["note"]).contains("The rate is limited."));
}

/// O4: a name that nothing has is told as such, with names near it, and not taken for something calm.
#[tokio::test]
async fn o4_nothing_of_that_name() {
    let test = TestApp::new().await;
    test.reduced_support("beamConditionCheck").await;
    for name in ["bamcondfshn", "zzqx", "%2F", "%00", "..%2F..%2Fzzqx"] {
        let response = test.stranger().get(&format!("/api/v1/status/{name}")).await;
        assert_eq!(response.status(), 404, "{name}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert!(!response.headers().contains_key("etag"));
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["match"]["kind"], "none", "{name}");
        assert!(text(&problem["detail"]).contains("treat it as not supported at all"));
        if name == "bamcondfshn" {
            let near: Vec<&str> = problem["near"].as_array().unwrap().iter().map(text).collect();
            assert!(near.contains(&"beamConditionCheck"), "{near:?}");
        }
    }
    let post = reqwest::Client::new().post(format!("{}/api/v1/status/magnet", test.url)).send().await.unwrap();
    assert_eq!(post.status(), 405);
}

/// O4: an answer is kept for its minute, and no longer than it is right.
#[tokio::test]
async fn o4_answers_are_asked_for_again() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    for path in ["/api/v1/status/magnet", "/badge/magnet.svg", "/feeds/support.atom", "/feeds/devices/magnet.atom"] {
        let first = test.stranger().get(path).await;
        assert_eq!(first.status(), 200, "{path}");
        assert_eq!(first.headers()["cache-control"], "no-cache", "{path}");
        assert_eq!(test.again(path, &first).await, 304, "{path}");
        test.seen_as("SCS_TEST/MON/WRONG", "magnetClass", FULL, "1.0.0").await;
        assert_eq!(test.again(path, &first).await, 200, "{path}: its support changed");
        test.sees(FULL, &[]).await;
    }
    let first = test.stranger().get("/api/v1/status/magnet").await;
    test.advance(Duration::minutes(1));
    assert_eq!(test.again("/api/v1/status/magnet", &first).await, 200, "who answers may have changed");
}

/// O4: more than the programs' door takes of one address: a wall of screens asks at once.
#[tokio::test]
async fn o4_status_is_not_rationed() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let client = test.stranger();
    for _ in 0..260 {
        assert_eq!(client.get("/api/v1/status/magnet").await.status(), 200);
    }
}

/// O4, A25: the verdict as a picture that any page may show and that holds nothing but itself.
#[tokio::test]
async fn o4_a25_a_badge_for_any_page() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.sees(REDUCED, &[("magnet", "1.0.0")]).await;
    test.seen_as("SCS_TEST/MON/WRONG", "magnetClass", FULL, "1.0.0").await;
    let stranger = test.stranger();
    for (path, status, words) in [
        ("/badge/magnet.svg", 200, "magnet: Not supported at all"),
        ("/badge/magnet.svg?instance=SCS_TEST/MON/MAGNET", 200, "SCS_TEST/MON/MAGNET: Reduced support"),
        ("/badge/magnet.svg?instance=SCS_TEST/MON/NONE", 404, "SCS_TEST/MON/NONE: Not registered"),
        ("/badge/nothing.svg?v=2", 404, "nothing: Not registered"),
        ("/badge/%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E.svg", 404, "&#60;script&#62;"),
    ] {
        let response = stranger.get(path).await;
        assert_eq!(response.status(), status, "{path}");
        let headers = response.headers().clone();
        assert!(headers["content-type"].to_str().unwrap().starts_with("image/svg+xml"), "{path}");
        assert_eq!(headers["cross-origin-resource-policy"], "cross-origin");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'unsafe-inline'"), "{policy}");
        assert!(!policy.contains("script-src"));
        assert_eq!(headers["x-content-type-options"], "nosniff");
        let svg = response.text().await.unwrap();
        assert!(svg.starts_with("<svg") && svg.contains(words) && !svg.contains("<script"), "{path}: {svg}");
    }
    // That style is allowed nowhere else.
    let page = stranger.get("/devices/magnet").await;
    assert!(!page.headers()["content-security-policy"].to_str().unwrap().contains("unsafe"));
}

/// O4, A34: the panel is framed by the pages that the policy names, and by no others.
#[tokio::test]
async fn o4_a34_who_may_frame_the_panel() {
    let policy = |response: &Response| response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.sees(REDUCED, &[("magnet", "1.0.0")]).await;
    let response = test.stranger().get("/embed/magnet").await;
    assert!(policy(&response).ends_with("frame-ancestors 'none'"));
    let page = response.text().await.unwrap();
    assert!(page.contains("embed_origins"), "it says how to allow it");
    for wanted in ["Reduced support", "+49 40 66969 214", "Restart once", REDUCED, "data-theme=\"match\""] {
        assert!(page.contains(wanted), "{wanted}");
    }
    assert!(!page.contains("<script") && !page.contains("<form"));
    let night = test.stranger().page("/embed/magnet?theme=night").await;
    assert!(night.contains("data-theme=\"night\""));
    let none = test.stranger().get("/embed/%3Cscript%3E?theme=%22%3E").await;
    assert_eq!(none.status(), 404);
    let none = none.text().await.unwrap();
    assert!(none.contains("treat it as not supported at all") && !none.contains("<script>"));

    let open = "[board]\nembed_origins = [\"https://wiki.example.org\", \"http://karabo:8080\"]\n";
    let test = TestApp::with_policy(&policy_with(open)).await;
    test.requested("magnet").await;
    let response = test.stranger().get("/embed/magnet").await;
    assert!(policy(&response).ends_with("frame-ancestors https://wiki.example.org http://karabo:8080"));
    assert!(!response.text().await.unwrap().contains("embed_origins"));
    for path in ["/", "/devices/magnet", "/badge/magnet.svg", "/sign-in"] {
        assert!(policy(&test.stranger().get(path).await).contains("frame-ancestors 'none'"), "{path}");
    }
}

/// O4, A25: changes of support for feed readers: each with an id that stays, its device's address, and escaped text.
#[tokio::test]
async fn o4_a25_a_feed_of_changes() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.reduced_support("camera").await;
    let stop = Command::ShutDown {
        reason: "<script>alert(1)</script> & more".to_owned(),
        affected: "The broker.".to_owned(),
        responsible: test.person("jonas"),
        conditions: "None.".to_owned(),
    };
    test.does("lena", "magnet", stop).await.unwrap();
    let stranger = test.stranger();
    let response = stranger.get("/feeds/support.atom").await;
    assert_eq!(response.headers()["content-type"], "application/atom+xml; charset=utf-8");
    let feed: atom_syndication::Feed = response.text().await.unwrap().parse().unwrap();
    let first = &feed.entries()[0];
    assert_eq!(first.title().as_str(), "magnet: Shut down by CTRL");
    assert!(first.id().starts_with("urn:custody:"));
    assert_eq!(first.links()[0].href(), format!("{}/devices/magnet", test.url));
    assert!(first.summary().unwrap().as_str().contains("<script>alert(1)</script> & more"), "text, as it was typed");
    assert!(!stranger.page("/feeds/support.atom").await.contains("<script"));
    assert!(feed.entries().iter().any(|e| e.title().as_str().starts_with("camera: ")));
    assert_eq!(feed.updated(), first.updated());

    let own: atom_syndication::Feed = stranger.page("/feeds/devices/magnet.atom").await.parse().unwrap();
    assert!(own.entries().iter().all(|e| e.title().as_str().starts_with("magnet: ")));
    assert_eq!(own.entries()[0].id(), first.id(), "the same change is the same everywhere");
    let here: atom_syndication::Feed = stranger.page("/feeds/support.atom?instrument=SCS").await.parse().unwrap();
    assert_eq!(here.entries().len(), feed.entries().len());
    let there: atom_syndication::Feed = stranger.page("/feeds/support.atom?instrument=MID").await.parse().unwrap();
    assert!(there.entries().is_empty());
    for path in ["/feeds/devices/nothing.atom", "/feeds/devices/magnet", "/feeds/calendar/x"] {
        assert_eq!(stranger.get(path).await.status(), 404, "{path}");
    }
}

/// The address of somebody's calendar, made on their page.
async fn address(test: &TestApp, who: &str) -> String {
    let page = test.browser(who).await.post("/account/feeds/make", &[]).await;
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["cache-control"], "no-store");
    let page = page.text().await.unwrap();
    let from = page.find("/feeds/calendar/").unwrap();
    page[from..].split(".ics").next().unwrap().to_owned() + ".ics"
}

/// O4, B4, T2: the days of a person's own devices, for their calendar; what was replaced or removed opens nothing.
#[tokio::test]
async fn o4_a_private_calendar() {
    let test = TestApp::new().await;
    test.under_review("magnet").await;
    test.ready_to_own("magnet", "1.0.0").await;
    let first = address(&test, "ilse").await;
    let stranger = test.stranger();
    let response = stranger.get(&first).await;
    assert_eq!(response.headers()["content-type"], "text/calendar; charset=utf-8");
    assert_eq!(test.again(&first, &response).await, 304);
    let calendar = response.text().await.unwrap();
    let id = test.device("magnet").await.id;
    for wanted in [
        "SUMMARY:Review\\, review of magnet".to_owned(),
        "DTSTART;VALUE=DATE:20261128".to_owned(),
        format!("UID:milestone-{id}-1-1@custody"),
        format!("UID:confirmation-{id}-{}@custody", test.person("marek")),
    ] {
        // Long lines are folded.
        assert!(calendar.replace("\r\n ", "").contains(&wanted), "{wanted}: {calendar}");
    }
    test.does("ilse", "magnet", Command::ReachMilestone { milestone: 1 }).await.unwrap();
    let reached = stranger.page(&first).await.replace("\r\n ", "");
    assert!(reached.contains("SUMMARY:Done: Review\\, review of magnet"), "{reached}");
    assert!(reached.contains(&format!("UID:milestone-{id}-1-1@custody")), "the same thing keeps its id");

    // A reviewer has the reviews they are in; who has nothing to do with a device does not.
    let reviewer = address(&test, "ravi").await;
    assert!(stranger.page(&reviewer).await.contains("magnet"));
    let other = address(&test, "otto").await;
    assert!(!stranger.page(&other).await.contains("magnet"));

    let second = address(&test, "ilse").await;
    assert_ne!(first, second);
    assert_eq!(stranger.get(&first).await.status(), 404, "replaced");
    assert_eq!(stranger.get(&second).await.status(), 200);
    let ilse = test.browser("ilse").await;
    let page = ilse.page("/account/feeds").await;
    assert!(page.contains("Replace the address"));
    assert!(!page.contains(second.trim_start_matches("/feeds/calendar/").trim_end_matches(".ics")), "shown once");
    assert_eq!(ilse.post("/account/feeds/remove", &[]).await.status(), 303);
    assert_eq!(stranger.get(&second).await.status(), 404, "removed");
    assert!(ilse.page("/account/feeds").await.contains("Make an address"));
}

/// A31: a closed account's address is dead at once, and stays so when the account is opened again.
#[tokio::test]
async fn a31_a_calendar_dies_with_its_account() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let secret = calendar::make(&test.app, &test.caller("marek")).await.unwrap();
    let path = format!("/feeds/calendar/{secret}.ics");
    let stranger = test.stranger();
    assert_eq!(stranger.get(&path).await.status(), 200);
    custody::service::closing::close(&test.app, &test.caller("ada"), test.person("marek")).await.unwrap();
    test.shown().await;
    assert_eq!(stranger.get(&path).await.status(), 404);
    assert!(calendar::make(&test.app, &test.caller("marek")).await.is_err());
    custody::service::closing::reopen(&test.app, &test.caller("ada"), test.person("marek")).await.unwrap();
    test.shown().await;
    assert_eq!(stranger.get(&path).await.status(), 404);
    // Neither the database nor the journal holds what opens it.
    let all = postgres::bytes(test.dir.path()).await;
    let holds = |word: &str| all.windows(word.len()).any(|w| w == word.as_bytes());
    assert!(holds("marek@example.org") && !holds(&secret));
}

/// O4, A34: the secret in a calendar's address is in no log of the program, whatever it is answered with.
#[tokio::test]
async fn o4_a34_no_log_holds_an_address() {
    let dir = tempfile::tempdir().unwrap();

    let app = open(dir.path(), Clock::System, &POLICY, "http://127.0.0.1:1").await;
    let people = facility(&app).await;
    let secret = calendar::make(&app, &Caller::person(people["ilse"], "test")).await.unwrap();
    drop(app);
    let logs = dir.path().join("log");
    let log = std::fs::File::create(&logs).unwrap();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_custody"))
        .args(["serve", "--listen", "127.0.0.1:0", "--log-level", "trace"])
        .args(postgres::flags(dir.path()))
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap();
    let said = || std::fs::read_to_string(&logs).unwrap();
    let mut url = None;
    for _ in 0..600 {
        let all = said();
        url = all.lines().find_map(|l| l.strip_prefix("Custody is at ")).map(|u| u.trim_end_matches('/').to_owned());
        if url.is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let wrong = "0".repeat(secret.len());
    let mut answered = Vec::new();
    if let Some(url) = url {
        for secret in [&secret, &wrong] {
            let answer = reqwest::get(format!("{url}/feeds/calendar/{secret}.ics")).await;
            answered.push(answer.map(|a| a.status().as_u16()).unwrap_or_default());
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let all = said();
    assert_eq!(answered, [200, 404], "{all}");
    assert!(all.matches("/feeds/calendar/{calendar}").count() >= 2, "requests are logged by their route: {all}");
    assert!(!all.contains(&secret) && !all.contains(&wrong), "{all}");
}

/// O4, A26: the board as lists for spreadsheets, by the board's own filters, without a formula.
#[tokio::test]
async fn o4_a26_lists_for_spreadsheets() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.requested("camera").await;
    test.sees(REDUCED, &[("magnet", "=1+1")]).await;
    test.seen_as("@SUM(A1)", "-strange", REDUCED, "\u{ff1d}cmd").await;
    let stranger = test.stranger();
    let rows = async |path: &str| -> Vec<csv::StringRecord> {
        let response = stranger.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "text/csv; charset=utf-8");
        let name = path.split('?').next().unwrap().trim_start_matches('/');
        assert_eq!(response.headers()["content-disposition"], format!("attachment; filename=\"{name}\"").as_str());
        let text = response.text().await.unwrap();
        let mut reader = csv::ReaderBuilder::new().has_headers(true).from_reader(text.as_bytes());
        let all: Vec<_> = reader.records().map(|r| r.unwrap()).collect();
        for cell in all.iter().flatten() {
            assert!(!cell.trim_start().starts_with(['=', '+', '-', '@', '\t', '\u{ff1d}']), "{cell:?}");
        }
        all
    };
    let names = |rows: &[csv::StringRecord]| rows.iter().map(|r| r[0].to_owned()).collect::<Vec<_>>();
    let devices = rows("/devices.csv").await;
    assert_eq!(names(&devices), ["camera", "magnet"], "all of them, unlike the board's first page");
    let magnet = &devices[1];
    assert_eq!((&magnet[1], &magnet[2], &magnet[6]), ("Reduced support", "Reduced support", "SCS"));
    assert_eq!((&magnet[8], &magnet[9], &magnet[10]), ("Lena Brandt", "Ilse Hartmann", "'+49 40 66969 214"));
    assert_eq!((&magnet[11], &magnet[12]), ("Restart once, then call", "yes"));
    assert_eq!((&magnet[13], &magnet[14]), (REDUCED, "'=1+1"));
    for (query, wanted) in [
        ("state=requested", vec!["camera"]),
        ("support=reduced_support", vec!["magnet"]),
        ("support=reduced_support&state=requested", vec!["camera", "magnet"]),
        ("instrument=MID", vec![]),
        ("q=magn", vec!["magnet"]),
        ("nonsense=1", vec!["camera", "magnet"]),
    ] {
        assert_eq!(names(&rows(&format!("/devices.csv?{query}")).await), wanted, "{query}");
    }
    let instances = rows("/instances.csv").await;
    assert_eq!(names(&instances), ["SCS_TEST/MON/MAGNET", "'@SUM(A1)"]);
    assert_eq!(&instances[1][2], "", "nobody registered it");
    assert_eq!(names(&rows("/instances.csv?support=unknown").await), ["'@SUM(A1)"]);
    assert_eq!(names(&rows("/instances.csv?q=magnet").await), ["SCS_TEST/MON/MAGNET"]);
    assert!(rows("/instances.csv?instrument=MID").await.is_empty());
}

/// A28: neither a draft nor a refused attempt is in anything that other tools read.
#[tokio::test]
async fn a28_nothing_private_goes_out() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let ilse = test.browser("ilse").await;
    let made = ilse.post("/requests", &[]).await;
    let base = made.headers()["location"].to_str().unwrap().rsplit_once('/').unwrap().0.to_owned();
    let form = [
        ("name", "secretSpectrometer"),
        ("classes", "secretSpectrometerClass"),
        ("group", "SCS"),
        ("instruments", "SCS"),
        ("summary", "secretSummary"),
    ];
    let saved = ilse.post(&format!("{base}/device"), &form).await;
    assert!(ilse.page(&format!("{base}/device")).await.contains("secretSpectrometer"), "{}", saved.status());
    let refused = Command::Retire { reason: "secretAttempt".to_owned() };
    test.does("noor", "magnet", refused).await.unwrap_err();

    let calendar = address(&test, "ilse").await;
    let stranger = test.stranger();
    for path in OPEN.into_iter().map(|p| if p.ends_with('/') { "/api/v1/status/magnet" } else { p }).chain([
        calendar.as_str(),
        "/feeds/devices/magnet.atom",
        "/badge/magnet.svg",
        "/embed/magnet",
        "/devices.csv?q=secret",
        "/instances.csv?q=secret",
    ]) {
        let page = stranger.page(path).await.to_lowercase();
        assert!(!page.contains("secret") && !page.contains("refused"), "{path}: {page}");
    }
    for path in [
        "/api/v1/status/secretSpectrometer",
        "/api/v1/status/secretSpectrometerClass",
        "/badge/secretSpectrometer.svg",
        "/embed/secretSpectrometer",
        "/feeds/devices/secretSpectrometer.atom",
    ] {
        let response = stranger.get(path).await;
        assert_eq!(response.status(), 404, "{path}");
        // As for what never was.
        let never = stranger.get(&path.replace("secretSpectrometer", "neverHeardOfThis")).await;
        let strip = |text: String| text.replace("secretSpectrometer", "X").replace("neverHeardOfThis", "X");
        if path.starts_with("/api") || path.starts_with("/embed") {
            assert_eq!(strip(response.text().await.unwrap()), strip(never.text().await.unwrap()), "{path}");
        }
    }
}

/// O4: with the database away the answers go on, and say since when.
#[tokio::test]
async fn o4_the_database_may_be_away() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    let first = test.stranger().get("/api/v1/status/magnet").await;
    // The feeder finds within a second that it is not away: one of these is faster.
    for _ in 0..20 {
        test.app.projection.lose(test.app.clock.now());
        let away = test.stranger().get("/api/v1/status/magnet").await;
        let tag = away.headers()[header::ETAG].clone();
        let said: Value = away.json().await.unwrap();
        if said["database_away_since"].is_string() {
            assert_ne!(first.headers()[header::ETAG], tag, "who has the answer hears of it");
            assert_eq!(said["support"]["status"], "none");
            return;
        }
    }
    panic!("it is never said that the database is away");
}

/// O2, O6, N5: what has stopped is found by its own name, and is not taken for another one that runs; by the server and the
/// host that it ran on too, also after a restart of Custody. It counts nowhere as running.
#[tokio::test]
async fn o2_what_has_stopped_is_found() {
    let mut test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.reduced_support("camera").await;
    test.sees(REDUCED, &[("magnet", "1.0.0")]).await;
    test.seen_as("SQS_TEST/MON/MAGNET", "cameraClass", REDUCED_TOO, "2.0.0").await;
    test.advance(Duration::minutes(5));
    test.sees(REDUCED, &[]).await;
    let out = test.stranger();
    for name in ["SCS_TEST/MON/MAGNET", "scs-test.mon%20magnet"] {
        let s = test.status(name).await;
        assert_eq!((text(&s["match"]["kind"]), text(&s["match"]["device"])), ("instance", "magnet"), "{name}");
        assert_eq!(s["match"]["exact"], true);
        assert_eq!(s["support"]["status"], "reduced_support");
        assert_eq!(s["may_restart"], "restart_once_then_call");
        assert_eq!(s["call"][0]["name"], "Ilse Hartmann");
        assert_eq!((text(&s["where"]["server"]), s["where"]["silent"].as_bool()), (REDUCED, Some(false)));
        assert!(text(&s["where"]["stopped_since"]).starts_with("2026-11-21T08:05"), "{s}");
    }
    for page in ["/?q=SCS_TEST/MON/MAGNET", "/?q=scs+test+mon+magnet", "/embed/magnet?instance=SCS_TEST/MON/MAGNET"] {
        let page = out.page(page).await;
        assert!(page.contains("Stopped since") && page.contains("SCS_TEST/MON/MAGNET"), "{page}");
    }
    assert!(out.page("/").await.contains("stopped on cppServer/contrib_scs_01"), "in its row");
    assert!(out.page("/devices/magnet").await.contains("Stopped since"));
    assert!(!out.page("/?q=camera").await.contains("Stopped since"));
    // The server and the host on record, and the host that was reported.
    for there in [REDUCED, "contrib_scs_01", "scs-rr-contrib-01", "scs-rr-01"] {
        let s = test.status(there).await;
        assert!(["magnet", "camera"].contains(&text(&s["match"]["device"])), "{there}");
        assert!(out.page(&format!("/?q={there}")).await.contains("/devices/magnet"), "{there}");
    }
    let id = test.device("magnet").await.id;
    assert_eq!(test.app.projection.read().places(id).len(), 0);
    let runs = out.page("/instances.csv").await;
    assert!(runs.contains("SQS_TEST/MON/MAGNET") && !runs.contains("SCS_TEST/MON/MAGNET"), "{runs}");
    assert!(!out.page("/instances.csv?q=SCS_TEST/MON/MAGNET").await.contains("SCS_TEST/MON/MAGNET,"));

    test.reopen().await;
    let asked = |app: &custody::app::App, name: &str| {
        custody::service::status::read(app, name, |found| {
            let s = found.unwrap_or_else(|near| panic!("{name} is not found, {near:?} are"));
            (s.card.unwrap().name.clone(), s.place.and_then(|p| p.seen.gone))
        })
    };
    let (device, stopped) = asked(&test.app, "SCS_TEST/MON/MAGNET");
    assert_eq!((device.as_str(), stopped.is_some()), ("magnet", true));
    // It moved: where it runs now tells more.
    test.seen_as("SCS_TEST/MON/MAGNET", "magnetClass", REDUCED_TOO, "1.0.0").await;
    custody::service::feed::follow(&test.app).await.unwrap();
    assert_eq!(asked(&test.app, "SCS_TEST/MON/MAGNET").1, None);
    test.sees(REDUCED_TOO, &[]).await;
    custody::service::feed::follow(&test.app).await.unwrap();
    assert!(asked(&test.app, "SCS_TEST/MON/MAGNET").1.is_some());
    test.sees(REDUCED, &[("magnet", "1.0.0")]).await;
    custody::service::feed::follow(&test.app).await.unwrap();
    assert_eq!(asked(&test.app, "SCS_TEST/MON/MAGNET").1, None, "it runs again");
}

/// O2, N1: a device is found by the server that it is placed on, and by the host under it, before anything is seen there;
/// what stopped where it must not run is not to be started there again.
#[tokio::test]
async fn o2_what_is_placed_is_found_before_it_runs() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    for there in [REDUCED, "scs-rr-contrib-01"] {
        assert_eq!(test.status(there).await["match"]["device"], "magnet", "{there}");
        assert!(test.stranger().page(&format!("/?q={there}")).await.contains("/devices/magnet"), "{there}");
    }
    // Nothing is there: its own name is not offered in its place.
    let nothing = test.stranger().get(&format!("/api/v1/status/{REDUCED_TOO}")).await;
    assert_eq!(nothing.status(), 404);
    let near: Value = nothing.json().await.unwrap();
    assert!(!near["near"].as_array().unwrap().contains(&REDUCED_TOO.into()), "{near}");
    test.sees(FULL, &[("magnet", "1.0.0")]).await;
    test.sees(FULL, &[]).await;
    let s = test.status("SCS_TEST/MON/MAGNET").await;
    assert_eq!((text(&s["support"]["status"]), text(&s["may_restart"])), ("not_supported", "do_not_restart"));
    assert!(!s["where"]["stopped_since"].is_null());
}

/// O2, O6: what nobody supports yet is the shift's, and is not restarted on a contributor's word.
#[tokio::test]
async fn o6_nobody_restarts_what_nobody_supports() {
    let test = TestApp::new().await;
    test.requested("camera").await;
    let s = test.status("camera").await;
    assert_eq!((text(&s["may_restart"]), s["may_stop"].as_bool()), ("do_not_restart", Some(false)));
    assert_eq!(s["call"][0]["name"], s["doc"]["name"]);
    for page in ["/?q=camera", "/devices/camera", "/embed/camera"] {
        let page = test.stranger().page(page).await;
        assert!(page.contains("<b>Do not restart</b> it") && page.contains("<b>Call the DOC</b>"), "{page}");
        assert!(!page.contains("Restart once"), "{page}");
    }
}

/// N6, O2: of hours that are not on record nothing is claimed.
#[tokio::test]
async fn n6_nothing_is_claimed_of_hours_that_nobody_knows() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let stop = test.shut_down("jonas");
    test.does("lena", "magnet", stop).await.unwrap();
    let s = test.status("magnet").await;
    assert_eq!((text(&s["call"][0]["name"]), text(&s["call"][0]["reach"])), ("Jonas Okafor", "unknown"));
    assert_eq!(s["support"]["why"], "It flooded the broker.", "the label is not said again");
    let away = [("from", "2026-11-21"), ("until", "2026-11-22"), ("note", "Beam time elsewhere.")];
    assert_eq!(test.browser("jonas").await.post("/account/absences", &away).await.status(), 303);
    let s = test.status("magnet").await;
    assert_eq!(s["call"][0]["name"], s["doc"]["name"], "the shift first");
    let jonas = s["call"].as_array().unwrap().iter().find(|c| c["name"] == "Jonas Okafor").unwrap();
    assert_eq!(jonas["reach"], "away");
    for page in ["/?q=magnet", "/devices/magnet", "/embed/magnet"] {
        let page = test.stranger().page(page).await;
        let call = &page[page.find("Call now").unwrap()..];
        assert!(call.find("66969 100").unwrap() < call.find("66969 131").unwrap(), "{page}");
        assert!(!call.contains("day and night; only"), "{page}");
    }
}
