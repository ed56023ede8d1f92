//! How regularly devices are deployed, and what falls behind (G7).

use crate::{
    app::{FULL, REDUCED, REDUCED_TOO, TestApp},
    environments::{TRIAL, succeeded},
    given::{policy_with, tag},
    queries::multiply,
};
use chrono::Duration;
use custody::{
    domain::{
        cadence::{Standing, Whose, WhyNot},
        deployment::Environment::{self, Development, Production},
        lifecycle::Command,
    },
    service::{
        cadence::{self, Shown},
        checks, closing,
        deployments::{self, Wanted},
        figures, servers,
        tokens::TokenScope,
    },
    store,
};
use serde_json::{Value, json};

impl TestApp {
    async fn cadence(&self, which: Environment) -> Shown {
        let (_, shown, _) = cadence::look(&self.app, "magnet").await.unwrap();
        shown.into_iter().find(|s| s.cadence.environment == which).unwrap()
    }

    async fn stands(&self, which: Environment) -> Standing {
        self.cadence(which).await.cadence.standing
    }

    async fn why_not(&self, which: Environment) -> Option<WhyNot> {
        self.cadence(which).await.cadence.why_not
    }

    /// Contributors put a release onto their development server by hand.
    async fn places_by_hand(&self) {
        if self.device("magnet").await.release(&tag("1.0.0")).is_none() {
            self.does("ilse", "magnet", Command::VerifyTag { tag: tag("1.0.0") }).await.unwrap();
        }
        let by_hand = Command::Deploy { server: REDUCED.into(), tag: Some(tag("1.0.0")) };
        self.does("ilse", "magnet", by_hand).await.unwrap();
    }

    /// How many are told that it falls behind.
    async fn tells(&self) -> usize {
        let device = self.device("magnet").await;
        cadence::tell(&self.app, std::slice::from_ref(&device)).await.unwrap()
    }

    async fn hears(&self, who: &str) -> usize {
        self.was_told(who).await.iter().filter(|t| t.starts_with("Behind in ")).count()
    }
}

/// G7: what CTRL owns is due soon three weeks after its deployment, behind a month after it, and kept once it is deployed
/// again; development asks nothing of what is not placed there.
#[tokio::test]
async fn g7_what_ctrl_owns_falls_behind_in_production() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    assert_eq!(test.why_not(Development).await, Some(WhyNot::NotPlaced));
    for (days, expected) in [(0, Standing::Kept), (23, Standing::Kept), (1, Standing::DueSoon), (7, Standing::Behind)] {
        test.advance(Duration::days(days));
        assert_eq!(test.stands(Production).await, expected, "after {days} more days");
    }
    let behind = test.cadence(Production).await.cadence;
    assert_eq!((behind.whose, behind.counted().unwrap().tag.as_str()), (Whose::Ctrl, "1.0.0"));
    test.deploys_by_permit("lena", "magnet", "1.0.0", FULL).await;
    assert_eq!(test.stands(Production).await, Standing::Kept);
}

/// G7: a release that contributors placed by hand counts, and it is their turn; what is hot-developed without one has
/// nothing to deploy, and the page says so.
#[tokio::test]
async fn g7_what_is_placed_by_hand_counts_and_hot_development_has_nothing_to_deploy() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    assert_eq!(test.why_not(Development).await, Some(WhyNot::HotDevelopment));
    let page = test.stranger().page("/devices/magnet").await;
    assert!(page.contains("it is hot-developed there without a release, so there is nothing to deploy."), "{page}");
    test.places_by_hand().await;
    let kept = test.cadence(Development).await.cadence;
    assert_eq!((kept.standing, kept.whose, kept.last.is_some()), (Standing::Kept, Whose::Contributor, true));
    assert_eq!(test.why_not(Production).await, Some(WhyNot::NotPlaced));
    test.advance(Duration::days(40));
    assert_eq!(test.stands(Development).await, Standing::Behind);
    assert_eq!(test.tells().await, 3, "both contributors and the CTRL contact");
    // Another server, without a release, changes nothing of that.
    test.does("lena", "magnet", Command::AssignServer { server: REDUCED_TOO.into() }).await.unwrap();
    assert_eq!(test.stands(Development).await, Standing::Behind);
    test.places_by_hand().await;
    assert_eq!(test.stands(Development).await, Standing::Kept);
}

/// G7, G9: what failed, was rolled back or never begun counts for nothing: it is counted from the last that succeeded.
#[tokio::test]
async fn g7_only_what_succeeded_counts() {
    let test = TestApp::new().await;
    let token = test.two_environments().await;
    let first = test.deployed(&token, "1.1.0", TRIAL, &[succeeded()]).await;
    let last = async || {
        deployments::keep(&test.app).await.unwrap();
        test.cadence(Development).await.cadence.last.unwrap().deployment.to_string()
    };
    assert_eq!(last().await, first["id"]);
    test.advance(Duration::days(2));
    let failed = vec![json!({ "what": "failed", "text": "The disk is full." })];
    let rolled_back = vec![succeeded(), json!({ "what": "rolled_back", "text": "It shakes." })];
    for then in [vec![], failed, rolled_back] {
        test.deployed(&token, "1.1.0", TRIAL, &then).await;
        assert_eq!(last().await, first["id"], "{then:?}");
    }
    test.allowed(&token, "1.1.0", TRIAL).await;
    test.advance(Duration::minutes(6));
    assert_eq!(last().await, first["id"], "nobody began it");
    let second = test.deployed(&token, "1.1.0", TRIAL, &[succeeded()]).await;
    assert_eq!(last().await, second["id"]);
}

/// G7, G5: a full-support server of development asks there for its own, which is CTRL's turn too; a hold shows with who
/// holds it and why.
#[tokio::test]
async fn g7_each_environment_asks_for_itself() {
    let test = TestApp::new().await;
    let token = test.two_environments().await;
    test.deployed(&token, "1.1.0", TRIAL, &[succeeded()]).await;
    test.advance(Duration::days(40));
    test.deploys_by_permit("lena", "magnet", "1.1.0", TRIAL).await;
    test.does("jonas", "magnet", Command::HoldMovingOn { reason: "Beam time.".to_owned() }).await.unwrap();
    assert_eq!(test.stands(Production).await, Standing::Behind);
    let development = test.cadence(Development).await.cadence;
    assert_eq!((development.standing, development.whose), (Standing::Kept, Whose::Ctrl));
    let page = test.stranger().page("/devices/magnet").await;
    assert!(page.contains("Held in development by Jonas Okafor, "), "{page}");
    let read: Value = serde_json::from_str(&test.stranger().page("/api/v1/devices/magnet/cadence").await).unwrap();
    let [of_development, of_production] = &read["environments"].as_array().unwrap()[..] else { panic!("{read}") };
    assert_eq!((&of_development["standing"], &of_development["held_by"]), (&json!("kept"), &Value::Null));
    assert_eq!((&of_production["standing"], &of_production["held_by"]), (&json!("behind"), &json!("Jonas Okafor")));
    assert_eq!((&of_production["turn"], &of_production["people"]), (&json!("ctrl"), &json!(["Lena Brandt"])));
    assert_eq!((&of_production["held_because"], &of_production["every_days"]), (&json!("Beam time."), &json!(31)));
    test.advance(Duration::days(40));
    let file = test.browser("lena").await.page("/cadence.csv").await;
    let line = |of: &str| file.lines().find(|l| l.contains(of)).unwrap_or_default();
    assert!(line("\"production\"").ends_with(",\"Jonas Okafor\""), "{file}");
    assert!(line("\"development\"").ends_with(",\"\""), "a hold keeps it from production alone: {file}");
    test.deploys_by_permit("lena", "magnet", "1.0.0", FULL).await;
    assert_eq!(test.stands(Production).await, Standing::Kept);
}

/// G7, G1, G5: onto a reduced-support server of production contributors deploy: it is their turn there, and they hear so.
#[tokio::test]
async fn g7_it_is_the_turn_of_whoever_may_deploy_there() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    servers::set_environment(&test.app, &test.caller("ada"), REDUCED, Production).await.unwrap();
    test.places_by_hand().await;
    test.advance(Duration::days(40));
    let behind = test.cadence(Production).await.cadence;
    assert_eq!((behind.standing, behind.whose), (Standing::Behind, Whose::Contributor));
    assert_eq!(test.tells().await, 3, "both contributors and the CTRL contact");
    let told = test.was_told("ilse").await;
    assert!(
        told.iter().any(|t| t.starts_with("Behind in ") && t.ends_with("It is its contributors’ turn.")),
        "{told:?}"
    );
}

/// G7: a facility's policy asks for no cadence, or for another one.
#[tokio::test]
async fn g7_the_policy_says_how_often() {
    let off = policy_with("[cadence]\nproduction_days = 0\n");
    let test = TestApp::with_policy(&off).await;
    test.ctrl_owned("magnet").await;
    test.advance(Duration::days(400));
    assert_eq!(test.why_not(Production).await, Some(WhyNot::NoCadence));
    assert_eq!(test.tells().await, 0);
    let page = test.browser("lena").await.page("/cadence").await;
    assert!(page.contains("Nothing falls behind") && page.contains("every 31 days in development."), "{page}");

    let test = TestApp::with_policy(&policy_with("[cadence]\nproduction_days = 2\ndue_soon_days = 1\n")).await;
    test.ctrl_owned("magnet").await;
    for expected in [Standing::Kept, Standing::DueSoon, Standing::Behind] {
        assert_eq!(test.stands(Production).await, expected);
        test.advance(Duration::days(1));
    }
}

/// G7, N5: nothing is asked of what is not in development yet, is shut down, or has ended.
#[tokio::test]
async fn g7_what_is_not_deployed_does_not_fall_behind() {
    let test = TestApp::new().await;
    test.requested("camera").await;
    let (_, early, _) = cadence::look(&test.app, "camera").await.unwrap();
    assert!(early.iter().all(|s| s.cadence.why_not == Some(WhyNot::NotYet)), "{early:?}");
    test.ctrl_owned("magnet").await;
    test.advance(Duration::days(40));
    assert_eq!(test.stands(Production).await, Standing::Behind);
    test.does("lena", "magnet", test.shut_down("lena")).await.unwrap();
    assert_eq!(test.why_not(Production).await, Some(WhyNot::ShutDown));
    let none = cadence::list(&test.app, &Default::default()).await.unwrap();
    assert_eq!((none.lines.len(), none.behind), (0, 0));
    assert_eq!(test.tells().await, 0);
    test.does("lena", "magnet", Command::Restart { text: "The rate is limited.".to_owned() }).await.unwrap();
    assert_eq!(test.stands(Production).await, Standing::Behind, "it is counted on");
    test.sees(FULL, &[]).await;
    for ends in [Command::Remove { server: FULL.into() }, Command::Retire { reason: "Nobody uses it.".to_owned() }] {
        test.does("lena", "magnet", ends).await.unwrap();
    }
    assert_eq!(test.why_not(Production).await, Some(WhyNot::Ended));
}

/// G7, O5: whose turn it is hears once that a device has fallen behind, by the regular checks; not while a deployment is on
/// its way, not each day, and again once it was deployed and falls behind again.
#[tokio::test]
async fn g7_falling_behind_is_told_once() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    test.advance(Duration::days(30));
    assert_eq!(test.tells().await, 0, "due soon is no news");
    test.advance(Duration::days(1));
    let wanted =
        Wanted { device: "magnet".to_owned(), tag: tag("1.0.0"), server: FULL.into(), environment: None, commit: None };
    let going_on = deployments::request(&test.app, &test.caller("lena"), &wanted, None).await.unwrap();
    assert_eq!(test.cadence(Production).await.going_on, Some(going_on.view.deployment.id));
    assert_eq!(test.tells().await, 0, "it is on its way");
    test.advance(Duration::minutes(6));
    deployments::keep(&test.app).await.unwrap();
    checks::round(&test.app).await.unwrap();
    assert_eq!((test.hears("lena").await, test.hears("ilse").await), (1, 0), "it is CTRL’s turn");
    let told = store::notices::list(&test.app.db.read, test.person("lena"), 50).await.unwrap();
    assert!(told.iter().any(|t| t.text.starts_with("Behind in ") && t.path == "/devices/magnet#cadence"));
    assert_eq!(test.tells().await, 0);
    test.advance(Duration::days(1));
    assert_eq!(test.tells().await, 0, "not each day");

    test.deploys_by_permit("lena", "magnet", "1.0.0", FULL).await;
    assert_eq!(test.tells().await, 0);
    test.advance(Duration::days(31));
    assert_eq!(test.tells().await, 1, "again");
    assert_eq!(test.hears("lena").await, 2);
    test.deploys_by_permit("lena", "magnet", "1.0.0", FULL).await;
    test.advance(Duration::days(70));
    assert_eq!(test.tells().await, 0, "so long after it is no news");
}

/// G7, N4: where whose turn it is has left, the team that is asked first hears it instead of nobody.
#[tokio::test]
async fn g7_somebody_hears_it_where_the_ctrl_contact_has_left() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    closing::close(&test.app, &test.caller("ada"), test.person("lena")).await.unwrap();
    test.advance(Duration::days(32));
    test.tells().await;
    assert_eq!((test.hears("jonas").await, test.hears("ilse").await), (1, 0));
    assert_eq!(test.tells().await, 0, "once");
}

/// G7, E3, A24: programs read what falls behind page by page, by environment, instrument and standing; nobody does without
/// a token, and what is no such thing is refused.
#[tokio::test]
async fn g7_programs_read_what_falls_behind() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    multiply(&test, "magnet", 0, 60).await;
    test.advance(Duration::days(32));
    let lena = test.program("lena", TokenScope::Read).await;
    let (mut names, mut sizes, mut path) = (Vec::new(), Vec::new(), "/cadence".to_owned());
    loop {
        let (status, page) = lena.get(&path).await;
        assert_eq!((status, &page["behind"], &page["due_soon"]), (200, &json!(61), &json!(0)), "{page}");
        let lines = page["cadence"].as_array().unwrap();
        names.extend(lines.iter().map(|l| l["device"].as_str().unwrap().to_owned()));
        sizes.push(lines.len());
        let Some(next) = page["next"].as_str() else { break };
        let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        path = format!("/cadence?after={next}");
    }
    assert_eq!(sizes, [50, 11]);
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 61, "each once");
    for (query, many) in [
        ("environment=production", 61),
        ("environment=development", 0),
        ("instrument=SCS&environment=production", 61),
        ("instrument=MID", 0),
        ("standing=behind", 61),
        ("standing=due_soon", 0),
        ("standing=kept", 0),
    ] {
        let (_, page) = lena.get(&format!("/cadence?{query}")).await;
        assert_eq!(page["cadence"].as_array().unwrap().len(), many.min(50), "{query}: {page}");
    }
    let (_, page) = lena.get("/cadence?after=2026-01-01T00:00:00Z~production~magnet").await;
    let line = &page["cadence"][0];
    assert_eq!((&line["device"], &line["environment"]), (&json!("magnet"), &json!("production")), "{line}");
    assert_eq!((&line["last"]["tag"], &line["turn"]), (&json!("1.0.0"), &json!("ctrl")), "{line}");
    for (query, field) in [
        ("environment=staging", "environment"),
        ("standing=late", "standing"),
        ("standing=not_asked", "standing"),
        ("after=x", "after"),
        ("device=magnet", "query"),
    ] {
        let (status, problem) = lena.get(&format!("/cadence?{query}")).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!(field)), "{query}: {problem}");
    }
    let agent = test.program("lena", TokenScope::Observe(REDUCED.into())).await;
    assert_eq!(agent.get("/cadence").await.0, 200, "any token reads it");
    assert_eq!(test.stranger().get("/api/v1/cadence").await.status(), 401);
    let (_, mine) = lena.get("/me/work").await;
    assert_eq!(mine["cadence"].as_array().unwrap().len(), 50, "{mine}");
    assert_eq!(test.stranger().get("/api/v1/devices/nothing/cadence").await.status(), 404);
}

/// G7, PERFORMANCE: the list costs as many statements for many devices as for one.
#[tokio::test]
async fn g7_the_list_costs_a_fixed_number_of_statements() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    test.advance(Duration::days(32));
    let cost = async || {
        // Once before, so that what is prepared at first use is not counted.
        cadence::list(&test.app, &Default::default()).await.unwrap();
        let _nothing_is_taken_in = test.app.projection.taking_in.lock().await;
        let before = test.app.db.statements();
        let page = cadence::list(&test.app, &Default::default()).await.unwrap();
        (page.behind, test.app.db.statements() - before)
    };
    assert_eq!(cost().await, (1, 2), "what was deployed last in production, and what goes on");
    multiply(&test, "magnet", 0, 300).await;
    assert_eq!(cost().await, (301, 2));
}

/// G7, PERFORMANCE: figures are asked for every few seconds; what was deployed last of every device is not read each time.
#[tokio::test]
async fn g7_figures_do_not_count_what_is_behind_each_time() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    test.advance(Duration::days(32));
    let cost = async || {
        let _nothing_is_taken_in = test.app.projection.taking_in.lock().await;
        let before = test.app.db.statements();
        let kept = figures::gather(&test.app).await.kept.unwrap();
        assert!(kept.behind.contains(&("production", 1)), "{:?}", kept.behind);
        test.app.db.statements() - before
    };
    let first = cost().await;
    assert!(cost().await < first);
}

/// G7, E4, A26: people see what falls behind, whose turn it is and since when; on their own page, and as a file. Nobody
/// reads the list without signing in.
#[tokio::test]
async fn g7_people_see_what_falls_behind() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    let page = test.browser("lena").await.page("/cadence").await;
    assert!(page.contains("Nothing falls behind") && !page.contains("href=\"/devices/magnet"), "{page}");
    test.advance(Duration::days(40));
    let (lena, ilse, stranger) = (test.browser("lena").await, test.browser("ilse").await, test.stranger());
    let page = lena.page("/cadence?environment=production&instrument=SCS").await;
    for said in [
        "1 is behind.",
        "href=\"/devices/magnet#cadence\"",
        "Your turn",
        "The next deployment was due on 22 Dec, 9 days ago.",
        "<option value=\"production\" selected>",
        "href=\"/cadence.csv?environment=production&#38;instrument=SCS\"",
        "href=\"/cadence\">Show all</a>",
        "aria-label=\"all 31 days are over\"",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let none = lena.page("/cadence?environment=development").await;
    assert!(none.contains("Nothing falls behind of what was looked for."), "{none}");
    assert!(ilse.page("/cadence").await.contains("Lena’s turn"));
    for browser in [&lena, &ilse] {
        assert!(browser.page("/my").await.contains("href=\"/devices/magnet#cadence\""));
    }
    assert!(!test.browser("noor").await.page("/my").await.contains("#cadence"), "it is not hers");
    for path in ["/reviews?whose=all", "/deployable", "/deployments"] {
        assert!(lena.page(path).await.contains("href=\"/cadence\""), "{path}");
    }
    assert!(stranger.page("/devices/magnet").await.contains("id=\"cadence\""));
    let file = lena.page("/cadence.csv").await;
    assert!(file.contains("\r\n\"magnet\",\"production\",\"behind\",\"SCS\",\"ctrl_owned\",\"1.0.0\","), "{file}");
    assert!(!lena.page("/cadence.csv?instrument=MID").await.contains("magnet"));
    for path in ["/cadence", "/cadence.csv"] {
        assert_eq!(stranger.get(path).await.status(), 303, "{path}");
    }
    for query in ["environment=staging", "after=x", "page=2"] {
        assert_eq!(lena.get(&format!("/cadence?{query}")).await.status(), 422, "{query}");
    }
    let figures = stranger.page("/metrics").await;
    assert!(figures.contains("custody_devices_behind{environment=\"production\"} 1"), "{figures}");
    assert!(figures.contains("custody_devices_behind{environment=\"development\"} 0"), "{figures}");
}
