//! Whose turn it is, on somebody's own page, in the queue and in the bar.

use crate::{
    app::{REDUCED, TestApp},
    given::{day, tag},
};
use chrono::Duration;
use custody::{
    domain::{
        contact::{OperatorRules, WhenStopped},
        cycle::HelpKind,
        lifecycle::{Command, CommandKind, command::Step},
    },
    service::{
        closing, groups, sessions,
        work::{self, Whose, Work},
    },
    store,
};

/// The rows that are the reader's turn.
fn own(page: &str) -> &str {
    page.split("class=\"grp\"").skip(1).find(|group| group.contains("Your turn")).unwrap_or_default()
}

impl TestApp {
    /// This device as somebody's work, if they have to do with it.
    async fn work_of(&self, who: &str, device: &str) -> Option<Work> {
        let mine = work::mine(&self.app, &self.caller(who), self.person(who)).await.unwrap();
        mine.desk.work.into_iter().find(|w| w.device.name() == device)
    }

    async fn is_turn_of(&self, who: &str, device: &str) -> bool {
        self.work_of(who, device).await.is_some_and(|w| w.whose == Whose::Mine)
    }

    /// Under review, with a timeline whose first milestone is due in a week, and nothing left but approvals and what
    /// comes after them.
    async fn shown_for_review(&self, device: &str) {
        self.under_review(device).await;
        let must = async |who: &str, command| _ = self.does(who, device, command).await.unwrap();
        must("lena", Command::RecordOverview { text: "Small and tidy.".to_owned() }).await;
        let due = self.app.clock.now().date_naive() + Duration::days(7);
        let milestones = vec![Step { name: "Findings answered".to_owned(), due }];
        must("ilse", Command::ProposeTimeline { milestones }).await;
        must("lena", Command::AgreeTimeline {}).await;
        let commit = self.commit_of("1.0.0");
        must("ilse", Command::ProposeCommit { commit: commit.clone().into() }).await;
        for item in self.app.policy.transfer.checklist.clone() {
            let (commit, text) = (commit.clone(), "Seen.".to_owned());
            must("ilse", Command::GiveEvidence { item: item.id, commit, passed: true, link: String::new(), text })
                .await;
        }
        must("ilse", Command::VerifyTag { tag: tag("1.0.0") }).await;
    }
}

/// T4, T5, E4: while a finding is open the review waits for the contributor, who alone hears of what is late; then for
/// whoever raised it, and for every reviewer only once it is closed.
#[tokio::test]
async fn t5_a_review_with_findings_waits_for_whoever_goes_on_with_them() {
    let test = TestApp::new().await;
    test.shown_for_review("magnet").await;
    for who in ["ravi", "chiara"] {
        assert!(test.is_turn_of(who, "magnet").await, "{who} may approve");
    }
    let finding = Command::RaiseFinding { place: String::new(), text: "The loop blocks the server.".to_owned() };
    test.does("ravi", "magnet", finding).await.unwrap();
    test.advance(Duration::days(13));
    for who in ["ravi", "chiara"] {
        assert!(!test.is_turn_of(who, "magnet").await, "{who} cannot approve yet");
        assert_eq!(sessions::count_turns(&test.app, test.person(who)).await.unwrap(), (0, 0));
        let page = test.browser(who).await.page("/reviews?whose=all").await;
        assert!(page.contains("1 finding to answer") && own(&page).is_empty(), "{page}");
        assert!(!page.contains(" late<") && !page.contains("Late: "), "it is not theirs: {page}");
    }
    // Whoever takes care of it has other things to do.
    let of_lena = test.work_of("lena", "magnet").await.unwrap();
    assert!(of_lena.whose == Whose::Mine && !of_lena.ask.contains("Late"), "{}", of_lena.ask);
    let page = test.browser("ilse").await.page("/my").await;
    assert!(own(&page).contains("Late: Findings answered was due on 28 Nov 2026. 1 finding to answer"), "{page}");
    // Two gates, and one act that meets both.
    assert!(own(&page).contains("Answer the finding") && !own(&page).contains("See 2 gates"), "{page}");

    let answer = Command::AnswerFinding { finding: 1, text: "It waits for the callback.".to_owned() };
    test.does("ilse", "magnet", answer).await.unwrap();
    let of_ravi = test.work_of("ravi", "magnet").await.unwrap();
    assert_eq!((of_ravi.whose, of_ravi.act), (Whose::Mine, Some(CommandKind::AcceptFinding)));
    assert!(!test.is_turn_of("chiara", "magnet").await, "Ravi raised it");
    assert!(!test.is_turn_of("ilse", "magnet").await);
    test.does("ravi", "magnet", Command::AcceptFinding { finding: 1 }).await.unwrap();
    for who in ["ravi", "chiara"] {
        let page = test.browser(who).await.page("/reviews").await;
        assert!(own(&page).contains("Late: Findings answered") && own(&page).contains("6 days late"), "{page}");
        assert!(own(&page).contains(">Approve<"), "{page}");
    }
}

/// T4, E4: whoever becomes a reviewer, or is back as one, finds the reviews that wait for reviewers at once, and no longer
/// where they are none.
#[tokio::test]
async fn t4_reviews_wait_for_a_new_reviewer() {
    let test = TestApp::new().await;
    test.shown_for_review("magnet").await;
    let turns = async |who: &str| sessions::count_turns(&test.app, test.person(who)).await.unwrap();
    let teams = store::teams::list_teams(&test.app.db.read).await.unwrap();
    let ici = teams.iter().find(|t| t.name == "ICI").unwrap().id;
    let ada = test.caller("ada");
    for (reviewer, expected) in [(true, (1, 1)), (false, (0, 0))] {
        groups::put(&test.app, &ada, ici, test.person("jonas"), reviewer).await.unwrap();
        assert_eq!(turns("jonas").await, expected, "{reviewer}");
    }
    let ravi = test.person("ravi");
    closing::close(&test.app, &ada, ravi).await.unwrap();
    test.does("lena", "magnet", Command::RecordOverview { text: "Still small.".to_owned() }).await.unwrap();
    assert_eq!(turns("ravi").await, (0, 0));
    closing::reopen(&test.app, &ada, ravi).await.unwrap();
    assert_eq!(turns("ravi").await, (1, 1));
}

/// T4, E4: once every gate is met, each reviewer who may take ownership finds it as theirs, with the verb.
#[tokio::test]
async fn t4_whoever_may_take_ownership_is_waited_for() {
    let test = TestApp::new().await;
    test.under_review("magnet").await;
    test.ready_to_own("magnet", "1.0.0").await;
    for who in ["ravi", "chiara"] {
        let browser = test.browser(who).await;
        for path in ["/reviews", "/my"] {
            let page = browser.page(path).await;
            let offered = own(&page).contains("href=\"/devices/magnet/take-ownership\">Take ownership<");
            assert!(offered, "{who}, {path}: {page}");
        }
        assert_eq!(sessions::count_turns(&test.app, test.person(who)).await.unwrap(), (1, 1), "{who}");
    }
    // Lena takes care of it, and is no reviewer.
    assert!(!test.is_turn_of("lena", "magnet").await);
    test.does("chiara", "magnet", Command::TakeOwnership {}).await.unwrap();
    assert_eq!(sessions::count_turns(&test.app, test.person("ravi")).await.unwrap(), (0, 0));
}

/// E4: what waits has waited since it was asked for; what else happens to the device begins no wait anew.
#[tokio::test]
async fn e4_a_wait_begins_when_it_is_asked() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    test.advance(Duration::hours(3));
    let asked = test.app.clock.now();
    let help = Command::AskHelp { kind: HelpKind::PairSession, text: "With the limits.".to_owned() };
    test.does("ilse", "magnet", help).await.unwrap();
    let reduced = test.device("magnet").await.state.since().unwrap();
    let rules = |n: i64| Command::SetOperatorRules {
        operators: OperatorRules { when_stopped: WhenStopped::CallFirst, may_stop: true, note: format!("Note {n}.") },
    };
    for n in 1..=2 {
        test.advance(Duration::hours(1));
        test.does("ilse", "magnet", rules(n)).await.unwrap();
        let since = async |who: &str| test.work_of(who, "magnet").await.unwrap().since;
        assert_eq!((since("lena").await, since("ilse").await), (asked, reduced));
    }
    let page = test.browser("lena").await.page("/reviews").await;
    assert!(page.contains("waiting </span>2 h"), "{page}");
}

/// E4: where time alone made it somebody's turn, reading their own page is enough for the bar to say so everywhere.
#[tokio::test]
async fn e4_reading_ones_own_page_mends_what_the_bar_counts() {
    let test = TestApp::new().await;
    test.requested("camera").await;
    test.reduced_support("magnet").await;
    let ilse = test.person("ilse");
    let (before, _) = sessions::count_turns(&test.app, ilse).await.unwrap();
    // Her word that she can be called has aged.
    test.advance(Duration::days(200));
    assert_eq!(sessions::count_turns(&test.app, ilse).await.unwrap().0, before, "nothing looked at it");
    let browser = test.browser("ilse").await;
    let page = browser.page("/my").await;
    let listed = own(&page).matches("class=\"dv\"").count() as u64;
    assert!(listed > before, "{listed} are listed and were {before}: {page}");
    assert_eq!(sessions::count_turns(&test.app, ilse).await.unwrap().0, listed);
    let bar = format!("Your turn: </span>{listed}</span>");
    assert!(page.contains(&bar) && browser.page("/requests").await.contains(&bar), "{page}");
}

/// T1, E4: what a user has to countersign is their turn and no contributor's, who can do nothing more; whoever may do it
/// finds it on the device's page.
#[tokio::test]
async fn t1_a_statement_waits_for_a_user() {
    let test = TestApp::new().await;
    test.reduced_support("magnet").await;
    assert!(test.is_turn_of("ilse", "magnet").await, "she states that it worked");
    let operated = Command::StateOperated {
        from: day("2026-11-01"),
        to: day("2026-11-03"),
        instrument: "SCS".to_owned(),
        text: "Three shifts without a false flag.".to_owned(),
    };
    test.does("ilse", "magnet", operated).await.unwrap();
    let work = test.work_of("ilse", "magnet").await.unwrap();
    assert_eq!((work.whose, work.act), (Whose::User, Some(CommandKind::Countersign)));
    for who in ["ilse", "marek", "noor"] {
        assert_eq!(sessions::count_turns(&test.app, test.person(who)).await.unwrap(), (0, 0), "{who}");
    }
    let page = test.browser("ilse").await.page("/my").await;
    assert!(page.contains("A user’s turn") && page.contains("It waits for a user of SCS to countersign"), "{page}");
    let (_, mine) = test.acts("ilse").await.get("/me/work").await;
    assert_eq!(mine["work"][0]["waits_for"], "user", "{mine}");
    let page = test.browser("noor").await.page("/devices/magnet").await;
    assert!(page.contains("A user’s turn") && page.contains("href=\"/devices/magnet/countersign\""), "{page}");
    test.does("noor", "magnet", Command::Countersign {}).await.unwrap();
    assert!(test.is_turn_of("ilse", "magnet").await, "she asks for the transfer");
}

/// B4, L4, E4: a hand-back that is over is asked about also where a contact's word aged before, and no more once the review
/// is asked for: then it waits for whoever goes on with that.
#[tokio::test]
async fn b4_a_hand_back_that_is_over_is_asked_about_until_the_review() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    let until = test.app.clock.now().date_naive() + Duration::days(190);
    let back = Command::HandBack { server: REDUCED.into(), until: Some(until), reason: "A new scan mode.".to_owned() };
    test.does("ilse", "magnet", back).await.unwrap();
    test.advance(Duration::days(200));
    let operated = Command::StateOperated {
        from: day("2026-11-01"),
        to: day("2026-11-03"),
        instrument: "SCS".to_owned(),
        text: "Three shifts without a false flag.".to_owned(),
    };
    test.does("ilse", "magnet", operated).await.unwrap();
    // Of the gates one waits for a user and one for Lena.
    let work = test.work_of("marek", "magnet").await.unwrap();
    assert_eq!((work.whose, work.act), (Whose::Mine, Some(CommandKind::RequestTransfer)), "{}", work.ask);
    assert!(work.ask.starts_with("The hand-back ended on 30 May 2027"), "{}", work.ask);

    for who in ["ilse", "marek"] {
        test.does(who, "magnet", Command::ConfirmContact {}).await.unwrap();
    }
    for point in 1..=5 {
        test.does("lena", "magnet", Command::SignOffPoint { point }).await.unwrap();
    }
    test.repository.git(&["commit", "--allow-empty", "-m", "a new scan mode"]);
    test.repository.git(&["tag", "-a", "-m", "1.1.0", "1.1.0"]);
    test.asks_for_transfer("magnet").await;
    test.ready_to_own("magnet", "1.1.0").await;
    assert!(test.is_turn_of("ravi", "magnet").await, "he can take it");
    assert!(!test.is_turn_of("marek", "magnet").await, "nothing is left for him to do");
}
