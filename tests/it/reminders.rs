//! What people are reminded of because a day has come: hand-backs that end, milestones that are late, and whether "done"
//! was reached (B4, T2, T5, T10).

use crate::app::{REDUCED, TestApp};
use chrono::Duration;
use custody::{
    domain::lifecycle::{Command, command::Step},
    service::{checks, reminders},
    store,
};

impl TestApp {
    /// Under review, with these milestones, in so many days, proposed.
    async fn proposes(&self, device: &str, milestones: &[(&str, i64)]) {
        self.under_review(device).await;
        let overview = Command::RecordOverview { text: "Small and tidy.".to_owned() };
        self.does("lena", device, overview).await.unwrap();
        let step = |(name, days): &(&str, i64)| {
            let due = self.app.clock.now().date_naive() + Duration::days(*days);
            Step { name: (*name).to_owned(), due }
        };
        let milestones = milestones.iter().map(step).collect();
        self.does("ilse", device, Command::ProposeTimeline { milestones }).await.unwrap();
    }

    async fn reminds(&self) -> usize {
        let device = self.device("magnet").await;
        reminders::send(&self.app, std::slice::from_ref(&device)).await.unwrap()
    }

    /// Where what begins so leads, of everything that somebody was told.
    async fn reminded_of(&self, who: &str, begins: &str) -> Option<String> {
        let all = store::notices::list(&self.app.db.read, self.person(who), 100).await.unwrap();
        all.into_iter().find(|t| t.text.starts_with(begins)).map(|t| t.path)
    }
}

/// B4: everybody who has to do with a device hears before its hand-back ends, and once it is over, of each once; a new end
/// is another one.
#[tokio::test]
async fn b4_everybody_is_reminded_of_the_end_of_a_hand_back() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    let day = |n: i64| test.app.clock.now().date_naive() + Duration::days(n);
    let back =
        Command::HandBack { server: REDUCED.into(), until: Some(day(20)), reason: "A new scan mode.".to_owned() };
    test.does("ilse", "magnet", back).await.unwrap();
    test.advance(Duration::days(12));
    assert_eq!(test.reminds().await, 0, "it is early");
    test.advance(Duration::days(1));
    checks::round(&test.app).await.unwrap();
    assert_eq!(test.reminds().await, 0, "the regular checks have said it");
    for who in ["ilse", "marek", "lena"] {
        let path = test.reminded_of(who, "The hand-back ends on 11 Dec 2026: ").await;
        assert_eq!(path.as_deref(), Some("/devices/magnet"), "{who}");
    }
    test.advance(Duration::days(8));
    assert!(test.reminds().await >= 3, "it is over");
    assert_eq!(test.reminds().await, 0);
    assert!(test.reminded_of("lena", "The hand-back was to end on 11 Dec 2026: ").await.is_some());

    let longer = Command::ExtendLoan { until: day(3), reason: "The scan mode is not ready.".to_owned() };
    test.does("lena", "magnet", longer).await.unwrap();
    assert!(test.reminds().await >= 3, "the new end is near");
    test.advance(Duration::days(40));
    assert_eq!(test.reminds().await, 0, "so long after it is no news");
}

/// T2, T5: a late milestone is told to both sides, with what the contributors have to follow up; the next one again.
#[tokio::test]
async fn t2_both_sides_are_reminded_of_a_late_milestone() {
    let test = TestApp::new().await;
    test.proposes("magnet", &[("Findings answered", 7), ("Placed", 9)]).await;
    let must = async |who: &str, command| _ = test.does(who, "magnet", command).await.unwrap();
    test.advance(Duration::days(8));
    assert_eq!(test.reminds().await, 0, "nobody has agreed to it");
    must("lena", Command::AgreeTimeline {}).await;
    must("ravi", Command::RaiseFinding { place: String::new(), text: "The loop blocks the server.".to_owned() }).await;
    assert!(test.reminds().await >= 3);
    assert_eq!(test.reminds().await, 0);
    for who in ["ilse", "lena"] {
        let path = test.reminded_of(who, "Late: Findings answered was due on 28 Nov 2026. Findings wait").await;
        assert_eq!(path.as_deref(), Some("/devices/magnet/review"), "{who}");
    }
    must("lena", Command::ReachMilestone { milestone: 1 }).await;
    assert_eq!(test.reminds().await, 0);
    test.advance(Duration::days(2));
    assert!(test.reminds().await >= 3);
    assert!(test.reminded_of("ilse", "Late: Placed was due on 30 Nov 2026.").await.is_some());
}

/// T2: a milestone that comes late behind one that is late already is told as well, however long nobody reaches that one.
#[tokio::test]
async fn t2_a_milestone_that_is_late_hides_no_other() {
    let test = TestApp::new().await;
    test.proposes("magnet", &[("Findings answered", 7), ("Placed", 9), ("Owned", 60)]).await;
    let must = async |who: &str, command| _ = test.does(who, "magnet", command).await.unwrap();
    must("lena", Command::AgreeTimeline {}).await;
    for (days, late) in [(8, "Findings answered"), (2, "Placed"), (51, "Owned")] {
        test.advance(Duration::days(days));
        assert!(test.reminds().await >= 3, "{late}");
        assert_eq!(test.reminds().await, 0, "{late}");
        assert!(test.reminded_of("ilse", &format!("Late: {late} was due on ")).await.is_some(), "{late}");
    }
}

/// T10: some weeks after, the contributors and the user who said that it works are asked whether "done" was reached; who
/// has answered is not.
#[tokio::test]
async fn t10_contributors_and_users_are_asked_whether_it_is_done() {
    let test = TestApp::new().await;
    test.ctrl_owned("magnet").await;
    test.advance(Duration::days(27));
    assert_eq!(test.reminds().await, 0);
    let answer = Command::AnswerDone { reached: true, text: "It has run every shift.".to_owned() };
    test.does("marek", "magnet", answer).await.unwrap();
    test.advance(Duration::days(1));
    assert_eq!(test.reminds().await, 2);
    assert_eq!(test.reminds().await, 0);
    for (who, path) in
        [("ilse", Some("/devices/magnet/answer-done")), ("noor", Some("/devices/magnet/answer-done")), ("marek", None)]
    {
        assert_eq!(test.reminded_of(who, "CTRL has owned it since 21 Nov 2026: ").await.as_deref(), path, "{who}");
    }
}
