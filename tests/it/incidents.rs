//! Where what runs differs from the record: on the board with the report that shows it, gone with the one that mends it.

use crate::{
    app::{FULL, REDUCED, REDUCED_TOO, TestApp, morning},
    given::tag,
};
use chrono::{DateTime, Duration, Utc};
use custody::{
    domain::{cycle::HelpKind, drift::Kind, lifecycle::Command, observation::Source, refusal::Code, server::Server},
    service::{
        Caller, Error, incidents,
        observations::{self, Collected, Report, collect, observe},
        tokens::TokenScope,
    },
    store,
};

impl TestApp {
    /// The kinds of a device's open incidents, as the board has them.
    fn incidents(&self, device: &str) -> Vec<Kind> {
        let state = self.app.projection.read();
        let mut all: Vec<Kind> = state.card_by_name(device).unwrap().incidents.iter().map(|i| i.drift.kind).collect();
        all.sort();
        all
    }

    async fn notices_of_incidents(&self, who: &str) -> usize {
        use strum::IntoEnumIterator;
        let all = store::notices::list(&self.app.db.read, self.person(who), 100).await.unwrap();
        all.iter().filter(|n| Kind::iter().any(|k| n.text.starts_with(k.label()))).count()
    }

    async fn sends_in(&self, server: &str, reports: Vec<Report>) {
        let agent = Caller { origin: "test agent".to_owned(), ..Caller::custody() };
        observe(&self.app, &agent, &server.into(), reports, true).await.unwrap();
        self.shown().await;
    }
}

/// One round of what only time shows.
async fn goes_round(test: &TestApp, since: Option<DateTime<Utc>>, listens: bool) -> usize {
    let looked = incidents::round::round(&test.app, since, listens).await.unwrap();
    test.shown().await;
    looked
}

/// G10: each kind is on the board when the agent's call returns, with its words and its remedy, and closes when mended.
#[tokio::test]
async fn g10_each_kind_opens_with_its_report_and_closes_when_mended() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    // Beyond the grace after its placement.
    test.advance(Duration::minutes(11));
    test.sees(FULL, &[("magnet", "1.0.0")]).await;
    assert_eq!(test.incidents("magnet"), []);
    for (version, kind) in [
        ("0.9.0", Kind::OtherVersion),
        ("1.0.0-dirty", Kind::Dirty),
        ("1.0.0-3-g0123abc", Kind::Ahead),
        ("1.0.0-0-g0123abc", Kind::FalseClean),
    ] {
        test.sees(FULL, &[("magnet", version)]).await;
        assert_eq!(test.incidents("magnet"), [kind], "{version}");
        let out = test.stranger();
        assert!(out.page("/").await.contains(kind.label()), "the row has its mark");
        for page in ["/?q=magnet", "/devices/magnet", "/incidents"] {
            let page_ = out.page(page).await;
            assert!(page_.contains(kind.label()) && page_.contains(kind.remedy()), "{page} {version}");
        }
        // Where the verdict says the same, both are one banner.
        let page = out.page("/devices/magnet").await;
        let one = page.contains(&format!("<b>Not supported at all. {}.</b>", kind.label()));
        assert_eq!(one, kind != Kind::OtherVersion, "{version}");
        assert_eq!(page.matches("class=\"ban bad\"").count(), if one { 1 } else { 2 }, "{version}");
        test.sees(FULL, &[("magnet", "1.0.0")]).await;
        assert_eq!(test.incidents("magnet"), [], "{version} is mended");
        assert!(!out.page("/?q=magnet").await.contains(kind.remedy()));
        assert!(out.page("/incidents").await.contains("closed"), "what was stays on record");
    }
    // It runs on the reduced server too.
    test.sees(REDUCED, &[("magnet", "1.0.0")]).await;
    assert_eq!(test.incidents("magnet"), [Kind::BothClasses, Kind::WrongServer]);
    test.sees(REDUCED, &[]).await;
    assert_eq!(test.incidents("magnet"), []);
    // Nothing reports it where it is deployed.
    test.sees(FULL, &[]).await;
    assert_eq!(test.incidents("magnet"), [Kind::NotSeen]);
    test.sees(FULL, &[("magnet", "1.0.0")]).await;
    assert_eq!(test.incidents("magnet"), []);
    assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok());
}

/// N1, G10: the verdict's banner tells of the instance that gave it, also where its server's name begins as another's.
#[tokio::test]
async fn n1_the_banner_tells_of_the_server_that_the_verdict_names() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let longer = format!("{FULL}0");
    let tx = test.app.db.begin().await.unwrap();
    let servers = store::servers::load_servers(&tx, [FULL.into()]).await.unwrap();
    let beside = Server { name: longer.as_str().into(), ..servers.into_values().next().unwrap() };
    store::servers::insert(&tx, &beside, test.app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    let runs = |instance: &str, server: &str| Report { instance: instance.to_owned(), ..report(server, "1.0.0") };
    test.sends_in(FULL, vec![runs("SCS_TEST/MON/A", FULL)]).await;
    test.sends_in(&longer, vec![runs("SCS_TEST/MON/B", &longer)]).await;
    assert_eq!(test.incidents("magnet"), [Kind::WrongServer, Kind::WrongServer]);
    let page = test.stranger().page("/devices/magnet").await;
    let (_, banner) = page.split_once("Not supported at all. ").unwrap();
    let (banner, rest) = banner.split_at(banner.find("</div>").unwrap());
    let says = format!("A contributed device on {longer}");
    assert!(banner.contains(&says) && banner.contains("SCS_TEST/MON/B runs on"), "{banner}");
    assert!(!banner.contains("SCS_TEST/MON/A") && rest.contains("SCS_TEST/MON/A runs on"), "{page}");
}

/// G10: what is unknown to the registry is an incident until it is registered or gone.
#[tokio::test]
async fn g10_what_nobody_registered_is_an_incident_until_it_is_registered() {
    let test = TestApp::new().await;
    test.sees(REDUCED, &[("camera", "")]).await;
    let out = test.stranger();
    let page = out.page("/incidents?kind=unknown&instrument=SCS").await;
    assert!(page.contains("SCS_TEST/MON/CAMERA") && page.contains(Kind::Unknown.remedy()));
    assert!(!out.page("/incidents?kind=dirty").await.contains("SCS_TEST/MON/CAMERA"));
    assert!(!out.page("/incidents?instrument=MID").await.contains("SCS_TEST/MON/CAMERA"));
    test.requested("camera").await;
    let page = out.page("/incidents").await;
    assert!(page.contains("closed") && page.contains(Kind::WrongServer.remedy()), "registered, and placed nowhere");
}

/// G10: programs read the same: open ones first, of a kind or an instrument, a page at a time.
#[tokio::test]
async fn g10_programs_read_incidents() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let get = async |query: &str| {
        let answer = reqwest::get(format!("{}/api/v1/incidents{query}", test.url)).await.unwrap();
        (answer.status().as_u16(), answer.json::<serde_json::Value>().await.unwrap())
    };
    assert_eq!(get("").await, (200, serde_json::json!({ "incidents": [], "next": null })));
    let stranger =
        |i: usize| Report { instance: format!("NOBODY/{i:03}"), class: "Nobody".to_owned(), ..report(REDUCED, "1") };
    test.sends_in(REDUCED, (0..60).map(stranger).collect()).await;
    test.sends_in(REDUCED, (0..59).map(stranger).collect()).await;
    let (_, first) = get("?kind=unknown&instrument=SCS").await;
    let all = first["incidents"].as_array().unwrap();
    assert_eq!((all.len(), all[0]["label"].as_str()), (50, Some("Unknown to the registry")));
    assert!(all.iter().all(|i| i["closed"].is_null() && i["server"] == REDUCED && i["device"].is_null()));
    let (_, rest) = get(&format!("?kind=unknown&after={}", first["next"].as_str().unwrap())).await;
    let rest = rest["incidents"].as_array().unwrap().clone();
    assert_eq!((rest.len(), rest.iter().filter(|i| i["closed"].is_string()).count()), (10, 1));
    assert_eq!(get("?kind=dirty").await.1["incidents"], serde_json::json!([]));
    for wrong in ["?kind=loud", "?after=open", "?after=half.3", "?since=yesterday"] {
        assert_eq!(get(wrong).await.0, 422, "{wrong}");
    }
}

/// G10: within the grace after a placement what runs as before is no incident; when it is over the round finds it, once.
#[tokio::test]
async fn g10_a_deployment_under_way_is_no_drift() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    test.sees(FULL, &[("magnet", "0.9.0")]).await;
    assert_eq!(test.incidents("magnet"), []);
    let since = test.app.clock.now();
    assert_eq!(goes_round(&test, Some(since), true).await, 0, "nothing is due");
    test.advance(Duration::minutes(10));
    assert_eq!(goes_round(&test, Some(since), true).await, 1);
    assert_eq!(test.incidents("magnet"), [Kind::OtherVersion]);
    let now = test.app.clock.now();
    assert_eq!(goes_round(&test, Some(now), true).await, 0);
}

/// G10: who falls silent is found by the round, said to be no proof, and is mended by the next report of the same.
#[tokio::test]
async fn g10_silence_opens_and_the_next_report_closes() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.advance(Duration::minutes(30));
    let report = Report {
        instance: "SCS_TEST/MON/MAGNET".to_owned(),
        class: "magnetClass".to_owned(),
        server: REDUCED.to_owned(),
        host: "scs-rr-01".to_owned(),
        version: "1.0.0".to_owned(),
        since: morning(),
    };
    test.sends_in(REDUCED, vec![report.clone()]).await;
    let since = test.app.clock.now();
    test.advance(Duration::minutes(11));
    goes_round(&test, Some(since), true).await;
    // After a start agents have some time before they count as silent.
    let now = test.app.clock.now();
    assert_eq!(goes_round(&test, Some(now), false).await, 0);
    for page in ["/incidents?kind=silent", "/devices/magnet", "/?q=magnet"] {
        assert!(test.stranger().page(page).await.contains("Its one instance on"), "{page}");
    }
    assert_eq!(test.notices_of_incidents("otto").await, 1);
    let told = store::notices::list(&test.app.db.read, test.person("otto"), 100).await.unwrap();
    let silent = told.iter().find(|n| n.text.starts_with(Kind::Silent.label())).unwrap();
    assert!(test.stranger().page(&silent.path).await.contains("Its one instance on"), "{silent:?}");
    let now = test.app.clock.now();
    assert_eq!(goes_round(&test, Some(now), true).await, 0, "it is known");
    test.sends_in(REDUCED, vec![report]).await;
    let page = test.stranger().page("/incidents").await;
    assert!(page.contains("closed just now") && !page.contains("open for"), "the very same report mends it: {page}");
}

/// G10: a silent server is one incident, however much runs there; what is heard of changes its words, and all of it
/// closes it.
#[tokio::test]
async fn g10_silence_is_one_incident_a_server() {
    let test = TestApp::new().await;
    let named = |i: usize| Report {
        instance: format!("SCS_MANY/MON/{i:05}"),
        class: "Many".to_owned(),
        ..report(REDUCED, "1")
    };
    let agent = Caller { origin: "test agent".to_owned(), ..Caller::custody() };
    let own = REDUCED.into();
    observe(&test.app, &agent, &own, (0..300).map(named).collect(), true).await.unwrap();
    test.shown().await;
    test.advance(Duration::minutes(11));
    goes_round(&test, Some(test.app.clock.now()), true).await;
    let open = async || {
        let c = &test.app.db.read;
        store::incidents::list_open_words(c, Kind::Silent).await.unwrap().into_values().collect::<Vec<_>>()
    };
    let all = open().await;
    assert!(all.len() == 1 && all[0].starts_with("None of the 300 instances"), "{all:?}");
    observe(&test.app, &agent, &own, (0..200).map(named).collect(), false).await.unwrap();
    test.shown().await;
    goes_round(&test, Some(test.app.clock.now()), true).await;
    let all = open().await;
    assert!(all.len() == 1 && all[0].starts_with("100 of the 300 instances"), "{all:?}");
    observe(&test.app, &agent, &own, (200..300).map(named).collect(), false).await.unwrap();
    test.shown().await;
    assert_eq!(open().await, Vec::<String>::new());
}

/// G10, O5: what comes and goes is one incident, counted, of which people are told once.
#[tokio::test]
async fn g10_flapping_is_one_incident_and_told_once() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    test.advance(Duration::minutes(11));
    test.sees(FULL, &[("magnet", "1.0.0")]).await;
    for _ in 0..3 {
        // The device is supported for its other reasons: seen nowhere where it is deployed, nobody else says so.
        test.sees(FULL, &[]).await;
        test.advance(Duration::minutes(1));
        test.sees(FULL, &[("magnet", "1.0.0")]).await;
        test.advance(Duration::minutes(1));
    }
    assert_eq!((test.notices_of_incidents("ilse").await, test.notices_of_incidents("otto").await), (1, 1));
    let page = test.stranger().page("/incidents").await;
    assert!(page.contains("came 3 times"), "{page}");
    assert_eq!(page.matches(Kind::NotSeen.label()).count(), 2, "one row, and the filter's choice");
    test.advance(Duration::minutes(31));
    test.sees(FULL, &[]).await;
    assert_eq!(test.notices_of_incidents("otto").await, 2, "later it is another");
}

/// G10: thousands of instances that are seen as before cost no number of the changes, no line of the journal, and few
/// statements, however many there are.
#[tokio::test]
async fn g10_what_did_not_change_does_not_disturb_the_board() {
    let test = TestApp::new().await;
    let reports = |n: usize| -> Vec<Report> {
        (0..n)
            .map(|i| Report {
                instance: format!("SCS_MANY/MON/{i:05}"),
                class: "Many".to_owned(),
                server: REDUCED.to_owned(),
                host: "scs-rr-01".to_owned(),
                version: "1.0.0".to_owned(),
                since: morning(),
            })
            .collect()
    };
    let agent = Caller { origin: "test agent".to_owned(), ..Caller::custody() };
    let own = REDUCED.into();
    let mut costs = Vec::new();
    for n in [1000, 2000] {
        observe(&test.app, &agent, &own, reports(n), true).await.unwrap();
        test.shown().await;
        test.advance(Duration::minutes(1));
        let c = &test.app.db.read;
        let before = (store::changes::find_range(c).await.unwrap(), test.app.projection.current().seq);
        let entries = store::journal::list_after(c, 0, 100_000).await.unwrap().len();
        let begun = std::time::Instant::now();
        let (taken, cost) = {
            // Whoever feeds the board asks once a second, however long this takes.
            let _nothing_is_taken_in = test.app.projection.taking_in.lock().await;
            let statements = test.app.db.statements();
            let taken = observe(&test.app, &agent, &own, reports(n), true).await.unwrap();
            (taken, test.app.db.statements() - statements)
        };
        test.shown().await;
        println!("{n} unchanged: {:?}, {cost} statements", begun.elapsed());
        costs.push(cost);
        assert_eq!((taken.taken, taken.gone, taken.unknown), (n, 0, n));
        assert_eq!(before, (store::changes::find_range(c).await.unwrap(), test.app.projection.current().seq));
        assert_eq!(entries, store::journal::list_after(c, 0, 100_000).await.unwrap().len());
        let now = test.app.clock.now();
        let state = test.app.projection.read();
        assert!(state.all_places().all(|p| p.seen.seen == now), "yet each was seen now");
        assert_eq!(state.all_places().count(), n);
    }
    // Few for a thousand more: rows are written a thousand at once.
    assert!(costs[1] <= costs[0] + 6, "{costs:?}");
}

/// G10, O5: what is found at once is told in as many statements as one thing is.
#[tokio::test]
async fn g10_what_is_found_at_once_is_told_in_few_statements() {
    let agent = Caller { origin: "test agent".to_owned(), ..Caller::custody() };
    let mut costs = Vec::new();
    for n in [1, 40] {
        let test = TestApp::new().await;
        test.ctrl_owned("magnet").await;
        test.advance(Duration::minutes(11));
        // Nothing supports it any more, and its people have heard so: what follows is told for itself.
        let first = || Report { instance: "SCS_TEST/MON/FIRST".to_owned(), ..report(FULL, "0.9.0") };
        observe(&test.app, &agent, &FULL.into(), vec![first()], true).await.unwrap();
        test.shown().await;
        let reports = (0..n).map(|i| Report { instance: format!("SCS_TEST/MON/{i:03}"), ..first() });
        let before = test.notices_of_incidents("ilse").await;
        let statements = {
            // Whoever feeds the board asks once a second, however long this takes.
            let _nothing_is_taken_in = test.app.projection.taking_in.lock().await;
            let statements = test.app.db.statements();
            observe(&test.app, &agent, &FULL.into(), reports.chain([first()]).collect(), true).await.unwrap();
            statements
        };
        test.shown().await;
        costs.push(test.app.db.statements() - statements);
        assert_eq!(test.notices_of_incidents("ilse").await - before, n, "each of them");
    }
    // Some of them may be the feeder's, which asks once a second.
    assert!(costs[1] <= costs[0] + 6, "{costs:?}");
}

/// G10, N1: where nothing supports it any more its people hear of that once, not a second time of its reason.
#[tokio::test]
async fn g10_what_support_says_is_not_told_again() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    test.advance(Duration::minutes(11));
    test.sees(FULL, &[("magnet", "1.0.0")]).await;
    test.sees(FULL, &[("magnet", "1.0.0-dirty")]).await;
    assert_eq!(test.incidents("magnet"), [Kind::Dirty]);
    assert_eq!(test.notices_of_incidents("otto").await, 0);
}

/// G10: the record moves too: an act that mends a difference closes it at once.
#[tokio::test]
async fn g10_an_act_that_mends_it_closes_it() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.advance(Duration::minutes(11));
    test.sees(REDUCED_TOO, &[("magnet", "1.0.0")]).await;
    assert_eq!(test.incidents("magnet"), [Kind::WrongServer]);
    let assign = Command::AssignServer { server: REDUCED_TOO.into() };
    test.does("lena", "magnet", assign).await.unwrap();
    assert_eq!(test.incidents("magnet"), []);
}

/// G10, O5, H7, E3: an incident has a page of its own, to which its messages, the board, the device's page and the list
/// lead: what it is, since when, whose turn it is, what was done, and how it ended. Programs read the same.
#[tokio::test]
async fn g10_an_incident_has_a_page() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.advance(Duration::minutes(11));
    test.sees(REDUCED_TOO, &[("magnet", "1.0.0")]).await;
    assert_eq!(test.incidents("magnet"), [Kind::WrongServer]);
    let id = test.app.projection.read().card_by_name("magnet").unwrap().incidents[0].id.clone();
    let path = format!("/incidents/{id}");
    let out = test.stranger();
    for from in ["/incidents", "/?q=magnet", "/devices/magnet"] {
        let page = out.page(from).await;
        assert!(page.contains(&format!("href=\"{path}\"")), "{from}: {page}");
    }
    let told = store::notices::list(&test.app.db.read, test.person("ilse"), 100).await.unwrap();
    assert!(told.iter().any(|n| n.path == path && n.text.starts_with(Kind::WrongServer.label())), "{told:?}");
    let page = out.page(&path).await;
    for says in [
        "<h1>On the wrong server",
        "SCS_TEST/MON/MAGNET",
        REDUCED_TOO,
        "Contributor’s turn",
        "Ilse Hartmann and Marek Dvořák",
        Kind::WrongServer.remedy(),
        "not yet",
        "opened it: ",
        "href=\"/?q=SCS_TEST%2FMON%2FMAGNET\"",
    ] {
        assert!(page.contains(says), "{says}: {page}");
    }
    assert!(!page.contains("#help-h") && !page.contains("ask-help"), "help is for those who take part: {page}");
    let (ilse, lena) = (test.browser("ilse").await.page(&path).await, test.browser("lena").await.page(&path).await);
    for says in ["Your turn", "href=\"/devices/magnet/ask-help\"", "href=\"/devices/magnet#help-h\""] {
        assert!(ilse.contains(says), "{says}: {ilse}");
    }
    assert!(lena.contains("#help-h") && !lena.contains("ask-help"), "{lena}");
    let read = async || {
        let answer = reqwest::get(format!("{}/api/v1{path}", test.url)).await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json::<serde_json::Value>().await.unwrap()
    };
    let open = read().await;
    let names: Vec<&str> = open["waits_for"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!((open["turn"].as_str(), names), (Some("contributor"), vec!["Ilse Hartmann", "Marek Dvořák"]), "{open}");

    test.advance(Duration::minutes(5));
    test.does("lena", "magnet", Command::AssignServer { server: REDUCED_TOO.into() }).await.unwrap();
    test.advance(Duration::minutes(1));
    let later = Command::AskHelp { kind: HelpKind::Advice, text: "Asked afterwards.".to_owned() };
    test.does("ilse", "magnet", later).await.unwrap();
    let page = out.page(&path).await;
    for says in ["Nobody’s turn: it is mended", "after 5 min", "closed it: it is mended.", "Lena Brandt", REDUCED_TOO]
    {
        assert!(page.contains(says), "{says}: {page}");
    }
    assert!(!page.contains("Asked afterwards."), "what comes later has nothing to do with it: {page}");
    let ended = read().await;
    let whats: Vec<&str> = ended["records"].as_array().unwrap().iter().map(|r| r["what"].as_str().unwrap()).collect();
    assert_eq!((whats[0], ended["turn"].is_null()), ("incident_closed", true), "{ended}");
    assert!(whats.contains(&"server_assigned") && whats.contains(&"incident_opened"), "{ended}");
    assert!(ended["closed"].is_string() && ended["waits_for"] == serde_json::json!([]), "{ended}");
    assert_eq!(out.get("/incidents/none").await.status(), 404);
}

fn report(server: &str, version: &str) -> Report {
    Report {
        instance: "SCS_TEST/MON/MAGNET".to_owned(),
        class: "magnetClass".to_owned(),
        server: server.to_owned(),
        host: "scs-rr-01".to_owned(),
        version: version.to_owned(),
        since: morning(),
    }
}

/// A24: a collector speaks for the servers that it covers; what it says of others is left out and counted.
#[tokio::test]
async fn a24_a_collector_speaks_for_what_it_covers() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let covers = |server: &str| server == REDUCED;
    let told = Collected {
        servers: [REDUCED, FULL].map(Into::into).into(),
        reports: vec![report(REDUCED, "1.0.0"), report(FULL, "1.0.0")],
        ..Collected::default()
    };
    let taken = collect(&test.app, "tango", &covers, told).await.unwrap();
    test.shown().await;
    assert_eq!((taken.taken.taken, taken.refused), (1, 1));
    let id = test.device("magnet").await.id;
    let state = test.app.projection.read();
    assert_eq!(state.places(id).len(), 1);
    assert_eq!(state.places(id)[0].seen.source, Source::Collector { name: "tango".to_owned() });
    assert_eq!(state.places(id)[0].seen.server.0, REDUCED);
}

/// G10: an agent on the server is nearer than a collector: while it speaks, the collector changes nothing of what it said.
#[tokio::test]
async fn g10_an_agent_and_a_collector_report_the_same() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    test.advance(Duration::minutes(11));
    let collected = |reports| Collected { servers: [FULL.into()].into(), reports, ..Collected::default() };
    let says = async |told| {
        let done = collect(&test.app, "tango", &|_: &str| true, told).await;
        test.shown().await;
        done
    };
    for _ in 0..2 {
        test.sends_in(FULL, vec![report(FULL, "1.0.0-dirty")]).await;
        says(collected(vec![report(FULL, "1.0.0")])).await.unwrap();
        assert_eq!(test.incidents("magnet"), [Kind::Dirty], "the collector does not cover it up");
        says(collected(vec![])).await.unwrap();
        assert_eq!(test.incidents("magnet"), [Kind::Dirty], "nor takes it away");
    }
    // Both at once, many times: whoever comes last, the agent's word stands.
    for _ in 0..10 {
        let agent = test.sends_in(FULL, vec![report(FULL, "1.0.0-dirty")]);
        let (_, taken) = tokio::join!(agent, says(collected(vec![report(FULL, "1.0.0")])));
        taken.unwrap();
    }
    assert_eq!(test.incidents("magnet"), [Kind::Dirty]);
    // Once the agent has fallen silent the collector is all there is.
    test.advance(Duration::minutes(11));
    says(collected(vec![report(FULL, "1.0.0")])).await.unwrap();
    assert_eq!(test.incidents("magnet"), []);
    assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok());
}

/// G10: what an agent on the server saw end no collector brings back while the agent speaks, for a control system may not
/// know of a kill. What was started since counts at once, and where the agent has fallen silent the collector does.
#[tokio::test]
async fn g10_what_an_agent_saw_end_no_collector_brings_back() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    test.advance(Duration::minutes(11));
    let says = async |report: &Report| {
        let told = Collected { servers: [FULL.into()].into(), reports: vec![report.clone()], ..Collected::default() };
        collect(&test.app, "tango", &|_: &str| true, told).await.unwrap();
        test.shown().await;
    };
    let killed = report(FULL, "1.0.0");
    says(&killed).await;
    assert_eq!(test.incidents("magnet"), []);
    // For longer than the policy's patience: each report of the agent's says so anew.
    for minute in 0..15 {
        test.sends_in(FULL, vec![]).await;
        says(&killed).await;
        assert_eq!(test.incidents("magnet"), [Kind::NotSeen], "minute {minute}");
        test.advance(Duration::minutes(1));
    }
    let again = Report { since: test.app.clock.now(), ..killed };
    says(&again).await;
    assert_eq!(test.incidents("magnet"), [], "it was started again");
    test.sends_in(FULL, vec![]).await;
    says(&again).await;
    assert_eq!(test.incidents("magnet"), [Kind::NotSeen]);
    test.advance(Duration::minutes(11));
    says(&again).await;
    assert_eq!(test.incidents("magnet"), [], "nobody says otherwise any more");
}

/// E2, T8: that something stopped is on record as the word of the agent that sees it no more, not of whoever stated it.
#[tokio::test]
async fn e2_what_an_agent_sees_no_more_is_gone_by_its_own_word() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    observations::state(&test.app, &test.caller("lena"), "magnet", report(REDUCED, "1.0.0")).await.unwrap();
    test.shown().await;
    test.sees(REDUCED, &[]).await;
    let stream = format!("seen/{}", test.device("magnet").await.id);
    let entries = store::journal::list_all(&test.app.db.read, &stream).await.unwrap();
    let last = entries.last().unwrap();
    assert_eq!((last.kind.as_str(), last.actor), ("instance_gone", None));
}

/// G10, O5, F7: what nobody registered has no people of its own, so the first team of CTRL hears of it: at once and once of
/// the first, and of all that come behind it in one message that says how many; what comes back or is gone is no news.
#[tokio::test]
async fn g10_ctrl_hears_of_strangers_once() {
    let test = TestApp::new().await;
    let told = async |who: &str| {
        let all = store::notices::list(&test.app.db.read, test.person(who), 100).await.unwrap();
        let all = all.into_iter().filter(|n| n.text.starts_with(Kind::Unknown.label()));
        all.map(|n| (n.device, n.text, n.path)).collect::<Vec<_>>()
    };
    let who = "lena";
    let sees = async |server: &str, names: &[String]| {
        let of = |name: &String| Report {
            instance: format!("SCS_TEST/CAM/{name}"),
            class: format!("Unknown{name}"),
            server: server.to_owned(),
            host: "scs-rr-01".to_owned(),
            version: String::new(),
            since: test.app.clock.now(),
        };
        test.sends_in(server, names.iter().map(of).collect()).await;
    };
    let round = async || goes_round(&test, Some(test.app.clock.now()), false).await;
    sees(REDUCED, &["A".to_owned()]).await;
    assert!(told(who).await.is_empty());
    round().await;
    let first = told(who).await;
    assert_eq!(first.len(), 1, "{first:?}");
    assert!(first[0].1.contains("SCS_TEST/CAM/A") && first[0].1.contains(Kind::Unknown.remedy()), "{first:?}");
    assert_eq!(first[0].0, "What runs");
    let page = test.stranger().page(&first[0].2).await;
    assert!(page.contains("SCS_TEST/CAM/A") && page.contains("UnknownA"), "{page}");
    assert!(test.browser(who).await.page("/my").await.contains("SCS_TEST/CAM/A"));
    // Those who have nothing to do with it are told nothing.
    assert!(told("ilse").await.is_empty());
    // Hundreds, from several agents: nothing for a while, and then one message.
    let many: Vec<String> = (0..150).map(|n| format!("B{n}")).collect();
    sees(REDUCED, &[vec!["A".to_owned()], many].concat()).await;
    sees(REDUCED_TOO, &(0..50).map(|n| format!("C{n}")).collect::<Vec<_>>()).await;
    sees(FULL, &["GONE".to_owned()]).await;
    sees(FULL, &[]).await;
    for _ in 0..3 {
        round().await;
        test.advance(Duration::minutes(3));
    }
    assert_eq!(told(who).await.len(), 1);
    test.advance(Duration::minutes(1));
    // Two replicas look at once.
    let other = crate::app::open(test.dir.path(), test.app.clock.clone(), &crate::app::POLICY, &test.url).await;
    custody::service::feed::start(&other).await.unwrap();
    let now = Some(test.app.clock.now());
    let (one, two) =
        tokio::join!(incidents::round::round(&test.app, now, false), incidents::round::round(&other, now, false));
    assert!(one.is_ok() && two.is_ok());
    let all = told(who).await;
    assert_eq!(all.len(), 2, "{all:?}");
    let (_, said, path) = all.iter().find(|a| !first.contains(a)).unwrap();
    assert_eq!(path, "/incidents?kind=unknown");
    assert!(said.contains("200 instances run that no device on record brings"), "{said}");
    assert!(said.contains(REDUCED) && said.contains(REDUCED_TOO) && !said.contains(FULL), "{said}");
    // The one that comes and goes is the same.
    sees(REDUCED, &[]).await;
    sees(REDUCED, &["A".to_owned()]).await;
    test.advance(Duration::minutes(30));
    round().await;
    assert_eq!(told(who).await.len(), 2);
    other.stop.cancel();
}

/// G10: what is placed again on its own server does not mend what runs elsewhere: the incident stays open, and a new one
/// opens though the placement is young.
#[tokio::test]
async fn g10_a_placement_does_not_mend_what_runs_elsewhere() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.advance(Duration::minutes(11));
    test.sees(REDUCED_TOO, &[("magnet", "1.0.0")]).await;
    assert_eq!(test.incidents("magnet"), [Kind::WrongServer]);
    test.does("ilse", "magnet", Command::VerifyTag { tag: tag("1.0.0") }).await.unwrap();
    let again = || Command::Deploy { server: REDUCED.into(), tag: Some(tag("1.0.0")) };
    test.does("ilse", "magnet", again()).await.unwrap();
    assert_eq!(test.incidents("magnet"), [Kind::WrongServer], "it runs there still");
    test.sees(REDUCED_TOO, &[]).await;
    assert_eq!(test.incidents("magnet"), []);
    test.does("ilse", "magnet", again()).await.unwrap();
    test.advance(Duration::minutes(31));
    test.does("ilse", "magnet", again()).await.unwrap();
    test.sees(FULL, &[("magnet", "1.0.0")]).await;
    assert_eq!(test.incidents("magnet"), [Kind::WrongServer]);
    // What it is moved from has some time to stop, and the round finds what does not.
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    test.sees(REDUCED, &[("magnet", "1.0.0")]).await;
    assert_eq!(test.incidents("magnet"), []);
    let since = test.app.clock.now();
    test.advance(Duration::minutes(10));
    assert_eq!(goes_round(&test, Some(since), true).await, 1);
    assert_eq!(test.incidents("magnet"), [Kind::BothClasses, Kind::WrongServer]);
}

/// N5, G10: who stops a device as ordered is told nothing; who does not is told after the grace, on every page with what
/// to do, and programs read it.
#[tokio::test]
async fn n5_what_runs_although_it_was_shut_down_shows() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    test.advance(Duration::minutes(11));
    test.sees(FULL, &[("magnet", "1.0.0")]).await;
    let shut_down = || Command::ShutDown {
        reason: "It floods the broker.".to_owned(),
        affected: "The broker.".to_owned(),
        responsible: test.person("jonas"),
        conditions: "The rate is limited.".to_owned(),
    };
    test.does("lena", "magnet", shut_down()).await.unwrap();
    let round = async || goes_round(&test, Some(test.app.clock.now()), true).await;
    round().await;
    assert_eq!(test.incidents("magnet"), [], "somebody is on the way to stop it");
    let since = test.app.clock.now();
    test.advance(Duration::minutes(10));
    goes_round(&test, Some(since), true).await;
    assert_eq!(test.incidents("magnet"), [Kind::NotStopped]);
    let (kind, out) = (Kind::NotStopped, test.stranger());
    for page in ["/?q=magnet", "/devices/magnet", "/incidents?kind=not_stopped"] {
        let page_ = out.page(page).await;
        assert!(page_.contains(kind.label()) && page_.contains(kind.remedy()), "{page}");
    }
    let told = reqwest::get(format!("{}/api/v1/incidents?kind=not_stopped", test.url)).await.unwrap();
    let told: serde_json::Value = told.json().await.unwrap();
    assert_eq!(told["incidents"][0]["remedy"], kind.remedy(), "{told}");
    // Stopped as ordered.
    test.sees(FULL, &[]).await;
    assert_eq!(test.incidents("magnet"), []);
    // It may be started again, and has some time for it.
    test.does("lena", "magnet", Command::Restart { text: "The limit is in.".to_owned() }).await.unwrap();
    assert_eq!(test.incidents("magnet"), []);
    let since = test.app.clock.now();
    test.advance(Duration::minutes(10));
    goes_round(&test, Some(since), true).await;
    assert_eq!(test.incidents("magnet"), [Kind::NotSeen]);
    test.does("lena", "magnet", shut_down()).await.unwrap();
    assert_eq!(test.incidents("magnet"), [], "nothing is to run there");
    assert!(store::journal::verify(&test.app.db.read).await.unwrap().is_ok());
}

/// G10: what has ended is told to be started nowhere.
#[tokio::test]
async fn g10_what_has_ended_is_to_start_nowhere() {
    let test = TestApp::new().await;
    test.requested("magnet").await;
    test.does("lena", "magnet", Command::Decline { reason: "Another one does it.".to_owned() }).await.unwrap();
    test.sees(REDUCED, &[("magnet", "1.0.0")]).await;
    assert_eq!(test.incidents("magnet"), [Kind::WrongServer]);
    for page in ["/devices/magnet", "/incidents"] {
        let page = test.stranger().page(page).await;
        assert!(page.contains("Call first. Stop it, and start it nowhere"), "{page}");
        assert!(!page.contains(Kind::WrongServer.remedy()), "{page}");
    }
}

/// T8, O1, G10: while a program reports, nobody's word stands against it, neither of what runs nor of what stopped; where
/// it has fallen silent, a statement counts. Pages do not offer what is refused.
#[tokio::test]
async fn t8_a_statement_does_not_overrule_what_is_reported() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    test.advance(Duration::minutes(11));
    test.sees(FULL, &[("magnet", "1.0.0-dirty")]).await;
    let (app, lena) = (&test.app, test.caller("lena"));
    let states = async |instance: &str, server: &str| {
        let seen = Report { instance: instance.to_owned(), ..report(server, "1.0.0") };
        let done = observations::state(app, &lena, "magnet", seen).await;
        test.shown().await;
        done
    };
    let gone = async |server: &str| {
        let done = observations::state_gone(app, &lena, "magnet", "SCS_TEST/MON/MAGNET", &server.into()).await;
        test.shown().await;
        done
    };
    let refused = |error: Option<Error>| match error {
        Some(Error::Refused(refusal)) => {
            assert!(refusal.code == Code::WrongState && refusal.sentence.contains("wait until it is silent"));
            refusal.sentence
        }
        other => panic!("{other:?}"),
    };
    let magnet = "SCS_TEST/MON/MAGNET";
    assert!(refused(states(magnet, FULL).await.err()).contains("mend what runs"));
    refused(gone(FULL).await.err());
    // Its agent tells everything that runs there, so nothing else does.
    refused(states("SCS_TEST/MON/OTHER", FULL).await.err());
    assert_eq!(test.incidents("magnet"), [Kind::Dirty]);
    let browser = test.browser("lena").await;
    assert!(!browser.page("/devices/magnet").await.contains("It stopped there"));
    let form = browser.page(&format!("/devices/magnet/state-gone?instance={magnet}&server={FULL}")).await;
    assert!(form.contains("wait until it is silent"), "{form}");
    let form = browser.page("/devices/magnet/state-seen").await;
    assert!(
        !form.contains(&format!("value=\"{FULL}\"")) && form.contains(&format!("value=\"{REDUCED_TOO}\"")),
        "{form}"
    );
    let fields = [("instance", magnet), ("server", FULL)];
    assert_eq!(browser.post("/devices/magnet/state-gone", &fields).await.status(), 409);
    let program = test.program("lena", TokenScope::Admin).await;
    let seen = serde_json::to_value(report(FULL, "1.0.0")).unwrap();
    assert_eq!(program.post("/devices/magnet/sightings", seen).await.0, 409);
    let stopped = serde_json::json!({ "instance": magnet, "server": FULL });
    assert_eq!(program.post("/devices/magnet/sightings/gone", stopped).await.0, 409);
    // A report that does not list everything speaks for what is in it.
    let agent = Caller { origin: "test agent".to_owned(), ..Caller::custody() };
    observe(app, &agent, &REDUCED_TOO.into(), vec![report(REDUCED_TOO, "1.0.0")], false).await.unwrap();
    test.shown().await;
    refused(states(magnet, REDUCED_TOO).await.err());
    states("SCS_TEST/MON/OTHER", REDUCED_TOO).await.unwrap();
    // Silent, it has nothing against it.
    test.advance(Duration::minutes(11));
    states(magnet, FULL).await.unwrap();
    gone(REDUCED_TOO).await.unwrap();
    // An empty report is one too, and takes the word back.
    test.sees(FULL, &[]).await;
    refused(states(magnet, FULL).await.err());
    assert!(browser.page("/devices/magnet/state-seen").await.contains("reports everything"));
}

/// T8, A1: whoever had a part in it this cycle has no word about what runs, be they of CTRL or not.
#[tokio::test]
async fn a1_whoever_left_states_nothing() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let jonas = test.person("jonas");
    test.does("ilse", "magnet", Command::AddContributor { person: jonas }).await.unwrap();
    test.does("ilse", "magnet", Command::RemoveContributor { person: jonas }).await.unwrap();
    let states = async |who: &str| {
        let done = observations::state(&test.app, &test.caller(who), "magnet", report(REDUCED, "1.0.0")).await;
        test.shown().await;
        done
    };
    let stated = states("jonas").await;
    assert!(matches!(&stated, Err(Error::Refused(r)) if r.code == Code::NotYours), "{stated:?}");
    states("lena").await.unwrap();
    let (caller, magnet) = (test.caller("jonas"), "SCS_TEST/MON/MAGNET");
    let gone = observations::state_gone(&test.app, &caller, "magnet", magnet, &REDUCED.into()).await;
    assert!(matches!(&gone, Err(Error::Refused(r)) if r.code == Code::NotYours), "{gone:?}");
}

/// G10: of more instances than one report takes, it says how several do not undo each other.
#[tokio::test]
async fn g10_a_report_that_is_too_large_says_how_to_split_it() {
    let test = TestApp::new().await;
    let agent = Caller { origin: "test agent".to_owned(), ..Caller::custody() };
    let many = (0..=observations::MOST).map(|i| Report { instance: format!("A/B/{i}"), ..report(REDUCED, "1") });
    let refused = observe(&test.app, &agent, &REDUCED.into(), many.collect(), true).await;
    let Err(Error::Invalid(problems)) = refused else { panic!("{refused:?}") };
    assert!(problems[0].say.contains("\"complete\": false"), "{problems:?}");
}
