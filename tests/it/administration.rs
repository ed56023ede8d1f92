//! Servers, hosts, groups and areas that are changed and removed; jobs; the index of it all (E1, H1, L7, A23).

use crate::{
    app::{FULL, POLICY, REDUCED, REDUCED_TOO, TestApp, morning, open},
    given::policy_with,
};
use custody::{
    app::App,
    domain::server::Server,
    jobs::Job,
    ports::clock::Clock,
    service::{
        self, Error, checks, closing,
        groups::{self, NewGroup, TeamKind},
        jobs, retention, servers,
        tokens::{self, TokenScope},
    },
    store,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

fn refused<T: std::fmt::Debug>(result: service::Result<T>) -> String {
    match result {
        Err(Error::Refused(refusal)) => refusal.sentence,
        other => panic!("{other:?}"),
    }
}

fn invalid<T: std::fmt::Debug>(result: service::Result<T>) -> String {
    match result {
        Err(Error::Invalid(problems)) => problems[0].say.clone(),
        other => panic!("{other:?}"),
    }
}

async fn kinds(test: &TestApp, stream: &str) -> Vec<String> {
    let all = store::journal::list_all(&test.app.db.read, stream).await.unwrap();
    all.into_iter().map(|e| e.kind).collect()
}

/// H1, A23: a server moves among hosts of its class only, and goes once nothing needs it; its history stays.
#[tokio::test]
async fn h1_a_server_is_changed_and_removed() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.sees(REDUCED, &[("magnet", "1.0.0")]).await;
    let (app, ada) = (&test.app, test.caller("ada"));
    let host = servers::Host {
        name: "scs-rr-contrib-02".to_owned(),
        class: custody::domain::server::SupportClass::Reduced,
        note: String::new(),
    };
    servers::add_host(app, &ada, host).await.unwrap();
    let moved = servers::change(app, &ada, REDUCED, "scs-rr-contrib-02", "SQS").await.unwrap();
    assert_eq!((moved.host.as_str(), moved.instrument.as_str()), ("scs-rr-contrib-02", "SQS"));
    servers::change(app, &ada, REDUCED, "scs-rr-contrib-02", "SQS").await.unwrap();
    assert_eq!(kinds(&test, &format!("server/{REDUCED}")).await, ["server_changed"], "nothing changed twice");
    assert!(invalid(servers::change(app, &ada, REDUCED, "scs-rr-ctrl-01", "SQS").await).contains("other class"));
    assert!(invalid(servers::change(app, &ada, REDUCED, "none", "SQS").await).contains("on record"));
    assert!(invalid(servers::change(app, &ada, REDUCED, "scs-rr-contrib-02", "X").await).contains("instruments"));
    let lena = test.caller("lena");
    assert!(refused(servers::remove(app, &lena, FULL).await).contains("administrator"));

    // What needs it is named, all of it.
    let scope = TokenScope::Observe(REDUCED.into());
    tokens::create(app, &lena, "agent on scs-rr-01", scope, 30).await.unwrap();
    let why = refused(servers::remove(app, &ada, REDUCED).await);
    for says in ["placed there: magnet", "seen running there: 1 instance", "tokens speak for it: agent on scs-rr-01"] {
        assert!(why.contains(says), "{says}: {why}");
    }
    let browser = test.browser("ada").await;
    let page = browser.page(&format!("/admin/servers/remove?name={REDUCED}")).await;
    assert!(page.contains("cannot be removed now") && page.contains("Placed there: magnet."), "{page}");
    let tried = browser.post("/admin/servers/remove", &[("name", REDUCED)]).await;
    assert_eq!(tried.status(), 409);

    // The other one is needed by nobody; taken off the record it is found no more, and comes back as it was.
    let page = browser.page(&format!("/admin/servers/remove?name={REDUCED_TOO}")).await;
    assert!(page.contains("Take it off the record") && page.contains("To undo it, add it again"), "{page}");
    let gone = browser.post("/admin/servers/remove", &[("name", REDUCED_TOO)]).await;
    assert_eq!(gone.status(), 303);
    assert!(!browser.page("/admin/servers").await.contains(&format!("<b class=\"mono\">{REDUCED_TOO}")));
    assert!(app.projection.read().server(&REDUCED_TOO.into()).is_none(), "the board knows it no more");
    assert_eq!(browser.post("/admin/servers/remove", &[("name", REDUCED_TOO)]).await.status(), 404);
    servers::add(app, &ada, REDUCED_TOO, "scs-rr-contrib-01", "SQS").await.unwrap();
    test.shown().await;
    assert_eq!(kinds(&test, &format!("server/{REDUCED_TOO}")).await, ["server_removed", "server_added"]);
    assert!(app.projection.read().server(&REDUCED_TOO.into()).is_some());
}

/// H1: a host keeps its class; it goes once no server stands on it.
#[tokio::test]
async fn h1_a_host_is_changed_and_removed() {
    let test = TestApp::new().await;
    let (app, ada) = (&test.app, test.caller("ada"));
    let browser = test.browser("ada").await;
    let saved = browser.post("/admin/hosts/change", &[("name", "scs-rr-ctrl-01"), ("note", " rack 7 ")]).await;
    assert_eq!(saved.status(), 303);
    let page = browser.page("/admin/servers").await;
    assert!(page.contains("rack 7") && !page.contains(">Change<"), "each says what it changes: {page}");
    let long = "x".repeat(201);
    assert_eq!(browser.post("/admin/hosts/change", &[("name", "scs-rr-ctrl-01"), ("note", &long)]).await.status(), 422);
    let why = refused(servers::remove_host(app, &ada, "scs-rr-ctrl-01").await);
    assert!(why.contains("servers stand on it") && why.contains(FULL), "{why}");
    assert!(browser.page("/admin/hosts/remove?name=scs-rr-ctrl-01").await.contains("cannot be removed now"));
    servers::remove(app, &ada, FULL).await.unwrap();
    assert!(browser.page("/admin/hosts/remove?name=scs-rr-ctrl-01").await.contains("Take it off the record"));
    assert_eq!(browser.post("/admin/hosts/remove", &[("name", "scs-rr-ctrl-01")]).await.status(), 303);
    assert_eq!(kinds(&test, "host/scs-rr-ctrl-01").await, ["host_changed", "host_removed"]);
    for path in ["/admin/hosts/remove?name=none", "/admin/hosts/change?name=none", "/admin/servers/change?name=none"] {
        assert_eq!(browser.get(path).await.status(), 404, "{path}");
    }
    assert_eq!(browser.get("/admin/servers/remove").await.status(), 404);
    let outsider = test.browser("lena").await;
    assert_eq!(outsider.post("/admin/hosts/remove", &[("name", "scs-rr-contrib-01")]).await.status(), 403);
}

/// H1: what the policy's pool names stays on record.
#[tokio::test]
async fn h1_the_pool_keeps_its_servers() {
    let test = TestApp::with_policy(&policy_with(&format!("[servers]\npool = [\"{REDUCED}\"]\n"))).await;
    let why = refused(servers::remove(&test.app, &test.caller("ada"), REDUCED).await);
    assert!(why.contains("the policy’s pool names it"), "{why}");
}

/// What stands behind each of these on a page, up to the next tag or quote.
fn each(page: &str, behind: &str) -> Vec<String> {
    page.split(behind).skip(1).map(|rest| rest.split(['<', '"']).next().unwrap().to_owned()).collect()
}

/// H1, E3: servers and hosts come page by page, each once, and are found by a part of what stands there; programs find
/// the same.
#[tokio::test]
async fn h1_servers_and_hosts_come_in_pages() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.sees(REDUCED, &[("magnet", "1.0.0")]).await;
    test.sees("cppServer/nobody_01", &[("camera", "")]).await;
    let tx = test.app.db.begin().await.unwrap();
    let like = store::servers::find(&tx, &FULL.into()).await.unwrap().unwrap();
    for n in 0..60 {
        let host = format!("mid-rr-{n:02}");
        store::servers::insert_host(&tx, &host, like.class, "").await.unwrap();
        let name = format!("cppServer/ctrl_mid_{n:02}").as_str().into();
        let server = Server { name, host, instrument: "MID".to_owned(), ..like.clone() };
        store::servers::insert(&tx, &server, test.app.clock.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let ada = test.browser("ada").await;
    for (list, row, all) in
        [("after", "<td><b class=\"mono\">", 63), ("hosts_after", "<li><div class=\"grow\"><code>", 62)]
    {
        let (mut read, mut at) = (Vec::new(), Some("/admin/servers".to_owned()));
        let mut sizes = Vec::new();
        while let Some(path) = at {
            let page = ada.page(&path).await;
            // What is not on record stands above the lists, on every page.
            let page = page.replace("<code>cppServer/nobody_01", "");
            let names = each(&page, row);
            sizes.push(names.len());
            read.extend(names);
            at = each(&page, "href=\"").into_iter().find(|href| href.contains(&format!("?{list}=")));
        }
        assert_eq!(sizes, [servers::PAGE, all - servers::PAGE], "{list}");
        assert!(read.is_sorted() && read.iter().collect::<BTreeSet<_>>().len() == all, "{list}: {read:?}");
    }
    let page = ada.page("/admin/servers").await;
    for says in ["Seen, and not on record", "cppServer/nobody_01", "href=\"/devices/magnet\"", "magnetClass"] {
        assert!(page.contains(says), "{says}: {page}");
    }
    let found = ada.page("/admin/servers?q=+RR-07+").await;
    assert_eq!(each(&found, "<td><b class=\"mono\">"), ["cppServer/ctrl_mid_07"], "by its host: {found}");
    assert!(found.contains("<code>mid-rr-07</code>") && found.contains("1 server<"), "{found}");
    let many = ada.page("/admin/servers?q=MID").await;
    assert!(each(&many, "href=\"").iter().any(|href| href.starts_with("/admin/servers?q=MID&")), "{many}");
    // What stands for any letter to a database is a letter here.
    for none in ["ctrl%25mid", "rr_07"] {
        assert!(ada.page(&format!("/admin/servers?q={none}")).await.contains("No server is found by this"), "{none}");
    }

    let program = test.program("lena", TokenScope::Read).await;
    let names = async |query: &str| {
        let (status, all) = program.get(&format!("/servers?{query}")).await;
        assert_eq!(status, 200, "{all}");
        each(&all["servers"].to_string(), "\"name\":\"")
    };
    assert_eq!(names("find=RR-07").await, ["cppServer/ctrl_mid_07"]);
    assert_eq!(names("host=mid-rr-08&instrument=MID").await, ["cppServer/ctrl_mid_08"]);
    assert_eq!(names("find=mid&limit=2&after=cppServer%2Fctrl_mid_57").await.len(), 2);
    assert_eq!(names("instrument=MID&limit=1000").await.len(), 60);
    // A whole name is looked for; what is longer than any is refused, and cut on the page: found by its beginning, it would
    // be another one.
    assert!(names(&format!("find={}", "x".repeat(servers::FIND_MOST))).await.is_empty());
    let longer = format!("{}x", "MID".repeat(servers::FIND_MOST / 3));
    let (status, refused) = program.get(&format!("/servers?find={longer}")).await;
    assert_eq!((status, &refused["errors"][0]["field"]), (422, &json!("find")), "{refused}");
    let page = ada.page(&format!("/admin/servers?q={longer}")).await;
    assert!(page.contains(&format!("value=\"{}\"", &longer[..servers::FIND_MOST])), "{page}");
    let (_, reduced) = program.get(&format!("/servers?find={REDUCED}")).await;
    assert_eq!((&reduced["servers"][0]["placed"], &reduced["servers"][0]["running"]), (&json!(["magnet"]), &json!(1)));
}

/// L7, E1: groups get another name and go once they are empty; what the policy names stays as it is.
#[tokio::test]
async fn l7_groups_are_renamed_and_removed() {
    let test = TestApp::new().await;
    let (app, ada) = (&test.app, test.caller("ada"));
    let teams = groups::list(app).await.unwrap().0;
    let id = |name: &str| teams.iter().find(|t| t.name == name).unwrap().id;
    let browser = test.browser("ada").await;
    let experts = id("Pulse pattern experts");
    let renamed = browser.post(&format!("/admin/groups/{experts}/rename"), &[("name", "Pulse people")]).await;
    assert_eq!(renamed.status(), 303);
    let page = browser.page("/admin/areas").await;
    assert!(
        page.contains("Pulse people") && page.contains("Sofia Lindqvist") && page.contains("has experts"),
        "{page}"
    );
    assert!(page.contains("nobody can sign it off") && page.contains("Add a group of experts"), "{page}");
    assert!(invalid(groups::rename(app, &ada, experts, "doc").await).contains("There is a group called doc already"));
    assert!(invalid(groups::rename(app, &ada, id("ICI"), "ICE").await).contains("offers new requests to it first"));
    assert!(invalid(groups::rename(app, &ada, experts, " ").await).contains("at most 80 characters"));
    assert!(refused(groups::delete(app, &ada, experts).await).contains("somebody is in it"));
    let why = refused(groups::delete(app, &ada, id("ICI")).await);
    assert!(why.contains("4 people are in it") && why.contains("offers new requests"), "{why}");
    groups::remove(app, &ada, experts, test.person("sofia")).await.unwrap();
    assert_eq!(browser.post(&format!("/admin/groups/{experts}/delete"), &[]).await.status(), 303);
    // Once it is said that it is gone, nothing says its name.
    assert!(browser.page("/admin/groups").await.contains("The group Pulse people is removed."));
    assert!(!browser.page("/admin/groups").await.contains("Pulse people"));
    assert_eq!(kinds(&test, &format!("group/{experts}")).await, ["renamed", "member_removed", "removed"]);
    let new =
        NewGroup { name: "Pulse people".to_owned(), kind: TeamKind::Experts, area: Some("pulse-patterns".to_owned()) };
    groups::create(app, &ada, new).await.unwrap();
}

/// E1: a form tells everything that is wrong with it at once, each at its field, with a name that would fit.
#[tokio::test]
async fn e1_forms_tell_all_that_is_wrong_at_once() {
    let test = TestApp::new().await;
    let ada = test.browser("ada").await;
    let shown = ada.page("/admin/servers/new").await;
    assert!(shown.contains("a name like cppServer/contrib_scs_01") && !shown.contains("(^|"), "{shown}");
    let long = "x".repeat(201);
    for (path, sent, fields) in [
        (
            "/admin/servers/new",
            &[("name", ""), ("host", "none"), ("instrument", "")][..],
            &["host", "name", "instrument"],
        ),
        (
            "/admin/servers/new",
            &[("name", "cppServer/scs_09"), ("host", "scs-rr-contrib-01"), ("instrument", "")][..],
            &["name", "instrument", ""],
        ),
        (
            "/admin/servers/new-host",
            &[("name", "a b"), ("class", ""), ("note", long.as_str())][..],
            &["name", "class-1", "note"],
        ),
        ("/admin/groups/new", &[("name", ""), ("kind", "")][..], &["name", "kind-1", ""]),
        ("/admin/groups/new", &[("name", ""), ("kind", "experts"), ("area", "")][..], &["name", "area", ""]),
        (
            "/admin/tokens/new",
            &[("name", ""), ("scope", "observe"), ("server", ""), ("days", "many")][..],
            &["name", "server", "days"],
        ),
        (
            "/admin/forges/new",
            &[("name", ""), ("forge", ""), ("covers", ""), ("secret", "short")][..],
            &["name", "forge-1", "covers"],
        ),
    ] {
        let back = ada.post(path, sent).await;
        assert_eq!(back.status(), 422, "{path}");
        let page = back.text().await.unwrap();
        for field in fields.iter().filter(|f| !f.is_empty()) {
            assert!(page.contains(&format!("<a href=\"#{field}\">")), "{path} {field}: {page}");
        }
        assert!(!page.contains("(^|"), "{page}");
    }
}

/// E1: administrators find every page of theirs; nobody else does.
#[tokio::test]
async fn e1_the_index_leads_to_every_page() {
    let test = TestApp::new().await;
    let ada = test.browser("ada").await;
    let page = ada.page("/admin").await;
    let links = page.split("<a class=\"tn\" href=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let links: Vec<&str> = links.collect();
    assert!(links.len() >= 11, "{links:?}");
    for path in links {
        assert_eq!(ada.get(path).await.status(), 200, "{path}");
    }
    for path in ["/admin", "/admin/jobs", "/admin/areas"] {
        assert_eq!(test.browser("lena").await.get(path).await.status(), 403, "{path}");
    }
}

/// E1, A31, A37: by the API an administrator finds anybody, by name, address, sign-in name or group, closed accounts too;
/// opens one again, and reads before closing or erasing what it leaves alone. Nobody else does.
#[tokio::test]
async fn e1_an_administrator_finds_anybody_by_the_api() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let marek = test.person("marek");
    closing::close(&test.app, &test.caller("ada"), marek).await.unwrap();
    let ada = test.acts("ada").await;
    let found = async |query: &str| {
        let (status, page) = ada.get(&format!("/people?{query}")).await;
        assert_eq!(status, 200, "{query}: {page}");
        page["people"].as_array().unwrap().clone()
    };
    for query in ["find=dvorak", "find=MAREK@example", "find=marek", "find=&named=dvo"] {
        let all = found(query).await;
        assert_eq!(all.len(), 1, "{query}: {all:?}");
        assert_eq!((&all[0]["id"], &all[0]["email"]), (&json!(marek), &json!("marek@example.org")), "{query}");
        assert!(all[0]["closed_at"].is_string(), "{query}: {all:?}");
    }
    let sofia = json!({ "id": test.person("sofia"), "name": "Sofia Lindqvist" });
    let experts = found("find=pulse").await;
    assert_eq!(
        (experts.len(), &experts[0]["id"], &experts[0]["email"]),
        (1, &sofia["id"], &json!("sofia@example.org"))
    );
    assert!(experts[0].get("closed_at").is_none());
    assert_eq!(found("named=sofia").await, [sofia]);
    assert_eq!(found("named=dvo").await, Vec::<Value>::new(), "by name alone, who has an account");
    let (_, first) = ada.get("/people?find=&limit=10").await;
    let after: String = url::form_urlencoded::byte_serialize(first["next"].as_str().unwrap().as_bytes()).collect();
    let rest = found(&format!("find=&limit=10&after={after}")).await;
    assert_eq!((first["people"].as_array().unwrap().len(), rest.len()), (10, 1));

    let leaves = format!("/people/{}/erasure", test.person("ilse"));
    let expected = json!({ "name": "Ilse Hartmann", "left_alone": ["magnet"], "contact_of": ["magnet"],
        "contributes_to": ["magnet"], "takes_care_of": [], "tokens": 0, "other_records": [] });
    assert_eq!(ada.get(&leaves).await, (200, expected));
    for who in ["lena", "noor"] {
        let reads = test.program(who, TokenScope::Read).await;
        assert_eq!((reads.get("/people?find=marek").await.0, reads.get(&leaves).await.0), (403, 403), "{who}");
    }
    let opened = ada.sends(Method::POST, &format!("/people/{marek}/reopen"), &[], None).await;
    assert_eq!(opened.status(), 204);
    assert!(found("find=marek").await[0].get("closed_at").is_none());
}

/// E1, A24, G9: CTRL makes the tokens of deploy tools, which ask in the name of their maker, and ends them; contributors
/// and the shift do not.
#[tokio::test]
async fn e1_ctrl_makes_tokens_of_deploy_tools() {
    let test = TestApp::new().await;
    let lena = test.browser("lena").await;
    let menu = lena.page("/account/tokens/new").await;
    assert!(menu.contains("href=\"/admin/tokens/new\"") && !menu.contains("href=\"/admin\""), "{menu}");
    let new = [("name", "deploy tool"), ("scope", "deploy"), ("days", "30")];
    let made = lena.post("/admin/tokens/new", &new).await;
    assert_eq!(made.status(), 200);
    assert!(made.text().await.unwrap().contains("custody_"));
    let list = lena.page("/admin/tokens").await;
    assert!(list.contains("made by Lena Brandt") && !list.contains("href=\"/admin/people\""), "{list}");
    let revoke = list.split('"').find(|part| part.starts_with("/admin/tokens/") && part.ends_with("/revoke")).unwrap();
    lena.page(revoke).await;
    assert_eq!(lena.post(revoke, &[]).await.status(), 303);
    for who in ["ilse", "noor", "otto"] {
        let browser = test.browser(who).await;
        assert_eq!(browser.get("/admin/tokens").await.status(), 403, "{who}");
        assert_eq!(browser.post("/admin/tokens/new", &new).await.status(), 403, "{who}");
        assert!(!browser.page("/account/tokens/new").await.contains("/admin/tokens"), "{who}");
    }
}

/// E1, A24: however many tokens there ever were, those that count come first, a page is bounded, and any is found by its
/// program, its server or its maker.
#[tokio::test]
async fn e1_a_token_is_found_among_many() {
    let test = TestApp::new().await;
    let (lena, ada) = (test.caller("lena"), test.browser("ada").await);
    let scope = || TokenScope::Observe(REDUCED.into());
    let (old, _) = tokens::create(&test.app, &lena, "the oldest agent", scope(), 300).await.unwrap();
    let tx = test.app.db.begin().await.unwrap();
    for n in 0..220 {
        let dead = store::doors::Token {
            id: uuid::Uuid::now_v7().to_string(),
            name: format!("job no. {n}"),
            revoked_at: Some(test.app.clock.now()),
            ..old.clone()
        };
        store::doors::insert_token(&tx, &dead, &format!("hash {n}")).await.unwrap();
    }
    tx.commit().await.unwrap();
    let page = ada.page("/admin/tokens").await;
    assert!(page.contains("the oldest agent") && page.contains("221 found, the first 200 are shown"), "{page}");
    assert_eq!(page.matches("job no. ").count(), 199);
    let page = ada.page("/admin/tokens?q=OLDEST").await;
    assert!(page.contains("the oldest agent") && !page.contains("job no. "), "{page}");
    assert!(ada.page("/admin/tokens?q=contrib_scs").await.contains("the first 200 are shown"));
    assert!(ada.page("/admin/tokens?q=nonsense").await.contains("No token is found by this"));
}

/// E1: what Custody does by itself is shown with what it said, and with why it failed last.
#[tokio::test]
async fn e1_jobs_say_how_they_went() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let ada = test.browser("ada").await;
    assert!(ada.page("/admin/jobs").await.contains("Nothing has run yet"));
    let (app, minute) = (&test.app, Duration::from_secs(60));
    let said = |n: &usize| format!("{n} device looked at");
    app.watched(Job::Checks, minute, checks::round(app), said).await.unwrap();
    // What waits for its first run says when; what lacks something never runs, and says what.
    let in_a_while = app.clock.now() + Duration::from_secs(25 * 60);
    app.jobs.expect(Job::Drift, in_a_while);
    let page = ada.page("/admin/jobs").await;
    for says in ["in 25 min", "has not run", "not set up", "No folder for them is set."] {
        assert!(page.contains(says), "{says}: {page}");
    }
    app.jobs.expect(Job::Checkpoints, in_a_while);
    assert!(!ada.page("/admin/jobs").await.contains("No folder for them is set."));
    let failed = async { Err::<(), _>(std::io::Error::other("the folder <b>is</b> full")) };
    app.watched(Job::Checkpoints, minute, failed, |()| String::new()).await.unwrap_err();
    app.watched(Job::Retention, minute, retention::sweep(app), |n| format!("{n} things deleted")).await.unwrap();
    let page = ada.page("/admin/jobs").await;
    for says in ["1 device looked at", "went well", "in 1 min", "It failed last", "has not run"] {
        assert!(page.contains(says), "{says}: {page}");
    }
    assert!(page.contains("the folder &#60;b&#62;is") && !page.contains("<b>is</b>"), "{page}");
}

/// F10, E1: a run that is said to be hours ahead, as the clock was, gives way to the next one: it hides none of them until
/// then.
#[tokio::test]
async fn f10_a_run_from_ahead_gives_way_to_the_next() {
    let test = TestApp::new().await;
    let started = test.app.clock.now();
    let runs = async |app: &App, said: &str| {
        let well = async { Ok::<_, std::io::Error>(()) };
        app.watched(Job::Escalation, Duration::from_secs(60), well, |()| said.to_owned()).await.unwrap();
    };
    let shown = async |app: &App| {
        let all = jobs::overview(app).await.unwrap().jobs;
        all.into_iter().find(|j| j.job == Job::Escalation).unwrap().doing.said
    };
    let clock = Clock::fixed(morning() + Duration::from_secs(5 * 3600));
    let ahead = open(test.dir.path(), clock, &POLICY, &test.url).await;
    runs(&ahead, "hours ahead").await;
    jobs::save(&ahead, started, &mut BTreeMap::new()).await.unwrap();
    runs(&test.app, "by the right clock").await;
    assert_eq!(shown(&test.app).await, "by the right clock");
    jobs::save(&test.app, started, &mut BTreeMap::new()).await.unwrap();
    let next = open(test.dir.path(), test.app.clock.clone(), &POLICY, &test.url).await;
    assert_eq!(shown(&next).await, "by the right clock");
    for app in [ahead, next] {
        app.stop.cancel();
    }
}
