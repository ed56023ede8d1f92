//! What operators see first: the board, its search, and the pages of work.

use crate::app::{FULL, REDUCED, REDUCED_TOO, TestApp};
use chrono::Duration;
use custody::{
    domain::{cycle::HelpKind, lifecycle::Command},
    service::{
        Caller, checks,
        observations::{Report, observe},
        sessions,
        work::{self, Whose},
    },
    store,
};

impl TestApp {
    /// Something runs there that nobody registered.
    async fn sees_a_stranger(&self) {
        let report = Report {
            instance: "LAB_TEST/MON/PLAY".to_owned(),
            class: "Play".to_owned(),
            server: FULL.to_owned(),
            host: "scs-rr-01".to_owned(),
            version: String::new(),
            since: self.app.clock.now(),
        };
        let agent = Caller { origin: "test agent".to_owned(), ..Caller::custody() };
        observe(&self.app, &agent, &FULL.into(), vec![report], false).await.unwrap();
        self.shown().await;
    }
}

/// Where each of these stands in the text, in this order.
fn stand_in_order(text: &str, words: &[&str]) {
    let mut at = 0;
    for word in words {
        match text[at..].find(word) {
            Some(found) => at += found,
            None => panic!("{word:?} does not stand behind the others"),
        }
    }
}

/// O1, O2: the exceptions come first, on every search; what is not registered is said to be so; no sign-in is asked for.
#[tokio::test]
async fn what_must_be_acted_on_is_never_filtered_away() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.requested("camera").await;
    test.sees(REDUCED, &[("magnet", "1.0.0-3-g0123abc")]).await;
    test.sees_a_stranger().await;
    let out = test.stranger();

    let board = out.page("/").await;
    stand_in_order(&board, &["Act on these", "LAB_TEST/MON/PLAY", "Reduced support</b> · 1", "/devices/magnet"]);
    assert!(board.contains("not a tag"), "the version is marked");
    assert!(!board.contains("/devices/camera"), "a request is on the board when it is asked for");
    assert!(out.page("/?state=requested").await.contains("/devices/camera"));

    for path in ["/?q=magnet", "/?support=reduced_support", "/?q=nothing+like+it", "/?instrument=SCS"] {
        assert!(out.page(path).await.contains("LAB_TEST/MON/PLAY"), "{path}");
    }
    assert!(!out.page("/?instrument=MID").await.contains("LAB_TEST/MON/PLAY"), "it runs at another instrument");
}

/// O3: a choice that nothing fits says so, where, and how it is taken back; a search says among what it has looked.
#[tokio::test]
async fn o3_a_choice_that_nothing_fits_says_so() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.requested("camera").await;
    let out = test.stranger();
    let page = out.page("/?instrument=SCS&state=declined&state=withdrawn").await;
    let said = "<h2>No device at SCS is declined or is withdrawn</h2>";
    stand_in_order(&page, &[said, "href=\"/?instrument=SCS\">Take the filter off</a>"]);
    let page = out.page("/?support=shut_down").await;
    stand_in_order(&page, &["<h2>No device is shut down by CTRL</h2>", "href=\"/\">Take the filter off</a>"]);
    let page = out.page("/?instrument=MID").await;
    stand_in_order(&page, &["<h2>No device at MID</h2>", "href=\"/\">Show all instruments</a>"]);
    for path in ["/", "/?state=requested", "/?support=reduced_support", "/?q=magnet"] {
        assert!(!out.page(path).await.contains("<h2>No device"), "{path}");
    }
    let found = "<span role=\"status\"><span id=\"found\">1 of 2 devices in any state match</span></span>";
    assert!(out.page("/?q=magnet").await.contains(found), "who does not see it hears it while they type");
}

/// O2: only the first page of what was found has an answer: no other device stands there as what was asked for.
#[tokio::test]
async fn o2_a_later_page_answers_nothing_else() {
    let test = TestApp::new().await;
    for n in 0..51 {
        test.requested(&format!("magnet{n:02}")).await;
    }
    let out = test.stranger();
    let first = out.page("/?q=magnet").await;
    assert!(first.contains("<article class=\"answer\""), "{first}");
    let more = first.split("href=\"").find_map(|rest| Some(rest.split_once("\">Show the next 50")?.0)).unwrap();
    let second = out.page(&more.replace("&#38;", "&")).await;
    assert!(second.contains("/devices/magnet"), "{second}");
    assert!(!second.contains("<article class=\"answer\""), "{second}");
}

/// O2: one field takes an instance, a device, a class, a server, a host or a person, whatever the case and separators.
#[tokio::test]
async fn one_field_finds_it() {
    let test = TestApp::new().await;
    test.reduced_support("beamConditionCheck").await;
    test.sees(REDUCED, &[("beamConditionCheck", "1.0.0")]).await;
    let out = test.stranger();
    for typed in
        ["BEAM-CONDITION", "scs+test+mon", "contrib_scs_01", "scs-rr-01", "hartmann", "beamConditionCheckClass"]
    {
        let page = out.page(&format!("/?q={typed}")).await;
        stand_in_order(
            &page,
            &["Supported?", "Reduced support", "Call now", "+49 40 66969 214", "Restart once", REDUCED],
        );
    }
    // Typing errors are forgiven.
    for typed in ["beamcondtion", "contirb_scs_01", "hatmann", "scs+tset+mon"] {
        assert!(out.page(&format!("/?q={typed}")).await.contains("Supported?"), "{typed}");
    }
    let none = out.page("/?q=bamcondfshn").await;
    stand_in_order(&none, &["No registered device matches", "beamConditionCheck", "treat it as not supported at all"]);
    assert!(none.contains("tel:+494066969100"), "the shift's number is there to call");
    // A wildcard is a character like any other.
    assert!(out.page("/?q=%25").await.contains("Reduced support</b>"), "nothing was searched for");
    assert!(out.page("/?q=%3Cb%3Ex").await.contains("&#60;b&#62;x"), "what was typed is escaped");
}

/// O2: what nobody registered is not answered by what has its letters somewhere: the page and the status say so, with
/// the shift's number and with names that may have been meant.
#[tokio::test]
async fn o2_scattered_letters_are_no_answer() {
    let test = TestApp::new().await;
    for name in ["gratingTempTrend", "delayLineGuard"] {
        test.reduced_support(name).await;
    }
    let out = test.stranger();
    for (typed, near) in [("zyla", Some("delayLineGuard")), ("agipd", None)] {
        let page = out.page(&format!("/?q={typed}")).await;
        let did_you_mean = near.map_or(vec![], |near| vec!["Did you mean", near]);
        stand_in_order(&page, &[&["No registered device matches"], &did_you_mean[..], &["tel:+494066969100"]].concat());
        assert!(!page.contains("Supported?"), "{typed}");
        assert_eq!(page.contains("Did you mean"), near.is_some(), "{typed}");
        let status = out.get(&format!("/api/v1/status/{typed}")).await;
        assert_eq!(status.status(), 404, "{typed}");
        assert!(status.text().await.unwrap().contains(near.unwrap_or_default()), "{typed}");
    }
    // What is spelled otherwise may be another device, and says so.
    let nearly = out.page("/?q=gratingtmptrend").await;
    stand_in_order(&nearly, &["Nothing is named", "compare the name", "Supported?"]);
    for typed in ["gratingtemptrend", "grating", "trend+grating"] {
        let page = out.page(&format!("/?q={typed}")).await;
        assert!(page.contains("Supported?") && !page.contains("Nothing is named"), "{typed}");
    }
}

/// O2: who sleeps is not called; the shift is.
#[tokio::test]
async fn nobody_is_called_outside_their_hours() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let mut contacts = test.device("magnet").await.contacts;
    for c in &mut contacts {
        c.hours = custody::domain::contact::Hours::Working;
        c.deputy = None;
    }
    test.does("ilse", "magnet", Command::SetContacts { contacts }).await.unwrap();
    // A Saturday.
    let page = test.stranger().page("/?q=magnet").await;
    stand_in_order(&page, &["Call now", "+49 40 66969 100", "Then", "+49 40 66969 214"]);
}

/// O2, O4: a contact who contributes nothing is not called a contributor, on the board and in the panel for other
/// pages.
#[tokio::test]
async fn o2_a_contact_need_not_be_a_contributor() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let mut contacts = test.device("magnet").await.contacts;
    contacts[0].person = test.person("noor");
    test.does("ilse", "magnet", Command::SetContacts { contacts }).await.unwrap();
    let out = test.stranger();
    stand_in_order(&out.page("/?q=magnet").await, &["Call now", "Noor El-Amin, support contact", "Marek Dvořák"]);
    assert!(out.page("/embed/magnet").await.contains("Noor El-Amin, support contact"));
}

/// N5, N6: a device that is shut down is not to be started, and says who is responsible.
#[tokio::test]
async fn a_stopped_device_names_who_may_start_it() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let stop = test.shut_down("jonas");
    test.does("lena", "magnet", stop).await.unwrap();
    let page = test.stranger().page("/?q=magnet").await;
    let wanted =
        ["Shut down by CTRL", "flooded the broker", "+49 40 66969 131", "Do not start it", "The rate is limited."];
    stand_in_order(&page, &wanted);
    assert!(test.stranger().page("/").await.contains("Shut down by CTRL"));
}

/// N5, N6: Custody stops nothing by itself: where it still runs is said, on the board and on its page.
#[tokio::test]
async fn n5_what_is_shut_down_and_runs_is_said_to_run() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.sees(REDUCED, &[("magnet", "1.0.0")]).await;
    let (lena, out) = (test.browser("lena").await, test.stranger());
    // From the board, by CTRL alone.
    let form = "href=\"/devices/magnet/shut-down\"";
    let board = lena.page("/?q=magnet").await;
    assert!(board.contains("class=\"is-ctrl\"") && board.matches(form).count() == 2, "in the card and under the thumb");
    assert!(!out.page("/?q=magnet").await.contains("class=\"is-ctrl\""));
    assert!(lena.page("/devices/magnet/shut-down").await.contains("stop it on its server yourself"));
    let stop = test.shut_down("jonas");
    test.does("lena", "magnet", stop).await.unwrap();
    assert!(!lena.page("/?q=magnet").await.contains(form), "it is shut down");
    for page in ["/?q=magnet", "/devices/magnet"] {
        let page = out.page(page).await;
        assert!(page.contains("It still runs on cppServer/contrib_scs_01: CTRL has to stop it there."), "{page}");
        assert!(!page.contains("Shut down by CTRL: Shut down by CTRL"), "{page}");
    }
    test.sees(REDUCED, &[]).await;
    assert!(!out.page("/?q=magnet").await.contains("It still runs"));
}

/// O2, O6: the device's page says the same as the board on whom to call and what to touch.
#[tokio::test]
async fn o6_the_board_and_the_page_say_the_same() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let out = test.stranger();
    let same = async |words: &[&str], never: &str| {
        for page in ["/?q=magnet", "/devices/magnet", "/embed/magnet"] {
            let page = out.page(page).await;
            let of = &page[page.find("Call now").unwrap()..];
            stand_in_order(of, words);
            assert!(!of.split("Version").next().unwrap().contains(never), "{never} is in {of}");
        }
    };
    same(&["66969 214", "66969 100", "<b>Restart once</b>", "<b>Stop it</b> if it disturbs"], "Do not restart</b>")
        .await;
    test.sees(FULL, &[("magnet", "1.0.0")]).await;
    let never = "if it disturbs";
    same(&["66969 100", "66969 214", "<b>Do not restart</b>", "<b>Stop it</b> only after calling the DOC"], never)
        .await;
    let board = out.page("/").await;
    let row = &board[board.find("href=\"/devices/magnet\"").unwrap()..];
    stand_in_order(row, &["Do not restart", "<span class=\"said\">Do not stop</span>"]);
    let rules = custody::domain::contact::OperatorRules {
        when_stopped: custody::domain::contact::WhenStopped::RestartAnyTime,
        may_stop: false,
        note: "Wait a minute in between.".to_owned(),
    };
    test.sees(FULL, &[]).await;
    test.does("ilse", "magnet", Command::SetOperatorRules { operators: rules }).await.unwrap();
    let plain = "<p class=\"word\">Wait a minute in between.</p>";
    same(&["<b>Restart</b> it any time", "<b>Do not stop</b> it without a call", plain], "Call first").await;
}

/// O2, O3: what runs in several places is said to, and an observer's silence stands on a line of its own.
#[tokio::test]
async fn o2_every_place_is_told() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.sees(REDUCED, &[("magnet", "1.0.0")]).await;
    test.sees(REDUCED_TOO, &[("magnet", "1.0.0-3-g0123abc")]).await;
    let out = test.stranger();
    let page = out.page("/?q=magnet").await;
    let also = page.matches("1 more place: cppServer/contrib_").count();
    assert_eq!(also, 2, "in the answer and in the row: {page}");
    // Where the table has no column for the version, it stands under where it runs.
    let folded = "<span class=\"also folded\"><span class=\"mono\">1.0.0-3-g0123abc</span> <span class=\"tag bad\">";
    assert!(out.page("/?q=contrib_sqs_02").await.contains(folded));
    test.advance(Duration::hours(3));
    let page = out.page("/").await;
    assert!(page.contains("</time><span class=\"also\">silent</span>") && !page.contains(", silent"), "{page}");
}

/// O3: a wall shows as many lines as it has room for, and how many more there are above them.
#[tokio::test]
async fn o3_the_wall_says_first_how_many_more_there_are() {
    let test = TestApp::new().await;
    let report = |n: usize| Report {
        instance: format!("LAB_TEST/MON/{n:02}"),
        class: "Play".to_owned(),
        server: FULL.to_owned(),
        host: "scs-rr-01".to_owned(),
        version: String::new(),
        since: test.app.clock.now(),
    };
    let agent = Caller { origin: "test agent".to_owned(), ..Caller::custody() };
    observe(&test.app, &agent, &FULL.into(), (0..14).map(report).collect(), true).await.unwrap();
    let out = test.stranger();
    test.shown().await;
    let wall = out.page("/wall").await;
    stand_in_order(&wall, &["The 12 most urgent, and 2 more on the board", "<table", "of-12", "LAB_TEST/MON/11"]);
    assert!(!wall.contains("LAB_TEST/MON/12"));
    // What the shift does not know yet stands above them, and takes their room.
    test.reduced_support("magnet").await;
    let wall = out.page("/wall").await;
    stand_in_order(&wall, &["not acknowledged", "The 10 most urgent, and 4 more", "of-10", "LAB_TEST/MON/09"]);
    assert!(!wall.contains("LAB_TEST/MON/10"));
}

/// E4: each device says in one sentence what blocks it, and on whom it waits; what is asked is in the other's queue.
#[tokio::test]
async fn work_is_where_it_waits() {
    let test = TestApp::new().await;
    test.requested("camera").await;
    let (ilse, lena, noor) = (test.browser("ilse").await, test.browser("lena").await, test.browser("noor").await);
    let page = ilse.page("/my").await;
    // One's own gate comes before what waits for others.
    stand_in_order(&page, &["Read and accept", "Your turn", "camera", "to accept the rules of conduct"]);
    let queue = lena.page("/reviews").await;
    stand_in_order(&queue, &["Your turn", "camera", "Participation request", "Take this request"]);
    assert!(noor.page("/reviews").await.contains("CTRL’s queue"), "everybody signed in may read it");

    test.reduced_support("magnet").await;
    let help = Command::AskHelp { kind: HelpKind::PairSession, text: "With the limits.".to_owned() };
    test.does("ilse", "magnet", help).await.unwrap();
    stand_in_order(&lena.page("/reviews").await, &["magnet", "Help asked for, pair session: With the limits."]);
    stand_in_order(&ilse.page("/my").await, &["Pair session for <code>magnet</code> is asked for"]);

    // L6: late comes first.
    test.advance(Duration::days(30));
    stand_in_order(&test.browser("lena").await.page("/reviews").await, &["camera", "days late", "magnet"]);
    let ilse = test.browser("ilse").await;
    assert!(ilse.page("/my").await.contains("Mark all as read"));
    assert_eq!(ilse.post("/my/read", &[]).await.status(), 303);
    assert!(!ilse.page("/my").await.contains("Mark all as read"));
    assert_eq!(test.stranger().get("/my").await.status(), 303, "it is for somebody");
}

/// E4: what the bar counts is what the page lists as the reader's turn, whatever it is that waits and for whom; and what
/// time alone changed, once the regular checks have gone round.
#[tokio::test]
async fn e4_the_bar_counts_what_the_page_lists() {
    let test = TestApp::new().await;
    test.requested("camera").await;
    test.reduced_support("magnet").await;
    test.under_review("grating").await;
    let help = Command::AskHelp { kind: HelpKind::PairSession, text: "With the limits.".to_owned() };
    test.does("ilse", "magnet", help).await.unwrap();
    let counts = async |when: &str| {
        let mut all = 0;
        for (who, person) in &test.people {
            // Before the page is read, which mends it.
            let (counted, _) = sessions::count_turns(&test.app, *person).await.unwrap();
            let mine = work::mine(&test.app, &test.caller(who), *person).await.unwrap();
            let listed = mine.desk.work.iter().filter(|w| w.whose == Whose::Mine).count() as u64;
            assert_eq!(counted, listed, "{who}, {when}");
            all += listed;
        }
        all
    };
    let before = counts("at first").await;
    test.advance(Duration::days(200));
    checks::round(&test.app).await.unwrap();
    assert!(counts("once words have aged").await > before);
}

/// N5, N6, E4: whoever is responsible for the restart is told, has it as work on their own page and in the API, and hears
/// when somebody else has restarted it; be they nothing else to the device.
#[tokio::test]
async fn n6_who_is_to_restart_it_is_told_and_has_the_task() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    let noor = test.person("noor");
    let told = async || {
        let all = store::notices::list(&test.app.db.read, noor, 50).await.unwrap();
        all.into_iter().map(|t| t.text).collect::<Vec<_>>()
    };
    assert!(told().await.is_empty());
    let stop = Command::ShutDown {
        reason: "It flooded the broker.".to_owned(),
        affected: "The broker.".to_owned(),
        responsible: noor,
        conditions: "The rate is limited.".to_owned(),
    };
    test.does("lena", "magnet", stop).await.unwrap();
    assert!(told().await.iter().any(|t| t.contains("shut it down")), "{:?}", told().await);
    let page = test.browser("noor").await.page("/my").await;
    let task = "Restart magnet when: The rate is limited.";
    stand_in_order(&page, &["Your turn", "magnet", task, "/devices/magnet/restart", "Lift the shutdown"]);
    assert_eq!(sessions::count_turns(&test.app, noor).await.unwrap(), (1, 0));
    let (_, mine) = test.acts("noor").await.get("/me/work").await;
    let work = &mine["work"][0];
    assert_eq!((work["waits_for"].as_str(), work["ask"].as_str()), (Some("me"), Some(task)));
    assert_eq!(work["command"], "restart");
    // Whoever else has to do with it reads on whom it waits.
    let page = test.browser("lena").await.page("/my").await;
    assert!(page.contains("Shut down; Noor El-Amin restarts it when: The rate is limited."), "{page}");
    test.does("lena", "magnet", Command::Restart { text: "The limit is in.".to_owned() }).await.unwrap();
    assert!(told().await.iter().any(|t| t.contains("lifted the shutdown")), "{:?}", told().await);
    assert_eq!(sessions::count_turns(&test.app, noor).await.unwrap(), (0, 0));
}

/// N4: a device whose contacts have aged is listed with the reason, and can be adopted or taken over.
#[tokio::test]
async fn orphans_are_listed() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    assert!(!test.browser("lena").await.page("/orphans").await.contains("/devices/magnet"));
    test.advance(Duration::days(200));
    let page = test.browser("lena").await.page("/orphans").await;
    stand_in_order(&page, &["/devices/magnet", "confirmation that counts", "Take over for CTRL", "Offer to adopt it"]);
    let page = test.browser("noor").await.page("/orphans").await;
    assert!(page.contains("Offer to adopt it") && !page.contains("Take over for CTRL"));
}
