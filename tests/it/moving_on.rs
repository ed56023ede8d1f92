//! Moving on to production where the repository is away: it waits, tries again, and says so once (G5, F9).

use crate::{
    app::{FULL, TestApp},
    environments::{TRIAL, succeeded},
    given::{policy_with, tag},
};
use chrono::Duration;
use custody::{
    domain::{deployment::DeploymentState, lifecycle::Command, refusal::Code},
    service::{
        Error,
        act::{Ask, act},
        deployments::{self, Which},
        moving_on,
    },
    store,
};
use serde_json::json;
use std::path::PathBuf;

/// A repository that cannot be read until it is put back.
struct Away {
    from: PathBuf,
    to: PathBuf,
}

impl Away {
    fn take(test: &TestApp) -> Self {
        let from = test.repository.folder();
        let to = from.with_extension("away");
        std::fs::rename(&from, &to).unwrap();
        Self { from, to }
    }

    fn put_back(self) {
        std::fs::rename(self.to, self.from).unwrap();
    }
}

impl TestApp {
    async fn waits(&self, who: &str) -> usize {
        self.was_told(who).await.iter().filter(|t| t.contains("waits to move on to")).count()
    }

    /// Set to move on, and succeeded in development with this release.
    async fn ready_to_move_on(&self) -> String {
        let token = self.two_environments().await;
        self.does("jonas", "magnet", Command::MoveOnByItself { server: FULL.into() }).await.unwrap();
        self.deployed(&token, "1.1.0", TRIAL, &[succeeded()]).await;
        token
    }
}

/// G5, F9: a repository that is away delays moving on: it is tried again, less and less often, told once and no attempt at
/// anything; when it is back the release moves on.
#[tokio::test]
async fn f9_moving_on_waits_for_a_repository_that_is_away() {
    let test = TestApp::new().await;
    test.ready_to_move_on().await;
    let away = Away::take(&test);
    let revision = test.device("magnet").await.revision;
    moving_on::keep(&test.app).await.unwrap();
    for who in ["jonas", "lena"] {
        assert_eq!(test.waits(who).await, 1, "whoever set it, and the CTRL contact: {who}");
    }
    assert_eq!(test.stayed().await, None, "that is no end");
    // Again after 1, 2 and 4 minutes, and not before.
    for minutes in [1, 2, 4] {
        test.advance(Duration::seconds(minutes * 60 - 1));
        let due = custody::store::moving_on::list_waiting(&test.app.db.read, test.app.clock.now(), 9).await.unwrap();
        assert_eq!(due, [], "{minutes}");
        test.advance(Duration::seconds(1));
        let due = custody::store::moving_on::list_waiting(&test.app.db.read, test.app.clock.now(), 9).await.unwrap();
        assert_eq!(due.len(), 1, "{minutes}");
        moving_on::keep(&test.app).await.unwrap();
    }
    assert_eq!(test.waits("jonas").await, 1, "told once");
    let device = test.device("magnet").await;
    assert_eq!(device.revision, revision, "nothing happened to the device");
    let refused = custody::store::journal::count(&test.app.db.read, &format!("refused/{}", device.id)).await.unwrap();
    assert_eq!(refused, 0, "a network's fault is nobody's attempt");
    away.put_back();
    test.advance(Duration::minutes(8));
    moving_on::keep(&test.app).await.unwrap();
    assert_eq!(test.there(FULL).await.unwrap(), "1.1.0");
    let allowed = Which { state: Some(DeploymentState::Allowed), ..Which::default() };
    let all = deployments::list(&test.app, &allowed).await.unwrap();
    assert_eq!(all.deployments.iter().filter(|d| d.permit.is_some()).count(), 1, "by permit, once");
}

/// G5: what waits for its repository is still held, and still overtaken.
#[tokio::test]
async fn g5_what_waits_is_held_and_overtaken() {
    let test = TestApp::new().await;
    test.ready_to_move_on().await;
    let away = Away::take(&test);
    moving_on::keep(&test.app).await.unwrap();
    test.does("jonas", "magnet", Command::HoldMovingOn { reason: "Beam time.".to_owned() }).await.unwrap();
    test.advance(Duration::minutes(1));
    moving_on::keep(&test.app).await.unwrap();
    assert!(test.stayed().await.unwrap().contains("Beam time"), "a hold ends it");
    away.put_back();

    let test = TestApp::new().await;
    let token = test.ready_to_move_on().await;
    let away = Away::take(&test);
    moving_on::keep(&test.app).await.unwrap();
    away.put_back();
    test.tagged("1.2.0").await;
    test.deployed(&token, "1.2.0", TRIAL, &[succeeded()]).await;
    moving_on::keep(&test.app).await.unwrap();
    assert_eq!(test.there(FULL).await.unwrap(), "1.2.0", "the newer one does not wait for it");
    test.advance(Duration::minutes(1));
    moving_on::keep(&test.app).await.unwrap();
    assert_eq!(test.there(FULL).await.unwrap(), "1.2.0");
    assert!(test.stayed().await.unwrap().contains("1.2.0"), "{:?}", test.stayed().await);
}

/// G5: after the hours that the policy gives it stays in development, and that is told.
#[tokio::test]
async fn g5_it_is_given_up_after_the_policys_hours() {
    let test = TestApp::with_policy(&policy_with("[environments.production]\nwaits_hours = 2\n")).await;
    test.ready_to_move_on().await;
    let away = Away::take(&test);
    moving_on::keep(&test.app).await.unwrap();
    test.advance(Duration::hours(2));
    moving_on::keep(&test.app).await.unwrap();
    let why = test.stayed().await.unwrap();
    assert!(why.contains("for 2 hours") && why.contains("cannot be read"), "{why}");
    assert!(test.was_told("ilse").await.iter().any(|t| t.contains("did not move 1.1.0 on")));
    away.put_back();
    test.advance(Duration::hours(1));
    moving_on::keep(&test.app).await.unwrap();
    assert_eq!(test.there(FULL).await.unwrap(), "1.0.0", "it is not tried any more");
}

/// G5: what succeeded late, where another release took its place or nothing of it is left, moves nothing on.
#[tokio::test]
async fn g5_what_is_there_no_longer_does_not_move_on() {
    let test = TestApp::new().await;
    let token = test.two_environments().await;
    test.does("jonas", "magnet", Command::MoveOnByItself { server: FULL.into() }).await.unwrap();
    let first = test.deployed(&token, "1.1.0", TRIAL, &[]).await;
    test.deployed(&token, "1.0.0", TRIAL, &[]).await;
    test.reports(&first, &token, succeeded()).await;
    moving_on::keep(&test.app).await.unwrap();
    assert_eq!(test.there(FULL).await.unwrap(), "1.0.0");

    test.does("jonas", "magnet", Command::LiftHold { reason: "It was a trial.".to_owned() }).await.unwrap();
    test.deployed(&token, "1.1.0", TRIAL, &[succeeded()]).await;
    test.does("lena", "magnet", Command::Remove { server: TRIAL.into() }).await.unwrap();
    moving_on::keep(&test.app).await.unwrap();
    assert_eq!(test.there(FULL).await.unwrap(), "1.0.0");
    assert!(store::moving_on::list_waiting(&test.app.db.read, test.app.clock.now(), 9).await.unwrap().is_empty());
    // Where it stays it moves on.
    test.deployed(&token, "1.1.0", TRIAL, &[succeeded()]).await;
    moving_on::keep(&test.app).await.unwrap();
    assert_eq!(test.there(FULL).await.unwrap(), "1.1.0");
}

/// G5: what is reported while the repository is read counts: it is looked at again with the decision.
#[tokio::test]
async fn g5_what_is_reported_meanwhile_keeps_it() {
    let test = TestApp::new().await;
    let token = test.two_environments().await;
    test.does("jonas", "magnet", Command::MoveOnByItself { server: FULL.into() }).await.unwrap();
    let d = test.deployed(&token, "1.1.0", TRIAL, &[succeeded()]).await;
    let from = d["id"].as_str().unwrap().parse().unwrap();
    // As Custody asks once it has found it ready.
    let moves = async || {
        let command = Command::MoveOn { server: FULL.into(), tag: tag("1.1.0"), from };
        let ask = Ask { by_permit: true, settles: Some(from), ..Ask::from(command) };
        act(&test.app, &test.caller("jonas"), "magnet", ask).await
    };
    test.reports(&d, &token, json!({ "what": "tests_after", "passed": false })).await;
    let moved = moves().await;
    assert!(matches!(&moved, Err(Error::Refused(r)) if r.code == Code::AlreadyDone), "{moved:?}");
    assert_eq!(test.there(FULL).await.unwrap(), "1.0.0");
    test.reports(&d, &token, json!({ "what": "tests_after", "passed": true })).await;
    moves().await.unwrap();
    assert_eq!(test.there(FULL).await.unwrap(), "1.1.0");
}
